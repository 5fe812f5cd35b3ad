//! Follows XML without reading it: how deep elements are nested, how long the piece at hand is, where a document type
//! starts. RDF/XML readers do not notice a file that was cut off between elements, and buffer any piece whole.

/// What is wrong, and how far into the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum XmlProblem {
    /// A tag, text, comment or instruction longer than allowed.
    PieceTooLong(usize),
    /// A document type that does not come first.
    LateDocumentType(usize),
}

/// State between chunks.
#[derive(Debug, Default)]
pub(super) struct XmlScan {
    state: State,
    depth: u64,
    seen_element: bool,
    piece_bytes: u64,
    /// The last three bytes within a piece, newest last.
    last: [u8; 3],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    /// After `<`.
    Open,
    /// After `<!` and so many bytes of `--` or `[CDATA[`.
    Bang(u8),
    StartTag(Option<u8>),
    EndTag,
    Instruction,
    Comment,
    CData,
    /// Open angle brackets and the quote within.
    DocumentType(u32, Option<u8>),
    DocumentTypeComment(u32),
}

const CDATA: &[u8] = b"[CDATA[";

impl XmlScan {
    /// Whether the end of the input may come here.
    pub(super) fn may_end(&self) -> bool {
        self.state == State::Text && self.depth == 0
    }

    /// How deep elements are nested at the end of what was followed.
    pub(super) fn depth(&self) -> u64 {
        self.depth
    }

    /// Follows a chunk.
    pub(super) fn scan(&mut self, chunk: &[u8], max_piece_bytes: u64) -> Option<XmlProblem> {
        let mut at = 0;
        while at < chunk.len() {
            if self.state == State::Text {
                let next = memchr::memchr(b'<', &chunk[at..]);
                self.piece_bytes += next.unwrap_or(chunk.len() - at) as u64;
                if self.piece_bytes > max_piece_bytes {
                    return Some(XmlProblem::PieceTooLong(at));
                }
                at += next? + 1;
                self.enter(State::Open);
                continue;
            }
            let byte = chunk[at];
            at += 1;
            self.piece_bytes += 1;
            if self.piece_bytes > max_piece_bytes {
                return Some(XmlProblem::PieceTooLong(at - 1));
            }
            if self.step(byte) {
                return Some(XmlProblem::LateDocumentType(at - 1));
            }
            self.last = [self.last[1], self.last[2], byte];
        }
        None
    }

    fn enter(&mut self, state: State) {
        self.state = state;
        self.last = [0; 3];
        if matches!(state, State::Open | State::Text) {
            self.piece_bytes = 0;
        }
    }

    /// One byte within markup. True when a document type starts after the first element.
    fn step(&mut self, byte: u8) -> bool {
        match self.state {
            State::Text => {}
            State::Open => match byte {
                b'/' => self.enter(State::EndTag),
                b'?' => self.enter(State::Instruction),
                b'!' => self.enter(State::Bang(0)),
                _ => self.enter(State::StartTag(None)),
            },
            State::Bang(0) if byte == b'-' => self.state = State::Bang(1),
            State::Bang(1) if self.last[2] == b'-' && byte == b'-' => self.enter(State::Comment),
            State::Bang(n) if CDATA.get(usize::from(n)) == Some(&byte) => {
                if usize::from(n) + 1 == CDATA.len() {
                    self.enter(State::CData);
                } else {
                    self.state = State::Bang(n + 1);
                }
            }
            State::Bang(_) => {
                self.enter(State::DocumentType(1, None));
                return self.seen_element;
            }
            State::StartTag(None) => match byte {
                b'"' | b'\'' => self.state = State::StartTag(Some(byte)),
                b'>' => {
                    self.seen_element = true;
                    if self.last[2] != b'/' {
                        self.depth += 1;
                    }
                    self.enter(State::Text);
                }
                _ => {}
            },
            State::StartTag(Some(quote)) => {
                if byte == quote {
                    self.state = State::StartTag(None);
                }
            }
            State::EndTag => {
                if byte == b'>' {
                    self.depth = self.depth.saturating_sub(1);
                    self.enter(State::Text);
                }
            }
            State::Instruction => {
                if byte == b'>' && self.last[2] == b'?' {
                    self.enter(State::Text);
                }
            }
            State::Comment => {
                if byte == b'>' && self.last[1..] == *b"--" {
                    self.enter(State::Text);
                }
            }
            State::CData => {
                if byte == b'>' && self.last[1..] == *b"]]" {
                    self.enter(State::Text);
                }
            }
            State::DocumentType(depth, None) => match byte {
                b'"' | b'\'' => self.state = State::DocumentType(depth, Some(byte)),
                b'<' => self.state = State::DocumentType(depth + 1, None),
                b'>' if depth == 1 => self.enter(State::Text),
                b'>' => self.state = State::DocumentType(depth - 1, None),
                b'-' if self.last == *b"<!-" => {
                    self.enter(State::DocumentTypeComment(depth - 1));
                }
                _ => {}
            },
            State::DocumentType(depth, Some(quote)) => {
                if byte == quote {
                    self.state = State::DocumentType(depth, None);
                }
            }
            State::DocumentTypeComment(depth) => {
                if byte == b'>' && self.last[1..] == *b"--" {
                    self.enter(State::DocumentType(depth, None));
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_end(text: &str) -> bool {
        let whole = {
            let mut scan = XmlScan::default();
            assert_eq!(scan.scan(text.as_bytes(), 1000), None, "{text}");
            scan.may_end()
        };
        let mut bytewise = XmlScan::default();
        for byte in text.bytes() {
            assert_eq!(bytewise.scan(&[byte], 1000), None);
        }
        assert_eq!(whole, bytewise.may_end(), "{text}");
        whole
    }

    #[test]
    fn knows_when_every_element_is_closed() {
        for closed in [
            "",
            "<a/>",
            "<?xml version='1.0'?><!-- <b> - -- --><a b='>' c=\"/\"> x <d/></a>\n",
            "<!DOCTYPE a [<!ENTITY x \"y>\"> <!-- don't <b> --> <!ELEMENT a ANY>]><a>&x;</a>",
            "<a><![CDATA[<b>]]></a>",
            "<a b='/'></a>",
        ] {
            assert!(may_end(closed), "{closed}");
        }
        for open in [
            "<",
            "<a",
            "<a>",
            "<a><b/>",
            "<a><b></b>",
            "<a/><!-- x --",
            "<a b='/'>",
            "<a><![CDATA[</a>",
        ] {
            assert!(!may_end(open), "{open}");
        }
    }

    #[test]
    fn pieces_and_document_types_are_bounded() {
        let scan = |text: &str| XmlScan::default().scan(text.as_bytes(), 10);
        assert_eq!(scan("<a>0123456789</a>"), None);
        assert!(matches!(
            scan("<a>0123456789A</a>"),
            Some(XmlProblem::PieceTooLong(_))
        ));
        assert!(matches!(
            scan("<!-- < < < < < -->"),
            Some(XmlProblem::PieceTooLong(_))
        ));
        assert!(matches!(
            scan("<a/><!DOCTYPE a>"),
            Some(XmlProblem::LateDocumentType(_))
        ));
    }
}
