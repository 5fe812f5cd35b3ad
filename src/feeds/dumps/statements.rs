//! The statements of items as N-Quads and TriG: those of their documents, with the graphs they stand in. Of an item the
//! subjects come in the order of its document, their statements in the order of their texts.
//!
//! Each statement comes once. What several show nested, and what hangs below that, is written with the first that shows it; an
//! item that another shows nested is written at its own place, and so is what hangs below it alone.

use super::manifest::DumpFile;
use super::pack::Packed;
use super::{DumpError, failed};
use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::store::{Id, Pace, View};
use crate::views::Outline;
use crate::views::quads::{Row, TrigWriter, row};
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::Write as _;
use std::path::Path;

/// Where a resource of a document is written.
#[derive(Clone, Copy)]
enum Place {
    /// With the item whose document it is.
    Here,
    /// With an item that this one shows nested.
    WithItem,
    /// With the first item that shows it.
    First,
}

/// The RDF files of a dump while they are written.
pub(super) struct Statements<'a> {
    view: &'a View,
    /// `rdf:type` and the class of the items.
    membership: Option<(Id, Id)>,
    nquads: Option<Packed>,
    trig: Option<TrigWriter<Packed>>,
    /// What is nested in several items and was written.
    shared: FxHashSet<Id>,
    count: u64,
    dir: &'a Path,
}

impl<'a> Statements<'a> {
    pub(super) fn new(
        view: &'a View,
        register: &Register,
        nquads: Option<Packed>,
        trig: Option<Packed>,
        dir: &'a Path,
    ) -> Self {
        let membership = view
            .id_of_iri(rdf::TYPE)
            .zip(view.id_of_iri(&register.class));
        Self {
            view,
            membership,
            nquads,
            trig: trig.map(TrigWriter::new),
            shared: FxHashSet::default(),
            count: 0,
            dir,
        }
    }

    /// Whether any RDF is written.
    pub(super) fn is_wanted(&self) -> bool {
        self.nquads.is_some() || self.trig.is_some()
    }

    /// Writes the statements of an item.
    pub(super) fn item(
        &mut self,
        item: Id,
        outline: &Outline,
        pace: &Pace,
    ) -> Result<(), DumpError> {
        let mut rows: Vec<(usize, Row)> = Vec::with_capacity(outline.triple_count);
        let mut places: FxHashMap<Id, Place> = FxHashMap::default();
        for (at, subject) in outline.subjects().iter().enumerate() {
            let place = if *subject == item {
                Place::Here
            } else {
                self.place(*subject, &places)
            };
            places.insert(*subject, place);
            let is_written = match place {
                Place::Here => true,
                Place::WithItem => false,
                Place::First => self.shared.insert(*subject),
            };
            if !is_written {
                continue;
            }
            for quad in self.view.quads(Some(*subject), None, None, None) {
                pace.row().map_err(failed("write to", self.dir))?;
                rows.push((at, row(self.view, &quad)));
            }
        }
        self.count += rows.len() as u64;
        // By graph, as TriG wants it; within it in the order of the document.
        rows.sort_unstable_by(|(a, first), (b, second)| {
            (&first[0], a, &first[2], &first[3]).cmp(&(&second[0], b, &second[2], &second[3]))
        });
        for (_, row) in rows {
            if let Some(out) = &mut self.nquads {
                let [graph, subject, predicate, object] = &row;
                let gap = if graph.is_empty() { "" } else { " " };
                writeln!(out, "{subject} {predicate} {object} {graph}{gap}.")
                    .map_err(failed("write to", self.dir))?;
            }
            if let Some(out) = &mut self.trig {
                out.row(row).map_err(failed("write to", self.dir))?;
            }
        }
        Ok(())
    }

    /// Where a nested resource is written, when that is known of what nests it.
    fn place(&self, subject: Id, known: &FxHashMap<Id, Place>) -> Place {
        let is_item = subject.is_iri()
            && self
                .membership
                .is_some_and(|(rdf_type, class)| self.view.contains(subject, rdf_type, class));
        if is_item {
            return Place::WithItem;
        }
        let mut referrers = self.view.star_reversed(subject);
        match (referrers.next(), referrers.next()) {
            (Some((only, _)), None) => known.get(&only).copied().unwrap_or(Place::First),
            _ => Place::First,
        }
    }

    /// Ends the files; with the number of statements, when any were written.
    pub(super) fn finish(self) -> Result<(Vec<DumpFile>, Option<u64>), DumpError> {
        let is_wanted = self.is_wanted();
        let mut files = Vec::new();
        if let Some(out) = self.nquads {
            files.extend(out.finish(self.count)?);
        }
        if let Some(trig) = self.trig {
            let out = trig.finish().map_err(failed("write to", self.dir))?;
            files.extend(out.finish(self.count)?);
        }
        Ok((files, is_wanted.then_some(self.count)))
    }
}
