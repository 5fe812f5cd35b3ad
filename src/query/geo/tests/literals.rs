//! Literals of every form: what is read, what is refused, and that writing and reading again changes nothing.

use super::*;
use geo::CoordsIter as _;
use proptest::prelude::*;

/// The same geometry after reading and writing.
fn again(text: &str) -> String {
    super::text("asWKT", &[wkt(text)])
}

#[test]
fn every_simple_feature_comes_back() {
    for text in [
        "POINT(1 2)",
        "POINT(1.5 -2.25)",
        "LINESTRING(0 0, 1 1, 2 0)",
        "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0))",
        "POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))",
        "MULTIPOINT((1 2), (3 4))",
        "MULTILINESTRING((0 0, 1 1), (2 2, 3 3))",
        "MULTIPOLYGON(((0 0, 1 0, 1 1, 0 0)), ((5 5, 6 5, 6 6, 5 5)))",
        "GEOMETRYCOLLECTION(POINT(1 2), LINESTRING(0 0, 1 1))",
        "POINT EMPTY",
        "LINESTRING EMPTY",
        "POLYGON EMPTY",
        "MULTIPOINT EMPTY",
        "MULTIPOLYGON EMPTY",
        "GEOMETRYCOLLECTION EMPTY",
        "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(104719.27 192387.25)",
        "<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(51.05 3.72)",
        "<http://www.opengis.net/def/crs/EPSG/0/3812> POINT EMPTY",
    ] {
        assert_eq!(again(text), text);
    }
}

#[test]
fn other_spellings_are_the_same_geometry() {
    for (text, same) in [
        ("  point ( 1   2 ) ", "POINT(1 2)"),
        ("Point(1e2 -2.5E-1)", "POINT(100 -0.25)"),
        ("MULTIPOINT(1 2, 3 4)", "MULTIPOINT((1 2), (3 4))"),
        ("MULTIPOINT(EMPTY, (3 4))", "MULTIPOINT((3 4))"),
        ("POINT Z (1 2 3)", "POINT(1 2)"),
        ("POINTZ(1 2 3)", "POINT(1 2)"),
        ("POINT ZM (1 2 3 4)", "POINT(1 2)"),
        ("POINT(1 2 3)", "POINT(1 2)"),
        ("LINESTRING M (0 0 1, 1 1 2)", "LINESTRING(0 0, 1 1)"),
        ("", "GEOMETRYCOLLECTION EMPTY"),
        ("POINT(-0 0)", "POINT(0 0)"),
        (
            "<http://www.opengis.net/def/crs/OGC/1.3/CRS84> POINT(3 51)",
            "POINT(3 51)",
        ),
        (
            "<urn:ogc:def:crs:EPSG::31370>POINT(1 2)",
            "<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(1 2)",
        ),
    ] {
        assert_eq!(again(text), same, "{text}");
    }
}

#[test]
fn what_is_no_geometry_is_an_expression_error() {
    let deep = format!(
        "{}POINT(1 2){}",
        "GEOMETRYCOLLECTION(".repeat(5_000),
        ")".repeat(5_000)
    );
    for text in [
        "POINT",
        "POINT(1)",
        "POINT(1 2 3 4 5)",
        "POINT(1 2",
        "POINT(1 2))",
        "POINT(1 2) x",
        "POINT(1,2)",
        "POINT(NaN 2)",
        "POINT(1e999 2)",
        "POINT(1e10 2)",
        "POINT(é 2)",
        "CIRCLE(1 2)",
        "LINESTRING(0 0)",
        "POLYGON((0 0, 1 0, 1 1))",
        "POLYGON((0 0, 1 0, 1 1, 5 5))",
        "POLYGON(EMPTY, (0 0, 1 0, 1 1, 0 0))",
        "<http://www.opengis.net/def/crs/EPSG/0/28992> POINT(1 2)",
        "<http://example.com/> POINT(1 2)",
        "<POINT(1 2)",
        &deep,
    ] {
        assert_eq!(again(text), "error", "{}", &text[..text.len().min(60)]);
    }
}

#[test]
fn systems_that_put_latitude_first_are_read_so() {
    let here = wkt("<http://www.opengis.net/def/crs/EPSG/0/4326> POINT(51.05 3.72)");
    assert_eq!(
        text(
            "transform",
            &[
                here.clone(),
                iri("http://www.opengis.net/def/crs/OGC/1.3/CRS84")
            ]
        ),
        "POINT(3.72 51.05)"
    );
    assert_eq!(text("minX", std::slice::from_ref(&here)), "3.72");
    assert_eq!(text("maxY", std::slice::from_ref(&here)), "51.05");
    assert_eq!(
        text("asGML", std::slice::from_ref(&here)),
        "<gml:Point srsName=\"http://www.opengis.net/def/crs/EPSG/0/4326\" xmlns:gml=\"http://www.opengis.net/gml/3.2\"><gml:pos>51.05 3.72</gml:pos></gml:Point>"
    );
    assert_eq!(
        text("asGeoJSON", std::slice::from_ref(&here)),
        r#"{"type":"Point","coordinates":[3.72,51.05]}"#
    );
    assert_eq!(
        text("getSRID", &[here]),
        "http://www.opengis.net/def/crs/EPSG/0/4326"
    );
}

