//! A block of texts as it is unpacked, and the few that a thread had last. Does not read files.

/// An unpacked block of texts.
pub(crate) struct TextBlock {
    bytes: Vec<u8>,
    /// Start of each text, and the end of the last.
    starts: Vec<u32>,
    pub(super) meta: Vec<u32>,
}

impl TextBlock {
    pub(super) fn text(&self, at: usize) -> &[u8] {
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
    pub(super) fn pack(texts: &[(&[u8], u32)], out: &mut Vec<u8>) {
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

    pub(super) fn unpack(mut bytes: Vec<u8>) -> Option<Self> {
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

/// The blocks a thread asked for last: texts that are read one after the other lie in few of them, and asking the cache that
/// all threads share costs more than the copy of a short text.
pub(super) mod recent {
    use super::TextBlock;
    use std::cell::RefCell;
    use std::sync::Arc;

    /// Number of the file among all that this process opened, and place of the block.
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
    pub(in crate::store::terms) fn block(
        key: Key,
        fetch: impl FnOnce() -> Arc<TextBlock>,
    ) -> Arc<TextBlock> {
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
