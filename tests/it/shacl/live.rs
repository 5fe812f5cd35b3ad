//! The law of the live report: after any change it equals a full run, result for result, and what it says came and went
//! is the difference. Random shapes, random graphs, random changes to checked and background graphs.

use super::oracle::{graph, pool, shapes_turtle};
use super::parse_turtle;
use oslo_registry::shapes::{
    Event, Live, Report, ResultRow, Scope, Shapes, ShapesOptions, read_shapes_with,
};
use oslo_registry::store::{Graphs, Id, Snapshot, Store};
use oxrdf::{GraphName, NamedNode, Quad, Triple};
use proptest::prelude::*;
use std::collections::BTreeMap;

const DATA: [&str; 2] = ["urn:x:data", "urn:x:more"];
const BACKGROUND: &str = "urn:x:background";
const SHAPES: &str = "urn:x:shapes";

/// Result lines with how often each occurs.
pub(crate) type Lines = BTreeMap<String, u64>;

pub(crate) fn lines(report: &Report) -> Lines {
    let mut lines = Lines::new();
    for row in report.results() {
        let value = row.value.map(|value| report.term(value).to_string());
        let line = format!(
            "{} {} {} {:?} {:?} {:?}",
            report.shape_label(row.shape),
            row.component.name(),
            report.term(row.focus),
            report.path_text(row),
            value,
            report.message(row, oslo_registry::rdf::label::Language::En),
        );
        *lines.entry(line).or_default() += 1;
    }
    lines
}

/// One change: positions of triples to take out, triples to put in with the graph they go to.
pub(super) type Change = (Vec<usize>, Vec<(Triple, u8)>);

fn change() -> impl Strategy<Value = Change> {
    (
        prop::collection::vec(0..64_usize, 0..4),
        (graph(), prop::collection::vec(0..8_u8, 24))
            .prop_map(|(triples, places)| triples.into_iter().take(5).zip(places).collect()),
    )
}

fn graph_name(place: u8) -> GraphName {
    let name = match place {
        0..=3 => DATA[0],
        4..=5 => DATA[1],
        _ => BACKGROUND,
    };
    NamedNode::new_unchecked(name).into()
}

/// What makes a result the same result.
fn key(report: &Report, row: &ResultRow) -> String {
    let text = |id: Id| report.term(id).to_string();
    format!(
        "{:?} {:?} {} {:?} {:?}",
        row.shape,
        row.component,
        text(row.focus),
        report.path_text(row),
        row.value.map(text)
    )
}

struct Registry {
    store: Store,
    shapes: Shapes,
}

impl Registry {
    /// A registry that holds its shapes, or one whose shapes name terms it does not know.
    fn new(turtle: &str, options: ShapesOptions, apart: bool) -> Self {
        let shapes = Store::in_memory();
        let found = Self::fill(&shapes, turtle, options);
        Self {
            store: if apart { Store::in_memory() } else { shapes },
            shapes: found,
        }
    }

    fn fill(store: &Store, turtle: &str, options: ShapesOptions) -> Shapes {
        let mut draft = store.begin().expect("the only writer");
        let name = NamedNode::new_unchecked(SHAPES);
        for t in parse_turtle(turtle, "http://example.org/") {
            draft.add_quad(Quad::new(t.subject, t.predicate, t.object, name.clone()).as_ref());
        }
        let graph = draft.intern_graph(GraphName::from(name).as_ref());
        let view = draft.snapshot().view();
        let shapes = read_shapes_with(&view.with_graphs(Graphs::One(graph)), options);
        draft.commit(meta()).expect("memory takes every commit");
        shapes
    }

    fn scope(&self, state: &Snapshot) -> Scope {
        let view = state.view();
        let graphs = DATA.iter().filter_map(|name| view.id_of_iri(name));
        let data: Vec<Id> = graphs.collect();
        Scope {
            data: view.with_graphs(Graphs::set(data)),
            context: view,
        }
    }
}

fn meta() -> oslo_registry::store::CommitMeta {
    oslo_registry::store::CommitMeta {
        agent: "urn:x:agent".to_owned(),
        activity: "urn:x:activity".to_owned(),
        source: Vec::new(),
        message: None,
    }
}

