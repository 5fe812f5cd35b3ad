//! Rewritings of the algebra that give the standard's answers where the evaluator alone would not:
//! - `SELECT *` lists its columns in the order of the text instead of the alphabet;
//! - `BNODE("x")` is one blank node per solution, never a node of the store;
//! - `STR(?v)` and `DATATYPE(?v)` see the literal as it is stored, not its value (`"01"`, `xsd:int`);
//! - `geof:` functions are called through one, which is registered once; a call with constants alone is computed here;
//! - `GROUP_CONCAT` joins the texts of its values, whatever their language, and counts them as memory;
//! - a path of length zero from a constant reaches that constant, also when no triple names it;
//! - `GRAPH ?g` around more than plain patterns is the union over the named graphs, as the algebra defines it.

mod paths;

use super::geo_calls;
use crate::query::dataset;
use crate::query::geo;
use crate::query::lexer::{Spanned, Token};
use oxrdf::{BlankNode, Literal, NamedNode, Variable};
use paths::rewrite_path;
use spargebra::algebra::{
    AggregateExpression, AggregateFunction, Expression, Function, GraphPattern, OrderExpression,
};
use spargebra::term::{NamedNodePattern, TermPattern};
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
        GraphPattern::Values { .. } => {}
        GraphPattern::Bgp { patterns } => {
            for triple in patterns {
                name_blank_node(&mut triple.subject);
                name_blank_node(&mut triple.object);
            }
        }
        GraphPattern::Path { .. } => rewrite_path(pattern),
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
        GraphPattern::Service { .. } => {} // sent as it was written, if at all
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
                if let AggregateExpression::FunctionCall { expr, name, .. } = aggregate {
                    if let AggregateFunction::GroupConcat { separator } = name {
                        let inner = std::mem::replace(expr, Expression::Coalesce(Vec::new()));
                        let text = Expression::FunctionCall(Function::Str, vec![inner]);
                        let separator = Literal::from(separator.as_deref().unwrap_or(" "));
                        let kept = Function::Custom(NamedNode::new_unchecked(dataset::KEPT));
                        *expr = Expression::FunctionCall(kept, vec![text, separator.into()]);
                    }
                    rewrite_expression(expr, None);
                }
            }
        }
    }
}

/// Blank nodes of patterns are variables; give them names, so that `VALUES` can speak of them.
fn name_blank_node(term: &mut TermPattern) {
    match term {
        TermPattern::BlankNode(node) => {
            *term = Variable::new_unchecked(format!("_:{}", node.as_str())).into();
        }
        TermPattern::Triple(triple) => {
            name_blank_node(&mut triple.subject);
            name_blank_node(&mut triple.object);
        }
        TermPattern::NamedNode(_) | TermPattern::Literal(_) | TermPattern::Variable(_) => {}
    }
}

// --- GRAPH ?g ---

/// Whether a `GRAPH ?g` holds something for which binding `?g` inside is not the same as joining with it afterwards.
pub(super) fn has_graph_over_groups(pattern: &GraphPattern) -> bool {
    let mut found = false;
    visit(pattern, &mut |pattern| {
        found |= is_graph_over_groups(pattern);
    });
    found
}

/// How many patterns stand in a pattern, itself included.
pub(super) fn patterns_in(pattern: &GraphPattern) -> usize {
    let mut count = 0;
    visit(pattern, &mut |_| count += 1);
    count
}

/// Whether a pattern holds a `SERVICE`.
pub(super) fn has_service(pattern: &GraphPattern) -> bool {
    let mut found = false;
    visit(pattern, &mut |pattern| {
        found |= matches!(pattern, GraphPattern::Service { .. });
    });
    found
}

/// Replaces each such `GRAPH ?g` by the union over the given graphs
/// ([SPARQL 1.1 §18.6](https://www.w3.org/TR/sparql11-query/#sparqlAlgebraEval)).
pub(super) fn expand_graphs(pattern: &mut GraphPattern, graphs: &[NamedNode]) {
    if is_graph_over_groups(pattern)
        && let GraphPattern::Graph {
            name: NamedNodePattern::Variable(variable),
            inner,
        } = pattern
    {
        let mut inner = (**inner).clone();
        expand_graphs(&mut inner, graphs);
        let in_graph = |graph: &NamedNode| GraphPattern::Join {
            left: Box::new(GraphPattern::Graph {
                name: graph.clone().into(),
                inner: Box::new(inner.clone()),
            }),
            right: Box::new(GraphPattern::Values {
                variables: vec![variable.clone()],
                bindings: vec![vec![Some(graph.clone().into())]],
            }),
        };
        *pattern = balanced_union(graphs, &in_graph).unwrap_or(GraphPattern::Values {
            variables: Vec::new(),
            bindings: Vec::new(),
        });
        return;
    }
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            expand_graphs(left, graphs);
            expand_graphs(right, graphs);
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            expand_graphs(left, graphs);
            expand_graphs(right, graphs);
            if let Some(expression) = expression {
                expand_exists(expression, graphs);
            }
        }
        GraphPattern::Filter { expr, inner } => {
            expand_graphs(inner, graphs);
            expand_exists(expr, graphs);
        }
        GraphPattern::Extend {
            inner, expression, ..
        } => {
            expand_graphs(inner, graphs);
            expand_exists(expression, graphs);
        }
        GraphPattern::Graph { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. }
        | GraphPattern::Service { inner, .. } => expand_graphs(inner, graphs),
    }
}

