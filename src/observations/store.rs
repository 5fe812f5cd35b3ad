//! The observations of a registry, open: who may write, what is shown to readers, how it starts and ends.

use super::check::check;
use super::files::{Kept, Sealed, SegmentFile, latest_path};
use super::frame::{FrameFile, read_frames};
use super::latest::{Latest, Newest};
use super::live::Live;
use super::manifest::Manifest;
use super::memory::Run;
use super::names::{Names, Series};
use super::read::{Scan, View};
use super::row::{FeatureId, Observation, Row, SeriesId, day_of};
use super::seal::{Job, Sealer};
use super::writer::{FRAME_BYTES, Pending, Request, Writer, closing};
use super::{ObservationError, io_error, wal};
use crate::store::fault;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{
    Arc, Condvar, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
};
use std::thread::JoinHandle;
use std::time::Duration;

/// Batches that may wait to be written.
const QUEUE: usize = 8_192;
/// Observations of one batch.
const MAX_BATCH: usize = 250_000;

/// How observations are kept. The defaults suit any machine; tests take small ones.
#[derive(Clone, Copy, Debug)]
pub struct ObservationOptions {
    /// Rows in memory that are sealed.
    pub seal_rows: usize,
    /// Bytes of them likewise. Memory holds at most three times as much.
    pub seal_bytes: usize,
    /// Files that a day may have before they are merged.
    pub files_of_day: usize,
    /// How far a clock may be ahead of ours.
    pub max_ahead: Duration,
    /// Observations that may wait to be written; more are turned away.
    pub queue_rows: usize,
}

impl Default for ObservationOptions {
    fn default() -> Self {
        Self {
            seal_rows: 1 << 20,
            seal_bytes: 256 << 20,
            files_of_day: 4,
            max_ahead: Duration::from_secs(600),
            queue_rows: 500_000,
        }
    }
}

/// What a store takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ObservationSizes {
    /// Rows in files, corrected and withdrawn ones included.
    pub sealed_rows: u64,
    /// Rows in memory.
    pub memory_rows: u64,
    /// Bytes of the Parquet files.
    pub segment_bytes: u64,
    /// Bytes of the sums beside them.
    pub sums_bytes: u64,
    /// Parquet files.
    pub files: usize,
    /// Days with such files.
    pub days: usize,
}

/// What readers see.
#[derive(Default)]
pub(super) struct State {
    pub(super) sealed: Arc<Sealed>,
    /// What is being sealed.
    pub(super) frozen: Option<Arc<Run>>,
    pub(super) active: Run,
    pub(super) latest: Latest,
    /// The number of the newest row.
    pub(super) last_seq: u64,
}

/// What the threads share.
pub(super) struct Shared {
    pub(super) dir: PathBuf,
    pub(super) options: ObservationOptions,
    pub(super) names: Names,
    state: RwLock<State>,
    /// Why nothing is written any more.
    pub(super) stopped: OnceLock<String>,
    /// Why the last run could not be sealed.
    pub(super) seal_failed: Mutex<Option<String>>,
    /// Told with every run that was sealed or not.
    pub(super) sealed: Condvar,
    pub(super) closes: AtomicBool,
    /// Observations that wait to be written.
    pub(super) queued: AtomicUsize,
    /// Who listens.
    pub(super) live: Live,
}

impl Shared {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes nothing any more, and says so.
    pub(super) fn stop(&self, reason: &str) -> String {
        tracing::error!(%reason, "observations are no longer stored");
        self.stopped.get_or_init(|| reason.to_owned()).clone()
    }
}

/// Observations, open for reading and writing by one process.
pub struct ObservationStore {
    shared: Arc<Shared>,
    requests: Option<SyncSender<Request>>,
    jobs: Option<SyncSender<Job>>,
    threads: Vec<JoinHandle<()>>,
    _lock: File,
}

