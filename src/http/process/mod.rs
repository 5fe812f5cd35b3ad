//! `/proces/v1`: process types, cases with their statuses, figures to steer on, and changes. Reads requests and words answers;
//! what a case is and which status may follow is decided in `registry::process`, what is shown in `views::process`. Every
//! write is one commit on the one write path, with the conditions and keys of other items.

mod additions;
mod cases;
mod changes;
mod reading;
mod refused;
mod statuses;
mod steering;
mod types;
mod writing;

use super::state::AppState;
use axum::Router;
use axum::routing::get;

/// All routes of the process interface.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route(
            "/proces/v1/processtypen",
            get(types::list).post(types::publish),
        )
        .route("/proces/v1/processtypen/{naam}", get(types::one))
        .route("/proces/v1/dossiers", get(cases::list).post(cases::create))
        .route("/proces/v1/dossiers/{id}", get(cases::one))
        .route(
            "/proces/v1/dossiers/{id}/statussen",
            get(cases::statuses).post(statuses::set),
        )
        .route(
            "/proces/v1/dossiers/{id}/stukken",
            get(cases::documents).post(additions::document),
        )
        .route(
            "/proces/v1/dossiers/{id}/rollen",
            get(cases::roles).post(additions::role),
        )
        .route(
            "/proces/v1/dossiers/{id}/besluiten",
            get(cases::decisions).post(additions::decision),
        )
        .route(
            "/proces/v1/dossiers/{id}/verwijzingen",
            get(cases::references).post(additions::reference),
        )
        .route("/proces/v1/dossiers/{id}/tijdlijn", get(cases::timeline))
        .route("/proces/v1/sturing", get(steering::figures))
        .route("/proces/v1/wijzigingen", get(changes::changes))
        .route("/proces/v1/kanalen", get(changes::channels))
}
