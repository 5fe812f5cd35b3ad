//! Reads `$filter` and `$orderby` expressions of SensorThings 1.1 (§9.3.3.5, after OData 4.01) into a tree, within bounds of
//! length, depth and number. Evaluates nothing.

use super::value::Val;
use crate::views::sensorthings::times;

/// Longest expression, in bytes.
const MAX_BYTES: usize = 8_000;
/// Deepest nesting.
const MAX_DEPTH: usize = 40;
/// Most parts of one expression.
const MAX_PARTS: usize = 400;

/// Why a text is no expression: where, in bytes, and what is expected, in Dutch and English.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadFilter {
    pub(super) at: usize,
    pub(super) nl: String,
    pub(super) en: String,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
}

/// How two values are reckoned with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    Compare(Comparison, Box<Expr>, Box<Expr>),
    Arithmetic(Arithmetic, Box<Expr>, Box<Expr>),
    Negative(Box<Expr>),
    Call(&'static str, Vec<Expr>),
    Path(Vec<String>),
    Literal(Val),
}

/// The functions that are known, with the least and the most arguments.
pub(super) const FUNCTIONS: [(&str, usize, usize); 28] = [
    ("substringof", 2, 2),
    ("contains", 2, 2),
    ("endswith", 2, 2),
    ("startswith", 2, 2),
    ("length", 1, 1),
    ("indexof", 2, 2),
    ("substring", 2, 3),
    ("tolower", 1, 1),
    ("toupper", 1, 1),
    ("trim", 1, 1),
    ("concat", 2, 2),
    ("year", 1, 1),
    ("month", 1, 1),
    ("day", 1, 1),
    ("hour", 1, 1),
    ("minute", 1, 1),
    ("second", 1, 1),
    ("fractionalseconds", 1, 1),
    ("date", 1, 1),
    ("time", 1, 1),
    ("totaloffsetminutes", 1, 1),
    ("now", 0, 0),
    ("mindatetime", 0, 0),
    ("maxdatetime", 0, 0),
    ("round", 1, 1),
    ("floor", 1, 1),
    ("ceiling", 1, 1),
    ("abs", 1, 1),
];

/// Reads a whole expression.
///
/// # Errors
/// The first place that does not fit.
pub(super) fn parse(text: &str) -> Result<Expr, BadFilter> {
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens,
        at: 0,
        parts: 0,
        end: text.len(),
    };
    let expr = parser.or(0)?;
    match parser.peek() {
        None => Ok(expr),
        Some(_) => Err(parser.expected(
            "het einde of \"and\" of \"or\"",
            "the end, \"and\" or \"or\"",
        )),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Open,
    Close,
    Comma,
    Minus,
    /// A name or path.
    Word(String),
    Literal(Val),
}

fn bad(at: usize, nl: impl Into<String>, en: impl Into<String>) -> BadFilter {
    BadFilter {
        at,
        nl: nl.into(),
        en: en.into(),
    }
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, BadFilter> {
    if text.len() > MAX_BYTES {
        return Err(bad(
            MAX_BYTES,
            format!("de uitdrukking is langer dan {MAX_BYTES} bytes"),
            format!("the expression is longer than {MAX_BYTES} bytes"),
        ));
    }
    let bytes = text.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let start = at;
        let token = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'(' => Token::Open,
            b')' => Token::Close,
            b',' => Token::Comma,
            b'-' => Token::Minus,
            b'\'' => {
                let (value, end) = quoted(text, at)?;
                at = end;
                out.push((start, Token::Literal(Val::Text(value))));
                continue;
            }
            b'0'..=b'9' => {
                let is_part = |b: &u8| b.is_ascii_alphanumeric() || b".:+-/".contains(b);
                let length = bytes[at..].iter().take_while(|b| is_part(b)).count();
                at += length;
                out.push((
                    start,
                    Token::Literal(number_or_time(&text[start..at], start)?),
                ));
                continue;
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'@' | b'$' => {
                let is_part =
                    |b: &u8| b.is_ascii_alphanumeric() || b"_.@/$".contains(b) || *b >= 0x80;
                let length = bytes[at..].iter().take_while(|b| is_part(b)).count();
                at += length;
                let word = &text[start..at];
                if bytes.get(at) == Some(&b'\'') {
                    let (value, end) = quoted(text, at)?;
                    at = end;
                    out.push((start, Token::Literal(typed(word, &value, start)?)));
                    continue;
                }
                let token = match word {
                    "true" => Token::Literal(Val::Bool(true)),
                    "false" => Token::Literal(Val::Bool(false)),
                    "null" => Token::Literal(Val::Null),
                    _ => Token::Word(word.to_owned()),
                };
                out.push((start, token));
                continue;
            }
            _ => {
                return Err(bad(
                    at,
                    "hier staat een teken dat niet in een uitdrukking hoort",
                    "there is a character here that no expression has",
                ));
            }
        };
        at += 1;
        out.push((start, token));
    }
    Ok(out)
}

