//! Who conforms to a shape: failing sets, bottom up, remembered per condition so that no node is decided twice.
//! Shapes that refer to themselves without negation get the greatest fixpoint: a circle conforms until something fails.

use super::{At, Failure, Run, Sink};
use crate::shapes::idset::IdSet;
use crate::shapes::model::{Compiled, ShapeIx};
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
}

#[derive(Default)]
struct Domain {
    asked: IdSet,
    /// Nodes asked for since the last look, not decided yet.
    new: Vec<Id>,
    failing: IdSet,
}

/// Nodes of one shape that were asked for together. Nodes asked for later lie deeper in the data.
struct Layer {
    shape: ShapeIx,
    /// Those that do not fail so far, sorted.
    open: Vec<Id>,
}

/// Collects focus nodes with a result that denies conformance.
struct FailingNodes<'a> {
    compiled: &'a Compiled,
    nodes: IdSet,
}

impl Sink for FailingNodes<'_> {
    fn take(&mut self, at: At, failure: Failure, _: u64) {
        if self.compiled.denies(at.shape) {
            self.nodes.insert(failure.focus);
        }
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
        if self.is_stopped() {
            return;
        }
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
        let mut sink = FailingNodes {
            compiled: self.compiled,
            nodes: IdSet::default(),
        };
        self.deciding += 1;
        self.check_shapes(&[shape], nodes, &mut sink);
        self.deciding -= 1;
        sink.nodes
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
        };
        fixpoint.ask(shape, new);
        self.fixpoints.push(fixpoint);
        let mut layers: Vec<Layer> = Vec::new();
        loop {
            // First all nodes that are asked for, each once, one step of the data deeper every time.
            let mut failed = false;
            while let Some(new) = self.circle().take_new() {
                for (shape, nodes) in new {
                    let mut layer = Layer { shape, open: nodes };
                    failed |= self.look_at(&mut layer);
                    layers.push(layer);
                    if self.is_stopped() {
                        self.fixpoints.pop();
                        return;
                    }
                }
            }
            // Then again from the deepest up, as what lies deeper shows most about what lies above it.
            for layer in layers.iter_mut().rev() {
                failed |= self.look_at(layer);
                if self.is_stopped() {
                    self.fixpoints.pop();
                    return;
                }
            }
            if !failed && self.circle().is_settled() {
                break;
            }
        }
        let fixpoint = self.fixpoints.pop().expect("pushed above");
        for (shape, domain) in &fixpoint.domains {
            let condition = self.compiled.shapes[*shape as usize].condition;
            let memo = self.conditions[condition as usize].get_or_insert_default();
            memo.failing.union(&domain.failing);
            memo.known.union(&domain.asked);
        }
    }

    /// The circle of shapes being decided.
    fn circle(&mut self) -> &mut Fixpoint {
        self.fixpoints
            .last_mut()
            .expect("a circle is being decided while this is asked")
    }

    /// Looks at the open nodes of a layer; whether some fail now.
    fn look_at(&mut self, layer: &mut Layer) -> bool {
        if layer.open.is_empty() {
            return false;
        }
        let failing = self.failing_now(layer.shape, &layer.open);
        if failing.is_empty() || self.is_stopped() {
            return false;
        }
        let domain = self.circle().domains.entry(layer.shape).or_default();
        layer.open.retain(|node| {
            let fails = failing.contains(*node);
            if fails {
                domain.failing.insert(*node);
            }
            !fails
        });
        true
    }
}

impl Fixpoint {
    fn ask(&mut self, shape: ShapeIx, nodes: Vec<Id>) {
        let domain = self.domains.entry(shape).or_default();
        for node in nodes {
            if domain.asked.insert(node) {
                domain.new.push(node);
            }
        }
    }

    /// Nodes asked for and not looked at yet, by shape; `None` when there are none.
    fn take_new(&mut self) -> Option<Vec<(ShapeIx, Vec<Id>)>> {
        let mut new: Vec<(ShapeIx, Vec<Id>)> = self
            .domains
            .iter_mut()
            .filter(|(_, domain)| !domain.new.is_empty())
            .map(|(shape, domain)| {
                let nodes = std::mem::take(&mut domain.new);
                (*shape, crate::shapes::idset::sort_unique(nodes))
            })
            .collect();
        new.sort_unstable_by_key(|(shape, _)| *shape);
        (!new.is_empty()).then_some(new)
    }

    /// Whether every node asked for was looked at.
    fn is_settled(&self) -> bool {
        self.domains.values().all(|domain| domain.new.is_empty())
    }
}
