//! The administrator's page of queries: those that run, each with a button that stops it, and those that ended.

use super::{Site, grouped};
use maud::{Markup, html};

/// A query as a line of the page.
pub struct QueryLine {
    /// Its number.
    pub id: String,
    /// `SELECT`, `ASK`, …, `UPDATE`.
    pub form: &'static str,
    /// When it was asked, for people.
    pub at: String,
    /// How long it has run, or ran, in milliseconds.
    pub duration_ms: u64,
    /// Graphs the request names; 0 for all.
    pub graphs: usize,
    /// Rows of the whole answer, or those handed over so far; `None` when it did not end well.
    pub rows: Option<u64>,
    /// Bytes sent so far, while it runs.
    pub sent_bytes: u64,
    /// How it ended, in a word; empty when it ended well or runs.
    pub outcome: &'static str,
    /// The steps of its plan in one line, once it is made.
    pub plan: Option<String>,
    /// The beginning of its text.
    pub text: String,
}

/// What the page shows.
pub struct QueriesPage {
    /// Oldest first.
    pub running: Vec<QueryLine>,
    /// Newest first.
    pub ended: Vec<QueryLine>,
    /// The token the page was asked with, so that its buttons need no other.
    pub token: String,
    /// What was just done, if anything.
    pub notice: Option<String>,
}

/// The page of queries.
pub fn render_queries(site: &Site<'_>, page: &QueriesPage) -> String {
    let content = html! {
        @if let Some(notice) = &page.notice {
            p.notice role="status" { (notice) }
        }
        (form(site, "/bevragingen", &page.token, "Vernieuwen", None))
        h2 { "Lopend" }
        @if page.running.is_empty() {
            p { "Er loopt nu geen bevraging." }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { "Nummer" }
                        th scope="col" { "Vorm" }
                        th.number scope="col" { "Duur (ms)" }
                        th.number scope="col" { "Rijen" }
                        th.number scope="col" { "Verzonden (bytes)" }
                        th scope="col" { "Tekst" }
                        th scope="col" { "Stoppen" }
                    } }
                    tbody {
                        @for line in &page.running {
                            tr {
                                th scope="row" { code { (line.id) } }
                                td { (line.form) (graphs(line.graphs)) }
                                td.number { (grouped(line.duration_ms)) }
                                td.number { (grouped(line.rows.unwrap_or(0))) }
                                td.number { (grouped(line.sent_bytes)) }
                                td { (text(line)) }
                                td {
                                    @if line.outcome.is_empty() {
                                        (form(site, &format!("/bevragingen/{}/stop", line.id), &page.token, "Stop", Some(&line.id)))
                                    } @else { (line.outcome) }
                                }
                            }
                        }
                    }
                }
            }
        }
        h2 { "Afgelopen" }
        @if page.ended.is_empty() {
            p { "Er is nog geen bevraging afgelopen." }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { "Nummer" }
                        th scope="col" { "Tijdstip" }
                        th scope="col" { "Vorm" }
                        th.number scope="col" { "Duur (ms)" }
                        th.number scope="col" { "Rijen" }
                        th scope="col" { "Tekst" }
                    } }
                    tbody {
                        @for line in &page.ended {
                            tr {
                                th scope="row" { code { (line.id) } }
                                td { (line.at) }
                                td { (line.form) (graphs(line.graphs)) }
                                td.number { (grouped(line.duration_ms)) }
                                td.number {
                                    @match line.rows {
                                        Some(rows) => { (grouped(rows)) }
                                        None => { span.warn { (line.outcome) } }
                                    }
                                }
                                td { (text(line)) }
                            }
                        }
                    }
                }
            }
        }
    };
    site.page("Bevragingen", &content)
}

fn graphs(count: usize) -> Markup {
    html! {
        @match count {
            0 => {}
            1 => { " over 1 graaf" }
            count => { " over " (count) " grafen" }
        }
    }
}

fn text(line: &QueryLine) -> Markup {
    let mut lines = line.text.lines();
    let first = lines.next().unwrap_or("");
    html! {
        @if lines.next().is_none() {
            code { (first) }
        } @else {
            details {
                summary { code { (first) } " …" }
                pre { (line.text) }
            }
        }
        @if let Some(plan) = &line.plan { span.help { (plan) } }
    }
}

fn form(site: &Site<'_>, path: &str, token: &str, button: &str, of: Option<&str>) -> Markup {
    html! {
        form method="post" action=(site.path(path)) {
            input type="hidden" name="token" value=(token);
            @match of {
                Some(id) => { button type="submit" aria-label=(format!("{button} bevraging {id}")) { (button) } }
                None => { button type="submit" { (button) } }
            }
        }
    }
}
