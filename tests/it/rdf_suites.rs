//! W3C RDF 1.1 syntax suites (Turtle, TriG, N-Triples, N-Quads, RDF/XML), run through the loader's own path:
//! bytes → draft → stored quads. Tests are found through the manifests.

use crate::suite::{Corpus, Entry, SuiteResult, conformance_folder};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::rdf::format::Format;
use oslo_registry::store::{Id, Store};
use oxrdf::dataset::CanonicalizationAlgorithm;
use oxrdf::{Dataset, GraphName, NamedOrBlankNode, Quad, Term};
use std::path::Path;

/// Tests that cannot pass, each with the reason.
const KNOWN_MISSES: &[&str] = &[
    // XML literals keep every namespace in scope; exclusive canonical XML would drop those that are not used.
    "rdf-xml#xml-canon-test001",
    "rdf-xml#xml-canon-test002",
];

/// Statements of a file as stored: everything goes through the loader and comes back out of the store.
fn stored(path: &Path, format: Format, base: &str) -> Result<Dataset, String> {
    stored_with(path, format, base, &ContextStore::empty())
}

/// As [`stored`], with JSON-LD contexts.
pub(crate) fn stored_with(
    path: &Path,
    format: Format,
    base: &str,
    contexts: &ContextStore,
) -> Result<Dataset, String> {
    let store = Store::in_memory();
    let mut draft = store.begin().map_err(|e| e.to_string())?;
    let options = ParseOptions {
        format: Some(format),
        base_iri: Some(base.to_owned()),
        ..ParseOptions::new(contexts)
    };
    parse_into(&mut draft, &Input::file(path), options).map_err(|d| d.to_string())?;
    let view = draft.snapshot().view();
    let mut dataset = Dataset::new();
    for quad in view.quads(None, None, None, None) {
        let subject = match view.term(quad.s) {
            Term::NamedNode(node) => NamedOrBlankNode::from(node),
            Term::BlankNode(node) => node.into(),
            Term::Literal(_) => return Err("a literal as subject was stored".into()),
        };
        let Term::NamedNode(predicate) = view.term(quad.p) else {
            return Err("a predicate that is no IRI was stored".into());
        };
        let graph = if quad.g == Id::DEFAULT_GRAPH {
            GraphName::DefaultGraph
        } else {
            match view.term(quad.g) {
                Term::NamedNode(node) => node.into(),
                Term::BlankNode(node) => node.into(),
                Term::Literal(_) => return Err("a literal as graph name was stored".into()),
            }
        };
        dataset.insert(Quad::new(subject, predicate, view.term(quad.o), graph).as_ref());
    }
    Ok(dataset)
}

/// The file of an action or result, as path and IRI.
fn file_of(corpus: &Corpus, term: Option<Term>) -> Result<(std::path::PathBuf, String), String> {
    let Some(Term::NamedNode(node)) = term else {
        return Err("names no file".into());
    };
    let path = corpus
        .path(node.as_str())
        .ok_or("names a file outside the suite")?;
    Ok((path, node.into_string()))
}

fn run(corpus: &Corpus, entry: &Entry, format: Format) -> Result<(), String> {
    let kinds = entry.kinds();
    let is = |part: &str| kinds.iter().any(|kind| kind.contains(part));
    let (path, iri) = file_of(corpus, entry.action())?;
    let outcome = stored(&path, format, &iri);
    if is("Negative") {
        return match outcome {
            Ok(_) => Err("was taken although it is wrong".into()),
            Err(_) => Ok(()),
        };
    }
    let found = outcome?;
    if is("PositiveSyntax") {
        return Ok(());
    }
    if !is("Eval") {
        return Err(format!("has an unknown type: {kinds:?}"));
    }
    let (result, result_iri) = file_of(corpus, entry.result())?;
    let result_format = if result.extension().is_some_and(|e| e == "nq") {
        Format::NQuads
    } else {
        Format::NTriples
    };
    isomorphic(found, stored(&result, result_format, &result_iri)?)
}

/// Says what differs when two sets of statements are not the same but for the names of blank nodes.
pub(crate) fn isomorphic(mut found: Dataset, mut expected: Dataset) -> Result<(), String> {
    found.canonicalize(CanonicalizationAlgorithm::Unstable);
    expected.canonicalize(CanonicalizationAlgorithm::Unstable);
    if found == expected {
        Ok(())
    } else {
        let lines = |dataset: &Dataset, other: &Dataset| {
            let only = dataset.iter().filter(|quad| !other.contains(*quad));
            only.map(|quad| quad.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        Err(format!(
            "only found: {}; only expected: {}",
            lines(&found, &expected),
            lines(&expected, &found)
        ))
    }
}

/// Runs the five suites; empty when they are not there.
pub(crate) fn run_all() -> Vec<SuiteResult> {
    let Some(folder) = conformance_folder() else {
        return Vec::new();
    };
    let corpus = Corpus {
        folder: folder.join("rdf-tests"),
        base: "https://w3c.github.io/rdf-tests/".to_owned(),
    };
    [
        ("RDF 1.1 N-Triples", "rdf-n-triples", Format::NTriples),
        ("RDF 1.1 N-Quads", "rdf-n-quads", Format::NQuads),
        ("RDF 1.1 Turtle", "rdf-turtle", Format::Turtle),
        ("RDF 1.1 TriG", "rdf-trig", Format::TriG),
        ("RDF 1.1 XML", "rdf-xml", Format::RdfXml),
    ]
    .into_iter()
    .map(|(name, part, format)| {
        let mut result = SuiteResult::new(name);
        for entry in corpus.entries(&format!("rdf/rdf11/{part}/manifest.ttl")) {
            result.record(&entry.short_name(), run(&corpus, &entry, format));
        }
        result
    })
    .collect()
}

#[test]
fn w3c_rdf11_syntax_suites() {
    let mut unexpected = Vec::new();
    let mut missed = Vec::new();
    for suite in run_all() {
        eprintln!("{}: {} of {}", suite.name, suite.passed, suite.total);
        assert!(suite.total > 0, "{} has no tests", suite.name);
        for miss in suite.misses {
            if !KNOWN_MISSES.contains(&miss.test.as_str()) {
                unexpected.push(format!("{} {}: {}", suite.name, miss.test, miss.reason));
            }
            missed.push(miss.test);
        }
    }
    assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
    if !missed.is_empty() {
        let stale: Vec<_> = KNOWN_MISSES
            .iter()
            .filter(|known| !missed.iter().any(|test| test == *known))
            .collect();
        assert!(stale.is_empty(), "these pass now: {stale:?}");
    }
}
