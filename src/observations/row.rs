//! One observation: what is measured, when, of which series. Knows no files and no units; what may be stored is judged by
//! `check`.

use std::cmp::Ordering;

/// Microseconds of an hour, the grain of kept summaries.
pub const HOUR: i64 = 3_600_000_000;
/// Microseconds of a day, the grain of files.
pub const DAY: i64 = 24 * HOUR;

/// Number of a series in this store; the store tells its IRI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesId(pub u32);

/// Number of a feature of interest in this store; 0 is the one that the series itself is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeatureId(pub u32);

/// A result. Whole numbers are numbers: up to 2^53 they are exact, and larger ones are refused.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A finite number.
    Number(f64),
    /// True or false.
    Boolean(bool),
    /// A text, of a code list for example.
    Text(Box<str>),
}

impl Value {
    /// The number that summaries count with: a boolean is 1 or 0; `None` for a text.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Boolean(value) => Some(f64::from(u8::from(*value))),
            Self::Text(_) => None,
        }
    }
}

/// What a sensor told (`sosa:Observation`). Times are microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// The series it belongs to.
    pub series: SeriesId,
    /// The feature of interest, where it is another one than that of the series.
    pub feature: FeatureId,
    /// When it holds, or since when (`sosa:phenomenonTime`).
    pub time: i64,
    /// Until when, where it is about an interval.
    pub end: Option<i64>,
    /// When the result was there (`sosa:resultTime`), where that is another moment.
    pub result_time: Option<i64>,
    /// The result; `None` withdraws what was told of that moment.
    pub result: Option<Value>,
    /// Quality as the publisher codes it, 0 when nothing is said.
    pub quality: u8,
}

impl Observation {
    /// An observation of one moment, of the feature of its series.
    pub fn new(series: SeriesId, time: i64, result: Value) -> Self {
        Self {
            series,
            feature: FeatureId::default(),
            time,
            end: None,
            result_time: None,
            result: Some(result),
            quality: 0,
        }
    }

    /// What makes two of them about the same thing.
    pub(crate) fn key(&self) -> (SeriesId, i64, FeatureId) {
        (self.series, self.time, self.feature)
    }

    /// Whether the other one tells nothing else. When it was told does not count: gateways send things again.
    fn tells_as(&self, other: &Self) -> bool {
        self.result == other.result && self.end == other.end && self.quality == other.quality
    }

    /// Roughly the bytes it takes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let text = match &self.result {
            Some(Value::Text(text)) => text.len(),
            _ => 0,
        };
        size_of::<Row>() + text
    }
}

/// An observation that is stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When it came in, counted from 1: of two rows about the same moment the higher one holds.
    pub seq: u64,
    /// What was told.
    pub observation: Observation,
}

impl Row {
    pub(crate) fn order(&self, other: &Self) -> Ordering {
        (self.observation.key(), self.seq).cmp(&(other.observation.key(), other.seq))
    }

    /// Whether this row, coming after the other, brings nothing new.
    pub(crate) fn repeats(&self, earlier: &Self) -> bool {
        self.observation.key() == earlier.observation.key()
            && self.observation.tells_as(&earlier.observation)
    }
}

/// The day of a moment, counted from 1970-01-01.
pub(crate) fn day_of(time: i64) -> i32 {
    // A moment that may be stored is a few hundred years away at most.
    i32::try_from(time.div_euclid(DAY)).unwrap_or(if time < 0 { i32::MIN } else { i32::MAX })
}

/// The hour of its day that a moment is in.
pub(crate) fn hour_of(time: i64) -> u8 {
    u8::try_from(time.rem_euclid(DAY) / HOUR).unwrap_or(23)
}

/// Sorts rows and leaves out what repeats: what is left is what is kept.
pub(crate) fn history(rows: &mut Vec<Row>) {
    if !rows.is_sorted_by(|a, b| a.order(b).is_le()) {
        rows.sort_unstable_by(Row::order);
    }
    rows.dedup_by(|later, earlier| later.repeats(earlier));
}

/// Of rows in any order, those that hold: the last one about each moment, without what was withdrawn.
pub(crate) fn holding(rows: &mut Vec<Row>, known_at: Option<u64>) {
    if let Some(last) = known_at {
        rows.retain(|row| row.seq <= last);
    }
    history(rows);
    // From the back, so that the last one of each key comes first.
    rows.reverse();
    rows.dedup_by(|earlier, kept| earlier.observation.key() == kept.observation.key());
    rows.reverse();
    rows.retain(|row| row.observation.result.is_some());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, time: i64, result: Option<f64>) -> Row {
        let mut observation = Observation::new(SeriesId(1), time, Value::Number(0.0));
        observation.result = result.map(Value::Number);
        Row { seq, observation }
    }

    #[test]
    fn the_last_one_holds_and_both_are_kept() {
        let told = vec![
            row(3, 10, Some(2.0)),
            row(1, 10, Some(1.0)),
            row(2, 10, Some(1.0)),
            row(4, 20, Some(5.0)),
            row(5, 20, None),
        ];
        let mut kept = told.clone();
        history(&mut kept);
        let seqs: Vec<u64> = kept.iter().map(|row| row.seq).collect();
        assert_eq!(seqs, [1, 3, 4, 5], "the second repeats the first");
        let mut now = told.clone();
        holding(&mut now, None);
        assert_eq!(now, [row(3, 10, Some(2.0))]);
        let mut then = told;
        holding(&mut then, Some(4));
        assert_eq!(then, [row(3, 10, Some(2.0)), row(4, 20, Some(5.0))]);
    }

    #[test]
    fn days_and_hours_before_1970_are_right() {
        assert_eq!((day_of(-1), hour_of(-1)), (-1, 23));
        assert_eq!((day_of(0), hour_of(0)), (0, 0));
    }
}
