//! Writes an ordered group back as a pattern: the join tree, the filters as soon as they can be applied, and the steps
//! after the joins, each by the cheaper of two methods where there are two.

use super::explain::PlanMethod;
use super::facts::Facts;
use super::group::{Body, Early, Group, Operand, Step};
use super::size::selectivity;
use super::{Mode, Place, Planner, unit};
use crate::query::plan::{BUILD_US, JoinTree, PROBE_US};
use oxrdf::{NamedNode, Variable};
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::TriplePattern;

/// A part of a group that is written.
struct Written {
    pattern: GraphPattern,
    facts: Facts,
}

/// What the trees of one group are written from.
struct Parts {
    operands: Vec<Option<Operand>>,
    /// Solutions of each operand on its own.
    sizes: Vec<f64>,
    early: Vec<Early>,
    /// Filters that were applied.
    applied: Vec<bool>,
}

impl Planner<'_> {
    /// Orders a group.
    pub(super) fn group(&mut self, pattern: GraphPattern, at: &Place) -> GraphPattern {
        let mut group = Group::of(&self.names, pattern, at.graph.as_ref(), at.seen);
        let mut early = group.take_early_filters(&self.names);
        group.add_tables(&mut early);
        self.add_spatial_tables(&mut group, &mut early, at);
        let passing = group.steps.iter().fold(1.0, |share, step| match step {
            Step::Filter(expression) => share * selectivity(expression),
            _ => share,
        });
        let ordered = self.order(&group, &early, &at.with_goal(at.goal / passing));
        let (ordered, sizes) = ordered.map_or((None, Vec::new()), |(o, sizes)| (Some(o), sizes));
        let mut parts = Parts {
            sizes,
            operands: group.operands.into_iter().map(Some).collect(),
            applied: vec![false; early.len()],
            early,
        };
        let (mut written, rows) = match ordered {
            None => (
                Written {
                    pattern: unit(),
                    facts: Facts::default(),
                },
                1.0,
            ),
            Some(ordered) => {
                let is_join = parts.operands.len() > 1;
                if is_join {
                    self.note(PlanMethod::Join, Some(ordered.rows));
                }
                self.depth += usize::from(is_join);
                let written = self.tree(ordered.tree, &mut parts, at);
                self.depth -= usize::from(is_join);
                (written, ordered.rows)
            }
        };
        let rows = rows.min(at.goal / passing);
        for step in group.steps {
            written = self.step(written, rows, step, at);
        }
        written.pattern
    }

    fn tree(&mut self, tree: JoinTree, parts: &mut Parts, at: &Place) -> Written {
        let written = match tree {
            JoinTree::Leaf(place) => match parts.operands[place].take() {
                Some(operand) => {
                    let method = match at.mode {
                        Mode::Once => PlanMethod::Read,
                        Mode::Looped | Mode::Exists => PlanMethod::LookUp,
                    };
                    self.note_operand(method, &operand, parts.sizes[place]);
                    self.depth += 1;
                    let written = self.operand(operand, at);
                    self.depth -= 1;
                    written
                }
                None => Written {
                    pattern: unit(),
                    facts: Facts::default(),
                },
            },
            JoinTree::Loop(left, right) => {
                let left = self.tree(*left, parts, at);
                let seen = at.seen.or(left.facts.possible);
                if self.can_loop(&right, parts, seen) {
                    let inside = Place {
                        graph: at.graph.clone(),
                        mode: if at.mode == Mode::Once {
                            Mode::Looped
                        } else {
                            at.mode
                        },
                        bound: at.bound.or(left.facts.certain),
                        seen,
                        goal: f64::INFINITY,
                    };
                    let right = self.tree(*right, parts, &inside);
                    Written {
                        facts: left.facts.join(right.facts),
                        pattern: GraphPattern::Lateral {
                            left: Box::new(left.pattern),
                            right: Box::new(right.pattern),
                        },
                    }
                } else {
                    let right = self.tree(*right, parts, &at.whole());
                    join(left, right, at.mode)
                }
            }
            JoinTree::Hash(build, probe) => {
                // A filter on what both sides bind makes both of them smaller.
                self.note(PlanMethod::Hash, None);
                self.depth += 1;
                let before = parts.applied.clone();
                let build = self.tree(*build, parts, &at.whole());
                let after = std::mem::replace(&mut parts.applied, before);
                let probe = self.tree(*probe, parts, &at.whole());
                for (applied, earlier) in parts.applied.iter_mut().zip(after) {
                    *applied |= earlier;
                }
                self.depth -= 1;
                join(build, probe, at.mode)
            }
        };
        with_filters(written, parts)
    }

    /// Whether the relations of a tree may be looked up for rows that bind these variables.
    fn can_loop(&self, tree: &JoinTree, parts: &Parts, seen: crate::query::plan::VarSet) -> bool {
        match tree {
            JoinTree::Leaf(place) => match &parts.operands[*place] {
                Some(Operand {
                    body: Body::Other(pattern),
                    graph,
                }) => self.names.can_be_looked_up(pattern, graph.as_ref(), seen),
                Some(_) | None => true,
            },
            JoinTree::Loop(left, right) => {
                self.can_loop(left, parts, seen) && self.can_loop(right, parts, seen)
            }
            // A hash table for each row would be built in vain.
            JoinTree::Hash(..) => false,
        }
    }

    fn operand(&mut self, operand: Operand, at: &Place) -> Written {
        let facts = operand.facts(&self.names);
        let is_elsewhere = operand.graph != at.graph;
        let inside = Place {
            graph: operand.graph,
            ..at.clone()
        };
        let pattern = match operand.body {
            Body::Triple(triple) => GraphPattern::Bgp {
                patterns: vec![triple],
            },
            Body::Other(pattern @ GraphPattern::Values { .. }) => {
                return Written { pattern, facts };
            }
            Body::Other(pattern) => self.plan(pattern, &inside),
        };
        let pattern = match inside.graph {
            Some(name) if is_elsewhere => GraphPattern::Graph {
                name,
                inner: Box::new(pattern),
            },
            _ => pattern,
        };
        Written { pattern, facts }
    }

    fn step(&mut self, before: Written, rows: f64, step: Step, at: &Place) -> Written {
        let Written { pattern, facts } = before;
        let inner = Box::new(pattern);
        match step {
            Step::Optional { right, expression } => self.optional(
                Written {
                    pattern: *inner,
                    facts,
                },
                rows,
                right,
                expression,
                at,
            ),
            Step::Minus { right } => {
                let anti = self.looked_up(&right, facts, rows, at);
                let pattern = match anti {
                    Some(method) if method.is_loop && at.mode == Mode::Once => {
                        let mut exists = Expression::Exists(Box::new(right));
                        self.note(PlanMethod::MinusLookUp, None);
                        self.plan_exists(&mut exists, at, facts.certain, facts.possible);
                        GraphPattern::Filter {
                            expr: Expression::Not(Box::new(exists)),
                            inner,
                        }
                    }
                    _ => {
                        self.note(PlanMethod::MinusHash, None);
                        GraphPattern::Minus {
                            left: inner,
                            right: self.plan_below(right, &at.whole()),
                        }
                    }
                };
                Written { pattern, facts }
            }
            Step::Filter(Expression::Not(inside)) if matches!(&*inside, Expression::Exists(_)) => {
                let Expression::Exists(right) = *inside else {
                    return Written {
                        pattern: *inner,
                        facts,
                    };
                };
                let pattern = match self.looked_up(&right, facts, rows, at) {
                    Some(method) if !method.is_loop && at.mode == Mode::Once => {
                        self.note(PlanMethod::MinusHash, None);
                        GraphPattern::Minus {
                            left: inner,
                            right: self.plan_below(*right, &at.whole()),
                        }
                    }
                    _ => {
                        self.note(PlanMethod::MinusLookUp, None);
                        let mut exists = Expression::Exists(right);
                        self.plan_exists(&mut exists, at, facts.certain, facts.possible);
                        GraphPattern::Filter {
                            expr: Expression::Not(Box::new(exists)),
                            inner,
                        }
                    }
                };
                Written { pattern, facts }
            }
            Step::Filter(Expression::Exists(right)) => {
                let pattern = match self.semi_join(&right, facts, rows, at) {
                    Some(variables) => {
                        self.note(PlanMethod::Hash, None);
                        let once = GraphPattern::Distinct {
                            inner: Box::new(GraphPattern::Project {
                                inner: self.plan_below(*right, &at.whole()),
                                variables,
                            }),
                        };
                        GraphPattern::Join {
                            left: inner,
                            right: Box::new(once),
                        }
                    }
                    None => {
                        let mut expr = Expression::Exists(right);
                        self.plan_exists(&mut expr, at, facts.certain, facts.possible);
                        GraphPattern::Filter { expr, inner }
                    }
                };
                Written { pattern, facts }
            }
            Step::Filter(mut expr) => {
                self.plan_exists(&mut expr, at, facts.certain, facts.possible);
                Written {
                    pattern: GraphPattern::Filter { expr, inner },
                    facts,
                }
            }
            Step::Extend {
                variable,
                mut expression,
            } => {
                self.plan_exists(&mut expression, at, facts.certain, facts.possible);
                let own = self.names.set([&variable]);
                Written {
                    pattern: GraphPattern::Extend {
                        inner,
                        variable,
                        expression,
                    },
                    facts: Facts {
                        possible: facts.possible.or(own),
                        ..facts
                    },
                }
            }
        }
    }

    fn optional(
        &mut self,
        before: Written,
        rows: f64,
        right: GraphPattern,
        mut expression: Option<Expression>,
        at: &Place,
    ) -> Written {
        let Written { pattern, facts } = before;
        let seen = at.seen.or(facts.possible);
        let right_facts = self.names.facts(&right, at.graph.as_ref());
        let can_loop = self.names.can_be_looked_up(&right, at.graph.as_ref(), seen);
        if let Some(expression) = &mut expression {
            let both = facts.join(right_facts);
            self.plan_exists(expression, at, both.certain, both.possible);
        }
        let is_loop = can_loop
            && (at.mode != Mode::Once
                || self
                    .looked_up(&right, facts, rows, at)
                    .is_none_or(|method| method.is_loop));
        let all = Facts {
            certain: facts.certain,
            possible: facts.possible.or(right_facts.possible),
        };
        let pattern = if is_loop {
            let inside = Place {
                graph: at.graph.clone(),
                mode: if at.mode == Mode::Once {
                    Mode::Looped
                } else {
                    at.mode
                },
                bound: at.bound.or(facts.certain),
                seen,
                goal: f64::INFINITY,
            };
            self.note(PlanMethod::OptionalLookUp, None);
            GraphPattern::Lateral {
                left: Box::new(pattern),
                right: Box::new(GraphPattern::LeftJoin {
                    left: Box::new(unit()),
                    right: self.plan_below(right, &inside),
                    expression,
                }),
            }
        } else {
            self.note(PlanMethod::OptionalHash, None);
            let right = self.plan_below(right, &at.whole());
            GraphPattern::LeftJoin {
                left: Box::new(pattern),
                // Without the wall the evaluator would look it up where that is not right, as with `EXISTS` inside.
                right: Box::new(wall(*right)),
                expression,
            }
        };
        Written {
            pattern,
            facts: all,
        }
    }

    /// The variables by which an `EXISTS` is a join with the different solutions of its pattern, where that is cheaper than to
    /// look it up for each row. Each of them has a value on both sides, so that a row meets one solution at most.
    fn semi_join(
        &mut self,
        right: &GraphPattern,
        left: Facts,
        rows: f64,
        at: &Place,
    ) -> Option<Vec<Variable>> {
        let method = self.looked_up(right, left, rows, at)?;
        if method.is_loop || at.mode != Mode::Once {
            return None;
        }
        let inside = self.names.facts(right, at.graph.as_ref());
        let shared = inside.possible.and(at.seen.or(left.possible));
        (shared.is_within(left.certain) && shared.is_within(inside.certain))
            .then(|| self.names.variables(shared))
    }

    /// Whether to look a pattern up for each of some rows, or to evaluate it once and look into a hash table.
    /// `None` when there is no choice: it cannot be looked up, or there is nothing to hash by.
    fn looked_up(
        &mut self,
        right: &GraphPattern,
        left: Facts,
        rows: f64,
        at: &Place,
    ) -> Option<Method> {
        let graph = at.graph.as_ref();
        let seen = at.seen.or(left.possible);
        let shared = self.names.facts(right, graph).certain.and(left.certain);
        if shared.is_empty() || !self.names.can_be_looked_up(right, graph, seen) {
            return None;
        }
        let inside = Place {
            graph: at.graph.clone(),
            mode: Mode::Looped,
            bound: at.bound.or(left.certain),
            seen,
            goal: f64::INFINITY,
        };
        let each = self.outline_at(right, &inside);
        let once = self.outline(right, graph);
        let hash_us = once.total_us() + once.rows * BUILD_US + rows * PROBE_US;
        Some(Method {
            is_loop: once.rows > self.max_build || rows * each.total_us() <= hash_us,
        })
    }
}

