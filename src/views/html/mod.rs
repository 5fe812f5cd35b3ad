//! Pages for people: Dutch, usable with a keyboard and without scripts, one style sheet.
//! Makes HTML text from what `views` and `registry` hand over; decides nothing and knows no HTTP.

mod api;
mod catalogue;
mod collection;
mod dumps;
mod explain;
mod home;
mod problem;
mod process;
mod queries_running;
mod query;

mod report;
mod resource;
mod sensors;
mod shapes;
mod sources;
mod stored;
mod streams;
mod subscriptions;
mod token;
mod ui;
mod upload;

pub use api::{render_api, render_operation, render_viewer};
pub use catalogue::{
    CatalogueDataset, CatalogueLink, CatalogueListing, render_catalogue, render_catalogue_dataset,
    render_catalogue_entity,
};
pub use collection::{CollectionPage, render_collection};
pub use dumps::{DumpFileShown, DumpLine, DumpShown, render_dumps, render_register_dumps};
pub use explain::{render_explanation, render_stored_explanation};
pub use home::{RegisterLine, render_graphs, render_home};
pub use problem::{ProblemPage, render_code, render_codes, render_problem};
pub use process::{SteeringLine, render_case, render_steering};
pub use queries_running::{QueriesPage, QueryLine, render_queries};
pub use query::{QueryTable, render_query_form, render_query_result};

pub use report::{ReportPage, ReportPart, render_report, render_report_file};
pub use resource::{ResourcePage, render_resource};
pub use sensors::{ObservationShown, SeriesShown, render_series, render_series_list};
pub use shapes::{render_profile, render_profiles};
pub use sources::render_sources;
pub use stored::{StoredQueryPage, render_stored_queries, render_stored_query};
pub use streams::{ChangeLine, Happened, StreamLine, StreamPage, render_stream, render_streams};
pub use subscriptions::{SubscriptionLine, render_subscriptions};
pub use token::{TokenPage, render_token_form};
pub use ui::{Viewer, ui_file, viewer};
pub use upload::render_validate_form;

use crate::rdf::label::Language;
use crate::registry::Register;
use crate::store::View;
use crate::views::labels;
use crate::views::rdf_document::shorten;
use maud::{DOCTYPE, Markup, html};

/// The style sheet, served beside the pages.
pub const STYLE_SHEET: &str = include_str!("oslo.css");

/// Another state than the newest that a page shows, for the notice that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierState {
    /// Number of its last commit, when an earlier one was asked for.
    pub seq: Option<u64>,
    /// When that was made, for people; empty when nothing was made yet.
    pub moment: String,
    /// The moment of valid time that was asked for.
    pub valid: Option<String>,
    /// Parameters that lead to the same state.
    pub pins: Vec<(&'static str, String)>,
    /// Address of the same page for the present state.
    pub now: String,
}

impl EarlierState {
    /// The parameters as the end of an address, the first after `first_mark`; empty when there are none.
    pub fn pinned(&self, first_mark: char) -> String {
        let mut out = String::new();
        for (name, value) in &self.pins {
            out.push(if out.is_empty() { first_mark } else { '&' });
            out.push_str(name);
            out.push('=');
            out.push_str(&percent_encode(value));
        }
        out
    }
}

/// What every page needs to name and link resources.
#[derive(Clone, Copy)]
pub struct Site<'a> {
    /// The state shown.
    pub view: &'a View,
    /// Declared registers.
    pub registers: &'a [Register],
    /// Base IRI, without a slash at the end.
    pub base: &'a str,
    /// Language of names.
    pub language: Language,
    /// The state shown, when the reader asked for one; its page says so.
    pub earlier: Option<&'a EarlierState>,
}

