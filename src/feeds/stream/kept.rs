//! The members of one stream in the order they came, in a file of blocks and a file of those that wait for a full block;
//! in memory for a registry without a folder. A cache: everything in it can be made anew from the log.
//!
//! Written by one thread. Readers see whole commits only, and read blocks without keeping the writer from anything.

use super::block::{self, Entry, HEAD, Head, MEMBERS, Member};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

const BLOCKS: &str = "blocks";
const WAITING: &str = "waiting";
/// A file beside the others while members that there should be are not there.
const REMOVED: &str = "removed";

/// What is known of a block without reading it.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockAt {
    offset: u64,
    size: usize,
    /// Commits and moments of its first and last member.
    pub(super) commits: (u64, u64),
    pub(super) moments: (i64, i64),
}

/// Where blocks lie.
enum Place {
    Files {
        folder: PathBuf,
        blocks: Arc<File>,
        waiting: File,
    },
    Memory(RwLock<Vec<Arc<[u8]>>>),
}

/// The members of a stream.
pub(super) struct Kept {
    place: Place,
    shared: RwLock<Shared>,
    /// Whether it has no members because the administrator does not want it.
    is_off: AtomicBool,
}

#[derive(Default)]
struct Shared {
    blocks: Vec<BlockAt>,
    /// Members after the last block.
    waiting: Vec<Member>,
    /// How many members readers see: those of whole commits.
    visible: u64,
    /// How many of the waiting are in the file.
    written: usize,
}

impl Shared {
    fn len(&self) -> u64 {
        (self.blocks.len() * MEMBERS + self.waiting.len()) as u64
    }
}

impl Kept {
    pub(super) fn in_memory() -> Self {
        Self {
            place: Place::Memory(RwLock::default()),
            shared: RwLock::default(),
            is_off: AtomicBool::new(false),
        }
    }

