//! Copies a registry to another folder and back: backup beside whoever writes, restore, and restore of an earlier state.
//! Decides nothing about when; keeps no list of backups.
//!
//! A copy is made in this order: an empty `log.new`, the index files, the manifest, the files that people keep beside them,
//! the log inside `log.new`, what is kept beside it for sources; then one
//! rename to `log` makes the folder a registry. A copy that ends half-way has no log, so nothing takes it for a registry,
//! and its `log.new` tells that it may be started over.

use crate::store::check::sum_log;
use crate::store::copy_kept::{Kept, copy_kept};
use crate::store::derived::files_of;
use crate::store::folder::{
    CONTEXTS_DIR, EVIDENCE_DIR, Folder, LOCK_FILE, QUERIES_DIR, SOURCES_DIR, sync_dir,
};
use crate::store::log::{
    CommitInfo, CommitLog, Copying, KnownLog, LogOptions, RecordSink, folder_names, hex, unhex,
};
use crate::store::manifest::{Found, MANIFEST_FILE, Manifest};
use crate::store::recover::{self, Stored, stored_state};
use crate::store::replay::ReplayProgress;
use crate::store::segment::Shared;
use crate::store::{AsOf, Beside, OpenOptions, Settings, Store, StoreError, fault, io_error};
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How often a copy starts over when a writer replaces files under its hands.
const TRIES: usize = 20;
/// Cache for opening files that are only looked at.
const LOOK_CACHE_BYTES: u64 = 1 << 20;

/// A copy of a registry that was opened and found to hold what it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyReport {
    /// Last commit in the copy.
    pub seq: u64,
    /// Its chain digest, lower-case hex.
    pub digest: String,
    /// Quads after it.
    pub quads: u64,
    /// Bytes of all its files, links included.
    pub bytes: u64,
    /// Files that are hard links to those of the source: they take no room of their own.
    pub linked_files: u64,
    /// Bytes that were copied.
    pub copied_bytes: u64,
    /// Files of people that were copied along: stored queries. Always those of now, and never links, for people change them.
    pub query_files: u64,
    /// Records of sources that were copied along.
    pub evidence_files: u64,
    /// Files about declared sources that were copied along.
    pub source_files: u64,
    /// Why the index was left out, if it was: the copy makes it anew from its log when it is opened for writing.
    pub without_index: Option<String>,
}

/// Copies the registry in `source` to the new or empty folder `target`, beside a process that writes. Files that never
/// change are hard links where the file system allows it, unless `copy` asks for bytes of their own. The copy is durable
/// and was opened when this returns. `progress` hears bytes done and bytes in all.
///
/// # Errors
/// [`StoreError::NotEmpty`] for a target that holds something, [`StoreError::Missing`] without a registry in `source`, damage
/// of its log, and errors of reading and writing. After an error the target is no registry.
pub fn backup(
    source: &Path,
    target: &Path,
    copy: bool,
    progress: ReplayProgress<'_>,
) -> Result<CopyReport, StoreError> {
    if !CommitLog::exists(source) {
        return Err(StoreError::Missing {
            path: source.to_owned(),
        });
    }
    make_ready(target)?;
    undone_on_error(target, || {
        let copied = copy_registry(source, target, !copy, progress)?;
        verified(target, copied)
    })
}

