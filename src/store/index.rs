//! The quad index of one state: a stack of levels and a delta on top, read in five orders.
//! Works on ids alone; which graphs a reader may see is the view's business, what is on disk the checkpoint's.

use crate::store::block::Row;
use crate::store::build::level_in_memory;
use crate::store::cursor::Cursor;
use crate::store::delta::{Change, Delta};
use crate::store::id::Id;
use crate::store::level::{Body, Level};
pub(crate) use crate::store::order::Order;
use std::sync::Arc;

/// A quad as ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QuadIds {
    /// Subject.
    pub s: Id,
    /// Predicate.
    pub p: Id,
    /// Object.
    pub o: Id,
    /// Graph; [`Id::DEFAULT_GRAPH`] outside any named graph.
    pub g: Id,
}

impl QuadIds {
    pub(crate) fn to_row(self) -> Row {
        [self.s.raw(), self.p.raw(), self.o.raw(), self.g.raw()]
    }

    pub(crate) fn from_row(spog: Row) -> Self {
        let [s, p, o, g] = spog.map(|raw| Id::from_raw(raw).expect("rows hold ids, never 0"));
        Self { s, p, o, g }
    }
}

/// One state of the index. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Index {
    /// Oldest first; each covers the commits after those of the one before.
    levels: Arc<Vec<Arc<Level>>>,
    deltas: Arc<[Delta; 5]>,
}

/// From how many pending rows on a level is packed rather than the delta extended.
pub(crate) const LEVEL_ROWS: usize = 32 * 1024;

impl Index {
    /// A state of levels alone.
    pub(crate) fn of_levels(levels: Vec<Arc<Level>>) -> Self {
        Self {
            levels: Arc::new(levels),
            deltas: Arc::default(),
        }
    }

    /// The levels, oldest first.
    pub(crate) fn levels(&self) -> &[Arc<Level>] {
        &self.levels
    }

    /// The changes on top of the levels, in an order.
    pub(crate) fn delta(&self, order: Order) -> &Delta {
        &self.deltas[order as usize]
    }

    /// Last commit the levels cover.
    pub(crate) fn level_seq(&self) -> u64 {
        self.levels.last().map_or(0, |level| level.last_seq)
    }

    /// Rows in the delta.
    pub(crate) fn delta_rows(&self) -> usize {
        self.deltas[0].len()
    }

    /// Rows that are in memory only: of the delta and of levels without files.
    pub(crate) fn unflushed_rows(&self) -> u64 {
        let levels = self.levels.iter().filter(|level| level.files().is_none());
        self.delta_rows() as u64 + levels.map(|level| level.len()).sum::<u64>()
    }

    /// Number of quads.
    pub(crate) fn len(&self) -> u64 {
        self.count(Order::Spog, &[0; 4], &[u64::MAX; 4])
    }

    /// Bytes of memory held, caches not counted.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.levels
            .iter()
            .map(|level| level.memory_bytes())
            .sum::<usize>()
            + self.deltas.iter().map(Delta::memory_bytes).sum::<usize>()
    }

    /// Whether a quad (subject, predicate, object, graph) is here.
    pub(crate) fn contains(&self, spog: &Row) -> bool {
        self.count(Order::Spog, spog, spog) > 0
    }

    /// Number of rows from `low` to `high`, both included, by searches alone.
    pub(crate) fn count(&self, order: Order, low: &Row, high: &Row) -> u64 {
        let levels: i64 = self
            .levels
            .iter()
            .map(|level| level.balance(order, low, high))
            .sum();
        (levels + self.deltas[order as usize].balance(low, high)).max(0) as u64
    }

    /// Rows from `low` to `high`, both included, in order.
    pub(crate) fn cursor(&self, order: Order, low: &Row, high: &Row) -> Cursor {
        Cursor::open(
            self.levels.iter(),
            Some(&self.deltas[order as usize]),
            order,
            low,
            high,
        )
    }

    /// All rows, read past the cache.
    pub(crate) fn scan(&self, order: Order) -> Cursor {
        self.cursor(order, &[0; 4], &[u64::MAX; 4]).past_cache()
    }

    /// The index after the net changes of commit `seq`: rows as subject, predicate, object, graph; sorted, each once.
    pub(crate) fn with(&self, changes: &[Change], seq: u64) -> Self {
        if changes.is_empty() {
            return self.clone();
        }
        if self.delta_rows() + changes.len() < LEVEL_ROWS {
            let deltas =
                std::array::from_fn(|i| self.deltas[i].with(&in_order(Order::ALL[i], changes)));
            return Self {
                levels: Arc::clone(&self.levels),
                deltas: Arc::new(deltas),
            };
        }
        let all = self.deltas[0].with(changes);
        let mut levels = self.levels.as_ref().clone();
        if all.len() > 0 {
            let first_seq = self.level_seq() + 1;
            let changes = all.iter().copied();
            levels.push(Arc::new(level_in_memory(changes, (first_seq, seq))));
        }
        let mut next = Self::of_levels(levels);
        next.settle();
        next
    }

    /// The index with one more level on top, which covers what came after the delta; the delta becomes a level too.
    pub(crate) fn with_level(&self, level: Arc<Level>) -> Self {
        let mut next = self.frozen(level.first_seq - 1);
        Arc::make_mut(&mut next.levels).push(level);
        next
    }

    /// The same state with its delta made a level that ends at commit `seq`; costs nothing.
    pub(crate) fn frozen(&self, seq: u64) -> Self {
        if self.delta_rows() == 0 {
            return self.clone();
        }
        let mut levels = self.levels.as_ref().clone();
        levels.push(Arc::new(Level {
            body: Body::Frozen(Box::new(self.deltas.as_ref().clone())),
            first_seq: self.level_seq() + 1,
            last_seq: seq,
        }));
        Self::of_levels(levels)
    }

    /// The same state with a run of levels replaced by one that sums them up, or by none when they cancel out.
    /// `None` when they are no longer there.
    pub(crate) fn with_replaced(
        &self,
        old: &[Arc<Level>],
        new: Option<Arc<Level>>,
    ) -> Option<Self> {
        let first = old.first()?;
        let at = self
            .levels
            .iter()
            .position(|level| Arc::ptr_eq(level, first))?;
        let found = self.levels.get(at..at + old.len())?;
        if !found.iter().zip(old).all(|(a, b)| Arc::ptr_eq(a, b)) {
            return None;
        }
        let mut levels = self.levels.as_ref().clone();
        levels.splice(at..at + old.len(), new);
        Some(Self {
            levels: Arc::new(levels),
            deltas: Arc::clone(&self.deltas),
        })
    }

    /// Merges levels in memory while the older is less than twice the newer, so there are few of them.
    fn settle(&mut self) {
        let levels = Arc::make_mut(&mut self.levels);
        while let [.., older, newer] = levels.as_slice()
            && older.files().is_none()
            && newer.files().is_none()
            && matches!(older.body, Body::Packed(_))
            && older.len() < 2 * newer.len()
        {
            let pair = [Arc::clone(older), Arc::clone(newer)];
            let seqs = (older.first_seq, newer.last_seq);
            levels.truncate(levels.len() - 2);
            let sum = changes_of(&pair);
            levels.push(Arc::new(level_in_memory(sum, seqs)));
        }
    }
}

