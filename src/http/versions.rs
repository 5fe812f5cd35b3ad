//! Versions of one object over HTTP: the list below its address (`…/versies`), its time map and time gate
//! ([RFC 7089](https://www.rfc-editor.org/rfc/rfc7089)) below `/tijd/{type}/{id}`, and the addresses of versions themselves.
//! Which versions there are the registry knows; how they are written, `views::versions`.

use super::body::Params;
use super::dialect::version_name;
use super::documents::{candidates, unknown};
use super::error::ApiError;
use super::gone::Route;
use super::moment::{AS_OF, Moment, PARAMETERS, VALID_AT, accept_datetime};
use super::reply::{Document, JSON, JSON_LD, REVALIDATE, choose};
use super::shown::{Shown, http_date, mark_after};
use super::state::{AppState, blocking};
use crate::registry;
use crate::store::Id;
use crate::views::html::percent_encode;
use crate::views::versions::{Listed, Time, TimeMap, VersionPage, at, links_around, page};
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

const LINK_FORMAT: &str = "application/link-format";
/// Versions on a page, unless the request says otherwise.
const DEFAULT_LIMIT: usize = 100;
/// At most.
const MAX_LIMIT: usize = 500;
/// Parameters of a list.
const OWN_PARAMETERS: [&str; 4] = ["na", "limit", "format", "tijd"];

/// What a request for a list asks.
struct Asked {
    time: Option<Time>,
    limit: usize,
    after: Option<String>,
}

/// An object whose versions are listed.
struct Object {
    iri: String,
    id: Option<Id>,
    /// Its versions by valid time, oldest first, when they are kept.
    versions: Vec<registry::Version>,
    is_described: bool,
}

