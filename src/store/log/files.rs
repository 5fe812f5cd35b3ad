//! The files of a log: their names, their heads, which of them count and what is left over. Reads no records.
//!
//! ```text
//! commits.log              a log of format 1, until it is opened for writing
//! log/{first:012}.log      commits from number `first` on
//! log/{seq:012}.base       the state after commit `seq`: older commits are gone
//! log/*.new                never finished
//! head of a file           magic 16 | first u64 | digest of the commit before 32 | crc32c of all that u32
//! ```

use super::base::BaseFile;
use super::frame::Format;
use super::{LogError, LogOptions, io_error};
use crate::store::fault;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Folder of the log in the data folder.
pub(super) const FOLDER: &str = "log";
/// The only file of a log of format 1, in the data folder.
pub(super) const FILE_OF_FORMAT_1: &str = "commits.log";
/// First bytes of every log file, before the number of the format and a line feed.
const NAME: &[u8] = b"oslo-commitlog";
const MAGIC_1: &[u8; 16] = b"oslo-commitlog1\n";
const MAGIC_2: &[u8; 16] = b"oslo-commitlog2\n";
/// Bytes before the first frame in format 2.
pub(super) const HEAD_BYTES: u64 = 60;
/// Format that is written.
const FORMAT: u32 = 2;

/// A file of the log, open.
#[derive(Clone, Debug)]
pub(super) struct LogFile {
    /// Number of the first commit it holds or will hold.
    pub(super) first_seq: u64,
    /// Digest of the commit before that.
    pub(super) previous: [u8; 32],
    /// How its frames are written.
    pub(super) format: Format,
    /// Its name.
    pub(super) path: PathBuf,
    /// The open file; for the active one open for appending as well.
    pub(super) file: Arc<File>,
    /// Its length when it was opened.
    pub(super) bytes: u64,
}

impl LogFile {
    /// Where the first frame starts.
    pub(super) fn start(&self) -> u64 {
        match self.format {
            Format::One => MAGIC_1.len() as u64,
            Format::Two => HEAD_BYTES,
        }
    }

    /// Opens a file and reads its head.
    fn open(path: &Path, first_seq: u64) -> Result<Self, LogError> {
        let file = File::open(path).map_err(io_error("open", path))?;
        let bytes = file.metadata().map_err(io_error("read", path))?.len();
        let mut head = [0; HEAD_BYTES as usize];
        let length = bytes.min(HEAD_BYTES) as usize;
        file.read_exact_at(&mut head[..length], 0)
            .map_err(io_error("read", path))?;
        let format = read_magic(path, &head[..length], NAME)?;
        let damaged = |reason: &str| LogError::Damaged {
            path: path.to_owned(),
            seq: first_seq - 1,
            offset: 0,
            reason: reason.to_owned(),
        };
        let mut previous = [0; 32];
        if format == 2 {
            if bytes < HEAD_BYTES {
                return Err(damaged("the head of the file is cut short"));
            }
            let (content, checksum) = head.split_at(56);
            if crc32c::crc32c(content).to_le_bytes() != checksum {
                return Err(damaged("the head of the file does not match its checksum"));
            }
            if content[16..24] != first_seq.to_le_bytes() {
                return Err(damaged("the file does not have its own name"));
            }
            previous.copy_from_slice(&content[24..]);
        } else if first_seq != 1 {
            return Err(damaged("a file of format 1 can only be the first"));
        }
        Ok(Self {
            first_seq,
            previous,
            format: if format == 1 {
                Format::One
            } else {
                Format::Two
            },
            path: path.to_owned(),
            file: Arc::new(file),
            bytes,
        })
    }

    /// Begins an empty file; it appears under its name only when it is whole and durable.
    pub(super) fn create(
        folder: &Path,
        first_seq: u64,
        previous: &[u8; 32],
        point: &str,
    ) -> io::Result<Self> {
        let path = log_path(folder, first_seq);
        let new = new_path(&path);
        let file = File::create(&new)?;
        fault::write_all(point, &mut &file, &head(first_seq, previous))?;
        fault::sync(point, &file)?;
        fault::rename(point, &new, &path)?;
        fault::sync_dir(point, folder)?;
        Self::appendable(&path, first_seq, previous)
    }

    /// Opens a file of format 2 whose head is known, for appending.
    pub(super) fn appendable(path: &Path, first_seq: u64, previous: &[u8; 32]) -> io::Result<Self> {
        let file = open_appendable(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self {
            first_seq,
            previous: *previous,
            format: Format::Two,
            path: path.to_owned(),
            file: Arc::new(file),
            bytes,
        })
    }
}

/// Opens a file for reading and appending.
pub(super) fn open_appendable(path: &Path) -> io::Result<File> {
    File::options().read(true).append(true).open(path)
}

/// The head of a file of format 2.
pub(super) fn head(first_seq: u64, previous: &[u8; 32]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES as usize);
    out.extend_from_slice(MAGIC_2);
    out.extend_from_slice(&first_seq.to_le_bytes());
    out.extend_from_slice(previous);
    let checksum = crc32c::crc32c(&out);
    out.extend_from_slice(&checksum.to_le_bytes());
    out
}

/// Name of a log file.
pub(super) fn log_path(folder: &Path, first_seq: u64) -> PathBuf {
    folder.join(format!("{first_seq:012}.log"))
}

