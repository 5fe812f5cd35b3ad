//! Damage to a copy of a data folder: bytes cut off, flipped or zeroed, files gone or left over. The store may refuse and say
//! where, or give the right answer; it may never give a wrong one.

use super::life::{compare, ensure, look_back};
use super::workload::{Model, Rng, Style, open, rebuild};
use oslo_registry::store::{OpenOptions, StoreError, Unreadable, check};
use std::fs;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Files of the log, oldest first, bases before the rest.
pub(super) fn log_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let old = dir.join("commits.log");
    if old.exists() {
        return Ok(vec![old]);
    }
    let mut files = files_in(&dir.join("log"))?;
    files.retain(|path| {
        path.extension()
            .is_some_and(|kind| kind == "log" || kind == "base")
    });
    files.sort_by_key(|path| {
        (
            path.extension().is_some_and(|kind| kind == "log"),
            path.clone(),
        )
    });
    Ok(files)
}

/// Whether there is a log at all; a child may die before it is made.
pub(super) fn has_log(dir: &Path) -> bool {
    log_files(dir).is_ok_and(|files| !files.is_empty())
}

fn files_in(dir: &Path) -> io::Result<Vec<PathBuf>> {
    if !dir.exists() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        files.push(entry?.path());
    }
    files.sort();
    Ok(files)
}

/// What the manifest says; nothing when there is none.
fn manifest(dir: &Path) -> serde_json::Value {
    let text = fs::read_to_string(dir.join("MANIFEST")).unwrap_or_default();
    let json = text
        .trim_end()
        .rsplit_once('\n')
        .map_or("", |(json, _)| json);
    serde_json::from_str(json).unwrap_or_default()
}

/// The index files that the manifest names, and those derived from the texts among them.
fn named_files(dir: &Path) -> Vec<PathBuf> {
    let manifest = manifest(dir);
    let list = |name: &str| manifest[name].as_array().cloned().unwrap_or_default();
    let levels = list("levels")
        .into_iter()
        .map(|level| level["number"].clone());
    let texts: Vec<u64> = list("terms").iter().filter_map(|n| n.as_u64()).collect();
    let numbers: Vec<u64> = levels
        .filter_map(|n| n.as_u64())
        .chain(texts.iter().copied())
        .collect();
    let commits = manifest["commits"].as_str().unwrap_or_default();
    let mut files = files_in(&dir.join("index")).unwrap_or_default();
    files.retain(|path| {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let number = name
            .split('-')
            .next()
            .and_then(|number| number.parse().ok());
        let segment = name.ends_with(".seg") && number.is_some_and(|n| numbers.contains(&n));
        let derived = is_derived(path) && number.is_some_and(|n| texts.contains(&n));
        segment || derived || name == commits
    });
    files
}

/// Whether a file is derived from texts: it can be missing.
fn is_derived(path: &Path) -> bool {
    path.extension().is_some_and(|kind| kind == "part")
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to)?;
    for path in files_in(from)? {
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            fs::copy(&path, &target)?;
        }
    }
    Ok(())
}

/// What was done to the copy.
struct Done {
    what: &'static str,
    /// The file, for the message.
    path: PathBuf,
    /// Whether the log was hit: then commits may be gone, or the folder refused.
    log: bool,
    /// Whether the index was hit where it is in use, and not only what a crash had left beside it.
    counts: bool,
    /// Commits that the manifest knew of.
    known: u64,
    detail: String,
}

/// Damages a copy of a folder that holds `commits` commits, and looks at it. Says what was done.
///
/// # Errors
/// A sentence that says what was wrong.
pub(super) fn trial(
    dir: &Path,
    folder: &Path,
    style: &Style,
    model: &mut Model,
    rng: &mut Rng,
    commits: u64,
) -> Result<String, String> {
    let target = folder.join("damaged");
    copy(dir, &target).map_err(|error| error.to_string())?;
    let Some(done) = harm(&target, rng).map_err(|error| error.to_string())? else {
        return Ok("nothing to damage".to_owned());
    };
    let what = format!("{}: {}", if done.log { "log" } else { "index" }, done.what);
    look(&target, style, model, rng, commits, &done)
        .map(|outcome| format!("{what}, {outcome}"))
        .map_err(|wrong| {
            format!(
                "damage ({what} at {} {}): {wrong}",
                done.path.display(),
                done.detail
            )
        })
}

