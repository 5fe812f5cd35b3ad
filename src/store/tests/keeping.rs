//! Tests of backup, restore and of giving up old commits.

use super::*;
use std::fs;
use std::path::Path;

/// A store with `count` commits of 30 quads; each removes a third of the ones before.
fn filled(dir: &Path, count: u64) -> Store {
    let store = Store::open(dir, OpenOptions::default()).expect("opens");
    more(&store, count);
    store
}

fn more(store: &Store, count: u64) {
    for _ in 0..count {
        let turn = store.snapshot().seq() as u8;
        let mut draft = store.begin().expect("writes");
        for n in 0..30 {
            draft.add_quad(quad(turn, n, n % 3).as_ref());
            if n % 3 == 0 {
                draft.remove_quad(quad(turn.wrapping_sub(1), n, 0).as_ref());
            }
        }
        draft.commit(meta()).expect("commits");
    }
}

fn read(dir: &Path) -> Store {
    let options = OpenOptions {
        read_only: true,
        must_exist: true,
        ..OpenOptions::default()
    };
    Store::open(dir, options).expect("reads")
}

fn assert_sound(dir: &Path) {
    let report = check(dir, true, Derivers::default(), &mut |_, _| {}).expect("checks");
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[test]
fn a_backup_beside_a_writer_is_a_registry_of_its_own() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (data, copy, bytes) = (
        folder.path().join("data"),
        folder.path().join("a/copy"),
        folder.path().join("bytes"),
    );
    let store = filled(&data, 4);
    store.checkpoint().expect("flushes");
    more(&store, 2);
    let report = backup(&data, &copy, false, &mut |_, _| {}).expect("copies");
    assert_eq!(
        (report.seq, report.quads),
        (6, store.snapshot().quad_count())
    );
    assert!(report.linked_files >= 5, "{report:?}");
    assert_eq!(report.without_index, None);
    let report = backup(&data, &bytes, true, &mut |_, _| {}).expect("copies");
    assert_eq!(
        (report.linked_files, report.copied_bytes),
        (0, report.bytes)
    );
    let then = dump(&store.snapshot());
    // What happens to the one does not touch the other.
    more(&store, 3);
    store.compact_index().expect("merges");
    store.retain_after(8).expect("gives up commits");
    for dir in [&copy, &bytes] {
        assert_sound(dir);
        let kept = Store::open(dir, OpenOptions::default()).expect("opens");
        assert_eq!(dump(&kept.snapshot()), then);
        more(&kept, 1);
        kept.compact_index().expect("merges");
    }
    assert_sound(&data);
    assert_eq!(store.snapshot().seq(), 9);
}

#[test]
fn any_state_can_be_restored_into_a_folder_of_its_own() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let store = filled(&data, 5);
    store.checkpoint().expect("flushes");
    more(&store, 3);
    let back = |name: &str, as_of| {
        let dir = folder.path().join(name);
        let options = OpenOptions::default();
        restore(&data, &dir, as_of, options, &mut |_, _| {}).map(|report| (dir, report))
    };
    for retained in [0, 3] {
        store.retain_after(retained).expect("gives up commits");
        for seq in retained..=8 {
            let name = format!("{retained}-{seq}");
            let (dir, report) = back(&name, Some(AsOf::Seq(seq))).expect("restores");
            let state = store.as_of(AsOf::Seq(seq)).expect("looks back");
            assert_eq!((report.seq, report.quads), (seq, state.quad_count()));
            assert_sound(&dir);
            let restored = Store::open(&dir, OpenOptions::default()).expect("opens");
            assert_eq!(dump(&restored.snapshot()), dump(&state));
            assert_eq!(restored.snapshot().digest(), state.digest());
            more(&restored, 1);
        }
    }
    let (dir, report) = back("all", None).expect("restores");
    assert_eq!(report.seq, 8);
    assert_eq!(dump(&read(&dir).snapshot()), dump(&store.snapshot()));
    assert!(matches!(
        back("future", Some(AsOf::Seq(9))),
        Err(StoreError::NotYet { seq: 9, last: 8 })
    ));
    assert!(matches!(
        back("gone", Some(AsOf::Seq(2))),
        Err(StoreError::Compacted { first: 3 })
    ));
    assert!(matches!(
        back("all", None),
        Err(StoreError::NotEmpty { .. })
    ));
    for name in ["future", "gone"] {
        let left = fs::read_dir(folder.path().join(name)).expect("a folder");
        let left: Vec<_> = left
            .map(|entry| entry.expect("entry").file_name())
            .collect();
        assert!(left.iter().all(|name| name == "lock"), "{left:?}");
    }
}

