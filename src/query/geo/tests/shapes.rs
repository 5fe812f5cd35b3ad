//! Geometries made of geometries, and what can be asked of one.

use super::*;

#[test]
fn hulls_envelopes_boundaries_and_centres() {
    for (name, of, expected) in [
        (
            "envelope",
            "LINESTRING(0 0, 2 1)",
            "POLYGON((2 0, 2 1, 0 1, 0 0, 2 0))",
        ),
        ("envelope", "POINT(1 2)", "POINT(1 2)"),
        ("envelope", "LINESTRING(0 1, 5 1)", "LINESTRING(0 1, 5 1)"),
        (
            "convexHull",
            "MULTIPOINT((0 0), (4 4), (2 2))",
            "LINESTRING(0 0, 4 4)",
        ),
        ("convexHull", "MULTIPOINT((1 1), (1 1))", "POINT(1 1)"),
        ("convexHull", "POINT EMPTY", "POINT EMPTY"),
        ("boundary", "POINT(1 2)", "GEOMETRYCOLLECTION EMPTY"),
        (
            "boundary",
            "LINESTRING(0 0, 1 1, 2 0)",
            "MULTIPOINT((0 0), (2 0))",
        ),
        ("boundary", "LINESTRING(0 0, 1 1, 2 0, 0 0)", "POINT EMPTY"),
        (
            "boundary",
            "MULTILINESTRING((0 0, 1 1), (1 1, 2 0))",
            "MULTIPOINT((0 0), (2 0))",
        ),
        (
            "boundary",
            "POLYGON((0 0, 1 0, 1 1, 0 0))",
            "LINESTRING(0 0, 1 0, 1 1, 0 0)",
        ),
        (
            "centroid",
            "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))",
            "POINT(2 2)",
        ),
        ("centroid", "POLYGON EMPTY", "POINT EMPTY"),
    ] {
        assert_eq!(text(name, &[wkt(of)]), expected, "{name} {of}");
    }
    let hull = geof(
        "convexHull",
        &[wkt("MULTIPOINT((0 0), (4 0), (4 4), (0 4), (1 2))")],
    );
    assert_eq!(
        text(
            "sfEquals",
            &[
                hull.expect("a hull"),
                wkt("POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))")
            ]
        ),
        "true"
    );
}

#[test]
fn set_operations() {
    let square = "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))";
    let shifted = "POLYGON((2 2, 6 2, 6 6, 2 6, 2 2))";
    let equals = |name: &str, a: &str, b: &str, expected: &str| {
        let found = geof(name, &[wkt(a), wkt(b)]).unwrap_or_else(|| panic!("{name} {a} {b}"));
        assert_eq!(
            text("sfEquals", &[found.clone(), wkt(expected)]),
            "true",
            "{name} {a} {b}: {found}"
        );
    };
    equals(
        "intersection",
        square,
        shifted,
        "POLYGON((2 2, 4 2, 4 4, 2 4, 2 2))",
    );
    equals(
        "union",
        square,
        shifted,
        "POLYGON((0 0, 4 0, 4 2, 6 2, 6 6, 2 6, 2 4, 0 4, 0 0))",
    );
    equals(
        "difference",
        square,
        shifted,
        "POLYGON((0 0, 4 0, 4 2, 2 2, 2 4, 0 4, 0 0))",
    );
    equals("symDifference", square, square, "POLYGON EMPTY");
    equals(
        "intersection",
        square,
        "POLYGON((8 8, 9 8, 9 9, 8 8))",
        "POLYGON EMPTY",
    );
    equals(
        "intersection",
        "LINESTRING(-1 1, 9 1)",
        square,
        "LINESTRING(0 1, 4 1)",
    );
    equals(
        "intersection",
        square,
        "LINESTRING(-1 1, 9 1)",
        "LINESTRING(0 1, 4 1)",
    );
    equals(
        "difference",
        "LINESTRING(0 1, 9 1)",
        square,
        "LINESTRING(4 1, 9 1)",
    );
    equals(
        "intersection",
        "MULTIPOINT((1 1), (9 9))",
        square,
        "POINT(1 1)",
    );
    equals(
        "difference",
        "MULTIPOINT((1 1), (9 9))",
        square,
        "POINT(9 9)",
    );
    equals(
        "union",
        "POINT(1 1)",
        "MULTIPOINT((1 1), (2 2))",
        "MULTIPOINT((1 1), (2 2))",
    );
    equals(
        "symDifference",
        "POINT(1 1)",
        "MULTIPOINT((1 1), (2 2))",
        "POINT(2 2)",
    );
    equals("union", "POINT EMPTY", square, square);
    equals("difference", square, "POINT(1 1)", square);
    // What cannot be computed is an error and no wrong answer.
    assert_eq!(
        text(
            "intersection",
            &[wkt("LINESTRING(0 0, 1 1)"), wkt("LINESTRING(0 1, 1 0)")]
        ),
        "error"
    );
    assert_eq!(text("union", &[wkt(square), wkt("POINT(9 9)")]), "error");
}

