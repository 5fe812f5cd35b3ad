//! The same observations in columns and as statements of our own store: bytes on disk, and the time of the same queries. Prints a
//! table and writes `docs/benchmarks-observation-graph.md`.
//!
//! `OSLO_OBSERVATIONS` (default 1,000,000) says how many; a hundred series tell in turn, one a minute each. The page is written at the
//! full size, or on `OSLO_BENCH_PAGE=1`. In the columns `GRAPH` is answered as it is asked; in the store it is an ordinary graph.

#[path = "shared/machine.rs"]
mod machine;

use machine::{date, machine};
use oslo_registry::observations::{
    DAY, HOUR, Kind, Observation, ObservationOptions, ObservationStore, Series, SeriesId, Value,
};
use oslo_registry::query::{
    Answer, DefaultGraph, ObservationGraph, QueryOptions, evaluate, parse_query,
};
use oslo_registry::store::{CommitMeta, OpenOptions, Store};
use oxrdf::vocab::{rdf, xsd};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

const FULL: u64 = 1_000_000;
const SERIES: u64 = 100;
const BATCH: u64 = 50_000;
const GRAPH: &str = "https://example.org/graph/observaties";
/// 2025-01-01T00:00:00Z.
const START: i64 = 20_089 * DAY;

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("https://example.org/id/{name}"))
}

fn sosa(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://www.w3.org/ns/sosa/{name}"))
}

/// Series, moment and result of an observation by its number, from 0.
fn told(n: u64) -> (u64, i64, f64) {
    let (series, minute) = (n % SERIES, n / SERIES);
    let time = START + i64::try_from(minute).unwrap_or(0) * (HOUR / 60);
    let noise = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
    let day = (minute % 1_440) as f64 / 1_440.0 * std::f64::consts::TAU;
    let result = (110.0 - 40.0 * day.cos() + noise as f64 / 100.0).round() / 10.0;
    (series, time, result)
}

fn described(store: &Store) {
    let mut draft = store.begin().expect("a draft");
    for n in 0..SERIES {
        let (series, sensor) = (iri(&format!("reeks/{n}")), iri(&format!("sensor/{n}")));
        let graph = || {
            GraphName::from(NamedNode::new_unchecked(
                "https://example.org/graph/sensoren",
            ))
        };
        for (s, p, o) in [
            (&series, sosa("madeBySensor"), sensor.clone()),
            (&sensor, iri("adres"), iri(&format!("adres/{}", n / 10))),
        ] {
            draft.add_quad(Quad::new(s.clone(), p, o, graph()).as_ref());
        }
    }
    draft.commit(meta()).expect("commits");
}

fn meta() -> CommitMeta {
    CommitMeta {
        agent: "https://example.org/agent".into(),
        activity: "https://example.org/bench".into(),
        source: Vec::new(),
        message: None,
    }
}

fn in_statements(folder: &Path, wanted: u64) -> (Store, f64) {
    let store = Store::open(folder, OpenOptions::default()).expect("the store opens");
    described(&store);
    let since = Instant::now();
    for from in (0..wanted).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let mut draft = store.begin().expect("a draft");
        for n in from..(from + BATCH).min(wanted) {
            let (series, time, result) = told(n);
            let series = iri(&format!("reeks/{series}"));
            let seq = n + 1;
            let one = NamedNode::new_unchecked(format!("{}/observatie/{seq}", series.as_str()));
            let text = jiff::Timestamp::from_microsecond(time).expect("a moment");
            let time = Literal::new_typed_literal(text.to_string(), xsd::DATE_TIME);
            let graph = || GraphName::from(NamedNode::new_unchecked(GRAPH));
            let said: [(NamedNode, Term); 4] = [
                (rdf::TYPE.into_owned(), sosa("Observation").into()),
                (sosa("phenomenonTime"), time.clone().into()),
                (sosa("resultTime"), time.into()),
                (sosa("hasSimpleResult"), Literal::from(result).into()),
            ];
            draft.add_quad(Quad::new(series, sosa("hasMember"), one.clone(), graph()).as_ref());
            for (p, o) in said {
                draft.add_quad(Quad::new(one.clone(), p, o, graph()).as_ref());
            }
        }
        draft.commit(meta()).expect("commits");
    }
    let seconds = since.elapsed().as_secs_f64();
    store.checkpoint().expect("checkpoints");
    store.compact_index().expect("compacts");
    (store, seconds)
}

fn in_columns(folder: &Path, wanted: u64) -> (ObservationStore, f64) {
    let store = ObservationStore::open(folder, ObservationOptions::default()).expect("opens");
    let declared = (0..SERIES).map(|n| Series {
        iri: iri(&format!("reeks/{n}")).into_string(),
        kind: Kind::Number,
        unit: None,
    });
    let ids: Vec<SeriesId> = store.declare_all(declared.collect()).expect("declares");
    let since = Instant::now();
    for from in (0..wanted).step_by(usize::try_from(BATCH).unwrap_or(1)) {
        let batch = (from..(from + BATCH).min(wanted)).map(|n| {
            let (series, time, result) = told(n);
            Observation::new(ids[series as usize], time, Value::Number(result))
        });
        let pending = store.append(batch.collect()).expect("is taken");
        pending.wait().expect("is stored");
    }
    let seconds = since.elapsed().as_secs_f64();
    store.seal().expect("seals");
    store.compact().expect("compacts");
    (store, seconds)
}

fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).expect("a folder");
    let sizes = entries.map(|entry| {
        let entry = entry.expect("an entry");
        let about = entry.metadata().expect("is there");
        if about.is_dir() {
            bytes(&entry.path())
        } else {
            about.len()
        }
    });
    sizes.sum()
}