/// A union as a balanced tree, so that many graphs do not make a deep one.
fn balanced_union(
    graphs: &[NamedNode],
    in_graph: &impl Fn(&NamedNode) -> GraphPattern,
) -> Option<GraphPattern> {
    match graphs {
        [] => None,
        [graph] => Some(in_graph(graph)),
        _ => {
            let (left, right) = graphs.split_at(graphs.len() / 2);
            Some(GraphPattern::Union {
                left: Box::new(balanced_union(left, in_graph)?),
                right: Box::new(balanced_union(right, in_graph)?),
            })
        }
    }
}

fn is_graph_over_groups(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Graph {
            name: NamedNodePattern::Variable(variable),
            inner,
        } => {
            let only_names =
                matches!(&**inner, GraphPattern::Bgp { patterns } if patterns.is_empty());
            let is_join = is_plain(inner) && binds_graph(inner) && !mentions(inner, variable);
            !(only_names || is_join)
        }
        _ => false,
    }
}

/// Patterns in which a graph variable may be bound from the start.
fn is_plain(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => true,
        GraphPattern::Join { left, right }
        | GraphPattern::LeftJoin { left, right, .. }
        | GraphPattern::Union { left, right } => is_plain(left) && is_plain(right),
        GraphPattern::Filter { inner, .. } | GraphPattern::Extend { inner, .. } => is_plain(inner),
        _ => false,
    }
}

/// Whether every solution comes from a quad, which then tells the graph.
fn binds_graph(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { patterns } => !patterns.is_empty(),
        GraphPattern::Path { .. } => true,
        GraphPattern::Join { left, right } => binds_graph(left) || binds_graph(right),
        GraphPattern::LeftJoin { left, .. } => binds_graph(left),
        GraphPattern::Union { left, right } => binds_graph(left) && binds_graph(right),
        GraphPattern::Filter { inner, .. } | GraphPattern::Extend { inner, .. } => {
            binds_graph(inner)
        }
        _ => false,
    }
}

/// Whether a pattern names a variable, in its text or in its expressions.
fn mentions(pattern: &GraphPattern, variable: &Variable) -> bool {
    let text = pattern.to_string();
    let name = variable.to_string();
    text.match_indices(&name).any(|(at, _)| {
        text[at + name.len()..]
            .chars()
            .next()
            .is_none_or(|c| !c.is_alphanumeric() && c != '_')
    })
}

/// The most triple and path patterns that stand in one join.
pub(super) fn largest_join(pattern: &GraphPattern) -> usize {
    fn size(pattern: &GraphPattern) -> usize {
        match pattern {
            GraphPattern::Bgp { patterns } => patterns.len(),
            GraphPattern::Join { left, right } => size(left) + size(right),
            _ => 1,
        }
    }
    let mut largest = 0;
    visit(pattern, &mut |pattern| largest = largest.max(size(pattern)));
    largest
}

/// Shows a pattern and all within it, those of `EXISTS` too.
pub(super) fn visit(pattern: &GraphPattern, seen: &mut dyn FnMut(&GraphPattern)) {
    seen(pattern);
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } | GraphPattern::Values { .. } => {}
        GraphPattern::Join { left, right }
        | GraphPattern::Lateral { left, right }
        | GraphPattern::Union { left, right }
        | GraphPattern::Minus { left, right } => {
            visit(left, seen);
            visit(right, seen);
        }
        GraphPattern::LeftJoin {
            left,
            right,
            expression,
        } => {
            visit(left, seen);
            visit(right, seen);
            if let Some(expression) = expression {
                visit_exists(expression, seen);
            }
        }
        GraphPattern::Filter { expr, inner } => {
            visit(inner, seen);
            visit_exists(expr, seen);
        }
        GraphPattern::Extend {
            inner, expression, ..
        } => {
            visit(inner, seen);
            visit_exists(expression, seen);
        }
        GraphPattern::Graph { inner, .. }
        | GraphPattern::OrderBy { inner, .. }
        | GraphPattern::Project { inner, .. }
        | GraphPattern::Distinct { inner }
        | GraphPattern::Reduced { inner }
        | GraphPattern::Slice { inner, .. }
        | GraphPattern::Group { inner, .. }
        | GraphPattern::Service { inner, .. } => visit(inner, seen),
    }
}

