//! How two geometries lie to each other: the nine intersections of interiors, boundaries and exteriors (DE-9IM), and the
//! three families of relations defined on them ([GeoSPARQL 1.1 §9](https://docs.ogc.org/is/22-047r1/22-047r1.html)).

use super::cost;
use super::geometry::{Bounds, Geom};
use geo::coordinate_position::CoordPos;
use geo::dimensions::{Dimensions, HasDimensions as _};
use geo::{Contains as _, CoordsIter as _, Geometry, Intersects as _, Relate as _};

/// Up to so many pairs of positions, looking at all pairs is faster than building a graph of both geometries.
const FEW_PAIRS: usize = 1 << 20;

/// A relation of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equals,
    Disjoint,
    Intersects,
    Touches,
    Crosses,
    Within,
    Contains,
    Overlaps,
    /// One of these patterns.
    Patterns(&'static [&'static str]),
}

/// The dimension of each of the nine intersections, row by row, as the characters `F`, `0`, `1`, `2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Matrix([u8; 9]);

impl Matrix {
    /// Of two geometries in the same system; `None` when they are too much for it.
    pub(super) fn of(a: &Geom, b: &Geom) -> Option<Self> {
        if !meet(a.bounds, b.bounds) {
            return Some(Self::apart(a, b));
        }
        if let Some(matrix) = Self::by_place(a, b) {
            return Some(matrix);
        }
        let is_tractable = a.size.saturating_mul(b.size) <= FEW_PAIRS
            || cost::is_tractable(&[&a.shape, &b.shape], a.size + b.size, 0.0);
        if !is_tractable || !a.is_plain() || !b.is_plain() {
            return None;
        }
        let found = match (a.aids(), b.aids()) {
            (Some(a), Some(b)) => a.prepared.relate(&b.prepared),
            (Some(a), None) => a.prepared.relate(&b.shape),
            (None, Some(b)) => a.shape.relate(&b.prepared),
            (None, None) => a.shape.relate(&b.shape),
        };
        let places = [CoordPos::Inside, CoordPos::OnBoundary, CoordPos::Outside];
        let mut cells = [b'F'; 9];
        for (row, own) in places.into_iter().enumerate() {
            for (column, other) in places.into_iter().enumerate() {
                cells[row * 3 + column] = character(found.get(own, other));
            }
        }
        Some(Self(cells))
    }

    /// Of an area and something that no edge of it is near: that lies inside or outside, as any position of it does.
    fn by_place(a: &Geom, b: &Geom) -> Option<Self> {
        if let Some(is_inside) = lies_inside(a, b) {
            return Some(if is_inside {
                let (inside, boundary) = Self::dimensions(b);
                Self([inside, boundary, b'2', b'F', b'F', b'1', b'F', b'F', b'2'])
            } else {
                Self::apart(a, b)
            });
        }
        let is_inside = lies_inside(b, a)?;
        Some(if is_inside {
            let (inside, boundary) = Self::dimensions(a);
            Self([inside, b'F', b'F', boundary, b'F', b'F', b'2', b'1', b'2'])
        } else {
            Self::apart(a, b)
        })
    }

    fn dimensions(geometry: &Geom) -> (u8, u8) {
        (
            character(geometry.shape.dimensions()),
            character(geometry.shape.boundary_dimensions()),
        )
    }

    /// Of two geometries without a common position.
    fn apart(a: &Geom, b: &Geom) -> Self {
        let (inside, boundary) = Self::dimensions(a);
        let (other_inside, other_boundary) = Self::dimensions(b);
        Self([
            b'F',
            b'F',
            inside,
            b'F',
            b'F',
            boundary,
            other_inside,
            other_boundary,
            b'2',
        ])
    }

    /// Whether it fits a pattern of nine characters: `T`, `F`, `0`, `1`, `2` or `*`. `None` for what is no pattern.
    pub(super) fn fits(self, pattern: &str) -> Option<bool> {
        let pattern: &[u8; 9] = pattern.as_bytes().try_into().ok()?;
        let mut fits = true;
        for (cell, wanted) in self.0.iter().zip(pattern) {
            fits &= match wanted.to_ascii_uppercase() {
                b'*' => true,
                b'T' => *cell != b'F',
                wanted @ (b'F' | b'0' | b'1' | b'2') => *cell == wanted,
                _ => return None,
            };
        }
        Some(fits)
    }

    fn is(self, pattern: &str) -> bool {
        self.fits(pattern) == Some(true)
    }
}

