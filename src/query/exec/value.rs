//! Values of expressions: how they are compared, ordered, computed with and judged true, as SPARQL 1.1 (§17.2, §17.3)
//! and the XPath operators define it. Works on the evaluator's own literals, so that both engines mean the same by them.
//! Reads nothing and knows no solution.

use oxrdf::{Literal, Term};
use oxsdatatypes::{Boolean, Decimal, Double, Duration, Float, Integer};
use spareval::{ExpressionTerm as Value, ExpressionTriple};
use std::cmp::Ordering;

/// The effective boolean value (§17.2.2).
pub(super) fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::BooleanLiteral(value) => Some((*value).into()),
        Value::StringLiteral(value) => Some(!value.is_empty()),
        Value::FloatLiteral(value) => Some(Boolean::from(*value).into()),
        Value::DoubleLiteral(value) => Some(Boolean::from(*value).into()),
        Value::IntegerLiteral(value) => Some(Boolean::from(*value).into()),
        Value::DecimalLiteral(value) => Some(Boolean::from(*value).into()),
        _ => None,
    }
}

/// Two numbers as values of the smaller type that holds both.
enum Numbers {
    Integers(Integer, Integer),
    Decimals(Decimal, Decimal),
    Floats(Float, Float),
    Doubles(Double, Double),
}

fn numbers(a: &Value, b: &Value) -> Option<Numbers> {
    use Value::{DecimalLiteral, DoubleLiteral, FloatLiteral, IntegerLiteral};
    Some(match (a, b) {
        (IntegerLiteral(a), IntegerLiteral(b)) => Numbers::Integers(*a, *b),
        (IntegerLiteral(a), DecimalLiteral(b)) => Numbers::Decimals((*a).into(), *b),
        (DecimalLiteral(a), IntegerLiteral(b)) => Numbers::Decimals(*a, (*b).into()),
        (DecimalLiteral(a), DecimalLiteral(b)) => Numbers::Decimals(*a, *b),
        (FloatLiteral(a), IntegerLiteral(b)) => Numbers::Floats(*a, (*b).into()),
        (FloatLiteral(a), DecimalLiteral(b)) => Numbers::Floats(*a, (*b).into()),
        (FloatLiteral(a), FloatLiteral(b)) => Numbers::Floats(*a, *b),
        (IntegerLiteral(a), FloatLiteral(b)) => Numbers::Floats((*a).into(), *b),
        (DecimalLiteral(a), FloatLiteral(b)) => Numbers::Floats((*a).into(), *b),
        (DoubleLiteral(a), IntegerLiteral(b)) => Numbers::Doubles(*a, (*b).into()),
        (DoubleLiteral(a), DecimalLiteral(b)) => Numbers::Doubles(*a, (*b).into()),
        (DoubleLiteral(a), FloatLiteral(b)) => Numbers::Doubles(*a, (*b).into()),
        (DoubleLiteral(a), DoubleLiteral(b)) => Numbers::Doubles(*a, *b),
        (IntegerLiteral(a), DoubleLiteral(b)) => Numbers::Doubles((*a).into(), *b),
        (DecimalLiteral(a), DoubleLiteral(b)) => Numbers::Doubles((*a).into(), *b),
        (FloatLiteral(a), DoubleLiteral(b)) => Numbers::Doubles((*a).into(), *b),
        _ => return None,
    })
}

/// Whether a value is numeric (`isNumeric`).
pub(super) fn is_numeric(value: &Value) -> bool {
    matches!(
        value,
        Value::IntegerLiteral(_)
            | Value::DecimalLiteral(_)
            | Value::FloatLiteral(_)
            | Value::DoubleLiteral(_)
    )
}

fn duration(value: &Value) -> Option<Duration> {
    Some(match value {
        Value::DurationLiteral(value) => *value,
        Value::YearMonthDurationLiteral(value) => (*value).into(),
        Value::DayTimeDurationLiteral(value) => (*value).into(),
        _ => return None,
    })
}

/// The operator `=`; `None` for a type error.
pub(super) fn equals(a: &Value, b: &Value) -> Option<bool> {
    let other = |value: &Value| matches!(value, Value::OtherTypedLiteral { .. });
    match (a, b) {
        (Value::Triple(a), Value::Triple(b)) => Some(
            a.subject == b.subject && a.predicate == b.predicate && equals(&a.object, &b.object)?,
        ),
        _ if is_compared_as_term(a) || is_compared_as_term(b) => Some(a == b),
        _ if other(a) || other(b) => (a == b).then_some(true),
        _ => Some(match numbers(a, b) {
            Some(Numbers::Integers(a, b)) => a == b,
            Some(Numbers::Decimals(a, b)) => a == b,
            Some(Numbers::Floats(a, b)) => a == b,
            Some(Numbers::Doubles(a, b)) => a == b,
            None => match (duration(a), duration(b)) {
                (Some(a), Some(b)) => a == b,
                _ => equal_of_one_type(a, b),
            },
        }),
    }
}

