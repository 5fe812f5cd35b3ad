//! Writes the files of pieces that are missing: a thread, under a cap, or at full speed when somebody waits. Holds up neither
//! commits nor readers; a file that could not be written costs those who ask for it time.

use super::file::{PartWriter, path_of};
use super::piece::Piece;
use super::slot::worth_keeping;
use super::{Derive, Derivers, TRIES, caught};
use crate::store::fault;
use crate::store::live::Inner;
use crate::store::pace::Pace;
use crate::store::parts::TermPart;
use crate::store::snapshot::Snapshot;
use crate::store::terms::Terms;
use crate::store::view::View;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Between two looks at what may be missing.
const LOOK: Duration = Duration::from_secs(1);
/// First rest after a failure; twice as long after each more.
const REST: Duration = Duration::from_secs(2);
const MOST_RESTS: u32 = 8;
/// Texts from which making a file is worth a line in the log.
const WORTH_TELLING: u64 = 100_000;

/// What queries ask of the thread that makes files. One for each open store.
#[derive(Default)]
pub(crate) struct Demand {
    derivers: OnceLock<Derivers>,
    asked: Mutex<Asked>,
    changed: Condvar,
    /// Number of those who wait, to be looked at between two literals.
    waiting: AtomicUsize,
    may_write: AtomicBool,
    stop: Arc<AtomicBool>,
    /// Held while a file is made.
    making: Mutex<()>,
}

#[derive(Default)]
struct Asked {
    /// Whether there is a thread that answers.
    is_served: bool,
    first: Vec<Wanted>,
}

#[derive(Clone)]
struct Wanted {
    part: TermPart,
    what: &'static dyn Derive,
    /// A state that has the part.
    state: Snapshot,
}

impl Demand {
    /// The kinds that the thread makes; none without a thread.
    pub(crate) fn derivers(&self) -> Derivers {
        self.derivers.get().copied().unwrap_or_default()
    }

    /// Whether files may be written and removed.
    pub(super) fn may_write(&self) -> bool {
        self.may_write.load(Ordering::Relaxed)
    }

    /// Says that this process writes in the folder.
    pub(crate) fn allow_writing(&self) {
        self.may_write.store(true, Ordering::Relaxed);
    }

    /// Asks that the file of a part is made before all else. False when nobody will.
    pub(super) fn ask(&self, part: &TermPart, what: &'static dyn Derive, names: &View) -> bool {
        if self.derivers().of_kind(what.kind()).is_none() {
            return false;
        }
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.is_served {
            return false;
        }
        let is_it =
            |wanted: &Wanted| wanted.part.key() == part.key() && wanted.what.kind() == what.kind();
        if !asked.first.iter().any(is_it) {
            asked.first.push(Wanted {
                part: part.clone(),
                what,
                state: names.snapshot().clone(),
            });
            self.waiting.store(asked.first.len(), Ordering::Relaxed);
            self.changed.notify_all();
        }
        true
    }

    /// What was asked for first, after some time at most.
    fn wait(&self) -> Option<Wanted> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let is_idle = |asked: &mut Asked| asked.first.is_empty() && asked.is_served;
        let (asked, _) = self
            .changed
            .wait_timeout_while(asked, LOOK, is_idle)
            .unwrap_or_else(PoisonError::into_inner);
        asked.first.first().cloned()
    }

    /// Takes off what was asked for first.
    fn done(&self) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.first.is_empty() {
            asked.first.remove(0);
        }
        self.waiting.store(asked.first.len(), Ordering::Relaxed);
    }

    fn serve(&self) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_served = true;
    }

    fn end(&self) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.is_served = false;
        asked.first.clear();
        self.stop.store(true, Ordering::Relaxed);
        self.changed.notify_all();
    }
}

/// The thread that makes files; ends when dropped.
pub(crate) struct Maker {
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

impl Maker {
    /// Starts the thread for a store that writes. `None` when it has nothing to derive.
    pub(crate) fn start(inner: &Arc<Inner>) -> Option<Self> {
        let derivers = inner.options.derived;
        let demand = &inner.disk()?.shared.demand;
        if derivers.0.is_empty() || demand.derivers.set(derivers).is_err() {
            return None;
        }
        demand.serve();
        let working = Arc::clone(inner);
        let faults = fault::inherit();
        let thread = std::thread::Builder::new()
            .name("oslo-derive".to_owned())
            .spawn(move || {
                faults.adopt();
                work(&working);
            });
        match thread {
            Ok(thread) => Some(Self {
                inner: Arc::clone(inner),
                thread: Some(thread),
            }),
            Err(error) => {
                tracing::warn!(%error, "There is no thread for derived files");
                demand.end();
                None
            }
        }
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        if let Some(disk) = self.inner.disk() {
            disk.shared.demand.end();
        }
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was logged by its hook; there is nothing to undo.
            let _ = thread.join();
        }
    }
}

