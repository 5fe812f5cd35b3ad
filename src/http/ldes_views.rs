//! Views of event streams over HTTP: their entries and pages; and switching a stream or a view off and on, for the
//! administrator alone. What a view is and which members it has stands in `feeds`.

use super::administrator::private;
use super::error::ApiError;
use super::ldes::{
    current, format_of, known_stream, not_ready, removed, renewed, respond, stream_of, unreadable,
};
use super::reply::{A_WEEK_FIXED, JSON, REVALIDATE};
use super::state::{AppState, blocking};
use super::writes::authorise;
use crate::feeds::ldes::{Asked, Made, Reading, ViewError};
use crate::feeds::stream::{NotReady, Progress, Stream, Streams};
use crate::rdf::label::Text;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, put};
use serde_json::json;

/// The routes of views, and the writes of streams.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/ldes/{register}", put(stream_on).delete(stream_off))
        .route(
            "/ldes/{register}/{view}",
            get(entry).put(view_on).delete(view_off),
        )
        .route(
            "/ldes/{register}/{view}/{generation}/{part}/{level}/{number}",
            get(page),
        )
}

fn absent_view(stream: &Stream, view: &str) -> ApiError {
    ApiError::not_found(
        format!(
            "De stroom heeft geen weergave of pagina \"{view}\"; begin bij {}.",
            stream.entry
        ),
        format!(
            "The stream has no view or page \"{view}\"; begin at {}.",
            stream.entry
        ),
    )
}

/// What a failure of a view means to a client.
pub(super) fn refused(
    streams: &Streams,
    stream: &Stream,
    view: &str,
    error: ViewError,
) -> ApiError {
    match error {
        ViewError::NotReady { at, of } => {
            not_ready(NotReady(Progress::Building { at, of })).with("leden", of)
        }
        ViewError::Absent => absent_view(stream, view),
        ViewError::Renewed => renewed(stream),
        ViewError::FellOut => ApiError::new(
            StatusCode::GONE,
            "feed-members-gone",
            Text::new("De leden zijn uit de weergave", "The members left the view"),
            Text::new(
                "Deze weergave bewaart niet alles, en van deze pagina is niets meer over.",
                "This view does not keep everything, and nothing is left of this page.",
            ),
        ),
        ViewError::Io(error) => unreadable(streams, error),
    }
}

/// The height that a part of an address names.
fn number_of(text: &str) -> Option<u32> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// What is asked for below a view.
struct Wanted<'a> {
    generation: Option<&'a str>,
    place: Option<(&'a str, &'a str, &'a str)>,
}

/// Answers with an entry or page.
fn answer(
    state: &AppState,
    headers: &HeaderMap,
    query: Option<&str>,
    (name, view): (&str, &str),
    wanted: &Wanted<'_>,
) -> Result<Response, ApiError> {
    let (format, suffix) = format_of(headers, query)?;
    let streams = state.streams()?;
    let stream = known_stream(streams, name)?;
    let views = state.feed_views()?;
    if views.get(name, view).is_none() {
        return Err(absent_view(stream, view));
    }
    // What was never an address is not gone, whatever became of the stream.
    let level = wanted.place.map(|(_, level, _)| (level, number_of(level)));
    if let Some((text, None)) = level {
        return Err(absent_view(stream, text));
    }
    let level = level.and_then(|(_, level)| level).unwrap_or(0);
    let stream = stream_of(streams, name)?;
    if streams.switches().is_off(name, Some(view)) {
        return Err(removed(&format!("{}/{view}", stream.entry)));
    }
    let seq = current(state, streams)?;
    let (generation, len) = (streams.generation(), stream.len());
    if wanted.generation.is_some_and(|asked| asked != generation) {
        return Err(renewed(stream));
    }
    let register = state.registry.register(name);
    let titles = register.map_or_else(Vec::new, |register| {
        let label = &register.label;
        vec![("nl", label.nl.as_str()), ("en", label.en.as_str())]
    });
    let reading = Reading {
        generation: &generation,
        len,
        format,
        suffix: &suffix,
    };
    let asked = Asked {
        register: name,
        view,
        titles: &titles,
        reading: &reading,
        now: jiff::Timestamp::now().as_millisecond(),
    };
    let made: Result<Made, ViewError> = match wanted.place {
        None => views.entry(&asked),
        Some((part, _, number)) => views.page(&asked, part, level, number),
    };
    let refused = |error| refused(streams, stream, view, error);
    let made = made.map_err(refused)?;
    let (cache, commit) = if made.is_full {
        (A_WEEK_FIXED, None)
    } else {
        (REVALIDATE, Some(seq))
    };
    let tag = made.tag();
    respond(headers, format, &[&tag, &suffix], cache, commit, || {
        views.write(&asked, &made).map_err(refused)
    })
}

/// `GET /ldes/{register}/{view}`: what the view is, and the way to its members.
async fn entry(
    State(state): State<AppState>,
    Path((name, view)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let wanted = Wanted {
        generation: None,
        place: None,
    };
    blocking(move || answer(&state, &headers, query.as_deref(), (&name, &view), &wanted)).await
}

/// `GET /ldes/{register}/{view}/{generation}/{part}/{level}/{number}`: a page.
async fn page(
    State(state): State<AppState>,
    Path((name, view, generation, part, level, number)): Path<(
        String,
        String,
        String,
        String,
        String,
        String,
    )>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    blocking(move || {
        let wanted = Wanted {
            generation: Some(&generation),
            place: Some((&part, &level, &number)),
        };
        answer(&state, &headers, query.as_deref(), (&name, &view), &wanted)
    })
    .await
}

/// Switches a stream or a view off or on.
async fn switch(
    state: AppState,
    headers: HeaderMap,
    register: String,
    view: Option<String>,
    is_off: bool,
) -> Result<Response, ApiError> {
    authorise(&state, &headers)?;
    blocking(move || {
        let streams = state.streams()?;
        let views = state.feed_views()?;
        let view = view.as_deref();
        let stream = known_stream(streams, &register)?;
        if let Some(view) = view
            && views.get(&register, view).is_none()
        {
            return Err(absent_view(stream, view));
        }
        let changed = streams
            .switch(&register, view, is_off)
            .map_err(ApiError::internal)?;
        if is_off {
            views.remove(&register, view).map_err(ApiError::internal)?;
        }
        if changed {
            tracing::info!(
                register,
                view,
                is_off,
                "The administrator switched an event stream"
            );
        }
        let body = json!({
            "register": register,
            "weergave": view,
            "aan": !is_off,
            "gewijzigd": changed,
        });
        Ok(private(StatusCode::OK, JSON, format!("{body:#}\n")))
    })
    .await
}

/// `PUT /ldes/{register}`.
async fn stream_on(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    switch(state, headers, name, None, false).await
}

/// `DELETE /ldes/{register}`.
async fn stream_off(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    switch(state, headers, name, None, true).await
}

/// `PUT /ldes/{register}/{view}`.
async fn view_on(
    State(state): State<AppState>,
    Path((name, view)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    switch(state, headers, name, Some(view), false).await
}

/// `DELETE /ldes/{register}/{view}`.
async fn view_off(
    State(state): State<AppState>,
    Path((name, view)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    switch(state, headers, name, Some(view), true).await
}
