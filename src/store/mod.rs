//! One data folder: commit log, dictionary and sorted quad index, with one writer and any number of readers.
//! Knows terms and quads; knows no SPARQL, SHACL, HTTP or OSLO.

mod attached;
mod backup;
mod beside;
mod block;
mod build;
mod changes;
mod check;
mod checkpoint;
mod copy_kept;
mod cursor;
mod delta;
mod derived;
mod dictionary;
mod draft;
mod facts;
pub(crate) mod fault;
mod folder;
mod follow;
mod fresh;
mod id;
mod index;
mod install;
mod layer;
mod level;
mod lexical;
mod live;
mod log;
mod manifest;
mod names;
mod order;
mod pace;
mod parts;
mod past;
mod pending;
mod recover;
mod replay;
mod replicate;
mod retain;
mod run;
mod segment;
mod settings;
mod snapshot;
mod statistics;
mod terms;
mod touched;
mod view;

pub use backup::{CopyReport, backup, restore};
pub use beside::{Beside, BesideStamp};
pub use changes::Change;
pub use check::{CheckReport, Finding, check};
pub use derived::{
    Bytes, Derive, Derived, Derivers, PAGE_BYTES, Piece, Reader, Section, put_varint, with_pieces,
};
pub use dictionary::TermMeta;
pub use draft::{Draft, NetDelta};
pub use folder::{QUERIES_DIR, SUBSCRIPTIONS_DIR};
pub(crate) use folder::{replace_file, sync_dir, write_private};
pub use follow::{Follower, Heard, Step, Waker};
pub(crate) use fresh::Fresh;
pub(crate) use id::{FIRST_DAY, InlineValue, civil};
pub use id::{Id, TermKind};
pub(crate) use index::Order;
pub use index::QuadIds;
pub use install::{InstallError, LogInstall, mend_install};
pub(crate) use lexical::is_well_formed;
pub use live::Store;
pub use log::{CommitInfo, CommitMeta, LogPart, Shipment, Source};
pub(crate) use log::{hex, unhex};
pub(crate) use pace::Pace;
pub use parts::{PartKey, TermPart};
pub use past::{AsOf, MAX_LOOK_BACK_ROWS};
pub use replay::ReplayProgress;
pub use replicate::{Continuation, FollowError, Following, LOG_FORMAT, LogSummary, has_log};
pub use segment::Unreadable;
pub use settings::Settings;
pub use snapshot::{APART, Snapshot, is_apart};
pub use statistics::{
    CharacteristicSet, PredicateCounts, PredicateFigures, SetCounts, StarGroup, Statistics,
};
pub(crate) use view::{ExactCounts, SortedRows};
pub use view::{Graphs, Ids, Pairs, QuadScan, TripleScan, View};

use crate::store::log::LogError;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Three ids: subject, predicate, object.
pub type Triple = [Id; 3];

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
    /// The folder is not empty and holds no registry.
    #[error("{path} is no data folder of oslo: it holds {found} and no commit log")]
    NotARegistry {
        /// The folder.
        path: PathBuf,
        /// Something that lies in it.
        found: String,
    },
    /// A folder that is to take a copy holds something.
    #[error("{path} is not empty: it holds {found}")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// Something that lies in it.
        found: String,
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
    /// A file of the log is not there.
    #[error("the commit log lacks its file {path}")]
    LogFileMissing {
        /// The file.
        path: PathBuf,
    },
    /// A file in place of the log is something else.
    #[error("{path} is not a commit log of oslo")]
    UnknownFormat {
        /// The file.
        path: PathBuf,
    },
    /// The log was written by a later version.
    #[error("{path} was written by a newer oslo (commit log format {version})")]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u32,
    },
    /// The store was opened for reading only.
    #[error("the registry was opened for reading only")]
    ReadOnly,
    /// The store follows the log of another node, and takes changes from there alone.
    #[error("the registry follows another node, and takes changes from there alone")]
    Follows,
    /// An earlier write could not be made durable; nothing more is written until a restart.
    #[error("writing stopped: {reason}")]
    Stopped {
        /// What went wrong.
        reason: String,
    },
    /// What RDF 1.2 adds is stored, so the registry cannot go back to RDF 1.1.
    #[error("statements of RDF 1.2 are stored: triple terms, or literals with a base direction")]
    HoldsRdf12,
    /// A state after a commit that was not made yet.
    #[error("commit {seq} is not made yet; the last one is {last}")]
    NotYet {
        /// The commit asked for.
        seq: u64,
        /// The last commit.
        last: u64,
    },
    /// A state that the log no longer has.
    #[error("states before commit {first} are no longer kept")]
    Compacted {
        /// The first commit whose state can be had.
        first: u64,
    },
    /// A state too many changes away.
    #[error(
        "{rows} changes lie between that state and the nearest one at hand; {MAX_LOOK_BACK_ROWS} are allowed"
    )]
    TooFarBack {
        /// Rows to read.
        rows: u64,
    },
}

