//! Frames of the commit log: `length u32 LE | crc32c u32 LE | text`. A frame is whole and right, or it is reported.
//! Does not know what the text says, except that it never holds a NUL byte.

use std::io::{self, Read, Write};

/// Longest text of one frame; a longer length field is damage.
pub(crate) const MAX_FRAME_BYTES: usize = 64 << 20;
/// Length and checksum before the text.
pub(crate) const FRAME_HEAD_BYTES: u64 = 8;

/// Writes one frame.
pub(crate) fn write_frame(out: &mut impl Write, text: &[u8]) -> io::Result<u64> {
    debug_assert!(text.len() <= MAX_FRAME_BYTES, "callers split long records");
    out.write_all(&(text.len() as u32).to_le_bytes())?;
    out.write_all(&crc32c::crc32c(text).to_le_bytes())?;
    out.write_all(text)?;
    Ok(FRAME_HEAD_BYTES + text.len() as u64)
}

/// What stands at a place in the log.
pub(crate) enum FrameRead {
    /// A whole frame with the right checksum; its text is in the buffer.
    Frame,
    /// Nothing more.
    End,
    /// The file stops inside the frame, or the frame holds bytes never written: what a crash leaves behind.
    Torn,
    /// All bytes are there and wrong: damage, not a crash.
    Damaged(&'static str),
}

/// Reads the frame at `offset` of a file of `file_bytes` bytes into `text`.
pub(crate) fn read_frame(
    input: &mut impl Read,
    offset: u64,
    file_bytes: u64,
    text: &mut Vec<u8>,
) -> io::Result<FrameRead> {
    text.clear();
    let left = file_bytes.saturating_sub(offset);
    if left == 0 {
        return Ok(FrameRead::End);
    }
    if left < FRAME_HEAD_BYTES {
        return Ok(FrameRead::Torn);
    }
    let mut head = [0; 8];
    input.read_exact(&mut head)?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let checksum = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
    if length == 0 && checksum == 0 {
        // File systems may extend a file with zeros before the data arrives.
        return Ok(FrameRead::Torn);
    }
    if length == 0 || length > MAX_FRAME_BYTES {
        return Ok(FrameRead::Damaged("the length of a frame is impossible"));
    }
    let available = (left - FRAME_HEAD_BYTES).min(length as u64) as usize;
    text.resize(available, 0);
    input.read_exact(text)?;
    if available < length {
        // A length damaged upwards also lands here. A crash can only cut the last record, which the reader checks.
        return Ok(FrameRead::Torn);
    }
    if crc32c::crc32c(text) == checksum {
        return Ok(FrameRead::Frame);
    }
    if offset + FRAME_HEAD_BYTES + length as u64 == file_bytes && has_unwritten_bytes(text) {
        return Ok(FrameRead::Torn);
    }
    Ok(FrameRead::Damaged("the checksum of a frame does not match"))
}

/// Whether a text shows blocks that never reached the disk. Texts hold no NUL, and one flipped bit makes at most one,
/// never the last byte, which is a line feed.
fn has_unwritten_bytes(text: &[u8]) -> bool {
    text.last() == Some(&0) || memchr::memmem::find(text, &[0; 16]).is_some()
}
