//! Rules in SPARQL: queries asked about many nodes at once against another engine that puts each node into the text.

use super::{load, parse_turtle};
use oslo_registry::shapes::{Validation, ValidationOptions, read_shapes, validate};
use oxigraph::sparql::{QueryResults, SparqlEvaluator};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term, Triple};
use proptest::prelude::*;
use std::collections::BTreeSet;

const EX: &str = "http://example.org/";

/// Queries over `$this` of every kind that one query for all nodes must answer as one query for each would.
const QUERIES: &[&str] = &[
    "SELECT $this ?value { $this ex:p ?value }",
    "SELECT $this { $this ex:p ?x . ?x ex:q ?y }",
    "SELECT $this ?value { ?value ex:p $this }",
    "SELECT $this { FILTER ($this = ex:n1) }",
    "SELECT $this { { FILTER ($this = ex:n1) } UNION { $this ex:p ex:n2 } }",
    "SELECT $this ?value { { ?value ex:q ex:n1 } UNION { $this ex:p ?value } }",
    "SELECT $this ?value { $this ex:p ?x OPTIONAL { $this ex:q ?value } }",
    "SELECT $this ?value { OPTIONAL { $this ex:q ?value } FILTER (!BOUND(?value) || ?value != ex:n2) }",
    "SELECT $this ?value { $this ex:p ?value OPTIONAL { ?value ex:q ?z FILTER (?z != $this) } FILTER (!BOUND(?z)) }",
    "SELECT $this ?value { ?value ex:p ?x { ?x ex:q ?y FILTER (?y = $this) } }",
    "SELECT $this { FILTER NOT EXISTS { $this ex:p ?x } }",
    "SELECT $this { $this ex:p ?x FILTER NOT EXISTS { ?y ex:q ?x FILTER (?y != $this) } }",
    "SELECT $this { $this ex:p ?x FILTER EXISTS { ?x ex:q ?y . ?y ex:p ?z FILTER (?z = $this) } }",
    "SELECT $this ?value { BIND (STR($this) AS ?value) FILTER (STRENDS(?value, \"1\")) }",
    "SELECT $this ?value { $this ex:p ?x . BIND (IF(?x = $this, 1, 2) AS ?value) }",
    "SELECT DISTINCT $this { $this ex:p|ex:q ?x }",
    "SELECT $this ?value { $this ex:p/ex:q ?value }",
    "SELECT $this ?value { $this ex:p+ ?value }",
    "SELECT $this ?value { $this ex:p* ?value }",
    "SELECT $this ?value { ?value (ex:p|^ex:q)? $this }",
    "SELECT $this ?value { $this ?path ?value FILTER (?path = ex:p) }",
    "SELECT $this (COUNT(?x) AS ?value) { $this ex:p ?x } GROUP BY $this HAVING (COUNT(?x) > 1)",
    "SELECT $this (COUNT(?x) AS ?value) { OPTIONAL { $this ex:p ?x } } GROUP BY $this",
    "SELECT $this (SUM(?n) AS ?value) { $this ex:p ?x . ?x ex:num ?n } GROUP BY $this ?x",
    "SELECT $this ?value { { SELECT $this (COUNT(*) AS ?value) { $this ex:p ?x } GROUP BY $this } FILTER (?value > 1) }",
    "SELECT $this ?value { { SELECT $this (MAX(?n) AS ?value) { $this ex:p/ex:num ?n } GROUP BY $this } $this ex:q ?y }",
    "SELECT $this ?value { $this ex:num ?value } ORDER BY ?value LIMIT 1",
    "SELECT $this ?value { { SELECT $this ?value { $this ex:num ?value } ORDER BY DESC(?value) LIMIT 1 } $this ex:p ?x }",
    "SELECT $this ?value { $this ex:num ?value . ?other ex:num ?value FILTER (?other != $this) }",
    "SELECT DISTINCT $this ?value { $this ex:p ?x . ?value ex:p ?x FILTER (?value != $this && STR(?value) < STR($this)) }",
    "SELECT $this { $this ex:num ?n FILTER (?n IN (1, 3)) }",
    "SELECT $this ?value { ?value ex:num 2 FILTER NOT EXISTS { $this ex:p ?value } }",
    "SELECT $this { { { FILTER ($this = ex:n2) } FILTER (BOUND($this)) } }",
    "SELECT $this ?value { { $this ex:p ?value } { ?value ex:q ?y OPTIONAL { ?y ex:p $this } } }",
];

