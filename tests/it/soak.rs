//! A few seconds of what `make soak` does for ten minutes, with checkpoints and merges all the while.

#[path = "../../benches/soak/work.rs"]
mod work;

use oslo_registry::store::{OpenOptions, Thresholds};
use std::time::Duration;
use work::{Settings, resident_mib};

#[test]
fn writers_and_readers_do_not_hold_each_other_up_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let settings = Settings {
        seconds: 4,
        writers: 20,
        readers: 20,
        quads: 20_000,
        rest: Duration::from_millis(2),
        options: OpenOptions {
            thresholds: Thresholds {
                checkpoint_rows: 3_000,
                closing_rows: 500,
                rotate_bytes: 1 << 20,
                ..Thresholds::default()
            },
            ..OpenOptions::default()
        },
    };
    let measured = work::run(&folder.path().join("data"), &settings).expect("the store works");
    assert!(measured.wrong.is_empty(), "{:?}", measured.wrong);
    assert!(measured.commits > 0 && measured.quads_written > 0 && measured.read.count() > 0);
    assert!(measured.memory.iter().all(|mib| *mib <= 4_096.0) && resident_mib() >= 0.0);
    eprintln!(
        "{} commits in {:.1} s with {} syncs, p99 {:.1} ms; longest wait for a snapshot {:.1} ms; reopened in {:.2} s",
        measured.commits,
        measured.seconds,
        measured.syncs,
        measured.commit.share_ms(0.99),
        measured.snapshot.longest_ms(),
        measured.reopen
    );
    // Other tests run at the same time, so this is no measurement: a reader that waits for a writer's whole turn is seen.
    assert!(
        measured.snapshot.longest_ms() < 1_000.0,
        "{:?}",
        measured.snapshot
    );
    assert!(measured.syncs < measured.commits, "writers share syncs");
}
