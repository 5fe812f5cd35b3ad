//! The page of an explained query: the form it came from, and its plan as a table. Makes no figures.

use super::query::form;
use super::{Site, percent_encode};
use crate::query::Explanation;
use crate::registry::stored::StoredQuery;
use crate::views::explain::{branches, cells, heads, legend, name, notes, say, summary};
use maud::{Markup, html};

/// The page of a query that was written.
pub fn render_explanation(site: &Site<'_>, query: &str, explanation: &Explanation) -> String {
    let address = format!("/sparql?query={}", percent_encode(query));
    let content = html! {
        (form(site, query))
        (plan(site, explanation))
        (formats(site, &address))
    };
    site.page("SPARQL-bevraging", &content)
}

/// The page of a stored query with its values.
pub fn render_stored_explanation(
    site: &Site<'_>,
    query: &StoredQuery,
    given: &[(String, String)],
    explanation: &Explanation,
) -> String {
    let mut address = format!("/queries/{}?", query.name);
    for (name, text) in given.iter().filter(|(_, text)| !text.is_empty()) {
        address.push_str(&format!(
            "{}={}&",
            percent_encode(name),
            percent_encode(text)
        ));
    }
    address.pop();
    let content = html! {
        p { a href=(site.path(&address)) { "Naar het antwoord" } }
        (plan(site, explanation))
        (formats(site, &address))
        details {
            summary { "De bevraging zelf" }
            pre { (query.text) }
        }
    };
    site.page(query.title.get(site.language), &content)
}

/// The same for programs.
fn formats(site: &Site<'_>, address: &str) -> Markup {
    let mark = if address.contains('?') { '&' } else { '?' };
    let as_of = site
        .earlier
        .map_or(String::new(), |state| state.pinned('&'));
    html! {
        ul.formats aria-label="Uitleg ophalen" {
            @for (name, format) in [("Tekst", "text"), ("JSON", "json")] {
                li { a href=(site.path(&format!("{address}{mark}explain=1&format={format}{as_of}"))) { (name) } }
            }
            li { a href=(site.path(&format!("{address}{mark}explain=plan{as_of}"))) { "Alleen het plan" } }
        }
    }
}

fn plan(site: &Site<'_>, explanation: &Explanation) -> Markup {
    let language = site.language;
    let steps = explanation.steps.iter().zip(branches(&explanation.steps));
    html! {
        h2 id="uitleg" { (say(language, "Uitleg", "Explanation")) }
        p role="status" { (summary(explanation, language).join(" ")) }
        div.scroll {
            table.plan aria-labelledby="uitleg" {
                thead { tr {
                    th scope="col" { (say(language, "stap", "step")) }
                    @for head in heads(explanation, language) { th.number scope="col" { (head) } }
                } }
                tbody {
                    @for (step, (branch, _)) in steps {
                        tr {
                            th scope="row" {
                                span.branch aria-hidden="true" { (branch) }
                                (name(step, language)) " "
                                code { (step.detail) }
                                @for note in notes(step, language) { span.help { (note) } }
                            }
                            @for cell in cells(explanation, step, language) { td.number { (cell) } }
                        }
                    }
                }
            }
        }
        p.help { (legend(explanation, language)) }
    }
}
