//! One observation as it is told, whatever it was written in: names and texts, and what the store takes of them.

use super::about::{Found, Known, unit_in_full};
use super::batch::{Flaws, ObservedError};
use crate::observations::{FeatureId, Kind, Observation, ObservationError, Refused, Value};
use crate::rdf::label::Text;
use jiff::Timestamp;
use std::borrow::Cow;

/// Largest whole number that is exact as a float.
pub(super) const MAX_EXACT: u64 = 1 << 53;

/// A result as it is written.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written {
    /// Nothing: withdraws.
    Nothing,
    Boolean(bool),
    Number(f64),
    /// A whole number that no float has exactly.
    Large(f64),
    Text(String),
}

/// An observation as it is told.
#[derive(Clone, Debug, Default)]
pub struct Told<'a> {
    /// IRI or name of the series.
    pub series: Cow<'a, str>,
    /// The moment, or `begin/end`.
    pub time: Cow<'a, str>,
    /// The end of the interval.
    pub end: Option<Cow<'a, str>>,
    /// When the result was there.
    pub result_time: Option<Cow<'a, str>>,
    pub(super) result: Option<Written>,
    /// The unit of the result, as a check.
    pub unit: Option<Cow<'a, str>>,
    /// Quality, 0 to 255.
    pub quality: u8,
    /// IRI of the feature of interest, where it is not that of the series.
    pub feature: Option<Cow<'a, str>>,
}

impl<'a> Told<'a> {
    /// An observation of a moment, with a result as JSON.
    pub fn of_json(
        series: &'a str,
        time: Cow<'a, str>,
        result: &serde_json::Value,
    ) -> Option<Self> {
        use serde_json::Value as Json;
        let result = match result {
            Json::Null => Written::Nothing,
            Json::Bool(value) => Written::Boolean(*value),
            Json::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(whole), _) if whole > MAX_EXACT => Written::Large(number.as_f64()?),
                (None, Some(whole)) if whole.unsigned_abs() > MAX_EXACT => {
                    Written::Large(number.as_f64()?)
                }
                _ => Written::Number(number.as_f64()?),
            },
            Json::String(text) => Written::Text(text.clone()),
            Json::Array(_) | Json::Object(_) => return None,
        };
        Some(Self {
            series: series.into(),
            time,
            result: Some(result),
            ..Self::default()
        })
    }
}

/// A moment in microseconds since 1970-01-01T00:00:00Z ([RFC 3339](https://www.rfc-editor.org/rfc/rfc3339)); a zone is needed.
pub fn read_moment(text: &str) -> Option<i64> {
    let read: Timestamp = text.trim().parse().ok()?;
    Some(read.as_microsecond())
}

/// A moment, or the two of `begin/end`.
pub fn read_span(text: &str) -> Option<(i64, Option<i64>)> {
    match text.split_once('/') {
        Some((begin, end)) => Some((read_moment(begin)?, Some(read_moment(end)?))),
        None => Some((read_moment(text)?, None)),
    }
}

/// Makes observations of what is told, with the flaws of those that cannot be read.
pub(super) struct Making<'k, 's> {
    known: &'k mut Known<'s>,
    pub(super) flaws: Flaws,
    pub(super) made: Vec<Observation>,
    pub(super) count: usize,
    /// The series of the observation before: most batches have few.
    last: Option<(String, Option<Found>)>,
}

impl<'k, 's> Making<'k, 's> {
    pub(super) fn new(known: &'k mut Known<'s>) -> Self {
        Self {
            known,
            flaws: Flaws::default(),
            made: Vec::new(),
            count: 0,
            last: None,
        }
    }

    fn series(&mut self, name: &str) -> Result<Option<Found>, ObservationError> {
        if let Some((last, found)) = &self.last
            && last == name
        {
            return Ok(found.clone());
        }
        let found = self.known.series(name)?;
        self.last = Some((name.to_owned(), found.clone()));
        Ok(found)
    }

