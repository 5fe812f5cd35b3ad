//! Opens a data folder: the state the manifest names, and the log records after it. When the index is missing, damaged or
//! of another version, it is made anew from the log, which is the truth. Repairs nothing.

use crate::store::build::has_graph_order;
use crate::store::checkpoint::{Flushed, is_due};
use crate::store::derived::files_of;
use crate::store::dictionary::Dictionary;
use crate::store::folder::{Folder, refuse_foreign};
use crate::store::index::Index;
use crate::store::level::{Body, Level, LevelFiles};
use crate::store::live::{Assembled, WriterMode};
use crate::store::log::{CommitLog, CommitTable, KnownLog, LogError, LogOptions, unhex};
use crate::store::manifest::{Found, MANIFEST_FILE, Manifest};
use crate::store::pace::Pace;
use crate::store::pending::Spill;
use crate::store::replay::{Replay, ReplayProgress};
use crate::store::segment::{Shared, Unreadable};
use crate::store::snapshot::Snapshot;
use crate::store::terms::Terms;
use crate::store::{OpenOptions, Settings, Store, StoreError, io_error};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often a reader tries again when a writer replaces files under its hands.
pub(crate) const READER_TRIES: usize = 20;

impl Store {
    /// Opens a data folder, creating it when there is none, and replays what its index does not hold yet.
    ///
    /// # Errors
    /// When the folder is in use, cannot be read or written, holds something else, or its log is damaged.
    pub fn open(dir: &Path, options: OpenOptions) -> Result<Self, StoreError> {
        Self::open_with_progress(dir, options, &mut |_, _| {})
    }

    /// [`Store::open`], telling how far the replay is.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_with_progress(
        dir: &Path,
        options: OpenOptions,
        progress: ReplayProgress<'_>,
    ) -> Result<Self, StoreError> {
        if !CommitLog::exists(dir) {
            if options.must_exist || options.read_only {
                return Err(StoreError::Missing {
                    path: dir.to_owned(),
                });
            }
            refuse_foreign(dir)?;
        }
        if options.read_only {
            return read(dir, options, progress).map(Self::assemble);
        }
        let folder = Arc::new(Folder::claim(dir)?);
        write(&folder, options, progress, false).map(Self::assemble)
    }

    /// Makes the index anew from the log and opens the folder.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn rebuild(
        dir: &Path,
        options: OpenOptions,
        progress: ReplayProgress<'_>,
    ) -> Result<Self, StoreError> {
        if !CommitLog::exists(dir) {
            return Err(StoreError::Missing {
                path: dir.to_owned(),
            });
        }
        let folder = Arc::new(Folder::claim(dir)?);
        write(&folder, options, progress, true).map(Self::assemble)
    }
}

fn read(
    dir: &Path,
    options: OpenOptions,
    progress: ReplayProgress<'_>,
) -> Result<Assembled, StoreError> {
    let folder = Arc::new(Folder::read(dir));
    let settings = Settings::of(dir)?;
    let mut tries = 0;
    let mut damage = None;
    loop {
        tries += 1;
        let shared = Shared::new(options.cache_bytes);
        let stored = match &damage {
            None => stored_state(&folder, &shared)?,
            Some(reason) => Stored::Unusable(String::clone(reason)),
        };
        let index_changed = matches!(&stored, Stored::Unusable(_));
        if index_changed && tries < READER_TRIES {
            // A writer may just have replaced files that the manifest named.
            std::thread::sleep(std::time::Duration::from_millis(10));
            continue;
        }
        let (base, known) = match stored {
            Stored::State(state, known) => (*state, Some(*known)),
            Stored::Unusable(reason) => {
                tracing::warn!(%reason, "The index cannot be used; reading the whole log into memory");
                shared.note_damage(&reason);
                (Snapshot::empty(), None)
            }
            Stored::Nothing => (Snapshot::empty(), None),
        };
        let mut replay = Replay::new(base, None, &mut *progress, |_| Ok(None));
        let log_options = LogOptions {
            read_only: true,
            ..LogOptions::default()
        };
        let read = Unreadable::caught(|| CommitLog::open(dir, log_options, known, &mut replay));
        let opened = match read {
            Ok(Err(LogError::Superseded { .. } | LogError::Missing { .. }))
                if tries < READER_TRIES =>
            {
                std::thread::sleep(std::time::Duration::from_millis(10));
                continue;
            }
            Ok(opened) => opened?,
            Err(unreadable) => {
                damage = Some(unreadable.message);
                tries = READER_TRIES;
                continue;
            }
        };
        return Ok(Assembled {
            snapshot: replay.into_state(),
            mode: WriterMode::ReadOnly,
            disk: Some((folder, shared, opened.log)),
            options,
            settings,
            recovered_bytes: opened.torn_bytes,
            unnamed_files: false,
        });
    }
}

