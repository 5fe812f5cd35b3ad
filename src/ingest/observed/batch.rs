//! What is wrong with a batch that was read: places, codes and words. Reads nothing.

use crate::ingest::Diagnostic;
use crate::observations::{ObservationError, Refused};
use crate::rdf::label::Text;

/// Flaws that are told of one batch.
pub(super) const MAX_TOLD: usize = 20;

/// An observation that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Its place in the batch, from 0.
    pub place: usize,
    /// Stable name of the reason.
    pub code: &'static str,
    /// The reason for people.
    pub text: Text,
}

/// A batch that is not written as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Stable name of the reason.
    pub code: &'static str,
    /// The observation in which it is, from 0, where that is known.
    pub place: Option<usize>,
    /// Line, from 1; 0 when unknown.
    pub line: usize,
    /// Column, from 1; 0 when unknown.
    pub column: usize,
    /// What is wrong.
    pub text: Text,
}

/// Why a batch could not be read. Nothing of it is stored then.
#[derive(Debug)]
pub enum ObservedError {
    /// The text is not what is read here.
    Malformed(Malformed),
    /// JSON-LD that cannot be read.
    Unreadable(Box<Diagnostic>),
    /// Observations that cannot be read, the first of them, and how many observations there are.
    Flawed(Vec<Flaw>, usize),
    /// The store refused to name a series or feature.
    Store(ObservationError),
}

impl From<ObservationError> for ObservedError {
    fn from(error: ObservationError) -> Self {
        Self::Store(error)
    }
}

/// Gathers the flaws of a batch.
#[derive(Default)]
pub(super) struct Flaws {
    pub(super) told: Vec<Flaw>,
}

impl Flaws {
    pub(super) fn add(&mut self, place: usize, code: &'static str, text: Text) {
        if self.told.len() < MAX_TOLD {
            self.told.push(Flaw { place, code, text });
        }
    }

    /// A reason that the store knows too.
    pub(super) fn refuse(&mut self, place: usize, reason: Refused) {
        let (en, nl) = reason.texts();
        self.add(place, reason.code(), Text::new(nl, en));
    }

    pub(super) fn finish<T>(self, read: T, total: usize) -> Result<T, ObservedError> {
        if self.told.is_empty() {
            Ok(read)
        } else {
            Err(ObservedError::Flawed(self.told, total))
        }
    }
}
