//! Lowers the solution modifiers of SPARQL 1.1 §18.2.4 and §18.2.5: grouping, projection, order, distinct, slices. Each needs all
//! solutions of what is below it, and starts from nothing.

use super::observe::read_in_order;
use super::weights::{can_be_weighed, slots_of, weigh};
use super::{Graph, Lowering, Part, Slots, list};
use crate::query::exec::expression::Expression as Computed;
use crate::query::exec::plan::{Aggregate, AggregateFunction, Node};
use oxrdf::Variable;
use spargebra::algebra::{
    AggregateExpression, AggregateFunction as Named, GraphPattern, OrderExpression,
};
use std::rc::Rc;

impl Lowering<'_> {
    /// Steps that need all solutions of the one before.
    pub(super) fn whole(&mut self, pattern: &GraphPattern, graph: &Graph) -> Option<Part> {
        match pattern {
            GraphPattern::Project { inner, variables } => {
                let most = self.most.take();
                // What is not shown has nothing to do with what is called so outside.
                let mut outside = std::mem::take(&mut self.names);
                for variable in variables {
                    let slot = match outside.get(variable) {
                        Some(slot) => *slot,
                        None => self.new_slot_of(variable)?,
                    };
                    outside.insert(variable.clone(), slot);
                    self.names.insert(variable.clone(), slot);
                }
                self.most = most;
                let part = self.pattern(inner, Part::unit(), graph);
                self.most = None;
                let shown = variables
                    .iter()
                    .filter_map(|variable| outside.get(variable))
                    .fold(0, |all, slot| all | 1 << slot);
                self.names = outside;
                let part = part?;
                Some(Part {
                    node: part.node,
                    certain: part.certain & shown,
                    possible: part.possible & shown,
                })
            }
            GraphPattern::OrderBy { inner, expression } => {
                let most = self.most.take();
                let part = self.pattern(inner, Part::unit(), graph)?;
                let keys = expression
                    .iter()
                    .map(|key| {
                        Some(match key {
                            OrderExpression::Asc(key) => (self.expression(key)?, false),
                            OrderExpression::Desc(key) => (self.expression(key)?, true),
                        })
                    })
                    .collect::<Option<Vec<_>>>()?;
                let mut part = part;
                if let [(Computed::Slot(slot), newest_first)] = keys.as_slice()
                    && read_in_order(&mut part.node, *slot, *newest_first)
                {
                    return Some(part);
                }
                Some(Part {
                    node: Rc::new(Node::Sort {
                        input: part.node,
                        keys,
                        most,
                    }),
                    ..part
                })
            }
            GraphPattern::Distinct { inner } => {
                self.most = None;
                let part = self.pattern(inner, Part::unit(), graph)?;
                Some(Part {
                    node: Rc::new(Node::Distinct {
                        slots: list(part.possible),
                        input: part.node,
                    }),
                    ..part
                })
            }
            GraphPattern::Slice {
                inner,
                start,
                length,
            } => {
                self.most = length.map(|length| length.saturating_add(*start));
                let part = self.pattern(inner, Part::unit(), graph)?;
                self.most = None;
                Some(Part {
                    node: Rc::new(Node::Slice {
                        input: part.node,
                        start: *start,
                        length: *length,
                    }),
                    ..part
                })
            }
            GraphPattern::Group {
                inner,
                variables,
                aggregates,
            } => self.group(inner, variables, aggregates, graph),
            _ => None,
        }
    }

    fn group(
        &mut self,
        inner: &GraphPattern,
        variables: &[Variable],
        aggregates: &[(Variable, AggregateExpression)],
        graph: &Graph,
    ) -> Option<Part> {
        self.most = None;
        let part = self.pattern(inner, Part::unit(), graph)?;
        let keys = variables
            .iter()
            .map(|variable| self.slot(variable))
            .collect::<Option<Vec<_>>>()?;
        let of_keys = keys.iter().fold(0, |all, slot| all | 1 << slot);
        let (mut certain, mut possible) = (part.certain & of_keys, of_keys);
        let mut computed = Vec::new();
        for (variable, aggregate) in aggregates {
            let slot = self.slot(variable)?;
            possible |= 1 << slot;
            let aggregate = match aggregate {
                AggregateExpression::CountSolutions { distinct: false } => Aggregate::CountRows,
                AggregateExpression::CountSolutions { distinct: true } => {
                    Aggregate::CountDistinctRows(self.shown(part.possible))
                }
                AggregateExpression::FunctionCall {
                    name,
                    expr,
                    distinct,
                } => Aggregate::Of {
                    function: function(name)?,
                    expression: self.expression(expr)?,
                    distinct: *distinct,
                },
            };
            let aggregate = match aggregate {
                // What has a value in every solution need not be looked at to be counted.
                Aggregate::Of {
                    function: AggregateFunction::Count,
                    expression: Computed::Slot(slot),
                    distinct: false,
                } if part.certain >> slot & 1 == 1 => Aggregate::CountRows,
                aggregate => aggregate,
            };
            let counts = matches!(
                aggregate,
                Aggregate::CountRows
                    | Aggregate::CountDistinctRows(_)
                    | Aggregate::Of {
                        function: AggregateFunction::Count,
                        ..
                    }
            );
            if counts {
                certain |= 1 << slot;
            }
            computed.push((slot, aggregate));
        }
        let mut input = part.node;
        let weight = if can_be_weighed(&computed) {
            let used = computed
                .iter()
                .fold(of_keys, |used, (_, aggregate)| used | slots_of(aggregate));
            weigh(&mut input, used, || self.new_slot())
        } else {
            None
        };
        Some(Part {
            certain,
            possible,
            node: Rc::new(Node::Group {
                input,
                keys,
                aggregates: computed,
                weight,
            }),
        })
    }
}

impl Lowering<'_> {
    /// Those of some slots that hold variables of the query: what stands for its blank nodes and inner ends of paths is no part
    /// of a solution.
    fn shown(&self, slots: Slots) -> Vec<usize> {
        let mut shown: Vec<usize> = self
            .names
            .iter()
            .filter(|(name, slot)| !name.as_str().starts_with("_:") && slots >> **slot & 1 == 1)
            .map(|(_, slot)| *slot)
            .collect();
        shown.sort_unstable();
        shown
    }
}

fn function(name: &Named) -> Option<AggregateFunction> {
    Some(match name {
        Named::Count => AggregateFunction::Count,
        Named::Sum => AggregateFunction::Sum,
        Named::Avg => AggregateFunction::Avg,
        Named::Min => AggregateFunction::Min,
        Named::Max => AggregateFunction::Max,
        Named::Sample => AggregateFunction::Sample,
        Named::GroupConcat { separator } => {
            AggregateFunction::Concat(separator.clone().unwrap_or_else(|| " ".to_owned()))
        }
        Named::Custom(_) => return None,
    })
}
