//! The executor against the evaluator on data of many batches, in one graph and in several, on levels and a delta.
//! Small random data and queries are compared with another store in `tests/it/differential.rs`.

use crate::query::{
    Answer, DefaultGraph, Engine, QueryError, QueryOptions, evaluate, is_run_by_executor,
    parse_query,
};
use crate::store::{CommitMeta, Store, View};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};

const HOUSES: usize = 9_000;

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://e/{name}"))
}

/// Houses in streets in towns; every seventh house in a second graph too when there are two.
fn town(graphs: usize) -> Store {
    let store = Store::in_memory();
    let meta = || CommitMeta {
        agent: "http://e/agent".into(),
        activity: "http://e/test".into(),
        source: Vec::new(),
        message: None,
    };
    let commit = |quads: &[Quad]| {
        let mut draft = store.begin().expect("memory stores open drafts");
        quads.iter().for_each(|quad| draft.add_quad(quad.as_ref()));
        draft.commit(meta()).expect("memory stores commit");
    };
    let mut quads = Vec::new();
    for n in 0..HOUSES {
        let house = iri(&format!("h{n}"));
        let mut add = |predicate: &str, object: Term| {
            for graph in 0..=usize::from(n % 7 == 0 && graphs > 1) {
                let graph = GraphName::from(iri(&format!("g{graph}")));
                let (house, object) = (house.clone(), object.clone());
                quads.push(Quad::new(house, iri(predicate), object, graph));
            }
        };
        add("kind", iri("House").into());
        add("at", iri(&format!("s{}", n * 31 % 400)).into());
        add("number", Literal::from((n % 97) as i64).into());
        let lat = format!("{}.{:04}", 50 + n % 2, n * 13 % 10_000);
        let lat = Literal::new_typed_literal(lat, oxrdf::vocab::xsd::DECIMAL);
        add("lat", lat.into());
        let label = format!("Kerkstraat {}, Gent \"{n}\"", n % 97);
        let label = Literal::new_language_tagged_literal_unchecked(label, "nl");
        add("label", label.into());
        if n % 5 == 0 {
            add("box", Literal::from(format!("bus {}", n % 11)).into());
        }
    }
    for n in 0..400 {
        let (street, town) = (iri(&format!("s{n}")), iri(&format!("t{}", n % 20)));
        quads.push(Quad::new(street, iri("in"), town, iri("g0")));
        // Streets lie in rings of 25, each with an end that leads nowhere else.
        let next = n / 25 * 25 + (n + 1) % 25;
        for other in [Some(next), (n % 25 == 3).then_some(n + 1_000)]
            .into_iter()
            .flatten()
        {
            let (street, other) = (iri(&format!("s{n}")), iri(&format!("s{other}")));
            quads.push(Quad::new(street, iri("next"), other, iri("g0")));
        }
    }
    commit(&quads);
    // A few changes on top.
    let mut draft = store.begin().expect("memory stores open drafts");
    for quad in quads.iter().step_by(500) {
        draft.remove_quad(quad.as_ref());
    }
    draft.commit(meta()).expect("memory stores commit");
    store
}

fn answers(view: &View, text: &str, engine: Engine) -> Vec<String> {
    let options = QueryOptions {
        engine,
        ..QueryOptions::default()
    };
    let query = parse_query(text, &options).expect("the query is valid");
    match evaluate(view, &query, &options).expect("the query runs") {
        Answer::Boolean(value) => vec![value.to_string()],
        Answer::Graph(triples) => triples
            .map(|triple| triple.expect("within the limits").to_string())
            .collect(),
        Answer::Solutions { rows, .. } => rows
            .map(|row| {
                let cells = row.expect("within the limits");
                let cells: Vec<String> = cells
                    .iter()
                    .map(|cell| cell.as_ref().map_or(String::new(), Term::to_string))
                    .collect();
                cells.join(" | ")
            })
            .collect(),
    }
}

const PREFIXES: &str = "PREFIX : <http://e/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> ";

