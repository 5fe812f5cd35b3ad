//! Steps about the sequence of solutions: distinct, order, slice.

use super::keys::Keys;
use super::plan::Node;
use super::rows::{Batch, Context, Held, MANY_BYTES, Operator};
use super::value;
use crate::query::budget::step;
use crate::query::error::QueryError;
use spareval::ExpressionTerm as Value;
use std::cmp::Ordering;
use std::rc::Rc;

/// Lets each solution pass once.
pub(super) struct Distinct {
    input: Box<dyn Operator>,
    slots: Vec<usize>,
    seen: Keys,
    held: Held,
    most_rows: usize,
}

impl Distinct {
    pub(super) fn new(context: &Context, input: Box<dyn Operator>, slots: &[usize]) -> Self {
        Self {
            input,
            slots: slots.to_vec(),
            seen: Keys::new(slots.len()),
            held: Held::nothing(context),
            most_rows: context.most_rows(),
        }
    }
}

impl Operator for Distinct {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        let mut want = want;
        while self.input.next(out, want)? {
            out.retain(|row| {
                step();
                Ok(self.seen.number_of(row, &self.slots).1)
            })?;
            self.held.set(self.seen.bytes())?;
            if !out.is_empty() {
                return Ok(true);
            }
            want = (want * 4).clamp(256, self.most_rows);
        }
        Ok(false)
    }
}

/// Puts solutions in order. With a bound on how many are read it keeps no more than a few times that.
pub(super) struct Sort {
    context: Rc<Context>,
    input: Box<dyn Operator>,
    plan: Rc<Node>,
    /// Keys and solutions, until all are read; then the solutions, last first.
    rows: Vec<Keyed>,
    is_read: bool,
    held: Held,
}

struct Keyed {
    keys: Box<[Option<Value>]>,
    row: Box<[u64]>,
}

/// What a key holds beside itself.
fn text_bytes(key: &Value) -> usize {
    match key {
        Value::StringLiteral(text) => text.len(),
        Value::LangStringLiteral { value, .. } => value.len(),
        Value::NamedNode(node) => node.as_str().len(),
        _ => 0,
    }
}

impl Sort {
    pub(super) fn new(context: &Rc<Context>, input: Box<dyn Operator>, plan: &Rc<Node>) -> Self {
        Self {
            context: Rc::clone(context),
            input,
            plan: Rc::clone(plan),
            rows: Vec::new(),
            is_read: false,
            held: Held::nothing(context),
        }
    }

    fn read(&mut self) -> Result<(), QueryError> {
        let Node::Sort { keys, most, .. } = &*self.plan else {
            return Ok(());
        };
        let descending: Vec<bool> = keys.iter().map(|(_, descending)| *descending).collect();
        let order = |a: &Keyed, b: &Keyed| {
            step();
            a.keys
                .iter()
                .zip(&b.keys)
                .zip(&descending)
                .map(|((a, b), descending)| {
                    let order = value::order(a.as_ref(), b.as_ref());
                    if *descending { order.reverse() } else { order }
                })
                .find(|order| *order != Ordering::Equal)
                // Equal keys: by ids, so that the same state gives the same sequence.
                .unwrap_or_else(|| a.row.cmp(&b.row))
        };
        let room = most.map(|most| (2 * most).max(4096));
        let mut batch = Batch::new(self.context.width);
        let each = 48 + 8 * self.context.width + 40 * descending.len();
        let (mut texts, mut unchecked) = (0, MANY_BYTES);
        while self.input.next(&mut batch, self.context.most_rows())? {
            self.context.check()?;
            for row in batch.rows() {
                step();
                let keys: Box<[Option<Value>]> = keys
                    .iter()
                    .map(|(key, _)| key.loaded(row, &self.context))
                    .collect();
                texts += keys.iter().flatten().map(text_bytes).sum::<usize>();
                self.rows.push(Keyed {
                    keys,
                    row: row.into(),
                });
                if texts > unchecked {
                    unchecked = texts + MANY_BYTES;
                    self.held.set(self.rows.len() * each + texts)?;
                }
            }
            if let (Some(room), Some(most)) = (room, *most)
                && self.rows.len() > room
            {
                self.rows.select_nth_unstable_by(most, order);
                self.rows.truncate(most);
                let kept = self
                    .rows
                    .iter()
                    .flat_map(|keyed| keyed.keys.iter().flatten());
                texts = kept.map(text_bytes).sum();
            }
            self.held.set(self.rows.len() * each + texts)?;
        }
        self.rows.sort_unstable_by(order);
        if let Some(most) = most {
            self.rows.truncate(*most);
        }
        self.rows.reverse();
        self.context.check()
    }
}

impl Operator for Sort {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        if !self.is_read {
            self.is_read = true;
            self.read()?;
        }
        while out.len() < want
            && let Some(keyed) = self.rows.pop()
        {
            out.push(&keyed.row);
        }
        Ok(!out.is_empty())
    }
}

/// Leaves solutions out at the start and stops after some.
pub(super) struct Slice {
    input: Box<dyn Operator>,
    skip: usize,
    left: usize,
}

impl Slice {
    pub(super) fn new(input: Box<dyn Operator>, start: usize, length: Option<usize>) -> Self {
        Self {
            input,
            skip: start,
            left: length.unwrap_or(usize::MAX),
        }
    }
}

impl Operator for Slice {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        while self.left > 0 {
            let want = want.min(self.left.saturating_add(self.skip)).max(1);
            if !self.input.next(out, want)? {
                return Ok(false);
            }
            let (skip, left) = (self.skip, self.left);
            let mut number = 0;
            out.retain(|_| {
                number += 1;
                Ok(number > skip && number - skip <= left)
            })?;
            self.skip -= skip.min(number);
            self.left -= out.len();
            if !out.is_empty() {
                return Ok(true);
            }
        }
        out.clear();
        Ok(false)
    }
}
