//! Geometries made of geometries: hull, envelope, boundary, centroid, members, and the set operations. All in the plane of
//! the coordinates. What the operations cannot do (the common part of two lines, the union of an area and a line) is an
//! expression error rather than a wrong answer.

use super::cost;
use super::crs::Crs;
use super::geometry::{Geom, Kind};
use geo::{
    BooleanOps as _, Centroid as _, ConvexHull as _, Coord, Geometry, GeometryCollection,
    Intersects as _, LineString, MapCoords as _, MultiLineString, MultiPoint, MultiPolygon, Point,
    Polygon,
};

/// The four operations on sets of positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SetOperation {
    Intersection,
    Union,
    Difference,
    SymDifference,
}

/// Polygons as one geometry: a polygon when there is one.
pub(super) fn areas(crs: Crs, mut polygons: Vec<Polygon>) -> Geom {
    polygons.retain(|polygon| !polygon.exterior().0.is_empty());
    match <[Polygon; 1]>::try_from(polygons) {
        Ok([one]) => Geom::new(crs, Geometry::Polygon(one)),
        Err(polygons) if polygons.is_empty() => empty(crs, Kind::Polygon),
        Err(polygons) => Geom::new(crs, Geometry::MultiPolygon(MultiPolygon(polygons))),
    }
}

fn lines(crs: Crs, mut lines: Vec<LineString>) -> Geom {
    lines.retain(|line| !line.0.is_empty());
    match <[LineString; 1]>::try_from(lines) {
        Ok([one]) => Geom::new(crs, Geometry::LineString(one)),
        Err(lines) if lines.is_empty() => empty(crs, Kind::LineString),
        Err(lines) => Geom::new(crs, Geometry::MultiLineString(MultiLineString(lines))),
    }
}

fn points(crs: Crs, mut points: Vec<Point>) -> Geom {
    points.sort_by(|a, b| a.x().total_cmp(&b.x()).then(a.y().total_cmp(&b.y())));
    points.dedup();
    match points.as_slice() {
        [] => empty(crs, Kind::Point),
        [one] => Geom::new(crs, Geometry::Point(*one)),
        _ => Geom::new(crs, Geometry::MultiPoint(MultiPoint(points))),
    }
}

fn empty(crs: Crs, kind: Kind) -> Geom {
    let none = Geometry::GeometryCollection(GeometryCollection(Vec::new()));
    Geom::of_kind(crs, none, kind)
}

fn same(geometry: &Geom) -> Geom {
    Geom::of_kind(geometry.crs, geometry.shape.clone(), geometry.kind)
}

/// The parts of a geometry that is all points, all lines or all areas.
enum Parts {
    Points(Vec<Point>),
    Lines(Vec<LineString>),
    Areas(MultiPolygon),
}

fn parts(shape: &Geometry) -> Option<Parts> {
    Some(match shape {
        Geometry::Point(point) => Parts::Points(vec![*point]),
        Geometry::MultiPoint(points) => Parts::Points(points.0.clone()),
        Geometry::LineString(line) => Parts::Lines(vec![line.clone()]),
        Geometry::MultiLineString(lines) => Parts::Lines(lines.0.clone()),
        Geometry::Polygon(polygon) => Parts::Areas(MultiPolygon(vec![polygon.clone()])),
        Geometry::MultiPolygon(polygons) => Parts::Areas(polygons.clone()),
        Geometry::GeometryCollection(members) => match members.0.as_slice() {
            [one] => parts(one)?,
            _ => return None,
        },
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => return None,
    })
}

/// A set operation on two geometries in the same system.
pub(super) fn combine(operation: SetOperation, a: &Geom, b: &Geom) -> Option<Geom> {
    use SetOperation::{Difference, Intersection, SymDifference, Union};
    let crs = a.crs;
    match (operation, a.is_empty(), b.is_empty()) {
        (Intersection, true, _) | (Difference, true, _) => return Some(empty(crs, a.kind)),
        (Intersection, _, true) => return Some(empty(crs, b.kind)),
        (Union | SymDifference, true, _) => return Some(same(b)),
        (Union | SymDifference | Difference, _, true) => return Some(same(a)),
        _ => {}
    }
    if !cost::is_tractable(&[&a.shape, &b.shape], a.size + b.size, 0.0) {
        return None;
    }
    Some(match (parts(&a.shape)?, parts(&b.shape)?) {
        (Parts::Areas(a), Parts::Areas(b)) => areas(
            crs,
            match operation {
                Intersection => a.intersection(&b),
                Union => a.union(&b),
                Difference => a.difference(&b),
                SymDifference => a.xor(&b),
            }
            .0,
        ),
        (Parts::Points(own), Parts::Points(other)) => {
            let shared = |point: &Point| other.contains(point);
            points(
                crs,
                match operation {
                    Intersection => own.into_iter().filter(shared).collect(),
                    Difference => own.into_iter().filter(|p| !shared(p)).collect(),
                    Union => own.iter().chain(&other).copied().collect(),
                    SymDifference => {
                        let rest = other.iter().filter(|p| !own.contains(p));
                        let own = own.iter().filter(|p| !shared(p));
                        own.chain(rest).copied().collect()
                    }
                },
            )
        }
        (Parts::Points(own), _) if operation == Intersection => {
            points(crs, meeting(own, &b.shape, true))
        }
        (_, Parts::Points(own)) if operation == Intersection => {
            points(crs, meeting(own, &a.shape, true))
        }
        (Parts::Points(own), _) if operation == Difference => {
            points(crs, meeting(own, &b.shape, false))
        }
        // Taking points away from what is thicker takes away nothing that has a size.
        (_, Parts::Points(_)) if operation == Difference => same(a),
        (Parts::Lines(own), Parts::Areas(area)) if operation == Intersection => {
            lines(crs, area.clip(&MultiLineString(own), false).0)
        }
        (Parts::Areas(area), Parts::Lines(own)) if operation == Intersection => {
            lines(crs, area.clip(&MultiLineString(own), false).0)
        }
        (Parts::Lines(own), Parts::Areas(area)) if operation == Difference => {
            lines(crs, area.clip(&MultiLineString(own), true).0)
        }
        (Parts::Areas(_), Parts::Lines(_)) if operation == Difference => same(a),
        _ => return None,
    })
}

