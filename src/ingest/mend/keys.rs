//! Keys and types of a JSON-LD document that no context of it knows, and references that are no IRI. JSON-LD readers drop
//! such a key with all below it and such a reference, and make an IRI beside the document of such a type, all without a
//! word; this tells them. Follows the contexts as
//! [JSON-LD 1.1](https://www.w3.org/TR/json-ld11-api/#context-processing-algorithm) does as far as that question needs, makes
//! no statements and changes nothing.

use crate::ingest::normalise::{Repair, RepairReport};
use crate::ingest::{ContextStore, Input};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::io::Read as _;
use std::sync::Arc;

/// A longer document is not looked at.
const MAX_BYTES: u64 = 16 << 20;
/// Contexts within contexts.
const MAX_DEPTH: usize = 8;
/// Cases told of one document; the rest is counted under the last.
const MAX_TOLD: usize = 10_000;

/// Notes the keys (`N073`) and types (`N074`) of an input that none of its contexts knows, and references (`N075`) that are
/// no IRI. Says nothing about what is not JSON, or too long to look at.
pub(in crate::ingest) fn note_unknown_keys(
    input: &Input,
    base: Option<&str>,
    contexts: &ContextStore,
    report: &mut RepairReport,
) {
    let mut bytes = Vec::new();
    let Ok(content) = input.open() else { return };
    let read = content.reader.take(MAX_BYTES + 1).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() as u64 > MAX_BYTES {
        return;
    }
    let Ok(document) = serde_json::from_slice::<Value>(&bytes) else {
        return;
    };
    let default_base = input.default_base_iri();
    let walk = Walk {
        contexts,
        base: base.or(default_base.as_deref()),
    };
    let mut unknown = Vec::new();
    walk.value(&document, &Active::default(), "", &mut unknown);
    for (code, path, name) in unknown {
        let repair = Repair {
            code,
            path: path.clone(),
            from: name,
            to: String::new(),
        };
        report.not_known(input.name(), &path, &repair);
    }
}

/// Code, path and name of what is not known.
type Unknown = (&'static str, String, String);

/// What a term means, as far as it matters here.
#[derive(Clone, Debug, Default)]
struct Term {
    /// It becomes something: an IRI, a keyword, or deliberately nothing.
    is_known: bool,
    /// The keyword it stands for.
    keyword: Option<String>,
    /// Its texts are references.
    is_link: bool,
    /// Its values are JSON as it is.
    is_json: bool,
    /// Keys of its value are languages: what stands there is text.
    is_language_map: bool,
    /// Keys of its value are data, not terms.
    is_map: bool,
    /// The context for its value, or for nodes of the type.
    scoped: Option<Value>,
}

/// The terms in force.
#[derive(Clone, Debug, Default)]
struct Active {
    terms: Arc<BTreeMap<String, Term>>,
    has_vocab: bool,
}

impl Active {
    /// Whether a name in the place of a key or type becomes an IRI.
    fn knows(&self, name: &str) -> bool {
        match self.terms.get(name) {
            Some(term) => term.is_known,
            None => self.has_vocab || name.contains(':') || name.starts_with('@'),
        }
    }

    fn keyword<'n>(&'n self, name: &'n str) -> Option<&'n str> {
        if name.starts_with('@') {
            return Some(name);
        }
        self.terms.get(name)?.keyword.as_deref()
    }
}

struct Walk<'a> {
    contexts: &'a ContextStore,
    base: Option<&'a str>,
}

