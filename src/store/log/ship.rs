//! Hands out a log to another node: single records as they stand in the files, or all files up to a commit. What was read
//! is not verified here; whoever takes it does (`raw`, or opening the copy). Knows nothing of how it travels.

use super::files::{self, base_path, log_path};
use super::frame::Format;
use super::read::CommitLog;
use super::{LogError, LogPosition, io_error};
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;

/// One record of the log, to be written to somebody. Holds its file open, so it can be had although the log gave it up
/// meanwhile.
#[derive(Clone, Debug)]
pub struct Shipment {
    /// Number of the commit.
    pub seq: u64,
    /// Number of the first commit of the file it stands in, which names that file.
    pub file: u64,
    /// Byte in that file where it starts.
    pub offset: u64,
    /// Its length: one or more frames of format 2.
    pub bytes: u64,
    source: Arc<File>,
}

impl Shipment {
    /// Writes the frames of the record.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        copy(&self.source, self.offset, self.bytes, out)
    }
}

/// A file of a log, or its beginning, to be written to somebody.
#[derive(Clone, Debug)]
pub struct LogPart {
    /// Name of the file in the folder of the log.
    pub name: String,
    /// Its length, as it is to be written.
    pub bytes: u64,
    source: Content,
}

#[derive(Clone, Debug)]
enum Content {
    File(Arc<File>),
    Bytes(Vec<u8>),
}

impl LogPart {
    /// Writes the bytes of the file.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.source {
            Content::File(file) => copy(file, 0, self.bytes, out),
            Content::Bytes(bytes) => out.write_all(bytes),
        }
    }
}

fn copy(file: &File, mut at: u64, mut left: u64, out: &mut dyn Write) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK_BYTES.min(usize::try_from(left).unwrap_or(CHUNK_BYTES))];
    while left > 0 {
        let length = left.min(chunk.len() as u64) as usize;
        file.read_exact_at(&mut chunk[..length], at)?;
        out.write_all(&chunk[..length])?;
        at += length as u64;
        left -= length as u64;
    }
    Ok(())
}

impl CommitLog {
    /// The records from commit `from` to `to`, as many as `most_bytes` hold and at least one.
    ///
    /// # Errors
    /// [`LogError::Unknown`] when the log does not hold the first of them, or holds it in format 1: then the whole log
    /// is to be had, see [`CommitLog::parts`].
    pub(crate) fn shipments(
        &self,
        from: u64,
        to: u64,
        most_bytes: u64,
    ) -> Result<Vec<Shipment>, LogError> {
        let state = self.shared.read_state();
        let mut found: Vec<Shipment> = Vec::new();
        let mut bytes = 0;
        for seq in from..=to.min(state.table.last_seq()) {
            let Some(entry) = state.table.entry(seq) else {
                break;
            };
            let file = state.files.iter().find(|file| file.first_seq == entry.file);
            let Some(file) = file.filter(|file| file.format == Format::Two) else {
                break;
            };
            let length = entry.end - entry.offset;
            if !found.is_empty() && bytes + length > most_bytes {
                break;
            }
            bytes += length;
            found.push(Shipment {
                seq,
                file: entry.file,
                offset: entry.offset,
                bytes: length,
                source: Arc::clone(&file.file),
            });
        }
        if found.is_empty() {
            let old = state.files.iter().filter(|file| file.format == Format::One);
            let after = old.filter_map(|old| {
                let later = state.files.iter().map(|file| file.first_seq);
                later.filter(|first| *first > old.first_seq).min()
            });
            return Err(LogError::Unknown {
                seq: from,
                first: after.max().unwrap_or(state.table.first_seq()),
                last: state.table.last_seq(),
            });
        }
        Ok(found)
    }

    /// The files of the log up to and with commit `seq`, base first: in a folder of their own they are a log.
    ///
    /// # Errors
    /// [`LogError::Unknown`] when the log does not hold the state after that commit.
    pub(crate) fn parts(&self, seq: u64) -> Result<Vec<LogPart>, LogError> {
        let beginning = self.beginning(seq)?;
        let name = |path: std::path::PathBuf| {
            let name = path.file_name().map(|name| name.to_string_lossy());
            name.map(std::borrow::Cow::into_owned).unwrap_or_default()
        };
        let folder = std::path::Path::new("");
        let mut parts = Vec::new();
        if let Some(base) = &beginning.base {
            parts.push(LogPart {
                name: name(base_path(folder, base.seq)),
                bytes: base.bytes,
                source: Content::File(Arc::clone(&base.file)),
            });
        }
        if let Some((first_seq, previous)) = beginning.fresh {
            let head = files::head(first_seq, &previous);
            parts.push(LogPart {
                name: name(log_path(folder, first_seq)),
                bytes: head.len() as u64,
                source: Content::Bytes(head),
            });
        }
        for file in &beginning.files {
            let LogPosition { file: last, offset } = beginning.end;
            let bytes = if file.first_seq == last {
                offset
            } else {
                // A file that another follows is finished: it holds whole records to its end.
                let meta = file.file.metadata();
                meta.map_err(io_error("read", &file.path))?.len()
            };
            parts.push(LogPart {
                name: name(log_path(folder, file.first_seq)),
                bytes,
                source: Content::File(Arc::clone(&file.file)),
            });
        }
        Ok(parts)
    }
}
