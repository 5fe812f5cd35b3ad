//! Contexts that frames are read and written with: terms with a type, a language or a set or list, prefixes, a vocabulary.
//! What a frame cannot be read with here, is refused by name rather than read otherwise than its author meant.

use super::FrameError;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Contexts in a list, and documents that refer to documents.
const MAX_PARTS: usize = 16;

/// How a term reads a string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coercion {
    None,
    Iri,
    Datatype(String),
    /// A language, or none at all where the context has a default one.
    Language(Option<String>),
}

/// A term.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub(super) iri: String,
    pub(super) coercion: Coercion,
    pub(super) is_set: bool,
    pub(super) is_list: bool,
    pub(super) is_reverse: bool,
    /// Whether it may stand before a colon.
    is_prefix: bool,
}

/// A context, read.
#[derive(Clone, Debug, Default)]
pub(super) struct FlatContext {
    terms: BTreeMap<String, Term>,
    vocab: Option<String>,
    language: Option<String>,
}

/// Gives a context document by its address.
pub type Loader<'a> = &'a dyn Fn(&str) -> Option<Json>;

fn unsupported(what: &str) -> FrameError {
    FrameError::Context(what.to_owned())
}

impl FlatContext {
    /// Reads a value of `@context`.
    pub(super) fn parse(context: &Json, load: Loader<'_>) -> Result<Self, FrameError> {
        let mut out = Self::default();
        let mut parts = 0;
        out.add(context, load, &mut parts)?;
        Ok(out)
    }

    fn add(
        &mut self,
        context: &Json,
        load: Loader<'_>,
        parts: &mut usize,
    ) -> Result<(), FrameError> {
        *parts += 1;
        if *parts > MAX_PARTS {
            return Err(FrameError::TooLarge("@context"));
        }
        match context {
            Json::Null => *self = Self::default(),
            Json::Array(list) => {
                for part in list {
                    self.add(part, load, parts)?;
                }
            }
            Json::String(address) => {
                let document = load(address).ok_or_else(|| unsupported(address))?;
                let inner = document.get("@context").unwrap_or(&Json::Null);
                self.add(inner, load, parts)?;
            }
            Json::Object(definitions) => self.define(definitions)?,
            _ => return Err(unsupported(&context.to_string())),
        }
        Ok(())
    }

    fn define(&mut self, definitions: &Map<String, Json>) -> Result<(), FrameError> {
        for (key, value) in definitions.iter().filter(|(key, _)| key.starts_with('@')) {
            match (key.as_str(), value) {
                ("@version" | "@protected", _) => {}
                ("@vocab", Json::Null) => self.vocab = None,
                ("@vocab", Json::String(vocab)) => self.vocab = Some(vocab.clone()),
                ("@language", Json::Null) => self.language = None,
                ("@language", Json::String(tag)) => self.language = Some(tag.to_ascii_lowercase()),
                _ => return Err(unsupported(key)),
            }
        }
        for (name, definition) in definitions.iter().filter(|(key, _)| !key.starts_with('@')) {
            self.terms.remove(name);
            if let Some(term) = self.term(name, definition, definitions)? {
                self.terms.insert(name.clone(), term);
            }
        }
        Ok(())
    }

    fn term(
        &self,
        name: &str,
        definition: &Json,
        all: &Map<String, Json>,
    ) -> Result<Option<Term>, FrameError> {
        let plain = |iri: String, is_simple: bool| Term {
            is_prefix: is_simple && iri.ends_with([':', '/', '?', '#', '[', ']', '@']),
            iri,
            coercion: Coercion::None,
            is_set: false,
            is_list: false,
            is_reverse: false,
        };
        let fields = match definition {
            Json::Null => return Ok(None),
            Json::String(iri) => {
                let iri = self.resolve(iri, all, 0).ok_or_else(|| unsupported(name))?;
                return Ok(Some(plain(iri, true)));
            }
            Json::Object(fields) => fields,
            _ => return Err(unsupported(name)),
        };
        let (id, is_reverse) = match (fields.get("@id"), fields.get("@reverse")) {
            (Some(Json::String(id)), None) => (id.as_str(), false),
            (None, Some(Json::String(id))) => (id.as_str(), true),
            (Some(Json::Null), None) => return Ok(None),
            (None, None) => (name, false),
            _ => return Err(unsupported(name)),
        };
        let iri = self.resolve(id, all, 0).ok_or_else(|| unsupported(name))?;
        let mut term = plain(iri, false);
        term.is_reverse = is_reverse;
        for (key, value) in fields {
            match (key.as_str(), value) {
                ("@id" | "@reverse" | "@protected", _) => {}
                ("@type", Json::String(kind)) => {
                    term.coercion = match kind.as_str() {
                        "@id" | "@vocab" => Coercion::Iri,
                        "@none" => Coercion::None,
                        "@json" => return Err(unsupported(name)),
                        kind => Coercion::Datatype(
                            self.resolve(kind, all, 0)
                                .ok_or_else(|| unsupported(name))?,
                        ),
                    };
                }
                ("@language", Json::String(tag)) => {
                    term.coercion = Coercion::Language(Some(tag.to_ascii_lowercase()));
                }
                ("@language", Json::Null) => term.coercion = Coercion::Language(None),
                ("@prefix", Json::Bool(is_prefix)) => term.is_prefix = *is_prefix,
                ("@container", Json::String(kind)) if kind == "@set" => term.is_set = true,
                ("@container", Json::String(kind)) if kind == "@list" => term.is_list = true,
                ("@container", Json::Array(kinds)) if kinds.len() == 1 && kinds[0] == "@set" => {
                    term.is_set = true;
                }
                ("@container", Json::Null) => {}
                _ => return Err(unsupported(&format!("{name}: {key}"))),
            }
        }
        Ok(Some(term))
    }

