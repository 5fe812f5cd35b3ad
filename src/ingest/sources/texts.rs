//! What a run of a source tells a steward beside what streams and files say. What to do stands with the meaning of the code.

use crate::ingest::failure::Failure;
use crate::ingest::harvest_meanings::HARVEST_CODES;

/// Why a run failed: code, place, Dutch, English.
pub(super) fn failure(
    code: &str,
    url: &str,
    nl: impl AsRef<str>,
    en: impl AsRef<str>,
) -> Box<Failure> {
    let row = HARVEST_CODES.iter().find(|row| row.code == code);
    Box::new(Failure {
        code: code.to_owned(),
        url: url.to_owned(),
        message: [
            format!("{url}: {}", nl.as_ref()),
            format!("{url}: {}", en.as_ref()),
        ],
        hint: row.map(|row| [row.hint_nl.to_owned(), row.hint_en.to_owned()]),
        is_transient: false,
    })
}

/// A text of somebody else, cut to a length that fits a line.
pub(super) fn shortened(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    clean.take(200).collect()
}
