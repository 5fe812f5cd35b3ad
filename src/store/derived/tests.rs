//! What is derived is the same wherever it lies and however it came there; files come and go with the texts they belong to;
//! damage costs time and nothing else.

use super::*;
use crate::store::fault::scope::with_faults;
use crate::store::{CommitMeta, OpenOptions, Snapshot, Store, backup, check};
use oxrdf::{GraphName, Literal, NamedNode, Quad};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Derives the lengths of literals: number and length of each as varints, and all texts one after the other.
struct Lengths {
    version: u32,
    /// Literals of a full piece.
    most: usize,
    /// Literals read so far.
    read: AtomicU64,
}

impl Derive for Lengths {
    fn kind(&self) -> &'static str {
        "lengths"
    }

    fn version(&self) -> u32 {
        self.version
    }

    fn derive(
        &self,
        part: &TermPart,
        _: &View,
        range: Range<u64>,
        look: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<Derived> {
        let (mut count, mut next, mut looked) = (0, range.end, Ok(()));
        let (mut numbers, mut texts) = (Vec::new(), Vec::new());
        part.for_each_literal(
            range,
            |_| true,
            |id, _, value| {
                looked = look();
                if looked.is_err() {
                    return ControlFlow::Break(());
                }
                if count == self.most {
                    next = id.value();
                    return ControlFlow::Break(());
                }
                self.read.fetch_add(1, Ordering::Relaxed);
                count += 1;
                put_varint(&mut numbers, id.value());
                put_varint(&mut numbers, value.len() as u64);
                texts.extend_from_slice(value.as_bytes());
                ControlFlow::Continue(())
            },
        );
        looked?;
        let section = |name: &str, bytes, is_whole| Section {
            name: name.to_owned(),
            bytes,
            is_whole,
        };
        Ok(Derived {
            next,
            facts: serde_json::json!({ "count": count }),
            sections: vec![
                section("numbers", numbers, false),
                section("texts", texts, true),
                section("nothing", Vec::new(), false),
            ],
        })
    }
}

fn lengths(version: u32, most: usize) -> &'static Lengths {
    Box::leak(Box::new(Lengths {
        version,
        most,
        read: AtomicU64::new(0),
    }))
}

fn only(what: &'static Lengths) -> Derivers {
    Derivers(Box::leak(Box::new([what as &dyn Derive])))
}

fn options(what: &'static Lengths, after: Duration) -> OpenOptions {
    OpenOptions {
        derived: only(what),
        derive_after: after,
        ..OpenOptions::default()
    }
}

const LATER: Duration = Duration::from_secs(3600);

fn add(store: &Store, range: std::ops::Range<u32>) {
    let iri = |n: &str| NamedNode::new_unchecked(format!("http://example.org/{n}"));
    let mut draft = store.begin().expect("writes");
    for n in range {
        let literal =
            Literal::new_simple_literal(format!("tekst {n} {}", "x".repeat(n as usize % 90)));
        let quad = Quad::new(
            iri(&format!("s-{n}x")),
            iri("p"),
            literal,
            GraphName::DefaultGraph,
        );
        draft.add_quad(quad.as_ref());
    }
    let meta = CommitMeta {
        agent: "https://example.org/agent".into(),
        activity: "https://example.org/load/1".into(),
        source: Vec::new(),
        message: None,
    };
    draft.commit(meta).expect("commits");
}

/// All that the pieces of a state say: number, length and text of each literal.
fn told(state: &Snapshot, what: &'static Lengths) -> Vec<(u64, String)> {
    with_pieces(|| {
        let mut all = Vec::new();
        for part in state.term_parts() {
            let mut next = part.range().start;
            for piece in part.derived(what, &state.view(), &|| ()) {
                assert_eq!(piece.range().start, next);
                next = piece.range().end;
                let (numbers, texts) = (piece.section("numbers"), piece.section("texts").whole());
                let (mut numbers_at, mut texts_at) = (0, 0);
                let mut reader = Reader::new(&numbers);
                while numbers_at < numbers.len() {
                    let number = reader.varint(&mut numbers_at);
                    let len = reader.varint(&mut numbers_at) as usize;
                    let text = texts[texts_at..texts_at + len].to_vec();
                    all.push((number, String::from_utf8(text).expect("UTF-8")));
                    texts_at += len;
                }
                assert!(piece.section("nothing").is_empty());
            }
            assert_eq!(next, part.range().end);
        }
        all
    })
}

