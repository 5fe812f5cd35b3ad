//! Count, least, greatest and sum of every series and hour of a day, in a file beside the observations of that day, so that averages
//! need no scan. Only of rows that hold. Made from the observations, and made anew from them when damaged.
//!
//! ```text
//! head       magic u32 | version u32 | day i32 | series u32 | entries u32 | crc32c of head and directory u32
//! directory  series u32 | first entry u32 | entries u32 | crc32c of these 12 bytes and the entries u32     by series
//! entries    hour u32 | count u32 | min f64 | max f64 | sum f64                                            by series and hour
//! ```

use super::row::{Row, SeriesId, hour_of};
use super::{ObservationError, io_error};
use crate::store::fault;
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

const MAGIC: [u8; 4] = *b"OSUM";
const VERSION: u32 = 1;
const HEAD: usize = 24;
const ENTRY: usize = 32;
const PLACE: usize = 16;

/// What is kept of the results of some time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// How many observations hold.
    pub count: u64,
    /// The least number; infinity when there is none, as with texts.
    pub min: f64,
    /// The greatest number; minus infinity when there is none.
    pub max: f64,
    /// The sum of the numbers, added in order of time within an hour and then by hour.
    pub sum: f64,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            count: 0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            sum: 0.0,
        }
    }
}

impl Summary {
    /// Takes one result into account; `None` is one that is no number.
    pub fn add(&mut self, number: Option<f64>) {
        self.count += 1;
        if let Some(number) = number {
            self.min = self.min.min(number);
            self.max = self.max.max(number);
            self.sum += number;
        }
    }

    /// Takes into account what is known of other results.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
    }

    /// The average; `None` without numbers.
    pub fn average(&self) -> Option<f64> {
        // A float counts to 2^53 exactly.
        (self.min <= self.max).then(|| self.sum / self.count as f64)
    }
}

/// Summaries of the hours of one series, by hour.
pub(super) type Hours = Vec<(u8, Summary)>;
/// Summaries of a day, by series.
pub(super) type DaySums = Vec<(SeriesId, Hours)>;

/// Adds a row that holds; rows come sorted.
pub(super) fn add(sums: &mut DaySums, row: &Row) {
    let series = row.observation.series;
    if sums.last().is_none_or(|(last, _)| *last != series) {
        sums.push((series, Vec::new()));
    }
    let Some((_, hours)) = sums.last_mut() else {
        return;
    };
    let hour = hour_of(row.observation.time);
    if hours.last().is_none_or(|(last, _)| *last != hour) {
        hours.push((hour, Summary::default()));
    }
    if let Some((_, summary)) = hours.last_mut() {
        let result = row.observation.result.as_ref();
        summary.add(result.and_then(super::Value::number));
    }
}

/// Puts new hours over old ones; `gone` are hours made anew of which nothing may be left.
pub(super) fn overlay(
    old: DaySums,
    new: DaySums,
    is_anew: impl Fn(SeriesId, u8) -> bool,
) -> DaySums {
    let mut all: Vec<(SeriesId, u8, Summary)> = Vec::new();
    for (series, hours) in old {
        all.extend(
            hours
                .into_iter()
                .filter(|(hour, _)| !is_anew(series, *hour))
                .map(|(hour, summary)| (series, hour, summary)),
        );
    }
    for (series, hours) in new {
        all.extend(
            hours
                .into_iter()
                .map(|(hour, summary)| (series, hour, summary)),
        );
    }
    all.sort_unstable_by_key(|(series, hour, _)| (*series, *hour));
    let mut sums: DaySums = Vec::new();
    for (series, hour, summary) in all {
        match sums.last_mut() {
            Some((last, hours)) if *last == series => hours.push((hour, summary)),
            _ => sums.push((series, vec![(hour, summary)])),
        }
    }
    sums
}

