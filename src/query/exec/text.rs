//! The text of a term without its parts being allocated one by one: what string functions read.

use super::rows::Context;
use crate::rdf::text::direction_name;
use crate::store::Id;
use oxrdf::{BaseDirection, Term};
use spareval::ExpressionTerm as Value;

/// A term as string functions see it.
pub(super) enum Lexical {
    /// An IRI.
    Iri(String),
    /// A blank node or a triple term, which have no text.
    None,
    /// A plain string.
    Plain(String),
    /// A string in a language; its tag, with the base direction where there is one: `ar--rtl`.
    Tagged(String, String),
    /// A literal of another datatype.
    Typed(String),
}

impl Lexical {
    /// That of an id.
    pub(super) fn of(raw: u64, context: &Context) -> Self {
        let id = Id::from_raw(raw).expect("solutions hold ids");
        if id.local_index().is_none() && id.is_literal() {
            let text = context.dataset.text(id);
            if let Some(end) = text.rfind('"')
                && end > 0
                && memchr::memchr(b'\\', &text.as_bytes()[..end]).is_none()
            {
                let language = text[end + 1..].strip_prefix('@').map(str::to_owned);
                let is_plain = end + 1 == text.len();
                let value = between(text.into_owned(), 1, end);
                return match language {
                    Some(language) => Self::Tagged(value, language),
                    None if is_plain => Self::Plain(value),
                    None => Self::Typed(value),
                };
            }
        } else if id.local_index().is_none() && id.is_iri() {
            // IRIs stand in angle brackets as they are.
            let text = context.dataset.text(id).into_owned();
            let end = text.len() - 1;
            return Self::Iri(between(text, 1, end));
        }
        match context.dataset.term(id) {
            Term::NamedNode(node) => Self::Iri(node.into_string()),
            Term::BlankNode(_) | Term::Triple(_) => Self::None,
            Term::Literal(literal) => match literal.destruct() {
                (value, None, None, _) => Self::Plain(value),
                (value, _, Some(language), direction) => {
                    Self::Tagged(value, tag(language, direction))
                }
                (value, Some(_), None, _) => Self::Typed(value),
            },
        }
    }

    /// Text and tag of a string; `None` for all else.
    pub(super) fn into_string(self) -> Option<(String, Option<String>)> {
        match self {
            Self::Plain(value) => Some((value, None)),
            Self::Tagged(value, language) => Some((value, Some(language))),
            Self::Iri(_) | Self::None | Self::Typed(_) => None,
        }
    }

    /// What `STR` gives.
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Iri(text) | Self::Plain(text) | Self::Tagged(text, _) | Self::Typed(text) => {
                Some(text)
            }
            Self::None => None,
        }
    }

    /// What `LANG` gives.
    pub(super) fn into_language(self) -> Option<String> {
        match self {
            Self::Tagged(_, mut tag) => {
                tag.truncate(tag.find("--").unwrap_or(tag.len()));
                Some(tag)
            }
            Self::Plain(_) | Self::Typed(_) => Some(String::new()),
            Self::Iri(_) | Self::None => None,
        }
    }
}

/// A part of a text, in the memory of the whole.
fn between(mut text: String, start: usize, end: usize) -> String {
    text.truncate(end);
    text.drain(..start);
    text
}

/// A language tag, with the base direction where there is one.
pub(super) fn tag(mut language: String, direction: Option<BaseDirection>) -> String {
    if let Some(direction) = direction {
        language.push_str("--");
        language.push_str(direction_name(direction));
    }
    language
}

/// A string with the tag that [`tag`] made.
pub(super) fn tagged(value: String, tag: String) -> Value {
    let direction = match tag.split_once("--") {
        None => {
            return Value::LangStringLiteral {
                value,
                language: tag,
            };
        }
        Some((_, "rtl")) => BaseDirection::Rtl,
        Some(_) => BaseDirection::Ltr,
    };
    let mut language = tag;
    language.truncate(language.find("--").unwrap_or(language.len()));
    Value::DirLangStringLiteral {
        value,
        language,
        direction,
    }
}
