//! Graphs that are not everyone's to write: what a declared source brings is changed by that source alone, and which sources
//! there are by the operator alone. Judged for every commit, so that no way of writing is forgotten.

use super::process::{CASES_GRAPH, TYPES_GRAPH};
use super::{Registry, SOURCES_GRAPH};
use crate::rdf::label::Text;
use crate::store::Draft;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// End of the name of the graph with the catalogue that the data of a source were found by.
pub const CATALOGUE_SUFFIX: &str = "/catalogus";

/// Who makes a change, and so which graphs it may touch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Writer {
    /// Anyone who may write: no graph of a source.
    #[default]
    Anyone,
    /// The source of this name: its own graphs, and what anyone may.
    Source(String),
    /// The process interface: cases and process types, and what anyone may.
    Process,
    /// The operator, who says that it is meant, and the registry itself: everything.
    Operator,
}

/// A graph that a change may not touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// Its IRI.
    pub graph: String,
    /// The source it belongs to; `None` for the list of sources itself, and for what the process interface alone writes.
    pub source: Option<String>,
}

/// Graphs that the process interface alone writes.
const OF_PROCESSES: [&str; 2] = [CASES_GRAPH, TYPES_GRAPH];

impl Reserved {
    /// What is refused, and why.
    pub fn text(&self) -> Text {
        let graph = &self.graph;
        if self.is_of_processes() {
            return Text::new(
                format!(
                    "In de graaf <{graph}> schrijft alleen /proces/v1: wat gezet is, blijft staan."
                ),
                format!("Only /proces/v1 writes to the graph <{graph}>: what was set stays set."),
            );
        }
        match &self.source {
            Some(name) => Text::new(
                format!(
                    "De graaf <{graph}> is van de bron {name}, en alleen die bron schrijft erin."
                ),
                format!(
                    "The graph <{graph}> belongs to the source {name}, and only that source writes to it."
                ),
            ),
            None => Text::new(
                format!(
                    "De graaf <{graph}> zegt welke bronnen er zijn; alleen de beheerder wijzigt ze."
                ),
                format!(
                    "The graph <{graph}> says which sources there are; only the operator changes it."
                ),
            ),
        }
    }

    /// Whether it is a graph of cases or process types.
    pub fn is_of_processes(&self) -> bool {
        let name = self.graph.rsplit_once("/graph/").map(|(_, name)| name);
        self.source.is_none() && name.is_some_and(|name| OF_PROCESSES.contains(&name))
    }

    /// What to do.
    pub fn hint(&self) -> Text {
        if self.is_of_processes() {
            return Text::new(
                "Zet een status of voeg iets toe met /proces/v1/dossiers, of publiceer een versie met /proces/v1/processtypen; op de opdrachtregel schrijft --force toch.",
                "Set a status or add something by /proces/v1/dossiers, or publish a version by /proces/v1/processtypen; on the command line --force writes all the same.",
            );
        }
        match &self.source {
            Some(name) => Text::new(
                format!(
                    "Schrijf in een eigen graaf, of verwijder de bron eerst met `oslo source remove {name}`; op de opdrachtregel schrijft --force toch."
                ),
                format!(
                    "Write to a graph of your own, or remove the source first with `oslo source remove {name}`; on the command line --force writes all the same."
                ),
            ),
            None => Text::new(
                "Gebruik `oslo source add` en `oslo source remove`.",
                "Use `oslo source add` and `oslo source remove`.",
            ),
        }
    }
}

/// Graph → the source it belongs to; `None` for the list of sources.
type Owners = BTreeMap<String, Option<String>>;

/// The commit that last changed the list of sources.
type Change = Option<(u64, [u8; 32])>;

/// The list of sources by its last change, and what follows from it.
#[derive(Default)]
pub(super) struct Known(Mutex<Option<(Change, Arc<Owners>)>>);

