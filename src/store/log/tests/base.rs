//! Compaction: a base stands for older commits; what it supersedes goes, whenever the process dies.

use super::*;
use crate::store::fault::scope::with_faults;
use proptest::prelude::*;

/// The rows of a base after commit `seq`: what a reader must get back.
fn base_rows(seq: u64) -> Vec<Row> {
    (0..40)
        .map(|i| {
            (
                true,
                format!("<http://example.org/base/{seq}/{i}> <http://example.org/p> \"x\" ."),
            )
        })
        .collect()
}

fn write_base(log: &CommitLog, seq: u64) -> io::Result<()> {
    let rows = base_rows(seq);
    log.write_base(seq, rows.len() as u64, |base| {
        rows.iter().try_for_each(|(_, row)| {
            base.row(|out| out.extend_from_slice(&row.as_bytes()[..row.len() - 2]))
        })
    })
}

fn check(heard: &Keeper, written: &[Heard], seq: u64) {
    let base = heard.base.as_ref().expect("there is a base");
    assert_eq!(base.info, written[seq as usize - 1].info);
    assert_eq!(base.rows, base_rows(seq));
    assert_eq!(heard.commits[..], written[seq as usize..]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_base_stands_for_what_came_before(
        commits in 1..12_u64,
        more in 0..5_u64,
        rotate_bytes in prop_oneof![Just(1), 300..4_000_u64, Just(1 << 30)],
        seqs in (1..12_u64, 1..12_u64),
        checkpoint in 0..12_u64,
    ) {
        let mut fixture = Fixture::new(rotate_bytes);
        let mut known = Vec::from([fixture.known()]);
        for _ in 0..commits {
            fixture.commit(3);
            known.push(fixture.known());
        }
        let mut based = 0;
        for seq in [seqs.0.min(commits), seqs.1.min(commits)] {
            if seq < based {
                continue;
            }
            write_base(&fixture.log, seq).expect("writes");
            fixture.writer().drop_before(seq).expect("drops");
            based = seq;
            prop_assert_eq!(fixture.log.table().base_seq(), seq);
            prop_assert_eq!(fixture.log.info(seq).expect("kept"), fixture.written[seq as usize - 1].info.clone());
            prop_assert!(fixture.log.info(seq - 1).is_err());
            let mut all = Keeper::default();
            fixture.log.verify(&mut all).expect("verifies");
            check(&all, &fixture.written, seq);
        }
        for _ in 0..more {
            fixture.commit(2);
        }
        let written = fixture.written.clone();
        let table = fixture.log.table().clone();
        check(&fixture.reopen(None).expect("opens"), &written, based);
        prop_assert_eq!(&table, &*fixture.log.table());
        // A checkpoint from before the compaction still spares what it knows, unless that is less than the base.
        let checkpoint = checkpoint.min(commits);
        match fixture.reopen(Some(known.swap_remove(checkpoint as usize))) {
            Ok(heard) => {
                prop_assert!(checkpoint >= based);
                prop_assert!(heard.base.is_none());
                prop_assert_eq!(&heard.commits[..], &written[checkpoint as usize..]);
                prop_assert_eq!(&table, &*fixture.log.table());
                fixture.commit(1);
            }
            Err(LogError::Superseded { .. }) => prop_assert!(checkpoint < based),
            Err(other) => return Err(TestCaseError::fail(other.to_string())),
        }
    }
}

#[test]
fn a_compaction_that_stops_anywhere_leaves_a_whole_log() {
    for point in ["log.base", "log.drop"] {
        for (rotate_bytes, seq) in [(1 << 30, 3), (1 << 30, 5), (700, 3), (1, 2)] {
            for older in [0, 1] {
                let mut visit = 1;
                while stop_compaction(&format!("{point}=fail@{visit}"), rotate_bytes, seq, older) {
                    visit += 1;
                }
                assert!(visit > 3, "{point} is passed often");
            }
        }
    }
}

/// Compacts up to `seq`, with or without an older base, under a fault, and opens the log again. Returns whether the fault
/// was met.
fn stop_compaction(fault: &str, rotate_bytes: u64, seq: u64, older: u64) -> bool {
    let mut fixture = Fixture::filled(rotate_bytes, 5);
    if older > 0 {
        write_base(&fixture.log, older).expect("writes");
        fixture.writer().drop_before(older).expect("drops");
    }
    let known = fixture.known();
    let stopped = with_faults(fault, || {
        write_base(&fixture.log, seq)?;
        fixture.writer().drop_before(seq)
    });
    let written = fixture.written.clone();
    let path = fixture.dir().join(format!("log/{seq:012}.base"));
    let compacted = path.exists();
    assert!(compacted || stopped.is_err());
    let heard = fixture
        .reopen(Some(known))
        .expect("opens with a checkpoint");
    assert!(heard.commits.is_empty() && heard.base.is_none());
    let heard = fixture.reopen(None).expect("opens");
    match (compacted, older) {
        (true, _) => check(&heard, &written, seq),
        (false, 0) => assert_eq!(heard.commits, written),
        (false, older) => check(&heard, &written, older),
    }
    fixture.commit(2);
    let written = fixture.written.clone();
    let heard = fixture.reopen(None).expect("opens");
    assert_eq!(heard.commits.last(), written.last());
    let there: Vec<_> = fixture
        .file_bytes()
        .into_iter()
        .map(|file| file.0)
        .collect();
    let mut counted = fixture.log.files();
    counted.sort();
    assert_eq!(there, counted, "{fault} left something over");
    stopped.is_err()
}

#[test]
fn readers_keep_reading_while_commits_are_given_up() {
    let mut fixture = Fixture::filled(1 << 30, 40);
    let log = fixture.log.clone();
    let stop = std::sync::atomic::AtomicBool::new(false);
    let written = fixture.written.clone();
    std::thread::scope(|scope| {
        let (stop, written) = (&stop, &written);
        scope.spawn(move || {
            while !stop.load(std::sync::atomic::Ordering::Acquire) {
                let from = log.table().first_seq();
                let mut keeper = Keeper::default();
                match log.read(from, 40, &mut keeper) {
                    Ok(()) => assert_eq!(keeper.commits[..], written[from as usize - 1..40]),
                    // It was given up between the two calls.
                    Err(LogError::Unknown { first, .. }) => assert!(first > from),
                    Err(other) => panic!("{other}"),
                }
            }
        });
        for seq in (1..40).step_by(3) {
            write_base(&fixture.log, seq).expect("writes");
            fixture.writer().drop_before(seq).expect("drops");
        }
        stop.store(true, std::sync::atomic::Ordering::Release);
    });
}

#[test]
fn a_base_must_be_whole_and_of_its_commit() {
    let mut fixture = Fixture::filled(1 << 30, 4);
    let known = fixture.known();
    assert!(write_base(&fixture.log, 5).is_err());
    let error = fixture
        .log
        .write_base(2, 7, |base| base.row(|out| out.push(b'x')));
    assert_eq!(
        error.expect_err("too few").kind(),
        io::ErrorKind::InvalidInput
    );
    assert!(
        fixture.writer().drop_before(2).is_err(),
        "there is no such base"
    );
    fixture.commit(1);
    write_base(&fixture.log, 2).expect("writes");
    fixture.writer().drop_before(2).expect("drops");
    let path = fixture.dir().join("log/000000000002.base");
    let bytes = fs::read(&path).expect("reads");
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x04;
        fs::write(&path, &changed).expect("writes");
        assert!(fixture.look().is_err(), "byte {at}");
        fs::write(&path, &bytes[..at]).expect("writes");
        assert!(fixture.look().is_err(), "cut at {at}");
    }
    fs::remove_file(&path).expect("removes");
    assert!(matches!(fixture.look(), Err(LogError::Missing { .. })));
    fs::write(&path, &bytes).expect("writes");
    assert!(fixture.look().is_ok());
    // Another log that went another way from the same numbers.
    let mut other = Fixture::new(1 << 30);
    for rows in [5, 5, 5, 5] {
        other.commit(rows);
    }
    let mut stranger = known;
    stranger.digest = other.log.digest();
    assert!(fixture.reopen(Some(stranger)).is_err());
}
