//! How large the operands of a join are: exact counts for triple patterns, figures for what stands on top of them.
//! Chooses nothing.

use super::facts::has_exists;
use super::group::{Body, Early, Group, Operand, Step};
use super::observed::OBSERVED_US;
use super::{Mode, Place, Planner};
use crate::query::algebra_in::observed::is_star;
use crate::query::plan::{
    Condition, LOOKUP_US, Ordered, ROW_US, Relation, StarMember, StarObject, Terms, VarSet, order,
};
use crate::store::{Id, PredicateFigures};
use oxrdf::{Term, TermRef};
use spargebra::algebra::{Expression, Function, GraphPattern, PropertyPathExpression};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

/// Microseconds to compare one row of a table.
const TABLE_ROW_US: f64 = 0.05;
/// How much a path of any length reaches beyond one step.
const PATH_REACH: f64 = 4.0;
/// What is taken for granted of a pattern that is not looked into.
const UNKNOWN_ROWS: f64 = 1_000.0;

/// What a pattern gives and takes when it is evaluated once on its own.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    pub(super) rows: f64,
    pub(super) start_us: f64,
    pub(super) run_us: f64,
    /// Triple patterns and the like inside it: each is a look-up when it is evaluated for one row.
    pub(super) patterns: f64,
}

impl Outline {
    pub(super) fn total_us(self) -> f64 {
        self.start_us + self.run_us
    }

    /// When nothing comes out before all of it is done.
    fn blocking(self) -> Self {
        Self {
            start_us: self.total_us(),
            run_us: 0.0,
            ..self
        }
    }
}

/// A term of a pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Variable(u8),
    /// `None` when the store does not know the term.
    Constant(Option<Id>),
}

impl Slot {
    fn id(self) -> Option<Id> {
        match self {
            Self::Constant(id) => id,
            Self::Variable(_) => None,
        }
    }
}

