//! Writes files of texts: from texts in order of arrival, or from files that follow on one another.

use super::{
    BLOCK_HEAD_BYTES, BLOCK_TEXTS, BlockHead, Bloom, HASH_SHIFT, TERMS_KIND, Terms, TextBlock,
    hash_of,
};
use crate::store::facts::FactsBuilder;
use crate::store::run::RunBuilder;
use crate::store::segment::SegmentWriter;
use std::io;
use std::path::Path;
use std::sync::Arc;
use zstd::bulk::Compressor;

const LEVEL: i32 = 3;
const LEARNT_BYTES: usize = 16 << 10;
/// Blocks the compression dictionary is learnt from.
const SAMPLE_BLOCKS: usize = 256;

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
