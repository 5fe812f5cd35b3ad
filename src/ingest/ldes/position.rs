//! How far a source is: pages that are finished for good, pages that are polled with what was seen of them, and what the
//! stream says of itself. Kept in `sources/NAME/` of the data folder: `position.json` is replaced as a whole, `finished` only
//! grows. Written after the members are durable, so a crash repeats some work and loses nothing.

use super::page::StreamFacts;
use crate::ingest::failure::Failure;
use crate::ingest::fetch::Validators;
use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_128;

const FORMAT: u32 = 1;

/// A page that may still change, or that was not read yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenPage {
    /// Its members are no earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) from: Option<String>,
    /// Its members are no later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) last_modified: Option<String>,
    /// Fingerprints of members that were taken in from it, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) seen: Vec<u64>,
}

impl OpenPage {
    pub(super) fn validators(&self) -> Validators {
        Validators {
            etag: self.etag.clone(),
            last_modified: self.last_modified.clone(),
        }
    }
}

/// What the file holds.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Kept {
    pub(super) format: u32,
    /// Where the source begins.
    pub(super) url: String,
    /// The graph it goes to.
    pub(super) graph: String,
    /// Versions or state.
    pub(super) form: String,
    /// The last commit when this was written; a log that is shorter is another one.
    pub(super) seq: u64,
    /// The chain digest of that commit: a log that was put back to an earlier state goes on otherwise.
    #[serde(default)]
    pub(super) digest: String,
    pub(super) facts: StreamFacts,
    pub(super) open: BTreeMap<String, OpenPage>,
    /// The latest moment of a member.
    pub(super) last_timestamp: Option<String>,
    /// When a run last ended well.
    pub(super) last_success: Option<String>,
    /// Why the last run did not.
    pub(super) failing: Option<Failure>,
}

/// The position of one source.
#[derive(Debug)]
pub(super) struct Position {
    dir: Option<PathBuf>,
    pub(super) kept: Kept,
    finished: FxHashSet<u128>,
    /// Finished since the last save.
    fresh: Vec<u128>,
}

fn digest(url: &str) -> u128 {
    xxh3_128(url.as_bytes())
}

