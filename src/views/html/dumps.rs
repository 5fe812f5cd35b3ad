//! Pages of the dumps: of every register the newest, and of one register all that are kept. Knows no folders.

use super::{Site, grouped};
use crate::rdf::label::Text;
use maud::{Markup, html};

/// A dump as a page shows it.
#[derive(Clone, Debug)]
pub struct DumpShown {
    /// Number of the commit whose state it shows.
    pub commit: u64,
    /// When that was made.
    pub moment: String,
    /// Items; `None` for a dump of everything.
    pub items: Option<u64>,
    /// Statements, when RDF was written.
    pub statements: Option<u64>,
    /// Items that have no document and are not in it.
    pub left_out: u64,
    /// Path of its manifest.
    pub manifest: String,
    /// Its files.
    pub files: Vec<DumpFileShown>,
}

/// A file of a dump as a page shows it.
#[derive(Clone, Debug)]
pub struct DumpFileShown {
    /// Its name.
    pub name: String,
    /// Its path.
    pub path: String,
    /// Media type of what is in it.
    pub media_type: String,
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 of these, in hex.
    pub sha256: String,
}

/// A register with its newest dump.
#[derive(Clone, Debug)]
pub struct DumpLine {
    /// Its name in addresses.
    pub name: String,
    /// Its name for people.
    pub label: Text,
    /// The newest dump.
    pub newest: Option<DumpShown>,
}

/// Every register with its newest dump.
pub fn render_dumps(site: &Site<'_>, lines: &[DumpLine]) -> String {
    let content = html! {
        p {
            (site.say(
                "Elk register als bestand: wat het na één commit bevatte, in formaten voor verbonden data, rekenbladen en kaarten. \
                 Bestanden zijn ingepakt met gzip of Zstandard; een onderbroken download kan hervat worden.",
                "Every register as a file: what it held after one commit, in formats for linked data, spreadsheets and maps. \
                 Files are packed with gzip or Zstandard; a download that was broken off can be resumed.",
            ))
        }
        @if lines.iter().all(|line| line.newest.is_none()) {
            p role="status" { (site.say("Er zijn nog geen dumps gemaakt.", "No dumps were made yet.")) }
        }
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { (site.say("Register", "Register")) }
                    th.number scope="col" { (site.say("Commit", "Commit")) }
                    th scope="col" { (site.say("Tijdstip", "Moment")) }
                    th.number scope="col" { (site.say("Objecten", "Items")) }
                    th.number scope="col" { (site.say("Uitspraken", "Statements")) }
                    th scope="col" { (site.say("Formaten", "Formats")) }
                } }
                tbody {
                    @for line in lines {
                        tr {
                            th scope="row" {
                                a href=(site.path(&format!("/dumps/{}", line.name))) { (line.label.get(site.language)) }
                            }
                            @match &line.newest {
                                Some(dump) => {
                                    td.number { (dump.commit) }
                                    td { (dump.moment) }
                                    td.number { (dump.items.map(grouped).unwrap_or_default()) }
                                    td.number { (dump.statements.map(grouped).unwrap_or_default()) }
                                    td { (short_links(dump)) }
                                }
                                None => { td colspan="5" { (site.say("nog geen", "none yet")) } }
                            }
                        }
                    }
                }
            }
        }
    };
    site.page("Dumps", &content)
}

/// All dumps of a register.
pub fn render_register_dumps(
    site: &Site<'_>,
    (name, label): (&str, &Text),
    dumps: &[DumpShown],
) -> String {
    let newest = format!("/dumps/{name}/laatste.nq.gz");
    let content = html! {
        p {
            (site.say("De nieuwste dump is altijd te vinden op een vast adres, zoals ", "The newest dump is always to be found at a fixed address, such as "))
            a href=(site.path(&newest)) { code { (newest) } } "."
        }
        @if dumps.is_empty() {
            p role="status" { (site.say("Er zijn nog geen dumps van dit register.", "There are no dumps of this register yet.")) }
        }
        @for dump in dumps {
            section aria-labelledby=(format!("commit-{}", dump.commit)) {
                h2 id=(format!("commit-{}", dump.commit)) { (site.say("Na commit ", "After commit ")) (dump.commit) }
                p {
                    (dump.moment)
                    @if let Some(items) = dump.items { ", " (grouped(items)) (site.say(" objecten", " items")) }
                    @if let Some(count) = dump.statements { ", " (grouped(count)) (site.say(" uitspraken", " statements")) }
                    " · " a href=(dump.manifest) { (site.say("manifest", "manifest")) }
                }
                @if dump.left_out > 0 {
                    p.notice role="status" {
                        (grouped(dump.left_out))
                        (site.say(" objecten staan er niet in: ze hebben te veel uitspraken voor een document.",
                            " items are not in it: they have too many statements for a document."))
                    }
                }
                div.scroll { (files(site, dump)) }
            }
        }
        p { a href=(site.path("/dumps")) { (site.say("Dumps van alle registers", "Dumps of all registers")) } }
    };
    let title = format!("Dumps: {}", label.get(site.language));
    site.page(&title, &content)
}

fn files(site: &Site<'_>, dump: &DumpShown) -> Markup {
    html! {
        table {
            thead { tr {
                th scope="col" { (site.say("Bestand", "File")) }
                th scope="col" { (site.say("Inhoud", "Content")) }
                th.number scope="col" { "Bytes" }
                th scope="col" { "SHA-256" }
            } }
            tbody {
                @for file in &dump.files {
                    tr {
                        th scope="row" { a href=(file.path) { (file.name) } }
                        td { (file.media_type) }
                        td.number { (grouped(file.bytes)) }
                        td.iri { code { (file.sha256) } }
                    }
                }
            }
        }
    }
}

/// The files by the end of their names.
fn short_links(dump: &DumpShown) -> Markup {
    html! {
        @for (at, file) in dump.files.iter().enumerate() {
            @if at > 0 { " · " }
            a href=(file.path) { (file.name.split_once('.').map_or(file.name.as_str(), |(_, end)| end)) }
        }
    }
}
