//! The quad index: five sorted permutations, each a packed run under a delta, and cursors over them.
//! Works on ids alone; which graphs a reader may see is the view's business.

use crate::store::delta::{Change, Delta, Place};
use crate::store::id::Id;
use crate::store::run::{Row, Run, RunBuilder};
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

/// Column orders that are kept sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Spog = 0,
    Psog = 1,
    Posg = 2,
    Ospg = 3,
    Gspo = 4,
}

impl Order {
    pub(crate) const ALL: [Self; 5] = [Self::Spog, Self::Psog, Self::Posg, Self::Ospg, Self::Gspo];

    /// Columns of subject, predicate, object and graph.
    pub(crate) const fn columns(self) -> [usize; 4] {
        match self {
            Self::Spog => [0, 1, 2, 3],
            Self::Psog => [1, 0, 2, 3],
            Self::Posg => [2, 0, 1, 3],
            Self::Ospg => [1, 2, 0, 3],
            Self::Gspo => [1, 2, 3, 0],
        }
    }

    /// Row of a quad given as subject, predicate, object, graph.
    pub(crate) fn row(self, spog: Row) -> Row {
        let columns = self.columns();
        let mut row = [0; 4];
        for (value, column) in spog.into_iter().zip(columns) {
            row[column] = value;
        }
        row
    }

    /// Subject, predicate, object, graph of a row.
    pub(crate) fn spog(self, row: &Row) -> Row {
        self.columns().map(|column| row[column])
    }
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
    runs: [Arc<Run>; 5],
    deltas: [Delta; 5],
}

/// From how many pending rows on the runs are rebuilt rather than the deltas extended.
const REBUILD_ROWS: usize = 32 * 1024;

impl Index {
    /// Number of quads.
    pub(crate) fn len(&self) -> u64 {
        let balance = self.deltas[0].balance(&[0; 4], &[u64::MAX; 4]);
        (self.runs[0].len() as i64 + balance) as u64
    }

    /// Bytes held by the runs.
    pub(crate) fn size_bytes(&self) -> usize {
        self.runs.iter().map(|run| run.size_bytes()).sum()
    }

    /// Whether a quad (subject, predicate, object, graph) is here.
    pub(crate) fn contains(&self, spog: &Row) -> bool {
        let delta = &self.deltas[0];
        if delta.len() > 0
            && let Some((change, _)) = delta.get(delta.lower_bound(spog))
            && change.row == *spog
        {
            return change.added;
        }
        let run = &self.runs[0];
        let at = run.lower_bound(spog, 0);
        at < run.len() && run.row(at) == *spog
    }

    /// Number of rows from `low` to `high`, both included, by two searches.
    pub(crate) fn count(&self, order: Order, low: &Row, high: &Row) -> u64 {
        let run = &self.runs[order as usize];
        let from = run.lower_bound(low, 0);
        let to = end_of(run, high, from);
        ((to - from) as i64 + self.deltas[order as usize].balance(low, high)) as u64
    }

    /// Rows from `low` to `high`, both included, in order.
    pub(crate) fn cursor(&self, order: Order, low: &Row, high: &Row) -> Cursor {
        let run = Arc::clone(&self.runs[order as usize]);
        let position = run.lower_bound(low, 0);
        let end = end_of(&run, high, position);
        let delta = self.deltas[order as usize].clone();
        let place = delta.lower_bound(low);
        let mut cursor = Cursor {
            run,
            position,
            end,
            buffer: Vec::new(),
            buffered: 0,
            batch: 16,
            delta,
            place,
            change: None,
            high: *high,
        };
        cursor.load_change();
        cursor
    }

    /// The index after net changes: rows as subject, predicate, object, graph; sorted, each once.
    pub(crate) fn with(&self, changes: &[Change]) -> Self {
        if changes.is_empty() {
            return self.clone();
        }
        let pending = self.deltas[0].len() + changes.len();
        if pending >= REBUILD_ROWS && pending >= self.runs[0].len() / 16 {
            self.rebuilt(changes)
        } else {
            let deltas =
                std::array::from_fn(|i| self.deltas[i].with(&in_order(Order::ALL[i], changes)));
            Self {
                runs: self.runs.clone(),
                deltas,
            }
        }
    }

    fn rebuilt(&self, changes: &[Change]) -> Self {
        let build = |order: Order| {
            let owned;
            let changes = if order == Order::Spog {
                changes
            } else {
                owned = in_order(order, changes);
                &owned
            };
            Arc::new(self.merged_run(order, changes))
        };
        // Two threads: each permutation needs a sorted copy of the changes, so more would cost memory.
        let (spog, psog, posg, ospg, gspo) = std::thread::scope(|scope| {
            let other = scope.spawn(|| (build(Order::Ospg), build(Order::Gspo)));
            let mine = (build(Order::Spog), build(Order::Psog), build(Order::Posg));
            let (ospg, gspo) = other.join().expect("building a run does not panic");
            (mine.0, mine.1, mine.2, ospg, gspo)
        });
        Self {
            runs: [spog, psog, posg, ospg, gspo],
            deltas: Default::default(),
        }
    }

