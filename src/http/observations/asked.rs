//! What a request asks of observations: parameters, moments, lengths of time, the series. Answers nothing.

use super::super::body::{Params, whole};
use super::super::error::ApiError;
use super::super::state::AppState;
use crate::ingest::observed::{Known, SeriesAbout, about, read_moment};
use crate::observations::{DAY, HOUR, Kind, Series, SeriesId};
use jiff::Timestamp;
use std::sync::Arc;

/// Refuses parameters that an address does not know: one that is passed over gives another answer than was asked for.
pub(in super::super) fn known_only(params: &Params, known: &[&str]) -> Result<(), ApiError> {
    let unknown = |(name, _): &&(String, String)| !known.contains(&name.as_str());
    match params.0.iter().find(unknown) {
        Some((name, _)) => Err(wrong(
            name,
            "kent dit adres niet",
            "is not known at this address",
        )),
        None => Ok(()),
    }
}

/// A parameter that is no value of its type.
pub(super) fn wrong(name: &str, nl: &str, en: &str) -> ApiError {
    ApiError::bad_request(
        "bad-parameter",
        format!("De parameter \"{name}\" {nl}."),
        format!("The parameter \"{name}\" {en}."),
    )
    .with("parameter", name)
}

/// A parameter that somebody filled in: forms send empty ones too.
pub(super) fn given<'p>(params: &'p Params, name: &str) -> Result<Option<&'p str>, ApiError> {
    Ok(params.one(name)?.filter(|text| !text.is_empty()))
}

/// A whole number.
pub(super) fn number(params: &Params, name: &str) -> Result<Option<u64>, ApiError> {
    let Some(text) = given(params, name)? else {
        return Ok(None);
    };
    match whole(text) {
        Some(number) => Ok(Some(number)),
        None => Err(wrong(name, "is geen geheel getal", "is no whole number")),
    }
}

/// How many at most, of those that are on one page.
pub(super) fn limit(params: &Params, usual: usize, most: usize) -> Result<usize, ApiError> {
    match number(params, "limit")? {
        None => Ok(usual),
        Some(limit) => match usize::try_from(limit) {
            Ok(limit) if (1..=most).contains(&limit) => Ok(limit),
            _ => Err(wrong(
                "limit",
                &format!("ligt tussen 1 en {most}"),
                &format!("lies between 1 and {most}"),
            )),
        },
    }
}

/// A switch.
pub(super) fn is_set(params: &Params, name: &str) -> Result<bool, ApiError> {
    match given(params, name)? {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(wrong(name, "is true of false", "is true or false")),
    }
}

/// A moment with a zone, or a day in UTC.
pub(super) fn moment(params: &Params, name: &str) -> Result<Option<i64>, ApiError> {
    let Some(text) = given(params, name)? else {
        return Ok(None);
    };
    // A plus that was not written %2B arrives as a space.
    let text = text.replace(' ', "+");
    let day = || read_moment(&format!("{text}T00:00:00Z")).filter(|_| text.len() == 10);
    match read_moment(&text).or_else(day) {
        Some(moment) => Ok(Some(moment)),
        None => Err(wrong(
            name,
            "is geen dag of tijdstip met tijdzone, zoals 2026-03-01 of 2026-03-01T10:00:00Z",
            "is no day or moment with a time zone, such as 2026-03-01 or 2026-03-01T10:00:00Z",
        )),
    }
}

/// How long windows are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// Microseconds.
    Fixed(i64),
    /// Calendar months in UTC.
    Months(i32),
}

/// A length of time in ISO 8601: weeks, days, hours, minutes and seconds, or months and years alone.
pub(super) fn length(text: &str) -> Option<Length> {
    let rest = text.strip_prefix('P')?;
    let (days, times) = match rest.split_once('T') {
        Some((_, "")) => return None,
        Some((days, times)) => (days, times),
        None => (rest, ""),
    };
    if days.is_empty() && times.is_empty() {
        return None;
    }
    let mut months = 0_i32;
    let mut micros = 0_i64;
    for (part, units) in [(days, "YMWD"), (times, "HMS")] {
        let mut digits = String::new();
        for letter in part.chars() {
            if letter.is_ascii_digit() && digits.len() < 9 {
                digits.push(letter);
                continue;
            }
            let number: i64 = digits.parse().ok()?;
            digits.clear();
            let unit = match (letter, units) {
                ('Y', "YMWD") => {
                    months = months.checked_add(i32::try_from(number.checked_mul(12)?).ok()?)?;
                    continue;
                }
                ('M', "YMWD") => {
                    months = months.checked_add(i32::try_from(number).ok()?)?;
                    continue;
                }
                ('W', "YMWD") => 7 * DAY,
                ('D', "YMWD") => DAY,
                ('H', "HMS") => HOUR,
                ('M', "HMS") => HOUR / 60,
                ('S', "HMS") => 1_000_000,
                _ => return None,
            };
            micros = micros.checked_add(number.checked_mul(unit)?)?;
        }
        if !digits.is_empty() {
            return None;
        }
    }
    match (months, micros) {
        (0, micros) if micros > 0 => Some(Length::Fixed(micros)),
        (months, 0) if (1..=1_200).contains(&months) => Some(Length::Months(months)),
        _ => None,
    }
}

/// A moment as it is written in answers.
pub(in super::super) fn moment_text(micros: i64) -> String {
    match Timestamp::from_microsecond(micros) {
        Ok(moment) => moment.to_string(),
        Err(_) => String::new(),
    }
}

/// A series that a request names.
pub(super) struct Named {
    pub(super) iri: String,
    /// Its number, when the store knows it.
    pub(super) id: Option<SeriesId>,
    pub(super) series: Arc<Series>,
    pub(super) about: Option<SeriesAbout>,
}

/// The series of the last part of an address: its name in this registry, or its whole IRI.
pub(super) fn series(state: &AppState, name: &str) -> Result<Named, ApiError> {
    let store = state.observations()?;
    let iri = Known::new(store, &state.registry).iri_of(name);
    let view = state.registry.snapshot().view();
    let about = about(&view, &iri);
    let id = store.find(&iri);
    let series = id.and_then(|id| store.series(id));
    let series = series.or_else(|| {
        about.as_ref().map(|about| {
            Arc::new(Series {
                iri: iri.clone(),
                kind: about.kind.unwrap_or(Kind::Number),
                unit: about.unit.clone(),
            })
        })
    });
    match series {
        Some(series) => Ok(Named {
            iri,
            id,
            series,
            about,
        }),
        None => Err(ApiError::not_found(
            format!("Er is geen reeks {iri}; /obs/v1/reeksen toont welke er zijn."),
            format!("There is no series {iri}; /obs/v1/reeksen shows which there are."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_read_as_iso_8601_says() {
        for (text, expected) in [
            ("PT1H", Some(Length::Fixed(HOUR))),
            ("PT15M", Some(Length::Fixed(HOUR / 4))),
            ("P1DT12H", Some(Length::Fixed(36 * HOUR))),
            ("P2W", Some(Length::Fixed(14 * DAY))),
            ("P1M", Some(Length::Months(1))),
            ("P1Y6M", Some(Length::Months(18))),
            ("PT0S", None),
            ("P", None),
            ("PT", None),
            ("P1DT", None),
            ("P1MT1H", None),
            ("PT1D", None),
            ("P1H", None),
            ("1H", None),
            ("PT99999999999S", None),
            ("P9999Y", None),
        ] {
            assert_eq!(length(text), expected, "{text}");
        }
    }
}
