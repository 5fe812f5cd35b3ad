//! The law of triggers on random graphs: whatever one triple more or less changes about a focus node, a trigger leads from that
//! triple to the node, before or after the change.

use super::super::triggers::Endpoint;
use super::{PREFIXES, shape};
use crate::shapes::model::Constraint;
use crate::shapes::path::Path;
use crate::shapes::{Validation, ValidationOptions, read_shapes, validate};
use crate::store::{Graphs, Store};
use oxrdf::{GraphName, NamedNode, NamedOrBlankNode, Quad, Term, Triple};
use oxttl::TurtleParser;
use std::collections::{BTreeSet, HashSet};

const QUERIES: &[&str] = &[
    "SELECT $this ?value { $this ex:p ?value }",
    "SELECT $this { $this ex:p ?x . ?x ex:q ?y }",
    "SELECT $this ?value { ?value ex:p $this ; ex:q ?y }",
    "SELECT $this ?value { { ?value ex:q $this } UNION { $this ex:p ?value . ?value ex:p ?z } }",
    "SELECT $this ?value { $this ex:p ?x OPTIONAL { ?x ex:q ?value OPTIONAL { ?value ex:p ?z } } }",
    "SELECT $this ?value { $this ex:p ?value FILTER NOT EXISTS { ?value ex:q ?z . ?z ex:p ?w } }",
    "SELECT $this { $this ex:p ?x FILTER EXISTS { ?x ex:q ?y OPTIONAL { ?y ex:q ?z } FILTER (BOUND(?z)) } }",
    "SELECT $this ?value { $this ex:p/ex:q/^ex:p ?value }",
    "SELECT $this ?value { $this (ex:p|^ex:q)+ ?value }",
    "SELECT $this ?value { $this ex:p/(ex:q/ex:p)* ?value . ?value ex:q ?z }",
    "SELECT $this ?value { ?value ex:q?/ex:p $this }",
    "SELECT $this ?value { $this !ex:p ?value }",
    "SELECT $this ?value { $this ex:q ?x . ?x ?path ?value FILTER (?path = ex:p) }",
    "SELECT $this (COUNT(?y) AS ?value) { $this ex:p ?x . ?x ex:q ?y } GROUP BY $this",
    "SELECT $this ?value { $this ex:p ?x { SELECT $this (COUNT(?x) AS ?value) { $this ex:q ?x . ?x ex:p ?y } GROUP BY $this } }",
    "SELECT $this ?value { $this ex:p ?value . ?value ex:q ?z . ?w ex:p ?z . ?w ex:q ?v }",
    "SELECT $this ?value { { SELECT $this ?value { $this ex:p ?value . ?value ex:q ?x } ORDER BY ?value LIMIT 1 } }",
    "SELECT DISTINCT $this ?value { $this ex:p ?x ; ex:q ?y . ?value ex:p ?x ; ex:q ?z FILTER (?value != $this) }",
    "SELECT $this ?value { $this ex:p ?x OPTIONAL { ?value ex:p ?x ; ex:q $this } }",
    "SELECT $this ?value { $this ex:p ?value OPTIONAL { $this ex:q ?x } OPTIONAL { ?value ex:q ?x } }",
    "SELECT $this ?value { $this ex:p ?value FILTER NOT EXISTS { ?value ex:p ?x ; ex:q ?y } }",
    "SELECT $this ?value { $this ex:p ?value FILTER NOT EXISTS { $this ex:q ?value . ?value ex:q ?y } }",
    "SELECT $this { $this ex:p ?x FILTER NOT EXISTS { ?y ex:p ?x ; ex:q $this } }",
    "SELECT $this ?value { $this ex:p ?x . { ?value ex:p ?x ; ex:q ?y } UNION { ?value ex:q ?x } }",
    "SELECT $this ?value { $this ex:q ?x . { SELECT $this (COUNT(*) AS ?value) { $this ex:p ?y . ?w ex:p ?y ; ex:q ?z } GROUP BY $this } }",
];

fn node(n: usize) -> String {
    format!("http://example.org/n{n}")
}

fn triple([s, p, o]: [usize; 3]) -> Triple {
    Triple::new(
        NamedNode::new_unchecked(node(s)),
        NamedNode::new_unchecked(format!("http://example.org/{}", ["p", "q"][p])),
        NamedNode::new_unchecked(node(o)),
    )
}

/// Results of the shapes for each focus node.
fn results(data: &BTreeSet<[usize; 3]>, shapes: &[Triple]) -> BTreeSet<(String, Vec<String>)> {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    let mut view_of = |name: &str, triples: &mut dyn Iterator<Item = Triple>| {
        let graph = NamedNode::new_unchecked(name);
        for t in triples {
            draft.add_quad(Quad::new(t.subject, t.predicate, t.object, graph.clone()).as_ref());
        }
        draft.intern_graph(GraphName::from(graph).as_ref())
    };
    let data = view_of("urn:x:data", &mut data.iter().map(|t| triple(*t)));
    let shapes = view_of("urn:x:shapes", &mut shapes.iter().cloned());
    let all = draft.snapshot().view();
    let data = all.with_graphs(Graphs::One(data));
    let report = validate(
        &read_shapes(&all.with_graphs(Graphs::One(shapes))),
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions::default(),
        },
    );
    assert!(
        report.not_checked().is_empty(),
        "{:?}",
        report.not_checked()
    );
    let mut found: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    for row in report.results() {
        let value = row.value.map(|value| report.term(value).to_string());
        let of_node = found.entry(report.term(row.focus).to_string()).or_default();
        of_node.push(value.unwrap_or_default());
        of_node.sort_unstable();
    }
    found.into_iter().collect()
}

