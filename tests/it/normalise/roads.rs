//! Records of the road register beside the same objects in OSLO, as examples of the profile say them: what both say is the
//! same, and what only one says stands with its reason in `roads.tsv`. The examples have no context; `wegennetwerk.jsonld` says
//! what their keys mean, and keys without a term keep their name below `urn:zonder-term:`.

use super::documents::shared;
use super::normalise;
use oxrdf::{NamedOrBlankNode, Quad, Term};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Nodes within each other.
const MAX_DEPTH: usize = 8;

/// What is said of each subject.
type Statements = BTreeMap<String, Vec<(String, Term)>>;

/// A place in what is said of a kind of object, and what stands there.
type Fact = (String, String);

fn key(subject: &NamedOrBlankNode) -> String {
    subject.to_string()
}

fn local(iri: &str) -> &str {
    match iri.strip_prefix("urn:zonder-term:") {
        Some(_) => iri,
        None => iri.rsplit(['#', '/']).next().unwrap_or(iri),
    }
}

/// Whether something has no identity beyond the object that it is a part of.
fn is_part(name: &str) -> bool {
    name.starts_with("_:") || name.contains("/.well-known/genid/")
}

/// Every statement as a chain of properties from an object with an identifier to a value, with how often it is made.
fn facts(quads: &[Quad]) -> BTreeMap<Fact, usize> {
    let mut statements = Statements::new();
    for quad in quads {
        if quad.predicate.as_str().ends_with("#wasDerivedFrom") {
            continue;
        }
        statements.entry(key(&quad.subject)).or_default().push((
            local(quad.predicate.as_str()).to_owned(),
            quad.object.clone(),
        ));
    }
    let mut found = BTreeMap::new();
    for subject in statements.keys().filter(|name| !is_part(name)) {
        let iri = subject.trim_matches(['<', '>']);
        let kind = match iri.rsplit('/').nth(1) {
            _ if iri.contains("/id/concept/") => "concept",
            Some(kind) => kind,
            None => iri,
        };
        follow(&statements, subject, kind, 0, &mut found);
    }
    found
}

fn follow(
    statements: &Statements,
    subject: &str,
    path: &str,
    depth: usize,
    found: &mut BTreeMap<Fact, usize>,
) {
    assert!(depth < MAX_DEPTH, "{path}");
    let said = statements.get(subject).map_or(&[][..], Vec::as_slice);
    for (predicate, object) in said {
        let below = format!("{path} {predicate}");
        let name = object.to_string();
        if is_part(&name) {
            follow(statements, &name, &below, depth + 1, found);
            continue;
        }
        let value = match object {
            Term::Literal(literal) => match literal.value().parse::<f64>() {
                Ok(number) if !below.contains("entificator") => number.to_string(),
                _ => literal.value().to_owned(),
            },
            Term::NamedNode(node) => node.as_str().to_owned(),
            other => other.to_string(),
        };
        *found.entry((below, value)).or_default() += 1;
    }
}

/// The example as RDF, by what its keys mean.
fn wanted(document: &Value) -> Vec<Quad> {
    let text = include_str!("wegennetwerk.jsonld");
    let mut whole: Value = serde_json::from_str(text).expect("a context");
    let members = document.as_object().expect("an object").clone();
    whole.as_object_mut().expect("an object").extend(members);
    oxjsonld::JsonLdParser::new()
        .for_slice(whole.to_string().as_bytes())
        .map(|quad| quad.expect("JSON-LD"))
        .collect()
}

/// A difference that is known: who says it, of which example, where, what (`*` is any of these), and why the other does not.
struct Row<'t> {
    side: &'t str,
    example: &'t str,
    path: &'t str,
    value: &'t str,
}

fn rows(text: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for line in text.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let [side, example, path, value, why] = fields[..] else {
            panic!("five fields: {line}")
        };
        assert!(!why.is_empty(), "{line}");
        rows.push(Row {
            side,
            example,
            path,
            value,
        });
    }
    rows
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("an example");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn records_say_what_their_examples_in_oslo_say() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("registries/instance/OSLOthema-weg");
    let rows = rows(include_str!("roads.tsv"));
    let mut used = BTreeSet::new();
    let mut unexplained = Vec::new();
    let mut same = 0;
    let mut pairs = 0;
    let mut names: Vec<String> = std::fs::read_dir(&folder)
        .expect("a folder")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    names.sort();
    for name in &names {
        let Some(example) = name.strip_suffix("-original-v3.jsonld") else {
            continue;
        };
        pairs += 1;
        let mut done = normalise(&read(&folder.join(name)));
        assert_eq!(done.len(), 1, "{name}");
        let (normalised, quads) = done.remove(0).1.expect("normalised");
        assert!(normalised.unknown.is_empty(), "{name}");
        let ours = facts(&quads);
        let theirs = facts(&wanted(&read(
            &folder.join(format!("{example}-oslo-v3.jsonld")),
        )));
        let mut differ =
            |side: &str, own: &BTreeMap<Fact, usize>, other: &BTreeMap<Fact, usize>| {
                for (fact, count) in own {
                    let (path, value) = fact;
                    if *count <= other.get(fact).copied().unwrap_or(0) {
                        same += 1;
                        continue;
                    }
                    let row = rows.iter().position(|row| {
                        row.side == side
                            && (row.example == "*" || row.example == example)
                            && path == row.path
                            && (row.value == "*" || row.value == value)
                    });
                    match row {
                        Some(row) => {
                            used.insert(row);
                        }
                        None => unexplained.push(format!("{side}\t{example}\t{path}\t{value}")),
                    }
                }
            };
        differ("record", &ours, &theirs);
        differ("example", &theirs, &ours);
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for (index, row) in rows.iter().enumerate() {
        assert!(
            used.contains(&index),
            "{} {} differs no more",
            row.side,
            row.path
        );
    }
    assert_eq!(pairs, 6);
    assert!(same > 100, "{same} facts are the same");
}
