//! A piece: what was derived from some texts with consecutive numbers, in memory or in a file, read through the store's cache.
//! Knows how bytes are got, not what they mean.

use super::file::PartFile;
use super::{Derived, PAGE_BYTES};
use crate::store::segment::Place;
use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// What was derived from the texts of a range. Never changes.
pub struct Piece {
    range: Range<u64>,
    is_full: bool,
    facts: serde_json::Value,
    sections: BTreeMap<String, Bytes>,
    /// The file it lies in.
    file: Option<Arc<PartFile>>,
    opened: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Piece")
            .field("range", &self.range)
            .field("facts", &self.facts)
            .field("in_file", &self.file.is_some())
            .finish_non_exhaustive()
    }
}

impl Piece {
    /// One in memory, made of what was derived from the beginning of a range.
    pub(crate) fn in_memory(range: Range<u64>, derived: Derived) -> Self {
        let sections = derived.sections.into_iter().map(|section| {
            let bytes = Bytes(Arc::new(Source::Memory(
                section.bytes.into(),
                section.is_whole,
            )));
            (section.name, bytes)
        });
        Self {
            is_full: derived.next < range.end,
            range: range.start..derived.next,
            facts: derived.facts,
            sections: sections.collect(),
            file: None,
            opened: OnceLock::new(),
        }
    }

    /// One in a file.
    pub(super) fn in_file(
        file: &Arc<PartFile>,
        range: Range<u64>,
        is_full: bool,
        facts: serde_json::Value,
        sections: BTreeMap<String, Bytes>,
    ) -> Self {
        Self {
            range,
            is_full,
            facts,
            sections,
            file: Some(Arc::clone(file)),
            opened: OnceLock::new(),
        }
    }

    /// Numbers of the texts it was derived from, literals or not.
    pub fn range(&self) -> Range<u64> {
        self.range.clone()
    }

    /// Whether the deriver ended it because it was large enough, and not because there were no more texts then.
    pub(crate) fn is_full(&self) -> bool {
        self.is_full
    }

    /// Whether it lies in a file.
    pub fn is_in_file(&self) -> bool {
        self.file.is_some()
    }

    /// Whether its file turned out to be damaged.
    pub(super) fn is_spoilt(&self) -> bool {
        self.file.as_ref().is_some_and(|file| file.is_spoilt())
    }

    /// What the deriver noted.
    pub fn facts(&self) -> &serde_json::Value {
        &self.facts
    }

    /// The section of a name; an empty one when there is none.
    pub fn section(&self, name: &str) -> Bytes {
        self.sections.get(name).cloned().unwrap_or_default()
    }

    pub(super) fn sections(&self) -> impl Iterator<Item = (&String, &Bytes)> + Clone {
        self.sections.iter()
    }

    /// What the deriver makes of it to search in: made now if it was not, kept as long as the piece. It must hold sections,
    /// not the piece. Always the same type for the pieces of a kind.
    ///
    /// # Panics
    /// When it was kept under another type.
    pub fn opened<T: Any + Send + Sync>(&self, open: impl FnOnce(&Self) -> T) -> Arc<T> {
        let opened = self.opened.get_or_init(|| Arc::new(open(self)));
        Arc::clone(opened)
            .downcast()
            .expect("the pieces of a kind are opened as one type")
    }

    /// Bytes of memory held, caches not counted.
    pub fn memory_bytes(&self) -> usize {
        let sections = self.sections.values().map(Bytes::memory_bytes);
        size_of::<Self>() + sections.sum::<usize>()
    }
}

enum Source {
    /// Bytes, and whether they are read whole.
    Memory(Arc<[u8]>, bool),
    File {
        file: Arc<PartFile>,
        /// One place, or one for each page.
        places: Box<[Place]>,
        /// Bytes of each place but the last.
        each: usize,
        len: usize,
        is_whole: bool,
    },
}

/// The bytes of one section. Cheap to clone.
#[derive(Clone)]
pub struct Bytes(Arc<Source>);

impl Default for Bytes {
    fn default() -> Self {
        Self(Arc::new(Source::Memory(Arc::default(), true)))
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.len())
    }
}

