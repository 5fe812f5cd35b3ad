//! The reading side of an opened log, shared by any number of threads while one appends: commits by number, their
//! headers, their rows. Hands out only what was appended whole.

use super::base::BaseFile;
use super::files::{self, LogFile};
use super::frame::{FrameRead, FrameReader};
use super::header::{RECORD_END, ROWS_BEGIN, hex, parse_header, split_durable_line, split_trailer};
use super::record::{Chain, Progress, ScanError};
use super::{
    CommitEntry, CommitInfo, CommitTable, LogError, LogOptions, LogPosition, Opened, RecordSink,
    io_error,
};
use crate::store::fault;
use std::io;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// An opened log. Clones are the same log.
#[derive(Clone)]
pub(crate) struct CommitLog {
    pub(super) shared: Arc<Shared>,
}

/// What the sides of a log share.
pub(super) struct Shared {
    /// Folder of the log files.
    pub(super) folder: PathBuf,
    state: RwLock<State>,
    /// Held while one thread syncs; taken before `state` where both are.
    pub(super) syncing: Mutex<()>,
    /// Everything before this place is durable. Held for moments only, so that appending never waits for a sync.
    durable: Mutex<LogPosition>,
    /// Why nothing can be made durable any more.
    pub(super) sync_failed: OnceLock<String>,
    /// Syncs that succeeded.
    syncs: AtomicU64,
}

/// What is in the log now.
pub(super) struct State {
    /// The base, if older commits were given up.
    pub(super) base: Option<BaseFile>,
    /// Files, oldest first; the last is the one appended to.
    pub(super) files: Vec<LogFile>,
    /// Commits appended, durable or not.
    pub(super) table: CommitTable,
    /// Chain digest of the last commit; zeros before the first.
    pub(super) digest: [u8; 32],
    /// Where the next record starts.
    pub(super) end: LogPosition,
}

/// The commits of a log, held still while they are looked at.
pub(crate) struct TableGuard<'a>(RwLockReadGuard<'a, State>);

impl Deref for TableGuard<'_> {
    type Target = CommitTable;
    fn deref(&self) -> &CommitTable {
        &self.0.table
    }
}

impl Shared {
    pub(super) fn new(folder: PathBuf, state: State) -> Self {
        Self {
            folder,
            syncing: Mutex::new(()),
            durable: Mutex::new(state.end),
            state: RwLock::new(state),
            sync_failed: OnceLock::new(),
            syncs: AtomicU64::new(0),
        }
    }

