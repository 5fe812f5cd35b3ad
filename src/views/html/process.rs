//! Pages of the process interface: one case with its statuses and what it refers to, and the figures to steer on. Shows what it
//! is given; without JavaScript, in Dutch and English.

use super::{Site, grouped, percent_encode};
use crate::rdf::label::Text;
use crate::registry::process::{Case, CaseStatus, ProcessType, rules};
use crate::views::process::{Figures, Group, Grouping, Steering};
use maud::{Markup, html};

/// A row of the page of figures.
pub struct SteeringLine {
    /// What it is about.
    pub group: Group,
    /// Its figures.
    pub figures: Figures,
}

fn phase_name(site: &Site<'_>, code: &str) -> String {
    let name = rules().phase(code).map(|phase| phase.name());
    name.map_or_else(
        || code.to_owned(),
        |name| name.get(site.language).to_owned(),
    )
}

fn step_name(site: &Site<'_>, of: Option<&ProcessType>, status: &CaseStatus) -> Option<String> {
    let (of, step) = (of?, status.step.as_deref()?);
    let steps = of.definition.steps.iter().enumerate();
    let mut names = steps.filter(|(place, _)| of.step_iri(*place) == step);
    let name: Text = names.next()?.1.title.text();
    Some(name.get(site.language).to_owned())
}

/// The page of one case.
pub fn render_case(site: &Site<'_>, case: &Case, of: Option<&ProcessType>) -> String {
    let say = |nl, en| site.say(nl, en);
    let title = case.title.as_deref().unwrap_or(&case.id);
    let content = html! {
        dl {
            dt { (say("Dossier", "Dossier")) } dd { (site.link(&case.iri)) }
            @if let Some(of) = of {
                dt { (say("Procestype", "Process type")) }
                dd { a href=(of.iri) { (of.definition.title.text().get(site.language)) } ", " (say("versie", "version")) " " (of.version) }
            }
            @if let Some(authority) = &case.authority {
                dt { (say("Bestuur", "Authority")) } dd { (site.link(authority)) }
            }
            @if let Some(status) = case.status() {
                dt { (say("Fase", "Phase")) } dd { strong { (phase_name(site, &status.phase)) } }
                @if let Some(due) = &status.due { dt { (say("Streefdatum", "Target day")) } dd { (due) } }
                @if status.needs_action {
                    dt { (say("Actie nodig", "Action needed")) }
                    dd { (status.action.as_deref().unwrap_or(say("ja", "yes"))) }
                }
            }
            @if let Some(day) = &case.valid_on {
                dt { (say("Verwijzingen zoals ze golden op", "References as they held on")) } dd { (day) }
            }
        }
        h2 { (say("Statussen", "Statuses")) }
        div.scroll {
            table {
                thead { tr {
                    th.number scope="col" { (say("Nr.", "No.")) }
                    th scope="col" { (say("Status", "Status")) }
                    th scope="col" { (say("Fase", "Phase")) }
                    th scope="col" { (say("Tijdstip", "Moment")) }
                    th scope="col" { (say("Streefdatum", "Target day")) }
                } }
                tbody {
                    @for status in &case.statuses {
                        tr {
                            td.number { (status.number) }
                            th scope="row" { (step_name(site, of, status).unwrap_or_else(|| status.code.clone().unwrap_or_default())) }
                            td { (phase_name(site, &status.phase)) }
                            td { time datetime=(status.at) { (status.at) } }
                            td { (status.due.as_deref().unwrap_or("–")) }
                        }
                    }
                }
            }
        }
        (links(site, say("Waarover", "About"), &case.objects))
        (links(site, say("Besluiten", "Decisions"), &case.decisions))
        @if !case.documents.is_empty() {
            h2 { (say("Stukken", "Documents")) }
            ul {
                @for document in &case.documents {
                    li {
                        (document.title.as_deref().unwrap_or(&document.iri))
                        @if let Some(day) = &document.day { ", " (day) }
                        @if let Some(locator) = &document.locator { ": " span.iri { (locator) } }
                    }
                }
            }
        }
        @if !case.roles.is_empty() {
            h2 { (say("Partijen", "Parties")) }
            ul { @for role in &case.roles { li { (site.link(&role.role)) ": " (site.link(&role.party)) } } }
        }
        p { a href=(site.path("/proces/v1/sturing")) { (say("Sturen op statussen", "Steering on statuses")) } }
    };
    site.page(title, &content)
}