impl Site<'_> {
    /// The text in the language of the page.
    fn say(&self, nl: &'static str, en: &'static str) -> &'static str {
        match self.language {
            Language::Nl => nl,
            Language::En => en,
        }
    }

    /// A whole page, with a notice when it shows a state that was asked for.
    fn page(&self, title: &str, content: &Markup) -> String {
        let Some(state) = self.earlier else {
            return layout(self.base, title, self.language, content);
        };
        let shown = self.say(
            "U ziet de toestand na commit ",
            "You see the state after commit ",
        );
        let made = self.say(" van ", " of ");
        let held = self.say("U ziet wat geldig was op ", "You see what was valid at ");
        let known = self.say(
            ", volgens de toestand na commit ",
            ", by the state after commit ",
        );
        let noticed = html! {
            p.notice role="status" {
                @if let Some(valid) = &state.valid {
                    (held) strong { (valid) }
                }
                @if let Some(seq) = state.seq {
                    @if state.valid.is_some() { (known) } @else { (shown) }
                    strong { (seq) }
                    @if !state.moment.is_empty() { (made) (state.moment) }
                }
                ". " a href=(state.now) { (self.say("Naar de huidige toestand", "To the present state")) }
            }
            (content)
        };
        layout(self.base, title, self.language, &noticed)
    }

    /// The field of a form that asks for the state shown, when the reader asked for one.
    fn same_state(&self) -> Markup {
        html! {
            @if let Some(state) = self.earlier {
                @for (name, value) in &state.pins {
                    input type="hidden" name=(name) value=(value);
                }
            }
        }
    }

    /// A link below the base, for instance `/sparql`.
    pub fn path(&self, path: &str) -> String {
        format!("{}{path}", path_prefix(self.base))
    }

    /// Where a person reads about an IRI: here when something is said about it here, else at the IRI itself.
    /// `None` when there is nothing to open.
    pub fn href(&self, iri: &str) -> Option<String> {
        if let Some(path) = iri.strip_prefix(self.base)
            && path.starts_with("/graph/")
        {
            return Some(self.path(path));
        }
        let described = self
            .view
            .id_of_iri(iri)
            .is_some_and(|id| self.view.star(id).next().is_some());
        if !described {
            let on_the_web = iri.starts_with("https://") || iri.starts_with("http://");
            return on_the_web.then(|| iri.to_owned());
        }
        let item = self
            .registers
            .iter()
            .find_map(|register| Some((register, register.id_of_iri(iri)?)));
        Some(match item {
            Some((register, id)) => self.path(&format!("/doc/{}/{id}", register.kind)),
            None => self.path(&format!("/doc?uri={}", percent_encode(iri))),
        })
    }

    /// The name of an IRI for people.
    pub fn name(&self, iri: &str) -> String {
        if let Some(label) = self
            .view
            .id_of_iri(iri)
            .and_then(|id| labels::label_of(self.view, id, self.language))
        {
            return label;
        }
        match self
            .registers
            .iter()
            .find_map(|r| Some((r, r.id_of_iri(iri)?)))
        {
            Some((register, id)) => format!("{} {id}", register.kind),
            None => shorten(iri).unwrap_or_else(|| iri.to_owned()),
        }
    }

    /// A link to an IRI, named for people.
    pub fn link(&self, iri: &str) -> Markup {
        self.anchor(iri, iri, &self.name(iri))
    }

    /// A predicate, named for people, with its short IRI as title.
    pub fn predicate(&self, iri: &str) -> Markup {
        let name = labels::name_of_iri(self.view, iri, self.language);
        let short = shorten(iri).unwrap_or_else(|| iri.to_owned());
        self.anchor(iri, &short, &name)
    }

    fn anchor(&self, iri: &str, title: &str, name: &str) -> Markup {
        html! {
            @match self.href(iri) {
                Some(href) => { a href=(href) title=(title) { (name) } }
                None => { span title=(title) { (name) } }
            }
        }
    }
}

/// The path of a base IRI, without a slash at the end: what goes before every link of a page.
pub fn path_prefix(base: &str) -> &str {
    base.split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]))
        .unwrap_or("")
}

/// A string as the value of a query parameter or a path segment ([RFC 3986 §2.1](https://www.rfc-editor.org/rfc/rfc3986#section-2.1)).
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            _ => {
                out.push('%');
                out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
                out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
            }
        }
    }
    out
}

/// A page around its content.
fn layout(base: &str, title: &str, language: Language, content: &Markup) -> String {
    layout_with(base, title, language, &html! {}, content)
}

/// A page around its content, with more in its head.
fn layout_with(
    base: &str,
    title: &str,
    language: Language,
    head: &Markup,
    content: &Markup,
) -> String {
    let path = |path: &str| format!("{}{path}", path_prefix(base));
    let (skip, nav, menu) = match language {
        Language::Nl => (
            "Naar de inhoud",
            "Hoofdmenu",
            [
                "Start",
                "SPARQL",
                "Klaargezette bevragingen",
                "Valideren",
                "Rapport",
                "Grafen",
            ],
        ),
        Language::En => (
            "Skip to content",
            "Main menu",
            [
                "Home",
                "SPARQL",
                "Stored queries",
                "Validate",
                "Report",
                "Graphs",
            ],
        ),
    };
    let targets = [
        "/",
        "/sparql",
        "/queries",
        "/validate",
        "/rapport",
        "/rdf-graphs",
    ];
    html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – OSLO-register" }
                link rel="stylesheet" href=(path("/static/oslo.css"));
                (head)
            }
            body {
                a.skip href="#inhoud" { (skip) }
                header {
                    a.brand href=(path("/")) { "OSLO-register" }
                    nav aria-label=(nav) {
                        ul {
                            @for (name, target) in menu.iter().zip(targets) {
                                li { a href=(path(target)) { (name) } }
                            }
                        }
                    }
                }
                main id="inhoud" tabindex="-1" {
                    h1 { (title) }
                    (content)
                }
            }
        }
    }
    .into_string()
}

/// A number with the word for one or for several.
fn counted(number: u64, one: &str, several: &str) -> String {
    let word = if number == 1 { one } else { several };
    format!("{} {word}", grouped(number))
}

/// A number with a thin space between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + 4);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('\u{202F}');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_encoded_and_prefixed() {
        assert_eq!(
            percent_encode("http://e/a b?é"),
            "http%3A%2F%2Fe%2Fa%20b%3F%C3%A9"
        );
        assert_eq!(path_prefix("http://127.0.0.1:7400"), "");
        assert_eq!(path_prefix("https://stad.example/register"), "/register");
        assert_eq!(grouped(1_234_567), "1\u{202F}234\u{202F}567");
        assert_eq!(grouped(12), "12");
    }
}
