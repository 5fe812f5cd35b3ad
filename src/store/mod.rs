//! One data folder: commit log, dictionary and sorted quad index, with one writer and any number of readers.
//! Knows terms and quads; knows no SPARQL, SHACL, HTTP or OSLO.

mod delta;
mod dictionary;
mod draft;
mod id;
mod index;
mod lexical;
mod log;
mod run;
mod snapshot;
mod statistics;
mod view;

pub use dictionary::TermMeta;
pub use draft::{Draft, NetDelta};
pub use id::{Id, TermKind};
pub use index::QuadIds;
pub use log::{CommitInfo, CommitMeta, Source};
pub use snapshot::Snapshot;
pub use statistics::{
    CharacteristicSet, PredicateCounts, PredicateFigures, SetCounts, StarGroup, Statistics,
};
pub use view::{Graphs, Ids, Pairs, QuadScan, TripleScan, View};

use crate::store::delta::Change;
use crate::store::draft::Replay;
use crate::store::log::{LogEnd, LogWriter, read_log};
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

/// Three ids: subject, predicate, object.
pub type Triple = [Id; 3];

const LOG_FILE: &str = "commits.log";
const LOCK_FILE: &str = "lock";

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file could not be read or written.
    #[error("cannot {doing} {path}")]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// Another process writes in this data folder.
    #[error("the data folder {path} is in use by another oslo process")]
    InUse {
        /// The data folder.
        path: PathBuf,
    },
    /// There is no registry in the folder, and reading was asked.
    #[error("there is no registry in {path}")]
    Missing {
        /// The data folder.
        path: PathBuf,
    },
    /// The log is damaged after commit `seq`.
    #[error("the commit log {path} is damaged after commit {seq}, at byte {offset}: {reason}")]
    Damaged {
        /// The log file.
        path: PathBuf,
        /// Last commit known to be good.
        seq: u64,
        /// Place of the damaged frame.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// The log is of another format or version.
    #[error("{path} is not a commit log of a format this version reads")]
    UnknownFormat {
        /// The log file.
        path: PathBuf,
    },
    /// The store was opened for reading only.
    #[error("the registry was opened for reading only")]
    ReadOnly,
    /// An earlier write could not be made durable; nothing more is written until a restart.
    #[error("writing stopped: {reason}")]
    Stopped {
        /// What went wrong.
        reason: String,
    },
}

/// How to open a data folder.
#[derive(Clone, Copy, Debug, Default)]
pub struct OpenOptions {
    /// Reads what is acknowledged without claiming the folder; works beside a running server.
    pub read_only: bool,
    /// Refuses to start a new registry where there is none.
    pub must_exist: bool,
}

/// Called with bytes read and bytes in all while the log is replayed.
pub type ReplayProgress<'a> = &'a mut dyn FnMut(u64, u64);

/// A registry's store. One writer at a time; readers take [`Snapshot`]s.
pub struct Store {
    current: RwLock<Snapshot>,
    commits: RwLock<Vec<CommitInfo>>,
    writer: Mutex<Writer>,
    dir: Option<PathBuf>,
    recovered_bytes: u64,
    _lock: Option<File>,
}

pub(crate) struct Writer {
    mode: WriterMode,
}

enum WriterMode {
    Memory,
    File(LogWriter),
    ReadOnly,
    Stopped(String),
}

impl Writer {
    fn append(
        &mut self,
        info: &CommitInfo,
        previous: &[u8; 32],
        state: &Snapshot,
        net: &[Change],
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
            for change in net {
                let quad = QuadIds::from_row(change.row);
                record.row(change.added, |out| {
                    for id in [quad.s, quad.p, quad.o] {
                        dictionary.write_text(id, out);
                        out.push(b' ');
                    }
                    dictionary.write_text(quad.g, out);
                    if quad.g == Id::DEFAULT_GRAPH {
                        out.pop();
                    }
                })?;
            }
            record.finish()
        })();
        let path = log.path().to_owned();
        written.map_err(|error: io::Error| {
            let reason = format!("commit {} could not be written to {}: {error}", info.seq, path.display());
            tracing::error!(seq = info.seq, %error, "Writing stopped: the commit log could not be made durable");
            self.mode = WriterMode::Stopped(reason.clone());
            StoreError::Stopped { reason }
        })
    }
}