impl Bytes {
    /// Those of a section in a file; `None` when its places are not cut as sections are.
    pub(super) fn in_file(file: &Arc<PartFile>, places: &[Place], is_whole: bool) -> Option<Self> {
        let len = places.iter().map(|place| place.bytes as usize).sum();
        let each = if is_whole { len } else { PAGE_BYTES };
        let (last, full) = places.split_last()?;
        let is_cut = full.iter().all(|place| place.bytes as usize == each)
            && last.bytes as usize <= each
            && (!is_whole || full.is_empty());
        is_cut.then(|| {
            Self(Arc::new(Source::File {
                file: Arc::clone(file),
                places: places.into(),
                each,
                len,
                is_whole,
            }))
        })
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        match &*self.0 {
            Source::Memory(bytes, _) => bytes.len(),
            Source::File { len, .. } => *len,
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn is_whole(&self) -> bool {
        match &*self.0 {
            Source::Memory(_, is_whole) | Source::File { is_whole, .. } => *is_whole,
        }
    }

    fn memory_bytes(&self) -> usize {
        match &*self.0 {
            Source::Memory(bytes, _) => bytes.len(),
            Source::File { places, .. } => size_of_val(&**places),
        }
    }

    /// The stretch of bytes that holds a position below [`Bytes::len`], and the position of its first byte. All of them, for
    /// a section that is read whole. Unwinds to [`with_pieces`](super::with_pieces) when it is damaged.
    pub fn stretch(&self, at: usize) -> (Arc<[u8]>, usize) {
        match &*self.0 {
            Source::Memory(bytes, _) => (Arc::clone(bytes), 0),
            Source::File {
                file, places, each, ..
            } => match places.get(at.checked_div(*each).unwrap_or(0)) {
                Some(place) => (file.page(*place), at / each * each),
                None => self.spoilt("points outside a section"),
            },
        }
    }

    /// All bytes of a section that is read whole. Unwinds as [`Bytes::stretch`] does.
    pub fn whole(&self) -> Arc<[u8]> {
        if self.is_empty() {
            return Arc::default();
        }
        self.stretch(0).0
    }

    /// Like [`Bytes::stretch`], past the cache.
    ///
    /// # Errors
    /// When it cannot be read or is damaged.
    pub(super) fn read_stretch(&self, at: usize) -> io::Result<Arc<[u8]>> {
        match &*self.0 {
            Source::Memory(bytes, is_whole) => {
                let end = if *is_whole {
                    bytes.len()
                } else {
                    bytes.len().min(at + PAGE_BYTES)
                };
                Ok(bytes[at..end].into())
            }
            Source::File {
                file, places, each, ..
            } => match places.get(at.checked_div(*each).unwrap_or(0)) {
                Some(place) => file.read(*place),
                None => Err(io::ErrorKind::UnexpectedEof.into()),
            },
        }
    }

    /// Where each stretch begins.
    pub(super) fn starts(&self) -> impl Iterator<Item = usize> + use<> {
        let each = if self.is_whole() {
            self.len()
        } else {
            PAGE_BYTES
        };
        (0..self.len()).step_by(each.max(1))
    }

    /// Says that the bytes are not what was written, though their checksums match: the piece is made anew. Unwinds to
    /// [`with_pieces`](super::with_pieces).
    ///
    /// # Panics
    /// For bytes in memory: then the fault is in the program.
    pub fn spoilt(&self, what: &str) -> ! {
        match &*self.0 {
            Source::Memory(..) => panic!("a piece in memory {what}"),
            Source::File { file, .. } => file.spoilt(&io::Error::new(
                io::ErrorKind::InvalidData,
                format!("what was derived {what}"),
            )),
        }
    }
}

/// Reads bytes of a section at ascending positions, or near each other, and keeps the stretch it read last.
#[derive(Debug)]
pub struct Reader<'a> {
    bytes: &'a Bytes,
    stretch: Arc<[u8]>,
    start: usize,
}

impl<'a> Reader<'a> {
    /// Reads nothing yet.
    pub fn new(bytes: &'a Bytes) -> Self {
        Self {
            bytes,
            stretch: Arc::default(),
            start: 0,
        }
    }

    /// The bytes from a position to the end of the stretch it lies on, at least one. Unwinds as [`Bytes::stretch`] does.
    pub fn from(&mut self, at: usize) -> &[u8] {
        if !(self.start..self.start + self.stretch.len()).contains(&at) {
            if at >= self.bytes.len() {
                self.bytes.spoilt("points outside a section");
            }
            (self.stretch, self.start) = self.bytes.stretch(at);
        }
        &self.stretch[at - self.start..]
    }

    /// An item of `N` bytes at a position, which lies on one stretch. Unwinds as [`Bytes::stretch`] does.
    pub fn item<const N: usize>(&mut self, at: usize) -> [u8; N] {
        match self.from(at).first_chunk() {
            Some(item) => *item,
            None => self.bytes.spoilt("ends within an item"),
        }
    }

    /// A varint at a position, which is moved behind it. Unwinds as [`Bytes::stretch`] does.
    pub fn varint(&mut self, at: &mut usize) -> u64 {
        let (mut value, mut shift) = (0, 0);
        let mut rest = self.from(*at);
        loop {
            let (byte, next) = match rest {
                [] => {
                    rest = self.from(*at);
                    continue;
                }
                [byte, next @ ..] => (*byte, next),
            };
            rest = next;
            *at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return value;
            }
            shift += 7;
            if shift > 63 {
                self.bytes.spoilt("holds a number that has no end");
            }
        }
    }
}

/// Appends a number so that [`Reader::varint`] reads it.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
