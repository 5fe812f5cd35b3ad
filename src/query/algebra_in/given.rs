//! Queries asked about given nodes ([SHACL appendix A](https://www.w3.org/TR/shacl/#pre-binding)): some variables have a value from
//! the start, everywhere in the query. Instead of one query for each value there is one for a table of them: every group
//! of patterns is joined with the table, which gives, for each row, the solutions that putting its values in the place of
//! the variables would give. Where a group counts or cuts what the rows share, tables of one row do.

mod breach;
mod links;

pub(in crate::query) use breach::Breach;
use breach::breaches;
pub(crate) use links::{Reading, Walk};

use super::lower::columns;
use super::rewrite::{any_operand, has_graph_over_groups, rewrite_pattern, visit};
use super::{QueryAlgebra, is_worth_ordering};
use crate::query::QueryKind;
use crate::query::deep::with_deep_stack;
use crate::query::error::QueryError;
use crate::query::lexer::tokens;
use crate::rdf::version::RdfVersion;
use oxrdf::{Term, Variable};
use rustc_hash::FxHashSet;
use spargebra::Query;
use spargebra::algebra::{AggregateExpression, Expression, GraphPattern, OrderExpression};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};

/// A query with variables that have a value from the start.
#[derive(Clone, Debug)]
pub(in crate::query) struct GivenAlgebra {
    /// As it was written, with constants in the place of variables that have one value; not yet rewritten.
    written: QueryAlgebra,
    given: Vec<Variable>,
    breaches: Vec<Breach>,
    open: bool,
    shared: bool,
}

/// How a pattern is asked about the given nodes.
struct Work<'a> {
    given: &'a [Variable],
    /// The rows; none when the pattern names all given variables itself and its solutions are picked afterwards.
    table: Option<&'a GraphPattern>,
    one_row: bool,
}

impl GivenAlgebra {
    /// Reads a query. `constants` have one value for all rows, `given` are the columns of the tables; `silent` are the
    /// variables that sub-queries need not show.
    pub(in crate::query) fn parse(
        text: &str,
        version: RdfVersion,
        constants: &[(String, Term)],
        given: &[&str],
        silent: &[&str],
    ) -> Result<Self, QueryError> {
        let mut found = Vec::new();
        let bound: Vec<Variable> = constants
            .iter()
            .map(|(name, _)| name.as_str())
            .chain(given.iter().copied())
            .filter_map(|name| Variable::new(name).ok())
            .collect();
        let hidden: Vec<Variable> = silent
            .iter()
            .filter_map(|name| Variable::new(*name).ok())
            .collect();
        let written =
            QueryAlgebra::parse_unwritten(text, constants, version, &mut |query: &Query| {
                found = breaches(query, &bound, &hidden);
            })?;
        let given: Vec<Variable> = given
            .iter()
            .filter_map(|name| Variable::new(*name).ok())
            .collect();
        let attempt = |table: Option<&GraphPattern>| {
            let work = Work {
                given: &given,
                table,
                one_row: false,
            };
            work.query(&written).is_some()
        };
        let empty = GraphPattern::Values {
            variables: given.clone(),
            bindings: Vec::new(),
        };
        let attempts = || Ok((attempt(None), attempt(Some(&empty))));
        let (open, shared) = match written.is_deep {
            true => with_deep_stack(attempts)?,
            false => attempts()?,
        };
        Ok(Self {
            open,
            shared,
            breaches: found,
            given,
            written,
        })
    }

    /// What the query does that a query over given nodes must not.
    pub(in crate::query) fn breaches(&self) -> &[Breach] {
        &self.breaches
    }

    pub(in crate::query) fn kind(&self) -> QueryKind {
        self.written.kind
    }

    /// Whether it needs no table, because all its solutions show the given variables.
    pub(in crate::query) fn is_open(&self) -> bool {
        self.open
    }

