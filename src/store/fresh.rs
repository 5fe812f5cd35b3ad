//! What is said about nodes that came into the store with one change, and what names them: all of it came with that change
//! too, so it is found there instead of by one search of every level for each node. Holds nothing about older nodes.

use super::draft::NetDelta;
use super::id::Id;
use super::index::Order;
use super::snapshot::Snapshot;
use super::view::View;

/// The statements of one change about new nodes.
#[derive(Debug, Default)]
pub(crate) struct Fresh {
    /// Texts from this number on are new.
    from: u64,
    /// Subject, predicate, object; sorted, each once.
    about: Vec<[Id; 3]>,
    /// Object, subject, predicate; sorted, each once.
    naming: Vec<[Id; 3]>,
}

impl Fresh {
    /// Those that a change adds to a state, in the graphs that a reader sees after it.
    pub(crate) fn of_delta(before: &Snapshot, after: &View, delta: &NetDelta) -> Self {
        let mut fresh = Self::since(before);
        for quad in &delta.added {
            if !after.graphs().holds(quad.g) {
                continue;
            }
            if fresh.covers(quad.s) {
                fresh.about.push([quad.s, quad.p, quad.o]);
            }
            if fresh.covers(quad.o) {
                fresh.naming.push([quad.o, quad.s, quad.p]);
            }
        }
        fresh.settled()
    }

    /// Those of the state that a commit made of another, by the subjects of what it changed. Knows what names these subjects
    /// alone, not what names another node.
    pub(crate) fn of_subjects(before: &Snapshot, after: &View, subjects: &[Id]) -> Self {
        let mut fresh = Self::since(before);
        let mut new: Vec<Id> = subjects.to_vec();
        new.retain(|subject| fresh.covers(*subject));
        // Nodes of one kind that came together have numbers that follow each other.
        for same in new.chunk_by(|a, b| a.tag_bits() == b.tag_bits()) {
            let (Some(first), Some(last)) = (same.first(), same.last()) else {
                continue;
            };
            let rows = |order: Order, take: &mut dyn FnMut([Id; 3])| {
                let mut rows = after.sorted(order, &[], false);
                rows.seek([first.raw(), 0, 0]);
                while let Some(row) = rows.next_row().filter(|row| row[0] <= last.raw()) {
                    let ids = [row[0], row[1], row[2]].map(Id::from_raw);
                    if let [Some(a), Some(b), Some(c)] = ids {
                        take([a, b, c]);
                    }
                }
            };
            rows(Order::Spog, &mut |row| fresh.about.push(row));
            rows(Order::Ospg, &mut |row| fresh.naming.push(row));
        }
        fresh.settled()
    }

    fn since(before: &Snapshot) -> Self {
        Self {
            from: before.version().dictionary.text_count(),
            ..Self::default()
        }
    }

    fn settled(mut self) -> Self {
        for rows in [&mut self.about, &mut self.naming] {
            rows.sort_unstable();
            rows.dedup();
        }
        self
    }

    /// Whether all that is said of a node is known here.
    pub(crate) fn covers(&self, node: Id) -> bool {
        node.is_indexed() && node.value() >= self.from
    }

    /// Predicates and objects of a node, sorted.
    pub(crate) fn star(&self, node: Id) -> impl Iterator<Item = (Id, Id)> + '_ {
        of(&self.about, node)
    }

    /// Subjects and predicates of what names a node, sorted.
    pub(crate) fn star_reversed(&self, node: Id) -> impl Iterator<Item = (Id, Id)> + '_ {
        of(&self.naming, node)
    }

    /// Objects of a node by a predicate, sorted.
    pub(crate) fn objects(&self, node: Id, predicate: Id) -> impl Iterator<Item = Id> + '_ {
        self.star(node)
            .filter(move |(p, _)| *p == predicate)
            .map(|(_, object)| object)
    }
}

fn of(rows: &[[Id; 3]], first: Id) -> impl Iterator<Item = (Id, Id)> + '_ {
    let start = rows.partition_point(|row| row[0] < first);
    rows[start..]
        .iter()
        .take_while(move |row| row[0] == first)
        .map(|row| (row[1], row[2]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Graphs, Store};
    use oxrdf::{NamedNode, Quad};
    use proptest::prelude::*;

    fn quad([s, p, o, g]: [usize; 4]) -> Quad {
        let node = |n: usize| match n {
            // Some names hold a number, and have ids without a text.
            0..3 => NamedNode::new_unchecked(format!("https://data.vlaanderen.be/id/adres/{n}")),
            n => NamedNode::new_unchecked(format!("http://example.org/{n}/x")),
        };
        let graph = NamedNode::new_unchecked(format!("http://example.org/g{g}"));
        Quad::new(node(s), node(p), node(o), graph)
    }

    fn quads() -> impl Strategy<Value = Vec<[usize; 4]>> {
        let quad = (0..14_usize, 0..14_usize, 0..14_usize, 0..3_usize);
        prop::collection::vec(quad.prop_map(|(s, p, o, g)| [s, p, o, g]), 0..30)
    }

    proptest! {
        #[test]
        fn tells_what_the_state_tells(first in quads(), second in quads()) {
            let store = Store::in_memory();
            let mut draft = store.begin().expect("the only writer");
            for numbers in first.iter().map(|[s, p, o, g]| [s % 7, p % 7, o % 7, *g]) {
                draft.add_quad(quad(numbers).as_ref());
            }
            let before = draft.snapshot();
            draft.commit(crate::store::tests::meta()).expect("in memory");
            let mut draft = store.begin().expect("the only writer");
            for numbers in &second {
                draft.add_quad(quad(*numbers).as_ref());
            }
            let delta = draft.net();
            let after = draft.snapshot().whole();
            let seen = after.id_of_iri("http://example.org/g1").map_or(Graphs::All, Graphs::One);
            for view in [after.clone(), after.with_graphs(seen)] {
                let mut subjects: Vec<Id> = delta.added.iter().map(|quad| quad.s).collect();
                subjects.sort_unstable();
                subjects.dedup();
                let by_delta = Fresh::of_delta(&before, &view, &delta);
                let by_subjects = Fresh::of_subjects(&before, &view, &subjects);
                for quad in &delta.added {
                    for node in [quad.s, quad.p, quad.o] {
                        prop_assert!(by_delta.covers(node) || !node.is_indexed() || before.whole().may_hold(node));
                        if !by_delta.covers(node) {
                            continue;
                        }
                        let (star, reversed): (Vec<_>, Vec<_>) = (view.star(node).collect(), view.star_reversed(node).collect());
                        prop_assert_eq!(by_delta.star(node).collect::<Vec<_>>(), star.clone());
                        prop_assert_eq!(by_delta.star_reversed(node).collect::<Vec<_>>(), reversed.clone());
                        if subjects.contains(&node) {
                            prop_assert_eq!(by_subjects.star(node).collect::<Vec<_>>(), star);
                            prop_assert_eq!(by_subjects.star_reversed(node).collect::<Vec<_>>(), reversed);
                        }
                    }
                }
            }
        }
    }
}
