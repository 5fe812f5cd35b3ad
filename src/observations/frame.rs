//! Frames of the write-ahead log and of the names of series: bytes with checksums, whole or not there. Knows nothing of what they say.
//!
//! ```text
//! magic u32 | length u32 | crc32c of the body u32 | bytes before this frame known to be durable u64 | crc32c of the 20 bytes before u32 | body
//! ```
//!
//! A frame that is torn at the end of a file was never acknowledged, and is cut off. Damage to what was acknowledged is told: a
//! whole frame further on shows that the bytes before it had been made durable.

use super::{ObservationError, io_error};
use crate::store::fault;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

const MAGIC: u32 = u32::from_le_bytes(*b"OBS1");
const HEAD_BYTES: usize = 24;
/// Longest body.
pub(super) const MAX_BODY_BYTES: usize = 64 << 20;

/// A file of frames that is appended to.
pub(super) struct FrameFile {
    path: PathBuf,
    file: File,
    end: u64,
    durable: u64,
    buffer: Vec<u8>,
}

impl FrameFile {
    /// Opens or makes a file whose frames end at `end`, and cuts off what follows.
    pub(super) fn append_at(path: &Path, end: u64) -> Result<Self, ObservationError> {
        let is_new = !path.exists();
        let file = File::options()
            .create(true)
            .append(true)
            .open(path)
            .map_err(io_error("open", path))?;
        file.set_len(end).map_err(io_error("cut", path))?;
        file.sync_all().map_err(io_error("sync", path))?;
        if is_new && let Some(folder) = path.parent() {
            fault::sync_dir("observations.dir", folder).map_err(io_error("sync", folder))?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            end,
            durable: end,
            buffer: Vec::new(),
        })
    }

    /// Appends one frame and makes it durable; on an error nothing of it stays, as far as the disk allows.
    ///
    /// # Errors
    /// When it could not be written or made durable. Nothing more may be appended then.
    pub(super) fn append(&mut self, body: &[u8]) -> Result<(), ObservationError> {
        let written = self.write(body);
        if written.is_err() {
            // Should this fail too, the reader cuts the unfinished frame at the next start.
            let _ = self.file.set_len(self.end);
        }
        written.map_err(io_error("append to", &self.path))
    }

    fn write(&mut self, body: &[u8]) -> io::Result<()> {
        let length = u32::try_from(body.len())
            .ok()
            .filter(|_| body.len() <= MAX_BODY_BYTES)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "a frame is too long"))?;
        self.buffer.clear();
        self.buffer.extend_from_slice(&MAGIC.to_le_bytes());
        self.buffer.extend_from_slice(&length.to_le_bytes());
        self.buffer
            .extend_from_slice(&crc32c::crc32c(body).to_le_bytes());
        self.buffer.extend_from_slice(&self.durable.to_le_bytes());
        let head = crc32c::crc32c(&self.buffer);
        self.buffer.extend_from_slice(&head.to_le_bytes());
        self.buffer.extend_from_slice(body);
        fault::write_all("observations.append", &mut self.file, &self.buffer)?;
        fault::sync("observations.sync", &self.file)?;
        self.end += self.buffer.len() as u64;
        self.durable = self.end;
        Ok(())
    }

    /// Bytes of all frames.
    pub(super) fn end(&self) -> u64 {
        self.end
    }
}

/// The head of a frame: length of the body, its checksum, bytes known durable.
fn head(bytes: &[u8]) -> Option<(usize, u32, u64)> {
    let head = bytes.get(..HEAD_BYTES)?;
    let number =
        |at: usize| u32::from_le_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let length = number(4) as usize;
    (number(0) == MAGIC && number(20) == crc32c::crc32c(&head[..20]) && length <= MAX_BODY_BYTES)
        .then(|| {
            let durable = u64::from(number(12)) | u64::from(number(16)) << 32;
            (length, number(8), durable)
        })
}

/// Reads all frames of a file and returns where the last whole one ends; a file that is not there has none.
///
/// # Errors
/// When it cannot be read, when what was made durable is damaged, or when `take` does not understand a body.
pub(super) fn read_frames(
    path: &Path,
    mut take: impl FnMut(&[u8]) -> Result<(), String>,
) -> Result<u64, ObservationError> {
    let bytes = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        read => read.map_err(io_error("read", path))?,
    };
    let damaged = |at: usize, reason: &str| ObservationError::Damaged {
        path: path.to_owned(),
        reason: format!("{reason}, at byte {at}"),
    };
    let mut at = 0;
    while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
        let whole = head(rest).and_then(|(length, crc, _)| {
            let body = rest.get(HEAD_BYTES..HEAD_BYTES + length)?;
            (crc32c::crc32c(body) == crc).then_some(body)
        });
        let Some(body) = whole else {
            if durable_after(rest) > at as u64 {
                return Err(damaged(at, "what had been acknowledged is damaged"));
            }
            break;
        };
        take(body).map_err(|reason| damaged(at, &reason))?;
        at += HEAD_BYTES + body.len();
    }
    Ok(at as u64)
}

/// The most that a frame further on says to have been durable before it.
fn durable_after(rest: &[u8]) -> u64 {
    let magic = MAGIC.to_le_bytes();
    memchr::memmem::find_iter(rest, &magic)
        .filter(|at| *at > 0)
        .filter_map(|at| head(&rest[at..]))
        .map(|(_, _, durable)| durable)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> Result<(u64, Vec<Vec<u8>>), ObservationError> {
        let mut bodies = Vec::new();
        let end = read_frames(path, |body| {
            bodies.push(body.to_vec());
            Ok(())
        })?;
        Ok((end, bodies))
    }

    #[test]
    fn a_torn_tail_is_cut_and_damage_before_it_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wal");
        let mut file = FrameFile::append_at(&path, 0).expect("opens");
        for body in [&b"one"[..], b"two", b"three"] {
            file.append(body).expect("appends");
        }
        let whole = fs::read(&path).expect("reads");
        for cut in 0..whole.len() {
            fs::write(&path, &whole[..cut]).expect("writes");
            let (end, bodies) = read(&path).expect("a torn tail is no damage");
            let expected = [27, 54, 83].iter().filter(|end| **end <= cut).count();
            assert_eq!(bodies.len(), expected, "cut at {cut}");
            assert!(end <= cut as u64);
        }
        for at in 0..54 {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            fs::write(&path, &bytes).expect("writes");
            assert!(read(&path).is_err(), "byte {at} of what was acknowledged");
        }
        fs::write(&path, &whole).expect("writes");
        let mut file = FrameFile::append_at(&path, 54).expect("opens");
        file.append(b"other").expect("appends");
        let (_, bodies) = read(&path).expect("reads");
        assert_eq!(bodies, [&b"one"[..], b"two", b"other"]);
    }

    #[test]
    fn an_append_that_fails_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.wal");
        let mut file = FrameFile::append_at(&path, 0).expect("opens");
        file.append(b"one").expect("appends");
        fault::scope::with_faults("observations.append=full", || {
            assert!(file.append(b"two").is_err());
        });
        assert_eq!(read(&path).expect("reads"), (27, vec![b"one".to_vec()]));
    }
}
