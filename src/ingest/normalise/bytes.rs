//! Bytes of a file → a document of records in JSON or XML, within the bounds of every input. Bytes that are not UTF-8 are read as
//! Windows-1252, and that is reported. Tells quickly that an input is something else.

use super::{Normaliser, Repair, xml};
use crate::ingest::feed::events_of;
use crate::ingest::input::Input;
use crate::ingest::limits::{INFLATION_FLOOR, Limits};
use crate::ingest::reader::json_values;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::Read as _;

/// Start of a document in which one of the marks of a record must stand.
const HEAD_BYTES: usize = 512 << 10;

/// Why an input is no document of records.
#[derive(Debug, thiserror::Error)]
pub enum NotRecords {
    /// It is JSON of another kind, or no JSON.
    #[error("no document of records")]
    Other,
    /// It is larger than allowed.
    #[error("larger than {limit} bytes")]
    TooLarge {
        /// The bound.
        limit: u64,
    },
    /// It cannot be read.
    #[error("cannot be read")]
    Unreadable(#[source] std::io::Error),
}

/// A document of records as read.
#[derive(Clone, Debug)]
pub struct RecordsFile {
    /// The document.
    pub value: Value,
    /// Whether its bytes had to be mended.
    pub repair: Option<Repair>,
    /// Size in bytes, after decompression.
    pub content_bytes: u64,
    /// SHA-256 of the bytes, after decompression.
    pub sha256: [u8; 32],
}

/// Reads an input when it is a document of records that the normaliser knows.
///
/// # Errors
/// When it is anything else; the caller then reads it as what it is.
pub fn read_records(
    normaliser: &Normaliser,
    input: &Input,
    limits: &Limits,
) -> Result<RecordsFile, NotRecords> {
    let content = input.open().map_err(NotRecords::Unreadable)?;
    let compressed = content.compressed;
    let mut reader = content.reader;
    let mut bytes = Vec::new();
    (&mut reader)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut bytes)
        .map_err(NotRecords::Unreadable)?;
    if !may_hold_records(normaliser, &bytes) {
        return Err(NotRecords::Other);
    }
    let mut limit = limits.max_json_bytes;
    if compressed && let Some(size) = input.size_bytes() {
        limit = limit.min(
            size.saturating_mul(limits.max_inflation)
                .max(INFLATION_FLOOR),
        );
    }
    let rest = limit.saturating_sub(bytes.len() as u64).saturating_add(1);
    reader
        .take(rest)
        .read_to_end(&mut bytes)
        .map_err(NotRecords::Unreadable)?;
    if bytes.len() as u64 > limit {
        return Err(NotRecords::TooLarge { limit });
    }
    let is_xml = bytes.trim_ascii_start().starts_with(b"<");
    if !is_xml && json_values(&bytes) > limits.max_json_values {
        return Err(NotRecords::Other);
    }
    let sha256 = Sha256::digest(&bytes).into();
    let content_bytes = bytes.len() as u64;
    let (text, repair) = decode(bytes);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    let value: Value = if text.trim_start().starts_with('<') {
        xml::read(text).ok_or(NotRecords::Other)?
    } else {
        // The reader of JSON ends at 128 levels by itself.
        serde_json::from_str(text).map_err(|_| NotRecords::Other)?
    };
    if normaliser.document(&value).is_none() && events_of(&value).is_none() {
        return Err(NotRecords::Other);
    }
    Ok(RecordsFile {
        value,
        repair,
        content_bytes,
        sha256,
    })
}

/// Whether the start of a document could be that of records: JSON or XML with keys that some mapping asks for, and no
/// context of its own.
pub(super) fn may_hold_records(normaliser: &Normaliser, head: &[u8]) -> bool {
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
    let has = |mark: &[u8]| memchr::memmem::find(start, mark).is_some();
    let any = |marks: &[Vec<String>], quote: &str| {
        let has_key = |key: &String| has(format!("{quote}{key}{quote}").as_bytes());
        marks.iter().any(|keys| keys.iter().all(has_key))
    };
    let marks = &normaliser.marks;
    match first {
        Some(b'<') => return any(&marks.records, "") || any(&marks.nothing, ""),
        Some(b'{' | b'[') => {}
        _ => return false,
    }
    if any(&marks.nothing, "\"") {
        return true;
    }
    let is_marked =
        has(b"\"identificator\"") || has(b"basisregisters") || any(&marks.records, "\"");
    if !is_marked {
        return false;
    }
    // Most JSON-LD is told by its context, and need not be read as a whole for that.
    const CONTEXT: &[u8] = b"\"@context\"";
    let Some(at) = memchr::memmem::find(start, CONTEXT) else {
        return true;
    };
    let rest = start[at + CONTEXT.len()..].trim_ascii_start();
    let value = rest.strip_prefix(b":").unwrap_or(rest).trim_ascii_start();
    let value = value.strip_prefix(b"[").unwrap_or(value).trim_ascii_start();
    let Some(text) = value.strip_prefix(b"\"") else {
        return false;
    };
    let end = memchr::memchr(b'"', text).unwrap_or(text.len());
    let context = String::from_utf8_lossy(&text[..end]);
    normaliser.replaces_context(&context)
}

/// The text of some bytes: UTF-8, or else Windows-1252, which is reported.
pub(in crate::ingest) fn decode(bytes: Vec<u8>) -> (String, Option<Repair>) {
    match String::from_utf8(bytes) {
        Ok(text) => (text, None),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let bytes = error.into_bytes();
            let text = bytes.iter().map(|byte| windows_1252(*byte)).collect();
            let repair = Repair {
                code: "N020",
                path: String::new(),
                from: format!("byte {at}: 0x{:02X}", bytes.get(at).copied().unwrap_or(0)),
                to: "Windows-1252".to_owned(),
            };
            (text, Some(repair))
        }
    }
}

/// The character of a byte; the five bytes that have none are the control characters of Latin-1.
pub(super) fn windows_1252(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž',
        '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9F => HIGH[usize::from(byte - 0x80)],
        other => char::from(other),
    }
}