    pub(super) fn read_state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn write_state(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes everything durable that was appended before this call. Callers that come while another syncs share the
    /// next sync. After one failure every later call fails: the system may have dropped the bytes it could not write.
    pub(super) fn sync(&self) -> io::Result<()> {
        let wanted = self.read_state().end;
        if self.sync_failed.get().is_none() && self.durable() >= wanted {
            return Ok(());
        }
        let _syncing = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = self.sync_failed.get() {
            return Err(io::Error::other(reason.clone()));
        }
        if self.durable() >= wanted {
            return Ok(());
        }
        let (file, end) = {
            let state = self.read_state();
            (state.files.last().map(|file| file.file.clone()), state.end)
        };
        if let Some(file) = file
            && let Err(error) = fault::sync("log.sync", &file)
        {
            let reason = format!("the commit log could not be made durable: {error}");
            self.sync_failed.get_or_init(|| reason);
            return Err(error);
        }
        self.syncs.fetch_add(1, Ordering::Relaxed);
        self.advance_durable(end);
        Ok(())
    }

    /// Up to where the log is durable.
    pub(super) fn durable(&self) -> LogPosition {
        *self.durable.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note that everything before a place is durable.
    pub(super) fn advance_durable(&self, place: LogPosition) {
        let mut durable = self.durable.lock().unwrap_or_else(PoisonError::into_inner);
        *durable = place.max(*durable);
    }
}

impl CommitLog {
    /// Whether a data folder holds a log, sound or not.
    pub(crate) fn exists(dir: &Path) -> bool {
        files::exists(dir)
    }

    /// Creates an empty log in a data folder that has none.
    pub(crate) fn create(dir: &Path, options: LogOptions) -> Result<Opened, LogError> {
        super::open::create(dir, &options)
    }

    /// Opens the log of a data folder. With `known`, what a checkpoint remembers is not read again; without, everything
    /// from the base or the first record on is verified and handed to the sink. Unless reading only, what a crash left is
    /// cut off, a log of format 1 is adopted and superseded files are removed: all that after everything was found sound.
    pub(crate) fn open(
        dir: &Path,
        options: LogOptions,
        known: Option<super::KnownLog>,
        sink: &mut impl RecordSink,
    ) -> Result<Opened, LogError> {
        super::open::open(dir, &options, known, sink)
    }

    /// The commits. Appending waits while the guard lives, and so may another call of this log: look and let go.
    pub(crate) fn table(&self) -> TableGuard<'_> {
        TableGuard(self.shared.read_state())
    }

    /// Where the next record starts.
    pub(crate) fn end(&self) -> LogPosition {
        self.shared.read_state().end
    }

    /// Up to which byte the file appended to is durable.
    pub(crate) fn durable_offset(&self) -> u64 {
        let (durable, end) = (self.shared.durable(), self.end());
        if durable.file == end.file {
            durable.offset
        } else {
            0
        }
    }

    /// Chain digest of the last commit; zeros before the first.
    pub(crate) fn digest(&self) -> [u8; 32] {
        self.shared.read_state().digest
    }

    /// How often the log was made durable since it was opened.
    pub(crate) fn syncs(&self) -> u64 {
        self.shared.syncs.load(Ordering::Relaxed)
    }

    /// Bytes of all files that count.
    pub(crate) fn size_bytes(&self) -> u64 {
        let state = self.shared.read_state();
        let finished = state.files.split_last().map_or(&[][..], |(_, rest)| rest);
        let base = state.base.as_ref().map_or(0, |base| base.bytes);
        let finished: u64 = finished.iter().map(|file| file_end(&state, file)).sum();
        base + finished + state.end.offset
    }

    #[cfg(test)]
    /// All files that count, base first; the last one is the one appended to.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let state = self.shared.read_state();
        let base = state.base.iter().map(|base| base.path.clone());
        base.chain(state.files.iter().map(|file| file.path.clone()))
            .collect()
    }

    /// What the log says of a commit; the base's commit is known too.
    pub(crate) fn info(&self, seq: u64) -> Result<CommitInfo, LogError> {
        Ok(self.header(seq)?.0)
    }

    /// What the log says of the commits `from` to `to`, both included.
    pub(crate) fn infos(&self, from: u64, to: u64) -> Result<Vec<CommitInfo>, LogError> {
        let mut infos = Vec::new();
        self.headers(from, to, |info, _| infos.push(info))?;
        Ok(infos)
    }

    /// Header of a commit, its digest included, and the digest of the commit before.
    pub(crate) fn header(&self, seq: u64) -> Result<(CommitInfo, [u8; 32]), LogError> {
        let mut header = None;
        self.headers(seq, seq, |info, previous| header = Some((info, previous)))?;
        Ok(header.expect("a header was read or an error returned"))
    }

