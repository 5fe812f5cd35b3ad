//! The grammar of records and the chain between them, over the frames of one file. Knows no file names; keeps nothing of
//! a record but what its end must match.

use super::frame::{FrameRead, FrameReader};
use super::header::{
    RECORD_END, ROWS_BEGIN, chain_digest, hex, parse_header, split_durable_line, split_trailer,
    time_ms,
};
use super::{CommitInfo, RecordSink};
use sha2::{Digest as _, Sha256};
use std::io;

/// A record that was read whole.
pub(super) struct ReadRecord {
    /// Number of the commit.
    pub(super) seq: u64,
    /// Where its first frame starts.
    pub(super) start: u64,
    /// Where its last frame ends.
    pub(super) end: u64,
    /// Moment in milliseconds since 1970.
    pub(super) time_ms: i64,
    /// Quads added.
    pub(super) added: u64,
    /// Quads removed.
    pub(super) removed: u64,
}

/// Bytes of the files before the one being read, and of all.
#[derive(Clone, Copy)]
pub(super) struct Progress {
    /// Bytes read before this file.
    pub(super) before: u64,
    /// Bytes to read in all.
    pub(super) total: u64,
}

/// How reading a section ended.
pub(super) struct ScanEnd {
    /// End of the last whole record.
    pub(super) whole: u64,
    /// Bytes after it that belong to no whole record.
    pub(super) torn_bytes: u64,
}

/// Why a section could not be read on.
pub(super) enum ScanError {
    /// The file could not be read.
    Io(io::Error),
    /// Bytes are not as they were written.
    Damaged {
        /// Last commit known to be good.
        seq: u64,
        /// Place of the damaged frame.
        offset: u64,
        /// What is wrong.
        reason: String,
    },
}

impl From<io::Error> for ScanError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Where in the chain reading stands; goes on from file to file.
pub(super) struct Chain {
    /// Last commit read.
    pub(super) seq: u64,
    /// Its digest; `None` when reading starts in the middle and the first record is taken at its word.
    pub(super) previous: Option<[u8; 32]>,
    /// Commits up to this one are checked but not handed to the sink.
    pub(super) quiet_through: u64,
    /// Digests known from elsewhere, which the commits of these numbers must have.
    pub(super) anchors: Vec<(u64, [u8; 32])>,
    open: Option<OpenRecord>,
}

struct OpenRecord {
    info: CommitInfo,
    previous: [u8; 32],
    header: String,
    time_ms: i64,
    start: u64,
    payload: Sha256,
    added: u64,
    removed: u64,
}

impl Chain {
    /// A chain that goes on after commit `seq` with digest `previous`.
    pub(super) fn after(seq: u64, previous: Option<[u8; 32]>) -> Self {
        Self {
            seq,
            previous,
            quiet_through: 0,
            anchors: Vec::new(),
            open: None,
        }
    }

    /// Reads every whole record of a section. `closed` hears of each.
    pub(super) fn scan(
        &mut self,
        reader: &mut FrameReader,
        sink: &mut impl RecordSink,
        mut closed: impl FnMut(ReadRecord),
        progress: Progress,
    ) -> Result<ScanEnd, ScanError> {
        let start = reader.offset();
        let mut whole = start;
        loop {
            let offset = reader.offset();
            let damaged = |seq, reason: String| ScanError::Damaged {
                seq,
                offset,
                reason,
            };
            match reader.read()? {
                FrameRead::Frame => {}
                FrameRead::End | FrameRead::Torn => {
                    if self.open.take().is_some_and(|record| self.is_loud(&record)) {
                        sink.forget();
                    }
                    let end = reader.end();
                    if offset < end && reader.later_frame_vouches(offset, durable_claim)? {
                        let reason = "bytes that were durable are missing";
                        return Err(damaged(self.seq, reason.to_owned()));
                    }
                    return Ok(ScanEnd {
                        whole,
                        torn_bytes: end - whole,
                    });
                }
                FrameRead::Damaged(reason) => return Err(damaged(self.seq, reason.to_owned())),
            }
            let text = std::str::from_utf8(reader.text())
                .map_err(|_| damaged(self.seq, "a frame is not UTF-8".to_owned()))?;
            let seq = self.seq;
            let record = self
                .read_text(text, offset, sink)
                .map_err(|reason| damaged(seq, reason))?;
            if let Some(mut record) = record {
                whole = reader.offset();
                record.end = whole;
                closed(record);
            }
            sink.progress(progress.before + reader.offset() - start, progress.total);
        }
    }

