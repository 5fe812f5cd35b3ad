//! Looks up a triple pattern for many solutions at once: their keys are sorted, so that one reader runs along one order of
//! the index. Decides which order; the plan decides what is looked up when.

use super::plan::{Pattern, Place, Takes};
use super::rows::{Batch, Context, Held, Operator};
use crate::query::budget::step;
#[cfg(test)]
use crate::query::dataset::FETCHED;
use crate::query::error::QueryError;
use crate::store::{ExactCounts, Id, Order, SortedRows};
use std::rc::Rc;

/// Rows of a key that are read before the index is asked how many there are.
const LONG_RUN: u64 = 16;

/// From so many keys on, the rows of one predicate are read by themselves: they stand closer together there than among all
/// that is said of the subjects. Fewer keys find what is said of a subject in one place.
const MANY_KEYS: usize = 1024;

/// One solution's key: which positions are bound, and their values in the sequence of the order that serves them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    bound: u8,
    values: [u64; 3],
    row: u32,
}

/// The order that serves bound positions, which are its first columns; the predicate's own when it is the same for `many`.
fn order_for(bound: u8, many: bool) -> (Order, usize) {
    match bound {
        0b011 if many => (Order::Psog, 2),
        0b111 if many => (Order::Psog, 3),
        0b000 => (Order::Spog, 0),
        0b001 => (Order::Spog, 1),
        0b010 => (Order::Psog, 1),
        0b011 => (Order::Spog, 2),
        0b100 => (Order::Ospg, 1),
        0b101 => (Order::Ospg, 2),
        0b110 => (Order::Posg, 2),
        _ => (Order::Spog, 3),
    }
}

/// Position (0 subject, 1 predicate, 2 object) of each of the first three columns of an order.
pub(super) fn positions(order: Order) -> [usize; 3] {
    match order {
        Order::Psog => [1, 0, 2],
        Order::Posg => [1, 2, 0],
        Order::Ospg => [2, 0, 1],
        Order::Spog | Order::Gspo => [0, 1, 2],
    }
}

/// The operator.
pub(super) struct Match {
    context: Rc<Context>,
    input: Box<dyn Operator>,
    pattern: Pattern,
    takes: Takes,
    /// Counts of the index, when they are those of the view; asked for once.
    counts: Option<Option<ExactCounts>>,
    /// No triple can match: a term of the pattern is in none.
    is_empty: bool,
    batch: Batch,
    keys: Vec<Key>,
    /// Keys from here up to the second are looked up now.
    run: std::ops::Range<usize>,
    is_running: bool,
    /// Whether the keys at hand are many with the same predicate.
    many: bool,
    reader: Option<Reader>,
    ended: bool,
    held: Held,
}

/// A reader of one order, and what a row of it binds.
struct Reader {
    bound: u8,
    order: Order,
    prefix: usize,
    /// It sees only rows that begin with these.
    fixed: Vec<u64>,
    rows: SortedRows,
    ready: Option<[u64; 4]>,
    /// The last key looked up: the next must not lie before it.
    at: [u64; 3],
    /// Slots that a row fills, with its column.
    fills: Vec<(usize, usize)>,
    /// Columns that must be equal, because one variable stands in two places.
    equal: Vec<(usize, usize)>,
}

impl Reader {
    /// Goes to the first row of a key.
    fn go_to(&mut self, key: [u64; 3]) {
        self.at = key;
        let here = |row: &[u64; 4]| [row[0], row[1], row[2]] >= key;
        if !self.ready.as_ref().is_some_and(here) {
            self.rows.seek(key);
            self.ready = self.rows.next_row();
        }
    }

    /// The next row whose first columns are those of the key.
    #[inline]
    fn take(&mut self) -> Option<[u64; 4]> {
        let row = self.ready?;
        let same = |column: usize| row[column] == self.at[column];
        let is_of_key = match self.prefix {
            0 => true,
            1 => same(0),
            2 => same(0) && same(1),
            _ => same(0) && same(1) && same(2),
        };
        if !is_of_key {
            return None;
        }
        self.ready = self.rows.next_row();
        #[cfg(test)]
        FETCHED.set(FETCHED.get() + 1);
        Some(row)
    }
}

