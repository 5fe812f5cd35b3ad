//! The functions of SPARQL 1.1 §17.4 over solutions. Those that queries call often are computed here; the others are borrowed
//! from the other evaluator, call by call.

use super::expression::{Computed, Expression, load};
use super::rows::Context;
use super::text::{Lexical, tagged};
use super::time::TimePart;
use super::value;
use crate::store::Id;
use oxrdf::Term;
use regex::Regex;
use spareval::ExpressionTerm as Value;
use std::borrow::Cow;
use std::rc::Rc;

/// A function (SPARQL 1.1 §17.4).
pub(in crate::query) enum Function {
    /// `STR`, of the text as it is stored.
    Str,
    /// `LANG`
    Lang,
    /// `DATATYPE`, as it is stored.
    Datatype,
    /// `LANGMATCHES`
    LangMatches,
    /// `CONTAINS`
    Contains,
    /// `STRSTARTS`
    StrStarts,
    /// `STRENDS`
    StrEnds,
    /// `STRLEN`
    StrLen,
    /// `UCASE`
    UCase,
    /// `LCASE`
    LCase,
    /// `CONCAT`
    Concat,
    /// `SUBSTR`
    SubStr,
    /// `STRBEFORE`
    StrBefore,
    /// `STRAFTER`
    StrAfter,
    /// `REGEX` with a pattern known beforehand.
    Regex(Rc<Regex>),
    /// `REPLACE` with a pattern known beforehand; its arguments are the text and what replaces.
    Replace(Rc<Regex>),
    /// `IRI`, against this base.
    Iri(Option<oxiri::Iri<String>>),
    /// `ABS`
    Abs,
    /// `CEIL`
    Ceil,
    /// `FLOOR`
    Floor,
    /// `ROUND`
    Round,
    /// `YEAR`, `MONTH`, `DAY`, `HOURS` or `MINUTES`
    Part(TimePart),
    /// `isIRI`
    IsIri,
    /// `isBLANK`
    IsBlank,
    /// `isLITERAL`
    IsLiteral,
    /// `isNUMERIC`
    IsNumeric,
    /// A function of terms that needs nothing else, as those of GeoSPARQL; `None` is an error.
    Terms(fn(&[Term]) -> Option<Term>),
    /// A function that the other evaluator has: casts, hashes, what is rarely called. Costs some memory for each call.
    Borrowed {
        /// Its name, or its IRI in angle brackets.
        name: String,
        /// Its value for some arguments.
        call: Box<dyn Fn(Vec<Term>) -> Option<Term>>,
        /// Whether it may have another value each time, as `RAND` and `UUID`.
        by_chance: bool,
    },
}

impl Function {
    /// Whether its value is a boolean.
    pub(super) fn is_test(&self) -> bool {
        matches!(
            self,
            Self::LangMatches
                | Self::Contains
                | Self::StrStarts
                | Self::StrEnds
                | Self::Regex(_)
                | Self::IsIri
                | Self::IsBlank
                | Self::IsLiteral
                | Self::IsNumeric
        )
    }

    /// Its value, when [`Function::is_test`].
    pub(super) fn test(
        &self,
        arguments: &[Expression],
        row: &[u64],
        context: &Context,
    ) -> Option<bool> {
        let kind = |iri: bool, blank: bool, literal: bool| {
            Some(
                match arguments[0].value(row, context)?.into_value(context) {
                    Value::NamedNode(_) => iri,
                    Value::BlankNode(_) => blank,
                    Value::Triple(_) => false,
                    _ => literal,
                },
            )
        };
        let pair = || compatible(arguments, row, context);
        match self {
            Self::Contains => pair().map(|(text, part, _)| text.contains(&*part)),
            Self::StrStarts => pair().map(|(text, part, _)| text.starts_with(&*part)),
            Self::StrEnds => pair().map(|(text, part, _)| text.ends_with(&*part)),
            Self::Regex(regex) => {
                let (text, _) = arguments[0].string(row, context)?;
                Some(regex.is_match(&text))
            }
            Self::LangMatches => {
                let tag = simple(&arguments[0], row, context)?;
                let range = simple(&arguments[1], row, context)?;
                Some(language_matches(&tag, &range))
            }
            Self::IsIri => kind(true, false, false),
            Self::IsBlank => kind(false, true, false),
            Self::IsLiteral => kind(false, false, true),
            Self::IsNumeric => {
                let value = arguments[0].loaded(row, context)?;
                Some(value::is_numeric(&value))
            }
            _ => None,
        }
    }

