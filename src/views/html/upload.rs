//! The form with which a steward checks a file.

use super::{Site, layout};
use crate::rdf::label::Language;
use maud::html;

/// The form.
pub fn render_validate_form(site: &Site<'_>) -> String {
    let content = html! {
        p {
            "Het bestand wordt gelezen en getoetst aan de toepassingsprofielen van dit register, met de vocabularia, codelijsten en "
            "opgeslagen gegevens als achtergrond. Er wordt niets bewaard."
        }
        form method="post" action=(site.path("/validate")) enctype="multipart/form-data" {
            label for="bestand" {
                "Bestand"
                span.help { "Turtle, TriG, N-Triples, N-Quads, RDF/XML of JSON-LD; ook gecomprimeerd met gzip." }
            }
            input id="bestand" type="file" name="bestand" required
                accept=".ttl,.trig,.nt,.nq,.rdf,.owl,.xml,.jsonld,.json,.gz";
            p { button type="submit" { "Valideren" } }
        }
        h2 { "Vanuit een programma" }
        pre { "curl -H 'Content-Type: text/turtle' -H 'Accept: text/turtle' --data-binary @bestand.ttl " (site.base) "/validate" }
        p { "Het antwoord volgt de " code { "Accept" } "-hoofding: Turtle, JSON-LD, CSV, HTML of platte tekst." }
    };
    layout(site.base, "Valideren", Language::Nl, &content)
}
