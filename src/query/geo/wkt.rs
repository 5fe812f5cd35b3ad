//! `geo:wktLiteral`: an optional IRI of the reference system in angle brackets, then well-known text
//! ([GeoSPARQL 1.1 §8.5.1](https://docs.ogc.org/is/22-047r1/22-047r1.html), Simple Features Access §7). Reads all
//! simple features, `EMPTY`, heights and measures (which are left out); a mistake gives no geometry. Writes two dimensions.

use super::crs::Crs;
use super::geometry::{Geom, Kind, MAX_DEPTH, MAX_POSITIONS};
use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};
use std::fmt::Write as _;

/// Reads a literal; `None` when it is no well-known text, names a system not known here, or is too large or too deep.
pub(super) fn read(value: &str) -> Option<Geom> {
    let value = value.trim();
    let (crs, text) = match value.strip_prefix('<') {
        Some(rest) => {
            let (iri, text) = rest.split_once('>')?;
            (Crs::of_name(iri)?, text)
        }
        None => (Crs::Crs84, value),
    };
    if text.trim().is_empty() {
        // An empty literal is an empty geometry.
        return Some(Geom::new(crs, collection(Vec::new())));
    }
    let mut reader = Reader {
        text: text.as_bytes(),
        at: 0,
        positions: 0,
        swaps: crs.is_north_first(),
        has_z: false,
        has_m: false,
    };
    let (shape, kind) = reader.geometry(0)?;
    reader.blanks();
    if reader.at < reader.text.len() {
        return None;
    }
    Some(Geom::of_kind(crs, shape, kind).with_more(reader.has_z, reader.has_m))
}

fn collection(members: Vec<Geometry>) -> Geometry {
    Geometry::GeometryCollection(GeometryCollection(members))
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    positions: usize,
    /// Whether north is written first.
    swaps: bool,
    has_z: bool,
    has_m: bool,
}

impl<'a> Reader<'a> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> &'a [u8] {
        self.blanks();
        let start = self.at;
        while self.text.get(self.at).is_some_and(u8::is_ascii_alphabetic) {
            self.at += 1;
        }
        &self.text[start..self.at]
    }

    /// Takes a sign if it comes next.
    fn has(&mut self, sign: u8) -> bool {
        self.blanks();
        let found = self.text.get(self.at) == Some(&sign);
        self.at += usize::from(found);
        found
    }

    fn needs(&mut self, sign: u8) -> Option<()> {
        self.has(sign).then_some(())
    }

    fn is_empty_next(&mut self) -> bool {
        let start = self.at;
        if self.word().eq_ignore_ascii_case(b"EMPTY") {
            return true;
        }
        self.at = start;
        false
    }

    fn number(&mut self) -> Option<f64> {
        self.blanks();
        let start = self.at;
        while self
            .text
            .get(self.at)
            .is_some_and(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'))
        {
            self.at += 1;
        }
        let digits = std::str::from_utf8(&self.text[start..self.at]).ok()?;
        digits
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
    }

    fn position(&mut self) -> Option<Coord> {
        self.positions += 1;
        if self.positions > MAX_POSITIONS {
            return None;
        }
        let (first, second) = (self.number()?, self.number()?);
        let mut more = 0;
        loop {
            self.blanks();
            match self.text.get(self.at) {
                Some(b',' | b')') => break,
                _ if more < 2 => self.number()?,
                _ => return None,
            };
            more += 1;
        }
        self.has_z |= more > 0 && !(more == 1 && self.has_m && !self.has_z);
        self.has_m |= more > 1;
        Some(if self.swaps {
            Coord {
                x: second,
                y: first,
            }
        } else {
            Coord {
                x: first,
                y: second,
            }
        })
    }

    /// Members between brackets, or none when they are `EMPTY`.
    fn list<T>(&mut self, mut member: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        if self.is_empty_next() {
            return Some(Vec::new());
        }
        self.needs(b'(')?;
        let mut members = vec![member(self)?];
        while self.has(b',') {
            members.push(member(self)?);
        }
        self.needs(b')')?;
        Some(members)
    }

    fn line(&mut self) -> Option<LineString> {
        let positions = self.list(Self::position)?;
        (positions.len() != 1).then(|| LineString::new(positions))
    }

    fn ring(&mut self) -> Option<LineString> {
        ring(self.list(Self::position)?)
    }

    fn polygon(&mut self) -> Option<Polygon> {
        polygon(self.list(Self::ring)?)
    }

    fn member_point(&mut self) -> Option<Option<Point>> {
        if self.is_empty_next() {
            return Some(None);
        }
        let bracketed = self.has(b'(');
        let position = self.position()?;
        if bracketed {
            self.needs(b')')?;
        }
        Some(Some(position.into()))
    }

    fn geometry(&mut self, depth: usize) -> Option<(Geometry, Kind)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let word = self.word().to_ascii_uppercase();
        // `POINTZ(…)` is written as often as `POINT Z (…)`.
        let (name, glued): (&[u8], &[u8]) = match word.as_slice() {
            [name @ .., b'Z', b'M'] => (name, b"ZM"),
            [name @ .., b'Z'] => (name, b"Z"),
            [name @ .., b'M'] => (name, b"M"),
            name => (name, b""),
        };
        let start = self.at;
        let mut extra = glued.to_vec();
        if extra.is_empty() {
            extra = self.word().to_ascii_uppercase();
        }
        match extra.as_slice() {
            b"Z" => self.has_z = true,
            b"M" => self.has_m = true,
            b"ZM" => (self.has_z, self.has_m) = (true, true),
            _ => self.at = start,
        }
        Some(match name {
            b"POINT" => {
                let positions = self.list(Self::position)?;
                let shape = match positions.as_slice() {
                    [] => collection(Vec::new()),
                    [one] => Geometry::Point((*one).into()),
                    _ => return None,
                };
                (shape, Kind::Point)
            }
            b"LINESTRING" | b"LINEARRING" => (Geometry::LineString(self.line()?), Kind::LineString),
            b"POLYGON" | b"TRIANGLE" => (Geometry::Polygon(self.polygon()?), Kind::Polygon),
            b"MULTIPOINT" => {
                let points = self.list(Self::member_point)?;
                let points = MultiPoint(points.into_iter().flatten().collect());
                (Geometry::MultiPoint(points), Kind::MultiPoint)
            }
            b"MULTILINESTRING" => {
                let lines = self.list(Self::line)?.into_iter();
                let lines = MultiLineString(lines.filter(|line| !line.0.is_empty()).collect());
                (Geometry::MultiLineString(lines), Kind::MultiLineString)
            }
            b"MULTIPOLYGON" => {
                let polygons = self.list(Self::polygon)?.into_iter();
                let polygons = polygons.filter(|polygon| !polygon.exterior().0.is_empty());
                (
                    Geometry::MultiPolygon(MultiPolygon(polygons.collect())),
                    Kind::MultiPolygon,
                )
            }
            b"GEOMETRYCOLLECTION" => {
                let members = self.list(|reader| reader.geometry(depth + 1))?;
                let members = members.into_iter().map(|(shape, _)| shape);
                (collection(members.collect()), Kind::GeometryCollection)
            }
            _ => return None,
        })
    }
}

