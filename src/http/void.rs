//! `/.well-known/void`: the data described in figures, as a whole or graph by graph.

use super::body::Params;
use super::catalogue;
use super::error::ApiError;
use super::moment::Moment;
use super::reply::{Document, choose};
use super::state::AppState;
use crate::rdf::format::Format;
use crate::views::rdf_document;
use axum::extract::{RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

const OFFERS: [&str; 6] = [
    "text/turtle",
    "application/n-triples",
    "application/ld+json",
    "application/rdf+xml",
    "application/json",
    "text/plain",
];

/// `GET /.well-known/void`, with `?graph={iri}` for one graph.
pub(super) async fn describe(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let graph = params.one("graph")?.map(str::to_owned);
    let chosen = choose(&headers, params.one("format")?, &OFFERS)?;
    let shown = moment.state(&state).await?;
    // A large state is counted for a while.
    let turn = state.long_turn().await?;
    turn.work(move || {
        let triples = state
            .description(&shown.view(), graph.as_deref())
            .ok_or_else(|| {
                let graph = graph.as_deref().unwrap_or("");
                ApiError::not_found(
                    format!("De graaf {graph} bestaat niet."),
                    format!("There is no graph {graph}."),
                )
            })?;
        let format = Format::from_media_type(chosen).unwrap_or(Format::Turtle);
        // Of the present the data sets of the catalogue are told too: those who follow VoID find them.
        let datasets = match graph {
            None if shown.is_now() => catalogue::in_void(&catalogue::made(&state)?.0.catalogue),
            _ => Vec::new(),
        };
        let mut out = Vec::new();
        let all = triples.iter().chain(&datasets);
        rdf_document::write_triples(all, format, &mut out).map_err(ApiError::internal)?;
        Ok(Document::new(chosen, out).at(&shown).respond(&headers))
    })
    .await
}
