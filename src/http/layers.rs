//! What every request passes: a number, a log span, problems turned into documents, security headers.

use super::error::ApiError;
use super::known_tags::Question;
use super::reply::{joined, language_of, wants_html};
use super::state::AppState;
use crate::rdf::format::{Format, accepts_12};
use crate::rdf::label::Language;
use crate::views::html::{ProblemPage, render_problem};
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::any::Any;
use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;
use tracing::Instrument;

/// Codings of compressed responses. Each stands behind the entity tag of what it packs, after a hyphen: the bytes are others.
const CODINGS: [&str; 2] = ["gzip", "zstd"];

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// What other registries call the number of a request.
const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");
/// Pages load nothing but the style sheet, run nothing, are shown in no frame, and post only here.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

static REQUESTS: AtomicU64 = AtomicU64::new(0);

/// The number of a request, for whoever keeps account of it. An extractor for handlers.
#[derive(Clone, Debug)]
pub(super) struct RequestId(pub(super) Arc<str>);

impl FromRequestParts<AppState> for RequestId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Infallible> {
        let known = parts.extensions.get::<Self>().cloned();
        Ok(known.unwrap_or_else(|| Self("?".into())))
    }
}

/// The layer around every route.
pub(super) async fn finish(
    State(state): State<AppState>,
    mut request: Request,
    next: Next,
) -> Response {
    let started = Instant::now();
    let correlation = given_id(request.headers(), &CORRELATION_ID).map(str::to_owned);
    let request_id: Arc<str> = match given_id(request.headers(), &REQUEST_ID) {
        Some(given) => given.into(),
        None => match &correlation {
            Some(given) => given.as_str().into(),
            None => new_id(state.process_nonce).into(),
        },
    };
    let left = state
        .buckets
        .as_ref()
        .map(|buckets| (buckets, buckets.take(&request)));
    if let Some((buckets, left)) = left.filter(|(_, left)| !left.is_allowed) {
        let (path, html) = (request.uri().path(), wants_html(request.headers()));
        let (error, language) = (buckets.refuse(left), language_of(request.headers()));
        let mut response = render(&state, &error, path, &request_id, language, html);
        buckets.tell(left, response.headers_mut());
        mark(response.headers_mut(), &request_id, correlation.as_deref());
        return response;
    }
    let question = Question::of(&request);
    if let Some(question) = &question {
        let newest = state.registry.snapshot().identity();
        let known = state.known_tags.answer(question, newest, request.headers());
        if let Some(mut response) = known {
            if let Some((buckets, left)) = left {
                buckets.tell(left, response.headers_mut());
            }
            mark(response.headers_mut(), &request_id, correlation.as_deref());
            return response;
        }
    }
    request
        .extensions_mut()
        .insert(RequestId(Arc::clone(&request_id)));
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let html = wants_html(request.headers());
    let asked_version = asked_version(&state, request.headers());
    let language = language_of(request.headers());
    // The query string may hold data: only the path is logged.
    // A span costs as much as a small answer's way through the server: by default only writes, which log, have one.
    let span = if request.headers().contains_key(header::AUTHORIZATION) {
        tracing::info_span!("request", id = %request_id, %method, %path)
    } else {
        tracing::debug_span!("request", id = %request_id, %method, %path)
    };
    let work = Unwinding(Box::pin(
        Arc::clone(&state.intake).within(next.run(request).instrument(span.clone())),
    ));
    let mut response = match work.await {
        Ok(response) => response,
        Err(payload) => ApiError::of_panic(payload.as_ref()).into_response(),
    };
    let _entered = span.enter();
    if let Some(error) = response.extensions_mut().remove::<Arc<ApiError>>() {
        if let Some(internal) = &error.internal {
            tracing::error!(
                id = %request_id,
                %method,
                %path,
                code = error.code,
                reason = %internal,
                "The request failed: {internal}"
            );
        }
        response = render(&state, &error, &path, &request_id, language, html);
    }
    if response.status().is_client_error() && is_plain_text(&response) {
        // What the framework itself refuses, such as a path that is not UTF-8.
        let error = ApiError::malformed(response.status());
        response = render(&state, &error, &path, &request_id, language, html);
    }
    let status = response.status().as_u16();
    let duration_ms = started.elapsed().as_millis() as u64;
    tracing::debug!(
        status,
        duration_ms,
        "Answered {method} {path} with {status}"
    );
    if let Some(question) = question {
        state.known_tags.remember(question, &response);
    }
    let headers = response.headers_mut();
    if let Some((buckets, left)) = left {
        buckets.tell(left, headers);
    }
    mark(headers, &request_id, correlation.as_deref());
    if let Some(accept) = asked_version {
        announce_version(headers, &accept);
    }
    let is_page = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        // A page that says its own knows better.
        headers
            .entry(header::CONTENT_SECURITY_POLICY)
            .or_insert(HeaderValue::from_static(PAGE_POLICY));
        headers.insert(
            header::REFERRER_POLICY,
            HeaderValue::from_static("same-origin"),
        );
    }
    response
}

