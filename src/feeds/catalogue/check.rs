//! The catalogue judged by our own shapes for DCAT-AP-VL (`shapes/catalogus.ttl`), with the background that validators need.
//! Says what does not conform; changes nothing and refuses nothing.

use super::background;
use super::describe::Catalogue;
use super::statements::entities;
use crate::ingest::{ContextStore, Input, ParseOptions, parse_into};
use crate::rdf::label::{Language, Text};
use crate::rdf::vocab::{rdf, rdfs};
use crate::registry::assets::SHAPES;
use crate::shapes::{
    Severity, Shapes, Validation, ValidationOptions, Verdict, read_shapes, validate,
};
use crate::store::{Graphs, Store};
use oxrdf::{GraphName, NamedNode, NamedNodeRef, Term, Triple};
use std::collections::BTreeSet;
use std::sync::LazyLock;

const FILE: &str = "catalogus.ttl";
const CATALOGUE_GRAPH: &str = "urn:oslo-registry:catalogus";
const BACKGROUND_GRAPH: &str = "urn:oslo-registry:catalogus:achtergrond";
/// Results that are told in words.
const TOLD: usize = 20;

/// How a catalogue does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueVerdict {
    /// Whether nothing required is missing or wrong.
    pub conforms: bool,
    /// What is wrong (`sh:Violation`).
    pub violations: u64,
    /// What is recommended and missing (`sh:Warning` and milder).
    pub warnings: u64,
    /// The first results in words, those that are wrong first.
    pub results: Vec<Text>,
}

/// Our shapes, read once.
fn shapes() -> Option<&'static Shapes> {
    static KNOWN: LazyLock<Option<Shapes>> = LazyLock::new(|| {
        let bytes = SHAPES.get_file(FILE)?.contents();
        let store = Store::in_memory();
        let mut draft = store.scratch();
        let contexts = ContextStore::empty();
        let input = Input::bytes(FILE.to_owned(), bytes);
        parse_into(&mut draft, &input, ParseOptions::new(&contexts)).ok()?;
        Some(read_shapes(&draft.snapshot().view()))
    });
    KNOWN.as_ref()
}

/// Judges a catalogue. `None` when our own shapes cannot be read, which a test holds they can.
pub fn check(catalogue: &Catalogue) -> Option<CatalogueVerdict> {
    let shapes = shapes()?;
    let triples = entities(catalogue)
        .into_iter()
        .flat_map(|entity| entity.triples)
        .collect::<Vec<Triple>>();
    let store = Store::in_memory();
    let mut draft = store.scratch();
    let data = NamedNode::new_unchecked(CATALOGUE_GRAPH);
    let behind = NamedNode::new_unchecked(BACKGROUND_GRAPH);
    for triple in &triples {
        let quad = triple.as_ref().in_graph(data.as_ref());
        draft.add_quad(quad);
    }
    for triple in background().iter().chain(&resources(&triples)) {
        draft.add_quad(triple.as_ref().in_graph(behind.as_ref()));
    }
    let view = draft.snapshot().view();
    let graph = view.id_of_graph(GraphName::from(data).as_ref())?;
    let report = validate(
        shapes,
        &Validation {
            data: view.with_graphs(Graphs::One(graph)),
            context: view.clone(),
            options: ValidationOptions::default(),
        },
    );
    let mut rows: Vec<_> = report.results().iter().collect();
    rows.sort_by_key(|row| row.severity != Severity::Violation);
    let results = rows.iter().take(TOLD).map(|row| {
        let place = match report.term(row.focus) {
            Term::NamedNode(node) => node.into_string(),
            other => other.to_string(),
        };
        let say = |language| format!("{place}: {}", report.message(row, language));
        Text::new(say(Language::Nl), say(Language::En))
    });
    let counts = report.counts();
    Some(CatalogueVerdict {
        conforms: counts.violation == 0 && report.verdict() != Verdict::Undetermined,
        violations: counts.violation,
        warnings: counts.total() - counts.violation,
        results: results.collect(),
    })
}

/// Every IRI is a resource; one profile wants to be told so.
fn resources(triples: &[Triple]) -> Vec<Triple> {
    let mut iris: BTreeSet<&str> = BTreeSet::new();
    for triple in triples {
        if let Term::NamedNode(object) = &triple.object {
            iris.insert(object.as_str());
        }
    }
    let resource = format!("{}Resource", rdfs::NS);
    iris.into_iter()
        .map(|iri| {
            Triple::new(
                NamedNode::new_unchecked(iri),
                NamedNodeRef::new_unchecked(rdf::TYPE).into_owned(),
                NamedNode::new_unchecked(resource.as_str()),
            )
        })
        .collect()
}
