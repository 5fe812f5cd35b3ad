//! A block of whole lines and what stands in it: distinct texts in the order they come, and rows that point to them.
//! Blocks are cut from a checked stream and read on any thread; ids are given out elsewhere, in order.

use super::scan::{Guess, Line, Span, scan_line};
use crate::ingest::parse::strict_lines;
use crate::ingest::reader::GuardedReader;
use crate::rdf::format::Format;
use crate::rdf::text::write_term;
use crate::rdf::version::RdfVersion;
use oxrdf::{GraphNameRef, QuadRef, TermRef};
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;
use std::io::Read;

/// Stands for "no graph name" in a row.
pub(super) const NO_GRAPH: u32 = u32::MAX;
/// Slots of the memory for texts; a power of two.
const SLOTS: usize = 1 << 12;
/// Buffers above this size are not kept.
const KEPT_BYTES: usize = 8 << 20;

/// Where reading cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ingest) struct Trouble {
    /// Bytes handed out by the checked stream before the first line that may be wrong.
    pub(in crate::ingest) offset: u64,
    /// Lines before it.
    pub(in crate::ingest) line: u64,
}

/// Whole lines, then their content. Used again and again.
#[derive(Default)]
pub(super) struct Block {
    /// The lines, and after them the texts that stand there in another spelling.
    bytes: Vec<u8>,
    lines_len: usize,
    /// Bytes handed out by the stream before this block.
    offset: u64,
    /// Bytes taken from the source when the block was cut.
    pub(super) raw_bytes: u64,
    /// The stream stopped within the line after this block.
    cut_short: bool,
    /// Nothing follows.
    pub(super) last: bool,

    terms: Vec<Span>,
    rows: Vec<[u32; 4]>,
    /// Lines, counted as an editor does.
    pub(super) lines: u64,
    /// IRIs of the scheme `file`, each time they stand there.
    pub(super) file_iris: u64,
    /// Where a mistake may be, with the line counted from the start of the block. What comes before is in the rows.
    pub(super) trouble: Option<Trouble>,
}

impl Block {
    /// The lines followed by the rewritten texts. `None` when they are not UTF-8, which the stream does not let happen.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// Canonical texts, as places in [`Block::text`]; seldom twice the same.
    pub(super) fn terms(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        self.terms
            .iter()
            .map(|span| span.start as usize..span.end as usize)
    }

    /// Subject, predicate, object and graph of each statement as numbers of terms; [`NO_GRAPH`] where none is named.
    pub(super) fn rows(&self) -> &[[u32; 4]] {
        &self.rows
    }
}

/// Cuts a checked stream into blocks at line ends.
pub(super) struct Cutter<'a> {
    reader: GuardedReader<'a>,
    block_bytes: usize,
    /// Start of a line whose end is not read yet.
    carry: Vec<u8>,
    handed_out: u64,
}

impl<'a> Cutter<'a> {
    /// Blocks of about so many bytes; one is longer only when it is a single line.
    pub(super) fn new(reader: GuardedReader<'a>, block_bytes: usize) -> Self {
        Self {
            reader,
            // A byte order mark is recognised in one piece.
            block_bytes: block_bytes.max(3),
            carry: Vec::new(),
            handed_out: 0,
        }
    }

    /// Fills a block; nothing follows the one that is marked as last.
    pub(super) fn cut(&mut self, block: &mut Block) {
        let bytes = &mut block.bytes;
        bytes.clear();
        if bytes.capacity() > KEPT_BYTES {
            *bytes = Vec::new();
        }
        bytes.append(&mut self.carry);
        (block.cut_short, block.last) = (false, false);
        loop {
            let known = bytes.len();
            bytes.resize(known + self.block_bytes, 0);
            let read = self.reader.read(&mut bytes[known..]);
            bytes.truncate(known + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => block.last = true,
                Ok(_) => {}
                Err(_) => (block.cut_short, block.last) = (true, true),
            }
            if block.last && !block.cut_short {
                break;
            }
            if let Some(end) = memchr::memrchr(b'\n', &bytes[known..]) {
                self.carry.extend_from_slice(&bytes[known + end + 1..]);
                bytes.truncate(known + end + 1);
                break;
            }
            if block.cut_short {
                bytes.clear();
                break;
            }
        }
        block.lines_len = bytes.len();
        block.offset = self.handed_out;
        block.raw_bytes = self.reader.raw_bytes();
        self.handed_out += bytes.len() as u64;
    }