    /// Takes in what is told.
    pub(super) fn add(&mut self, told: &Told<'_>) -> Result<(), ObservationError> {
        let place = self.count;
        self.count += 1;
        let Some(found) = self.series(&told.series)? else {
            let iri = self.known.iri_of(&told.series);
            self.flaws.add(
                place,
                Refused::UnknownSeries.code(),
                Text::new(
                    format!("er is geen reeks {iri}; beschrijf ze eerst, zie /obs/v1/reeksen"),
                    format!("there is no series {iri}; describe it first, see /obs/v1/reeksen"),
                ),
            );
            return Ok(());
        };
        let Some((time, end)) = self.time(place, told) else {
            return Ok(());
        };
        let result_time = match &told.result_time {
            None => None,
            Some(text) => match read_moment(text) {
                Some(moment) => Some(moment),
                None => {
                    self.flaws.add(place, "bad-time", bad_time(text));
                    return Ok(());
                }
            },
        };
        if let Some(unit) = &told.unit
            && found.series.unit.as_deref() != Some(&unit_in_full(unit))
            && found.series.unit.as_deref() != Some(unit)
        {
            let has = found.series.unit.as_deref();
            self.flaws
                .add(place, Refused::OtherUnit.code(), other_unit(unit, has));
            return Ok(());
        }
        let result = match value(told.result.as_ref(), found.series.kind) {
            Ok(result) => result,
            Err(reason) => {
                self.flaws.refuse(place, reason);
                return Ok(());
            }
        };
        let feature = match &told.feature {
            Some(iri) => self.known.feature(&found, iri)?,
            None => FeatureId::default(),
        };
        self.made.push(Observation {
            series: found.id,
            feature,
            time,
            end,
            result_time,
            result,
            quality: told.quality,
        });
        Ok(())
    }

    fn time(&mut self, place: usize, told: &Told<'_>) -> Option<(i64, Option<i64>)> {
        let Some((time, mut end)) = read_span(&told.time) else {
            self.flaws.add(place, "bad-time", bad_time(&told.time));
            return None;
        };
        if let Some(text) = &told.end {
            match read_moment(text) {
                Some(moment) => end = Some(moment),
                None => {
                    self.flaws.add(place, "bad-time", bad_time(text));
                    return None;
                }
            }
        }
        Some((time, end))
    }

    /// The one series of a sensor and a property.
    pub(super) fn by_sensor(&self, sensor: &str, property: &str) -> Option<String> {
        self.known.by_sensor(sensor, property)
    }
}

/// Makes a batch of what is told.
///
/// # Errors
/// [`ObservedError`]; none of them is to be stored then.
pub fn make(known: &mut Known<'_>, all: &[Told<'_>]) -> Result<Vec<Observation>, ObservedError> {
    let mut making = Making::new(known);
    for told in all {
        making.add(told)?;
    }
    let (made, count) = (std::mem::take(&mut making.made), making.count);
    making.flaws.finish(made, count)
}

fn value(written: Option<&Written>, kind: Kind) -> Result<Option<Value>, Refused> {
    Ok(match written {
        None | Some(Written::Nothing) => None,
        Some(Written::Boolean(value)) => Some(Value::Boolean(*value)),
        Some(Written::Number(number)) => Some(Value::Number(*number)),
        Some(Written::Large(_)) if kind == Kind::Integer => return Err(Refused::OtherKind),
        Some(Written::Large(number)) => Some(Value::Number(*number)),
        Some(Written::Text(text)) => {
            let is_number = matches!(kind, Kind::Number | Kind::Integer);
            if is_number && is_no_number(text) {
                return Err(Refused::NotFinite);
            }
            Some(Value::Text(text.as_str().into()))
        }
    })
}

/// What programs write for results that are no numbers, in JSON and in RDF.
pub(super) fn is_no_number(text: &str) -> bool {
    let text = text.trim().trim_start_matches(['+', '-']);
    ["nan", "inf", "infinity"]
        .iter()
        .any(|name| text.eq_ignore_ascii_case(name))
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

fn bad_time(text: &str) -> Text {
    let text = shortened(text);
    Text::new(
        format!("\"{text}\" is geen tijdstip met tijdzone, zoals 2026-03-01T10:00:00Z"),
        format!("\"{text}\" is no moment with a time zone, such as 2026-03-01T10:00:00Z"),
    )
}

fn other_unit(unit: &str, has: Option<&str>) -> Text {
    let unit = shortened(unit);
    match has {
        Some(has) => Text::new(
            format!(
                "de eenheid is {unit}, die van de reeks {has}; reken het resultaat om of gebruik een reeks in deze eenheid"
            ),
            format!(
                "the unit is {unit}, that of the series {has}; convert the result or use a series in this unit"
            ),
        ),
        None => Text::new(
            format!("de eenheid is {unit}, en de reeks heeft er geen"),
            format!("the unit is {unit}, and the series has none"),
        ),
    }
}
