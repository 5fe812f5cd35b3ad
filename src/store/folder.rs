//! The data folder: what lies where, who may write, what is left over from a crash. Knows no content of files.
//!
//! ```text
//! lock          held by the one process that writes
//! log/          the commit log: the truth
//! MANIFEST      which index files make up the state after a commit
//! index/        segment files named by the manifest, and others derived from them; all of it can be made anew from the log
//! queries/      files that people keep with the registry: the store copies them and reads nothing in them
//! evidence/     records of sources as they came, by their digest; likewise
//! sources/      what is known of declared sources; likewise, but for where they are
//! subscriptions/ what is known of those who are told of changes, a folder each; likewise
//! contexts/     JSON-LD contexts fetched for sources; likewise
//! dumps/        registers written out for portals; made anew from a state, so the store neither copies nor reads them
//! ```

use crate::store::{StoreError, io_error};
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// File that the process that writes holds locked.
pub(crate) const LOCK_FILE: &str = "lock";
/// How often a claimed folder is looked at again, and after how long each time, before it counts as in use.
const LOCK_ATTEMPTS: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(25);
const INDEX_DIR: &str = "index";
const LOG_DIR: &str = "log";
/// Folder of the files that people keep with a registry: the stored queries.
pub const QUERIES_DIR: &str = "queries";
/// Folder of the records of sources, by their digest.
pub(crate) const EVIDENCE_DIR: &str = "evidence";
/// Folder of what is known of declared sources, a folder each.
pub(crate) const SOURCES_DIR: &str = "sources";
/// Folder of those who are told of changes, a folder each.
pub const SUBSCRIPTIONS_DIR: &str = "subscriptions";
/// Folder of the JSON-LD contexts that were fetched for sources.
pub(crate) const CONTEXTS_DIR: &str = "contexts";

/// A data folder that is open.
pub(crate) struct Folder {
    dir: PathBuf,
    index: PathBuf,
    next_number: AtomicU64,
    /// Held while writing; `None` for a reader.
    _lock: Option<File>,
}

impl Folder {
    /// Claims a folder for writing, making it if need be; one process can.
    ///
    /// # Errors
    /// When it is claimed already, or cannot be made or locked.
    pub(crate) fn claim(dir: &Path) -> Result<Self, StoreError> {
        fs::create_dir_all(dir).map_err(io_error("create", dir))?;
        let path = dir.join(LOCK_FILE);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(io_error("open", &path))?;
        let mut patience = LOCK_ATTEMPTS;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                // A program that this process is just starting holds its files open until it has begun.
                Err(TryLockError::WouldBlock) if patience > 0 => {
                    patience -= 1;
                    std::thread::sleep(LOCK_PAUSE);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse {
                        path: dir.to_owned(),
                    });
                }
                Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
            }
        }
        Ok(Self::at(dir, Some(lock)))
    }

    /// A folder to read.
    pub(crate) fn read(dir: &Path) -> Self {
        Self::at(dir, None)
    }

    fn at(dir: &Path, lock: Option<File>) -> Self {
        Self {
            dir: dir.to_owned(),
            index: dir.join(INDEX_DIR),
            next_number: AtomicU64::new(1),
            _lock: lock,
        }
    }

    /// The folder itself.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of index files.
    pub(crate) fn index_dir(&self) -> &Path {
        &self.index
    }

    /// A number for a new index file.
    pub(crate) fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Ordering::Relaxed)
    }

    /// Makes the folder of index files and removes what no manifest names: left-overs of a crash.
    ///
    /// # Errors
    /// When the folder cannot be made, read or cleaned.
    pub(crate) fn prepare_index(&self, named: &BTreeSet<PathBuf>) -> Result<(), StoreError> {
        fs::create_dir_all(&self.index).map_err(io_error("create", &self.index))?;
        let mut highest = 0;
        for path in self.index_files()? {
            let name = path.file_name().and_then(|name| name.to_str());
            let Some(number) = name
                .and_then(|name| name.split(['-', '.']).next())
                .and_then(|number| number.parse::<u64>().ok())
            else {
                // Not one of ours: left alone.
                continue;
            };
            highest = highest.max(number);
            if !named.contains(&path) {
                fs::remove_file(&path).map_err(io_error("remove", &path))?;
            }
        }
        self.next_number.fetch_max(highest + 1, Ordering::Relaxed);
        Ok(())
    }

    fn index_files(&self) -> Result<Vec<PathBuf>, StoreError> {
        let entries = fs::read_dir(&self.index).map_err(io_error("read", &self.index))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.map_err(io_error("read", &self.index))?.path());
        }
        Ok(paths)
    }

    /// Bytes of all index files and the manifest.
    pub(crate) fn index_bytes(&self) -> u64 {
        let files = self.index_files().unwrap_or_default();
        let manifest = self.dir.join(crate::store::manifest::MANIFEST_FILE);
        files
            .iter()
            .chain([&manifest])
            .filter_map(|path| fs::metadata(path).ok())
            .map(|meta| meta.len())
            .sum()
    }
}

/// Replaces a small file of what is derived or remembered, whole or not at all; makes its folder when there is none.
pub(crate) fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)
}

/// Writes a new file that its owner alone may read, durably.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Makes the names in a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    crate::store::fault::sync_dir("dir.sync", dir)
}

/// Whether a folder that is to become a registry holds something else already. A registry that was begun and not finished is
/// nothing else: its folders, with no file that counts in them. Nor are the files that people keep with one.
///
/// # Errors
/// [`StoreError::NotARegistry`] when it does; an I/O error when it cannot be read.
pub(crate) fn refuse_foreign(dir: &Path) -> Result<(), StoreError> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(io_error("read", dir)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(io_error("read", dir))?;
        let name = entry.file_name();
        let begun = (name == INDEX_DIR || name == LOG_DIR) && is_begun(&entry.path())
            || name == QUERIES_DIR && entry.path().is_dir();
        if name != LOCK_FILE && !name.to_string_lossy().starts_with('.') && !begun {
            return Err(StoreError::NotARegistry {
                path: dir.to_owned(),
                found: name.to_string_lossy().into_owned(),
            });
        }
    }
    Ok(())
}

/// Whether a folder holds nothing but files that were never finished.
fn is_begun(dir: &Path) -> bool {
    let Ok(mut entries) = fs::read_dir(dir) else {
        return false;
    };
    entries.all(|entry| {
        entry.is_ok_and(|entry| entry.path().extension().is_some_and(|kind| kind == "new"))
    })
}
