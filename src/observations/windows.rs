//! Summaries by windows of time: count, least, greatest, sum and average of the kept sums of hours, percentiles of the rows.

use super::files::times_of;
use super::read::{View, sealed_rows};
use super::row::{HOUR, Row, SeriesId, day_of, holding, hour_of};
use super::seal::merge_day;
use super::sums::{self, DaySums, Hours, Summary, SumsFile};
use super::{ObservationError, ObservationStore, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{ControlFlow, Range};

/// Most windows of an answer.
const MAX_WINDOWS: usize = 1_000_000;
/// Microseconds farther away than any moment that is stored; on the hour.
const FAR: i64 = HOUR * 1_000_000_000;
/// Most results of one window whose percentiles are asked.
const MAX_RESULTS: usize = 10_000_000;

/// What to sum up.
#[derive(Clone, Debug)]
pub struct Windows {
    /// The series.
    pub series: SeriesId,
    /// Moments, microseconds since 1970-01-01T00:00:00Z; the end is not in it. Windows are counted from its start.
    pub times: Range<i64>,
    /// Length of a window in microseconds; all of the time when `None`.
    pub step: Option<i64>,
    /// Percentiles from 0 to 100, interpolated between the two nearest results.
    pub percentiles: Vec<f64>,
    /// As it was known after the observation of this number; the present when `None`.
    pub known_at: Option<u64>,
}

/// A window in which there is something.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Its moments.
    pub times: Range<i64>,
    /// What its results sum up to.
    pub summary: Summary,
    /// As many as were asked; none where results are no numbers.
    pub percentiles: Vec<f64>,
}

impl ObservationStore {
    /// The windows of a series in which there is something, in order of time. Windows of whole hours on the hour are read off kept
    /// sums; others, percentiles and earlier states of knowledge take reading the series.
    ///
    /// # Errors
    /// [`ObservationError::TooMuch`]; errors of reading.
    pub fn windows(&self, asked: &Windows) -> Result<Vec<Window>, ObservationError> {
        let times = asked.times.start.max(-FAR)..asked.times.end.min(FAR);
        if times.is_empty() {
            return Ok(Vec::new());
        }
        let whole = times.end.saturating_sub(times.start);
        let step = asked.step.unwrap_or(whole).max(1);
        let mut found = BTreeMap::new();
        let by_hour = times.start % HOUR == 0
            && (asked.step.is_none() || step % HOUR == 0)
            && asked.percentiles.is_empty()
            && asked.known_at.is_none();
        let mut rest = times.clone();
        if by_hour {
            let end = times.end - times.end.rem_euclid(HOUR);
            for (hour, summary) in self.hours(asked.series, times.start..end)? {
                let at = (hour - times.start) / step;
                found
                    .entry(at)
                    .or_insert_with(Summary::default)
                    .merge(&summary);
                within(found.len())?;
            }
            rest.start = end;
        }
        let mut percentiles = BTreeMap::new();
        if rest.start < rest.end {
            self.sum_up(
                asked,
                (times.start, step),
                rest,
                &mut found,
                &mut percentiles,
            )?;
        }
        let window = |(at, summary): (i64, Summary)| {
            let start = times.start + at * step;
            Window {
                times: start..start.saturating_add(step).min(times.end),
                summary,
                percentiles: percentiles.remove(&at).unwrap_or_default(),
            }
        };
        Ok(found.into_iter().map(window).collect())
    }

