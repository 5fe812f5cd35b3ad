//! Aggregates of observations without reading them: counts, sums, averages and extremes of series over whole hours, from the
//! sums that the store of observations keeps of every hour. Only where that is provably the same; all else is left to the
//! operators that read.

use super::expression::{Comparison, Expression};
use super::plan::{Aggregate, AggregateFunction, Node, Place, Star};
use super::rows::{Batch, Context};
use crate::observations::{HOUR, Kind, SeriesId, Summary, Windows};
use crate::query::observations::{Property, Told};
use crate::store::{Id, InlineValue};
use oxrdf::{Literal, NamedNode, Term};
use std::ops::Range;

/// Series of one answer.
const MOST_SERIES: usize = 10_000;
/// Seconds from where ids count moments to 1970-01-01T00:00:00Z.
const EPOCH: i64 = 719_468 * 86_400;

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
    let asked = Asked::of(input)?;
    let told = context.dataset.told()?;
    let series = asked.series(keys, context, told)?;
    let results: Vec<(usize, Wanted)> = aggregates
        .iter()
        .map(|(slot, aggregate)| Some((*slot, asked.wanted(aggregate)?)))
        .collect::<Option<_>>()?;
    let needs_numbers = results.iter().any(|(_, wanted)| *wanted != Wanted::Count);
    let mut out = Batch::new(context.width);
    let empty = vec![0; context.width.max(1)];
    for id in series {
        // A limit that is hit here is hit again, and reported, by the operator that reads.
        context.check().ok()?;
        let declared = told.store.series(id)?;
        // Sums of whole numbers are whole, and texts have none.
        if needs_numbers && declared.kind != Kind::Number {
            return None;
        }
        let windows = told.store.windows(&Windows {
            series: id,
            times: asked.times.clone(),
            step: None,
            percentiles: Vec::new(),
            known_at: None,
        });
        let summary = windows.ok()?.first().map(|window| window.summary);
        let Some(summary) = summary.filter(|summary| summary.count > 0) else {
            if keys.is_empty() {
                // What is computed of nothing is known elsewhere.
                return None;
            }
            continue;
        };
        let row = out.push(&empty);
        if let [key] = keys.as_slice() {
            let iri = NamedNode::new_unchecked(&declared.iri);
            row[*key] = context.dataset.id(iri.into()).raw();
        }
        for (slot, wanted) in &results {
            row[*slot] = context.dataset.id(wanted.of(&summary)?).raw();
        }
    }
    // The kept sums are of now: the same as when the query began when nothing came in since.
    (told.store.last_seq() == told.known_at).then_some(out)
}

/// What a grouping reads.
struct Asked<'a> {
    star: &'a Star,
    time: Option<usize>,
    result: Option<usize>,
    times: Range<i64>,
}

impl<'a> Asked<'a> {
    /// A star on its own, of which nothing but series, time and result is asked, in whole hours.
    fn of(input: &'a Node) -> Option<Self> {
        let mut conditions = Vec::new();
        let mut at = input;
        let star = loop {
            match at {
                Node::Filter { input, condition } => {
                    conditions.push(condition);
                    at = input;
                }
                Node::Observe { input, star } if matches!(**input, Node::Unit) => break star,
                _ => return None,
            }
        };
        let (mut time, mut result) = (None, None);
        for (property, place) in &star.asks {
            match (property, place) {
                (Property::Time, Place::Slot(slot)) if time.is_none() => time = Some(*slot),
                (Property::Result, Place::Slot(slot)) if result.is_none() => {
                    result = Some(*slot);
                }
                _ => return None,
            }
        }
        if star.observation.is_some() || star.series.len() != 1 || time.is_some() && time == result
        {
            return None;
        }
        let mut times = i64::MIN..i64::MAX;
        for condition in conditions {
            narrow(condition, time?, &mut times)?;
        }
        let is_whole = |time: i64| time == i64::MIN || time == i64::MAX || time % HOUR == 0;
        (is_whole(times.start) && is_whole(times.end) && times.start < times.end).then_some(Self {
            star,
            time,
            result,
            times,
        })
    }

