//! How far the streams of a registry are: the commit up to which the files of members are whole, and what they were made
//! by. One small file, written after the members of each commit.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const NAME: &str = "reached";
const MAGIC: [u8; 8] = *b"OSLOFD01";
const SIZE: usize = 8 + 8 + 8 + 8 + 8 + 32 + 4;

/// A moment in the life of the streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reached {
    /// Equal for streams made in the same way: base, declarations and the form of members.
    pub(super) made_by: u64,
    /// Counts how often the log turned out to be another one: what was published before is not to be mistaken for this.
    pub(super) epoch: u64,
    /// Commit with whose state the streams begin; 0 when they begin with the log.
    pub(super) start: u64,
    /// Last commit whose members are there.
    pub(super) seq: u64,
    /// Its chain digest.
    pub(super) digest: [u8; 32],
}

impl Reached {
    fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SIZE);
        bytes.extend(MAGIC);
        bytes.extend(self.made_by.to_le_bytes());
        bytes.extend(self.epoch.to_le_bytes());
        bytes.extend(self.start.to_le_bytes());
        bytes.extend(self.seq.to_le_bytes());
        bytes.extend(self.digest);
        bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    fn of_bytes(bytes: &[u8; SIZE]) -> Option<Self> {
        let number = |at: usize| Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?));
        let crc = u32::from_le_bytes(bytes[SIZE - 4..].try_into().ok()?);
        if bytes[..8] != MAGIC || crc32c::crc32c(&bytes[..SIZE - 4]) != crc {
            return None;
        }
        Some(Self {
            made_by: number(8)?,
            epoch: number(16)?,
            start: number(24)?,
            seq: number(32)?,
            digest: bytes[40..72].try_into().ok()?,
        })
    }
}

/// Where it is written; nowhere for a registry in memory.
pub(super) struct Marker(Option<File>);

impl Marker {
    pub(super) fn in_memory() -> Self {
        Self(None)
    }

    /// Opens the file of a folder, with what it says, if anything that makes sense.
    pub(super) fn open(folder: &Path) -> io::Result<(Self, Option<Reached>)> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let file = options.open(folder.join(NAME))?;
        let mut bytes = [0; SIZE];
        let read = file.read_exact_at(&mut bytes, 0);
        let reached = read.ok().and_then(|()| Reached::of_bytes(&bytes));
        Ok((Self(Some(file)), reached))
    }

    pub(super) fn write(&self, reached: Reached) -> io::Result<()> {
        match &self.0 {
            Some(file) => file.write_all_at(&reached.to_bytes(), 0),
            None => Ok(()),
        }
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.as_ref().map_or(Ok(()), File::sync_data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_read_back_or_not_at_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let (marker, none) = Marker::open(folder.path()).expect("opens");
        assert_eq!(none, None);
        let reached = Reached {
            made_by: 7,
            epoch: 1,
            start: 2,
            seq: 1 << 40,
            digest: [9; 32],
        };
        marker.write(reached).expect("writes");
        let (_, read) = Marker::open(folder.path()).expect("opens");
        assert_eq!(read, Some(reached));
        let path = folder.path().join(NAME);
        let mut bytes = std::fs::read(&path).expect("reads");
        bytes[30] ^= 1;
        std::fs::write(&path, bytes).expect("writes");
        assert_eq!(Marker::open(folder.path()).expect("opens").1, None);
    }
}
