//! One geometry literal as GML in another system: what documents show beside the stored text. Judges nothing.

use super::crs::Crs;
use super::geometry::{Form, Geom};
use super::gml;
use geo::MapCoords as _;
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
}
