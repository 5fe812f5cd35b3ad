//! Values of expressions: compared, reckoned with, and what functions make of them. Knows no entities.

use super::filter::{Arithmetic, Comparison};
use crate::views::sensorthings::{moment, times};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value as Json;
use std::cmp::Ordering;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Number(f64),
    Text(String),
    /// A moment in microseconds, or an interval.
    Time(i64, Option<i64>),
    /// Microseconds.
    Duration(i64),
}

impl Val {
    /// Of JSON; arrays and objects as their text.
    pub(super) fn of_json(json: &Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Json::String(text) => Self::Text(text.clone()),
            other => Self::Text(other.to_string()),
        }
    }

    /// Whether it holds as a condition.
    pub(super) fn holds(&self) -> bool {
        *self == Self::Bool(true)
    }

    fn as_time(&self) -> Option<(i64, i64)> {
        let (start, end) = match self {
            Self::Time(start, end) => (*start, *end),
            Self::Text(text) => times(text)?,
            _ => return None,
        };
        Some((start, end.unwrap_or(start)))
    }

    /// The order of sorting: nothing first, then by kind.
    pub(super) fn order(&self, other: &Self) -> Ordering {
        let rank = |value: &Self| match value {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Number(_) => 2,
            Self::Duration(_) => 3,
            Self::Time(..) => 4,
            Self::Text(_) => 5,
        };
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => a.cmp(b),
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Duration(a), Self::Duration(b)) => a.cmp(b),
            (Self::Time(a, c), Self::Time(b, d)) => (a, c).cmp(&(b, d)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

/// Whether a comparison holds. Intervals: one is before another when it ends before the other begins.
pub(super) fn compare(how: Comparison, a: &Val, b: &Val) -> bool {
    use Comparison as C;
    if matches!(a, Val::Time(..)) || matches!(b, Val::Time(..)) {
        return match (a.as_time(), b.as_time()) {
            (Some((a0, a1)), Some((b0, b1))) => match how {
                C::Eq => (a0, a1) == (b0, b1),
                C::Ne => (a0, a1) != (b0, b1),
                C::Gt => a0 > b1,
                C::Ge => a0 >= b1,
                C::Lt => a1 < b0,
                C::Le => a1 <= b0,
            },
            _ => how == C::Ne,
        };
    }
    let order = match (a, b) {
        (Val::Number(a), Val::Number(b)) => a.partial_cmp(b),
        // Ids of other servers are texts of digits here and there.
        (Val::Number(a), Val::Text(b)) => b.parse().ok().and_then(|b| a.partial_cmp(&b)),
        (Val::Text(a), Val::Number(b)) => a.parse::<f64>().ok().and_then(|a| a.partial_cmp(b)),
        (Val::Text(a), Val::Text(b)) => Some(a.cmp(b)),
        (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(b)),
        (Val::Duration(a), Val::Duration(b)) => Some(a.cmp(b)),
        (Val::Null, Val::Null) => Some(Ordering::Equal),
        _ => None,
    };
    match (how, order) {
        (C::Ne, order) => order != Some(Ordering::Equal),
        (_, None) => false,
        (C::Eq, Some(order)) => order.is_eq(),
        (C::Gt, Some(order)) => order.is_gt(),
        (C::Ge, Some(order)) => order.is_ge(),
        (C::Lt, Some(order)) => order.is_lt(),
        (C::Le, Some(order)) => order.is_le(),
    }
}

/// Reckons; nothing where that makes no sense.
pub(super) fn reckon(how: Arithmetic, a: &Val, b: &Val) -> Val {
    use Arithmetic as A;
    let shift = |at: i64, by: i64, how: A| match how {
        A::Add => at.checked_add(by),
        A::Sub => at.checked_sub(by),
        _ => None,
    };
    match (a, b) {
        (Val::Number(a), Val::Number(b)) => {
            let number = match how {
                A::Add => a + b,
                A::Sub => a - b,
                A::Mul => a * b,
                A::Div => a / b,
                A::Mod => a % b,
            };
            if number.is_finite() {
                Val::Number(number)
            } else {
                Val::Null
            }
        }
        (Val::Time(start, end), Val::Duration(by)) => {
            let end = end.map(|end| shift(end, *by, how));
            match (shift(*start, *by, how), end) {
                (Some(start), None) => Val::Time(start, None),
                (Some(start), Some(Some(end))) => Val::Time(start, Some(end)),
                _ => Val::Null,
            }
        }
        (Val::Time(a, None), Val::Time(b, None)) if how == A::Sub => {
            a.checked_sub(*b).map_or(Val::Null, Val::Duration)
        }
        (Val::Duration(a), Val::Duration(b)) => shift(*a, *b, how).map_or(Val::Null, Val::Duration),
        _ => Val::Null,
    }
}

/// What a function makes of its arguments; nothing of arguments that it does not take.
pub(super) fn call(name: &str, arguments: &[Val]) -> Val {
    if let Some(value) = moments(name) {
        return value;
    }
    match arguments {
        [Val::Text(a), Val::Text(b)] => match name {
            "substringof" => Val::Bool(b.contains(a.as_str())),
            "contains" => Val::Bool(a.contains(b.as_str())),
            "startswith" => Val::Bool(a.starts_with(b.as_str())),
            "endswith" => Val::Bool(a.ends_with(b.as_str())),
            "concat" => Val::Text(format!("{a}{b}")),
            "indexof" => match a.find(b.as_str()) {
                Some(at) => count(a[..at].chars().count()),
                None => Val::Number(-1.0),
            },
            _ => Val::Null,
        },
        [Val::Text(text), Val::Number(start), rest @ ..] if name == "substring" => {
            let length = match rest {
                [Val::Number(length)] => whole(*length),
                [] => Some(usize::MAX),
                _ => None,
            };
            match (whole(*start), length) {
                (Some(start), Some(length)) => {
                    Val::Text(text.chars().skip(start).take(length).collect())
                }
                _ => Val::Null,
            }
        }
        [Val::Text(text)] => match name {
            "length" => count(text.chars().count()),
            "tolower" => Val::Text(text.to_lowercase()),
            "toupper" => Val::Text(text.to_uppercase()),
            "trim" => Val::Text(text.trim().to_owned()),
            _ => match times(text) {
                Some((start, _)) => part(name, start),
                None => Val::Null,
            },
        },
        [Val::Number(number)] => match name {
            "round" => Val::Number(number.round()),
            "floor" => Val::Number(number.floor()),
            "ceiling" => Val::Number(number.ceil()),
            "abs" => Val::Number(number.abs()),
            _ => Val::Null,
        },
        [Val::Time(start, _)] => part(name, *start),
        _ => Val::Null,
    }
}

fn moments(name: &str) -> Option<Val> {
    Some(match name {
        "now" => Val::Time(Timestamp::now().as_microsecond(), None),
        "mindatetime" => Val::Time(Timestamp::MIN.as_microsecond(), None),
        "maxdatetime" => Val::Time(Timestamp::MAX.as_microsecond(), None),
        _ => return None,
    })
}

#[allow(clippy::cast_precision_loss)]
fn count(number: usize) -> Val {
    Val::Number(number as f64)
}

fn whole(number: f64) -> Option<usize> {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = number as usize;
    (number >= 0.0 && number.fract() == 0.0 && number < 1e9).then_some(whole)
}

/// A part of a moment, in UTC.
fn part(name: &str, micros: i64) -> Val {
    let Ok(at) = Timestamp::from_microsecond(micros) else {
        return Val::Null;
    };
    let at = at.to_zoned(TimeZone::UTC).datetime();
    let number = |value: i64| Val::Number(value as f64);
    match name {
        "year" => number(at.year().into()),
        "month" => number(at.month().into()),
        "day" => number(at.day().into()),
        "hour" => number(at.hour().into()),
        "minute" => number(at.minute().into()),
        "second" => number(at.second().into()),
        "fractionalseconds" => Val::Number(f64::from(at.subsec_nanosecond()) / 1e9),
        "date" => Val::Text(at.date().to_string()),
        "time" => Val::Text(at.time().to_string()),
        "totaloffsetminutes" => Val::Number(0.0),
        "tolower" | "toupper" | "trim" => Val::Text(moment(micros)),
        _ => Val::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_before_or_after_as_a_whole() {
        let (interval, at) = (Val::Time(10, Some(20)), |t| Val::Time(t, None));
        assert!(compare(Comparison::Lt, &interval, &at(21)));
        assert!(!compare(Comparison::Lt, &interval, &at(20)));
        assert!(compare(Comparison::Le, &interval, &at(20)));
        assert!(compare(Comparison::Gt, &interval, &at(9)));
        assert!(!compare(Comparison::Gt, &interval, &at(15)));
        assert!(compare(Comparison::Eq, &interval, &Val::Time(10, Some(20))));
    }

    #[test]
    fn functions_take_what_they_are_given_or_nothing() {
        let text = |t: &str| Val::Text(t.to_owned());
        let of = |name, arguments: &[Val]| call(name, arguments);
        assert_eq!(
            of("substringof", &[text("ar"), text("Markt")]),
            Val::Bool(true)
        );
        assert_eq!(of("indexof", &[text("éa"), text("a")]), Val::Number(1.0));
        assert_eq!(
            of(
                "substring",
                &[text("Markt"), Val::Number(1.0), Val::Number(2.0)]
            ),
            text("ar")
        );
        assert_eq!(
            of("substring", &[text("Markt"), Val::Number(-1.0)]),
            Val::Null
        );
        assert_eq!(of("year", &[Val::Time(0, None)]), Val::Number(1970.0));
        assert_eq!(of("year", &[Val::Number(3.0)]), Val::Null);
        assert_eq!(of("round", &[Val::Number(2.5)]), Val::Number(3.0));
    }
}
