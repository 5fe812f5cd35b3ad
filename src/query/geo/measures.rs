//! Distances, lengths, areas and buffers, in the units that GeoSPARQL, EPSG and QUDT name. Metres in the two Lambert systems
//! are those of the plane; in all other systems they are those on the ellipsoid.

use super::cost;
use super::crs::{Crs, LocalPlane};
use super::geometry::{Bounds, Geom};
use geo::line_measures::LengthMeasurable;
use geo::{
    Area as _, BoundingRect as _, Buffer as _, CoordsIter as _, Distance as _, Euclidean, Geodesic,
    GeodesicArea as _, Geometry, LineString, MapCoords as _,
};
use std::rc::Rc;

/// Where Lambert 2008 measures as well as the ellipsoid, but for parts in ten thousand: longitude and latitude.
const BELGIUM: Bounds = Bounds {
    min: (2.0, 49.3),
    max: (6.8, 51.8),
};

/// How many times its radius a geometry may be wide that is buffered.
const MAX_EXTENT_OVER_RADIUS: f64 = 1e6;

/// A unit of length, area or angle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Unit {
    /// So many metres.
    Length(f64),
    /// So many square metres.
    Area(f64),
    /// So many degrees.
    Angle(f64),
}

impl Unit {
    /// The unit of an IRI.
    pub(super) fn of(iri: &str) -> Option<Self> {
        let ogc = iri
            .strip_prefix("http://www.opengis.net/def/uom/OGC/1.0/")
            .or_else(|| iri.strip_prefix("http://www.opengis.net/def/uom/OGC/0/"));
        let code = iri
            .strip_prefix("http://www.opengis.net/def/uom/EPSG/0/")
            .or_else(|| iri.strip_prefix("urn:ogc:def:uom:EPSG::"));
        let qudt = iri.strip_prefix("http://qudt.org/vocab/unit/");
        Some(match (ogc, code, qudt) {
            (Some("metre" | "meter"), ..) | (_, Some("9001"), _) | (.., Some("M")) => {
                Self::Length(1.0)
            }
            (Some("kilometre" | "kilometer"), ..) | (_, Some("9036"), _) | (.., Some("KiloM")) => {
                Self::Length(1_000.0)
            }
            (Some("centimetre"), ..) | (.., Some("CentiM")) => Self::Length(0.01),
            (Some("millimetre"), ..) | (.., Some("MilliM")) => Self::Length(0.001),
            (Some("foot"), ..) | (_, Some("9002"), _) | (.., Some("FT")) => Self::Length(0.3048),
            (Some("yard"), ..) | (_, Some("9096"), _) | (.., Some("YD")) => Self::Length(0.9144),
            (Some("statuteMile" | "mile"), ..) | (_, Some("9093"), _) | (.., Some("MI")) => {
                Self::Length(1_609.344)
            }
            (Some("nauticalMile"), ..) | (_, Some("9030"), _) | (.., Some("MI_N")) => {
                Self::Length(1_852.0)
            }
            (Some("squareMetre"), ..) | (.., Some("M2")) => Self::Area(1.0),
            (Some("squareKilometre"), ..) | (.., Some("KiloM2")) => Self::Area(1e6),
            (Some("hectare"), ..) | (.., Some("HA")) => Self::Area(1e4),
            (.., Some("ARE")) => Self::Area(1e2),
            (Some("degree"), ..) | (_, Some("9102" | "9122"), _) | (.., Some("DEG")) => {
                Self::Angle(1.0)
            }
            (Some("radian"), ..) | (_, Some("9101"), _) | (.., Some("RAD")) => {
                Self::Angle(1_f64.to_degrees())
            }
            _ => return None,
        })
    }

    /// Metres, when it is a unit of length.
    pub(super) fn metres(self) -> Option<f64> {
        match self {
            Self::Length(metres) => Some(metres),
            Self::Area(_) | Self::Angle(_) => None,
        }
    }

    /// Square metres; a unit of length stands for its square.
    fn square_metres(self) -> Option<f64> {
        match self {
            Self::Length(metres) => Some(metres * metres),
            Self::Area(square) => Some(square),
            Self::Angle(_) => None,
        }
    }
}

/// The least distance between two geometries: in metres or other units of length, or, for a unit of angle, in the plane of
/// longitude and latitude. The second goes to the system of the first.
pub(super) fn distance(a: &Rc<Geom>, b: &Rc<Geom>, unit: Unit) -> Option<f64> {
    if a.is_empty() || b.is_empty() || !cost::is_measurable(a.size, b.size) {
        return None;
    }
    let found = match unit {
        Unit::Area(_) => return None,
        Unit::Angle(degrees) => {
            let (a, b) = (a.in_crs(Crs::Crs84)?, b.in_crs(Crs::Crs84)?);
            Euclidean.distance(&a.shape, &b.shape) / degrees
        }
        Unit::Length(metres) => metres_between(a, b)? / metres,
    };
    found.is_finite().then_some(found)
}

