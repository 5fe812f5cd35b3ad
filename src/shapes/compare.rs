//! Order of literal values as the operators `<` and `=` of SPARQL see it
//! ([operator mapping](https://www.w3.org/TR/sparql11-query/#OperatorMapping)). Ill-formed literals have no value.

use crate::rdf::vocab::xsd;
use oxrdf::LiteralRef;
use oxsdatatypes::{
    Boolean, Date, DateTime, DayTimeDuration, Decimal, Double, Duration, Float, GDay, GMonth,
    GMonthDay, GYear, GYearMonth, Integer, Time, YearMonthDuration,
};
use std::cmp::Ordering;
use std::str::FromStr;

/// A literal's value, for comparison only.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    Integer(Integer),
    Decimal(Decimal),
    Float(Float),
    Double(Double),
    Boolean(Boolean),
    String(Box<str>),
    DateTime(DateTime),
    Date(Date),
    Time(Time),
    GYear(GYear),
    GYearMonth(GYearMonth),
    GMonth(GMonth),
    GMonthDay(GMonthDay),
    GDay(GDay),
    Duration(Duration),
}

impl Value {
    /// The value of a literal; `None` when it is ill-formed, tagged with a language or of a type without order.
    pub(crate) fn of_literal(literal: LiteralRef<'_>) -> Option<Self> {
        if literal.language().is_some() {
            return None;
        }
        Self::parse(literal.value(), literal.datatype().as_str())
    }

    /// The value of a lexical form.
    pub(crate) fn parse(lexical: &str, datatype: &str) -> Option<Self> {
        fn read<T: FromStr>(lexical: &str, make: fn(T) -> Value) -> Option<Value> {
            T::from_str(lexical).ok().map(make)
        }
        match datatype {
            xsd::STRING => Some(Self::String(lexical.into())),
            xsd::INTEGER
            | xsd::LONG
            | xsd::INT
            | xsd::SHORT
            | xsd::BYTE
            | xsd::NON_NEGATIVE_INTEGER
            | xsd::POSITIVE_INTEGER
            | xsd::NON_POSITIVE_INTEGER
            | xsd::NEGATIVE_INTEGER
            | xsd::UNSIGNED_LONG
            | xsd::UNSIGNED_INT
            | xsd::UNSIGNED_SHORT
            | xsd::UNSIGNED_BYTE => {
                // Numbers beyond 64 bits still have a place among decimals.
                read(lexical, Self::Integer).or_else(|| read(lexical, Self::Decimal))
            }
            xsd::DECIMAL => read(lexical, Self::Decimal),
            xsd::FLOAT => read(lexical, Self::Float),
            xsd::DOUBLE => read(lexical, Self::Double),
            xsd::BOOLEAN => read(lexical, Self::Boolean),
            xsd::DATE_TIME | xsd::DATE_TIME_STAMP => read(lexical, Self::DateTime),
            xsd::DATE => read(lexical, Self::Date),
            xsd::TIME => read(lexical, Self::Time),
            xsd::G_YEAR => read(lexical, Self::GYear),
            xsd::G_YEAR_MONTH => read(lexical, Self::GYearMonth),
            xsd::G_MONTH => read(lexical, Self::GMonth),
            xsd::G_MONTH_DAY => read(lexical, Self::GMonthDay),
            xsd::G_DAY => read(lexical, Self::GDay),
            xsd::DURATION => read(lexical, Self::Duration),
            xsd::YEAR_MONTH_DURATION => YearMonthDuration::from_str(lexical)
                .ok()
                .map(|d| Self::Duration(d.into())),
            xsd::DAY_TIME_DURATION => DayTimeDuration::from_str(lexical)
                .ok()
                .map(|d| Self::Duration(d.into())),
            _ => None,
        }
    }

    fn as_double(&self) -> Option<Double> {
        Some(match self {
            Self::Integer(n) => (*n).into(),
            Self::Decimal(n) => (*n).into(),
            Self::Float(n) => (*n).into(),
            Self::Double(n) => *n,
            _ => return None,
        })
    }

    fn as_float(&self) -> Option<Float> {
        Some(match self {
            Self::Integer(n) => (*n).into(),
            Self::Decimal(n) => (*n).into(),
            Self::Float(n) => *n,
            _ => return None,
        })
    }

    fn as_decimal(&self) -> Option<Decimal> {
        Some(match self {
            Self::Integer(n) => (*n).into(),
            Self::Decimal(n) => *n,
            _ => return None,
        })
    }
}

/// Order of two values; `None` when they are not comparable.
pub(crate) fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    use Value as V;
    match (a, b) {
        (V::String(a), V::String(b)) => Some(a.cmp(b)),
        (V::Boolean(a), V::Boolean(b)) => bool::from(*a).partial_cmp(&bool::from(*b)),
        (V::DateTime(a), V::DateTime(b)) => a.partial_cmp(b),
        (V::Date(a), V::Date(b)) => a.partial_cmp(b),
        (V::Time(a), V::Time(b)) => a.partial_cmp(b),
        (V::GYear(a), V::GYear(b)) => a.partial_cmp(b),
        (V::GYearMonth(a), V::GYearMonth(b)) => a.partial_cmp(b),
        (V::GMonth(a), V::GMonth(b)) => a.partial_cmp(b),
        (V::GMonthDay(a), V::GMonthDay(b)) => a.partial_cmp(b),
        (V::GDay(a), V::GDay(b)) => a.partial_cmp(b),
        (V::Duration(a), V::Duration(b)) => a.partial_cmp(b),
        (V::Integer(a), V::Integer(b)) => Some(a.cmp(b)),
        (V::Double(_), _) | (_, V::Double(_)) => a.as_double()?.partial_cmp(&b.as_double()?),
        (V::Float(_), _) | (_, V::Float(_)) => a.as_float()?.partial_cmp(&b.as_float()?),
        _ => Some(a.as_decimal()?.cmp(&b.as_decimal()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(a: (&str, &str), b: (&str, &str)) -> Option<Ordering> {
        compare(&Value::parse(a.0, a.1)?, &Value::parse(b.0, b.1)?)
    }

    #[test]
    fn numbers_compare_across_types_and_times_only_when_certain() {
        assert_eq!(
            order(("1", xsd::INTEGER), ("1.0", xsd::DECIMAL)),
            Some(Ordering::Equal)
        );
        assert_eq!(
            order(("2", xsd::BYTE), ("1.5e0", xsd::DOUBLE)),
            Some(Ordering::Greater)
        );
        assert_eq!(order(("1", xsd::INTEGER), ("1", xsd::STRING)), None);
        assert_eq!(order(("NaN", xsd::DOUBLE), ("1", xsd::INTEGER)), None);
        assert_eq!(
            order(
                ("2024-01-01T10:00:00", xsd::DATE_TIME),
                ("2024-01-01T10:00:00Z", xsd::DATE_TIME)
            ),
            None
        );
        assert_eq!(
            order(
                ("2024-01-01T10:00:00", xsd::DATE_TIME),
                ("2024-01-03T10:00:00Z", xsd::DATE_TIME)
            ),
            Some(Ordering::Less)
        );
        assert_eq!(
            order(("99999999999999999999", xsd::INTEGER), ("1", xsd::INTEGER)),
            Some(Ordering::Greater)
        );
        assert!(Value::parse("x", xsd::INTEGER).is_none());
    }
}