/// Copies the registry or backup in `source` to `target`, which must hold none, and reads the whole copy of the log again.
/// With `as_of` only the commits up to that state are copied and the index is made anew from them, in bounded memory.
///
/// # Errors
/// As [`backup`]; [`StoreError::NotYet`] and [`StoreError::Compacted`] for a state that the source does not have,
/// [`StoreError::InUse`] when another process claims the target.
pub fn restore(
    source: &Path,
    target: &Path,
    as_of: Option<AsOf>,
    options: OpenOptions,
    progress: ReplayProgress<'_>,
) -> Result<CopyReport, StoreError> {
    if !CommitLog::exists(source) {
        return Err(StoreError::Missing {
            path: source.to_owned(),
        });
    }
    // Looked at before it is claimed, so that nothing is written into a folder of something else.
    refuse_used(target)?;
    let folder = Arc::new(Folder::claim(target)?);
    make_ready(target)?;
    undone_on_error(target, || match as_of {
        None => {
            let copied = copy_registry(source, target, false, &mut *progress)?;
            let sum = sum_log(target, progress)?;
            agree((copied.seq, copied.digest), (sum.seq, sum.digest), target)?;
            verified(target, copied)
        }
        Some(moment) => {
            let (seq, digest, copied_bytes, kept) =
                copy_log_as_of(source, target, moment, &mut *progress)?;
            let query_files = copy_queries(
                source,
                target,
                &mut Copying {
                    link: false,
                    linked_files: 0,
                    copied_bytes: 0,
                    progress: &mut |_| {},
                },
            )?;
            let options = OpenOptions {
                read_only: false,
                ..options
            };
            let store = Store::assemble(recover::write(&folder, options, progress, true)?);
            store.compact_index()?;
            let state = store.snapshot();
            agree((seq, digest), (state.seq(), state.digest()), target)?;
            drop(store);
            Ok(CopyReport {
                seq,
                digest: hex(&state.digest()),
                quads: state.quad_count(),
                bytes: folder_bytes(target).map_err(io_error("read", target))?,
                linked_files: 0,
                copied_bytes,
                query_files,
                evidence_files: kept.evidence,
                source_files: kept.sources,
                without_index: None,
            })
        }
    })
}

/// Refuses a folder that holds anything but a copy that was never finished.
fn refuse_used(target: &Path) -> Result<(), StoreError> {
    let entries = match fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io_error("read", target))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let name = entry.map_err(io_error("read", target))?.file_name();
        found.push(name.to_string_lossy().into_owned());
    }
    found.retain(|name| name != LOCK_FILE);
    let ours = [
        "log.new",
        "index",
        MANIFEST_FILE,
        QUERIES_DIR,
        EVIDENCE_DIR,
        SOURCES_DIR,
        CONTEXTS_DIR,
    ];
    let unfinished = found.iter().any(|name| name == ours[0]);
    let strange = found
        .iter()
        .find(|name| !unfinished || !ours.contains(&name.as_str()));
    match strange {
        None => Ok(()),
        Some(name) => Err(StoreError::NotEmpty {
            path: target.to_owned(),
            found: name.clone(),
        }),
    }
}

/// Makes the target an empty folder with nothing but `log.new`.
fn make_ready(target: &Path) -> Result<(), StoreError> {
    refuse_used(target)?;
    let made = !target.exists();
    fs::create_dir_all(target).map_err(io_error("create", target))?;
    if made
        && let Some(parent) = target
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
    {
        sync_dir(parent).map_err(io_error("write to", parent))?;
    }
    start_over(target)
}

fn start_over(target: &Path) -> Result<(), StoreError> {
    clear(target).map_err(io_error("clear", target))?;
    let (_, unfinished) = folder_names(target);
    fs::create_dir(&unfinished).map_err(io_error("create", &unfinished))?;
    sync_dir(target).map_err(io_error("write to", target))
}

/// Removes what an unfinished copy holds; the mark of one goes last.
fn clear(target: &Path) -> io::Result<()> {
    let gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    let folder = Folder::read(target);
    gone(fs::remove_dir_all(folder.index_dir()))?;
    gone(fs::remove_file(target.join(MANIFEST_FILE)))?;
    for name in [QUERIES_DIR, EVIDENCE_DIR, SOURCES_DIR, CONTEXTS_DIR] {
        gone(fs::remove_dir_all(target.join(name)))?;
    }
    gone(fs::remove_dir_all(folder_names(target).1))
}

/// Runs a copy; when it fails, takes away what it made.
fn undone_on_error(
    target: &Path,
    work: impl FnOnce() -> Result<CopyReport, StoreError>,
) -> Result<CopyReport, StoreError> {
    work().inspect_err(|_| {
        let (log, unfinished) = folder_names(target);
        // Back under the name of something unfinished, so that a failure half-way of this leaves no registry either.
        if fs::rename(&log, &unfinished).is_ok() || unfinished.exists() {
            // What cannot be removed is marked as unfinished, and the next copy removes it.
            let _ = clear(target);
        }
    })
}

