//! Solutions as SPARQL 1.1 JSON ([SPARQL 1.1 Query Results JSON](https://www.w3.org/TR/sparql11-results-json/)), written in
//! one pass over each text. The same bytes as the general writer, which goes through events and single characters and
//! takes a third of the time of a small answer. Knows nothing else about results.

use crate::rdf::text::{direction_name, parse_computed_term};
use oxrdf::{Term, Variable};
use std::borrow::Cow;
use std::io::{self, Write};

/// Bytes gathered before they are handed on.
const GATHER_BYTES: usize = 8 << 10;

/// Writes one table of solutions.
pub(super) struct JsonSolutions<W> {
    out: W,
    buffer: Vec<u8>,
    /// `"name":` of each column.
    keys: Vec<Vec<u8>>,
    is_first: bool,
}

impl<W: Write> JsonSolutions<W> {
    /// Writes the head.
    pub(super) fn start(out: W, variables: &[Variable]) -> Self {
        let keys: Vec<Vec<u8>> = variables
            .iter()
            .map(|variable| {
                let mut key = Vec::with_capacity(variable.as_str().len() + 3);
                push_string(&mut key, variable.as_str());
                key.push(b':');
                key
            })
            .collect();
        let mut buffer = Vec::with_capacity(1 << 10);
        buffer.extend_from_slice(b"{\"head\":{\"vars\":[");
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                buffer.push(b',');
            }
            buffer.extend_from_slice(&key[..key.len() - 1]);
        }
        buffer.extend_from_slice(b"]},\"results\":{\"bindings\":[");
        Self {
            out,
            buffer,
            keys,
            is_first: true,
        }
    }

    /// Writes a solution: a value per column, `None` where unbound.
    ///
    /// # Errors
    /// When the output takes no more.
    pub(super) fn row(&mut self, values: &[Option<Term>]) -> io::Result<()> {
        let bound = values
            .iter()
            .enumerate()
            .filter_map(|(column, value)| Some((column, value.as_ref()?)));
        self.object(bound, push_term)
    }

    /// Writes a solution from the canonical N-Triples texts of its values: column and text of each bound one, in order.
    ///
    /// # Errors
    /// When the output takes no more.
    pub(super) fn row_of_texts<'a>(
        &mut self,
        values: impl Iterator<Item = (usize, Cow<'a, str>)>,
    ) -> io::Result<()> {
        self.object(values, |out, text| push_text(out, &text))
    }

    fn object<V>(
        &mut self,
        values: impl Iterator<Item = (usize, V)>,
        push: impl Fn(&mut Vec<u8>, V),
    ) -> io::Result<()> {
        if !self.is_first {
            self.buffer.push(b',');
        }
        self.is_first = false;
        self.buffer.push(b'{');
        for (number, (column, value)) in values.enumerate() {
            if number > 0 {
                self.buffer.push(b',');
            }
            self.buffer.extend_from_slice(&self.keys[column]);
            push(&mut self.buffer, value);
        }
        self.buffer.push(b'}');
        if self.buffer.len() >= GATHER_BYTES {
            self.out.write_all(&self.buffer)?;
            self.buffer.clear();
        }
        Ok(())
    }

    /// Writes the end and flushes.
    ///
    /// # Errors
    /// When the output takes no more.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.buffer.extend_from_slice(b"]}}");
        self.out.write_all(&self.buffer)?;
        self.out.flush()
    }
}

/// A term from its canonical N-Triples text. Texts with escapes are read first.
fn push_text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let is_plain = memchr::memchr(b'\\', bytes).is_none();
    match bytes {
        [b'<', b'<', ..] => {
            if let Ok(term) = parse_computed_term(text) {
                push_term(out, &term);
            }
            return;
        }
        [b'<', .., b'>'] if is_plain => {
            out.extend_from_slice(b"{\"type\":\"uri\",\"value\":");
            push_string(out, &text[1..text.len() - 1]);
        }
        [b'_', b':', ..] => {
            out.extend_from_slice(b"{\"type\":\"bnode\",\"value\":");
            push_string(out, &text[2..]);
        }
        [b'"', ..] if is_plain => {
            let end = memchr::memrchr(b'"', bytes).unwrap_or(0).max(1);
            out.extend_from_slice(b"{\"type\":\"literal\",\"value\":");
            push_string(out, &text[1..end]);
            let rest = &text[end + 1..];
            if let Some(tag) = rest.strip_prefix('@') {
                let (language, direction) = tag.split_once("--").unwrap_or((tag, ""));
                out.extend_from_slice(b",\"xml:lang\":");
                push_string(out, language);
                push_direction(out, direction);
            } else if let Some(datatype) = rest.strip_prefix("^^<") {
                out.extend_from_slice(b",\"datatype\":");
                push_string(out, datatype.trim_end_matches('>'));
            }
        }
        _ => {
            if let Ok(term) = crate::rdf::text::parse_term(text) {
                push_term(out, &term);
            }
            return;
        }
    }
    out.push(b'}');
}

