//! The base of a log: the whole state after one commit, for which the commits up to it are given up (retention).
//! A base counts from the moment it has its name; what it supersedes is removed after that, or at the next start.
//!
//! ```text
//! head     magic 16 | seq u64 | chain digest of the commit 32 | quads u64 | crc32c of all that u32
//! frames   as in a log file: header of the commit, TX, rows with A, digest of the rows, TB
//! ```

use super::files::{self, LogFile, base_path, new_path, open_appendable, read_magic};
use super::frame::{Format, FrameEncoder, FrameRead, FrameReader, copy_frame};
use super::header::{
    BASE_END, ROWS_BEGIN, base_trailer, header_text, hex, parse_header, split_trailer, time_ms,
};
use super::pipe::TextPipe;
use super::read::{CommitLog, Shared};
use super::record::Progress;
use super::{CommitInfo, LogError, LogPosition, RecordSink, io_error};
use crate::store::fault;
use sha2::{Digest as _, Sha256};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

const NAME: &[u8] = b"oslo-basestate";
const MAGIC: &[u8; 16] = b"oslo-basestate2\n";
const HEAD_BYTES: usize = 68;

/// A base, open.
#[derive(Clone, Debug)]
pub(super) struct BaseFile {
    /// Commit after which this was the state.
    pub(super) seq: u64,
    /// Chain digest of that commit.
    pub(super) digest: [u8; 32],
    /// Rows.
    pub(super) quads: u64,
    /// Header of that commit, its digest included.
    pub(super) info: CommitInfo,
    /// Digest of the commit before it.
    pub(super) previous: [u8; 32],
    /// Moment of that commit in milliseconds since 1970.
    pub(super) time_ms: i64,
    /// Its name.
    pub(super) path: PathBuf,
    /// Its length.
    pub(super) bytes: u64,
    /// The open file.
    pub(super) file: Arc<File>,
}

impl BaseFile {
    /// Opens a base and reads its head and the header of its commit.
    pub(super) fn open(path: &Path, seq: u64) -> Result<Self, LogError> {
        let file = File::open(path).map_err(io_error("open", path))?;
        let bytes = file.metadata().map_err(io_error("read", path))?.len();
        let mut head = [0; HEAD_BYTES];
        let length = bytes.min(HEAD_BYTES as u64) as usize;
        file.read_exact_at(&mut head[..length], 0)
            .map_err(io_error("read", path))?;
        if read_magic(path, &head[..length], NAME)? != 2 {
            return Err(LogError::Foreign {
                path: path.to_owned(),
            });
        }
        let (content, checksum) = head.split_at(HEAD_BYTES - 4);
        if length < HEAD_BYTES || crc32c::crc32c(content).to_le_bytes() != checksum {
            return Err(damaged(path, 0, "the head of the file does not match"));
        }
        let number = |at: usize| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&content[at..at + 8]);
            u64::from_le_bytes(bytes)
        };
        if number(16) != seq {
            return Err(damaged(path, 0, "the file does not have its own name"));
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(&content[24..56]);
        let quads = number(56);
        let file = Arc::new(file);
        let mut reader = FrameReader::short(file.clone(), Format::Two, HEAD_BYTES as u64, bytes);
        read_frame(&mut reader, path)?;
        let header = frame_text(&reader, path)?
            .split_once(ROWS_BEGIN)
            .and_then(|(header, _)| parse_header(header));
        let parts = header.and_then(|(info, before)| Some((time_ms(&info.time)?, info, before)));
        let Some((time_ms, mut info, previous)) = parts.filter(|(_, info, _)| info.seq == seq)
        else {
            let reason = "the header of the base cannot be read";
            return Err(damaged(path, HEAD_BYTES as u64, reason));
        };
        info.digest = hex(&digest);
        Ok(Self {
            seq,
            digest,
            quads,
            info,
            previous,
            time_ms,
            path: path.to_owned(),
            bytes,
            file,
        })
    }

    /// Hands every row to the sink, then the end of the base.
    pub(super) fn read(
        &self,
        sink: &mut impl RecordSink,
        progress: Progress,
    ) -> Result<(), LogError> {
        let path = &self.path;
        let mut reader = FrameReader::new(
            self.file.clone(),
            Format::Two,
            HEAD_BYTES as u64,
            self.bytes,
        );
        let mut payload = Sha256::new();
        let mut quads = 0_u64;
        let mut first = true;
        loop {
            let offset = reader.offset();
            let wrong = |reason: &str| damaged(path, offset, reason);
            read_frame(&mut reader, path)?;
            let mut text = frame_text(&reader, path)?;
            if std::mem::take(&mut first) {
                let rows = text.split_once(ROWS_BEGIN);
                text = rows.ok_or_else(|| wrong("the base has no header"))?.1;
            }
            let (rows, trailer) = split_trailer(text, BASE_END)
                .ok_or_else(|| wrong("the end of the base cannot be read"))?;
            payload.update(rows.as_bytes());
            for line in rows.split_terminator('\n') {
                let line = line
                    .strip_prefix("A ")
                    .ok_or_else(|| wrong("a row of a base does not start with A"))?;
                quads += 1;
                sink.row(true, line).map_err(|reason| wrong(&reason))?;
            }
            sink.progress(progress.before + reader.offset(), progress.total);
            if let Some(trailer) = trailer {
                let payload: [u8; 32] = payload.finalize().into();
                if payload != trailer.payload || quads != self.quads {
                    return Err(wrong("the base does not hold the rows it names"));
                }
                if reader.offset() != self.bytes {
                    return Err(wrong("something follows the end of the base"));
                }
                return sink
                    .base_end(self.info.clone(), self.digest)
                    .map_err(|reason| wrong(&reason));
            }
        }
    }
}

