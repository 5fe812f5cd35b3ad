//! The law of quarantine: random members with random references, arriving in any order and in any parts, end in the same
//! state as arriving all at once; and every state on the way conforms.

use super::{Wood, request};
use oslo_registry::registry::{Mode, Outcome, Registry};
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::convert::Infallible;

/// A tree to arrive: whether it has a height, what it leans on, whom its mark names, its street, and where it is told of.
#[derive(Clone, Debug)]
struct Tree {
    is_high: bool,
    leans: Option<usize>,
    by: Option<usize>,
    street: Option<usize>,
    graph: u8,
}

const TREES: usize = 7;
const STREETS: usize = 2;

fn tree() -> impl Strategy<Value = Tree> {
    let other = || prop::option::weighted(0.6, 0..TREES);
    (
        prop::bool::weighted(0.85),
        other(),
        other(),
        prop::option::weighted(0.4, 0..STREETS + 1),
        0..3_u8,
    )
        .prop_map(|(is_high, leans, by, street, graph)| Tree {
            is_high,
            leans,
            by,
            street,
            graph,
        })
}

fn ex(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.org/{name}"))
}

fn quads(registry: &Registry, at: usize, tree: &Tree) -> Vec<Quad> {
    let graph: GraphName = match tree.graph {
        0 => GraphName::DefaultGraph,
        1 => registry.graph_iri("bomen").into(),
        _ => NamedNode::new_unchecked("urn:x:elders").into(),
    };
    let node = NamedOrBlankNode::from(ex(&format!("t{at}")));
    let mark = BlankNode::new_unchecked(format!("mark{at}"));
    let mut quads = Vec::new();
    let mut say = |s: &NamedOrBlankNode, p: NamedNode, o: Term| {
        quads.push(Quad::new(s.clone(), p, o, graph.clone()));
    };
    let kind = NamedNode::new_unchecked("http://www.w3.org/1999/02/22-rdf-syntax-ns#type");
    say(&node, kind, ex("Tree").into());
    if tree.is_high {
        say(&node, ex("height"), Literal::from(at as i64).into());
    }
    if let Some(other) = tree.leans {
        say(&node, ex("leans"), ex(&format!("t{other}")).into());
    }
    if let Some(street) = tree.street {
        say(&node, ex("street"), ex(&format!("s{street}")).into());
    }
    if let Some(other) = tree.by {
        say(&node, ex("mark"), mark.clone().into());
        say(&mark.into(), ex("by"), ex(&format!("t{other}")).into());
    }
    quads
}

fn arrive(wood: &Wood, quads: &[Quad]) -> Outcome<()> {
    let request = request(&wood.registry, Mode::Quarantine);
    let done = wood
        .registry
        .commit(request, |draft| -> Result<(), Infallible> {
            quads.iter().for_each(|quad| draft.add_quad(quad.as_ref()));
            Ok(())
        });
    done.expect("whatever does not conform waits")
}

/// Statements in all graphs but those of reasons.
fn everything(wood: &Wood) -> BTreeSet<String> {
    let view = wood.registry.snapshot().whole();
    view.quads(None, None, None, None)
        .map(|q| {
            [q.s, q.p, q.o, q.g]
                .map(|id| view.text(id).into_owned())
                .join(" ")
        })
        .filter(|line| !line.ends_with("/redenen>"))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: std::env::var("OSLO_LIVE_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(96),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_arrival_makes_no_difference(
        trees in prop::collection::vec(tree(), TREES),
        order in Just((0..TREES + STREETS).collect::<Vec<_>>()).prop_shuffle(),
        together in 1..4_usize,
    ) {
        let (step, once) = (Wood::new(), Wood::new());
        let kind = NamedNode::new_unchecked("http://www.w3.org/1999/02/22-rdf-syntax-ns#type");
        let street = |at: usize| {
            let graph = step.registry.graph_iri("straten");
            vec![Quad::new(ex(&format!("s{at}")), kind.clone(), ex("Street"), graph)]
        };
        let arrival = |at: &usize| match at.checked_sub(TREES) {
            Some(at) => street(at),
            None => quads(&step.registry, *at, &trees[*at]),
        };
        for some in order.chunks(together) {
            let quads: Vec<Quad> = some.iter().flat_map(arrival).collect();
            arrive(&step, &quads);
            step.law();
            step.conforms();
        }
        let all: Vec<Quad> = (0..TREES + STREETS).flat_map(|at| arrival(&at)).collect();
        arrive(&once, &all);
        once.law();
        once.conforms();
        prop_assert_eq!(everything(&step), everything(&once));
        // And all of it again changes nothing but reasons that were worded with less in sight.
        arrive(&step, &all);
        prop_assert_eq!(everything(&step), everything(&once));
        let seq = step.seq();
        arrive(&step, &all);
        prop_assert_eq!(step.seq(), seq);
    }
}
