//! Documents around records: a record by itself, the envelope of a later version, a list, the answer of a search. Finds the
//! records and says what else the document holds.

use super::iris::{clean, split};
use super::mapping::Mapping;
use super::{Normaliser, Omission};
use serde_json::Value;

/// Records of one document.
const MAX_LISTED: usize = 1_000_000;

/// A document and the records in it.
#[derive(Debug)]
pub struct Document<'v> {
    /// Path and value of each record, in the order of the document.
    pub records: Vec<(String, &'v Value)>,
    /// Members of the list that are no records.
    pub strangers: Vec<String>,
    /// What belongs to the envelope and is left out, with the reason.
    pub omitted: Vec<Omission>,
    /// Keys of the envelope that no mapping knows.
    pub unknown: Vec<String>,
}

impl Normaliser {
    /// The records of a document, or `None` when it is no document of a source that is known here. A document with a
    /// JSON-LD context of its own is none: it says itself what its keys mean.
    pub fn document<'v>(&self, value: &'v Value) -> Option<Document<'v>> {
        let mut document = Document {
            records: Vec::new(),
            strangers: Vec::new(),
            omitted: Vec::new(),
            unknown: Vec::new(),
        };
        if !self.has_known_context(value) {
            return None;
        }
        if self.recognise(value).is_some() {
            document.records.push((String::new(), value));
            return Some(document);
        }
        match value {
            Value::Array(members) => {
                self.take(members, "", &mut document);
                (!document.records.is_empty()).then_some(document)
            }
            Value::Object(members) => {
                let context = members.get("@context").and_then(Value::as_str);
                let is_source = context.is_some_and(|context| context.contains("basisregisters"));
                let lists = self.mappings.iter().flat_map(|mapping| &mapping.lists);
                let key = lists.into_iter().find(|key| {
                    let found = members.get(*key);
                    found.is_some_and(|value| self.is_list(value, is_source))
                })?;
                for (name, value) in members {
                    if name == key {
                        match value {
                            Value::Array(list) => self.take(list, key, &mut document),
                            one => document.records.push((key.clone(), one)),
                        }
                    } else if let Some(reason) = self.common.omitted.get(name) {
                        leaves(value, name, &mut |path| {
                            document.omitted.push(Omission {
                                path,
                                reason: reason.clone(),
                            });
                        });
                    } else {
                        document.unknown.push(name.clone());
                    }
                }
                Some(document)
            }
            _ => None,
        }
    }

    /// Whether there is no context, or one of a source that a mapping replaces.
    fn has_known_context(&self, value: &Value) -> bool {
        match value.get("@context") {
            None => true,
            Some(Value::String(context)) => self.replaces_context(context),
            Some(_) => false,
        }
    }

    /// Whether mappings take the place of a context.
    pub(super) fn replaces_context(&self, context: &str) -> bool {
        let mut known = self.mappings.iter().flat_map(|mapping| &mapping.contexts);
        known.any(|part| context.contains(part.as_str()))
    }

    /// Whether a value is the list of an envelope; where the context tells the source, it may hold no records.
    fn is_list(&self, value: &Value, is_source: bool) -> bool {
        match value {
            Value::Array(members) => {
                is_source
                    || members
                        .iter()
                        .any(|member| self.recognise(member).is_some())
            }
            one => self.recognise(one).is_some(),
        }
    }

    fn take<'v>(&self, members: &'v [Value], key: &str, document: &mut Document<'v>) {
        for (index, member) in members.iter().enumerate().take(MAX_LISTED) {
            let path = format!("{key}[{index}]");
            if self.recognise(member).is_some() {
                document.records.push((path, member));
            } else {
                document.strangers.push(path);
            }
        }
    }
}

/// Whether a record is one that a mapping is for.
pub(super) fn is_record(mapping: &Mapping, record: &Value) -> bool {
    if !record.is_object() {
        return false;
    }
    let Some(subject) = at(record, &mapping.subject).and_then(Value::as_str) else {
        return false;
    };
    if subject.len() > 4_096 {
        return false;
    }
    let is_marked = mapping
        .marker
        .as_deref()
        .is_none_or(|marker| has(record, marker));
    is_marked
        && clean(subject).is_some_and(|cleaned| {
            split(&cleaned.iri).is_some_and(|(kind, _)| kind == mapping.kind)
        })
}

/// The value at a path of keys.
pub(super) fn at<'v>(value: &'v Value, path: &[String]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

/// Whether there is a value at a path, in lists too; a misspelt last key of the known kind counts.
fn has(value: &Value, path: &[String]) -> bool {
    match (value, path) {
        (_, []) => true,
        (Value::Array(members), _) => members.iter().take(16).any(|member| has(member, path)),
        (Value::Object(members), [key, rest @ ..]) => members
            .get(key)
            .or_else(|| {
                members
                    .get("gestructureerdedentificator")
                    .filter(|_| key == "gestructureerdeIdentificator")
            })
            .is_some_and(|member| has(member, rest)),
        _ => false,
    }
}

/// The paths of all values below a value that hold no others.
pub(super) fn leaves(value: &Value, path: &str, found: &mut dyn FnMut(String)) {
    match value {
        Value::Array(members) if !members.is_empty() => {
            for (index, member) in members.iter().enumerate() {
                leaves(member, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (key, member) in members {
                leaves(member, &join(path, key), found);
            }
        }
        _ => found(path.to_owned()),
    }
}

/// A key below a path.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
