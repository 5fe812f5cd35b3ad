//! `/sta/v1.1`: OGC SensorThings API 1.1, sensing part (18-088). Sensors and what belongs to them are read off a state and
//! written as every statement is, on the one write path; observations come from and go to the store of values. Reads requests
//! and words answers; what entities are is decided in `registry::sensors`, what JSON says in `views::sensorthings`.

mod batch;
mod filter;
mod options;
mod path;
mod reading;
mod refused;
mod rows;
mod session;
mod told;
mod value;
mod world;
mod writing;

use super::body::{Params, media_type, read_body, require_utf8};
use super::error::ApiError;
use super::items::reading as strict;
use super::reply::{JSON, content_type, joined, language_of};
use super::state::{AppState, blocking};
use super::writes::authorise;
use crate::views::sensorthings as view;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use bytes::Bytes;
use path::Segment;
use reading::Answer;
use serde_json::Value as Json;
use world::World;
use writing::{Done, Operation};

/// Up to here a body is read where it came in: handing it over takes longer.
const SMALL_BYTES: usize = 8 << 10;

/// All routes of the interface.
pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/sta/v1.1", get(root)).route(
        "/sta/v1.1/{*path}",
        get(read).post(write).put(write).patch(write).delete(write),
    )
}

/// `GET /sta/v1.1`.
async fn root(
    state: State<AppState>,
    headers: HeaderMap,
    query: RawQuery,
) -> Result<Response, ApiError> {
    read(state, Path(String::new()), headers, query).await
}

/// `GET` of anything below.
async fn read(
    State(state): State<AppState>,
    Path(path): Path<String>,
    _headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let turn = state.query_turn().await?;
    turn.work(move || {
        let world = World::of(&state);
        let segments = path::segments(&path)?;
        let found = path::find(&world, &segments)?;
        let address = match path.is_empty() {
            true => view::root(&world.base),
            false => format!("{}/{}", view::root(&world.base), path.trim_matches('/')),
        };
        let answer = reading::answer(&world, found, &address, &params.0)?;
        Ok(respond(answer))
    })
    .await
}

/// The language of texts in a body: that of `Content-Language`, else Dutch.
fn language(headers: &HeaderMap) -> Result<&'static str, ApiError> {
    let given = joined(headers, header::CONTENT_LANGUAGE);
    match given.trim() {
        "" => Ok("nl"),
        text => ["nl", "en", "fr", "de"]
            .into_iter()
            .find(|known| text.split('-').next() == Some(known))
            .ok_or_else(|| {
                refused::option(
                    "Content-Language",
                    text,
                    "nl, en, fr of de",
                    "nl, en, fr or de",
                )
            }),
    }
}

/// POST, PUT, PATCH and DELETE of anything below the root.
async fn write(
    State(state): State<AppState>,
    Path(path): Path<String>,
    method: Method,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Body,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let path = path::segments(&path)?;
    let is = |name: &str| matches!(path.as_slice(), [one] if one.name == name && one.key.is_none());
    let is_batch = is("$batch");
    let may_write = authorise(&state, &headers);
    if !is_batch || method != Method::POST {
        // A batch may read alone.
        may_write.clone()?;
    }
    if let Some((name, value)) = params.0.first() {
        return Err(refused::option(
            name,
            value,
            "er niet bij schrijven",
            "not for writes",
        ));
    }
    let (language, people) = (language(&headers)?, language_of(&headers));
    if method == Method::DELETE {
        let done = carry_out(&state, language, move |world| {
            Ok(Operation::Remove(writing::which(world, &path)?))
        });
        return Ok(told(done.await?));
    }
    let kind = media_type(&headers);
    if kind != JSON && kind != "application/merge-patch+json" {
        return Err(ApiError::unsupported_media_type(&kind, &[JSON]));
    }
    require_utf8(&headers)?;
    let limit = state.config.max_body_bytes;
    let body = read_body(&headers, body, limit).await?;
    if method == Method::PATCH || method == Method::PUT {
        let whole = method == Method::PUT;
        let done = carry_out(&state, language, move |world| {
            let body = strict::json(&body)?;
            Ok(Operation::Change(
                writing::which(world, &path)?,
                body,
                whole,
            ))
        });
        return Ok(told(done.await?));
    }
    if is("CreateObservations") {
        let work = {
            let state = state.clone();
            move || batch::create_observations(&state, &strict::json(&body)?)
        };
        let (pending, links) = blocking(work).await?;
        if let Some(pending) = pending {
            pending.await?;
        }
        return Ok(told(Done {
            status: StatusCode::CREATED,
            location: None,
            body: Some(links),
            made: None,
        }));
    }
    if is_batch {
        let permit = state.write_turn().await?;
        let answer = blocking(move || {
            let _permit = permit;
            let wording = batch::Wording {
                language,
                people,
                may_write: may_write.is_ok(),
            };
            batch::batch(&state, &strict::json(&body)?, &wording)
        })
        .await?;
        return Ok(respond(Answer::Json(answer)));
    }
    if body.len() <= SMALL_BYTES
        && let Some(done) = one_observation(&state, &path, &body).await?
    {
        return Ok(told(done));
    }
    let done = carry_out(&state, language, move |world| {
        writing::create_at(world, &path, strict::json(&body)?)
    });
    Ok(told(done.await?))
}

