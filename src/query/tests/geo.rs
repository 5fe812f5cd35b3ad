//! GeoSPARQL in queries: what the index finds is what a look at every geometry finds, in a fraction of the work.

use super::*;
use crate::query::dataset::FETCHED;
use crate::query::geo::READ;
use crate::store::{CommitMeta, OpenOptions};
use proptest::prelude::*;

const PROLOGUE: &str = "PREFIX : <http://example.com/> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
    PREFIX geof: <http://www.opengis.net/def/function/geosparql/> PREFIX uom: <http://www.opengis.net/def/uom/OGC/1.0/> ";

const LAMBERT: &str = "<http://www.opengis.net/def/crs/EPSG/0/31370>";

fn wkt(text: &str) -> Literal {
    let datatype = NamedNode::new_unchecked("http://www.opengis.net/ont/geosparql#wktLiteral");
    Literal::new_typed_literal(text, datatype)
}

fn meta() -> CommitMeta {
    CommitMeta {
        agent: "https://example.com/agent".into(),
        activity: "https://example.com/load".into(),
        source: Vec::new(),
        message: None,
    }
}

/// Adds things with one geometry each.
fn add<'a>(
    store: &Store,
    first: usize,
    geometries: impl IntoIterator<Item = (&'a str, GraphName)>,
) {
    let mut draft = store.begin().expect("writes");
    for (n, (text, graph)) in geometries.into_iter().enumerate() {
        let thing = iri(&format!("t{}", first + n));
        let as_wkt = NamedNode::new_unchecked("http://www.opengis.net/ont/geosparql#asWKT");
        draft.add_quad(Quad::new(thing.clone(), as_wkt, wkt(text), graph.clone()).as_ref());
        let number = Literal::from((first + n) as i64);
        draft.add_quad(Quad::new(thing.clone(), iri("number"), number, graph.clone()).as_ref());
        let even = if (first + n).is_multiple_of(2) {
            "Even"
        } else {
            "Odd"
        };
        draft.add_quad(Quad::new(thing, iri("kind"), iri(even), graph).as_ref());
    }
    draft.commit(meta()).expect("commits");
}

/// A grid of points, 100 metres apart, in Lambert 72.
fn grid(side: usize) -> Vec<String> {
    (0..side * side)
        .map(|n| {
            let (x, y) = (100_000 + n % side * 100, 190_000 + n / side * 100);
            format!("{LAMBERT} POINT({x} {y})")
        })
        .collect()
}

/// Solutions, which are the same from both engines.
fn rows(view: &View, group: &str) -> Vec<Vec<String>> {
    let text = format!("{PROLOGUE} SELECT * {{ {group} }}");
    let run = |engine: Engine| {
        let options = QueryOptions {
            engine,
            ..QueryOptions::default()
        };
        let mut rows = table(view, &text, &options).expect("the query runs");
        for row in &mut rows {
            row.sort();
        }
        rows.sort();
        rows
    };
    let rows = run(Engine::Automatic);
    assert_eq!(run(Engine::Evaluator), rows, "{group}");
    rows
}

/// The same group with the filter hidden from the planner behind a negation of a negation.
fn both(view: &View, before: &str, filter: &str, after: &str) -> (usize, bool) {
    let seen = rows(view, &format!("{before} FILTER({filter}) {after}"));
    let hidden = rows(view, &format!("{before} FILTER(!(!({filter}))) {after}"));
    (seen.len(), seen == hidden)
}

