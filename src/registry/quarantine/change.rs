//! A draft against its base, member by member: what the change says about a node and the blank nodes below it, and which
//! member a node belongs to. Reads by look-ups, so that one bad member of a large delivery costs little.

use super::MAX_ABOVE;
use super::names::Places;
use crate::store::{Graphs, Id, QuadIds, View};
use rustc_hash::{FxHashMap, FxHashSet};

/// The nodes that go with members.
pub(super) struct Below {
    pub(super) by_member: FxHashMap<Id, Vec<Id>>,
    all: FxHashSet<Id>,
}

/// A draft against its base, node by node.
pub(super) struct Change {
    pub(super) base: View,
    pub(super) now: View,
    pub(super) places: Places,
}

impl Change {
    /// What the change says about a node, in graphs whose members may wait.
    pub(super) fn added(&self, node: Id) -> Vec<QuadIds> {
        self.difference(&self.now, &self.base, node)
    }

    /// What it says no longer.
    pub(super) fn removed(&self, node: Id) -> Vec<QuadIds> {
        self.difference(&self.base, &self.now, node)
    }

    fn difference(&self, of: &View, without: &View, node: Id) -> Vec<QuadIds> {
        of.quads(Some(node), None, None, None)
            .filter(|quad| self.places.hold(quad.g) && !holds(without, quad))
            .collect()
    }

    /// The named node that a node belongs to, when the change says something about it or below it.
    pub(super) fn member_of(&self, node: Id) -> Option<Id> {
        let mut at = node;
        for _ in 0..MAX_ABOVE {
            if !at.is_blank() {
                let says =
                    |node: &Id| !self.added(*node).is_empty() || !self.removed(*node).is_empty();
                return (at.is_iri() && self.below_one(at).iter().any(says)).then_some(at);
            }
            at = self.above(at)?;
        }
        None
    }

    /// A node that refers to a blank node; one of which the change says so, if there is any.
    fn above(&self, node: Id) -> Option<Id> {
        let refers = self.now.quads(None, None, Some(node), None);
        let refers: Vec<QuadIds> = refers.filter(|quad| self.places.hold(quad.g)).collect();
        let new = refers.iter().find(|quad| !holds(&self.base, quad));
        new.or(refers.first()).map(|quad| quad.s)
    }

    /// A node and the blank nodes below it, before the change and after it.
    fn below_one(&self, member: Id) -> Vec<Id> {
        let mut nodes = vec![member];
        let mut seen: FxHashSet<Id> = nodes.iter().copied().collect();
        let mut at = 0;
        while let Some(&node) = nodes.get(at) {
            at += 1;
            for view in [&self.now, &self.base] {
                for quad in view.quads(Some(node), None, None, None) {
                    if quad.o.is_blank() && self.places.hold(quad.g) && seen.insert(quad.o) {
                        nodes.push(quad.o);
                    }
                }
            }
        }
        nodes
    }

    pub(super) fn below(&self, members: &FxHashSet<Id>) -> Below {
        let by_member: FxHashMap<Id, Vec<Id>> = members
            .iter()
            .map(|member| (*member, self.below_one(*member)))
            .collect();
        let all = by_member.values().flatten().copied().collect();
        Below { by_member, all }
    }

    /// Blank nodes below members that others refer to as well: these stay for the others.
    pub(super) fn shared(&self, nodes: &Below) -> FxHashSet<Id> {
        let is_shared = |node: &Id| {
            let mut refers = self.now.quads(None, None, Some(*node), None);
            refers.any(|quad| self.places.hold(quad.g) && !nodes.all.contains(&quad.s))
        };
        let blank = nodes.all.iter().copied().filter(|node| node.is_blank());
        let shared: Vec<Id> = blank.filter(is_shared).collect();
        shared
            .into_iter()
            .flat_map(|node| self.below_one(node))
            .collect()
    }
}

fn holds(view: &View, quad: &QuadIds) -> bool {
    view.with_graphs(Graphs::One(quad.g))
        .contains(quad.s, quad.p, quad.o)
}
