//! What others derive from the texts of the dictionary: the place and the life of such data, part by part. Knows no words
//! and no geometries; `query` says what is derived, and how.
//!
//! The texts of a part never change and neither do their ids, so what is derived from a stretch of them is a constant: a
//! [`Piece`]. The pieces of a file of texts lie in a file beside it, `{number}-{kind}.part`, which is no part of any state:
//! the manifest does not name it. It belongs to the file of texts with its number, goes when that one goes, says of which
//! texts it is made, and is made anew when it is missing, damaged or of another version.
//!
//! Nobody waits for these files but a query that needs one. A thread writes them in the background (`maker`); a query that
//! cannot wait asks it to hurry. What belongs to layers in memory stays in memory, as does everything in a process that may
//! not write. When layers become a file, or files are joined, the new one takes over the pieces (`slot`).

mod file;
mod maker;
mod piece;
mod slot;
#[cfg(test)]
mod tests;

pub(crate) use file::{check_files, files_of, sweep};
pub(crate) use maker::{Demand, Maker, make_all};
pub use piece::{Bytes, Piece, Reader, put_varint};
pub(crate) use slot::{Slots, inherit};

use crate::store::parts::TermPart;
use crate::store::view::View;
use std::any::Any;
use std::fmt;
use std::io;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// One kind of data derived from texts.
///
/// What a piece holds must follow from the literals of its stretch alone: equal stretches give equal bytes, in every process.
pub trait Derive: Send + Sync {
    /// Name of the kind: lower-case ASCII letters, part of the names of its files.
    fn kind(&self) -> &'static str;

    /// Version of what pieces hold. Files of another version are made anew.
    fn version(&self) -> u32;

    /// Derives one piece from the literals of a part with numbers in `range`, from the first on, as far as one piece should
    /// go. `names` is a view of a state that has the part, for the names of datatypes and languages. `look` is called for
    /// every literal.
    ///
    /// # Errors
    /// Only those of `look`, at once.
    fn derive(
        &self,
        part: &TermPart,
        names: &View,
        range: Range<u64>,
        look: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<Derived>;
}

/// What was derived from the beginning of a range of texts.
#[derive(Debug, Default)]
pub struct Derived {
    /// Number of the text to go on with: the end of the range, or an earlier one when this piece is full.
    pub next: u64,
    /// What the deriver wants to know again without reading a section.
    pub facts: serde_json::Value,
    /// Its bytes, under different names.
    pub sections: Vec<Section>,
}

/// A named byte string of a piece.
#[derive(Debug)]
pub struct Section {
    /// Name: letters and digits.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Whether it is read in one stretch. Others are read page by page, of [`PAGE_BYTES`] each.
    pub is_whole: bool,
}

/// Bytes of a page of a section that is not read whole. Items of a size that divides this never lie on two pages.
pub const PAGE_BYTES: usize = 64 << 10;

/// The kinds of data that are derived in one store.
#[derive(Clone, Copy, Default)]
pub struct Derivers(pub &'static [&'static dyn Derive]);

impl fmt::Debug for Derivers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|what| what.kind()))
            .finish()
    }
}

impl Derivers {
    /// The kind of a name.
    pub(crate) fn of_kind(self, kind: &str) -> Option<&'static dyn Derive> {
        self.0.iter().copied().find(|what| what.kind() == kind)
    }
}

/// Carried by the unwinding when a piece in a file turned out to be damaged. The piece is marked: who asks for the pieces
/// again gets others.
struct Spoilt;

/// How often work is begun anew because what it read was damaged.
const TRIES: u32 = 4;

/// Runs work that asks for pieces and reads them, and runs it again when one of them turned out to be damaged: it is then
/// made anew. Damage to these files costs time, never an answer.
pub fn with_pieces<T>(work: impl Fn() -> T) -> T {
    let mut tries = 1;
    loop {
        // What the work leaves half done is dropped; pieces are only ever replaced whole.
        match catch_unwind(AssertUnwindSafe(&work)) {
            Ok(done) => return done,
            Err(panic) if panic.is::<Spoilt>() && tries < TRIES => tries += 1,
            Err(panic) => resume_unwind(unreadable(panic)),
        }
    }
}

/// A disk that damages whatever is written to it is told of as any other damage.
fn unreadable(panic: Box<dyn Any + Send>) -> Box<dyn Any + Send> {
    if panic.is::<Spoilt>() {
        return Box::new(crate::store::Unreadable {
            message: "a file derived from the texts is damaged each time it is made".to_owned(),
        });
    }
    panic
}

/// Runs work that reads texts and pieces and may fail; what cannot be read is one more way to fail.
fn caught<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    crate::store::Unreadable::as_error(|| {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            if panic.is::<Spoilt>() {
                let what = "a piece to be taken over is damaged";
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
            resume_unwind(panic)
        })
    })
}