fn damaged(path: &Path, offset: u64, reason: &str) -> LogError {
    LogError::Damaged {
        path: path.to_owned(),
        seq: 0,
        offset,
        reason: reason.to_owned(),
    }
}

/// Reads a frame of a base, which was durable before it had its name: nothing of it can be torn.
fn read_frame(reader: &mut FrameReader, path: &Path) -> Result<(), LogError> {
    let offset = reader.offset();
    match reader.read().map_err(io_error("read", path))? {
        FrameRead::Frame => Ok(()),
        FrameRead::End | FrameRead::Torn => Err(damaged(path, offset, "the base is cut short")),
        FrameRead::Damaged(reason) => Err(damaged(path, offset, reason)),
    }
}

fn frame_text<'a>(reader: &'a FrameReader, path: &Path) -> Result<&'a str, LogError> {
    std::str::from_utf8(reader.text()).map_err(|_| {
        damaged(
            path,
            reader.offset(),
            "a frame before this byte is not UTF-8",
        )
    })
}

/// Takes the rows of a base.
pub(crate) struct BaseWriter {
    pipe: TextPipe,
    rows: u64,
}

impl BaseWriter {
    /// Appends one row, as [`super::RecordWriter::row`] does.
    pub(crate) fn row(&mut self, write_terms: impl FnOnce(&mut Vec<u8>)) -> io::Result<()> {
        self.rows += 1;
        self.pipe.row(true, write_terms)
    }
}

impl CommitLog {
    /// Writes the state after commit `seq` as the base of the log, durably. `rows` gives its `quads` rows, in any order
    /// but always the same for the same state. Commits may be appended meanwhile. From the moment this returns, the log
    /// starts with this base when it is next opened; [`super::LogWriter::drop_before`] then frees the room at once.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidInput`] when the log holds no commit `seq` or the rows are not as many as was said. After
    /// an error the log is as it was.
    pub(crate) fn write_base(
        &self,
        seq: u64,
        quads: u64,
        rows: impl FnOnce(&mut BaseWriter) -> io::Result<()>,
    ) -> io::Result<()> {
        let shared = &self.shared;
        // A base must not outlive the commit it stands for.
        shared.sync()?;
        let (info, previous) = self.header(seq).map_err(invalid)?;
        let path = base_path(&shared.folder, seq);
        let new = new_path(&path);
        let written = (|| {
            File::create(&new)?;
            let file = Arc::new(open_appendable(&new)?);
            let mut head = Vec::with_capacity(HEAD_BYTES);
            head.extend_from_slice(MAGIC);
            head.extend_from_slice(&seq.to_le_bytes());
            let digest = super::unhex(&info.digest).expect("digests are written by this module");
            head.extend_from_slice(&digest);
            head.extend_from_slice(&quads.to_le_bytes());
            let checksum = crc32c::crc32c(&head);
            head.extend_from_slice(&checksum.to_le_bytes());
            fault::write_all("log.base", &mut &*file, &head)?;
            let header = format!("{}{ROWS_BEGIN}", header_text(&info, &previous));
            let mut writer = BaseWriter {
                pipe: TextPipe::new(file.clone(), "log.base", &header),
                rows: 0,
            };
            let filled = rows(&mut writer);
            if filled.is_err() || writer.rows != quads {
                filled.and(writer.pipe.abandon())?;
                return Err(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    "the base does not have as many rows as was said",
                ));
            }
            let mut encoder = FrameEncoder::new()?;
            writer
                .pipe
                .finish(&mut encoder, &mut Vec::new(), base_trailer)?;
            fault::sync("log.base", &file)?;
            fault::rename("log.base", &new, &path)?;
            fault::sync_dir("log.base", &shared.folder)
        })();
        if written.is_err() {
            // What cannot be removed now is removed at the next start.
            let _ = fs::remove_file(&new);
        }
        written
    }
}