impl Store {
    /// A store without a data folder: lives and ends with the process.
    pub fn in_memory() -> Self {
        Self::assemble(
            Snapshot::empty(),
            Vec::new(),
            WriterMode::Memory,
            None,
            0,
            None,
        )
    }

    fn assemble(
        snapshot: Snapshot,
        commits: Vec<CommitInfo>,
        mode: WriterMode,
        dir: Option<PathBuf>,
        recovered_bytes: u64,
        lock: Option<File>,
    ) -> Self {
        Self {
            current: RwLock::new(snapshot),
            commits: RwLock::new(commits),
            writer: Mutex::new(Writer { mode }),
            dir,
            recovered_bytes,
            _lock: lock,
        }
    }

    /// Opens a data folder, creating it when there is none, and replays its log.
    ///
    /// # Errors
    /// When the folder is in use, cannot be read or written, or its log is damaged.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        Self::open_with_progress(dir, options, &mut |_, _| {})
    }

    /// [`Store::open`], telling how far the replay is.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with_progress(
        dir: &Path,
        options: OpenOptions,
        progress: ReplayProgress<'_>,
    ) -> Result<Self, StoreError> {
        let path = dir.join(LOG_FILE);
        let exists = path.exists();
        if !exists && (options.must_exist || options.read_only) {
            return Err(StoreError::Missing {
                path: dir.to_owned(),
            });
        }
        let lock = if options.read_only {
            None
        } else {
            Some(claim(dir)?)
        };
        if !exists {
            let log = LogWriter::create(&path).map_err(io_error("create", &path))?;
            sync_dir(dir).map_err(io_error("write to", dir))?;
            let mode = WriterMode::File(log);
            return Ok(Self::assemble(
                Snapshot::empty(),
                Vec::new(),
                mode,
                Some(dir.to_owned()),
                0,
                lock,
            ));
        }
        let (snapshot, commits, end, torn_bytes) = replay(&path, progress)?;
        let mode = if options.read_only {
            WriterMode::ReadOnly
        } else {
            if torn_bytes > 0 {
                tracing::warn!(
                    torn_bytes,
                    "Cut {torn_bytes} bytes of an unfinished commit off the log"
                );
            }
            WriterMode::File(LogWriter::open(&path, end).map_err(io_error("open", &path))?)
        };
        Ok(Self::assemble(
            snapshot,
            commits,
            mode,
            Some(dir.to_owned()),
            torn_bytes,
            lock,
        ))
    }

    /// The data folder; `None` for a store in memory.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// Bytes of a commit that was never acknowledged and was cut off when opening.
    pub fn recovered_bytes(&self) -> u64 {
        self.recovered_bytes
    }

    /// The state after the last commit.
    pub fn snapshot(&self) -> Snapshot {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Commits after number `since`, oldest first.
    pub fn commits(&self, since: u64) -> Vec<CommitInfo> {
        let commits = self.commits.read().unwrap_or_else(PoisonError::into_inner);
        let from = commits.partition_point(|commit| commit.seq <= since);
        commits[from..].to_vec()
    }

    /// Starts the next commit; waits while another draft is open.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] or [`StoreError::Stopped`] when nothing can be written.
    pub fn begin(&self) -> Result<Draft<'_>, StoreError> {
        // A panic while a draft was open published nothing, so the lock's data is sound.
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        match &writer.mode {
            WriterMode::ReadOnly => Err(StoreError::ReadOnly),
            WriterMode::Stopped(reason) => Err(StoreError::Stopped {
                reason: reason.clone(),
            }),
            _ => Ok(Draft::new(self, Some(writer))),
        }
    }

    /// A draft over the newest state that can be read but never committed; does not wait for writers.
    pub fn scratch(&self) -> Draft<'_> {
        Draft::new(self, None)
    }

    /// Why nothing can be written, when that is so.
    pub fn stopped(&self) -> Option<String> {
        // A writer at work is not stopped, so a held lock needs no waiting for.
        match self.writer.try_lock() {
            Ok(writer) => match &writer.mode {
                WriterMode::Stopped(reason) => Some(reason.clone()),
                _ => None,
            },
            Err(_) => None,
        }
    }

    fn publish(&self, snapshot: Snapshot, info: CommitInfo) {
        let mut commits = self.commits.write().unwrap_or_else(PoisonError::into_inner);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = snapshot;
        commits.push(info);
    }
}

