//! Writing that fails: nothing acknowledged is lost, and what failed is never tried again as if nothing had happened.

use super::*;
use crate::store::fault::scope::with_faults;
use proptest::prelude::*;

/// What a power failure may leave of bytes that were written and not synced.
#[derive(Clone, Debug)]
struct PowerFailure {
    /// Sectors of the unsynced bytes that never reached the disk, one bit each.
    lost: u64,
    /// Bytes the file is shorter than it was.
    shorter: u64,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Commits that were synced are there; the others are there in order or not at all; nothing is called damaged.
    #[test]
    fn a_power_failure_keeps_all_that_was_synced(
        sizes in prop::collection::vec((1..60_usize, prop::bool::weighted(0.3)), 1..16),
        rotate_bytes in prop_oneof![400..6_000_u64, Just(1 << 30)],
        (lost, shorter) in (any::<u64>(), prop_oneof![Just(0), 0..3_000_u64]),
    ) {
        let failure = PowerFailure { lost, shorter };
        let mut fixture = Fixture::new(rotate_bytes);
        let mut durable = (fixture.log.end(), 0);
        for (i, (size, synced)) in sizes.iter().enumerate() {
            let file = fixture.log.end().file;
            fixture.append(some_rows(i as u64 + 1, *size)).expect("appends");
            if fixture.log.end().file != file {
                // A file is synced before the next is begun.
                let before = LogPosition { file: fixture.log.end().file, offset: 60 };
                durable = (before, i);
            }
            if *synced {
                fixture.sync().expect("syncs");
                durable = (fixture.log.end(), i + 1);
            }
        }
        let (end, acknowledged) = durable;
        let path = fixture.dir().join(format!("log/{:012}.log", end.file));
        let mut bytes = fs::read(&path).expect("reads");
        let keep = (bytes.len() as u64).saturating_sub(failure.shorter).max(end.offset);
        bytes.truncate(keep as usize);
        for (i, sector) in (0..bytes.len()).step_by(512).enumerate() {
            let from = sector.max(end.offset as usize);
            let to = (sector + 512).min(bytes.len());
            if from < to && failure.lost >> (i % 64) & 1 == 1 {
                bytes[from..to].fill(0);
            }
        }
        fs::write(&path, bytes).expect("writes");
        let mut options = fixture.options;
        options.durable_end = Some(end);
        fixture.options = options;
        let heard = fixture.reopen(None).expect("a crash is no damage").commits;
        prop_assert!(heard.len() >= acknowledged, "{} of {acknowledged}", heard.len());
        prop_assert_eq!(&heard[..], &fixture.written[..heard.len()]);
        fixture.written.truncate(heard.len());
        fixture.commit(4);
        let written = fixture.written.clone();
        prop_assert_eq!(&fixture.reopen(None).expect("opens").commits, &written);
    }
}

#[test]
fn a_failed_append_is_cut_off_and_ends_writing() {
    for fault in ["log.append=fail", "log.append=full"] {
        for rows in [3, 30_000] {
            let mut fixture = Fixture::filled(1 << 30, 2);
            let before = fixture.file_bytes();
            let failed = with_faults(fault, || fixture.append(some_rows(3, rows)));
            assert!(failed.is_err(), "{fault}, {rows} rows");
            assert_eq!(fixture.file_bytes(), before);
            assert!(
                fixture.append(some_rows(3, 1)).is_err(),
                "writing has stopped"
            );
            fixture
                .sync()
                .expect("what was appended before can still be made durable");
            let written = fixture.written.clone();
            assert_eq!(fixture.reopen(None).expect("opens").commits, written);
            fixture.commit(1);
        }
    }
}

#[test]
fn a_failed_sync_fails_for_ever() {
    let mut fixture = Fixture::filled(1 << 30, 2);
    fixture.append(some_rows(3, 3)).expect("appends");
    assert!(with_faults("log.sync=fail", || fixture.sync()).is_err());
    assert!(fixture.sync().is_err(), "a second try proves nothing");
    assert!(fixture.append(some_rows(4, 3)).is_err());
    let heard = fixture.reopen(None).expect("opens");
    assert!(heard.commits.len() >= 2);
    assert_eq!(heard.commits[..2], fixture.written[..2]);
}

#[test]
fn a_file_that_cannot_be_begun_ends_writing_and_loses_nothing() {
    for visit in 1..=4 {
        for action in ["fail", "full"] {
            let mut fixture = Fixture::filled(1, 3);
            let failed = with_faults(&format!("log.rotate={action}@{visit}"), || {
                fixture.append(some_rows(4, 3))
            });
            assert!(failed.is_err(), "{action} at {visit}");
            assert!(fixture.append(some_rows(4, 3)).is_err());
            let written = fixture.written.clone();
            assert_eq!(fixture.reopen(None).expect("opens").commits, written);
            fixture.commit(2);
            let written = fixture.written.clone();
            assert_eq!(fixture.reopen(None).expect("opens").commits, written);
        }
    }
}

#[test]
fn a_log_that_could_not_be_created_can_be_created_later() {
    for visit in 1..=5 {
        let folder = tempfile::tempdir().expect("temporary folder");
        let created = with_faults(&format!("log.create=fail@{visit}"), || {
            CommitLog::create(folder.path(), options(1)).map(|_| ())
        });
        assert!(created.is_err(), "visit {visit}");
        if CommitLog::exists(folder.path()) {
            look(folder.path(), options(1)).expect("an empty log");
        } else {
            CommitLog::create(folder.path(), options(1)).expect("creates");
        }
    }
}

#[test]
fn one_sync_serves_all_who_wait() {
    let mut fixture = Fixture::new(1 << 30);
    let syncer = fixture.writer().syncer();
    for seq in 1..=3 {
        fixture.append(some_rows(seq, 2)).expect("appends");
    }
    syncer.sync().expect("syncs");
    // Nothing is left to sync, so a disk that no longer can is not asked.
    with_faults("log.sync=fail", || syncer.sync()).expect("was durable already");
    fixture.commit(1);
}
