//! `/proces/v1/dossiers`: cases with filters, one case with what belongs to it, and making one. Setting a status and adding
//! to a case stand beside it.

use super::super::body::Params;
use super::super::error::ApiError;
use super::super::moment::Moment;
use super::super::reply::{Document, HTML, JSON, choose, language_by};
use super::super::state::{AppState, blocking};
use super::reading::{self, case_of, known, page, respond};
use super::refused;
use super::statuses::status_moment;
use super::writing::{Made, Sent, add, commit, day, iri, plain_text, write};
use crate::registry::process::{
    CASES_GRAPH, Case, CaseStatus, NewCase, ProcessType, day_of, moment_text, order, status_iri,
    status_statements,
};
use crate::registry::{self, Register};
use crate::views::html::{Site, render_case};
use crate::views::process::{case_json, row_json, status_json};
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// Most characters of a title.
pub(super) const MOST_TITLE: usize = 300;
/// Most references, documents, parties or decisions of a case.
pub(super) const MOST_OF_A_KIND: usize = 1_000;
/// Numbers that are tried for one new case.
const TRIES: usize = 1_000;

const FILTERS: [&str; 11] = [
    "fase",
    "status",
    "processtype",
    "bestuur",
    "actieNodig",
    "streefdatum__lt",
    "na",
    "limit",
    "fields",
    "expand",
    "lang",
];

/// `GET /proces/v1/dossiers`.
pub(super) async fn list(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    known(&params, &FILTERS)?;
    let limit = reading::limit(&params)?;
    let needs = reading::flag(&params, "actieNodig")?;
    let (fields, expand) = (reading::fields(&params)?, reading::expanded(&params)?);
    let due = params.one("streefdatum__lt")?;
    if let Some(text) = due {
        day("streefdatum__lt", text)?;
    }
    for name in ["fase", "status", "processtype", "bestuur", "na"] {
        params.one(name)?;
    }
    let shown = moment.state(&state).await?;
    let turn = state.query_turn().await?;
    turn.work(move || {
        let (view, base) = (shown.view(), state.registry.base());
        let table = state.cases.of(shown.snapshot());
        let mut types: FxHashMap<&str, Option<ProcessType>> = FxHashMap::default();
        for row in &table.rows {
            if let Some(iri) = row.process_type.as_deref() {
                types
                    .entry(iri)
                    .or_insert_with(|| ProcessType::read(&view, iri));
            }
        }
        let type_of =
            |iri: Option<&str>| iri.and_then(|iri| types.get(iri)).and_then(Option::as_ref);
        let is_type = |iri: Option<&str>, wanted: &str| {
            let is_name = |of: &ProcessType| {
                of.definition.code == wanted || of.iri.rsplit('/').next() == Some(wanted)
            };
            iri == Some(wanted) || type_of(iri).is_some_and(is_name)
        };
        let wanted = |row: &&registry::process::CaseRow| {
            let Some(status) = row.statuses.last() else {
                return false;
            };
            let of = row.process_type.as_deref();
            let is = |name: &str, holds: &dyn Fn(&str) -> bool| params.get(name).is_none_or(holds);
            is("fase", &|wanted| status.phase == wanted)
                && is("bestuur", &|wanted| {
                    row.authority.as_deref() == Some(wanted)
                })
                && is("processtype", &|wanted| is_type(of, wanted))
                && is("status", &|wanted| {
                    let json =
                        type_of(of).and_then(|of| of.step(wanted).map(|(at, _)| of.step_iri(at)));
                    status.step.as_deref() == Some(wanted) || json.is_some() && json == status.step
                })
                && needs.is_none_or(|needs| status.needs_action == needs)
                && params
                    .get("streefdatum__lt")
                    .is_none_or(|limit| status.due.as_deref().is_some_and(|due| due < limit))
        };
        let all: Vec<_> = table.rows.iter().filter(wanted).collect();
        let after = params.get("na").map(order);
        let rest = all
            .iter()
            .filter(|row| after.is_none_or(|after| order(&row.id) > after));
        let mut rest: Vec<_> = rest.take(limit + 1).collect();
        let more = rest.len() > limit;
        rest.truncate(limit);
        let mut data: Vec<Json> = Vec::with_capacity(rest.len());
        for row in &rest {
            let of = type_of(row.process_type.as_deref());
            let mut json = if expand.is_empty() && fields.is_empty() {
                row_json(base, row, of)
            } else {
                let (case, of) = case_of(&view, base, &row.id)?;
                let mut json = case_json(base, &case, of.as_ref());
                reading::expand(&state, &shown, &case, &mut json, &expand)?;
                json
            };
            reading::select(&mut json, &fields);
            data.push(json);
        }
        let last = rest.last().filter(|_| more).map(|row| row.id.as_str());
        let next = last.map(|id| reading::next_page(base, "/proces/v1/dossiers", &params, id));
        Ok(respond(&shown, &headers, &page(data, all.len(), next)))
    })
    .await
}

