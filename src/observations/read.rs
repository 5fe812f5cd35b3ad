//! Reading one series in order of time, day by day: what is sealed and what is in memory, sorted out. Never holds more than a day of
//! one series.

use super::files::{DayFiles, Sealed, times_of};
use super::row::{Row, SeriesId, day_of, history, holding};
use super::segment::SegmentReader;
use super::{ObservationError, ObservationStore};
use std::collections::BTreeSet;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

/// What to read.
#[derive(Clone, Debug)]
pub struct Scan {
    /// The series.
    pub series: SeriesId,
    /// Moments, microseconds since 1970-01-01T00:00:00Z; the end is not in it.
    pub times: Range<i64>,
    /// As it was known after the observation of this number; the present when `None`.
    pub known_at: Option<u64>,
    /// With what was corrected and withdrawn too, each in the order in which it came.
    pub corrected: bool,
    /// Newest first.
    pub descending: bool,
}

impl Scan {
    /// What holds of a series, in order of time.
    pub fn new(series: SeriesId, times: Range<i64>) -> Self {
        Self {
            series,
            times,
            known_at: None,
            corrected: false,
            descending: false,
        }
    }
}

/// One series as it stands: what is sealed, and what is in memory, by time.
pub(super) struct View {
    pub(super) series: SeriesId,
    pub(super) times: Range<i64>,
    pub(super) sealed: Arc<Sealed>,
    memory: Vec<Row>,
}

impl View {
    pub(super) fn new(
        series: SeriesId,
        times: Range<i64>,
        sealed: Arc<Sealed>,
        mut memory: Vec<Row>,
    ) -> Self {
        memory.sort_unstable_by(Row::order);
        Self {
            series,
            times,
            sealed,
            memory,
        }
    }

    /// How many rows of memory it holds.
    pub(super) fn memory_rows(&self) -> usize {
        self.memory.len()
    }

    /// The days in which there may be something.
    pub(super) fn days(&self) -> BTreeSet<i32> {
        let sealed = self.sealed.within(&self.times).map(|(day, _)| day);
        let memory = self.memory.iter().map(|row| day_of(row.observation.time));
        sealed.chain(memory).collect()
    }

    /// What is in memory of some moments.
    pub(super) fn memory(&self, times: &Range<i64>) -> &[Row] {
        let start = self
            .memory
            .partition_point(|row| row.observation.time < times.start);
        let end = self
            .memory
            .partition_point(|row| row.observation.time < times.end);
        &self.memory[start..end.max(start)]
    }

    /// All rows of a day, unsorted.
    pub(super) fn day(&self, day: i32) -> Result<Vec<Row>, ObservationError> {
        let times = times_of(day);
        let times = times.start.max(self.times.start)..times.end.min(self.times.end);
        let mut rows = Vec::new();
        if let Some(files) = self.sealed.days.get(&day) {
            sealed_rows(files, self.series, &times, &mut rows)?;
        }
        rows.extend_from_slice(self.memory(&times));
        Ok(rows)
    }
}

/// Appends what the files of a day hold of a series.
pub(super) fn sealed_rows(
    files: &DayFiles,
    series: SeriesId,
    times: &Range<i64>,
    out: &mut Vec<Row>,
) -> Result<(), ObservationError> {
    for segment in &files.segments {
        if segment.first_time < times.end && segment.last_time >= times.start {
            SegmentReader::open(segment.path())?.series(series, times, out)?;
        }
    }
    Ok(())
}

impl ObservationStore {
    /// Hands out rows of a series until there are no more or `take` breaks off.
    ///
    /// # Errors
    /// When a file cannot be read; what was handed out before is right.
    pub fn scan(
        &self,
        scan: &Scan,
        mut take: impl FnMut(Row) -> ControlFlow<()>,
    ) -> Result<(), ObservationError> {
        let view = self.view(scan.series, scan.times.clone());
        let mut days: Vec<i32> = view.days().into_iter().collect();
        if scan.descending {
            days.reverse();
        }
        for day in days {
            let mut rows = view.day(day)?;
            if scan.corrected {
                rows.retain(|row| scan.known_at.is_none_or(|last| row.seq <= last));
                history(&mut rows);
            } else {
                holding(&mut rows, scan.known_at);
            }
            if scan.descending {
                rows.reverse();
            }
            for row in rows {
                if take(row).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Collects at most `limit` rows, see [`Self::scan`].
    ///
    /// # Errors
    /// As there.
    pub fn rows(&self, scan: &Scan, limit: usize) -> Result<Vec<Row>, ObservationError> {
        let mut rows = Vec::new();
        self.scan(scan, |row| {
            if rows.len() < limit {
                rows.push(row);
            }
            if rows.len() < limit {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        Ok(rows)
    }
}
