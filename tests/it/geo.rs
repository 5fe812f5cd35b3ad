//! Questions about place, asked of the shipped examples: against what the examples themselves say, and against arithmetic
//! that knows nothing of geometries.

use super::http::Server;
use oslo_registry::query::{Answer, QueryOptions, evaluate, parse_query};
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::assets::demo_files;
use oslo_registry::store::View;
use oxrdf::Term;

const PROLOGUE: &str = "PREFIX geo: <http://www.opengis.net/ont/geosparql#>
    PREFIX geof: <http://www.opengis.net/def/function/geosparql/>
    PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/>
    PREFIX geb: <https://data.vlaanderen.be/ns/gebouw#>
    PREFIX per: <https://data.vlaanderen.be/ns/perceel#> ";

fn demo() -> Server {
    let server = Server::empty();
    for asset in demo_files() {
        let extension = asset.path.rsplit('.').next();
        let extension = extension.expect("assets have extensions");
        let format = Format::from_extension(extension).expect("assets are RDF");
        server.load_as(asset.graph, asset.bytes, format);
    }
    server
}

fn rows(view: &View, text: &str) -> Vec<Vec<String>> {
    let options = QueryOptions::default();
    let query = parse_query(text, &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let Ok(Answer::Solutions { rows, .. }) = evaluate(view, &query, &options) else {
        panic!("no solutions: {text}");
    };
    let value = |term: Option<Term>| match term {
        Some(Term::Literal(literal)) => literal.value().to_owned(),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    rows.map(|row| {
        let row = row.expect("the query runs");
        row.into_iter().map(value).collect()
    })
    .collect()
}

fn ask(view: &View, group: &str) -> Vec<Vec<String>> {
    rows(view, &format!("{PROLOGUE} SELECT * {{ {group} }}"))
}

#[test]
fn twins_in_wkt_and_gml_are_the_same_geometry() {
    let server = demo();
    let view = server.registry.snapshot().view();
    let twins = ask(&view, "?g geo:asWKT ?wkt ; geo:asGML ?gml");
    assert!(twins.len() > 700, "{}", twins.len());
    let same = ask(
        &view,
        "?g geo:asWKT ?wkt ; geo:asGML ?gml FILTER(geof:sfEquals(?wkt, ?gml))",
    );
    assert_eq!(same.len(), twins.len());
    // Written again, they are still the same.
    let same = ask(
        &view,
        "?g geo:asWKT ?wkt ; geo:asGML ?gml FILTER(geof:sfEquals(geof:asGML(?wkt), geof:asWKT(?gml)))",
    );
    assert_eq!(same.len(), twins.len());
    // In the other Lambert system and back, they are within a millimetre.
    let apart = ask(
        &view,
        "?g geo:asWKT ?wkt
        BIND(geof:transform(geof:transform(?wkt, \"EPSG:3812\"), \"EPSG:31370\") AS ?back)
        FILTER(!(geof:distance(geof:centroid(?wkt), geof:centroid(?back), uom:metre) < 0.001))",
    );
    assert_eq!(apart, Vec::<Vec<String>>::new());
}

#[test]
fn buildings_stand_on_their_parcels() {
    let server = demo();
    let view = server.registry.snapshot().view();
    let linked = "?gebouw geb:ligtOp ?perceel ; geb:Gebouw.geometrie/geb:geometrie/geo:asWKT ?building .
        ?perceel per:RuimtelijkeEenheid.geometrie/per:RuimtelijkeEenheidGeometrie.geometrie/geo:asWKT ?parcel .";
    let all = ask(&view, linked);
    assert!(all.len() > 140, "{}", all.len());
    for filter in [
        "geof:sfWithin(?building, ?parcel)",
        "geof:sfContains(?parcel, ?building)",
        "geof:metricArea(geof:difference(?building, ?parcel)) = 0",
        "geof:metricArea(?building) < geof:metricArea(?parcel)",
        "geof:sfWithin(geof:transform(?building, \"EPSG:4326\"), ?parcel)",
    ] {
        let found = ask(&view, &format!("{linked} FILTER({filter})"));
        assert_eq!(found.len(), all.len(), "{filter}");
    }
}

#[test]
fn near_is_what_arithmetic_says_is_near() {
    let server = demo();
    let view = server.registry.snapshot().view();
    let coordinates = |wkt: &str| {
        let (_, inner) = wkt.split_once("POINT(")?;
        let (x, y) = inner.strip_suffix(')')?.split_once(' ')?;
        Some((x.parse::<f64>().ok()?, y.parse::<f64>().ok()?))
    };
    let all = ask(&view, "?g geo:asWKT ?wkt");
    let points: Vec<(f64, f64)> = all
        .iter()
        .filter_map(|row| coordinates(row.last()?))
        .collect();
    assert!(points.len() > 400);
    for (x, y) in points.iter().step_by(37) {
        for metres in [0.5, 120.0, 800.0] {
            let expected = points
                .iter()
                .filter(|(a, b)| (a - x).hypot(b - y) <= metres)
                .count();
            let found = ask(&view, &format!(
                "?g geo:asWKT ?wkt FILTER(geof:distance(?wkt, \"<http://www.opengis.net/def/crs/EPSG/0/31370> POINT({x} {y})\"^^geo:wktLiteral, uom:metre) <= {metres})
                 FILTER(STRENDS(STR(geof:geometryType(?wkt)), \"#Point\"))"
            ));
            assert_eq!(found.len(), expected, "{x} {y} {metres}");
            // The same with the distance as a variable first.
            let found = ask(&view, &format!(
                "?g geo:asWKT ?wkt BIND(geof:distance(?wkt, \"<http://www.opengis.net/def/crs/EPSG/0/31370> POINT({x} {y})\"^^geo:wktLiteral, uom:metre) AS ?far)
                 FILTER({metres} >= ?far) FILTER(STRENDS(STR(geof:geometryType(?wkt)), \"#Point\"))"
            ));
            assert_eq!(found.len(), expected, "{x} {y} {metres}");
        }
    }
}

#[test]
fn the_examples_of_the_documentation_have_answers() {
    let server = demo();
    let view = server.registry.snapshot().view();
    let text = include_str!("../../docs/geosparql.md");
    let examples: Vec<&str> = text
        .split("```sparql\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(examples.len(), 3);
    for example in examples {
        let found = rows(&view, example);
        assert!(!found.is_empty(), "{example}");
        assert!(
            found
                .iter()
                .all(|row| row.iter().all(|value| !value.is_empty())),
            "{example}\n{found:?}"
        );
    }
}
