//! What the whole module promises: answers that are exact, limits that stop, errors that help, updates that are atomic.

mod derived;
mod explain;
mod geo;
mod limits;
mod plan;
mod syntax;
mod updates;

use super::*;
use crate::rdf::format::Format;
use crate::store::{Store, View};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use std::time::{Duration, Instant};

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.com/{name}"))
}

fn view_of(turtle: &str) -> View {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for quad in oxttl::TriGParser::new().for_slice(turtle.as_bytes()) {
        draft.add_quad(quad.expect("the test data is valid").as_ref());
    }
    draft.snapshot().view()
}

/// `n` numbers, enough for products that take for ever.
fn numbers(n: usize) -> View {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for i in 0..n {
        let value = Literal::from(i as i64);
        draft.add_quad(
            Quad::new(
                iri(&format!("n{i}")),
                iri("value"),
                value,
                GraphName::DefaultGraph,
            )
            .as_ref(),
        );
    }
    draft.snapshot().view()
}

fn table(view: &View, text: &str, options: &QueryOptions) -> Result<Vec<Vec<String>>, QueryError> {
    let query = parse_query(text, options)?;
    match evaluate(view, &query, options)? {
        Answer::Solutions { rows, .. } => rows
            .map(|row| {
                Ok(row?
                    .into_iter()
                    .map(|term| term.map_or_else(String::new, |term| term.to_string()))
                    .collect())
            })
            .collect(),
        Answer::Boolean(value) => Ok(vec![vec![value.to_string()]]),
        Answer::Graph(triples) => triples
            .map(|triple| Ok(vec![triple?.to_string()]))
            .collect(),
    }
}

fn answers(view: &View, text: &str) -> Vec<Vec<String>> {
    table(view, text, &QueryOptions::default()).expect("the query runs")
}

#[test]
fn stored_literals_are_read_exactly() {
    let view = view_of(
        r#"PREFIX : <http://example.com/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
        :a :v "007"^^xsd:integer . :b :v "1.50"^^xsd:decimal . :c :v "3"^^xsd:nonNegativeInteger .
        :d :v "2024-01-01T00:00:00.000Z"^^xsd:dateTime . :e :v "x"@nl-BE . :f :v :g ."#,
    );
    let rows = answers(
        &view,
        "SELECT ?v (STR(?v) AS ?s) (DATATYPE(?v) AS ?d) { ?x <http://example.com/v> ?v } ORDER BY ?x",
    );
    let xsd = "http://www.w3.org/2001/XMLSchema#";
    assert_eq!(
        rows[0],
        [
            format!("\"007\"^^<{xsd}integer>"),
            "\"007\"".into(),
            format!("<{xsd}integer>")
        ]
    );
    assert_eq!(
        rows[1],
        [
            format!("\"1.50\"^^<{xsd}decimal>"),
            "\"1.50\"".into(),
            format!("<{xsd}decimal>")
        ]
    );
    assert_eq!(rows[2][2], format!("<{xsd}nonNegativeInteger>"));
    assert_eq!(rows[3][1], "\"2024-01-01T00:00:00.000Z\"");
    assert_eq!(rows[4][1], "\"x\"");
    assert_eq!(
        rows[4][2],
        "<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>"
    );
    assert_eq!(rows[5][1], "\"http://example.com/g\"");
    assert_eq!(rows[5][2], "", "an IRI has no datatype");
    assert_eq!(
        answers(&view, "SELECT ?x { ?x ?p ?v FILTER(?v = 7) }").len(),
        1,
        "values still compare as numbers"
    );
    assert_eq!(
        answers(
            &view,
            "SELECT ?x { ?x ?p ?v FILTER(STR(?nothing) = '' || ?v = 7) }"
        )
        .len(),
        1,
        "an unbound variable is an error, and the next value is not disturbed"
    );
}

#[test]
fn bnode_function_gives_one_node_per_solution() {
    let view = numbers(3);
    let rows = answers(
        &view,
        "SELECT (BNODE('x') AS ?a) (BNODE('x') AS ?b) (BNODE('y') AS ?c) { ?s ?p ?o }",
    );
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert_eq!(row[0], row[1]);
        assert_ne!(row[0], row[2]);
    }
    assert_ne!(rows[0][0], rows[1][0]);
}

#[test]
fn a_computed_label_is_never_a_stored_node() {
    let view = view_of("_:b1 <http://example.com/p> 1 .");
    assert!(answers(&view, "SELECT * { BIND(BNODE('b1') AS ?x) ?x ?p ?o }").is_empty());
}