    /// Opens what a folder has of the commits up to `reached`; what came later is dropped and will come again.
    pub(super) fn open(folder: &Path, reached: u64) -> io::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let open = |name: &str| {
            let mut options = File::options();
            options.read(true).write(true).create(true).truncate(false);
            options.open(folder.join(name))
        };
        let (blocks_file, mut waiting_file) = (open(BLOCKS)?, open(WAITING)?);
        let (mut blocks, mut end) = (Vec::new(), 0);
        let mut waiting = Vec::new();
        while let Some(found) = block_at(&blocks_file, end)? {
            if found.commits.1 > reached {
                if found.commits.0 <= reached {
                    waiting = block::unpack(&read_block(&blocks_file, &found)?)?;
                }
                break;
            }
            end += found.size as u64;
            blocks.push(found);
        }
        blocks_file.set_len(end)?;
        if waiting.is_empty() {
            let mut bytes = Vec::new();
            waiting_file.read_to_end(&mut bytes)?;
            let mut next = (blocks.len() * MEMBERS) as u64;
            for (number, member) in block::read_singles(&bytes) {
                if number == next {
                    next += 1;
                    waiting.push(member);
                }
            }
        }
        waiting.retain(|member: &Member| member.entry.commit <= reached);
        let kept = Self {
            place: Place::Files {
                folder: folder.to_owned(),
                blocks: Arc::new(blocks_file),
                waiting: waiting_file,
            },
            shared: RwLock::default(),
            is_off: AtomicBool::new(false),
        };
        {
            let mut shared = kept.shared.write().unwrap_or_else(PoisonError::into_inner);
            (shared.blocks, shared.waiting) = (blocks, waiting);
            shared.visible = shared.len();
        }
        kept.rewrite_waiting()?;
        Ok(kept)
    }

    /// Removes the files of a stream.
    pub(super) fn remove(folder: &Path) -> io::Result<()> {
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn shared(&self) -> std::sync::RwLockReadGuard<'_, Shared> {
        self.shared.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the files of a stream were emptied and it should have members again.
    pub(super) fn was_removed(folder: &Path) -> bool {
        folder.join(REMOVED).exists()
    }

    /// Whether it takes no members.
    pub(super) fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Acquire)
    }

    /// Drops all members and takes no more.
    pub(super) fn switch_off(&self) -> io::Result<()> {
        self.is_off.store(true, Ordering::Release);
        if let Place::Files { folder, .. } = &self.place {
            File::create(folder.join(REMOVED))?.sync_all()?;
        }
        self.empty()
    }

    /// Takes members again; all of them have to come again.
    pub(super) fn switch_on(&self) {
        self.is_off.store(false, Ordering::Release);
    }

    /// Number of members that readers see.
    pub(super) fn len(&self) -> u64 {
        self.shared().visible
    }

    /// Adds a member; readers do not see it yet.
    pub(super) fn push(&self, member: Member) -> io::Result<()> {
        if self.is_off() {
            return Ok(());
        }
        let full = {
            let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
            shared.waiting.push(member);
            if shared.waiting.len() < MEMBERS {
                return Ok(());
            }
            shared.waiting.clone()
        };
        let packed = block::pack(&full)?;
        let (first, last) = (full[0].entry, full[full.len() - 1].entry);
        let offset = match self.shared().blocks.last() {
            Some(last) => last.offset + last.size as u64,
            None => 0,
        };
        let at = BlockAt {
            offset,
            size: packed.len(),
            commits: (first.commit, last.commit),
            moments: (first.moment, last.moment),
        };
        match &self.place {
            Place::Files { blocks, .. } => blocks.write_all_at(&packed, offset)?,
            Place::Memory(blocks) => {
                let mut blocks = blocks.write().unwrap_or_else(PoisonError::into_inner);
                blocks.push(packed.into());
            }
        }
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        shared.blocks.push(at);
        shared.waiting.clear();
        // None of those that wait now is in the file.
        shared.written = usize::MAX;
        Ok(())
    }

    /// Shows readers what was added.
    pub(super) fn publish(&self) -> io::Result<()> {
        let (written, len) = {
            let shared = self.shared();
            if shared.visible == shared.len() {
                return Ok(());
            }
            (shared.written, shared.waiting.len())
        };
        if written > len {
            self.rewrite_waiting()?;
        } else if let Place::Files { waiting, .. } = &self.place {
            let (mut bytes, at) = (Vec::new(), waiting.metadata()?.len());
            let shared = self.shared();
            let first = (shared.blocks.len() * MEMBERS) as u64;
            for (number, member) in (first..).zip(&shared.waiting).skip(written) {
                block::write_single(number, member, &mut bytes);
            }
            drop(shared);
            waiting.write_all_at(&bytes, at)?;
        }
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        shared.written = shared.waiting.len();
        shared.visible = shared.len();
        Ok(())
    }

    /// Writes the file of those that wait anew.
    fn rewrite_waiting(&self) -> io::Result<()> {
        let mut bytes = Vec::new();
        {
            let shared = self.shared();
            let first = (shared.blocks.len() * MEMBERS) as u64;
            for (number, member) in (first..).zip(&shared.waiting) {
                block::write_single(number, member, &mut bytes);
            }
        }
        if let Place::Files { waiting, .. } = &self.place {
            waiting.set_len(0)?;
            waiting.write_all_at(&bytes, 0)?;
        }
        let mut shared = self.shared.write().unwrap_or_else(PoisonError::into_inner);
        shared.written = shared.waiting.len();
        Ok(())
    }

    /// Drops all members, before all of them come again.
    pub(super) fn clear(&self) -> io::Result<()> {
        self.empty()?;
        match &self.place {
            Place::Files { folder, .. } if !self.is_off() => {
                match std::fs::remove_file(folder.join(REMOVED)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn empty(&self) -> io::Result<()> {
        match &self.place {
            Place::Files {
                blocks, waiting, ..
            } => {
                blocks.set_len(0)?;
                waiting.set_len(0)?;
            }
            Place::Memory(blocks) => {
                blocks
                    .write()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clear();
            }
        }
        *self.shared.write().unwrap_or_else(PoisonError::into_inner) = Shared::default();
        Ok(())
    }

    /// Writes what is in the files through to the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        match &self.place {
            Place::Files {
                blocks, waiting, ..
            } => {
                blocks.sync_data()?;
                waiting.sync_data()
            }
            Place::Memory(_) => Ok(()),
        }
    }

    /// The bytes of a block, and the members after the last one when the block is not full yet.
    pub(super) fn part(&self, block: usize) -> io::Result<Part> {
        let at = {
            let shared = self.shared();
            match shared.blocks.get(block) {
                Some(at) => *at,
                None => {
                    let first = shared.blocks.len() * MEMBERS;
                    let seen = usize::try_from(shared.visible).unwrap_or(usize::MAX);
                    let seen = seen.saturating_sub(first).min(shared.waiting.len());
                    return Ok(Part::Waiting(shared.waiting[..seen].to_vec()));
                }
            }
        };
        match &self.place {
            Place::Files { blocks, .. } => Ok(Part::Block(read_block(blocks, &at)?.into())),
            Place::Memory(blocks) => {
                let blocks = blocks.read().unwrap_or_else(PoisonError::into_inner);
                Ok(Part::Block(Arc::clone(&blocks[block])))
            }
        }
    }

    /// Appends the texts of members `from` to `to`, the latter not included, one after the other.
    pub(super) fn write_texts(&self, from: u64, to: u64, out: &mut Vec<u8>) -> io::Result<()> {
        self.each_part(from, to, &mut |part, skip, take| match part {
            Part::Waiting(members) => {
                for member in members.iter().skip(skip).take(take) {
                    out.extend_from_slice(&member.text);
                }
                Ok(())
            }
            Part::Block(bytes) => {
                let head = Head::read(&bytes)?;
                let body = &bytes[HEAD..];
                let texts = head.texts(body)?;
                if (skip, take) == (0, MEMBERS) {
                    out.extend(texts);
                    return Ok(());
                }
                let entries = head.entries(body)?;
                let size = |entries: &[Entry]| entries.iter().map(|e| e.text as usize).sum();
                let first: usize = size(&entries[..skip]);
                let length: usize = size(&entries[skip..(skip + take).min(entries.len())]);
                out.extend_from_slice(&texts[first..first + length]);
                Ok(())
            }
        })
    }

    /// What is known of members `from` to `to`, the latter not included.
    pub(super) fn entries(&self, from: u64, to: u64) -> io::Result<Vec<Entry>> {
        let mut found = Vec::new();
        self.each_part(from, to, &mut |part, skip, take| {
            let entries = match part {
                Part::Waiting(members) => members.iter().map(|member| member.entry).collect(),
                Part::Block(bytes) => Head::read(&bytes)?.entries(&bytes[HEAD..])?,
            };
            found.extend(entries.into_iter().skip(skip).take(take));
            Ok(())
        })?;
        Ok(found)
    }

    /// Members `from` to `to`, the latter not included.
    pub(super) fn members(&self, from: u64, to: u64) -> io::Result<Vec<Member>> {
        let mut found = Vec::new();
        self.each_part(from, to, &mut |part, skip, take| {
            let members = match part {
                Part::Waiting(members) => members,
                Part::Block(bytes) => block::unpack(&bytes)?,
            };
            found.extend(members.into_iter().skip(skip).take(take));
            Ok(())
        })?;
        Ok(found)
    }

    /// Hands out the parts that members lie in, each with how many members to pass over and to take.
    fn each_part(
        &self,
        from: u64,
        to: u64,
        take: &mut dyn FnMut(Part, usize, usize) -> io::Result<()>,
    ) -> io::Result<()> {
        let size = MEMBERS as u64;
        let mut at = from;
        let to = to.min(self.len());
        while at < to {
            let (number, skip) = (at / size, at % size);
            let count = (size - skip).min(to - at);
            let part = self.part(usize::try_from(number).unwrap_or(usize::MAX))?;
            take(part, skip as usize, count as usize)?;
            at += count;
        }
        Ok(())
    }

    /// Commits and moments of the first and last of members `from` to `to`, without reading blocks where both are ends of
    /// blocks.
    pub(super) fn ends(&self, from: u64, to: u64) -> io::Result<Option<(Entry, Entry)>> {
        if from >= to {
            return Ok(None);
        }
        let first = self.entries(from, from + 1)?;
        let last = self.entries(to - 1, to)?;
        Ok(first.first().copied().zip(last.last().copied()))
    }

    /// Moments of the first and last of members `from` to `to`, read off what is in memory where blocks begin and end there.
    pub(super) fn moments(&self, from: u64, to: u64) -> io::Result<Option<(i64, i64)>> {
        if from >= to {
            return Ok(None);
        }
        let size = MEMBERS as u64;
        let place = |number: u64| usize::try_from(number / size).unwrap_or(usize::MAX);
        let (first, last) = {
            let shared = self.shared();
            let moments = |number| shared.blocks.get(place(number)).map(|block| block.moments);
            let first = moments(from).filter(|_| from.is_multiple_of(size));
            let last = moments(to - 1).filter(|_| to.is_multiple_of(size));
            (first.map(|(first, _)| first), last.map(|(_, last)| last))
        };
        if let (Some(first), Some(last)) = (first, last) {
            return Ok(Some((first, last)));
        }
        let ends = self.ends(from, to)?;
        Ok(ends.map(|(first, last)| (first.moment, last.moment)))
    }

    /// The number of the first member of a commit not before `commit`.
    pub(super) fn first_of(&self, commit: u64) -> io::Result<u64> {
        let block = {
            let shared = self.shared();
            shared
                .blocks
                .partition_point(|block| block.commits.1 < commit)
        };
        let from = (block * MEMBERS) as u64;
        let entries = self.entries(from, from + MEMBERS as u64)?;
        let place = entries.partition_point(|entry| entry.commit < commit);
        Ok(from + place as u64)
    }
}

/// Where members are read from.
pub(super) enum Part {
    Block(Arc<[u8]>),
    Waiting(Vec<Member>),
}

fn read_block(file: &File, at: &BlockAt) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; at.size];
    file.read_exact_at(&mut bytes, at.offset)?;
    Ok(bytes)
}

