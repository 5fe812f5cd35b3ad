//! Writing that fails: nothing acknowledged is lost, and what failed is never tried again as if nothing had happened.

use super::*;
use crate::store::fault::scope::with_faults;

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
