//! Syntax errors for people: where, what was found, what was expected, and a hint in Dutch and English.
//! Works on the parser's message; decides nothing about what is valid.

use crate::query::error::QueryError;
use crate::query::lexer::{Spanned, Token, offset, position};
use crate::query::prefixes::{suggest, within_one_edit};
use crate::rdf::label::Text;

/// Alternatives listed at most.
const MAX_EXPECTED: usize = 8;

/// Sentences of the parser about meaning rather than spelling, in Dutch.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "The SELECT contains a variable that is unbound",
        "SELECT noemt een variabele die niet in GROUP BY staat",
        "SELECT names a variable that is not in GROUP BY",
    ),
    (
        "The SELECT contains an expression with a variable that is unbound",
        "SELECT rekent met een variabele die niet in GROUP BY staat",
        "SELECT uses a variable that is not in GROUP BY",
    ),
    (
        "The SELECT overrides an existing variable using an expression",
        "SELECT … AS gebruikt een variabele die al een waarde heeft",
        "SELECT … AS uses a variable that already has a value",
    ),
    (
        "Duplicated variable name in SELECT",
        "SELECT noemt een variabele tweemaal",
        "SELECT names a variable twice",
    ),
    (
        "SELECT * is not authorized with GROUP BY",
        "SELECT * kan niet samen met GROUP BY",
        "SELECT * cannot be used with GROUP BY",
    ),
    (
        "Blank nodes are not allowed in DELETE WHERE",
        "DELETE kan geen blanco knopen noemen",
        "DELETE cannot name blank nodes",
    ),
    ("IRI parsing failed", "ongeldige IRI", "invalid IRI"),
    (
        "prefix IRI parsing failed",
        "de naamruimte van dit prefix is geen IRI",
        "the namespace of this prefix is no IRI",
    ),
    (
        "BIND is overriding an existing variable",
        "BIND gebruikt een variabele die al een waarde heeft",
        "BIND uses a variable that already has a value",
    ),
];

/// White space put behind a text that is cut off, longer than any keyword.
const PADDING: &str = "                                        ";

/// A text that the parser refused.
pub(super) struct Refused<'a> {
    /// The text as it was given to the parser.
    pub(super) text: &'a str,
    /// Its tokens.
    pub(super) tokens: &'a [Spanned<'a>],
    /// All tokens of the request, of which those may be a part.
    pub(super) request: &'a [Spanned<'a>],
    /// The parser's message: `error at 3:7: expected …`.
    pub(super) raw: String,
    /// The parser's message for another text; `None` when that is valid.
    pub(super) probe: &'a dyn Fn(&str) -> Option<String>,
}

/// Turns the parser's message into a located, bilingual error.
pub(super) fn syntax_error(refused: &Refused<'_>) -> QueryError {
    if let Some(error) = undeclared_prefix(refused.text, refused.request) {
        return error;
    }
    let (text, tokens) = (refused.text, refused.tokens);
    let Some((at, expected)) = located(text, &refused.raw) else {
        return QueryError::Syntax {
            line: 0,
            column: 0,
            message: Text::new(&*refused.raw, &*refused.raw),
            hint: None,
        };
    };
    let sentence = SENTENCES
        .iter()
        .find(|(parser, _, _)| expected.contains(parser));
    let end = text.trim_end().len();
    let (at, message, hint) = match sentence {
        Some((_, nl, en)) => (at.min(end), Text::new(*nl, *en), None),
        None => {
            let bad = first_bad_token(refused);
            let message = unexpected(refused, bad);
            let hint = hint(text, tokens, bad, &message);
            (bad.map_or(end, |bad| tokens[bad].start), message, hint)
        }
    };
    let (line, column) = position(text, at);
    QueryError::Syntax {
        line,
        column,
        message,
        hint,
    }
}

/// Byte offset and expectation of a message of the parser.
fn located<'a>(text: &str, raw: &'a str) -> Option<(usize, &'a str)> {
    let (at, expected) = raw.strip_prefix("error at ")?.split_once(": ")?;
    let (line, column) = at.split_once(':')?;
    let at = offset(text, line.parse().ok()?, column.parse().ok()?);
    Some((at, expected))
}