fn metres_between(a: &Rc<Geom>, b: &Rc<Geom>) -> Option<f64> {
    if a.crs.is_metric() {
        return Some(Euclidean.distance(&a.shape, &b.in_crs(a.crs)?.shape));
    }
    let (a, b) = (a.in_crs(Crs::Crs84)?, b.in_crs(Crs::Crs84)?);
    if let (Geometry::Point(a), Geometry::Point(b)) = (&a.shape, &b.shape) {
        return Some(Geodesic.distance(*a, *b));
    }
    let both = a.bounds?.with(&b.bounds?);
    if BELGIUM.with(&both) == BELGIUM {
        let (a, b) = (a.in_crs(Crs::Lambert2008)?, b.in_crs(Crs::Lambert2008)?);
        return Some(Euclidean.distance(&a.shape, &b.shape));
    }
    let plane = plane_of(both)?;
    let (a, b) = (enter(&plane, &a.shape)?, enter(&plane, &b.shape)?);
    Some(Euclidean.distance(&a, &b))
}

fn plane_of(bounds: Bounds) -> Option<LocalPlane> {
    LocalPlane::around(
        f64::midpoint(bounds.min.0, bounds.max.0),
        f64::midpoint(bounds.min.1, bounds.max.1),
    )
}

fn enter(plane: &LocalPlane, shape: &Geometry) -> Option<Geometry> {
    let moved = shape.try_map_coords(|at| {
        let (x, y) = plane.enter((at.x, at.y)).ok_or(())?;
        Ok::<_, ()>(geo::Coord { x, y })
    });
    moved.ok()
}

/// The area of what has one, in square metres or other units; a unit of length stands for its square.
pub(super) fn area(geometry: &Rc<Geom>, unit: Unit) -> Option<f64> {
    let square = unit.square_metres()?;
    if geometry.is_empty() {
        return Some(0.0);
    }
    let metres = if geometry.crs.is_metric() {
        geometry.shape.unsigned_area()
    } else {
        geodesic_area(&geometry.in_crs(Crs::Crs84)?.shape)
    };
    Some(metres / square)
}

fn geodesic_area(shape: &Geometry) -> f64 {
    match shape {
        Geometry::Polygon(polygon) => polygon.geodesic_area_unsigned(),
        Geometry::MultiPolygon(polygons) => {
            polygons.iter().map(|p| p.geodesic_area_unsigned()).sum()
        }
        Geometry::GeometryCollection(members) => members.iter().map(geodesic_area).sum(),
        _ => 0.0,
    }
}

/// The length of lines and, if asked, of the boundaries of areas, in a unit of length.
pub(super) fn length(geometry: &Rc<Geom>, unit: Unit, of: Edges) -> Option<f64> {
    let metres = unit.metres()?;
    if geometry.is_empty() {
        return Some(0.0);
    }
    let sum = if geometry.crs.is_metric() {
        edges(&geometry.shape, of, &|line| measured(&Euclidean, line))
    } else {
        let shape = &geometry.in_crs(Crs::Crs84)?.shape;
        edges(shape, of, &|line| measured(&Geodesic, line))
    };
    Some(sum / metres)
}

fn measured(space: &impl geo::Distance<f64, geo::Point, geo::Point>, line: &LineString) -> f64 {
    LengthMeasurable::length(line, space)
}

/// Which edges are measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edges {
    /// Those of lines and of areas.
    All,
    /// Those of areas.
    Areas,
}

fn edges(shape: &Geometry, of: Edges, length: &dyn Fn(&LineString) -> f64) -> f64 {
    let polygon = |polygon: &geo::Polygon| {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        rings.map(length).sum::<f64>()
    };
    match shape {
        Geometry::LineString(line) if of == Edges::All => length(line),
        Geometry::MultiLineString(lines) if of == Edges::All => lines.iter().map(length).sum(),
        Geometry::Polygon(one) => polygon(one),
        Geometry::MultiPolygon(polygons) => polygons.iter().map(polygon).sum(),
        Geometry::GeometryCollection(members) => {
            members.iter().map(|member| edges(member, of, length)).sum()
        }
        _ => 0.0,
    }
}

/// The shape with all that lies within a distance. The algorithm works on a grid over the whole shape: a distance of a few
/// of its cells has no meaning, and takes memory without end.
fn widened(shape: &Geometry, metres: f64) -> Option<geo::MultiPolygon> {
    let extent = shape.bounding_rect()?;
    let finest = extent.width().max(extent.height()) / MAX_EXTENT_OVER_RADIUS;
    let is_fine =
        metres.abs() >= finest && cost::is_tractable(&[shape], shape.coords_count(), metres.abs());
    is_fine.then(|| shape.buffer(metres))
}

/// All that lies within a distance, in a unit of length, in the system of the geometry.
pub(super) fn buffer(geometry: &Rc<Geom>, radius: f64, unit: Unit) -> Option<Geom> {
    let metres = radius * unit.metres()?;
    if !metres.is_finite() || metres.abs() > 1e6 {
        return None;
    }
    let Some(bounds) = geometry.bounds else {
        return Some(super::shapes::areas(geometry.crs, Vec::new()));
    };
    if geometry.crs.is_metric() {
        let wide = widened(&geometry.shape, metres)?;
        return Some(super::shapes::areas(geometry.crs, wide.0));
    }
    let ground = geometry.in_crs(Crs::Crs84)?;
    let plane = plane_of(ground.bounds.unwrap_or(bounds))?;
    let wide = widened(&enter(&plane, &ground.shape)?, metres)?;
    let back = wide.try_map_coords(|at| {
        let (x, y) = plane.leave((at.x, at.y)).ok_or(())?;
        let (x, y) = Crs::Crs84.transform(geometry.crs, (x, y)).ok_or(())?;
        Ok::<_, ()>(geo::Coord { x, y })
    });
    Some(super::shapes::areas(geometry.crs, back.ok()?.0))
}
