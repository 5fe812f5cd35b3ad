//! Frames of the commit log: one text each, checksummed, in format 2 compressed. A frame is whole and right, or it is
//! reported. Does not know what a text says, except that it ends with a line feed and holds no NUL byte.
//!
//! ```text
//! format 1   length u32 | crc32c of the body u32 | body = text
//! format 2   length u32, bit 31 = zstd | crc32c of the body u32 | crc32c of the 8 bytes before u32 | body
//!            body = text, or zstd of text and a line feed: its last byte is never 0
//! ```

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use zstd::bulk::{Compressor, Decompressor};
use zstd::zstd_safe;

/// Longest text of one frame, and longest body; more is damage.
pub(super) const MAX_FRAME_BYTES: usize = 64 << 20;
/// Bytes before the body in format 2.
pub(super) const FRAME_HEAD_BYTES: usize = 12;
const COMPRESSED: u32 = 1 << 31;
/// Texts shorter than this gain too little.
const MIN_COMPRESSED_BYTES: usize = 512;
const ZSTD_LEVEL: i32 = 3;
/// So many zero bytes in a row are never written: where they stand, bytes never reached the disk.
const UNWRITTEN: [u8; 16] = [0; 16];
/// A disk writes at least so many bytes whole or not at all.
const SECTOR_BYTES: u64 = 512;
/// Bytes read at a time when reading on.
const WINDOW_BYTES: usize = 1 << 20;

/// How frames are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Plain texts, 8 bytes before each. Only read.
    One,
    /// Compressed texts, 12 bytes before each.
    Two,
}

/// Writes frames of format 2. Keeps its buffers from frame to frame.
pub(super) struct FrameEncoder {
    zstd: Compressor<'static>,
}

impl FrameEncoder {
    /// An encoder.
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self {
            zstd: Compressor::new(ZSTD_LEVEL)?,
        })
    }

    /// Appends the frame of one text, which ends with a line feed.
    pub(super) fn encode(&mut self, text: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        debug_assert_eq!(text.last(), Some(&b'\n'));
        if text.len() > MAX_FRAME_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "a statement is too long for the commit log",
            ));
        }
        let start = out.len();
        let body = start + FRAME_HEAD_BYTES;
        out.resize(body, 0);
        let mut flag = 0;
        if text.len() >= MIN_COMPRESSED_BYTES {
            out.resize(body + zstd_safe::compress_bound(text.len()), 0);
            let packed = self.zstd.compress_to_buffer(text, &mut out[body..])?;
            out.truncate(body + packed);
            out.push(b'\n');
            flag = COMPRESSED;
            // Unwritten bytes must stay recognisable.
            if packed + 1 >= text.len() || holds_unwritten(&out[body..]) {
                out.truncate(body);
                flag = 0;
            }
        }
        if flag == 0 {
            out.extend_from_slice(text);
        }
        put_head(out, start, flag);
        Ok(())
    }
}

/// Appends a frame whose body was read from another file of format 2.
pub(super) fn copy_frame(body: &[u8], compressed: bool, out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + FRAME_HEAD_BYTES, 0);
    out.extend_from_slice(body);
    put_head(out, start, if compressed { COMPRESSED } else { 0 });
}

/// Bytes that follow the head of a frame of format 2, wherever it came from.
///
/// # Errors
/// Why it is no head.
pub(super) fn body_bytes(head: &[u8; FRAME_HEAD_BYTES]) -> Result<usize, &'static str> {
    if head[8..] != crc32c::crc32c(&head[..8]).to_le_bytes() {
        return Err("the head of a frame does not match its checksum");
    }
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) & !COMPRESSED;
    match length as usize {
        0 => Err("the length of a frame is impossible"),
        length if length > MAX_FRAME_BYTES => Err("the length of a frame is impossible"),
        length => Ok(length),
    }
}

/// Reads frames of format 2 that lie in no file. Keeps its buffer from frame to frame.
#[derive(Default)]
pub(super) struct FrameDecoder {
    zstd: Option<Decompressor<'static>>,
    text: Vec<u8>,
}

