//! What became of the runs of a source: one line each in `runs.ndjson`. A failure to write it down is logged and no more.

use crate::ingest::failure::Failure;
use crate::ingest::normalise::RepairReport;
use crate::registry::Registry;
use crate::store::{StoreError, replace_file};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// Lines that are kept; the file is cut down to them when it has twice as many.
const KEPT: usize = 1_000;
/// A longer file is not read whole.
const MOST_BYTES: u64 = 64 << 20;

/// How a run ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Something changed.
    #[default]
    Done,
    /// Nothing changed.
    Unchanged,
    /// It was stopped before its end.
    Stopped,
    /// Not all could be taken in.
    Failing,
}

/// One run of a source.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct RunRecord {
    /// When it began (UTC).
    pub began: String,
    /// How long it took.
    pub seconds: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// Members of a stream, or statements of documents, that were read.
    pub members: u64,
    /// Quads added.
    pub added: u64,
    /// Quads removed.
    pub removed: u64,
    /// Commits made.
    pub commits: u64,
    /// Members that wait in quarantine because of it.
    pub waiting: u64,
    /// How much was read as another name or repaired.
    #[serde(default)]
    pub repaired: u64,
    /// Records that were refused or held back.
    #[serde(default)]
    pub refused: u64,
    /// How often each code of a repair applied.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub codes: BTreeMap<String, u64>,
    /// The latest moment of a member so far (UTC).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<String>,
    /// The version of a vocabulary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What a steward should know although nothing went wrong: Dutch, English; at most fifty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<[String; 2]>,
    /// The first thing that went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// Notes that a run keeps.
pub(super) const MOST_NOTES: usize = 50;

impl RunRecord {
    /// Notes something: Dutch, English.
    pub(super) fn note(&mut self, nl: String, en: String) {
        if self.notes.len() < MOST_NOTES {
            self.notes.push([nl, en]);
        }
    }

    /// Ends the run with what went wrong.
    pub(super) fn fail(&mut self, failure: impl Into<Box<Failure>>) -> Result<(), StoreError> {
        self.failure = Some(*failure.into());
        Ok(())
    }

    /// A run that begins now.
    pub(super) fn begun() -> Self {
        Self {
            began: jiff::Timestamp::now()
                .strftime("%Y-%m-%dT%H:%M:%SZ")
                .to_string(),
            ..Self::default()
        }
    }
}

impl RunRecord {
    /// Adds what was mended.
    pub(super) fn mended(&mut self, report: &RepairReport) {
        self.repaired += report.repaired();
        self.refused += report.refused_count;
        for (code, count) in report.counts() {
            *self.codes.entry(code).or_default() += count;
        }
    }
}

const FILE: &str = "runs.ndjson";

/// The latest runs of a source, the last one first; at most `most`.
pub fn runs_of(registry: &Registry, name: &str, most: usize) -> Vec<RunRecord> {
    let Some(folder) = super::folder_of(registry, name) else {
        return Vec::new();
    };
    let text = read(&folder.join(FILE)).unwrap_or_default();
    let records = text.lines().rev();
    let records = records.filter_map(|line| serde_json::from_str(line).ok());
    records.take(most).collect()
}

fn read(path: &Path) -> Option<String> {
    let is_short = fs::metadata(path).ok()?.len() <= MOST_BYTES;
    is_short.then(|| fs::read_to_string(path).ok()).flatten()
}

/// Writes a run down.
pub(super) fn write(folder: &Path, record: &RunRecord) {
    if let Err(error) = append(folder, record) {
        tracing::warn!(%error, "The run of a source could not be written down");
    }
}

fn append(folder: &Path, record: &RunRecord) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let path = folder.join(FILE);
    let text = read(&path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let mut line = serde_json::to_string(record)?;
    line.push('\n');
    if lines.len() < 2 * KEPT {
        let mut file = OpenOptions::new().create(true).append(true).open(path)?;
        return file.write_all(line.as_bytes());
    }
    let mut kept = lines[lines.len() - KEPT..].join("\n");
    kept.push('\n');
    kept.push_str(&line);
    replace_file(&path, kept.as_bytes())
}

/// What a small file holds, when it can be read.
pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_str(&read(path)?).ok()
}

/// Replaces a small file.
pub(super) fn write_json(path: &Path, value: &impl Serialize) {
    let written = serde_json::to_vec(value)
        .map_err(io::Error::from)
        .and_then(|bytes| replace_file(path, &bytes));
    if let Err(error) = written {
        tracing::warn!(%error, "What is known of a source could not be written down");
    }
}
