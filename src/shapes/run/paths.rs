//! Property paths over sets of focus nodes: merge joins with skipping, never one walk per node.
//! `*` and `+` read the reachable edges set by set and then walk the small graph in memory.

use super::{Frame, RunStats};
use crate::shapes::bind::BoundPath;
use crate::shapes::idset::sort_unique;
use crate::store::{Id, Pairs, View};
use rustc_hash::FxHashMap;

/// (focus, value), sorted, each once.
type Edges = Vec<(Id, Id)>;

/// Why a path was not followed to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// These focus nodes together have more values than may be held at once; fewer of them may not.
    AtOnce,
    /// The path makes more than is allowed in all, or the caller asked to stop.
    InAll,
}

/// Following a path, within bounds. Plain predicates make no more than the data hold; joins and closures may.
pub(super) struct Walk<'a> {
    pub(super) view: &'a View,
    pub(super) stats: &'a mut RunStats,
    /// Pairs that a step may make.
    pub(super) at_once: usize,
    /// Pairs that may still be made in all.
    pub(super) left: u64,
    /// Asks whether to stop.
    pub(super) stop: &'a dyn Fn() -> bool,
}

/// Values of a path for focus nodes (sorted, each once).
pub(super) fn frame<'f>(
    walk: &mut Walk<'_>,
    path: &BoundPath,
    focus: &'f [Id],
) -> Result<Frame<'f>, Excess> {
    let plain = match path {
        BoundPath::Forward(predicate) => Some(walk.view.pairs(*predicate)),
        BoundPath::Backward(predicate) => Some(walk.view.pairs_reversed(*predicate)),
        _ => None,
    };
    if let Some(pairs) = plain {
        let mut offsets = Vec::with_capacity(focus.len() + 1);
        let mut values = Vec::with_capacity(focus.len());
        let work = pairs.join(focus, |at, value| {
            offsets.resize(at + 1, values.len() as u32);
            values.push(value);
        });
        offsets.resize(focus.len() + 1, values.len() as u32);
        walk.stats.rows_scanned += work.rows;
        walk.stats.seeks += work.seeks;
        return Ok(Frame::of_values(focus, offsets, values));
    }
    let edges = walk.edges(path, focus)?;
    let mut offsets = Vec::with_capacity(focus.len() + 1);
    let mut values = Vec::with_capacity(edges.len());
    let mut at = 0;
    for &node in focus {
        offsets.push(values.len() as u32);
        while at < edges.len() && edges[at].0 == node {
            values.push(edges[at].1);
            at += 1;
        }
    }
    offsets.push(values.len() as u32);
    Ok(Frame::of_values(focus, offsets, values))
}

/// All nodes that a path leads to from some nodes (sorted, each once); sorted, each once. `None` when they are more than
/// one path may make.
pub(crate) fn values_of(
    view: &View,
    stats: &mut RunStats,
    path: &BoundPath,
    from: &[Id],
) -> Option<Vec<Id>> {
    let mut walk = Walk {
        view,
        stats,
        at_once: 4 * super::PAIRS_AT_ONCE,
        left: super::PATH_PAIRS,
        stop: &|| false,
    };
    let found = walk.edges(path, from).ok()?;
    Some(sort_unique(
        found.into_iter().map(|(_, value)| value).collect(),
    ))
}