impl Match {
    pub(super) fn new(
        context: &Rc<Context>,
        input: Box<dyn Operator>,
        pattern: &Pattern,
        takes: Takes,
    ) -> Self {
        let is_unknown = |place: &Place| match place {
            Place::Is(raw) => is_local(*raw),
            Place::Slot(_) => false,
        };
        Self {
            context: Rc::clone(context),
            input,
            is_empty: pattern.places.iter().any(is_unknown),
            pattern: pattern.clone(),
            takes,
            counts: None,
            batch: Batch::new(context.width),
            keys: Vec::new(),
            run: 0..0,
            is_running: false,
            many: false,
            reader: None,
            ended: false,
            held: Held::nothing(context),
        }
    }

    /// Reads the next solutions and sorts their keys.
    fn load(&mut self, want: usize) -> Result<bool, QueryError> {
        self.keys.clear();
        self.run = 0..0;
        if self.ended || self.is_empty || !self.input.next(&mut self.batch, want)? {
            self.ended = true;
            return Ok(false);
        }
        self.sort_keys();
        // What comes out is about as much again.
        let keys = self.keys.len() * size_of::<Key>();
        self.held.set(2 * self.batch.bytes() + keys)?;
        Ok(true)
    }

    /// Makes the keys of the batch.
    fn sort_keys(&mut self) {
        self.many = self.batch.len() >= MANY_KEYS && matches!(self.pattern.places[1], Place::Is(_));
        for (number, row) in self.batch.rows().enumerate() {
            let mut bound = 0;
            let mut spo = [0; 3];
            for (position, place) in self.pattern.places.iter().enumerate() {
                let value = match place {
                    Place::Is(raw) => *raw,
                    Place::Slot(slot) => row[*slot],
                };
                if value != 0 {
                    bound |= 1 << position;
                    spo[position] = value;
                }
            }
            if spo.iter().any(|raw| is_local(*raw)) {
                continue;
            }
            let (order, prefix) = order_for(bound, self.many);
            let mut values = [0; 3];
            for (column, position) in positions(order).into_iter().take(prefix).enumerate() {
                values[column] = spo[position];
            }
            self.keys.push(Key {
                bound,
                values,
                row: number as u32,
            });
        }
        if !self.keys.is_sorted() {
            self.keys.sort_unstable();
        }
    }

    /// Whether there is a match for each solution of a batch. Hands the batch back.
    pub(super) fn meets(&mut self, batch: Batch, met: &mut [bool]) -> Batch {
        self.batch = batch;
        self.keys.clear();
        self.run = 0..0;
        if !self.is_empty {
            self.sort_keys();
        }
        while self.run.end < self.keys.len() {
            step();
            self.start_run();
            while let Some(reader) = &mut self.reader
                && let Some(found) = reader.take()
            {
                if reader.equal.iter().any(|(a, b)| found[*a] != found[*b]) {
                    continue;
                }
                for key in &self.keys[self.run.clone()] {
                    met[key.row as usize] = true;
                }
                break;
            }
        }
        self.is_running = false;
        std::mem::replace(&mut self.batch, Batch::new(self.context.width))
    }

    /// Starts on the next key.
    fn start_run(&mut self) {
        let first = self.keys[self.run.end];
        let same = |key: &Key| key.bound == first.bound && key.values == first.values;
        let from = self.run.end;
        let length = self.keys[from..].iter().take_while(|key| same(key)).count();
        self.run = from..from + length;
        self.is_running = true;
        let usable = self.reader.as_ref().is_some_and(|reader| {
            reader.bound == first.bound
                && reader.order == order_for(first.bound, self.many).0
                && reader.fixed.iter().zip(&first.values).all(|(a, b)| a == b)
                // The rows of the last key are taken.
                && reader.at < first.values
        });
        if !usable {
            let is_last = self.run.end == self.keys.len();
            self.reader = Some(self.open(first, is_last && from == 0));
        }
        #[cfg(test)]
        FETCHED.set(FETCHED.get() + 1);
        if let Some(reader) = &mut self.reader {
            reader.go_to(first.values);
        }
    }

