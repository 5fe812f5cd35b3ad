//! The account of queries: those that run, with the means to stop them, and the last ones that ended. In memory only and
//! bounded; texts never go to the log files, since they may hold data. Decides nothing about who may see it.

use crate::query::{Cancel, Progress, QueryError, QueryStats};
use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Queries that ended and are still listed.
const KEPT: usize = 500;
/// Bytes of a text that are kept.
const TEXT_BYTES: usize = 4 << 10;

/// What is known of a query when it starts.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Number of the request.
    pub(super) id: Arc<str>,
    /// `SELECT`, `ASK`, `CONSTRUCT`, `DESCRIBE` or `UPDATE`.
    pub(super) form: &'static str,
    /// Graphs the request names; 0 when it leaves the choice to the text.
    pub(super) graphs: usize,
    /// The beginning of the text.
    pub(super) text: Box<str>,
    /// When it was asked.
    pub(super) at: Timestamp,
}

impl Asked {
    pub(super) fn now(id: &Arc<str>, form: &'static str, graphs: usize, text: &str) -> Self {
        let mut end = text.len().min(TEXT_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut kept = text[..end].to_owned();
        if end < text.len() {
            kept.push('…');
        }
        Self {
            id: Arc::clone(id),
            form,
            graphs,
            text: kept.into(),
            at: Timestamp::now(),
        }
    }
}

/// How a query ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// With this many rows, or changed quads of an update.
    Rows(u64),
    /// With the code of a problem.
    Failed(&'static str),
    /// Nobody waited for the rest.
    Abandoned,
}

impl Outcome {
    /// That of a query whose rows were written out.
    pub(super) fn of(ran: &Result<QueryStats, QueryError>) -> Self {
        match ran {
            Ok(stats) => Self::Rows(stats.rows),
            Err(error) => Self::Failed(error.code()),
        }
    }
}

/// A query that ended.
#[derive(Clone, Debug)]
pub(super) struct Ended {
    pub(super) asked: Asked,
    pub(super) duration: Duration,
    pub(super) outcome: Outcome,
    progress: Progress,
}

impl Ended {
    /// The steps of its plan in one line, if one was made.
    pub(super) fn plan(&self) -> Option<&str> {
        self.progress.plan()
    }
}

/// A query that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) asked: Asked,
    started: Instant,
    cancel: Cancel,
    progress: Progress,
    is_stopped: AtomicBool,
    sent_bytes: AtomicU64,
}

impl Running {
    pub(super) fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Rows of the answer that were handed over so far.
    pub(super) fn rows(&self) -> u64 {
        self.progress.rows()
    }

    /// The steps of its plan in one line, once it is made.
    pub(super) fn plan(&self) -> Option<&str> {
        self.progress.plan()
    }

    /// Bytes of the answer that were written so far.
    pub(super) fn sent_bytes(&self) -> u64 {
        self.sent_bytes.load(Ordering::Relaxed)
    }

    /// Whether it was asked to stop.
    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }
}

/// The account itself.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    running: Vec<Arc<Running>>,
    /// Newest last.
    ended: VecDeque<Ended>,
    /// Makes a second query under one number another one.
    doubles: u64,
}

impl Ledger {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Enters a query that begins; dropping the entry says that nobody waited for its end.
    pub(super) fn begin(
        self: &Arc<Self>,
        mut asked: Asked,
        cancel: Cancel,
        progress: Progress,
    ) -> Entry {
        let mut state = self.state();
        if state.running.iter().any(|known| known.asked.id == asked.id) {
            state.doubles += 1;
            asked.id = format!("{}.{}", asked.id, state.doubles).into();
        }
        let running = Arc::new(Running {
            asked,
            started: Instant::now(),
            cancel,
            progress,
            is_stopped: AtomicBool::new(false),
            sent_bytes: AtomicU64::new(0),
        });
        state.running.push(Arc::clone(&running));
        Entry {
            ledger: Arc::clone(self),
            running,
            outcome: Outcome::Abandoned,
        }
    }

    /// Enters a query that began and ended at once.
    pub(super) fn record(
        &self,
        asked: Asked,
        duration: Duration,
        outcome: Outcome,
        progress: Progress,
    ) {
        let ended = Ended {
            asked,
            duration,
            outcome,
            progress,
        };
        log(&ended);
        push(&mut self.state().ended, ended);
    }

    /// The queries that run, oldest first.
    pub(super) fn running(&self) -> Vec<Arc<Running>> {
        self.state().running.clone()
    }

    /// The last queries that ended, newest first.
    pub(super) fn ended(&self) -> Vec<Ended> {
        self.state().ended.iter().rev().cloned().collect()
    }