impl FrameDecoder {
    /// The text of one frame, head and body, of which [`body_bytes`] told the length.
    ///
    /// # Errors
    /// Why it is not one that was written.
    pub(super) fn decode<'a>(&'a mut self, frame: &'a [u8]) -> Result<&'a str, &'static str> {
        let (head, body) = frame
            .split_at_checked(FRAME_HEAD_BYTES)
            .ok_or("a frame is cut short")?;
        if crc32c::crc32c(body).to_le_bytes() != head[4..8] {
            return Err("the checksum of a frame does not match");
        }
        let compressed = head[3] & 0x80 != 0;
        let text = if compressed {
            let wrong = "a frame cannot be decompressed";
            let Some((&b'\n', packed)) = body.split_last() else {
                return Err(wrong);
            };
            let length = match zstd_safe::get_frame_content_size(packed) {
                Ok(Some(length)) if length <= MAX_FRAME_BYTES as u64 => length as usize,
                _ => return Err(wrong),
            };
            let zstd = match &mut self.zstd {
                Some(zstd) => zstd,
                none => none.insert(Decompressor::new().map_err(|_| wrong)?),
            };
            self.text.resize(length, 0);
            match zstd.decompress_to_buffer(packed, &mut self.text[..]) {
                Ok(bytes) if bytes == length => &self.text,
                _ => return Err(wrong),
            }
        } else {
            body
        };
        if text.last() != Some(&b'\n') {
            return Err("a frame does not end with a line");
        }
        std::str::from_utf8(text).map_err(|_| "a frame is not UTF-8")
    }
}

fn put_head(out: &mut [u8], start: usize, flag: u32) {
    let (head, body) = out[start..].split_at_mut(FRAME_HEAD_BYTES);
    head[..4].copy_from_slice(&(body.len() as u32 | flag).to_le_bytes());
    head[4..8].copy_from_slice(&crc32c::crc32c(body).to_le_bytes());
    let checksum = crc32c::crc32c(&head[..8]);
    head[8..].copy_from_slice(&checksum.to_le_bytes());
}

fn holds_unwritten(body: &[u8]) -> bool {
    memchr::memmem::find(body, &UNWRITTEN).is_some()
}

/// What stands at a place in the log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum FrameRead {
    /// A whole frame with the right checksums; [`FrameReader::text`] holds its text.
    Frame,
    /// Nothing more.
    End,
    /// The file stops inside the frame, or the frame holds bytes never written: what a crash leaves behind.
    Torn,
    /// All bytes are there and wrong: damage, not a crash.
    Damaged(&'static str),
}

/// Reads the frames of a section of a file, in order. Positioned reads: many may read one file.
pub(super) struct FrameReader {
    file: Arc<File>,
    format: Format,
    /// Place of the next frame.
    offset: u64,
    /// Where the section ends.
    end: u64,
    window: Vec<u8>,
    /// Place of the first byte of the window.
    window_start: u64,
    window_bytes: usize,
    text: Vec<u8>,
    /// Body of the last frame within the window, and whether it is compressed.
    body: (usize, usize, bool),
    zstd: Option<Decompressor<'static>>,
}

impl FrameReader {
    /// A reader of the bytes from `offset` to `end`.
    pub(super) fn new(file: Arc<File>, format: Format, offset: u64, end: u64) -> Self {
        Self::with_window(file, format, offset, end, WINDOW_BYTES)
    }

    /// [`FrameReader::new`] for a look at one frame or two.
    pub(super) fn short(file: Arc<File>, format: Format, offset: u64, end: u64) -> Self {
        Self::with_window(file, format, offset, end, 4096)
    }

    fn with_window(
        file: Arc<File>,
        format: Format,
        offset: u64,
        end: u64,
        window_bytes: usize,
    ) -> Self {
        Self {
            file,
            format,
            offset,
            end,
            window: Vec::new(),
            window_start: offset,
            window_bytes,
            text: Vec::new(),
            body: (0, 0, false),
            zstd: None,
        }
    }

