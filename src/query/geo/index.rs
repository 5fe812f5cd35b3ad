//! The index over all geometries of a store: which literals may meet a geometry, or lie near it. Answers with candidates,
//! never with certainty; the filter decides.
//!
//! It is derived from the texts of the dictionary alone, part by part (see `store::parts`), so commits extend it, and
//! graphs, rights and earlier states cost nothing: what a reader may see comes from joining with the quads of its view.
//! Each part has one packed R-tree for each system of coordinates, in that system's own numbers: building it transforms
//! nothing, and within one system the boxes are exact. A search goes to each system in turn. Between two systems straight
//! edges become curves, so boxes are widened there by more than any edge in them can bend.

use super::crs::Crs;
use super::geometry::{Bounds, Form, Geom};
use super::{GEOJSON_LITERAL, GML_LITERAL, WKT_LITERAL};
use crate::store::{Id, TermPart, View};
use std::sync::Arc;

/// Entries of a node of a tree.
const FANOUT: usize = 16;
/// Most that an edge bends between two systems, for each square of its length: in metres and in degrees.
const BEND_PER_METRE: f64 = 2e-7;
const BEND_PER_DEGREE: f64 = 0.02;
/// Steps by which the sides of a box are followed into another system.
const STEPS: u32 = 8;
/// Least metres in a degree of latitude, and in one of longitude at the equator.
const DEGREE_NORTH: f64 = 110_500.0;
const DEGREE_EAST: f64 = 111_300.0;
/// Datatypes beyond this number are not told apart by the store.
const UNLISTED: u16 = u16::MAX >> 1;

/// What is searched for.
#[derive(Clone, Copy, Debug)]
pub(in crate::query) enum Search {
    /// Geometries that have a position in common with it.
    Meeting,
    /// Geometries at most so many metres away.
    Near(f64),
}

/// Literals that may be what is searched for.
#[derive(Debug)]
pub(in crate::query) enum Candidates {
    /// These, and no other.
    Some(Vec<Id>),
    /// More than were asked for, or it cannot be said.
    Many,
}

/// The literals of a state that may meet the geometry of a constant, or be near it; `Many` when there are more than `limit`.
/// Builds the index of the parts that lack it.
pub(in crate::query) fn candidates(
    view: &View,
    constant: &oxrdf::Term,
    search: Search,
    limit: usize,
) -> Candidates {
    let Some(constant) = Geom::of_term(constant) else {
        return Candidates::Many;
    };
    let Some(regions) = Regions::of(&constant, search) else {
        return Candidates::Many;
    };
    let datatypes = [WKT_LITERAL, GML_LITERAL, GEOJSON_LITERAL].map(|iri| view.datatype_index(iri));
    let mut found = Vec::new();
    for part in view.snapshot().term_parts() {
        let index = part_index(&part, view, datatypes);
        if !index.is_complete {
            return Candidates::Many;
        }
        found.extend_from_slice(&index.anywhere);
        for (crs, tree) in &index.trees {
            match regions.in_crs(*crs) {
                Region::All => return Candidates::Many,
                Region::Box(bounds) => tree.search(&bounds, limit + 1, &mut found),
            }
        }
        if found.len() > limit {
            return Candidates::Many;
        }
    }
    Candidates::Some(found)
}

/// The index of a part, made now if it was not.
fn part_index(part: &TermPart, view: &View, datatypes: [Option<u16>; 3]) -> Arc<PartIndex> {
    part.kept(|| {
        let started = std::time::Instant::now();
        let index = PartIndex::of(part, view, datatypes);
        let geometries = index.len();
        if geometries > 0 {
            let (ms, texts) = (started.elapsed().as_millis() as u64, part.key().texts());
            tracing::info!(geometries, texts, ms, "Indexed geometries");
        }
        index
    })
}

/// The geometries of one part.
struct PartIndex {
    trees: Vec<(Crs, Tree)>,
    /// Geometries that another system may see anywhere.
    anywhere: Vec<Id>,
    /// Whether every geometry could be told from other literals.
    is_complete: bool,
}

impl PartIndex {
    fn of(part: &TermPart, view: &View, datatypes: [Option<u16>; 3]) -> Self {
        let mut entries: [Vec<Entry>; Crs::ALL.len()] = Default::default();
        let mut index = Self {
            trees: Vec::new(),
            anywhere: Vec::new(),
            is_complete: true,
        };
        let mut is_complete = true;
        part.for_each_literal(
            0,
            |meta| {
                is_complete &= meta.datatype != UNLISTED;
                meta.language == 0 && datatypes.contains(&Some(meta.datatype))
            },
            |id, meta, value| {
                let geometry =
                    Form::of(view.datatype_iri(meta.datatype)).and_then(|form| form.read(value));
                // What is no geometry, or an empty one, passes no filter.
                if let Some(geometry) = geometry
                    && let Some(bounds) = geometry.bounds
                {
                    match boxed(geometry.crs, bounds) {
                        Some(bounds) => entries[geometry.crs as usize].push(Entry { id, bounds }),
                        None => index.anywhere.push(id),
                    }
                }
            },
        );
        index.is_complete = is_complete;
        for (crs, entries) in Crs::ALL.into_iter().zip(entries) {
            if !entries.is_empty() {
                index.trees.push((crs, Tree::of(entries)));
            }
        }
        index
    }

