//! What the live report needs to know about the shapes, once per shapes graph: which shapes run together, and which
//! changed triple leads to which focus nodes. Works on the compiled model; ids come in `bound.rs`.
//!
//! A *trigger* is read off a shape on the way down: the predicate of a triple the shape reads, the end of the triple that
//! lies on the way, and the way back from there to the focus node. Following the way back in the *new* state is enough:
//! of the edges of an old way that are gone, the one nearest to the focus node is itself a change, and its own way back
//! is whole.

use super::rows::FOUND_MATTERS;
use crate::rdf::vocab::skos;
use crate::shapes::model::{Compiled, Component, Constraint, ShapeIx, Target};
use crate::shapes::path::Path;
use crate::shapes::run::{At, Unit};
use crate::shapes::sparql::{SparqlTrigger, Wake};
use crate::shapes::v12::{Constraint12, ReadFrom};
use oxrdf::NamedNode;
use rustc_hash::{FxHashMap, FxHashSet};
use std::ops::Range;

/// Position of a group in [`Plan::groups`].
pub(crate) type GroupIx = u32;
/// Position of a part in [`Plan::parts`].
pub(crate) type PartIx = u32;

/// Which end of a changed triple lies on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Endpoint {
    Subject,
    Object,
}

/// Which changed triples a trigger looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Change {
    /// Triples with a predicate.
    Predicate(NamedNode),
    /// Triples that type a node as a member of the class or of a subclass.
    Type(NamedNode),
    /// Every triple.
    Any,
}

/// How a changed triple leads to focus nodes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Trigger {
    pub(crate) change: Change,
    pub(crate) endpoint: Endpoint,
    /// From the endpoint to the focus node, in normal form; an empty sequence stays where it is.
    pub(crate) back: Path,
    /// Predicates that the subject has too, before or after the change: without one of them the triple does not count.
    pub(crate) beside: Vec<NamedNode>,
}

/// How the rows of a group follow from what changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Upkeep {
    /// Each result belongs to the focus node it names.
    ByFocus,
    /// Property shapes below property shapes: results name other nodes than the target's, and count the ways to them.
    Nested,
    /// What a change touches cannot be told: every focus node is checked again.
    Whole,
    /// The same after changes of some triples alone, which wake it up.
    Woken,
}

/// Shapes with the same targets, checked together.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) targets: Vec<Target>,
    pub(crate) roots: Vec<ShapeIx>,
    /// What of them is checked by itself, in [`Plan::parts`].
    pub(crate) parts: Range<PartIx>,
    pub(crate) upkeep: Upkeep,
    /// Triples whose change touches what cannot be told.
    pub(crate) wakes: Vec<Wake>,
    /// Whether a query chooses focus nodes: who is one is known by running it alone.
    pub(crate) is_chosen: bool,
}

/// Something of the shapes of a group whose results nothing else in the group has: a change that concerns it alone has the
/// rest left as it is.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) units: Vec<Unit>,
    /// Whether results name other nodes than the target's ([`Upkeep::Nested`]).
    pub(crate) is_nested: bool,
}

/// Groups and triggers of a shapes graph.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) groups: Vec<Group>,
    /// Parts of groups, group by group.
    pub(crate) parts: Vec<Part>,
    /// The part that the results of a shape belong to, in a group.
    part_of: FxHashMap<(GroupIx, ShapeIx), PartIx>,
    /// Each trigger once, with the parts it concerns.
    pub(crate) triggers: Vec<(Trigger, Vec<PartIx>)>,
    pub(crate) sites: Sites,
    /// Some targets are found by checking shapes: who is one is known only after everything was checked.
    pub(crate) targets_are_checked: bool,
}