/// What was copied, before the copy was opened.
struct Copied {
    seq: u64,
    digest: [u8; 32],
    linked_files: u64,
    copied_bytes: u64,
    query_files: u64,
    kept: Kept,
    without_index: Option<String>,
}

fn copy_registry(
    source: &Path,
    target: &Path,
    link: bool,
    progress: ReplayProgress<'_>,
) -> Result<Copied, StoreError> {
    let mut tries = 0;
    loop {
        tries += 1;
        match copy_once(source, target, link, &mut *progress) {
            Err(StoreError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
            Err(StoreError::Compacted { .. } | StoreError::LogFileMissing { .. })
                if tries < TRIES => {}
            done => return done,
        }
        // A merge or a compaction of the log replaced files while they were copied.
        start_over(target)?;
        std::thread::sleep(Duration::from_millis(5 << tries.min(6)));
    }
}

fn copy_once(
    source: &Path,
    target: &Path,
    link: bool,
    progress: ReplayProgress<'_>,
) -> Result<Copied, StoreError> {
    let from = Folder::read(source);
    let to = Folder::read(target);
    let mut done = 0;
    let mut total = from.index_bytes();
    let (linked_files, copied_bytes, query_files, known, without_index) = {
        let mut tell = |bytes| {
            done += bytes;
            progress(done, total.max(done));
        };
        let mut copying = Copying {
            link,
            linked_files: 0,
            copied_bytes: 0,
            progress: &mut tell,
        };
        let (known, without_index) = copy_index(&from, &to, &mut copying)?;
        let query_files = copy_queries(source, target, &mut copying)?;
        (
            copying.linked_files,
            copying.copied_bytes,
            query_files,
            known,
            without_index,
        )
    };
    // The index came first, so the log holds at least the commits the index knows.
    let log = open_log(source, known)?;
    let seq = log.table().last_seq();
    total = done + log.bytes_through(seq)?;
    let mut tell = |bytes| {
        done += bytes;
        progress(done, total.max(done));
    };
    let mut copying = Copying {
        link,
        linked_files,
        copied_bytes,
        progress: &mut tell,
    };
    let (finished, unfinished) = folder_names(target);
    log.copy_to(seq, &unfinished, &mut copying)?;
    let kept = copy_kept(source, target, &mut copying)?;
    let copied = Copied {
        seq,
        digest: log.digest(),
        linked_files: copying.linked_files,
        copied_bytes: copying.copied_bytes,
        query_files,
        kept,
        without_index,
    };
    Settings::copy(source, &unfinished)?;
    Beside::copy(source, &unfinished)?;
    fault::rename("copy.rename", &unfinished, &finished)
        .map_err(io_error("rename", &unfinished))?;
    fault::sync_dir("copy.dir", target).map_err(io_error("write to", target))?;
    Ok(copied)
}

/// Brings over the index files the manifest names, and the manifest. `None` and the reason when the index cannot be used.
fn copy_index(
    from: &Folder,
    to: &Folder,
    copying: &mut Copying<'_>,
) -> Result<(Option<KnownLog>, Option<String>), StoreError> {
    let in_source = |error| io_error("copy", from.index_dir())(error);
    let in_target = |error| io_error("write to", to.dir())(error);
    fs::create_dir(to.index_dir()).map_err(in_target)?;
    let manifest = from.dir().join(MANIFEST_FILE);
    let copy = to.dir().join(MANIFEST_FILE);
    match fs::read(&manifest) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((None, None)),
        text => {
            let text = text.map_err(io_error("read", &manifest))?;
            let written = File::create_new(&copy).and_then(|mut file| {
                fault::write_all("copy.write", &mut file, &text)?;
                fault::sync("copy.sync", &file)
            });
            written.map_err(in_target)?;
            copying.copied_bytes += text.len() as u64;
        }
    }
    let stored = match Manifest::read(to.dir()).map_err(in_target)? {
        Found::Manifest(named) => {
            for path in named.files(from.index_dir()) {
                let name = path
                    .strip_prefix(from.index_dir())
                    .ok()
                    .and_then(|name| name.file_name().filter(|only| *only == name.as_os_str()));
                let Some(name) = name else {
                    return Err(in_source(io::ErrorKind::InvalidData.into()));
                };
                copying
                    .whole(&path, &to.index_dir().join(name))
                    .map_err(in_source)?;
            }
            copy_derived(from, to, &named.terms, copying).map_err(in_source)?;
            sync_dir(to.index_dir()).map_err(in_target)?;
            stored_state(to, &Shared::new(LOOK_CACHE_BYTES))?
        }
        _ => stored_state(to, &Shared::new(LOOK_CACHE_BYTES))?,
    };
    let reason = match stored {
        Stored::State(_, known) => return Ok((Some(*known), None)),
        Stored::Unusable(reason) => reason,
        Stored::Nothing => return Ok((None, None)),
    };
    // The index can be made anew from the log; a copy of it that cannot be opened helps nobody.
    fs::remove_file(&copy).map_err(in_target)?;
    fs::remove_dir_all(to.index_dir()).map_err(in_target)?;
    Ok((None, Some(reason)))
}

