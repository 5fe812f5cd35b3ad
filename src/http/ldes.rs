//! Event streams over HTTP: the list of them, their entries, pages, members and shape. Pages that are full never change and
//! are cached so; all others show every commit that was acknowledged before they were asked for.

mod people;

pub(super) use people::{health, metrics};

use super::body::Params;
use super::documents::candidates;
use super::error::ApiError;
use super::reply::{
    A_DAY, A_WEEK_FIXED, Document, HTML, JSON, REVALIDATE, choose, content_type, etag_of, is_fresh,
    joined, language_of, set_commit, set_validators,
};
use super::state::{AppState, blocking};
use crate::feeds::ldes::{Node, Page, Reading, write_entry, write_member, write_node, write_shape};
use crate::feeds::stream::{NotReady, Progress, Stream, Streams};
use crate::rdf::format::Format;
use crate::rdf::label::Text;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::io;
use std::time::Duration;

/// Formats of pages, best first: N-Quads is sent as it is kept. The last is for people, and of entries alone.
const OFFERS: [&str; 7] = [
    "application/n-quads",
    "application/trig",
    "application/ld+json",
    "text/turtle",
    "application/n-triples",
    "application/rdf+xml",
    HTML,
];
/// What the media type of a page names when the page is ordered as the
/// [TREE profile](https://w3id.org/tree/specification#profile) asks: what it says of pages first, then member by member.
const TREE_PROFILE: &str = "https://w3id.org/tree/profile";
/// How long a request waits for the members of a commit that was just made.
const PATIENCE: Duration = Duration::from_secs(5);
/// Seconds after which it is worth asking again while streams are made.
const RETRY_AFTER: &str = "5";

/// The routes of event streams.
pub(super) fn routes() -> Router<AppState> {
    Router::new()
        .route("/ldes", get(list))
        .route("/ldes/{register}", get(entry))
        .route("/ldes/{register}/vorm", get(shape))
        .route(
            "/ldes/{register}/tijd/{generation}/{level}/{number}",
            get(page),
        )
        .route("/ldes/{register}/lid/{commit}/{id}", get(member))
}

/// Why pages are not there yet.
pub(super) fn not_ready(NotReady(progress): NotReady) -> ApiError {
    let (nl, en) = match progress {
        Progress::Building { at, of } => (
            format!("De stromen worden gemaakt: {at} van {of} commits zijn gelezen. Probeer het straks opnieuw."),
            format!("The streams are being made: {at} of {of} commits were read. Try again in a while."),
        ),
        Progress::Following { .. } => (
            "De stromen lopen achter op de laatste commit. Probeer het straks opnieuw.".to_owned(),
            "The streams are behind the last commit. Try again in a while.".to_owned(),
        ),
        Progress::Failed { .. } => (
            "De stromen staan stil; de beheerder vindt de reden bij de gezondheid van de server.".to_owned(),
            "The streams stand still; the administrator finds the reason at the health of the server.".to_owned(),
        ),
    };
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "feed-not-ready",
        Text::new("De stroom is nog niet klaar", "The stream is not ready yet"),
        Text::new(nl, en),
    )
    .with_header(header::RETRY_AFTER, RETRY_AFTER)
}

/// The page is one of a stream that was made anew since.
pub(super) fn renewed(stream: &Stream) -> ApiError {
    let entry = &stream.entry;
    ApiError::new(
        StatusCode::GONE,
        "feed-renewed",
        Text::new("De stroom is opnieuw gemaakt", "The stream was made anew"),
        Text::new(
            format!(
                "Deze pagina hoort bij een vroegere uitgave van de stroom; begin opnieuw bij {entry}."
            ),
            format!("This page is of an earlier edition of the stream; begin again at {entry}."),
        ),
    )
}

pub(super) fn unreadable(streams: &Streams, error: io::Error) -> ApiError {
    if error.kind() == io::ErrorKind::InvalidData {
        streams.report_damage();
    }
    ApiError::internal(error)
}

/// The administrator switched a stream or view off.
pub(super) fn removed(entry: &str) -> ApiError {
    ApiError::new(
        StatusCode::GONE,
        "feed-removed",
        Text::new("De stroom is verwijderd", "The stream was removed"),
        Text::new(
            format!("De beheerder heeft {entry} verwijderd; /ldes somt op wat er is."),
            format!("The administrator removed {entry}; /ldes lists what there is."),
        ),
    )
}

/// The stream of a register, when it was not removed.
pub(super) fn stream_of<'a>(streams: &'a Streams, register: &str) -> Result<&'a Stream, ApiError> {
    let stream = known_stream(streams, register)?;
    if streams.switches().is_off(register, None) {
        return Err(removed(&stream.entry));
    }
    if stream.is_off() {
        // It is on again, and about to be made.
        return Err(not_ready(NotReady(Progress::Building { at: 0, of: 0 })));
    }
    Ok(stream)
}

