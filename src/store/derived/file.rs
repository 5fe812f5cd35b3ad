//! The file that holds the pieces derived from one file of texts. Written once, whole or not at all; found by the number of
//! the file of texts and bound to its bytes. Decides nothing about when.
//!
//! A segment file (see `segment`) whose sections are named `{number of the piece}.{name}` and whose facts say of which file
//! of texts it is made, by which version of the deriver, and which texts each piece covers.

use super::piece::{Bytes, Piece};
use super::{Derive, Derivers, Spoilt};
use crate::store::parts::TermPart;
use crate::store::segment::{Place, SegmentFile, SegmentWriter};
use crate::store::terms::Terms;
use crate::store::view::View;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Extension of the files.
const EXTENSION: &str = "part";
/// Version of how pieces lie in a file; what they hold has a version of its own.
const LAYOUT: u32 = 1;

/// What binds a file of pieces to the file of texts it is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Origin {
    /// Length of the file of texts.
    bytes: u64,
    /// Checksum of its footer, which holds those of its tables.
    crc: u32,
    /// Its texts.
    texts: Range<u64>,
}

impl Origin {
    fn of(terms: &Terms) -> Self {
        let (bytes, crc) = terms.file().identity();
        Self {
            bytes,
            crc,
            texts: terms.first..terms.first + terms.len(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Facts {
    layout: u32,
    version: u32,
    of: Origin,
    pieces: Vec<PieceFacts>,
}

#[derive(Debug, Serialize, Deserialize)]
struct PieceFacts {
    texts: Range<u64>,
    is_full: bool,
    /// Names of its sections, and whether each is read whole.
    sections: BTreeMap<String, bool>,
    facts: serde_json::Value,
}

fn segment_kind(kind: &str) -> String {
    format!("part-{kind}")
}

fn section_name(piece: usize, name: &str) -> String {
    format!("{piece}.{name}")
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

/// Path of the file of a kind that belongs to the file of texts with a number.
pub(super) fn path_of(dir: &Path, number: u64, kind: &str) -> PathBuf {
    dir.join(format!("{number:08}-{kind}.{EXTENSION}"))
}

/// The file of texts a path belongs to, if it is the path of a file of pieces.
fn terms_of(path: &Path) -> Option<PathBuf> {
    let (number, _) = parsed(path)?;
    Some(Terms::path(path.parent()?, number))
}

/// Number and kind.
fn parsed(path: &Path) -> Option<(u64, &str)> {
    let name = path.file_name()?.to_str()?.strip_suffix(EXTENSION)?;
    let (number, kind) = name.strip_suffix('.')?.split_once('-')?;
    Some((number.parse().ok()?, kind))
}

/// The files of pieces that belong to files of texts with some numbers, in no order.
///
/// # Errors
/// When the folder cannot be read.
pub(crate) fn files_of(dir: &Path, numbers: &[u64]) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if parsed(&path).is_some_and(|(number, _)| numbers.contains(&number)) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Removes the files of pieces whose file of texts is gone. What cannot be removed goes at the next start.
pub(crate) fn sweep(dir: &Path) {
    for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if terms_of(&path).is_some_and(|terms| !terms.exists()) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// A file of pieces that is open.
pub(crate) struct PartFile {
    file: Arc<SegmentFile>,
    is_spoilt: AtomicBool,
}

impl PartFile {
    /// Whether something in it turned out to be damaged.
    pub(super) fn is_spoilt(&self) -> bool {
        self.is_spoilt.load(Ordering::Relaxed)
    }

    /// Bytes at a place, kept for the next reader. Unwinds when they are damaged.
    pub(super) fn page(&self, place: Place) -> Arc<[u8]> {
        let key = self.file.key(place.offset);
        let cache = &self.file.shared().pages;
        cache.get(&key).unwrap_or_else(|| match self.read(place) {
            Ok(page) => {
                cache.insert(key, Arc::clone(&page));
                page
            }
            Err(error) => self.spoilt(&error),
        })
    }

    /// Bytes at a place, past the cache.
    pub(super) fn read(&self, place: Place) -> io::Result<Arc<[u8]>> {
        self.file.read(place).map(Arc::from)
    }

    /// Marks the file and unwinds to whoever asked for its pieces.
    pub(super) fn spoilt(&self, error: &io::Error) -> ! {
        let path = self.file.path().display().to_string();
        tracing::warn!(%path, %error, "A file derived from the texts is damaged; it is made anew");
        self.is_spoilt.store(true, Ordering::Relaxed);
        std::panic::resume_unwind(Box::new(Spoilt))
    }
}

/// Opens the pieces of a kind that lie beside a file of texts. `None` when there is no such file.
///
/// # Errors
/// A sentence, when it is not whole, of another version, or made of other texts.
pub(super) fn open(terms: &Terms, what: &dyn Derive) -> io::Result<Option<Vec<Arc<Piece>>>> {
    let path = path_of(terms.dir(), terms.number, what.kind());
    let file = match SegmentFile::open(&path, &segment_kind(what.kind()), terms.file().shared()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let facts: Facts = serde_json::from_value(file.facts().clone())
        .map_err(|_| invalid("what the file says of its pieces cannot be read"))?;
    if facts.layout != LAYOUT || facts.version != what.version() {
        return Err(invalid("the file is of another version"));
    }
    let origin = Origin::of(terms);
    if facts.of != origin {
        return Err(invalid("the file is made of other texts"));
    }
    let file = Arc::new(PartFile {
        file,
        is_spoilt: AtomicBool::new(false),
    });
    let mut pieces = Vec::with_capacity(facts.pieces.len());
    let mut next = origin.texts.start;
    for (number, piece) in facts.pieces.into_iter().enumerate() {
        if piece.texts.start != next || piece.texts.end <= next {
            return Err(invalid("the pieces do not follow each other"));
        }
        next = piece.texts.end;
        let mut sections = BTreeMap::new();
        for (name, is_whole) in piece.sections {
            let places = file.file.places(&section_name(number, &name));
            let bytes = Bytes::in_file(&file, places, is_whole)
                .ok_or_else(|| invalid("a section is cut in another way"))?;
            sections.insert(name, bytes);
        }
        pieces.push(Arc::new(Piece::in_file(
            &file,
            piece.texts,
            piece.is_full,
            piece.facts,
            sections,
        )));
    }
    if next != origin.texts.end {
        return Err(invalid("the pieces do not cover all texts"));
    }
    Ok(Some(pieces))
}

/// A file of pieces being written.
pub(super) struct PartWriter {
    file: SegmentWriter,
    facts: Facts,
}

impl PartWriter {
    /// Starts a file of a kind beside a file of texts.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(super) fn create(terms: &Terms, what: &dyn Derive) -> io::Result<Self> {
        let path = path_of(terms.dir(), terms.number, what.kind());
        Ok(Self {
            file: SegmentWriter::create(&path, &segment_kind(what.kind()))?,
            facts: Facts {
                layout: LAYOUT,
                version: what.version(),
                of: Origin::of(terms),
                pieces: Vec::new(),
            },
        })
    }

    /// Appends a piece, whose texts follow those of the one before.
    ///
    /// # Errors
    /// When the file cannot be written, or the piece not read.
    pub(super) fn add(&mut self, piece: &Piece) -> io::Result<()> {
        let number = self.facts.pieces.len();
        let mut sections = BTreeMap::new();
        for (name, bytes) in piece.sections() {
            if bytes.is_empty() {
                continue;
            }
            let mut places = Vec::new();
            for at in bytes.starts() {
                places.push(self.file.write(&bytes.read_stretch(at)?)?);
            }
            self.file.name_places(&section_name(number, name), places);
            sections.insert(name.clone(), bytes.is_whole());
        }
        self.facts.pieces.push(PieceFacts {
            texts: piece.range(),
            is_full: piece.is_full(),
            sections,
            facts: piece.facts().clone(),
        });
        Ok(())
    }

    /// Ends the file, makes it durable and gives it its name. The name itself may be lost with the power; then it is made
    /// anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn finish(self) -> io::Result<u64> {
        let facts = serde_json::to_value(&self.facts)?;
        self.file.finish(facts)
    }
}

/// Reads the files of pieces beside a file of texts, and derives anew what `derivers` know. `names` is a view of a state
/// with those texts.
///
/// # Errors
/// A sentence that names the first file that is not what it should be.
pub(crate) fn check_files(
    terms: &Arc<Terms>,
    derivers: Derivers,
    names: &View,
) -> Result<(), String> {
    // A folder without index files has nothing to check.
    let paths = files_of(terms.dir(), &[terms.number]).unwrap_or_default();
    for path in paths {
        let Some((_, kind)) = parsed(&path) else {
            continue;
        };
        check(terms, kind, derivers, names)
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn check(terms: &Arc<Terms>, kind: &str, derivers: Derivers, names: &View) -> io::Result<()> {
    let path = path_of(terms.dir(), terms.number, kind);
    // A server may have replaced the files meanwhile.
    let is_gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    match SegmentFile::open(&path, &segment_kind(kind), terms.file().shared()) {
        Err(error) if is_gone(&error) => return Ok(()),
        opened => opened?.check_sections()?,
    }
    // A kind of a later version of this program: whole, and more cannot be said.
    let Some(what) = derivers.of_kind(kind) else {
        return Ok(());
    };
    let part = TermPart::new(Arc::clone(terms).into());
    for piece in open(terms, what)?.unwrap_or_default() {
        let range = piece.range();
        let derived = what.derive(&part, names, range.clone(), &mut || Ok(()))?;
        let wanted = Piece::in_memory(range, derived);
        if wanted.range() != piece.range() || wanted.facts() != piece.facts() {
            return Err(invalid("a piece says something else than its texts"));
        }
        let filled = wanted.sections().filter(|(_, bytes)| !bytes.is_empty());
        if filled.clone().count() != piece.sections().count() {
            return Err(invalid("a piece has other sections than it should"));
        }
        for (name, bytes) in filled {
            let found = piece.section(name);
            if found.len() != bytes.len() || found.is_whole() != bytes.is_whole() {
                return Err(invalid("a section of a piece has another length"));
            }
            for at in bytes.starts() {
                if found.read_stretch(at)? != bytes.read_stretch(at)? {
                    return Err(invalid("a piece holds something else than its texts"));
                }
            }
        }
    }
    Ok(())
}
