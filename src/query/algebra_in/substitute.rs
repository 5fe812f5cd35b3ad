//! Puts terms in the place of the parameters of a stored query: in the algebra, so that no value is ever read as SPARQL.
//!
//! A parameter stands for its value wherever its variable occurs, sub-queries and `EXISTS` included. Where the variable is
//! shown (`SELECT`, `GROUP BY`) or decides what `MINUS` compares, its value is joined in again. Chooses no values.

use super::rewrite::operands;
use oxrdf::{Literal, Term, Variable};
use rustc_hash::{FxHashMap, FxHashSet};
use spargebra::Query;
use spargebra::algebra::{
    AggregateExpression, Expression, Function, GraphPattern, OrderExpression,
};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};

/// Values by variable.
pub(super) type Values = FxHashMap<Variable, GroundTerm>;

/// Puts values in the place of variables.
///
/// # Errors
/// The variable that the query gives a value itself (`BIND`, `AS`), which a parameter has already.
pub(super) fn substitute(query: &mut Query, values: &Values) -> Result<(), Variable> {
    if values.is_empty() {
        return Ok(());
    }
    let work = Work(values);
    match query {
        Query::Select { pattern, .. }
        | Query::Ask { pattern, .. }
        | Query::Describe { pattern, .. } => work.pattern(pattern),
        Query::Construct {
            template, pattern, ..
        } => {
            // A triple that cannot be, such as one with a literal as its subject, is left out.
            template.retain_mut(|triple| work.triple(triple));
            work.pattern(pattern)
        }
    }
}

struct Work<'a>(&'a Values);

