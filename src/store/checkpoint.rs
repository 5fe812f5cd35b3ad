//! Moves what is in memory into index files and keeps those files few: checkpoints, merges, and the thread that does both
//! in the background under a cap. Readers never wait for it; writers only for the exchange of pointers at its end.
//! Decides nothing about durability: the log has every commit already, a lost checkpoint costs a longer start.

use crate::store::build::{Target, merged_on_disk};
use crate::store::derived::{inherit, sweep};
use crate::store::dictionary::{Dictionary, StoredNames};
use crate::store::folder::{Folder, sync_dir};
use crate::store::level::{Level, LevelFiles};
use crate::store::live::{Disk, Inner, WriterMode};
use crate::store::log::{CommitTable, LogPosition, hex};
use crate::store::manifest::{Found, LevelEntry, Manifest, ManifestParts};
use crate::store::pace::Pace;
use crate::store::segment::{Shared, Unreadable};
use crate::store::snapshot::Snapshot;
use crate::store::terms::{Terms, TermsWriter};
use crate::store::{StoreError, Thresholds, io_error};
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Bytes of texts in memory that call for a checkpoint.
const CHECKPOINT_TEXT_BYTES: usize = 64 << 20;
/// Levels on disk are merged when the next is not this many times smaller.
const TIER: u64 = 4;
/// Files of texts that are left apart.
const MAX_TERMS_FILES: usize = 4;

/// How the background thread is told that there may be work.
#[derive(Default)]
pub(crate) struct Wake {
    due: Mutex<bool>,
    changed: Condvar,
    pub(crate) stop: Arc<AtomicBool>,
}

impl Wake {
    /// Looks whether a state calls for a checkpoint, and says so.
    pub(crate) fn look(&self, state: &Snapshot, thresholds: &Thresholds) {
        if is_due(state, thresholds) {
            *self.due.lock().unwrap_or_else(PoisonError::into_inner) = true;
            self.changed.notify_all();
        }
    }

    fn end(&self) {
        // With the lock held, so that the thread cannot be between looking and going to sleep.
        let _due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        self.stop.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }

    fn wait(&self) {
        let due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut due, _) = self
            .changed
            .wait_timeout_while(due, Duration::from_secs(1), |due| {
                !*due && !self.stop.load(Ordering::Relaxed)
            })
            .unwrap_or_else(PoisonError::into_inner);
        *due = false;
    }
}

/// Whether a state keeps so much in memory that a checkpoint is due.
pub(crate) fn is_due(state: &Snapshot, thresholds: &Thresholds) -> bool {
    let version = state.version();
    version.index.unflushed_rows() >= thresholds.checkpoint_rows
        || version.dictionary.unflushed_bytes() >= CHECKPOINT_TEXT_BYTES
}

/// The background thread of a store; ends when dropped.
pub(crate) struct Keeper {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread.
    pub(crate) fn start(inner: &Arc<Inner>) -> Self {
        let working = Arc::clone(inner);
        let thread = std::thread::Builder::new()
            .name("oslo-checkpoint".to_owned())
            .spawn(move || keep(&working))
            .inspect_err(|error| tracing::warn!(%error, "There is no thread for checkpoints"))
            .ok();
        Self {
            inner: Arc::clone(inner),
            thread,
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        let Some(disk) = self.inner.disk() else {
            return;
        };
        disk.wake.end();
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was logged by its hook; there is nothing to undo.
            let _ = thread.join();
        }
        let stopped = self.inner.health().stopped.is_some();
        let closing_rows = self.inner.options.thresholds.closing_rows;
        if !stopped && self.inner.snapshot().version().index.unflushed_rows() >= closing_rows {
            self.inner.checkpoint_now();
        }
    }
}

fn keep(inner: &Inner) {
    let Some(disk) = inner.disk() else {
        return;
    };
    let stop = &disk.wake.stop;
    let pace = Pace::capped(inner.options.background_percent, Arc::clone(stop));
    let mut failures = 0_u32;
    while !stop.load(Ordering::Relaxed) {
        disk.wake.wait();
        if stop.load(Ordering::Relaxed) || inner.health().stopped.is_some() {
            continue;
        }
        let work = (|| {
            if is_due(&inner.snapshot(), &inner.options.thresholds) {
                inner.checkpoint(&pace)?;
            }
            inner.merge_tiers(&pace)
        })();
        match work {
            Ok(()) => failures = 0,
            Err(error) if !stop.load(Ordering::Relaxed) => {
                failures = (failures + 1).min(6);
                tracing::warn!(%error, "A checkpoint could not be made; nothing is lost, the next start takes longer");
                // Rest longer after each failure, in small steps so that closing is not held up.
                for _ in 0..10 << failures {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(100));
                }
            }
            Err(_) => {}
        }
    }
}

