//! The page of one resource: its statements as tables, parts nested, and what refers to it.

use super::Site;
use crate::rdf::text::{direction_name, term_text};
use crate::rdf::vocab::rdf;
use crate::views::resource::{Property, Tree, Value};
use maud::{Markup, html};
use oxrdf::{Literal, NamedOrBlankNode, TermRef, Triple};

/// Languages, datatypes: shown as tags behind a text.
const STRING: &str = "http://www.w3.org/2001/XMLSchema#string";

/// What the page shows besides the tree.
pub struct ResourcePage<'a> {
    /// The resource.
    pub tree: &'a Tree,
    /// Named graphs that speak of it.
    pub graphs: &'a [String],
    /// Links to the same document in other formats: name and address.
    pub formats: &'a [(&'a str, String)],
    /// Resources that refer to it: predicate and subject IRIs.
    pub incoming: &'a [(String, String)],
    /// Whether more refer to it than are listed.
    pub more_incoming: bool,
}

/// The page of a resource.
pub fn render_resource(site: &Site<'_>, page: &ResourcePage<'_>) -> String {
    let iri = match &page.tree.root.id {
        NamedOrBlankNode::NamedNode(node) => node.as_str().to_owned(),
        NamedOrBlankNode::BlankNode(node) => node.to_string(),
    };
    let content = html! {
        p.iri { (iri) }
        ul.formats aria-label="Andere formaten" {
            @for (name, address) in page.formats { li { a href=(address) { (name) } } }
        }
        div.scroll {
            table {
                caption { "Uitspraken" }
                tbody { @for property in &page.tree.root.properties { (property_row(site, property)) } }
            }
        }
        @if !page.graphs.is_empty() {
            h2 { "Grafen" }
            ul { @for graph in page.graphs { li { (site.link(graph)) } } }
        }
        @if !page.incoming.is_empty() {
            h2 { "Verwijst hiernaar" }
            ul {
                @for (predicate, subject) in page.incoming {
                    li { (site.link(subject)) " (" (site.predicate(predicate)) ")" }
                }
            }
            @if page.more_incoming { p { "Er zijn er meer; vraag ze op met SPARQL." } }
        }
    };
    site.page(&site.name(&iri), &content)
}

fn property_row(site: &Site<'_>, property: &Property) -> Markup {
    html! {
        tr {
            th scope="row" { (site.predicate(property.predicate.as_str())) }
            td {
                @if let [value] = property.values.as_slice() {
                    (value_cell(site, value))
                } @else {
                    ul { @for value in &property.values { li { (value_cell(site, value)) } } }
                }
            }
        }
    }
}

pub(super) fn value_cell(site: &Site<'_>, value: &Value) -> Markup {
    match value {
        Value::Literal(literal) => literal_cell(literal),
        Value::Triple(triple) => triple_cell(triple),
        Value::Link(NamedOrBlankNode::NamedNode(node)) => site.link(node.as_str()),
        Value::Link(NamedOrBlankNode::BlankNode(node)) => html! { span.iri { (node) } },
        Value::Node(node) => html! {
            // The class of a part is said in one word; its row would only take space.
            @for class in node.types() {
                span.tag title=(class.as_str()) { (site.name(class.as_str())) } " "
            }
            table {
                tbody {
                    @for property in node.properties.iter().filter(|p| p.predicate.as_str() != rdf::TYPE) {
                        (property_row(site, property))
                    }
                }
            }
        },
        Value::List(items) => html! {
            ol { @for item in items { li { (value_cell(site, item)) } } }
        },
    }
}

/// A triple term as N-Triples writes it.
pub(super) fn triple_cell(triple: &Triple) -> Markup {
    html! { span.iri { (term_text(TermRef::Triple(triple))) } }
}

pub(super) fn literal_cell(literal: &Literal) -> Markup {
    let datatype = literal.datatype().as_str();
    html! {
        @match literal.language() {
            Some(language) => {
                span lang=(language) dir=[literal.direction().map(direction_name)] { (literal.value()) }
                " " span.tag { (language) }
            }
            None => {
                (literal.value())
                @if datatype != STRING && !datatype.ends_with("#boolean") {
                    " " span.tag title=(datatype) { (crate::views::labels::last_segment(datatype)) }
                }
            }
        }
    }
}
