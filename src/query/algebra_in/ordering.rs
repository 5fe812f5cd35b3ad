//! Rewrites a query so that the evaluator joins in the order and by the method that `query::plan` finds cheapest.
//!
//! The evaluator orders joins by constants alone. It keeps the order of a `Lateral`, which evaluates its right side for
//! each row of the left; and a join whose sides cannot be evaluated that way becomes a hash join. So a planned join is
//! written as `Lateral`s and, for hash joins, with a side behind a `Slice` that cuts nothing. Answers stay the same, as
//! multisets: every step here is an identity of the algebra, and what is not known to be one stays as it was.

mod emit;
mod expect;
mod explain;
mod facts;
mod group;
mod observed;
mod size;
mod spatial;

use crate::query::observations::ToldFigures;
use crate::query::plan::VarSet;
use crate::store::{Graphs, Id, Statistics, View};
pub(super) use emit::{is_wall, without_weight};
pub(in crate::query::algebra_in) use expect::Expected;
use explain::Notes;
pub use explain::{PlanMethod, PlanStep};
pub(super) use facts::{Names, mentioned};
use oxrdf::{NamedNode, vocab::rdf};
use spargebra::algebra::{Expression, GraphPattern};
use spargebra::term::NamedNodePattern;
use std::sync::Arc;

/// Operands that may be sized for one query; what is left after that stays in its written order.
const MAX_WORK: usize = 10_000;
/// Solutions that a hash table should not exceed, whatever the memory limit is.
const MAX_BUILD_ROWS: u64 = 1_000_000;
/// Bytes counted for one solution in a hash table.
const BUILD_ROW_BYTES: u64 = 256;

/// What a plan is made for.
pub(in crate::query) struct Sources<'a> {
    /// The default graph of the query.
    pub(in crate::query) default: &'a View,
    /// Its named graphs.
    pub(in crate::query) named: &'a View,
    /// Most bytes of intermediate results.
    pub(in crate::query) max_memory: Option<u64>,
    /// How many observations it may ask for.
    pub(in crate::query) told: Option<ToldFigures>,
}

impl Sources<'_> {
    /// What one of the named graphs shows; nothing when it is none of them.
    pub(super) fn one_graph(&self, node: &NamedNode) -> View {
        let graph = self
            .named
            .id_of(node.into())
            .filter(|graph| self.named.graphs().holds(*graph));
        self.named.with_graphs(Graphs::set(graph))
    }
}

/// Whether ordering may change anything: there is more than one pattern, or a filter that may name a term.
pub(super) fn is_worth_ordering(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.len() > 1,
        GraphPattern::Path { .. } | GraphPattern::Values { .. } => false,
        GraphPattern::Join { .. }
        | GraphPattern::LeftJoin { .. }
        | GraphPattern::Minus { .. }
        | GraphPattern::Filter { .. }
        | GraphPattern::Lateral { .. } => true,
        GraphPattern::Union { left, right } => is_worth_ordering(left) || is_worth_ordering(right),
        GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. } => is_worth_ordering(inner),
        GraphPattern::Service { .. } => false,
    }
}

/// The same pattern, its joins ordered. `goal` is how many solutions will be read, if not all.
pub(super) fn order_joins(
    pattern: GraphPattern,
    sources: &Sources<'_>,
    goal: Option<u64>,
) -> GraphPattern {
    let Some(names) = Names::of(&pattern) else {
        return pattern;
    };
    let mut planner = Planner::new(names, sources);
    let at = Place {
        goal: goal.map_or(f64::INFINITY, |goal| goal as f64),
        ..Place::default()
    };
    planner.plan(pattern, &at)
}

/// What [`order_joins`] chooses for a pattern, in the order of evaluation; nothing when it leaves the pattern as it is.
pub(super) fn explain_joins(
    pattern: GraphPattern,
    sources: &Sources<'_>,
    goal: Option<u64>,
    prefixes: &[(String, String)],
) -> Vec<PlanStep> {
    let Some(names) = Names::of(&pattern) else {
        return Vec::new();
    };
    let mut planner = Planner::new(names, sources);
    planner.notes = Some(Notes::new(prefixes));
    let at = Place {
        goal: goal.map_or(f64::INFINITY, |goal| goal as f64),
        ..Place::default()
    };
    planner.plan(pattern, &at);
    planner.notes.map_or_else(Vec::new, |notes| notes.steps)
}

