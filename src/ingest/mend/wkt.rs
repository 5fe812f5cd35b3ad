//! Geometries in literals: how they name their system, whether they lie in it, and whether their rings are rings. Changes
//! nothing but the name of the system.

use crate::ingest::normalise::geometry::{self, Form, Shape, System};

/// What is found.
#[derive(Debug, PartialEq)]
pub(super) enum Judged {
    /// Nothing wrong, or nothing known of its kind.
    Fine,
    /// It cannot be read: the text, and what it should be.
    Unreadable(String, &'static str),
    /// It does not lie in its system: a position, and the system.
    Misplaced(String, String),
    /// A ring is none: a position, and why.
    Flawed(String, &'static str),
}

/// A WKT literal.
pub(super) struct Wkt<'a> {
    /// The system as it is named, and as it should be.
    pub(super) renamed: Option<(String, String)>,
    /// What follows the system.
    pub(super) rest: &'a str,
    pub(super) judged: Judged,
}

const CRS84: &str = "http://www.opengis.net/def/crs/OGC/1.3/CRS84";

/// Whether a text is a point in a system of ours, named as it should be, and lies in it: what most are.
fn is_fine_point(text: &str) -> bool {
    let Some((code, rest)) = text
        .strip_prefix("<http://www.opengis.net/def/crs/EPSG/0/")
        .and_then(|rest| rest.split_once("> POINT"))
    else {
        return false;
    };
    let system = match code {
        "31370" => System::Lambert72,
        "3812" => System::Lambert2008,
        _ => return false,
    };
    let pair = rest
        .trim_start()
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .and_then(|rest| rest.split_once(' '));
    let Some((x, y)) = pair else {
        return false;
    };
    match (x.parse(), y.parse()) {
        (Ok(x), Ok(y)) => system.holds((x, y)),
        _ => false,
    }
}

/// Reads a WKT literal.
pub(super) fn read(text: &str) -> Wkt<'_> {
    if is_fine_point(text) {
        return Wkt {
            renamed: None,
            rest: text,
            judged: Judged::Fine,
        };
    }
    let trimmed = text.trim_start();
    let (name, rest) = if let Some(rest) = trimmed.strip_prefix('<') {
        match rest.split_once('>') {
            Some((name, rest)) => (Some(name.to_owned()), rest.trim_start()),
            None => (None, trimmed),
        }
    } else if let Some(rest) = trimmed.strip_prefix("SRID=") {
        match rest.split_once(';') {
            Some((code, rest)) => (Some(format!("EPSG:{code}")), rest.trim_start()),
            None => (None, trimmed),
        }
    } else {
        (None, trimmed)
    };
    let system = match &name {
        Some(name) => System::of_name(name),
        None => Some((System::Crs84, CRS84.to_owned())),
    };
    let mut renamed = None;
    if let (Some(name), Some((_, right))) = (&name, &system)
        && name != right
    {
        renamed = Some((name.clone(), right.clone()));
    }
    let judged = match (shape_of(rest), &system) {
        (None, _) => Judged::Unreadable(shortened(text), "geo:wktLiteral"),
        (Some(shape), Some((system, name))) => judge(&shape, *system, name),
        (Some(shape), None) => judge(&shape, System::Other, ""),
    };
    Wkt {
        renamed,
        rest,
        judged,
    }
}

/// Judges a GML literal; kinds other than points, lines and polygons are passed over.
pub(super) fn of_gml(text: &str) -> Judged {
    let Ok(gml) = geometry::read(text) else {
        return Judged::Fine;
    };
    match gml.system.as_deref().and_then(System::of_name) {
        Some((system, name)) => judge(&gml.shape, system, &name),
        None => judge(&gml.shape, System::Other, ""),
    }
}

fn judge(shape: &Shape, system: System, name: &str) -> Judged {
    let first = shape.first();
    // Outside of the country WGS 84 means nothing; numbers in metres mean a system that nobody named.
    let fits = match system {
        System::Crs84 | System::Wgs84 => shape.is_within([-180.0, 180.0, -180.0, 180.0]),
        _ => shape.fits(system),
    };
    if !fits {
        return Judged::Misplaced(first, name.to_owned());
    }
    match shape {
        Shape::Point(_) | Shape::Line(_) => Judged::Fine,
        Shape::Polygon(_) => match shape.flaw(Form::Polygon) {
            Some(why) => Judged::Flawed(first, why),
            None => Judged::Fine,
        },
    }
}