fn iri(name: impl std::fmt::Display) -> NamedNode {
    NamedNode::new_unchecked(format!("{EX}{name}"))
}

fn triples() -> impl Strategy<Value = BTreeSet<String>> {
    let edge = (0..6_u8, 0..3_u8, 0..6_u8);
    prop::collection::vec(edge, 0..24).prop_map(|edges| {
        edges
            .into_iter()
            .map(|(s, p, o)| match p {
                0 => format!("<{EX}n{s}> <{EX}p> <{EX}n{o}> ."),
                1 => format!("<{EX}n{s}> <{EX}q> <{EX}n{o}> ."),
                _ => format!(
                    "<{EX}n{s}> <{EX}num> \"{o}\"^^<http://www.w3.org/2001/XMLSchema#integer> ."
                ),
            })
            .collect()
    })
}

/// What the query finds for one node when its IRI stands in the text.
fn by_text(store: &oxigraph::store::Store, query: &str, focus: &str) -> Vec<String> {
    let mut text = query.replace("BOUND($this)", "true");
    let mut number = 0;
    for (shown, instead) in [
        ("SELECT DISTINCT $this", "SELECT DISTINCT (1 AS ?shown"),
        ("SELECT $this", "SELECT (1 AS ?shown"),
        ("GROUP BY $this", "GROUP BY (1 AS ?shown"),
    ] {
        while text.contains(shown) {
            number += 1;
            text = text.replacen(shown, &format!("{instead}{number})"), 1);
        }
    }
    let text = text.replace("$this", &format!("<{EX}{focus}>"));
    let text = format!("PREFIX ex: <{EX}> {text}");
    let results = SparqlEvaluator::new()
        .parse_query(&text)
        .unwrap_or_else(|error| panic!("{text}: {error}"))
        .on_store(store)
        .execute()
        .expect("the query runs");
    let QueryResults::Solutions(solutions) = results else {
        panic!("a table");
    };
    solutions
        .map(|solution| {
            let solution = solution.expect("a solution");
            let value = solution
                .get("value")
                .map_or_else(|| Term::from(iri(focus)).to_string(), ToString::to_string);
            format!("<{EX}{focus}> {value}")
        })
        .collect()
}

fn by_rule(data: &BTreeSet<String>, query: &str, targets: &[&str]) -> Vec<String> {
    let data: String = data.iter().cloned().collect::<Vec<_>>().join("\n");
    let targets: Vec<String> = targets.iter().map(|name| format!("<{EX}{name}>")).collect();
    let shapes = format!(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .
         <{EX}S> a sh:NodeShape ; sh:targetNode {} ; sh:sparql [ sh:select \"\"\"PREFIX ex: <{EX}> {query}\"\"\" ] .",
        targets.join(", ")
    );
    let (data, shapes) = load(&parse_turtle(&data, EX), &parse_turtle(&shapes, EX));
    let shapes = read_shapes(&shapes);
    assert!(
        shapes.failure().is_none(),
        "{query}: {:?}",
        shapes.findings()
    );
    let report = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions::default(),
        },
    );
    assert!(
        report.not_checked().is_empty(),
        "{query}: {:?}",
        report.not_checked()
    );
    report
        .results()
        .iter()
        .map(|row| {
            let value = row.value.expect("node shapes have values");
            format!("{} {}", report.term(row.focus), report.term(value))
        })
        .collect()
}