/// Nodes at the end of a path.
fn walk(data: &[Triple], from: &HashSet<Term>, path: &Path) -> HashSet<Term> {
    let subject = |t: &Triple| match &t.subject {
        NamedOrBlankNode::NamedNode(node) => Term::from(node.clone()),
        NamedOrBlankNode::BlankNode(node) => Term::from(node.clone()),
    };
    match path {
        Path::Predicate(p) => data
            .iter()
            .filter(|t| t.predicate == *p && from.contains(&subject(t)))
            .map(|t| t.object.clone())
            .collect(),
        Path::Inverse(inner) => match &**inner {
            Path::Predicate(p) => data
                .iter()
                .filter(|t| t.predicate == *p && from.contains(&t.object))
                .map(subject)
                .collect(),
            other => walk(data, from, &Path::Inverse(Box::new(other.clone())).normal()),
        },
        Path::Sequence(steps) => steps
            .iter()
            .fold(from.clone(), |at, step| walk(data, &at, step)),
        Path::Alternative(paths) => paths.iter().flat_map(|p| walk(data, from, p)).collect(),
        Path::ZeroOrOne(inner) => from.union(&walk(data, from, inner)).cloned().collect(),
        Path::ZeroOrMore(inner) | Path::OneOrMore(inner) => {
            let mut found = match path {
                Path::ZeroOrMore(_) => from.clone(),
                _ => walk(data, from, inner),
            };
            loop {
                let more: HashSet<Term> =
                    found.union(&walk(data, &found, inner)).cloned().collect();
                if more.len() == found.len() {
                    return found;
                }
                found = more;
            }
        }
    }
}

#[test]
fn what_changes_is_led_to() {
    let mut dice = 0x2545_F491_4F6C_DD1D_u64;
    let mut roll = |below: usize| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice >> 11) as usize % below
    };
    let targets: Vec<String> = (0..6).map(|n| format!("<{}>", node(n))).collect();
    let (mut changes, mut passed_over) = (0, 0);
    for query in QUERIES {
        let text = shape(query).replace(
            "sh:targetClass ex:C",
            &format!("sh:targetNode {}", targets.join(", ")),
        );
        let text = format!("{PREFIXES}{text}");
        let shapes: Vec<Triple> = TurtleParser::new()
            .for_slice(&text)
            .map(|t| t.expect("valid Turtle"))
            .collect();
        let rules = rules_of(&shapes);
        let triggers = rules
            .triggers()
            .unwrap_or_else(|| panic!("{query} has triggers"));
        for _ in 0..25 {
            let mut data: BTreeSet<[usize; 3]> = BTreeSet::new();
            for _ in 0..4 + roll(10) {
                data.insert([roll(6), roll(2), roll(6)]);
            }
            let mut after = data.clone();
            let wanted: BTreeSet<[usize; 3]> = (0..1 + roll(4))
                .map(|_| [roll(6), roll(2), roll(6)])
                .collect();
            for changed in &wanted {
                if !after.remove(changed) {
                    after.insert(*changed);
                }
            }
            // The ways are followed after the change alone, as the live report does.
            let now: Vec<Triple> = after.iter().map(|t| triple(*t)).collect();
            let mut led_to = HashSet::new();
            let each = wanted
                .iter()
                .flat_map(|t| triggers.iter().map(|trigger| (triple(*t), trigger)));
            for (changed, trigger) in each {
                if trigger
                    .predicate
                    .as_ref()
                    .is_some_and(|p| *p != changed.predicate)
                {
                    continue;
                }
                let has = |state: &BTreeSet<[usize; 3]>, p: &NamedNode| {
                    let mut of_state = state.iter().map(|t| triple(*t));
                    of_state.any(|t| t.subject == changed.subject && t.predicate == *p)
                };
                if !trigger
                    .beside
                    .iter()
                    .all(|p| has(&data, p) || has(&after, p))
                {
                    passed_over += 1;
                    continue;
                }
                let end = match trigger.endpoint {
                    Endpoint::Subject => Term::from(changed.subject.clone()),
                    Endpoint::Object => changed.object.clone(),
                };
                led_to.extend(walk(&now, &HashSet::from([end]), &trigger.to_focus));
            }
            let (before, after) = (results(&data, &shapes), results(&after, &shapes));
            for (focus, _) in before.symmetric_difference(&after) {
                changes += 1;
                assert!(
                    led_to.iter().any(|term| term.to_string() == *focus),
                    "{query}: {wanted:?} change {focus}, triggers lead to {led_to:?} in {data:?}"
                );
            }
        }
    }
    assert!(changes > 100, "the changes matter: {changes}");
    assert!(passed_over > 100, "what stands alone counts: {passed_over}");
}

/// The rule of the one shape.
fn rules_of(shapes: &[Triple]) -> std::sync::Arc<super::super::Rule> {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    for t in shapes {
        let quad = Quad::new(
            t.subject.clone(),
            t.predicate.clone(),
            t.object.clone(),
            GraphName::DefaultGraph,
        );
        draft.add_quad(quad.as_ref());
    }
    let shapes = read_shapes(&draft.snapshot().view());
    let constraints = shapes.compiled.shapes.iter().flat_map(|s| &s.constraints);
    let mut rules = constraints.filter_map(|constraint| match constraint {
        Constraint::Sparql(rule) => Some(std::sync::Arc::clone(rule)),
        _ => None,
    });
    rules.next().expect("a rule")
}
