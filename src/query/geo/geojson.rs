//! `geo:geoJSONLiteral`: a geometry object of [RFC 7946 §3.1](https://www.rfc-editor.org/rfc/rfc7946#section-3.1), always
//! in CRS84. Reads and writes geometries only; features and bounding boxes are not geometries.

use super::crs::Crs;
use super::geometry::{Geom, Kind, MAX_DEPTH, MAX_POSITIONS};
use super::wkt::{polygon, ring};
use geo::{
    Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon,
    Point, Polygon,
};
use serde_json::{Value, json};

/// Reads a literal; `None` when it is no geometry object or is out of bounds.
pub(super) fn read(value: &str) -> Option<Geom> {
    if value.trim().is_empty() {
        let none = Geometry::GeometryCollection(GeometryCollection(Vec::new()));
        return Some(Geom::new(Crs::Crs84, none));
    }
    let object: Value = serde_json::from_str(value).ok()?;
    let mut reader = Reader::default();
    let (shape, kind) = reader.geometry(&object, 0)?;
    Some(Geom::of_kind(Crs::Crs84, shape, kind).with_more(reader.has_z, false))
}

#[derive(Default)]
struct Reader {
    positions: usize,
    has_z: bool,
}

impl Reader {
    fn position(&mut self, value: &Value) -> Option<Coord> {
        self.positions += 1;
        if self.positions > MAX_POSITIONS {
            return None;
        }
        let numbers = value.as_array()?;
        self.has_z |= numbers.len() > 2;
        let number = |at: usize| numbers.get(at)?.as_f64().filter(|n| n.is_finite());
        Some(Coord {
            x: number(0)?,
            y: number(1)?,
        })
    }

    fn list<T>(
        &mut self,
        value: &Value,
        mut member: impl FnMut(&mut Self, &Value) -> Option<T>,
    ) -> Option<Vec<T>> {
        let members = value.as_array()?.iter();
        members.map(|value| member(self, value)).collect()
    }

    fn line(&mut self, value: &Value) -> Option<LineString> {
        let positions = self.list(value, Self::position)?;
        (positions.len() != 1).then(|| LineString::new(positions))
    }

    fn polygon(&mut self, value: &Value) -> Option<Polygon> {
        polygon(self.list(value, |reader, value| {
            ring(reader.list(value, Self::position)?)
        })?)
    }

    fn geometry(&mut self, object: &Value, depth: usize) -> Option<(Geometry, Kind)> {
        if depth > MAX_DEPTH {
            return None;
        }
        let coordinates = object.get("coordinates");
        Some(match object.get("type")?.as_str()? {
            "Point" => {
                let coordinates = coordinates?;
                let shape = if coordinates.as_array()?.is_empty() {
                    Geometry::GeometryCollection(GeometryCollection(Vec::new()))
                } else {
                    Geometry::Point(self.position(coordinates)?.into())
                };
                (shape, Kind::Point)
            }
            "LineString" => (
                Geometry::LineString(self.line(coordinates?)?),
                Kind::LineString,
            ),
            "Polygon" => (
                Geometry::Polygon(self.polygon(coordinates?)?),
                Kind::Polygon,
            ),
            "MultiPoint" => {
                let points = self.list(coordinates?, |r, v| r.position(v).map(Point::from))?;
                (Geometry::MultiPoint(MultiPoint(points)), Kind::MultiPoint)
            }
            "MultiLineString" => {
                let mut lines = self.list(coordinates?, Self::line)?;
                lines.retain(|line| !line.0.is_empty());
                (
                    Geometry::MultiLineString(MultiLineString(lines)),
                    Kind::MultiLineString,
                )
            }
            "MultiPolygon" => {
                let mut polygons = self.list(coordinates?, Self::polygon)?;
                polygons.retain(|polygon| !polygon.exterior().0.is_empty());
                (
                    Geometry::MultiPolygon(MultiPolygon(polygons)),
                    Kind::MultiPolygon,
                )
            }
            "GeometryCollection" => {
                let members = self.list(object.get("geometries")?, |reader, member| {
                    Some(reader.geometry(member, depth + 1)?.0)
                })?;
                (
                    Geometry::GeometryCollection(GeometryCollection(members)),
                    Kind::GeometryCollection,
                )
            }
            _ => return None,
        })
    }
}

/// The literal of a geometry that is in CRS84 or a system with the same coordinates.
pub(super) fn write(geometry: &Geom) -> String {
    let object = if geometry.is_empty() && geometry.kind != Kind::GeometryCollection {
        json!({"type": geometry.kind.name(), "coordinates": []})
    } else {
        object(&geometry.shape)
    };
    object.to_string()
}

fn position(at: &Coord) -> Value {
    json!([at.x + 0.0, at.y + 0.0])
}

fn line(line: &LineString) -> Value {
    line.0.iter().map(position).collect()
}

fn rings(polygon: &Polygon) -> Value {
    let rings = std::iter::once(polygon.exterior()).chain(polygon.interiors());
    rings.map(line).collect()
}

fn object(shape: &Geometry) -> Value {
    let (name, coordinates): (&str, Value) = match shape {
        Geometry::Point(point) => ("Point", position(&point.0)),
        Geometry::Line(edge) => (
            "LineString",
            [edge.start, edge.end].iter().map(position).collect(),
        ),
        Geometry::LineString(one) => ("LineString", line(one)),
        Geometry::Polygon(polygon) => ("Polygon", rings(polygon)),
        Geometry::Rect(rect) => ("Polygon", rings(&rect.to_polygon())),
        Geometry::Triangle(triangle) => ("Polygon", rings(&triangle.to_polygon())),
        Geometry::MultiPoint(points) => (
            "MultiPoint",
            points.iter().map(|point| position(&point.0)).collect(),
        ),
        Geometry::MultiLineString(lines) => ("MultiLineString", lines.iter().map(line).collect()),
        Geometry::MultiPolygon(polygons) => ("MultiPolygon", polygons.iter().map(rings).collect()),
        Geometry::GeometryCollection(members) => {
            let members: Value = members.iter().map(object).collect();
            return json!({"type": "GeometryCollection", "geometries": members});
        }
    };
    json!({"type": name, "coordinates": coordinates})
}
