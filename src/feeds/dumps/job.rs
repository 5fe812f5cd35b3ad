//! Dumps beside a running server: a thread of low priority that makes the dumps of what changed, once an hour or a day. Waits
//! for nobody and nobody for it: it reads one snapshot. How far it was survives a restart; what was begun is made anew.

use super::folder::{Folder, Slot};
use super::make::{Made, Options, make, make_all_statements};
use super::{DumpError, is_public, newest};
use crate::registry::Registry;
use crate::store::Unreadable;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often it looks whether a round is due.
const LOOK: Duration = Duration::from_millis(500);
/// Share of one core that it takes at most.
const PERCENT: u32 = 50;
/// Dumps of a register that are kept.
const KEPT: usize = 7;
/// Below every other priority that the server gives its threads.
#[cfg(target_os = "linux")]
const STEPPED_BACK: i32 = 15;
/// After a round that failed it waits this long, at most its interval.
const AFTER_FAILURE: Duration = Duration::from_secs(600);
/// File with when the last round was.
const ROUND_FILE: &str = "ronde.json";

/// How often dumps are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Once an hour.
    Hour,
    /// Once a day.
    Day,
    /// At another interval, for tests.
    Time(Duration),
}

impl Every {
    fn interval(self) -> Duration {
        match self {
            Self::Hour => Duration::from_secs(3600),
            Self::Day => Duration::from_secs(24 * 3600),
            Self::Time(interval) => interval,
        }
    }
}

/// The last round that was whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Round {
    /// When it began.
    #[serde(rename = "begonnen")]
    began: Timestamp,
    /// The commit whose state it read, with its digest.
    commit: u64,
    #[serde(rename = "keten")]
    digest: String,
}

/// The thread; dropping it ends the dump that is being made and waits for that.
pub struct Job {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Job {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // A panic there was logged, and ended no more than the dumps.
            let _ = thread.join();
        }
    }
}

/// Begins to make dumps of a registry in a folder.
///
/// # Errors
/// When no thread can be had.
pub fn start(registry: Arc<Registry>, folder: Folder, every: Every) -> io::Result<Job> {
    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    let thread = thread::Builder::new()
        .name("oslo-dumps".to_owned())
        .spawn(move || {
            step_back();
            follow(&registry, &folder, every, &flag);
        })?;
    Ok(Job {
        stopped,
        thread: Some(thread),
    })
}

fn follow(registry: &Registry, folder: &Folder, every: Every, stopped: &Arc<AtomicBool>) {
    let interval = every.interval();
    let mut wait = first_wait(folder, interval);
    let mut waited = Duration::ZERO;
    while !stopped.load(Ordering::Relaxed) {
        if waited < wait {
            thread::sleep(LOOK.min(interval));
            waited += LOOK.min(interval);
            continue;
        }
        waited = Duration::ZERO;
        // A damaged part of the index ends reading by unwinding: that is no reason to make no dumps later.
        let made = catch_unwind(AssertUnwindSafe(|| round(registry, folder, stopped)));
        wait = match made {
            Ok(Ok(())) => interval,
            Ok(Err(DumpError::Stopped)) => return,
            Ok(Err(error)) => {
                tracing::error!(%error, "The dumps were not made: {}", causes(&error));
                AFTER_FAILURE.min(interval)
            }
            Err(panic) => {
                let reason = panic.downcast_ref::<Unreadable>();
                let reason = reason.map_or("the work panicked", |known| known.message.as_str());
                tracing::error!(reason, "The dumps were not made: {reason}");
                AFTER_FAILURE.min(interval)
            }
        };
    }
}

fn causes(error: &DumpError) -> String {
    let mut out = String::new();
    let mut next: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(cause) = next {
        if !out.is_empty() {
            out.push_str(": ");
        }
        out.push_str(&cause.to_string());
        next = cause.source();
    }
    out
}

/// What is left of the interval since the last round.
fn first_wait(folder: &Folder, interval: Duration) -> Duration {
    let Some(round) = last_round(folder) else {
        return Duration::ZERO;
    };
    let passed = Timestamp::now().duration_since(round.began).unsigned_abs();
    interval.saturating_sub(passed)
}

fn round_file(folder: &Folder) -> PathBuf {
    folder.dir().join(ROUND_FILE)
}

fn last_round(folder: &Folder) -> Option<Round> {
    serde_json::from_slice(&std::fs::read(round_file(folder)).ok()?).ok()
}

/// Makes the dumps of all that may have changed.
fn round(registry: &Registry, folder: &Folder, stopped: &Arc<AtomicBool>) -> Result<(), DumpError> {
    let snapshot = registry.snapshot();
    let this = Round {
        began: Timestamp::now(),
        commit: snapshot.seq(),
        digest: crate::store::hex(&snapshot.digest()),
    };
    let is_same = last_round(folder)
        .is_some_and(|last| (last.commit, &last.digest) == (this.commit, &this.digest));
    let slot = folder.claim()?;
    if !is_same && this.commit > 0 {
        let options = Options {
            keep: Some(KEPT),
            percent: PERCENT,
            stop: Arc::clone(stopped),
            ..Options::default()
        };
        registers(registry, &snapshot, (folder, &slot), &options)?;
        let place = (folder, &slot);
        let made = make_all_statements(registry, &snapshot, place, &options, &mut |_, _| {})?;
        tell(&made);
    }
    let path = round_file(folder);
    let text =
        serde_json::to_vec(&this).map_err(|error| super::failed("write", &path)(error.into()))?;
    crate::store::replace_file(&path, &text).map_err(super::failed("write", &path))
}

fn registers(
    registry: &Registry,
    snapshot: &crate::store::Snapshot,
    (folder, slot): (&Folder, &Slot),
    options: &Options,
) -> Result<(), DumpError> {
    let collections = crate::views::CollectionIndex::default();
    let view = snapshot.view();
    for register in registry.registers().iter().filter(|r| is_public(r)) {
        let had_some = newest(folder, &register.name)
            .map_err(super::failed("read", folder.dir()))?
            .is_some();
        // Nothing to say, and nothing was said before.
        if !had_some && collections.count(&view, register) == 0 {
            continue;
        }
        let place = (folder, slot);
        let made = make(registry, snapshot, place, register, options, &mut |_, _| {})?;
        tell(&made);
    }
    Ok(())
}

fn tell(made: &Made) {
    if let Made::New(manifest) = made {
        tracing::info!(
            register = manifest.register,
            commit = manifest.commit,
            duration_ms = manifest.duration_ms,
            "Made the dump of {} after commit {}",
            manifest.register,
            manifest.commit
        );
        if manifest.left_out.count > 0 {
            tracing::warn!(
                register = manifest.register,
                count = manifest.left_out.count,
                "Items with too many statements for a document are not in the dump"
            );
        }
    }
}

/// Lets other threads go first from here on.
fn step_back() {
    #[cfg(target_os = "linux")]
    // On Linux "this process" is the thread that calls.
    if let Err(error) = rustix::process::setpriority_process(None, STEPPED_BACK) {
        tracing::debug!(%error, "A thread keeps its priority");
    }
}
