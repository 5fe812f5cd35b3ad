//! Sorts what is in memory into files by day, on a thread of its own, and gives up the part of the write-ahead log that held it. What is
//! sealed counts from the moment when the manifest names it.

use super::files::{DayFiles, Kept, Sealed, SegmentFile, latest_path, segment_path, sums_path};
use super::manifest::Manifest;
use super::memory::Run;
use super::row::{Row, SeriesId, day_of, history, holding, hour_of};
use super::segment::{SegmentReader, SegmentWriter, Written};
use super::store::Shared;
use super::sums::{self, DaySums, SumsFile};
use super::{ObservationError, compact, wal};
use rustc_hash::FxHashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// After how long a seal that failed is tried again.
const AGAIN: Duration = Duration::from_secs(2);

/// What the thread is asked for.
pub(super) enum Job {
    /// Seal the run that is frozen; the log from file `wal` on holds what comes after it.
    Seal {
        /// First file of the log that stays.
        wal: u64,
        /// Number of the first observation after the run.
        next_seq: u64,
    },
    /// Merge the files of every day that has more than so many.
    Compact {
        /// Files a day may have.
        files: usize,
        /// Where to say that it was done.
        reply: SyncSender<Result<(), ObservationError>>,
    },
}

/// The state of a day with rows that are not sealed.
pub(super) struct Merged {
    /// Rows that are new, sorted, without those that repeat what is there.
    pub(super) fresh: Vec<Row>,
    /// The sums of the whole day.
    pub(super) sums: DaySums,
}

/// Works out what rows of one day make of it. `rows` came after all that is sealed.
///
/// # Errors
/// When files cannot be read.
pub(super) fn merge_day(
    files: Option<(i32, &DayFiles)>,
    mut rows: Vec<Row>,
) -> Result<Merged, ObservationError> {
    let first_seq = rows.iter().map(|row| row.seq).min().unwrap_or(u64::MAX);
    let hour = |row: &Row| (row.observation.series, hour_of(row.observation.time));
    let touched: FxHashSet<(SeriesId, u8)> = rows.iter().map(hour).collect();
    let mut old = DaySums::new();
    if let Some((day, files)) = files {
        old = SumsFile::open(&files.sums.path, day)?.all()?;
        // Where nothing holds, what was told before is outdone by whatever comes now.
        let mut needed = FxHashSet::default();
        for (series, hours) in &old {
            let hours = hours.iter().map(|(hour, _)| (*series, *hour));
            needed.extend(hours.filter(|hour| touched.contains(hour)));
        }
        if !needed.is_empty() {
            for segment in &files.segments {
                let reader = SegmentReader::open(segment.path())?;
                for group in 0..reader.groups() {
                    let group = reader.group(group)?.into_iter();
                    rows.extend(group.filter(|row| needed.contains(&hour(row))));
                }
            }
        }
    }
    history(&mut rows);
    let fresh = rows
        .iter()
        .filter(|row| row.seq >= first_seq)
        .cloned()
        .collect();
    holding(&mut rows, None);
    let mut new = DaySums::new();
    for row in &rows {
        sums::add(&mut new, row);
    }
    Ok(Merged {
        fresh,
        sums: sums::overlay(old, new, |series, hour| touched.contains(&(series, hour))),
    })
}

/// Writes the files; the only one that replaces the manifest.
pub(super) struct Sealer {
    shared: Arc<Shared>,
    manifest: Manifest,
    /// Files that nothing names yet.
    made: Vec<PathBuf>,
}

impl Sealer {
    pub(super) fn new(shared: Arc<Shared>, manifest: Manifest) -> Self {
        Self {
            shared,
            manifest,
            made: Vec::new(),
        }
    }

    /// Works until nobody asks any more.
    pub(super) fn run(mut self, jobs: &Receiver<Job>) {
        let mut failed: Option<(u64, u64)> = None;
        loop {
            let job = match failed {
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(_) => jobs.recv_timeout(AGAIN),
            };
            match (job, failed) {
                (Err(RecvTimeoutError::Disconnected), _) => return,
                (Err(RecvTimeoutError::Timeout), None) => {}
                (Err(RecvTimeoutError::Timeout), Some((wal, next_seq)))
                | (Ok(Job::Seal { wal, next_seq }), _) => {
                    let sealed = self.seal(wal, next_seq);
                    failed = sealed.is_err().then_some((wal, next_seq));
                    self.clear_away();
                    self.shared
                        .sealed_or_not(sealed.err().map(|error| error.to_string()));
                }
                (Ok(Job::Compact { files, reply }), _) => {
                    let compacted = self.compact(files);
                    self.clear_away();
                    // Nobody may be waiting any more.
                    let _ = reply.send(compacted);
                }
            }
        }
    }

    fn dir(&self) -> &Path {
        &self.shared.dir
    }

    fn number(&mut self) -> u64 {
        let number = self.manifest.next_file;
        self.manifest.next_file += 1;
        number
    }

    /// Remembers a file that is about to be made.
    fn making(&mut self, path: PathBuf) -> PathBuf {
        self.made.push(path.clone());
        path
    }

    /// Removes what was made for nothing, so that trying again does not fill the disk.
    fn clear_away(&mut self) {
        for path in self.made.drain(..) {
            // What stays goes at the next start.
            let _ = fs::remove_file(path);
        }
    }

