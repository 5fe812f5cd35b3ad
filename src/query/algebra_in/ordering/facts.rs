//! What can be said of a pattern without evaluating it: which variables its solutions bind, which its parts mention,
//! and whether it may be evaluated for one row of another pattern instead of being joined with it.

use crate::query::algebra_in::observed::is_star;
use crate::query::algebra_in::rewrite::any_operand;
use crate::query::dataset;
use crate::query::geo;
use crate::query::plan::VarSet;
use oxrdf::Variable;
use rustc_hash::FxHashMap;
use spargebra::algebra::{AggregateExpression, Expression, Function, GraphPattern};
use spargebra::term::{NamedNodePattern, TermPattern, TriplePattern};

/// The variables of a query, numbered.
#[derive(Debug, Default)]
pub(in crate::query::algebra_in) struct Names {
    numbers: FxHashMap<Variable, u8>,
}

/// Which variables the solutions of a pattern bind.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Every solution binds these.
    pub(super) certain: VarSet,
    /// Some solution may bind these.
    pub(super) possible: VarSet,
}

impl Facts {
    fn both(variables: VarSet) -> Self {
        Self {
            certain: variables,
            possible: variables,
        }
    }

    /// Of a join with another pattern.
    #[must_use]
    pub(super) fn join(self, other: Self) -> Self {
        Self {
            certain: self.certain.or(other.certain),
            possible: self.possible.or(other.possible),
        }
    }
}

impl Names {
    /// Numbers all variables of a pattern; `None` when there are too many to plan with.
    pub(in crate::query::algebra_in) fn of(pattern: &GraphPattern) -> Option<Self> {
        let mut names = Self::default();
        let mut all = true;
        names.collect(pattern, &mut all);
        all.then_some(names)
    }

    /// Whether every solution of a pattern binds a variable.
    pub(in crate::query::algebra_in) fn is_certain(
        &self,
        pattern: &GraphPattern,
        variable: &Variable,
    ) -> bool {
        self.number(variable).is_some()
            && self
                .set([variable])
                .is_within(self.facts(pattern, None).certain)
    }

    /// Whether an expression reads only what every solution of a pattern binds, and asks nothing of the data: the same
    /// whether it filters the pattern or a join of it.
    pub(in crate::query::algebra_in) fn may_filter(
        &self,
        pattern: &GraphPattern,
        expression: &Expression,
    ) -> bool {
        let mut all = true;
        mentioned_in(expression, &mut |variable| {
            all &= self.is_certain(pattern, variable);
        });
        all && is_repeatable(expression)
    }

    fn add(&mut self, variable: &Variable, all: &mut bool) {
        if !self.numbers.contains_key(variable) {
            if self.numbers.len() < VarSet::CAPACITY {
                let number = self.numbers.len() as u8;
                self.numbers.insert(variable.clone(), number);
            } else {
                *all = false;
            }
        }
    }

    fn collect(&mut self, pattern: &GraphPattern, all: &mut bool) {
        mentioned(pattern, &mut |variable| self.add(variable, all));
    }

    /// The number of a variable.
    pub(super) fn number(&self, variable: &Variable) -> Option<u8> {
        self.numbers.get(variable).copied()
    }

