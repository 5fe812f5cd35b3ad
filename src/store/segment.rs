//! Files of the derived index: named sections written once, never changed, each with a checksum, found by a footer.
//! Does not know what sections hold. Reads by position; several readers share one open file and a bounded cache.
//!
//! ```text
//! head    "oslo-segment001\n"
//! data    sections and blocks, one after the other
//! footer  JSON: kind, sections (name → offset, bytes, crc32c), facts
//! tail    footer bytes u32 LE | crc32c of the footer u32 LE | "oslo-end"
//! ```

use crate::store::block::Block;
use crate::store::derived::Demand;
use crate::store::fault;
use crate::store::terms::TextBlock;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

const MAGIC: &[u8; 16] = b"oslo-segment001\n";
const END: &[u8; 8] = b"oslo-end";
const TAIL_BYTES: u64 = 16;
const BUFFER_BYTES: usize = 1 << 20;
/// What a large file may leave unwritten in the page cache, so that its last fsync holds nobody up.
const SYNC_EVERY_BYTES: u64 = 32 << 20;

/// Where bytes lie in a file, and their checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    pub(crate) bytes: u32,
    pub(crate) crc: u32,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Footer {
    kind: String,
    sections: BTreeMap<String, Vec<Place>>,
    facts: serde_json::Value,
}

/// A stored part that could not be read or is not what was written. Reading unwinds with it, so that no answer is made of
/// wrong or missing rows; whoever runs a query or a request catches it.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// File, place and what is wrong, in one sentence.
    pub message: String,
}

impl Unreadable {
    /// Runs work that reads the index, and gives what unwound it.
    ///
    /// # Errors
    /// The part that could not be read. Any other panic goes on.
    pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, Self> {
        // What the work leaves half done is its caller's to drop; shared state is only ever replaced whole.
        catch_unwind(AssertUnwindSafe(work)).map_err(|panic| match panic.downcast::<Self>() {
            Ok(unreadable) => *unreadable,
            Err(panic) => resume_unwind(panic),
        })
    }

    /// Runs work that reads the index and may fail; a part that cannot be read is one more way to fail.
    ///
    /// # Errors
    /// What the work returns, or [`io::ErrorKind::InvalidData`].
    pub(crate) fn as_error<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        Self::caught(work).unwrap_or_else(|unreadable| {
            Err(io::Error::new(
                io::ErrorKind::InvalidData,
                unreadable.message,
            ))
        })
    }
}

/// What all files of one store share: caches, and what was found damaged.
pub(crate) struct Shared {
    blocks: Cache<(u64, u64), Arc<Block>, Weight>,
    pub(crate) texts: Cache<(u64, u64), Arc<TextBlock>, Weight>,
    /// Pages of files derived from texts.
    pub(crate) pages: Cache<(u64, u64), Arc<[u8]>, Weight>,
    /// What queries ask of the thread that makes such files.
    pub(crate) demand: Demand,
    damage: Mutex<Option<String>>,
}

#[derive(Clone)]
pub(crate) struct Weight;

impl Weighter<(u64, u64), Arc<Block>> for Weight {
    fn weight(&self, _: &(u64, u64), block: &Arc<Block>) -> u64 {
        block.size_bytes() as u64
    }
}

impl Weighter<(u64, u64), Arc<TextBlock>> for Weight {
    fn weight(&self, _: &(u64, u64), block: &Arc<TextBlock>) -> u64 {
        block.size_bytes() as u64
    }
}

impl Weighter<(u64, u64), Arc<[u8]>> for Weight {
    fn weight(&self, _: &(u64, u64), page: &Arc<[u8]>) -> u64 {
        (page.len() + 64) as u64
    }
}

impl Shared {
    /// Caches of at most `cache_bytes` together, half for rows and half for texts and what is derived from them: a resource's
    /// rows lie in one block, its texts in some.
    pub(crate) fn new(cache_bytes: u64) -> Arc<Self> {
        let (blocks, pages) = (cache_bytes / 2, cache_bytes / 8);
        let texts = cache_bytes - blocks - pages;
        Arc::new(Self {
            blocks: Cache::with_weighter((blocks / 4096) as usize, blocks, Weight),
            texts: Cache::with_weighter((texts / 8192) as usize, texts, Weight),
            // Vocabularies are read whole: few shards, so that large ones find room.
            pages: Cache::with_weighter((pages >> 20).max(64) as usize, pages, Weight),
            demand: Demand::default(),
            damage: Mutex::new(None),
        })
    }

    /// Takes note of damage; the first counts.
    pub(crate) fn note_damage(&self, message: &str) {
        self.damage
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert_with(|| message.to_owned());
    }

