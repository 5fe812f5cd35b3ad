//! Lets a join start from the geometries that may pass a spatial filter: a table of candidates from the index, joined with
//! the group. The filter itself stays, so the table changes no answer as long as it holds every literal of the store that
//! passes. It is added where `?g` is the object of a triple pattern, and where it is smaller than what it is joined with.

use super::group::{Body, Early, Group, Step};
use super::{Mode, Place, Planner};
use crate::query::geo::{self, Candidates, Search};
use crate::query::plan::VarSet;
use oxrdf::{Literal, Term, Variable};
use spargebra::algebra::{Expression, Function, GraphPattern};
use spargebra::term::{GroundTerm, TermPattern};

/// Most candidates of one table.
const MAX_CANDIDATES: usize = 20_000;
/// Most bytes of their texts.
const MAX_BYTES: usize = 16 << 20;
/// Triples up to which every geometry may as well be looked at.
const FEW: f64 = 64.0;

/// Relations that need a common position.
const MEETING: [&str; 21] = [
    "sfContains",
    "sfCrosses",
    "sfEquals",
    "sfIntersects",
    "sfOverlaps",
    "sfTouches",
    "sfWithin",
    "ehContains",
    "ehCoveredBy",
    "ehCovers",
    "ehEquals",
    "ehInside",
    "ehMeet",
    "ehOverlap",
    "rcc8ec",
    "rcc8eq",
    "rcc8ntpp",
    "rcc8ntppi",
    "rcc8po",
    "rcc8tpp",
    "rcc8tppi",
];

impl Planner<'_> {
    /// Adds a table of candidates for each geometry on which there is such a filter.
    pub(super) fn add_spatial_tables(
        &mut self,
        group: &mut Group,
        filters: &mut [Early],
        at: &Place,
    ) {
        // For each of many rows, looking through a table takes longer than asking the filter.
        if at.mode != Mode::Once || at.bound != VarSet::default() {
            return;
        }
        let mut rows = None;
        let mut tables: Vec<(Variable, Vec<GroundTerm>)> = Vec::new();
        let written = filters.iter_mut().filter(|filter| !filter.has_table);
        let mut sought: Vec<(Wanted, Option<&mut Early>)> = written
            .filter_map(|filter| Some((Wanted::of(&filter.expression, group)?, Some(filter))))
            .collect();
        let computed = filters_of_computed(&group.steps);
        sought.extend(
            computed
                .iter()
                .filter_map(|filter| Some((Wanted::of(filter, group)?, None))),
        );
        for (wanted, filter) in sought {
            let is_stored = group.operands.iter().any(|operand| match &operand.body {
                Body::Triple(triple) => {
                    matches!(&triple.object, TermPattern::Variable(v) if *v == wanted.variable)
                }
                Body::Other(_) => false,
            });
            if !is_stored {
                continue;
            }
            let rows = *rows.get_or_insert_with(|| self.least_triples(group));
            if rows <= FEW {
                return;
            }
            let limit = MAX_CANDIDATES.min((rows / 2.0) as usize);
            let Some(terms) = self.candidates(&wanted, limit) else {
                continue;
            };
            if let Some(filter) = filter {
                filter.has_table = true;
            }
            match tables.iter_mut().find(|(v, _)| *v == wanted.variable) {
                Some((_, known)) if known.len() > terms.len() => *known = terms,
                Some(_) => {}
                None => tables.push((wanted.variable, terms)),
            }
        }
        for (variable, terms) in tables {
            let table = GraphPattern::Values {
                variables: vec![variable],
                bindings: terms.into_iter().map(|term| vec![Some(term)]).collect(),
            };
            group.add_other(table, None);
        }
    }

    /// Triples that match the most selective triple pattern of a group, each on its own.
    fn least_triples(&mut self, group: &Group) -> f64 {
        let triples = group
            .operands
            .iter()
            .filter(|operand| matches!(operand.body, Body::Triple(_)));
        triples
            .map(|operand| self.relation(operand, VarSet::default()).rows)
            .fold(f64::INFINITY, f64::min)
    }

    fn candidates(&self, wanted: &Wanted, limit: usize) -> Option<Vec<GroundTerm>> {
        let view = self.sources.default;
        let constant = Term::from(wanted.constant.clone());
        let Candidates::Some(ids) = geo::candidates(view, &constant, wanted.search, limit) else {
            return None;
        };
        let mut bytes = 0;
        let mut terms = Vec::with_capacity(ids.len());
        for id in ids {
            let Term::Literal(literal) = view.term(id) else {
                return None;
            };
            bytes += literal.value().len();
            if bytes > MAX_BYTES {
                return None;
            }
            terms.push(literal.into());
        }
        Some(terms)
    }
}

