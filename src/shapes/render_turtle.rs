//! The report in Turtle, N-Triples and RDF/XML, complete as the specification asks ([§3.6]), written result by result;
//! and as triples.
//! An undetermined report says `sh:conforms false` with a mark of its own, never a false pass.
//!
//! [§3.6]: https://www.w3.org/TR/shacl/#validation-report

use super::path::Path;
use super::report::{Report, ResultRow, Verdict};
use super::vocabulary::{NS, REPORT_NS};
use crate::rdf::shacl::Threshold;
use crate::rdf::text::write_term;
use crate::rdf::vocab::{rdf, xsd};
use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use oxrdfio::{RdfFormat, RdfSerializer};
use std::io::{self, Write};

/// Namespace of the number of a result, `dct:identifier`.
pub(super) const DCT: &str = "http://purl.org/dc/terms/";

impl Report {
    /// Writes the report as Turtle.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_turtle(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "@prefix dct: <{DCT}> .\n@prefix rdf: <{}> .\n@prefix sh: <{NS}> .\n@prefix verslag: <{REPORT_NS}> .",
            rdf::NS
        )?;
        writeln!(out, "@prefix xsd: <{}> .\n", xsd::NS)?;
        write!(
            out,
            "[] a sh:ValidationReport ;\n  sh:conforms {}",
            self.verdict() == Verdict::Conforms
        )?;
        for severity in self.disallowed() {
            write!(out, " ;\n  sh:conformanceDisallows sh:{severity}")?;
        }
        if self.is_sampled() {
            write!(out, " ;\n  verslag:resultCount {}", self.total())?;
        }
        for lint in self.not_checked() {
            write!(
                out,
                " ;\n  verslag:notChecked [\n      verslag:code \"{}\"",
                lint.code
            )?;
            if let Some(shape) = &lint.shape {
                write!(out, " ;\n      verslag:shape {}", text_of(shape))?;
            }
            for (language, message) in [("nl", &lint.message.nl), ("en", &lint.message.en)] {
                let message =
                    Literal::new_language_tagged_literal_unchecked(message.as_str(), language);
                write!(
                    out,
                    " ;\n      sh:resultMessage {}",
                    text_of(&message.into())
                )?;
            }
            write!(out, "\n    ]")?;
        }
        for row in self.results() {
            self.render_result(row, 0, out)?;
        }
        writeln!(out, " .")
    }

    /// Local names of the severities that deny conformance, where a choice was made.
    fn disallowed(&self) -> impl Iterator<Item = &'static str> {
        let threshold = self.shapes.compiled.threshold;
        Threshold::ALL
            .into_iter()
            .filter(move |level| threshold.is_some_and(|threshold| *level <= threshold))
            .map(Threshold::local_name)
    }

    /// Writes a result, or as deep as `level` says a detail of one.
    fn render_result(&self, row: &ResultRow, level: usize, out: &mut dyn Write) -> io::Result<()> {
        let margin = "    ".repeat(level);
        let own = format!(" ;\n{margin}      ");
        let property = if level == 0 { "result" } else { "detail" };
        write!(
            out,
            " ;\n{margin}  sh:{property} [\n{margin}      a sh:ValidationResult{own}sh:focusNode {}",
            text_of(&self.term(row.focus))
        )?;
        if let Some(path) = self.path(row) {
            write!(out, "{own}sh:resultPath {}", turtle_path(&path))?;
        }
        if let Some(value) = row.value {
            write!(out, "{own}sh:value {}", text_of(&self.term(value)))?;
        }
        let component = self.component_iri(row);
        let component = match component.strip_prefix(NS) {
            Some(local) => format!("sh:{local}"),
            None => format!("<{component}>"),
        };
        write!(
            out,
            "{own}sh:sourceShape {}",
            text_of(self.shape_term(row.shape))
        )?;
        if let Some(constraint) = self.source_constraint(row) {
            write!(out, "{own}sh:sourceConstraint {}", text_of(constraint))?;
        }
        write!(out, "{own}sh:sourceConstraintComponent {component}")?;
        match row.severity.iri().strip_prefix(NS) {
            Some(local) => write!(out, "{own}sh:resultSeverity sh:{local}")?,
            None => write!(out, "{own}sh:resultSeverity <{}>", row.severity.iri())?,
        }
        // Details have no number: a later report is compared with this one by the results that count.
        if level == 0 {
            write!(out, "{own}dct:identifier \"{}\"", self.result_id(row))?;
        }
        if let Some(since) = row.since {
            write!(out, "{own}verslag:since {since}")?;
        }
        for message in self.messages(row) {
            write!(out, "{own}sh:resultMessage {}", text_of(&message.into()))?;
        }
        for inner in &row.detail {
            self.render_result(inner, level + 1, out)?;
        }
        write!(out, "\n{margin}    ]")
    }

    /// The report as triples, with blank nodes of its own; the shape and data nodes keep theirs. What the specification
    /// defines and nothing else; for the numbers of results and what was not checked see the written forms.
    pub fn to_triples(&self) -> Vec<Triple> {
        let report: NamedOrBlankNode = BlankNode::default().into();
        let mut triples = Triples(self.head_triples(&report));
        for row in self.results() {
            self.add_result(&report, "result", row, &mut triples);
        }
        triples.0
    }

    /// One result as triples, as in [`Report::to_triples`]; its node is the subject of the first. All subjects are blank
    /// nodes of its own.
    pub fn result_triples(&self, row: &ResultRow) -> Vec<Triple> {
        let mut triples = Triples(Vec::new());
        self.add_result(&BlankNode::default().into(), "result", row, &mut triples);
        // The report it would be in.
        triples.0.remove(0);
        triples.0
    }

    /// Writes the report as N-Triples.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_ntriples(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = Vec::new();
        self.each_triple(&mut |triple| {
            line.clear();
            for term in [
                Term::from(triple.subject.clone()),
                triple.predicate.clone().into(),
                triple.object.clone(),
            ] {
                write_term(&mut line, term.as_ref());
                line.push(b' ');
            }
            line.extend_from_slice(b".\n");
            out.write_all(&line)
        })
    }

    /// Writes the report as RDF/XML.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn render_rdfxml(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut serializer = RdfSerializer::from_format(RdfFormat::RdfXml);
        for (prefix, namespace) in [("dct", DCT), ("sh", NS), ("verslag", REPORT_NS)] {
            serializer = serializer
                .with_prefix(prefix, namespace)
                .expect("these are IRIs");
        }
        let mut writer = serializer.for_writer(out);
        self.each_triple(&mut |triple| writer.serialize_triple(triple.as_ref()))?;
        writer.finish()?.flush()
    }

    /// All that the report says, a triple at a time: the head, then result after result.
    fn each_triple(&self, take: &mut dyn FnMut(&Triple) -> io::Result<()>) -> io::Result<()> {
        let report: NamedOrBlankNode = BlankNode::default().into();
        let mut triples = Triples(self.head_triples(&report));
        if self.is_sampled() {
            let count = Literal::from(self.total());
            triples.add(&report, &format!("{REPORT_NS}resultCount"), count.into());
        }
        for lint in self.not_checked() {
            let finding: NamedOrBlankNode = BlankNode::default().into();
            triples.add(
                &report,
                &format!("{REPORT_NS}notChecked"),
                finding.clone().into(),
            );
            let code = Literal::from(lint.code);
            triples.add(&finding, &format!("{REPORT_NS}code"), code.into());
            if let Some(shape) = &lint.shape {
                triples.add(&finding, &format!("{REPORT_NS}shape"), shape.clone());
            }
            for (language, message) in [("nl", &lint.message.nl), ("en", &lint.message.en)] {
                let message =
                    Literal::new_language_tagged_literal_unchecked(message.as_str(), language);
                triples.add(&finding, &sh_iri("resultMessage"), message.into());
            }
        }
        triples.0.iter().try_for_each(&mut *take)?;
        for row in self.results() {
            triples.0.clear();
            let result = self.add_result(&report, "result", row, &mut triples);
            let number = Literal::from(self.result_id(row));
            triples.add(&result, &format!("{DCT}identifier"), number.into());
            triples.0.iter().try_for_each(&mut *take)?;
        }
        Ok(())
    }

    fn head_triples(&self, report: &NamedOrBlankNode) -> Vec<Triple> {
        let mut triples = Triples(Vec::new());
        triples.add(report, rdf::TYPE, sh_term("ValidationReport"));
        let conforms = Literal::from(self.verdict() == Verdict::Conforms);
        triples.add(report, &sh_iri("conforms"), conforms.into());
        for severity in self.disallowed() {
            triples.add(report, &sh_iri("conformanceDisallows"), sh_term(severity));
        }
        triples.0
    }

    /// Adds a result of a report, or a detail of a result; its node.
    fn add_result(
        &self,
        owner: &NamedOrBlankNode,
        property: &str,
        row: &ResultRow,
        triples: &mut Triples,
    ) -> NamedOrBlankNode {
        let result: NamedOrBlankNode = BlankNode::default().into();
        triples.add(owner, &sh_iri(property), result.clone().into());
        triples.add(&result, rdf::TYPE, sh_term("ValidationResult"));
        triples.add(&result, &sh_iri("focusNode"), self.term(row.focus));
        if let Some(path) = self.path(row) {
            let path = triples.path(&path);
            triples.add(&result, &sh_iri("resultPath"), path);
        }
        if let Some(value) = row.value {
            triples.add(&result, &sh_iri("value"), self.term(value));
        }
        triples.add(
            &result,
            &sh_iri("sourceShape"),
            self.shape_term(row.shape).clone(),
        );
        if let Some(since) = row.since {
            let since = Literal::from(since);
            triples.add(&result, &format!("{REPORT_NS}since"), since.into());
        }
        if let Some(constraint) = self.source_constraint(row) {
            triples.add(&result, &sh_iri("sourceConstraint"), constraint.clone());
        }
        let component = NamedNode::new_unchecked(self.component_iri(row));
        triples.add(
            &result,
            &sh_iri("sourceConstraintComponent"),
            component.into(),
        );
        let severity = NamedNode::new_unchecked(row.severity.iri());
        triples.add(&result, &sh_iri("resultSeverity"), severity.into());
        for message in self.messages(row) {
            triples.add(&result, &sh_iri("resultMessage"), message.into());
        }
        for inner in &row.detail {
            self.add_result(&result, "detail", inner, triples);
        }
        result
    }
}

