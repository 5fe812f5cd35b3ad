//! Batches of solutions and what all operators share. A solution is one id for each slot, 0 where the slot is unbound.
//! Knows no operator.

use super::measure::Meter;
use crate::query::budget::Budget;
use crate::query::dataset::QueryDataset;
use crate::query::error::QueryError;
use std::rc::Rc;

/// Most solutions an operator hands on at a time: enough for sorted look-ups to run along the index…
const MOST_ROWS: usize = 32 * 1024;
/// …as far as they take no more than this many values: every step holds a batch, and wide solutions are many bytes.
const MOST_VALUES: usize = 128 * 1024;
/// Bytes after which a step that is filling up looks at the limits.
pub(super) const MANY_BYTES: usize = 1 << 20;

/// Some solutions, one after the other in one piece of memory.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    width: usize,
    data: Vec<u64>,
}

impl Batch {
    /// No solutions, of so many slots.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width: width.max(1),
            data: Vec::new(),
        }
    }

    /// The solution that binds nothing.
    pub(super) fn unit(width: usize) -> Self {
        let mut batch = Self::new(width);
        batch.data.resize(batch.width, 0);
        batch
    }

    /// Number of solutions.
    pub(super) fn len(&self) -> usize {
        self.data.len() / self.width
    }

    pub(super) fn is_empty(&self) -> bool {
        self.data.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.data.clear();
    }

    /// A solution by its number.
    #[inline]
    pub(super) fn row(&self, at: usize) -> &[u64] {
        &self.data[at * self.width..(at + 1) * self.width]
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[u64]> {
        self.data.chunks_exact(self.width)
    }

    pub(super) fn rows_mut(&mut self) -> impl Iterator<Item = &mut [u64]> {
        self.data.chunks_exact_mut(self.width)
    }

    /// Adds a copy of a solution and lends it for changes.
    #[inline]
    pub(super) fn push(&mut self, row: &[u64]) -> &mut [u64] {
        let at = self.data.len();
        self.data.extend_from_slice(row);
        &mut self.data[at..]
    }

    /// Takes back the last solution.
    pub(super) fn pop(&mut self) {
        self.data.truncate(self.data.len() - self.width);
    }

    /// Keeps the solutions that pass a test.
    pub(super) fn retain(
        &mut self,
        mut keep: impl FnMut(&[u64]) -> Result<bool, QueryError>,
    ) -> Result<(), QueryError> {
        let mut to = 0;
        for at in 0..self.len() {
            if keep(self.row(at))? {
                if to != at {
                    let from = at * self.width;
                    self.data
                        .copy_within(from..from + self.width, to * self.width);
                }
                to += 1;
            }
        }
        self.data.truncate(to * self.width);
        Ok(())
    }

    /// Bytes of memory that its solutions take.
    pub(super) fn bytes(&self) -> usize {
        self.data.len() * size_of::<u64>()
    }
}

/// What the operators of one query share.
pub(super) struct Context {
    /// Terms and their ids, those of the query included.
    pub(super) dataset: QueryDataset,
    /// Its limits.
    pub(super) budget: Rc<Budget>,
    /// Slots of a solution.
    pub(super) width: usize,
    /// Counts what the steps do, when somebody asks.
    pub(super) meter: Option<Rc<Meter>>,
}

impl Context {
    /// Most solutions that a step hands on at a time.
    pub(super) fn most_rows(&self) -> usize {
        (MOST_VALUES / self.width.max(1)).min(MOST_ROWS)
    }

    /// Looks at the limits.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        self.budget.check()
    }
}

/// Memory that an operator holds, on the account of its query. Given back with the operator: right sides are opened anew for
/// each batch, and what the last one held is free again.
pub(super) struct Held {
    budget: Rc<Budget>,
    bytes: usize,
}

impl Held {
    /// Nothing as yet.
    pub(super) fn nothing(context: &Context) -> Self {
        Self {
            budget: Rc::clone(&context.budget),
            bytes: 0,
        }
    }

    /// Says how much it is now.
    ///
    /// # Errors
    /// A limit of the query.
    pub(super) fn set(&mut self, bytes: usize) -> Result<(), QueryError> {
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.budget.keep(more),
            None => self.budget.give_back(self.bytes - bytes),
        }
        self.bytes = bytes;
        self.budget.check()
    }

    /// Says that it is so much more than before.
    ///
    /// # Errors
    /// A limit of the query.
    pub(super) fn add(&mut self, bytes: usize) -> Result<(), QueryError> {
        self.set(self.bytes + bytes)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.give_back(self.bytes);
    }
}

/// A step of a plan at work.
pub(super) trait Operator {
    /// Replaces the content of `out` by the next solutions, about `want` of them; `false` when there are no more.
    ///
    /// # Errors
    /// A limit of the query.
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError>;
}

/// Solutions that are at hand.
pub(super) struct Given {
    batch: Option<Batch>,
}

impl Given {
    pub(super) fn new(batch: Batch) -> Self {
        Self { batch: Some(batch) }
    }
}

impl Operator for Given {
    fn next(&mut self, out: &mut Batch, _want: usize) -> Result<bool, QueryError> {
        out.clear();
        match self.batch.take() {
            Some(batch) => {
                *out = batch;
                Ok(!out.is_empty())
            }
            None => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::budget::Cancel;
    use crate::query::{DefaultGraph, QueryError};
    use crate::store::Store;

    #[test]
    fn what_an_operator_held_is_given_back_with_it() {
        let budget = Budget::new(None, Some(1_000), Cancel::new());
        let view = Store::in_memory().snapshot().view();
        let dataset = QueryDataset::new(&view, None, DefaultGraph::Union, Rc::clone(&budget));
        let context = Context {
            dataset,
            budget,
            width: 1,
            meter: None,
        };
        for _ in 0..10 {
            let mut held = Held::nothing(&context);
            held.set(900).expect("within the limit");
            held.set(100).expect("less than before");
            held.add(800).expect("as much as at first");
        }
        let mut first = Held::nothing(&context);
        first.set(600).expect("within the limit");
        let mut second = Held::nothing(&context);
        let over = second.add(600);
        assert!(matches!(
            over,
            Err(QueryError::MemoryLimit { limit_bytes: 1_000 })
        ));
    }
}
