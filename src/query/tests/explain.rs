//! Explained queries: the figures are those of the run, of both engines, and a query that is stopped still tells how far
//! it came.

use super::*;
use crate::query::{Engine, ExplainMode, Explanation, QueryRunner, Step, StepKind, explain};
use std::time::Duration;

/// A thousand houses in fifty streets in five towns, twenty of them rare, a hundred with a box.
fn town() -> View {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    let mut add = |s: String, p: &str, o: Term| {
        draft.add_quad(Quad::new(iri(&s), iri(p), o, GraphName::DefaultGraph).as_ref());
    };
    for n in 0..1000 {
        let house = format!("h{n}");
        let status = if n % 50 == 0 { "Rare" } else { "Common" };
        add(house.clone(), "status", iri(status).into());
        add(house.clone(), "at", iri(&format!("s{}", n * 7 % 50)).into());
        add(house.clone(), "number", Literal::from(n % 97).into());
        if n % 10 == 0 {
            add(house, "box", Literal::from(format!("bus {n}")).into());
        }
    }
    for n in 0..50 {
        add(format!("s{n}"), "in", iri(&format!("t{}", n % 5)).into());
    }
    draft.snapshot().view()
}

fn explained_with(
    view: &View,
    text: &str,
    options: &QueryOptions,
    mode: ExplainMode,
) -> Explanation {
    let text = format!("PREFIX : <http://example.com/> {text}");
    let query = parse_query(&text, options).expect("the query is valid");
    explain(view, &query, options, mode).expect("it is explained")
}

fn by(engine: Engine) -> QueryOptions {
    QueryOptions {
        engine,
        ..QueryOptions::default()
    }
}

fn explained(view: &View, text: &str, engine: Engine) -> Explanation {
    explained_with(view, text, &by(engine), ExplainMode::Run)
}

/// A step as a line: depth, code, text, rows expected and counted.
fn lines(explanation: &Explanation) -> Vec<String> {
    let line = |step: &Step| {
        let expected = step
            .expected_rows
            .map_or("-".to_owned(), |rows| rows.round().to_string());
        let rows = step
            .figures
            .map_or("-".to_owned(), |figures| figures.rows.to_string());
        format!(
            "{}{} {} {expected}/{rows}",
            "  ".repeat(step.depth),
            step.kind.code,
            step.detail
        )
    };
    explanation.steps.iter().map(line).collect()
}

/// What holds for every explanation of a run.
fn check(explanation: &Explanation, text: &str) {
    let run = explanation.run.as_ref().expect("it was run");
    let steps = &explanation.steps;
    assert_eq!(steps[0].parent, None, "{text}");
    for (at, step) in steps.iter().enumerate().skip(1) {
        let parent = step.parent.expect("a step that is read");
        assert!(parent < at, "{text}");
        assert_eq!(step.depth, steps[parent].depth + 1, "{text}");
        assert!(!step.detail.contains('\n'), "{text}");
    }
    let figures = || steps.iter().filter_map(|step| step.figures);
    let own: Duration = figures().map(|figures| figures.own_time).sum();
    // The clocks of the two engines are not the same one.
    let slack = match explanation.runner {
        QueryRunner::Executor => Duration::ZERO,
        QueryRunner::Evaluator => Duration::from_millis(20),
    };
    assert!(
        own <= run.elapsed + slack,
        "{text}: {own:?} of {:?}",
        run.elapsed
    );
    let whole = figures().next().expect("figures").time;
    assert!(
        whole <= run.elapsed + slack,
        "{text}: {whole:?} of {:?}",
        run.elapsed
    );
    assert!(
        figures().all(|figures| figures.own_time <= figures.time),
        "{text}"
    );
}

