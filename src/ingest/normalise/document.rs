//! Documents around records: a record by itself, the envelope of a later version, a list, the answer of a search. Finds the
//! records and says what else the document holds.

use super::iris::{clean, split};
use super::mapping::{Mapping, NoRecords, Subject};
use super::template::{all_hold, scalar};
use super::{Normaliser, Omission};
use crate::rdf::label::Text;
use serde_json::Value;
use std::collections::BTreeSet;

/// Records of one document.
const MAX_LISTED: usize = 1_000_000;
/// Keys that `**` in a path may stand for.
const MAX_CHAIN: usize = 10;

/// What a table is known as.
#[derive(Clone, Copy, Debug)]
pub(super) enum Recognised<'n> {
    /// Records for a mapping.
    As(&'n Mapping),
    /// No records, and why.
    Nothing(&'n Text),
}

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
    /// Why it holds no records, when it is known to hold none.
    pub without_records: Option<Text>,
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
            without_records: None,
        };
        if let Some(reason) = self.without_records(value, true) {
            return Some(empty(document, value, reason));
        }
        if !self.has_known_context(value) {
            return None;
        }
        if self.recognise(value).is_some() {
            self.take(value, String::new(), &mut document);
            return Some(document);
        }
        let is_found = match value {
            Value::Array(members) => {
                self.take_all(members, "", &mut document);
                let is_source = !document.records.is_empty() || document.without_records.is_some();
                is_source && document.strangers.len() < members.len()
            }
            Value::Object(members) => {
                let context = members.get("@context").and_then(Value::as_str);
                let is_source = context.is_some_and(|context| context.contains("basisregisters"));
                let found = self.listed(value, is_source);
                match found {
                    Some((mapping, places)) => {
                        for (path, value) in &places {
                            match value {
                                Value::Array(list) => self.take_all(list, path, &mut document),
                                one => self.take(one, path.clone(), &mut document),
                            }
                        }
                        let places = places.into_iter().map(|(path, _)| path).collect();
                        self.envelope(mapping, value, "", &places, &mut document);
                        true
                    }
                    None => false,
                }
            }
            _ => false,
        };
        if is_found {
            if document.records.is_empty() && document.strangers.is_empty() {
                let reason = self.without_records(value, false).cloned();
                document.without_records = document.without_records.or(reason);
            }
            return Some(document);
        }
        document.strangers.clear();
        document.records.clear();
        document.omitted.clear();
        let reason = self.without_records(value, false)?;
        Some(empty(document, value, reason))
    }

    /// Where the records of an envelope stand, and the mapping that says so.
    fn listed<'v>(
        &self,
        value: &'v Value,
        is_source: bool,
    ) -> Option<(&Mapping, Vec<(String, &'v Value)>)> {
        for mapping in &self.mappings {
            for list in &mapping.lists {
                let mut places = Vec::new();
                locate(value, list, "", MAX_CHAIN, &mut places);
                places.retain(|(_, value)| self.is_list(value, is_source && list.len() == 1));
                if let Some((_, first)) = places.first() {
                    let record = match first {
                        Value::Array(members) => members.iter().find_map(|m| self.recognise(m)),
                        one => self.recognise(one),
                    };
                    return Some((record.unwrap_or(mapping), places));
                }
            }
        }
        None
    }

    /// What stands around the records.
    fn envelope(
        &self,
        mapping: &Mapping,
        value: &Value,
        path: &str,
        places: &BTreeSet<String>,
        document: &mut Document<'_>,
    ) {
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let below = join(path, key);
                    if places.contains(&below) {
                        continue;
                    }
                    let holds_records = places
                        .range(below.clone()..)
                        .next()
                        .and_then(|place| place.strip_prefix(below.as_str()))
                        .is_some_and(|rest| rest.starts_with(['.', '[']));
                    let around = mapping.around.get(key);
                    if holds_records {
                        self.envelope(mapping, member, &below, places, document);
                    } else if let Some(reason) = around.or_else(|| self.common.omitted.get(key)) {
                        leave_out(member, &below, reason, &mut document.omitted);
                    } else {
                        document.unknown.push(below);
                    }
                }
            }
            Value::Array(members) => {
                for (index, member) in members.iter().enumerate() {
                    let below = format!("{path}[{index}]");
                    if !places.contains(&below) {
                        self.envelope(mapping, member, &below, places, document);
                    }
                }
            }
            _ => document.unknown.push(path.to_owned()),
        }
    }

    /// Why a document or member holds no records, when that is known; `first` asks only for those that look like records.
    fn without_records(&self, value: &Value, first: bool) -> Option<&Text> {
        self.no_records
            .iter()
            .filter(|row| row.template.is_some() == first && row.columns.is_empty())
            .find(|row| row.is(value))
            .map(|row| &row.reason)
    }

    /// What a table with these columns is.
    pub(super) fn recognise_columns(&self, columns: &[String]) -> Option<Recognised<'_>> {
        let has_all = |wanted: &[String]| {
            !wanted.is_empty() && wanted.iter().all(|name| columns.contains(name))
        };
        let mapping = self.mappings.iter().find(|m| has_all(&m.columns));
        let nothing = || self.no_records.iter().find(|row| has_all(&row.columns));
        mapping
            .map(Recognised::As)
            .or_else(|| nothing().map(|row| Recognised::Nothing(&row.reason)))
    }

    /// Why a record is left out as a whole, when its mapping says so.
    pub fn left_out<'n>(&self, mapping: &'n Mapping, record: &Value) -> Option<&'n Text> {
        let mut skips = mapping.body.skips.iter();
        skips
            .find(|skip| all_hold(&skip.when, record))
            .map(|skip| &skip.reason)
    }

    /// Whether there is no context, or one of a source that a mapping replaces.
    fn has_known_context(&self, value: &Value) -> bool {
        match value.get("@context") {
            None => true,
            Some(Value::String(context)) => self.replaces_context(context),
            Some(Value::Array(contexts)) if !contexts.is_empty() => contexts.iter().all(|one| {
                one.as_str()
                    .is_some_and(|context| self.replaces_context(context))
            }),
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

    fn take_all<'v>(&self, members: &'v [Value], key: &str, document: &mut Document<'v>) {
        for (index, member) in members.iter().enumerate().take(MAX_LISTED) {
            self.take(member, format!("{key}[{index}]"), document);
        }
    }

    fn take<'v>(&self, value: &'v Value, path: String, document: &mut Document<'v>) {
        let template = self.without_records(value, true);
        let reason = match self.recognise(value) {
            _ if template.is_some() => template,
            Some(mapping) => match self.left_out(mapping, value) {
                None => {
                    document.records.push((path, value));
                    return;
                }
                reason => reason,
            },
            None => self.without_records(value, false),
        };
        match reason {
            Some(reason) => {
                leave_out(value, &path, reason, &mut document.omitted);
                document
                    .without_records
                    .get_or_insert_with(|| reason.clone());
            }
            None => document.strangers.push(path),
        }
    }
}

