//! A geometry as the functions see it: a shape, the system its coordinates are in, and what its literal said beside that.
//! Reads literals of all forms and remembers the last few, so that a constant in a filter is read once. Writes none.

use super::cost;
use super::crs::Crs;
use super::tree::EdgeTree;
use super::{GEOJSON_LITERAL, GML_LITERAL, WKT_LITERAL, geojson, gml, wkt};
use geo::{
    BoundingRect as _, CoordsIter as _, Geometry, GeometryCollection, HasDimensions as _,
    MapCoords as _, PreparedGeometry,
};
use oxrdf::Term;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::rc::Rc;

/// Bytes of a literal that is read.
pub(super) const MAX_BYTES: usize = 16 << 20;
/// Positions of a geometry.
pub(super) const MAX_POSITIONS: usize = 500_000;
/// Greatest coordinate, either way: the Earth is 4e7 metres around.
const MAX_COORDINATE: f64 = 1e9;
/// How deep collections may be nested.
pub(super) const MAX_DEPTH: usize = 8;

/// Positions from which on aids are worth making.
const LARGE: usize = 64;

/// The kinds of simple features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Point,
    LineString,
    Polygon,
    MultiPoint,
    MultiLineString,
    MultiPolygon,
    GeometryCollection,
}

impl Kind {
    /// Its local name in the simple features vocabulary.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::LineString => "LineString",
            Self::Polygon => "Polygon",
            Self::MultiPoint => "MultiPoint",
            Self::MultiLineString => "MultiLineString",
            Self::MultiPolygon => "MultiPolygon",
            Self::GeometryCollection => "GeometryCollection",
        }
    }

    fn of(shape: &Geometry) -> Self {
        match shape {
            Geometry::Point(_) => Self::Point,
            Geometry::Line(_) | Geometry::LineString(_) => Self::LineString,
            Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => Self::Polygon,
            Geometry::MultiPoint(_) => Self::MultiPoint,
            Geometry::MultiLineString(_) => Self::MultiLineString,
            Geometry::MultiPolygon(_) => Self::MultiPolygon,
            Geometry::GeometryCollection(_) => Self::GeometryCollection,
        }
    }
}

/// Least and greatest coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    pub(super) min: (f64, f64),
    pub(super) max: (f64, f64),
}

impl Bounds {
    /// Whether two bounds share a position.
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.min.0 <= other.max.0
            && other.min.0 <= self.max.0
            && self.min.1 <= other.max.1
            && other.min.1 <= self.max.1
    }

    /// The bounds of both.
    #[must_use]
    pub(super) fn with(&self, other: &Self) -> Self {
        Self {
            min: (self.min.0.min(other.min.0), self.min.1.min(other.min.1)),
            max: (self.max.0.max(other.max.0), self.max.1.max(other.max.1)),
        }
    }

    /// Wider by as much on each side.
    #[must_use]
    pub(super) fn wider(&self, x: f64, y: f64) -> Self {
        Self {
            min: (self.min.0 - x, self.min.1 - y),
            max: (self.max.0 + x, self.max.1 + y),
        }
    }

    /// Length of the diagonal.
    pub(super) fn diagonal(&self) -> f64 {
        (self.max.0 - self.min.0).hypot(self.max.1 - self.min.1)
    }
}

/// A geometry in a system of coordinates.
#[derive(Debug)]
pub(in crate::query) struct Geom {
    /// What its coordinates mean.
    pub(super) crs: Crs,
    /// Positions as (east, north); an empty geometry is an empty collection, whatever its kind.
    pub(super) shape: Geometry,
    pub(super) kind: Kind,
    /// Whether the literal had heights, which are left out of the shape.
    pub(super) has_z: bool,
    /// Whether the literal had measures, which are left out as well.
    pub(super) has_m: bool,
    /// `None` for an empty geometry.
    pub(super) bounds: Option<Bounds>,
    /// Number of positions.
    pub(super) size: usize,
    elsewhere: RefCell<[Option<Rc<Self>>; Crs::ALL.len()]>,
    uses: Cell<u32>,
    aids: OnceCell<Aids>,
    is_plain: OnceCell<bool>,
}

/// What makes comparing a large geometry with many others cheap.
pub(super) struct Aids {
    /// Its edges.
    pub(super) edges: EdgeTree,
    /// The geometry, its own crossings found.
    pub(super) prepared: PreparedGeometry<'static, Geometry>,
}

