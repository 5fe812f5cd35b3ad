//! Reads one line of N-Triples or N-Quads that is plainly valid and already canonical, byte by byte and without copying.
//! Accepts less than the standard allows and never judges: whatever it does not take ([`Line::Odd`]) the strict reader
//! reads, so a doubt here costs time and no statement. What it takes, the strict reader would have taken with the same
//! terms, and `rdf::text` would have written with the same bytes.

/// Where a text stands in its block: first byte and the byte after the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Canonical texts of subject, predicate, object and graph name.
    Statement(Span, Span, Span, Option<Span>),
    /// Blanks or a comment.
    Nothing,
    /// Something else: a statement written otherwise, or a mistake.
    Odd,
}

/// Scheme of an IRI after its first letter.
const SCHEME: u8 = 1;
/// Host name: unreserved characters and sub-delimiters.
const HOST: u8 = 2;
/// Path, query and fragment.
const PATH: u8 = 4;
/// Text between quotes that is written without an escape. Bytes above ASCII are, for the block is UTF-8, but for those with
/// which U+FFFE and U+FFFF begin: these are escaped, and few others begin so.
const TEXT: u8 = 8;
/// Label of a blank node, without the dot.
const LABEL: u8 = 16;
const LOWER: u8 = 32;
const DIGIT: u8 = 64;

/// Classes of every byte.
const CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut at = 0;
    while at < 256 {
        let byte = at as u8;
        let mut class = 0;
        if byte.is_ascii_alphanumeric() {
            class |= SCHEME | HOST | PATH | LABEL;
        }
        if byte.is_ascii_lowercase() {
            class |= LOWER;
        }
        if byte.is_ascii_digit() {
            class |= DIGIT;
        }
        if matches!(byte, b'+' | b'-' | b'.') {
            class |= SCHEME;
        }
        if matches!(
            byte,
            b'-' | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
        ) {
            class |= HOST | PATH;
        }
        if matches!(byte, b':' | b'@' | b'/' | b'?') {
            class |= PATH;
        }
        if matches!(byte, b'_' | b'-') {
            class |= LABEL;
        }
        if byte >= 0x20 && !matches!(byte, b'"' | b'\\' | 0x7F | 0xEF) {
            class |= TEXT;
        }
        classes[at] = class;
        at += 1;
    }
    classes
};

/// First place from `at` on whose byte is not of the class.
fn skip(bytes: &[u8], at: usize, class: u8) -> usize {
    bytes[at..]
        .iter()
        .position(|byte| CLASSES[usize::from(*byte)] & class == 0)
        .map_or(bytes.len(), |ahead| at + ahead)
}

fn skip_blanks(bytes: &[u8], mut at: usize) -> usize {
    while matches!(bytes.get(at), Some(b' ' | b'\t')) {
        at += 1;
    }
    at
}

/// Terms that the line probably repeats, by where they stood in an earlier statement of the block.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guess {
    pub(super) subject: Option<Span>,
    pub(super) predicate: Option<Span>,
}

/// Reads the line that starts at `at`; `with_graph` allows a graph name. Gives the start of the line after it too,
/// unless the line is odd: then the second part is `at`. A term that was guessed right has the span of the guess.
///
/// The block is at most 4 GiB.
pub(super) fn scan_line(bytes: &[u8], at: usize, with_graph: bool, guess: Guess) -> (Line, usize) {
    statement(bytes, at, with_graph, guess).unwrap_or((Line::Odd, at))
}

fn statement(bytes: &[u8], at: usize, with_graph: bool, guess: Guess) -> Option<(Line, usize)> {
    let start = skip_blanks(bytes, at);
    if !matches!(bytes.get(start), Some(b'<' | b'_')) {
        return Some((Line::Nothing, line_end(bytes, start)?));
    }
    let (subject, subject_end) = match repeated(bytes, start, guess.subject) {
        Some(known) => known,
        None => {
            let end = node_end(bytes, start)?;
            (span(start, end), end)
        }
    };
    let predicate_start = next_term(bytes, subject_end)?;
    let (predicate, predicate_end) = match repeated(bytes, predicate_start, guess.predicate) {
        Some(known) => known,
        None => {
            let end = iri_end(bytes, predicate_start)?;
            (span(predicate_start, end), end)
        }
    };
    let object_start = next_term(bytes, predicate_end)?;
    let object = if bytes.get(object_start) == Some(&b'"') {
        literal_end(bytes, object_start)?
    } else {
        node_end(bytes, object_start)?
    };
    let mut rest = skip_blanks(bytes, object);
    let mut graph = None;
    if with_graph && rest > object && matches!(bytes.get(rest), Some(b'<' | b'_')) {
        let end = node_end(bytes, rest)?;
        graph = Some(span(rest, end));
        rest = skip_blanks(bytes, end);
    }
    if bytes.get(rest) != Some(&b'.') {
        return None;
    }
    let line = Line::Statement(subject, predicate, span(object_start, object), graph);
    Some((line, line_end(bytes, skip_blanks(bytes, rest + 1))?))
}

