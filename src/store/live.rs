//! The open store: the newest state for readers, the one writer's seat, and the moment a commit becomes durable.
//! Recovery, checkpoints and looking back live in modules of their own.
//!
//! A commit goes through two doors. Holding the writer's seat, it is appended to the log and becomes the *tail*, on which
//! the next draft builds. Then, without the seat, it waits until a sync of the log covers it; whoever comes first syncs
//! for all that were appended by then. Only then do readers see it. If a sync fails, nothing after it is acknowledged.

use crate::store::checkpoint::Keeper;
use crate::store::derived::{Derivers, Maker, make_all};
use crate::store::draft::Draft;
use crate::store::folder::Folder;
use crate::store::follow::{Followers, Queue};
use crate::store::log::{CommitInfo, CommitLog, LogSyncer, LogWriter};
use crate::store::past::Past;
use crate::store::pending::{Pending, Spill};
use crate::store::recover;
use crate::store::segment::Shared;
use crate::store::snapshot::Snapshot;
use crate::store::{Health, Id, OpenOptions, Settings, StoreError, StoreSizes};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

/// A registry's store. One writer at a time; readers take [`Snapshot`]s. Dropping it ends its background work.
pub struct Store {
    // These end before the state they work on.
    _maker: Option<Maker>,
    _keeper: Option<Keeper>,
    inner: Arc<Inner>,
}

/// The parts that background work shares.
pub(crate) struct Inner {
    current: RwLock<Snapshot>,
    writer: Mutex<Writer>,
    group: Mutex<Group>,
    group_changed: Condvar,
    /// `None` for a store in memory.
    disk: Option<Disk>,
    /// Commits of a store in memory.
    commits: RwLock<Vec<CommitInfo>>,
    pub(crate) past: Past,
    pub(crate) options: OpenOptions,
    settings: RwLock<Settings>,
    recovered_bytes: u64,
    pub(crate) followers: Followers,
}

/// What a store in a folder has.
pub(crate) struct Disk {
    pub(crate) folder: Arc<Folder>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) log: CommitLog,
    syncer: Option<LogSyncer>,
    /// Held while a checkpoint is made; says why the last one failed, if it did.
    pub(crate) checkpoint: Mutex<Option<String>>,
    pub(crate) wake: crate::store::checkpoint::Wake,
}

/// The writer's seat.
pub(crate) struct Writer {
    pub(crate) mode: WriterMode,
    /// The newest appended state; ahead of what readers see while a sync is under way.
    pub(crate) tail: Snapshot,
}

pub(crate) enum WriterMode {
    Memory,
    File(LogWriter),
    ReadOnly,
    Stopped(String),
}

/// Commits appended and not yet durable.
struct Group {
    /// With the subjects that changed, when anybody follows.
    waiting: VecDeque<(Snapshot, Option<Arc<[Id]>>)>,
    syncing: bool,
    durable: u64,
    failed: Option<String>,
}

impl Writer {
    pub(crate) fn append(
        &mut self,
        info: &CommitInfo,
        previous: &[u8; 32],
        state: &Snapshot,
        changes: &Pending,
    ) -> Result<[u8; 32], StoreError> {
        let log = match &mut self.mode {
            WriterMode::Memory => return Ok([0; 32]),
            WriterMode::ReadOnly => return Err(StoreError::ReadOnly),
            WriterMode::Stopped(reason) => {
                return Err(StoreError::Stopped {
                    reason: reason.clone(),
                });
            }
            WriterMode::File(log) => log,
        };
        let dictionary = &state.version().dictionary;
        let written = (|| {
            let mut record = log.begin(info, previous)?;
            changes.try_each_net(|[s, p, o, g], added| {
                record.row(added, |out| {
                    for raw in [s, p, o] {
                        dictionary.write_text(id(raw), out);
                        out.push(b' ');
                    }
                    if id(g) == Id::DEFAULT_GRAPH {
                        out.pop();
                    } else {
                        dictionary.write_text(id(g), out);
                    }
                })
            })?;
            record.finish()
        })();
        written.map_err(|error: io::Error| {
            let reason = format!(
                "commit {} could not be written to the commit log: {error}",
                info.seq
            );
            tracing::error!(seq = info.seq, %error, "Writing stopped: the commit log cannot be written");
            self.mode = WriterMode::Stopped(reason.clone());
            StoreError::Stopped { reason }
        })
    }
}

