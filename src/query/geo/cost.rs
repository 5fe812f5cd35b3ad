//! What an operation on geometries may cost, before it is begun: nothing can stop it then, and edges that all cross each
//! other take time and memory that grow with the square of their number.

use super::geometry::Bounds;
use super::tree::EdgeTree;
use geo::{Geometry, LineString};

/// Edges up to which all may cross.
const FEW_EDGES: usize = 1_500;
/// Pairs of edges near each other that are worked on, neighbours along a line not counted.
const MAX_PAIRS: usize = 2_000_000;
/// Pairs of positions between which the least distance is looked for.
const MAX_DISTANCES: usize = 2_000_000_000;

/// Whether few enough edges of some shapes, together, come nearer to each other than twice a distance.
pub(super) fn is_tractable(shapes: &[&Geometry], sizes: usize, distance: f64) -> bool {
    if sizes <= FEW_EDGES {
        return true;
    }
    let mut edges = Vec::with_capacity(sizes);
    for shape in shapes {
        collect(shape, distance, &mut edges);
    }
    // Positions alone have no edges.
    if edges.is_empty() {
        return true;
    }
    let tree = EdgeTree::of(&edges);
    let mut left = MAX_PAIRS + 3 * edges.len();
    // Each pair is found twice, each edge meets itself and its two neighbours.
    left *= 2;
    for edge in &edges {
        let found = tree.count(edge, left);
        if found >= left {
            return false;
        }
        left -= found;
    }
    true
}

/// The bounds of the edges of a shape.
pub(super) fn edges(shape: &Geometry, size: usize) -> Vec<Bounds> {
    let mut edges = Vec::with_capacity(size);
    collect(shape, 0.0, &mut edges);
    edges
}

/// Whether the least distance between so many positions and so many others can be found.
pub(super) fn is_measurable(one: usize, other: usize) -> bool {
    one.saturating_mul(other) <= MAX_DISTANCES
}

fn collect(shape: &Geometry, distance: f64, edges: &mut Vec<Bounds>) {
    let mut line = |line: &LineString| {
        edges.extend(line.lines().map(|edge| {
            let (a, b) = (edge.start, edge.end);
            Bounds {
                min: (a.x.min(b.x), a.y.min(b.y)),
                max: (a.x.max(b.x), a.y.max(b.y)),
            }
            .wider(distance, distance)
        }));
    };
    let mut polygon = |polygon: &geo::Polygon| {
        line(polygon.exterior());
        polygon.interiors().iter().for_each(&mut line);
    };
    match shape {
        Geometry::Polygon(one) => polygon(one),
        Geometry::MultiPolygon(polygons) => polygons.iter().for_each(polygon),
        Geometry::LineString(one) => line(one),
        Geometry::MultiLineString(lines) => lines.iter().for_each(line),
        Geometry::GeometryCollection(members) => {
            for member in members {
                collect(member, distance, edges);
            }
        }
        Geometry::Point(_) | Geometry::MultiPoint(_) => {}
        Geometry::Line(_) | Geometry::Rect(_) | Geometry::Triangle(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::geometry::Form;
    use super::*;
    use std::fmt::Write as _;

    /// A line that goes to and fro, across or along.
    fn comb(teeth: usize, is_turned: bool) -> super::super::geometry::Geom {
        let mut text = String::from("LINESTRING(");
        for tooth in 0..teeth {
            let (a, b) = if tooth % 2 == 0 {
                (0, teeth)
            } else {
                (teeth, 0)
            };
            let gap = if tooth > 0 { ", " } else { "" };
            let _ = if is_turned {
                write!(text, "{gap}{a} {tooth}, {b} {tooth}")
            } else {
                write!(text, "{gap}{tooth} {a}, {tooth} {b}")
            };
        }
        text.push(')');
        let text = format!("<http://www.opengis.net/def/crs/EPSG/0/31370> {text}");
        Form::Wkt.read(&text).expect("a line")
    }

    #[test]
    fn what_crosses_everywhere_is_not_begun() {
        let (a, b) = (comb(3_000, false), comb(3_000, true));
        assert!(is_tractable(&[&a.shape], a.size, 0.0));
        assert!(!is_tractable(&[&a.shape, &b.shape], a.size + b.size, 0.0));
        assert!(!is_tractable(&[&a.shape], a.size, 2_000.0));
        let (a, b) = (comb(300, false), comb(300, true));
        assert!(is_tractable(&[&a.shape, &b.shape], a.size + b.size, 0.0));
        assert!(is_measurable(1, 500_000) && !is_measurable(500_000, 500_000));
    }
}