impl ObservationStore {
    /// Opens the observations in a folder of their own, making it if need be, and brings back what was acknowledged.
    ///
    /// # Errors
    /// [`ObservationError::InUse`]; when something acknowledged is damaged; errors of reading and writing.
    pub fn open(dir: &Path, options: ObservationOptions) -> Result<Self, ObservationError> {
        fs::create_dir_all(dir).map_err(io_error("create", dir))?;
        let lock = lock(dir)?;
        let manifest = Manifest::read(dir)?;
        let names = Names::open(dir)?;
        let sealed = Sealed::of(dir, &manifest);
        remove_others(dir, &manifest, &sealed)?;
        let mut state = State {
            latest: Latest::read(&latest_path(dir, manifest.latest))?,
            sealed: Arc::new(sealed),
            ..State::default()
        };
        let (number, end, next_seq) = replay(dir, &manifest, &mut state)?;
        state.last_seq = next_seq.saturating_sub(1);
        let log = FrameFile::append_at(&wal::path(dir, number), end)?;
        let shared = Arc::new(Shared {
            dir: dir.to_owned(),
            options,
            names,
            state: RwLock::new(state),
            stopped: OnceLock::new(),
            seal_failed: Mutex::new(None),
            sealed: Condvar::new(),
            closes: AtomicBool::new(false),
            queued: AtomicUsize::new(0),
            live: Live::default(),
        });
        let (requests, waiting) = sync_channel(QUEUE);
        let (jobs, to_do) = sync_channel(4);
        let sealer = Sealer::new(shared.clone(), manifest);
        let writer = Writer {
            shared: shared.clone(),
            log,
            number,
            next_seq,
            jobs: jobs.clone(),
        };
        let threads = vec![
            thread("observations", move || writer.run(&waiting), dir)?,
            thread("observations-seal", move || sealer.run(&to_do), dir)?,
        ];
        Ok(Self {
            shared,
            requests: Some(requests),
            jobs: Some(jobs),
            threads,
            _lock: lock,
        })
    }

    /// The number of a series, which is declared durably if need be.
    ///
    /// # Errors
    /// [`ObservationError::OtherSeries`] when it is declared with another kind or unit; errors of writing.
    pub fn declare(&self, series: Series) -> Result<SeriesId, ObservationError> {
        let ids = self.declare_all(vec![series])?;
        ids.first().copied().ok_or_else(closing)
    }

    /// The numbers of series, see [`Self::declare`]; many take a few syncs.
    ///
    /// # Errors
    /// As there; then none of them is declared.
    pub fn declare_all(&self, series: Vec<Series>) -> Result<Vec<SeriesId>, ObservationError> {
        self.shared.names.declare(series)
    }

    /// The number of a feature of interest, which is declared durably if need be.
    ///
    /// # Errors
    /// When the IRI is too long; errors of writing.
    pub fn declare_feature(&self, iri: &str) -> Result<FeatureId, ObservationError> {
        self.shared.names.declare_feature(iri)
    }

    /// The number of a series that is declared.
    pub fn find(&self, iri: &str) -> Option<SeriesId> {
        self.shared.names.find(iri)
    }

    /// What a series was declared as.
    pub fn series(&self, id: SeriesId) -> Option<Arc<Series>> {
        self.shared.names.series(id)
    }

    /// The IRI of a feature; `None` for that of the series.
    pub fn feature(&self, id: FeatureId) -> Option<Arc<str>> {
        self.shared.names.feature(id)
    }

    /// The number of a feature that is declared.
    pub fn find_feature(&self, iri: &str) -> Option<FeatureId> {
        self.shared.names.find_feature(iri)
    }

    /// Whether any feature is declared: without one every observation is about the feature of its series.
    pub fn has_features(&self) -> bool {
        self.shared.names.feature(FeatureId(1)).is_some()
    }

    /// The number of the newest observation that is shown to readers, 0 before the first: what [`Scan::known_at`] takes to see
    /// this moment.
    pub fn last_seq(&self) -> u64 {
        self.shared.read().last_seq
    }

    /// How many series are declared; their numbers are those below.
    pub fn series_count(&self) -> usize {
        self.shared.names.count()
    }

    /// Judges a batch as [`Self::append`] does, and stores nothing: for whoever has something else to write before it.
    ///
    /// # Errors
    /// [`ObservationError::Refused`], and [`ObservationError::TooMuch`].
    pub fn judge(&self, batch: &[Observation]) -> Result<(), ObservationError> {
        if batch.len() > MAX_BATCH {
            return Err(ObservationError::TooMuch {
                what: "observations in a batch",
                limit: MAX_BATCH,
            });
        }
        let mut judged = batch.to_vec();
        check(
            &self.shared.names,
            &mut judged,
            self.shared.options.max_ahead,
        )
    }

