//! What a view knows of members, as a file that only grows: batches, each with how many members it is about and a checksum.
//! A cache: whatever does not fit what is asked for, or is damaged, is cut off and made anew.
//!
//! A file is `OSFV0001`, 8 bytes that say what it was made of and for, and batches: how many members came before, how many
//! it is about, how many bytes it has, CRC-32C of those (4 bytes each), the bytes. Numbers are little-endian.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::FileExt;
use std::path::Path;

const MAGIC: [u8; 8] = *b"OSFV0001";
const HEAD: u64 = 16;
const BATCH_HEAD: usize = 16;

/// One batch as it was appended.
pub(super) struct Batch {
    /// Members that it is about.
    pub(super) count: u32,
    /// What it says of them.
    pub(super) bytes: Vec<u8>,
}

/// Where a view is kept; nowhere for a registry without a folder.
pub(super) struct Column {
    file: Option<File>,
    end: u64,
    /// Members that batches are about.
    len: u32,
}

fn number(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

impl Column {
    pub(super) fn in_memory() -> Self {
        Self {
            file: None,
            end: 0,
            len: 0,
        }
    }

    /// Opens a file made of and for what `made_by` stands for, and hands its batches to `read` until one is not understood:
    /// that one and what follows are cut off.
    pub(super) fn open(
        path: &Path,
        made_by: u64,
        read: &mut dyn FnMut(Batch) -> Option<()>,
    ) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path)?;
        let size = file.metadata()?.len();
        let mut head = MAGIC.to_vec();
        head.extend(made_by.to_le_bytes());
        let mut found = [0; HEAD as usize];
        let is_ours = file.read_exact(&mut found).is_ok() && found[..] == head[..];
        let (mut end, mut len) = (HEAD, 0_u32);
        if is_ours {
            let mut reader = io::BufReader::with_capacity(1 << 20, &file);
            while let Some(batch) = read_batch(&mut reader, len, size - end)? {
                let (count, bytes) = (batch.count, batch.bytes.len() as u64);
                if read(batch).is_none() {
                    break;
                }
                end += BATCH_HEAD as u64 + bytes;
                len += count;
            }
        } else {
            file.write_all_at(&head, 0)?;
        }
        file.set_len(end)?;
        Ok(Self {
            file: Some(file),
            end,
            len,
        })
    }

    /// Appends a batch.
    pub(super) fn append(&mut self, batch: &Batch) -> io::Result<()> {
        if let Some(file) = &self.file {
            let size = u32::try_from(batch.bytes.len()).map_err(io::Error::other)?;
            let mut bytes = Vec::with_capacity(BATCH_HEAD + batch.bytes.len());
            for number in [self.len, batch.count, size, crc32c::crc32c(&batch.bytes)] {
                bytes.extend(number.to_le_bytes());
            }
            bytes.extend_from_slice(&batch.bytes);
            file.write_all_at(&bytes, self.end)?;
            self.end += bytes.len() as u64;
        }
        self.len += batch.count;
        Ok(())
    }

    /// Removes a file.
    pub(super) fn remove(path: &Path) -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// The next batch, when it is whole and follows those before.
fn read_batch(reader: &mut impl io::Read, len: u32, left: u64) -> io::Result<Option<Batch>> {
    let mut head = [0; BATCH_HEAD];
    if left < BATCH_HEAD as u64 {
        return Ok(None);
    }
    reader.read_exact(&mut head)?;
    let fields = [0, 4, 8, 12].map(|at| number(&head, at).unwrap_or_default());
    let [from, count, size, crc] = fields;
    if from != len || count == 0 || u64::from(size) > left - BATCH_HEAD as u64 {
        return Ok(None);
    }
    if len.checked_add(count).is_none() {
        return Ok(None);
    }
    let mut bytes = vec![0; size as usize];
    reader.read_exact(&mut bytes)?;
    Ok((crc32c::crc32c(&bytes) == crc).then_some(Batch { count, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path, made_by: u64) -> (Column, Vec<(u32, Vec<u8>)>) {
        let mut found = Vec::new();
        let column = Column::open(path, made_by, &mut |batch| {
            found.push((batch.count, batch.bytes));
            Some(())
        });
        (column.expect("opens"), found)
    }

    #[test]
    fn batches_come_back_up_to_the_first_that_is_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("adressen/gemeente");
        let (mut column, none) = read(&path, 1);
        assert!(none.is_empty());
        let batches: Vec<(u32, Vec<u8>)> = (1..5)
            .map(|n| (n, vec![n as u8; 10 * n as usize]))
            .collect();
        for (count, bytes) in &batches {
            let batch = Batch {
                count: *count,
                bytes: bytes.clone(),
            };
            column.append(&batch).expect("writes");
        }
        assert_eq!(read(&path, 1).1, batches);
        let whole = std::fs::read(&path).expect("reads");
        // Torn at its end.
        std::fs::write(&path, &whole[..whole.len() - 3]).expect("writes");
        assert_eq!(read(&path, 1).1, batches[..3]);
        // A flipped bit in the second.
        let mut wrong = whole.clone();
        wrong[HEAD as usize + 16 + 10 + 16 + 5] ^= 4;
        std::fs::write(&path, &wrong).expect("writes");
        let (mut column, found) = read(&path, 1);
        assert_eq!(found, batches[..1]);
        let batch = Batch {
            count: 9,
            bytes: vec![9],
        };
        column.append(&batch).expect("writes");
        assert_eq!(read(&path, 1).1, [batches[0].clone(), (9, vec![9])]);
        // Made for something else.
        assert!(read(&path, 2).1.is_empty());
        assert!(read(&path, 1).1.is_empty());
    }
}
