//! Problems under `/v2` and `/v3`: `type` is a URN of the base registries, the code is ours, `fouten` names the field.

use crate::http::error::ApiError;
use crate::http::state::AppState;
use crate::views::dialect::Resource;
use serde_json::{Value as Json, json};

const URN: &str = "urn:be.vlaanderen.basisregisters.api";

/// The same problem under the URN of a resource.
pub(in crate::http) fn as_urn(error: ApiError, resource: &Resource) -> ApiError {
    let kind = match error.status.as_u16() {
        301 => "moved",
        400 | 422 => "validation",
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not-found",
        406 => "not-acceptable",
        409 => "conflict",
        410 => "gone",
        412 => "precondition-failed",
        429 => "throttled",
        503 => "unavailable",
        _ => "internal-error",
    };
    let fields = error.extra.get("parameter").cloned();
    let (code, reason) = (error.code, error.detail.clone());
    let error = error.with("type", format!("{URN}:{}:{kind}", resource.subject));
    match fields {
        Some(name) => error.with(
            "fouten",
            json!([{"naam": name, "code": code, "reden": {"nl": reason.nl, "en": reason.en}}]),
        ),
        None => error,
    }
}

/// There is no object with this id.
pub(super) fn not_found(resource: &Resource, id: &str) -> ApiError {
    ApiError::not_found(
        format!("{} {id} bestaat niet in dit register.", resource.label.nl),
        format!("{} {id} is not in this registry.", resource.label.en),
    )
}

/// There is no resource of this name.
pub(super) fn no_such_resource(state: &AppState, version: &str, name: &str) -> ApiError {
    let known: Vec<&str> = state
        .dialect
        .resources(version)
        .into_iter()
        .map(|resource| resource.name.as_str())
        .collect();
    let list = known.join(", ");
    ApiError::not_found(
        format!("Er is geen \"{name}\" onder /{version}. Deze bestaan: {list}."),
        format!("There is no \"{name}\" under /{version}. There are: {list}."),
    )
    .with("type", format!("{URN}:api:not-found"))
    .with(
        "bronnen",
        known.into_iter().map(Json::from).collect::<Vec<_>>(),
    )
}
