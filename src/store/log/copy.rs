//! Copies a log, or its beginning, into another folder, beside whoever appends to it. What is finished never changes any
//! more, so it can be linked; the file appended to is always copied, and only up to a commit. Makes no folder a registry:
//! the caller gives the copy its place when everything else is there.

use super::base::BaseFile;
use super::files::{self, LogFile, base_path, log_path};
use super::read::CommitLog;
use super::{LogError, LogPosition, io_error};
use crate::store::fault;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 20;

/// How files get to another folder, and what it took so far.
pub(crate) struct Copying<'a> {
    /// Files that never change are linked where the file system can.
    pub(crate) link: bool,
    /// Number of files that were linked.
    pub(crate) linked_files: u64,
    /// Bytes that were copied.
    pub(crate) copied_bytes: u64,
    /// Called with the bytes of each part that is there, linked or copied.
    pub(crate) progress: &'a mut dyn FnMut(u64),
}

impl Copying<'_> {
    /// Brings a file that never changes to a new name: linked if allowed and possible, else copied and made durable.
    ///
    /// # Errors
    /// [`io::ErrorKind::NotFound`] when it is gone; any error of reading and writing.
    pub(crate) fn whole(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fault::reach("copy.file")?;
        if self.link {
            match fs::hard_link(from, to) {
                Ok(()) => {
                    self.linked_files += 1;
                    (self.progress)(fs::metadata(to)?.len());
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
                // Another file system, or one without links.
                Err(_) => {}
            }
        }
        let file = File::open(from)?;
        let bytes = file.metadata()?.len();
        self.part(&file, bytes, to)
    }

    /// Copies the first bytes of an open file to a new name and makes them durable.
    fn part(&mut self, from: &File, bytes: u64, to: &Path) -> io::Result<()> {
        let mut out = File::create_new(to)?;
        let mut chunk = vec![0; CHUNK_BYTES.min(usize::try_from(bytes).unwrap_or(CHUNK_BYTES))];
        let mut at = 0;
        while at < bytes {
            let length = (bytes - at).min(chunk.len() as u64) as usize;
            from.read_exact_at(&mut chunk[..length], at)?;
            fault::write_all("copy.write", &mut out, &chunk[..length])?;
            at += length as u64;
            self.copied_bytes += length as u64;
            (self.progress)(length as u64);
        }
        out.flush()?;
        fault::sync("copy.sync", &out)
    }
}

/// The files that make up the beginning of a log.
pub(super) struct Beginning {
    pub(super) base: Option<BaseFile>,
    pub(super) files: Vec<LogFile>,
    /// Where the last of them is cut.
    pub(super) end: LogPosition,
    /// A file to begin instead, when none of them is to be had without later commits: its first commit and the digest
    /// of the one before.
    pub(super) fresh: Option<(u64, [u8; 32])>,
}

impl CommitLog {
    /// Bytes of base and files up to and with commit `seq`: what [`CommitLog::copy_to`] brings over.
    ///
    /// # Errors
    /// [`LogError::Unknown`] when the log does not reach from or to there.
    pub(crate) fn bytes_through(&self, seq: u64) -> Result<u64, LogError> {
        let beginning = self.beginning(seq)?;
        let base = beginning.base.map_or(0, |base| base.bytes);
        let before = beginning
            .files
            .split_last()
            .map_or(&[][..], |(_, rest)| rest);
        Ok(base + before.iter().map(|file| file.bytes).sum::<u64>() + beginning.end.offset)
    }

    /// Copies base and files up to and with commit `seq` into an empty folder, durably. What was read is not verified.
    ///
    /// # Errors
    /// [`LogError::Unknown`] when the log does not hold the state after that commit; errors of reading and writing.
    pub(crate) fn copy_to(
        &self,
        seq: u64,
        to: &Path,
        copying: &mut Copying<'_>,
    ) -> Result<(), LogError> {
        let Beginning {
            base,
            files,
            end,
            fresh,
        } = self.beginning(seq)?;
        if let Some(base) = base {
            let target = base_path(to, base.seq);
            copying
                .whole(&base.path, &target)
                .map_err(io_error("copy", &base.path))?;
        }
        if let Some((first_seq, previous)) = fresh {
            let target = log_path(to, first_seq);
            let written = File::create_new(&target).and_then(|mut file| {
                file.write_all(&files::head(first_seq, &previous))?;
                fault::sync("copy.sync", &file)
            });
            written.map_err(io_error("write to", &target))?;
        }
        for file in &files {
            let target = log_path(to, file.first_seq);
            let copied = if file.first_seq == end.file {
                copying.part(&file.file, end.offset, &target)
            } else {
                copying.whole(&file.path, &target)
            };
            copied.map_err(io_error("copy", &file.path))?;
        }
        fault::sync_dir("copy.dir", to).map_err(io_error("write to", to))
    }

    pub(super) fn beginning(&self, seq: u64) -> Result<Beginning, LogError> {
        let state = self.shared.read_state();
        let (base_seq, last) = (state.table.base_seq(), state.table.last_seq());
        if !(base_seq..=last).contains(&seq) {
            return Err(LogError::Unknown {
                seq,
                first: base_seq,
                last,
            });
        }
        let first = &state.files[0];
        let mut fresh = None;
        let end = if seq == last {
            state.end
        } else if let Some(entry) = state.table.entry(seq) {
            LogPosition {
                file: entry.file,
                offset: entry.end,
            }
        } else if first.first_seq == seq + 1 {
            LogPosition {
                file: first.first_seq,
                offset: first.start(),
            }
        } else {
            // The commits that the base stands for were not dropped yet, and share a file with those after it.
            let digest = state.base.as_ref().map_or([0; 32], |base| base.digest);
            fresh = Some((seq + 1, digest));
            LogPosition { file: 0, offset: 0 }
        };
        Ok(Beginning {
            base: state.base.clone(),
            files: state
                .files
                .iter()
                .filter(|file| file.first_seq <= end.file)
                .cloned()
                .collect(),
            end,
            fresh,
        })
    }
}

/// Name of the folder of log files in a data folder, and the name it has while it is not whole.
pub(crate) fn folder_names(dir: &Path) -> (PathBuf, PathBuf) {
    let folder = dir.join(files::FOLDER);
    let unfinished = files::new_path(&folder);
    (folder, unfinished)
}
