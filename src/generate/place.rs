//! Where things lie: whole centimetres in Lambert 72 (EPSG:31370), so that every machine writes the same digits.
//! No real place is copied; only the bounds of Flanders are kept.

use std::fmt;

/// A point, in centimetres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) x: i64,
    pub(crate) y: i64,
}

/// A direction with a whole-number length: `across² + up² = length²`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direction {
    across: i64,
    up: i64,
    length: i64,
}

/// Directions a street can take.
pub(crate) const DIRECTIONS: [Direction; 8] = [
    direction(1, 0, 1),
    direction(3, 4, 5),
    direction(12, 5, 13),
    direction(8, 15, 17),
    direction(0, 1, 1),
    direction(-3, 4, 5),
    direction(-12, 5, 13),
    direction(20, 21, 29),
];

const fn direction(across: i64, up: i64, length: i64) -> Direction {
    Direction { across, up, length }
}

impl Point {
    /// The point `along` centimetres in a direction and `aside` centimetres to its left.
    pub(crate) fn walk(self, direction: Direction, along: i64, aside: i64) -> Self {
        Self {
            x: self.x + (along * direction.across - aside * direction.up) / direction.length,
            y: self.y + (along * direction.up + aside * direction.across) / direction.length,
        }
    }
}

/// The four corners of a rectangle around `centre`, with the first repeated at the end.
pub(crate) fn rectangle(centre: Point, direction: Direction, width: i64, depth: i64) -> [Point; 5] {
    let corner = |a: i64, b: i64| centre.walk(direction, a * width / 2, b * depth / 2);
    let first = corner(-1, -1);
    [first, corner(1, -1), corner(1, 1), corner(-1, 1), first]
}

/// Metres with two decimals, as the registers write them.
struct Metres(i64);

impl fmt::Display for Metres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// `POINT(x y)` with its coordinate system.
pub(crate) fn point_wkt(point: Point) -> String {
    format!("<{CRS}> POINT({} {})", Metres(point.x), Metres(point.y))
}

/// A GML point.
pub(crate) fn point_gml(point: Point) -> String {
    format!(
        "<gml:Point srsName=\"{CRS}\" xmlns:gml=\"{GML}\"><gml:pos>{} {}</gml:pos></gml:Point>",
        Metres(point.x),
        Metres(point.y)
    )
}

/// `POLYGON((…))` with its coordinate system.
pub(crate) fn polygon_wkt(ring: &[Point]) -> String {
    let points: Vec<String> = ring
        .iter()
        .map(|p| format!("{} {}", Metres(p.x), Metres(p.y)))
        .collect();
    format!("<{CRS}> POLYGON(({}))", points.join(", "))
}

/// A GML polygon.
pub(crate) fn polygon_gml(ring: &[Point]) -> String {
    let points: Vec<String> = ring
        .iter()
        .map(|p| format!("{} {}", Metres(p.x), Metres(p.y)))
        .collect();
    format!(
        "<gml:Polygon srsName=\"{CRS}\" xmlns:gml=\"{GML}\"><gml:exterior><gml:LinearRing><gml:posList>{}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon>",
        points.join(" ")
    )
}

const CRS: &str = "http://www.opengis.net/def/crs/EPSG/0/31370";
const GML: &str = "http://www.opengis.net/gml/3.2";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directions_have_whole_lengths() {
        for d in DIRECTIONS {
            assert_eq!(d.across * d.across + d.up * d.up, d.length * d.length);
        }
    }

    #[test]
    fn writes_centimetres_as_metres() {
        let point = Point {
            x: 10_471_907,
            y: 19_238_700,
        };
        assert_eq!(
            point_wkt(point),
            format!("<{CRS}> POINT(104719.07 192387.00)")
        );
    }

    #[test]
    fn rectangles_close() {
        let ring = rectangle(Point { x: 0, y: 0 }, DIRECTIONS[1], 1000, 2000);
        assert_eq!(ring[0], ring[4]);
    }
}
