//! What the whole module promises: limits that stop, errors that help, answers that are exact, updates that are atomic.

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

const TIMEOUT: Duration = Duration::from_millis(300);

/// Each of these would run for hours; each hides from the evaluator's own cancellation in another way.
const ENDLESS: &[&str] = &[
    "SELECT * { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z . ?d ?s ?w }",
    "SELECT (COUNT(*) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z }",
    "SELECT * { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z } ORDER BY ?x ?y ?z",
    "SELECT DISTINCT ?x { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(?x + ?y + ?z < 0) }",
    "ASK { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(STR(?x) = CONCAT(STR(?y), STR(?z), 'x')) }",
    "SELECT * { ?a ?p ?x MINUS { ?b ?q ?y . ?c ?r ?z . ?d ?s ?w } }",
    "SELECT * { ?a ?p ?x FILTER NOT EXISTS { ?b ?q ?y . ?c ?r ?z . ?d ?s ?w FILTER(?y > ?x + ?z + ?w + 99999999) } }",
    "SELECT ?x (SUM(?y) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z } GROUP BY ?x",
    "CONSTRUCT { ?a ?p ?y } { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z }",
    "SELECT * { ?a ?p ?x OPTIONAL { ?b ?q ?y . ?c ?r ?z FILTER(?x + ?y + ?z < 0) } }",
];

fn drain(view: &View, text: &str, options: &QueryOptions) -> Result<u64, QueryError> {
    let query = parse_query(text, options)?;
    let format = if query.kind().is_graph() {
        OutputFormat::Graph(Format::NTriples)
    } else {
        OutputFormat::Solutions(ResultFormat::Tsv)
    };
    run_query(view, &query, options, format, std::io::sink()).map(|stats| stats.rows)
}

#[test]
fn a_timeout_stops_every_kind_of_work() {
    let view = numbers(3000);
    for text in ENDLESS {
        let options = QueryOptions {
            timeout: Some(TIMEOUT),
            ..QueryOptions::default()
        };
        let start = Instant::now();
        let outcome = drain(&view, text, &options);
        let took = start.elapsed();
        assert!(
            matches!(outcome, Err(QueryError::Timeout { limit }) if limit == TIMEOUT),
            "{text}: {outcome:?}"
        );
        assert!(took < 2 * TIMEOUT, "{text}: {took:?}");
    }
}

#[test]
fn products_of_values_alone_stop_too() {
    let list = (0..400)
        .map(|i| i.to_string())
        .collect::<Vec<_>>()
        .join(" ");
    let text = format!(
        "SELECT (COUNT(*) AS ?n) {{ VALUES ?a {{ {list} }} VALUES ?b {{ {list} }} VALUES ?c {{ {list} }} VALUES ?d {{ {list} }} }}"
    );
    let options = QueryOptions {
        timeout: Some(TIMEOUT),
        ..QueryOptions::default()
    };
    let start = Instant::now();
    let outcome = drain(&numbers(1), &text, &options);
    assert!(
        matches!(outcome, Err(QueryError::Timeout { .. })),
        "{outcome:?}"
    );
    assert!(start.elapsed() < 2 * TIMEOUT);
}

#[test]
fn a_memory_limit_stops_what_piles_up() {
    let view = numbers(3000);
    let options = QueryOptions {
        max_memory: Some(4 << 20),
        ..QueryOptions::default()
    };
    for text in [ENDLESS[2], ENDLESS[5]] {
        let outcome = drain(&view, text, &options);
        assert!(
            matches!(outcome, Err(QueryError::MemoryLimit { limit_bytes }) if limit_bytes == 4 << 20),
            "{outcome:?}"
        );
    }
    // Text that doubles at every step.
    let mut text = "SELECT ?v24 { BIND('0123456789abcdef' AS ?v0) ".to_owned();
    for i in 0..24 {
        text += &format!("BIND(CONCAT(?v{i}, ?v{i}) AS ?v{}) ", i + 1);
    }
    text.push('}');
    let outcome = drain(&view, &text, &options);
    assert!(
        matches!(outcome, Err(QueryError::MemoryLimit { .. })),
        "{outcome:?}"
    );
    // A stream holds little, however long it is.
    assert_eq!(
        drain(&view, "SELECT * { ?s ?p ?o }", &options).expect("fits"),
        3000
    );
}

