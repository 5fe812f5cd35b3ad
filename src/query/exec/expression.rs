//! Expressions over solutions: filters, extensions, sort keys and what is aggregated. Works on ids as far as it can and
//! reads texts only where a function asks for one. Functions are in `function`.

use super::function::Function;
use super::rows::Context;
use super::text::{Lexical, tag};
use super::time;
use super::value::{self, Arithmetic};
use crate::store::{Id, InlineValue};
use oxrdf::Term;
use oxsdatatypes::{Decimal, Integer};
use spareval::ExpressionTerm as Value;
use std::borrow::Cow;
use std::cmp::Ordering;

/// An expression of a plan. An error of SPARQL (§17.3) is `None` as its value.
pub(in crate::query) enum Expression {
    /// A term.
    Constant {
        /// Its id.
        id: u64,
        /// The same as a value.
        value: Value,
    },
    /// What a slot holds.
    Slot(usize),
    /// Whether a slot holds something.
    Bound(usize),
    /// `||`
    Or(Vec<Self>),
    /// `&&`
    And(Vec<Self>),
    /// `!`
    Not(Box<Self>),
    /// `=`
    Equal(Box<Self>, Box<Self>),
    /// `sameTerm`
    SameTerm(Box<Self>, Box<Self>),
    /// `<`, `<=`, `>`, `>=`
    Compare(Comparison, Box<Self>, Box<Self>),
    /// `IN`
    In(Box<Self>, Vec<Self>),
    /// `+`, `-`, `*`, `/`
    Arithmetic(Arithmetic, Box<Self>, Box<Self>),
    /// `+x`, or `-x` when the flag is set.
    Signed(Box<Self>, bool),
    /// `IF`
    If(Box<Self>, Box<Self>, Box<Self>),
    /// `COALESCE`
    Coalesce(Vec<Self>),
    /// A function.
    Call(Function, Vec<Self>),
}

/// An operator of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A value found by an expression.
pub(super) enum Computed {
    /// A term of the store or the query, by id.
    Id(u64),
    /// A computed value.
    Value(Value),
}

impl Computed {
    /// The id of its term.
    pub(super) fn into_id(self, context: &Context) -> u64 {
        match self {
            Self::Id(id) => id,
            Self::Value(value) => {
                let known = match &value {
                    Value::IntegerLiteral(value) => Id::of_integer((*value).into()),
                    Value::DecimalLiteral(value) => Some(context.dataset.id_of_decimal(*value)),
                    _ => None,
                };
                known
                    .unwrap_or_else(|| context.dataset.id(Term::from(value)))
                    .raw()
            }
        }
    }

    /// Its value.
    pub(super) fn into_value(self, context: &Context) -> Value {
        match self {
            Self::Id(id) => load(id, context),
            Self::Value(value) => value,
        }
    }
}

/// The value of an id.
pub(super) fn load(raw: u64, context: &Context) -> Value {
    let id = Id::from_raw(raw).expect("solutions hold ids");
    match id.inline_value() {
        Some(InlineValue::Integer(number)) => Value::IntegerLiteral(Integer::from(number)),
        Some(InlineValue::Boolean(value)) => Value::BooleanLiteral(value.into()),
        Some(InlineValue::Decimal { digits, scale }) => match Decimal::new(digits.into(), scale) {
            Ok(decimal) => Value::DecimalLiteral(decimal),
            Err(_) => context.dataset.term(id).into(),
        },
        Some(InlineValue::Date(days)) => Value::DateLiteral(time::date(days)),
        Some(InlineValue::DateTime { seconds, offset }) => {
            Value::DateTimeLiteral(time::date_time(seconds, offset))
        }
        None => context.dataset.term(id).into(),
    }
}

fn truth_value(value: bool) -> Option<Computed> {
    Some(Computed::Value(value.into()))
}

impl Expression {
    /// Whether it has a value in every solution in which some slots have one.
    pub(in crate::query) fn is_certain(&self, is_bound: impl Fn(usize) -> bool) -> bool {
        match self {
            Self::Constant { .. } => true,
            Self::Slot(slot) => is_bound(*slot),
            _ => false,
        }
    }

