//! Shapes that are ill-formed, endless, enormous or made to break a validator: each is read and run within a time limit, nothing
//! panics, and what is not checked is named with the shape at fault.

mod mutated;
mod numbers;
mod paths;
mod values;

use super::{BASE, load, parse_turtle};
use oslo_registry::rdf::label::Language;
use oslo_registry::shapes::{
    Report, Shapes, ShapesOptions, Validation, ValidationOptions, read_shapes_with, validate,
};
use oslo_registry::store::View;
use std::fmt::Write;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

const PREFIXES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n";

/// Time for one case, in a build without optimisation beside other tests: hundreds of times what it should take.
const LIMIT: Duration = Duration::from_secs(120);
/// Pairs that a path may make in these tests.
const PATH_PAIRS: u64 = 1 << 20;

/// Runs a case in a thread of its own with the stack that threads get here, and fails when it does not end.
fn within<T: Send + 'static>(case: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = channel();
    let thread = std::thread::Builder::new()
        .stack_size(2 << 20)
        .spawn(move || send.send(case()))
        .expect("a thread");
    match receive.recv_timeout(LIMIT) {
        Ok(value) => value,
        Err(RecvTimeoutError::Timeout) => panic!("it does not end in {LIMIT:?}"),
        Err(RecvTimeoutError::Disconnected) => {
            let panic = thread.join().expect_err("it ended without a value");
            std::panic::resume_unwind(panic)
        }
    }
}

fn check(data: &View, shapes: &View, shacl12: bool) -> (Shapes, Report) {
    let options = ShapesOptions {
        shacl12,
        ..ShapesOptions::default()
    };
    let shapes = read_shapes_with(shapes, options);
    let validation = Validation {
        data: data.clone(),
        context: data.clone(),
        options: ValidationOptions {
            path_pairs: PATH_PAIRS,
            ..ValidationOptions::default()
        },
    };
    let report = validate(&shapes, &validation);
    // Whatever it says, it can be written.
    let mut out = Vec::new();
    for language in [Language::Nl, Language::En] {
        report.render_text(&mut out, language).expect("memory");
    }
    report.render_turtle(&mut out).expect("memory");
    report.render_csv(&mut out).expect("memory");
    for lint in shapes.findings().iter().chain(report.not_checked()) {
        // What is not here is said of the graph.
        assert!(
            lint.shape.is_some() || lint.code == "L069",
            "no shape is named: {lint:?}"
        );
        assert!(lint.message.en.len() < 4000, "{}", lint.message.en);
    }
    (shapes, report)
}

fn run(data: String, shapes: String) -> (Shapes, Report) {
    within(move || {
        let parse = |text: &str| parse_turtle(&format!("{PREFIXES}{text}"), BASE);
        let (data, shapes) = load(&parse(&data), &parse(&shapes));
        check(&data, &shapes, false)
    })
}

fn codes(report: &Report) -> Vec<&'static str> {
    let mut codes: Vec<&str> = report.not_checked().iter().map(|lint| lint.code).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// One text for each number, one after the other.
fn each(count: usize, mut line: impl FnMut(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut text, n| {
        writeln!(text, "{}", line(n)).expect("memory");
        text
    })
}
