//! The registry as it held at a moment of valid time: every object as the version says that was valid then, objects without
//! versions as they are. Costs what changed between that moment and now.

use super::objects::node_path;
use super::{CONTENT, DERIVED, INVERSE, Moment, VERSIONS};
use crate::rdf::vocab::{dct, schema};
use crate::registry::Registry;
use crate::store::{Draft, Id, QuadIds, Snapshot, View};
use oxrdf::Term;
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::{Mutex, PoisonError};

/// Statements that may differ between the asked moment and now.
const MAX_CHANGES: u64 = 5_000_000;
/// States of other moments that are kept for the next reader.
const KEPT: usize = 4;

/// Why the state at a moment cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ValidTimeError {
    /// Too much changed since.
    #[error("more than {MAX_CHANGES} statements differ between then and now")]
    TooMuch,
}

/// States of other moments, made lately.
#[derive(Default)]
pub(in crate::registry) struct Known(Mutex<Vec<((u64, jiff::Timestamp), Snapshot)>>);

/// A version as its graph tells.
struct Row {
    object: Id,
    version: Id,
    from: jiff::Timestamp,
    until: Option<jiff::Timestamp>,
}

/// Graphs of one source.
pub(super) struct Places {
    pub(super) versions: Id,
    /// A graph, and the one with what past versions said in it.
    pairs: Vec<(Id, Option<Id>)>,
    inverse: FxHashSet<Id>,
}

impl Registry {
    /// A state as it held at a moment: graphs of which versions are kept say what was valid then, all others what they say
    /// in that state.
    ///
    /// # Errors
    /// [`ValidTimeError::TooMuch`] when more than five million statements differ.
    pub fn valid_at(&self, state: &Snapshot, moment: &Moment) -> Result<Snapshot, ValidTimeError> {
        let key = (state.identity(), moment.at());
        let kept = || self.valid.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = kept().iter().find(|(known, _)| *known == key) {
            return Ok(known.clone());
        }
        let view = state.whole();
        let mut draft = self.store().scratch_over(state.clone());
        let mut changes = 0;
        for places in self.places(&view) {
            changes += turn_back(self.base(), &view, &places, moment.at(), &mut draft);
            if changes > MAX_CHANGES {
                return Err(ValidTimeError::TooMuch);
            }
        }
        if changes == 0 {
            return Ok(state.clone());
        }
        let then = draft.as_base();
        let mut kept = kept();
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((key, then.clone()));
        Ok(then)
    }

    pub(super) fn places(&self, view: &View) -> Vec<Places> {
        let own = self.graph_iri("");
        let folder = self.graph_iri(VERSIONS);
        let inverse = view.id_of_iri(INVERSE);
        let mut places = Vec::new();
        for versions in view.snapshot().apart().iter().copied() {
            let Some(iri) = view.iri(versions) else {
                continue;
            };
            let Some(name) = iri.strip_prefix(folder.as_str()) else {
                continue;
            };
            if name.ends_with(CONTENT) || name.ends_with(DERIVED) {
                continue;
            }
            let graph = match name.strip_prefix("van/") {
                Some(other) => other.to_owned(),
                None => format!("{}{name}", own.as_str()),
            };
            let pair = |graph: String, past: String| {
                Some((view.id_of_iri(&graph)?, view.id_of_iri(&past)))
            };
            let pairs = [
                pair(graph.clone(), format!("{iri}{CONTENT}")),
                pair(format!("{graph}{DERIVED}"), format!("{iri}{DERIVED}")),
            ];
            let inverse = inverse.into_iter().flat_map(|p| {
                view.quads(Some(versions), Some(p), None, Some(versions))
                    .map(|quad| quad.o)
            });
            places.push(Places {
                versions,
                inverse: inverse.collect(),
                pairs: pairs.into_iter().flatten().collect(),
            });
        }
        places
    }
}

/// Changes the objects of one source to what they were; returns how many statements that took.
fn turn_back(
    base: &str,
    view: &View,
    places: &Places,
    at: jiff::Timestamp,
    draft: &mut Draft<'_>,
) -> u64 {
    let mut changes = 0;
    for row in rows(view, places.versions) {
        let is_valid = row.from <= at && row.until.is_none_or(|until| at < until);
        match row.until {
            None if row.from > at => {
                for quad in current(base, view, places, row.object) {
                    draft.remove(quad);
                    changes += 1;
                }
            }
            Some(_) if is_valid => {
                for quad in past(view, places, (row.object, row.version)) {
                    draft.add(quad);
                    changes += 1;
                }
            }
            _ => {}
        }
        if changes > MAX_CHANGES {
            break;
        }
    }
    changes
}

