//! Merging the files of a day into one, with its sums made anew from the rows alone. Everything that was told stays, except repeats.
//! Reads a group of each file at a time.

use super::ObservationError;
use super::files::DayFiles;
use super::row::Row;
use super::segment::{SegmentReader, SegmentWriter, Written};
use super::sums::{self, DaySums};
use std::path::Path;
use std::vec;

/// The rows of a file, one after the other.
pub(super) struct Stream {
    reader: SegmentReader,
    group: usize,
    rows: vec::IntoIter<Row>,
    head: Option<Row>,
}

impl Stream {
    pub(super) fn open(path: &Path) -> Result<Self, ObservationError> {
        let mut stream = Self {
            reader: SegmentReader::open(path)?,
            group: 0,
            rows: Vec::new().into_iter(),
            head: None,
        };
        stream.advance()?;
        Ok(stream)
    }

    /// How many rows it holds.
    pub(super) fn held_rows(&self) -> usize {
        self.rows.len()
    }

    /// The row at hand.
    pub(super) fn head(&self) -> Option<&Row> {
        self.head.as_ref()
    }

    /// Hands out the row at hand and goes to the next.
    pub(super) fn advance(&mut self) -> Result<Option<Row>, ObservationError> {
        let mut next = self.rows.next();
        while next.is_none() && self.group < self.reader.groups() {
            self.rows = self.reader.group(self.group)?.into_iter();
            self.group += 1;
            next = self.rows.next();
        }
        Ok(std::mem::replace(&mut self.head, next))
    }
}

/// Hands out all rows of the files in order, without repeats.
fn merged(
    files: &DayFiles,
    mut take: impl FnMut(Row) -> Result<(), ObservationError>,
) -> Result<(), ObservationError> {
    let mut streams = files
        .segments
        .iter()
        .map(|segment| Stream::open(segment.path()))
        .collect::<Result<Vec<_>, _>>()?;
    loop {
        // A day has a handful of files.
        let least = streams
            .iter_mut()
            .filter(|stream| stream.head.is_some())
            .min_by(|a, b| match (&a.head, &b.head) {
                (Some(a), Some(b)) => a.order(b),
                _ => std::cmp::Ordering::Equal,
            });
        let Some(row) = least.map(Stream::advance).transpose()?.flatten() else {
            return Ok(());
        };
        take(row)?;
    }
}

/// Writes one file with what all files of a day hold, and returns what is known of it and the sums of the day.
pub(super) fn compact(
    files: &DayFiles,
    path: &Path,
) -> Result<(Written, DaySums), ObservationError> {
    let mut writer = SegmentWriter::create(path)?;
    let mut day = DaySums::new();
    let mut last: Option<Row> = None;
    let mut put = |row: Row, holds: bool, day: &mut DaySums| {
        if holds && row.observation.result.is_some() {
            sums::add(day, &row);
        }
        writer.push(row)
    };
    merged(files, |row| {
        if let Some(before) = last.take() {
            if row.repeats(&before) {
                last = Some(before);
                return Ok(());
            }
            let holds = row.observation.key() != before.observation.key();
            put(before, holds, &mut day)?;
        }
        last = Some(row);
        Ok(())
    })?;
    if let Some(row) = last {
        put(row, true, &mut day)?;
    }
    Ok((writer.finish()?, day))
}