/// Whether the guessed text stands here again with a blank after it; the guess and the end of the term here.
fn repeated(bytes: &[u8], at: usize, guess: Option<Span>) -> Option<(Span, usize)> {
    let guess = guess?;
    let text = &bytes[guess.start as usize..guess.end as usize];
    let end = at + text.len();
    let blank = matches!(bytes.get(end), Some(b' ' | b'\t'));
    (blank && &bytes[at..end] == text).then_some((guess, end))
}

fn span(start: usize, end: usize) -> Span {
    Span {
        start: start as u32,
        end: end as u32,
    }
}

/// Start of the next term, which blanks set apart.
fn next_term(bytes: &[u8], at: usize) -> Option<usize> {
    let next = skip_blanks(bytes, at);
    (next > at).then_some(next)
}

/// After the line end that must come here, perhaps after a comment.
fn line_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    if bytes.get(at) == Some(&b'#') {
        at = memchr::memchr2(b'\r', b'\n', &bytes[at..]).map_or(bytes.len(), |ahead| at + ahead);
    }
    match bytes.get(at) {
        None => Some(at),
        Some(b'\n') => Some(at + 1),
        // A lone return ends a line too, but not one that blocks are cut at.
        Some(b'\r') if bytes.get(at + 1) == Some(&b'\n') => Some(at + 2),
        Some(_) => None,
    }
}

/// End of the IRI or blank node that must start here.
fn node_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) == Some(&b'_') {
        label_end(bytes, at)
    } else {
        iri_end(bytes, at)
    }
}

/// A label must be followed by a blank: whether a dot belongs to it is a question for the strict reader.
fn label_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at + 1) != Some(&b':') || matches!(bytes.get(at + 2), None | Some(b'-')) {
        return None;
    }
    let end = skip(bytes, at + 2, LABEL);
    (end > at + 2 && matches!(bytes.get(end), Some(b' ' | b'\t'))).then_some(end)
}

/// RFC 3986 in ASCII, without percent signs, user names and IP addresses in brackets. IRIs of the scheme `file` are left
/// out because they are counted.
fn iri_end(bytes: &[u8], at: usize) -> Option<usize> {
    if bytes.get(at) != Some(&b'<')
        || !bytes.get(at + 1)?.is_ascii_alphabetic()
        || bytes[at + 1..].starts_with(b"file:")
    {
        return None;
    }
    let mut end = skip(bytes, at + 2, SCHEME);
    if bytes.get(end) != Some(&b':') {
        return None;
    }
    end += 1;
    if bytes[end..].starts_with(b"//") {
        end = skip(bytes, end + 2, HOST);
        if bytes.get(end) == Some(&b':') {
            end = skip(bytes, end + 1, DIGIT);
        }
        if !matches!(bytes.get(end), Some(b'/' | b'?' | b'#' | b'>')) {
            return None;
        }
    }
    end = skip(bytes, end, PATH);
    if bytes.get(end) == Some(&b'#') {
        end = skip(bytes, end + 1, PATH);
    }
    (bytes.get(end) == Some(&b'>')).then_some(end + 1)
}

fn literal_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = skip(bytes, at + 1, TEXT);
    while bytes.get(end) == Some(&b'\\') {
        if !matches!(
            bytes.get(end + 1),
            Some(b'b' | b't' | b'n' | b'f' | b'r' | b'"' | b'\\')
        ) {
            return None;
        }
        end = skip(bytes, end + 2, TEXT);
    }
    if bytes.get(end) != Some(&b'"') {
        return None;
    }
    end += 1;
    match bytes.get(end)? {
        b'@' => language_end(bytes, end + 1),
        b'^' => {
            if bytes.get(end + 1) != Some(&b'^') {
                return None;
            }
            let datatype = end + 2;
            end = iri_end(bytes, datatype)?;
            // Written out these are no canonical literals, and the last two are none at all.
            const SPECIAL: [&[u8]; 3] = [
                b"<http://www.w3.org/2001/XMLSchema#string>",
                b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>",
                b"<http://www.w3.org/1999/02/22-rdf-syntax-ns#dirLangString>",
            ];
            (!SPECIAL.contains(&&bytes[datatype..end])).then_some(end)
        }
        _ => Some(end),
    }
}

