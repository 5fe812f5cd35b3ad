//! Where each commit stands in the log, when it was made and how many rows the log holds up to it: about 6 bytes a commit,
//! as a store that takes commits all day for years keeps many millions of them. Knows nothing of what a commit says;
//! headers are read from the log.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

/// Rows packed together: few enough to unpack in about a microsecond, enough that their first one weighs little.
const PACKED_ROWS: usize = 256;

const MAGIC: &[u8; 16] = b"oslo-committabl1";
/// Largest table that is read: far more than a billion commits would need less.
const MAX_TABLE_BYTES: u64 = 1 << 34;

/// The commits of a log after its base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CommitTable {
    /// Commit the base stands for; 0 without one.
    base_seq: u64,
    /// Moment of the base in milliseconds since 1970; not read without one.
    base_time_ms: i64,
    /// Files that hold commits, oldest first.
    files: Vec<FileSpan>,
    rows: Rows,
}

/// A file of the log and where its last commit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileSpan {
    /// Number of its first commit, which names it.
    pub(super) first_seq: u64,
    /// End of its last commit.
    pub(super) end: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    offset: u64,
    time_ms: i64,
    /// Quads added by this commit and all before it in the table.
    added: u64,
    /// Quads removed by this commit and all before it in the table.
    removed: u64,
}

impl Row {
    /// Appends what differs from the row before.
    fn put_after(self, before: Self, out: &mut Vec<u8>) {
        put_signed(out, self.offset.wrapping_sub(before.offset) as i64);
        put_signed(out, self.time_ms.wrapping_sub(before.time_ms));
        put(out, self.added - before.added);
        put(out, self.removed - before.removed);
    }

    /// Reads what [`Row::put_after`] wrote.
    fn take_after(before: Self, input: &mut &[u8]) -> Option<Self> {
        Some(Self {
            offset: before.offset.wrapping_add(take_signed(input)? as u64),
            time_ms: before.time_ms.wrapping_add(take_signed(input)?),
            added: before.added.checked_add(take(input)?)?,
            removed: before.removed.checked_add(take(input)?)?,
        })
    }
}

/// Rows in sequence, packed except for the newest. A copy shares what is packed: every checkpoint takes one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rows {
    packed: Vec<Arc<Packed>>,
    /// The newest rows, at least one when there are any.
    newest: Vec<Row>,
}

/// [`PACKED_ROWS`] rows.
#[derive(Debug, PartialEq, Eq)]
struct Packed {
    first: Row,
    /// Each further row by what differs from the one before.
    others: Box<[u8]>,
}

impl Packed {
    fn new(rows: &[Row]) -> Self {
        let mut others = Vec::with_capacity(rows.len() * 6);
        for pair in rows.windows(2) {
            pair[1].put_after(pair[0], &mut others);
        }
        Self {
            first: rows[0],
            others: others.into(),
        }
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        let (mut next, mut rest) = (Some(self.first), &*self.others);
        std::iter::from_fn(move || {
            let row = next?;
            next = Row::take_after(row, &mut rest);
            Some(row)
        })
    }
}

impl Rows {
    fn len(&self) -> usize {
        self.packed.len() * PACKED_ROWS + self.newest.len()
    }

    fn is_empty(&self) -> bool {
        self.newest.is_empty()
    }

    fn last(&self) -> Option<Row> {
        self.newest.last().copied()
    }

    fn get(&self, index: usize) -> Option<Row> {
        match self.packed.get(index / PACKED_ROWS) {
            Some(packed) => packed.rows().nth(index % PACKED_ROWS),
            None => self
                .newest
                .get(index - self.packed.len() * PACKED_ROWS)
                .copied(),
        }
    }

    fn push(&mut self, row: Row) {
        if self.newest.len() == PACKED_ROWS {
            self.packed.push(Arc::new(Packed::new(&self.newest)));
            self.newest.clear();
        }
        self.newest.push(row);
    }

    fn iter(&self) -> impl Iterator<Item = Row> {
        let packed = self.packed.iter().flat_map(|packed| packed.rows());
        packed.chain(self.newest.iter().copied())
    }

