//! Records of the authentic sources on their way into a draft: found by their form, normalised, kept as evidence. A record by
//! itself is all that its source says of the object, and takes the place of what it said before; a member of a list is an
//! extract, and takes the place of what it speaks of.

use super::diagnostic::{Diagnostic, Location};
use super::feed::{Account, NotApplied, apply, events_of, mappings_of};
use super::format::{Compression, detect_format};
use super::input::Input;
use super::limits::Limits;
use super::load::{ItemRead, LoadItem, LoadMode, LoadPlan};
use super::normalise::{
    EachRecord, Mapping, NormaliseError, NormaliseOptions, Normalised, Normaliser, RepairReport,
    SourceRecords, keep_evidence, looks_like_records, records_of,
};
use super::parse::ParseStats;
use super::rows_kept::RowsKept;
use crate::rdf::format::Format;
use crate::rdf::label::Text;
use crate::rdf::vocab::{generiek, prov};
use crate::registry::{DERIVED, Moment, Objects};
use crate::store::{Draft, Id, QuadIds};
use oxrdf::{GraphName, NamedNode, Quad, Term};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io;

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

    /// The events, when the document is a batch of a change feed.
    fn events(&self) -> Option<Vec<&Value>> {
        match &self.records {
            SourceRecords::Document(file) => events_of(&file.value),
            SourceRecords::Table(_) => None,
        }
    }

    /// The graphs that the records go to.
    pub(super) fn graphs(&self, base: &str, item: &LoadItem) -> BTreeSet<NamedNode> {
        let mut graphs = BTreeSet::new();
        if self.events().is_some() {
            // A feed tells changes: nothing that it does not speak of goes.
            return graphs;
        }
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

    /// The mappings that the records are read by.
    pub(super) fn mappings(&self) -> BTreeSet<String> {
        match self.events() {
            Some(events) => mappings_of(&events),
            None => self.records.mappings(Normaliser::shipped()),
        }
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
        objects: &mut StagedObjects,
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
        if let Some(repair) = self.records.repair().filter(|_| plan.strict) {
            let error = NormaliseError::Strict(repair.clone());
            return Err(refused(&error, place()));
        }
        if let Some(events) = self.events() {
            if let Some(repair) = self.records.repair() {
                report.note(name, repair);
            }
            self.apply(draft, &events, (base, item, plan), objects, &mut report)?;
            return Ok(self.done(report));
        }
        let folder = plan.evidence.as_deref().filter(|_| !plan.dry_run);
        let unkept = |error: io::Error| not_kept(&error, place());
        let is_table = matches!(self.records, SourceRecords::Table(_));
        let mut rows = match folder.filter(|_| is_table) {
            Some(folder) => Some(RowsKept::new(folder, &self.sha256()).map_err(unkept)?),
            None => None,
        };
        let mut first_error = None;
        let mut each = |each: EachRecord<'_>| -> Result<(), Stop> {
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
            let graph = match &item.graph {
                Some(graph) => graph.as_str().to_owned(),
                None => format!("{base}/graph/{}", mapping.register),
            };
            let staged = StagedRecord {
                mapping,
                done: &done,
                is_extract,
                is_row: is_table,
                is_whole: plan.mode == LoadMode::Replace,
            };
            let objects = objects.of(draft, base, &graph);
            replace(draft, objects, &staged, &quads);
            Ok(())
        };
        let staged = self
            .records
            .each(normaliser, name, &options, &mut report, &mut each);
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
        Ok(self.done(report))
    }

    fn done(&self, report: RepairReport) -> ItemRead {
        let stats = ParseStats {
            format: Format::JsonLd,
            compression: self.compression,
            quads: report.quads,
            blank_nodes: 0,
            content_bytes: self.records.content_bytes(),
            content_sha256: self.sha256(),
            own_contexts: Vec::new(),
            warnings: Vec::new(),
        };
        ItemRead {
            stats,
            repairs: Some(report),
        }
    }

    fn apply(
        &self,
        draft: &mut Draft<'_>,
        events: &[&Value],
        (base, item, plan): (&str, &LoadItem, &LoadPlan),
        objects: &mut StagedObjects,
        report: &mut RepairReport,
    ) -> Result<(), Diagnostic> {
        let account = Account {
            base,
            graph: item.graph.as_ref(),
            source: item.input.name(),
            strict: plan.strict,
            evidence: plan.evidence.as_deref().filter(|_| !plan.dry_run),
        };
        let place = || Location {
            file: item.input.name().to_owned(),
            ..Location::default()
        };
        objects.has_events = true;
        match apply(draft, objects, events, &account, report) {
            Ok(_) => Ok(()),
            Err(NotApplied::Strict(error)) => Err(refused(&error, place())),
            Err(NotApplied::Evidence(error)) => Err(not_kept(&error, place())),
        }
    }
}

/// The graph of a statement, when the caller named one for the register's.
pub(super) fn graph_of(own: GraphName, given: Option<&NamedNode>) -> GraphName {
    match (own, given) {
        (GraphName::NamedNode(own), Some(given)) if own.as_str().ends_with(DERIVED) => {
            NamedNode::new_unchecked(format!("{}{DERIVED}", given.as_str())).into()
        }
        (_, Some(given)) => given.clone().into(),
        (own, None) => own,
    }
}

