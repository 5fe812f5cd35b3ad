//! `/obs/v1`: what sensors tell, in and out, as plainly as it goes: batches in, series and windows out, files, and a line to
//! listen on. Reads requests and words answers; how a batch is written is known in `ingest::observed`, what may be stored is judged
//! in `observations`.

mod asked;
mod files;
mod health;
mod live;
mod queried;
pub(super) mod refused;
mod series;
mod taking;
mod values;

pub(super) use health::health;
pub(super) use queried::{give_observations, refuse_observations};

use super::state::AppState;
use axum::Router;
use axum::routing::{get, post};

/// All routes of the plain interface of observations.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/obs/v1/observaties", post(taking::take))
        .route("/obs/v1/reeksen", get(series::list))
        .route("/obs/v1/reeksen/{id}", get(series::one))
        .route("/obs/v1/reeksen/{id}/waarden", get(values::values))
        .route("/obs/v1/reeksen/{id}/live", get(live::live))
        .route("/obs/v1/bestanden", get(files::list))
        .route("/obs/v1/bestanden/{file}", get(files::file))
}