    /// Asks a running query to stop; `false` when none has that number.
    pub(super) fn stop(&self, id: &str) -> bool {
        let state = self.state();
        let found = state.running.iter().find(|known| *known.asked.id == *id);
        let Some(running) = found else {
            return false;
        };
        running.is_stopped.store(true, Ordering::Relaxed);
        running.cancel.cancel();
        true
    }
}

impl Ledger {
    /// Asks all running queries to stop.
    pub(super) fn stop_all(&self) {
        for running in self.running() {
            running.is_stopped.store(true, Ordering::Relaxed);
            running.cancel.cancel();
        }
    }
}

fn push(ended: &mut VecDeque<Ended>, entry: Ended) {
    if ended.len() == KEPT {
        ended.pop_front();
    }
    ended.push_back(entry);
}

/// One line of the log: everything but the text. A plan has only the names of steps.
fn log(ended: &Ended) {
    let asked = &ended.asked;
    let duration_ms = ended.duration.as_millis() as u64;
    let (rows, code) = match ended.outcome {
        Outcome::Rows(rows) => (Some(rows), "ok"),
        Outcome::Failed(code) => (None, code),
        Outcome::Abandoned => (None, "abandoned"),
    };
    tracing::debug!(
        query = %asked.id,
        form = asked.form,
        graphs = asked.graphs,
        rows,
        code,
        duration_ms,
        plan = ended.plan(),
        "A query ended"
    );
}

/// The place of one running query in the account.
#[derive(Debug)]
pub(super) struct Entry {
    ledger: Arc<Ledger>,
    running: Arc<Running>,
    outcome: Outcome,
}

impl Entry {
    /// Counts bytes of the answer.
    pub(super) fn add_bytes(&self, bytes: usize) {
        let sent = &self.running.sent_bytes;
        sent.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Says how the query ended, and takes it off the list.
    pub(super) fn end(mut self, outcome: Outcome) {
        self.outcome = outcome;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let duration = self.running.started.elapsed();
        let outcome = match self.outcome {
            // The flag was raised for one of two reasons, and only here it is known for which.
            Outcome::Failed("query-cancelled" | "query-write") if !self.running.is_stopped() => {
                Outcome::Abandoned
            }
            outcome => outcome,
        };
        let ended = Ended {
            asked: self.running.asked.clone(),
            duration,
            outcome,
            progress: self.running.progress.clone(),
        };
        log(&ended);
        let mut state = self.ledger.state();
        state
            .running
            .retain(|known| !Arc::ptr_eq(known, &self.running));
        push(&mut state.ended, ended);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(id: &str, text: &str) -> Asked {
        Asked::now(&Arc::from(id), "SELECT", 0, text)
    }

    #[test]
    fn running_queries_are_listed_until_they_end() {
        let ledger = Arc::new(Ledger::default());
        let first = ledger.begin(asked("a", "SELECT 1"), Cancel::new(), Progress::new());
        let second = ledger.begin(asked("b", "SELECT 2"), Cancel::new(), Progress::new());
        first.add_bytes(10);
        assert_eq!(ledger.running().len(), 2);
        assert_eq!(ledger.running()[0].sent_bytes(), 10);
        first.end(Outcome::Rows(3));
        drop(second);
        assert!(ledger.running().is_empty());
        let ended = ledger.ended();
        let seen: Vec<(&str, Outcome)> = ended.iter().map(|e| (&*e.asked.id, e.outcome)).collect();
        assert_eq!(seen, [("b", Outcome::Abandoned), ("a", Outcome::Rows(3))]);
    }

    #[test]
    fn one_number_is_one_query() {
        let ledger = Arc::new(Ledger::default());
        let flags = [Cancel::new(), Cancel::new()];
        let entries = flags
            .clone()
            .map(|cancel| ledger.begin(asked("x", "SELECT"), cancel, Progress::new()));
        assert!(ledger.stop("x.1"));
        assert_eq!(flags.map(|flag| flag.is_cancelled()), [false, true]);
        assert!(!ledger.stop("y"));
        let [first, second] = entries;
        first.end(Outcome::Failed("query-cancelled"));
        second.end(Outcome::Failed("query-cancelled"));
        let outcomes: Vec<Outcome> = ledger.ended().iter().map(|e| e.outcome).collect();
        let stopped = Outcome::Failed("query-cancelled");
        assert_eq!(outcomes, [stopped, Outcome::Abandoned]);
    }

    #[test]
    fn the_account_is_bounded() {
        let ledger = Ledger::default();
        let long = "é".repeat(TEXT_BYTES);
        for n in 0..KEPT + 10 {
            let asked = asked(&n.to_string(), &long);
            assert!(asked.text.len() <= TEXT_BYTES + '…'.len_utf8());
            ledger.record(asked, Duration::ZERO, Outcome::Rows(0), Progress::new());
        }
        let ended = ledger.ended();
        assert_eq!(ended.len(), KEPT);
        assert_eq!(&*ended[0].asked.id, (KEPT + 9).to_string());
    }
}
