//! Constraints of SHACL 1.2 and shapes that refer to each other, on random graphs, against the plainest way to compute them:
//! node by node, over sets of texts.

use super::{load, parse_turtle};
use oslo_registry::rdf::shacl::Threshold;
use oslo_registry::shapes::{
    Report, ShapesOptions, Validation, ValidationOptions, read_shapes_with, validate,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

const EX: &str = "http://example.org/";
pub(super) const PREFIXES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://example.org/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . @prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n";

/// Terms as Turtle writes them here, so that texts can stand for terms.
const LITERALS: [&str; 5] = [
    "\"een\"",
    "\"twee\\nregels\"",
    "\"1\"^^xsd:integer",
    "\"x\"^^xsd:integer",
    "\"een\"@nl",
];
const DATATYPES: [&str; 3] = ["xsd:string", "xsd:integer", "rdf:langString"];

/// Subject, predicate and object as texts.
pub(super) type Facts = BTreeSet<(String, String, String)>;

fn objects(facts: &Facts, s: &str, p: &str) -> BTreeSet<String> {
    facts
        .iter()
        .filter(|fact| fact.0 == s && fact.1 == p)
        .map(|fact| fact.2.clone())
        .collect()
}

pub(super) fn turtle(facts: &Facts) -> String {
    facts
        .iter()
        .fold(PREFIXES.to_owned(), |mut text, (s, p, o)| {
            writeln!(text, "{s} {p} {o} .").expect("memory");
            text
        })
}

/// The class and whatever is above it.
fn above(facts: &Facts, class: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::from([class.to_owned()]);
    loop {
        let more: BTreeSet<String> = found
            .iter()
            .flat_map(|class| objects(facts, class, "rdfs:subClassOf"))
            .collect();
        let before = found.len();
        found.extend(more);
        if found.len() == before {
            return found;
        }
    }
}

fn is_instance(facts: &Facts, node: &str, class: &str) -> bool {
    let types = objects(facts, node, "rdf:type");
    types.iter().any(|own| above(facts, own).contains(class))
}

/// The members of a list; `None` for what is none.
fn members(facts: &Facts, head: &str) -> Option<Vec<String>> {
    let (mut found, mut seen, mut cell) = (Vec::new(), BTreeSet::new(), head.to_owned());
    while cell != "rdf:nil" {
        let (first, rest) = (
            objects(facts, &cell, "rdf:first"),
            objects(facts, &cell, "rdf:rest"),
        );
        if first.len() != 1 || rest.len() != 1 || !seen.insert(cell) {
            return None;
        }
        found.extend(first);
        cell = rest.into_iter().next().expect("one");
    }
    Some(found)
}

#[derive(Clone, Debug)]
pub(super) enum Asked {
    Classes(Vec<u8>),
    Datatypes(Vec<u8>),
    Kinds(bool, bool),
    Root(Vec<u8>),
    Line,
    Some(u8),
    Subset(u8),
    Members(u8),
    Least(u64),
    Most(u64),
    Unique,
    Keys(Vec<u8>),
}

impl Asked {
    pub(super) fn turtle(&self) -> String {
        let list = |numbers: &[u8], name: &dyn Fn(u8) -> String| {
            let names: Vec<String> = numbers.iter().map(|n| name(*n)).collect();
            format!("( {} )", names.join(" "))
        };
        let class = |n: u8| format!("ex:c{n}");
        match self {
            Self::Classes(classes) => format!("sh:class {}", list(classes, &class)),
            Self::Datatypes(all) => {
                let name = |n: u8| DATATYPES[n as usize].to_owned();
                format!("sh:datatype {}", list(all, &name))
            }
            Self::Kinds(iri, literal) => {
                let kinds = [
                    (*iri, "sh:IRI"),
                    (*literal, "sh:Literal"),
                    (true, "sh:BlankNode"),
                ];
                let named: Vec<&str> = kinds.iter().filter(|k| k.0).map(|k| k.1).collect();
                format!("sh:nodeKind ( {} )", named.join(" "))
            }
            Self::Root(classes) => format!("sh:rootClass {}", list(classes, &class)),
            Self::Line => "sh:singleLine true".to_owned(),
            Self::Some(class) => format!("sh:someValue [ sh:class ex:c{class} ]"),
            Self::Subset(p) => format!("sh:subsetOf ex:p{p}"),
            Self::Members(class) => format!("sh:memberShape [ sh:class ex:c{class} ]"),
            Self::Least(n) => format!("sh:minListLength {n}"),
            Self::Most(n) => format!("sh:maxListLength {n}"),
            Self::Unique => "sh:uniqueMembers true".to_owned(),
            Self::Keys(keys) => {
                format!("sh:uniqueValuesFor {}", list(keys, &|n| format!("ex:p{n}")))
            }
        }
    }

    /// `focus value` of each result, the value left out where it has none.
    fn results(&self, facts: &Facts, targets: &BTreeSet<String>, path: Option<u8>) -> Vec<String> {
        let mut found = Vec::new();
        for focus in targets {
            let values = match path {
                Some(p) => objects(facts, focus, &format!("ex:p{p}")),
                None => BTreeSet::from([focus.clone()]),
            };
            let bad: Vec<&String> = values
                .iter()
                .filter(|value| !self.passes(facts, targets, focus, value))
                .collect();
            match self {
                Self::Some(_) if bad.len() == values.len() => found.push(focus.clone()),
                Self::Some(_) => {}
                Self::Keys(_) => found.extend(bad.iter().map(|_| focus.clone())),
                _ => found.extend(bad.iter().map(|value| format!("{focus} {value}"))),
            }
        }
        found.sort_unstable();
        found
    }

    fn passes(&self, facts: &Facts, targets: &BTreeSet<String>, focus: &str, value: &str) -> bool {
        let is_literal = value.starts_with('"');
        match self {
            Self::Classes(classes) => {
                let mut classes = classes.iter();
                classes.any(|c| is_instance(facts, value, &format!("ex:c{c}")))
            }
            Self::Datatypes(all) => {
                let own = match value.rsplit_once('"') {
                    Some((_, "")) if is_literal => 0,
                    Some((_, "@nl")) => 2,
                    Some(_) if value.starts_with("\"1") => 1,
                    _ => return false,
                };
                all.contains(&own)
            }
            Self::Kinds(iri, literal) => {
                if is_literal {
                    *literal
                } else {
                    *iri
                }
            }
            Self::Root(classes) => {
                let above = above(facts, value);
                let mut classes = classes.iter();
                !is_literal && classes.any(|c| above.contains(&format!("ex:c{c}")))
            }
            Self::Line => !value.contains("\\n"),
            Self::Some(class) => is_instance(facts, value, &format!("ex:c{class}")),
            Self::Subset(p) => objects(facts, focus, &format!("ex:p{p}")).contains(value),
            Self::Members(class) => members(facts, value).is_some_and(|all| {
                all.iter()
                    .all(|member| is_instance(facts, member, &format!("ex:c{class}")))
            }),
            Self::Least(n) => members(facts, value).is_some_and(|all| all.len() as u64 >= *n),
            Self::Most(n) => members(facts, value).is_some_and(|all| all.len() as u64 <= *n),
            Self::Unique => members(facts, value).is_some_and(|all| {
                let once: BTreeSet<&String> = all.iter().collect();
                once.len() == all.len()
            }),
            Self::Keys(keys) => {
                let of = |node: &str| -> Vec<BTreeSet<String>> {
                    keys.iter()
                        .map(|p| objects(facts, node, &format!("ex:p{p}")))
                        .collect()
                };
                let own = of(value);
                own.iter().all(BTreeSet::is_empty)
                    || !targets
                        .iter()
                        .any(|other| other != value && of(other) == own)
            }
        }
    }
}

fn subject() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (0..5_u8).prop_map(|n| format!("ex:n{n}")),
        3 => (0..4_u8).prop_map(|n| format!("ex:l{n}")),
        1 => (0..3_u8).prop_map(|n| format!("ex:c{n}")),
    ]
}

