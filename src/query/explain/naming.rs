//! How variables, terms and IRIs are written in a plan: short, on one line, and the same each time the query is read.

use crate::query::prefixes::PrefixMap;
use oxrdf::Term;
use oxrdf::vocab::xsd;
use std::cell::RefCell;

/// Longest text of one term, in characters.
const MAX_TERM: usize = 60;
/// Longest text of one step, in characters.
const MAX_DETAIL: usize = 160;
/// From here on a name of hexadecimal digits was drawn by the parser, not written.
const DRAWN_DIGITS: usize = 24;

/// The names of one plan.
#[derive(Debug)]
pub(in crate::query) struct Naming {
    prefixes: PrefixMap,
    /// Names that the parser drew, in the order in which they were met: each run draws others.
    drawn: RefCell<Vec<String>>,
}

impl Naming {
    /// With the prefixes of a query and the well-known ones.
    pub(in crate::query) fn new(declared: &[(String, String)]) -> Self {
        Self {
            prefixes: PrefixMap::new(declared),
            drawn: RefCell::default(),
        }
    }

    /// A variable, or the blank node or path that one stands for.
    pub(in crate::query) fn variable(&self, name: &str) -> String {
        let (mark, name) = match name.strip_prefix("_:") {
            Some(label) => ("_:", label),
            None => ("?", name),
        };
        if !is_drawn(name) {
            return format!("{mark}{name}");
        }
        let mut drawn = self.drawn.borrow_mut();
        let number = drawn.iter().position(|known| known == name);
        let number = number.unwrap_or_else(|| {
            drawn.push(name.to_owned());
            drawn.len() - 1
        });
        format!("{mark}_{}", number + 1)
    }

    /// An IRI, as a prefix and a name where it can be.
    pub(in crate::query) fn iri(&self, iri: &str) -> String {
        let short = self.prefixes.shorten(iri);
        short.unwrap_or_else(|| format!("<{}>", cut(iri, MAX_TERM)))
    }

    /// A term; numbers without their datatype.
    pub(in crate::query) fn term(&self, term: &Term) -> String {
        let literal = match term {
            Term::NamedNode(node) => return self.iri(node.as_str()),
            Term::Literal(literal) => literal,
            other => return cut(&other.to_string(), MAX_TERM),
        };
        let datatype = literal.datatype();
        if [xsd::INTEGER, xsd::DECIMAL, xsd::BOOLEAN].contains(&datatype) {
            return cut(literal.value(), MAX_TERM);
        }
        let text = oxrdf::Literal::from(cut(literal.value(), MAX_TERM)).to_string();
        if let Some(language) = literal.language() {
            return format!("{text}@{language}");
        }
        if datatype == xsd::STRING {
            return text;
        }
        format!("{text}^^{}", self.iri(datatype.as_str()))
    }

    /// A text in the syntax of SPARQL, its IRIs and variables written as they are here.
    pub(in crate::query) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(['"', '<', '?']) {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            let length = match rest.as_bytes()[0] {
                b'"' => {
                    let length = string_length(rest);
                    out.push_str(&rest[..length]);
                    length
                }
                b'<' => match iri_length(rest) {
                    Some(length) => {
                        out.push_str(&self.iri(&rest[1..length - 1]));
                        length
                    }
                    None => {
                        out.push('<');
                        1
                    }
                },
                _ => {
                    let length = name_length(&rest[1..]);
                    if length == 0 {
                        out.push('?');
                    } else {
                        out.push_str(&self.variable(&rest[1..=length]));
                    }
                    1 + length
                }
            };
            rest = &rest[length..];
            if out.len() > 4 * MAX_DETAIL {
                // The rest is cut off in any case.
                return one_line(&out);
            }
        }
        out.push_str(rest);
        one_line(&out)
    }
}

/// What is written of a step: one line of bounded length.
pub(in crate::query) fn one_line(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    cut(&line, MAX_DETAIL)
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn is_drawn(name: &str) -> bool {
    name.len() >= DRAWN_DIGITS && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Bytes of the quoted string at the start of a text.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Bytes of the IRI in angle brackets at the start of a text, if it is one and no operator.
fn iri_length(text: &str) -> Option<usize> {
    let end = text.find(['>', ' ', '"'])?;
    (text.as_bytes()[end] == b'>' && end > 1).then_some(end + 1)
}

/// Bytes of the name of a variable, or of what a variable stands for, at the start of a text.
fn name_length(text: &str) -> usize {
    let mark = if text.starts_with("_:") { 2 } else { 0 };
    let end = text[mark..].find(|c: char| !c.is_alphanumeric() && c != '_');
    mark + end.unwrap_or(text.len() - mark)
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxrdf::Literal;

    #[test]
    fn texts_are_shortened_outside_of_strings() {
        let naming = Naming::new(&[("e".into(), "http://e/".into())]);
        let drawn = "0123456789abcdef0123456789abcdef";
        assert_eq!(
            naming.text(&format!(
                "Filter((?a < ?b) && ?{drawn} = \"<http://e/x> ?{drawn} \\\" ?\" && ?_:{drawn} != <http://e/x>)"
            )),
            format!(
                "Filter((?a < ?b) && ?_1 = \"<http://e/x> ?{drawn} \\\" ?\" && _:_1 != e:x)"
            )
        );
        assert_eq!(
            naming.text("?x <= 5 ? <http://other/a b"),
            "?x <= 5 ? <http://other/a b"
        );
        assert_eq!(
            naming.text("(?_:path1 / <http://www.w3.org/2004/02/skos/core#broader>)"),
            "(_:path1 / skos:broader)"
        );
        let long = naming.text(&"?a ".repeat(1000));
        assert!(long.chars().count() == MAX_DETAIL + 1 && long.ends_with('…'));
    }

    #[test]
    fn terms_are_short_and_on_one_line() {
        let naming = Naming::new(&[]);
        assert_eq!(naming.term(&Literal::from(5).into()), "5");
        assert_eq!(
            naming.term(&Literal::new_language_tagged_literal_unchecked("a\nb", "nl").into()),
            "\"a\\nb\"@nl"
        );
        let date = Literal::new_typed_literal("2026-03-01", xsd::DATE);
        assert_eq!(naming.term(&date.into()), "\"2026-03-01\"^^xsd:date");
        assert!(naming.term(&Literal::from("x".repeat(900)).into()).len() < 80);
    }
}