/// The stream of a register, removed or not.
pub(super) fn known_stream<'a>(
    streams: &'a Streams,
    register: &str,
) -> Result<&'a Stream, ApiError> {
    streams.get(register).ok_or_else(|| {
        ApiError::not_found(
            format!("Er is geen stroom van een register \"{register}\"; /ldes somt ze op."),
            format!("There is no stream of a register \"{register}\"; /ldes lists them."),
        )
    })
}

/// The chosen format, and what addresses end in when it was chosen by one.
pub(super) fn format_of(
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<(Format, String), ApiError> {
    let offers = &OFFERS[..OFFERS.len() - 1];
    format_among(offers, headers, query)
}

fn format_among(
    offers: &[&'static str],
    headers: &HeaderMap,
    query: Option<&str>,
) -> Result<(Format, String), ApiError> {
    let params = Params::of_query(query)?;
    let wanted = params.one("format")?;
    let chosen = choose(headers, wanted, offers)?;
    let format = Format::from_media_type(chosen).unwrap_or(Format::NQuads);
    let suffix = wanted.map_or(String::new(), |_| format!("?format={}", format.extension()));
    Ok((format, suffix))
}

/// Whether a client would rather read a page for people.
fn wants_page(headers: &HeaderMap, query: Option<&str>) -> Result<bool, ApiError> {
    let params = Params::of_query(query)?;
    Ok(choose(headers, params.one("format")?, &OFFERS)? == HTML)
}

/// Whether `Accept` asks for a format by the TREE profile.
fn asks_profile(headers: &HeaderMap, format: Format) -> bool {
    let accept = joined(headers, header::ACCEPT);
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_format = parts.next().and_then(Format::from_media_type) == Some(format);
        is_format
            && parts.any(|parameter| {
                let value = parameter.split_once('=');
                value.is_some_and(|(name, value)| {
                    let mut profiles = value.trim().trim_matches('"').split_whitespace();
                    name.trim().eq_ignore_ascii_case("profile")
                        && profiles.any(|profile| profile == TREE_PROFILE)
                })
            })
    })
}

/// A page, or that the client has it.
pub(super) fn respond(
    headers: &HeaderMap,
    format: Format,
    tag: &[&str],
    cache: &'static str,
    commit: Option<u64>,
    body: impl FnOnce() -> Result<Vec<u8>, ApiError>,
) -> Result<Response, ApiError> {
    let mut hasher = Sha256::new();
    let profile = if asks_profile(headers, format) {
        TREE_PROFILE
    } else {
        ""
    };
    for part in tag.iter().chain([&format.media_type(), &profile]) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let etag = etag_of(hasher);
    let mut response = if is_fresh(headers, &etag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let mut response = Body::from(body()?).into_response();
        let mut kind = content_type(format.media_type());
        if !profile.is_empty() {
            let text = format!("{};profile=\"{profile}\"", format.media_type());
            kind = HeaderValue::try_from(text).unwrap_or(kind);
        }
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        response
    };
    let out = response.headers_mut();
    set_validators(out, &etag, cache);
    set_commit(out, commit);
    Ok(response)
}

/// Waits until the streams have every commit that readers see; its number.
pub(super) fn current(state: &AppState, streams: &Streams) -> Result<u64, ApiError> {
    let seq = state.registry.snapshot().seq();
    streams.wait(seq, PATIENCE).map_err(not_ready)?;
    Ok(seq)
}

/// `GET /ldes`: the streams there are.
async fn list(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    let chosen = choose(&headers, None, &[JSON, HTML])?;
    blocking(move || {
        let streams = state.streams()?;
        let seq = state.registry.snapshot().seq();
        // Where they are not ready, this says so.
        let _ = streams.wait(seq, PATIENCE);
        if chosen == HTML {
            let language = language_of(&headers);
            return Ok(people::list(&state, streams, language, &headers));
        }
        let views = state.feed_views()?;
        let switches = streams.switches();
        let is_on = |stream: &&Stream| !switches.is_off(&stream.register, None);
        let found = streams.all().iter().filter(is_on).map(|stream| {
            let register = &stream.register;
            let views = views.of(register).iter();
            let views = views.filter(|view| !switches.is_off(register, Some(&view.name)));
            let views = views.map(|view| {
                json!({
                    "naam": view.name,
                    "soort": view.kind.word(),
                    "url": format!("{}/{}", stream.entry, view.name),
                    "omschrijving": view.label.nl,
                })
            });
            json!({
                "register": register,
                "url": stream.entry,
                "leden": stream.len(),
                "weergaven": views.collect::<Vec<_>>(),
            })
        });
        let (is_ready, at) = match streams.progress() {
            Progress::Following { at } => (true, at),
            Progress::Building { at, .. } => (false, at),
            Progress::Failed { .. } => (false, 0),
        };
        let body = json!({
            "stromen": found.collect::<Vec<_>>(),
            "gereed": is_ready,
            "commit": at,
        });
        let mut response = Document::new(JSON, format!("{body:#}\n")).respond(&headers);
        set_commit(response.headers_mut(), Some(seq));
        Ok(response)
    })
    .await
}

