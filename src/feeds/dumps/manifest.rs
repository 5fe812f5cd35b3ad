//! What is written down of a dump, as JSON beside its files. Reads and writes no files.

use super::format::{Format, Packing};
use serde::{Deserialize, Serialize};

/// A dump of one register after one commit. Its keys in JSON are Dutch, as those of the API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the register, or [`EVERYTHING`](super::EVERYTHING).
    pub register: String,
    /// Number of the last commit that the dump shows: whoever follows changes goes on after it.
    pub commit: u64,
    /// Chain digest of that commit, in hex: two registries with the same have the same history.
    #[serde(rename = "keten")]
    pub digest: String,
    /// When that commit was made, RFC 3339 in UTC.
    #[serde(rename = "tijdstip")]
    pub moment: String,
    /// When the dump was made, RFC 3339 in UTC.
    #[serde(rename = "gemaakt")]
    pub made: String,
    /// How long that took, in milliseconds.
    #[serde(rename = "duurMs")]
    pub duration_ms: u64,
    /// Items; `None` for a dump of everything.
    #[serde(rename = "objecten", default, skip_serializing_if = "Option::is_none")]
    pub items: Option<u64>,
    /// Statements; `None` when no RDF was written.
    #[serde(
        rename = "uitspraken",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub statements: Option<u64>,
    /// Items that have no document, so that none could be written.
    #[serde(
        rename = "weggelaten",
        default,
        skip_serializing_if = "LeftOut::is_nothing"
    )]
    pub left_out: LeftOut,
    /// The files, in the order of formats and packings.
    #[serde(rename = "bestanden")]
    pub files: Vec<DumpFile>,
}

/// Items with more statements than a document may have: the API has no document of them either.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// How many.
    #[serde(rename = "aantal")]
    pub count: u64,
    /// The IRIs of the first hundred.
    #[serde(rename = "voorbeelden")]
    pub examples: Vec<String>,
}

impl LeftOut {
    /// Whether there is none.
    pub fn is_nothing(&self) -> bool {
        self.count == 0
    }
}

/// One file of a dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpFile {
    /// Its name: `{register}-{date}-{commit}.{format}.{packing}`.
    #[serde(rename = "naam")]
    pub name: String,
    /// The format of what is in it.
    #[serde(rename = "formaat")]
    pub format: Format,
    /// How it is packed, if it is.
    #[serde(rename = "inpakking", default, skip_serializing_if = "Option::is_none")]
    pub packing: Option<Packing>,
    /// Media type of what is in it.
    #[serde(rename = "mediatype")]
    pub media_type: String,
    /// Its bytes.
    pub bytes: u64,
    /// SHA-256 of these, in hex.
    pub sha256: String,
    /// Bytes of what is in it.
    #[serde(rename = "bytesUitgepakt")]
    pub plain_bytes: u64,
    /// SHA-256 of these, in hex.
    #[serde(rename = "sha256Uitgepakt")]
    pub plain_sha256: String,
    /// Statements, lines, rows or features; 0 for what describes another file.
    #[serde(rename = "rijen")]
    pub rows: u64,
    /// Cells of a CSV file that a spreadsheet would take for a formula: they begin with `=`, `+`, `-`, `@`, a tab or a return.
    #[serde(rename = "formulecellen", default, skip_serializing_if = "is_zero")]
    pub formula_cells: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl DumpFile {
    /// Media type of the file as it lies there.
    pub fn outer_media_type(&self) -> &'static str {
        self.packing
            .map_or(self.format.media_type(), Packing::media_type)
    }

    /// The end of its name behind date and commit, such as `nq.gz`.
    pub fn extension(&self) -> String {
        match self.packing {
            Some(packing) => format!("{}.{}", self.format.extension(), packing.extension()),
            None => self.format.extension().to_owned(),
        }
    }
}

impl Manifest {
    /// The common beginning of the names of its files: register, day of the commit (UTC), number of the commit.
    pub fn stem(&self) -> String {
        stem(&self.register, &self.moment, self.commit)
    }

    /// Its own name.
    pub fn file_name(&self) -> String {
        format!("{}.json", self.stem())
    }

    /// The file with an extension such as `nq.gz`.
    pub fn file(&self, extension: &str) -> Option<&DumpFile> {
        self.files.iter().find(|file| file.extension() == extension)
    }

    /// Whether two dumps hold the same, whatever commits they name.
    pub fn holds_the_same_as(&self, other: &Self) -> bool {
        let held = |manifest: &Self| {
            let files = manifest.files.iter();
            // The metadata of a CSV file name that, so they differ when all else is the same.
            let files = files.filter(|file| file.format != Format::CsvMetadata);
            let mut held: Vec<(Format, Option<Packing>, String)> = files
                .map(|file| (file.format, file.packing, file.plain_sha256.clone()))
                .collect();
            held.sort_unstable();
            held
        };
        held(self) == held(other)
    }
}

/// The common beginning of the names of the files of a dump.
pub(super) fn stem(register: &str, moment: &str, commit: u64) -> String {
    let day = moment.get(..10).unwrap_or("0000-00-00");
    format!("{register}-{day}-{commit}")
}
