//! Rules in SPARQL end to end on small graphs: what the suites do not ask.

mod law;

use super::triggers::Endpoint;
use crate::rdf::label::Language;
use crate::shapes::model::{Constraint, Target};
use crate::shapes::names::local_name;
use crate::shapes::{
    Report, Shapes, Validation, ValidationOptions, Verdict, read_shapes, validate,
};
use crate::store::{Graphs, Store, View};
use oxrdf::{GraphName, Literal, NamedNode, Quad};
use oxttl::TurtleParser;

const PREFIXES: &str = "@prefix ex: <http://example.org/> .\n@prefix sh: <http://www.w3.org/ns/shacl#> .\n\
     @prefix owl: <http://www.w3.org/2002/07/owl#> .\n@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\
     ex:p sh:declare [ sh:prefix \"ex\" ; sh:namespace \"http://example.org/\"^^xsd:anyURI ] .\n";

/// Views of graphs given as Turtle, all of one state.
fn views<const N: usize>(graphs: [(&str, &str); N]) -> [View; N] {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    let names = graphs.map(|(name, text)| {
        let graph = NamedNode::new_unchecked(format!("http://example.org/graph/{name}"));
        let text = format!("{PREFIXES}{text}");
        for triple in TurtleParser::new().for_slice(&text) {
            let t = triple.expect("valid Turtle");
            draft.add_quad(Quad::new(t.subject, t.predicate, t.object, graph.clone()).as_ref());
        }
        draft.intern_graph(GraphName::from(graph).as_ref())
    });
    let all = draft.snapshot().view();
    names.map(|name| all.with_graphs(Graphs::One(name)))
}

fn run(data: &str, shapes: &str) -> (Shapes, Report) {
    let [data, shapes] = views([("data", data), ("shapes", shapes)]);
    let shapes = read_shapes(&shapes);
    let validation = Validation {
        data: data.clone(),
        context: data,
        options: ValidationOptions::default(),
    };
    let report = validate(&shapes, &validation);
    (shapes, report)
}

fn codes(shapes: &Shapes) -> Vec<&'static str> {
    shapes.findings().iter().map(|lint| lint.code).collect()
}

/// A node shape with one query.
fn shape(select: &str) -> String {
    format!(
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql ex:q .
         ex:q sh:prefixes ex:p ; sh:message \"{{?value}} of {{$this}}\"@en ; sh:select \"\"\"{select}\"\"\" ."
    )
}

fn results(report: &Report) -> Vec<String> {
    report
        .results()
        .iter()
        .map(|row| {
            let value = row.value.map(|value| report.term_text(value));
            format!(
                "{} {}",
                report.term_text(row.focus),
                value.unwrap_or_default()
            )
            .replace("http://example.org/", "")
        })
        .collect()
}

#[test]
fn messages_tell_what_the_solution_bound() {
    let (shapes, report) = run(
        "ex:a a ex:C ; ex:n 1 , 7 .",
        &shape("SELECT $this ?value { $this ex:n ?value FILTER (?value > 5) }"),
    );
    assert_eq!(codes(&shapes), [""; 0]);
    assert_eq!(results(&report).len(), 1);
    let row = &report.results()[0];
    assert_eq!(
        report.message(row, Language::En),
        "7 of http://example.org/a"
    );
    assert_eq!(report.messages(row).len(), 1);
    assert!(report.source_constraint(row).is_some());
}

#[test]
fn a_solution_may_bring_its_own_message_and_path() {
    let (_, report) = run(
        "ex:a a ex:C ; ex:n 7 .",
        &shape("SELECT $this (ex:n AS ?path) (\"own\"@nl AS ?message) { $this ex:n 7 }"),
    );
    let row = &report.results()[0];
    assert_eq!(report.message(row, Language::Nl), "own");
    assert_eq!(report.messages(row)[0].language(), Some("nl"));
    let path = report.path_text(row).expect("the path of the solution");
    assert!(path.contains("example.org/n"), "{path}");
}

