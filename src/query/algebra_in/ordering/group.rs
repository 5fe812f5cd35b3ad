//! Takes a group pattern apart: the operands of its joins, and the steps that follow them (`OPTIONAL`, `MINUS`,
//! `FILTER`, `BIND`). A step that stands between two joins is moved behind them where that changes no answer, so that
//! the whole join can be ordered. Orders nothing itself.

use super::facts::{Facts, Names, has_exists, is_repeatable};
use crate::query::plan::VarSet;
use oxrdf::{Literal, NamedNode, Variable, vocab::xsd};
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::{GroundTerm, NamedNodePattern, TriplePattern};

/// Values of one `IN` or `=` that are worth a table.
const MAX_TABLE: usize = 1_000;

/// One operand of a join.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) body: Body,
    /// The graph it stands in.
    pub(super) graph: Option<NamedNodePattern>,
}

#[derive(Clone, Debug)]
pub(super) enum Body {
    Triple(TriplePattern),
    Other(GraphPattern),
}

/// What follows the joins of a group, in order.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Optional {
        right: GraphPattern,
        expression: Option<Expression>,
    },
    Minus {
        right: GraphPattern,
    },
    Filter(Expression),
    Extend {
        variable: Variable,
        expression: Expression,
    },
}

/// A group taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Group {
    pub(super) operands: Vec<Operand>,
    pub(super) steps: Vec<Step>,
    given: VarSet,
}

/// A filter that reads only what the joins bind, and may be applied as soon as they do.
#[derive(Clone, Debug)]
pub(super) struct Early {
    pub(super) variables: VarSet,
    pub(super) expression: Expression,
    /// Whether the join holds a table of what passes it.
    pub(super) has_table: bool,
}

impl Group {
    /// Takes a pattern apart that stands in a graph and is evaluated with values for some variables, if any.
    pub(super) fn of(
        names: &Names,
        pattern: GraphPattern,
        graph: Option<&NamedNodePattern>,
        given: VarSet,
    ) -> Self {
        let mut group = Self {
            given,
            ..Self::default()
        };
        group.take(names, pattern, graph, None);
        group
    }

    /// What the joins bind, before any step.
    pub(super) fn facts(&self, names: &Names) -> Facts {
        self.operands
            .iter()
            .fold(Facts::default(), |facts, operand| {
                facts.join(operand.facts(names))
            })
    }

    /// Adds the parts of a pattern. `others` are the variables of what it is joined with, if it is joined.
    fn take(
        &mut self,
        names: &Names,
        pattern: GraphPattern,
        graph: Option<&NamedNodePattern>,
        others: Option<VarSet>,
    ) {
        // A step may wait for a join when it shares with the other side only what its own side has bound for certain.
        let may_wait = |touched: VarSet, inner: &GraphPattern| {
            others.is_none_or(|others| {
                touched
                    .and(others)
                    .is_within(names.facts(inner, graph).certain)
            })
        };
        match pattern {
            GraphPattern::Bgp { patterns } if patterns.is_empty() && graph.is_none() => {}
            GraphPattern::Bgp { patterns } if !patterns.is_empty() => {
                self.operands
                    .extend(patterns.into_iter().map(|triple| Operand {
                        body: Body::Triple(triple),
                        graph: graph.cloned(),
                    }));
            }
            GraphPattern::Join { .. } => {
                let mut sides = Vec::new();
                flatten(pattern, &mut sides);
                let possible: Vec<VarSet> = sides
                    .iter()
                    .map(|side| names.facts(side, graph).possible)
                    .collect();
                for (i, side) in sides.into_iter().enumerate() {
                    let rest = possible
                        .iter()
                        .enumerate()
                        .filter(|(j, _)| *j != i)
                        .fold(others.unwrap_or_default(), |all, (_, one)| all.or(*one));
                    self.take(names, side, graph, Some(rest));
                }
            }
            GraphPattern::Filter { expr, inner }
                if may_wait(names.expression(&expr), &inner)
                    && (others.is_none() || is_repeatable(&expr)) =>
            {
                self.take(names, *inner, graph, others);
                self.add_filter(expr);
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } if others.is_none()
                || (may_wait(names.facts(&right, graph).possible, &left)
                    && expression.as_ref().is_none_or(|e| {
                        may_wait(names.expression(e), &left) && is_repeatable(e)
                    })) =>
            {
                self.take(names, *left, graph, others);
                self.steps.push(Step::Optional {
                    right: *right,
                    expression,
                });
            }
            GraphPattern::Minus { left, right }
                if may_wait(names.facts(&right, graph).possible, &left) =>
            {
                self.take(names, *left, graph, others);
                self.steps.push(Step::Minus { right: *right });
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } if constant(&expression).is_some()
                && !names
                    .facts(&inner, graph)
                    .possible
                    .or(self.given)
                    .meets(names.set([&variable])) =>
            {
                self.take(names, *inner, graph, others);
                let table = GraphPattern::Values {
                    variables: vec![variable],
                    bindings: vec![vec![constant(&expression)]],
                };
                self.add_other(table, None);
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } if others.is_none()
                || (may_wait(
                    names.expression(&expression).or(names.set([&variable])),
                    &inner,
                ) && is_repeatable(&expression)) =>
            {
                self.take(names, *inner, graph, others);
                self.steps.push(Step::Extend {
                    variable,
                    expression,
                });
            }
            GraphPattern::Graph { name, inner } if is_flat(&inner) => {
                self.take(names, *inner, Some(&name), others);
            }
            other => self.add_other(other, graph),
        }
    }

