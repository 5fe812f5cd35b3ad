//! The reader between the bytes and the RDF reader: counts, checks UTF-8, and stops a line, a tag, a nesting or a
//! decompression that grows beyond its limit before anything buffers it. Knows no RDF.

use super::input::{Content, Input};
use super::limits::{INFLATION_FLOOR, Limits, MAX_XML_DEPTH};
use super::xml_scan::{XmlProblem, XmlScan};
use crate::rdf::format::Format;
use sha2::{Digest, Sha256};
use std::io::{self, Read};

/// Why reading stopped. Offsets are bytes of the decompressed content, from 0.
#[derive(Debug)]
pub(crate) enum ReadFailure {
    /// A byte that is not UTF-8.
    NotUtf8 { offset: u64, byte: u8 },
    /// The content ends within a UTF-8 character.
    Utf8CutOff { offset: u64 },
    /// More content than allowed.
    FileTooLarge { limit: u64 },
    /// A line longer than allowed.
    LineTooLong { offset: u64, limit: u64 },
    /// An XML tag, text or comment longer than allowed.
    XmlEventTooLong { offset: u64, limit: u64 },
    /// An XML document type after the first element, where nobody checks its entities.
    LateDocumentType { offset: u64 },
    /// The XML ends before its elements do.
    XmlCutOff { offset: u64 },
    /// XML elements nested deeper than allowed.
    XmlTooDeep { offset: u64, limit: u64 },
    /// JSON nested deeper than allowed.
    JsonTooDeep { offset: u64, limit: u32 },
    /// More values in JSON than allowed.
    JsonTooMany { offset: u64, limit: u64 },
    /// More statements than are held in memory.
    TooManyStatements { limit: u64 },
    /// Decompresses to far more than its own size.
    Bomb { limit: u64 },
    /// The gzip stream is damaged or ends early.
    Gzip { offset: u64, error: io::Error },
    /// Anything else the system says.
    Io(io::Error),
}

/// Calls back with the bytes taken from the source so far.
pub(crate) type BytesCallback<'a> = dyn FnMut(u64) + 'a;

const PROGRESS_STEP: u64 = 1 << 20;

/// A checked stream over the content of one input.
pub(crate) struct GuardedReader<'a> {
    content: Content,
    limits: Limits,
    format: Format,
    offset: u64,
    previous_offset: u64,
    utf8_carry: [u8; 4],
    utf8_carried: usize,
    line_bytes: u64,
    json: JsonDepth,
    xml: XmlScan,
    hasher: Option<Sha256>,
    failure: Option<ReadFailure>,
    pending: Option<ReadFailure>,
    slow_from: u64,
    progress: Option<&'a mut BytesCallback<'a>>,
    next_progress: u64,
}

impl<'a> GuardedReader<'a> {
    /// Opens the input.
    pub(crate) fn open(input: &Input, format: Format, limits: &Limits) -> io::Result<Self> {
        Ok(Self {
            content: input.open()?,
            limits: limits.clone(),
            format,
            offset: 0,
            previous_offset: 0,
            utf8_carry: [0; 4],
            utf8_carried: 0,
            line_bytes: 0,
            json: JsonDepth::default(),
            xml: XmlScan::default(),
            hasher: Some(Sha256::new()),
            failure: None,
            pending: None,
            slow_from: u64::MAX,
            progress: None,
            next_progress: PROGRESS_STEP,
        })
    }

    /// Sets the progress callback.
    pub(crate) fn with_progress(mut self, progress: Option<&'a mut BytesCallback<'a>>) -> Self {
        self.progress = progress;
        self
    }

    /// Gives one byte at a time from this offset on, so that [`offset`](Self::offset) says exactly how far a
    /// reader had come when it complained.
    pub(crate) fn slow_from(mut self, offset: u64) -> Self {
        self.slow_from = offset.max(3); // a byte order mark is recognised in one piece
        self.hasher = None;
        self
    }

    /// Does not keep a digest; [`finish`](Self::finish) then gives zeros.
    pub(crate) fn without_digest(mut self) -> Self {
        self.hasher = None;
        self
    }

    /// Bytes taken from the source, before decompression.
    pub(crate) fn raw_bytes(&self) -> u64 {
        self.content.raw_bytes.get()
    }

    /// Bytes of content handed out.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Bytes of content handed out before the last read.
    pub(crate) fn previous_offset(&self) -> u64 {
        self.previous_offset
    }

