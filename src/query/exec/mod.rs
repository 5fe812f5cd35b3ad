//! The executor: runs a query on ids, many solutions at a time. It looks patterns up in sorted order, keeps no term it does not
//! need and counts what it can without reading. Queries with a step or a function that it does not have are run by the other
//! evaluator, whole; a plan says which one answers.
//!
//! `plan` is the executor's own algebra, `matching`, `join`, `steps`, `group` and `sort` are its operators, `expression`, `value`
//! and `text` compute, `counts` answers from the index's own figures. `describe` puts steps in words, `measure` counts what they do.

pub(super) mod counts;
pub(super) mod describe;
pub(super) mod expression;
pub(super) mod function;
mod group;
mod join;
mod keys;
mod matching;
pub(super) mod measure;
mod observe;
pub(super) mod plan;
mod reach;
mod rows;
mod solutions;
mod sort;
mod steps;
mod sums;
mod text;
pub(super) mod time;
pub(super) mod value;

use crate::query::budget::Budget;
use crate::query::dataset::QueryDataset;
use crate::query::error::QueryError;
use plan::{Node, Program};
pub(super) use solutions::Solutions;

use rows::{Batch, Context, Given, Operator};
use std::rc::Rc;

/// Solutions handed on at first: an answer starts soon, and one that is read no further cost little.
const FIRST_ROWS: usize = 16;

/// A plan at work.
struct Execution {
    context: Rc<Context>,
    root: Box<dyn Operator>,
    batch: Batch,
    at: usize,
    want: usize,
    ended: bool,
}

impl Execution {
    /// Starts the plan of a query, `first` of whose solutions are wanted at first.
    fn start(program: &Program, first: usize, dataset: QueryDataset, budget: &Rc<Budget>) -> Self {
        let (plan, width) = (&program.plan, program.width);
        let meter = program.meter.clone();
        let context = Rc::new(Context {
            dataset,
            budget: Rc::clone(budget),
            width,
            meter,
        });
        Self {
            root: open(plan, &context, &mut None),
            batch: Batch::new(width),
            at: 0,
            want: first,
            ended: false,
            context,
        }
    }

    /// The dataset, for the terms of what is found.
    fn dataset(&self) -> &QueryDataset {
        &self.context.dataset
    }

    /// Goes to the next solution; `false` when there is none. To be called under the budget.
    ///
    /// # Errors
    /// A limit of the query; nothing comes after it.
    fn advance(&mut self) -> Result<bool, QueryError> {
        self.at += 1;
        while self.at >= self.batch.len() {
            if self.ended {
                return Ok(false);
            }
            self.context.check()?;
            self.ended = !self.root.next(&mut self.batch, self.want)?;
            if self.ended {
                self.batch.clear();
            }
            self.at = 0;
            self.want = (self.want * 4).min(self.context.most_rows());
        }
        Ok(true)
    }

    /// The solution at hand: an id for each slot, 0 where there is none.
    fn row(&self) -> &[u64] {
        self.batch.row(self.at)
    }
}

/// Opens a plan, and counts what it does when somebody asks. `given` are the solutions that [`Node::Input`] stands for.
fn open(
    plan: &Rc<Node>,
    context: &Rc<Context>,
    given: &mut Option<Box<dyn Operator>>,
) -> Box<dyn Operator> {
    match &context.meter {
        None => open_step(plan, context, given),
        Some(meter) => meter.watch(plan, || open_step(plan, context, given)),
    }
}

fn open_step(
    plan: &Rc<Node>,
    context: &Rc<Context>,
    given: &mut Option<Box<dyn Operator>>,
) -> Box<dyn Operator> {
    let mut before = |node: &Rc<Node>| open(node, context, given);
    match &**plan {
        Node::Unit => Box::new(Given::new(Batch::unit(context.width))),
        Node::Input => given
            .take()
            .unwrap_or_else(|| Box::new(Given::new(Batch::new(context.width)))),
        Node::Table {
            slots,
            values,
            rows,
        } => Box::new(Given::new(steps::table(context, slots, values, *rows))),
        Node::Match {
            input,
            pattern,
            takes,
        } => Box::new(matching::Match::new(
            context,
            before(input),
            pattern,
            *takes,
        )),
        Node::Observe { input, star } => {
            match observe::Observe::new(context, before(input), star) {
                Some(observe) => Box::new(observe),
                // A star is lowered where there is something to ask.
                None => Box::new(Given::new(Batch::new(context.width))),
            }
        }
        Node::Reach {
            input,
            ends,
            routes,
            view,
        } => Box::new(reach::Reach::new(
            context,
            before(input),
            *ends,
            routes,
            view,
        )),
        Node::Filter { input, .. } => Box::new(steps::Filter {
            input: before(input),
            context: Rc::clone(context),
            plan: Rc::clone(plan),
        }),
        Node::Extend { input, .. } => Box::new(steps::Extend {
            input: before(input),
            context: Rc::clone(context),
            plan: Rc::clone(plan),
        }),
        Node::Union { input, branches } => {
            Box::new(steps::Union::new(context, before(input), branches))
        }
        Node::Optional { input, right, tag } => {
            Box::new(steps::Optional::new(context, before(input), right, *tag))
        }
        Node::Exists {
            input,
            right,
            tag,
            negated,
        } => match steps::tested_pattern(right) {
            Some(pattern) => Box::new(steps::Meets::new(context, before(input), pattern, *negated)),
            None => Box::new(steps::Exists::new(
                context,
                before(input),
                right,
                *tag,
                *negated,
            )),
        },
        Node::Join { left, right, .. } => {
            let left = before(left);
            let right = open(right, context, &mut None);
            match join::Join::new(context, left, right, plan) {
                Some(join) => Box::new(join),
                None => unreachable!("a join is opened for a join"),
            }
        }
        Node::Group { input, .. } => {
            match counts::answer(plan, context).or_else(|| sums::answer(plan, context)) {
                Some(counted) => {
                    if let Some(meter) = &context.meter {
                        meter.note_shortcut(plan);
                    }
                    Box::new(Given::new(counted))
                }
                None => Box::new(group::Group::new(context, before(input), plan)),
            }
        }
        Node::Distinct { input, slots } => {
            Box::new(sort::Distinct::new(context, before(input), slots))
        }
        Node::Sort { input, .. } => Box::new(sort::Sort::new(context, before(input), plan)),
        Node::Slice {
            input,
            start,
            length,
        } => Box::new(sort::Slice::new(before(input), *start, *length)),
    }
}

#[cfg(test)]
mod tests;