/// How to find the partners of some rows.
#[derive(Clone, Copy, Debug)]
struct Method {
    is_loop: bool,
}

fn with_filters(written: Written, parts: &mut Parts) -> Written {
    let Written { mut pattern, facts } = written;
    for (filter, applied) in parts.early.iter().zip(&mut parts.applied) {
        if !*applied && filter.variables.is_within(facts.certain) {
            *applied = true;
            pattern = GraphPattern::Filter {
                expr: filter.expression.clone(),
                inner: Box::new(pattern),
            };
        }
    }
    Written { pattern, facts }
}

/// A join that is no loop. Where the evaluator orders joins, the first side becomes the hash table.
fn join(build: Written, probe: Written, mode: Mode) -> Written {
    let facts = build.facts.join(probe.facts);
    let (left, right) = if mode == Mode::Once {
        let build = if is_join(&build.pattern) {
            wall(build.pattern)
        } else {
            build.pattern
        };
        let weighted = GraphPattern::Lateral {
            left: Box::new(weight()),
            right: Box::new(probe.pattern),
        };
        (build, wall(weighted))
    } else {
        (build.pattern, probe.pattern)
    };
    Written {
        pattern: GraphPattern::Join {
            left: Box::new(left),
            right: Box::new(right),
        },
        facts,
    }
}