    /// The IRI of a definition, by the other definitions of the same context and by those before.
    fn resolve(&self, text: &str, all: &Map<String, Json>, depth: usize) -> Option<String> {
        if depth > 8 {
            return None;
        }
        if text.starts_with('@') {
            return Some(text.to_owned());
        }
        let of = |name: &str| match all.get(name) {
            Some(Json::String(iri)) if iri != text => self.resolve(iri, all, depth + 1),
            Some(Json::Object(fields)) => {
                let iri = fields.get("@id")?.as_str().filter(|iri| *iri != text)?;
                self.resolve(iri, all, depth + 1)
            }
            _ => self.terms.get(name).map(|term| term.iri.clone()),
        };
        if let Some((prefix, rest)) = text.split_once(':') {
            if !rest.starts_with("//")
                && let Some(start) = of(prefix)
            {
                return Some(format!("{start}{rest}"));
            }
            return Some(text.to_owned());
        }
        if depth == 0
            && let Some(iri) = of(text)
        {
            return Some(iri);
        }
        self.vocab.as_ref().map(|vocab| format!("{vocab}{text}"))
    }

    /// A term by its name.
    pub(super) fn get(&self, name: &str) -> Option<&Term> {
        self.terms.get(name)
    }

    pub(super) fn default_language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// A key, class or, with `vocab` not set, an IRI as it was meant; `None` for a key that means nothing.
    pub(super) fn expand(&self, text: &str, vocab: bool) -> Option<String> {
        if text.starts_with('@') {
            return Some(text.to_owned());
        }
        if vocab && let Some(term) = self.terms.get(text) {
            return Some(term.iri.clone());
        }
        if let Some((prefix, rest)) = text.split_once(':') {
            if prefix != "_"
                && !rest.starts_with("//")
                && let Some(term) = self.terms.get(prefix)
            {
                return Some(format!("{}{rest}", term.iri));
            }
            return Some(text.to_owned());
        }
        match (&self.vocab, vocab) {
            (Some(start), true) => Some(format!("{start}{text}")),
            (_, false) => Some(text.to_owned()),
            _ => None,
        }
    }

    /// An IRI as it is written: as a term where `vocab` is set, else with a prefix, else in full.
    pub(super) fn shorten(&self, iri: &str, vocab: bool) -> String {
        if iri.starts_with('@') || iri.starts_with("_:") {
            return iri.to_owned();
        }
        if vocab {
            let term = self.terms.iter().find(|(_, term)| {
                term.iri == iri
                    && !term.is_reverse
                    && term.coercion == Coercion::None
                    && !term.is_list
            });
            if let Some((name, _)) = term {
                return name.clone();
            }
            if let Some(rest) = self
                .vocab
                .as_deref()
                .and_then(|vocab| iri.strip_prefix(vocab))
                && !rest.is_empty()
                && !self.terms.contains_key(rest)
                && !rest.contains(':')
            {
                return rest.to_owned();
            }
        }
        let mut best: Option<String> = None;
        for (name, term) in self.terms.iter().filter(|(_, term)| term.is_prefix) {
            let Some(rest) = iri
                .strip_prefix(term.iri.as_str())
                .filter(|rest| !rest.is_empty())
            else {
                continue;
            };
            let short = format!("{name}:{rest}");
            let is_free = !self.terms.contains_key(&short) && !rest.starts_with("//");
            let key = |text: &str| (text.len(), text.to_owned());
            if is_free && best.as_ref().is_none_or(|best| key(&short) < key(best)) {
                best = Some(short);
            }
        }
        best.unwrap_or_else(|| iri.to_owned())
    }

    /// Terms of a property with their names, by name.
    pub(super) fn terms_of<'a>(
        &'a self,
        iri: &'a str,
        is_reverse: bool,
    ) -> impl Iterator<Item = (&'a str, &'a Term)> {
        self.terms
            .iter()
            .filter(move |(_, term)| term.iri == iri && term.is_reverse == is_reverse)
            .map(|(name, term)| (name.as_str(), term))
    }
}