fn store_of(data: &BTreeSet<String>) -> oxigraph::store::Store {
    let store = oxigraph::store::Store::new().expect("memory");
    let text: String = data.iter().cloned().collect::<Vec<_>>().join("\n");
    for triple in parse_turtle(&text, EX) {
        let Triple {
            subject,
            predicate,
            object,
        } = triple;
        store
            .insert(&Quad::new(
                subject,
                predicate,
                object,
                GraphName::DefaultGraph,
            ))
            .expect("memory");
    }
    store
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_table_of_nodes_answers_as_one_query_for_each(data in triples()) {
        let focus = ["n0", "n1", "n2", "n3", "n4", "n5", "absent"];
        let store = store_of(&data);
        for query in QUERIES {
            let mut expected: Vec<String> = focus
                .iter()
                .flat_map(|node| by_text(&store, query, node))
                .collect();
            let mut found = by_rule(&data, query, &focus);
            expected.sort_unstable();
            found.sort_unstable();
            prop_assert_eq!(found, expected, "{}", query);
        }
    }
}

/// So many nodes that one table does not hold them all.
#[test]
fn large_sets_of_nodes_take_few_queries() {
    let data: String = (0..20_000)
        .map(|n| format!("<{EX}n{n}> a <{EX}C> ; <{EX}num> {} .\n", n % 10))
        .collect();
    // One that shows every node itself needs no table; a filter on the node alone needs one for each part.
    for (query, results, queries) in [
        (
            "SELECT $this ?value { $this ex:num ?value FILTER (?value = 3) }",
            2000,
            1,
        ),
        (
            "SELECT $this ?value { $this ex:num ?value FILTER NOT EXISTS { $this ex:num 9 } FILTER (?value > 7) }",
            2000,
            1,
        ),
        (
            "SELECT $this { FILTER (STRENDS(STR($this), \"77\")) }",
            200,
            2,
        ),
    ] {
        let shapes = format!(
            "@prefix sh: <http://www.w3.org/ns/shacl#> .
             <{EX}S> a sh:NodeShape ; sh:targetClass <{EX}C> ; sh:sparql [ sh:select \"\"\"PREFIX ex: <{EX}> {query}\"\"\" ] .
             <{EX}T> a sh:PropertyShape ; sh:targetClass <{EX}C> ; sh:path <{EX}num> ;
               sh:sparql [ sh:select \"\"\"PREFIX ex: <{EX}> {query}\"\"\" ] .",
        );
        let (data, shapes) = load(&parse_turtle(&data, EX), &parse_turtle(&shapes, EX));
        let report = validate(
            &read_shapes(&shapes),
            &Validation {
                data: data.clone(),
                context: data,
                options: ValidationOptions::default(),
            },
        );
        assert!(
            report.not_checked().is_empty(),
            "{:?}",
            report.not_checked()
        );
        assert_eq!(report.total(), 2 * results, "{query}");
        assert_eq!(report.stats().queries, 2 * queries, "{query}");
    }
}

/// A value given by `ASK` for literals, which cannot stand as subjects.
#[test]
fn literals_may_be_focus_nodes() {
    let data = BTreeSet::new();
    let shapes = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
        ex:S a sh:NodeShape ; sh:targetNode \"a\", \"b\" ;
          sh:sparql [ sh:select \"SELECT $this { FILTER ($this = 'b') }\" ] .";
    let (data, shapes) = load(
        &parse_turtle(&data.into_iter().collect::<Vec<String>>().join(""), EX),
        &parse_turtle(shapes, EX),
    );
    let report = validate(
        &read_shapes(&shapes),
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions::default(),
        },
    );
    let found: Vec<Term> = report
        .results()
        .iter()
        .map(|row| report.term(row.focus))
        .collect();
    assert_eq!(found, [Term::from(Literal::from("b"))]);
}