/// Levels that follow each other, and the one that takes their place; none when they cancel out.
type Exchange = (Vec<Arc<Level>>, Option<Arc<Level>>);

/// The files that take the place of what a state keeps in memory.
pub(crate) struct Flushed {
    levels: Vec<Exchange>,
    terms: Option<Arc<Terms>>,
}

impl Flushed {
    /// Writes what a state keeps in memory to files. The state's delta must be a level already.
    pub(crate) fn write(
        state: &Snapshot,
        folder: &Folder,
        shared: &Arc<Shared>,
        threads: usize,
        pace: &Pace,
    ) -> io::Result<Self> {
        let version = state.version();
        let mut exchanged = Vec::new();
        // A large commit lies in files already, above smaller ones before it that do not.
        let levels = version.index.levels();
        for old in levels.chunk_by(|a, b| a.files().is_some() == b.files().is_some()) {
            if old[0].files().is_some() {
                continue;
            }
            let target = Target {
                dir: folder.index_dir(),
                number: folder.next_number(),
                shared,
            };
            let new = merged_on_disk(old, target, threads, pace)?.map(Arc::new);
            exchanged.push((old.to_vec(), new));
        }
        let terms = version
            .dictionary
            .flush(folder.index_dir(), folder.next_number(), shared)?;
        Ok(Self {
            levels: exchanged,
            terms,
        })
    }

    /// Lets a new file of texts have what is derived from the texts it holds.
    fn inherit(&self, state: &Snapshot, shared: &Shared) {
        if let Some(terms) = &self.terms {
            let range = terms.first..terms.first + terms.len();
            let old = state.version().dictionary.texts_within(range);
            inherit(terms, &old, shared.demand.derivers());
        }
    }

    /// A state with the files in place of what was in memory; `None` when nothing of that is left in it.
    pub(crate) fn apply(&self, state: &Snapshot) -> Option<Snapshot> {
        let version = state.version();
        let mut index = None;
        for (old, new) in &self.levels {
            let now = index.as_ref().unwrap_or(&version.index);
            index = now.with_replaced(old, new.clone()).or(index);
        }
        let dictionary = self
            .terms
            .as_ref()
            .and_then(|terms| version.dictionary.with_file(Arc::clone(terms)));
        if index.is_none() && dictionary.is_none() {
            return None;
        }
        Some(state.stored_as(
            dictionary.unwrap_or_else(|| version.dictionary.clone()),
            index.unwrap_or_else(|| version.index.clone()),
        ))
    }
}

/// Writes the manifest of a state that lies in files, and the list of its commits.
pub(crate) fn write_manifest(
    state: &Snapshot,
    folder: &Folder,
    table: &CommitTable,
    log_end: LogPosition,
) -> io::Result<()> {
    let version = state.version();
    let commits = format!("{:08}-commits.list", folder.next_number());
    table.save(&folder.index_dir().join(&commits))?;
    let levels = version
        .index
        .levels()
        .iter()
        .filter_map(|level| {
            Some(LevelEntry {
                number: level.files()?.number,
                first_seq: level.first_seq,
                last_seq: level.last_seq,
            })
        })
        .collect();
    sync_dir(folder.index_dir())?;
    Manifest::new(ManifestParts {
        seq: state.seq(),
        digest: hex(&state.digest()),
        quads: state.quad_count(),
        log_end,
        commits: commits.clone(),
        seed: version.dictionary.seed(),
        levels,
        terms: version.dictionary.files().map(|file| file.number).collect(),
        names: version.dictionary.stored_names(),
    })
    .write(folder.dir())?;
    remove_others(folder, &commits);
    Ok(())
}