impl Walk<'_> {
    fn edges(&mut self, path: &BoundPath, focus: &[Id]) -> Result<Edges, Excess> {
        if focus.is_empty() {
            return Ok(Vec::new());
        }
        match path {
            BoundPath::Nothing => Ok(Vec::new()),
            BoundPath::Forward(predicate) => {
                Ok(merge_join(self.view.pairs(*predicate), self.stats, focus))
            }
            BoundPath::Backward(predicate) => Ok(merge_join(
                self.view.pairs_reversed(*predicate),
                self.stats,
                focus,
            )),
            BoundPath::Sequence(steps) => {
                let mut found = self.edges(&steps[0], focus)?;
                for step in &steps[1..] {
                    found = self.extend(found, step)?;
                }
                Ok(found)
            }
            BoundPath::Alternative(paths) => {
                let mut found = Vec::new();
                for path in paths {
                    found.extend(self.edges(path, focus)?);
                    self.holds(found.len())?;
                }
                self.made(found.len())?;
                Ok(sorted(found))
            }
            BoundPath::ZeroOrOne(inner) => {
                let mut found = self.edges(inner, focus)?;
                found.extend(focus.iter().map(|node| (*node, *node)));
                Ok(sorted(found))
            }
            BoundPath::ZeroOrMore(inner) => self.closure(inner, focus, true),
            BoundPath::OneOrMore(inner) => self.closure(inner, focus, false),
        }
    }

    /// Refuses to hold more pairs than allowed.
    fn holds(&self, pairs: usize) -> Result<(), Excess> {
        if pairs > self.at_once {
            return Err(Excess::AtOnce);
        }
        Ok(())
    }

    /// Counts pairs made.
    fn made(&mut self, pairs: usize) -> Result<(), Excess> {
        match self.left.checked_sub(pairs as u64) {
            Some(left) if !(self.stop)() => {
                self.left = left;
                Ok(())
            }
            _ => {
                self.left = 0;
                Err(Excess::InAll)
            }
        }
    }

    /// Goes one step on from the values of `so_far`.
    fn extend(&mut self, so_far: Edges, step: &BoundPath) -> Result<Edges, Excess> {
        let mut by_value: Vec<(Id, Id)> = so_far
            .into_iter()
            .map(|(focus, value)| (value, focus))
            .collect();
        if !by_value.is_sorted() {
            by_value.sort_unstable();
        }
        let mut middle: Vec<Id> = by_value.iter().map(|(value, _)| *value).collect();
        middle.dedup();
        let next = self.edges(step, &middle)?;
        let mut found = Vec::with_capacity(next.len());
        let mut from = 0;
        for (node, value) in next {
            while by_value[from].0 < node {
                from += 1;
            }
            found.extend(
                by_value[from..]
                    .iter()
                    .take_while(|(at, _)| *at == node)
                    .map(|(_, focus)| (*focus, value)),
            );
            self.holds(found.len())?;
        }
        self.made(found.len())?;
        Ok(sorted(found))
    }

    /// `inner*` (with the node itself) or `inner+`.
    fn closure(
        &mut self,
        inner: &BoundPath,
        focus: &[Id],
        with_self: bool,
    ) -> Result<Edges, Excess> {
        // All edges reachable from the focus nodes, one breadth at a time.
        let mut number: FxHashMap<Id, u32> = FxHashMap::default();
        let mut nodes: Vec<Id> = focus.to_vec();
        number.extend(
            focus
                .iter()
                .enumerate()
                .map(|(at, node)| (*node, at as u32)),
        );
        let mut links: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
        let mut frontier = focus.to_vec();
        let mut link_count = 0;
        while !frontier.is_empty() {
            let mut new = Vec::new();
            let edges = self.edges(inner, &frontier)?;
            self.made(edges.len())?;
            link_count += edges.len();
            // Links are small and shared by all focus nodes.
            self.holds(link_count / 8)?;
            for (from, to) in edges {
                let target = *number.entry(to).or_insert_with(|| {
                    nodes.push(to);
                    links.push(Vec::new());
                    new.push(to);
                    nodes.len() as u32 - 1
                });
                links[number[&from] as usize].push(target);
            }
            frontier = sort_unique(new);
        }
        let mut found = Vec::new();
        let mut seen_by = vec![u32::MAX; nodes.len()];
        let mut stack = Vec::new();
        for (start, &node) in focus.iter().enumerate() {
            let (before, mut steps) = (found.len(), 0);
            let start = start as u32;
            if with_self {
                seen_by[start as usize] = start;
                found.push((node, node));
            }
            stack.push(start);
            while let Some(at) = stack.pop() {
                steps += links[at as usize].len();
                for &target in &links[at as usize] {
                    if seen_by[target as usize] != start {
                        seen_by[target as usize] = start;
                        found.push((node, nodes[target as usize]));
                        stack.push(target);
                    }
                }
            }
            self.holds(found.len())?;
            self.made(steps.max(found.len() - before))?;
        }
        Ok(sorted(found))
    }
}

fn merge_join(pairs: Pairs, stats: &mut RunStats, focus: &[Id]) -> Edges {
    let mut found = Vec::with_capacity(focus.len());
    let work = pairs.join(focus, |at, value| found.push((focus[at], value)));
    stats.rows_scanned += work.rows;
    stats.seeks += work.seeks;
    found
}

fn sorted(mut found: Edges) -> Edges {
    if !found.is_sorted() {
        found.sort_unstable();
    }
    found.dedup();
    found
}
