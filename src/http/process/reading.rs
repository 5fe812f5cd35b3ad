//! What answers of the process interface share: the JSON of a case, its entity tag, parameters that are known, pages by key,
//! and references read as they were valid for the case.

use super::super::body::Params;
use super::super::documents::{embed_rules, json_ld_of, outline_of};
use super::super::error::ApiError;
use super::super::reply::{Document, JSON, tag_of_document};
use super::super::shown::Shown;
use super::super::state::AppState;
use super::refused;
use crate::registry::Moment;
use crate::registry::process::{CASES_GRAPH, Case, ProcessType};
use crate::store::View;
use crate::views::process::case_json;
use crate::views::{StateTag, state_tag};
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Map, Value as Json};

/// Items of a page when nothing is said.
const DEFAULT_LIMIT: usize = 100;
/// Most items of a page.
const MAX_LIMIT: usize = 500;

/// Refuses parameters that an address does not have.
pub(super) fn known(params: &Params, names: &[&str]) -> Result<(), ApiError> {
    let is_known =
        |name: &str| names.contains(&name) || super::super::moment::PARAMETERS.contains(&name);
    match params.0.iter().find(|(name, _)| !is_known(name)) {
        None => Ok(()),
        Some((unknown, _)) => {
            let list = names.join(", ");
            Err(ApiError::bad_request(
                "unknown-filter",
                format!("Onbekende parameter \"{unknown}\"; hier bestaan: {list}."),
                format!("Unknown parameter \"{unknown}\"; here there are: {list}."),
            )
            .with("parameter", unknown.as_str()))
        }
    }
}

/// A value that a parameter does not take.
pub(super) fn bad_parameter(name: &str, value: &str, nl: &str, en: &str) -> ApiError {
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter {name} is {nl}, niet \"{value}\"."),
        format!("The parameter {name} is {en}, not \"{value}\"."),
    )
    .with("parameter", name)
    .with("waarde", value)
}

/// `limit=`.
pub(super) fn limit(params: &Params) -> Result<usize, ApiError> {
    let Some(text) = params.one("limit")?.filter(|text| !text.is_empty()) else {
        return Ok(DEFAULT_LIMIT);
    };
    let number = text.parse().ok().filter(|n| (1..=MAX_LIMIT).contains(n));
    number.ok_or_else(|| {
        let (nl, en) = ("een getal van 1 tot 500", "a number from 1 to 500");
        bad_parameter("limit", text, nl, en)
    })
}

/// The state of a case by its entity tag, the same as that of its document in the register; `None` when it is not there.
pub(super) fn case_tag(
    state: &AppState,
    view: &View,
    id: &str,
) -> Result<Option<StateTag>, ApiError> {
    let register = state.registry.register_by_type("dossier");
    match view.id_of_iri(&Case::iri_of(id)) {
        Some(subject) => Ok(state_tag(view, subject, &embed_rules(register))?),
        None => Ok(None),
    }
}

/// A case and the version of the process type that it follows.
pub(super) fn case_of(
    view: &View,
    base: &str,
    id: &str,
) -> Result<(Case, Option<ProcessType>), ApiError> {
    let case = Case::read(view, id).ok_or_else(|| refused::unknown_case(id))?;
    let of = case.process_type.as_deref();
    let of = of.and_then(|iri| ProcessType::named(view, base, iri));
    Ok((case, of))
}

/// The entity tag that the document of a case has after a change.
pub(super) fn etag_after(
    state: &AppState,
    view: &View,
    id: &str,
) -> Result<Option<String>, ApiError> {
    let base = state.registry.base();
    let (case, of) = case_of(view, base, id)?;
    let body = text(&case_json(base, &case, of.as_ref()));
    let tag = case_tag(state, view, id)?;
    Ok(Some(tag_of_document(JSON, body.as_bytes(), tag)))
}

/// JSON as it is sent.
pub(super) fn text(json: &Json) -> String {
    format!("{json:#}\n")
}

/// An answer of a state in JSON.
pub(super) fn respond(shown: &Shown, headers: &HeaderMap, json: &Json) -> Response {
    Document::new(JSON, text(json)).at(shown).respond(headers)
}

/// Members of a case that `fields=` may name.
const FIELDS: [&str; 16] = [
    "titel",
    "zaak",
    "processtype",
    "dienst",
    "bestuur",
    "openingsdatum",
    "geldigOp",
    "status",
    "afgesloten",
    "statussen",
    "verwijzingen",
    "stukken",
    "rollen",
    "besluiten",
    "document",
    "id",
];
/// Members whose targets `expand=` may show.
const EXPANDED: [&str; 3] = ["verwijzingen", "rollen", "besluiten"];

