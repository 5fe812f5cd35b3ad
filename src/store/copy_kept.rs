//! Copies what is kept beside the log and is no part of a state: records as evidence, what is known of declared sources,
//! contexts that were fetched for them, and subscriptions with how far they are. Evidence is written before the commit that needs it, so that whoever copies the log first
//! and this afterwards misses none.

use crate::store::folder::{
    CONTEXTS_DIR, EVIDENCE_DIR, SOURCES_DIR, SUBSCRIPTIONS_DIR, sync_dir, write_private,
};
use crate::store::log::Copying;
use crate::store::{StoreError, io_error};
use std::fs;
use std::io;
use std::path::Path;

/// Files of a source that are copied: what the operator declared, and its runs. Where it is in its documents is left out: a
/// copy may be used for another log, and everything is read again.
const SOURCE_FILES: [&str; 2] = ["declared", "runs.ndjson"];
/// Files that only their owner may read, in the copy too.
const PRIVATE_FILE: &str = "secret";
/// Such a file is small.
const MOST_PRIVATE_BYTES: u64 = 4 << 10;

/// How many files of each kind were copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Kept {
    /// Records.
    pub(crate) evidence: u64,
    /// Declarations and runs of sources, contexts, and files of subscriptions.
    pub(crate) sources: u64,
}

/// Copies it all.
pub(crate) fn copy_kept(
    source: &Path,
    target: &Path,
    copying: &mut Copying<'_>,
) -> Result<Kept, StoreError> {
    // Evidence never changes; the others do, and a link would change with them.
    let evidence = copy_below(source, target, EVIDENCE_DIR, copying, &|_| true)?;
    let link = std::mem::take(&mut copying.link);
    let sources = copy_below(source, target, SOURCES_DIR, copying, &|name| {
        SOURCE_FILES.contains(&name)
    });
    let contexts = copy_below(source, target, CONTEXTS_DIR, copying, &|_| true);
    let subscriptions = copy_below(source, target, SUBSCRIPTIONS_DIR, copying, &|_| true);
    copying.link = link;
    Ok(Kept {
        evidence,
        sources: sources? + contexts? + subscriptions?,
    })
}

/// Copies the files of a folder of folders; files that are not finished, hidden or not wanted are passed over.
fn copy_below(
    source: &Path,
    target: &Path,
    name: &str,
    copying: &mut Copying<'_>,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<u64, StoreError> {
    let (from, to) = (source.join(name), target.join(name));
    let entries = match fs::read_dir(&from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(io_error("read", &from))?,
    };
    fs::create_dir(&to).map_err(io_error("create", &to))?;
    let mut count = 0;
    for entry in entries {
        let path = entry.map_err(io_error("read", &from))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let is_plain = !path.is_symlink() && !name.starts_with('.');
        if is_plain && path.is_dir() {
            let below = copy_folder(&path, &to.join(name), copying, wanted)?;
            count += below;
        } else if is_plain && path.is_file() {
            count += copy_file(&path, &to, copying, wanted)?;
        }
    }
    sync_dir(&to).map_err(io_error("write to", &to))?;
    Ok(count)
}

fn copy_folder(
    from: &Path,
    to: &Path,
    copying: &mut Copying<'_>,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<u64, StoreError> {
    fs::create_dir(to).map_err(io_error("create", to))?;
    let mut count = 0;
    for entry in fs::read_dir(from).map_err(io_error("read", from))? {
        let path = entry.map_err(io_error("read", from))?.path();
        if path.is_file() && !path.is_symlink() {
            count += copy_file(&path, to, copying, wanted)?;
        }
    }
    sync_dir(to).map_err(io_error("write to", to))?;
    Ok(count)
}

fn copy_file(
    path: &Path,
    to: &Path,
    copying: &mut Copying<'_>,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<u64, StoreError> {
    let name = path.file_name().and_then(|name| name.to_str());
    let is_finished = path.extension().is_none_or(|kind| kind != "new");
    let Some(name) = name.filter(|name| is_finished && !name.starts_with('.') && wanted(name))
    else {
        return Ok(0);
    };
    let copied = if name == PRIVATE_FILE {
        copy_private(path, &to.join(name))
    } else {
        copying.whole(path, &to.join(name))
    };
    match copied {
        // Removed meanwhile.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
        copied => copied.map_err(io_error("copy", path)).map(|()| 1),
    }
}

/// Copies a file that is never readable by others, not for a moment.
fn copy_private(from: &Path, to: &Path) -> io::Result<()> {
    if fs::metadata(from)?.len() > MOST_PRIVATE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the file is too large for a secret",
        ));
    }
    write_private(to, &fs::read(from)?)
}
