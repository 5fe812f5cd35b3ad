//! Verification: is the log whole, and does the index say what the log says? Claims nothing and changes nothing.
//! Everything is read as a stream, so a check takes little memory whatever the size of the store.

use crate::rdf::label::Text;
use crate::store::block::Row;
use crate::store::cursor::Cursor;
use crate::store::derived::{Derivers, check_files};
use crate::store::folder::Folder;
use crate::store::id::Id;
use crate::store::log::{CommitInfo, CommitLog, LogOptions, RecordSink, hex};
use crate::store::order::Order;
use crate::store::recover::{READER_TRIES, Stored, stored_state};
use crate::store::replay::ReplayProgress;
use crate::store::segment::{Shared, Unreadable};
use crate::store::snapshot::Snapshot;
use crate::store::{OpenOptions, Store, StoreError};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// What [`check`] found.
#[derive(Debug, Default)]
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
    pub findings: Vec<Finding>,
}

/// Something wrong with a data folder.
#[derive(Debug)]
pub enum Finding {
    /// The log, the truth, is damaged: only a copy can mend it.
    Log(StoreError),
    /// The index is wrong, in one sentence that names the file where one is at fault; it can be made anew from the log.
    Index(Text),
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Log(error) => error.fmt(f),
            Self::Index(text) => f.write_str(&text.en),
        }
    }
}

impl CheckReport {
    /// Whether something is wrong, and with the index only.
    pub fn only_index(&self) -> bool {
        let index = |finding: &Finding| matches!(finding, Finding::Index(_));
        !self.findings.is_empty() && self.findings.iter().all(index)
    }

    fn index(&mut self, nl: impl Into<String>, en: impl Into<String>) {
        self.findings.push(Finding::Index(Text::new(nl, en)));
    }
}

/// What the rows of a log add up to.
pub(crate) struct LogSum {
    /// Last commit.
    pub(crate) seq: u64,
    /// Its chain digest.
    pub(crate) digest: [u8; 32],
    /// Quads after it.
    pub(crate) quads: u64,
    /// Bytes of a commit that was never acknowledged.
    pub(crate) torn_bytes: u64,
    /// Order-free sum of the hashes of those quads' texts.
    sum: u64,
}

/// Reads the whole log of a data folder as a stream: frames, digests and chain. Changes nothing.
///
/// # Errors
/// When it cannot be read or is damaged.
pub(crate) fn sum_log(dir: &Path, progress: ReplayProgress<'_>) -> Result<LogSum, StoreError> {
    let mut sums = Sums::new(progress);
    let options = LogOptions {
        read_only: true,
        ..LogOptions::default()
    };
    let opened = CommitLog::open(dir, options, None, &mut sums)?;
    Ok(LogSum {
        seq: sums.seq,
        digest: sums.digest,
        quads: sums.quads,
        torn_bytes: opened.torn_bytes,
        sum: sums.sum,
    })
}

/// Reads the whole log of a data folder (frames, digests, chain) and opens its index. With `deep`, also reads every block
/// and text of the index, compares the orders with each other and the quads with those the log adds up to, reads the files
/// derived from texts, and derives anew what `derivers` know.
///
/// # Errors
/// When the folder holds no registry or cannot be read. Damage is a finding, not an error.
pub fn check(
    dir: &Path,
    deep: bool,
    derivers: Derivers,
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
    let log = match sum_log(dir, progress) {
        Ok(log) => log,
        Err(error @ StoreError::Io { .. }) => return Err(error),
        Err(error) => {
            report.findings.push(Finding::Log(error));
            return Ok(report);
        }
    };
    report.commits = log.seq;
    report.quads = log.quads;
    report.digest = hex(&log.digest);
    report.torn_bytes = log.torn_bytes;
    if let Some(reason) = unusable(dir)? {
        report.index(
            format!("de index kan niet gebruikt worden: {reason}"),
            format!("the index cannot be used: {reason}"),
        );
        return Ok(report);
    }
    let found = catch_unwind(AssertUnwindSafe(|| examine(dir, &log, deep, derivers)));
    match found {
        Ok(Ok(None)) => {}
        Ok(Ok(Some(finding))) => report.findings.push(Finding::Index(finding)),
        Ok(Err(error)) => return Err(error),
        Err(panic) => match panic.downcast::<Unreadable>() {
            Ok(unreadable) => report.index(
                format!(
                    "een deel van de index kan niet gelezen worden: {}",
                    unreadable.message
                ),
                format!("a part of the index cannot be read: {}", unreadable.message),
            ),
            Err(panic) => std::panic::resume_unwind(panic),
        },
    }
    Ok(report)
}

