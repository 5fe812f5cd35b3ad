//! Texts that no strict reader takes, mended before one reads them: bytes that are not UTF-8, characters that no IRI may hold,
//! literals of `rdf:langString` without a language, full stops that directives lack, commas too many in JSON. Walks the text
//! once, knows strings from the rest, and changes nothing else. Within bounds, in memory.

use super::Mending;
use super::flags::{Flags, N005, N010, N011, N020, N022, N024, N025, code_at};
use super::labels::Labels;
use crate::ingest::input::Input;
use crate::ingest::limits::{INFLATION_FLOOR, Limits};
use crate::ingest::normalise::{Repair, RepairReport, decode};
use crate::rdf::format::Format;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io::Read as _;

/// A longer text is not mended.
const MAX_BYTES: u64 = 256 << 20;
/// The IRI that literals without a language have, and the same with the usual prefix.
const LANG_STRING: [&str; 2] = [
    "^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>",
    "^^rdf:langString",
];
/// Examples of one code.
const MAX_EXAMPLES: usize = 3;

/// A text that was mended.
pub(in crate::ingest) struct MendedText {
    /// UTF-8.
    pub(in crate::ingest) bytes: Vec<u8>,
    /// Digest of the bytes before.
    pub(in crate::ingest) sha256: [u8; 32],
    /// What was mended, and how often.
    pub(in crate::ingest) repairs: Vec<(Repair, u64)>,
}

impl MendedText {
    /// Adds what was mended to a report.
    pub(in crate::ingest) fn add_to(&self, report: &mut RepairReport, place: &str) {
        for (repair, count) in &self.repairs {
            report.note(place, repair);
            if let Some((all, _)) = report.codes.get_mut(repair.code) {
                *all += count - 1;
            }
        }
    }
}

/// Mends the text of an input; `None` when there is nothing to mend.
pub(in crate::ingest) fn mend_text(
    input: &Input,
    format: Format,
    limits: &Limits,
    mending: &Mending,
) -> Option<MendedText> {
    let on = mending.on();
    let bytes = bytes_of(input, limits)?;
    let sha256 = Sha256::digest(&bytes).into();
    let mut notes = Notes::default();
    let (text, repair) = decode(bytes);
    let mut is_changed = false;
    if let Some(repair) = repair {
        if on & N020 == 0 {
            return None;
        }
        notes.add(N020, repair.from, repair.to);
        is_changed = true;
    }
    let mended = match format {
        Format::Turtle | Format::TriG | Format::NTriples | Format::NQuads => {
            turtle(&text, on, &mut notes)
        }
        Format::JsonLd => json(&text, on, &mut notes),
        Format::RdfXml => None,
    };
    is_changed |= mended.is_some();
    is_changed.then(|| MendedText {
        bytes: mended.unwrap_or(text).into_bytes(),
        sha256,
        repairs: notes.repairs(),
    })
}

fn bytes_of(input: &Input, limits: &Limits) -> Option<Vec<u8>> {
    let content = input.open().ok()?;
    let mut most = MAX_BYTES.min(limits.max_file_bytes);
    if content.compressed
        && let Some(size) = input.size_bytes()
    {
        let inflated = size.saturating_mul(limits.max_inflation);
        most = most.min(inflated.max(INFLATION_FLOOR));
    }
    let mut bytes = Vec::new();
    let mut reader = content.reader.take(most + 1);
    reader.read_to_end(&mut bytes).ok()?;
    (bytes.len() as u64 <= most).then_some(bytes)
}

/// What was mended, by code.
#[derive(Default)]
struct Notes {
    codes: BTreeMap<Flags, (u64, Vec<(String, String)>)>,
}

impl Notes {
    fn add(&mut self, code: Flags, from: impl Into<String>, to: impl Into<String>) {
        let (count, examples) = self.codes.entry(code).or_default();
        *count += 1;
        if examples.len() < MAX_EXAMPLES {
            examples.push((from.into(), to.into()));
        }
    }

    fn repairs(self) -> Vec<(Repair, u64)> {
        let mut repairs = Vec::new();
        for (flag, (count, examples)) in self.codes {
            let rest = count - examples.len() as u64;
            for (index, (from, to)) in examples.into_iter().enumerate() {
                let repair = Repair {
                    code: code_at(flag.trailing_zeros() as usize),
                    path: String::new(),
                    from,
                    to,
                };
                repairs.push((repair, if index == 0 { 1 + rest } else { 1 }));
            }
        }
        repairs
    }
}

/// A text that is copied with changes.
struct Copy<'t> {
    text: &'t str,
    out: String,
    /// What is copied so far.
    done: usize,
}

impl<'t> Copy<'t> {
    fn new(text: &'t str) -> Self {
        Self {
            text,
            out: String::new(),
            done: 0,
        }
    }

