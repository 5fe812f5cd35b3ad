//! `/log`: the commit log for nodes that follow this one, and what a node that follows says of itself. The log holds
//! everything, also what is not shown, so only the followers' token and the administrator's open it.

use super::body::Params;
use super::error::ApiError;
use super::reply::{JSON, set_commit};
use super::sparql::missing;
use super::state::{AppState, blocking};
use crate::access::{WriteRefusal, authorise_follow};
use crate::feeds::log_feed::{
    ANSWER_BYTES, FeedSummary, FollowFigures, MAX_WAIT_SECONDS, MEDIA_TYPE, Phase, write_log,
    write_records,
};
use crate::rdf::label::Text;
use crate::store::{Continuation, StoreError, unhex};
use axum::body::{Body, Bytes};
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value as Json, json};
use std::io::{self, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio_stream::wrappers::ReceiverStream;

/// Longest wait for a commit before looking whether the server ends.
const STEP: Duration = Duration::from_millis(250);
/// An answer up to this size is made before it is sent.
const WHOLE_BYTES: u64 = 256 << 10;
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks that wait for a slow follower.
const CHUNKS_AHEAD: usize = 8;

/// Refuses whoever may not follow.
fn authorise(state: &AppState, headers: &HeaderMap) -> Result<(), ApiError> {
    let presented = headers.get(header::AUTHORIZATION);
    let presented = presented.and_then(|value| value.to_str().ok());
    let (admin, follower) = (state.token.as_ref(), state.follower_token.as_ref());
    let refusal = match authorise_follow(admin, follower, presented) {
        Ok(_) => return Ok(()),
        Err(refusal) => refusal,
    };
    Err(match refusal {
        WriteRefusal::ReadOnly => ApiError::new(
            StatusCode::FORBIDDEN,
            "read-only",
            Text::new("Niet beschikbaar", "Not available"),
            Text::new(
                "Het log is voor registers die volgen, en er is geen token voor hen ingesteld (--follower-token-file).",
                "The log is for nodes that follow, and no token for them is configured (--follower-token-file).",
            ),
        ),
        other => ApiError::only_for_administrator(other),
    })
}

/// `GET /log`: what the log holds, and of which registry it is.
pub(super) async fn summary(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authorise(&state, &headers)?;
    let summary = FeedSummary::of(&state.registry).ok_or_else(no_log)?;
    let body = serde_json::to_string_pretty(&summary).map_err(ApiError::internal)?;
    Ok(private(JSON, Body::from(body + "\n"), summary.last))
}

/// `GET /log/commits?from=13&chain=…&wait=25`: the records from a commit on, for whoever has the one before it.
pub(super) async fn commits(
    State(state): State<AppState>,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authorise(&state, &headers)?;
    let params = Params::parse(uri.query().unwrap_or(""))?;
    let from: u64 = number(&params, "from")?.ok_or_else(|| missing("from"))?;
    let after = from.checked_sub(1).ok_or_else(|| bad("from", "0"))?;
    let chain = params.one("chain")?.ok_or_else(|| missing("chain"))?;
    let chain = unhex(chain).ok_or_else(|| bad("chain", chain))?;
    let wait = number(&params, "wait")?.unwrap_or(0).min(MAX_WAIT_SECONDS);
    if state.registry.store().dir().is_none() {
        return Err(no_log());
    }
    let turn = state.follow_turn().await?;
    let until = Instant::now() + Duration::from_secs(wait);
    loop {
        let state = state.clone();
        let is_there = blocking(move || {
            let store = state.registry.store();
            match store.continues(after, &chain)? {
                Continuation::Chained => {}
                Continuation::Other => return Err(diverged(after)),
                Continuation::GivenUp(base) => return Err(given_up(base)),
            }
            let is_over = Instant::now() >= until || state.is_ending.load(Ordering::Relaxed);
            let left = until.saturating_duration_since(Instant::now()).min(STEP);
            Ok(store.wait_for(from, left) || is_over)
        });
        if is_there.await? {
            break;
        }
    }
    let store_of = state.clone();
    let (records, last) = blocking(move || {
        let store = store_of.registry.store();
        let records = store.ship(from, ANSWER_BYTES);
        let records = records.map_err(|error| match error {
            StoreError::Compacted { first } => given_up(first.saturating_sub(1)),
            other => other.into(),
        })?;
        Ok((records, store.log_summary().ok_or_else(no_log)?))
    })
    .await?;
    let bytes: u64 = records.iter().map(|record| record.bytes).sum();
    let seq = last.last;
    if bytes <= WHOLE_BYTES {
        let body = blocking(move || {
            let mut body = Vec::with_capacity(bytes as usize + 128 * (records.len() + 2));
            write_records(&mut body, &records, &last).map_err(ApiError::internal)?;
            Ok(body)
        });
        return Ok(private(MEDIA_TYPE, Body::from(body.await?), seq));
    }
    let body = streamed(turn, move |out| write_records(out, &records, &last));
    Ok(private(MEDIA_TYPE, body, seq))
}

/// `GET /log/base`: all files of the log, for whoever has none of it or lacks what was given up.
pub(super) async fn base(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    authorise(&state, &headers)?;
    let turn = state.follow_turn().await?;
    let (last, parts) = blocking(move || {
        let store = state.registry.store();
        store.log_summary().ok_or_else(no_log)?;
        Ok(store.ship_log()?)
    })
    .await?;
    let seq = last.last;
    let body = streamed(turn, move |out| write_log(out, &parts, &last));
    Ok(private(MEDIA_TYPE, body, seq))
}

fn private(kind: &'static str, body: Body, seq: u64) -> Response {
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    set_commit(headers, Some(seq));
    response
}

/// A body written on a thread of its own, a little ahead of its reader; broken off when the work fails.
fn streamed(
    turn: OwnedSemaphorePermit,
    work: impl FnOnce(&mut dyn Write) -> io::Result<()> + Send + 'static,
) -> Body {
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let mut out = io::BufWriter::with_capacity(CHUNK_BYTES, Chunks(sender.clone()));
        if let Err(error) = work(&mut out).and_then(|()| out.flush()) {
            tracing::debug!(%error, "A follower was not answered in full");
            // Whoever is gone does not hear it.
            let _ = sender.blocking_send(Err(error));
        }
    });
    Body::from_stream(ReceiverStream::new(receiver))
}