/// A text between single quotes, doubled inside; and where it ends.
fn quoted(text: &str, start: usize) -> Result<(String, usize), BadFilter> {
    let bytes = text.as_bytes();
    let mut value = String::new();
    let mut at = start + 1;
    loop {
        let rest = &text[at..];
        let Some(length) = rest.find('\'') else {
            return Err(bad(
                start,
                "deze tekst heeft geen sluitend aanhalingsteken",
                "this text has no closing quote",
            ));
        };
        value.push_str(&rest[..length]);
        at += length + 1;
        if bytes.get(at) != Some(&b'\'') {
            return Ok((value, at));
        }
        value.push('\'');
        at += 1;
    }
}

fn number_or_time(text: &str, at: usize) -> Result<Val, BadFilter> {
    if let Ok(number) = text.parse::<f64>()
        && number.is_finite()
    {
        return Ok(Val::Number(number));
    }
    if text.contains('T')
        && let Some((start, end)) = times(text)
    {
        return Ok(Val::Time(start, end));
    }
    let is_date = text.parse::<jiff::civil::Date>().is_ok();
    if is_date || text.parse::<jiff::civil::Time>().is_ok() && text.contains(':') {
        return Ok(Val::Text(text.to_owned()));
    }
    Err(bad(
        at,
        format!(
            "\"{text}\" is geen getal en geen tijdstip zoals 2026-03-01T00:00:00Z; schrijf + in een adres als %2B"
        ),
        format!(
            "\"{text}\" is no number and no moment such as 2026-03-01T00:00:00Z; write + in an address as %2B"
        ),
    ))
}

