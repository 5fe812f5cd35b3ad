//! The formats of dumps and the ways they are packed: names, extensions, media types. Writes nothing.

use serde::{Deserialize, Serialize};

/// A format of a dump.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Format {
    /// [N-Quads](https://www.w3.org/TR/n-quads/).
    #[serde(rename = "nq")]
    NQuads,
    /// [TriG](https://www.w3.org/TR/trig/).
    #[serde(rename = "trig")]
    TriG,
    /// [JSON lines](https://jsonlines.org/): a JSON-LD document a line.
    #[serde(rename = "jsonl")]
    JsonLines,
    /// CSV ([RFC 4180](https://www.rfc-editor.org/rfc/rfc4180)).
    #[serde(rename = "csv")]
    Csv,
    /// GeoJSON ([RFC 7946](https://www.rfc-editor.org/rfc/rfc7946)).
    #[serde(rename = "geojson")]
    GeoJson,
    /// Metadata of the CSV ([CSV on the Web](https://www.w3.org/TR/tabular-metadata/)); made with it, never packed.
    #[serde(rename = "csv-metadata.json")]
    CsvMetadata,
}

impl Format {
    /// What can be asked for, best first.
    pub const ALL: [Self; 5] = [
        Self::NQuads,
        Self::TriG,
        Self::JsonLines,
        Self::Csv,
        Self::GeoJson,
    ];

    /// The extension of its files, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::NQuads => "nq",
            Self::TriG => "trig",
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
            Self::GeoJson => "geojson",
            Self::CsvMetadata => "csv-metadata.json",
        }
    }

    /// The format with an extension.
    pub fn of_extension(extension: &str) -> Option<Self> {
        let all = Self::ALL.into_iter().chain([Self::CsvMetadata]);
        all.into_iter()
            .find(|format| format.extension() == extension)
    }

    /// The media type of what is in its files.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::NQuads => "application/n-quads",
            Self::TriG => "application/trig",
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv",
            Self::GeoJson => "application/geo+json",
            Self::CsvMetadata => "application/csvm+json",
        }
    }
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Packing {
    /// gzip ([RFC 1952](https://www.rfc-editor.org/rfc/rfc1952)), without a time stamp.
    #[serde(rename = "gz")]
    Gzip,
    /// Zstandard ([RFC 8878](https://www.rfc-editor.org/rfc/rfc8878)).
    #[serde(rename = "zst")]
    Zstd,
}

impl Packing {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Zstd];

    /// The extension of packed files, without a dot.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Gzip => "gz",
            Self::Zstd => "zst",
        }
    }

    /// The media type of packed files.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Gzip => "application/gzip",
            Self::Zstd => "application/zstd",
        }
    }
}