fn harm(dir: &Path, rng: &mut Rng) -> io::Result<Option<Done>> {
    let logs = log_files(dir)?;
    let index = files_in(&dir.join("index"))?;
    let manifest = dir.join("MANIFEST");
    let named = named_files(dir);
    let known = self::manifest(dir)["seq"].as_u64().unwrap_or(0);
    let kind = rng.below(12);
    let (path, log) = match kind {
        0..3 => (logs.last().cloned(), true),
        3 => (Some(rng.pick(&logs).clone()), true),
        4 => (manifest.exists().then(|| manifest.clone()), false),
        _ if index.is_empty() => (None, false),
        _ => (Some(rng.pick(&index).clone()), false),
    };
    let Some(path) = path else {
        return Ok(None);
    };
    let whole = fs::read(&path)?;
    let mut bytes = whole.clone();
    let length = bytes.len() as u64;
    let mut detail = String::new();
    let what = match rng.below(10) {
        0 if !log || logs.len() > 1 => {
            fs::remove_file(&path)?;
            "file gone"
        }
        1 if !log => {
            fs::remove_dir_all(dir.join("index"))?;
            "all files gone"
        }
        2 if !log => {
            // What a crash leaves: files that nothing names.
            fs::write(
                dir.join("index/00099999-spog.seg"),
                &bytes[..bytes.len() / 2],
            )?;
            fs::write(dir.join("index/00099998-terms.new"), b"half")?;
            fs::write(dir.join("MANIFEST.new"), b"{")?;
            "files left over"
        }
        3 | 4 if length > 0 => {
            let keep = if rng.chance(50) {
                length - rng.between(1, length.min(40))
            } else {
                rng.below(length)
            };
            bytes.truncate(keep as usize);
            detail = format!("{length} cut to {keep}");
            fs::write(&path, &bytes)?;
            "cut short"
        }
        5 if length > 0 => {
            let at = rng.below(length);
            let until = ((at / 512 + 1) * 512).min(length);
            bytes[at as usize..until as usize].fill(0);
            detail = format!("bytes {at} to {until} of {length}");
            fs::write(&path, &bytes)?;
            "a sector zeroed"
        }
        _ if length > 0 => {
            let at = if rng.chance(40) {
                length - 1 - rng.below(length.min(300))
            } else {
                rng.below(length)
            };
            let bit = rng.below(8);
            bytes[at as usize] ^= 1 << bit;
            detail = format!("bit {bit} of byte {at} of {length}");
            fs::write(&path, &bytes)?;
            "a bit flipped"
        }
        _ => return Ok(None),
    };
    let counts = match what {
        "files left over" => false,
        "all files gone" => !named.is_empty(),
        "file gone" => named.contains(&path) && !is_derived(&path),
        // The line feed at the end of the manifest says nothing.
        _ if path == manifest => bytes.trim_ascii_end() != whole.trim_ascii_end(),
        // Zeros where zeros were are no damage.
        _ => named.contains(&path) && bytes != whole,
    };
    Ok(Some(Done {
        what,
        counts,
        known,
        path,
        log,
        detail,
    }))
}

/// Runs a piece of work that reads the index. `None` when it met an unreadable part, which the store says by unwinding.
fn readable<T>(work: impl FnOnce() -> Result<T, String>) -> Result<Option<T>, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map(Some),
        Err(panic) => match panic.downcast::<Unreadable>() {
            Ok(unreadable) => {
                ensure(unreadable.message.contains("index/"), || {
                    format!("the damage is not placed: {}", unreadable.message)
                })?;
                Ok(None)
            }
            Err(panic) => {
                let text = panic
                    .downcast_ref::<String>()
                    .cloned()
                    .or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
                Err(format!("a panic: {}", text.unwrap_or_default()))
            }
        },
    }
}

