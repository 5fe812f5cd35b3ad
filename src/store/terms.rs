//! Texts of the dictionary that are on disk: packed in order of arrival, found by hash.
//! Ids are given out in order of arrival and never change, so files can be joined without touching any row of the index.
//! Does not know what the texts mean.
//!
//! A file holds blocks of 64 texts, compressed with a dictionary learnt from them; a run of (hash, index) that leads from a
//! text to its id; a Bloom filter, so that a text that is not here costs no read; and a column of facts, so that asking what
//! kind of literal an id is costs none either.

use crate::store::facts::{Facts, FactsBuilder};
use crate::store::parts::Extras;
use crate::store::run::{Run, RunBuilder};
use crate::store::segment::{Place, SegmentFile, SegmentWriter, Shared};
use std::fmt;
use std::io;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zstd::bulk::{Compressor, Decompressor};

/// Kind written into the files.
const TERMS_KIND: &str = "terms";
const BLOCK_TEXTS: usize = 64;
const LEVEL: i32 = 3;
const LEARNT_BYTES: usize = 16 << 10;
/// Blocks the compression dictionary is learnt from.
const SAMPLE_BLOCKS: usize = 256;
/// Longest block, unpacked: 64 texts of the greatest length `ingest` lets in, with room to spare.
const MAX_BLOCK_BYTES: usize = 1 << 30;
/// Bits of a hash that the hash run keeps: few enough to pack well, enough to send almost no text astray.
const HASH_SHIFT: u32 = 20;
const BLOOM_BITS_PER_TEXT: usize = 10;
const BLOOM_BLOCK_WORDS: usize = 8;
const BLOOM_PROBES: u32 = 6;

/// Hash of a canonical text. The seed is drawn for each data folder, so that nobody can choose texts that collide.
pub(crate) fn hash_of(seed: u64, key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(key, seed)
}

/// An unpacked block of texts.
pub(crate) struct TextBlock {
    bytes: Vec<u8>,
    /// Start of each text, and the end of the last.
    starts: Vec<u32>,
    meta: Vec<u32>,
}

impl TextBlock {
    fn text(&self, at: usize) -> &[u8] {
        &self.bytes[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// Bytes held.
    pub(crate) fn size_bytes(&self) -> usize {
        self.bytes.capacity()
            + self.starts.capacity() * 4
            + self.meta.capacity() * 4
            + size_of::<Self>()
    }

    /// `count u8 | lengths u32 | meta u32 | texts`
    fn pack(texts: &[(&[u8], u32)], out: &mut Vec<u8>) {
        out.clear();
        out.push(texts.len() as u8);
        for (text, _) in texts {
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
        }
        for (_, meta) in texts {
            out.extend_from_slice(&meta.to_le_bytes());
        }
        for (text, _) in texts {
            out.extend_from_slice(text);
        }
    }

    fn unpack(mut bytes: Vec<u8>) -> Option<Self> {
        let count = usize::from(*bytes.first()?);
        let head = 1 + count * 8;
        let long = |at: usize| {
            let four = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_le_bytes(four))
        };
        let mut starts = Vec::with_capacity(count + 1);
        let mut end = head as u32;
        starts.push(end);
        for at in 0..count {
            end = end.checked_add(long(1 + at * 4)?)?;
            starts.push(end);
        }
        let meta = (0..count)
            .map(|at| long(1 + (count + at) * 4))
            .collect::<Option<Vec<u32>>>()?;
        if end as usize != bytes.len() || std::str::from_utf8(&bytes[head..]).is_err() {
            return None;
        }
        bytes.shrink_to_fit();
        Some(Self {
            bytes,
            starts,
            meta,
        })
    }
}

/// Place of a block and the index of its first text, counted from the file's first.
#[derive(Clone, Copy)]
struct BlockHead {
    first: u64,
    place: Place,
}

const BLOCK_HEAD_BYTES: usize = 24;

/// The blocks a thread asked for last: texts that are read one after the other lie in few of them, and asking the cache that
/// all threads share costs more than the copy of a short text.
mod recent {
    use super::TextBlock;
    use std::cell::RefCell;
    use std::sync::Arc;

