//! The start page and the list of graphs.

use super::{Site, counted, grouped};
use crate::registry::Register;
use crate::views::labels::last_segment;
use maud::html;

/// A register with its number of items.
pub struct RegisterLine<'a> {
    /// The register.
    pub register: &'a Register,
    /// Number of items.
    pub count: u64,
}

/// The start page: what is here and where each group of users begins.
pub fn render_home(site: &Site<'_>, registers: &[RegisterLine<'_>]) -> String {
    let snapshot = site.view.snapshot();
    let content = html! {
        p {
            "Dit register bevat " strong { (counted(snapshot.quad_count(), "uitspraak", "uitspraken")) } " in "
            strong { (counted(site.view.graph_names().len() as u64, "graaf", "grafen")) } ", na commit "
            strong { (snapshot.seq()) } "."
        }
        ul.groups {
            li {
                h2 { "Gegevensbeheerders" }
                p { "Bevragen, controleren en bijwerken." }
                ul {
                    li { a href=(site.path("/sparql")) { "SPARQL-bevraging" } }
                    li { a href=(site.path("/queries")) { "Klaargezette bevragingen" } }
                    li { a href=(site.path("/validate")) { "Een bestand valideren" } }
                    li { a href=(site.path("/rapport")) { "Kwaliteitsrapport van het register" } }
                    li { a href=(site.path("/proces/v1/sturing")) { "Sturing op de statussen van dossiers" } }
                    li { a href=(site.path("/shapes")) { "Toepassingsprofielen en hun vormen" } }
                    li { a href=(site.path("/rdf-graphs")) { "Grafen en hun inhoud" } }
                }
            }
            li {
                h2 { "Ontwikkelaars" }
                p { "JSON-LD met een OSLO-context, over HTTP." }
                ul {
                    @for line in registers.iter().filter(|line| line.count > 0).take(4) {
                        @let path = format!("/api/{}", line.register.name);
                        li { a href=(site.path(&path)) { code { (path) } } }
                    }
                    li { a href=(site.path("/contexts")) { "JSON-LD-contexten" } }
                    li { a href=(site.path("/health")) { code { "/health" } } }
                }
            }
            li {
                h2 { "Portalen en afnemers" }
                p { "Volledige kopieën en de beschrijving van de dienst." }
                ul {
                    li { a href=(site.path("/catalog")) { "Catalogus van de datasets (DCAT)" } }
                    li { a href=(site.path("/ldes")) { "Wat verandert, als gebeurtenissenstromen (LDES)" } }
                    li { a href=(site.path("/dumps")) { "Elk register als bestand (dumps)" } }
                    li { a href=(site.path("/rdf-graphs")) { "Dumps per graaf" } }
                    li { a href=(site.path("/.well-known/void")) { "Beschrijving van de gegevens (VoID)" } }
                    li { a href=(site.path("/sparql?format=ttl")) { "Beschrijving van de SPARQL-dienst" } }
                }
            }
        }
        h2 { "Registers" }
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { "Register" }
                    th scope="col" { "Inhoud" }
                    th.number scope="col" { "Objecten" }
                } }
                tbody {
                    @for line in registers {
                        tr {
                            th scope="row" {
                                a href=(site.path(&format!("/api/{}", line.register.name))) {
                                    (line.register.label.get(site.language))
                                }
                            }
                            td { (line.register.description.get(site.language)) }
                            td.number { (grouped(line.count)) }
                        }
                    }
                }
            }
        }
    };
    site.page("Linked data van lokale besturen", &content)
}

/// The graphs with their sizes.
pub fn render_graphs(site: &Site<'_>, graphs: &[(Option<String>, u64)]) -> String {
    let content = html! {
        p { "Elke graaf kan in zijn geheel opgehaald worden, in het formaat van de " code { "Accept" } "-hoofding." }
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { "Graaf" }
                    th.number scope="col" { "Uitspraken" }
                    th scope="col" { "Ophalen" }
                } }
                tbody {
                    @for (graph, size) in graphs {
                        tr {
                            th scope="row" {
                                @match graph {
                                    Some(iri) => {
                                        @let own = iri.strip_prefix(site.base).and_then(|p| p.strip_prefix("/graph/"));
                                        span title=(iri) { (own.unwrap_or_else(|| last_segment(iri))) }
                                    }
                                    None => { "Standaardgraaf" }
                                }
                            }
                            td.number { (grouped(*size)) }
                            td {
                                @let query = match graph {
                                    Some(iri) => format!("graph={}", super::percent_encode(iri)),
                                    None => "default".to_owned(),
                                };
                                @for (name, format) in [("Turtle", "ttl"), ("N-Triples", "nt"), ("JSON-LD", "jsonld"), ("RDF/XML", "rdf")] {
                                    a href=(site.path(&format!("/rdf-graphs?{query}&format={format}"))) { (name) }
                                    " "
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    site.page("Grafen", &content)
}
