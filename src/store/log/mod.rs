//! The commit log: the registry's truth. Textual records in checksummed frames, each chained to the one before, in files
//! begun one after another; older commits can give way to a base, the state they led to.
//! Reads and appends records; does not know ids, and applies nothing. The format is described in `docs/decisions`.
//!
//! Reading order: `header` (texts), `frame` (bytes), `record` (grammar and chain), `files` (names and heads),
//! `open`, `read`, `writer`, `base`, `copy`; `ship` and `raw`, by which another node gets the same log.

mod base;
mod copy;
mod files;
mod frame;
mod header;
mod open;
mod pipe;
mod raw;
mod read;
mod record;
mod ship;
mod table;
mod writer;

pub(crate) use base::BaseWriter;
pub(crate) use copy::{Copying, folder_names};
pub(crate) use header::{hex, unhex};
pub(crate) use raw::{RawError, RawReader};
pub(crate) use read::CommitLog;
pub use ship::{LogPart, Shipment};
pub(crate) use table::{CommitEntry, CommitTable};
pub(crate) use writer::{LogSyncer, LogWriter};

use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// Where the statements of a commit came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// IRI of the file, request or feed.
    pub iri: String,
    /// SHA-256 of its bytes in lower-case hex, when known.
    pub sha256: Option<String>,
}

/// Who commits, why and from what. Names organisations, roles or programs, never natural persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMeta {
    /// IRI of the agent.
    pub agent: String,
    /// IRI of the activity, for instance one load.
    pub activity: String,
    /// Sources, most telling first.
    pub source: Vec<Source>,
    /// A line for people.
    pub message: Option<String>,
}

/// What the log knows of a commit without reading its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitInfo {
    /// Number, from 1.
    pub seq: u64,
    /// Moment, RFC 3339 in UTC with milliseconds.
    pub time: String,
    /// IRI of the agent.
    pub agent: String,
    /// IRI of the activity.
    pub activity: String,
    /// Sources.
    pub source: Vec<Source>,
    /// A line for people.
    pub message: Option<String>,
    /// Quads added.
    pub added: u64,
    /// Quads removed.
    pub removed: u64,
    /// Chain digest: SHA-256 over the previous digest, the header and the digest of the rows; lower-case hex.
    pub digest: String,
}

/// How to open or create a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogOptions {
    /// Changes nothing: an unfinished tail stays, a log of format 1 is read where it is.
    pub(crate) read_only: bool,
    /// A new file is begun when the active one is longer than this.
    pub(crate) rotate_bytes: u64,
    /// Up to where a checkpoint vouches that the log was whole: anything torn or missing before it is damage.
    /// The end of a [`KnownLog`] says the same.
    pub(crate) durable_end: Option<LogPosition>,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            read_only: false,
            rotate_bytes: 1 << 30,
            durable_end: None,
        }
    }
}

/// A place in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct LogPosition {
    /// Number of the first commit of the file, which names it.
    pub(crate) file: u64,
    /// Byte in that file.
    pub(crate) offset: u64,
}

/// What a checkpoint remembers of the log, so that opening need not read it again.
#[derive(Clone, Debug)]
pub(crate) struct KnownLog {
    /// Its commits.
    pub(crate) table: CommitTable,
    /// Chain digest of the last of them.
    pub(crate) digest: [u8; 32],
    /// Where the log ended.
    pub(crate) end: LogPosition,
}

/// An opened log.
pub(crate) struct Opened {
    /// The reading side.
    pub(crate) log: CommitLog,
    /// The appending side; `None` when opened for reading only.
    pub(crate) writer: Option<LogWriter>,
    /// Bytes after the last whole record, of records that were never acknowledged. Cut off unless reading only.
    pub(crate) torn_bytes: u64,
}

/// Why the log could not be opened or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
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
    /// There is no log.
    #[error("there is no commit log in {path}")]
    Absent {
        /// The data folder.
        path: PathBuf,
    },
    /// Bytes are not as they were written.
    #[error("the commit log {path} is damaged after commit {seq}, at byte {offset}: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Last commit known to be good.
        seq: u64,
        /// Place of the damaged frame or record.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A file does not start as a commit log does.
    #[error("{path} is not a commit log")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file was written by a later version of this program.
    #[error(
        "{path} was written by a newer oslo (commit log format {version}); open it with that version"
    )]
    NewerFormat {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u32,
    },
    /// Files are there that need this one, which is not.
    #[error("the commit log lacks its file {path}")]
    Missing {
        /// The file that should be there.
        path: PathBuf,
    },
    /// Two logs claim to be the one of this folder.
    #[error("{path} lies beside the folder log; take away the one that does not belong here")]
    TwoLogs {
        /// The log of format 1.
        path: PathBuf,
    },
    /// The checkpoint is older than the oldest commit the log still holds one by one.
    #[error(
        "the log begins at commit {first}, later than what the index knows (commit {known}); the index must be built anew"
    )]
    Superseded {
        /// Last commit of the checkpoint.
        known: u64,
        /// Oldest commit whose changes the log holds.
        first: u64,
    },
    /// A commit was asked for that the log does not hold.
    #[error("the commit log holds commits {first} to {last}, not {seq}")]
    Unknown {
        /// The commit asked for.
        seq: u64,
        /// Oldest commit held.
        first: u64,
        /// Newest commit held.
        last: u64,
    },
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> LogError {
    let path = path.to_owned();
    move |source| LogError::Io {
        doing,
        path,
        source,
    }
}

/// Receives the records of a log in order.
pub(crate) trait RecordSink {
    /// A row of the record being read: `<s> <p> <o> <g> .` without its leading A or D. Rows of a base come as added.
    /// An `Err` is reported as damage of this record.
    fn row(&mut self, added: bool, line: &str) -> Result<(), String>;
    /// The record is complete and its digests match. `digest` is its chain digest.
    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String>;
    /// The base is complete: the rows so far are the state after this commit.
    fn base_end(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String>;
    /// The rows since the last commit belong to a record that was never acknowledged.
    fn forget(&mut self);
    /// Bytes read so far, for progress.
    fn progress(&mut self, _read_bytes: u64, _total_bytes: u64) {}
}

#[cfg(test)]
mod tests;
