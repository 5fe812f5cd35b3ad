//! What may be stored: judged before anything is written, for a batch as a whole. Every refusal says which observation and why.

use super::names::{Kind, Names};
use super::row::{DAY, Observation, Value};
use super::{ObservationError, SeriesId};
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Refusals that are told of one batch.
const MAX_TOLD: usize = 20;
/// Longest text of a result.
const MAX_TEXT_BYTES: usize = 4_096;
/// Largest whole number that is exact as a float.
const MAX_INTEGER: f64 = 9_007_199_254_740_992.0;
/// 1800-01-01: older moments are taken for a wrong clock.
const EARLIEST: i64 = -62_091 * DAY;

/// Why an observation may not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// No series has that number.
    UnknownSeries,
    /// No feature has that number.
    UnknownFeature,
    /// Not a number, or infinite.
    NotFinite,
    /// A result of another kind than the series has.
    OtherKind,
    /// Told in another unit than the series has.
    OtherUnit,
    /// Further in the future than clocks differ.
    InTheFuture,
    /// Before 1800.
    TooLongAgo,
    /// The end of the interval is before its start.
    EndsBeforeStart,
    /// A text of more than 4,096 bytes.
    TooLong,
}

impl Refused {
    /// Stable name of the reason, for programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::UnknownSeries => "unknown-series",
            Self::UnknownFeature => "unknown-feature",
            Self::NotFinite => "not-finite",
            Self::OtherKind => "other-kind",
            Self::OtherUnit => "other-unit",
            Self::InTheFuture => "in-the-future",
            Self::TooLongAgo => "too-long-ago",
            Self::EndsBeforeStart => "ends-before-start",
            Self::TooLong => "too-long",
        }
    }

    /// The reason for people, in English and Dutch.
    pub fn texts(self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownSeries => (
                "no such series is declared",
                "zo'n reeks is niet aangegeven",
            ),
            Self::UnknownFeature => (
                "no such feature of interest is declared",
                "zo'n object van onderzoek is niet aangegeven",
            ),
            Self::NotFinite => (
                "the result is not a finite number; leave it out or withdraw the observation",
                "het resultaat is geen eindig getal; laat het weg of trek de observatie in",
            ),
            Self::OtherKind => (
                "the result is of another kind than the series has",
                "het resultaat is van een andere soort dan de reeks heeft",
            ),
            Self::OtherUnit => (
                "the unit is another one than the series has; convert the result or declare a series in this unit",
                "de eenheid is een andere dan die van de reeks; reken het resultaat om of geef een reeks in deze eenheid aan",
            ),
            Self::InTheFuture => (
                "the moment lies in the future; check the clock of the sensor",
                "het tijdstip ligt in de toekomst; kijk de klok van de sensor na",
            ),
            Self::TooLongAgo => (
                "the moment lies before 1800; check the clock of the sensor",
                "het tijdstip ligt voor 1800; kijk de klok van de sensor na",
            ),
            Self::EndsBeforeStart => (
                "the interval ends before it starts",
                "het interval eindigt voor het begint",
            ),
            Self::TooLong => (
                "the text is longer than 4,096 bytes",
                "de tekst is langer dan 4.096 bytes",
            ),
        }
    }
}

/// An observation that may not be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its place in the batch, from 0.
    pub place: usize,
    /// The series it names.
    pub series: SeriesId,
    /// Why.
    pub reason: Refused,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "observation {}: {}",
            self.place + 1,
            self.reason.texts().0
        )
    }
}

/// Judges a batch, and makes of -0 plain 0, so that equal results are equal.
///
/// # Errors
/// [`ObservationError::Refused`] with the first refusals.
pub(super) fn check(
    names: &Names,
    batch: &mut [Observation],
    max_ahead: Duration,
) -> Result<(), ObservationError> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let latest = i64::try_from((now + max_ahead).as_micros()).unwrap_or(i64::MAX);
    let mut refused = Vec::new();
    names.with(|kind_of, has_feature| {
        for (place, observation) in batch.iter_mut().enumerate() {
            let reason = match kind_of(observation.series) {
                None => Some(Refused::UnknownSeries),
                Some(_) if !has_feature(observation.feature) => Some(Refused::UnknownFeature),
                Some(kind) => judge(observation, kind, latest),
            };
            if let Some(reason) = reason {
                refused.push(Refusal {
                    place,
                    series: observation.series,
                    reason,
                });
                if refused.len() == MAX_TOLD {
                    break;
                }
            }
        }
    });
    if refused.is_empty() {
        return Ok(());
    }
    Err(ObservationError::Refused {
        refused,
        total: batch.len(),
    })
}

fn judge(observation: &mut Observation, kind: Kind, latest: i64) -> Option<Refused> {
    let times = [
        Some(observation.time),
        observation.end,
        observation.result_time,
    ];
    for time in times.into_iter().flatten() {
        if time > latest {
            return Some(Refused::InTheFuture);
        }
        if time < EARLIEST {
            return Some(Refused::TooLongAgo);
        }
    }
    if observation.end.is_some_and(|end| end < observation.time) {
        return Some(Refused::EndsBeforeStart);
    }
    if observation.result_time == Some(observation.time) {
        observation.result_time = None;
    }
    match (&mut observation.result, kind) {
        (None, _) | (Some(Value::Boolean(_)), Kind::Boolean) => None,
        (Some(Value::Number(number)), Kind::Number | Kind::Integer) => {
            if !number.is_finite() {
                return Some(Refused::NotFinite);
            }
            if kind == Kind::Integer && (number.fract() != 0.0 || number.abs() > MAX_INTEGER) {
                return Some(Refused::OtherKind);
            }
            *number += 0.0;
            None
        }
        (Some(Value::Text(text)), Kind::Text) => {
            (text.len() > MAX_TEXT_BYTES).then_some(Refused::TooLong)
        }
        _ => Some(Refused::OtherKind),
    }
}