    /// Puts something in place of a stretch of the text.
    fn replace(&mut self, from: usize, until: usize, with: &str) {
        self.out.push_str(&self.text[self.done..from]);
        self.out.push_str(with);
        self.done = until;
    }

    fn finish(mut self) -> Option<String> {
        if self.done == 0 {
            return None;
        }
        self.out.push_str(&self.text[self.done..]);
        Some(self.out)
    }
}

fn turtle(text: &str, on: Flags, notes: &mut Notes) -> Option<String> {
    let bytes = text.as_bytes();
    let mut copy = Copy::new(text);
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'#' => at = line_end(bytes, at),
            b'\\' => at += 2,
            b'"' | b'\'' => {
                let start = at;
                at = string_end(bytes, at);
                let name = LANG_STRING
                    .iter()
                    .find(|name| text.get(at..).is_some_and(|rest| rest.starts_with(*name)));
                if let Some(name) = name
                    && on & N010 != 0
                {
                    notes.add(
                        N010,
                        text[start..at].trim_matches(['"', '\'']),
                        "xsd:string",
                    );
                    copy.replace(at, at + name.len(), "");
                    at += name.len();
                }
            }
            b'<' if bytes.get(at + 1) == Some(&b'<') => at += 2,
            b'<' => at = iri(text, at, on, &mut copy, notes),
            b'@' if text[at..].starts_with("@prefix") || text[at..].starts_with("@base") => {
                at = directive(text, at, on, &mut copy, notes);
            }
            _ => at += 1,
        }
    }
    copy.finish()
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    memchr::memchr2(b'\n', b'\r', &bytes[at..]).map_or(bytes.len(), |n| at + n)
}

/// The end of a string, short or long; of one that is not closed on its line, the end of the line.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let quote = bytes[start];
    let is_long = bytes[start..].starts_with(&[quote; 3]);
    let mut at = start + if is_long { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote && !is_long => return at + 1,
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3]) => {
                // Quotes that belong to the text may stand before the last three.
                at += 3;
                while bytes.get(at) == Some(&quote) {
                    at += 1;
                }
                return at;
            }
            b'\n' if !is_long => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Mends an IRI between `<` and `>`; gives where reading goes on.
fn iri(text: &str, start: usize, on: Flags, copy: &mut Copy<'_>, notes: &mut Notes) -> usize {
    let bytes = text.as_bytes();
    let Some(length) = memchr::memchr3(b'>', b'\n', b'\r', &bytes[start + 1..]) else {
        return start + 1;
    };
    let end = start + 1 + length;
    if bytes[end] != b'>' {
        return start + 1;
    }
    let written = &text[start + 1..end];
    if on & N022 != 0
        && let Some(mended) = encoded(written)
    {
        notes.add(N022, written, mended.as_str());
        copy.replace(start + 1, end, &mended);
    }
    end + 1
}

/// The IRI with characters that none may hold percent-encoded, blanks at its ends taken away; `None` when it has none.
fn encoded(iri: &str) -> Option<String> {
    let trimmed = iri.trim_matches(' ');
    let bytes = trimmed.as_bytes();
    let is_escape = |at: usize| matches!(bytes.get(at + 1), Some(b'u' | b'U'));
    let is_illegal = |at: usize| match bytes[at] {
        b'\\' => !is_escape(at),
        byte => byte <= b' ' || b"<\"{}|^`".contains(&byte),
    };
    let illegal = (0..bytes.len()).filter(|at| is_illegal(*at)).count();
    if illegal == 0 && trimmed.len() == iri.len() {
        return None;
    }
    let mut out = String::with_capacity(bytes.len() + 2 * illegal);
    for (at, character) in trimmed.char_indices() {
        if is_illegal(at) {
            out.push_str(&format!("%{:02X}", bytes[at]));
        } else {
            out.push(character);
        }
    }
    Some(out)
}

/// Mends the full stop that a directive lacks; gives where reading goes on.
fn directive(text: &str, start: usize, on: Flags, copy: &mut Copy<'_>, notes: &mut Notes) -> usize {
    let bytes = text.as_bytes();
    let Some(open) = memchr::memchr3(b'<', b'\n', b'"', &bytes[start..]) else {
        return start + 1;
    };
    if bytes[start + open] != b'<' {
        return start + 1;
    }
    let after = iri(text, start + open, on, copy, notes);
    if bytes[after - 1] != b'>' {
        return after;
    }
    let next = text[after..].trim_start();
    let begins_anew = ["@prefix", "@base", "<", "PREFIX", "BASE", "#"]
        .iter()
        .any(|word| next.starts_with(word))
        || next.starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '[');
    let has_line_break = text[after..after + (text[after..].len() - next.len())].contains('\n');
    if on & N024 != 0 && begins_anew && has_line_break {
        notes.add(N024, &text[start..after], "");
        copy.replace(after, after, " .");
    }
    after
}