    /// Goes on at another place of the same file, which does not change before `end`.
    pub(super) fn go_to(&mut self, offset: u64, end: u64) {
        self.offset = offset;
        self.end = end;
    }

    /// Place of the next frame.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Where reading ends.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Text of the last frame read.
    pub(super) fn text(&self) -> &[u8] {
        if self.body.2 {
            &self.text
        } else {
            &self.window[self.body.0..self.body.1]
        }
    }

    /// Body of the last frame as it stands in the file, and whether it is compressed.
    pub(super) fn body(&self) -> (&[u8], bool) {
        (&self.window[self.body.0..self.body.1], self.body.2)
    }

    /// Reads the next frame and moves behind it; stays before one that is not whole.
    pub(super) fn read(&mut self) -> io::Result<FrameRead> {
        self.body = (0, 0, false);
        let left = self.end.saturating_sub(self.offset);
        if left == 0 {
            return Ok(FrameRead::End);
        }
        let head_bytes = match self.format {
            Format::One => 8,
            Format::Two => FRAME_HEAD_BYTES,
        };
        if left < head_bytes as u64 {
            return Ok(FrameRead::Torn);
        }
        let at = self.fill(head_bytes)?;
        let head = &self.window[at..at + head_bytes];
        let first = u32::from_le_bytes([head[0], head[1], head[2], head[3]]);
        let checksum = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        let length = match self.format {
            Format::One => {
                if first == 0 && checksum == 0 {
                    // File systems may extend a file with zeros before the data arrives.
                    return Ok(FrameRead::Torn);
                }
                first as usize
            }
            Format::Two => {
                if head[8..] != crc32c::crc32c(&head[..8]).to_le_bytes() {
                    return self.wrong_head();
                }
                (first & !COMPRESSED) as usize
            }
        };
        if length == 0 || length > MAX_FRAME_BYTES {
            return Ok(FrameRead::Damaged("the length of a frame is impossible"));
        }
        let whole = (head_bytes + length) as u64;
        if left < whole {
            return self.cut_short(head_bytes, left);
        }
        let at = self.fill(head_bytes + length)?;
        let (from, to) = (at + head_bytes, at + head_bytes + length);
        let body = &self.window[from..to];
        if crc32c::crc32c(body) != checksum {
            let last = self.offset + whole == self.end;
            let unwritten = body.last() == Some(&0) || holds_unwritten(body);
            return Ok(if unwritten && (last || self.format == Format::Two) {
                FrameRead::Torn
            } else {
                FrameRead::Damaged("the checksum of a frame does not match")
            });
        }
        let compressed = self.format == Format::Two && first & COMPRESSED != 0;
        self.body = (from, to, compressed);
        if compressed && !self.unpack(from, to)? {
            return Ok(FrameRead::Damaged("a frame cannot be decompressed"));
        }
        if self.text().last() != Some(&b'\n') {
            return Ok(FrameRead::Damaged("a frame does not end with a line"));
        }
        self.offset += whole;
        Ok(FrameRead::Frame)
    }

    /// Makes `bytes` bytes from the next frame on available and returns where in the window they start.
    fn fill(&mut self, bytes: usize) -> io::Result<usize> {
        let have_until = self.window_start + self.window.len() as u64;
        let wanted_until = self.offset + bytes as u64;
        if self.offset < self.window_start || wanted_until > have_until {
            let left = self.end - self.offset;
            let length = (bytes.max(self.window_bytes) as u64).min(left) as usize;
            let kept = if self.offset >= self.window_start && self.offset < have_until {
                let from = (self.offset - self.window_start) as usize;
                self.window.copy_within(from.., 0);
                self.window.len() - from
            } else {
                0
            };
            self.window.resize(length, 0);
            self.window_start = self.offset;
            self.file
                .read_exact_at(&mut self.window[kept..], self.offset + kept as u64)
                .inspect_err(|_| self.window.clear())?;
        }
        Ok((self.offset - self.window_start) as usize)
    }