fn follow(turtle: &str, apart: bool, changes: &[Change]) -> Result<(), TestCaseError> {
    follow_with(turtle, ShapesOptions::default(), apart, changes)
}

/// The same, with shapes read in a way of choice.
pub(super) fn follow_with(
    turtle: &str,
    options: ShapesOptions,
    apart: bool,
    changes: &[Change],
) -> Result<(), TestCaseError> {
    let registry = Registry::new(turtle, options, apart);
    let mut state = registry.store.snapshot();
    let mut live = Live::full(&registry.shapes, &registry.scope(&state), state.seq());
    // Target nodes are focus nodes even of an empty registry.
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    let known = live.report(&registry.scope(&state), 10_000);
    for row in known.results() {
        *told.entry(key(&known, row)).or_default() += 1;
    }
    for (out, into) in changes {
        let mut draft = registry.store.begin().expect("the only writer");
        let shapes_graph = state.view().id_of_iri(SHAPES);
        let present: Vec<_> = state
            .view()
            .quads(None, None, None, None)
            .filter(|quad| Some(quad.g) != shapes_graph)
            .collect();
        for at in out {
            if !present.is_empty() {
                draft.remove(present[at % present.len()]);
            }
        }
        for (triple, place) in into {
            let Triple {
                subject,
                predicate,
                object,
            } = triple.clone();
            draft.add_quad(Quad::new(subject, predicate, object, graph_name(*place)).as_ref());
        }
        let delta = draft.net();
        let next = draft.snapshot();
        let (before, after) = (registry.scope(&state), registry.scope(&next));
        let seq = state.seq() + 1;
        let step = live.after(&before, &after, &delta, seq);
        let full = Live::full(&registry.shapes, &after, seq);
        let (kept, fresh) = (
            step.live.report(&after, 10_000),
            full.report(&after, 10_000),
        );
        prop_assert_eq!(
            lines(&kept),
            lines(&fresh),
            "after a change, for shapes\n{}",
            turtle
        );
        prop_assert_eq!(kept.counts(), fresh.counts());
        prop_assert_eq!(kept.focus_counts(), fresh.focus_counts());
        prop_assert_eq!(kept.focus_total(), fresh.focus_total());
        prop_assert_eq!(step.live.total(), full.total());
        prop_assert_eq!(step.live.counts(), full.counts());
        // What came and went accounts for the difference, and nothing is in both.
        let events = |events: &[Event], of: &Live, report: &Report| {
            let mut keys: BTreeMap<String, u64> = BTreeMap::new();
            for event in events {
                *keys.entry(key(report, &of.result_of(event))).or_default() += 1;
            }
            keys
        };
        let came = events(&step.appeared, &step.live, &kept);
        let went = events(&step.vanished, &step.live, &kept);
        for (key, times) in came {
            *told.entry(key).or_default() += times;
        }
        for (key, times) in went {
            let left = told
                .get_mut(&key)
                .and_then(|known| known.checked_sub(times));
            prop_assert!(left.is_some(), "a result went that never came: {}", key);
            told.insert(key, left.unwrap_or(0));
        }
        prop_assert_eq!(told.values().sum::<u64>(), step.live.total());
        draft.commit(meta()).expect("memory takes every commit");
        state = registry.store.snapshot();
        live = step.live;
    }
    Ok(())
}