/// The words of a parameter that takes some of a few, with commas between.
fn words(
    params: &Params,
    name: &str,
    known: &[&'static str],
) -> Result<Vec<&'static str>, ApiError> {
    let text = params.one(name)?.unwrap_or_default();
    let asked = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    let word = |asked: &str| {
        let found = known.iter().find(|word| **word == asked).copied();
        found.ok_or_else(|| {
            let list = known.join(", ");
            let (nl, en) = (
                format!("een lijst van: {list}"),
                format!("a list of: {list}"),
            );
            bad_parameter(name, asked, &nl, &en)
        })
    };
    asked.map(word).collect()
}

/// `fields=`: the members to keep; none asks for all.
pub(super) fn fields(params: &Params) -> Result<Vec<&'static str>, ApiError> {
    words(params, "fields", &FIELDS)
}

/// `expand=`: the members whose targets are shown.
pub(super) fn expanded(params: &Params) -> Result<Vec<&'static str>, ApiError> {
    words(params, "expand", &EXPANDED)
}

/// A parameter that is `true` or `false`.
pub(super) fn flag(params: &Params, name: &str) -> Result<Option<bool>, ApiError> {
    match params.one(name)? {
        None | Some("") => Ok(None),
        Some("true") => Ok(Some(true)),
        Some("false") => Ok(Some(false)),
        Some(other) => Err(bad_parameter(name, other, "true of false", "true or false")),
    }
}

/// Keeps the members that are asked for, besides what says which thing it is.
pub(super) fn select(json: &mut Json, fields: &[&str]) {
    if let (Json::Object(members), false) = (json, fields.is_empty()) {
        members.retain(|name, _| {
            name.starts_with('@') || name == "id" || fields.contains(&name.as_str())
        });
    }
}

/// Shows what references lead to, as that was valid at the moment asked for, else on the day of the case.
pub(super) fn expand(
    state: &AppState,
    shown: &Shown,
    case: &Case,
    json: &mut Json,
    names: &[&str],
) -> Result<(), ApiError> {
    if names.is_empty() {
        return Ok(());
    }
    let day = match shown.valid() {
        Some(_) => None,
        None => case.valid_on.as_deref().and_then(Moment::asked),
    };
    let then = match &day {
        Some(moment) => state
            .registry
            .valid_at(shown.snapshot(), moment)
            .map_err(super::super::moment::too_much)?,
        None => shown.snapshot().clone(),
    };
    let view = then.view();
    for &key in names {
        let Some(Json::Array(entries)) = json.get_mut(key) else {
            continue;
        };
        for entry in entries {
            let target = if key == "rollen" { "partij" } else { "@id" };
            let iri = entry
                .get(target)
                .and_then(Json::as_str)
                .unwrap_or("")
                .to_owned();
            let object = described(state, &view, &iri)?;
            if let Json::Object(members) = entry {
                members.insert("object".to_owned(), object.unwrap_or(Json::Null));
            }
        }
    }
    let text = shown.valid().or(day.as_ref()).map(Moment::text);
    if let (Json::Object(members), Some(text)) = (json, text) {
        members.insert("gelezenOp".to_owned(), text.into());
    }
    Ok(())
}

/// The document of an object as its register shows it; `None` when nothing is said of it.
fn described(state: &AppState, view: &View, iri: &str) -> Result<Option<Json>, ApiError> {
    let Some(subject) = view.id_of_iri(iri) else {
        return Ok(None);
    };
    // What cases say of it is no description.
    let cases = state.registry.graph_iri(CASES_GRAPH);
    let cases = view.id_of_iri(cases.as_str());
    let mut quads = view.quads(Some(subject), None, None, None);
    if !quads.any(|quad| Some(quad.g) != cases) {
        return Ok(None);
    }
    let register = state.registry.register_of_iri(iri);
    let rules = embed_rules(register);
    let outline = outline_of(state, view, register, (iri, subject), &rules)?;
    let bytes = json_ld_of(state, view, register, &outline);
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(ApiError::internal)
}

/// The address of the next page: the same parameters, after the last item.
pub(super) fn next_page(base: &str, path: &str, params: &Params, last: &str) -> String {
    let kept = params.0.iter().filter(|(name, _)| name != "na");
    let encode = crate::views::html::percent_encode;
    let mut query: Vec<String> = kept
        .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
        .collect();
    query.push(format!("na={}", encode(last)));
    format!("{base}{path}?{}", query.join("&"))
}

/// A page of a list.
pub(super) fn page(items: Vec<Json>, total: usize, next: Option<String>) -> Json {
    let mut members = Map::new();
    members.insert("data".to_owned(), items.into());
    members.insert("totaal".to_owned(), total.into());
    if let Some(next) = next {
        members.insert("volgende".to_owned(), next.into());
    }
    Json::Object(members)
}