#[test]
fn construct_and_describe_deliver_each_triple_once() {
    let view =
        view_of("PREFIX : <http://example.com/> :a :p _:x . :b :p _:x . _:x :q 1 . :c :r 2 .");
    let rows = answers(
        &view,
        "CONSTRUCT { ?o ?q ?v } { ?s <http://example.com/p> ?o . ?o ?q ?v }",
    );
    assert_eq!(rows.len(), 1, "{rows:?}");
    let rows = answers(
        &view,
        "DESCRIBE <http://example.com/a> <http://example.com/b>",
    );
    assert_eq!(rows.len(), 3, "the blank node is followed, once: {rows:?}");
}

#[test]
fn service_is_off_and_silent_service_is_an_empty_solution() {
    let view = numbers(1);
    assert!(matches!(
        table(
            &view,
            "SELECT * { SERVICE <http://example.com/s> { ?a ?b ?c } }",
            &QueryOptions::default()
        ),
        Err(QueryError::Service { .. })
    ));
    let rows = answers(
        &view,
        "SELECT * { ?s ?p ?o SERVICE SILENT <http://example.com/s> { ?s ?b ?c } }",
    );
    assert_eq!(rows.len(), 1);
    assert!(matches!(
        table(
            &view,
            "SELECT (<http://example.com/f>(1) AS ?x) {}",
            &QueryOptions::default()
        ),
        Err(QueryError::UnknownFunction { .. })
    ));
}

#[test]
fn request_datasets_replace_those_of_the_text() {
    let view = view_of(
        "PREFIX : <http://example.com/> :d :p 0 . GRAPH :g1 { :a :p 1 . :s :p 9 } GRAPH :g2 { :b :p 2 . :s :p 9 }",
    );
    let count =
        |text: &str, options: &QueryOptions| table(&view, text, options).expect("runs").len();
    let union = QueryOptions::default();
    let stored = QueryOptions {
        default_graph: DefaultGraph::Stored,
        ..QueryOptions::default()
    };
    let request = QueryOptions {
        default_graph_uris: vec![iri("g1").into_string()],
        named_graph_uris: vec![iri("g2").into_string()],
        ..QueryOptions::default()
    };
    assert_eq!(count("SELECT * { ?s ?p ?o }", &union), 4);
    assert_eq!(count("SELECT * { ?s ?p ?o }", &stored), 1);
    assert_eq!(count("SELECT * { ?s ?p ?o }", &request), 2);
    assert_eq!(count("SELECT * { GRAPH ?g { ?s ?p ?o } }", &union), 4);
    assert_eq!(count("SELECT * { GRAPH ?g { ?s ?p ?o } }", &request), 2);
    let from = "SELECT * FROM <http://example.com/g1> FROM <http://example.com/g2> FROM <http://example.com/no> { ?s ?p ?o }";
    assert_eq!(count(from, &stored), 3);
    assert_eq!(count(from, &request), 2);
    let bad = QueryOptions {
        default_graph_uris: vec!["no iri".into()],
        ..QueryOptions::default()
    };
    assert!(matches!(
        table(&view, "ASK {}", &bad),
        Err(QueryError::Syntax { line: 0, .. })
    ));
}

#[test]
fn formats_that_do_not_fit_are_refused_before_the_first_byte() {
    let view = numbers(1);
    let options = QueryOptions::default();
    let query = parse_query("SELECT * { ?s ?p ?o }", &options).expect("valid");
    let mut out = Vec::new();
    let outcome = run_query(
        &view,
        &query,
        &options,
        OutputFormat::Graph(Format::Turtle),
        &mut out,
    );
    assert!(matches!(outcome, Err(QueryError::Format { .. })));
    assert!(out.is_empty());
}

#[test]
fn tables_are_aligned_and_short() {
    let view = view_of(
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> <http://example.com/a> a skos:Concept ; skos:prefLabel \"één\"@nl ; skos:notation 7 , 11 .",
    );
    let options = QueryOptions::default();
    let query = parse_query(
        "PREFIX ex: <http://example.com/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#> SELECT ?c ?l ?n { ?c a ?t ; skos:prefLabel ?l ; skos:notation ?n } ORDER BY ?n",
        &options,
    )
    .expect("valid");
    let mut out = Vec::new();
    run_query(
        &view,
        &query,
        &options,
        OutputFormat::Solutions(ResultFormat::Table),
        &mut out,
    )
    .expect("runs");
    let text = String::from_utf8(out).expect("UTF-8");
    assert_eq!(
        text,
        " ?c    ?l       ?n\n───────────────────\n ex:a  één @nl   7\n ex:a  één @nl  11\n(2)\n"
    );
}