fn sh_iri(local: &str) -> String {
    format!("{NS}{local}")
}

fn sh_term(local: &str) -> Term {
    NamedNode::new_unchecked(sh_iri(local)).into()
}

struct Triples(Vec<Triple>);

impl Triples {
    fn add(&mut self, subject: &NamedOrBlankNode, predicate: &str, object: Term) {
        self.0.push(Triple::new(
            subject.clone(),
            NamedNode::new_unchecked(predicate),
            object,
        ));
    }

    fn path(&mut self, path: &Path) -> Term {
        match path {
            Path::Predicate(predicate) => predicate.clone().into(),
            Path::Sequence(steps) => self.list(steps),
            _ => {
                let (property, parts) = path
                    .property_and_parts()
                    .expect("not a predicate or sequence");
                let node: NamedOrBlankNode = BlankNode::default().into();
                let inner = match path {
                    Path::Alternative(_) => self.list(parts),
                    _ => self.path(&parts[0]),
                };
                self.add(&node, &sh_iri(property), inner);
                node.into()
            }
        }
    }

    fn list(&mut self, members: &[Path]) -> Term {
        let mut rest: Term = NamedNode::new_unchecked(rdf::NIL).into();
        for member in members.iter().rev() {
            let first = self.path(member);
            let node: NamedOrBlankNode = BlankNode::default().into();
            self.add(&node, rdf::FIRST, first);
            self.add(&node, rdf::REST, rest);
            rest = node.into();
        }
        rest
    }
}

fn turtle_path(path: &Path) -> String {
    let list = |paths: &[Path]| {
        format!(
            "( {} )",
            paths.iter().map(turtle_path).collect::<Vec<_>>().join(" ")
        )
    };
    match path {
        Path::Predicate(predicate) => format!("<{}>", predicate.as_str()),
        Path::Sequence(steps) => list(steps),
        _ => {
            let (property, parts) = path
                .property_and_parts()
                .expect("not a predicate or sequence");
            let inner = if matches!(path, Path::Alternative(_)) {
                list(parts)
            } else {
                turtle_path(&parts[0])
            };
            format!("[ sh:{property} {inner} ]")
        }
    }
}

fn text_of(term: &Term) -> String {
    let mut out = Vec::new();
    write_term(&mut out, term.as_ref());
    String::from_utf8(out).expect("canonical text is UTF-8")
}
