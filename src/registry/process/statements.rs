//! Small tools of the process types and cases: statements being made, and values being read of a view. Knows neither.

use super::names::DCT;
use crate::rdf::label::Text;
use crate::rdf::vocab::{rdf, xsd};
use crate::store::{Id, View};
use oxrdf::{Literal, NamedNode, Term, Triple};
use serde::{Deserialize, Serialize};

/// A text in Dutch, and in English when there is one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Said {
    /// Nederlands.
    pub nl: String,
    /// English.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
}

impl Said {
    /// In both languages, Dutch where there is no English.
    pub fn text(&self) -> Text {
        Text::new(
            self.nl.as_str(),
            self.en.as_deref().unwrap_or(self.nl.as_str()),
        )
    }
}

/// Statements being made.
#[derive(Default)]
pub(super) struct Statements(pub(super) Vec<Triple>);

impl Statements {
    pub(super) fn add(&mut self, subject: &str, predicate: &str, object: impl Into<Term>) {
        self.0.push(Triple::new(
            NamedNode::new_unchecked(subject),
            NamedNode::new_unchecked(predicate),
            object,
        ));
    }

    pub(super) fn link(&mut self, subject: &str, predicate: &str, object: &str) {
        self.add(subject, predicate, NamedNode::new_unchecked(object));
    }

    pub(super) fn class(&mut self, subject: &str, class: &str) {
        self.link(subject, rdf::TYPE, class);
    }

    pub(super) fn text(&mut self, subject: &str, predicate: &str, text: &str) {
        self.add(subject, predicate, Literal::new_simple_literal(text));
    }

    pub(super) fn typed(&mut self, subject: &str, predicate: &str, text: &str, datatype: &str) {
        let datatype = NamedNode::new_unchecked(datatype);
        self.add(
            subject,
            predicate,
            Literal::new_typed_literal(text, datatype),
        );
    }

    pub(super) fn date(&mut self, subject: &str, predicate: &str, text: &str) {
        self.typed(subject, predicate, text, xsd::DATE);
    }

    pub(super) fn said(&mut self, subject: &str, predicate: &str, said: &Said) {
        let in_language =
            |text: &str, tag| Literal::new_language_tagged_literal_unchecked(text, tag);
        self.add(subject, predicate, in_language(&said.nl, "nl"));
        if let Some(en) = &said.en {
            self.add(subject, predicate, in_language(en, "en"));
        }
    }

    pub(super) fn title(&mut self, subject: &str, said: &Said) {
        self.said(subject, &format!("{DCT}title"), said);
    }
}

/// Reads what a view says of one node.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) view: &'a View,
    pub(super) node: Id,
}

impl<'a> Reading<'a> {
    pub(super) fn of(view: &'a View, iri: &str) -> Option<Self> {
        let node = view.id_of_iri(iri)?;
        Some(Self { view, node })
    }

    pub(super) fn ids(&self, predicate: &str) -> Vec<Id> {
        let predicate = self.view.id_of_iri(predicate);
        let ids = predicate.map(|p| self.view.objects(self.node, p).collect());
        ids.unwrap_or_default()
    }

    /// Nodes that point here by a predicate.
    pub(super) fn referrers(&self, predicate: &str) -> Vec<Id> {
        let predicate = self.view.id_of_iri(predicate);
        let ids = predicate.map(|p| self.view.subjects(p, self.node).collect());
        ids.unwrap_or_default()
    }

    pub(super) fn iris(&self, predicate: &str) -> Vec<String> {
        let iris = self.ids(predicate).into_iter();
        let mut iris: Vec<String> = iris
            .filter_map(|id| self.view.iri(id).map(|iri| iri.into_owned()))
            .collect();
        iris.sort_unstable();
        iris
    }

    pub(super) fn iri(&self, predicate: &str) -> Option<String> {
        self.iris(predicate).into_iter().next()
    }

    /// The last segment of the IRI of a concept.
    pub(super) fn concept(&self, predicate: &str, scheme: &str) -> Option<String> {
        self.iris(predicate)
            .into_iter()
            .find_map(|iri| iri.strip_prefix(scheme).map(str::to_owned))
    }

    pub(super) fn literals(&self, predicate: &str) -> Vec<Literal> {
        let terms = self.ids(predicate).into_iter().map(|id| self.view.term(id));
        let mut literals: Vec<Literal> = terms
            .filter_map(|term| match term {
                Term::Literal(literal) => Some(literal),
                _ => None,
            })
            .collect();
        literals.sort_unstable_by(|a, b| a.value().cmp(b.value()));
        literals
    }

    pub(super) fn text(&self, predicate: &str) -> Option<String> {
        let literal = self.literals(predicate).into_iter().next()?;
        Some(literal.value().to_owned())
    }

    pub(super) fn said(&self, predicate: &str) -> Option<Said> {
        let literals = self.literals(predicate);
        let of = |tag: &str| {
            let found = literals.iter().find(|l| l.language() == Some(tag));
            found.map(|literal| literal.value().to_owned())
        };
        let any = literals.first().map(|literal| literal.value().to_owned());
        Some(Said {
            nl: of("nl").or(any)?,
            en: of("en"),
        })
    }
}