/// A `Slice` that cuts nothing: the evaluator does not look through it for joins, and does not loop over it.
fn wall(pattern: GraphPattern) -> GraphPattern {
    GraphPattern::Slice {
        inner: Box::new(pattern),
        start: 0,
        length: Some(usize::MAX),
    }
}

/// What stands behind a wall, if there is one.
pub(in crate::query::algebra_in) fn is_wall(pattern: &GraphPattern) -> Option<&GraphPattern> {
    match pattern {
        GraphPattern::Slice {
            inner,
            start: 0,
            length: Some(usize::MAX),
        } => Some(inner),
        _ => None,
    }
}

/// A pattern without the weight that was put before it for the evaluator.
pub(in crate::query::algebra_in) fn without_weight(pattern: &GraphPattern) -> &GraphPattern {
    match pattern {
        GraphPattern::Lateral { left, right }
            if matches!(&**left, GraphPattern::Project { variables, .. } if variables.is_empty())
                && **left == weight() =>
        {
            right
        }
        _ => pattern,
    }
}

/// Whether the evaluator would take a pattern for several operands of one join.
fn is_join(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Join { .. } => true,
        GraphPattern::Bgp { patterns } => patterns.len() > 1,
        GraphPattern::Graph { inner, .. } => is_join(inner),
        _ => false,
    }
}

