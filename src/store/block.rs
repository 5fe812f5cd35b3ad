//! One block of a sorted run: up to 1,024 rows, packed by column, any row readable without unpacking the others.
//! Knows rows of four numbers; where blocks lie and how they are found is the run's business.
//!
//! A column is packed in the cheapest of three ways:
//! - *offset*: the smallest value, and for each row what is added to it, in as many bits as the largest needs;
//! - *coded*: a table of the few values there are, and for each row its place in the table;
//! - *by code*: an offset packing of its own for each code of the predicate column, because objects of one predicate lie
//!   close together and objects of different ones far apart. Rows then differ in width; a mark every 32 rows says where
//!   their bits start.

/// Four columns in the order of one permutation.
pub(crate) type Row = [u64; 4];

/// Rows of a full block.
pub(crate) const BLOCK_ROWS: usize = 1024;
/// Values a code table may hold.
const MAX_CODES: usize = 64;
/// Rows between two marks of a column packed by code.
const STRIDE: usize = 32;

const OFFSET: u64 = 0;
const CODED: u64 = 1;
const BY_CODE: u64 = 2;

/// How one column is packed; places are indexes into the block's words.
#[derive(Clone, Copy)]
enum Column {
    Offset {
        base: u64,
        width: u32,
        start: u32,
    },
    Coded {
        table: u32,
        width: u32,
        start: u32,
    },
    ByCode {
        code: u8,
        bases: u32,
        widths: u32,
        marks: u32,
        start: u32,
    },
}

/// A packed block.
pub(crate) struct Block {
    words: Box<[u64]>,
    rows: usize,
    columns: [Column; 4],
}

impl Block {
    /// Packs sorted rows, at least one and at most [`BLOCK_ROWS`]. `predicate` is the column that others may follow.
    pub(crate) fn pack(rows: &[Row], predicate: usize, graph: usize) -> Self {
        let words = pack(rows, predicate, graph);
        Self::read(words.into()).expect("what was packed can be read")
    }

    /// Reads the words of a packed block; `None` when they are not one.
    pub(crate) fn read(words: Box<[u64]>) -> Option<Self> {
        let rows = usize::try_from(*words.first()?).ok()?;
        if rows == 0 || rows > BLOCK_ROWS {
            return None;
        }
        let mut at = 1;
        let mut columns = [Column::Offset {
            base: 0,
            width: 0,
            start: 0,
        }; 4];
        let mut code_counts = [0; 4];
        for column in 0..4 {
            let head = *words.get(at)?;
            at += 1;
            let (kind, detail, count) = (
                head & 0xFF,
                (head >> 8) as u8,
                (head >> 16 & 0xFFFF) as usize,
            );
            let packed = |width: usize| (rows * width).div_ceil(64);
            columns[column] = match kind {
                OFFSET if detail <= 64 => {
                    let base = *words.get(at)?;
                    let start = at as u32 + 1;
                    at += 1 + packed(detail.into());
                    Column::Offset {
                        base,
                        width: detail.into(),
                        start,
                    }
                }
                CODED if detail <= 6 && (1..=MAX_CODES).contains(&count) => {
                    let table = at as u32;
                    at += count;
                    let start = at as u32;
                    at += packed(detail.into());
                    code_counts[column] = count;
                    Column::Coded {
                        table,
                        width: detail.into(),
                        start,
                    }
                }
                BY_CODE if detail < 4 && (1..=MAX_CODES).contains(&count) => {
                    let bases = at as u32;
                    at += count;
                    let widths = at as u32;
                    at += count.div_ceil(8);
                    let marks = at as u32;
                    at += rows.div_ceil(STRIDE).div_ceil(4);
                    let start = at as u32;
                    at += (head >> 32) as usize;
                    Column::ByCode {
                        code: detail,
                        bases,
                        widths,
                        marks,
                        start,
                    }
                }
                _ => return None,
            };
            if at > words.len() {
                return None;
            }
        }
        for column in columns {
            if let Column::ByCode { code, .. } = column
                && code_counts[usize::from(code)] == 0
            {
                return None;
            }
        }
        Some(Self {
            words,
            rows,
            columns,
        })
    }