    /// The first damage met since the store was opened.
    pub(crate) fn damage(&self) -> Option<String> {
        self.damage
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// A number that no other file opened by this process has.
fn next_file() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// An open file.
pub(crate) struct SegmentFile {
    path: PathBuf,
    file: File,
    /// Unique among the files opened by this process; keys of the caches.
    id: u64,
    /// Bytes of the file, and the checksum of its footer.
    identity: (u64, u32),
    footer: Footer,
    shared: Arc<Shared>,
}

impl SegmentFile {
    /// Opens a file of a kind and reads its footer.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] with a sentence when the file is not whole, another kind or another version.
    pub(crate) fn open(path: &Path, kind: &str, shared: &Arc<Shared>) -> io::Result<Arc<Self>> {
        let wrong = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        if bytes < MAGIC.len() as u64 + TAIL_BYTES {
            return Err(wrong("the file is cut short"));
        }
        let mut head = [0; MAGIC.len()];
        file.read_exact_at(&mut head, 0)?;
        if head != *MAGIC {
            return Err(wrong("the file is not an index segment of this version"));
        }
        let mut tail = [0; TAIL_BYTES as usize];
        file.read_exact_at(&mut tail, bytes - TAIL_BYTES)?;
        let number =
            |at: usize| u32::from_le_bytes([tail[at], tail[at + 1], tail[at + 2], tail[at + 3]]);
        let (length, crc) = (u64::from(number(0)), number(4));
        if tail[8..] != *END || length + TAIL_BYTES + MAGIC.len() as u64 > bytes {
            return Err(wrong("the file is cut short"));
        }
        let mut text = vec![0; length as usize];
        file.read_exact_at(&mut text, bytes - TAIL_BYTES - length)?;
        if crc32c::crc32c(&text) != crc {
            return Err(wrong("the checksum of the footer does not match"));
        }
        let footer: Footer =
            serde_json::from_slice(&text).map_err(|_| wrong("the footer cannot be read"))?;
        if footer.kind != kind {
            return Err(wrong("the file is an index segment of another kind"));
        }
        Ok(Arc::new(Self {
            path: path.to_owned(),
            file,
            id: next_file(),
            identity: (bytes, crc),
            footer,
            shared: Arc::clone(shared),
        }))
    }

    /// The file's path when it was opened.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Length of the file and checksum of its footer: what tells it from others of its kind.
    pub(crate) fn identity(&self) -> (u64, u32) {
        self.identity
    }

    /// The places of a section in their order; none when there is no section of that name.
    pub(crate) fn places(&self, name: &str) -> &[Place] {
        self.footer.sections.get(name).map_or(&[], Vec::as_slice)
    }

    /// What the writer noted.
    pub(crate) fn facts(&self) -> &serde_json::Value {
        &self.footer.facts
    }

    /// What all files of the store share.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Key of a block of this file in the shared caches.
    pub(crate) fn key(&self, offset: u64) -> (u64, u64) {
        (self.id, offset)
    }

    /// A whole section; `None` when the file has none of that name.
    ///
    /// # Errors
    /// When it cannot be read or its checksum does not match.
    pub(crate) fn section(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let Some(places) = self.footer.sections.get(name) else {
            return Ok(None);
        };
        let mut out = Vec::with_capacity(places.iter().map(|p| p.bytes as usize).sum());
        for place in places {
            out.extend_from_slice(&self.read(*place)?);
        }
        Ok(Some(out))
    }

    /// Reads every section and checks it; blocks are checked by those who read them.
    ///
    /// # Errors
    /// When one cannot be read or its checksum does not match; the message names the section.
    pub(crate) fn check_sections(&self) -> io::Result<()> {
        for (name, places) in &self.footer.sections {
            for place in places {
                self.read(*place).map_err(|error| {
                    io::Error::new(error.kind(), format!("section {name}: {error}"))
                })?;
            }
        }
        Ok(())
    }

    /// Reads bytes and checks them.
    ///
    /// # Errors
    /// When they cannot be read or the checksum does not match.
    pub(crate) fn read(&self, place: Place) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; place.bytes as usize];
        self.file.read_exact_at(&mut bytes, place.offset)?;
        if crc32c::crc32c(&bytes) != place.crc {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!(
                    "the checksum of the block at byte {} does not match",
                    place.offset
                ),
            ));
        }
        Ok(bytes)
    }

    /// Reads a block of rows past the cache.
    ///
    /// # Errors
    /// When it cannot be read or is not what was written.
    pub(crate) fn read_block(&self, place: Place) -> io::Result<Block> {
        let bytes = self.read(place)?;
        let words = bytes
            .as_chunks::<8>()
            .0
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .collect();
        Block::read(words).ok_or_else(|| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("the block at byte {} cannot be unpacked", place.offset),
            )
        })
    }

    /// A block of rows, kept for the next reader if `keep`. Unwinds with [`Unreadable`] when it cannot be read.
    pub(crate) fn block(&self, place: Place, keep: bool) -> Arc<Block> {
        let key = self.key(place.offset);
        if let Some(block) = self.shared.blocks.get(&key) {
            return block;
        }
        match self.read_block(place) {
            Ok(block) => {
                let block = Arc::new(block);
                if keep {
                    self.shared.blocks.insert(key, Arc::clone(&block));
                }
                block
            }
            Err(error) => self.unreadable(&error),
        }
    }

    /// Notes the damage and unwinds to whoever runs the query or request.
    pub(crate) fn unreadable(&self, error: &io::Error) -> ! {
        let message = format!("{}: {error}", self.path.display());
        tracing::error!(%message, "A part of the index cannot be read; `oslo rebuild` makes it anew from the log");
        self.shared.note_damage(&message);
        resume_unwind(Box::new(Unreadable { message }))
    }
}

