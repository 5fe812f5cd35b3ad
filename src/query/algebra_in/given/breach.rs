//! What a query over given nodes must not do ([SHACL appendix A](https://www.w3.org/TR/shacl/#pre-binding)): the restrictions that
//! let every engine put values in the place of variables. Refuses nothing itself.

use super::mentions;
use crate::query::algebra_in::rewrite::visit;
use oxrdf::Variable;
use spargebra::Query;
use spargebra::algebra::GraphPattern;

/// A restriction that a query does not keep to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::query) enum Breach {
    /// `MINUS`.
    Minus,
    /// `VALUES`; whether it gives a given variable a value.
    Values(bool),
    /// `SERVICE`.
    Service,
    /// A given variable gets another value (`AS`).
    Assigned(Variable),
    /// A sub-query does not show a given variable; whether it names it.
    Hidden(Variable, bool),
    /// The query itself does not show a given variable.
    NotShown(Variable),
}

/// All breaches, each once. `hidden` are given variables that a sub-query need not show.
pub(super) fn breaches(query: &Query, given: &[Variable], hidden: &[Variable]) -> Vec<Breach> {
    let mut found = Vec::new();
    let (pattern, is_select) = match query {
        Query::Select { pattern, .. } => (pattern, true),
        Query::Ask { pattern, .. }
        | Query::Construct { pattern, .. }
        | Query::Describe { pattern, .. } => (pattern, false),
    };
    let mut outermost = pattern;
    while let GraphPattern::Slice { inner, .. }
    | GraphPattern::Distinct { inner }
    | GraphPattern::Reduced { inner } = outermost
    {
        outermost = inner;
    }
    visit(pattern, &mut |part| match part {
        GraphPattern::Minus { .. } => found.push(Breach::Minus),
        GraphPattern::Service { .. } => found.push(Breach::Service),
        GraphPattern::Values { variables, .. } => {
            found.push(Breach::Values(variables.iter().any(|v| given.contains(v))));
        }
        GraphPattern::Extend { variable, .. } if given.contains(variable) => {
            found.push(Breach::Assigned(variable.clone()));
        }
        GraphPattern::Project { inner, variables } => {
            let is_outermost = std::ptr::eq(part, outermost);
            for variable in given.iter().filter(|v| !variables.contains(v)) {
                if is_outermost {
                    if is_select && variable.as_str() == "this" {
                        found.push(Breach::NotShown(variable.clone()));
                    }
                } else if !hidden.contains(variable) {
                    let names = mentions(inner, std::slice::from_ref(variable));
                    found.push(Breach::Hidden(variable.clone(), names));
                }
            }
        }
        _ => {}
    });
    let mut unique: Vec<Breach> = Vec::with_capacity(found.len());
    for breach in found {
        if !unique.contains(&breach) {
            unique.push(breach);
        }
    }
    unique
}
