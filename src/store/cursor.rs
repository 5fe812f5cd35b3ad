//! Reads a range of an index state in order: the sum of its levels, row by row, with skipping.
//! Owns what it reads, so a cursor outlives the state it was opened on. Does not know graphs or patterns.

use crate::store::block::{BLOCK_ROWS, Block, Row};
use crate::store::delta::{Change, Delta, Place};
use crate::store::level::{Body, Level, Side};
use crate::store::order::{GraphOrder, Order};
use crate::store::run::split;
use std::sync::Arc;

/// From how many blocks read in a row on a scan leaves the cache to others.
const CACHED_BLOCKS: u32 = 8;

/// Rows of a range in ascending order.
pub(crate) struct Cursor {
    sources: Vec<Source>,
    /// The source whose rows come next, while they are before `bound`.
    lead: usize,
    bound: Option<Row>,
    ready: Option<Row>,
    started: bool,
    /// Nothing comes any more: seeking on costs nothing.
    ended: bool,
}

enum Source {
    Run(RunSource),
    Delta(DeltaSource),
}

impl Source {
    /// Next row and its sign, without taking it.
    fn head(&mut self) -> Option<(Row, i32)> {
        match self {
            Self::Run(run) => run.head().map(|row| (row, run.sign)),
            Self::Delta(delta) => delta
                .change
                .map(|change| (change.row, if change.added { 1 } else { -1 })),
        }
    }

    fn take(&mut self) {
        match self {
            Self::Run(run) => run.at += 1,
            Self::Delta(delta) => delta.load(),
        }
    }

    fn seek(&mut self, key: &Row) {
        match self {
            Self::Run(run) => run.seek(key),
            Self::Delta(delta) => delta.seek(key),
        }
    }
}

/// Rows of one side of a packed level.
struct RunSource {
    level: Arc<Level>,
    removed: bool,
    sign: i32,
    order: Order,
    /// Next row that is not buffered.
    position: u64,
    end: u64,
    buffer: Vec<Row>,
    at: usize,
    batch: usize,
    block: Option<(usize, Arc<Block>)>,
    blocks_read: u32,
}

impl RunSource {
    fn side(level: &Level, removed: bool) -> &Side {
        match &level.body {
            Body::Packed(packed) if removed => &packed.removed,
            Body::Packed(packed) => &packed.added,
            Body::Frozen(_) => unreachable!("frozen levels have sources of their own"),
        }
    }

    fn open(
        level: &Arc<Level>,
        removed: bool,
        order: Order,
        low: &Row,
        high: &Row,
        batch: usize,
    ) -> Option<Self> {
        let side = Self::side(level, removed);
        if side.len() == 0 {
            return None;
        }
        let position = side.lower_bound(order, low, 0);
        let end = side.upper_bound(order, high, position);
        (position < end).then(|| Self {
            level: Arc::clone(level),
            removed,
            sign: if removed { -1 } else { 1 },
            order,
            position,
            end,
            buffer: Vec::new(),
            at: 0,
            batch,
            block: None,
            blocks_read: 0,
        })
    }

    fn head(&mut self) -> Option<Row> {
        if self.at >= self.buffer.len() && !self.fill() {
            return None;
        }
        Some(self.buffer[self.at])
    }

    fn fill(&mut self) -> bool {
        self.buffer.clear();
        self.at = 0;
        if self.position >= self.end {
            return false;
        }
        let side = Self::side(&self.level, self.removed);
        let keep = self.blocks_read < CACHED_BLOCKS;
        // Short ranges read what they need; long scans grow to whole blocks.
        let most = self.batch.min((self.end - self.position) as usize);
        let read = if self.order == Order::Gspo && !matches!(side.graphs, GraphOrder::Empty) {
            self.blocks_read += 1;
            side.graphs
                .read(&side.runs[0], self.position, most, keep, &mut self.buffer)
        } else {
            let (number, at) = split(self.position);
            let block = match &self.block {
                Some((of, block)) if *of == number => block,
                _ => {
                    self.blocks_read += 1;
                    let block = side.runs[self.order as usize].block(number, keep);
                    &self.block.insert((number, block)).1
                }
            };
            let to = block.len().min(at + most);
            block.read_rows(at, to, &mut self.buffer);
            to - at
        };
        self.position += read as u64;
        self.batch = (self.batch * 4).min(BLOCK_ROWS);
        read > 0
    }

    fn seek(&mut self, key: &Row) {
        if self.buffer.last().is_some_and(|last| last >= key) {
            self.at += self.buffer[self.at..].partition_point(|row| row < key);
            return;
        }
        self.buffer.clear();
        self.at = 0;
        if self.position >= self.end {
            return;
        }
        self.batch = 16;
        // Near by, the block at hand answers without a search over all blocks.
        if self.order != Order::Gspo
            && let Some((number, block)) = &self.block
        {
            let (of, at) = split(self.position);
            if of == *number {
                let found = block.lower_bound(key, at);
                self.position = (*number * BLOCK_ROWS + found) as u64;
                if found < block.len() || self.position >= self.end {
                    self.position = self.position.min(self.end);
                    return;
                }
            }
        }
        let side = Self::side(&self.level, self.removed);
        self.position = side
            .lower_bound(self.order, key, self.position)
            .clamp(self.position, self.end);
    }
}

