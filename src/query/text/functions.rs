//! The function `text:matches(literal, search [, language])`: the same test as the index, on one literal at a time.
//! Finds nothing by itself: it is for filters, and to check the index with.

use super::matching::LiteralWords;
use super::{LanguageRange, MATCHES, TextQuery};
use oxrdf::vocab::xsd;
use oxrdf::{Literal, NamedNode, Term};
use spareval::QueryEvaluator;
use std::cell::RefCell;

/// The search read last, and memory to work in: a filter asks the same of each row.
#[derive(Default)]
struct Memory {
    text: String,
    query: Option<TextQuery>,
    scratch: LiteralWords,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

/// An evaluator that knows the function as well.
pub(in crate::query) fn with_functions(evaluator: QueryEvaluator) -> QueryEvaluator {
    evaluator.with_custom_function(NamedNode::new_unchecked(MATCHES), matches)
}

/// The value of a literal and its language, if it is a text.
pub(super) fn text_of(literal: &Literal) -> Option<(&str, &str)> {
    match literal.language() {
        Some(tag) => Some((literal.value(), tag)),
        None if literal.datatype() == xsd::STRING => Some((literal.value(), "")),
        None => None,
    }
}

/// An error of the expression when the arguments are no literals or the search cannot be read.
fn matches(arguments: &[Term]) -> Option<Term> {
    let (literal, search, range) = match arguments {
        [Term::Literal(literal), Term::Literal(search)] => (literal, search, None),
        [
            Term::Literal(literal),
            Term::Literal(search),
            Term::Literal(range),
        ] => (literal, search, Some(range)),
        _ => return None,
    };
    let (search, tag) = text_of(search)?;
    let range = match range {
        Some(range) => LanguageRange::parse(text_of(range)?.0)?,
        None if tag.is_empty() => LanguageRange::All,
        None => LanguageRange::parse(tag)?,
    };
    MEMORY.with_borrow_mut(|memory| {
        if memory.query.is_none() || memory.text != search {
            memory.query = TextQuery::parse(search).ok();
            memory.text = search.to_owned();
        }
        let query = memory.query.as_ref()?;
        let found = text_of(literal)
            .is_some_and(|(text, tag)| query.matches(text, tag, &range, &mut memory.scratch));
        Some(Literal::from(found).into())
    })
}
