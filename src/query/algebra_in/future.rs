//! What SPARQL 1.2 adds to the language: found in a text, so that an endpoint of SPARQL 1.1 can refuse it with its place, and
//! found in algebra, where the planner must leave it alone. Parses nothing.

use super::rewrite::visit;
use crate::query::error::QueryError;
use crate::query::lexer::{Spanned, Token, position};
use crate::rdf::label::Text;
use crate::rdf::version::{RdfVersion, switch_hint};
use spargebra::algebra::GraphPattern;
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

/// Functions of SPARQL 1.2. Without a parenthesis behind them these words are no functions.
const FUNCTIONS: [&str; 9] = [
    "TRIPLE",
    "SUBJECT",
    "PREDICATE",
    "OBJECT",
    "isTRIPLE",
    "LANGDIR",
    "STRLANGDIR",
    "hasLANG",
    "hasLANGDIR",
];

/// The aggregates of SPARQL.
const AGGREGATES: [&str; 7] = [
    "COUNT",
    "SUM",
    "MIN",
    "MAX",
    "AVG",
    "SAMPLE",
    "GROUP_CONCAT",
];

/// Refuses a text of SPARQL 1.2 where SPARQL 1.1 is spoken, and where SPARQL 1.2 is, what its grammar does not have and the
/// parser takes. A text whose strings are not closed is left to the parser.
///
/// # Errors
/// [`QueryError::Syntax`] with the place, and how the version is switched on.
pub(super) fn check_version(
    text: &str,
    tokens: &[Spanned<'_>],
    version: RdfVersion,
) -> Result<(), QueryError> {
    if tokens.iter().any(|token| token.token == Token::OpenText) {
        return Ok(());
    }
    if version.is_12() {
        check_subjects(text, tokens)?;
        return check_aggregates(text, tokens);
    }
    let Some(found) = (0..tokens.len()).find(|at| is_new(text, &tokens[*at..])) else {
        return Ok(());
    };
    let token = tokens[found];
    let (line, column) = position(text, token.start);
    let shown: String = text[token.start..token.end].chars().take(40).collect();
    Err(QueryError::Syntax {
        line,
        column,
        message: Text::new(
            format!("{shown} is SPARQL 1.2, en dit register neemt SPARQL 1.1 aan"),
            format!("{shown} is SPARQL 1.2, and this registry takes SPARQL 1.1"),
        ),
        hint: Some(switch_hint()),
    })
}

/// The subject of a triple term in an expression is a variable or an IRI. (In a pattern it may be anything, and then nothing
/// matches it.)
fn check_subjects(text: &str, tokens: &[Spanned<'_>]) -> Result<(), QueryError> {
    for (at, window) in tokens.windows(3).enumerate() {
        let [open, bracket, subject] = window else {
            continue;
        };
        let is_triple = open.token == Token::TripleOpen && bracket.token == Token::Sign('(');
        if !is_triple || !is_in_expression(&tokens[..at]) {
            continue;
        }
        let wrong = match subject.token {
            Token::Text | Token::TripleOpen | Token::Word(_) | Token::Sign('+' | '-') => true,
            Token::Other => !text[subject.start..].starts_with("_:"),
            _ => false,
        };
        if wrong {
            let (line, column) = position(text, subject.start);
            return Err(QueryError::Syntax {
                line,
                column,
                message: Text::new(
                    "het onderwerp van een triple term in een uitdrukking is een variabele of een IRI",
                    "the subject of a triple term in an expression is a variable or an IRI",
                ),
                hint: None,
            });
        }
    }
    Ok(())
}

/// Whether what follows some tokens surely stands in an expression: behind `=`, or first between the parentheses of a keyword.
fn is_in_expression(before: &[Spanned<'_>]) -> bool {
    match before {
        [.., last] if last.token == Token::Sign('=') => true,
        [.., word, last] if last.token == Token::Sign('(') => {
            matches!(word.token, Token::Word(word) if word != "a")
        }
        _ => false,
    }
}

/// No aggregate is computed from another, unless a query within it is.
fn check_aggregates(text: &str, tokens: &[Spanned<'_>]) -> Result<(), QueryError> {
    // For each bracket that is open: whether it lies in the arguments of an aggregate.
    let mut open: Vec<bool> = Vec::new();
    let mut is_aggregate = false;
    for token in tokens {
        match token.token {
            Token::Sign('(') => {
                let inside = open.last().copied().unwrap_or(false);
                open.push(inside || is_aggregate);
            }
            Token::Sign('{') => open.push(false),
            Token::Sign(')' | '}') => {
                open.pop();
            }
            _ => {}
        }
        is_aggregate = AGGREGATES.iter().any(|name| token.is_word(name));
        if is_aggregate && open.last() == Some(&true) {
            let (line, column) = position(text, token.start);
            return Err(QueryError::Syntax {
                line,
                column,
                message: Text::new(
                    "een aggregaat kan niet van een ander aggregaat berekend worden",
                    "an aggregate cannot be computed from another aggregate",
                ),
                hint: None,
            });
        }
    }
    Ok(())
}

/// Whether the tokens start with something that no text of SPARQL 1.1 has there.
fn is_new(text: &str, tokens: &[Spanned<'_>]) -> bool {
    let (first, second) = match tokens {
        [] => return false,
        [first] => (first, None),
        [first, second, ..] => (first, Some(second)),
    };
    let next = second.map(|token| token.token);
    let adjacent = second.is_some_and(|token| token.start == first.end);
    match first.token {
        Token::TripleOpen | Token::TripleClose | Token::Sign('~') => true,
        Token::Sign('{') => adjacent && next == Some(Token::Sign('|')),
        Token::Sign('!') => next == Some(Token::Sign('!')),
        Token::Word(word) if next == Some(Token::Sign('(')) => FUNCTIONS
            .iter()
            .any(|function| function.eq_ignore_ascii_case(word)),
        Token::Word(word) => next == Some(Token::Text) && word.eq_ignore_ascii_case("VERSION"),
        Token::Other => text[first.start..first.end]
            .strip_prefix('@')
            .and_then(|tag| tag.split_once("--"))
            .is_some_and(|(_, direction)| direction.starts_with(|c: char| c.is_ascii_alphabetic())),
        _ => false,
    }
}

/// Whether a pattern, or one within it, has a variable or blank node inside a triple term.
pub(super) fn has_open_triple_terms(pattern: &GraphPattern) -> bool {
    let is_open = |term: &TermPattern| match term {
        TermPattern::Triple(triple) => !is_ground(triple),
        _ => false,
    };
    let mut found = false;
    visit(pattern, &mut |pattern| match pattern {
        GraphPattern::Bgp { patterns } => {
            found |= patterns
                .iter()
                .any(|triple| is_open(&triple.subject) || is_open(&triple.object));
        }
        GraphPattern::Path {
            subject, object, ..
        } => found |= is_open(subject) || is_open(object),
        _ => {}
    });
    found
}

fn is_ground(triple: &TriplePattern) -> bool {
    let ground = |term: &TermPattern| match term {
        TermPattern::NamedNode(_) | TermPattern::Literal(_) => true,
        TermPattern::BlankNode(_) | TermPattern::Variable(_) => false,
        TermPattern::Triple(inner) => is_ground(inner),
    };
    ground(&triple.subject)
        && matches!(triple.predicate, NamedNodePattern::NamedNode(_))
        && ground(&triple.object)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::lexer::tokens;

    fn refused(text: &str) -> Option<(usize, usize)> {
        match check_version(text, &tokens(text), RdfVersion::Rdf11) {
            Ok(()) => None,
            Err(QueryError::Syntax {
                line, column, hint, ..
            }) => {
                assert!(hint.is_some_and(|hint| hint.en.contains("oslo settings --rdf 1.2")));
                Some((line, column))
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_new_is_refused_with_its_place() {
        for (text, place) in [
            ("SELECT * { << ?s ?p ?o >> ?a ?b }", (1, 12)),
            ("ASK { ?s ?p\n<<( ?s ?p ?o )>> }", (2, 1)),
            ("ASK { ?s ?p ?o ~ ?r }", (1, 16)),
            ("ASK { ?s ?p ?o {| ?a ?b |} }", (1, 16)),
            ("VERSION \"1.2\" ASK {}", (1, 1)),
            ("ASK { FILTER(istriple(?x)) }", (1, 14)),
            ("ASK { ?s ?p \"x\"@ar--rtl }", (1, 16)),
            ("ASK { FILTER(!!?x) }", (1, 14)),
        ] {
            assert_eq!(refused(text), Some(place), "{text}");
            let checked = check_version(text, &tokens(text), RdfVersion::Rdf12);
            assert!(checked.is_ok(), "{text}");
        }
    }

    #[test]
    fn what_the_parser_takes_too_much_is_refused() {
        let check = |text: &str| check_version(text, &tokens(text), RdfVersion::Rdf12);
        for text in [
            "ASK { BIND(<<( \"x\" :q :z )>> AS ?t) }",
            "ASK { BIND(<<( 1 :q :z )>> AS ?t) }",
            "ASK { BIND(<<( <<( :s :p :o )>> :q :z )>> AS ?t) }",
            "SELECT (COUNT(COUNT(*)) AS ?c) {}",
            "SELECT (SUM(1 + (MAX(?x))) AS ?c) { ?s ?p ?x }",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
        for text in [
            "ASK { ?s ?p <<( _:a :q <<( ?s :p \"x\" )>> )>> }",
            "ASK { ?s a ( <<( <<( ?s :p :o )>> :q \"x\" )>> ) . <<( 1 :p :o )>> :q :z }",
            "SELECT (COUNT(*) + SUM(?x) AS ?c) (MIN(?x) AS ?d) { ?s ?p ?x }",
            "SELECT (SUM(IF(EXISTS { SELECT (COUNT(*) AS ?n) {} }, 1, 0)) AS ?c) {}",
        ] {
            assert!(check(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn sparql_1_1_is_left_alone() {
        for text in [
            "ASK { FILTER(?a<<http://e/b>) }",
            "PREFIX version: <http://e/> SELECT ?subject { ?s version:object ?subject }",
            "ASK { ?s !(:a|^:b) ?o FILTER(?a != !?b) }",
            "ASK { ?s ?p \"<< TRIPLE( {| ~\" } # << ~",
            "ASK { BIND(\"x\"@en--1 AS ?y) }",
            "ASK { ?s ?p \"open",
        ] {
            assert_eq!(refused(text), None, "{text}");
        }
    }
}
