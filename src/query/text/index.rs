//! The index of one state: the segments of each part of its dictionary, made when they are first asked for.
//! A part that is being made grows by whole segments, so a query that is stopped meanwhile leaves its work to the next.

use super::MAX_LITERAL_BYTES;
use super::language::{Group, Stemmers};
use super::segment::{Segment, SegmentBuilder};
use super::words::Words;
use crate::query::budget::check_now;
use crate::store::{TermPart, View};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

/// Literals of a part from which its making is worth a line in the log.
const WORTH_TELLING: u64 = 10_000;
/// Between two looks at a part that another query is making.
const WAIT: Duration = Duration::from_millis(1);

#[cfg(test)]
thread_local! {
    /// Literals read to make segments on this thread, for tests that count work.
    pub(super) static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// What is kept beside a part of the dictionary.
#[derive(Default)]
struct TextPart {
    progress: Mutex<Progress>,
}

impl TextPart {
    /// Waits for who is making the part, within the limits of the query that waits.
    fn lock(&self) -> MutexGuard<'_, Progress> {
        loop {
            match self.progress.try_lock() {
                Ok(progress) => return progress,
                // A query that was stopped left whole segments behind.
                Err(TryLockError::Poisoned(left)) => return left.into_inner(),
                Err(TryLockError::WouldBlock) => {
                    check_now();
                    std::thread::sleep(WAIT);
                }
            }
        }
    }
}

#[derive(Default)]
struct Progress {
    segments: Vec<Arc<Segment>>,
    /// Number within the part of the text to go on with.
    next: u64,
    is_complete: bool,
}

/// The segments of all literals of a state. Makes what is missing; limits are looked at after each segment.
pub(super) fn segments(view: &View) -> Vec<Arc<Segment>> {
    let mut all = Vec::new();
    for part in view.snapshot().term_parts() {
        let kept = part.kept(TextPart::default);
        let mut progress = kept.lock();
        if !progress.is_complete {
            progress.complete(&part, view);
        }
        all.extend(progress.segments.iter().cloned());
    }
    all
}

impl Progress {
    fn complete(&mut self, part: &TermPart, view: &View) {
        let started = Instant::now();
        let first = part.key().first();
        let (mut words, stemmers) = (Words::default(), Stemmers::default());
        let stem = |group, word: &str, out: &mut String| stemmers.stem(group, word, out);
        let mut groups: FxHashMap<u16, Group> = FxHashMap::default();
        let mut builder = SegmentBuilder::default();
        part.for_each_literal(
            self.next,
            // `xsd:string` and `rdf:langString`.
            |meta| meta.datatype < 2,
            |id, meta, value| {
                #[cfg(test)]
                READ.set(READ.get() + 1);
                if value.len() > MAX_LITERAL_BYTES {
                    return;
                }
                words.read(value);
                if words.is_empty() {
                    return;
                }
                if builder.is_full(id) {
                    let full = std::mem::take(&mut builder);
                    self.segments.push(Arc::new(full.finish(stem)));
                    self.next = id.value() - first;
                    check_now();
                }
                let group = *groups
                    .entry(meta.language)
                    .or_insert_with(|| Group::of(view.language_tag(meta.language)));
                builder.add(id, group, words.iter());
            },
        );
        if !builder.is_empty() {
            self.segments.push(Arc::new(builder.finish(stem)));
        }
        self.is_complete = true;
        self.tell(started);
    }

    fn tell(&self, started: Instant) {
        let literals: u64 = self.segments.iter().map(|s| s.literals()).sum();
        if literals < WORTH_TELLING {
            return;
        }
        let seconds = started.elapsed().as_secs_f64();
        tracing::info!(
            literals,
            words = self.segments.iter().map(|s| s.words()).sum::<u64>(),
            bytes = self
                .segments
                .iter()
                .map(|s| s.memory_bytes())
                .sum::<usize>(),
            segments = self.segments.len(),
            seconds,
            literals_per_second = (literals as f64 / seconds.max(1e-6)) as u64,
            "made the text index of a part of the dictionary"
        );
    }
}
