//! Reading what holds in pieces, at the pace of who reads: a piece is what one series tells of one day. Of one series in order of
//! time; of all series day by day. Holds a piece and, for all series, one group of rows of each file of the day.

use super::compact::Stream;
use super::files::times_of;
use super::read::{Scan, View};
use super::row::{Row, SeriesId, holding};
use super::{ObservationError, ObservationStore};
use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;
use std::vec::IntoIter;

/// Pieces that hold something, as an iterator. After an error there are no more.
pub struct Sweep {
    known_at: Option<u64>,
    descending: bool,
    days: IntoIter<i32>,
    of: Of,
}

enum Of {
    One(View),
    All {
        store: Arc<ObservationStore>,
        times: Range<i64>,
        today: Option<Day>,
    },
}

/// A day of all series.
struct Day {
    streams: Vec<Stream>,
    memory: Peekable<IntoIter<Row>>,
}

impl ObservationStore {
    /// Reads one series as [`Self::scan`] does, without what was corrected.
    pub fn sweep(&self, scan: &Scan) -> Sweep {
        let view = self.view(scan.series, scan.times.clone());
        let mut days: Vec<i32> = view.days().into_iter().collect();
        if scan.descending {
            days.reverse();
        }
        Sweep {
            known_at: scan.known_at,
            descending: scan.descending,
            days: days.into_iter(),
            of: Of::One(view),
        }
    }

    /// Reads all series, day by day, in the order of their numbers.
    pub fn sweep_all(self: &Arc<Self>, times: Range<i64>, known_at: Option<u64>) -> Sweep {
        let days: Vec<i32> = self.days_of(&times).into_iter().collect();
        Sweep {
            known_at,
            descending: false,
            days: days.into_iter(),
            of: Of::All {
                store: Arc::clone(self),
                times,
                today: None,
            },
        }
    }
}

impl Sweep {
    /// How many rows it holds beside the pieces handed out.
    pub fn held_rows(&self) -> usize {
        match &self.of {
            Of::One(view) => view.memory_rows(),
            Of::All { today, .. } => today.as_ref().map_or(0, |day| {
                let streams = day.streams.iter().map(Stream::held_rows);
                day.memory.len() + streams.sum::<usize>()
            }),
        }
    }

    /// What holds of the next series or day in which there may be something.
    fn piece(&mut self) -> Result<Option<Vec<Row>>, ObservationError> {
        match &mut self.of {
            Of::One(view) => self.days.next().map(|day| view.day(day)).transpose(),
            Of::All {
                store,
                times,
                today,
            } => loop {
                if let Some(day) = today {
                    if let Some(rows) = day.next_series(times)? {
                        return Ok(Some(rows));
                    }
                    *today = None;
                }
                let Some(day) = self.days.next() else {
                    return Ok(None);
                };
                *today = Some(Day::open(store, day)?);
            },
        }
    }
}

impl Iterator for Sweep {
    type Item = Result<Vec<Row>, ObservationError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let mut rows = match self.piece() {
                Ok(rows) => rows?,
                Err(error) => {
                    self.days = Vec::new().into_iter();
                    if let Of::All { today, .. } = &mut self.of {
                        *today = None;
                    }
                    return Some(Err(error));
                }
            };
            holding(&mut rows, self.known_at);
            if self.descending {
                rows.reverse();
            }
            if !rows.is_empty() {
                return Some(Ok(rows));
            }
        }
    }
}

impl Day {
    /// What is sealed and what is in memory of a day are taken together: rows that are sealed meanwhile count once.
    fn open(store: &ObservationStore, day: i32) -> Result<Self, ObservationError> {
        let (sealed, mut memory) = store.all_of(&times_of(day));
        memory.sort_unstable_by(Row::order);
        let files = sealed.days.get(&day);
        let segments = files.iter().flat_map(|files| &files.segments);
        Ok(Self {
            streams: segments
                .map(|segment| Stream::open(segment.path()))
                .collect::<Result<_, _>>()?,
            memory: memory.into_iter().peekable(),
        })
    }

    /// All rows of the series that comes next, unsorted.
    fn next_series(&mut self, times: &Range<i64>) -> Result<Option<Vec<Row>>, ObservationError> {
        let of = |row: &Row| row.observation.series;
        let streams = self.streams.iter();
        let heads = streams.filter_map(|stream| stream.head().map(of));
        let Some(series): Option<SeriesId> = heads.chain(self.memory.peek().map(of)).min() else {
            return Ok(None);
        };
        let mut rows = Vec::new();
        let mut keep = |row: Row| {
            if times.contains(&row.observation.time) {
                rows.push(row);
            }
        };
        for stream in &mut self.streams {
            while stream.head().map(of) == Some(series) {
                if let Some(row) = stream.advance()? {
                    keep(row);
                }
            }
        }
        while let Some(row) = self.memory.next_if(|row| of(row) == series) {
            keep(row);
        }
        Ok(Some(rows))
    }
}
