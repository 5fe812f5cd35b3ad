//! Packed R-trees: the boxes of things, and which of them meet a box. In memory, or in the bytes of a piece (see
//! `store::derived`) of which a search reads those pages that it has to. Knows boxes, not geometries.

use super::geometry::Bounds;
use crate::store::{Bytes, Id, Reader};

/// Entries of a node of a tree.
const FANOUT: usize = 16;
/// Bytes of a box and of an id in a piece.
const BOX_BYTES: usize = 16;
const ID_BYTES: usize = 8;

/// Least and greatest coordinates: west, south, east, north.
pub(super) type Box4 = [f32; 4];

/// Bounds rounded outward.
pub(super) fn outward(bounds: &Bounds) -> [f32; 4] {
    let down = |value: f64| {
        let near = value as f32;
        if f64::from(near) > value {
            near.next_down()
        } else {
            near
        }
    };
    let up = |value: f64| {
        let near = value as f32;
        if f64::from(near) < value {
            near.next_up()
        } else {
            near
        }
    };
    [
        down(bounds.min.0),
        down(bounds.min.1),
        up(bounds.max.0),
        up(bounds.max.1),
    ]
}

/// A thing and its box.
pub(super) struct Entry {
    pub(super) id: Id,
    pub(super) bounds: Box4,
}

/// Where each level of a tree over so many entries ends in its boxes: those of the entries first, the root last.
fn ends(entries: usize) -> Vec<usize> {
    let (mut level, mut end) = (entries, entries);
    let mut ends = vec![end];
    while level > 1 {
        level = level.div_ceil(FANOUT);
        end += level;
        ends.push(end);
    }
    ends
}

/// Calls `found` with the places of the entries whose boxes meet the bounds, until it is false. `box_of` gives the box at a
/// place of a level.
fn search(
    ends: &[usize],
    bounds: &Bounds,
    mut box_of: impl FnMut(usize, usize) -> Box4,
    mut found: impl FnMut(usize) -> bool,
) {
    let wanted = outward(bounds);
    // Not what is apart: a bound that is no number meets everything.
    let is_apart = |own: &Box4| {
        own[0] > wanted[2] || own[2] < wanted[0] || own[1] > wanted[3] || own[3] < wanted[1]
    };
    let start_of = |level: usize| if level == 0 { 0 } else { ends[level - 1] };
    let root = ends.len() - 1;
    let mut open = vec![(root, start_of(root))];
    while let Some((level, at)) = open.pop() {
        if is_apart(&box_of(level, at)) {
            continue;
        }
        if level == 0 {
            if !found(at) {
                return;
            }
            continue;
        }
        let below = start_of(level - 1);
        let first = below + (at - start_of(level)) * FANOUT;
        let end = ends[level - 1].min(first + FANOUT);
        open.extend((first..end).map(|at| (level - 1, at)));
    }
}

/// A tree in memory: the boxes of the entries, sorted into tiles, and over them the boxes of each sixteen.
pub(super) struct Tree {
    ids: Vec<Id>,
    /// The boxes of the entries, then those of each level above, the root last.
    boxes: Vec<Box4>,
    /// Where each level ends in `boxes`.
    ends: Vec<usize>,
}

impl Tree {
    /// Of some entries, one at least.
    pub(super) fn of(mut entries: Vec<Entry>) -> Self {
        let middle = |entry: &Entry, axis: usize| entry.bounds[axis] + entry.bounds[axis + 2];
        // Equal places by their ids: equal entries make equal trees.
        let by = |axis: usize| {
            move |a: &Entry, b: &Entry| {
                let order = middle(a, axis).total_cmp(&middle(b, axis));
                order.then_with(|| a.id.cmp(&b.id))
            }
        };
        // Sort-tile-recursive: columns of whole nodes, each sorted from south to north.
        let nodes = entries.len().div_ceil(FANOUT);
        let column = (nodes as f64).sqrt().ceil() as usize * FANOUT;
        entries.sort_unstable_by(by(0));
        for column in entries.chunks_mut(column) {
            column.sort_unstable_by(by(1));
        }
        let ids = entries.iter().map(|entry| entry.id).collect();
        let ends = ends(entries.len());
        let mut boxes: Vec<Box4> = entries.iter().map(|entry| entry.bounds).collect();
        boxes.reserve_exact(ends[ends.len() - 1] - boxes.len());
        let mut start = 0;
        while boxes.len() - start > 1 {
            let end = boxes.len();
            for node in (start..end).step_by(FANOUT) {
                let whole = boxes[node..end.min(node + FANOUT)]
                    .iter()
                    .copied()
                    .reduce(|a, b| {
                        [
                            a[0].min(b[0]),
                            a[1].min(b[1]),
                            a[2].max(b[2]),
                            a[3].max(b[3]),
                        ]
                    });
                boxes.extend(whole);
            }
            start = end;
        }
        Self { ids, boxes, ends }
    }

