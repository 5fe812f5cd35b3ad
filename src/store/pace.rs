//! How fast background work may go: rests in proportion to the work done, and stops when the store closes.
//! Knows nothing of what the work is.

use std::cell::Cell;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const ROWS_BETWEEN_LOOKS: u32 = 8192;
const LONGEST_REST: Duration = Duration::from_millis(200);

/// The pace of one piece of work.
pub(crate) struct Pace {
    /// Share of one processor core, 1 to 100.
    percent: u32,
    stop: Option<Arc<AtomicBool>>,
}

thread_local! {
    static WORK: Cell<(u32, Option<Instant>)> = const { Cell::new((0, None)) };
}

impl Pace {
    /// As fast as it goes; nothing stops it.
    pub(crate) fn full() -> Self {
        Self {
            percent: 100,
            stop: None,
        }
    }

    /// At most `percent` of one core, until `stop` is set.
    pub(crate) fn capped(percent: u32, stop: Arc<AtomicBool>) -> Self {
        Self {
            percent: percent.clamp(1, 100),
            stop: Some(stop),
        }
    }

    /// Counts one row of work and rests when it is time.
    ///
    /// # Errors
    /// [`io::ErrorKind::Interrupted`] when the work is to stop.
    pub(crate) fn row(&self) -> io::Result<()> {
        let (rows, since) = WORK.get();
        if rows < ROWS_BETWEEN_LOOKS {
            WORK.set((rows + 1, since));
            return Ok(());
        }
        if let Some(stop) = &self.stop
            && stop.load(Ordering::Relaxed)
        {
            WORK.set((0, None));
            return Err(io::Error::new(
                io::ErrorKind::Interrupted,
                "the store is closing",
            ));
        }
        if self.percent < 100 {
            if let Some(since) = since {
                let worked = since.elapsed().min(LONGEST_REST);
                std::thread::sleep(
                    (worked * (100 - self.percent) / self.percent).min(LONGEST_REST),
                );
            }
            WORK.set((0, Some(Instant::now())));
        } else {
            WORK.set((0, None));
        }
        Ok(())
    }
}
