//! `geo:gmlLiteral`: the simple features of GML 3.2 (OGC 07-036), and of older versions what the field still sends.
//! Reads points, lines, polygons, their collections, curves of straight segments, surfaces of flat patches and envelopes,
//! with `pos`, `posList`, `coordinates` and corners; refuses arcs, document types and references to elsewhere. Writes GML
//! 3.2 in two dimensions.

use super::crs::Crs;
use super::geometry::{Geom, Kind, MAX_DEPTH, MAX_POSITIONS};
use super::wkt::{polygon, ring};
use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};
use quick_xml::Reader as XmlReader;
use quick_xml::events::{BytesStart, Event};
use std::fmt::Write as _;

/// Elements of a literal.
const MAX_ELEMENTS: usize = 200_000;
/// How deep elements may be nested: a collection takes two levels, a polygon four.
const MAX_NESTING: usize = 2 * MAX_DEPTH + 8;

/// Reads a literal; `None` when it is no GML, names a system not known here, or is too large or too deep. Without
/// `srsName` it is in CRS84.
pub(super) fn read(value: &str) -> Option<Geom> {
    if value.trim().is_empty() {
        let none = Geometry::GeometryCollection(GeometryCollection(Vec::new()));
        return Some(Geom::new(Crs::Crs84, none));
    }
    let root = tree(value)?;
    let crs = match root.system() {
        Some(name) => Crs::of_name(name.trim())?,
        None => Crs::Crs84,
    };
    let mut reader = Reader {
        crs,
        positions: 0,
        has_z: false,
    };
    let (shape, kind) = reader.geometry(&root, 2)?;
    Some(Geom::of_kind(crs, shape, kind).with_more(reader.has_z, false))
}

/// An element: local name, the attributes that count, text, children.
#[derive(Default)]
struct Element {
    name: String,
    system: Option<String>,
    dimension: Option<usize>,
    text: String,
    children: Vec<Element>,
}

impl Element {
    /// The system named here, or else by a child: some name it on the positions only.
    fn system(&self) -> Option<&str> {
        let own = self.system.as_deref();
        own.or_else(|| self.children.iter().find_map(Self::system))
    }

    fn child(&self, names: &[&str]) -> Option<&Self> {
        self.children
            .iter()
            .find(|child| names.contains(&child.name.as_str()))
    }
}

