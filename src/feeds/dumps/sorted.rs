//! Lines in the order of their bytes, however many: sorted a piece at a time, pieces wait packed in files, and are merged.
//! Knows nothing of what the lines say.

use super::{DumpError, failed};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Pieces wait packed a little.
const WAITING_LEVEL: i32 = 1;
/// Pieces merged at once: each has a file open and a buffer.
const MOST_PIECES: usize = 64;

/// Lines that are being gathered.
pub(super) struct Sorted<'a> {
    dir: &'a Path,
    /// Bytes of lines in memory from which on a piece is put aside.
    piece_bytes: usize,
    lines: Vec<Box<str>>,
    bytes: usize,
    pieces: Vec<PathBuf>,
    made: usize,
}

type Piece = BufReader<zstd::Decoder<'static, BufReader<File>>>;

impl<'a> Sorted<'a> {
    /// Nothing gathered yet. Pieces go to a folder.
    pub(super) fn new(dir: &'a Path, piece_bytes: usize) -> Self {
        Self {
            dir,
            piece_bytes,
            lines: Vec::new(),
            bytes: 0,
            pieces: Vec::new(),
            made: 0,
        }
    }

    /// Adds a line, its end included.
    pub(super) fn push(&mut self, line: String) -> Result<(), DumpError> {
        self.bytes += line.len() + size_of::<Box<str>>();
        self.lines.push(line.into_boxed_str());
        if self.bytes >= self.piece_bytes {
            self.put_aside()?;
        }
        Ok(())
    }

    fn put_aside(&mut self) -> Result<(), DumpError> {
        let mut lines = std::mem::take(&mut self.lines);
        self.bytes = 0;
        lines.sort_unstable();
        let path = self.next_piece();
        let write = || -> io::Result<()> {
            let file = BufWriter::new(File::create(&path)?);
            let mut out = zstd::Encoder::new(file, WAITING_LEVEL)?;
            for line in &lines {
                out.write_all(line.as_bytes())?;
            }
            out.finish()?.flush()
        };
        write().map_err(failed("write", &path))?;
        self.pieces.push(path);
        if self.pieces.len() == MOST_PIECES {
            let pieces = std::mem::take(&mut self.pieces);
            let path = self.next_piece();
            let write = || -> io::Result<()> {
                let file = BufWriter::new(File::create(&path)?);
                let mut out = zstd::Encoder::new(file, WAITING_LEVEL)?;
                merge(&pieces, Vec::new(), &mut |line| {
                    out.write_all(line.as_bytes())
                })?;
                out.finish()?.flush()
            };
            write().map_err(failed("write", &path))?;
            remove(&pieces)?;
            self.pieces.push(path);
        }
        Ok(())
    }

    fn next_piece(&mut self) -> PathBuf {
        self.made += 1;
        self.dir.join(format!("regels.{}", self.made))
    }

    /// Hands all lines on, in order.
    pub(super) fn each(
        mut self,
        take: &mut dyn FnMut(&str) -> io::Result<()>,
    ) -> Result<(), DumpError> {
        let mut lines = std::mem::take(&mut self.lines);
        lines.sort_unstable();
        merge(&self.pieces, lines, take).map_err(failed("write to", self.dir))?;
        remove(&self.pieces)
    }
}

fn remove(pieces: &[PathBuf]) -> Result<(), DumpError> {
    pieces
        .iter()
        .try_for_each(|path| fs::remove_file(path).map_err(failed("remove", path)))
}

fn merge(
    pieces: &[PathBuf],
    last: Vec<Box<str>>,
    take: &mut dyn FnMut(&str) -> io::Result<()>,
) -> io::Result<()> {
    let mut inputs: Vec<Piece> = Vec::with_capacity(pieces.len());
    for path in pieces {
        let file = BufReader::new(File::open(path)?);
        let decoder = zstd::Decoder::with_buffer(file)?;
        inputs.push(BufReader::new(decoder));
    }
    let mut last = last.into_iter();
    let mut next = |at: usize| -> io::Result<Option<Box<str>>> {
        let Some(input) = inputs.get_mut(at) else {
            return Ok(last.next());
        };
        let mut line = String::new();
        Ok((input.read_line(&mut line)? > 0).then(|| line.into_boxed_str()))
    };
    let mut heap = BinaryHeap::new();
    for at in 0..=pieces.len() {
        if let Some(line) = next(at)? {
            heap.push(Reverse((line, at)));
        }
    }
    while let Some(Reverse((line, at))) = heap.pop() {
        take(&line)?;
        if let Some(line) = next(at)? {
            heap.push(Reverse((line, at)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn pieces_or_not_the_order_is_that_of_the_bytes(
            lines in proptest::collection::vec("[a-cé\"\\\\]{0,6}", 0..200), piece in 1..2000_usize) {
            let dir = tempfile::tempdir().expect("a folder");
            let mut sorted = Sorted::new(dir.path(), piece);
            for line in &lines {
                sorted.push(format!("{line}\n")).expect("gathered");
            }
            let mut found = Vec::new();
            sorted.each(&mut |line| { found.push(line.to_owned()); Ok(()) }).expect("merged");
            let mut expected: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
            expected.sort();
            prop_assert_eq!(found, expected);
            prop_assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 0);
        }
    }
}