    /// Whether a table may have more than one row.
    pub(in crate::query) fn is_shared(&self) -> bool {
        self.shared
    }

    pub(in crate::query) fn is_deep(&self) -> bool {
        self.written.is_deep
    }

    /// The columns of the query itself, without those that are only given.
    pub(in crate::query) fn columns(&self) -> Vec<Variable> {
        columns(self.written.pattern())
    }

    /// The patterns it reads and how each leads to a given variable; `None` when that cannot be told.
    pub(in crate::query) fn readings(&self, given: &str) -> Option<Vec<Reading>> {
        let given = Variable::new(given).ok()?;
        let read = || links::readings(self.written.pattern(), &given);
        match self.is_deep() {
            true => with_deep_stack(|| Ok(read())).ok()?,
            false => read(),
        }
    }

    /// The query over the rows of a table, which holds IRIs and literals; without a table over all nodes. `None` when that
    /// would not mean the same.
    pub(in crate::query) fn over(&self, rows: Option<Vec<Vec<Term>>>) -> Option<QueryAlgebra> {
        let table = rows.map(|rows| GraphPattern::Values {
            variables: self.given.clone(),
            bindings: rows
                .into_iter()
                .map(|row| row.into_iter().map(ground).collect())
                .collect(),
        });
        let one_row =
            matches!(&table, Some(GraphPattern::Values { bindings, .. }) if bindings.len() == 1);
        let work = Work {
            given: &self.given,
            table: table.as_ref(),
            one_row,
        };
        let mut pattern = work.query(&self.written)?;
        rewrite_pattern(&mut pattern);
        let mut query = self.written.clone();
        query.needs_graphs = has_graph_over_groups(&pattern);
        query.needs_order = !query.keeps_order && is_worth_ordering(&pattern);
        query.kind = QueryKind::Select;
        let base_iri = match &self.written.query {
            Query::Select { base_iri, .. } | Query::Ask { base_iri, .. } => base_iri.clone(),
            Query::Construct { .. } | Query::Describe { .. } => None,
        };
        query.query = Query::Select {
            dataset: None,
            pattern,
            base_iri,
        };
        Some(query)
    }
}

fn ground(term: Term) -> Option<GroundTerm> {
    match term {
        Term::NamedNode(node) => Some(node.into()),
        Term::Literal(literal) => Some(literal.into()),
        Term::BlankNode(_) | Term::Triple(_) => None,
    }
}

fn boxed(pattern: GraphPattern) -> Box<GraphPattern> {
    Box::new(pattern)
}

fn is_unit(pattern: &GraphPattern) -> bool {
    matches!(pattern, GraphPattern::Bgp { patterns } if patterns.is_empty())
}

