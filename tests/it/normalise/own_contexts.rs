//! Documents whose published context is not to be had, read with ours: every value of theirs is in a statement or told of, and
//! each context that was read in place of another is told too.

use super::documents::shared;
use super::taken_in::{Fate, contexts, listed, take_in};
use oslo_registry::ingest::contexts::own_contexts;
use oslo_registry::ingest::normalise::RepairReport;
use oslo_registry::ingest::{LoadItem, LoadPlan, Mending, load_files};
use oslo_registry::registry::{Mode, Registry, RegistryConfig};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// The table of these contexts for the page of sources.
pub(super) fn write_contexts(out: &mut String) {
    out.push_str(
        "\n## Contexts of our own\n\n\
         Some profiles have documents in use and a context that is published no more. For these there is one of our own in\n\
         `vocab/context/profiel/`, made from the shapes and vocabularies of the profile; `contexten.toml` there says which\n\
         published IRI each is read in place of. It is used by itself, nothing is fetched, and a load says so (N006). Whoever has a\n\
         copy of the published one gives it with `--context-map`, and that one is used. The registry serves each as\n\
         `{base}/contexts/{file}`.\n\n\
         | context | in place of | terms | note |\n|---|---|--:|---|\n",
    );
    for own in own_contexts() {
        let value: Value = serde_json::from_slice(own.content).expect("JSON");
        let terms = value["@context"].as_object().map_or(0, |terms| {
            terms.keys().filter(|key| !key.starts_with('@')).count()
        });
        let published: Vec<String> = own.published.iter().map(|iri| format!("`{iri}`")).collect();
        let note = own.note.as_ref().map_or("", |note| note.en.as_str());
        let _ = writeln!(
            out,
            "| `{}` | {} | {terms} | {note} |",
            own.file,
            published.join(", ")
        );
    }
}

/// Every text and number with its path, without indexes; contexts aside, and what is `null`.
fn leaves(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter().filter(|(key, _)| *key != "@context") {
                let below = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(member, &below, found);
            }
        }
        Value::Array(members) => {
            for member in members {
                leaves(member, &format!("{path}[]"), found);
            }
        }
        Value::Null => {}
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

