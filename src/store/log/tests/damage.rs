//! A crash leaves a prefix; damage is named. Never a wrong answer, never a commit lost in silence.

use super::*;
use proptest::prelude::*;

/// Three small commits in one file; the last but one is long enough to be compressed.
fn small() -> Fixture {
    let mut fixture = Fixture::new(1 << 30);
    for rows in [2, 12, 1] {
        fixture.commit(rows);
    }
    fixture
}

fn is_damage(error: &LogError) -> bool {
    matches!(
        error,
        LogError::Damaged { .. }
            | LogError::Foreign { .. }
            | LogError::NewerFormat { .. }
            | LogError::Missing { .. }
    )
}

#[test]
fn every_cut_of_the_last_file_gives_a_prefix() {
    let fixture = small();
    let (path, bytes) = fixture.file_bytes().remove(0);
    let ends: Vec<u64> = (1..=3)
        .map(|seq| fixture.log.table().entry(seq).expect("is there").end)
        .collect();
    for cut in 0..bytes.len() {
        fs::write(&path, &bytes[..cut]).expect("writes");
        let looked = fixture.look();
        if cut < 60 {
            assert!(is_damage(&looked.expect_err("no head")), "cut at {cut}");
            continue;
        }
        let whole = ends.iter().filter(|end| **end <= cut as u64).count();
        assert_eq!(
            looked.expect("a torn tail").commits,
            fixture.written[..whole]
        );
        // A checkpoint that vouches for the bytes makes a damage of it.
        for seq in 1..=3 {
            let mut options = read_only();
            options.durable_end = Some(LogPosition {
                file: 1,
                offset: ends[seq - 1],
            });
            let looked = look(fixture.dir(), options);
            assert_eq!(looked.is_err(), whole < seq, "cut at {cut}, {seq} durable");
        }
    }
    // Opening for writing cuts what is torn and goes on from there.
    let cut = ends[1] as usize + 40;
    fs::write(&path, &bytes[..cut]).expect("writes");
    let mut again = fixture;
    again.written.truncate(2);
    assert_eq!(again.reopen(None).expect("opens").commits, again.written);
    assert_eq!(fs::read(&path).expect("reads"), bytes[..ends[1] as usize]);
    again.commit(4);
    let written = again.written.clone();
    assert_eq!(again.reopen(None).expect("opens").commits, written);
}

#[test]
fn every_flipped_bit_is_noticed_and_nothing_is_touched() {
    let fixture = small();
    let (path, bytes) = fixture.file_bytes().remove(0);
    let ends: Vec<u64> = (1..=3)
        .map(|seq| fixture.log.table().entry(seq).expect("is there").end)
        .collect();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            fs::write(&path, &flipped).expect("writes");
            let mut keeper = Keeper::default();
            let opened = CommitLog::open(fixture.dir(), fixture.options, None, &mut keeper);
            let error = opened.err().expect("a flipped bit went unnoticed");
            assert!(is_damage(&error), "bit {bit} of byte {at}: {error:?}");
            if let LogError::Damaged { seq, offset, .. } = error {
                let good = ends.iter().filter(|end| **end <= at as u64).count() as u64;
                assert_eq!(seq, good, "bit {bit} of byte {at}");
                assert!(offset <= at as u64);
            }
            assert_eq!(keeper.commits[..], fixture.written[..keeper.commits.len()]);
        }
        assert!(fs::read(&path).expect("reads").len() == bytes.len());
    }
}

#[test]
fn bytes_taken_out_put_in_or_swapped_are_damage() {
    let fixture = small();
    let (path, bytes) = fixture.file_bytes().remove(0);
    let place = |seq| {
        let entry = fixture.log.table().entry(seq).expect("is there");
        entry.offset as usize..entry.end as usize
    };
    let without_second = [&bytes[..place(2).start], &bytes[place(2).end..]].concat();
    let twice = [&bytes[..], &bytes[place(3)]].concat();
    let one_less = [&bytes[..place(2).start + 30], &bytes[place(2).start + 31..]].concat();
    for changed in [without_second, twice, one_less] {
        fs::write(&path, &changed).expect("writes");
        assert!(is_damage(&fixture.look().expect_err("noticed")));
    }
}

#[test]
fn files_that_are_missing_or_cut_between_others_are_named() {
    let fixture = Fixture::filled(1, 5);
    let files = fixture.file_bytes();
    assert_eq!(files.len(), 5, "one commit a file");
    for (i, (path, bytes)) in files.iter().enumerate() {
        fs::remove_file(path).expect("removes");
        if i < 4 {
            match fixture.look() {
                Err(LogError::Missing { path: missing }) => assert_eq!(&missing, path),
                other => panic!("file {i}: {other:?}"),
            }
        } else {
            assert_eq!(fixture.look().expect("a prefix").commits.len(), 4);
        }
        let mut keeper = Keeper::default();
        let opened = CommitLog::open(
            fixture.dir(),
            read_only(),
            Some(fixture.known()),
            &mut keeper,
        );
        match opened.err().expect("a checkpoint misses any file") {
            LogError::Missing { path: missing } => assert_eq!(&missing, path),
            other => panic!("file {i}: {other:?}"),
        }
        for cut in [61, bytes.len() - 1] {
            fs::write(path, &bytes[..cut]).expect("writes");
            let looked = fixture.look();
            if i < 4 {
                let error = looked.expect_err("cut between others");
                assert!(matches!(error, LogError::Damaged { path: named, .. } if &named == path));
            } else {
                assert_eq!(looked.expect("a prefix").commits.len(), 4);
            }
        }
        fs::write(path, bytes).expect("writes");
    }
    // Two files whose names were swapped, and one of another log.
    fs::rename(&files[1].0, fixture.dir().join("aside")).expect("renames");
    fs::rename(&files[2].0, &files[1].0).expect("renames");
    fs::rename(fixture.dir().join("aside"), &files[2].0).expect("renames");
    assert!(is_damage(&fixture.look().expect_err("swapped")));
    let mut other = Fixture::new(1);
    for rows in [4, 4, 4, 4, 4] {
        other.commit(rows);
    }
    for (path, bytes) in &files {
        fs::write(path, bytes).expect("writes");
    }
    fs::write(&files[2].0, &other.file_bytes()[2].1).expect("writes");
    assert!(is_damage(&fixture.look().expect_err("of another log")));
}

