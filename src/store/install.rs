//! Puts the log of another node in the place of a data folder's own, or where there is none: all files are written beside it,
//! checked by their sums and made durable, and only then take its place. The index is made anew from it when the folder is
//! opened, which also verifies every record. Knows nothing of how the bytes travel.

use crate::store::folder::{Folder, refuse_foreign, sync_dir};
use crate::store::log::{CommitLog, folder_names, hex};
use crate::store::{Settings, StoreError, fault, io_error};
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};

/// Bytes read at once.
const CHUNK_BYTES: usize = 256 << 10;
/// Where the log that was replaced lies until it is removed.
const REPLACED: &str = "log.old";

/// A log on its way into a data folder, which is claimed meanwhile. Dropped before [`LogInstall::finish`], the folder is as
/// it was.
pub struct LogInstall {
    folder: Folder,
    /// Where the files are written.
    unfinished: PathBuf,
}

/// Why a file of a log could not be installed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The bytes stopped coming.
    #[error("the log broke off")]
    Input(#[source] io::Error),
    /// What came is not what was announced.
    #[error("{0}")]
    Wrong(String),
    /// The folder could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Finishes what a crash in [`LogInstall::finish`] left, so that the folder has the log it had.
///
/// # Errors
/// When the log cannot be put back.
pub fn mend_install(dir: &Path) -> Result<(), StoreError> {
    let (log, old) = (folder_names(dir).0, dir.join(REPLACED));
    let failed = |error| io_error("put back", &log)(error);
    match (log.exists(), old.exists()) {
        (false, true) => fs::rename(&old, &log)
            .and_then(|()| sync_dir(dir))
            .map_err(failed),
        (true, true) => fs::remove_dir_all(&old).map_err(failed),
        _ => Ok(()),
    }
}

impl LogInstall {
    /// Claims a folder that holds a registry, or nothing else.
    ///
    /// # Errors
    /// When the folder is in use, or holds something else.
    pub fn begin(dir: &Path) -> Result<Self, StoreError> {
        if !CommitLog::exists(dir) {
            refuse_foreign(dir).or_else(|error| {
                // What was begun here before and not finished.
                let unfinished = folder_names(dir).1;
                if unfinished.exists() {
                    Ok(())
                } else {
                    Err(error)
                }
            })?;
        }
        let folder = Folder::claim(dir)?;
        let unfinished = folder_names(dir).1;
        let made = match fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::create_dir(&unfinished),
        };
        made.map_err(io_error("create", &unfinished))?;
        Ok(Self { folder, unfinished })
    }

    /// Writes one file of the log, named as in the folder of the log; returns its SHA-256 in lower-case hex, which the
    /// caller compares with what was announced.
    ///
    /// # Errors
    /// When the name is none of a log, the bytes do not come, or cannot be written.
    pub fn file(
        &mut self,
        name: &str,
        bytes: u64,
        input: &mut dyn Read,
    ) -> Result<String, InstallError> {
        let is_known = name.split_once('.').is_some_and(|(stem, kind)| {
            (12..=20).contains(&stem.len())
                && stem.bytes().all(|byte| byte.is_ascii_digit())
                && matches!(kind, "log" | "base")
        });
        if !is_known {
            return Err(InstallError::Wrong("a file of no log was sent".to_owned()));
        }
        let path = self.unfinished.join(name);
        let failed = |error| StoreError::from_io("write to", &path, error);
        let mut out = File::create_new(&path).map_err(failed)?;
        let mut digest = Sha256::new();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut left = bytes;
        while left > 0 {
            let most = left.min(chunk.len() as u64) as usize;
            let read = match input.read(&mut chunk[..most]) {
                Ok(0) => return Err(InstallError::Input(io::ErrorKind::UnexpectedEof.into())),
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(InstallError::Input(error)),
            };
            digest.update(&chunk[..read]);
            out.write_all(&chunk[..read]).map_err(failed)?;
            left -= read as u64;
        }
        fault::sync("copy.sync", &out).map_err(failed)?;
        Ok(hex(&digest.finalize()))
    }

    /// Puts the files that were written in the place of the log, with these settings.
    ///
    /// # Errors
    /// When that cannot be done; [`mend_install`] then brings the log of before back.
    pub fn finish(self, settings: Settings) -> Result<(), StoreError> {
        let dir = self.folder.dir();
        let (log, old) = (folder_names(dir).0, dir.join(REPLACED));
        settings.write_into(&self.unfinished)?;
        let swapped = (|| {
            sync_dir(&self.unfinished)?;
            if log.exists() {
                fs::rename(&log, &old)?;
            }
            fs::rename(&self.unfinished, &log)?;
            sync_dir(dir)?;
            match fs::remove_dir_all(&old) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            }
        })();
        swapped.map_err(io_error("replace", &log))
    }
}

impl Drop for LogInstall {
    fn drop(&mut self) {
        // What cannot be removed now is removed by the next try.
        let _ = fs::remove_dir_all(&self.unfinished);
    }
}
