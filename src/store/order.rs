//! The five orders in which quads are read, and how the fifth, by graph, is had from the first without a copy.
//! Holds no state of the store.

use crate::store::block::Row;
use crate::store::run::{Run, RunBuilder, split};
use crate::store::segment::{SegmentFile, SegmentWriter};
use rustc_hash::FxHashMap;
use std::io;
use std::sync::Arc;

/// Column orders in which rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Spog = 0,
    Psog = 1,
    Posg = 2,
    Ospg = 3,
    Gspo = 4,
}

impl Order {
    pub(crate) const ALL: [Self; 5] = [Self::Spog, Self::Psog, Self::Posg, Self::Ospg, Self::Gspo];
    /// The orders that runs are sorted in.
    pub(crate) const SORTED: [Self; 4] = [Self::Spog, Self::Psog, Self::Posg, Self::Ospg];

    /// Short name, as in file names.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Spog => "spog",
            Self::Psog => "psog",
            Self::Posg => "posg",
            Self::Ospg => "ospg",
            Self::Gspo => "gspo",
        }
    }

    /// Columns of subject, predicate, object and graph.
    pub(crate) const fn columns(self) -> [usize; 4] {
        match self {
            Self::Spog => [0, 1, 2, 3],
            Self::Psog => [1, 0, 2, 3],
            Self::Posg => [2, 0, 1, 3],
            Self::Ospg => [1, 2, 0, 3],
            Self::Gspo => [1, 2, 3, 0],
        }
    }

    /// Row of a quad given as subject, predicate, object, graph.
    pub(crate) fn row(self, spog: Row) -> Row {
        let columns = self.columns();
        let mut row = [0; 4];
        for (value, column) in spog.into_iter().zip(columns) {
            row[column] = value;
        }
        row
    }

    /// Subject, predicate, object, graph of a row.
    pub(crate) fn spog(self, row: &Row) -> Row {
        self.columns().map(|column| row[column])
    }

    /// A builder for a run in this order.
    pub(crate) fn builder(self) -> RunBuilder {
        let [_, predicate, _, graph] = self.columns();
        RunBuilder::new(predicate, graph)
    }
}

/// The order by graph over a run sorted by subject: which of its rows belong to each graph.
#[derive(Default)]
pub(crate) enum GraphOrder {
    /// No rows.
    #[default]
    Empty,
    /// All rows belong to one graph, so both orders are the same.
    One(u64),
    /// Rows (graph, position in the run, 0, 0).
    Positions(Run),
}

impl GraphOrder {
    /// Reads what [`GraphOrderBuilder::finish_to`] wrote.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn open(file: &Arc<SegmentFile>, side: &str) -> io::Result<Self> {
        if let Some(graph) = file.facts()[format!("graph-{side}")].as_u64() {
            return Ok(Self::One(graph));
        }
        let run = Run::open(file, &format!("graphs-{side}"))?;
        Ok(if run.is_empty() {
            Self::Empty
        } else {
            Self::Positions(run)
        })
    }

    /// Bytes of memory held.
    pub(crate) fn memory_bytes(&self) -> usize {
        match self {
            Self::Empty | Self::One(_) => 0,
            Self::Positions(run) => run.memory_bytes(),
        }
    }

    /// First place at or after `key` = (graph, subject, predicate, object).
    pub(crate) fn lower_bound(&self, spog: &Run, key: &Row, from: u64) -> u64 {
        let [graph, s, p, o] = *key;
        match self {
            Self::Empty => 0,
            Self::One(only) if graph < *only => from,
            Self::One(only) if graph > *only => spog.len(),
            Self::One(_) => spog.lower_bound(&[s, p, o, 0], from),
            Self::Positions(run) => {
                let position = spog.lower_bound(&[s, p, o, 0], 0);
                run.lower_bound(&[graph, position, 0, 0], from)
            }
        }
    }

    /// Place after the last row at or before `key` = (graph, subject, predicate, object).
    pub(crate) fn upper_bound(&self, spog: &Run, key: &Row, from: u64) -> u64 {
        let [graph, s, p, o] = *key;
        match self {
            Self::Empty => 0,
            Self::One(only) if graph < *only => from,
            Self::One(only) if graph > *only => spog.len(),
            Self::One(_) => spog.upper_bound(&[s, p, o, u64::MAX], from),
            Self::Positions(run) => {
                let position = spog.upper_bound(&[s, p, o, u64::MAX], 0);
                run.lower_bound(&[graph, position, 0, 0], from)
            }
        }
    }

    /// Appends up to `most` rows (graph, subject, predicate, object) from a place on. Returns how many.
    pub(crate) fn read(
        &self,
        spog: &Run,
        from: u64,
        most: usize,
        keep: bool,
        out: &mut Vec<Row>,
    ) -> usize {
        let first = out.len();
        match self {
            Self::Empty => {}
            Self::One(graph) => {
                let (number, at) = split(from);
                let block = spog.block(number, keep);
                block.read_rows(at, block.len().min(at + most), out);
                for row in &mut out[first..] {
                    *row = [*graph, row[0], row[1], row[2]];
                }
            }
            Self::Positions(run) => {
                let (number, at) = split(from);
                let block = run.block(number, keep);
                block.read_rows(at, block.len().min(at + most), out);
                let mut held = None;
                for row in &mut out[first..] {
                    let (number, at) = split(row[1]);
                    let block = match &held {
                        Some((of, block)) if *of == number => block,
                        _ => &held.insert((number, spog.block(number, keep))).1,
                    };
                    let [s, p, o, graph] = block.row(at);
                    *row = [graph, s, p, o];
                }
            }
        }
        out.len() - first
    }
}

