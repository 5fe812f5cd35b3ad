//! Messages of rules: `{?name}` and `{$name}` in them give way to what a solution bound
//! ([§5.3.2](https://www.w3.org/TR/shacl/#sparql-constraints-validation)). A solution is kept as one literal, and only its
//! values that a message asks for.

use super::Rule;
use crate::rdf::label::{Language, pick};
use crate::shapes::model::Constraint;
use crate::shapes::names::short_iri;
use crate::shapes::report::{Report, ResultRow};
use crate::shapes::vocabulary::REPORT_NS;
use oxrdf::{Literal, NamedNode, Term};
use serde_json::{Map, Value, json};

/// Names of the variables in a message.
pub(super) fn holes(message: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = message;
    while let Some(at) = rest.find('{') {
        rest = &rest[at + 1..];
        if let Some(end) = rest.find('}')
            && let Some(name) = rest[..end].strip_prefix(['?', '$'])
        {
            found.push(name);
        }
    }
    found
}

/// A message with its holes filled; those without a value stay.
pub(super) fn fill(message: &str, value: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find('{') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find('}');
        let filled = end.and_then(|end| value(rest[1..end].strip_prefix(['?', '$'])?));
        match (end, filled) {
            (Some(end), Some(filled)) => {
                out.push_str(&filled);
                rest = &rest[end + 1..];
            }
            _ => {
                out.push('{');
                rest = &rest[1..];
            }
        }
    }
    out.push_str(rest);
    out
}

/// A term inside a message.
pub(super) fn shown(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => {
            let short = short_iri(node.as_str());
            match short.strip_prefix('<').and_then(|s| s.strip_suffix('>')) {
                Some(iri) => iri.to_owned(),
                None => short,
            }
        }
        Term::Literal(literal) => literal.value().to_owned(),
        other => other.to_string(),
    }
}

/// What is kept of a solution: values for holes, and the message it gives itself.
pub(super) fn keep<'a>(
    values: impl Iterator<Item = (&'a str, Term)>,
    message: Option<&Term>,
) -> Option<Term> {
    let values: Map<String, Value> = values
        .map(|(name, term)| (name.to_owned(), shown(&term).into()))
        .collect();
    if values.is_empty() && message.is_none() {
        return None;
    }
    let kept = match message {
        Some(Term::Literal(literal)) => {
            json!({ "values": values, "message": literal.value(), "language": literal.language() })
        }
        Some(term) => json!({ "values": values, "message": shown(term) }),
        None => json!({ "values": values }),
    };
    let datatype = NamedNode::new_unchecked(format!("{REPORT_NS}solution"));
    Some(Literal::new_typed_literal(kept.to_string(), datatype).into())
}

/// Whether a term is a solution that was kept: no data hold it.
pub(crate) fn is_solution(term: &Term) -> bool {
    matches!(term, Term::Literal(literal)
        if literal.datatype().as_str().strip_prefix(REPORT_NS) == Some("solution"))
}

impl Report {
    /// The rule of a result, when it is one in SPARQL.
    pub(crate) fn rule(&self, row: &ResultRow) -> Option<&Rule> {
        match self
            .shape(row.shape)
            .constraints
            .get(row.constraint as usize)
        {
            Some(Constraint::Sparql(rule)) => Some(rule),
            _ => None,
        }
    }

    /// The IRI of a result's component; a component of the shapes graph has its own.
    pub fn component_iri(&self, row: &ResultRow) -> String {
        match self.rule(row).and_then(|rule| rule.component.as_ref()) {
            Some(component) => component.as_str().to_owned(),
            None => row.component.iri(),
        }
    }

    /// The node that states a constraint in SPARQL (`sh:sourceConstraint`).
    pub fn source_constraint(&self, row: &ResultRow) -> Option<&Term> {
        self.rule(row)?.source.as_ref()
    }

    /// The messages that a rule gives its result; none when it leaves that to the shape.
    pub(crate) fn rule_messages(&self, row: &ResultRow) -> Vec<Literal> {
        let Some(rule) = self.rule(row) else {
            return Vec::new();
        };
        let kept = row.bindings.and_then(|id| match self.term(id) {
            Term::Literal(literal) => serde_json::from_str::<Value>(literal.value()).ok(),
            _ => None,
        });
        let given = kept.as_ref().and_then(|kept| kept.get("message")?.as_str());
        if let Some(message) = given {
            let language = kept
                .as_ref()
                .and_then(|kept| kept.get("language")?.as_str());
            return vec![match language {
                Some(language) => Literal::new_language_tagged_literal_unchecked(message, language),
                None => Literal::new_simple_literal(message),
            }];
        }
        let value = |name: &str| {
            let of_solution = kept
                .as_ref()
                .and_then(|kept| kept.get("values")?.get(name)?.as_str());
            if let Some(value) = of_solution {
                return Some(value.to_owned());
            }
            if let Some((_, term)) = rule.parameters.iter().find(|(known, _)| known == name) {
                return Some(shown(term));
            }
            match name {
                "this" => Some(shown(&self.term(row.focus))),
                "value" => row.value.map(|value| shown(&self.term(value))),
                "PATH" | "path" => self.path_text(row),
                "currentShape" => Some(shown(self.shape_term(row.shape))),
                _ => None,
            }
        };
        rule.messages
            .iter()
            .map(|message| {
                let text = fill(message.value(), &value);
                match message.language() {
                    Some(language) => {
                        Literal::new_language_tagged_literal_unchecked(text, language)
                    }
                    None => Literal::new_simple_literal(text),
                }
            })
            .collect()
    }

    /// The message of a rule in one language.
    pub(crate) fn rule_message(&self, row: &ResultRow, language: Language) -> Option<String> {
        let messages = self.rule_messages(row);
        pick(messages.iter().map(|m| (m.value(), m.language())), language).map(str::to_owned)
    }
}
