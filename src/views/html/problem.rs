//! The page of an error: what went wrong and what to do.

use super::layout;
use crate::rdf::label::Language;
use crate::views::codes::CodeMeaning;
use maud::html;

/// What the page tells.
pub struct ProblemPage<'a> {
    /// Base IRI.
    pub base: &'a str,
    /// Status code.
    pub status: u16,
    /// Stable name.
    pub code: &'a str,
    /// What went wrong, in a few words.
    pub title: &'a str,
    /// What went wrong here.
    pub detail: &'a str,
    /// Further facts: name and text.
    pub facts: &'a [(String, String)],
    /// Number of the request, for whoever asks for help.
    pub request_id: &'a str,
    /// Language of the page.
    pub language: Language,
}

/// The page of all codes: those of problems first, then results, shapes and files.
pub fn render_codes(
    base: &str,
    language: Language,
    problems: &[(&str, u16, &str)],
    meanings: &[CodeMeaning],
) -> String {
    let say = |nl: &'static str, en: &'static str| match language {
        Language::Nl => nl,
        Language::En => en,
    };
    let parts = [
        (
            say("Resultaten van validatie", "Results of validation"),
            'V',
        ),
        (say("Opmerkingen bij vormen", "Findings about shapes"), 'L'),
        (say("Fouten in bestanden", "Mistakes in files"), 'P'),
    ];
    let prefix = super::path_prefix(base);
    let content = html! {
        h2 { (say("Fouten van verzoeken", "Problems of requests")) }
        div.scroll {
            table {
                thead { tr {
                    th scope="col" { "Code" }
                    th scope="col" { "Status" }
                    th scope="col" { (say("Betekenis", "Meaning")) }
                } }
                tbody {
                    @for (code, status, meaning) in problems {
                        tr id=(code) { th scope="row" { code { (code) } } td { (status) } td { (meaning) } }
                    }
                }
            }
        }
        @for (title, letter) in parts.into_iter().filter(|_| !meanings.is_empty()) {
            h2 { (title) }
            div.scroll {
                table {
                    thead { tr {
                        th scope="col" { "Code" }
                        th scope="col" { (say("Betekenis", "Meaning")) }
                    } }
                    tbody {
                        @for meaning in meanings.iter().filter(|meaning| meaning.code.starts_with(letter)) {
                            tr {
                                th scope="row" { a href=(format!("{prefix}/fouten/{}", meaning.code)) { code { (meaning.code) } } }
                                td { (meaning.message.get(language)) }
                            }
                        }
                    }
                }
            }
        }
    };
    layout(base, say("Foutcodes", "Error codes"), language, &content)
}

/// The page of one code with its examples.
pub fn render_code(base: &str, language: Language, meaning: &CodeMeaning) -> String {
    let say = |nl: &'static str, en: &'static str| match language {
        Language::Nl => nl,
        Language::En => en,
    };
    let effect = meaning.effect.get(language);
    let content = html! {
        p.notice { (meaning.message.get(language)) }
        dl {
            dt { (say("Soort", "Kind")) } dd { (meaning.kind.get(language)) }
            @if !meaning.name.is_empty() {
                dt { "SHACL" } dd { code { "sh:" (meaning.name) "ConstraintComponent" } }
            }
            dt { (say("Hulp", "Hint")) } dd { (meaning.hint.get(language)) }
            @if !effect.is_empty() {
                dt { (say("Gevolg", "Effect")) } dd { (effect) }
            }
        }
        @if meaning.message.get(language).contains('{') {
            p.help { (say("Wat tussen accolades staat, vult elke melding in.", "What stands between braces is filled in by each message.")) }
        }
        @if !meaning.fails.is_empty() {
            @if !meaning.given.is_empty() {
                h2 { (say("Gegeven", "Given")) }
                pre { (meaning.given) }
            }
            h2 { (say("Fout", "Wrong")) }
            pre { (meaning.fails) }
            h2 { (say("Goed", "Right")) }
            pre { (meaning.passes) }
            @if !meaning.prefixes().is_empty() {
                details {
                    summary { (say("Prefixen van de voorbeelden", "Prefixes of the examples")) }
                    pre { (meaning.prefixes()) }
                }
            }
        }
        p { a href=(format!("{}/fouten", super::path_prefix(base))) { (say("Alle foutcodes", "All error codes")) } }
    };
    layout(base, &meaning.code, language, &content)
}

/// The page of an error.
pub fn render_problem(problem: &ProblemPage<'_>) -> String {
    let (request, home) = match problem.language {
        Language::Nl => ("Nummer van dit verzoek", "Naar de startpagina"),
        Language::En => ("Number of this request", "To the start page"),
    };
    let content = html! {
        p.notice { (problem.detail) }
        dl {
            dt { "Code" } dd { code { (problem.status) " " (problem.code) } }
            @for (name, text) in problem.facts {
                dt { (name) } dd { pre { (text) } }
            }
            dt { (request) } dd { code { (problem.request_id) } }
        }
        p { a href=(format!("{}/", super::path_prefix(problem.base))) { (home) } }
    };
    layout(problem.base, problem.title, problem.language, &content)
}
