//! `/obs/v1/bestanden`: the Parquet files of the observations as they lie there, and what the numbers in them stand for. A name never
//! names other bytes; files of a day go when a merged one takes their place.

use super::super::body::Params;
use super::super::dumps::{Download, answer};
use super::super::error::ApiError;
use super::super::reply::{Document, JSON, choose, content_type};
use super::super::state::{AppState, blocking};
use super::super::stream::{Delivery, reads_trailers, stream_from};
use super::asked::{self, moment_text};
use crate::observations::{FeatureId, ObservationStore, SeriesId, day_text};
use crate::query::Cancel;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use std::io::{self, Write};

/// What Parquet files are sent as.
pub(in super::super) const PARQUET: &str = "application/vnd.apache.parquet";
const SERIES_FILE: &str = "reeksen.csv";
const FEATURES_FILE: &str = "objecten.csv";

/// `GET /obs/v1/bestanden`.
pub(super) async fn list(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    asked::known_only(&params, &["format"])?;
    choose(&headers, asked::given(&params, "format")?, &[JSON])?;
    blocking(move || {
        let base = state.registry.base();
        let address = |name: &str| format!("{base}/obs/v1/bestanden/{name}");
        let store = state.observations()?;
        let files = store.segments();
        let files = files.iter().map(|file| {
            let name = file.name();
            json!({
                "adres": address(&name),
                "naam": name,
                "dag": day_text(file.day),
                "rijen": file.rows,
                "bytes": file.bytes,
                "sha256": file.sha256,
                "eerste": moment_text(file.first_time),
                "laatste": moment_text(file.last_time),
            })
        });
        let body = json!({
            "reeksen": address(SERIES_FILE),
            "objecten": address(FEATURES_FILE),
            "nogNietInBestanden": store.sizes().memory_rows,
            "bestanden": files.collect::<Vec<Json>>(),
        });
        Ok(Document::new(JSON, format!("{body:#}\n")).respond(&headers))
    })
    .await
}

/// `GET /obs/v1/bestanden/{file}`.
pub(super) async fn file(
    State(state): State<AppState>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if name == SERIES_FILE || name == FEATURES_FILE {
        return names(state, name == SERIES_FILE, headers).await;
    }
    blocking(move || {
        let files = state.observations()?.segments();
        let file = files.iter().find(|file| file.name() == name);
        let file = file.ok_or_else(|| {
            ApiError::not_found(
                format!("Het bestand {name} is er niet, of niet meer: /obs/v1/bestanden toont welke er zijn."),
                format!("The file {name} is not there, or no longer: /obs/v1/bestanden shows which there are."),
            )
        })?;
        let made = file.path().metadata().and_then(|meta| meta.modified());
        let described_by = format!("{}/obs/v1/bestanden", state.registry.base());
        let sent = Download {
            path: file.path(),
            described_by: &described_by,
            name: &name,
            media_type: PARQUET,
            bytes: file.bytes,
            sha256: &file.sha256,
            made: made.ok().and_then(|made| Timestamp::try_from(made).ok()),
            commit: None,
        };
        answer(&sent, &method, &headers)
    })
    .await
}

/// What numbers of series or features stand for, as a table.
async fn names(state: AppState, is_series: bool, headers: HeaderMap) -> Result<Response, ApiError> {
    let opening = state.clone();
    let store = blocking(move || opening.observations().cloned()).await?;
    let delivery = Delivery {
        cancel: Cancel::new(),
        stall_timeout: state.config.stall_timeout,
        limit: None,
        trailers: reads_trailers(&headers),
    };
    let turn = state.query_turn().await?;
    let body = stream_from(delivery, turn, move |out| {
        let written = match is_series {
            true => write_series(&store, out),
            false => write_features(&store, out),
        };
        written.map_err(ApiError::internal)
    })
    .await?;
    let mut response = body.into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, content_type("text/csv"));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn write_series(store: &ObservationStore, out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["nummer", "reeks", "soort", "eenheid"])?;
    for at in (0..store.series_count()).filter_map(|at| u32::try_from(at).ok()) {
        if let Some(series) = store.series(SeriesId(at)) {
            let (number, kind) = (at.to_string(), series.kind.to_string());
            let unit = series.unit.as_deref().unwrap_or("");
            csv.write_record([&*number, &series.iri, &kind, unit])?;
        }
    }
    csv.flush()
}

fn write_features(store: &ObservationStore, out: &mut impl Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(["nummer", "object"])?;
    let features = (1..).map_while(|at| Some((at, store.feature(FeatureId(at))?)));
    for (at, iri) in features {
        csv.write_record([&*u32::to_string(&at), &iri])?;
    }
    csv.flush()
}
