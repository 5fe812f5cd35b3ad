//! Kills writing processes, damages what they leave, and looks whether anything acknowledged is lost or anything wrong is said.
//!
//! A *life* is one data folder with a seed. In each of its *rounds* a child process (this binary again) opens it and commits
//! what the seed says, until a fault injected into the store ends it, SIGKILL does, or it is through. The parent then opens the
//! folder and compares it with a model. Between rounds, copies are damaged.
//!
//! - `OSLO_CRASH_ROUNDS`: how many rounds (a short run without it; `make crash` takes 2,000).
//! - `OSLO_CRASH_FIRST`: seed of the first life. `OSLO_CRASH_SEED`: only the life with this seed.

mod child;
mod damage;
mod faults;
mod format1;
mod life;
mod load;
mod workload;

use faults::{ARMED, Tally};
use life::Life;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Rounds of an ordinary test run.
const ROUNDS: u64 = 120;
/// From so many rounds on, every fault must have been met.
const ROUNDS_THAT_MEET_ALL: u64 = 1_500;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A folder for a life. A process that dies takes nothing with it that the system was given, so memory does as well as a
/// disk, and each round takes less time.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    folder.expect("temporary folder")
}

/// What all lives of a run share.
struct Run {
    first: u64,
    lives: AtomicU64,
    rounds_left: AtomicU64,
    only: Option<u64>,
    tally: Mutex<Tally>,
    wrong: Mutex<Vec<String>>,
}

impl Run {
    /// Takes a round of those that are left.
    fn next_round(&self) -> bool {
        let left = &self.rounds_left;
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        })
        .is_ok()
    }

    fn wrong(&self) -> std::sync::MutexGuard<'_, Vec<String>> {
        self.wrong
            .lock()
            .expect("no life panics while it holds the list")
    }

    fn work(&self) {
        while self.rounds_left.load(Ordering::Relaxed) > 0 && self.wrong().is_empty() {
            let number = self.lives.fetch_add(1, Ordering::Relaxed);
            if self.only.is_some() && number > 0 {
                return;
            }
            let seed = self.only.unwrap_or(self.first + number);
            let folder = folder();
            let mut life = Life::new(seed, folder.path());
            let done = life.run(folder.path(), || self.next_round());
            self.tally
                .lock()
                .expect("counting does not panic")
                .add(&life.tally);
            if let Err(wrong) = done {
                let kept = folder.keep();
                self.wrong().push(format!(
                    "life {seed}, {wrong}\nSee it again with OSLO_CRASH_SEED={seed}; its folder is {}",
                    kept.display()
                ));
            }
        }
    }
}

#[test]
fn whatever_happens_the_store_holds_what_it_acknowledged() {
    let since = Instant::now();
    let rounds = setting("OSLO_CRASH_ROUNDS").unwrap_or(ROUNDS);
    let run = Run {
        first: setting("OSLO_CRASH_FIRST").unwrap_or(1),
        lives: AtomicU64::new(0),
        rounds_left: AtomicU64::new(rounds),
        only: setting("OSLO_CRASH_SEED"),
        tally: Mutex::default(),
        wrong: Mutex::default(),
    };
    if !ARMED {
        eprintln!("This build injects no faults: children die by SIGKILL alone.");
    }
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(4));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| run.work());
        }
    });
    let wrong = run.wrong();
    let tally = run.tally.lock().expect("counting does not panic");
    let done = rounds - run.rounds_left.load(Ordering::Relaxed);
    eprintln!(
        "{done} rounds, seeds from {}, {} s\n{}",
        run.only.unwrap_or(run.first),
        since.elapsed().as_secs(),
        tally.to_text()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    if ARMED && run.only.is_none() && rounds >= ROUNDS_THAT_MEET_ALL {
        assert!(
            tally.missing().is_empty(),
            "never met: {:?}",
            tally.missing()
        );
    }
}
