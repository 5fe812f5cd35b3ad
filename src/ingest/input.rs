//! One input: a name and bytes that can be read more than once (to name the place of a mistake, and for the digest that
//! blank node labels are made of). Decompresses gzip by its magic bytes. Does not look at the content otherwise.

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

type Opener = dyn Fn() -> io::Result<Box<dyn Read>> + Send + Sync;

/// Bytes to load, with the name a steward knows them by.
#[derive(Clone)]
pub struct Input {
    name: String,
    body: Body,
}

#[derive(Clone)]
enum Body {
    File(PathBuf),
    Bytes(Bytes),
    Opener(Arc<Opener>),
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input").field("name", &self.name).finish()
    }
}

impl Input {
    /// A file; it is opened when it is read. The name is the path as given.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self {
            name: path.display().to_string(),
            body: Body::File(path),
        }
    }

    /// Bytes in memory, such as a request body. When `name` is an absolute IRI it serves as base IRI.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self {
            name: name.into(),
            body: Body::Bytes(bytes.into()),
        }
    }

    /// Something else that can be opened again and then gives the same bytes.
    pub fn opener(
        name: impl Into<String>,
        open: impl Fn() -> io::Result<Box<dyn Read>> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            body: Body::Opener(Arc::new(open)),
        }
    }

    /// Path or IRI, as the caller named it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path, when the input is a file.
    pub fn path(&self) -> Option<&Path> {
        match &self.body {
            Body::File(path) => Some(path),
            Body::Bytes(_) | Body::Opener(_) => None,
        }
    }

    /// Size in bytes before decompression, when it is known without reading.
    pub fn size_bytes(&self) -> Option<u64> {
        match &self.body {
            Body::File(path) => std::fs::metadata(path).ok().map(|meta| meta.len()),
            Body::Bytes(bytes) => u64::try_from(bytes.len()).ok(),
            Body::Opener(_) => None,
        }
    }

    /// The IRI relative references are resolved against unless the caller gives another: `file:///…` for a file,
    /// the name where it is an absolute IRI, else none.
    pub fn default_base_iri(&self) -> Option<String> {
        match &self.body {
            Body::File(path) => Some(file_iri(path)),
            Body::Bytes(_) | Body::Opener(_) => oxiri::Iri::parse(self.name.as_str())
                .is_ok()
                .then(|| self.name.clone()),
        }
    }

    /// Opens the content, decompressed when it is gzip.
    ///
    /// # Errors
    /// When the file cannot be opened or its first bytes cannot be read.
    pub(crate) fn open(&self) -> io::Result<Content> {
        let source: Box<dyn Read> = match &self.body {
            Body::File(path) => Box::new(File::open(path)?),
            Body::Bytes(bytes) => Box::new(Cursor::new(bytes.clone())),
            Body::Opener(open) => open()?,
        };
        let raw_bytes = Rc::new(Cell::new(0));
        let mut counted = Counted {
            source,
            raw_bytes: Rc::clone(&raw_bytes),
        };
        let mut magic = [0_u8; 2];
        let mut known = 0;
        while known < magic.len() {
            match counted.read(&mut magic[known..])? {
                0 => break,
                n => known += n,
            }
        }
        let compressed = known == 2 && magic == [0x1F, 0x8B];
        let whole = Cursor::new(magic).take(known as u64).chain(counted);
        let buffered = BufReader::with_capacity(1 << 16, whole);
        let reader: Box<dyn Read> = if compressed {
            Box::new(MultiGzDecoder::new(buffered))
        } else {
            Box::new(buffered)
        };
        Ok(Content {
            reader,
            raw_bytes,
            compressed,
        })
    }
}

/// An opened input.
pub(crate) struct Content {
    /// Decompressed bytes.
    pub(crate) reader: Box<dyn Read>,
    /// Bytes taken from the source so far.
    pub(crate) raw_bytes: Rc<Cell<u64>>,
    /// Whether the source is gzip.
    pub(crate) compressed: bool,
}

struct Counted {
    source: Box<dyn Read>,
    raw_bytes: Rc<Cell<u64>>,
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read(buf)?;
        self.raw_bytes.set(self.raw_bytes.get() + n as u64);
        Ok(n)
    }
}

/// `file:///…` for a path, percent-encoded where an IRI needs it.
pub(crate) fn file_iri(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let mut iri = String::from("file://");
    for character in absolute.to_string_lossy().chars() {
        match character {
            'a'..='z'
            | 'A'..='Z'
            | '0'..='9'
            | '/'
            | '-'
            | '_'
            | '.'
            | '~'
            | '!'
            | '$'
            | '&'
            | '\''
            | '('
            | ')'
            | '*'
            | '+'
            | ','
            | ';'
            | '='
            | ':'
            | '@' => iri.push(character),
            '\u{A0}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFEF}' => {
                iri.push(character);
            }
            other => {
                let mut utf8 = [0; 4];
                for byte in other.encode_utf8(&mut utf8).bytes() {
                    iri.push_str(&format!("%{byte:02X}"));
                }
            }
        }
    }
    iri
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn content(input: &Input) -> (Vec<u8>, bool) {
        let mut content = input.open().expect("opens");
        let mut out = Vec::new();
        content.reader.read_to_end(&mut out).expect("reads");
        (out, content.compressed)
    }

    #[test]
    fn gzip_is_known_by_its_first_bytes() {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packed
            .write_all(b"<urn:a> <urn:b> <urn:c> .")
            .expect("in memory");
        let packed = packed.finish().expect("in memory");
        assert_eq!(
            content(&Input::bytes("a.nt", packed)),
            (b"<urn:a> <urn:b> <urn:c> .".to_vec(), true)
        );
        for plain in [&b""[..], b"\x1f", b"ab", b"abc"] {
            assert_eq!(
                content(&Input::bytes("a.nt", plain.to_vec())),
                (plain.to_vec(), false)
            );
        }
    }

    #[test]
    fn base_iri_of_files_and_names() {
        assert_eq!(
            file_iri(Path::new("/a b/é#1.ttl")),
            "file:///a%20b/é%231.ttl"
        );
        assert_eq!(
            Input::bytes("http://example.org/g", "")
                .default_base_iri()
                .as_deref(),
            Some("http://example.org/g")
        );
        assert_eq!(Input::bytes("body", "").default_base_iri(), None);
    }
}