fn look(
    dir: &Path,
    style: &Style,
    model: &mut Model,
    rng: &mut Rng,
    commits: u64,
    done: &Done,
) -> Result<&'static str, String> {
    let before: Vec<Vec<u8>> = log_bytes(dir);
    // Damage to the log is a finding; a log that cannot be listed as one is an error.
    let clean = match readable(|| {
        Ok(check(
            dir,
            true,
            oslo_registry::query::derived(),
            &mut |_, _| {},
        ))
    })? {
        Some(Ok(report)) => report.findings.is_empty(),
        Some(Err(_)) => false,
        None => return Err("check unwound".to_owned()),
    };
    ensure(done.log || !done.counts || !clean, || {
        "check saw nothing".to_owned()
    })?;
    let options = OpenOptions {
        read_only: rng.chance(30),
        must_exist: true,
        ..style.options
    };
    let Some(opened) = readable(|| Ok(open(dir, options)))? else {
        return Err("opening unwound".to_owned());
    };
    let store = match opened {
        Ok(store) => store,
        Err(error) => {
            ensure(done.log, || {
                format!("a damaged index keeps the folder from opening: {error}")
            })?;
            ensure(!clean, || {
                format!("check saw nothing, opening fails: {error}")
            })?;
            ensure(names_a_place(&error), || {
                format!("the message names no place: {error}")
            })?;
            ensure(log_bytes(dir) == before, || {
                "a refused folder was changed".to_owned()
            })?;
            return Ok("refused");
        }
    };
    let seq = store.snapshot().seq();
    // Bytes that are gone from the end of the log leave no trace, unless a checkpoint knows better.
    let at_least = if done.log { done.known } else { commits };
    ensure((at_least..=commits).contains(&seq), || {
        format!("{seq} commits instead of {commits}; the manifest knows of {at_least}")
    })?;
    let newest = readable(|| compare(&store, model, seq))?;
    let earlier = rng.between(store.first_state().min(seq), seq);
    let past = readable(|| match look_back(&store, model, earlier) {
        Err(wrong) if done.log && wrong.contains("damaged") => Ok(()),
        done => done,
    })?;
    let infos = store.commits(0);
    ensure(done.log || infos.is_ok(), || {
        "the commits cannot be listed".to_owned()
    })?;
    let all_well = newest.is_some() && past.is_some();
    ensure(all_well || !clean, || {
        "check saw nothing, reading fails".to_owned()
    })?;
    let damaged = store.health().damaged;
    ensure(all_well || damaged.is_some(), || {
        "the damage is not told".to_owned()
    })?;
    let read_only = options.read_only;
    drop(store);
    if all_well {
        return Ok("right answer");
    }
    if read_only && seq == 0 {
        return Ok("unreadable");
    }
    let anew =
        rebuild(dir, style.options).map_err(|error| format!("it cannot be rebuilt: {error}"))?;
    ensure(anew.snapshot().seq() == commits, || {
        "rebuilding lost commits".to_owned()
    })?;
    compare(&anew, model, commits)?;
    drop(anew);
    let report = check(dir, true, oslo_registry::query::derived(), &mut |_, _| {})
        .map_err(|error| error.to_string())?;
    ensure(report.findings.is_empty(), || {
        format!("rebuilt, and {:?}", report.findings)
    })?;
    Ok("unreadable, rebuilt")
}

fn log_bytes(dir: &Path) -> Vec<Vec<u8>> {
    let files = log_files(dir).unwrap_or_default();
    files
        .iter()
        .map(|path| fs::read(path).unwrap_or_default())
        .collect()
}

fn names_a_place(error: &StoreError) -> bool {
    match error {
        StoreError::Damaged { path, .. }
        | StoreError::LogFileMissing { path }
        | StoreError::UnknownFormat { path }
        | StoreError::NewerFormat { path, .. } => path.extension().is_some(),
        // A compaction that was cut short goes on where the log is damaged.
        StoreError::Io { source, .. } => source.to_string().contains("is damaged at byte"),
        _ => false,
    }
}
