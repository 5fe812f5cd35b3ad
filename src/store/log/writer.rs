//! The appending side of a log. Appending and making durable are separate, so that many commits can share one sync.
//! After a failed write nothing more is appended; after a failed sync nothing more is made durable either.

use super::CommitInfo;
use super::files::LogFile;
use super::frame::FrameEncoder;
use super::header::{ROWS_BEGIN, chain_digest, durable_line, header_text, record_trailer, time_ms};
use super::pipe::TextPipe;
use super::read::Shared;
use super::{CommitEntry, LogPosition};
use std::io;
use std::sync::Arc;

/// Appends records, one at a time.
pub(crate) struct LogWriter {
    pub(super) shared: Arc<Shared>,
    rotate_bytes: u64,
    pub(super) encoder: FrameEncoder,
    pub(super) frame: Vec<u8>,
    /// Why nothing more is appended.
    pub(super) failed: Option<String>,
}

/// Makes durable what was appended. Any number of threads may call it.
#[derive(Clone)]
pub(crate) struct LogSyncer {
    shared: Arc<Shared>,
}

impl LogSyncer {
    /// Makes every record durable whose [`RecordWriter::finish`] returned before this call; callers that wait share a
    /// sync. Only then may a commit be acknowledged.
    ///
    /// # Errors
    /// When the system could not; from then on always, and records that were not yet durable may be lost.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.shared.sync()
    }
}

impl LogWriter {
    pub(super) fn new(shared: Arc<Shared>, rotate_bytes: u64) -> io::Result<Self> {
        Ok(Self {
            shared,
            rotate_bytes,
            encoder: FrameEncoder::new()?,
            frame: Vec::new(),
            failed: None,
        })
    }

    /// The side that makes durable.
    pub(crate) fn syncer(&self) -> LogSyncer {
        LogSyncer {
            shared: self.shared.clone(),
        }
    }

    fn active(&self) -> LogFile {
        let state = self.shared.read_state();
        state.files.last().expect("a log has a file").clone()
    }

    /// Starts the record of the next commit. `info.digest` is not read; `previous` is the digest of the commit before,
    /// durable or not. Begins a new file first when the active one is long enough.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when the commit does not follow the last one; any error of beginning a file.
    pub(crate) fn begin(
        &mut self,
        info: &CommitInfo,
        previous: &[u8; 32],
    ) -> io::Result<RecordWriter<'_>> {
        let time_ms =
            time_ms(&info.time).ok_or_else(|| invalid("the moment of the commit is no time"))?;
        let (active, start) = self.place_for(info.seq, previous)?;
        let durable_offset = self.durable_in(&active);
        let header = header_text(info, previous);
        let text = format!("{}{header}{ROWS_BEGIN}", durable_line(durable_offset));
        Ok(RecordWriter {
            pipe: Some(TextPipe::new(active.file.clone(), "log.append", &text)),
            log: self,
            file: active,
            header,
            previous: *previous,
            entry: CommitEntry {
                seq: info.seq,
                file: start.file,
                offset: start.offset,
                end: start.offset,
                time_ms,
                added: info.added,
                removed: info.removed,
            },
            added: 0,
            removed: 0,
            failed: false,
        })
    }

    /// Up to where a file is durable.
    pub(super) fn durable_in(&self, file: &LogFile) -> u64 {
        let durable = self.shared.durable();
        if durable.file == file.first_seq {
            durable.offset
        } else {
            file.start()
        }
    }

    /// The file and place of the record of the next commit. Begins a new file first when the active one is long enough.
    pub(super) fn place_for(
        &mut self,
        seq: u64,
        previous: &[u8; 32],
    ) -> io::Result<(LogFile, LogPosition)> {
        let stopped = self.failed.as_ref().or(self.shared.sync_failed.get());
        if let Some(reason) = stopped {
            return Err(io::Error::other(reason.clone()));
        }
        let (last, digest, end) = {
            let state = self.shared.read_state();
            (state.table.last_seq(), state.digest, state.end)
        };
        if seq != last + 1 || *previous != digest {
            return Err(invalid(
                "the commit does not follow the last one of the log",
            ));
        }
        let active = self.active();
        if end.offset <= self.rotate_bytes.max(active.start()) {
            return Ok((active, end));
        }
        let begun = self
            .rotate(seq, previous)
            .inspect_err(|error| self.failed = Some(error.to_string()))?;
        let start = LogPosition {
            file: seq,
            offset: begun.start(),
        };
        Ok((begun, start))
    }

    /// Begins a new file; the one before is durable first, so that only the last file can ever be torn.
    fn rotate(&self, seq: u64, previous: &[u8; 32]) -> io::Result<LogFile> {
        self.shared.sync()?;
        let file = LogFile::create(&self.shared.folder, seq, previous, "log.rotate")?;
        let end = LogPosition {
            file: seq,
            offset: file.start(),
        };
        let mut state = self.shared.write_state();
        state.files.push(file.clone());
        state.end = end;
        drop(state);
        self.shared.advance_durable(end);
        Ok(file)
    }

    /// Gives up the commits up to `seq`, after whose state [`CommitLog::write_base`] wrote the base. What follows them in
    /// the same file is copied first, which takes time in proportion to it.
    ///
    /// # Errors
    /// When there is no such base. After any other error, nothing more is appended until the log is opened anew.
    pub(crate) fn drop_before(&mut self, seq: u64) -> io::Result<()> {
        self.shared.drop_before(seq).inspect_err(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                self.failed = Some(error.to_string());
            }
        })
    }
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, reason)
}

