//! Changes of a draft or of a replayed commit: gathered, made net against a state, and laid on top of it; in memory while
//! they are few, in segment files when they are many. Knows ids, not terms, and no log.

use crate::store::block::Row;
use crate::store::build::{Target, level_in_memory, level_on_disk, merged_on_disk};
use crate::store::cursor::Cursor;
use crate::store::delta::Change;
use crate::store::dictionary::DictionaryBuilder;
use crate::store::folder::Folder;
use crate::store::id::Id;
use crate::store::index::{Index, LEVEL_ROWS, Order};
use crate::store::level::{Level, LevelFiles};
use crate::store::pace::Pace;
use crate::store::segment::Shared;
use crate::store::snapshot::Snapshot;
use crate::store::terms::Terms;
use rustc_hash::FxHashSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// Bytes a pending row takes at worst: itself, a copy by object, and the places of both dealt out by predicate.
const BYTES_PER_ROW: u64 = 2 * (size_of::<Row>() + size_of::<u32>()) as u64;

/// Where and when changes go to disk.
#[derive(Clone)]
pub(crate) struct Spill {
    pub(crate) folder: Arc<Folder>,
    pub(crate) shared: Arc<Shared>,
    /// Bytes that the writer may take.
    pub(crate) memory_bytes: u64,
    /// From how many rows on a batch goes to disk rather than into memory.
    pub(crate) least_rows: usize,
}

impl Spill {
    fn rows(&self) -> usize {
        usize::try_from(self.memory_bytes / 2 / BYTES_PER_ROW)
            .unwrap_or(usize::MAX)
            .max(self.least_rows)
    }

    fn target(&self) -> Target<'_> {
        Target {
            dir: self.folder.index_dir(),
            number: self.folder.next_number(),
            shared: &self.shared,
        }
    }
}

/// Changes not yet applied. Mostly all of one sign, which takes less room.
#[derive(Default)]
struct Batch {
    rows: Vec<Row>,
    sign: bool,
    mixed: Vec<Change>,
}

impl Batch {
    fn len(&self) -> usize {
        self.rows.len() + self.mixed.len()
    }

    fn push(&mut self, row: Row, added: bool) {
        if !self.mixed.is_empty() {
            self.mixed.push(Change { row, added });
        } else if self.rows.is_empty() {
            self.sign = added;
            self.rows.push(row);
        } else if self.sign == added {
            self.rows.push(row);
        } else {
            let sign = self.sign;
            let rows = std::mem::take(&mut self.rows);
            self.mixed
                .extend(rows.into_iter().map(|row| Change { row, added: sign }));
            self.mixed.push(Change { row, added });
        }
    }

    /// Added and removed rows that change `index`, sorted, each once; later changes of a quad win over earlier ones.
    fn into_net(mut self, index: &Index, quad_count: u64) -> (Vec<Row>, Vec<Row>) {
        let mut present =
            (quad_count > 0).then(|| index.cursor(Order::Spog, &[0; 4], &[u64::MAX; 4]));
        let mut changes = |row: &Row, added: bool| match &mut present {
            None => added,
            Some(cursor) => {
                cursor.seek(row);
                (cursor.peek() == Some(*row)) != added
            }
        };
        if self.mixed.is_empty() {
            let sign = self.sign;
            sort(&mut self.rows);
            self.rows.dedup();
            self.rows.retain(|row| changes(row, sign));
            return if sign {
                (self.rows, Vec::new())
            } else {
                (Vec::new(), self.rows)
            };
        }
        self.mixed.sort_by_key(|change| change.row);
        self.mixed.reverse();
        self.mixed.dedup_by_key(|change| change.row);
        self.mixed.reverse();
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for change in &self.mixed {
            if changes(&change.row, change.added) {
                if change.added {
                    &mut added
                } else {
                    &mut removed
                }
                .push(change.row);
            }
        }
        (added, removed)
    }
}

