//! Values on a scale: texts in dictionary order, numbers, moments, codes. For orders and ranges; says how two values compare,
//! never which items have them.

use crate::rdf::text::{split_literal, unescape};
use crate::registry::SortKind;
use crate::store::{FIRST_DAY, Id, InlineValue, View};
use crate::views::labels::last_segment;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH_DAY: i64 = 719_468;
const DAY_MICROS: i64 = 86_400_000_000;

/// A value as it compares with others of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scaled {
    /// Of a number or a moment: sorts as they do.
    Point(i64),
    /// Of a text or a code.
    Text(Box<[u8]>),
}

/// Which values of a path count, and how they compare.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale<'a> {
    pub(super) kind: SortKind,
    /// Only texts in this language.
    pub(super) language: Option<&'a str>,
    /// Of texts in several languages the first of these wins.
    pub(super) languages: &'a [String],
}

impl Scale<'_> {
    /// A value of a state with how little its language is preferred; `None` when it does not count.
    pub(super) fn of(&self, view: &View, id: Id) -> Option<(u8, Scaled)> {
        match self.kind {
            SortKind::Id => {
                let iri = view.iri(id)?;
                Some((0, Scaled::Text(collated(last_segment(&iri)))))
            }
            SortKind::Text => {
                let text = view.text(id);
                let parts = split_literal(&text).ok().filter(|_| id.is_literal())?;
                let preference = self.preference(parts.language)?;
                let value = lexical(parts.escaped);
                Some((preference, Scaled::Text(collated(&value))))
            }
            SortKind::Number => match id.inline_value() {
                Some(InlineValue::Integer(number)) => Some((0, point(number as f64))),
                Some(InlineValue::Decimal { digits, scale }) => {
                    let number = digits as f64 / 10_f64.powi(scale as i32);
                    Some((0, point(number)))
                }
                Some(_) => None,
                None => self.of_literal(view, id),
            },
            SortKind::Moment => match id.inline_value() {
                Some(InlineValue::Date(days)) => {
                    let days = days as i64 - EPOCH_DAY;
                    Some((0, Scaled::Point(days * DAY_MICROS)))
                }
                Some(InlineValue::DateTime { seconds, offset }) => {
                    let local = seconds as i64 - EPOCH_DAY * 86_400;
                    let at = local - offset.unwrap_or(0) * 60;
                    Some((0, Scaled::Point(at * 1_000_000)))
                }
                Some(_) => None,
                None => self.of_literal(view, id),
            },
        }
    }

    fn of_literal(&self, view: &View, id: Id) -> Option<(u8, Scaled)> {
        if !id.is_literal() {
            return None;
        }
        let text = view.text(id);
        let parts = split_literal(&text).ok()?;
        Some((0, self.read(&lexical(parts.escaped))?))
    }

    /// A value as it is written: the text of a literal, or the last segment of an IRI.
    pub(super) fn read(&self, text: &str) -> Option<Scaled> {
        match self.kind {
            SortKind::Text | SortKind::Id => Some(Scaled::Text(collated(text))),
            SortKind::Number => number(text),
            SortKind::Moment => Some(Scaled::Point(moment(text)?.0)),
        }
    }

    /// How a value is written, for [`Self::read`].
    pub(super) fn written(&self, view: &View, id: Id) -> String {
        if self.kind == SortKind::Id {
            let iri = view.iri(id).unwrap_or_default();
            return last_segment(&iri).to_owned();
        }
        let text = view.text(id);
        split_literal(&text).map_or_else(
            |_| String::new(),
            |parts| lexical(parts.escaped).into_owned(),
        )
    }

    fn preference(&self, tag: Option<&str>) -> Option<u8> {
        let is = |wanted: &str| tag.is_some_and(|tag| takes(wanted, tag));
        if let Some(only) = self.language {
            return is(only).then_some(0);
        }
        let place = self.languages.iter().position(|wanted| is(wanted));
        Some(place.map_or(u8::MAX, |place| place.min(254) as u8))
    }
}

/// Whether a language tag is a language, or a kind of it: `nl` takes `nl-BE`.
pub(in crate::views) fn takes(wanted: &str, tag: &str) -> bool {
    tag.get(..wanted.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(wanted))
        && matches!(tag.as_bytes().get(wanted.len()), None | Some(b'-'))
}

fn lexical(escaped: &str) -> Cow<'_, str> {
    unescape(escaped).unwrap_or(Cow::Borrowed(escaped))
}

fn point(number: f64) -> Scaled {
    // The order of the bits is that of the numbers, once those below zero are turned round. Both zeros are one.
    let bits = (number + 0.0).to_bits() as i64;
    Scaled::Point(bits ^ (((bits >> 63) as u64) >> 1) as i64)
}

/// A number as it is written; `None` for what is none, and for what is not a number.
pub(super) fn number(text: &str) -> Option<Scaled> {
    let is_plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    let number: f64 = text.parse().ok().filter(|_| is_plain)?;
    number.is_finite().then(|| point(number))
}

