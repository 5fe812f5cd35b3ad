//! Tests of one store that follows the log of another, with the bytes handed over in memory.

use super::*;
use crate::store::{Continuation, FollowError, LogInstall, mend_install};
use std::fs;
use std::path::Path;

/// What makes a store of a few quads live through what one of millions does.
fn small(rotate_bytes: u64) -> OpenOptions {
    OpenOptions {
        memory_bytes: 1 << 20,
        thresholds: Thresholds {
            checkpoint_rows: 400,
            closing_rows: 100,
            spill_rows: 150,
            rotate_bytes,
        },
        ..OpenOptions::default()
    }
}

fn following(rotate_bytes: u64) -> OpenOptions {
    OpenOptions {
        follows: true,
        ..small(rotate_bytes)
    }
}

/// A commit of `rows` quads, some of which take the place of earlier ones.
fn commit(store: &Store, rows: u32) {
    let turn = store.snapshot().seq();
    let mut draft = store.begin().expect("writes");
    for n in 0..rows {
        let (s, o, g) = (n as u8, (n >> 8) as u8 ^ turn as u8, (n % 3) as u8);
        draft.add_quad(quad(s, o, g).as_ref());
        if n % 5 == 0 {
            draft.remove_quad(quad(s, o.wrapping_sub(1), g).as_ref());
        }
    }
    draft.commit(meta()).expect("commits");
}

/// Hands over everything that is missing, as many records at a time as `most_bytes` hold.
fn hand_over(from: &Store, to: &Store, most_bytes: u64) {
    let mut following = to.replicate();
    loop {
        let (at, digest) = following.position();
        assert_eq!(
            from.continues(at, &digest).expect("reads"),
            Continuation::Chained
        );
        let records = from.ship(at + 1, most_bytes).expect("reads");
        if records.is_empty() {
            return;
        }
        for record in records {
            let mut bytes = Vec::new();
            record.write(&mut bytes).expect("reads");
            assert_eq!(bytes.len() as u64, record.bytes);
            let place = (record.file, record.offset);
            let info = following.append(place, record.bytes, &mut bytes.as_slice());
            assert_eq!(info.expect("takes it over").seq, record.seq);
        }
        following.publish().expect("is durable");
    }
}

fn log_of(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir.join("log"))
        .expect("a folder")
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect();
    files.sort();
    files
}

#[test]
fn the_logs_are_the_same_byte_for_byte() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let rotate = 4_000;
    let primary = Store::open(&a, small(rotate)).expect("opens");
    let mut replica = Store::open(&b, following(rotate)).expect("opens");
    for turn in 0..30_u32 {
        commit(&primary, if turn % 7 == 3 { 2_000 } else { 1 + turn });
        if turn % 4 == 0 {
            hand_over(&primary, &replica, u64::from(turn) * 400);
            assert_eq!(dump(&replica.snapshot()), dump(&primary.snapshot()));
            assert_eq!(replica.snapshot().digest(), primary.snapshot().digest());
        }
        if turn % 9 == 0 {
            drop(replica);
            replica = Store::open(&b, following(rotate)).expect("opens");
        }
    }
    hand_over(&primary, &replica, 1 << 20);
    assert!(matches!(replica.begin(), Err(StoreError::Follows)));
    let seq = primary.snapshot().seq();
    for earlier in [1, 7, seq - 1, seq] {
        let of = |store: &Store| dump(&store.as_of(AsOf::Seq(earlier)).expect("kept"));
        assert_eq!(of(&replica), of(&primary), "commit {earlier}");
    }
    drop((primary, replica));
    let (one, other) = (log_of(&a), log_of(&b));
    assert!(one.len() > 2, "the log was begun anew now and then");
    assert!(one == other, "{:?}", (one.len(), other.len()));
    let report = check(&b, true, Derivers::default(), &mut |_, _| {}).expect("checks");
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn files_cut_elsewhere_make_the_same_chain() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let primary = Store::open(&a, small(3_000)).expect("opens");
    let replica = Store::open(&b, following(10_000)).expect("opens");
    for turn in 0..12 {
        commit(&primary, 10 * turn + 1);
    }
    hand_over(&primary, &replica, 1 << 20);
    // What the primary gives up that is here already changes nothing; what comes later stands elsewhere there.
    primary.retain_after(7).expect("gives up");
    for _ in 0..5 {
        commit(&primary, 40);
        hand_over(&primary, &replica, 1 << 20);
    }
    assert_eq!(replica.snapshot().digest(), primary.snapshot().digest());
    assert_eq!(dump(&replica.snapshot()), dump(&primary.snapshot()));
    assert_eq!(replica.first_state(), 0);
    drop(replica);
    let again = Store::rebuild(&b, following(10_000), &mut |_, _| {}).expect("opens");
    assert_eq!(dump(&again.snapshot()), dump(&primary.snapshot()));
}

