//! What a registry was set to, for all commands and servers alike: kept beside its log, and copied with it. Holds no data
//! and decides nothing about who may change it.
//!
//! ```toml
//! # log/settings.toml
//! rdf = "1.2"
//! shacl = "1.2"
//! disallow = "warning"
//! ```

use crate::rdf::shacl::{ShaclVersion, Threshold};
use crate::rdf::version::RdfVersion;
use crate::store::{StoreError, fault, io_error};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Name of the file in the folder of the log.
const FILE: &str = "settings.toml";
/// A file of settings is small.
const MAX_BYTES: u64 = 64 << 10;
const HEADING: &str = "# What this registry was set to; changed with `oslo settings`.\n";

/// What a registry was set to. Without a file everything is as it is by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The version of RDF and SPARQL that is taken.
    pub rdf: RdfVersion,
    /// The version of SHACL that shapes are read by.
    pub shacl: ShaclVersion,
    /// The least grave severity that denies conformance, with SHACL 1.2; with SHACL 1.0 all do.
    pub disallow: Threshold,
}

/// As the file has it. A name that this version does not know is an error: it may change what the rest means.
#[derive(serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    #[serde(default)]
    rdf: Option<String>,
    #[serde(default)]
    shacl: Option<String>,
    #[serde(default)]
    disallow: Option<String>,
}

impl Settings {
    /// The settings of a data folder; the default ones where there is no file or no registry.
    ///
    /// # Errors
    /// When the file cannot be read or says what this version does not know.
    pub fn of(dir: &Path) -> Result<Self, StoreError> {
        Self::read(&log_folder(dir))
    }

    fn read(folder: &Path) -> Result<Self, StoreError> {
        let path = folder.join(FILE);
        let text = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => Err(error),
            Ok(meta) if meta.len() > MAX_BYTES => Err(invalid("the file is too large")),
            Ok(_) => fs::read_to_string(&path),
        };
        text.and_then(|text| Self::parse(&text))
            .map_err(io_error("read", &path))
    }

    /// Reads what [`Settings::text`] wrote.
    ///
    /// # Errors
    /// When the text says what this version does not know.
    pub fn parse(text: &str) -> io::Result<Self> {
        let stored: Stored = toml::from_str(text).map_err(|error| invalid(error.message()))?;
        let rdf = match stored.rdf {
            None => RdfVersion::default(),
            Some(name) => RdfVersion::from_name(&name)
                .ok_or_else(|| invalid(&format!("rdf is \"1.1\" or \"1.2\", not \"{name}\"")))?,
        };
        let shacl = match stored.shacl {
            None => ShaclVersion::default(),
            Some(name) => ShaclVersion::from_name(&name)
                .ok_or_else(|| invalid(&format!("shacl is \"1.0\" or \"1.2\", not \"{name}\"")))?,
        };
        let disallow = match stored.disallow {
            None => Threshold::default(),
            Some(name) => Threshold::from_name(&name)
                .ok_or_else(|| invalid(&format!("disallow is a severity, not \"{name}\"")))?,
        };
        Ok(Self {
            rdf,
            shacl,
            disallow,
        })
    }

    /// The settings as their file has them. What is as by default is left out but for the first line: programs of before
    /// then still read it.
    pub fn text(self) -> String {
        let mut text = format!("{HEADING}rdf = \"{}\"\n", self.rdf);
        if self.shacl != ShaclVersion::default() {
            text.push_str(&format!("shacl = \"{}\"\n", self.shacl));
        }
        if self.disallow != Threshold::default() {
            text.push_str(&format!("disallow = \"{}\"\n", self.disallow));
        }
        text
    }

    /// Puts these settings in place of those before, durably. The folder must be claimed.
    ///
    /// # Errors
    /// When they cannot be written; those before then stand.
    pub(crate) fn write(self, dir: &Path) -> Result<(), StoreError> {
        let folder = log_folder(dir);
        self.write_in(&folder)
            .map_err(io_error("write to", &folder.join(FILE)))
    }

    /// Writes these settings into a folder that is to become that of a log; those by default need no file.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(crate) fn write_into(self, log_folder: &Path) -> Result<(), StoreError> {
        if self == Self::default() {
            return Ok(());
        }
        self.write_in(log_folder)
            .map_err(io_error("write to", &log_folder.join(FILE)))
    }

    fn write_in(self, folder: &Path) -> io::Result<()> {
        let path = folder.join(FILE);
        let new = folder.join("settings.new");
        let mut file = File::create(&new)?;
        fault::write_all("settings.write", &mut file, self.text().as_bytes())?;
        fault::sync("settings.sync", &file)?;
        fault::rename("settings.rename", &new, &path)?;
        fault::sync_dir("settings.dir", folder)
    }

    /// Brings the settings of the registry in `source` over to the folder of a log that is being copied.
    ///
    /// # Errors
    /// When they cannot be read or written.
    pub(crate) fn copy(source: &Path, log_folder: &Path) -> Result<(), StoreError> {
        Self::of(source)?.write_into(log_folder)
    }
}

fn log_folder(dir: &Path) -> PathBuf {
    crate::store::log::folder_names(dir).0
}

fn invalid(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_come_back_and_strange_ones_are_refused() {
        for rdf in [RdfVersion::Rdf11, RdfVersion::Rdf12] {
            for shacl in [ShaclVersion::Shacl10, ShaclVersion::Shacl12] {
                for disallow in Threshold::ALL {
                    let settings = Settings {
                        rdf,
                        shacl,
                        disallow,
                    };
                    let read = Settings::parse(&settings.text()).expect("reads its own text");
                    assert_eq!(read, settings);
                }
            }
        }
        let plain = Settings::default().text();
        assert_eq!(plain.strip_prefix(HEADING), Some("rdf = \"1.1\"\n"));
        assert_eq!(Settings::parse("").expect("is empty"), Settings::default());
        for wrong in [
            "shacl = \"1.1\"",
            "disallow = \"error\"",
            "rdf = \"1.3\"",
            "rdf = 1.2",
            "colour = \"red\"",
            "rdf",
        ] {
            assert!(Settings::parse(wrong).is_err(), "{wrong}");
        }
    }
}
