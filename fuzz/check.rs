//! What must hold for any text that somebody sends as a query or an update, on a small store under tight limits. The fuzz
//! targets call it, and `tests/it/fuzzed.rs` with mutated seeds.
#![allow(dead_code)]

use oslo_registry::query::{
    Answer, DefaultGraph, Engine, OutputFormat, QueryError, QueryOptions, ResultFormat,
    apply_update, evaluate, parse_query, run_query,
};
use oslo_registry::rdf::format::Format;
use oslo_registry::store::{Store, View};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Longest text that is tried: what is longer only takes longer.
const MAX_BYTES: usize = 4 << 10;
const TIMEOUT: Duration = Duration::from_millis(150);
/// How much later than its limit an evaluation may end on a busy machine.
const LATE: Duration = Duration::from_secs(20);
const MAX_ROWS: u64 = 20_000;
const MAX_MEMORY: u64 = 32 << 20;

/// Words of queries whose answer may differ between two runs or engines without either being wrong: by chance, by the order
/// of solutions, by rounding. And the sign before a value, with which the evaluator makes another term of `01` and gives up
/// on a count.
const LOOSE: [&str; 16] = [
    "RAND",
    "NOW",
    "UUID",
    "BNODE",
    "LIMIT",
    "OFFSET",
    "SAMPLE",
    "GROUP_CONCAT",
    "REDUCED",
    "SERVICE",
    "AVG",
    "SUM",
    "[",
    "_:",
    "+?",
    "+ ?",
];

thread_local! {
    static STORE: Store = filled();
}

fn node(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://e/{name}"))
}

/// A few dozen quads of every kind of term, in several graphs.
fn quads() -> Vec<Quad> {
    let xsd = |value: &str, name: &str| {
        let datatype = NamedNode::new_unchecked(format!("http://www.w3.org/2001/XMLSchema#{name}"));
        Literal::new_typed_literal(value, datatype)
    };
    let wkt = NamedNode::new_unchecked("http://www.opengis.net/ont/geosparql#wktLiteral");
    let literals = [
        Literal::from("x"),
        Literal::from(""),
        Literal::new_language_tagged_literal_unchecked("de straat", "nl"),
        Literal::new_language_tagged_literal_unchecked("la rue d'Été", "fr"),
        Literal::from(1),
        Literal::from(-7),
        Literal::from(true),
        xsd("01", "integer"),
        xsd("1.50", "decimal"),
        // Not NaN: the evaluator has it equal to itself, which it is not (XPath, `op:numeric-equal`).
        xsd("INF", "double"),
        xsd("2024-02-29", "date"),
        xsd("2024-02-29T12:00:00Z", "dateTime"),
        xsd("geen getal", "integer"),
        Literal::new_typed_literal("POINT(3.7 51.05)", wkt.clone()),
        Literal::new_typed_literal("POLYGON((3 51, 4 51, 4 52, 3 51))", wkt),
    ];
    let graphs = [
        GraphName::DefaultGraph,
        node("g1").into(),
        node("g2").into(),
    ];
    let mut quads = Vec::new();
    let mut add = |subject: NamedOrBlankNode, predicate: &str, object: Term, graph: usize| {
        quads.push(Quad::new(
            subject,
            node(predicate),
            object,
            graphs[graph].clone(),
        ));
    };
    for n in 0..8 {
        let subject = node(&format!("n{n}"));
        add(
            subject.clone().into(),
            "p",
            node(&format!("n{}", (n + 1) % 8)).into(),
            n % 3,
        );
        add(
            subject.clone().into(),
            "q",
            node(&format!("n{}", (n * 3) % 8)).into(),
            0,
        );
        for (number, literal) in literals
            .iter()
            .enumerate()
            .filter(|(at, _)| (at + n) % 3 == 0)
        {
            add(
                subject.clone().into(),
                ["v", "w"][number % 2],
                literal.clone().into(),
                n % 2,
            );
        }
    }
    let blank = BlankNode::new_unchecked("b");
    add(node("n0").into(), "r", blank.clone().into(), 1);
    add(blank.into(), "v", Literal::from(3).into(), 1);
    quads
}

fn filled() -> Store {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("an empty store takes a draft");
    for quad in quads() {
        draft.add_quad(quad.as_ref());
    }
    let meta = oslo_registry::store::CommitMeta {
        agent: "http://e/agent".to_owned(),
        activity: "http://e/activity".to_owned(),
        source: Vec::new(),
        message: None,
    };
    draft.commit(meta).expect("memory takes it");
    store
}

fn options(engine: Engine) -> QueryOptions {
    QueryOptions {
        base_iri: Some("http://e/".to_owned()),
        default_graph: DefaultGraph::Union,
        timeout: Some(TIMEOUT),
        max_rows: Some(MAX_ROWS),
        max_memory: Some(MAX_MEMORY),
        engine,
        ..QueryOptions::default()
    }
}

