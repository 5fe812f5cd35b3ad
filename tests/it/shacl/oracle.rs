//! The engine against a naive oracle: random small graphs and shapes, validated node by node straight from the
//! definitions of the specification, result for result. `OSLO_SHACL_ROUNDS` sets the number of cases of each kind.

mod judge;
mod model;
mod random;
mod turtle;

use super::{load, parse_turtle};
use judge::oracle_lines;
use model::{EX, Pool};
use oslo_registry::shapes::{
    Component, PathRef, Validation, ValidationOptions, read_shapes, validate,
};
use oxrdf::{NamedOrBlankNode, Triple};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
pub(super) use random::{graph, pool};
use std::collections::BTreeSet;
pub(super) use turtle::shapes_turtle;

/// Cases of each kind.
fn rounds() -> u32 {
    let text = std::env::var("OSLO_SHACL_ROUNDS").ok();
    text.map_or(400, |text| text.parse().expect("a number of rounds"))
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: rounds(),
        max_shrink_iters: 4000,
        ..ProptestConfig::default()
    }
}

/// Results as lines, and what was not checked.
fn engine_lines(graph: &[Triple], turtle: &str) -> (Vec<String>, String) {
    let (data, shapes) = load(graph, &parse_turtle(turtle, EX));
    let shapes = read_shapes(&shapes);
    let options = ValidationOptions {
        sample_cap: usize::MAX,
        ..ValidationOptions::default()
    };
    let report = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options,
        },
    );
    let mut lines: Vec<String> = report
        .results()
        .iter()
        .map(|row| {
            let value = row
                .value
                .map_or_else(|| "-".to_owned(), |value| report.term(value).to_string());
            let shape = match NamedOrBlankNode::try_from(report.shape_term(row.shape).clone()) {
                Ok(node) => node.to_string(),
                Err(_) => String::new(),
            };
            let shape = shape
                .trim_start_matches(&format!("<{EX}"))
                .trim_end_matches('>')
                .to_owned();
            let line = format!(
                "{} {} {value} {shape} {}",
                row.component.name(),
                report.term(row.focus),
                row.severity.iri()
            );
            match row.path {
                Some(PathRef::Property(p)) => format!("{line} {}", report.term(p)),
                _ => line,
            }
        })
        .collect();
    lines.sort_unstable();
    let findings = report
        .not_checked()
        .iter()
        .map(|l| format!("{} {} {}\n", l.code, l.shape_label, l.message.en));
    (lines, findings.collect())
}

fn compare(graph: &[Triple], pool: &Pool) -> Result<(), TestCaseError> {
    let turtle = shapes_turtle(pool);
    let (mut found, not_checked) = engine_lines(graph, &turtle);
    let mut expected = oracle_lines(graph, pool);
    if pool.circle > 0 {
        // How often a circle of shapes tells the same result is nowhere said.
        found.dedup();
        expected.dedup();
    }
    prop_assert_eq!(&not_checked, "", "everything is checked in\n{}", turtle);
    prop_assert_eq!(found, expected, "for shapes\n{}", turtle);
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn agrees_with_the_naive_oracle(graph in graph(), pool in pool(0..1)) {
        compare(&graph, &pool)?;
    }

    #[test]
    fn agrees_with_the_naive_oracle_on_circles_of_shapes(graph in graph(), pool in pool(1..5)) {
        compare(&graph, &pool)?;
    }
}

#[test]
fn the_random_shapes_reach_every_component_of_the_core() {
    let mut runner = TestRunner::deterministic();
    let (graphs, pools) = (graph(), pool(0..1));
    let mut reached = BTreeSet::new();
    for _ in 0..400 {
        let graph = graphs.new_tree(&mut runner).expect("a graph").current();
        let pool = pools.new_tree(&mut runner).expect("a pool").current();
        for line in oracle_lines(&graph, &pool) {
            reached.insert(line.split(' ').next().unwrap_or_default().to_owned());
        }
    }
    let core = Component::ALL
        .iter()
        .position(|c| *c == Component::CodeList);
    let core = core.expect("code lists come after the components of the core");
    let missed: Vec<&str> = Component::ALL[..=core]
        .iter()
        .map(|component| component.name())
        .filter(|name| !reached.contains(*name))
        .collect();
    assert!(missed.is_empty(), "never reported: {missed:?}");
}