/// The same from the literals themselves.
fn wanted(state: &Snapshot) -> Vec<(u64, String)> {
    let mut all = Vec::new();
    for part in state.term_parts() {
        part.for_each_literal(
            part.range(),
            |_| true,
            |id, _, value| {
                all.push((id.value(), value.to_owned()));
                ControlFlow::Continue(())
            },
        );
    }
    all
}

fn assert_told(store: &Store, what: &'static Lengths) {
    let state = store.snapshot();
    let wanted = wanted(&state);
    assert!(!wanted.is_empty());
    assert_eq!(told(&state, what), wanted);
}

fn pieces(store: &Store, what: &'static Lengths) -> Vec<Arc<Piece>> {
    let state = store.snapshot();
    let parts = state.term_parts();
    let all = parts
        .iter()
        .flat_map(|part| part.derived(what, &state.view(), &|| ()));
    all.collect()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir.join("index")).expect("an index");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|kind| kind == "part"))
        .collect();
    found.sort();
    found
}

fn findings(dir: &Path, what: &'static Lengths) -> Vec<String> {
    let report = check(dir, true, only(what), &mut |_, _| {}).expect("reads");
    report.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn files_are_read_again_and_nothing_is_derived_twice() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let what = lengths(1, 100);
    {
        let store = Store::open(dir, OpenOptions::default()).expect("opens");
        add(&store, 0..1000);
        assert_told(&store, what);
        assert!(pieces(&store, what).iter().all(|piece| !piece.is_in_file()));
        assert_eq!(pieces(&store, what).len(), 10);
        store.checkpoint().expect("flushes");
        store.derive(only(what)).expect("writes");
        assert_told(&store, what);
        assert!(pieces(&store, what).iter().all(|piece| piece.is_in_file()));
    }
    assert_eq!(files(dir).len(), 1);
    what.read.store(0, Ordering::Relaxed);
    for read_only in [true, false] {
        let options = OpenOptions {
            read_only,
            ..OpenOptions::default()
        };
        let store = Store::open(dir, options).expect("opens");
        assert_told(&store, what);
        store.derive(only(what)).expect("has nothing to do");
    }
    assert_eq!(what.read.load(Ordering::Relaxed), 0);
    assert_eq!(findings(dir, what), Vec::<String>::new());
    assert_eq!(
        what.read.load(Ordering::Relaxed),
        1000,
        "the check derives anew"
    );
}

#[test]
fn a_thread_makes_them_and_hurries_for_who_asks() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let what = lengths(1, 100);
    {
        let store = Store::open(dir, options(what, LATER)).expect("opens");
        add(&store, 0..500);
        assert_told(&store, what);
        assert!(files(dir).is_empty(), "what is in memory stays there");
        what.read.store(0, Ordering::Relaxed);
        store.checkpoint().expect("flushes");
        let together: Vec<usize> = std::thread::scope(|scope| {
            let ask = || told(&store.snapshot(), what).len();
            let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            asking
                .into_iter()
                .map(|one| one.join().expect("no panic"))
                .collect()
        });
        assert_eq!(together, [500; 4]);
        assert!(
            pieces(&store, what).iter().all(|piece| !piece.is_in_file()),
            "they were taken over"
        );
        assert_eq!(what.read.load(Ordering::Relaxed), 0);
    }
    {
        let store = Store::open(dir, options(what, LATER)).expect("opens");
        assert_told(&store, what);
        assert!(
            pieces(&store, what).iter().all(|piece| piece.is_in_file()),
            "the thread was asked"
        );
        add(&store, 500..600);
        store.checkpoint().expect("flushes");
    }
    let store = Store::open(dir, options(what, Duration::ZERO)).expect("opens");
    let since = Instant::now();
    while files(dir).len() < 2 {
        assert!(since.elapsed() < Duration::from_secs(60), "nothing is made");
        std::thread::sleep(Duration::from_millis(5));
    }
    assert_told(&store, what);
    assert_eq!(what.read.load(Ordering::Relaxed), 600, "each once");
}

#[test]
fn files_go_with_their_texts_and_full_pieces_are_taken_over() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let what = lengths(1, 100);
    let store = Store::open(dir, options(what, LATER)).expect("opens");
    for turn in 0..4 {
        add(&store, turn * 230..(turn + 1) * 230);
        store.checkpoint().expect("flushes");
        assert_told(&store, what);
    }
    let before = store.snapshot();
    assert_eq!(files(dir).len(), 4);
    let read = what.read.load(Ordering::Relaxed);
    assert_eq!(read, 920);
    store.compact_index().expect("joins");
    assert_eq!(store.snapshot().term_parts().len(), 1);
    assert_eq!(files(dir), Vec::<PathBuf>::new());
    assert_told(&store, what);
    assert_eq!(
        what.read.load(Ordering::Relaxed),
        read,
        "nothing is derived for who asks"
    );
    store.derive(only(what)).expect("writes");
    assert_eq!(files(dir).len(), 1);
    assert_told(&store, what);
    let again = what.read.load(Ordering::Relaxed) - read;
    assert_eq!(again, 0, "no piece is followed by another that is not full");
    // Who still has the earlier state reads what it had.
    assert_eq!(told(&before, what), wanted(&before));
    assert_eq!(findings(dir, what), Vec::<String>::new());
}

