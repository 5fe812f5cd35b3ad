//! `POST /obs/v1/observaties`: a batch, stored whole or not at all. The answer comes when it is durable, and says under which numbers.

use super::super::body::{Params, media_type, read_body, require_utf8};
use super::super::error::ApiError;
use super::super::reply::{JSON, JSON_LD, content_type};
use super::super::state::{AppState, promptly};
use super::super::writes::authorise;
use super::{asked, refused};
use crate::ingest::observed::{Known, read_json, read_lines, read_sosa};
use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

const LINES: [&str; 3] = [
    "application/x-ndjson",
    "application/ndjson",
    "application/jsonl",
];
/// Bytes of a batch that is read by the thread that answers.
const SMALL_BYTES: usize = 16 << 10;

enum Written {
    Json,
    Lines,
    JsonLd,
}

/// Takes a batch.
pub(super) async fn take(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    authorise(&state, &headers)?;
    asked::known_only(&Params::of_query(query.as_deref())?, &[])?;
    let kind = media_type(&headers);
    require_utf8(&headers)?;
    let written = match kind.as_str() {
        JSON => Written::Json,
        JSON_LD => Written::JsonLd,
        kind if LINES.contains(&kind) => Written::Lines,
        other => {
            let offers = [JSON, LINES[0], JSON_LD];
            return Err(ApiError::unsupported_media_type(other, &offers));
        }
    };
    let bytes = read_body(&headers, body, state.config.max_body_bytes).await?;
    let is_plain = !matches!(written, Written::JsonLd);
    let is_small = is_plain && bytes.len() <= SMALL_BYTES && state.started_observations().is_some();
    let pending = promptly(is_small, move || {
        let store = state.observations()?;
        let mut known = Known::new(store, &state.registry);
        let batch = match written {
            Written::Json => read_json(&bytes, &mut known),
            Written::Lines => read_lines(&bytes, &mut known),
            Written::JsonLd => {
                let version = state.registry.store().settings().rdf;
                read_sosa(&bytes, &state.context_store, version, &mut known)
            }
        };
        let batch = batch.map_err(refused::unread)?;
        // Nothing is durable at once.
        let pending = (!batch.is_empty()).then(|| store.append(batch));
        pending.transpose().map_err(ApiError::from)
    })
    .await?;
    let (status, body) = match pending {
        None => (StatusCode::OK, json!({ "ontvangen": 0 })),
        Some(pending) => {
            let receipt = pending.await?;
            let body = json!({
                "ontvangen": receipt.count,
                "eerste": receipt.first,
                "laatste": receipt.first + receipt.count as u64 - 1,
            });
            (StatusCode::CREATED, body)
        }
    };
    let mut response = (status, Body::from(format!("{body}\n"))).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, content_type(JSON));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}
