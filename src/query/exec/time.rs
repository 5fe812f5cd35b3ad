//! Dates and moments from what ids hold, without their texts.

use crate::store::{FIRST_DAY, InlineValue, civil};
use oxsdatatypes::{Date, DateTime};
use spareval::ExpressionTerm as Value;

/// Units of the decimal that the library counts seconds with.
const UNITS_PER_SECOND: i128 = 1_000_000_000_000_000_000;
const DAY_SECONDS: u64 = 86_400;

/// The library's own bytes: seconds since the first day of year 1 in universal time, and the minutes of the zone.
fn bytes(seconds: u64, offset: Option<i64>) -> [u8; 18] {
    let minutes = offset.unwrap_or(0);
    let since = seconds as i64 - FIRST_DAY * DAY_SECONDS as i64 - 60 * minutes;
    let mut bytes = [0xFF; 18];
    bytes[..16].copy_from_slice(&(i128::from(since) * UNITS_PER_SECOND).to_be_bytes());
    if offset.is_some() {
        bytes[16..].copy_from_slice(&(minutes as i16).to_be_bytes());
    }
    bytes
}

/// A date without a zone, from its count of days.
pub(super) fn date(days: u64) -> Date {
    Date::from_be_bytes(bytes(days * DAY_SECONDS, None))
}

/// A moment, from its local count of seconds and its zone in minutes.
pub(super) fn date_time(seconds: u64, offset: Option<i64>) -> DateTime {
    let moment = DateTime::from_be_bytes(bytes(seconds, offset));
    match offset {
        // The bytes of this zone are those of none.
        Some(-1) => oxsdatatypes::TimezoneOffset::new(-1)
            .ok()
            .and_then(|zone| {
                DateTime::from_be_bytes(bytes(seconds + 60, Some(0))).adjust(Some(zone))
            })
            .unwrap_or(moment),
        _ => moment,
    }
}

/// A part of a date or a time (SPARQL 1.1 §17.4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum TimePart {
    /// `YEAR`
    Year,
    /// `MONTH`
    Month,
    /// `DAY`
    Day,
    /// `HOURS`
    Hours,
    /// `MINUTES`
    Minutes,
}

impl TimePart {
    /// That of a value; `None` when it has none.
    pub(super) fn of(self, value: &Value) -> Option<i64> {
        Some(match (self, value) {
            (Self::Year, Value::DateTimeLiteral(v)) => v.year(),
            (Self::Year, Value::DateLiteral(v)) => v.year(),
            (Self::Month, Value::DateTimeLiteral(v)) => v.month().into(),
            (Self::Month, Value::DateLiteral(v)) => v.month().into(),
            (Self::Day, Value::DateTimeLiteral(v)) => v.day().into(),
            (Self::Day, Value::DateLiteral(v)) => v.day().into(),
            (Self::Hours, Value::DateTimeLiteral(v)) => v.hour().into(),
            (Self::Hours, Value::TimeLiteral(v)) => v.hour().into(),
            (Self::Minutes, Value::DateTimeLiteral(v)) => v.minute().into(),
            (Self::Minutes, Value::TimeLiteral(v)) => v.minute().into(),
            _ => return None,
        })
    }

    /// That of what an id holds; `None` when it has none.
    pub(super) fn of_inline(self, value: InlineValue) -> Option<i64> {
        let (days, seconds) = match value {
            InlineValue::Date(days) => (days, None),
            InlineValue::DateTime { seconds, .. } => {
                (seconds / DAY_SECONDS, Some(seconds % DAY_SECONDS))
            }
            _ => return None,
        };
        let part = match self {
            Self::Year => civil(days).0,
            Self::Month => civil(days).1,
            Self::Day => civil(days).2,
            Self::Hours => seconds? / 3_600,
            Self::Minutes => seconds? % 3_600 / 60,
        };
        i64::try_from(part).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use oxrdf::{Literal, NamedNode, Term};
    use proptest::prelude::*;

    /// What the id of a literal holds.
    fn inline(text: &str, datatype: &str) -> InlineValue {
        let name = NamedNode::new_unchecked(format!("http://www.w3.org/2001/XMLSchema#{datatype}"));
        let literal = Literal::new_typed_literal(text, name);
        let view = Store::in_memory().snapshot().view();
        let id = view
            .id_of(Term::from(literal).as_ref())
            .expect("inline in every store");
        id.inline_value().expect("inline")
    }

    const PARTS: [TimePart; 5] = [
        TimePart::Year,
        TimePart::Month,
        TimePart::Day,
        TimePart::Hours,
        TimePart::Minutes,
    ];

    proptest! {
        #[test]
        fn what_ids_hold_is_what_the_texts_say(
            year in 1..9999_u32, month in 1..=12_u32, day in 1..=28_u32,
            hour in 0..24_u32, minute in 0..60_u32, second in 0..60_u32,
            zone in -840..=841_i64,
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}");
            let known = inline(&text, "date");
            let InlineValue::Date(days) = known else { panic!("a date") };
            let parsed: Date = text.parse().expect("a date");
            prop_assert_eq!(date(days).to_be_bytes(), parsed.to_be_bytes());
            for part in PARTS {
                prop_assert_eq!(part.of_inline(known), part.of(&Value::DateLiteral(parsed)));
            }
            let zone = match zone {
                841 => String::new(),
                0 => "Z".to_owned(),
                _ => {
                    let (sign, zone) = (if zone < 0 { '-' } else { '+' }, zone.unsigned_abs());
                    format!("{sign}{:02}:{:02}", zone / 60, zone % 60)
                }
            };
            let text = format!("{text}T{hour:02}:{minute:02}:{second:02}{zone}");
            let known = inline(&text, "dateTime");
            let InlineValue::DateTime { seconds, offset } = known else { panic!("a moment") };
            let parsed: DateTime = text.parse().expect("a moment");
            let ours = date_time(seconds, offset);
            prop_assert_eq!(ours.to_string(), parsed.to_string());
            prop_assert_eq!(ours, parsed);
            for part in PARTS {
                prop_assert_eq!(part.of_inline(known), part.of(&Value::DateTimeLiteral(parsed)));
            }
        }
    }

    #[test]
    fn a_minute_behind_universal_time_is_a_zone() {
        let InlineValue::DateTime { seconds, offset } =
            inline("2026-01-01T00:00:00-00:01", "dateTime")
        else {
            panic!("a moment");
        };
        assert_eq!(
            date_time(seconds, offset).to_string(),
            "2026-01-01T00:00:00-00:01"
        );
    }
}