/// `GET /ldes/{register}`: what the stream is, and the way to its members.
async fn entry(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let for_people = wants_page(&headers, query.as_deref())?;
    let (format, suffix) = format_among(&OFFERS, &headers, query.as_deref())?;
    blocking(move || {
        let streams = state.streams()?;
        let stream = stream_of(streams, &name)?;
        let seq = current(&state, streams)?;
        if for_people {
            let language = language_of(&headers);
            return people::stream(&state, streams, stream, seq, language, &headers);
        }
        let (generation, len) = (streams.generation(), stream.len());
        let register = state.registry.registers().iter().find(|r| r.name == name);
        let titles = register.map_or_else(Vec::new, |register| {
            vec![
                ("nl", register.label.nl.as_str()),
                ("en", register.label.en.as_str()),
            ]
        });
        let shown = len.to_string();
        let tag = [stream.entry.as_str(), &generation, &shown, &suffix];
        respond(&headers, format, &tag, REVALIDATE, Some(seq), || {
            let reading = Reading {
                generation: &generation,
                len,
                format,
                suffix: &suffix,
            };
            let made = write_entry(stream, &titles, &reading);
            Ok(made.map_err(|error| unreadable(streams, error))?.body)
        })
    })
    .await
}

/// `GET /ldes/{register}/tijd/{generation}/{level}/{number}`: a page.
async fn page(
    State(state): State<AppState>,
    Path((name, generation, level, number)): Path<(String, String, String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (format, suffix) = format_of(&headers, query.as_deref())?;
    blocking(move || {
        let streams = state.streams()?;
        let stream = known_stream(streams, &name)?;
        let absent = || {
            ApiError::not_found(
                format!(
                    "De stroom heeft die pagina niet; begin bij {}.",
                    stream.entry
                ),
                format!("The stream has no such page; begin at {}.", stream.entry),
            )
        };
        let node = (level.parse().ok()).zip(number.parse().ok());
        let node = node
            .and_then(|(level, number)| Node::new(level, number))
            .ok_or_else(absent)?;
        // What was never an address is not gone, whatever became of the stream.
        let stream = stream_of(streams, &name)?;
        let known = node.among(stream.len()).filter(|branch| branch.is_full);
        let seq = match known {
            Some(_) => None,
            None => Some(current(&state, streams)?),
        };
        if generation != streams.generation() {
            return Err(renewed(stream));
        }
        let branch = node.among(stream.len()).ok_or_else(absent)?;
        let cache = if branch.is_full {
            A_WEEK_FIXED
        } else {
            REVALIDATE
        };
        let address = format!("{}/{generation}/{level}/{number}{suffix}", stream.entry);
        let shown = branch.members.1.to_string();
        respond(&headers, format, &[&address, &shown], cache, seq, || {
            let reading = Reading {
                generation: &generation,
                len: branch.members.1,
                format,
                suffix: &suffix,
            };
            let made = write_node(stream, node, &reading);
            let made: Option<Page> = made.map_err(|error| unreadable(streams, error))?;
            Ok(made.ok_or_else(absent)?.body)
        })
    })
    .await
}

/// `GET /ldes/{register}/lid/{commit}/{id}`: one member.
async fn member(
    State(state): State<AppState>,
    Path((name, commit, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (format, _) = format_of(&headers, query.as_deref())?;
    blocking(move || {
        let streams = state.streams()?;
        let absent = || {
            ApiError::not_found(
                format!("Commit {commit} maakte geen lid van de stroom over \"{id}\"."),
                format!("Commit {commit} made no member of the stream about \"{id}\"."),
            )
        };
        let number: u64 = commit.parse().map_err(|_| absent())?;
        let stream = stream_of(streams, &name)?;
        current(&state, streams)?;
        let register = state.registry.registers().iter().find(|r| r.name == name);
        let kind = register.map_or("", |register| register.kind.as_str());
        let mut items = candidates(&state, kind, &id);
        items.push(id.clone());
        for item in items {
            let made = write_member(stream, number, &item, format);
            if let Some(body) = made.map_err(|error| unreadable(streams, error))? {
                let tag = [stream.entry.as_str(), &streams.generation(), &commit, &id];
                return respond(&headers, format, &tag, A_WEEK_FIXED, None, || Ok(body));
            }
        }
        Err(absent())
    })
    .await
}

/// `GET /ldes/{register}/vorm`: the shape of members.
async fn shape(
    State(state): State<AppState>,
    Path(name): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let (format, _) = format_of(&headers, query.as_deref())?;
    blocking(move || {
        let streams = state.streams()?;
        let entry = &stream_of(streams, &name)?.entry;
        let register = state.registry.registers().iter().find(|r| r.name == name);
        let embed = register.map_or(&[][..], |register| &register.embed);
        let parts = embed.join(" ");
        respond(
            &headers,
            format,
            &[entry, "vorm", &parts],
            A_DAY,
            None,
            || write_shape(entry, embed, format).map_err(ApiError::internal),
        )
    })
    .await
}
