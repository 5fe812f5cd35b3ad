//! What a server really offers of its registers: the catalogue speaks of nothing else. Filled in by whoever serves.

use super::declared::declared;
use super::sensors::SENSORS;
use crate::feeds::dumps::{Folder, newest};
use crate::observations::ObservationStore;
use crate::registry::{Register, Registry};
use jiff::Timestamp;

/// Files of what sensors tell that a catalogue lists: a few months, by day.
const OBSERVATION_FILES: usize = 100;

/// Ways to get at the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Extensions of dumps that every register has at `/dumps/{register}/laatste.{extension}`, such as `nq.gz`. Those that
    /// were made are in `files` and need not be here; those that the catalogue has no words for are passed over.
    pub dumps: Vec<String>,
    /// Whether there is an event stream at `/ldes/{register}`.
    pub ldes: bool,
    /// Whether there is a SPARQL endpoint at `/sparql`.
    pub sparql: bool,
    /// Whether there is a JSON-LD API at `/api/{register}`.
    pub api: bool,
    /// Registers, by name, that the dialect of the base registries has at `/v2/{register}`.
    pub v2: Vec<String>,
    /// Registers, by name, that it has at `/v3/{register}`.
    pub v3: Vec<String>,
    /// Dumps that were made, where size and checksum are known.
    pub files: Vec<DumpFile>,
    /// Files of what sensors tell, whose names stand for their extensions.
    pub observations: Vec<DumpFile>,
}

/// A dump that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DumpFile {
    /// Name of the register.
    pub register: String,
    /// Extension, such as `nq.gz`.
    pub extension: String,
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
    /// When it was made.
    pub made: Timestamp,
}

impl Offer {
    /// All that a server of this program may offer.
    pub fn everything(registers: &[Register]) -> Self {
        let names: Vec<String> = registers.iter().map(|r| r.name.clone()).collect();
        let dumps = declared().dumps.iter();
        let dumps = dumps.map(|dump| format!("{}.gz", dump.extension));
        Self {
            dumps: dumps.collect(),
            ldes: true,
            sparql: true,
            api: true,
            v2: names.clone(),
            v3: names,
            files: Vec::new(),
            observations: Vec::new(),
        }
    }

    /// The newest dumps of the registers of a registry, with sizes and checksums; none for one in memory. What cannot be read is
    /// not offered.
    pub fn dumps_of(registry: &Registry) -> Vec<DumpFile> {
        let Some(folder) = registry.store().dir().map(Folder::of_data) else {
            return Vec::new();
        };
        let mut out = Vec::new();
        for register in registry.registers() {
            let Ok(Some(manifest)) = newest(&folder, &register.name) else {
                continue;
            };
            let made = manifest.made.parse().unwrap_or(Timestamp::UNIX_EPOCH);
            out.extend(manifest.files.iter().map(|file| DumpFile {
                register: register.name.clone(),
                extension: file.extension(),
                bytes: file.bytes,
                sha256: file.sha256.clone(),
                made,
            }));
        }
        out
    }

    /// The newest files of what sensors tell: older ones are listed where these are.
    pub fn observations_of(store: &ObservationStore) -> Vec<DumpFile> {
        let files = store.segments();
        let newest = files.len().saturating_sub(OBSERVATION_FILES);
        let files = files.iter().skip(newest).map(|file| {
            let made = file.path().metadata().and_then(|meta| meta.modified());
            let made = made.ok().and_then(|made| Timestamp::try_from(made).ok());
            DumpFile {
                register: SENSORS.to_owned(),
                extension: file.name(),
                bytes: file.bytes,
                sha256: file.sha256.clone(),
                made: made.unwrap_or(Timestamp::UNIX_EPOCH),
            }
        });
        files.collect()
    }

    /// Whether there is a dump of a register with an extension.
    pub(super) fn has_dump(&self, register: &str, extension: &str) -> bool {
        let made = |file: &DumpFile| file.register == register && file.extension == extension;
        self.dumps.iter().any(|known| known == extension) || self.files.iter().any(made)
    }

    /// Whether a service of a kind serves a register.
    pub(super) fn has(&self, service: &str, register: &str) -> bool {
        match service {
            "sparql" => self.sparql,
            "api" => self.api,
            "ldes" => self.ldes,
            "v2" => self.v2.iter().any(|name| name == register),
            "v3" => self.v3.iter().any(|name| name == register),
            _ => false,
        }
    }
}
