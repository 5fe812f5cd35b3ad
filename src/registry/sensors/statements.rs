//! Statements out of the properties of an entity, and what is read back of them. Whether a property will do is judged in
//! `fields`; links between entities are made in `work`.

use super::Kind;
use super::fields::{is_reckoned, kind_of_type};
use super::names::{DCT, DEFINED_BY, GEO, HAS_UNIT, JSON, LABEL, LOCN, OWN, SOSA, TYPES, UNIT};
use crate::observations::{self, Series};
use crate::rdf::vocab::rdf;
use crate::store::{Id, View};
use oxrdf::{Literal, NamedNode, Term, Triple};
use serde_json::{Map, Value as Json};

/// Whether a text is an absolute IRI.
pub fn is_iri(text: &str) -> bool {
    text.len() <= 2_000 && NamedNode::new(text).is_ok()
}

/// Predicates of the properties of entities: what a change of properties takes away.
pub(super) const OF_PROPERTIES: [&str; 11] = [
    "http://www.w3.org/2000/01/rdf-schema#label",
    "http://purl.org/dc/terms/title",
    "http://purl.org/dc/terms/description",
    "http://purl.org/dc/terms/format",
    "http://purl.org/dc/terms/type",
    "http://www.w3.org/2000/01/rdf-schema#isDefinedBy",
    "http://qudt.org/schema/qudt/hasUnit",
    "http://qudt.org/schema/qudt/unit",
    "urn:oslo-registry:shapes:sensoren#eigenschappen",
    "urn:oslo-registry:shapes:sensoren#inhoud",
    "urn:oslo-registry:shapes:sensoren#eenheid",
];

/// Where the address of a platform is told.
pub(super) const ADDRESS: &str = "http://www.w3.org/ns/locn#address";

pub(super) fn triple(subject: &str, predicate: &str, object: impl Into<Term>) -> Triple {
    Triple::new(
        NamedNode::new_unchecked(subject),
        NamedNode::new_unchecked(predicate),
        object,
    )
}

pub(super) fn link(subject: &str, predicate: &str, object: &str) -> Triple {
    triple(subject, predicate, NamedNode::new_unchecked(object))
}

fn json_literal(json: &Json) -> Literal {
    Literal::new_typed_literal(json.to_string(), NamedNode::new_unchecked(JSON))
}

/// The classes that an entity has as such.
pub(super) fn classes(kind: Kind) -> Vec<String> {
    match kind {
        Kind::Thing => vec![format!("{SOSA}Platform")],
        Kind::Location => vec![format!("{OWN}Locatie")],
        Kind::Datastream => vec![
            format!("{SOSA}ObservationCollection"),
            format!("{OWN}Meetreeks"),
        ],
        Kind::Sensor => vec![format!("{OWN}Meettoestel")],
        Kind::ObservedProperty => {
            vec![
                format!("{SOSA}ObservableProperty"),
                format!("{SOSA}Property"),
            ]
        }
        Kind::FeatureOfInterest => vec![format!("{SOSA}FeatureOfInterest")],
    }
}

/// The node with the geometry of a place or an object.
pub(super) fn geometry_node(iri: &str) -> String {
    format!("{iri}#geometrie")
}

/// The statements of the properties of an entity. `language` is that of its texts.
pub(super) fn of_properties(
    kind: Kind,
    iri: &str,
    fields: &Map<String, Json>,
    language: &str,
) -> Vec<Triple> {
    let mut out: Vec<Triple> = classes(kind)
        .iter()
        .map(|class| link(iri, rdf::TYPE, class))
        .collect();
    let said = |text: &str| Literal::new_language_tagged_literal_unchecked(text, language);
    for (field, value) in fields {
        if value.is_null() || is_reckoned(field) {
            continue;
        }
        let text = value.as_str().unwrap_or("");
        match field.as_str() {
            "name" => {
                out.push(triple(iri, LABEL, said(text)));
                if kind == Kind::Datastream {
                    out.push(triple(iri, &format!("{DCT}title"), said(text)));
                }
            }
            "description" if !text.is_empty() => {
                out.push(triple(iri, &format!("{DCT}description"), said(text)));
            }
            "definition" => out.push(link(iri, DEFINED_BY, text)),
            "encodingType" => {
                let literal = Literal::new_simple_literal(text);
                out.push(triple(iri, &format!("{DCT}format"), literal));
            }
            "observationType" => out.push(link(iri, &format!("{DCT}type"), text)),
            "unitOfMeasurement" => {
                out.push(triple(iri, &format!("{OWN}eenheid"), json_literal(value)));
                let definition = value.get("definition").and_then(Json::as_str);
                let symbol = value.get("symbol").and_then(Json::as_str);
                if let Some(unit) = definition.filter(|unit| is_iri(unit)) {
                    out.push(link(iri, HAS_UNIT, unit));
                } else if let Some(symbol) = symbol.filter(|symbol| !symbol.is_empty()) {
                    let literal = Literal::new_simple_literal(symbol);
                    out.push(triple(iri, UNIT, literal));
                }
            }
            "properties" => {
                let literal = json_literal(value);
                out.push(triple(iri, &format!("{OWN}eigenschappen"), literal));
                let address = value.get("adres").or_else(|| value.get("address"));
                let address = address.and_then(Json::as_str).filter(|text| is_iri(text));
                if let Some(address) = address.filter(|_| kind == Kind::Thing) {
                    out.push(link(iri, ADDRESS, address));
                }
            }
            "location" | "feature" | "metadata" => {
                out.push(triple(iri, &format!("{OWN}inhoud"), json_literal(value)));
                if field != "metadata" {
                    geometry(iri, value, &mut out);
                }
            }
            _ => {}
        }
    }
    out
}

