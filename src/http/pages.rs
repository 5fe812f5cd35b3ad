//! The start page, the style sheet, the health check and the explanation of error codes.

use super::codes::CODES;
use super::error::ApiError;
use super::moment::Moment;
use super::reply::{A_DAY, Document, HTML, JSON, choose, language_of};
use super::state::{AppState, blocking};
use crate::rdf::label::Language;
use crate::views::codes::{CodeMeaning, all_codes, code_meaning};
use crate::views::html::{RegisterLine, STYLE_SHEET, render_code, render_codes, render_home};
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};

/// `GET /`.
pub(super) async fn home(
    State(state): State<AppState>,
    moment: Moment,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &[HTML, JSON])?;
    if chosen == JSON {
        return super::collections::index(State(state), moment, headers).await;
    }
    let shown = moment.state(&state).await?;
    blocking(move || {
        let view = shown.view();
        let collections = state.collections_of(&shown);
        let lines: Vec<RegisterLine<'_>> = state
            .registry
            .registers()
            .iter()
            .map(|register| RegisterLine {
                register,
                count: collections.count(&view, register),
            })
            .collect();
        let page = render_home(&state.site(&view, shown.notice()), &lines);
        Ok(Document::html(page).at(&shown).respond(&headers))
    })
    .await
}

/// `GET /static/oslo.css`.
pub(super) async fn style_sheet(headers: HeaderMap) -> Response {
    Document::new("text/css", STYLE_SHEET)
        .cached(A_DAY)
        .respond(&headers)
}

/// `GET /fouten`: what every code means.
pub(super) async fn problem_codes(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let language = language_of(&headers);
    let problems: Vec<(&str, u16, &str)> =
        CODES.iter().map(|row| problem_row(row, language)).collect();
    let meanings = all_codes();
    let document = match choose(&headers, None, &[HTML, JSON])? {
        HTML => Document::html(render_codes(
            state.registry.base(),
            language,
            &problems,
            &meanings,
        )),
        _ => {
            let list: Vec<Json> = problems.iter().map(problem_json).collect();
            let codes: Vec<Json> = meanings
                .iter()
                .map(|meaning| meaning_json(meaning, language))
                .collect();
            Document::new(
                JSON,
                format!("{:#}\n", json!({ "fouten": list, "codes": codes })),
            )
        }
    };
    Ok(document.cached(A_DAY).respond(&headers))
}

/// `GET /fouten/{code}`: what one code means.
pub(super) async fn problem_code(
    State(state): State<AppState>,
    Path(code): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let language = language_of(&headers);
    let chosen = choose(&headers, None, &[HTML, JSON])?;
    let base = state.registry.base();
    let document = if let Some(row) = CODES.iter().find(|(known, ..)| *known == code) {
        let row = problem_row(row, language);
        match chosen {
            HTML => Document::html(render_codes(base, language, &[row], &[])),
            _ => Document::new(
                JSON,
                format!("{:#}\n", json!({ "fouten": [problem_json(&row)] })),
            ),
        }
    } else {
        let meaning = code_meaning(&code).ok_or_else(|| {
            ApiError::not_found(
                "Deze foutcode bestaat niet.",
                "There is no such error code.",
            )
        })?;
        match chosen {
            HTML => Document::html(render_code(base, language, &meaning)),
            _ => Document::new(
                JSON,
                format!(
                    "{:#}\n",
                    json!({ "codes": [meaning_json(&meaning, language)] })
                ),
            ),
        }
    };
    Ok(document.cached(A_DAY).respond(&headers))
}