impl From<LogError> for StoreError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Io {
                doing,
                path,
                source,
            } => Self::Io {
                doing,
                path,
                source,
            },
            LogError::Absent { path } => Self::Missing { path },
            LogError::Damaged {
                path,
                seq,
                offset,
                reason,
            } => Self::Damaged {
                path,
                seq,
                offset,
                reason,
            },
            LogError::Foreign { path } => Self::UnknownFormat { path },
            LogError::NewerFormat { path, version } => Self::NewerFormat { path, version },
            LogError::Missing { path } => Self::LogFileMissing { path },
            LogError::TwoLogs { path } => Self::UnknownFormat { path },
            LogError::Superseded { first, .. } | LogError::Unknown { first, .. } => {
                Self::Compacted { first }
            }
        }
    }
}

/// How to open a data folder.
#[derive(Clone, Copy, Debug)]
pub struct OpenOptions {
    /// Reads what is acknowledged without claiming the folder; works beside a running server.
    pub read_only: bool,
    /// Refuses to start a new registry where there is none.
    pub must_exist: bool,
    /// Takes commits from the log of another node alone ([`Store::follow`]); drafts are refused.
    pub follows: bool,
    /// Bytes one large change may take before it goes to disk.
    pub memory_bytes: u64,
    /// Bytes of index blocks, texts and what is derived from them that are kept for readers.
    pub cache_bytes: u64,
    /// Share of one processor core that background work may take, in percent.
    pub background_percent: u32,
    /// When the store does what it does now and then.
    pub thresholds: Thresholds,
    /// What is derived from texts and kept in files beside them.
    pub derived: Derivers,
    /// How long texts lie in a file before such files are made in the background. A query that needs one waits for nothing.
    pub derive_after: Duration,
}

/// From how much on a store does what it does now and then. The defaults suit any machine; tests take small ones, so that
/// a store of a few hundred quads lives through what one of many millions does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Rows in memory that call for a checkpoint.
    pub checkpoint_rows: u64,
    /// Rows in memory that are worth a checkpoint when the store closes.
    pub closing_rows: u64,
    /// Changes of one draft that are worth files of their own; below, not even a full memory sends them to disk.
    pub spill_rows: usize,
    /// Bytes of a log file after which the next one is begun.
    pub rotate_bytes: u64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            checkpoint_rows: 256 * 1024,
            closing_rows: 16 * 1024,
            spill_rows: 1 << 20,
            rotate_bytes: 1 << 30,
        }
    }
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            read_only: false,
            must_exist: false,
            follows: false,
            memory_bytes: 2 << 30,
            cache_bytes: 512 << 20,
            background_percent: 40,
            thresholds: Thresholds::default(),
            derived: Derivers::default(),
            derive_after: Duration::from_secs(5),
        }
    }
}

/// Whether and why a store cannot do all it should; all `None` when it is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Why nothing can be written any more.
    pub stopped: Option<String>,
    /// A part of the index that could not be read.
    pub damaged: Option<String>,
    /// Why the last checkpoint could not be made.
    pub checkpoint: Option<String>,
}

/// What a store takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StoreSizes {
    /// Quads in the newest state.
    pub quads: u64,
    /// Levels the index is made of.
    pub levels: usize,
    /// Bytes of index files, dictionary included.
    pub index_bytes: u64,
    /// Bytes of the commit log.
    pub log_bytes: u64,
    /// Bytes of memory that index and dictionary take, caches not counted.
    pub memory_bytes: u64,
}

impl StoreError {
    /// An error of reading or writing, with what was tried and where.
    pub(crate) fn from_io(doing: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}

pub(crate) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> StoreError {
    let path = path.to_owned();
    move |source| StoreError::Io {
        doing,
        path,
        source,
    }
}

#[cfg(test)]
mod tests;