    /// The series, each a group.
    fn series(&self, keys: &[usize], context: &Context, told: &Told) -> Option<Vec<SeriesId>> {
        match (self.star.series.as_slice(), keys) {
            ([Place::Is(raw)], []) => match context.dataset.term(Id::from_raw(*raw)?) {
                Term::NamedNode(node) => Some(vec![told.series(node.as_str())?]),
                _ => None,
            },
            ([Place::Slot(slot)], [key])
                if slot == key && Some(*slot) != self.time && Some(*slot) != self.result =>
            {
                let count = told.store.series_count();
                let last = u32::try_from(count).ok().filter(|_| count <= MOST_SERIES)?;
                Some((0..last).map(SeriesId).collect())
            }
            _ => None,
        }
    }

    fn wanted(&self, aggregate: &Aggregate) -> Option<Wanted> {
        match aggregate {
            Aggregate::CountRows => Some(Wanted::Count),
            Aggregate::Of {
                function,
                expression: Expression::Slot(slot),
                distinct: false,
            } => {
                let is_result = Some(*slot) == self.result;
                match function {
                    AggregateFunction::Count if is_result || Some(*slot) == self.time => {
                        Some(Wanted::Count)
                    }
                    AggregateFunction::Sum if is_result => Some(Wanted::Sum),
                    AggregateFunction::Avg if is_result => Some(Wanted::Average),
                    AggregateFunction::Min if is_result => Some(Wanted::Least),
                    AggregateFunction::Max if is_result => Some(Wanted::Greatest),
                    _ => None,
                }
            }
            Aggregate::CountDistinctRows(_) | Aggregate::Of { .. } => None,
        }
    }
}

/// What is made of a summary.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Count,
    Sum,
    Average,
    Least,
    Greatest,
}

impl Wanted {
    fn of(self, summary: &Summary) -> Option<Term> {
        let literal = match self {
            Self::Count => Literal::from(i64::try_from(summary.count).ok()?),
            Self::Sum => Literal::from(summary.sum),
            Self::Average => Literal::from(summary.average()?),
            Self::Least => Literal::from(summary.min),
            Self::Greatest => Literal::from(summary.max),
        };
        Some(literal.into())
    }
}

/// Narrows a time by a condition that says nothing else; `None` for any other condition.
fn narrow(condition: &Expression, slot: usize, times: &mut Range<i64>) -> Option<()> {
    use Comparison as C;
    match condition {
        Expression::And(list) => list.iter().try_for_each(|one| narrow(one, slot, times)),
        Expression::Compare(comparison, a, b) => {
            let is_time = |e: &Expression| matches!(e, Expression::Slot(of) if *of == slot);
            let (moment, comparison) = if is_time(a) {
                (moment(b)?, *comparison)
            } else if is_time(b) {
                let turned = match comparison {
                    C::Less => C::Greater,
                    C::LessOrEqual => C::GreaterOrEqual,
                    C::Greater => C::Less,
                    C::GreaterOrEqual => C::LessOrEqual,
                };
                (moment(a)?, turned)
            } else {
                return None;
            };
            match comparison {
                C::GreaterOrEqual => times.start = times.start.max(moment),
                C::Greater => times.start = times.start.max(moment + 1),
                C::Less => times.end = times.end.min(moment),
                C::LessOrEqual => times.end = times.end.min(moment + 1),
            }
            Some(())
        }
        _ => None,
    }
}

/// The moment of a constant of whole seconds whose zone is said.
fn moment(expression: &Expression) -> Option<i64> {
    let Expression::Constant { id, .. } = expression else {
        return None;
    };
    match Id::from_raw(*id)?.inline_value()? {
        InlineValue::DateTime {
            seconds,
            offset: Some(offset),
        } => {
            let seconds = i64::try_from(seconds).ok()? - EPOCH - offset * 60;
            seconds.checked_mul(1_000_000)
        }
        _ => None,
    }
}
