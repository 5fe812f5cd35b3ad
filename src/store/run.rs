//! A sorted, immutable run of rows: packed blocks in memory or in a segment file, found by their first rows.
//! Any row can be read without unpacking its block. Knows rows of four numbers, not what they mean.

use crate::store::block::{BLOCK_ROWS, Block, Row};
use crate::store::segment::{Place, SegmentFile, SegmentWriter};
use std::io;
use std::sync::{Arc, OnceLock};

/// First row and place of a block.
#[derive(Clone, Copy)]
struct Head {
    first: Row,
    place: Place,
}

const HEAD_BYTES: usize = 48;

enum Blocks {
    Memory(Vec<Arc<Block>>),
    File(Arc<SegmentFile>),
}

/// Sorted rows without duplicates.
pub(crate) struct Run {
    heads: Vec<Head>,
    len: u64,
    blocks: Blocks,
    /// The last row, once it was read: what is new lies mostly after all that was there.
    last: OnceLock<Row>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            heads: Vec::new(),
            len: 0,
            blocks: Blocks::Memory(Vec::new()),
            last: OnceLock::new(),
        }
    }
}

impl Run {
    /// The run of a name in a file.
    ///
    /// # Errors
    /// When its table of blocks cannot be read.
    pub(crate) fn open(file: &Arc<SegmentFile>, name: &str) -> io::Result<Self> {
        let wrong = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "a table of blocks cannot be read",
            )
        };
        let Some(bytes) = file.section(name)? else {
            return Ok(Self::default());
        };
        let (count, rest) = bytes.split_first_chunk::<8>().ok_or_else(wrong)?;
        let len = u64::from_le_bytes(*count);
        let (heads, rest) = rest.as_chunks::<HEAD_BYTES>();
        if !rest.is_empty() || heads.len() as u64 != len.div_ceil(BLOCK_ROWS as u64) {
            return Err(wrong());
        }
        let heads = heads
            .iter()
            .map(|head| {
                let long = |at: usize| {
                    u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"))
                };
                let last = long(40);
                Head {
                    first: [long(0), long(8), long(16), long(24)],
                    place: Place {
                        offset: long(32),
                        bytes: last as u32,
                        crc: (last >> 32) as u32,
                    },
                }
            })
            .collect();
        Ok(Self {
            heads,
            len,
            blocks: Blocks::File(Arc::clone(file)),
            last: OnceLock::new(),
        })
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are no rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of memory held, the shared cache not counted.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.heads.capacity() * size_of::<Head>()
            + match &self.blocks {
                Blocks::Memory(blocks) => blocks.iter().map(|block| block.size_bytes()).sum(),
                Blocks::File(_) => 0,
            }
    }

    /// Number of blocks.
    pub(crate) fn block_count(&self) -> usize {
        self.heads.len()
    }

    /// A block; `keep` offers it to the cache. Unwinds when it cannot be read, see [`SegmentFile::block`].
    pub(crate) fn block(&self, number: usize, keep: bool) -> Arc<Block> {
        match &self.blocks {
            Blocks::Memory(blocks) => Arc::clone(&blocks[number]),
            Blocks::File(file) => {
                let block = file.block(self.heads[number].place, keep);
                if block.len() != self.rows_of(number) {
                    file.unreadable(&io::Error::new(
                        io::ErrorKind::InvalidData,
                        format!("block {number} holds another number of rows than its run says"),
                    ));
                }
                block
            }
        }
    }

    fn rows_of(&self, number: usize) -> usize {
        (self.len - number as u64 * BLOCK_ROWS as u64).min(BLOCK_ROWS as u64) as usize
    }

    /// Row at a position below [`Run::len`].
    pub(crate) fn row(&self, position: u64) -> Row {
        let (number, at) = split(position);
        self.block(number, true).row(at)
    }

    /// Position of the first row at or after `key`, searching from `from` on.
    pub(crate) fn lower_bound(&self, key: &Row, from: u64) -> u64 {
        let first_block = split(from).0;
        if first_block >= self.heads.len() {
            return self.len;
        }
        // Galloping over block heads: neighbours are the common case when merging.
        let mut step = 1;
        let mut low = first_block;
        while low + step < self.heads.len() && self.heads[low + step].first < *key {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.heads.len());
        let found = low + self.heads[low..high].partition_point(|head| head.first < *key);
        let Some(number) = found.checked_sub(1).filter(|number| *number >= first_block) else {
            return from;
        };
        if number + 1 == self.heads.len() {
            let last = self.last.get_or_init(|| self.row(self.len - 1));
            if last < key {
                return self.len;
            }
        }
        let start = number as u64 * BLOCK_ROWS as u64;
        let at = self
            .block(number, true)
            .lower_bound(key, from.saturating_sub(start) as usize);
        start + at as u64
    }

    /// Position after the last row at or before `key`, searching from `from` on.
    pub(crate) fn upper_bound(&self, key: &Row, from: u64) -> u64 {
        let Some(next) = successor(key) else {
            return self.len;
        };
        if from < self.len {
            // Nothing in between is the common case of a look-up.
            let (number, at) = split(from);
            if !self.block(number, true).is_before(at, &next) {
                return from;
            }
        }
        self.lower_bound(&next, from)
    }
}

