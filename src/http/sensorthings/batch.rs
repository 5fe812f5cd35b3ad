//! Many at once: `CreateObservations` with arrays of values (18-088 §13), and `$batch` in JSON (OData JSON 4.01). Takes requests
//! apart and puts answers together; each is carried out as it would be by itself.

use super::super::error::ApiError;
use super::super::state::AppState;
use super::path::segments;
use super::reading::{Answer, answer};
use super::refused;
use super::session::{Waiting, object, reference};
use super::told::Told;
use super::writing::{Done, Operation, create_at, existing, perform, ready, which};
use super::{path, world};
use crate::observations::Pending;
use crate::rdf::label::Language;
use crate::registry::sensors::Kind;
use crate::views::sensorthings as view;
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};

/// Most requests of one `$batch`.
const MAX_REQUESTS: usize = 1_000;

/// `CreateObservations`: reads, judges and hands over; what comes back answers when it is durable, with the addresses then.
///
/// # Errors
/// 400 and 422 with the place of what does not fit; nothing is stored then.
pub(super) fn create_observations(
    state: &AppState,
    body: &Json,
) -> Result<(Option<Pending>, Json), ApiError> {
    let wrong =
        |pointer: &str, nl: &str, en: &str| refused::wrong(pointer, "CreateObservations", nl, en);
    let groups = body.as_array().ok_or_else(|| {
        wrong(
            "",
            "een lijst van reeksen met dataArray",
            "a list of series with dataArray",
        )
    })?;
    let base = state.registry.base();
    let snapshot = state.registry.snapshot().view();
    let mut waiting = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        let group = object(group, "CreateObservations")?;
        let at = |name: &str| format!("/{number}/{name}");
        let series = group.get("Datastream").and_then(reference).ok_or_else(|| {
            wrong(
                &at("Datastream"),
                "een verwijzing {\"@iot.id\": …}",
                "a reference {\"@iot.id\": …}",
            )
        })?;
        let series = existing(&snapshot, base, Kind::Datastream, &series)?;
        let names = group.get("components").and_then(Json::as_array);
        let names: Option<Vec<&str>> =
            names.and_then(|names| names.iter().map(Json::as_str).collect());
        let names = names
            .ok_or_else(|| wrong(&at("components"), "een lijst van namen", "a list of names"))?;
        const KNOWN: [&str; 8] = [
            "phenomenonTime",
            "resultTime",
            "result",
            "resultQuality",
            "validTime",
            "parameters",
            "FeatureOfInterest/id",
            "FeatureOfInterest/@iot.id",
        ];
        if let Some(unknown) = names.iter().find(|name| !KNOWN.contains(name)) {
            return Err(wrong(
                &at("components"),
                &format!("geen \"{unknown}\", wel {}", KNOWN.join(", ")),
                &format!("no \"{unknown}\", but {}", KNOWN.join(", ")),
            ));
        }
        let rows = group
            .get("dataArray")
            .and_then(Json::as_array)
            .ok_or_else(|| wrong(&at("dataArray"), "een lijst van lijsten", "a list of lists"))?;
        let told = group.get("dataArray@iot.count").and_then(Json::as_u64);
        if told.is_some_and(|told| told != rows.len() as u64) {
            return Err(wrong(
                &at("dataArray@iot.count"),
                &format!("{}: zoveel staan er in dataArray", rows.len()),
                &format!("{}: as many are in dataArray", rows.len()),
            ));
        }
        for (place, row) in rows.iter().enumerate() {
            let values = row.as_array().filter(|row| row.len() == names.len());
            let values = values.ok_or_else(|| {
                wrong(
                    &format!("/{number}/dataArray/{place}"),
                    "een lijst met één waarde voor elke naam van components",
                    "a list with one value for each name of components",
                )
            })?;
            let mut fields = Map::new();
            let mut feature = None;
            for (name, value) in names.iter().zip(values) {
                if name.starts_with("FeatureOfInterest/") {
                    let reference_to = json!({ "@iot.id": value });
                    let id = reference(&reference_to).ok_or_else(|| {
                        wrong(&format!("/{number}/dataArray/{place}"), "een id", "an id")
                    })?;
                    feature = Some(existing(&snapshot, base, Kind::FeatureOfInterest, &id)?);
                } else {
                    fields.insert((*name).to_owned(), value.clone());
                }
            }
            let told = Told::read(&fields).map_err(|error| error.with("plaats", waiting.len()))?;
            waiting.push(Waiting {
                series: series.clone(),
                feature,
                told,
            });
        }
    }
    let observations = ready(state, &snapshot, waiting)?;
    if observations.is_empty() {
        return Ok((None, json!([])));
    }
    let links: Vec<Json> = observations
        .iter()
        .map(|one| view::observation_address(base, one).into())
        .collect();
    let pending = state.observations()?.append(observations)?;
    Ok((Some(pending), links.into()))
}

