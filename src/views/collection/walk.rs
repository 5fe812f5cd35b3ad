//! Paths of predicates walked for many items at once: forward from items to values, back from values to items. Each step is
//! one pass through a sorted run of the index, not a look-up for each item.

use crate::store::{Id, Order, Snapshot, View};

/// No value.
pub(super) const NONE: u64 = u64::MAX;
/// So many values are looked up one by one rather than in a pass.
const FEW: usize = 4;

/// The least score of the values that a path leads to, for each of the nodes (sorted); [`NONE`] without a value. `score`
/// is asked once, for all values that are met, sorted, each once.
pub(super) fn best(
    view: &View,
    path: &[Id],
    nodes: &[Id],
    score: &mut dyn FnMut(&[Id]) -> Vec<u64>,
) -> Vec<u64> {
    let Some((first, rest)) = path.split_first() else {
        return score(nodes);
    };
    let mut links: Vec<(u32, Id)> = Vec::with_capacity(nodes.len());
    view.pairs(*first).join(nodes, |at, object| {
        links.push((
            u32::try_from(at).expect("nodes are numbered in 32 bits"),
            object,
        ));
    });
    let mut objects: Vec<Id> = links.iter().map(|(_, object)| *object).collect();
    objects.sort_unstable();
    objects.dedup();
    let scores = best(view, rest, &objects, score);
    let mut found = vec![NONE; nodes.len()];
    for (at, object) in links {
        let place = objects
            .binary_search(&object)
            .expect("all objects are there");
        let slot = &mut found[at as usize];
        *slot = scores[place].min(*slot);
    }
    found
}

/// Subjects from which a path leads to one of the values (sorted); sorted, each once.
pub(super) fn back(view: &View, path: &[Id], values: Vec<Id>) -> Vec<Id> {
    let mut nodes = values;
    for predicate in path.iter().rev() {
        let mut before = Vec::new();
        if nodes.len() <= FEW {
            for node in &nodes {
                view.subjects(*predicate, *node)
                    .for_each(|id| before.push(id));
            }
        } else {
            view.pairs_reversed(*predicate)
                .join(&nodes, |_, subject| before.push(subject));
        }
        if nodes.len() > 1 {
            before.sort_unstable();
            before.dedup();
        }
        nodes = before;
    }
    nodes
}

/// Subjects with any value at the end of a path; sorted, each once.
pub(super) fn having(view: &View, path: &[Id]) -> Vec<Id> {
    let Some((last, before)) = path.split_last() else {
        return Vec::new();
    };
    let mut subjects = Vec::new();
    for (subject, _) in view.pairs(*last) {
        if subjects.last() != Some(&subject) {
            subjects.push(subject);
        }
    }
    back(view, before, subjects)
}

/// Nodes at the start of a path whose values may be others than in an earlier state; sorted. `None` when there are more than
/// `most` changes.
pub(super) fn affected(
    view: &View,
    earlier: &Snapshot,
    path: &[Id],
    most: usize,
) -> Option<Vec<Id>> {
    let mut found = Vec::new();
    for (step, predicate) in path.iter().enumerate() {
        let prefix = [predicate.raw()];
        let rows = view
            .snapshot()
            .touched(earlier, Order::Psog, &prefix, most)?;
        let mut nodes: Vec<Id> = rows.iter().filter_map(|row| Id::from_raw(row[1])).collect();
        nodes.dedup();
        found.extend(back(view, &path[..step], nodes));
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}
