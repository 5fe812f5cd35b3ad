//! Opening a log: finds its files, reads what must be read, tells what a crash leaves from damage, and only when all is
//! sound puts the folder in order.

use super::files::{self, FILE_OF_FORMAT_1, FOLDER, Found, LogFile, log_path, open_appendable};
use super::frame::{Format, FrameReader};
use super::read::{CommitLog, Shared, State, scan_error};
use super::record::{Chain, Progress};
use super::{
    CommitEntry, CommitTable, KnownLog, LogError, LogOptions, LogPosition, LogWriter, Opened,
    RecordSink, base, io_error,
};
use crate::store::fault;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Creates an empty log.
pub(super) fn create(dir: &Path, options: &LogOptions) -> Result<Opened, LogError> {
    let folder = dir.join(FOLDER);
    let failed = |source| io_error("create", &folder)(source);
    if files::exists(dir) {
        return Err(failed(io::ErrorKind::AlreadyExists.into()));
    }
    let file = (|| {
        fs::create_dir_all(&folder)?;
        let file = LogFile::create(&folder, 1, &[0; 32], "log.create")?;
        fault::sync_dir("log.create", dir)?;
        Ok(file)
    })()
    .map_err(failed)?;
    let state = State {
        base: None,
        table: CommitTable::default(),
        digest: [0; 32],
        end: LogPosition {
            file: 1,
            offset: file.start(),
        },
        files: vec![file],
    };
    let shared = Arc::new(Shared::new(folder, state));
    assemble(shared, options, 0)
}

fn assemble(
    shared: Arc<Shared>,
    options: &LogOptions,
    torn_bytes: u64,
) -> Result<Opened, LogError> {
    let writer = if options.read_only {
        None
    } else {
        let writer = LogWriter::new(shared.clone(), options.rotate_bytes);
        Some(writer.map_err(io_error("write to", &shared.folder))?)
    };
    Ok(Opened {
        log: CommitLog { shared },
        writer,
        torn_bytes,
    })
}

/// Opens a log; see [`CommitLog::open`].
pub(super) fn open(
    dir: &Path,
    options: &LogOptions,
    known: Option<KnownLog>,
    sink: &mut impl RecordSink,
) -> Result<Opened, LogError> {
    let found = files::find(dir, options)?;
    let durable_end = options
        .durable_end
        .max(known.as_ref().map(|known| known.end));
    let start = Start::choose(&found, known)?;
    let read = start.read(&found, durable_end, sink)?;
    let state = State {
        base: found.base,
        files: found.files,
        table: read.table,
        digest: read.digest,
        end: read.end,
    };
    let shared = Shared::new(found.folder, state);
    if !options.read_only {
        settle(dir, &shared, found.in_place, read.torn_bytes)?;
        base::remove(&shared.folder, found.leftovers.iter())
            .map_err(io_error("clean up", &shared.folder))?;
    }
    assemble(Arc::new(shared), options, read.torn_bytes)
}

/// Where reading starts, and what is known there.
struct Start {
    table: CommitTable,
    chain: Chain,
    /// The base is read first.
    with_base: bool,
    /// The first file read, and the place in it.
    file: usize,
    offset: u64,
    /// Commits the log must at least hold.
    at_least: u64,
}

impl Start {
    fn choose(found: &Found, known: Option<KnownLog>) -> Result<Self, LogError> {
        let Some(known) = known else {
            return Ok(Self::from_the_beginning(found, true));
        };
        let base_seq = found.base.as_ref().map_or(0, |base| base.seq);
        let last = known.table.last_seq();
        if last < base_seq {
            return Err(LogError::Superseded {
                known: last,
                first: base_seq + 1,
            });
        }
        if known.table.base_seq() > base_seq {
            return Err(LogError::Missing {
                path: files::base_path(&found.folder, known.table.base_seq()),
            });
        }
        let compacted = base_seq > known.table.base_seq();
        let mut table = known.table;
        if let Some(base) = found.base.as_ref().filter(|_| compacted) {
            table.drop_before(base.seq, base.time_ms);
            if last == base.seq && known.digest != base.digest {
                return Err(LogError::Damaged {
                    path: base.path.clone(),
                    seq: 0,
                    offset: 0,
                    reason: format!("it is not of the commit {last} that the index knows"),
                });
            }
        }
        match resume(found, &table, known.end) {
            Ok(file) => Ok(Self {
                chain: Chain::after(last, Some(known.digest)),
                table,
                with_base: false,
                file,
                offset: known.end.offset,
                at_least: last,
            }),
            // Compaction moved what followed the base: read it again, but tell only what is new.
            Err(_) if compacted => {
                let mut start = Self::from_the_beginning(found, false);
                start.chain.quiet_through = start.chain.quiet_through.max(last);
                start.chain.anchors.push((last, known.digest));
                start.at_least = last;
                Ok(start)
            }
            Err(error) => Err(error),
        }
    }

