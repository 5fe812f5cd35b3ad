//! Requests that may come twice ([Idempotency-Key](https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/)):
//! the second gets the answer of the first, and nothing is done again. The digest of a key is written to the log with its
//! commit, so that a restart forgets nothing that was acknowledged; whole answers are kept in memory alone.

use super::super::error::ApiError;
use super::super::state::AppState;
use super::answer::Reply;
use crate::rdf::label::Text;
use crate::store::{CommitInfo, Source, hex};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest as _, Sha256};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
/// Most characters of a key.
const MAX_KEY: usize = 255;
/// How long a key is remembered.
const KEPT_MS: i64 = 24 * 3600 * 1000;
/// Most keys that are remembered; older ones give way.
const MAX_KEYS: usize = 10_000;
/// Commits that are looked through for keys after a start.
const MAX_COMMITS: u64 = 20_000;
/// Most bytes of an answer that is kept whole; a larger one is made again.
const MAX_REPLY_BYTES: usize = 16 << 10;
/// What a commit's source is called that is the key of its request.
const SOURCE: &str = "urn:oslo-registry:idempotency:";

type Digest = [u8; 32];

/// The key of a request, and what the request is.
#[derive(Clone, Debug)]
pub(in crate::http) struct Key {
    key: Digest,
    request: Digest,
}

impl Key {
    /// Of the headers of a request, when they have one. `parts` are what makes the request what it is.
    pub(in crate::http) fn of(
        headers: &HeaderMap,
        parts: &[&[u8]],
    ) -> Result<Option<Self>, ApiError> {
        let mut values = headers.get_all(HEADER).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        let text = value.to_str().unwrap_or("").trim();
        // A string of structured fields stands in quotes; most clients leave them out.
        let inner = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        let text = inner.unwrap_or(text);
        let is_key = (1..=MAX_KEY).contains(&text.len())
            && !text.contains('"')
            && text.bytes().all(|b| (b' '..=b'~').contains(&b));
        if !is_key || values.next().is_some() {
            return Err(ApiError::bad_request(
                "idempotency-key",
                format!(
                    "De hoofding Idempotency-Key is één tekst van 1 tot {MAX_KEY} leesbare tekens, zoals een UUID."
                ),
                format!(
                    "The header Idempotency-Key is one text of 1 to {MAX_KEY} readable characters, such as a UUID."
                ),
            ));
        }
        let mut request = Sha256::new();
        for part in parts {
            request.update((part.len() as u64).to_le_bytes());
            request.update(part);
        }
        let mut key = Sha256::new();
        key.update(b"idempotency-key\0");
        key.update(text);
        Ok(Some(Self {
            key: key.finalize().into(),
            request: request.finalize().into(),
        }))
    }

    /// How the log has it.
    pub(in crate::http) fn source(&self) -> Source {
        Source {
            iri: format!("{SOURCE}{}", hex(&self.key)),
            sha256: Some(hex(&self.request)),
        }
    }
}

/// What is known of keys.
#[derive(Default)]
pub(in crate::http) struct Keys {
    loaded: OnceLock<()>,
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    known: FxHashMap<Digest, Known>,
    /// Keys with the moments they came, oldest first.
    order: VecDeque<(Digest, i64)>,
    running: FxHashSet<Digest>,
}

struct Known {
    request: Digest,
    at_ms: i64,
    answer: Answer,
}

/// What a request with a known key is answered.
#[derive(Clone)]
pub(in crate::http) enum Answer {
    /// The answer as it was.
    Whole(Reply),
    /// What the commit of this number tells.
    OfCommit(u64),
}

/// What a key says of a request.
pub(in crate::http) enum Claim<'a> {
    /// It was done before.
    Known(Answer),
    /// It is to be done now.
    New(Running<'a>),
}

/// A request under way.
pub(in crate::http) struct Running<'a> {
    keys: &'a Keys,
    key: Key,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.keys.table().running.remove(&self.key.key);
    }
}

