//! The SPARQL service description ([SPARQL 1.1 Service Description](https://www.w3.org/TR/sparql11-service-description/)).

use crate::rdf::format::Format;
use crate::rdf::vocab::{rdf, xsd};
use crate::store::{Id, View};
use oxrdf::{BlankNode, Literal, NamedNode, Term, Triple};

const SD: &str = "http://www.w3.org/ns/sparql-service-description#";
const VOID: &str = "http://rdfs.org/ns/void#";
const FORMATS: &str = "http://www.w3.org/ns/formats/";

/// Describes the endpoint, its languages, formats and graphs with their sizes.
pub fn service_description(view: &View, base: &str) -> Vec<Triple> {
    let mut out = Vec::new();
    let iri = |iri: String| NamedNode::new_unchecked(iri);
    let sd = |name: &str| NamedNode::new_unchecked(format!("{SD}{name}"));
    let a = NamedNode::new_unchecked(rdf::TYPE);
    let endpoint = iri(format!("{base}/sparql"));
    let service = endpoint.clone();
    let mut say = |s: &oxrdf::NamedOrBlankNode, p: NamedNode, o: Term| {
        out.push(Triple::new(s.clone(), p, o));
    };
    let subject = service.into();
    say(&subject, a.clone(), sd("Service").into());
    say(&subject, sd("endpoint"), endpoint.into());
    for language in ["SPARQL11Query", "SPARQL11Update"] {
        say(&subject, sd("supportedLanguage"), sd(language).into());
    }
    // Queries without FROM read the union of all graphs.
    say(&subject, sd("feature"), sd("UnionDefaultGraph").into());
    let results = [
        "SPARQL_Results_JSON",
        "SPARQL_Results_XML",
        "SPARQL_Results_CSV",
        "SPARQL_Results_TSV",
        "Turtle",
        "N-Triples",
        "RDF_XML",
        "JSON-LD",
    ];
    for format in results {
        say(
            &subject,
            sd("resultFormat"),
            iri(format!("{FORMATS}{format}")).into(),
        );
    }
    for format in Format::ALL {
        let name = match format {
            Format::Turtle => "Turtle",
            Format::TriG => "TriG",
            Format::NTriples => "N-Triples",
            Format::NQuads => "N-Quads",
            Format::RdfXml => "RDF_XML",
            Format::JsonLd => "JSON-LD",
        };
        say(
            &subject,
            sd("inputFormat"),
            iri(format!("{FORMATS}{name}")).into(),
        );
    }
    let dataset = iri(format!("{base}/sparql#dataset")).into();
    let default_graph = iri(format!("{base}/sparql#unie")).into();
    let count = |number: u64| -> Term {
        Literal::new_typed_literal(number.to_string(), NamedNode::new_unchecked(xsd::INTEGER))
            .into()
    };
    let triples = NamedNode::new_unchecked(format!("{VOID}triples"));
    say(&subject, sd("defaultDataset"), term_of(&dataset));
    say(&dataset, a.clone(), sd("Dataset").into());
    say(&dataset, sd("defaultGraph"), term_of(&default_graph));
    say(&default_graph, a.clone(), sd("Graph").into());
    // Duplicates among graphs are counted: an upper bound that needs no scan.
    say(
        &default_graph,
        triples.clone(),
        count(view.snapshot().quad_count()),
    );
    for graph in view.graph_names() {
        let Some(name) = view.iri(graph) else {
            continue;
        };
        let entry = BlankNode::default().into();
        let body = BlankNode::default().into();
        say(&dataset, sd("namedGraph"), term_of(&entry));
        say(&entry, a.clone(), sd("NamedGraph").into());
        say(&entry, sd("name"), iri(name.into_owned()).into());
        say(&entry, sd("graph"), term_of(&body));
        say(&body, a.clone(), sd("Graph").into());
        say(&body, triples.clone(), count(view.graph_size(graph)));
    }
    out
}

fn term_of(node: &oxrdf::NamedOrBlankNode) -> Term {
    node.clone().into()
}

/// Named graphs with their number of quads, sorted by IRI; the default graph first when it holds anything.
pub fn graph_sizes(view: &View) -> Vec<(Option<String>, u64)> {
    let mut named: Vec<(Option<String>, u64)> = view
        .graph_names()
        .into_iter()
        .filter_map(|graph| Some((Some(view.iri(graph)?.into_owned()), view.graph_size(graph))))
        .collect();
    named.sort();
    let default = view.graph_size(Id::DEFAULT_GRAPH);
    if default > 0 {
        named.insert(0, (None, default));
    }
    named
}