/// `GET /proces/v1/dossiers/{id}`.
pub(super) async fn one(
    State(state): State<AppState>,
    Path(id): Path<String>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    known(&params, &["expand", "fields", "format", "lang"])?;
    let chosen = choose(&headers, params.one("format")?, &[JSON, HTML])?;
    let (fields, names) = (reading::fields(&params)?, reading::expanded(&params)?);
    let language = language_by("lang", &headers, &params)?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let (view, base) = (shown.view(), state.registry.base());
        let (case, of) = case_of(&view, base, &id)?;
        if chosen == HTML {
            let site = Site {
                language,
                ..state.site(&view, shown.notice())
            };
            let page = render_case(&site, &case, of.as_ref());
            return Ok(Document::html(page).at(&shown).respond(&headers));
        }
        let mut json = case_json(base, &case, of.as_ref());
        reading::expand(&state, &shown, &case, &mut json, &names)?;
        reading::select(&mut json, &fields);
        let document = Document::new(JSON, reading::text(&json)).at(&shown);
        let document = match reading::case_tag(&state, &view, &id)? {
            Some(tag) => document.of_state(tag),
            None => document,
        };
        Ok(document.respond(&headers))
    })
    .await
}

async fn part(
    state: AppState,
    id: String,
    moment: Moment,
    (headers, query): (HeaderMap, Option<String>),
    key: &'static str,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    known(&params, &["expand"])?;
    let shows_targets = reading::flag(&params, "expand")? == Some(true);
    let shown = moment.state(&state).await?;
    blocking(move || {
        let base = state.registry.base();
        let (case, of) = case_of(&shown.view(), base, &id)?;
        let mut json = case_json(base, &case, of.as_ref());
        if shows_targets {
            reading::expand(&state, &shown, &case, &mut json, &[key])?;
        }
        let entries = json.get_mut(key).map(Json::take).unwrap_or_default();
        let count = entries.as_array().map_or(0, Vec::len);
        let entries = entries.as_array().cloned().unwrap_or_default();
        Ok(respond(&shown, &headers, &page(entries, count, None)))
    })
    .await
}

