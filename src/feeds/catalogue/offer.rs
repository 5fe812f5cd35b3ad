//! What a server really offers of its registers: the catalogue speaks of nothing else. Filled in by whoever serves.

use super::declared::declared;
use crate::registry::Register;
use jiff::Timestamp;

/// Ways to get at the data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// Extensions of the dumps at `/dumps/{register}.{extension}`, such as `nq.gz`; those that the catalogue has no words for
    /// are passed over.
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
        let dumps = declared().dumps.iter().map(|dump| dump.extension.clone());
        Self {
            dumps: dumps.collect(),
            ldes: true,
            sparql: true,
            api: true,
            v2: names.clone(),
            v3: names,
            files: Vec::new(),
        }
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
