//! Parameters of stored queries: their types, and the terms that texts from a request stand for.
//! A text becomes one RDF term or is refused; it is never part of a query's text.

use crate::rdf::label::Text;
use jiff::civil::Date;
use oxrdf::{Literal, NamedNode, Term, vocab::xsd};
use oxsdatatypes::{Decimal, Integer};
use std::str::FromStr;

/// Most bytes of a value.
pub const MAX_VALUE_BYTES: usize = 10_000;

/// A parameter of a stored query: its variable, and what may be put in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name of the variable, without its mark, and of the parameter in requests.
    pub name: String,
    /// What values look like.
    pub kind: ParameterKind,
    /// Name for people.
    pub label: Text,
    /// Whether the query cannot run without a value. One that is not required stays a variable when it has none.
    pub required: bool,
    /// The value when a request gives none, as text.
    pub default: Option<String>,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    /// An absolute IRI.
    Iri,
    /// A plain string.
    String,
    /// A whole number of 64 bits, written canonically.
    Integer,
    /// A decimal number, written canonically.
    Decimal,
    /// A day such as `2026-03-01`.
    Date,
    /// `true` or `false`; `ja` and `nee` are understood.
    Boolean,
    /// One of a list.
    Enumeration(Vec<Choice>),
}

/// One value of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The word in requests.
    pub name: String,
    /// The term it stands for.
    pub term: Term,
}

/// Why the parameters of a request do not fit a stored query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("parameter {parameter}: {}", .reason.en)]
pub struct ParameterError {
    /// The parameter, as the request names it.
    pub parameter: String,
    /// Whether it is wrong that there is no value.
    pub is_missing: bool,
    /// What is wrong, for people.
    pub reason: Text,
}

impl ParameterKind {
    /// The type of a name in a file; an enumeration is empty at first.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "iri" => Self::Iri,
            "string" => Self::String,
            "integer" => Self::Integer,
            "decimal" => Self::Decimal,
            "date" => Self::Date,
            "boolean" => Self::Boolean,
            "enumeration" => Self::Enumeration(Vec::new()),
            _ => return None,
        })
    }

    /// The name of the type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Iri => "iri",
            Self::String => "string",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Date => "date",
            Self::Boolean => "boolean",
            Self::Enumeration(_) => "enumeration",
        }
    }

    /// The term that a text stands for.
    ///
    /// # Errors
    /// What would be a value, for people.
    pub fn term(&self, text: &str) -> Result<Term, Text> {
        self.read(text).ok_or_else(|| self.expected())
    }

    fn read(&self, text: &str) -> Option<Term> {
        if text.len() > MAX_VALUE_BYTES {
            return None;
        }
        let typed =
            |value: String, datatype| Term::from(Literal::new_typed_literal(value, datatype));
        match self {
            Self::Iri => NamedNode::new(text.trim()).ok().map(Term::from),
            Self::String => Some(Literal::new_simple_literal(text).into()),
            Self::Integer => {
                let number = Integer::from_str(text.trim()).ok()?;
                Some(typed(number.to_string(), xsd::INTEGER))
            }
            Self::Decimal => {
                let number = Decimal::from_str(text.trim()).ok()?;
                Some(typed(number.to_string(), xsd::DECIMAL))
            }
            Self::Date => {
                let text = text.trim();
                let is_shaped = text.len() == 10
                    && text.bytes().enumerate().all(|(at, byte)| match at {
                        4 | 7 => byte == b'-',
                        _ => byte.is_ascii_digit(),
                    });
                let day: Date = text.parse().ok().filter(|_| is_shaped)?;
                Some(typed(day.to_string(), xsd::DATE))
            }
            Self::Boolean => {
                let value = match text.trim() {
                    "true" | "1" | "ja" => true,
                    "false" | "0" | "nee" => false,
                    _ => return None,
                };
                Some(Literal::from(value).into())
            }
            Self::Enumeration(choices) => choices
                .iter()
                .find(|choice| choice.name == text.trim())
                .map(|choice| choice.term.clone()),
        }
    }

    /// What values look like, for people.
    fn expected(&self) -> Text {
        match self {
            Self::Iri => Text::new("een volledige IRI", "an absolute IRI"),
            Self::String => Text::new(
                format!("een tekst van hoogstens {MAX_VALUE_BYTES} bytes"),
                format!("a text of at most {MAX_VALUE_BYTES} bytes"),
            ),
            Self::Integer => Text::new("een geheel getal", "a whole number"),
            Self::Decimal => Text::new(
                "een getal, met een punt voor de decimalen",
                "a number, with a point before its decimals",
            ),
            Self::Date => Text::new("een datum zoals 2026-03-01", "a date such as 2026-03-01"),
            Self::Boolean => Text::new("true of false", "true or false"),
            Self::Enumeration(choices) => {
                let names: Vec<&str> = choices.iter().map(|c| c.name.as_str()).collect();
                let names = names.join(", ");
                Text::new(format!("een van: {names}"), format!("one of: {names}"))
            }
        }
    }
}