/// The sum of some levels as sorted changes (subject, predicate, object, graph).
pub(crate) fn changes_of(levels: &[Arc<Level>]) -> impl Iterator<Item = Change> {
    let mut cursor = Cursor::open(levels, None, Order::Spog, &[0; 4], &[u64::MAX; 4]).past_cache();
    std::iter::from_fn(move || {
        loop {
            let (row, sign) = cursor.next_signed()?;
            if sign != 0 {
                return Some(Change {
                    row,
                    added: sign > 0,
                });
            }
        }
    })
}

fn in_order(order: Order, changes: &[Change]) -> Vec<Change> {
    let mut sorted: Vec<Change> = changes
        .iter()
        .map(|c| Change {
            row: order.row(c.row),
            added: c.added,
        })
        .collect();
    if order != Order::Spog {
        sorted.sort_unstable_by_key(|change| change.row);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn net(state: &BTreeSet<Row>, wanted: &[(Row, bool)]) -> Vec<Change> {
        let mut seen = BTreeSet::new();
        let mut changes: Vec<Change> = wanted
            .iter()
            .filter(|(row, add)| state.contains(row) != *add && seen.insert(*row))
            .map(|(row, added)| Change {
                row: *row,
                added: *added,
            })
            .collect();
        changes.sort_unstable_by_key(|c| c.row);
        changes
    }

    /// Packs the changes as a level however few they are.
    fn as_level(index: &Index, changes: &[Change], seq: u64) -> Index {
        let level = level_in_memory(changes.iter().copied(), (seq, seq));
        index.with_level(Arc::new(level))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn equals_a_plain_set(
            batches in prop::collection::vec(
                (prop::collection::vec((prop::array::uniform4(1..6_u64), any::<bool>()), 0..400), 0..4_u8), 1..8),
            low in prop::array::uniform4(0..7_u64), high in prop::array::uniform4(0..7_u64),
        ) {
            let mut index = Index::default();
            let mut state = BTreeSet::new();
            for (at, (batch, how)) in batches.iter().enumerate() {
                let seq = at as u64 + 1;
                let changes = net(&state, batch);
                for change in &changes {
                    if change.added { state.insert(change.row); } else { state.remove(&change.row); }
                }
                index = match how {
                    0 => as_level(&index, &changes, seq),
                    1 => index.with(&changes, seq).frozen(seq),
                    2 => { let mut next = as_level(&index, &changes, seq); next.settle(); next }
                    _ => index.with(&changes, seq),
                };
            }
            prop_assert_eq!(index.len(), state.len() as u64);
            for order in Order::ALL {
                let expected: BTreeSet<Row> = state.iter().map(|row| order.row(*row))
                    .filter(|row| *row >= low && *row <= high).collect();
                let found: Vec<Row> = index.cursor(order, &low, &high).collect();
                prop_assert_eq!(&found, &expected.iter().copied().collect::<Vec<_>>());
                if low <= high {
                    prop_assert_eq!(index.count(order, &low, &high), expected.len() as u64);
                }
                // Seeking lands where a filter would.
                let mut cursor = index.cursor(order, &low, &high);
                for key in expected.iter().step_by(3) {
                    cursor.seek(key);
                    prop_assert_eq!(cursor.peek(), Some(*key));
                }
            }
            for row in &state {
                prop_assert!(index.contains(row));
            }
        }
    }
}
