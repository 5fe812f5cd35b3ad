//! Answers "not modified" that were given lately: the same question about the same state needs no second look. Holds no
//! documents; an entry counts as long as no commit was made since, so it is never wrong for having been kept.

use super::reply::{joined, names_tag};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Questions that are remembered.
const QUESTIONS: usize = 8192;
/// Longest question that is, in bytes: others are rare and answered the long way.
const LONGEST: usize = 1024;
/// Headers that may change which document an address gives. An answer that depends on another header is not to be kept here.
const DECIDING: [HeaderName; 6] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    HeaderName::from_static("accept-datetime"),
    HeaderName::from_static("accept-crs"),
    HeaderName::from_static("accept-profile"),
    HeaderName::from_static("prefer"),
];

/// Says of an answer that it follows from the request and the newest state, by
/// [`Snapshot::identity`](crate::store::Snapshot::identity). An extension of responses.
#[derive(Clone, Copy)]
pub(super) struct FollowsFrom(pub(super) u64);

/// What was answered.
struct Answered {
    state: u64,
    headers: HeaderMap,
}

/// The answers given lately, by question.
pub(super) struct KnownTags(Cache<String, Arc<Answered>>);

/// A question that may be remembered.
pub(super) struct Question(String);

impl Default for KnownTags {
    fn default() -> Self {
        Self(Cache::new(QUESTIONS))
    }
}

impl Question {
    /// The question of a conditional read; none for all other requests.
    pub(super) fn of(request: &Request) -> Option<Self> {
        let (method, headers) = (request.method(), request.headers());
        let is_conditional = headers.contains_key(header::IF_NONE_MATCH)
            && (method == Method::GET || method == Method::HEAD)
            && !headers.contains_key(header::AUTHORIZATION);
        if !is_conditional {
            return None;
        }
        let mut key = String::with_capacity(128);
        key.push_str(request.uri().path_and_query()?.as_str());
        for name in DECIDING {
            key.push('\n');
            for value in headers.get_all(name) {
                key.push_str(value.to_str().ok()?);
                key.push(',');
            }
        }
        (key.len() <= LONGEST).then_some(Self(key))
    }
}

impl KnownTags {
    /// The answer, when it was given before and the state is still the same.
    pub(super) fn answer(
        &self,
        question: &Question,
        state: u64,
        headers: &HeaderMap,
    ) -> Option<Response> {
        let known = self
            .0
            .get(&question.0)
            .filter(|known| known.state == state)?;
        let etag = known.headers.get(header::ETAG)?.to_str().ok()?;
        if !names_tag(&joined(headers, header::IF_NONE_MATCH), etag) {
            return None;
        }
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        *response.headers_mut() = known.headers.clone();
        Some(response)
    }

    /// Remembers an answer that may be given again.
    pub(super) fn remember(&self, question: Question, response: &Response) {
        let Some(FollowsFrom(state)) = response.extensions().get().copied() else {
            return;
        };
        if response.status() == StatusCode::NOT_MODIFIED {
            let headers = response.headers().clone();
            self.0
                .insert(question.0, Arc::new(Answered { state, headers }));
        }
    }
}
