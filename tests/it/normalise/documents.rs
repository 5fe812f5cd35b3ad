//! Real examples of the sources, where they are at hand: every value is in a statement, on the list of what is left out, or
//! on the list of what is unknown. Nothing else is left.

use super::{TYPES, normalise, read};
use oslo_registry::ingest::normalise::{NormaliseError, Normalised, Normaliser};
use oxrdf::Quad;
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Real data beside the project, or where `OSLO_SHARED_DATA` says.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("OSLO_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let there = folder.join("registries/instance").is_dir();
    assert!(
        there || std::env::var_os("CI").is_none(),
        "the examples of the sources are missing: {}",
        folder.display()
    );
    if !there {
        eprintln!(
            "SKIPPED: no examples of the sources in {}",
            folder.display()
        );
    }
    there.then_some(folder)
}

/// JSON files below a folder that hold records, sorted.
pub(crate) fn documents(folder: &Path) -> Vec<(PathBuf, Value)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else if path
                .extension()
                .is_some_and(|e| e == "json" || e == "jsonld")
            {
                let bytes = std::fs::read(&path).expect("a file");
                let Ok(value) = serde_json::from_slice::<Value>(&bytes) else {
                    continue;
                };
                if Normaliser::shipped().document(&value).is_some() {
                    found.push((path, value));
                }
            }
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// Every scalar of a value, with its path.
fn scalars(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                scalars(member, &path, found);
            }
        }
        Value::Array(members) => {
            for (index, member) in members.iter().enumerate() {
                scalars(member, &format!("{path}[{index}]"), found);
            }
        }
        Value::String(text) => found.push((path.to_owned(), text.clone())),
        other => found.push((path.to_owned(), other.to_string())),
    }
}

/// Looks for every value of a record among what came of it.
pub(super) fn nothing_is_dropped(record: &Value, done: &Normalised, quads: &[Quad]) {
    let mut texts: BTreeSet<String> = BTreeSet::new();
    for quad in quads {
        for term in [oxrdf::Term::from(quad.subject.clone()), quad.object.clone()] {
            match term {
                oxrdf::Term::NamedNode(node) => {
                    // An identifier says the number at its end, and a code is the end of its concept.
                    if let Some((_, end)) = node.as_str().rsplit_once('/') {
                        texts.insert(end.to_owned());
                        texts.insert(end.to_lowercase());
                    }
                    // A node of another object says its number too.
                    if let Some((_, part)) = node.as_str().split_once("/genid/") {
                        let mut parts = part.split('/');
                        if let (Some(kind), Some(id)) = (parts.next(), parts.next()) {
                            texts.insert(id.to_owned());
                            texts.insert(format!("https://data.vlaanderen.be/id/{kind}/{id}"));
                        }
                    }
                    texts.insert(node.as_str().to_owned());
                }
                oxrdf::Term::Literal(literal) => {
                    if let Some(language) = literal.language() {
                        texts.insert(language.to_owned());
                    }
                    texts.insert(literal.value().to_owned());
                    // A date may have been written the other way round.
                    let parts: Vec<&str> = literal.value().split('-').collect();
                    if let [year, month, day] = parts.as_slice() {
                        texts.insert(format!("{day}-{month}-{year}"));
                    }
                }
                _ => {}
            }
        }
    }
    let told: BTreeSet<&str> = done
        .omitted
        .iter()
        .map(|omission| omission.path.as_str())
        .chain(done.unknown.iter().map(String::as_str))
        .chain(done.repairs.iter().map(|repair| repair.path.as_str()))
        .collect();
    let mut all = Vec::new();
    scalars(record, "", &mut all);
    for (path, text) in all {
        assert!(
            told.contains(path.as_str())
                || texts.contains(&text)
                || is_code_of(&text, &texts)
                || is_wrapped(&path, &told),
            "{path} = {text} of {} is nowhere",
            done.subject
        );
    }
}

/// Whether a text is the code at the end of an identifier: `in gebruik` of `inGebruik`, `u:C` of `C`.
fn is_code_of(text: &str, texts: &BTreeSet<String>) -> bool {
    let joined: String = text.split_whitespace().collect();
    let bare = text.rsplit([':', '#']).next().unwrap_or(text);
    // The name of a list, or a geometry behind the name of its system.
    let is_end = |known: &String| {
        known
            .strip_suffix(text)
            .is_some_and(|start| start.ends_with('-') || start.ends_with("> "))
    };
    texts.contains(&joined.to_lowercase()) || texts.contains(bare) || texts.iter().any(is_end)
}

/// Whether what an attribute or text of an element became was told of the element.
fn is_wrapped(path: &str, told: &BTreeSet<&str>) -> bool {
    path.rsplit_once('.')
        .is_some_and(|(element, _)| told.contains(element))
}

#[test]
fn nothing_of_our_own_records_is_dropped() {
    for kind in TYPES {
        for version in ["v2", "v3"] {
            for (record, done) in normalise(&read(version, kind)) {
                let (done, quads) = done.expect("normalised");
                nothing_is_dropped(&record, &done, &quads);
            }
        }
    }
}

#[test]
fn nothing_of_the_real_examples_is_dropped() {
    let Some(shared) = shared() else { return };
    let documents = documents(&shared.join("registries/instance"));
    assert!(documents.len() >= 25, "{} documents", documents.len());
    let mut records = 0;
    for (path, document) in &documents {
        let found = Normaliser::shipped()
            .document(document)
            .expect("a document");
        assert!(
            found.unknown.is_empty(),
            "{}: {:?}",
            path.display(),
            found.unknown
        );
        // What surrounds the records is left out with a reason, key by key.
        let members = document.as_object().map_or(0, serde_json::Map::len);
        if let Some((list, _)) = found.records.first().filter(|(path, _)| !path.is_empty()) {
            let keys: BTreeSet<&str> = found
                .omitted
                .iter()
                .map(|omission| omission.path.split(['.', '[']).next().expect("a key"))
                .collect();
            assert!(
                keys.len() + 1 == members || list.starts_with('['),
                "{}",
                path.display()
            );
        }
        for (record, done) in normalise(document) {
            match done {
                Ok((done, quads)) => {
                    assert!(
                        done.unknown.is_empty(),
                        "{}: {:?}",
                        path.display(),
                        done.unknown
                    );
                    nothing_is_dropped(&record, &done, &quads);
                    records += 1;
                }
                Err(NormaliseError::Quarantined(repair)) => {
                    // One example lost a digit: it lies 170 km south of the country.
                    assert_eq!(
                        (repair.code, repair.from.as_str()),
                        ("N031", "105600.61 19113.19")
                    );
                }
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }
    assert!(records >= 60, "{records} records");
}