impl Plan {
    /// Reads the plan off the shapes.
    pub(crate) fn of(compiled: &Compiled) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut by_targets: FxHashMap<String, usize> = FxHashMap::default();
        for &root in &compiled.roots {
            let targets = &compiled.shapes[root as usize].targets;
            let at = *by_targets
                .entry(format!("{targets:?} {:?}", alone(compiled, root)))
                .or_insert(groups.len());
            if at == groups.len() {
                groups.push(Group {
                    targets: targets.clone(),
                    roots: Vec::new(),
                    parts: 0..0,
                    upkeep: Upkeep::ByFocus,
                    wakes: Vec::new(),
                    is_chosen: targets.iter().any(|t| matches!(t, Target::Sparql(_))),
                });
            }
            groups[at].roots.push(root);
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut part_of = FxHashMap::default();
        let mut triggers = Triggers::default();
        for (ix, group) in groups.iter_mut().enumerate() {
            let mut reader = Reader {
                compiled,
                found: Vec::new(),
                above: Vec::new(),
                visits: 0,
                unreadable: false,
                wakes: Vec::new(),
            };
            for target in &group.targets {
                reader.target(target);
            }
            // Who becomes a target is known also where it is not known who must be checked again.
            let of_targets = std::mem::take(&mut reader.found);
            let first = parts.len() as PartIx;
            let mut of_parts: Vec<Vec<Trigger>> = Vec::new();
            for part in parts_of(compiled, &group.roots) {
                for unit in &part.units {
                    reader.unit(*unit);
                    for shape in reports_for(compiled, *unit) {
                        part_of.insert((ix as GroupIx, shape), parts.len() as PartIx);
                    }
                }
                of_parts.push(std::mem::take(&mut reader.found));
                parts.push(part);
            }
            group.parts = first..parts.len() as PartIx;
            let is_nested = |part: &Part| part.is_nested;
            group.wakes = std::mem::take(&mut reader.wakes);
            group.upkeep = if reader.unreadable {
                Upkeep::Whole
            } else if !group.wakes.is_empty() {
                Upkeep::Woken
            } else if parts[first as usize..].iter().any(is_nested) {
                Upkeep::Nested
            } else {
                Upkeep::ByFocus
            };
            for trigger in of_targets {
                triggers.add(trigger, group.parts.clone());
            }
            if group.upkeep != Upkeep::Whole {
                for (part, found) in group.parts.clone().zip(of_parts) {
                    for trigger in found {
                        triggers.add(trigger, part..part + 1);
                    }
                }
            }
        }
        Self {
            groups,
            parts,
            part_of,
            triggers: triggers.all,
            targets_are_checked: compiled
                .roots
                .iter()
                .flat_map(|root| &compiled.shapes[*root as usize].targets)
                .any(|target| target.shape().is_some()),
            sites: Sites::of(compiled),
        }
    }

    /// The part of a group that the results of a shape belong to.
    pub(crate) fn part(&self, group: usize, shape: ShapeIx) -> Option<PartIx> {
        self.part_of.get(&(group as GroupIx, shape)).copied()
    }
}

/// Triggers while they are gathered.
#[derive(Default)]
struct Triggers {
    all: Vec<(Trigger, Vec<PartIx>)>,
    known: FxHashMap<Trigger, usize>,
}

impl Triggers {
    fn add(&mut self, trigger: Trigger, parts: Range<PartIx>) {
        let at = *self.known.entry(trigger.clone()).or_insert(self.all.len());
        if at == self.all.len() {
            self.all.push((trigger, Vec::new()));
        }
        let concerned = &mut self.all[at].1;
        for part in parts {
            if concerned.last() != Some(&part) {
                concerned.push(part);
            }
        }
    }
}

/// The shapes that may report for a unit.
fn reports_for(compiled: &Compiled, unit: Unit) -> Vec<ShapeIx> {
    let mut found = vec![unit.shape];
    let mut known = FxHashSet::from_iter([unit.shape]);
    let mut at = 0;
    while at < found.len() && (unit.with_properties || at > 0) {
        let constraints = &compiled.shapes[found[at] as usize].constraints;
        for inner in constraints.iter().filter_map(Constraint::property) {
            if known.insert(inner) {
                found.push(inner);
            }
        }
        at += 1;
    }
    found
}