/// Rules, components and targets in SPARQL: followed, woken by what does not lead back, and chosen by queries.
const RULES: &[&str] = &[
    "sh:sparql [ sh:message \"{?x} of {$this}\"@en ; sh:select \"SELECT $this ?x ?value { $this ex:p0 ?x . ?x ex:p1 ?value }\" ]",
    "sh:sparql [ sh:select \"SELECT $this ?value { $this ex:p0 ?value FILTER NOT EXISTS { ?value ex:p1 ?x . ?x ex:p2 ?y } }\" ]",
    "sh:sparql [ sh:message \"{?n}\"@en ; sh:select \"SELECT $this (COUNT(?x) AS ?n) { $this ex:p0|ex:p1 ?x } GROUP BY $this HAVING (COUNT(?x) > 1)\" ]",
    "sh:sparql [ sh:select \"SELECT $this ?value { $this (ex:p0/ex:p1)* ?x . ?x ex:p2 ?value }\" ]",
    "sh:sparql [ sh:select \"SELECT $this { $this a ex:c0 FILTER EXISTS { ?x ex:p0 ex:n1 } }\" ]",
    "sh:sparql [ sh:select \"SELECT $this ?value { $this ?path ?value FILTER (ISLITERAL(?value)) }\" ]",
    "sh:sparql [ sh:select \"SELECT $this ?value { $this ex:p1 ?value . ?other ex:p1 ?value FILTER (?other != $this) }\" ]",
    "sh:property [ sh:path [ sh:inversePath ex:p1 ] ; sh:sparql [ sh:select \"SELECT $this ?value { $this $PATH ?value . ?value ex:p2 ?x }\" ] ]",
    "sh:property [ sh:path ex:p2 ; ex:limit 3 ]",
    "sh:property [ sh:path ( ex:p0 ex:p1 ) ; ex:linked ex:p2 ]",
    "ex:linked ex:p0",
    "sh:not [ sh:sparql [ sh:select \"SELECT $this { $this ex:p0 ?x . ?x a ex:c1 }\" ] ]",
    "sh:node [ sh:property [ sh:path ex:p0 ; sh:minCount 1 ] ; sh:sparql [ sh:select \"SELECT $this { ?x ex:p2 $this }\" ] ]",
    "sh:target [ a sh:SPARQLTarget ; sh:select \"SELECT ?this { ?this ex:p0 ?x . ?x ex:p0 ?y }\" ] ; sh:property [ sh:path ex:p1 ; sh:maxCount 0 ]",
];

const COMPONENTS: &str = "@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
    ex:Limit a sh:ConstraintComponent ; sh:parameter [ sh:path ex:limit ] ;
      sh:validator [ sh:message \"over {$limit}\"@en ; sh:ask \"ASK { FILTER (ISNUMERIC($value) && $value < $limit) }\" ] .
    ex:Linked a sh:ConstraintComponent ; sh:parameter [ sh:path ex:linked ] ;
      sh:validator [ sh:ask \"ASK { $this a ?c . ?x $linked $value }\" ] .\n";

fn rules() -> impl Strategy<Value = String> {
    let one = (prop::collection::vec(0..RULES.len(), 1..4), 0..4_u8);
    prop::collection::vec(one, 1..4).prop_map(|shapes| {
        let mut turtle = COMPONENTS.to_owned();
        for (at, (rules, target)) in shapes.into_iter().enumerate() {
            let target = match target {
                0 => "sh:targetClass ex:c0",
                1 => "sh:targetSubjectsOf ex:p0",
                2 => "sh:targetObjectsOf ex:p1",
                _ => "sh:targetNode ex:n0, ex:n1, ex:n9",
            };
            let rules: Vec<String> = rules
                .into_iter()
                .map(|rule| {
                    RULES[rule].replace("SELECT", "PREFIX ex: <http://example.org/> SELECT")
                })
                .collect();
            turtle.push_str(&format!(
                "ex:S{at} a sh:NodeShape ; {target} ; {} .\n",
                rules.join(" ; ")
            ));
        }
        turtle
    })
}

pub(super) fn config() -> ProptestConfig {
    let rounds = std::env::var("OSLO_LIVE_ROUNDS").ok();
    ProptestConfig {
        cases: rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(256),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn following_changes_equals_checking_everything(
        pool in pool(0..1),
        apart: bool,
        changes in prop::collection::vec(change(), 1..7),
    ) {
        follow(&shapes_turtle(&pool), apart, &changes)?;
    }

    #[test]
    fn rules_in_sparql_are_followed_too(
        turtle in rules(),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        follow(&turtle, false, &changes)?;
    }

    #[test]
    fn circles_of_shapes_are_followed_too(
        pool in pool(1..5),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        follow(&shapes_turtle(&pool), false, &changes)?;
    }
}
