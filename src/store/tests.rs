//! Tests of the store as a whole: recovery, damage, drafts and views.

use super::*;
use oxrdf::{GraphName, Literal, NamedNode, Quad};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn meta() -> CommitMeta {
    CommitMeta {
        agent: "https://example.org/agent".into(),
        activity: "https://example.org/load/1".into(),
        source: vec![Source {
            iri: "file:///a.nq".into(),
            sha256: None,
        }],
        message: None,
    }
}

fn quad(s: u8, o: u8, g: u8) -> Quad {
    let iri =
        |kind: &str, n: u8| NamedNode::new_unchecked(format!("http://example.org/{kind}/{n}"));
    Quad::new(
        iri("s", s),
        iri("p", s % 2),
        Literal::new_simple_literal(format!("line\n{o}")),
        if g == 0 {
            GraphName::DefaultGraph
        } else {
            iri("g", g).into()
        },
    )
}

fn dump(store: &Store) -> BTreeSet<String> {
    let view = store.snapshot().view();
    view.quads(None, None, None, None)
        .map(|q| {
            [q.s, q.p, q.o, q.g]
                .map(|id| view.text(id).into_owned())
                .join(" ")
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn what_is_committed_is_there_after_reopening(
        commits in prop::collection::vec(
            prop::collection::vec((0..6_u8, 0..6_u8, 0..3_u8, any::<bool>()), 0..40), 1..6),
    ) {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut expected = std::collections::HashSet::new();
        let digest;
        {
            let store = Store::open(dir.path(), OpenOptions::default()).expect("opens");
            for changes in &commits {
                let mut draft = store.begin().expect("writes");
                for (i, (s, o, g, add)) in changes.iter().enumerate() {
                    let quad = quad(*s, *o, *g);
                    if *add { draft.add_quad(quad.as_ref()); expected.insert(quad); }
                    else { draft.remove_quad(quad.as_ref()); expected.remove(&quad); }
                    if i % 7 == 0 { draft.snapshot(); }
                }
                draft.commit(meta()).expect("commits");
            }
            digest = store.snapshot().digest();
            prop_assert_eq!(store.snapshot().quad_count(), expected.len() as u64);
        }
        let store = Store::open(dir.path(), OpenOptions::default()).expect("opens again");
        prop_assert_eq!(store.snapshot().digest(), digest);
        prop_assert_eq!(store.snapshot().quad_count(), expected.len() as u64);
        let view = store.snapshot().view();
        for quad in &expected {
            let s = view.id_of(quad.subject.as_ref().into()).expect("known");
            let p = view.id_of(quad.predicate.as_ref().into()).expect("known");
            let o = view.id_of(quad.object.as_ref()).expect("known");
            let g = view.id_of_graph(quad.graph_name.as_ref()).expect("known");
            prop_assert_eq!(view.quads(Some(s), Some(p), Some(o), Some(g)).count(), 1);
            prop_assert_eq!(view.term(o), quad.object.clone());
        }
        let findings = check(dir.path(), &mut |_, _| {}).expect("checks").findings;
        prop_assert!(findings.is_empty(), "{findings:?}");
    }
}

fn filled(dir: &Path) -> (u64, BTreeSet<String>) {
    let store = Store::open(dir, OpenOptions::default()).expect("opens");
    for n in 0..3 {
        let mut draft = store.begin().expect("writes");
        draft.add_quad(quad(n, n, 1).as_ref());
        draft.commit(meta()).expect("commits");
    }
    (
        fs::metadata(dir.join("log/000000000001.log"))
            .expect("log")
            .len(),
        dump(&store),
    )
}

#[test]
fn every_truncation_gives_a_prefix_and_every_flipped_bit_is_noticed() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let (length, _) = filled(dir.path());
    let path = dir.path().join("log/000000000001.log");
    let bytes = fs::read(&path).expect("log");
    for cut in (60..length).step_by(7) {
        fs::write(&path, &bytes[..cut as usize]).expect("write");
        let store = Store::open(dir.path(), OpenOptions::default()).expect("a cut tail is a crash");
        assert!(store.snapshot().seq() < 3, "cut at {cut}");
        assert_eq!(store.snapshot().quad_count(), store.snapshot().seq());
    }
    for at in 0..bytes.len() {
        for bit in [0, 3, 5] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            fs::write(&path, &flipped).expect("write");
            let opened = Store::open(dir.path(), OpenOptions::default());
            assert!(opened.is_err(), "bit {bit} of byte {at} went unnoticed");
            assert_eq!(
                fs::read(&path).expect("log"),
                flipped,
                "damage must not be made worse"
            );
        }
    }
}

#[test]
fn a_folder_has_one_writer_and_any_readers() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let first = Store::open(dir.path(), OpenOptions::default()).expect("opens");
    let second = Store::open(dir.path(), OpenOptions::default());
    assert!(matches!(second, Err(StoreError::InUse { .. })));
    let reader = Store::open(
        dir.path(),
        OpenOptions {
            read_only: true,
            must_exist: true,
        },
    );
    assert!(matches!(
        reader.expect("reads").begin().err(),
        Some(StoreError::ReadOnly)
    ));
    drop(first);
    Store::open(dir.path(), OpenOptions::default()).expect("free again");
}

#[test]
fn a_dropped_draft_leaves_nothing() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("writes");
    draft.add_quad(quad(1, 1, 0).as_ref());
    assert_eq!(draft.snapshot().quad_count(), 1);
    drop(draft);
    assert_eq!(store.snapshot().quad_count(), 0);
    assert!(store.commits(0).is_empty());
}

#[test]
fn views_merge_graphs_without_duplicates() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("writes");
    for g in 0..3 {
        draft.add_quad(quad(1, 1, g).as_ref());
    }
    draft.add_quad(quad(1, 2, 2).as_ref());
    draft.commit(meta()).expect("commits");
    let view = store.snapshot().view();
    assert_eq!(view.triples(None, None, None).count(), 2);
    assert_eq!(view.quads(None, None, None, None).count(), 4);
    let p = view.id_of_iri("http://example.org/p/1").expect("known");
    assert_eq!(view.pairs(p).count(), 2);
    assert_eq!(view.pairs_reversed(p).count(), 2);
    let names = view.graph_names();
    assert_eq!(names.len(), 2);
    let one = view.with_graphs(Graphs::One(names[0]));
    assert_eq!(one.triples(None, None, None).count(), 1);
    assert_eq!(view.with_graphs(Graphs::Default).pairs(p).count(), 1);
    assert_eq!(view.with_graphs(Graphs::AnyNamed).pairs(p).count(), 2);
    assert_eq!(
        view.with_graphs(Graphs::set(names))
            .triples(None, Some(p), None)
            .count(),
        2
    );
}