impl Work<'_> {
    /// `false` when no triple is like this.
    fn triple(&self, triple: &mut TriplePattern) -> bool {
        self.term(&mut triple.subject)
            && self.term(&mut triple.object)
            && self.name(&mut triple.predicate)
            && !matches!(
                triple.subject,
                TermPattern::Literal(_) | TermPattern::Triple(_)
            )
    }

    /// `false` when no term is like this: a triple term whose subject would be a literal.
    fn term(&self, term: &mut TermPattern) -> bool {
        match term {
            TermPattern::Variable(variable) => {
                if let Some(value) = self.0.get(variable) {
                    *term = Term::from(value.clone()).into();
                }
                true
            }
            TermPattern::Triple(triple) => self.triple(triple),
            TermPattern::NamedNode(_) | TermPattern::Literal(_) | TermPattern::BlankNode(_) => true,
        }
    }

    /// `false` when nothing has such a name.
    fn name(&self, name: &mut NamedNodePattern) -> bool {
        if let NamedNodePattern::Variable(variable) = name {
            match self.0.get(variable) {
                Some(GroundTerm::NamedNode(node)) => *name = node.clone().into(),
                Some(GroundTerm::Literal(_) | GroundTerm::Triple(_)) => return false,
                None => {}
            }
        }
        true
    }

    fn pattern(&self, pattern: &mut GraphPattern) -> Result<(), Variable> {
        match pattern {
            GraphPattern::Bgp { patterns } => {
                let mut possible = true;
                for triple in patterns {
                    possible &= self.triple(triple);
                }
                if !possible {
                    *pattern = nothing();
                }
            }
            GraphPattern::Path {
                subject, object, ..
            } => {
                if !(self.term(subject) && self.term(object)) {
                    *pattern = nothing();
                }
            }
            GraphPattern::Graph { name, inner } | GraphPattern::Service { name, inner, .. } => {
                if self.name(name) {
                    self.pattern(inner)?;
                } else {
                    *pattern = nothing();
                }
            }
            GraphPattern::Join { left, right }
            | GraphPattern::Lateral { left, right }
            | GraphPattern::Union { left, right } => {
                self.pattern(left)?;
                self.pattern(right)?;
            }
            GraphPattern::Minus { left, right } => {
                let known = self.shown(left);
                let compared: Vec<Variable> = self
                    .shown(right)
                    .into_iter()
                    .filter(|variable| known.contains(variable))
                    .collect();
                self.pattern(left)?;
                self.pattern(right)?;
                self.join_in(left, &compared);
                self.join_in(right, &compared);
            }
            GraphPattern::LeftJoin {
                left,
                right,
                expression,
            } => {
                self.pattern(left)?;
                self.pattern(right)?;
                if let Some(expression) = expression {
                    self.expression(expression)?;
                }
            }
            GraphPattern::Filter { expr, inner } => {
                self.pattern(inner)?;
                self.expression(expr)?;
            }
            GraphPattern::Extend {
                inner,
                variable,
                expression,
            } => {
                self.assigned(variable)?;
                self.pattern(inner)?;
                self.expression(expression)?;
            }
            GraphPattern::Values {
                variables,
                bindings,
            } => self.table(variables, bindings),
            GraphPattern::OrderBy { inner, expression } => {
                self.pattern(inner)?;
                for order in expression {
                    let (OrderExpression::Asc(e) | OrderExpression::Desc(e)) = order;
                    self.expression(e)?;
                }
            }
            GraphPattern::Project { inner, variables } => {
                self.pattern(inner)?;
                let shown = self.known(variables.iter());
                self.join_in(inner, &shown);
            }
            GraphPattern::Distinct { inner }
            | GraphPattern::Reduced { inner }
            | GraphPattern::Slice { inner, .. } => self.pattern(inner)?,
            GraphPattern::Group {
                inner,
                variables,
                aggregates,
            } => {
                self.pattern(inner)?;
                for (variable, aggregate) in aggregates {
                    self.assigned(variable)?;
                    if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                        self.expression(expr)?;
                    }
                }
                let keys = self.known(variables.iter());
                self.join_in(inner, &keys);
            }
        }
        Ok(())
    }

    fn expression(&self, expression: &mut Expression) -> Result<(), Variable> {
        let mut done = Ok(());
        operands(expression, &mut |operand| {
            if done.is_ok() {
                done = self.expression(operand);
            }
        });
        done?;
        match expression {
            Expression::Variable(variable) => {
                if let Some(value) = self.0.get(variable) {
                    *expression = ground_expression(value);
                }
            }
            Expression::Bound(variable) if self.0.contains_key(variable) => {
                *expression = Literal::from(true).into();
            }
            Expression::Exists(pattern) => self.pattern(pattern)?,
            _ => {}
        }
        Ok(())
    }

    /// Keeps the rows of a table that agree with the values, without the columns these stand in.
    fn table(&self, variables: &mut Vec<Variable>, rows: &mut Vec<Vec<Option<GroundTerm>>>) {
        for column in (0..variables.len()).rev() {
            let Some(value) = self.0.get(&variables[column]) else {
                continue;
            };
            variables.remove(column);
            rows.retain_mut(|row| match row.remove(column) {
                None => true,
                Some(term) => term == *value,
            });
        }
    }

    fn assigned(&self, variable: &Variable) -> Result<(), Variable> {
        if self.0.contains_key(variable) {
            return Err(variable.clone());
        }
        Ok(())
    }

    /// The parameters among some variables, each once.
    fn known<'v>(&self, variables: impl Iterator<Item = &'v Variable>) -> Vec<Variable> {
        let mut seen = FxHashSet::default();
        variables
            .filter(|variable| self.0.contains_key(*variable) && seen.insert(*variable))
            .cloned()
            .collect()
    }

    /// The parameters that the solutions of a pattern show.
    fn shown(&self, pattern: &GraphPattern) -> Vec<Variable> {
        let mut variables = Vec::new();
        pattern.on_in_scope_variable(|variable| variables.push(variable));
        self.known(variables.into_iter())
    }

    /// Joins the values of some parameters to a pattern, below its order, which a join would not keep.
    fn join_in(&self, pattern: &mut GraphPattern, parameters: &[Variable]) {
        if parameters.is_empty() {
            return;
        }
        if let GraphPattern::OrderBy { inner, .. } = pattern {
            return self.join_in(inner, parameters);
        }
        let row = parameters.iter().map(|p| self.0.get(p).cloned()).collect();
        let left = GraphPattern::Values {
            variables: parameters.to_vec(),
            bindings: vec![row],
        };
        let right = std::mem::replace(pattern, nothing());
        *pattern = GraphPattern::Join {
            left: Box::new(left),
            right: Box::new(right),
        };
    }
}

/// An expression that has a term as its value.
fn ground_expression(term: &GroundTerm) -> Expression {
    match term {
        GroundTerm::NamedNode(node) => node.clone().into(),
        GroundTerm::Literal(literal) => literal.clone().into(),
        GroundTerm::Triple(triple) => Expression::FunctionCall(
            Function::Triple,
            vec![
                triple.subject.clone().into(),
                triple.predicate.clone().into(),
                ground_expression(&triple.object),
            ],
        ),
    }
}

/// No solution.
fn nothing() -> GraphPattern {
    GraphPattern::Values {
        variables: Vec::new(),
        bindings: Vec::new(),
    }
}
