//! What differs between two states of one store, read off the levels and changes they do not share. For whoever keeps
//! something made of an earlier state and brings it up to date. Compares rows, knows nothing of what they mean.

use crate::store::block::Row;
use crate::store::cursor::Cursor;
use crate::store::index::{Index, Order};
use crate::store::level::Level;
use crate::store::snapshot::Snapshot;
use std::sync::Arc;

impl Snapshot {
    /// Rows of an order, under a prefix of one or two columns, that are in one of two states and not in the other, whatever
    /// graphs a reader sees; sorted. `None` when there are more than `most`, or when the states are not of one store.
    ///
    /// Reads what the states do not share: little after a few commits, all of a level that was merged in between.
    pub(crate) fn touched(
        &self,
        earlier: &Self,
        order: Order,
        prefix: &[u64],
        most: usize,
    ) -> Option<Vec<Row>> {
        if self.is_same_as(earlier) {
            return Some(Vec::new());
        }
        if self.ids() != earlier.ids() {
            return None;
        }
        let (mut low, mut high) = ([0; 4], [u64::MAX; 4]);
        low[..prefix.len()].copy_from_slice(prefix);
        high[..prefix.len()].copy_from_slice(prefix);
        let indexes = (index_of(self), index_of(earlier));
        let mut now = beyond(indexes.0, indexes.1, order, &low, &high);
        let mut then = beyond(indexes.1, indexes.0, order, &low, &high);
        let (mut a, mut b) = (now.next_signed(), then.next_signed());
        let mut found = Vec::new();
        loop {
            let row = match (&a, &b) {
                (None, None) => return Some(found),
                (Some((row, sum)), Some((other, same))) if row == other => {
                    let differs = (sum != same).then_some(*row);
                    (a, b) = (now.next_signed(), then.next_signed());
                    differs
                }
                (Some((row, sum)), other) if other.is_none_or(|(other, _)| *row < other) => {
                    let differs = (*sum != 0).then_some(*row);
                    a = now.next_signed();
                    differs
                }
                (_, Some((row, sum))) => {
                    let differs = (*sum != 0).then_some(*row);
                    b = then.next_signed();
                    differs
                }
                (Some(_), None) => unreachable!("the arm before takes a row without another"),
            };
            if let Some(row) = row {
                if found.len() == most {
                    return None;
                }
                found.push(row);
            }
        }
    }
}

fn index_of(snapshot: &Snapshot) -> &Index {
    &snapshot.version().index
}

/// What one index has besides the levels it shares with another.
fn beyond(index: &Index, other: &Index, order: Order, low: &Row, high: &Row) -> Cursor {
    let shared = |level: &&Arc<Level>| other.levels().iter().any(|known| Arc::ptr_eq(known, level));
    let own = index.levels().iter().filter(|level| !shared(level));
    Cursor::open(own, Some(index.delta(order)), order, low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CommitMeta, Id, Store};
    use oxrdf::{GraphNameRef, NamedNodeRef, QuadRef};

    fn change(store: &Store, add: &[(u32, u32)], remove: &[(u32, u32)]) {
        let mut draft = store.begin().expect("writable");
        for (list, adds) in [(add, true), (remove, false)] {
            for (s, o) in list {
                let (s, o) = (format!("http://e/s/{s}"), format!("http://e/o/{o}"));
                let quad = QuadRef::new(
                    NamedNodeRef::new(&s).expect("an IRI"),
                    NamedNodeRef::new("http://e/p").expect("an IRI"),
                    NamedNodeRef::new(&o).expect("an IRI"),
                    GraphNameRef::DefaultGraph,
                );
                if adds {
                    draft.add_quad(quad);
                } else {
                    draft.remove_quad(quad);
                }
            }
        }
        draft
            .commit(CommitMeta {
                agent: "http://e/a".into(),
                activity: "http://e/b".into(),
                source: Vec::new(),
                message: None,
            })
            .expect("commits");
    }

    /// The rows of a state, for comparing.
    fn rows(snapshot: &Snapshot, p: Id) -> Vec<Row> {
        let index = index_of(snapshot);
        let low = [p.raw(), 0, 0, 0];
        let high = [p.raw(), u64::MAX, u64::MAX, u64::MAX];
        index.cursor(Order::Psog, &low, &high).collect()
    }

    #[test]
    fn finds_exactly_what_came_and_went() {
        let store = Store::in_memory();
        let many: Vec<(u32, u32)> = (0..40_000).map(|n| (n, n % 7)).collect();
        let mut states = vec![store.snapshot()];
        change(&store, &many[..10], &[]);
        states.push(store.snapshot());
        change(&store, &many[5..20], &many[..3]);
        states.push(store.snapshot());
        // A level of its own, then changes on top, then one level of all.
        change(&store, &many, &[]);
        states.push(store.snapshot());
        change(&store, &[(1, 100)], &many[30..31]);
        states.push(store.snapshot());
        change(&store, &many[30..31], &many[100..39_900]);
        states.push(store.snapshot());
        let p = store
            .snapshot()
            .view()
            .id_of_iri("http://e/p")
            .expect("used");
        for earlier in &states {
            for later in &states {
                let found = later
                    .touched(earlier, Order::Psog, &[p.raw()], usize::MAX)
                    .expect("of one store");
                let (a, b) = (rows(earlier, p), rows(later, p));
                let mut expected: Vec<Row> = a
                    .iter()
                    .filter(|row| b.binary_search(row).is_err())
                    .chain(b.iter().filter(|row| a.binary_search(row).is_err()))
                    .copied()
                    .collect();
                expected.sort_unstable();
                assert_eq!(found, expected);
                if !expected.is_empty() {
                    let fewer = expected.len() - 1;
                    assert!(
                        later
                            .touched(earlier, Order::Psog, &[p.raw()], fewer)
                            .is_none()
                    );
                }
            }
        }
        let other = Store::in_memory();
        change(&other, &many[..3], &[]);
        let other = other.snapshot();
        assert!(
            other
                .touched(&states[4], Order::Psog, &[p.raw()], 9)
                .is_none()
        );
    }
}
