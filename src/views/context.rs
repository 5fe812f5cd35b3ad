//! A JSON-LD context as this registry declares them: a flat list of terms, read for writing with.
//! Terms it cannot write with (containers other than `@set`, scoped contexts, reverse properties) are left alone: the
//! statement is then written with its full IRI, which every reader understands.

use rustc_hash::FxHashMap;
use serde_json::Value as Json;

/// Why a context cannot be written with.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// It is not JSON.
    #[error("the context is not JSON")]
    Json(#[from] serde_json::Error),
    /// It is no object with an `@context` object.
    #[error("the document has no @context object")]
    NoContext,
    /// It changes the meaning of every plain string.
    #[error("the context sets {0}, with which plain strings change their meaning")]
    Unsupported(&'static str),
}

/// How a term reads a string value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Coercion {
    /// As a plain string.
    None,
    /// As an IRI.
    Iri,
    /// As a literal of this datatype.
    Datatype(String),
    /// As a literal in this language.
    Language(String),
}

/// A term that can be written with.
#[derive(Clone, Debug)]
pub(super) struct TermDefinition {
    pub(super) name: String,
    pub(super) iri: String,
    pub(super) coercion: Coercion,
    pub(super) is_set: bool,
}

/// Terms by IRI. Later definitions of a name replace earlier ones, as in a list of contexts.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// Usable terms; `None` where the name exists but cannot be used.
    terms: FxHashMap<String, Option<TermDefinition>>,
    by_iri: FxHashMap<String, Vec<TermDefinition>>,
}

impl Context {
    /// Reads a context document.
    ///
    /// # Errors
    /// When it is no context, or sets a default language, direction or base.
    pub fn parse(json: &str) -> Result<Self, ContextError> {
        let document: Json = serde_json::from_str(json)?;
        let Some(Json::Object(definitions)) = document.get("@context") else {
            return Err(ContextError::NoContext);
        };
        for (key, name) in [
            ("@language", "@language"),
            ("@direction", "@direction"),
            ("@base", "@base"),
            ("@import", "@import"),
        ] {
            if definitions.get(key).is_some_and(|value| !value.is_null()) {
                return Err(ContextError::Unsupported(name));
            }
        }
        let mut context = Self::default();
        for (name, definition) in definitions {
            if name.starts_with('@') {
                continue;
            }
            let term = read_term(name, definition, definitions);
            context.terms.insert(name.clone(), term);
        }
        context.index();
        Ok(context)
    }

    /// This context followed by another, whose definitions win.
    #[must_use]
    pub fn followed_by(mut self, later: &Self) -> Self {
        for (name, term) in &later.terms {
            self.terms.insert(name.clone(), term.clone());
        }
        self.index();
        self
    }

    fn index(&mut self) {
        self.by_iri.clear();
        let mut usable: Vec<&TermDefinition> = self.terms.values().flatten().collect();
        usable.sort_by(|a, b| a.name.cmp(&b.name));
        for term in usable {
            self.by_iri
                .entry(term.iri.clone())
                .or_default()
                .push(term.clone());
        }
    }

    /// The name of a class, or its IRI when it has none.
    pub fn class_name<'a>(&'a self, iri: &'a str) -> &'a str {
        self.by_iri
            .get(iri)
            .and_then(|terms| terms.iter().find(|term| term.coercion == Coercion::None))
            .map_or(iri, |term| term.name.as_str())
    }

    /// The predicate that a name stands for; `None` for classes and for what is no term to write with.
    pub fn predicate_of(&self, name: &str) -> Option<&str> {
        let term = self.terms.get(name)?.as_ref()?;
        is_property_name(name).then_some(term.iri.as_str())
    }

    /// The names of predicates, sorted.
    pub fn property_names(&self) -> Vec<String> {
        let usable = self.terms.iter().filter(|(_, term)| term.is_some());
        let mut names: Vec<String> = usable.map(|(name, _)| name.clone()).collect();
        names.retain(|name| is_property_name(name));
        names.sort_unstable();
        names
    }

    /// The term of a name; `Some(None)` when the name is known but nothing can be written with it.
    pub(super) fn named(&self, name: &str) -> Option<Option<&TermDefinition>> {
        self.terms.get(name).map(Option::as_ref)
    }

