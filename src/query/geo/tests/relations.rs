//! A table of geometries and the relations between them.

use super::super::relations::Relation;
use super::*;
use proptest::prelude::*;

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

/// A star of many corners around a place, with a hole, and copies of it if asked.
fn star(x: f64, y: f64, radius: f64, copies: usize) -> String {
    let ring = |x: f64, radius: f64| {
        let corners = (0..=120).map(|n| {
            let angle = f64::from(n % 120) / 120.0 * std::f64::consts::TAU;
            let reach = radius * if n % 2 == 0 { 1.0 } else { 0.7 };
            format!("{} {}", x + reach * angle.cos(), y + reach * angle.sin())
        });
        corners.collect::<Vec<_>>().join(", ")
    };
    let star = |x: f64| format!("(({}), ({}))", ring(x, radius), ring(x, radius / 3.0));
    let stars: Vec<String> = (0..copies)
        .map(|n| star(x + 3.0 * radius * n as f64))
        .collect();
    if copies == 1 {
        format!("POLYGON{}", stars[0])
    } else {
        format!("MULTIPOLYGON({})", stars.join(", "))
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_large_area_compared_often_relates_as_when_compared_once(copies in 1..3_usize, others in prop::collection::vec((-15.0..45.0_f64, -15.0..15.0_f64, 0.01..6.0_f64, 0..4_usize), 12)) {
        use super::super::geometry::Form;
        use super::super::relations::Matrix;
        let read = |text: &str| Form::Wkt.read(text).expect("well formed");
        let star = star(0.0, 0.0, 10.0, copies);
        let often = read(&star);
        for (x, y, size, kind) in others {
            let (a, b) = (x + size, y + size);
            let other = match kind {
                0 => format!("POINT({x} {y})"),
                1 => format!("LINESTRING({x} {y}, {a} {b})"),
                2 => format!("MULTIPOINT(({x} {y}), ({a} {b}))"),
                _ => format!("POLYGON(({x} {y}, {a} {y}, {a} {b}, {x} {y}))"),
            };
            let other = read(&other);
            let once = read(&star);
            prop_assert_eq!(Matrix::of(&often, &other), Matrix::of(&once, &other));
            prop_assert_eq!(Matrix::of(&other, &often), Matrix::of(&other, &once));
            for relation in [Relation::Intersects, Relation::Contains, Relation::Within, Relation::Touches, Relation::Crosses, Relation::Overlaps] {
                let fresh = read(&star);
                prop_assert_eq!(super::super::relations::holds(relation, &often, &other), super::super::relations::holds(relation, &fresh, &other));
                let fresh = read(&star);
                prop_assert_eq!(super::super::relations::holds(relation, &other, &often), super::super::relations::holds(relation, &other, &fresh));
            }
        }
    }
}