/// The smallest parts that share no results.
fn parts_of(compiled: &Compiled, roots: &[ShapeIx]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let mut part_of: FxHashMap<ShapeIx, usize> = FxHashMap::default();
    for &root in roots {
        let shape = &compiled.shapes[root as usize];
        let is_split = shape.path.is_none() && shape.runs();
        let mut units = vec![Unit {
            root,
            shape: root,
            with_properties: !is_split,
        }];
        if is_split {
            let inner = shape.constraints.iter().filter_map(Constraint::property);
            units.extend(inner.map(|shape| Unit {
                root,
                shape,
                with_properties: true,
            }));
        }
        for unit in units {
            let reporting = reports_for(compiled, unit);
            let mut known: Vec<usize> = reporting
                .iter()
                .filter_map(|shape| part_of.get(shape).copied())
                .collect();
            known.sort_unstable();
            known.dedup();
            let home = known.first().copied().unwrap_or(parts.len());
            if home == parts.len() {
                parts.push(Part {
                    units: Vec::new(),
                    is_nested: false,
                });
            }
            // What was apart so far hangs together by this unit.
            for other in known.into_iter().skip(1) {
                let units = std::mem::take(&mut parts[other].units);
                parts[home].is_nested |= parts[other].is_nested;
                parts[home].units.extend(units);
                part_of
                    .values_mut()
                    .filter(|at| **at == other)
                    .for_each(|at| *at = home);
            }
            part_of.extend(reporting.into_iter().map(|shape| (shape, home)));
            parts[home].is_nested |= nests(compiled, unit);
            parts[home].units.push(unit);
        }
    }
    parts.retain(|part| !part.units.is_empty());
    parts
}

/// A shape that has a rule, or uses one that has, is a group of its own: a query reads far, and what it reads is not to have
/// other shapes with the same targets checked again.
fn alone(compiled: &Compiled, root: ShapeIx) -> Option<ShapeIx> {
    let mut seen = vec![false; compiled.shapes.len()];
    let mut stack = vec![root];
    while let Some(ix) = stack.pop() {
        if std::mem::replace(&mut seen[ix as usize], true) {
            continue;
        }
        for constraint in &compiled.shapes[ix as usize].constraints {
            if matches!(constraint, Constraint::Sparql(_)) {
                return Some(root);
            }
            stack.extend(constraint.shapes());
        }
    }
    None
}

/// Whether a property shape that reports for a unit has property shapes of its own.
fn nests(compiled: &Compiled, unit: Unit) -> bool {
    let shape = &compiled.shapes[unit.shape as usize];
    let mut inner = shape.constraints.iter().filter_map(Constraint::property);
    unit.with_properties
        && shape.path.is_some()
        && inner.any(|inner| compiled.shapes[inner as usize].runs())
}

/// How many triggers one group may have before it is checked whole: shapes that fan out endlessly are not worth it.
const MAX_TRIGGERS: usize = 20_000;
/// How many steps a way back may have.
const MAX_STEPS: usize = 32;

/// Reads triggers off one group.
struct Reader<'c> {
    compiled: &'c Compiled,
    found: Vec<Trigger>,
    above: Vec<ShapeIx>,
    visits: usize,
    unreadable: bool,
    wakes: Vec<Wake>,
}