/// Writes the file of a day, durably but for its name.
pub(super) fn write(path: &Path, day: i32, sums: &DaySums) -> Result<(), ObservationError> {
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let entries: usize = sums.iter().map(|(_, hours)| hours.len()).sum();
    let mut directory = Vec::with_capacity(sums.len() * PLACE);
    let mut body = Vec::with_capacity(entries * ENTRY);
    let mut first = 0;
    for (series, hours) in sums {
        let start = body.len();
        for (hour, summary) in hours {
            body.extend_from_slice(&u32::from(*hour).to_le_bytes());
            body.extend_from_slice(
                &u32::try_from(summary.count)
                    .unwrap_or(u32::MAX)
                    .to_le_bytes(),
            );
            for number in [summary.min, summary.max, summary.sum] {
                body.extend_from_slice(&number.to_le_bytes());
            }
        }
        let at = directory.len();
        directory.extend_from_slice(&series.0.to_le_bytes());
        directory.extend_from_slice(&count(first).to_le_bytes());
        directory.extend_from_slice(&count(hours.len()).to_le_bytes());
        let crc = crc32c::crc32c_append(crc32c::crc32c(&directory[at..]), &body[start..]);
        directory.extend_from_slice(&crc.to_le_bytes());
        first += hours.len();
    }
    let mut bytes = Vec::with_capacity(HEAD + directory.len() + body.len());
    bytes.extend_from_slice(&MAGIC);
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    bytes.extend_from_slice(&day.to_le_bytes());
    bytes.extend_from_slice(&count(sums.len()).to_le_bytes());
    bytes.extend_from_slice(&count(entries).to_le_bytes());
    let crc = crc32c::crc32c_append(crc32c::crc32c(&bytes), &directory);
    bytes.extend_from_slice(&crc.to_le_bytes());
    bytes.append(&mut directory);
    bytes.append(&mut body);
    let mut file = File::create(path).map_err(io_error("create", path))?;
    fault::write_all("observations.sums", &mut file, &bytes).map_err(io_error("write to", path))?;
    fault::sync("observations.sums.sync", &file).map_err(io_error("sync", path))
}

/// The file of a day, open.
pub(super) struct SumsFile {
    path: PathBuf,
    file: File,
    series: u32,
    entries: u32,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn f64_at(bytes: &[u8], at: usize) -> f64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[at..at + 8]);
    f64::from_le_bytes(number)
}

fn entry(bytes: &[u8]) -> (u8, Summary) {
    let hour = u8::try_from(u32_at(bytes, 0)).unwrap_or(u8::MAX);
    let summary = Summary {
        count: u64::from(u32_at(bytes, 4)),
        min: f64_at(bytes, 8),
        max: f64_at(bytes, 16),
        sum: f64_at(bytes, 24),
    };
    (hour, summary)
}

impl SumsFile {
    pub(super) fn open(path: &Path, day: i32) -> Result<Self, ObservationError> {
        let file = File::open(path).map_err(io_error("open", path))?;
        let mut head = [0; HEAD];
        file.read_exact_at(&mut head, 0)
            .map_err(io_error("read", path))?;
        let opened = Self {
            path: path.to_owned(),
            file,
            series: u32_at(&head, 12),
            entries: u32_at(&head, 16),
        };
        if head[..4] != MAGIC
            || u32_at(&head, 4) != VERSION
            || u32_at(&head, 8).cast_signed() != day
        {
            return Err(opened.damaged("it is no file of sums of that day"));
        }
        Ok(opened)
    }

    fn damaged(&self, reason: &str) -> ObservationError {
        ObservationError::Damaged {
            path: self.path.clone(),
            reason: reason.to_owned(),
        }
    }

    fn read(&self, at: usize, count: usize) -> Result<Vec<u8>, ObservationError> {
        let mut bytes = vec![0; count];
        self.file
            .read_exact_at(&mut bytes, at as u64)
            .map_err(io_error("read", &self.path))?;
        Ok(bytes)
    }

