//! From placeholders to tables of the literals that match, as the graphs around each placeholder show them.

use super::{Search, each_child, is_place, join, place_number};
use crate::query::algebra_in::Sources;
use crate::query::error::QueryError;
use crate::query::text::{self, Amount, Hit, MATCHES, MAX_HITS};
use crate::rdf::label::Text;
use crate::store::View;
use oxrdf::vocab::xsd;
use oxrdf::{Literal, NamedNode, Term, Variable};
use spargebra::algebra::{Expression, Function, GraphPattern};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};

/// Rows for all texts of a search together, each with its own limit.
const MAX_ROWS: usize = 10 * MAX_HITS;

/// Replaces the placeholders of a pattern by what matches.
///
/// # Errors
/// [`QueryError::Syntax`] when more literals match than one search may bind.
pub(in crate::query::algebra_in) fn resolve_searches(
    pattern: &mut GraphPattern,
    searches: &[Search],
    sources: &Sources<'_>,
) -> Result<(), QueryError> {
    let mut resolver = Resolver {
        searches,
        sources,
        error: None,
    };
    resolver.resolve(pattern, None);
    resolver.error.map_or(Ok(()), Err)
}

struct Resolver<'a> {
    searches: &'a [Search],
    sources: &'a Sources<'a>,
    error: Option<QueryError>,
}

impl Resolver<'_> {
    fn resolve(&mut self, pattern: &mut GraphPattern, graph: Option<&NamedNodePattern>) {
        if self.error.is_some() {
            return;
        }
        match pattern {
            GraphPattern::Bgp { patterns } => match self.resolve_triples(patterns, graph) {
                Ok(Some(replacement)) => *pattern = replacement,
                Ok(None) => {}
                Err(error) => self.error = Some(error),
            },
            GraphPattern::Service { .. } => {}
            GraphPattern::Graph { name, inner } => {
                let name = name.clone();
                self.resolve(inner, Some(&name));
            }
            // Put there by `take_triples`; a table of different rows needs none.
            GraphPattern::Distinct { inner } if is_place_alone(inner) => {
                self.resolve(inner, graph);
                *pattern = std::mem::take(&mut **inner);
            }
            _ => each_child(pattern, &mut |child| self.resolve(child, graph)),
        }
    }

    fn resolve_triples(
        &self,
        triples: &mut Vec<TriplePattern>,
        graph: Option<&NamedNodePattern>,
    ) -> Result<Option<GraphPattern>, QueryError> {
        // Not what someone wrote who happens to know how placeholders look.
        let is_own = |t: &TriplePattern| place_number(t).is_some_and(|n| n < self.searches.len());
        if !triples.iter().any(is_own) {
            return Ok(None);
        }
        let triples = std::mem::take(triples);
        let (places, rest): (Vec<_>, Vec<_>) = triples.into_iter().partition(is_own);
        let view = match graph {
            None => self.sources.default.clone(),
            Some(NamedNodePattern::Variable(_)) => self.sources.named.clone(),
            Some(NamedNodePattern::NamedNode(node)) => self.sources.one_graph(node),
        };
        let mut tables = Vec::new();
        let mut filters = Vec::new();
        for place in &places {
            let Some(search) = place_number(place).and_then(|n| self.searches.get(n)) else {
                continue;
            };
            let TermPattern::Variable(literal) = &place.subject else {
                continue; // not written so by `take_triples`, once blank nodes have names
            };
            match table(&view, search, literal) {
                Some(table) => tables.push(table),
                // With the literals bound by another pattern, looking at each gives the same, if slowly.
                None if search.score.is_none()
                    && rest.iter().any(|t| t.object == place.subject) =>
                {
                    filters.push(filter(search, literal)?);
                }
                None => return Err(too_many(search)),
            }
        }
        let mut whole = (!rest.is_empty()).then_some(GraphPattern::Bgp { patterns: rest });
        for expr in filters {
            whole = whole.map(|inner| GraphPattern::Filter {
                expr,
                inner: Box::new(inner),
            });
        }
        for table in tables {
            whole = Some(match whole {
                None => table,
                Some(whole) => join(table, whole),
            });
        }
        Ok(whole)
    }
}

fn is_place_alone(pattern: &GraphPattern) -> bool {
    matches!(pattern, GraphPattern::Bgp { patterns } if patterns.len() == 1 && is_place(&patterns[0]))
}

/// The literals that match; `None` when there are too many.
fn table(view: &View, search: &Search, literal: &Variable) -> Option<GraphPattern> {
    let mut variables = vec![literal.clone()];
    variables.extend(search.from.clone());
    variables.extend(search.score.clone());
    let mut bindings = Vec::new();
    for wanted in &search.texts {
        let amount = match search.limit {
            Some(limit) => Amount::Best(limit),
            None => Amount::All {
                at_most: MAX_HITS.saturating_sub(bindings.len()),
                scored: search.score.is_some(),
            },
        };
        let hits = text::search(view, &wanted.query, &wanted.range, amount)?;
        bindings.extend(hits.into_iter().filter_map(|hit: Hit| {
            let Term::Literal(found) = view.term(hit.id) else {
                return None;
            };
            let mut row = vec![Some(GroundTerm::Literal(found))];
            if search.from.is_some() {
                row.push(Some(wanted.written.clone().into()));
            }
            if search.score.is_some() {
                row.push(Some(score(hit.score).into()));
            }
            Some(row)
        }));
        if bindings.len() > MAX_ROWS {
            return None;
        }
    }
    Some(GraphPattern::Values {
        variables,
        bindings,
    })
}

/// A score as people read it: `3.42`.
fn score(value: f64) -> Literal {
    let text = format!("{value:.4}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    Literal::new_typed_literal(text, xsd::DECIMAL)
}

/// The same search as a test of each literal. Possible for a text that stands in the pattern.
fn filter(search: &Search, literal: &Variable) -> Result<Expression, QueryError> {
    let (None, None, [wanted]) = (&search.from, search.limit, search.texts.as_slice()) else {
        return Err(too_many(search));
    };
    let text = Literal::new_simple_literal(wanted.written.value());
    let mut arguments = vec![
        Expression::Variable(literal.clone()),
        Expression::Literal(text),
    ];
    if let Some(range) = wanted.range.as_text() {
        arguments.push(Expression::Literal(Literal::new_simple_literal(range)));
    }
    let name = NamedNode::new_unchecked(MATCHES);
    Ok(Expression::FunctionCall(Function::Custom(name), arguments))
}

fn too_many(search: &Search) -> QueryError {
    search.at.error(
        Text::new(
            format!("meer dan {MAX_HITS} teksten voldoen aan deze zoekopdracht"),
            format!("more than {MAX_HITS} texts match this search"),
        ),
        Some(Text::new(
            "zoek meer of langere woorden, of vraag de beste met een grens: (?tekst ?score) text:zoek (\"woorden\" 100)",
            "look for more or longer words, or ask for the best with a limit: (?text ?score) text:search (\"words\" 100)",
        )),
    )
}