/// JSON without the commas that are too many; `None` when there are none.
pub(in crate::ingest) fn without_commas(text: &str) -> Option<String> {
    json(text, N025, &mut Notes::default())
}

fn json(text: &str, on: Flags, notes: &mut Notes) -> Option<String> {
    let bytes = text.as_bytes();
    let mut copy = Copy::new(text);
    let mut comma = None;
    // Whether the string that comes next is the value of `@id` or `@type`.
    let mut is_id = false;
    let mut labels = Labels::of(text);
    let mut last = "";
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                comma = None;
                let start = at;
                at = string_end(bytes, at);
                last = text.get(start + 1..at.saturating_sub(1)).unwrap_or("");
                if std::mem::take(&mut is_id)
                    && on & N022 != 0
                    && !last.contains('\\')
                    && let Some(mended) = encoded(last)
                {
                    notes.add(N022, last, mended.as_str());
                    copy.replace(start + 1, at - 1, &mended);
                } else if on & N005 != 0
                    && let Some(label) = last.strip_prefix(":_")
                    && labels.is_node(label)
                {
                    let mended = format!("_:{label}");
                    notes.add(N005, last, mended.as_str());
                    copy.replace(start + 1, at - 1, &mended);
                }
                continue;
            }
            b':' => is_id = matches!(last, "@id" | "@type"),
            b',' => {
                if let Some(from) = comma.replace(at)
                    && on & N025 != 0
                {
                    notes.add(N025, ",", "");
                    copy.replace(from, from + 1, "");
                }
            }
            closing @ (b'}' | b']') => {
                if let Some(from) = comma.take()
                    && on & N025 != 0
                {
                    notes.add(N025, char::from(closing), "");
                    copy.replace(from, from + 1, "");
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => (comma, is_id) = (None, false),
        }
        at += 1;
    }
    copy.finish()
}

/// Counts the language tags of a text that are not in lower case: every reader writes them so, and none tells.
pub(in crate::ingest) fn count_tags(
    input: &Input,
    format: Format,
    mending: &Mending,
    report: &mut RepairReport,
) {
    if mending.on() & N011 == 0 || matches!(format, Format::JsonLd | Format::RdfXml) {
        return;
    }
    let Ok(mut content) = input.open() else {
        return;
    };
    // A tag that lies on the border of two pieces is seen with the second.
    const BORDER: usize = 40;
    let mut piece = vec![0; 1 << 16];
    let mut kept = 0;
    let mut notes = Notes::default();
    loop {
        let Ok(read) = content.reader.read(&mut piece[kept..]) else {
            return;
        };
        let end = kept + read;
        let whole = if read == 0 {
            end
        } else {
            end.saturating_sub(BORDER)
        };
        for at in memchr::memchr_iter(b'@', &piece[..whole]) {
            if let Some(tag) = tag_at(&piece[..end], at) {
                notes.add(N011, tag.as_str(), tag.to_ascii_lowercase());
            }
        }
        if read == 0 {
            break;
        }
        // The two bytes before the border tell a literal from its inside.
        let from = whole.saturating_sub(2);
        piece.copy_within(from..end, 0);
        kept = end - from;
        for byte in &mut piece[..2.min(whole)] {
            if *byte == b'@' {
                *byte = b' ';
            }
        }
    }
    let text = MendedText {
        bytes: Vec::new(),
        sha256: [0; 32],
        repairs: notes.repairs(),
    };
    text.add_to(report, input.name());
}

