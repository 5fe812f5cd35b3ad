//! Turns rows into frames of a file. The caller only fills texts; once there is more than one, a thread of its own
//! hashes, compresses and writes them. Knows no headers and no trailers.

use super::frame::{FrameEncoder, MAX_FRAME_BYTES};
use crate::store::fault;
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Text of one frame: enough to compress well, little enough to read one commit quickly.
pub(super) const FRAME_TEXT_BYTES: usize = 256 << 10;
/// Texts that wait for the thread; bounds memory and lets neither side run idle.
const WAITING: usize = 4;
/// Buffers that one long row made larger than this are not kept.
const MAX_KEPT_BYTES: usize = 4 << 20;

/// Rows on their way into a file that is open for appending.
pub(super) struct TextPipe {
    file: Arc<File>,
    /// Fault point of its writes.
    point: &'static str,
    text: Vec<u8>,
    /// Where the rows start in `text`: after the header.
    rows_from: usize,
    worker: Option<Worker>,
}

struct Worker {
    texts: SyncSender<Text>,
    spare: Receiver<Vec<u8>>,
    thread: JoinHandle<io::Result<Written>>,
}

struct Text {
    bytes: Vec<u8>,
    rows_from: usize,
}

#[derive(Default)]
struct Written {
    payload: Sha256,
    bytes: u64,
}

impl TextPipe {
    /// A pipe whose first frame starts with `header`.
    pub(super) fn new(file: Arc<File>, point: &'static str, header: &str) -> Self {
        let mut text = Vec::with_capacity(header.len() + 1024);
        text.extend_from_slice(header.as_bytes());
        Self {
            file,
            point,
            rows_from: text.len(),
            text,
            worker: None,
        }
    }

    /// Appends one row: `A` or `D`, the terms and a full stop.
    pub(super) fn row(
        &mut self,
        added: bool,
        write_terms: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        self.text
            .extend_from_slice(if added { b"A " } else { b"D " });
        write_terms(&mut self.text);
        self.text.extend_from_slice(b" .\n");
        if self.text.len() < FRAME_TEXT_BYTES {
            return Ok(());
        }
        if self.text.len() > MAX_FRAME_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a statement is too long for the commit log",
            ));
        }
        self.hand_over()
    }

    fn hand_over(&mut self) -> io::Result<()> {
        let worker = match &mut self.worker {
            Some(worker) => worker,
            none => none.insert(start_worker(self.file.clone(), self.point)?),
        };
        let next = worker.spare.try_recv().unwrap_or_default();
        let text = Text {
            bytes: std::mem::replace(&mut self.text, next),
            rows_from: std::mem::take(&mut self.rows_from),
        };
        if worker.texts.send(text).is_err() {
            // The thread is gone, so it has an error to tell.
            self.join()?;
            return Err(io::Error::other(
                "the thread that writes the log ended early",
            ));
        }
        Ok(())
    }

    fn join(&mut self) -> io::Result<Written> {
        let Some(Worker {
            texts,
            spare,
            thread,
        }) = self.worker.take()
        else {
            return Ok(Written::default());
        };
        drop((texts, spare));
        thread
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the thread that writes the log panicked")))
    }

    /// Writes what is left and the trailer made from the digest of all rows. Returns the bytes written since the start.
    /// The file is not synced.
    pub(super) fn finish(
        mut self,
        encoder: &mut FrameEncoder,
        frame: &mut Vec<u8>,
        trailer: impl FnOnce(&[u8; 32]) -> String,
    ) -> io::Result<u64> {
        let mut written = self.join()?;
        written.payload.update(&self.text[self.rows_from..]);
        let payload = written.payload.finalize().into();
        self.text.extend_from_slice(trailer(&payload).as_bytes());
        frame.clear();
        encoder.encode(&self.text, frame)?;
        fault::write_all(self.point, &mut &*self.file, frame)?;
        let bytes = written.bytes + frame.len() as u64;
        if frame.capacity() > MAX_KEPT_BYTES {
            *frame = Vec::new();
        }
        Ok(bytes)
    }

    /// Ends without a trailer, when nothing more is written to the file. An error is one that writing had met.
    pub(super) fn abandon(mut self) -> io::Result<()> {
        self.join().map(|_| ())
    }
}

fn start_worker(file: Arc<File>, point: &'static str) -> io::Result<Worker> {
    let (texts, waiting) = sync_channel::<Text>(WAITING);
    let (back, spare) = sync_channel(WAITING + 2);
    let faults = fault::inherit();
    let thread = std::thread::Builder::new()
        .name("commit-log".to_owned())
        .spawn(move || {
            faults.adopt();
            let mut encoder = FrameEncoder::new()?;
            let mut written = Written::default();
            let mut frame = Vec::with_capacity(FRAME_TEXT_BYTES);
            for Text {
                mut bytes,
                rows_from,
            } in waiting
            {
                written.payload.update(&bytes[rows_from..]);
                frame.clear();
                encoder.encode(&bytes, &mut frame)?;
                fault::write_all(point, &mut &*file, &frame)?;
                written.bytes += frame.len() as u64;
                bytes.clear();
                if bytes.capacity() <= MAX_KEPT_BYTES {
                    // A full or closed channel only means that the buffer is not needed.
                    let _ = back.try_send(bytes);
                }
            }
            Ok(written)
        })?;
    Ok(Worker {
        texts,
        spare,
        thread,
    })
}