impl Walk<'_> {
    fn value(&self, value: &Value, active: &Active, path: &str, out: &mut Vec<Unknown>) {
        if out.len() >= MAX_TOLD {
            return;
        }
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, active, &format!("{path}[{index}]"), out);
                }
            }
            Value::Object(members) => self.node(members, active, path, out),
            _ => {}
        }
    }

    fn node(
        &self,
        members: &Map<String, Value>,
        active: &Active,
        path: &str,
        out: &mut Vec<Unknown>,
    ) {
        let mut active = active.clone();
        if let Some(context) = members.get("@context") {
            self.apply(context, self.base, &mut active, 0);
        }
        // Contexts of types hold for the keys of the node, not for what lies below.
        let mut here = active.clone();
        for (key, value) in members {
            if active.keyword(key) == Some("@type") {
                for name in texts(value) {
                    if !active.knows(name) && !name.is_empty() {
                        out.push(("N074", join(path, key), name.to_owned()));
                    }
                    let scoped = active.terms.get(name).and_then(|term| term.scoped.as_ref());
                    if let Some(scoped) = scoped {
                        self.apply(scoped, self.base, &mut here, 0);
                    }
                }
            }
        }
        for (key, value) in members {
            if key == "@context" {
                continue;
            }
            let below = join(path, key);
            match here.keyword(key) {
                Some("@graph" | "@included" | "@list" | "@set" | "@nest" | "@reverse") => {
                    self.value(value, &active, &below, out);
                }
                Some("@id") => self.reference(value, &here, &below, out),
                Some(_) => {}
                None if here.knows(key) => {
                    let term = here.terms.get(key).cloned().unwrap_or_default();
                    self.under(value, &term, &active, &below, out);
                }
                // Without a value it says nothing.
                None if value.is_null() => {}
                None => out.push(("N073", below, key.clone())),
            }
        }
    }

    /// The value of a term.
    fn under(
        &self,
        value: &Value,
        term: &Term,
        active: &Active,
        path: &str,
        out: &mut Vec<Unknown>,
    ) {
        if term.is_json || term.is_language_map {
            return;
        }
        let mut scoped = None;
        if let Some(context) = &term.scoped {
            let inner = scoped.insert(active.clone());
            self.apply(context, self.base, inner, 0);
        }
        let active = scoped.as_ref().unwrap_or(active);
        if term.is_link {
            self.reference(value, active, path, out);
        }
        match value {
            Value::Object(members) if term.is_map => {
                for (key, member) in members {
                    self.value(member, active, &join(path, key), out);
                }
            }
            other => self.value(other, active, path, out),
        }
    }

    /// Texts that refer to something.
    fn reference(&self, value: &Value, active: &Active, path: &str, out: &mut Vec<Unknown>) {
        for text in texts(value) {
            let prefix = text.split_once(':').map(|(prefix, _)| prefix);
            let is_short = prefix.is_some_and(|prefix| active.terms.contains_key(prefix));
            let is_iri = || match self.base.and_then(|base| oxiri::Iri::parse(base).ok()) {
                Some(base) => base.resolve(text).is_ok(),
                None => oxiri::Iri::parse(text).is_ok(),
            };
            if !text.starts_with("_:") && !is_short && !is_iri() {
                out.push(("N075", path.to_owned(), text.to_owned()));
            }
        }
    }

    fn apply(&self, context: &Value, base: Option<&str>, active: &mut Active, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match context {
            Value::Null => *active = Active::default(),
            Value::Array(items) => {
                for item in items {
                    self.apply(item, base, active, depth + 1);
                }
            }
            Value::String(reference) => self.named(reference, base, active, depth),
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("@import") {
                    self.named(reference, base, active, depth);
                }
                if let Some(vocab) = members.get("@vocab") {
                    active.has_vocab = !vocab.is_null();
                }
                let mut terms = (*active.terms).clone();
                for (name, definition) in members {
                    if !name.starts_with('@') {
                        let term = term(name, definition, members, active, 0);
                        terms.insert(name.clone(), term);
                    }
                }
                active.terms = Arc::new(terms);
            }
            _ => {}
        }
    }

    fn named(&self, reference: &str, base: Option<&str>, active: &mut Active, depth: usize) {
        let resolved = base
            .and_then(|base| oxiri::Iri::parse(base).ok()?.resolve(reference).ok())
            .map_or_else(|| reference.to_owned(), oxiri::Iri::into_inner);
        let Some(document) = self.contexts.get(&resolved) else {
            return;
        };
        if let Ok(value) = serde_json::from_slice::<Value>(document)
            && let Some(context) = value.get("@context")
        {
            self.apply(context, Some(&resolved), active, depth + 1);
        }
    }
}

/// What a definition makes of a name. `beside` are the definitions of the same context.
fn term(
    name: &str,
    definition: &Value,
    beside: &Map<String, Value>,
    active: &Active,
    depth: usize,
) -> Term {
    let (id, rest) = match definition {
        Value::Null => (None, None),
        Value::String(iri) => (Some(iri.as_str()), None),
        Value::Object(members) => {
            let id = match members.get("@reverse").or_else(|| members.get("@id")) {
                Some(Value::String(iri)) => Some(iri.as_str()),
                Some(_) => None,
                None => Some(name),
            };
            (id, Some(members))
        }
        _ => return Term::default(),
    };
    // Nothing, on purpose: whoever wrote the context wants it so.
    let Some(id) = id else {
        return Term {
            is_known: true,
            ..Term::default()
        };
    };
    let is_known = id.contains(':')
        || id.starts_with('@')
        || beside.get("@vocab").is_some_and(|vocab| !vocab.is_null())
        || active.has_vocab
        || (id != name
            && depth < MAX_DEPTH
            && match beside.get(id) {
                Some(other) => term(id, other, beside, active, depth + 1).is_known,
                None => active.terms.get(id).is_some_and(|term| term.is_known),
            });
    let has = |key: &str, wanted: &[&str]| {
        let value = rest.and_then(|members| members.get(key));
        value.is_some_and(|value| texts(value).any(|text| wanted.contains(&text)))
    };
    Term {
        is_known,
        keyword: id.starts_with('@').then(|| id.to_owned()),
        is_link: has("@type", &["@id"]),
        is_json: has("@type", &["@json"]),
        is_language_map: has("@container", &["@language"]),
        is_map: has("@container", &["@index", "@id", "@type"]),
        scoped: rest.and_then(|members| members.get("@context")).cloned(),
    }
}

