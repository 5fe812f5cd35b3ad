//! Results as the live report keeps them: compact rows, sorted by focus node, in chunks that states share. Replacing the
//! rows of a few focus nodes copies a few chunks. Knows ids and sites, not what they mean.

use crate::store::Id;
use std::cmp::Ordering;
use std::sync::Arc;

const CHUNK_ROWS: usize = 512;

/// One result of one focus node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) focus: Id,
    pub(crate) value: Option<Id>,
    /// The predicate, where it is not the path of the shape.
    pub(crate) property: Option<Id>,
    /// Which constraint of which shape, and which side of it ([`super::plan::Sites`]).
    pub(crate) site: u32,
    /// A count that the message may tell, or what tells results apart ([`FOUND_MATTERS`]).
    pub(crate) found: u32,
    /// The commit at which the result appeared.
    pub(crate) since: u64,
}

/// Bit of a site whose results differ in what was found.
pub(crate) const FOUND_MATTERS: u32 = 2;

impl Row {
    /// Order of rows and what makes two rows the same result: all but the commit, and counts that change while it stays.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        let found = |row: &Self| {
            if row.site & FOUND_MATTERS == 0 {
                0
            } else {
                row.found
            }
        };
        let key = |row: &Self| (row.focus, row.site, row.property, row.value, found(row));
        key(self).cmp(&key(other))
    }
}

/// Rows of one group of shapes, sorted. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rows {
    chunks: Arc<Vec<Arc<Vec<Row>>>>,
    len: usize,
}

/// What came and went between two states.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Rows that were not there.
    pub(crate) appeared: Vec<Row>,
    /// Rows that are no longer there.
    pub(crate) vanished: Vec<Row>,
}

impl Rows {
    /// Rows in any order.
    pub(crate) fn of(mut rows: Vec<Row>) -> Self {
        rows.sort_unstable_by(Row::compare);
        let mut chunks = Vec::with_capacity(rows.len().div_ceil(CHUNK_ROWS));
        split(&rows, &mut chunks);
        Self {
            chunks: Arc::new(chunks),
            len: rows.len(),
        }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All rows, sorted by focus node.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Row> {
        self.chunks.iter().flat_map(|chunk| chunk.iter())
    }

    /// Rows of some focus nodes (sorted, each once).
    pub(crate) fn of_focus(&self, focus: &[Id]) -> Vec<Row> {
        let mut found = Vec::new();
        for part in self.parts(focus) {
            let (chunk, nodes) = part;
            found.extend(
                chunk
                    .iter()
                    .filter(|row| nodes.binary_search(&row.focus).is_ok()),
            );
        }
        found
    }

    /// Chunks that may hold rows of the focus nodes, each with the nodes in its range.
    fn parts<'r>(
        &'r self,
        focus: &'r [Id],
    ) -> impl Iterator<Item = (&'r Arc<Vec<Row>>, &'r [Id])> + 'r {
        let mut rest = focus;
        let mut at = 0;
        std::iter::from_fn(move || {
            let first = *rest.first()?;
            at += self.chunks[at..].partition_point(|chunk| chunk[chunk.len() - 1].focus < first);
            let chunk = self.chunks.get(at)?;
            at += 1;
            let last = chunk[chunk.len() - 1].focus;
            let inside = rest.partition_point(|node| *node <= last);
            let nodes = &rest[..inside];
            // The last node of a chunk may go on in the next one.
            let keep = usize::from(nodes.last() == Some(&last));
            rest = &rest[inside - keep..];
            Some((chunk, nodes))
        })
    }

    /// These rows without `gone` and with `come` (both in any order), and what differs. A row in both stays, with the commit
    /// it had and the count it has.
    pub(crate) fn replaced(&self, mut gone: Vec<Row>, mut come: Vec<Row>) -> (Self, Difference) {
        gone.sort_unstable_by(Row::compare);
        come.sort_unstable_by(Row::compare);
        let (difference, counted) = difference(&gone, come);
        if difference.appeared.is_empty() && difference.vanished.is_empty() && counted.is_empty() {
            return (self.clone(), difference);
        }
        let mut chunks: Vec<Arc<Vec<Row>>> = Vec::with_capacity(self.chunks.len() + 1);
        let (mut out, mut new, mut other) = (
            difference.vanished.as_slice(),
            difference.appeared.as_slice(),
            counted.as_slice(),
        );
        for (at, chunk) in self.chunks.iter().enumerate() {
            let last = &chunk[chunk.len() - 1];
            let upto = |rows: &[Row]| rows.partition_point(|row| row.compare(last).is_le());
            let leaving = upto(out) + upto(other) > 0;
            let coming = if at + 1 == self.chunks.len() {
                new.len()
            } else {
                upto(new)
            };
            let (enter, later) = new.split_at(coming);
            new = later;
            if leaving || !enter.is_empty() {
                // Equal rows may go on in the next chunk: what is not found here leaves there.
                let (merged, left, counted) = merge(chunk, out, other, enter);
                (out, other) = (&out[left..], &other[counted..]);
                split(&merged, &mut chunks);
            } else {
                chunks.push(Arc::clone(chunk));
            }
        }
        if self.chunks.is_empty() {
            split(new, &mut chunks);
        }
        let len = self.len + difference.appeared.len() - difference.vanished.len();
        debug_assert_eq!(
            len,
            chunks.iter().map(|chunk| chunk.len()).sum::<usize>(),
            "only rows that are there leave"
        );
        let rows = Self {
            chunks: Arc::new(chunks),
            len,
        };
        (rows, difference)
    }

    /// Bytes of memory held, shared chunks counted as its own.
    pub(crate) fn memory_bytes(&self) -> usize {
        let rows: usize = self.chunks.iter().map(|chunk| chunk.capacity()).sum();
        rows * size_of::<Row>() + self.chunks.len() * 48
    }
}