/// Whether a value equals exactly the same term only.
fn is_compared_as_term(value: &Value) -> bool {
    matches!(
        value,
        Value::NamedNode(_)
            | Value::BlankNode(_)
            | Value::LangStringLiteral { .. }
            | Value::DirLangStringLiteral { .. }
            | Value::Triple(_)
    )
}

fn equal_of_one_type(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::StringLiteral(a), Value::StringLiteral(b)) => a == b,
        (Value::BooleanLiteral(a), Value::BooleanLiteral(b)) => a == b,
        (Value::DateTimeLiteral(a), Value::DateTimeLiteral(b)) => a == b,
        (Value::DateLiteral(a), Value::DateLiteral(b)) => a == b,
        (Value::TimeLiteral(a), Value::TimeLiteral(b)) => a == b,
        _ => false,
    }
}

/// How two values compare for `<` and its kin; `None` for a type error or values without an order.
pub(super) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    if a == b {
        return Some(Ordering::Equal);
    }
    match (a, b) {
        (Value::Triple(a), Value::Triple(b)) => (a.subject == b.subject
            && a.predicate == b.predicate)
            .then(|| compare(&a.object, &b.object))?,
        _ => compare_literals(a, b),
    }
}

fn compare_literals(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::StringLiteral(a), Value::StringLiteral(b)) => Some(a.cmp(b)),
        (
            Value::LangStringLiteral {
                value: a,
                language: of_a,
            },
            Value::LangStringLiteral {
                value: b,
                language: of_b,
            },
        ) => (of_a == of_b).then(|| a.cmp(b)),
        (Value::DateTimeLiteral(a), Value::DateTimeLiteral(b)) => a.partial_cmp(b),
        (Value::DateLiteral(a), Value::DateLiteral(b)) => a.partial_cmp(b),
        (Value::TimeLiteral(a), Value::TimeLiteral(b)) => a.partial_cmp(b),
        _ => match numbers(a, b) {
            Some(Numbers::Integers(a, b)) => a.partial_cmp(&b),
            Some(Numbers::Decimals(a, b)) => a.partial_cmp(&b),
            Some(Numbers::Floats(a, b)) => a.partial_cmp(&b),
            Some(Numbers::Doubles(a, b)) => a.partial_cmp(&b),
            None => duration(a)?.partial_cmp(&duration(b)?),
        },
    }
}

/// The order of `ORDER BY` (§15.1): no value, blank nodes, IRIs, literals, triple terms; total, so that it never depends on
/// chance.
pub(super) fn order(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let (a, b) = match (a, b) {
        (Some(a), Some(b)) => (a, b),
        (a, b) => return a.is_some().cmp(&b.is_some()),
    };
    let rank = |value: &Value| match value {
        Value::BlankNode(_) => 0,
        Value::NamedNode(_) => 1,
        Value::Triple(_) => 3,
        _ => 2,
    };
    match (a, b) {
        (Value::BlankNode(a), Value::BlankNode(b)) => a.as_str().cmp(b.as_str()),
        (Value::NamedNode(a), Value::NamedNode(b)) => a.as_str().cmp(b.as_str()),
        (Value::Triple(a), Value::Triple(b)) => {
            let subject = |triple: &ExpressionTriple| Value::from(triple.subject.clone());
            order(Some(&subject(a)), Some(&subject(b)))
                .then_with(|| a.predicate.as_str().cmp(b.predicate.as_str()))
                .then_with(|| order(Some(&a.object), Some(&b.object)))
        }
        _ => rank(a).cmp(&rank(b)).then_with(|| {
            compare_literals(a, b).unwrap_or_else(|| {
                let (a, b) = (literal(a), literal(b));
                (a.value(), a.datatype(), a.language()).cmp(&(
                    b.value(),
                    b.datatype(),
                    b.language(),
                ))
            })
        }),
    }
}

fn literal(value: &Value) -> Literal {
    match Term::from(value.clone()) {
        Term::Literal(literal) => literal,
        Term::NamedNode(_) | Term::BlankNode(_) | Term::Triple(_) => Literal::from(""),
    }
}

/// An operator of arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}

