//! What the lowering knows and a plan does not say: the variables of its slots, and how many solutions the planner
//! expects of its steps. Kept only when somebody asks.

use crate::query::algebra_in::ordering::Expected;
use crate::query::exec::plan::Node;
use oxrdf::Variable;
use rustc_hash::FxHashMap;
use spargebra::algebra::GraphPattern;
use std::rc::Rc;

/// The notes of one plan.
#[derive(Debug, Default)]
pub(in crate::query) struct PlanNotes {
    /// The variable of each slot, where it is one.
    pub(in crate::query) names: Vec<Option<Variable>>,
    expected: Expected,
    /// Solutions expected, by where a step stands in memory.
    rows: FxHashMap<*const Node, f64>,
}

impl PlanNotes {
    /// With what is expected of the pattern that is to be lowered.
    pub(in crate::query::algebra_in) fn new(expected: Expected) -> Self {
        Self {
            expected,
            ..Self::default()
        }
    }

    /// Solutions expected of a step of the plan.
    pub(in crate::query) fn rows(&self, node: &Rc<Node>) -> Option<f64> {
        self.rows.get(&Rc::as_ptr(node)).copied()
    }

    pub(super) fn name(&mut self, slot: usize, variable: &Variable) {
        if self.names.len() <= slot {
            self.names.resize(slot + 1, None);
        }
        self.names[slot] = Some(variable.clone());
    }

    /// A step was made of a pattern.
    pub(super) fn meet(&mut self, pattern: &GraphPattern, node: &Rc<Node>) {
        match self.expected.rows(pattern) {
            Some(rows) => self.rows.insert(Rc::as_ptr(node), rows),
            // A step that was given up may have stood at the same place.
            None => self.rows.remove(&Rc::as_ptr(node)),
        };
    }
}