/// The geometry of GeoJSON as a node of its own; nothing of what is no geometry.
fn geometry(iri: &str, json: &Json, out: &mut Vec<Triple>) {
    let of_feature = json.get("type").and_then(Json::as_str) == Some("Feature");
    let geometry = match of_feature {
        true => json.get("geometry").unwrap_or(&Json::Null),
        false => json,
    };
    let Some(wkt) = wkt(geometry) else { return };
    let node = geometry_node(iri);
    let typed = |text: String, datatype: &str| {
        Literal::new_typed_literal(text, NamedNode::new_unchecked(format!("{GEO}{datatype}")))
    };
    out.push(link(iri, &format!("{LOCN}geometry"), &node));
    out.push(link(&node, rdf::TYPE, &format!("{LOCN}Geometry")));
    out.push(triple(
        &node,
        &format!("{GEO}asWKT"),
        typed(wkt, "wktLiteral"),
    ));
    let json = typed(geometry.to_string(), "geoJSONLiteral");
    out.push(triple(&node, &format!("{GEO}asGeoJSON"), json));
}

/// A geometry of GeoJSON as WKT, longitude before latitude (CRS84); `None` when it is none.
fn wkt(json: &Json) -> Option<String> {
    let coordinates = json.get("coordinates")?;
    let name = json.get("type")?.as_str()?;
    let depth = match name {
        "Point" => 0,
        "LineString" | "MultiPoint" => 1,
        "Polygon" | "MultiLineString" => 2,
        "MultiPolygon" => 3,
        _ => return None,
    };
    let mut text = String::new();
    write_coordinates(coordinates, depth, &mut text)?;
    let text = if depth == 0 {
        format!("({text})")
    } else {
        text
    };
    Some(format!("{} {text}", name.to_uppercase()))
}

fn write_coordinates(json: &Json, depth: usize, out: &mut String) -> Option<()> {
    use std::fmt::Write as _;
    let parts = json.as_array()?;
    if depth == 0 {
        let (x, y) = (parts.first()?.as_f64()?, parts.get(1)?.as_f64()?);
        write!(out, "{x} {y}").ok()?;
        return Some(());
    }
    if parts.is_empty() {
        return None;
    }
    out.push('(');
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write_coordinates(part, depth - 1, out)?;
    }
    out.push(')');
    Some(())
}

/// The text of a predicate: Dutch, else English, else any.
pub(super) fn said(view: &View, node: Id, predicate: &str) -> Option<String> {
    let predicate = view.id_of_iri(predicate)?;
    let mut best: Option<(u8, String)> = None;
    for id in view.objects(node, predicate) {
        if let Term::Literal(literal) = view.term(id) {
            let rank = match literal.language() {
                Some("nl") => 0,
                Some("en") => 1,
                _ => 2,
            };
            let found = (rank, literal.value().to_owned());
            if best.as_ref().is_none_or(|best| found < *best) {
                best = Some(found);
            }
        }
    }
    best.map(|(_, text)| text)
}

/// The IRIs of a predicate, sorted.
pub(super) fn iris(view: &View, node: Id, predicate: &str) -> Vec<String> {
    let Some(predicate) = view.id_of_iri(predicate) else {
        return Vec::new();
    };
    let objects = view.objects(node, predicate);
    let mut iris: Vec<String> = objects
        .filter_map(|id| view.iri(id).map(|iri| iri.into_owned()))
        .collect();
    iris.sort_unstable();
    iris
}

