//! Texts of the dictionary that are in memory, in order of arrival, with a hash table.
//! Does not know what the texts mean.

use crate::store::parts::Extras;
use crate::store::terms::hash_of;
use hashbrown::HashTable;

/// Texts given ids in order of arrival, never changed once sealed.
pub(crate) struct Layer {
    seed: u64,
    /// Dictionary index of the first text.
    pub(crate) first: u64,
    arena: Vec<u8>,
    /// End of each text in the arena.
    ends: Vec<u64>,
    /// well-formed bit (31) · datatype (15 bits) · language (16 bits).
    meta: Vec<u32>,
    table: HashTable<u32>,
    /// What is derived from these texts.
    pub(crate) extras: Extras,
}

impl Layer {
    /// An empty layer whose first text will have the dictionary index `first`.
    pub(crate) fn new(seed: u64, first: u64) -> Self {
        Self {
            seed,
            first,
            arena: Vec::new(),
            ends: Vec::new(),
            meta: Vec::new(),
            table: HashTable::new(),
            extras: Extras::default(),
        }
    }

    /// Gives back what was reserved and not used.
    pub(crate) fn shrink(&mut self) {
        self.arena.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.meta.shrink_to_fit();
    }

    /// Packed facts about the text of a place.
    pub(crate) fn meta(&self, local: usize) -> u32 {
        self.meta[local]
    }

    /// Bytes of memory held.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.arena.capacity()
            + self.ends.capacity() * 8
            + self.meta.capacity() * 4
            + self.table.capacity() * 5
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn text(&self, local: usize) -> &[u8] {
        let start = if local == 0 {
            0
        } else {
            self.ends[local - 1] as usize
        };
        &self.arena[start..self.ends[local] as usize]
    }

    pub(crate) fn find(&self, hash: u64, key: &[u8]) -> Option<u64> {
        self.table
            .find(hash, |&local| self.text(local as usize) == key)
            .map(|&local| self.first + u64::from(local))
    }

    pub(crate) fn push(&mut self, hash: u64, key: &[u8], meta: u32) -> u64 {
        let local = self.ends.len() as u32;
        self.arena.extend_from_slice(key);
        self.ends.push(self.arena.len() as u64);
        self.meta.push(meta);
        let Self {
            arena,
            ends,
            table,
            seed,
            ..
        } = self;
        table.insert_unique(hash, local, |&other| {
            let other = other as usize;
            let start = if other == 0 {
                0
            } else {
                ends[other - 1] as usize
            };
            hash_of(*seed, &arena[start..ends[other] as usize])
        });
        self.first + u64::from(local)
    }

    /// One layer holding the texts of `self` and then those of `next`, which follows directly.
    pub(crate) fn joined(&self, next: &Self) -> Self {
        let mut arena = Vec::with_capacity(self.arena.len() + next.arena.len());
        arena.extend_from_slice(&self.arena);
        arena.extend_from_slice(&next.arena);
        let seed = self.seed;
        let shift = self.arena.len() as u64;
        let ends: Vec<u64> = self
            .ends
            .iter()
            .copied()
            .chain(next.ends.iter().map(|e| e + shift))
            .collect();
        let meta: Vec<u32> = self.meta.iter().chain(&next.meta).copied().collect();
        let text = |local: u32| {
            let local = local as usize;
            let start = if local == 0 {
                0
            } else {
                ends[local - 1] as usize
            };
            &arena[start..ends[local] as usize]
        };
        let mut table = HashTable::with_capacity(ends.len());
        for local in 0..ends.len() as u32 {
            table.insert_unique(hash_of(seed, text(local)), local, |&other| {
                hash_of(seed, text(other))
            });
        }
        Self {
            seed,
            first: self.first,
            arena,
            ends,
            meta,
            table,
            extras: Extras::default(),
        }
    }
}
