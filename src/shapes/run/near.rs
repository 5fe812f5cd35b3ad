//! A few nodes and what is said of them, read in one pass: a change of a hundred focus nodes is checked against dozens of
//! predicates, and a search for each would cost more than all the rest. Of no use for many nodes.

use super::{Frame, RunStats};
use crate::shapes::idset::sort_unique;
use crate::store::{Id, Order, View};
use rustc_hash::FxHashMap;

/// All triples of some subjects.
pub(super) struct Stars {
    focus: Vec<Id>,
    /// (predicate, subject, object), sorted, each once.
    edges: Vec<(Id, Id, Id)>,
}

impl Stars {
    /// As many paths must be walked from the same nodes.
    pub(super) const PAY_FROM: usize = 3;
    /// For more nodes the walks themselves are cheap.
    pub(super) const MAX_NODES: usize = 2048;
    /// Nodes about which more is said are left to the walks.
    const MAX_EDGES_PER_NODE: usize = 64;

    /// Reads the triples of nodes (sorted, each once); `None` when there are too many.
    pub(super) fn read(view: &View, stats: &mut RunStats, focus: &[Id]) -> Option<Self> {
        let room = (focus.len() + 16) * Self::MAX_EDGES_PER_NODE;
        let mut rows = view.sorted(Order::Spog, &[], false);
        let mut edges = Vec::with_capacity(focus.len() * 8);
        let mut ahead = None;
        for &node in focus.iter().filter(|node| !node.is_literal()) {
            if ahead.is_none_or(|(subject, _, _)| subject < node) {
                rows.seek([node.raw(), 0, 0]);
                stats.seeks += 1;
                ahead = next(&mut rows);
            }
            while let Some((subject, predicate, object)) = ahead.filter(|edge| edge.0 == node) {
                edges.push((predicate, subject, object));
                stats.rows_scanned += 1;
                ahead = next(&mut rows);
            }
            if edges.len() > room {
                return None;
            }
        }
        edges.sort_unstable();
        Some(Self {
            focus: focus.to_vec(),
            edges,
        })
    }

    /// Whether they are those of some nodes.
    pub(super) fn are_of(&self, focus: &[Id]) -> bool {
        self.focus == focus
    }

    /// Values of a predicate for the nodes.
    pub(super) fn frame<'f>(&self, predicate: Id, focus: &'f [Id]) -> Frame<'f> {
        let from = self.edges.partition_point(|edge| edge.0 < predicate);
        let mut edges = self.edges[from..]
            .iter()
            .take_while(|edge| edge.0 == predicate)
            .peekable();
        let mut offsets = Vec::with_capacity(focus.len() + 1);
        let mut values = Vec::new();
        for node in focus {
            offsets.push(values.len() as u32);
            while let Some((_, _, value)) = edges.next_if(|edge| edge.1 == *node) {
                values.push(*value);
            }
        }
        offsets.push(values.len() as u32);
        Frame::of_values(focus, offsets, values)
    }
}

fn next(rows: &mut crate::store::SortedRows) -> Option<(Id, Id, Id)> {
    let [s, p, o, _] = rows.next_row()?;
    Some((Id::from_raw(s)?, Id::from_raw(p)?, Id::from_raw(o)?))
}

/// Types of single nodes.
#[derive(Default)]
pub(super) struct Types {
    all: Vec<Id>,
    /// Where the types of a node stand in `all`.
    of: FxHashMap<Id, (u32, u32)>,
}

impl Types {
    /// Reads the types of nodes that are not known yet, in any order.
    pub(super) fn read(&mut self, view: &View, stats: &mut RunStats, rdf_type: Id, nodes: &[Id]) {
        let is_new = |node: &&Id| !node.is_literal() && !self.of.contains_key(*node);
        let new = sort_unique(nodes.iter().filter(is_new).copied().collect());
        if new.is_empty() {
            return;
        }
        let mut pairs = view.pairs(rdf_type);
        for node in new {
            pairs.seek(node);
            stats.seeks += 1;
            let from = self.all.len() as u32;
            while let Some((_, class)) = pairs.peek().filter(|(subject, _)| *subject == node) {
                self.all.push(class);
                stats.rows_scanned += 1;
                pairs.next();
            }
            self.of.insert(node, (from, self.all.len() as u32));
        }
    }

    /// Types of a node, sorted; none for a node that was not read.
    pub(super) fn of(&self, node: Id) -> &[Id] {
        let range = self.of.get(&node);
        range.map_or(&[], |(from, to)| &self.all[*from as usize..*to as usize])
    }
}
