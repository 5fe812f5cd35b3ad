//! `sh:minExclusive`, `sh:minInclusive`, `sh:maxExclusive`, `sh:maxInclusive`
//! ([§4.3](https://www.w3.org/TR/shacl/#core-components-range)). Values compare as in SPARQL.

use super::single;
use crate::shapes::compare::{Value, compare};
use crate::shapes::lint::Lint;
use crate::shapes::model::{Bound, Constraint};
use crate::shapes::read::{Reader, ShapeNode, shacl_term};
use crate::shapes::run::{Frame, MemoIx, Run};
use std::cmp::Ordering;

/// A limit ready to compare with.
#[derive(Debug)]
pub(crate) struct Limit {
    pub(crate) bound: Bound,
    /// `None` for a literal that compares with nothing.
    pub(crate) value: Option<Value>,
    pub(crate) memo: MemoIx,
}

pub(super) fn read(reader: &mut Reader<'_>, node: &ShapeNode, out: &mut Vec<Constraint>) {
    let mut limits = Vec::new();
    for (local, bound) in [
        ("minExclusive", Bound::MinExclusive),
        ("minInclusive", Bound::MinInclusive),
        ("maxExclusive", Bound::MaxExclusive),
        ("maxInclusive", Bound::MaxInclusive),
    ] {
        let Some(value) = single(reader, node, local) else {
            continue;
        };
        match reader.graph.literal(value) {
            Some(literal) => limits.push((bound, literal)),
            None => reader.lint_value(node.ix, "L014", &shacl_term(local), value),
        }
    }
    let (low, high): (Vec<_>, Vec<_>) = limits
        .iter()
        .partition(|(bound, _)| matches!(bound, Bound::MinExclusive | Bound::MinInclusive));
    let both = low
        .iter()
        .flat_map(|low| high.iter().map(move |high| (low, high)));
    let nothing_between = both.into_iter().find(|((low, least), (high, most))| {
        let values = Value::of_literal(least.as_ref()).zip(Value::of_literal(most.as_ref()));
        match values.and_then(|(least, most)| compare(&least, &most)) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => *low == Bound::MinExclusive || *high == Bound::MaxExclusive,
            _ => false,
        }
    });
    if let Some(((_, least), (_, most))) = nothing_between {
        let text = format!("{} > {}", least.value(), most.value());
        reader.lint(node.ix, Lint::new("L009", "", &text));
    }
    out.extend(
        limits
            .into_iter()
            .map(|(bound, literal)| Constraint::Range(bound, literal)),
    );
}

pub(super) fn check(run: &mut Run<'_>, limit: &Limit, frame: &Frame<'_>, rows: &mut Vec<u32>) {
    run.memoised(limit.memo, frame, rows, |run, value| {
        let (Some(limit_value), true) = (&limit.value, value.is_literal()) else {
            return false;
        };
        let Some(value) = run.value(value) else {
            return false;
        };
        let order = compare(&value, limit_value);
        match limit.bound {
            Bound::MinExclusive => order == Some(Ordering::Greater),
            Bound::MinInclusive => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
            Bound::MaxExclusive => order == Some(Ordering::Less),
            Bound::MaxInclusive => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        }
    });
}
