//! Appends records to the log and makes them durable before anyone is told.

use super::frame::write_frame;
use super::{CommitInfo, MAGIC, header_text, hex};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

const FRAME_BYTES: usize = 1 << 20;

/// The log file, open for appending at its acknowledged end.
pub(crate) struct LogWriter {
    path: PathBuf,
    file: File,
    /// Bytes of acknowledged records.
    end: u64,
}

/// A record being written; dropped without [`RecordWriter::finish`] it is cut off again.
pub(crate) struct RecordWriter<'a> {
    log: &'a mut LogWriter,
    out: BufWriter<File>,
    header: String,
    frame: Vec<u8>,
    payload: Sha256,
    written: u64,
    done: bool,
}

impl LogWriter {
    /// Creates an empty log; it appears under its name only when it is whole.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let new = path.with_extension("new");
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&new)?;
        file.write_all(MAGIC)?;
        file.sync_all()?;
        std::fs::rename(&new, path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            end: MAGIC.len() as u64,
        })
    }

    /// Opens a log whose valid records end at `end`; what follows is cut off.
    pub(crate) fn open(path: &Path, end: u64) -> io::Result<Self> {
        let mut file = File::options().read(true).write(true).open(path)?;
        if file.metadata()?.len() != end {
            file.set_len(end)?;
            file.sync_all()?;
        }
        file.seek(SeekFrom::Start(end))?;
        Ok(Self {
            path: path.to_owned(),
            file,
            end,
        })
    }

    /// The log file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts a record. `info.digest` is not read.
    pub(crate) fn begin(
        &mut self,
        info: &CommitInfo,
        previous: &[u8; 32],
    ) -> io::Result<RecordWriter<'_>> {
        self.file.seek(SeekFrom::Start(self.end))?;
        let out = BufWriter::with_capacity(FRAME_BYTES + 4096, self.file.try_clone()?);
        let header = header_text(info, previous);
        let mut frame = Vec::with_capacity(FRAME_BYTES + 4096);
        frame.extend_from_slice(header.as_bytes());
        frame.extend_from_slice(b"TX .\n");
        let mut record = RecordWriter {
            log: self,
            out,
            header: String::new(),
            frame,
            payload: Sha256::new(),
            written: 0,
            done: false,
        };
        record.header = format!("{}{header}", hex(previous));
        Ok(record)
    }
}

impl RecordWriter<'_> {
    /// Appends one row: `A` or `D`, the texts of subject, predicate, object and (unless default) graph, and a full stop.
    pub(crate) fn row(
        &mut self,
        added: bool,
        write_terms: impl FnOnce(&mut Vec<u8>),
    ) -> io::Result<()> {
        let start = self.frame.len();
        self.frame
            .extend_from_slice(if added { b"A " } else { b"D " });
        write_terms(&mut self.frame);
        self.frame.extend_from_slice(b" .\n");
        self.payload.update(&self.frame[start..]);
        if self.frame.len() >= FRAME_BYTES {
            self.flush_frame()?;
        }
        Ok(())
    }

    fn flush_frame(&mut self) -> io::Result<()> {
        self.written += write_frame(&mut self.out, &self.frame)?;
        self.frame.clear();
        Ok(())
    }

    /// Closes the record, makes it durable and returns its chain digest. Only now does it count.
    pub(crate) fn finish(mut self) -> io::Result<[u8; 32]> {
        let payload: [u8; 32] = self.payload.clone().finalize().into();
        let digest = chain_digest(&self.header, &payload);
        let trailer = format!(
            "H payload sha256:{}\nH digest sha256:{}\nTC .\n",
            hex(&payload),
            hex(&digest)
        );
        self.frame.extend_from_slice(trailer.as_bytes());
        self.flush_frame()?;
        self.out.flush()?;
        self.log.file.sync_data()?;
        self.log.end += self.written;
        self.done = true;
        Ok(digest)
    }
}

impl Drop for RecordWriter<'_> {
    fn drop(&mut self) {
        if !self.done {
            // Nothing was acknowledged: put the file back, so that the next record starts where this one did.
            // Should even this fail, the reader cuts the unfinished record at the next start.
            let _ = self.out.flush();
            let _ = self.log.file.set_len(self.log.end);
        }
    }
}

/// SHA-256 over previous digest and header (as text) and the digest of the rows.
pub(crate) fn chain_digest(previous_and_header: &str, payload: &[u8; 32]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(previous_and_header.as_bytes());
    digest.update(payload);
    digest.finalize().into()
}
