//! The application profiles of a registry: the list, and one profile with its shapes, findings and state.

use super::report::lint_list;
use super::{Site, grouped, layout, percent_encode};
use crate::shapes::Lint;
use crate::views::profiles::ProfileState;
use maud::{Markup, html};

/// All profiles.
pub fn render_profiles(site: &Site<'_>, profiles: &[ProfileState]) -> String {
    let title = site.say("Toepassingsprofielen", "Application profiles");
    let content = html! {
        p {
            (site.say("De vormen (SHACL) waaraan gegevens getoetst worden, per toepassingsprofiel. De aantallen gelden voor de huidige toestand van het register.",
                "The shapes (SHACL) that data are checked against, by application profile. The numbers hold for the present state of the registry.",
            ))
        }
        @if profiles.is_empty() {
            p role="status" { (site.say("Er zijn geen vormen geladen.", "No shapes are loaded.")) }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (site.say("Profiel", "Profile")) }
                        th scope="col" { (site.say("Titel", "Title")) }
                        th.number scope="col" { (site.say("Vormen", "Shapes")) }
                        th.number scope="col" { (site.say("Opmerkingen", "Remarks")) }
                        th.number scope="col" { (site.say("Objecten", "Nodes")) }
                        th.number scope="col" { (site.say("Overtredingen", "Violations")) }
                        th scope="col" { (site.say("Doen", "Do")) }
                    } }
                    tbody {
                        @for state in profiles {
                            tr {
                                th scope="row" { a href=(site.path(&format!("/shapes/{}", state.profile.name))) { (state.profile.name) } }
                                td { (state.profile.title.get(site.language)) }
                                td.number { (grouped(state.shapes)) }
                                td.number { (grouped(state.findings.len() as u64)) }
                                td.number { (grouped(state.focus_nodes())) }
                                td.number { (grouped(state.results.errors())) }
                                td { (links(site, state)) }
                            }
                        }
                    }
                }
            }
        }
    };
    layout(site.base, title, site.language, &content)
}

/// One profile.
pub fn render_profile(site: &Site<'_>, state: &ProfileState) -> String {
    let findings: Vec<&Lint> = state.findings.iter().collect();
    let results = &state.results;
    let content = html! {
        dl {
            dt { (site.say("Naam", "Name")) } dd { code { (state.profile.name) } }
            dt { (site.say("Graaf", "Graph")) } dd.iri { (state.profile.iri) }
            dt { (site.say("Vormen", "Shapes")) } dd { (grouped(state.shapes)) }
            dt { (site.say("Bevindingen in het register", "Findings in the registry")) }
            dd {
                (site.say("overtredingen ", "violations ")) (grouped(results.errors()))
                (site.say(", waarschuwingen ", ", warnings ")) (grouped(results.warning))
                (site.say(", ter info ", ", for information ")) (grouped(results.informative()))
            }
        }
        p { (links(site, state)) }
        h2 { (site.say("Doelen", "Targets")) }
        @if state.targets.is_empty() {
            p { (site.say("Geen vorm van dit profiel kiest zelf objecten.", "No shape of this profile chooses nodes by itself.")) }
        } @else {
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { (site.say("Vorm", "Shape")) }
                        th.number scope="col" { (site.say("Objecten", "Nodes")) }
                    } }
                    tbody {
                        @for target in &state.targets {
                            tr {
                                th scope="row" { (target.name.get(site.language)) span.help.iri { (target.label) } }
                                td.number { (grouped(target.count)) }
                            }
                        }
                    }
                }
            }
        }
        h2 { (site.say("Opmerkingen bij de vormen", "Remarks on the shapes")) }
        @if findings.is_empty() {
            p.good { (site.say("Geen.", "None.")) }
        } @else {
            (lint_list(site, &findings))
        }
        p { a href=(site.path("/shapes")) { (site.say("Alle toepassingsprofielen", "All application profiles")) } }
    };
    let title = state.profile.title.get(site.language);
    layout(site.base, title, site.language, &content)
}

/// The shapes themselves, and validation with them.
fn links(site: &Site<'_>, state: &ProfileState) -> Markup {
    let name = percent_encode(&state.profile.name);
    let graph = percent_encode(&state.profile.iri);
    html! {
        a href=(site.path(&format!("/rdf-graphs?graph={graph}&format=ttl"))) { "Turtle" }
        " · "
        a href=(site.path(&format!("/validate?profiel={name}"))) {
            (site.say("Valideren", "Validate"))
        }
    }
}