/// Adds the statements of a record, and takes out what the same source said of the object and its nodes before: all of it, or
/// of an extract what it says anew. Names in a language that an extract holds one of take the place of one such name; classes
/// stay, and so does what other records say of the object. What an older version says is kept as what was, and changes
/// nothing of what is.
fn replace(
    draft: &mut Draft<'_>,
    objects: &mut Objects,
    record: &StagedRecord<'_>,
    quads: &[Quad],
) {
    let said: BTreeSet<QuadIds> = quads
        .iter()
        .map(|quad| draft.intern_quad(quad.as_ref()))
        .collect();
    let moment = quads.iter().find_map(|quad| match &quad.object {
        Term::Literal(value) if quad.predicate.as_str() == generiek::VERSIE_IDENTIFICATOR => {
            Moment::parse(value.value())
        }
        _ => None,
    });
    let mapping = record.mapping;
    let (subject, nodes) = (record.done.subject.as_str(), record.done.nodes.as_str());
    let object = objects.open(draft, subject, nodes, mapping.inverse());
    if record.is_row && record.is_whole && object.is_first {
        // Rows of the same object add to each other; what none of them says goes.
        object.now.clear();
        object.is_first = false;
    }
    if let (Some(moment), Some(since)) = (&moment, object.since())
        && moment.at() < since.at()
    {
        if !record.is_extract {
            let said: Vec<QuadIds> = said.into_iter().collect();
            object.was(draft, moment, &said);
        }
        return;
    }
    let is_added_to = mapping.has_several() || (record.is_row && record.is_whole);
    let goes = |quad: &QuadIds| {
        if said.contains(quad) || is_added_to {
            return false;
        }
        let mut predicate = text_of(draft, quad.p);
        predicate.retain(|c| !"<>".contains(c));
        if !mapping.states(&predicate) {
            return record.is_whole;
        }
        if !record.is_extract {
            return true;
        }
        if predicate == prov::WAS_DERIVED_FROM {
            return false;
        }
        let same = |other: &&QuadIds| (other.s, other.p, other.g) == (quad.s, quad.p, quad.g);
        let language = language_of(&text_of(draft, quad.o));
        let mut anew = said.iter().filter(same).peekable();
        if language.is_none() || anew.peek().is_none() {
            return anew.peek().is_some();
        }
        let alike = |other: &&QuadIds| language_of(&text_of(draft, other.o)) == language;
        object.now.iter().filter(same).filter(alike).count() == 1 && anew.filter(alike).count() == 1
    };
    let mut now: BTreeSet<QuadIds> = object
        .now
        .iter()
        .filter(|quad| !goes(quad))
        .copied()
        .collect();
    now.extend(said);
    if now != object.now {
        if let Some(moment) = &moment {
            object.changes_at(draft, moment);
        }
        object.now = now;
    }
}

/// A record on its way in.
struct StagedRecord<'a> {
    mapping: &'a Mapping,
    done: &'a Normalised,
    /// Whether it is a row of a table.
    is_row: bool,
    /// Whether the record holds only some of what its source says of the object.
    is_extract: bool,
    /// Whether nothing else is to be said of the object.
    is_whole: bool,
}

/// Objects that records of one commit are about, by graph.
#[derive(Default)]
pub(super) struct StagedObjects {
    by_graph: BTreeMap<String, Objects>,
    /// Changes were applied, which say nothing of the other objects.
    pub(super) has_events: bool,
    /// Graphs that were emptied for inputs that are no records; those with derived statements too.
    pub(super) emptied: BTreeSet<String>,
}

/// Objects of one graph that are held open at a time.
const MAX_OPEN: usize = 20_000;

impl StagedObjects {
    /// Those of one graph.
    pub(super) fn of(&mut self, draft: &mut Draft<'_>, base: &str, graph: &str) -> &mut Objects {
        if !self.by_graph.contains_key(graph) {
            let objects = if self.emptied.contains(graph) {
                Objects::in_emptied(draft, base, graph)
            } else {
                Objects::new(draft, base, graph)
            };
            self.by_graph.insert(graph.to_owned(), objects);
        }
        let objects = self.by_graph.get_mut(graph).expect("it is there");
        if objects.len() >= MAX_OPEN {
            objects.flush(draft);
        }
        objects
    }

    /// Writes what is open; with `is_whole`, what nothing was read about goes.
    pub(super) fn finish(mut self, draft: &mut Draft<'_>, is_whole: bool) {
        let is_whole = is_whole && !self.has_events;
        let now = jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string();
        for objects in self.by_graph.values_mut() {
            objects.flush(draft);
            if let (true, Some(now)) = (is_whole, Moment::parse(&now)) {
                objects.keep_only_opened(draft, &now);
            }
        }
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

pub(super) fn refused(error: &NormaliseError, place: Location) -> Diagnostic {
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
