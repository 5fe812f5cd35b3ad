//! What RDF 1.2 adds to the syntaxes, seen before the readers build it: nesting of triple terms, which they do not bound, and
//! announcements of a version, which leave no statement behind. Follows the bytes of Turtle and its kin without reading them.

mod lines;
mod xml;

pub(super) use lines::Unannounced;
pub(super) use xml::WatchedXml;

use super::parse::Stop;
use super::place::Target;
use crate::rdf::text::{needs_rdf12, triple_depth};
use crate::rdf::version::{MAX_TRIPLE_DEPTH, RdfVersion};
use oxrdf::{Literal, LiteralRef, QuadRef};
use std::cell::Cell;
use std::io::{self, Read};

/// What the words of a finding are found by, in `syntax_texts`.
pub(super) const NEEDS_RDF_12: &str = "this is RDF 1.2";

/// Why the bytes are not handed on, and where: bytes from the start of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Newer {
    /// Triple terms or reified triples lie too deep within each other.
    TooDeep(u64),
    /// A version is announced, and the registry takes RDF 1.1.
    Version(u64),
    /// What begins like the announcement of a version goes on differently.
    Malformed(u64),
}

impl Newer {
    /// As the end of reading.
    pub(super) fn into_stop(self) -> Stop {
        match self {
            Self::TooDeep(at) => Stop::TripleTooDeep(Some(Target::Offset(at))),
            Self::Version(at) => needs_rdf_12(Some(Target::Offset(at))),
            Self::Malformed(at) => Stop::Syntax {
                message:
                    "a line that begins like this announces a version: VERSION and a text in quotes"
                        .to_owned(),
                place: Some(Target::Offset(at)),
                json_ld_code: None,
            },
        }
    }
}

/// The end of reading for something that only RDF 1.2 has; without a place, the place is where the reader stopped.
pub(super) fn needs_rdf_12(place: Option<Target>) -> Stop {
    Stop::Syntax {
        message: NEEDS_RDF_12.to_owned(),
        place,
        json_ld_code: None,
    }
}

/// Checks a statement that a reader delivers.
///
/// # Errors
/// When it is one of RDF 1.2 and the registry takes RDF 1.1, or its triple terms lie too deep within each other.
pub(super) fn check(quad: QuadRef<'_>, version: RdfVersion) -> Result<(), Stop> {
    if !needs_rdf12(quad.object) {
        return Ok(());
    }
    if !version.is_12() {
        return Err(needs_rdf_12(None));
    }
    if triple_depth(quad.object) > MAX_TRIPLE_DEPTH {
        return Err(Stop::TripleTooDeep(None));
    }
    Ok(())
}

/// A literal of JSON-LD as the version has it: JSON-LD 1.1 drops a base direction on its way to RDF 1.1.
pub(super) fn without_direction(literal: LiteralRef<'_>) -> Option<Literal> {
    let language = literal
        .language()
        .filter(|_| literal.direction().is_some())?;
    Some(Literal::new_language_tagged_literal_unchecked(
        literal.value(),
        language,
    ))
}

/// Hands on the bytes of Turtle, TriG, N-Triples or N-Quads until one of the things above is met.
pub(super) struct Watched<'f, R> {
    inner: R,
    scan: Scan,
    /// Bytes handed on.
    offset: u64,
    found: &'f Cell<Option<Newer>>,
}

impl<'f, R: Read> Watched<'f, R> {
    /// `found` is set when reading ends with an error for one of these reasons.
    pub(super) fn new(inner: R, version: RdfVersion, found: &'f Cell<Option<Newer>>) -> Self {
        Self {
            inner,
            scan: Scan {
                minds_version: !version.is_12(),
                ..Scan::default()
            },
            offset: 0,
            found,
        }
    }
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.found.get().is_some() {
            return Err(io::Error::other("reading stopped"));
        }
        let n = self.inner.read(out)?;
        let found = self.scan.scan(&out[..n]);
        let good = found.map_or(n, |(at, _)| at);
        if let Some((_, sign)) = found {
            let at = self.offset + good as u64;
            self.found.set(Some(match sign {
                Sign::Deep => Newer::TooDeep(at),
                Sign::Version => Newer::Version(at),
            }));
        }
        self.offset += good as u64;
        if good == 0 && n > 0 {
            return Err(io::Error::other("reading stopped"));
        }
        Ok(good)
    }
}

/// What a scan stops at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    /// One opening sign too many.
    Deep,
    /// The text behind `VERSION` or `@version`.
    Version,
}