    /// The hours of a series.
    pub(super) fn series(&self, series: SeriesId) -> Result<Hours, ObservationError> {
        let mut place = [0; PLACE];
        let (mut low, mut high) = (0, self.series as usize);
        // Numbers are dense and every series has its place, as a rule: the first guess is often right.
        let mut guess = (series.0 as usize).min(high.saturating_sub(1));
        while low < high {
            let at = (HEAD + guess * PLACE) as u64;
            self.file
                .read_exact_at(&mut place, at)
                .map_err(io_error("read", &self.path))?;
            match u32_at(&place, 0).cmp(&series.0) {
                std::cmp::Ordering::Equal => return self.hours(&place),
                std::cmp::Ordering::Less => low = guess + 1,
                std::cmp::Ordering::Greater => high = guess,
            }
            guess = low + (high - low) / 2;
        }
        Ok(Vec::new())
    }

    fn hours(&self, place: &[u8]) -> Result<Hours, ObservationError> {
        let (first, count) = (u32_at(place, 4), u32_at(place, 8));
        if count > 24
            || first
                .checked_add(count)
                .is_none_or(|end| end > self.entries)
        {
            return Err(self.damaged("a series lies outside of it"));
        }
        let start = HEAD + self.series as usize * PLACE + first as usize * ENTRY;
        let bytes = self.read(start, count as usize * ENTRY)?;
        self.checked(place, &bytes)
    }

    fn checked(&self, place: &[u8], bytes: &[u8]) -> Result<Hours, ObservationError> {
        if crc32c::crc32c_append(crc32c::crc32c(&place[..12]), bytes) != u32_at(place, 12) {
            return Err(self.damaged("the sums of a series do not match their checksum"));
        }
        Ok(bytes.chunks_exact(ENTRY).map(entry).collect())
    }

    /// All of it.
    pub(super) fn all(&self) -> Result<DaySums, ObservationError> {
        let directory = self.series as usize * PLACE;
        let length = HEAD + directory + self.entries as usize * ENTRY;
        let there = self.file.metadata().map_err(io_error("read", &self.path))?;
        if there.len() != length as u64 {
            return Err(self.damaged("it is shorter or longer than it says"));
        }
        let bytes = self.read(0, length)?;
        let crc = crc32c::crc32c(&bytes[..HEAD - 4]);
        if crc32c::crc32c_append(crc, &bytes[HEAD..HEAD + directory]) != u32_at(&bytes, HEAD - 4) {
            return Err(self.damaged("its directory does not match its checksum"));
        }
        let entries = &bytes[HEAD + directory..];
        bytes[HEAD..HEAD + directory]
            .chunks_exact(PLACE)
            .map(|place| {
                let start = u32_at(place, 4) as usize * ENTRY;
                let end = start + u32_at(place, 8) as usize * ENTRY;
                let own = entries
                    .get(start..end)
                    .ok_or_else(|| self.damaged("a series lies outside of it"))?;
                Ok((SeriesId(u32_at(place, 0)), self.checked(place, own)?))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_found_by_series_and_damage_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.sums");
        let summary = |n: f64| Summary {
            count: 2,
            min: n,
            max: n + 1.0,
            sum: n * 2.0,
        };
        let sums: DaySums = (0..50)
            .map(|n| {
                (
                    SeriesId(n * 3),
                    vec![(1, summary(f64::from(n))), (23, summary(1.0))],
                )
            })
            .collect();
        write(&path, -5, &sums).expect("writes");
        let file = SumsFile::open(&path, -5).expect("opens");
        assert_eq!(file.all().expect("reads"), sums);
        for (series, hours) in &sums {
            assert_eq!(&file.series(*series).expect("reads"), hours);
            assert_eq!(file.series(SeriesId(series.0 + 1)).expect("reads"), []);
        }
        assert!(SumsFile::open(&path, 5).is_err(), "another day");
        let whole = std::fs::read(&path).expect("reads");
        for at in [13, 30, 700, 900, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 4;
            std::fs::write(&path, &bytes).expect("writes");
            let read = SumsFile::open(&path, -5).and_then(|file| file.all());
            assert!(read.is_err(), "byte {at}");
        }
    }
}
