//! Appends records that another node wrote: frame by frame as they come, each verified before it is written, the record
//! counted only when its digests continue the chain. Applies nothing; what the rows mean is for the sink.
//!
//! A record stands byte for byte as the other node has it when it comes to stand in the same place; but for its `S` line,
//! which tells up to where *this* file was durable, it always does. A claim that is not true here would make a crash look
//! like damage: the caller makes the log durable up to it first, or the line is written anew.

use super::files::LogFile;
use super::frame::{self, FRAME_HEAD_BYTES, FrameDecoder};
use super::header::{durable_line, split_durable_line};
use super::record::{Chain, ReadRecord};
use super::{CommitEntry, LogPosition, LogWriter, RecordSink};
use crate::store::fault;
use std::io::{self, Read};

/// Why a record could not be taken over. Nothing of it stays in the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RawError {
    /// The bytes stopped coming.
    #[error("the record broke off")]
    Input(#[source] io::Error),
    /// The bytes are not those of the next record.
    #[error("{0}")]
    Wrong(String),
    /// The log could not be written.
    #[error("the log could not be written")]
    Log(#[source] io::Error),
}

/// Reads the frames of one record from a stream. Keeps its buffers from record to record.
#[derive(Default)]
pub(crate) struct RawReader {
    decoder: FrameDecoder,
    frame: Vec<u8>,
    /// Bytes of the record that did not come yet.
    left: u64,
}

impl RawReader {
    /// Begins a record of so many bytes: reads its first frame and returns up to where that says the file was durable.
    ///
    /// # Errors
    /// When the frame does not come, or is not one.
    pub(crate) fn begin(
        &mut self,
        bytes: u64,
        input: &mut dyn Read,
    ) -> Result<Option<u64>, RawError> {
        self.left = bytes;
        self.next(input)?;
        let text = self.text()?;
        let (claim, _) = split_durable_line(text)
            .ok_or_else(|| RawError::Wrong("a record starts with an unknown line".to_owned()))?;
        Ok(claim)
    }

    fn next(&mut self, input: &mut dyn Read) -> Result<(), RawError> {
        let mut head = [0; FRAME_HEAD_BYTES];
        self.take(input, FRAME_HEAD_BYTES)?;
        head.copy_from_slice(&self.frame);
        let length = frame::body_bytes(&head).map_err(wrong)?;
        self.take(input, FRAME_HEAD_BYTES + length)
    }

    /// Reads on until the buffer holds so many bytes of the frame. Grows with what comes, not with what is announced.
    fn take(&mut self, input: &mut dyn Read, bytes: usize) -> Result<(), RawError> {
        let have = match bytes {
            FRAME_HEAD_BYTES => 0,
            _ => FRAME_HEAD_BYTES,
        };
        self.frame.truncate(have);
        let more = (bytes - have) as u64;
        if more > self.left {
            return Err(wrong("a frame is longer than its record"));
        }
        let read = input.take(more).read_to_end(&mut self.frame);
        match read {
            Ok(read) if read as u64 == more => {
                self.left -= more;
                Ok(())
            }
            Ok(_) => Err(RawError::Input(io::ErrorKind::UnexpectedEof.into())),
            Err(error) => Err(RawError::Input(error)),
        }
    }

    fn text(&mut self) -> Result<&str, RawError> {
        self.decoder.decode(&self.frame).map_err(wrong)
    }
}

fn wrong(reason: &str) -> RawError {
    RawError::Wrong(reason.to_owned())
}

impl LogWriter {
    /// Appends the record whose first frame `reader` holds, as the next commit after `seq` with digest `previous`. Rows and
    /// end go to the sink. `place` is where the record stands elsewhere. Counts when this returns, but is durable only
    /// after a [`super::LogSyncer::sync`] that starts later.
    ///
    /// # Errors
    /// See [`RawError`]. After a [`RawError::Log`] nothing more is appended.
    pub(crate) fn append_raw(
        &mut self,
        (seq, previous): (u64, [u8; 32]),
        place: LogPosition,
        claim: Option<u64>,
        reader: &mut RawReader,
        input: &mut dyn Read,
        sink: &mut impl RecordSink,
    ) -> Result<(), RawError> {
        let mut chain = Chain::after(seq, Some(previous));
        // What does not continue the chain is found before a new file is begun for it.
        let mut closed = read_frame(&mut chain, reader, sink)?;
        let (file, start) = self.place_for(seq + 1, &previous).map_err(RawError::Log)?;
        let durable = self.durable_in(&file);
        let is_same = place == start && claim.is_some_and(|claim| claim <= durable);
        let mut record = RawRecord {
            log: self,
            file,
            start,
            end: start.offset,
            is_whole: false,
        };
        if is_same {
            record.write(&reader.frame)?;
        } else {
            record.write_first(durable, reader)?;
        }
        while closed.is_none() {
            reader.next(input)?;
            closed = read_frame(&mut chain, reader, sink)?;
            record.write(&reader.frame)?;
        }
        let closed = closed.filter(|_| reader.left == 0);
        let closed = closed.ok_or_else(|| wrong("something follows the end of the record"))?;
        record.finish(&closed, chain.previous.unwrap_or_default());
        Ok(())
    }
}

/// Verifies the frame at hand as the next of a record; gives the record when it is complete.
fn read_frame(
    chain: &mut Chain,
    reader: &mut RawReader,
    sink: &mut impl RecordSink,
) -> Result<Option<ReadRecord>, RawError> {
    chain
        .read_text(reader.text()?, 0, sink)
        .map_err(RawError::Wrong)
}

/// A record being taken over; dropped before its end it is cut off again.
struct RawRecord<'a> {
    log: &'a mut LogWriter,
    file: LogFile,
    start: LogPosition,
    /// Where the next frame goes.
    end: u64,
    is_whole: bool,
}

impl RawRecord<'_> {
    fn write(&mut self, frame: &[u8]) -> Result<(), RawError> {
        let written = fault::write_all("log.append", &mut &*self.file.file, frame);
        self.end += frame.len() as u64;
        written.map_err(|error| {
            self.log.failed = Some(error.to_string());
            RawError::Log(error)
        })
    }

    /// Writes the first frame with what is durable here.
    fn write_first(&mut self, durable: u64, reader: &mut RawReader) -> Result<(), RawError> {
        let text = reader.text()?;
        let (_, rest) = split_durable_line(text).ok_or_else(|| wrong("no record"))?;
        let text = format!("{}{rest}", durable_line(durable));
        let mut frame = std::mem::take(&mut self.log.frame);
        frame.clear();
        let encoded = self.log.encoder.encode(text.as_bytes(), &mut frame);
        let written = match encoded {
            Ok(()) => self.write(&frame),
            Err(error) => Err(RawError::Wrong(error.to_string())),
        };
        if frame.capacity() <= 4 << 20 {
            self.log.frame = frame;
        }
        written
    }

    fn finish(&mut self, record: &ReadRecord, digest: [u8; 32]) {
        self.is_whole = true;
        let mut state = self.log.shared.write_state();
        state.table.push(CommitEntry {
            seq: record.seq,
            file: self.start.file,
            offset: self.start.offset,
            end: self.end,
            time_ms: record.time_ms,
            added: record.added,
            removed: record.removed,
        });
        state.digest = digest;
        state.end.offset = self.end;
    }
}

impl Drop for RawRecord<'_> {
    fn drop(&mut self) {
        if !self.is_whole
            && let Err(error) = self.file.file.set_len(self.start.offset)
        {
            self.log.failed = Some(error.to_string());
        }
    }
}