/// Notes the graph of each row of a run while it is built: about a byte a row, nothing while there is one graph.
#[derive(Default)]
pub(crate) struct GraphOrderBuilder {
    rows: u64,
    only: Option<u64>,
    lists: FxHashMap<u64, PositionList>,
}

#[derive(Default)]
struct PositionList {
    last: u64,
    deltas: Vec<u8>,
}

impl PositionList {
    fn push(&mut self, position: u64) {
        let mut delta = position - self.last;
        self.last = position;
        while delta >= 0x80 {
            self.deltas.push(delta as u8 | 0x80);
            delta >>= 7;
        }
        self.deltas.push(delta as u8);
    }

    fn for_each<E>(&self, mut each: impl FnMut(u64) -> Result<(), E>) -> Result<(), E> {
        let (mut position, mut delta, mut shift) = (0, 0, 0);
        for byte in &self.deltas {
            delta |= u64::from(byte & 0x7F) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                position += delta;
                each(position)?;
                (delta, shift) = (0, 0);
            }
        }
        Ok(())
    }
}

impl GraphOrderBuilder {
    /// The graph of the next row.
    pub(crate) fn push(&mut self, graph: u64) {
        if self.lists.is_empty() {
            match self.only {
                None => self.only = Some(graph),
                Some(only) if only != graph => {
                    let list = self.lists.entry(only).or_default();
                    (0..self.rows).for_each(|position| list.push(position));
                }
                Some(_) => {}
            }
        }
        if !self.lists.is_empty() {
            self.lists.entry(graph).or_default().push(self.rows);
        }
        self.rows += 1;
    }

    fn sorted(self) -> Vec<(u64, PositionList)> {
        let mut lists: Vec<_> = self.lists.into_iter().collect();
        lists.sort_unstable_by_key(|(graph, _)| *graph);
        lists
    }

    /// The order in memory.
    pub(crate) fn finish(self) -> GraphOrder {
        match self.only {
            None => GraphOrder::Empty,
            Some(graph) if self.lists.is_empty() => GraphOrder::One(graph),
            Some(_) => {
                let mut builder = RunBuilder::new(0, 0);
                for (graph, list) in self.sorted() {
                    let done = list.for_each(|position| {
                        builder.push([graph, position, 0, 0]);
                        Ok::<_, std::convert::Infallible>(())
                    });
                    let Ok(()) = done;
                }
                GraphOrder::Positions(builder.finish())
            }
        }
    }

    /// Writes the order beside its run; a lone graph becomes one of the `facts`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn finish_to(
        self,
        file: &mut SegmentWriter,
        side: &str,
        facts: &mut serde_json::Map<String, serde_json::Value>,
    ) -> io::Result<()> {
        match self.only {
            None => {}
            Some(graph) if self.lists.is_empty() => {
                facts.insert(format!("graph-{side}"), graph.into());
            }
            Some(_) => {
                let mut builder = RunBuilder::new(0, 0);
                for (graph, list) in self.sorted() {
                    list.for_each(|position| builder.push_to([graph, position, 0, 0], file))?;
                }
                builder.finish_to(file, &format!("graphs-{side}"))?;
            }
        }
        Ok(())
    }
}