/// Brings over what was derived from the texts, so that the copy need not make it anew. What goes meanwhile is left out: it
/// can be made at any time.
fn copy_derived(
    from: &Folder,
    to: &Folder,
    terms: &[u64],
    copying: &mut Copying<'_>,
) -> io::Result<()> {
    for path in files_of(from.index_dir(), terms)? {
        let Some(name) = path.file_name() else {
            continue;
        };
        match copying.whole(&path, &to.index_dir().join(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            copied => copied?,
        }
    }
    Ok(())
}

/// Copies the files that people keep with the registry; how many. Folders below, and what is hidden, are not theirs to it.
fn copy_queries(
    source: &Path,
    target: &Path,
    copying: &mut Copying<'_>,
) -> Result<u64, StoreError> {
    let (from, to) = (source.join(QUERIES_DIR), target.join(QUERIES_DIR));
    let entries = match fs::read_dir(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(io_error("read", &from))?,
    };
    fs::create_dir(&to).map_err(io_error("create", &to))?;
    // A link would change with the file it was made of.
    let link = std::mem::take(&mut copying.link);
    let mut count = 0;
    for entry in entries {
        let path = entry.map_err(io_error("read", &from))?.path();
        let Some(name) = path.file_name().filter(|_| path.is_file()) else {
            continue;
        };
        if !name.to_string_lossy().starts_with('.') {
            copying
                .whole(&path, &to.join(name))
                .map_err(io_error("copy", &path))?;
            count += 1;
        }
    }
    copying.link = link;
    sync_dir(&to).map_err(io_error("write to", &to))?;
    Ok(count)
}

/// Opens the log of a folder for reading; what `known` does not know of it is verified.
fn open_log(dir: &Path, known: Option<KnownLog>) -> Result<CommitLog, StoreError> {
    let options = LogOptions {
        read_only: true,
        ..LogOptions::default()
    };
    Ok(CommitLog::open(dir, options, known, &mut Ignore)?.log)
}

/// Copies the log up to an earlier state; returns its commit, the digest of that, and the bytes copied.
fn copy_log_as_of(
    source: &Path,
    target: &Path,
    moment: AsOf,
    progress: ReplayProgress<'_>,
) -> Result<(u64, [u8; 32], u64, Kept), StoreError> {
    let known = match stored_state(&Folder::read(source), &Shared::new(LOOK_CACHE_BYTES))? {
        Stored::State(_, known) => Some(*known),
        _ => None,
    };
    let log = match open_log(source, known) {
        // The index is older than the log's base, or was replaced meanwhile.
        Err(StoreError::Compacted { .. } | StoreError::LogFileMissing { .. }) => {
            open_log(source, None)
        }
        opened => opened,
    }?;
    let (first, last) = (log.table().base_seq(), log.table().last_seq());
    let seq = match moment {
        AsOf::Seq(seq) => seq,
        AsOf::Moment(ms) => log.table().seq_at(ms),
    };
    if seq > last {
        return Err(StoreError::NotYet { seq, last });
    }
    if seq < first {
        return Err(StoreError::Compacted { first });
    }
    let digest = match seq {
        0 => [0; 32],
        seq => unhex(&log.info(seq)?.digest).unwrap_or_default(),
    };
    let (mut done, total) = (0, log.bytes_through(seq)?);
    let mut tell = |bytes| {
        done += bytes;
        progress(done, total);
    };
    let mut copying = Copying {
        link: false,
        linked_files: 0,
        copied_bytes: 0,
        progress: &mut tell,
    };
    let (finished, unfinished) = folder_names(target);
    log.copy_to(seq, &unfinished, &mut copying)?;
    let kept = copy_kept(source, target, &mut copying)?;
    let copied_bytes = copying.copied_bytes;
    Settings::copy(source, &unfinished)?;
    Beside::copy(source, &unfinished)?;
    fault::rename("copy.rename", &unfinished, &finished)
        .map_err(io_error("rename", &unfinished))?;
    fault::sync_dir("copy.dir", target).map_err(io_error("write to", target))?;
    Ok((seq, digest, copied_bytes, kept))
}

/// Opens a copy as a reader would and compares it with what was copied.
fn verified(target: &Path, copied: Copied) -> Result<CopyReport, StoreError> {
    let indexed = matches!(Manifest::read(target), Ok(Found::Manifest(_)));
    let (seq, digest, quads) = if indexed {
        let options = OpenOptions {
            read_only: true,
            must_exist: true,
            ..OpenOptions::default()
        };
        let state = Store::open(target, options)?.snapshot();
        (state.seq(), state.digest(), state.quad_count())
    } else {
        // Without an index a reader would hold the whole state in memory; the sum of the log says as much.
        let sum = sum_log(target, &mut |_, _| {})?;
        (sum.seq, sum.digest, sum.quads)
    };
    agree((copied.seq, copied.digest), (seq, digest), target)?;
    Ok(CopyReport {
        seq,
        digest: hex(&digest),
        quads,
        bytes: folder_bytes(target).map_err(io_error("read", target))?,
        linked_files: copied.linked_files,
        copied_bytes: copied.copied_bytes,
        query_files: copied.query_files,
        evidence_files: copied.kept.evidence,
        source_files: copied.kept.sources,
        without_index: copied.without_index,
    })
}

fn agree(wanted: (u64, [u8; 32]), found: (u64, [u8; 32]), target: &Path) -> Result<(), StoreError> {
    if wanted == found {
        return Ok(());
    }
    let reason = format!("the copy ends with commit {}, not {}", found.0, wanted.0);
    let error = io::Error::new(io::ErrorKind::InvalidData, reason);
    Err(io_error("verify", target)(error))
}

/// Bytes of all files of a data folder.
fn folder_bytes(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() {
            folder_bytes(&entry.path())?
        } else {
            meta.len()
        };
    }
    Ok(bytes)
}

