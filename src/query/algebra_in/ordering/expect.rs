//! How many solutions each part of an ordered pattern is expected to have, for people who compare them with what came: by
//! the same counts and statistics as the order itself. Chooses nothing.
//!
//! A part that is looked up for solutions of another is given those of both together, which is what comes out of it in all
//! its runs. A part under a slice is given what it would have if it were read to its end.

use super::group::listed_terms;
use super::{Names, Planner, Sources, is_names_only, is_wall, unit, without_weight};
use crate::query::algebra_in::rewrite::has_service;
use oxrdf::Variable;
use rustc_hash::FxHashMap;
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::NamedNodePattern;

/// Solutions expected, by where a part stands in memory: good as long as the pattern is not moved or changed.
#[derive(Debug, Default)]
pub(in crate::query::algebra_in) struct Expected(FxHashMap<*const GraphPattern, f64>);

impl Expected {
    /// What is expected of all parts of a pattern.
    pub(in crate::query::algebra_in) fn of(pattern: &GraphPattern, sources: &Sources<'_>) -> Self {
        let Some(names) = Names::of(&plain(pattern)) else {
            return Self::default();
        };
        let mut work = Expecting {
            planner: Planner::new(names, sources),
            rows: FxHashMap::default(),
        };
        work.part(pattern, &Around::default());
        Self(work.rows)
    }

    /// What is expected of a part.
    pub(in crate::query::algebra_in) fn rows(&self, pattern: &GraphPattern) -> Option<f64> {
        self.0.get(&std::ptr::from_ref(pattern)).copied()
    }
}

/// Where a part stands.
#[derive(Clone, Default)]
struct Around {
    /// The solutions it is looked up for.
    outer: Option<GraphPattern>,
    graph: Option<NamedNodePattern>,
}

impl Around {
    /// A part with its graph, and with the solutions that it is looked up for.
    fn whole(&self, part: GraphPattern) -> GraphPattern {
        let part = match &self.graph {
            Some(name) => GraphPattern::Graph {
                name: name.clone(),
                inner: Box::new(part),
            },
            None => part,
        };
        match &self.outer {
            Some(outer) => join(outer.clone(), part),
            None => part,
        }
    }

    /// What is looked up for the solutions of a part that stands here.
    fn after(&self, part: &GraphPattern) -> Self {
        Self {
            outer: Some(self.whole(plain(part))),
            graph: self.graph.clone(),
        }
    }

    /// What is read on its own.
    fn apart(&self) -> Self {
        Self {
            outer: None,
            graph: self.graph.clone(),
        }
    }
}

struct Expecting<'a> {
    planner: Planner<'a>,
    rows: FxHashMap<*const GraphPattern, f64>,
}

impl Expecting<'_> {
    /// Notes what is expected of a part, and of the parts inside it.
    fn part(&mut self, pattern: &GraphPattern, around: &Around) {
        self.note(pattern, around.whole(plain(pattern)));
        match pattern {
            GraphPattern::Lateral { left, right } => {
                if !std::ptr::eq(without_weight(pattern), pattern) {
                    return self.part(right, around);
                }
                self.part(left, around);
                let inside = around.after(left);
                match &**right {
                    GraphPattern::LeftJoin {
                        left: nothing,
                        right,
                        expression,
                    } if is_unit(nothing) => {
                        self.part(right, &inside);
                        if let Some(expression) = expression {
                            self.exists(expression, &inside.after(right));
                        }
                    }
                    right => self.part(right, &inside),
                }
            }
            GraphPattern::Join { left, right } => {
                self.part(left, around);
                match is_wall(right) {
                    Some(right) => self.part(without_weight(right), &around.apart()),
                    None if is_looked_up(right) => self.part(right, &around.after(left)),
                    None => self.part(right, &around.apart()),
                }
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => {
                self.part(left, around);
                match is_wall(right) {
                    Some(right) => self.part(right, &around.apart()),
                    None => self.part(right, &around.after(left)),
                }
                if let Some(expression) = expression {
                    self.exists(expression, &around.after(pattern));
                }
            }
            GraphPattern::Minus { left, right } => {
                self.part(left, around);
                self.part(right, &around.apart());
            }
            GraphPattern::Union { left, right } => {
                self.part(left, around);
                self.part(right, around);
            }
            GraphPattern::Filter { expr, inner } => {
                self.part(inner, around);
                self.exists(expr, &around.after(inner));
            }
            GraphPattern::Extend {
                inner, expression, ..
            } => {
                self.part(inner, around);
                self.exists(expression, &around.after(inner));
            }
            GraphPattern::Graph { name, inner } if !is_names_only(inner) => {
                let inside = Around {
                    graph: Some(name.clone()),
                    ..around.clone()
                };
                self.part(inner, &inside);
            }
            _ if is_wall(pattern).is_some() => {
                if let Some(inner) = is_wall(pattern) {
                    self.part(inner, around);
                }
            }
            GraphPattern::Project { inner, .. }
            | GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::OrderBy { inner, .. }
            | GraphPattern::Slice { inner, .. }
            | GraphPattern::Group { inner, .. } => self.part(inner, &around.apart()),
            GraphPattern::Bgp { .. }
            | GraphPattern::Path { .. }
            | GraphPattern::Values { .. }
            | GraphPattern::Service { .. }
            | GraphPattern::Graph { .. } => {}
        }
    }

    fn note(&mut self, pattern: &GraphPattern, whole: GraphPattern) {
        // What other endpoints have is not known, and guesses are no expectations.
        if has_service(&whole) {
            return;
        }
        let rows = self.planner.outline(&whole, None).rows;
        if self.planner.work > 0 {
            self.rows.insert(std::ptr::from_ref(pattern), rows);
        }
    }

    fn exists(&mut self, expression: &Expression, inside: &Around) {
        match expression {
            Expression::Exists(pattern) => self.part(pattern, inside),
            Expression::Not(inner) => self.exists(inner, inside),
            Expression::And(a, b) | Expression::Or(a, b) => {
                self.exists(a, inside);
                self.exists(b, inside);
            }
            _ => {}
        }
    }
}

