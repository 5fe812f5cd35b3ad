//! Values that sensors tell, in columns: a write-ahead log, what came in since in memory, and Parquet files by day, which are
//! themselves what portals take. What the series *are* (sensors, units, places) are statements in the registry; here they have a
//! number, an IRI, a kind and a unit. Knows no HTTP, no RDF and no SensorThings.
//!
//! ```text
//! observations/
//!   lock                     held by the one process that writes
//!   names.log                series and features by number
//!   MANIFEST                 which files make up what is sealed, and from which log file on to read
//!   wal-000000000007         what was acknowledged and is not sealed
//!   2026-03-01-000012.parquet  observations of one day
//!   2026-03-01-000012.sums   count, least, greatest and sum of every series and hour of that day
//!   latest-000012            the newest observation of every series
//! ```
//!
//! The way of a batch: `check` (refused as a whole, with reasons, or not) → `writer` (numbers, one frame for all that wait, one
//! sync) → `memory` → acknowledged. Later `seal` sorts what is in memory into files by day, and `compact` merges files of a day.
//!
//! Two rows about the same series, moment and feature: an equal one is a duplicate and left out; another one is a correction,
//! the higher number holds and both are kept. This is decided where rows meet (reading, sealing, compacting), so that late data cost
//! no look-up when they come in.

mod check;
mod compact;
mod copy;
mod files;
mod frame;
mod latest;
mod live;
mod manifest;
mod memory;
mod names;
mod read;
mod rounds;
mod row;
mod seal;
mod segment;
mod store;
mod sums;
mod sweep;
#[cfg(test)]
mod tests;
mod wal;
mod windows;
mod writer;

pub use check::{Refusal, Refused};
pub use copy::{CopiedObservations, copy_observations};
pub use files::{SegmentFile, day_text};
pub use names::{Kind, Series};
pub use read::Scan;
pub use rounds::SealRounds;
pub use row::{DAY, FeatureId, HOUR, Observation, Row, SeriesId, Value};
pub use store::{ObservationOptions, ObservationSizes, ObservationStore};
pub use sums::Summary;
pub use sweep::Sweep;
pub use windows::{Window, Windows};
pub use writer::{Pending, Receipt};

use std::io;
use std::path::{Path, PathBuf};

/// The folder of the observations, beside the log of the registry that says what they are about.
pub const OBSERVATIONS_DIR: &str = "observations";

/// Why observations could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum ObservationError {
    /// The system refused.
    #[error("could not {doing} {}: {source}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file does not say what was written to it.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Files that a newer version of the program wrote.
    #[error("{} has format {version}, which this version does not know", path.display())]
    NewerFormat {
        /// Which file.
        path: PathBuf,
        /// The version it says.
        version: u32,
    },
    /// Another process writes.
    #[error("{} is in use by another process", path.display())]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The observations do not fit; nothing was stored.
    #[error("{} of {total} observations were refused, nothing was stored; the first: {}", refused.len(), refused.first().map(ToString::to_string).unwrap_or_default())]
    Refused {
        /// Which and why, the first of them.
        refused: Vec<Refusal>,
        /// How many there were in all.
        total: usize,
    },
    /// More arrives than can be written; nothing was stored.
    #[error("more observations arrive than can be written; try again in {seconds} s")]
    Busy {
        /// When to try again.
        seconds: u32,
    },
    /// Nothing can be written any more since an earlier write failed.
    #[error("observations are no longer stored: {reason}")]
    Stopped {
        /// What had failed.
        reason: String,
    },
    /// A series that is declared otherwise already.
    #[error("the series {iri} is declared with {there}, not {asked}")]
    OtherSeries {
        /// Its IRI.
        iri: String,
        /// Kind and unit it has.
        there: String,
        /// Kind and unit asked for.
        asked: String,
    },
    /// A name too long, or one too many of them.
    #[error("{reason}")]
    Name {
        /// What is wrong.
        reason: &'static str,
    },
    /// A question whose answer would be too large.
    #[error(
        "the question asks for more than {limit} {what}; ask for a shorter time or longer windows"
    )]
    TooMuch {
        /// What there would be too many of.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
}

fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ObservationError {
    let path = path.to_owned();
    move |source| ObservationError::Io {
        doing,
        path,
        source,
    }
}