/// `duration'PT1H'`, and moments in quotes as older clients write them.
fn typed(name: &str, text: &str, at: usize) -> Result<Val, BadFilter> {
    match name {
        "duration" => {
            let span: Option<jiff::Span> = text.parse().ok();
            let days = jiff::SpanRelativeTo::days_are_24_hours();
            let span = span.and_then(|span| span.to_duration(days).ok());
            let span = span.and_then(|span| i64::try_from(span.as_micros()).ok());
            span.map(Val::Duration).ok_or_else(|| {
                bad(
                    at,
                    format!("\"{text}\" is geen duur zoals PT1H"),
                    format!("\"{text}\" is no duration such as PT1H"),
                )
            })
        }
        "datetime" | "datetimeoffset" => match times(text) {
            Some((start, end)) => Ok(Val::Time(start, end)),
            None => number_or_time(text, at),
        },
        "geography" | "geometry" => Err(bad(
            at,
            "meetkundige filters bestaan hier niet: vraag ze met SPARQL",
            "there are no geospatial filters here: ask them in SPARQL",
        )),
        _ => Err(bad(
            at,
            format!("waarden van de soort {name} bestaan niet"),
            format!("there are no values of the kind {name}"),
        )),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    parts: usize,
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn place(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |(at, _)| *at)
    }

    fn expected(&self, nl: &str, en: &str) -> BadFilter {
        bad(
            self.place(),
            format!("hier wordt {nl} verwacht"),
            format!("{en} is expected here"),
        )
    }

    /// Takes a word when it comes next.
    fn word(&mut self, wanted: &str) -> bool {
        let is_it = matches!(self.peek(), Some(Token::Word(word)) if word == wanted);
        self.at += usize::from(is_it);
        is_it
    }

    fn part(&mut self, depth: usize) -> Result<(), BadFilter> {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return Err(bad(
                self.place(),
                format!(
                    "de uitdrukking is te groot: hoogstens {MAX_PARTS} delen, {MAX_DEPTH} diep"
                ),
                format!("the expression is too large: at most {MAX_PARTS} parts, {MAX_DEPTH} deep"),
            ));
        }
        Ok(())
    }

    fn or(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let mut left = self.and(depth + 1)?;
        while self.word("or") {
            self.part(depth)?;
            let right = self.and(depth + 1)?;
            left = Expr::Or(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn and(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let mut left = self.comparison(depth)?;
        while self.word("and") {
            self.part(depth)?;
            let right = self.comparison(depth)?;
            left = Expr::And(Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    fn comparison(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let left = self.sum(depth)?;
        let operator = match self.peek() {
            Some(Token::Word(word)) => match word.as_str() {
                "eq" => Comparison::Eq,
                "ne" => Comparison::Ne,
                "gt" => Comparison::Gt,
                "ge" => Comparison::Ge,
                "lt" => Comparison::Lt,
                "le" => Comparison::Le,
                _ => return Ok(left),
            },
            _ => return Ok(left),
        };
        self.at += 1;
        self.part(depth)?;
        let right = self.sum(depth)?;
        Ok(Expr::Compare(operator, Box::new(left), Box::new(right)))
    }

    fn sum(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let mut left = self.product(depth)?;
        loop {
            let operator = if self.word("add") {
                Arithmetic::Add
            } else if self.word("sub") {
                Arithmetic::Sub
            } else {
                return Ok(left);
            };
            self.part(depth)?;
            let right = self.product(depth)?;
            left = Expr::Arithmetic(operator, Box::new(left), Box::new(right));
        }
    }

    fn product(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let mut left = self.unary(depth)?;
        loop {
            let operator = if self.word("mul") {
                Arithmetic::Mul
            } else if self.word("div") {
                Arithmetic::Div
            } else if self.word("mod") {
                Arithmetic::Mod
            } else {
                return Ok(left);
            };
            self.part(depth)?;
            let right = self.unary(depth)?;
            left = Expr::Arithmetic(operator, Box::new(left), Box::new(right));
        }
    }

    fn unary(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        self.part(depth)?;
        if self.word("not") {
            // Binds as comparisons do in what clients send: not substringof(…), not (…), not a eq b.
            return Ok(Expr::Not(Box::new(self.comparison(depth + 1)?)));
        }
        if self.peek() == Some(&Token::Minus) {
            self.at += 1;
            return Ok(match self.unary(depth + 1)? {
                Expr::Literal(Val::Number(number)) => Expr::Literal(Val::Number(-number)),
                other => Expr::Negative(Box::new(other)),
            });
        }
        self.primary(depth)
    }

    fn primary(&mut self, depth: usize) -> Result<Expr, BadFilter> {
        let place = self.place();
        let token = self.peek().cloned();
        match token {
            Some(Token::Open) => {
                self.at += 1;
                let inner = self.or(depth + 1)?;
                self.close()?;
                Ok(inner)
            }
            Some(Token::Literal(value)) => {
                self.at += 1;
                Ok(Expr::Literal(value))
            }
            Some(Token::Word(word)) => {
                self.at += 1;
                if self.peek() == Some(&Token::Open) {
                    self.at += 1;
                    return self.call(&word, place, depth);
                }
                let path: Vec<String> = word.split('/').map(str::to_owned).collect();
                if path.iter().any(String::is_empty) {
                    return Err(bad(
                        place,
                        format!("\"{word}\" is geen pad van eigenschappen"),
                        format!("\"{word}\" is no path of properties"),
                    ));
                }
                Ok(Expr::Path(path))
            }
            _ => Err(self.expected(
                "een eigenschap, waarde, functie of haakje",
                "a property, value, function or bracket",
            )),
        }
    }

    fn call(&mut self, word: &str, place: usize, depth: usize) -> Result<Expr, BadFilter> {
        let known = FUNCTIONS.iter().find(|(name, ..)| *name == word);
        let Some(&(name, least, most)) = known else {
            return Err(bad(
                place,
                format!("de functie {word} bestaat hier niet"),
                format!("there is no function {word} here"),
            ));
        };
        let mut arguments = Vec::new();
        if self.peek() != Some(&Token::Close) {
            loop {
                arguments.push(self.or(depth + 1)?);
                if self.peek() != Some(&Token::Comma) {
                    break;
                }
                self.at += 1;
            }
        }
        self.close()?;
        if !(least..=most).contains(&arguments.len()) {
            return Err(bad(
                place,
                format!("{name} neemt {least} tot {most} argumenten"),
                format!("{name} takes {least} to {most} arguments"),
            ));
        }
        Ok(Expr::Call(name, arguments))
    }

    fn close(&mut self) -> Result<(), BadFilter> {
        if self.peek() != Some(&Token::Close) {
            return Err(self.expected("een sluitend haakje", "a closing bracket"));
        }
        self.at += 1;
        Ok(())
    }
}

impl Expr {
    /// Every path that it reads.
    pub(super) fn paths<'a>(&'a self, out: &mut Vec<&'a [String]>) {
        match self {
            Self::Or(a, b) | Self::And(a, b) => {
                a.paths(out);
                b.paths(out);
            }
            Self::Compare(_, a, b) | Self::Arithmetic(_, a, b) => {
                a.paths(out);
                b.paths(out);
            }
            Self::Not(a) | Self::Negative(a) => a.paths(out),
            Self::Call(_, arguments) => arguments.iter().for_each(|one| one.paths(out)),
            Self::Path(path) => out.push(path),
            Self::Literal(_) => {}
        }
    }

    /// The parts that all have to hold.
    pub(super) fn conjuncts(self) -> Vec<Expr> {
        match self {
            Self::And(a, b) => {
                let mut all = a.conjuncts();
                all.extend(b.conjuncts());
                all
            }
            other => vec![other],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Box<Expr> {
        Box::new(Expr::Path(text.split('/').map(str::to_owned).collect()))
    }

    #[test]
    fn operators_bind_as_the_standard_says() {
        let read = parse("result gt 5 add 2 mul 3 and not Datastream/name eq 'a''b' or true");
        let number = |n: f64| Box::new(Expr::Literal(Val::Number(n)));
        let product = Expr::Arithmetic(Arithmetic::Mul, number(2.0), number(3.0));
        let sum = Expr::Arithmetic(Arithmetic::Add, number(5.0), Box::new(product));
        let greater = Expr::Compare(Comparison::Gt, path("result"), Box::new(sum));
        let name = Expr::Literal(Val::Text("a'b".to_owned()));
        let equal = Expr::Compare(Comparison::Eq, path("Datastream/name"), Box::new(name));
        let both = Expr::And(Box::new(greater), Box::new(Expr::Not(Box::new(equal))));
        let all = Expr::Or(Box::new(both), Box::new(Expr::Literal(Val::Bool(true))));
        assert_eq!(read, Ok(all));
    }

    #[test]
    fn moments_numbers_and_durations_are_read() {
        let of = |text: &str| parse(text);
        assert_eq!(
            of("1970-01-01T00:00:01Z"),
            Ok(Expr::Literal(Val::Time(1_000_000, None)))
        );
        assert_eq!(
            of("1970-01-01T00:00:00Z/1970-01-01T00:00:01Z"),
            Ok(Expr::Literal(Val::Time(0, Some(1_000_000))))
        );
        assert_eq!(of("-2.5e3"), Ok(Expr::Literal(Val::Number(-2500.0))));
        assert_eq!(
            of("duration'PT1M'"),
            Ok(Expr::Literal(Val::Duration(60_000_000)))
        );
    }

    #[test]
    fn what_is_no_expression_is_refused_with_its_place() {
        for (text, at) in [
            ("result gt", 9),
            ("result gt 'x", 10),
            ("(result gt 1", 12),
            ("unknown(1)", 0),
            ("result gt 1 2", 12),
            ("result ? 1", 7),
            ("year(a,b) eq 1", 0),
            ("2026-99-01T00:00:00Z eq a", 0),
            ("", 0),
        ] {
            assert_eq!(parse(text).map_err(|bad| bad.at), Err(at), "{text}");
        }
    }

    #[test]
    fn size_is_bounded() {
        let deep = format!("{}1{}", "(".repeat(5_000), ")".repeat(1_000));
        assert!(parse(&deep).is_err());
        let nots = "not ".repeat(1_500) + "true";
        assert!(parse(&nots).is_err());
        let wide = vec!["a eq 1"; 300].join(" or ");
        assert!(parse(&wide).is_err());
        let long = "a".repeat(9_000);
        assert!(parse(&long).is_err());
        let minus = "-".repeat(5_000) + "1";
        assert!(parse(&minus).is_err());
    }
}