/// How a pattern will be evaluated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    /// Once.
    #[default]
    Once,
    /// For each row of another pattern.
    Looped,
    /// For each row, inside `EXISTS`: the evaluator joins there without looking at order or keys.
    Exists,
}

/// Where a pattern stands.
#[derive(Clone, Debug, Default)]
struct Place {
    graph: Option<NamedNodePattern>,
    mode: Mode,
    /// Variables that have a value for certain when it is evaluated.
    bound: VarSet,
    /// Variables that may have one.
    seen: VarSet,
    /// Solutions that will be read.
    goal: f64,
}

impl Place {
    fn with_goal(&self, goal: f64) -> Self {
        Self {
            goal,
            ..self.clone()
        }
    }

    /// Where it is read whole.
    fn whole(&self) -> Self {
        self.with_goal(f64::INFINITY)
    }
}

/// What one graph shows.
struct Scope {
    graph: Option<NamedNodePattern>,
    view: View,
    quads: f64,
    share: f64,
}

struct Planner<'a> {
    names: Names,
    sources: &'a Sources<'a>,
    statistics: Option<Arc<Statistics>>,
    scopes: Vec<Scope>,
    class: Option<Id>,
    max_build: f64,
    work: usize,
    notes: Option<Notes>,
    /// How deep the next note is nested.
    depth: usize,
}

impl<'a> Planner<'a> {
    fn new(names: Names, sources: &'a Sources<'a>) -> Self {
        let by_memory = sources
            .max_memory
            .map_or(u64::MAX, |bytes| bytes / 2 / BUILD_ROW_BYTES);
        Self {
            names,
            sources,
            statistics: sources.default.snapshot().statistics(),
            scopes: Vec::new(),
            class: sources.default.id_of(rdf::TYPE.into()),
            max_build: by_memory.min(MAX_BUILD_ROWS) as f64,
            work: MAX_WORK,
            notes: None,
            depth: 0,
        }
    }

    /// Counts one piece of work; `false` when there has been enough.
    fn may_work(&mut self) -> bool {
        self.work = self.work.saturating_sub(1);
        self.work > 0
    }

    /// The number of the scope of a graph.
    fn scope(&mut self, graph: Option<&NamedNodePattern>) -> usize {
        if let Some(known) = self.scopes.iter().position(|s| s.graph.as_ref() == graph) {
            return known;
        }
        let view = match graph {
            None => self.sources.default.clone(),
            Some(NamedNodePattern::Variable(_)) => self.sources.named.clone(),
            Some(NamedNodePattern::NamedNode(node)) => self.sources.one_graph(node),
        };
        let total = view.snapshot().quad_count() as f64;
        let quads = quads_seen(&view);
        self.scopes.push(Scope {
            graph: graph.cloned(),
            view,
            quads,
            share: if total > 0.0 {
                (quads / total).min(1.0)
            } else {
                1.0
            },
        });
        self.scopes.len() - 1
    }