#[test]
fn holes_that_nothing_fills_are_noted_and_stay() {
    let (shapes, report) = run(
        "ex:a a ex:C ; ex:n 7 .",
        "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql [ sh:prefixes ex:p ; sh:message \"{?odd} {x\" ;
           sh:select \"SELECT $this { $this ex:n 7 }\" ] .",
    );
    assert_eq!(codes(&shapes), ["L070"]);
    assert_eq!(
        report.message(&report.results()[0], Language::En),
        "{?odd} {x"
    );
}

#[test]
fn values_that_are_nowhere_in_the_data_are_reported() {
    let (_, report) = run(
        "ex:a a ex:C .",
        &shape("SELECT $this ?value { BIND (CONCAT(STR($this), \"!\") AS ?value) }"),
    );
    assert_eq!(results(&report), ["<a> \"a!\""]);
}

#[test]
fn one_query_serves_all_focus_nodes() {
    let data: String = (0..500)
        .map(|n| format!("ex:a{n} a ex:C ; ex:n {n} .\n"))
        .collect();
    let [data, shapes] = views([
        ("data", &data),
        (
            "shapes",
            &shape("SELECT $this ?value { $this ex:n ?value FILTER (?value >= 250) }"),
        ),
    ]);
    let shapes = read_shapes(&shapes);
    let report = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions::default(),
        },
    );
    assert_eq!(report.total(), 250);
    assert_eq!(report.stats().queries, 1);
}

#[test]
fn what_rows_share_is_counted_for_each_focus_node() {
    let data = "ex:a a ex:C ; ex:n 1, 2, 3 . ex:b a ex:C ; ex:n 1 . ex:c a ex:C .";
    let grouped = "SELECT $this (COUNT(?n) AS ?value) { $this ex:n ?n } GROUP BY $this HAVING (COUNT(?n) > 1)";
    assert_eq!(
        results(&run(data, &shape(grouped)).1),
        ["<a> \"3\"^^xsd:integer"]
    );
    let first = "SELECT $this ?value { $this ex:n ?value } ORDER BY DESC(?value) LIMIT 1";
    assert_eq!(
        results(&run(data, &shape(first)).1),
        ["<a> \"3\"^^xsd:integer", "<b> \"1\"^^xsd:integer"]
    );
    let nested = "SELECT $this ?value { { SELECT $this ?value { $this ex:n ?value } ORDER BY ?value LIMIT 1 } }";
    assert_eq!(
        results(&run(data, &shape(nested)).1),
        ["<a> \"1\"^^xsd:integer", "<b> \"1\"^^xsd:integer"]
    );
}

#[test]
fn long_and_nested_queries_run_on_a_deep_stack() {
    let sum = vec!["?n"; 1500].join(" + ");
    let nested = format!("{}$this ex:n ?value{}", "{ ".repeat(100), " }".repeat(100));
    for query in [
        format!(
            "SELECT $this ?value {{ $this ex:n ?n . BIND ({sum} AS ?value) FILTER (?value > 1500) }}"
        ),
        format!("SELECT $this ?value {{ {nested} FILTER (?value > 1) }}"),
    ] {
        let (shapes, report) = run(
            "ex:a a ex:C ; ex:n 2 . ex:b a ex:C ; ex:n 1 .",
            &shape(&query),
        );
        assert_eq!(codes(&shapes), [""; 0]);
        assert_eq!(report.total(), 1);
        for constraint in shapes.compiled.shapes.iter().flat_map(|s| &s.constraints) {
            if let Constraint::Sparql(rule) = constraint {
                assert!(rule.triggers().is_some());
            }
        }
    }
}

