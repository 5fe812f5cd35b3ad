//! Full-text search in patterns: `?literal text:search "words"` and `(?literal ?score) text:search ("words" "nl" 100)`.
//!
//! In two steps. When a query is parsed, each such pattern becomes a placeholder, one triple that names its search; mistakes
//! in it are found then. Before joins are ordered, each placeholder becomes a table of the literals that match, as the graphs
//! around it show them. Means: the literal matches and is the object of a triple of the active graph.

mod resolve;
mod take;

pub(super) use resolve::resolve_searches;
pub(super) use take::take_searches;

use super::rewrite::change_exists;
use crate::query::error::QueryError;
use crate::query::text::{LanguageRange, TextQuery};
use crate::rdf::label::Text;
use oxrdf::{Literal, Variable};
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression};
use spargebra::term::{NamedNodePattern, TriplePattern};

/// Predicate of placeholders, completed by the number of the search.
const PLACE: &str = "urn:x-oslo:query:search:";

/// One search of a query.
#[derive(Clone, Debug)]
pub(in crate::query) struct Search {
    /// Gets the score.
    score: Option<Variable>,
    /// The variable the texts come from, if they do not stand in the pattern.
    from: Option<Variable>,
    /// The texts to look for.
    texts: Vec<Wanted>,
    limit: Option<usize>,
    at: Place,
}

/// A text to look for.
#[derive(Clone, Debug)]
struct Wanted {
    written: Literal,
    query: TextQuery,
    range: LanguageRange,
}

/// Where a search stands in the text of the query.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    line: usize,
    column: usize,
}

impl Place {
    fn error(self, message: Text, hint: Option<Text>) -> QueryError {
        QueryError::Syntax {
            line: self.line,
            column: self.column,
            message,
            hint,
        }
    }
}

fn is_place(triple: &TriplePattern) -> bool {
    place_number(triple).is_some()
}

fn place_number(triple: &TriplePattern) -> Option<usize> {
    match &triple.predicate {
        NamedNodePattern::NamedNode(name) => name.as_str().strip_prefix(PLACE)?.parse().ok(),
        NamedNodePattern::Variable(_) => None,
    }
}

fn join(left: GraphPattern, right: GraphPattern) -> GraphPattern {
    GraphPattern::Join {
        left: Box::new(left),
        right: Box::new(right),
    }
}

/// The expressions of the topmost operator.
fn expressions(pattern: &mut GraphPattern) -> Vec<&mut Expression> {
    match pattern {
        GraphPattern::Filter { expr, .. } => vec![expr],
        GraphPattern::Extend { expression, .. } => vec![expression],
        GraphPattern::LeftJoin { expression, .. } => expression.iter_mut().collect(),
        GraphPattern::OrderBy { expression, .. } => expression
            .iter_mut()
            .map(|order| {
                let (OrderExpression::Asc(e) | OrderExpression::Desc(e)) = order;
                e
            })
            .collect(),
        GraphPattern::Group { aggregates, .. } => aggregates
            .iter_mut()
            .filter_map(|(_, aggregate)| match aggregate {
                AggregateExpression::FunctionCall { expr, .. } => Some(expr),
                AggregateExpression::CountSolutions { .. } => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}

/// Calls `change` on the operands of the topmost operator, and on the patterns of `EXISTS` in its expressions.
pub(super) fn each_child(pattern: &mut GraphPattern, change: &mut dyn FnMut(&mut GraphPattern)) {
    for expression in expressions(pattern) {
        change_exists(expression, change);
    }
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::LeftJoin { left, right, .. }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            change(left);
            change(right);
        }
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. }
        | GraphPattern::Service { inner, .. } => change(inner),
    }
}
