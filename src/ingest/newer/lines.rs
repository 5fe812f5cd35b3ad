//! Announcements of a version in N-Triples and N-Quads, which the reader of these formats does not know. Reads nothing else.

use super::{Newer, VERSION};
use crate::rdf::version::RdfVersion;
use std::cell::Cell;
use std::io::{self, Read};

/// Hands on the bytes of N-Triples or N-Quads with blanks in place of announcements of a version, `VERSION "1.2"` on a line of
/// its own: the reader of these formats does not know them.
pub(in crate::ingest) struct Unannounced<'f, R> {
    inner: R,
    is_active: bool,
    state: Line,
    offset: u64,
    found: &'f Cell<Option<Newer>>,
}

/// Where in a line the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Start,
    /// After so many letters of `VERSION`.
    Word(usize),
    /// Between the word and the text.
    Gap,
    /// In the text, with its quote.
    Text(u8),
    /// Behind the text.
    Tail,
    /// In a line that is no announcement, or in a comment.
    Other,
}

impl<'f, R: Read> Unannounced<'f, R> {
    /// Does so where RDF 1.2 is spoken. `found` is set when reading ends because an announcement is malformed.
    pub(in crate::ingest) fn new(
        inner: R,
        version: RdfVersion,
        found: &'f Cell<Option<Newer>>,
    ) -> Self {
        Self {
            inner,
            is_active: version.is_12(),
            state: Line::Start,
            offset: 0,
            found,
        }
    }

    /// Follows a byte, which may become a blank. `None` where an announcement is malformed.
    fn step(&mut self, byte: &mut u8) -> Option<()> {
        let is_blank = matches!(*byte, b' ' | b'\t');
        let is_end = matches!(*byte, b'\n' | b'\r');
        let is_quote = matches!(*byte, b'"' | b'\'');
        self.state = match self.state {
            Line::Start if is_blank || is_end => return Some(()),
            Line::Start if byte.eq_ignore_ascii_case(&VERSION[0]) => Line::Word(1),
            Line::Start => Line::Other,
            Line::Word(n) if n == VERSION.len() && is_blank => Line::Gap,
            Line::Word(n) if n == VERSION.len() && is_quote => Line::Text(*byte),
            Line::Word(n) => {
                let letter = VERSION.get(n)?;
                byte.eq_ignore_ascii_case(letter)
                    .then_some(Line::Word(n + 1))?
            }
            Line::Gap if is_blank => Line::Gap,
            Line::Gap => is_quote.then_some(Line::Text(*byte))?,
            Line::Text(quote) if *byte == quote => {
                *byte = b' ';
                self.state = Line::Tail;
                return Some(());
            }
            Line::Text(quote) => (!is_end && *byte != b'\\').then_some(Line::Text(quote))?,
            Line::Tail if is_end => Line::Start,
            Line::Tail if is_blank => Line::Tail,
            Line::Tail => (*byte == b'#').then_some(Line::Other)?,
            Line::Other if is_end => Line::Start,
            Line::Other => Line::Other,
        };
        if matches!(self.state, Line::Word(_) | Line::Gap | Line::Text(_)) {
            *byte = b' ';
        }
        Some(())
    }
}

impl<R: Read> Read for Unannounced<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        if !self.is_active {
            return Ok(n);
        }
        let mut at = 0;
        while at < n {
            if self.state == Line::Other {
                match memchr::memchr2(b'\n', b'\r', &out[at..n]) {
                    Some(ahead) => at += ahead,
                    None => break,
                }
            }
            if self.step(&mut out[at]).is_none() {
                self.found
                    .set(Some(Newer::Malformed(self.offset + at as u64)));
                return Err(io::Error::other("reading stopped"));
            }
            at += 1;
        }
        if n == 0 && matches!(self.state, Line::Word(_) | Line::Gap | Line::Text(_)) {
            self.found.set(Some(Newer::Malformed(self.offset)));
            return Err(io::Error::other("reading stopped"));
        }
        self.offset += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_announcements_and_nothing_else() {
        let read = |text: &str, chunk: usize| {
            let found = Cell::new(None);
            let mut reader = Unannounced::new(text.as_bytes(), RdfVersion::Rdf12, &found);
            let (mut out, mut all) = (vec![0; chunk], Vec::new());
            while let Ok(n @ 1..) = reader.read(&mut out) {
                all.extend_from_slice(&out[..n]);
            }
            let all = String::from_utf8(all).expect("UTF-8");
            match found.get() {
                None => Ok(all),
                Some(_) => Err(()),
            }
        };
        for chunk in [1, 2, 5, 4096] {
            for (text, left) in [
                (
                    "VERSION \"1.2\"\n<s> <p> <o> .",
                    "             \n<s> <p> <o> .",
                ),
                ("  version\t'1.2' # c\r\n", "                # c\r\n"),
                (
                    "<s> <p> \"VERSION \" .\n# VERSION x\n",
                    "<s> <p> \"VERSION \" .\n# VERSION x\n",
                ),
                ("VERSION\"1.2\"", "            "),
            ] {
                assert_eq!(read(text, chunk).as_deref(), Ok(left), "{text}");
            }
            for wrong in [
                "VERSIN \"1.2\"",
                "VERSION 1.2",
                "VERSION \"1.2",
                "VERSION \"1\n2\"",
                "VERSION",
                "VERSION \"1.2\" .",
                "VERSION \"1.2\" <s> <p> <o> .",
            ] {
                assert_eq!(read(wrong, chunk), Err(()), "{wrong}");
            }
        }
    }
}