#[test]
fn a_copy_that_ended_half_way_is_no_registry_and_is_started_over() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
    drop(filled(&data, 3));
    backup(&data, &copy, true, &mut |_, _| {}).expect("copies");
    // As far as it gets before its last step.
    fs::rename(copy.join("log"), copy.join("log.new")).expect("renames");
    let open = |options| Store::open(&copy, options).err();
    assert!(matches!(
        open(OpenOptions::default()),
        Some(StoreError::NotARegistry { .. })
    ));
    let reading = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    assert!(matches!(open(reading), Some(StoreError::Missing { .. })));
    backup(&data, &copy, true, &mut |_, _| {}).expect("starts over");
    assert_sound(&copy);
    // Something else beside it: hands off.
    fs::rename(copy.join("log"), copy.join("log.new")).expect("renames");
    fs::write(copy.join("thesis.txt"), "years of work").expect("writes");
    let refused = backup(&data, &copy, true, &mut |_, _| {}).err();
    assert!(matches!(refused, Some(StoreError::NotEmpty { .. })));
    assert!(copy.join("log.new").exists());
}

#[test]
fn a_damaged_index_is_left_out_and_a_damaged_log_is_refused() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let store = filled(&data, 4);
    store.checkpoint().expect("flushes");
    drop(store);
    let index = data.join("index");
    let first = fs::read_dir(&index).expect("an index").next();
    let path = first.expect("a file").expect("an entry").path();
    let bytes = fs::read(&path).expect("reads");
    fs::write(&path, &bytes[..bytes.len() - 3]).expect("cuts");
    let copy = folder.path().join("copy");
    let report = backup(&data, &copy, false, &mut |_, _| {}).expect("copies");
    assert!(report.without_index.is_some(), "{report:?}");
    assert_eq!(report.seq, 4);
    assert_eq!(
        Store::open(&copy, OpenOptions::default())
            .expect("opens")
            .snapshot()
            .seq(),
        4
    );
    let log = data.join("log/000000000001.log");
    let mut bytes = fs::read(&log).expect("reads");
    bytes[100] ^= 1;
    fs::write(&log, bytes).expect("writes");
    let copy = folder.path().join("second");
    let refused = backup(&data, &copy, false, &mut |_, _| {}).err();
    assert!(
        matches!(refused, Some(StoreError::Damaged { .. })),
        "{refused:?}"
    );
    assert_eq!(fs::read_dir(&copy).expect("a folder").count(), 0);
}

#[test]
fn backups_are_whole_while_commits_merges_and_retention_go_on() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let store = filled(&data, 2);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for turn in 0..40 {
                more(&store, 1);
                match turn % 4 {
                    0 => store.checkpoint().expect("flushes"),
                    2 => store.compact_index().expect("merges"),
                    3 => store
                        .retain_after(store.snapshot().seq() - 2)
                        .expect("gives up"),
                    _ => {}
                }
            }
        });
        let mut number = 0;
        while !writer.is_finished() {
            number += 1;
            let dir = folder.path().join(format!("copy-{number}"));
            let before = store.snapshot().seq();
            let report = backup(&data, &dir, number % 2 == 0, &mut |_, _| {}).expect("copies");
            assert!(report.seq >= before, "{} after {before}", report.seq);
            assert_sound(&dir);
        }
        assert!(number > 1);
    });
}

