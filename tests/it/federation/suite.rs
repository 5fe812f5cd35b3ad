//! The W3C suite of federated query: its endpoints are servers of ours on the loopback interface, and so is the one asked.

use super::servers::{Port, allowing};
use crate::solutions::{compare, read_results};
use crate::suite::{Corpus, Entry, SuiteResult};
use oslo_registry::http::ServerConfig;
use oslo_registry::query::ServiceLimits;
use oxrdf::Term;
use std::time::Duration;

const QT: &str = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#";
/// The endpoint of the suite that does not exist.
const NOWHERE: &str = "http://invalid.endpoint.org/sparql";

/// Runs the suite; empty when it is not there.
pub(crate) fn run_all() -> Vec<SuiteResult> {
    let Some(corpus) = Corpus::rdf_tests() else {
        return Vec::new();
    };
    let mut suites = vec![
        SuiteResult::new("SPARQL 1.1 federated query"),
        SuiteResult::new("SPARQL 1.1 federation syntax"),
    ];
    for entry in corpus.entries("sparql/sparql11/service/manifest.ttl") {
        suites[0].record(&entry.short_name(), run(&corpus, &entry));
    }
    for entry in corpus.entries("sparql/sparql11/syntax-fed/manifest.ttl") {
        suites[1].record(&entry.short_name(), crate::sparql::run(&corpus, &entry));
    }
    suites
}

fn iri_of(terms: Vec<Term>) -> Option<String> {
    terms.into_iter().find_map(|term| match term {
        Term::NamedNode(node) => Some(node.into_string()),
        Term::BlankNode(_) | Term::Literal(_) | Term::Triple(_) => None,
    })
}

fn run(corpus: &Corpus, entry: &Entry) -> Result<(), String> {
    let action = entry.action().ok_or("no action")?;
    let part =
        |subject: &Term, name: &str| iri_of(entry.objects_of(subject, &format!("{QT}{name}")));
    let query = part(&action, "query").ok_or("no query")?;
    let result = match entry.result() {
        Some(Term::NamedNode(node)) => node.into_string(),
        _ => return Err("no result".to_owned()),
    };
    // Every endpoint of the suite gets a port; its IRI is replaced wherever it is named.
    let mut endpoints = Vec::new();
    for description in entry.objects_of(&action, &format!("{QT}serviceData")) {
        let iri = part(&description, "endpoint").ok_or("no endpoint")?;
        let data = part(&description, "data").ok_or("no data")?;
        endpoints.push((iri, data, Port::new()));
    }
    // Nothing answers on this port any more.
    let nowhere = Port::new().endpoint();
    let mut places: Vec<(String, String)> = endpoints
        .iter()
        .map(|(iri, _, port)| (iri.clone(), port.endpoint()))
        .collect();
    places.push((NOWHERE.to_owned(), nowhere));
    let placed = |text: String| {
        let replace = |text: String, (iri, place): &(String, String)| text.replace(iri, place);
        places.iter().fold(text, replace)
    };
    let allowed: Vec<&str> = places.iter().map(|(_, place)| place.as_str()).collect();
    let config = || -> ServerConfig {
        let limits = ServiceLimits {
            timeout: Duration::from_secs(10),
            ..ServiceLimits::default()
        };
        allowing(&allowed, limits)
    };
    let mut data = String::new();
    if let Some(iri) = part(&action, "data") {
        data = placed(corpus.read(&iri)?);
    }
    let mut running = Vec::new();
    for (_, data, port) in endpoints {
        running.push(port.serve(&placed(corpus.read(&data)?), config()));
    }
    let server = Port::new().serve(&data, config());
    let text = placed(corpus.read(&query)?);
    let (status, body) = server.ask_as(&text, "application/sparql-results+xml");
    if status != 200 {
        return Err(format!("{status}: {body}"));
    }
    let expected = read_results(placed(corpus.read(&result)?).as_bytes(), "srx")?;
    compare(
        &expected,
        &read_results(body.as_bytes(), "srx")?,
        false,
        false,
    )
}

#[test]
fn the_suite_of_federated_query_passes() {
    for suite in run_all() {
        let misses: Vec<String> = suite
            .misses
            .iter()
            .map(|miss| format!("{}: {}", miss.test, miss.reason))
            .collect();
        assert!(misses.is_empty(), "{}: {}", suite.name, misses.join("\n"));
        assert!(suite.total >= 3, "{}: {} tests", suite.name, suite.total);
    }
}
