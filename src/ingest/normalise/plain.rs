//! Values of records that are not RDF by themselves: dates and numbers, codes, geometries in WKT and GeoJSON, structures
//! kept as JSON. Every value becomes a literal or an IRI, or is told of.

use super::NormaliseError;
use super::canonical_record;
use super::document::leaves;
use super::mapping::{Datatype, Place};
use super::template::{Template, scalar};
use super::walk::Walker;
use crate::rdf::label::Text;
use crate::rdf::vocab::{geo, rdf, xsd};
use oxrdf::{Literal, NamedNode, Term};
use serde_json::Value;
use std::collections::BTreeMap;

/// Positions of one geometry.
const MAX_POSITIONS: usize = 100_000;
/// Longest WKT that is read, in bytes.
const MAX_WKT_BYTES: usize = 4 << 20;

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

fn typed(text: impl Into<String>, datatype: &str) -> Term {
    Literal::new_typed_literal(text, NamedNode::new_unchecked(datatype)).into()
}

impl Walker<'_> {
    /// A text or number as text; `None` when there is nothing, which is told of.
    fn plain_text(&mut self, value: &Value, path: &str) -> Result<Option<String>, NormaliseError> {
        match value {
            Value::Number(number) => Ok(Some(number.to_string())),
            Value::Bool(flag) => Ok(Some(flag.to_string())),
            _ => Ok(self
                .some_text(value, path)?
                .map(|text| text.trim().to_owned())),
        }
    }

    pub(super) fn typed(
        &mut self,
        places: &[Place],
        datatype: Datatype,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let Some(text) = self.plain_text(value, path)? else {
            return Ok(());
        };
        let (text, iri, name) = match datatype {
            Datatype::Auto => match value {
                Value::Bool(_) => (Some(text.clone()), xsd::BOOLEAN, ""),
                _ if is_integer(&text) => (Some(text.clone()), xsd::INTEGER, ""),
                _ if is_decimal(&text) => (Some(text.clone()), xsd::DECIMAL, ""),
                _ if is_date_time(&text) => (Some(text.clone()), xsd::DATE_TIME, ""),
                _ => (Some(text.clone()), xsd::STRING, ""),
            },
            Datatype::AnyUri => (Some(text.clone()), xsd::ANY_URI, ""),
            Datatype::Date => (date(&text), xsd::DATE, "xsd:date"),
            Datatype::DateTime => {
                let is_right = is_date_time(&text);
                (
                    is_right.then(|| text.clone()),
                    xsd::DATE_TIME,
                    "xsd:dateTime",
                )
            }
            Datatype::Decimal => {
                let is_right = is_decimal(&text);
                (is_right.then(|| text.clone()), xsd::DECIMAL, "xsd:decimal")
            }
            Datatype::Integer => {
                let is_right = is_integer(&text);
                (is_right.then(|| text.clone()), xsd::INTEGER, "xsd:integer")
            }
            Datatype::Time => {
                let is_right = is_time(&text);
                (is_right.then(|| text.clone()), xsd::TIME, "xsd:time")
            }
        };
        let term = match text {
            Some(text) if iri == xsd::STRING => Literal::new_simple_literal(text).into(),
            Some(text) => typed(text, iri),
            None => {
                let written = self.plain_text(value, path)?.unwrap_or_default();
                self.note("N040", path, &written, name)?;
                typed(written, iri)
            }
        };
        self.say(places, &term);
        Ok(())
    }

    /// An IRI by code, or made of the value and others beside it.
    pub(super) fn named(
        &mut self,
        places: &[Place],
        (template, map): (Option<&Template>, &BTreeMap<String, NamedNode>),
        inverse: bool,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let Some(text) = self.plain_text(value, path)? else {
            return Ok(());
        };
        let made = match (map.get(&text), template) {
            (Some(iri), _) => Some(iri.clone()),
            (None, Some(template)) => self.made(template, Some(&text), path)?,
            (None, None) => {
                self.note("N061", path, &text, path.rsplit('.').next().unwrap_or(path))?;
                None
            }
        };
        let Some(iri) = made else {
            return self.stranger(value, path);
        };
        if inverse {
            for place in places {
                let own = self.node_of(place.on);
                self.emit(&iri, place.predicate.as_str(), own.into(), place.derived);
            }
        } else {
            self.say(places, &iri.into());
        }
        Ok(())
    }

    /// Anything as it is.
    pub(super) fn json(
        &mut self,
        places: &[Place],
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let text = String::from_utf8_lossy(&canonical_record(value)).into_owned();
        self.say(places, &typed(text, rdf::JSON));
        let reason = Text::new(
            "Staat als JSON in één uitspraak.",
            "Stands as JSON in one statement.",
        );
        self.omit(value, path, &reason);
        Ok(())
    }

    /// WKT as written, or a point of two coordinates, with the name of its system.
    pub(super) fn wkt(
        &mut self,
        places: &[Place],
        system: Option<&str>,
        y: Option<&[String]>,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let Some(text) = self.plain_text(value, path)? else {
            return Ok(());
        };
        let bare = text.split_once('>').map_or(text.as_str(), |(_, bare)| bare);
        if text.starts_with('<') && is_wkt(bare.trim()) {
            self.say(places, &typed(text, geo::WKT_LITERAL));
            return Ok(());
        }
        let system = system.unwrap_or(CRS84);
        let shape = match y {
            None if is_wkt(&text) => text,
            None => {
                self.note("N033", path, &text, "geen WKT / no WKT")?;
                return self.stranger(value, path);
            }
            Some(y) => match self
                .text_at(y)
                .filter(|y| is_decimal(y) && is_decimal(&text))
            {
                Some(y) => {
                    let reason = Text::new(
                        "Staat als WKT in de geometrie.",
                        "Stands in the geometry as WKT.",
                    );
                    self.omit(value, path, &reason);
                    format!("POINT({text} {y})")
                }
                None => {
                    self.note("N033", path, &text, "geen getallen / no numbers")?;
                    return self.stranger(value, path);
                }
            },
        };
        self.say(
            places,
            &typed(format!("<{system}> {shape}"), geo::WKT_LITERAL),
        );
        Ok(())
    }

    /// GeoJSON as WKT with the same digits.
    pub(super) fn geo_json(
        &mut self,
        places: &[Place],
        system: Option<&str>,
        value: &Value,
        path: &str,
    ) -> Result<(), NormaliseError> {
        let inner;
        let geometry = match value {
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(parsed) => {
                    inner = parsed;
                    &inner
                }
                Err(_) => return self.stranger(value, path),
            },
            other => other,
        };
        let named = ["href", "name"].iter().find_map(|key| {
            let properties = geometry.get("crs")?.get("properties")?;
            properties.get(key).and_then(scalar)
        });
        let system = named.as_deref().or(system).unwrap_or(CRS84);
        match wkt_of(geometry) {
            Some(wkt) if oxiri::Iri::parse(system).is_ok() => {
                let literal = typed(format!("<{system}> {wkt}"), geo::WKT_LITERAL);
                self.say(places, &literal);
            }
            _ => {
                self.note("N033", path, "GeoJSON", "geen geometrie / no geometry")?;
                return self.stranger(value, path);
            }
        }
        let reason = Text::new(
            "Staat als WKT in de geometrie.",
            "Stands in the geometry as WKT.",
        );
        if value.is_string() {
            self.omit(&Value::Null, path, &reason);
            return Ok(());
        }
        let mut count = 0_usize;
        leaves(value, "", &mut |_| count += 1);
        if count <= MAX_POSITIONS {
            self.omit(value, path, &reason);
        } else {
            self.omit(&Value::Null, path, &reason);
        }
        Ok(())
    }
}

