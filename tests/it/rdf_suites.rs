//! W3C RDF 1.1 and 1.2 syntax suites (Turtle, TriG, N-Triples, N-Quads, RDF/XML), run through the loader's own path:
//! bytes → draft → stored quads. Tests are found through the manifests. The suites of 1.2 hold those of 1.1 once more.

use crate::suite::{Corpus, Entry, SuiteResult};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::rdf::format::Format;
use oslo_registry::rdf::text::{write_graph_name, write_term};
use oslo_registry::rdf::version::RdfVersion;
use oslo_registry::store::{Id, Settings, Store};
use oxrdf::dataset::CanonicalizationAlgorithm;
use oxrdf::{Dataset, GraphName, NamedOrBlankNode, Quad, Term};
use oxrdfio::{RdfFormat, RdfParser};
use std::path::Path;

/// Tests that cannot pass, each with the reason.
const KNOWN_MISSES: &[&str] = &[
    // XML literals keep every namespace in scope; exclusive canonical XML would drop those that are not used.
    "rdf-xml#xml-canon-test001",
    "rdf-xml#xml-canon-test002",
    "eval#rdf12-xml-an-13",
    "eval#rdf12-xml-an-14",
];

/// Statements of a file as stored: everything goes through the loader and comes back out of the store.
fn stored(path: &Path, format: Format, base: &str, version: RdfVersion) -> Result<Dataset, String> {
    let store = Store::in_memory_with(Settings {
        rdf: version,
        ..Settings::default()
    });
    stored_in(&store, path, format, base, &ContextStore::empty())
}

/// As [`stored`], in RDF 1.1 with JSON-LD contexts.
pub(crate) fn stored_with(
    path: &Path,
    format: Format,
    base: &str,
    contexts: &ContextStore,
) -> Result<Dataset, String> {
    stored_in(&Store::in_memory(), path, format, base, contexts)
}

fn stored_in(
    store: &Store,
    path: &Path,
    format: Format,
    base: &str,
    contexts: &ContextStore,
) -> Result<Dataset, String> {
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
        let subject = NamedOrBlankNode::try_from(view.term(quad.s))
            .map_err(|_| "a subject that is no node was stored")?;
        let Term::NamedNode(predicate) = view.term(quad.p) else {
            return Err("a predicate that is no IRI was stored".into());
        };
        let graph = if quad.g == Id::DEFAULT_GRAPH {
            GraphName::DefaultGraph
        } else {
            match view.term(quad.g) {
                Term::NamedNode(node) => node.into(),
                Term::BlankNode(node) => node.into(),
                _ => return Err("a graph name that is no node was stored".into()),
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

/// The canonical N-Triples or N-Quads of a file, its lines sorted, with the blank nodes it has.
fn canonical(path: &Path, format: Format) -> Result<Vec<String>, String> {
    let bytes = std::fs::read(path).map_err(|error| error.to_string())?;
    let format = match format {
        Format::NQuads => RdfFormat::NQuads,
        _ => RdfFormat::NTriples,
    };
    let mut lines = Vec::new();
    for quad in RdfParser::from_format(format).for_slice(&bytes) {
        let quad = quad.map_err(|error| error.to_string())?;
        let mut line = Vec::new();
        write_term(&mut line, quad.subject.as_ref().into());
        line.push(b' ');
        write_term(&mut line, quad.predicate.as_ref().into());
        line.push(b' ');
        write_term(&mut line, quad.object.as_ref());
        line.push(b' ');
        if !quad.graph_name.is_default_graph() {
            write_graph_name(&mut line, quad.graph_name.as_ref());
            line.push(b' ');
        }
        line.push(b'.');
        lines.push(String::from_utf8(line).map_err(|error| error.to_string())?);
    }
    lines.sort();
    Ok(lines)
}

fn run(corpus: &Corpus, entry: &Entry, format: Format, version: RdfVersion) -> Result<(), String> {
    let kinds = entry.kinds();
    let is = |part: &str| kinds.iter().any(|kind| kind.contains(part));
    let (path, iri) = file_of(corpus, entry.action())?;
    let outcome = stored(&path, format, &iri, version);
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
    if is("C14N") {
        let (result, _) = file_of(corpus, entry.result())?;
        let wanted = std::fs::read_to_string(&result).map_err(|error| error.to_string())?;
        let mut wanted: Vec<&str> = wanted.lines().collect();
        wanted.sort_unstable();
        let found = canonical(&path, format)?;
        return if found == wanted {
            Ok(())
        } else {
            Err(format!("wrote {found:?} for {wanted:?}"))
        };
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
    isomorphic(found, stored(&result, result_format, &result_iri, version)?)
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

/// Runs the five suites of each version; empty when they are not there.
pub(crate) fn run_all() -> Vec<SuiteResult> {
    let Some(corpus) = Corpus::rdf_tests() else {
        return Vec::new();
    };
    let mut suites = Vec::new();
    for (version, folder) in [(RdfVersion::Rdf11, "rdf11"), (RdfVersion::Rdf12, "rdf12")] {
        for (name, part, format) in [
            ("N-Triples", "rdf-n-triples", Format::NTriples),
            ("N-Quads", "rdf-n-quads", Format::NQuads),
            ("Turtle", "rdf-turtle", Format::Turtle),
            ("TriG", "rdf-trig", Format::TriG),
            ("XML", "rdf-xml", Format::RdfXml),
        ] {
            let mut result = SuiteResult::new(&format!("RDF {version} {name}"));
            for entry in corpus.entries(&format!("rdf/{folder}/{part}/manifest.ttl")) {
                let outcome = run(&corpus, &entry, format, version);
                result.record(&entry.short_name(), outcome);
            }
            suites.push(result);
        }
    }
    suites
}

#[test]
fn w3c_rdf_syntax_suites() {
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
