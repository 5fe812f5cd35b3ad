//! What must be known of a `CONSTRUCT` to ask for its answer page by page. Changes nothing.

use super::QueryAlgebra;
use spargebra::Query;
use spargebra::algebra::GraphPattern;
use spargebra::term::{NamedNodePattern, TermPattern};
use std::collections::BTreeSet;

/// A `CONSTRUCT` as far as paging goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConstructForm {
    /// Triples that a solution makes at most.
    pub template: usize,
    /// The variables of the template, without their marks, sorted.
    pub variables: Vec<String>,
    /// Whether it has an order of its own.
    pub is_ordered: bool,
    /// Whether it has a `LIMIT` or `OFFSET` of its own.
    pub is_sliced: bool,
}

impl QueryAlgebra {
    /// `None` for another form of query.
    pub(in crate::query) fn construct_form(&self) -> Option<ConstructForm> {
        let Query::Construct {
            template, pattern, ..
        } = &self.query
        else {
            return None;
        };
        let mut variables = BTreeSet::new();
        for triple in template {
            add(&triple.subject, &mut variables);
            if let NamedNodePattern::Variable(variable) = &triple.predicate {
                variables.insert(variable.as_str().to_owned());
            }
            add(&triple.object, &mut variables);
        }
        let mut form = ConstructForm {
            template: template.len(),
            variables: variables.into_iter().collect(),
            ..ConstructForm::default()
        };
        let mut pattern = pattern;
        loop {
            pattern = match pattern {
                GraphPattern::Slice { inner, .. } => {
                    form.is_sliced = true;
                    inner
                }
                GraphPattern::OrderBy { inner, .. } => {
                    form.is_ordered = true;
                    inner
                }
                GraphPattern::Project { inner, .. }
                | GraphPattern::Distinct { inner }
                | GraphPattern::Reduced { inner } => inner,
                _ => return Some(form),
            };
        }
    }
}

fn add(term: &TermPattern, variables: &mut BTreeSet<String>) {
    if let TermPattern::Variable(variable) = term {
        variables.insert(variable.as_str().to_owned());
    }
}
