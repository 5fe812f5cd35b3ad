//! Decides what each `SERVICE` asks ([SPARQL 1.1 Federated Query](https://www.w3.org/TR/sparql11-federated-query/)).
//!
//! The evaluator would send a pattern whole, once for whatever stands beside it. Here every `SERVICE` is replaced by a
//! numbered table, whose solutions come from requests: what stands beside it is evaluated first, and the terms found are
//! sent along in tables of [`BATCH`] rows (`VALUES`), so that the endpoint finds only what can be joined. Where nothing
//! is shared, or more than [`MAX_BINDINGS`] rows are, the pattern is sent whole. Blank nodes are never sent: they mean
//! nothing elsewhere. Requests wait until their solutions are read.

mod ask;

use super::QueryAlgebra;
use super::ordering::Names;
use super::rewrite::{change_exists, has_service};
use crate::query::budget;
use crate::query::dataset::QueryDataset;
use crate::query::error::QueryError;
use crate::query::service::Session;
use oxiri::Iri;
use oxrdf::{NamedNode, Variable};
use rustc_hash::FxHashSet;
use spareval::{DefaultServiceHandler, QueryEvaluator, QuerySolutionIter};
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::NamedNodePattern;
use std::convert::Infallible;
use std::sync::Arc;

/// Rows sent along with one request.
const BATCH: usize = 100;
/// Most rows that are sent along in all; with more the pattern is sent whole.
const MAX_BINDINGS: usize = 10_000;
/// Most endpoints that one `SERVICE ?variable` may ask.
const MAX_ENDPOINTS: usize = 50;
/// Before the number of a table.
const TABLE: &str = "urn:x-oslo:service:";

/// Hands the evaluator the solutions of the tables.
struct Tables(Arc<Session>);

impl DefaultServiceHandler for Tables {
    type Error = Infallible;

    fn handle(
        &self,
        name: &NamedNode,
        _: &GraphPattern,
        _: Option<&Iri<String>>,
    ) -> Result<QuerySolutionIter<'static>, Infallible> {
        let number = name.as_str().strip_prefix(TABLE);
        let number = number.and_then(|number| number.parse().ok());
        let Some(table) = number.and_then(|number| self.0.get(number)) else {
            budget::fail(refused(name.as_str()))
        };
        let (session, variables) = (Arc::clone(&self.0), Arc::clone(&table.variables));
        let mut at = 0;
        let rows = std::iter::from_fn(move || {
            let row = table.row(&session, at)?;
            at += 1;
            Some(Ok(row))
        });
        Ok(QuerySolutionIter::from_tuples(variables, rows))
    }
}

/// The number of a table in what the evaluator says of it.
pub(in crate::query) fn table_number(label: &str) -> Option<usize> {
    let (_, number) = label.split_once(TABLE)?;
    let end = number.find(|c: char| !c.is_ascii_digit());
    number[..end.unwrap_or(number.len())].parse().ok()
}

fn refused(service: &str) -> QueryError {
    QueryError::Service {
        service: service.to_owned(),
    }
}

/// An evaluator that reads the tables of a session.
pub(in crate::query) fn with_tables(
    evaluator: QueryEvaluator,
    session: &Arc<Session>,
) -> QueryEvaluator {
    evaluator.with_default_service_handler(Tables(Arc::clone(session)))
}

impl QueryAlgebra {
    /// The same query with a table in the place of every `SERVICE`. Evaluates what stands beside them; under the budget
    /// that runs, which also tells what goes wrong.
    pub(in crate::query) fn federated(
        &self,
        session: &Arc<Session>,
        evaluator: &QueryEvaluator,
        dataset: &dyn Fn() -> QueryDataset,
    ) -> Self {
        let mut query = self.clone();
        let pattern = query.pattern_mut();
        let written = std::mem::take(pattern);
        let work = Federation {
            session,
            evaluator,
            dataset,
        };
        *pattern = work.resolve(written, &Around::default());
        query
    }
}

