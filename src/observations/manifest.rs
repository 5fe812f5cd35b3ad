//! Which files make up what is sealed, and from which file of the write-ahead log on to read. Replaced as a whole by renaming: a start
//! sees the one before or the new one. Opens no other file.

use super::{ObservationError, io_error};
use crate::store::fault;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::Path;

const MANIFEST_FILE: &str = "MANIFEST";
const FORMAT: &str = "oslo-registry observations";
const VERSION: u32 = 1;

/// A file of observations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SegmentEntry {
    pub(super) number: u64,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    pub(super) sha256: String,
    pub(super) first_time: i64,
    pub(super) last_time: i64,
}

/// The files of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DayEntry {
    /// Oldest first.
    pub(super) segments: Vec<SegmentEntry>,
    pub(super) sums: u64,
}

/// What the manifest says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    format: String,
    version: u32,
    /// The first file of the log that is not sealed.
    pub(super) wal: u64,
    /// Number of the next observation after what is sealed.
    pub(super) next_seq: u64,
    /// Number of the next file.
    pub(super) next_file: u64,
    /// File of the newest observations, 0 when there is none.
    pub(super) latest: u64,
    /// By day since 1970-01-01.
    pub(super) days: BTreeMap<i32, DayEntry>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            wal: 1,
            next_seq: 1,
            next_file: 1,
            latest: 0,
            days: BTreeMap::new(),
        }
    }
}

impl Manifest {
    /// # Errors
    /// When it is damaged or of a newer version: what it names could not be told from left-overs.
    pub(super) fn read(dir: &Path) -> Result<Self, ObservationError> {
        let path = dir.join(MANIFEST_FILE);
        let damaged = |reason: String| ObservationError::Damaged {
            path: path.clone(),
            reason,
        };
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            read => read.map_err(io_error("read", &path))?,
        };
        let (json, crc) = text.trim_end().rsplit_once('\n').unwrap_or(("", ""));
        if crc != checksum(json) {
            return Err(damaged("it does not match its checksum".to_owned()));
        }
        let manifest: Self =
            serde_json::from_str(json).map_err(|error| damaged(error.to_string()))?;
        if manifest.version > VERSION {
            let version = manifest.version;
            return Err(ObservationError::NewerFormat { path, version });
        }
        Ok(manifest)
    }

    /// Puts it in place of the one before, durably, after the names of the files that it names.
    pub(super) fn write(&self, dir: &Path) -> Result<(), ObservationError> {
        let path = dir.join(MANIFEST_FILE);
        let replace = || {
            let json = serde_json::to_string(self)?;
            let text = format!("{json}\n{}\n", checksum(&json));
            let new = dir.join("MANIFEST.new");
            let mut file = File::create(&new)?;
            fault::write_all("observations.manifest", &mut file, text.as_bytes())?;
            fault::sync("observations.manifest.sync", &file)?;
            fault::sync_dir("observations.files", dir)?;
            fault::rename("observations.manifest.rename", &new, &path)?;
            fault::sync_dir("observations.manifest.dir", dir)
        };
        replace().map_err(io_error("replace", &path))
    }
}

fn checksum(json: &str) -> String {
    format!("crc32c:{:08x}", crc32c::crc32c(json.as_bytes()))
}
