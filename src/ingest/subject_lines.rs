//! The line on which a node first stands as a subject, for marks in an editor. A light scan of the text beside the
//! readers, which do not tell where a statement stood; it knows enough of each syntax to find IRIs and is not a parser.
//! Blank nodes have no name in the file that the registry keeps, so they are not looked for.

use super::input::Input;
use crate::rdf::format::Format;
use rustc_hash::{FxHashMap, FxHashSet};
use std::io::{self, BufReader, Bytes, Read};
use std::iter::Peekable;

/// Text that is looked at; what stands behind it gets no line.
const MAX_BYTES: u64 = 4 << 30;

/// Lines, counted from 1, of IRIs in the content of an input: where each first is a subject, else where it first stands.
///
/// # Errors
/// When the input cannot be read again.
pub fn subject_lines(
    input: &Input,
    format: Format,
    base: Option<&str>,
    wanted: &FxHashSet<String>,
) -> io::Result<FxHashMap<String, u64>> {
    if wanted.is_empty() {
        return Ok(FxHashMap::default());
    }
    let content = input.open()?.reader.take(MAX_BYTES);
    let default_base = input.default_base_iri();
    let base = base.map(str::to_owned).or(default_base);
    let mut scan = Scan {
        bytes: BufReader::with_capacity(1 << 16, content)
            .bytes()
            .peekable(),
        line: 1,
        base,
        prefixes: FxHashMap::default(),
        found: Found {
            wanted,
            subjects: FxHashMap::default(),
            mentions: FxHashMap::default(),
        },
    };
    match format {
        Format::JsonLd => scan.json()?,
        Format::RdfXml => scan.xml()?,
        Format::Turtle | Format::TriG | Format::NTriples | Format::NQuads => scan.turtle()?,
    }
    let Found {
        subjects,
        mut mentions,
        ..
    } = scan.found;
    mentions.extend(subjects);
    Ok(mentions)
}

struct Found<'a> {
    wanted: &'a FxHashSet<String>,
    subjects: FxHashMap<String, u64>,
    mentions: FxHashMap<String, u64>,
}

impl Found<'_> {
    fn see(&mut self, iri: &str, line: u64, is_subject: bool) {
        if !self.wanted.contains(iri) {
            return;
        }
        let lines = if is_subject {
            &mut self.subjects
        } else {
            &mut self.mentions
        };
        if !lines.contains_key(iri) {
            lines.insert(iri.to_owned(), line);
        }
    }

    fn is_complete(&self) -> bool {
        self.subjects.len() == self.wanted.len()
    }
}

struct Scan<'a, R: Read> {
    bytes: Peekable<Bytes<BufReader<R>>>,
    line: u64,
    base: Option<String>,
    prefixes: FxHashMap<String, String>,
    found: Found<'a>,
}

/// What a directive still waits for.
enum Directive {
    None,
    /// The name, then the namespace.
    Prefix(Option<String>),
    Base,
}

