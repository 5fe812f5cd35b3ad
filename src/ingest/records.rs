//! Records of the authentic sources on their way into a draft: found by their form, normalised, kept as evidence. A record by
//! itself is all that its source says of the object, and takes the place of what it said before; a member of a list is an
//! extract, and takes the place of what it speaks of.

use super::diagnostic::{Diagnostic, Location};
use super::format::{Compression, detect_format};
use super::limits::Limits;
use super::load::{ItemRead, LoadItem, LoadPlan};
use super::normalise::{
    Document, Mapping, NormaliseError, NormaliseOptions, Normaliser, RecordsFile, RepairReport,
    canonical_record, keep_evidence, read_records,
};
use super::parse::ParseStats;
use crate::rdf::format::Format;
use crate::rdf::label::Text;
use crate::rdf::vocab::prov;
use crate::store::{Draft, Id, QuadIds};
use oxrdf::{GraphName, NamedNode, NamedNodeRef, Quad};
use std::collections::{BTreeMap, BTreeSet};

/// End of the name of the graph with derived statements.
pub(super) const DERIVED: &str = crate::registry::DERIVED_SUFFIX;

/// A document of records.
pub(super) struct Records {
    file: RecordsFile,
    compression: Compression,
}

impl Records {
    /// The records of an input, when it is JSON of a source that is known here.
    pub(super) fn of(item: &LoadItem, limits: &Limits) -> Option<Self> {
        let (format, compression) = detect_format(item.input.name(), item.format).ok()?;
        if format != Format::JsonLd {
            return None;
        }
        // What goes wrong here goes wrong again, with a place, when the input is read as JSON-LD.
        let file = read_records(Normaliser::shipped(), &item.input, limits).ok()?;
        Some(Self { file, compression })
    }

    /// Digest of the bytes.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.file.sha256
    }

    fn members(&self) -> Option<Document<'_>> {
        Normaliser::shipped().document(&self.file.value)
    }

    /// The graphs that the records go to.
    pub(super) fn graphs(&self, base: &str, item: &LoadItem) -> BTreeSet<NamedNode> {
        let mut graphs = BTreeSet::new();
        for (_, record) in self.members().into_iter().flat_map(|found| found.records) {
            if let Some(mapping) = Normaliser::shipped().recognise(record) {
                let graph = match &item.graph {
                    Some(graph) => graph.as_str().to_owned(),
                    None => format!("{base}/graph/{}", mapping.register),
                };
                graphs.insert(NamedNode::new_unchecked(format!("{graph}{DERIVED}")));
                graphs.insert(NamedNode::new_unchecked(graph));
            }
        }
        graphs
    }

    /// The mappings that the records are read by.
    pub(super) fn mappings(&self) -> BTreeSet<String> {
        let records = self.members().into_iter().flat_map(|found| found.records);
        let mappings = records.filter_map(|(_, record)| Normaliser::shipped().recognise(record));
        mappings.map(Mapping::name).collect()
    }

    /// Puts what the records say into a draft.
    ///
    /// # Errors
    /// When a record needs a repair and none is allowed, when no record at all could be read, or when the evidence cannot
    /// be kept.
    pub(super) fn stage(
        &self,
        draft: &mut Draft<'_>,
        base: &str,
        item: &LoadItem,
        plan: &LoadPlan,
    ) -> Result<ItemRead, Diagnostic> {
        let name = item.input.name();
        let place = || Location {
            file: name.to_owned(),
            ..Location::default()
        };
        let normaliser = Normaliser::shipped();
        let options = NormaliseOptions {
            strict: plan.strict,
            ..NormaliseOptions::new(base, name)
        };
        let mut report = RepairReport::default();
        if let Some(repair) = &self.file.repair {
            if plan.strict {
                let error = NormaliseError::Strict(repair.clone());
                return Err(refused(&error, place()));
            }
            report.note(name, repair);
        }
        let mut first_error = None;
        let document = self.members();
        if let Some(document) = &document {
            report.add_document(document, name);
        }
        for (path, record) in document.into_iter().flat_map(|found| found.records) {
            let mut quads = Vec::new();
            let done = normaliser.normalise(record, &options, &mut |mut quad| {
                quad.graph_name = graph_of(quad.graph_name, item.graph.as_ref());
                quads.push(quad);
            });
            let done = match done {
                Ok(done) => done,
                Err(error @ NormaliseError::Strict(_)) => return Err(refused(&error, place())),
                Err(error) => {
                    report.refuse(format!("{name} {path}"), error.message());
                    first_error.get_or_insert(error);
                    continue;
                }
            };
            if let Some(folder) = plan.evidence.as_deref().filter(|_| !plan.dry_run) {
                let text = canonical_record(record);
                keep_evidence(folder, &done.evidence, &text)
                    .map_err(|error| not_kept(&error, place()))?;
            }
            if let Some(mapping) = normaliser.recognise(record) {
                let object = Object {
                    mapping,
                    subject: done.subject.as_str(),
                    is_extract: path.contains('['),
                };
                replace(draft, &object, base, &quads);
            }
            report.add(&done, quads.len() as u64);
        }
        if let Some(error) = first_error.filter(|_| report.records == 0) {
            return Err(refused(&error, place()));
        }
        let stats = ParseStats {
            format: Format::JsonLd,
            compression: self.compression,
            quads: report.quads,
            blank_nodes: 0,
            content_bytes: self.file.content_bytes,
            content_sha256: self.file.sha256,
            warnings: Vec::new(),
        };
        Ok(ItemRead {
            stats,
            repairs: Some(report),
        })
    }
}

