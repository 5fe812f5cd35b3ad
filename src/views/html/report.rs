//! A validation report for people: verdict, counts, what is wrong grouped by rule, what was not checked.

use super::{Site, grouped, layout};
use crate::rdf::label::Language;
use crate::shapes::{Report, ResultGroup, Severity, Verdict};
use maud::{Markup, html};
use oxrdf::Term;

/// Results shown of one group; the CSV holds all that were kept.
const SHOWN: usize = 20;

/// The page of a report. `source` names what was checked; `downloads` are other formats: name and address.
pub fn render_report(
    site: &Site<'_>,
    report: &Report,
    source: &str,
    downloads: &[(&str, String)],
) -> String {
    let counts = report.counts();
    let class = match report.verdict() {
        Verdict::Conforms => "good",
        Verdict::Violations if counts.violation + counts.other > 0 => "bad",
        Verdict::Violations | Verdict::Undetermined => "warn",
    };
    let content = html! {
        p { "Getoetst: " strong { (source) } }
        p role="status" class=(class) { (report.summary(site.language)) }
        @if !downloads.is_empty() {
            ul.formats aria-label="Andere formaten" {
                @for (name, address) in downloads { li { a href=(address) { (name) } } }
            }
        }
        table {
            caption { "Bevindingen naar ernst" }
            thead { tr {
                th.number scope="col" { "Overtredingen" }
                th.number scope="col" { "Waarschuwingen" }
                th.number scope="col" { "Ter info" }
            } }
            tbody { tr {
                td.number { (grouped(counts.violation + counts.other)) }
                td.number { (grouped(counts.warning)) }
                td.number { (grouped(counts.info)) }
            } }
        }
        @for group in report.groups() { (group_section(site, report, group)) }
        @if !report.not_checked().is_empty() || !report.zero_focus().is_empty() {
            h2 { "Niet getoetst" }
            ul {
                @for lint in report.not_checked() {
                    li { code { (lint.code) } " " (lint.shape_label) ": " (lint.message.get(site.language)) " " (lint.hint.get(site.language)) }
                }
                @for empty in report.zero_focus() {
                    li { code { (empty.lint.code) } " " (empty.lint.shape_label) ": " (empty.lint.message.get(site.language)) }
                }
            }
        }
        h2 { "Getoetste vormen" }
        div.scroll {
            table {
                thead { tr { th scope="col" { "Vorm" } th.number scope="col" { "Objecten" } } }
                tbody {
                    @for focus in report.focus_counts() {
                        tr { th scope="row" { (focus.label) } td.number { (grouped(focus.count)) } }
                    }
                }
            }
        }
    };
    layout(site.base, "Validatierapport", Language::Nl, &content)
}

fn group_section(site: &Site<'_>, report: &Report, group: &ResultGroup) -> Markup {
    let rows = &report.results()[group.rows.clone()];
    let class = match group.severity {
        Severity::Violation | Severity::Other(_) => "bad",
        Severity::Warning => "warn",
        Severity::Info => "good",
    };
    let more = group.total.saturating_sub(rows.len().min(SHOWN) as u64);
    html! {
        section {
            h2 {
                span class=(class) { (group.severity.label(site.language)) }
                " " (report.shape_label(group.shape)) " "
                span.tag { (group.component.code()) " " (group.component.name()) }
                " (" (grouped(group.total)) ")"
            }
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { "Object" }
                        th scope="col" { "Eigenschap" }
                        th scope="col" { "Waarde" }
                        th scope="col" { "Boodschap" }
                    } }
                    tbody {
                        @for row in rows.iter().take(SHOWN) {
                            tr {
                                th scope="row" { (term_cell(site, &report.term(row.focus))) }
                                td {
                                    @if let Some(label) = report.property_label(row, site.language) {
                                        span title=(report.path_text(row).unwrap_or_default()) { (label) }
                                    }
                                }
                                td { @if let Some(value) = row.value { (term_cell(site, &report.term(value))) } }
                                td {
                                    (report.message(row, site.language))
                                    span.help { (report.hint(row, site.language)) }
                                }
                            }
                        }
                    }
                }
            }
            @if more > 0 { p { "En nog " (grouped(more)) "." } }
        }
    }
}

fn term_cell(site: &Site<'_>, term: &Term) -> Markup {
    match term {
        Term::NamedNode(node) => site.anchor(node.as_str(), node.as_str(), node.as_str()),
        Term::BlankNode(node) => html! { span.iri { (node) } },
        Term::Literal(literal) => super::resource::literal_cell(literal),
    }
}