    /// Its value, when it is no test.
    pub(super) fn call(
        &self,
        arguments: &[Expression],
        row: &[u64],
        context: &Context,
    ) -> Option<Computed> {
        let text = |text: String, language: Option<String>| {
            Some(Computed::Value(match language {
                None => Value::StringLiteral(text),
                Some(tag) => tagged(text, tag),
            }))
        };
        match self {
            Self::Str => match arguments[0].value(row, context)? {
                Computed::Id(id) => text(Lexical::of(id, context).into_text()?, None),
                Computed::Value(value) => match Term::from(value) {
                    Term::NamedNode(node) => text(node.into_string(), None),
                    Term::Literal(literal) => text(literal.destruct().0, None),
                    Term::BlankNode(_) | Term::Triple(_) => None,
                },
            },
            Self::Lang => match arguments[0].value(row, context)? {
                Computed::Id(id) => text(Lexical::of(id, context).into_language()?, None),
                Computed::Value(
                    Value::LangStringLiteral { language, .. }
                    | Value::DirLangStringLiteral { language, .. },
                ) => text(language, None),
                Computed::Value(Value::NamedNode(_) | Value::BlankNode(_) | Value::Triple(_)) => {
                    None
                }
                Computed::Value(_) => text(String::new(), None),
            },
            Self::Datatype => {
                let id = arguments[0].value(row, context)?.into_id(context);
                match context.dataset.term(Id::from_raw(id)?) {
                    Term::Literal(literal) => {
                        Some(Computed::Value(literal.datatype().into_owned().into()))
                    }
                    Term::NamedNode(_) | Term::BlankNode(_) | Term::Triple(_) => None,
                }
            }
            Self::StrLen => {
                let (value, _) = arguments[0].string(row, context)?;
                let length = i64::try_from(value.chars().count()).ok()?;
                Some(Computed::Value(Value::IntegerLiteral(length.into())))
            }
            Self::UCase => {
                let (value, language) = arguments[0].string(row, context)?;
                text(value.to_uppercase(), language)
            }
            Self::LCase => {
                let (value, language) = arguments[0].string(row, context)?;
                text(value.to_lowercase(), language)
            }
            Self::SubStr => {
                let (value, language) = arguments[0].string(row, context)?;
                let start = integer(&arguments[1], row, context)?;
                let length = match arguments.get(2) {
                    Some(length) => Some(integer(length, row, context)?),
                    None => None,
                };
                text(characters(&value, start, length)?.to_owned(), language)
            }
            Self::StrBefore | Self::StrAfter => {
                let (value, part, language) = compatible(arguments, row, context)?;
                match (value.find(&*part), self) {
                    (Some(at), Self::StrBefore) => text(value[..at].to_owned(), language),
                    (Some(at), _) => text(value[at + part.len()..].to_owned(), language),
                    (None, _) => text(String::new(), None),
                }
            }
            Self::Replace(regex) => {
                let (value, language) = arguments[0].string(row, context)?;
                let by = simple(&arguments[1], row, context)?;
                text(regex.replace_all(&value, &*by).into_owned(), language)
            }
            Self::Iri(base) => {
                let iri = match arguments[0].loaded(row, context)? {
                    Value::NamedNode(node) => node,
                    Value::StringLiteral(text) => match base {
                        Some(base) => base.resolve(&text).ok()?.into(),
                        None => oxiri::Iri::parse(text).ok()?.into(),
                    },
                    _ => return None,
                };
                Some(Computed::Value(Value::NamedNode(iri)))
            }
            Self::Abs | Self::Ceil | Self::Floor | Self::Round => {
                let value = arguments[0].loaded(row, context)?;
                self.rounded(value).map(Computed::Value)
            }
            Self::Part(part) => {
                let part = match arguments[0].value(row, context)? {
                    Computed::Id(id) => match Id::from_raw(id)?.inline_value() {
                        Some(inline) => part.of_inline(inline)?,
                        None => part.of(&load(id, context))?,
                    },
                    Computed::Value(value) => part.of(&value)?,
                };
                Some(Computed::Value(Value::IntegerLiteral(part.into())))
            }
            Self::Terms(function) => {
                let terms = terms(arguments, row, context)?;
                Some(Computed::Value(function(&terms)?.into()))
            }
            Self::Borrowed { call, .. } => {
                let terms = terms(arguments, row, context)?;
                Some(Computed::Value(call(terms)?.into()))
            }
            Self::Concat => {
                let mut all = String::new();
                let mut common: Option<Option<String>> = None;
                for argument in arguments {
                    let (value, language) = argument.string(row, context)?;
                    match &common {
                        Some(known) if *known != language => common = Some(None),
                        Some(_) => {}
                        None => common = Some(language),
                    }
                    all.push_str(&value);
                }
                text(all, common.flatten())
            }
            _ => None,
        }
    }
}

