//! The report as [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/): the form editors and build servers show
//! as marks in a file. One run; results are written one by one.
//!
//! A result's place is the file and line of its focus node where these are known (§3.29), and always the focus node
//! itself as a logical location (§3.33). Rules are the codes of constraint components; what was not checked becomes a
//! notification of the tool (§3.20.21).

use super::lint::Lint;
use super::model::{Component, Severity};
use super::render::{Origin, Rendering};
use super::report::{Report, ResultRow, Verdict};
use super::texts::result_text;
use crate::rdf::label::Language;
use oxrdf::Term;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{self, Write};

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

impl Report {
    /// Writes the report as SARIF.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_sarif(&self, rendering: &Rendering<'_>, out: &mut dyn Write) -> io::Result<()> {
        let language = rendering.language;
        let components: BTreeSet<Component> =
            self.groups().iter().map(|group| group.component).collect();
        let components: Vec<Component> = components.into_iter().collect();
        let rules: Vec<Value> = components.iter().map(|c| rule(*c, language)).collect();
        let tool = json!({ "driver": {
            "name": "oslo",
            "semanticVersion": env!("CARGO_PKG_VERSION"),
            "language": language.tag(),
            "rules": rules,
        } });
        let verdict = match self.verdict() {
            Verdict::Conforms => "conforms",
            Verdict::Violations => "violations",
            Verdict::Undetermined => "undetermined",
        };
        let mut notices: Vec<Value> = Vec::new();
        notices.extend(self.not_checked().iter().map(|l| notice(l, language)));
        notices.extend(
            self.zero_focus()
                .iter()
                .map(|empty| notice(&empty.lint, language)),
        );
        notices.extend(self.nothing_checked().iter().map(|l| notice(l, language)));
        let invocation =
            json!([{ "executionSuccessful": true, "toolExecutionNotifications": notices }]);
        let properties = json!({
            "verdict": verdict,
            "resultCount": self.total(),
            "focusNodeCount": self.focus_total(),
        });
        write!(
            out,
            "{{\"$schema\":\"{SCHEMA}\",\"version\":\"2.1.0\",\"runs\":[{{\"tool\":{tool},\
             \"invocations\":{invocation},\"columnKind\":\"unicodeCodePoints\",\"properties\":{properties},\
             \"results\":["
        )?;
        for (position, row) in self.results().iter().enumerate() {
            let rule = components.iter().position(|c| *c == row.component);
            let separator = if position > 0 { "," } else { "" };
            write!(
                out,
                "{separator}\n{}",
                self.sarif_result(row, rule, rendering)
            )?;
        }
        writeln!(out, "]}}]}}")
    }

    fn sarif_result(
        &self,
        row: &ResultRow,
        rule: Option<usize>,
        rendering: &Rendering<'_>,
    ) -> Value {
        let language = rendering.language;
        let focus = self.term(row.focus);
        let name = match &focus {
            Term::NamedNode(node) => node.as_str().to_owned(),
            other => other.to_string(),
        };
        let mut location = json!({
            "logicalLocations": [{ "fullyQualifiedName": name, "kind": "resource" }],
        });
        if let Some(origin) = (rendering.origin_of)(row.focus)
            && !origin.name.is_empty()
        {
            location["physicalLocation"] = physical(&origin);
        }
        let mut message = self.message(row, language);
        let hint = self.hint(row, language);
        if !hint.is_empty() && !self.has_own_message(row) {
            message = format!("{message} {hint}");
        }
        json!({
            "ruleId": row.component.code(),
            "ruleIndex": rule,
            "kind": "fail",
            "level": level(&row.severity),
            "message": { "text": message },
            "locations": [location],
            "partialFingerprints": { "osloResult/v1": self.result_id(row) },
            "properties": {
                "focusNode": focus.to_string(),
                "resultPath": self.path_text(row),
                "value": row.value.map(|value| self.term(value).to_string()),
                "sourceShape": self.shape_label(row.shape),
                "sourceConstraintComponent": self.component_iri(row),
                "resultSeverity": row.severity.iri(),
                "hint": hint,
                "since": row.since,
            },
        })
    }
}

/// [§3.27.10](https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html#_Toc34317648).
fn level(severity: &Severity) -> &'static str {
    match severity {
        Severity::Violation => "error",
        Severity::Other(_) if severity.is_mild() => "note",
        Severity::Warning | Severity::Other(_) => "warning",
        Severity::Info => "note",
    }
}

fn rule(component: Component, language: Language) -> Value {
    let text = result_text(component);
    let (sentence, help) = match language {
        Language::Nl => (text.nl, text.hint_nl),
        Language::En => (text.en, text.hint_en),
    };
    json!({
        "id": component.code(),
        "name": component.name(),
        "shortDescription": { "text": sentence },
        "help": { "text": help },
        "properties": { "sourceConstraintComponent": component.iri() },
    })
}

fn notice(lint: &Lint, language: Language) -> Value {
    let mut message = lint.message.get(language).to_owned();
    let hint = lint.hint.get(language);
    if !hint.is_empty() {
        message = format!("{message} {hint}");
    }
    let mut notice = json!({
        "level": "warning",
        "descriptor": { "id": lint.code },
        "message": { "text": message },
    });
    if !lint.shape_label.is_empty() {
        notice["locations"] = json!([{
            "logicalLocations": [{ "fullyQualifiedName": lint.shape_label, "kind": "resource" }],
        }]);
    }
    notice
}

fn physical(origin: &Origin) -> Value {
    let uri = if origin.is_file {
        uri_of_path(&origin.name)
    } else {
        origin.name.clone()
    };
    let mut place = json!({ "artifactLocation": { "uri": uri } });
    if let Some(line) = origin.line {
        place["region"] = json!({ "startLine": line });
    }
    place
}

/// A path as a URI reference ([RFC 3986 §4.2](https://www.rfc-editor.org/rfc/rfc3986#section-4.2)): relative when the
/// path is, so that a build server finds the file in its own copy.
fn uri_of_path(path: &str) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut out = if path.starts_with('/') {
        "file://".to_owned()
    } else {
        String::new()
    };
    for byte in path.replace('\\', "/").bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => out.push(char::from(byte)),
            b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri_of_path("./a b/é.ttl"), "a%20b/%C3%A9.ttl");
        assert_eq!(uri_of_path("/srv/a.ttl"), "file:///srv/a.ttl");
    }
}