    /// Judges a batch and hands it over to be written: all of it is stored or nothing. What it gives back answers when it is durable.
    ///
    /// # Errors
    /// [`ObservationError::Refused`], [`ObservationError::TooMuch`], [`ObservationError::Busy`] and
    /// [`ObservationError::Stopped`]; nothing is stored then.
    pub fn append(&self, mut batch: Vec<Observation>) -> Result<Pending, ObservationError> {
        if batch.len() > MAX_BATCH {
            return Err(ObservationError::TooMuch {
                what: "observations in a batch",
                limit: MAX_BATCH,
            });
        }
        let bytes: usize = batch.iter().map(Observation::bytes).sum();
        if bytes > FRAME_BYTES.max(MAX_BATCH * size_of::<Row>()) {
            return Err(ObservationError::TooMuch {
                what: "bytes in a batch",
                limit: FRAME_BYTES,
            });
        }
        check(
            &self.shared.names,
            &mut batch,
            self.shared.options.max_ahead,
        )?;
        if let Some(reason) = self.shared.stopped.get() {
            return Err(ObservationError::Stopped {
                reason: reason.clone(),
            });
        }
        let count = batch.len();
        let busy = || ObservationError::Busy { seconds: 1 };
        let before = self.shared.queued.fetch_add(count, Ordering::AcqRel);
        let give_back = || self.shared.queued.fetch_sub(count, Ordering::AcqRel);
        if before > 0 && before + count > self.shared.options.queue_rows {
            give_back();
            return Err(busy());
        }
        let (reply, answer) = tokio::sync::oneshot::channel();
        let request = Request::Append {
            batch,
            bytes,
            reply,
        };
        let sent = self
            .requests
            .as_ref()
            .ok_or_else(closing)?
            .try_send(request);
        sent.map_err(|error| {
            give_back();
            match error {
                TrySendError::Full(_) => busy(),
                TrySendError::Disconnected(_) => closing(),
            }
        })?;
        Ok(Pending(answer))
    }

    /// The newest observation that holds, of each of some series; kept at hand.
    ///
    /// # Errors
    /// When the newest one was withdrawn and files cannot be read.
    pub fn latest(&self, series: &[SeriesId]) -> Result<Vec<Option<Row>>, ObservationError> {
        let mut before = Vec::new();
        let mut found: Vec<Option<Row>> = {
            let state = self.shared.read();
            let newest = |(at, id): (usize, &SeriesId)| match state.latest.of(*id) {
                Newest::Nothing => None,
                Newest::Row(row) => Some(row.clone()),
                Newest::LookBefore(time) => {
                    before.push((at, *id, time));
                    None
                }
            };
            series.iter().enumerate().map(newest).collect()
        };
        for (at, id, time) in before {
            let mut scan = Scan::new(id, i64::MIN..time.saturating_add(1));
            scan.descending = true;
            found[at] = self.rows(&scan, 1)?.pop();
        }
        Ok(found)
    }

