//! A Bloom filter over hashes of texts: a text that is not in a file costs no read of it.

use super::HASH_SHIFT;

const BITS_PER_TEXT: usize = 10;
const BLOCK_WORDS: usize = 8;
const PROBES: u32 = 6;

/// A blocked Bloom filter: all bits of a text lie in one cache line.
pub(super) struct Bloom {
    pub(super) words: Vec<u64>,
}

impl Bloom {
    pub(super) fn for_texts(count: u64) -> Self {
        let blocks = (count as usize * BITS_PER_TEXT).div_ceil(512).max(1);
        Self {
            words: vec![0; blocks * BLOCK_WORDS],
        }
    }

    pub(super) fn bits(&self, hash: u64) -> (usize, impl Iterator<Item = (usize, u64)> + use<>) {
        // Only the bits the hash run keeps: files are joined from hash runs alone.
        let hash = hash >> HASH_SHIFT << HASH_SHIFT;
        let blocks = (self.words.len() / BLOCK_WORDS) as u64;
        let block = (((hash >> 32) * blocks) >> 32) as usize;
        let mixed = hash.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let bits = (0..PROBES).map(move |probe| {
            let bit = mixed >> (probe * 9) & 511;
            ((bit / 64) as usize, 1 << (bit % 64))
        });
        (block * BLOCK_WORDS, bits)
    }

    pub(super) fn insert(&mut self, hash: u64) {
        let (start, bits) = self.bits(hash);
        for (word, bit) in bits {
            self.words[start + word] |= bit;
        }
    }

    pub(super) fn may_hold(&self, hash: u64) -> bool {
        if self.words.is_empty() {
            return false;
        }
        let (start, mut bits) = self.bits(hash);
        bits.all(|(word, bit)| self.words[start + word] & bit != 0)
    }
}