#[test]
fn another_thread_cancels() {
    let view = numbers(3000);
    let options = QueryOptions::default();
    let cancel = options.cancel.clone();
    let start = Instant::now();
    let helper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        cancel.cancel();
    });
    let outcome = drain(&view, ENDLESS[1], &options);
    helper.join().expect("the helper ends");
    assert!(matches!(outcome, Err(QueryError::Cancelled)), "{outcome:?}");
    assert!(start.elapsed() < Duration::from_secs(1));
    assert!(matches!(
        drain(&view, "ASK {}", &options),
        Err(QueryError::Cancelled)
    ));
}

#[test]
fn too_many_rows_are_an_error_not_a_short_answer() {
    let view = numbers(20);
    let with_limit = |limit| QueryOptions {
        max_rows: Some(limit),
        ..QueryOptions::default()
    };
    for text in ["SELECT * { ?s ?p ?o }", "CONSTRUCT WHERE { ?s ?p ?o }"] {
        assert_eq!(drain(&view, text, &with_limit(20)).expect("fits"), 20);
        assert!(matches!(
            drain(&view, text, &with_limit(19)),
            Err(QueryError::RowLimit { limit: 19 })
        ));
    }
    let query = parse_query("SELECT * { ?s ?p ?o }", &with_limit(5)).expect("valid");
    let Ok(Answer::Solutions { rows, .. }) = evaluate(&view, &query, &with_limit(5)) else {
        panic!("a SELECT has solutions");
    };
    let all: Vec<_> = rows.collect();
    assert_eq!(all.len(), 6, "five rows, the error, and then the end");
    assert!(all[5].is_err());
}

#[test]
fn two_answers_may_be_read_side_by_side() {
    let view = numbers(50);
    let options = QueryOptions::default();
    let query = parse_query("SELECT ?o { ?s ?p ?o } ORDER BY ?o", &options).expect("valid");
    let rows = || match evaluate(&view, &query, &options) {
        Ok(Answer::Solutions { rows, .. }) => rows,
        _ => panic!("a SELECT has solutions"),
    };
    let pairs = rows()
        .zip(rows())
        .map(|(a, b)| (a.expect("row"), b.expect("row")));
    assert!(pairs.clone_count_equal(50));
}

trait CountEqual {
    fn clone_count_equal(self, n: usize) -> bool;
}

impl<T: PartialEq, I: Iterator<Item = (T, T)>> CountEqual for I {
    fn clone_count_equal(self, n: usize) -> bool {
        let all: Vec<_> = self.collect();
        all.len() == n && all.iter().all(|(a, b)| a == b)
    }
}

fn syntax(text: &str) -> (usize, usize, String, String, String) {
    match parse_query(text, &QueryOptions::default()) {
        Err(QueryError::Syntax {
            line,
            column,
            message,
            hint,
        }) => {
            let hint = hint.unwrap_or_default();
            assert!(!message.nl.is_empty() && !message.en.is_empty());
            (line, column, message.nl, hint.nl, hint.en)
        }
        other => panic!("{text} is not valid SPARQL: {other:?}"),
    }
}

