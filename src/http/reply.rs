//! Requests read and responses built: negotiation, conditional requests, the headers every document carries.

use super::error::ApiError;
use super::moment::Shown;
use super::state::AppState;
use crate::rdf::format::{Format, negotiate};
use crate::rdf::label::Language;
use crate::store::Snapshot;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

pub(super) const HTML: &str = "text/html";
pub(super) const JSON: &str = "application/json";
pub(super) const JSON_LD: &str = "application/ld+json";

/// Formats of documents about resources, best first.
pub(super) const DOCUMENT_OFFERS: [&str; 9] = [
    JSON_LD,
    HTML,
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
    "application/trig",
    "application/n-quads",
    JSON,
    "text/plain",
];
/// Documents change with every commit: caches keep them but ask first.
pub(super) const REVALIDATE: &str = "public, no-cache";
/// What changes only with a new release.
pub(super) const A_DAY: &str = "public, max-age=86400";

/// What never changes at its address. Not longer, because a new release may write the same state in another way.
pub(super) const A_WEEK_FIXED: &str = "public, max-age=604800, immutable";

pub(super) const X_COMMIT: HeaderName = HeaderName::from_static("x-commit");

/// Values of a header as one list.
pub(super) fn joined(headers: &HeaderMap, name: HeaderName) -> String {
    let values: Vec<&str> = headers
        .get_all(name)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .collect();
    values.join(",")
}

pub(super) fn language_of(headers: &HeaderMap) -> Language {
    Language::from_accept_language(&joined(headers, header::ACCEPT_LANGUAGE))
}

/// Whether a client would rather have a page than a problem document.
pub(super) fn wants_html(headers: &HeaderMap) -> bool {
    let accept = joined(headers, header::ACCEPT);
    negotiate(&accept, &["application/problem+json", JSON, HTML]) == Some(HTML)
}

/// The offer a client likes best, by `format=` or else by `Accept`.
pub(super) fn choose(
    headers: &HeaderMap,
    format: Option<&str>,
    offers: &[&'static str],
) -> Result<&'static str, ApiError> {
    if let Some(name) = format {
        let wanted = media_type_of_name(name);
        return offers
            .iter()
            .copied()
            .find(|offer| Some(*offer) == wanted)
            .ok_or_else(|| {
                ApiError::bad_request(
                    "unknown-format",
                    format!("Het formaat \"{name}\" bestaat hier niet."),
                    format!("There is no format \"{name}\" here."),
                )
            });
    }
    negotiate(&joined(headers, header::ACCEPT), offers)
        .ok_or_else(|| ApiError::not_acceptable(offers))
}

/// The media type of a `format=` value or a file extension.
pub(super) fn media_type_of_name(name: &str) -> Option<&'static str> {
    match name {
        "html" => Some(HTML),
        "json" => Some(JSON),
        "txt" | "text" => Some("text/plain"),
        "csv" => Some("text/csv"),
        _ => Format::from_extension(name)
            .or_else(|| Format::from_name(name))
            .or_else(|| Format::from_media_type(name))
            .map(Format::media_type),
    }
}

/// A document ready to be sent, or to be answered with "not modified".
pub(super) struct Document {
    content_type: &'static str,
    body: Vec<u8>,
    shown: Option<Shown>,
    cache: &'static str,
    links: Vec<String>,
}

