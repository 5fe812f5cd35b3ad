//! Joins by a hash table: inner, left outer and minus. The table holds one side whole; the other streams by it.
//! Which side is the table is the plan's choice.
//!
//! Slots that both sides bind in every solution are the key. Where a slot may be without a value on either side, the table is
//! parted by which such slots are bound, and each part is looked up by those that the other solution binds too.

use super::keys::hash_of;
use super::plan::{JoinKind, Node};
use super::rows::{Batch, Context, Held, Operator};
use crate::query::budget::step;
use crate::query::error::QueryError;
use rustc_hash::FxHashMap;
use std::ops::Range;
use std::rc::Rc;

/// One side of a join.
struct Table {
    rows: Batch,
    /// Slots bound in every solution of both sides.
    on: Vec<usize>,
    /// Other slots that both sides may bind.
    maybe: Vec<usize>,
    /// Solutions by which of those slots they bind.
    parts: Vec<Part>,
    held: Held,
}

/// Solutions that bind the same slots.
struct Part {
    /// Which of the slots that may be bound, as bits.
    bound: u128,
    /// Numbers of solutions.
    rows: Vec<u32>,
    /// One for each set of slots that was asked for.
    indexes: Vec<Index>,
}

/// The solutions of a part, found by the values of some slots.
struct Index {
    /// Which of the slots that may be bound are among them, as bits.
    shared: u128,
    slots: Vec<usize>,
    /// Numbers of solutions, those with the same hash together.
    order: Vec<u32>,
    places: FxHashMap<u64, (u32, u32)>,
}

/// Solutions of a table that may agree with one: places in an index.
#[derive(Clone, Default)]
struct Found {
    part: usize,
    index: usize,
    places: Range<usize>,
}

/// Bytes of a place in an index.
const PLACE_BYTES: usize = 16;

impl Table {
    /// Reads an operator to its end.
    fn build(
        context: &Context,
        mut input: Box<dyn Operator>,
        on: &[usize],
        maybe: &[usize],
    ) -> Result<Self, QueryError> {
        let mut held = Held::nothing(context);
        let mut rows = Batch::new(context.width);
        let mut batch = Batch::new(context.width);
        while input.next(&mut batch, context.most_rows())? {
            held.add(batch.bytes() + PLACE_BYTES * batch.len())?;
            for row in batch.rows() {
                rows.push(row);
            }
        }
        let mut parts: Vec<Part> = Vec::new();
        for (number, row) in rows.rows().enumerate() {
            let bound = bound(row, maybe);
            let at = match parts.iter().position(|part| part.bound == bound) {
                Some(at) => at,
                None => {
                    parts.push(Part {
                        bound,
                        rows: Vec::new(),
                        indexes: Vec::new(),
                    });
                    parts.len() - 1
                }
            };
            parts[at].rows.push(number as u32);
        }
        context.check()?;
        Ok(Self {
            rows,
            on: on.to_vec(),
            maybe: maybe.to_vec(),
            parts,
            held,
        })
    }

    /// Solutions of a part that may agree with one.
    fn find(&mut self, part: usize, row: &[u64]) -> Result<Found, QueryError> {
        let shared = self.parts[part].bound & bound(row, &self.maybe);
        let known = |index: &Index| index.shared == shared;
        let index = match self.parts[part].indexes.iter().position(known) {
            Some(index) => index,
            None => {
                let mut slots = self.on.clone();
                let among = |(bit, _): &(usize, &usize)| shared >> bit & 1 == 1;
                let maybe = self.maybe.iter().enumerate().filter(among);
                slots.extend(maybe.map(|(_, slot)| *slot));
                let part = &mut self.parts[part];
                if !part.indexes.is_empty() {
                    self.held.add(PLACE_BYTES * part.rows.len())?;
                }
                part.indexes
                    .push(Index::new(&self.rows, &part.rows, slots, shared));
                part.indexes.len() - 1
            }
        };
        Ok(Found {
            part,
            index,
            places: self.parts[part].indexes[index].find(row),
        })
    }

    /// The solution at a place, when it agrees with another.
    #[inline]
    fn agreeing(&self, found: &Found, place: usize, row: &[u64]) -> Option<&[u64]> {
        let index = &self.parts[found.part].indexes[found.index];
        let other = self.rows.row(index.order[place] as usize);
        index
            .slots
            .iter()
            .all(|slot| other[*slot] == row[*slot])
            .then_some(other)
    }

    /// Whether what is found shares a bound slot with the solution it was looked up for.
    fn has_common(&self, found: &Found) -> bool {
        !self.parts[found.part].indexes[found.index].slots.is_empty()
    }
}

impl Index {
    fn new(all: &Batch, rows: &[u32], slots: Vec<usize>, shared: u128) -> Self {
        let mut hashed: Vec<(u64, u32)> = rows
            .iter()
            .map(|number| (hash(all.row(*number as usize), &slots), *number))
            .collect();
        hashed.sort_unstable();
        let mut places = FxHashMap::default();
        let mut start = 0;
        for run in hashed.chunk_by(|a, b| a.0 == b.0) {
            let end = start + run.len() as u32;
            places.insert(run[0].0, (start, end));
            start = end;
        }
        Self {
            shared,
            slots,
            order: hashed.into_iter().map(|(_, number)| number).collect(),
            places,
        }
    }