/// Sorts on two threads when that pays: two sorted halves are two runs to the standard merge sort.
fn sort(rows: &mut [Row]) {
    if rows.len() > 1 << 18 {
        let (left, right) = rows.split_at_mut(rows.len() / 2);
        std::thread::scope(|scope| {
            scope.spawn(|| right.sort_unstable());
            left.sort_unstable();
        });
        rows.sort();
    } else {
        rows.sort_unstable();
    }
}

/// The next state in the making.
pub(crate) struct Pending {
    batch: Batch,
    /// Index of the state beneath all changes.
    base: Index,
    current: Snapshot,
    /// Number of the commit these changes will be.
    seq: u64,
    /// Net changes while they are few.
    few: Vec<Change>,
    /// Net changes as levels once they are many.
    many: Vec<Arc<Level>>,
    spill: Option<Spill>,
    /// Files written for changes that are not yet part of any commit.
    written: Vec<PathBuf>,
    failure: Option<io::Error>,
}

impl Pending {
    pub(crate) fn new(base: Snapshot, spill: Option<Spill>) -> Self {
        Self {
            batch: Batch::default(),
            base: base.version().index.clone(),
            seq: base.seq() + 1,
            current: base,
            few: Vec::new(),
            many: Vec::new(),
            spill,
            written: Vec::new(),
            failure: None,
        }
    }

    /// Changes not yet applied.
    pub(crate) fn batch_len(&self) -> usize {
        self.batch.len()
    }

    /// Adds a change; applies what there is when it takes too much room.
    pub(crate) fn push(&mut self, row: Row, added: bool, terms: &mut DictionaryBuilder) {
        self.batch.push(row, added);
        if let Some(spill) = &self.spill
            && self.batch.len() >= spill.least_rows
        {
            // Mixed changes take more room each.
            let weight = if self.batch.mixed.is_empty() { 1 } else { 2 };
            let texts = terms.unflushed_bytes() as u64 / BYTES_PER_ROW / 2;
            if self.batch.len() * weight + texts as usize >= spill.rows() {
                self.apply(terms);
            }
        }
    }

    /// Drops what is not applied.
    pub(crate) fn forget(&mut self) {
        self.batch = Batch::default();
    }

    /// The state with all changes so far.
    pub(crate) fn state(&mut self, terms: &mut DictionaryBuilder) -> Snapshot {
        self.apply(terms);
        self.current.clone()
    }

    /// Why the changes could not be kept, if so; they must not be committed then.
    pub(crate) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// Makes the changes net and lays them on top.
    pub(crate) fn apply(&mut self, terms: &mut DictionaryBuilder) {
        if self.batch.len() == 0 {
            return;
        }
        let batch = std::mem::take(&mut self.batch);
        if self.failure.is_some() {
            return;
        }
        let (added, removed) =
            batch.into_net(&self.current.version().index, self.current.quad_count());
        if added.is_empty() && removed.is_empty() {
            // Terms may be new all the same: removing what never was names them.
            self.set_state(self.current.version().index.clone(), 0, terms, &[]);
            return;
        }
        let graphs = graphs_of(added.iter().chain(&removed));
        let balance = added.len() as i64 - removed.len() as i64;
        let few_rows = match &self.spill {
            Some(spill) => spill.least_rows.min(LEVEL_ROWS),
            None => LEVEL_ROWS,
        };
        if self.many.is_empty() && self.few.len() + added.len() + removed.len() < few_rows {
            let changes = signed(added, removed);
            let index = self.current.version().index.with(&changes, self.seq);
            self.few = combine(&self.few, &changes);
            self.set_state(index, balance, terms, &graphs);
            return;
        }
        match self.level(added, removed, terms) {
            Ok(level) => {
                if !self.few.is_empty() {
                    let few = std::mem::take(&mut self.few);
                    let level = level_in_memory(few.into_iter(), (self.seq, self.seq));
                    self.many.push(Arc::new(level));
                }
                self.many.push(Arc::new(level));
                let index = self.many.iter().fold(self.base.clone(), |index, level| {
                    index.with_level(Arc::clone(level))
                });
                self.set_state(index, balance, terms, &graphs);
            }
            Err(error) => self.failure = Some(error),
        }
    }