impl Work<'_> {
    fn query(&self, query: &QueryAlgebra) -> Option<GraphPattern> {
        let pattern = query.pattern();
        if query.kind == QueryKind::Ask {
            return Some(GraphPattern::Distinct {
                inner: boxed(GraphPattern::Project {
                    inner: boxed(self.bound(pattern)?),
                    variables: self.given.to_vec(),
                }),
            });
        }
        self.outermost(pattern)
    }

    /// The pattern of the query itself, whose solutions show the given variables.
    fn outermost(&self, pattern: &GraphPattern) -> Option<GraphPattern> {
        Some(match pattern {
            GraphPattern::Project { inner, variables } => self.project(inner, variables)?,
            GraphPattern::Distinct { inner } => GraphPattern::Distinct {
                inner: boxed(self.outermost(inner)?),
            },
            GraphPattern::Reduced { inner } => GraphPattern::Reduced {
                inner: boxed(self.outermost(inner)?),
            },
            GraphPattern::Slice {
                inner,
                start,
                length,
            } if self.one_row => GraphPattern::Slice {
                inner: boxed(self.outermost(inner)?),
                start: *start,
                length: *length,
            },
            _ => return None,
        })
    }

    fn project(&self, inner: &GraphPattern, variables: &[Variable]) -> Option<GraphPattern> {
        let mut shown = variables.to_vec();
        shown.extend(
            self.given
                .iter()
                .filter(|g| !variables.contains(g))
                .cloned(),
        );
        Some(GraphPattern::Project {
            inner: boxed(self.bound(inner)?),
            variables: shown,
        })
    }

    /// The pattern with every solution belonging to a row.
    fn bound(&self, pattern: &GraphPattern) -> Option<GraphPattern> {
        if !mentions(pattern, self.given) {
            return self.with_table(pattern.clone());
        }
        Some(match pattern {
            GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {
                return self.with_table(pattern.clone());
            }
            GraphPattern::Join { left, right } => {
                let mut filters = Vec::new();
                // One side takes the rows in when it is more than patterns; else the whole does.
                let takes_rows = self.table.is_some()
                    && !matches!(**left, GraphPattern::Values { .. })
                    && !is_flat(left)
                    && self.movable(left).is_none();
                let left = match takes_rows {
                    true => self.bound(left)?,
                    false => self.operand(left, &mut filters)?,
                };
                let joined = GraphPattern::Join {
                    left: boxed(left),
                    right: boxed(self.operand(right, &mut filters)?),
                };
                let joined = match takes_rows {
                    true => joined,
                    false => self.with_table(joined)?,
                };
                filters
                    .into_iter()
                    .fold(joined, |inner, expr| GraphPattern::Filter {
                        expr,
                        inner: boxed(inner),
                    })
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => GraphPattern::LeftJoin {
                left: boxed(self.bound(left)?),
                right: boxed(self.side(right)?),
                expression: expression.clone(),
            },
            GraphPattern::Union { left, right } => GraphPattern::Union {
                left: boxed(self.bound(left)?),
                right: boxed(self.bound(right)?),
            },
            GraphPattern::Filter { expr, inner } => GraphPattern::Filter {
                expr: expr.clone(),
                inner: boxed(self.bound(inner)?),
            },
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => GraphPattern::Extend {
                inner: boxed(self.bound(inner)?),
                variable: variable.clone(),
                expression: expression.clone(),
            },
            GraphPattern::Graph { name, inner } => {
                if is_flat(inner) {
                    return self.with_table(pattern.clone());
                }
                GraphPattern::Graph {
                    name: name.clone(),
                    inner: boxed(self.bound(inner)?),
                }
            }
            GraphPattern::OrderBy { inner, expression } => GraphPattern::OrderBy {
                inner: boxed(self.bound(inner)?),
                expression: expression.clone(),
            },
            GraphPattern::Project { inner, variables } => self.project(inner, variables)?,
            GraphPattern::Distinct { inner } => GraphPattern::Distinct {
                inner: boxed(self.bound(inner)?),
            },
            GraphPattern::Reduced { inner } => GraphPattern::Reduced {
                inner: boxed(self.bound(inner)?),
            },
            GraphPattern::Slice {
                inner,
                start,
                length,
            } => {
                if !self.one_row {
                    return None;
                }
                GraphPattern::Slice {
                    inner: boxed(self.bound(inner)?),
                    start: *start,
                    length: *length,
                }
            }
            GraphPattern::Group {
                inner,
                variables,
                aggregates,
            } => {
                let inner = boxed(self.bound(inner)?);
                if variables.is_empty() {
                    // A group of nothing is still a group, which no row would be left to tell of.
                    if !self.one_row {
                        return None;
                    }
                    return self.with_table(GraphPattern::Group {
                        inner,
                        variables: Vec::new(),
                        aggregates: aggregates.clone(),
                    });
                }
                let mut keys = variables.clone();
                keys.extend(
                    self.given
                        .iter()
                        .filter(|g| !variables.contains(g))
                        .cloned(),
                );
                GraphPattern::Group {
                    inner,
                    variables: keys,
                    aggregates: aggregates.clone(),
                }
            }
            GraphPattern::Minus { .. }
            | GraphPattern::Lateral { .. }
            | GraphPattern::Service { .. } => {
                return None;
            }
        })
    }

    /// One operand of a join; what may as well be asked after the join goes to `filters`.
    fn operand(
        &self,
        pattern: &GraphPattern,
        filters: &mut Vec<Expression>,
    ) -> Option<GraphPattern> {
        match self.movable(pattern) {
            Some((expression, inner)) => {
                filters.push(expression.clone());
                Some(inner.clone())
            }
            None => self.side(pattern),
        }
    }

    /// A filter that needs the given variables and nothing else from outside, over patterns that do not name them: before a
    /// join it would meet each row with each solution.
    fn movable<'p>(&self, pattern: &'p GraphPattern) -> Option<(&'p Expression, &'p GraphPattern)> {
        let GraphPattern::Filter { expr, inner } = pattern else {
            return None;
        };
        if !expression_names(expr, self.given) || mentions(inner, self.given) {
            return None;
        }
        let mut known = FxHashSet::default();
        certain_variables(inner, &mut known);
        known.extend(self.given.iter().cloned());
        reads_only(expr, &known).then_some((expr, &**inner))
    }

    /// The pattern as one side of a join whose other side, or whole, belongs to rows.
    fn side(&self, pattern: &GraphPattern) -> Option<GraphPattern> {
        if is_flat(pattern) || !mentions(pattern, self.given) {
            return Some(pattern.clone());
        }
        self.bound(pattern)
    }

    /// A pattern joined with the rows; without rows only one that shows all given variables for certain.
    fn with_table(&self, pattern: GraphPattern) -> Option<GraphPattern> {
        match self.table {
            Some(table) if is_unit(&pattern) => Some(table.clone()),
            Some(table) => Some(GraphPattern::Join {
                left: boxed(table.clone()),
                right: boxed(pattern),
            }),
            None => {
                let mut certain = FxHashSet::default();
                certain_variables(&pattern, &mut certain);
                self.given
                    .iter()
                    .all(|variable| certain.contains(variable))
                    .then_some(pattern)
            }
        }
    }
}