impl Position {
    /// The position kept in a folder, or a new one for a source. A position of another log or of an unknown form is begun
    /// anew: that repeats work, and changes nothing that is there.
    pub(super) fn open(
        dir: Option<PathBuf>,
        fresh: Kept,
        is_of_log: &dyn Fn(u64, &str) -> bool,
    ) -> io::Result<Self> {
        let mut position = Self {
            kept: Kept {
                format: FORMAT,
                ..fresh
            },
            dir,
            finished: FxHashSet::default(),
            fresh: Vec::new(),
        };
        let Some(dir) = &position.dir else {
            return Ok(position);
        };
        fs::create_dir_all(dir)?;
        let text = match fs::read(dir.join("position.json")) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // What was finished without a position is finished of something else.
                remove_if_there(&dir.join("finished"))?;
                return Ok(position);
            }
            Err(error) => return Err(error),
        };
        let kept = serde_json::from_slice::<Kept>(&text).ok();
        match kept.filter(|kept| kept.format == FORMAT && is_of_log(kept.seq, &kept.digest)) {
            Some(kept) => {
                position.finished = read_finished(&dir.join("finished"))?;
                position.kept = kept;
                let finished = &position.finished;
                let open = &mut position.kept.open;
                open.retain(|url, _| !finished.contains(&digest(url)));
            }
            None => {
                tracing::warn!(dir = %dir.display(), "A position that cannot be used is begun anew");
                remove_if_there(&dir.join("finished"))?;
            }
        }
        Ok(position)
    }

    /// Whether a page was read for good.
    pub(super) fn is_finished(&self, url: &str) -> bool {
        self.finished.contains(&digest(url))
    }

    /// Pages that are finished.
    pub(super) fn finished(&self) -> usize {
        self.finished.len()
    }

    /// Marks a page as read for good.
    pub(super) fn finish(&mut self, url: &str) {
        self.kept.open.remove(url);
        if self.finished.insert(digest(url)) {
            self.fresh.push(digest(url));
        }
    }

    /// Writes everything down.
    pub(super) fn save(&mut self) -> io::Result<()> {
        let Some(dir) = &self.dir else {
            self.fresh.clear();
            return Ok(());
        };
        // The pages that a finished page leads to are written before it is: else nobody would find them again.
        let path = dir.join("position.json");
        let new = dir.join("position.json.new");
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(&self.kept).map_err(io::Error::other)?)?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(dir)?.sync_all()?;
        if !self.fresh.is_empty() {
            let mut lines = String::new();
            for digest in &self.fresh {
                lines.push_str(&format!("{digest:032x}\n"));
            }
            let mut file = OpenOptions::new()
                .append(true)
                .create(true)
                .open(dir.join("finished"))?;
            file.write_all(lines.as_bytes())?;
            file.sync_all()?;
            self.fresh.clear();
        }
        Ok(())
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Lines that are not whole were being written when the process died; their pages are read again.
fn read_finished(path: &Path) -> io::Result<FxHashSet<u128>> {
    let mut finished = FxHashSet::default();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(finished),
        Err(error) => return Err(error),
    };
    let mut torn = false;
    for line in BufReader::new(file).split(b'\n') {
        let line = line?;
        let text = std::str::from_utf8(&line).ok();
        match text
            .filter(|text| text.len() == 32)
            .and_then(|text| u128::from_str_radix(text, 16).ok())
        {
            Some(digest) => {
                finished.insert(digest);
            }
            None => torn = true,
        }
    }
    if torn {
        // A line that goes on where another was torn would be lost with it.
        let mut whole = String::new();
        for digest in &finished {
            whole.push_str(&format!("{digest:032x}\n"));
        }
        let new = path.with_extension("new");
        fs::write(&new, whole)?;
        fs::rename(&new, path)?;
    }
    Ok(finished)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept() -> Kept {
        Kept {
            url: "https://data.example/ldes".into(),
            ..Kept::default()
        }
    }

    #[test]
    fn a_position_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = Some(folder.path().join("x"));
        let mut position = Position::open(dir.clone(), kept(), &|_, _| true).expect("opens");
        position
            .kept
            .open
            .insert("urn:a".into(), OpenPage::default());
        position
            .kept
            .open
            .insert("urn:b".into(), OpenPage::default());
        position.kept.seq = 5;
        position.finish("urn:a");
        position.save().expect("saves");
        let again = Position::open(dir.clone(), kept(), &|seq, digest| {
            seq == 5 && digest.is_empty()
        })
        .expect("opens");
        assert!(again.is_finished("urn:a") && !again.is_finished("urn:b"));
        assert_eq!(again.kept.open.keys().collect::<Vec<_>>(), ["urn:b"]);
        // Another log.
        let other = Position::open(dir, kept(), &|seq, _| seq <= 4).expect("opens");
        assert!(!other.is_finished("urn:a") && other.kept.open.is_empty());
    }

    #[test]
    fn a_torn_line_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().to_path_buf();
        let mut position = Position::open(Some(dir.clone()), kept(), &|_, _| true).expect("opens");
        position.finish("urn:a");
        position.save().expect("saves");
        let path = dir.join("finished");
        let mut bytes = fs::read(&path).expect("there");
        bytes.extend_from_slice(b"0123");
        fs::write(&path, bytes).expect("writes");
        let mut again = Position::open(Some(dir.clone()), kept(), &|_, _| true).expect("opens");
        again.finish("urn:b");
        again.save().expect("saves");
        let again = Position::open(Some(dir), kept(), &|_, _| true).expect("opens");
        assert!(again.is_finished("urn:a") && again.is_finished("urn:b"));
    }
}