/// `nl` or `nl-be`, in lower case as they are stored; every such tag is well-formed.
fn language_end(bytes: &[u8], at: usize) -> Option<usize> {
    let mut end = skip(bytes, at, LOWER);
    if !(2..=3).contains(&(end - at)) {
        return None;
    }
    if bytes.get(end) == Some(&b'-') {
        let region = end + 1;
        end = skip(bytes, region, LOWER);
        if end - region != 2 {
            return None;
        }
    }
    matches!(bytes.get(end), Some(b' ' | b'\t')).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(line: &str) -> Option<Vec<&str>> {
        let (found, next) = scan_line(line.as_bytes(), 0, true, Guess::default());
        let text = |span: Span| &line[span.start as usize..span.end as usize];
        match found {
            Line::Statement(s, p, o, g) => {
                assert_eq!(next, line.len());
                Some(
                    [Some(s), Some(p), Some(o), g]
                        .into_iter()
                        .flatten()
                        .map(text)
                        .collect(),
                )
            }
            Line::Nothing => Some(Vec::new()),
            Line::Odd => None,
        }
    }

    #[test]
    fn takes_plain_lines() {
        for (line, expected) in [
            (
                "<http://e.org/a> <urn:p> \"x\" .\n",
                vec!["<http://e.org/a>", "<urn:p>", "\"x\""],
            ),
            (
                "\t_:a-1 <urn:p#f>\t_:B_2 <http://e.org:80?q=/#f/?> . # words\r\n",
                vec!["_:a-1", "<urn:p#f>", "_:B_2", "<http://e.org:80?q=/#f/?>"],
            ),
            (
                "<urn:s> <urn:p> \"é \\\" \\\\ \\n\"@nl-be .",
                vec!["<urn:s>", "<urn:p>", "\"é \\\" \\\\ \\n\"@nl-be"],
            ),
            (
                "<urn:s> <urn:p> \"01\"^^<urn:t>.\n",
                vec!["<urn:s>", "<urn:p>", "\"01\"^^<urn:t>"],
            ),
            (" \t\r\n", vec![]),
            ("# words", vec![]),
        ] {
            assert_eq!(terms(line), Some(expected), "{line}");
        }
    }

    #[test]
    fn a_guess_is_right_only_for_the_whole_term() {
        let block = b"_:a1 <urn:p> _:a .\n_:a <urn:p> _:a .\n_:a <urn:pq> _:a .\n";
        let mut guess = Guess::default();
        let mut at = 0;
        let mut starts = Vec::new();
        while at < block.len() {
            let (Line::Statement(s, p, _, None), next) = scan_line(block, at, true, guess) else {
                panic!("a statement is expected at {at}");
            };
            starts.push((s.start, p.start));
            guess = Guess {
                subject: Some(s),
                predicate: Some(p),
            };
            at = next;
        }
        assert_eq!(starts, [(0, 5), (19, 5), (19, 41)]);
    }

    #[test]
    fn leaves_doubts_to_the_strict_reader() {
        for line in [
            "<a> <urn:p> <urn:o> .",
            "<urn:a%20> <urn:p> <urn:o> .",
            "<urn:é> <urn:p> <urn:o> .",
            "<urn:a#b#c> <urn:p> <urn:o> .",
            "<http://u@h/> <urn:p> <urn:o> .",
            "<http://h:8a/> <urn:p> <urn:o> .",
            "<http://[::1]/> <urn:p> <urn:o> .",
            "<file:///a> <urn:p> <urn:o> .",
            "<urn:a><urn:p> <urn:o> .",
            "_:a. <urn:p> <urn:o> .",
            "_:-a <urn:p> <urn:o> .",
            "_: <urn:p> <urn:o> .",
            "_:a _:p <urn:o> .",
            "\"a\" <urn:p> <urn:o> .",
            "<urn:s> <urn:p> _:o.",
            "<urn:s> <urn:p> \"a\tb\" .",
            "<urn:s> <urn:p> \"a\u{7f}b\" .",
            "<urn:s> <urn:p> \"a\\u0041\" .",
            "<urn:s> <urn:p> \"a\\'\" .",
            "<urn:s> <urn:p> \"a\"@NL .",
            "<urn:s> <urn:p> \"a\"@n .",
            "<urn:s> <urn:p> \"a\"@nl-bel .",
            "<urn:s> <urn:p> \"a\"@nl-- .",
            "<urn:s> <urn:p> \"a\"@nl.",
            "<urn:s> <urn:p> \"a\"^^<http://www.w3.org/2001/XMLSchema#string> .",
            "<urn:s> <urn:p> \"a\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .",
            "<urn:s> <urn:p> \"a\" <urn:g> <urn:h> .",
            "<urn:s> <urn:p> \"a .",
            "<urn:s> <urn:p> \"a\"",
            "<urn:s> <urn:p> \"a\" . x",
            "<urn:s> <urn:p> \"a\" .\r",
            "# words\rmore\n",
            "<urn:s",
            "oops",
        ] {
            assert_eq!(terms(line), None, "{line}");
        }
        let quad = b"<urn:s> <urn:p> <urn:o> <urn:g> .";
        assert_eq!(scan_line(quad, 0, false, Guess::default()), (Line::Odd, 0));
    }
}