/// The least row after `key`.
fn successor(key: &Row) -> Option<Row> {
    let mut next = *key;
    for column in (0..4).rev() {
        if let Some(more) = next[column].checked_add(1) {
            next[column] = more;
            return Some(next);
        }
        next[column] = 0;
    }
    None
}

/// Block and place in it.
pub(crate) fn split(position: u64) -> (usize, usize) {
    (
        (position / BLOCK_ROWS as u64) as usize,
        (position % BLOCK_ROWS as u64) as usize,
    )
}

/// Collects rows in strictly ascending order, block by block, in memory or into a file.
pub(crate) struct RunBuilder {
    predicate: usize,
    graph: usize,
    pending: Vec<Row>,
    heads: Vec<Head>,
    blocks: Vec<Arc<Block>>,
    len: u64,
}

impl RunBuilder {
    /// `predicate` and `graph` are the columns that repeat few values, see [`Block::pack`].
    pub(crate) fn new(predicate: usize, graph: usize) -> Self {
        Self {
            predicate,
            graph,
            pending: Vec::with_capacity(BLOCK_ROWS),
            heads: Vec::new(),
            blocks: Vec::new(),
            len: 0,
        }
    }

    fn pack(&mut self) -> (Block, Row) {
        let block = Block::pack(&self.pending, self.predicate, self.graph);
        let first = self.pending[0];
        self.len += self.pending.len() as u64;
        self.pending.clear();
        (block, first)
    }

    fn pack_to_memory(&mut self) {
        let (block, first) = self.pack();
        self.heads.push(Head {
            first,
            place: Place {
                offset: 0,
                bytes: 0,
                crc: 0,
            },
        });
        self.blocks.push(Arc::new(block));
    }

    fn pack_to_file(&mut self, file: &mut SegmentWriter) -> io::Result<()> {
        let (block, first) = self.pack();
        let place = file.write_block(&block)?;
        self.heads.push(Head { first, place });
        Ok(())
    }

    fn add(&mut self, row: Row) -> bool {
        debug_assert!(
            self.pending.last().is_none_or(|last| *last < row),
            "rows come in order"
        );
        self.pending.push(row);
        self.pending.len() == BLOCK_ROWS
    }

    /// Adds the next row of a run in memory.
    pub(crate) fn push(&mut self, row: Row) {
        if self.add(row) {
            self.pack_to_memory();
        }
    }

    /// Adds the next row of a run in a file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn push_to(&mut self, row: Row, file: &mut SegmentWriter) -> io::Result<()> {
        if self.add(row) {
            self.pack_to_file(file)?;
        }
        Ok(())
    }

    /// The finished run in memory.
    pub(crate) fn finish(mut self) -> Run {
        if !self.pending.is_empty() {
            self.pack_to_memory();
        }
        self.heads.shrink_to_fit();
        self.blocks.shrink_to_fit();
        Run {
            heads: self.heads,
            len: self.len,
            blocks: Blocks::Memory(self.blocks),
            last: OnceLock::new(),
        }
    }

    /// Ends the run in a file: its table of blocks becomes a section of the given name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn finish_to(mut self, file: &mut SegmentWriter, name: &str) -> io::Result<u64> {
        if !self.pending.is_empty() {
            self.pack_to_file(file)?;
        }
        if self.len == 0 {
            return Ok(0);
        }
        let mut bytes = Vec::with_capacity(8 + self.heads.len() * HEAD_BYTES);
        bytes.extend_from_slice(&self.len.to_le_bytes());
        for head in &self.heads {
            for value in head.first {
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            bytes.extend_from_slice(&head.place.offset.to_le_bytes());
            bytes.extend_from_slice(&head.place.bytes.to_le_bytes());
            bytes.extend_from_slice(&head.place.crc.to_le_bytes());
        }
        file.section(name, &bytes)?;
        Ok(self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::block::tests::some_rows;
    use crate::store::segment::Shared;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn rows_are_found_in_memory_and_in_a_file(rows in some_rows(4000), probes in prop::collection::vec(any::<[u64; 4]>(), 20)) {
            let mut builder = RunBuilder::new(1, 3);
            rows.iter().for_each(|row| builder.push(*row));
            let memory = builder.finish();
            let dir = tempfile::tempdir().expect("a folder");
            let path = dir.path().join("rows.seg");
            let mut file = SegmentWriter::create(&path, "rows").expect("create");
            let mut builder = RunBuilder::new(1, 3);
            for row in &rows {
                builder.push_to(*row, &mut file).expect("write");
            }
            builder.finish_to(&mut file, "added").expect("write");
            file.finish(serde_json::Value::Null).expect("finish");
            // A cache of a few blocks: most reads go to the file.
            let file = SegmentFile::open(&path, "rows", &Shared::new(64 << 10)).expect("open");
            for run in [memory, Run::open(&file, "added").expect("open")] {
                prop_assert_eq!(run.len(), rows.len() as u64);
                let read: Vec<Row> = (0..run.len()).map(|at| run.row(at)).collect();
                prop_assert_eq!(&read, &rows);
                for key in probes.iter().chain(&rows) {
                    let expected = rows.partition_point(|row| row < key) as u64;
                    prop_assert_eq!(run.lower_bound(key, 0), expected);
                    prop_assert_eq!(run.lower_bound(key, expected / 2), expected);
                    prop_assert_eq!(run.upper_bound(key, 0), rows.partition_point(|row| row <= key) as u64);
                }
            }
        }
    }
}
