//! Counts what each step of a plan does: rows, batches, runs and time. A plan that nobody asks about has no meter, and its
//! steps are opened as they are. Knows no step by name.

use super::plan::Node;
use super::rows::{Batch, Operator};
use crate::query::error::QueryError;
use rustc_hash::FxHashMap;
use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What was counted of one step, of all its runs together.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::query) struct Counted {
    /// Solutions that came out of it.
    pub(in crate::query) rows: u64,
    /// Batches they came in.
    pub(in crate::query) batches: u64,
    /// How often it was opened.
    pub(in crate::query) loops: u64,
    /// Time in it and in the steps below it, until the work ended or was broken off.
    pub(in crate::query) time: Duration,
    /// It was answered without opening the steps below it.
    pub(in crate::query) is_shortcut: bool,
}

/// The counts of all steps of one plan.
pub(in crate::query) struct Meter {
    /// Steps by where they stand in memory: a plan does not move while it runs.
    places: FxHashMap<*const Node, usize>,
    counts: Box<[Cell<Counted>]>,
}

impl Meter {
    /// A meter for a plan; its steps are those that [`Node::parts`] tells of.
    pub(in crate::query) fn of(plan: &Rc<Node>) -> Rc<Self> {
        let mut places = FxHashMap::default();
        let mut open = vec![Rc::clone(plan)];
        while let Some(node) = open.pop() {
            let number = places.len();
            places.entry(Rc::as_ptr(&node)).or_insert(number);
            open.extend(node.parts().into_iter().map(|(_, part)| Rc::clone(part)));
        }
        Rc::new(Self {
            counts: (0..places.len()).map(|_| Cell::default()).collect(),
            places,
        })
    }

    /// What was counted of a step.
    pub(in crate::query) fn counted(&self, node: &Rc<Node>) -> Counted {
        let place = self.places.get(&Rc::as_ptr(node));
        place.map_or_else(Counted::default, |place| self.counts[*place].get())
    }

    /// Opens a step and counts what it does from here on.
    pub(super) fn watch(
        self: &Rc<Self>,
        node: &Rc<Node>,
        open: impl FnOnce() -> Box<dyn Operator>,
    ) -> Box<dyn Operator> {
        let Some(place) = self.places.get(&Rc::as_ptr(node)).copied() else {
            return open();
        };
        self.change(place, |counted| counted.loops += 1);
        // Some steps do their work while they are opened.
        let clock = Clock::start(self, place);
        let inner = open();
        drop(clock);
        Box::new(Measured {
            inner,
            meter: Rc::clone(self),
            place,
        })
    }

    /// Says that a step was answered without the steps below it.
    pub(super) fn note_shortcut(&self, node: &Rc<Node>) {
        if let Some(place) = self.places.get(&Rc::as_ptr(node)) {
            self.change(*place, |counted| counted.is_shortcut = true);
        }
    }

    fn change(&self, place: usize, change: impl FnOnce(&mut Counted)) {
        let mut counted = self.counts[place].get();
        change(&mut counted);
        self.counts[place].set(counted);
    }
}

/// Adds the time from its start to its end to a step, also when a limit unwinds the work in between.
struct Clock<'a> {
    meter: &'a Meter,
    place: usize,
    started: Instant,
}

impl<'a> Clock<'a> {
    fn start(meter: &'a Meter, place: usize) -> Self {
        Self {
            meter,
            place,
            started: Instant::now(),
        }
    }
}

impl Drop for Clock<'_> {
    fn drop(&mut self) {
        let time = self.started.elapsed();
        self.meter
            .change(self.place, |counted| counted.time += time);
    }
}

/// A step that is counted.
struct Measured {
    inner: Box<dyn Operator>,
    meter: Rc<Meter>,
    place: usize,
}

impl Operator for Measured {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        let clock = Clock::start(&self.meter, self.place);
        let more = self.inner.next(out, want);
        drop(clock);
        if matches!(more, Ok(true)) {
            self.meter.change(self.place, |counted| {
                counted.rows += out.len() as u64;
                counted.batches += 1;
            });
        }
        more
    }
}
