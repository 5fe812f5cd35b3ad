//! A store that follows the log of another node: what it may be sent, what it takes over, and how one log takes the place of
//! another. The records keep their numbers, moments, texts and digests; each is verified before it counts and durable before
//! it is seen. Knows no addresses and nothing of how bytes travel.

use crate::store::dictionary::DictionaryBuilder;
use crate::store::live::{Inner, WriterMode};
use crate::store::log::{
    CommitInfo, CommitLog, LogError, LogPart, LogPosition, RawError, RawReader, RecordSink,
    Shipment, hex,
};
use crate::store::pending::Pending;
use crate::store::replay::RowReader;
use crate::store::{Id, Store, StoreError};
use std::io::{self, Read};
use std::path::Path;

/// Number of the format in which records are written; a follower takes no other.
pub const LOG_FORMAT: u32 = 2;

/// What a log holds, as a follower is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSummary {
    /// Commit whose state the base is; 0 without one.
    pub base: u64,
    /// Last durable commit.
    pub last: u64,
    /// Chain digest of it, lower-case hex.
    pub digest: String,
}

/// What a log says to somebody who knows a commit and asks for the one after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Continuation {
    /// The log has that commit; the next may be there or is still to come.
    Chained,
    /// The log has another commit under that number, or not so many commits: its history is another one.
    Other,
    /// The changes of the next commit were given up; the state after this commit is the first that is to be had.
    GivenUp(u64),
}

/// Why a record was not taken over. The log is as it was before it.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The bytes stopped coming.
    #[error("the record broke off")]
    Input(#[source] io::Error),
    /// The bytes are not those of the next record.
    #[error("what follows commit {after} is not the next record: {reason}")]
    Damaged {
        /// Last commit taken over.
        after: u64,
        /// What is wrong.
        reason: String,
    },
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Whether a data folder holds a log, sound or not.
pub fn has_log(dir: &Path) -> bool {
    CommitLog::exists(dir)
}

impl Store {
    /// What the log holds; `None` for a store in memory, which has none.
    pub fn log_summary(&self) -> Option<LogSummary> {
        let disk = self.inner().disk()?;
        let state = self.snapshot();
        Some(LogSummary {
            base: disk.log.table().base_seq(),
            last: state.seq(),
            digest: hex(&state.digest()),
        })
    }

    /// Whether somebody whose last commit is `seq` with this chain digest can go on with the commits of this log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn continues(&self, seq: u64, digest: &[u8; 32]) -> Result<Continuation, StoreError> {
        let Some(disk) = self.inner().disk() else {
            return Ok(Continuation::Other);
        };
        let state = self.snapshot();
        let is_same = if seq > state.seq() {
            false
        } else if seq == state.seq() {
            state.digest() == *digest
        } else {
            let base = disk.log.table().base_seq();
            if seq < base {
                return Ok(Continuation::GivenUp(base));
            }
            match disk.log.header(seq + 1) {
                Ok((_, previous)) => previous == *digest,
                // It was given up this moment.
                Err(LogError::Unknown { first, .. }) => {
                    return Ok(Continuation::GivenUp(first.saturating_sub(1)));
                }
                Err(error) => return Err(error.into()),
            }
        };
        Ok(if is_same {
            Continuation::Chained
        } else {
            Continuation::Other
        })
    }

    /// The durable records from commit `from` on, as many as `most_bytes` hold and at least one.
    ///
    /// # Errors
    /// [`StoreError::Compacted`] when the first of them is not to be had by itself; then [`Store::ship_log`] is.
    pub fn ship(&self, from: u64, most_bytes: u64) -> Result<Vec<Shipment>, StoreError> {
        let last = self.snapshot().seq();
        match self.inner().disk() {
            Some(disk) if from <= last => Ok(disk.log.shipments(from, last, most_bytes)?),
            _ => Ok(Vec::new()),
        }
    }

    /// The files that make up the log up to and with the last durable commit, and that commit.
    ///
    /// # Errors
    /// When the log cannot be read, or there is none.
    pub fn ship_log(&self) -> Result<(LogSummary, Vec<LogPart>), StoreError> {
        let Some(disk) = self.inner().disk() else {
            return Err(StoreError::Compacted { first: 0 });
        };
        let mut tries = 0;
        loop {
            tries += 1;
            let state = self.snapshot();
            let summary = LogSummary {
                base: disk.log.table().base_seq(),
                last: state.seq(),
                digest: hex(&state.digest()),
            };
            match disk.log.parts(state.seq()) {
                Ok(parts) => return Ok((summary, parts)),
                // The log was compacted up to a newer commit meanwhile.
                Err(LogError::Unknown { .. }) if tries < 3 => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The side of this store that takes over records. One thread follows; drafts of others are to be refused, see
    /// [`crate::store::OpenOptions::follows`].
    pub fn replicate(&self) -> Following<'_> {
        Following {
            store: self,
            reader: RawReader::default(),
        }
    }
}

/// Takes over records of another log.
pub struct Following<'s> {
    store: &'s Store,
    reader: RawReader,
}

impl Following<'_> {
    /// Number and chain digest of the last commit taken over.
    pub fn position(&self) -> (u64, [u8; 32]) {
        let writer = self.store.inner().seat();
        (writer.tail.seq(), writer.tail.digest())
    }

    /// Appends the next record, of which `bytes` bytes come from `input`; `file` and `offset` tell where it stands in the
    /// other log. Readers see it after [`Following::publish`].
    ///
    /// # Errors
    /// See [`FollowError`]; what was taken over before stays.
    pub fn append(
        &mut self,
        (file, offset): (u64, u64),
        bytes: u64,
        input: &mut dyn Read,
    ) -> Result<CommitInfo, FollowError> {
        let inner = self.store.inner();
        let Some(disk) = inner.disk() else {
            return Err(StoreError::ReadOnly.into());
        };
        let (after, _) = self.position();
        let told = |error| told(error, after);
        let claim = self.reader.begin(bytes, input).map_err(told)?;
        let end = disk.log.end();
        let place = LogPosition { file, offset };
        if place == end && claim.is_some_and(|claim| claim > disk.log.durable_offset()) {
            // The record says that its file was durable up to there: that is to be true before it is written.
            inner.wait_durable(after)?;
        }
        let mut writer = inner.seat();
        let base = writer.tail.clone();
        let mut rows = Rows {
            rows: RowReader::new(DictionaryBuilder::new(base.version().dictionary.clone())),
            pending: Pending::new(base.clone(), inner.spill()),
            count: 0,
            info: None,
            failure: None,
            inner,
        };
        let log = match &mut writer.mode {
            WriterMode::File(log) => log,
            WriterMode::Stopped(reason) => {
                return Err(StoreError::Stopped {
                    reason: reason.clone(),
                }
                .into());
            }
            WriterMode::ReadOnly | WriterMode::Memory => return Err(StoreError::ReadOnly.into()),
        };
        let known = (base.seq(), base.digest());
        let appended = log.append_raw(known, place, claim, &mut self.reader, input, &mut rows);
        if let Some(error) = rows.failure.take() {
            return Err(inner.no_room(error).into());
        }
        match appended {
            Ok(()) => {}
            Err(RawError::Log(error)) => {
                let reason = format!(
                    "commit {} could not be written to the commit log: {error}",
                    after + 1
                );
                tracing::error!(%error, "Writing stopped: the commit log cannot be written");
                writer.mode = WriterMode::Stopped(reason.clone());
                return Err(StoreError::Stopped { reason }.into());
            }
            Err(error) => return Err(told(error)),
        }
        let Some((info, digest)) = rows.info.take() else {
            return Err(told(RawError::Wrong("the record has no end".to_owned())));
        };
        let state = rows.pending.state(&mut rows.rows.terms);
        let graphs: Vec<Id> = rows
            .pending
            .graphs()
            .into_iter()
            .filter_map(Id::from_raw)
            .collect();
        let state = state.committed(info.seq, digest, &base, &graphs);
        let large = rows.pending.has_files();
        rows.pending.keep_files();
        let subjects = inner.subjects_of(&rows.pending);
        inner.appended(&mut writer, state, &info, subjects);
        drop(writer);
        if large {
            self.publish()?;
            inner.checkpoint_now();
        }
        Ok(info)
    }

    /// Makes durable what was appended and shows it to readers. Returns the last commit they see.
    ///
    /// # Errors
    /// [`StoreError::Stopped`] when the log could not be made durable.
    pub fn publish(&self) -> Result<u64, StoreError> {
        let (seq, _) = self.position();
        self.store.inner().wait_durable(seq)?;
        Ok(seq)
    }
}

