//! Makes levels: sorts changes into four orders, in memory or into segment files, and merges levels into one.
//! Two threads at most, because sorting and packing every order at once would cost more memory than time.
//! Does not decide when levels are made or merged.

use crate::store::block::Row;
use crate::store::cursor::Cursor;
use crate::store::delta::Change;
use crate::store::level::{Body, Level, LevelFiles, Packed, ROWS_KIND, STATISTICS, Side};
use crate::store::order::{GraphOrder, GraphOrderBuilder, Order};
use crate::store::pace::Pace;
use crate::store::run::{Run, RunBuilder};
use crate::store::segment::{SegmentWriter, Shared};
use crate::store::statistics::{PredicateCounts, SetCounts};
use rustc_hash::FxHashMap;
use serde_json::Map;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Where the files of a level go.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// Folder of segment files.
    pub(crate) dir: &'a Path,
    /// Number in their names, never used before.
    pub(crate) number: u64,
    /// What the files of the store share.
    pub(crate) shared: &'a Arc<Shared>,
}

/// A level in memory from sorted net changes (subject, predicate, object, graph).
pub(crate) fn level_in_memory(changes: impl Iterator<Item = Change>, seqs: (u64, u64)) -> Level {
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for change in changes {
        if change.added {
            &mut added
        } else {
            &mut removed
        }
        .push(change.row);
    }
    Level {
        body: Body::Packed(Box::new(Packed {
            added: side_in_memory(added),
            removed: side_in_memory(removed),
            files: None,
        })),
        first_seq: seqs.0,
        last_seq: seqs.1,
    }
}

fn side_in_memory(rows: Vec<Row>) -> Side {
    if rows.is_empty() {
        return Side::default();
    }
    let objects = || {
        let by_object = sorted_by_object(&rows);
        let ospg = packed(Order::Ospg, by_object.iter().copied());
        let places = by_predicate(&by_object, Order::Ospg);
        let posg = packed(
            Order::Posg,
            dealt(&by_object, &places, Order::Ospg, Order::Posg),
        );
        (ospg, posg)
    };
    let subjects = || {
        let mut graphs = GraphOrderBuilder::default();
        rows.iter().for_each(|row| graphs.push(row[3]));
        let spog = packed(Order::Spog, rows.iter().copied());
        let places = by_predicate(&rows, Order::Spog);
        let psog = packed(Order::Psog, dealt(&rows, &places, Order::Spog, Order::Psog));
        (spog, psog, graphs.finish())
    };
    let ((spog, psog, graphs), (ospg, posg)) = both(rows.len(), subjects, objects);
    Side {
        runs: [spog, psog, posg, ospg],
        graphs,
    }
}