/// Nobody waits for a thread that is gone, however it ended.
struct Ends<'a>(&'a Demand);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn work(inner: &Inner) {
    let Some(disk) = inner.disk() else {
        return;
    };
    let demand = &disk.shared.demand;
    let _at_the_end = Ends(demand);
    let pace = Pace::capped(inner.options.background_percent, Arc::clone(&demand.stop));
    let mut failures = 0_u32;
    let mut rest_until = Instant::now();
    while !demand.stop.load(Ordering::Relaxed) {
        if let Some(wanted) = demand.wait() {
            let made = make(
                &wanted.part,
                wanted.what,
                &wanted.state.whole(),
                &mut || {
                    if demand.stop.load(Ordering::Relaxed) {
                        return Err(io::ErrorKind::Interrupted.into());
                    }
                    Ok(())
                },
            );
            match made {
                Ok(true) => {}
                Ok(false) => give_up(&wanted, None),
                Err(error) => give_up(&wanted, Some(&error)),
            }
            demand.done();
            continue;
        }
        if Instant::now() < rest_until || inner.health().stopped.is_some() {
            continue;
        }
        let Some(missing) = first_missing(inner) else {
            continue;
        };
        let made = make(
            &missing.part,
            missing.what,
            &missing.state.whole(),
            &mut || {
                if demand.waiting.load(Ordering::Relaxed) == 0 {
                    return pace.row();
                }
                if demand.stop.load(Ordering::Relaxed) {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                Ok(())
            },
        );
        match made {
            Ok(_) => failures = 0,
            Err(error) => {
                give_up(&missing, Some(&error));
                rest_until = Instant::now() + REST * 2_u32.pow(failures);
                failures = (failures + 1).min(MOST_RESTS);
            }
        }
    }
}

/// Those who wait make the pieces in memory.
fn give_up(wanted: &Wanted, error: Option<&io::Error>) {
    let slot = wanted.part.slots().of(wanted.what.kind());
    slot.lock().is_unmade = true;
    if let Some(error) = error.filter(|error| error.kind() != io::ErrorKind::Interrupted) {
        let kind = wanted.what.kind();
        tracing::warn!(%error, kind, "A file derived from the texts could not be made; searching takes longer until it is");
    }
}

/// A part of the newest state that lies in a file for a while and lacks one of its files.
fn first_missing(inner: &Inner) -> Option<Wanted> {
    let state = inner.snapshot();
    let parts = state.term_parts().into_iter();
    let settled =
        parts.filter(|part| part.terms().is_some() && part.age() >= inner.options.derive_after);
    for part in settled {
        for what in inner.options.derived.0 {
            let slot = part.slots().of(what.kind());
            let mut held = slot.lock();
            held.look(&part, *what);
            if !held.is_stored {
                drop(held);
                return Some(Wanted {
                    part,
                    what: *what,
                    state,
                });
            }
        }
    }
    None
}

/// Makes all files that the newest state lacks, at full speed.
///
/// # Errors
/// When one cannot be written, or texts cannot be read.
pub(crate) fn make_all(inner: &Inner, derivers: Derivers) -> io::Result<()> {
    for _ in 0..TRIES {
        let state = inner.snapshot();
        let mut are_made = true;
        for part in state.term_parts() {
            for what in derivers.0 {
                if part.terms().is_some() {
                    are_made &= make(&part, *what, &state.whole(), &mut || Ok(()))?;
                }
            }
        }
        if are_made {
            break;
        }
        // Files of texts were joined meanwhile: those of the joined one are missing now.
    }
    Ok(())
}

/// Makes the file of a kind for a part that is a file of texts, unless it is there. False when the texts were joined with
/// others meanwhile: a file would belong to nothing.
fn make(
    part: &TermPart,
    what: &dyn Derive,
    names: &View,
    look: &mut dyn FnMut() -> io::Result<()>,
) -> io::Result<bool> {
    let Some(terms) = part.terms() else {
        return Ok(true);
    };
    let demand = &terms.file().shared().demand;
    let _alone = demand.making.lock().unwrap_or_else(PoisonError::into_inner);
    let slot = part.slots().of(what.kind());
    let at_hand = {
        let mut held = slot.lock();
        held.look(part, what);
        if held.is_stored {
            return Ok(true);
        }
        held.pieces.clone()
    };
    let texts = Terms::path(terms.dir(), terms.number);
    if !texts.exists() {
        return Ok(false);
    }
    let started = Instant::now();
    let bytes = caught(|| write(part, terms, what, names, &at_hand, look))?;
    let is_stored = {
        let mut held = slot.lock();
        held.read(terms, what);
        held.is_stored
    };
    // Looked at after the reading: whoever joins texts removes them first and what was derived from them then, so a file that
    // could not be read back because it was removed belongs to texts that are gone.
    let is_in_use = texts.exists();
    if !is_stored && is_in_use {
        let what = "what was written cannot be read back";
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    }
    if !is_in_use {
        // What was opened stays readable.
        let _ = std::fs::remove_file(path_of(terms.dir(), terms.number, what.kind()));
    }
    if terms.len() >= WORTH_TELLING {
        let (kind, seconds) = (what.kind(), started.elapsed().as_secs_f64());
        tracing::info!(
            kind,
            texts = terms.len(),
            bytes,
            seconds,
            "Made a file derived from the texts"
        );
    }
    Ok(is_in_use)
}

/// Writes the file: what is at hand is taken over, the rest derived.
fn write(
    part: &TermPart,
    terms: &Terms,
    what: &dyn Derive,
    names: &View,
    at_hand: &[Arc<Piece>],
    look: &mut dyn FnMut() -> io::Result<()>,
) -> io::Result<u64> {
    let mut file = PartWriter::create(terms, what)?;
    let texts = part.range();
    let kept = worth_keeping(at_hand, texts.clone());
    let mut kept = kept.iter().peekable();
    let mut next = texts.start;
    while next < texts.end {
        look()?;
        if let Some(piece) = kept.next_if(|piece| piece.range().start == next) {
            file.add(piece)?;
            next = piece.range().end;
            continue;
        }
        let until = kept.peek().map_or(texts.end, |piece| piece.range().start);
        let derived = what.derive(part, names, next..until, look)?;
        let piece = Piece::in_memory(next..until, derived);
        file.add(&piece)?;
        next = piece.range().end;
    }
    file.finish()
}
