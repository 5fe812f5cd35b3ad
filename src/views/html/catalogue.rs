//! Pages of the catalogue: all data sets with where to get them, and one data set. In Dutch and English, usable with a keyboard
//! and without scripts; the only script is data for search engines.

use super::{Site, layout_with};
use crate::rdf::label::Language;
use maud::{Markup, PreEscaped, html};

/// A way to get at data.
pub struct CatalogueLink {
    /// What it is.
    pub title: String,
    /// Its address.
    pub href: String,
    /// Format, size, or what it is good for.
    pub note: String,
}

/// A data set on a page.
pub struct CatalogueDataset {
    /// Name of its register; unique on the page.
    pub name: String,
    /// Title.
    pub title: String,
    /// What it holds.
    pub description: String,
    /// Address of its page.
    pub href: String,
    /// What else is said of it: name, text, and where it leads.
    pub facts: Vec<(String, String, Option<String>)>,
    /// Files and streams.
    pub distributions: Vec<CatalogueLink>,
    /// Services.
    pub services: Vec<CatalogueLink>,
}

/// The page of the catalogue.
pub struct CatalogueListing {
    /// Title.
    pub title: String,
    /// What it holds.
    pub description: String,
    /// What else is said of it: name, text, and where it leads.
    pub facts: Vec<(String, String, Option<String>)>,
    /// Data sets of this page.
    pub datasets: Vec<CatalogueDataset>,
    /// The same in other formats: name and address.
    pub formats: Vec<(String, String)>,
    /// Pages before and after this one.
    pub previous: Option<String>,
    /// The page after this one.
    pub next: Option<String>,
    /// What the steward has yet to fill in.
    pub missing: Vec<String>,
    /// Address of the same page in the other language.
    pub other_language: String,
}

/// The page of the catalogue.
pub fn render_catalogue(site: &Site<'_>, page: &CatalogueListing) -> String {
    let content = html! {
        (other_language(site, &page.other_language))
        p { (page.description) }
        @if !page.missing.is_empty() {
            div.notice role="status" {
                p { (site.say("De beheerder vulde dit nog niet in:", "The steward has yet to fill in:")) }
                ul { @for line in &page.missing { li { (line) } } }
            }
        }
        (facts(&page.facts))
        (formats(site, &page.formats))
        h2 { (site.say("Datasets", "Data sets")) }
        @for dataset in &page.datasets {
            section aria-labelledby=(format!("dataset-{}", dataset.name)) {
                h3 id=(format!("dataset-{}", dataset.name)) { a href=(dataset.href) { (dataset.title) } }
                p { (dataset.description) }
                (ways(site, dataset))
            }
        }
        @if page.previous.is_some() || page.next.is_some() {
            nav aria-label=(site.say("Bladzijden", "Pages")) {
                @if let Some(previous) = &page.previous {
                    a rel="prev" href=(previous) { (site.say("Vorige", "Previous")) } " "
                }
                @if let Some(next) = &page.next { a rel="next" href=(next) { (site.say("Volgende", "Next")) } }
            }
        }
    };
    layout_with(site.base, &page.title, site.language, &html! {}, &content)
}

/// The page of one data set. `script` is JSON-LD for search engines, fit for the inside of a script.
pub fn render_catalogue_dataset(
    site: &Site<'_>,
    dataset: &CatalogueDataset,
    formats_of: &[(String, String)],
    (script, other): (&str, &str),
) -> String {
    let head = html! {
        script type="application/ld+json" { (PreEscaped(script)) }
    };
    let content = html! {
        (other_language(site, other))
        p { (dataset.description) }
        (facts(&dataset.facts))
        (ways(site, dataset))
        (formats(site, formats_of))
        p { a href=(site.path("/catalog")) { (site.say("Naar de catalogus", "To the catalogue")) } }
    };
    layout_with(site.base, &dataset.title, site.language, &head, &content)
}

/// The page of anything else that the catalogue speaks of: what is said of it, line by line.
pub fn render_catalogue_entity(
    site: &Site<'_>,
    title: &str,
    rows: &[(String, String, Option<String>)],
    formats_of: &[(String, String)],
) -> String {
    let content = html! {
        (facts(rows))
        (formats(site, formats_of))
        p { a href=(site.path("/catalog")) { (site.say("Naar de catalogus", "To the catalogue")) } }
    };
    layout_with(site.base, title, site.language, &html! {}, &content)
}

fn other_language(site: &Site<'_>, address: &str) -> Markup {
    let (tag, name) = match site.language {
        Language::Nl => ("en", "English"),
        Language::En => ("nl", "Nederlands"),
    };
    html! { p { a href=(address) lang=(tag) hreflang=(tag) { (name) } } }
}

fn formats(site: &Site<'_>, formats: &[(String, String)]) -> Markup {
    html! {
        ul.formats aria-label=(site.say("Andere formaten", "Other formats")) {
            @for (name, address) in formats { li { a href=(address) { (name) } } }
        }
    }
}

fn facts(facts: &[(String, String, Option<String>)]) -> Markup {
    html! {
        @if !facts.is_empty() {
            div.scroll {
                table {
                    tbody {
                        @for (name, text, href) in facts {
                            tr {
                                th scope="row" { (name) }
                                td {
                                    @match href {
                                        Some(href) => { a href=(href) { (text) } }
                                        None => { (text) }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn ways(site: &Site<'_>, dataset: &CatalogueDataset) -> Markup {
    let list = |title: &str, links: &[CatalogueLink]| {
        html! {
            @if !links.is_empty() {
                p { (title) }
                ul {
                    @for link in links {
                        li {
                            a href=(link.href) { (link.title) }
                            @if !link.note.is_empty() { " " span.tag { (link.note) } }
                        }
                    }
                }
            }
        }
    };
    html! {
        (list(site.say("Bestanden en stromen", "Files and streams"), &dataset.distributions))
        (list(site.say("Diensten", "Services"), &dataset.services))
    }
}