#[test]
fn gml_of_the_registers_is_read() {
    let point = |srs: &str, pos: &str| {
        gml(&format!(
            "<gml:Point srsName=\"{srs}\" xmlns:gml=\"http://www.opengis.net/gml/3.2\"><gml:pos>{pos}</gml:pos></gml:Point>"
        ))
    };
    let lambert72 = "http://www.opengis.net/def/crs/EPSG/0/31370";
    assert_eq!(
        text(
            "asWKT",
            &[point(
                "https://www.opengis.net/def/crs/EPSG/0/31370",
                "140252.76 198794.27"
            )]
        ),
        format!("<{lambert72}> POINT(140252.76 198794.27)")
    );
    for (inner, same) in [
        (
            "<gml:LineString srsName=\"EPSG:31370\"><gml:posList>0 0 1 1\n 2 0</gml:posList></gml:LineString>",
            "LINESTRING(0 0, 1 1, 2 0)",
        ),
        (
            "<LineString srsName=\"EPSG:31370\"><pos>0 0</pos><pos>1 1</pos></LineString>",
            "LINESTRING(0 0, 1 1)",
        ),
        (
            "<gml:LineString srsName=\"EPSG:31370\"><gml:coordinates>0,0 1,1</gml:coordinates></gml:LineString>",
            "LINESTRING(0 0, 1 1)",
        ),
        (
            "<gml:Polygon srsName=\"EPSG:31370\"><gml:exterior><gml:LinearRing><gml:posList>0 0 9 0 9 9 0 0</gml:posList></gml:LinearRing></gml:exterior>\
          <gml:interior><gml:LinearRing><gml:posList>5 1 6 1 6 2 5 1</gml:posList></gml:LinearRing></gml:interior></gml:Polygon>",
            "POLYGON((0 0, 9 0, 9 9, 0 0), (5 1, 6 1, 6 2, 5 1))",
        ),
        (
            "<gml:Polygon srsName=\"EPSG:31370\" srsDimension=\"3\"><gml:exterior><gml:LinearRing><gml:posList srsDimension=\"3\">0 0 1 9 0 1 9 9 1 0 0 1</gml:posList>\
          </gml:LinearRing></gml:exterior></gml:Polygon>",
            "POLYGON((0 0, 9 0, 9 9, 0 0))",
        ),
        (
            "<gml:Envelope srsName=\"EPSG:31370\"><gml:lowerCorner>0 0</gml:lowerCorner><gml:upperCorner>2 1</gml:upperCorner></gml:Envelope>",
            "POLYGON((2 0, 2 1, 0 1, 0 0, 2 0))",
        ),
        (
            "<gml:MultiPoint srsName=\"EPSG:31370\"><gml:pointMember><gml:Point><gml:pos>1 2</gml:pos></gml:Point></gml:pointMember></gml:MultiPoint>",
            "MULTIPOINT((1 2))",
        ),
        (
            "<gml:MultiCurve srsName=\"EPSG:31370\"><gml:curveMember><gml:Curve><gml:segments><gml:LineStringSegment><gml:posList>0 0 1 1</gml:posList></gml:LineStringSegment>\
          <gml:LineStringSegment><gml:posList>1 1 2 0</gml:posList></gml:LineStringSegment></gml:segments></gml:Curve></gml:curveMember></gml:MultiCurve>",
            "MULTILINESTRING((0 0, 1 1, 2 0))",
        ),
        (
            "<gml:MultiSurface srsName=\"EPSG:31370\"><gml:surfaceMember><gml:Surface><gml:patches><gml:PolygonPatch><gml:exterior><gml:LinearRing>\
          <gml:posList>0 0 9 0 9 9 0 0</gml:posList></gml:LinearRing></gml:exterior></gml:PolygonPatch></gml:patches></gml:Surface></gml:surfaceMember></gml:MultiSurface>",
            "MULTIPOLYGON(((0 0, 9 0, 9 9, 0 0)))",
        ),
        (
            "<gml:MultiGeometry srsName=\"EPSG:31370\"><gml:geometryMember><gml:Point><gml:pos>1 2</gml:pos></gml:Point></gml:geometryMember></gml:MultiGeometry>",
            "GEOMETRYCOLLECTION(POINT(1 2))",
        ),
        ("<gml:Point srsName=\"EPSG:31370\"/>", "POINT EMPTY"),
    ] {
        assert_eq!(
            text("asWKT", &[gml(inner)]),
            format!("<{lambert72}> {same}"),
            "{inner}"
        );
    }
    for wrong in [
        "<gml:Point>",
        "x",
        "<Point><pos>1</pos></Point>",
        "<Point><pos>1 x</pos></Point>",
        "<Point><pos>1 2</pos></Point><Point/>",
        "<Sphere/>",
        "<!DOCTYPE a [<!ENTITY b \"1 2\">]><Point><pos>&b;</pos></Point>",
        "<Point><pos>&b;</pos></Point>",
        "<MultiPoint><pointMember xlink:href=\"http://example.com/\"/></MultiPoint>",
        "<Point srsName=\"EPSG:28992\"><pos>1 2</pos></Point>",
        "<Curve><segments><Arc><posList>0 0 1 1 2 0</posList></Arc></segments></Curve>",
        "<Polygon><exterior><LinearRing><posList>0 0 1 1</posList></LinearRing></exterior></Polygon>",
    ] {
        assert_eq!(text("asWKT", &[gml(wrong)]), "error", "{wrong}");
    }
    let deep = format!(
        "{}{}",
        "<MultiGeometry><geometryMember>".repeat(3_000),
        "</geometryMember></MultiGeometry>".repeat(3_000)
    );
    assert_eq!(text("asWKT", &[gml(&deep)]), "error");
}