/// Changes of a delta.
struct DeltaSource {
    delta: Delta,
    place: Place,
    change: Option<Change>,
    high: Row,
}

impl DeltaSource {
    fn open(delta: &Delta, low: &Row, high: &Row) -> Option<Self> {
        if delta.len() == 0 {
            return None;
        }
        let mut source = Self {
            delta: delta.clone(),
            place: delta.lower_bound(low),
            change: None,
            high: *high,
        };
        source.load();
        source.change.is_some().then_some(source)
    }

    fn load(&mut self) {
        self.change = None;
        if let Some((change, next)) = self.delta.get(self.place)
            && change.row <= self.high
        {
            self.change = Some(change);
            self.place = next;
        }
    }

    fn seek(&mut self, key: &Row) {
        if self.change.is_some_and(|change| change.row < *key) {
            self.place = self.delta.lower_bound(key);
            self.load();
        }
    }
}

impl Cursor {
    /// Rows from `low` to `high`, both included, of the sum of levels and a delta.
    pub(crate) fn open<'a>(
        levels: impl IntoIterator<Item = &'a Arc<Level>>,
        delta: Option<&Delta>,
        order: Order,
        low: &Row,
        high: &Row,
    ) -> Self {
        let mut sources = Vec::new();
        for level in levels {
            match &level.body {
                Body::Packed(_) => {
                    for removed in [false, true] {
                        let source = RunSource::open(level, removed, order, low, high, 16);
                        sources.extend(source.map(Source::Run));
                    }
                }
                Body::Frozen(deltas) => {
                    let source = DeltaSource::open(&deltas[order as usize], low, high);
                    sources.extend(source.map(Source::Delta));
                }
            }
        }
        if let Some(delta) = delta {
            sources.extend(DeltaSource::open(delta, low, high).map(Source::Delta));
        }
        Self {
            sources,
            lead: 0,
            bound: None,
            ready: None,
            started: false,
            ended: false,
        }
    }

    /// Leaves the cache to others from the first block on: for reading everything once.
    pub(crate) fn past_cache(mut self) -> Self {
        for source in &mut self.sources {
            if let Source::Run(run) = source {
                run.blocks_read = CACHED_BLOCKS;
                run.batch = BLOCK_ROWS;
            }
        }
        self
    }

    /// Finds the source with the least row, and the least row of the others.
    fn choose(&mut self) {
        self.started = true;
        let mut least: Option<Row> = None;
        self.bound = None;
        for (at, source) in self.sources.iter_mut().enumerate() {
            let Some((row, _)) = source.head() else {
                continue;
            };
            match least {
                Some(known) if known <= row => {
                    if self.bound.is_none_or(|bound| row < bound) {
                        self.bound = Some(row);
                    }
                }
                _ => {
                    self.bound = least;
                    least = Some(row);
                    self.lead = at;
                }
            }
        }
    }

    /// The next row with the sum of its signs, which may be −1, 0 or 1.
    pub(crate) fn next_signed(&mut self) -> Option<(Row, i32)> {
        if self.sources.len() == 1 {
            let (row, sign) = self.sources[0].head()?;
            self.sources[0].take();
            return Some((row, sign));
        }
        if self.sources.is_empty() {
            return None;
        }
        if !self.started {
            self.choose();
        }
        match self.sources[self.lead].head() {
            Some((row, sign)) if self.bound.is_none_or(|bound| row < bound) => {
                self.sources[self.lead].take();
                Some((row, sign))
            }
            _ => {
                self.choose();
                let (row, sign) = self.sources[self.lead].head()?;
                if self.bound != Some(row) {
                    self.sources[self.lead].take();
                    return Some((row, sign));
                }
                let mut sum = 0;
                for source in &mut self.sources {
                    if let Some((other, sign)) = source.head()
                        && other == row
                    {
                        sum += sign;
                        source.take();
                    }
                }
                self.choose();
                Some((row, sum))
            }
        }
    }

    fn advance(&mut self) -> Option<Row> {
        while let Some((row, sum)) = self.next_signed() {
            if sum > 0 {
                return Some(row);
            }
        }
        self.ended = true;
        None
    }

    /// Rows that come next and lie side by side in memory, without taking them; take them with [`Cursor::pass`]. None when
    /// nothing comes any more, or when the next row must be put together from several places.
    pub(crate) fn at_hand(&mut self) -> &[Row] {
        match &mut self.sources[..] {
            [Source::Run(run)] if run.sign > 0 && self.ready.is_none() => {
                run.head();
                run.buffer.get(run.at..).unwrap_or_default()
            }
            _ => &[],
        }
    }

    /// Takes so many of the rows at hand.
    pub(crate) fn pass(&mut self, rows: usize) {
        if let [Source::Run(run)] = &mut self.sources[..] {
            run.at += rows;
        }
    }

    /// The next row without taking it.
    pub(crate) fn peek(&mut self) -> Option<Row> {
        if self.ready.is_none() {
            self.ready = self.advance();
        }
        self.ready
    }

    /// Skips to the first row at or after `key`; never goes back.
    pub(crate) fn seek(&mut self, key: &Row) {
        if self.ended || self.ready.is_some_and(|ready| ready >= *key) {
            return;
        }
        self.ready = None;
        for source in &mut self.sources {
            source.seek(key);
        }
        self.started = false;
    }
}

impl Iterator for Cursor {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        self.ready.take().or_else(|| self.advance())
    }
}
