//! The form with which a steward checks a file, against all application profiles or one.

use super::{Site, layout, percent_encode};
use crate::views::profiles::Profile;
use maud::html;

/// The form. `chosen` is the profile that the file is checked against; all when there is none.
pub fn render_validate_form(
    site: &Site<'_>,
    profiles: &[Profile],
    chosen: Option<&Profile>,
) -> String {
    let action = match chosen {
        Some(profile) => format!("/validate?profiel={}", percent_encode(&profile.name)),
        None => "/validate".to_owned(),
    };
    // A page can tell why; programs ask for it when they want to know.
    let mark = if chosen.is_some() { '&' } else { '?' };
    let on_page = format!("{action}{mark}detail=true");
    let content = html! {
        p {
            (site.say(
                "Het bestand wordt gelezen en getoetst aan de toepassingsprofielen van dit register, met de vocabularia, codelijsten en opgeslagen gegevens als achtergrond. Er wordt niets bewaard.",
                "The file is read and checked against the application profiles of this registry, with vocabularies, code lists and stored data as background. Nothing is stored.",
            ))
        }
        @if !profiles.is_empty() {
            nav aria-label=(site.say("Toepassingsprofiel", "Application profile")) {
                p { (site.say("Toetsen aan:", "Check against:")) }
                ul.formats {
                    li { a href=(site.path("/validate")) aria-current=[chosen.is_none().then_some("page")] { (site.say("alle profielen", "all profiles")) } }
                    @for profile in profiles {
                        @let is_chosen = chosen.is_some_and(|chosen| chosen.name == profile.name);
                        li {
                            a href=(site.path(&format!("/validate?profiel={}", percent_encode(&profile.name))))
                                aria-current=[is_chosen.then_some("page")] title=(profile.title.get(site.language)) { (profile.name) }
                        }
                    }
                }
            }
        }
        form method="post" action=(site.path(&on_page)) enctype="multipart/form-data" {
            label for="bestand" {
                (site.say("Bestand", "File"))
                span.help { (site.say("Turtle, TriG, N-Triples, N-Quads, RDF/XML of JSON-LD; ook gecomprimeerd met gzip.", "Turtle, TriG, N-Triples, N-Quads, RDF/XML or JSON-LD; packed with gzip too.")) }
            }
            input id="bestand" type="file" name="bestand" required
                accept=".ttl,.trig,.nt,.nq,.rdf,.owl,.xml,.jsonld,.json,.gz";
            p {
                button type="submit" {
                    @match chosen {
                        Some(profile) => { (site.say("Valideren met ", "Validate with ")) (profile.name) },
                        None => { (site.say("Valideren", "Validate")) },
                    }
                }
            }
        }
        h2 { (site.say("Vanuit een programma", "From a program")) }
        pre { "curl -H 'Content-Type: text/turtle' -H 'Accept: text/turtle' --data-binary @bestand.ttl " (site.base) (action) }
        p {
            (site.say("Het antwoord volgt de ", "The answer follows the header ")) code { "Accept" }
            (site.say("-hoofding: Turtle, JSON-LD, N-Triples, RDF/XML, CSV, NDJSON, SARIF, HTML of platte tekst.", ": Turtle, JSON-LD, N-Triples, RDF/XML, CSV, NDJSON, SARIF, HTML or plain text."))
        }
        p {
            (site.say("Programma's voor de SHACL-validator van het Interoperability Test Bed werken ook hier: ", "Programs for the SHACL validator of the Interoperability Test Bed work here too: "))
            code { "POST " (site.base) "/api/validate" } "."
        }
        p { a href=(site.path("/shapes")) { (site.say("De toepassingsprofielen en hun vormen", "The application profiles and their shapes")) } }
    };
    layout(
        site.base,
        site.say("Valideren", "Validate"),
        site.language,
        &content,
    )
}