impl fmt::Debug for Aids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aids").finish_non_exhaustive()
    }
}

impl Geom {
    /// A geometry of a shape, whose kind is that of the shape.
    pub(super) fn new(crs: Crs, shape: Geometry) -> Self {
        let kind = Kind::of(&shape);
        Self::of_kind(crs, shape, kind)
    }

    /// A geometry whose kind is known, which counts when it is empty.
    pub(super) fn of_kind(crs: Crs, shape: Geometry, kind: Kind) -> Self {
        let (shape, bounds) = match shape.bounding_rect() {
            Some(rect) if !shape.is_empty() => {
                let (min, max) = (rect.min(), rect.max());
                let bounds = Bounds {
                    min: (min.x, min.y),
                    max: (max.x, max.y),
                };
                (shape, Some(bounds))
            }
            _ => (
                Geometry::GeometryCollection(GeometryCollection(Vec::new())),
                None,
            ),
        };
        Self {
            crs,
            kind,
            has_z: false,
            has_m: false,
            bounds,
            size: shape.coords_count(),
            shape,
            elsewhere: RefCell::default(),
            uses: Cell::new(0),
            aids: OnceCell::new(),
            is_plain: OnceCell::new(),
        }
    }

    /// The same, of a literal that also had heights or measures.
    #[must_use]
    pub(super) fn with_more(mut self, has_z: bool, has_m: bool) -> Self {
        (self.has_z, self.has_m) = (has_z, has_m);
        self
    }

    /// Reads a term; `None` for what is no geometry, or one out of bounds.
    pub(super) fn of_term(term: &Term) -> Option<Rc<Self>> {
        let Term::Literal(literal) = term else {
            return None;
        };
        let form = Form::of(literal.datatype().as_str())?;
        remembered(form, literal.value())
    }

    /// Whether it has no position.
    pub(super) fn is_empty(&self) -> bool {
        self.bounds.is_none()
    }

    /// Whether its coordinates are of a size that algorithms can be trusted with.
    fn is_on_earth(&self) -> bool {
        self.bounds.is_none_or(|bounds| {
            let corners = [bounds.min.0, bounds.min.1, bounds.max.0, bounds.max.1];
            corners.iter().all(|value| value.abs() <= MAX_COORDINATE)
        })
    }

    /// Aids for comparing it, made when a large geometry is compared for the third time.
    pub(super) fn aids(&self) -> Option<&Aids> {
        let uses = self.uses.get().saturating_add(1);
        self.uses.set(uses);
        if self.size < LARGE || uses < 3 || !self.is_plain() {
            return None;
        }
        Some(self.aids.get_or_init(|| Aids {
            edges: EdgeTree::of(&cost::edges(&self.shape, self.size)),
            prepared: PreparedGeometry::from(self.shape.clone()),
        }))
    }

    /// Whether few enough of its edges are near each other.
    pub(super) fn is_plain(&self) -> bool {
        *self
            .is_plain
            .get_or_init(|| cost::is_tractable(&[&self.shape], self.size, 0.0))
    }

    /// The same geometry in another system, its edges straight there; `None` where that does not reach.
    pub(super) fn in_crs(self: &Rc<Self>, crs: Crs) -> Option<Rc<Self>> {
        if self.crs == crs {
            return Some(Rc::clone(self));
        }
        let slot = crs as usize;
        if let Some(known) = &self.elsewhere.borrow()[slot] {
            return Some(Rc::clone(known));
        }
        let shape = self.shape.try_map_coords(|at| {
            let (x, y) = self.crs.transform(crs, (at.x, at.y)).ok_or(())?;
            Ok::<_, ()>(geo::Coord { x, y })
        });
        let made = Self::of_kind(crs, shape.ok()?, self.kind);
        if !made.is_on_earth() {
            return None;
        }
        let made = Rc::new(made.with_more(self.has_z, self.has_m));
        self.elsewhere.borrow_mut()[slot] = Some(Rc::clone(&made));
        Some(made)
    }
}

/// How a literal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Wkt,
    Gml,
    GeoJson,
}

impl Form {
    /// The form of a datatype.
    pub(super) fn of(datatype: &str) -> Option<Self> {
        match datatype {
            WKT_LITERAL => Some(Self::Wkt),
            GML_LITERAL => Some(Self::Gml),
            GEOJSON_LITERAL => Some(Self::GeoJson),
            _ => None,
        }
    }