/// The block at a place of the file; `None` where there is no whole one.
fn block_at(file: &File, offset: u64) -> io::Result<Option<BlockAt>> {
    let mut head = [0; HEAD];
    let found = match file.read_exact_at(&mut head, offset) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read.and_then(|()| Head::read(&head)),
    };
    let Ok(head) = found else {
        return Ok(None);
    };
    if offset + head.size() as u64 > file.metadata()?.len() {
        return Ok(None);
    }
    let mut entries = vec![0; head.entries_size()];
    file.read_exact_at(&mut entries, offset + HEAD as u64)?;
    let Ok(entries) = head.entries(&entries) else {
        return Ok(None);
    };
    let ends = entries.first().zip(entries.last());
    Ok(ends.map(|(first, last)| BlockAt {
        offset,
        size: head.size(),
        commits: (first.commit, last.commit),
        moments: (first.moment, last.moment),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::block::tests::member;
    use super::*;

    fn texts(kept: &Kept, from: u64, to: u64) -> Vec<u8> {
        let mut out = Vec::new();
        kept.write_texts(from, to, &mut out).expect("reads");
        out
    }

    #[test]
    fn members_are_read_back_and_survive_a_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let stores = [
            Kept::in_memory(),
            Kept::open(folder.path(), 0).expect("opens"),
        ];
        let all: Vec<Member> = (0..187).map(|n| member(1 + n / 4, n)).collect();
        for kept in &stores {
            for (n, member) in all.iter().enumerate() {
                kept.push(member.clone()).expect("keeps");
                if n % 4 == 3 {
                    kept.publish().expect("publishes");
                    assert_eq!(kept.len(), n as u64 + 1);
                }
            }
            // The last three are of a commit that was not finished.
            assert_eq!(kept.len(), 184);
            for (from, to) in [
                (0, 184),
                (3, 3),
                (49, 51),
                (50, 100),
                (120, 184),
                (180, 500),
            ] {
                let expected = &all[from as usize..184.min(to as usize)];
                assert_eq!(kept.members(from, to).expect("reads"), expected);
                let joined: Vec<u8> = expected.iter().flat_map(|m| m.text.to_vec()).collect();
                assert_eq!(texts(kept, from, to), joined);
            }
            assert_eq!(kept.first_of(1).expect("reads"), 0);
            assert_eq!(kept.first_of(20).expect("reads"), 76);
            assert_eq!(kept.first_of(1000).expect("reads"), 184);
            assert_eq!(kept.moments(50, 150).expect("reads"), Some((1013, 1038)));
        }
        drop(stores);
        for reached in [46, 40, 13, 0] {
            let kept = Kept::open(folder.path(), reached).expect("opens");
            let expected: Vec<Member> = all[..184]
                .iter()
                .filter(|member| member.entry.commit <= reached)
                .cloned()
                .collect();
            assert_eq!(kept.members(0, 1000).expect("reads"), expected, "{reached}");
        }
        let kept = Kept::open(folder.path(), 100).expect("opens");
        assert_eq!(kept.len(), 0);
    }
}