/// The terms that the given texts put in the place of parameters. A text that is empty counts as not given.
///
/// # Errors
/// The first parameter that is unknown, given twice, missing or no value of its type.
pub(super) fn terms(
    parameters: &[Parameter],
    given: &[(String, String)],
) -> Result<Vec<(String, Term)>, ParameterError> {
    let error = |parameter: &str, is_missing, nl: String, en: String| ParameterError {
        parameter: parameter.to_owned(),
        is_missing,
        reason: Text::new(nl, en),
    };
    let given: Vec<_> = given.iter().filter(|(_, text)| !text.is_empty()).collect();
    for (at, (name, _)) in given.iter().enumerate() {
        if parameters.iter().all(|parameter| parameter.name != *name) {
            let names: Vec<&str> = parameters.iter().map(|p| p.name.as_str()).collect();
            let (nl, en) = match names.join(", ") {
                none if none.is_empty() => ("geen".to_owned(), "none".to_owned()),
                names => (names.clone(), names),
            };
            return Err(error(
                name,
                false,
                format!("Deze bevraging heeft geen parameter \"{name}\". Deze bestaan: {nl}."),
                format!("This query has no parameter \"{name}\". There are: {en}."),
            ));
        }
        if given[..at].iter().any(|(other, _)| other == name) {
            return Err(error(
                name,
                false,
                format!("De parameter \"{name}\" mag één keer gegeven worden."),
                format!("The parameter \"{name}\" may be given once."),
            ));
        }
    }
    let mut terms = Vec::new();
    for parameter in parameters {
        let name = &parameter.name;
        let found = given.iter().find(|(known, _)| known == name);
        let text = match (found, &parameter.default) {
            (Some((_, text)), _) => text,
            (None, Some(default)) => default,
            (None, None) if parameter.required => {
                return Err(error(
                    name,
                    true,
                    format!("De parameter \"{name}\" ontbreekt."),
                    format!("The parameter \"{name}\" is missing."),
                ));
            }
            (None, None) => continue,
        };
        let term = parameter.kind.term(text).map_err(|expected| {
            let shown: String = text.chars().take(100).collect();
            error(
                name,
                false,
                format!(
                    "De parameter \"{name}\" is {}; niet \"{shown}\".",
                    expected.nl
                ),
                format!(
                    "The parameter \"{name}\" is {}; not \"{shown}\".",
                    expected.en
                ),
            )
        })?;
        terms.push((name.clone(), term));
    }
    Ok(terms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(kind: &ParameterKind, text: &str) -> Option<String> {
        kind.term(text).ok().map(|term| term.to_string())
    }

    #[test]
    fn texts_become_terms_of_their_type_or_nothing() {
        let xsd = "http://www.w3.org/2001/XMLSchema#";
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            of(&ParameterKind::Iri, " http://e/a "),
            some("<http://e/a>")
        );
        for wrong in ["a", "/a", "http://e/a b", "http://e/> . ?s ?p ?o", ""] {
            assert_eq!(of(&ParameterKind::Iri, wrong), None, "{wrong}");
        }
        assert_eq!(
            of(&ParameterKind::String, "\" } DROP ALL #"),
            some(r#""\" } DROP ALL #""#)
        );
        assert_eq!(
            of(&ParameterKind::Integer, "+007"),
            Some(format!("\"7\"^^<{xsd}integer>"))
        );
        assert_eq!(of(&ParameterKind::Integer, "7.0"), None);
        assert_eq!(of(&ParameterKind::Integer, "99999999999999999999"), None);
        assert_eq!(
            of(&ParameterKind::Decimal, "1.50"),
            Some(format!("\"1.5\"^^<{xsd}decimal>"))
        );
        assert_eq!(of(&ParameterKind::Decimal, "1,5"), None);
        assert_eq!(of(&ParameterKind::Decimal, "NaN"), None);
        assert_eq!(
            of(&ParameterKind::Date, "2024-02-29"),
            Some(format!("\"2024-02-29\"^^<{xsd}date>"))
        );
        for wrong in [
            "2023-02-29",
            "2024-2-1",
            "20240201",
            "2024-02-01T00:00",
            "vandaag",
        ] {
            assert_eq!(of(&ParameterKind::Date, wrong), None, "{wrong}");
        }
        assert_eq!(
            of(&ParameterKind::Boolean, "ja"),
            Some(format!("\"true\"^^<{xsd}boolean>"))
        );
        assert_eq!(of(&ParameterKind::Boolean, "misschien"), None);
        let status = ParameterKind::Enumeration(vec![Choice {
            name: "open".to_owned(),
            term: NamedNode::new_unchecked("http://e/open").into(),
        }]);
        assert_eq!(of(&status, "open"), some("<http://e/open>"));
        assert_eq!(of(&status, "http://e/open"), None);
        assert_eq!(
            of(&ParameterKind::String, &"x".repeat(MAX_VALUE_BYTES + 1)),
            None
        );
    }

    fn parameter(name: &str, required: bool, default: Option<&str>) -> Parameter {
        Parameter {
            name: name.to_owned(),
            kind: ParameterKind::Integer,
            label: Text::default(),
            required,
            default: default.map(str::to_owned),
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let parameters = [
            parameter("a", true, None),
            parameter("b", false, Some("2")),
            parameter("c", false, None),
        ];
        let given = |pairs: &[(&str, &str)]| {
            let pairs: Vec<_> = pairs
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
                .collect();
            terms(&parameters, &pairs)
        };
        let names: Vec<String> = given(&[("a", "1"), ("c", "")])
            .expect("fits")
            .into_iter()
            .map(|(name, term)| format!("{name}={term}"))
            .collect();
        let integer = "^^<http://www.w3.org/2001/XMLSchema#integer>";
        assert_eq!(
            names,
            [format!("a=\"1\"{integer}"), format!("b=\"2\"{integer}")]
        );
        for (pairs, parameter, is_missing) in [
            (&[("b", "3")][..], "a", true),
            (&[("a", "")], "a", true),
            (&[("a", "x")], "a", false),
            (&[("a", "1"), ("a", "2")], "a", false),
            (&[("a", "1"), ("d", "2")], "d", false),
        ] {
            let error = given(pairs).expect_err("does not fit");
            assert_eq!(
                (error.parameter.as_str(), error.is_missing),
                (parameter, is_missing)
            );
            assert!(!error.reason.nl.is_empty() && !error.reason.en.is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_text_is_one_term_or_refused(text in ".{0,40}") {
            for kind in ["iri", "string", "integer", "decimal", "date", "boolean"] {
                let kind = ParameterKind::from_name(kind).expect("a type");
                if let Ok(term) = kind.term(&text) {
                    // Written out and read again it is the same term: nothing escapes from it.
                    let line = format!("<http://e/s> <http://e/p> {term} .");
                    let read: Vec<_> = oxttl::NTriplesParser::new()
                        .for_slice(line.as_bytes())
                        .collect::<Result<_, _>>()
                        .map_err(|error| TestCaseError::fail(format!("{line}: {error}")))?;
                    prop_assert_eq!(read.len(), 1);
                    prop_assert_eq!(&read[0].object, &term);
                }
            }
        }
    }
}
