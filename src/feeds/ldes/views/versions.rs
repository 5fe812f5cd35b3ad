//! Which members of a stream are about one item, one after the other: what views need that keep only the last versions, and
//! those that begin with a state. Kept as 8 bytes a member in a file; in memory 4 a member and some 16 an item.

use super::column::{Batch, Column};
use crate::feeds::ldes::pages::MEMBERS;
use crate::feeds::stream::{Entry, Kind};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// No member.
const NONE: u32 = u32::MAX;

/// A set of members.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, at: u32) {
        let word = (at / 64) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (at % 64);
    }

    fn has(&self, at: u32) -> bool {
        let word = self.0.get((at / 64) as usize);
        word.is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    /// Whether it has all of some members.
    fn has_all(&self, from: u32, to: u32) -> bool {
        let mut at = from;
        while at < to {
            if at.is_multiple_of(64) && to - at >= 64 {
                if self.0.get((at / 64) as usize) != Some(&u64::MAX) {
                    return false;
                }
                at += 64;
            } else {
                if !self.has(at) {
                    return false;
                }
                at += 1;
            }
        }
        true
    }
}

/// The versions of all items.
pub(super) struct Versions {
    column: Column,
    chain: Chain,
}

#[derive(Default)]
struct Chain {
    /// For each member the one before it about the same item.
    before: Vec<u32>,
    /// The last member of each item.
    last: FxHashMap<u64, u32>,
    /// Members that say that their item went.
    went: Bits,
    /// Members after which so many or more came about the same item, by that number.
    beyond: Vec<(u32, Bits)>,
    /// How many items there are.
    alive: u64,
    /// Members after which a state was fixed, whole leaves each; the first is 0.
    states: Vec<u32>,
    /// The states made last, by their members.
    made: Vec<(u32, Arc<Vec<u32>>)>,
}

/// States whose pages are there: whoever reads one while another is made reads on.
const KEPT_STATES: usize = 2;

impl Chain {
    fn new(amounts: &FxHashSet<u32>) -> Self {
        Self {
            beyond: amounts.iter().map(|n| (*n, Bits::default())).collect(),
            states: vec![0],
            ..Self::default()
        }
    }

    fn len(&self) -> u32 {
        u32::try_from(self.before.len()).unwrap_or(NONE)
    }

    /// Takes in the next member, given as [`code`] says.
    fn push(&mut self, code: u64) -> Option<()> {
        let (number, item, is_went) = (self.len(), code >> 1, code & 1 == 1);
        (number < NONE).then_some(())?;
        let before = self.last.insert(item, number).unwrap_or(NONE);
        let was = before != NONE && !self.went.has(before);
        match (was, is_went) {
            (false, false) => self.alive += 1,
            (true, true) => self.alive = self.alive.saturating_sub(1),
            _ => {}
        }
        if is_went {
            self.went.set(number);
        }
        self.before.push(before);
        for (amount, beyond) in &mut self.beyond {
            let mut at = number;
            for _ in 0..*amount {
                if at == NONE {
                    break;
                }
                at = self.before[at as usize];
            }
            if at != NONE {
                beyond.set(at);
            }
        }
        // A state is worth making when about a tenth of the items changed since the one before.
        let (len, last) = (self.len(), self.states.last().copied().unwrap_or(0));
        let since = u64::from(len - last);
        if u64::from(len).is_multiple_of(MEMBERS) && since >= MEMBERS.max(self.alive / 10) {
            self.states.push(len);
        }
        Some(())
    }

    fn read(&mut self, batch: &Batch) -> Option<()> {
        (batch.bytes.len() == 8 * batch.count as usize).then_some(())?;
        for code in batch.bytes.chunks_exact(8) {
            self.push(u64::from_le_bytes(code.try_into().ok()?))?;
        }
        Some(())
    }
}

/// What is kept of a member: which item, and in the last bit whether it went.
fn code(entry: &Entry) -> u64 {
    (entry.item << 1) | u64::from(entry.kind == Kind::Delete)
}

impl Versions {
    pub(super) fn in_memory(amounts: &FxHashSet<u32>) -> Self {
        Self {
            column: Column::in_memory(),
            chain: Chain::new(amounts),
        }
    }

    /// Opens what a file has of at most so many members; all of it comes again when it has more.
    pub(super) fn open(
        path: &Path,
        made_by: u64,
        most: u64,
        amounts: &FxHashSet<u32>,
    ) -> io::Result<Self> {
        let mut chain = Chain::new(amounts);
        let column = Column::open(path, made_by, &mut |batch| chain.read(&batch))?;
        if u64::from(chain.len()) <= most {
            return Ok(Self { column, chain });
        }
        drop(column);
        Column::remove(path)?;
        Ok(Self {
            column: Column::open(path, made_by, &mut |_| None)?,
            chain: Chain::new(amounts),
        })
    }