    /// A head whose own checksum is wrong: unwritten when zeros run from inside it into what follows, or from its start to
    /// the end of a sector.
    fn wrong_head(&mut self) -> io::Result<FrameRead> {
        let left = self.end - self.offset;
        let bytes = left.min((FRAME_HEAD_BYTES + UNWRITTEN.len()) as u64) as usize;
        let at = self.fill(bytes)?;
        let seen = &self.window[at..at + bytes];
        let unwritten = if left as usize > bytes {
            holds_unwritten(seen)
        } else {
            let written = seen
                .iter()
                .rposition(|byte| *byte != 0)
                .map_or(0, |i| i + 1);
            holds_unwritten(seen) || written < FRAME_HEAD_BYTES
        };
        // The sector in which the record before ends may hold but a few bytes of this head, and never have arrived.
        let in_sector = (SECTOR_BYTES - self.offset % SECTOR_BYTES).min(bytes as u64) as usize;
        let unwritten = unwritten || seen[..in_sector].iter().all(|byte| *byte == 0);
        Ok(if unwritten {
            FrameRead::Torn
        } else {
            FrameRead::Damaged("the head of a frame does not match its checksum")
        })
    }

    /// The file ends inside a frame. In format 1 the length itself may be wrong: a record end further on betrays it.
    fn cut_short(&mut self, head_bytes: usize, left: u64) -> io::Result<FrameRead> {
        if self.format == Format::One {
            let at = self.fill(left as usize)?;
            let rest = &self.window[at + head_bytes..];
            if memchr::memmem::find(rest, b"\nTC .\n").is_some() {
                return Ok(FrameRead::Damaged("the length of a frame was changed"));
            }
        }
        Ok(FrameRead::Torn)
    }

    /// Decompresses a body of the window. `false` when it is not what was written.
    fn unpack(&mut self, from: usize, to: usize) -> io::Result<bool> {
        let Some((&b'\n', packed)) = self.window[from..to].split_last() else {
            return Ok(false);
        };
        let length = match zstd_safe::get_frame_content_size(packed) {
            Ok(Some(length)) if length <= MAX_FRAME_BYTES as u64 => length as usize,
            _ => return Ok(false),
        };
        let zstd = match &mut self.zstd {
            Some(zstd) => zstd,
            none => none.insert(Decompressor::new()?),
        };
        self.text.resize(length, 0);
        let unpacked = zstd.decompress_to_buffer(packed, &mut self.text[..]);
        Ok(matches!(unpacked, Ok(bytes) if bytes == length))
    }

    /// Whether a later frame of the section says that everything up to a place after `torn` was durable when it was
    /// written: then what is torn at `torn` was once whole. Looks at every byte, since the frames' borders are lost.
    /// Frames of format 1 say nothing of the kind.
    pub(super) fn later_frame_vouches(
        &mut self,
        torn: u64,
        claim: impl Fn(&[u8]) -> Option<u64>,
    ) -> io::Result<bool> {
        if self.format == Format::One {
            return Ok(false);
        }
        let mut at = torn + 1;
        while at + FRAME_HEAD_BYTES as u64 <= self.end {
            self.offset = at;
            let room = (self.end - at).min(WINDOW_BYTES as u64) as usize;
            let from = self.fill(room)?;
            let window = &self.window[from..from + room];
            let next = window.windows(FRAME_HEAD_BYTES).position(|head| {
                head[..8] != [0; 8]
                    && crc32c::crc32c(&head[..8])
                        == u32::from_le_bytes([head[8], head[9], head[10], head[11]])
            });
            let Some(next) = next else {
                at += (room - FRAME_HEAD_BYTES + 1) as u64;
                continue;
            };
            self.offset = at + next as u64;
            if self.read()? == FrameRead::Frame
                && claim(self.text()).is_some_and(|durable| durable > torn)
            {
                return Ok(true);
            }
            at += next as u64 + 1;
        }
        Ok(false)
    }
}