/// What [`check`] found.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// Commits in the log.
    pub commits: u64,
    /// Quads in the rebuilt index.
    pub quads: u64,
    /// Chain digest of the last commit, lower-case hex.
    pub digest: String,
    /// Bytes of a commit that was never acknowledged.
    pub torn_bytes: u64,
    /// What is wrong; empty when all is well.
    pub findings: Vec<String>,
}

/// Reads the whole log of a data folder: frames, digests, chain and net rows; rebuilds the index from it and compares
/// the permutations. Claims nothing and changes nothing.
///
/// # Errors
/// When the folder holds no registry or cannot be read. Damage is a finding, not an error.
pub fn check(dir: &Path, progress: ReplayProgress<'_>) -> Result<CheckReport, StoreError> {
    let path = dir.join(LOG_FILE);
    if !path.exists() {
        return Err(StoreError::Missing {
            path: dir.to_owned(),
        });
    }
    let mut report = CheckReport {
        commits: 0,
        quads: 0,
        digest: String::new(),
        torn_bytes: 0,
        findings: Vec::new(),
    };
    match replay(&path, progress) {
        Ok((snapshot, commits, _, torn_bytes)) => {
            report.commits = commits.len() as u64;
            report.quads = snapshot.quad_count();
            report.digest = log::hex(&snapshot.digest());
            report.torn_bytes = torn_bytes;
            report.findings.extend(snapshot.check_consistency().err());
        }
        Err(error @ (StoreError::Damaged { .. } | StoreError::UnknownFormat { .. })) => {
            report.findings.push(error.to_string());
        }
        Err(error) => return Err(error),
    }
    Ok(report)
}

struct WithProgress<'a, 'b> {
    replay: Replay,
    progress: &'a mut (dyn FnMut(u64, u64) + 'b),
}

impl log::RecordSink for WithProgress<'_, '_> {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        self.replay.row(added, line)
    }
    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        self.replay.commit(info, digest)
    }
    fn forget(&mut self) {
        self.replay.forget();
    }
    fn progress(&mut self, read_bytes: u64, total_bytes: u64) {
        (self.progress)(read_bytes, total_bytes);
    }
}

fn replay(
    path: &Path,
    progress: ReplayProgress<'_>,
) -> Result<(Snapshot, Vec<CommitInfo>, u64, u64), StoreError> {
    let mut sink = WithProgress {
        replay: Replay::new(),
        progress,
    };
    match read_log(path, &mut sink).map_err(io_error("read", path))? {
        LogEnd::Whole { end, torn_bytes } => {
            let (snapshot, commits) = sink.replay.into_parts();
            Ok((snapshot, commits, end, torn_bytes))
        }
        LogEnd::Damaged {
            seq,
            offset,
            reason,
        } => Err(StoreError::Damaged {
            path: path.to_owned(),
            seq,
            offset,
            reason,
        }),
        LogEnd::NotALog => Err(StoreError::UnknownFormat {
            path: path.to_owned(),
        }),
    }
}

fn claim(dir: &Path) -> Result<File, StoreError> {
    fs::create_dir_all(dir).map_err(io_error("create", dir))?;
    let path = dir.join(LOCK_FILE);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io_error("open", &path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse {
            path: dir.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(io_error("lock", &path)(error)),
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        doing,
        path,
        source,
    }
}

#[cfg(test)]
mod tests;