fn object() -> impl Strategy<Value = String> {
    prop_oneof![
        5 => subject(),
        1 => Just("rdf:nil".to_owned()),
        2 => (0..LITERALS.len()).prop_map(|n| LITERALS[n].to_owned()),
    ]
}

pub(super) fn fact() -> impl Strategy<Value = (String, String, String)> {
    let class = || (0..3_u8).prop_map(|n| format!("ex:c{n}"));
    prop_oneof![
        6 => (subject(), (0..2_u8).prop_map(|n| format!("ex:p{n}")), object()),
        2 => (subject(), Just("rdf:type".to_owned()), class()),
        1 => (class(), Just("rdfs:subClassOf".to_owned()), class()),
        3 => ((0..4_u8).prop_map(|n| format!("ex:l{n}")), Just("rdf:first".to_owned()), object()),
        3 => (
            (0..4_u8).prop_map(|n| format!("ex:l{n}")),
            Just("rdf:rest".to_owned()),
            prop_oneof![(0..4_u8).prop_map(|n| format!("ex:l{n}")), Just("rdf:nil".to_owned())],
        ),
        1 => ((0..5_u8).prop_map(|n| format!("ex:n{n}")), Just("ex:bad".to_owned()), Just("\"een\"".to_owned())),
    ]
}