    fn open(&self, key: Key, is_only: bool) -> Reader {
        let (order, prefix) = order_for(key.bound, self.many);
        let sequence = positions(order);
        // With one key the reader needs to see no more than its rows.
        let fixed = if is_only {
            prefix
        } else {
            sequence
                .iter()
                .take(prefix)
                .take_while(|position| matches!(self.pattern.places[**position], Place::Is(_)))
                .count()
        };
        let (mut fills, mut equal): (Vec<(usize, usize)>, Vec<_>) = (Vec::new(), Vec::new());
        for (column, position) in sequence.into_iter().enumerate().skip(prefix) {
            if let Place::Slot(slot) = self.pattern.places[position] {
                match fills.iter().find(|(known, _)| *known == slot) {
                    Some((_, first)) => equal.push((*first, column)),
                    None => fills.push((slot, column)),
                }
            }
        }
        Reader {
            bound: key.bound,
            order,
            prefix,
            fixed: key.values[..fixed].to_vec(),
            rows: self.pattern.view.sorted(
                order,
                &key.values[..fixed],
                self.pattern.graph.is_some(),
            ),
            ready: None,
            at: [0; 3],
            fills,
            equal,
        }
    }
}

impl Match {
    /// How many rows the key at hand has.
    fn number(&mut self) -> u64 {
        let first = self.keys[self.run.start];
        let Some(reader) = &mut self.reader else {
            return 0;
        };
        let mut number = 0;
        while let Some(found) = reader.take() {
            step();
            if reader.equal.iter().any(|(a, b)| found[*a] != found[*b]) {
                continue;
            }
            number += 1;
            if number == LONG_RUN && reader.equal.is_empty() {
                let view = &self.pattern.view;
                if let Some(counts) = self.counts.get_or_insert_with(|| view.exact_counts()) {
                    return counts.count(reader.order, &first.values[..reader.prefix]);
                }
            }
        }
        number
    }

    /// The next solutions, each with how many it stands for.
    fn next_numbered(
        &mut self,
        out: &mut Batch,
        want: usize,
        slot: usize,
    ) -> Result<bool, QueryError> {
        out.clear();
        loop {
            while self.run.end < self.keys.len() {
                if out.len() >= want {
                    return Ok(true);
                }
                step();
                self.start_run();
                let number = self.number();
                if number == 0 {
                    continue;
                }
                for key in &self.keys[self.run.clone()] {
                    let row = out.push(self.batch.row(key.row as usize));
                    row[slot] = row[slot].max(1).saturating_mul(number);
                }
            }
            self.is_running = false;
            self.context.check()?;
            if !self.load(want)? {
                return Ok(!out.is_empty());
            }
        }
    }
}

impl Operator for Match {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        if let Takes::Number(slot) = self.takes {
            return self.next_numbered(out, want, slot);
        }
        out.clear();
        loop {
            while self.is_running {
                if out.len() >= want {
                    return Ok(true);
                }
                let Some(reader) = &mut self.reader else {
                    break;
                };
                let Some(found) = reader.take() else {
                    self.is_running = false;
                    break;
                };
                step();
                if reader.equal.iter().any(|(a, b)| found[*a] != found[*b]) {
                    continue;
                }
                let mut any = false;
                for key in &self.keys[self.run.clone()] {
                    let row = out.push(self.batch.row(key.row as usize));
                    for (slot, column) in &reader.fills {
                        row[*slot] = found[*column];
                    }
                    if let Some(slot) = self.pattern.graph {
                        if row[slot] == 0 {
                            row[slot] = found[3];
                        } else if row[slot] != found[3] {
                            out.pop();
                            continue;
                        }
                    }
                    any = true;
                }
                if self.takes == Takes::First && any && self.pattern.graph.is_none() {
                    self.is_running = false;
                }
            }
            if self.run.end < self.keys.len() {
                self.start_run();
                continue;
            }
            self.context.check()?;
            if !self.load(want)? {
                return Ok(!out.is_empty());
            }
        }
    }
}

fn is_local(raw: u64) -> bool {
    Id::from_raw(raw).is_some_and(|id| id.local_index().is_some())
}
