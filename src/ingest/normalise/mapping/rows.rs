//! Mappings as written: the rows of their TOML files, name by name. What they mean is in the module above.

use serde::Deserialize;
use std::collections::BTreeMap;

/// What all mappings share, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommonFile {
    pub(super) prefixes: BTreeMap<String, String>,
    pub(super) misspelt: BTreeMap<String, String>,
    pub(super) omit: Vec<OmitRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OmitRow {
    pub(super) key: String,
    pub(super) nl: String,
    pub(super) en: String,
}

/// Documents that hold no records, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoRecordsFile {
    pub(super) document: Vec<NoRecordsRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoRecordsRow {
    #[serde(default)]
    pub(super) has: Vec<String>,
    #[serde(default)]
    pub(super) lacks: Vec<String>,
    #[serde(default)]
    pub(super) only: Vec<String>,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    pub(super) template: Option<String>,
    pub(super) nl: String,
    pub(super) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MappingFile {
    pub(super) source: String,
    pub(super) version: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) name: Option<String>,
    pub(super) register: String,
    pub(super) licence: String,
    #[serde(default)]
    pub(super) types: Vec<String>,
    #[serde(default)]
    pub(super) contexts: Vec<String>,
    #[serde(default)]
    pub(super) lists: Vec<String>,
    pub(super) subject: String,
    pub(super) marker: Option<String>,
    /// Name of the type in the events of a change feed.
    pub(super) event: Option<String>,
    #[serde(default)]
    pub(super) columns: Vec<String>,
    #[serde(default)]
    pub(super) keys: Vec<String>,
    #[serde(default)]
    pub(super) lacks: Vec<String>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(super) around: Vec<OmitRow>,
    pub(super) quote: Option<char>,
    #[serde(default)]
    pub(super) several: bool,
    #[serde(default)]
    pub(super) class: Vec<String>,
    #[serde(default)]
    pub(super) skip: Vec<SkipRow>,
    #[serde(default)]
    pub(super) say: Vec<SayRow>,
    #[serde(default)]
    pub(super) node: Vec<NodeRow>,
    #[serde(default)]
    pub(super) field: Vec<FieldRow>,
    #[serde(default)]
    pub(super) part: Vec<PartRow>,
}

/// What an object or a part of it is and says.
pub(super) struct BodyRow {
    pub(super) class: Vec<String>,
    pub(super) skip: Vec<SkipRow>,
    pub(super) say: Vec<SayRow>,
    pub(super) node: Vec<NodeRow>,
    pub(super) field: Vec<FieldRow>,
    pub(super) part: Vec<PartRow>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WhenRow {
    pub(super) path: String,
    #[serde(default)]
    pub(super) is: Vec<String>,
    #[serde(default)]
    pub(super) not: Vec<String>,
    pub(super) has: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SkipRow {
    pub(super) when: Vec<WhenRow>,
    pub(super) nl: String,
    pub(super) en: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartRow {
    pub(super) path: String,
    pub(super) role: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) predicate: Option<String>,
    #[serde(default)]
    pub(super) links: Vec<LinkRow>,
    pub(super) back: Option<String>,
    pub(super) on: Option<String>,
    #[serde(default)]
    pub(super) derived: bool,
    #[serde(default)]
    pub(super) when: Vec<WhenRow>,
    #[serde(default)]
    pub(super) class: Vec<String>,
    #[serde(default)]
    pub(super) skip: Vec<SkipRow>,
    #[serde(default)]
    pub(super) say: Vec<SayRow>,
    #[serde(default)]
    pub(super) node: Vec<NodeRow>,
    #[serde(default)]
    pub(super) field: Vec<FieldRow>,
    #[serde(default)]
    pub(super) part: Vec<PartRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NodeRow {
    pub(super) role: String,
    pub(super) parent: Option<String>,
    pub(super) predicate: Option<String>,
    pub(super) back: Option<String>,
    #[serde(default)]
    pub(super) link: Vec<LinkRow>,
    #[serde(default)]
    pub(super) class: Vec<String>,
    #[serde(default)]
    pub(super) derived: bool,
    #[serde(default)]
    pub(super) say: Vec<SayRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LinkRow {
    pub(super) predicate: String,
    pub(super) from: Option<String>,
    #[serde(default)]
    pub(super) when: Vec<WhenRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SayRow {
    pub(super) predicate: String,
    pub(super) boolean: Option<bool>,
    pub(super) iri: Option<String>,
    pub(super) text: Option<String>,
    pub(super) template: Option<String>,
    #[serde(default)]
    pub(super) derived: bool,
    #[serde(default)]
    pub(super) when: Vec<WhenRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FieldRow {
    pub(super) path: String,
    /// Earlier names of an attribute of a change feed.
    #[serde(default)]
    pub(super) was: Vec<String>,
    #[serde(rename = "as")]
    pub(super) kind: String,
    pub(super) predicate: Option<String>,
    pub(super) on: Option<String>,
    #[serde(default)]
    pub(super) derived: bool,
    #[serde(default)]
    pub(super) inverse: bool,
    #[serde(default)]
    pub(super) plain: bool,
    #[serde(default)]
    pub(super) when: Vec<WhenRow>,
    pub(super) to: Option<String>,
    pub(super) template: Option<String>,
    #[serde(default)]
    pub(super) map: BTreeMap<String, String>,
    pub(super) datatype: Option<String>,
    pub(super) tag: Option<String>,
    #[serde(default)]
    pub(super) tags: BTreeMap<String, String>,
    pub(super) lang: Option<String>,
    pub(super) y: Option<String>,
    pub(super) crs: Option<String>,
    pub(super) role: Option<String>,
    pub(super) list: Option<String>,
    pub(super) shape: Option<String>,
    /// What a change feed calls the type of a geometry.
    pub(super) called: Option<String>,
    pub(super) format: Option<String>,
    pub(super) namespace: Option<String>,
    pub(super) local: Option<String>,
    pub(super) number: Option<String>,
    pub(super) iri: Option<String>,
    pub(super) local_predicate: Option<String>,
    pub(super) nl: Option<String>,
    pub(super) en: Option<String>,
    #[serde(default)]
    pub(super) also: Vec<AlsoRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlsoRow {
    pub(super) predicate: String,
    pub(super) on: Option<String>,
    #[serde(default)]
    pub(super) derived: bool,
}