    fn is_loud(&self, record: &OpenRecord) -> bool {
        record.info.seq > self.quiet_through
    }

    /// Takes the text of one frame; gives the record when it is complete, its end still to be filled in.
    pub(super) fn read_text(
        &mut self,
        text: &str,
        offset: u64,
        sink: &mut impl RecordSink,
    ) -> Result<Option<ReadRecord>, String> {
        let mut rest = text;
        if self.open.is_none() {
            let (record, rows) = self.read_header(text, offset)?;
            self.open = Some(record);
            rest = rows;
        }
        let (rows, trailer) =
            split_trailer(rest, RECORD_END).ok_or("the end of a record cannot be read")?;
        let record = self.open.as_mut().expect("opened above");
        let loud = record.info.seq > self.quiet_through;
        record.payload.update(rows.as_bytes());
        for line in rows.split_terminator('\n') {
            let added = match line.as_bytes() {
                [b'A', b' ', ..] => true,
                [b'D', b' ', ..] => false,
                _ => return Err("a row starts with neither A nor D".to_owned()),
            };
            if added {
                record.added += 1;
            } else {
                record.removed += 1;
            }
            if loud {
                sink.row(added, &line[2..])?;
            }
        }
        match trailer {
            None => Ok(None),
            Some(trailer) => self.close(trailer.payload, trailer.digest, sink).map(Some),
        }
    }

    fn read_header<'a>(&self, text: &'a str, offset: u64) -> Result<(OpenRecord, &'a str), String> {
        let (_, text) = split_durable_line(text).ok_or("a record starts with an unknown line")?;
        let end = text
            .find(ROWS_BEGIN)
            .ok_or("a record does not start with a header")?;
        let (header, rows) = text.split_at(end);
        let (info, previous) = parse_header(header).ok_or("a header cannot be read")?;
        if info.seq != self.seq + 1 {
            return Err(format!("commit {} follows commit {}", info.seq, self.seq));
        }
        if self.previous.is_some_and(|expected| expected != previous) {
            return Err(format!(
                "commit {} is not chained to the one before it",
                info.seq
            ));
        }
        let time_ms = time_ms(&info.time).ok_or("the moment of a commit cannot be read")?;
        let record = OpenRecord {
            info,
            previous,
            header: header.to_owned(),
            time_ms,
            start: offset,
            payload: Sha256::new(),
            added: 0,
            removed: 0,
        };
        Ok((record, &rows[ROWS_BEGIN.len()..]))
    }

    fn close(
        &mut self,
        payload_named: [u8; 32],
        digest_named: [u8; 32],
        sink: &mut impl RecordSink,
    ) -> Result<ReadRecord, String> {
        let mut record = self.open.take().ok_or("a record ends before it starts")?;
        let seq = record.info.seq;
        let payload: [u8; 32] = record.payload.finalize().into();
        let digest = chain_digest(&record.previous, &record.header, &payload);
        if payload != payload_named || digest != digest_named {
            return Err(format!("the digests of commit {seq} do not match its text"));
        }
        if (record.added, record.removed) != (record.info.added, record.info.removed) {
            return Err(format!(
                "commit {seq} does not hold the rows its header counts"
            ));
        }
        let strange = |anchor: &(u64, [u8; 32])| anchor.0 == seq && anchor.1 != digest;
        if self.anchors.iter().any(strange) {
            return Err(format!("commit {seq} is not the one it was"));
        }
        record.info.digest = hex(&digest);
        if seq > self.quiet_through {
            sink.commit(record.info, digest)?;
        }
        self.seq = seq;
        self.previous = Some(digest);
        Ok(ReadRecord {
            seq,
            start: record.start,
            end: record.start,
            time_ms: record.time_ms,
            added: record.added,
            removed: record.removed,
        })
    }
}

/// Up to where a record says that its file was durable when it was begun.
fn durable_claim(text: &[u8]) -> Option<u64> {
    split_durable_line(std::str::from_utf8(text).ok()?)?.0
}