    /// The checked stream, to ask for its digest.
    pub(super) fn into_reader(self) -> GuardedReader<'a> {
        self.reader
    }
}

/// Reads blocks. Keeps a memory of texts, so that what neighbours repeat is listed once per block.
pub(super) struct Scanner {
    format: Format,
    version: RdfVersion,
    /// Number of the term plus one, by hash.
    slots: Vec<u32>,
}

impl Scanner {
    /// For N-Triples or N-Quads.
    pub(super) fn new(format: Format, version: RdfVersion) -> Self {
        Self {
            format,
            version,
            slots: vec![0; SLOTS],
        }
    }

    /// Fills terms, rows and the rest of a block that was cut.
    pub(super) fn scan(&mut self, block: &mut Block) {
        self.slots.fill(0);
        block.terms.clear();
        block.rows.clear();
        (block.lines, block.file_iris, block.trouble) = (0, 0, None);
        let bytes = std::mem::take(&mut block.bytes);
        let mut found = Found {
            lines: &bytes,
            rewritten: Vec::new(),
            slots: &mut self.slots,
            terms: &mut block.terms,
            rows: &mut block.rows,
            file_iris: 0,
        };
        let with_graph = self.format == Format::NQuads;
        let mut at = 0;
        // Odd lines that follow each other are read together.
        let mut odd_from: Option<(usize, u64)> = None;
        let mut stopped = None;
        let mut repeats = Repeats::default();
        while at < bytes.len() {
            let (line, next) = scan_line(&bytes, at, with_graph, repeats.guess());
            match line {
                Line::Statement(s, p, o, g) => {
                    if let Some((from, before)) = odd_from.take() {
                        match found.read_odd(self.format, self.version, from..at) {
                            Ok(lines) => block.lines = before + lines,
                            Err(()) => {
                                stopped = Some((from, before));
                                break;
                            }
                        }
                    }
                    let row = [
                        repeats.subject(s).unwrap_or_else(|| found.term(s)),
                        repeats.predicate(p).unwrap_or_else(|| found.term(p)),
                        found.term(o),
                        g.map_or(NO_GRAPH, |g| found.term(g)),
                    ];
                    repeats.note((s, row[0]), (p, row[1]));
                    found.rows.push(row);
                    block.lines += 1;
                    at = next;
                }
                Line::Nothing => {
                    block.lines += 1;
                    at = next;
                }
                Line::Odd => {
                    odd_from.get_or_insert((at, block.lines));
                    at = memchr::memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n + 1);
                }
            }
        }
        if let Some((from, before)) = odd_from
            && stopped.is_none()
        {
            match found.read_odd(self.format, self.version, from..at) {
                Ok(lines) => block.lines = before + lines,
                Err(()) => stopped = Some((from, before)),
            }
        }
        if stopped.is_none() && block.cut_short {
            stopped = Some((block.lines_len, block.lines));
        }
        block.trouble = stopped.map(|(from, line)| Trouble {
            offset: block.offset + from as u64,
            line,
        });
        block.file_iris = found.file_iris;
        let rewritten = found.rewritten;
        block.bytes = bytes;
        block.bytes.extend_from_slice(&rewritten);
    }
}

/// A span and the number of the term it holds.
type Known = (Span, u32);

