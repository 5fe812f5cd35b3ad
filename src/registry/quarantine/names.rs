//! Which quarantine graph belongs to which graph, and back: `{base}/graph/{name}` waits in
//! `{base}/graph/quarantaine/{name}`, the default graph in `…/quarantaine/van/default`, and a graph that is not below this
//! registry's own in `…/quarantaine/van/{its IRI}`. Why members wait is in the graph of the same name with `/redenen`.

use super::QUARANTINE;
use crate::registry::Registry;
use crate::store::{Id, View, is_apart};
use oxrdf::{GraphName, NamedNode};

/// End of the names of graphs with results.
const REASONS: &str = "/redenen";
/// Begin of what stands for graphs that are not below `{base}/graph/`.
const OF: &str = "van/";
const DEFAULT: &str = "default";

/// The changed graphs whose members may wait.
pub(super) struct Places(Vec<Id>);

impl Places {
    /// Of the changed graphs: those that are checked and have a name to wait under.
    pub(super) fn of(registry: &Registry, view: &View, changed: Vec<Id>) -> Self {
        let mut graphs = changed;
        graphs.retain(|graph| {
            registry.is_checked(view, *graph) && place_name(registry, view, *graph).is_some()
        });
        graphs.sort_unstable();
        Self(graphs)
    }

    pub(super) fn hold(&self, graph: Id) -> bool {
        self.0.binary_search(&graph).is_ok()
    }
}

/// The graph in which members of a graph wait; `None` for graphs whose members cannot.
pub(super) fn place_name(registry: &Registry, view: &View, graph: Id) -> Option<NamedNode> {
    if graph == Id::DEFAULT_GRAPH {
        place_of(registry, None)
    } else {
        place_of(registry, Some(&*view.iri(graph)?))
    }
}

/// The same for the graph with an IRI, or the default graph.
pub(super) fn place_of(registry: &Registry, graph: Option<&str>) -> Option<NamedNode> {
    let name = match graph {
        None => format!("{OF}{DEFAULT}"),
        Some(iri) if is_apart(iri) || iri.ends_with(REASONS) => return None,
        Some(iri) => {
            let own = iri.strip_prefix(registry.graph_iri("").as_str());
            match own.filter(|own| !own.starts_with(OF)) {
                Some(own) => own.to_owned(),
                None => format!("{OF}{iri}"),
            }
        }
    };
    Some(registry.graph_iri(&format!("{QUARANTINE}{name}")))
}

/// The graph that members of a quarantine graph would be in; `None` for graphs of results and all others.
pub(super) fn home_of(registry: &Registry, view: &View, place: Id) -> Option<GraphName> {
    let iri = view.iri(place)?;
    let prefix = registry.graph_iri(QUARANTINE);
    let name = iri.strip_prefix(prefix.as_str())?;
    if name.ends_with(REASONS) {
        return None;
    }
    Some(match name.strip_prefix(OF) {
        Some(DEFAULT) => GraphName::DefaultGraph,
        Some(iri) => NamedNode::new(iri).ok()?.into(),
        None => registry.graph_iri(name).into(),
    })
}

/// Whether a graph holds results that keep members out.
pub(super) fn is_reasons(view: &View, graph: Id) -> bool {
    view.iri(graph).is_none_or(|iri| iri.ends_with(REASONS))
}

/// The graph of results that belongs to a quarantine graph, given by its canonical text.
pub(super) fn reasons_of(place: &[u8]) -> Option<NamedNode> {
    let place = std::str::from_utf8(place).ok()?;
    let iri = place.strip_prefix('<')?.strip_suffix('>')?;
    Some(NamedNode::new_unchecked(format!("{iri}{REASONS}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::RegistryConfig;
    use oxrdf::GraphNameRef;

    #[test]
    fn names_lead_back_to_the_graphs_they_are_of() {
        let registry = Registry::in_memory(RegistryConfig::default());
        let own = |name: &str| GraphName::from(registry.graph_iri(name));
        let graphs = [
            GraphName::DefaultGraph,
            own("adressen"),
            own("van/default"),
            own("van/elders"),
            own("default"),
            NamedNode::new_unchecked("urn:x:g").into(),
            NamedNode::new_unchecked("https://stad.example/graph/adressen").into(),
        ];
        let mut places = Vec::new();
        for graph in &graphs {
            let iri = match graph.as_ref() {
                GraphNameRef::NamedNode(name) => Some(name.as_str()),
                _ => None,
            };
            let place = place_of(&registry, iri).expect("members of it may wait");
            assert!(is_apart(place.as_str()));
            let mut draft = registry.store().scratch();
            let id = draft.intern(place.as_ref().into());
            draft.add(crate::store::QuadIds {
                s: id,
                p: id,
                o: id,
                g: id,
            });
            let view = draft.snapshot().view();
            assert_eq!(home_of(&registry, &view, id).as_ref(), Some(graph));
            places.push(place);
        }
        places.sort();
        places.dedup();
        assert_eq!(places.len(), graphs.len());
        for graph in [own("quarantaine/x"), own("x/redenen")] {
            let GraphName::NamedNode(name) = graph else {
                continue;
            };
            assert_eq!(place_of(&registry, Some(name.as_str())), None);
        }
    }
}