    #[inline]
    fn find(&self, row: &[u64]) -> Range<usize> {
        match self.places.get(&hash(row, &self.slots)) {
            Some((start, end)) => *start as usize..*end as usize,
            None => 0..0,
        }
    }
}

/// Which of some slots a solution binds, as bits.
#[inline]
fn bound(row: &[u64], slots: &[usize]) -> u128 {
    let bit = |(bit, slot): (usize, &usize)| u128::from(row[*slot] != 0) << bit;
    slots.iter().enumerate().map(bit).sum()
}

#[inline]
fn hash(row: &[u64], slots: &[usize]) -> u64 {
    match slots {
        [] => 0,
        [slot] => row[*slot],
        _ => hash_of(slots.iter().map(|slot| row[*slot])),
    }
}

/// The operator.
pub(super) struct Join {
    context: Rc<Context>,
    /// The side for the table, until it is built.
    build: Option<Box<dyn Operator>>,
    stream: Box<dyn Operator>,
    table: Option<Table>,
    plan: Rc<Node>,
    kind: JoinKind,
    batch: Batch,
    /// The solution that is being joined.
    at: usize,
    /// The part of the table that comes after what is being gone through.
    next_part: usize,
    found: Found,
    has_agreed: bool,
    held: Held,
}

impl Join {
    /// `None` for a plan that is no join.
    pub(super) fn new(
        context: &Rc<Context>,
        left: Box<dyn Operator>,
        right: Box<dyn Operator>,
        plan: &Rc<Node>,
    ) -> Option<Self> {
        let Node::Join { kind, .. } = &**plan else {
            return None;
        };
        let kind = *kind;
        let (build, stream) = match kind {
            JoinKind::BuildLeft => (left, right),
            JoinKind::BuildRight | JoinKind::Outer | JoinKind::Minus => (right, left),
        };
        Some(Self {
            context: Rc::clone(context),
            build: Some(build),
            stream,
            table: None,
            kind,
            plan: Rc::clone(plan),
            batch: Batch::new(context.width),
            at: 0,
            next_part: 0,
            found: Found::default(),
            has_agreed: false,
            held: Held::nothing(context),
        })
    }
}

impl Operator for Join {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        let Node::Join {
            on,
            maybe,
            brings,
            condition,
            ..
        } = &*self.plan
        else {
            return Ok(false);
        };
        if let Some(build) = self.build.take() {
            self.table = Some(Table::build(&self.context, build, on, maybe)?);
        }
        let Some(table) = &mut self.table else {
            return Ok(false);
        };
        if table.rows.is_empty() && matches!(self.kind, JoinKind::BuildLeft | JoinKind::BuildRight)
        {
            return Ok(false);
        }
        loop {
            while self.at < self.batch.len() {
                let row = self.batch.row(self.at);
                while let Some(place) = self.found.places.next() {
                    step();
                    let Some(other) = table.agreeing(&self.found, place, row) else {
                        continue;
                    };
                    if self.kind == JoinKind::Minus {
                        self.has_agreed = true;
                        break;
                    }
                    let (left, right) = match self.kind {
                        JoinKind::BuildLeft => (other, row),
                        _ => (row, other),
                    };
                    let merged = out.push(left);
                    for slot in brings {
                        if merged[*slot] == 0 {
                            merged[*slot] = right[*slot];
                        }
                    }
                    let fits = condition
                        .as_ref()
                        .is_none_or(|condition| condition.holds(merged, &self.context));
                    if !fits {
                        out.pop();
                        continue;
                    }
                    self.has_agreed = true;
                    if out.len() >= want {
                        return Ok(true);
                    }
                }
                let is_settled = self.kind == JoinKind::Minus && self.has_agreed;
                if self.next_part < table.parts.len() && !is_settled {
                    self.found = table.find(self.next_part, row)?;
                    self.next_part += 1;
                    if self.kind == JoinKind::Minus && !table.has_common(&self.found) {
                        // Solutions that have nothing in common take nothing away (§18.5).
                        self.found = Found::default();
                    }
                    continue;
                }
                if !self.has_agreed && matches!(self.kind, JoinKind::Outer | JoinKind::Minus) {
                    out.push(row);
                }
                self.at += 1;
                self.next_part = 0;
                self.found = Found::default();
                self.has_agreed = false;
                if out.len() >= want {
                    return Ok(true);
                }
            }
            self.context.check()?;
            if !self.stream.next(&mut self.batch, want)? {
                self.batch.clear();
                self.at = 0;
                return Ok(!out.is_empty());
            }
            self.held.set(self.batch.bytes() + out.bytes())?;
            self.at = 0;
        }
    }
}