    /// Number of rows whose moment is not after one.
    fn count_until(&self, time_ms: i64) -> usize {
        let begun = self
            .packed
            .partition_point(|packed| packed.first.time_ms <= time_ms);
        if begun == self.packed.len() {
            let newest = self.newest.partition_point(|row| row.time_ms <= time_ms);
            if newest > 0 {
                return begun * PACKED_ROWS + newest;
            }
        }
        let Some(last) = begun.checked_sub(1) else {
            return 0;
        };
        let rows = self.packed[last].rows();
        last * PACKED_ROWS + rows.take_while(|row| row.time_ms <= time_ms).count()
    }
}

impl FromIterator<Row> for Rows {
    fn from_iter<T: IntoIterator<Item = Row>>(rows: T) -> Self {
        let mut all = Self::default();
        rows.into_iter().for_each(|row| all.push(row));
        all
    }
}

/// What the table knows of one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CommitEntry {
    /// Number of the commit.
    pub(crate) seq: u64,
    /// Number of the first commit of its file.
    pub(crate) file: u64,
    /// Byte in the file where it starts.
    pub(crate) offset: u64,
    /// Byte in the file where it ends.
    pub(crate) end: u64,
    /// Moment in milliseconds since 1970, never before that of the commit before: a clock that was set back does not
    /// change the order of commits.
    pub(crate) time_ms: i64,
    /// Quads added.
    pub(crate) added: u64,
    /// Quads removed.
    pub(crate) removed: u64,
}

impl CommitTable {
    /// A table of the commits after a base.
    pub(super) fn after_base(seq: u64, time_ms: i64) -> Self {
        Self {
            base_seq: seq,
            base_time_ms: time_ms,
            files: Vec::new(),
            rows: Rows::default(),
        }
    }

    #[cfg(test)]
    /// Number of commits in the table.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Commit the base stands for; 0 when the log reaches back to the first commit.
    pub(crate) fn base_seq(&self) -> u64 {
        self.base_seq
    }

    /// Oldest commit in the table; one more than [`CommitTable::last_seq`] when there is none.
    pub(crate) fn first_seq(&self) -> u64 {
        self.base_seq + 1
    }

    /// Newest commit, or the base, or 0.
    pub(crate) fn last_seq(&self) -> u64 {
        self.base_seq + self.rows.len() as u64
    }

    /// A commit of the table.
    pub(crate) fn entry(&self, seq: u64) -> Option<CommitEntry> {
        let index = usize::try_from(seq.checked_sub(self.first_seq())?).ok()?;
        let row = self.rows.get(index)?;
        let before = index
            .checked_sub(1)
            .and_then(|before| self.rows.get(before));
        let file_index = self.files.partition_point(|file| file.first_seq <= seq) - 1;
        let file = self.files[file_index];
        let after = match self.files.get(file_index + 1) {
            Some(next) if next.first_seq == seq + 1 => None,
            _ => self.rows.get(index + 1),
        };
        Some(CommitEntry {
            seq,
            file: file.first_seq,
            offset: row.offset,
            end: after.map_or(file.end, |row| row.offset),
            time_ms: row.time_ms,
            added: row.added - before.map_or(0, |row| row.added),
            removed: row.removed - before.map_or(0, |row| row.removed),
        })
    }

    /// Moment of a commit of the table or of its base, in milliseconds since 1970.
    pub(crate) fn time_of(&self, seq: u64) -> Option<i64> {
        if seq == self.base_seq {
            return (seq > 0).then_some(self.base_time_ms);
        }
        self.entry(seq).map(|entry| entry.time_ms)
    }

    /// Last commit not after a moment; may be the base. 0, less than [`CommitTable::base_seq`] where there is a base,
    /// when the moment lies before all that is known.
    pub(crate) fn seq_at(&self, time_ms: i64) -> u64 {
        let index = self.rows.count_until(time_ms);
        if index == 0 && self.base_seq > 0 && time_ms < self.base_time_ms {
            return 0;
        }
        self.base_seq + index as u64
    }

    /// Rows of the commits after `from` up to and with `to`, both added and removed: what reading them costs.
    /// Commits outside the table count nothing.
    pub(crate) fn rows_between(&self, from: u64, to: u64) -> u64 {
        let until = |seq: u64| {
            let count = seq
                .saturating_sub(self.base_seq)
                .min(self.rows.len() as u64);
            let last = (count as usize)
                .checked_sub(1)
                .and_then(|last| self.rows.get(last));
            last.map_or(0, |row| row.added + row.removed)
        };
        until(to).saturating_sub(until(from))
    }