    /// Number of entries.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The ids and the boxes as [`StoredTree`] reads them.
    pub(super) fn into_bytes(self) -> (Vec<u8>, Vec<u8>) {
        let ids = self.ids.iter().flat_map(|id| id.raw().to_le_bytes());
        let sides = self.boxes.iter().flatten();
        (
            ids.collect(),
            sides.flat_map(|side| side.to_le_bytes()).collect(),
        )
    }

    /// Adds the ids of the boxes that meet the bounds, until there are `limit`.
    fn search(&self, bounds: &Bounds, limit: usize, found: &mut Vec<Id>) {
        let box_of = |_, at: usize| self.boxes[at];
        search(&self.ends, bounds, box_of, |at| {
            found.push(self.ids[at]);
            found.len() < limit
        });
    }
}

/// A tree in the sections of a piece.
pub(super) struct StoredTree {
    ids: Bytes,
    boxes: Bytes,
    ends: Vec<usize>,
}

impl StoredTree {
    /// The tree over so many entries that lies in these bytes.
    pub(super) fn new(entries: usize, ids: Bytes, boxes: Bytes) -> Self {
        let ends = ends(entries);
        let whole = ends.last().copied().unwrap_or(0) * BOX_BYTES;
        if entries == 0 || ids.len() != entries * ID_BYTES || boxes.len() != whole {
            ids.spoilt("is no tree of that size");
        }
        Self { ids, boxes, ends }
    }

    /// Adds the ids of the boxes that meet the bounds, until there are `limit`.
    pub(super) fn search(&self, bounds: &Bounds, limit: usize, found: &mut Vec<Id>) {
        // A reader for each level: a search goes up and down, and forward on each.
        let levels = self.ends.iter();
        let mut boxes: Vec<Reader<'_>> = levels.map(|_| Reader::new(&self.boxes)).collect();
        let mut ids = Reader::new(&self.ids);
        let box_of = |level: usize, at: usize| {
            let bytes: [u8; BOX_BYTES] = boxes[level].item(at * BOX_BYTES);
            let (sides, _) = bytes.as_chunks::<4>();
            [0, 1, 2, 3].map(|side| f32::from_le_bytes(sides[side]))
        };
        search(&self.ends, bounds, box_of, |at| {
            let raw = u64::from_le_bytes(ids.item(at * ID_BYTES));
            match Id::from_raw(raw) {
                Some(id) => found.push(id),
                None => self.ids.spoilt("holds no id"),
            }
            found.len() < limit
        });
    }
}

