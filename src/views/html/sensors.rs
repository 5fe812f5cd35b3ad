//! Pages of what sensors tell: the series with their newest observation, and one series with its latest. Reads no store.

use super::{Site, grouped};
use maud::{Markup, html};

/// A series as a page shows it.
#[derive(Clone, Debug, Default)]
pub struct SeriesShown {
    /// Last part of its address.
    pub name: String,
    /// Its IRI.
    pub iri: String,
    /// Its title, when it has one.
    pub title: Option<String>,
    /// What its results are.
    pub kind: String,
    /// Its unit, when it has one.
    pub unit: Option<String>,
    /// IRIs of sensor, property and feature of interest, as far as they are known.
    pub about: Vec<(&'static str, &'static str, String)>,
    /// Its newest observations, the newest first.
    pub newest: Vec<ObservationShown>,
}

/// An observation as a page shows it.
#[derive(Clone, Debug)]
pub struct ObservationShown {
    /// Its moment.
    pub time: String,
    /// Its result.
    pub result: String,
    /// Its number.
    pub number: u64,
}

impl SeriesShown {
    fn label(&self) -> &str {
        self.title.as_deref().unwrap_or(&self.iri)
    }

    /// The last word of the unit: IRIs of units end in their names.
    fn unit_label(&self) -> &str {
        let unit = self.unit.as_deref().unwrap_or("");
        unit.rsplit(['/', '#']).next().unwrap_or(unit)
    }
}

/// The series of a page of the list, how many there are, and the path of the next page.
pub fn render_series_list(
    site: &Site<'_>,
    series: &[SeriesShown],
    total: usize,
    next: Option<&str>,
) -> String {
    let content = html! {
        p {
            (site.say(
                "Wat sensoren vertellen, per reeks: één sensor, één eigenschap, één eenheid. De waarden zijn ook te krijgen als ",
                "What sensors tell, by series: one sensor, one property, one unit. The values are to be had as ",
            ))
            a href=(site.path("/obs/v1/bestanden")) { (site.say("bestanden in kolommen", "files in columns")) }
            (site.say(" (Parquet).", " (Parquet) too."))
        }
        @if total == 0 {
            p role="status" { (site.say("Er zijn nog geen reeksen.", "There are no series yet.")) }
        } @else {
            p { (grouped(total as u64)) (site.say(" reeksen", " series")) }
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (site.say("Reeks", "Series")) }
                        th.number scope="col" { (site.say("Nieuwste waarde", "Newest value")) }
                        th scope="col" { (site.say("Eenheid", "Unit")) }
                        th scope="col" { (site.say("Tijdstip", "Moment")) }
                    } }
                    tbody {
                        @for one in series {
                            tr {
                                th scope="row" {
                                    a href=(site.path(&format!("/obs/v1/reeksen/{}", one.name))) { (one.label()) }
                                }
                                @match one.newest.first() {
                                    Some(newest) => {
                                        td.number { (newest.result) }
                                        td { (one.unit_label()) }
                                        td { (newest.time) }
                                    }
                                    None => { td colspan="3" { (site.say("nog geen", "none yet")) } }
                                }
                            }
                        }
                    }
                }
            }
        }
        @if let Some(next) = next {
            p { a href=(site.path(next)) rel="next" { (site.say("Volgende reeksen", "Next series")) } }
        }
    };
    site.page(site.say("Waarnemingen", "Observations"), &content)
}

/// One series; `count` observations of it hold.
pub fn render_series(site: &Site<'_>, series: &SeriesShown, count: u64) -> String {
    let values = format!("/obs/v1/reeksen/{}/waarden", series.name);
    let content = html! {
        dl {
            dt { (site.say("Identificator", "Identifier")) }
            dd { a href=(series.iri) { (series.iri) } }
            dt { (site.say("Soort van resultaten", "Kind of results")) }
            dd { (series.kind) }
            @if let Some(unit) = &series.unit {
                dt { (site.say("Eenheid", "Unit")) }
                dd { (unit) }
            }
            @for (nl, en, iri) in &series.about {
                dt { (site.say(nl, en)) }
                dd { a href=(iri) { (iri) } }
            }
            dt { (site.say("Waarnemingen die gelden", "Observations that hold")) }
            dd { (grouped(count)) }
        }
        h2 { (site.say("De nieuwste waarnemingen", "The newest observations")) }
        (newest(site, series))
        p {
            a href=(site.path(&format!("{values}?format=csv&omgekeerd=true"))) { "CSV" } " · "
            a href=(site.path(&format!("{values}?omgekeerd=true"))) { "JSON-LD" } " · "
            a href=(site.path("/obs/v1/reeksen")) { (site.say("Alle reeksen", "All series")) }
        }
    };
    site.page(series.label(), &content)
}

fn newest(site: &Site<'_>, series: &SeriesShown) -> Markup {
    html! {
        @if series.newest.is_empty() {
            p role="status" { (site.say("Er zijn nog geen waarnemingen.", "There are no observations yet.")) }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (site.say("Tijdstip", "Moment")) }
                        th.number scope="col" {
                            (site.say("Waarde", "Value"))
                            @if series.unit.is_some() { " (" (series.unit_label()) ")" }
                        }
                        th.number scope="col" { (site.say("Volgnummer", "Number")) }
                    } }
                    tbody {
                        @for one in &series.newest {
                            tr {
                                td { (one.time) }
                                td.number { (one.result) }
                                td.number { (one.number) }
                            }
                        }
                    }
                }
            }
        }
    }
}