const QUERIES: &[&str] = &[
    "SELECT * { ?h :at ?s . ?s :in ?t . ?h :number ?n }",
    "SELECT ?t (COUNT(*) AS ?n) (AVG(?m) AS ?a) (MIN(?l) AS ?f) { ?h :at ?s . ?s :in ?t . ?h :number ?m ; :label ?l } GROUP BY ?t",
    "SELECT (COUNT(*) AS ?n) { ?h :kind :House }",
    "SELECT (COUNT(?h) AS ?n) { ?h :kind :House . FILTER NOT EXISTS { ?h :box ?b } }",
    "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p",
    "SELECT ?s (COUNT(?h) AS ?n) { ?h :at ?s } GROUP BY ?s",
    "SELECT ?s (COUNT(DISTINCT ?n) AS ?c) { ?h :at ?s ; :number ?n } GROUP BY ?s HAVING(COUNT(?h) > 10)",
    "SELECT ?h ?b { ?h :number 5 OPTIONAL { ?h :box ?b } }",
    "SELECT ?h ?b { ?h :kind :House OPTIONAL { ?h :box ?b FILTER(?b != 'bus 3') } }",
    "SELECT ?h { ?h :kind :House MINUS { ?h :box ?b } }",
    "SELECT ?h ?lat { ?h :lat ?lat FILTER(?lat > 50.2 && ?lat <= 51.05) }",
    "SELECT ?h ?l { ?h :label ?l FILTER(REGEX(STR(?l), '^KERKSTRAAT 1[0-9],', 'i')) }",
    "SELECT ?h ?l { ?h :label ?l FILTER(CONTAINS(LCASE(STR(?l)), '\"17')) }",
    "SELECT DISTINCT ?n ?s { ?h :number ?n ; :at ?s . FILTER(?n < 9) }",
    "SELECT ?x { { ?x :in :t3 } UNION { ?x :at :s3 } UNION { ?y :at ?x . ?x :in :t4 } }",
    "SELECT ?h ?n { VALUES ?h { :h1 :h2 :h9999 :nothing } ?h :number ?n }",
    "SELECT ?a ?b { ?a :box ?l . ?b :box ?l . ?a :number 5 . ?b :number 10 }",
    "SELECT ?h ?m { ?h :number ?n . BIND(?n * 2 + 1 AS ?m) FILTER(?m = 21) }",
    "SELECT ?s ?n { { SELECT ?s (COUNT(*) AS ?n) { ?h :at ?s } GROUP BY ?s } ?s :in :t7 }",
    "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?h :kind :House } } GROUP BY ?g",
    "SELECT ?h { GRAPH :g1 { ?h :number 5 } }",
    "SELECT ?h { GRAPH ?g { ?h :number 7 . ?h :at ?s } }",
    "SELECT ?x { ?x ?p ?x }",
    "ASK { ?h :number 96 . ?h :at :s1 }",
    "CONSTRUCT { ?s :has ?h . ?h :town ?t } { ?h :at ?s . ?s :in ?t }",
    "SELECT ?h ?t { ?h :at/:in ?t . ?h !(:kind|:at) 3 }",
    "SELECT ?s { :s7 :next+ ?s }",
    "SELECT ?s { ?s :next+ :s1003 }",
    "SELECT ?s ?o { ?s :next* ?o }",
    "SELECT ?s ?o { ?s :next+ ?o . ?s :in :t3 . ?o :in :t4 }",
    "SELECT ?s ?o { ?s (:next/:next)+ ?o } ORDER BY ?s ?o LIMIT 300",
    "SELECT ?s { ?s (^:next|:in)+ :t3 }",
    "SELECT ?s ?o { VALUES ?s { :s3 :s999 :nothing } ?s (:next?/!(:next|:at))* ?o }",
    "SELECT ?h ?t { ?h :number 5 . ?h :at/:next+/:in ?t }",
    "SELECT ?x { ?x :next+ ?x }",
    "SELECT ?x { :nothing :next* ?x }",
    "SELECT ?x { BIND(:nothing AS ?x) ?x :next* ?y }",
    "SELECT ?h ?s { ?h :number 6 OPTIONAL { ?h :at ?a . ?a :next* ?s . ?s :in :t1 } }",
    "ASK { :s1 :next+ :s20 }",
    "ASK { :s1 :next+ :s30 }",
    "SELECT ?s { ?s :in :t5 FILTER NOT EXISTS { ?s :next* :s1003 } }",
    "SELECT ?s { GRAPH :g0 { ?s :next+ :s4 } }",
    "SELECT ?s ?o { ?s !(:kind|^:at|:number)+ ?o . FILTER(?s = :s5) }",
    "SELECT (COUNT(DISTINCT *) AS ?n) { ?h :at ?s ; :number ?m }",
    "SELECT ?m (COUNT(DISTINCT *) AS ?n) { ?h :at ?s ; :number ?m } GROUP BY ?m",
    "SELECT ?g { GRAPH ?g {} }",
    "SELECT ?h ?b ?n { { SELECT ?h ?b { ?h :at :s3 OPTIONAL { ?h :box ?b } } } { SELECT ?b ?n { ?x :number ?n OPTIONAL { ?x :box ?b } } LIMIT 40 } }",
    "SELECT ?h ?b { { SELECT ?h ?b { ?h :number 9 OPTIONAL { ?h :box ?b } } } VALUES (?h ?b) { (UNDEF 'bus 3') (:h9 UNDEF) (UNDEF UNDEF) } }",
    "SELECT ?h ?b { { SELECT ?h ?b { ?h :number 9 OPTIONAL { ?h :box ?b } } } MINUS { { ?h :at ?s } UNION { ?z :box ?b } FILTER(?s = :s3 || ?b = 'bus 7') } }",
    "SELECT ?h (SUBSTR(STR(?l), 5, 7) AS ?a) (STRBEFORE(?l, ',') AS ?b) (STRAFTER(?l, 'Gent ') AS ?c) (REPLACE(STR(?l), '[aeiou]+', '-', 'i') AS ?d) { ?h :label ?l ; :number 8 }",
    "SELECT (SUBSTR('abcdef', ?n - 20) AS ?a) (SUBSTR('abédef', ?n - 30, 25) AS ?b) (SUBSTR('abc', 2.5) AS ?c) { ?h :number ?n }",
    "SELECT (ABS(-?n) AS ?a) (CEIL(?lat) AS ?b) (FLOOR(?lat) AS ?c) (ROUND(?lat) AS ?d) (xsd:integer(?lat) AS ?e) (xsd:double(?n) AS ?f) { ?h :number ?n ; :lat ?lat }",
    "SELECT (IRI(CONCAT('http://e/x', STR(?n))) AS ?a) (IRI('no iri') AS ?b) (MD5(STR(?n)) AS ?c) (ENCODE_FOR_URI(?l) AS ?d) (STRDT(STR(?n), :dt) AS ?e) (STRLANG('x', 'nl') AS ?f) { ?h :number ?n ; :label ?l ; :at :s7 }",
    "SELECT (YEAR(?d) AS ?y) (MONTH(?d) AS ?m) (DAY(?d) AS ?a) (HOURS(?d) AS ?h) (MINUTES(?d) AS ?i) (SECONDS(?d) AS ?s) (TZ(?d) AS ?z) { VALUES ?d { '2026-02-28T23:59:01.5+01:00'^^xsd:dateTime '2025-12-31'^^xsd:date '10:11:12'^^xsd:time 5 } }",
    "SELECT ?l { ?h :label ?l . VALUES (?p ?f) { ('^kerk.* 1,' 'i') ('[' '') } FILTER(REGEX(?l, ?p, ?f)) }",
    "SELECT (COUNT(*) AS ?n) { ?h :at ?s . ?s :in ?t . ?h :number ?m ; :label ?l ; :lat ?y }",
    "SELECT ?t (COUNT(?l) AS ?n) (COUNT(DISTINCT ?s) AS ?d) (MAX(?s) AS ?x) { ?h :at ?s . ?s :in ?t . ?h :label ?l } GROUP BY ?t",
    "SELECT ?t (COUNT(*) AS ?n) (SUM(?m) AS ?x) { ?h :at ?s . ?s :in ?t . ?h :number ?m ; :label ?l } GROUP BY ?t",
    "SELECT ?s (COUNT(*) AS ?n) { ?s :in ?t . ?h :at ?s . FILTER(?t != :t3) ?h :number ?m } GROUP BY ?s",
    "SELECT (COUNT(*) AS ?n) (COUNT(?b) AS ?c) { ?h :at ?s . BIND(?s AS ?z) ?x :at ?s OPTIONAL { ?h :box ?b } }",
    "SELECT (COUNT(*) AS ?n) { ?a :at ?s . ?b :at ?s . ?s :in ?t . ?t ?p ?q }",
    "SELECT (COUNT(*) AS ?n) { ?s :in :t1 . ?h :at ?s . ?y ?y ?y }",
    "SELECT (COUNT(*) AS ?n) { ?s :in :t1 . ?h :at ?s . ?o :next ?o2 }",
    "SELECT ?k (COUNT(*) AS ?n) { VALUES (?k ?s) { (1 :s1) (1 :s2) (2 :s3) (2 UNDEF) } ?h :at ?s ; :box ?b } GROUP BY ?k",
    "SELECT ?s { ?s :in ?t FILTER EXISTS { ?h :at ?s ; :box 'bus 3' } }",
    "SELECT (COUNT(*) AS ?n) { ?h :kind :House FILTER EXISTS { ?h :number ?m . ?h :at ?s . ?s :in :t3 } }",
    "SELECT ?s ?x { ?s :in ?t OPTIONAL { ?s :next ?x } FILTER EXISTS { ?h :at ?s ; :box 'bus 3' } FILTER EXISTS { ?x :in :t5 } }",
    "SELECT ?h { ?h :number 5 FILTER EXISTS { ?h :at ?s OPTIONAL { ?h :box ?b } FILTER(?b = 'bus 0') } }",
    "SELECT (NOW() = NOW() AS ?same) (BOUND(?x) AS ?b) { ?h :number 3 }",
];