/// Filters on what was computed before them (`BIND(geof:distance(…) AS ?d) FILTER(?d < 500)`), written out.
fn filters_of_computed(steps: &[Step]) -> Vec<Expression> {
    let mut computed: Vec<(&Variable, &Expression)> = Vec::new();
    let mut filters = Vec::new();
    for step in steps {
        match step {
            Step::Extend {
                variable,
                expression,
            } => computed.push((variable, expression)),
            Step::Filter(expression) => {
                let value = |of: &Expression| match of {
                    Expression::Variable(variable) => computed
                        .iter()
                        .find(|(known, _)| *known == variable)
                        .map(|(_, expression)| Box::new((*expression).clone())),
                    _ => None,
                };
                let written = match expression {
                    Expression::Less(a, b) | Expression::LessOrEqual(a, b) => {
                        value(a).map(|a| Expression::LessOrEqual(a, b.clone()))
                    }
                    Expression::Greater(a, b) | Expression::GreaterOrEqual(a, b) => {
                        value(b).map(|b| Expression::LessOrEqual(b, a.clone()))
                    }
                    _ => None,
                };
                filters.extend(written);
            }
            Step::Optional { .. } | Step::Minus { .. } => {}
        }
    }
    filters
}

/// What a filter asks of a variable.
struct Wanted {
    variable: Variable,
    constant: Literal,
    search: Search,
}

impl Wanted {
    /// Of a relation with a constant, or a distance below a number.
    fn of(expression: &Expression, group: &Group) -> Option<Self> {
        let (call, limit) = match expression {
            Expression::Less(call, limit)
            | Expression::LessOrEqual(call, limit)
            | Expression::Greater(limit, call)
            | Expression::GreaterOrEqual(limit, call) => (&**call, Some(&**limit)),
            call => (call, None),
        };
        let Expression::FunctionCall(Function::Custom(name), arguments) = call else {
            return None;
        };
        if name.as_str() != geo::CALL {
            return None;
        }
        let [Expression::NamedNode(function), one, other, unit @ ..] = arguments.as_slice() else {
            return None;
        };
        let function = function.as_str().strip_prefix(geo::GEOF)?;
        let search = match (limit, function, unit) {
            (None, _, []) if MEETING.contains(&function) => Search::Meeting,
            (Some(limit), "distance" | "metricDistance", unit) => {
                let metres = match unit {
                    [] => 1.0,
                    [Expression::NamedNode(unit)] => geo::metres(unit.as_str())?,
                    [Expression::Literal(unit)] => geo::metres(unit.value())?,
                    _ => return None,
                };
                Search::Near(metres * number(limit)?)
            }
            _ => return None,
        };
        let (variable, constant) = match (one, other) {
            (Expression::Variable(one), Expression::Variable(other)) => {
                match (bound_once(group, one), bound_once(group, other)) {
                    (None, Some(constant)) => (one, constant),
                    (Some(constant), None) => (other, constant),
                    _ => return None,
                }
            }
            (Expression::Variable(variable), Expression::Literal(constant))
            | (Expression::Literal(constant), Expression::Variable(variable)) => {
                (variable, constant.clone())
            }
            _ => return None,
        };
        Some(Self {
            variable: variable.clone(),
            constant,
            search,
        })
    }
}

/// The literal that a table of one row gives a variable.
fn bound_once(group: &Group, variable: &Variable) -> Option<Literal> {
    group.operands.iter().find_map(|operand| {
        let Body::Other(GraphPattern::Values {
            variables,
            bindings,
        }) = &operand.body
        else {
            return None;
        };
        let column = variables.iter().position(|v| v == variable)?;
        match bindings.as_slice() {
            [row] => match row.get(column)? {
                Some(GroundTerm::Literal(literal)) => Some(literal.clone()),
                _ => None,
            },
            _ => None,
        }
    })
}

fn number(expression: &Expression) -> Option<f64> {
    match expression {
        Expression::Literal(literal) => {
            let value = literal.value().parse().ok()?;
            f64::is_finite(value).then_some(value)
        }
        _ => None,
    }
}