    /// Hands out the headers of commits, digests included, each with the digest of the commit before.
    fn headers(
        &self,
        from: u64,
        to: u64,
        mut take: impl FnMut(CommitInfo, [u8; 32]),
    ) -> Result<(), LogError> {
        let mut reader: Option<(u64, FrameReader)> = None;
        // A record of many frames names its digest at its end; the header after it repeats it at once.
        let mut waiting: Option<(CommitInfo, [u8; 32])> = None;
        let mut seq = from;
        while seq <= to || waiting.is_some() {
            let (place, last_digest) = {
                let state = self.shared.read_state();
                if let Some(base) = state.base.as_ref().filter(|base| base.seq == seq) {
                    take(base.info.clone(), base.previous);
                    seq += 1;
                    continue;
                }
                if seq == state.table.last_seq() + 1 && waiting.is_some() {
                    (None, state.digest)
                } else {
                    (Some(place(&state, seq)?), [0; 32])
                }
            };
            let header = match &place {
                None => None,
                Some(place) => Some(place.read_header(&mut reader)?),
            };
            if let Some((mut info, before)) = waiting.take() {
                let digest = header
                    .as_ref()
                    .map_or(last_digest, |header| header.previous);
                info.digest = hex(&digest);
                take(info, before);
            }
            let Some(mut header) = header.filter(|_| seq <= to) else {
                break;
            };
            match header.digest {
                Some(digest) => {
                    header.info.digest = hex(&digest);
                    take(header.info, header.previous);
                }
                None => waiting = Some((header.info, header.previous)),
            }
            seq += 1;
        }
        Ok(())
    }

    /// Reads the commits `from` to `to`, both included, and hands their verified rows to the sink. The first of them is
    /// taken at its word about the one before it, unless that is the base.
    pub(crate) fn read(
        &self,
        from: u64,
        to: u64,
        sink: &mut impl RecordSink,
    ) -> Result<(), LogError> {
        if from > to {
            return Ok(());
        }
        let (sections, previous) = {
            let state = self.shared.read_state();
            (sections(&state, from, to)?, digest_before(&state, from))
        };
        read_sections(&sections, Chain::after(from - 1, previous), sink)
    }

    #[cfg(test)]
    /// Reads everything again, base and records, and hands it to the sink.
    pub(crate) fn verify(&self, sink: &mut impl RecordSink) -> Result<(), LogError> {
        let (base, sections, chain) = {
            let state = self.shared.read_state();
            let from = state.table.first_seq();
            let sections = match state.table.len() {
                0 => Vec::new(),
                _ => sections(&state, from, state.table.last_seq())?,
            };
            let chain = Chain::after(from - 1, digest_before(&state, from));
            (state.base.clone(), sections, chain)
        };
        if let Some(base) = base {
            let total = base.bytes
                + sections
                    .iter()
                    .map(|place| place.end - place.start)
                    .sum::<u64>();
            base.read(sink, Progress { before: 0, total })?;
        }
        read_sections(&sections, chain, sink)
    }
}

/// Digest of the commit before `seq`, where it needs no reading.
fn digest_before(state: &State, seq: u64) -> Option<[u8; 32]> {
    match &state.base {
        Some(base) if base.seq + 1 == seq => Some(base.digest),
        None if seq == 1 => Some([0; 32]),
        _ => None,
    }
}

/// A run of records in one file.
struct Place {
    file: LogFile,
    start: u64,
    end: u64,
    seq: u64,
}

fn place(state: &State, seq: u64) -> Result<Place, LogError> {
    let unknown = || LogError::Unknown {
        seq,
        first: state.table.first_seq(),
        last: state.table.last_seq(),
    };
    let CommitEntry {
        file, offset, end, ..
    } = state.table.entry(seq).ok_or_else(unknown)?;
    let file = state
        .files
        .iter()
        .find(|known| known.first_seq == file)
        .ok_or_else(unknown)?;
    Ok(Place {
        file: file.clone(),
        start: offset,
        end,
        seq,
    })
}

/// The runs that hold the commits `from` to `to`.
fn sections(state: &State, from: u64, to: u64) -> Result<Vec<Place>, LogError> {
    let first = place(state, from)?;
    let last = place(state, to)?;
    let mut sections = Vec::new();
    for file in &state.files {
        if file.first_seq < first.file.first_seq || file.first_seq > last.file.first_seq {
            continue;
        }
        let start = if file.first_seq == first.file.first_seq {
            first.start
        } else {
            file.start()
        };
        let end = if file.first_seq == last.file.first_seq {
            last.end
        } else {
            file_end(state, file)
        };
        sections.push(Place {
            file: file.clone(),
            start,
            end,
            seq: file.first_seq,
        });
    }
    Ok(sections)
}