    fn len(&self) -> usize {
        let trees = self.trees.iter().map(|(_, tree)| tree.ids.len());
        trees.sum::<usize>() + self.anywhere.len()
    }
}

/// Where a system can be trusted to go to others without a jump.
fn is_tame(crs: Crs, bounds: &Bounds) -> bool {
    let (x, y) = match crs {
        Crs::Crs84 | Crs::Wgs84 | Crs::Etrs89 => ((-170.0, 170.0), (-80.0, 80.0)),
        Crs::Lambert72 | Crs::Lambert2008 => ((-2e6, 3e6), (-2e6, 3e6)),
        Crs::WebMercator => ((-1.9e7, 1.9e7), (-1.5e7, 1.5e7)),
    };
    bounds.min.0 >= x.0 && bounds.max.0 <= x.1 && bounds.min.1 >= y.0 && bounds.max.1 <= y.1
}

fn bend(crs: Crs, bounds: &Bounds) -> f64 {
    let unit = if crs.is_geographic() {
        BEND_PER_DEGREE
    } else {
        BEND_PER_METRE
    };
    unit * bounds.diagonal().powi(2)
}

/// The box of a geometry for the tree, rounded outward; `None` where it may be seen anywhere.
fn boxed(crs: Crs, bounds: Bounds) -> Option<[f32; 4]> {
    if !is_tame(crs, &bounds) {
        return None;
    }
    let bend = bend(crs, &bounds);
    Some(outward(&bounds.wider(bend, bend)))
}

fn outward(bounds: &Bounds) -> [f32; 4] {
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

/// Where a search looks in one system.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Region {
    Box(Bounds),
    All,
}

/// Where a search looks in every system.
struct Regions([Region; Crs::ALL.len()]);

impl Regions {
    /// `None` when nothing can be said: an empty geometry, or one too far out.
    fn of(constant: &Geom, search: Search) -> Option<Self> {
        let own = constant.bounds?;
        let from = constant.crs;
        if !is_tame(from, &own) {
            return None;
        }
        Some(Self(Crs::ALL.map(|crs| {
            let region = match search {
                Search::Meeting => moved(from, &own, crs),
                Search::Near(metres) => near(from, &own, crs, metres),
            };
            region.map_or(Region::All, Region::Box)
        })))
    }

    fn in_crs(&self, crs: Crs) -> Region {
        self.0[crs as usize]
    }
}

/// The bounds of a box in another system, on the wide side; `None` where that does not reach.
fn moved(from: Crs, bounds: &Bounds, to: Crs) -> Option<Bounds> {
    if from.is_same_place(to) {
        return Some(*bounds);
    }
    let mut found: Option<Bounds> = None;
    for step in 0..=STEPS {
        let share = f64::from(step) / f64::from(STEPS);
        let x = bounds.min.0 + (bounds.max.0 - bounds.min.0) * share;
        let y = bounds.min.1 + (bounds.max.1 - bounds.min.1) * share;
        let sides = [
            (x, bounds.min.1),
            (x, bounds.max.1),
            (bounds.min.0, y),
            (bounds.max.0, y),
        ];
        for side in sides {
            let at = from.transform(to, side)?;
            let at = Bounds { min: at, max: at };
            found = Some(found.map_or(at, |found| found.with(&at)));
        }
    }
    let found = found?;
    if !is_tame(to, &found) {
        return None;
    }
    let slack = if to.is_geographic() { 1e-5 } else { 1.0 };
    let wide = bend(to, &found) + slack;
    Some(found.wider(wide, wide))
}

/// All that may be so near in another system, whichever of the two geometries comes first.
fn near(from: Crs, bounds: &Bounds, to: Crs, metres: f64) -> Option<Bounds> {
    if !(0.0..=2e6).contains(&metres) {
        return None;
    }
    let metres = metres * 1.01 + 0.01;
    let there = moved(from, bounds, to)?;
    if from == to && from.is_metric() {
        return Some(there.wider(metres, metres));
    }
    let degrees = moved(from, bounds, Crs::Crs84)?;
    let north = metres / DEGREE_NORTH;
    let last = degrees.max.1.abs().max(degrees.min.1.abs()) + north;
    if last > 80.0 {
        return None;
    }
    let east = metres / (DEGREE_EAST * last.to_radians().cos());
    let mut found = moved(Crs::Crs84, &degrees.wider(east, north), to)?;
    if to.is_metric() {
        found = found.with(&there.wider(metres, metres));
    }
    if from.is_metric() {
        found = found.with(&moved(from, &bounds.wider(metres, metres), to)?);
    }
    Some(found)
}