/// One request of a `$batch`.
struct Part {
    id: String,
    group: Option<String>,
    method: String,
    url: String,
    body: Json,
}

fn parts(body: &Json) -> Result<Vec<Part>, ApiError> {
    let wrong = |pointer: &str, nl: &str, en: &str| Err(refused::wrong(pointer, "$batch", nl, en));
    let Some(requests) = body.get("requests").and_then(Json::as_array) else {
        return wrong("/requests", "een lijst van verzoeken", "a list of requests");
    };
    if requests.len() > MAX_REQUESTS {
        return wrong(
            "/requests",
            "hoogstens 1.000 verzoeken",
            "at most 1,000 requests",
        );
    }
    let mut out: Vec<Part> = Vec::with_capacity(requests.len());
    for (number, request) in requests.iter().enumerate() {
        let text = |name: &str| request.get(name).and_then(Json::as_str).map(str::to_owned);
        let id = match request.get("id") {
            Some(Json::Number(number)) => Some(number.to_string()),
            _ => text("id"),
        };
        let (Some(id), Some(method), Some(url)) = (id, text("method"), text("url")) else {
            return wrong(
                &format!("/requests/{number}"),
                "id, method en url als tekst",
                "id, method and url as texts",
            );
        };
        if out.iter().any(|known| known.id == id) {
            return wrong(
                &format!("/requests/{number}/id"),
                "een id die er maar één keer staat",
                "an id that is there only once",
            );
        }
        out.push(Part {
            id,
            group: text("atomicityGroup"),
            method: method.to_ascii_uppercase(),
            url,
            body: request.get("body").cloned().unwrap_or(Json::Null),
        });
    }
    Ok(out)
}

/// What earlier requests made, by their ids.
type Known = Vec<(String, (Kind, String))>;

/// Replaces `$id` in references by what that request made.
fn resolved(json: Json, known: &Known) -> Json {
    match json {
        Json::Object(members) => Json::Object(
            members
                .into_iter()
                .map(|(key, value)| {
                    let value = match (key.as_str(), &value) {
                        ("@iot.id", Json::String(text)) => {
                            let of = text.strip_prefix('$');
                            let found =
                                of.and_then(|id| known.iter().find(|(known, _)| known == id));
                            found.map_or(value.clone(), |(_, (_, iri))| iri.as_str().into())
                        }
                        _ => resolved(value, known),
                    };
                    (key, value)
                })
                .collect(),
        ),
        Json::Array(values) => values.into_iter().map(|one| resolved(one, known)).collect(),
        other => other,
    }
}

/// The path and options of an address of a batch, with `$id` at its begin replaced.
fn address(
    url: &str,
    base: &str,
    known: &Known,
) -> Result<(String, Vec<(String, String)>), ApiError> {
    let root = view::root(base);
    let url = url.strip_prefix(root.as_str()).unwrap_or(url);
    let url = url
        .strip_prefix(view::ROOT)
        .unwrap_or(url)
        .trim_start_matches('/');
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let mut path = percent_decoded(path);
    if let Some(rest) = path.strip_prefix('$') {
        let (id, below) = rest.split_once('/').unwrap_or((rest, ""));
        if let Some((_, (kind, iri))) = known.iter().find(|(known, _)| known == id) {
            let iri = iri.replace('\'', "''");
            path = format!("{}('{iri}')/{below}", kind.set());
        }
    }
    let params = super::super::body::Params::parse(query)?;
    Ok((path.trim_end_matches('/').to_owned(), params.0))
}

fn percent_decoded(text: &str) -> String {
    // A query decodes the same, but for the plus sign.
    let kept = text.replace('+', "%2B");
    match super::super::body::Params::parse(&format!("a={kept}")) {
        Ok(params) => params.get("a").unwrap_or(text).to_owned(),
        Err(_) => text.to_owned(),
    }
}