    /// Orders everything inside a pattern.
    fn plan(&mut self, pattern: GraphPattern, at: &Place) -> GraphPattern {
        if self.work == 0 {
            return pattern;
        }
        match pattern {
            GraphPattern::Project { inner, variables } => {
                let shown = self.names.set(&variables);
                let inside = Place {
                    bound: at.bound.and(shown),
                    seen: at.seen.and(shown),
                    ..at.clone()
                };
                GraphPattern::Project {
                    inner: self.plan_boxed(inner, &inside),
                    variables,
                }
            }
            GraphPattern::Distinct { inner } => GraphPattern::Distinct {
                inner: self.plan_boxed(inner, &at.whole()),
            },
            GraphPattern::Reduced { inner } => GraphPattern::Reduced {
                inner: self.plan_boxed(inner, &at.whole()),
            },
            GraphPattern::OrderBy { inner, expression } => GraphPattern::OrderBy {
                inner: self.plan_boxed(inner, &at.whole()),
                expression,
            },
            GraphPattern::Group {
                inner,
                variables,
                aggregates,
            } => GraphPattern::Group {
                inner: self.plan_boxed(inner, &at.whole()),
                variables,
                aggregates,
            },
            GraphPattern::Slice {
                inner,
                start,
                length,
            } => {
                let goal = length.map_or(at.goal, |length| {
                    at.goal.min(start.saturating_add(length) as f64)
                });
                GraphPattern::Slice {
                    inner: self.plan_boxed(inner, &at.with_goal(goal)),
                    start,
                    length,
                }
            }
            GraphPattern::Union { left, right } => GraphPattern::Union {
                left: self.plan_boxed(left, at),
                right: self.plan_boxed(right, at),
            },
            GraphPattern::Graph { name, inner } if !is_names_only(&inner) => {
                let inside = Place {
                    graph: Some(name.clone()),
                    ..at.clone()
                };
                GraphPattern::Graph {
                    inner: self.plan_boxed(inner, &inside),
                    name,
                }
            }
            GraphPattern::Lateral { left, right } => GraphPattern::Lateral {
                left: self.plan_boxed(left, at),
                right,
            },
            GraphPattern::Path { .. }
            | GraphPattern::Values { .. }
            | GraphPattern::Service { .. }
            | GraphPattern::Graph { .. } => pattern,
            GraphPattern::Bgp { ref patterns } if patterns.len() < 2 => pattern,
            GraphPattern::Bgp { .. }
            | GraphPattern::Join { .. }
            | GraphPattern::LeftJoin { .. }
            | GraphPattern::Minus { .. }
            | GraphPattern::Filter { .. }
            | GraphPattern::Extend { .. } => self.group(pattern, at),
        }
    }

    fn plan_boxed(&mut self, mut pattern: Box<GraphPattern>, at: &Place) -> Box<GraphPattern> {
        *pattern = self.plan(std::mem::take(&mut *pattern), at);
        pattern
    }

    /// The same for a part of a step, whose notes stand below that of the step.
    fn plan_below(&mut self, pattern: GraphPattern, at: &Place) -> Box<GraphPattern> {
        self.depth += 1;
        // A single pattern has no order, but should not go unmentioned.
        let is_single = matches!(&pattern, GraphPattern::Bgp { patterns } if patterns.len() == 1);
        if is_single && self.notes.is_some() {
            self.group(pattern.clone(), at);
        }
        let planned = self.plan_boxed(Box::new(pattern), at);
        self.depth -= 1;
        planned
    }

    /// Orders what is inside the `EXISTS` of an expression, for which these variables have values.
    fn plan_exists(
        &mut self,
        expression: &mut Expression,
        at: &Place,
        bound: VarSet,
        seen: VarSet,
    ) {
        super::rewrite::change_exists(expression, &mut |pattern| {
            let inner = std::mem::replace(pattern, unit());
            let inside = Place {
                graph: at.graph.clone(),
                mode: Mode::Exists,
                bound: at.bound.or(bound),
                seen: at.seen.or(seen),
                goal: 1.0,
            };
            *pattern = *self.plan_below(inner, &inside);
        });
    }
}

fn is_names_only(pattern: &GraphPattern) -> bool {
    matches!(pattern, GraphPattern::Bgp { patterns } if patterns.is_empty())
}

/// One empty solution, in any graph.
fn unit() -> GraphPattern {
    GraphPattern::Values {
        variables: Vec::new(),
        bindings: vec![Vec::new()],
    }
}

/// Quads in the graphs that a view shows; all of them where counting would take long.
fn quads_seen(view: &View) -> f64 {
    let all = view.snapshot().quad_count();
    let seen = match view.graphs() {
        Graphs::All | Graphs::Union(_) | Graphs::Without(_) => all,
        Graphs::Default => view.graph_size(Id::DEFAULT_GRAPH),
        Graphs::One(graph) => view.graph_size(*graph),
        Graphs::AnyNamed => all.saturating_sub(view.graph_size(Id::DEFAULT_GRAPH)),
        Graphs::Set(set) if set.len() > 64 => all,
        Graphs::Set(set) => set
            .iter()
            .filter(|graph| graph.local_index().is_none())
            .map(|graph| view.graph_size(*graph))
            .sum(),
    };
    seen as f64
}