#[test]
fn syntax_errors_say_where_and_what_to_do() {
    let (line, column, message, nl, en) = syntax("SELECT *\nWHERE {\n  ?a a adres:Adres\n}");
    assert_eq!((line, column), (3, 8));
    assert_eq!(message, "prefix adres: is niet gedeclareerd");
    assert_eq!(
        nl,
        "bedoelde u PREFIX adres: <https://data.vlaanderen.be/ns/adres#>?"
    );
    assert_eq!(
        en,
        "did you mean PREFIX adres: <https://data.vlaanderen.be/ns/adres#>?"
    );

    let (line, column, message, nl, _) = syntax("SELECT ?a, ?b { ?a ?p ?b }");
    assert_eq!((line, column), (1, 10), "{message} {nl}");
    assert!(message.starts_with("onverwacht: ,"), "{message}");
    assert!(nl.contains("geen komma"), "{nl}");

    let (_, _, message, nl, _) = syntax("SELECT * {\n ?a ?p ?b");
    assert!(message.starts_with("onverwacht einde"), "{message}");
    assert_eq!(nl, "{ op regel 1, kolom 10 wordt niet gesloten");

    let (_, _, _, nl, _) = syntax("SELECT * { ?a ?p \"open }\n");
    assert!(nl.contains("niet afgesloten"), "{nl}");

    let (_, _, message, _, _) = syntax("SELECT ?a (COUNT(*) AS ?n) { ?a ?p ?b }");
    assert_eq!(
        message,
        "SELECT noemt een variabele die niet in GROUP BY staat"
    );

    let (line, column, _, _, _) = syntax("SELECT * { ?a ?p ?b .\n FILTER(?a >) }");
    assert_eq!((line, column), (2, 13));
    let (_, column, message, _, _) = syntax("SELECT * { ?a <http://x y> ?b }");
    assert_eq!((column, &*message), (15, "ongeldige IRI"));
    for (text, nl) in [
        ("SELCT * { ?a ?p ?b }", "bedoelde u SELECT?"),
        ("SELECT * { ?a ?p ?b } ORDER ?b", "hier hoort BY"),
        ("SELECT * { ?a ?p ?b OPTIONAL ?a ?q ?c }", "hier hoort {"),
        ("SELECT * { ?a ?p ?b }}", "deze } hoort bij geen {"),
        ("SELECT * { ?a ?p }", "wat voor deze } staat, is niet af"),
        (
            "SELECT * { ?a ?p ?b ?c ?d ?e }",
            "ontbreekt er een punt of puntkomma tussen twee drietallen?",
        ),
    ] {
        assert_eq!(syntax(text).3, nl, "{text}");
    }
}

#[test]
fn deep_and_long_texts_are_refused_or_answered_but_never_crash() {
    let options = QueryOptions {
        timeout: Some(Duration::from_secs(20)),
        ..QueryOptions::default()
    };
    let view = numbers(2);
    let run = move |text: String| {
        let (view, options) = (view.clone(), options.clone());
        // The stack of a server's worker thread.
        std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || drain(&view, &text, &options).is_ok())
            .expect("threads start")
            .join()
            .expect("no crash")
    };
    let nested = |n: usize, open: &str, close: &str, inner: &str| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    for n in [20, 100, 200, 5000] {
        let start = Instant::now();
        let braces = nested(n, "{ ", " }", "?s ?p ?o");
        assert_eq!(
            run(format!("SELECT * {{ {braces} }}")),
            n <= 100,
            "braces {n}"
        );
        let brackets = nested(n, "(", ")", "1");
        assert_eq!(
            run(format!("SELECT * {{ FILTER({brackets} = 1) }}")),
            n <= 100,
            "brackets {n}"
        );
        let optional = nested(n, "OPTIONAL { ?s ?p ?o ", "}", "");
        assert_eq!(
            run(format!("SELECT * {{ {optional} }}")),
            n <= 100,
            "optional {n}"
        );
        let path = nested(n, "(", ")", "<http://example.com/value>");
        assert_eq!(
            run(format!("SELECT * {{ ?s {path} ?o }}")),
            n <= 100,
            "path {n}"
        );
        let blank = nested(n, "[ ?p ", " ]", "1");
        assert_eq!(
            run(format!("SELECT * {{ {blank} }}")),
            n <= 100,
            "blank {n}"
        );
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{n}: {:?}",
            start.elapsed()
        );
    }
    for n in [500, 1900, 20_000] {
        let sum = vec!["1"; n].join(" + ");
        let or = vec!["?o = 1"; n].join(" || ");
        let union = vec!["{ ?s ?p ?o }"; n].join(" UNION ");
        let sequence = vec!["<http://example.com/value>"; n].join("/");
        let not = format!("{}true", "! ".repeat(n));
        for text in [
            format!("SELECT * {{ ?s ?p ?o FILTER({sum} > 0) }}"),
            format!("SELECT * {{ ?s ?p ?o FILTER({or}) }}"),
            format!("SELECT * {{ {union} }}"),
            format!("SELECT * {{ ?s {sequence} ?o }}"),
            format!("SELECT * {{ ?s ?p ?o FILTER({not}) }}"),
        ] {
            run(text); // refused or answered
        }
    }
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