/// Patterns that mean the same whether their variables are known before or after.
fn is_flat(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } => true,
        GraphPattern::Join { left, right } => is_flat(left) && is_flat(right),
        GraphPattern::Graph { inner, .. } => is_flat(inner) && !is_unit(inner),
        _ => false,
    }
}

/// Variables with a value in every solution.
fn certain_variables(pattern: &GraphPattern, found: &mut FxHashSet<Variable>) {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } => {
            pattern.on_in_scope_variable(|variable| {
                found.insert(variable.clone());
            });
        }
        GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
            certain_variables(left, found);
            certain_variables(right, found);
        }
        GraphPattern::LeftJoin { left, .. } | GraphPattern::Minus { left, .. } => {
            certain_variables(left, found);
        }
        GraphPattern::Union { left, right } => {
            let (mut of_left, mut of_right) = (FxHashSet::default(), FxHashSet::default());
            certain_variables(left, &mut of_left);
            certain_variables(right, &mut of_right);
            found.extend(of_left.into_iter().filter(|v| of_right.contains(v)));
        }
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. } => certain_variables(inner, found),
        GraphPattern::Project { inner, variables }
        | GraphPattern::Group {
            inner, variables, ..
        } => {
            let mut of_inner = FxHashSet::default();
            certain_variables(inner, &mut of_inner);
            found.extend(of_inner.into_iter().filter(|v| variables.contains(v)));
        }
        GraphPattern::Values {
            variables,
            bindings,
        } => {
            for (at, variable) in variables.iter().enumerate() {
                if bindings.iter().all(|row| row[at].is_some()) {
                    found.insert(variable.clone());
                }
            }
        }
        GraphPattern::Service { .. } => {}
    }
}