#[test]
fn every_step_says_what_was_expected_and_what_came() {
    let view = town();
    let text = "SELECT ?h ?t { ?h :at ?s . ?s :in ?t . ?h :status :Rare }";
    let ours = explained(&view, text, Engine::Automatic);
    check(&ours, text);
    assert_eq!(ours.runner, QueryRunner::Executor);
    assert_eq!(ours.run.as_ref().map(|run| run.rows), Some(20));
    assert_eq!(
        lines(&ours),
        [
            "look-up ?s :in ?t 7/20",
            "  look-up ?h :at ?s 25/20",
            "    scan ?h :status :Rare 20/20",
        ]
    );
    let theirs = explained(&view, text, Engine::Evaluator);
    check(&theirs, text);
    assert_eq!(theirs.runner, QueryRunner::Evaluator);
    assert_eq!(theirs.run.as_ref().map(|run| run.rows), Some(20));
    assert_eq!(
        lines(&theirs),
        [
            "project ?h ?t 7/20",
            "  loop-join  7/20",
            "    loop-join  25/20",
            "      scan ?h :status :Rare 20/20",
            "      look-up ?h :at ?s 25/20",
            "    look-up ?s :in ?t 7/20",
        ]
    );
}

#[test]
fn right_sides_count_all_their_runs() {
    let view = town();
    let told = |text: &str| {
        let explanation = explained(&view, text, Engine::Automatic);
        assert_eq!(explanation.runner, QueryRunner::Executor, "{text}");
        check(&explanation, text);
        lines(&explanation)
    };
    assert_eq!(
        told("SELECT * { ?h :status :Rare OPTIONAL { ?h :box ?b } }"),
        [
            "optional  20/20",
            "  scan ?h :status :Rare 20/20",
            "  look-up ?h :box ?b 25/20",
        ]
    );
    assert_eq!(
        told("SELECT ?h { ?h :number 5 FILTER NOT EXISTS { ?h :box ?b } }"),
        ["not-exists ?h :box ?b 6/10", "  scan ?h :number 5 11/11"]
    );
    assert_eq!(
        told("SELECT ?x { { ?x :in :t3 } UNION { ?x :at :s3 } }"),
        [
            "union  30/30",
            "  scan ?x :in :t3 10/10",
            "  scan ?x :at :s3 20/20",
        ]
    );
    let top = told("SELECT ?h ?n { ?h :number ?n FILTER(?n > 90) } ORDER BY DESC(?n) ?h LIMIT 3");
    assert_eq!(
        top.iter().map(|line| line.trim_start()).collect::<Vec<_>>(),
        [
            "slice LIMIT 3 3/3",
            "top DESC(?n) ?h LIMIT 3 300/3",
            "filter ?n > 90 300/60",
            "scan ?h :number ?n 1000/1000",
        ]
    );
}

#[test]
fn what_was_not_needed_is_told_as_such() {
    let view = town();
    let counted = explained(
        &view,
        "SELECT (COUNT(*) AS ?n) { ?h :status :Common }",
        Engine::Automatic,
    );
    let group = counted
        .steps
        .iter()
        .find(|step| step.kind == StepKind::GROUP);
    assert!(
        group
            .and_then(|step| step.figures)
            .is_some_and(|figures| figures.is_counted)
    );
    let scan = counted
        .steps
        .iter()
        .find(|step| step.kind == StepKind::SCAN);
    assert_eq!(scan.and_then(Step::was_run), Some(false));
    // The name that the parser drew for the count is not shown.
    assert!(
        lines(&counted)
            .iter()
            .any(|line| line.contains("COUNT(*) AS ?_1")),
        "{counted:?}"
    );
    // A slice stops what it reads.
    let few = explained(
        &view,
        "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 10",
        Engine::Automatic,
    );
    assert_eq!(few.run.as_ref().map(|run| run.rows), Some(10));
    let read: u64 = few
        .steps
        .iter()
        .filter_map(|step| Some(step.figures?.rows))
        .sum();
    assert!(read < 10_000, "{:?}", lines(&few));
}