fn told(error: RawError, after: u64) -> FollowError {
    match error {
        RawError::Input(error) => FollowError::Input(error),
        RawError::Wrong(reason) => FollowError::Damaged { after, reason },
        RawError::Log(error) => FollowError::Store(StoreError::Stopped {
            reason: error.to_string(),
        }),
    }
}

/// Makes the next state of the rows of a record.
struct Rows<'a> {
    rows: RowReader,
    pending: Pending,
    count: u64,
    info: Option<(CommitInfo, [u8; 32])>,
    /// Why index files could not be written: the record is not at fault then.
    failure: Option<io::Error>,
    inner: &'a Inner,
}

impl Rows<'_> {
    fn settle(&mut self) -> io::Result<()> {
        self.pending.apply(&mut self.rows.terms);
        match self.pending.take_failure() {
            Some(error) => return Err(error),
            None => self.pending.settle(&mut self.rows.terms)?,
        }
        if self.pending.has_files() {
            // The files must be there before a manifest names them; the log does not need them.
            crate::store::folder::sync_dir(self.inner.index_dir())?;
        }
        Ok(())
    }
}

impl RecordSink for Rows<'_> {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        let quad = self.rows.read(line)?;
        self.count += 1;
        self.pending
            .push(quad.to_row(), added, &mut self.rows.terms);
        Ok(())
    }

    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        if let Err(error) = self.settle() {
            let text = error.to_string();
            self.failure = Some(error);
            return Err(text);
        }
        if self.pending.changed_rows() != self.count {
            return Err(format!(
                "commit {} repeats quads or removes absent ones",
                info.seq
            ));
        }
        self.info = Some((info, digest));
        Ok(())
    }

    fn base_end(&mut self, _: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        Err("a base is no record".to_owned())
    }

    fn forget(&mut self) {}
}
