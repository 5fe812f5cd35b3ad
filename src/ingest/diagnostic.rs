//! What ingest tells a data steward: a stable code, a sentence in Dutch and English, a way to mend it, and the place.
//! Knows nothing of parsers; the sentences themselves are in `texts`.

use crate::rdf::label::{Language, Text};
use std::fmt;
use std::fmt::Write as _;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The file was taken in, and nothing is wrong.
    Info,
    /// The file was taken in, but somebody should look at it.
    Warning,
    /// The file was refused as a whole.
    Error,
}

impl Severity {
    /// Word for people.
    pub fn word(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::Info, _) => "info",
            (Self::Warning, Language::Nl) => "waarschuwing",
            (Self::Warning, Language::En) => "warning",
            (Self::Error, Language::Nl) => "fout",
            (Self::Error, Language::En) => "error",
        }
    }
}

/// Where a finding is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// Path or IRI of the input, as the caller named it.
    pub file: String,
    /// Line, counted from 1. `\n`, `\r\n` and `\r` end a line.
    pub line: Option<u64>,
    /// Column in Unicode code points, counted from 1.
    pub column: Option<u64>,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        Ok(())
    }
}

/// A piece of the line that a finding is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Excerpt {
    /// At most a screen line of the input around the place; control characters are replaced by blanks.
    pub text: String,
    /// Code points before the place within `text`.
    pub caret: usize,
}

/// One finding about an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, `P` and three digits; see `docs` for the list.
    pub code: &'static str,
    /// Whether the input was refused.
    pub severity: Severity,
    /// What is wrong, in steward's words.
    pub message: Box<Text>,
    /// How to mend it.
    pub hint: Option<Box<Text>>,
    /// Where.
    pub location: Location,
    /// The line, when there is one. May hold data of the file: show it to the caller, do not log it.
    pub excerpt: Option<Box<Excerpt>>,
    /// What the reader itself said, in English. May quote the file: show it to the caller, do not log it.
    pub detail: Option<Box<str>>,
}

impl Diagnostic {
    /// An error at a place; add the rest with the `with_` methods.
    pub fn error(code: &'static str, message: Text, location: Location) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: Box::new(message),
            hint: None,
            location,
            excerpt: None,
            detail: None,
        }
    }

    /// A warning about the input as a whole.
    pub fn warning(code: &'static str, message: Text, location: Location) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message, location)
        }
    }

    /// Adds the way to mend it.
    #[must_use]
    pub fn with_hint(mut self, hint: Text) -> Self {
        self.hint = Some(Box::new(hint));
        self
    }

    /// Adds the reader's own words.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The finding as text for a terminal:
    ///
    /// ```text
    /// error[P012]: the prefix "ex:" is used but never declared
    ///   --> data/adressen.ttl:178:3
    ///    | ex:adres-1 a adres:Adres .
    ///    | ^
    ///   hint: add a line "@prefix ex: <…> ." at the top of the file
    ///   reader: The prefix ex: has not been declared
    /// ```
    pub fn render(&self, language: Language) -> String {
        let mut out = String::new();
        let word = self.severity.word(language);
        let _ = writeln!(out, "{word}[{}]: {}", self.code, self.message.get(language));
        let _ = writeln!(out, "  --> {}", self.location);
        if let Some(excerpt) = &self.excerpt {
            let _ = writeln!(out, "   | {}", excerpt.text);
            let _ = writeln!(out, "   | {}^", " ".repeat(excerpt.caret));
        }
        if let Some(hint) = &self.hint {
            let _ = writeln!(out, "  hint: {}", hint.get(language));
        }
        if let Some(detail) = &self.detail {
            let label = match language {
                Language::Nl => "lezer",
                Language::En => "reader",
            };
            let _ = writeln!(out, "  {label}: {detail}");
        }
        out
    }
}

impl fmt::Display for Diagnostic {
    /// One line in English: `P012 data.ttl:178:3: the prefix …`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.code, self.location, self.message.en)
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_in_both_languages() {
        let finding = Diagnostic {
            excerpt: Some(Box::new(Excerpt {
                text: "ex:a a ex:B .".into(),
                caret: 0,
            })),
            ..Diagnostic::error(
                "P012",
                Text::new("voorvoegsel onbekend", "prefix unknown"),
                Location {
                    file: "a.ttl".into(),
                    line: Some(3),
                    column: Some(1),
                },
            )
        }
        .with_hint(Text::new("verklaar het", "declare it"))
        .with_detail("reader text");
        assert_eq!(
            finding.render(Language::En),
            "error[P012]: prefix unknown\n  --> a.ttl:3:1\n   | ex:a a ex:B .\n   | ^\n  hint: declare it\n  reader: reader text\n"
        );
        assert!(
            finding
                .render(Language::Nl)
                .starts_with("fout[P012]: voorvoegsel onbekend")
        );
        assert_eq!(finding.to_string(), "P012 a.ttl:3:1: prefix unknown");
    }
}
