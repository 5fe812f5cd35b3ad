//! What is appended is read back: whole, in part, after restarts, over many files, and while more is appended.

use super::*;
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn what_was_appended_is_read_back(
        sizes in prop::collection::vec(1..40_usize, 1..20),
        rotate_bytes in prop_oneof![Just(1), 100..6_000_u64, Just(1 << 30)],
        restart_at in 0..20_usize,
        checkpoint_at in 0..20_usize,
        (from, to) in (0..20_u64, 0..20_u64),
    ) {
        let mut fixture = Fixture::new(rotate_bytes);
        let mut known = fixture.known();
        for (i, size) in sizes.iter().enumerate() {
            fixture.commit(*size);
            if i == checkpoint_at {
                known = fixture.known();
            }
            if i == restart_at {
                let heard = fixture.reopen(None).expect("opens");
                prop_assert_eq!(&heard.commits, &fixture.written);
            }
        }
        let written = fixture.written.clone();
        let after = known.table.last_seq() as usize;
        let heard = fixture.reopen(Some(known)).expect("opens with a checkpoint");
        prop_assert_eq!(&heard.commits, &written[after..]);
        let resumed = fixture.known();
        let heard = fixture.reopen(None).expect("opens");
        prop_assert_eq!(&heard.commits, &written);
        prop_assert_eq!(&resumed.table, &*fixture.log.table());
        prop_assert_eq!(resumed.digest, fixture.log.digest());
        prop_assert_eq!(resumed.end, fixture.log.end());

        let last = written.len() as u64;
        let (from, to) = (from % last + 1, to % last + 1);
        let mut part = Keeper::default();
        fixture.log.read(from, to, &mut part).expect("reads");
        let wanted = if from <= to { &written[from as usize - 1..to as usize] } else { &[] };
        prop_assert_eq!(&part.commits, wanted);
        let infos = fixture.log.infos(from, to).expect("reads headers");
        let wanted: Vec<_> = wanted.iter().map(|heard| heard.info.clone()).collect();
        prop_assert_eq!(infos, wanted);
        prop_assert_eq!(&fixture.log.info(from).expect("reads"), &written[from as usize - 1].info);
        let mut all = Keeper::default();
        fixture.log.verify(&mut all).expect("verifies");
        prop_assert_eq!(&all.commits, &written);
    }
}

#[test]
fn large_records_keep_their_order_and_their_digest() {
    let mut fixture = Fixture::new(200_000);
    fixture.commit(1);
    fixture.commit(30_000);
    fixture.commit(2);
    fixture.commit(12_345);
    let written = fixture.written.clone();
    let heard = fixture.reopen(None).expect("opens");
    assert!(heard.commits == written, "large records differ");
    for seq in 1..=4 {
        let info = fixture.log.info(seq).expect("reads");
        assert_eq!(info, written[seq as usize - 1].info);
    }
    let text: usize = written
        .iter()
        .flat_map(|heard| &heard.rows)
        .map(|row| row.1.len())
        .sum();
    assert!(
        fixture.log.size_bytes() < text as u64 / 5,
        "records are compressed"
    );
    let files: u64 = fixture
        .file_bytes()
        .iter()
        .map(|(_, bytes)| bytes.len() as u64)
        .sum();
    assert_eq!(fixture.log.size_bytes(), files);
}

#[test]
fn a_record_that_is_given_up_leaves_nothing() {
    for count in [2, 30_000] {
        let mut fixture = Fixture::filled(1 << 30, 2);
        let before = fixture.file_bytes();
        let rows = some_rows(3, count);
        let (info, previous) = (info(3, &rows), fixture.log.digest());
        let mut record = fixture.writer().begin(&info, &previous).expect("begins");
        for (added, row) in &rows {
            record
                .row(*added, |out| out.extend_from_slice(row.as_bytes()))
                .expect("takes rows");
        }
        drop(record);
        assert_eq!(fixture.file_bytes(), before);
        let mut record = fixture.writer().begin(&info, &previous).expect("begins");
        record.row(true, |out| out.push(b'x')).expect("takes rows");
        let error = record.finish().expect_err("the header says otherwise");
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        fixture.commit(3);
        let written = fixture.written.clone();
        assert_eq!(fixture.reopen(None).expect("opens").commits, written);
    }
}

#[test]
fn only_the_next_commit_can_be_appended() {
    let mut fixture = Fixture::filled(1 << 30, 2);
    let digest = fixture.log.digest();
    for (seq, previous) in [(2, digest), (4, digest), (3, [1; 32])] {
        let begun = fixture.writer().begin(&info(seq, &[]), &previous).err();
        assert_eq!(begun.expect("refused").kind(), io::ErrorKind::InvalidInput);
    }
    let mut timeless = info(3, &[]);
    timeless.time = "yesterday".into();
    assert!(fixture.writer().begin(&timeless, &digest).is_err());
    fixture.commit(1);
    assert!(matches!(
        fixture.log.info(4),
        Err(LogError::Unknown {
            seq: 4,
            first: 1,
            last: 3
        })
    ));
}

#[test]
fn readers_see_whole_commits_while_others_append_and_sync() {
    let mut fixture = Fixture::new(3_000);
    let log = fixture.log.clone();
    let syncer = fixture.writer().syncer();
    let done = std::sync::atomic::AtomicBool::new(false);
    let dir = fixture.dir().to_owned();
    std::thread::scope(|scope| {
        let done = &done;
        let reader = scope.spawn(move || {
            let mut most = 0;
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                let last = log.table().last_seq();
                let mut keeper = Keeper::default();
                log.read(1, last, &mut keeper).expect("reads");
                assert_eq!(keeper.commits.len() as u64, last);
                assert_eq!(log.infos(1, last).expect("reads").len() as u64, last);
                most = most.max(last);
            }
            most
        });
        // Another process that looks at the folder sees a prefix.
        let beside = scope.spawn(move || {
            let mut seen = 0;
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                let now = look(&dir, read_only()).expect("looks").commits.len();
                assert!(now >= seen, "commits went away");
                seen = now;
            }
        });
        let syncing = scope.spawn(move || {
            while !done.load(std::sync::atomic::Ordering::Acquire) {
                syncer.sync().expect("syncs");
            }
        });
        for seq in 1..=300 {
            fixture.append(some_rows(seq, 5)).expect("appends");
        }
        done.store(true, std::sync::atomic::Ordering::Release);
        assert!(reader.join().expect("reads on") <= 300);
        beside.join().expect("looks on");
        syncing.join().expect("syncs on");
    });
    let written = fixture.written.clone();
    assert_eq!(fixture.reopen(None).expect("opens").commits, written);
}

#[test]
fn tables_find_commits_by_moment() {
    let fixture = Fixture::filled(500, 6);
    let table = fixture.log.table();
    let moment = table.entry(4).expect("is there").time_ms;
    assert_eq!(table.seq_at(moment), 4);
    assert_eq!(table.seq_at(moment - 1), 3);
    assert_eq!(table.seq_at(0), 0);
    assert_eq!(table.rows_between(1, 3), 6);
    drop(table);
    assert!(CommitLog::exists(fixture.dir()));
    let empty = tempfile::tempdir().expect("temporary folder");
    assert!(!CommitLog::exists(empty.path()));
    assert!(matches!(
        look(empty.path(), read_only()),
        Err(LogError::Absent { .. })
    ));
    assert!(matches!(
        CommitLog::create(fixture.dir(), options(1)).err(),
        Some(LogError::Io { .. })
    ));
}