// --- updates ---

fn update(store: &Store, text: &str) -> Result<UpdateStats, QueryError> {
    update_with(store, text, &QueryOptions::default())
}

fn update_with(
    store: &Store,
    text: &str,
    options: &QueryOptions,
) -> Result<UpdateStats, QueryError> {
    let mut draft = store.begin().expect("memory stores open drafts");
    let stats = apply_update(&mut draft, text, options)?;
    draft
        .commit(crate::store::CommitMeta {
            agent: "http://example.com/agent".into(),
            activity: "http://example.com/test".into(),
            source: Vec::new(),
            message: None,
        })
        .expect("memory stores commit");
    Ok(stats)
}

#[test]
fn an_update_is_applied_whole_or_not_at_all() {
    let store = Store::in_memory();
    update(
        &store,
        "INSERT DATA { <http://example.com/a> <http://example.com/p> 1 }",
    )
    .expect("applies");
    let before = store.snapshot();
    let text = "INSERT DATA { <http://example.com/b> <http://example.com/p> 2 } ; DELETE WHERE { <http://example.com/a> ?p ?o } ; LOAD <http://example.com/file>";
    match update(&store, text) {
        Err(QueryError::Refused { operation: 3, .. }) => {}
        other => panic!("LOAD is refused: {other:?}"),
    }
    assert_eq!(store.snapshot().quad_count(), 1);
    assert_eq!(store.snapshot().seq(), before.seq());
    update(&store, "LOAD SILENT <http://example.com/file>").expect("does nothing");
    let limited = QueryOptions {
        max_rows: Some(1),
        ..QueryOptions::default()
    };
    let outcome = update_with(
        &store,
        "INSERT DATA { <http://example.com/c> <http://example.com/p> 1, 2 }",
        &limited,
    );
    assert!(matches!(outcome, Err(QueryError::RowLimit { limit: 1 })));
    assert_eq!(store.snapshot().quad_count(), 1);
}

#[test]
fn each_operation_sees_the_earlier_ones_and_prologues_may_follow() {
    let store = Store::in_memory();
    update(
        &store,
        "PREFIX : <http://example.com/> INSERT DATA { :a :n 1 } ;
         PREFIX q: <http://example.com/q#> INSERT { ?s q:next ?m } WHERE { ?s :n ?n BIND(?n + 1 AS ?m) } ;
         BASE <http://example.com/> DELETE { ?s :n ?n } INSERT { ?s <was> ?n } WHERE { ?s :n ?n } ;",
    )
    .expect("applies");
    let view = store.snapshot().view();
    let rows = answers(
        &view,
        "SELECT ?p ?o { <http://example.com/a> ?p ?o } ORDER BY ?p",
    );
    let xsd = "http://www.w3.org/2001/XMLSchema#";
    assert_eq!(
        rows,
        [
            [
                "<http://example.com/q#next>".to_owned(),
                format!("\"2\"^^<{xsd}integer>")
            ],
            [
                "<http://example.com/was>".to_owned(),
                format!("\"1\"^^<{xsd}integer>")
            ],
        ]
    );
    assert!(matches!(
        update(
            &store,
            "PREFIX : <http://example.com/> INSERT DATA { :a :b :c } ;\n INSERT DATA { nope:a :b :c }"
        ),
        Err(QueryError::Syntax {
            line: 2,
            column: 16,
            ..
        })
    ));
}

