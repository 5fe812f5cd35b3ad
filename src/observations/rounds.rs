//! Seals what is in memory every so often, so that the files that portals take are not older than that, however little comes in.

use super::{ObservationError, ObservationStore, io_error};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often the thread looks whether it is to end.
const LOOK: Duration = Duration::from_millis(200);

/// Rounds that go on until this is dropped.
#[derive(Debug)]
pub struct SealRounds {
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl SealRounds {
    /// Seals a store every so often, when something is in memory. Keeps nobody from closing it.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn start(store: &Arc<ObservationStore>, every: Duration) -> Result<Self, ObservationError> {
        let ends = Arc::new(AtomicBool::new(false));
        let (ended, store) = (Arc::clone(&ends), Arc::downgrade(store));
        let thread = std::thread::Builder::new()
            .name("observations-rounds".to_owned())
            .spawn(move || go_round(&store, every, &ended))
            .map_err(io_error("start a thread for", Path::new("observations")))?;
        Ok(Self {
            ends,
            thread: Some(thread),
        })
    }
}

impl Drop for SealRounds {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A panic of its was told already.
            let _ = thread.join();
        }
    }
}

fn go_round(store: &Weak<ObservationStore>, every: Duration, ends: &AtomicBool) {
    let mut last = Instant::now();
    while !ends.load(Ordering::Acquire) {
        std::thread::sleep(LOOK.min(every));
        if last.elapsed() < every {
            continue;
        }
        last = Instant::now();
        let Some(store) = store.upgrade() else {
            return;
        };
        if store.sizes().memory_rows > 0
            && let Err(error) = store.seal()
        {
            tracing::error!(%error, "Observations in memory cannot be put into files");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::{Kind, Observation, ObservationOptions, Series, Value};

    #[test]
    fn what_is_in_memory_goes_into_files_by_itself() {
        let dir = tempfile::tempdir().expect("a folder");
        let store = ObservationStore::open(dir.path(), ObservationOptions::default());
        let store = Arc::new(store.expect("opens"));
        let series = Series {
            iri: "urn:a".to_owned(),
            kind: Kind::Number,
            unit: None,
        };
        let id = store.declare(series).expect("declared");
        let rounds = SealRounds::start(&store, Duration::from_millis(20)).expect("a thread");
        let one = Observation::new(id, 1_772_323_200_000_000, Value::Number(1.0));
        store
            .append(vec![one])
            .expect("taken")
            .wait()
            .expect("durable");
        let since = Instant::now();
        while store.segments().is_empty() {
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "nothing was sealed"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(rounds);
        assert_eq!(store.sizes().memory_rows, 0);
    }
}
