//! Tests of the log as a whole, on real files. What each helper writes is read back through a sink that keeps everything.

mod base;
mod damage;
mod faults;
mod format1;
mod round_trip;

use super::*;
use std::fs;
use tempfile::TempDir;

/// A row as a sink hears of it.
pub(super) type Row = (bool, String);

/// A commit as a sink hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) info: CommitInfo,
    pub(super) rows: Vec<Row>,
}

/// Keeps everything a log says.
#[derive(Debug, Default)]
pub(super) struct Keeper {
    pub(super) base: Option<Heard>,
    pub(super) commits: Vec<Heard>,
    rows: Vec<Row>,
}

impl RecordSink for Keeper {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        self.rows.push((added, line.to_owned()));
        Ok(())
    }
    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        assert_eq!(info.digest, hex(&digest));
        let rows = std::mem::take(&mut self.rows);
        self.commits.push(Heard { info, rows });
        Ok(())
    }
    fn base_end(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        assert!(self.commits.is_empty() && self.base.is_none());
        assert_eq!(info.digest, hex(&digest));
        let rows = std::mem::take(&mut self.rows);
        self.base = Some(Heard { info, rows });
        Ok(())
    }
    fn forget(&mut self) {
        self.rows.clear();
    }
}

/// A log in a folder of its own, and what should be in it.
pub(super) struct Fixture {
    pub(super) folder: TempDir,
    pub(super) options: LogOptions,
    pub(super) log: CommitLog,
    pub(super) writer: Option<LogWriter>,
    pub(super) written: Vec<Heard>,
}

pub(super) fn options(rotate_bytes: u64) -> LogOptions {
    LogOptions {
        rotate_bytes,
        ..LogOptions::default()
    }
}

pub(super) fn read_only() -> LogOptions {
    LogOptions {
        read_only: true,
        ..LogOptions::default()
    }
}

/// Rows that differ from commit to commit: one added in each, `count` in all.
pub(super) fn some_rows(seq: u64, count: usize) -> Vec<Row> {
    (0..count)
        .map(|i| {
            let row =
                format!("<http://example.org/{seq}/{i}> <http://example.org/p> \"waarde {i}\" .");
            (i % 3 != 1, row)
        })
        .collect()
}

pub(super) fn info(seq: u64, rows: &[Row]) -> CommitInfo {
    let added = rows.iter().filter(|(added, _)| *added).count() as u64;
    CommitInfo {
        seq,
        time: format!(
            "2026-03-02T08:15:{:02}.{:03}Z",
            (seq / 1000) % 60,
            seq % 1000
        ),
        agent: "https://example.org/agent".into(),
        activity: format!("https://example.org/load/{seq}"),
        source: Vec::new(),
        message: seq.is_multiple_of(2).then(|| "een bericht".to_owned()),
        added,
        removed: rows.len() as u64 - added,
        digest: String::new(),
    }
}

impl Fixture {
    pub(super) fn new(rotate_bytes: u64) -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let options = options(rotate_bytes);
        let opened = CommitLog::create(folder.path(), options).expect("creates");
        Self {
            folder,
            options,
            log: opened.log,
            writer: opened.writer,
            written: Vec::new(),
        }
    }

    /// A log of `commits` commits of three rows.
    pub(super) fn filled(rotate_bytes: u64, commits: u64) -> Self {
        let mut fixture = Self::new(rotate_bytes);
        for _ in 0..commits {
            fixture.commit(3);
        }
        fixture
    }

    pub(super) fn dir(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn writer(&mut self) -> &mut LogWriter {
        self.writer.as_mut().expect("open for writing")
    }

    /// Appends a record without making it durable.
    pub(super) fn append(&mut self, rows: Vec<Row>) -> io::Result<()> {
        let last = self.log.table().last_seq();
        let mut info = info(last + 1, &rows);
        let previous = self.log.digest();
        let mut record = self.writer().begin(&info, &previous)?;
        for (added, row) in &rows {
            let terms = row.strip_suffix(" .").expect("rows end so");
            record.row(*added, |out| out.extend_from_slice(terms.as_bytes()))?;
        }
        info.digest = hex(&record.finish()?);
        self.written.push(Heard { info, rows });
        Ok(())
    }

    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.writer().syncer().sync()
    }

    /// Appends a record of `rows` rows and makes it durable.
    pub(super) fn commit(&mut self, rows: usize) {
        let seq = self.log.table().last_seq() + 1;
        self.append(some_rows(seq, rows)).expect("appends");
        self.sync().expect("syncs");
    }

    pub(super) fn known(&self) -> KnownLog {
        KnownLog {
            table: self.log.table().clone(),
            digest: self.log.digest(),
            end: self.log.end(),
        }
    }

    /// Opens the log anew, as after a restart.
    pub(super) fn reopen(&mut self, known: Option<KnownLog>) -> Result<Keeper, LogError> {
        self.writer = None;
        let mut keeper = Keeper::default();
        let opened = CommitLog::open(self.folder.path(), self.options, known, &mut keeper)?;
        self.log = opened.log;
        self.writer = opened.writer;
        Ok(keeper)
    }

    /// Opens a copy of the folder without changing it.
    pub(super) fn look(&self) -> Result<Keeper, LogError> {
        look(self.dir(), read_only())
    }

    /// Number and bytes of each log file.
    pub(super) fn file_bytes(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files: Vec<_> = fs::read_dir(self.dir().join("log"))
            .expect("lists")
            .map(|entry| entry.expect("lists").path())
            .map(|path| (path.clone(), fs::read(path).expect("reads")))
            .collect();
        files.sort();
        files
    }
}

pub(super) fn look(dir: &Path, options: LogOptions) -> Result<Keeper, LogError> {
    let mut keeper = Keeper::default();
    CommitLog::open(dir, options, None, &mut keeper)?;
    Ok(keeper)
}