fn character(dimensions: Dimensions) -> u8 {
    match dimensions {
        Dimensions::Empty => b'F',
        Dimensions::ZeroDimensional => b'0',
        Dimensions::OneDimensional => b'1',
        Dimensions::TwoDimensional => b'2',
    }
}

fn meet(a: Option<Bounds>, b: Option<Bounds>) -> bool {
    matches!((a, b), (Some(a), Some(b)) if a.meets(&b))
}

/// Whether a geometry lies in the interior of an area or wholly outside; `None` when an edge of the area is near, or when
/// there is no quick way to tell.
fn lies_inside(area: &Geom, other: &Geom) -> Option<bool> {
    let is_area = matches!(area.shape, Geometry::Polygon(_) | Geometry::MultiPolygon(_));
    if !is_area || other.size >= area.size {
        return None;
    }
    if area.aids()?.edges.count(&other.bounds?, 1) > 0 {
        return None;
    }
    let position = other.shape.coords_iter().next()?;
    Some(area.shape.intersects(&position))
}

/// Dimension of a geometry: 0, 1 or 2; `None` when it is empty.
pub(super) fn dimension(geometry: &Geom) -> Option<u8> {
    match geometry.shape.dimensions() {
        Dimensions::Empty => None,
        Dimensions::ZeroDimensional => Some(0),
        Dimensions::OneDimensional => Some(1),
        Dimensions::TwoDimensional => Some(2),
    }
}

/// Whether two geometries in the same system have a position in common.
fn intersect(a: &Geom, b: &Geom) -> Option<bool> {
    if !meet(a.bounds, b.bounds) {
        return Some(false);
    }
    if let Some(is_inside) = lies_inside(a, b).or_else(|| lies_inside(b, a)) {
        return Some(is_inside);
    }
    if a.size.saturating_mul(b.size) <= FEW_PAIRS {
        return Some(a.shape.intersects(&b.shape));
    }
    Some(!Matrix::of(a, b)?.is("FF*FF****"))
}

/// Whether a relation holds between two geometries in the same system; `None` when they are too much for it.
pub(super) fn holds(relation: Relation, a: &Geom, b: &Geom) -> Option<bool> {
    Some(match relation {
        Relation::Intersects => intersect(a, b)?,
        Relation::Disjoint => !intersect(a, b)?,
        Relation::Within => contains(b, a)?,
        Relation::Contains => contains(a, b)?,
        Relation::Equals if a.is_empty() && b.is_empty() => true,
        Relation::Patterns(patterns) => {
            let matrix = Matrix::of(a, b)?;
            patterns.iter().any(|pattern| matrix.is(pattern))
        }
        // What follows needs a common position.
        _ if !meet(a.bounds, b.bounds) => false,
        Relation::Equals => a.bounds == b.bounds && Matrix::of(a, b)?.is("T*F**FFF*"),
        Relation::Touches => {
            let matrix = Matrix::of(a, b)?;
            ["FT*******", "F**T*****", "F***T****"]
                .iter()
                .any(|pattern| matrix.is(pattern))
        }
        Relation::Crosses => {
            let matrix = Matrix::of(a, b)?;
            match (dimension(a), dimension(b)) {
                (Some(a), Some(b)) if a < b => matrix.is("T*T******"),
                (Some(a), Some(b)) if a > b => matrix.is("T*****T**"),
                (Some(1), Some(1)) => matrix.is("0********"),
                _ => false,
            }
        }
        Relation::Overlaps => {
            let matrix = Matrix::of(a, b)?;
            match (dimension(a), dimension(b)) {
                (Some(1), Some(1)) => matrix.is("1*T***T**"),
                (Some(a), Some(b)) if a == b => matrix.is("T*T***T**"),
                _ => false,
            }
        }
    })
}

/// Whether all of `b` lies in `a`, and not on its boundary alone.
fn contains(a: &Geom, b: &Geom) -> Option<bool> {
    let (Some(outer), Some(inner)) = (a.bounds, b.bounds) else {
        return Some(false);
    };
    // The bounds of what is inside lie inside; floating point makes no exception for copied numbers.
    if outer.with(&inner) != outer {
        return Some(false);
    }
    if let Some(is_inside) = lies_inside(a, b) {
        return Some(is_inside);
    }
    Some(match (&a.shape, &b.shape) {
        (Geometry::Polygon(area), Geometry::Point(point)) => area.contains(point),
        (Geometry::MultiPolygon(areas), Geometry::Point(point)) => areas.contains(point),
        _ => Matrix::of(a, b)?.is("T*****FF*"),
    })
}