    /// Calls with it and with every expression in it.
    pub(in crate::query) fn each(&self, seen: &mut impl FnMut(&Self)) {
        seen(self);
        match self {
            Self::Constant { .. } | Self::Slot(_) | Self::Bound(_) => {}
            Self::Or(list) | Self::And(list) | Self::Coalesce(list) | Self::Call(_, list) => {
                list.iter().for_each(|inner| inner.each(seen));
            }
            Self::Not(inner) | Self::Signed(inner, _) => inner.each(seen),
            Self::Equal(a, b)
            | Self::SameTerm(a, b)
            | Self::Compare(_, a, b)
            | Self::Arithmetic(_, a, b) => {
                a.each(seen);
                b.each(seen);
            }
            Self::In(value, list) => {
                value.each(seen);
                list.iter().for_each(|inner| inner.each(seen));
            }
            Self::If(condition, yes, no) => {
                condition.each(seen);
                yes.each(seen);
                no.each(seen);
            }
        }
    }

    /// Whether the expression is true for a solution; an error is not.
    pub(super) fn holds(&self, row: &[u64], context: &Context) -> bool {
        self.truth(row, context) == Some(true)
    }

    /// Its effective boolean value.
    pub(super) fn truth(&self, row: &[u64], context: &Context) -> Option<bool> {
        match self {
            Self::Bound(slot) => Some(row[*slot] != 0),
            Self::Not(inner) => Some(!inner.truth(row, context)?),
            Self::Or(list) => {
                let mut failed = false;
                for inner in list {
                    match inner.truth(row, context) {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => failed = true,
                    }
                }
                (!failed).then_some(false)
            }
            Self::And(list) => {
                let mut failed = false;
                for inner in list {
                    match inner.truth(row, context) {
                        Some(false) => return Some(false),
                        Some(true) => {}
                        None => failed = true,
                    }
                }
                (!failed).then_some(true)
            }
            Self::Equal(a, b) => equal(&a.value(row, context)?, &b.value(row, context)?, context),
            Self::SameTerm(a, b) => {
                let a = a.value(row, context)?.into_id(context);
                Some(a == b.value(row, context)?.into_id(context))
            }
            Self::Compare(comparison, a, b) => {
                let order = compare(&a.value(row, context)?, &b.value(row, context)?, context)?;
                Some(match comparison {
                    Comparison::Less => order == Ordering::Less,
                    Comparison::LessOrEqual => order != Ordering::Greater,
                    Comparison::Greater => order == Ordering::Greater,
                    Comparison::GreaterOrEqual => order != Ordering::Less,
                })
            }
            Self::In(value, list) => {
                let value = value.value(row, context)?;
                let mut failed = false;
                for candidate in list {
                    let same = candidate
                        .value(row, context)
                        .and_then(|candidate| equal(&value, &candidate, context));
                    match same {
                        Some(true) => return Some(true),
                        Some(false) => {}
                        None => failed = true,
                    }
                }
                (!failed).then_some(false)
            }
            Self::Call(function, arguments) if function.is_test() => {
                function.test(arguments, row, context)
            }
            _ => value::truth(&self.value(row, context)?.into_value(context)),
        }
    }

    /// Its value.
    pub(super) fn value(&self, row: &[u64], context: &Context) -> Option<Computed> {
        match self {
            Self::Constant { id, .. } => Some(Computed::Id(*id)),
            Self::Slot(slot) => (row[*slot] != 0).then_some(Computed::Id(row[*slot])),
            Self::Arithmetic(operator, a, b) => {
                let a = a.loaded(row, context)?;
                let b = b.loaded(row, context)?;
                value::compute(*operator, &a, &b).map(Computed::Value)
            }
            Self::Signed(inner, negative) => {
                value::signed(inner.loaded(row, context)?, *negative).map(Computed::Value)
            }
            Self::If(condition, yes, no) => {
                if condition.truth(row, context)? {
                    yes.value(row, context)
                } else {
                    no.value(row, context)
                }
            }
            Self::Coalesce(list) => list.iter().find_map(|inner| inner.value(row, context)),
            Self::Call(function, arguments) if !function.is_test() => {
                function.call(arguments, row, context)
            }
            _ => truth_value(self.truth(row, context)?),
        }
    }

