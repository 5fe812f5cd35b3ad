//! Texts of the dictionary that are on disk: packed in order of arrival, found by hash.
//! Ids are given out in order of arrival and never change, so files can be joined without touching any row of the index.
//! Does not know what the texts mean.
//!
//! A file holds blocks of 64 texts, compressed with a dictionary learnt from them; a run of (hash, index) that leads from a
//! text to its id; a Bloom filter, so that a text that is not here costs no read; and a column of facts, so that asking what
//! kind of literal an id is costs none either.

mod block;
mod bloom;
mod write;

use crate::store::facts::Facts;
use crate::store::parts::Extras;
use crate::store::run::Run;
use crate::store::segment::{Place, SegmentFile, Shared};
use std::fmt;
use std::io;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use zstd::bulk::Decompressor;

pub(crate) use self::block::TextBlock;
use self::block::recent;
use self::bloom::Bloom;
pub(crate) use self::write::{TermsWriter, learn};

/// Kind written into the files.
const TERMS_KIND: &str = "terms";
const BLOCK_TEXTS: usize = 64;
/// Longest block, unpacked: 64 texts of the greatest length `ingest` lets in, with room to spare.
const MAX_BLOCK_BYTES: usize = 1 << 30;
/// Bits of a hash that the hash run keeps: few enough to pack well, enough to send almost no text astray.
const HASH_SHIFT: u32 = 20;

/// Hash of a canonical text. The seed is drawn for each data folder, so that nobody can choose texts that collide.
pub(crate) fn hash_of(seed: u64, key: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64_with_seed(key, seed)
}

/// Place of a block and the index of its first text, counted from the file's first.
#[derive(Clone, Copy)]
struct BlockHead {
    first: u64,
    place: Place,
}

const BLOCK_HEAD_BYTES: usize = 24;

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
