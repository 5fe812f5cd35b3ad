//! Steps that work on the solutions of one step before: filter, extension, union, optional part, existence, table.
//! Right sides are run for a whole batch at once; a tag tells which solution a result belongs to.

use super::expression::Expression;
use super::matching::Match;
use super::open;
use super::plan::{Node, Pattern, Takes};
use super::rows::{Batch, Context, Given, Held, Operator};
use crate::query::budget::step;
use crate::query::error::QueryError;
use std::rc::Rc;

/// Keeps the solutions for which a condition holds.
pub(super) struct Filter {
    pub(super) context: Rc<Context>,
    pub(super) input: Box<dyn Operator>,
    pub(super) plan: Rc<Node>,
}

impl Filter {
    fn condition(&self) -> &Expression {
        match &*self.plan {
            Node::Filter { condition, .. } => condition,
            _ => unreachable!("a filter is opened for a filter"),
        }
    }
}

impl Operator for Filter {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        let mut want = want;
        while self.input.next(out, want)? {
            self.context.check()?;
            out.retain(|row| {
                step();
                Ok(self.condition().holds(row, &self.context))
            })?;
            if !out.is_empty() {
                return Ok(true);
            }
            // What passes is rare: look at more at a time.
            want = (want * 4).clamp(256, self.context.most_rows());
        }
        Ok(false)
    }
}

/// Adds a value to each solution.
pub(super) struct Extend {
    pub(super) context: Rc<Context>,
    pub(super) input: Box<dyn Operator>,
    pub(super) plan: Rc<Node>,
}

impl Operator for Extend {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        let Node::Extend {
            slot, expression, ..
        } = &*self.plan
        else {
            unreachable!("an extension is opened for an extension");
        };
        if !self.input.next(out, want)? {
            return Ok(false);
        }
        self.context.check()?;
        for row in out.rows_mut() {
            step();
            let value = expression.value(row, &self.context);
            row[*slot] = value.map_or(0, |value| value.into_id(&self.context));
        }
        Ok(true)
    }
}

/// Runs several plans on the same solutions, one after the other.
pub(super) struct Union {
    context: Rc<Context>,
    input: Box<dyn Operator>,
    branches: Vec<Rc<Node>>,
    batch: Batch,
    next_branch: usize,
    running: Option<Box<dyn Operator>>,
    held: Held,
}

impl Union {
    pub(super) fn new(
        context: &Rc<Context>,
        input: Box<dyn Operator>,
        branches: &[Rc<Node>],
    ) -> Self {
        Self {
            context: Rc::clone(context),
            input,
            next_branch: branches.len(),
            branches: branches.to_vec(),
            batch: Batch::new(context.width),
            running: None,
            held: Held::nothing(context),
        }
    }
}

impl Operator for Union {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        loop {
            if let Some(running) = &mut self.running {
                if running.next(out, want)? {
                    return Ok(true);
                }
                self.running = None;
            }
            if self.next_branch == self.branches.len() {
                if !self.input.next(&mut self.batch, want)? {
                    out.clear();
                    return Ok(false);
                }
                self.held.set(2 * self.batch.bytes())?;
                self.next_branch = 0;
            }
            let given = Given::new(self.batch.clone());
            let branch = &self.branches[self.next_branch];
            self.running = Some(open(branch, &self.context, &mut Some(Box::new(given))));
            self.next_branch += 1;
        }
    }
}

/// Runs a right side for a batch of solutions whose numbers are in a tag slot.
struct Tagged {
    context: Rc<Context>,
    input: Box<dyn Operator>,
    right: Rc<Node>,
    tag: usize,
    batch: Batch,
    /// Whether a result came for each solution of the batch.
    met: Vec<bool>,
    running: Option<Box<dyn Operator>>,
    held: Held,
}

impl Tagged {
    fn new(context: &Rc<Context>, input: Box<dyn Operator>, right: &Rc<Node>, tag: usize) -> Self {
        Self {
            context: Rc::clone(context),
            input,
            right: Rc::clone(right),
            tag,
            batch: Batch::new(context.width),
            met: Vec::new(),
            running: None,
            held: Held::nothing(context),
        }
    }

    /// Starts on the next batch of solutions; `false` when there are no more.
    fn start(&mut self, want: usize) -> Result<bool, QueryError> {
        if !self.input.next(&mut self.batch, want)? {
            return Ok(false);
        }
        for (number, row) in self.batch.rows_mut().enumerate() {
            row[self.tag] = number as u64 + 1;
        }
        self.met.clear();
        self.met.resize(self.batch.len(), false);
        // It is read again by the right side, and some of it goes on.
        self.held.set(3 * self.batch.bytes())?;
        let given = Given::new(self.batch.clone());
        self.running = Some(open(&self.right, &self.context, &mut Some(Box::new(given))));
        Ok(true)
    }

