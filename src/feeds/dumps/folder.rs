//! The folder of dumps: which there are, who may write, what is left over from a crash, what is kept. Writes no dump.
//!
//! ```text
//! lock                          held by the one process that makes dumps
//! {register}/{stem}.json        the manifest: what it names is there, whole
//! {register}/{stem}.nq.gz …     its files
//! {register}/.nieuw/            what is being made
//! ```

use super::manifest::Manifest;
use super::{DumpError, failed};
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the folder below the data folder.
pub const DUMPS_DIR: &str = "dumps";
const LOCK_FILE: &str = "lock";
const UNFINISHED: &str = ".nieuw";
/// Most bytes of a manifest that is read.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;
/// Most manifests of one register that are read.
const MAX_MANIFESTS: usize = 10_000;

/// A folder of dumps. Cheap to clone; holds nothing open.
#[derive(Clone, Debug)]
pub struct Folder {
    dir: PathBuf,
}

/// The right to make dumps in a folder, until it is dropped.
pub struct Slot {
    _lock: File,
}

impl Folder {
    /// The folder of dumps of a registry by its data folder.
    pub fn of_data(data: &Path) -> Self {
        Self::at(data.join(DUMPS_DIR))
    }

    /// A folder somewhere else.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder itself.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where the dumps of a register lie.
    pub(super) fn of(&self, register: &str) -> PathBuf {
        self.dir.join(register)
    }

    /// Where what is being made lies.
    pub(super) fn unfinished(&self, register: &str) -> PathBuf {
        self.of(register).join(UNFINISHED)
    }

    /// Takes the right to make dumps here; makes the folder if need be.
    ///
    /// # Errors
    /// [`DumpError::Busy`] when another process has it.
    pub fn claim(&self) -> Result<Slot, DumpError> {
        fs::create_dir_all(&self.dir).map_err(failed("create", &self.dir))?;
        let path = self.dir.join(LOCK_FILE);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(failed("open", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Slot { _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                let path = self.dir.clone();
                Err(DumpError::Busy { path })
            }
            Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
        }
    }

    /// The dumps of a register, the one of the latest commit first. What cannot be read as a manifest is none.
    ///
    /// # Errors
    /// When the folder cannot be read; that there is none is no error.
    pub fn manifests(&self, register: &str) -> io::Result<Vec<Manifest>> {
        let entries = match fs::read_dir(self.of(register)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if found.len() < MAX_MANIFESTS
                && let Some(manifest) = read_manifest(&path, register)
            {
                found.push(manifest);
            }
        }
        found.sort_by(|a: &Manifest, b| (b.commit, &b.moment).cmp(&(a.commit, &a.moment)));
        Ok(found)
    }

    /// The path of a file that a manifest of the register names, or of a manifest.
    pub fn path_of(&self, register: &str, file: &str) -> PathBuf {
        self.of(register).join(file)
    }

    /// Removes what no manifest names and is of ours: left-overs of a crash. Only for whoever has the [`Slot`].
    ///
    /// # Errors
    /// When something cannot be removed.
    pub(super) fn clean(&self, register: &str) -> Result<(), DumpError> {
        let unfinished = self.unfinished(register);
        match fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed("remove", &unfinished)(error));
            }
            _ => {}
        }
        let dir = self.of(register);
        let manifests = self.manifests(register).map_err(failed("read", &dir))?;
        let mut named: BTreeSet<String> = manifests.iter().map(Manifest::file_name).collect();
        named.extend(
            manifests
                .into_iter()
                .flat_map(|manifest| manifest.files)
                .map(|file| file.name),
        );
        let entries = match fs::read_dir(&dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries.map_err(failed("read", &dir))?,
        };
        for entry in entries {
            let entry = entry.map_err(failed("read", &dir))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_ours(register, &name) && !named.contains(&name) {
                let path = entry.path();
                fs::remove_file(&path).map_err(failed("remove", &path))?;
            }
        }
        Ok(())
    }

    /// Removes all dumps of a register but the newest few; how many went. Who is downloading one gets the rest of it.
    ///
    /// # Errors
    /// When something cannot be removed.
    pub(super) fn keep(&self, register: &str, most: usize) -> Result<usize, DumpError> {
        let dir = self.of(register);
        let manifests = self.manifests(register).map_err(failed("read", &dir))?;
        let mut gone = 0;
        for manifest in manifests.into_iter().skip(most.max(1)) {
            // The manifest first: what is half gone is not listed.
            let names = std::iter::once(manifest.file_name());
            for name in names.chain(manifest.files.into_iter().map(|file| file.name)) {
                let path = dir.join(name);
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(failed("remove", &path)(error));
                    }
                    _ => {}
                }
            }
            gone += 1;
        }
        Ok(gone)
    }
}

