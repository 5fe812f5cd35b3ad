//! Canonical N-Triples text of terms ([N-Triples §2], [canonical form]): the one spelling used as dictionary key,
//! in the commit log and in dumps. Reads back only what a strict N-Triples reader would accept.
//!
//! [N-Triples §2]: https://www.w3.org/TR/n-triples/#n-triples-language
//! [canonical form]: https://www.w3.org/TR/rdf12-n-triples/#canonical-ntriples

use crate::rdf::version::{MAX_TRIPLE_DEPTH, TRIPLE_TERM};
use crate::rdf::vocab::xsd;
use oxrdf::{
    BaseDirection, BlankNode, BlankNodeRef, GraphNameRef, Literal, LiteralRef, NamedNode,
    NamedNodeRef, NamedOrBlankNode, Term, TermRef, Triple, TripleRef,
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
        TermRef::Triple(triple) => write_triple(out, triple.as_ref()),
    }
}

/// Appends `<<( subject predicate object )>>`.
pub fn write_triple(out: &mut Vec<u8>, triple: TripleRef<'_>) {
    out.extend_from_slice(b"<<( ");
    write_term(out, triple.subject.into());
    out.push(b' ');
    write_iri(out, triple.predicate);
    out.push(b' ');
    write_term(out, triple.object);
    out.extend_from_slice(b" )>>");
}

/// How deep triple terms lie within each other in a term: 0 for a term that is none.
pub fn triple_depth(term: TermRef<'_>) -> usize {
    let (mut depth, mut term) = (0, term);
    while let TermRef::Triple(triple) = term {
        depth += 1;
        term = triple.object.as_ref();
    }
    depth
}

/// The canonical text of a term.
pub fn term_text(term: TermRef<'_>) -> String {
    let mut out = Vec::new();
    write_term(&mut out, term);
    String::from_utf8(out).expect("canonical text is UTF-8")
}

/// A term as JSON-LD 1.1 can say it: a triple term, for which that has no form, becomes a literal of its text with a
/// datatype that tells ([`TRIPLE_TERM`]).
pub fn json_ld_term(term: Term) -> Term {
    match term {
        Term::Triple(_) => {
            let datatype = NamedNode::new_unchecked(TRIPLE_TERM);
            Literal::new_typed_literal(term_text(term.as_ref()), datatype).into()
        }
        other => other,
    }
}

/// A term with other blank nodes in place of its own, those within triple terms included.
pub fn with_blank_nodes(term: Term, rename: &mut dyn FnMut(BlankNode) -> BlankNode) -> Term {
    match term {
        Term::BlankNode(node) => rename(node).into(),
        Term::Triple(triple) => {
            let Triple {
                subject,
                predicate,
                object,
            } = *triple;
            let subject = match subject {
                NamedOrBlankNode::BlankNode(node) => rename(node).into(),
                other => other,
            };
            Triple::new(subject, predicate, with_blank_nodes(object, rename)).into()
        }
        other => other,
    }
}

