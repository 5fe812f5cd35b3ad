//! `/events`: a line to every browser or program that wants to hear of commits as they are made, as server-sent events
//! ([HTML §9.2](https://html.spec.whatwg.org/multipage/server-sent-events.html)). Events are thin: the commit and which objects it touched. Their
//! ids are numbers of commits, so that whoever comes back with `Last-Event-ID` misses nothing. Keeps nothing for anybody: a
//! listener that does not take its events is let go, and goes on later where it was.

use super::body::{Params, whole};
use super::error::ApiError;
use super::state::{AppState, blocking};
use crate::feeds::push::{SourceError, Touched, touched_after};
use crate::rdf::label::Text;
use crate::registry::Registry;
use crate::store::Snapshot;
use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as Json, json};
use std::convert::Infallible;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

/// Listeners at once.
const LISTENERS: usize = 256;
/// Listeners that the log is read for at once.
const READERS: usize = 4;
/// Events that may wait for a listener to take them.
pub(super) const QUEUE: usize = 8;
/// A comment is sent when there was nothing else for so long: proxies take silence for an end.
pub(super) const HEART_BEAT: Duration = Duration::from_secs(15);
/// How soon a listener comes back after its line broke, in milliseconds.
pub(super) const COME_BACK_MS: u32 = 2_000;
/// How often the thread that waits for commits looks whether the server is still there.
const LOOK: Duration = Duration::from_millis(100);

/// Who listens, and how they hear that there is a commit.
pub(super) struct Listeners {
    pub(super) room: Arc<Semaphore>,
    pub(super) readers: Semaphore,
    /// The number of the last commit, and whether the server is closing.
    news: OnceLock<watch::Sender<(u64, bool)>>,
}

impl Default for Listeners {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(LISTENERS)),
            readers: Semaphore::new(READERS),
            news: OnceLock::new(),
        }
    }
}

impl Listeners {
    /// Hears of commits. The first listener starts the thread that waits for them.
    pub(super) fn news(&self, registry: &Arc<Registry>) -> watch::Receiver<(u64, bool)> {
        let news = self.news.get_or_init(|| {
            let (sender, _) = watch::channel((registry.snapshot().seq(), false));
            let told = sender.clone();
            let registry = Arc::downgrade(registry);
            let waiting = std::thread::Builder::new().name("oslo-events".to_owned());
            if let Err(error) = waiting.spawn(move || wait(&registry, &told)) {
                tracing::error!(%error, "Listeners hear of commits by their heart-beat only");
            }
            sender
        });
        news.subscribe()
    }

    /// Lets everybody go.
    pub(super) fn close(&self) {
        if let Some(news) = self.news.get() {
            news.send_modify(|(_, is_closing)| *is_closing = true);
        }
    }
}

fn wait(registry: &Weak<Registry>, news: &watch::Sender<(u64, bool)>) {
    let mut seen = news.borrow().0;
    // Between two looks nobody is kept from closing the registry.
    while let Some(registry) = registry.upgrade() {
        let newest = registry.store().wait_for_commit(seen, LOOK);
        drop(registry);
        if newest > seen {
            seen = newest;
            news.send_modify(|(last, _)| *last = newest);
        }
        if news.borrow().1 {
            return;
        }
    }
}

/// `GET /events?na={commit}&register={naam}`.
pub(super) async fn events(
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let params = Params::of_query(query.as_deref())?;
    if let Some((name, _)) = params
        .0
        .iter()
        .find(|(name, _)| !["na", "register", "apikey"].contains(&name.as_str()))
    {
        return Err(wrong(
            name,
            "kent dit adres niet",
            "is not known at this address",
        ));
    }
    // A form sends what was left empty too.
    let register = params.one("register")?.filter(|name| !name.is_empty());
    let register = register.map(str::to_owned);
    if let Some(name) = &register
        && state
            .registry
            .register(name)
            .is_none_or(|register| register.access != "public")
    {
        return Err(ApiError::not_found(
            format!("Er is geen register \"{name}\"; /api somt ze op."),
            format!("There is no register \"{name}\"; /api lists them."),
        )
        .with("parameter", "register"));
    }
    let newest = state.registry.snapshot();
    let after = start(&headers, &params, &newest)?;
    let first = state.registry.store().commits_with_rows();
    let has_log = state.registry.store().dir().is_some();
    if has_log && after < newest.seq() && first.is_none_or(|(first, _)| after + 1 < first) {
        return Err(gone());
    }
    let room = Arc::clone(&state.listeners.room);
    let room = room.try_acquire_owned().map_err(|_| no_room())?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(tell(state, room, register, after, sender));
    Ok(stream_of(receiver))
}