/// The versions that a graph tells of, sorted by version.
fn rows(view: &View, graph: Id) -> Vec<Row> {
    let column = |iri: &str| -> FxHashMap<Id, Id> {
        let p = view.id_of_iri(iri);
        let quads = p
            .into_iter()
            .flat_map(|p| view.quads(None, Some(p), None, Some(graph)));
        quads.map(|quad| (quad.s, quad.o)).collect()
    };
    let moment = |id: Id| match view.term(id) {
        Term::Literal(value) => Some(Moment::parse(value.value())?.at()),
        _ => None,
    };
    let objects = column(dct::IS_VERSION_OF);
    let ends = column(schema::END_DATE);
    let mut rows: Vec<Row> = column(schema::START_DATE)
        .into_iter()
        .filter_map(|(version, from)| {
            Some(Row {
                object: *objects.get(&version)?,
                version,
                from: moment(from)?,
                until: ends.get(&version).and_then(|end| moment(*end)),
            })
        })
        .collect();
    // What was is added after what is was removed.
    rows.sort_unstable_by_key(|row| (row.until.is_some(), row.version));
    rows
}

/// What an object and its nodes say now.
pub(super) fn current(base: &str, view: &View, places: &Places, object: Id) -> Vec<QuadIds> {
    let iri = view.iri(object).unwrap_or_default();
    let nodes = node_path(base, &iri).unwrap_or_else(|| format!("{iri}/"));
    let inverse: Vec<Id> = places.inverse.iter().copied().collect();
    let graphs = || places.pairs.iter().map(|(graph, _)| *graph);
    let own = with_nodes(view, graphs(), (object, &nodes), &inverse);
    let mut found = Vec::new();
    for graph in graphs() {
        for node in &own {
            found.extend(view.quads(Some(*node), None, None, Some(graph)));
        }
        let stated = view.quads(None, None, Some(object), Some(graph));
        found.extend(
            stated.filter(|quad| places.inverse.contains(&quad.p) && !own.contains(&quad.s)),
        );
    }
    found
}

/// Nodes of one object that are looked through.
const MAX_NODES: usize = 10_000;

/// An object, and what in some graphs it leads to or is pointed to by, as far as that is blank or begins with the path of its
/// nodes.
pub(super) fn with_nodes(
    view: &View,
    graphs: impl IntoIterator<Item = Id>,
    (object, nodes): (Id, &str),
    inverse: &[Id],
) -> Vec<Id> {
    let graphs: Vec<Id> = graphs.into_iter().collect();
    let is_node = |id: Id| {
        id.is_blank() || id.is_iri() && view.iri(id).is_some_and(|iri| iri.starts_with(nodes))
    };
    let mut found = vec![object];
    let mut known = FxHashSet::from_iter([object]);
    for graph in &graphs {
        for p in inverse {
            for quad in view.quads(None, Some(*p), Some(object), Some(*graph)) {
                if is_node(quad.s) && known.insert(quad.s) {
                    found.push(quad.s);
                }
            }
        }
    }
    let mut at = 0;
    while let Some(node) = found.get(at).copied().filter(|_| found.len() < MAX_NODES) {
        at += 1;
        for graph in &graphs {
            for quad in view.quads(Some(node), None, None, Some(*graph)) {
                if !known.contains(&quad.o) && is_node(quad.o) {
                    known.insert(quad.o);
                    found.push(quad.o);
                }
            }
        }
    }
    found
}

/// What a past version says, in terms of the object.
pub(super) fn past(view: &View, places: &Places, (object, version): (Id, Id)) -> Vec<QuadIds> {
    let is_version_of = view.id_of_iri(dct::IS_VERSION_OF);
    let pairs: Vec<(Id, Id)> = places
        .pairs
        .iter()
        .filter_map(|(graph, past)| Some((*graph, (*past)?)))
        .collect();
    // Versions of nodes say in the graph of asserted content which node they are of.
    let node_of = |id: Id| {
        let (p, (_, content)) = (is_version_of?, *pairs.first()?);
        let mut of = view.quads(Some(id), Some(p), None, Some(content));
        of.next().map(|quad| quad.o)
    };
    let mut names: FxHashMap<Id, Id> = FxHashMap::default();
    names.insert(version, object);
    let mut open = vec![version];
    let mut quads = Vec::new();
    for (graph, past) in &pairs {
        for quad in view.quads(None, None, Some(version), Some(*past)) {
            match node_of(quad.s) {
                // A node that points to the object.
                Some(of) if !names.contains_key(&quad.s) => {
                    names.insert(quad.s, of);
                    open.push(quad.s);
                }
                Some(_) => {}
                None => quads.push(QuadIds { g: *graph, ..quad }),
            }
        }
    }
    while let Some(node) = open.pop() {
        for (graph, past) in &pairs {
            for quad in view.quads(Some(node), None, None, Some(*past)) {
                if Some(quad.p) == is_version_of && node != version {
                    continue;
                }
                let is_new = !names.contains_key(&quad.o);
                let of = match quad.o {
                    blank if blank.is_blank() => Some(blank),
                    iri if iri.is_iri() && is_new => node_of(iri),
                    _ => None,
                };
                if let Some(of) = of.filter(|_| is_new) {
                    names.insert(quad.o, of);
                    open.push(quad.o);
                }
                quads.push(QuadIds { g: *graph, ..quad });
            }
        }
    }
    let name = |id: Id| names.get(&id).copied().unwrap_or(id);
    for quad in &mut quads {
        quad.s = name(quad.s);
        quad.o = name(quad.o);
    }
    quads
}
