//! Records of the authentic sources on their way into a draft: found by their form, normalised, kept as evidence. What a
//! record says of a property takes the place of what was said of it before; what it does not speak of stays.

use super::diagnostic::{Diagnostic, Location};
use super::format::{Compression, detect_format};
use super::limits::Limits;
use super::load::{ItemRead, LoadItem, LoadPlan};
use super::normalise::{
    Document, NormaliseError, NormaliseOptions, Normaliser, RecordsFile, RepairReport,
    canonical_record, keep_evidence, read_records,
};
use super::parse::ParseStats;
use crate::rdf::format::Format;
use crate::rdf::label::Text;
use crate::rdf::vocab::rdf;
use crate::store::{Draft, Id};
use oxrdf::{GraphName, NamedNode, NamedOrBlankNode, Quad};
use std::collections::{BTreeMap, BTreeSet};

/// End of the name of the graph with derived statements.
const DERIVED: &str = "/afgeleid";

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
            replace(draft, done.subject.as_str(), base, &quads);
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

/// Adds the statements of a record. Of the object and its nodes, other values of the same property in the same graph go;
/// classes stay.
fn replace(draft: &mut Draft<'_>, subject: &str, base: &str, quads: &[Quad]) {
    let nodes = subject
        .strip_prefix("https://data.vlaanderen.be/id/")
        .map(|own| format!("{base}/.well-known/genid/{own}/"));
    let mut said: BTreeMap<(Id, Id, Id), BTreeSet<Id>> = BTreeMap::new();
    for quad in quads {
        let ids = draft.intern_quad(quad.as_ref());
        let is_own = match &quad.subject {
            NamedOrBlankNode::NamedNode(node) => {
                node.as_str() == subject
                    || nodes
                        .as_deref()
                        .is_some_and(|nodes| node.as_str().starts_with(nodes))
            }
            NamedOrBlankNode::BlankNode(_) => false,
        };
        if is_own && quad.predicate.as_str() != rdf::TYPE {
            said.entry((ids.s, ids.p, ids.g)).or_default().insert(ids.o);
        }
        draft.add(ids);
    }
    let view = draft.base().whole();
    let mut gone = Vec::new();
    for ((s, p, g), values) in &said {
        let known = view.quads(Some(*s), Some(*p), None, Some(*g));
        gone.extend(known.filter(|quad| !values.contains(&quad.o)));
    }
    for quad in gone {
        draft.remove(quad);
    }
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
