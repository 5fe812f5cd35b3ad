//! A set of focus nodes with the values of one path, column by column. Values of a focus node stand together, sorted.

use crate::shapes::idset::sort_unique;
use crate::store::Id;
use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Range;

/// Focus nodes and their values.
pub(crate) struct Frame<'a> {
    focus: &'a [Id],
    values: Cow<'a, [Id]>,
    /// Row of the first value of each focus node, and the number of rows; `None` when each node is its own value.
    offsets: Option<Vec<u32>>,
    distinct: OnceCell<Vec<Id>>,
}

impl<'a> Frame<'a> {
    /// Each focus node is its own value, as in node shapes. `focus` is sorted, each once.
    pub(crate) fn of_focus(focus: &'a [Id]) -> Self {
        Self {
            focus,
            values: Cow::Borrowed(focus),
            offsets: None,
            distinct: OnceCell::new(),
        }
    }

    /// `offsets` has one more entry than `focus`.
    pub(crate) fn of_values(focus: &'a [Id], offsets: Vec<u32>, values: Vec<Id>) -> Self {
        debug_assert_eq!(
            offsets.len(),
            focus.len() + 1,
            "every focus node has a range"
        );
        Self {
            focus,
            values: Cow::Owned(values),
            offsets: Some(offsets),
            distinct: OnceCell::new(),
        }
    }

    /// Focus nodes, sorted, each once.
    pub(crate) fn focus(&self) -> &'a [Id] {
        self.focus
    }

    /// All values, focus node by focus node.
    pub(crate) fn values(&self) -> &[Id] {
        &self.values
    }

    /// Rows of the values of the focus node at a position.
    pub(crate) fn rows(&self, position: usize) -> Range<usize> {
        match &self.offsets {
            Some(offsets) => offsets[position] as usize..offsets[position + 1] as usize,
            None => position..position + 1,
        }
    }

    /// The focus node a row belongs to.
    pub(crate) fn focus_of_row(&self, row: usize) -> Id {
        match &self.offsets {
            // The last focus node whose range starts at or before the row; empty ranges before it start there too.
            Some(offsets) => {
                self.focus[offsets.partition_point(|start| *start as usize <= row) - 1]
            }
            None => self.focus[row],
        }
    }

    /// All values, sorted, each once.
    pub(crate) fn distinct_values(&self) -> &[Id] {
        if self.offsets.is_none() {
            return self.focus;
        }
        self.distinct
            .get_or_init(|| sort_unique(self.values.to_vec()))
    }
}
