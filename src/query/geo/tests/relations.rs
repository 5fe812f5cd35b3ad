//! A table of geometries and the relations between them.

use super::*;

const SQUARE: &str = "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))";
const SMALL: &str = "POLYGON((1 1, 2 1, 2 2, 1 2, 1 1))";
const CORNER: &str = "POLYGON((0 0, 2 0, 2 2, 0 2, 0 0))";
const SHIFTED: &str = "POLYGON((2 2, 6 2, 6 6, 2 6, 2 2))";
const BESIDE: &str = "POLYGON((4 0, 8 0, 8 4, 4 4, 4 0))";
const AWAY: &str = "POLYGON((9 9, 10 9, 10 10, 9 10, 9 9))";
const TURNED: &str = "POLYGON((4 4, 0 4, 0 0, 4 0, 4 2, 4 4))";
const RING: &str = "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 1 3, 3 3, 3 1, 1 1))";
const INSIDE: &str = "POINT(1 1)";
const EDGE: &str = "POINT(4 2)";
const OUT: &str = "POINT(5 5)";
const THROUGH: &str = "LINESTRING(-1 2, 5 2)";
const ALONG: &str = "LINESTRING(4 0, 4 4)";
const DIAGONAL: &str = "LINESTRING(0 0, 4 4)";
const OTHER: &str = "LINESTRING(0 4, 4 0)";
const PART: &str = "LINESTRING(1 1, 2 2)";
const POINTS: &str = "MULTIPOINT((1 1), (9 9))";

/// First, second, and the names of the relations of the simple features family that hold.
const TABLE: [(&str, &str, &str); 27] = [
    (SQUARE, SQUARE, "Equals Intersects Within Contains"),
    (SQUARE, TURNED, "Equals Intersects Within Contains"),
    (SQUARE, SMALL, "Intersects Contains"),
    (SMALL, SQUARE, "Intersects Within"),
    (SQUARE, CORNER, "Intersects Contains"),
    (SQUARE, SHIFTED, "Intersects Overlaps"),
    (SQUARE, BESIDE, "Intersects Touches"),
    (SQUARE, AWAY, "Disjoint"),
    (RING, INSIDE, "Intersects Touches"),
    (RING, "POINT(2 2)", "Disjoint"),
    (RING, "POLYGON((1.5 1.5, 2 1.5, 2 2, 1.5 1.5))", "Disjoint"),
    (SQUARE, INSIDE, "Intersects Contains"),
    (INSIDE, SQUARE, "Intersects Within"),
    (SQUARE, EDGE, "Intersects Touches"),
    (EDGE, SQUARE, "Intersects Touches"),
    (SQUARE, OUT, "Disjoint"),
    (INSIDE, INSIDE, "Equals Intersects Within Contains"),
    (THROUGH, SQUARE, "Intersects Crosses"),
    (SQUARE, THROUGH, "Intersects Crosses"),
    (ALONG, SQUARE, "Intersects Touches"),
    (DIAGONAL, SQUARE, "Intersects Within"),
    (DIAGONAL, OTHER, "Intersects Crosses"),
    (DIAGONAL, PART, "Intersects Contains"),
    (DIAGONAL, "LINESTRING(2 2, 6 6)", "Intersects Overlaps"),
    (DIAGONAL, "LINESTRING(4 4, 6 6)", "Intersects Touches"),
    (POINTS, SQUARE, "Intersects Crosses"),
    ("POINT EMPTY", SQUARE, "Disjoint"),
];

const SF_NAMES: [&str; 8] = [
    "Equals",
    "Disjoint",
    "Intersects",
    "Touches",
    "Crosses",
    "Within",
    "Contains",
    "Overlaps",
];

#[test]
fn simple_features_relations_are_those_of_the_table() {
    for (a, b, holding) in TABLE {
        let holding: Vec<&str> = holding.split(' ').collect();
        for name in SF_NAMES {
            let found = text(&format!("sf{name}"), &[wkt(a), wkt(b)]);
            assert_eq!(
                found,
                holding.contains(&name).to_string(),
                "sf{name} {a} {b}"
            );
        }
    }
}

