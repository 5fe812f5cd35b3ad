//! Rewritings of the algebra that give the standard's answers where the evaluator alone would not:
//! - `SELECT *` lists its columns in the order of the text instead of the alphabet;
//! - `BNODE("x")` is one blank node per solution, never a node of the store;
//! - `STR(?v)` and `DATATYPE(?v)` see the literal as it is stored, not its value (`"01"`, `xsd:int`).

use crate::query::dataset;
use crate::query::lexer::{Spanned, Token};
use oxrdf::{BlankNode, NamedNode, Variable};
use spargebra::algebra::{
    AggregateExpression, Expression, Function, GraphPattern, OrderExpression,
};
use std::rc::Rc;

/// Puts the columns of a top-level `SELECT *` in the order in which the text first names them.
pub(super) fn order_star_columns(pattern: &mut GraphPattern, tokens: &[Spanned<'_>]) {
    let Some(select) = tokens.iter().position(|t| t.is_word("SELECT")) else {
        return;
    };
    let star = tokens[select + 1..]
        .iter()
        .find(|t| !t.is_word("DISTINCT") && !t.is_word("REDUCED"));
    if star.is_none_or(|t| t.token != Token::Sign('*')) {
        return;
    }
    let mut inner = pattern;
    let columns = loop {
        match inner {
            GraphPattern::Project { variables, .. } => break variables,
            GraphPattern::Slice { inner: next, .. }
            | GraphPattern::Distinct { inner: next }
            | GraphPattern::Reduced { inner: next } => inner = next,
            _ => return,
        }
    };
    let rank = |variable: &Variable| {
        tokens
            .iter()
            .position(|t| t.token == Token::Variable(variable.as_str()))
    };
    columns.sort_by_cached_key(|variable| rank(variable).unwrap_or(usize::MAX));
}

pub(super) fn rewrite_pattern(pattern: &mut GraphPattern) {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            rewrite_pattern(left);
            rewrite_pattern(right);
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            rewrite_pattern(left);
            rewrite_pattern(right);
            if let Some(expression) = expression {
                rewrite_expression(expression, None);
            }
        }
        GraphPattern::Filter { expr, inner } => {
            rewrite_pattern(inner);
            rewrite_expression(expr, None);
        }
        GraphPattern::Graph { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. } => rewrite_pattern(inner),
        GraphPattern::Service { .. } => {} // never sent anywhere
        GraphPattern::Extend { .. } => rewrite_extends(pattern),
        GraphPattern::OrderBy { inner, expression } => {
            rewrite_pattern(inner);
            for order in expression {
                let (OrderExpression::Asc(e) | OrderExpression::Desc(e)) = order;
                rewrite_expression(e, None);
            }
        }
        GraphPattern::Group {
            inner, aggregates, ..
        } => {
            rewrite_pattern(inner);
            for (_, aggregate) in aggregates {
                if let AggregateExpression::FunctionCall { expr, .. } = aggregate {
                    rewrite_expression(expr, None);
                }
            }
        }
    }
}

/// A chain of `BIND`s or `SELECT` expressions computes one solution, so `BNODE("x")` is the same node in all of them.
fn rewrite_extends(pattern: &mut GraphPattern) {
    let row = Rc::new(fresh_variable());
    let mut needs_row = false;
    let mut current = pattern;
    while let GraphPattern::Extend {
        inner, expression, ..
    } = current
    {
        needs_row |= rewrite_expression(expression, Some(&row));
        current = inner;
    }
    rewrite_pattern(current);
    if needs_row {
        let inner = std::mem::replace(current, GraphPattern::Bgp { patterns: Vec::new() });
        *current = GraphPattern::Extend {
            inner: Box::new(inner),
            variable: (*row).clone(),
            expression: Expression::FunctionCall(Function::StrUuid, Vec::new()),
        };
    }
}

/// Rewrites an expression; tells whether it now reads the row variable.
fn rewrite_expression(expression: &mut Expression, row: Option<&Rc<Variable>>) -> bool {
    match expression {
        Expression::NamedNode(_)
        | Expression::Literal(_)
        | Expression::Variable(_)
        | Expression::Bound(_) => false,
        Expression::Or(a, b)
        | Expression::And(a, b)
        | Expression::Equal(a, b)
        | Expression::SameTerm(a, b)
        | Expression::Greater(a, b)
        | Expression::GreaterOrEqual(a, b)
        | Expression::Less(a, b)
        | Expression::LessOrEqual(a, b)
        | Expression::Add(a, b)
        | Expression::Subtract(a, b)
        | Expression::Multiply(a, b)
        | Expression::Divide(a, b) => rewrite_expression(a, row) | rewrite_expression(b, row),
        Expression::In(a, list) => list
            .iter_mut()
            .fold(rewrite_expression(a, row), |any, e| rewrite_expression(e, row) | any),
        Expression::UnaryPlus(e) | Expression::UnaryMinus(e) | Expression::Not(e) => {
            rewrite_expression(e, row)
        }
        Expression::Exists(pattern) => {
            rewrite_pattern(pattern);
            false
        }
        Expression::If(a, b, c) => {
            rewrite_expression(a, row) | rewrite_expression(b, row) | rewrite_expression(c, row)
        }
        Expression::Coalesce(list) => list
            .iter_mut()
            .fold(false, |any, e| rewrite_expression(e, row) | any),
        Expression::FunctionCall(function, arguments) => {
            let any = arguments
                .iter_mut()
                .fold(false, |any, e| rewrite_expression(e, row) | any);
            let exact = match function {
                Function::Str => dataset::EXACT_STR,
                Function::Datatype => dataset::EXACT_DATATYPE,
                Function::BNode if !arguments.is_empty() => {
                    let row = row.map_or_else(
                        || Expression::FunctionCall(Function::StrUuid, Vec::new()),
                        |row| Expression::Variable((**row).clone()),
                    );
                    arguments.insert(0, row);
                    *function = Function::Custom(NamedNode::new_unchecked(dataset::ROW_BNODE));
                    return true;
                }
                _ => return any,
            };
            if let [Expression::Variable(variable)] = arguments.as_slice() {
                let variable = variable.clone();
                *expression = read_exactly(exact, variable);
            }
            any
        }
    }
}

/// `IF(BOUND(?v), exact(mark(), ?v), ?v)`: the mark makes the dataset hand out the next literal as it is stored.
fn read_exactly(function: &'static str, variable: Variable) -> Expression {
    let call = |iri: &str, arguments| {
        Expression::FunctionCall(Function::Custom(NamedNode::new_unchecked(iri)), arguments)
    };
    Expression::If(
        Box::new(Expression::Bound(variable.clone())),
        Box::new(call(
            function,
            vec![
                call(dataset::EXACT_MARK, Vec::new()),
                Expression::Variable(variable.clone()),
            ],
        )),
        Box::new(Expression::Variable(variable)),
    )
}

fn fresh_variable() -> Variable {
    Variable::new_unchecked(format!("row{}", BlankNode::default().as_str()))
}
