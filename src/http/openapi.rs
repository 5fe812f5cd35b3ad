//! The description of this interface: `/openapi.json`, the page `/api/docs`, and schema, form and example of each register below
//! `/schemas`. What they say is made in `views`; it changes with a release, not with the data.

use super::body::Params;
use super::error::ApiError;
use super::reply::{A_DAY, Document, HTML, JSON, JSON_LD, choose, language_by, language_of};
use super::state::{AppState, blocking};
use crate::views::html::percent_encode;
use crate::views::html::{render_api, render_operation, render_viewer, ui_file, viewer};
use crate::views::interface::Interface;
use crate::views::openapi::{Operation, Place, names_in};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

const JSON_SCHEMA: &str = "application/schema+json";
/// The parameter that asks for texts in a language.
const LANGUAGE: &str = "lang";
/// The parameter of a form that asks to be led on.
const ASK: &str = "vraag";

/// The parameter that asks for the viewer.
const VIEWER: &str = "viewer";
/// The viewer runs our own copy of its script, and speaks to this server alone.
const VIEWER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// Names of files follow from what is in them.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// `GET /static/ui/{file}`: a file that was built in.
pub(super) async fn ui(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let content = ui_file(&file).ok_or_else(|| {
        ApiError::not_found(
            "Er is geen bestand van die naam.",
            "There is no file of that name.",
        )
    })?;
    let (kind, cache) = match file.rsplit('.').next() {
        Some("js") => ("text/javascript", FOR_EVER),
        Some("css") => ("text/css", FOR_EVER),
        _ => ("text/plain", A_DAY),
    };
    Ok(Document::new(kind, content).cached(cache).respond(&headers))
}

/// Runs `make` with the descriptions, which are made when first asked for.
async fn described(
    state: AppState,
    make: impl FnOnce(&AppState, &Interface) -> Result<Response, ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    blocking(move || {
        let interface = state.interface()?;
        make(&state, interface)
    })
    .await
}

/// `GET /openapi.json`.
pub(super) async fn openapi(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let language = language_by(LANGUAGE, &headers, &params)?;
    described(state, move |_, interface| {
        Ok(Document::new(JSON, interface.openapi(language))
            .cached(A_DAY)
            .respond(&headers))
    })
    .await
}

/// `GET /schemas`: where the descriptions of each register are.
pub(super) async fn schemas(State(state): State<AppState>, headers: HeaderMap) -> Response {
    let base = state.registry.base();
    let list: Vec<Json> = state
        .registry
        .registers()
        .iter()
        .map(|register| {
            let name = &register.name;
            json!({
                "register": name,
                "schema": format!("{base}/schemas/{name}.json"),
                "formulier": format!("{base}/schemas/{name}/formulier.json"),
                "voorbeeld": format!("{base}/schemas/{name}/voorbeeld.json"),
            })
        })
        .collect();
    let body = json!({ "schemas": list });
    Document::new(JSON, format!("{body:#}\n"))
        .cached(A_DAY)
        .respond(&headers)
}

/// `GET /schemas/{register}.json`.
pub(super) async fn schema(
    State(state): State<AppState>,
    Path(file): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let language = language_by(LANGUAGE, &headers, &params)?;
    described(state, move |_, interface| {
        let schema = file
            .strip_suffix(".json")
            .and_then(|register| interface.schema(register, language))
            .ok_or_else(|| nothing_described(&file))?;
        Ok(Document::new(JSON_SCHEMA, schema)
            .cached(A_DAY)
            .respond(&headers))
    })
    .await
}

/// `GET /schemas/{register}/{file}`: the form or the example.
pub(super) async fn of_register(
    State(state): State<AppState>,
    Path((register, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    described(state, move |_, interface| {
        let (kind, text) = match file.as_str() {
            "formulier.json" => (JSON, interface.form(&register)),
            "voorbeeld.json" => (JSON_LD, interface.example(&register)),
            _ => (JSON, None),
        };
        let text = text.ok_or_else(|| nothing_described(&format!("{register}/{file}")))?;
        Ok(Document::new(kind, text).cached(A_DAY).respond(&headers))
    })
    .await
}

fn nothing_described(what: &str) -> ApiError {
    ApiError::not_found(
        format!("Er is geen beschrijving {what}; /schemas noemt ze alle."),
        format!("There is no description {what}; /schemas lists them."),
    )
}

/// `GET /api/docs`: all operations on a page.
pub(super) async fn page(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let language = language_by(LANGUAGE, &headers, &params)?;
    choose(&headers, None, &[HTML])?;
    if params.one(VIEWER)?.is_some_and(|value| value == "1")
        && let Some(viewer) = viewer()
    {
        let page = render_viewer(state.registry.base(), language, &viewer);
        let mut response = Document::html(page).cached(A_DAY).respond(&headers);
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(VIEWER_POLICY),
        );
        return Ok(response);
    }
    described(state, move |state, interface| {
        let page = render_api(state.registry.base(), language, &interface.table);
        Ok(Document::html(page).cached(A_DAY).respond(&headers))
    })
    .await
}

/// `GET /api/docs/{operation}`: one operation with a form; and, with `vraag=`, the way to the address that the form asks for.
pub(super) async fn operation(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let asks = params.get(ASK).is_some();
    let language = if asks {
        language_of(&headers)
    } else {
        language_by(LANGUAGE, &headers, &params)?
    };
    choose(&headers, None, &[HTML])?;
    described(state, move |state, interface| {
        let found = interface.table.operations.iter().find(|op| op.id == id);
        let operation = found.ok_or_else(|| {
            ApiError::not_found(
                format!("Er is geen bewerking \"{id}\"; /api/docs noemt ze alle."),
                format!("There is no operation \"{id}\"; /api/docs lists them."),
            )
        })?;
        if asks {
            let address = format!(
                "{}{}",
                state.registry.base(),
                address_of(operation, &params)?
            );
            let mut response = StatusCode::SEE_OTHER.into_response();
            let out = response.headers_mut();
            let location = HeaderValue::from_str(&address).map_err(ApiError::internal)?;
            out.insert(header::LOCATION, location);
            out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            return Ok(response);
        }
        let page = render_operation(state.registry.base(), language, &interface.table, operation);
        Ok(Document::html(page).cached(A_DAY).respond(&headers))
    })
    .await
}

/// The address of an operation with the values of a form; what was left empty is left out.
fn address_of(operation: &Operation, params: &Params) -> Result<String, ApiError> {
    let mut path = operation.path.clone();
    for name in names_in(&operation.path) {
        let value = params.get(name).filter(|value| !value.is_empty());
        let value = value.ok_or_else(|| {
            ApiError::bad_request(
                "missing-parameter",
                format!("De parameter \"{name}\" ontbreekt."),
                format!("The parameter \"{name}\" is missing."),
            )
            .with("parameter", name)
        })?;
        path = path.replace(&format!("{{{name}}}"), &percent_encode(value));
    }
    let known = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place == Place::Query);
    let mut mark = '?';
    for parameter in known {
        let values = params.all(&parameter.name);
        for value in values.iter().filter(|value| !value.is_empty()) {
            path.push(mark);
            path.push_str(&percent_encode(&parameter.name));
            path.push('=');
            path.push_str(&percent_encode(value));
            mark = '&';
        }
    }
    Ok(path)
}