    fn from_the_beginning(found: &Found, with_base: bool) -> Self {
        let first = &found.files[0];
        let mut chain = Chain::after(first.first_seq - 1, Some(first.previous));
        let mut table = CommitTable::default();
        let mut at_least = 0;
        if let Some(base) = &found.base {
            table = CommitTable::after_base(base.seq, base.time_ms);
            chain.quiet_through = base.seq;
            chain.anchors.push((base.seq, base.digest));
            at_least = base.seq;
            if first.first_seq == base.seq + 1 {
                chain.previous = Some(base.digest);
            }
        }
        Self {
            table,
            chain,
            with_base: with_base && found.base.is_some(),
            file: 0,
            offset: first.start(),
            at_least,
        }
    }

    fn read(
        mut self,
        found: &Found,
        durable_end: Option<LogPosition>,
        sink: &mut impl RecordSink,
    ) -> Result<ReadLog, LogError> {
        let base = found.base.as_ref().filter(|_| self.with_base);
        let files = &found.files[self.file..];
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let mut before = base.map_or(0, |base| base.bytes);
        let total = before + bytes - self.offset;
        if let Some(base) = base {
            base.read(sink, Progress { before: 0, total })?;
        }
        let base_seq = self.table.base_seq();
        let mut offset = self.offset;
        let mut end = LogPosition { file: 0, offset: 0 };
        let mut torn_bytes = 0;
        for (i, file) in files.iter().enumerate() {
            let damaged = |seq, offset, reason: &str| LogError::Damaged {
                path: file.path.clone(),
                seq,
                offset,
                reason: reason.to_owned(),
            };
            if torn_bytes > 0 {
                let before = &files[i - 1];
                return Err(LogError::Damaged {
                    path: before.path.clone(),
                    seq: self.chain.seq,
                    offset: end.offset,
                    reason: "the file ends inside a record, though another file follows".to_owned(),
                });
            }
            if offset == file.start() {
                self.check_head(found, file)?;
            }
            let mut reader = FrameReader::new(file.file.clone(), file.format, offset, file.bytes);
            let table = &mut self.table;
            let closed = |record: super::record::ReadRecord| {
                if record.seq > base_seq {
                    table.push(CommitEntry {
                        seq: record.seq,
                        file: file.first_seq,
                        offset: record.start,
                        end: record.end,
                        time_ms: record.time_ms,
                        added: record.added,
                        removed: record.removed,
                    });
                }
            };
            let progress = Progress { before, total };
            let done = self
                .chain
                .scan(&mut reader, sink, closed, progress)
                .map_err(|error| scan_error(error, &file.path))?;
            end = LogPosition {
                file: file.first_seq,
                offset: done.whole,
            };
            torn_bytes = done.torn_bytes;
            let short = durable_end
                .is_some_and(|durable| durable.file == end.file && durable.offset > end.offset);
            if short {
                let reason = "the log ends before the place up to which it was durable";
                return Err(damaged(self.chain.seq, end.offset, reason));
            }
            before += file.bytes - offset;
            offset = match files.get(i + 1) {
                Some(next) => next.start(),
                None => 0,
            };
        }
        // A place in a file that a base superseded vouches for nothing any more.
        if let Some(durable) = durable_end
            && durable.file > base_seq
            && !found
                .files
                .iter()
                .any(|file| file.first_seq == durable.file)
        {
            return Err(LogError::Missing {
                path: log_path(&found.folder, durable.file),
            });
        }
        if self.chain.seq < self.at_least {
            let last = files.last().expect("a log has a file");
            return Err(LogError::Damaged {
                path: last.path.clone(),
                seq: self.chain.seq,
                offset: end.offset,
                reason: format!("the log once held commit {}", self.at_least),
            });
        }
        Ok(ReadLog {
            digest: self.chain.previous.unwrap_or_default(),
            table: self.table,
            end,
            torn_bytes,
        })
    }

    /// A file must begin where the one before ended.
    fn check_head(&self, found: &Found, file: &LogFile) -> Result<(), LogError> {
        let wanted = self.chain.seq + 1;
        if file.first_seq > wanted {
            return Err(LogError::Missing {
                path: log_path(&found.folder, wanted),
            });
        }
        let reason = if file.first_seq < wanted {
            "the file begins with a commit that the one before holds"
        } else if self.chain.previous != Some(file.previous) {
            "the file is not chained to the one before it"
        } else {
            return Ok(());
        };
        Err(LogError::Damaged {
            path: file.path.clone(),
            seq: self.chain.seq,
            offset: 0,
            reason: reason.to_owned(),
        })
    }
}

