//! A plan over the ids of one state, and the question it answers: which focus nodes may have other results after a
//! change. Reads the index for ways back and for targets; judges nothing.

use super::plan::{Change, Endpoint, GroupIx, PartIx, Plan};
use crate::rdf::vocab::{rdf, rdfs};
use crate::shapes::bind::{Binder, BoundPath, Unknown};
use crate::shapes::graph::subclass_closure;
use crate::shapes::idset::sort_unique;
use crate::shapes::model::Target;
use crate::shapes::run::{RunStats, Unit, values_of};
use crate::store::{Fresh, Id, NetDelta, View};
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;

/// A target over ids.
#[derive(Debug)]
enum BoundTarget {
    /// The class and its subclasses, sorted.
    Class(Vec<Id>),
    Node(Id),
    SubjectsOf(Id),
    ObjectsOf(Id),
}

#[derive(Debug)]
struct BoundTrigger {
    endpoint: Endpoint,
    /// `None` stays where it is.
    back: Option<BoundPath>,
    /// What the subject of a changed triple must have too.
    beside: Vec<Id>,
    parts: Vec<PartIx>,
}

/// A plan over ids.
#[derive(Debug, Default)]
pub(crate) struct BoundPlan {
    rdf_type: Option<Id>,
    sub_class_of: Option<Id>,
    targets: Vec<Vec<BoundTarget>>,
    triggers: Vec<BoundTrigger>,
    /// Triggers by predicate.
    by_predicate: FxHashMap<Id, Vec<u32>>,
    /// Triggers by class.
    by_class: FxHashMap<Id, Vec<u32>>,
    /// Triggers that every triple sets off.
    always: Vec<u32>,
    /// Triples that wake groups; what is `None` may be anything.
    wakes: Vec<([Option<Id>; 3], GroupIx)>,
    /// How many parts the groups have together.
    parts: usize,
    /// Names the state does not know.
    unknown: Vec<Unknown>,
}

/// What a change concerns.
#[derive(Debug, Default)]
pub(crate) struct Affected {
    /// For each part the nodes that may have other results, sorted: targets before, after, or neither.
    pub(crate) nodes: Vec<Vec<Id>>,
    /// For each group whether a triple that wakes it changed.
    pub(crate) woken: Vec<bool>,
    /// Work done to find them.
    pub(crate) stats: RunStats,
    /// Some way leads to more nodes than it is worth to follow.
    pub(crate) too_far: bool,
}

/// What is to be checked again for the same nodes.
pub(crate) struct Again {
    pub(crate) nodes: Vec<Id>,
    pub(crate) parts: Vec<PartIx>,
    pub(crate) units: Vec<Unit>,
    pub(crate) is_nested: bool,
}

impl Again {
    /// How many shapes with targets that concerns.
    pub(crate) fn roots(&self) -> usize {
        let mut roots: Vec<_> = self.units.iter().map(|unit| unit.root).collect();
        roots.sort_unstable();
        roots.dedup();
        roots.len()
    }
}

impl Affected {
    /// Nodes of all parts of a group together, sorted.
    pub(crate) fn of_parts(&self, parts: &Range<PartIx>) -> Vec<Id> {
        let nodes = &self.nodes[parts.start as usize..parts.end as usize];
        sort_unique(nodes.iter().flatten().copied().collect())
    }

    /// The parts of a group that a change concerns, those for the same nodes together. `all` are the nodes of all its parts:
    /// what concerns half of them is checked for all, since that is done at once.
    pub(crate) fn again(&self, plan: &Plan, parts: &Range<PartIx>, all: &[Id]) -> Vec<Again> {
        let mut found: Vec<Again> = Vec::new();
        for ix in parts.clone() {
            let (part, mut nodes) = (&plan.parts[ix as usize], &self.nodes[ix as usize][..]);
            if nodes.is_empty() {
                continue;
            }
            if nodes.len() * 2 >= all.len() {
                nodes = all;
            }
            let same =
                |again: &&mut Again| again.is_nested == part.is_nested && again.nodes == nodes;
            match found.iter_mut().find(same) {
                Some(again) => {
                    again.parts.push(ix);
                    again.units.extend(&part.units);
                }
                None => found.push(Again {
                    nodes: nodes.to_vec(),
                    parts: vec![ix],
                    units: part.units.clone(),
                    is_nested: part.is_nested,
                }),
            }
        }
        found
    }
}

