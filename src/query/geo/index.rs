//! The index over all geometries of a store: which literals may meet a geometry, or lie near it. Answers with candidates,
//! never with certainty; the filter decides.
//!
//! It is derived from the texts of the dictionary alone, piece by piece (see `store::derived`), so commits extend it, and
//! graphs, rights and earlier states cost nothing: what a reader may see comes from joining with the quads of its view.
//! Each piece has one packed R-tree for each system of coordinates, in that system's own numbers: building it transforms
//! nothing, and within one system the boxes are exact. A search goes to each system in turn. Between two systems straight
//! edges become curves, so boxes are widened there by more than any edge in them can bend.

use super::crs::Crs;
use super::geometry::{Bounds, Form, Geom};
use super::tree::{Box4, Entry, StoredTree, Tree, outward};
use super::{GEOJSON_LITERAL, GML_LITERAL, WKT_LITERAL};
use crate::query::budget::check_now;
use crate::store::{
    Bytes, Derive, Derived, Id, Piece, Reader, Section, TermPart, View, with_pieces,
};
use serde::{Deserialize, Serialize};
use std::io;
use std::ops::{ControlFlow, Range};

/// Geometries after which a piece is complete. Few in tests, so that they meet several.
const FULL: usize = if cfg!(test) { 300 } else { 1 << 20 };
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
/// Makes the index of what lacks it, or waits for it, within the limits of the query.
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
    with_pieces(|| search_pieces(view, &regions, limit))
}

fn search_pieces(view: &View, regions: &Regions, limit: usize) -> Candidates {
    let mut found = Vec::new();
    for part in view.snapshot().term_parts() {
        for piece in part.derived(&GeoIndex, view, &check_now) {
            let index = piece.opened(PieceIndex::of);
            if !index.is_complete {
                return Candidates::Many;
            }
            found.extend(index.anywhere());
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
    }
    Candidates::Some(found)
}

/// Literals that meet a box.
pub(super) struct BoxFound {
    /// Those whose own boxes lie within it.
    pub(super) inside: Vec<Id>,
    /// Those that may.
    pub(super) unsure: Vec<Id>,
}

/// All of a plane, for a box that another system does not reach: whatever is there is looked at.
const EVERYWHERE: Bounds = Bounds {
    min: (f64::NEG_INFINITY, f64::NEG_INFINITY),
    max: (f64::INFINITY, f64::INFINITY),
};

/// The literals of a state that meet the box of a constant for certain, and those that may; `None` when there are more than
/// `limit` of these, or it cannot be said.
pub(super) fn in_box(view: &View, constant: &Geom, limit: usize) -> Option<BoxFound> {
    let own = constant.bounds?;
    let regions = Regions::of(constant, Search::Meeting);
    let inner = Crs::ALL.map(|crs| within(constant.crs, &own, crs));
    with_pieces(|| {
        let (mut inside, mut unsure) = (Vec::new(), Vec::new());
        for part in view.snapshot().term_parts() {
            for piece in part.derived(&GeoIndex, view, &check_now) {
                let index = piece.opened(PieceIndex::of);
                if !index.is_complete {
                    return None;
                }
                unsure.extend(index.anywhere());
                for (crs, tree) in &index.trees {
                    let bounds = match regions.as_ref().map(|regions| regions.in_crs(*crs)) {
                        Some(Region::Box(bounds)) => bounds,
                        Some(Region::All) | None => EVERYWHERE,
                    };
                    let inner = inner[*crs as usize].as_ref();
                    tree.sift(&bounds, inner, &mut inside, &mut unsure, limit);
                }
                if unsure.len() > limit {
                    return None;
                }
            }
        }
        Some(BoxFound { inside, unsure })
    })
}

/// A box in another system that lies within a box for certain; `None` when there is none.
fn within(from: Crs, bounds: &Bounds, to: Crs) -> Option<Bounds> {
    if from.is_same_place(to) {
        return Some(*bounds);
    }
    let mut found = moved(from, bounds, to)?;
    let slack = if to.is_geographic() { 1e-5 } else { 1.0 };
    let narrow = bend(to, &found) + slack;
    for step in 0..=STEPS {
        let share = f64::from(step) / f64::from(STEPS);
        let x = bounds.min.0 + (bounds.max.0 - bounds.min.0) * share;
        let y = bounds.min.1 + (bounds.max.1 - bounds.min.1) * share;
        let left = from.transform(to, (bounds.min.0, y))?.0;
        let right = from.transform(to, (bounds.max.0, y))?.0;
        let below = from.transform(to, (x, bounds.min.1))?.1;
        let above = from.transform(to, (x, bounds.max.1))?.1;
        found.min = (found.min.0.max(left), found.min.1.max(below));
        found.max = (found.max.0.min(right), found.max.1.min(above));
    }
    let found = found.wider(-narrow, -narrow);
    (found.min.0 < found.max.0 && found.min.1 < found.max.1).then_some(found)
}

/// What is derived from texts for geometries.
pub(in crate::query) struct GeoIndex;

/// What is known of a piece without reading a section.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Facts {
    /// Whether some geometry could not be told from other literals.
    is_blurred: bool,
    /// Number of a system and entries of its tree.
    trees: Vec<(usize, usize)>,
}