/// Sorted rows against sorted rows, as multisets: what differs, and the rows that stay with another count.
fn difference(before: &[Row], after: Vec<Row>) -> (Difference, Vec<Row>) {
    let mut found = Difference::default();
    let mut counted = Vec::new();
    let mut at = 0;
    for row in after {
        while at < before.len() && before[at].compare(&row).is_lt() {
            found.vanished.push(before[at]);
            at += 1;
        }
        if at < before.len() && before[at].compare(&row).is_eq() {
            let was = before[at];
            if was.found != row.found {
                counted.push(Row {
                    since: was.since,
                    ..row
                });
            }
            at += 1;
        } else {
            found.appeared.push(row);
        }
    }
    found.vanished.extend(&before[at..]);
    (found, counted)
}

/// A sorted chunk without some of its rows, with new counts in others, and with more; and how many left and were counted.
fn merge(chunk: &[Row], leave: &[Row], counted: &[Row], enter: &[Row]) -> (Vec<Row>, usize, usize) {
    let mut merged = Vec::with_capacity(chunk.len() + enter.len());
    let (mut out, mut other, mut new) = (0, 0, 0);
    for row in chunk {
        while new < enter.len() && enter[new].compare(row).is_lt() {
            merged.push(enter[new]);
            new += 1;
        }
        if out < leave.len() && leave[out].compare(row).is_eq() {
            out += 1;
        } else if other < counted.len() && counted[other].compare(row).is_eq() {
            merged.push(counted[other]);
            other += 1;
        } else {
            merged.push(*row);
        }
    }
    merged.extend_from_slice(&enter[new..]);
    (merged, out, other)
}

fn split(rows: &[Row], chunks: &mut Vec<Arc<Vec<Row>>>) {
    if rows.len() <= CHUNK_ROWS {
        if !rows.is_empty() {
            chunks.push(Arc::new(rows.to_vec()));
        }
        return;
    }
    chunks.extend(
        rows.chunks(CHUNK_ROWS / 2)
            .map(|part| Arc::new(part.to_vec())),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn id(number: u64) -> Id {
        Id::local(number)
    }

    fn row(focus: u64, site: u32, value: u64) -> Row {
        Row {
            focus: id(focus),
            value: Some(id(value)),
            property: None,
            site,
            found: 0,
            since: 1,
        }
    }

    fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
        rows.sort_unstable_by(Row::compare);
        rows
    }

    proptest! {
        #[test]
        fn replacing_is_as_on_a_plain_list(
            steps in proptest::collection::vec(
                (proptest::collection::vec(0_u64..300, 0..40),
                 proptest::collection::vec((0_u64..300, 0_u32..4, 0_u64..3), 0..600)),
                1..8,
            )
        ) {
            let mut rows = Rows::default();
            let mut plain: Vec<Row> = Vec::new();
            for (seq, (focus, new)) in steps.into_iter().enumerate() {
                let mut focus: Vec<Id> = focus.into_iter().map(id).collect();
                focus.sort_unstable();
                focus.dedup();
                let gone = rows.of_focus(&focus);
                let expected: Vec<Row> = plain.iter().copied().filter(|r| focus.contains(&r.focus)).collect();
                prop_assert_eq!(sorted(gone.clone()), sorted(expected));
                let come: Vec<Row> = new
                    .into_iter()
                    .map(|(focus, site, value)| Row { since: seq as u64 + 2, ..row(focus, site, value) })
                    .collect();
                let (next, difference) = rows.replaced(gone, come.clone());
                plain.retain(|r| !focus.contains(&r.focus));
                plain.extend(come);
                let keys = |rows: Vec<Row>| {
                    sorted(rows).into_iter().map(|r| (r.focus, r.site, r.value)).collect::<Vec<_>>()
                };
                prop_assert_eq!(keys(next.iter().copied().collect()), keys(plain.clone()));
                prop_assert!(next.iter().is_sorted_by(|a, b| a.compare(b).is_le()));
                prop_assert_eq!(
                    next.len(),
                    rows.len() + difference.appeared.len() - difference.vanished.len()
                );
                prop_assert!(difference.appeared.iter().all(|r| r.since == seq as u64 + 2));
                plain = next.iter().copied().collect();
                rows = next;
            }
        }
    }
}