fn id(raw: u64) -> Id {
    Id::from_raw(raw).expect("rows hold ids, never 0")
}

/// A store without its background work.
pub(crate) struct Assembled {
    pub(crate) snapshot: Snapshot,
    pub(crate) mode: WriterMode,
    pub(crate) disk: Option<(Arc<Folder>, Arc<Shared>, CommitLog)>,
    pub(crate) options: OpenOptions,
    pub(crate) settings: Settings,
    pub(crate) recovered_bytes: u64,
    /// Opening wrote index files that no manifest names yet.
    pub(crate) unnamed_files: bool,
}

impl Store {
    /// A store without a data folder: lives and ends with the process. Takes RDF 1.1.
    pub fn in_memory() -> Self {
        Self::in_memory_with(Settings::default())
    }

    /// As [`Store::in_memory`], set to something else.
    pub fn in_memory_with(settings: Settings) -> Self {
        Self::assemble(Assembled {
            snapshot: Snapshot::empty(),
            mode: WriterMode::Memory,
            disk: None,
            options: OpenOptions::default(),
            settings,
            recovered_bytes: 0,
            unnamed_files: false,
        })
    }

    pub(crate) fn assemble(parts: Assembled) -> Self {
        let syncer = match &parts.mode {
            WriterMode::File(log) => Some(log.syncer()),
            _ => None,
        };
        let keeps = syncer.is_some();
        let unnamed_files = parts.unnamed_files;
        let inner = Arc::new(Inner {
            group: Mutex::new(Group {
                waiting: VecDeque::new(),
                syncing: false,
                durable: parts.snapshot.seq(),
                failed: None,
            }),
            group_changed: Condvar::new(),
            writer: Mutex::new(Writer {
                mode: parts.mode,
                tail: parts.snapshot.clone(),
            }),
            current: RwLock::new(parts.snapshot),
            disk: parts.disk.map(|(folder, shared, log)| Disk {
                folder,
                shared,
                log,
                syncer,
                checkpoint: Mutex::new(None),
                wake: crate::store::checkpoint::Wake::default(),
            }),
            commits: RwLock::new(Vec::new()),
            past: Past::default(),
            options: parts.options,
            settings: RwLock::new(parts.settings),
            recovered_bytes: parts.recovered_bytes,
            followers: Followers::default(),
        });
        if unnamed_files && let Some(disk) = &inner.disk {
            inner.checkpoint_now();
            if inner.health().checkpoint.is_none() {
                recover::remove_unnamed(&disk.folder);
            }
        }
        if keeps && let Some(disk) = &inner.disk {
            disk.shared.demand.allow_writing();
        }
        Self {
            _maker: keeps.then(|| Maker::start(&inner)).flatten(),
            _keeper: keeps.then(|| Keeper::start(&inner)),
            inner,
        }
    }

    /// The data folder; `None` for a store in memory.
    pub fn dir(&self) -> Option<&Path> {
        self.inner.disk.as_ref().map(|disk| disk.folder.dir())
    }

    /// What the registry was set to.
    pub fn settings(&self) -> Settings {
        self.inner.settings()
    }

    /// Sets the registry to something else, durably; drafts that are open keep what they began with. Waits for the writer.
    ///
    /// # Errors
    /// [`StoreError::HoldsRdf12`] when it is to go back to RDF 1.1 and holds what that does not know;
    /// [`StoreError::ReadOnly`] or [`StoreError::Stopped`] when nothing can be written; errors of writing.
    pub fn set(&self, settings: Settings) -> Result<(), StoreError> {
        let writer = self.inner.seat();
        if !settings.rdf.is_12() && writer.tail.view().holds_rdf12() {
            return Err(StoreError::HoldsRdf12);
        }
        match &writer.mode {
            WriterMode::ReadOnly => return Err(StoreError::ReadOnly),
            WriterMode::Stopped(reason) => {
                return Err(StoreError::Stopped {
                    reason: reason.clone(),
                });
            }
            WriterMode::File(_) | WriterMode::Memory => {}
        }
        if let Some(dir) = self.dir() {
            settings.write(dir)?;
        }
        *self
            .inner
            .settings
            .write()
            .unwrap_or_else(PoisonError::into_inner) = settings;
        Ok(())
    }