    /// Names of terms.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.terms.keys().map(String::as_str)
    }

    /// Terms of a predicate, sorted by name.
    pub(super) fn terms_of(&self, predicate: &str) -> &[TermDefinition] {
        self.by_iri.get(predicate).map_or(&[], Vec::as_slice)
    }

    /// The first term of a predicate, for texts that name it.
    pub fn term_name(&self, predicate: &str) -> Option<&str> {
        self.terms_of(predicate)
            .first()
            .map(|term| term.name.as_str())
    }
}

/// Classes begin with a capital or a digit in OSLO, predicates do not; names that are prefixes of others are neither.
fn is_property_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_lowercase())
}

fn read_term(
    name: &str,
    definition: &Json,
    all: &serde_json::Map<String, Json>,
) -> Option<TermDefinition> {
    let plain = |iri: String| TermDefinition {
        name: name.to_owned(),
        iri,
        coercion: Coercion::None,
        is_set: false,
    };
    let fields = match definition {
        Json::String(iri) => return Some(plain(expand(iri, all)?)),
        Json::Object(fields) => fields,
        _ => return None,
    };
    let known = ["@id", "@type", "@container", "@language", "@protected"];
    if fields.keys().any(|key| !known.contains(&key.as_str())) {
        return None;
    }
    let mut term = plain(expand(fields.get("@id")?.as_str()?, all)?);
    if let Some(kind) = fields.get("@type") {
        term.coercion = match kind.as_str()? {
            "@id" | "@vocab" => Coercion::Iri,
            "@none" => Coercion::None,
            "@json" => return None,
            datatype => Coercion::Datatype(expand(datatype, all)?),
        };
    } else if let Some(language) = fields.get("@language")
        && !language.is_null()
    {
        term.coercion = Coercion::Language(language.as_str()?.to_ascii_lowercase());
    }
    match fields.get("@container") {
        None => {}
        Some(container) if container == "@set" => term.is_set = true,
        Some(_) => return None,
    }
    Some(term)
}

/// An IRI of a definition; compact IRIs are resolved with the simple terms of the same context.
fn expand(iri: &str, all: &serde_json::Map<String, Json>) -> Option<String> {
    if iri.starts_with('@') {
        return None;
    }
    let (prefix, rest) = iri.split_once(':')?;
    if rest.starts_with("//") {
        return Some(iri.to_owned());
    }
    match all.get(prefix).and_then(Json::as_str) {
        Some(namespace) if namespace.contains("://") => Some(format!("{namespace}{rest}")),
        Some(_) => None,
        None => Some(iri.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_flat_terms_and_leaves_the_rest() {
        let context = Context::parse(
            r#"{"@context": {"@version": 1.1, "e": "http://e/ns#", "Adres": "e:Adres",
                "naam": {"@id": "e:naam", "@container": "@set"},
                "status": {"@id": "e:status", "@type": "@id"},
                "byLanguage": {"@id": "e:text", "@container": "@language"},
                "reverse": {"@reverse": "e:naam"},
                "datum": {"@id": "e:datum", "@type": "http://www.w3.org/2001/XMLSchema#date"}}}"#,
        )
        .expect("a context");
        assert_eq!(context.class_name("http://e/ns#Adres"), "Adres");
        assert_eq!(context.class_name("http://e/other"), "http://e/other");
        assert_eq!(context.terms_of("http://e/ns#naam").len(), 1);
        assert!(context.terms_of("http://e/ns#naam")[0].is_set);
        assert!(context.terms_of("http://e/ns#text").is_empty());
        assert_eq!(context.term_name("http://e/ns#status"), Some("status"));
    }

    #[test]
    fn later_definitions_hide_earlier_names() {
        let first = Context::parse(r#"{"@context": {"a": "http://e/1"}}"#).expect("a context");
        let second = Context::parse(r#"{"@context": {"a": "http://e/2"}}"#).expect("a context");
        let both = first.followed_by(&second);
        assert!(both.terms_of("http://e/1").is_empty());
        assert_eq!(both.term_name("http://e/2"), Some("a"));
    }

    #[test]
    fn refuses_what_would_change_plain_strings() {
        let error = Context::parse(r#"{"@context": {"@language": "nl"}}"#).expect_err("refused");
        assert!(matches!(error, ContextError::Unsupported("@language")));
        assert!(Context::parse("[]").is_err());
    }
}