impl Function {
    fn rounded(&self, value: Value) -> Option<Value> {
        Some(match (self, value) {
            (Self::Abs, Value::IntegerLiteral(v)) => Value::IntegerLiteral(v.checked_abs()?),
            (_, Value::IntegerLiteral(v)) => Value::IntegerLiteral(v),
            (Self::Abs, Value::DecimalLiteral(v)) => Value::DecimalLiteral(v.checked_abs()?),
            (Self::Ceil, Value::DecimalLiteral(v)) => Value::DecimalLiteral(v.checked_ceil()?),
            (Self::Floor, Value::DecimalLiteral(v)) => Value::DecimalLiteral(v.checked_floor()?),
            (_, Value::DecimalLiteral(v)) => Value::DecimalLiteral(v.checked_round()?),
            (Self::Abs, Value::FloatLiteral(v)) => Value::FloatLiteral(v.abs()),
            (Self::Ceil, Value::FloatLiteral(v)) => Value::FloatLiteral(v.ceil()),
            (Self::Floor, Value::FloatLiteral(v)) => Value::FloatLiteral(v.floor()),
            (_, Value::FloatLiteral(v)) => Value::FloatLiteral(v.round()),
            (Self::Abs, Value::DoubleLiteral(v)) => Value::DoubleLiteral(v.abs()),
            (Self::Ceil, Value::DoubleLiteral(v)) => Value::DoubleLiteral(v.ceil()),
            (Self::Floor, Value::DoubleLiteral(v)) => Value::DoubleLiteral(v.floor()),
            (_, Value::DoubleLiteral(v)) => Value::DoubleLiteral(v.round()),
            _ => return None,
        })
    }
}

/// The values of all arguments as terms.
fn terms(arguments: &[Expression], row: &[u64], context: &Context) -> Option<Vec<Term>> {
    let mut terms = Vec::with_capacity(arguments.len());
    for argument in arguments {
        terms.push(match argument.value(row, context)? {
            Computed::Id(id) => context.dataset.term(Id::from_raw(id)?),
            Computed::Value(value) => value.into(),
        });
    }
    Some(terms)
}

/// Two strings that may be compared (§17.4.3.1.2): the second plain or in the language of the first, which comes last.
fn compatible<'a>(
    arguments: &'a [Expression],
    row: &[u64],
    context: &Context,
) -> Option<(Cow<'a, str>, Cow<'a, str>, Option<String>)> {
    let (text, language) = arguments[0].string(row, context)?;
    let (part, part_language) = arguments[1].string(row, context)?;
    (part_language.is_none() || part_language == language).then_some((text, part, language))
}

fn integer(expression: &Expression, row: &[u64], context: &Context) -> Option<i64> {
    match expression.loaded(row, context)? {
        Value::IntegerLiteral(value) => Some(value.into()),
        _ => None,
    }
}

/// Characters of a text from one, counted from 1, so many (`fn:substring`).
fn characters(text: &str, start: i64, length: Option<i64>) -> Option<&str> {
    let end = match length {
        Some(length) => start.checked_add(length)?,
        None => i64::MAX,
    };
    // The characters before the first do not exist, but count.
    let skip = usize::try_from(start.saturating_sub(1)).unwrap_or(0);
    let take = usize::try_from(end.saturating_sub(start.max(1))).unwrap_or(0);
    let at = |count: usize, text: &str| {
        text.char_indices()
            .nth(count)
            .map_or(text.len(), |(at, _)| at)
    };
    let rest = &text[at(skip, text)..];
    Some(&rest[..at(take, rest)])
}

fn simple(expression: &Expression, row: &[u64], context: &Context) -> Option<String> {
    match expression.loaded(row, context)? {
        Value::StringLiteral(value) => Some(value),
        _ => None,
    }
}

/// Basic filtering of RFC 4647 §3.3.1.
fn language_matches(tag: &str, range: &str) -> bool {
    if range == "*" {
        return !tag.is_empty();
    }
    let mut tags = tag.split('-');
    range
        .split('-')
        .all(|part| tags.next().is_some_and(|of| of.eq_ignore_ascii_case(part)))
}
