//! What the write-ahead log says: batches of rows in a fixed layout. Writing and checksums are of `frame`; when a file may go, of `seal`.
//!
//! ```text
//! body   first number u64 | rows u32 | row…
//! row    series u32 | feature u32 | time i64 | flags u8 | quality u8 | [end i64] | [result time i64] | [f64, u8, or length u16 and text]
//! ```

use super::row::{FeatureId, Observation, Row, SeriesId, Value};
use std::path::{Path, PathBuf};

const HAS_END: u8 = 1;
const HAS_RESULT_TIME: u8 = 2;
const KIND_SHIFT: u8 = 2;

/// File of the log with a number.
pub(super) fn path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("wal-{number:012}"))
}

/// The number of a file of the log.
pub(super) fn number_of(name: &str) -> Option<u64> {
    name.strip_prefix("wal-")?.parse().ok()
}

/// Begins a body.
pub(super) fn begin(out: &mut Vec<u8>, first: u64, rows: u32) {
    out.clear();
    out.extend_from_slice(&first.to_le_bytes());
    out.extend_from_slice(&rows.to_le_bytes());
}

/// Appends one observation.
pub(super) fn push(out: &mut Vec<u8>, observation: &Observation) {
    out.extend_from_slice(&observation.series.0.to_le_bytes());
    out.extend_from_slice(&observation.feature.0.to_le_bytes());
    out.extend_from_slice(&observation.time.to_le_bytes());
    let kind = match &observation.result {
        None => 0,
        Some(Value::Number(_)) => 1,
        Some(Value::Boolean(_)) => 2,
        Some(Value::Text(_)) => 3,
    };
    let mut flags = kind << KIND_SHIFT;
    if observation.end.is_some() {
        flags |= HAS_END;
    }
    if observation.result_time.is_some() {
        flags |= HAS_RESULT_TIME;
    }
    out.push(flags);
    out.push(observation.quality);
    for time in [observation.end, observation.result_time]
        .into_iter()
        .flatten()
    {
        out.extend_from_slice(&time.to_le_bytes());
    }
    match &observation.result {
        None => {}
        Some(Value::Number(number)) => out.extend_from_slice(&number.to_le_bytes()),
        Some(Value::Boolean(value)) => out.push(u8::from(*value)),
        Some(Value::Text(text)) => {
            // Checked texts are far shorter than 64 KiB.
            let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
            out.extend_from_slice(&length.to_le_bytes());
            out.extend_from_slice(&text.as_bytes()[..usize::from(length)]);
        }
    }
}

/// Reads what may be the latest bytes of a file: never past its end.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn row(&mut self, seq: u64) -> Option<Row> {
        let series = SeriesId(u32::from_le_bytes(self.array()?));
        let feature = FeatureId(u32::from_le_bytes(self.array()?));
        let time = i64::from_le_bytes(self.array()?);
        let [flags, quality] = self.array()?;
        let end = match flags & HAS_END {
            0 => None,
            _ => Some(i64::from_le_bytes(self.array()?)),
        };
        let result_time = match flags & HAS_RESULT_TIME {
            0 => None,
            _ => Some(i64::from_le_bytes(self.array()?)),
        };
        let result = match flags >> KIND_SHIFT {
            0 => None,
            1 => Some(Value::Number(f64::from_le_bytes(self.array()?))),
            2 => Some(Value::Boolean(self.array::<1>()? != [0])),
            3 => {
                let length = u16::from_le_bytes(self.array()?);
                let text = std::str::from_utf8(self.take(usize::from(length))?).ok()?;
                Some(Value::Text(text.into()))
            }
            _ => return None,
        };
        Some(Row {
            seq,
            observation: Observation {
                series,
                feature,
                time,
                end,
                result_time,
                result,
                quality,
            },
        })
    }
}

/// Reads one body.
///
/// # Errors
/// When it is no body of this log.
pub(super) fn read(body: &[u8], mut take: impl FnMut(Row)) -> Result<(), String> {
    let mut bytes = Bytes(body);
    let mut all = || {
        let first = u64::from_le_bytes(bytes.array()?);
        let rows = u32::from_le_bytes(bytes.array()?);
        for place in 0..u64::from(rows) {
            take(bytes.row(first.checked_add(place)?)?);
        }
        bytes.0.is_empty().then_some(())
    };
    all().ok_or_else(|| "a batch cannot be read".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn some() -> impl Strategy<Value = Observation> {
        let value = prop_oneof![
            Just(None),
            any::<f64>()
                .prop_filter("finite", |n| n.is_finite())
                .prop_map(|n| Some(Value::Number(n))),
            any::<bool>().prop_map(|b| Some(Value::Boolean(b))),
            ".{0,20}".prop_map(|t| Some(Value::Text(t.into()))),
        ];
        (
            any::<[u32; 2]>(),
            any::<i64>(),
            any::<Option<i64>>(),
            any::<Option<i64>>(),
            value,
            any::<u8>(),
        )
            .prop_map(
                |(ids, time, end, result_time, result, quality)| Observation {
                    series: SeriesId(ids[0]),
                    feature: FeatureId(ids[1]),
                    time,
                    end,
                    result_time,
                    result,
                    quality,
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_read_is_what_was_written(batch in prop::collection::vec(some(), 0..20), cut in 0usize..2000) {
            let mut body = Vec::new();
            begin(&mut body, 7, u32::try_from(batch.len()).expect("few"));
            for observation in &batch {
                push(&mut body, observation);
            }
            let mut rows = Vec::new();
            read(&body, |row| rows.push(row)).expect("reads");
            let seqs: Vec<u64> = rows.iter().map(|row| row.seq).collect();
            prop_assert_eq!(seqs, (7..7 + batch.len() as u64).collect::<Vec<_>>());
            let told: Vec<Observation> = rows.into_iter().map(|row| row.observation).collect();
            prop_assert_eq!(told, batch);
            if cut < body.len() {
                let torn = read(&body[..cut], drop);
                prop_assert!(torn.is_err());
            }
        }
    }
}