    /// Adds an operand that is no triple pattern.
    pub(super) fn add_other(&mut self, pattern: GraphPattern, graph: Option<&NamedNodePattern>) {
        self.operands.push(Operand {
            body: Body::Other(pattern),
            graph: graph.cloned(),
        });
    }

    /// A conjunction filters like its parts one by one.
    fn add_filter(&mut self, expression: Expression) {
        match expression {
            Expression::And(left, right) => {
                self.add_filter(*left);
                self.add_filter(*right);
            }
            other => self.steps.push(Step::Filter(other)),
        }
    }

    /// Takes out the filters that need not wait for the other steps: those that read only certain variables.
    pub(super) fn take_early_filters(&mut self, names: &Names) -> Vec<Early> {
        let certain = self.facts(names).certain;
        let mut early = Vec::new();
        self.steps.retain_mut(|step| {
            let Step::Filter(expression) = step else {
                return true;
            };
            let variables = names.expression(expression);
            if !variables.is_within(certain)
                || variables.is_empty()
                || has_exists(expression)
                || !is_repeatable(expression)
            {
                return true;
            }
            let expression =
                std::mem::replace(expression, Expression::Literal(Literal::from(true)));
            early.push(Early {
                variables,
                expression,
                has_table: false,
            });
            false
        });
        early
    }

    /// Adds a table for each filter that names the few terms a variable may be, so that the join can start from them.
    pub(super) fn add_tables(&mut self, filters: &mut [Early]) {
        for filter in filters {
            if let Some((variable, terms)) = listed_terms(&filter.expression) {
                let table = GraphPattern::Values {
                    variables: vec![variable.clone()],
                    bindings: terms.into_iter().map(|term| vec![Some(term)]).collect(),
                };
                self.add_other(table, None);
                filter.has_table = true;
            }
        }
    }
}

impl Operand {
    /// What its solutions bind.
    pub(super) fn facts(&self, names: &Names) -> Facts {
        match &self.body {
            Body::Triple(triple) => {
                let variables = names.triple(triple, self.graph.as_ref());
                Facts {
                    certain: variables,
                    possible: variables,
                }
            }
            Body::Other(pattern) => names.facts(pattern, self.graph.as_ref()),
        }
    }
}

fn flatten(pattern: GraphPattern, sides: &mut Vec<GraphPattern>) {
    match pattern {
        GraphPattern::Join { left, right } => {
            flatten(*left, sides);
            flatten(*right, sides);
        }
        other => sides.push(other),
    }
}

/// Patterns that mean the same when the graph is named for each of them apart.
fn is_flat(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => true,
        GraphPattern::Join { left, right } => is_flat(left) && is_flat(right),
        GraphPattern::Filter { expr, inner } => !has_exists(expr) && is_flat(inner),
        _ => false,
    }
}

/// The term that an expression always is.
fn constant(expression: &Expression) -> Option<GroundTerm> {
    match expression {
        Expression::NamedNode(node) => Some(node.clone().into()),
        Expression::Literal(literal) => Some(literal.clone().into()),
        _ => None,
    }
}

/// The terms for which a comparison is a comparison of terms: IRIs and plain strings. Numbers and dates equal others.
fn comparable(expression: &Expression) -> Option<GroundTerm> {
    match expression {
        Expression::NamedNode(node) => Some(NamedNode::clone(node).into()),
        Expression::Literal(literal) if literal.datatype() == xsd::STRING => {
            Some(literal.clone().into())
        }
        _ => None,
    }
}

/// The variable and terms of `?v = <a>` or `?v IN (<a>, <b>)`; each term once.
pub(super) fn listed_terms(expression: &Expression) -> Option<(&Variable, Vec<GroundTerm>)> {
    match expression {
        Expression::Equal(a, b) | Expression::SameTerm(a, b) => match (&**a, &**b) {
            (Expression::Variable(variable), other) | (other, Expression::Variable(variable)) => {
                Some((variable, vec![comparable(other)?]))
            }
            _ => None,
        },
        Expression::In(a, list) if list.len() <= MAX_TABLE => {
            let Expression::Variable(variable) = &**a else {
                return None;
            };
            let mut terms = Vec::with_capacity(list.len());
            let mut seen = rustc_hash::FxHashSet::default();
            for item in list {
                let term = comparable(item)?;
                if seen.insert(term.clone()) {
                    terms.push(term);
                }
            }
            Some((variable, terms))
        }
        _ => None,
    }
}