    /// Bytes of a commit that was never acknowledged and was cut off when opening.
    pub fn recovered_bytes(&self) -> u64 {
        self.inner.recovered_bytes
    }

    /// The state after the last commit.
    pub fn snapshot(&self) -> Snapshot {
        self.inner.snapshot()
    }

    /// Commits after number `since`, oldest first; those before the log's base are gone.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn commits(&self, since: u64) -> Result<Vec<CommitInfo>, StoreError> {
        self.commits_between(since, u64::MAX)
    }

    /// Commits after number `since` up to and with number `last`, oldest first.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn commits_between(&self, since: u64, last: u64) -> Result<Vec<CommitInfo>, StoreError> {
        let last = last.min(self.snapshot().seq());
        match &self.inner.disk {
            None => {
                let commits = self
                    .inner
                    .commits
                    .read()
                    .unwrap_or_else(PoisonError::into_inner);
                let from = commits.partition_point(|commit| commit.seq <= since);
                let to = commits.partition_point(|commit| commit.seq <= last);
                Ok(commits[from..to.max(from)].to_vec())
            }
            Some(disk) => {
                let first = disk.log.table().first_seq().max(since.saturating_add(1));
                if first > last {
                    return Ok(Vec::new());
                }
                Ok(disk.log.infos(first, last)?)
            }
        }
    }

    /// Waits until a commit is durable and seen, but no longer than `patience`; says whether it is.
    pub fn wait_for(&self, seq: u64, patience: Duration) -> bool {
        let group = self.inner.group();
        let waited = self
            .inner
            .group_changed
            .wait_timeout_while(group, patience, |group| group.durable < seq);
        let (group, _) = waited.unwrap_or_else(PoisonError::into_inner);
        group.durable >= seq
    }

    /// Starts the next commit; waits while another draft is open.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`], [`StoreError::Follows`] or [`StoreError::Stopped`] when nothing can be written.
    pub fn begin(&self) -> Result<Draft<'_>, StoreError> {
        if self.inner.options.follows {
            return Err(StoreError::Follows);
        }
        let writer = self.inner.seat();
        match &writer.mode {
            WriterMode::ReadOnly => Err(StoreError::ReadOnly),
            WriterMode::Stopped(reason) => Err(StoreError::Stopped {
                reason: reason.clone(),
            }),
            _ => {
                let base = writer.tail.clone();
                Ok(Draft::new(&self.inner, base, Some(writer)))
            }
        }
    }

    /// A draft over the newest state that can be read but never committed; does not wait for writers.
    pub fn scratch(&self) -> Draft<'_> {
        Draft::new(&self.inner, self.snapshot(), None)
    }

    /// The same over any state of this store.
    pub fn scratch_over(&self, state: Snapshot) -> Draft<'_> {
        Draft::new(&self.inner, state, None)
    }

    /// Whether and why the store cannot do all it should.
    pub fn health(&self) -> Health {
        self.inner.health()
    }

    /// Whether the store was opened for reading only.
    pub fn is_read_only(&self) -> bool {
        matches!(self.inner.seat().mode, WriterMode::ReadOnly)
    }

    /// Why nothing can be written, when that is so.
    pub fn stopped(&self) -> Option<String> {
        self.inner.health().stopped
    }

    /// How often the log was made durable since the store was opened. Commits that wait together share one time.
    pub fn syncs(&self) -> u64 {
        self.inner.disk.as_ref().map_or(0, |disk| disk.log.syncs())
    }

    /// What the store takes on disk and in memory.
    pub fn sizes(&self) -> StoreSizes {
        let snapshot = self.snapshot();
        let (index_bytes, log_bytes) = self.inner.disk.as_ref().map_or((0, 0), |disk| {
            (disk.folder.index_bytes(), disk.log.size_bytes())
        });
        StoreSizes {
            quads: snapshot.quad_count(),
            levels: snapshot.version().index.levels().len(),
            index_bytes,
            log_bytes,
            memory_bytes: snapshot.memory_bytes() as u64,
        }
    }

    /// Writes everything that is in memory only to the index files, so that the next start has nothing to replay.
    /// Happens by itself in the background and when a store is dropped.
    ///
    /// # Errors
    /// When the files cannot be written; nothing is lost, the log has it all.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.inner.checkpoint(&crate::store::pace::Pace::full())
    }

    /// Merges all levels of the index into one: the smallest and fastest form.
    ///
    /// # Errors
    /// When the files cannot be written; nothing is lost.
    pub fn compact_index(&self) -> Result<(), StoreError> {
        self.inner.merge_all()
    }

    /// Makes the files derived from texts that are missing, without haste for anybody: a store opened with
    /// [`OpenOptions::derived`] makes its own in the background.
    ///
    /// # Errors
    /// When one cannot be written, or texts cannot be read; nothing is lost.
    pub fn derive(&self, derivers: Derivers) -> Result<(), StoreError> {
        if self
            .inner
            .disk()
            .and_then(|disk| disk.syncer.as_ref())
            .is_none()
        {
            return Ok(());
        }
        make_all(&self.inner, derivers)
            .map_err(crate::store::io_error("write to", self.inner.index_dir()))
    }

    pub(crate) fn inner(&self) -> &Arc<Inner> {
        &self.inner
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.inner.followers.close();
    }
}