/// Runs two jobs at once when they are worth a thread.
fn both<A: Send, B: Send>(
    rows: usize,
    first: impl FnOnce() -> A,
    second: impl FnOnce() -> B + Send,
) -> (A, B) {
    if rows < 20_000 {
        return (first(), second());
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(second);
        let mine = first();
        match other.join() {
            Ok(theirs) => (mine, theirs),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

fn packed(order: Order, rows: impl Iterator<Item = Row>) -> Run {
    let mut builder = order.builder();
    rows.for_each(|row| builder.push(row));
    builder.finish()
}

fn sorted_by_object(rows: &[Row]) -> Vec<Row> {
    let mut sorted: Vec<Row> = rows.iter().map(|row| Order::Ospg.row(*row)).collect();
    sorted.sort_unstable();
    sorted
}

/// Places of rows of one order, stably dealt out by predicate: subject order becomes predicate-subject order without a
/// sort, and object order predicate-object order. Places take an eighth of the room that rows would.
fn by_predicate(rows: &[Row], from: Order) -> Vec<u32> {
    let column = from.columns()[1];
    let mut counts: FxHashMap<u64, u32> = FxHashMap::default();
    for row in rows {
        *counts.entry(row[column]).or_default() += 1;
    }
    let mut predicates: Vec<(u64, u32)> = counts.into_iter().collect();
    predicates.sort_unstable();
    let mut next: FxHashMap<u64, u32> = FxHashMap::default();
    let mut start = 0;
    for (predicate, count) in predicates {
        next.insert(predicate, start);
        start += count;
    }
    let mut places = vec![0; rows.len()];
    for (place, row) in rows.iter().enumerate() {
        let at = next.get_mut(&row[column]).expect("counted above");
        places[*at as usize] =
            u32::try_from(place).expect("a level is built of fewer than 2^32 rows");
        *at += 1;
    }
    places
}

/// The rows at places, as rows of another order.
fn dealt<'a>(
    rows: &'a [Row],
    places: &'a [u32],
    from: Order,
    to: Order,
) -> impl Iterator<Item = Row> + 'a {
    places
        .iter()
        .map(move |place| to.row(from.spog(&rows[*place as usize])))
}

/// One order of a level being written to its file.
struct OrderFile {
    order: Order,
    file: SegmentWriter,
    facts: Map<String, serde_json::Value>,
}

impl OrderFile {
    fn create(target: &Target<'_>, order: Order) -> io::Result<Self> {
        Ok(Self {
            order,
            file: SegmentWriter::create(
                &LevelFiles::path(target.dir, target.number, order),
                ROWS_KIND,
            )?,
            facts: Map::new(),
        })
    }

    fn side(&mut self, name: &str, rows: impl Iterator<Item = Row>) -> io::Result<()> {
        let mut side = match name {
            "added" => self.begin_counted_side(),
            _ => self.begin_side(),
        };
        for row in rows {
            side.push(row, &mut self.file)?;
        }
        self.end_side(side, name)
    }

    fn begin_side(&self) -> SideBuilder {
        SideBuilder {
            run: self.order.builder(),
            graphs: (self.order == Order::Spog).then(GraphOrderBuilder::default),
            figures: None,
        }
    }

    /// A side whose rows are counted for the statistics.
    fn begin_counted_side(&self) -> SideBuilder {
        SideBuilder {
            figures: match self.order {
                Order::Spog => Some(Figures::Sets(SetCounts::default())),
                Order::Psog | Order::Posg => Some(Figures::Counts(PredicateCounts::default())),
                Order::Ospg | Order::Gspo => None,
            },
            ..self.begin_side()
        }
    }

    fn end_side(&mut self, side: SideBuilder, name: &str) -> io::Result<()> {
        side.run.finish_to(&mut self.file, name)?;
        if let Some(graphs) = side.graphs {
            graphs.finish_to(&mut self.file, name, &mut self.facts)?;
        }
        match side.figures {
            Some(Figures::Counts(counts)) => self.file.section(STATISTICS, &counts.into_bytes())?,
            Some(Figures::Sets(sets)) => self.file.section(STATISTICS, &sets.into_bytes())?,
            None => {}
        }
        Ok(())
    }

    fn finish(self) -> io::Result<()> {
        self.file.finish(self.facts.into()).map(drop)
    }
}

struct SideBuilder {
    run: RunBuilder,
    graphs: Option<GraphOrderBuilder>,
    figures: Option<Figures>,
}

/// What is counted while one order is written.
enum Figures {
    Sets(SetCounts),
    Counts(PredicateCounts),
}

impl SideBuilder {
    fn push(&mut self, row: Row, file: &mut SegmentWriter) -> io::Result<()> {
        match &mut self.figures {
            Some(Figures::Sets(sets)) => sets.push(row[0], row[1], row[2]),
            Some(Figures::Counts(counts)) => counts.push(row[0], row[1], row[2]),
            None => {}
        }
        if let Some(graphs) = &mut self.graphs {
            graphs.push(row[3]);
        }
        self.run.push_to(row, file)
    }
}

/// A level on disk from sorted added and removed rows (subject, predicate, object, graph). Needs one and a quarter times
/// their memory once more while it works.
///
/// # Errors
/// When a file cannot be written; the files that were finished stay, to be cleaned up at the next start.
pub(crate) fn level_on_disk(
    added: &[Row],
    removed: &[Row],
    seqs: (u64, u64),
    target: Target<'_>,
) -> io::Result<Level> {
    let sides = [("added", added), ("removed", removed)];
    let objects = || -> io::Result<()> {
        let mut ospg = OrderFile::create(&target, Order::Ospg)?;
        let mut posg = OrderFile::create(&target, Order::Posg)?;
        for (name, rows) in sides {
            let by_object = sorted_by_object(rows);
            ospg.side(name, by_object.iter().copied())?;
            let places = by_predicate(&by_object, Order::Ospg);
            posg.side(name, dealt(&by_object, &places, Order::Ospg, Order::Posg))?;
        }
        ospg.finish()?;
        posg.finish()
    };
    let subjects = || -> io::Result<()> {
        let mut spog = OrderFile::create(&target, Order::Spog)?;
        let mut psog = OrderFile::create(&target, Order::Psog)?;
        for (name, rows) in sides {
            spog.side(name, rows.iter().copied())?;
            let places = by_predicate(rows, Order::Spog);
            psog.side(name, dealt(rows, &places, Order::Spog, Order::Psog))?;
        }
        spog.finish()?;
        psog.finish()
    };
    let (mine, theirs) = both(added.len() + removed.len(), subjects, objects);
    mine.and(theirs)?;
    Level::open(target.dir, target.number, seqs, target.shared)
}

/// The sum of some levels as one level on disk; `None` when they cancel out. Reads and writes as a stream.
///
/// # Errors
/// When a file cannot be written.
pub(crate) fn merged_on_disk(
    levels: &[Arc<Level>],
    target: Target<'_>,
    threads: usize,
    pace: &Pace,
) -> io::Result<Option<Level>> {
    let (Some(first), Some(last)) = (levels.first(), levels.last()) else {
        return Ok(None);
    };
    let seqs = (first.first_seq, last.last_seq);
    let one = |order: Order| -> io::Result<u64> {
        let mut file = OrderFile::create(&target, order)?;
        let mut added = file.begin_counted_side();
        let mut removed: Vec<Row> = Vec::new();
        let mut cursor = Cursor::open(levels, None, order, &[0; 4], &[u64::MAX; 4]).past_cache();
        let mut rows = 0;
        while let Some((row, sign)) = cursor.next_signed() {
            rows += u64::from(sign != 0);
            match sign {
                0 => {}
                1.. => added.push(row, &mut file.file)?,
                _ => removed.push(row),
            }
            pace.row()?;
        }
        file.end_side(added, "added")?;
        file.side("removed", removed.into_iter())?;
        file.finish()?;
        Ok(rows)
    };
    let written = if threads > 1 {
        let (mine, theirs) = both(
            usize::MAX,
            || one(Order::Spog).and_then(|_| one(Order::Psog)),
            || one(Order::Ospg).and_then(|_| one(Order::Posg)),
        );
        mine.and(theirs)
    } else {
        Order::SORTED.into_iter().try_fold(0, |_, order| one(order))
    };
    let rows = written.inspect_err(|_| remove_level(&target))?;
    if rows == 0 {
        remove_level(&target);
        return Ok(None);
    }
    Level::open(target.dir, target.number, seqs, target.shared).map(Some)
}

/// Removes what was finished of a level that is not wanted. What cannot be removed now is removed at the next start.
fn remove_level(target: &Target<'_>) {
    for path in LevelFiles::paths(target.dir, target.number) {
        let _ = std::fs::remove_file(path);
    }
}

/// Whether a graph order was built for a side that has rows.
pub(crate) fn has_graph_order(side: &Side) -> bool {
    side.len() == 0 || !matches!(side.graphs, GraphOrder::Empty)
}
