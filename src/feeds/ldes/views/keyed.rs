//! The members of a stream by key: for each key the numbers of its members in order, 4 bytes a member. Keys are numbered in
//! the order they first came, so that their numbers, which pages are addressed by, never change.

use super::column::{Batch, Column};
use super::keys::NONE;
use rustc_hash::FxHashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Keys that one page leads to: the municipalities of Flanders fit on one.
pub(super) const MAX_KEYS: usize = 300;

/// One view by key.
pub(super) struct Keyed {
    column: Column,
    keys: Keys,
}

/// Everything but where it is kept.
#[derive(Default)]
struct Keys {
    /// In the order they came.
    keys: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, u32>,
    /// By key.
    members: Vec<Vec<u32>>,
    len: u32,
    /// Numbers of all keys but [`NONE`] in the order of their bytes, when made since the last one came.
    sorted: Option<Arc<Vec<u32>>>,
}

/// What a page of keys leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Below {
    /// The members of a key.
    Key(u32),
    /// The keys that begin with some bytes.
    Begin(Vec<u8>),
}

impl Keys {
    fn add(&mut self, member: u32, key: u32) -> Option<()> {
        self.members.get_mut(key as usize)?.push(member);
        self.len = self.len.max(member.checked_add(1)?);
        Some(())
    }

    fn number(&mut self, key: &str) -> Option<(u32, bool)> {
        if let Some(number) = self.numbers.get(key) {
            return Some((*number, false));
        }
        let (number, key) = (u32::try_from(self.keys.len()).ok()?, Arc::<str>::from(key));
        self.keys.push(Arc::clone(&key));
        self.members.push(Vec::new());
        self.numbers.insert(key, number);
        self.sorted = None;
        Some((number, true))
    }

    /// Takes a batch in as [`Keyed::append`] wrote it: how many keys are new, each with its length, then a key a member.
    fn read(&mut self, batch: &Batch) -> Option<()> {
        let bytes = &batch.bytes;
        let number = |at: usize| {
            let bytes = bytes.get(at..at + 4)?;
            Some(u32::from_le_bytes(bytes.try_into().ok()?))
        };
        let new = number(0)?;
        let mut at = 4;
        for _ in 0..new {
            let size = number(at)? as usize;
            let key = std::str::from_utf8(bytes.get(at + 4..at.checked_add(4 + size)?)?).ok()?;
            at += 4 + size;
            self.number(key)?.1.then_some(())?;
        }
        for _ in 0..batch.count {
            self.add(self.len, number(at)?)?;
            at += 4;
        }
        (at == bytes.len()).then_some(())
    }
}

fn too_many() -> io::Error {
    io::Error::other("a view has more keys or members than are numbered")
}

impl Keyed {
    pub(super) fn in_memory() -> Self {
        Self {
            column: Column::in_memory(),
            keys: Keys::default(),
        }
    }

    /// Opens what a file has of at most so many members; all of it comes again when it has more.
    pub(super) fn open(path: &Path, made_by: u64, most: u64) -> io::Result<Self> {
        let mut keys = Keys::default();
        let column = Column::open(path, made_by, &mut |batch| keys.read(&batch))?;
        if u64::from(keys.len) > most || !keys.members.iter().all(|m| m.is_sorted()) {
            drop(column);
            Column::remove(path)?;
            let column = Column::open(path, made_by, &mut |_| None)?;
            let keys = Keys::default();
            return Ok(Self { column, keys });
        }
        Ok(Self { column, keys })
    }

    /// How many members it has.
    pub(super) fn len(&self) -> u64 {
        u64::from(self.keys.len)
    }

