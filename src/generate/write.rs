//! Writes quads as N-Quads lines. Knows no OSLO.

use std::io::{self, Write};

/// Counts and writes quads of one graph at a time.
pub(crate) struct QuadWriter<W> {
    out: W,
    graph: String,
    line: String,
    count: u64,
}

impl<W: Write> QuadWriter<W> {
    pub(crate) fn new(out: W) -> Self {
        Self {
            out,
            graph: String::new(),
            line: String::new(),
            count: 0,
        }
    }

    /// Quads written so far.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The graph of the quads that follow.
    pub(crate) fn graph(&mut self, iri: &str) {
        self.graph.clear();
        self.graph.push_str(iri);
    }

    /// A quad whose object is an IRI.
    pub(crate) fn iri(&mut self, subject: &str, predicate: &str, object: &str) -> io::Result<()> {
        self.start(subject, predicate);
        self.line.push('<');
        self.line.push_str(object);
        self.line.push('>');
        self.finish()
    }

    /// A quad whose object is a plain text (xsd:string).
    pub(crate) fn text(&mut self, subject: &str, predicate: &str, text: &str) -> io::Result<()> {
        self.start(subject, predicate);
        self.quoted(text);
        self.finish()
    }

    /// A quad whose object is a text in a language.
    pub(crate) fn tagged(
        &mut self,
        subject: &str,
        predicate: &str,
        text: &str,
        tag: &str,
    ) -> io::Result<()> {
        self.start(subject, predicate);
        self.quoted(text);
        self.line.push('@');
        self.line.push_str(tag);
        self.finish()
    }

    /// A quad whose object is a literal of a datatype.
    pub(crate) fn typed(
        &mut self,
        subject: &str,
        predicate: &str,
        text: &str,
        datatype: &str,
    ) -> io::Result<()> {
        self.start(subject, predicate);
        self.quoted(text);
        self.line.push_str("^^<");
        self.line.push_str(datatype);
        self.line.push('>');
        self.finish()
    }

    /// Hands everything to the output.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    fn start(&mut self, subject: &str, predicate: &str) {
        self.line.clear();
        for part in ["<", subject, "> <", predicate, "> "] {
            self.line.push_str(part);
        }
    }

    fn quoted(&mut self, text: &str) {
        self.line.push('"');
        for c in text.chars() {
            match c {
                '"' => self.line.push_str("\\\""),
                '\\' => self.line.push_str("\\\\"),
                '\n' => self.line.push_str("\\n"),
                '\r' => self.line.push_str("\\r"),
                c => self.line.push(c),
            }
        }
        self.line.push('"');
    }

    fn finish(&mut self) -> io::Result<()> {
        self.line.push_str(" <");
        self.line.push_str(&self.graph);
        self.line.push_str("> .\n");
        self.count += 1;
        self.out.write_all(self.line.as_bytes())
    }
}