/// The graph of a statement, when the caller named one for the register's.
fn graph_of(own: GraphName, given: Option<&NamedNode>) -> GraphName {
    match (own, given) {
        (GraphName::NamedNode(own), Some(given)) if own.as_str().ends_with(DERIVED) => {
            NamedNode::new_unchecked(format!("{}{DERIVED}", given.as_str())).into()
        }
        (_, Some(given)) => given.clone().into(),
        (own, None) => own,
    }
}

/// The object of a record.
struct Object<'a> {
    mapping: &'a Mapping,
    subject: &'a str,
    /// Whether the record holds only some of what its source says of the object.
    is_extract: bool,
}

/// Adds the statements of a record, and takes out what the same source said of the object and its nodes before: all of it, or
/// of an extract what it says anew. Names in a language that an extract holds one of take the place of one such name; classes
/// stay, and so does what other records say of the object.
fn replace(draft: &mut Draft<'_>, object: &Object<'_>, base: &str, quads: &[Quad]) {
    let mut said: BTreeMap<(Id, Id, Id), BTreeSet<Id>> = BTreeMap::new();
    let mut graphs = BTreeSet::new();
    for quad in quads {
        let ids = draft.intern_quad(quad.as_ref());
        graphs.insert(ids.g);
        said.entry((ids.s, ids.p, ids.g)).or_default().insert(ids.o);
        draft.add(ids);
    }
    let mut own = vec![object.subject.to_owned()];
    if let Some(path) = object
        .subject
        .strip_prefix("https://data.vlaanderen.be/id/")
    {
        let roles = object.mapping.roles();
        own.extend(roles.map(|role| format!("{base}/.well-known/genid/{path}/{role}")));
    }
    let own: Vec<Id> = own
        .iter()
        .map(|iri| draft.intern(NamedNodeRef::new_unchecked(iri).into()))
        .collect();
    let view = draft.base().whole();
    let mut gone = Vec::new();
    for s in own {
        for g in &graphs {
            let known: Vec<QuadIds> = view.quads(Some(s), None, None, Some(*g)).collect();
            for quad in &known {
                let values = said.get(&(quad.s, quad.p, quad.g));
                let is_said = values.is_some_and(|values| values.contains(&quad.o));
                let predicate = view.text(quad.p);
                let predicate = predicate.trim_start_matches('<').trim_end_matches('>');
                if is_said || !object.mapping.states(predicate) {
                    continue;
                }
                let goes = !object.is_extract
                    || values.is_some_and(|values| {
                        predicate != prov::WAS_DERIVED_FROM
                            && match language_of(&text_of(draft, quad.o)) {
                                None => true,
                                Some(language) => {
                                    let alike = |id: Id| {
                                        language_of(&text_of(draft, id)).as_ref() == Some(&language)
                                    };
                                    let same =
                                        |other: &&QuadIds| other.p == quad.p && alike(other.o);
                                    known.iter().filter(same).count() == 1
                                        && values.iter().filter(|id| alike(**id)).count() == 1
                                }
                            }
                    });
                if goes {
                    gone.push(*quad);
                }
            }
        }
    }
    for quad in gone {
        draft.remove(quad);
    }
}

fn text_of(draft: &Draft<'_>, id: Id) -> String {
    let mut text = Vec::new();
    draft.write_text(id, &mut text);
    String::from_utf8_lossy(&text).into_owned()
}

/// The language of a literal, by its text.
fn language_of(text: &str) -> Option<String> {
    let (_, tail) = text.rsplit_once('"')?;
    tail.strip_prefix('@').map(ToOwned::to_owned)
}

fn refused(error: &NormaliseError, place: Location) -> Diagnostic {
    let code = match error {
        NormaliseError::Strict(repair) | NormaliseError::Quarantined(repair) => repair.code,
        NormaliseError::TooDeep { .. } | NormaliseError::TooLarge { .. } => "P020",
        NormaliseError::Unrecognised => "N090",
    };
    Diagnostic::error(code, error.message(), place).with_hint(Text::new(
        format!("`oslo explain {code}` legt de code uit."),
        format!("`oslo explain {code}` explains the code."),
    ))
}

fn not_kept(error: &std::io::Error, place: Location) -> Diagnostic {
    Diagnostic::error(
        "P004",
        Text::new(
            "Het bronrecord kan niet als bewijs bewaard worden.",
            "The source record cannot be kept as evidence.",
        ),
        place,
    )
    .with_hint(Text::new(
        "Kijk de rechten en de vrije ruimte van de datamap na.",
        "Check the rights and free space of the data folder.",
    ))
    .with_detail(error.to_string())
}