/// A record being written; dropped without [`RecordWriter::finish`] it is cut off again.
pub(crate) struct RecordWriter<'a> {
    log: &'a mut LogWriter,
    /// Empty once the record ended either way.
    pipe: Option<TextPipe>,
    file: LogFile,
    header: String,
    previous: [u8; 32],
    /// The record as the table will know it.
    entry: CommitEntry,
    added: u64,
    removed: u64,
    failed: bool,
}

impl RecordWriter<'_> {
    /// Appends one row: `write_terms` appends the texts of subject, predicate, object and (unless default) graph, divided
    /// by spaces.
    pub(crate) fn row(
        &mut self,
        added: bool,
        write_terms: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        if added {
            self.added += 1;
        } else {
            self.removed += 1;
        }
        let pipe = self.pipe.as_mut().expect("present until the record ends");
        pipe.row(added, write_terms)
            .inspect_err(|error| self.failed |= error.kind() != io::ErrorKind::InvalidInput)
    }

    /// Appends the end of the record and returns its chain digest. It counts, but is durable only after a
    /// [`LogSyncer::sync`] that starts later.
    ///
    /// # Errors
    /// When it could not be written whole; it is cut off again and nothing more is appended.
    /// [`io::ErrorKind::InvalidInput`] when its rows are not as many as its header says: it is cut off again, and others
    /// may follow.
    pub(crate) fn finish(mut self) -> io::Result<[u8; 32]> {
        if (self.added, self.removed) != (self.entry.added, self.entry.removed) {
            return Err(invalid(
                "the record does not hold the rows its header counts",
            ));
        }
        let pipe = self.pipe.take().expect("present until the record ends");
        let mut digest = [0; 32];
        let written = pipe.finish(&mut self.log.encoder, &mut self.log.frame, |payload| {
            digest = chain_digest(&self.previous, &self.header, payload);
            record_trailer(payload, &digest)
        });
        match written {
            Ok(bytes) => {
                self.entry.end += bytes;
                let mut state = self.log.shared.write_state();
                state.table.push(self.entry);
                state.digest = digest;
                state.end.offset = self.entry.end;
                Ok(digest)
            }
            Err(error) => {
                self.log.failed = Some(error.to_string());
                // Should this fail too, the reader cuts the unfinished record at the next start.
                let _ = self.file.file.set_len(self.entry.offset);
                Err(error)
            }
        }
    }
}

impl Drop for RecordWriter<'_> {
    fn drop(&mut self) {
        let Some(pipe) = self.pipe.take() else {
            return;
        };
        let cut = pipe
            .abandon()
            .and(self.file.file.set_len(self.entry.offset));
        if let Err(error) = cut {
            self.log.failed = Some(error.to_string());
        } else if self.failed {
            self.log.failed = Some("an earlier record could not be written".to_owned());
        }
    }
}