/// The IRIs of what points to a node by a predicate, sorted.
pub(super) fn referrers(view: &View, predicate: &str, iri: &str) -> Vec<String> {
    let (Some(predicate), Some(node)) = (view.id_of_iri(predicate), view.id_of_iri(iri)) else {
        return Vec::new();
    };
    let subjects = view.subjects(predicate, node);
    let mut iris: Vec<String> = subjects
        .filter_map(|id| view.iri(id).map(|iri| iri.into_owned()))
        .collect();
    iris.sort_unstable();
    iris
}

fn json_at(view: &View, node: Id, predicate: &str) -> Option<Json> {
    serde_json::from_str(&said(view, node, predicate)?).ok()
}

/// The properties of an entity, as SensorThings names them; those of entities that others wrote as far as they say them.
pub fn json_of(view: &View, kind: Kind, iri: &str) -> Option<Map<String, Json>> {
    let node = view.id_of_iri(iri)?;
    let mut out = Map::new();
    let own = |name: &str| format!("{OWN}{name}");
    let dct = |name: &str| format!("{DCT}{name}");
    let first = |predicate: &str| iris(view, node, predicate).into_iter().next();
    for &field in kind.properties() {
        let value: Option<Json> = match field {
            "name" => {
                let name = said(view, node, LABEL).or_else(|| said(view, node, &dct("title")));
                let last = || iri.rsplit(['/', '#']).next().unwrap_or(iri).to_owned();
                Some(name.unwrap_or_else(last).into())
            }
            "description" => Some(
                said(view, node, &dct("description"))
                    .unwrap_or_default()
                    .into(),
            ),
            "definition" => Some(first(DEFINED_BY).unwrap_or_else(|| iri.to_owned()).into()),
            "encodingType" => {
                let format = said(view, node, &dct("format"));
                let usual = if kind == Kind::Sensor {
                    "text/html"
                } else {
                    "application/geo+json"
                };
                Some(format.unwrap_or_else(|| usual.to_owned()).into())
            }
            "observationType" => {
                let types = iris(view, node, &dct("type")).into_iter();
                let known = types.into_iter().find(|iri| kind_of_type(iri).is_some());
                Some(known.unwrap_or_else(|| format!("{TYPES}OM_Measurement")).into())
            }
            "unitOfMeasurement" => Some(json_at(view, node, &own("eenheid")).unwrap_or_else(|| {
                serde_json::json!({ "name": null, "symbol": null, "definition": first(HAS_UNIT) })
            })),
            "properties" => json_at(view, node, &own("eigenschappen")),
            "location" | "feature" => {
                json_at(view, node, &own("inhoud")).or_else(|| written_geometry(view, node))
            }
            "metadata" => Some(json_at(view, node, &own("inhoud")).unwrap_or_else(|| iri.into())),
            _ => None,
        };
        if let Some(value) = value {
            out.insert(field.to_owned(), value);
        }
    }
    Some(out)
}

fn written_geometry(view: &View, node: Id) -> Option<Json> {
    let geometry = iris(view, node, &format!("{LOCN}geometry"));
    let geometry = view.id_of_iri(geometry.first()?)?;
    json_at(view, geometry, &format!("{GEO}asGeoJSON"))
}

/// What the store of values has to know of a series; `None` when the view has no such series.
pub fn series_of(view: &View, iri: &str) -> Option<Series> {
    let (node, a) = (view.id_of_iri(iri)?, view.id_of_iri(rdf::TYPE)?);
    let class = view.id_of_iri(&format!("{SOSA}ObservationCollection"))?;
    if !view.contains(node, a, class) {
        return None;
    }
    let fields = json_of(view, Kind::Datastream, iri)?;
    Some(series(iri, &fields))
}

/// The series of the properties of a Datastream.
pub(super) fn series(iri: &str, fields: &Map<String, Json>) -> Series {
    let of = |name: &str| fields.get(name).and_then(Json::as_str);
    let kind = of("observationType").and_then(kind_of_type);
    let unit = fields.get("unitOfMeasurement");
    let unit_of = |name: &str| {
        let text = unit.and_then(|unit| unit.get(name)).and_then(Json::as_str);
        text.filter(|text| !text.is_empty()).map(str::to_owned)
    };
    Series {
        iri: iri.to_owned(),
        kind: kind.unwrap_or(observations::Kind::Number),
        unit: unit_of("definition")
            .filter(|unit| is_iri(unit))
            .or_else(|| unit_of("symbol")),
    }
}