/// What reading found.
struct ReadLog {
    table: CommitTable,
    digest: [u8; 32],
    end: LogPosition,
    torn_bytes: u64,
}

/// The file in which reading goes on after what a checkpoint knows, when all it knows of is still there.
fn resume(found: &Found, table: &CommitTable, end: LogPosition) -> Result<usize, LogError> {
    let missing = |first_seq| LogError::Missing {
        path: log_path(&found.folder, first_seq),
    };
    for span in table.files() {
        let file = found
            .files
            .iter()
            .find(|file| file.first_seq == span.first_seq)
            .ok_or_else(|| missing(span.first_seq))?;
        let finished = span.first_seq < end.file;
        if file.bytes < span.end || (finished && file.bytes != span.end) {
            return Err(LogError::Damaged {
                path: file.path.clone(),
                seq: table.last_seq(),
                offset: file.bytes,
                reason: "the file does not have the length it had".to_owned(),
            });
        }
    }
    let index = found
        .files
        .iter()
        .position(|file| file.first_seq == end.file)
        .ok_or_else(|| missing(end.file))?;
    let known = |file: &&LogFile| {
        let spans = table.files();
        !spans.iter().any(|span| span.first_seq == file.first_seq)
    };
    // A file before the end that holds nothing the checkpoint knows does not belong here.
    if let Some(strange) = found.files[..index].iter().find(known) {
        return Err(LogError::Damaged {
            path: strange.path.clone(),
            seq: table.last_seq(),
            offset: 0,
            reason: "the file was not part of the log".to_owned(),
        });
    }
    let file = &found.files[index];
    if file.bytes < end.offset {
        return Err(LogError::Damaged {
            path: file.path.clone(),
            seq: table.last_seq(),
            offset: file.bytes,
            reason: "the log ends before the place up to which it was durable".to_owned(),
        });
    }
    Ok(index)
}

/// Puts a sound log in order for writing: cuts the tail, moves a log of format 1 into the folder, finishes an interrupted
/// compaction and makes sure that the last file is one to append to.
fn settle(dir: &Path, shared: &Shared, in_place: bool, torn_bytes: u64) -> Result<(), LogError> {
    let (last, end, digest, last_seq) = {
        let state = shared.read_state();
        let last = state.files.last().expect("a log has a file").clone();
        (last, state.end, state.digest, state.table.last_seq())
    };
    let file = (|| {
        let file = open_appendable(&last.path)?;
        if torn_bytes > 0 {
            fault::reach("log.cut")?;
            file.set_len(end.offset)?;
        }
        // A process that died may have left records that were read now but never synced.
        file.sync_all()?;
        Ok(file)
    })()
    .map_err(io_error("open", &last.path))?;
    {
        let mut state = shared.write_state();
        let active = state.files.last_mut().expect("a log has a file");
        active.file = Arc::new(file);
        active.bytes = end.offset;
    }
    if in_place {
        adopt(dir, shared).map_err(io_error("move into the folder log", &last.path))?;
    }
    fault::sync_dir("log.create", &shared.folder).map_err(io_error("write to", &shared.folder))?;
    let pending = {
        let state = shared.read_state();
        let base = state.base.as_ref().map(|base| base.seq);
        base.filter(|seq| state.files[0].first_seq <= *seq)
    };
    if let Some(seq) = pending {
        shared
            .drop_before(seq)
            .map_err(io_error("compact", &shared.folder))?;
    }
    let mut state = shared.write_state();
    let last = state.files.last().expect("a log has a file");
    if last.format == Format::One {
        // An empty log of format 1 gives its place to one of format 2.
        let replaces = last_seq == 0;
        let file = LogFile::create(&shared.folder, last_seq + 1, &digest, "log.create")
            .map_err(io_error("write to", &shared.folder))?;
        if replaces {
            state.files.clear();
        }
        state.end = LogPosition {
            file: file.first_seq,
            offset: file.start(),
        };
        state.files.push(file);
        shared.advance_durable(state.end);
    }
    Ok(())
}

/// Moves a log of format 1 to where the files of format 2 are.
fn adopt(dir: &Path, shared: &Shared) -> io::Result<()> {
    let path = log_path(&shared.folder, 1);
    fs::create_dir_all(&shared.folder)?;
    fault::sync_dir("log.create", dir)?;
    fault::rename("log.create", &dir.join(FILE_OF_FORMAT_1), &path)?;
    fault::sync_dir("log.create", &shared.folder)?;
    fault::sync_dir("log.create", dir)?;
    let mut state = shared.write_state();
    state.files[0].path = path;
    Ok(())
}
