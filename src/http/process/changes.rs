//! `/proces/v1/wijzigingen`: the events of the channel for whoever fetches them, with a cursor that holds for good; and
//! `/proces/v1/kanalen`: which channels there are. Pushing them is the business of subscriptions (`/beheer/abonnementen`).

use super::super::body::Params;
use super::super::error::ApiError;
use super::super::reply::{Document, JSON, set_commit};
use super::super::state::{AppState, blocking};
use super::reading::{bad_parameter, known, limit, text};
use crate::feeds::push::{
    Batch, CASE_CHANNEL, CASE_EVENT, Cursor, Payload, SourceError, case_events,
};
use crate::rdf::label::Text;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::{Value as Json, json};

/// A cursor as clients have it: `{commit}` or `{commit}.{row}`, what comes next.
fn cursor(text: &str) -> Option<Cursor> {
    let (commit, row) = text.split_once('.').unwrap_or((text, "0"));
    let (commit, row) = (commit.parse().ok()?, row.parse().ok()?);
    Some(Cursor {
        commit,
        row,
        told: 0,
    })
}

fn written(cursor: Cursor) -> String {
    match cursor.row {
        0 => cursor.commit.to_string(),
        row => format!("{}.{row}", cursor.commit),
    }
}

/// `GET /proces/v1/wijzigingen?vanaf=`.
pub(super) async fn changes(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    super::super::moment::refuse(&params)?;
    known(&params, &["vanaf", "limit"])?;
    let most = limit(&params)?;
    let from = match params.one("vanaf")? {
        None | Some("") => Cursor::before(1),
        Some(text) => cursor(text).ok_or_else(|| {
            let (nl, en) = (
                "een plaats zoals `volgende` ze geeft, of het nummer van een commit",
                "a place as `volgende` gives it, or the number of a commit",
            );
            bad_parameter("vanaf", text, nl, en)
        })?,
    };
    let turn = state.long_turn().await?;
    turn.work(move || {
        let registry = &state.registry;
        let newest = registry.snapshot().seq();
        let mut read = case_events(registry, from, most);
        if from == Cursor::before(1)
            && let Err(SourceError::Gone { first }) = &read
        {
            // Whoever asks from the beginning gets what the log still has; in memory there is no log.
            read = match first {
                Some(first) => case_events(registry, Cursor::before(*first), most),
                None => Ok(Batch {
                    events: Vec::new(),
                    next: from,
                }),
            };
        }
        let batch = read.map_err(|error| match error {
            SourceError::Gone { first } => ApiError::new(
                StatusCode::GONE,
                "no-longer-kept",
                Text::new("Niet meer bewaard", "No longer kept"),
                Text::new(
                    "Het log heeft deze commits niet meer; lees de dossiers opnieuw, en begin bij de oudste commit.",
                    "The log no longer has these commits; read the dossiers again, and begin at the oldest commit.",
                ),
            )
            .with("oudste", first),
            SourceError::Store(error) => error.into(),
        })?;
        let base = registry.base();
        let events: Vec<Json> = batch
            .events
            .iter()
            .filter_map(|event| match &event.payload {
                Payload::CloudEvent(json) => Some(json.clone()),
                Payload::Delta { .. } => None,
            })
            .collect();
        let next = written(batch.next);
        let json = json!({
            "gebeurtenissen": events,
            "cursor": next,
            "volgende": format!("{base}/proces/v1/wijzigingen?vanaf={next}"),
            "bij": batch.next.commit > newest,
        });
        let mut response = Document::new(JSON, text(&json)).respond(&headers);
        set_commit(response.headers_mut(), Some(newest));
        let vary = HeaderValue::from_static("Accept, Accept-Language");
        response.headers_mut().insert(header::VARY, vary);
        Ok(response)
    })
    .await
}

/// `GET /proces/v1/kanalen`.
pub(super) async fn channels(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    known(&Params::of_query(query.as_deref())?, &[])?;
    blocking(move || {
        let base = state.registry.base();
        let json = json!({ "data": [{
            "naam": CASE_CHANNEL,
            "gebeurtenis": CASE_EVENT,
            "vormen": ["dossiers", "zgw"],
            "ophalen": format!("{base}/proces/v1/wijzigingen"),
            "abonneren": format!("{base}/beheer/abonnementen"),
        }]});
        let mut response = Document::new(JSON, text(&json)).respond(&headers);
        let seq = state.registry.snapshot().seq();
        set_commit(response.headers_mut(), Some(seq));
        let vary = HeaderValue::from_static("Accept, Accept-Language");
        response.headers_mut().insert(header::VARY, vary);
        Ok(response)
    })
    .await
}
