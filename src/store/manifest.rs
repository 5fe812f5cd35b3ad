//! The manifest: which index files make up the state after which commit, and how far the log was read for it.
//! Replaced as a whole, by renaming; a reader sees the old one or the new one. Opens no other file.

use crate::store::dictionary::StoredNames;
use crate::store::fault;
use crate::store::level::{Level, LevelFiles};
use crate::store::log::LogPosition;
use crate::store::terms::Terms;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(crate) const MANIFEST_FILE: &str = "MANIFEST";
const FORMAT: &str = "oslo-registry index";
/// Version of the index files. An index of another version is made anew from the log.
const VERSION: u32 = 1;

/// A level of the index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LevelEntry {
    pub(crate) number: u64,
    pub(crate) first_seq: u64,
    pub(crate) last_seq: u64,
}

/// What a manifest says.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: String,
    version: u32,
    /// Program that wrote it.
    program: String,
    pub(crate) seq: u64,
    /// Chain digest of that commit, lower-case hex.
    pub(crate) digest: String,
    pub(crate) quads: u64,
    /// Where the log ended after that commit.
    pub(crate) log_end: LogPosition,
    /// File that lists the commits up to that one.
    pub(crate) commits: String,
    pub(crate) seed: u64,
    /// Oldest first.
    pub(crate) levels: Vec<LevelEntry>,
    /// Numbers of files of texts, oldest first.
    pub(crate) terms: Vec<u64>,
    pub(crate) names: StoredNames,
}

/// What was found in place of a manifest.
pub(crate) enum Found {
    /// One of this version.
    Manifest(Box<Manifest>),
    /// None.
    Absent,
    /// One of another version: the index is to be made anew.
    OtherVersion,
    /// Bytes that are no manifest: the index is to be made anew.
    Damaged,
}

/// The parts of a new manifest.
pub(crate) struct ManifestParts {
    pub(crate) seq: u64,
    pub(crate) digest: String,
    pub(crate) quads: u64,
    pub(crate) log_end: LogPosition,
    pub(crate) commits: String,
    pub(crate) seed: u64,
    pub(crate) levels: Vec<LevelEntry>,
    pub(crate) terms: Vec<u64>,
    pub(crate) names: StoredNames,
}

impl Manifest {
    /// A manifest of this version.
    pub(crate) fn new(parts: ManifestParts) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: format!("oslo {}", env!("CARGO_PKG_VERSION")),
            seq: parts.seq,
            digest: parts.digest,
            quads: parts.quads,
            log_end: parts.log_end,
            commits: parts.commits,
            seed: parts.seed,
            levels: parts.levels,
            terms: parts.terms,
            names: parts.names,
        }
    }

    /// Puts one level, or none, in place of some that follow each other; false, and nothing changed, when they are not named
    /// so.
    pub(crate) fn replace_levels(&mut self, old: &[Arc<Level>], new: Option<&Level>) -> bool {
        let numbers = old.iter().map(|level| Some(level.files()?.number));
        let Some(numbers) = numbers.collect::<Option<Vec<u64>>>() else {
            return false;
        };
        let named = |window: &[LevelEntry]| {
            let named = window.iter().map(|entry| entry.number);
            named.eq(numbers.iter().copied())
        };
        let Some(at) = (!numbers.is_empty())
            .then(|| self.levels.windows(numbers.len()).position(named))
            .flatten()
        else {
            return false;
        };
        let entry = new.and_then(|level| {
            Some(LevelEntry {
                number: level.files()?.number,
                first_seq: level.first_seq,
                last_seq: level.last_seq,
            })
        });
        self.levels.splice(at..at + numbers.len(), entry);
        true
    }

    /// Path of the list of commits.
    pub(crate) fn commits_path(&self, index_dir: &Path) -> PathBuf {
        index_dir.join(&self.commits)
    }

    /// Paths of all files it names.
    pub(crate) fn files(&self, index_dir: &Path) -> Vec<PathBuf> {
        let levels = self.levels.iter();
        let mut paths: Vec<PathBuf> = levels
            .flat_map(|level| LevelFiles::paths(index_dir, level.number))
            .collect();
        paths.extend(
            self.terms
                .iter()
                .map(|number| Terms::path(index_dir, *number)),
        );
        paths.push(self.commits_path(index_dir));
        paths
    }

    /// Reads the manifest of a data folder.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub(crate) fn read(dir: &Path) -> io::Result<Found> {
        let text = match fs::read_to_string(dir.join(MANIFEST_FILE)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Absent),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(Found::Damaged),
            Err(error) => return Err(error),
        };
        let Some((json, crc)) = text.trim_end().rsplit_once('\n') else {
            return Ok(Found::Damaged);
        };
        if crc != checksum(json) {
            return Ok(Found::Damaged);
        }
        #[derive(Deserialize)]
        struct Kind {
            format: String,
            version: u32,
        }
        match serde_json::from_str::<Kind>(json) {
            Ok(kind) if kind.format == FORMAT && kind.version != VERSION => Ok(Found::OtherVersion),
            Ok(kind) if kind.format == FORMAT => Ok(serde_json::from_str(json)
                .map_or(Found::Damaged, |manifest| {
                    Found::Manifest(Box::new(manifest))
                })),
            _ => Ok(Found::Damaged),
        }
    }

    /// Puts this manifest in place of the one before, durably.
    ///
    /// # Errors
    /// When it cannot be written; the one before then stands.
    pub(crate) fn write(&self, dir: &Path) -> io::Result<()> {
        let json = serde_json::to_string_pretty(self)?;
        let text = format!("{json}\n{}\n", checksum(&json));
        let path = dir.join(MANIFEST_FILE);
        let new = dir.join("MANIFEST.new");
        let mut file = File::create(&new)?;
        fault::write_all("manifest.write", &mut file, text.as_bytes())?;
        fault::sync("manifest.sync", &file)?;
        fault::rename("manifest.rename", &new, &path)?;
        fault::sync_dir("manifest.dir", dir)
    }
}

fn checksum(json: &str) -> String {
    format!("crc32c:{:08x}", crc32c::crc32c(json.as_bytes()))
}
