//! Requests read and responses built: negotiation, conditional requests, the headers every document carries.

use super::body::Params;
use super::error::ApiError;
use super::known_tags::FollowsFrom;
use super::shown::{MEMENTO_DATETIME, Shown};
use super::state::AppState;
use crate::rdf::format::{Format, negotiate};
use crate::rdf::label::Language;
use crate::store::Snapshot;
use crate::views::StateTag;
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

/// The language of texts: as a parameter asks, else as the reader prefers.
///
/// # Errors
/// When the parameter names another language than nl or en.
pub(super) fn language_by(
    name: &str,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Language, ApiError> {
    match params.one(name)? {
        None | Some("") => Ok(language_of(headers)),
        Some("nl") => Ok(Language::Nl),
        Some("en") => Ok(Language::En),
        Some(other) => Err(ApiError::bad_request(
            "bad-parameter",
            format!("De parameter {name} is nl of en, niet \"{other}\"."),
            format!("The parameter {name} is nl or en, not \"{other}\"."),
        )
        .with("parameter", name)),
    }
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
                .with("parameter", "format")
                .with("waarde", name)
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
    tag: Option<StateTag>,
    cache: &'static str,
    links: Vec<String>,
    /// When what it shows began, when it shows a version.
    date: Option<String>,
}

impl Document {
    pub(super) fn new(content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            content_type,
            body: body.into(),
            shown: None,
            tag: None,
            cache: REVALIDATE,
            links: Vec::new(),
            date: None,
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

    /// Says which state of which resource the document represents, so that a write can name it by the entity tag
    /// (`If-Match`), whatever representation that came with.
    pub(super) fn of_state(mut self, tag: StateTag) -> Self {
        self.tag = Some(tag);
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

    /// Adds a value of `Link` as it is.
    pub(super) fn raw_link(mut self, link: String) -> Self {
        self.links.push(link);
        self
    }

    /// Says when the version that the document shows began.
    pub(super) fn dated(mut self, date: String) -> Self {
        self.date = Some(date);
        self
    }

    /// The response; 304 when the client has this very document.
    pub(super) fn respond(self, headers: &HeaderMap) -> Response {
        let pins = self.shown.as_ref().map_or(&[][..], Shown::pins);
        let etag = tag_of(self.content_type, &self.body, pins, self.tag);
        if headers.contains_key(header::IF_MATCH) {
            let list = joined(headers, header::IF_MATCH);
            if !names_tag(&list, &etag) && !names_state(&list, self.tag) {
                return ApiError::precondition_failed(
                    "Het document is niet meer dat van If-Match.",
                    "The document is no longer that of If-Match.",
                )
                .into_response();
            }
        }
        let fresh = is_fresh(headers, &etag);
        let mut response = if fresh {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Body::from(self.body).into_response()
        };
        let mut follows_from = None;
        let out = response.headers_mut();
        if !fresh {
            out.insert(header::CONTENT_TYPE, content_type(self.content_type));
        }
        set_validators(out, &etag, self.cache);
        if let Some(shown) = &self.shown {
            shown.describe(out);
            follows_from = Some(FollowsFrom(shown.newest()));
        }
        for link in self.links {
            if let Ok(link) = HeaderValue::from_str(&link) {
                out.append(header::LINK, link);
            }
        }
        if let Some(Ok(date)) = self.date.map(HeaderValue::try_from) {
            response.headers_mut().insert(MEMENTO_DATETIME, date);
        }
        if let Some(mark) = follows_from {
            response.extensions_mut().insert(mark);
        }
        response
    }
}

/// The entity tag that a document of the newest state has: of the bytes and their type, so that a commit that changes nothing
/// here changes no tag. That of a document of a resource begins with the state of the resource, which all its
/// representations share.
pub(super) fn tag_of_document(
    content_type: &str,
    body: &[u8],
    resource: Option<StateTag>,
) -> String {
    tag_of(content_type, body, &[], resource)
}

fn tag_of(
    content_type: &str,
    body: &[u8],
    pins: &[(&'static str, String)],
    resource: Option<StateTag>,
) -> String {
    let mut hasher = Sha256::new();
    hasher.update(content_type);
    hasher.update([0]);
    hasher.update(body);
    // The same words about two states are two documents: they say so in their headers.
    for (name, value) in pins {
        hasher.update([0]);
        hasher.update(name);
        hasher.update(value);
    }
    let of_body = etag_of(hasher);
    match resource {
        Some(state) => format!("\"{state}.{}", &of_body[of_body.len() / 2..]),
        None => of_body,
    }
}

/// `Content-Type` with a charset where the type has one.
pub(super) fn content_type(media_type: &'static str) -> HeaderValue {
    HeaderValue::from_static(match media_type {
        HTML => "text/html; charset=utf-8",
        "text/turtle" => "text/turtle; charset=utf-8",
        "text/plain" => "text/plain; charset=utf-8",
        "text/csv" => "text/csv; charset=utf-8",
        "text/css" => "text/css; charset=utf-8",
        "text/javascript" => "text/javascript; charset=utf-8",
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
    names_tag(&joined(headers, header::IF_NONE_MATCH), etag)
}

/// Whether a condition names a tag, in plain or in compressed form.
pub(super) fn names_tag(list: &str, etag: &str) -> bool {
    let bare = etag.trim_matches('"');
    listed_tags(list).any(|tag| tag == "*" || tag == bare)
}

/// Whether a condition of a write (`If-Match`, `If-None-Match`) names the state of a resource: by the entity tag of any of
/// its representations, or as `*` when there is such a state.
pub(super) fn names_state(list: &str, state: Option<StateTag>) -> bool {
    let Some(state) = state.map(|state| state.to_string()) else {
        return false;
    };
    listed_tags(list)
        .any(|tag| tag == "*" || tag.split_once('.').is_some_and(|(known, _)| known == state))
}

/// The tags of a condition, bare; weak ones too, as this server makes none.
pub(super) fn listed_tags(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).map(|tag| {
        let tag = tag.strip_prefix("W/").unwrap_or(tag);
        super::layers::bare_tag(tag)
    })
}
