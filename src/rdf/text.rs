//! Canonical N-Triples text of terms ([N-Triples §2], [canonical form]): the one spelling used as dictionary key,
//! in the commit log and in dumps. Reads back only what a strict N-Triples reader would accept.
//!
//! [N-Triples §2]: https://www.w3.org/TR/n-triples/#n-triples-language
//! [canonical form]: https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples

use crate::rdf::vocab::xsd;
use oxrdf::{
    BlankNodeRef, GraphNameRef, Literal, LiteralRef, NamedNode, NamedNodeRef, Term, TermRef,
};
use std::borrow::Cow;

/// Why a text is not a term.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("not a term in N-Triples syntax: {0}")]
pub struct TermSyntaxError(pub &'static str);

/// Appends the canonical text of a term.
pub fn write_term(out: &mut Vec<u8>, term: TermRef<'_>) {
    match term {
        TermRef::NamedNode(node) => write_iri(out, node),
        TermRef::BlankNode(node) => write_blank(out, node),
        TermRef::Literal(literal) => write_literal(out, literal),
    }
}

/// Appends the canonical text of a graph name; the default graph has none and appends nothing.
pub fn write_graph_name(out: &mut Vec<u8>, graph: GraphNameRef<'_>) {
    match graph {
        GraphNameRef::NamedNode(node) => write_iri(out, node),
        GraphNameRef::BlankNode(node) => write_blank(out, node),
        GraphNameRef::DefaultGraph => {}
    }
}

/// Appends `<iri>`.
pub fn write_iri(out: &mut Vec<u8>, node: NamedNodeRef<'_>) {
    out.push(b'<');
    out.extend_from_slice(node.as_str().as_bytes());
    out.push(b'>');
}

/// Appends `_:label`.
pub fn write_blank(out: &mut Vec<u8>, node: BlankNodeRef<'_>) {
    out.extend_from_slice(b"_:");
    out.extend_from_slice(node.as_str().as_bytes());
}

/// Appends a quoted literal with its language tag or datatype; `xsd:string` is left out.
pub fn write_literal(out: &mut Vec<u8>, literal: LiteralRef<'_>) {
    out.push(b'"');
    write_escaped(out, literal.value());
    out.push(b'"');
    if let Some(language) = literal.language() {
        out.push(b'@');
        out.extend_from_slice(language.as_bytes());
    } else if literal.datatype().as_str() != xsd::STRING {
        out.extend_from_slice(b"^^");
        write_iri(out, literal.datatype());
    }
}

/// Appends a string with the escapes of canonical N-Triples.
pub fn write_escaped(out: &mut Vec<u8>, value: &str) {
    let bytes = value.as_bytes();
    let mut clean = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' && byte != 0x7F {
            continue;
        }
        out.extend_from_slice(&bytes[clean..i]);
        clean = i + 1;
        match byte {
            0x08 => out.extend_from_slice(b"\\b"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            0x0C => out.extend_from_slice(b"\\f"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            other => out.extend_from_slice(format!("\\u{other:04X}").as_bytes()),
        }
    }
    out.extend_from_slice(&bytes[clean..]);
}

/// The parts of a literal's text, still escaped.
pub struct LiteralText<'a> {
    /// Between the quotes, with escapes.
    pub escaped: &'a str,
    /// Language tag, when there is one.
    pub language: Option<&'a str>,
    /// Datatype IRI; `None` for plain and language-tagged strings.
    pub datatype: Option<&'a str>,
}

/// Takes the text of a literal apart without decoding escapes.
///
/// # Errors
/// When the text is not a quoted literal.
pub fn split_literal(text: &str) -> Result<LiteralText<'_>, TermSyntaxError> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'"') {
        return Err(TermSyntaxError("a literal starts with a quote"));
    }
    let end = literal_end(bytes).ok_or(TermSyntaxError("the closing quote is missing"))?;
    let escaped = &text[1..end];
    let tail = &text[end + 1..];
    if tail.is_empty() {
        return Ok(LiteralText {
            escaped,
            language: None,
            datatype: None,
        });
    }
    if let Some(language) = tail.strip_prefix('@') {
        return Ok(LiteralText {
            escaped,
            language: Some(language),
            datatype: None,
        });
    }
    let iri = tail
        .strip_prefix("^^<")
        .and_then(|iri| iri.strip_suffix('>'))
        .ok_or(TermSyntaxError(
            "after the closing quote comes nothing, @language or ^^<datatype>",
        ))?;
    Ok(LiteralText {
        escaped,
        language: None,
        datatype: Some(iri),
    })
}

/// Index of the closing quote of a literal that starts at byte 0.
fn literal_end(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let next = memchr::memchr2(b'"', b'\\', bytes.get(at..)?)? + at;
        if bytes[next] == b'"' {
            return Some(next);
        }
        at = next + 2;
    }
}

