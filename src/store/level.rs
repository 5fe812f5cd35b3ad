//! A level of the index: net changes of some commits, sorted in every order, in memory or in segment files.
//! An added row counts +1, a removed one −1; a state is the sum of its levels, so levels may be merged in any grouping.
//! Does not know which levels make up a state; the index does.

use crate::store::block::Row;
use crate::store::delta::Delta;
use crate::store::order::{GraphOrder, Order};
use crate::store::run::Run;
use crate::store::segment::{SegmentFile, Shared};
use crate::store::statistics::Statistics;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Kind written into segment files of rows.
pub(crate) const ROWS_KIND: &str = "rows";

/// Section of figures about added rows.
pub(crate) const STATISTICS: &str = "statistics";

/// Net changes of commits `first_seq..=last_seq`.
pub(crate) struct Level {
    pub(crate) body: Body,
    /// First commit in it.
    pub(crate) first_seq: u64,
    /// Last commit in it.
    pub(crate) last_seq: u64,
}

pub(crate) enum Body {
    /// Packed rows.
    Packed(Box<Packed>),
    /// A delta that no longer changes.
    Frozen(Box<[Delta; 5]>),
}

/// Packed rows in four orders, and the fifth by way of the first.
pub(crate) struct Packed {
    pub(crate) added: Side,
    pub(crate) removed: Side,
    /// The files of a level on disk, one for each order.
    pub(crate) files: Option<LevelFiles>,
}

/// Rows of one sign.
#[derive(Default)]
pub(crate) struct Side {
    /// SPOG, PSOG, POSG, OSPG.
    pub(crate) runs: [Run; 4],
    pub(crate) graphs: GraphOrder,
}

/// Files of one level: `{number}-{order}.seg`.
#[derive(Clone)]
pub(crate) struct LevelFiles {
    pub(crate) number: u64,
    pub(crate) files: [Arc<SegmentFile>; 4],
}

impl LevelFiles {
    /// Path of the file of one order.
    pub(crate) fn path(dir: &Path, number: u64, order: Order) -> PathBuf {
        dir.join(format!("{number:08}-{}.seg", order.name()))
    }

    /// Paths of all files of a level.
    pub(crate) fn paths(dir: &Path, number: u64) -> [PathBuf; 4] {
        Order::SORTED.map(|order| Self::path(dir, number, order))
    }
}

impl Side {
    fn open(files: &[Arc<SegmentFile>; 4], name: &str) -> io::Result<Self> {
        let mut runs: [Run; 4] = Default::default();
        for (run, file) in runs.iter_mut().zip(files) {
            *run = Run::open(file, name)?;
        }
        if runs.iter().any(|run| run.len() != runs[0].len()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the orders of a level hold different numbers of rows",
            ));
        }
        let graphs = GraphOrder::open(&files[0], name)?;
        Ok(Self { runs, graphs })
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> u64 {
        self.runs[0].len()
    }
}

impl Level {
    /// Opens the files of a level.
    ///
    /// # Errors
    /// When one is missing or not whole; the message names it.
    pub(crate) fn open(
        dir: &Path,
        number: u64,
        seqs: (u64, u64),
        shared: &Arc<Shared>,
    ) -> io::Result<Self> {
        let mut files = Vec::with_capacity(4);
        for path in LevelFiles::paths(dir, number) {
            let file = SegmentFile::open(&path, ROWS_KIND, shared).map_err(|error| {
                io::Error::new(error.kind(), format!("{}: {error}", path.display()))
            })?;
            files.push(file);
        }
        let Ok(files) = <[Arc<SegmentFile>; 4]>::try_from(files) else {
            unreachable!("there are four orders")
        };
        Ok(Self {
            body: Body::Packed(Box::new(Packed {
                added: Side::open(&files, "added")?,
                removed: Side::open(&files, "removed")?,
                files: Some(LevelFiles { number, files }),
            })),
            first_seq: seqs.0,
            last_seq: seqs.1,
        })
    }

    /// Figures about the added rows, counted when the files were written; `None` for a level in memory.
    /// They serve estimates, so files whose figures cannot be read are as good as files without.
    pub(crate) fn statistics(&self) -> Option<Arc<Statistics>> {
        let [spog, psog, posg, _] = &self.files()?.files;
        let section = |file: &Arc<SegmentFile>| file.section(STATISTICS).ok().flatten();
        let figures = Statistics::from_bytes(&section(psog)?, &section(posg)?, &section(spog)?)?;
        Some(Arc::new(figures))
    }

    /// Number of rows, added and removed.
    pub(crate) fn len(&self) -> u64 {
        match &self.body {
            Body::Packed(packed) => packed.added.len() + packed.removed.len(),
            Body::Frozen(deltas) => deltas[0].len() as u64,
        }
    }

    /// Number of added and of removed rows.
    pub(crate) fn signed_len(&self) -> (u64, u64) {
        match &self.body {
            Body::Packed(packed) => (packed.added.len(), packed.removed.len()),
            Body::Frozen(deltas) => {
                let added = deltas[0].iter().filter(|change| change.added).count() as u64;
                (added, self.len() - added)
            }
        }
    }

    /// The files; `None` for a level in memory.
    pub(crate) fn files(&self) -> Option<&LevelFiles> {
        match &self.body {
            Body::Packed(packed) => packed.files.as_ref(),
            Body::Frozen(_) => None,
        }
    }

    /// Bytes of memory held, caches not counted.
    pub(crate) fn memory_bytes(&self) -> usize {
        match &self.body {
            Body::Packed(packed) => [&packed.added, &packed.removed]
                .iter()
                .map(|side| {
                    side.runs.iter().map(Run::memory_bytes).sum::<usize>()
                        + side.graphs.memory_bytes()
                })
                .sum(),
            Body::Frozen(deltas) => deltas.iter().map(Delta::memory_bytes).sum(),
        }
    }

    /// Added minus removed rows from `low` to `high`, both included.
    pub(crate) fn balance(&self, order: Order, low: &Row, high: &Row) -> i64 {
        match &self.body {
            Body::Packed(packed) => {
                let count = |side: &Side| {
                    let from = side.lower_bound(order, low, 0);
                    (side.upper_bound(order, high, from) - from) as i64
                };
                count(&packed.added) - count(&packed.removed)
            }
            Body::Frozen(deltas) => deltas[order as usize].balance(low, high),
        }
    }
}

impl Side {
    /// Position of the first row at or after `key` in an order, searching from `from` on.
    pub(crate) fn lower_bound(&self, order: Order, key: &Row, from: u64) -> u64 {
        match order {
            Order::Gspo => self.graphs.lower_bound(&self.runs[0], key, from),
            _ => self.runs[order as usize].lower_bound(key, from),
        }
    }

    /// Position after the last row at or before `key` in an order, searching from `from` on.
    pub(crate) fn upper_bound(&self, order: Order, key: &Row, from: u64) -> u64 {
        match order {
            Order::Gspo => self.graphs.upper_bound(&self.runs[0], key, from),
            _ => self.runs[order as usize].upper_bound(key, from),
        }
    }
}
