//! The page of a collection: filters, one page of items, the way to the next.

use super::resource::value_cell;
use super::{Site, counted};
use crate::registry::{FilterPart, Register};
use crate::views::collection::CollectionQuery;
use crate::views::resource::Node;
use maud::html;
use oxrdf::NamedOrBlankNode;

/// What the page shows.
pub struct CollectionPage<'a> {
    /// The register.
    pub register: &'a Register,
    /// What was asked.
    pub query: &'a CollectionQuery,
    /// The order asked for, as it was written.
    pub sort: &'a str,
    /// Items with the declared predicates only.
    pub items: &'a [Node],
    /// Number of items in all pages.
    pub total: u64,
    /// Address of the next page.
    pub next: Option<String>,
    /// Links to the same page in other formats: name and address.
    pub formats: &'a [(&'a str, String)],
}

/// The page of a collection.
pub fn render_collection(site: &Site<'_>, page: &CollectionPage<'_>) -> String {
    let register = page.register;
    let language = site.language;
    let value_of = |name: &str| {
        page.query
            .filters
            .iter()
            .find(|(known, _)| known == name)
            .map_or("", |(_, value)| value.as_str())
    };
    let content = html! {
        p { (register.description.get(language)) }
        ul.formats aria-label="Andere formaten" {
            @for (name, address) in page.formats { li { a href=(address) { (name) } } }
        }
        @if !register.filters.is_empty() {
            form method="get" action=(site.path(&format!("/api/{}", register.name))) {
                (site.same_state())
                fieldset {
                    legend { "Filteren" }
                    div.fields {
                        @for filter in &register.filters {
                            @for (name, part) in filter.parameters() {
                                label {
                                    (name)
                                    @if part == FilterPart::Value {
                                        span.help { (filter.description.get(language)) }
                                    }
                                    input type="text" name=(name) value=(value_of(&name));
                                }
                            }
                        }
                        @if !register.sorts.is_empty() {
                            label {
                                "sort"
                                span.help { "Volgorde: " (sort_names(register)) "; met - ervoor omgekeerd." }
                                input type="text" name="sort" value=(page.sort);
                            }
                        }
                    }
                    p { button type="submit" { "Zoeken" } }
                }
            }
        }
        p role="status" { (counted(page.total, "object", "objecten")) "." }
        @if !page.items.is_empty() {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (register.kind) }
                        @for predicate in &register.list { th scope="col" { (site.predicate(predicate)) } }
                    } }
                    tbody {
                        @for item in page.items {
                            tr {
                                th scope="row" {
                                    @if let NamedOrBlankNode::NamedNode(iri) = &item.id {
                                        (site.anchor(iri.as_str(), iri.as_str(), register.id_of_iri(iri.as_str()).unwrap_or(iri.as_str())))
                                    }
                                }
                                @for predicate in &register.list {
                                    td {
                                        @for value in item.values(predicate) { (value_cell(site, value)) " " }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(next) = &page.next {
            p { a rel="next" href=(next) { "Volgende bladzijde" } }
        }
    };
    site.page(register.label.get(language), &content)
}

fn sort_names(register: &Register) -> String {
    let names = register.sorts.iter().map(|key| key.name.as_str());
    let names: Vec<&str> = ["id"].into_iter().chain(names).collect();
    names.join(", ")
}