/// A date, written `2024-12-31` or `31-12-2024`.
fn date(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let [a, b, c] = parts.as_slice() else {
        return None;
    };
    let (year, month, day) = match (a.len(), c.len()) {
        (4, 2) => (a, b, c),
        (2, 4) => (c, b, a),
        _ => return None,
    };
    if [year, month, day]
        .iter()
        .any(|part| !part.bytes().all(|byte| byte.is_ascii_digit()))
    {
        return None;
    }
    let date = jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?);
    date.ok().map(|_| format!("{year}-{month}-{day}"))
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    // A code with a zero before it is none.
    let is_code = digits.len() > 1 && digits.starts_with('0');
    !digits.is_empty() && !is_code && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    !(whole.is_empty() && part.is_empty())
        && whole
            .bytes()
            .chain(part.bytes())
            .all(|byte| byte.is_ascii_digit())
}

fn is_time(text: &str) -> bool {
    text.len() >= 8 && text.parse::<jiff::civil::Time>().is_ok()
}

fn is_date_time(text: &str) -> bool {
    let (Some(date_part), Some(rest)) = (text.get(..10), text.get(11..)) else {
        return false;
    };
    let zoneless = rest
        .strip_suffix('Z')
        .unwrap_or_else(|| rest.rfind(['+', '-']).map_or(rest, |at| &rest[..at]));
    text.as_bytes().get(10) == Some(&b'T')
        && date_part.len() == 10
        && date(date_part).as_deref() == Some(date_part)
        && is_time(zoneless)
}

