//! Patterns under a grouping whose matches need only be counted: nobody looks at what they bind. The solution then goes on once,
//! with the number of solutions it stands for, and long runs of the index are counted by their ends.

use super::Slots;
use crate::query::exec::expression::Expression;
use crate::query::exec::function::Function;
use crate::query::exec::plan::{Aggregate, AggregateFunction, Node, Pattern, Place, Takes};
use std::rc::Rc;

/// Whether aggregates can be had from solutions that stand for several: what adds values up or puts them in a row cannot.
pub(super) fn can_be_weighed(aggregates: &[(usize, Aggregate)]) -> bool {
    aggregates.iter().all(|(_, aggregate)| match aggregate {
        Aggregate::CountRows | Aggregate::CountDistinctRows(_) => true,
        Aggregate::Of {
            function,
            distinct,
            expression,
        } => {
            let adds_up = matches!(
                function,
                AggregateFunction::Sum | AggregateFunction::Avg | AggregateFunction::Concat(_)
            );
            (*distinct || !adds_up) && !depends_on_chance(expression)
        }
    })
}

/// The slots that an aggregate looks at.
pub(super) fn slots_of(aggregate: &Aggregate) -> Slots {
    match aggregate {
        Aggregate::CountRows => 0,
        Aggregate::CountDistinctRows(slots) => slots.iter().fold(0, |all, slot| all | 1 << slot),
        Aggregate::Of { expression, .. } => slots_in(expression),
    }
}

fn slots_in(expression: &Expression) -> Slots {
    let mut slots = 0;
    expression.each(&mut |inner| {
        if let Expression::Slot(slot) | Expression::Bound(slot) = inner {
            slots |= 1 << slot;
        }
    });
    slots
}

/// Whether equal solutions may give different values.
fn depends_on_chance(expression: &Expression) -> bool {
    let mut found = false;
    expression.each(&mut |inner| {
        found |= matches!(
            inner,
            Expression::Call(
                Function::Borrowed {
                    by_chance: true,
                    ..
                },
                _
            )
        );
    });
    found
}

/// Lets patterns at the end of a plan be counted where none of `used` depends on what they bind. Gives the slot of the number,
/// if there is such a pattern.
pub(super) fn weigh(
    plan: &mut Rc<Node>,
    mut used: Slots,
    mut new_slot: impl FnMut() -> Option<usize>,
) -> Option<usize> {
    let mut weight = None;
    let mut at = plan;
    loop {
        let Some(node) = Rc::get_mut(at) else {
            // A plan that somebody else holds stays as it is.
            return weight;
        };
        match node {
            Node::Match {
                input,
                pattern,
                takes,
            } => {
                let slots = slots_of_pattern(pattern);
                let is_counted = pattern.graph.is_none()
                    && *takes == Takes::Each
                    && slots & used & !bound_by(input) == 0
                    // A pattern on its own is counted without this.
                    && (weight.is_some() || !matches!(**input, Node::Unit));
                if is_counted {
                    let slot = match weight {
                        Some(slot) => slot,
                        None => new_slot()?,
                    };
                    weight = Some(slot);
                    *takes = Takes::Number(slot);
                }
                used |= slots;
                at = input;
            }
            Node::Filter {
                input,
                condition: expression,
            }
            | Node::Extend {
                input, expression, ..
            } => {
                if depends_on_chance(expression) {
                    return weight;
                }
                used |= slots_in(expression);
                at = input;
            }
            _ => return weight,
        }
    }
}

fn slots_of_pattern(pattern: &Pattern) -> Slots {
    let places = pattern.places.iter().filter_map(|place| match place {
        Place::Slot(slot) => Some(*slot),
        Place::Is(_) => None,
    });
    let graph = pattern.graph.into_iter();
    places.chain(graph).fold(0, |all, slot| all | 1 << slot)
}

/// Slots that the patterns of a plan bind in every solution; others may be bound too.
fn bound_by(plan: &Node) -> Slots {
    let mut bound = 0;
    let mut at = plan;
    loop {
        at = match at {
            Node::Match { input, pattern, .. } => {
                bound |= slots_of_pattern(pattern);
                input
            }
            Node::Filter { input, .. } | Node::Extend { input, .. } => input,
            Node::Table {
                slots,
                values,
                rows,
            } => {
                let certain = slots.iter().enumerate().filter(|(column, _)| {
                    (0..*rows).all(|row| values[row * slots.len() + column] != 0)
                });
                return certain.fold(bound, |all, (_, slot)| all | 1 << slot);
            }
            _ => return bound,
        };
    }
}