impl StoredTree {
    /// Adds the ids of the boxes that meet the bounds: to `inside` when a box lies in `inner`, else to `unsure`, until there
    /// are more than `limit` of these.
    pub(super) fn sift(
        &self,
        bounds: &Bounds,
        inner: Option<&Bounds>,
        inside: &mut Vec<Id>,
        unsure: &mut Vec<Id>,
        limit: usize,
    ) {
        let levels = self.ends.iter();
        let mut boxes: Vec<Reader<'_>> = levels.map(|_| Reader::new(&self.boxes)).collect();
        let (mut ids, mut leaves) = (Reader::new(&self.ids), Reader::new(&self.boxes));
        let sides_of = |bytes: [u8; BOX_BYTES]| {
            let (sides, _) = bytes.as_chunks::<4>();
            [0, 1, 2, 3].map(|side| f32::from_le_bytes(sides[side]))
        };
        let box_of = |level: usize, at: usize| sides_of(boxes[level].item(at * BOX_BYTES));
        search(&self.ends, bounds, box_of, |at| {
            let raw = u64::from_le_bytes(ids.item(at * ID_BYTES));
            let Some(id) = Id::from_raw(raw) else {
                self.ids.spoilt("holds no id")
            };
            let sides = sides_of(leaves.item(at * BOX_BYTES)).map(f64::from);
            let is_inside = inner.is_some_and(|inner| {
                let own = Bounds {
                    min: (sides[0], sides[1]),
                    max: (sides[2], sides[3]),
                };
                // A bound that is no number lies nowhere for certain.
                !sides.iter().any(|side| side.is_nan()) && inner.with(&own) == *inner
            });
            if is_inside {
                inside.push(id);
            } else {
                unsure.push(id);
            }
            unsure.len() <= limit
        });
    }
}

/// The tree over the edges of geometries, which tells how many are near a place.
pub(super) struct EdgeTree(Tree);

impl EdgeTree {
    /// Of the bounds of the edges.
    pub(super) fn of(edges: &[Bounds]) -> Self {
        let entry = |(number, bounds)| Entry {
            id: Id::local(number as u64),
            bounds: outward(bounds),
        };
        Self(Tree::of(edges.iter().enumerate().map(entry).collect()))
    }

    /// How many edges meet the bounds, as far as `most`.
    pub(super) fn count(&self, bounds: &Bounds, most: usize) -> usize {
        let mut found = Vec::new();
        self.0.search(bounds, most, &mut found);
        found.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Derived, Piece, Section};
    use proptest::prelude::*;

    fn ids(count: usize) -> Vec<Id> {
        (0..count as u64).map(Id::local).collect()
    }

    fn stored(entries: usize, tree: Tree) -> StoredTree {
        let (ids, boxes) = tree.into_bytes();
        let section = |name: &str, bytes| Section {
            name: name.to_owned(),
            bytes,
            is_whole: false,
        };
        let derived = Derived {
            next: 1,
            sections: vec![section("ids", ids), section("boxes", boxes)],
            ..Derived::default()
        };
        let piece = Piece::in_memory(0..1, derived);
        StoredTree::new(entries, piece.section("ids"), piece.section("boxes"))
    }

    proptest! {
        #[test]
        fn a_tree_finds_what_a_scan_finds(boxes in prop::collection::vec((-100.0..100.0_f64, -100.0..100.0_f64, 0.0..20.0_f64, 0.0..20.0_f64), 1..700),
                                          x in -110.0..110.0_f64, y in -110.0..110.0_f64, w in 0.0..60.0_f64, h in 0.0..60.0_f64) {
            let bounds = |(x, y, w, h): (f64, f64, f64, f64)| Bounds { min: (x, y), max: (x + w, y + h) };
            let entries = boxes.iter().zip(ids(boxes.len())).map(|(one, id)| Entry { id, bounds: outward(&bounds(*one)) });
            let tree = Tree::of(entries.collect());
            prop_assert_eq!(tree.ends.last(), Some(&tree.boxes.len()));
            let mut in_memory = Vec::new();
            tree.search(&bounds((x, y, w, h)), usize::MAX, &mut in_memory);
            let tree = stored(boxes.len(), tree);
            let wanted = bounds((x, y, w, h));
            let mut found = Vec::new();
            tree.search(&wanted, usize::MAX, &mut found);
            prop_assert_eq!(&found, &in_memory);
            found.sort_unstable();
            let all = ids(boxes.len());
            for (one, id) in boxes.iter().zip(all) {
                if bounds(*one).meets(&wanted) {
                    prop_assert!(found.binary_search(&id).is_ok());
                }
            }
            prop_assert!(found.windows(2).all(|pair| pair[0] < pair[1]), "each once");
            let mut some = Vec::new();
            tree.search(&wanted, 3, &mut some);
            prop_assert_eq!(some.len(), found.len().min(3));
        }
    }
}