/// The positions of a WKT text. Lines count as fine rings of no polygon: a point of theirs is judged.
fn shape_of(text: &str) -> Option<Shape> {
    let text = text.trim();
    let open = text.find('(');
    let head = text[..open.unwrap_or(text.len())]
        .trim()
        .to_ascii_uppercase();
    let mut words = head.split_ascii_whitespace();
    let kind = words.next()?;
    let is_flat = match words.next() {
        None => true,
        Some("EMPTY") => return Shape::of_rings(Vec::new(), true),
        Some(_) => false,
    };
    let known = [
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTILINESTRING",
        "MULTIPOLYGON",
        "GEOMETRYCOLLECTION",
        "TRIANGLE",
        "TIN",
        "POLYHEDRALSURFACE",
        "CURVEPOLYGON",
        "CIRCULARSTRING",
        "COMPOUNDCURVE",
        "MULTICURVE",
        "MULTISURFACE",
    ];
    if !known.contains(&kind) {
        return None;
    }
    let open = open?;
    let (mut depth, mut from) = (0_usize, None);
    let mut rings = Vec::new();
    for (at, byte) in text.bytes().enumerate().skip(open) {
        match byte {
            b'(' => {
                depth += 1;
                from = Some(at + 1);
            }
            b')' => {
                depth = depth.checked_sub(1)?;
                if let Some(from) = from.take() {
                    rings.push(&text[from..at]);
                }
            }
            _ => {}
        }
    }
    if depth != 0 || rings.is_empty() {
        return None;
    }
    let is_polygon = matches!(kind, "POLYGON" | "MULTIPOLYGON") && is_flat;
    if !is_flat || kind == "GEOMETRYCOLLECTION" {
        return Shape::of_rings(Vec::new(), true);
    }
    Shape::of_rings(rings, !is_polygon)
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn systems_are_named_in_one_way() {
        let right = "http://www.opengis.net/def/crs/EPSG/0/31370";
        for name in [
            "<https://www.opengis.net/def/crs/EPSG/0/31370> ",
            "<http://www.opengis.net/def/crs/EPSG/9.9.1/31370>",
            "SRID=31370;",
            "<urn:ogc:def:crs:EPSG::31370>",
        ] {
            let text = format!("{name}POINT (104719.27 192387.25)");
            let found = read(&text);
            assert_eq!(found.renamed.map(|(_, to)| to).as_deref(), Some(right));
            assert_eq!(found.rest, "POINT (104719.27 192387.25)");
            assert_eq!(found.judged, Judged::Fine);
        }
        assert!(
            read(&format!("<{right}> POINT(104719.27 192387.25)"))
                .renamed
                .is_none()
        );
    }

    #[test]
    fn what_is_wrong_is_told() {
        let of = |text: &str| read(text).judged;
        assert!(matches!(of("POINT(104719 192387)"), Judged::Misplaced(..)));
        assert_eq!(of("POINT(4.4 51.2)"), Judged::Fine);
        assert_eq!(of("POINT EMPTY"), Judged::Fine);
        assert_eq!(of("LINESTRING(4 51, 5 51)"), Judged::Fine);
        assert_eq!(of("POINT Z (4 51 3)"), Judged::Fine);
        assert_eq!(of("POLYGON((0 0, 0 1, 1 1, 0 0))"), Judged::Fine);
        assert!(matches!(of("POLYGON((0 0, 0 1, 1 1))"), Judged::Flawed(..)));
        assert_eq!(
            of("MULTIPOLYGON(((0 0, 0 1, 1 1, 0 0)), ((5 5, 5 6, 6 6, 5 5)))"),
            Judged::Fine
        );
        for text in [
            "${geometry}",
            "POINT (aze1 2)",
            "POINT(1 2",
            "",
            "POINT)(",
            "é",
        ] {
            assert!(matches!(of(text), Judged::Unreadable(..)), "{text}");
        }
        assert_eq!(of_gml("<x/>"), Judged::Fine);
    }
}