    fn set_state(
        &mut self,
        index: Index,
        balance: i64,
        terms: &mut DictionaryBuilder,
        graphs: &[Id],
    ) {
        let quads = self.current.quad_count().saturating_add_signed(balance);
        let state = Snapshot::new(self.seq, [0; 32], quads, terms.freeze(), index);
        self.current = state
            .with_apart_of(&self.current, graphs)
            .with_statistics_of(&self.current);
    }

    fn level(
        &mut self,
        added: Vec<Row>,
        removed: Vec<Row>,
        terms: &mut DictionaryBuilder,
    ) -> io::Result<Level> {
        let seqs = (self.seq, self.seq);
        match &self.spill {
            Some(spill) if added.len() + removed.len() >= spill.least_rows => {
                let target = spill.target();
                self.written
                    .extend(LevelFiles::paths(target.dir, target.number));
                let level = level_on_disk(&added, &removed, seqs, target)?;
                drop((added, removed));
                self.flush_terms(terms)?;
                Ok(level)
            }
            _ => Ok(level_in_memory(signed(added, removed).into_iter(), seqs)),
        }
    }

    fn flush_terms(&mut self, terms: &mut DictionaryBuilder) -> io::Result<()> {
        let Some(spill) = &self.spill else {
            return Ok(());
        };
        let dictionary = terms.freeze();
        let number = spill.folder.next_number();
        self.written
            .push(Terms::path(spill.folder.index_dir(), number));
        if let Some(file) = dictionary.flush(spill.folder.index_dir(), number, &spill.shared)?
            && let Some(next) = dictionary.with_file(file)
        {
            terms.rebase(next);
        }
        Ok(())
    }

    /// Sums levels on disk up to one, so that readers have few to look at. For the end of a large load.
    ///
    /// # Errors
    /// When the files cannot be written.
    pub(crate) fn settle(&mut self, terms: &mut DictionaryBuilder) -> io::Result<()> {
        let on_disk = self.many.iter().any(|level| level.files().is_some());
        let Some(spill) = self
            .spill
            .as_ref()
            .filter(|_| on_disk && self.many.len() > 1)
        else {
            return Ok(());
        };
        let target = spill.target();
        self.written
            .extend(LevelFiles::paths(target.dir, target.number));
        let merged = merged_on_disk(&self.many, target, 2, &Pace::full())?;
        for level in self.many.drain(..) {
            if let Some(files) = level.files() {
                for path in LevelFiles::paths(target.dir, files.number) {
                    std::fs::remove_file(&path)?;
                    self.written.retain(|written| *written != path);
                }
            }
        }
        self.many.extend(merged.map(Arc::new));
        let index = self.many.iter().fold(self.base.clone(), |index, level| {
            index.with_level(Arc::clone(level))
        });
        self.set_state(index, 0, terms, &[]);
        Ok(())
    }

    /// Quads added and removed.
    pub(crate) fn net_counts(&self) -> (u64, u64) {
        if self.many.is_empty() {
            let added = self.few.iter().filter(|change| change.added).count();
            return (added as u64, (self.few.len() - added) as u64);
        }
        if let [only] = self.many.as_slice() {
            return only.signed_len();
        }
        let (mut added, mut removed) = (0, 0);
        self.each_net(|_, sign| if sign { added += 1 } else { removed += 1 });
        (added, removed)
    }

    /// Rows changed, before changes that undo each other are dropped.
    pub(crate) fn changed_rows(&self) -> u64 {
        self.few.len() as u64 + self.many.iter().map(|level| level.len()).sum::<u64>()
    }

