//! The SPARQL form and the table of an answer.

use super::resource::{literal_cell, triple_cell};
use super::{Site, counted, grouped, percent_encode};
use crate::views::rdf_document::shorten;
use maud::{Markup, html};
use oxrdf::Term;

/// Queries to start from: title and text.
const EXAMPLES: [(&str, &str); 4] = [
    (
        "Welke klassen komen voor, en hoe vaak?",
        "SELECT ?klasse (COUNT(DISTINCT ?object) AS ?aantal)\nWHERE { ?object a ?klasse }\nGROUP BY ?klasse\nORDER BY DESC(?aantal)\nLIMIT 50",
    ),
    (
        "Adressen van één gemeente, met hun straatnaam",
        "PREFIX adres: <https://data.vlaanderen.be/ns/adres#>\nPREFIX prov: <http://www.w3.org/ns/prov#>\nPREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\nSELECT ?adres ?straat ?huisnummer\nWHERE {\n  ?adres a adres:Adres ;\n    prov:wasAttributedTo <https://data.vlaanderen.be/id/gemeente/41027> ;\n    adres:huisnummer ?huisnummer ;\n    adres:heeftStraatnaam/rdfs:label ?straat .\n}\nORDER BY ?straat ?huisnummer\nLIMIT 100",
    ),
    (
        "Hoeveel uitspraken bevat elke graaf?",
        "SELECT ?graaf (COUNT(*) AS ?uitspraken)\nWHERE { GRAPH ?graaf { ?s ?p ?o } }\nGROUP BY ?graaf\nORDER BY DESC(?uitspraken)",
    ),
    (
        "Welke vormvereisten (SHACL) gelden voor een adres?",
        "PREFIX sh: <http://www.w3.org/ns/shacl#>\nSELECT ?eigenschap ?minimum ?maximum\nWHERE {\n  ?vorm sh:targetClass <https://data.vlaanderen.be/ns/adres#Adres> ;\n    sh:property ?regel .\n  ?regel sh:path ?eigenschap .\n  OPTIONAL { ?regel sh:minCount ?minimum }\n  OPTIONAL { ?regel sh:maxCount ?maximum }\n}",
    ),
];

/// The first rows of an answer.
pub struct QueryTable {
    /// Columns.
    pub columns: Vec<String>,
    /// Rows; `None` where unbound.
    pub rows: Vec<Vec<Option<Term>>>,
    /// Whether the answer has more rows than these.
    pub more: bool,
    /// Of `ASK`: the answer.
    pub boolean: Option<bool>,
}

/// The form, empty or filled in.
pub fn render_query_form(site: &Site<'_>) -> String {
    let content = html! {
        p {
            "Stel een vraag in " a href="https://www.w3.org/TR/sparql11-query/" { "SPARQL 1.1" }
            ". Zonder " code { "FROM" } " gaat ze over alle grafen samen."
        }
        (form(site, EXAMPLES[0].1))
        h2 { "Voorbeelden" }
        @for (title, text) in EXAMPLES {
            h3 { (title) }
            pre { (text) }
            p { a href=(site.path(&format!("/sparql?query={}", percent_encode(text)))) { "Uitvoeren" } }
        }
    };
    site.page("SPARQL-bevraging", &content)
}

/// The form with the answer below.
pub fn render_query_result(site: &Site<'_>, query: &str, table: &QueryTable) -> String {
    let as_of = site
        .earlier
        .map_or(String::new(), |state| state.pinned('&'));
    let download = |format: &str| {
        site.path(&format!(
            "/sparql?query={}&format={format}{as_of}",
            percent_encode(query)
        ))
    };
    let content = html! {
        (form(site, query))
        h2 { "Antwoord" }
        @if let Some(answer) = table.boolean {
            p role="status" { strong { @if answer { "Ja" } @else { "Nee" } } }
        } @else {
            p role="status" {
                @if table.more {
                    "De eerste " (grouped(table.rows.len() as u64)) " rijen. Het volledige antwoord staat in de bestanden hieronder."
                } @else {
                    (counted(table.rows.len() as u64, "rij", "rijen")) "."
                }
            }
            ul.formats aria-label="Antwoord ophalen" {
                @for (name, format) in [("CSV", "csv"), ("TSV", "tsv"), ("JSON", "json"), ("XML", "xml")] {
                    li { a href=(download(format)) { (name) } }
                }
            }
            (rows(site, table))
        }
    };
    site.page("SPARQL-bevraging", &content)
}

/// An answer with its number of rows, or yes or no.
pub(super) fn answer_table(site: &Site<'_>, table: &QueryTable) -> Markup {
    html! {
        p role="status" {
            @if let Some(answer) = table.boolean {
                strong { @if answer { "Ja" } @else { "Nee" } }
            } @else if table.more {
                "De eerste " (grouped(table.rows.len() as u64)) " rijen; de bestanden hebben ze alle."
            } @else {
                (counted(table.rows.len() as u64, "rij", "rijen")) "."
            }
        }
        @if table.boolean.is_none() { (rows(site, table)) }
    }
}

fn rows(site: &Site<'_>, table: &QueryTable) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr { @for column in &table.columns { th scope="col" { (column) } } } }
                tbody {
                    @for row in &table.rows {
                        tr { @for value in row { td { (term_cell(site, value.as_ref())) } } }
                    }
                }
            }
        }
    }
}

/// The form with a query: one button for its answer, one for how it is answered.
pub(super) fn form(site: &Site<'_>, query: &str) -> Markup {
    html! {
        form method="get" action=(site.path("/sparql")) {
            (site.same_state())
            label for="query" { "Bevraging" }
            textarea id="query" name="query" rows="14" spellcheck="false" required { (query) }
            p.buttons {
                button type="submit" { "Uitvoeren" }
                " "
                button.second type="submit" name="explain" value="1" { "Leg uit" }
            }
        }
    }
}

fn term_cell(site: &Site<'_>, term: Option<&Term>) -> Markup {
    match term {
        None => html! {},
        Some(Term::NamedNode(node)) => {
            let iri = node.as_str();
            site.anchor(iri, iri, &shorten(iri).unwrap_or_else(|| iri.to_owned()))
        }
        Some(Term::BlankNode(node)) => html! { span.iri { (node) } },
        Some(Term::Literal(literal)) => literal_cell(literal),
        Some(Term::Triple(triple)) => triple_cell(triple),
    }
}
