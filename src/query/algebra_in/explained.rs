//! What can be told of a query by its algebra: its steps in one line, and what the planner expects of the steps of the
//! evaluator, whose plan is its own. Changes nothing.

use super::QueryAlgebra;
use super::ordering::{Expected, Sources, is_wall, without_weight};
use crate::query::explain::{Naming, Step, StepKind, in_graph};
use rustc_hash::FxHashMap;
use spargebra::algebra::GraphPattern;
use spargebra::term::NamedNodePattern;

/// Steps of a plan up to which expectations are looked for.
const MAX_STEPS: usize = 300;

impl QueryAlgebra {
    /// The engine and the steps in one line, last step first, when the evaluator runs the query.
    pub(in crate::query) fn line(&self) -> String {
        let mut out = String::from("evaluator: ");
        write(self.pattern(), &mut out);
        out
    }
}

/// The codes of the steps that a pattern asks for.
fn write(pattern: &GraphPattern, out: &mut String) {
    let pattern = visible(pattern);
    let (kind, parts): (StepKind, Vec<&GraphPattern>) = match pattern {
        GraphPattern::Graph { inner, .. } => match &**inner {
            GraphPattern::Bgp { patterns } if patterns.is_empty() => (StepKind::GRAPHS, Vec::new()),
            _ => return write(inner, out),
        },
        _ => (kind(pattern), parts(pattern)),
    };
    out.push_str(kind.code);
    match parts.as_slice() {
        [] => {}
        [only] => {
            out.push_str(" < ");
            write(only, out);
        }
        several => {
            for (place, part) in several.iter().enumerate() {
                out.push(if place == 0 { '(' } else { ',' });
                write(part, out);
            }
            out.push(')');
        }
    }
}

fn kind(pattern: &GraphPattern) -> StepKind {
    match pattern {
        GraphPattern::Bgp { patterns } if patterns.is_empty() => StepKind::UNIT,
        GraphPattern::Bgp { patterns } if patterns.len() > 1 => StepKind::LOOP_JOIN,
        GraphPattern::Bgp { .. } => StepKind::SCAN,
        GraphPattern::Path { .. } => StepKind::PATH,
        GraphPattern::Values { .. } => StepKind::VALUES,
        GraphPattern::Service { .. } => StepKind::SERVICE,
        GraphPattern::Join { .. } => StepKind::HASH_JOIN,
        GraphPattern::Lateral { right, .. } => match &**right {
            GraphPattern::LeftJoin { left, .. } if is_unit(left) => StepKind::OPTIONAL,
            _ => StepKind::LOOP_JOIN,
        },
        GraphPattern::LeftJoin { .. } => StepKind::HASH_OPTIONAL,
        GraphPattern::Minus { .. } => StepKind::HASH_MINUS,
        GraphPattern::Union { .. } => StepKind::UNION,
        GraphPattern::Filter { .. } => StepKind::FILTER,
        GraphPattern::Extend { .. } => StepKind::BIND,
        GraphPattern::Graph { .. } => StepKind::GRAPHS,
        GraphPattern::Project { .. } => StepKind::PROJECT,
        GraphPattern::Distinct { .. } => StepKind::DISTINCT,
        GraphPattern::Reduced { .. } => StepKind::REDUCED,
        GraphPattern::OrderBy { .. } => StepKind::SORT,
        GraphPattern::Slice { .. } => StepKind::SLICE,
        GraphPattern::Group { .. } => StepKind::GROUP,
    }
}

fn parts(pattern: &GraphPattern) -> Vec<&GraphPattern> {
    match pattern {
        GraphPattern::Bgp { .. }
        | GraphPattern::Path { .. }
        | GraphPattern::Values { .. }
        | GraphPattern::Service { .. } => Vec::new(),
        GraphPattern::Lateral { left, right } => match &**right {
            GraphPattern::LeftJoin {
                left: nothing,
                right,
                ..
            } if is_unit(nothing) => vec![&**left, &**right],
            right => vec![&**left, right],
        },
        GraphPattern::Join { left, right }
        | GraphPattern::LeftJoin { left, right, .. }
        | GraphPattern::Minus { left, right }
        | GraphPattern::Union { left, right } => vec![&**left, &**right],
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. } => vec![&**inner],
    }
}

/// The pattern behind what only tells the evaluator in which order to join.
fn visible(mut pattern: &GraphPattern) -> &GraphPattern {
    loop {
        let inner = match is_wall(pattern) {
            Some(inner) => inner,
            None => without_weight(pattern),
        };
        if std::ptr::eq(inner, pattern) {
            return pattern;
        }
        pattern = inner;
    }
}

