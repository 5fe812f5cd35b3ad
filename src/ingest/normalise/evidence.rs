//! The raw record as evidence: its canonical text, the digest of that text, and the place where it is kept. A record that
//! says the same in another order of keys, or with other blanks, is the same evidence.

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Start of the IRI of a piece of evidence; the digest in hexadecimal follows.
pub const EVIDENCE: &str = "urn:oslo-registry:evidence:sha256:";

/// The canonical text of a record: keys sorted by code point, no blanks, numbers as written.
/// Takes no deeper records than the normaliser does.
pub fn canonical_record(record: &Value) -> Vec<u8> {
    let mut out = Vec::new();
    write(record, &mut out);
    out
}

fn write(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Array(members) => {
            out.push(b'[');
            for (index, member) in members.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(member, out);
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<_> = members.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| key.as_str());
            out.push(b'{');
            for (index, (key, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                scalar(&Value::String(key.clone()), out);
                out.push(b':');
                write(member, out);
            }
            out.push(b'}');
        }
        other => scalar(other, out),
    }
}

fn scalar(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a scalar is written to memory");
}

/// SHA-256 of a text, in hexadecimal.
pub fn evidence_digest(text: &[u8]) -> String {
    let mut out = String::with_capacity(64);
    for byte in Sha256::digest(text) {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Where evidence with this digest is kept below the data folder: `evidence/{aa}/{digest}.json`.
pub fn evidence_path(data: &Path, digest: &str) -> PathBuf {
    let start = digest.get(..2).unwrap_or("00");
    data.join("evidence")
        .join(start)
        .join(format!("{digest}.json"))
}

/// Keeps a canonical text, once; a file that is there already is left alone.
///
/// # Errors
/// When the file system refuses.
pub fn keep_evidence(data: &Path, digest: &str, text: &[u8]) -> io::Result<()> {
    let path = evidence_path(data, digest);
    if path.exists() {
        return Ok(());
    }
    let folder = path.parent().unwrap_or(data);
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!("{digest}.{}.new", std::process::id()));
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_and_blanks_do_not_count() {
        let of = |text: &str| canonical_record(&serde_json::from_str(text).expect("JSON"));
        assert_eq!(
            of(r#"{ "b": [1, "é"], "a": null }"#),
            of(r#"{"a":null,"b":[1,"\u00e9"]}"#)
        );
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":2}"#));
        assert_eq!(of(r#"{"b":1,"a":2}"#), br#"{"a":2,"b":1}"#);
    }

    #[test]
    fn evidence_is_kept_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let digest = evidence_digest(b"{}");
        for _ in 0..2 {
            keep_evidence(folder.path(), &digest, b"{}").expect("kept");
        }
        let path = evidence_path(folder.path(), &digest);
        assert_eq!(fs::read(&path).expect("there"), b"{}");
        assert_eq!(
            fs::read_dir(path.parent().expect("a folder"))
                .expect("read")
                .count(),
            1
        );
    }
}