/// Opens a claimed folder for writing; `anew` makes its index from the log alone.
///
/// # Errors
/// As [`Store::open`].
pub(crate) fn write(
    folder: &Arc<Folder>,
    options: OpenOptions,
    progress: ReplayProgress<'_>,
    anew: bool,
) -> Result<Assembled, StoreError> {
    let shared = Shared::new(options.cache_bytes);
    let log_options = LogOptions {
        rotate_bytes: options.thresholds.rotate_bytes,
        ..LogOptions::default()
    };
    if !CommitLog::exists(folder.dir()) {
        folder.prepare_index(&BTreeSet::new())?;
        let opened = CommitLog::create(folder.dir(), log_options)?;
        return Ok(assembled(
            Snapshot::empty(),
            opened,
            folder,
            shared,
            options,
            Settings::default(),
        ));
    }
    let stored = if anew {
        Stored::Nothing
    } else {
        stored_state(folder, &shared)?
    };
    let (base, known) = match stored {
        Stored::State(state, known) => (*state, Some(*known)),
        Stored::Unusable(reason) => {
            tracing::warn!(%reason, "The index cannot be used; making it anew from the log");
            (Snapshot::empty(), None)
        }
        Stored::Nothing => (Snapshot::empty(), None),
    };
    // An index that is to be replaced stays until the new one is whole: the log may turn out to be damaged.
    let replaces = known.is_none() && folder.dir().join(MANIFEST_FILE).exists();
    let named = named_files(folder);
    folder.prepare_index(&named)?;
    let spill = Spill {
        folder: Arc::clone(folder),
        shared: Arc::clone(&shared),
        memory_bytes: options.memory_bytes,
        least_rows: options.thresholds.spill_rows,
    };
    let settle = |state: &Snapshot| -> io::Result<Option<Snapshot>> {
        if !is_due(state, &options.thresholds) {
            return Ok(None);
        }
        let frozen = state.stored_as(
            state.version().dictionary.clone(),
            state.version().index.frozen(state.seq()),
        );
        let flushed = Flushed::write(&frozen, folder, &shared, 2, &Pace::full())?;
        Ok(flushed.apply(&frozen))
    };
    let mut replay = Replay::new(base, Some(spill), &mut *progress, settle);
    let read =
        Unreadable::caught(|| CommitLog::open(folder.dir(), log_options, known, &mut replay));
    let opened = match read {
        Err(unreadable) if !anew => {
            tracing::warn!(reason = %unreadable.message, "The index is damaged; making it anew from the log");
            drop(replay);
            return write(folder, options, progress, true);
        }
        Err(unreadable) => std::panic::resume_unwind(Box::new(unreadable)),
        Ok(Err(LogError::Superseded { .. })) if !anew => {
            // The log was compacted past the checkpoint: its base is the newer of the two.
            drop(replay);
            return write(folder, options, progress, true);
        }
        Ok(opened) => {
            if let Some(error) = replay.take_failure() {
                return Err(io_error("write to", folder.index_dir())(error));
            }
            opened?
        }
    };
    if opened.torn_bytes > 0 {
        tracing::warn!(
            torn_bytes = opened.torn_bytes,
            "Cut {} bytes of an unfinished commit off the log",
            opened.torn_bytes
        );
    }
    let state = replay.into_state();
    let levels = state.version().index.levels().iter();
    let mut files = levels.filter_map(|level| level.files());
    let unnamed = files.any(|files| {
        let paths = LevelFiles::paths(folder.index_dir(), files.number);
        paths.iter().any(|path| !named.contains(path))
    });
    let settings = Settings::of(folder.dir())?;
    let mut parts = assembled(state, opened, folder, shared, options, settings);
    // What went to files is not named by any manifest yet; another start would do all this again.
    parts.unnamed_files = unnamed || replaces;
    Ok(parts)
}

