//! The text around the rows of a record: header lines, trailer, digests. Knows no bytes of a file and no frames.

use super::{CommitInfo, Source};
use crate::rdf::text;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The line that ends the header and begins the rows.
pub(super) const ROWS_BEGIN: &str = "TX .\n";
/// The last line of a record.
pub(super) const RECORD_END: &str = "TC .\n";
/// The last line of a base.
pub(super) const BASE_END: &str = "TB .\n";
/// The line before a header: the offset up to which the file was durable when the record was begun. Not in the chain.
const DURABLE: &str = "S ";
const PAYLOAD: &str = "H payload sha256:";
const DIGEST: &str = "H digest sha256:";

/// Header lines of a record, from `H seq` up to the rows.
pub(super) fn header_text(info: &CommitInfo, previous: &[u8; 32]) -> String {
    let mut out = String::with_capacity(512);
    let mut line = |name: &str, value: &str| {
        writeln!(out, "H {name} {value}").expect("a String takes every write");
    };
    line("seq", &info.seq.to_string());
    line("prev", &format!("sha256:{}", hex(previous)));
    line("time", &info.time);
    line("agent", &format!("<{}>", info.agent));
    line("activity", &format!("<{}>", info.activity));
    for source in &info.source {
        match &source.sha256 {
            Some(sha256) => line("source", &format!("<{}> sha256:{sha256}", source.iri)),
            None => line("source", &format!("<{}>", source.iri)),
        }
    }
    if let Some(message) = &info.message {
        let mut quoted = Vec::new();
        text::write_literal(&mut quoted, oxrdf::LiteralRef::new_simple_literal(message));
        line(
            "message",
            &String::from_utf8(quoted).expect("canonical text is UTF-8"),
        );
    }
    line("adds", &info.added.to_string());
    line("removes", &info.removed.to_string());
    out
}

/// Reads header lines back. `None` when a line is not one this version writes.
pub(super) fn parse_header(header: &str) -> Option<(CommitInfo, [u8; 32])> {
    let mut info = CommitInfo {
        seq: 0,
        time: String::new(),
        agent: String::new(),
        activity: String::new(),
        source: Vec::new(),
        message: None,
        added: 0,
        removed: 0,
        digest: String::new(),
    };
    let mut previous = [0; 32];
    for line in header.lines() {
        let (name, value) = line.strip_prefix("H ")?.split_once(' ')?;
        match name {
            "seq" => info.seq = value.parse().ok()?,
            "prev" => previous = unhex(value.strip_prefix("sha256:")?)?,
            "time" => info.time = value.to_owned(),
            "agent" => info.agent = bare_iri(value)?.to_owned(),
            "activity" => info.activity = bare_iri(value)?.to_owned(),
            "source" => {
                let (iri, sha256) = match value.split_once("> sha256:") {
                    Some((iri, sha256)) => (iri.strip_prefix('<')?, Some(sha256.to_owned())),
                    None => (bare_iri(value)?, None),
                };
                info.source.push(Source {
                    iri: iri.to_owned(),
                    sha256,
                });
            }
            "message" => {
                let parts = text::split_literal(value).ok()?;
                info.message = Some(text::unescape(parts.escaped).ok()?.into_owned());
            }
            "adds" => info.added = value.parse().ok()?,
            "removes" => info.removed = value.parse().ok()?,
            _ => return None,
        }
    }
    (info.seq > 0).then_some((info, previous))
}

/// Moment of a commit in milliseconds since 1970; `None` when its text is no RFC 3339 time stamp.
pub(super) fn time_ms(time: &str) -> Option<i64> {
    Some(time.parse::<jiff::Timestamp>().ok()?.as_millisecond())
}

/// The line that says up to which offset the file was durable when a record was begun.
pub(super) fn durable_line(offset: u64) -> String {
    format!("{DURABLE}{offset}\n")
}

/// Takes the line of [`durable_line`] off the text of a record. `None` when there is one that cannot be read.
pub(super) fn split_durable_line(text: &str) -> Option<(Option<u64>, &str)> {
    let Some(rest) = text.strip_prefix(DURABLE) else {
        return Some((None, text));
    };
    let (offset, rest) = rest.split_once('\n')?;
    Some((Some(offset.parse().ok()?), rest))
}

/// Chain digest of a record: SHA-256 over previous digest and header (as text) and the digest of the rows.
pub(super) fn chain_digest(previous: &[u8; 32], header: &str, payload: &[u8; 32]) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update(hex(previous).as_bytes());
    digest.update(header.as_bytes());
    digest.update(payload);
    digest.finalize().into()
}