fn is_wkt(text: &str) -> bool {
    let upper = text
        .get(..text.len().min(20))
        .unwrap_or("")
        .to_ascii_uppercase();
    let numbers = text.split_once('(').map_or("", |(_, numbers)| numbers);
    text.len() <= MAX_WKT_BYTES
        && text.ends_with(')')
        && numbers.bytes().any(|byte| byte.is_ascii_digit())
        && numbers
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b" .,-+eE()".contains(&byte))
        && [
            "POINT",
            "LINESTRING",
            "POLYGON",
            "MULTI",
            "GEOMETRYCOLLECTION",
        ]
        .iter()
        .any(|name| upper.starts_with(name))
}

/// WKT of a GeoJSON geometry.
fn wkt_of(geometry: &Value) -> Option<String> {
    let kind = geometry.get("type")?.as_str()?;
    let depth = match kind {
        "Point" => 0,
        "LineString" | "MultiPoint" => 1,
        "Polygon" | "MultiLineString" => 2,
        "MultiPolygon" => 3,
        _ => return None,
    };
    let mut budget = MAX_POSITIONS;
    let mut out = kind.to_ascii_uppercase();
    let coordinates = geometry.get("coordinates")?;
    if depth == 0 {
        out.push('(');
        position(coordinates, &mut out)?;
        out.push(')');
    } else {
        nested(coordinates, depth, &mut out, &mut budget)?;
    }
    Some(out)
}

fn nested(value: &Value, depth: usize, out: &mut String, budget: &mut usize) -> Option<()> {
    let members = value.as_array().filter(|members| !members.is_empty())?;
    out.push('(');
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            out.push_str(", ");
        }
        if depth == 1 {
            *budget = budget.checked_sub(1)?;
            position(member, out)?;
        } else {
            nested(member, depth - 1, out, budget)?;
        }
    }
    out.push(')');
    Some(())
}

fn position(value: &Value, out: &mut String) -> Option<()> {
    let numbers = value.as_array()?;
    if !(2..=3).contains(&numbers.len()) {
        return None;
    }
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(&number.as_number()?.to_string());
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn dates_and_numbers_are_told_apart() {
        assert_eq!(date("31-12-2024").as_deref(), Some("2024-12-31"));
        assert_eq!(date("2024-02-29").as_deref(), Some("2024-02-29"));
        for wrong in ["31-02-2024", "2024-13-01", "24-12-31", "", "a-b-cccc"] {
            assert_eq!(date(wrong), None, "{wrong}");
        }
        assert!(is_integer("-12") && !is_integer("012") && !is_integer("1.0") && !is_integer(""));
        assert!(is_decimal("-0.5") && is_decimal(".5") && !is_decimal(".") && !is_decimal("1e3"));
        assert!(is_date_time("2022-06-28T08:26:06.000Z"));
        assert!(is_date_time("2023-11-01T14:50:05+01:00"));
        assert!(!is_date_time("2023-11-01 14:50:05") && !is_date_time("2023-11-01Tééé"));
    }

    #[test]
    fn geo_json_becomes_wkt() {
        let of = |value| wkt_of(&value).unwrap_or_default();
        assert_eq!(
            of(json!({"type": "Point", "coordinates": [5.4563, 51.41363]})),
            "POINT(5.4563 51.41363)"
        );
        assert_eq!(
            of(json!({"type": "MultiLineString", "coordinates": [[[1, 2], [3, 4]]]})),
            "MULTILINESTRING((1 2, 3 4))"
        );
        for wrong in [
            json!({"type": "Point", "coordinates": []}),
            json!({"type": "Point", "coordinates": ["1", "2"]}),
            json!({"type": "Polygon", "coordinates": [[1, 2]]}),
            json!({"type": "Feature"}),
        ] {
            assert_eq!(of(wrong), "");
        }
    }
}