    /// Files that hold commits.
    pub(super) fn files(&self) -> &[FileSpan] {
        &self.files
    }

    /// Adds the next commit.
    pub(super) fn push(&mut self, entry: CommitEntry) {
        debug_assert_eq!(entry.seq, self.last_seq() + 1);
        match self.files.last_mut() {
            Some(file) if file.first_seq == entry.file => file.end = entry.end,
            _ => self.files.push(FileSpan {
                first_seq: entry.file,
                end: entry.end,
            }),
        }
        let before = self.rows.last();
        let earliest = before.map_or_else(
            || {
                if self.base_seq > 0 {
                    self.base_time_ms
                } else {
                    i64::MIN
                }
            },
            |row| row.time_ms,
        );
        let row = Row {
            offset: entry.offset,
            time_ms: entry.time_ms.max(earliest),
            added: entry.added + before.map_or(0, |row| row.added),
            removed: entry.removed + before.map_or(0, |row| row.removed),
        };
        self.rows.push(row);
    }

    /// Forgets the commits up to and with `seq`, for which a base now stands.
    pub(super) fn drop_before(&mut self, seq: u64, base_time_ms: i64) {
        let count = seq
            .saturating_sub(self.base_seq)
            .min(self.rows.len() as u64) as usize;
        let dropped = count.checked_sub(1).and_then(|last| self.rows.get(last));
        let (added, removed) = dropped.map_or((0, 0), |row| (row.added, row.removed));
        let kept = self.rows.iter().skip(count).map(|row| Row {
            added: row.added - added,
            removed: row.removed - removed,
            ..row
        });
        self.rows = kept.collect();
        let keep = self
            .files
            .partition_point(|file| file.first_seq <= seq + 1)
            .saturating_sub(1);
        self.files.drain(..keep);
        if self.rows.is_empty() {
            self.files.clear();
        }
        self.base_seq = seq;
        self.base_time_ms = base_time_ms;
    }

    /// Takes note that the commits of the first file were copied to a file of their own, each to a new place.
    pub(super) fn move_first_file(&mut self, places: &[(u64, u64)]) {
        let moved = self.rows.iter().enumerate().map(|(index, row)| Row {
            offset: places.get(index).map_or(row.offset, |(offset, _)| *offset),
            ..row
        });
        self.rows = moved.collect();
        if let (Some(file), Some((_, end))) = (self.files.first_mut(), places.last()) {
            file.first_seq = self.base_seq + 1;
            file.end = *end;
        }
    }

    /// Writes the table to a new file and makes it durable. The caller names it where it is looked for.
    pub(crate) fn save(&self, path: &Path) -> io::Result<()> {
        let mut out = Vec::with_capacity(64 + self.rows.len() * 8);
        out.extend_from_slice(MAGIC);
        put(&mut out, self.base_seq);
        put_signed(&mut out, self.base_time_ms);
        put(&mut out, self.files.len() as u64);
        let mut before = 0;
        for file in &self.files {
            put(&mut out, file.first_seq - before);
            put(&mut out, file.end);
            before = file.first_seq;
        }
        put(&mut out, self.rows.len() as u64);
        let mut before = Row {
            offset: 0,
            time_ms: self.base_time_ms,
            added: 0,
            removed: 0,
        };
        for row in self.rows.iter() {
            row.put_after(before, &mut out);
            before = row;
        }
        let checksum = crc32c::crc32c(&out);
        out.extend_from_slice(&checksum.to_le_bytes());
        let mut file = File::create(path)?;
        crate::store::fault::write_all("log.table", &mut file, &out)?;
        crate::store::fault::sync("log.table", &file)
    }

