//! Joins by a hash table: inner, left outer and minus. The table holds one side whole; the other streams by it.
//! Which side is the table is the plan's choice.

use super::plan::{JoinKind, Node};
use super::rows::{Batch, Context, MOST_ROWS, Operator};
use crate::query::budget::step;
use crate::query::error::QueryError;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher as _;
use std::ops::Range;
use std::rc::Rc;

/// Solutions in the sequence of their keys.
struct Table {
    rows: Batch,
    /// Numbers of solutions, those with the same hash together.
    order: Vec<u32>,
    places: FxHashMap<u64, (u32, u32)>,
    on: Vec<usize>,
}

impl Table {
    /// Reads an operator to its end.
    fn build(
        context: &Context,
        mut input: Box<dyn Operator>,
        on: &[usize],
    ) -> Result<Self, QueryError> {
        let mut rows = Batch::new(context.width);
        let mut batch = Batch::new(context.width);
        while input.next(&mut batch, MOST_ROWS)? {
            context.keep_bytes(batch.bytes() + 16 * batch.len())?;
            for row in batch.rows() {
                rows.push(row);
            }
        }
        let mut hashed: Vec<(u64, u32)> = rows
            .rows()
            .enumerate()
            .map(|(number, row)| (hash(row, on), number as u32))
            .collect();
        hashed.sort_unstable();
        let mut places = FxHashMap::default();
        let mut start = 0;
        for run in hashed.chunk_by(|a, b| a.0 == b.0) {
            let end = start + run.len() as u32;
            places.insert(run[0].0, (start, end));
            start = end;
        }
        context.check()?;
        Ok(Self {
            rows,
            order: hashed.into_iter().map(|(_, number)| number).collect(),
            places,
            on: on.to_vec(),
        })
    }

    /// Places in `order` of solutions that may agree with one.
    fn find(&self, row: &[u64]) -> Range<usize> {
        match self.places.get(&hash(row, &self.on)) {
            Some((start, end)) => *start as usize..*end as usize,
            None => 0..0,
        }
    }

    /// A solution of the table when it agrees with another.
    #[inline]
    fn agreeing(&self, place: usize, row: &[u64]) -> Option<&[u64]> {
        let found = self.rows.row(self.order[place] as usize);
        self.on
            .iter()
            .all(|slot| found[*slot] == row[*slot])
            .then_some(found)
    }
}

#[inline]
fn hash(row: &[u64], on: &[usize]) -> u64 {
    match on {
        [] => 0,
        [slot] => row[*slot],
        _ => {
            let mut hasher = FxHasher::default();
            for slot in on {
                hasher.write_u64(row[*slot]);
            }
            hasher.finish()
        }
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
    on: Vec<usize>,
    /// Slots to take from the right side.
    brings: Vec<usize>,
    batch: Batch,
    /// The solution that is being joined, and where in the table.
    at: usize,
    places: Range<usize>,
    has_agreed: bool,
}

impl Join {
    /// `None` for a plan that is no join.
    pub(super) fn new(
        context: &Rc<Context>,
        left: Box<dyn Operator>,
        right: Box<dyn Operator>,
        plan: &Rc<Node>,
    ) -> Option<Self> {
        let Node::Join {
            on, brings, kind, ..
        } = &**plan
        else {
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
            on: on.clone(),
            brings: brings.clone(),
            plan: Rc::clone(plan),
            batch: Batch::new(context.width),
            at: 0,
            places: 0..0,
            has_agreed: false,
        })
    }
}

impl Operator for Join {
    fn next(&mut self, out: &mut Batch, want: usize) -> Result<bool, QueryError> {
        out.clear();
        if let Some(build) = self.build.take() {
            self.table = Some(Table::build(&self.context, build, &self.on)?);
        }
        let Some(table) = &self.table else {
            return Ok(false);
        };
        if table.rows.is_empty() && matches!(self.kind, JoinKind::BuildLeft | JoinKind::BuildRight)
        {
            return Ok(false);
        }
        loop {
            while self.at < self.batch.len() {
                let row = self.batch.row(self.at);
                for place in self.places.by_ref() {
                    step();
                    let Some(other) = table.agreeing(place, row) else {
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
                    for slot in &self.brings {
                        if merged[*slot] == 0 {
                            merged[*slot] = right[*slot];
                        }
                    }
                    let fits = match &*self.plan {
                        Node::Join {
                            condition: Some(condition),
                            ..
                        } => condition.holds(merged, &self.context),
                        _ => true,
                    };
                    if !fits {
                        out.pop();
                        continue;
                    }
                    self.has_agreed = true;
                    if out.len() >= want {
                        return Ok(true);
                    }
                }
                if !self.has_agreed && matches!(self.kind, JoinKind::Outer | JoinKind::Minus) {
                    out.push(row);
                }
                self.at += 1;
                self.has_agreed = false;
                if self.at < self.batch.len() {
                    self.places = table.find(self.batch.row(self.at));
                }
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
            self.at = 0;
            self.has_agreed = false;
            self.places = table.find(self.batch.row(0));
        }
    }
}