#[test]
fn merges_that_are_asked_for_at_once_do_not_undo_each_other() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = filled(folder.path(), 40);
    store.checkpoint().expect("flushes");
    let pace = crate::store::pace::Pace::full();
    for _ in 0..60 {
        for _ in 0..4 {
            more(&store, 1);
            store.checkpoint().expect("flushes");
        }
        // Some take the small levels, the others all of them; more of them than there are processors.
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| store.compact_index().expect("merges"));
                scope.spawn(|| store.inner().merge_tiers(&pace).expect("merges"));
            }
        });
        let options = OpenOptions {
            read_only: true,
            ..OpenOptions::default()
        };
        let beside = Store::open(folder.path(), options).expect("opens");
        assert_eq!(beside.health().damaged, None);
    }
}

#[test]
fn a_state_too_far_back_becomes_a_base_all_the_same() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let store = filled(folder.path(), 6);
    let disk = store.inner().disk().expect("on disk");
    let state = store.as_of(AsOf::Seq(4)).expect("looks back");
    let options = OpenOptions::default();
    let dump_of = |other: &Store| Ok(dump(&other.snapshot()));
    let made =
        crate::store::backup::with_state_made_anew(&disk.log, folder.path(), 4, options, dump_of);
    assert_eq!(made.expect("makes it"), dump(&state));
    assert!(!folder.path().join("earlier.new").exists());
    assert_sound(folder.path());
}

#[test]
fn files_that_people_keep_go_along_and_stop_nothing() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let at = |name: &str| folder.path().join(name);
    let data = at("data");
    let queries = data.join(QUERIES_DIR);
    fs::create_dir_all(&queries).expect("a folder before there is a registry");
    fs::write(queries.join("straat.rq"), "SELECT * {}").expect("writes");
    drop(filled(&data, 3));
    fs::write(queries.join("LEESMIJ.txt"), "uitleg").expect("writes");
    fs::write(queries.join(".straat.rq.swp"), "x").expect("writes");
    fs::create_dir(queries.join("oud")).expect("a folder");
    let names = |dir: &Path| {
        let entries = fs::read_dir(dir.join(QUERIES_DIR)).expect("a folder");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("entry")
                    .file_name()
                    .into_string()
                    .expect("UTF-8")
            })
            .collect();
        names.sort();
        names
    };
    let kept = ["LEESMIJ.txt", "straat.rq"];
    for (name, copied) in [("linked", false), ("copied", true)] {
        let report = backup(&data, &at(name), copied, &mut |_, _| {}).expect("copies");
        assert_eq!(report.query_files, 2);
        assert_eq!(names(&at(name)), kept);
    }
    // An editor that writes in place must not reach into the backup.
    fs::write(queries.join("straat.rq"), "ASK {}").expect("writes");
    let copy = at("linked");
    let text = fs::read_to_string(copy.join("queries/straat.rq")).expect("reads");
    assert_eq!(text, "SELECT * {}");
    for (name, moment) in [("all", None), ("early", Some(AsOf::Seq(2)))] {
        let back = at(name);
        let options = OpenOptions::default();
        let report = restore(&copy, &back, moment, options, &mut |_, _| {}).expect("restores");
        assert_eq!(report.query_files, 2);
        assert_eq!(names(&back), kept);
        assert_sound(&back);
    }
    // One that ended half-way is started over.
    fs::rename(copy.join("log"), copy.join("log.new")).expect("renames");
    backup(&data, &copy, true, &mut |_, _| {}).expect("starts over");
    let text = fs::read_to_string(copy.join("queries/straat.rq")).expect("reads");
    assert_eq!(text, "ASK {}");
    // What people keep is not overwritten, and a file of that name is not theirs.
    let used = at("used");
    fs::create_dir_all(used.join(QUERIES_DIR)).expect("a folder");
    let refused = restore(&copy, &used, None, OpenOptions::default(), &mut |_, _| {});
    assert!(matches!(refused, Err(StoreError::NotEmpty { .. })));
    let strange = at("strange");
    fs::create_dir(&strange).expect("a folder");
    fs::write(strange.join(QUERIES_DIR), "x").expect("writes");
    let refused = Store::open(&strange, OpenOptions::default()).err();
    assert!(matches!(refused, Some(StoreError::NotARegistry { .. })));
}