/// Takes records and does nothing with them: reading them is the point.
struct Ignore;

impl RecordSink for Ignore {
    fn row(&mut self, _: bool, _: &str) -> Result<(), String> {
        Ok(())
    }

    fn commit(&mut self, _: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        Ok(())
    }

    fn base_end(&mut self, _: CommitInfo, _: [u8; 32]) -> Result<(), String> {
        Ok(())
    }

    fn forget(&mut self) {}
}

/// Makes a state that lies too far back in a folder of its own below the data folder, from links to the log's files.
/// The folder is left over when the process dies; the next call removes it.
pub(crate) fn with_state_made_anew<T>(
    log: &CommitLog,
    dir: &Path,
    seq: u64,
    options: OpenOptions,
    use_it: impl FnOnce(&Store) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let scratch = dir.join("earlier.new");
    let failed = |error| io_error("write to", &scratch)(error);
    let remove = || match fs::remove_dir_all(&scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    };
    remove().map_err(failed)?;
    let result = (|| {
        let (finished, _) = folder_names(&scratch);
        fs::create_dir_all(&finished).map_err(failed)?;
        let mut copying = Copying {
            link: true,
            linked_files: 0,
            copied_bytes: 0,
            progress: &mut |_| {},
        };
        log.copy_to(seq, &finished, &mut copying)?;
        let folder = Arc::new(Folder::claim(&scratch)?);
        let store = Store::assemble(recover::write(&folder, options, &mut |_, _| {}, true)?);
        use_it(&store)
    })();
    // What cannot be removed now takes room only.
    let _ = remove();
    result
}
