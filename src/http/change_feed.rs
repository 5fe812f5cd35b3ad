//! The change feed over HTTP, at the addresses of the base registries: pages of CloudEvents, the events of one object, and
//! which page a moment, a commit or an event is on. Pages that are full never change and are cached so; the last one shows
//! every commit that was acknowledged before it was asked for.

use super::body::{Params, whole};
use super::documents::candidates;
use super::error::ApiError;
use super::ldes::{current, not_ready, stream_of, unreadable};
use super::ldes_views::refused;
use super::reply::{
    Document, JSON, choose, content_type, etag_of, is_fresh, set_commit, set_validators,
};
use super::state::{AppState, blocking};
use crate::feeds::changes::{BATCH, ChangeFeed, Page, Position, Until, position};
use crate::feeds::stream::{NotReady, Progress, Stream, Streams, item_number};
use crate::registry::{Moment, Register};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use sha2::{Digest, Sha256};

/// Whether more may come on a page.
const X_PAGE_COMPLETE: HeaderName = HeaderName::from_static("x-page-complete");
/// Formats of pages: JSON for those who do not know the first.
const OFFERS: [&str; 2] = [BATCH, JSON];
/// A page that is full: positions never change.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// A page that may grow.
const GROWS: &str = "public, max-age=0";
/// Changes when events are written otherwise.
const FORM: &str = "1";
/// Events of one object on a page, usually and at most.
const LIMIT: (u64, u64) = (100, 500);
/// Versions of one object that are looked through.
const MOST_VERSIONS: usize = 1000;

/// The routes of the change feed.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/v3/feeds/wijzigingen/{register}", get(page))
        .route("/v3/feeds/wijzigingen/{register}/{objectId}", get(object))
        .route("/v3/feeds/posities", get(positions))
}

/// A parameter that is a whole number.
fn number_of(params: &Params, name: &str, least: u64) -> Result<Option<u64>, ApiError> {
    let Some(text) = params.one(name)? else {
        return Ok(None);
    };
    let number = whole(text).filter(|number| *number >= least);
    number.map(Some).ok_or_else(|| {
        wrong(
            name,
            text,
            &format!("een geheel getal vanaf {least}"),
            &format!("a whole number from {least}"),
        )
    })
}

fn wrong(name: &str, value: &str, nl: &str, en: &str) -> ApiError {
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter \"{name}\" is {nl}, niet \"{value}\"."),
        format!("The parameter \"{name}\" is {en}, not \"{value}\"."),
    )
    .with("parameter", name)
    .with("waarde", value)
}

/// What an answer of events is of.
struct Shown<'a> {
    media_type: &'static str,
    tag: &'a [&'a str],
    is_complete: bool,
    commit: Option<u64>,
}