/// What a pattern will be joined with: only solutions that agree with it matter.
#[derive(Clone, Default)]
struct Around {
    parts: Vec<Part>,
    graph: Option<NamedNodePattern>,
}

/// A pattern that can be evaluated by itself, and the variables it shares.
#[derive(Clone)]
struct Part {
    pattern: GraphPattern,
    shown: FxHashSet<Variable>,
}

impl Around {
    /// Nothing but the graph.
    fn alone(&self) -> Self {
        Self {
            parts: Vec::new(),
            graph: self.graph.clone(),
        }
    }

    fn with(&self, pattern: &GraphPattern) -> Self {
        let mut around = self.clone();
        around.add(pattern);
        around
    }

    fn add(&mut self, pattern: &GraphPattern) {
        let mut pattern = pattern.clone();
        if let Some(name) = &self.graph {
            pattern = GraphPattern::Graph {
                name: name.clone(),
                inner: Box::new(pattern),
            };
        }
        self.parts.push(Part {
            shown: in_scope(&pattern).into_iter().collect(),
            pattern,
        });
    }

    /// What is left of it inside a pattern that shows only some variables.
    fn showing(&self, variables: &[Variable]) -> Self {
        let mut around = self.clone();
        for part in &mut around.parts {
            part.shown.retain(|variable| variables.contains(variable));
        }
        around
    }
}

struct Federation<'a> {
    session: &'a Arc<Session>,
    evaluator: &'a QueryEvaluator,
    dataset: &'a dyn Fn() -> QueryDataset,
}

