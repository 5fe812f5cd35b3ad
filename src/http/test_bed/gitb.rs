//! The report of the GITB, in XML (`TAR` of the namespace `http://www.gitb.com/tr/v1/`) and in the JSON that has its names:
//! a verdict, counters, and items by level. Places and tests are worded as the Test Bed's RDF validator words them.

use super::Task;
use crate::rdf::label::Language;
use crate::shapes::{Report, ResultRow, Severity, Verdict};
use crate::views::profiles;
use oxrdf::Term;
use serde_json::{Value as Json, json};
use std::fmt::{self, Write};

/// Namespace of GITB reports.
const NAMESPACE: &str = "http://www.gitb.com/tr/v1/";
/// What the Test Bed's validator calls its reports.
const NAME: &str = "SHACL Validation";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Info,
}

impl Level {
    const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Info];

    fn of(severity: &Severity) -> Self {
        match severity {
            Severity::Other(_) if severity.is_mild() => Self::Info,
            Severity::Violation | Severity::Other(_) => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Info,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A validation told in the words of the GITB.
pub(super) struct Gitb<'r> {
    report: &'r Report,
    language: Language,
    date: String,
    result: &'static str,
    /// Names and texts of the overview.
    overview: Vec<(&'static str, String)>,
    /// Names and numbers.
    counters: [(&'static str, u64); 3],
}

impl<'r> Gitb<'r> {
    pub(super) fn of(report: &'r Report, task: &Task) -> Self {
        let counts = report.counts();
        let profiles = match task.rules.profiles.as_slice() {
            [] => profiles::ALL.to_owned(),
            some => some.join(", "),
        };
        let mut overview = vec![
            ("profileID", profiles),
            ("validationServiceName", "oslo".to_owned()),
            (
                "validationServiceVersion",
                env!("CARGO_PKG_VERSION").to_owned(),
            ),
        ];
        if !report.not_checked().is_empty() {
            overview.push(("note", report.summary(task.language)));
        }
        let errors = counts.errors();
        Self {
            report,
            language: task.language,
            date: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            result: match report.verdict() {
                Verdict::Conforms => "SUCCESS",
                Verdict::Undetermined => "UNDEFINED",
                Verdict::Violations if errors > 0 => "FAILURE",
                Verdict::Violations if counts.warning > 0 => "WARNING",
                Verdict::Violations => "SUCCESS",
            },
            overview,
            counters: [
                ("nrOfAssertions", counts.informative()),
                ("nrOfErrors", errors),
                ("nrOfWarnings", counts.warning),
            ],
        }
    }

    pub(super) fn json(&self) -> Json {
        let texts = |pairs: Vec<(&'static str, String)>| -> Json {
            let members = pairs.into_iter();
            members
                .map(|(name, text)| (name.to_owned(), Json::from(text)))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let counters: serde_json::Map<String, Json> = self
            .counters
            .iter()
            .map(|(name, count)| ((*name).to_owned(), (*count).into()))
            .collect();
        let items =
            |level: Level| -> Json { self.rows(level).map(|row| texts(self.item(row))).collect() };
        json!({
            "name": NAME,
            "date": self.date,
            "result": self.result,
            "overview": texts(self.overview.clone()),
            "counters": counters,
            "reports": {
                "error": items(Level::Error),
                "warning": items(Level::Warning),
                "info": items(Level::Info),
            },
        })
    }

    /// Elements stand in the order of the schema.
    pub(super) fn xml(&self) -> String {
        let mut out = String::new();
        self.write_xml(&mut out).expect("memory takes all");
        out
    }

    fn write_xml(&self, out: &mut String) -> fmt::Result {
        writeln!(
            out,
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>"
        )?;
        writeln!(
            out,
            "<TestStepReport xmlns=\"{NAMESPACE}\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
             xsi:type=\"TAR\" name=\"{NAME}\">"
        )?;
        writeln!(out, "  <date>{}</date>", self.date)?;
        writeln!(out, "  <result>{}</result>", self.result)?;
        writeln!(out, "  <overview>")?;
        for (name, text) in &self.overview {
            element(out, "    ", name, text)?;
        }
        writeln!(out, "  </overview>")?;
        writeln!(out, "  <counters>")?;
        for (name, count) in self.counters {
            element(out, "    ", name, &count.to_string())?;
        }
        writeln!(out, "  </counters>")?;
        // The schema knows no list of reports without a report.
        if !self.report.results().is_empty() {
            writeln!(out, "  <reports>")?;
            for level in Level::ALL {
                let name = level.name();
                for row in self.rows(level) {
                    writeln!(out, "    <{name} xsi:type=\"BAR\">")?;
                    for (name, text) in self.item(row) {
                        element(out, "      ", name, &text)?;
                    }
                    writeln!(out, "    </{name}>")?;
                }
            }
            writeln!(out, "  </reports>")?;
        }
        writeln!(out, "</TestStepReport>")
    }

    fn rows(&self, level: Level) -> impl Iterator<Item = &'r ResultRow> {
        let rows = self.report.results().iter();
        rows.filter(move |row| Level::of(&row.severity) == level)
    }

    /// Names and texts of an item.
    fn item(&self, row: &ResultRow) -> Vec<(&'static str, String)> {
        let report = self.report;
        let path = report.path(row).map(|path| match path.as_predicate() {
            Some(predicate) => predicate.as_str().to_owned(),
            None => path.to_sparql(&|predicate| format!("<{}>", predicate.as_str())),
        });
        let shape = match report.shape_term(row.shape) {
            Term::NamedNode(node) => node.as_str().to_owned(),
            _ => report.shape_label(row.shape),
        };
        let value = row.value.map(|value| plain(&report.term(value)));
        let focus = plain(&report.term(row.focus));
        let mut item = vec![
            ("assertionID", row.component.code()),
            ("description", report.message(row, self.language)),
            (
                "location",
                labelled(&[("Focus node", Some(&focus)), ("Result path", path.as_ref())]),
            ),
            (
                "test",
                labelled(&[("Shape", Some(&shape)), ("Value", value.as_ref())]),
            ),
        ];
        item.extend(value.map(|value| ("value", value)));
        item
    }
}

/// Labels with their texts, as `[label] - [text]`; what there is nothing of is left out.
fn labelled(parts: &[(&str, Option<&String>)]) -> String {
    let known = parts.iter();
    let known = known.filter_map(|(label, text)| Some(format!("[{label}] - [{}]", (*text)?)));
    known.collect::<Vec<String>>().join(" - ")
}

fn plain(term: &Term) -> String {
    match term {
        Term::NamedNode(node) => node.as_str().to_owned(),
        Term::Literal(literal) => literal.value().to_owned(),
        other => other.to_string(),
    }
}

fn element(out: &mut String, margin: &str, name: &str, text: &str) -> fmt::Result {
    write!(out, "{margin}<{name}>")?;
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Would be read as a line feed.
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(letter),
            // No document may have these.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    writeln!(out, "</{name}>")
}