/// What answers of a batch are worded with.
pub(super) struct Wording<'a> {
    pub(super) language: &'a str,
    pub(super) people: Language,
    pub(super) may_write: bool,
}

/// `$batch`: each request in its turn, those of an atomic group in one commit.
///
/// # Errors
/// 400 when the batch itself cannot be read; failures of its requests are in the answer.
pub(super) fn batch(
    state: &AppState,
    body: &Json,
    wording: &Wording<'_>,
) -> Result<Json, ApiError> {
    let parts = parts(body)?;
    let mut known: Known = Vec::new();
    let mut responses: Vec<Json> = Vec::with_capacity(parts.len());
    let mut rest = parts.as_slice();
    while let Some(first) = rest.first() {
        let length = match &first.group {
            None => 1,
            Some(group) => rest
                .iter()
                .take_while(|part| part.group.as_ref() == Some(group))
                .count(),
        };
        let (group, after) = rest.split_at(length);
        rest = after;
        match carry_out(state, group, wording, &known) {
            Ok(done) => {
                for (part, done) in group.iter().zip(done) {
                    if let Some(made) = done.made {
                        known.push((part.id.clone(), made));
                    }
                    let mut response = json!({ "id": part.id, "status": done.status.as_u16() });
                    if let Some(location) = done.location {
                        response["headers"] = json!({ "location": location });
                    }
                    if let Some(body) = done.body {
                        response["body"] = body;
                    }
                    responses.push(response);
                }
            }
            Err((place, error)) => {
                for (number, part) in group.iter().enumerate() {
                    let response = if number == place {
                        let base = state.registry.base();
                        let body = error.to_json(base, &part.url, &part.id, wording.people);
                        json!({ "id": part.id, "status": error.status.as_u16(), "body": body })
                    } else {
                        // Another of its group failed, so nothing was done.
                        json!({ "id": part.id, "status": StatusCode::FAILED_DEPENDENCY.as_u16() })
                    };
                    responses.push(response);
                }
            }
        }
    }
    Ok(json!({ "responses": responses }))
}

fn carry_out(
    state: &AppState,
    group: &[Part],
    wording: &Wording<'_>,
    known: &Known,
) -> Result<Vec<Done>, (usize, ApiError)> {
    let base = state.registry.base();
    if let [part] = group
        && part.method == "GET"
    {
        let world = world::World::of(state);
        let (path, pairs) = address(&part.url, base, known).map_err(|error| (0, error))?;
        let got = || -> Result<Answer, ApiError> {
            let found = path::find(&world, &segments(&path)?)?;
            answer(
                &world,
                found,
                &format!("{}/{path}", view::root(base)),
                &pairs,
            )
        };
        let (status, body) = match got().map_err(|error| (0, error))? {
            Answer::Json(json) => (StatusCode::OK, Some(json)),
            Answer::Text(text) => (StatusCode::OK, Some(text.into())),
            Answer::Nothing => (StatusCode::NO_CONTENT, None),
        };
        return Ok(vec![Done {
            status,
            location: None,
            body,
            made: None,
        }]);
    }
    let mut operations = Vec::with_capacity(group.len());
    let world = world::World::of(state);
    for (place, part) in group.iter().enumerate() {
        let operation = || -> Result<Operation, ApiError> {
            if !wording.may_write {
                return Err(ApiError::only_for_administrator(
                    crate::access::WriteRefusal::Missing,
                ));
            }
            let (path, _) = address(&part.url, base, known)?;
            let path = segments(&path)?;
            let body = resolved(part.body.clone(), known);
            match part.method.as_str() {
                "POST" => create_at(&world, &path, body),
                "PATCH" => Ok(Operation::Change(which(&world, &path)?, body, false)),
                "PUT" => Ok(Operation::Change(which(&world, &path)?, body, true)),
                "DELETE" => Ok(Operation::Remove(which(&world, &path)?)),
                other => Err(refused::wrong(
                    "/method",
                    other,
                    "GET buiten een groep, of POST, PUT, PATCH of DELETE",
                    "GET outside of a group, or POST, PUT, PATCH or DELETE",
                )),
            }
        };
        operations.push(operation().map_err(|error| (place, error))?);
    }
    let ids: Vec<String> = group.iter().map(|part| part.id.clone()).collect();
    perform(state, wording.language, operations, &ids)
}