/// What a client accepts, when it speaks of versions and the registry takes RDF 1.2.
fn asked_version(state: &AppState, headers: &HeaderMap) -> Option<String> {
    let accept = joined(headers, header::ACCEPT);
    (accept.contains("version") && state.registry.store().settings().rdf.is_12()).then_some(accept)
}

/// Says `version=1.2` of RDF to whoever asked for it. Others get no parameter: not every client knows to look past one.
fn announce_version(headers: &mut HeaderMap, accept: &str) {
    let Some(kind) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
    else {
        return;
    };
    let essence = kind.split(';').next().unwrap_or("").trim();
    if Format::from_media_type(essence).is_some()
        && accepts_12(accept, essence)
        && let Ok(announced) = HeaderValue::from_str(&format!("{kind}; version=1.2"))
    {
        headers.insert(header::CONTENT_TYPE, announced);
    }
}

/// A future that may unwind, such as by a damaged part of the index: its connection is to get an answer all the same.
struct Unwinding<F>(Pin<Box<F>>);

impl<F: Future> Future for Unwinding<F> {
    type Output = Result<F::Output, Box<dyn Any + Send>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(payload) => Poll::Ready(Err(payload)),
        }
    }
}

/// Names compressed responses apart from plain ones.
pub(super) async fn mark_compressed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Some(coding) = headers.get(header::CONTENT_ENCODING)
        && let Ok(coding) = coding.to_str()
        && let Some(tag) = headers.get(header::ETAG).and_then(|tag| tag.to_str().ok())
        && let Some(bare) = tag.strip_suffix('"')
        && let Ok(tag) = HeaderValue::from_str(&format!("{bare}-{coding}\""))
    {
        headers.insert(header::ETAG, tag);
    }
    response
}

/// An entity tag of this server without quotes and without the name of a coding.
pub(super) fn bare_tag(tag: &str) -> &str {
    let tag = tag.trim_matches('"');
    CODINGS
        .iter()
        .find_map(|coding| tag.strip_suffix(coding)?.strip_suffix('-'))
        .unwrap_or(tag)
}

fn render(
    state: &AppState,
    error: &ApiError,
    path: &str,
    request_id: &str,
    language: Language,
    html: bool,
) -> Response {
    let base = state.registry.base();
    let (content_type, body) = if html {
        let facts = facts(error, language);
        let page = render_problem(&ProblemPage {
            base,
            status: error.status.as_u16(),
            code: error.code,
            title: error.title.get(language),
            detail: error.detail.get(language),
            facts: &facts,
            request_id,
            language,
        });
        ("text/html; charset=utf-8", page)
    } else {
        let json = error.to_json(base, path, request_id, language);
        ("application/problem+json", format!("{json:#}\n"))
    };
    let mut response = (error.status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(
        header::CONTENT_LANGUAGE,
        HeaderValue::from_static(language.tag()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Accept-Language"),
    );
    for (name, value) in &error.headers {
        headers.insert(name.clone(), value.clone());
    }
    response
}

fn is_plain_text(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_none_or(|kind| kind.as_bytes().starts_with(b"text/plain"))
}

/// The further members of a problem as text.
fn facts(error: &ApiError, language: Language) -> Vec<(String, String)> {
    error
        .extra
        .iter()
        .map(|(name, value)| {
            let text = match value {
                serde_json::Value::String(text) => text.clone(),
                serde_json::Value::Object(texts) if texts.contains_key(language.tag()) => {
                    texts[language.tag()].as_str().unwrap_or("").to_owned()
                }
                other => format!("{other:#}"),
            };
            (name.clone(), text)
        })
        .collect()
}

/// The headers of every answer.
fn mark(headers: &mut HeaderMap, request_id: &str, correlation: Option<&str>) {
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value.clone());
        let correlation = correlation.and_then(|given| HeaderValue::from_str(given).ok());
        headers.insert(CORRELATION_ID, correlation.unwrap_or(value));
    }
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
}

/// A number of ours for a request.
fn new_id(nonce: u64) -> String {
    let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
    format!("{:08x}-{number:x}", nonce as u32)
}

/// The client's number of a request when it is a plain word.
fn given_id<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let plain = |text: &&str| {
        (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    let given = headers.get(name)?;
    given.to_str().ok().filter(plain)
}