impl Reader<'_> {
    fn push(&mut self, change: Change, endpoint: Endpoint, way: &Path) {
        if self.found.len() >= MAX_TRIGGERS || steps(way) > MAX_STEPS {
            self.unreadable = true;
            return;
        }
        self.found.push(Trigger {
            change,
            endpoint,
            back: Path::Inverse(Box::new(way.clone())).normal(),
            beside: Vec::new(),
        });
    }

    /// The triggers of a query about nodes that `way` leads to; without them, the triples that wake it.
    fn query(
        &mut self,
        triggers: Option<Vec<SparqlTrigger>>,
        wakes: Option<Vec<Wake>>,
        way: &Path,
    ) {
        let home = Path::Inverse(Box::new(way.clone())).normal();
        match (triggers, wakes) {
            (Some(triggers), _) => {
                for trigger in triggers {
                    let back = then(&trigger.to_focus, &home);
                    if self.found.len() >= MAX_TRIGGERS || steps(&back) > MAX_STEPS {
                        self.unreadable = true;
                        return;
                    }
                    self.found.push(Trigger {
                        change: trigger.predicate.map_or(Change::Any, Change::Predicate),
                        endpoint: trigger.endpoint,
                        back,
                        beside: trigger.beside,
                    });
                }
            }
            (None, Some(wakes)) => self.wakes.extend(wakes),
            (None, None) => self.unreadable = true,
        }
    }

    fn target(&mut self, target: &Target) {
        let stay = Path::Sequence(Vec::new());
        match target {
            Target::Class(class) => {
                self.push(Change::Type(class.clone()), Endpoint::Subject, &stay);
            }
            Target::Node(_) => {}
            Target::Sparql(query) => self.query(query.triggers(), query.wakes(), &stay),
            Target::SubjectsOf(p) => {
                self.push(Change::Predicate(p.clone()), Endpoint::Subject, &stay);
            }
            Target::ObjectsOf(p) => {
                self.push(Change::Predicate(p.clone()), Endpoint::Object, &stay);
            }
            Target::Where(_) => self.unreadable = true,
        }
    }

    /// The triggers of a unit, from the focus nodes of the group on.
    fn unit(&mut self, unit: Unit) {
        let stay = Path::Sequence(Vec::new());
        if unit.with_properties {
            let root = (unit.root != unit.shape).then_some(unit.root);
            self.above.extend(root);
            self.shape(unit.shape, &stay);
            self.above.clear();
            return;
        }
        let shape = &self.compiled.shapes[unit.shape as usize];
        self.unreadable |= shape.recursion.is_some();
        self.above.push(unit.shape);
        for constraint in &shape.constraints {
            if constraint.property().is_none() {
                self.constraint(constraint, &stay, &stay);
            }
        }
        self.above.clear();
    }

    /// `way` leads from the focus node to the nodes that the shape is checked for.
    fn shape(&mut self, ix: ShapeIx, way: &Path) {
        let shape = &self.compiled.shapes[ix as usize];
        if !shape.runs() || self.unreadable {
            return;
        }
        self.visits += 1;
        if shape.recursion.is_some() || self.above.contains(&ix) || self.visits > MAX_TRIGGERS {
            self.unreadable = true;
            return;
        }
        self.above.push(ix);
        let values = match shape.path {
            Some(path) => {
                let path = &self.compiled.paths[path as usize];
                self.path(path, way);
                then(way, path)
            }
            None => way.clone(),
        };
        for constraint in &shape.constraints {
            self.constraint(constraint, way, &values);
        }
        self.above.pop();
    }

    fn constraint(&mut self, constraint: &Constraint, way: &Path, values: &Path) {
        match constraint {
            Constraint::Class(class) => {
                self.push(Change::Type(class.clone()), Endpoint::Subject, values);
            }
            Constraint::CodeList(_) => {
                let in_scheme = NamedNode::new_unchecked(skos::IN_SCHEME);
                self.push(Change::Predicate(in_scheme), Endpoint::Subject, values);
            }
            Constraint::Pair(_, predicate) => {
                self.push(Change::Predicate(predicate.clone()), Endpoint::Subject, way);
            }
            Constraint::Closed(_) => self.push(Change::Any, Endpoint::Subject, values),
            Constraint::Not(_)
            | Constraint::And(_)
            | Constraint::Or(_)
            | Constraint::Xone(_)
            | Constraint::Node(_)
            | Constraint::Property(_)
            | Constraint::Qualified { .. } => {
                for inner in constraint.shapes() {
                    self.shape(inner, values);
                }
            }
            Constraint::Sparql(rule) => self.query(rule.triggers(), rule.wakes(), way),
            Constraint::V12(constraint) => self.of_12(constraint, way, values),
            // These read the values alone.
            Constraint::Datatype(_)
            | Constraint::NodeKind(_)
            | Constraint::MinCount(_)
            | Constraint::MaxCount(_)
            | Constraint::Range(..)
            | Constraint::MinLength(_)
            | Constraint::MaxLength(_)
            | Constraint::Pattern { .. }
            | Constraint::LanguageIn(_)
            | Constraint::UniqueLang
            | Constraint::HasValue(_)
            | Constraint::In(_) => {}
        }
    }

    fn of_12(&mut self, constraint: &Constraint12, way: &Path, values: &Path) {
        if let Constraint12::ClassIn(classes) = constraint {
            // Members of subclasses come with the class, and moving classes is a matter of its own.
            for class in classes {
                self.push(Change::Type(class.clone()), Endpoint::Subject, values);
            }
            return;
        }
        let compiled = self.compiled;
        for read in constraint.reads(&compiled.paths) {
            match read.from {
                ReadFrom::Focus => self.path(&read.path.normal(), way),
                ReadFrom::Value => self.path(&read.path.normal(), values),
                // A change to one node may show or solve results of any other.
                ReadFrom::Targets | ReadFrom::Reifiers => self.unreadable = true,
            }
        }
        if let Some(inner) = constraint.shape() {
            match constraint.path_to_members() {
                Some(members) => self.shape(inner, &then(values, &members)),
                None => self.shape(inner, values),
            }
        }
    }

    /// Triggers of the steps of a path in normal form.
    fn path(&mut self, path: &Path, way: &Path) {
        match path {
            Path::Predicate(p) => self.push(Change::Predicate(p.clone()), Endpoint::Subject, way),
            Path::Inverse(inner) => match &**inner {
                Path::Predicate(p) => {
                    self.push(Change::Predicate(p.clone()), Endpoint::Object, way);
                }
                _ => self.unreadable = true,
            },
            Path::Sequence(steps) => {
                let mut way = way.clone();
                for step in steps {
                    self.path(step, &way);
                    way = then(&way, step);
                }
            }
            Path::Alternative(paths) => {
                for path in paths {
                    self.path(path, way);
                }
            }
            Path::ZeroOrMore(inner) | Path::OneOrMore(inner) => {
                self.path(inner, &then(way, &Path::ZeroOrMore(inner.clone())));
            }
            Path::ZeroOrOne(inner) => self.path(inner, way),
        }
    }
}