#[test]
fn blank_nodes_are_nodes_like_any_other() {
    let (shapes, report) = run(
        "[] a ex:C ; ex:n 1 . [] a ex:C ; ex:n 9 . ex:a a ex:C ; ex:n 9 .",
        &shape("SELECT $this ?value { $this ex:n ?value FILTER (isBlank($this) && ?value > 5) }"),
    );
    assert_eq!(codes(&shapes), [""; 0]);
    assert_eq!(report.total(), 1);
    let row = &report.results()[0];
    assert!(report.term(row.focus).is_blank_node());
}

#[test]
fn forbidden_queries_are_found_and_not_run() {
    for (query, code) in [
        (
            "SELECT $this { $this ex:n ?x MINUS { $this ex:m ?x } }",
            "L062",
        ),
        (
            "SELECT $this { $this ex:n ?x SERVICE <http://x.example/> { ?x ex:m ?y } }",
            "L062",
        ),
        (
            "SELECT $this { VALUES $this { ex:a } $this ex:n ?x }",
            "L062",
        ),
        ("SELECT $this { BIND (1 AS $this) }", "L062"),
        ("SELECT $this { { SELECT ?x { $this ex:n ?x } } }", "L062"),
        ("SELECT $this { $this $PATH ?x }", "L062"),
        ("SELECT $this { $this ex:n }", "L060"),
        ("SELECT $this { $this un:n ?x }", "L060"),
        ("ASK { $this ex:n ?x }", "L061"),
    ] {
        let (shapes, report) = run("ex:a a ex:C ; ex:n 1 .", &shape(query));
        assert_eq!(codes(&shapes), [code], "{query}");
        assert_eq!(report.verdict(), Verdict::Undetermined, "{query}");
        assert!(shapes.failure().is_some());
    }
}

#[test]
fn harmless_breaches_run_and_fail_only_when_strict() {
    for query in [
        "SELECT $this ?value { VALUES ?value { 1 2 } $this ex:n ?value }",
        "SELECT $this ?value { $this ex:n ?value { SELECT ?x { ?x a ex:C } } }",
    ] {
        let (shapes, report) = run("ex:a a ex:C ; ex:n 1, 3 .", &shape(query));
        assert!(codes(&shapes).iter().all(|code| *code == "L063"), "{query}");
        assert_eq!(report.verdict(), Verdict::Violations, "{query}");
        assert!(shapes.failure().is_some());
    }
}

#[test]
fn a_query_out_of_time_is_not_checked() {
    let data: String = (0..300)
        .map(|n| format!("ex:a{n} a ex:C ; ex:n {n} .\n"))
        .collect();
    let cross = "SELECT $this { $this a ex:C . ?a ex:n ?x . ?b ex:n ?y . ?c ex:n ?z . FILTER (?x + ?y + ?z < 0) }";
    let [data, shapes] = views([("data", &data), ("shapes", &shape(cross))]);
    let shapes = read_shapes(&shapes);
    let report = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions {
                query_time: Some(std::time::Duration::from_millis(20)),
                ..ValidationOptions::default()
            },
        },
    );
    assert_eq!(report.verdict(), Verdict::Undetermined);
    assert_eq!(report.not_checked()[0].code, "L071");
}