macro_rules! parts {
    ($($(#[$doc:meta])* $name:ident = $key:literal;)*) => {
        $(
            $(#[$doc])*
            pub(super) async fn $name(
                State(state): State<AppState>,
                Path(id): Path<String>,
                moment: Moment,
                headers: HeaderMap,
                RawQuery(query): RawQuery,
            ) -> Result<Response, ApiError> {
                part(state, id, moment, (headers, query), $key).await
            }
        )*
    };
}

parts! {
    /// `GET …/statussen`.
    statuses = "statussen";
    /// `GET …/stukken`.
    documents = "stukken";
    /// `GET …/rollen`.
    roles = "rollen";
    /// `GET …/besluiten`.
    decisions = "besluiten";
    /// `GET …/verwijzingen`.
    references = "verwijzingen";
}

/// `GET …/tijdlijn`: what happened to a case, in order: statuses that were set, and documents by their day.
pub(super) async fn timeline(
    State(state): State<AppState>,
    Path(id): Path<String>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    known(&Params::of_query(query.as_deref())?, &[])?;
    let shown = moment.state(&state).await?;
    blocking(move || {
        let (case, _) = case_of(&shown.view(), state.registry.base(), &id)?;
        let mut entries: Vec<(String, Json)> = Vec::new();
        for status in &case.statuses {
            let entry = json!({ "soort": "status", "tijdstip": status.at, "@id": status.iri, "fase": status.phase });
            entries.push((status.at.clone(), entry));
        }
        for document in &case.documents {
            let day = document.day.clone().unwrap_or_default();
            let entry = json!({ "soort": "stuk", "tijdstip": day, "@id": document.iri, "titel": document.title });
            entries.push((day, entry));
        }
        // Stable: what has the same moment stays in the order it was added in.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let data: Vec<Json> = entries.into_iter().map(|(_, entry)| entry).collect();
        let count = data.len();
        Ok(respond(&shown, &headers, &page(data, count, None)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Wanted {
    processtype: String,
    titel: String,
    bestuur: Option<String>,
    geldig_op: Option<String>,
    tijdstip: Option<String>,
    streefdatum: Option<String>,
    #[serde(default)]
    verwijzingen: Vec<String>,
}

/// `POST /proces/v1/dossiers`: a case with the first status of its process type.
pub(super) async fn create(
    State(state): State<AppState>,
    sent: Sent,
) -> Result<Response, ApiError> {
    write(
        state,
        sent,
        ("dossier-maken", String::new()),
        |state, asked| {
            let wanted: Wanted = asked.read()?;
            plain_text("titel", &wanted.titel, MOST_TITLE)?;
            if let Some(authority) = &wanted.bestuur {
                iri("bestuur", authority)?;
            }
            for object in &wanted.verwijzingen {
                iri("verwijzingen", object)?;
            }
            if wanted.verwijzingen.len() > MOST_OF_A_KIND {
                return Err(refused::full(MOST_OF_A_KIND));
            }
            if let Some(valid) = &wanted.geldig_op {
                day("geldigOp", valid)?;
            }
            if let Some(due) = &wanted.streefdatum {
                day("streefdatum", due)?;
            }
            let registry = &state.registry;
            let register = registry.register_by_type("dossier");
            let register =
                register.ok_or_else(|| ApiError::internal("there is no register of dossiers"))?;
            let id = free_id(state, register)?;
            let base = registry.base();
            commit(state, asked, &Case::iri_of(&id), |draft| {
                let view = draft.base().view();
                let of = ProcessType::named(&view, base, &wanted.processtype)
                    .ok_or_else(|| refused::unknown_type(&wanted.processtype))?;
                let first = of.definition.steps.first();
                let first = first.ok_or_else(|| refused::unknown_status(&of, ""))?;
                let at = status_moment(wanted.tijdstip.as_deref(), None)?;
                let opened = day_of(&at);
                let status = CaseStatus {
                    iri: status_iri(&id, 1),
                    number: 1,
                    step: Some(of.step_iri(0)),
                    phase: first.phase.clone(),
                    code: None,
                    at: moment_text(at.at()),
                    due: wanted
                        .streefdatum
                        .clone()
                        .or_else(|| super::statuses::due_after(&opened, first)),
                    day: opened.clone(),
                    needs_action: false,
                    action: None,
                };
                let new = NewCase {
                    id: &id,
                    title: &wanted.titel,
                    process_type: &of.iri,
                    service: &of.service,
                    authority: wanted
                        .bestuur
                        .as_deref()
                        .unwrap_or(&of.definition.authority),
                    opened: &opened,
                    valid_on: wanted.geldig_op.as_deref().unwrap_or(&opened),
                    objects: &wanted.verwijzingen,
                };
                let graph = registry.graph_iri(CASES_GRAPH);
                add(
                    draft,
                    &graph,
                    &new.statements(&moment_text(jiff::Timestamp::now())),
                );
                let zaak = format!("https://data.vlaanderen.be/id/zaak/{id}");
                let agent = registry.agent_iri("beheerder");
                add(
                    draft,
                    &graph,
                    &status_statements(&zaak, &id, &status, &agent),
                );
                Ok(Made {
                    iri: Case::iri_of(&id),
                    document: format!("{base}/proces/v1/dossiers/{id}"),
                    created: true,
                    etag: reading::etag_after(state, &draft.snapshot().view(), &id)?,
                    members: vec![
                        ("id", id.as_str().into()),
                        ("status", status_json(&status, Some(&first.code))),
                    ],
                })
            })
        },
    )
    .await
}

/// An id that no dossier has or had.
fn free_id(state: &AppState, register: &Register) -> Result<String, ApiError> {
    let registry = &state.registry;
    for _ in 0..TRIES {
        let now = registry.snapshot();
        let view = now.view();
        let id = state.items.numbers.next(&view, register)?;
        let iri = Case::iri_of(&id);
        if view
            .id_of_iri(&iri)
            .is_some_and(|id| view.star(id).next().is_some())
        {
            state.items.numbers.look_again(&view, register);
            continue;
        }
        if registry.gone(&now, None, &iri)?.is_none() {
            return Ok(id);
        }
    }
    Err(ApiError::busy())
}
