//! The normaliser: records as the authentic sources send them → statements in the normal form of OSLO. What becomes of each
//! key is data (`mappings/`), so that another type or version needs no code here; this is the reader of those mappings and
//! the walker over JSON. Says of every value where it went: into a statement, on the list of what is left out with a
//! reason, or on the list of what is unknown. Fetches nothing, reads no state and writes to nothing but the sink.
//!
//! Statements of the object itself go to `{base}/graph/{register}`; those that the profile asks for and the record only
//! implies go to `{base}/graph/{register}/afgeleid`, with a link to the evidence.

mod bytes;
mod codes;
mod document;
mod evidence;
pub(in crate::ingest) mod geometry;
mod iris;
mod mapping;
mod parts;
mod places;
mod plain;
mod report;
mod run;
mod table;
mod template;
mod values;
mod walk;
mod xml;

pub(in crate::ingest) use bytes::decode;
pub use bytes::{NotRecords, RecordsFile, read_records};
pub use codes::{Action, REPAIR_CODES, RepairCode, repair_code};
pub use document::Document;
pub use evidence::{EVIDENCE, canonical_record, evidence_digest, evidence_path, keep_evidence};
pub(in crate::ingest) use mapping::Stated;
pub use mapping::{Attribute, AttributeKind, Mapping, Step};
pub use report::{CodeCases, RepairReport};
pub use run::{EachRecord, SourceRecords, looks_like_records, normalise_input, records_of};
pub use table::{Table, TableProblem, open_table};
pub(in crate::ingest) use walk::nodes_at;

use crate::rdf::label::Text;
use crate::registry::assets::VOCAB;
use include_dir::{Dir, include_dir};
use mapping::{Common, NoRecords, Rule, Tree};
use oxrdf::{NamedNode, Quad};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// The mappings that ship inside the binary.
static MAPPINGS: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/mappings");

/// Files beside the mappings that are none.
const NO_MAPPINGS: [&str; 2] = ["algemeen.toml", "geen-records.toml"];

/// Nesting of a record.
const MAX_DEPTH: usize = 64;
/// Values of a record.
const MAX_VALUES: usize = 200_000;
/// One text of a record, in bytes.
const MAX_TEXT_BYTES: usize = 8 << 20;

/// Mappings, and the code lists they name.
pub struct Normaliser {
    common: Common,
    mappings: Vec<Mapping>,
    /// Documents that are known to hold no records.
    no_records: Vec<NoRecords>,
    /// Keys by which a document is found worth reading.
    marks: Marks,
    /// Name of a code list → its codes.
    lists: BTreeMap<String, BTreeSet<String>>,
}

/// What is chosen per run.
#[derive(Clone, Debug)]
pub struct NormaliseOptions {
    /// Base IRI of graphs and of the nodes of an object, without a slash at the end.
    pub base: String,
    /// Refuse a record instead of repairing it; aliases are still read.
    pub strict: bool,
    /// Where the record comes from, for messages.
    pub source: String,
}

impl NormaliseOptions {
    /// Repairs allowed.
    pub fn new(base: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            strict: false,
            source: source.into(),
        }
    }
}

/// What a record gave besides statements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Normalised {
    /// The object.
    pub subject: NamedNode,
    /// Start of the IRIs of its nodes; a slash and the role follow.
    pub nodes: String,
    /// Digest of the canonical record, in hexadecimal; see [`canonical_record`].
    pub evidence: String,
    /// What was mended, read as something else, or found wrong.
    pub repairs: Vec<Repair>,
    /// Values that are no statements on purpose.
    pub omitted: Vec<Omission>,
    /// Paths that the mapping does not know.
    pub unknown: Vec<String>,
}

/// One case of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repair {
    /// Code of [`REPAIR_CODES`].
    pub code: &'static str,
    /// Where in the record.
    pub path: String,
    /// What was there.
    pub from: String,
    /// What it became, or was compared with.
    pub to: String,
}

impl Repair {
    /// The sentence of its code, about this case.
    pub fn message(&self) -> Text {
        let fill = |text: &str, to: &str| {
            text.replace("{from}", &shortened(&self.from))
                .replace("{to}", &shortened(to))
        };
        // What is wrong with a geometry or a list is told in both languages.
        let both = (self.to.as_str(), self.to.as_str());
        let to = self
            .to
            .split_once(" / ")
            .filter(|_| matches!(self.code, "N033" | "N062"));
        let (nl, en) = to.unwrap_or(both);
        repair_code(self.code).map_or_else(Text::default, |row| {
            Text::new(fill(row.nl, nl), fill(row.en, en))
        })
    }
}

