//! Tests of the store as a whole: recovery, damage, drafts and views.

mod joins;
mod keeping;
mod replicate;

use super::*;
use oxrdf::{GraphName, Literal, NamedNode, Quad};
use proptest::prelude::*;
use std::collections::BTreeSet;

pub(super) fn meta() -> CommitMeta {
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

fn dump(snapshot: &Snapshot) -> BTreeSet<String> {
    let view = snapshot.view();
    view.quads(None, None, None, None)
        .map(|q| {
            [q.s, q.p, q.o, q.g]
                .map(|id| view.text(id).into_owned())
                .join(" ")
        })
        .collect()
}

/// What a test does to a store.
#[derive(Clone, Debug)]
enum Step {
    /// Adds and removes quads in one commit.
    Commit(Vec<(u8, u8, u8, bool)>),
    Checkpoint,
    MergeAll,
    Reopen,
    Rebuild,
    /// Gives up a share of the commits, in 255ths.
    Retain(u8),
}

fn step() -> impl Strategy<Value = Step> {
    let changes = prop::collection::vec((0..6_u8, 0..6_u8, 0..3_u8, any::<bool>()), 1..40);
    prop_oneof![
        4 => changes.prop_map(Step::Commit),
        2 => Just(Step::Checkpoint),
        1 => Just(Step::MergeAll),
        1 => Just(Step::Reopen),
        1 => Just(Step::Rebuild),
        1 => any::<u8>().prop_map(Step::Retain),
    ]
}

fn lines_of(quads: &std::collections::HashSet<Quad>) -> BTreeSet<String> {
    let name = |quad: &Quad| match &quad.graph_name {
        GraphName::DefaultGraph => String::new(),
        name => name.to_string(),
    };
    quads
        .iter()
        .map(|q| format!("{} {} {} {}", q.subject, q.predicate, q.object, name(q)))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn delta_flush_merge_reopen_and_looking_back_agree_with_a_plain_set(steps in prop::collection::vec(step(), 1..14)) {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut quads = std::collections::HashSet::new();
        // The set of quads after each commit.
        let mut states = vec![lines_of(&quads)];
        // The oldest state that is kept.
        let mut first = 0;
        let mut store = Some(Store::open(dir.path(), OpenOptions::default()).expect("opens"));
        for step in &steps {
            let open = store.as_ref().expect("open between steps");
            match step {
                Step::Commit(changes) => {
                    let mut draft = open.begin().expect("writes");
                    for (i, (s, o, g, add)) in changes.iter().enumerate() {
                        let quad = quad(*s, *o, *g);
                        if *add { draft.add_quad(quad.as_ref()); quads.insert(quad); }
                        else { draft.remove_quad(quad.as_ref()); quads.remove(&quad); }
                        if i % 7 == 0 { draft.snapshot(); }
                    }
                    let before = open.snapshot().seq();
                    let info = draft.commit(meta()).expect("commits");
                    if info.seq > before { states.push(lines_of(&quads)); }
                }
                Step::Checkpoint => open.checkpoint().expect("flushes"),
                Step::Retain(share) => {
                    let seq = open.snapshot().seq() * u64::from(*share) / 255;
                    first = first.max(seq);
                    open.retain_after(seq).expect("gives up commits");
                    prop_assert_eq!(open.first_state(), first);
                }
                Step::MergeAll => open.compact_index().expect("merges"),
                Step::Reopen => {
                    drop(store.take());
                    store = Some(Store::open(dir.path(), OpenOptions::default()).expect("opens"));
                }
                Step::Rebuild => {
                    drop(store.take());
                    store = Some(Store::rebuild(dir.path(), OpenOptions::default(), &mut |_, _| {}).expect("rebuilds"));
                }
            }
            let open = store.as_ref().expect("open between steps");
            let snapshot = open.snapshot();
            prop_assert_eq!(snapshot.seq() as usize, states.len() - 1);
            prop_assert_eq!(snapshot.quad_count(), quads.len() as u64);
            prop_assert_eq!(dump(&snapshot), lines_of(&quads));
            prop_assert_eq!(super::check::check_orders(&snapshot), Ok(()));
        }
        let open = store.as_ref().expect("open after all steps");
        for (seq, lines) in states.iter().enumerate() {
            if (seq as u64) < first {
                let gone = open.as_of(AsOf::Seq(seq as u64)).err();
                let refused = matches!(gone, Some(StoreError::Compacted { first: told }) if told == first);
                prop_assert!(refused, "as of {}: {:?}", seq, gone);
                continue;
            }
            let past = open.as_of(AsOf::Seq(seq as u64)).expect("looks back");
            prop_assert_eq!(&dump(&past), lines, "as of {}", seq);
            prop_assert_eq!(past.quad_count(), lines.len() as u64);
            prop_assert_eq!(super::check::check_orders(&past), Ok(()));
        }
        for quad in &quads {
            let view = open.snapshot().view();
            let s = view.id_of(quad.subject.as_ref().into()).expect("known");
            let p = view.id_of(quad.predicate.as_ref().into()).expect("known");
            let o = view.id_of(quad.object.as_ref()).expect("known");
            let g = view.id_of_graph(quad.graph_name.as_ref()).expect("known");
            prop_assert_eq!(view.quads(Some(s), Some(p), Some(o), Some(g)).count(), 1);
            prop_assert_eq!(view.term(o), quad.object.clone());
        }
        let report = check(dir.path(), true, Derivers::default(), &mut |_, _| {}).expect("checks");
        prop_assert!(report.findings.is_empty(), "{:?}", report.findings);
        prop_assert_eq!(report.quads, quads.len() as u64);
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
            ..OpenOptions::default()
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
    assert!(store.commits(0).expect("memory").is_empty());
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

#[test]
fn a_registry_that_was_only_begun_can_be_begun_again() {
    let dir = tempfile::tempdir().expect("temporary folder");
    let at = |name: &str| dir.path().join(name);
    std::fs::create_dir_all(at("index")).expect("a folder");
    std::fs::create_dir_all(at("log")).expect("a folder");
    std::fs::write(at("log/000000000001.log.new"), b"oslo-comm").expect("a file");
    Store::open(dir.path(), OpenOptions::default()).expect("opens");

    let other = tempfile::tempdir().expect("temporary folder");
    std::fs::create_dir_all(other.path().join("log")).expect("a folder");
    std::fs::write(other.path().join("log/system.txt"), b"x").expect("a file");
    let refused = Store::open(other.path(), OpenOptions::default());
    assert!(matches!(
        refused.err(),
        Some(StoreError::NotARegistry { .. })
    ));
}

#[test]
fn the_last_change_of_a_graph_is_that_of_its_quads() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut store = Store::open(folder.path(), OpenOptions::default()).expect("opens");
    let graph = |n: u8| NamedNode::new_unchecked(format!("http://example.org/g{n}"));
    let mark = |state: &Snapshot, n: u8| {
        let id = state.view().id_of_graph(GraphName::from(graph(n)).as_ref());
        state.last_change(id.expect("known"))
    };
    let commit = |store: &Store, graphs: &[u8], value: i64| {
        let mut draft = store.begin().expect("writes");
        for n in graphs {
            let subject = NamedNode::new_unchecked("http://example.org/s");
            let quad = Quad::new(subject.clone(), subject, Literal::from(value), graph(*n));
            draft.add_quad(quad.as_ref());
        }
        draft.commit(meta()).expect("commits");
        store.snapshot()
    };
    let first = commit(&store, &[1, 2], 1);
    assert_eq!(mark(&first, 1), (1, first.digest()));
    let second = commit(&store, &[2], 2);
    assert_eq!(mark(&second, 1), (1, first.digest()));
    assert_eq!(mark(&second, 2), (2, second.digest()));
    let third = commit(&store, &[1, 2], 2);
    assert_eq!(mark(&third, 1), (3, third.digest()));
    assert_eq!(mark(&third, 2), mark(&second, 2), "nothing was added to it");
    store.checkpoint().expect("flushes");
    assert_eq!(mark(&store.snapshot(), 2), mark(&second, 2));
    // After a start no more is known than that nothing has changed since.
    drop(store);
    store = Store::open(folder.path(), OpenOptions::default()).expect("opens");
    assert_eq!(mark(&store.snapshot(), 2), (3, third.digest()));
    let fourth = commit(&store, &[1], 4);
    assert_eq!(mark(&fourth, 1), (4, fourth.digest()));
    assert_eq!(mark(&fourth, 2), (3, third.digest()));
    let earlier = store.as_of(AsOf::Seq(2)).expect("the log has it");
    assert_eq!(mark(&earlier, 1), (2, second.digest()));
}