struct Chunks(mpsc::Sender<io::Result<Bytes>>);

impl Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map(|()| bytes.len())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn number(params: &Params, name: &str) -> Result<Option<u64>, ApiError> {
    let Some(text) = params.one(name)?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| bad(name, text))
}

fn bad(name: &str, text: &str) -> ApiError {
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter \"{name}\" kan niet \"{text}\" zijn: from en wait zijn getallen vanaf 1 en 0, chain is een SHA-256 in hexadecimalen."),
        format!("The parameter \"{name}\" cannot be \"{text}\": from and wait are numbers from 1 and 0 on, chain is a SHA-256 in hexadecimals."),
    )
    .with("parameter", name)
}

fn no_log() -> ApiError {
    ApiError::not_found(
        "Dit register leeft in het geheugen en heeft geen log.",
        "This registry lives in memory and has no log.",
    )
}

fn diverged(after: u64) -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "log-diverged",
        Text::new("Een andere geschiedenis", "Another history"),
        Text::new(
            format!("Dit register heeft geen commit {after} met die keten: wie ze heeft, volgde een andere geschiedenis."),
            format!("This registry has no commit {after} with that chain: whoever has it followed another history."),
        ),
    )
    .with("commit", after)
}

fn given_up(base: u64) -> ApiError {
    ApiError::new(
        StatusCode::GONE,
        "log-given-up",
        Text::new("Niet meer apart te krijgen", "No longer to be had by itself"),
        Text::new(
            format!("De commits tot en met {base} zijn niet meer apart te krijgen; GET /log/base geeft het hele log."),
            format!("The commits up to {base} are no longer to be had by themselves; GET /log/base gives the whole log."),
        ),
    )
    .with("oudste", base)
}

/// What `/health` says of a node that follows another.
pub(super) fn health(primary: &str, figures: &FollowFigures) -> Json {
    let contact = figures
        .contact_ms
        .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
        .map(|moment| format!("{moment:.3}"));
    let mut out = json!({
        "primair": primary,
        "toestand": figures.phase.word(),
        "gereed": figures.is_ready,
        "laatste": figures.last,
        "achterstand": {
            "commits": figures.commits_behind,
            "seconden": (figures.behind.as_secs_f64() * 1000.0).round() / 1000.0,
        },
        "laatsteContact": contact,
    });
    if let Some(problem) = &figures.problem {
        out["reden"] = json!({ "nl": problem.nl, "en": problem.en });
        out["mislukt"] = figures.failures.into();
    }
    out
}

/// Name, help and value of each figure of a node that follows another.
pub(super) fn metrics(figures: &FollowFigures) -> [(&'static str, &'static str, f64); 5] {
    let contact = figures.contact_ms.unwrap_or_default() as f64 / 1000.0;
    let is_following = figures.phase == Phase::Following;
    [
        (
            "oslo_replica_up",
            "1 while commits of the primary are taken over, 0 when something is the matter.",
            f64::from(u8::from(is_following)),
        ),
        (
            "oslo_replica_lag_commits",
            "Commits of the primary that are not here, as far as known.",
            figures.commits_behind as f64,
        ),
        (
            "oslo_replica_lag_seconds",
            "Time since this node last had all that the primary had; 0 while it has.",
            figures.behind.as_secs_f64(),
        ),
        (
            "oslo_replica_last_contact_timestamp_seconds",
            "When the primary was last heard of; 0 before the first time.",
            contact,
        ),
        (
            "oslo_replica_failures_in_a_row",
            "Tries that failed since the last that did not.",
            f64::from(figures.failures),
        ),
    ]
}