/// Events, or that the client has them.
fn respond(
    headers: &HeaderMap,
    shown: &Shown<'_>,
    body: impl FnOnce() -> Result<Vec<u8>, ApiError>,
) -> Result<Response, ApiError> {
    let mut hasher = Sha256::new();
    for part in shown.tag.iter().chain(&[shown.media_type, FORM]) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let etag = etag_of(hasher);
    let mut response = if is_fresh(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(body()?).into_response();
        let kind = content_type(shown.media_type);
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    let cache = if shown.is_complete { FOR_EVER } else { GROWS };
    let complete = if shown.is_complete { "true" } else { "false" };
    let out = response.headers_mut();
    set_validators(out, &etag, cache);
    out.insert(X_PAGE_COMPLETE, HeaderValue::from_static(complete));
    set_commit(out, shown.commit);
    Ok(response)
}

/// Reads from a stream; `generation` is what it was before.
fn read<T>(
    streams: &Streams,
    generation: &str,
    read: impl FnOnce() -> std::io::Result<T>,
) -> Result<T, ApiError> {
    let found = read();
    if streams.generation() != generation {
        // What was read may be of two editions.
        return Err(not_ready(NotReady(Progress::Building { at: 0, of: 0 })));
    }
    found.map_err(|error| match streams.progress() {
        // They were dropped while they were read.
        progress @ Progress::Building { .. } => not_ready(NotReady(progress)),
        Progress::Following { .. } | Progress::Failed { .. } => unreadable(streams, error),
    })
}

/// `GET /v3/feeds/wijzigingen/{register}`: a page.
async fn page(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let number = number_of(&params, "pagina", 1)?.unwrap_or(1);
    let media_type = choose(&headers, None, &OFFERS)?;
    blocking(move || {
        let streams = state.streams()?;
        let stream = stream_of(streams, &name)?;
        let mut page = Page::of(number, stream.len());
        let mut commit = None;
        if !page.is_complete {
            commit = Some(current(&state, streams)?);
            page = Page::of(number, stream.len());
        }
        let generation = streams.generation();
        let (of, to) = (number.to_string(), page.to.to_string());
        let shown = Shown {
            media_type,
            tag: &[&stream.entry, &generation, "pagina", &of, &to],
            is_complete: page.is_complete,
            // A page that was filled meanwhile says what it says at any time.
            commit: commit.filter(|_| !page.is_complete),
        };
        respond(&headers, &shown, || {
            let feed = state.change_feed();
            read(streams, &generation, || {
                feed.batch(stream, &mut (page.from..page.to))
            })
        })
    })
    .await
}

/// The members about an object, by the first of its IRIs that there are any of.
fn members_about(
    state: &AppState,
    streams: &Streams,
    stream: &Stream,
    register: &Register,
    id: &str,
) -> Result<Vec<u64>, ApiError> {
    let mut items = candidates(state, &register.kind, id);
    items.push(id.to_owned());
    let views = state.feed_views()?;
    let generation = streams.generation();
    for item in items {
        let found = views.about(
            &register.name,
            &generation,
            stream.len(),
            item_number(&item),
        );
        let found = found.map_err(|error| refused(streams, stream, "", error))?;
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Err(ApiError::not_found(
        format!("De stroom zegt niets over een object \"{id}\"."),
        format!("The feed says nothing about an object \"{id}\"."),
    ))
}

/// `GET /v3/feeds/wijzigingen/{register}/{objectId}`: the events of one object.
async fn object(
    State(state): State<AppState>,
    Path((name, id)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let limit = number_of(&params, "limit", 1)?.unwrap_or(LIMIT.0);
    if limit > LIMIT.1 {
        let (nl, en) = (
            format!("hoogstens {}", LIMIT.1),
            format!("{} at most", LIMIT.1),
        );
        return Err(wrong("limit", &limit.to_string(), &nl, &en));
    }
    let offset = number_of(&params, "offset", 0)?.unwrap_or(0);
    let media_type = choose(&headers, None, &OFFERS)?;
    blocking(move || {
        let streams = state.streams()?;
        let stream = stream_of(streams, &name)?;
        let commit = current(&state, streams)?;
        let generation = streams.generation();
        let register = register_of(&state, &name)?;
        let found = members_about(&state, streams, stream, register, &id)?;
        let (from, most) = (index(offset), index(limit));
        let count = found.len().saturating_sub(from).min(most);
        let shown = Shown {
            media_type,
            tag: &[
                &stream.entry,
                &generation,
                "object",
                &id,
                &format!("{offset} {limit} {count}"),
            ],
            is_complete: count == most,
            commit: Some(commit),
        };
        let mut response = respond(&headers, &shown, || {
            let feed = state.change_feed();
            read(streams, &generation, || {
                feed.batch(stream, &mut found.into_iter().skip(from).take(most))
            })
        })?;
        // Whatever is new is asked for each time: these are no pages of the feed.
        let cache = HeaderValue::from_static(GROWS);
        response.headers_mut().insert(header::CACHE_CONTROL, cache);
        Ok(response)
    })
    .await
}

fn index(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn register_of<'a>(state: &'a AppState, name: &str) -> Result<&'a Register, ApiError> {
    let known = state.registry.register(name);
    known.ok_or_else(|| ApiError::internal("a stream of a register that is not there"))
}

/// `GET /v3/feeds/posities`: the last event up to a place, so that whoever has a dump or a copy knows where to go on.
async fn positions(
    State(state): State<AppState>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let asked = Asked::read(&params)?;
    let name = params.one("register")?.ok_or_else(|| {
        ApiError::bad_request(
            "bad-parameter",
            "De parameter \"register\" ontbreekt: de naam van een register.",
            "The parameter \"register\" is missing: the name of a register.",
        )
        .with("parameter", "register")
    })?;
    let name = name.to_owned();
    blocking(move || {
        let streams = state.streams()?;
        // As the addresses of pages call it, or by its type: `adressen`, `Adres`.
        let registers = state.registry.registers().iter();
        let mut known = registers.filter(|register| {
            register.name.eq_ignore_ascii_case(&name) || register.kind.eq_ignore_ascii_case(&name)
        });
        let name = known.next().map_or(name.as_str(), |known| &known.name);
        let stream = stream_of(streams, name)?;
        let commit = current(&state, streams)?;
        let generation = streams.generation();
        let until = match asked {
            Asked::Until(until) => Some(until),
            Asked::Version(id, version) => {
                let register = register_of(&state, name)?;
                let found = members_about(&state, streams, stream, register, &id)?;
                let feed = state.change_feed();
                let found = read(streams, &generation, || {
                    version_among(feed, stream, found, &version)
                })?;
                found.map(Until::Member)
            }
        };
        let found: Option<Position> = match until {
            Some(until) => read(streams, &generation, || position(stream, until))?,
            None => None,
        };
        let body = json!({
            "feed": found.map(|position| position.commit),
            "wijzigingenFeedPagina": found.map(|position| position.page),
            "wijzigingenFeedId": found.map(|position| position.id),
        });
        let document = Document::new(JSON, format!("{body:#}\n"));
        let mut response = document.respond(&headers);
        set_commit(response.headers_mut(), Some(commit));
        Ok(response)
    })
    .await
}

/// What a position is asked for by.
enum Asked {
    Until(Until),
    /// An object and its version.
    Version(String, String),
}

impl Asked {
    fn read(params: &Params) -> Result<Self, ApiError> {
        let version = match (params.one("objectId")?, params.one("versie")?) {
            (Some(id), Some(version)) => Some(Self::Version(id.to_owned(), version.to_owned())),
            (None, None) => None,
            _ => {
                return Err(ApiError::bad_request(
                    "bad-parameter",
                    "De parameters \"objectId\" en \"versie\" horen samen.",
                    "The parameters \"objectId\" and \"versie\" belong together.",
                ));
            }
        };
        let moment = params.one("moment")?.map(|text| {
            let moment: Result<jiff::Timestamp, _> = text.parse();
            let moment = moment.map_err(|_| {
                wrong(
                    "moment",
                    text,
                    "een tijdstip zoals 2026-01-31T09:00:00Z",
                    "a moment such as 2026-01-31T09:00:00Z",
                )
            });
            moment.map(|moment| Until::Moment(moment.as_millisecond()))
        });
        let number = |name, until: fn(u64) -> Until| -> Result<Option<Self>, ApiError> {
            Ok(number_of(params, name, 0)?.map(|number| Self::Until(until(number))))
        };
        let given = [
            number("feed", Until::Commit)?,
            number("download", Until::Commit)?,
            number("wijzigingFeedId", Until::Event)?,
            moment.transpose()?.map(Self::Until),
            version,
        ];
        let mut given = given.into_iter().flatten();
        match (given.next(), given.next()) {
            (Some(asked), None) => Ok(asked),
            _ => Err(ApiError::bad_request(
                "bad-parameter",
                "Precies één van \"feed\", \"download\", \"wijzigingFeedId\" en \"moment\" is nodig, of \"objectId\" met \"versie\".",
                "Exactly one of \"feed\", \"download\", \"wijzigingFeedId\" and \"moment\" is needed, or \"objectId\" with \"versie\".",
            )),
        }
    }
}

/// Which of the members about an object told a version of it, the last one first.
fn version_among(
    feed: &ChangeFeed,
    stream: &Stream,
    members: Vec<u64>,
    version: &str,
) -> std::io::Result<Option<u64>> {
    let asked = Moment::parse(version);
    for number in members.into_iter().rev().take(MOST_VERSIONS) {
        let mut is_it = false;
        feed.each(stream, &mut std::iter::once(number), &mut |event| {
            let told = event["data"]["versieId"].as_str().unwrap_or_default();
            is_it = told == version || asked.is_some() && Moment::parse(told) == asked;
            Ok(())
        })?;
        if is_it {
            return Ok(Some(number));
        }
    }
    Ok(None)
}
