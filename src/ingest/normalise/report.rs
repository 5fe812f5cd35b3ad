//! The repair report: how often each code applied, with a few examples. Counts and words; decides nothing.

use super::codes::{Action, repair_code};
use super::document::leaves;
use super::{Document, NormaliseError, Normalised, Repair};
use crate::rdf::label::{Language, Text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Examples kept per code.
const MAX_EXAMPLES: usize = 3;
/// Paths that are counted one by one.
const MAX_PATHS: usize = 1_000;

/// How often a code applied, and some cases with the object they were found in.
pub type CodeCases = (u64, Vec<(String, Repair)>);

/// What normalising some records met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RepairReport {
    /// Records that became statements.
    pub records: u64,
    /// Records held back or refused, and why.
    pub refused: Vec<(String, Text)>,
    /// Records held back or refused.
    pub refused_count: u64,
    /// Documents that are known to hold no records, and why.
    pub empty: Vec<(String, Text)>,
    /// How many there are.
    pub empty_count: u64,
    /// Statements made.
    pub quads: u64,
    /// By code.
    pub codes: BTreeMap<&'static str, CodeCases>,
    /// Paths left out on purpose, without indexes: how often, and why.
    pub omitted: BTreeMap<String, (u64, Text)>,
    /// Paths that no mapping knows, without indexes: how often.
    pub unknown: BTreeMap<String, u64>,
}

impl RepairReport {
    /// Adds what surrounds the records of a document: what its envelope holds, and members that are no records.
    pub fn add_document(&mut self, document: &Document<'_>, place: &str) {
        if let Some(reason) = document
            .without_records
            .as_ref()
            .filter(|_| document.records.is_empty())
        {
            self.none(place, reason);
        }
        for path in &document.strangers {
            let why = NormaliseError::Unrecognised.message();
            self.refuse(format!("{place} {path}"), why);
        }
        for omission in &document.omitted {
            self.omit(&omission.path, &omission.reason);
        }
        for path in &document.unknown {
            self.forget(path);
            let repair = Repair {
                code: "N071",
                path: path.clone(),
                from: path.clone(),
                to: String::new(),
            };
            self.note(place, &repair);
        }
    }

    /// Adds what one record gave.
    pub fn add(&mut self, done: &Normalised, quads: u64) {
        self.records += 1;
        self.quads += quads;
        for repair in &done.repairs {
            self.note(done.subject.as_str(), repair);
        }
        for omission in &done.omitted {
            self.omit(&omission.path, &omission.reason);
        }
        for path in &done.unknown {
            self.forget(path);
        }
    }

    /// Adds a document that is known to hold no records.
    pub fn none(&mut self, place: &str, reason: &Text) {
        self.empty_count += 1;
        if self.empty.len() < MAX_EXAMPLES {
            self.empty.push((place.to_owned(), reason.clone()));
        }
    }

    /// Adds a record that is left out as a whole.
    pub(super) fn leave_out(&mut self, record: &Value, reason: &Text) {
        leaves(record, "", &mut |path| self.omit(&path, reason));
    }

    /// Adds a value that is left out on purpose.
    pub fn omit(&mut self, path: &str, reason: &Text) {
        let path = without_indexes(path);
        if self.omitted.len() < MAX_PATHS || self.omitted.contains_key(&path) {
            let known = self.omitted.entry(path);
            known.or_insert_with(|| (0, reason.clone())).0 += 1;
        }
    }

    /// Adds a key or type of RDF that is not known, where it stands and the code that tells it.
    pub fn not_known(&mut self, place: &str, path: &str, repair: &Repair) {
        self.forget(path);
        self.note(place, repair);
    }

    fn forget(&mut self, path: &str) {
        let path = without_indexes(path);
        if self.unknown.len() < MAX_PATHS || self.unknown.contains_key(&path) {
            *self.unknown.entry(path).or_default() += 1;
        }
    }

    /// Adds a repair that concerns `place`: an object or a file.
    pub fn note(&mut self, place: &str, repair: &Repair) {
        let (count, examples) = self.codes.entry(repair.code).or_default();
        *count += 1;
        if examples.len() < MAX_EXAMPLES {
            examples.push((place.to_owned(), repair.clone()));
        }
    }

    /// How much was read as another name or repaired.
    pub fn repaired(&self) -> u64 {
        let is_mended = |code: &str| {
            repair_code(code)
                .is_some_and(|row| matches!(row.action, Action::Alias | Action::Repair))
        };
        let mended = self.codes.iter().filter(|(code, _)| is_mended(code));
        mended.map(|(_, (count, _))| count).sum()
    }