/// One way and then another, flat.
fn then(way: &Path, next: &Path) -> Path {
    let mut steps = match way {
        Path::Sequence(steps) => steps.clone(),
        other => vec![other.clone()],
    };
    match next {
        Path::Sequence(more) => steps.extend(more.iter().cloned()),
        other => steps.push(other.clone()),
    }
    if steps.len() == 1 {
        return steps.swap_remove(0);
    }
    Path::Sequence(steps)
}

fn steps(path: &Path) -> usize {
    match path {
        Path::Sequence(steps) => steps.len(),
        _ => 1,
    }
}

/// Numbers for what a row can be about: each constraint of each shape, with a bit for its upper side and a bit that says
/// whether what was found tells results apart ([`FOUND_MATTERS`]).
#[derive(Debug)]
pub(crate) struct Sites {
    /// First constraint of each shape, and the number of all.
    first: Vec<u32>,
}

const UPPER_SIDE: u32 = 1;
const BITS: u32 = 2;

impl Sites {
    fn of(compiled: &Compiled) -> Self {
        let mut first = Vec::with_capacity(compiled.shapes.len() + 1);
        let mut next = 0;
        for shape in &compiled.shapes {
            first.push(next);
            next += shape.constraints.len() as u32;
        }
        first.push(next);
        Self { first }
    }

    /// Above every site.
    pub(crate) fn len(&self) -> usize {
        (self.first[self.first.len() - 1] as usize) << BITS
    }

    /// The site of a result.
    pub(crate) fn site(&self, at: At) -> u32 {
        let bits = match at.component {
            Some(Component::QualifiedMaxCount) => UPPER_SIDE,
            Some(Component::UniqueLang) => FOUND_MATTERS,
            _ => 0,
        };
        ((self.first[at.shape as usize] + at.constraint) << BITS) | bits
    }

    /// What a site is about.
    pub(crate) fn at(&self, compiled: &Compiled, site: u32) -> At {
        let number = site >> BITS;
        let shape = self.first.partition_point(|first| *first <= number) as u32 - 1;
        let constraint = number - self.first[shape as usize];
        let constraints = &compiled.shapes[shape as usize].constraints;
        At {
            shape,
            constraint,
            component: if site & UPPER_SIDE == UPPER_SIDE {
                Some(Component::QualifiedMaxCount)
            } else {
                constraints[constraint as usize].component()
            },
        }
    }
}
