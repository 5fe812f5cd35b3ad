//! The channel `dossiers`: an event for every status that was set, made of the commit that set it. Thin: which case, which
//! phase and what is due, never what a case or person is called. Who delivers it, and to whom, is the business of others.

use super::source::{Batch, Cursor, Event, Payload, SourceError};
use super::window::{Place, Window, iri, read_windows};
use crate::registry::Registry;
use crate::registry::process::{CASES_GRAPH, Case, CaseStatus, HAS_STATUS};
use crate::store::View;
use serde_json::{Value as Json, json};

/// Type of the CloudEvents.
pub const CASE_EVENT: &str = "be.vlaanderen.lokaal.dossier.status.v1";
/// Name of the channel.
pub const CASE_CHANNEL: &str = "dossiers";
/// Rows that are read at once.
const BUDGET: usize = 20_000;

/// A status that a window set: its case, and itself.
struct Set {
    id: String,
    status: String,
}

/// The statuses that a window set, in the order they were set in.
fn set_in(registry: &Registry, window: &Window) -> Vec<Set> {
    let graph = format!("<{}>", registry.graph_iri(CASES_GRAPH).as_str());
    let predicate = format!("<{HAS_STATUS}>");
    let rows = window.rows.iter().filter(|row| row.added);
    let parts = rows.filter_map(|row| row.parts());
    let mut set: Vec<Set> = parts
        .filter(|parts| parts.graph == graph && parts.predicate == predicate)
        .filter_map(|parts| {
            let (case, status) = (iri(parts.subject)?, iri(parts.object)?);
            let id = case.rsplit_once('/')?.1.to_owned();
            let status = status.to_owned();
            Some(Set { id, status })
        })
        .collect();
    let number = |one: &Set| {
        let number = one.status.rsplit_once('-').map(|(_, number)| number);
        number.and_then(|number| number.parse::<u32>().ok())
    };
    set.sort_by(|a, b| (&a.id, number(a)).cmp(&(&b.id, number(b))));
    set
}

/// What the events of a window say. Statuses never change, so that they say the same whenever they are made.
pub(super) fn payloads(registry: &Registry, window: &Window, zgw: bool) -> Vec<(u64, Payload)> {
    let set = set_in(registry, window);
    if set.is_empty() {
        return Vec::new();
    }
    let view = registry.snapshot().view();
    let numbered = set.into_iter().zip(0_u64..);
    numbered
        .map(|(one, number)| {
            let json = if zgw {
                notification(registry, &view, window, &one)
            } else {
                event(registry, &view, window, (&one, number))
            };
            (number, Payload::CloudEvent(json))
        })
        .collect()
}

fn event(registry: &Registry, view: &View, window: &Window, (one, number): (&Set, u64)) -> Json {
    let status = CaseStatus::read(view, &one.status);
    let mut data = json!({});
    if let Some(status) = &status {
        data["status"] = one.status.as_str().into();
        data["volgnummer"] = status.number.into();
        data["fase"] = status.phase.as_str().into();
        let before = CaseStatus::before(view, &one.status);
        if let Some(before) = before {
            data["vorigeFase"] = before.phase.into();
        }
        if let Some(due) = &status.due {
            data["streefdatum"] = due.as_str().into();
        }
        data["actieNodig"] = status.needs_action.into();
    }
    json!({
        "specversion": "1.0",
        "id": super::source::event_id(window, number),
        "type": CASE_EVENT,
        "source": format!("{}/proces/v1/wijzigingen", registry.base()),
        "subject": Case::iri_of(&one.id),
        "time": window.moment,
        "datacontenttype": "application/json",
        "data": data,
    })
}

/// A notification as the Dutch API for notifications (ZGW Notificaties) words it.
fn notification(registry: &Registry, view: &View, window: &Window, one: &Set) -> Json {
    let address = format!("{}/proces/v1/dossiers/{}", registry.base(), one.id);
    let case = Case::head(view, &one.id);
    let (authority, process_type) = case.unwrap_or_default();
    json!({
        "kanaal": CASE_CHANNEL,
        "hoofdObject": address,
        "resource": "status",
        "resourceUrl": one.status,
        "actie": "create",
        "aanmaakdatum": window.moment,
        "kenmerken": {
            "bronorganisatie": authority.unwrap_or_default(),
            "zaaktype": process_type.unwrap_or_default(),
        },
    })
}

/// Events of the channel after a place, for whoever fetches them: no more than `most`, unless one commit has more.
///
/// # Errors
/// When the log no longer has the place.
pub fn case_events(registry: &Registry, from: Cursor, most: usize) -> Result<Batch, SourceError> {
    let mut batch = Batch {
        events: Vec::new(),
        next: from,
    };
    loop {
        let place = Place {
            commit: batch.next.commit,
            row: batch.next.row,
        };
        let windows = read_windows(registry.store(), place, BUDGET)?;
        if windows.is_empty() {
            return Ok(batch);
        }
        for window in windows {
            let after = Cursor {
                commit: window.next.commit,
                row: window.next.row,
                told: 0,
            };
            for (number, payload) in payloads(registry, &window, false) {
                batch.events.push(Event {
                    id: super::source::event_id(&window, number),
                    commit: window.commit,
                    after,
                    payload,
                });
            }
            batch.next = after;
            if batch.events.len() >= most {
                return Ok(batch);
            }
        }
    }
}