    /// Why the stream stopped, when it is this reader that stopped it.
    pub(crate) fn take_failure(&mut self) -> Option<ReadFailure> {
        self.failure.take()
    }

    /// Reads what the RDF reader left (blanks after the last statement), then gives the digest of the whole content.
    pub(crate) fn finish(mut self) -> Result<(u64, [u8; 32]), ReadFailure> {
        let mut rest = [0; 4096];
        loop {
            match self.read(&mut rest) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => return Err(self.failure.take().unwrap_or(ReadFailure::Io(error))),
            }
        }
        let digest = self.hasher.take().map_or([0; 32], |h| h.finalize().into());
        Ok((self.offset, digest))
    }

    fn fill(&mut self, out: &mut [u8]) -> Result<usize, ReadFailure> {
        let wanted = if self.offset >= self.slow_from {
            1.min(out.len())
        } else {
            let room = self.slow_from - self.offset;
            usize::try_from(room).map_or(out.len(), |room| room.min(out.len()))
        };
        let mut n = 0;
        while n < wanted {
            match self.content.reader.read(&mut out[n..wanted]) {
                Ok(0) => break,
                Ok(read) => n += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if n > 0 => {
                    self.pending = Some(self.read_error(n, error));
                    break;
                }
                Err(error) => return Err(self.read_error(0, error)),
            }
        }
        Ok(n)
    }

    fn read_error(&self, ahead: usize, error: io::Error) -> ReadFailure {
        if self.content.compressed {
            ReadFailure::Gzip {
                offset: self.offset + ahead as u64,
                error,
            }
        } else {
            ReadFailure::Io(error)
        }
    }

    /// Checks a chunk; returns how much of it may be handed out, and keeps the failure for the read after it.
    fn check(&mut self, chunk: &[u8]) -> usize {
        let total = self.offset + chunk.len() as u64;
        let max = match self.format {
            Format::JsonLd => self.limits.max_json_bytes.min(self.limits.max_file_bytes),
            Format::NTriples | Format::NQuads => self.limits.max_lines_bytes,
            _ => self.limits.max_file_bytes,
        };
        if total > max {
            self.pending = Some(ReadFailure::FileTooLarge { limit: max });
            return 0;
        }
        if self.content.compressed && total > INFLATION_FLOOR {
            let raw = self.content.raw_bytes.get().max(1);
            if total / raw > self.limits.max_inflation {
                self.pending = Some(ReadFailure::Bomb {
                    limit: self.limits.max_inflation,
                });
                return 0;
            }
        }
        let mut good = self.check_utf8(chunk);
        match self.format {
            Format::NTriples | Format::NQuads => {
                let limit = self.limits.max_line_bytes;
                if let Some(at) = self.longest_line(&chunk[..good], limit) {
                    self.pending = Some(ReadFailure::LineTooLong {
                        offset: self.offset + at as u64,
                        limit,
                    });
                    good = 0;
                }
            }
            Format::RdfXml => {
                let limit = self.limits.max_xml_event_bytes;
                if let Some(problem) = self.xml.scan(&chunk[..good], limit) {
                    self.pending = Some(match problem {
                        XmlProblem::PieceTooLong(at) => ReadFailure::XmlEventTooLong {
                            offset: self.offset + at as u64,
                            limit,
                        },
                        XmlProblem::LateDocumentType(at) => ReadFailure::LateDocumentType {
                            offset: self.offset + at as u64,
                        },
                    });
                    good = 0;
                } else if self.xml.depth() > MAX_XML_DEPTH {
                    self.pending = Some(ReadFailure::XmlTooDeep {
                        offset: self.offset,
                        limit: MAX_XML_DEPTH,
                    });
                    good = 0;
                }
            }
            Format::JsonLd => {
                let (depth, values) = (self.limits.max_json_depth, self.limits.max_json_values);
                if let Some(at) = self.json.scan(&chunk[..good], depth, values) {
                    let offset = self.offset + at as u64;
                    self.pending = Some(if self.json.depth > depth {
                        ReadFailure::JsonTooDeep {
                            offset,
                            limit: depth,
                        }
                    } else {
                        ReadFailure::JsonTooMany {
                            offset,
                            limit: values,
                        }
                    });
                    good = at;
                }
            }
            Format::Turtle | Format::TriG => {}
        }
        good
    }

    /// Position within the chunk of a line that is too long; remembers the length of the last line.
    fn longest_line(&mut self, chunk: &[u8], limit: u64) -> Option<usize> {
        let first = memchr::memchr(b'\n', chunk).unwrap_or(chunk.len());
        if self.line_bytes + first as u64 > limit {
            return Some(0);
        }
        match memchr::memrchr(b'\n', chunk) {
            Some(last) => {
                if chunk.len() as u64 > limit {
                    let mut previous = first;
                    for at in memchr::memchr_iter(b'\n', chunk) {
                        if (at - previous) as u64 > limit + 1 {
                            return Some(previous + 1);
                        }
                        previous = at;
                    }
                }
                self.line_bytes = (chunk.len() - last - 1) as u64;
            }
            None => self.line_bytes += chunk.len() as u64,
        }
        (self.line_bytes > limit).then_some(0)
    }

    /// Length of the prefix of the chunk that is UTF-8 (with the bytes carried over from the chunk before).
    fn check_utf8(&mut self, chunk: &[u8]) -> usize {
        let mut start = 0;
        while self.utf8_carried > 0 && start < chunk.len() {
            self.utf8_carry[self.utf8_carried] = chunk[start];
            self.utf8_carried += 1;
            start += 1;
            match std::str::from_utf8(&self.utf8_carry[..self.utf8_carried]) {
                Ok(_) => self.utf8_carried = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => {
                    let lead = self.offset + start as u64 - self.utf8_carried as u64;
                    self.pending = Some(ReadFailure::NotUtf8 {
                        offset: lead,
                        byte: self.utf8_carry[0],
                    });
                    return 0;
                }
            }
        }
        let rest = &chunk[start..];
        match std::str::from_utf8(rest) {
            Ok(_) => chunk.len(),
            Err(error) => {
                let valid = error.valid_up_to();
                if error.error_len().is_some() {
                    self.pending = Some(ReadFailure::NotUtf8 {
                        offset: self.offset + (start + valid) as u64,
                        byte: rest[valid],
                    });
                    start + valid
                } else {
                    let tail = &rest[valid..];
                    self.utf8_carry[..tail.len()].copy_from_slice(tail);
                    self.utf8_carried = tail.len();
                    chunk.len()
                }
            }
        }
    }

    fn stop(&mut self, failure: ReadFailure) -> io::Error {
        self.failure = Some(failure);
        io::Error::other("reading stopped")
    }
}

