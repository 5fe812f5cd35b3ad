//! The newest observation of every series, kept at hand so that nobody has to look for it. Written beside what is sealed and brought
//! up to date from the write-ahead log.

use super::frame::{FrameFile, read_frames};
use super::row::{Row, SeriesId};
use super::{ObservationError, wal};
use std::path::Path;

/// Rows in one frame of the file.
const FRAME_ROWS: usize = 4_096;

/// What is known of one series.
#[derive(Clone, Debug, Default)]
enum Slot {
    #[default]
    Nothing,
    /// Its newest row that holds.
    Row(Row),
    /// Its newest row was withdrawn: the one before has to be looked for, at or before this moment.
    Withdrawn(Row),
}

/// The newest rows, by series.
#[derive(Clone, Debug, Default)]
pub(super) struct Latest {
    slots: Vec<Slot>,
}

/// What is known of the newest row of a series.
pub(super) enum Newest<'a> {
    /// There is none.
    Nothing,
    /// This one.
    Row(&'a Row),
    /// It has to be looked for, before this moment or at it.
    LookBefore(i64),
}

impl Latest {
    /// Takes a row into account; each may come more than once.
    pub(super) fn see(&mut self, row: &Row) {
        let at = row.observation.series.0 as usize;
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, Slot::default);
        }
        let slot = &mut self.slots[at];
        let is_newer = match slot {
            Slot::Nothing => true,
            Slot::Row(known) | Slot::Withdrawn(known) => {
                row.order(known).is_gt() && !row.repeats(known)
            }
        };
        if is_newer {
            *slot = match (&row.observation.result, &slot) {
                (Some(_), _) => Slot::Row(row.clone()),
                // Something withdrawn that nobody told before: what held still does.
                (None, Slot::Row(known)) if known.observation.key() != row.observation.key() => {
                    return;
                }
                (None, Slot::Nothing) => return,
                (None, _) => Slot::Withdrawn(row.clone()),
            };
        }
    }

    pub(super) fn of(&self, series: SeriesId) -> Newest<'_> {
        match self.slots.get(series.0 as usize) {
            None | Some(Slot::Nothing) => Newest::Nothing,
            Some(Slot::Row(row)) => Newest::Row(row),
            Some(Slot::Withdrawn(row)) => Newest::LookBefore(row.observation.time),
        }
    }

    /// Writes all of it to a new file, durably.
    pub(super) fn write(&self, path: &Path) -> Result<(), ObservationError> {
        let rows: Vec<&Row> = self
            .slots
            .iter()
            .filter_map(|slot| match slot {
                Slot::Nothing => None,
                Slot::Row(row) | Slot::Withdrawn(row) => Some(row),
            })
            .collect();
        let mut file = FrameFile::append_at(path, 0)?;
        let mut body = Vec::new();
        for chunk in rows.chunks(FRAME_ROWS) {
            // Numbers are not consecutive here: each row has its own before it.
            body.clear();
            for row in chunk {
                let mut one = Vec::new();
                wal::begin(&mut one, row.seq, 1);
                wal::push(&mut one, &row.observation);
                let length = u32::try_from(one.len()).unwrap_or(u32::MAX);
                body.extend_from_slice(&length.to_le_bytes());
                body.extend_from_slice(&one);
            }
            file.append(&body)?;
        }
        Ok(())
    }

    /// Reads such a file.
    pub(super) fn read(path: &Path) -> Result<Self, ObservationError> {
        let mut latest = Self::default();
        read_frames(path, |mut body| {
            while let Some((length, rest)) = body.split_first_chunk::<4>() {
                let length = u32::from_le_bytes(*length) as usize;
                let (one, rest) = rest
                    .split_at_checked(length)
                    .ok_or("a row is longer than its frame")?;
                wal::read(one, |row| latest.put(row))?;
                body = rest;
            }
            Ok(())
        })?;
        Ok(latest)
    }

    fn put(&mut self, row: Row) {
        let at = row.observation.series.0 as usize;
        if self.slots.len() <= at {
            self.slots.resize_with(at + 1, Slot::default);
        }
        self.slots[at] = match row.observation.result {
            Some(_) => Slot::Row(row),
            None => Slot::Withdrawn(row),
        };
    }
}