/// Name of a base.
pub(super) fn base_path(folder: &Path, seq: u64) -> PathBuf {
    folder.join(format!("{seq:012}.base"))
}

/// Name under which a file is written before it is whole.
pub(super) fn new_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Reads `{name}{format}\n` at the start of a file and refuses formats this version does not know.
pub(super) fn read_magic(path: &Path, head: &[u8], name: &[u8]) -> Result<u32, LogError> {
    let foreign = || LogError::Foreign {
        path: path.to_owned(),
    };
    let rest = head.strip_prefix(name).ok_or_else(foreign)?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if rest.get(digits) != Some(&b'\n') || rest[0] == b'0' {
        return Err(foreign());
    }
    let version = std::str::from_utf8(&rest[..digits])
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(foreign)?;
    if version > FORMAT {
        return Err(LogError::NewerFormat {
            path: path.to_owned(),
            version,
        });
    }
    Ok(version)
}

/// The files of a log.
pub(super) struct Found {
    /// Folder of the log; may not exist yet when the log is of format 1.
    pub(super) folder: PathBuf,
    /// The newest base.
    pub(super) base: Option<BaseFile>,
    /// Files that count, oldest first; the first may begin before the base.
    pub(super) files: Vec<LogFile>,
    /// Files that were superseded or never finished.
    pub(super) leftovers: Vec<PathBuf>,
    /// The log of format 1 still lies where that format had it.
    pub(super) in_place: bool,
}

/// Whether a data folder holds a log, sound or not.
pub(super) fn exists(dir: &Path) -> bool {
    dir.join(FILE_OF_FORMAT_1).exists()
        || list(&dir.join(FOLDER))
            .is_ok_and(|listed| !listed.logs.is_empty() || !listed.bases.is_empty())
}

/// Finds the files of a log, opens them and reads their heads.
pub(super) fn find(dir: &Path, options: &LogOptions) -> Result<Found, LogError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match find_once(dir) {
            // Beside a running server, files may go between listing and opening them.
            Err(LogError::Io { source, .. })
                if options.read_only && tries < 5 && source.kind() == io::ErrorKind::NotFound => {}
            done => return done,
        }
    }
}

fn find_once(dir: &Path) -> Result<Found, LogError> {
    let folder = dir.join(FOLDER);
    let old = dir.join(FILE_OF_FORMAT_1);
    let old_exists = old.exists();
    let listed = list(&folder).map_err(io_error("read", &folder))?;
    let mut found = Found {
        base: None,
        files: Vec::new(),
        leftovers: listed.unfinished,
        in_place: false,
        folder,
    };
    if listed.logs.is_empty() && listed.bases.is_empty() {
        if !old_exists && !old.exists() {
            return Err(
                if list(&found.folder).is_ok_and(|now| !now.logs.is_empty()) {
                    // It was moved into the folder after that was listed.
                    io_error("read", &old)(io::ErrorKind::NotFound.into())
                } else {
                    LogError::Absent {
                        path: dir.to_owned(),
                    }
                },
            );
        }
        found.in_place = true;
        found.files.push(LogFile::open(&old, 1)?);
        if found.files[0].format != Format::One {
            return Err(LogError::Foreign { path: old });
        }
        return Ok(found);
    }
    if old_exists && old.exists() {
        return Err(LogError::TwoLogs { path: old });
    }
    let mut bases = listed.bases;
    let base_seq = bases.pop();
    let base_paths = bases.iter().map(|seq| base_path(&found.folder, *seq));
    found.leftovers.extend(base_paths);
    if let Some(seq) = base_seq {
        found.base = Some(BaseFile::open(&base_path(&found.folder, seq), seq)?);
    }
    // The file that holds the commit after the base, and those after it.
    let wanted = base_seq.unwrap_or(0) + 1;
    let first = listed
        .logs
        .partition_point(|first_seq| *first_seq <= wanted);
    let Some(first) = first.checked_sub(1) else {
        return Err(LogError::Missing {
            path: log_path(&found.folder, wanted),
        });
    };
    let old_paths = listed.logs[..first]
        .iter()
        .map(|first_seq| log_path(&found.folder, *first_seq));
    found.leftovers.extend(old_paths);
    for first_seq in &listed.logs[first..] {
        let path = log_path(&found.folder, *first_seq);
        found.files.push(LogFile::open(&path, *first_seq)?);
    }
    Ok(found)
}

#[derive(Default)]
struct Listed {
    /// First commits of the log files, ascending.
    logs: Vec<u64>,
    /// Commits of the bases, ascending.
    bases: Vec<u64>,
    unfinished: Vec<PathBuf>,
}

fn list(folder: &Path) -> io::Result<Listed> {
    let mut listed = Listed::default();
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(listed),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let Some((stem, kind)) = name.to_str().and_then(|name| name.split_once('.')) else {
            continue;
        };
        if stem.len() < 12 || !stem.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        match (kind, stem.parse::<u64>()) {
            ("log", Ok(first_seq @ 1..)) => listed.logs.push(first_seq),
            ("base", Ok(seq @ 1..)) => listed.bases.push(seq),
            ("log.new" | "base.new", _) => listed.unfinished.push(entry.path()),
            _ => {}
        }
    }
    listed.logs.sort_unstable();
    listed.bases.sort_unstable();
    Ok(listed)
}
