//! The administrator's page of subscriptions: who is told of changes, how far each is, what failed, and buttons to hold one
//! back or have it go on. Shows what it is given; a target never with its query, a secret never.

use super::{Site, grouped};
use maud::{Markup, html};

/// A subscription as the page shows it.
pub struct SubscriptionLine {
    /// Its name.
    pub name: String,
    /// Address that is told, without its query.
    pub target: String,
    /// The word for its form.
    pub form: &'static str,
    /// Registers and graphs it is about; empty for everything.
    pub about: Vec<String>,
    /// The word for its state, and whether that is a good one.
    pub state: (&'static str, bool),
    /// Number of the commit it is told of next.
    pub commit: u64,
    /// Commits it was not told of yet.
    pub behind: u64,
    /// Events delivered.
    pub delivered: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Bodies that were put aside: id, events and why.
    pub dead: Vec<(String, usize, String)>,
    /// When something was last delivered.
    pub last_success: Option<String>,
    /// Code and text of the failure of the last attempt.
    pub failure: Option<(String, String)>,
    /// Seconds until it is tried again.
    pub next_attempt: Option<u64>,
}

/// Dead letters of a subscription that the page shows.
const SHOWN: usize = 20;

/// The page of subscriptions. `token` is the one it was asked with in a form; its buttons need it.
pub fn render_subscriptions(site: &Site<'_>, lines: &[SubscriptionLine], token: &str) -> String {
    let content = html! {
        @if !token.is_empty() {
            (button(site, "/beheer/abonnementen", token, site.say("Vernieuwen", "Refresh")))
        }
        @if lines.is_empty() {
            p {
                (site.say("Er zijn nog geen abonnementen: ", "There are no subscriptions yet: "))
                code { "oslo subscription add" }
            }
        } @else {
            (overview(site, lines))
            @for line in lines { (detail(site, line, token)) }
        }
    };
    site.page(site.say("Abonnementen", "Subscriptions"), &content)
}

fn button(site: &Site<'_>, path: &str, token: &str, text: &str) -> Markup {
    html! {
        form method="post" action=(site.path(path)) {
            input type="hidden" name="token" value=(token);
            button type="submit" { (text) }
        }
    }
}

fn overview(site: &Site<'_>, lines: &[SubscriptionLine]) -> Markup {
    let say = |nl, en| site.say(nl, en);
    html! {
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { (say("Abonnement", "Subscription")) }
                    th scope="col" { (say("Vorm", "Form")) }
                    th scope="col" { (say("Toestand", "State")) }
                    th.number scope="col" { (say("Volgende commit", "Next commit")) }
                    th.number scope="col" { (say("Commits achter", "Commits behind")) }
                    th.number scope="col" { (say("Afgeleverd", "Delivered")) }
                    th.number scope="col" { (say("Mislukt", "Failed")) }
                    th.number scope="col" { (say("Opzij gezet", "Put aside")) }
                    th scope="col" { (say("Laatst gelukt", "Last success")) }
                } }
                tbody {
                    @for line in lines {
                        tr {
                            th scope="row" { a href=(format!("#abonnement-{}", line.name)) { (line.name) } }
                            td.word { (line.form) }
                            td.word { span class=(if line.state.1 { "good" } else { "bad" }) { (line.state.0) } }
                            td.number { (line.commit) }
                            td.number { (grouped(line.behind)) }
                            td.number { (grouped(line.delivered)) }
                            td.number { (grouped(line.failed)) }
                            td.number { (grouped(line.dead.len() as u64)) }
                            td.word { (line.last_success.as_deref().unwrap_or("–")) }
                        }
                    }
                }
            }
        }
    }
}

fn detail(site: &Site<'_>, line: &SubscriptionLine, token: &str) -> Markup {
    let say = |nl, en| site.say(nl, en);
    let path = |action: &str| format!("/beheer/abonnementen/{}/{action}", line.name);
    html! {
        h2 id=(format!("abonnement-{}", line.name)) { (line.name) }
        dl {
            dt { (say("Doel", "Target")) } dd.iri { (line.target) }
            dt { (say("Waarover", "About")) }
            dd {
                @if line.about.is_empty() { (say("alles wat openbaar is", "everything that is public")) }
                @else { (line.about.join(", ")) }
            }
            @if let Some(seconds) = line.next_attempt {
                dt { (say("Volgende poging", "Next attempt")) } dd { (seconds) " s" }
            }
        }
        @if let Some((code, text)) = &line.failure {
            div.notice role="status" { p { strong.bad { (code) } ": " (text) } }
        }
        @if !line.dead.is_empty() {
            ul {
                @for (id, events, reason) in line.dead.iter().take(SHOWN) {
                    li { code { (id) } " (" (events) "): " (reason) }
                }
                @if line.dead.len() > SHOWN { li { "…" } }
            }
        }
        @if !token.is_empty() {
            (button(site, &path("hervat"), token, say("Hervatten", "Go on")))
            (button(site, &path("pauze"), token, say("Pauzeren", "Pause")))
        }
    }
}
