//! What came in and is not sealed, by series, in the order in which it came. Decides nothing: readers sort out what holds.

use super::row::{Row, SeriesId};
use rustc_hash::FxHashMap;

/// Rows in memory.
#[derive(Default)]
pub(super) struct Run {
    rows: FxHashMap<SeriesId, Vec<Row>>,
    count: usize,
    bytes: usize,
}

impl Run {
    pub(super) fn push(&mut self, row: Row) {
        self.count += 1;
        self.bytes += row.observation.bytes();
        self.rows
            .entry(row.observation.series)
            .or_default()
            .push(row);
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Roughly the bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// All rows of a series, in no order of time.
    pub(super) fn of(&self, series: SeriesId) -> &[Row] {
        self.rows.get(&series).map_or(&[], Vec::as_slice)
    }

    /// All rows, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.values().flatten()
    }
}