    /// File and place of a block.
    type Key = (u64, u64);

    const BLOCKS: usize = 4;
    /// Larger ones are left to the cache, which counts them.
    const MAX_BYTES: usize = 64 << 10;

    #[derive(Default)]
    struct Recent {
        blocks: [Option<(Key, Arc<TextBlock>)>; BLOCKS],
        /// The place of the next.
        next: usize,
    }

    thread_local! {
        static RECENT: RefCell<Recent> = RefCell::default();
    }

    /// A block, fetched when it is not at hand.
    pub(super) fn block(key: Key, fetch: impl FnOnce() -> Arc<TextBlock>) -> Arc<TextBlock> {
        let known = RECENT.with_borrow(|recent| {
            let mut blocks = recent.blocks.iter().flatten();
            let found = blocks.find(|(of, _)| *of == key);
            found.map(|(_, block)| Arc::clone(block))
        });
        if let Some(block) = known {
            return block;
        }
        let block = fetch();
        if block.size_bytes() <= MAX_BYTES {
            RECENT.with_borrow_mut(|recent| {
                let next = recent.next;
                recent.blocks[next] = Some((key, Arc::clone(&block)));
                recent.next = (next + 1) % BLOCKS;
            });
        }
        block
    }
}

/// A file of texts with consecutive dictionary indexes.
pub(crate) struct Terms {
    file: Arc<SegmentFile>,
    /// Number in the file's name.
    pub(crate) number: u64,
    /// Dictionary index of the first text.
    pub(crate) first: u64,
    count: u64,
    blocks: Vec<BlockHead>,
    hashes: Run,
    bloom: Bloom,
    /// `None` for a file that was written without them.
    facts: Option<Facts>,
    learnt: Arc<[u8]>,
    unpackers: Mutex<Vec<Decompressor<'static>>>,
    /// What is derived from these texts.
    pub(crate) extras: Extras,
}

impl fmt::Debug for Terms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Terms")
            .field("number", &self.number)
            .field("first", &self.first)
            .field("count", &self.count)
            .finish_non_exhaustive()
    }
}

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

impl Terms {
    /// Path of a file.
    pub(crate) fn path(dir: &Path, number: u64) -> PathBuf {
        dir.join(format!("{number:08}-terms.seg"))
    }

    /// Opens a file.
    ///
    /// # Errors
    /// When it is missing or not whole; the message names it.
    pub(crate) fn open(dir: &Path, number: u64, shared: &Arc<Shared>) -> io::Result<Self> {
        let path = Self::path(dir, number);
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let file = SegmentFile::open(&path, TERMS_KIND, shared).map_err(named)?;
        Self::read(file, number).map_err(named)
    }

    fn read(file: Arc<SegmentFile>, number: u64) -> io::Result<Self> {
        let fact = |name: &str| file.facts()[name].as_u64();
        let (Some(first), Some(count)) = (fact("first"), fact("count")) else {
            return Err(invalid("the footer of a file of texts cannot be read"));
        };
        let heads = file.section("blocks")?.unwrap_or_default();
        let (heads, rest) = heads.as_chunks::<BLOCK_HEAD_BYTES>();
        if !rest.is_empty() {
            return Err(invalid("the table of text blocks cannot be read"));
        }
        let blocks = heads
            .iter()
            .map(|head| {
                let long = |at: usize| {
                    u64::from_le_bytes(head[at..at + 8].try_into().expect("eight bytes"))
                };
                let last = long(16);
                BlockHead {
                    first: long(0),
                    place: Place {
                        offset: long(8),
                        bytes: last as u32,
                        crc: (last >> 32) as u32,
                    },
                }
            })
            .collect();
        let bloom = Bloom {
            words: file
                .section("bloom")?
                .unwrap_or_default()
                .as_chunks::<8>()
                .0
                .iter()
                .map(|word| u64::from_le_bytes(*word))
                .collect(),
        };
        let learnt = file.section("learnt")?.unwrap_or_default().into();
        let facts = match file.section("facts")? {
            None => None,
            Some(bytes) => Some(
                Facts::read(&bytes, count)
                    .ok_or_else(|| invalid("the column of facts cannot be read"))?,
            ),
        };
        Ok(Self {
            facts,
            hashes: Run::open(&file, "hashes")?,
            file,
            number,
            first,
            count,
            blocks,
            bloom,
            learnt,
            unpackers: Mutex::new(Vec::new()),
            extras: Extras::default(),
        })
    }

