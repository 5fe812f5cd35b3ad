//! The one thread that writes the log: takes all batches that wait, gives numbers, writes one frame, makes it durable with one sync, and
//! only then shows and acknowledges them. Judges nothing.

use super::frame::FrameFile;
use super::row::{Observation, Row};
use super::seal::Job;
use super::store::Shared;
use super::{ObservationError, wal};
use std::collections::HashSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::oneshot;

/// Rows of one frame, from which on no further batch is taken in.
const FRAME_ROWS: usize = 64 * 1024;
/// Bytes likewise; batches are no longer than this, so that a frame never is too long.
pub(super) const FRAME_BYTES: usize = 24 << 20;
/// How often a thread that waits looks whether the store is closing.
const LOOK: Duration = Duration::from_millis(200);

/// What was stored, durably.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Number of the first observation.
    pub first: u64,
    /// How many there are, with following numbers.
    pub count: usize,
}

/// An append under way: a future, or something to wait for on a thread.
#[must_use = "nothing is known to be stored before this has answered"]
pub struct Pending(pub(super) oneshot::Receiver<Result<Receipt, ObservationError>>);

impl Pending {
    /// Waits until the observations are durable. Not on a thread that runs futures.
    ///
    /// # Errors
    /// [`ObservationError::Stopped`] when they could not be written.
    pub fn wait(self) -> Result<Receipt, ObservationError> {
        self.0.blocking_recv().unwrap_or_else(|_| Err(closing()))
    }
}

impl Future for Pending {
    type Output = Result<Receipt, ObservationError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0)
            .poll(context)
            .map(|answer| answer.unwrap_or_else(|_| Err(closing())))
    }
}

pub(super) fn closing() -> ObservationError {
    ObservationError::Stopped {
        reason: "the store is closing".to_owned(),
    }
}

/// What the thread is asked for.
pub(super) enum Request {
    /// Store a batch.
    Append {
        /// Checked observations.
        batch: Vec<Observation>,
        /// Their bytes in memory, roughly.
        bytes: usize,
        /// Where to acknowledge.
        reply: oneshot::Sender<Result<Receipt, ObservationError>>,
    },
    /// Have what is in memory sealed.
    Seal(SyncSender<()>),
}

/// The thread's own.
pub(super) struct Writer {
    pub(super) shared: Arc<Shared>,
    pub(super) log: FrameFile,
    pub(super) number: u64,
    pub(super) next_seq: u64,
    pub(super) jobs: SyncSender<Job>,
}

impl Writer {
    /// Works until nobody asks any more.
    pub(super) fn run(mut self, requests: &Receiver<Request>) {
        let mut held = None;
        while let Some(request) = held.take().or_else(|| requests.recv().ok()) {
            match request {
                Request::Seal(reply) => {
                    if self.log.end() > 0 {
                        self.freeze(false);
                    }
                    // Nobody may be waiting any more.
                    let _ = reply.send(());
                }
                first @ Request::Append { .. } => {
                    held = self.append(first, requests);
                    self.freeze_when_full();
                }
            }
        }
    }

    /// Stores a batch and those that wait behind it; gives back a request of another kind.
    fn append(&mut self, first: Request, requests: &Receiver<Request>) -> Option<Request> {
        let mut batches = Vec::new();
        let (mut rows, mut total) = (0, 0);
        let mut next = Some(first);
        let mut other = None;
        while let Some(request) = next {
            match request {
                Request::Append {
                    batch,
                    bytes,
                    reply,
                } => {
                    rows += batch.len();
                    total += bytes;
                    batches.push((batch, reply));
                }
                Request::Seal(_) => {
                    other = Some(request);
                    break;
                }
            }
            next = (rows < FRAME_ROWS && total < FRAME_BYTES)
                .then(|| requests.try_recv().ok())
                .flatten();
        }
        let first_seq = self.next_seq;
        let stored = self.store(&batches, rows, first_seq);
        self.shared.queued.fetch_sub(rows, Ordering::AcqRel);
        let mut at = first_seq;
        let mut receipts = Vec::with_capacity(batches.len());
        let mut kept = Vec::with_capacity(batches.len());
        for (batch, reply) in batches {
            let receipt = Receipt {
                first: at,
                count: batch.len(),
            };
            at += batch.len() as u64;
            receipts.push((reply, receipt));
            kept.push(batch);
        }
        if stored.is_ok() {
            self.next_seq = at;
            self.show(first_seq, kept);
        }
        for (reply, receipt) in receipts {
            let answer = match &stored {
                Ok(()) => Ok(receipt),
                Err(reason) => Err(ObservationError::Stopped {
                    reason: reason.clone(),
                }),
            };
            // Whoever asked may have gone.
            let _ = reply.send(answer);
        }
        other
    }

