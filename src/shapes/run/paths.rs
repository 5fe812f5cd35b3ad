//! Property paths over sets of focus nodes: merge joins with skipping, never one walk per node.
//! `*` and `+` read the reachable edges set by set and then walk the small graph in memory.

use super::{Frame, RunStats};
use crate::shapes::bind::BoundPath;
use crate::shapes::idset::sort_unique;
use crate::store::{Id, Pairs, View};
use rustc_hash::FxHashMap;

/// (focus, value), sorted, each once.
type Edges = Vec<(Id, Id)>;

/// Values of a path for focus nodes (sorted, each once).
pub(super) fn frame<'f>(
    view: &View,
    stats: &mut RunStats,
    path: &BoundPath,
    focus: &'f [Id],
) -> Frame<'f> {
    let edges = edges(view, stats, path, focus);
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
    Frame::of_values(focus, offsets, values)
}

/// All nodes that a path leads to from some nodes (sorted, each once); sorted, each once.
pub(crate) fn values_of(
    view: &View,
    stats: &mut RunStats,
    path: &BoundPath,
    from: &[Id],
) -> Vec<Id> {
    let found = edges(view, stats, path, from);
    sort_unique(found.into_iter().map(|(_, value)| value).collect())
}

fn edges(view: &View, stats: &mut RunStats, path: &BoundPath, focus: &[Id]) -> Edges {
    if focus.is_empty() {
        return Vec::new();
    }
    match path {
        BoundPath::Nothing => Vec::new(),
        BoundPath::Forward(predicate) => merge_join(view.pairs(*predicate), stats, focus),
        BoundPath::Backward(predicate) => merge_join(view.pairs_reversed(*predicate), stats, focus),
        BoundPath::Sequence(steps) => {
            let mut found = edges(view, stats, &steps[0], focus);
            for step in &steps[1..] {
                found = extend(view, stats, found, step);
            }
            found
        }
        BoundPath::Alternative(paths) => sorted(
            paths
                .iter()
                .flat_map(|path| edges(view, stats, path, focus))
                .collect(),
        ),
        BoundPath::ZeroOrOne(inner) => {
            let mut found = edges(view, stats, inner, focus);
            found.extend(focus.iter().map(|node| (*node, *node)));
            sorted(found)
        }
        BoundPath::ZeroOrMore(inner) => closure(view, stats, inner, focus, true),
        BoundPath::OneOrMore(inner) => closure(view, stats, inner, focus, false),
    }
}

/// Steps read one by one before skipping: short gaps cost less to walk than to search.
const STEPS_BEFORE_SEEK: u32 = 4;

fn merge_join(mut pairs: Pairs, stats: &mut RunStats, focus: &[Id]) -> Edges {
    let mut found = Vec::with_capacity(focus.len());
    let mut scanned = 0_u64;
    let mut current = None;
    'focus: for &node in focus {
        let mut steps = 0;
        loop {
            let Some((first, second)) = current.or_else(|| pairs.next()) else {
                break 'focus;
            };
            if first < node {
                current = None;
                steps += 1;
                scanned += 1;
                if steps == STEPS_BEFORE_SEEK {
                    pairs.seek(node);
                    stats.seeks += 1;
                    steps = 0;
                }
            } else if first == node {
                current = None;
                scanned += 1;
                found.push((node, second));
            } else {
                current = Some((first, second));
                continue 'focus;
            }
        }
    }
    stats.rows_scanned += scanned;
    found
}

/// Goes one step on from the values of `so_far`.
fn extend(view: &View, stats: &mut RunStats, so_far: Edges, step: &BoundPath) -> Edges {
    let mut by_value: Vec<(Id, Id)> = so_far
        .into_iter()
        .map(|(focus, value)| (value, focus))
        .collect();
    if !by_value.is_sorted() {
        by_value.sort_unstable();
    }
    let mut middle: Vec<Id> = by_value.iter().map(|(value, _)| *value).collect();
    middle.dedup();
    let next = edges(view, stats, step, &middle);
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
    }
    sorted(found)
}

fn sorted(mut found: Edges) -> Edges {
    if !found.is_sorted() {
        found.sort_unstable();
    }
    found.dedup();
    found
}

/// `inner*` (with the node itself) or `inner+`.
fn closure(
    view: &View,
    stats: &mut RunStats,
    inner: &BoundPath,
    focus: &[Id],
    with_self: bool,
) -> Edges {
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
    while !frontier.is_empty() {
        let mut new = Vec::new();
        for (from, to) in edges(view, stats, inner, &frontier) {
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
        let start = start as u32;
        if with_self {
            seen_by[start as usize] = start;
            found.push((node, node));
        }
        stack.push(start);
        while let Some(at) = stack.pop() {
            for &target in &links[at as usize] {
                if seen_by[target as usize] != start {
                    seen_by[target as usize] = start;
                    found.push((node, nodes[target as usize]));
                    stack.push(target);
                }
            }
        }
    }
    sorted(found)
}