    /// The set of some variables.
    pub(super) fn set<'a>(&self, variables: impl IntoIterator<Item = &'a Variable>) -> VarSet {
        let mut set = VarSet::default();
        for variable in variables {
            if let Some(number) = self.number(variable) {
                set.insert(number);
            }
        }
        set
    }

    /// The variables of a set, in the sequence in which they were met.
    pub(super) fn variables(&self, set: VarSet) -> Vec<Variable> {
        let mut members: Vec<(u8, &Variable)> = self
            .numbers
            .iter()
            .filter(|(variable, _)| self.set([*variable]).is_within(set))
            .map(|(variable, number)| (*number, variable))
            .collect();
        members.sort_unstable_by_key(|(number, _)| *number);
        members
            .into_iter()
            .map(|(_, variable)| variable.clone())
            .collect()
    }

    /// The variable of a term, if it is one.
    pub(super) fn term(&self, term: &TermPattern) -> Option<u8> {
        match term {
            TermPattern::Variable(variable) => self.number(variable),
            TermPattern::BlankNode(_)
            | TermPattern::NamedNode(_)
            | TermPattern::Literal(_)
            | TermPattern::Triple(_) => None,
        }
    }

    /// The variable of a predicate or graph name, if it is one.
    pub(super) fn name(&self, name: &NamedNodePattern) -> Option<u8> {
        match name {
            NamedNodePattern::Variable(variable) => self.number(variable),
            NamedNodePattern::NamedNode(_) => None,
        }
    }

    /// Variables of a triple pattern.
    pub(super) fn triple(
        &self,
        triple: &TriplePattern,
        graph: Option<&NamedNodePattern>,
    ) -> VarSet {
        let mut set = VarSet::default();
        let variables = [
            self.term(&triple.subject),
            self.name(&triple.predicate),
            self.term(&triple.object),
            graph.and_then(|graph| self.name(graph)),
        ];
        variables.into_iter().flatten().for_each(|v| set.insert(v));
        set
    }

    /// Every variable an expression reads, those inside `EXISTS` included.
    pub(super) fn expression(&self, expression: &Expression) -> VarSet {
        let mut set = VarSet::default();
        mentioned_in(expression, &mut |variable| {
            if let Some(number) = self.number(variable) {
                set.insert(number);
            }
        });
        set
    }

    /// What the solutions of a pattern bind, when it stands in a graph.
    pub(super) fn facts(&self, pattern: &GraphPattern, graph: Option<&NamedNodePattern>) -> Facts {
        match pattern {
            GraphPattern::Bgp { patterns } if patterns.is_empty() => Facts::both(
                graph
                    .and_then(|g| self.name(g))
                    .map_or(VarSet::default(), VarSet::one),
            ),
            GraphPattern::Bgp { patterns } => {
                Facts::both(patterns.iter().fold(VarSet::default(), |set, triple| {
                    set.or(self.triple(triple, graph))
                }))
            }
            GraphPattern::Path {
                subject, object, ..
            } => {
                let mut set = VarSet::default();
                [
                    self.term(subject),
                    self.term(object),
                    graph.and_then(|graph| self.name(graph)),
                ]
                .into_iter()
                .flatten()
                .for_each(|v| set.insert(v));
                Facts::both(set)
            }
            GraphPattern::Values {
                variables,
                bindings,
            } => {
                let mut facts = Facts::both(self.set(variables));
                for (column, variable) in variables.iter().enumerate() {
                    if bindings
                        .iter()
                        .any(|row| row.get(column).is_none_or(Option::is_none))
                    {
                        facts.certain = facts.certain.without(self.set([variable]));
                    }
                }
                facts
            }
            GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
                self.facts(left, graph).join(self.facts(right, graph))
            }
            GraphPattern::LeftJoin { left, right, .. } => {
                let (left, right) = (self.facts(left, graph), self.facts(right, graph));
                Facts {
                    certain: left.certain,
                    possible: left.possible.or(right.possible),
                }
            }
            GraphPattern::Union { left, right } => {
                let (left, right) = (self.facts(left, graph), self.facts(right, graph));
                Facts {
                    certain: left.certain.and(right.certain),
                    possible: left.possible.or(right.possible),
                }
            }
            GraphPattern::Graph { name, inner } => self.facts(inner, Some(name)),
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => {
                let mut facts = self.facts(inner, graph);
                let own = self.set([variable]);
                facts.possible = facts.possible.or(own);
                if matches!(
                    expression,
                    Expression::NamedNode(_) | Expression::Literal(_)
                ) {
                    facts.certain = facts.certain.or(own);
                }
                facts
            }
            GraphPattern::Project { inner, variables } => {
                let (inner, shown) = (self.facts(inner, graph), self.set(variables));
                Facts {
                    certain: inner.certain.and(shown),
                    possible: inner.possible.and(shown),
                }
            }
            GraphPattern::Group {
                inner,
                variables,
                aggregates,
            } => {
                let (inner, keys) = (self.facts(inner, graph), self.set(variables));
                Facts {
                    certain: inner.certain.and(keys),
                    possible: keys.or(self.set(aggregates.iter().map(|(variable, _)| variable))),
                }
            }
            GraphPattern::Minus { left: inner, .. }
            | GraphPattern::Filter { inner, .. }
            | GraphPattern::OrderBy { inner, .. }
            | GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. } => self.facts(inner, graph),
            GraphPattern::Service { inner, .. } if is_star(pattern) => self.facts(inner, None),
            GraphPattern::Service { inner, .. } => Facts {
                certain: VarSet::default(),
                possible: self.facts(inner, graph).possible,
            },
        }
    }

    /// Whether evaluating a pattern for each row of another gives the same as joining the two, when the rows bind no
    /// other variables than `outer`.
    pub(super) fn can_be_looked_up(
        &self,
        pattern: &GraphPattern,
        graph: Option<&NamedNodePattern>,
        outer: VarSet,
    ) -> bool {
        match pattern {
            GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {
                true
            }
            GraphPattern::Service { .. } if is_star(pattern) => true,
            GraphPattern::Join { left, right } | GraphPattern::Union { left, right } => {
                self.can_be_looked_up(left, graph, outer)
                    && self.can_be_looked_up(right, graph, outer)
            }
            GraphPattern::Graph { name, inner } => self.can_be_looked_up(inner, Some(name), outer),
            GraphPattern::Filter { expr, inner } => {
                let reads = self.expression(expr).and(outer);
                reads.is_within(self.facts(inner, graph).certain)
                    && self.can_be_looked_up(inner, graph, outer)
            }
            // Well-designed optional parts: what they bind beyond the left side is not bound from outside.
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => {
                let mut touched = self.facts(right, graph).possible;
                if let Some(expression) = expression {
                    touched = touched.or(self.expression(expression));
                }
                touched
                    .and(outer)
                    .is_within(self.facts(left, graph).certain)
                    && self.can_be_looked_up(left, graph, outer)
                    && self.can_be_looked_up(right, graph, outer)
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => {
                !self.set([variable]).meets(outer)
                    && self
                        .expression(expression)
                        .and(outer)
                        .is_within(self.facts(inner, graph).certain)
                    && is_repeatable(expression)
                    && self.can_be_looked_up(inner, graph, outer)
            }
            GraphPattern::Distinct { inner } => {
                let facts = self.facts(inner, graph);
                facts.certain == facts.possible && self.can_be_looked_up(inner, graph, outer)
            }
            GraphPattern::Lateral { .. }
            | GraphPattern::Minus { .. }
            | GraphPattern::Project { .. }
            | GraphPattern::Reduced { .. }
            | GraphPattern::Slice { .. }
            | GraphPattern::OrderBy { .. }
            | GraphPattern::Group { .. }
            | GraphPattern::Service { .. } => false,
        }
    }
}

