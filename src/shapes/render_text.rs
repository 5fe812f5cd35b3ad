//! The report for people in a terminal: blocks as compilers write them, grouped by shape and rule with exact counts
//! and a few examples. One language at a time.

use super::lint::Lint;
use super::report::{Report, ResultGroup, ResultRow, Verdict};
use crate::rdf::label::Language;
use rustc_hash::FxHashMap;
use std::io::{self, Write};

/// Examples shown of each rule.
pub(super) const EXAMPLES: usize = 3;

/// Sentences around the blocks, Dutch first.
struct Phrases {
    focus: [&'static str; 2],
    value: [&'static str; 2],
    hint: [&'static str; 2],
    because: [&'static str; 2],
    more: [&'static str; 2],
    times: [&'static str; 2],
    not_checked: [&'static str; 2],
    no_focus: [&'static str; 2],
    conforms: [&'static str; 2],
    violations: [&'static str; 2],
    undetermined: [&'static str; 2],
}

const PHRASES: Phrases = Phrases {
    focus: ["object", "focus node"],
    value: ["waarde", "value"],
    hint: ["hulp", "hint"],
    because: ["want", "because"],
    more: ["… en nog {n} keer", "… and {n} more"],
    times: ["{n} keer", "{n} times"],
    not_checked: ["niet gecontroleerd", "not checked"],
    no_focus: [
        "Onder {n} shapes valt geen enkel object.",
        "No object falls under {n} shapes.",
    ],
    conforms: [
        "Voldoet (gecontroleerde objecten: {focus}).",
        "Conforms (nodes checked: {focus}).",
    ],
    violations: [
        "Voldoet niet (fouten: {violation}, waarschuwingen: {warning}, meldingen: {info}{mild}).",
        "Does not conform (violations: {violation}, warnings: {warning}, infos: {info}{mild}).",
    ],
    undetermined: [
        "Onbeslist: niets gevonden, maar niet alles is gecontroleerd (regels: {n}).",
        "Undetermined: nothing found, but not all was checked (rules: {n}).",
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
        render_lints(
            self.not_checked(),
            PHRASES.not_checked[language as usize],
            out,
            language,
        )?;
        let warning = super::model::Severity::Warning;
        let empty: Vec<Lint> = self
            .zero_focus()
            .iter()
            .map(|empty| empty.lint.clone())
            .collect();
        render_lints(&empty, warning.label(language), out, language)?;
        if let Some(lint) = self.nothing_checked() {
            render_lints(&[lint], warning.label(language), out, language)?;
        }
        writeln!(out, "{}", self.summary(language))
    }

    /// One sentence: the verdict with its counts.
    pub fn summary(&self, language: Language) -> String {
        let counts = self.counts();
        let mild = match counts.mild {
            0 => String::new(),
            mild => format!(", debug, trace: {mild}"),
        };
        match self.verdict() {
            Verdict::Conforms => {
                let focus = self.focus_total().to_string();
                PHRASES.conforms[language as usize].replace("{focus}", &focus)
            }
            Verdict::Violations => PHRASES.violations[language as usize]
                .replace("{violation}", &counts.errors().to_string())
                .replace("{warning}", &counts.warning.to_string())
                .replace("{info}", &counts.info.to_string())
                .replace("{mild}", &mild),
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
        // A result that several ways lead to is one example.
        let mut examples: Vec<&ResultRow> = rows.iter().collect();
        examples.dedup();
        for row in examples.into_iter().take(EXAMPLES) {
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
            if let Some(value) = row.value.filter(|_| self.has_own_message(row)) {
                writeln!(
                    out,
                    "    {}: {}",
                    phrase(PHRASES.value),
                    self.term_text(value)
                )?;
            }
            let hint = self.hint(row, language);
            if !hint.is_empty() {
                writeln!(out, "    {}: {hint}", phrase(PHRASES.hint))?;
            }
            self.render_details(row, 1, out, language)?;
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

    /// Why a result is one, a line each, further in with every level.
    fn render_details(
        &self,
        row: &ResultRow,
        level: usize,
        out: &mut dyn Write,
        language: Language,
    ) -> io::Result<()> {
        for inner in &row.detail {
            write!(
                out,
                "{}- {}: {}",
                "  ".repeat(level + 1),
                PHRASES.because[language as usize],
                self.message(inner, language)
            )?;
            write!(out, " ({}", inner.component.code())?;
            if inner.focus != row.value.unwrap_or(row.focus) {
                write!(out, ", {}", self.term_text(inner.focus))?;
            }
            match self.path_text(inner) {
                Some(path) => writeln!(out, ", {path})")?,
                None => writeln!(out, ")")?,
            }
            self.render_details(inner, level + 1, out, language)?;
        }
        Ok(())
    }
}

/// Findings as blocks; those that say the same of several shapes share one.
pub(crate) fn render_lints(
    lints: &[Lint],
    word: &str,
    out: &mut dyn Write,
    language: Language,
) -> io::Result<()> {
    let mut groups: Vec<Vec<&Lint>> = Vec::new();
    let mut group_of: FxHashMap<(&str, &str, &str), usize> = FxHashMap::default();
    for lint in lints {
        // Shapes without focus nodes differ in their targets only; those with near misses stand alone.
        let message = if lint.code == "L041" {
            ""
        } else {
            &lint.message.en
        };
        let key = (lint.code, lint.hint.en.as_str(), message);
        let at = *group_of.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some(group) => group.push(lint),
            None => groups.push(vec![lint]),
        }
    }
    for shapes in groups {
        let lint = shapes[0];
        match shapes[..] {
            [one] => writeln!(out, "{word}[{}]: {}", one.code, one.message.get(language))?,
            _ if lint.code == "L041" => {
                let message = PHRASES.no_focus[language as usize];
                writeln!(
                    out,
                    "{word}[{}]: {}",
                    lint.code,
                    message.replace("{n}", &shapes.len().to_string())
                )?;
            }
            _ => writeln!(
                out,
                "{word}[{}]: {} (× {})",
                lint.code,
                lint.message.get(language),
                shapes.len()
            )?,
        }
        for shape in shapes.iter().filter(|shape| !shape.shape_label.is_empty()) {
            writeln!(out, "  shape: {}", shape.shape_label)?;
        }
        writeln!(
            out,
            "  {}: {}\n",
            PHRASES.hint[language as usize],
            lint.hint.get(language)
        )?;
    }
    Ok(())
}
