//! Syntax errors for people: where, what was found, what was expected, and a hint in Dutch and English.
//! Works on the parser's message; decides nothing about what is valid.

use crate::query::error::QueryError;
use crate::query::lexer::{Spanned, Token, offset, position};
use crate::query::prefixes::suggest;
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

/// Turns the parser's message (`error at 3:7: expected …`) into a located, bilingual error.
pub(super) fn syntax_error(text: &str, tokens: &[Spanned<'_>], raw: &str) -> QueryError {
    if let Some(error) = undeclared_prefix(text, tokens) {
        return error;
    }
    let located = raw
        .strip_prefix("error at ")
        .and_then(|rest| rest.split_once(": "))
        .and_then(|(at, expected)| {
            let (line, column) = at.split_once(':')?;
            Some((line.parse().ok()?, column.parse().ok()?, expected))
        });
    let Some((line, column, expected)) = located else {
        return QueryError::Syntax {
            line: 0,
            column: 0,
            message: Text::new(raw, raw),
            hint: None,
        };
    };
    let at = offset(text, line, column);
    QueryError::Syntax {
        line,
        column,
        message: message(text, tokens, at, expected),
        hint: hint(text, tokens, at),
    }
}

fn message(text: &str, tokens: &[Spanned<'_>], at: usize, expected: &str) -> Text {
    let sentence = SENTENCES
        .iter()
        .find(|(parser, _, _)| expected.contains(parser));
    if let Some((_, nl, en)) = sentence {
        return Text::new(*nl, *en);
    }
    let found = tokens
        .iter()
        .find(|token| token.end > at)
        .map(|token| shortened(&text[token.start..token.end]));
    let wanted = alternatives(expected);
    let (nl, en) = match &found {
        Some(found) => (
            format!("onverwacht: {found}"),
            format!("unexpected: {found}"),
        ),
        None => ("onverwacht einde".to_owned(), "unexpected end".to_owned()),
    };
    if wanted.is_empty() {
        return Text::new(nl, en);
    }
    Text::new(
        format!("{nl}; verwacht: {wanted}"),
        format!("{en}; expected: {wanted}"),
    )
}

/// The parser's list of alternatives without white space, comments and character classes.
fn alternatives(expected: &str) -> String {
    let list = expected.strip_prefix("one of ").unwrap_or(expected);
    let mut words: Vec<&str> = list
        .split(", ")
        .map(|word| word.trim_matches('"'))
        .filter(|word| {
            !word.is_empty() && !word.starts_with(['[', '#', '\\']) && !word.contains(' ')
        })
        .collect();
    words.dedup();
    if words.len() > MAX_EXPECTED {
        words.truncate(MAX_EXPECTED);
        words.push("…");
    }
    words.join(" ")
}

fn shortened(token: &str) -> String {
    let line = token.lines().next().unwrap_or("");
    if line.chars().count() > 40 {
        format!("{}…", line.chars().take(40).collect::<String>())
    } else {
        line.to_owned()
    }
}

fn hint(text: &str, tokens: &[Spanned<'_>], at: usize) -> Option<Text> {
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
    let found = tokens.iter().position(|token| token.end > at);
    let Some(found) = found else {
        return unclosed(text, tokens);
    };
    let previous = found.checked_sub(1).map(|n| tokens[n].token);
    match tokens[found].token {
        Token::Sign(',') if matches!(previous, Some(Token::Variable(_))) => Some(Text::new(
            "tussen de variabelen van SELECT staat geen komma",
            "no comma between the variables of SELECT",
        )),
        Token::Sign('}') => unclosed(text, &tokens[..found]).or_else(|| {
            Some(Text::new(
                "staat er een } te veel, of ontbreekt de rest van een drietal?",
                "is there one } too many, or is a triple unfinished?",
            ))
        }),
        Token::Prefixed(..) | Token::Iri(_) | Token::Variable(_) => Some(Text::new(
            "ontbreekt er een punt of puntkomma tussen twee drietallen?",
            "is a dot or semicolon missing between two triples?",
        )),
        Token::Word(word)
            if ["FILTER", "BIND", "OPTIONAL"]
                .iter()
                .any(|k| word.eq_ignore_ascii_case(k)) =>
        {
            Some(Text::new(
                format!("is wat voor {word} staat volledig?"),
                format!("is what stands before {word} complete?"),
            ))
        }
        _ => None,
    }
}

/// The first bracket that stays open.
fn unclosed(text: &str, tokens: &[Spanned<'_>]) -> Option<Text> {
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
    let (bracket, start) = open.last().copied()?;
    let (line, column) = position(text, start);
    Some(Text::new(
        format!("{bracket} op regel {line}, kolom {column} wordt niet gesloten"),
        format!("{bracket} on line {line}, column {column} is not closed"),
    ))
}

/// The first use of a prefix that is not declared before it.
fn undeclared_prefix(text: &str, tokens: &[Spanned<'_>]) -> Option<QueryError> {
    let mut declared: Vec<&str> = Vec::new();
    let mut previous_is_prefix_keyword = false;
    for token in tokens {
        if let Token::Prefixed(prefix, local) = token.token {
            if previous_is_prefix_keyword && local.is_empty() {
                declared.push(prefix);
            } else if !declared.contains(&prefix) {
                let (line, column) = position(text, token.start);
                return Some(QueryError::Syntax {
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
                });
            }
        }
        previous_is_prefix_keyword = token.is_word("PREFIX");
    }
    None
}
