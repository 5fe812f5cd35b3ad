//! One geometry literal as GML in another system, or as GeoJSON for maps: what documents and dumps show beside the stored
//! text. Judges nothing.

use super::crs::Crs;
use super::geometry::{Form, Geom};
use super::{geojson, gml, shapes};
use geo::orient::{Direction, Orient as _};
use geo::{Geometry, MapCoords as _};
use oxrdf::Term;
use std::rc::Rc;

/// Digits behind the point of metres: the registers measure in centimetres.
const METRIC_DECIMALS: i32 = 2;

/// The IRI of a system under any of its names; `None` for a name not known here.
pub(in crate::query) fn system_of(name: &str) -> Option<&'static str> {
    named(name).map(Crs::iri)
}

/// Clients write CRS84 without its authority.
fn named(name: &str) -> Option<Crs> {
    if name.eq_ignore_ascii_case("CRS84") {
        return Some(Crs::Crs84);
    }
    Crs::of_name(name)
}

/// A GML (or WKT) literal as GML in a system; `None` for what is no geometry, and where the system does not reach.
pub(in crate::query) fn gml_in(lexical: &str, is_wkt: bool, system: &str) -> Option<String> {
    let form = if is_wkt { Form::Wkt } else { Form::Gml };
    let crs = named(system)?;
    let read = Rc::new(form.read(lexical)?);
    if read.crs == crs {
        return Some(gml::write(&read));
    }
    let moved = read.in_crs(crs)?;
    let decimals = if crs.is_metric() {
        METRIC_DECIMALS
    } else {
        crs.decimals()
    };
    let scale = 10_f64.powi(decimals);
    let shape = moved.shape.map_coords(|at| geo::Coord {
        x: (at.x * scale).round() / scale,
        y: (at.y * scale).round() / scale,
    });
    Some(gml::write(&Geom::of_kind(crs, shape, moved.kind)))
}

/// A geometry literal of any form as a GeoJSON geometry in WGS 84, longitude first, its rings turned as
/// [RFC 7946 §3.1.6](https://www.rfc-editor.org/rfc/rfc7946#section-3.1.6) wants; `None` for what is no geometry, for an empty
/// one, and outside the reach of its system.
pub(in crate::query) fn map_geometry(term: &Term) -> Option<String> {
    let there = Geom::of_term(term)?.in_crs(Crs::Crs84)?;
    if there.is_empty() {
        return None;
    }
    let rounded = shapes::rounded(&there);
    let shape = turned(rounded.shape.clone());
    Some(geojson::write(&Geom::of_kind(
        Crs::Crs84,
        shape,
        rounded.kind,
    )))
}

/// Outer rings against the clock, inner ones with it.
fn turned(shape: Geometry) -> Geometry {
    match shape {
        Geometry::Polygon(one) => Geometry::Polygon(one.orient(Direction::Default)),
        Geometry::MultiPolygon(all) => Geometry::MultiPolygon(all.orient(Direction::Default)),
        Geometry::GeometryCollection(all) => {
            Geometry::GeometryCollection(all.into_iter().map(turned).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINT: &str = r#"<gml:Point srsName="https://www.opengis.net/def/crs/EPSG/0/31370" xmlns:gml="http://www.opengis.net/gml/3.2"><gml:pos>140252.76 198794.27</gml:pos></gml:Point>"#;

    #[test]
    fn a_point_moves_to_the_centimetre() {
        assert_eq!(
            gml_in(POINT, false, "EPSG:3812").as_deref(),
            Some(
                r#"<gml:Point srsName="http://www.opengis.net/def/crs/EPSG/0/3812" xmlns:gml="http://www.opengis.net/gml/3.2"><gml:pos>640249.09 698793.29</gml:pos></gml:Point>"#
            )
        );
        let wkt = "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(140252.76 198794.27)";
        assert_eq!(
            gml_in(wkt, true, "EPSG:3812"),
            gml_in(POINT, false, "EPSG:3812")
        );
        // Latitude stands first in EPSG:4326, longitude in CRS84.
        let north_first = gml_in(POINT, false, "EPSG:4326").expect("in Belgium");
        assert!(north_first.contains("<gml:pos>51.09"), "{north_first}");
        let east_first = gml_in(POINT, false, "CRS84").expect("in Belgium");
        assert!(east_first.contains("<gml:pos>4.2"), "{east_first}");
        assert_eq!(gml_in("geen gml", false, "EPSG:3812"), None);
    }
    #[test]
    fn a_map_gets_degrees_and_rings_the_right_way_round() {
        let literal = |text: &str| {
            let datatype = "http://www.opengis.net/ont/geosparql#wktLiteral";
            let datatype = oxrdf::NamedNode::new_unchecked(datatype);
            Term::from(oxrdf::Literal::new_typed_literal(text, datatype))
        };
        let point = "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(140252.76 198794.27)";
        let written = map_geometry(&literal(point)).expect("in Belgium");
        assert!(
            written.starts_with(r#"{"type":"Point","coordinates":[4.2"#),
            "{written}"
        );
        let clockwise = "POLYGON((4 50, 4 51, 5 51, 5 50, 4 50))";
        assert_eq!(
            map_geometry(&literal(clockwise)).as_deref(),
            Some(
                r#"{"type":"Polygon","coordinates":[[[4.0,50.0],[5.0,50.0],[5.0,51.0],[4.0,51.0],[4.0,50.0]]]}"#
            )
        );
        assert_eq!(map_geometry(&literal("POINT EMPTY")), None);
        assert_eq!(map_geometry(&literal("geen")), None);
    }
}