struct Entry {
    id: Id,
    bounds: [f32; 4],
}

/// A packed R-tree: the boxes of the entries, sorted into tiles, and over them the boxes of each sixteen.
struct Tree {
    ids: Vec<Id>,
    /// The boxes of the entries, then those of each level above, the root last.
    boxes: Vec<[f32; 4]>,
    /// Where each level ends in `boxes`.
    ends: Vec<usize>,
}

impl Tree {
    fn of(mut entries: Vec<Entry>) -> Self {
        let middle = |entry: &Entry, axis: usize| entry.bounds[axis] + entry.bounds[axis + 2];
        let by =
            |axis: usize| move |a: &Entry, b: &Entry| middle(a, axis).total_cmp(&middle(b, axis));
        // Sort-tile-recursive: columns of whole nodes, each sorted from south to north.
        let nodes = entries.len().div_ceil(FANOUT);
        let column = (nodes as f64).sqrt().ceil() as usize * FANOUT;
        entries.sort_unstable_by(by(0));
        for column in entries.chunks_mut(column) {
            column.sort_unstable_by(by(1));
        }
        let ids = entries.iter().map(|entry| entry.id).collect();
        let mut boxes: Vec<[f32; 4]> = entries.iter().map(|entry| entry.bounds).collect();
        boxes.reserve_exact(boxes.len() / (FANOUT - 1) + 16);
        let mut ends = vec![boxes.len()];
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
            ends.push(boxes.len());
            start = end;
        }
        Self { ids, boxes, ends }
    }

    /// Adds the ids of the boxes that meet the bounds, until there are `limit`.
    fn search(&self, bounds: &Bounds, limit: usize, found: &mut Vec<Id>) {
        let wanted = outward(bounds);
        // Not what is apart: a bound that is no number meets everything.
        let is_apart = |own: &[f32; 4]| {
            own[0] > wanted[2] || own[2] < wanted[0] || own[1] > wanted[3] || own[3] < wanted[1]
        };
        let start_of = |level: usize| if level == 0 { 0 } else { self.ends[level - 1] };
        let root = self.ends.len() - 1;
        let mut open = vec![(root, start_of(root))];
        while let Some((level, at)) = open.pop() {
            if is_apart(&self.boxes[at]) {
                continue;
            }
            if level == 0 {
                found.push(self.ids[at]);
                if found.len() >= limit {
                    return;
                }
                continue;
            }
            let below = start_of(level - 1);
            let first = below + (at - start_of(level)) * FANOUT;
            let end = self.ends[level - 1].min(first + FANOUT);
            open.extend((first..end).map(|at| (level - 1, at)));
        }
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
    use proptest::prelude::*;

    fn ids(count: usize) -> Vec<Id> {
        (0..count as u64).map(Id::local).collect()
    }

    proptest! {
        #[test]
        fn a_tree_finds_what_a_scan_finds(boxes in prop::collection::vec((-100.0..100.0_f64, -100.0..100.0_f64, 0.0..20.0_f64, 0.0..20.0_f64), 1..700),
                                          x in -110.0..110.0_f64, y in -110.0..110.0_f64, w in 0.0..60.0_f64, h in 0.0..60.0_f64) {
            let bounds = |(x, y, w, h): (f64, f64, f64, f64)| Bounds { min: (x, y), max: (x + w, y + h) };
            let entries = boxes.iter().zip(ids(boxes.len())).map(|(one, id)| Entry { id, bounds: outward(&bounds(*one)) });
            let tree = Tree::of(entries.collect());
            let wanted = bounds((x, y, w, h));
            let mut found = Vec::new();
            tree.search(&wanted, usize::MAX, &mut found);
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

        #[test]
        fn a_box_in_another_system_holds_what_was_in_it(x in 21_492.0..259_366.0_f64, y in 152_558.0..244_521.0_f64, w in 0.0..50_000.0_f64, h in 0.0..50_000.0_f64,
                                                        a in 0.0..1.0_f64, b in 0.0..1.0_f64, one in 0..6_usize, other in 0..6_usize) {
            let (one, other) = (Crs::ALL[one], Crs::ALL[other]);
            let lambert = Bounds { min: (x, y), max: (x + w, y + h) };
            let own = moved(Crs::Lambert72, &lambert, one).expect("in Belgium");
            let there = moved(one, &own, other).expect("in Belgium");
            let inside = (own.min.0 + (own.max.0 - own.min.0) * a, own.min.1 + (own.max.1 - own.min.1) * b);
            let at = one.transform(other, inside).expect("in Belgium");
            prop_assert!(there.meets(&Bounds { min: at, max: at }), "{one:?} {other:?}");
        }
    }
}
