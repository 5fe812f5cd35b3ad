//! The versions of one object, as the graphs of versions tell: when each held, where it came from, and what it changed.

use super::valid::{self, Places};
use super::{EVENT, Moment};
use crate::rdf::vocab::{dct, generiek, prov, schema};
use crate::registry::Registry;
use crate::store::{Id, QuadIds, Snapshot, View};
use oxrdf::Term;
use rustc_hash::FxHashSet;

/// One version of an object.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its IRI, as an id of the state.
    pub id: Id,
    /// Its IRI: that of the object, a slash and the moment.
    pub iri: String,
    /// When it began to hold.
    pub from: Moment,
    /// When it ended; none for the current one.
    pub until: Option<Moment>,
    /// Evidence that it was made of, by IRI.
    pub sources: Vec<String>,
    /// Number of the last event of a change feed that made it what it is.
    pub event: Option<u64>,
    /// Predicates by which it differs from the version before, by IRI and sorted, as far as that was asked.
    pub changed: Vec<String>,
    /// Graph of versions that tells of it.
    graph: Id,
}

impl Registry {
    /// The versions of an object, oldest first; none where no versions are kept.
    pub fn versions_of(&self, state: &Snapshot, object: Id) -> Vec<Version> {
        let view = state.whole();
        let Some(is_version_of) = view.id_of_iri(dct::IS_VERSION_OF) else {
            return Vec::new();
        };
        let mut versions: Vec<Version> = Vec::new();
        for places in self.places(&view) {
            let g = places.versions;
            let found = view.quads(None, Some(is_version_of), Some(object), Some(g));
            versions.extend(found.filter_map(|quad| version(&view, quad.s, g)));
        }
        versions.sort_by(|a, b| a.from.at().cmp(&b.from.at()).then(a.iri.cmp(&b.iri)));
        versions
    }

    /// Adds to some versions of an object, in order, the evidence that they state themselves, and the predicates by which each
    /// differs from the one before it: none for the first, and for versions from different sources.
    pub fn tell_changes(&self, state: &Snapshot, object: Id, versions: &mut [Version]) {
        let view = state.whole();
        let places = self.places(&view);
        // Every version has its own of these.
        let source = view.id_of_iri(prov::WAS_DERIVED_FROM);
        let not_told = [view.id_of_iri(generiek::VERSIE_IDENTIFICATOR), source];
        let mut before: Option<(Id, FxHashSet<QuadIds>)> = None;
        for version in versions {
            let place = places.iter().find(|place| place.versions == version.graph);
            let said = place.map_or_else(FxHashSet::default, |place| {
                self.said(&view, place, object, version)
            });
            let sources = said
                .iter()
                .filter(|quad| quad.s == object && Some(quad.p) == source)
                .filter_map(|quad| Some(view.iri(quad.o)?.into_owned()));
            version.sources.extend(sources);
            version.sources.sort_unstable();
            version.sources.dedup();
            version.changed = match &before {
                Some((graph, before)) if *graph == version.graph => {
                    let mut predicates: Vec<Id> = said
                        .symmetric_difference(before)
                        .map(|quad| quad.p)
                        .filter(|p| !not_told.contains(&Some(*p)))
                        .collect();
                    predicates.sort_unstable();
                    predicates.dedup();
                    let mut iris: Vec<String> = predicates
                        .into_iter()
                        .filter_map(|p| Some(view.iri(p)?.into_owned()))
                        .collect();
                    iris.sort_unstable();
                    iris
                }
                _ => Vec::new(),
            };
            before = Some((version.graph, said));
        }
    }

    /// What a version says, in terms of the object.
    fn said(
        &self,
        view: &View,
        places: &Places,
        object: Id,
        version: &Version,
    ) -> FxHashSet<QuadIds> {
        let quads = match version.until {
            None => valid::current(self.base(), view, places, object),
            Some(_) => valid::past(view, places, (object, version.id)),
        };
        quads.into_iter().collect()
    }
}

/// What a graph of versions tells of one.
fn version(view: &View, id: Id, graph: Id) -> Option<Version> {
    let ids = |iri| view.id_of_iri(iri);
    let (start, end) = (ids(schema::START_DATE), ids(schema::END_DATE));
    let (source, event_id) = (ids(prov::WAS_DERIVED_FROM), ids(EVENT));
    let moment = |id: Id| match view.term(id) {
        Term::Literal(value) => Moment::parse(value.value()),
        _ => None,
    };
    let (mut from, mut until, mut event) = (None, None, None);
    let mut sources = Vec::new();
    for quad in view.quads(Some(id), None, None, Some(graph)) {
        let p = Some(quad.p);
        if p == start {
            from = moment(quad.o);
        } else if p == end {
            until = moment(quad.o);
        } else if p == source {
            sources.extend(view.iri(quad.o).map(|iri| iri.into_owned()));
        } else if p == event_id
            && let Term::Literal(value) = view.term(quad.o)
        {
            event = value.value().parse().ok().max(event);
        }
    }
    sources.sort_unstable();
    Some(Version {
        id,
        iri: view.iri(id)?.into_owned(),
        from: from?,
        until,
        sources,
        event,
        changed: Vec::new(),
        graph,
    })
}