    /// Its value, read.
    pub(super) fn loaded(&self, row: &[u64], context: &Context) -> Option<Value> {
        match self {
            Self::Constant { value, .. } => Some(value.clone()),
            _ => Some(self.value(row, context)?.into_value(context)),
        }
    }

    /// Its text and tag, when it is a string.
    pub(super) fn string(
        &self,
        row: &[u64],
        context: &Context,
    ) -> Option<(Cow<'_, str>, Option<String>)> {
        if let Self::Constant {
            value: Value::StringLiteral(value),
            ..
        } = self
        {
            return Some((Cow::Borrowed(value), None));
        }
        let (text, tag) = match self.value(row, context)? {
            Computed::Id(id) => Lexical::of(id, context).into_string()?,
            Computed::Value(Value::StringLiteral(value)) => (value, None),
            Computed::Value(Value::LangStringLiteral { value, language }) => {
                (value, Some(language))
            }
            Computed::Value(Value::DirLangStringLiteral {
                value,
                language,
                direction,
            }) => (value, Some(tag(language, Some(direction)))),
            Computed::Value(_) => return None,
        };
        Some((Cow::Owned(text), tag))
    }
}

/// `=` by ids where they decide, else by values.
fn equal(a: &Computed, b: &Computed, context: &Context) -> Option<bool> {
    if let (Computed::Id(a), Computed::Id(b)) = (a, b) {
        let (left, right) = (Id::from_raw(*a)?, Id::from_raw(*b)?);
        let is_stored = left.local_index().is_none() && right.local_index().is_none();
        let is_node = |id: Id| id.is_iri() || id.is_blank();
        if is_stored && (is_node(left) || is_node(right)) {
            return Some(a == b);
        }
        if let Some(order) = compare_inline(left, right) {
            return Some(order == Ordering::Equal);
        }
    }
    value::equals(&borrowed(a, context), &borrowed(b, context))
}

fn compare(a: &Computed, b: &Computed, context: &Context) -> Option<Ordering> {
    if let (Computed::Id(a), Computed::Id(b)) = (a, b)
        && let Some(order) = compare_inline(Id::from_raw(*a)?, Id::from_raw(*b)?)
    {
        return Some(order);
    }
    value::compare(&borrowed(a, context), &borrowed(b, context))
}

/// Whole and decimal numbers, dates and moments by what their ids hold.
fn compare_inline(a: Id, b: Id) -> Option<Ordering> {
    let digits = |value| match value {
        InlineValue::Integer(number) => Some((i128::from(number), 0)),
        InlineValue::Decimal { digits, scale } => Some((i128::from(digits), scale)),
        _ => None,
    };
    match (a.inline_value()?, b.inline_value()?) {
        (InlineValue::Date(a), InlineValue::Date(b)) => Some(a.cmp(&b)),
        (
            InlineValue::DateTime { seconds, offset },
            InlineValue::DateTime {
                seconds: other,
                offset: of_other,
            },
        ) => match (offset, of_other) {
            (None, None) => Some(seconds.cmp(&other)),
            (Some(a), Some(b)) => Some((seconds as i64 - 60 * a).cmp(&(other as i64 - 60 * b))),
            // Which comes first may be unknown (XML Schema §3.3.7).
            _ => None,
        },
        (a, b) => {
            let ((a, scale_a), (b, scale_b)) = (digits(a)?, digits(b)?);
            // At most 18 digits times ten to the power 15.
            let scale = scale_a.max(scale_b);
            Some((a * 10_i128.pow(scale - scale_a)).cmp(&(b * 10_i128.pow(scale - scale_b))))
        }
    }
}

fn borrowed<'a>(computed: &'a Computed, context: &Context) -> Cow<'a, Value> {
    match computed {
        Computed::Id(id) => Cow::Owned(load(*id, context)),
        Computed::Value(value) => Cow::Borrowed(value),
    }
}