/// Queries of every kind of step.
const QUERIES: [&str; 16] = [
    "SELECT * { ?h :at ?s . ?s :in ?t . ?h :number ?n }",
    "SELECT ?t (COUNT(*) AS ?n) (AVG(?m) AS ?a) { ?h :at ?s . ?s :in ?t . ?h :number ?m } GROUP BY ?t HAVING(COUNT(?h) > 1)",
    "SELECT ?h { ?h :status :Common MINUS { ?h :box ?b } }",
    "SELECT ?h ?b { ?h :status :Common OPTIONAL { ?h :box ?b FILTER(?b != 'bus 3') } }",
    "SELECT DISTINCT ?n { ?h :number ?n } ORDER BY ?n OFFSET 3",
    "SELECT ?h ?n { VALUES ?h { :h1 :h2 :h9999 } ?h :number ?n }",
    "SELECT ?h ?m { ?h :number ?n . BIND(?n * 2 + 1 AS ?m) FILTER(?m = 21) }",
    "SELECT ?s ?n { { SELECT ?s (COUNT(*) AS ?n) { ?h :at ?s } GROUP BY ?s } ?s :in :t2 }",
    "SELECT ?a ?b { ?a :number ?n . ?b :number ?n . ?a :status :Rare . ?b :status :Rare }",
    "SELECT ?h ?t { ?h :at/:in ?t . ?h :status :Rare }",
    "SELECT ?x { :h1 (:at|:in)+ ?x }",
    "ASK { ?h :number 96 . ?h :at :s1 }",
    "CONSTRUCT { ?s :has ?h . ?h :town ?t } { ?h :at ?s . ?s :in ?t }",
    "DESCRIBE :h7",
    "SELECT ?h { ?h :status :Rare FILTER(EXISTS { ?h :at ?s . ?s :in :t0 }) }",
    "SELECT * { ?h :nothing ?x . ?x ?y ?z }",
];

#[test]
fn both_engines_tell_the_rows_of_the_answer() {
    let view = town();
    for engine in [Engine::Automatic, Engine::Evaluator] {
        for text in QUERIES {
            let explanation = explained(&view, text, engine);
            check(&explanation, text);
            let run = explanation.run.as_ref().expect("it was run");
            assert!(run.failure.is_none(), "{text}");
            let rows = table(
                &view,
                &format!("PREFIX : <http://example.com/> {text}"),
                &by(engine),
            );
            assert_eq!(run.rows, rows.expect("it runs").len() as u64, "{text}");
            if explanation.kind == QueryKind::Select {
                let last = explanation.steps[0].figures.map(|figures| figures.rows);
                assert_eq!(last, Some(run.rows), "{text}");
            }
        }
    }
}

#[test]
fn a_plan_is_the_same_without_a_run() {
    let view = town();
    for engine in [Engine::Automatic, Engine::Evaluator] {
        for text in QUERIES {
            let shape = |mode: ExplainMode| {
                let explanation = explained_with(&view, text, &by(engine), mode);
                assert_eq!(explanation.run.is_some(), mode == ExplainMode::Run);
                let is_told = |step: &Step| step.figures.is_some() == (mode == ExplainMode::Run);
                assert!(explanation.steps.iter().all(is_told), "{text}");
                let steps = explanation.steps.iter();
                steps
                    .map(|step| {
                        (
                            step.kind,
                            step.detail.clone(),
                            step.parent,
                            step.expected_rows,
                        )
                    })
                    .collect::<Vec<_>>()
            };
            assert_eq!(shape(ExplainMode::Plan), shape(ExplainMode::Run), "{text}");
        }
    }
}