impl Running<'_> {
    /// Keeps the answer of what was done.
    pub(in crate::http) fn done(&self, reply: &Reply, made: Option<u64>) {
        let answer = match made {
            Some(seq) if reply.body.len() > MAX_REPLY_BYTES => Answer::OfCommit(seq),
            None if reply.body.len() > MAX_REPLY_BYTES => return,
            _ => Answer::Whole(reply.clone()),
        };
        self.keys.table().keep(
            self.key.key,
            Known {
                request: self.key.request,
                at_ms: now_ms(),
                answer,
            },
        );
    }
}

impl Table {
    fn keep(&mut self, key: Digest, known: Known) {
        self.order.push_back((key, known.at_ms));
        self.known.insert(key, known);
        let oldest = now_ms() - KEPT_MS;
        while let Some((key, at_ms)) = self.order.front().copied() {
            if at_ms > oldest && self.known.len() <= MAX_KEYS {
                break;
            }
            self.order.pop_front();
            // The same key may have come again since.
            if self
                .known
                .get(&key)
                .is_some_and(|known| known.at_ms == at_ms)
            {
                self.known.remove(&key);
            }
        }
    }
}

impl Keys {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a key for a request, unless it was used before or is in use.
    pub(in crate::http) fn claim(
        &self,
        state: &AppState,
        key: &Key,
    ) -> Result<Claim<'_>, ApiError> {
        self.loaded.get_or_init(|| self.load(state));
        let mut table = self.table();
        let known = table.known.get(&key.key);
        if let Some(known) = known.filter(|known| known.at_ms > now_ms() - KEPT_MS) {
            if known.request != key.request {
                return Err(reused());
            }
            return Ok(Claim::Known(known.answer.clone()));
        }
        if !table.running.insert(key.key) {
            return Err(running());
        }
        drop(table);
        Ok(Claim::New(Running {
            keys: self,
            key: key.clone(),
        }))
    }

    /// Reads the keys of the latest commits out of the log, latest first.
    fn load(&self, state: &AppState) {
        const AT_ONCE: u64 = 1000;
        let store = state.registry.store();
        let mut last = store.snapshot().seq();
        let (stop, oldest) = (last.saturating_sub(MAX_COMMITS), now_ms() - KEPT_MS);
        let mut found = Vec::new();
        while last > stop {
            let since = last.saturating_sub(AT_ONCE).max(stop);
            let infos = match store.commits_between(since, last) {
                Ok(infos) if !infos.is_empty() => infos,
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "Keys of earlier requests could not be read");
                    break;
                }
            };
            let too_old = infos.first().is_some_and(|info| at_ms(info) <= oldest);
            found.extend(infos.iter().rev().filter_map(of_commit));
            if too_old {
                break;
            }
            last = since;
        }
        let mut table = self.table();
        for (key, known) in found.into_iter().rev() {
            if known.at_ms > oldest {
                table.keep(key, known);
            }
        }
    }
}

fn of_commit(info: &CommitInfo) -> Option<(Digest, Known)> {
    let source = info
        .source
        .iter()
        .find_map(|source| Some((source.iri.strip_prefix(SOURCE)?, source.sha256.as_deref()?)));
    let (key, request) = source?;
    let known = Known {
        request: crate::store::unhex(request)?,
        at_ms: at_ms(info),
        answer: Answer::OfCommit(info.seq),
    };
    Some((crate::store::unhex(key)?, known))
}

fn at_ms(info: &CommitInfo) -> i64 {
    let at = info.time.parse::<jiff::Timestamp>();
    at.map_or(0, |at| at.as_millisecond())
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn reused() -> ApiError {
    ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "idempotency-reused",
        Text::new(
            "Sleutel voor een ander verzoek gebruikt",
            "Key used for another request",
        ),
        Text::new(
            "Deze Idempotency-Key hoorde bij een ander verzoek. Neem een nieuwe sleutel voor elk nieuw verzoek.",
            "This Idempotency-Key belonged to another request. Take a new key for each new request.",
        ),
    )
}

fn running() -> ApiError {
    ApiError::new(
        StatusCode::CONFLICT,
        "idempotency-running",
        Text::new("Het verzoek loopt nog", "The request is still running"),
        Text::new(
            "Een verzoek met deze Idempotency-Key wordt nog uitgevoerd. Probeer het over een seconde opnieuw.",
            "A request with this Idempotency-Key is still being carried out. Try again in a second.",
        ),
    )
    .with_header(header::RETRY_AFTER, "1")
}