/// A document that holds no records, all of it left out for one reason.
fn empty<'v>(mut document: Document<'v>, value: &Value, reason: &Text) -> Document<'v> {
    leave_out(value, "", reason, &mut document.omitted);
    document.without_records = Some(reason.clone());
    document
}

fn leave_out(value: &Value, path: &str, reason: &Text, omitted: &mut Vec<Omission>) {
    leaves(value, path, &mut |path| {
        omitted.push(Omission {
            path,
            reason: reason.clone(),
        });
    });
}

impl NoRecords {
    fn is(&self, value: &Value) -> bool {
        let reaches = |path: &Vec<String>| {
            let mut found = Vec::new();
            locate(value, path, "", MAX_CHAIN, &mut found);
            found.iter().any(|(_, value)| !value.is_null())
        };
        if let Some(path) = &self.template {
            let mut found = Vec::new();
            locate(value, path, "", MAX_CHAIN, &mut found);
            let has_hole = |value: &Value| scalar(value).is_some_and(|text| text.contains("{{"));
            return found.iter().any(|(_, value)| has_hole(value));
        }
        let is_only = self.only.is_empty()
            || value.as_object().is_some_and(|members| {
                members
                    .keys()
                    .all(|key| self.only.iter().any(|one| one == key))
            });
        let says_something = !self.has.is_empty() || !self.only.is_empty();
        says_something && is_only && self.has.iter().all(reaches) && !self.lacks.iter().any(reaches)
    }
}

/// Values at a path of keys, through lists; `**` is any chain of keys.
fn locate<'v>(
    value: &'v Value,
    path: &[String],
    place: &str,
    chain: usize,
    found: &mut Vec<(String, &'v Value)>,
) {
    if found.len() >= MAX_LISTED {
        return;
    }
    match (path, value) {
        ([], _) => found.push((place.to_owned(), value)),
        (_, Value::Array(members)) => {
            for (index, member) in members.iter().enumerate() {
                locate(member, path, &format!("{place}[{index}]"), chain, found);
            }
        }
        ([any, rest @ ..], Value::Object(members)) if any == "**" => {
            locate(value, rest, place, chain, found);
            let Some(chain) = chain.checked_sub(1) else {
                return;
            };
            for (key, member) in members {
                if member.is_object() || member.is_array() {
                    locate(member, path, &join(place, key), chain, found);
                }
            }
        }
        ([key, rest @ ..], Value::Object(members)) => {
            if let Some(member) = members.get(key) {
                locate(member, rest, &join(place, key), chain, found);
            }
        }
        _ => {}
    }
}

/// Whether a record is one that a mapping is for.
pub(super) fn is_record(mapping: &Mapping, record: &Value) -> bool {
    let Value::Object(members) = record else {
        return false;
    };
    let is_marked = mapping
        .marker
        .as_deref()
        .is_none_or(|marker| has(record, marker));
    let is_there = |path: &Vec<String>| at(record, path).is_some_and(|value| !value.is_null());
    match &mapping.subject {
        Subject::Path(path) => {
            let Some(subject) = at(record, path).and_then(Value::as_str) else {
                return false;
            };
            subject.len() <= 4_096
                && is_marked
                && clean(subject).is_some_and(|cleaned| {
                    split(&cleaned.iri).is_some_and(|(kind, _)| kind == mapping.kind)
                })
        }
        Subject::Made(template) if mapping.columns.is_empty() => {
            is_marked
                && mapping.keys.iter().all(is_there)
                && !mapping.lacks.iter().any(is_there)
                && all_hold(&mapping.values, record)
                && template.fill("", None, &[record]).is_some()
        }
        Subject::Made(_) => mapping
            .columns
            .iter()
            .all(|column| members.contains_key(column)),
    }
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