/// Whether a report tells of a place, or of one above it.
fn is_told(report: &RepairReport, path: &str) -> bool {
    let told = |known: &String| {
        let rest = path.strip_prefix(known.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    report.unknown.keys().any(told)
}

/// What the statements of a registry say: IRIs, and the texts of literals with their languages and datatypes.
fn said(registry: &Registry) -> BTreeSet<String> {
    let view = registry.snapshot().whole();
    let mut said = BTreeSet::new();
    for quad in view.quads(None, None, None, None) {
        for id in [quad.s, quad.p, quad.o] {
            let text = view.text(id);
            let text = text.as_ref();
            if let Some(iri) = text.strip_prefix('<') {
                said.insert(iri.trim_end_matches('>').to_owned());
            } else if text.starts_with('"')
                && let Some(end) = text.rfind('"')
            {
                let value = text[1..end].replace("\\\"", "\"").replace("\\\\", "\\");
                let rest = text[end + 1..].trim_start_matches("^^<");
                said.insert(rest.trim_matches(['@', '<', '>']).to_owned());
                said.insert(value);
            }
        }
    }
    said
}

/// The IRIs that names mean in the contexts of our own and in that of a document.
fn meaning(name: &str, document: &Value) -> Vec<String> {
    let own = own_contexts()
        .iter()
        .filter_map(|own| serde_json::from_slice::<Value>(own.content).ok());
    let own: Vec<Value> = own.map(|value| value["@context"].clone()).collect();
    let inline = document["@context"].as_array().cloned().unwrap_or_default();
    let all = own.iter().chain(&inline);
    all.filter_map(|context| {
        let value = context.get(name)?;
        let iri = value.as_str().or_else(|| value["@id"].as_str())?;
        Some(iri.to_owned())
    })
    .collect()
}

#[test]
fn nothing_of_documents_read_with_our_own_contexts_is_dropped() {
    let Some(shared) = shared() else { return };
    let empty = || Registry::in_memory(RegistryConfig::default());
    let with = contexts(&shared, &empty());
    let (mut documents, mut values, mut told) = (0, 0, 0);
    let mut used = BTreeSet::new();
    let mut missing = Vec::new();
    for row in listed(&shared).into_iter().filter(|row| row.parses) {
        let path = shared.join(&row.path);
        let bytes = std::fs::read(&path).expect("a file");
        let names_ours = |own: &str| memchr::memmem::find(&bytes, own.as_bytes()).is_some();
        let mut published = own_contexts().iter().flat_map(|own| &own.published);
        if !published.any(|iri| names_ours(iri.trim_start_matches("file://"))) {
            continue;
        }
        let registry = empty();
        let (fate, file) = take_in(&registry, &with, &path, Some(Mending::default()));
        assert!(matches!(fate, Fate::Taken), "{}", row.path);
        let stats = file.stats.expect("it was read");
        let report = file.repairs.expect("it is told of");
        assert!(!stats.own_contexts.is_empty(), "{}", row.path);
        assert_eq!(report.codes["N006"].0, stats.own_contexts.len() as u64);
        used.extend(stats.own_contexts.into_iter().map(|(_, own)| own));
        documents += 1;

        let document: Value = serde_json::from_slice(&bytes).expect("JSON");
        let mut found = Vec::new();
        leaves(&document, "", &mut found);
        let said = said(&registry);
        let numbers: Vec<f64> = said.iter().filter_map(|text| text.parse().ok()).collect();
        for (place, value) in found {
            values += 1;
            if is_told(&report, &place) {
                told += 1;
                continue;
            }
            let tail = value.rsplit([':', '/', '#']).next().unwrap_or("");
            let is_said = value.starts_with("_:")
                // Read as one.
                || value.starts_with(":_") && report.codes.contains_key("N005")
                // An empty text is a placeholder, or a reference to the document.
                || value.is_empty()
                || said.contains(&value)
                || said.iter().any(|text| value.contains(':') && text.ends_with(tail))
                || value.parse().is_ok_and(|number: f64| numbers.contains(&number))
                || meaning(&value, &document).iter().any(|iri| said.contains(iri))
                // Terms of contexts that are published.
                || place.ends_with("@type") && said.iter().any(|text| text.ends_with(&value))
                || said.iter().any(|text| text.ends_with(&format!("/{value}")))
                || value.contains("{{");
            if !is_said {
                missing.push(format!("{} {place}: {value}", row.path));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert_eq!(documents, 27);
    assert!(values > 1_000 && told * 20 < values, "{told} of {values}");
    // None of them is for nothing.
    assert_eq!(used.len(), own_contexts().len(), "{used:?}");
}

/// Without any map: a load tells what it read a published context with, mended or not.
#[test]
fn a_plain_load_reads_with_our_own_and_says_so() {
    let registry = Registry::in_memory(RegistryConfig::default());
    let published = &own_contexts()
        .iter()
        .find(|own| own.file == "profiel-wegennetwerk.jsonld")
        .expect("shipped")
        .published[0];
    let document = format!(
        r#"{{"@context":"{published}","@id":"https://data.vlaanderen.be/id/wegknoop/90000001","@type":"Wegknoop",
            "Wegknoop.type":"https://example.com/concept/wegknooptype/kruising","Wegknoop.kleur":"rood"}}"#
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("knoop.jsonld");
    std::fs::write(&file, document).expect("written");
    let item = LoadItem {
        input: oslo_registry::ingest::Input::file(Path::new(&file)),
        format: None,
        graph: None,
        base_iri: None,
    };
    let mut plan = LoadPlan::new(&registry, vec![item]);
    plan.gate = Some(Mode::Off);
    let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
    let report = summary.files[0].repairs.as_ref().expect("it is told of");
    assert_eq!(
        report.counts().into_iter().collect::<Vec<_>>(),
        [("N006".to_owned(), 1), ("N073".to_owned(), 1)]
    );
    assert_eq!(
        report.unknown.keys().collect::<Vec<_>>(),
        ["Wegknoop.kleur"]
    );
    let (_, repair) = &report.codes["N006"].1[0];
    assert_eq!(&repair.from, published);
    assert!(
        repair.to.ends_with("/contexts/profiel-wegennetwerk.jsonld"),
        "{}",
        repair.to
    );
    let view = registry.snapshot().whole();
    assert_eq!(view.quads(None, None, None, None).count(), 2);
}