/// Whether a pattern names one of some variables anywhere, its expressions and `EXISTS` included.
fn mentions(pattern: &GraphPattern, variables: &[Variable]) -> bool {
    let mut found = false;
    visit(pattern, &mut |part| {
        found = found || names_one(part, variables);
    });
    found
}

/// Whether a pattern itself, not those within it, names one of some variables.
fn names_one(pattern: &GraphPattern, variables: &[Variable]) -> bool {
    let is_one = |variable: &Variable| variables.contains(variable);
    let in_expression = |expression: &Expression| expression_names(expression, variables);
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.iter().any(|t| triple_names(t, variables)),
        GraphPattern::Path {
            subject, object, ..
        } => term_names(subject, variables) || term_names(object, variables),
        GraphPattern::Values { variables, .. } | GraphPattern::Project { variables, .. } => {
            variables.iter().any(is_one)
        }
        GraphPattern::LeftJoin { expression, .. } => expression.as_ref().is_some_and(in_expression),
        GraphPattern::Filter { expr, .. } => in_expression(expr),
        GraphPattern::Extend {
            variable,
            expression,
            ..
        } => is_one(variable) || in_expression(expression),
        GraphPattern::Graph { name, .. } | GraphPattern::Service { name, .. } => {
            matches!(name, NamedNodePattern::Variable(variable) if is_one(variable))
        }
        GraphPattern::OrderBy { expression, .. } => expression.iter().any(|order| {
            let (OrderExpression::Asc(e) | OrderExpression::Desc(e)) = order;
            in_expression(e)
        }),
        GraphPattern::Group {
            variables: keys,
            aggregates,
            ..
        } => {
            keys.iter().any(is_one)
                || aggregates.iter().any(|(variable, aggregate)| {
                    is_one(variable)
                        || matches!(aggregate, AggregateExpression::FunctionCall { expr, .. } if in_expression(expr))
                })
        }
        GraphPattern::Join { .. }
        | GraphPattern::Lateral { .. }
        | GraphPattern::Union { .. }
        | GraphPattern::Minus { .. }
        | GraphPattern::Distinct { .. }
        | GraphPattern::Reduced { .. }
        | GraphPattern::Slice { .. } => false,
    }
}

fn expression_names(expression: &Expression, variables: &[Variable]) -> bool {
    match expression {
        Expression::Variable(variable) | Expression::Bound(variable) => {
            variables.contains(variable)
        }
        // Patterns of `EXISTS` are visited as patterns.
        _ => any_operand(expression, &mut |e| expression_names(e, variables)),
    }
}

/// Whether an expression reads no other variables, and no patterns.
fn reads_only(expression: &Expression, known: &FxHashSet<Variable>) -> bool {
    match expression {
        Expression::Variable(variable) | Expression::Bound(variable) => known.contains(variable),
        Expression::Exists(_) => false,
        _ => !any_operand(expression, &mut |e| !reads_only(e, known)),
    }
}

fn triple_names(triple: &TriplePattern, variables: &[Variable]) -> bool {
    term_names(&triple.subject, variables)
        || term_names(&triple.object, variables)
        || matches!(&triple.predicate, NamedNodePattern::Variable(v) if variables.contains(v))
}

fn term_names(term: &TermPattern, variables: &[Variable]) -> bool {
    match term {
        TermPattern::Variable(variable) => variables.contains(variable),
        TermPattern::Triple(triple) => triple_names(triple, variables),
        TermPattern::NamedNode(_) | TermPattern::Literal(_) | TermPattern::BlankNode(_) => false,
    }
}

/// A text with another in the place of every variable of a name; strings and comments stay as they are.
pub(in crate::query) fn replace_variable(text: &str, name: &str, with: &str) -> String {
    let mut out = text.to_owned();
    for token in tokens(text).into_iter().rev() {
        if token.token == crate::query::lexer::Token::Variable(name) {
            out.replace_range(token.start..token.end, with);
        }
    }
    out
}