#[test]
fn egenhofer_and_rcc8_relations_of_areas() {
    for (a, b, eh, rcc8) in [
        (SQUARE, TURNED, "ehEquals", "rcc8eq"),
        (SQUARE, SMALL, "ehContains", "rcc8ntppi"),
        (SMALL, SQUARE, "ehInside", "rcc8ntpp"),
        (SQUARE, CORNER, "ehCovers", "rcc8tppi"),
        (CORNER, SQUARE, "ehCoveredBy", "rcc8tpp"),
        (SQUARE, SHIFTED, "ehOverlap", "rcc8po"),
        (SQUARE, BESIDE, "ehMeet", "rcc8ec"),
        (SQUARE, AWAY, "ehDisjoint", "rcc8dc"),
    ] {
        for name in functions::names() {
            let wanted = match name {
                name if name.starts_with("eh") => name == eh,
                name if name.starts_with("rcc8") => name == rcc8,
                _ => continue,
            };
            assert_eq!(
                text(name, &[wkt(a), wkt(b)]),
                wanted.to_string(),
                "{name} {a} {b}"
            );
        }
    }
}

#[test]
fn relate_takes_a_pattern() {
    let pattern = |text: &str| Term::from(Literal::from(text));
    let (a, b) = (wkt(INSIDE), wkt(SQUARE));
    assert_eq!(
        text("relate", &[a.clone(), b.clone(), pattern("T*F**F***")]),
        "true"
    );
    assert_eq!(
        text("relate", &[a.clone(), b.clone(), pattern("0FFFFF212")]),
        "true"
    );
    assert_eq!(
        text("relate", &[a.clone(), b.clone(), pattern("FF*FF****")]),
        "false"
    );
    assert_eq!(
        text("relate", &[a.clone(), b.clone(), pattern("T*F")]),
        "error"
    );
    assert_eq!(
        text("relate", &[a.clone(), b.clone(), pattern("T*F**F**X")]),
        "error"
    );
    // Apart by their bounds alone, the matrix is the same as after a close look.
    assert_eq!(
        text("relate", &[wkt(OUT), b.clone(), pattern("FF0FFF212")]),
        "true"
    );
    assert_eq!(
        text("relate", &[wkt(THROUGH), wkt(AWAY), pattern("FF1FF0212")]),
        "true"
    );
}

#[test]
fn the_second_geometry_goes_to_the_system_of_the_first() {
    let zone = lambert(
        "POLYGON((104000 192000, 105000 192000, 105000 193000, 104000 193000, 104000 192000))",
    );
    let point = lambert("POINT(104719.27 192387.25)");
    for system in [
        "EPSG:4326",
        "EPSG:4258",
        "EPSG:3812",
        "EPSG:3857",
        "urn:ogc:def:crs:OGC:1.3:CRS84",
    ] {
        let there = geof("transform", &[point.clone(), iri(system)]).expect("in Flanders");
        let zone_there = geof("transform", &[zone.clone(), iri(system)]).expect("in Flanders");
        for (a, b) in [
            (&point, &zone),
            (&there, &zone),
            (&point, &zone_there),
            (&there, &zone_there),
        ] {
            assert_eq!(
                text("sfWithin", &[a.clone(), b.clone()]),
                "true",
                "{system}"
            );
            assert_eq!(
                text("sfContains", &[b.clone(), a.clone()]),
                "true",
                "{system}"
            );
        }
    }
    // Latitude and longitude mixed up is elsewhere, not an error.
    let mixed = wkt("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(3.72 51.05)");
    assert_eq!(text("sfWithin", &[mixed, zone]), "false");
}

#[test]
fn wrong_arguments_are_errors() {
    let point = wkt(INSIDE);
    assert_eq!(text("sfWithin", std::slice::from_ref(&point)), "error");
    assert_eq!(
        text("sfWithin", &[point.clone(), iri("http://example.com/")]),
        "error"
    );
    assert_eq!(
        text("sfWithin", &[point.clone(), wkt("POLYGON((")]),
        "error"
    );
    assert_eq!(
        text("sfWithin", &[point.clone(), point.clone(), point]),
        "error"
    );
}
