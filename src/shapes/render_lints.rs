//! Findings about shapes by themselves, without a validation: as blocks for people and as JSON for programs.

use super::lint::{Effect, Lint};
use super::render_text::render_lints;
use crate::rdf::label::Language;
use serde_json::{Value, json};
use std::io::{self, Write};

impl Effect {
    /// Word for people: what the finding means.
    pub fn label(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Note, Language::Nl) => "opmerking",
            (Self::Note, Language::En) => "note",
            (Self::Constraint, Language::Nl) => "regel niet gecontroleerd",
            (Self::Constraint, Language::En) => "rule not checked",
            (Self::Shape, Language::Nl) => "vorm niet gecontroleerd",
            (Self::Shape, Language::En) => "shape not checked",
        }
    }

    /// Name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Constraint => "constraint",
            Self::Shape => "shape",
        }
    }
}

/// Writes findings as text in one language, the gravest first, and a last line with how many there are. `shapes` is how
/// many shapes were looked at.
///
/// # Errors
/// When the writer fails.
pub fn render_findings(
    findings: &[Lint],
    shapes: usize,
    out: &mut dyn Write,
    language: Language,
) -> io::Result<()> {
    let mut counts = [0; 3];
    for (count, effect) in counts
        .iter_mut()
        .zip([Effect::Shape, Effect::Constraint, Effect::Note])
    {
        let of_effect: Vec<Lint> = findings
            .iter()
            .filter(|lint| lint.effect == effect)
            .cloned()
            .collect();
        *count = of_effect.len();
        render_lints(&of_effect, effect.label(language), out, language)?;
    }
    let [whole, parts, notes] = counts;
    match language {
        Language::Nl => writeln!(
            out,
            "{shapes} vormen gelezen: {whole} vormen en {parts} regels niet gecontroleerd, {notes} opmerkingen."
        ),
        Language::En => writeln!(
            out,
            "{shapes} shapes read: {whole} shapes and {parts} rules not checked, {notes} notes."
        ),
    }
}

/// A finding as JSON: `code`, `effect` (`note`, `constraint` or `shape`), `shape` (IRI or blank node, as in N-Triples),
/// `label`, and `message` and `hint` in `nl` and `en`. Without a shape it is about all of them.
pub fn finding_json(lint: &Lint) -> Value {
    json!({
        "code": lint.code,
        "effect": lint.effect.name(),
        "shape": lint.shape.as_ref().map(ToString::to_string),
        "label": lint.shape_label,
        "message": { "nl": lint.message.nl, "en": lint.message.en },
        "hint": { "nl": lint.hint.nl, "en": lint.hint.en },
    })
}