    /// Seals what is in memory, and waits for it.
    ///
    /// # Errors
    /// Why it could not be sealed; it is tried again.
    pub fn seal(&self) -> Result<(), ObservationError> {
        let (reply, done) = sync_channel(1);
        let requests = self.requests.as_ref().ok_or_else(closing)?;
        requests.send(Request::Seal(reply)).map_err(|_| closing())?;
        done.recv().map_err(|_| closing())?;
        let mut failed = self
            .shared
            .seal_failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            if self.shared.read().frozen.is_none() {
                return Ok(());
            }
            if let Some(reason) = failed.clone() {
                return Err(ObservationError::Stopped { reason });
            }
            let waited = self
                .shared
                .sealed
                .wait_timeout(failed, Duration::from_millis(100));
            failed = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Merges the files of every day into one, and waits for it.
    ///
    /// # Errors
    /// Errors of reading and writing; what was there stands.
    pub fn compact(&self) -> Result<(), ObservationError> {
        let (reply, done) = sync_channel(1);
        let job = Job::Compact { files: 1, reply };
        let jobs = self.jobs.as_ref().ok_or_else(closing)?;
        jobs.send(job).map_err(|_| closing())?;
        done.recv().unwrap_or_else(|_| Err(closing()))
    }

    /// The sealed files, by day; they stay on disk as long as they are held.
    pub fn segments(&self) -> Vec<SegmentFile> {
        let sealed = self.shared.read().sealed.clone();
        let days = sealed.days.values();
        days.flat_map(|day| day.segments.iter().cloned()).collect()
    }

    /// What the store takes.
    pub fn sizes(&self) -> ObservationSizes {
        let (sealed, memory) = {
            let state = self.shared.read();
            let frozen = state.frozen.as_ref().map_or(0, |run| run.count());
            (state.sealed.clone(), state.active.count() + frozen)
        };
        let mut sizes = ObservationSizes {
            memory_rows: memory as u64,
            days: sealed.days.len(),
            ..ObservationSizes::default()
        };
        let length = |file: &Kept| fs::metadata(&file.path).map_or(0, |meta| meta.len());
        for day in sealed.days.values() {
            sizes.sums_bytes += length(&day.sums);
            for segment in &day.segments {
                sizes.files += 1;
                sizes.sealed_rows += segment.rows;
                sizes.segment_bytes += segment.bytes;
            }
        }
        sizes
    }

    /// Why nothing is stored any more, or why the last run could not be sealed; `None` when all is well.
    pub fn trouble(&self) -> Option<String> {
        let failed = self.shared.seal_failed.lock();
        let failed = failed.unwrap_or_else(PoisonError::into_inner).clone();
        self.shared.stopped.get().cloned().or(failed)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(super) fn view(&self, series: SeriesId, times: Range<i64>) -> View {
        let state = self.shared.read();
        let runs = state.frozen.as_deref().into_iter().chain([&state.active]);
        let memory = runs
            .flat_map(|run| run.of(series))
            .filter(|row| times.contains(&row.observation.time))
            .cloned()
            .collect();
        let sealed = state.sealed.clone();
        drop(state);
        View::new(series, times, sealed, memory)
    }

    /// Days in which there may be something of some time.
    pub(super) fn days_of(&self, times: &Range<i64>) -> BTreeSet<i32> {
        let state = self.shared.read();
        let sealed = state.sealed.within(times).map(|(day, _)| day);
        let runs = state.frozen.as_deref().into_iter().chain([&state.active]);
        let memory = runs
            .flat_map(Run::all)
            .map(|row| row.observation.time)
            .filter(|time| times.contains(time));
        sealed.chain(memory.map(day_of)).collect()
    }

    /// What is sealed, and the rows in memory of some time.
    pub(super) fn all_of(&self, times: &Range<i64>) -> (Arc<Sealed>, Vec<Row>) {
        let state = self.shared.read();
        let runs = state.frozen.as_deref().into_iter().chain([&state.active]);
        let memory = runs
            .flat_map(Run::all)
            .filter(|row| times.contains(&row.observation.time))
            .cloned()
            .collect();
        (state.sealed.clone(), memory)
    }
}

impl Drop for ObservationStore {
    fn drop(&mut self) {
        self.shared.closes.store(true, Ordering::Release);
        // Without these the threads end.
        self.requests = None;
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A panic of theirs was told already.
            let _ = thread.join();
        }
    }
}

fn thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
    dir: &Path,
) -> Result<JoinHandle<()>, ObservationError> {
    let faults = fault::inherit();
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || {
            faults.adopt();
            work();
        })
        .map_err(io_error("start a thread for", dir))
}

fn lock(dir: &Path) -> Result<File, ObservationError> {
    let path = dir.join("lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(ObservationError::InUse {
            path: dir.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

/// Removes files that nothing names: left-overs of a crash.
fn remove_others(dir: &Path, manifest: &Manifest, sealed: &Sealed) -> Result<(), ObservationError> {
    let mut named: BTreeSet<&Path> = BTreeSet::new();
    for day in sealed.days.values() {
        named.insert(&day.sums.path);
        named.extend(day.segments.iter().map(SegmentFile::path));
    }
    let latest = latest_path(dir, manifest.latest);
    named.insert(&latest);
    for entry in fs::read_dir(dir).map_err(io_error("read", dir))? {
        let path = entry.map_err(io_error("read", dir))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        let is_ours =
            name.ends_with(".parquet") || name.ends_with(".sums") || name.starts_with("latest-");
        let is_sealed = wal::number_of(name).is_some_and(|number| number < manifest.wal);
        if is_sealed || is_ours && !named.contains(path.as_path()) {
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}

/// Reads what is not sealed into memory; returns the file to go on with, where it ends, and the next number.
fn replay(
    dir: &Path,
    manifest: &Manifest,
    state: &mut State,
) -> Result<(u64, u64, u64), ObservationError> {
    let mut number = manifest.wal;
    let mut next_seq = manifest.next_seq;
    loop {
        let path = wal::path(dir, number);
        let end = read_frames(&path, |body| {
            wal::read(body, |row| {
                next_seq = next_seq.max(row.seq + 1);
                state.latest.see(&row);
                state.active.push(row);
            })
        })?;
        if !wal::path(dir, number + 1).exists() {
            return Ok((number, end, next_seq));
        }
        let length = fs::metadata(&path).map_err(io_error("read", &path))?.len();
        if length != end {
            return Err(ObservationError::Damaged {
                path,
                reason: format!("what had been acknowledged is damaged, at byte {end}"),
            });
        }
        number += 1;
    }
}