/// Decodes the escapes of a quoted string; borrows when there are none.
///
/// # Errors
/// When an escape is unknown or names no Unicode scalar value.
pub fn unescape(escaped: &str) -> Result<Cow<'_, str>, TermSyntaxError> {
    if memchr::memchr(b'\\', escaped.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(escaped));
    }
    let mut out = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let code = rest
            .as_bytes()
            .get(at + 1)
            .ok_or(TermSyntaxError("escape at the end"))?;
        let hex = |len: usize| -> Result<char, TermSyntaxError> {
            rest.get(at + 2..at + 2 + len)
                .and_then(|digits| u32::from_str_radix(digits, 16).ok())
                .and_then(char::from_u32)
                .ok_or(TermSyntaxError("unknown code point in an escape"))
        };
        let (decoded, length) = match code {
            b't' => ('\t', 2),
            b'b' => ('\u{8}', 2),
            b'n' => ('\n', 2),
            b'r' => ('\r', 2),
            b'f' => ('\u{c}', 2),
            b'"' => ('"', 2),
            b'\'' => ('\'', 2),
            b'\\' => ('\\', 2),
            b'u' => (hex(4)?, 6),
            b'U' => (hex(8)?, 10),
            _ => return Err(TermSyntaxError("unknown escape")),
        };
        out.push(decoded);
        rest = &rest[at + length..];
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// Reads one term.
///
/// # Errors
/// When the text is not exactly one term. IRIs are not validated again: the text comes from our own log and dictionary.
pub fn parse_term(text: &str) -> Result<Term, TermSyntaxError> {
    match text.as_bytes().first() {
        Some(b'<') => {
            let iri = text[1..]
                .strip_suffix('>')
                .ok_or(TermSyntaxError("an IRI ends with >"))?;
            Ok(NamedNode::new_unchecked(iri).into())
        }
        Some(b'_') => {
            let label = text
                .strip_prefix("_:")
                .ok_or(TermSyntaxError("a blank node starts with _:"))?;
            Ok(oxrdf::BlankNode::new_unchecked(label).into())
        }
        Some(b'"') => {
            let parts = split_literal(text)?;
            let value = unescape(parts.escaped)?.into_owned();
            Ok(match (parts.language, parts.datatype) {
                (Some(language), _) => {
                    Literal::new_language_tagged_literal_unchecked(value, language).into()
                }
                (None, Some(datatype)) => {
                    Literal::new_typed_literal(value, NamedNode::new_unchecked(datatype)).into()
                }
                (None, None) => Literal::new_simple_literal(value).into(),
            })
        }
        _ => Err(TermSyntaxError("a term starts with <, _: or a quote")),
    }
}

/// Splits the first term off a line of N-Quads; returns it and what follows, without leading blanks.
///
/// # Errors
/// When the line does not start with a term.
pub fn split_term(line: &str) -> Result<(&str, &str), TermSyntaxError> {
    let bytes = line.as_bytes();
    let end = match bytes.first() {
        Some(b'<') => memchr::memchr(b'>', bytes).ok_or(TermSyntaxError("an IRI ends with >"))? + 1,
        Some(b'_') => memchr::memchr(b' ', bytes).unwrap_or(bytes.len()),
        Some(b'"') => {
            let quote =
                literal_end(bytes).ok_or(TermSyntaxError("the closing quote is missing"))?;
            match bytes.get(quote + 1) {
                Some(b'^') => {
                    quote
                        + memchr::memchr(b'>', &bytes[quote..])
                            .ok_or(TermSyntaxError("a datatype IRI ends with >"))?
                        + 1
                }
                Some(b'@') => {
                    quote + memchr::memchr(b' ', &bytes[quote..]).unwrap_or(bytes.len() - quote)
                }
                _ => quote + 1,
            }
        }
        _ => return Err(TermSyntaxError("a term starts with <, _: or a quote")),
    };
    Ok((&line[..end], line[end..].trim_start_matches(' ')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(term: &Term) -> String {
        let mut out = Vec::new();
        write_term(&mut out, term.as_ref());
        String::from_utf8(out).expect("canonical text is UTF-8")
    }

    proptest! {
        #[test]
        fn literals_round_trip(value in any::<String>(), kind in 0..3) {
            let literal = match kind {
                0 => Literal::new_simple_literal(value),
                1 => Literal::new_language_tagged_literal_unchecked(value, "nl-be"),
                _ => Literal::new_typed_literal(value, NamedNode::new_unchecked("http://example.org/t")),
            };
            let term = Term::from(literal);
            let written = text(&term);
            prop_assert_eq!(parse_term(&written), Ok(term));
            let line = format!("{written} .");
            prop_assert_eq!(split_term(&line), Ok((written.as_str(), ".")));
        }
    }

    #[test]
    fn refuses_what_is_no_term() {
        for bad in ["", "x", "<a", "\"a", "\"a\"^", "\"a\"^^<x", "_b"] {
            assert!(parse_term(bad).is_err(), "{bad}");
        }
        assert!(unescape("\\q").is_err());
        assert!(unescape("\\uD800").is_err());
    }
}