pub(super) fn asked() -> impl Strategy<Value = Asked> {
    let classes = || prop::collection::vec(0..3_u8, 1..3);
    prop_oneof![
        classes().prop_map(Asked::Classes),
        prop::collection::vec(0..3_u8, 1..3).prop_map(Asked::Datatypes),
        any::<(bool, bool)>().prop_map(|(iri, literal)| Asked::Kinds(iri, literal)),
        classes().prop_map(Asked::Root),
        Just(Asked::Line),
        (0..3_u8).prop_map(Asked::Some),
        (0..2_u8).prop_map(Asked::Subset),
        (0..3_u8).prop_map(Asked::Members),
        (0..3_u64).prop_map(Asked::Least),
        (0..3_u64).prop_map(Asked::Most),
        Just(Asked::Unique),
        prop::collection::vec(0..2_u8, 1..3).prop_map(Asked::Keys),
    ]
}

fn report(facts: &Facts, shapes: &str) -> Report {
    let options = ShapesOptions {
        shacl12: true,
        threshold: Threshold::Info,
    };
    let (data, shapes) = load(
        &parse_turtle(&turtle(facts), EX),
        &parse_turtle(&format!("{PREFIXES}{shapes}"), EX),
    );
    validate(
        &read_shapes_with(&shapes, options),
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions {
                sample_cap: usize::MAX,
                ..ValidationOptions::default()
            },
        },
    )
}