#[test]
fn a_box_filter_reads_a_few_geometries_of_many() {
    let store = Store::in_memory();
    let points = grid(70);
    add(
        &store,
        0,
        points.iter().map(|p| (p.as_str(), GraphName::DefaultGraph)),
    );
    let view = store.snapshot().view();
    let zone = format!(
        "\"{LAMBERT} POLYGON((100950 190950, 101250 190950, 101250 191250, 100950 191250, 100950 190950))\"^^geo:wktLiteral"
    );
    let group = |filter: &str| format!("?t geo:asWKT ?g . ?t :kind :Even . FILTER({filter})");
    let within = group(&format!("geof:sfWithin(?g, {zone})"));
    // The first query builds the index.
    let before = READ.get();
    let found = rows(&view, &within);
    assert!(!found.is_empty() && found.len() < 9, "{}", found.len());
    assert!(READ.get() - before >= 4_900);
    let (read, fetched) = (READ.get(), FETCHED.get());
    assert_eq!(rows(&view, &within), found);
    let (read, fetched) = (READ.get() - read, FETCHED.get() - fetched);
    assert!(read <= 24, "{read} geometries");
    assert!(fetched <= 160, "{fetched} quads");
    // So does a distance, the constant first or last, and a zone that is bound apart.
    for filter in [
        format!("geof:distance(?g, \"{LAMBERT} POINT(101000 191000)\"^^geo:wktLiteral, uom:metre) < 150"),
        format!("150 >= geof:metricDistance(\"{LAMBERT} POINT(101000 191000)\"^^geo:wktLiteral, ?g)"),
        format!("geof:sfContains({zone}, ?g)"),
        format!("geof:sfIntersects(?g, {zone}) && ?t != :t1"),
        "geof:sfIntersects(?g, \"POLYGON((3.65 51.02, 3.653 51.02, 3.653 51.022, 3.65 51.022, 3.65 51.02))\"^^geo:wktLiteral)".to_owned(),
    ] {
        let fetched = FETCHED.get();
        rows(&view, &group(&filter));
        let fetched = FETCHED.get() - fetched;
        assert!(fetched <= 500, "{fetched} quads: {filter}");
    }
    // So does a distance that is a variable first.
    let point = format!("\"{LAMBERT} POINT(101000 191000)\"^^geo:wktLiteral");
    let named = format!(
        "?t geo:asWKT ?g . ?t :kind :Even . BIND(geof:metricDistance(?g, {point}) AS ?far)"
    );
    let direct = rows(
        &view,
        &group(&format!("geof:metricDistance(?g, {point}) < 150")),
    );
    for filter in ["?far < 150", "150 > ?far"] {
        let fetched = FETCHED.get();
        let found = rows(&view, &format!("{named} FILTER({filter})"));
        let fetched = FETCHED.get() - fetched;
        assert_eq!(found.len(), direct.len(), "{filter}");
        assert!(fetched <= 500, "{fetched} quads: {filter}");
    }
    for bound in [
        format!("BIND({zone} AS ?zone)"),
        format!("VALUES ?zone {{ {zone} }}"),
        format!("BIND(geof:transform({zone}, \"EPSG:31370\") AS ?zone)"),
    ] {
        let fetched = FETCHED.get();
        let again = rows(
            &view,
            &format!("{bound} ?t geo:asWKT ?g . ?t :kind :Even . FILTER(geof:sfWithin(?g, ?zone))"),
        );
        assert_eq!(again.len(), found.len());
        assert!(FETCHED.get() - fetched <= 160, "{bound}");
    }
}

#[test]
fn the_index_follows_commits_and_earlier_states() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path(), OpenOptions::default()).expect("opens");
    let points = grid(20);
    let (first, second) = points.split_at(300);
    let near = format!(
        "?t geo:asWKT ?g FILTER(geof:distance(?g, \"{LAMBERT} POINT(100500 191800)\"^^geo:wktLiteral, uom:metre) <= 100)"
    );
    add(
        &store,
        0,
        first.iter().map(|p| (p.as_str(), GraphName::DefaultGraph)),
    );
    let early = store.snapshot().view();
    assert_eq!(rows(&early, &near).len(), 0);
    add(
        &store,
        300,
        second.iter().map(|p| (p.as_str(), GraphName::DefaultGraph)),
    );
    assert_eq!(rows(&store.snapshot().view(), &near).len(), 5);
    assert_eq!(rows(&early, &near).len(), 0);
    // One commit of one point reads one point.
    let before = READ.get();
    add(
        &store,
        400,
        [(
            format!("{LAMBERT} POINT(100501 191801)").as_str(),
            GraphName::DefaultGraph,
        )],
    );
    assert_eq!(rows(&store.snapshot().view(), &near).len(), 6);
    assert!(READ.get() - before <= 24, "{}", READ.get() - before);
    store.checkpoint().expect("flushes");
    assert_eq!(rows(&store.snapshot().view(), &near).len(), 6);
    store.compact_index().expect("merges");
    assert_eq!(rows(&store.snapshot().view(), &near).len(), 6);
    let mut draft = store.begin().expect("writes");
    let gone = wkt(&format!("{LAMBERT} POINT(100501 191801)"));
    let as_wkt = NamedNode::new_unchecked("http://www.opengis.net/ont/geosparql#asWKT");
    draft.remove_quad(Quad::new(iri("t400"), as_wkt, gone, GraphName::DefaultGraph).as_ref());
    draft.commit(meta()).expect("commits");
    assert_eq!(rows(&store.snapshot().view(), &near).len(), 5);
    drop(store);
    let store = Store::open(folder.path(), OpenOptions::default()).expect("opens");
    assert_eq!(rows(&store.snapshot().view(), &near).len(), 5);
    assert_eq!(rows(&early, &near).len(), 0);
}

