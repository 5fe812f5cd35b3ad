//! The log feed: how the commit log travels from one node to another, on both ends. Records travel as they stand in the
//! files, between lines that tell what follows; each line has its checksum, so that nothing on the way changes anything
//! unnoticed. Knows no status codes.
//!
//! ```text
//! oslo-log 1 12 c                                  last durable commit of the sender; c is the crc32c of what stands before
//!                                                  it in the line, 8 hex digits
//! record 12 1 4711 734 c                           734 bytes of commit 12, which stands in file 1 at byte 4711
//! …                                                frames as decision 0001 describes them
//! end 12 sha256:… c                                the last commit again, and its chain digest
//!
//! file 000000000001.log 5445 c                     a whole log: each file, then the digest of its bytes
//! …
//! sum sha256:… c
//! ```

mod follower;
mod install;
mod receive;
mod status;
mod summary;

pub use follower::{Follow, FollowOptions, Primary, Trouble, follow};
pub use install::install;
pub use status::{FollowFigures, FollowStatus, Phase};
pub use summary::FeedSummary;

use crate::store::{LogPart, LogSummary, Shipment, hex};
use sha2::{Digest as _, Sha256};
use std::io::{self, BufRead, Read as _, Write};

/// Media type of the feed.
pub const MEDIA_TYPE: &str = "application/vnd.oslo-registry.log";
/// Bytes of records in one answer; a single record may be larger.
pub const ANSWER_BYTES: u64 = 8 << 20;
/// Longest wait for the next commit that may be asked for, in seconds.
pub const MAX_WAIT_SECONDS: u64 = 30;

/// How an answer begins.
const FIRST: &str = "oslo-log 1";
/// A longer line is none of the feed.
const MAX_LINE: u64 = 256;

/// Writes records and the end of the answer.
///
/// # Errors
/// When they cannot be read or written.
pub fn write_records(
    out: &mut dyn Write,
    records: &[Shipment],
    last: &LogSummary,
) -> io::Result<()> {
    write_line(out, &format!("{FIRST} {}", last.last))?;
    for record in records {
        let Shipment {
            seq,
            file,
            offset,
            bytes,
            ..
        } = record;
        write_line(out, &format!("record {seq} {file} {offset} {bytes}"))?;
        record.write(out)?;
    }
    write_end(out, last)
}

/// Writes all files of a log and the end of the answer.
///
/// # Errors
/// When they cannot be read or written.
pub fn write_log(out: &mut dyn Write, parts: &[LogPart], last: &LogSummary) -> io::Result<()> {
    write_line(out, &format!("{FIRST} {}", last.last))?;
    for part in parts {
        write_line(out, &format!("file {} {}", part.name, part.bytes))?;
        let mut summed = Summed {
            out,
            digest: Sha256::new(),
        };
        part.write(&mut summed)?;
        let digest = hex(&summed.digest.finalize());
        write_line(out, &format!("sum sha256:{digest}"))?;
    }
    write_end(out, last)
}

fn write_end(out: &mut dyn Write, last: &LogSummary) -> io::Result<()> {
    write_line(out, &format!("end {} sha256:{}", last.last, last.digest))
}

struct Summed<'a> {
    out: &'a mut dyn Write,
    digest: Sha256,
}

impl Write for Summed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

fn write_line(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{text} {:08x}", crc32c::crc32c(text.as_bytes()))
}

/// A line of the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    First(u64),
    Record {
        seq: u64,
        file: u64,
        offset: u64,
        bytes: u64,
    },
    File {
        name: String,
        bytes: u64,
    },
    Sum(String),
    End {
        last: u64,
        digest: String,
    },
}

/// Why an answer could not be read on.
#[derive(Debug)]
enum LineError {
    /// The bytes stopped coming.
    Input(io::Error),
    /// What came is no line of the feed.
    Wrong,
}

fn read_line(input: &mut impl BufRead) -> Result<Line, LineError> {
    let mut line = Vec::new();
    let read = input.by_ref().take(MAX_LINE).read_until(b'\n', &mut line);
    read.map_err(LineError::Input)?;
    if line.last() != Some(&b'\n') && (line.len() as u64) < MAX_LINE {
        return Err(LineError::Input(io::ErrorKind::UnexpectedEof.into()));
    }
    parse_line(&line).ok_or(LineError::Wrong)
}

fn parse_line(line: &[u8]) -> Option<Line> {
    let line = std::str::from_utf8(line).ok()?.strip_suffix('\n')?;
    let (text, checksum) = line.rsplit_once(' ')?;
    if format!("{:08x}", crc32c::crc32c(text.as_bytes())) != checksum {
        return None;
    }
    if let Some(last) = text.strip_prefix(FIRST) {
        return Some(Line::First(last.strip_prefix(' ')?.parse().ok()?));
    }
    let mut words = text.split(' ');
    let kind = words.next()?;
    let mut word = || words.next();
    let line = match kind {
        "record" => Line::Record {
            seq: word()?.parse().ok()?,
            file: word()?.parse().ok()?,
            offset: word()?.parse().ok()?,
            bytes: word()?.parse().ok()?,
        },
        "file" => Line::File {
            name: word()?.to_owned(),
            bytes: word()?.parse().ok()?,
        },
        "sum" => Line::Sum(word()?.strip_prefix("sha256:")?.to_owned()),
        "end" => Line::End {
            last: word()?.parse().ok()?,
            digest: word()?.strip_prefix("sha256:")?.to_owned(),
        },
        _ => return None,
    };
    words.next().is_none().then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back_and_a_changed_one_does_not() {
        for (text, line) in [
            ("oslo-log 1 12", Line::First(12)),
            (
                "record 12 1 4711 734",
                Line::Record {
                    seq: 12,
                    file: 1,
                    offset: 4711,
                    bytes: 734,
                },
            ),
            (
                "file 000000000001.log 5445",
                Line::File {
                    name: "000000000001.log".to_owned(),
                    bytes: 5445,
                },
            ),
            ("sum sha256:ab", Line::Sum("ab".to_owned())),
            (
                "end 12 sha256:ab",
                Line::End {
                    last: 12,
                    digest: "ab".to_owned(),
                },
            ),
        ] {
            let mut out = Vec::new();
            write_line(&mut out, text).expect("a Vec takes every write");
            assert_eq!(parse_line(&out), Some(line), "{text}");
            for at in 0..out.len() * 8 {
                let mut changed = out.clone();
                changed[at / 8] ^= 1 << (at % 8);
                assert_eq!(parse_line(&changed), None, "{text}, bit {at}");
            }
        }
        let mut out = Vec::new();
        write_line(&mut out, "record 1 2 3").expect("a Vec takes every write");
        assert_eq!(parse_line(&out), None);
    }

    #[test]
    fn what_breaks_off_is_told_from_what_is_wrong() {
        assert!(matches!(
            read_line(&mut &b"oslo-lo"[..]),
            Err(LineError::Input(_))
        ));
        assert!(matches!(
            read_line(&mut &b"oslo-log 1 00000000\n"[..]),
            Err(LineError::Wrong)
        ));
        let long = vec![b'x'; 1000];
        assert!(matches!(read_line(&mut &long[..]), Err(LineError::Wrong)));
    }
}
