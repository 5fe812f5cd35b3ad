//! What a code means to whoever meets it: results (V), findings about shapes (L), about files (P), about repairs of
//! records (N) and about sources (H), in both languages and with examples. One table of sources for `oslo explain` and the page of codes.

use crate::ingest::code_meanings::INGEST_CODES;
use crate::ingest::harvest_meanings::{HARVEST_CODES, HARVEST_EFFECT};
use crate::ingest::normalise::{REPAIR_CODES, RepairCode};
use crate::rdf::label::Text;
use crate::shapes::{
    Component, EXAMPLE_PREFIXES, Effect, LINT_RULES, LintRule, code_example, result_text,
};

/// A code explained.
#[derive(Clone, Debug)]
pub struct CodeMeaning {
    /// The code.
    pub code: String,
    /// What it is about, in a word or two.
    pub kind: Text,
    /// Name in the specification, for results.
    pub name: String,
    /// The sentence; holes in braces stand for what a real message names.
    pub message: Text,
    /// How to mend it.
    pub hint: Text,
    /// What it means for a check; empty where it means nothing more.
    pub effect: Text,
    /// What both examples have in common; may be empty.
    pub given: String,
    /// Gets the code; empty where there is no example.
    pub fails: String,
    /// Does not.
    pub passes: String,
}

impl CodeMeaning {
    /// What stands before the examples, when they are Turtle with prefixes.
    pub fn prefixes(&self) -> &'static str {
        let is_turtle = !self.fails.is_empty() && !self.code.starts_with(['N', 'P']);
        if is_turtle { EXAMPLE_PREFIXES } else { "" }
    }
}

/// Every code, sorted.
pub fn all_codes() -> Vec<CodeMeaning> {
    let lints = LINT_RULES.iter().map(of_lint);
    let files = INGEST_CODES.iter().map(|row| CodeMeaning {
        code: row.code.to_owned(),
        kind: Text::new("Bestand", "File"),
        name: String::new(),
        message: Text::new(row.nl, row.en),
        hint: Text::new(row.hint_nl, row.hint_en),
        effect: Text::default(),
        given: String::new(),
        fails: row.fails.to_owned(),
        passes: row.passes.to_owned(),
    });
    let harvest = HARVEST_CODES.iter().map(|row| CodeMeaning {
        code: row.code.to_owned(),
        kind: Text::new("Bron", "Source"),
        name: String::new(),
        message: Text::new(row.nl, row.en),
        hint: Text::new(row.hint_nl, row.hint_en),
        effect: Text::new(HARVEST_EFFECT[0], HARVEST_EFFECT[1]),
        given: String::new(),
        fails: String::new(),
        passes: String::new(),
    });
    let repairs = REPAIR_CODES.iter().map(of_repair);
    let results = Component::ALL.into_iter().map(of_component);
    let all = harvest.chain(lints).chain(repairs);
    all.chain(files).chain(results).collect()
}

/// The meaning of a code, whatever the case it is written in.
pub fn code_meaning(code: &str) -> Option<CodeMeaning> {
    let code = code.trim().to_ascii_uppercase();
    all_codes().into_iter().find(|known| known.code == code)
}

fn of_lint(rule: &LintRule) -> CodeMeaning {
    let effect = match rule.effect {
        Effect::Note => Text::new(
            "Alles wordt gecontroleerd; dit is goed om te weten.",
            "Everything is checked; this is good to know.",
        ),
        Effect::Constraint => Text::new(
            "Eén regel of doel van de vorm wordt niet gecontroleerd.",
            "One constraint or target of the shape is not checked.",
        ),
        Effect::Shape => Text::new(
            "De hele vorm wordt niet gecontroleerd.",
            "The whole shape is not checked.",
        ),
    };
    with_example(CodeMeaning {
        code: rule.code.to_owned(),
        kind: Text::new("Vorm", "Shape"),
        name: String::new(),
        message: Text::new(rule.nl, rule.en),
        hint: Text::new(rule.hint_nl, rule.hint_en),
        effect,
        given: String::new(),
        fails: String::new(),
        passes: String::new(),
    })
}

fn of_repair(row: &RepairCode) -> CodeMeaning {
    let effect = row.action.meaning();
    CodeMeaning {
        code: row.code.to_owned(),
        kind: Text::new("Herstelling", "Repair"),
        name: String::new(),
        message: Text::new(row.nl, row.en),
        hint: Text::new(row.hint_nl, row.hint_en),
        effect: Text::new(effect.0, effect.1),
        given: String::new(),
        fails: row.fails.to_owned(),
        passes: row.passes.to_owned(),
    }
}

fn of_component(component: Component) -> CodeMeaning {
    let text = result_text(component);
    with_example(CodeMeaning {
        code: component.code(),
        kind: Text::new("Resultaat", "Result"),
        name: component.name().to_owned(),
        message: Text::new(text.nl, text.en),
        hint: Text::new(text.hint_nl, text.hint_en),
        effect: Text::default(),
        given: String::new(),
        fails: String::new(),
        passes: String::new(),
    })
}

fn with_example(mut meaning: CodeMeaning) -> CodeMeaning {
    if let Some(example) = code_example(&meaning.code) {
        meaning.given = example.given.to_owned();
        meaning.fails = example.fails.to_owned();
        meaning.passes = example.passes.to_owned();
    }
    meaning
}
