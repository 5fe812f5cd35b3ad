//! Small texts that people or projections keep beside the log, by name: read, put in place of one another, and copied with the
//! log. What they say is the business of whoever keeps them; no state follows from them.

use crate::store::folder::replace_file;
use crate::store::{StoreError, io_error};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A text is read as a whole: that of a steward is small, a log of activities holds some thousands.
const MAX_BYTES: u64 = 64 << 20;

/// A text that is kept beside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// What the steward says of the catalogue.
    Catalogue,
    /// What the catalogue said before: derived, and not copied, since a copy may be used for another log.
    CatalogueFeed,
}

/// Tells whether a text was replaced: when it was written, and its bytes.
pub type BesideStamp = Option<(SystemTime, u64)>;

impl Beside {
    /// Those that backups copy.
    const COPIED: [Self; 1] = [Self::Catalogue];

    fn file(self) -> &'static str {
        match self {
            Self::Catalogue => "catalogus.toml",
            Self::CatalogueFeed => "catalogus-feed.jsonl",
        }
    }

    fn path(self, dir: &Path) -> PathBuf {
        log_folder(dir).join(self.file())
    }

    /// The text kept with the registry in a data folder; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read, is too large or is no UTF-8.
    pub fn read(self, dir: &Path) -> Result<Option<String>, StoreError> {
        let path = self.path(dir);
        let text = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => Err(error),
            Ok(meta) if meta.len() > MAX_BYTES => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the file is too large",
            )),
            Ok(_) => fs::read_to_string(&path),
        };
        text.map(Some).map_err(io_error("read", &path))
    }

    /// Changes whenever the text is replaced; `None` when there is none.
    pub fn stamp(self, dir: &Path) -> BesideStamp {
        let meta = fs::metadata(self.path(dir)).ok()?;
        Some((meta.modified().ok()?, meta.len()))
    }

    /// Puts a text in place of the one before, durably and at once: readers see the one or the other. The registry may be in
    /// use by another process.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without a registry in the folder; errors of writing.
    pub fn write(self, dir: &Path, text: &str) -> Result<(), StoreError> {
        if !log_folder(dir).is_dir() {
            return Err(StoreError::Missing {
                path: dir.to_owned(),
            });
        }
        let path = self.path(dir);
        replace_file(&path, text.as_bytes()).map_err(io_error("write to", &path))
    }

    /// Brings the texts of the registry in `source` over to the folder of a log that is being copied.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub(crate) fn copy(source: &Path, log_folder: &Path) -> Result<(), StoreError> {
        for text in Self::COPIED {
            if let Some(content) = text.read(source)? {
                let path = log_folder.join(text.file());
                replace_file(&path, content.as_bytes()).map_err(io_error("write to", &path))?;
            }
        }
        Ok(())
    }
}

fn log_folder(dir: &Path) -> PathBuf {
    crate::store::log::folder_names(dir).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_replaced_and_copied() {
        let dir = tempfile::tempdir().expect("a folder");
        let is_missing = matches!(
            Beside::Catalogue.write(dir.path(), "a"),
            Err(StoreError::Missing { .. })
        );
        assert!(is_missing);
        fs::create_dir(dir.path().join("log")).expect("a folder");
        assert_eq!(Beside::Catalogue.read(dir.path()).expect("reads"), None);
        assert_eq!(Beside::Catalogue.stamp(dir.path()), None);
        for text in ["a", "bc"] {
            Beside::Catalogue.write(dir.path(), text).expect("writes");
            let read = Beside::Catalogue.read(dir.path()).expect("reads");
            assert_eq!(read.as_deref(), Some(text));
        }
        let copy = tempfile::tempdir().expect("a folder");
        let log = copy.path().join("log");
        fs::create_dir(&log).expect("a folder");
        Beside::copy(dir.path(), &log).expect("copies");
        let read = Beside::Catalogue.read(copy.path()).expect("reads");
        assert_eq!(read.as_deref(), Some("bc"));
    }
}
