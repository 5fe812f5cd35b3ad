//! `POST /proces/v1/dossiers/{id}/statussen`: sets a status. Statuses are only ever added; whether one may follow is judged in
//! `registry::process`, in the state that nobody else can change meanwhile.

use super::super::error::ApiError;
use super::super::state::AppState;
use super::reading;
use super::refused;
use super::writing::{
    Made, Sent, add, check_condition, clear, commit, day, plain_text, stamp, write,
};
use crate::registry::Moment;
use crate::registry::process::{
    CASES_GRAPH, Case, CaseStatus, StepDefinition, day_of, moment_text, next_number, rules,
    status_iri, status_statements,
};
use crate::store::View;
use crate::views::process::status_json;
use axum::extract::{Path, State};
use axum::response::Response;
use oxrdf::{Literal, NamedNode, Triple};
use serde::Deserialize;

/// Most statuses of one case.
const MOST_STATUSES: usize = 500;
/// Most characters of what an applicant has to do.
const MOST_ACTION: usize = 500;
const CLOSED_ON: &str = "https://data.vlaanderen.be/ns/dossier#sluitingsdatum";
const DATE: &str = "http://www.w3.org/2001/XMLSchema#date";

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    status: String,
    code: Option<String>,
    tijdstip: Option<String>,
    streefdatum: Option<String>,
    actie_nodig: Option<bool>,
    actie: Option<String>,
    #[serde(default)]
    heropenen: bool,
}

/// The moment of a status: the one given, else now; not before the last one and not in the future.
pub(super) fn status_moment(
    given: Option<&str>,
    last: Option<&CaseStatus>,
) -> Result<Moment, ApiError> {
    let now = jiff::Timestamp::now();
    let earliest = last
        .and_then(|last| Moment::parse(&last.at))
        .map(|last| last.at());
    let told = |text: &str| refused::status_moment(text, last.map_or("–", |last| last.at.as_str()));
    let Some(text) = given else {
        // A clock that was set back puts nothing in the wrong order.
        let at = earliest.map_or(now, |earliest| now.max(earliest));
        return Moment::parse(&moment_text(at)).ok_or_else(|| told(&at.to_string()));
    };
    let moment = Moment::parse(text).ok_or_else(|| told(text))?;
    let is_late_enough = earliest.is_none_or(|earliest| moment.at() >= earliest);
    if moment.at() > now || !is_late_enough {
        return Err(told(text));
    }
    Ok(moment)
}

/// The day that a status is aimed to end by.
pub(super) fn due_after(day: &str, step: &StepDefinition) -> Option<String> {
    let day: jiff::civil::Date = day.parse().ok()?;
    let span = jiff::Span::new().try_days(i64::from(step.days?)).ok()?;
    Some(day.checked_add(span).ok()?.to_string())
}

/// Whether a dossier is one of ours to change.
pub(super) fn is_ours(view: &View, graph: &NamedNode, iri: &str) -> bool {
    let ids = (view.id_of_iri(iri), view.id_of_iri(graph.as_str()));
    match ids {
        (Some(s), Some(g)) => view.quads(Some(s), None, None, Some(g)).next().is_some(),
        _ => false,
    }
}

/// `POST …/statussen`.
pub(super) async fn set(
    State(state): State<AppState>,
    Path(id): Path<String>,
    sent: Sent,
) -> Result<Response, ApiError> {
    write(
        state,
        sent,
        ("status-zetten", id.clone()),
        move |state, asked| {
            let wanted: Wanted = asked.read()?;
            if let Some(action) = &wanted.actie {
                plain_text("actie", action, MOST_ACTION)?;
            }
            if let Some(due) = &wanted.streefdatum {
                day("streefdatum", due)?;
            }
            let registry = &state.registry;
            let base = registry.base();
            let graph = registry.graph_iri(CASES_GRAPH);
            commit(state, asked, &Case::iri_of(&id), |draft| {
                let view = draft.base().view();
                let (case, of) = reading::case_of(&view, base, &id)?;
                if !is_ours(&view, &graph, &case.iri) {
                    return Err(refused::elsewhere(&id));
                }
                check_condition(state, asked, &view, &id)?;
                if case.statuses.len() >= MOST_STATUSES {
                    return Err(refused::full(MOST_STATUSES));
                }
                let of = of.ok_or_else(|| {
                    refused::unknown_type(case.process_type.as_deref().unwrap_or(""))
                })?;
                let (place, step) = of
                    .step(&wanted.status)
                    .ok_or_else(|| refused::unknown_status(&of, &wanted.status))?;
                let code = wanted.code.as_deref();
                if let Some(code) =
                    code.filter(|code| !step.codes.iter().any(|known| known == code))
                {
                    return Err(refused::unknown_code(step, code));
                }
                let last = case.status();
                let from = last.map(|status| status.phase.as_str());
                rules()
                    .judge(from, &step.phase, code, wanted.heropenen)
                    .map_err(|why| refused::transition(last, step, &why))?;
                let at = status_moment(wanted.tijdstip.as_deref(), last)?;
                let on = day_of(&at);
                let number = next_number(case.statuses.iter().map(|status| status.iri.as_str()));
                let status = CaseStatus {
                    iri: status_iri(&id, number),
                    number,
                    step: Some(of.step_iri(place)),
                    phase: step.phase.clone(),
                    code: wanted.code.clone(),
                    at: moment_text(at.at()),
                    due: wanted.streefdatum.clone().or_else(|| due_after(&on, step)),
                    day: on.clone(),
                    needs_action: wanted.actie_nodig.unwrap_or(wanted.actie.is_some()),
                    action: wanted.actie.clone(),
                };
                let agent = registry.agent_iri("beheerder");
                add(
                    draft,
                    &graph,
                    &status_statements(&case.case_iri, &id, &status, &agent),
                );
                clear(draft, &graph, &case.case_iri, CLOSED_ON);
                if rules().is_closed(&status.phase) {
                    let closed = Triple::new(
                        NamedNode::new_unchecked(case.case_iri.as_str()),
                        NamedNode::new_unchecked(CLOSED_ON),
                        Literal::new_typed_literal(on, NamedNode::new_unchecked(DATE)),
                    );
                    add(draft, &graph, &[closed]);
                }
                stamp(state, draft, &id, jiff::Timestamp::now());
                Ok(Made {
                    iri: status.iri.clone(),
                    document: format!("{base}/proces/v1/dossiers/{id}/statussen"),
                    created: true,
                    etag: reading::etag_after(state, &draft.snapshot().view(), &id)?,
                    members: vec![("status", status_json(&status, Some(&step.code)))],
                })
            })
        },
    )
    .await
}