#[test]
fn blank_nodes_are_new_each_time() {
    let store = Store::in_memory();
    let text = "INSERT DATA { _:x <http://example.com/p> _:x }";
    update(&store, text).expect("applies");
    update(&store, text).expect("applies");
    assert_eq!(store.snapshot().quad_count(), 2);
    update(
        &store,
        "INSERT { _:y <http://example.com/q> ?o } WHERE { ?s <http://example.com/p> ?o }",
    )
    .expect("applies");
    let rows = answers(
        &store.snapshot().view(),
        "SELECT DISTINCT ?s { ?s <http://example.com/q> ?o }",
    );
    assert_eq!(rows.len(), 2, "one node per solution");
    assert!(matches!(
        update(
            &store,
            "INSERT DATA { _:x <http://example.com/p> 1 } ; INSERT DATA { _:x <http://example.com/p> 2 }"
        ),
        Err(QueryError::Syntax { .. })
    ));
}

#[test]
fn graph_to_graph_operations_read_the_stored_default_graph() {
    let store = Store::in_memory();
    update(
        &store,
        "PREFIX : <http://example.com/> INSERT DATA { :d :p 0 GRAPH :g { :a :p 1 } }",
    )
    .expect("applies");
    update(&store, "COPY DEFAULT TO <http://example.com/h>").expect("applies");
    let size = |graph: &str| {
        answers(
            &store.snapshot().view(),
            &format!("SELECT * {{ GRAPH <http://example.com/{graph}> {{ ?s ?p ?o }} }}"),
        )
        .len()
    };
    assert_eq!((size("g"), size("h")), (1, 1));
    update(
        &store,
        "ADD <http://example.com/g> TO <http://example.com/h>",
    )
    .expect("applies");
    assert_eq!((size("g"), size("h")), (1, 2));
    update(
        &store,
        "MOVE <http://example.com/h> TO <http://example.com/g>",
    )
    .expect("applies");
    assert_eq!((size("g"), size("h")), (2, 0));
    assert!(matches!(
        update(
            &store,
            "COPY <http://example.com/nowhere> TO <http://example.com/g>"
        ),
        Err(QueryError::Refused { operation: 1, .. })
    ));
    update(
        &store,
        "COPY SILENT <http://example.com/nowhere> TO <http://example.com/g>",
    )
    .expect("does nothing");
    assert_eq!(size("g"), 2);
    assert!(update(&store, "CREATE GRAPH <http://example.com/g>").is_err());
    update(&store, "CREATE SILENT GRAPH <http://example.com/g> ; DROP GRAPH <http://example.com/none> ; CLEAR NAMED").expect("applies");
    assert_eq!(store.snapshot().quad_count(), 1);
    update(&store, "CLEAR DEFAULT").expect("applies");
    assert_eq!(store.snapshot().quad_count(), 0);
}

#[test]
fn an_update_stops_in_time() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for i in 0..2000_i64 {
        let object: Term = Literal::from(i).into();
        draft.add_quad(Quad::new(iri("s"), iri("p"), object, GraphName::DefaultGraph).as_ref());
    }
    let options = QueryOptions {
        timeout: Some(TIMEOUT),
        ..QueryOptions::default()
    };
    let start = Instant::now();
    let text =
        "INSERT { ?a ?b ?z } WHERE { ?a ?b ?x . ?c ?d ?y . ?e ?f ?z FILTER(?x + ?y + ?z < 0) }";
    let outcome = apply_update(&mut draft, text, &options);
    assert!(
        matches!(outcome, Err(QueryError::Timeout { .. })),
        "{outcome:?}"
    );
    assert!(start.elapsed() < 2 * TIMEOUT);
}