fn push_term(out: &mut Vec<u8>, term: &Term) {
    match term {
        Term::NamedNode(node) => {
            out.extend_from_slice(b"{\"type\":\"uri\",\"value\":");
            push_string(out, node.as_str());
        }
        Term::BlankNode(node) => {
            out.extend_from_slice(b"{\"type\":\"bnode\",\"value\":");
            push_string(out, node.as_str());
        }
        Term::Literal(literal) => {
            out.extend_from_slice(b"{\"type\":\"literal\",\"value\":");
            push_string(out, literal.value());
            if let Some(language) = literal.language() {
                out.extend_from_slice(b",\"xml:lang\":");
                push_string(out, language);
                push_direction(out, literal.direction().map_or("", direction_name));
            } else if literal.datatype() != oxrdf::vocab::xsd::STRING {
                out.extend_from_slice(b",\"datatype\":");
                push_string(out, literal.datatype().as_str());
            }
        }
        Term::Triple(triple) => {
            out.extend_from_slice(b"{\"type\":\"triple\",\"value\":{\"subject\":");
            push_term(out, &triple.subject.clone().into());
            out.extend_from_slice(b",\"predicate\":");
            push_term(out, &triple.predicate.clone().into());
            out.extend_from_slice(b",\"object\":");
            push_term(out, &triple.object);
            out.push(b'}');
        }
    }
    out.push(b'}');
}

/// The base direction of a literal; nothing when it is empty.
fn push_direction(out: &mut Vec<u8>, direction: &str) {
    if !direction.is_empty() {
        out.extend_from_slice(b",\"its:dir\":");
        push_string(out, direction);
    }
}

/// A JSON string ([RFC 8259 §7](https://www.rfc-editor.org/rfc/rfc8259#section-7)): runs that need no escape are copied whole.
fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, byte) in bytes.iter().enumerate() {
        if *byte >= 0x20 && *byte != b'"' && *byte != b'\\' {
            continue;
        }
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0C => out.extend_from_slice(b"\\f"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            other => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                out.extend_from_slice(b"\\u00");
                out.push(HEX[usize::from(other >> 4)]);
                out.push(HEX[usize::from(other & 15)]);
            }
        }
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxrdf::{BaseDirection, BlankNode, Literal, NamedNode, Triple};
    use proptest::prelude::*;
    use sparesults::{QueryResultsFormat, QueryResultsSerializer};

    fn term() -> impl Strategy<Value = Option<Term>> {
        let text = "[\\x00-\\x22\\\\/<>&a-cé€😀\u{7f}\u{2028}]{0,12}";
        prop_oneof![
            Just(None),
            "[a-z\u{e9}]{1,8}".prop_map(|name| {
                Some(NamedNode::new_unchecked(format!("http://e/{name}")).into())
            }),
            "[a-z0-9]{1,8}".prop_map(|name| Some(BlankNode::new_unchecked(name).into())),
            text.prop_map(|text| Some(Literal::new_simple_literal(text).into())),
            text.prop_map(|text| {
                Some(Literal::new_language_tagged_literal_unchecked(text, "nl-be").into())
            }),
            text.prop_map(|text| {
                let datatype = NamedNode::new_unchecked("http://e/type");
                Some(Literal::new_typed_literal(text, datatype).into())
            }),
            text.prop_map(|text| {
                let literal = Literal::new_directional_language_tagged_literal_unchecked(
                    text,
                    "ar",
                    BaseDirection::Rtl,
                );
                Some(literal.into())
            }),
        ]
        .prop_flat_map(|object: Option<Term>| (Just(object), 0..3_usize))
        .prop_map(|(object, depth)| {
            let mut term = object?;
            for _ in 0..depth {
                let predicate = NamedNode::new_unchecked("http://e/p");
                term = Triple::new(BlankNode::new_unchecked("b"), predicate, term).into();
            }
            Some(term)
        })
    }

    proptest! {
        #[test]
        fn the_bytes_are_those_of_the_general_writer(
            rows in prop::collection::vec(prop::collection::vec(term(), 3), 0..20),
            columns in 0..4_usize,
        ) {
            let names = ["a", "naam_é", "c"];
            let variables: Vec<Variable> =
                names[..columns.min(3)].iter().map(|name| Variable::new_unchecked(*name)).collect();
            let mut ours = Vec::new();
            let mut writer = JsonSolutions::start(&mut ours, &variables);
            let json = QueryResultsSerializer::from_format(QueryResultsFormat::Json);
            let mut general = json
                .serialize_solutions_to_writer(Vec::new(), variables.clone())
                .expect("memory takes everything");
            for row in &rows {
                let row = &row[..variables.len()];
                writer.row(row).expect("memory takes everything");
                let bound = variables.iter().zip(row).filter_map(|(variable, value)| {
                    Some((variable.as_ref(), value.as_ref()?.as_ref()))
                });
                general.serialize(bound).expect("memory takes everything");
            }
            writer.finish().expect("memory takes everything");
            let mut of_texts = Vec::new();
            let mut writer = JsonSolutions::start(&mut of_texts, &variables);
            for row in &rows {
                let texts = row[..variables.len()].iter().enumerate().filter_map(|(column, term)| {
                    let mut text = Vec::new();
                    crate::rdf::text::write_term(&mut text, term.as_ref()?.as_ref());
                    Some((column, Cow::Owned(String::from_utf8(text).expect("text"))))
                });
                writer.row_of_texts(texts).expect("memory takes everything");
            }
            writer.finish().expect("memory takes everything");
            prop_assert_eq!(&of_texts, &ours);
            let theirs = general.finish().expect("memory takes everything");
            prop_assert_eq!(String::from_utf8(ours), String::from_utf8(theirs));
        }
    }
}