/// `GET /api/{register}/{id}/versies`.
pub(super) async fn of_item(
    State(state): State<AppState>,
    Path((name, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    list(state, ("api", name, id), moment, headers, query).await
}

/// `GET /v2/{resource}/{id}/versies` and `GET /v3/{resource}/{id}/versies`.
pub(super) async fn of_resource<const V: u8>(
    State(state): State<AppState>,
    Path((name, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let folder = version_name::<V>();
    list(state, (folder, name, id), moment, headers, query).await
}

async fn list(
    state: AppState,
    (folder, name, id): (&'static str, String, String),
    moment: Moment,
    headers: HeaderMap,
    query: Option<String>,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let asked = asked(&params)?;
    let register = super::collections::register_of(&state, &name)?;
    let kind = register.kind.clone();
    let chosen = choose(&headers, params.one("format")?, &[JSON_LD, JSON])?;
    let shown = moment.state(&state).await?;
    let turn = state.look_back_turn().await?;
    blocking(move || {
        let _turn = turn;
        let base = state.registry.base();
        let object = object_of(&state, &shown, &kind, &id)?;
        let address = format!("{base}/{folder}/{name}/{}", percent_encode(&id));
        let default = match object.versions.is_empty() {
            true => Time::Known,
            false => Time::Valid,
        };
        let time = asked.time.unwrap_or(default);
        let found = match time {
            Time::Valid => by_valid_time(&state, &shown, &object, &asked, &address)?,
            Time::Known => by_commits(&state, &shown, &object, &asked, &address)?,
        };
        if found.versions.is_empty() && !object.is_described && object.versions.is_empty() {
            return Err(unknown(&format!("{kind}/{id}")));
        }
        let with = |after: Option<&String>| {
            let mut pairs = Vec::new();
            if let Some(time) = asked.time {
                pairs.push(("tijd", time.name().to_owned()));
            }
            if asked.limit != DEFAULT_LIMIT {
                pairs.push(("limit", asked.limit.to_string()));
            }
            if let Some(after) = after {
                pairs.push(("na", after.clone()));
            }
            pairs.extend(shown.pins().iter().cloned());
            let mut out = format!("{address}/versies");
            for (name, value) in pairs {
                out.push(mark_after(&out));
                out.push_str(&format!("{name}={}", percent_encode(&value)));
            }
            out
        };
        let here = with(asked.after.as_ref());
        let next = found.after.as_ref().map(|after| with(Some(after)));
        let json = page(
            base,
            &VersionPage {
                here: here.clone(),
                object: &object.iri,
                time,
                versions: &found.versions,
                total: found.total,
                next: next.clone(),
                looked_since: found.looked_since,
            },
        );
        let mut document = Document::new(chosen, format!("{json:#}\n"))
            .at(&shown)
            .link(&here, "canonical", None)
            .link(&address, "latest-version", None)
            .link(
                &format!("{base}/tijd/{kind}/{}", percent_encode(&id)),
                "timemap",
                Some(LINK_FORMAT),
            );
        if let Some(next) = next {
            document = document.link(&next, "next", None);
        }
        Ok(document.respond(&headers))
    })
    .await
}

fn asked(params: &Params) -> Result<Asked, ApiError> {
    for (name, _) in &params.0 {
        let known = OWN_PARAMETERS.contains(&name.as_str())
            || PARAMETERS.contains(&name.as_str()) && name != VALID_AT;
        if !known {
            return Err(ApiError::bad_request(
                "bad-parameter",
                format!("De lijst van versies kent de parameter \"{name}\" niet; wel: na, limit, format, tijd, bekendOp."),
                format!("The list of versions does not know the parameter \"{name}\"; it knows: na, limit, format, tijd, bekendOp."),
            )
            .with("parameter", name.as_str()));
        }
    }
    let time = match params.one("tijd")? {
        None | Some("") => None,
        Some(name) => Some(Time::from_name(name).ok_or_else(|| {
            ApiError::bad_request(
                "bad-parameter",
                format!("De parameter tijd is geldig (versies in de wereld) of bekend (commits van het register), niet \"{name}\"."),
                format!("The parameter tijd is geldig (versions in the world) or bekend (commits of the registry), not \"{name}\"."),
            )
            .with("parameter", "tijd")
        })?),
    };
    let limit = match params.one("limit")? {
        None | Some("") => DEFAULT_LIMIT,
        Some(text) => text
            .parse()
            .ok()
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .ok_or_else(|| {
                ApiError::bad_request(
                    "limit",
                    format!(
                        "De parameter limit is een getal van 1 tot {MAX_LIMIT}, niet \"{text}\"."
                    ),
                    format!(
                        "The parameter limit is a number from 1 to {MAX_LIMIT}, not \"{text}\"."
                    ),
                )
                .with("parameter", "limit")
            })?,
    };
    Ok(Asked {
        time,
        limit,
        after: params
            .one("na")?
            .filter(|na| !na.is_empty())
            .map(str::to_owned),
    })
}

fn bad_token(token: &str) -> ApiError {
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter na is \"{token}\": volg het adres in volgende, of laat hem weg."),
        format!(
            "The parameter na is \"{token}\": follow the address in volgende, or leave it out."
        ),
    )
    .with("parameter", "na")
}

/// The object of a type and id, whether anything is said about it now or not.
fn object_of(state: &AppState, shown: &Shown, kind: &str, id: &str) -> Result<Object, ApiError> {
    let (view, whole) = (shown.view(), shown.snapshot().whole());
    let mut objects = candidates(state, kind, id).into_iter().map(|iri| {
        let id = whole.id_of_iri(&iri);
        Object {
            versions: id.map_or_else(Vec::new, |id| {
                state.registry.versions_of(shown.snapshot(), id)
            }),
            is_described: id.is_some_and(|id| view.star(id).next().is_some()),
            iri,
            id,
        }
    });
    let mut first = None;
    let known = objects.find_map(|object| {
        if object.is_described || !object.versions.is_empty() {
            return Some(object);
        }
        first.get_or_insert(object);
        None
    });
    known
        .or(first)
        .ok_or_else(|| unknown(&format!("{kind}/{id}")))
}

/// Some versions, newest first.
struct Found {
    versions: Vec<Listed>,
    total: Option<usize>,
    /// The token of the page after this one.
    after: Option<String>,
    looked_since: Option<u64>,
}

/// What an address needs besides to lead to a version, behind parameters of the state shown.
fn at_version(shown: &Shown, address: &str, name: &str, value: &str) -> String {
    let mut out = address.to_owned();
    let pins = shown
        .pins()
        .iter()
        .map(|(name, value)| (*name, value.as_str()));
    for (name, value) in pins.filter(|(pin, _)| *pin != name).chain([(name, value)]) {
        out.push(mark_after(&out));
        out.push_str(&format!("{name}={}", percent_encode(value)));
    }
    out
}

fn listed(shown: &Shown, version: &registry::Version, address: &str) -> Listed {
    Listed {
        iri: version.iri.clone(),
        id: version.from.text().to_owned(),
        from: Some(version.from.at()),
        from_text: version.from.text().to_owned(),
        until_text: version.until.as_ref().map(|until| until.text().to_owned()),
        commit: None,
        sources: version.sources.clone(),
        changed: version.changed.clone(),
        detail: at_version(shown, address, VALID_AT, version.from.text()),
    }
}

fn by_valid_time(
    state: &AppState,
    shown: &Shown,
    object: &Object,
    asked: &Asked,
    address: &str,
) -> Result<Found, ApiError> {
    let all = &object.versions;
    let end = match &asked.after {
        None => all.len(),
        Some(token) => all
            .iter()
            .position(|version| version.from.text() == token)
            .ok_or_else(|| bad_token(token))?,
    };
    let from = end.saturating_sub(asked.limit);
    // One version more than is shown, to tell what changed since.
    let mut compared = all[from.saturating_sub(1)..end].to_vec();
    if let Some(id) = object.id {
        state
            .registry
            .tell_changes(shown.snapshot(), id, &mut compared);
    }
    let shown_from = compared.len() - (end - from);
    let versions = compared[shown_from..].iter().rev();
    let versions = versions
        .map(|version| listed(shown, version, address))
        .collect();
    Ok(Found {
        after: (from > 0).then(|| all[from].from.text().to_owned()),
        versions,
        total: Some(all.len()),
        looked_since: None,
    })
}

/// One version for each commit that changed the object or its nodes, as far as the log was looked through.
fn by_commits(
    state: &AppState,
    shown: &Shown,
    object: &Object,
    asked: &Asked,
    address: &str,
) -> Result<Found, ApiError> {
    let mut last = shown.snapshot().seq();
    let mut until = None;
    if let Some(token) = &asked.after {
        let seq: u64 = token.parse().map_err(|_| bad_token(token))?;
        last = last.min(seq.saturating_sub(1));
        until = state.registry.store().moment_of(seq).and_then(moment_text);
    }
    let subjects = state.registry.subjects_of(&object.iri);
    let changes = state.registry.changes_of(&subjects, last)?;
    let mut versions: Vec<Listed> = Vec::new();
    for change in changes.found.iter().take(asked.limit) {
        let made = change.made.map(|made| made.to_string()).unwrap_or_default();
        let seq = change.seq.to_string();
        let detail = at_version(shown, address, AS_OF, &seq);
        versions.push(Listed {
            iri: detail.clone(),
            id: made.clone(),
            from: change.made,
            from_text: made.clone(),
            until_text: until.replace(made),
            commit: Some(change.seq),
            sources: change.sources.clone(),
            changed: change.predicates.clone(),
            detail,
        });
    }
    let is_more = changes.found.len() > versions.len();
    let after = match versions.last() {
        Some(last) if is_more => last.commit.map(|seq| seq.to_string()),
        _ => None,
    };
    Ok(Found {
        total: (changes.is_whole && asked.after.is_none()).then_some(changes.found.len()),
        after,
        versions,
        looked_since: (!changes.is_whole).then_some(changes.since),
    })
}

fn moment_text(ms: i64) -> Option<String> {
    Some(Timestamp::from_millisecond(ms).ok()?.to_string())
}

/// The versions of a resource as mementos of its address, oldest first: by valid time where versions are kept.
pub(super) fn mementos(state: &AppState, shown: &Shown, object: Id, address: &str) -> Vec<Listed> {
    let versions = state.registry.versions_of(shown.snapshot(), object);
    versions
        .iter()
        .map(|version| listed(shown, version, address))
        .collect()
}

/// The time map of an object: what there is of its document, and where.
struct Times {
    original: String,
    gate: String,
    here: String,
    versions: Vec<Listed>,
}

fn times(state: &AppState, shown: &Shown, kind: &str, id: &str) -> Result<Times, ApiError> {
    let object = object_of(state, shown, kind, id)?;
    let base = state.registry.base();
    let path = format!("{kind}/{}", percent_encode(id));
    let original = format!("{base}/doc/{path}");
    let here = format!("{base}/tijd/{path}");
    let (versions, gate) = match object.versions.is_empty() {
        false => {
            let versions = &object.versions;
            let listed = versions
                .iter()
                .map(|version| listed(shown, version, &original));
            (listed.collect(), format!("{here}/poort"))
        }
        true => {
            // Without versions, the document is a gate to the states of the registry itself.
            let everything = Asked {
                time: None,
                limit: usize::MAX,
                after: None,
            };
            let mut found = by_commits(state, shown, &object, &everything, &original)?.versions;
            found.reverse();
            (found, original.clone())
        }
    };
    if versions.is_empty() && !object.is_described {
        return Err(unknown(&path));
    }
    Ok(Times {
        original,
        gate,
        here,
        versions,
    })
}

/// `GET /tijd/{type}/{id}`: the time map.
pub(super) async fn time_map(
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
    moment: Moment,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    let offers = [LINK_FORMAT, JSON];
    let chosen = match params.one("format")? {
        Some("link") => LINK_FORMAT,
        format => choose(&headers, format, &offers)?,
    };
    let shown = moment.state(&state).await?;
    let turn = state.look_back_turn().await?;
    blocking(move || {
        let _turn = turn;
        let times = times(&state, &shown, &kind, &id)?;
        let map = TimeMap {
            original: &times.original,
            gate: &times.gate,
            here: &times.here,
            versions: &times.versions,
        };
        let body = match chosen {
            JSON => format!("{:#}\n", map.json()),
            _ => map.link_format(),
        };
        Ok(Document::new(chosen, body)
            .at(&shown)
            .link(&times.original, "original", None)
            .link(&times.gate, "timegate", None)
            .respond(&headers))
    })
    .await
}

/// `GET /tijd/{type}/{id}/poort`: the time gate. Sends on to the version of a moment, the newest when none is named.
pub(super) async fn time_gate(
    State(state): State<AppState>,
    Path((kind, id)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = accept_datetime(&headers)?;
    let turn = state.look_back_turn().await?;
    blocking(move || {
        let _turn = turn;
        let shown = Shown::now(state.registry.snapshot());
        let times = times(&state, &shown, &kind, &id)?;
        let found = match wanted {
            // HTTP dates know whole seconds.
            Some(moment) => at(
                &times.versions,
                moment + jiff::SignedDuration::from_millis(999),
            ),
            None => times.versions.len().checked_sub(1),
        };
        let Some(found) = found else {
            return Err(unknown(&format!("{kind}/{id}")));
        };
        let mut response = (StatusCode::FOUND, Body::empty()).into_response();
        let out = response.headers_mut();
        let location = HeaderValue::from_str(&times.versions[found].detail);
        out.insert(header::LOCATION, location.map_err(ApiError::internal)?);
        out.insert(header::CACHE_CONTROL, HeaderValue::from_static(REVALIDATE));
        let mut links = vec![
            format!("<{}>; rel=\"original\"", times.original),
            format!("<{}>; rel=\"timemap\"; type=\"{LINK_FORMAT}\"", times.here),
        ];
        links.extend(links_around(&times.versions, found));
        for link in links {
            if let Ok(link) = HeaderValue::from_str(&link) {
                out.append(header::LINK, link);
            }
        }
        out.insert(header::VARY, HeaderValue::from_static("Accept-Datetime"));
        Ok(response)
    })
    .await
}

/// `GET /id/{type}/{id}/{moment}` and the same below `/doc`: the address of a version, which sends on to the document of the
/// object as of then (303).
pub(super) async fn version(
    State(state): State<AppState>,
    Path((kind, id, moment)): Path<(String, String, String)>,
    asked: Moment,
) -> Result<Response, ApiError> {
    let not_there = || unknown(&format!("{kind}/{id}/{moment}"));
    let wanted = registry::Moment::parse(&moment).ok_or_else(not_there)?;
    let shown = asked.state(&state).await?;
    let object = object_of(&state, &shown, &kind, &id)?;
    let known = object
        .versions
        .iter()
        .find(|version| version.from.at() == wanted.at());
    let version = known.ok_or_else(not_there)?;
    let address = Route::Doc.address(&state, &object.iri);
    see_other(
        &at_version(&shown, &address, VALID_AT, version.from.text()),
        &shown,
    )
}

/// The address of the document of the object of a version, as of that version, when an IRI is that of one.
pub(super) fn document_of_version(state: &AppState, shown: &Shown, iri: &str) -> Option<String> {
    let (object, moment) = iri.rsplit_once('/')?;
    let moment = registry::Moment::parse(moment)?;
    let id = shown.snapshot().whole().id_of_iri(object)?;
    let versions = state.registry.versions_of(shown.snapshot(), id);
    let version = versions
        .iter()
        .find(|version| version.from.at() == moment.at())?;
    let address = Route::Doc.address(state, object);
    Some(at_version(shown, &address, VALID_AT, version.from.text()))
}

/// 303 to where something is told.
pub(super) fn see_other(target: &str, shown: &Shown) -> Result<Response, ApiError> {
    let mut response = (StatusCode::SEE_OTHER, Body::empty()).into_response();
    let out = response.headers_mut();
    let location = HeaderValue::from_str(target).map_err(ApiError::internal)?;
    out.insert(header::LOCATION, location);
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(REVALIDATE));
    shown.describe(out);
    Ok(response)
}

/// What an answer about a resource says of other times ([RFC 7089 §4](https://www.rfc-editor.org/rfc/rfc7089#section-4)).
pub(super) fn tell_times(
    document: Document,
    state: &AppState,
    (shown, object): (&Shown, Id),
    (kind, id): (&str, &str),
    address: &str,
) -> Document {
    let base = state.registry.base();
    let map = format!("{base}/tijd/{kind}/{}", percent_encode(id));
    let mut document = document.link(&map, "timemap", Some(LINK_FORMAT)).link(
        &format!("{map}/poort"),
        "timegate",
        None,
    );
    let Some(valid) = shown.valid() else {
        return document;
    };
    let versions = mementos(state, shown, object, address);
    if let Some(here) = at(&versions, valid.at()) {
        for link in links_around(&versions, here) {
            document = document.raw_link(link);
        }
        if let Some(date) = versions[here].from.and_then(http_date) {
            document = document.dated(date);
        }
    }
    document
}
