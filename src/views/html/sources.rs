//! The administrator's page of sources: how each is doing, its latest runs, what failed and what to do.

use super::{Site, grouped};
use crate::ingest::sources::{Outcome, RunRecord, SourceStatus};
use crate::rdf::label::Language;
use maud::{Markup, html};

/// Runs of a source that the page shows.
const SHOWN: usize = 10;

/// The page of sources. `token` is the one it was asked with in a form.
pub fn render_sources(site: &Site<'_>, sources: &[SourceStatus], token: &str) -> String {
    let content = html! {
        @if !token.is_empty() {
            form method="post" action=(site.path("/beheer/bronnen")) {
                input type="hidden" name="token" value=(token);
                button type="submit" { (site.say("Vernieuwen", "Refresh")) }
            }
        }
        @if sources.is_empty() {
            p {
                (site.say("Er zijn nog geen bronnen: ", "There are no sources yet: "))
                code { "oslo source add" }
            }
        } @else {
            (overview(site, sources))
            @for status in sources { (detail(site, status)) }
        }
    };
    site.page(site.say("Bronnen", "Sources"), &content)
}

fn overview(site: &Site<'_>, sources: &[SourceStatus]) -> Markup {
    let say = |nl, en| site.say(nl, en);
    html! {
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { (say("Bron", "Source")) }
                    th scope="col" { (say("Soort", "Kind")) }
                    th scope="col" { (say("Laatste run", "Last run")) }
                    th scope="col" { (say("Uitkomst", "Outcome")) }
                    th scope="col" { (say("Laatst gelukt", "Last success")) }
                    th.number scope="col" { (say("Achterstand", "Lag")) }
                    th.number scope="col" { (say("Mislukt na elkaar", "Failures in a row")) }
                } }
                tbody {
                    @for status in sources {
                        tr {
                            th scope="row" { a href=(format!("#bron-{}", status.source.name)) { (status.source.name) } }
                            td.word { (status.source.kind.word()) }
                            td.word { @if let Some(run) = status.runs.first() { (moment(&run.began)) } @else { "–" } }
                            td.word { @if let Some(run) = status.runs.first() { (outcome(site, run)) } @else { "–" } }
                            td.word { @if let Some(last) = &status.last_success { (moment(last)) } @else { "–" } }
                            td.number { (status.lag_seconds.map_or_else(|| "–".to_owned(), duration)) }
                            td.number { (status.failures_in_a_row) }
                        }
                    }
                }
            }
        }
    }
}

fn detail(site: &Site<'_>, status: &SourceStatus) -> Markup {
    let say = |nl, en| site.say(nl, en);
    let source = &status.source;
    let failure = status.runs.first().and_then(|run| run.failure.as_ref());
    html! {
        h2 id=(format!("bron-{}", source.name)) { (source.name) }
        dl {
            dt { (say("Plaats", "Location")) } dd.iri { (status.without_query(&source.location)) }
            dt { (say("Graaf", "Graph")) }
            dd.iri {
                @match site.href(source.graph.as_str()) {
                    Some(href) => { a href=(href) { (source.graph.as_str()) } }
                    None => { (source.graph.as_str()) }
                }
            }
            @if let Some(every) = source.every {
                dt { (say("Elke", "Every")) } dd { (duration(every.as_secs())) }
            }
        }
        @if let Some(failure) = failure {
            div.notice role="status" {
                p {
                    strong.bad { (say("Mislukt", "Failing")) " "
                        a href=(site.path(&format!("/fouten/{}", failure.code))) { (failure.code) } }
                    ": " (status.without_query(failure.message(site.language)))
                }
                @if let Some(hint) = failure.hint(site.language) { p { (hint) } }
            }
        }
        @if status.runs.is_empty() {
            p { (say("Nog nooit gelezen: ", "Never read yet: ")) code { "oslo source run " (source.name) } }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (say("Begon", "Began")) }
                        th scope="col" { (say("Uitkomst", "Outcome")) }
                        th.number scope="col" { (say("Seconden", "Seconds")) }
                        th.number scope="col" { (say("Gelezen", "Read")) }
                        th.number scope="col" { (say("Toegevoegd", "Added")) }
                        th.number scope="col" { (say("Verwijderd", "Removed")) }
                        th.number scope="col" { (say("Hersteld", "Repaired")) }
                        th.number scope="col" { (say("In quarantaine", "Quarantined")) }
                        th.number scope="col" { (say("Geweigerd", "Refused")) }
                        th scope="col" { (say("Opmerkingen", "Notes")) }
                    } }
                    tbody {
                        @for run in status.runs.iter().take(SHOWN) { (row(site, status, run)) }
                    }
                }
            }
        }
    }
}

fn row(site: &Site<'_>, status: &SourceStatus, run: &RunRecord) -> Markup {
    let language = usize::from(site.language == Language::En);
    html! {
        tr {
            th.word scope="row" { (moment(&run.began)) }
            td.word { (outcome(site, run)) }
            td.number { (format!("{:.1}", run.seconds)) }
            @for count in [run.members, run.added, run.removed, run.repaired, run.waiting, run.refused] {
                td.number { (grouped(count)) }
            }
            td {
                @if let Some(failure) = &run.failure { code { (failure.code) } " " }
                @if !run.notes.is_empty() {
                    details {
                        summary { (run.notes.len()) }
                        ul { @for note in &run.notes { li { (status.without_query(&note[language])) } } }
                    }
                }
            }
        }
    }
}

/// A moment of UTC as people read it.
fn moment(text: &str) -> Markup {
    let shown = text.replace('T', " ").replace('Z', " UTC");
    html! { time datetime=(text) { (shown) } }
}

fn outcome(site: &Site<'_>, run: &RunRecord) -> Markup {
    let (class, word) = match run.outcome {
        Outcome::Done => ("good", site.say("gewijzigd", "changed")),
        Outcome::Unchanged => ("good", site.say("ongewijzigd", "unchanged")),
        Outcome::Stopped => ("warn", site.say("gestopt", "stopped")),
        Outcome::Failing => ("bad", site.say("mislukt", "failing")),
    };
    html! { span class=(class) { (word) } }
}

/// Seconds as people say them.
fn duration(seconds: u64) -> String {
    match seconds {
        ..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}