#[test]
fn pieces_that_are_not_full_are_joined() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let what = lengths(1, 100);
    let store = Store::open(folder.path(), options(what, LATER)).expect("opens");
    for turn in 0..6 {
        add(&store, turn * 20..(turn + 1) * 20);
        store.checkpoint().expect("flushes");
        assert_told(&store, what);
    }
    assert_eq!(pieces(&store, what).len(), 6);
    store.compact_index().expect("joins");
    assert_eq!(pieces(&store, what).len(), 6, "taken over");
    store.derive(only(what)).expect("writes");
    assert_eq!(pieces(&store, what).len(), 2);
    assert_told(&store, what);
    assert_eq!(findings(folder.path(), what), Vec::<String>::new());
}

#[test]
fn a_damaged_file_is_found_and_made_anew() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let what = lengths(1, 8);
    let expected = {
        let store = Store::open(dir, OpenOptions::default()).expect("opens");
        add(&store, 0..20);
        store.checkpoint().expect("flushes");
        store.derive(only(what)).expect("writes");
        told(&store.snapshot(), what)
    };
    let path = files(dir).remove(0);
    let whole = fs::read(&path).expect("reads");
    let read_only = OpenOptions {
        read_only: true,
        ..OpenOptions::default()
    };
    // One store that reads, of which each state holds what it opened: so one for each trial.
    for at in (0..whole.len()).step_by(3) {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        fs::write(&path, &flipped).expect("writes");
        let store = Store::open(dir, read_only).expect("opens");
        assert_eq!(told(&store.snapshot(), what), expected, "byte {at}");
        assert_eq!(fs::read(&path).expect("is left"), flipped, "byte {at}");
    }
    fs::write(&path, &whole[..whole.len() / 2]).expect("writes");
    assert_eq!(findings(dir, what).len(), 1);
    // Found while it is in use: the middle of the first piece.
    let mut flipped = whole.clone();
    flipped[60] ^= 1;
    fs::write(&path, &flipped).expect("writes");
    assert_eq!(findings(dir, what).len(), 1);
    let store = Store::open(dir, options(what, LATER)).expect("opens");
    assert_eq!(told(&store.snapshot(), what), expected);
    assert_eq!(
        fs::read(&path).expect("reads"),
        whole,
        "made anew, and the same"
    );
    assert_eq!(findings(dir, what), Vec::<String>::new());
}

#[test]
fn what_another_version_or_other_texts_gave_is_not_used() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let old = lengths(1, 100);
    {
        let store = Store::open(dir, OpenOptions::default()).expect("opens");
        for turn in 0..2 {
            add(&store, turn * 150..(turn + 1) * 150);
            store.checkpoint().expect("flushes");
        }
        store.derive(only(old)).expect("writes");
    }
    let new = lengths(2, 100);
    {
        let store = Store::open(dir, options(new, LATER)).expect("opens");
        assert_told(&store, new);
        assert!(pieces(&store, new).iter().all(|piece| piece.is_in_file()));
    }
    assert_eq!(new.read.load(Ordering::Relaxed), 300);
    let both = files(dir);
    fs::copy(&both[0], &both[1]).expect("copies");
    let found = findings(dir, new);
    assert!(found[0].contains("other texts"), "{found:?}");
    let store = Store::open(dir, options(new, LATER)).expect("opens");
    assert_told(&store, new);
    // Once more by the check, and once to make it anew.
    assert_eq!(new.read.load(Ordering::Relaxed), 600);
}

#[test]
fn a_file_that_cannot_be_written_leaves_nothing_behind_and_memory_does() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let what = lengths(1, 100);
    let store = Store::open(dir, OpenOptions::default()).expect("opens");
    add(&store, 0..300);
    store.checkpoint().expect("flushes");
    for fault in [
        "segment.create=fail",
        "segment.write=full",
        "segment.sync=fail",
        "segment.rename=fail",
    ] {
        with_faults(fault, || store.derive(only(what)).expect_err("a fault"));
        assert_eq!(files(dir), Vec::<PathBuf>::new());
        let left = fs::read_dir(dir.join("index")).expect("an index");
        let new = |path: &Path| path.extension().is_some_and(|kind| kind == "new");
        assert!(!left.flatten().any(|entry| new(&entry.path())), "{fault}");
        assert_told(&store, what);
    }
    store.derive(only(what)).expect("writes");
    assert!(pieces(&store, what)[0].is_in_file());
}

