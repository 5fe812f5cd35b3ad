//! Tables (CSV): rows as records, read one after the other in bounded memory. The header says which mapping reads them. Bytes
//! that are not UTF-8 are read as Windows-1252, and that is told. What a row means is in the mappings.

use super::bytes::windows_1252;
use super::document::Recognised;
use super::mapping::Mapping;
use super::{NormaliseError, Normaliser, NotRecords, Repair};
use crate::ingest::input::Input;
use crate::ingest::limits::{INFLATION_FLOOR, Limits};
use crate::rdf::label::Text;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// First bytes, in which the header must end.
const HEAD_BYTES: usize = 64 << 10;
/// One row, in bytes.
const MAX_ROW_BYTES: u64 = 4 << 20;
/// Columns of a table.
const MAX_COLUMNS: usize = 1_000;

/// A table that a mapping reads, or that is known to hold no records.
pub struct Table<'n> {
    input: Input,
    columns: Vec<String>,
    delimiter: u8,
    /// The mapping, or why there are no records.
    pub(super) what: Recognised<'n>,
    is_latin: bool,
    /// Line on which a quote opens that does not close.
    open_quote: Option<u64>,
    /// Whether its bytes had to be mended.
    pub repair: Option<Repair>,
    /// Size in bytes, after decompression.
    pub content_bytes: u64,
    /// SHA-256 of the bytes, after decompression.
    pub sha256: [u8; 32],
}

/// Opens an input when it is a table that the normaliser knows. Reads it to the end once: for its size, its digest, and the
/// encoding of its text.
///
/// # Errors
/// When it is anything else.
pub fn open_table<'n>(
    normaliser: &'n Normaliser,
    input: &Input,
    limits: &Limits,
) -> Result<Table<'n>, NotRecords> {
    let content = input.open().map_err(NotRecords::Unreadable)?;
    let is_packed = content.compressed;
    let mut reader = content.reader;
    let mut head = Vec::new();
    (&mut reader)
        .take(HEAD_BYTES as u64)
        .read_to_end(&mut head)
        .map_err(NotRecords::Unreadable)?;
    let (columns, delimiter, what) = header(normaliser, &head).ok_or(NotRecords::Other)?;
    let mut limit = limits.max_lines_bytes;
    if is_packed && let Some(size) = input.size_bytes() {
        limit = limit.min(
            size.saturating_mul(limits.max_inflation)
                .max(INFLATION_FLOOR),
        );
    }
    let mut digest = Sha256::new();
    let mut text = Utf8::default();
    let quote = match what {
        Recognised::As(mapping) => mapping.quote,
        Recognised::Nothing(_) => b'"',
    };
    let mut quotes = Quotes::new(quote, delimiter);
    let mut content_bytes = 0_u64;
    let mut chunk = head;
    loop {
        content_bytes += chunk.len() as u64;
        if content_bytes > limit {
            return Err(NotRecords::TooLarge { limit });
        }
        digest.update(&chunk);
        text.follow(&chunk);
        quotes.follow(&chunk);
        chunk.resize(HEAD_BYTES, 0);
        match reader.read(&mut chunk).map_err(NotRecords::Unreadable)? {
            0 => break,
            read => chunk.truncate(read),
        }
    }
    let wrong = text.end();
    Ok(Table {
        input: input.clone(),
        columns,
        delimiter,
        what,
        is_latin: wrong.is_some(),
        open_quote: quotes.end(),
        repair: wrong.map(|at| Repair {
            code: "N020",
            path: String::new(),
            from: format!("byte {at}"),
            to: "Windows-1252".to_owned(),
        }),
        content_bytes,
        sha256: digest.finalize().into(),
    })
}

/// Whether the start of an input is the header of a table that is known.
pub(super) fn is_known_header(normaliser: &Normaliser, head: &[u8]) -> bool {
    header(normaliser, head).is_some()
}

/// Columns and separator of a header that is known, and what reads the table.
fn header<'n>(
    normaliser: &'n Normaliser,
    head: &[u8],
) -> Option<(Vec<String>, u8, Recognised<'n>)> {
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let end = memchr::memchr2(b'\n', b'\r', start).unwrap_or(start.len());
    let line = std::str::from_utf8(&start[..end]).ok()?;
    for delimiter in [b',', b';', b'\t'] {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(delimiter)
            .from_reader(line.as_bytes());
        let Some(Ok(row)) = reader.records().next() else {
            continue;
        };
        if row.len() > MAX_COLUMNS {
            return None;
        }
        let columns: Vec<String> = row.iter().map(|name| name.trim().to_owned()).collect();
        if let Some(what) = normaliser.recognise_columns(&columns) {
            return Some((columns, delimiter, what));
        }
    }
    None
}

