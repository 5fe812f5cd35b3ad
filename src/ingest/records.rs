//! Records of the authentic sources on their way into a draft: found by their form, normalised, kept as evidence. A record by
//! itself is all that its source says of the object, and takes the place of what it said before; a member of a list is an
//! extract, and takes the place of what it speaks of.

use super::diagnostic::{Diagnostic, Location};
use super::format::{Compression, detect_format};
use super::input::Input;
use super::limits::Limits;
use super::load::{ItemRead, LoadItem, LoadPlan};
use super::normalise::{
    EachRecord, Mapping, NormaliseError, NormaliseOptions, Normalised, Normaliser, RepairReport,
    SourceRecords, keep_evidence, looks_like_records, records_of,
};
use super::parse::ParseStats;
use super::rows_kept::RowsKept;
use crate::rdf::format::Format;
use crate::rdf::label::Text;
use crate::rdf::vocab::prov;
use crate::store::{Draft, Id, QuadIds};
use oxrdf::{GraphName, NamedNode, NamedNodeRef, Quad};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// End of the name of the graph with derived statements.
pub(super) const DERIVED: &str = "/afgeleid";

/// Records of a source that is known here.
pub(super) struct Records {
    records: SourceRecords<'static>,
    compression: Compression,
}

/// Why an input was not staged.
enum Stop {
    Io(io::Error),
    Found(Box<Diagnostic>),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Whether a file that is no RDF by its name looks like records of a source that is known here.
pub(super) fn looks_known(input: &Input) -> bool {
    may_be_records(input.name()) && looks_like_records(Normaliser::shipped(), input)
}

/// Whether the name allows for records: JSON, XML, a table, or a name that tells nothing.
fn may_be_records(name: &str) -> bool {
    match detect_format(name, None) {
        Ok((format, _)) => matches!(format, Format::JsonLd | Format::RdfXml),
        Err(_) => true,
    }
}

impl Records {
    /// The records of an input, when it is of a source that is known here.
    pub(super) fn of(item: &LoadItem, limits: &Limits) -> Option<Self> {
        let may_be = match item.format {
            Some(format) => matches!(format, Format::JsonLd | Format::RdfXml),
            None => may_be_records(item.input.name()),
        };
        if !may_be {
            return None;
        }
        // What goes wrong here goes wrong again, with a place, when the input is read as RDF.
        let records = records_of(Normaliser::shipped(), &item.input, limits).ok()?;
        let compression = match item.input.open() {
            Ok(content) if content.compressed => Compression::Gzip,
            _ => Compression::None,
        };
        Some(Self {
            records,
            compression,
        })
    }

    /// Digest of the bytes.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.records.sha256()
    }

    /// The graphs that the records go to.
    pub(super) fn graphs(&self, base: &str, item: &LoadItem) -> BTreeSet<NamedNode> {
        let mut graphs = BTreeSet::new();
        for register in self.records.registers(Normaliser::shipped()) {
            let graph = match &item.graph {
                Some(graph) => graph.as_str().to_owned(),
                None => format!("{base}/graph/{register}"),
            };
            graphs.insert(NamedNode::new_unchecked(format!("{graph}{DERIVED}")));
            graphs.insert(NamedNode::new_unchecked(graph));
        }
        graphs
    }