/// The answer whose body are the events that come through a channel.
pub(super) fn stream_of(receiver: mpsc::Receiver<Bytes>) -> Response {
    let stream = ReceiverStream::new(receiver).map(Ok::<_, Infallible>);
    let mut response = (StatusCode::OK, Body::from_stream(stream)).into_response();
    let out = response.headers_mut();
    out.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    out.insert(
        header::VARY,
        HeaderValue::from_static("Accept, Last-Event-ID"),
    );
    // Proxies of the family of nginx gather answers unless they are told not to.
    out.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The commit after which to begin: the last event the listener had, else what it asks for, else now.
fn start(headers: &HeaderMap, params: &Params, newest: &Snapshot) -> Result<u64, ApiError> {
    let last = headers.get("last-event-id");
    // What is no text is no number either.
    let last = last.map(|value| value.to_str().unwrap_or("?"));
    let (name, given) = match last {
        Some(last) if !last.is_empty() => ("Last-Event-ID", last),
        _ => match params.one("na")?.filter(|given| !given.is_empty()) {
            Some(given) => ("na", given),
            None => return Ok(newest.seq()),
        },
    };
    let commit = whole(given).ok_or_else(|| {
        wrong(
            name,
            "is geen nummer van een commit",
            "is no number of a commit",
        )
    })?;
    if commit > newest.seq() {
        return Err(ApiError::not_found(
            format!("Er is nog geen commit {commit}."),
            format!("There is no commit {commit} yet."),
        )
        .with("parameter", name));
    }
    Ok(commit)
}

fn wrong(name: &str, nl: &str, en: &str) -> ApiError {
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter \"{name}\" {nl}."),
        format!("The parameter \"{name}\" {en}."),
    )
    .with("parameter", name)
}

fn gone() -> ApiError {
    ApiError::new(
        StatusCode::GONE,
        "events-gone",
        Text::new("Niet meer in het logboek", "No longer in the log"),
        Text::new(
            "De commits na dit nummer zijn niet allemaal meer in het logboek. Haal de toestand op en luister dan vanaf nu.",
            "Not all commits after this number are in the log any more. Fetch the state, then listen from now on.",
        ),
    )
}

pub(super) fn no_room() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "too-many-listeners",
        Text::new("Te veel luisteraars", "Too many listeners"),
        Text::new(
            "Er luisteren er zoveel als er mogen. Probeer het straks opnieuw.",
            "As many listen as may. Try again later.",
        ),
    )
    .with_header(header::RETRY_AFTER, "30")
}

/// Tells one listener, until it or the server goes.
async fn tell(
    state: AppState,
    _room: OwnedSemaphorePermit,
    register: Option<String>,
    mut after: u64,
    listener: mpsc::Sender<Bytes>,
) {
    let patience = state.config.stall_timeout;
    let send = async |text: String| {
        let sent = tokio::time::timeout(patience, listener.send(text.into())).await;
        matches!(sent, Ok(Ok(())))
    };
    let mut news = state.listeners.news(&state.registry);
    if !send(format!("retry: {COME_BACK_MS}\n: oslo-registry\n\n")).await {
        return;
    }
    loop {
        if news.borrow_and_update().1 {
            return;
        }
        let registry = Arc::clone(&state.registry);
        let read = move || Ok(touched_after(&registry, after));
        let Ok(turn) = state.listeners.readers.acquire().await else {
            return;
        };
        let touched = blocking(read).await;
        drop(turn);
        let touched = match touched {
            Ok(Ok(touched)) => touched,
            // It asks again where it was, and is told what is wrong.
            Ok(Err(SourceError::Gone { .. })) => return,
            Ok(Err(SourceError::Store(error))) => {
                tracing::error!(%error, "The log cannot be read for a listener");
                return;
            }
            Err(_) => return,
        };
        if let Some(last) = touched.last() {
            after = last.commit;
            let mut text = String::new();
            for commit in &touched {
                text.clear();
                if write_event(&mut text, commit, register.as_deref()) && !send(text.clone()).await
                {
                    return;
                }
            }
            continue;
        }
        tokio::select! {
            changed = news.changed() => if changed.is_err() { return },
            () = tokio::time::sleep(HEART_BEAT) => {
                if !send(": \n\n".to_owned()).await {
                    return;
                }
            }
            () = listener.closed() => return,
        }
    }
}

/// Writes the event of a commit; nothing when it touched no object of the register that is asked for.
fn write_event(out: &mut String, commit: &Touched, register: Option<&str>) -> bool {
    let registers = commit.registers.iter();
    let own = registers.filter(|own| register.is_none_or(|name| own.name == name));
    let registers: Map<String, Json> = own
        .map(|own| (own.name.clone(), own.items.clone().into()))
        .collect();
    if register.is_some() && registers.is_empty() && !commit.more {
        return false;
    }
    let data = json!({
        "commit": commit.commit,
        "moment": commit.moment,
        "registers": registers,
        "more": commit.more,
    });
    *out += &format!("id: {}\nevent: commit\ndata: {data}\n\n", commit.commit);
    true
}