fn problem_row(
    (code, status, nl, en): &(&'static str, u16, &'static str, &'static str),
    language: Language,
) -> (&'static str, u16, &'static str) {
    (
        *code,
        *status,
        if language == Language::Nl { *nl } else { *en },
    )
}

fn problem_json((code, status, meaning): &(&str, u16, &str)) -> Json {
    json!({ "code": code, "status": status, "betekenis": meaning })
}

fn meaning_json(meaning: &CodeMeaning, language: Language) -> Json {
    let mut out = json!({
        "code": meaning.code,
        "soort": meaning.kind.get(language),
        "betekenis": meaning.message.get(language),
        "hulp": meaning.hint.get(language),
    });
    let effect = meaning.effect.get(language);
    if !effect.is_empty() {
        out["gevolg"] = effect.into();
    }
    if !meaning.fails.is_empty() {
        out["voorbeeld"] = json!({
            "gegeven": meaning.given,
            "fout": meaning.fails,
            "goed": meaning.passes,
        });
    }
    out
}

/// `GET /health`: whether the server can do all it should, from which commit it answers, and what it holds. The status
/// is 200 as long as it answers reads: whoever takes a server out of service on another status would take the reading
/// away too, which still works. Only a node that follows another and is further behind than the operator allows says 503.
pub(super) async fn health(State(state): State<AppState>) -> Result<Response, ApiError> {
    // Sizes of files are asked of the disk, which may be what ails.
    blocking(move || {
        let store = state.registry.store();
        let (health, sizes) = (store.health(), store.sizes());
        let seq = state.registry.snapshot().seq();
        let (status, reason) = match (&health.damaged, &health.stopped) {
            (Some(damaged), _) => ("beschadigd", Some(damaged)),
            (None, Some(stopped)) => ("gestopt", Some(stopped)),
            (None, None) => ("ok", None),
        };
        let mut body = json!({
            "status": status,
            "commit": seq,
            "uitspraken": sizes.quads,
            "schrijven": state.token.is_some() && health.stopped.is_none() && state.config.follow.is_none(),
            "versie": env!("CARGO_PKG_VERSION"),
            "opslag": {
                "lagen": sizes.levels,
                "indexBytes": sizes.index_bytes,
                "logBytes": sizes.log_bytes,
                "geheugenBytes": sizes.memory_bytes,
            },
        });
        if let Some(reason) = reason {
            body["reden"] = public_reason(store.dir(), reason).into();
        }
        if let (Some(_), Some(stopped)) = (&health.damaged, &health.stopped) {
            body["schrijvenGestopt"] = public_reason(store.dir(), stopped).into();
        }
        if let Some(failure) = &health.checkpoint {
            body["waarschuwing"] = public_reason(store.dir(), failure).into();
        }
        let stored = state.registry.stored_queries().catalogue();
        if !stored.broken.is_empty() {
            let names: Vec<&str> = stored
                .broken
                .iter()
                .map(|(name, _)| name.as_str())
                .collect();
            body["kapotteBevragingen"] = names.into();
        }
        if let Some(streams) = super::ldes::health(&state) {
            body["stromen"] = streams;
        }
        body["catalogus"] = super::catalogue::health(&state);
        if let Some(sensors) = super::observations::health(&state) {
            body["waarnemingen"] = sensors;
        }
        let mut is_ready = true;
        if let Some(follow) = &state.config.follow {
            let figures = follow.figures();
            is_ready = figures.is_ready;
            body["replica"] = super::log_feed::health(follow.primary(), &figures);
        }
        let mut response = Body::from(format!("{body:#}\n")).into_response();
        if !is_ready {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        }
        let out = response.headers_mut();
        out.insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        super::reply::set_commit(out, Some(seq));
        Ok(response)
    })
    .await
}

/// A reason as anybody may read it: with files named from the data folder on, not from the root of the machine.
pub(super) fn public_reason(dir: Option<&std::path::Path>, reason: &str) -> String {
    match dir.and_then(std::path::Path::to_str) {
        Some(dir) if !dir.trim_matches(['/', '.']).is_empty() => {
            reason.replace(&format!("{}/", dir.trim_end_matches('/')), "")
        }
        _ => reason.to_owned(),
    }
}