    pub(super) fn len(&self) -> u64 {
        u64::from(self.chain.len())
    }

    /// Adds the members that come next.
    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let mut bytes = Vec::with_capacity(8 * entries.len());
        for entry in entries {
            let code = code(entry);
            bytes.extend(code.to_le_bytes());
            let pushed = self.chain.push(code);
            pushed
                .ok_or_else(|| io::Error::other("a stream has more members than are numbered"))?;
        }
        let count = u32::try_from(entries.len()).map_err(io::Error::other)?;
        self.column.append(&Batch { count, bytes })
    }

    /// The members about an item, last first.
    pub(super) fn of_item(&self, item: u64) -> Vec<u32> {
        // As `code` has it.
        let mut at = self.chain.last.get(&(item << 1 >> 1)).copied();
        let mut found = Vec::new();
        while let Some(member) = at.filter(|member| *member != NONE) {
            found.push(member);
            at = self.chain.before.get(member as usize).copied();
        }
        found
    }

    /// Whether so many or more members came after one about the same item.
    pub(super) fn is_beyond(&self, amount: u32, member: u32) -> bool {
        self.beyond(amount).is_some_and(|bits| bits.has(member))
    }

    /// Whether that is so of all of some members.
    pub(super) fn are_beyond(&self, amount: u32, from: u32, to: u32) -> bool {
        self.beyond(amount)
            .is_some_and(|bits| bits.has_all(from, to))
    }

    fn beyond(&self, amount: u32) -> Option<&Bits> {
        let mut known = self.chain.beyond.iter();
        known.find(|(n, _)| *n == amount).map(|(_, bits)| bits)
    }

    /// After which member the newest state was fixed.
    pub(super) fn newest_state(&self) -> u32 {
        self.chain.states.last().copied().unwrap_or(0)
    }

    /// The members of the state that was fixed after some member: the last of each item that had not gone, in order. None
    /// when none was fixed there, or newer ones took its place.
    pub(super) fn state(&mut self, at: u32) -> Option<Arc<Vec<u32>>> {
        let chain = &mut self.chain;
        let kept = chain.states.len().saturating_sub(KEPT_STATES);
        chain.states[kept..].contains(&at).then_some(())?;
        if let Some((_, made)) = chain.made.iter().find(|(of, _)| *of == at) {
            return Some(Arc::clone(made));
        }
        let mut is_past = Bits::default();
        for before in chain.before.iter().take(at as usize) {
            if *before != NONE {
                is_past.set(*before);
            }
        }
        let members = (0..at).filter(|member| !is_past.has(*member) && !chain.went.has(*member));
        let made = Arc::new(members.collect::<Vec<u32>>());
        if chain.made.len() == KEPT_STATES {
            chain.made.remove(0);
        }
        chain.made.push((at, Arc::clone(&made)));
        Some(made)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(item: u64, is_went: bool) -> Entry {
        let kind = if is_went { Kind::Delete } else { Kind::Update };
        Entry::for_tests(item, kind)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
        #[test]
        fn versions_are_what_counting_says(
            members in prop::collection::vec((0_u64..60, prop::bool::weighted(0.2)), 0..1200),
            at in 0_usize..1200,
        ) {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("a");
            let amounts: FxHashSet<u32> = [1, 3].into_iter().collect();
            let entries: Vec<Entry> = members.iter().map(|(item, went)| entry(*item, *went)).collect();
            let (first, then) = entries.split_at(at.min(entries.len()));
            let mut versions = Versions::open(&path, 1, 0, &amounts).expect("opens");
            versions.append(first).expect("writes");
            let mut versions = Versions::open(&path, 1, 1200, &amounts).expect("opens");
            versions.append(then).expect("writes");
            let beyond = |amount: usize, member: usize| {
                let later = members[member + 1..].iter().filter(|m| m.0 == members[member].0);
                later.count() >= amount
            };
            for member in 0..members.len() {
                for amount in [1, 3] {
                    prop_assert_eq!(versions.is_beyond(amount, member as u32), beyond(amount as usize, member));
                }
            }
            for (from, to) in [(0, 250), (3, 200), (64, 128)] {
                let all = (from..to).all(|n| n < members.len() && beyond(1, n));
                prop_assert_eq!(versions.are_beyond(1, from as u32, to as u32), all);
            }
            let newest = versions.newest_state();
            prop_assert_eq!(u64::from(newest) % MEMBERS, 0);
            prop_assert!(members.len() - newest as usize <= MEMBERS as usize);
            let state = versions.state(newest).expect("the newest");
            let expected: Vec<u32> = (0..newest).filter(|n| {
                let (item, went) = members[*n as usize];
                !went && members[*n as usize + 1..newest as usize].iter().all(|m| m.0 != item)
            }).collect();
            prop_assert_eq!(&*state, &expected);
            prop_assert!(versions.state(7).is_none());
        }
    }
}