/// The result of an operator of arithmetic; `None` for a type error, an overflow or a division of whole numbers by zero.
pub(super) fn compute(operator: Arithmetic, a: &Value, b: &Value) -> Option<Value> {
    if !is_numeric(a) || !is_numeric(b) {
        return match operator {
            Arithmetic::Add => add_time(a, b),
            Arithmetic::Subtract => subtract_time(a, b),
            Arithmetic::Multiply | Arithmetic::Divide => None,
        };
    }
    Some(match numbers(a, b)? {
        Numbers::Integers(a, b) => match operator {
            Arithmetic::Add => Value::IntegerLiteral(a.checked_add(b)?),
            Arithmetic::Subtract => Value::IntegerLiteral(a.checked_sub(b)?),
            Arithmetic::Multiply => Value::IntegerLiteral(a.checked_mul(b)?),
            Arithmetic::Divide => {
                Value::DecimalLiteral(Decimal::from(a).checked_div(Decimal::from(b))?)
            }
        },
        Numbers::Decimals(a, b) => Value::DecimalLiteral(match operator {
            Arithmetic::Add => a.checked_add(b)?,
            Arithmetic::Subtract => a.checked_sub(b)?,
            Arithmetic::Multiply => a.checked_mul(b)?,
            Arithmetic::Divide => a.checked_div(b)?,
        }),
        Numbers::Floats(a, b) => Value::FloatLiteral(match operator {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a / b,
        }),
        Numbers::Doubles(a, b) => Value::DoubleLiteral(match operator {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a / b,
        }),
    })
}

fn add_time(a: &Value, b: &Value) -> Option<Value> {
    Some(match (a, b) {
        (Value::DateTimeLiteral(a), b) => {
            Value::DateTimeLiteral(a.checked_add_duration(duration(b)?)?)
        }
        (Value::DateLiteral(a), b) => Value::DateLiteral(a.checked_add_duration(duration(b)?)?),
        (Value::TimeLiteral(a), b) => Value::TimeLiteral(a.checked_add_duration(duration(b)?)?),
        (Value::YearMonthDurationLiteral(a), Value::YearMonthDurationLiteral(b)) => {
            Value::YearMonthDurationLiteral(a.checked_add(*b)?)
        }
        (Value::DayTimeDurationLiteral(a), Value::DayTimeDurationLiteral(b)) => {
            Value::DayTimeDurationLiteral(a.checked_add(*b)?)
        }
        (a, b) => Value::DurationLiteral(duration(a)?.checked_add(duration(b)?)?),
    })
}

fn subtract_time(a: &Value, b: &Value) -> Option<Value> {
    Some(match (a, b) {
        (Value::DateTimeLiteral(a), Value::DateTimeLiteral(b)) => {
            Value::DayTimeDurationLiteral(a.checked_sub(*b)?)
        }
        (Value::DateLiteral(a), Value::DateLiteral(b)) => {
            Value::DayTimeDurationLiteral(a.checked_sub(*b)?)
        }
        (Value::TimeLiteral(a), Value::TimeLiteral(b)) => {
            Value::DayTimeDurationLiteral(a.checked_sub(*b)?)
        }
        (Value::DateTimeLiteral(a), b) => {
            Value::DateTimeLiteral(a.checked_sub_duration(duration(b)?)?)
        }
        (Value::DateLiteral(a), b) => Value::DateLiteral(a.checked_sub_duration(duration(b)?)?),
        (Value::TimeLiteral(a), b) => Value::TimeLiteral(a.checked_sub_duration(duration(b)?)?),
        (Value::YearMonthDurationLiteral(a), Value::YearMonthDurationLiteral(b)) => {
            Value::YearMonthDurationLiteral(a.checked_sub(*b)?)
        }
        (Value::DayTimeDurationLiteral(a), Value::DayTimeDurationLiteral(b)) => {
            Value::DayTimeDurationLiteral(a.checked_sub(*b)?)
        }
        (a, b) => Value::DurationLiteral(duration(a)?.checked_sub(duration(b)?)?),
    })
}

/// `+x` and `-x`.
pub(super) fn signed(value: Value, negative: bool) -> Option<Value> {
    Some(match value {
        Value::IntegerLiteral(v) if negative => Value::IntegerLiteral(v.checked_neg()?),
        Value::DecimalLiteral(v) if negative => Value::DecimalLiteral(v.checked_neg()?),
        Value::FloatLiteral(v) if negative => Value::FloatLiteral(-v),
        Value::DoubleLiteral(v) if negative => Value::DoubleLiteral(-v),
        value if is_numeric(&value) => value,
        _ => return None,
    })
}
