//! Joining the pairs of a predicate with nodes, and folding over ids, against going through all of them one by one.

use super::meta;
use crate::store::{Graphs, Id, OpenOptions, Store, View};
use oxrdf::{GraphName, NamedNode, Quad};
use proptest::prelude::*;

fn iri(kind: &str, number: u32) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.org/{kind}/{number}"))
}

/// Subjects with gaps of every width, some with several values, some in several graphs.
fn fill(store: &Store, from: u32, seed: u32) {
    let mut draft = store.begin().expect("writes");
    let mut subject = from;
    for step in 0..6_000_u32 {
        subject += 1 + (step * seed) % 7 + if step % 97 == 0 { 300 } else { 0 };
        for value in 0..1 + (step + seed) % 3 {
            for graph in 0..1 + u32::from(step % 5 == 0) {
                draft.add_quad(
                    Quad::new(
                        iri("s", subject),
                        iri("p", step % 2),
                        iri("o", value + subject % 4),
                        GraphName::NamedNode(iri("g", graph)),
                    )
                    .as_ref(),
                );
            }
        }
    }
    draft.commit(meta()).expect("commits");
}

fn assert_joins(view: &View, every: usize, offset: usize) {
    let p = view.id_of_iri("http://example.org/p/1").expect("known");
    for reversed in [false, true] {
        let pairs = || {
            if reversed {
                view.pairs_reversed(p)
            } else {
                view.pairs(p)
            }
        };
        let all: Vec<(Id, Id)> = pairs().collect();
        let firsts: Vec<Id> = all.iter().map(|(first, _)| *first).collect();
        let mut wanted: Vec<Id> = firsts.iter().copied().skip(offset).step_by(every).collect();
        // Some that have no pair.
        wanted.extend((0..50).filter_map(|n| view.id_of_iri(&format!("http://example.org/o/{n}"))));
        wanted.sort_unstable();
        wanted.dedup();
        let mut found = Vec::new();
        view_join(pairs(), &wanted, &mut found);
        let expected: Vec<(Id, Id)> = all
            .into_iter()
            .filter(|(first, _)| wanted.binary_search(first).is_ok())
            .collect();
        assert_eq!(found, expected, "every {every} from {offset}, {reversed}");
    }
    let o = view.id_of_iri("http://example.org/o/2").expect("known");
    let mut folded = Vec::new();
    view.subjects(p, o).for_each(|id| folded.push(id));
    let mut stepped = Vec::new();
    for id in view.subjects(p, o) {
        stepped.push(id);
    }
    assert_eq!(folded, stepped);
}

fn view_join(pairs: crate::store::Pairs, wanted: &[Id], found: &mut Vec<(Id, Id)>) {
    pairs.join(wanted, |at, value| found.push((wanted[at], value)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]
    #[test]
    fn a_join_finds_what_going_through_all_pairs_finds(seed in 1_u32..1_000) {
        let dir = tempfile::tempdir().expect("temporary folder");
        let store = Store::open(dir.path(), OpenOptions::default()).expect("opens");
        for turn in 0..4 {
            // In memory, in one file, in a file and in memory, in two files.
            match turn {
                0 => fill(&store, 0, seed),
                2 => fill(&store, 7_000, seed + 1),
                _ => store.checkpoint().expect("flushes"),
            }
            let view = store.snapshot().view();
            let one = view.id_of_iri("http://example.org/g/0").expect("known");
            for view in [view.clone(), view.with_graphs(Graphs::One(one))] {
                for (every, offset) in [(1, 0), (2, 1), (3, 0), (40, 5), (1_500, 700), (100_000, 0)] {
                    assert_joins(&view, every, offset);
                }
            }
        }
    }
}