    /// Number of texts.
    pub(crate) fn len(&self) -> u64 {
        self.count
    }

    /// Bytes of memory held, caches not counted.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.blocks.capacity() * size_of::<BlockHead>()
            + self.bloom.words.capacity() * 8
            + self.hashes.memory_bytes()
            + self.facts.as_ref().map_or(0, Facts::memory_bytes)
    }

    /// Dictionary index of a text.
    pub(crate) fn find(&self, hash: u64, key: &[u8]) -> Option<u64> {
        if !self.bloom.may_hold(hash) {
            return None;
        }
        let wanted = hash >> HASH_SHIFT;
        let mut position = self.hashes.lower_bound(&[wanted, 0, 0, 0], 0);
        while position < self.hashes.len() {
            let [found, index, ..] = self.hashes.row(position);
            if found != wanted {
                break;
            }
            let (block, at) = self.block_of(index);
            if block.text(at) == key {
                return Some(self.first + index);
            }
            position += 1;
        }
        None
    }

    /// Appends the text of an index counted from the file's first.
    pub(crate) fn write_text(&self, local: u64, out: &mut Vec<u8>) {
        let (block, at) = self.block_of(local);
        out.extend_from_slice(block.text(at));
    }

    /// Packed facts about a text.
    pub(crate) fn meta(&self, local: u64) -> u32 {
        if let Some(known) = self.facts.as_ref().and_then(|facts| facts.get(local)) {
            return known;
        }
        let (block, at) = self.block_of(local);
        block.meta[at]
    }

    /// Calls `each` with the texts whose indexes, counted from the file's first, lie in `range`, until it breaks off: the
    /// index so counted, the packed facts and the text. Reads past the cache.
    pub(crate) fn try_each(
        &self,
        range: Range<u64>,
        mut each: impl FnMut(u64, u32, &[u8]) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let end = range.end.min(self.count);
        if range.start >= end {
            return ControlFlow::Continue(());
        }
        for head in &self.blocks[self.number_of(range.start)..] {
            if head.first >= end {
                break;
            }
            let block = match self.read_block(head.place) {
                Ok(block) => block,
                Err(error) => self.file.unreadable(&error),
            };
            for at in 0..block.meta.len() {
                let local = head.first + at as u64;
                if (range.start..end).contains(&local) {
                    each(local, block.meta[at], block.text(at))?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// The file itself.
    pub(crate) fn file(&self) -> &Arc<SegmentFile> {
        &self.file
    }

    /// The folder it lies in.
    pub(crate) fn dir(&self) -> &Path {
        self.file.path().parent().unwrap_or(Path::new(""))
    }

    fn number_of(&self, local: u64) -> usize {
        // Blocks are full but for the last of each file that was joined into this one, so the guess is never too far.
        let mut low = (local / BLOCK_TEXTS as u64) as usize;
        let mut step = 1;
        while low + step < self.blocks.len() && self.blocks[low + step].first <= local {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.blocks.len());
        low + self.blocks[low..high].partition_point(|block| block.first <= local) - 1
    }

    fn block_of(&self, local: u64) -> (Arc<TextBlock>, usize) {
        let head = self.blocks[self.number_of(local)];
        let key = self.file.key(head.place.offset);
        let block = recent::block(key, || {
            let cache = &self.file.shared().texts;
            cache.get(&key).unwrap_or_else(|| {
                let block = match self.read_block(head.place) {
                    Ok(block) => Arc::new(block),
                    Err(error) => self.file.unreadable(&error),
                };
                cache.insert(key, Arc::clone(&block));
                block
            })
        });
        let at = (local - head.first) as usize;
        if at >= block.meta.len() {
            self.file
                .unreadable(&invalid("a block holds fewer texts than its table says"));
        }
        (block, at)
    }

    fn read_block(&self, place: Place) -> io::Result<TextBlock> {
        let packed = self.file.read(place)?;
        let (length, body) = packed
            .split_first_chunk::<4>()
            .ok_or_else(|| invalid("a block of texts is cut short"))?;
        let length = u32::from_le_bytes(*length) as usize;
        if length > MAX_BLOCK_BYTES {
            return Err(invalid("a block of texts is too long"));
        }
        let pool = || {
            self.unpackers
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        let unpacker = pool().pop();
        let mut unpacker = match unpacker {
            Some(unpacker) => unpacker,
            None => Decompressor::with_dictionary(&self.learnt)?,
        };
        let bytes = unpacker.decompress(body, length)?;
        pool().push(unpacker);
        TextBlock::unpack(bytes).ok_or_else(|| invalid("a block of texts cannot be unpacked"))
    }

    /// Reads every part of the file: checksums, order, and that each text is found under its hash.
    ///
    /// # Errors
    /// A sentence that names the first thing that is wrong.
    pub(crate) fn check(&self, seed: u64) -> Result<(), String> {
        let wrong = |what: String| format!("{}: {what}", self.file.path().display());
        let mut expected = 0;
        for (number, head) in self.blocks.iter().enumerate() {
            let block = self
                .read_block(head.place)
                .map_err(|error| wrong(format!("block {number} of texts: {error}")))?;
            if head.first != expected {
                return Err(wrong(format!(
                    "block {number} of texts does not follow the one before"
                )));
            }
            for at in 0..block.meta.len() {
                let key = block.text(at);
                let index = expected + at as u64;
                if self.meta(index) != block.meta[at] {
                    return Err(wrong(format!("the facts about text {index} differ")));
                }
                if self.find(hash_of(seed, key), key) != Some(self.first + index) {
                    return Err(wrong(format!("text {index} is not found under its hash")));
                }
            }
            expected += block.meta.len() as u64;
        }
        if expected != self.count || self.hashes.len() != self.count {
            return Err(wrong(
                "the number of texts differs from the footer's".to_owned(),
            ));
        }
        Ok(())
    }
}

/// A blocked Bloom filter: all bits of a text lie in one cache line.
struct Bloom {
    words: Vec<u64>,
}

impl Bloom {
    fn for_texts(count: u64) -> Self {
        let blocks = (count as usize * BLOOM_BITS_PER_TEXT).div_ceil(512).max(1);
        Self {
            words: vec![0; blocks * BLOOM_BLOCK_WORDS],
        }
    }

    fn bits(&self, hash: u64) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        // Only the bits the hash run keeps: files are joined from hash runs alone.
        let hash = hash >> HASH_SHIFT << HASH_SHIFT;
        let blocks = (self.words.len() / BLOOM_BLOCK_WORDS) as u64;
        let block = (((hash >> 32) * blocks) >> 32) as usize;
        let mixed = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let bits = (0..BLOOM_PROBES).map(move |probe| {
            let bit = mixed >> (probe * 9) & 511;
            ((bit / 64) as usize, 1 << (bit % 64))
        });
        (block * BLOOM_BLOCK_WORDS, bits)
    }

    fn insert(&mut self, hash: u64) {
        let (start, bits) = self.bits(hash);
        for (word, bit) in bits {
            self.words[start + word] |= bit;
        }
    }

    fn may_hold(&self, hash: u64) -> bool {
        if self.words.is_empty() {
            return false;
        }
        let (start, mut bits) = self.bits(hash);
        bits.all(|(word, bit)| self.words[start + word] & bit != 0)
    }
}

/// Writes a file of texts.
pub(crate) struct TermsWriter {
    file: SegmentWriter,
    seed: u64,
    first: u64,
    count: u64,
    learnt: Arc<[u8]>,
    packer: Compressor<'static>,
    blocks: Vec<BlockHead>,
    hashes: Vec<(u64, u64)>,
    facts: FactsBuilder,
    raw: Vec<u8>,
}

impl TermsWriter {
    /// Starts a file whose first text has the dictionary index `first`. `learnt` is the compression dictionary.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub(crate) fn create(
        path: &Path,
        seed: u64,
        first: u64,
        learnt: Arc<[u8]>,
    ) -> io::Result<Self> {
        Ok(Self {
            file: SegmentWriter::create(path, TERMS_KIND)?,
            seed,
            first,
            count: 0,
            packer: Compressor::with_dictionary(LEVEL, &learnt)?,
            learnt,
            blocks: Vec::new(),
            hashes: Vec::new(),
            facts: FactsBuilder::default(),
            raw: Vec::new(),
        })
    }

    /// Appends texts with their packed facts, at most 64 that make one block.
    fn block(&mut self, texts: &[(&[u8], u32)]) -> io::Result<()> {
        TextBlock::pack(texts, &mut self.raw);
        let mut packed = (self.raw.len() as u32).to_le_bytes().to_vec();
        packed.extend_from_slice(&self.packer.compress(&self.raw)?);
        self.packed_block(&packed)?;
        for (at, (text, meta)) in texts.iter().enumerate() {
            let index = self.count + at as u64;
            self.hashes.push((hash_of(self.seed, text), index));
            self.facts.push(*meta);
        }
        self.count += texts.len() as u64;
        Ok(())
    }

    fn packed_block(&mut self, packed: &[u8]) -> io::Result<()> {
        let place = self.file.write(packed)?;
        self.blocks.push(BlockHead {
            first: self.count,
            place,
        });
        Ok(())
    }

    /// Appends all texts of a run of `len` texts given by place.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn texts<'a>(
        &mut self,
        len: usize,
        text: impl Fn(usize) -> (&'a [u8], u32),
    ) -> io::Result<()> {
        let mut block = Vec::with_capacity(BLOCK_TEXTS);
        for at in 0..len {
            block.push(text(at));
            if block.len() == BLOCK_TEXTS || at + 1 == len {
                self.block(&block)?;
                block.clear();
            }
        }
        Ok(())
    }

    /// Appends all texts of another file, which must follow directly. Blocks packed with the same dictionary are copied.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub(crate) fn join(&mut self, other: &Terms) -> io::Result<()> {
        if other.learnt == self.learnt {
            let base = self.count;
            match &other.facts {
                Some(facts) => facts.iter().for_each(|kind| self.facts.push(kind)),
                None => self.facts.give_up(),
            }
            for head in &other.blocks {
                let packed = other.file.read(head.place)?;
                self.count = base + head.first;
                self.packed_block(&packed)?;
            }
            for number in 0..other.hashes.block_count() {
                let block = other.hashes.block(number, false);
                for at in 0..block.len() {
                    let [hash, index, ..] = block.row(at);
                    self.hashes.push((hash << HASH_SHIFT, base + index));
                }
            }
            self.count = base + other.count;
            return Ok(());
        }
        for head in &other.blocks {
            let block = other.read_block(head.place)?;
            let texts: Vec<(&[u8], u32)> = (0..block.meta.len())
                .map(|at| (block.text(at), block.meta[at]))
                .collect();
            self.block(&texts)?;
        }
        Ok(())
    }

    /// Ends the file and makes it durable.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let mut heads = Vec::with_capacity(self.blocks.len() * BLOCK_HEAD_BYTES);
        for head in &self.blocks {
            heads.extend_from_slice(&head.first.to_le_bytes());
            heads.extend_from_slice(&head.place.offset.to_le_bytes());
            heads.extend_from_slice(&head.place.bytes.to_le_bytes());
            heads.extend_from_slice(&head.place.crc.to_le_bytes());
        }
        let mut bloom = Bloom::for_texts(self.count);
        for (hash, _) in &self.hashes {
            bloom.insert(*hash);
        }
        self.hashes
            .sort_unstable_by_key(|(hash, index)| (hash >> HASH_SHIFT, *index));
        let mut builder = RunBuilder::new(2, 3);
        for (hash, index) in &self.hashes {
            builder.push_to([hash >> HASH_SHIFT, *index, 0, 0], &mut self.file)?;
        }
        builder.finish_to(&mut self.file, "hashes")?;
        self.file.section("blocks", &heads)?;
        let bytes: Vec<u8> = bloom
            .words
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        self.file.section("bloom", &bytes)?;
        if let Some(facts) = self.facts.bytes() {
            self.file.section("facts", &facts)?;
        }
        self.file.section("learnt", &self.learnt)?;
        self.file
            .finish(serde_json::json!({"first": self.first, "count": self.count}))
            .map(drop)
    }
}