/// The first token with which no valid text can go on. The parser's own position is of no use: it lies behind the
/// longest keyword tried. But a text that can go on is read up to its end, white space behind it included.
fn first_bad_token(refused: &Refused<'_>) -> Option<usize> {
    let goes_on = |count: usize| {
        let cut = cut_after(refused, count);
        match (refused.probe)(&cut) {
            None => true,
            Some(raw) => located(&cut, &raw).is_some_and(|(at, _)| at >= cut.len()),
        }
    };
    let (mut good, mut bad) = (0, refused.tokens.len() + 1);
    while bad - good > 1 {
        let middle = good.midpoint(bad);
        if goes_on(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    (bad <= refused.tokens.len()).then(|| bad - 1)
}

/// The text up to a number of tokens, and padding.
fn cut_after(refused: &Refused<'_>, count: usize) -> String {
    let end = match count.checked_sub(1) {
        Some(last) => refused.tokens[last].end,
        None => refused.tokens.first().map_or(0, |first| first.start),
    };
    format!("{}{PADDING}", &refused.text[..end])
}

fn unexpected(refused: &Refused<'_>, first_bad: Option<usize>) -> Text {
    let cut = cut_after(refused, first_bad.unwrap_or(refused.tokens.len()));
    let wanted = (refused.probe)(&cut)
        .and_then(|raw| located(&cut, &raw).map(|(_, expected)| alternatives(expected)))
        .unwrap_or_default();
    let (nl, en) = match first_bad {
        Some(bad) => {
            let token = &refused.tokens[bad];
            let found = shortened(&refused.text[token.start..token.end]);
            (
                format!("onverwacht: {found}"),
                format!("unexpected: {found}"),
            )
        }
        None => ("onverwacht einde".to_owned(), "unexpected end".to_owned()),
    };
    if wanted.is_empty() {
        return Text::new(nl, en);
    }
    let list = |pick: fn(&(String, String)) -> &String| {
        wanted
            .iter()
            .map(pick)
            .cloned()
            .collect::<Vec<_>>()
            .join(" ")
    };
    Text::new(
        format!("{nl}; verwacht: {}", list(|w| &w.0)),
        format!("{en}; expected: {}", list(|w| &w.1)),
    )
}

/// The signs the parser would take, in words where a sign only opens something: `(Dutch, English)`.
fn alternatives(expected: &str) -> Vec<(String, String)> {
    let list = expected.strip_prefix("one of ").unwrap_or(expected);
    let mut words: Vec<(String, String)> = Vec::new();
    for sign in list.split(", ") {
        let Some(sign) = sign.strip_prefix('"').and_then(|s| s.strip_suffix('"')) else {
            continue; // a class of characters, or a keyword of which the parser does not tell the name
        };
        let (nl, en) = match sign {
            "?" | "$" => ("variabele", "variable"),
            "<" => ("IRI", "IRI"),
            "_:" => ("blanco knoop", "blank node"),
            ":" => ("prefix", "prefix"),
            "#" | "<<" | "<<(" | "{|" | "~" => continue,
            quote if quote.contains(['"', '\'']) => ("tekst", "text"),
            other => (other, other),
        };
        if !words.iter().any(|(known, _)| known == nl) {
            words.push((nl.to_owned(), en.to_owned()));
        }
    }
    if words.len() > MAX_EXPECTED {
        words.truncate(MAX_EXPECTED);
        words.push(("…".to_owned(), "…".to_owned()));
    }
    words
}

fn shortened(token: &str) -> String {
    let line = token.lines().next().unwrap_or("");
    if line.chars().count() > 40 {
        format!("{}…", line.chars().take(40).collect::<String>())
    } else {
        line.to_owned()
    }
}

/// Keywords with which a misspelt word is compared.
const KEYWORDS: &[&str] = &[
    "ASK",
    "BIND",
    "CONSTRUCT",
    "DELETE",
    "DESCRIBE",
    "DISTINCT",
    "EXISTS",
    "FILTER",
    "FROM",
    "GRAPH",
    "GROUP",
    "HAVING",
    "INSERT",
    "LIMIT",
    "MINUS",
    "OFFSET",
    "OPTIONAL",
    "ORDER",
    "PREFIX",
    "SELECT",
    "SERVICE",
    "UNION",
    "VALUES",
    "WHERE",
];

fn hint(
    text: &str,
    tokens: &[Spanned<'_>],
    first_bad: Option<usize>,
    message: &Text,
) -> Option<Text> {
    if let Some(open) = tokens.iter().find(|t| t.token == Token::OpenText) {
        let (line, _) = position(text, open.start);
        return Some(Text::new(
            format!(
                "de tekst die op regel {line} begint, wordt niet afgesloten; gebruik \"\"\" voor meer regels"
            ),
            format!(
                "the string that starts on line {line} is not closed; use \"\"\" for several lines"
            ),
        ));
    }
    let Some(found) = first_bad else {
        return open_bracket(tokens).map(|(bracket, start)| not_closed(text, bracket, start));
    };
    let previous = found.checked_sub(1).map(|n| tokens[n]);
    let after = |keyword: &str| previous.is_some_and(|token| token.is_word(keyword));
    if after("ORDER") || after("GROUP") {
        return Some(Text::new("hier hoort BY", "BY belongs here"));
    }
    if after("FILTER") {
        return Some(Text::new(
            "zet de voorwaarde van FILTER tussen haakjes",
            "put the condition of FILTER in parentheses",
        ));
    }
    if ["WHERE", "OPTIONAL", "MINUS", "UNION", "EXISTS"]
        .into_iter()
        .any(after)
    {
        return Some(Text::new("hier hoort {", "{ belongs here"));
    }
    match tokens[found].token {
        Token::Sign(',') if matches!(previous.map(|t| t.token), Some(Token::Variable(_))) => {
            Some(Text::new(
                "tussen de variabelen van SELECT staat geen komma",
                "no comma between the variables of SELECT",
            ))
        }
        Token::Sign('}') => Some(match open_bracket(&tokens[..found]) {
            None => Text::new("deze } hoort bij geen {", "this } belongs to no {"),
            Some(('{', _)) => Text::new(
                "wat voor deze } staat, is niet af",
                "what stands before this } is not complete",
            ),
            Some((bracket, start)) => not_closed(text, bracket, start),
        }),
        Token::Prefixed(..) | Token::Iri(_) | Token::Variable(_) if message.en.contains(" . ") => {
            Some(Text::new(
                "ontbreekt er een punt of puntkomma tussen twee drietallen?",
                "is a dot or semicolon missing between two triples?",
            ))
        }
        Token::Word(word) => KEYWORDS
            .iter()
            .find(|keyword| within_one_edit(keyword, &word.to_ascii_uppercase()))
            .filter(|keyword| !keyword.eq_ignore_ascii_case(word))
            .map(|keyword| {
                Text::new(
                    format!("bedoelde u {keyword}?"),
                    format!("did you mean {keyword}?"),
                )
            }),
        _ => None,
    }
}

fn not_closed(text: &str, bracket: char, start: usize) -> Text {
    let (line, column) = position(text, start);
    Text::new(
        format!("{bracket} op regel {line}, kolom {column} wordt niet gesloten"),
        format!("{bracket} on line {line}, column {column} is not closed"),
    )
}

/// The innermost bracket that is still open after some tokens.
fn open_bracket(tokens: &[Spanned<'_>]) -> Option<(char, usize)> {
    let mut open: Vec<(char, usize)> = Vec::new();
    for token in tokens {
        match token.token {
            Token::Sign(c @ ('{' | '(' | '[')) => open.push((c, token.start)),
            Token::Sign('}' | ')' | ']') => {
                open.pop();
            }
            _ => {}
        }
    }
    open.pop()
}

/// The first use of a prefix that is not declared before it.
fn undeclared_prefix(text: &str, tokens: &[Spanned<'_>]) -> Option<QueryError> {
    let mut declared: Vec<&str> = Vec::new();
    for (number, token) in tokens.iter().enumerate() {
        let Token::Prefixed(prefix, local) = token.token else {
            continue;
        };
        let previous = number.checked_sub(1).map(|n| tokens[n]);
        if local.is_empty() && previous.is_some_and(|token| token.is_word("PREFIX")) {
            declared.push(prefix);
            continue;
        }
        if declared.contains(&prefix) {
            continue;
        }
        let broken_iri =
            previous.filter(|open| open.token == Token::Sign('<') && open.end == token.start);
        let (line, column) = position(text, broken_iri.map_or(token.start, |open| open.start));
        return Some(match broken_iri {
            Some(_) => QueryError::Syntax {
                line,
                column,
                message: Text::new("ongeldige IRI", "invalid IRI"),
                hint: Some(Text::new(
                    "een IRI bevat geen spaties, accolades of aanhalingstekens en eindigt op >",
                    "an IRI holds no spaces, braces or quotes and ends with >",
                )),
            },
            None => QueryError::Syntax {
                line,
                column,
                message: Text::new(
                    format!("prefix {prefix}: is niet gedeclareerd"),
                    format!("undeclared prefix {prefix}:"),
                ),
                hint: suggest(prefix).map(|(known, iri)| {
                    Text::new(
                        format!("bedoelde u PREFIX {known}: <{iri}>?"),
                        format!("did you mean PREFIX {known}: <{iri}>?"),
                    )
                }),
            },
        });
    }
    None
}
