//! Small stores for the unit tests of this module.

use crate::store::{CommitMeta, Store, View};
use oxrdf::QuadRef;

/// A view of Turtle statements in the default graph.
pub(super) fn view_of(turtle: &str) -> View {
    view_of_graphs(&[(None, turtle)])
}

/// A view of several graphs.
pub(super) fn view_of_graphs(graphs: &[(Option<&str>, &str)]) -> View {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("a memory store takes writes");
    for (graph, turtle) in graphs {
        let graph = graph.map(oxrdf::NamedNode::new_unchecked);
        for triple in oxttl::TurtleParser::new().for_slice(turtle.as_bytes()) {
            let triple = triple.expect("test data parses");
            let quad = match &graph {
                Some(graph) => QuadRef::new(
                    triple.subject.as_ref(),
                    triple.predicate.as_ref(),
                    triple.object.as_ref(),
                    graph.as_ref(),
                ),
                None => triple.as_ref().in_graph(oxrdf::GraphNameRef::DefaultGraph),
            };
            draft.add_quad(quad);
        }
    }
    draft
        .commit(CommitMeta {
            agent: "http://e/agent".into(),
            activity: "http://e/activity".into(),
            source: Vec::new(),
            message: None,
        })
        .expect("a memory store commits");
    store.snapshot().view()
}
