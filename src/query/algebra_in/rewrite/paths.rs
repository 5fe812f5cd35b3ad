//! Property paths written as patterns, and what a path of length zero reaches.

use super::name_blank_node;
use oxrdf::{Term, Variable};
use spargebra::algebra::{Expression, GraphPattern, PropertyPathExpression};
use spargebra::term::{GroundTerm, NamedNodePattern, TermPattern, TriplePattern};
use std::sync::atomic::{AtomicU64, Ordering};

/// Writes a path as the patterns it stands for ([SPARQL 1.1 §18.2.2.4](https://www.w3.org/TR/sparql11-query/#sparqlTranslatePathPatterns)),
/// so that they are joined like any other: the evaluator alone counts some solutions of `|` and `!` once when both ends are
/// known and many times when not. Paths of any length stay paths.
pub(super) fn rewrite_path(pattern: &mut GraphPattern) {
    let GraphPattern::Path {
        subject,
        path,
        object,
    } = pattern
    else {
        return;
    };
    name_blank_node(subject);
    name_blank_node(object);
    *pattern = expand_path(subject, path, object);
}

fn expand_path(
    subject: &TermPattern,
    path: &PropertyPathExpression,
    object: &TermPattern,
) -> GraphPattern {
    let triple = |predicate: NamedNodePattern| GraphPattern::Bgp {
        patterns: vec![TriplePattern {
            subject: subject.clone(),
            predicate,
            object: object.clone(),
        }],
    };
    match path {
        PropertyPathExpression::NamedNode(node) => triple(node.clone().into()),
        PropertyPathExpression::Reverse(inner) => expand_path(object, inner, subject),
        PropertyPathExpression::Sequence(first, second) => {
            let between = TermPattern::from(fresh_variable());
            GraphPattern::Join {
                left: Box::new(expand_path(subject, first, &between)),
                right: Box::new(expand_path(&between, second, object)),
            }
        }
        PropertyPathExpression::Alternative(first, second) => GraphPattern::Union {
            left: Box::new(expand_path(subject, first, object)),
            right: Box::new(expand_path(subject, second, object)),
        },
        PropertyPathExpression::NegatedPropertySet(excluded) => {
            let predicate = fresh_variable();
            let excluded = excluded.iter().cloned().map(Expression::NamedNode);
            GraphPattern::Filter {
                expr: Expression::Not(Box::new(Expression::In(
                    Box::new(Expression::Variable(predicate.clone())),
                    excluded.collect(),
                ))),
                inner: Box::new(triple(predicate.into())),
            }
        }
        PropertyPathExpression::ZeroOrMore(_)
        | PropertyPathExpression::OneOrMore(_)
        | PropertyPathExpression::ZeroOrOne(_) => closure(subject, path, object),
    }
}

/// A variable that no text can name.
fn fresh_variable() -> Variable {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    Variable::new_unchecked(format!("_:path{number}"))
}

/// `<c> p* ?o` and `<c> p? ?o` hold for `?o = <c>` even when no triple names `<c>`
/// ([SPARQL 1.1 §18.4](https://www.w3.org/TR/sparql11-query/#PropertyPathPatterns)).
fn closure(
    subject: &TermPattern,
    path: &PropertyPathExpression,
    object: &TermPattern,
) -> GraphPattern {
    let whole = |path: PropertyPathExpression| GraphPattern::Path {
        subject: subject.clone(),
        path,
        object: object.clone(),
    };
    let longer = match path {
        PropertyPathExpression::ZeroOrMore(step) => PropertyPathExpression::OneOrMore(step.clone()),
        PropertyPathExpression::ZeroOrOne(step) => (**step).clone(),
        _ => return whole(path.clone()),
    };
    if subject == object && ground(subject).is_some() {
        return GraphPattern::Bgp {
            patterns: Vec::new(),
        };
    }
    let (variable, constant) = match (subject, object) {
        (TermPattern::Variable(variable), constant)
        | (constant, TermPattern::Variable(variable)) => match ground(constant) {
            Some(constant) => (variable.clone(), constant),
            None => return whole(path.clone()),
        },
        _ => return whole(path.clone()),
    };
    let shown = variable.clone();
    let zero = GraphPattern::Values {
        variables: vec![variable],
        bindings: vec![vec![Some(constant)]],
    };
    GraphPattern::Distinct {
        inner: Box::new(GraphPattern::Union {
            left: Box::new(zero),
            right: Box::new(match longer {
                longer @ PropertyPathExpression::OneOrMore(_) => whole(longer),
                // What lies between does not make solutions differ.
                step => GraphPattern::Project {
                    inner: Box::new(expand_path(subject, &step, object)),
                    variables: vec![shown],
                },
            }),
        }),
    }
}

fn ground(term: &TermPattern) -> Option<GroundTerm> {
    match term {
        TermPattern::NamedNode(node) => Some(node.clone().into()),
        TermPattern::Literal(literal) => Some(literal.clone().into()),
        TermPattern::Triple(_) => Term::try_from(term.clone()).ok()?.try_into().ok(),
        TermPattern::BlankNode(_) | TermPattern::Variable(_) => None,
    }
}