impl Derive for GeoIndex {
    fn kind(&self) -> &'static str {
        "geo"
    }

    /// To be raised with every change of which literals are geometries, of their boxes, and of how trees lie in bytes; a test
    /// tells.
    fn version(&self) -> u32 {
        1
    }

    fn derive(
        &self,
        part: &TermPart,
        names: &View,
        range: Range<u64>,
        look: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<Derived> {
        let datatypes =
            [WKT_LITERAL, GML_LITERAL, GEOJSON_LITERAL].map(|iri| names.datatype_index(iri));
        let mut entries: [Vec<Entry>; Crs::ALL.len()] = Default::default();
        let mut anywhere = Vec::new();
        let mut is_blurred = false;
        let (mut next, mut looked) = (range.end, Ok(()));
        let mut count = 0;
        part.for_each_literal(
            range,
            |meta| {
                is_blurred |= meta.datatype == UNLISTED;
                meta.language == 0 && datatypes.contains(&Some(meta.datatype))
            },
            |id, meta, value| {
                looked = look();
                if looked.is_err() {
                    return ControlFlow::Break(());
                }
                if count == FULL {
                    next = id.value();
                    return ControlFlow::Break(());
                }
                let form = Form::of(names.datatype_iri(meta.datatype));
                // What is no geometry, or an empty one, passes no filter.
                if let Some(geometry) = form.and_then(|form| form.read(value))
                    && let Some(bounds) = geometry.bounds
                {
                    count += 1;
                    match boxed(geometry.crs, bounds) {
                        Some(bounds) => entries[geometry.crs as usize].push(Entry { id, bounds }),
                        None => anywhere.extend_from_slice(&id.raw().to_le_bytes()),
                    }
                }
                ControlFlow::Continue(())
            },
        );
        looked?;
        let mut facts = Facts {
            is_blurred,
            trees: Vec::new(),
        };
        let section = |name: String, bytes| Section {
            name,
            bytes,
            is_whole: false,
        };
        let mut sections = vec![section("anywhere".to_owned(), anywhere)];
        for (crs, entries) in entries.into_iter().enumerate() {
            if !entries.is_empty() {
                let tree = Tree::of(entries);
                facts.trees.push((crs, tree.len()));
                let (ids, boxes) = tree.into_bytes();
                sections.push(section(format!("ids{crs}"), ids));
                sections.push(section(format!("boxes{crs}"), boxes));
            }
        }
        Ok(Derived {
            next,
            facts: serde_json::to_value(facts).expect("numbers are JSON"),
            sections,
        })
    }
}

/// The geometries of one piece.
struct PieceIndex {
    trees: Vec<(Crs, StoredTree)>,
    /// Ids of geometries that another system may see anywhere.
    anywhere: Bytes,
    /// Whether every geometry could be told from other literals.
    is_complete: bool,
}

impl PieceIndex {
    fn of(piece: &Piece) -> Self {
        let anywhere = piece.section("anywhere");
        let Ok(facts) = Facts::deserialize(piece.facts()) else {
            anywhere.spoilt("does not say what it holds");
        };
        let trees = facts.trees.into_iter().map(|(crs, entries)| {
            let (ids, boxes) = (format!("ids{crs}"), format!("boxes{crs}"));
            let tree = StoredTree::new(entries, piece.section(&ids), piece.section(&boxes));
            match Crs::ALL.get(crs) {
                Some(crs) => (*crs, tree),
                None => anywhere.spoilt("names an unknown system"),
            }
        });
        Self {
            trees: trees.collect(),
            is_complete: !facts.is_blurred,
            anywhere,
        }
    }

    fn anywhere(&self) -> impl Iterator<Item = Id> {
        let mut ids = Reader::new(&self.anywhere);
        (0..self.anywhere.len() / 8).filter_map(move |at| {
            let raw = u64::from_le_bytes(ids.item(at * 8));
            Id::from_raw(raw)
        })
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
fn boxed(crs: Crs, bounds: Bounds) -> Option<Box4> {
    if !is_tame(crs, &bounds) {
        return None;
    }
    let bend = bend(crs, &bounds);
    Some(outward(&bounds.wider(bend, bend)))
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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
