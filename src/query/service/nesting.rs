//! Bounds how deep the elements of an XML answer lie within each other: triple terms nest, and whoever takes such a term apart
//! does it by recursion. Follows tags without reading them.

use std::io::{self, Read};

/// Elements that may be open at once: far more than a table needs, with its triple terms.
const MAX_DEPTH: usize = 512;

/// Hands on the bytes of XML until elements lie too deep.
pub(super) struct Shallow<R> {
    inner: R,
    depth: usize,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    Text,
    /// After `<`.
    Open,
    /// In a tag that opens an element; the byte before.
    Tag(u8),
    /// In a quoted value of such a tag.
    Value(u8),
}

impl<R: Read> Shallow<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            depth: 0,
            state: State::Text,
        }
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::Text, b'<') => State::Open,
            (State::Text, _) => State::Text,
            (State::Open, b'/') => {
                self.depth = self.depth.saturating_sub(1);
                State::Text
            }
            // Declarations and comments hold no elements; a sign within one that looks like it costs a level at most.
            (State::Open, b'!' | b'?') => State::Text,
            (State::Open, _) => {
                self.depth += 1;
                State::Tag(byte)
            }
            (State::Tag(before), b'>') => {
                if before == b'/' {
                    self.depth = self.depth.saturating_sub(1);
                }
                State::Text
            }
            (State::Tag(_), quote @ (b'"' | b'\'')) => State::Value(quote),
            (State::Tag(_), byte) => State::Tag(byte),
            (State::Value(quote), byte) if byte == quote => State::Tag(byte),
            (State::Value(quote), _) => State::Value(quote),
        };
    }
}

impl<R: Read> Read for Shallow<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        for byte in &buffer[..read] {
            self.step(*byte);
            if self.depth > MAX_DEPTH {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the elements of the answer lie too deep within each other",
                ));
            }
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_taken(text: &str) -> bool {
        let mut out = Vec::new();
        Shallow::new(text.as_bytes()).read_to_end(&mut out).is_ok()
    }

    #[test]
    fn only_depth_is_refused() {
        assert!(is_taken(&"<row a='>' b=\"<<<\"/>".repeat(5_000)));
        assert!(is_taken(&"<a><b/>x</a><!-- c -->".repeat(5_000)));
        let nested = |depth: usize| format!("{}x{}", "<t>".repeat(depth), "</t>".repeat(depth));
        assert!(is_taken(&nested(MAX_DEPTH)));
        assert!(!is_taken(&nested(MAX_DEPTH + 1)));
        assert!(!is_taken(&"<t>".repeat(1_000_000)));
    }
}
