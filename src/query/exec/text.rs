//! The text of a term without its parts being allocated one by one: what string functions read.

use super::rows::Context;
use crate::store::Id;
use oxrdf::Term;

/// A term as string functions see it.
pub(super) enum Lexical {
    /// An IRI.
    Iri(String),
    /// A blank node, which has no text.
    Blank,
    /// A plain string.
    Plain(String),
    /// A string in a language.
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
                let value = text[1..end].to_owned();
                return match text[end + 1..].strip_prefix('@') {
                    Some(language) => Self::Tagged(value, language.to_owned()),
                    None if end + 1 == text.len() => Self::Plain(value),
                    None => Self::Typed(value),
                };
            }
        }
        match context.dataset.term(id) {
            Term::NamedNode(node) => Self::Iri(node.into_string()),
            Term::BlankNode(_) => Self::Blank,
            Term::Literal(literal) => match literal.destruct() {
                (value, None, None) => Self::Plain(value),
                (value, _, Some(language)) => Self::Tagged(value, language),
                (value, Some(_), None) => Self::Typed(value),
            },
        }
    }

    /// Text and language of a string; `None` for all else.
    pub(super) fn into_string(self) -> Option<(String, Option<String>)> {
        match self {
            Self::Plain(value) => Some((value, None)),
            Self::Tagged(value, language) => Some((value, Some(language))),
            Self::Iri(_) | Self::Blank | Self::Typed(_) => None,
        }
    }

    /// What `STR` gives.
    pub(super) fn into_text(self) -> Option<String> {
        match self {
            Self::Iri(text) | Self::Plain(text) | Self::Tagged(text, _) | Self::Typed(text) => {
                Some(text)
            }
            Self::Blank => None,
        }
    }

    /// What `LANG` gives.
    pub(super) fn into_language(self) -> Option<String> {
        match self {
            Self::Tagged(_, language) => Some(language),
            Self::Plain(_) | Self::Typed(_) => Some(String::new()),
            Self::Iri(_) | Self::Blank => None,
        }
    }
}
