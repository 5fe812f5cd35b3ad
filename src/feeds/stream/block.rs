//! Members of a stream as bytes: fifty of them packed, and one alone while fewer have come. Knows nothing of files.
//!
//! A block is `OSFB`, six numbers of 4 bytes (members, bytes of texts, of texts packed, of texts before, of those packed,
//! CRC-32C of what follows), the entries, the packed texts, the packed texts before. Numbers are little-endian.

use std::io;
use std::sync::Arc;

/// Members of a block.
pub(super) const MEMBERS: usize = 50;
const MAGIC: [u8; 4] = *b"OSFB";
/// Bytes of a block before its entries.
pub(super) const HEAD: usize = 28;
const ENTRY: usize = 40;
/// Texts are packed as fast as it goes: they repeat their names so much that more effort gains little.
const LEVEL: i32 = 1;
/// Bytes that the texts of one block may take: fifty documents of the largest size.
const MOST_BYTES: usize = 1 << 30;

/// What happened to an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It came.
    Create,
    /// It changed.
    Update,
    /// It went.
    Delete,
}

impl Kind {
    fn to_byte(self) -> u8 {
        match self {
            Self::Create => 1,
            Self::Update => 2,
            Self::Delete => 3,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Create),
            2 => Some(Self::Update),
            3 => Some(Self::Delete),
            _ => None,
        }
    }
}

/// What is known of a member without reading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the commit that made it.
    pub commit: u64,
    /// When, in milliseconds since 1970 UTC.
    pub moment: i64,
    /// Equal for members about one item; see [`super::item_number`].
    pub item: u64,
    /// What happened to the item.
    pub kind: Kind,
    /// Bytes of its text.
    pub(super) text: u32,
    /// Bytes of its text before.
    pub(super) before: u32,
}

impl Entry {
    /// One about an item, for tests of those who read no more of it.
    #[cfg(test)]
    pub(crate) fn for_tests(item: u64, kind: Kind) -> Self {
        Self {
            commit: 1,
            moment: 1,
            item,
            kind,
            text: 0,
            before: 0,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.commit.to_le_bytes());
        out.extend(self.moment.to_le_bytes());
        out.extend(self.item.to_le_bytes());
        out.extend(self.text.to_le_bytes());
        out.extend(self.before.to_le_bytes());
        out.extend([self.kind.to_byte(), 0, 0, 0, 0, 0, 0, 0]);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        Some(Self {
            commit: number64(bytes, 0)?,
            moment: number64(bytes, 8)?.cast_signed(),
            item: number64(bytes, 16)?,
            text: number32(bytes, 24)?,
            before: number32(bytes, 28)?,
            kind: Kind::of_byte(*bytes.get(32)?)?,
        })
    }
}

/// A member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// What is known of it besides.
    pub entry: Entry,
    /// Its statements as N-Quads, the activity first, then what the item says in a graph with the name of the member.
    pub text: Arc<[u8]>,
    /// What the item said before, in the same way; empty when it is new.
    pub before: Arc<[u8]>,
}

fn number32(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn number64(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

fn damaged() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a block of members is damaged")
}

/// The bytes of a block of members.
pub(super) fn pack(members: &[Member]) -> io::Result<Vec<u8>> {
    let (mut texts, mut before) = (Vec::new(), Vec::new());
    let mut body = Vec::with_capacity(members.len() * ENTRY);
    for member in members {
        member.entry.write(&mut body);
        texts.extend_from_slice(&member.text);
        before.extend_from_slice(&member.before);
    }
    let packed = zstd::bulk::compress(&texts, LEVEL)?;
    let packed_before = if before.is_empty() {
        Vec::new()
    } else {
        zstd::bulk::compress(&before, LEVEL)?
    };
    let sizes = [
        members.len(),
        texts.len(),
        packed.len(),
        before.len(),
        packed_before.len(),
    ];
    body.extend(packed);
    body.extend(packed_before);
    let mut block = Vec::with_capacity(HEAD + body.len());
    block.extend(MAGIC);
    for size in sizes {
        block.extend(u32::try_from(size).map_err(|_| damaged())?.to_le_bytes());
    }
    block.extend(crc32c::crc32c(&body).to_le_bytes());
    block.extend(body);
    Ok(block)
}

/// The head of a block, read: how many bytes the block takes, and what its parts take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    members: usize,
    texts: usize,
    packed: usize,
    before: usize,
    packed_before: usize,
    crc: u32,
}

impl Head {
    pub(super) fn read(bytes: &[u8]) -> io::Result<Self> {
        let size = |at| number32(bytes, at).map(|size| size as usize);
        let head = (|| {
            (bytes.get(..4)? == MAGIC).then_some(())?;
            Some(Self {
                members: size(4)?,
                texts: size(8)?,
                packed: size(12)?,
                before: size(16)?,
                packed_before: size(20)?,
                crc: number32(bytes, 24)?,
            })
        })();
        let is_sound = |head: &Self| {
            (1..=MEMBERS).contains(&head.members)
                && head.texts.max(head.before) <= MOST_BYTES
                && head.packed.max(head.packed_before) <= MOST_BYTES
        };
        head.filter(is_sound).ok_or_else(damaged)
    }

    /// Bytes of the block, head included.
    pub(super) fn size(&self) -> usize {
        HEAD + self.entries_size() + self.packed + self.packed_before
    }

    /// Bytes of the entries that follow.
    pub(super) fn entries_size(&self) -> usize {
        self.members * ENTRY
    }