/// One empty solution that the evaluator, which looks at the form of patterns alone, takes for more rows than there can
/// be. The side of a join that looks larger is the one that is not made into a hash table.
fn weight() -> GraphPattern {
    let variable = |name: &str| Variable::new_unchecked(format!("weight{name}"));
    let anything = |name: &str| GraphPattern::Bgp {
        patterns: vec![TriplePattern {
            subject: variable(&format!("{name}s")).into(),
            predicate: variable(&format!("{name}p")).into(),
            object: variable(&format!("{name}o")).into(),
        }],
    };
    // No triple names this term, so that nothing after the first pattern is ever evaluated.
    let nothing = NamedNode::new_unchecked("urn:x-oslo:query:nothing");
    let never = GraphPattern::Bgp {
        patterns: vec![TriplePattern {
            subject: nothing.clone().into(),
            predicate: nothing.clone().into(),
            object: nothing.into(),
        }],
    };
    let never = ["a", "b", "c"]
        .into_iter()
        .fold(never, |left, name| GraphPattern::Lateral {
            left: Box::new(left),
            right: Box::new(anything(name)),
        });
    GraphPattern::Project {
        inner: Box::new(GraphPattern::Union {
            left: Box::new(unit()),
            right: Box::new(never),
        }),
        variables: Vec::new(),
    }
}