/// A chain of `BIND`s or `SELECT` expressions computes one solution, so `BNODE("x")` is the same node in all of them.
fn rewrite_extends(pattern: &mut GraphPattern) {
    let row = Rc::new(Variable::new_unchecked(format!(
        "row{}",
        BlankNode::default().as_str()
    )));
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
        let inner = std::mem::replace(
            current,
            GraphPattern::Bgp {
                patterns: Vec::new(),
            },
        );
        *current = GraphPattern::Extend {
            inner: Box::new(inner),
            variable: (*row).clone(),
            expression: Expression::FunctionCall(Function::StrUuid, Vec::new()),
        };
    }
}

/// Rewrites an expression; tells whether it now reads the row variable.
fn rewrite_expression(expression: &mut Expression, row: Option<&Rc<Variable>>) -> bool {
    let mut reads_row = false;
    operands(expression, &mut |e| reads_row |= rewrite_expression(e, row));
    match expression {
        Expression::Exists(pattern) => rewrite_pattern(pattern),
        Expression::FunctionCall(Function::Str, arguments) => {
            if let [Expression::Variable(variable)] = arguments.as_slice() {
                *expression = read_exactly(dataset::EXACT_STR, variable.clone());
            }
        }
        Expression::FunctionCall(Function::Custom(name), _) if geo::is_function(name.as_str()) => {
            geo_calls::rewrite(expression);
        }
        Expression::FunctionCall(Function::Datatype, arguments) => {
            if let [Expression::Variable(variable)] = arguments.as_slice() {
                *expression = read_exactly(dataset::EXACT_DATATYPE, variable.clone());
            }
        }
        Expression::FunctionCall(function @ Function::BNode, arguments)
            if !arguments.is_empty() =>
        {
            let row = row.map_or_else(
                || Expression::FunctionCall(Function::StrUuid, Vec::new()),
                |row| Expression::Variable((**row).clone()),
            );
            arguments.insert(0, row);
            *function = Function::Custom(NamedNode::new_unchecked(dataset::ROW_BNODE));
            reads_row = true;
        }
        _ => {}
    }
    reads_row
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

/// Calls `change` on the direct operands of an expression; `EXISTS` has none.
pub(super) fn operands(expression: &mut Expression, change: &mut dyn FnMut(&mut Expression)) {
    match expression {
        Expression::NamedNode(_)
        | Expression::Literal(_)
        | Expression::Variable(_)
        | Expression::Bound(_)
        | Expression::Exists(_) => {}
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
        | Expression::Divide(a, b) => {
            change(a);
            change(b);
        }
        Expression::In(a, list) => {
            change(a);
            list.iter_mut().for_each(change);
        }
        Expression::UnaryPlus(e) | Expression::UnaryMinus(e) | Expression::Not(e) => change(e),
        Expression::If(a, b, c) => {
            change(a);
            change(b);
            change(c);
        }
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => {
            list.iter_mut().for_each(change);
        }
    }
}

fn expand_exists(expression: &mut Expression, graphs: &[NamedNode]) {
    change_exists(expression, &mut |pattern| expand_graphs(pattern, graphs));
}

/// Whether a test holds for one of the direct operands of an expression; `EXISTS` has none.
pub(super) fn any_operand(
    expression: &Expression,
    test: &mut dyn FnMut(&Expression) -> bool,
) -> bool {
    match expression {
        Expression::NamedNode(_)
        | Expression::Literal(_)
        | Expression::Variable(_)
        | Expression::Bound(_)
        | Expression::Exists(_) => false,
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
        | Expression::Divide(a, b) => test(a) || test(b),
        Expression::In(a, list) => test(a) || list.iter().any(test),
        Expression::UnaryPlus(e) | Expression::UnaryMinus(e) | Expression::Not(e) => test(e),
        Expression::If(a, b, c) => test(a) || test(b) || test(c),
        Expression::Coalesce(list) | Expression::FunctionCall(_, list) => list.iter().any(test),
    }
}

/// Calls `change` on every pattern inside `EXISTS` in an expression.
pub(super) fn change_exists(
    expression: &mut Expression,
    change: &mut dyn FnMut(&mut GraphPattern),
) {
    if let Expression::Exists(pattern) = expression {
        change(pattern);
    } else {
        operands(expression, &mut |e| change_exists(e, change));
    }
}

fn visit_exists(expression: &Expression, seen: &mut dyn FnMut(&GraphPattern)) {
    if let Expression::Exists(pattern) = expression {
        visit(pattern, seen);
    } else {
        any_operand(expression, &mut |e| {
            visit_exists(e, seen);
            false
        });
    }
}