/// A text of bounded length.
fn shortened(text: &str) -> String {
    const MAX_CHARACTERS: usize = 120;
    match text.char_indices().nth(MAX_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A value that is no statement on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omission {
    /// Where in the record.
    pub path: String,
    /// Why.
    pub reason: Text,
}

/// Why a record became no statements.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NormaliseError {
    /// No mapping is for such records.
    #[error("no mapping knows this record")]
    Unrecognised,
    /// The record would have been repaired, and that is not allowed.
    #[error("{} at {} needs a repair", .0.code, .0.path)]
    Strict(Repair),
    /// The record is held back by a code of action [`Action::Quarantine`].
    #[error("{} at {} holds the object back", .0.code, .0.path)]
    Quarantined(Repair),
    /// The record is nested deeper than allowed.
    #[error("deeper than {limit} levels")]
    TooDeep {
        /// The bound.
        limit: usize,
    },
    /// The record has more values, or a longer text, than allowed.
    #[error("larger than allowed at {path}")]
    TooLarge {
        /// Where in the record.
        path: String,
    },
}

impl NormaliseError {
    /// The reason in Dutch and English.
    pub fn message(&self) -> Text {
        match self {
            Self::Unrecognised => Text::new(
                "Geen mapping kent dit record.",
                "No mapping knows this record.",
            ),
            Self::Strict(repair) => {
                let why = repair.message();
                let (code, path) = (repair.code, &repair.path);
                Text::new(
                    format!("{code} bij {path}, herstel is niet toegelaten: {}", why.nl),
                    format!("{code} at {path}, repairs are not allowed: {}", why.en),
                )
            }
            Self::Quarantined(repair) => {
                let why = repair.message();
                let (code, path) = (repair.code, &repair.path);
                Text::new(
                    format!("{code} bij {path}: {}", why.nl),
                    format!("{code} at {path}: {}", why.en),
                )
            }
            Self::TooDeep { limit } => Text::new(
                format!("Het record is dieper genest dan {limit} niveaus."),
                format!("The record is nested deeper than {limit} levels."),
            ),
            Self::TooLarge { path } => Text::new(
                format!("Het record is groter dan toegelaten, bij {path}."),
                format!("The record is larger than allowed, at {path}."),
            ),
        }
    }
}

impl Normaliser {
    /// The mappings that ship with the program.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<Normaliser> =
            LazyLock::new(|| Normaliser::read_shipped().expect("the shipped mappings are tested"));
        &SHIPPED
    }

    fn read_shipped() -> Result<Self, String> {
        let text = |name: &str| {
            MAPPINGS
                .get_file(name)
                .and_then(|file| file.contents_utf8())
                .ok_or_else(|| format!("{name} is missing"))
        };
        let common = Common::parse(text("algemeen.toml")?)?;
        let no_records = NoRecords::parse_all(text("geen-records.toml")?)
            .map_err(|why| format!("geen-records.toml: {why}"))?;
        let lists = code_lists();
        let mut names: Vec<&str> = MAPPINGS
            .files()
            .filter_map(|file| file.path().to_str())
            .filter(|name| !NO_MAPPINGS.contains(name) && !name.ends_with("-feed.toml"))
            .collect();
        names.sort_unstable();
        let mut mappings = Vec::with_capacity(names.len());
        for name in names {
            let mapping = Mapping::parse(text(name)?, &common, &lists);
            mappings.push(mapping.map_err(|why| format!("{name}: {why}"))?);
        }
        Ok(Self {
            marks: Marks::of(&mappings, &no_records),
            common,
            mappings,
            no_records,
            lists,
        })
    }

    /// All mappings, by name.
    pub fn mappings(&self) -> &[Mapping] {
        &self.mappings
    }

    /// The mapping for the events of a change feed about a type, such as `address`.
    pub(in crate::ingest) fn of_event(&self, name: &str) -> Option<&Mapping> {
        let mut mappings = self.mappings.iter();
        mappings.find(|mapping| mapping.event.as_deref() == Some(name))
    }

    /// The mapping for the events of a change feed about a register.
    pub fn of_events_about(&self, register: &str) -> Option<&Mapping> {
        let mut mappings = self.mappings.iter();
        mappings.find(|mapping| mapping.event.is_some() && mapping.register == register)
    }

    /// The codes of a list.
    pub(in crate::ingest) fn codes_of(&self, list: &str) -> Option<&BTreeSet<String>> {
        self.lists.get(list)
    }

    /// The mapping for a record: by its identifier, and by the keys of the version. `None` for anything else, such as an
    /// envelope around records; see [`Self::document`].
    pub fn recognise(&self, record: &Value) -> Option<&Mapping> {
        self.mappings
            .iter()
            .find(|mapping| document::is_record(mapping, record))
    }

    /// Turns a record that was made of something else into statements that name that as their evidence.
    ///
    /// # Errors
    /// As [`Self::normalise`].
    pub(in crate::ingest) fn normalise_made(
        &self,
        mapping: &Mapping,
        record: &Value,
        options: &NormaliseOptions,
        evidence: String,
    ) -> Result<(Normalised, Vec<Quad>), NormaliseError> {
        walk::check_size(record, MAX_DEPTH)?;
        walk::walk(self, mapping, record, options, evidence)
    }

    /// Turns one record into statements. The sink gets them only when the whole record could be read, each once and in an
    /// order that depends on nothing but the record.
    ///
    /// # Errors
    /// When the record is of no known kind, too large, or held back.
    pub fn normalise(
        &self,
        record: &Value,
        options: &NormaliseOptions,
        sink: &mut dyn FnMut(Quad),
    ) -> Result<Normalised, NormaliseError> {
        walk::check_size(record, MAX_DEPTH)?;
        let mapping = self.recognise(record).ok_or(NormaliseError::Unrecognised)?;
        self.normalise_as(mapping, record, options, sink)
    }

    /// The same for a record whose mapping is known, such as a row of a table.
    ///
    /// # Errors
    /// When the record is too large, lacks what its subject is made of, or is held back.
    pub fn normalise_as(
        &self,
        mapping: &Mapping,
        record: &Value,
        options: &NormaliseOptions,
        sink: &mut dyn FnMut(Quad),
    ) -> Result<Normalised, NormaliseError> {
        walk::check_size(record, MAX_DEPTH)?;
        let digest = evidence_digest(&self.evidence(mapping, record));
        let (done, quads) = walk::walk(self, mapping, record, options, digest)?;
        for quad in quads {
            sink(quad);
        }
        Ok(done)
    }

    /// The canonical text of a record as it may be kept: without what its mapping leaves out for the sake of persons.
    pub fn evidence(&self, mapping: &Mapping, record: &Value) -> Vec<u8> {
        let mut public = None;
        if has_private(&mapping.body.tree) {
            let mut copy = record.clone();
            take_private(&mut copy, &mapping.body.tree);
            public = Some(copy);
        }
        canonical_record(public.as_ref().unwrap_or(record))
    }
}

