//! Verification: is the log whole, and does the index say what the log says? Claims nothing and changes nothing.
//! Everything is read as a stream, so a check takes little memory whatever the size of the store.

use crate::store::block::Row;
use crate::store::cursor::Cursor;
use crate::store::id::Id;
use crate::store::log::{CommitInfo, CommitLog, LogOptions, RecordSink, hex};
use crate::store::order::Order;
use crate::store::replay::ReplayProgress;
use crate::store::segment::Unreadable;
use crate::store::snapshot::Snapshot;
use crate::store::{OpenOptions, Store, StoreError};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use xxhash_rust::xxh3::xxh3_64;

/// What [`check`] found.
#[derive(Clone, Debug, Default)]
pub struct CheckReport {
    /// Number of the last commit.
    pub commits: u64,
    /// Quads after it.
    pub quads: u64,
    /// Its chain digest, lower-case hex.
    pub digest: String,
    /// Bytes of a commit that was never acknowledged.
    pub torn_bytes: u64,
    /// Whether every block of the index was read and compared with the log.
    pub deep: bool,
    /// What is wrong; empty when all is well.
    pub findings: Vec<String>,
}

/// Reads the whole log of a data folder (frames, digests, chain) and opens its index. With `deep`, also reads every block
/// and text of the index, compares the orders with each other and the quads with those the log adds up to.
///
/// # Errors
/// When the folder holds no registry or cannot be read. Damage is a finding, not an error.
pub fn check(
    dir: &Path,
    deep: bool,
    progress: ReplayProgress<'_>,
) -> Result<CheckReport, StoreError> {
    if !CommitLog::exists(dir) {
        return Err(StoreError::Missing {
            path: dir.to_owned(),
        });
    }
    let mut report = CheckReport {
        deep,
        ..CheckReport::default()
    };
    let mut sums = Sums::new(progress);
    let options = LogOptions {
        read_only: true,
        ..LogOptions::default()
    };
    match CommitLog::open(dir, options, None, &mut sums).map_err(StoreError::from) {
        Ok(opened) => report.torn_bytes = opened.torn_bytes,
        Err(error @ StoreError::Io { .. }) => return Err(error),
        Err(error) => {
            report.findings.push(error.to_string());
            return Ok(report);
        }
    }
    report.commits = sums.seq;
    report.quads = sums.quads;
    report.digest = hex(&sums.digest);
    let (rows, sum) = (sums.quads, sums.sum);
    let opened = Store::open(
        dir,
        OpenOptions {
            read_only: true,
            must_exist: true,
            ..OpenOptions::default()
        },
    );
    let store = match opened {
        Ok(store) => store,
        Err(error) => {
            report.findings.push(error.to_string());
            return Ok(report);
        }
    };
    // A server may have committed since the log was read: look at the state the sums belong to.
    let snapshot = store.as_of(crate::store::AsOf::Seq(report.commits))?;
    if snapshot.quad_count() != rows {
        report.findings.push(format!(
            "the index holds {} quads, the log adds up to {rows}",
            snapshot.quad_count()
        ));
    }
    if deep {
        let found = catch_unwind(AssertUnwindSafe(|| compare(&snapshot, sum)));
        match found {
            Ok(Ok(())) => {}
            Ok(Err(finding)) => report.findings.push(finding),
            Err(panic) => match panic.downcast::<Unreadable>() {
                Ok(unreadable) => report.findings.push(unreadable.message),
                Err(panic) => std::panic::resume_unwind(panic),
            },
        }
    }
    Ok(report)
}

/// Compares the orders with each other, the texts with their hashes, and the quads with the sum of the log's.
fn compare(snapshot: &Snapshot, wanted: u64) -> Result<(), String> {
    let version = snapshot.version();
    for file in version.dictionary.files() {
        file.check(version.dictionary.seed())?;
    }
    check_orders(snapshot)?;
    let mut sum = 0_u64;
    let mut line = Vec::new();
    for row in version.index.scan(Order::Spog) {
        line.clear();
        write_row(snapshot, &row, &mut line);
        sum = sum.wrapping_add(xxh3_64(&line));
    }
    if sum != wanted {
        return Err("the index holds other quads than the log adds up to".to_owned());
    }
    Ok(())
}

