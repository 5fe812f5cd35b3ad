//! Sets of ids with fast membership. Ids of the dictionary are dense, so they go into 512-bit pages;
//! values written into the id itself are scattered and go into a hash set. No order: collect and sort where needed.

use crate::store::Id;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::atomic::{AtomicU32, Ordering};

/// A set of ids.
#[derive(Debug, Default)]
pub(crate) struct IdSet {
    /// Where each page lies.
    places: FxHashMap<u64, u32>,
    pages: Vec<Page>,
    /// The page asked for last: whoever goes through ids in order asks for the same one again. No more than a hint.
    last: AtomicU32,
    scattered: FxHashSet<Id>,
    len: u64,
}

#[derive(Clone, Copy, Debug)]
struct Page {
    number: u64,
    words: [u64; 8],
}

impl Clone for IdSet {
    fn clone(&self) -> Self {
        Self {
            places: self.places.clone(),
            pages: self.pages.clone(),
            last: AtomicU32::new(0),
            scattered: self.scattered.clone(),
            len: self.len,
        }
    }
}

/// Tags from here on hold the value itself (`store::id`): integers, dates and so on.
const FIRST_INLINE_TAG: u64 = 7;

/// The number of the page of an id, and its word and bit there.
fn place(raw: u64) -> (u64, usize, u64) {
    (raw >> 9, (raw >> 6 & 7) as usize, 1 << (raw & 63))
}

impl IdSet {
    /// Adds an id; `true` when it was new.
    pub(crate) fn insert(&mut self, id: Id) -> bool {
        let raw = id.raw();
        let new = if raw >> 60 >= FIRST_INLINE_TAG {
            self.scattered.insert(id)
        } else {
            let (number, word, bit) = place(raw);
            let word = &mut self.page(number).words[word];
            let new = *word & bit == 0;
            *word |= bit;
            new
        };
        self.len += u64::from(new);
        new
    }

    /// The page of a number, made if it is not there.
    fn page(&mut self, number: u64) -> &mut Page {
        let last = *self.last.get_mut() as usize;
        if self
            .pages
            .get(last)
            .is_some_and(|page| page.number == number)
        {
            return &mut self.pages[last];
        }
        let pages = &mut self.pages;
        let at = *self.places.entry(number).or_insert_with(|| {
            pages.push(Page {
                number,
                words: [0; 8],
            });
            pages.len() as u32 - 1
        });
        *self.last.get_mut() = at;
        &mut self.pages[at as usize]
    }

    /// Whether the id is in the set.
    pub(crate) fn contains(&self, id: Id) -> bool {
        let raw = id.raw();
        if raw >> 60 >= FIRST_INLINE_TAG {
            return self.scattered.contains(&id);
        }
        let (number, word, bit) = place(raw);
        let last = self.pages.get(self.last.load(Ordering::Relaxed) as usize);
        let page = match last.filter(|page| page.number == number) {
            Some(page) => page,
            None => {
                let Some(at) = self.places.get(&number) else {
                    return false;
                };
                self.last.store(*at, Ordering::Relaxed);
                &self.pages[*at as usize]
            }
        };
        page.words[word] & bit != 0
    }

    /// Adds all ids of another set.
    pub(crate) fn union(&mut self, other: &Self) {
        for more in &other.pages {
            let mut new = 0;
            let page = self.page(more.number);
            for (word, more) in page.words.iter_mut().zip(more.words) {
                new += u64::from((more & !*word).count_ones());
                *word |= more;
            }
            self.len += new;
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
        ids.into_iter().for_each(|id| {
            self.insert(id);
        });
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
pub(crate) fn sort_unique<T: Ord>(mut items: Vec<T>) -> Vec<T> {
    if !items.is_sorted() {
        items.sort_unstable();
    }
    items.dedup();
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn a_set_is_a_set(ids in prop::collection::vec((0_u64..5, 0_u64..3000), 0..300), others in prop::collection::vec(0_u64..3000, 0..50)) {
            let id = |(tag, value): (u64, u64)| Id::from_raw(((tag + 4) << 60) | (value + 1)).expect("not zero");
            let ids: Vec<Id> = ids.into_iter().map(id).collect();
            let others: Vec<Id> = others.into_iter().map(|value| id((1, value))).collect();
            let (mut set, mut plain) = (IdSet::default(), BTreeSet::new());
            for id in &ids {
                prop_assert_eq!(set.insert(*id), plain.insert(*id));
            }
            set.union(&others.iter().copied().collect());
            plain.extend(&others);
            prop_assert_eq!(set.len(), plain.len() as u64);
            for tag in 0..5 {
                for value in 0..3000 {
                    let id = id((tag, value));
                    prop_assert_eq!(set.contains(id), plain.contains(&id));
                }
            }
        }
    }
}