/// The compression dictionary for texts given by place; empty when there are too few to learn from.
pub(crate) fn learn<'a>(len: usize, text: impl Fn(usize) -> (&'a [u8], u32)) -> Arc<[u8]> {
    let blocks = len / BLOCK_TEXTS;
    if blocks < 16 {
        return Arc::default();
    }
    let mut samples = Vec::new();
    let mut sizes = Vec::new();
    let mut raw = Vec::new();
    for sample in 0..blocks.min(SAMPLE_BLOCKS) {
        let block = sample * blocks / blocks.min(SAMPLE_BLOCKS);
        let texts: Vec<_> = (block * BLOCK_TEXTS..(block + 1) * BLOCK_TEXTS)
            .map(&text)
            .collect();
        TextBlock::pack(&texts, &mut raw);
        // A few very long texts teach nothing.
        if raw.len() <= 64 << 10 {
            samples.extend_from_slice(&raw);
            sizes.push(raw.len());
        }
    }
    match zstd::dict::from_continuous(&samples, &sizes, LEARNT_BYTES) {
        Ok(learnt) => learnt.into(),
        Err(_) => Arc::default(),
    }
}

impl Terms {
    /// The compression dictionary its blocks are packed with.
    pub(crate) fn learnt(&self) -> &Arc<[u8]> {
        &self.learnt
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn write(dir: &Path, number: u64, first: u64, texts: &[Vec<u8>], learnt: Arc<[u8]>) -> Terms {
        let mut writer =
            TermsWriter::create(&Terms::path(dir, number), 7, first, learnt).expect("create");
        writer
            .texts(texts.len(), |at| (&texts[at], at as u32))
            .expect("write");
        writer.finish().expect("finish");
        Terms::open(dir, number, &Shared::new(1 << 16)).expect("open")
    }

    fn check(terms: &Terms, texts: &[Vec<u8>]) -> Result<(), TestCaseError> {
        for (at, text) in texts.iter().enumerate() {
            let mut out = Vec::new();
            terms.write_text(at as u64, &mut out);
            prop_assert_eq!(&out, text);
            prop_assert_eq!(
                terms.find(hash_of(7, text), text),
                Some(terms.first + at as u64)
            );
        }
        prop_assert_eq!(terms.find(hash_of(7, b"absent"), b"absent"), None);
        prop_assert_eq!(terms.check(7), Ok(()));
        Ok(())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn texts_come_back_and_are_found(texts in prop::collection::btree_set("[a-z/#é]{0,40}", 2..1500), cut in 1..1500_usize,
                                         same in any::<bool>()) {
            let texts: Vec<Vec<u8>> = texts.into_iter().map(String::into_bytes).filter(|t| t != b"absent").collect();
            let cut = cut.min(texts.len() - 1);
            let dir = tempfile::tempdir().expect("a folder");
            let learnt = learn(texts.len(), |at| (&texts[at][..], at as u32));
            let first = write(dir.path(), 1, 100, &texts[..cut], Arc::clone(&learnt));
            let other = if same { learnt.clone() } else { Arc::default() };
            let second = write(dir.path(), 2, 100 + cut as u64, &texts[cut..], other);
            check(&first, &texts[..cut])?;
            check(&second, &texts[cut..])?;
            let mut writer = TermsWriter::create(&Terms::path(dir.path(), 3), 7, 100, learnt).expect("create");
            writer.join(&first).expect("join");
            writer.join(&second).expect("join");
            writer.finish().expect("finish");
            check(&Terms::open(dir.path(), 3, &Shared::new(1 << 16)).expect("open"), &texts)?;
        }
    }
}
