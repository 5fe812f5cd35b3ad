//! Sets of ids with fast membership. Ids of the dictionary are dense, so they go into 512-bit pages;
//! values written into the id itself are scattered and go into a hash set. No order: collect and sort where needed.

use crate::store::Id;
use rustc_hash::{FxHashMap, FxHashSet};

/// A set of ids.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdSet {
    pages: FxHashMap<u64, [u64; 8]>,
    scattered: FxHashSet<Id>,
    len: u64,
}

/// Tags from here on hold the value itself (`store::id`): integers, dates and so on.
const FIRST_INLINE_TAG: u64 = 7;

impl IdSet {
    /// Adds an id; `true` when it was new.
    pub(crate) fn insert(&mut self, id: Id) -> bool {
        let raw = id.raw();
        let new = if raw >> 60 >= FIRST_INLINE_TAG {
            self.scattered.insert(id)
        } else {
            let page = self.pages.entry(raw >> 9).or_default();
            let word = &mut page[(raw >> 6 & 7) as usize];
            let bit = 1_u64 << (raw & 63);
            let new = *word & bit == 0;
            *word |= bit;
            new
        };
        self.len += u64::from(new);
        new
    }

    /// Whether the id is in the set.
    pub(crate) fn contains(&self, id: Id) -> bool {
        let raw = id.raw();
        if raw >> 60 >= FIRST_INLINE_TAG {
            return self.scattered.contains(&id);
        }
        self.pages
            .get(&(raw >> 9))
            .is_some_and(|page| page[(raw >> 6 & 7) as usize] >> (raw & 63) & 1 == 1)
    }

    /// Adds all ids of another set.
    pub(crate) fn union(&mut self, other: &Self) {
        for (number, words) in &other.pages {
            let page = self.pages.entry(*number).or_default();
            for (word, more) in page.iter_mut().zip(words) {
                self.len += u64::from((more & !*word).count_ones());
                *word |= more;
            }
        }
        for id in &other.scattered {
            self.len += u64::from(self.scattered.insert(*id));
        }
    }

    /// How many ids the set holds.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether the set holds nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Extend<Id> for IdSet {
    fn extend<T: IntoIterator<Item = Id>>(&mut self, ids: T) {
        for id in ids {
            self.insert(id);
        }
    }
}

impl FromIterator<Id> for IdSet {
    fn from_iter<T: IntoIterator<Item = Id>>(ids: T) -> Self {
        let mut set = Self::default();
        set.extend(ids);
        set
    }
}

/// Sorts and removes duplicates.
pub(crate) fn sort_unique(mut ids: Vec<Id>) -> Vec<Id> {
    if !ids.is_sorted() {
        ids.sort_unstable();
    }
    ids.dedup();
    ids
}
