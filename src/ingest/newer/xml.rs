//! What only RDF 1.2 knows in RDF/XML, found in its bytes where RDF 1.1 is spoken. Does not read XML.

use super::Newer;
use crate::rdf::version::RdfVersion;
use std::cell::Cell;
use std::io::{self, Read};

/// What in RDF/XML only RDF 1.2 knows. The reader passes over some of it where no version is announced, so that statements
/// would be lost without a word.
const XML_SIGNS: [&[u8]; 6] = [
    b"rdf:version=",
    b"rdf:annotation=",
    b"rdf:annotationNodeID=",
    b"parseType=\"Triple\"",
    b"parseType='Triple'",
    b"http://www.w3.org/2005/11/its",
];
const LONGEST_XML_SIGN: usize = 29;

/// Hands on the bytes of RDF/XML; where RDF 1.1 is spoken only until something of RDF 1.2 is met.
pub(in crate::ingest) struct WatchedXml<'f, R> {
    inner: R,
    /// The last bytes handed on, fewer than the longest sign has.
    tail: Vec<u8>,
    offset: u64,
    minds: bool,
    found: &'f Cell<Option<Newer>>,
}

impl<'f, R: Read> WatchedXml<'f, R> {
    /// `found` is set when reading ends with an error for such a reason.
    pub(in crate::ingest) fn new(
        inner: R,
        version: RdfVersion,
        found: &'f Cell<Option<Newer>>,
    ) -> Self {
        Self {
            inner,
            tail: Vec::new(),
            offset: 0,
            minds: !version.is_12(),
            found,
        }
    }

    /// Where in a chunk the end of a sign is.
    fn sign(&mut self, chunk: &[u8]) -> Option<usize> {
        let kept = self.tail.len();
        let head = &chunk[..chunk.len().min(LONGEST_XML_SIGN)];
        self.tail.extend_from_slice(head);
        let across = XML_SIGNS.iter().find_map(|sign| {
            let end = memchr::memmem::find(&self.tail, sign)? + sign.len();
            (end > kept).then(|| end - kept)
        });
        let within = XML_SIGNS
            .iter()
            .find_map(|sign| Some(memchr::memmem::find(chunk, sign)? + sign.len()));
        if chunk.len() >= LONGEST_XML_SIGN {
            self.tail.clear();
            self.tail
                .extend_from_slice(&chunk[chunk.len() - (LONGEST_XML_SIGN - 1)..]);
        } else {
            let surplus = self.tail.len().saturating_sub(LONGEST_XML_SIGN - 1);
            self.tail.drain(..surplus);
        }
        across.or(within)
    }
}

impl<R: Read> Read for WatchedXml<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(out)?;
        if self.minds
            && let Some(at) = self.sign(&out[..n])
        {
            let at = self.offset + at as u64 - 1;
            self.found.set(Some(Newer::Version(at)));
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
    fn signs_in_xml_are_seen_across_chunks() {
        assert_eq!(
            XML_SIGNS.iter().map(|sign| sign.len()).max(),
            Some(LONGEST_XML_SIGN)
        );
        for sign in XML_SIGNS {
            let sign = std::str::from_utf8(sign).expect("ASCII");
            let text = format!("<rdf:RDF a='b' {sign}'1.2'/>{}", " ".repeat(50));
            for chunk in [1, 2, 5, 13, 28, 29, 30, 4096] {
                for (version, seen) in [(RdfVersion::Rdf11, true), (RdfVersion::Rdf12, false)] {
                    let found = Cell::new(None);
                    let mut reader = WatchedXml::new(text.as_bytes(), version, &found);
                    let mut out = vec![0; chunk];
                    while let Ok(1..) = reader.read(&mut out) {}
                    let wanted = 14 + sign.len() as u64;
                    assert_eq!(
                        found.get(),
                        seen.then_some(Newer::Version(wanted)),
                        "{text}"
                    );
                }
            }
        }
    }
}
