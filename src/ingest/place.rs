//! From a byte offset or a line and column to the place a steward sees in an editor, with a piece of the line.
//! Reads the input again from the start: only mistakes pay for it.

use super::diagnostic::{Diagnostic, Excerpt, Location};
use super::input::Input;
use std::collections::VecDeque;
use std::io::Read;

/// Where to look, as far as the complaining reader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Byte of the decompressed content, from 0.
    Offset(u64),
    /// Line and column in code points, from 0.
    LineColumn(u64, u64),
}

const BEFORE: usize = 60;
const AFTER: usize = 60;

/// Finds the place; a place beyond the end is the end. `None` for the excerpt when the line is blank.
pub(crate) fn locate(input: &Input, target: Target) -> (Location, Option<Excerpt>) {
    let mut location = Location {
        file: input.name().to_owned(),
        ..Location::default()
    };
    let Ok(mut content) = input.open() else {
        return (location, None);
    };
    let mut cursor = Cursor::default();
    let mut chunk = vec![0; 1 << 16];
    // A damaged gzip stream still shows what comes before the damage.
    'reading: while let Ok(n @ 1..) = content.reader.read(&mut chunk) {
        for (at, byte) in chunk[..n].iter().enumerate() {
            let within_character = matches!(target, Target::LineColumn(..)) && byte & 0xC0 == 0x80;
            if cursor.found(target) && !within_character {
                cursor.look_ahead(&chunk[at..n]);
                break 'reading;
            }
            cursor.take(*byte);
        }
    }
    let (line, column) = match target {
        Target::Offset(_) => (cursor.line, cursor.column),
        Target::LineColumn(line, column) => (line, column),
    };
    location.line = Some(line + 1);
    location.column = Some(column + 1);
    (location, cursor.excerpt())
}

/// Finds a text in the content and gives the offset of its first byte.
pub(crate) fn find_text(input: &Input, text: &str, max_bytes: u64) -> Option<u64> {
    let content = input.open().ok()?;
    let mut all = Vec::new();
    content.reader.take(max_bytes).read_to_end(&mut all).ok()?;
    memchr::memmem::find(&all, text.as_bytes()).map(|at| at as u64)
}

/// Where the thing that a JSON-LD message names stands: an empty value, a value that should be a string, a name in
/// quotes, a prefixed name, or else the first use of the keyword.
pub(crate) fn find_json_ld_culprit(input: &Input, message: &str, max_bytes: u64) -> Option<u64> {
    let mut text = String::new();
    let content = input.open().ok()?;
    content
        .reader
        .take(max_bytes)
        .read_to_string(&mut text)
        .ok()?;
    let find = |pattern: String| {
        let found = regex::Regex::new(&pattern).ok()?.find(&text)?;
        Some(found.start() as u64)
    };
    let keyword = message
        .split_whitespace()
        .find(|word| word.starts_with('@') && word.len() > 1)
        .map(regex::escape);
    if let Some(keyword) = &keyword {
        let pattern = if message.contains("''") {
            Some(format!(r#""{keyword}"\s*:\s*"""#))
        } else if message.contains("must be a string") {
            Some(format!(r#""{keyword}"\s*:\s*[^"\s]"#))
        } else {
            None
        };
        if let Some(offset) = pattern.and_then(find) {
            return Some(offset);
        }
    }
    let quoted = message.split('\'').skip(1).step_by(2);
    let prefixed = message.split_whitespace().filter(|word| word.contains(':'));
    quoted
        .chain(prefixed)
        .filter(|name| !name.is_empty())
        .find_map(|name| find(format!("\"{}\"", regex::escape(name))))
        .or_else(|| find(format!("\"{}\"", keyword?)))
}

/// Moves the place from the start of an IRI to the character in it that the reader complains about.
pub(crate) fn point_at_character(diagnostic: &mut Diagnostic) {
    let Some(character) = diagnostic
        .detail
        .as_deref()
        .and_then(|detail| detail.split_once("Invalid IRI code point '"))
        .and_then(|(_, rest)| rest.chars().next())
    else {
        return;
    };
    let (Some(excerpt), Some(column)) = (&mut diagnostic.excerpt, &mut diagnostic.location.column)
    else {
        return;
    };
    if let Some(ahead) = excerpt
        .text
        .chars()
        .skip(excerpt.caret)
        .position(|c| c == character)
    {
        excerpt.caret += ahead;
        *column += ahead as u64;
    }
}

#[derive(Default)]
struct Cursor {
    offset: u64,
    line: u64,
    column: u64,
    after_return: bool,
    before: VecDeque<u8>,
    after: Vec<u8>,
}

impl Cursor {
    fn found(&self, target: Target) -> bool {
        match target {
            Target::Offset(offset) => self.offset >= offset,
            Target::LineColumn(line, column) => {
                self.line > line || (self.line == line && self.column >= column)
            }
        }
    }

    fn take(&mut self, byte: u8) {
        self.offset += 1;
        let second_half = byte == b'\n' && self.after_return;
        self.after_return = byte == b'\r';
        if byte == b'\n' || byte == b'\r' {
            if !second_half {
                self.line += 1;
            }
            self.column = 0;
            self.before.clear();
            return;
        }
        let continues = byte & 0xC0 == 0x80;
        let mark = self.offset <= 3 && matches!(byte, 0xEF | 0xBB | 0xBF);
        if !continues && !mark {
            self.column += 1;
        }
        if !mark {
            self.before.push_back(byte);
            if self.before.len() > 4 * BEFORE {
                self.before.pop_front();
            }
        }
    }

    fn look_ahead(&mut self, rest: &[u8]) {
        let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
        self.after.extend_from_slice(&rest[..end.min(4 * AFTER)]);
    }

    fn excerpt(mut self) -> Option<Excerpt> {
        let before = String::from_utf8_lossy(self.before.make_contiguous()).into_owned();
        let before: Vec<char> = before.chars().collect();
        let mut shown: String = before[before.len().saturating_sub(BEFORE)..]
            .iter()
            .collect();
        let trimmed = shown.trim_start().len();
        shown = shown.split_off(shown.len() - trimmed);
        let caret = shown.chars().count();
        shown.extend(String::from_utf8_lossy(&self.after).chars().take(AFTER));
        let text: String = shown
            .trim_end()
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        (!text.is_empty()).then_some(Excerpt { text, caret })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_lines_and_code_points() {
        let input = Input::bytes("t", "één\r\ntwee\rdrie😀vier\n".to_owned());
        let at = |target| {
            let (location, excerpt) = locate(&input, target);
            (location.line, location.column, excerpt)
        };
        let offset = |needle: &str| find_text(&input, needle, 1 << 20).expect("is there");
        let (line, column, excerpt) = at(Target::Offset(offset("vier")));
        assert_eq!((line, column), (Some(3), Some(6)));
        assert_eq!(
            excerpt,
            Some(Excerpt {
                text: "drie😀vier".into(),
                caret: 5
            })
        );
        assert_eq!(at(Target::Offset(offset("wee"))).1, Some(2));
        let (line, column, excerpt) = at(Target::LineColumn(0, 2));
        assert_eq!((line, column), (Some(1), Some(3)));
        assert_eq!(excerpt.expect("shows the line").text, "één");
        assert_eq!(at(Target::Offset(1000)).0, Some(4));
    }
}