/// Checks that the orders are sorted and hold the same quads.
///
/// # Errors
/// A sentence that names the first disagreement.
pub(crate) fn check_orders(snapshot: &Snapshot) -> Result<(), String> {
    let version = snapshot.version();
    let mut expected: Option<(u64, u64)> = None;
    for order in Order::ALL {
        let (rows, sum) = sum_of(version.index.scan(order), order)?;
        match expected {
            None => expected = Some((rows, sum)),
            Some(first) if first != (rows, sum) => {
                return Err(format!(
                    "the order {} differs from the order by subject: {rows} rows against {}",
                    order.name(),
                    first.0
                ));
            }
            Some(_) => {}
        }
    }
    if expected.is_some_and(|(rows, _)| rows != snapshot.quad_count())
        || version.index.len() != snapshot.quad_count()
    {
        return Err("the quad count differs from the rows of the index".to_owned());
    }
    Ok(())
}

/// Rows of an order and an order-free sum of their hashes: equal sets give equal sums.
fn sum_of(cursor: Cursor, order: Order) -> Result<(u64, u64), String> {
    let (mut rows, mut sum, mut last) = (0_u64, 0_u64, None);
    for row in cursor {
        if last.is_some_and(|last| last >= row) {
            return Err(format!(
                "the order {} is not sorted at row {rows}",
                order.name()
            ));
        }
        last = Some(row);
        rows += 1;
        let mut bytes = [0; 32];
        for (chunk, value) in bytes
            .as_chunks_mut::<8>()
            .0
            .iter_mut()
            .zip(order.spog(&row))
        {
            *chunk = value.to_le_bytes();
        }
        sum = sum.wrapping_add(xxh3_64(&bytes));
    }
    Ok((rows, sum))
}

fn write_row(snapshot: &Snapshot, row: &Row, line: &mut Vec<u8>) {
    let dictionary = &snapshot.version().dictionary;
    for raw in row {
        let id = Id::from_raw(*raw).expect("rows hold ids, never 0");
        if id != Id::DEFAULT_GRAPH {
            dictionary.write_text(id, line);
            line.push(b' ');
        }
    }
    line.push(b'.');
}

/// Adds up the rows of the log.
struct Sums<'a> {
    seq: u64,
    digest: [u8; 32],
    quads: u64,
    sum: u64,
    /// Of the record being read.
    open: (u64, u64),
    progress: ReplayProgress<'a>,
}

impl<'a> Sums<'a> {
    fn new(progress: ReplayProgress<'a>) -> Self {
        Self {
            seq: 0,
            digest: [0; 32],
            quads: 0,
            sum: 0,
            open: (0, 0),
            progress,
        }
    }
}

impl RecordSink for Sums<'_> {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        let hash = xxh3_64(line.as_bytes());
        let (quads, sum) = &mut self.open;
        if added {
            *quads = quads.wrapping_add(1);
            *sum = sum.wrapping_add(hash);
        } else {
            *quads = quads.wrapping_sub(1);
            *sum = sum.wrapping_sub(hash);
        }
        Ok(())
    }

    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        let (quads, sum) = std::mem::take(&mut self.open);
        self.quads = self.quads.wrapping_add(quads);
        self.sum = self.sum.wrapping_add(sum);
        self.seq = info.seq;
        self.digest = digest;
        Ok(())
    }

    fn base_end(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        self.commit(info, digest)
    }

    fn forget(&mut self) {
        self.open = (0, 0);
    }

    fn progress(&mut self, read_bytes: u64, total_bytes: u64) {
        (self.progress)(read_bytes, total_bytes);
    }
}
