//! Copies the observations of a folder to another, beside the process that writes them. What is copied holds all that was acknowledged
//! before the copy began. Decides nothing about when.

use super::files::{Sealed, latest_path};
use super::manifest::Manifest;
use super::names::NAMES_FILE;
use super::{ObservationError, io_error, wal};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often a copy starts over when files are replaced under its hands.
const TRIES: usize = 20;

/// What was copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CopiedObservations {
    /// Files in all.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that are links to those of the source, and take no room of their own.
    pub linked: u64,
}

/// Copies the observations in `source`, if there are any, to the folder `target`, which must not be there. Files that never change are
/// hard links where `link` allows it and the disk can. Durable when this returns.
///
/// # Errors
/// Errors of reading and writing, damage of the manifest; the target then is not there.
pub fn copy_observations(
    source: &Path,
    target: &Path,
    link: bool,
) -> Result<Option<CopiedObservations>, ObservationError> {
    if !source.is_dir() {
        return Ok(None);
    }
    if target.exists() {
        let there = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(io_error("create", target)(there));
    }
    let mut unfinished = target.as_os_str().to_owned();
    unfinished.push(".new");
    let unfinished = PathBuf::from(unfinished);
    let mut tries = 0;
    loop {
        tries += 1;
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished).map_err(io_error("remove", &unfinished))?;
        }
        fs::create_dir_all(&unfinished).map_err(io_error("create", &unfinished))?;
        match copy_once(source, &unfinished, link) {
            Ok(Some(copied)) => {
                fs::rename(&unfinished, target).map_err(io_error("rename", &unfinished))?;
                if let Some(parent) = target.parent() {
                    sync(parent)?;
                }
                return Ok(Some(copied));
            }
            // Something was sealed or merged meanwhile.
            Ok(None) if tries < TRIES => {}
            Err(ObservationError::Io { source, .. })
                if source.kind() == io::ErrorKind::NotFound && tries < TRIES => {}
            failed => {
                // What cannot be removed is no copy by its name.
                let _ = fs::remove_dir_all(&unfinished);
                failed?;
                let changing = io::Error::other("the files keep changing");
                return Err(io_error("copy", source)(changing));
            }
        }
        std::thread::sleep(Duration::from_millis(5 << tries.min(6)));
    }
}

/// `None` when the manifest was replaced while its files were copied.
fn copy_once(
    source: &Path,
    target: &Path,
    link: bool,
) -> Result<Option<CopiedObservations>, ObservationError> {
    let manifest = Manifest::read(source)?;
    let sealed = Sealed::of(source, &manifest);
    let mut copying = Copying {
        target,
        link,
        done: CopiedObservations::default(),
    };
    // The newest file of the log grows; those before it are whole, and what begins after it was begun after the copy.
    let mut logs: Vec<u64> = Vec::new();
    for entry in fs::read_dir(source).map_err(io_error("read", source))? {
        let name = entry.map_err(io_error("read", source))?.file_name();
        let number = name.to_str().and_then(wal::number_of);
        logs.extend(number.filter(|number| *number >= manifest.wal));
    }
    logs.sort_unstable();
    for day in sealed.days.values() {
        for segment in &day.segments {
            copying.fixed(segment.path())?;
        }
        copying.fixed(&day.sums.path)?;
    }
    if manifest.latest > 0 {
        copying.fixed(&latest_path(source, manifest.latest))?;
    }
    for number in logs {
        copying.bytes(&wal::path(source, number))?;
    }
    // After the log: a name is written before anything is told of it.
    let names = source.join(NAMES_FILE);
    if names.exists() {
        copying.bytes(&names)?;
    }
    if Manifest::read(source)? != manifest {
        return Ok(None);
    }
    manifest.write(target)?;
    sync(target)?;
    Ok(Some(copying.done))
}

struct Copying<'t> {
    target: &'t Path,
    link: bool,
    done: CopiedObservations,
}

impl Copying<'_> {
    /// A file that never changes.
    fn fixed(&mut self, path: &Path) -> Result<(), ObservationError> {
        let to = self.target.join(path.file_name().unwrap_or_default());
        if self.link && fs::hard_link(path, &to).is_ok() {
            let length = fs::metadata(&to).map_err(io_error("read", &to))?.len();
            self.done.files += 1;
            self.done.linked += 1;
            self.done.bytes += length;
            return Ok(());
        }
        self.bytes(path)
    }

    /// A file as it is now.
    fn bytes(&mut self, path: &Path) -> Result<(), ObservationError> {
        let to = self.target.join(path.file_name().unwrap_or_default());
        let length = fs::copy(path, &to).map_err(io_error("copy", path))?;
        sync(&to)?;
        self.done.files += 1;
        self.done.bytes += length;
        Ok(())
    }
}

fn sync(path: &Path) -> Result<(), ObservationError> {
    let opened = File::open(path);
    opened
        .and_then(|file| file.sync_all())
        .map_err(io_error("write to", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observations::{
        Kind, Observation, ObservationOptions, ObservationStore, Scan, Series, Value,
    };
    use std::sync::atomic::{AtomicBool, Ordering};

    #[test]
    fn a_copy_made_beside_a_writer_holds_what_was_acknowledged_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let source = folder.path().join("observations");
        let options = ObservationOptions {
            seal_rows: 50,
            files_of_day: 2,
            ..ObservationOptions::default()
        };
        let store = ObservationStore::open(&source, options).expect("opens");
        let id = store
            .declare(Series {
                iri: "urn:a".to_owned(),
                kind: Kind::Number,
                unit: None,
            })
            .expect("declared");
        let add = |n: i64| {
            let one = Observation::new(id, 1_772_323_200_000_000 + n, Value::Number(n as f64));
            store
                .append(vec![one])
                .expect("taken")
                .wait()
                .expect("durable");
        };
        (0..120).for_each(add);
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut n = 120;
                while !stop.load(Ordering::Relaxed) {
                    add(n);
                    n += 1;
                }
            });
            for round in 0..5 {
                let target = folder.path().join(format!("copy-{round}"));
                let before = store.count(id).expect("counts");
                let copied = copy_observations(&source, &target, round % 2 == 0);
                assert!(
                    copied
                        .expect("copies")
                        .is_some_and(|copied| copied.files > 2)
                );
                let copy = ObservationStore::open(&target, options).expect("the copy opens");
                let rows = copy.rows(&Scan::new(id, i64::MIN..i64::MAX), usize::MAX);
                let rows = rows.expect("reads");
                assert!(rows.len() as u64 >= before, "{} of {before}", rows.len());
                for (n, row) in rows.iter().enumerate() {
                    assert_eq!(row.observation.result, Some(Value::Number(n as f64)));
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        let there = copy_observations(&source, &folder.path().join("copy-0"), true);
        assert!(there.is_err(), "a copy is never written over another");
        let nothing =
            copy_observations(&folder.path().join("none"), &folder.path().join("x"), true);
        assert_eq!(nothing.expect("nothing to copy"), None);
    }
}