/// The tag that an at sign begins, when it follows a literal and is not in lower case.
fn tag_at(bytes: &[u8], at: usize) -> Option<String> {
    let (before, quote) = (at.checked_sub(2)?, at - 1);
    if !matches!(bytes[quote], b'"' | b'\'') || bytes[before] == b'\\' {
        return None;
    }
    let rest = &bytes[at + 1..];
    let length = rest
        .iter()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'-')
        .count();
    let tag = &rest[..length];
    let is_tag = tag.first().is_some_and(u8::is_ascii_alphabetic);
    let has_upper = tag.iter().any(u8::is_ascii_uppercase);
    (is_tag && has_upper).then(|| String::from_utf8_lossy(tag).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &[u8], format: Format) -> Option<(String, String)> {
        let input = Input::bytes("x", text.to_vec());
        let done = mend_text(&input, format, &Limits::default(), &Mending::default())?;
        let codes: Vec<String> = done
            .repairs
            .iter()
            .map(|(repair, count)| format!("{}×{count}", repair.code))
            .collect();
        Some((
            String::from_utf8(done.bytes).expect("UTF-8"),
            codes.join(" "),
        ))
    }

    fn of(text: &str) -> Option<(String, String)> {
        mended(text.as_bytes(), Format::Turtle)
    }

    #[test]
    fn what_is_right_stays() {
        for text in [
            "",
            "<urn:a> <urn:b> \"< x y >\" . # <a b>\n",
            "@prefix a: <urn:a#> . a:b a:c \"\"\"<a b> \" \"\" x\"\"\"\"@nl , 'it''s' .",
            "@base <urn:x>\n.\n<a> <b\\u0020c> 1 .",
            "PREFIX a: <urn:a>\nSELECT",
            "<urn:a> <urn:b> \"x \\\"^^rdf:langString\" .",
            "<<( <urn:a> <urn:b> <urn:c> )>> a <urn:d> .",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
        for text in ["{\"a\":[1,2],\"b\":\",}\"}", "[]", "{\"a\":1}"] {
            assert_eq!(mended(text.as_bytes(), Format::JsonLd), None, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_mended() {
        let is = |text: &str, right: &str, codes: &str| {
            assert_eq!(
                of(text),
                Some((right.to_owned(), codes.to_owned())),
                "{text}"
            );
        };
        is(
            "<urn:a b> <urn:{c}> <urn:d> .",
            "<urn:a%20b> <urn:%7Bc%7D> <urn:d> .",
            "N022×1 N022×1",
        );
        is(
            "<a> <b> \"x\"^^rdf:langString , '''y'''^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .",
            "<a> <b> \"x\" , '''y''' .",
            "N010×1 N010×1",
        );
        is(
            "@base <urn:x>\n@prefix a: <urn:a#> .\n@prefix b: <urn:b#>\n\na:x a b:y .",
            "@base <urn:x> .\n@prefix a: <urn:a#> .\n@prefix b: <urn:b#> .\n\na:x a b:y .",
            "N024×1 N024×1",
        );
        let latin = mended(b"<urn:a> <urn:b> \"\xE9\x80\" .", Format::Turtle);
        assert_eq!(
            latin,
            Some(("<urn:a> <urn:b> \"é€\" .".to_owned(), "N020×1".to_owned()))
        );
        let id = mended(
            br#"{"a": "{x}", "@id": "urn:{x}", "b": {"@id": "a"}}"#,
            Format::JsonLd,
        );
        let right = r#"{"a": "{x}", "@id": "urn:%7Bx%7D", "b": {"@id": "a"}}"#;
        assert_eq!(id, Some((right.to_owned(), "N022×1".to_owned())));
        let label = mended(
            br#"{"a": ":_x", "b": [":_x", ":_y"], "@id": "_:x"}"#,
            Format::JsonLd,
        );
        let right = r#"{"a": "_:x", "b": ["_:x", ":_y"], "@id": "_:x"}"#;
        assert_eq!(label, Some((right.to_owned(), "N005×1 N005×1".to_owned())));
        let doubled = mended(b"{\"a\": 1,\n,, \"b\": [2,,]}", Format::JsonLd);
        let right = "{\"a\": 1\n, \"b\": [2]}".to_owned();
        // Of four the first three are shown; what is not stands with the first.
        assert_eq!(doubled, Some((right, "N025×2 N025×1 N025×1".to_owned())));
        let comma = mended(b"{\"a\": [1, 2 ,\n ], }", Format::JsonLd);
        assert_eq!(
            comma,
            Some((
                "{\"a\": [1, 2 \n ] }".to_owned(),
                "N025×1 N025×1".to_owned()
            ))
        );
    }

    #[test]
    fn tags_are_counted_across_pieces() {
        let line = "<urn:a> <urn:b> \"x@NL\"@nl , 'y'@nl-BE , \"\\\"@FR\"@FR .\n";
        let text = line.repeat(3_000);
        let mut report = RepairReport::default();
        let input = Input::bytes("x", text);
        count_tags(&input, Format::Turtle, &Mending::default(), &mut report);
        let (count, examples) = &report.codes["N011"];
        assert_eq!(*count, 6_000);
        assert_eq!(
            (&*examples[0].1.from, &*examples[0].1.to),
            ("nl-BE", "nl-be")
        );
    }

    #[test]
    fn codes_can_be_kept() {
        let input = Input::bytes("x", b"<urn:a b> <urn:b> \"\xE9\" .".to_vec());
        let mending = |keep: &str| Mending {
            keep: Mending::keeping(keep).expect("codes"),
            strict: false,
        };
        let of = |keep: &str| {
            mend_text(&input, Format::Turtle, &Limits::default(), &mending(keep)).is_some()
        };
        assert!(of(""));
        assert!(of("n022"));
        assert!(!of("N020"));
        assert!(!of("all"));
        assert_eq!(Mending::keeping("N001, X9"), Err("X9".to_owned()));
    }
}
