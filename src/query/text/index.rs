//! The index of one state: the segments of each part of its dictionary. Says how one is derived from literals; the store
//! keeps them beside the texts, in memory or in files, and makes what is missing.

use super::MAX_LITERAL_BYTES;
use super::language::{Group, Stemmers};
use super::segment::{Segment, SegmentBuilder};
use super::words::Words;
use crate::query::budget::check_now;
use crate::store::{Derive, Derived, TermPart, View};
use rustc_hash::FxHashMap;
use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

#[cfg(test)]
thread_local! {
    /// Literals read to make segments on this thread, for tests that count work.
    pub(super) static READ: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// What is derived from texts for full text.
pub(in crate::query) struct TextIndex;

impl Derive for TextIndex {
    fn kind(&self) -> &'static str {
        "text"
    }

    /// To be raised with every change of how words are cut, folded and stemmed, and of how segments lie in bytes; a test
    /// tells.
    fn version(&self) -> u32 {
        1
    }

    fn derive(
        &self,
        part: &TermPart,
        names: &View,
        range: Range<u64>,
        look: &mut dyn FnMut() -> io::Result<()>,
    ) -> io::Result<Derived> {
        let (mut words, stemmers) = (Words::default(), Stemmers::default());
        let mut groups: FxHashMap<u16, Group> = FxHashMap::default();
        let mut builder = SegmentBuilder::default();
        let (mut next, mut looked) = (range.end, Ok(()));
        part.for_each_literal(
            range,
            // `xsd:string` and `rdf:langString`.
            |meta| meta.datatype < 2,
            |id, meta, value| {
                looked = look();
                if looked.is_err() {
                    return ControlFlow::Break(());
                }
                if builder.is_full(id) {
                    next = id.value();
                    return ControlFlow::Break(());
                }
                #[cfg(test)]
                READ.set(READ.get() + 1);
                if value.len() > MAX_LITERAL_BYTES {
                    return ControlFlow::Continue(());
                }
                words.read(value);
                if !words.is_empty() {
                    let group = *groups
                        .entry(meta.language)
                        .or_insert_with(|| Group::of(names.language_tag(meta.language)));
                    builder.add(id, group, words.iter());
                }
                ControlFlow::Continue(())
            },
        );
        looked?;
        Ok(Derived {
            next,
            ..builder.finish(|group, word, out| stemmers.stem(group, word, out))
        })
    }
}

/// The segments of all literals of a state. Makes what is missing, or waits for it, within the limits of the query.
pub(super) fn segments(view: &View) -> Vec<Arc<Segment>> {
    let mut all = Vec::new();
    for part in view.snapshot().term_parts() {
        for piece in part.derived(&TextIndex, view, &check_now) {
            let segment = piece.opened(Segment::of);
            if segment.literals() > 0 {
                all.push(segment);
            }
        }
    }
    all
}