/// `focus value` of each result, as Turtle writes terms here.
fn lines(report: &Report) -> Vec<String> {
    let short = |text: String| {
        text.replace("<http://example.org/", "ex:")
            .replace("<http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf:")
            .replace("<http://www.w3.org/2001/XMLSchema#", "xsd:")
            .replace('>', "")
    };
    let mut lines: Vec<String> = report
        .results()
        .iter()
        .map(|row| {
            let focus = short(report.term(row.focus).to_string());
            match row.value {
                Some(value) => format!("{focus} {}", short(report.term(value).to_string())),
                None => focus,
            }
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// A condition of a shape among others that may refer to it.
#[derive(Clone, Debug)]
enum Linked {
    NotBad,
    Each(u8, u8),
    Also(u8),
    OrClass(u8, u8),
    SomeOf(u8, u8),
}

impl Linked {
    fn turtle(&self) -> String {
        match self {
            Self::NotBad => "sh:property [ sh:path ex:bad ; sh:maxCount 0 ]".to_owned(),
            Self::Each(p, s) => format!("sh:property [ sh:path ex:p{p} ; sh:node ex:s{s} ]"),
            Self::Also(s) => format!("sh:node ex:s{s}"),
            Self::OrClass(s, c) => format!("sh:or ( ex:s{s} [ sh:class ex:c{c} ] )"),
            Self::SomeOf(p, s) => {
                format!("sh:property [ sh:path ex:p{p} ; sh:someValue ex:s{s} ]")
            }
        }
    }
}

/// Who fails which shape: nobody at first, then whoever is shown to by those who do.
fn failing(
    facts: &Facts,
    nodes: &BTreeSet<String>,
    shapes: &[Vec<Linked>],
) -> BTreeSet<(u8, String)> {
    let mut failing: BTreeSet<(u8, String)> = BTreeSet::new();
    loop {
        let mut next = failing.clone();
        for (at, conditions) in shapes.iter().enumerate() {
            for node in nodes {
                let fails = |s: u8, node: &String| failing.contains(&(s, node.clone()));
                let holds = conditions.iter().all(|condition| match condition {
                    Linked::NotBad => objects(facts, node, "ex:bad").is_empty(),
                    Linked::Each(p, s) => objects(facts, node, &format!("ex:p{p}"))
                        .iter()
                        .all(|value| !fails(*s, value)),
                    Linked::Also(s) => !fails(*s, node),
                    Linked::OrClass(s, c) => {
                        !fails(*s, node) || is_instance(facts, node, &format!("ex:c{c}"))
                    }
                    Linked::SomeOf(p, s) => objects(facts, node, &format!("ex:p{p}"))
                        .iter()
                        .any(|value| !fails(*s, value)),
                });
                if !holds {
                    next.insert((at as u8, node.clone()));
                }
            }
        }
        if next == failing {
            return failing;
        }
        failing = next;
    }
}

fn linked() -> impl Strategy<Value = Linked> {
    prop_oneof![
        Just(Linked::NotBad),
        (0..2_u8, 0..3_u8).prop_map(|(p, s)| Linked::Each(p, s)),
        (0..3_u8).prop_map(Linked::Also),
        (0..3_u8, 0..3_u8).prop_map(|(s, c)| Linked::OrClass(s, c)),
        (0..2_u8, 0..3_u8).prop_map(|(p, s)| Linked::SomeOf(p, s)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn constraints_of_12_agree_with_the_plainest_way(
        facts in prop::collection::btree_set(fact(), 0..30),
        asked in asked(),
        path in prop::option::of(0..2_u8),
        by_subject in any::<bool>(),
    ) {
        let path = match asked {
            // Without a path there is nothing to compare with.
            Asked::Subset(_) => path.or(Some(0)),
            _ => path,
        };
        let (target, targets) = if by_subject {
            let subjects = facts.iter().filter(|fact| fact.1 == "ex:p1").map(|fact| fact.0.clone());
            ("sh:targetSubjectsOf ex:p1".to_owned(), subjects.collect::<BTreeSet<String>>())
        } else {
            let nodes: BTreeSet<String> = (0..5).map(|n| format!("ex:n{n}"))
                .chain((0..4).map(|n| format!("ex:l{n}"))).collect();
            let all: Vec<&str> = nodes.iter().map(String::as_str).collect();
            (format!("sh:targetNode {}", all.join(" , ")), nodes)
        };
        let on_path = path.map_or_else(String::new, |p| format!("sh:path ex:p{p} ; "));
        let shapes = format!("ex:s {target} ; {on_path}{} .", asked.turtle());
        let report = report(&facts, &shapes);
        prop_assert!(report.not_checked().is_empty(), "{shapes}: {:?}", report.not_checked());
        prop_assert_eq!(
            lines(&report),
            asked.results(&facts, &targets, path),
            "{}\n{}", shapes, turtle(&facts)
        );
    }

    #[test]
    fn circles_of_shapes_agree_with_the_plainest_way(
        facts in prop::collection::btree_set(fact(), 0..30),
        shapes in prop::collection::vec(prop::collection::vec(linked(), 1..4), 3),
    ) {
        let mut nodes: BTreeSet<String> = facts.iter().flat_map(|f| [f.0.clone(), f.2.clone()]).collect();
        nodes.insert("ex:n0".to_owned());
        let named: Vec<&str> = nodes.iter().map(String::as_str).collect();
        let mut text = format!("ex:t sh:targetNode {} ; sh:node ex:s0 .\n", named.join(" , "));
        for (at, conditions) in shapes.iter().enumerate() {
            let all: Vec<String> = conditions.iter().map(Linked::turtle).collect();
            writeln!(text, "ex:s{at} {} .", all.join(" ; ")).expect("memory");
        }
        let report = report(&facts, &text);
        prop_assert!(report.not_checked().is_empty(), "{text}: {:?}", report.not_checked());
        let mut expected: BTreeMap<String, String> = BTreeMap::new();
        for (at, node) in failing(&facts, &nodes, &shapes) {
            if at == 0 {
                expected.insert(node.clone(), format!("{node} {node}"));
            }
        }
        let mut expected: Vec<String> = expected.into_values().collect();
        expected.sort_unstable();
        prop_assert_eq!(lines(&report), expected, "{}\n{}", text, turtle(&facts));
    }
}
