//! Where shapes come from: the graphs they were read from, by name, and those that `owl:imports` adds
//! ([§3.1](https://www.w3.org/TR/shacl/#shapes-graph)). Only graphs that are already here; nothing is fetched.

use crate::rdf::vocab::{owl, rdf};
use crate::shapes::vocabulary as sh;
use crate::store::{Graphs, Id, View};
use oxrdf::{NamedNode, Term};
use rustc_hash::FxHashSet;

/// `$shapesGraph` where the shapes come from several graphs.
const MERGED: &str = "urn:oslo-registry:shapes";

/// The graphs that shapes were read from, good for every version of the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Origin {
    /// `None` for all graphs; the default graph has no name.
    graphs: Option<Vec<Option<NamedNode>>>,
}

impl Origin {
    /// The graphs of a view.
    pub(crate) fn of(view: &View) -> Self {
        let ids: Vec<Id> = match view.graphs() {
            Graphs::All | Graphs::Union(_) | Graphs::Without(_) => return Self::default(),
            Graphs::Default => vec![Id::DEFAULT_GRAPH],
            Graphs::One(graph) => vec![*graph],
            Graphs::Set(graphs) => graphs.to_vec(),
            Graphs::AnyNamed => view.graph_names(),
        };
        let name = |id: Id| {
            if id == Id::DEFAULT_GRAPH {
                return Some(None);
            }
            match view.term(id) {
                Term::NamedNode(node) => Some(Some(node)),
                _ => None,
            }
        };
        Self {
            graphs: Some(ids.into_iter().filter_map(name).collect()),
        }
    }

    /// The IRI that `$shapesGraph` stands for.
    pub(crate) fn name(&self) -> NamedNode {
        match self.graphs.as_deref() {
            Some([Some(graph)]) => graph.clone(),
            _ => NamedNode::new_unchecked(MERGED),
        }
    }

    /// The same graphs in another version, merged.
    pub(crate) fn view(&self, version: &View) -> View {
        let Some(graphs) = &self.graphs else {
            return version.with_graphs(Graphs::All);
        };
        let ids = graphs.iter().filter_map(|name| match name {
            None => Some(Id::DEFAULT_GRAPH),
            Some(name) => version.id_of_iri(name.as_str()),
        });
        version.with_graphs(Graphs::set(ids))
    }
}

/// The shapes graphs that data name for themselves ([§3.2](https://www.w3.org/TR/shacl/#sh-shapes-graph)), here or not; sorted,
/// each once.
pub fn suggested_shapes(data: &View) -> Vec<NamedNode> {
    let Some(property) = data.id_of_iri(sh::SHAPES_GRAPH) else {
        return Vec::new();
    };
    let mut found: Vec<NamedNode> = data
        .pairs(property)
        .filter_map(|(_, graph)| match data.term(graph) {
            Term::NamedNode(node) => Some(node),
            _ => None,
        })
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// A view with the graphs that its `owl:imports` name, and theirs; and the imports that are not here. An import is here when
/// something is said of it in the view, when a graph has its name, or when a graph calls it an ontology.
pub(crate) fn local_imports(view: &View) -> (View, Vec<NamedNode>) {
    let Some(imports) = view.id_of_iri(owl::IMPORTS) else {
        return (view.clone(), Vec::new());
    };
    let all = view.with_graphs(Graphs::AnyNamed);
    let (rdf_type, ontology) = (view.id_of_iri(rdf::TYPE), view.id_of_iri(owl::ONTOLOGY));
    let mut seen = FxHashSet::default();
    let mut absent = Vec::new();
    let mut view = view.clone();
    loop {
        let wanted: Vec<Id> = view
            .pairs(imports)
            .map(|(_, import)| import)
            .filter(|import| import.is_iri() && seen.insert(*import))
            .collect();
        let mut new = Vec::new();
        for import in wanted {
            if view.star(import).next().is_some() {
                continue;
            }
            let mut graphs: Vec<Id> = Vec::new();
            if all.graph_size(import) > 0 {
                graphs.push(import);
            } else if let (Some(rdf_type), Some(ontology)) = (rdf_type, ontology) {
                let calls = all.quads(Some(import), Some(rdf_type), Some(ontology), None);
                graphs.extend(calls.map(|quad| quad.g));
            }
            match (graphs.is_empty(), view.term(import)) {
                (false, _) => new.extend(graphs),
                (true, Term::NamedNode(node)) => absent.push(node),
                (true, _) => {}
            }
        }
        let known = match view.graphs() {
            Graphs::All | Graphs::Union(_) | Graphs::Without(_) | Graphs::AnyNamed => break,
            Graphs::Default => vec![Id::DEFAULT_GRAPH],
            Graphs::One(graph) => vec![*graph],
            Graphs::Set(graphs) => graphs.to_vec(),
        };
        new.retain(|graph| !known.contains(graph));
        if new.is_empty() {
            break;
        }
        new.extend(known);
        view = view.with_graphs(Graphs::set(new));
    }
    absent.sort_unstable();
    (view, absent)
}