    /// Reads a lexical form; `None` for what is no geometry, or one out of bounds.
    pub(super) fn read(self, value: &str) -> Option<Geom> {
        if value.len() > MAX_BYTES {
            return None;
        }
        #[cfg(test)]
        READ.set(READ.get() + 1);
        let geometry = match self {
            Self::Wkt => wkt::read(value),
            Self::Gml => gml::read(value),
            Self::GeoJson => geojson::read(value),
        }?;
        geometry.is_on_earth().then_some(geometry)
    }
}

#[cfg(test)]
thread_local! {
    /// Literals read on this thread, for tests that count work.
    pub(in crate::query) static READ: Cell<u64> = const { Cell::new(0) };
}

/// Geometries met once: enough for the arguments of a few calls.
const NEW: usize = 6;
/// Geometries met again.
const KEPT: usize = 10;
/// Bytes of literals that are remembered.
const MAX_REMEMBERED: usize = 1 << 20;

struct Entry {
    form: Form,
    value: Box<str>,
    geometry: Option<Rc<Geom>>,
}

#[derive(Default)]
struct Memory {
    new: Vec<Entry>,
    next_new: usize,
    kept: Vec<Entry>,
    next_kept: usize,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// The geometry of a literal. A literal that is met again soon is remembered, and the many that are met once do not push
/// it out.
fn remembered(form: Form, value: &str) -> Option<Rc<Geom>> {
    if value.len() > MAX_REMEMBERED {
        return form.read(value).map(Rc::new);
    }
    let is_it = |entry: &&Entry| {
        entry.form == form && entry.value.len() == value.len() && *entry.value == *value
    };
    MEMORY.with_borrow_mut(|memory| {
        if let Some(entry) = memory.kept.iter().find(is_it) {
            return entry.geometry.clone();
        }
        if let Some(at) = memory.new.iter().position(|entry| is_it(&entry)) {
            let entry = memory.new.swap_remove(at);
            let geometry = entry.geometry.clone();
            if memory.kept.len() < KEPT {
                memory.kept.push(entry);
            } else {
                let at = memory.next_kept % KEPT;
                memory.kept[at] = entry;
                memory.next_kept += 1;
            }
            return geometry;
        }
        let geometry = form.read(value).map(Rc::new);
        let entry = Entry {
            form,
            value: value.into(),
            geometry: geometry.clone(),
        };
        if memory.new.len() < NEW {
            memory.new.push(entry);
        } else {
            let at = memory.next_new % NEW;
            memory.new[at] = entry;
            memory.next_new += 1;
        }
        geometry
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxrdf::{Literal, NamedNode};

    fn wkt(text: &str) -> Term {
        Literal::new_typed_literal(text, NamedNode::new_unchecked(WKT_LITERAL)).into()
    }

    #[test]
    fn a_constant_among_many_is_read_once() {
        let zone = wkt("POLYGON((0 0, 9 0, 9 9, 0 9, 0 0))");
        let before = READ.get();
        for n in 0..1_000 {
            let point = wkt(&format!("POINT({n} 1)"));
            assert!(Geom::of_term(&point).is_some());
            assert!(Geom::of_term(&zone).is_some());
        }
        assert_eq!(READ.get() - before, 1_001);
        // What cannot be read is remembered as well.
        let wrong = wkt("POLYGON((0 0, 9");
        let before = READ.get();
        for _ in 0..10 {
            assert!(Geom::of_term(&wrong).is_none());
        }
        assert_eq!(READ.get() - before, 1);
    }

    #[test]
    fn another_system_is_computed_once() {
        let zone = wkt("POLYGON((4 51, 4.1 51, 4.1 51.1, 4 51))");
        let zone = Geom::of_term(&zone).expect("a geometry");
        let one = zone.in_crs(Crs::Lambert72).expect("in Belgium");
        let two = zone.in_crs(Crs::Lambert72).expect("in Belgium");
        assert!(Rc::ptr_eq(&one, &two));
        assert_eq!(one.crs, Crs::Lambert72);
        assert_eq!(zone.in_crs(Crs::Crs84).map(|g| g.size), Some(4));
    }

    #[test]
    fn only_geometry_literals_are_geometries() {
        assert!(Geom::of_term(&Literal::from("POINT(1 2)").into()).is_none());
        assert!(Geom::of_term(&NamedNode::new_unchecked("http://example.com/").into()).is_none());
        assert!(Geom::of_term(&wkt("POINT EMPTY")).is_some_and(|g| g.is_empty()));
    }
}