/// Why the index that the manifest names cannot be used, if that is so.
fn unusable(dir: &Path) -> Result<Option<String>, StoreError> {
    let folder = Folder::read(dir);
    let mut tries = 0;
    loop {
        match stored_state(&folder, &Shared::new(1 << 20))? {
            // A server may just have replaced files that the manifest named.
            Stored::Unusable(_) if tries < READER_TRIES => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
            }
            Stored::Unusable(reason) => return Ok(Some(reason)),
            Stored::State(..) | Stored::Nothing => return Ok(None),
        }
    }
}

/// The first thing that is wrong with an index that can be opened.
fn examine(
    dir: &Path,
    log: &LogSum,
    deep: bool,
    derivers: Derivers,
) -> Result<Option<Text>, StoreError> {
    let store = Store::open(
        dir,
        OpenOptions {
            read_only: true,
            must_exist: true,
            ..OpenOptions::default()
        },
    )?;
    if let Some(damaged) = store.health().damaged {
        // Opening met it when it read on from the checkpoint, and went back to the log.
        return Ok(Some(Text::new(
            format!("een deel van de index kan niet gelezen worden: {damaged}"),
            format!("a part of the index cannot be read: {damaged}"),
        )));
    }
    // A server may have committed since the log was read: look at the state the sums belong to.
    let snapshot = store.as_of(crate::store::AsOf::Seq(log.seq))?;
    let quads = snapshot.quad_count();
    if quads != log.quads {
        return Ok(Some(Text::new(
            format!(
                "de index heeft {quads} quads, het logboek telt op tot {}",
                log.quads
            ),
            format!(
                "the index holds {quads} quads, the log adds up to {}",
                log.quads
            ),
        )));
    }
    if deep {
        let derived = || check_derived(&snapshot, derivers);
        return Ok(compare(&snapshot, log.sum).and_then(|()| derived()).err());
    }
    Ok(None)
}

/// Compares the files derived from texts with what the texts give now.
fn check_derived(snapshot: &Snapshot, derivers: Derivers) -> Result<(), Text> {
    let view = snapshot.whole();
    for terms in snapshot.version().dictionary.files() {
        check_files(terms, derivers, &view).map_err(|reason| {
            Text::new(
                format!("een van de teksten afgeleid bestand klopt niet: {reason}"),
                format!("a file derived from the texts is wrong: {reason}"),
            )
        })?;
    }
    Ok(())
}

/// Compares the orders with each other, the texts with their hashes, and the quads with the sum of the log's.
fn compare(snapshot: &Snapshot, wanted: u64) -> Result<(), Text> {
    let version = snapshot.version();
    let in_texts = |reason| {
        Text::new(
            format!("een bestand met teksten klopt niet: {reason}"),
            format!("a file of texts is wrong: {reason}"),
        )
    };
    for file in version.dictionary.files() {
        file.check(version.dictionary.seed()).map_err(in_texts)?;
    }
    let files = version
        .index
        .levels()
        .iter()
        .filter_map(|level| level.files());
    for file in files.flat_map(|level| &level.files) {
        file.check_sections().map_err(|error| {
            let place = format!("{}: {error}", file.path().display());
            Text::new(
                format!("een deel van de index kan niet gelezen worden: {place}"),
                format!("a part of the index cannot be read: {place}"),
            )
        })?;
    }
    check_orders(snapshot).map_err(|reason| {
        Text::new(
            format!("de volgordes van de index verschillen: {reason}"),
            format!("the orders of the index disagree: {reason}"),
        )
    })?;
    let mut sum = 0_u64;
    let mut line = Vec::new();
    for row in version.index.scan(Order::Spog) {
        line.clear();
        write_row(snapshot, &row, &mut line);
        sum = sum.wrapping_add(xxh3_64(&line));
    }
    if sum != wanted {
        return Err(Text::new(
            "de index bevat andere quads dan waar het logboek toe optelt",
            "the index holds other quads than the log adds up to",
        ));
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
