//! Groups and what is computed for them. Reads all solutions; keeps one state for each group and aggregate.

use super::expression::{Computed, Expression};
use super::keys::Keys;
use super::plan::{Aggregate, AggregateFunction, Node};
use super::rows::{Batch, Context, Held, MANY_BYTES, Operator};
use super::value::{self, Arithmetic};
use crate::query::budget::step;
use crate::query::error::QueryError;
use oxsdatatypes::{Decimal, Double, Float, Integer};
use rustc_hash::FxHashSet;
use spareval::ExpressionTerm as Value;
use std::cmp::Ordering;
use std::rc::Rc;

/// The operator.
pub(super) struct Group {
    context: Rc<Context>,
    input: Option<Box<dyn Operator>>,
    plan: Rc<Node>,
    groups: Keys,
    states: Vec<Vec<State>>,
    given: usize,
    held: Held,
}

/// What is known of one aggregate of one group.
enum State {
    Count(u64),
    /// Sum, failed when a value was no number; and how many values.
    Sum(Option<Value>, i64),
    /// The best so far, as it came and as a value.
    Best(Option<(Computed, Value)>),
    Any(Option<Computed>),
    Text(Option<String>),
    /// A solution had no value.
    Failed,
}

impl State {
    fn new(aggregate: &Aggregate) -> Self {
        match aggregate {
            Aggregate::CountRows | Aggregate::CountDistinctRows(_) => Self::Count(0),
            Aggregate::Of { function, .. } => match function {
                AggregateFunction::Count => Self::Count(0),
                AggregateFunction::Sum | AggregateFunction::Avg => {
                    Self::Sum(Some(Value::IntegerLiteral(Integer::default())), 0)
                }
                AggregateFunction::Min | AggregateFunction::Max => Self::Best(None),
                AggregateFunction::Sample => Self::Any(None),
                AggregateFunction::Concat(_) => Self::Text(None),
            },
        }
    }

    /// Takes in a value that so many solutions have; says how many more bytes the state holds. What is more than counted comes
    /// from one solution at a time.
    fn add(
        &mut self,
        function: &AggregateFunction,
        found: Computed,
        weight: u64,
        context: &Context,
    ) -> usize {
        match self {
            Self::Count(count) => *count += weight,
            Self::Sum(sum, count) => {
                *count += 1;
                if let Some(before) = sum {
                    let found = found.into_value(context);
                    *sum = value::is_numeric(&found)
                        .then(|| value::compute(Arithmetic::Add, before, &found))
                        .flatten();
                }
            }
            Self::Best(best) => {
                let found_value = match &found {
                    Computed::Id(id) => super::expression::load(*id, context),
                    Computed::Value(value) => value.clone(),
                };
                let wanted = match function {
                    AggregateFunction::Max => Ordering::Greater,
                    _ => Ordering::Less,
                };
                let is_better = best.as_ref().is_none_or(|(_, known)| {
                    value::order(Some(&found_value), Some(known)) == wanted
                });
                if is_better {
                    *best = Some((found, found_value));
                }
            }
            Self::Failed => {}
            Self::Any(any) => {
                any.get_or_insert(found);
            }
            Self::Text(all) => {
                let AggregateFunction::Concat(separator) = function else {
                    return 0;
                };
                let text = match found.into_value(context) {
                    Value::StringLiteral(text) => text,
                    Value::LangStringLiteral { value, .. } => value,
                    _ => return 0,
                };
                let more = separator.len() + text.len();
                match all {
                    Some(all) => {
                        all.push_str(separator);
                        all.push_str(&text);
                    }
                    None => *all = Some(text),
                }
                return more;
            }
        }
        0
    }

    fn finish(self, aggregate: &Aggregate, context: &Context) -> u64 {
        let is_mean = matches!(
            aggregate,
            Aggregate::Of {
                function: AggregateFunction::Avg,
                ..
            }
        );
        let found = match self {
            Self::Count(count) => {
                let count = i64::try_from(count).unwrap_or(i64::MAX);
                Some(Computed::Value(Value::IntegerLiteral(count.into())))
            }
            Self::Sum(sum, count) if is_mean => mean(sum, count).map(Computed::Value),
            Self::Sum(sum, _) => sum.map(Computed::Value),
            Self::Best(best) => best.map(|(found, _)| found),
            Self::Any(any) => any,
            Self::Failed => None,
            Self::Text(text) => Some(Computed::Value(Value::StringLiteral(
                text.unwrap_or_default(),
            ))),
        };
        found.map_or(0, |found| found.into_id(context))
    }
}

fn mean(sum: Option<Value>, count: i64) -> Option<Value> {
    let of = Integer::from(count);
    Some(match sum? {
        _ if count == 0 => Value::IntegerLiteral(Integer::default()),
        Value::IntegerLiteral(sum) => {
            Value::DecimalLiteral(Decimal::from(sum).checked_div(Decimal::from(of))?)
        }
        Value::DecimalLiteral(sum) => Value::DecimalLiteral(sum.checked_div(Decimal::from(of))?),
        Value::FloatLiteral(sum) => Value::FloatLiteral(sum / Float::from(of)),
        Value::DoubleLiteral(sum) => Value::DoubleLiteral(sum / Double::from(of)),
        _ => return None,
    })
}