    /// Reads a table that was saved.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] when the file is not one that [`CommitTable::save`] wrote.
    pub(crate) fn load(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let bad = || {
            io::Error::new(
                io::ErrorKind::InvalidData,
                "the table of commits is damaged",
            )
        };
        if length > MAX_TABLE_BYTES {
            return Err(bad());
        }
        let mut bytes = Vec::with_capacity(length as usize);
        file.take(length).read_to_end(&mut bytes)?;
        Self::parse(&bytes).ok_or_else(bad)
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let (text, checksum) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(text).to_le_bytes() != *checksum {
            return None;
        }
        let mut rest = text.strip_prefix(MAGIC)?;
        let input = &mut rest;
        let mut table = Self::after_base(take(input)?, take_signed(input)?);
        // Every entry takes at least a byte, so the counts bound the memory by the file.
        let files = take(input)?;
        if files > input.len() as u64 {
            return None;
        }
        let mut first_seq = 0_u64;
        for _ in 0..files {
            first_seq = first_seq.checked_add(take(input)?)?;
            let end = take(input)?;
            table.files.push(FileSpan { first_seq, end });
        }
        let rows = take(input)?;
        if rows > input.len() as u64 {
            return None;
        }
        let mut row = Row {
            offset: 0,
            time_ms: table.base_time_ms,
            added: 0,
            removed: 0,
        };
        for _ in 0..rows {
            row = Row::take_after(row, input)?;
            table.rows.push(row);
        }
        let placed = match table.files.first() {
            Some(file) => file.first_seq <= table.first_seq() && rows > 0,
            None => rows == 0,
        };
        (input.is_empty() && placed).then_some(table)
    }
}

/// Appends a number, 7 bits to a byte, low ones first.
fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a number that may be negative; small ones of either sign are short.
fn put_signed(out: &mut Vec<u8>, value: i64) {
    put(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn take(input: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = input.split_first()?;
        *input = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take_signed(input: &mut &[u8]) -> Option<i64> {
    let value = take(input)?;
    Some((value >> 1) as i64 ^ -((value & 1) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A table of commits (milliseconds after the one before, added, removed), `per_file` to a file.
    fn table(commits: &[(i64, u64, u64)], per_file: usize) -> CommitTable {
        let mut table = CommitTable::default();
        let (mut time_ms, mut offset, mut file) = (1_000, 60, 1);
        for (i, (wait, added, removed)) in commits.iter().enumerate() {
            if i % per_file == 0 {
                (offset, file) = (60, i as u64 + 1);
            }
            time_ms += wait;
            let end = offset + 100 + added;
            table.push(CommitEntry {
                seq: i as u64 + 1,
                file,
                offset,
                end,
                time_ms,
                added: *added,
                removed: *removed,
            });
            offset = end;
        }
        table
    }

    proptest! {
        #[test]
        fn tables_round_trip_and_answer_as_a_list_does(
            commits in prop::collection::vec((-50..2000_i64, 0..500_u64, 0..9_u64), 0..700),
            per_file in 1..300_usize,
            dropped in 0..700_u64,
            moment in 0..700_000_i64,
        ) {
            let mut table = table(&commits, per_file);
            let folder = tempfile::tempdir().expect("temporary folder");
            let path = folder.path().join("commits");
            table.save(&path).expect("saves");
            prop_assert_eq!(&CommitTable::load(&path).expect("loads"), &table);
            let entries: Vec<_> = (1..=commits.len() as u64).filter_map(|seq| table.entry(seq)).collect();
            prop_assert_eq!(entries.len(), commits.len());
            for (entry, (_, added, removed)) in entries.iter().zip(&commits) {
                prop_assert_eq!((entry.added, entry.removed), (*added, *removed));
                prop_assert_eq!(entry.end - entry.offset, 100 + added);
            }
            let last = entries.iter().rev().find(|entry| entry.time_ms <= moment);
            prop_assert_eq!(table.seq_at(moment), last.map_or(0, |entry| entry.seq));

            let dropped = dropped.min(commits.len() as u64);
            let rows = table.rows_between(dropped, u64::MAX);
            table.drop_before(dropped, 1_000);
            prop_assert_eq!(table.rows_between(0, u64::MAX), rows);
            for entry in &entries[dropped as usize..] {
                prop_assert_eq!(table.entry(entry.seq), Some(*entry));
            }
            prop_assert_eq!(table.entry(dropped), None);
            table.save(&path).expect("saves");
            prop_assert_eq!(CommitTable::load(&path).expect("loads"), table);
        }
    }

    #[test]
    fn a_damaged_table_is_refused() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("commits");
        table(&[(1, 2, 3), (4, 5, 6), (7, 8, 9)], 2)
            .save(&path)
            .expect("saves");
        let bytes = std::fs::read(&path).expect("reads");
        for at in 0..bytes.len() {
            assert!(CommitTable::parse(&bytes[..at]).is_none(), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(CommitTable::parse(&flipped).is_none(), "bit {bit} of {at}");
            }
        }
    }
}