/// A file being written; it gets its name only when it is whole and durable.
pub(crate) struct SegmentWriter {
    path: PathBuf,
    temporary: PathBuf,
    file: File,
    buffer: Vec<u8>,
    offset: u64,
    unsynced: u64,
    footer: Footer,
    finished: bool,
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        if !self.finished {
            // What cannot be removed now is removed at the next start.
            let _ = std::fs::remove_file(&self.temporary);
        }
    }
}

impl SegmentWriter {
    /// Starts a file.
    ///
    /// # Errors
    /// When it cannot be created.
    pub(crate) fn create(path: &Path, kind: &str) -> io::Result<Self> {
        fault::reach("segment.create")?;
        let temporary = path.with_extension("new");
        let file = File::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&temporary)?;
        let mut writer = Self {
            path: path.to_owned(),
            temporary,
            file,
            buffer: Vec::with_capacity(BUFFER_BYTES + (64 << 10)),
            offset: 0,
            unsynced: 0,
            footer: Footer {
                kind: kind.to_owned(),
                ..Footer::default()
            },
            finished: false,
        };
        writer.put(MAGIC)?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        self.offset += bytes.len() as u64;
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        fault::write_all("segment.write", &mut self.file, &self.buffer)?;
        self.unsynced += self.buffer.len() as u64;
        self.buffer.clear();
        if self.unsynced >= SYNC_EVERY_BYTES {
            fault::sync("segment.sync", &self.file)?;
            self.unsynced = 0;
        }
        Ok(())
    }

    /// Appends bytes and says where they are.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<Place> {
        let place = Place {
            offset: self.offset,
            bytes: u32::try_from(bytes.len()).map_err(|_| io::ErrorKind::InvalidInput)?,
            crc: crc32c::crc32c(bytes),
        };
        self.put(bytes)?;
        Ok(place)
    }

    /// Appends a packed block.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn write_block(&mut self, block: &Block) -> io::Result<Place> {
        let bytes: Vec<u8> = block
            .words()
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        self.write(&bytes)
    }

    /// Appends a section of any length under a name.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(crate) fn section(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut places = Vec::new();
        for part in bytes.chunks(64 << 20) {
            places.push(self.write(part)?);
        }
        self.footer.sections.insert(name.to_owned(), places);
        Ok(())
    }

    /// Makes bytes that were written a section of a name.
    pub(crate) fn name_places(&mut self, name: &str, places: Vec<Place>) {
        self.footer.sections.insert(name.to_owned(), places);
    }

    /// Writes the footer, makes the file durable and gives it its name. The folder is not synced.
    ///
    /// # Errors
    /// When the file cannot be written or made durable; then only the temporary file is left.
    pub(crate) fn finish(mut self, facts: serde_json::Value) -> io::Result<u64> {
        self.footer.facts = facts;
        let text = serde_json::to_vec(&self.footer)?;
        let crc = crc32c::crc32c(&text);
        self.put(&text)?;
        self.put(&(text.len() as u32).to_le_bytes())?;
        self.put(&crc.to_le_bytes())?;
        self.put(END)?;
        self.flush()?;
        fault::sync("segment.sync", &self.file)?;
        fault::reach("segment.rename")?;
        std::fs::rename(&self.temporary, &self.path)?;
        self.finished = true;
        Ok(self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_come_back_and_every_flipped_bit_is_seen() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.seg");
        let mut writer = SegmentWriter::create(&path, "rows").expect("create");
        let place = writer.write(b"some bytes").expect("write");
        writer.section("one", &[7; 300]).expect("section");
        writer
            .finish(serde_json::json!({"rows": 3}))
            .expect("finish");
        let shared = Shared::new(1 << 20);
        let open = || SegmentFile::open(&path, "rows", &shared);
        let file = open().expect("open");
        assert_eq!(file.read(place).expect("read"), b"some bytes");
        assert_eq!(file.section("one").expect("read"), Some(vec![7; 300]));
        assert_eq!(file.section("two").expect("read"), None);
        assert_eq!(file.facts()["rows"], 3);
        assert!(SegmentFile::open(&path, "terms", &shared).is_err());
        let whole = std::fs::read(&path).expect("read");
        for at in 0..whole.len() {
            let mut flipped = whole.clone();
            flipped[at] ^= 1 << (at % 8);
            std::fs::write(&path, &flipped).expect("write");
            let seen = open()
                .and_then(|file| Ok((file.read(place)?, file.section("one")?)))
                .is_err();
            assert!(seen, "a flipped bit in byte {at} goes unnoticed");
        }
        for length in 0..whole.len() {
            std::fs::write(&path, &whole[..length]).expect("write");
            assert!(open().is_err(), "a file cut at {length} opens");
        }
    }
}