/// An observation of what is there already, by far the most there is to write: takes no commit and no thread of its own. `None` for
/// anything else.
async fn one_observation(
    state: &AppState,
    path: &[Segment],
    body: &Bytes,
) -> Result<Option<Done>, ApiError> {
    let base = state.registry.base();
    let view = state.registry.snapshot().view();
    let given = match path {
        [set] if set.name == "Observations" && set.key.is_none() => None,
        [one, set] if one.name == "Datastreams" && set.name == "Observations" => {
            let (Some(key), None) = (&one.key, &set.key) else {
                return Ok(None);
            };
            let kind = crate::registry::sensors::Kind::Datastream;
            let id = path::entity_id(key);
            let iri = writing::existing(&view, base, kind, &id);
            Some((kind, iri.map_err(|_| refused::no_entity(kind.set(), key))?))
        }
        _ => return Ok(None),
    };
    let Some(Some(_)) = state.started_observations() else {
        return Ok(None);
    };
    let json: Json = strict::json(body)?;
    let Some(waiting) = writing::plain(&view, base, given.as_ref(), &json)? else {
        return Ok(None);
    };
    let store = state.observations()?;
    if store.find(&waiting.series).is_none() || waiting.feature.is_some() {
        // Declaring waits for the disk.
        return Ok(None);
    }
    let observations = writing::ready(state, &view, vec![waiting])?;
    let done = writing::observation_done(base, observations.first(), StatusCode::CREATED);
    store.append(observations)?.await?;
    Ok(Some(done))
}

/// Carries out one operation on a thread that may wait.
async fn carry_out(
    state: &AppState,
    language: &'static str,
    operation: impl FnOnce(&World) -> Result<Operation, ApiError> + Send + 'static,
) -> Result<Done, ApiError> {
    let permit = state.write_turn().await?;
    let state = state.clone();
    blocking(move || {
        let _permit = permit;
        let operation = operation(&World::of(&state))?;
        let done = writing::perform(&state, language, vec![operation], &[]);
        let mut done = done.map_err(|(_, error)| error)?;
        done.pop()
            .ok_or_else(|| ApiError::internal("an operation that did nothing"))
    })
    .await
}

/// What a write did, as an answer.
fn told(done: Done) -> Response {
    let body = done.body.map(|body| format!("{body}\n"));
    let has_body = body.is_some();
    let mut response = (done.status, Body::from(body.unwrap_or_default())).into_response();
    let headers = response.headers_mut();
    if has_body {
        headers.insert(header::CONTENT_TYPE, content_type(JSON));
    } else {
        headers.remove(header::CONTENT_TYPE);
    }
    if let Some(location) = done.location.and_then(|to| HeaderValue::from_str(&to).ok()) {
        headers.insert(header::LOCATION, location);
    }
    no_store(&mut response);
    response
}

fn respond(answer: Answer) -> Response {
    let (kind, body) = match answer {
        Answer::Json(json) => (content_type(JSON), format!("{json}\n")),
        Answer::Text(text) => (HeaderValue::from_static("text/plain; charset=utf-8"), text),
        Answer::Nothing => {
            let mut response = StatusCode::NO_CONTENT.into_response();
            no_store(&mut response);
            return response;
        }
    };
    let mut response = (StatusCode::OK, Body::from(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    no_store(&mut response);
    response
}

/// Answers hold observations of this moment.
fn no_store(response: &mut Response) {
    let headers = response.headers_mut();
    let value = HeaderValue::from_static("no-store");
    headers.insert(header::CACHE_CONTROL, value);
    // Refusals are in the language of the reader.
    let value = HeaderValue::from_static("Accept, Accept-Language");
    headers.insert(header::VARY, value);
}
