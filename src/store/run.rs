//! A sorted, immutable run of rows, bit-packed by column in blocks. Any row can be read without unpacking its block.
//! Knows rows of four numbers, not what they mean.

/// Four columns in the order of one permutation.
pub(crate) type Row = [u64; 4];

const BLOCK_ROWS: usize = 1024;

/// One block: per column the smallest value and the width of what is added to it.
struct Block {
    first: Row,
    base: Row,
    widths: [u8; 4],
    /// First word of each column.
    starts: [u32; 4],
}

/// Sorted rows without duplicates.
#[derive(Default)]
pub(crate) struct Run {
    blocks: Vec<Block>,
    words: Vec<u64>,
    len: usize,
}

impl Run {
    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    fn value(&self, block: &Block, column: usize, at: usize) -> u64 {
        let width = u32::from(block.widths[column]);
        if width == 0 {
            return block.base[column];
        }
        let bit = at * width as usize;
        let word = block.starts[column] as usize + bit / 64;
        let shift = (bit % 64) as u32;
        let mut raw = self.words[word] >> shift;
        if shift + width > 64 {
            raw |= self.words[word + 1] << (64 - shift);
        }
        if width < 64 {
            raw &= (1 << width) - 1;
        }
        block.base[column] + raw
    }

    /// Row at a position below [`Run::len`].
    pub(crate) fn row(&self, position: usize) -> Row {
        let block = &self.blocks[position / BLOCK_ROWS];
        let at = position % BLOCK_ROWS;
        std::array::from_fn(|column| self.value(block, column, at))
    }

    /// Appends the rows of `from..to`, which lie in one block, to `out`. Returns how many.
    pub(crate) fn read(&self, from: usize, to: usize, out: &mut Vec<Row>) -> usize {
        let block = &self.blocks[from / BLOCK_ROWS];
        let to = to.min((from / BLOCK_ROWS + 1) * BLOCK_ROWS).min(self.len);
        let (start, end) = (from % BLOCK_ROWS, to - from / BLOCK_ROWS * BLOCK_ROWS);
        let at = out.len();
        out.resize(at + end - start, block.base);
        for column in 0..4 {
            self.read_column(block, column, start, &mut out[at..]);
        }
        end - start
    }

    fn read_column(&self, block: &Block, column: usize, start: usize, out: &mut [Row]) {
        let width = u32::from(block.widths[column]);
        if width == 0 {
            return;
        }
        let mask = if width == 64 {
            u64::MAX
        } else {
            (1 << width) - 1
        };
        let base = block.base[column];
        let first = block.starts[column] as usize;
        let mut bit = start * width as usize;
        for row in out {
            let word = first + bit / 64;
            let shift = (bit % 64) as u32;
            let mut raw = self.words[word] >> shift;
            if shift + width > 64 {
                raw |= self.words[word + 1] << (64 - shift);
            }
            row[column] = base + (raw & mask);
            bit += width as usize;
        }
    }

    /// Position of the first row at or after `key`, searching from `from` on.
    pub(crate) fn lower_bound(&self, key: &Row, from: usize) -> usize {
        let first_block = from / BLOCK_ROWS;
        if first_block >= self.blocks.len() {
            return self.len;
        }
        // Galloping over block heads: neighbours are the common case when merging.
        let mut step = 1;
        let mut low = first_block;
        while low + step < self.blocks.len() && self.blocks[low + step].first < *key {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.blocks.len());
        let found = low + self.blocks[low..high].partition_point(|block| block.first < *key);
        let Some(block) = found.checked_sub(1).filter(|b| *b >= first_block) else {
            return from;
        };
        let mut low = (block * BLOCK_ROWS).max(from);
        let mut high = ((block + 1) * BLOCK_ROWS).min(self.len);
        while low < high {
            let middle = low.midpoint(high);
            if self.row(middle) < *key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Bytes held.
    pub(crate) fn size_bytes(&self) -> usize {
        self.words.capacity() * 8 + self.blocks.capacity() * size_of::<Block>()
    }
}

/// Collects rows in ascending order into a [`Run`].
#[derive(Default)]
pub(crate) struct RunBuilder {
    run: Run,
    pending: Vec<Row>,
}

impl RunBuilder {
    /// Adds the next row; rows come in strictly ascending order.
    pub(crate) fn push(&mut self, row: Row) {
        debug_assert!(
            self.pending.last().is_none_or(|last| *last < row),
            "rows come in order"
        );
        self.pending.push(row);
        if self.pending.len() == BLOCK_ROWS {
            self.pack();
        }
    }

    fn pack(&mut self) {
        let rows = &self.pending;
        let mut base = rows[0];
        let mut top = rows[0];
        for row in rows {
            for column in 0..4 {
                base[column] = base[column].min(row[column]);
                top[column] = top[column].max(row[column]);
            }
        }
        let widths: [u8; 4] =
            std::array::from_fn(|c| (64 - (top[c] - base[c]).leading_zeros()) as u8);
        let mut starts = [0_u32; 4];
        for column in 0..4 {
            starts[column] = u32::try_from(self.run.words.len()).expect("a run holds under 32 GiB");
            let width = u32::from(widths[column]);
            if width == 0 {
                continue;
            }
            let first = self.run.words.len();
            self.run
                .words
                .resize(first + (rows.len() * width as usize).div_ceil(64), 0);
            let mut bit = 0_usize;
            for row in rows {
                let raw = row[column] - base[column];
                let (word, shift) = (first + bit / 64, (bit % 64) as u32);
                self.run.words[word] |= raw << shift;
                if shift + width > 64 {
                    self.run.words[word + 1] |= raw >> (64 - shift);
                }
                bit += width as usize;
            }
        }
        self.run.blocks.push(Block {
            first: rows[0],
            base,
            widths,
            starts,
        });
        self.run.len += rows.len();
        self.pending.clear();
    }

    /// The finished run.
    pub(crate) fn finish(mut self) -> Run {
        if !self.pending.is_empty() {
            self.pack();
        }
        self.run.words.shrink_to_fit();
        self.run.blocks.shrink_to_fit();
        self.run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        let value = prop_oneof![
            0..4_u64,
            Just(u64::MAX),
            (1_u64 << 60)..((1_u64 << 60) + 3000),
            any::<u64>()
        ];
        prop::collection::btree_set(prop::array::uniform4(value), 0..3000)
            .prop_map(|set| set.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn packed_rows_come_back_and_are_found(rows in rows(), probes in prop::collection::vec(any::<[u64; 4]>(), 20)) {
            let mut builder = RunBuilder::default();
            rows.iter().for_each(|row| builder.push(*row));
            let run = builder.finish();
            prop_assert_eq!(run.len(), rows.len());
            let mut read = Vec::new();
            while read.len() < rows.len() {
                run.read(read.len(), rows.len(), &mut read);
            }
            prop_assert_eq!(&read, &rows);
            for key in probes.iter().chain(&rows) {
                let expected = rows.partition_point(|row| row < key);
                prop_assert_eq!(run.lower_bound(key, 0), expected);
                prop_assert_eq!(run.lower_bound(key, expected / 2), expected);
            }
        }
    }
}