/// A row that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableProblem {
    /// A row has another number of fields than the header.
    Ragged {
        /// Line on which the row starts, from 1.
        line: u64,
        /// Fields of the row, and of the header.
        fields: [usize; 2],
    },
    /// Quotes do not end, a row is larger than allowed, or the input cannot be read on: nothing after it is sure.
    Broken {
        /// Line on which it starts, from 1.
        line: u64,
    },
}

impl TableProblem {
    /// The code and the reason.
    pub fn repair(&self) -> Repair {
        let (code, line, from, to) = match self {
            Self::Ragged {
                line,
                fields: [found, wanted],
            } => ("N101", line, found.to_string(), wanted.to_string()),
            Self::Broken { line } => ("N102", line, line.to_string(), String::new()),
        };
        Repair {
            code,
            path: row_place(*line),
            from,
            to,
        }
    }

    /// Whether the rest of the table cannot be read.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Broken { .. })
    }

    /// As the reason why something became no statements.
    pub fn error(&self) -> NormaliseError {
        NormaliseError::Quarantined(self.repair())
    }
}

fn row_place(line: u64) -> String {
    format!("#{line}")
}

impl<'n> Table<'n> {
    /// The mapping that reads its rows; `None` when it is known to hold no records.
    pub fn mapping(&self) -> Option<&'n Mapping> {
        match self.what {
            Recognised::As(mapping) => Some(mapping),
            Recognised::Nothing(_) => None,
        }
    }

    /// Why it holds no records, when it is known to hold none.
    pub fn without_records(&self) -> Option<&'n Text> {
        match self.what {
            Recognised::As(_) => None,
            Recognised::Nothing(reason) => Some(reason),
        }
    }

    /// Calls back with every row: its place, and the record or what is wrong with it. Ends when the caller says so or after
    /// a row behind which nothing is sure.
    ///
    /// # Errors
    /// When the input cannot be opened, or the caller fails.
    pub fn each_row<E: From<io::Error>>(
        &self,
        each: &mut dyn FnMut(String, Result<Value, TableProblem>) -> Result<(), E>,
    ) -> Result<(), E> {
        let content = self.input.open()?;
        let left = Rc::new(Cell::new(MAX_ROW_BYTES));
        let decoded: Box<dyn Read> = if self.is_latin {
            Box::new(Latin {
                inner: content.reader,
                ready: Vec::new(),
                at: 0,
            })
        } else {
            content.reader
        };
        let bounded = Bounded {
            inner: decoded,
            left: Rc::clone(&left),
        };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .delimiter(self.delimiter)
            .quote(self.mapping().map_or(b'"', |mapping| mapping.quote))
            .from_reader(bounded);
        let mut row = csv::StringRecord::new();
        loop {
            left.set(MAX_ROW_BYTES);
            let line = reader.position().line();
            match reader.read_record(&mut row) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(_) => {
                    let problem = TableProblem::Broken { line };
                    return each(row_place(line), Err(problem));
                }
            }
            let line = row.position().map_or(line, csv::Position::line);
            let place = row_place(line);
            let end = reader.position().line();
            if self
                .open_quote
                .is_some_and(|open| line == open || (line < open && open < end))
            {
                return each(place, Err(TableProblem::Broken { line }));
            }
            if row.len() != self.columns.len() {
                let fields = [row.len(), self.columns.len()];
                each(place, Err(TableProblem::Ragged { line, fields }))?;
                continue;
            }
            let mut members = Map::with_capacity(self.columns.len());
            for (name, field) in self.columns.iter().zip(&row) {
                let field = field.trim();
                let value = if field.is_empty() {
                    Value::Null
                } else {
                    Value::String(field.to_owned())
                };
                members.insert(name.clone(), value);
            }
            each(place, Ok(Value::Object(members)))?;
        }
    }
}