fn is_unit(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.is_empty(),
        GraphPattern::Values {
            variables,
            bindings,
        } => variables.is_empty() && bindings.len() == 1,
        _ => false,
    }
}

/// A kind of step and everything it reads in the end: the same for a part of the algebra and the step made from it,
/// whatever the evaluator did in between.
type Mark = (&'static str, Vec<String>);

/// Finds which step of the evaluator stands for which part of the algebra.
pub(in crate::query) struct Fitting {
    expected: FxHashMap<Mark, Option<f64>>,
}

impl Fitting {
    /// For the evaluator's plan of a query.
    pub(in crate::query) fn of(
        query: &QueryAlgebra,
        sources: &Sources<'_>,
        naming: &Naming,
    ) -> Self {
        let mut fitting = Self {
            expected: FxHashMap::default(),
        };
        if super::rewrite::patterns_in(query.pattern()) <= MAX_STEPS {
            let expected = Expected::of(query.pattern(), sources);
            fitting.collect(query.pattern(), None, naming, &expected);
        }
        fitting
    }

    /// Notes a part and those inside it; returns what it reads in the end.
    fn collect(
        &mut self,
        pattern: &GraphPattern,
        graph: Option<&NamedNodePattern>,
        naming: &Naming,
        expected: &Expected,
    ) -> Vec<String> {
        let rows = expected.rows(pattern);
        let pattern = visible(pattern);
        let leaf = |text: String| {
            let text = match graph {
                Some(graph) => in_graph(&graph.to_string(), &text),
                None => text,
            };
            vec![naming.text(&text)]
        };
        let mut reads = match pattern {
            GraphPattern::Graph { name, inner } => match &**inner {
                GraphPattern::Bgp { patterns } if patterns.is_empty() => {
                    vec![naming.text(&name.to_string())]
                }
                _ => return self.collect(inner, Some(name), naming, expected),
            },
            GraphPattern::Bgp { patterns } => patterns
                .iter()
                .flat_map(|triple| {
                    let text = format!("{} {} {}", triple.subject, triple.predicate, triple.object);
                    leaf(text)
                })
                .collect(),
            GraphPattern::Path {
                subject,
                path,
                object,
            } => leaf(format!("{subject} {path} {object}")),
            GraphPattern::Values { .. } if is_unit(pattern) => Vec::new(),
            GraphPattern::Values { variables, .. } => {
                let names: Vec<String> = variables.iter().map(ToString::to_string).collect();
                vec![naming.text(&format!("VALUES ({})", names.join(" ")))]
            }
            GraphPattern::Service { .. } => Vec::new(),
            _ => parts(pattern)
                .into_iter()
                .flat_map(|part| self.collect(part, graph, naming, expected))
                .collect(),
        };
        reads.sort_unstable();
        if let Some(rows) = rows {
            let mark = (class(kind(pattern)), reads.clone());
            self.expected
                .entry(mark)
                .and_modify(|known| {
                    // Two parts alike: which is which cannot be told.
                    if known.is_some_and(|known| (known - rows).abs() > f64::EPSILON) {
                        *known = None;
                    }
                })
                .or_insert(Some(rows));
        }
        reads
    }

    /// Says what is expected of the steps that are known again.
    pub(in crate::query) fn mark(&self, steps: &mut [Step]) {
        if self.expected.is_empty() || steps.len() > MAX_STEPS {
            return;
        }
        let mut reads: Vec<Vec<String>> = vec![Vec::new(); steps.len()];
        // Steps stand before those they read.
        for at in (0..steps.len()).rev() {
            let step = &steps[at];
            match step.kind {
                StepKind::SCAN | StepKind::LOOK_UP | StepKind::PATH | StepKind::GRAPHS => {
                    reads[at].push(step.detail.clone());
                }
                StepKind::VALUES => {
                    let names = step.detail.split(" {").next().unwrap_or_default();
                    if names != "VALUES ()" {
                        reads[at].push(names.to_owned());
                    }
                }
                _ => {}
            }
            reads[at].sort_unstable();
            if let Some(parent) = step.parent {
                let own = reads[at].clone();
                reads[parent].extend(own);
            }
        }
        for (at, step) in steps.iter_mut().enumerate() {
            let mark = (class(step.kind), std::mem::take(&mut reads[at]));
            step.expected_rows = self.expected.get(&mark).copied().flatten();
        }
    }
}

/// Kinds that one part of the algebra may become.
fn class(kind: StepKind) -> &'static str {
    match kind {
        StepKind::SCAN | StepKind::LOOK_UP => "pattern",
        StepKind::LOOP_JOIN | StepKind::HASH_JOIN => "join",
        StepKind::OPTIONAL | StepKind::HASH_OPTIONAL => "optional",
        other => other.code,
    }
}