/// What is said of subjects before or after a change.
struct Said<'a> {
    before: &'a View,
    /// Subjects and predicates of what comes.
    added: FxHashSet<(Id, Id)>,
    known: FxHashMap<(Id, Id), bool>,
}

impl<'a> Said<'a> {
    fn new(before: &'a View, delta: &NetDelta) -> Self {
        Self {
            before,
            added: delta.added.iter().map(|quad| (quad.s, quad.p)).collect(),
            known: FxHashMap::default(),
        }
    }

    /// Whether a subject has a predicate: what it has after the change it had before, or gets by it.
    fn has(&mut self, subject: Id, predicate: Id) -> bool {
        let before = self.before;
        self.added.contains(&(subject, predicate))
            || before.may_hold(subject)
                && *self
                    .known
                    .entry((subject, predicate))
                    .or_insert_with(|| before.objects(subject, predicate).next().is_some())
    }
}

impl BoundPlan {
    /// Binds a plan to the context view.
    pub(crate) fn bind(plan: &Plan, view: &View) -> Self {
        let mut binder = Binder::new(view);
        let mut bound = Self {
            rdf_type: binder.iri(rdf::TYPE),
            sub_class_of: binder.iri(rdfs::SUB_CLASS_OF),
            parts: plan.parts.len(),
            ..Self::default()
        };
        for group in &plan.groups {
            let mut targets = Vec::with_capacity(group.targets.len());
            for target in &group.targets {
                targets.extend(match target {
                    Target::Class(class) => binder
                        .iri(class.as_str())
                        .map(|class| BoundTarget::Class(subclass_closure(view, class))),
                    Target::Node(term) => Some(BoundTarget::Node(binder.term(term))),
                    Target::SubjectsOf(p) => binder.iri(p.as_str()).map(BoundTarget::SubjectsOf),
                    Target::ObjectsOf(p) => binder.iri(p.as_str()).map(BoundTarget::ObjectsOf),
                    // Known by running it alone.
                    Target::Sparql(_) => None,
                    // With such a target everything is checked, see `Plan::targets_are_checked`.
                    Target::Where(_) => None,
                });
            }
            bound.targets.push(targets);
            let group_ix = bound.targets.len() as GroupIx - 1;
            for wake in &group.wakes {
                let predicate = wake
                    .predicate
                    .as_ref()
                    .map(|p| binder.term(&p.clone().into()));
                let ends =
                    [&wake.subject, &wake.object].map(|end| end.as_ref().map(|t| binder.term(t)));
                bound.wakes.push(([ends[0], predicate, ends[1]], group_ix));
            }
        }
        for (trigger, parts) in &plan.triggers {
            let beside = trigger.beside.iter().map(|p| binder.iri(p.as_str()));
            // A predicate that nothing has yet lets no triple count: the plan is bound anew when it comes.
            let Some(beside) = beside.collect::<Option<Vec<Id>>>() else {
                continue;
            };
            let ix = bound.triggers.len() as u32;
            match &trigger.change {
                Change::Any => bound.always.push(ix),
                Change::Predicate(predicate) => {
                    if let Some(predicate) = binder.iri(predicate.as_str()) {
                        bound.by_predicate.entry(predicate).or_default().push(ix);
                    }
                }
                Change::Type(class) => {
                    if let Some(class) = binder.iri(class.as_str()) {
                        for class in subclass_closure(view, class) {
                            bound.by_class.entry(class).or_default().push(ix);
                        }
                    }
                }
            }
            let back = match binder.path(&trigger.back) {
                BoundPath::Sequence(steps) if steps.is_empty() => None,
                path => Some(path),
            };
            bound.triggers.push(BoundTrigger {
                endpoint: trigger.endpoint,
                back,
                beside,
                parts: parts.clone(),
            });
        }
        bound.unknown = binder.bindings.unknown;
        bound
    }

    /// Whether the plan is as good for another state whose classes are the same.
    pub(crate) fn holds_in(&self, view: &View) -> bool {
        Unknown::none_in(&self.unknown, view)
    }