    fn store<T>(
        &mut self,
        batches: &[(Vec<Observation>, T)],
        rows: usize,
        first: u64,
    ) -> Result<(), String> {
        if let Some(reason) = self.shared.stopped.get() {
            return Err(reason.clone());
        }
        let mut body = Vec::with_capacity(rows * 32);
        wal::begin(&mut body, first, u32::try_from(rows).unwrap_or(u32::MAX));
        for observation in batches.iter().flat_map(|(batch, _)| batch) {
            wal::push(&mut body, observation);
        }
        self.log
            .append(&body)
            .map_err(|error| self.shared.stop(&error.to_string()))
    }

    fn show(&self, first: u64, batches: Vec<Vec<Observation>>) {
        let live = &self.shared.live;
        let listened = match live.is_listened() {
            true => live.series(),
            false => HashSet::new(),
        };
        let mut to_tell = Vec::new();
        {
            let mut state = self.shared.write();
            for (seq, observation) in (first..).zip(batches.into_iter().flatten()) {
                let row = Row { seq, observation };
                if listened.contains(&row.observation.series) {
                    to_tell.push(row.clone());
                }
                state.latest.see(&row);
                state.last_seq = state.last_seq.max(seq);
                state.active.push(row);
            }
        }
        if !to_tell.is_empty() {
            live.tell(to_tell);
        }
    }

    fn freeze_when_full(&mut self) {
        let options = &self.shared.options;
        let (is_full, is_overfull, is_frozen) = {
            let state = self.shared.read();
            let full = |times: usize| {
                state.active.count() >= options.seal_rows * times
                    || state.active.bytes() >= options.seal_bytes * times
            };
            (full(1), full(2), state.frozen.is_some())
        };
        if is_full && (!is_frozen || is_overfull) {
            self.freeze(true);
        }
    }

    /// Begins a new file of the log and has what is in memory sealed; waits for what is being sealed already, with patience also
    /// when that fails and is tried again.
    fn freeze(&mut self, patient: bool) {
        if self.shared.stopped.get().is_some() || !self.wait_until_sealed(patient) {
            return;
        }
        let number = self.number + 1;
        match FrameFile::append_at(&wal::path(&self.shared.dir, number), 0) {
            Ok(log) => self.log = log,
            Err(error) => {
                self.shared.stop(&error.to_string());
                return;
            }
        }
        self.number = number;
        {
            let mut state = self.shared.write();
            let active = std::mem::take(&mut state.active);
            state.frozen = Some(Arc::new(active));
        }
        let job = Job::Seal {
            wal: number,
            next_seq: self.next_seq,
        };
        // The thread that seals ends after this one.
        let _ = self.jobs.send(job);
    }

    /// False when the store is closing, or sealing failed and there is no patience.
    fn wait_until_sealed(&self, patient: bool) -> bool {
        let mut failed = self
            .shared
            .seal_failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.shared.read().frozen.is_none() {
                return true;
            }
            if self.shared.closes.load(Ordering::Acquire) || !patient && failed.is_some() {
                return false;
            }
            let waited = self.shared.sealed.wait_timeout(failed, LOOK);
            failed = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
