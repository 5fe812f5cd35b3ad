//! The service description as a client finds it, and whether it says what its vocabulary means
//! ([SPARQL 1.1 Service Description §3](https://www.w3.org/TR/sparql11-service-description/#vocab)).

use super::Live;
use super::exchange::dataset;
use oxrdf::{Dataset, NamedNode, NamedNodeRef, NamedOrBlankNode, QuadRef, Term};
use std::collections::BTreeSet;

const SD: &str = "http://www.w3.org/ns/sparql-service-description#";
const RDF_TYPE: NamedNodeRef<'_> =
    NamedNodeRef::new_unchecked("http://www.w3.org/1999/02/22-rdf-syntax-ns#type");

/// Every class of the vocabulary.
const CLASSES: [&str; 9] = [
    "Service",
    "Feature",
    "Language",
    "Function",
    "Aggregate",
    "EntailmentRegime",
    "GraphCollection",
    "Dataset",
    "Graph",
];
const LANGUAGES: [&str; 3] = ["SPARQL10Query", "SPARQL11Query", "SPARQL11Update"];
const FEATURES: [&str; 5] = [
    "DereferencesURIs",
    "UnionDefaultGraph",
    "RequiresDataset",
    "EmptyGraphs",
    "BasicFederatedQuery",
];
/// Properties with the class of their subjects and what their objects are.
const PROPERTIES: [(&str, &str, Range); 12] = [
    ("endpoint", "Service", Range::Iri),
    ("feature", "Service", Range::OneOf(&FEATURES)),
    ("supportedLanguage", "Service", Range::OneOf(&LANGUAGES)),
    ("resultFormat", "Service", Range::Iri),
    ("inputFormat", "Service", Range::Iri),
    ("extensionFunction", "Service", Range::Class("Function")),
    ("defaultDataset", "Service", Range::Class("Dataset")),
    (
        "availableGraphs",
        "Service",
        Range::Class("GraphCollection"),
    ),
    ("defaultGraph", "Dataset", Range::Class("Graph")),
    ("namedGraph", "GraphCollection", Range::Class("NamedGraph")),
    ("name", "NamedGraph", Range::Iri),
    ("graph", "NamedGraph", Range::Class("Graph")),
];

#[derive(Clone, Copy)]
enum Range {
    Iri,
    OneOf(&'static [&'static str]),
    Class(&'static str),
}

fn described(server: &Live) -> Result<Dataset, String> {
    let reply = server.send(
        &server
            .request("GET", "/sparql")
            .with("accept", "text/turtle"),
    );
    if (reply.status, reply.header("content-type").as_str()) != (200, "text/turtle; charset=utf-8")
    {
        return Err(format!("{} {}", reply.status, reply.text()));
    }
    dataset(&reply.body)
}

fn sd(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{SD}{name}"))
}

fn has_class(data: &Dataset, node: &NamedOrBlankNode, class: &str) -> bool {
    let found: BTreeSet<String> = data
        .quads_for_subject(node)
        .filter(|quad| quad.predicate == RDF_TYPE)
        .map(|quad| quad.object.to_string())
        .collect();
    let is = |name: &str| found.contains(&format!("<{SD}{name}>"));
    // A dataset is a collection of graphs with a default graph.
    is(class) || (class == "GraphCollection" && is("Dataset"))
}

/// Runs the test of a name.
pub(super) fn run(test: &str, server: &Live) -> Result<(), String> {
    server.put_graph("http://example.org/graaf", "<http://e/a> a <http://e/K> .");
    let data = described(server)?;
    match test {
        "returns-rdf" => (!data.is_empty())
            .then_some(())
            .ok_or_else(|| "says nothing".to_owned()),
        "has-endpoint-triple" => {
            let endpoint = Term::from(NamedNode::new_unchecked(format!(
                "{}/sparql",
                server.base()
            )));
            let predicate = sd("endpoint");
            let mut found = data.quads_for_predicate(&predicate);
            found
                .any(|quad| quad.object == endpoint.as_ref())
                .then_some(())
                .ok_or_else(|| format!("no sd:endpoint {endpoint}"))
        }
        "conforms-to-schema" => conforms(&data),
        _ => Err("nobody wrote this test down".to_owned()),
    }
}

fn conforms(data: &Dataset) -> Result<(), String> {
    for quad in data {
        check(data, quad).map_err(|error| format!("{quad}: {error}"))?;
    }
    let count = |subject: Option<&NamedOrBlankNode>, name: &str| {
        let predicate = sd(name);
        data.quads_for_predicate(&predicate)
            .filter(|quad| subject.is_none_or(|node| quad.subject == node.as_ref()))
            .count()
    };
    for (name, at_least) in [
        ("endpoint", 1),
        ("supportedLanguage", 1),
        ("feature", 1),
        ("resultFormat", 4),
        ("inputFormat", 4),
        ("defaultDataset", 1),
        ("availableGraphs", 1),
        ("namedGraph", 1),
    ] {
        if count(None, name) < at_least {
            return Err(format!("too few sd:{name}"));
        }
    }
    let class = sd("NamedGraph");
    for quad in data.iter().filter(|quad| quad.predicate == RDF_TYPE) {
        if quad.object == Term::from(class.clone()).as_ref() {
            let node = quad.subject.into_owned();
            if (count(Some(&node), "name"), count(Some(&node), "graph")) != (1, 1) {
                return Err(format!("{node} has not one name and one graph"));
            }
        }
    }
    Ok(())
}

fn check(data: &Dataset, quad: QuadRef<'_>) -> Result<(), String> {
    if quad.predicate == RDF_TYPE {
        let object = quad.object.to_string();
        let name = object.strip_prefix(&format!("<{SD}"));
        return match name.map(|name| name.trim_end_matches('>')) {
            Some(name) if name != "NamedGraph" && !CLASSES.contains(&name) => {
                Err("no class of the vocabulary".to_owned())
            }
            _ => Ok(()),
        };
    }
    let Some(name) = quad.predicate.as_str().strip_prefix(SD) else {
        return Ok(());
    };
    let (_, domain, range) = PROPERTIES
        .iter()
        .find(|(known, ..)| *known == name)
        .ok_or("no property of the vocabulary")?;
    if !has_class(data, &quad.subject.into_owned(), domain) {
        return Err(format!("its subject is no sd:{domain}"));
    }
    let object = quad.object.into_owned();
    let holds = match (range, &object) {
        (Range::Iri, Term::NamedNode(_)) => true,
        (Range::OneOf(names), Term::NamedNode(node)) => {
            let name = node.as_str().strip_prefix(SD).unwrap_or("");
            names.contains(&name)
        }
        (Range::Class(class), Term::NamedNode(node)) => {
            has_class(data, &node.clone().into(), class)
        }
        (Range::Class(class), Term::BlankNode(node)) => {
            has_class(data, &node.clone().into(), class)
        }
        _ => false,
    };
    holds
        .then_some(())
        .ok_or_else(|| "a wrong object".to_owned())
}