/// The newest dump of a register, with media types, sizes and checksums of its files; `None` when there is none.
///
/// # Errors
/// When the folder cannot be read.
pub fn newest(folder: &Folder, register: &str) -> io::Result<Option<Manifest>> {
    Ok(folder.manifests(register)?.into_iter().next())
}

/// A manifest, when a path leads to one whose names are those it should have.
fn read_manifest(path: &Path, register: &str) -> Option<Manifest> {
    let name = path.file_name()?.to_str()?;
    if !is_ours(register, name)
        || !name.ends_with(".json")
        || name.ends_with(".csv-metadata.json")
        || fs::metadata(path).ok()?.len() > MAX_MANIFEST_BYTES
    {
        return None;
    }
    let manifest: Manifest = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let stem = manifest.stem();
    let names_own = manifest
        .files
        .iter()
        .all(|file| file.name == format!("{stem}.{}", file.extension()));
    (manifest.register == register && manifest.file_name() == name && names_own).then_some(manifest)
}

/// Whether a name is one that a dump of the register gives: `{register}-{date}-{commit}.…`.
fn is_ours(register: &str, name: &str) -> bool {
    let Some((stem, _)) = name
        .strip_prefix(register)
        .and_then(|rest| rest.strip_prefix('-'))
        .and_then(|rest| rest.split_once('.'))
    else {
        return false;
    };
    let (day, commit) = (stem.get(..10), stem.get(10..));
    let is_day = day.is_some_and(|day| {
        day.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
    });
    is_day
        && commit
            .and_then(|commit| commit.strip_prefix('-'))
            .is_some_and(|commit| {
                !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_digit())
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feeds::dumps::LeftOut;

    fn manifest(commit: u64) -> Manifest {
        Manifest {
            register: "adressen".into(),
            commit,
            digest: "00".into(),
            moment: "2026-11-01T08:00:00.000Z".into(),
            made: "2026-11-01T09:00:00Z".into(),
            duration_ms: 1,
            items: Some(0),
            statements: None,
            left_out: LeftOut::default(),
            files: Vec::new(),
        }
    }

    fn put(folder: &Folder, manifest: &Manifest) {
        let dir = folder.of(&manifest.register);
        fs::create_dir_all(&dir).expect("a folder");
        let text = serde_json::to_vec(manifest).expect("JSON");
        fs::write(dir.join(manifest.file_name()), text).expect("a file");
    }

    #[test]
    fn only_manifests_with_their_own_names_count() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::of_data(dir.path());
        assert!(newest(&folder, "adressen").expect("readable").is_none());
        for commit in [9, 10, 2] {
            put(&folder, &manifest(commit));
        }
        let of = folder.of("adressen");
        let text = fs::read(of.join("adressen-2026-11-01-10.json")).expect("a file");
        fs::write(of.join("adressen-2026-11-01-11.json"), text).expect("a file");
        fs::write(of.join("adressen-2026-11-01-12.json"), "{").expect("a file");
        fs::write(of.join("eigen.txt"), "x").expect("a file");
        let commits = |folder: &Folder| -> Vec<u64> {
            let found = folder.manifests("adressen").expect("readable");
            found.iter().map(|manifest| manifest.commit).collect()
        };
        assert_eq!(commits(&folder), [10, 9, 2]);
        fs::create_dir_all(folder.unfinished("adressen")).expect("a folder");
        folder.clean("adressen").expect("cleaned");
        assert!(!folder.unfinished("adressen").exists());
        assert!(!of.join("adressen-2026-11-01-12.json").exists());
        assert!(of.join("eigen.txt").exists());
        assert_eq!(folder.keep("adressen", 2).expect("kept"), 1);
        assert_eq!(commits(&folder), [10, 9]);
    }

    #[test]
    fn one_process_makes_dumps() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = Folder::of_data(dir.path());
        let slot = folder.claim().expect("free");
        assert!(matches!(folder.claim(), Err(DumpError::Busy { .. })));
        drop(slot);
        assert!(folder.claim().is_ok());
    }

    #[test]
    fn names_are_told_apart() {
        assert!(is_ours("adressen", "adressen-2026-11-01-7.nq.gz"));
        for name in [
            "adressen-2026-11-01-7",
            "adressen-2026-11-01-.nq",
            "adressen-2026-11-01-7a.nq",
            "straten-2026-11-01-7.nq",
            "adressen-é026-11-01-7.nq",
            "adressen.json",
        ] {
            assert!(!is_ours("adressen", name), "{name}");
        }
    }
}
