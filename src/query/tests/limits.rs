//! Limits stop the work, wherever it is, and are errors.

use super::*;

pub(super) const TIMEOUT: Duration = Duration::from_millis(300);

/// Each of these would run for hours; each hides from the evaluator's own cancellation in another way.
const ENDLESS: &[&str] = &[
    "SELECT * { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z . ?d ?s ?w }",
    "SELECT (COUNT(*) AS ?n) { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z }",
    "SELECT * { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z } ORDER BY ?x ?y ?z",
    "SELECT DISTINCT ?x { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(?x + ?y + ?z < 0) }",
    "ASK { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z FILTER(STR(?x) = CONCAT(STR(?y), STR(?z), 'x')) }",
    "SELECT * { ?a ?p ?x MINUS { ?a ?q ?y . ?c ?r ?z . ?d ?s ?w } }",
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
        // A busy machine may be late; without the limit it would be hours.
        assert!(took < 5 * TIMEOUT, "{text}: {took:?}");
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
    let distinct = "SELECT DISTINCT ?x ?y ?z { ?a ?p ?x . ?b ?q ?y . ?c ?r ?z }";
    for text in [ENDLESS[2], distinct] {
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
    let mut count = 0;
    for (left, right) in rows().zip(rows()) {
        assert_eq!(
            left.expect("within the limits"),
            right.expect("within the limits")
        );
        count += 1;
    }
    assert_eq!(count, 50);
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