    /// Whether a change may move classes below others: then nothing that was bound holds.
    pub(crate) fn moves_classes(&self, delta: &NetDelta) -> bool {
        let Some(sub_class_of) = self.sub_class_of else {
            return false;
        };
        let mut changed = delta.added.iter().chain(&delta.removed);
        changed.any(|quad| quad.p == sub_class_of)
    }

    /// The focus nodes a change may concern, by part. `before` and `after` are the context around it.
    pub(crate) fn affected(&self, before: &View, after: &View, delta: &NetDelta) -> Affected {
        let mut by_predicate: FxHashMap<Id, Vec<(Id, Id)>> = FxHashMap::default();
        let mut by_class: FxHashMap<Id, Vec<(Id, Id)>> = FxHashMap::default();
        let mut all: Vec<(Id, Id)> = Vec::new();
        for quad in delta.added.iter().chain(&delta.removed) {
            let ends = (quad.s, quad.o);
            if self.by_predicate.contains_key(&quad.p) {
                by_predicate.entry(quad.p).or_default().push(ends);
            }
            if Some(quad.p) == self.rdf_type && self.by_class.contains_key(&quad.o) {
                by_class.entry(quad.o).or_default().push(ends);
            }
            if !self.always.is_empty() {
                all.push(ends);
            }
        }
        let mut woken = vec![false; self.targets.len()];
        for (wake, group) in &self.wakes {
            let mut changed = delta.added.iter().chain(&delta.removed);
            woken[*group as usize] |= changed.any(|quad| {
                let triple = [quad.s, quad.p, quad.o];
                wake.iter()
                    .zip(triple)
                    .all(|(want, id)| want.is_none_or(|want| want == id))
            });
        }
        let mut said = Said::new(before, delta);
        let mut starts: FxHashMap<u32, Vec<Id>> = FxHashMap::default();
        let mut start = |triggers: &[u32], triples: &[(Id, Id)]| {
            for ix in triggers {
                let trigger = &self.triggers[*ix as usize];
                let counts = triples
                    .iter()
                    .filter(|(s, _)| trigger.beside.iter().all(|p| said.has(*s, *p)));
                let from = counts.map(|(s, o)| match trigger.endpoint {
                    Endpoint::Subject => *s,
                    Endpoint::Object => *o,
                });
                starts.entry(*ix).or_default().extend(from);
            }
        };
        for (predicate, triples) in &by_predicate {
            start(&self.by_predicate[predicate], triples);
        }
        for (class, triples) in &by_class {
            start(&self.by_class[class], triples);
        }
        start(&self.always, &all);
        starts.retain(|_, from| !from.is_empty());
        Affected {
            woken,
            ..self.follow(after, starts)
        }
    }

    fn follow(&self, view: &View, starts: FxHashMap<u32, Vec<Id>>) -> Affected {
        let mut affected = Affected {
            nodes: vec![Vec::new(); self.parts],
            woken: Vec::new(),
            stats: RunStats::default(),
            too_far: false,
        };
        for (ix, from) in starts {
            let trigger = &self.triggers[ix as usize];
            let from = sort_unique(from);
            let nodes = match &trigger.back {
                None => from,
                Some(back) => match values_of(view, &mut affected.stats, back, &from) {
                    Some(nodes) => nodes,
                    None => {
                        affected.too_far = true;
                        return affected;
                    }
                },
            };
            for part in &trigger.parts {
                affected.nodes[*part as usize].extend_from_slice(&nodes);
            }
        }
        for nodes in &mut affected.nodes {
            *nodes = sort_unique(std::mem::take(nodes));
        }
        affected
    }

    /// Reads who is a target in a state. `fresh` is what a change brought to it.
    pub(crate) fn membership<'p>(
        &'p self,
        data: &'p View,
        fresh: Option<&'p Fresh>,
    ) -> Membership<'p> {
        Membership {
            plan: self,
            data,
            fresh,
            types: FxHashMap::default(),
            said: FxHashMap::default(),
            naming: FxHashMap::default(),
            is_used: FxHashMap::default(),
            is_named: FxHashMap::default(),
        }
    }
}

/// Statements about a node, or that name it, up to which the predicates of all are read at once: one way into the index
/// instead of one for each predicate that a target asks for.
const READ_AT_ONCE: usize = 256;