impl<R: Read> Scan<'_, R> {
    fn next(&mut self) -> io::Result<Option<u8>> {
        let byte = self.bytes.next().transpose()?;
        if byte == Some(b'\n') {
            self.line += 1;
        }
        Ok(byte)
    }

    fn peek(&mut self) -> Option<u8> {
        match self.bytes.peek() {
            Some(Ok(byte)) => Some(*byte),
            _ => None,
        }
    }

    /// Reads up to a byte and past it.
    fn until(&mut self, end: u8) -> io::Result<String> {
        let mut text = Vec::new();
        while let Some(byte) = self.next()? {
            if byte == end {
                break;
            }
            text.push(byte);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn resolve(&self, reference: &str) -> String {
        if reference.contains("://") {
            return reference.to_owned();
        }
        let resolved = self.base.as_deref().and_then(|base| {
            let base = oxiri::Iri::parse(base).ok()?;
            Some(base.resolve(reference).ok()?.into_inner())
        });
        resolved.unwrap_or_else(|| reference.to_owned())
    }

    /// Turtle, TriG, N-Triples and N-Quads: a term after a full stop or a brace is a subject.
    fn turtle(&mut self) -> io::Result<()> {
        let mut at_start = true;
        let mut directive = Directive::None;
        while let Some(byte) = self.next()? {
            if self.found.is_complete() {
                break;
            }
            match byte {
                b'#' => {
                    self.until(b'\n')?;
                }
                b'"' | b'\'' => self.skip_string(byte)?,
                b'<' => {
                    if self.peek() == Some(b'<') {
                        self.next()?;
                        continue;
                    }
                    let line = self.line;
                    let iri = self.until(b'>')?;
                    let iri = self.resolve(&iri);
                    match std::mem::replace(&mut directive, Directive::None) {
                        Directive::Prefix(Some(name)) => {
                            self.prefixes.insert(name, iri);
                            at_start = true;
                        }
                        Directive::Base => {
                            self.base = Some(iri);
                            at_start = true;
                        }
                        _ => {
                            self.found.see(&iri, line, at_start);
                            at_start = false;
                        }
                    }
                }
                b'.' | b'{' | b'}' => at_start = true,
                b'[' | b'(' => at_start = false,
                b']' | b')' | b';' | b',' | b'|' => {}
                byte if byte.is_ascii_whitespace() => {}
                first => {
                    let line = self.line;
                    let (word, ends) = self.word(first)?;
                    match word.as_str() {
                        "@prefix" => directive = Directive::Prefix(None),
                        "@base" => directive = Directive::Base,
                        _ if at_start && word.eq_ignore_ascii_case("prefix") => {
                            directive = Directive::Prefix(None);
                        }
                        _ if at_start && word.eq_ignore_ascii_case("base") => {
                            directive = Directive::Base;
                        }
                        _ if at_start && word.eq_ignore_ascii_case("graph") => {}
                        _ => {
                            if let Directive::Prefix(name @ None) = &mut directive {
                                *name = Some(word.trim_end_matches(':').to_owned());
                            } else {
                                if let Some(iri) = self.expand(&word) {
                                    self.found.see(&iri, line, at_start);
                                }
                                at_start = false;
                            }
                        }
                    }
                    at_start |= ends;
                }
            }
        }
        Ok(())
    }

    /// A name, number or keyword, and whether a full stop behind it ends the statement.
    fn word(&mut self, first: u8) -> io::Result<(String, bool)> {
        let mut word = vec![first];
        while let Some(byte) = self.peek() {
            let is_end = byte.is_ascii_whitespace()
                || matches!(
                    byte,
                    b'<' | b'>' | b'"' | b'\'' | b';' | b',' | b'[' | b']' | b'{' | b'}' | b'#'
                )
                || matches!(byte, b'(' | b')');
            if is_end {
                break;
            }
            self.next()?;
            if byte == b'\\' {
                if let Some(escaped) = self.next()? {
                    word.push(escaped);
                }
                continue;
            }
            word.push(byte);
        }
        let mut ends = false;
        while word.len() > 1 && word.ends_with(b".") {
            word.pop();
            ends = true;
        }
        Ok((String::from_utf8_lossy(&word).into_owned(), ends))
    }

    fn expand(&self, word: &str) -> Option<String> {
        let (prefix, local) = word.split_once(':')?;
        let namespace = self.prefixes.get(prefix)?;
        Some(format!("{namespace}{local}"))
    }

    /// The rest of a string, short or long.
    fn skip_string(&mut self, quote: u8) -> io::Result<()> {
        let mut is_long = false;
        if self.peek() == Some(quote) {
            self.next()?;
            if self.peek() != Some(quote) {
                return Ok(());
            }
            self.next()?;
            is_long = true;
        }
        let mut quotes = 0;
        while let Some(byte) = self.next()? {
            if byte == b'\\' {
                self.next()?;
                quotes = 0;
            } else if byte == quote {
                quotes += 1;
                if !is_long || quotes == 3 {
                    return Ok(());
                }
            } else {
                quotes = 0;
            }
        }
        Ok(())
    }

    /// JSON-LD: the value of `@id`, or of a key that stands in for it; another string with the IRI is a mention.
    fn json(&mut self) -> io::Result<()> {
        let mut key = String::new();
        let mut last: Option<(String, u64)> = None;
        while let Some(byte) = self.next()? {
            match byte {
                b'"' => {
                    let line = self.line;
                    last = Some((self.json_string()?, line));
                }
                b':' => key = last.take().map_or_else(String::new, |(text, _)| text),
                b',' | b'}' | b']' => {
                    if let Some((text, line)) = last.take() {
                        let is_id = matches!(key.as_str(), "@id" | "id" | "uri");
                        let iri = if is_id { self.resolve(&text) } else { text };
                        self.found.see(&iri, line, is_id);
                        if byte == b'}' {
                            key.clear();
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn json_string(&mut self) -> io::Result<String> {
        let mut raw = vec![b'"'];
        let mut is_plain = true;
        while let Some(byte) = self.next()? {
            raw.push(byte);
            if byte == b'\\' {
                is_plain = false;
                raw.extend(self.next()?);
            } else if byte == b'"' {
                break;
            }
        }
        if is_plain {
            let text = raw.get(1..raw.len().max(2) - 1).unwrap_or_default();
            return Ok(String::from_utf8_lossy(text).into_owned());
        }
        Ok(serde_json::from_slice(&raw).unwrap_or_default())
    }

    /// RDF/XML: the values of `rdf:about`, else of `rdf:resource`.
    fn xml(&mut self) -> io::Result<()> {
        while let Some(byte) = self.next()? {
            if byte != b'<' {
                continue;
            }
            let mut name = Vec::new();
            while let Some(byte) = self.next()? {
                match byte {
                    b'>' => break,
                    b'"' | b'\'' => {
                        let line = self.line;
                        let value = self.until(byte)?.replace("&amp;", "&");
                        let is_about = name.ends_with(b"about=");
                        if is_about || name.ends_with(b"resource=") {
                            let iri = self.resolve(&value);
                            self.found.see(&iri, line, is_about);
                        } else if name.ends_with(b"xml:base=") {
                            self.base = Some(value);
                        }
                        name.clear();
                    }
                    byte if byte.is_ascii_whitespace() => {}
                    byte => name.push(byte),
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(format: Format, text: &str, wanted: &[&str]) -> Vec<Option<u64>> {
        let input = Input::bytes("proef", text.as_bytes().to_vec());
        let set = wanted.iter().map(|iri| (*iri).to_owned()).collect();
        let found = subject_lines(&input, format, Some("http://b/x/"), &set).expect("memory");
        wanted.iter().map(|iri| found.get(*iri).copied()).collect()
    }

    #[test]
    fn turtle_names_are_expanded_and_subjects_come_first() {
        let text = "@prefix e: <http://e/> . # e:b\nPREFIX f: <http://f/>\n<r> e:p e:b , \"\"\"\n e:c .\n\"\"\" ;\n  e:q 1.5 .\n\ne:b\n  a e:T.\nf:d\\,e e:p 'x' .\n_:c e:p e:only .";
        let wanted = [
            "http://e/b",
            "http://b/x/r",
            "http://f/d,e",
            "http://e/only",
            "http://e/c",
        ];
        let found = lines(Format::Turtle, text, &wanted);
        assert_eq!(found, [Some(8), Some(3), Some(10), Some(11), None]);
    }

    #[test]
    fn graphs_and_lines_are_read() {
        let trig = "<http://g> {\n <http://a> <http://p> <http://c> }\nGRAPH <http://h> { <http://c> <http://p> 1 }";
        let found = lines(Format::TriG, trig, &["http://a", "http://c"]);
        assert_eq!(found, [Some(2), Some(3)]);
        let nq = "<http://a> <http://p> <http://b> .\n<http://b> <http://p> \"a . <http://x>\" <http://g> .\n";
        let found = lines(Format::NQuads, nq, &["http://b", "http://x"]);
        assert_eq!(found, [Some(2), None]);
    }

    #[test]
    fn json_and_xml_are_searched() {
        let json =
            "{\n \"@id\": \"a\",\n \"p\": [{\"@id\":\"http:\\/\\/e\\/2\"},\n \"http://e/3\"]}";
        let found = lines(
            Format::JsonLd,
            json,
            &["http://b/x/a", "http://e/2", "http://e/3"],
        );
        assert_eq!(found, [Some(2), Some(3), Some(4)]);
        let xml = "<rdf:RDF>\n<a:B rdf:resource='http://e/1'/>\n<a:B\n rdf:about=\"http://e/1\"/></rdf:RDF>";
        assert_eq!(lines(Format::RdfXml, xml, &["http://e/1"]), [Some(4)]);
    }
}