/// A date or moment as microseconds since 1970 UTC, first and last that it means: a date means its whole day. Without a zone
/// it is UTC.
pub(in crate::views) fn moment(text: &str) -> Option<(i64, i64)> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Some((at.as_microsecond(), at.as_microsecond()));
    }
    if text.len() == 10 {
        let day: civil::Date = text.parse().ok()?;
        let start = day.to_zoned(TimeZone::UTC).ok()?.timestamp();
        let start = start.as_microsecond();
        return Some((start, start + DAY_MICROS - 1));
    }
    if !text.contains(['T', 't']) {
        return None;
    }
    let local: civil::DateTime = text.parse().ok()?;
    let at = local.to_zoned(TimeZone::UTC).ok()?.timestamp();
    Some((at.as_microsecond(), at.as_microsecond()))
}

/// A text as bytes that sort as people sort: whatever case and accents, numbers by size.
fn collated(text: &str) -> Box<[u8]> {
    let mut out = Vec::with_capacity(text.len() + 4);
    let mut digits: Vec<u8> = Vec::new();
    let flush = |digits: &mut Vec<u8>, out: &mut Vec<u8>| {
        if digits.is_empty() {
            return;
        }
        let from = digits
            .iter()
            .position(|d| *d != b'0')
            .unwrap_or(digits.len() - 1);
        let number = &digits[from..];
        // Longer numbers are greater; all of them sort where digits do.
        out.extend([b'0', number.len().min(255) as u8]);
        out.extend_from_slice(number);
        digits.clear();
    };
    let mut put = |c: char, out: &mut Vec<u8>| {
        if c.is_ascii_digit() {
            digits.push(c as u8);
            return;
        }
        flush(&mut digits, out);
        let mut bytes = [0; 4];
        out.extend_from_slice(c.encode_utf8(&mut bytes).as_bytes());
    };
    if text.is_ascii() {
        for byte in text.bytes() {
            put(byte.to_ascii_lowercase() as char, &mut out);
        }
    } else {
        let folded = text.nfkd().filter(|c| !is_combining_mark(*c));
        for c in folded.flat_map(char::to_lowercase) {
            put(c, &mut out);
        }
    }
    flush(&mut digits, &mut out);
    out.into()
}

const _: () = assert!(
    FIRST_DAY == 306,
    "days are counted from 1 March of the year 0"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn texts_sort_as_people_sort() {
        let mut texts = [
            "12A", "2", "Élan", "elan 10", "elan 9", "Zee", "10", "éland", "012",
        ];
        texts.sort_by_key(|text| collated(text));
        assert_eq!(
            texts,
            [
                "2", "10", "012", "12A", "Élan", "elan 9", "elan 10", "éland", "Zee"
            ]
        );
        assert_eq!(collated("Kérkstraat"), collated("kerkstraat"));
    }

    #[test]
    fn moments_are_points_and_dates_are_days() {
        let (start, end) = moment("2024-12-31").expect("a date");
        assert_eq!(end - start, DAY_MICROS - 1);
        let noon = moment("2024-12-31T13:00:00+01:00").expect("a moment").0;
        assert_eq!(noon - start, DAY_MICROS / 2);
        assert_eq!(moment("2024-12-31T12:00:00").map(|m| m.0), Some(noon));
        for wrong in [
            "",
            "2024",
            "2024-13-01",
            "gisteren",
            "12:00",
            "2024-12-31 x",
        ] {
            assert_eq!(moment(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn inline_values_lie_where_their_texts_do() {
        let view = crate::views::test_data::view_of(
            r#"@prefix e: <http://e/> . @prefix x: <http://www.w3.org/2001/XMLSchema#> .
               e:a e:m "2024-02-29"^^x:date, "2024-02-29T10:00:00+01:00"^^x:dateTime, "1969-12-31T23:00:00Z"^^x:dateTime ;
                   e:n 12, -3, 1.25, 1e3, "007"^^x:integer ."#,
        );
        let a = view.id_of_iri("http://e/a").expect("used");
        for (name, kind) in [("m", SortKind::Moment), ("n", SortKind::Number)] {
            let scale = Scale {
                kind,
                language: None,
                languages: &[],
            };
            let p = view.id_of_iri(&format!("http://e/{name}")).expect("used");
            for value in view.objects(a, p) {
                let written = scale.written(&view, value);
                let own = scale.of(&view, value).map(|(_, own)| own);
                assert!(own.is_some() && own == scale.read(&written), "{written}");
            }
        }
    }

    proptest! {
        #[test]
        fn points_sort_as_numbers(a in -1e12..1e12_f64, b in -1e12..1e12_f64) {
            prop_assert_eq!(point(a).cmp(&point(b)), a.partial_cmp(&b).expect("numbers"));
        }
    }
}
