//! The sealed files by day, as readers share them. A file that is no longer named goes when its last reader let go of it.

use super::manifest::{DayEntry, Manifest, SegmentEntry};
use super::row::DAY;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// A file that is removed when it is let go after it was given up.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) path: PathBuf,
    given_up: AtomicBool,
}

impl Kept {
    pub(super) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            path,
            given_up: AtomicBool::new(false),
        })
    }

    pub(super) fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.given_up.load(Ordering::Acquire) {
            // What stays goes at the next start, which removes what no manifest names.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// A sealed Parquet file. It stays on disk at least as long as this is held.
#[derive(Clone, Debug)]
pub struct SegmentFile {
    /// Day of its observations, counted from 1970-01-01 in UTC.
    pub day: i32,
    /// Rows, corrected and withdrawn ones included.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// First moment in it.
    pub first_time: i64,
    /// Last moment in it.
    pub last_time: i64,
    pub(super) number: u64,
    pub(super) file: Arc<Kept>,
}

impl SegmentFile {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    /// Its name, which never names other bytes.
    pub fn name(&self) -> String {
        let name = self.file.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    fn entry(&self) -> SegmentEntry {
        SegmentEntry {
            number: self.number,
            rows: self.rows,
            bytes: self.bytes,
            sha256: self.sha256.clone(),
            first_time: self.first_time,
            last_time: self.last_time,
        }
    }
}

/// The files of a day.
#[derive(Clone, Debug)]
pub(super) struct DayFiles {
    /// Oldest first.
    pub(super) segments: Vec<SegmentFile>,
    pub(super) sums: Arc<Kept>,
    pub(super) sums_number: u64,
}

/// What is sealed.
#[derive(Clone, Debug, Default)]
pub(super) struct Sealed {
    pub(super) days: BTreeMap<i32, Arc<DayFiles>>,
}

/// A day as `2026-03-01`.
pub fn day_text(day: i32) -> String {
    let span = jiff::Span::new().try_days(day).unwrap_or_default();
    jiff::civil::date(1970, 1, 1)
        .checked_add(span)
        .map_or_else(|_| format!("day{day}"), |date| date.to_string())
}

pub(super) fn segment_path(dir: &Path, day: i32, number: u64) -> PathBuf {
    dir.join(format!("{}-{number:06}.parquet", day_text(day)))
}

pub(super) fn sums_path(dir: &Path, day: i32, number: u64) -> PathBuf {
    dir.join(format!("{}-{number:06}.sums", day_text(day)))
}

pub(super) fn latest_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("latest-{number:06}"))
}

impl Sealed {
    pub(super) fn of(dir: &Path, manifest: &Manifest) -> Self {
        let days = manifest.days.iter().map(|(day, entry)| {
            let segments = entry.segments.iter().map(|segment| SegmentFile {
                day: *day,
                rows: segment.rows,
                bytes: segment.bytes,
                sha256: segment.sha256.clone(),
                first_time: segment.first_time,
                last_time: segment.last_time,
                number: segment.number,
                file: Kept::new(segment_path(dir, *day, segment.number)),
            });
            let files = DayFiles {
                segments: segments.collect(),
                sums: Kept::new(sums_path(dir, *day, entry.sums)),
                sums_number: entry.sums,
            };
            (*day, Arc::new(files))
        });
        Self {
            days: days.collect(),
        }
    }

    pub(super) fn entries(&self) -> BTreeMap<i32, DayEntry> {
        let entry = |files: &Arc<DayFiles>| DayEntry {
            segments: files.segments.iter().map(SegmentFile::entry).collect(),
            sums: files.sums_number,
        };
        let days = self.days.iter();
        days.map(|(day, files)| (*day, entry(files))).collect()
    }

    /// Days that may hold moments of a time.
    pub(super) fn within(
        &self,
        times: &std::ops::Range<i64>,
    ) -> impl DoubleEndedIterator<Item = (i32, &Arc<DayFiles>)> {
        let first = super::row::day_of(times.start);
        let last = super::row::day_of(times.end.saturating_sub(1)).max(first);
        self.days
            .range(first..=last)
            .map(|(day, files)| (*day, files))
    }
}

/// The moments of a day.
pub(super) fn times_of(day: i32) -> std::ops::Range<i64> {
    let start = i64::from(day) * DAY;
    start..start + DAY
}