impl Registry {
    /// The graphs of declared sources, each with the name of its source. Made once for each list of sources.
    fn reserved_graphs(&self) -> Arc<Owners> {
        let state = self.snapshot();
        let graph = state
            .whole()
            .id_of_iri(self.graph_iri(SOURCES_GRAPH).as_str());
        let key = graph.map(|graph| state.last_change(graph));
        let known = || {
            self.reserved
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((of, owners)) = &*known()
            && *of == key
        {
            return Arc::clone(owners);
        }
        let owners = Arc::new(self.owners());
        *known() = Some((key, Arc::clone(&owners)));
        owners
    }

    /// Whose a graph is, when it is not everyone's to write.
    pub fn reserved(&self, graph: &str) -> Option<Reserved> {
        if OF_PROCESSES
            .iter()
            .any(|name| self.graph_iri(name).as_str() == graph)
        {
            return Some(Reserved {
                graph: graph.to_owned(),
                source: None,
            });
        }
        let owners = self.reserved_graphs();
        owners.get(graph).map(|source| Reserved {
            graph: graph.to_owned(),
            source: source.clone(),
        })
    }

    fn owners(&self) -> Owners {
        let mut reserved = BTreeMap::new();
        for source in self.sources() {
            let graph = source.graph.as_str();
            let account = self.graph_iri(&format!("herkomst/{}", source.name));
            let beside = format!("{graph}{CATALOGUE_SUFFIX}");
            let others = [beside, account.into_string()];
            for name in self.graphs_of(graph).into_iter().chain(others) {
                reserved.insert(name, Some(source.name.clone()));
            }
        }
        if !reserved.is_empty() {
            reserved.insert(self.graph_iri(SOURCES_GRAPH).into_string(), None);
        }
        reserved
    }

    /// Refuses a draft that changes a graph which is not its writer's.
    pub(super) fn keep_reserved(
        &self,
        draft: &mut Draft<'_>,
        writer: &Writer,
    ) -> Result<(), Reserved> {
        if *writer == Writer::Operator {
            return Ok(());
        }
        let iri_of = |draft: &Draft<'_>, graph| {
            let mut text = Vec::new();
            draft.write_text(graph, &mut text);
            let text = String::from_utf8_lossy(&text);
            let iri = text.trim_start_matches('<').trim_end_matches('>');
            iri.to_owned()
        };
        if *writer != Writer::Process {
            let own = OF_PROCESSES.map(|name| self.graph_iri(name).into_string());
            for graph in draft.changed_graphs() {
                let graph = iri_of(draft, graph);
                if own.contains(&graph) {
                    return Err(Reserved {
                        graph,
                        source: None,
                    });
                }
            }
        }
        let sources = self.graph_iri(SOURCES_GRAPH);
        let is_free = draft.base().view().id_of_iri(sources.as_str()).is_none();
        if is_free {
            return Ok(());
        }
        let reserved = self.reserved_graphs();
        if reserved.is_empty() {
            return Ok(());
        }
        for graph in draft.changed_graphs() {
            let iri = iri_of(draft, graph);
            let Some(owner) = reserved.get(&iri) else {
                continue;
            };
            let is_own = match (writer, owner) {
                (Writer::Source(name), Some(owner)) => name == owner,
                _ => false,
            };
            if !is_own {
                return Err(Reserved {
                    graph: iri,
                    source: owner.clone(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::{
        CommitError, CommitRequest, DeclaredSource, Mode, RegistryConfig, SourceKind,
    };
    use crate::store::CommitMeta;
    use oxrdf::{Literal, NamedNode, Quad};
    use std::convert::Infallible;

    #[test]
    fn each_graph_has_its_writers() {
        let registry = Registry::in_memory(RegistryConfig::default());
        let write = |writer: Writer, graph: &str| {
            let meta = CommitMeta {
                agent: "urn:x:test".into(),
                activity: "urn:x:test:commit".into(),
                source: Vec::new(),
                message: None,
            };
            let request = CommitRequest::new(meta)
                .with_mode(Mode::Off)
                .with_writer(writer);
            let number = registry.snapshot().seq();
            let done = registry.commit(request, |draft| {
                let quad = Quad::new(
                    NamedNode::new_unchecked("urn:x:s"),
                    NamedNode::new_unchecked("urn:x:p"),
                    Literal::from(number),
                    registry.graph_iri(graph),
                );
                draft.add_quad(quad.as_ref());
                Ok::<(), Infallible>(())
            });
            match done {
                Ok(_) => None,
                Err(CommitError::Reserved(reserved)) => Some(reserved),
                Err(_) => panic!("nothing else goes wrong"),
            }
        };
        assert_eq!(write(Writer::Anyone, "bron/a"), None);
        let source = DeclaredSource::new("a", SourceKind::File, "/a", registry.graph_iri("bron/a"));
        registry.declare_source(&source).expect("declared");
        let own = [
            "bron/a",
            "bron/a/afgeleid",
            "herkomst/a",
            "versies/bron/a",
            "versies/bron/a/inhoud",
        ];
        for graph in own {
            let told = write(Writer::Anyone, graph).expect("refused");
            assert_eq!(told.source.as_deref(), Some("a"), "{graph}");
            let other = Writer::Source("b".to_owned());
            assert!(write(other, graph).is_some(), "{graph}");
            let own = Writer::Source("a".to_owned());
            assert_eq!(write(own, graph), None, "{graph}");
            assert_eq!(write(Writer::Operator, graph), None, "{graph}");
        }
        let list = write(Writer::Source("a".to_owned()), SOURCES_GRAPH).expect("refused");
        assert_eq!(list.source, None);
        assert_eq!(write(Writer::Anyone, "bron/b"), None);
        registry.forget_source("a").expect("forgotten");
        for graph in own {
            assert_eq!(write(Writer::Anyone, graph), None, "{graph}");
        }
    }
}