impl Group {
    pub(super) fn new(context: &Rc<Context>, input: Box<dyn Operator>, plan: &Rc<Node>) -> Self {
        let width = match &**plan {
            Node::Group { keys, .. } => keys.len(),
            _ => 0,
        };
        Self {
            context: Rc::clone(context),
            input: Some(input),
            plan: Rc::clone(plan),
            groups: Keys::new(width),
            states: Vec::new(),
            given: 0,
            held: Held::nothing(context),
        }
    }

    fn read(&mut self, mut input: Box<dyn Operator>) -> Result<(), QueryError> {
        let plan = Rc::clone(&self.plan);
        let Node::Group {
            keys,
            aggregates,
            weight,
            ..
        } = &*plan
        else {
            return Ok(());
        };
        self.states = aggregates.iter().map(|_| Vec::new()).collect();
        let mut seen: Vec<FxHashSet<(u32, u64)>> = vec![FxHashSet::default(); aggregates.len()];
        let mut seen_rows: Vec<Keys> = aggregates
            .iter()
            .map(|(_, aggregate)| match aggregate {
                Aggregate::CountDistinctRows(slots) => Keys::new(1 + slots.len()),
                _ => Keys::default(),
            })
            .collect();
        let (mut of_group, columns) = (Vec::new(), (0..=self.context.width).collect::<Vec<_>>());
        let mut batch = Batch::new(self.context.width);
        let mut last = None;
        let each = 16 + 8 * keys.len() + 48 * aggregates.len();
        while input.next(&mut batch, self.context.most_rows())? {
            self.context.check()?;
            let mut more = 0;
            for row in batch.rows() {
                step();
                let stands_for = weight.map_or(1, |slot| row[slot].max(1));
                // The group of the solution before is often the same.
                let is_same = |group: &usize| {
                    let key = self.groups.get(*group);
                    keys.iter().zip(key).all(|(slot, id)| row[*slot] == *id)
                };
                let (group, is_new) = match last.filter(is_same) {
                    Some(group) => (group, false),
                    None => self.groups.number_of(row, keys),
                };
                last = Some(group);
                if is_new {
                    more += each;
                    for (states, (_, aggregate)) in self.states.iter_mut().zip(aggregates) {
                        states.push(State::new(aggregate));
                    }
                }
                for (number, (_, aggregate)) in aggregates.iter().enumerate() {
                    let state = &mut self.states[number][group];
                    match aggregate {
                        Aggregate::CountRows => {
                            if let State::Count(count) = state {
                                *count += stands_for;
                            }
                        }
                        Aggregate::CountDistinctRows(slots) => {
                            of_group.clear();
                            of_group.push(group as u64);
                            of_group.extend(slots.iter().map(|slot| row[*slot]));
                            let columns = &columns[..of_group.len()];
                            if seen_rows[number].number_of(&of_group, columns).1
                                && let State::Count(count) = state
                            {
                                *count += 1;
                                more += 8 * of_group.len() + 8;
                            }
                        }
                        Aggregate::Of {
                            function,
                            expression,
                            distinct,
                        } => {
                            let Some(found) = of_row(expression, row, &self.context) else {
                                if fails(function) {
                                    *state = State::Failed;
                                }
                                continue;
                            };
                            if *distinct {
                                let id = found.into_id(&self.context);
                                if !seen[number].insert((group as u32, id)) {
                                    continue;
                                }
                                more += 24;
                                more += state.add(function, Computed::Id(id), 1, &self.context);
                            } else {
                                more += state.add(function, found, stands_for, &self.context);
                            }
                            if more > MANY_BYTES {
                                self.held.add(std::mem::take(&mut more))?;
                            }
                        }
                    }
                }
            }
            self.held.add(more)?;
        }
        if keys.is_empty() && self.groups.len() == 0 {
            self.groups.number_of(&[], &[]);
            for (states, (_, aggregate)) in self.states.iter_mut().zip(aggregates) {
                states.push(State::new(aggregate));
            }
        }
        Ok(())
    }
}

/// Whether a solution without a value makes the aggregate fail (§18.5.1: an error among the values is an error of the whole);
/// counting and sampling leave it out.
fn fails(function: &AggregateFunction) -> bool {
    !matches!(
        function,
        AggregateFunction::Count | AggregateFunction::Sample
    )
}

#[inline]
fn of_row(expression: &Expression, row: &[u64], context: &Context) -> Option<Computed> {
    match expression {
        Expression::Slot(slot) => (row[*slot] != 0).then_some(Computed::Id(row[*slot])),
        _ => expression.value(row, context),
    }
}

impl Operator for Group {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        if let Some(input) = self.input.take() {
            self.read(input)?;
        }
        let Node::Group {
            keys, aggregates, ..
        } = &*self.plan
        else {
            return Ok(false);
        };
        let empty = vec![0; self.context.width.max(1)];
        while self.given < self.groups.len() && out.len() < want {
            let group = self.given;
            self.given += 1;
            let row = out.push(&empty);
            for (slot, id) in keys.iter().zip(self.groups.get(group)) {
                row[*slot] = *id;
            }
            for (states, (slot, aggregate)) in self.states.iter_mut().zip(aggregates) {
                let state = std::mem::replace(&mut states[group], State::Count(0));
                row[*slot] = state.finish(aggregate, &self.context);
            }
        }
        Ok(!out.is_empty())
    }
}
