//! Counts without reading: groups over one triple pattern whose sizes are differences of places in the index.
//! Only where every quad that counts is seen and no triple can count twice; all else is left to the reading operators.

use super::expression::Expression;
use super::plan::{Aggregate, AggregateFunction, Node, Pattern, Place};
use super::rows::{Batch, Context};
use crate::query::error::QueryError;
use crate::store::{ExactCounts, Order};
use oxrdf::Literal;

/// Runs this long are counted by their ends; shorter ones are read through.
const LONG_RUN: u64 = 64;

/// The solutions of a grouping, when they can be had so.
pub(super) fn answer(plan: &Node, context: &Context) -> Option<Batch> {
    let Node::Group {
        input,
        keys,
        aggregates,
        ..
    } = plan
    else {
        return None;
    };
    let Node::Match { input, pattern, .. } = &**input else {
        return None;
    };
    if !matches!(**input, Node::Unit) || pattern.graph.is_some() {
        return None;
    }
    let counts_rows = aggregates
        .iter()
        .all(|(_, aggregate)| is_row_count(aggregate, pattern));
    if !counts_rows || has_repeated(pattern) {
        return None;
    }
    let targets: Vec<usize> = aggregates.iter().map(|(slot, _)| *slot).collect();
    let (order, prefix) = match keys.as_slice() {
        [] => order_of(pattern, None)?,
        [key] => order_of(pattern, Some(*key))?,
        _ => return None,
    };
    let counts = pattern.view.exact_counts()?;
    let total = counts.count(order, &prefix);
    let mut out = Batch::new(context.width);
    let empty = vec![0; context.width.max(1)];
    let mut put = |key: Option<(usize, u64)>, count: u64| {
        let row = out.push(&empty);
        if let Some((slot, id)) = key {
            row[slot] = id;
        }
        let number = Literal::from(i64::try_from(count).unwrap_or(i64::MAX));
        let id = context.dataset.id(number.into()).raw();
        for slot in &targets {
            row[*slot] = id;
        }
    };
    match keys.as_slice() {
        [key] => {
            let done = each_key(pattern, order, &prefix, &counts, context, |id, count| {
                put(Some((*key, id)), count);
            });
            // A limit that is hit here is hit again, and reported, by the operator that reads.
            done.ok()?;
        }
        _ => put(None, total),
    }
    Some(out)
}

fn is_row_count(aggregate: &Aggregate, pattern: &Pattern) -> bool {
    match aggregate {
        Aggregate::CountRows => true,
        Aggregate::Of {
            function: AggregateFunction::Count,
            expression: Expression::Slot(slot),
            distinct: false,
        } => pattern.places.contains(&Place::Slot(*slot)),
        Aggregate::CountDistinctRows(_) | Aggregate::Of { .. } => false,
    }
}

fn has_repeated(pattern: &Pattern) -> bool {
    let [s, p, o] = pattern.places;
    let same = |a: Place, b: Place| matches!(a, Place::Slot(_)) && a == b;
    same(s, p) || same(s, o) || same(p, o)
}

/// An order whose first columns are the terms of a pattern, followed by the position of `key` if any.
fn order_of(pattern: &Pattern, key: Option<usize>) -> Option<(Order, Vec<u64>)> {
    Order::SORTED.into_iter().find_map(|order| {
        let sequence = super::matching::positions(order).map(|at| pattern.places[at]);
        let prefix: Vec<u64> = sequence
            .iter()
            .map_while(|place| match place {
                Place::Is(raw) => Some(*raw),
                Place::Slot(_) => None,
            })
            .collect();
        let rest = &sequence[prefix.len()..];
        let all_slots = rest.iter().all(|place| matches!(place, Place::Slot(_)));
        let is_next = key.is_none_or(|key| rest.first() == Some(&Place::Slot(key)));
        (all_slots && is_next).then_some((order, prefix))
    })
}

/// Calls `put` with each value of the column after a prefix, and how many rows have it.
fn each_key(
    pattern: &Pattern,
    order: Order,
    prefix: &[u64],
    counts: &ExactCounts,
    context: &Context,
    mut put: impl FnMut(u64, u64),
) -> Result<(), QueryError> {
    let column = prefix.len();
    let mut rows = pattern.view.sorted(order, prefix, false);
    let mut current: Option<(u64, u64)> = None;
    let mut done = 0;
    while let Some(row) = rows.next_row() {
        let id = row[column];
        match &mut current {
            Some((known, count)) if *known == id => {
                *count += 1;
                if *count == LONG_RUN {
                    let mut under = prefix.to_vec();
                    under.push(id);
                    let all = counts.count(order, &under);
                    if all > 2 * LONG_RUN {
                        put(id, all);
                        done += all;
                        current = None;
                        let mut next = [0; 3];
                        next[..column].copy_from_slice(prefix);
                        next[column] = id + 1;
                        rows.seek(next);
                    }
                }
            }
            _ => {
                if let Some((known, count)) = current.replace((id, 1)) {
                    put(known, count);
                    done += count;
                    if done % 4096 < count {
                        context.check()?;
                    }
                }
            }
        }
    }
    if let Some((known, count)) = current {
        put(known, count);
        done += count;
    }
    debug_assert_eq!(done, counts.count(order, prefix));
    Ok(())
}
