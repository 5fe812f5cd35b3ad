//! Changes on top of a run: sorted, in chunks that versions share; changing a few rows copies a few chunks.
//! Holds only net changes: an added row is absent from the run beneath, a removed one is in it.

use crate::store::block::Row;
use std::sync::Arc;

const CHUNK_ROWS: usize = 256;

/// A changed row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) row: Row,
    /// Added, else removed.
    pub(crate) added: bool,
}

/// Sorted changes. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Delta {
    chunks: Arc<Vec<Arc<Vec<Change>>>>,
    len: usize,
}

/// A place between two changes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    chunk: usize,
    at: usize,
}

impl Delta {
    /// Number of changed rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of memory held, shared chunks counted as its own.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.chunks
            .iter()
            .map(|chunk| chunk.capacity() * size_of::<Change>())
            .sum()
    }

    /// All changes in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Change> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Place of the first change at or after `key`.
    pub(crate) fn lower_bound(&self, key: &Row) -> Place {
        let chunk = self
            .chunks
            .partition_point(|chunk| chunk[chunk.len() - 1].row < *key);
        let at = self
            .chunks
            .get(chunk)
            .map_or(0, |c| c.partition_point(|change| change.row < *key));
        Place { chunk, at }
    }

    /// The change at a place, and the place after it.
    pub(crate) fn get(&self, place: Place) -> Option<(Change, Place)> {
        let chunk = self.chunks.get(place.chunk)?;
        let change = *chunk.get(place.at)?;
        let next = if place.at + 1 < chunk.len() {
            Place {
                at: place.at + 1,
                ..place
            }
        } else {
            Place {
                chunk: place.chunk + 1,
                at: 0,
            }
        };
        Some((change, next))
    }

    /// Added minus removed rows between two keys, both included.
    pub(crate) fn balance(&self, low: &Row, high: &Row) -> i64 {
        let mut place = self.lower_bound(low);
        let mut balance = 0;
        while let Some((change, next)) = self.get(place)
            && change.row <= *high
        {
            balance += if change.added { 1 } else { -1 };
            place = next;
        }
        balance
    }

    /// These changes followed by `next`, sorted by row, each row once. A change that undoes an earlier one cancels it.
    pub(crate) fn with(&self, next: &[Change]) -> Self {
        let mut chunks: Vec<Arc<Vec<Change>>> = Vec::with_capacity(self.chunks.len() + 1);
        let mut rest = next;
        let mut len = 0;
        for (i, chunk) in self.chunks.iter().enumerate() {
            let mine = if i + 1 == self.chunks.len() {
                rest.len()
            } else {
                let last = chunk[chunk.len() - 1].row;
                rest.partition_point(|change| change.row <= last)
            };
            let (now, later) = rest.split_at(mine);
            rest = later;
            if now.is_empty() {
                len += chunk.len();
                chunks.push(Arc::clone(chunk));
            } else {
                let merged = merge(chunk, now);
                len += merged.len();
                split(&merged, &mut chunks);
            }
        }
        if self.chunks.is_empty() {
            len = rest.len();
            split(rest, &mut chunks);
        }
        Self {
            chunks: Arc::new(chunks),
            len,
        }
    }
}

fn split(changes: &[Change], chunks: &mut Vec<Arc<Vec<Change>>>) {
    if changes.len() <= CHUNK_ROWS {
        if !changes.is_empty() {
            chunks.push(Arc::new(changes.to_vec()));
        }
        return;
    }
    chunks.extend(
        changes
            .chunks(CHUNK_ROWS / 2)
            .map(|part| Arc::new(part.to_vec())),
    );
}

fn merge(old: &[Change], new: &[Change]) -> Vec<Change> {
    let mut merged = Vec::with_capacity(old.len() + new.len());
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        match old[i].row.cmp(&new[j].row) {
            std::cmp::Ordering::Less => {
                merged.push(old[i]);
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                merged.push(new[j]);
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                debug_assert_ne!(old[i].added, new[j].added, "only net changes arrive");
                i += 1;
                j += 1;
            }
        }
    }
    merged.extend_from_slice(&old[i..]);
    merged.extend_from_slice(&new[j..]);
    merged
}
