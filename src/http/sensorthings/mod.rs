//! `/sta/v1.1`: OGC SensorThings API 1.1, sensing part (18-088). Sensors and what belongs to them are read off a state and
//! written as every statement is, on the one write path; observations come from and go to the store of values. Reads requests
//! and words answers; what entities are is decided in `registry::sensors`, what JSON says in `views::sensorthings`.

mod filter;
mod options;
mod path;
mod reading;
mod refused;
mod rows;
mod value;
mod world;

use super::body::Params;
use super::error::ApiError;
use super::reply::{JSON, content_type};
use super::state::{AppState, blocking};
use crate::views::sensorthings as view;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use reading::Answer;
use world::World;

/// All routes of the interface.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/sta/v1.1", get(root))
        .route("/sta/v1.1/{*path}", get(read))
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
        let world = world(&state);
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

/// The newest state, and the values when this server keeps any.
fn world(state: &AppState) -> World {
    let snapshot = state.registry.snapshot();
    let base = state.registry.base();
    let table = state.sensors.of(&snapshot, base);
    World::new(base.to_owned(), table, state.observations().ok().cloned())
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
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
}