impl Read for GuardedReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        self.previous_offset = self.offset;
        loop {
            if let Some(failure) = self.pending.take() {
                return Err(self.stop(failure));
            }
            let n = match self.fill(out) {
                Ok(n) => n,
                Err(failure) => return Err(self.stop(failure)),
            };
            if n == 0 {
                if self.pending.is_none() && self.utf8_carried > 0 {
                    let failure = ReadFailure::Utf8CutOff {
                        offset: self.offset - self.utf8_carried as u64,
                    };
                    self.utf8_carried = 0;
                    return Err(self.stop(failure));
                }
                if self.pending.is_some() {
                    continue;
                }
                if self.format == Format::RdfXml && !self.xml.may_end() {
                    let offset = self.offset.saturating_sub(1);
                    return Err(self.stop(ReadFailure::XmlCutOff { offset }));
                }
                return Ok(0);
            }
            if let Some(hasher) = &mut self.hasher {
                hasher.update(&out[..n]);
            }
            let mut good = self.check(&out[..n]);
            if self.offset == 0 && out[..good].starts_with(b"\xEF\xBB\xBF") {
                // A byte order mark is no part of the text; offsets keep counting it.
                self.offset = 3;
                out.copy_within(3..good, 0);
                good -= 3;
            }
            self.offset += good as u64;
            if good == 0 {
                continue;
            }
            if let Some(progress) = &mut self.progress
                && self.content.raw_bytes.get() >= self.next_progress
            {
                let raw = self.content.raw_bytes.get();
                self.next_progress = raw + PROGRESS_STEP;
                progress(raw);
            }
            return Ok(good);
        }
    }
}

/// Values of JSON, as [`Limits::max_json_values`] counts them.
pub(in crate::ingest) fn json_values(text: &[u8]) -> u64 {
    let mut json = JsonDepth::default();
    json.scan(text, u32::MAX, u64::MAX);
    json.values
}

/// Nesting and size of JSON, without reading it: brackets and commas outside strings.
#[derive(Default)]
struct JsonDepth {
    depth: u32,
    values: u64,
    in_string: bool,
    escaped: bool,
}

