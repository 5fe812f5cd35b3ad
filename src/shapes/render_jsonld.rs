//! The report in JSON-LD, framed: one report object with its results, short names by an inline context. Also NDJSON,
//! one result a line, for other programs.

use super::path::Path;
use super::render::{Rendering, in_graphs};
use super::render_turtle::DCT;
use super::report::{Report, ResultRow, Verdict};
use super::vocabulary::{NS, REPORT_NS};
use crate::rdf::label::Language;
use crate::rdf::text::{direction_name, term_text};
use crate::rdf::version::TRIPLE_TERM;
use crate::rdf::vocab::{rdf, xsd};
use oxrdf::{Literal, Term};
use serde_json::{Map, Value, json};
use std::io::{self, Write};

impl Report {
    /// Writes the report as JSON-LD, results one by one.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_jsonld(&self, out: &mut dyn Write) -> io::Result<()> {
        let context = json!({
            "sh": NS, "rdf": rdf::NS, "xsd": xsd::NS, "dct": DCT, "verslag": REPORT_NS,
            "sh:focusNode": {}, "sh:result": { "@container": "@set" },
            "sh:resultMessage": { "@container": "@set" },
            "sh:detail": { "@container": "@set" },
            "verslag:notChecked": { "@container": "@set" }
        });
        write!(
            out,
            "{{\"@context\":{context},\"@type\":\"sh:ValidationReport\","
        )?;
        write!(
            out,
            "\"sh:conforms\":{}",
            self.verdict() == Verdict::Conforms
        )?;
        if self.is_sampled() {
            write!(out, ",\"verslag:resultCount\":{}", self.total())?;
        }
        if !self.not_checked().is_empty() {
            let list: Vec<Value> = self
                .not_checked()
                .iter()
                .map(|lint| {
                    let mut entry = Map::new();
                    entry.insert("verslag:code".to_owned(), lint.code.into());
                    if let Some(shape) = &lint.shape {
                        entry.insert("verslag:shape".to_owned(), node_json(shape));
                    }
                    let message = |text: &str, language: &str| json!({ "@value": text, "@language": language });
                    entry.insert(
                        "sh:resultMessage".to_owned(),
                        json!([message(&lint.message.nl, "nl"), message(&lint.message.en, "en")]),
                    );
                    Value::Object(entry)
                })
                .collect();
            write!(out, ",\"verslag:notChecked\":{}", Value::Array(list))?;
        }
        write!(out, ",\"sh:result\":[")?;
        for (position, row) in self.results().iter().enumerate() {
            if position > 0 {
                write!(out, ",")?;
            }
            write!(out, "\n{}", self.result_json(row, true))?;
        }
        writeln!(out, "]}}")
    }

    fn result_json(&self, row: &ResultRow, is_numbered: bool) -> Value {
        let mut result = Map::new();
        result.insert("@type".to_owned(), "sh:ValidationResult".into());
        result.insert("sh:focusNode".to_owned(), node_json(&self.term(row.focus)));
        if let Some(path) = self.path(row) {
            result.insert("sh:resultPath".to_owned(), path_json(&path));
        }
        if let Some(value) = row.value {
            result.insert("sh:value".to_owned(), node_json(&self.term(value)));
        }
        let reference = |iri: &str| json!({ "@id": short(iri) });
        result.insert(
            "sh:sourceShape".to_owned(),
            node_json(self.shape_term(row.shape)),
        );
        if let Some(constraint) = self.source_constraint(row) {
            result.insert("sh:sourceConstraint".to_owned(), node_json(constraint));
        }
        result.insert(
            "sh:sourceConstraintComponent".to_owned(),
            reference(&self.component_iri(row)),
        );
        result.insert(
            "sh:resultSeverity".to_owned(),
            reference(row.severity.iri()),
        );
        // Details have no number: a later report is compared with this one by the results that count.
        if is_numbered {
            result.insert("dct:identifier".to_owned(), self.result_id(row).into());
        }
        let messages: Vec<Value> = self.messages(row).iter().map(literal_json).collect();
        result.insert("sh:resultMessage".to_owned(), messages.into());
        if !row.detail.is_empty() {
            let inner = row.detail.iter().map(|row| self.result_json(row, false));
            result.insert("sh:detail".to_owned(), inner.collect());
        }
        Value::Object(result)
    }

    /// Writes one JSON object a line: a result with its words in one language.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_ndjson(&self, out: &mut dyn Write, language: Language) -> io::Result<()> {
        let rendering = Rendering {
            language,
            origin_of: &in_graphs(self),
        };
        self.render_ndjson_rows(self.results(), &rendering, out)
    }

    /// Writes some results of this report, one JSON object a line.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_ndjson_rows(
        &self,
        rows: &[ResultRow],
        rendering: &Rendering<'_>,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let language = rendering.language;
        for row in rows {
            let origin = (rendering.origin_of)(row.focus).unwrap_or_default();
            let mut line = json!({
                "id": self.result_id(row),
                "code": row.component.code(),
                "severity": row.severity.label(language),
                "shape": self.shape_label(row.shape),
                "component": row.component.name(),
                "focus": self.term(row.focus).to_string(),
                "path": self.path_text(row),
                "value": row.value.map(|value| self.term(value).to_string()),
                "message": self.message(row, language),
                "hint": self.hint(row, language),
                "source": origin.name,
                "line": origin.line,
                "since": row.since,
            });
            if !row.detail.is_empty() {
                line["detail"] = self.details_json(row, language);
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn details_json(&self, row: &ResultRow, language: Language) -> Value {
        let inner = row.detail.iter().map(|row| {
            let mut detail = json!({
                "code": row.component.code(),
                "shape": self.shape_label(row.shape),
                "component": row.component.name(),
                "focus": self.term(row.focus).to_string(),
                "path": self.path_text(row),
                "value": row.value.map(|value| self.term(value).to_string()),
                "message": self.message(row, language),
            });
            if !row.detail.is_empty() {
                detail["detail"] = self.details_json(row, language);
            }
            detail
        });
        inner.collect()
    }
}

/// `sh:name` for SHACL IRIs, else the IRI.
fn short(iri: &str) -> String {
    match iri.strip_prefix(NS) {
        Some(local) => format!("sh:{local}"),
        None => iri.to_owned(),
    }
}

fn node_json(term: &Term) -> Value {
    match term {
        Term::NamedNode(node) => json!({ "@id": node.as_str() }),
        Term::BlankNode(node) => json!({ "@id": format!("_:{}", node.as_str()) }),
        Term::Literal(literal) => literal_json(literal),
        Term::Triple(_) => triple_json(term),
    }
}

/// JSON-LD 1.1 has no form for a triple term: its text, with a datatype that says what it is.
fn triple_json(term: &Term) -> Value {
    json!({ "@value": term_text(term.as_ref()), "@type": TRIPLE_TERM })
}

fn literal_json(literal: &Literal) -> Value {
    if let (Some(language), Some(direction)) = (literal.language(), literal.direction()) {
        return json!({
            "@value": literal.value(),
            "@language": language,
            "@direction": direction_name(direction),
        });
    }
    match literal.language() {
        Some(language) => json!({ "@value": literal.value(), "@language": language }),
        None if literal.datatype() == oxrdf::vocab::xsd::STRING => {
            json!({ "@value": literal.value() })
        }
        None => json!({ "@value": literal.value(), "@type": literal.datatype().as_str() }),
    }
}

fn path_json(path: &Path) -> Value {
    let list = |paths: &[Path]| json!({ "@list": paths.iter().map(path_json).collect::<Vec<_>>() });
    match path {
        Path::Predicate(predicate) => json!({ "@id": predicate.as_str() }),
        Path::Sequence(steps) => list(steps),
        _ => {
            let (property, parts) = path
                .property_and_parts()
                .expect("not a predicate or sequence");
            let inner = if matches!(path, Path::Alternative(_)) {
                list(parts)
            } else {
                path_json(&parts[0])
            };
            let mut node = Map::new();
            node.insert(format!("sh:{property}"), inner);
            Value::Object(node)
        }
    }
}
