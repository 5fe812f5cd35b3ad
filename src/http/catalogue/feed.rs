//! `/catalog/feed`: the catalogue as a stream of activities, for portals that follow it rather than read all of it again.

use super::made;
use crate::http::error::ApiError;
use crate::http::reply::{A_WEEK_FIXED, Document, JSON_LD, choose};
use crate::http::state::AppState;
use crate::rdf::format::Format;
use crate::views::rdf_document;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use oxrdf::Quad;

/// Formats with graphs, best first: what an activity says is in a graph of its own.
const OFFERS: [&str; 3] = ["application/trig", JSON_LD, "application/n-quads"];
/// The entry and the last page grow.
const GROWS: &str = "public, max-age=5";

fn written(quads: &[Quad], media_type: &str) -> Result<Vec<u8>, ApiError> {
    let format = Format::from_media_type(media_type).unwrap_or(Format::TriG);
    let mut out = Vec::new();
    rdf_document::write_quads(quads, format, &mut out).map_err(ApiError::internal)?;
    Ok(out)
}

/// `GET /catalog/feed`: where the pages are.
pub(in crate::http) async fn entry(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &OFFERS)?;
    let turn = state.long_turn().await?;
    turn.work(move || {
        let (made, shown) = made(&state)?;
        let feed = state.catalogue.feed(&state.registry, &made)?;
        let quads = feed.entry(state.registry.base());
        Ok(Document::new(chosen, written(&quads, chosen)?)
            .at(&shown)
            .cached(GROWS)
            .respond(&headers))
    })
    .await
}

/// `GET /catalog/feed/{page}`.
pub(in crate::http) async fn page(
    State(state): State<AppState>,
    Path(page): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &OFFERS)?;
    let turn = state.long_turn().await?;
    turn.work(move || {
        let (made, shown) = made(&state)?;
        let feed = state.catalogue.feed(&state.registry, &made)?;
        let number = page.parse::<u64>().ok();
        let found = number.and_then(|number| {
            let quads = feed.page(state.registry.base(), number)?;
            Some((quads, feed.is_closed(number)))
        });
        let (quads, is_closed) = found.ok_or_else(|| {
            ApiError::not_found(
                format!("De stroom van de catalogus heeft geen bladzijde {page}."),
                format!("The stream of the catalogue has no page {page}."),
            )
        })?;
        let cache = if is_closed { A_WEEK_FIXED } else { GROWS };
        Ok(Document::new(chosen, written(&quads, chosen)?)
            .at(&shown)
            .cached(cache)
            .respond(&headers))
    })
    .await
}