    /// How often each code applied.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let counts = self.codes.iter();
        counts
            .map(|(code, (count, _))| ((*code).to_owned(), *count))
            .collect()
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.records + self.refused_count == 0 && self.codes.is_empty()
    }

    /// Adds a record that became nothing.
    pub fn refuse(&mut self, place: String, why: Text) {
        self.refused_count += 1;
        if self.refused.len() < MAX_EXAMPLES {
            self.refused.push((place, why));
        }
    }

    /// Adds another report.
    pub fn merge(&mut self, other: &Self) {
        self.records += other.records;
        self.quads += other.quads;
        self.refused_count += other.refused_count;
        self.empty_count += other.empty_count;
        let room = MAX_EXAMPLES.saturating_sub(self.empty.len());
        self.empty.extend(other.empty.iter().take(room).cloned());
        let room = MAX_EXAMPLES.saturating_sub(self.refused.len());
        self.refused
            .extend(other.refused.iter().take(room).cloned());
        for (code, (count, examples)) in &other.codes {
            let own = self.codes.entry(code).or_default();
            own.0 += count;
            let room = MAX_EXAMPLES.saturating_sub(own.1.len());
            own.1.extend(examples.iter().take(room).cloned());
        }
        for (path, (count, reason)) in &other.omitted {
            let own = self.omitted.entry(path.clone());
            own.or_insert_with(|| (0, reason.clone())).0 += count;
        }
        for (path, count) in &other.unknown {
            *self.unknown.entry(path.clone()).or_default() += count;
        }
    }

    /// One line: records, and how often each code applied.
    pub fn line(&self, language: Language) -> String {
        let say = |nl: &str, en: &str| Text::new(nl, en).get(language).to_owned();
        let mut parts = Vec::new();
        // Of RDF only what was mended is told.
        if self.records + self.refused_count > 0 {
            parts.push(format!("{}: {}", say("records", "records"), self.records));
        }
        if self.refused_count > 0 {
            parts.push(format!(
                "{}: {}",
                say("tegengehouden", "held back"),
                self.refused_count
            ));
        }
        if self.empty_count > 0 {
            parts.push(format!(
                "{}: {}",
                say("zonder records", "without records"),
                self.empty_count
            ));
        }
        let codes: Vec<String> = self
            .codes
            .iter()
            .map(|(code, (count, _))| format!("{code} × {count}"))
            .collect();
        if codes.is_empty() {
            parts.push(say("niets te herstellen", "nothing to repair"));
        } else {
            parts.push(format!(
                "{}: {}",
                say("herstellingen", "repairs"),
                codes.join(", ")
            ));
        }
        parts.join("; ")
    }

    /// The report for people.
    pub fn text(&self, language: Language) -> String {
        let say = |nl: &str, en: &str| Text::new(nl, en).get(language).to_owned();
        let mut out = self.line(language);
        out.push('\n');
        for (place, why) in self.empty.iter().chain(&self.refused) {
            out.push_str(&format!("  {place}: {}\n", why.get(language)));
        }
        for (code, (count, examples)) in &self.codes {
            for (index, (place, repair)) in examples.iter().enumerate() {
                let head = if index == 0 {
                    format!("{code} × {count}")
                } else {
                    " ".repeat(code.len())
                };
                out.push_str(&format!("{head}  {}\n", repair.message().get(language)));
                out.push_str(&format!("      {place} {}\n", repair.path));
            }
        }
        if !self.unknown.is_empty() {
            out.push_str(&say("onbekend:", "unknown:"));
            for (path, count) in &self.unknown {
                out.push_str(&format!(" {path} × {count};"));
            }
            out.push('\n');
        }
        if !self.omitted.is_empty() {
            out.push_str(&say("bewust niet overgenomen:\n", "left out on purpose:\n"));
            for (path, (count, reason)) in &self.omitted {
                out.push_str(&format!("  {path} × {count}: {}\n", reason.get(language)));
            }
        }
        out
    }

    /// The report for programs.
    pub fn json(&self, language: Language) -> Value {
        let codes: serde_json::Map<String, Value> = self
            .codes
            .iter()
            .map(|(code, (count, examples))| {
                let examples: Vec<Value> = examples
                    .iter()
                    .map(|(place, repair)| {
                        json!({
                            "object": place, "path": repair.path, "from": repair.from, "to": repair.to,
                            "message": repair.message().get(language),
                        })
                    })
                    .collect();
                let action = repair_code(code).map(|row| row.action.letter().to_string());
                let row = json!({ "count": count, "action": action, "examples": examples });
                ((*code).to_owned(), row)
            })
            .collect();
        let omitted: serde_json::Map<String, Value> = self
            .omitted
            .iter()
            .map(|(path, (count, reason))| {
                let row = json!({ "count": count, "reason": reason.get(language) });
                (path.clone(), row)
            })
            .collect();
        let refused: Vec<Value> = self
            .refused
            .iter()
            .map(|(place, why)| json!({ "object": place, "reason": why.get(language) }))
            .collect();
        let empty: Vec<Value> = self
            .empty
            .iter()
            .map(|(place, why)| json!({ "document": place, "reason": why.get(language) }))
            .collect();
        json!({
            "withoutRecords": empty,
            "records": self.records, "quads": self.quads, "refused": self.refused_count,
            "refusedExamples": refused, "codes": codes, "omitted": omitted, "unknown": self.unknown,
        })
    }
}

/// `postnamen[2].taal` → `postnamen[].taal`.
fn without_indexes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for character in path.chars() {
        match character {
            '[' => {
                inside = true;
                out.push('[');
            }
            ']' => {
                inside = false;
                out.push(']');
            }
            digit if inside && digit.is_ascii_digit() => {}
            other => out.push(other),
        }
    }
    out
}