/// Rows, and the median time of five runs in milliseconds.
fn ask(store: &Store, observations: Option<&ObservationGraph>, text: &str) -> (Vec<String>, f64) {
    let options = QueryOptions {
        default_graph: DefaultGraph::Union,
        observations: observations.cloned(),
        ..QueryOptions::default()
    };
    let query = parse_query(text, &options).expect("is SPARQL");
    let mut times = Vec::new();
    let mut found = Vec::new();
    for _ in 0..5 {
        let since = Instant::now();
        let view = store.snapshot().view();
        let Answer::Solutions { rows, .. } = evaluate(&view, &query, &options).expect("runs")
        else {
            panic!("no table");
        };
        found = rows
            .map(|row| format!("{:?}", row.expect("a row")))
            .collect();
        times.push(since.elapsed().as_secs_f64() * 1_000.0);
    }
    times.sort_by(f64::total_cmp);
    (found, times[2])
}

fn main() {
    let asked = std::env::var("OSLO_OBSERVATIONS").ok();
    let asked = asked.and_then(|text| text.replace(['_', ','], "").parse().ok());
    let wanted: u64 = asked.unwrap_or(FULL);
    let folder = std::env::var_os("OSLO_BENCH_FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let folder = folder.join(format!("oslo-observation-graph-{}", std::process::id()));
    let (statements, columns) = (folder.join("statements"), folder.join("columns"));
    fs::create_dir_all(&folder).expect("a folder");
    let (store, statement_seconds) = in_statements(&statements, wanted);
    let (observations, column_seconds) = in_columns(&columns, wanted);
    let registry = Store::in_memory();
    described(&registry);
    let graph = ObservationGraph::new(GRAPH, Arc::new(observations)).expect("an IRI");

    let prefixes = "PREFIX sosa: <http://www.w3.org/ns/sosa/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> PREFIX : <https://example.org/id/> ";
    let of = |series: &str, more: &str| {
        format!(
            "GRAPH <{GRAPH}> {{ {series} sosa:hasMember ?o . ?o sosa:phenomenonTime ?t ; sosa:hasSimpleResult ?v {more} }}"
        )
    };
    let day = "FILTER(?t >= \"2025-01-02T00:00:00Z\"^^xsd:dateTime && ?t < \"2025-01-03T00:00:00Z\"^^xsd:dateTime)";
    let odd = "FILTER(?t >= \"2025-01-02T00:10:00Z\"^^xsd:dateTime && ?t < \"2025-01-03T00:10:00Z\"^^xsd:dateTime)";
    let one = ":reeks\\/7";
    let questions = [
        (
            "greatest of one series, all of the time",
            format!(
                "SELECT (COUNT(*) AS ?n) (MAX(?v) AS ?a) {{ {} }}",
                of(one, "")
            ),
        ),
        (
            "least of each series",
            format!(
                "SELECT ?c (COUNT(*) AS ?n) (MIN(?v) AS ?a) {{ {} }} GROUP BY ?c ORDER BY ?c",
                of("?c", "")
            ),
        ),
        (
            "a day of one series",
            format!("SELECT ?t ?v {{ {} }} ORDER BY ?t", of(one, day)),
        ),
        (
            "greatest of a day that begins at ten past",
            format!(
                "SELECT (COUNT(*) AS ?n) (MAX(?v) AS ?a) {{ {} }}",
                of(one, odd)
            ),
        ),
        (
            "newest ten of one series",
            format!(
                "SELECT ?t ?v {{ {} }} ORDER BY DESC(?t) LIMIT 10",
                of(one, "")
            ),
        ),
        (
            "by address, the sensors of ten series, a day",
            format!(
                "SELECT ?a (COUNT(*) AS ?n) {{ ?c sosa:madeBySensor ?s . ?s :adres ?a FILTER(?a = :adres\\/3) {} }} GROUP BY ?a",
                of("?c", day)
            ),
        ),
    ];
    let ratio = |columns: f64, statements: f64| statements / columns.max(0.001);
    let mut page = format!(
        "# Benchmarks: observations as a graph\n\nWritten by `make bench-observation-graph`. The same {wanted} observations of {SERIES} series in columns, \
         asked for by `GRAPH`, and as five statements each in our own store. Both are on the disk and merged; the same answers are checked. \
         Times are medians of five in milliseconds.\n\n{}, {}.\n\n| what | columns | statements | times |\n|---|---|---|---|\n",
        date(),
        machine(),
    );
    let mut line = |what: &str, a: f64, b: f64| {
        let _ = writeln!(page, "| {what} | {a:.2} | {b:.2} | {:.1} |", ratio(a, b));
    };
    let per = |folder: &Path| bytes(folder) as f64 / wanted as f64;
    line("bytes an observation", per(&columns), per(&statements));
    line(
        "seconds to store, durably",
        column_seconds,
        statement_seconds,
    );
    for (what, text) in questions {
        let text = format!("{prefixes}{text}");
        let (ours, a) = ask(&registry, Some(&graph), &text);
        let (theirs, b) = ask(&store, None, &text);
        assert_eq!(ours, theirs, "{what}");
        line(what, a, b);
    }
    println!("{page}");
    drop(store);
    drop(graph);
    fs::remove_dir_all(&folder).expect("removes what it made");
    if wanted >= FULL || std::env::var("OSLO_BENCH_PAGE").is_ok_and(|value| value == "1") {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/docs/benchmarks-observation-graph.md"
        );
        fs::write(path, page).expect("writes the page");
    }
}
