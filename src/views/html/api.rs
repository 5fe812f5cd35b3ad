//! The pages of the interface: every operation with its parameters and answers, and a form for those that only read. Of use
//! without scripts; where the viewer was built in, the list offers it too.

use super::ui::{Viewer, viewer};
use super::{layout, layout_with, path_prefix, percent_encode};
use crate::rdf::label::{Language, Text};
use crate::views::openapi::{Operation, Parameter, Place, Table};
use maud::{Markup, html};
use serde_json::Value as Json;

/// Choices of a parameter that fit a list to choose from.
const MAX_CHOICES: usize = 60;

/// The page of all operations, by group.
pub fn render_api(base: &str, language: Language, table: &Table) -> String {
    let path = |path: &str| format!("{}{path}", path_prefix(base));
    let say = |text: &Text| text.get(language).to_owned();
    let content = html! {
        p {
            (language.say("Alles wat aan deze server te vragen is. ", "All that can be asked of this server. "))
            (language.say("Voor programma's staat hetzelfde in ", "For programs the same is in "))
            a href=(path("/openapi.json")) { "/openapi.json" }
            " (OpenAPI 3.1). "
            (language.say("Schema's, formulieren en voorbeelden van elk register: ", "Schemas, forms and examples of every register: "))
            a href=(path("/schemas")) { "/schemas" } "."
        }
        @if viewer().is_some() {
            p {
                a href=(path("/api/docs?viewer=1")) {
                    (language.say("Uitproberen in de viewer", "Try it in the viewer"))
                }
                (language.say(" (vraagt JavaScript).", " (needs JavaScript)."))
            }
        }
        nav aria-label=(language.say("Groepen", "Groups")) {
            ul.formats {
                @for tag in &table.tags {
                    li { a href=(format!("#{}", tag.key)) { (say(&tag.name)) } }
                }
            }
        }
        @for tag in &table.tags {
            section id=(tag.key) aria-labelledby=(format!("{}-titel", tag.key)) {
                h2 id=(format!("{}-titel", tag.key)) { (say(&tag.name)) }
                p { (say(&tag.description)) }
                div.scroll {
                    table {
                        thead { tr {
                            th scope="col" { (language.say("Methode", "Method")) }
                            th scope="col" { (language.say("Adres", "Address")) }
                            th scope="col" { (language.say("Wat het doet", "What it does")) }
                        } }
                        tbody {
                            @for operation in table.operations.iter().filter(|op| op.tag == tag.key) {
                                tr {
                                    td { (method(operation)) }
                                    td {
                                        a href=(path(&format!("/api/docs/{}", percent_encode(&operation.id)))) {
                                            code { (operation.path) }
                                        }
                                    }
                                    td {
                                        (say(&operation.summary))
                                        @if operation.needs_token {
                                            " " span.tag { (language.say("met token", "with token")) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    layout(base, language.say("De API", "The API"), language, &content)
}

/// The page with the viewer.
pub fn render_viewer(base: &str, language: Language, viewer: &Viewer) -> String {
    let path = |path: &str| format!("{}{path}", path_prefix(base));
    let file = |name: &str| path(&format!("/static/ui/{name}"));
    let head = html! {
        link rel="stylesheet" href=(file(&viewer.style));
        script src=(file(&viewer.script)) defer {}
        script src=(file(&viewer.start)) defer {}
    };
    let description = path(&format!("/openapi.json?lang={}", language.tag()));
    let content = html! {
        p {
            a href=(path("/api/docs")) {
                (language.say("Dezelfde beschrijving zonder JavaScript", "The same description without JavaScript"))
            }
            " · "
            a href=(file("viewer-licences.txt")) {
                (language.say("Licenties van de viewer", "Licences of the viewer"))
            }
        }
        noscript {
            p.notice {
                (language.say(
                    "De viewer werkt alleen met JavaScript.",
                    "The viewer works with JavaScript only.",
                ))
            }
        }
        div id="viewer" data-openapi=(description) hidden {}
    };
    layout_with(
        base,
        language.say("De API uitproberen", "Trying the API"),
        language,
        &head,
        &content,
    )
}

/// The page of one operation.
pub fn render_operation(
    base: &str,
    language: Language,
    table: &Table,
    operation: &Operation,
) -> String {
    let path = |path: &str| format!("{}{path}", path_prefix(base));
    let description = operation.description.get(language);
    let content = html! {
        p { a href=(path("/api/docs")) { (language.say("Alle bewerkingen", "All operations")) } }
        p { (method(operation)) " " code { (operation.path) } }
        @if !description.is_empty() { p { (marked(description)) } }
        @if operation.needs_token {
            p.notice {
                (language.say(
                    "Vraagt het token van de beheerder: Authorization: Bearer …",
                    "Needs the administrator's token: Authorization: Bearer …",
                ))
            }
        }
        @if operation.method == "get" && !operation.needs_token {
            (form(base, language, operation))
        } @else if !operation.parameters.is_empty() {
            h2 { (language.say("Parameters", "Parameters")) }
            (parameters(language, operation))
        }
        @if let Some(body) = &operation.body {
            h2 { (language.say("Inhoud", "Content")) }
            p { (body.description.get(language)) }
            ul { @for (kind, _) in &body.content { li { code { (kind) } } } }
        }
        h2 { (language.say("Antwoorden", "Answers")) }
        dl {
            @for answer in &operation.answers {
                dt { strong { (answer.status) } }
                dd {
                    (marked(answer.description.get(language)))
                    @if !answer.content.is_empty() {
                        " "
                        @for (kind, _) in &answer.content { code { (kind) } " " }
                    }
                }
            }
            @for status in &operation.problems {
                @if !operation.answers.iter().any(|answer| answer.status == *status)
                    && let Some(text) = table.problems.get(status) {
                    dt { (status) }
                    dd { (text.get(language)) }
                }
            }
        }
        p {
            (language.say("Wat elke code van een fout betekent: ", "What every code of a problem means: "))
            a href=(path("/fouten")) { "/fouten" } "."
        }
    };
    layout(base, operation.summary.get(language), language, &content)
}

/// A text in which what stands between backquotes is code.
fn marked(text: &str) -> Markup {
    html! {
        @for (at, part) in text.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

fn method(operation: &Operation) -> Markup {
    html! { strong { (operation.method.to_uppercase()) } }
}

/// A form that leads to the address it describes.
fn form(base: &str, language: Language, operation: &Operation) -> Markup {
    let action = format!(
        "{}/api/docs/{}",
        path_prefix(base),
        percent_encode(&operation.id)
    );
    let fields = operation
        .parameters
        .iter()
        .filter(|parameter| parameter.place != Place::Header);
    html! {
        form method="get" action=(action) {
            input type="hidden" name="vraag" value="1";
            fieldset {
                legend { (language.say("Proberen", "Try it")) }
                div.fields {
                    @for parameter in fields { (field(language, parameter)) }
                }
                p { button type="submit" { (language.say("Vragen", "Ask")) } }
            }
        }
    }
}

fn field(language: Language, parameter: &Parameter) -> Markup {
    let choices = parameter.schema["enum"].as_array();
    let choices = choices.filter(|choices| choices.len() <= MAX_CHOICES);
    // Only what must be given is filled in: an example of each would narrow the answer.
    let value = match &parameter.example {
        Some(Json::String(text)) if parameter.required || parameter.name == "query" => text.clone(),
        Some(other) if parameter.required => other.to_string(),
        _ => String::new(),
    };
    let is_number = parameter.schema["type"] == "integer";
    html! {
        label {
            (parameter.name)
            @if parameter.required { " " span.tag { (language.say("verplicht", "required")) } }
            span.help { (marked(parameter.description.get(language))) }
            @if let Some(choices) = choices {
                select name=(parameter.name) {
                    @if !parameter.required { option value="" { "–" } }
                    @for choice in choices.iter().filter(|choice| **choice != "") {
                        @let text = choice.as_str().map_or_else(|| choice.to_string(), str::to_owned);
                        option value=(text) selected[text == value] { (text) }
                    }
                }
            } @else if is_number {
                input type="number" name=(parameter.name) value=(value) required[parameter.required]
                    min=[parameter.schema["minimum"].as_i64()] max=[parameter.schema["maximum"].as_i64()];
            } @else {
                input type="text" name=(parameter.name) value=(value) required[parameter.required];
            }
        }
    }
}

fn parameters(language: Language, operation: &Operation) -> Markup {
    html! {
        dl {
            @for parameter in &operation.parameters {
                dt {
                    code { (parameter.name) }
                    @if parameter.required { " " span.tag { (language.say("verplicht", "required")) } }
                }
                dd { (marked(parameter.description.get(language))) }
            }
        }
    }
}
