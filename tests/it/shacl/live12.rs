//! The law of the live report for what SHACL 1.2 adds: its constraints, `sh:targetWhere`, and results that do not deny
//! conformance, on random graphs with lists and subclasses, under random changes.

use super::live::{Change, config, follow_with};
use super::oracle12::{Asked, Facts, PREFIXES, asked, fact, turtle};
use super::{parse_turtle, validate_turtle_with};
use oslo_registry::rdf::shacl::Threshold;
use oslo_registry::shapes::{Component, ShapesOptions};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;
use std::fmt::Write;

/// A shape without targets, to stand in brackets: constraints of the node or of values, and what combines them.
fn anonymous() -> impl Strategy<Value = String> {
    leaf().prop_recursive(2, 8, 2, |inner| {
        let one = || inner.clone();
        prop_oneof![
            one().prop_map(|a| format!("sh:not [ {a} ]")),
            one().prop_map(|a| format!("sh:node [ {a} ]")),
            (one(), one()).prop_map(|(a, b)| format!("sh:or ( [ {a} ] [ {b} ] )")),
            (one(), one()).prop_map(|(a, b)| format!("sh:xone ( [ {a} ] [ {b} ] )")),
            (one(), one()).prop_map(|(a, b)| format!("sh:and ( [ {a} ] [ {b} ] )")),
            one().prop_map(|a| format!("sh:memberShape [ {a} ]")),
            (path_on(), one())
                .prop_map(|(p, a)| format!("sh:property [ sh:path {p} ; sh:someValue [ {a} ] ]")),
            (path_on(), one())
                .prop_map(|(p, a)| format!("sh:property [ sh:path {p} ; sh:memberShape [ {a} ] ]")),
            (path_on(), one()).prop_map(|(p, a)| format!("sh:property [ sh:path {p} ; {a} ]")),
            (path_on(), one(), 0..3_u8).prop_map(|(p, a, n)| {
                format!("sh:property [ sh:path {p} ; sh:qualifiedValueShape [ {a} ] ; sh:qualifiedMaxCount {n} ]")
            }),
        ]
    })
}

fn leaf() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => (asked(), path()).prop_map(|(asked, path)| on_path(&asked.turtle(), &path)),
        2 => plain().prop_map(str::to_owned),
    ]
}

fn plain() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "sh:class ex:c0",
        "sh:nodeKind sh:IRI",
        "sh:property [ sh:path ex:p0 ; sh:minCount 1 ]",
        "sh:property [ sh:path ex:p1 ; sh:maxCount 1 ; sh:severity sh:Debug ]",
        "sh:property [ sh:path ex:bad ; sh:maxCount 0 ; sh:severity sh:Warning ]",
    ])
}

fn path_on() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "ex:p0",
        "ex:p1",
        "( ex:p0 ex:p1 )",
        "[ sh:inversePath ex:p0 ]",
        "[ sh:zeroOrMorePath ex:p1 ]",
        "[ sh:alternativePath ( ex:p0 ex:p1 ) ]",
    ])
}

/// A path, or none where the constraint is about the node itself.
fn path() -> impl Strategy<Value = Option<&'static str>> {
    prop::option::of(path_on())
}

fn on_path(constraint: &str, path: &Option<&'static str>) -> String {
    // A subset of the values of another path needs a path itself.
    let path = path.or(constraint.contains("subsetOf").then_some("ex:p0"));
    match path {
        Some(path) => format!("sh:property [ sh:path {path} ; {constraint} ]"),
        None => constraint.to_owned(),
    }
}

fn target() -> impl Strategy<Value = String> {
    let plain = prop::sample::select(vec![
        "sh:targetClass ex:c0",
        "sh:targetClass ex:c1, ex:c2",
        "sh:targetSubjectsOf ex:p0",
        "sh:targetObjectsOf ex:p1",
        "sh:targetNode ex:n0 , ex:n1 , ex:l0 , ex:l1 , rdf:nil",
        "sh:targetSubjectsOf rdf:first",
    ]);
    prop_oneof![
        5 => plain.prop_map(str::to_owned),
        1 => anonymous().prop_map(|shape| format!("sh:targetWhere [ {shape} ]")),
    ]
}

fn shapes() -> impl Strategy<Value = String> {
    // What combines others hides their results.
    let constraint = prop_oneof![1 => leaf(), 1 => anonymous()];
    let one = (target(), prop::collection::vec(constraint, 1..4));
    prop::collection::vec(one, 1..4).prop_map(|shapes| {
        let mut text = PREFIXES.to_owned();
        for (at, (target, constraints)) in shapes.into_iter().enumerate() {
            let all = constraints.join(" ; ");
            writeln!(text, "ex:S{at} a sh:NodeShape ; {target} ; {all} .").expect("memory");
        }
        text
    })
}

/// Keys are asked of target nodes, and these have some: by themselves, beside other shapes of the same and of other targets.
fn keyed() -> impl Strategy<Value = String> {
    let keys = prop::sample::select(vec!["ex:p0", "( ex:p0 ex:p1 )", "( ex:p1 )"]);
    let one = (target(), keys, prop::option::of(anonymous()));
    prop::collection::vec(one, 1..4).prop_map(|shapes| {
        let mut text = PREFIXES.to_owned();
        for (at, (target, keys, more)) in shapes.into_iter().enumerate() {
            let more = more.map_or_else(String::new, |more| format!(" ; {more}"));
            writeln!(
                text,
                "ex:K{at} a sh:NodeShape ; {target} ; sh:uniqueValuesFor {keys}{more} ."
            )
            .expect("memory");
        }
        text
    })
}

