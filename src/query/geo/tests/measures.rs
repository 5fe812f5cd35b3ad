//! Distances, lengths, areas and buffers, against figures known from elsewhere.

use super::*;

fn uom(name: &str) -> Term {
    iri(&format!("http://www.opengis.net/def/uom/OGC/1.0/{name}"))
}

fn close(found: f64, expected: f64, part: f64) {
    assert!(
        (found - expected).abs() <= expected.abs() * part,
        "{found} is not {expected}"
    );
}

#[test]
fn distances_on_the_ellipsoid() {
    // JFK to LHR, which the geodesic literature gives as 5,551.76 km.
    let (jfk, lhr) = (wkt("POINT(-73.8 40.6)"), wkt("POINT(-0.5 51.6)"));
    close(
        number("distance", &[jfk.clone(), lhr.clone(), metre()]),
        5_551_759.4,
        1e-6,
    );
    close(
        number("metricDistance", &[jfk.clone(), lhr.clone()]),
        5_551_759.4,
        1e-6,
    );
    close(
        number("distance", &[jfk, lhr, uom("kilometre")]),
        5_551.759,
        1e-6,
    );
    // A degree of latitude at the equator.
    close(
        number("distance", &[wkt("POINT(0 0)"), wkt("POINT(0 1)"), metre()]),
        110_574.39,
        1e-6,
    );
    close(
        number(
            "distance",
            &[wkt("POINT(0 0)"), wkt("POINT(3 4)"), uom("degree")],
        ),
        5.0,
        1e-12,
    );
    close(
        number(
            "distance",
            &[wkt("POINT(0 0)"), wkt("POINT(3 4)"), uom("radian")],
        ),
        5_f64.to_radians(),
        1e-12,
    );
}

#[test]
fn distances_in_the_plane_and_between_systems() {
    let (a, b) = (
        lambert("POINT(104000 192000)"),
        lambert("POINT(104300 192400)"),
    );
    assert_eq!(text("distance", &[a.clone(), b.clone(), metre()]), "500");
    let square = lambert(
        "POLYGON((104000 192500, 105000 192500, 105000 193000, 104000 193000, 104000 192500))",
    );
    assert_eq!(
        text("distance", &[b.clone(), square.clone(), metre()]),
        "100"
    );
    assert_eq!(
        text(
            "distance",
            &[lambert("POINT(104500 192700)"), square.clone(), metre()]
        ),
        "0"
    );
    for system in ["EPSG:4326", "EPSG:3812", "EPSG:3857", "EPSG:4258"] {
        let there = geof("transform", &[a.clone(), iri(system)]).expect("in Flanders");
        let area = geof("transform", &[square.clone(), iri(system)]).expect("in Flanders");
        close(
            number("distance", &[there.clone(), b.clone(), metre()]),
            500.0,
            2e-4,
        );
        close(
            number("distance", &[b.clone(), there.clone(), metre()]),
            500.0,
            2e-4,
        );
        close(
            number("distance", &[b.clone(), area.clone(), metre()]),
            100.0,
            2e-3,
        );
        close(number("distance", &[area, b.clone(), metre()]), 100.0, 2e-3);
    }
    // Far from Belgium, between what are no points.
    let (line, area) = (
        wkt("LINESTRING(20 10, 20 11)"),
        wkt("POLYGON((20.1 10.4, 20.2 10.4, 20.2 10.5, 20.1 10.4))"),
    );
    close(number("distance", &[line, area, metre()]), 10_951.0, 1e-3);
    assert_eq!(
        text("distance", &[a.clone(), wkt("POINT EMPTY"), metre()]),
        "error"
    );
    assert_eq!(
        text(
            "distance",
            &[a.clone(), b.clone(), iri("http://example.com/unit")]
        ),
        "error"
    );
    assert_eq!(text("distance", &[a, b, uom("hectare")]), "error");
}

#[test]
fn lengths_and_areas() {
    let square =
        lambert("POLYGON((0 0, 100 0, 100 100, 0 100, 0 0), (10 10, 20 10, 20 20, 10 20, 10 10))");
    assert_eq!(text("area", &[square.clone(), uom("squareMetre")]), "9900");
    assert_eq!(text("area", &[square.clone(), metre()]), "9900");
    assert_eq!(text("area", &[square.clone(), uom("hectare")]), "0.99");
    assert_eq!(text("metricArea", std::slice::from_ref(&square)), "9900");
    assert_eq!(text("perimeter", &[square.clone(), metre()]), "440");
    assert_eq!(
        text("metricPerimeter", std::slice::from_ref(&square)),
        "440"
    );
    assert_eq!(
        text("length", &[lambert("LINESTRING(0 0, 30 40)"), metre()]),
        "50"
    );
    assert_eq!(
        text("perimeter", &[lambert("LINESTRING(0 0, 30 40)"), metre()]),
        "0"
    );
    assert_eq!(text("metricLength", &[lambert("POINT(0 0)")]), "0");
    // A cell of one degree at the equator has 12,308.8 square kilometres.
    let cell = wkt("POLYGON((0 0, 1 0, 1 1, 0 1, 0 0))");
    close(
        number("area", &[cell.clone(), uom("squareKilometre")]),
        12_308.8,
        1e-4,
    );
    close(
        number("length", &[wkt("LINESTRING(0 0, 0 1)"), uom("kilometre")]),
        110.574_39,
        1e-6,
    );
    // The same place measured in another system.
    let place = lambert(
        "POLYGON((104000 192000, 105000 192000, 105000 193000, 104000 193000, 104000 192000))",
    );
    let there = geof("transform", &[place, iri("EPSG:3857")]).expect("in Flanders");
    close(
        number("metricArea", std::slice::from_ref(&there)),
        1e6,
        3e-4,
    );
    close(number("metricPerimeter", &[there]), 4e3, 3e-4);
}

#[test]
fn buffers_have_their_radius() {
    let area = |term: Option<Term>| number("metricArea", &[term.expect("a buffer")]);
    let disc = std::f64::consts::PI * 100.0 * 100.0;
    let point = lambert("POINT(104719 192387)");
    let radius = Term::from(Literal::from(100));
    close(
        area(geof("buffer", &[point.clone(), radius.clone(), metre()])),
        disc,
        0.02,
    );
    close(
        area(geof("metricBuffer", &[point, radius.clone()])),
        disc,
        0.02,
    );
    for far in ["POINT(3.72 51.05)", "POINT(-70 -33)"] {
        let wide = geof("metricBuffer", &[wkt(far), radius.clone()]);
        close(area(wide), disc, 0.02);
    }
    let line = lambert("LINESTRING(0 0, 1000 0)");
    close(
        area(geof("metricBuffer", &[line, radius.clone()])),
        disc + 200_000.0,
        0.01,
    );
    let square = lambert("POLYGON((0 0, 1000 0, 1000 1000, 0 1000, 0 0))");
    close(
        area(geof("metricBuffer", &[square, radius.clone()])),
        1e6 + 4e5 + disc,
        0.01,
    );
    assert_eq!(
        text("metricBuffer", &[lambert("POINT EMPTY"), radius.clone()]),
        "<http://www.opengis.net/def/crs/EPSG/0/31370> POLYGON EMPTY"
    );
    assert_eq!(
        text("buffer", &[lambert("POINT(0 0)"), radius, uom("degree")]),
        "error"
    );
}
