//! The W3C suites of the protocols, over a server on a socket of this machine. What a manifest writes down as requests and
//! responses is read from it; what it tells in prose is in the modules beside this one, by the name of each test.

use super::exchange::{self, Paths};
use super::{Live, first_version, service_description};
use crate::suite::{Corpus, SuiteResult};

/// The endpoint of the suite and ours.
const PROTOCOL: &Paths = &[("/sparql/", "/sparql")];
/// The graph store of the suite and ours: graphs below it, then itself.
const GRAPH_STORE: &Paths = &[("/gsp/", "/graph/"), ("/gsp", "/rdf-graphs")];

/// Runs a test that is told in prose, by its name.
type Told = fn(&str, &Live) -> Result<(), String>;

/// Runs the suites; empty when they are not there.
pub(crate) fn run_all() -> Vec<SuiteResult> {
    let Some(corpus) = Corpus::rdf_tests() else {
        return Vec::new();
    };
    let server = Live::start();
    let mut suites = Vec::new();
    for (name, part, paths) in [
        ("SPARQL 1.1 protocol", "protocol", PROTOCOL),
        (
            "SPARQL 1.1 graph store protocol",
            "graph-store-protocol",
            GRAPH_STORE,
        ),
    ] {
        let mut result = SuiteResult::new(name);
        for entry in corpus.entries(&format!("sparql/sparql11/{part}/manifest.ttl")) {
            let outcome = exchange::run(&corpus, &entry, &server, paths);
            result.record(&entry.short_name(), outcome);
        }
        suites.push(result);
    }
    let by_name: [(&str, &str, Told); 2] = [
        (
            "SPARQL 1.1 graph store protocol, first version",
            "http-rdf-update",
            first_version::run,
        ),
        (
            "SPARQL 1.1 service description",
            "service-description",
            service_description::run,
        ),
    ];
    for (name, part, run) in by_name {
        server.clear();
        let mut result = SuiteResult::new(name);
        for entry in corpus.entries(&format!("sparql/sparql11/{part}/manifest.ttl")) {
            let short = entry.short_name();
            let test = short.rsplit('#').next().unwrap_or("");
            result.record(&short, run(test, &server));
        }
        suites.push(result);
    }
    suites
}

/// The tests that cannot pass, each with its reason among the expected misses.
const KNOWN_MISSES: [&str; 1] = ["http-rdf-update#get_of_post__existing_graph"];

#[test]
fn w3c_protocol_suites() {
    let mut missed = Vec::new();
    for suite in run_all() {
        eprintln!("{}: {} of {}", suite.name, suite.passed, suite.total);
        assert!(suite.total > 0, "{} has no tests", suite.name);
        missed.extend(suite.misses);
    }
    missed.retain(|miss| !KNOWN_MISSES.contains(&miss.test.as_str()));
    let told: Vec<String> = missed
        .iter()
        .map(|miss| format!("{}: {}", miss.test, miss.reason))
        .collect();
    assert!(told.is_empty(), "{}", told.join("\n"));
}