#[test]
fn both_engines_give_the_same_answers() {
    for graphs in [1, 2] {
        let store = town(graphs);
        let view = store.snapshot().view();
        for text in QUERIES {
            let text = format!("{PREFIXES}{text}");
            let mut ours = answers(&view, &text, Engine::Automatic);
            let mut theirs = answers(&view, &text, Engine::Evaluator);
            ours.sort();
            theirs.sort();
            assert_eq!(ours.len(), theirs.len(), "{text}");
            assert_eq!(ours, theirs, "{text}");
        }
    }
}

#[test]
fn the_executor_runs_them() {
    let view = town(1).snapshot().view();
    for text in QUERIES {
        let text = format!("{PREFIXES}{text}");
        let options = QueryOptions::default();
        let query = parse_query(&text, &options).expect("the query is valid");
        let ran = is_run_by_executor(&view, &query, &options).expect("the query is planned");
        assert!(ran, "{text}");
    }
}

#[test]
fn order_and_slice_are_exact() {
    let view = town(1).snapshot().view();
    for text in [
        "SELECT ?h ?n { ?h :number ?n } ORDER BY DESC(?n) ?h LIMIT 25 OFFSET 7",
        "SELECT ?h { ?h :lat ?l } ORDER BY ?l ?h LIMIT 5000",
        "SELECT ?l { ?h :label ?l } ORDER BY ?l OFFSET 8900",
        "SELECT ?b ?h { ?h :number 3 OPTIONAL { ?h :box ?b } } ORDER BY DESC(?b) STR(?h)",
        "SELECT ?s (COUNT(*) AS ?n) { ?h :at ?s } GROUP BY ?s ORDER BY ?n ?s LIMIT 3",
    ] {
        let text = format!("{PREFIXES}{text}");
        let ours = answers(&view, &text, Engine::Automatic);
        assert_eq!(ours, answers(&view, &text, Engine::Evaluator), "{text}");
        assert!(!ours.is_empty(), "{text}");
    }
}