impl Planner<'_> {
    fn id(&self, term: TermRef<'_>) -> Slot {
        Slot::Constant(self.sources.default.id_of(term))
    }

    fn term(&self, term: &TermPattern) -> Slot {
        match term {
            TermPattern::NamedNode(node) => self.id(node.as_ref().into()),
            TermPattern::Literal(literal) => self.id(literal.as_ref().into()),
            TermPattern::Triple(_) => match Term::try_from(term.clone()) {
                Ok(term) => self.id(term.as_ref()),
                Err(()) => Slot::Constant(None),
            },
            TermPattern::Variable(_) | TermPattern::BlankNode(_) => self
                .names
                .term(term)
                .map_or(Slot::Constant(None), Slot::Variable),
        }
    }

    fn name(&self, name: &NamedNodePattern) -> Slot {
        match name {
            NamedNodePattern::NamedNode(node) => self.id(node.as_ref().into()),
            NamedNodePattern::Variable(_) => self
                .names
                .name(name)
                .map_or(Slot::Constant(None), Slot::Variable),
        }
    }

    /// Solutions, different subjects and different objects of a triple pattern of which these are constants.
    fn count(&self, scope: usize, s: Slot, p: Slot, o: Slot) -> (f64, f64, f64) {
        let scope = &self.scopes[scope];
        if [s, p, o].contains(&Slot::Constant(None)) {
            return (0.0, 0.0, 0.0);
        }
        let counted = scope.view.count(s.id(), p.id(), o.id()) as f64;
        let rows = counted.min(scope.quads);
        let statistics = self.statistics.as_deref();
        let figures = p.id().and_then(|p| statistics?.predicate(p));
        let is_free = |slot: Slot| matches!(slot, Slot::Variable(_));
        let (subjects, objects) = match (is_free(s), is_free(o), figures) {
            (true, true, Some(figures)) => {
                let growth = growth(counted, figures);
                (
                    figures.subjects as f64 * growth,
                    figures.objects as f64 * growth,
                )
            }
            (true, true, None) if is_free(p) => (
                statistics.map_or(rows / 4.0, |s| s.subjects() as f64),
                rows / 4.0,
            ),
            (true, true, None) => (rows * 0.8, rows.powf(0.75)),
            _ => (rows, rows),
        };
        (rows, subjects.min(rows), objects.min(rows))
    }

    fn triple(&mut self, triple: &TriplePattern, graph: Option<&NamedNodePattern>) -> Relation {
        let scope = self.scope(graph);
        let (s, p, o) = (
            self.term(&triple.subject),
            self.name(&triple.predicate),
            self.term(&triple.object),
        );
        let (mut rows, subjects, objects) = self.count(scope, s, p, o);
        let scan_us = LOOKUP_US + rows * ROW_US;
        let mut distinct = Vec::with_capacity(3);
        if let Slot::Variable(s) = s {
            distinct.push((s, subjects));
        }
        if let Slot::Variable(o) = o {
            distinct.push((o, objects));
        }
        if let Slot::Variable(p) = p {
            let known = self
                .statistics
                .as_deref()
                .map_or(16, |s| s.predicates().len());
            distinct.push((p, rows.min(known as f64)));
        }
        if let Some(g) = graph.and_then(|graph| self.names.name(graph)) {
            distinct.push((g, rows.min(16.0)));
        }
        if s == o && matches!(s, Slot::Variable(_)) {
            rows /= subjects.max(objects).max(1.0);
        }
        let variables = self.names.triple(triple, graph);
        let star = match (s, p.id()) {
            (Slot::Variable(subject), Some(predicate)) if s != o => self
                .statistics
                .as_deref()
                .and_then(|statistics| statistics.predicate(predicate))
                .map(|figures| StarMember {
                    subject,
                    scope,
                    share: self.scopes[scope].share
                        * if matches!(o, Slot::Variable(_)) {
                            growth(rows, figures)
                        } else {
                            1.0
                        },
                    predicate,
                    object: match o {
                        Slot::Variable(_) => StarObject::Variable,
                        Slot::Constant(_) if Some(predicate) == self.class => StarObject::Class,
                        Slot::Constant(_) => StarObject::Constant,
                    },
                }),
            _ => None,
        };
        Relation {
            possible: variables,
            certain: variables,
            rows,
            distinct,
            start_us: 0.0,
            scan_us,
            lookup_us: Some(LOOKUP_US),
            star,
        }
    }

    /// One operand as a relation. `others` are all variables of the operands it is joined with.
    pub(super) fn relation(&mut self, operand: &Operand, others: VarSet) -> Relation {
        let graph = operand.graph.as_ref();
        let pattern = match &operand.body {
            Body::Triple(triple) => return self.triple(triple, graph),
            Body::Other(pattern) => pattern,
        };
        let facts = operand.facts(&self.names);
        let outline = self.outline(pattern, graph);
        let mut distinct = Vec::new();
        let lookup_us = match pattern {
            GraphPattern::Values {
                variables,
                bindings,
            } => {
                for (column, variable) in variables.iter().enumerate() {
                    let values: rustc_hash::FxHashSet<_> =
                        bindings.iter().filter_map(|row| row.get(column)).collect();
                    if let Some(number) = self.names.number(variable) {
                        distinct.push((number, values.len() as f64));
                    }
                }
                Some(outline.rows * TABLE_ROW_US)
            }
            GraphPattern::Path {
                subject,
                path,
                object,
            } => {
                let scope = self.scope(graph);
                let (_, starts, ends) = self.path(scope, path);
                for (end, values) in [(subject, starts), (object, ends)] {
                    if let Some(number) = self.names.term(end) {
                        distinct.push((number, values.min(outline.rows)));
                    }
                }
                Some(LOOKUP_US * steps(path))
            }
            GraphPattern::Service { .. } if is_star(pattern) => {
                let star = self.star(pattern);
                let keys = star.map_or(VarSet::default(), |star| {
                    distinct.extend(star.distinct);
                    star.keys
                });
                // Without a series it is read whole, once.
                (keys.is_empty() || keys.meets(others)).then_some(OBSERVED_US)
            }
            _ if self.names.can_be_looked_up(pattern, graph, others) => {
                Some(LOOKUP_US * outline.patterns)
            }
            _ => None,
        };
        Relation {
            possible: facts.possible,
            certain: facts.certain,
            rows: outline.rows,
            distinct,
            start_us: outline.start_us,
            scan_us: outline.run_us,
            lookup_us,
            star: None,
        }
    }

    /// Solutions, different starts and different ends of a path between variables.
    fn path(&self, scope: usize, path: &PropertyPathExpression) -> (f64, f64, f64) {
        let free = (Slot::Variable(0), Slot::Variable(1));
        match path {
            PropertyPathExpression::NamedNode(node) => {
                self.count(scope, free.0, self.id(node.as_ref().into()), free.1)
            }
            PropertyPathExpression::Reverse(inner) => {
                let (rows, starts, ends) = self.path(scope, inner);
                (rows, ends, starts)
            }
            PropertyPathExpression::Sequence(a, b) => {
                let (first, second) = (self.path(scope, a), self.path(scope, b));
                let rows = first.0 * second.0 / first.2.max(second.1).max(1.0);
                (rows, first.1.min(rows), second.2.min(rows))
            }
            PropertyPathExpression::Alternative(a, b) => {
                let (a, b) = (self.path(scope, a), self.path(scope, b));
                (a.0 + b.0, a.1 + b.1, a.2 + b.2)
            }
            PropertyPathExpression::OneOrMore(inner) => {
                let (rows, starts, ends) = self.path(scope, inner);
                (rows * PATH_REACH, starts, ends)
            }
            PropertyPathExpression::ZeroOrMore(inner)
            | PropertyPathExpression::ZeroOrOne(inner) => {
                let (rows, starts, ends) = self.path(scope, inner);
                let nodes = self.scopes[scope].quads / 2.0;
                (rows * PATH_REACH + nodes, starts + nodes, ends + nodes)
            }
            PropertyPathExpression::NegatedPropertySet(_) => {
                self.count(scope, free.0, Slot::Variable(2), free.1)
            }
        }
    }

    /// What a pattern gives and takes when it is evaluated once on its own.
    pub(super) fn outline(
        &mut self,
        pattern: &GraphPattern,
        graph: Option<&NamedNodePattern>,
    ) -> Outline {
        let unknown = Outline {
            rows: UNKNOWN_ROWS,
            start_us: 0.0,
            run_us: UNKNOWN_ROWS,
            patterns: 1.0,
        };
        if !self.may_work() {
            return unknown;
        }
        match pattern {
            GraphPattern::Values { bindings, .. } => {
                let rows = bindings.len() as f64;
                Outline {
                    rows,
                    start_us: 0.0,
                    run_us: rows * TABLE_ROW_US,
                    patterns: 1.0,
                }
            }
            GraphPattern::Path {
                subject,
                path,
                object,
            } => {
                let scope = self.scope(graph);
                let (mut rows, starts, ends) = self.path(scope, path);
                let mut run_us = LOOKUP_US + rows * (ROW_US + LOOKUP_US);
                for (end, values) in [(subject, starts), (object, ends)] {
                    if let Slot::Constant(id) = self.term(end) {
                        rows = if id.is_some() {
                            rows / values.max(1.0)
                        } else {
                            0.0
                        };
                        run_us = LOOKUP_US * steps(path) + rows * (ROW_US + LOOKUP_US);
                    }
                }
                Outline {
                    rows,
                    start_us: 0.0,
                    run_us,
                    patterns: 1.0,
                }
            }
            GraphPattern::Union { left, right } => {
                let (left, right) = (self.outline(left, graph), self.outline(right, graph));
                Outline {
                    rows: left.rows + right.rows,
                    start_us: left.start_us,
                    run_us: left.run_us + right.total_us(),
                    patterns: left.patterns + right.patterns,
                }
            }
            // In a graph, an empty pattern stands for the names of graphs.
            GraphPattern::Bgp { patterns } if patterns.is_empty() => Outline {
                rows: 16.0,
                start_us: 0.0,
                run_us: 16.0,
                patterns: 1.0,
            },
            GraphPattern::Graph { name, inner } => self.outline(inner, Some(name)),
            GraphPattern::Project { inner, .. } | GraphPattern::Reduced { inner } => {
                self.outline(inner, graph)
            }
            GraphPattern::Distinct { inner } => {
                let inner = self.outline(inner, graph);
                Outline {
                    rows: inner.rows * 0.8,
                    ..inner
                }
            }
            GraphPattern::OrderBy { inner, .. } => self.outline(inner, graph).blocking(),
            GraphPattern::Slice { inner, length, .. } => {
                let inner = self.outline(inner, graph);
                let most = length.map_or(f64::INFINITY, |length| length as f64);
                let share = if inner.rows > most {
                    most / inner.rows
                } else {
                    1.0
                };
                Outline {
                    rows: inner.rows.min(most),
                    run_us: inner.run_us * share,
                    ..inner
                }
            }
            GraphPattern::Group {
                inner, variables, ..
            } => {
                let inner = self.outline(inner, graph).blocking();
                let rows = if variables.is_empty() {
                    1.0
                } else {
                    inner.rows.powf(0.7)
                };
                Outline { rows, ..inner }
            }
            GraphPattern::Lateral { left, .. } => self.outline(left, graph),
            GraphPattern::Service { .. } => match self.star(pattern) {
                Some(star) => star.outline,
                None => unknown,
            },
            GraphPattern::Bgp { .. }
            | GraphPattern::Join { .. }
            | GraphPattern::LeftJoin { .. }
            | GraphPattern::Minus { .. }
            | GraphPattern::Filter { .. }
            | GraphPattern::Extend { .. } => {
                let place = Place {
                    graph: graph.cloned(),
                    goal: f64::INFINITY,
                    ..Place::default()
                };
                self.outline_at(pattern, &place)
            }
        }
    }

    /// What a pattern gives and takes for one evaluation at a place.
    pub(super) fn outline_at(&mut self, pattern: &GraphPattern, at: &Place) -> Outline {
        let mut group = Group::of(&self.names, pattern.clone(), at.graph.as_ref(), at.seen);
        let early = group.take_early_filters(&self.names);
        let ordered = self.order(&group, &early, at).map(|(ordered, _)| ordered);
        let mut outline = Outline {
            rows: ordered.as_ref().map_or(1.0, |o| o.rows),
            start_us: 0.0,
            run_us: ordered.map_or(0.0, |o| o.cost_us),
            patterns: group.operands.len() as f64,
        };
        for step in &group.steps {
            match step {
                Step::Optional { right, .. } => {
                    let patterns = leaves(right);
                    outline.run_us += outline.rows * LOOKUP_US * patterns;
                    outline.patterns += patterns;
                }
                Step::Minus { .. } => outline.rows *= 0.8,
                Step::Filter(expression) => outline.rows *= selectivity(expression),
                Step::Extend { .. } => {}
            }
        }
        outline
    }

    /// The order of the joins of a group; `None` when it has none.
    /// With the solutions that each operand has on its own.
    pub(super) fn order(
        &mut self,
        group: &Group,
        early: &[Early],
        at: &Place,
    ) -> Option<(Ordered, Vec<f64>)> {
        if group.operands.is_empty() {
            return None;
        }
        let facts: Vec<_> = group
            .operands
            .iter()
            .map(|o| o.facts(&self.names))
            .collect();
        let relations: Vec<Relation> = group
            .operands
            .iter()
            .enumerate()
            .map(|(i, operand)| {
                let others = facts
                    .iter()
                    .enumerate()
                    .filter(|(j, _)| *j != i)
                    .fold(at.seen, |all, (_, one)| all.or(one.possible));
                self.work = self.work.saturating_sub(1);
                self.relation(operand, others)
            })
            .collect();
        let conditions: Vec<Condition> = early
            .iter()
            .map(|filter| Condition {
                variables: filter.variables,
                selectivity: if filter.has_table {
                    1.0
                } else {
                    selectivity(&filter.expression)
                },
            })
            .collect();
        let terms = Terms {
            bound: at.bound,
            loops_only: at.mode != Mode::Once,
            goal: at.goal,
            max_build: self.max_build,
        };
        let ordered = order(&relations, &conditions, &terms, self.statistics.as_deref());
        Some((
            ordered,
            relations.iter().map(|relation| relation.rows).collect(),
        ))
    }
}

