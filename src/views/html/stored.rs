//! Pages of the stored queries: the list, and one query with its form and answer. Forms work without scripts.

use super::query::{QueryTable, answer_table};
use super::{Site, percent_encode};
use crate::registry::stored::{Catalogue, Parameter, ParameterKind, StoredFormat, StoredQuery};
use maud::{Markup, html};

/// What the page of one query shows.
pub struct StoredQueryPage<'a> {
    /// The query.
    pub query: &'a StoredQuery,
    /// Names and texts that the form is filled in with.
    pub given: &'a [(String, String)],
    /// The first rows of the answer, when it was asked.
    pub table: Option<&'a QueryTable>,
}

/// All stored queries with a form for each, and the files that are broken.
pub fn render_stored_queries(site: &Site<'_>, catalogue: &Catalogue) -> String {
    let content = html! {
        p {
            "Bevragingen die de gegevensbeheerder klaarzette, elk op een vast adres. Vul in wat nodig is; het antwoord komt als tabel "
            "of als bestand."
        }
        @if catalogue.queries.is_empty() {
            p role="status" { "Er staan nog geen bevragingen klaar: het zijn bestanden " code { "queries/naam.rq" } " in de datamap." }
        }
        @for query in &catalogue.queries {
            section aria-labelledby=(query.name) {
                h2 id=(query.name) {
                    a href=(site.path(&format!("/queries/{}", query.name))) { (query.title.get(site.language)) }
                }
                (description(site, query))
                (form(site, query, &[]))
            }
        }
        @if !catalogue.broken.is_empty() {
            h2 { "Bestanden die niet gelezen kunnen worden" }
            ul {
                @for (name, error) in &catalogue.broken {
                    li {
                        strong { (name) } ": "
                        @if error.line > 0 { "regel " (error.line) ", " }
                        (error.reason.get(site.language))
                    }
                }
            }
        }
    };
    site.page("Klaargezette bevragingen", &content)
}

/// One query: form, answer, and ways to fetch it.
pub fn render_stored_query(site: &Site<'_>, page: &StoredQueryPage<'_>) -> String {
    let query = page.query;
    let content = html! {
        (description(site, query))
        (form(site, query, page.given))
        @if let Some(table) = page.table {
            h2 { "Antwoord" }
            ul.formats aria-label="Antwoord ophalen" {
                @for format in query.formats.iter().filter(|format| **format != StoredFormat::Page) {
                    li { a href=(address(site, query, page.given, *format)) { (format_name(*format)) } }
                }
            }
            (answer_table(site, table))
        }
        details {
            summary { "De bevraging zelf" }
            pre { (query.text) }
        }
        p { a href=(site.path("/queries")) { "Alle klaargezette bevragingen" } }
    };
    site.page(query.title.get(site.language), &content)
}

fn description(site: &Site<'_>, query: &StoredQuery) -> Markup {
    let text = query.description.get(site.language);
    html! { @if !text.is_empty() { p { (text) } } }
}

fn format_name(format: StoredFormat) -> &'static str {
    match format.name() {
        "json" => "JSON",
        "xml" => "XML",
        "csv" => "CSV",
        "tsv" => "TSV",
        "turtle" => "Turtle",
        "ntriples" => "N-Triples",
        "nquads" => "N-Quads",
        "rdfxml" => "RDF/XML",
        "jsonld" => "JSON-LD",
        "trig" => "TriG",
        other => other,
    }
}

/// Where the same answer is to be had in a format.
fn address(
    site: &Site<'_>,
    query: &StoredQuery,
    given: &[(String, String)],
    format: StoredFormat,
) -> String {
    let mut out = format!("/queries/{}?format={}", query.name, format.name());
    for (name, text) in given.iter().filter(|(_, text)| !text.is_empty()) {
        out.push_str(&format!(
            "&{}={}",
            percent_encode(name),
            percent_encode(text)
        ));
    }
    if let Some(state) = site.earlier {
        out.push_str(&state.pinned('&'));
    }
    site.path(&out)
}

fn form(site: &Site<'_>, query: &StoredQuery, given: &[(String, String)]) -> Markup {
    html! {
        form method="get" action=(site.path(&format!("/queries/{}", query.name))) {
            (site.same_state())
            @if !query.parameters.is_empty() {
                div.fields {
                    @for parameter in &query.parameters {
                        label {
                            (parameter.label.get(site.language))
                            span.help { (hint(parameter)) }
                            (field(parameter, given))
                        }
                    }
                }
            }
            p.buttons {
                button type="submit" { "Uitvoeren" }
                " "
                button.second type="submit" name="explain" value="1" { "Leg uit" }
            }
        }
    }
}

fn hint(parameter: &Parameter) -> String {
    let kind = match parameter.kind {
        ParameterKind::Iri => "volledige IRI",
        ParameterKind::String => "tekst",
        ParameterKind::Integer => "geheel getal",
        ParameterKind::Decimal => "getal",
        ParameterKind::Date => "datum",
        ParameterKind::Boolean => "ja of nee",
        ParameterKind::Enumeration(_) => "keuze",
    };
    match (parameter.required, &parameter.default) {
        (true, _) => format!("{kind}, verplicht"),
        (false, Some(default)) => format!("{kind}, standaard {default}"),
        (false, None) => kind.to_owned(),
    }
}

fn field(parameter: &Parameter, given: &[(String, String)]) -> Markup {
    let name = parameter.name.as_str();
    let found = given.iter().find(|(known, _)| known == name);
    let value = match (found, &parameter.default) {
        (Some((_, text)), _) => text.as_str(),
        (None, Some(default)) => default.as_str(),
        (None, None) => "",
    };
    let (kind, step) = match &parameter.kind {
        ParameterKind::Enumeration(choices) => {
            let choices = choices.iter().map(|c| (c.name.as_str(), c.name.as_str()));
            return select(parameter, value, choices.collect());
        }
        ParameterKind::Boolean => {
            let value = match value {
                "1" | "ja" => "true",
                "0" | "nee" => "false",
                other => other,
            };
            return select(parameter, value, vec![("true", "ja"), ("false", "nee")]);
        }
        ParameterKind::Integer => ("number", Some("1")),
        ParameterKind::Decimal => ("number", Some("any")),
        ParameterKind::Date => ("date", None),
        ParameterKind::Iri => ("url", None),
        ParameterKind::String => ("text", None),
    };
    html! {
        input type=(kind) name=(name) value=(value) step=[step] required[parameter.required];
    }
}

fn select(parameter: &Parameter, value: &str, choices: Vec<(&str, &str)>) -> Markup {
    html! {
        select name=(parameter.name) required[parameter.required] {
            @if parameter.default.is_none() {
                option value="" selected[value.is_empty()] { @if parameter.required { "Kies…" } @else { "alle" } }
            }
            @for (choice, shown) in choices {
                option value=(choice) selected[choice == value] { (shown) }
            }
        }
    }
}