#[test]
fn geojson_is_read() {
    for (text, same) in [
        (
            r#"{"type":"Point","coordinates":[3.7,51]}"#,
            "POINT(3.7 51)",
        ),
        (
            r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#,
            "POLYGON((0 0, 1 0, 1 1, 0 0))",
        ),
        (
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}"#,
            "GEOMETRYCOLLECTION(POINT(1 2))",
        ),
        (
            r#"{"type":"MultiPoint","coordinates":[]}"#,
            "MULTIPOINT EMPTY",
        ),
        (r#"{"type":"Feature"}"#, "error"),
        (r#"{"type":"Point","coordinates":[1]}"#, "error"),
        (r#"{"type":"Point","coordinates":["1","2"]}"#, "error"),
        ("[]", "error"),
        ("{", "error"),
    ] {
        assert_eq!(super::text("asWKT", &[geojson(text)]), same, "{text}");
    }
}

/// Texts that look like geometries.
fn nearly() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "POINT",
        "LINESTRING",
        "POLYGON",
        "MULTIPOINT",
        "MULTIPOLYGON",
        "GEOMETRYCOLLECTION",
        "EMPTY",
        "Z",
        "M",
        "(",
        "((",
        ")",
        "))",
        ",",
        "0 0",
        "1 1",
        "2 0",
        "0 0, 4 0, 4 4, 0 0",
        "1e5",
        "-3",
        " ",
        "<http://www.opengis.net/def/crs/EPSG/0/31370>",
        "é",
        "\u{0}",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

fn nearly_gml() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "<gml:Point>",
        "</gml:Point>",
        "<gml:pos>",
        "</gml:pos>",
        "1 2",
        "<Polygon>",
        "<exterior>",
        "<LinearRing>",
        "<posList>",
        "0 0 4 0 4 4 0 0",
        "</posList>",
        "</LinearRing>",
        "</exterior>",
        "</Polygon>",
        "<MultiSurface>",
        "<surfaceMember>",
        "</surfaceMember>",
        "</MultiSurface>",
        " srsName=\"EPSG:4326\"",
        "<a b='c'/>",
        "&amp;",
        "<![CDATA[1 2]]>",
        "<!-- x -->",
        "é",
        ">",
    ]);
    prop::collection::vec(word, 0..24).prop_map(|words| words.concat())
}

fn coordinate() -> impl Strategy<Value = f64> + Clone {
    prop_oneof![-180.0..180.0_f64, (-90..90_i32).prop_map(f64::from)]
}

fn square() -> impl Strategy<Value = String> {
    (coordinate(), coordinate(), 0.1..9.0_f64).prop_map(|(x, y, size)| {
        let (a, b) = (x + size, y + size);
        format!("(({x} {y}, {a} {y}, {a} {b}, {x} {b}, {x} {y}))")
    })
}

