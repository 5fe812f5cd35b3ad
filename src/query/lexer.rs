//! The tokens of a SPARQL text: enough to find prologues, variables, operations and undeclared prefixes.
//! Does not check syntax: the parser does.

/// One token. Texts are slices of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<iri>`, without the angle brackets and unresolved.
    Iri(&'a str),
    /// `prefix:local`, either part possibly empty.
    Prefixed(&'a str, &'a str),
    /// `?name` or `$name`, without the sign.
    Variable(&'a str),
    /// A keyword or a bare name such as `SELECT`, `a`, `true`.
    Word(&'a str),
    /// A string literal without language tag or datatype.
    Text,
    /// A string literal whose end is missing.
    OpenText,
    /// Anything else of which only the presence matters: numbers, blank node labels, language tags.
    Other,
    /// `<<`, which opens a triple term or a reified triple of SPARQL 1.2.
    TripleOpen,
    /// `>>`, which closes one.
    TripleClose,
    /// A single sign.
    Sign(char),
}

/// A token and the bytes it covers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spanned<'a> {
    pub(super) token: Token<'a>,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Spanned<'_> {
    /// Whether this is the given keyword, in any case.
    pub(super) fn is_word(&self, keyword: &str) -> bool {
        matches!(self.token, Token::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// All tokens of a text; comments and white space are left out. Never fails.
pub(super) fn tokens(text: &str) -> Vec<Spanned<'_>> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        if c == '#' {
            at = text[at..].find(['\n', '\r']).map_or(text.len(), |n| at + n);
            continue;
        }
        let (token, length) = next_token(&text[at..], c);
        out.push(Spanned {
            token,
            start: at,
            end: at + length,
        });
        at += length;
    }
    out
}

/// One-based line and column (in characters) of a byte offset.
pub(super) fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

/// The byte offset of a one-based line and column.
pub(super) fn offset(text: &str, line: usize, column: usize) -> usize {
    let start = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum::<usize>();
    text[start..]
        .char_indices()
        .nth(column.saturating_sub(1))
        .map_or(text.len(), |(n, _)| start + n)
}

fn next_token(rest: &str, first: char) -> (Token<'_>, usize) {
    match first {
        '<' if opens_triple(rest) => (Token::TripleOpen, 2),
        '>' if rest.starts_with(">>") => (Token::TripleClose, 2),
        '<' => {
            let end = rest[1..].find(|c: char| {
                c <= ' ' || matches!(c, '<' | '>' | '"' | '{' | '}' | '|' | '^' | '`' | '\\')
            });
            match end {
                Some(n) if rest[1 + n..].starts_with('>') => (Token::Iri(&rest[1..=n]), n + 2),
                _ => (Token::Sign('<'), 1),
            }
        }
        '"' | '\'' => string(rest, first),
        '?' | '$' => {
            let name = take_while(&rest[1..], is_name_char);
            if name.is_empty() {
                (Token::Sign(first), 1)
            } else {
                (Token::Variable(name), 1 + name.len())
            }
        }
        '@' => {
            let tag = take_while(&rest[1..], |c| c.is_ascii_alphanumeric() || c == '-');
            (Token::Other, 1 + tag.len())
        }
        '_' if rest[1..].starts_with(':') => {
            let label = take_name(&rest[2..]);
            (Token::Other, 2 + label.len())
        }
        c if c.is_ascii_digit() => {
            let number = take_while(rest, |c| c.is_ascii_alphanumeric() || c == '.');
            let number = number.trim_end_matches('.');
            (Token::Other, number.len().max(1))
        }
        c if c == ':' || is_name_char(c) => {
            let prefix = if c == ':' { "" } else { take_name(rest) };
            if rest[prefix.len()..].starts_with(':') {
                let local = take_local(&rest[prefix.len() + 1..]);
                (
                    Token::Prefixed(prefix, local),
                    prefix.len() + 1 + local.len(),
                )
            } else {
                let word = take_while(rest, is_name_char);
                (Token::Word(word), word.len().max(c.len_utf8()))
            }
        }
        c => (Token::Sign(c), c.len_utf8()),
    }
}

/// Whether `<<` stands here. In SPARQL 1.1 these two signs are `<` and the start of an IRI: `?a<<http://b>`.
fn opens_triple(rest: &str) -> bool {
    rest.strip_prefix('<')
        .filter(|rest| rest.starts_with('<'))
        .is_some_and(|rest| match next_token(rest, '<').0 {
            Token::Iri(iri) => iri.starts_with(['?', '$', '(']),
            _ => true,
        })
}

fn string(rest: &str, quote: char) -> (Token<'_>, usize) {
    let long = rest
        .get(..3)
        .is_some_and(|head| head.chars().all(|c| c == quote));
    let open = if long { 3 } else { 1 };
    let mut escaped = false;
    for (n, c) in rest.char_indices().skip(open) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if long {
            if rest[n..].starts_with(&rest[..3]) {
                // Up to two quotes may belong to the text just before the closing three.
                let extra = rest[n + 3..]
                    .chars()
                    .take(2)
                    .take_while(|c| *c == quote)
                    .count();
                return (Token::Text, n + 3 + extra);
            }
        } else if c == quote {
            return (Token::Text, n + 1);
        } else if c == '\n' || c == '\r' {
            return (Token::OpenText, n);
        }
    }
    (Token::OpenText, rest.len())
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '\u{b7}' || ('\u{300}'..='\u{36f}').contains(&c)
}

fn take_while(rest: &str, accept: impl Fn(char) -> bool) -> &str {
    let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
    &rest[..end]
}

/// A prefix or blank node label: dots and hyphens inside, no dot at the end.
fn take_name(rest: &str) -> &str {
    take_while(rest, |c| is_name_char(c) || c == '-' || c == '.').trim_end_matches('.')
}

/// `PN_LOCAL`, roughly: colons, escapes and percent codes included.
fn take_local(rest: &str) -> &str {
    let mut end = 0;
    let mut chars = rest.char_indices();
    while let Some((n, c)) = chars.next() {
        if c == '\\' {
            match chars.next() {
                Some((m, escaped)) => end = m + escaped.len_utf8(),
                None => break,
            }
        } else if is_name_char(c) || matches!(c, '-' | ':' | '%') {
            end = n + c.len_utf8();
        } else if c != '.' {
            break;
        }
    }
    &rest[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Token<'_>> {
        tokens(text).into_iter().map(|t| t.token).collect()
    }

    #[test]
    fn reads_the_usual_signs() {
        assert_eq!(
            kinds("SELECT ?a # c ?b\n{ ?a ex:p-1.x. }"),
            [
                Token::Word("SELECT"),
                Token::Variable("a"),
                Token::Sign('{'),
                Token::Variable("a"),
                Token::Prefixed("ex", "p-1.x"),
                Token::Sign('.'),
                Token::Sign('}'),
            ]
        );
        assert_eq!(
            kinds("?x<?y :p? _:b \"a\\\"}\"@nl '''x'y''''"),
            [
                Token::Variable("x"),
                Token::Sign('<'),
                Token::Variable("y"),
                Token::Prefixed("", "p"),
                Token::Sign('?'),
                Token::Other,
                Token::Text,
                Token::Other,
                Token::Text,
            ]
        );
        assert_eq!(kinds("<http://a/b>"), [Token::Iri("http://a/b")]);
        assert_eq!(
            kinds("?a<<b>"),
            [Token::Variable("a"), Token::Sign('<'), Token::Iri("b")]
        );
        assert_eq!(
            kinds("<<<a>?p?o>>"),
            [
                Token::TripleOpen,
                Token::Iri("a"),
                Token::Variable("p"),
                Token::Variable("o"),
                Token::TripleClose,
            ]
        );
        assert_eq!(kinds("<<?s?p?o>>").len(), 5);
        assert_eq!(
            kinds("<<( :a"),
            [
                Token::TripleOpen,
                Token::Sign('('),
                Token::Prefixed("", "a")
            ]
        );
        assert_eq!(
            kinds("\"open\n ?x"),
            [Token::OpenText, Token::Variable("x")]
        );
    }

    #[test]
    fn positions_round_trip() {
        let text = "één\ntwee drie\n";
        let at = text.find("drie").expect("the word is in the text");
        assert_eq!(position(text, at), (2, 6));
        assert_eq!(offset(text, 2, 6), at);
        assert_eq!(offset(text, 9, 1), text.len());
    }

    #[test]
    fn survives_anything() {
        for text in [
            "",
            "\"",
            "'''",
            "<",
            "\\",
            "a:\\",
            "?",
            "@",
            "_:",
            "é:ü",
            "\u{1F600}",
        ] {
            let all = tokens(text);
            assert!(all.iter().all(|t| t.start < t.end && t.end <= text.len()));
        }
    }
}