    /// Puts what the records say into a draft, one after the other.
    ///
    /// # Errors
    /// When a record needs a repair and none is allowed, when no record at all could be read, when a table breaks off, or when
    /// the evidence cannot be kept.
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
        if let Some(repair) = self.records.repair().filter(|_| plan.strict) {
            let error = NormaliseError::Strict(repair.clone());
            return Err(refused(&error, place()));
        }
        let folder = plan.evidence.as_deref().filter(|_| !plan.dry_run);
        let unkept = |error: io::Error| not_kept(&error, place());
        let mut rows = match (&self.records, folder) {
            (SourceRecords::Table(_), Some(folder)) => {
                Some(RowsKept::new(folder, &self.sha256()).map_err(unkept)?)
            }
            _ => None,
        };
        let mut report = RepairReport::default();
        let mut first_error = None;
        let staged = self
            .records
            .each::<Stop>(normaliser, name, &options, &mut report, &mut |each| {
                let (mapping, record, is_extract, done, mut quads) = match each {
                    EachRecord::Done {
                        mapping,
                        record,
                        is_extract,
                        done,
                        quads,
                    } => (mapping, record, is_extract, done, quads),
                    EachRecord::Failed(error) => {
                        let is_final = matches!(&error, NormaliseError::Quarantined(repair) if repair.code == "N102");
                        if is_final || matches!(error, NormaliseError::Strict(_)) {
                            return Err(Stop::Found(Box::new(refused(&error, place()))));
                        }
                        first_error.get_or_insert(error);
                        return Ok(());
                    }
                };
                for quad in &mut quads {
                    let graph = std::mem::take(&mut quad.graph_name);
                    quad.graph_name = graph_of(graph, item.graph.as_ref());
                }
                match (folder, &mut rows) {
                    (Some(_), Some(rows)) => {
                        rows.keep(&done.evidence, &normaliser.evidence(mapping, record))?;
                    }
                    (Some(folder), None) => {
                        let text = normaliser.evidence(mapping, record);
                        keep_evidence(folder, &done.evidence, &text)?;
                    }
                    (None, _) => {}
                }
                if mapping.has_several() {
                    for quad in &quads {
                        draft.add_quad(quad.as_ref());
                    }
                } else {
                    let object = Object {
                        mapping,
                        done: &done,
                        is_extract,
                    };
                    replace(draft, &object, &quads);
                }
                Ok(())
            });
        match staged {
            Ok(()) => {}
            Err(Stop::Found(found)) => return Err(*found),
            Err(Stop::Io(error)) => return Err(unkept(error)),
        }
        if let Some(error) = first_error.filter(|_| report.records == 0) {
            return Err(refused(&error, place()));
        }
        if let Some(rows) = rows {
            rows.finish().map_err(unkept)?;
        }
        let stats = ParseStats {
            format: Format::JsonLd,
            compression: self.compression,
            quads: report.quads,
            blank_nodes: 0,
            content_bytes: self.records.content_bytes(),
            content_sha256: self.sha256(),
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
    done: &'a Normalised,
    /// Whether the record holds only some of what its source says of the object.
    is_extract: bool,
}

/// Nodes of one object that are looked through for what its source said before.
const MAX_NODES: usize = 10_000;

/// Adds the statements of a record, and takes out what the same source said of the object and its nodes before: all of it, or
/// of an extract what it says anew. Names in a language that an extract holds one of take the place of one such name; classes
/// stay, and so does what other records say of the object.
fn replace(draft: &mut Draft<'_>, object: &Object<'_>, quads: &[Quad]) {
    let mut said: BTreeMap<(Id, Id, Id), BTreeSet<Id>> = BTreeMap::new();
    let mut graphs = BTreeSet::new();
    for quad in quads {
        let ids = draft.intern_quad(quad.as_ref());
        graphs.insert(ids.g);
        said.entry((ids.s, ids.p, ids.g)).or_default().insert(ids.o);
        draft.add(ids);
    }
    let subject = draft.intern(NamedNodeRef::new_unchecked(object.done.subject.as_str()).into());
    let own = nodes_of(draft, subject, &format!("<{}/", object.done.nodes), &graphs);
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

/// The object and the nodes of it that statements of some graphs lead to.
fn nodes_of(draft: &Draft<'_>, subject: Id, start: &str, graphs: &BTreeSet<Id>) -> Vec<Id> {
    let view = draft.base().whole();
    let mut own = vec![subject];
    let mut known = BTreeSet::from([subject]);
    let mut next = 0;
    while let Some(s) = own.get(next).copied() {
        next += 1;
        for g in graphs {
            for quad in view.quads(Some(s), None, None, Some(*g)) {
                let is_node = own.len() < MAX_NODES
                    && !known.contains(&quad.o)
                    && view.text(quad.o).starts_with(start);
                if is_node {
                    known.insert(quad.o);
                    own.push(quad.o);
                }
            }
        }
    }
    own
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