impl Federation<'_> {
    fn resolve_boxed(&self, mut pattern: Box<GraphPattern>, around: &Around) -> Box<GraphPattern> {
        *pattern = self.resolve(std::mem::take(&mut *pattern), around);
        pattern
    }

    fn resolve(&self, pattern: GraphPattern, around: &Around) -> GraphPattern {
        if !has_service(&pattern) {
            return pattern;
        }
        match pattern {
            GraphPattern::Service {
                name,
                inner,
                silent,
            } => self.service(name, &inner, silent, around),
            GraphPattern::Join { .. } => {
                let mut sides = Vec::new();
                flatten(pattern, &mut sides);
                self.join(sides, around)
            }
            GraphPattern::Filter { expr, inner } => self.filter(expr, *inner, around),
            GraphPattern::LeftJoin {
                left,
                right,
                mut expression,
            } => {
                let left = self.resolve_boxed(left, around);
                // Not what is around: a row of the right side that disagrees with it still keeps the left side from
                // standing alone.
                let right = self.resolve_boxed(right, &around.alone().with(&left));
                if let Some(expression) = &mut expression {
                    self.exists(expression, around);
                }
                GraphPattern::LeftJoin {
                    left,
                    right,
                    expression,
                }
            }
            GraphPattern::Minus { left, right } => {
                let left = self.resolve_boxed(left, around);
                let right = self.resolve_boxed(right, &around.alone().with(&left));
                GraphPattern::Minus { left, right }
            }
            GraphPattern::Lateral { left, right } => {
                let left = self.resolve_boxed(left, around);
                let right = self.resolve_boxed(right, &around.with(&left));
                GraphPattern::Lateral { left, right }
            }
            GraphPattern::Union { left, right } => GraphPattern::Union {
                left: self.resolve_boxed(left, around),
                right: self.resolve_boxed(right, around),
            },
            GraphPattern::Graph { name, inner } => {
                let inside = Around {
                    graph: Some(name.clone()),
                    ..around.clone()
                };
                GraphPattern::Graph {
                    inner: self.resolve_boxed(inner, &inside),
                    name,
                }
            }
            GraphPattern::Extend {
                inner,
                variable,
                mut expression,
            } => {
                self.exists(&mut expression, around);
                GraphPattern::Extend {
                    inner: self.resolve_boxed(inner, around),
                    variable,
                    expression,
                }
            }
            GraphPattern::Project { inner, variables } => GraphPattern::Project {
                inner: self.resolve_boxed(inner, &around.showing(&variables)),
                variables,
            },
            GraphPattern::Distinct { inner } => GraphPattern::Distinct {
                inner: self.resolve_boxed(inner, around),
            },
            GraphPattern::Reduced { inner } => GraphPattern::Reduced {
                inner: self.resolve_boxed(inner, around),
            },
            GraphPattern::OrderBy { inner, expression } => GraphPattern::OrderBy {
                inner: self.resolve_boxed(inner, around),
                expression,
            },
            // What is cut off or counted depends on all rows.
            GraphPattern::Slice {
                inner,
                start,
                length,
            } => GraphPattern::Slice {
                inner: self.resolve_boxed(inner, &around.alone()),
                start,
                length,
            },
            GraphPattern::Group {
                inner,
                variables,
                aggregates,
            } => GraphPattern::Group {
                inner: self.resolve_boxed(inner, &around.alone()),
                variables,
                aggregates,
            },
            GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {
                pattern
            }
        }
    }

    /// Local sides first; then the others in their order, each knowing those before it.
    fn join(&self, sides: Vec<GraphPattern>, around: &Around) -> GraphPattern {
        let (remote, local): (Vec<_>, Vec<_>) = sides.into_iter().partition(has_service);
        let mut joined = local.into_iter().reduce(join);
        let mut around = around.clone();
        if let Some(local) = &joined {
            around.add(local);
        }
        for side in remote {
            let side = self.resolve(side, &around);
            around.add(&side);
            joined = Some(match joined {
                None => side,
                Some(before) => join(before, side),
            });
        }
        joined.unwrap_or_default()
    }

    /// Filters that read only what the local sides of a join certainly bind belong to these.
    fn filter(&self, expr: Expression, inner: GraphPattern, around: &Around) -> GraphPattern {
        let mut sides = Vec::new();
        flatten(inner, &mut sides);
        let (remote, local): (Vec<_>, Vec<_>) = sides.into_iter().partition(has_service);
        let mut conjuncts = Vec::new();
        split(expr, &mut conjuncts);
        let (mut inside, mut outside) = (None, Vec::new());
        if let Some(local) = local.into_iter().reduce(join) {
            let names = Names::of(&local);
            let mut local = local;
            for conjunct in conjuncts {
                let is_local = names
                    .as_ref()
                    .is_some_and(|names| names.may_filter(&local, &conjunct));
                if is_local {
                    local = GraphPattern::Filter {
                        expr: conjunct,
                        inner: Box::new(local),
                    };
                } else {
                    outside.push(conjunct);
                }
            }
            inside = Some(local);
        } else {
            outside = conjuncts;
        }
        let sides = inside.into_iter().chain(remote).collect();
        let mut pattern = self.join(sides, around);
        for mut expr in outside {
            self.exists(&mut expr, around);
            pattern = GraphPattern::Filter {
                expr,
                inner: Box::new(pattern),
            };
        }
        pattern
    }

    fn exists(&self, expression: &mut Expression, around: &Around) {
        change_exists(expression, &mut |pattern| {
            let written = std::mem::take(pattern);
            *pattern = self.resolve(written, &around.alone());
        });
    }
}

/// The variables that a pattern shows, each once, in the order in which it names them.
fn in_scope(pattern: &GraphPattern) -> Vec<Variable> {
    let mut seen = FxHashSet::default();
    let mut variables = Vec::new();
    pattern.on_in_scope_variable(|variable| {
        if seen.insert(variable) {
            variables.push(variable.clone());
        }
    });
    variables
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

fn split(expression: Expression, conjuncts: &mut Vec<Expression>) {
    match expression {
        Expression::And(left, right) => {
            split(*left, conjuncts);
            split(*right, conjuncts);
        }
        other => conjuncts.push(other),
    }
}

fn join(left: GraphPattern, right: GraphPattern) -> GraphPattern {
    GraphPattern::Join {
        left: Box::new(left),
        right: Box::new(right),
    }
}

/// One empty solution.
fn unit() -> GraphPattern {
    GraphPattern::Values {
        variables: Vec::new(),
        bindings: vec![Vec::new()],
    }
}