fn tree(text: &str) -> Option<Element> {
    let mut xml = XmlReader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut elements = 0;
    loop {
        let closed = match xml.read_event().ok()? {
            Event::Start(tag) => {
                elements += 1;
                if elements > MAX_ELEMENTS || open.len() >= MAX_NESTING || root.is_some() {
                    return None;
                }
                open.push(element(&tag)?);
                continue;
            }
            Event::Empty(tag) => {
                elements += 1;
                if elements > MAX_ELEMENTS || root.is_some() {
                    return None;
                }
                element(&tag)?
            }
            Event::End(_) => open.pop()?,
            Event::Text(text) => {
                let text = text.unescape().ok()?;
                match open.last_mut() {
                    Some(element) => element.text.push_str(&text),
                    None if text.trim().is_empty() => {}
                    None => return None,
                }
                continue;
            }
            Event::CData(text) => {
                let text = std::str::from_utf8(&text).ok()?;
                open.last_mut()?.text.push_str(text);
                continue;
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            Event::DocType(_) => return None,
            Event::Eof => break,
        };
        match open.last_mut() {
            Some(parent) => parent.children.push(closed),
            None => root = Some(closed),
        }
    }
    root.filter(|_| open.is_empty())
}

fn element(tag: &BytesStart<'_>) -> Option<Element> {
    let mut element = Element {
        name: std::str::from_utf8(tag.local_name().as_ref())
            .ok()?
            .to_owned(),
        ..Element::default()
    };
    for attribute in tag.attributes() {
        let attribute = attribute.ok()?;
        match attribute.key.local_name().as_ref() {
            b"srsName" => element.system = Some(attribute.unescape_value().ok()?.into_owned()),
            b"srsDimension" | b"dimension" => {
                element.dimension = Some(attribute.unescape_value().ok()?.trim().parse().ok()?);
            }
            // What lies elsewhere is not fetched.
            b"href" => return None,
            _ => {}
        }
    }
    Some(element)
}

struct Reader {
    crs: Crs,
    positions: usize,
    has_z: bool,
}

impl Reader {
    fn positions_of(&mut self, numbers: &[f64], dimension: usize) -> Option<Vec<Coord>> {
        if !(2..=3).contains(&dimension) || !numbers.len().is_multiple_of(dimension) {
            return None;
        }
        self.positions += numbers.len() / dimension;
        if self.positions > MAX_POSITIONS {
            return None;
        }
        self.has_z |= dimension > 2 && !numbers.is_empty();
        let swaps = self.crs.is_north_first();
        let position = |numbers: &[f64]| {
            let (x, y) = if swaps {
                (numbers[1], numbers[0])
            } else {
                (numbers[0], numbers[1])
            };
            Coord { x, y }
        };
        Some(numbers.chunks_exact(dimension).map(position).collect())
    }

    /// The positions written in an element: `posList`, `pos`, `coordinates`, `pointProperty`.
    fn coordinates(&mut self, element: &Element) -> Option<Vec<Coord>> {
        let mut all = Vec::new();
        for child in &element.children {
            let dimension = child.dimension.or(element.dimension);
            match child.name.as_str() {
                "pos" | "lowerCorner" | "upperCorner" => {
                    let numbers = numbers(&child.text)?;
                    let one = self.positions_of(&numbers, numbers.len())?;
                    if one.len() != 1 {
                        return None;
                    }
                    all.extend(one);
                }
                "posList" => {
                    let numbers = numbers(&child.text)?;
                    all.extend(self.positions_of(&numbers, dimension.unwrap_or(2))?);
                }
                "coordinates" => {
                    for tuple in child.text.split_ascii_whitespace() {
                        let tuple = numbers(&tuple.replace(',', " "))?;
                        all.extend(self.positions_of(&tuple, tuple.len())?);
                    }
                }
                "pointProperty" | "pointRep" => {
                    all.extend(self.coordinates(child.child(&["Point"])?)?);
                }
                _ => {}
            }
        }
        Some(all)
    }

    fn line(&mut self, element: &Element) -> Option<LineString> {
        let positions = self.coordinates(element)?;
        (positions.len() != 1).then(|| LineString::new(positions))
    }

    /// Straight segments, each of which starts where the one before ends.
    fn curve(&mut self, element: &Element) -> Option<LineString> {
        let mut positions: Vec<Coord> = Vec::new();
        let Some(segments) = element.child(&["segments"]) else {
            return Some(LineString::new(positions));
        };
        for segment in &segments.children {
            if segment.name != "LineStringSegment" {
                return None;
            }
            let next = self.coordinates(segment)?;
            let skip = usize::from(!positions.is_empty() && positions.last() == next.first());
            positions.extend(next.into_iter().skip(skip));
        }
        (positions.len() != 1).then(|| LineString::new(positions))
    }

    fn ring(&mut self, boundary: &Element) -> Option<LineString> {
        let inner = boundary.child(&["LinearRing", "Ring"])?;
        if inner.name == "LinearRing" {
            return ring(self.coordinates(inner)?);
        }
        let mut positions: Vec<Coord> = Vec::new();
        for member in &inner.children {
            let curve = member.children.first()?;
            let next = match curve.name.as_str() {
                "LineString" => self.line(curve)?,
                "Curve" => self.curve(curve)?,
                _ => return None,
            };
            let skip = usize::from(!positions.is_empty() && positions.last() == next.0.first());
            positions.extend(next.0.into_iter().skip(skip));
        }
        ring(positions)
    }

    fn polygon(&mut self, element: &Element) -> Option<Polygon> {
        let mut outer = Vec::new();
        let mut holes = Vec::new();
        for child in &element.children {
            match child.name.as_str() {
                "exterior" | "outerBoundaryIs" => outer.push(self.ring(child)?),
                "interior" | "innerBoundaryIs" => holes.push(self.ring(child)?),
                _ => {}
            }
        }
        if outer.len() > 1 || outer.is_empty() && !holes.is_empty() {
            return None;
        }
        outer.extend(holes);
        polygon(outer)
    }

    fn geometry(&mut self, element: &Element, depth: usize) -> Option<(Geometry, Kind)> {
        if depth > 2 + MAX_DEPTH {
            return None;
        }
        Some(match element.name.as_str() {
            "Point" => match self.coordinates(element)?.as_slice() {
                [] => (none(), Kind::Point),
                [one] => (Geometry::Point((*one).into()), Kind::Point),
                _ => return None,
            },
            "LineString" | "LinearRing" => {
                (Geometry::LineString(self.line(element)?), Kind::LineString)
            }
            "Curve" => (Geometry::LineString(self.curve(element)?), Kind::LineString),
            "Polygon" | "PolygonPatch" | "Rectangle" => {
                (Geometry::Polygon(self.polygon(element)?), Kind::Polygon)
            }
            "Surface" => {
                let mut patches = Vec::new();
                if let Some(list) = element.child(&["patches", "polygonPatches"]) {
                    for patch in &list.children {
                        if patch.name != "PolygonPatch" && patch.name != "Rectangle" {
                            return None;
                        }
                        patches.push(self.polygon(patch)?);
                    }
                }
                match <[Polygon; 1]>::try_from(patches) {
                    Ok([one]) => (Geometry::Polygon(one), Kind::Polygon),
                    Err(patches) => areas(patches, Kind::Polygon),
                }
            }
            "Envelope" | "Box" => match self.coordinates(element)?.as_slice() {
                [] => (none(), Kind::Polygon),
                [low, high] => (
                    Geometry::Polygon(geo::Rect::new(*low, *high).to_polygon()),
                    Kind::Polygon,
                ),
                _ => return None,
            },
            "MultiPoint" => {
                let mut points: Vec<Point> = Vec::new();
                for member in self.members(element, depth)? {
                    match member {
                        Geometry::Point(point) => points.push(point),
                        other if is_none(&other) => {}
                        _ => return None,
                    }
                }
                (Geometry::MultiPoint(MultiPoint(points)), Kind::MultiPoint)
            }
            "MultiCurve" | "MultiLineString" => {
                let mut lines = Vec::new();
                for member in self.members(element, depth)? {
                    match member {
                        Geometry::LineString(line) if line.0.is_empty() => {}
                        Geometry::LineString(line) => lines.push(line),
                        _ => return None,
                    }
                }
                (
                    Geometry::MultiLineString(MultiLineString(lines)),
                    Kind::MultiLineString,
                )
            }
            "MultiSurface" | "MultiPolygon" => {
                let mut polygons = Vec::new();
                for member in self.members(element, depth)? {
                    match member {
                        Geometry::Polygon(polygon) if polygon.exterior().0.is_empty() => {}
                        Geometry::Polygon(polygon) => polygons.push(polygon),
                        Geometry::MultiPolygon(more) => polygons.extend(more),
                        _ => return None,
                    }
                }
                areas(polygons, Kind::MultiPolygon)
            }
            "MultiGeometry" | "GeometryCollection" => {
                let members = self.members(element, depth)?;
                (
                    Geometry::GeometryCollection(GeometryCollection(members)),
                    Kind::GeometryCollection,
                )
            }
            _ => return None,
        })
    }

    /// The geometries in `…Member` and `…Members`.
    fn members(&mut self, element: &Element, depth: usize) -> Option<Vec<Geometry>> {
        let mut members = Vec::new();
        for property in &element.children {
            if property.name.ends_with("Member") || property.name.ends_with("Members") {
                for member in &property.children {
                    // Coordinates of a member count in the system of the whole.
                    if let Some(name) = member.system()
                        && Crs::of_name(name.trim()) != Some(self.crs)
                    {
                        return None;
                    }
                    members.push(self.geometry(member, depth + 1)?.0);
                }
            }
        }
        Some(members)
    }
}

fn none() -> Geometry {
    Geometry::GeometryCollection(GeometryCollection(Vec::new()))
}

fn is_none(shape: &Geometry) -> bool {
    matches!(shape, Geometry::GeometryCollection(members) if members.0.is_empty())
}

fn areas(polygons: Vec<Polygon>, kind: Kind) -> (Geometry, Kind) {
    (Geometry::MultiPolygon(MultiPolygon(polygons)), kind)
}

fn numbers(text: &str) -> Option<Vec<f64>> {
    text.split_ascii_whitespace()
        .map(|number| {
            number
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
        })
        .collect()
}

/// The literal of a geometry, its system always named.
pub(super) fn write(geometry: &Geom) -> String {
    let mut out = String::new();
    let root = format!(
        " srsName=\"{}\" xmlns:gml=\"http://www.opengis.net/gml/3.2\"",
        geometry.crs.iri()
    );
    if geometry.is_empty() {
        let name = match geometry.kind {
            Kind::MultiLineString => "MultiCurve",
            Kind::MultiPolygon => "MultiSurface",
            Kind::GeometryCollection => "MultiGeometry",
            kind => kind.name(),
        };
        let _ = write!(out, "<gml:{name}{root}/>");
    } else {
        let writer = Writer {
            swaps: geometry.crs.is_north_first(),
        };
        writer.geometry(&mut out, &geometry.shape, &root);
    }
    out
}

struct Writer {
    swaps: bool,
}

impl Writer {
    fn positions<'a>(&self, out: &mut String, positions: impl IntoIterator<Item = &'a Coord>) {
        for (number, at) in positions.into_iter().enumerate() {
            let (first, second) = if self.swaps {
                (at.y, at.x)
            } else {
                (at.x, at.y)
            };
            let gap = if number > 0 { " " } else { "" };
            // Writing to a string never fails. Adding 0 makes -0 plain.
            let _ = write!(out, "{gap}{} {}", first + 0.0, second + 0.0);
        }
    }

    fn line(&self, out: &mut String, line: &LineString) {
        out.push_str("<gml:posList>");
        self.positions(out, &line.0);
        out.push_str("</gml:posList>");
    }

    fn polygon(&self, out: &mut String, polygon: &Polygon) {
        let outer = [("exterior", polygon.exterior())];
        let holes = polygon.interiors().iter().map(|ring| ("interior", ring));
        for (name, ring) in outer.into_iter().chain(holes) {
            let _ = write!(out, "<gml:{name}><gml:LinearRing>");
            self.line(out, ring);
            let _ = write!(out, "</gml:LinearRing></gml:{name}>");
        }
    }

    fn members(
        &self,
        out: &mut String,
        property: &str,
        members: impl IntoIterator<Item = Geometry>,
    ) {
        for member in members {
            let _ = write!(out, "<gml:{property}>");
            self.geometry(out, &member, "");
            let _ = write!(out, "</gml:{property}>");
        }
    }

    fn geometry(&self, out: &mut String, shape: &Geometry, attributes: &str) {
        let name = match shape {
            Geometry::Point(_) => "Point",
            Geometry::Line(_) | Geometry::LineString(_) => "LineString",
            Geometry::Polygon(_) | Geometry::Rect(_) | Geometry::Triangle(_) => "Polygon",
            Geometry::MultiPoint(_) => "MultiPoint",
            Geometry::MultiLineString(_) => "MultiCurve",
            Geometry::MultiPolygon(_) => "MultiSurface",
            Geometry::GeometryCollection(_) => "MultiGeometry",
        };
        let _ = write!(out, "<gml:{name}{attributes}>");
        match shape {
            Geometry::Point(point) => {
                out.push_str("<gml:pos>");
                self.positions(out, [&point.0]);
                out.push_str("</gml:pos>");
            }
            Geometry::Line(edge) => self.line(out, &LineString::from(*edge)),
            Geometry::LineString(line) => self.line(out, line),
            Geometry::Polygon(polygon) => self.polygon(out, polygon),
            Geometry::Rect(rect) => self.polygon(out, &rect.to_polygon()),
            Geometry::Triangle(triangle) => self.polygon(out, &triangle.to_polygon()),
            Geometry::MultiPoint(points) => {
                self.members(
                    out,
                    "pointMember",
                    points.iter().copied().map(Geometry::Point),
                );
            }
            Geometry::MultiLineString(lines) => {
                let lines = lines.iter().cloned().map(Geometry::LineString);
                self.members(out, "curveMember", lines);
            }
            Geometry::MultiPolygon(polygons) => {
                let polygons = polygons.iter().cloned().map(Geometry::Polygon);
                self.members(out, "surfaceMember", polygons);
            }
            Geometry::GeometryCollection(members) => {
                self.members(out, "geometryMember", members.iter().cloned());
            }
        }
        let _ = write!(out, "</gml:{name}>");
    }
}