/// A ring of positions: none, or at least four of which the last is the first.
pub(super) fn ring(positions: Vec<Coord>) -> Option<LineString> {
    let is_ring =
        positions.is_empty() || positions.len() >= 4 && positions.first() == positions.last();
    is_ring.then(|| LineString::new(positions))
}

/// A polygon of rings, the outer one first.
pub(super) fn polygon(rings: Vec<LineString>) -> Option<Polygon> {
    let mut rings = rings.into_iter();
    let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    let holes: Vec<_> = rings.filter(|ring| !ring.0.is_empty()).collect();
    (!outer.0.is_empty() || holes.is_empty()).then(|| Polygon::new(outer, holes))
}

/// The literal of a geometry: its system named unless it is CRS84, and two coordinates a position.
pub(super) fn write(geometry: &Geom) -> String {
    let mut out = String::new();
    if geometry.crs != Crs::Crs84 {
        out.push('<');
        out.push_str(geometry.crs.iri());
        out.push_str("> ");
    }
    let writer = Writer {
        swaps: geometry.crs.is_north_first(),
    };
    if geometry.is_empty() {
        out.push_str(&geometry.kind.name().to_ascii_uppercase());
        out.push_str(" EMPTY");
    } else {
        writer.geometry(&mut out, &geometry.shape);
    }
    out
}

struct Writer {
    swaps: bool,
}

impl Writer {
    fn position(&self, out: &mut String, at: &Coord) {
        let (first, second) = if self.swaps {
            (at.y, at.x)
        } else {
            (at.x, at.y)
        };
        // Writing to a string never fails. Adding 0 makes -0 plain.
        let _ = write!(out, "{} {}", first + 0.0, second + 0.0);
    }

    fn list<T>(
        &self,
        out: &mut String,
        members: impl IntoIterator<Item = T>,
        mut member: impl FnMut(&mut String, T),
    ) {
        out.push('(');
        for (at, one) in members.into_iter().enumerate() {
            if at > 0 {
                out.push_str(", ");
            }
            member(out, one);
        }
        out.push(')');
    }

    fn line(&self, out: &mut String, line: &LineString) {
        self.list(out, &line.0, |out, at| self.position(out, at));
    }

    fn polygon(&self, out: &mut String, polygon: &Polygon) {
        let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
        self.list(out, rings, |out, ring| self.line(out, ring));
    }

    fn geometry(&self, out: &mut String, shape: &Geometry) {
        match shape {
            Geometry::Point(point) => {
                out.push_str("POINT");
                self.list(out, [point.0], |out, at| self.position(out, &at));
            }
            Geometry::Line(line) => {
                out.push_str("LINESTRING");
                self.list(out, [line.start, line.end], |out, at| {
                    self.position(out, &at);
                });
            }
            Geometry::LineString(line) => {
                out.push_str("LINESTRING");
                self.line(out, line);
            }
            Geometry::Polygon(polygon) => {
                out.push_str("POLYGON");
                self.polygon(out, polygon);
            }
            Geometry::Rect(rect) => self.geometry(out, &Geometry::Polygon(rect.to_polygon())),
            Geometry::Triangle(triangle) => {
                self.geometry(out, &Geometry::Polygon(triangle.to_polygon()));
            }
            Geometry::MultiPoint(points) => {
                out.push_str("MULTIPOINT");
                self.list(out, points, |out, point| {
                    self.list(out, [point.0], |out, at| self.position(out, &at));
                });
            }
            Geometry::MultiLineString(lines) => {
                out.push_str("MULTILINESTRING");
                self.list(out, lines, |out, line| self.line(out, line));
            }
            Geometry::MultiPolygon(polygons) => {
                out.push_str("MULTIPOLYGON");
                self.list(out, polygons, |out, polygon| self.polygon(out, polygon));
            }
            Geometry::GeometryCollection(members) if members.0.is_empty() => {
                out.push_str("GEOMETRYCOLLECTION EMPTY");
            }
            Geometry::GeometryCollection(members) => {
                out.push_str("GEOMETRYCOLLECTION");
                self.list(out, members, |out, member| self.geometry(out, member));
            }
        }
    }
}
