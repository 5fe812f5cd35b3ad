//! GeoSPARQL 1.1 ([OGC 22-047r1](https://docs.ogc.org/is/22-047r1/22-047r1.html)): geometry literals, the `geof:` functions,
//! and an index over the geometries of the store that lets filters start from the few that may pass.
//!
//! Geometries are plane and two-dimensional in the coordinates of their own system; where two systems meet, the second
//! geometry goes to the system of the first. A literal that is no geometry, or in a system not known here, makes an
//! expression error, never a failed query. Queries no network and reads no data beside the literals it is given.

mod bbox;
mod cost;
mod crs;
mod functions;
mod geojson;
mod geometry;
mod gml;
mod index;
mod measures;
mod relations;
mod rewritten;
mod shapes;
#[cfg(test)]
mod tests;
mod tree;
mod wkt;

pub use bbox::{BoxError, BoxSearch};
pub(super) use functions::{IRIS, call, is_function};
pub(super) use index::{Candidates, GeoIndex, Search, candidates};
pub(super) use rewritten::{gml_in, map_geometry, system_of};

#[cfg(test)]
pub(super) use geometry::READ;

/// The coordinates of a place given in Lambert 72, as they are written in another system.
#[cfg(test)]
pub(super) fn written(x: f64, y: f64, system: &str) -> String {
    let crs = crs::Crs::of_name(system).expect("a known system");
    let at = crs::Crs::Lambert72
        .transform(crs, (x, y))
        .expect("in Belgium");
    if crs.is_north_first() {
        format!("{} {}", at.1, at.0)
    } else {
        format!("{} {}", at.0, at.1)
    }
}

/// A place in Belgian Lambert 72 in Lambert 2008, east and north; `None` far from Belgium.
pub(super) fn lambert_72_to_2008(position: (f64, f64)) -> Option<(f64, f64)> {
    crs::Crs::Lambert72.transform(crs::Crs::Lambert2008, position)
}

/// Bounds of a geometry literal in longitude and latitude; see [`crate::query::wgs84_bounds`].
pub(super) fn wgs84_bounds(lexical: &str, datatype: &str) -> Option<[f64; 4]> {
    let geometry = std::rc::Rc::new(geometry::Form::of(datatype)?.read(lexical)?);
    let bounds = geometry.in_crs(crs::Crs::Crs84)?.bounds?;
    Some([bounds.min.0, bounds.min.1, bounds.max.0, bounds.max.1])
}

/// Metres in a unit of length; `None` for other units.
pub(super) fn metres(unit: &str) -> Option<f64> {
    measures::Unit::of(unit)?.metres()
}

/// The function that all of `geof:` is called through: its first argument is the IRI of the function meant.
pub(super) const CALL: &str = "urn:x-oslo:query:geo";

/// Namespace of the functions.
pub(super) const GEOF: &str = "http://www.opengis.net/def/function/geosparql/";
const WKT_LITERAL: &str = "http://www.opengis.net/ont/geosparql#wktLiteral";
const GML_LITERAL: &str = "http://www.opengis.net/ont/geosparql#gmlLiteral";
const GEOJSON_LITERAL: &str = "http://www.opengis.net/ont/geosparql#geoJSONLiteral";
/// Namespace of the kinds of simple features.
const SF: &str = "http://www.opengis.net/ont/sf#";