fn change() -> impl Strategy<Value = Change> {
    let facts = prop::collection::btree_set(fact(), 0..6);
    let places = prop::collection::vec(0..8_u8, 6);
    (prop::collection::vec(0..64_usize, 0..4), facts, places).prop_map(
        |(out, facts, places): (_, Facts, Vec<u8>)| {
            let triples = parse_turtle(&turtle(&facts), "http://example.org/");
            (out, triples.into_iter().zip(places).collect())
        },
    )
}

/// A graph, and then one fact more or less at a time.
fn small_changes() -> impl Strategy<Value = Vec<Change>> {
    // Few nodes, so that what is said of one is often said of it twice.
    let among_few = (0..2_u8, 0..2_u8, 0..3_u8)
        .prop_map(|(s, p, o)| (format!("ex:n{s}"), format!("ex:p{p}"), format!("ex:n{o}")));
    let fact = || prop_oneof![fact(), among_few.clone()];
    let first = (prop::collection::btree_set(fact(), 10..30), place());
    let small = (
        prop::option::of(0..64_usize),
        prop::option::of(fact()),
        place(),
    );
    let rest = prop::collection::vec(small, 4..12);
    (first, rest).prop_map(|((facts, place), rest)| {
        let triples = |facts: Facts| parse_turtle(&turtle(&facts), "http://example.org/");
        let placed = |facts: Facts, place: u8| {
            let triples = triples(facts).into_iter();
            triples.map(|triple| (triple, place)).collect()
        };
        let mut changes: Vec<Change> = vec![(Vec::new(), placed(facts, place))];
        changes.extend(rest.into_iter().map(|(out, fact, place)| {
            (
                out.into_iter().collect(),
                placed(fact.into_iter().collect(), place),
            )
        }));
        changes
    })
}

/// Where the facts of a change go; mostly to the data.
fn place() -> impl Strategy<Value = u8> {
    0..8_u8
}

fn options(threshold: Threshold) -> ShapesOptions {
    ShapesOptions {
        shacl12: true,
        threshold,
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_shacl_12_adds_is_followed(
        turtle in shapes(),
        apart: bool,
        threshold in prop::sample::select(Threshold::ALL.to_vec()),
        changes in prop::collection::vec(change(), 1..7),
    ) {
        follow_with(&turtle, options(threshold), apart, &changes)?;
    }

    #[test]
    fn each_constraint_of_12_is_followed_by_itself(
        target in target(),
        asked in prop_oneof![5 => asked(), 1 => (0..2_u8).prop_map(Asked::Subset)],
        path in path(),
        changes in small_changes(),
    ) {
        let constraint = on_path(&asked.turtle(), &path);
        let turtle = format!("{PREFIXES}ex:S a sh:NodeShape ; {target} ; {constraint} .");
        follow_with(&turtle, options(Threshold::Info), false, &changes)?;
    }

    #[test]
    fn keys_are_followed(
        turtle in keyed(),
        apart: bool,
        changes in prop::collection::vec(change(), 1..7),
    ) {
        follow_with(&turtle, options(Threshold::Info), apart, &changes)?;
    }
}

#[test]
fn reifiers_are_followed() {
    let turtle = format!(
        "{PREFIXES}ex:S sh:targetNode ex:n0 ; sh:property [ sh:path ex:p0 ; sh:reificationRequired true ;
           sh:reifierShape [ sh:property [ sh:path ex:p1 ; sh:minCount 1 ] ] ] ."
    );
    let add = |text: &str| -> Change {
        let triples = parse_turtle(&format!("{PREFIXES}{text}"), "http://example.org/");
        let placed = triples.into_iter().map(|triple| (triple, 0));
        (Vec::new(), placed.collect())
    };
    let take = |at: usize| -> Change { (vec![at], Vec::new()) };
    for at in 0..4 {
        let changes = [
            add("ex:n0 ex:p0 ex:n1 ."),
            add("ex:r rdf:reifies <<( ex:n0 ex:p0 ex:n1 )>> ."),
            add("ex:r ex:p1 1 ."),
            add("ex:n0 ex:p0 2 ~ ex:q ."),
            take(at),
            take(at + 1),
            take(at),
        ];
        follow_with(&turtle, options(Threshold::Info), false, &changes).expect("the law");
    }
}

#[test]
fn the_random_shapes_reach_every_component_of_12() {
    let mut runner = TestRunner::deterministic();
    let (shapes, facts) = (shapes(), prop::collection::btree_set(fact(), 0..30));
    let mut reached: BTreeSet<Component> = BTreeSet::new();
    for _ in 0..400 {
        let shapes = shapes.new_tree(&mut runner).expect("shapes").current();
        let facts = facts.new_tree(&mut runner).expect("facts").current();
        let (_, report) = validate_turtle_with(&turtle(&facts), &shapes, options(Threshold::Info));
        reached.extend(report.results().iter().map(|row| row.component));
    }
    let first = Component::ALL
        .iter()
        .position(|component| *component == Component::RootClass)
        .expect("what SHACL 1.2 adds comes last");
    let missed: Vec<&str> = Component::ALL[first..]
        .iter()
        // Reifiers are in none of the random graphs.
        .filter(|component| !reached.contains(component) && **component != Component::ReifierShape)
        .map(|component| component.name())
        .collect();
    assert!(missed.is_empty(), "never reported: {missed:?}");
}
