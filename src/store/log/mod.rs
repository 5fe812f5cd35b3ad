//! The commit log: the registry's truth. Textual records in checksummed frames, each chained to the one before.
//! Reads and appends records; does not know ids, and applies nothing. The format is described in `docs/decisions`.

mod frame;
mod reader;
mod writer;

pub(crate) use reader::{LogEnd, RecordSink, read_log};
pub(crate) use writer::LogWriter;

use crate::rdf::text;
use serde::Serialize;
use std::fmt::Write as _;

/// First bytes of a log file: name and version of the format.
pub(crate) const MAGIC: &[u8; 16] = b"oslo-commitlog1\n";

/// Where the statements of a commit came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// IRI of the file, request or feed.
    pub iri: String,
    /// SHA-256 of its bytes in lower-case hex, when known.
    pub sha256: Option<String>,
}

/// Who commits, why and from what. Names organisations, roles or programs, never natural persons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitMeta {
    /// IRI of the agent.
    pub agent: String,
    /// IRI of the activity, for instance one load.
    pub activity: String,
    /// Sources, most telling first.
    pub source: Vec<Source>,
    /// A line for people.
    pub message: Option<String>,
}

/// What the log knows of a commit without reading its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CommitInfo {
    /// Number, from 1.
    pub seq: u64,
    /// Moment, RFC 3339 in UTC with milliseconds.
    pub time: String,
    /// IRI of the agent.
    pub agent: String,
    /// IRI of the activity.
    pub activity: String,
    /// Sources.
    pub source: Vec<Source>,
    /// A line for people.
    pub message: Option<String>,
    /// Quads added.
    pub added: u64,
    /// Quads removed.
    pub removed: u64,
    /// Chain digest: SHA-256 over the previous digest, the header and the digest of the rows; lower-case hex.
    pub digest: String,
}

/// Header lines of a record, from `H seq` up to the rows.
fn header_text(info: &CommitInfo, previous: &[u8; 32]) -> String {
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
fn parse_header(header: &str) -> Option<(CommitInfo, [u8; 32])> {
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
}
