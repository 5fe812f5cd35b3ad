//! Reads the log from its start: checks frames, the chain and the record grammar, and hands rows to a sink.

use super::frame::{FrameRead, read_frame};
use super::writer::chain_digest;
use super::{CommitInfo, MAGIC, hex, parse_header, unhex};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufReader, Read as _};
use std::path::Path;

/// Receives the records of a log in order.
pub(crate) trait RecordSink {
    /// A row of the record being read: `<s> <p> <o> <g> .` without its leading A or D.
    /// An `Err` is reported as damage of this record.
    fn row(&mut self, added: bool, line: &str) -> Result<(), String>;
    /// The record is complete and its digests match. `digest` is its chain digest.
    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String>;
    /// The rows since the last commit belong to a record that was never acknowledged.
    fn forget(&mut self);
    /// Bytes read so far, for progress.
    fn progress(&mut self, _read_bytes: u64, _total_bytes: u64) {}
}

/// How reading ended.
pub(crate) enum LogEnd {
    /// Everything up to `end` is whole; `torn_bytes` after it belong to a record that was never acknowledged.
    Whole { end: u64, torn_bytes: u64 },
    /// The record that starts after `seq` is damaged.
    Damaged {
        seq: u64,
        offset: u64,
        reason: String,
    },
    /// The file does not start as a log of this version does.
    NotALog,
}

/// Reads every acknowledged record.
pub(crate) fn read_log(path: &Path, sink: &mut impl RecordSink) -> io::Result<LogEnd> {
    let file = File::open(path)?;
    let file_bytes = file.metadata()?.len();
    let mut input = BufReader::with_capacity(1 << 20, file);
    let mut magic = [0; MAGIC.len()];
    if file_bytes < MAGIC.len() as u64 {
        return Ok(LogEnd::NotALog);
    }
    input.read_exact(&mut magic)?;
    if magic != *MAGIC {
        return Ok(LogEnd::NotALog);
    }
    let mut state = RecordState {
        previous: [0; 32],
        seq: 0,
        open: None,
    };
    let mut offset = MAGIC.len() as u64;
    let mut acknowledged = offset;
    let mut text = Vec::new();
    loop {
        let damaged = |seq, reason: String| {
            Ok(LogEnd::Damaged {
                seq,
                offset,
                reason,
            })
        };
        match read_frame(&mut input, offset, file_bytes, &mut text)? {
            FrameRead::Frame => {}
            FrameRead::End | FrameRead::Torn => {
                sink.forget();
                // A frame cut short by the end of the file is a crash only if no commit could have followed it.
                if holds_later_commit(&text, offset, file_bytes) {
                    return damaged(state.seq, "the length of a frame was changed".to_owned());
                }
                return Ok(LogEnd::Whole {
                    end: acknowledged,
                    torn_bytes: file_bytes - acknowledged,
                });
            }
            FrameRead::Damaged(reason) => return damaged(state.seq, reason.to_owned()),
        }
        let Ok(lines) = std::str::from_utf8(&text) else {
            return damaged(state.seq, "a frame is not UTF-8".to_owned());
        };
        if let Err(reason) = state.read_frame_text(lines, sink) {
            return damaged(state.seq, reason);
        }
        offset += 8 + text.len() as u64;
        if state.open.is_none() {
            acknowledged = offset;
        }
        sink.progress(offset, file_bytes);
    }
}

/// Whether the bytes of an unfinished last frame contain a record end: then its length field lies.
fn holds_later_commit(text: &[u8], offset: u64, file_bytes: u64) -> bool {
    offset < file_bytes && memchr::memmem::find(text, b"\nTC .\n").is_some()
}

struct OpenRecord {
    info: CommitInfo,
    /// Previous digest and header, as [`chain_digest`] wants them.
    chained: String,
    payload: Sha256,
    payload_named: Option<[u8; 32]>,
    added: u64,
    removed: u64,
}

struct RecordState {
    previous: [u8; 32],
    seq: u64,
    open: Option<OpenRecord>,
}

impl RecordState {
    fn read_frame_text(&mut self, text: &str, sink: &mut impl RecordSink) -> Result<(), String> {
        let mut rest = text;
        if self.open.is_none() {
            let end = rest
                .find("TX .\n")
                .ok_or("a record does not start with a header")?;
            let (header, rows) = rest.split_at(end);
            rest = &rows[5..];
            let (info, previous) = parse_header(header).ok_or("a header cannot be read")?;
            if info.seq != self.seq + 1 {
                return Err(format!("commit {} follows commit {}", info.seq, self.seq));
            }
            if previous != self.previous {
                return Err(format!(
                    "commit {} is not chained to the one before it",
                    info.seq
                ));
            }
            self.open = Some(OpenRecord {
                info,
                chained: format!("{}{header}", hex(&previous)),
                payload: Sha256::new(),
                payload_named: None,
                added: 0,
                removed: 0,
            });
        }
        let rows_end = rest
            .rfind("H payload ")
            .filter(|at| *at == 0 || rest.as_bytes()[at - 1] == b'\n');
        let (rows, trailer) = rest.split_at(rows_end.unwrap_or(rest.len()));
        let record = self.open.as_mut().expect("opened above");
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
            sink.row(added, &line[2..])?;
        }
        if trailer.is_empty() {
            Ok(())
        } else {
            self.close(trailer, sink)
        }
    }

    fn close(&mut self, trailer: &str, sink: &mut impl RecordSink) -> Result<(), String> {
        let mut record = self.open.take().ok_or("a record ends before it starts")?;
        let mut named = None;
        let mut ended = false;
        for line in trailer.lines() {
            if let Some(digest) = line.strip_prefix("H payload sha256:") {
                record.payload_named = unhex(digest);
            } else if let Some(digest) = line.strip_prefix("H digest sha256:") {
                named = unhex(digest);
            } else if line == "TC ." {
                ended = true;
            } else {
                return Err("the end of a record cannot be read".to_owned());
            }
        }
        let payload: [u8; 32] = record.payload.finalize().into();
        let digest = chain_digest(&record.chained, &payload);
        let seq = record.info.seq;
        if !ended || record.payload_named != Some(payload) || named != Some(digest) {
            return Err(format!("the digests of commit {seq} do not match its text"));
        }
        if (record.added, record.removed) != (record.info.added, record.info.removed) {
            return Err(format!(
                "commit {seq} does not hold the rows its header counts"
            ));
        }
        record.info.digest = hex(&digest);
        sink.commit(record.info, digest)?;
        self.seq = seq;
        self.previous = digest;
        Ok(())
    }
}
