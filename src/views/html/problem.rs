//! The page of an error: what went wrong and what to do.

use super::layout;
use crate::rdf::label::Language;
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

/// The page that explains the codes of errors: code, status and title.
pub fn render_problem_codes(base: &str, language: Language, codes: &[(&str, u16, &str)]) -> String {
    let (title, heads) = match language {
        Language::Nl => ("Foutcodes", ["Code", "Status", "Betekenis"]),
        Language::En => ("Error codes", ["Code", "Status", "Meaning"]),
    };
    let content = html! {
        div.scroll {
            table {
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for (code, status, meaning) in codes {
                        tr id=(code) { th scope="row" { code { (code) } } td { (status) } td { (meaning) } }
                    }
                }
            }
        }
    };
    layout(base, title, language, &content)
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