/// Whether an expression has the same value each time it is computed for one row, and asks nothing of the data.
pub(super) fn is_repeatable(expression: &Expression) -> bool {
    let own = match expression {
        Expression::Exists(_) => false,
        Expression::FunctionCall(function, _) => match function {
            Function::Rand | Function::Uuid | Function::StrUuid | Function::BNode => false,
            Function::Custom(name) => [
                dataset::EXACT_MARK,
                dataset::EXACT_STR,
                dataset::EXACT_DATATYPE,
                geo::CALL,
            ]
            .contains(&name.as_str()),
            _ => true,
        },
        _ => true,
    };
    own && !any_operand(expression, &mut |operand| !is_repeatable(operand))
}

/// Whether an expression holds an `EXISTS`.
pub(super) fn has_exists(expression: &Expression) -> bool {
    matches!(expression, Expression::Exists(_)) || any_operand(expression, &mut has_exists)
}

fn mentioned_in(expression: &Expression, seen: &mut dyn FnMut(&Variable)) {
    match expression {
        Expression::Variable(variable) | Expression::Bound(variable) => seen(variable),
        Expression::Exists(pattern) => mentioned(pattern, seen),
        _ => {
            any_operand(expression, &mut |operand| {
                mentioned_in(operand, seen);
                false
            });
        }
    }
}

/// Every variable that occurs in a pattern, hidden ones included.
pub(in crate::query::algebra_in) fn mentioned(
    pattern: &GraphPattern,
    seen: &mut dyn FnMut(&Variable),
) {
    fn term(term: &TermPattern, seen: &mut dyn FnMut(&Variable)) {
        match term {
            TermPattern::Variable(variable) => seen(variable),
            TermPattern::Triple(triple) => {
                term_of_triple(triple, seen);
            }
            TermPattern::NamedNode(_) | TermPattern::Literal(_) | TermPattern::BlankNode(_) => {}
        }
    }
    fn term_of_triple(triple: &TriplePattern, seen: &mut dyn FnMut(&Variable)) {
        term(&triple.subject, seen);
        if let NamedNodePattern::Variable(variable) = &triple.predicate {
            seen(variable);
        }
        term(&triple.object, seen);
    }
    match pattern {
        GraphPattern::Bgp { patterns } => {
            for triple in patterns {
                term_of_triple(triple, seen);
            }
        }
        GraphPattern::Path {
            subject, object, ..
        } => {
            term(subject, seen);
            term(object, seen);
        }
        GraphPattern::Values { variables, .. } => variables.iter().for_each(seen),
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            mentioned(left, seen);
            mentioned(right, seen);
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            mentioned(left, seen);
            mentioned(right, seen);
            if let Some(expression) = expression {
                mentioned_in(expression, seen);
            }
        }
        GraphPattern::Filter { expr, inner } => {
            mentioned(inner, seen);
            mentioned_in(expr, seen);
        }
        GraphPattern::Graph { name, inner } | GraphPattern::Service { name, inner, .. } => {
            if let NamedNodePattern::Variable(variable) = name {
                seen(variable);
            }
            mentioned(inner, seen);
        }
        GraphPattern::Extend {
            inner,
            variable,
            expression,
        } => {
            mentioned(inner, seen);
            seen(variable);
            mentioned_in(expression, seen);
        }
        GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. } => mentioned(inner, seen),
        GraphPattern::Project { inner, variables } => {
            mentioned(inner, seen);
            variables.iter().for_each(seen);
        }
        GraphPattern::Group {
            inner,
            variables,
            aggregates,
        } => {
            mentioned(inner, seen);
            variables.iter().for_each(&mut *seen);
            for (variable, aggregate) in aggregates {
                seen(variable);
                if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                    mentioned_in(expr, seen);
                }
            }
        }
    }
}