/// How much more there is of a predicate than when the figures were counted, or in the part they were counted in.
fn growth(rows: f64, figures: &PredicateFigures) -> f64 {
    (rows / (figures.rows as f64).max(1.0)).max(1.0)
}

/// Look-ups that a path needs from one node.
fn steps(path: &PropertyPathExpression) -> f64 {
    match path {
        PropertyPathExpression::NamedNode(_) | PropertyPathExpression::NegatedPropertySet(_) => 1.0,
        PropertyPathExpression::Reverse(inner) | PropertyPathExpression::ZeroOrOne(inner) => {
            steps(inner)
        }
        PropertyPathExpression::Sequence(a, b) => steps(a) + 2.0 * steps(b),
        PropertyPathExpression::Alternative(a, b) => steps(a) + steps(b),
        PropertyPathExpression::ZeroOrMore(inner) | PropertyPathExpression::OneOrMore(inner) => {
            PATH_REACH * steps(inner)
        }
    }
}

/// Patterns that are looked up when this one is evaluated for one row.
pub(super) fn leaves(pattern: &GraphPattern) -> f64 {
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.len() as f64,
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right }
        | GraphPattern::LeftJoin { left, right, .. } => leaves(left) + leaves(right),
        GraphPattern::Filter { inner, .. }
        | GraphPattern::Graph { inner, .. }
        | GraphPattern::Extend { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Group { inner, .. } => leaves(inner),
        GraphPattern::Path { .. } | GraphPattern::Values { .. } | GraphPattern::Service { .. } => {
            1.0
        }
    }
}

/// Share of the solutions that a filter lets pass, by its form alone.
pub(super) fn selectivity(expression: &Expression) -> f64 {
    match expression {
        Expression::Equal(..) | Expression::SameTerm(..) => 0.1,
        Expression::Greater(..)
        | Expression::GreaterOrEqual(..)
        | Expression::Less(..)
        | Expression::LessOrEqual(..) => 0.3,
        Expression::And(a, b) => selectivity(a) * selectivity(b),
        Expression::Or(a, b) => (selectivity(a) + selectivity(b)).min(1.0),
        Expression::Not(inner) if has_exists(inner) => 0.5,
        Expression::Not(inner) => 1.0 - selectivity(inner),
        Expression::In(_, list) => (0.1 * list.len() as f64).min(0.9),
        Expression::FunctionCall(
            Function::Regex | Function::Contains | Function::StrStarts | Function::StrEnds,
            _,
        ) => 0.1,
        Expression::Bound(_) => 0.8,
        _ => 0.5,
    }
}