impl Document {
    pub(super) fn new(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            content_type,
            body: body.into(),
            shown: None,
            cache: REVALIDATE,
            links: Vec::new(),
        }
    }

    pub(super) fn html(page: String) -> Self {
        Self::new(HTML, page)
    }

    /// Says which state the document shows.
    pub(super) fn at(mut self, shown: &Shown) -> Self {
        self.shown = Some(shown.clone());
        self
    }

    pub(super) fn cached(mut self, cache: &'static str) -> Self {
        self.cache = cache;
        self
    }

    /// Adds a `Link` ([RFC 8288](https://www.rfc-editor.org/rfc/rfc8288)).
    pub(super) fn link(mut self, target: &str, relation: &str, media_type: Option<&str>) -> Self {
        let kind = media_type.map_or(String::new(), |kind| format!("; type=\"{kind}\""));
        self.links
            .push(format!("<{target}>; rel=\"{relation}\"{kind}"));
        self
    }

    /// The response; 304 when the client has this very document.
    pub(super) fn respond(self, headers: &HeaderMap) -> Response {
        let mut hasher = Sha256::new();
        hasher.update(self.content_type);
        hasher.update([0]);
        hasher.update(&self.body);
        if let Some(seq) = self.shown.as_ref().and_then(Shown::asked_seq) {
            // The same words about two states are two documents: they say so in their headers.
            hasher.update([0]);
            hasher.update(seq.to_le_bytes());
        }
        let etag = etag_of(hasher);
        let fresh = is_fresh(headers, &etag);
        let mut response = if fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from(self.body).into_response()
        };
        let out = response.headers_mut();
        if !fresh {
            out.insert(header::CONTENT_TYPE, content_type(self.content_type));
        }
        set_validators(out, &etag, self.cache);
        if let Some(shown) = &self.shown {
            shown.describe(out);
        }
        for link in self.links {
            if let Ok(link) = HeaderValue::from_str(&link) {
                out.append(header::LINK, link);
            }
        }
        response
    }
}

/// The entity tag that a document of the newest state has.
pub(super) fn tag_of_document(content_type: &str, body: &[u8]) -> String {
    let mut hasher = Sha256::new();
    hasher.update(content_type);
    hasher.update([0]);
    hasher.update(body);
    etag_of(hasher)
}

/// `Content-Type` with a charset where the type has one.
pub(super) fn content_type(media_type: &'static str) -> HeaderValue {
    HeaderValue::from_static(match media_type {
        HTML => "text/html; charset=utf-8",
        "text/turtle" => "text/turtle; charset=utf-8",
        "text/plain" => "text/plain; charset=utf-8",
        "text/csv" => "text/csv; charset=utf-8",
        "text/css" => "text/css; charset=utf-8",
        "text/tab-separated-values" => "text/tab-separated-values; charset=utf-8",
        other => other,
    })
}

pub(super) fn set_validators(out: &mut HeaderMap, etag: &str, cache: &'static str) {
    if let Ok(etag) = HeaderValue::from_str(etag) {
        out.insert(header::ETAG, etag);
    }
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    out.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Accept-Language"),
    );
}

pub(super) fn set_commit(out: &mut HeaderMap, commit: Option<u64>) {
    if let Some(seq) = commit {
        out.insert(X_COMMIT, HeaderValue::from(seq));
    }
}

/// A strong entity tag of what was hashed.
pub(super) fn etag_of(hasher: Sha256) -> String {
    let digest = hasher.finalize();
    let hex: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
}

/// The entity tag of whatever follows from a state and a request: for answers too large to hash before sending.
pub(super) fn etag_of_state(state: &AppState, snapshot: &Snapshot, parts: &[&str]) -> String {
    etag_of_commit(state, (snapshot.seq(), snapshot.digest()), parts)
}

/// The entity tag of a document that follows from the state after a commit (number and chain digest) and from texts.
pub(super) fn etag_of_commit(
    state: &AppState,
    (seq, digest): (u64, [u8; 32]),
    parts: &[&str],
) -> String {
    let mut hasher = Sha256::new();
    hasher.update(seq.to_le_bytes());
    hasher.update(digest);
    if digest == [0; 32] {
        hasher.update(state.process_nonce.to_le_bytes());
    }
    for part in parts {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    etag_of(hasher)
}

/// Whether `If-None-Match` names the tag ([RFC 9110 §13.1.2](https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2)).
/// A tag of the compressed form counts too.
pub(super) fn is_fresh(headers: &HeaderMap, etag: &str) -> bool {
    let bare = etag.trim_matches('"');
    listed_tags(&joined(headers, header::IF_NONE_MATCH)).any(|tag| tag == "*" || tag == bare)
}

/// The tags of a condition, bare; weak ones too, as this server makes none.
pub(super) fn listed_tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).map(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        super::layers::bare_tag(tag)
    })
}