#[test]
fn updates_find_their_places_too() {
    let store = Store::in_memory();
    let points = grid(20);
    add(
        &store,
        0,
        points.iter().map(|p| (p.as_str(), GraphName::DefaultGraph)),
    );
    let mut draft = store.begin().expect("writes");
    let text = format!(
        "{PROLOGUE} INSERT {{ ?t :near true }} WHERE {{ ?t geo:asWKT ?g
         FILTER(geof:distance(?g, \"{LAMBERT} POINT(100500 190500)\"^^geo:wktLiteral, uom:metre) <= 100) }}"
    );
    let stats = apply_update(&mut draft, &text, &QueryOptions::default()).expect("applies");
    assert_eq!(stats.inserted, 5);
}

#[test]
fn unknown_functions_are_named() {
    let view = numbers(3);
    let text = format!("{PROLOGUE} SELECT * {{ ?s ?p ?o FILTER(geof:sfNear(?o, ?o)) }}");
    match table(&view, &text, &QueryOptions::default()) {
        Err(QueryError::UnknownFunction { iri }) => assert!(iri.ends_with("sfNear"), "{iri}"),
        other => panic!("{other:?}"),
    }
}

/// A geometry near Ghent, in any form and system, or something that is none.
fn geometry() -> impl Strategy<Value = String> {
    let system = prop::sample::select(vec![
        "",
        "<http://www.opengis.net/def/crs/EPSG/0/4326> ",
        "<http://www.opengis.net/def/crs/EPSG/0/31370> ",
        "<http://www.opengis.net/def/crs/EPSG/0/31370> ",
        "<http://www.opengis.net/def/crs/EPSG/0/3812> ",
        "<http://www.opengis.net/def/crs/EPSG/0/3857> ",
    ]);
    let place = (100_000.0..110_000.0_f64, 190_000.0..200_000.0_f64);
    (system, place, 0..5_usize, 1.0..4_000.0_f64).prop_map(|(system, (x, y), kind, size)| {
        let name = if system.is_empty() {
            "urn:ogc:def:crs:OGC:1.3:CRS84"
        } else {
            &system[1..system.len() - 2]
        };
        let at = |x: f64, y: f64| crate::query::geo::written(x, y, name);
        let (a, b) = (x + size, y + size / 2.0);
        let corners = [at(x, y), at(a, y), at(a, b), at(x, b), at(x, y)];
        match kind {
            0 | 1 => format!("{system}POINT({})", at(x, y)),
            2 => format!("{system}LINESTRING({}, {})", at(x, y), at(a, b)),
            3 => format!("{system}POLYGON(({}))", corners.join(", ")),
            _ => ["POINT EMPTY", "POINT(", "POLYGON((0 0, 1 0, 1 1, 0 0))"][size as usize % 3]
                .to_owned(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn with_the_index_and_without_it_answers_are_the_same(
        geometries in prop::collection::vec((geometry(), 0..3_usize), 150..260), constant in geometry(), relation in 0..21_usize,
        metres in 0.0..3_000.0_f64, turned in any::<bool>(),
    ) {
        let relations = [
            "sfContains", "sfCrosses", "sfEquals", "sfIntersects", "sfOverlaps", "sfTouches", "sfWithin", "ehContains", "ehCoveredBy", "ehCovers",
            "ehEquals", "ehInside", "ehMeet", "ehOverlap", "rcc8ec", "rcc8eq", "rcc8ntpp", "rcc8ntppi", "rcc8po", "rcc8tpp", "rcc8tppi",
        ];
        let graphs = [GraphName::DefaultGraph, iri("g1").into(), iri("g2").into()];
        let store = Store::in_memory();
        // Two commits of unlike size, so that there are two parts.
        let (large, small) = geometries.split_at(140);
        for (first, part) in [(0, large), (140, small)] {
            add(&store, first, part.iter().map(|(text, graph)| (text.as_str(), graphs[*graph].clone())));
        }
        let view = store.snapshot().view();
        let constant = format!("\"{constant}\"^^geo:wktLiteral");
        let (a, b) = if turned { (constant.as_str(), "?g") } else { ("?g", constant.as_str()) };
        for filter in [
            format!("geof:{}({a}, {b})", relations[relation]),
            format!("geof:sfIntersects({a}, {b})"),
            format!("geof:distance({a}, {b}, uom:metre) < {metres}"),
            format!("geof:distance({a}, {b}, uom:kilometre) <= {}", metres / 1_000.0),
            format!("geof:sfDisjoint({a}, {b})"),
        ] {
            for (before, after) in [
                ("?t geo:asWKT ?g .", ""),
                ("?t :kind ?k ; geo:asWKT ?g .", "?t :number ?n"),
                ("GRAPH ?graph { ?t geo:asWKT ?g }", ""),
                ("?t :number ?n OPTIONAL { ?t geo:asWKT ?g }", ""),
                ("?t geo:asWKT ?g OPTIONAL { ?t :kind ?k }", ""),
                ("{ ?t geo:asWKT ?g } UNION { ?t :number ?g }", ""),
                ("?t :kind :Even ; geo:asWKT ?g MINUS { ?t :number 4 }", ""),
            ] {
                let (count, same) = both(&view, before, &filter, after);
                prop_assert!(same, "{before} {filter} {after}: {count}");
            }
            let (count, same) = both(&view, "?t :number ?n OPTIONAL { ?t geo:asWKT ?g", &filter, "}");
            prop_assert!(same, "OPTIONAL {filter}: {count}");
            let (count, same) = both(&view, "?t :number ?n FILTER EXISTS { ?t geo:asWKT ?g", &filter, "}");
            prop_assert!(same, "EXISTS {filter}: {count}");
            let (count, same) = both(&view, "{ SELECT ?t (SAMPLE(?w) AS ?g) { ?t geo:asWKT ?w } GROUP BY ?t }", &filter, "");
            prop_assert!(same, "sub-select {filter}: {count}");
        }
    }
}