    /// The packed form, as [`Block::read`] takes it.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words
    }

    /// Number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows
    }

    /// Bytes held.
    pub(crate) fn size_bytes(&self) -> usize {
        self.words.len() * 8 + size_of::<Self>()
    }

    fn bits(&self, start: u32, bit: usize, width: u32) -> u64 {
        if width == 0 {
            return 0;
        }
        let word = start as usize + bit / 64;
        let shift = (bit % 64) as u32;
        let mut raw = self.words[word] >> shift;
        if shift + width > 64 {
            raw |= self.words[word + 1] << (64 - shift);
        }
        raw & (u64::MAX >> (64 - width))
    }

    fn code(&self, column: u8, at: usize) -> usize {
        match self.columns[usize::from(column)] {
            Column::Coded { width, start, .. } => {
                self.bits(start, at * width as usize, width) as usize
            }
            _ => 0,
        }
    }

    fn width_of(&self, widths: u32, code: usize) -> u32 {
        (self.words[widths as usize + code / 8] >> (code % 8 * 8)) as u32 & 0xFF
    }

    /// Bit at which the value of a row starts in a column packed by code.
    fn bit_of(&self, code: u8, widths: u32, marks: u32, at: usize) -> usize {
        let stride = at / STRIDE;
        let mark = self.words[marks as usize + stride / 4] >> (stride % 4 * 16) & 0xFFFF;
        (stride * STRIDE..at).fold(mark as usize, |bit, row| {
            bit + self.width_of(widths, self.code(code, row)) as usize
        })
    }

    /// Value of one column of one row.
    pub(crate) fn value(&self, column: usize, at: usize) -> u64 {
        match self.columns[column] {
            Column::Offset { base, width, start } => {
                base.wrapping_add(self.bits(start, at * width as usize, width))
            }
            Column::Coded {
                table,
                width,
                start,
            } => self.words[table as usize + self.bits(start, at * width as usize, width) as usize],
            Column::ByCode {
                code,
                bases,
                widths,
                marks,
                start,
            } => {
                let mine = self.code(code, at);
                let bit = self.bit_of(code, widths, marks, at);
                self.words[bases as usize + mine].wrapping_add(self.bits(
                    start,
                    bit,
                    self.width_of(widths, mine),
                ))
            }
        }
    }

    /// One row.
    pub(crate) fn row(&self, at: usize) -> Row {
        std::array::from_fn(|column| self.value(column, at))
    }

    /// Appends the rows of `from..to` to `out`.
    pub(crate) fn read_rows(&self, from: usize, to: usize, out: &mut Vec<Row>) {
        let first = out.len();
        out.resize(first + to - from, [0; 4]);
        let rows = &mut out[first..];
        for column in 0..4 {
            match self.columns[column] {
                Column::Offset { base, width: 0, .. } => {
                    rows.iter_mut().for_each(|row| row[column] = base);
                }
                Column::Offset { base, width, start } => {
                    let mut bit = from * width as usize;
                    for row in rows.iter_mut() {
                        row[column] = base.wrapping_add(self.bits(start, bit, width));
                        bit += width as usize;
                    }
                }
                Column::Coded {
                    table,
                    width,
                    start,
                } => {
                    let mut bit = from * width as usize;
                    for row in rows.iter_mut() {
                        let code = self.bits(start, bit, width) as usize;
                        row[column] = self.words[table as usize + code];
                        bit += width as usize;
                    }
                }
                Column::ByCode {
                    code,
                    bases,
                    widths,
                    marks,
                    start,
                } => {
                    let mut bit = self.bit_of(code, widths, marks, from);
                    for (row, at) in rows.iter_mut().zip(from..) {
                        let mine = self.code(code, at);
                        let width = self.width_of(widths, mine);
                        row[column] = self.words[bases as usize + mine]
                            .wrapping_add(self.bits(start, bit, width));
                        bit += width as usize;
                    }
                }
            }
        }
    }

    /// Whether a row comes before `key`; looks at no more columns than it takes.
    pub(crate) fn is_before(&self, at: usize, key: &Row) -> bool {
        for (column, wanted) in key.iter().enumerate() {
            let value = self.value(column, at);
            if value != *wanted {
                return value < *wanted;
            }
        }
        false
    }

    /// Place of the first row at or after `key`, in `from..=len`.
    pub(crate) fn lower_bound(&self, key: &Row, from: usize) -> usize {
        let (mut low, mut high) = (from.min(self.rows), self.rows);
        while low < high {
            let middle = low.midpoint(high);
            if self.is_before(middle, key) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

fn width_for(range: u64) -> u32 {
    64 - range.leading_zeros()
}

/// Table of at most [`MAX_CODES`] values, in order of appearance, and the code of each row.
struct Codes {
    table: Vec<u64>,
    of_row: Vec<u8>,
}

fn codes(rows: &[Row], column: usize) -> Option<Codes> {
    let mut table: Vec<u64> = Vec::with_capacity(16);
    let mut of_row = Vec::with_capacity(rows.len());
    let mut last = 0_usize;
    for row in rows {
        let value = row[column];
        if table.get(last) != Some(&value) {
            last = match table.iter().position(|known| *known == value) {
                Some(known) => known,
                None if table.len() == MAX_CODES => return None,
                None => {
                    table.push(value);
                    table.len() - 1
                }
            };
        }
        of_row.push(last as u8);
    }
    Some(Codes { table, of_row })
}

fn pack(rows: &[Row], predicate: usize, graph: usize) -> Vec<u64> {
    let mut low = rows[0];
    let mut high = rows[0];
    for row in rows {
        for column in 0..4 {
            low[column] = low[column].min(row[column]);
            high[column] = high[column].max(row[column]);
        }
    }
    let coded_bits = |codes: &Codes| {
        codes.table.len() * 64 + rows.len() * width_for(codes.table.len() as u64 - 1) as usize
    };
    let offset_bits =
        |column: usize| 64 + rows.len() * width_for(high[column] - low[column]) as usize;
    let followed = (low[predicate] != high[predicate])
        .then(|| codes(rows, predicate))
        .flatten();
    let mut words = Vec::with_capacity(512);
    words.push(rows.len() as u64);
    for column in 0..4 {
        if column == predicate {
            // Coded even where offsets were a little shorter: the other columns gain from it.
            match &followed {
                Some(codes) => push_coded(&mut words, codes),
                None => push_offsets(&mut words, rows, column, low[column], high[column]),
            }
            continue;
        }
        if column == graph
            && low[column] != high[column]
            && let Some(codes) = codes(rows, column)
            && coded_bits(&codes) < offset_bits(column)
        {
            push_coded(&mut words, &codes);
            continue;
        }
        if low[column] != high[column]
            && let Some(codes) = &followed
        {
            let plan = ByCode::plan(rows, column, codes);
            if plan.bits() < offset_bits(column) {
                plan.push(&mut words, rows, column, codes, predicate);
                continue;
            }
        }
        push_offsets(&mut words, rows, column, low[column], high[column]);
    }
    words
}

/// Appends `values` of `width` bits each.
struct BitWriter<'a> {
    words: &'a mut Vec<u64>,
    bit: usize,
    start: usize,
}

impl<'a> BitWriter<'a> {
    fn new(words: &'a mut Vec<u64>, bits: usize) -> Self {
        let start = words.len();
        words.resize(start + bits.div_ceil(64), 0);
        Self {
            words,
            bit: 0,
            start,
        }
    }

    fn push(&mut self, value: u64, width: u32) {
        if width == 0 {
            return;
        }
        let (word, shift) = (self.start + self.bit / 64, (self.bit % 64) as u32);
        self.words[word] |= value << shift;
        if shift + width > 64 {
            self.words[word + 1] |= value >> (64 - shift);
        }
        self.bit += width as usize;
    }
}

fn push_offsets(words: &mut Vec<u64>, rows: &[Row], column: usize, low: u64, high: u64) {
    let width = width_for(high - low);
    words.push(OFFSET | u64::from(width) << 8);
    words.push(low);
    let mut out = BitWriter::new(words, rows.len() * width as usize);
    if width > 0 {
        for row in rows {
            out.push(row[column] - low, width);
        }
    }
}

fn push_coded(words: &mut Vec<u64>, codes: &Codes) {
    let width = width_for(codes.table.len() as u64 - 1);
    words.push(CODED | u64::from(width) << 8 | (codes.table.len() as u64) << 16);
    words.extend_from_slice(&codes.table);
    let mut out = BitWriter::new(words, codes.of_row.len() * width as usize);
    for code in &codes.of_row {
        out.push(u64::from(*code), width);
    }
}

/// An offset packing for each code.
struct ByCode {
    bases: Vec<u64>,
    widths: Vec<u32>,
    data_bits: usize,
    rows: usize,
}

impl ByCode {
    fn plan(rows: &[Row], column: usize, codes: &Codes) -> Self {
        let count = codes.table.len();
        let mut bases = vec![u64::MAX; count];
        let mut tops = vec![0; count];
        let mut counts = vec![0_usize; count];
        for (row, code) in rows.iter().zip(&codes.of_row) {
            let (code, value) = (usize::from(*code), row[column]);
            bases[code] = bases[code].min(value);
            tops[code] = tops[code].max(value);
            counts[code] += 1;
        }
        let widths: Vec<u32> = bases
            .iter()
            .zip(&tops)
            .map(|(b, t)| width_for(t - b))
            .collect();
        let data_bits = widths
            .iter()
            .zip(&counts)
            .map(|(w, n)| *w as usize * n)
            .sum();
        Self {
            bases,
            widths,
            data_bits,
            rows: rows.len(),
        }
    }

    fn bits(&self) -> usize {
        self.bases.len() * 72 + self.rows.div_ceil(STRIDE) * 16 + self.data_bits
    }

    fn push(
        &self,
        words: &mut Vec<u64>,
        rows: &[Row],
        column: usize,
        codes: &Codes,
        predicate: usize,
    ) {
        let count = self.bases.len();
        let data_words = self.data_bits.div_ceil(64);
        words.push(
            BY_CODE | (predicate as u64) << 8 | (count as u64) << 16 | (data_words as u64) << 32,
        );
        words.extend_from_slice(&self.bases);
        let widths = words.len();
        words.resize(widths + count.div_ceil(8), 0);
        for (code, width) in self.widths.iter().enumerate() {
            words[widths + code / 8] |= u64::from(*width) << (code % 8 * 8);
        }
        let marks = words.len();
        words.resize(marks + rows.len().div_ceil(STRIDE).div_ceil(4), 0);
        let mut out = BitWriter::new(words, self.data_bits);
        for (at, (row, code)) in rows.iter().zip(&codes.of_row).enumerate() {
            if at % STRIDE == 0 {
                let stride = at / STRIDE;
                out.words[marks + stride / 4] |= (out.bit as u64) << (stride % 4 * 16);
            }
            let code = usize::from(*code);
            out.push(row[column] - self.bases[code], self.widths[code]);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Rows as they occur: values close together by predicate, far apart between, and extremes.
    pub(crate) fn some_rows(most: usize) -> impl Strategy<Value = Vec<Row>> {
        let value = prop_oneof![
            0..4_u64,
            Just(u64::MAX),
            (1_u64 << 60)..((1_u64 << 60) + 3000),
            any::<u64>()
        ];
        let anything = prop::array::uniform4(value);
        let by_predicate = (0..3000_u64, 0..12_u64, 0..5000_u64, 0..3_u64)
            .prop_map(|(s, p, o, g)| [s, p << 56, (p << 50) + o, 7 + g]);
        prop::collection::btree_set(prop_oneof![anything, by_predicate], 1..most)
            .prop_map(|set| set.into_iter().collect())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn rows_come_back_and_are_found(rows in some_rows(BLOCK_ROWS), probes in prop::collection::vec(any::<[u64; 4]>(), 8),
                                        predicate in 0..3_usize) {
            let packed = Block::pack(&rows, predicate, 3);
            let block = Block::read(packed.words().into()).expect("it was packed");
            prop_assert_eq!(block.len(), rows.len());
            let mut read = Vec::new();
            block.read_rows(0, rows.len(), &mut read);
            prop_assert_eq!(&read, &rows);
            read.clear();
            block.read_rows(rows.len() / 3, rows.len(), &mut read);
            prop_assert_eq!(&read[..], &rows[rows.len() / 3..]);
            for (at, row) in rows.iter().enumerate().step_by(7) {
                prop_assert_eq!(block.row(at), *row);
            }
            for key in probes.iter().chain(rows.iter().step_by(5)) {
                let expected = rows.partition_point(|row| row < key);
                prop_assert_eq!(block.lower_bound(key, 0), expected);
                prop_assert_eq!(block.lower_bound(key, expected / 2), expected);
            }
        }

        #[test]
        fn words_that_are_no_block_never_panic_while_read(words in prop::collection::vec(any::<u64>(), 0..40)) {
            let _ = Block::read(words.into());
        }
    }
}
