//! The SPARQL service description ([SPARQL 1.1 Service Description](https://www.w3.org/TR/sparql11-service-description/)):
//! where the endpoint is, what it can do, and which graphs it has. Figures about the data are in `void`.

use crate::query::extension_functions;
use crate::rdf::format::Format;
use crate::rdf::vocab::{rdf, xsd};
use crate::store::{Graphs, Id, View};
use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};

const SD: &str = "http://www.w3.org/ns/sparql-service-description#";
const VOID: &str = "http://rdfs.org/ns/void#";
const FORMATS: &str = "http://www.w3.org/ns/formats/";

/// The formats of answers, by their names among the [W3C format IRIs](https://www.w3.org/ns/formats/).
const RESULT_FORMATS: [&str; 8] = [
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
];

/// What the server allows that a view does not show.
#[derive(Clone, Copy, Debug, Default)]
pub struct Abilities {
    /// Whether updates are taken, from whoever may.
    pub updates: bool,
    /// Whether `SERVICE` asks other endpoints.
    pub federation: bool,
}

/// The [W3C IRI](https://www.w3.org/ns/formats/) of a syntax.
pub(super) fn format_iri(format: Format) -> String {
    let name = match format {
        Format::Turtle => "Turtle",
        Format::TriG => "TriG",
        Format::NTriples => "N-Triples",
        Format::NQuads => "N-Quads",
        Format::RdfXml => "RDF_XML",
        Format::JsonLd => "JSON-LD",
    };
    format!("{FORMATS}{name}")
}

/// Describes the endpoint: its languages, features, formats, functions and graphs with their sizes.
pub fn service_description(view: &View, base: &str, abilities: Abilities) -> Vec<Triple> {
    let mut out = Vec::new();
    let mut say = |subject: &NamedOrBlankNode, predicate: &str, object: Term| {
        let predicate = match predicate {
            "a" => NamedNode::new_unchecked(rdf::TYPE),
            "triples" => NamedNode::new_unchecked(format!("{VOID}triples")),
            name => sd(name),
        };
        out.push(Triple::new(subject.clone(), predicate, object));
    };
    let endpoint = NamedNode::new_unchecked(format!("{base}/sparql"));
    let service = NamedOrBlankNode::from(endpoint.clone());
    say(&service, "a", sd("Service").into());
    say(&service, "endpoint", endpoint.into());
    say(&service, "supportedLanguage", sd("SPARQL11Query").into());
    if abilities.updates {
        say(&service, "supportedLanguage", sd("SPARQL11Update").into());
    }
    // Queries without FROM read the union of all graphs. A graph without statements is no graph here (no EmptyGraphs), and
    // FROM names what is stored: nothing is fetched (no DereferencesURIs).
    say(&service, "feature", sd("UnionDefaultGraph").into());
    if abilities.federation {
        say(&service, "feature", sd("BasicFederatedQuery").into());
    }
    for name in RESULT_FORMATS {
        let format = NamedNode::new_unchecked(format!("{FORMATS}{name}"));
        say(&service, "resultFormat", format.into());
    }
    for format in Format::ALL {
        let format = NamedNode::new_unchecked(format_iri(format));
        say(&service, "inputFormat", format.into());
    }
    let functions = extension_functions();
    for iri in &functions {
        let function = NamedNode::new_unchecked(*iri);
        say(&service, "extensionFunction", function.into());
    }
    let part = |name: &str| {
        let iri = format!("{base}/sparql#{name}");
        NamedOrBlankNode::from(NamedNode::new_unchecked(iri))
    };
    let (dataset, default_graph) = (part("dataset"), part("unie"));
    let available = part("grafen");
    say(&service, "defaultDataset", dataset.clone().into());
    say(&service, "availableGraphs", available.clone().into());
    for iri in functions {
        let function = NamedOrBlankNode::from(NamedNode::new_unchecked(iri));
        say(&function, "a", sd("Function").into());
    }
    say(&dataset, "a", sd("Dataset").into());
    say(&available, "a", sd("GraphCollection").into());
    say(&dataset, "defaultGraph", default_graph.clone().into());
    say(&default_graph, "a", sd("Graph").into());
    // Duplicates among graphs are counted: an upper bound that needs no scan.
    let apart: u64 = view
        .snapshot()
        .apart()
        .iter()
        .map(|graph| view.graph_size(*graph))
        .sum();
    let quads = view.snapshot().quad_count() - apart;
    say(&default_graph, "triples", count(quads));
    for (at, graph) in named(view).into_iter().enumerate() {
        let Some(name) = view.iri(graph) else {
            continue;
        };
        // Labels by number: the same state gives the same words.
        let label =
            |kind: &str| NamedOrBlankNode::from(BlankNode::new_unchecked(format!("{kind}{at}")));
        let (entry, body) = (label("naam"), label("graaf"));
        say(&dataset, "namedGraph", entry.clone().into());
        say(&available, "namedGraph", entry.clone().into());
        say(&entry, "a", sd("NamedGraph").into());
        let name = NamedNode::new_unchecked(name.into_owned());
        say(&entry, "name", name.into());
        say(&entry, "graph", body.clone().into());
        say(&body, "a", sd("Graph").into());
        say(&body, "triples", count(view.graph_size(graph)));
    }
    out
}

/// Every graph that can be named, also those that are reached in no other way.
fn named(view: &View) -> Vec<Id> {
    match view.graphs() {
        Graphs::Union(_) => view.with_graphs(Graphs::AnyNamed).graph_names(),
        _ => view.graph_names(),
    }
}

fn sd(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("{SD}{name}"))
}

fn count(number: u64) -> Term {
    Literal::new_typed_literal(number.to_string(), NamedNode::new_unchecked(xsd::INTEGER)).into()
}

/// Named graphs with their number of quads, sorted by IRI; the default graph first when it holds anything.
pub fn graph_sizes(view: &View) -> Vec<(Option<String>, u64)> {
    let mut named: Vec<(Option<String>, u64)> = named(view)
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