    /// Adds the members that come next, each with its key.
    pub(super) fn append(&mut self, keys: &[String]) -> io::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let (mut new, mut new_keys, mut numbers) = (0_u32, Vec::new(), Vec::new());
        for key in keys {
            let (number, is_new) = self.keys.number(key).ok_or_else(too_many)?;
            if is_new {
                new += 1;
                let size = u32::try_from(key.len()).map_err(io::Error::other)?;
                new_keys.extend(size.to_le_bytes());
                new_keys.extend_from_slice(key.as_bytes());
            }
            numbers.extend(number.to_le_bytes());
            let member = self.keys.len;
            self.keys.add(member, number).ok_or_else(too_many)?;
        }
        let mut bytes = new.to_le_bytes().to_vec();
        bytes.extend(new_keys);
        bytes.extend(numbers);
        let count = u32::try_from(keys.len()).map_err(io::Error::other)?;
        self.column.append(&Batch { count, bytes })
    }

    /// How many keys there are.
    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.keys.keys.len()
    }

    /// The key with a number.
    pub(super) fn key(&self, number: u32) -> Option<&str> {
        self.keys.keys.get(number as usize).map(|key| &**key)
    }

    /// The number of a key.
    pub(super) fn number(&self, key: &str) -> Option<u32> {
        self.keys.numbers.get(key).copied()
    }

    /// The members of a key, in order.
    pub(super) fn members(&self, key: u32) -> &[u32] {
        self.keys
            .members
            .get(key as usize)
            .map_or(&[], Vec::as_slice)
    }

    /// What the page of the keys that begin with some bytes leads to, in the order of keys: to all of them when they are
    /// few, or else to the pages of those that go on alike, so that a page never leads to more than 300 others. What a page
    /// stands for does not change as keys come.
    pub(super) fn below(&mut self, begin: &[u8]) -> Vec<Below> {
        let sorted = self.sorted();
        let key = |number: &u32| self.key(*number).unwrap_or(NONE).as_bytes();
        let range = |begin: &[u8], among: &[u32]| {
            let from = among.partition_point(|number| key(number) < begin);
            let count = among[from..].partition_point(|number| key(number).starts_with(begin));
            (from, from + count)
        };
        let (from, to) = range(begin, &sorted);
        let among = &sorted[from..to];
        if among.len() <= MAX_KEYS {
            return among.iter().map(|number| Below::Key(*number)).collect();
        }
        let (Some(first), Some(last)) = (among.first(), among.last()) else {
            return Vec::new();
        };
        let alike = key(first).iter().zip(key(last));
        let alike = alike.take_while(|(a, b)| a == b).count();
        let (mut found, mut at) = (Vec::new(), 0);
        while let Some(number) = among.get(at) {
            let bytes = key(number);
            let (_, end) = match bytes.get(..=alike) {
                None => (at, at + 1),
                Some(begin) => range(begin, among),
            };
            found.push(match bytes.get(..=alike) {
                Some(begin) if end > at + 1 => Below::Begin(begin.to_vec()),
                _ => Below::Key(*number),
            });
            at = end.max(at + 1);
        }
        found
    }

    fn sorted(&mut self) -> Arc<Vec<u32>> {
        if let Some(sorted) = &self.keys.sorted {
            return Arc::clone(sorted);
        }
        let keys = &self.keys.keys;
        let numbers = (0_u32..).zip(keys.iter());
        let mut sorted: Vec<u32> = numbers
            .filter(|(_, key)| &***key != NONE)
            .map(|(number, _)| number)
            .collect();
        sorted.sort_unstable_by(|a, b| keys[*a as usize].cmp(&keys[*b as usize]));
        let sorted = Arc::new(sorted);
        self.keys.sorted = Some(Arc::clone(&sorted));
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All keys that pages lead to.
    fn reached(view: &mut Keyed, begin: &[u8], found: &mut Vec<u32>) {
        let below = view.below(begin);
        assert!(below.len() <= MAX_KEYS);
        for below in below {
            match below {
                Below::Key(key) => found.push(key),
                Below::Begin(longer) => {
                    assert!(longer.len() > begin.len() && longer.starts_with(begin));
                    reached(view, &longer, found);
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn pages_of_keys_lead_to_each_key_once(
            keys in prop::collection::vec("[ab\"/é<]{0,7}", 0..1500),
            at in 0_usize..1500,
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("a/b");
            let (first, then) = keys.split_at(at.min(keys.len()));
            let mut view = Keyed::open(&path, 1, 0).expect("opens");
            view.append(first).expect("writes");
            let mut view = Keyed::open(&path, 1, 1500).expect("opens");
            prop_assert_eq!(view.len(), first.len() as u64);
            view.append(then).expect("writes");
            let mut found = Vec::new();
            reached(&mut view, b"", &mut found);
            let mut expected: Vec<u32> =
                (0..view.keys() as u32).filter(|key| view.key(*key) != Some(NONE)).collect();
            prop_assert!(found.is_sorted_by_key(|key| view.key(*key).expect("a key").to_owned()));
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
            // In one go and kept in memory it is the same.
            let mut memory = Keyed::in_memory();
            memory.append(&keys).expect("kept");
            prop_assert_eq!(&memory.keys.keys, &view.keys.keys);
            prop_assert_eq!(&memory.keys.members, &view.keys.members);
            for (member, key) in (0_u32..).zip(&keys) {
                let number = view.number(key).expect("known");
                prop_assert!(view.members(number).contains(&member));
            }
            // More than the stream has is none of it.
            let least = keys.len().saturating_sub(1) as u64;
            let again = Keyed::open(&path, 1, least).expect("opens");
            prop_assert!(keys.is_empty() || again.len() == 0);
        }
    }
}