fn meeting(mut points: Vec<Point>, shape: &Geometry, wanted: bool) -> Vec<Point> {
    points.retain(|point| shape.intersects(point) == wanted);
    points
}

/// The smallest convex geometry that holds one: an area, or a line or point where there is none.
pub(super) fn convex_hull(geometry: &Geom) -> Geom {
    if geometry.is_empty() {
        return same(geometry);
    }
    let ring = geometry.shape.convex_hull();
    flat(geometry.crs, ring)
}

/// A polygon, or the line or point that it has shrunk to.
fn flat(crs: Crs, polygon: Polygon) -> Geom {
    let mut corners: Vec<Coord> = polygon.exterior().0.clone();
    corners.sort_by(|a, b| a.x.total_cmp(&b.x).then(a.y.total_cmp(&b.y)));
    corners.dedup();
    match corners.as_slice() {
        [] => empty(crs, Kind::Polygon),
        [one] => Geom::new(crs, Geometry::Point((*one).into())),
        [one, two] => {
            let line = LineString::new(vec![*one, *two]);
            Geom::new(crs, Geometry::LineString(line))
        }
        _ => Geom::new(crs, Geometry::Polygon(polygon)),
    }
}

/// The bounds of a geometry as an area, or as the line or point that they are.
pub(super) fn envelope(geometry: &Geom) -> Geom {
    let Some(bounds) = geometry.bounds else {
        return empty(geometry.crs, Kind::Polygon);
    };
    let rect = geo::Rect::new(
        Coord {
            x: bounds.min.0,
            y: bounds.min.1,
        },
        Coord {
            x: bounds.max.0,
            y: bounds.max.1,
        },
    );
    flat(geometry.crs, rect.to_polygon())
}

/// The boundary of points (none), lines (the ends that occur an odd number of times) and areas (their rings).
pub(super) fn boundary(geometry: &Geom) -> Option<Geom> {
    let crs = geometry.crs;
    if geometry.is_empty() {
        return Some(same(geometry));
    }
    Some(match parts(&geometry.shape)? {
        Parts::Points(_) => empty(crs, Kind::GeometryCollection),
        Parts::Lines(own) => {
            let mut ends: Vec<Point> = own
                .iter()
                .flat_map(|line| [line.0.first(), line.0.last()])
                .flatten()
                .map(|at| Point::from(*at))
                .collect();
            ends.sort_by(|a, b| a.x().total_cmp(&b.x()).then(a.y().total_cmp(&b.y())));
            let odd = ends
                .chunk_by(|a, b| a == b)
                .filter(|same| same.len() % 2 == 1);
            points(crs, odd.map(|same| same[0]).collect())
        }
        Parts::Areas(polygons) => {
            let rings = polygons.0.into_iter().flat_map(|polygon| {
                let (outer, holes) = polygon.into_inner();
                std::iter::once(outer).chain(holes)
            });
            lines(crs, rings.collect())
        }
    })
}

/// The centre of gravity of the parts with the highest dimension.
pub(super) fn centroid(geometry: &Geom) -> Geom {
    match geometry.shape.centroid() {
        Some(point) if !geometry.is_empty() => Geom::new(geometry.crs, Geometry::Point(point)),
        _ => empty(geometry.crs, Kind::Point),
    }
}

/// Number of members of a collection; 1 for what is none, 0 for what is empty.
pub(super) fn count(geometry: &Geom) -> usize {
    if geometry.is_empty() {
        return 0;
    }
    match &geometry.shape {
        Geometry::MultiPoint(points) => points.0.len(),
        Geometry::MultiLineString(lines) => lines.0.len(),
        Geometry::MultiPolygon(polygons) => polygons.0.len(),
        Geometry::GeometryCollection(members) => members.0.len(),
        _ => 1,
    }
}

/// A member of a collection, the first being 1.
pub(super) fn member(geometry: &Geom, number: usize) -> Option<Geom> {
    let at = number.checked_sub(1)?;
    if at >= count(geometry) {
        return None;
    }
    let shape = match &geometry.shape {
        Geometry::MultiPoint(points) => Geometry::Point(*points.0.get(at)?),
        Geometry::MultiLineString(lines) => Geometry::LineString(lines.0.get(at)?.clone()),
        Geometry::MultiPolygon(polygons) => Geometry::Polygon(polygons.0.get(at)?.clone()),
        Geometry::GeometryCollection(members) => members.0.get(at)?.clone(),
        single => single.clone(),
    };
    Some(Geom::new(geometry.crs, shape))
}

/// The same geometry with its coordinates rounded to what a transformation is worth.
pub(super) fn rounded(geometry: &Geom) -> Geom {
    let unit = 10_f64.powi(geometry.crs.decimals());
    let round = |value: f64| {
        let rounded = (value * unit).round() / unit;
        if rounded.is_finite() { rounded } else { value }
    };
    let shape = geometry.shape.map_coords(|at| Coord {
        x: round(at.x),
        y: round(at.y),
    });
    Geom::of_kind(geometry.crs, shape, geometry.kind).with_more(geometry.has_z, geometry.has_m)
}