    fn merged_run(&self, order: Order, changes: &[Change]) -> Run {
        let mut builder = RunBuilder::default();
        let mut old = self.cursor(order, &[0; 4], &[u64::MAX; 4]).peekable();
        for change in changes {
            while let Some(row) = old.next_if(|row| *row < change.row) {
                builder.push(row);
            }
            if change.added {
                builder.push(change.row);
            } else {
                old.next_if_eq(&change.row);
            }
        }
        old.for_each(|row| builder.push(row));
        builder.finish()
    }
}

fn end_of(run: &Run, high: &Row, from: usize) -> usize {
    let end = run.lower_bound(high, from);
    if end < run.len() && run.row(end) == *high {
        end + 1
    } else {
        end
    }
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

/// Rows of a range in ascending order. Owns what it reads.
pub(crate) struct Cursor {
    run: Arc<Run>,
    /// Next run row that is not buffered.
    position: usize,
    end: usize,
    buffer: Vec<Row>,
    /// Next row in the buffer.
    buffered: usize,
    batch: usize,
    delta: Delta,
    place: Place,
    change: Option<Change>,
    high: Row,
}

impl Cursor {
    fn load_change(&mut self) {
        self.change = None;
        if self.delta.len() > 0
            && let Some((change, next)) = self.delta.get(self.place)
            && change.row <= self.high
        {
            self.change = Some(change);
            self.place = next;
        }
    }

    /// Makes the next run row available, if there is one.
    fn fill(&mut self) -> Option<&Row> {
        if self.buffered >= self.buffer.len() {
            if self.position >= self.end {
                return None;
            }
            self.buffer.clear();
            self.buffered = 0;
            // Short ranges read what they need; long scans grow to whole blocks.
            let to = self.end.min(self.position + self.batch);
            self.position += self.run.read(self.position, to, &mut self.buffer);
            self.batch = (self.batch * 4).min(1024);
        }
        self.buffer.get(self.buffered)
    }

    /// Skips to the first row at or after `key`; never goes back.
    pub(crate) fn seek(&mut self, key: &Row) {
        match self.buffer.last() {
            Some(last) if *last >= *key => {
                self.buffered += self.buffer[self.buffered..].partition_point(|row| row < key);
            }
            _ => {
                self.buffer.clear();
                self.buffered = 0;
                self.position = self
                    .run
                    .lower_bound(key, self.position)
                    .min(self.end)
                    .max(self.position);
                self.batch = 16;
            }
        }
        if self.change.is_some_and(|change| change.row < *key) {
            self.place = self.delta.lower_bound(key);
            self.load_change();
        }
    }

    /// The next row without taking it.
    pub(crate) fn peek(&mut self) -> Option<Row> {
        loop {
            let Some(change) = self.change else {
                return self.fill().copied();
            };
            let Some(row) = self.fill().copied() else {
                if change.added {
                    return Some(change.row);
                }
                self.load_change();
                continue;
            };
            match row.cmp(&change.row) {
                std::cmp::Ordering::Less => return Some(row),
                std::cmp::Ordering::Equal => {
                    // A removed row: drop it together with its change.
                    self.buffered += 1;
                    self.load_change();
                }
                std::cmp::Ordering::Greater if change.added => return Some(change.row),
                std::cmp::Ordering::Greater => self.load_change(),
            }
        }
    }
}

impl Iterator for Cursor {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        if self.change.is_none() {
            let row = *self.fill()?;
            self.buffered += 1;
            return Some(row);
        }
        let row = self.peek()?;
        if self.change.is_some_and(|change| change.row == row) {
            self.load_change();
        } else {
            self.buffered += 1;
        }
        Some(row)
    }
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

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn equals_a_plain_set(
            batches in prop::collection::vec(
                prop::collection::vec((prop::array::uniform4(1..6_u64), any::<bool>()), 0..400), 1..8),
            low in prop::array::uniform4(0..7_u64), high in prop::array::uniform4(0..7_u64),
            rebuild_at in 0..8_usize,
        ) {
            let mut index = Index::default();
            let mut state = BTreeSet::new();
            for (i, batch) in batches.iter().enumerate() {
                let changes = net(&state, batch);
                for change in &changes {
                    if change.added { state.insert(change.row); } else { state.remove(&change.row); }
                }
                index = if i == rebuild_at { index.rebuilt(&changes) } else { index.with(&changes) };
            }
            prop_assert_eq!(index.len(), state.len() as u64);
            for order in Order::ALL {
                let expected: BTreeSet<Row> = state.iter().map(|row| order.row(*row))
                    .filter(|row| *row >= low && *row <= high).collect();
                let found: Vec<Row> = index.cursor(order, &low, &high).collect();
                prop_assert_eq!(&found, &expected.iter().copied().collect::<Vec<_>>());
                prop_assert_eq!(index.count(order, &low, &high), expected.len() as u64);
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