    /// The next results of the running right side, noted as met.
    fn results(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        let Some(running) = &mut self.running else {
            return Ok(false);
        };
        if !running.next(out, want)? {
            self.running = None;
            return Ok(false);
        }
        for row in out.rows() {
            self.met[row[self.tag] as usize - 1] = true;
        }
        Ok(true)
    }

    /// The solutions of the batch that were met, or were not.
    fn put(&self, out: &mut Batch, met: bool) {
        for (row, was) in self.batch.rows().zip(&self.met) {
            if *was == met {
                out.push(row)[self.tag] = 0;
            }
        }
    }
}

/// Adds what a right side has, where it has something.
pub(super) struct Optional(Tagged);

impl Optional {
    pub(super) fn new(
        context: &Rc<Context>,
        input: Box<dyn Operator>,
        right: &Rc<Node>,
        tag: usize,
    ) -> Self {
        Self(Tagged::new(context, input, right, tag))
    }
}

impl Operator for Optional {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        loop {
            if self.0.running.is_some() {
                if self.0.results(out, want)? {
                    for row in out.rows_mut() {
                        row[self.0.tag] = 0;
                    }
                    return Ok(true);
                }
                out.clear();
                self.0.put(out, false);
                if !out.is_empty() {
                    return Ok(true);
                }
            }
            if !self.0.start(want)? {
                out.clear();
                return Ok(false);
            }
        }
    }
}

/// The triple pattern that a right side consists of: whether it has a match is tested without running a plan.
pub(super) fn tested_pattern(right: &Node) -> Option<&Pattern> {
    match right {
        Node::Match { input, pattern, .. }
            if matches!(**input, Node::Input) && pattern.graph.is_none() =>
        {
            Some(pattern)
        }
        _ => None,
    }
}

/// Keeps the solutions for which a triple pattern has a match, or none.
pub(super) struct Meets {
    context: Rc<Context>,
    input: Box<dyn Operator>,
    pattern: Match,
    negated: bool,
    met: Vec<bool>,
}

impl Meets {
    pub(super) fn new(
        context: &Rc<Context>,
        input: Box<dyn Operator>,
        pattern: &Pattern,
        negated: bool,
    ) -> Self {
        let nothing = Box::new(Given::new(Batch::new(context.width)));
        Self {
            pattern: Match::new(context, nothing, pattern, Takes::First),
            context: Rc::clone(context),
            input,
            negated,
            met: Vec::new(),
        }
    }
}

impl Operator for Meets {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        let mut want = want;
        while self.input.next(out, want)? {
            self.context.check()?;
            self.met.clear();
            self.met.resize(out.len(), false);
            let batch = std::mem::replace(out, Batch::new(self.context.width));
            *out = self.pattern.meets(batch, &mut self.met);
            let mut met = self.met.iter();
            out.retain(|_| Ok(met.next().is_some_and(|met| *met != self.negated)))?;
            if !out.is_empty() {
                return Ok(true);
            }
            want = (want * 4).clamp(256, self.context.most_rows());
        }
        out.clear();
        Ok(false)
    }
}

/// Keeps the solutions for which a right side has something, or nothing.
pub(super) struct Exists {
    tagged: Tagged,
    negated: bool,
    results: Batch,
}

impl Exists {
    pub(super) fn new(
        context: &Rc<Context>,
        input: Box<dyn Operator>,
        right: &Rc<Node>,
        tag: usize,
        negated: bool,
    ) -> Self {
        Self {
            tagged: Tagged::new(context, input, right, tag),
            negated,
            results: Batch::new(context.width),
        }
    }
}

impl Operator for Exists {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        let mut want = want;
        loop {
            if !self.tagged.start(want)? {
                return Ok(false);
            }
            while self
                .tagged
                .results(&mut self.results, self.tagged.context.most_rows())?
            {}
            self.tagged.put(out, !self.negated);
            if !out.is_empty() {
                return Ok(true);
            }
            want = (want * 4).clamp(256, self.tagged.context.most_rows());
        }
    }
}

/// The solutions of a table of the query.
pub(super) fn table(context: &Context, slots: &[usize], values: &[u64], rows: usize) -> Batch {
    let mut batch = Batch::new(context.width);
    let empty = vec![0; context.width.max(1)];
    for number in 0..rows {
        let row = batch.push(&empty);
        for (column, slot) in slots.iter().enumerate() {
            row[*slot] = values[number * slots.len() + column];
        }
    }
    batch
}
