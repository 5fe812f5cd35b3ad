//! The pieces of one part of the dictionary: where they are, which are missing, and who makes those. Decides nothing about
//! what they hold.

use super::file::{open, path_of};
use super::piece::Piece;
use super::{Derive, Derivers};
use crate::store::dictionary::Texts;
use crate::store::parts::TermPart;
use crate::store::terms::Terms;
use crate::store::view::View;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// Between two looks at pieces that somebody else is making.
const WAIT: Duration = Duration::from_millis(1);

/// The pieces of all kinds that belong to a part.
#[derive(Default)]
pub(crate) struct Slots(Mutex<HashMap<&'static str, Arc<Slot>>>);

impl Slots {
    /// Those of one kind.
    pub(super) fn of(&self, kind: &'static str) -> Arc<Slot> {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(kind).or_default())
    }
}

/// The pieces of one kind that belong to a part.
#[derive(Default)]
pub(super) struct Slot(Mutex<Held>);

#[derive(Default)]
pub(super) struct Held {
    /// They follow each other, from the first text of the part on.
    pub(super) pieces: Vec<Arc<Piece>>,
    /// Whether the part's own file was looked for.
    has_looked: bool,
    /// Whether they are those of the part's own file.
    pub(super) is_stored: bool,
    /// Whether the file cannot be written: then who needs the pieces makes them in memory.
    pub(super) is_unmade: bool,
}

impl Slot {
    /// What is held; waits while somebody makes a piece.
    pub(super) fn lock(&self) -> MutexGuard<'_, Held> {
        // Whoever unwound left whole pieces behind.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_lock(&self) -> Option<MutexGuard<'_, Held>> {
        match self.0.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(left)) => Some(left.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl Held {
    /// Number of the first text that no piece covers.
    pub(super) fn next(&self, part: &TermPart) -> u64 {
        let last = self.pieces.last();
        last.map_or(part.range().start, |piece| piece.range().end)
    }

    /// Looks for the part's own file, once, and drops pieces that turned out to be damaged.
    pub(super) fn look(&mut self, part: &TermPart, what: &dyn Derive) {
        if self.pieces.iter().any(|piece| piece.is_spoilt()) {
            self.pieces.clear();
            if std::mem::take(&mut self.is_stored)
                && let Some(terms) = part.terms()
            {
                remove(terms, what);
            }
        }
        if self.has_looked {
            return;
        }
        self.has_looked = true;
        if let Some(terms) = part.terms() {
            self.read(terms, what);
        }
    }

    /// Takes the pieces of a file of texts from its own file. What is there and cannot be used is removed.
    pub(super) fn read(&mut self, terms: &Terms, what: &dyn Derive) {
        match open(terms, what) {
            Ok(Some(pieces)) => {
                self.pieces = pieces;
                self.is_stored = true;
                self.is_unmade = false;
            }
            Ok(None) => {}
            Err(error) => {
                let path = path_of(terms.dir(), terms.number, what.kind());
                let path = path.display().to_string();
                tracing::warn!(%path, %error, "A file derived from the texts cannot be used; it is made anew");
                remove(terms, what);
            }
        }
    }
}

/// Removes a file that cannot be used. A process that may not write leaves it to the one that may.
fn remove(terms: &Terms, what: &dyn Derive) {
    if terms.file().shared().demand.may_write() {
        let _ = std::fs::remove_file(path_of(terms.dir(), terms.number, what.kind()));
    }
}

impl TermPart {
    /// What is derived from all texts of this part, in pieces that follow each other. Made now as far as it is missing:
    /// by the store's own thread into a file where there is one, else in memory, by whoever asks first. `names` is a view of a
    /// state that has the part. `check` is called again and again meanwhile; it may unwind, and what was made until then stays.
    pub fn derived(
        &self,
        what: &'static dyn Derive,
        names: &View,
        check: &dyn Fn(),
    ) -> Vec<Arc<Piece>> {
        let slot = self.slots().of(what.kind());
        let end = self.range().end;
        loop {
            let Some(mut held) = slot.try_lock() else {
                check();
                std::thread::sleep(WAIT);
                continue;
            };
            held.look(self, what);
            let next = held.next(self);
            if next >= end {
                return held.pieces.clone();
            }
            if let Some(terms) = self.terms()
                && !held.is_unmade
                && terms.file().shared().demand.ask(self, what, names)
            {
                drop(held);
                check();
                std::thread::sleep(WAIT);
                continue;
            }
            let derived = what.derive(self, names, next..end, &mut || Ok(()));
            let piece = Piece::in_memory(
                next..end,
                derived.expect("only looking can fail, and that looks at nothing"),
            );
            held.pieces.push(Arc::new(piece));
            drop(held);
            check();
        }
    }
}

/// Lets a new file of texts have the pieces of the parts it takes the place of, oldest first. May wait while one of them is
/// being made.
pub(crate) fn inherit(terms: &Arc<Terms>, parts: &[Texts], derivers: Derivers) {
    for what in derivers.0 {
        let mut pieces = Vec::new();
        let mut next = terms.first;
        for texts in parts {
            let part = TermPart::new(texts.clone());
            let slot = part.slots().of(what.kind());
            let mut held = slot.lock();
            held.look(&part, *what);
            if part.range().start != next {
                break;
            }
            pieces.extend(held.pieces.iter().cloned());
            next = held.next(&part);
            if next < part.range().end {
                break;
            }
        }
        if !pieces.is_empty() {
            *terms.extras.slots.of(what.kind()).lock() = Held {
                pieces,
                has_looked: true,
                ..Held::default()
            };
        }
    }
}

/// Those of the pieces at hand that a file takes over as they are: full ones, and others only where there is nothing beside
/// them that they could be joined with.
pub(super) fn worth_keeping(pieces: &[Arc<Piece>], texts: Range<u64>) -> Vec<Arc<Piece>> {
    let is_full = |at: usize| pieces.get(at).is_none_or(|piece| piece.is_full());
    let covered = pieces.last().map_or(texts.start, |piece| piece.range().end);
    let mut kept = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let before = at == 0 || is_full(at - 1);
        let is_last = at + 1 == pieces.len();
        let after = if is_last {
            covered >= texts.end
        } else {
            is_full(at + 1)
        };
        if piece.is_full() || before && after {
            kept.push(Arc::clone(piece));
        }
    }
    kept
}
