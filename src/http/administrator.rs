//! Pages for the administrator alone: who may see them, the token in a form for browsers without scripts, and answers that
//! nobody keeps. What the pages show is the matter of each.

use super::body::{Params, media_type, read_body, text_of};
use super::error::ApiError;
use super::reply::{HTML, JSON, content_type};
use super::state::AppState;
use crate::access::{WriteRefusal, authorise_write};
use crate::views::html::{Site, TokenPage, render_token_form};
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Most bytes of a form with a token.
const FORM_BYTES: usize = 8 << 10;

/// The token that a form brings, when the request is a form.
pub(super) async fn token_in_form(
    headers: &HeaderMap,
    body: Body,
) -> Result<Option<String>, ApiError> {
    if media_type(headers) != "application/x-www-form-urlencoded" {
        return Ok(None);
    }
    let bytes = read_body(headers, body, FORM_BYTES).await?;
    let params = Params::parse(&text_of(&bytes)?)?;
    Ok(params.one("token")?.map(str::to_owned))
}

/// Why somebody does not see a page in a browser yet; `None` for the administrator, by the token in a form or in the header.
/// Programs, and everybody where nobody may write, are refused at once.
pub(super) fn refusal(
    state: &AppState,
    headers: &HeaderMap,
    in_form: Option<&str>,
    chosen: &str,
) -> Result<Option<WriteRefusal>, ApiError> {
    let in_form = in_form.map(|token| format!("Bearer {token}"));
    let in_header = headers.get(header::AUTHORIZATION);
    let presented = in_form
        .as_deref()
        .or_else(|| in_header.and_then(|value| value.to_str().ok()));
    match authorise_write(state.token.as_ref(), presented) {
        Ok(_) => Ok(None),
        Err(refusal) if chosen == JSON || refusal == WriteRefusal::ReadOnly => {
            Err(ApiError::only_for_administrator(refusal))
        }
        Err(refusal) => Ok(Some(refusal)),
    }
}

/// Asks for the token.
pub(super) fn ask(site: &Site<'_>, page: &TokenPage, refusal: WriteRefusal) -> Response {
    let page = render_token_form(site, page, refusal == WriteRefusal::Wrong);
    let mut response = private(StatusCode::UNAUTHORIZED, HTML, page);
    response.headers_mut().insert(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"oslo-registry\""),
    );
    response
}

/// A response that nobody keeps.
pub(super) fn private(status: StatusCode, media_type: &'static str, body: String) -> Response {
    let mut response = (status, Body::from(body)).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, content_type(media_type));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Authorization"),
    );
    response
}