    fn seal(&mut self, wal: u64, next_seq: u64) -> Result<(), ObservationError> {
        let (frozen, sealed, latest) = {
            let state = self.shared.read();
            (
                state.frozen.clone(),
                state.sealed.clone(),
                state.latest.clone(),
            )
        };
        let Some(run) = frozen else { return Ok(()) };
        let mut days = (*sealed).clone();
        for (day, rows) in by_day(&run) {
            let mut files = days.days.get(&day).cloned();
            let mut merged = merge_day(files.as_deref().map(|files| (day, files)), rows.clone());
            if let (Err(_), Some(there)) = (&merged, &files) {
                // The sums may be damaged: they follow from the rows. When it is the rows, this fails as well.
                let anew = self.compact_day(day, there)?;
                merged = merge_day(Some((day, &anew)), rows);
                files = Some(Arc::new(anew));
            }
            let merged = merged?;
            if merged.fresh.is_empty() {
                continue;
            }
            let number = self.number();
            let path = self.making(segment_path(self.dir(), day, number));
            let mut writer = SegmentWriter::create(&path)?;
            for row in merged.fresh {
                writer.push(row)?;
            }
            let segment = segment(day, number, path, writer.finish()?);
            let mut segments = files.map_or_else(Vec::new, |files| files.segments.clone());
            segments.push(segment);
            let made = self.with_sums(day, number, segments, &merged.sums)?;
            days.days.insert(day, Arc::new(made));
        }
        let number = self.number();
        let newest = self.making(latest_path(self.dir(), number));
        latest.write(&newest)?;
        let before = (self.manifest.latest, self.manifest.wal);
        self.manifest.latest = number;
        self.manifest.wal = wal;
        self.manifest.next_seq = next_seq;
        if let Err(error) = self.publish(days, true) {
            (self.manifest.latest, self.manifest.wal) = before;
            return Err(error);
        }
        // What stays goes at the next start.
        let _ = fs::remove_file(latest_path(self.dir(), before.0));
        for gone in before.1..wal {
            let _ = fs::remove_file(wal::path(self.dir(), gone));
        }
        self.compact(self.shared.options.files_of_day)
    }

    fn with_sums(
        &mut self,
        day: i32,
        number: u64,
        segments: Vec<SegmentFile>,
        day_sums: &DaySums,
    ) -> Result<DayFiles, ObservationError> {
        let path = self.making(sums_path(self.dir(), day, number));
        sums::write(&path, day, day_sums)?;
        Ok(DayFiles {
            segments,
            sums: Kept::new(path),
            sums_number: number,
        })
    }

    fn compact_day(&mut self, day: i32, files: &DayFiles) -> Result<DayFiles, ObservationError> {
        let number = self.number();
        let path = self.making(segment_path(self.dir(), day, number));
        let (written, day_sums) = compact::compact(files, &path)?;
        let segment = segment(day, number, path, written);
        self.with_sums(day, number, vec![segment], &day_sums)
    }

    fn compact(&mut self, most: usize) -> Result<(), ObservationError> {
        let sealed = self.shared.read().sealed.clone();
        let mut days = (*sealed).clone();
        let many = |files: &DayFiles| files.segments.len() > most.max(1);
        let due: Vec<i32> = days
            .days
            .iter()
            .filter(|(_, files)| many(files))
            .map(|(day, _)| *day)
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        for day in due {
            if let Some(files) = days.days.get(&day).cloned() {
                let made = self.compact_day(day, &files)?;
                days.days.insert(day, Arc::new(made));
            }
        }
        self.publish(days, false)
    }

    /// Names the files of `days` in the manifest, shows them to readers, and gives up those that are no longer named.
    fn publish(&mut self, days: Sealed, thaws: bool) -> Result<(), ObservationError> {
        // From here on the manifest on the disk may name them, whatever fails.
        self.made.clear();
        let before = std::mem::replace(&mut self.manifest.days, days.entries());
        if let Err(error) = self.manifest.write(&self.shared.dir) {
            self.manifest.days = before;
            return Err(error);
        }
        let days = Arc::new(days);
        let old = {
            let mut state = self.shared.write();
            if thaws {
                state.frozen = None;
            }
            std::mem::replace(&mut state.sealed, days.clone())
        };
        let files = |sealed: &Sealed| -> Vec<Arc<Kept>> {
            let of = |day: &Arc<DayFiles>| {
                let segments = day.segments.iter().map(|segment| segment.file.clone());
                segments.chain([day.sums.clone()]).collect::<Vec<_>>()
            };
            sealed.days.values().flat_map(of).collect()
        };
        let named: FxHashSet<PathBuf> = files(&days).iter().map(|file| file.path.clone()).collect();
        for file in files(&old) {
            if !named.contains(&file.path) {
                file.give_up();
            }
        }
        Ok(())
    }
}

fn segment(day: i32, number: u64, path: PathBuf, written: Written) -> SegmentFile {
    SegmentFile {
        day,
        rows: written.rows,
        bytes: written.bytes,
        sha256: written.sha256,
        first_time: written.first_time,
        last_time: written.last_time,
        number,
        file: Kept::new(path),
    }
}

fn by_day(run: &Run) -> std::collections::BTreeMap<i32, Vec<Row>> {
    let mut days: std::collections::BTreeMap<i32, Vec<Row>> = std::collections::BTreeMap::new();
    for row in run.all() {
        let day = day_of(row.observation.time);
        days.entry(day).or_default().push(row.clone());
    }
    days
}

impl Shared {
    /// Tells those who wait that a run was sealed, or why not.
    fn sealed_or_not(&self, reason: Option<String>) {
        if let Some(reason) = &reason {
            tracing::error!(%reason, "observations could not be sealed; this is tried again");
        }
        *self
            .seal_failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = reason;
        self.sealed.notify_all();
    }
}
