//! W3C JSON-LD 1.1 API suite, the part that turns JSON-LD into RDF, run through the loader's own path.
//! Contexts that a test names are put into the context store beforehand, as a steward would.

use crate::rdf_suites::{isomorphic, stored_with};
use crate::suite::{SuiteResult, conformance_folder};
use oslo_registry::ingest::ContextStore;
use oslo_registry::rdf::format::Format;
use serde_json::Value;
use std::path::Path;

fn contexts(folder: &Path, base: &str) -> ContextStore {
    let mut store = ContextStore::empty();
    for part in ["toRdf", "toRdf/c031"] {
        for entry in std::fs::read_dir(folder.join(part))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".jsonld") {
                let bytes = std::fs::read(entry.path()).expect("the file was just listed");
                store = store.with_document(format!("{base}{part}/{name}"), bytes);
            }
        }
    }
    store
}

/// Tests of what this registry does not do.
fn out_of_scope(option: &Value) -> bool {
    let text = |key: &str| option.get(key).and_then(Value::as_str).unwrap_or("");
    text("specVersion") == "json-ld-1.0"
        || text("processingMode") == "json-ld-1.0"
        || !text("rdfDirection").is_empty()
        || !text("expandContext").is_empty()
        || option.get("produceGeneralizedRdf").is_some()
}

/// Runs the suite; empty when it is not there.
pub(crate) fn run_all() -> Vec<SuiteResult> {
    let Some(folder) = conformance_folder() else {
        return Vec::new();
    };
    let folder = folder.join("json-ld-api/tests");
    let text = std::fs::read(folder.join("toRdf-manifest.jsonld")).expect("the manifest is there");
    let manifest: Value = serde_json::from_slice(&text).expect("the manifest is JSON");
    let base = manifest["baseIri"]
        .as_str()
        .expect("the manifest has a base");
    let contexts = contexts(&folder, base);
    let mut result = SuiteResult::new("JSON-LD 1.1 to RDF");
    for test in manifest["sequence"]
        .as_array()
        .expect("the manifest has a sequence")
    {
        let option = &test["option"];
        if out_of_scope(option) {
            continue;
        }
        let input = test["input"].as_str().expect("a test has an input");
        let iri = option["base"]
            .as_str()
            .map_or_else(|| format!("{base}{input}"), ToOwned::to_owned);
        let outcome = stored_with(&folder.join(input), Format::JsonLd, &iri, &contexts);
        let verdict = match (test["expect"].as_str(), outcome) {
            (Some(expect), Ok(found)) => {
                stored_with(&folder.join(expect), Format::NQuads, &iri, &contexts)
                    .and_then(|expected| isomorphic(found, expected))
            }
            (None, Ok(_)) if test["expectErrorCode"].is_string() => {
                Err(format!("was taken, expected: {}", test["expectErrorCode"]))
            }
            (None, Err(_)) if test["expectErrorCode"].is_string() => Ok(()),
            (_, Err(reason)) => Err(reason),
            (None, Ok(_)) => Ok(()),
        };
        result.record(test["@id"].as_str().unwrap_or(""), verdict);
    }
    vec![result]
}

/// Tests that cannot pass, each with the reason.
const KNOWN_MISSES: &[&str] = &[
    // The reader resolves references as RFC 3987 asks but keeps dot segments that stand in the base IRI itself.
    "#t0122", "#t0123", "#te062", "#te091",
    // A type given by a type map does not bring its scoped context.
    "#tc013",
    // An @base that is no IRI is refused; the test wants it taken as it is.
    "#tli12",
];

#[test]
fn w3c_json_ld_to_rdf() {
    for suite in run_all() {
        eprintln!("{}: {} of {}", suite.name, suite.passed, suite.total);
        let unexpected: Vec<String> = suite
            .misses
            .iter()
            .filter(|miss| !KNOWN_MISSES.contains(&miss.test.as_str()))
            .map(|miss| format!("{}: {}", miss.test, miss.reason))
            .collect();
        assert!(unexpected.is_empty(), "{}", unexpected.join("\n"));
        assert_eq!(
            suite.misses.len(),
            KNOWN_MISSES.len(),
            "a known miss passes now"
        );
    }
}
