//! The report for people in a terminal: blocks as compilers write them, grouped by shape and rule with exact counts
//! and a few examples. One language at a time.

use super::lint::Lint;
use super::report::{Report, ResultGroup, Verdict};
use crate::rdf::label::Language;
use std::io::{self, Write};

/// Examples shown of each rule.
const EXAMPLES: usize = 3;

/// Sentences around the blocks, Dutch first.
struct Phrases {
    focus: [&'static str; 2],
    hint: [&'static str; 2],
    more: [&'static str; 2],
    times: [&'static str; 2],
    not_checked: [&'static str; 2],
    conforms: [&'static str; 2],
    violations: [&'static str; 2],
    undetermined: [&'static str; 2],
}

const PHRASES: Phrases = Phrases {
    focus: ["object", "focus node"],
    hint: ["hulp", "hint"],
    more: ["… en nog {n} keer", "… and {n} more"],
    times: ["{n} keer", "{n} times"],
    not_checked: ["niet gecontroleerd", "not checked"],
    conforms: [
        "Voldoet: {focus} objecten gecontroleerd, niets gevonden.",
        "Conforms: {focus} nodes checked, nothing found.",
    ],
    violations: [
        "Voldoet niet: {violation} fouten, {warning} waarschuwingen, {info} meldingen.",
        "Does not conform: {violation} violations, {warning} warnings, {info} infos.",
    ],
    undetermined: [
        "Onbeslist: niets gevonden, maar {n} regels zijn niet gecontroleerd.",
        "Undetermined: nothing found, but {n} rules were not checked.",
    ],
};

impl Report {
    /// Writes the report as text in one language.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_text(&self, out: &mut dyn Write, language: Language) -> io::Result<()> {
        for group in self.groups() {
            self.render_group(group, out, language)?;
        }
        for lint in self.not_checked() {
            render_lint(lint, PHRASES.not_checked[language as usize], out, language)?;
        }
        let warning = super::model::Severity::Warning;
        for empty in self.zero_focus() {
            render_lint(&empty.lint, warning.label(language), out, language)?;
        }
        if let Some(lint) = self.nothing_checked() {
            render_lint(&lint, warning.label(language), out, language)?;
        }
        writeln!(out, "{}", self.summary(language))
    }

    /// One sentence: the verdict with its counts.
    pub fn summary(&self, language: Language) -> String {
        let counts = self.counts();
        match self.verdict() {
            Verdict::Conforms => {
                let focus: u64 = self.focus_counts().iter().map(|count| count.count).sum();
                PHRASES.conforms[language as usize].replace("{focus}", &focus.to_string())
            }
            Verdict::Violations => PHRASES.violations[language as usize]
                .replace(
                    "{violation}",
                    &(counts.violation + counts.other).to_string(),
                )
                .replace("{warning}", &counts.warning.to_string())
                .replace("{info}", &counts.info.to_string()),
            Verdict::Undetermined => PHRASES.undetermined[language as usize]
                .replace("{n}", &self.not_checked().len().to_string()),
        }
    }

    fn render_group(
        &self,
        group: &ResultGroup,
        out: &mut dyn Write,
        language: Language,
    ) -> io::Result<()> {
        let phrase = |phrases: [&'static str; 2]| phrases[language as usize];
        let rows = &self.results()[group.rows.clone()];
        let times = phrase(PHRASES.times).replace("{n}", &group.total.to_string());
        writeln!(
            out,
            "{}[{}]: {} ({}, {times})",
            group.severity.label(language),
            group.component.code(),
            self.shape_label(group.shape),
            group.component.name(),
        )?;
        for row in rows.iter().take(EXAMPLES) {
            write!(
                out,
                "  {}: {}",
                phrase(PHRASES.focus),
                self.term_text(row.focus)
            )?;
            match self.path_text(row) {
                Some(path) => writeln!(out, ", {path}")?,
                None => writeln!(out)?,
            }
            writeln!(out, "    {}", self.message(row, language))?;
            writeln!(
                out,
                "    {}: {}",
                phrase(PHRASES.hint),
                self.hint(row, language)
            )?;
        }
        let shown = rows.len().min(EXAMPLES) as u64;
        if group.total > shown {
            writeln!(
                out,
                "  {}",
                phrase(PHRASES.more).replace("{n}", &(group.total - shown).to_string())
            )?;
        }
        writeln!(out)
    }
}

/// One finding as a block.
pub(crate) fn render_lint(
    lint: &Lint,
    word: &str,
    out: &mut dyn Write,
    language: Language,
) -> io::Result<()> {
    writeln!(out, "{word}[{}]: {}", lint.code, lint.message.get(language))?;
    if !lint.shape_label.is_empty() {
        writeln!(out, "  shape: {}", lint.shape_label)?;
    }
    writeln!(
        out,
        "  {}: {}\n",
        PHRASES.hint[language as usize],
        lint.hint.get(language)
    )
}