fn links(site: &Site<'_>, title: &str, iris: &[String]) -> Markup {
    html! {
        @if !iris.is_empty() {
            h2 { (title) }
            ul { @for iri in iris { li { (site.link(iri)) } } }
        }
    }
}

/// The page of figures.
pub fn render_steering(site: &Site<'_>, asked: &Steering, lines: &[SteeringLine]) -> String {
    let say = |nl, en| site.say(nl, en);
    let name = |one: Grouping| match one {
        Grouping::Phase => say("Fase", "Phase"),
        Grouping::ProcessType => say("Procestype", "Process type"),
        Grouping::Authority => say("Bestuur", "Authority"),
    };
    let from = asked.from.map_or_else(String::new, |day| day.to_string());
    let groups = [
        "fase",
        "processtype",
        "bestuur",
        "fase,processtype",
        "fase,bestuur",
        "fase,processtype,bestuur",
    ];
    let words: Vec<&str> = asked.by.iter().map(|one| one.word()).collect();
    let words = words.join(",");
    let content = html! {
        form method="get" action=(site.path("/proces/v1/sturing")) {
            (site.same_state())
            input type="hidden" name="format" value="html";
            input type="hidden" name="lang" value=(site.language.tag());
            p {
                label for="groep" { (say("Per", "By")) } " "
                select id="groep" name="groep" {
                    @for group in groups { option value=(group) selected[group == words] { (group.replace(',', ", ")) } }
                }
            }
            p {
                label for="periode" { (say("Periode", "Period")) } " "
                input id="periode" name="periode" value=(format!("{from}/{}", asked.until)) aria-describedby="periode-uitleg";
            }
            p id="periode-uitleg" {
                (say("Een jaar, een maand, een dag, of twee dagen met een schuine streep.", "A year, a month, a day, or two days with a slash."))
            }
            p { button type="submit" { (say("Tonen", "Show")) } }
        }
        @if lines.is_empty() {
            p { (say("In deze periode zijn er geen dossiers.", "There are no dossiers in this period.")) }
        } @else {
            div.scroll {
                table {
                    caption {
                        (say("Stand op ", "As of ")) (asked.until) ". "
                        (say(
                            "Doorlooptijd in hele dagen: per fase van wat de fase in de periode verliet, anders van wat in de periode werd afgesloten.",
                            "Lead time in whole days: by phase of what left the phase in the period, else of what was closed in the period.",
                        ))
                    }
                    thead { tr {
                        @for one in &asked.by { th scope="col" { (name(*one)) } }
                        th.number scope="col" { (say("Dossiers", "Dossiers")) }
                        th.number scope="col" { (say("Te laat", "Late")) }
                        th.number scope="col" { (say("Doorgestroomd", "Passed")) }
                        th.number scope="col" { "p50" }
                        th.number scope="col" { "p90" }
                    } }
                    tbody { @for line in lines { (row(site, &asked.by, line)) } }
                }
            }
        }
    };
    site.page(say("Sturen op statussen", "Steering on statuses"), &content)
}

fn row(site: &Site<'_>, by: &[Grouping], line: &SteeringLine) -> Markup {
    let days = |days: Option<i64>| days.map_or_else(|| "–".to_owned(), |days| days.to_string());
    let encode = percent_encode;
    let base = site.path("/proces/v1/dossiers");
    html! {
        tr {
            @for one in by {
                td {
                    @match one {
                        Grouping::Phase => {
                            @if let Some((_, code)) = &line.group.phase {
                                a href=(format!("{base}?fase={}", encode(code))) { (phase_name(site, code)) }
                            } @else { "–" }
                        }
                        Grouping::ProcessType => {
                            @if let Some(iri) = &line.group.process_type { (site.link(iri)) } @else { "–" }
                        }
                        Grouping::Authority => {
                            @if let Some(iri) = &line.group.authority { (site.link(iri)) } @else { "–" }
                        }
                    }
                }
            }
            td.number { (grouped(line.figures.cases as u64)) }
            td.number { (grouped(line.figures.late as u64)) }
            td.number { (grouped(line.figures.lead.count as u64)) }
            td.number { (days(line.figures.lead.p50)) }
            td.number { (days(line.figures.lead.p90)) }
        }
    }
}
