//! Rows of a table as evidence: all of them in one file, a line for each, since a file for each would be millions. A line is
//! the digest that the statements name, a space, and the canonical record. Written beside its place and moved there when the
//! table is read to its end.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The evidence of a table while it is read.
pub(super) struct RowsKept {
    place: PathBuf,
    unfinished: PathBuf,
    /// `None` when it is kept already.
    file: Option<BufWriter<File>>,
}

impl RowsKept {
    /// Evidence of the table with this digest, below the data folder: `evidence/{aa}/{digest}.rows`.
    pub(super) fn new(folder: &Path, sha256: &[u8; 32]) -> io::Result<Self> {
        let mut digest = String::with_capacity(64);
        for byte in sha256 {
            let _ = write!(digest, "{byte:02x}");
        }
        let folder = folder.join("evidence").join(&digest[..2]);
        let place = folder.join(format!("{digest}.rows"));
        let unfinished = folder.join(format!("{digest}.{}.new", std::process::id()));
        let file = if place.exists() {
            None
        } else {
            fs::create_dir_all(&folder)?;
            Some(BufWriter::new(File::create(&unfinished)?))
        };
        Ok(Self {
            place,
            unfinished,
            file,
        })
    }

    /// Keeps a row.
    pub(super) fn keep(&mut self, digest: &str, record: &[u8]) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        file.write_all(digest.as_bytes())?;
        file.write_all(b" ")?;
        file.write_all(record)?;
        file.write_all(b"\n")
    }

    /// Moves the file to its place.
    pub(super) fn finish(mut self) -> io::Result<()> {
        let Some(mut file) = self.file.take() else {
            return Ok(());
        };
        file.flush()?;
        fs::rename(&self.unfinished, &self.place)
    }
}

impl Drop for RowsKept {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = fs::remove_file(&self.unfinished);
        }
    }
}