const COMPONENT: &str = "ex:Max a sh:ConstraintComponent ;
    sh:parameter [ sh:path ex:max ] , [ sh:path ex:slack ; sh:optional true ] ;
    sh:validator [ sh:prefixes ex:p ; sh:message \"over {$max}\"@en ;
      sh:ask \"ASK { FILTER ($value <= $max + COALESCE($slack, 0)) }\" ] .";

#[test]
fn components_ask_about_values() {
    let data = "ex:a a ex:C ; ex:n 1, 7, 9 . ex:b a ex:C ; ex:n 7 .";
    let shapes = format!(
        "{COMPONENT} ex:S a sh:NodeShape ; sh:targetClass ex:C ;
         sh:property [ sh:path ex:n ; ex:max 5 ] , [ sh:path ex:n ; ex:max 5 ; ex:slack 3 ] ."
    );
    let (shapes, report) = run(data, &shapes);
    assert_eq!(codes(&shapes), [""; 0]);
    assert_eq!(report.total(), 4);
    let row = &report.results()[0];
    assert_eq!(report.message(row, Language::En), "over 5");
    assert_eq!(local_name(&report.component_iri(row)), "Max");
}

#[test]
fn components_badly_used_are_found() {
    let with = |use_: &str| {
        let shapes = format!("{COMPONENT} ex:S a sh:NodeShape ; sh:targetClass ex:C ; {use_} .");
        codes(&run("ex:a a ex:C .", &shapes).0)
    };
    assert_eq!(with("ex:slack 2"), ["L066"]);
    assert_eq!(with("ex:max 1, 2"), ["L067"]);
    let no_query = "ex:D a sh:ConstraintComponent ; sh:parameter [ sh:path ex:d ] .
         ex:S a sh:NodeShape ; sh:targetClass ex:C ; ex:d 1 .";
    assert_eq!(codes(&run("ex:a a ex:C .", no_query).0), ["L068"]);
}

#[test]
fn targets_choose_nodes_of_the_data_only() {
    let [data, background, shapes] = views([
        ("data", "ex:a ex:n 1 . ex:b ex:n 9 ."),
        ("background", "ex:c ex:n 9 ."),
        (
            "shapes",
            "ex:Over a sh:SPARQLTargetType ; sh:parameter [ sh:path ex:limit ] ; sh:prefixes ex:p ;
               sh:select \"SELECT ?this { ?this ex:n ?n FILTER (?n > $limit) }\" .
             ex:S a sh:NodeShape ; sh:property [ sh:path ex:m ; sh:minCount 1 ] ;
               sh:target [ a ex:Over ; ex:limit 5 ] .
             ex:T a sh:NodeShape ; sh:property [ sh:path ex:m ; sh:minCount 1 ] ;
               sh:target [ a sh:SPARQLTarget ; sh:prefixes ex:p ; sh:select \"SELECT ?this { ?this ex:n 1 }\" ] .",
        ),
    ]);
    let shapes = read_shapes(&shapes);
    assert_eq!(codes(&shapes), [""; 0]);
    let graphs = [&data, &background].map(|view| match view.graphs() {
        Graphs::One(graph) => *graph,
        _ => unreachable!("one graph each"),
    });
    let context = data.with_graphs(Graphs::set(graphs));
    let report = validate(
        &shapes,
        &Validation {
            data,
            context,
            options: ValidationOptions::default(),
        },
    );
    assert_eq!(results(&report), ["<b> ", "<a> "]);
}

#[test]
fn imports_are_read_from_local_graphs() {
    let [data, shapes, _other] = views([
        ("data", "ex:a a ex:C ."),
        (
            "shapes",
            "ex:onto a owl:Ontology ; owl:imports ex:more , <http://absent.example/> .",
        ),
        (
            "other",
            "ex:more a owl:Ontology . ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property [ sh:path ex:n ; sh:minCount 1 ] .",
        ),
    ]);
    let shapes = read_shapes(&shapes);
    assert_eq!(codes(&shapes), ["L069"]);
    let validation = Validation {
        data: data.clone(),
        context: data,
        options: ValidationOptions::default(),
    };
    assert_eq!(validate(&shapes, &validation).total(), 1);
    assert!(shapes.failure().is_none());
}

/// Triggers of a query as `predicate@end path`, sorted; `?` for any predicate, `.` for the focus node itself.
fn triggers(select: &str) -> Option<Vec<String>> {
    let (shapes, _) = run("", &shape(select));
    assert!(shapes.findings().is_empty(), "{:?}", shapes.findings());
    let compiled = &shapes.compiled;
    let rule = compiled
        .shapes
        .iter()
        .flat_map(|shape| &shape.constraints)
        .find_map(|constraint| match constraint {
            Constraint::Sparql(rule) => Some(rule),
            _ => None,
        })
        .expect("a rule");
    let name = |node: &NamedNode| local_name(node.as_str()).to_owned();
    let mut found: Vec<String> = rule
        .triggers()?
        .iter()
        .map(|trigger| {
            let end = match trigger.endpoint {
                Endpoint::Subject => "s",
                Endpoint::Object => "o",
            };
            let path = trigger.to_focus.to_sparql(&name);
            let path = if path.is_empty() { "." } else { &path };
            let predicate = trigger
                .predicate
                .as_ref()
                .map_or_else(|| "?".to_owned(), name);
            format!("{predicate}@{end} {path}")
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    Some(found)
}

#[test]
fn triggers_lead_back_to_the_focus_node() {
    let of = |pattern: &str| triggers(&format!("SELECT $this {{ {pattern} }}"));
    let lists =
        |expected: &[&str]| Some(expected.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
    assert_eq!(of("$this ex:n ?x"), lists(&["n@s ."]));
    assert_eq!(of("?x ex:n $this"), lists(&["n@o ."]));
    assert_eq!(
        of("$this ex:n ?x . ?x ex:m ?y"),
        lists(&["m@s ^n", "n@s ."])
    );
    assert_eq!(of("$this ex:n/ex:m ?y"), lists(&["m@s ^n", "n@s ."]));
    assert_eq!(
        of("$this ex:n ?x . FILTER NOT EXISTS { ?y ex:m ?x ; ex:k ?z }"),
        lists(&["k@s m/^n", "m@o ^n", "n@s ."])
    );
    assert_eq!(
        of("$this ex:n ?x OPTIONAL { ?x ex:m ?y OPTIONAL { ?y ex:k ?z } }"),
        lists(&["k@s ^m/^n", "m@s ^n", "n@s ."])
    );
    assert_eq!(of("$this ?p ?o"), lists(&["?@s ."]));
    assert_eq!(
        of("$this (ex:n|^ex:m)* ?x"),
        lists(&["m@o (^n|m)*", "n@s (^n|m)*"])
    );
    assert_eq!(
        of(
            "$this ex:n ?x { SELECT $this (COUNT(?y) AS ?c) { $this ex:m ?x . ?x ex:k ?y } GROUP BY $this }"
        ),
        lists(&["k@s ^m", "m@s .", "n@s ."])
    );
}

#[test]
fn no_triggers_where_nothing_leads_back() {
    let of = |pattern: &str| triggers(&format!("SELECT $this {{ {pattern} }}"));
    assert_eq!(of("$this ex:n ?x . ?y ex:m ?z"), None);
    // What holds in one branch does not hold in the other.
    assert_eq!(of("{ $this ex:n ?x } UNION { ?x ex:m ?y }"), None);
    assert_eq!(
        of("$this ex:k ?z . OPTIONAL { $this ex:n ?x } ?x ex:m ?y"),
        None
    );
    assert_eq!(of("GRAPH ?g { $this ex:n ?x }"), None);
}

#[test]
fn triggers_of_targets() {
    let [shapes] = views([(
        "shapes",
        "ex:S a sh:NodeShape ; sh:property [ sh:path ex:m ; sh:minCount 1 ] ;
           sh:target [ a sh:SPARQLTarget ; sh:prefixes ex:p ; sh:select \"SELECT ?this { ?x ex:n ?this ; ex:m 1 }\" ] .",
    )]);
    let shapes = read_shapes(&shapes);
    let target = shapes
        .compiled
        .shapes
        .iter()
        .flat_map(|shape| &shape.targets)
        .next();
    let Some(Target::Sparql(target)) = target else {
        panic!("a target in SPARQL");
    };
    let triggers = target.triggers().expect("all lead back");
    assert_eq!(triggers.len(), 2);
    let wakes = target.wakes().expect("its patterns can be told");
    assert_eq!(wakes.len(), 2);
    assert!(
        wakes
            .iter()
            .any(|wake| wake.object == Some(Literal::from(1).into()))
    );
}