/// State between chunks.
#[derive(Debug, Default)]
struct Scan {
    state: State,
    /// `<<` that are open.
    depth: usize,
    /// How much of the word `version` the bytes at hand have matched.
    word: Word,
    /// Whether an announcement of a version is worth stopping for.
    minds_version: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Plain,
    /// After `<`.
    Less,
    /// After `>` outside an IRI.
    Greater,
    Iri,
    Comment,
    /// After a backslash outside texts.
    Escape,
    /// After one or two quotes that open a text.
    Quote(u8, u8),
    Short(u8),
    ShortEscape(u8),
    /// In a text of three quotes, after so many quotes in a row.
    Long(u8, u8),
    LongEscape(u8),
    /// After the whole word `version` and blanks.
    AfterVersion,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Word {
    /// A word may begin here.
    #[default]
    Start,
    /// So many letters fit.
    Fits(u8),
    /// Within another word.
    Other,
}

const VERSION: &[u8; 7] = b"version";

/// Bytes of which names and numbers are made.
const NAME: [bool; 256] = {
    let mut names = [false; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        names[at] = byte.is_ascii_alphanumeric()
            || byte >= 0x80
            || matches!(byte, b'_' | b':' | b'-' | b'%' | b'.');
        at += 1;
    }
    names
};

impl Scan {
    /// Follows a chunk up to the first sign: the place in the chunk, and what it is.
    fn scan(&mut self, chunk: &[u8]) -> Option<(usize, Sign)> {
        let mut at = 0;
        while at < chunk.len() {
            let rest = &chunk[at..];
            // Long runs in which nothing can happen are left out in one step.
            let ahead = match self.state {
                State::Plain if self.word == Word::Other => {
                    rest.iter().position(|byte| !NAME[usize::from(*byte)])
                }
                State::Iri => memchr::memchr(b'>', rest),
                State::Comment => memchr::memchr2(b'\n', b'\r', rest),
                State::Short(quote) => memchr::memchr3(quote, b'\\', b'\n', rest),
                State::Long(quote, 0) => memchr::memchr2(quote, b'\\', rest),
                _ => Some(0),
            };
            at += ahead?;
            if let Some(sign) = self.step(chunk[at]) {
                return Some((at, sign));
            }
            at += 1;
        }
        None
    }

    fn step(&mut self, byte: u8) -> Option<Sign> {
        match self.state {
            State::Plain => return self.plain(byte),
            State::Less if byte == b'<' => {
                self.state = State::Plain;
                self.depth += 1;
                if self.depth > MAX_TRIPLE_DEPTH {
                    return Some(Sign::Deep);
                }
            }
            State::Less | State::Iri => {
                self.state = if byte == b'>' {
                    State::Plain
                } else {
                    State::Iri
                };
            }
            State::Greater => {
                self.state = State::Plain;
                if byte != b'>' {
                    return self.plain(byte);
                }
                self.depth = self.depth.saturating_sub(1);
            }
            State::Comment => {
                if matches!(byte, b'\n' | b'\r') {
                    self.state = State::Plain;
                }
            }
            State::Escape => self.state = State::Plain,
            State::Quote(quote, 1) if byte == quote => self.state = State::Quote(quote, 2),
            State::Quote(quote, 1) => {
                self.state = State::Short(quote);
                return self.step(byte);
            }
            State::Quote(quote, _) if byte == quote => self.state = State::Long(quote, 0),
            State::Quote(..) => {
                self.state = State::Plain;
                return self.plain(byte);
            }
            State::Short(quote) => match byte {
                b'\\' => self.state = State::ShortEscape(quote),
                b'\n' => self.state = State::Plain,
                _ if byte == quote => self.state = State::Plain,
                _ => {}
            },
            State::ShortEscape(quote) => self.state = State::Short(quote),
            State::Long(quote, run) => {
                self.state = if byte == quote && run == 2 {
                    State::Plain
                } else if byte == quote {
                    State::Long(quote, run + 1)
                } else if byte == b'\\' {
                    State::LongEscape(quote)
                } else {
                    State::Long(quote, 0)
                };
            }
            State::LongEscape(quote) => self.state = State::Long(quote, 0),
            State::AfterVersion => match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'"' | b'\'' if self.minds_version => return Some(Sign::Version),
                _ => {
                    self.state = State::Plain;
                    return self.plain(byte);
                }
            },
        }
        None
    }