fn geometry() -> impl Strategy<Value = String> {
    let position = (coordinate(), coordinate()).prop_map(|(x, y)| format!("{x} {y}"));
    let line = prop::collection::vec(position.clone(), 2..6)
        .prop_map(|all| format!("({})", all.join(", ")));
    let leaf = prop_oneof![
        position.clone().prop_map(|at| format!("POINT({at})")),
        line.clone().prop_map(|line| format!("LINESTRING{line}")),
        square().prop_map(|square| format!("POLYGON{square}")),
        prop::collection::vec(position, 1..5)
            .prop_map(|all| format!("MULTIPOINT(({}))", all.join("), ("))),
        prop::collection::vec(line, 1..4)
            .prop_map(|all| format!("MULTILINESTRING({})", all.join(", "))),
        prop::collection::vec(square(), 1..4)
            .prop_map(|all| format!("MULTIPOLYGON({})", all.join(", "))),
    ];
    prop_oneof![
        4 => leaf.clone(),
        1 => prop::collection::vec(leaf, 1..4).prop_map(|all| format!("GEOMETRYCOLLECTION({})", all.join(", "))),
    ]
}

proptest! {
    #[test]
    fn nothing_that_is_read_panics(wkt in nearly(), gml in nearly_gml(), any in ".{0,60}") {
        for form in [geometry::Form::Wkt, geometry::Form::Gml, geometry::Form::GeoJson] {
            for text in [&wkt, &gml, &any] {
                let _ = form.read(text);
            }
        }
    }

    #[test]
    fn all_forms_carry_the_same_geometry(text in geometry()) {
        let read = |form: geometry::Form, text: &str| form.read(text).expect("well formed");
        let first = read(geometry::Form::Wkt, &text);
        let by_wkt = read(geometry::Form::Wkt, &super::super::wkt::write(&first));
        let by_gml = read(geometry::Form::Gml, &super::super::gml::write(&first));
        let by_json = read(geometry::Form::GeoJson, &super::super::geojson::write(&first));
        for other in [&by_wkt, &by_gml] {
            prop_assert_eq!(&other.shape, &first.shape);
        }
        for other in [&by_wkt, &by_gml, &by_json] {
            prop_assert_eq!(other.kind, first.kind);
        }
        // JSON numbers are read to the last digit but one.
        let pairs = by_json.shape.coords_iter().zip(first.shape.coords_iter());
        for (one, other) in pairs {
            prop_assert!((one.x - other.x).abs() < 1e-12 && (one.y - other.y).abs() < 1e-12);
        }
        prop_assert_eq!(by_json.size, first.size);
    }

    #[test]
    fn no_function_panics(a in geometry(), b in geometry(), name in 0..61_usize) {
        let names = functions::names();
        let name = names[name % names.len()];
        let (a, b) = (wkt(&a), wkt(&b));
        let others = [b, metre(), Literal::from(2).into(), Literal::from("T*F**F***").into(), iri("EPSG:31370")];
        call(&[iri(&format!("{GEOF}{name}"))]);
        geof(name, std::slice::from_ref(&a));
        for other in &others {
            geof(name, &[a.clone(), other.clone()]);
            for third in &others {
                geof(name, &[a.clone(), other.clone(), third.clone()]);
            }
        }
    }

    #[test]
    fn no_drawing_is_too_rough(a in rough(), b in rough(), name in 0..61_usize, crs in 0..3_usize) {
        let names = functions::names();
        let name = names[name % names.len()];
        let system = ["", "<http://www.opengis.net/def/crs/EPSG/0/31370> ", "<http://www.opengis.net/def/crs/EPSG/0/3857> "][crs];
        let (a, b) = (wkt(&format!("{system}{a}")), wkt(&format!("{system}{b}")));
        geof(name, std::slice::from_ref(&a));
        geof(name, &[a.clone(), b.clone()]);
        geof(name, &[a.clone(), b, metre()]);
        geof(name, &[a, Literal::from(3.5).into(), metre()]);
    }
}

/// Areas and lines with loops, spikes, repeated and far positions.
fn rough() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        6 => (-3..4_i32).prop_map(f64::from),
        1 => prop::sample::select(vec![1e9, -1e9, 1e-300, -1e-12, 0.1, 90.0, 180.0, 8e8, 1e300]),
    ];
    let position = (number.clone(), number).prop_map(|(x, y)| format!("{x} {y}"));
    let ring = prop::collection::vec(position.clone(), 3..8).prop_map(|mut all| {
        all.push(all[0].clone());
        format!("({})", all.join(", "))
    });
    let line = prop::collection::vec(position, 2..8)
        .prop_map(|all| format!("LINESTRING({})", all.join(", ")));
    let polygon = prop::collection::vec(ring, 1..4);
    prop_oneof![
        1 => line,
        2 => polygon.clone().prop_map(|rings| format!("POLYGON({})", rings.join(", "))),
        2 => polygon.prop_map(|rings| format!("MULTIPOLYGON(({}))", rings.join("), ("))),
    ]
}