/// Where the last record of a file ends.
fn file_end(state: &State, file: &LogFile) -> u64 {
    state
        .table
        .files()
        .iter()
        .find(|span| span.first_seq == file.first_seq)
        .map_or(file.start(), |span| span.end)
}

impl Place {
    fn damaged(&self, reason: &str) -> LogError {
        LogError::Damaged {
            path: self.file.path.clone(),
            seq: self.seq - 1,
            offset: self.start,
            reason: reason.to_owned(),
        }
    }

    /// Reads the first frame of the record. `reader` is kept from record to record, with the first commit of its file.
    fn read_header(&self, reader: &mut Option<(u64, FrameReader)>) -> Result<ReadHeader, LogError> {
        let reader = match reader {
            Some((file, reader)) if *file == self.file.first_seq => reader,
            other => {
                let file = self.file.file.clone();
                let new = FrameReader::short(file, self.file.format, self.start, self.end);
                &mut other.insert((self.file.first_seq, new)).1
            }
        };
        reader.go_to(self.start, self.end);
        match reader.read().map_err(io_error("read", &self.file.path))? {
            FrameRead::Frame => {}
            FrameRead::Damaged(reason) => return Err(self.damaged(reason)),
            FrameRead::End | FrameRead::Torn => return Err(self.damaged("the record is cut short")),
        }
        let unreadable = || self.damaged("the header of the record cannot be read");
        let text = std::str::from_utf8(reader.text()).map_err(|_| unreadable())?;
        let (_, text) = split_durable_line(text).ok_or_else(unreadable)?;
        let (header, rows) = text.split_once(ROWS_BEGIN).ok_or_else(unreadable)?;
        let (info, previous) = parse_header(header)
            .filter(|(info, _)| info.seq == self.seq)
            .ok_or_else(unreadable)?;
        let (_, trailer) = split_trailer(rows, RECORD_END).ok_or_else(unreadable)?;
        Ok(ReadHeader {
            info,
            previous,
            digest: trailer.map(|trailer| trailer.digest),
        })
    }
}

/// What the first frame of a record says.
struct ReadHeader {
    /// Without its digest.
    info: CommitInfo,
    /// Digest of the commit before.
    previous: [u8; 32],
    /// Digest of the record, when this frame is its last one, too.
    digest: Option<[u8; 32]>,
}

fn read_sections(
    sections: &[Place],
    mut chain: Chain,
    sink: &mut impl RecordSink,
) -> Result<(), LogError> {
    let total = sections.iter().map(|place| place.end - place.start).sum();
    let mut before = 0;
    for place in sections {
        let path = &place.file.path;
        let file = place.file.file.clone();
        let mut reader = FrameReader::new(file, place.file.format, place.start, place.end);
        let progress = Progress { before, total };
        let done = chain
            .scan(&mut reader, sink, |_| {}, progress)
            .map_err(|error| scan_error(error, path))?;
        if done.torn_bytes > 0 {
            return Err(LogError::Damaged {
                path: path.clone(),
                seq: chain.seq,
                offset: done.whole,
                reason: "bytes that were there when the log was opened are missing".to_owned(),
            });
        }
        before += place.end - place.start;
    }
    Ok(())
}

/// Says in which file reading failed.
pub(super) fn scan_error(error: ScanError, path: &Path) -> LogError {
    match error {
        ScanError::Io(source) => io_error("read", path)(source),
        ScanError::Damaged {
            seq,
            offset,
            reason,
        } => LogError::Damaged {
            path: path.to_owned(),
            seq,
            offset,
            reason,
        },
    }
}