fn invalid(error: LogError) -> io::Error {
    match error {
        LogError::Io { source, .. } => source,
        other => io::Error::new(io::ErrorKind::InvalidInput, other.to_string()),
    }
}

impl Shared {
    /// Gives up the commits up to the one a base stands for: copies what follows them in the same file to a file of its
    /// own, then removes the superseded files. Nothing is appended meanwhile.
    pub(super) fn drop_before(&self, seq: u64) -> io::Result<()> {
        self.sync()?;
        let path = base_path(&self.folder, seq);
        let base = BaseFile::open(&path, seq).map_err(invalid)?;
        let _syncing = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let (files, table) = {
            let state = self.read_state();
            (state.files.clone(), state.table.clone())
        };
        let keep = files.partition_point(|file| file.first_seq <= seq);
        let mut kept = files[keep..].to_vec();
        let mut moved = Vec::new();
        let starts_file = kept.first().is_some_and(|file| file.first_seq == seq + 1);
        if !starts_file && let Some(straddling) = files[..keep].last() {
            let starts: Vec<_> = (seq + 1..=table.last_seq())
                .map_while(|seq| table.entry(seq))
                .take_while(|entry| entry.file == straddling.first_seq)
                .map(|entry| (entry.offset, entry.end))
                .collect();
            let (file, places) =
                copy_part(&self.folder, straddling, seq + 1, &base.digest, &starts)?;
            moved = places;
            kept.insert(0, file);
        }
        let mut old: Vec<PathBuf> = files[..keep].iter().map(|file| file.path.clone()).collect();
        {
            let mut state = self.write_state();
            old.extend(state.base.take().map(|base| base.path));
            state.table.drop_before(seq, base.time_ms);
            state.table.move_first_file(&moved);
            if kept.len() == 1 {
                state.end = LogPosition {
                    file: kept[0].first_seq,
                    offset: match state.table.files().last() {
                        Some(span) => span.end,
                        None => kept[0].start(),
                    },
                };
                self.advance_durable(state.end);
            }
            state.files = kept;
            state.base = Some(base);
        }
        fault::reach("log.drop")?;
        remove(&self.folder, old.iter().filter(|old| **old != path))
    }
}

/// Removes files of the log folder, and makes that durable.
pub(super) fn remove<'a>(
    folder: &Path,
    paths: impl Iterator<Item = &'a PathBuf>,
) -> io::Result<()> {
    for path in paths {
        fault::reach("log.drop")?;
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fault::sync_dir("log.drop", folder)
}

/// Old start and end of each record in a file.
type Places = [(u64, u64)];

/// Copies records to a new file, verifying each frame. Returns the new places of the records.
fn copy_part(
    folder: &Path,
    from: &LogFile,
    first_seq: u64,
    previous: &[u8; 32],
    places: &Places,
) -> io::Result<(LogFile, Vec<(u64, u64)>)> {
    let path = files::log_path(folder, first_seq);
    let new = new_path(&path);
    let out = File::create(&new)?;
    let head = files::head(first_seq, previous);
    fault::write_all("log.drop", &mut &out, &head)?;
    let mut at = head.len() as u64;
    let mut moved = Vec::with_capacity(places.len());
    if let (Some((start, _)), Some((_, end))) = (places.first(), places.last()) {
        let mut reader = FrameReader::new(from.file.clone(), from.format, *start, *end);
        let mut encoder = FrameEncoder::new()?;
        let mut frames = Vec::new();
        for (_, end) in places {
            let start = at;
            while reader.offset() < *end {
                let offset = reader.offset();
                if reader.read()? != FrameRead::Frame {
                    let path = from.path.display();
                    let reason = format!("{path} is damaged at byte {offset}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
                }
                let before = frames.len();
                match from.format {
                    Format::One => encoder.encode(reader.text(), &mut frames)?,
                    Format::Two => {
                        let (body, compressed) = reader.body();
                        copy_frame(body, compressed, &mut frames);
                    }
                }
                at += (frames.len() - before) as u64;
                if frames.len() >= 1 << 20 {
                    fault::write_all("log.drop", &mut &out, &frames)?;
                    frames.clear();
                }
            }
            moved.push((start, at));
        }
        fault::write_all("log.drop", &mut &out, &frames)?;
    }
    fault::sync("log.drop", &out)?;
    fault::rename("log.drop", &new, &path)?;
    fault::sync_dir("log.drop", folder)?;
    Ok((LogFile::appendable(&path, first_seq, previous)?, moved))
}