/// Removes the lists of commits of earlier manifests.
fn remove_others(folder: &Folder, keep: &str) {
    let Ok(entries) = std::fs::read_dir(folder.index_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.ends_with("-commits.list") && name != keep {
            // Left-overs are removed at the next start.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

impl Inner {
    /// [`Inner::checkpoint`], where failing is no reason to fail: the log has everything.
    pub(crate) fn checkpoint_now(&self) {
        if let Err(error) = self.checkpoint(&Pace::full()) {
            tracing::warn!(%error, "A checkpoint could not be made; nothing is lost, the next start takes longer");
        }
    }

    /// Writes what is in memory to index files and names them in the manifest.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub(crate) fn checkpoint(&self, pace: &Pace) -> Result<(), StoreError> {
        let Some(disk) = self.disk() else {
            return Ok(());
        };
        let mut failure = disk
            .checkpoint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let done = self.checkpoint_alone(pace);
        *failure = match &done {
            Err(error) if !is_interrupted(error) => Some(error_text(error)),
            _ => None,
        };
        done
    }

    fn checkpoint_alone(&self, pace: &Pace) -> Result<(), StoreError> {
        let Some(disk) = self.disk() else {
            return Ok(());
        };
        let folder = &disk.folder;
        let failed = |error| io_error("write to", folder.index_dir())(error);
        let (state, table, log_end) = {
            let mut writer = self.seat();
            if !matches!(writer.mode, WriterMode::File(_)) {
                return Err(StoreError::ReadOnly);
            }
            let tail = &writer.tail;
            let mut dictionary = tail.version().dictionary.clone();
            dictionary.hold();
            let index = tail.version().index.frozen(tail.seq());
            let state = tail.stored_as(dictionary, index);
            writer.tail = state.clone();
            (state, disk.log.table().clone(), disk.log.end())
        };
        // The manifest may only speak of commits that are durable.
        self.wait_durable(state.seq())?;
        let flushed = Flushed::write(&state, folder, &disk.shared, 1, pace).map_err(failed)?;
        flushed.inherit(&state, &disk.shared);
        let stored = flushed.apply(&state).unwrap_or(state);
        write_manifest(&stored, folder, &table, log_end).map_err(failed)?;
        self.restore_as(|state| flushed.apply(state));
        Ok(())
    }

    /// Merges levels on disk where the older is not much larger than the newer, and joins files of texts.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub(crate) fn merge_tiers(&self, pace: &Pace) -> Result<(), StoreError> {
        while self.merge(tier, 1, pace)? {}
        if self.snapshot().version().dictionary.files().count() > MAX_TERMS_FILES {
            self.join_terms()?;
        }
        Ok(())
    }

    /// Merges all levels into one.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub(crate) fn merge_all(&self) -> Result<(), StoreError> {
        self.checkpoint(&Pace::full())?;
        let all = |levels: &[Arc<Level>]| (levels.len() > 1).then(|| levels.to_vec());
        self.merge(all, 2, &Pace::full())?;
        if self.snapshot().version().dictionary.files().count() > 1 {
            self.join_terms()?;
        }
        Ok(())
    }

    /// Levels on disk that the manifest names. One that it does not name yet holds commits that a start would replay.
    fn named_levels(&self, disk: &Disk) -> Result<Vec<Arc<Level>>, StoreError> {
        let found =
            Manifest::read(disk.folder.dir()).map_err(io_error("read", disk.folder.dir()))?;
        let Found::Manifest(manifest) = found else {
            return Ok(Vec::new());
        };
        let snapshot = self.snapshot();
        let levels = snapshot.version().index.levels();
        let named = |level: &&Arc<Level>| {
            level.files().is_some_and(|files| {
                manifest
                    .levels
                    .iter()
                    .any(|entry| entry.number == files.number)
            })
        };
        Ok(levels.iter().take_while(named).cloned().collect())
    }

    /// Merges those of the levels on disk that `choose` picks; false when it picks none.
    fn merge(
        &self,
        choose: impl FnOnce(&[Arc<Level>]) -> Option<Vec<Arc<Level>>>,
        threads: usize,
        pace: &Pace,
    ) -> Result<bool, StoreError> {
        let Some(disk) = self.disk() else {
            return Ok(false);
        };
        // From the choice on: another merge would take the files away that this one counts on.
        let _alone = disk
            .checkpoint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(levels) = choose(&self.named_levels(disk)?) else {
            return Ok(false);
        };
        let levels = levels.as_slice();
        let folder = &disk.folder;
        let failed = |error| io_error("write to", folder.index_dir())(error);
        let target = Target {
            dir: folder.index_dir(),
            number: folder.next_number(),
            shared: &disk.shared,
        };
        let merged = Unreadable::as_error(|| merged_on_disk(levels, target, threads, pace))
            .map_err(failed)?
            .map(Arc::new);
        let flushed = Flushed {
            levels: vec![(levels.to_vec(), merged)],
            terms: None,
        };
        let old: Vec<PathBuf> = levels
            .iter()
            .filter_map(|level| level.files())
            .flat_map(|files| LevelFiles::paths(folder.index_dir(), files.number))
            .collect();
        self.exchange(&flushed, None, old)?;
        Ok(true)
    }

    fn join_terms(&self) -> Result<(), StoreError> {
        let Some(disk) = self.disk() else {
            return Ok(());
        };
        let _alone = disk
            .checkpoint
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let folder = &disk.folder;
        let failed = |error| io_error("write to", folder.index_dir())(error);
        let state = self.snapshot();
        let dictionary = &state.version().dictionary;
        let joined = Unreadable::as_error(|| joined_terms(dictionary, folder, &disk.shared))
            .map_err(failed)?;
        let Some(joined) = joined else {
            return Ok(());
        };
        let old = dictionary
            .files()
            .map(|file| Terms::path(folder.index_dir(), file.number))
            .collect();
        let flushed = Flushed {
            levels: Vec::new(),
            terms: Some(joined),
        };
        flushed.inherit(&state, &disk.shared);
        self.exchange(&flushed, Some(dictionary.stored_names()), old)
    }

    /// Puts new files in place of old ones: first in the manifest, then in memory; then the old ones go.
    fn exchange(
        &self,
        flushed: &Flushed,
        names: Option<StoredNames>,
        old: Vec<PathBuf>,
    ) -> Result<(), StoreError> {
        let Some(disk) = self.disk() else {
            return Ok(());
        };
        let folder = &disk.folder;
        let failed = |error| io_error("write to", folder.index_dir())(error);
        let found = Manifest::read(folder.dir()).map_err(failed)?;
        let Found::Manifest(mut manifest) = found else {
            return Err(failed(io::Error::new(
                io::ErrorKind::InvalidData,
                "the manifest is gone",
            )));
        };
        for (old, new) in &flushed.levels {
            if !manifest.replace_levels(old, new.as_deref()) {
                return Err(failed(io::Error::other(
                    "the manifest no longer names the levels that were merged",
                )));
            }
        }
        if let Some(terms) = &flushed.terms {
            manifest.terms = vec![terms.number];
        }
        if let Some(names) = names {
            // The joined texts may be more than the manifest knew, and with them the names their facts speak of.
            manifest.names = names;
        }
        sync_dir(folder.index_dir()).map_err(failed)?;
        manifest.write(folder.dir()).map_err(failed)?;
        self.restore_as(|state| flushed.apply(state));
        for path in old {
            // Readers keep the files open that they still need; what cannot be removed goes at the next start.
            let _ = std::fs::remove_file(path);
        }
        if flushed.terms.is_some() {
            sweep(folder.index_dir());
        }
        Ok(())
    }
}

