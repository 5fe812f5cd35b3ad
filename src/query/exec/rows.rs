//! Batches of solutions and what all operators share. A solution is one id for each slot, 0 where the slot is unbound.
//! Knows no operator.

use super::measure::Meter;
use crate::query::budget::Budget;
use crate::query::dataset::QueryDataset;
use crate::query::error::QueryError;
use std::rc::Rc;

/// Most solutions an operator hands on at a time: enough for sorted look-ups to run along the index.
pub(super) const MOST_ROWS: usize = 32 * 1024;

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
    /// Looks at the limits.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        self.budget.check()
    }

    /// Counts memory that is kept to the end of the query.
    pub(super) fn keep_bytes(&self, bytes: usize) -> Result<(), QueryError> {
        self.budget.add_text_bytes(bytes);
        self.budget.check()
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