    /// Reads rows, a window at a time.
    fn sum_up(
        &self,
        asked: &Windows,
        (origin, step): (i64, i64),
        times: Range<i64>,
        found: &mut BTreeMap<i64, Summary>,
        percentiles: &mut BTreeMap<i64, Vec<f64>>,
    ) -> Result<(), ObservationError> {
        let mut scan = super::Scan::new(asked.series, times);
        scan.known_at = asked.known_at;
        let mut results: Vec<f64> = Vec::new();
        let mut current = i64::MIN;
        let mut refused = Ok(());
        let mut close = |at: i64, results: &mut Vec<f64>| {
            if !results.is_empty() {
                percentiles.insert(at, percentiles_of(results, &asked.percentiles));
                results.clear();
            }
        };
        self.scan(&scan, |row| {
            let at = (row.observation.time - origin) / step;
            if at != current {
                close(current, &mut results);
                current = at;
            }
            let number = row.observation.result.as_ref().and_then(Value::number);
            found.entry(at).or_default().add(number);
            if !asked.percentiles.is_empty() {
                results.extend(number);
            }
            refused = within(found.len()).and_then(|()| {
                if results.len() > MAX_RESULTS {
                    return Err(ObservationError::TooMuch {
                        what: "results in a window with percentiles",
                        limit: MAX_RESULTS,
                    });
                }
                Ok(())
            });
            if refused.is_ok() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        close(current, &mut results);
        refused
    }

    /// The hours of a series in which something holds: when each begins, and its sums.
    fn hours(
        &self,
        series: SeriesId,
        times: Range<i64>,
    ) -> Result<Vec<(i64, Summary)>, ObservationError> {
        let view = self.view(series, times.clone());
        let mut found = Vec::new();
        for day in view.days() {
            let start = times_of(day).start;
            for (hour, summary) in hours_of_day(&view, day)? {
                let hour = start + i64::from(hour) * HOUR;
                if times.contains(&hour) {
                    found.push((hour, summary));
                }
            }
        }
        Ok(found)
    }

    /// How many observations of a series hold, by the kept sums.
    ///
    /// # Errors
    /// When files cannot be read.
    pub fn count(&self, series: SeriesId) -> Result<u64, ObservationError> {
        let hours = self.hours(series, i64::MIN..i64::MAX)?;
        Ok(hours.iter().map(|(_, summary)| summary.count).sum())
    }

    /// The sums of every series in which something holds, over whole hours: `times` is taken to begin and end on the hour.
    ///
    /// # Errors
    /// When files cannot be read.
    pub fn totals(&self, times: Range<i64>) -> Result<Vec<(SeriesId, Summary)>, ObservationError> {
        let from = times.start - times.start.rem_euclid(HOUR);
        let to = times.end - times.end.rem_euclid(HOUR);
        let (sealed, memory) = self.all_of(&(from..to));
        let mut by_day: BTreeMap<i32, Vec<Row>> = BTreeMap::new();
        for row in memory {
            by_day
                .entry(day_of(row.observation.time))
                .or_default()
                .push(row);
        }
        let mut totals: Vec<Option<Summary>> = Vec::new();
        let mut add = |day: i32, day_sums: DaySums| {
            let start = times_of(day).start;
            for (series, hours) in day_sums {
                let at = series.0 as usize;
                if totals.len() <= at {
                    totals.resize(at + 1, None);
                }
                for (hour, summary) in hours {
                    if (from..to).contains(&(start + i64::from(hour) * HOUR)) {
                        totals[at].get_or_insert_default().merge(&summary);
                    }
                }
            }
        };
        for (day, files) in sealed.within(&(from..to)) {
            let rows = by_day.remove(&day).unwrap_or_default();
            let known = merge_day(Some((day, files)), rows.clone()).map(|merged| merged.sums);
            let known = known.or_else(|_| {
                // The sums follow from the rows.
                let mut all = rows;
                for segment in &files.segments {
                    let reader = super::segment::SegmentReader::open(segment.path())?;
                    for group in 0..reader.groups() {
                        all.append(&mut reader.group(group)?);
                    }
                }
                Ok::<_, ObservationError>(sums_of(all))
            })?;
            add(day, known);
        }
        for (day, rows) in by_day {
            add(day, sums_of(rows));
        }
        let number = |at: usize| SeriesId(u32::try_from(at).unwrap_or(u32::MAX));
        let totals = totals.into_iter().enumerate();
        Ok(totals
            .filter_map(|(at, summary)| Some((number(at), summary?)))
            .collect())
    }
}

fn within(windows: usize) -> Result<(), ObservationError> {
    if windows > MAX_WINDOWS {
        return Err(ObservationError::TooMuch {
            what: "windows",
            limit: MAX_WINDOWS,
        });
    }
    Ok(())
}

fn sums_of(mut rows: Vec<Row>) -> DaySums {
    holding(&mut rows, None);
    let mut day = DaySums::new();
    for row in &rows {
        sums::add(&mut day, row);
    }
    day
}

fn only(day: DaySums) -> Hours {
    day.into_iter()
        .next()
        .map(|(_, hours)| hours)
        .unwrap_or_default()
}

/// The sums of one series on one day: those that are kept, but for hours about which something is in memory.
fn hours_of_day(view: &View, day: i32) -> Result<Hours, ObservationError> {
    let memory = view.memory(&times_of(day));
    let Some(files) = view.sealed.days.get(&day) else {
        return Ok(only(sums_of(memory.to_vec())));
    };
    let kept = SumsFile::open(&files.sums.path, day).and_then(|file| file.series(view.series));
    let Ok(mut hours) = kept else {
        let mut rows = memory.to_vec();
        sealed_rows(files, view.series, &times_of(day), &mut rows)?;
        return Ok(only(sums_of(rows)));
    };
    if memory.is_empty() {
        return Ok(hours);
    }
    let hour = |row: &Row| hour_of(row.observation.time);
    let touched: BTreeSet<u8> = memory.iter().map(hour).collect();
    let known: Vec<u8> = hours.iter().map(|(hour, _)| *hour).collect();
    let mut both = known.iter().filter(|hour| touched.contains(hour));
    let mut rows = memory.to_vec();
    if let Some(first) = both.next() {
        let last = both.next_back().unwrap_or(first);
        let start = times_of(day).start;
        let times = start + i64::from(*first) * HOUR..start + (i64::from(*last) + 1) * HOUR;
        let mut sealed = Vec::new();
        sealed_rows(files, view.series, &times, &mut sealed)?;
        rows.extend(
            sealed
                .into_iter()
                .filter(|row| touched.contains(&hour(row))),
        );
    }
    hours.retain(|(hour, _)| !touched.contains(hour));
    hours.extend(only(sums_of(rows)));
    hours.sort_unstable_by_key(|(hour, _)| *hour);
    Ok(hours)
}

fn percentiles_of(results: &mut [f64], asked: &[f64]) -> Vec<f64> {
    results.sort_unstable_by(f64::total_cmp);
    let last = results.len() - 1;
    asked
        .iter()
        .map(|percentile| {
            let place = percentile.clamp(0.0, 100.0) / 100.0 * last as f64;
            // Between 0 and the last place.
            let low = place.floor() as usize;
            let high = (low + 1).min(last);
            results[low] + (results[high] - results[low]) * (place - low as f64)
        })
        .collect()
}