    /// The entries among the bytes that follow the head.
    pub(super) fn entries(&self, body: &[u8]) -> io::Result<Vec<Entry>> {
        let entries = body.get(..self.entries_size()).ok_or_else(damaged)?;
        let entries = entries.chunks_exact(ENTRY).map(Entry::read);
        entries.collect::<Option<_>>().ok_or_else(damaged)
    }

    /// The texts of the members one after the other, from the bytes that follow the head.
    pub(super) fn texts(&self, body: &[u8]) -> io::Result<Vec<u8>> {
        if crc32c::crc32c(body) != self.crc {
            return Err(damaged());
        }
        let from = self.entries_size();
        let packed = body.get(from..from + self.packed).ok_or_else(damaged)?;
        let texts = zstd::bulk::decompress(packed, self.texts)?;
        (texts.len() == self.texts)
            .then_some(texts)
            .ok_or_else(damaged)
    }

    /// The texts before, likewise.
    pub(super) fn before(&self, body: &[u8]) -> io::Result<Vec<u8>> {
        if self.before == 0 {
            return Ok(Vec::new());
        }
        let from = self.entries_size() + self.packed;
        let packed = body.get(from..).ok_or_else(damaged)?;
        let texts = zstd::bulk::decompress(packed, self.before)?;
        (texts.len() == self.before)
            .then_some(texts)
            .ok_or_else(damaged)
    }
}

/// The members of a whole block.
pub(super) fn unpack(block: &[u8]) -> io::Result<Vec<Member>> {
    let head = Head::read(block)?;
    let body = block.get(HEAD..head.size()).ok_or_else(damaged)?;
    let (texts, before) = (head.texts(body)?, head.before(body)?);
    let (mut text_at, mut before_at) = (0, 0);
    let members = head.entries(body)?.into_iter().map(|entry| {
        let (text_to, before_to) = (
            text_at + entry.text as usize,
            before_at + entry.before as usize,
        );
        let member = Member {
            entry,
            text: texts.get(text_at..text_to)?.into(),
            before: before.get(before_at..before_to)?.into(),
        };
        (text_at, before_at) = (text_to, before_to);
        Some(member)
    });
    members.collect::<Option<_>>().ok_or_else(damaged)
}

/// Writes a member that waits for others: its number, its length and CRC, and itself.
pub(super) fn write_single(number: u64, member: &Member, out: &mut Vec<u8>) {
    let mut body = Vec::with_capacity(ENTRY + member.text.len() + member.before.len() + 8);
    body.extend(number.to_le_bytes());
    member.entry.write(&mut body);
    body.extend_from_slice(&member.text);
    body.extend_from_slice(&member.before);
    // A member is a document of bounded size, twice.
    let size = u32::try_from(body.len()).unwrap_or(u32::MAX);
    out.extend(size.to_le_bytes());
    out.extend(crc32c::crc32c(&body).to_le_bytes());
    out.extend(body);
}

/// Reads members that waited for others, with their numbers, up to where the bytes end or stop making sense.
pub(super) fn read_singles(mut bytes: &[u8]) -> Vec<(u64, Member)> {
    let mut members = Vec::new();
    while let Some(member) = read_single(&mut bytes) {
        members.push(member);
    }
    members
}

fn read_single(bytes: &mut &[u8]) -> Option<(u64, Member)> {
    let size = number32(bytes, 0)? as usize;
    let crc = number32(bytes, 4)?;
    let body = bytes.get(8..8 + size)?;
    if crc32c::crc32c(body) != crc {
        return None;
    }
    let entry = Entry::read(body.get(8..8 + ENTRY)?)?;
    let texts = &body[8 + ENTRY..];
    let (text, before) = texts.split_at_checked(entry.text as usize)?;
    let member = Member {
        entry,
        text: text.into(),
        before: (before.len() == entry.before as usize)
            .then_some(before)?
            .into(),
    };
    *bytes = &bytes[8 + size..];
    Some((number64(body, 0)?, member))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A member for tests.
    pub(in super::super) fn member(commit: u64, item: u64) -> Member {
        let text: Arc<[u8]> = format!("<m{commit}> <p> <{item}> .\n").into_bytes().into();
        let before: Arc<[u8]> = if item.is_multiple_of(3) {
            b"".as_slice()
        } else {
            b"old"
        }
        .into();
        Member {
            entry: Entry {
                commit,
                moment: 1000 + commit.cast_signed(),
                item,
                kind: [Kind::Create, Kind::Update, Kind::Delete][(item % 3) as usize],
                text: u32::try_from(text.len()).expect("short"),
                before: u32::try_from(before.len()).expect("short"),
            },
            text,
            before,
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for count in [1, 2, MEMBERS] {
            let members: Vec<Member> = (0..count as u64).map(|n| member(n / 3, n)).collect();
            let block = pack(&members).expect("packs");
            let head = Head::read(&block).expect("a head");
            assert_eq!(head.size(), block.len());
            assert_eq!(unpack(&block).expect("unpacks"), members);
            for at in [5, HEAD + 3, block.len() - 1] {
                let mut wrong = block.clone();
                wrong[at] ^= 0x40;
                assert!(unpack(&wrong).is_err(), "byte {at}");
            }
            let mut singles = Vec::new();
            for (number, member) in (7..).zip(&members) {
                write_single(number, member, &mut singles);
            }
            let read = read_singles(&singles[..singles.len() - 1]);
            assert_eq!(read.len(), count - 1);
            let expected: Vec<_> = (7..).zip(members).collect();
            assert_eq!(read_singles(&singles), expected);
        }
    }
}