fn assembled(
    snapshot: Snapshot,
    opened: crate::store::log::Opened,
    folder: &Arc<Folder>,
    shared: Arc<Shared>,
    options: OpenOptions,
    settings: Settings,
) -> Assembled {
    Assembled {
        snapshot,
        mode: opened.writer.map_or(WriterMode::ReadOnly, WriterMode::File),
        disk: Some((Arc::clone(folder), shared, opened.log)),
        options,
        settings,
        recovered_bytes: opened.torn_bytes,
        unnamed_files: false,
    }
}

/// What the index files hold.
pub(crate) enum Stored {
    /// A state, and what it knows of the log.
    State(Box<Snapshot>, Box<KnownLog>),
    /// There is a manifest, but its files cannot be used; the reason.
    Unusable(String),
    /// There is no manifest.
    Nothing,
}

/// Opens the files that the manifest names.
///
/// # Errors
/// When they cannot be read for another reason than that they are damaged or gone.
pub(crate) fn stored_state(folder: &Folder, shared: &Arc<Shared>) -> Result<Stored, StoreError> {
    let manifest = match Manifest::read(folder.dir()).map_err(io_error("read", folder.dir()))? {
        Found::Manifest(manifest) => manifest,
        Found::Absent => return Ok(Stored::Nothing),
        Found::OtherVersion => {
            return Ok(Stored::Unusable(
                "the index is of another version".to_owned(),
            ));
        }
        Found::Damaged => return Ok(Stored::Unusable("the manifest is damaged".to_owned())),
    };
    match state_of(&manifest, folder, shared) {
        Ok((state, known)) => Ok(Stored::State(Box::new(state), Box::new(known))),
        Err(error) if is_unusable(&error) => Ok(Stored::Unusable(error.to_string())),
        Err(error) => Err(io_error("read", folder.index_dir())(error)),
    }
}

/// Whether the index is at fault, not the permission to read it or the machine.
fn is_unusable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::InvalidData | io::ErrorKind::NotFound | io::ErrorKind::UnexpectedEof
    )
}

fn state_of(
    manifest: &Manifest,
    folder: &Folder,
    shared: &Arc<Shared>,
) -> io::Result<(Snapshot, KnownLog)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let dir = folder.index_dir();
    let mut levels = Vec::with_capacity(manifest.levels.len());
    for entry in &manifest.levels {
        let level = Level::open(dir, entry.number, (entry.first_seq, entry.last_seq), shared)?;
        if let Body::Packed(packed) = &level.body
            && !(has_graph_order(&packed.added) && has_graph_order(&packed.removed))
        {
            return Err(invalid("a level lacks its order by graph"));
        }
        levels.push(Arc::new(level));
    }
    let mut files = Vec::with_capacity(manifest.terms.len());
    for number in &manifest.terms {
        files.push(Arc::new(Terms::open(dir, *number, shared)?));
    }
    let mut end = 0;
    for file in &files {
        if file.first != end {
            return Err(invalid("the files of texts do not follow each other"));
        }
        end += file.len();
    }
    let index = Index::of_levels(levels);
    if index.len() != manifest.quads {
        return Err(invalid(
            "the levels hold another number of quads than the manifest says",
        ));
    }
    let digest =
        unhex(&manifest.digest).ok_or_else(|| invalid("the manifest's digest cannot be read"))?;
    let commits = manifest.commits_path(dir);
    let table = CommitTable::load(&commits)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", commits.display())))?;
    let dictionary = Dictionary::of_files(manifest.seed, files, &manifest.names);
    let state = Snapshot::new(manifest.seq, digest, manifest.quads, dictionary, index);
    let known = KnownLog {
        table,
        digest,
        end: manifest.log_end,
    };
    Ok((state, known))
}

/// Removes the index files that the manifest does not name. None of them may be in use.
pub(crate) fn remove_unnamed(folder: &Folder) {
    if let Err(error) = folder.prepare_index(&named_files(folder)) {
        tracing::warn!(%error, "Index files that were replaced could not be removed; the next start does it");
    }
}

/// The files that the manifest names, and those derived from the texts among them.
fn named_files(folder: &Folder) -> BTreeSet<PathBuf> {
    let Ok(Found::Manifest(manifest)) = Manifest::read(folder.dir()) else {
        return BTreeSet::new();
    };
    let mut named: BTreeSet<PathBuf> = manifest.files(folder.index_dir()).into_iter().collect();
    named.extend(files_of(folder.index_dir(), &manifest.terms).unwrap_or_default());
    named
}
