//! The start page, the style sheet, the health check and the explanation of error codes.

use super::error::{ApiError, CODES};
use super::reply::{A_DAY, Document, HTML, JSON, choose, language_of};
use super::state::{AppState, blocking};
use crate::rdf::label::Language;
use crate::views::html::{RegisterLine, STYLE_SHEET, render_home, render_problem_codes};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// `GET /`.
pub(super) async fn home(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &[HTML, JSON])?;
    if chosen == JSON {
        return super::collections::index(State(state), headers).await;
    }
    blocking(move || {
        let snapshot = state.registry.snapshot();
        let view = snapshot.view();
        let lines: Vec<RegisterLine<'_>> = state
            .registry
            .registers()
            .iter()
            .map(|register| RegisterLine {
                register,
                count: state.collections.count(&view, register),
            })
            .collect();
        let page = render_home(&state.site(&view), &lines);
        Ok(Document::html(page).at(&snapshot).respond(&headers))
    })
    .await
}

/// `GET /static/oslo.css`.
pub(super) async fn style_sheet(headers: HeaderMap) -> Response {
    Document::new("text/css", STYLE_SHEET)
        .cached(A_DAY)
        .respond(&headers)
}

/// `GET /fouten` and `GET /fouten/{code}`: what the codes of problems mean.
pub(super) async fn problem_codes(
    State(state): State<AppState>,
    code: Option<Path<String>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let language = language_of(&headers);
    let wanted = code.as_ref().map(|Path(code)| code.as_str());
    let codes: Vec<(&str, u16, &str)> = CODES
        .iter()
        .filter(|(code, ..)| wanted.is_none_or(|wanted| wanted == *code))
        .map(|(code, status, nl, en)| {
            (
                *code,
                *status,
                if language == Language::Nl { *nl } else { *en },
            )
        })
        .collect();
    if codes.is_empty() {
        return Err(ApiError::not_found(
            "Deze foutcode bestaat niet.",
            "There is no such error code.",
        ));
    }
    let document = match choose(&headers, None, &[HTML, JSON])? {
        HTML => Document::html(render_problem_codes(
            state.registry.base(),
            language,
            &codes,
        )),
        _ => {
            let list: Vec<_> = codes
                .iter()
                .map(|(code, status, meaning)| json!({ "code": code, "status": status, "betekenis": meaning }))
                .collect();
            Document::new(JSON, format!("{:#}\n", json!({ "fouten": list })))
        }
    };
    Ok(document.cached(A_DAY).respond(&headers))
}

/// `GET /health`: that the server answers, and from which commit.
pub(super) async fn health(State(state): State<AppState>) -> Response {
    let snapshot = state.registry.snapshot();
    let body = json!({
        "status": "ok",
        "commit": snapshot.seq(),
        "uitspraken": snapshot.quad_count(),
        "schrijven": state.token.is_some(),
        "versie": env!("CARGO_PKG_VERSION"),
    });
    let mut response = Body::from(format!("{body:#}\n")).into_response();
    let out = response.headers_mut();
    out.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    super::reply::set_commit(out, Some(snapshot.seq()));
    response
}
