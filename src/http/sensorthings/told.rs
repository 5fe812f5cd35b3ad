//! Observations as SensorThings writes them, read into what the store takes. Judges form alone: whether a result is of the kind of
//! its series and a moment in the past, the store judges.

use super::super::error::ApiError;
use super::super::observations::refused::batch;
use super::refused;
use crate::observations::{FeatureId, Kind, Observation, Refused, SeriesId, Value};
use crate::views::sensorthings::{micros, times};
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

/// What an observation says, before its series has a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Told {
    pub(super) time: i64,
    pub(super) end: Option<i64>,
    pub(super) result_time: Option<i64>,
    /// The result as it came; what it is depends on the series.
    pub(super) result: Json,
    pub(super) quality: u8,
}

/// An observation that cannot be stored: its place in the request, and why.
pub(super) type Misfit = (usize, Refused);

impl Told {
    /// Reads the properties of an observation.
    ///
    /// # Errors
    /// 400 with the property.
    pub(super) fn read(fields: &Map<String, Json>) -> Result<Self, ApiError> {
        let given = |name: &str| fields.get(name).filter(|value| !value.is_null());
        let wrong = |name: &str, nl: &str, en: &str| {
            Err(refused::wrong(
                &format!("/{name}"),
                &format!("Observation.{name}"),
                nl,
                en,
            ))
        };
        let (time, end) = match given("phenomenonTime") {
            None => (Timestamp::now().as_microsecond(), None),
            Some(value) => match value.as_str().and_then(times) {
                Some(times) => times,
                None => {
                    return wrong(
                        "phenomenonTime",
                        "een tijdstip zoals 2026-03-01T00:00:00Z of een interval van twee",
                        "a moment such as 2026-03-01T00:00:00Z or an interval of two",
                    );
                }
            },
        };
        let result_time = match given("resultTime") {
            None => None,
            Some(value) => match value.as_str().and_then(micros) {
                Some(at) => Some(at),
                None => {
                    return wrong(
                        "resultTime",
                        "een tijdstip zoals 2026-03-01T00:00:00Z",
                        "a moment such as 2026-03-01T00:00:00Z",
                    );
                }
            },
        };
        let Some(result) = given("result") else {
            return wrong("result", "een waarde", "a value");
        };
        let quality = match given("resultQuality") {
            None => 0,
            Some(value) => match quality_of(value) {
                Some(quality) => quality,
                None => {
                    return wrong(
                        "resultQuality",
                        "een geheel getal van 0 tot 255",
                        "a whole number from 0 to 255",
                    );
                }
            },
        };
        for name in ["validTime", "parameters"] {
            let is_empty = match given(name) {
                None => true,
                Some(Json::Object(members)) => members.is_empty(),
                Some(_) => false,
            };
            if !is_empty {
                return wrong(
                    name,
                    "niets: dit wordt hier niet bewaard",
                    "nothing: this is not kept here",
                );
            }
        }
        Ok(Self {
            time,
            end,
            result_time,
            result: result.clone(),
            quality,
        })
    }

    /// As the store takes it.
    ///
    /// # Errors
    /// When the result is of another kind than the series has.
    pub(super) fn into_observation(
        self,
        series: SeriesId,
        feature: FeatureId,
        kind: Kind,
    ) -> Result<Observation, Refused> {
        Ok(Observation {
            series,
            feature,
            time: self.time,
            end: self.end,
            result_time: self.result_time,
            result: Some(value(&self.result, kind)?),
            quality: self.quality,
        })
    }
}

/// A number of quality, also as one of the texts that clients send for it.
fn quality_of(value: &Json) -> Option<u8> {
    match value {
        Json::Number(number) => u8::try_from(number.as_u64()?).ok(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A result as the kind of its series.
pub(super) fn value(json: &Json, kind: Kind) -> Result<Value, Refused> {
    match (json, kind) {
        (Json::Number(number), Kind::Number | Kind::Integer) => {
            let number = number.as_f64().ok_or(Refused::NotFinite)?;
            Ok(Value::Number(number))
        }
        (Json::String(text), Kind::Number | Kind::Integer) => {
            // JSON has no NaN: gateways write it as a text.
            let is_number = text.trim().parse::<f64>().is_ok_and(|n| !n.is_finite());
            Err(if is_number {
                Refused::NotFinite
            } else {
                Refused::OtherKind
            })
        }
        (Json::Bool(value), Kind::Boolean) => Ok(Value::Boolean(*value)),
        (Json::String(text), Kind::Text) => Ok(Value::Text(text.as_str().into())),
        _ => Err(Refused::OtherKind),
    }
}

/// The refusal of a request for observations that do not fit.
pub(super) fn misfits(found: &[Misfit], total: usize) -> ApiError {
    const TOLD: usize = 20;
    let listed = found.iter().take(TOLD).map(|(place, reason)| {
        let (en, nl) = reason.texts();
        json!({
            "plaats": place,
            "code": reason.code(),
            "melding": { "nl": nl, "en": en },
        })
    });
    batch(listed.collect(), total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: Json) -> Result<Told, ApiError> {
        let Json::Object(fields) = json else {
            panic!("an object")
        };
        Told::read(&fields)
    }

    #[test]
    fn times_and_results_are_read() {
        let told = read(
            json!({ "phenomenonTime": "1970-01-01T00:00:01Z/1970-01-01T00:00:02Z", "result": 3, "resultTime": null }),
        );
        let told = told.expect("an observation");
        assert_eq!(
            (told.time, told.end, told.result_time),
            (1_000_000, Some(2_000_000), None)
        );
        assert!(read(json!({ "phenomenonTime": "gisteren", "result": 3 })).is_err());
        assert!(read(json!({ "phenomenonTime": "1970-01-01T00:00:01Z" })).is_err());
        assert!(read(json!({ "result": 1, "parameters": { "a": 1 } })).is_err());
        assert!(read(json!({ "result": 1, "parameters": {}, "validTime": null })).is_ok());
    }

    #[test]
    fn results_are_of_the_kind_of_their_series() {
        assert_eq!(value(&json!(1.5), Kind::Number), Ok(Value::Number(1.5)));
        assert_eq!(value(&json!("NaN"), Kind::Number), Err(Refused::NotFinite));
        assert_eq!(value(&json!("warm"), Kind::Number), Err(Refused::OtherKind));
        assert_eq!(value(&json!(1), Kind::Boolean), Err(Refused::OtherKind));
        assert_eq!(value(&json!(true), Kind::Boolean), Ok(Value::Boolean(true)));
    }
}
