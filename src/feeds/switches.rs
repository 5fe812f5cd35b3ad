//! Which event streams and views the administrator switched off: names in a small file beside the log, `adressen` for a
//! stream with all its views and `adressen/gemeente` for one view. Written whole and durably at each change.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The file, below the data folder.
const NAME: &str = "feeds/off";
/// Most bytes of the file.
const MAX_BYTES: u64 = 1 << 20;

/// What is switched off.
#[derive(Debug, Default)]
pub struct Switches {
    path: Option<PathBuf>,
    off: Mutex<BTreeSet<String>>,
}

/// The name of a stream or one of its views in the file and on the command line.
fn name_of(register: &str, view: Option<&str>) -> String {
    match view {
        Some(view) => format!("{register}/{view}"),
        None => register.to_owned(),
    }
}

impl Switches {
    /// What a data folder says; nothing is off, and nothing is kept, without a folder.
    ///
    /// # Errors
    /// When the file is there and cannot be read.
    pub fn open(data: Option<&Path>) -> io::Result<Self> {
        let Some(data) = data else {
            return Ok(Self::default());
        };
        let path = data.join(NAME);
        let text = match fs::metadata(&path) {
            Ok(found) if found.len() > MAX_BYTES => {
                return Err(io::Error::other(
                    "the file of streams that are off is too large",
                ));
            }
            Ok(_) => fs::read_to_string(&path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error),
        };
        let names = text.lines().map(str::trim);
        let names = names.filter(|name| !name.is_empty() && !name.starts_with('#'));
        Ok(Self {
            path: Some(path),
            off: Mutex::new(names.map(str::to_owned).collect()),
        })
    }

    fn off(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.off.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a stream is off, or one of its views: by itself or with its stream.
    pub fn is_off(&self, register: &str, view: Option<&str>) -> bool {
        let off = self.off();
        off.contains(register) || view.is_some() && off.contains(&name_of(register, view))
    }

    /// The names of what is off, sorted.
    pub fn names(&self) -> Vec<String> {
        self.off().iter().cloned().collect()
    }

    /// Switches a stream or view off or on; whether that changed anything. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the file cannot be written; nothing changed then.
    pub fn set(&self, register: &str, view: Option<&str>, is_off: bool) -> io::Result<bool> {
        let mut off = self.off();
        let mut changed = off.clone();
        let name = name_of(register, view);
        let is_change = if is_off {
            changed.insert(name)
        } else {
            changed.remove(&name)
        };
        if is_change {
            if let Some(path) = &self.path {
                write(path, &changed)?;
            }
            *off = changed;
        }
        Ok(is_change)
    }
}

/// Writes beside the file and renames.
fn write(path: &Path, names: &BTreeSet<String>) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = path.with_extension("new");
    let mut file = File::create(&beside)?;
    for name in names {
        writeln!(file, "{name}")?;
    }
    file.sync_all()?;
    fs::rename(&beside, path)?;
    File::open(folder)?.sync_all()
}

/// Removes the files of a stream with all its views, or of one view, that nobody has open. Those of a stream are made anew
/// when it is on again.
///
/// # Errors
/// When they cannot be removed.
pub fn remove_files(data: &Path, register: &str, view: Option<&str>) -> io::Result<()> {
    super::ldes::remove_view_files(data, register, view)?;
    match view {
        Some(_) => Ok(()),
        None => super::stream::remove_files(data, register),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_stays_off() {
        let data = tempfile::tempdir().expect("a folder");
        let open = || Switches::open(Some(data.path())).expect("opens");
        let switches = open();
        assert!(
            switches
                .set("adressen", Some("gemeente"), true)
                .expect("writes")
        );
        assert!(
            !switches
                .set("adressen", Some("gemeente"), true)
                .expect("writes")
        );
        assert!(switches.set("percelen", None, true).expect("writes"));
        let switches = open();
        assert_eq!(switches.names(), ["adressen/gemeente", "percelen"]);
        assert!(switches.is_off("adressen", Some("gemeente")));
        assert!(!switches.is_off("adressen", None));
        assert!(switches.is_off("percelen", None) && switches.is_off("percelen", Some("tegel")));
        assert!(switches.set("percelen", None, false).expect("writes"));
        assert!(!open().is_off("percelen", Some("tegel")));
        let memory = Switches::open(None).expect("opens");
        assert!(memory.set("adressen", None, true).expect("kept"));
        assert!(memory.is_off("adressen", None));
    }
}
