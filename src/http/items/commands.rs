//! Commands of the base registries (`…/acties/…`), which only the base registries themselves can carry out: the answer says
//! what to do here instead. Carries out nothing.

use super::super::error::ApiError;
use super::super::state::AppState;
use crate::rdf::label::Text;
use axum::extract::{Path, State};
use axum::http::StatusCode;

/// `POST /v2/{register}/acties/{action}`.
pub(in crate::http) async fn on_register(
    State(state): State<AppState>,
    Path((register, action)): Path<(String, String)>,
) -> ApiError {
    refuse(
        &state,
        &format!("{register}/acties/{action}"),
        &format!("/api/{register}"),
        "POST",
    )
}

/// `POST /v2/{register}/{id}/acties/{action}`.
pub(in crate::http) async fn on_item(
    State(state): State<AppState>,
    Path((register, id, action)): Path<(String, String, String)>,
) -> ApiError {
    let command = format!("{register}/{id}/acties/{action}");
    refuse(&state, &command, &format!("/api/{register}/{id}"), "PATCH")
}

fn refuse(state: &AppState, command: &str, path: &str, method: &str) -> ApiError {
    let address = format!("{}{path}", state.registry.base());
    ApiError::new(
        StatusCode::NOT_IMPLEMENTED,
        "no-commands",
        Text::new("Opdracht niet beschikbaar", "Command not available"),
        Text::new(
            format!("De opdracht {command} is er een van de basisregisters en bestaat hier niet. Items van dit register wijzigt u met {method} {address}."),
            format!("The command {command} is one of the base registries and does not exist here. Items of this register are changed with {method} {address}."),
        ),
    )
    .with("opdracht", command)
    .with("adres", address)
}
