//! The pages of event streams for people: which there are, what happened last in one, and how to follow it. Reads no streams:
//! it is handed what it shows.

use super::{Site, grouped};
use crate::registry::Register;
use maud::{Markup, html};

/// A stream in the list.
pub struct StreamLine<'a> {
    /// Its register.
    pub register: &'a Register,
    /// How many members it has.
    pub members: u64,
}

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happened {
    /// It came.
    Came,
    /// It changed.
    Changed,
    /// It went.
    Went,
}

/// A member of a stream.
pub struct ChangeLine {
    /// Path of the member below the base.
    pub member: String,
    /// IRI of the item.
    pub item: String,
    /// What happened to it.
    pub happened: Happened,
    /// When, for people.
    pub moment: String,
    /// Number of the commit.
    pub commit: u64,
    /// Predicates with other values than before.
    pub changed: Vec<String>,
}

/// What the page of one stream shows.
pub struct StreamPage<'a> {
    /// Its register.
    pub register: &'a Register,
    /// Address that whoever follows it begins at.
    pub entry: &'a str,
    /// How many members it has.
    pub members: u64,
    /// The last members, the newest first.
    pub latest: &'a [ChangeLine],
}

/// Formats of pages: name for people, value of `format=`.
const FORMATS: [(&str, &str); 6] = [
    ("N-Quads", "nq"),
    ("TriG", "trig"),
    ("JSON-LD", "jsonld"),
    ("Turtle", "ttl"),
    ("N-Triples", "nt"),
    ("RDF/XML", "rdf"),
];

/// The list of streams; `reading` says how many of how many commits were read while they are being made.
pub fn render_streams(
    site: &Site<'_>,
    streams: &[StreamLine<'_>],
    reading: Option<(u64, u64)>,
) -> String {
    let say = |nl, en| site.say(nl, en);
    let content = html! {
        p {
            (say(
                "Alles wat met de objecten van een register gebeurt, als Linked Data Event Stream: wie een kopie wil bijhouden, leest een stroom van begin tot einde en daarna alleen wat erbij komt. Elke wijziging staat er zodra ze bewaard is.",
                "All that happens to the items of a register, as a Linked Data Event Stream: whoever wants to keep a copy reads a stream from beginning to end, and after that only what is added. Every change is there as soon as it is stored.",
            ))
        }
        @if let Some((at, of)) = reading {
            p.notice role="status" {
                (say("De stromen worden gemaakt; gelezen commits: ", "The streams are being made; commits read: "))
                (grouped(at)) " / " (grouped(of))
            }
        }
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { (say("Register", "Register")) }
                    th.number scope="col" { (say("Leden", "Members")) }
                } }
                tbody {
                    @for stream in streams {
                        tr {
                            th scope="row" {
                                a href=(site.path(&format!("/ldes/{}", stream.register.name))) { (stream.register.label.get(site.language)) }
                            }
                            td.number { (grouped(stream.members)) }
                        }
                    }
                }
            }
        }
    };
    site.page(say("Stromen", "Event streams"), &content)
}

/// One stream.
pub fn render_stream(site: &Site<'_>, page: &StreamPage<'_>) -> String {
    let say = |nl, en| site.say(nl, en);
    let label = page.register.label.get(site.language);
    let title = format!("{}: {label}", say("Stroom", "Event stream"));
    let content = html! {
        p {
            (say("Alles wat met de objecten van het register ", "All that happens to the items of the register "))
            a href=(site.path(&format!("/api/{}", page.register.name))) { (label) }
            (say(" gebeurt: ", ": "))
            strong { (grouped(page.members)) } " " (say("leden.", "members."))
        }
        h2 { (say("Wat het laatst gebeurde", "What happened last")) }
        (latest(site, page))
        h2 { (say("Volgen", "Following")) }
        p {
            (say("Begin bij ", "Begin at ")) code { (page.entry) }
            (say(
                " en volg de relaties naar de bladzijden met leden. Een volle bladzijde wijzigt nooit meer; kom geregeld terug voor de laatste.",
                " and follow the relations to the pages with members. A full page never changes again; come back now and then for the last one.",
            ))
        }
        pre { code { "curl -H 'Accept: application/trig' " (page.entry) "\n" "npx ldes-client " (page.entry) " --follow\n" "oslo harvest ldes " (page.entry) " --graph " (page.register.name) } }
        p {
            (say("Formaten: ", "Formats: "))
            @for (number, (name, value)) in FORMATS.iter().enumerate() {
                @if number > 0 { ", " }
                a href=(site.path(&format!("/ldes/{}?format={value}", page.register.name))) { (name) }
            }
            ". "
            (say("De ", "The "))
            a href=(site.path(&format!("/ldes/{}/vorm", page.register.name))) { (say("vorm van de leden", "shape of the members")) }
            (say(
                " is SHACL. Formaten zonder grafen tonen versies in plaats van activiteiten.",
                " is SHACL. Formats without graphs show versions instead of activities.",
            ))
        }
        p {
            (say("Liever gewaarschuwd worden dan terugkomen: ", "To be told rather than to come back: "))
            code { "curl -N " (site.base) "/events" }
        }
        p { a href=(site.path("/ldes")) { (say("Alle stromen", "All event streams")) } }
    };
    site.page(&title, &content)
}

fn latest(site: &Site<'_>, page: &StreamPage<'_>) -> Markup {
    let say = |nl, en| site.say(nl, en);
    html! {
        @if page.latest.is_empty() {
            p role="status" { (say("Er gebeurde nog niets.", "Nothing has happened yet.")) }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (say("Wanneer", "When")) }
                        th scope="col" { (say("Object", "Item")) }
                        th scope="col" { (say("Wat", "What")) }
                        th scope="col" { (say("Gewijzigde eigenschappen", "Properties changed")) }
                        th.number scope="col" { "Commit" }
                    } }
                    tbody {
                        @for line in page.latest {
                            tr {
                                td.word { time datetime=(line.moment) { (line.moment) } }
                                th scope="row" { (site.link(&line.item)) }
                                td.word { a href=(site.path(&line.member)) { (word(site, line.happened)) } }
                                td {
                                    @for (number, predicate) in line.changed.iter().enumerate() {
                                        @if number > 0 { ", " }
                                        (site.predicate(predicate))
                                    }
                                    @if line.changed.is_empty() { "–" }
                                }
                                td.number { (line.commit) }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn word(site: &Site<'_>, happened: Happened) -> &'static str {
    match happened {
        Happened::Came => site.say("nieuw", "new"),
        Happened::Changed => site.say("gewijzigd", "changed"),
        Happened::Went => site.say("verwijderd", "removed"),
    }
}