#[test]
fn a_flipped_bit_is_refused_and_the_record_taken_when_it_comes_right() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let primary = Store::open(&a, small(1 << 20)).expect("opens");
    let replica = Store::open(&b, following(1 << 20)).expect("opens");
    commit(&primary, 3);
    commit(&primary, 3);
    hand_over(&primary, &replica, 1);
    commit(&primary, 20);
    let (before, log) = (dump(&replica.snapshot()), log_of(&b));
    let record = primary.ship(3, 1).expect("reads").remove(0);
    let mut bytes = Vec::new();
    record.write(&mut bytes).expect("reads");
    let place = (record.file, record.offset);
    let mut following = replica.replicate();
    for bit in 0..bytes.len() * 8 {
        let mut wrong = bytes.clone();
        wrong[bit / 8] ^= 1 << (bit % 8);
        let taken = following.append(place, record.bytes, &mut wrong.as_slice());
        assert!(
            matches!(
                taken,
                Err(FollowError::Damaged { .. } | FollowError::Input(_))
            ),
            "bit {bit}: {taken:?}"
        );
    }
    for length in 0..bytes.len() {
        let taken = following.append(place, record.bytes, &mut &bytes[..length]);
        assert!(
            matches!(taken, Err(FollowError::Input(_))),
            "{length} bytes"
        );
        let taken = following.append(place, length as u64, &mut &bytes[..length]);
        assert!(taken.is_err(), "a record of {length} bytes");
    }
    // A record that was taken over before, and one too early.
    let first = primary.ship(1, 1).expect("reads").remove(0);
    let mut other = Vec::new();
    first.write(&mut other).expect("reads");
    let taken = following.append(place, first.bytes, &mut other.as_slice());
    assert!(matches!(taken, Err(FollowError::Damaged { after: 2, .. })));
    assert_eq!(dump(&replica.snapshot()), before);
    assert!(log_of(&b) == log, "nothing is left of what was refused");
    let taken = following.append(place, record.bytes, &mut bytes.as_slice());
    assert_eq!(taken.expect("takes it over").seq, 3);
    following.publish().expect("is durable");
    assert_eq!(dump(&replica.snapshot()), dump(&primary.snapshot()));
}

#[test]
fn another_history_and_one_given_up_are_told_apart() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = |name: &str| Store::open(&folder.path().join(name), small(2_000)).expect("opens");
    let (one, other) = (store("a"), store("b"));
    for turn in 0..6 {
        commit(&one, 5);
        commit(&other, 6 + turn);
    }
    let at = |store: &Store, seq| {
        let state = store.as_of(AsOf::Seq(seq)).expect("kept");
        (state.seq(), state.digest())
    };
    for seq in 0..=6 {
        let (seq, digest) = at(&one, seq);
        let told = one.continues(seq, &digest).expect("reads");
        assert_eq!(told, Continuation::Chained, "{seq}");
        if seq > 0 {
            let told = other.continues(seq, &digest).expect("reads");
            assert_eq!(told, Continuation::Other, "{seq}");
        }
    }
    let (_, digest) = at(&one, 6);
    let told = one.continues(7, &digest).expect("reads");
    assert_eq!(told, Continuation::Other, "a commit that was never made");
    let (seq, digest) = at(&one, 2);
    one.retain_after(4).expect("gives up");
    let told = one.continues(seq, &digest).expect("reads");
    assert_eq!(told, Continuation::GivenUp(4));
    assert!(matches!(
        one.ship(3, 1),
        Err(StoreError::Compacted { first: 5 })
    ));
    let (seq, digest) = at(&one, 4);
    let told = one.continues(seq, &digest).expect("reads");
    assert_eq!(told, Continuation::Chained);
}

#[test]
fn a_whole_log_takes_the_place_of_another() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    let primary = Store::open(&a, small(2_000)).expect("opens");
    for turn in 0..9 {
        commit(&primary, 10 + turn);
        if turn == 2 {
            let replica = Store::open(&b, following(2_000)).expect("opens");
            hand_over(&primary, &replica, 1);
        }
    }
    primary.retain_after(6).expect("gives up");
    for target in [&b, &folder.path().join("c")] {
        // One that ends half-way leaves what was there.
        let before = target.exists().then(|| log_of(target));
        let mut install = LogInstall::begin(target).expect("claims");
        let (summary, parts) = primary.ship_log().expect("reads");
        for part in &parts {
            let mut bytes = Vec::new();
            part.write(&mut bytes).expect("reads");
            let half = install.file(&part.name, part.bytes, &mut &bytes[..bytes.len() / 2]);
            assert!(half.is_err());
        }
        assert!(install.file("../evil.log", 0, &mut &b""[..]).is_err());
        drop(install);
        if let Some(before) = before {
            assert!(log_of(target) == before);
        }
        let mut install = LogInstall::begin(target).expect("claims");
        for part in &parts {
            let mut bytes = Vec::new();
            part.write(&mut bytes).expect("reads");
            install
                .file(&part.name, part.bytes, &mut bytes.as_slice())
                .expect("writes");
        }
        install.finish(primary.settings()).expect("takes its place");
        let replica = Store::open(target, following(2_000)).expect("opens");
        assert_eq!(replica.snapshot().seq(), summary.last);
        assert_eq!(dump(&replica.snapshot()), dump(&primary.snapshot()));
        assert_eq!(replica.first_state(), 6);
        commit(&primary, 30);
        hand_over(&primary, &replica, 1);
        drop(replica);
        let report = check(target, true, Derivers::default(), &mut |_, _| {}).expect("checks");
        assert!(report.findings.is_empty(), "{:?}", report.findings);
    }
    let replica = Store::open(&b, following(2_000)).expect("opens");
    hand_over(&primary, &replica, 1);
    drop((primary, replica));
    assert!(log_of(&a) == log_of(&b));
    // What a crash leaves between two names.
    let (log, old) = (b.join("log"), b.join("log.old"));
    fs::rename(&log, &old).expect("renames");
    mend_install(&b).expect("puts it back");
    assert!(log_of(&a) == log_of(&b) && !old.exists());
    fs::create_dir(&old).expect("a folder");
    mend_install(&b).expect("removes what is left");
    assert!(log_of(&a) == log_of(&b) && !old.exists());
    mend_install(&folder.path().join("nowhere")).expect("nothing to do");
}