/// Keys that must all stand in a document for it to be worth reading, a set for each kind.
struct Marks {
    /// Of records.
    records: Vec<Vec<String>>,
    /// Of documents that are known to hold none.
    nothing: Vec<Vec<String>>,
}

impl Marks {
    /// The last keys of the paths by which records and documents without records are known.
    fn of(mappings: &[Mapping], no_records: &[NoRecords]) -> Self {
        let last = |path: &Vec<String>| path.last().cloned();
        let records = mappings.iter().filter(|mapping| !mapping.keys.is_empty());
        let nothing = no_records.iter().map(|row| {
            let named = row.has.iter().chain(&row.template).filter_map(last);
            named.collect::<Vec<String>>()
        });
        Self {
            records: records
                .map(|mapping| mapping.keys.iter().filter_map(last).collect())
                .collect(),
            nothing: nothing.filter(|keys| !keys.is_empty()).collect(),
        }
    }
}

/// Whether a mapping leaves something out for the sake of persons.
fn has_private(tree: &Tree) -> bool {
    let is_private = tree.choices.iter().any(|choice| match &choice.rule {
        Rule::Omit { is_private, .. } => *is_private,
        Rule::Part(part) => has_private(&part.body.tree),
        _ => false,
    });
    is_private || tree.children.values().any(has_private)
}

/// Takes what is left out for the sake of persons out of a record.
fn take_private(value: &mut Value, tree: &Tree) {
    match value {
        Value::Array(members) => {
            for member in members {
                take_private(member, tree);
            }
        }
        Value::Object(members) => {
            for (key, below) in &tree.children {
                let is_private = below.choices.iter().any(
                    |choice| matches!(&choice.rule, Rule::Omit { is_private, .. } if *is_private),
                );
                if is_private {
                    members.shift_remove(key);
                    continue;
                }
                if let Some(member) = members.get_mut(key) {
                    take_private(member, below);
                    for choice in &below.choices {
                        if let Rule::Part(part) = &choice.rule {
                            take_private(member, &part.body.tree);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// The codes of the shipped code lists, read off the IRIs of their concepts.
fn code_lists() -> BTreeMap<String, BTreeSet<String>> {
    const START: &str = "<https://data.vlaanderen.be/id/concept/";
    let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let Some(folder) = VOCAB.get_dir("codelijst") else {
        return lists;
    };
    for file in folder.files() {
        for line in file.contents_utf8().unwrap_or("").lines() {
            let concept = line
                .strip_prefix(START)
                .and_then(|rest| rest.split_once("> a skos:Concept "))
                .and_then(|(path, _)| path.rsplit_once('/'));
            if let Some((list, code)) = concept {
                lists
                    .entry(list.to_owned())
                    .or_default()
                    .insert(code.to_owned());
            }
        }
    }
    lists
}

#[cfg(test)]
mod tests;