/// Who is a target in one state; what is known of a node is read once.
pub(crate) struct Membership<'p> {
    plan: &'p BoundPlan,
    data: &'p View,
    /// New nodes with all that is said of them.
    fresh: Option<&'p Fresh>,
    types: FxHashMap<Id, Box<[Id]>>,
    /// Predicates of the statements about a node; none when there are many statements.
    said: FxHashMap<Id, Option<Box<[Id]>>>,
    /// Predicates of the statements that name a node, likewise.
    naming: FxHashMap<Id, Option<Box<[Id]>>>,
    /// Whether anything is said by a predicate.
    is_used: FxHashMap<Id, bool>,
    /// Whether a node that many name is named by a predicate.
    is_named: FxHashMap<(Id, Id), bool>,
}

/// The predicates of some statements, each once; none when there are many statements.
fn predicates_of(statements: impl Iterator<Item = Id>) -> Option<Box<[Id]>> {
    let mut predicates: Vec<Id> = Vec::new();
    for (count, predicate) in statements.enumerate() {
        if count == READ_AT_ONCE {
            return None;
        }
        if predicates.last() != Some(&predicate) {
            predicates.push(predicate);
        }
    }
    Some(sort_unique(predicates).into())
}

impl Membership<'_> {
    /// Whether a node is a target of a group.
    pub(crate) fn is_target(&mut self, group: usize, node: Id) -> bool {
        let (plan, data) = (self.plan, self.data);
        if let Some(fresh) = self.fresh.filter(|fresh| fresh.covers(node)) {
            return self.is_fresh_target(fresh, group, node);
        }
        // Most of what a commit adds is new: nothing is said of it before.
        let may_hold = data.may_hold(node);
        plan.targets[group].iter().any(|target| match target {
            BoundTarget::Node(target) => *target == node,
            _ if !may_hold => false,
            BoundTarget::Class(classes) => {
                let types = self.types_of(node);
                types
                    .iter()
                    .any(|class| classes.binary_search(class).is_ok())
            }
            BoundTarget::SubjectsOf(p) => {
                let read = || predicates_of(data.star(node).map(|(p, _)| p));
                match self.said.entry(node).or_insert_with(read) {
                    Some(predicates) => predicates.binary_search(p).is_ok(),
                    None => data.objects(node, *p).next().is_some(),
                }
            }
            BoundTarget::ObjectsOf(p) => {
                let is_used = self.is_used.entry(*p);
                if !*is_used.or_insert_with(|| data.pairs(*p).next().is_some()) {
                    return false;
                }
                let read = || predicates_of(data.star_reversed(node).map(|(_, p)| p));
                match self.naming.entry(node).or_insert_with(read) {
                    Some(predicates) => predicates.binary_search(p).is_ok(),
                    None => {
                        let is_named = self.is_named.entry((node, *p));
                        *is_named.or_insert_with(|| data.subjects(*p, node).next().is_some())
                    }
                }
            }
        })
    }

    fn is_fresh_target(&self, fresh: &Fresh, group: usize, node: Id) -> bool {
        let plan = self.plan;
        plan.targets[group].iter().any(|target| match target {
            BoundTarget::Node(target) => *target == node,
            BoundTarget::Class(classes) => plan.rdf_type.is_some_and(|rdf_type| {
                let mut types = fresh.objects(node, rdf_type);
                types.any(|class| classes.binary_search(&class).is_ok())
            }),
            BoundTarget::SubjectsOf(p) => fresh.objects(node, *p).next().is_some(),
            BoundTarget::ObjectsOf(p) => fresh.star_reversed(node).any(|(_, by)| by == *p),
        })
    }

    /// Whether a node is a target of any group.
    pub(crate) fn is_any_target(&mut self, node: Id) -> bool {
        (0..self.plan.targets.len()).any(|group| self.is_target(group, node))
    }

    fn types_of(&mut self, node: Id) -> &[Id] {
        let (rdf_type, data) = (self.plan.rdf_type, self.data);
        self.types.entry(node).or_insert_with(|| match rdf_type {
            Some(rdf_type) => data.objects(node, rdf_type).collect(),
            None => Box::default(),
        })
    }
}