#[test]
fn properties_of_one_geometry() {
    let rows = [
        (
            "POINT(1 2)",
            [
                "0",
                "2",
                "2",
                "false",
                "false",
                "1",
                "http://www.opengis.net/ont/sf#Point",
            ],
        ),
        (
            "POINT Z (1 2 3)",
            [
                "0",
                "3",
                "3",
                "true",
                "false",
                "1",
                "http://www.opengis.net/ont/sf#Point",
            ],
        ),
        (
            "LINESTRING ZM (1 2 3 4, 5 6 7 8)",
            [
                "1",
                "4",
                "3",
                "true",
                "false",
                "1",
                "http://www.opengis.net/ont/sf#LineString",
            ],
        ),
        (
            "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
            [
                "2",
                "2",
                "2",
                "false",
                "false",
                "2",
                "http://www.opengis.net/ont/sf#MultiPolygon",
            ],
        ),
        (
            "POLYGON EMPTY",
            [
                "0",
                "2",
                "2",
                "false",
                "true",
                "0",
                "http://www.opengis.net/ont/sf#Polygon",
            ],
        ),
    ];
    let names = [
        "dimension",
        "coordinateDimension",
        "spatialDimension",
        "is3D",
        "isEmpty",
        "numGeometries",
        "geometryType",
    ];
    for (of, expected) in rows {
        for (name, expected) in names.iter().zip(expected) {
            assert_eq!(text(name, &[wkt(of)]), expected, "{name} {of}");
        }
    }
    assert_eq!(text("isMeasured", &[wkt("POINT M (1 2 3)")]), "true");
    let many = wkt("MULTIPOINT((1 2), (3 4))");
    let number = |n: i64| Term::from(Literal::from(n));
    assert_eq!(text("geometryN", &[many.clone(), number(2)]), "POINT(3 4)");
    assert_eq!(text("geometryN", &[many.clone(), number(3)]), "error");
    assert_eq!(text("geometryN", &[many, number(0)]), "error");
    let line = wkt("LINESTRING(3 9, 5 7)");
    for (name, expected) in [("minX", "3"), ("maxX", "5"), ("minY", "7"), ("maxY", "9")] {
        assert_eq!(text(name, std::slice::from_ref(&line)), expected);
    }
    assert_eq!(text("minX", &[wkt("POINT EMPTY")]), "error");
}

#[test]
fn transforming_keeps_what_a_tenth_of_a_millimetre_can_tell() {
    let point = lambert("POINT(140252.76 198794.27)");
    let there = geof(
        "transform",
        &[
            point.clone(),
            iri("http://www.opengis.net/def/crs/EPSG/0/3812"),
        ],
    )
    .expect("in Flanders");
    let digits = value(Some(there.clone()));
    assert!(
        digits.len()
            < "<http://www.opengis.net/def/crs/EPSG/0/3812> POINT(640249.0000 698793.0000)".len()
                + 1,
        "{digits}"
    );
    let back = geof("transform", &[there, iri("EPSG:31370")]).expect("in Flanders");
    let apart = number("distance", &[back, point.clone(), metre()]);
    assert!(apart < 0.001, "{apart}");
    assert_eq!(
        geof("transform", &[point.clone(), iri("EPSG:31370")]),
        Some(point.clone())
    );
    assert_eq!(text("transform", &[point, iri("EPSG:2056")]), "error");
}