/// Whether a term is one that only RDF 1.2 has: a triple term, or a literal with a base direction.
pub fn needs_rdf12(term: TermRef<'_>) -> bool {
    match term {
        TermRef::Triple(_) => true,
        TermRef::Literal(literal) => literal.direction().is_some(),
        TermRef::NamedNode(_) | TermRef::BlankNode(_) => false,
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

/// The name of a base direction: `ltr` or `rtl`.
pub fn direction_name(direction: BaseDirection) -> &'static str {
    match direction {
        BaseDirection::Ltr => "ltr",
        BaseDirection::Rtl => "rtl",
    }
}

/// Appends a quoted literal with its language tag, and base direction, or its datatype; `xsd:string` is left out.
pub fn write_literal(out: &mut Vec<u8>, literal: LiteralRef<'_>) {
    out.push(b'"');
    write_escaped(out, literal.value());
    out.push(b'"');
    if let Some(language) = literal.language() {
        out.push(b'@');
        out.extend_from_slice(language.as_bytes());
        if let Some(direction) = literal.direction() {
            out.extend_from_slice(b"--");
            out.extend_from_slice(direction_name(direction).as_bytes());
        }
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
        if byte >= 0x20 && byte != b'"' && byte != b'\\' && byte != 0x7F && byte != 0xEF {
            continue;
        }
        let rest = &bytes[i..];
        if byte == 0xEF && !(rest.starts_with(b"\xEF\xBF\xBE") || rest.starts_with(b"\xEF\xBF\xBF"))
        {
            continue;
        }
        out.extend_from_slice(&bytes[clean..i]);
        clean = i + 1;
        match byte {
            // U+FFFE and U+FFFF are no characters.
            0xEF => {
                clean = i + 3;
                out.extend_from_slice(if rest[2] == 0xBE {
                    b"\\uFFFE"
                } else {
                    b"\\uFFFF"
                });
            }
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
    /// Base direction, when there is one; then there is a language too.
    pub direction: Option<BaseDirection>,
    /// Datatype IRI; `None` for plain and language-tagged strings.
    pub datatype: Option<&'a str>,
}

/// Takes a language tag and the base direction behind it apart. A tag never holds two hyphens in a row.
///
/// # Errors
/// When what stands behind two hyphens is no direction.
fn split_language(tag: &str) -> Result<(&str, Option<BaseDirection>), TermSyntaxError> {
    match tag.split_once("--") {
        None => Ok((tag, None)),
        Some((language, "ltr")) => Ok((language, Some(BaseDirection::Ltr))),
        Some((language, "rtl")) => Ok((language, Some(BaseDirection::Rtl))),
        Some(_) => Err(TermSyntaxError("a base direction is ltr or rtl")),
    }
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
            direction: None,
            datatype: None,
        });
    }
    if let Some(tag) = tail.strip_prefix('@') {
        let (language, direction) = split_language(tag)?;
        return Ok(LiteralText {
            escaped,
            language: Some(language),
            direction,
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
        direction: None,
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
/// When the text is not exactly one term, or triple terms lie deeper in each other than [`MAX_TRIPLE_DEPTH`]. IRIs are not
/// validated again: the text comes from our own log and dictionary.
pub fn parse_term(text: &str) -> Result<Term, TermSyntaxError> {
    parse_within(text, MAX_TRIPLE_DEPTH)
}

/// As [`parse_term`], however deep triple terms lie within each other: for what a query computes, which its length bounds.
///
/// # Errors
/// When the text is not exactly one term.
pub fn parse_computed_term(text: &str) -> Result<Term, TermSyntaxError> {
    parse_within(text, usize::MAX)
}

/// As [`parse_term`], with triple terms at most `depth` deep.
fn parse_within(text: &str, depth: usize) -> Result<Term, TermSyntaxError> {
    match text.as_bytes().first() {
        Some(b'<') if text.starts_with(TRIPLE_OPEN) => parse_triple(text, depth),
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
            Ok(BlankNode::new_unchecked(label).into())
        }
        Some(b'"') => {
            let parts = split_literal(text)?;
            let value = unescape(parts.escaped)?.into_owned();
            Ok(match (parts.language, parts.direction, parts.datatype) {
                (Some(language), Some(direction), _) => {
                    Literal::new_directional_language_tagged_literal_unchecked(
                        value, language, direction,
                    )
                    .into()
                }
                (Some(language), None, _) => {
                    Literal::new_language_tagged_literal_unchecked(value, language).into()
                }
                (None, _, Some(datatype)) => {
                    Literal::new_typed_literal(value, NamedNode::new_unchecked(datatype)).into()
                }
                (None, _, None) => Literal::new_simple_literal(value).into(),
            })
        }
        _ => Err(NO_TERM),
    }
}

const NO_TERM: TermSyntaxError = TermSyntaxError("a term starts with <, _: or a quote");
const TOO_DEEP: TermSyntaxError = TermSyntaxError("triple terms lie too deep within each other");
const TRIPLE_OPEN: &str = "<<(";
const TRIPLE_CLOSE: &str = ")>>";

fn parse_triple(text: &str, depth: usize) -> Result<Term, TermSyntaxError> {
    let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
    let ([subject, predicate, object], rest) = split_triple(text, depth)?;
    if !rest.is_empty() {
        return Err(TermSyntaxError("a triple term ends with )>>"));
    }
    let subject: NamedOrBlankNode = match parse_within(subject, 0)? {
        Term::NamedNode(node) => node.into(),
        Term::BlankNode(node) => node.into(),
        Term::Literal(_) | Term::Triple(_) => {
            return Err(TermSyntaxError("a subject is an IRI or a blank node"));
        }
    };
    let Term::NamedNode(predicate) = parse_within(predicate, 0)? else {
        return Err(TermSyntaxError("a predicate is an IRI"));
    };
    Ok(Triple::new(subject, predicate, parse_within(object, depth)?).into())
}

/// The texts of subject, predicate and object of the triple term a text starts with, and what follows it.
fn split_triple(text: &str, depth: usize) -> Result<([&str; 3], &str), TermSyntaxError> {
    let rest = text.strip_prefix(TRIPLE_OPEN).ok_or(NO_TERM)?;
    let (subject, rest) = split_within(rest.trim_start_matches(' '), 0)?;
    let (predicate, rest) = split_within(rest, 0)?;
    let (object, rest) = split_within(rest, depth)?;
    let rest = rest
        .strip_prefix(TRIPLE_CLOSE)
        .ok_or(TermSyntaxError("a triple term ends with )>>"))?;
    Ok(([subject, predicate, object], rest))
}

/// Splits the first term off a line of N-Quads; returns it and what follows, without leading blanks.
///
/// # Errors
/// When the line does not start with a term.
pub fn split_term(line: &str) -> Result<(&str, &str), TermSyntaxError> {
    split_within(line, MAX_TRIPLE_DEPTH)
}

/// As [`split_term`], with triple terms at most `depth` deep.
fn split_within(line: &str, depth: usize) -> Result<(&str, &str), TermSyntaxError> {
    let bytes = line.as_bytes();
    let end = match bytes.first() {
        Some(b'<') if line.starts_with(TRIPLE_OPEN) => {
            let depth = depth.checked_sub(1).ok_or(TOO_DEEP)?;
            let (_, rest) = split_triple(line, depth)?;
            line.len() - rest.len()
        }
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
        _ => return Err(NO_TERM),
    };
    Ok((&line[..end], line[end..].trim_start_matches(' ')))
}

/// Integers above this lose digits in readers of JSON that use double precision numbers.
const MAX_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// The integer that a text is when JSON writes it as that very text and no reader loses digits of it.
pub fn json_integer(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_canonical = match digits.as_bytes() {
        [b'0'] => digits.len() == text.len(),
        [b'1'..=b'9', rest @ ..] => rest.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    let number: i64 = is_canonical.then(|| text.parse().ok())??;
    (number.unsigned_abs() <= MAX_SAFE_INTEGER).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_json_read_back_as_they_were_written() {
        for (text, number) in [
            ("0", 0),
            ("-7", -7),
            ("9007199254740991", 9_007_199_254_740_991),
        ] {
            assert_eq!(json_integer(text), Some(number), "{text}");
        }
        for text in [
            "",
            "-",
            "-0",
            "01",
            "+1",
            "1.0",
            "9007199254740992",
            "-9223372036854775808",
        ] {
            assert_eq!(json_integer(text), None, "{text}");
        }
    }
    use proptest::prelude::*;

    fn text(term: &Term) -> String {
        term_text(term.as_ref())
    }

    fn literal() -> impl Strategy<Value = Term> {
        (any::<String>(), 0..4).prop_map(|(value, kind)| {
            Term::from(match kind {
                0 => Literal::new_simple_literal(value),
                1 => Literal::new_language_tagged_literal_unchecked(value, "nl-be"),
                2 => Literal::new_directional_language_tagged_literal_unchecked(
                    value,
                    "ar-latn",
                    BaseDirection::Rtl,
                ),
                _ => Literal::new_typed_literal(
                    value,
                    NamedNode::new_unchecked("http://example.org/t"),
                ),
            })
        })
    }

    fn node() -> impl Strategy<Value = NamedOrBlankNode> {
        prop_oneof![
            "[a-z0-9/#()]{0,12}"
                .prop_map(
                    |name| NamedNode::new_unchecked(format!("http://example.org/{name}")).into()
                ),
            "[a-z0-9]{1,12}".prop_map(|label| BlankNode::new_unchecked(label).into()),
        ]
    }

    /// Terms of every kind, triple terms within each other included.
    fn term() -> impl Strategy<Value = Term> {
        prop_oneof![literal(), node().prop_map(Term::from)].prop_recursive(
            MAX_TRIPLE_DEPTH as u32,
            MAX_TRIPLE_DEPTH as u32,
            1,
            |object| {
                (node(), "[a-z>)]{1,6}", object).prop_map(|(subject, predicate, object)| {
                    let predicate = predicate.replace('>', "%3E");
                    let predicate =
                        NamedNode::new_unchecked(format!("http://example.org/{predicate}"));
                    Triple::new(subject, predicate, object).into()
                })
            },
        )
    }

    proptest! {
        #[test]
        fn terms_round_trip(term in term()) {
            let written = text(&term);
            prop_assert_eq!(written.matches("<<( ").count() >= triple_depth(term.as_ref()), true);
            prop_assert_eq!(parse_term(&written), Ok(term));
            for tail in [".", "<http://example.org/g> .", "_:g ."] {
                let line = format!("{written} {tail}");
                prop_assert_eq!(split_term(&line), Ok((written.as_str(), tail)));
            }
        }

        #[test]
        fn different_terms_have_different_texts(a in term(), b in term()) {
            prop_assert_eq!(a == b, text(&a) == text(&b));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[<>()_:\"@^a\\\\ é-]{0,40}") {
            let _ = parse_term(&text);
            let _ = split_term(&text);
            let _ = split_literal(&text);
        }
    }

    #[test]
    fn refuses_what_is_no_term() {
        for bad in [
            "",
            "x",
            "<a",
            "\"a",
            "\"a\"^",
            "\"a\"^^<x",
            "_b",
            "\"a\"@nl--up",
            "<<( <s> <p> )>>",
            "<<( <s> <p> <o> )>> ",
            "<<( <s> <p> <o>",
            "<<( \"s\" <p> <o> )>>",
            "<<( <s> _:p <o> )>>",
            "<<( <<( <s> <p> <o> )>> <p> <o> )>>",
        ] {
            assert!(parse_term(bad).is_err(), "{bad}");
        }
        assert!(unescape("\\q").is_err());
        assert!(unescape("\\uD800").is_err());
    }

    #[test]
    fn what_is_no_character_is_escaped() {
        let literal =
            Literal::new_simple_literal("\u{7f}\u{fffd}\u{fffe}a\u{ffff}\u{fefe}\u{ffff}");
        let term = Term::from(literal);
        let written = text(&term);
        assert_eq!(written, "\"\\u007F\u{fffd}\\uFFFEa\\uFFFF\u{fefe}\\uFFFF\"");
        assert_eq!(parse_term(&written), Ok(term));
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| {
            let open = "<<( <s> <p> ".repeat(depth);
            format!("{open}<o>{}", " )>>".repeat(depth))
        };
        let deepest = nested(MAX_TRIPLE_DEPTH);
        let term = parse_term(&deepest).expect("is allowed");
        assert_eq!(triple_depth(term.as_ref()), MAX_TRIPLE_DEPTH);
        assert_eq!(text(&term), deepest);
        assert_eq!(parse_term(&nested(MAX_TRIPLE_DEPTH + 1)), Err(TOO_DEEP));
        assert_eq!(split_term(&nested(100_000)), Err(TOO_DEEP));
    }
}