#[test]
fn a_solution_read_is_a_solution_paid_for() {
    // Not the whole of a product for its first ten rows.
    let view = town(1).snapshot().view();
    let text = "SELECT * { ?a ?p ?b . ?c ?q ?d . ?e ?r ?f } LIMIT 10";
    assert_eq!(answers(&view, text, Engine::Automatic).len(), 10);
    let stored = QueryOptions {
        default_graph: DefaultGraph::Stored,
        ..QueryOptions::default()
    };
    let query = parse_query("SELECT * { ?a ?p ?b }", &stored).expect("valid");
    let Answer::Solutions { rows, .. } = evaluate(&view, &query, &stored).expect("runs") else {
        panic!("a SELECT has solutions");
    };
    assert_eq!(rows.count(), 0, "nothing is in the default graph");
}

#[test]
fn long_texts_count() {
    let view = town(1).snapshot().view();
    let long = "x".repeat(10_000);
    for text in [
        format!("SELECT (GROUP_CONCAT(?l; separator='{long}') AS ?all) {{ ?h :label ?l }}"),
        format!("SELECT ?h {{ ?h :label ?l }} ORDER BY CONCAT('{long}', STR(?h))"),
    ] {
        let text = format!("{PREFIXES}{text}");
        let run = |max_memory: u64| {
            let options = QueryOptions {
                max_memory: Some(max_memory),
                ..QueryOptions::default()
            };
            let query = parse_query(&text, &options).expect("valid");
            assert!(is_run_by_executor(&view, &query, &options).expect("planned"));
            match evaluate(&view, &query, &options).expect("starts") {
                Answer::Solutions { mut rows, .. } => rows.try_for_each(|row| row.map(|_| ())),
                _ => Ok(()),
            }
        };
        let result: Result<(), QueryError> = run(20 << 20);
        assert!(
            matches!(result, Err(QueryError::MemoryLimit { .. })),
            "{result:?}"
        );
        assert!(run(500 << 20).is_ok());
    }
}