impl Inner {
    /// The state after the last durable commit.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What the registry was set to.
    pub(crate) fn settings(&self) -> Settings {
        *self.settings.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The writer's seat. A panic while a draft was open published nothing, so the lock's data is sound.
    pub(crate) fn seat(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn group(&self) -> MutexGuard<'_, Group> {
        self.group.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the last commit of a store in memory was made, in milliseconds since 1970.
    pub(crate) fn last_commit_ms(&self) -> Option<i64> {
        let commits = self.commits.read().unwrap_or_else(PoisonError::into_inner);
        let made: jiff::Timestamp = commits.last()?.time.parse().ok()?;
        Some(made.as_millisecond())
    }

    pub(crate) fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    pub(crate) fn index_dir(&self) -> &Path {
        self.disk
            .as_ref()
            .map_or(Path::new(""), |disk| disk.folder.index_dir())
    }

    pub(crate) fn spill(&self) -> Option<Spill> {
        self.disk.as_ref().map(|disk| Spill {
            folder: Arc::clone(&disk.folder),
            shared: Arc::clone(&disk.shared),
            memory_bytes: self.options.memory_bytes,
            least_rows: self.options.thresholds.spill_rows,
        })
    }

    pub(crate) fn health(&self) -> Health {
        // A writer at work is not stopped, so a held lock needs no waiting for.
        let stopped = match self.writer.try_lock() {
            Ok(writer) => match &writer.mode {
                WriterMode::Stopped(reason) => Some(reason.clone()),
                _ => None,
            },
            Err(_) => None,
        };
        let disk = self.disk.as_ref();
        Health {
            stopped: stopped.or_else(|| self.group().failed.clone()),
            damaged: disk.and_then(|disk| disk.shared.damage()),
            checkpoint: disk.and_then(|disk| match disk.checkpoint.try_lock() {
                Ok(failure) => failure.clone(),
                Err(_) => None,
            }),
        }
    }

    /// A large draft could not be kept on disk. Nothing was appended, so writing can go on once there is room.
    pub(crate) fn no_room(&self, error: io::Error) -> StoreError {
        tracing::error!(%error, "A large change could not be kept on disk and was dropped");
        crate::store::io_error("write to", self.index_dir())(error)
    }

    /// A commit was appended: it becomes the tail and waits for its sync.
    pub(crate) fn appended(
        &self,
        writer: &mut Writer,
        state: Snapshot,
        info: &CommitInfo,
        subjects: Option<Arc<[Id]>>,
    ) {
        let state = state.with_statistics_of(&writer.tail);
        writer.tail = state.clone();
        let mut group = self.group();
        if self.disk.is_none() {
            group.durable = state.seq();
            self.commits
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .push(info.clone());
            self.publish(state.clone());
            self.followers.tell(&state, subjects.as_ref());
            self.group_changed.notify_all();
        } else {
            group.waiting.push_back((state, subjects));
        }
    }

    /// The last durable commit, once it is later than `seen` or `patience` has run out.
    pub(crate) fn wait_beyond(&self, seen: u64, patience: Duration) -> u64 {
        let waited = self
            .group_changed
            .wait_timeout_while(self.group(), patience, |group| group.durable <= seen);
        let (group, _) = waited.unwrap_or_else(PoisonError::into_inner);
        group.durable
    }

    /// Registers a follower: the state before the first commit that it hears of.
    pub(crate) fn begin_following(&self, queue: std::sync::Weak<Queue>) -> Snapshot {
        // Nothing becomes visible while the group is held.
        let _group = self.group();
        self.followers.add(queue);
        self.snapshot()
    }

    fn publish(&self, snapshot: Snapshot) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
    }

    /// Returns once the log is durable up to a commit and readers see it.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the log could not be made durable.
    pub(crate) fn wait_durable(&self, seq: u64) -> Result<(), StoreError> {
        let Some(disk) = &self.disk else {
            return Ok(());
        };
        let Some(syncer) = &disk.syncer else {
            return Ok(());
        };
        let mut group = self.group();
        loop {
            if group.durable >= seq {
                return Ok(());
            }
            if let Some(reason) = &group.failed {
                return Err(StoreError::Stopped {
                    reason: reason.clone(),
                });
            }
            if group.syncing {
                group = self
                    .group_changed
                    .wait(group)
                    .unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            group.syncing = true;
            let newest = group.waiting.back().map_or(seq, |(state, _)| state.seq());
            drop(group);
            let synced = syncer.sync();
            group = self.group();
            group.syncing = false;
            match synced {
                Ok(()) => {
                    let is_durable = |(state, _): &(Snapshot, _)| state.seq() <= newest;
                    let count = group.waiting.partition_point(is_durable);
                    let durable: Vec<_> = group.waiting.drain(..count).collect();
                    group.durable = group.durable.max(newest);
                    if let Some((state, _)) = durable.last() {
                        self.publish(state.clone());
                    }
                    for (state, subjects) in &durable {
                        self.followers.tell(state, subjects.as_ref());
                    }
                }
                Err(error) => {
                    let reason = format!("the commit log could not be made durable: {error}");
                    tracing::error!(%error, "Writing stopped: the commit log could not be made durable");
                    group.failed = Some(reason);
                }
            }
            self.group_changed.notify_all();
            let failed = group.failed.clone();
            drop(group);
            if let Some(reason) = failed {
                // No draft may build on what may be lost.
                self.seat().mode = WriterMode::Stopped(reason);
            } else {
                disk.wake.look(&self.snapshot(), &self.options.thresholds);
            }
            group = self.group();
        }
    }

    /// Replaces states by the same states stored in another way: the tail, those that wait, and the one readers see.
    pub(crate) fn restore_as(&self, restore: impl Fn(&Snapshot) -> Option<Snapshot>) {
        let mut writer = self.seat();
        if let Some(tail) = restore(&writer.tail) {
            writer.tail = tail;
        }
        let mut group = self.group();
        for (state, _) in &mut group.waiting {
            if let Some(same) = restore(state) {
                *state = same;
            }
        }
        let current = self.snapshot();
        if current.is_same_as(&writer.tail) {
            self.publish(writer.tail.clone());
        } else if let Some(same) = restore(&current) {
            self.publish(same);
        }
    }
}