/// A reader that ends with an error when one row asks for too much.
struct Bounded {
    inner: Box<dyn Read>,
    left: Rc<Cell<u64>>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        let left = self.left.get();
        self.left.set(left.saturating_sub(read as u64));
        if read > 0 && left == 0 {
            return Err(io::Error::other("a row is larger than allowed"));
        }
        Ok(read)
    }
}

/// Windows-1252 → UTF-8.
struct Latin {
    inner: Box<dyn Read>,
    ready: Vec<u8>,
    at: usize,
}

impl Read for Latin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.ready.len() {
            let mut raw = [0_u8; 8 << 10];
            let read = self.inner.read(&mut raw)?;
            let text: String = raw[..read].iter().map(|byte| windows_1252(*byte)).collect();
            self.ready = text.into_bytes();
            self.at = 0;
        }
        let count = buffer.len().min(self.ready.len() - self.at);
        buffer[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// Follows the quotes of a table and finds one that does not close: it would take all rows after it along.
struct Quotes {
    quote: u8,
    delimiter: u8,
    line: u64,
    is_start: bool,
    open: Option<u64>,
    /// The last byte inside quotes was one.
    may_close: bool,
}

impl Quotes {
    fn new(quote: u8, delimiter: u8) -> Self {
        Self {
            quote,
            delimiter,
            line: 1,
            is_start: true,
            open: None,
            may_close: false,
        }
    }

    fn follow(&mut self, chunk: &[u8]) {
        for &byte in chunk {
            if self.open.is_some() {
                if byte == self.quote {
                    self.may_close = !self.may_close;
                } else if self.may_close {
                    self.open = None;
                    self.may_close = false;
                    self.is_start = byte == self.delimiter || byte == b'\n';
                }
            } else if byte == self.quote && self.is_start {
                self.open = Some(self.line);
            } else {
                self.is_start = byte == self.delimiter || matches!(byte, b'\n' | b'\r');
            }
            if byte == b'\n' {
                self.line += 1;
            }
        }
    }

    fn end(self) -> Option<u64> {
        self.open.filter(|_| !self.may_close)
    }
}

/// Follows bytes and finds the first that is not UTF-8.
#[derive(Default)]
struct Utf8 {
    seen: u64,
    /// Bytes of a character that is not complete yet.
    rest: Vec<u8>,
    wrong: Option<u64>,
}

impl Utf8 {
    fn follow(&mut self, chunk: &[u8]) {
        if self.wrong.is_some() {
            return;
        }
        let mut bytes = std::mem::take(&mut self.rest);
        let before = self.seen - bytes.len() as u64;
        bytes.extend_from_slice(chunk);
        self.seen += chunk.len() as u64;
        if let Err(error) = std::str::from_utf8(&bytes) {
            let good = error.valid_up_to();
            if error.error_len().is_some() {
                self.wrong = Some(before + good as u64);
            } else {
                self.rest = bytes.split_off(good);
            }
        }
    }

    fn end(self) -> Option<u64> {
        let cut = (!self.rest.is_empty()).then(|| self.seen - self.rest.len() as u64);
        self.wrong.or(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_that_do_not_close_are_found() {
        let open = |text: &str| {
            let mut quotes = Quotes::new(b'"', b',');
            text.as_bytes()
                .chunks(3)
                .for_each(|chunk| quotes.follow(chunk));
            quotes.end()
        };
        assert_eq!(open("a,b\n\"c\nd\",e\n"), None);
        assert_eq!(open("a,\"b \"\"c\"\" d\"\n5\" buis,x"), None);
        assert_eq!(open("a,\"\"\n\"b\""), None);
        assert_eq!(open("a,b\nc,\"d\ne,f\n"), Some(2));
    }

    #[test]
    fn characters_across_chunks_are_whole() {
        let text = "aéé😀b".as_bytes();
        for size in 1..5 {
            let mut utf8 = Utf8::default();
            text.chunks(size).for_each(|chunk| utf8.follow(chunk));
            assert_eq!(utf8.end(), None);
            let mut utf8 = Utf8::default();
            text[..8].chunks(size).for_each(|chunk| utf8.follow(chunk));
            assert_eq!(utf8.end(), Some(5));
        }
        let mut utf8 = Utf8::default();
        utf8.follow(b"ab\xE9c");
        assert_eq!(utf8.end(), Some(2));
    }
}