/// The rows of an answer as text, sorted, and their number.
fn rows(view: &View, text: &str, engine: Engine) -> Result<Vec<String>, QueryError> {
    let options = options(engine);
    let query = parse_query(text, &options)?;
    let mut out = match evaluate(view, &query, &options)? {
        Answer::Boolean(value) => vec![value.to_string()],
        Answer::Graph(triples) => triples
            .map(|triple| triple.map(|triple| triple.to_string()))
            .collect::<Result<_, _>>()?,
        Answer::Solutions { variables, rows } => rows
            .map(|row| {
                let row = row?;
                if row.len() != variables.len() {
                    return Err(QueryError::Internal("a row of another width".to_owned()));
                }
                Ok(format!("{row:?}"))
            })
            .collect::<Result<_, _>>()?,
    };
    out.sort_unstable();
    Ok(out)
}

/// A failure that is our own fault, told.
fn fault(text: &str, error: &QueryError) -> Result<(), String> {
    match error {
        QueryError::Internal(_) | QueryError::Unreadable(_) => Err(format!("{error:?}\n{text}")),
        _ => {
            // Whatever is told to people exists in both languages.
            let told = error.text();
            if told.nl.is_empty() || told.en.is_empty() {
                return Err(format!("nothing is told: {error:?}\n{text}"));
            }
            Ok(())
        }
    }
}

/// Whether a text is refused, stopped or answered as it should be.
///
/// # Errors
/// What is wrong, with the text.
pub(crate) fn query(text: &str) -> Result<(), String> {
    if text.len() > MAX_BYTES {
        return Ok(());
    }
    let view = STORE.with(|store| store.snapshot().view());
    let began = Instant::now();
    let ours = rows(&view, text, Engine::Automatic);
    let theirs = rows(&view, text, Engine::Evaluator);
    let took = began.elapsed();
    if took > 2 * TIMEOUT + LATE {
        return Err(format!("took {took:?}\n{text}"));
    }
    for answer in [&ours, &theirs] {
        if let Err(error) = answer {
            fault(text, error)?;
        }
    }
    if let (Ok(ours), Ok(theirs)) = (&ours, &theirs) {
        let upper = text.to_ascii_uppercase();
        let is_loose = LOOSE.iter().any(|word| upper.contains(word));
        if !is_loose && ours != theirs {
            let differ = |a: &[String], b: &[String]| -> Vec<String> {
                let b: BTreeSet<&String> = b.iter().collect();
                a.iter()
                    .filter(|row| !b.contains(row))
                    .take(3)
                    .cloned()
                    .collect()
            };
            return Err(format!(
                "two answers, of {} and {} rows; only the executor has {:?}, only the evaluator {:?}\n{text}",
                ours.len(),
                theirs.len(),
                differ(ours, theirs),
                differ(theirs, ours)
            ));
        }
        written(&view, text)?;
    }
    Ok(())
}

/// Writes an answer in every format it comes in.
fn written(view: &View, text: &str) -> Result<(), String> {
    let options = options(Engine::Automatic);
    let query = parse_query(text, &options).map_err(|error| format!("{error:?}\n{text}"))?;
    let formats: Vec<OutputFormat> = if query.kind().is_graph() {
        Format::ALL.map(OutputFormat::Graph).to_vec()
    } else {
        ResultFormat::ALL.map(OutputFormat::Solutions).to_vec()
    };
    for format in formats {
        let mut out = Vec::new();
        if let Err(error) = run_query(view, &query, &options, format, &mut out)
            && !error.is_limit()
            && !matches!(error, QueryError::Format { .. } | QueryError::Write(_))
        {
            return Err(format!("{format:?}: {error:?}\n{text}"));
        }
        if std::str::from_utf8(&out).is_err() {
            return Err(format!("{format:?}: not UTF-8\n{text}"));
        }
    }
    Ok(())
}

/// Whether a text is refused, stopped or carried out as it should be.
///
/// # Errors
/// What is wrong, with the text.
pub(crate) fn update(text: &str) -> Result<(), String> {
    if text.len() > MAX_BYTES {
        return Ok(());
    }
    STORE.with(|store| {
        let before = store
            .snapshot()
            .view()
            .quads(None, None, None, None)
            .count();
        let began = Instant::now();
        let outcome = {
            let mut draft = store.begin().map_err(|error| error.to_string())?;
            let done = apply_update(&mut draft, text, &options(Engine::Automatic));
            if done.is_ok() {
                // What was written can be read.
                let view = draft.snapshot().view();
                for quad in view.quads(None, None, None, None) {
                    let _ = [quad.s, quad.p, quad.o, quad.g].map(|id| view.text(id).len());
                }
            }
            // Nobody commits: the draft is dropped.
            done
        };
        if began.elapsed() > TIMEOUT + LATE {
            return Err(format!("took {:?}\n{text}", began.elapsed()));
        }
        if let Err(error) = outcome {
            fault(text, &error)?;
        }
        let after = store
            .snapshot()
            .view()
            .quads(None, None, None, None)
            .count();
        if before != after {
            return Err(format!("{before} quads before, {after} afterwards\n{text}"));
        }
        Ok(())
    })
}