/// What statements of a block repeat: the subject of the one before, and the predicate that came last after the
/// predicate of the one before. Whoever writes a file writes every object in the same order.
struct Repeats {
    subject: Option<Known>,
    /// By the number of the predicate before; a wrong guess costs a comparison.
    successors: [Option<Known>; 64],
    before: usize,
}

impl Default for Repeats {
    fn default() -> Self {
        Self {
            subject: None,
            successors: [None; 64],
            before: 0,
        }
    }
}

impl Repeats {
    fn guess(&self) -> Guess {
        Guess {
            subject: self.subject.map(|(span, _)| span),
            predicate: self.successors[self.before].map(|(span, _)| span),
        }
    }

    fn subject(&self, found: Span) -> Option<u32> {
        number_of(self.subject, found)
    }

    fn predicate(&self, found: Span) -> Option<u32> {
        number_of(self.successors[self.before], found)
    }

    fn note(&mut self, subject: Known, predicate: Known) {
        self.subject = Some(subject);
        self.successors[self.before] = Some(predicate);
        self.before = predicate.1 as usize % self.successors.len();
    }
}

fn number_of(guess: Option<Known>, found: Span) -> Option<u32> {
    guess
        .filter(|(span, _)| *span == found)
        .map(|(_, number)| number)
}

/// What is found in a block.
struct Found<'a> {
    lines: &'a [u8],
    /// Canonical texts that do not stand in the lines.
    rewritten: Vec<u8>,
    slots: &'a mut [u32],
    terms: &'a mut Vec<Span>,
    rows: &'a mut Vec<[u32; 4]>,
    file_iris: u64,
}

impl Found<'_> {
    fn bytes(&self, span: Span) -> &[u8] {
        let (start, end) = (span.start as usize, span.end as usize);
        match start.checked_sub(self.lines.len()) {
            Some(start) => &self.rewritten[start..end - self.lines.len()],
            None => &self.lines[start..end],
        }
    }

    /// Number of a term: that of the same text, when it is remembered.
    fn term(&mut self, span: Span) -> u32 {
        let text = self.bytes(span);
        let slot = FxBuildHasher.hash_one(text) as usize & (SLOTS - 1);
        if let Some(known) = self.slots[slot].checked_sub(1)
            && self.bytes(self.terms[known as usize]) == text
        {
            return known;
        }
        let number = self.terms.len() as u32;
        self.terms.push(span);
        self.slots[slot] = number + 1;
        number
    }

    /// Reads lines with the strict reader; gives their number as an editor counts them.
    fn read_odd(
        &mut self,
        format: Format,
        version: RdfVersion,
        run: std::ops::Range<usize>,
    ) -> Result<u64, ()> {
        let lines = &self.lines[run];
        strict_lines(format, version, lines, |quad| {
            self.quad(quad);
            Ok(())
        })
        .map_err(|_| ())?;
        let ends = memchr::memchr2_iter(b'\r', b'\n', lines)
            .filter(|&at| lines[at] == b'\n' || lines.get(at + 1) != Some(&b'\n'));
        Ok(ends.count() as u64)
    }

    fn quad(&mut self, quad: QuadRef<'_>) {
        let s = self.rewrite(quad.subject.into());
        let p = self.rewrite(quad.predicate.into());
        let o = self.rewrite(quad.object);
        let g = match quad.graph_name {
            GraphNameRef::DefaultGraph => NO_GRAPH,
            GraphNameRef::NamedNode(node) => self.rewrite(node.into()),
            GraphNameRef::BlankNode(node) => self.rewrite(node.into()),
        };
        self.rows.push([s, p, o, g]);
    }

    fn rewrite(&mut self, term: TermRef<'_>) -> u32 {
        if let TermRef::NamedNode(node) = term
            && node.as_str().starts_with("file:")
        {
            self.file_iris += 1;
        }
        let start = self.lines.len() + self.rewritten.len();
        write_term(&mut self.rewritten, term);
        let end = self.lines.len() + self.rewritten.len();
        self.term(Span {
            start: start as u32,
            end: end as u32,
        })
    }
}