#[test]
fn a_hole_is_torn_only_where_nothing_says_it_was_durable() {
    // Four records appended, none synced: a power failure may leave zeros in any of them.
    let mut fixture = small();
    let durable = fixture.log.end().offset as usize;
    for seq in 4..8 {
        fixture.append(some_rows(seq, 9)).expect("appends");
    }
    let (path, bytes) = fixture.file_bytes().remove(0);
    let end = bytes.len();
    for from in (60..end - 40).step_by(3) {
        let mut holed = bytes.clone();
        let to = (from + 64).min(end);
        holed[from..to].fill(0);
        fs::write(&path, &holed).expect("writes");
        let looked = fixture.look();
        if from >= durable {
            let heard = looked.expect("nothing of it was acknowledged").commits;
            assert!(heard.len() >= 3, "hole at {from}");
            assert_eq!(heard[..], fixture.written[..heard.len()]);
        } else {
            assert!(
                is_damage(&looked.expect_err("was durable")),
                "hole at {from}"
            );
        }
    }
    // Zeros to the end, as when a file is longer than what was written to it.
    for from in durable..end {
        let mut holed = bytes.clone();
        holed[from..].fill(0);
        fs::write(&path, &holed).expect("writes");
        let heard = fixture.look().expect("torn").commits;
        assert_eq!(heard[..], fixture.written[..heard.len()]);
    }
    fs::write(&path, [&bytes[..], &[0; 5000]].concat()).expect("writes");
    assert_eq!(fixture.look().expect("torn").commits.len(), 7);
}

#[test]
fn foreign_files_and_newer_formats_are_told_apart() {
    let fixture = small();
    let (path, bytes) = fixture.file_bytes().remove(0);
    let mut newer = bytes.clone();
    newer[14] = b'3';
    fs::write(&path, &newer).expect("writes");
    let error = fixture.look().expect_err("newer");
    assert!(matches!(error, LogError::NewerFormat { version: 3, .. }));
    assert!(error.to_string().contains("newer oslo"), "{error}");
    for text in [
        "",
        "x",
        "oslo-commitlog\n",
        "oslo-commitlog02\n",
        "oslo-commitlog99999999999\n",
        "<a> <b> <c> .\n",
    ] {
        fs::write(&path, text).expect("writes");
        let error = fixture.look().expect_err("foreign");
        assert!(
            matches!(error, LogError::Foreign { .. }),
            "{text:?}: {error:?}"
        );
        assert!(error.to_string().contains("not a commit log"));
    }
    fs::write(&path, &bytes[..30]).expect("writes");
    assert!(matches!(
        fixture.look(),
        Err(LogError::Damaged { offset: 0, .. })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever a log holds: an error, or a prefix of what was written.
    #[test]
    fn arbitrary_changes_never_give_a_wrong_answer(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..4),
    ) {
        let fixture = Fixture::filled(900, 6);
        for (place, value, kind) in changes {
            let mut files = fixture.file_bytes();
            let count = files.len();
            let (path, bytes) = &mut files[place.index(count)];
            let at = place.index(bytes.len());
            match kind {
                0 => bytes[at] = value,
                1 => bytes.insert(at, value),
                _ => drop(bytes.drain(at..(at + usize::from(value) + 1).min(bytes.len()))),
            }
            fs::write(path, bytes).expect("writes");
            if let Ok(heard) = fixture.look() {
                prop_assert_eq!(&heard.commits[..], &fixture.written[..heard.commits.len()]);
            }
            if fixture.file_bytes().iter().any(|(_, bytes)| bytes.is_empty()) {
                break;
            }
        }
    }
}

#[test]
fn a_lost_sector_with_a_few_bytes_of_a_record_is_no_damage() {
    let mut met = 0;
    for rows in 1..200 {
        let mut fixture = Fixture::filled(1 << 30, 1);
        fixture.commit(rows);
        let start = fixture.log.end().offset as usize;
        let sector_end = (start / 512 + 1) * 512;
        if sector_end - start >= 28 {
            continue;
        }
        met += 1;
        fixture.append(some_rows(3, 40)).expect("appends");
        let (path, mut bytes) = fixture.file_bytes().remove(0);
        bytes[start..sector_end].fill(0);
        fs::write(&path, &bytes).expect("writes");
        let heard = fixture.reopen(None).expect("opens");
        assert_eq!(heard.commits, fixture.written[..2], "{rows} rows");
    }
    assert!(met > 3, "some records end just before a sector does");
}