/// The last lines of a record.
pub(super) fn record_trailer(payload: &[u8; 32], digest: &[u8; 32]) -> String {
    format!(
        "{PAYLOAD}{}\n{DIGEST}{}\n{RECORD_END}",
        hex(payload),
        hex(digest)
    )
}

/// The last lines of a base.
pub(super) fn base_trailer(payload: &[u8; 32]) -> String {
    format!("{PAYLOAD}{}\n{BASE_END}", hex(payload))
}

/// Digests named at the end of a record or base.
pub(super) struct Trailer {
    /// Digest of the rows.
    pub(super) payload: [u8; 32],
    /// Chain digest; zeros in the trailer of a base.
    pub(super) digest: [u8; 32],
}

/// Divides the text of a frame into rows and trailer. `None` when it ends as a trailer does and holds none.
/// `end` is [`RECORD_END`] or [`BASE_END`].
pub(super) fn split_trailer<'a>(text: &'a str, end: &str) -> Option<(&'a str, Option<Trailer>)> {
    let Some(before) = text
        .strip_suffix(end)
        .filter(|before| before.ends_with('\n'))
    else {
        return Some((text, None));
    };
    let (before, digest) = if end == RECORD_END {
        split_digest_line(before, DIGEST)?
    } else {
        (before, [0; 32])
    };
    let (rows, payload) = split_digest_line(before, PAYLOAD)?;
    Some((rows, Some(Trailer { payload, digest })))
}

/// Takes the last line, `name` and 64 hex digits, off a text.
fn split_digest_line<'a>(text: &'a str, name: &str) -> Option<(&'a str, [u8; 32])> {
    let at = text.len().checked_sub(name.len() + 65)?;
    // All of the line is ASCII where the text is sound; elsewhere the cut may fall inside a character.
    let (rest, line) = text.split_at_checked(at)?;
    let digest = unhex(line.strip_prefix(name)?.strip_suffix('\n')?)?;
    (rest.is_empty() || rest.ends_with('\n')).then_some((rest, digest))
}

fn bare_iri(value: &str) -> Option<&str> {
    value.strip_prefix('<')?.strip_suffix('>')
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
            write!(out, "{byte:02x}").expect("a String takes every write");
            out
        })
}

/// Reads 64 hex digits.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    let mut out = [0; 32];
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_round_trip() {
        let info = CommitInfo {
            seq: 7,
            time: "2026-03-02T08:15:04.117Z".into(),
            agent: "https://example.org/agent".into(),
            activity: "https://example.org/load/1".into(),
            source: vec![
                Source {
                    iri: "file:///a.ttl".into(),
                    sha256: Some("ab".repeat(32)),
                },
                Source {
                    iri: "file:///b.ttl".into(),
                    sha256: None,
                },
            ],
            message: Some("regel 1\nregel \"2\"".into()),
            added: 3,
            removed: 1,
            digest: String::new(),
        };
        let previous = [9; 32];
        assert_eq!(
            parse_header(&header_text(&info, &previous)),
            Some((info, previous))
        );
        assert_eq!(parse_header("H seq x\n"), None);
    }

    #[test]
    fn trailers_are_told_from_rows_that_look_alike() {
        let trailer = record_trailer(&[1; 32], &[2; 32]);
        let text = format!("A <s> <p> \"x\"@TC .\n{trailer}");
        let (rows, read) = split_trailer(&text, RECORD_END).expect("reads");
        assert_eq!(rows, "A <s> <p> \"x\"@TC .\n");
        let read = read.expect("is there");
        assert_eq!((read.payload, read.digest), ([1; 32], [2; 32]));
        let row = "A <s> <p> \"x\"@TC .\n";
        assert!(matches!(split_trailer(row, RECORD_END), Some((rows, None)) if rows == row));
        for broken in ["\nTC .\n", "H digest sha256:00\nTC .\n"] {
            assert!(split_trailer(broken, RECORD_END).is_none(), "{broken}");
        }
        let base = format!("A <s> <p> <o> .\n{}", base_trailer(&[3; 32]));
        let (_, read) = split_trailer(&base, BASE_END).expect("reads");
        assert_eq!(read.expect("is there").payload, [3; 32]);
    }

    #[test]
    fn durable_lines_come_off() {
        assert_eq!(
            split_durable_line("S 60\nH seq 1\n"),
            Some((Some(60), "H seq 1\n"))
        );
        assert_eq!(split_durable_line("H seq 1\n"), Some((None, "H seq 1\n")));
        assert_eq!(split_durable_line("S x\n"), None);
    }
}
