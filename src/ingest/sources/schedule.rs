//! Reads the declared sources of a running server when they are due, one after the other, in a thread of its own.

use super::log::Outcome;
use super::{run_source, runs_of};
use crate::registry::{DeclaredSource, Registry};
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often it looks which source is due.
const LOOK: Duration = Duration::from_millis(500);
/// A failing source is tried again after its interval, doubled for each failure in a row up to this many times.
const MOST_DOUBLINGS: u32 = 6;

/// The thread; dropping it stops the run that is going on and waits for its end.
pub struct Schedule {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Schedule {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was logged, and ended no more than the schedule.
            let _ = thread.join();
        }
    }
}

/// Begins to read the sources of a registry when they are due.
///
/// # Errors
/// When no thread can be had.
pub fn schedule(registry: Arc<Registry>) -> io::Result<Schedule> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    let thread = thread::Builder::new()
        .name("oslo-sources".to_owned())
        .spawn(move || follow(&registry, &flag))?;
    Ok(Schedule {
        stopped,
        thread: Some(thread),
    })
}

/// When a source was last run by this process, and how often in a row it failed.
#[derive(Default)]
struct Last {
    at: Option<Instant>,
    failures: u32,
}

fn follow(registry: &Registry, stopped: &Arc<AtomicBool>) {
    let mut last: HashMap<String, Last> = HashMap::new();
    let mut seen = u64::MAX;
    let mut sources: Vec<DeclaredSource> = Vec::new();
    while !stopped.load(Ordering::Relaxed) {
        let seq = registry.snapshot().seq();
        if seq != seen {
            sources = registry.sources();
            last.retain(|name, _| sources.iter().any(|source| source.name == *name));
            seen = seq;
        }
        for source in &sources {
            let Some(every) = source.every else { continue };
            let known = last.entry(source.name.clone()).or_insert_with(|| Last {
                at: None,
                failures: failures_of(registry, &source.name),
            });
            let wait = every * 2_u32.pow(known.failures.min(MOST_DOUBLINGS));
            if known.at.is_some_and(|at| at.elapsed() < wait) || stopped.load(Ordering::Relaxed) {
                continue;
            }
            let run = run_source(registry, source, stopped, &mut |_| {});
            known.at = Some(Instant::now());
            match run {
                Ok(record) if record.outcome == Outcome::Failing => known.failures += 1,
                Ok(_) => known.failures = 0,
                Err(error) => {
                    // The store takes nothing: no source can be read.
                    tracing::error!(%error, "Sources are no longer read");
                    return;
                }
            }
        }
        thread::sleep(LOOK);
    }
}

/// How often in a row a source failed before this process began.
fn failures_of(registry: &Registry, name: &str) -> u32 {
    let runs = runs_of(registry, name, MOST_DOUBLINGS as usize);
    let failing = runs
        .iter()
        .take_while(|run| run.outcome == Outcome::Failing);
    failing.count() as u32
}