#[test]
fn who_waits_for_a_file_that_cannot_be_written_does_without() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let dir = folder.path();
    let what = lengths(1, 100);
    {
        let store = Store::open(dir, OpenOptions::default()).expect("opens");
        add(&store, 0..300);
        store.checkpoint().expect("flushes");
    }
    with_faults("segment.rename=fail", || {
        let store = Store::open(dir, options(what, LATER)).expect("opens");
        assert_told(&store, what);
        assert!(pieces(&store, what).iter().all(|piece| !piece.is_in_file()));
        assert_eq!(files(dir), Vec::<PathBuf>::new());
        // The next time there is room, and what is at hand is used.
        what.read.store(0, Ordering::Relaxed);
        store.derive(only(what)).expect("writes");
        assert!(pieces(&store, what).iter().all(|piece| piece.is_in_file()));
        assert_eq!(what.read.load(Ordering::Relaxed), 0);
    });
}

/// Panics wherever it is asked on a thread that is not a test's.
struct Panics;

impl Derive for Panics {
    fn kind(&self) -> &'static str {
        "panics"
    }

    fn version(&self) -> u32 {
        1
    }

    fn derive(
        &self,
        _: &TermPart,
        _: &View,
        range: Range<u64>,
        _: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<Derived> {
        let thread = std::thread::current();
        assert_ne!(thread.name(), Some("oslo-derive"), "as the test wants it");
        Ok(Derived {
            next: range.end,
            ..Derived::default()
        })
    }
}

#[test]
fn nobody_waits_for_a_thread_that_died() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let options = OpenOptions {
        derived: Derivers(&[&Panics]),
        derive_after: LATER,
        ..OpenOptions::default()
    };
    let store = Store::open(folder.path(), options).expect("opens");
    add(&store, 0..10);
    store.checkpoint().expect("flushes");
    let state = store.snapshot();
    for part in state.term_parts() {
        let pieces = part.derived(&Panics, &state.view(), &|| ());
        assert!(!pieces.is_empty());
    }
}

#[test]
fn who_is_stopped_leaves_whole_pieces_to_the_next() {
    let store = Store::in_memory();
    let what = lengths(1, 100);
    add(&store, 0..1000);
    let state = store.snapshot();
    let part = &state.term_parts()[0];
    for turn in 1..=3 {
        let stopped = catch_unwind(AssertUnwindSafe(|| {
            part.derived(what, &state.view(), &|| resume_unwind(Box::new("stopped")))
        }));
        assert!(stopped.is_err());
        assert_eq!(what.read.load(Ordering::Relaxed), turn * 100);
    }
    assert_told(&store, what);
    assert_eq!(what.read.load(Ordering::Relaxed), 1000);
}

#[test]
fn a_copy_has_what_was_derived() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let (dir, copy) = (folder.path().join("a"), folder.path().join("b"));
    let what = lengths(1, 100);
    let store = Store::open(&dir, OpenOptions::default()).expect("opens");
    add(&store, 0..300);
    store.checkpoint().expect("flushes");
    store.derive(only(what)).expect("writes");
    backup(&dir, &copy, true, &mut |_, _| {}).expect("copies");
    assert_eq!(files(&copy).len(), 1);
    what.read.store(0, Ordering::Relaxed);
    let copied = Store::open(&copy, OpenOptions::default()).expect("opens");
    assert_told(&copied, what);
    assert_eq!(what.read.load(Ordering::Relaxed), 0);
}

#[test]
fn varints_come_back_over_pages() {
    let values: Vec<u64> = (0..30_000).map(|n| (n * n * n) << (n % 20)).collect();
    let mut bytes = Vec::new();
    values
        .iter()
        .for_each(|value| put_varint(&mut bytes, *value));
    let derived = Derived {
        next: 1,
        sections: vec![Section {
            name: "numbers".to_owned(),
            bytes,
            is_whole: false,
        }],
        ..Derived::default()
    };
    let piece = Piece::in_memory(0..1, derived);
    let section = piece.section("numbers");
    assert!(section.len() > 2 * PAGE_BYTES);
    let mut reader = Reader::new(&section);
    let mut at = 0;
    for value in values {
        assert_eq!(reader.varint(&mut at), value);
    }
    assert_eq!(at, section.len());
}
