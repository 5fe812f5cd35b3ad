//! The process that dies: opens a data folder and commits, one line on stdout for each commit that was acknowledged.
//! It is the test binary run again, armed with faults by `OSLO_FAULT`. What it must have left behind, the parent checks.

use super::workload::{Rng, Style, fill, meta, open, rebuild};
use crate::crash::damage::has_log;
use oslo_registry::rdf::version::RdfVersion;
use oslo_registry::store::{AsOf, Settings, Store, StoreError};
use std::error::Error;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// The variable that makes a test process a child: `folder|seed|round|last commit`.
pub(super) const VARIABLE: &str = "OSLO_CRASH_CHILD";

/// What a child is to do.
#[derive(Clone, Debug)]
pub(super) struct Order {
    pub(super) dir: PathBuf,
    pub(super) seed: u64,
    pub(super) round: u64,
    /// The child ends by itself after this commit.
    pub(super) last: u64,
}

impl Order {
    pub(super) fn to_text(&self) -> String {
        let dir = self.dir.display();
        format!("{dir}|{}|{}|{}", self.seed, self.round, self.last)
    }

    fn parse(text: &str) -> Self {
        let parts: Vec<&str> = text.split('|').collect();
        let [dir, seed, round, last] = parts[..] else {
            panic!("{VARIABLE} has four parts");
        };
        let number = |text: &str| text.parse().expect("a number");
        Self {
            dir: dir.into(),
            seed: number(seed),
            round: number(round),
            last: number(last),
        }
    }
}

/// Writes a line for the parent, away from what the test harness says on the same line. Straight to the file: a process that is killed flushes nothing.
fn tell(line: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{line}\n").as_bytes())
        .and_then(|()| out.flush())
        .expect("the parent's file takes a line");
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// The child's part of the crash tests. Does nothing in an ordinary run.
#[test]
fn a_child_commits_until_it_dies() {
    if let Ok(text) = std::env::var(VARIABLE) {
        let order = Order::parse(&text);
        run(&order, &order.dir);
        tell("end");
    }
}

fn run(order: &Order, dir: &Path) {
    let style = Style::of(order.seed);
    let mut rng = Rng::new(order.seed, order.round << 16);
    let opened = if rng.chance(10) && has_log(dir) {
        rebuild(dir, style.options)
    } else {
        open(dir, style.options)
    };
    let store = match opened {
        Ok(store) => store,
        Err(error) => {
            tell(&format!("unopened {}", chain(&error)));
            return;
        }
    };
    tell("open");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for writer in 1..style.writers {
            let (store, style, stop) = (&store, &style, &stop);
            scope.spawn(move || {
                let mut rng = Rng::new(order.seed, (order.round << 16) + writer);
                while !stop.load(Ordering::Relaxed) && commit(store, style, order.last, &mut rng) {}
            });
        }
        let fault = std::env::var("OSLO_FAULT").unwrap_or_default();
        while commit(&store, &style, order.last, &mut rng) {
            chores(&store, &style, &fault, &mut rng);
        }
        stop.store(true, Ordering::Relaxed);
    });
    if let Some(reason) = store.stopped() {
        // Reading goes on, and nothing is accepted any more.
        assert!(matches!(
            store.begin().err(),
            Some(StoreError::Stopped { .. })
        ));
        store
            .snapshot()
            .view()
            .quads(None, None, None, None)
            .count();
        tell(&format!("stopped {reason}"));
    }
    drop(store);
}

/// Makes the next commit. `false` when there is none to make or none can be made.
fn commit(store: &Store, style: &Style, last: u64, rng: &mut Rng) -> bool {
    let mut draft = match store.begin() {
        Ok(draft) => draft,
        Err(StoreError::Stopped { .. }) => return false,
        Err(error) => panic!("a draft cannot be begun: {}", chain(&error)),
    };
    let seq = draft.base().seq() + 1;
    if seq > last {
        return false;
    }
    fill(&mut draft, style, seq, rng.chance(50));
    if rng.chance(5) {
        // A draft given up leaves nothing.
        draft.snapshot();
        return true;
    }
    let done = draft.commit(meta(seq));
    match done {
        Ok(info) => {
            assert_eq!(info.seq, seq);
            // With one writer, all bytes of the log are durable now.
            let bytes = store.sizes().log_bytes;
            tell(&format!("ack {seq} {} {bytes}", info.digest));
            true
        }
        Err(error @ StoreError::Stopped { .. }) => {
            tell(&format!("refused {}", chain(&error)));
            false
        }
        Err(error @ StoreError::Io { .. }) => {
            // There was no room for a large draft: the store goes on as if it had not been.
            tell(&format!("refused {}", chain(&error)));
            rng.chance(70)
        }
        Err(error) => panic!("commit {seq}: {}", chain(&error)),
    }
}

/// What else happens to a store: checkpoints, merges, looks at earlier states, settings. More of what leads to the fault, if any.
fn chores(store: &Store, style: &Style, fault: &str, rng: &mut Rng) {
    let lot = match fault.split('.').next() {
        _ if rng.chance(60) => rng.below(100),
        Some("manifest" | "segment" | "dir") => rng.below(15),
        Some("settings") => 29,
        Some("log") if fault.starts_with("log.table") => 0,
        Some("log") if fault.starts_with("log.base") || fault.starts_with("log.drop") => 99,
        _ => rng.below(100),
    };
    let done = match lot {
        0..10 => store.checkpoint(),
        10..15 => store.compact_index(),
        15..23 => {
            let seq = store.snapshot().seq();
            let past = store.as_of(AsOf::Seq(
                rng.between(store.first_state().max(seq / 2), seq),
            ));
            past.map(|past| {
                let quads = past.view().quads(None, None, None, None).count();
                assert_eq!(quads as u64, past.quad_count(), "seed {}", style.seed);
            })
        }
        23..29 => store.derive(style.options.derived),
        29..32 => {
            let rdf = if rng.chance(50) {
                RdfVersion::Rdf12
            } else {
                RdfVersion::Rdf11
            };
            store.set(Settings {
                rdf,
                ..Settings::default()
            })
        }
        96.. => {
            let seq = store.snapshot().seq();
            let kept = rng.between(seq / 3, seq);
            tell(&format!("retain {kept}"));
            store.retain_after(kept)
        }
        _ => Ok(()),
    };
    if let Err(error) = done {
        tell(&format!("chore {}", chain(&error)));
    }
}