/// A pattern as it would have been written: without what tells the engines in which order to join.
fn plain(pattern: &GraphPattern) -> GraphPattern {
    let boxed = |inner: &GraphPattern| Box::new(plain(inner));
    if let Some(inner) = is_wall(pattern) {
        return plain(inner);
    }
    match pattern {
        GraphPattern::Lateral { left, right } => {
            let inner = without_weight(pattern);
            if !std::ptr::eq(inner, pattern) {
                return plain(inner);
            }
            match &**right {
                GraphPattern::LeftJoin {
                    left: nothing,
                    right,
                    expression,
                } if is_unit(nothing) => GraphPattern::LeftJoin {
                    left: boxed(left),
                    right: boxed(right),
                    expression: expression.clone(),
                },
                right => join(plain(left), plain(right)),
            }
        }
        GraphPattern::Join { left, right } => join(plain(left), plain(right)),
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => GraphPattern::LeftJoin {
            left: boxed(left),
            right: boxed(right),
            expression: expression.clone(),
        },
        GraphPattern::Minus { left, right } => GraphPattern::Minus {
            left: boxed(left),
            right: boxed(right),
        },
        GraphPattern::Union { left, right } => GraphPattern::Union {
            left: boxed(left),
            right: boxed(right),
        },
        // The planner puts a table in the join for some filters; they pass all that is left.
        GraphPattern::Filter { expr, inner }
            if listed_terms(expr).is_some_and(|(variable, _)| has_table(inner, variable)) =>
        {
            plain(inner)
        }
        GraphPattern::Filter { expr, inner } => GraphPattern::Filter {
            expr: expr.clone(),
            inner: boxed(inner),
        },
        GraphPattern::Extend {
            inner,
            variable,
            expression,
        } => GraphPattern::Extend {
            inner: boxed(inner),
            variable: variable.clone(),
            expression: expression.clone(),
        },
        GraphPattern::Graph { name, inner } => GraphPattern::Graph {
            name: name.clone(),
            inner: boxed(inner),
        },
        GraphPattern::Project { inner, variables } => GraphPattern::Project {
            inner: boxed(inner),
            variables: variables.clone(),
        },
        GraphPattern::Distinct { inner } => GraphPattern::Distinct {
            inner: boxed(inner),
        },
        GraphPattern::Reduced { inner } => GraphPattern::Reduced {
            inner: boxed(inner),
        },
        GraphPattern::OrderBy { inner, expression } => GraphPattern::OrderBy {
            inner: boxed(inner),
            expression: expression.clone(),
        },
        GraphPattern::Slice {
            inner,
            start,
            length,
        } => GraphPattern::Slice {
            inner: boxed(inner),
            start: *start,
            length: *length,
        },
        GraphPattern::Group {
            inner,
            variables,
            aggregates,
        } => GraphPattern::Group {
            inner: boxed(inner),
            variables: variables.clone(),
            aggregates: aggregates.clone(),
        },
        GraphPattern::Bgp { .. }
        | GraphPattern::Path { .. }
        | GraphPattern::Values { .. }
        | GraphPattern::Service { .. } => pattern.clone(),
    }
}

/// Whether a join holds a table of one variable.
fn has_table(pattern: &GraphPattern, variable: &Variable) -> bool {
    match pattern {
        GraphPattern::Values { variables, .. } => *variables == [variable.clone()],
        GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
            has_table(left, variable) || has_table(right, variable)
        }
        GraphPattern::Filter { inner, .. } | GraphPattern::Slice { inner, .. } => {
            has_table(inner, variable)
        }
        _ => false,
    }
}

fn join(left: GraphPattern, right: GraphPattern) -> GraphPattern {
    if is_unit(&left) {
        return right;
    }
    if is_unit(&right) {
        return left;
    }
    GraphPattern::Join {
        left: Box::new(left),
        right: Box::new(right),
    }
}

fn is_unit(pattern: &GraphPattern) -> bool {
    *pattern == unit() || matches!(pattern, GraphPattern::Bgp { patterns } if patterns.is_empty())
}

/// Whether the right side of a join that is not walled off is looked up for the solutions of the left.
fn is_looked_up(right: &GraphPattern) -> bool {
    match right {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } => true,
        GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
            is_looked_up(left) && is_looked_up(right)
        }
        GraphPattern::Graph { inner, .. } => is_looked_up(inner),
        _ => false,
    }
}
