//! Different combinations of values, numbered in the sequence in which they come: what groups, distinct solutions and hash
//! joins tell apart. Knows no operator.

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::Hasher as _;

/// Hash of some ids.
#[inline]
pub(super) fn hash_of(ids: impl Iterator<Item = u64>) -> u64 {
    let mut hasher = FxHasher::default();
    ids.for_each(|id| hasher.write_u64(id));
    hasher.finish()
}

/// A set of combinations of so many values each.
#[derive(Default)]
pub(super) struct Keys {
    width: usize,
    count: usize,
    /// One combination after the other.
    values: Vec<u64>,
    table: HashTable<u32>,
}

impl Keys {
    /// An empty set.
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    /// Number of combinations.
    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// A combination by its number.
    #[inline]
    pub(super) fn get(&self, number: usize) -> &[u64] {
        &self.values[number * self.width..(number + 1) * self.width]
    }

    /// The number of the combination that a solution has in some slots, and whether it is new.
    pub(super) fn number_of(&mut self, row: &[u64], slots: &[usize]) -> (usize, bool) {
        let values = || slots.iter().map(|slot| row[*slot]);
        let hash = hash_of(values());
        let is_same = |number: &u32| values().eq(self.get(*number as usize).iter().copied());
        if let Some(number) = self.table.find(hash, is_same) {
            return (*number as usize, false);
        }
        let number = self.count;
        self.count += 1;
        self.values.extend(slots.iter().map(|slot| row[*slot]));
        let (values, width) = (&self.values, self.width);
        self.table.insert_unique(hash, number as u32, |number| {
            let at = *number as usize * width;
            hash_of(values[at..at + width].iter().copied())
        });
        (number, true)
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        8 * self.values.len() + 8 * self.count
    }
}
