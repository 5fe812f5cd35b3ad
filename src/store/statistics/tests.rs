//! Statistics against plain counting, and their bounds.

use super::*;
use crate::store::{Graphs, Store};
use oxrdf::{GraphName, NamedNode, Quad};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Raw ids in a range in which every number is an id.
const BASE: u64 = 2 << 60;

fn statistics_of(triples: &BTreeSet<[u64; 3]>, copies: usize) -> Statistics {
    let mut by_subject = PredicateCounts::default();
    let mut by_object = PredicateCounts::default();
    let mut sets = SetCounts::default();
    let feed = |order: [usize; 3], push: &mut dyn FnMut(u64, u64, u64)| {
        let mut rows: Vec<[u64; 3]> = triples.iter().map(|t| order.map(|i| t[i])).collect();
        rows.sort_unstable();
        for [a, b, c] in rows {
            for _ in 0..copies {
                push(a, b, c);
            }
        }
    };
    feed([0, 1, 2], &mut |s, p, o| sets.push(s, p, o));
    feed([1, 0, 2], &mut |p, s, o| by_subject.push(p, s, o));
    feed([1, 2, 0], &mut |p, o, s| by_object.push(p, o, s));
    Statistics::new(by_subject, by_object, sets)
}

fn id(raw: u64) -> Id {
    Id::from_raw(raw).expect("not zero")
}

proptest! {
    #[test]
    fn figures_are_those_of_plain_counting(
        rows in proptest::collection::btree_set((0_u64..12, 0_u64..5, 0_u64..6), 0..80),
        copies in 1_usize..3,
    ) {
        let triples: BTreeSet<[u64; 3]> =
            rows.into_iter().map(|(s, p, o)| [BASE + s, BASE + 100 + p, BASE + o]).collect();
        let found = statistics_of(&triples, copies);
        prop_assert_eq!(found.rows(), triples.len() as u64);
        let subjects: BTreeSet<u64> = triples.iter().map(|t| t[0]).collect();
        prop_assert_eq!(found.subjects(), subjects.len() as u64);
        let mut by_set: BTreeMap<BTreeSet<u64>, (u64, BTreeMap<u64, u64>)> = BTreeMap::new();
        for s in &subjects {
            let of_subject: Vec<_> = triples.iter().filter(|t| t[0] == *s).collect();
            let entry = by_set.entry(of_subject.iter().map(|t| t[1]).collect()).or_default();
            entry.0 += 1;
            for t in of_subject {
                *entry.1.entry(t[1]).or_default() += 1;
            }
        }
        prop_assert_eq!(found.sets().len(), by_set.len());
        for set in found.sets() {
            let key: BTreeSet<u64> = set.predicates().map(|(p, _)| p.raw()).collect();
            let rows: BTreeMap<u64, u64> = set.predicates().map(|(p, n)| (p.raw(), n)).collect();
            prop_assert_eq!(&by_set[&key], &(set.subjects, rows));
        }
        let predicates: BTreeSet<u64> = triples.iter().map(|t| t[1]).collect();
        prop_assert_eq!(found.predicates().len(), predicates.len());
        for p in &predicates {
            let of: Vec<_> = triples.iter().filter(|t| t[1] == *p).collect();
            let figures = found.predicate(id(*p)).expect("it occurs");
            prop_assert_eq!(figures.rows, of.len() as u64);
            prop_assert_eq!(figures.subjects, of.iter().map(|t| t[0]).collect::<BTreeSet<_>>().len() as u64);
            prop_assert_eq!(figures.objects, of.iter().map(|t| t[2]).collect::<BTreeSet<_>>().len() as u64);
        }
        for a in &predicates {
            for b in &predicates {
                let both = subjects.iter().filter(|s| {
                    [a, b].iter().all(|p| triples.iter().any(|t| t[0] == **s && t[1] == **p))
                }).count();
                if a != b {
                    prop_assert_eq!(found.subjects_with(&[id(*a), id(*b)]), both as f64);
                }
            }
        }
        let text = serde_json::to_string(&found).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<Statistics>(&text).expect("what was written"), found);
    }
}

#[test]
fn a_triple_in_two_graphs_counts_once() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    let iri = |name: &str| NamedNode::new_unchecked(format!("http://example.com/{name}"));
    for graph in [GraphName::DefaultGraph, iri("g").into()] {
        draft.add_quad(Quad::new(iri("a"), iri("p"), iri("x"), graph.clone()).as_ref());
        draft.add_quad(Quad::new(iri("a"), iri("q"), iri("y"), graph).as_ref());
    }
    draft.add_quad(Quad::new(iri("b"), iri("p"), iri("x"), iri("g")).as_ref());
    let view = draft.snapshot().view();
    let found = Statistics::of(&view);
    assert_eq!((found.rows(), found.subjects()), (3, 2));
    let p = view.id_of_iri("http://example.com/p").expect("stored");
    let figures = found.predicate(p).expect("stored");
    assert_eq!((figures.rows, figures.subjects, figures.objects), (2, 2, 1));
    let narrow = Statistics::of(&view.with_graphs(Graphs::Default));
    assert_eq!((narrow.rows(), narrow.subjects()), (2, 1));
}

#[test]
fn more_sets_than_are_kept_are_summed_up_and_memory_stays_bounded() {
    let mut sets = SetCounts::default();
    let mut by_subject: BTreeSet<[u64; 3]> = BTreeSet::new();
    // 2^14 subjects, each with another set of 14 predicates, and 1000 with a common one.
    let subjects = 1_u64 << 14;
    for s in 0..subjects + 1000 {
        for p in 0..15 {
            let has = if s < subjects {
                p == 14 || s >> p & 1 == 1
            } else {
                p < 2
            };
            if has {
                sets.push(BASE + s, BASE + p, BASE);
                by_subject.insert([BASE + p, BASE + s, BASE]);
                assert!(sets.sets.len() <= MAX_OPEN_SETS);
            }
        }
    }
    let mut counts = PredicateCounts::default();
    for [p, s, o] in &by_subject {
        counts.push(*p, *s, *o);
    }
    let found = Statistics::new(counts.clone(), counts, sets);
    assert_eq!(found.subjects(), subjects + 1000);
    assert_eq!(found.sets().len(), MAX_SETS);
    assert!(
        found.sets()[0].subjects >= 1000,
        "the frequent set survives"
    );
    let both = found.subjects_with(&[id(BASE + 3), id(BASE + 7)]);
    let truth = subjects as f64 / 4.0;
    assert!(
        (truth / 2.0..truth * 2.0).contains(&both),
        "{both} for {truth}"
    );
}

#[test]
fn many_predicates_are_cut_to_those_with_most_rows() {
    let mut counts = PredicateCounts::default();
    for p in 0..3 * MAX_PREDICATES as u64 {
        for s in 0..1 + u64::from(p % 5 == 0) * 3 {
            counts.push(BASE + p, BASE + s, BASE);
        }
        assert!(counts.counts.len() <= 2 * MAX_PREDICATES);
    }
    let kept = counts.finish();
    assert_eq!(kept.len(), MAX_PREDICATES);
    assert!(kept.windows(2).all(|w| w[0].predicate < w[1].predicate));
    assert_eq!(
        kept.iter().filter(|c| c.rows == 4).count(),
        (3 * MAX_PREDICATES).div_ceil(5),
        "every frequent predicate is kept"
    );
}
