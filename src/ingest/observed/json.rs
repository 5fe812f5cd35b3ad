//! Batches in JSON: one observation, a list of them, or one a line. Read in one pass into what the store takes, so that a large
//! batch costs no tree.
//!
//! ```json
//! [{ "reeks": "17", "tijd": "2026-03-01T10:00:00Z", "waarde": 21.5, "eenheid": "unit:DEG_C" }]
//! ```
//!
//! `reeks` is an IRI or the name of a series of this registry; `tijd` a moment or `begin/end`; `waarde` a number, a boolean, a text, or
//! null, which withdraws. `tot`, `resultaattijd`, `eenheid` (a check), `kwaliteit` and `object` may be left out. Other keys are mistakes.

use super::about::Known;
use super::batch::{Malformed, ObservedError};
use super::result::{MAX_EXACT, Making, Told, Written};
use crate::observations::{Observation, ObservationError};
use crate::rdf::label::Text;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// Most observations of one batch; the store takes no more.
const MAX_OBSERVATIONS: usize = 250_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    reeks: Cow<'a, str>,
    #[serde(borrow)]
    tijd: Cow<'a, str>,
    #[serde(default)]
    tot: Option<Cow<'a, str>>,
    #[serde(default)]
    resultaattijd: Option<Cow<'a, str>>,
    waarde: Waarde,
    #[serde(default)]
    eenheid: Option<Cow<'a, str>>,
    #[serde(default)]
    kwaliteit: u8,
    #[serde(default)]
    object: Option<Cow<'a, str>>,
}

impl<'a> From<Line<'a>> for Told<'a> {
    fn from(line: Line<'a>) -> Self {
        Self {
            series: line.reeks,
            time: line.tijd,
            end: line.tot,
            result_time: line.resultaattijd,
            result: Some(line.waarde.0),
            unit: line.eenheid,
            quality: line.kwaliteit,
            feature: line.object,
        }
    }
}

struct Waarde(Written);

impl<'de> Deserialize<'de> for Waarde {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Waarde;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, a boolean, a text or null")
            }

            fn visit_unit<E>(self) -> Result<Waarde, E> {
                Ok(Waarde(Written::Nothing))
            }

            fn visit_bool<E>(self, value: bool) -> Result<Waarde, E> {
                Ok(Waarde(Written::Boolean(value)))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Waarde, E> {
                Ok(Waarde(Written::Number(value)))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Waarde, E> {
                let number = value as f64;
                Ok(Waarde(if value > MAX_EXACT {
                    Written::Large(number)
                } else {
                    Written::Number(number)
                }))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Waarde, E> {
                let number = value as f64;
                Ok(Waarde(if value.unsigned_abs() > MAX_EXACT {
                    Written::Large(number)
                } else {
                    Written::Number(number)
                }))
            }

            fn visit_str<E>(self, text: &str) -> Result<Waarde, E> {
                Ok(Waarde(Written::Text(text.to_owned())))
            }
        }
        from.deserialize_any(Reader)
    }
}

/// Reads one observation or a list of them.
///
/// # Errors
/// [`ObservedError`]; with the place of what is wrong.
pub fn read_json(bytes: &[u8], known: &mut Known<'_>) -> Result<Vec<Observation>, ObservedError> {
    let mut making = Making::new(known);
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut store_error = None;
    let read = if first == Some(&b'[') {
        let mut from = serde_json::Deserializer::from_slice(bytes);
        let list = List {
            making: &mut making,
            store_error: &mut store_error,
        };
        from.deserialize_seq(list).and_then(|()| from.end())
    } else {
        serde_json::from_slice::<Line<'_>>(bytes).map(|line| {
            store_error = making.add(&line.into()).err();
        })
    };
    if let Some(error) = store_error {
        return Err(error.into());
    }
    if let Err(error) = read {
        return Err(malformed(bytes, &error, making.count, 0));
    }
    let (made, count) = (std::mem::take(&mut making.made), making.count);
    making.flaws.finish(made, count)
}

/// Reads an observation a line (`application/x-ndjson`); empty lines are passed over.
///
/// # Errors
/// [`ObservedError`]; with the line of what is wrong.
pub fn read_lines(bytes: &[u8], known: &mut Known<'_>) -> Result<Vec<Observation>, ObservedError> {
    let mut making = Making::new(known);
    for (number, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if making.count == MAX_OBSERVATIONS {
            return Err(too_many());
        }
        let read: Line<'_> = serde_json::from_slice(line)
            .map_err(|error| malformed(line, &error, making.count, number))?;
        making.add(&read.into())?;
    }
    let (made, count) = (std::mem::take(&mut making.made), making.count);
    making.flaws.finish(made, count)
}

fn too_many() -> ObservedError {
    ObservedError::Store(ObservationError::TooMuch {
        what: "observations in a batch",
        limit: MAX_OBSERVATIONS,
    })
}

/// Takes in the observations of a list one by one.
struct List<'m, 'k, 's> {
    making: &'m mut Making<'k, 's>,
    store_error: &'m mut Option<ObservationError>,
}

impl<'de> Visitor<'de> for List<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of observations")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(line) = list.next_element::<Line<'de>>()? {
            let added = if self.making.count == MAX_OBSERVATIONS {
                Err(ObservationError::TooMuch {
                    what: "observations in a batch",
                    limit: MAX_OBSERVATIONS,
                })
            } else {
                self.making.add(&line.into())
            };
            if let Err(error) = added {
                *self.store_error = Some(error);
                return Err(A::Error::custom("the store refused"));
            }
        }
        Ok(())
    }
}

/// The mistake in a text. `before` are lines that stand before it.
fn malformed(
    bytes: &[u8],
    error: &serde_json::Error,
    place: usize,
    before: usize,
) -> ObservedError {
    let (line, column) = (error.line() + before, error.column());
    let place = Some(place);
    if error.is_data() {
        // The reader's own words name the key and what was expected of it.
        let told = error.to_string();
        let told = told.split(" at line ").next().unwrap_or("").to_owned();
        return ObservedError::Malformed(Malformed {
            code: "wrong-type",
            place,
            line,
            column,
            text: Text::new(
                format!(
                    "Een waarneming is niet zoals /api/docs ze beschrijft: {told}. Er is niets bewaard."
                ),
                format!(
                    "An observation is not as /api/docs describes it: {told}. Nothing was stored."
                ),
            ),
        });
    }
    let (code, text) = if is_at_no_number(bytes, error) {
        (
            "not-finite",
            Text::new(
                "NaN en Infinity zijn geen JSON en geen resultaat; laat de waarneming weg of trek ze in met null. Er is niets bewaard.",
                "NaN and Infinity are no JSON and no result; leave the observation out or withdraw it with null. Nothing was stored.",
            ),
        )
    } else {
        (
            "invalid-json",
            Text::new(
                "De inhoud is geen JSON. Er is niets bewaard.",
                "The content is no JSON. Nothing was stored.",
            ),
        )
    };
    ObservedError::Malformed(Malformed {
        code,
        place,
        line,
        column,
        text,
    })
}

/// Whether reading stopped at a NaN or Infinity, which several programs write for lack of a value.
fn is_at_no_number(bytes: &[u8], error: &serde_json::Error) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let line = lines.nth(error.line().saturating_sub(1)).unwrap_or(b"");
    let at = error.column().saturating_sub(1).min(line.len());
    // A sign may stand before it.
    let start = at.saturating_sub(1);
    let near = line.get(start..(at + 9).min(line.len())).unwrap_or(b"");
    let near = String::from_utf8_lossy(near);
    near.contains("NaN") || near.contains("Infinit") || near.contains("nan")
}
