//! Who conforms to a shape: failing sets, bottom up, remembered per condition so that no node is decided twice.
//! Shapes that refer to themselves without negation get the greatest fixpoint: a circle conforms until something fails.

use super::{At, Failure, Run, Sink};
use crate::shapes::idset::IdSet;
use crate::shapes::model::ShapeIx;
use crate::store::Id;
use rustc_hash::FxHashMap;

/// Nodes decided for one condition.
#[derive(Debug, Default)]
pub(super) struct ConditionMemo {
    known: IdSet,
    failing: IdSet,
}

/// A fixpoint being computed for one circle of shapes.
pub(super) struct Fixpoint {
    component: u32,
    domains: FxHashMap<ShapeIx, Domain>,
    grew: bool,
}

#[derive(Default)]
struct Domain {
    asked: IdSet,
    nodes: Vec<Id>,
    failing: IdSet,
}

/// Collects failing focus nodes.
#[derive(Default)]
struct FailingNodes(IdSet);

impl Sink for FailingNodes {
    fn take(&mut self, _: At, failure: Failure, _: u64) {
        self.0.insert(failure.focus);
    }

    fn wants_nested(&self) -> bool {
        false
    }
}

impl Run<'_> {
    /// Decides for nodes (sorted, each once) whether they conform to a shape; ask with [`Run::fails`].
    pub(crate) fn decide(&mut self, shape: ShapeIx, nodes: &[Id]) {
        let compiled = self.compiled;
        let model = &compiled.shapes[shape as usize];
        if !model.runs() {
            return;
        }
        let memo = &self.conditions[model.condition as usize];
        let known = |node: &Id| memo.as_ref().is_some_and(|memo| memo.known.contains(*node));
        let new: Vec<Id> = nodes.iter().copied().filter(|node| !known(node)).collect();
        if new.is_empty() {
            return;
        }
        if let Some(component) = model.recursion {
            return self.decide_recursive(component, shape, new);
        }
        let failing = self.failing_now(shape, &new);
        let memo = self.conditions[model.condition as usize].get_or_insert_default();
        for node in new {
            memo.known.insert(node);
            if failing.contains(node) {
                memo.failing.insert(node);
            }
        }
    }

    /// Whether a node was decided to fail. Shapes that are deactivated or not checked fail nobody.
    pub(crate) fn fails(&self, shape: ShapeIx, node: Id) -> bool {
        let model = &self.compiled.shapes[shape as usize];
        if !model.runs() {
            return false;
        }
        if let (Some(component), Some(fixpoint)) = (model.recursion, self.fixpoints.last())
            && fixpoint.component == component
            && let Some(domain) = fixpoint.domains.get(&shape)
            && domain.failing.contains(node)
        {
            return true;
        }
        // Also within a fixpoint: what an earlier one of the same circle decided is not asked again.
        self.conditions[model.condition as usize]
            .as_ref()
            .is_some_and(|memo| memo.failing.contains(node))
    }

    /// Decides and returns the nodes that fail, sorted.
    pub(crate) fn failing(&mut self, shape: ShapeIx, nodes: &[Id]) -> Vec<Id> {
        self.decide(shape, nodes);
        nodes
            .iter()
            .copied()
            .filter(|node| self.fails(shape, *node))
            .collect()
    }

    fn failing_now(&mut self, shape: ShapeIx, nodes: &[Id]) -> IdSet {
        let mut sink = FailingNodes::default();
        self.check_shapes(&[shape], nodes, &mut sink);
        sink.0
    }

    fn decide_recursive(&mut self, component: u32, shape: ShapeIx, new: Vec<Id>) {
        if let Some(fixpoint) = self.fixpoints.last_mut()
            && fixpoint.component == component
        {
            // Asked from inside the circle: assume they conform and look at them in the next round.
            fixpoint.ask(shape, new);
            return;
        }
        let mut fixpoint = Fixpoint {
            component,
            domains: FxHashMap::default(),
            grew: false,
        };
        fixpoint.ask(shape, new);
        self.fixpoints.push(fixpoint);
        while !self.is_cancelled() {
            let fixpoint = self
                .fixpoints
                .last_mut()
                .expect("pushed above, popped below");
            fixpoint.grew = false;
            let mut work: Vec<(ShapeIx, Vec<Id>)> = fixpoint
                .domains
                .iter()
                .map(|(shape, domain)| {
                    let open = domain
                        .nodes
                        .iter()
                        .copied()
                        .filter(|node| !domain.failing.contains(*node));
                    (*shape, crate::shapes::idset::sort_unique(open.collect()))
                })
                .collect();
            work.sort_unstable_by_key(|(shape, _)| *shape);
            for (shape, nodes) in work {
                let failing = self.failing_now(shape, &nodes);
                if !failing.is_empty() {
                    let fixpoint = self
                        .fixpoints
                        .last_mut()
                        .expect("pushed above, popped below");
                    fixpoint.grew = true;
                    let domain = fixpoint.domains.entry(shape).or_default();
                    domain
                        .failing
                        .extend(nodes.into_iter().filter(|node| failing.contains(*node)));
                }
            }
            if !self
                .fixpoints
                .last()
                .expect("pushed above, popped below")
                .grew
            {
                break;
            }
        }
        let fixpoint = self.fixpoints.pop().expect("pushed above");
        for (shape, domain) in fixpoint.domains {
            let condition = self.compiled.shapes[shape as usize].condition;
            let memo = self.conditions[condition as usize].get_or_insert_default();
            for node in domain.nodes {
                memo.known.insert(node);
                if domain.failing.contains(node) {
                    memo.failing.insert(node);
                }
            }
        }
    }
}

impl Fixpoint {
    fn ask(&mut self, shape: ShapeIx, nodes: Vec<Id>) {
        let domain = self.domains.entry(shape).or_default();
        for node in nodes {
            if domain.asked.insert(node) {
                domain.nodes.push(node);
                self.grew = true;
            }
        }
    }
}