#[test]
fn a_query_that_is_stopped_tells_how_far_it_came() {
    let view = numbers(2_000);
    let endless =
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }";
    for engine in [Engine::Automatic, Engine::Evaluator] {
        let options = QueryOptions {
            timeout: Some(Duration::from_millis(300)),
            ..by(engine)
        };
        let started = Instant::now();
        let explanation = explained_with(&view, endless, &options, ExplainMode::Run);
        assert!(started.elapsed() < Duration::from_secs(10));
        let run = explanation.run.as_ref().expect("it was run");
        assert!(
            matches!(run.failure, Some(QueryError::Timeout { .. })),
            "{run:?}"
        );
        assert!(explanation.steps.len() > 3, "{:?}", lines(&explanation));
        if explanation.runner == QueryRunner::Executor {
            check(&explanation, endless);
            let whole = explanation.steps[0].figures.expect("figures").time;
            assert!(whole > Duration::from_millis(100), "{whole:?}");
        }
        let few = QueryOptions {
            max_rows: Some(5),
            ..by(engine)
        };
        let explanation = explained_with(&view, "SELECT * { ?a ?b ?c }", &few, ExplainMode::Run);
        let run = explanation.run.as_ref().expect("it was run");
        assert!(matches!(
            run.failure,
            Some(QueryError::RowLimit { limit: 5 })
        ));
        assert_eq!(run.rows, 5);
        let cancelled = by(engine);
        cancelled.cancel.cancel();
        let query = parse_query("SELECT * { ?a ?b ?c }", &cancelled).expect("valid");
        let refused = explain(&view, &query, &cancelled, ExplainMode::Run);
        assert!(matches!(refused, Err(QueryError::Cancelled)));
    }
}

#[test]
fn deep_queries_are_explained_too() {
    let view = town();
    let nested = format!(
        "SELECT * {{ {} ?h :status :Rare {} }}",
        "{".repeat(40),
        "}".repeat(40)
    );
    let chain = vec!["{ ?h :status :Rare }"; 150].join(" UNION ");
    for (text, rows) in [(nested, 20), (format!("SELECT * {{ {chain} }}"), 3000)] {
        let explanation = explained(&view, &text, Engine::Automatic);
        check(&explanation, &text);
        assert_eq!(explanation.run.map(|run| run.rows), Some(rows));
    }
}

#[test]
fn a_plan_asks_nobody() {
    let view = town();
    let text = "SELECT * { ?h :status :Rare . SERVICE <http://example.com/sparql> { ?h ?p ?o } }";
    let plan = explained_with(&view, text, &QueryOptions::default(), ExplainMode::Plan);
    let service = plan
        .steps
        .iter()
        .find(|step| step.kind == StepKind::SERVICE);
    let service = service.expect("it is told");
    assert_eq!(service.detail, ":sparql");
    assert!(service.service.is_none() && service.expected_rows.is_none());
    let run = explained(&view, text, Engine::Automatic)
        .run
        .expect("it was run");
    assert!(
        matches!(run.failure, Some(QueryError::Service { .. })),
        "{run:?}"
    );
}

#[test]
fn others_see_the_plan_and_the_rows() {
    let view = town();
    let line = |text: &str, engine: Engine| {
        let options = by(engine);
        let text = format!("PREFIX : <http://example.com/> {text}");
        let rows = table(&view, &text, &options).expect("it runs");
        assert_eq!(options.progress.rows(), rows.len() as u64, "{text}");
        options.progress.plan().expect("a plan").to_owned()
    };
    let text = "SELECT ?h { ?h :status :Rare ; :at ?s OPTIONAL { ?h :box ?b } FILTER(!BOUND(?b)) } ORDER BY ?h";
    assert_eq!(
        line(text, Engine::Automatic),
        "executor: sort < filter < optional(look-up) < look-up < scan"
    );
    assert_eq!(
        line(text, Engine::Evaluator),
        "evaluator: project < sort < filter < optional(loop-join(scan,scan),scan)"
    );
    assert_eq!(
        line("DESCRIBE :h7", Engine::Automatic).split(':').next(),
        Some("evaluator")
    );
}
