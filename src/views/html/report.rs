//! A validation report for people: verdict, counts, what is wrong grouped by rule, what was not checked.

use super::{Site, grouped, layout};
use crate::rdf::label::Language;
use crate::shapes::{Report, ResultGroup, ResultRow, Severity, Verdict};
use maud::{Markup, html};
use oxrdf::Term;

/// Results of one group in plain sight, and those that unfold; the CSV holds all that were kept.
const EXAMPLES: usize = 3;
const SHOWN: usize = 100;

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
        @for group in worst_first(report) { (group_section(site, report, group)) }
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

/// Groups by severity, each severity in report order.
fn worst_first(report: &Report) -> Vec<&ResultGroup> {
    let rank = |severity: &Severity| match severity {
        Severity::Violation | Severity::Other(_) => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    };
    let mut groups: Vec<&ResultGroup> = report.groups().iter().collect();
    groups.sort_by_key(|group| rank(&group.severity));
    groups
}

fn group_section(site: &Site<'_>, report: &Report, group: &ResultGroup) -> Markup {
    let rows = &report.results()[group.rows.clone()];
    let class = match group.severity {
        Severity::Violation | Severity::Other(_) => "bad",
        Severity::Warning => "warn",
        Severity::Info => "good",
    };
    let shape = report.shape_label(group.shape);
    let name = rows
        .first()
        .and_then(|row| report.property_label(row, site.language))
        .unwrap_or_else(|| short_name(&shape).to_owned());
    let (examples, others) = rows.split_at(rows.len().min(EXAMPLES));
    let unfolded = &others[..others.len().min(SHOWN)];
    let more = group.total - (examples.len() + unfolded.len()) as u64;
    html! {
        section {
            h2 {
                span class=(class) { (group.severity.label(site.language)) }
                " " span title=(shape) { (name) } " "
                span.tag { (group.component.code()) " " (group.component.name()) }
                " (" (grouped(group.total)) ")"
            }
            (result_table(site, report, examples))
            @if !unfolded.is_empty() {
                details {
                    summary { "Toon nog " (grouped(unfolded.len() as u64)) }
                    (result_table(site, report, unfolded))
                }
            }
            @if more > 0 { p { "En nog " (grouped(more)) ", in de CSV." } }
        }
    }
}

/// The last part of a shape's IRI; the whole stays in the title.
fn short_name(shape: &str) -> &str {
    let iri = shape.trim_start_matches('<').trim_end_matches('>');
    iri.rsplit(['#', '/'])
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(iri)
}

fn result_table(site: &Site<'_>, report: &Report, rows: &[ResultRow]) -> Markup {
    html! {
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { "Object" }
                    th scope="col" { "Eigenschap" }
                    th scope="col" { "Waarde" }
                    th scope="col" { "Boodschap" }
                } }
                tbody {
                    @for row in rows {
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
    }
}

fn term_cell(site: &Site<'_>, term: &Term) -> Markup {
    match term {
        Term::NamedNode(node) => site.anchor(node.as_str(), node.as_str(), node.as_str()),
        Term::BlankNode(node) => html! { span.iri { (node) } },
        Term::Literal(literal) => super::resource::literal_cell(literal),
        Term::Triple(triple) => super::resource::triple_cell(triple),
    }
}
