//! Lowers joins: by a table of one side, by looking the other up, or with an optional side.

use super::super::observed::is_star;
use super::super::ordering::{is_wall, without_weight};
use super::{Graph, Lowering, Part, list, paths};
use crate::query::exec::expression::Expression as Computed;
use crate::query::exec::plan::{JoinKind, Node};
use spargebra::algebra::{Expression, GraphPattern};
use std::rc::Rc;

impl Lowering<'_> {
    /// A join as it is ordered: a wall makes a side of its own.
    pub(super) fn join_of(
        &mut self,
        left: &GraphPattern,
        right: &GraphPattern,
        input: Part,
        graph: &Graph,
    ) -> Option<Part> {
        if let Some(right) = is_wall(right) {
            let left = self.pattern(left, input, graph)?;
            let right = self.apart(without_weight(right), graph)?;
            return Some(join(&left, &right, JoinKind::BuildLeft, None));
        }
        let left = self.pattern(left, input, graph)?;
        if is_plain(right) {
            return self.pattern(right, left, graph);
        }
        let right = self.apart(right, graph)?;
        Some(join(&left, &right, JoinKind::BuildRight, None))
    }

    /// A right side that is looked up for each solution of the left.
    pub(super) fn lateral(
        &mut self,
        right: &GraphPattern,
        left: Part,
        graph: &Graph,
    ) -> Option<Part> {
        let outside = std::mem::replace(&mut self.correlated, true);
        let part = match right {
            GraphPattern::LeftJoin {
                left: nothing,
                right,
                expression,
            } if is_unit(nothing) => self.optional(left, right, expression.as_ref(), graph),
            _ => self.pattern(right, left, graph),
        };
        self.correlated = outside;
        part
    }

    pub(super) fn optional(
        &mut self,
        left: Part,
        right: &GraphPattern,
        condition: Option<&Expression>,
        graph: &Graph,
    ) -> Option<Part> {
        let outside = std::mem::replace(&mut self.correlated, true);
        let right = self.pattern(right, left.as_input(), graph);
        let right = right.and_then(|right| match condition {
            Some(condition) => self.filter(condition, right, graph),
            None => Some(right),
        });
        self.correlated = outside;
        let right = right?;
        Some(Part {
            certain: left.certain,
            possible: left.possible | right.possible,
            node: Rc::new(Node::Optional {
                input: left.node,
                right: right.node,
                tag: self.new_slot()?,
            }),
        })
    }
}

/// A join of two parts, the right of which starts from nothing.
pub(super) fn join(left: &Part, right: &Part, kind: JoinKind, condition: Option<Computed>) -> Part {
    let shared = left.possible & right.possible;
    let on = shared & left.certain & right.certain;
    let brings = right.possible & !on;
    let (certain, possible) = match kind {
        JoinKind::BuildLeft | JoinKind::BuildRight => {
            (left.certain | right.certain, left.possible | right.possible)
        }
        JoinKind::Outer => (left.certain, left.possible | right.possible),
        JoinKind::Minus => (left.certain, left.possible),
    };
    Part {
        certain,
        possible,
        node: Rc::new(Node::Join {
            left: Rc::clone(&left.node),
            right: Rc::clone(&right.node),
            on: list(on),
            maybe: list(shared & !on),
            brings: list(brings),
            kind,
            condition,
        }),
    }
}

/// Patterns that mean the same whether read on their own or looked up for solutions that bind some of their variables.
pub(super) fn is_plain(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { .. } | GraphPattern::Path { .. } => true,
        GraphPattern::Distinct { inner } => paths::with_zero(inner).is_some(),
        GraphPattern::Join { left, right } | GraphPattern::Lateral { left, right } => {
            is_plain(left) && is_plain(right)
        }
        GraphPattern::Graph { inner, .. } => is_plain(inner),
        GraphPattern::Service { .. } => is_star(pattern),
        _ => is_unit(pattern),
    }
}

pub(super) fn is_unit(pattern: &GraphPattern) -> bool {
    match pattern {
        GraphPattern::Bgp { patterns } => patterns.is_empty(),
        GraphPattern::Values {
            variables,
            bindings,
        } => variables.is_empty() && bindings.len() == 1,
        _ => false,
    }
}