fn is_interrupted(error: &StoreError) -> bool {
    matches!(error, StoreError::Io { source, .. } if source.kind() == io::ErrorKind::Interrupted)
}

fn error_text(error: &StoreError) -> String {
    match error {
        StoreError::Io { source, .. } => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}

/// The newest levels that belong together: each older one less than [`TIER`] times the sum of the newer.
fn tier(levels: &[Arc<Level>]) -> Option<Vec<Arc<Level>>> {
    let mut from = levels.len();
    let mut rows = 0;
    for (at, level) in levels.iter().enumerate().rev() {
        if at + 1 < levels.len() && level.len() >= TIER * rows {
            break;
        }
        rows += level.len();
        from = at;
    }
    // A few small levels cost readers little; merging them each time would cost the disk much.
    let together = levels.len() - from;
    (together >= 3 || levels.len() > 6 && together >= 2).then(|| levels[from..].to_vec())
}

/// All files of texts of a dictionary as one.
fn joined_terms(
    dictionary: &Dictionary,
    folder: &Folder,
    shared: &Arc<Shared>,
) -> io::Result<Option<Arc<Terms>>> {
    let files: Vec<_> = dictionary.files().collect();
    let (Some(first), true) = (files.first(), files.len() > 1) else {
        return Ok(None);
    };
    let largest = files.iter().max_by_key(|file| file.len()).unwrap_or(first);
    let number = folder.next_number();
    let path = Terms::path(folder.index_dir(), number);
    let learnt = Arc::clone(largest.learnt());
    let mut writer = TermsWriter::create(&path, dictionary.seed(), first.first, learnt)?;
    for file in &files {
        writer.join(file)?;
    }
    writer.finish()?;
    Terms::open(folder.index_dir(), number, shared).map(|terms| Some(Arc::new(terms)))
}