    /// Graphs in which something changes, sorted; for many changes also those in which changes undo each other.
    pub(crate) fn graphs(&self) -> Vec<u64> {
        let mut graphs: Vec<u64> = self.few.iter().map(|change| change.row[3]).collect();
        if !self.many.is_empty() {
            let (low, high) = ([0; 4], [u64::MAX; 4]);
            let mut cursor = Cursor::open(&self.many, None, Order::Gspo, &low, &high);
            while let Some((row, _)) = cursor.next_signed() {
                graphs.push(row[0]);
                match row[0].checked_add(1) {
                    Some(next) => cursor.seek(&[next, 0, 0, 0]),
                    None => break,
                }
            }
        }
        graphs.sort_unstable();
        graphs.dedup();
        graphs
    }

    /// Calls `each` with every net change in order: (subject, predicate, object, graph) and whether it is added.
    pub(crate) fn each_net(&self, mut each: impl FnMut(Row, bool)) {
        let done = self.try_each_net(|row, added| {
            each(row, added);
            Ok::<_, std::convert::Infallible>(())
        });
        let Ok(()) = done;
    }

    /// [`Pending::each_net`] that stops at the first error.
    ///
    /// # Errors
    /// What `each` returns.
    pub(crate) fn try_each_net<E>(
        &self,
        mut each: impl FnMut(Row, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        if self.many.is_empty() {
            return self
                .few
                .iter()
                .try_for_each(|change| each(change.row, change.added));
        }
        let mut cursor =
            Cursor::open(&self.many, None, Order::Spog, &[0; 4], &[u64::MAX; 4]).past_cache();
        while let Some((row, sign)) = cursor.next_signed() {
            if sign != 0 {
                each(row, sign > 0)?;
            }
        }
        Ok(())
    }

    /// Whether any change is on disk already.
    pub(crate) fn has_files(&self) -> bool {
        !self.written.is_empty()
    }

    /// The changes are part of a commit now: their files stay.
    pub(crate) fn keep_files(&mut self) {
        self.written.clear();
    }

    /// Begins the changes of the next commit on top of a state.
    pub(crate) fn restart(&mut self, base: Snapshot) {
        self.base = base.version().index.clone();
        self.seq = base.seq() + 1;
        self.current = base;
        self.few.clear();
        self.many.clear();
        self.written.clear();
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        for path in &self.written {
            // What cannot be removed now is removed at the next start.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// The graphs of some rows, each once.
fn graphs_of<'r>(rows: impl Iterator<Item = &'r Row>) -> Vec<Id> {
    let mut seen = FxHashSet::default();
    let mut last = 0;
    for [.., graph] in rows {
        // Neighbours are mostly of one graph.
        if *graph != last {
            last = *graph;
            seen.insert(last);
        }
    }
    seen.into_iter().filter_map(Id::from_raw).collect()
}

fn signed(added: Vec<Row>, removed: Vec<Row>) -> Vec<Change> {
    let mut changes: Vec<Change> = added
        .into_iter()
        .map(|row| Change { row, added: true })
        .collect();
    if !removed.is_empty() {
        changes.extend(removed.into_iter().map(|row| Change { row, added: false }));
        changes.sort_unstable_by_key(|change| change.row);
    }
    changes
}

/// First changes, then others on top; a change that undoes an earlier one cancels it.
fn combine(first: &[Change], then: &[Change]) -> Vec<Change> {
    let mut out = Vec::with_capacity(first.len() + then.len());
    let (mut i, mut j) = (0, 0);
    while i < first.len() || j < then.len() {
        let order = match (first.get(i), then.get(j)) {
            (Some(a), Some(b)) => a.row.cmp(&b.row),
            (Some(_), None) => std::cmp::Ordering::Less,
            _ => std::cmp::Ordering::Greater,
        };
        match order {
            std::cmp::Ordering::Less => {
                out.push(first[i]);
                i += 1;
            }
            std::cmp::Ordering::Greater => {
                out.push(then[j]);
                j += 1;
            }
            std::cmp::Ordering::Equal => {
                i += 1;
                j += 1;
            }
        }
    }
    out
}
