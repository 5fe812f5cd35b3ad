//! Findings about shapes themselves: what is ill-formed, unsupported or odd, and what is therefore not checked.
//! The sentences are in `lint_texts.rs`.

use super::lint_texts::LINT_RULES;
use crate::rdf::label::Text;
use oxrdf::Term;

/// What a finding means for validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Everything is checked; the finding is worth knowing.
    Note,
    /// One constraint or target of the shape is not checked.
    Constraint,
    /// The whole shape is not checked.
    Shape,
}

/// A rule of the lint table.
#[derive(Clone, Copy, Debug)]
pub struct LintRule {
    /// Stable code, `L` and three digits.
    pub code: &'static str,
    /// What it means for validation.
    pub effect: Effect,
    /// Dutch sentence; `{value}` and `{term}` are filled in.
    pub nl: &'static str,
    /// English sentence.
    pub en: &'static str,
    /// How to mend it, in Dutch.
    pub hint_nl: &'static str,
    /// How to mend it, in English.
    pub hint_en: &'static str,
}

/// A finding about a shape, or about the run when no shape is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lint {
    /// Stable code, `L` and three digits.
    pub code: &'static str,
    /// What it means for validation.
    pub effect: Effect,
    /// The shape it is about.
    pub shape: Option<Term>,
    /// The shape in words: its IRI, or path and parent for shapes without one.
    pub shape_label: String,
    /// The sentence.
    pub message: Text,
    /// How to mend it.
    pub hint: Text,
    /// Position of the shape, for the run.
    pub(crate) shape_ix: Option<u32>,
    /// Whether it is about a target: the shape is then not checked although nothing may reach it.
    pub(crate) is_about_target: bool,
}

impl Lint {
    /// A finding by code. `term` and `value` fill the holes of the sentence.
    ///
    /// # Panics
    /// When the code is not in the table; codes are written in this module only.
    pub(crate) fn new(code: &'static str, term: &str, value: &str) -> Self {
        let rule = lint_rule(code).expect("codes used are in the table");
        let fill = |sentence: &str| sentence.replace("{term}", term).replace("{value}", value);
        Self {
            code: rule.code,
            effect: rule.effect,
            shape: None,
            shape_label: String::new(),
            message: Text::new(fill(rule.nl), fill(rule.en)),
            hint: Text::new(fill(rule.hint_nl), fill(rule.hint_en)),
            shape_ix: None,
            is_about_target: false,
        }
    }

    /// A finding whose value is a sentence in both languages.
    pub(crate) fn told(code: &'static str, term: &str, value: &Text) -> Self {
        let (nl, en) = (
            Self::new(code, term, &value.nl),
            Self::new(code, term, &value.en),
        );
        Self {
            message: Text::new(nl.message.nl, en.message.en),
            hint: Text::new(nl.hint.nl, en.hint.en),
            ..en
        }
    }

    /// Whether a strict processor refuses the shapes graph for it.
    pub(crate) fn is_failure(&self) -> bool {
        self.effect != Effect::Note || self.code == "L063"
    }

    /// Says whether it is about a target.
    pub(crate) fn about_target(mut self, is_about_target: bool) -> Self {
        self.is_about_target = is_about_target;
        self
    }

    /// Adds "did you mean" to the hint.
    pub(crate) fn suggesting(mut self, suggestion: Option<String>) -> Self {
        if let Some(term) = suggestion {
            self.hint.nl = format!("Bedoelde u {term}? {}", self.hint.nl);
            self.hint.en = format!("Did you mean {term}? {}", self.hint.en);
        }
        self
    }
}

/// The rule of a code.
pub fn lint_rule(code: &str) -> Option<&'static LintRule> {
    LINT_RULES.iter().find(|rule| rule.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_texts_complete() {
        assert!(LINT_RULES.is_sorted_by(|a, b| a.code < b.code));
        for rule in LINT_RULES {
            for text in [rule.nl, rule.en, rule.hint_nl, rule.hint_en] {
                assert!(text.len() > 5, "{}", rule.code);
            }
        }
    }
}