    /// A byte outside texts, IRIs and comments.
    fn plain(&mut self, byte: u8) -> Option<Sign> {
        if NAME[usize::from(byte)] {
            let fits = |n: u8| {
                let letter = VERSION.get(usize::from(n));
                letter.is_some_and(|letter| byte.eq_ignore_ascii_case(letter))
            };
            self.word = match self.word {
                Word::Start if fits(0) => Word::Fits(1),
                Word::Fits(n) if fits(n) => Word::Fits(n + 1),
                _ => Word::Other,
            };
            return None;
        }
        let is_version = self.word == Word::Fits(VERSION.len() as u8);
        self.word = Word::Start;
        match byte {
            b'"' | b'\'' if is_version && self.minds_version => return Some(Sign::Version),
            b' ' | b'\t' | b'\r' | b'\n' if is_version => self.state = State::AfterVersion,
            b'<' => self.state = State::Less,
            b'>' => self.state = State::Greater,
            b'"' | b'\'' => self.state = State::Quote(byte, 1),
            b'#' => self.state = State::Comment,
            b'\\' => {
                self.state = State::Escape;
                self.word = Word::Other;
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str, version: RdfVersion, chunk: usize) -> Option<Newer> {
        let found = Cell::new(None);
        let mut reader = Watched::new(text.as_bytes(), version, &found);
        let mut out = vec![0; chunk];
        let mut read = Vec::new();
        while let Ok(n @ 1..) = reader.read(&mut out) {
            read.extend_from_slice(&out[..n]);
        }
        match found.get() {
            None => assert_eq!(read, text.as_bytes()),
            Some(Newer::TooDeep(at) | Newer::Version(at) | Newer::Malformed(at)) => {
                assert_eq!(read, &text.as_bytes()[..at as usize]);
            }
        }
        found.get()
    }

    #[test]
    fn announcements_are_seen_where_they_count() {
        for text in [
            "VERSION \"1.2\"\n",
            "@version '1.2' .",
            "PREFIX : <http://e/>\nversion\t\"1.2\"",
            "<s> <p> \"x\" .\n# c\nVersion\"1.2\"",
        ] {
            for chunk in 1..8 {
                let sign = found(text, RdfVersion::Rdf11, chunk);
                assert!(matches!(sign, Some(Newer::Version(_))), "{text}: {sign:?}");
                assert_eq!(found(text, RdfVersion::Rdf12, chunk), None, "{text}");
            }
        }
        for text in [
            "# VERSION \"1.2\"\n<s> <p> <o> .",
            "<s> <p> \"\"\"VERSION \\\"\"\" \"1.2\"\"\" .",
            "<s> <p> 'VERSION \"1.2\"' .",
            "<s> ex:version \"1.2\" .",
            "@prefix version: <VERSION> . version:a version:version \"1\" .",
            "<s> ex:\\'version \"1\" .",
            "ex:v.version \"1\"",
        ] {
            for chunk in 1..8 {
                assert_eq!(found(text, RdfVersion::Rdf11, chunk), None, "{text}");
            }
        }
    }

    #[test]
    fn nesting_is_bounded_and_nothing_else() {
        let nested = |open: &str, close: &str, depth: usize| {
            let (open, close) = (open.repeat(depth), close.repeat(depth));
            format!("<s> <p> {open}<o>{close} .\n")
        };
        for (open, close) in [
            ("<<(<s><p>", ")>>"),
            ("<<<s> <p> ", ">>"),
            ("<< :s :p ", " >>"),
        ] {
            for chunk in [1, 3, 4096] {
                let good = nested(open, close, MAX_TRIPLE_DEPTH).repeat(3);
                assert_eq!(found(&good, RdfVersion::Rdf12, chunk), None, "{good}");
                let deep = nested(open, close, MAX_TRIPLE_DEPTH + 1);
                let sign = found(&deep, RdfVersion::Rdf12, chunk);
                assert!(matches!(sign, Some(Newer::TooDeep(_))), "{deep}: {sign:?}");
            }
        }
        let many = "<<".repeat(99);
        let texts = format!("<s> <p> \"{many}\", '''{many}''' . # {many}\n");
        assert_eq!(found(&texts, RdfVersion::Rdf11, 7), None);
    }

    proptest! {
        #[test]
        fn chunks_do_not_matter(text in "[<>()\"'\\\\#:.@ vVersion1\n]{0,120}", chunk in 1..16_usize) {
            let whole = found(&text, RdfVersion::Rdf11, 4096);
            prop_assert_eq!(found(&text, RdfVersion::Rdf11, chunk), whole);
        }
    }
}