/// The texts of a value: itself, or the members of an array.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let items = match value {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    items.iter().filter_map(Value::as_str)
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(document: &str) -> Vec<String> {
        let contexts = ContextStore::empty().with_document(
            "http://e/c",
            r#"{"@context":{"naam":"urn:naam","soort":"@type","Ding":"urn:Ding","deel":{"@id":"urn:deel","@type":"@id"}}}"#,
        );
        let mut report = RepairReport::default();
        let input = Input::bytes("http://e/d/een.jsonld", document.as_bytes().to_vec());
        note_unknown_keys(&input, None, &contexts, &mut report);
        let told = report.codes.iter();
        told.flat_map(|(code, (_, cases))| {
            let case = move |(_, repair): &(String, Repair)| format!("{code} {}", repair.path);
            cases.iter().map(case).collect::<Vec<_>>()
        })
        .collect()
    }

    #[test]
    fn what_no_context_knows_is_told_once_with_its_place() {
        let told = |body: &str| unknown(&format!(r#"{{"@context":"../c",{body}}}"#));
        assert_eq!(
            told(r#""naam":"x","soort":"Ding","@id":"urn:x""#),
            Vec::<String>::new()
        );
        assert_eq!(
            told(r#""lengte":1,"deel":[{"soort":"Huis","hoogte":{"naam":"x"}}]"#),
            ["N073 lengte", "N073 deel[0].hoogte", "N074 deel[0].soort"]
        );
        assert_eq!(
            told(r#""urn:lengte":1,"lengte":null"#),
            Vec::<String>::new()
        );
        assert_eq!(
            told(r#""deel":{"@context":null,"naam":"x"}"#),
            ["N073 deel.naam"]
        );
    }

    #[test]
    fn references_that_are_no_iri_are_told() {
        let told = |body: &str| unknown(&format!(r#"{{"@context":"../c",{body}}}"#));
        let none = Vec::<String>::new();
        assert_eq!(told(r#""@id":"_:a","deel":["urn:x","b","","_:c"]"#), none);
        assert_eq!(
            told(r#""deel":[":_a","{{x}}"],"naam":":_a""#),
            ["N075 deel", "N075 deel"]
        );
        assert_eq!(told(r#""deel":{"@id":":_a"}"#), ["N075 deel.@id"]);
    }

    #[test]
    fn contexts_within_the_document_count() {
        let told = |context: &str, body: &str| {
            unknown(&format!(r#"{{"@context":["../c",{context}],{body}}}"#))
        };
        let none = Vec::<String>::new();
        assert_eq!(
            told(r#"{"@vocab":"urn:v#"}"#, r#""lengte":1,"soort":"Huis""#),
            none
        );
        assert_eq!(told(r#"{"lengte":"naam"}"#, r#""lengte":1"#), none);
        assert_eq!(
            told(r#"{"lengte":"onbekend"}"#, r#""lengte":1"#),
            ["N073 lengte"]
        );
        assert_eq!(told(r#"{"lengte":null}"#, r#""lengte":1"#), none);
        assert_eq!(
            told(
                r#"{"tekst":{"@id":"urn:t","@container":"@language"}}"#,
                r#""tekst":{"nl":"x"}"#
            ),
            none
        );
        assert_eq!(
            told(
                r#"{"rij":{"@id":"urn:r","@container":"@index"}}"#,
                r#""rij":{"a":{"naam":"x","lengte":1}}"#
            ),
            ["N073 rij.a.lengte"]
        );
        assert_eq!(
            told(
                r#"{"los":{"@id":"urn:l","@context":{"lengte":"urn:lengte"}}}"#,
                r#""los":{"lengte":1}"#
            ),
            none
        );
    }
}