impl JsonDepth {
    /// Position of the bracket that goes too deep, or of the mark before one value too many.
    fn scan(&mut self, chunk: &[u8], limit: u32, most: u64) -> Option<usize> {
        for (at, byte) in chunk.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => {
                    self.depth += 1;
                    self.values += 1;
                    if self.depth > limit || self.values > most {
                        return Some(at);
                    }
                }
                b',' => {
                    self.values += 1;
                    if self.values > most {
                        return Some(at);
                    }
                }
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }
}

/// Digest of the whole content, within the same bounds as reading it.
pub(crate) fn content_digest(
    input: &Input,
    format: Format,
    limits: &Limits,
) -> Result<[u8; 32], ReadFailure> {
    GuardedReader::open(input, format, limits)
        .map_err(ReadFailure::Io)?
        .finish()
        .map(|(_, digest)| digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], format: Format, limits: &Limits) -> Result<Vec<u8>, ReadFailure> {
        let input = Input::bytes("test", bytes.to_vec());
        let mut reader = GuardedReader::open(&input, format, limits).expect("opens");
        let mut out = Vec::new();
        let mut chunk = [0; 7];
        loop {
            match reader.read(&mut chunk) {
                Ok(0) => return Ok(out),
                Ok(n) => out.extend_from_slice(&chunk[..n]),
                Err(_) => return Err(reader.take_failure().expect("says why")),
            }
        }
    }

    #[test]
    fn utf8_is_checked_across_chunks() {
        let limits = Limits::default();
        let text = "ééééééé 😀😀😀 §";
        assert_eq!(
            read(text.as_bytes(), Format::Turtle, &limits).expect("is UTF-8"),
            text.as_bytes()
        );
        for lead in 0..9 {
            let mut bytes = vec![b'a'; lead];
            bytes.extend_from_slice(b"\xE9t\xE9");
            assert!(matches!(
                read(&bytes, Format::Turtle, &limits),
                Err(ReadFailure::NotUtf8 { offset, byte: 0xE9 }) if offset == lead as u64
            ));
            let mut cut = vec![b'a'; lead];
            cut.extend_from_slice(&"😀".as_bytes()[..3]);
            assert!(matches!(
                read(&cut, Format::Turtle, &limits),
                Err(ReadFailure::Utf8CutOff { offset }) if offset == lead as u64
            ));
        }
        assert_eq!(
            read(b"\xEF\xBB\xBFab", Format::Turtle, &limits).expect("mark is skipped"),
            b"ab"
        );
    }

    #[test]
    fn lines_files_and_nesting_are_bounded() {
        let limits = Limits {
            max_line_bytes: 10,
            max_file_bytes: 40,
            max_lines_bytes: 40,
            max_json_depth: 3,
            ..Limits::default()
        };
        assert!(read(b"0123456789\n0123456789\n", Format::NTriples, &limits).is_ok());
        assert!(matches!(
            read(b"012\n0123456789ABCDEF\n", Format::NTriples, &limits),
            Err(ReadFailure::LineTooLong { limit: 10, .. })
        ));
        assert!(matches!(
            read(&[b'\n'; 41], Format::NTriples, &limits),
            Err(ReadFailure::FileTooLarge { limit: 40 })
        ));
        assert!(read(br#"[["\"[[[[",{}]]"#, Format::JsonLd, &limits).is_ok());
        let few = Limits {
            max_json_values: 4,
            ..Limits::default()
        };
        assert!(read(br#"[",,,,",[]]"#, Format::JsonLd, &few).is_ok());
        assert!(matches!(
            read(br"[1,2,{},4]", Format::JsonLd, &few),
            Err(ReadFailure::JsonTooMany {
                offset: 7,
                limit: 4
            })
        ));
        assert!(matches!(
            read(b"[[{},[{}]]]", Format::JsonLd, &limits),
            Err(ReadFailure::JsonTooDeep {
                offset: 6,
                limit: 3
            })
        ));
    }

    #[test]
    fn slow_reading_gives_single_bytes() {
        let input = Input::bytes("test", "abcdef");
        let mut reader = GuardedReader::open(&input, Format::Turtle, &Limits::default())
            .expect("opens")
            .slow_from(4);
        let mut chunk = [0; 16];
        assert_eq!(reader.read(&mut chunk).expect("reads"), 4);
        assert_eq!(reader.read(&mut chunk).expect("reads"), 1);
        assert_eq!((reader.previous_offset(), reader.offset()), (4, 5));
    }
}
