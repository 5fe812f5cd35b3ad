//! Who listens to a series while values come in. A listener that does not keep up is told that it missed some; nothing is kept for
//! it, and the writer never waits.

use super::row::{Row, SeriesId};
use super::store::ObservationStore;
use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::broadcast;

/// Rows that wait for the slowest listener of a series.
const WAITING: usize = 256;

/// The listeners of a store.
#[derive(Default)]
pub(super) struct Live {
    /// How many series are listened to: looked at for every batch.
    listened: AtomicUsize,
    senders: Mutex<HashMap<SeriesId, broadcast::Sender<Row>>>,
}

impl Live {
    fn senders(&self) -> MutexGuard<'_, HashMap<SeriesId, broadcast::Sender<Row>>> {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(&self, series: SeriesId) -> broadcast::Receiver<Row> {
        let mut senders = self.senders();
        // Those that nobody listens to any more go when somebody new comes.
        senders.retain(|_, sender| sender.receiver_count() > 0);
        let sender = senders
            .entry(series)
            .or_insert_with(|| broadcast::channel(WAITING).0);
        let receiver = sender.subscribe();
        self.listened.store(senders.len(), Ordering::Release);
        receiver
    }

    /// Whether anybody listens to anything.
    pub(super) fn is_listened(&self) -> bool {
        self.listened.load(Ordering::Acquire) > 0
    }

    /// The series that somebody listens to.
    pub(super) fn series(&self) -> HashSet<SeriesId> {
        self.senders().keys().copied().collect()
    }

    /// Tells rows that are stored and shown, in the order of their numbers.
    pub(super) fn tell(&self, rows: Vec<Row>) {
        let senders = self.senders();
        for row in rows {
            if let Some(sender) = senders.get(&row.observation.series) {
                // All of them may have gone meanwhile.
                let _ = sender.send(row);
            }
        }
    }
}

impl ObservationStore {
    /// Rows of a series from now on, as they become durable: repeated, corrected and withdrawn ones too, each with its number.
    /// A receiver that is too slow is told how many it missed.
    pub fn listen(&self, series: SeriesId) -> broadcast::Receiver<Row> {
        self.shared().live.listen(series)
    }
}
