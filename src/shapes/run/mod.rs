//! Running bound shapes over a view: sets of focus nodes walk path groups in frames, and constraints look at whole
//! frames. Results leave through a [`Sink`]; this module neither counts nor words them.

mod conform;
mod frame;
mod literal;
mod near;
mod paths;
mod targets;

pub(crate) use frame::Frame;
pub(crate) use literal::MemoIx;
pub(crate) use paths::values_of;
pub(crate) use targets::focus_nodes;

use super::bind::{Bindings, BoundPath, LocalTerms};
use super::constraints::{self, ClassExtent, SharedValues};
use super::idset::IdSet;
use super::model::{Compiled, Component, Constraint, PathIx, ShapeIx};
use super::sparql::Queries;
use crate::store::{Id, TermKind, TermMeta, View};
use conform::{ConditionMemo, Fixpoint};
use literal::{Memo, Recalled};
use near::{Stars, Types};
use paths::{Excess, Walk};
use rustc_hash::{FxHashMap, FxHashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Focus nodes handled at a time: large enough for long merges, small enough for the processor's cache.
const MORSEL: usize = 16 * 1024;
/// Pairs of focus node and value that one evaluation of a path may make; beyond it, fewer focus nodes are taken at a time.
const PAIRS_AT_ONCE: usize = 4 << 20;
/// Pairs that one path may make for one set of focus nodes, when nothing else is said.
pub(crate) const PATH_PAIRS: u64 = 1 << 26;
/// Pairs that paths may make in one run, as a multiple of those one path may make for one set of focus nodes.
const RUN_FACTOR: u64 = 16;
/// Ways to one focus node that are told apart: a result counts at most this often.
const MAX_WAYS: u64 = 1000;

/// Work done by a run, for tests and tuning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RunStats {
    /// Pairs and triples read from the index.
    pub rows_scanned: u64,
    /// Skips and probes in the index.
    pub seeks: u64,
    /// Literals whose text was looked at.
    pub texts_read: u64,
    /// Path evaluations, each for one set of focus nodes.
    pub frames: u64,
    /// Queries of rules and targets.
    pub queries: u64,
}

impl std::ops::Add for RunStats {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rows_scanned: self.rows_scanned + other.rows_scanned,
            seeks: self.seeks + other.seeks,
            texts_read: self.texts_read + other.texts_read,
            frames: self.frames + other.frames,
            queries: self.queries + other.queries,
        }
    }
}

/// A shape to check for focus nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// The shape with the target, which may be the same.
    pub(crate) root: ShapeIx,
    pub(crate) shape: ShapeIx,
    /// Whether the property shapes of a node shape are checked with it.
    pub(crate) with_properties: bool,
}

/// Which constraint of which shape a result belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) shape: ShapeIx,
    pub(crate) constraint: u32,
    pub(crate) component: Option<Component>,
}

/// One violation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    pub(crate) focus: Id,
    pub(crate) value: Option<Id>,
    /// The predicate, where it is not the path of the shape (`sh:closed`).
    pub(crate) property: Option<Id>,
    /// A count or language index the message may tell.
    pub(crate) found: u64,
    /// What a message of a query's own needs of the solution.
    pub(crate) bindings: Option<Id>,
}

impl Failure {
    pub(crate) fn of_focus(focus: Id) -> Self {
        Self {
            focus,
            value: None,
            property: None,
            found: 0,
            bindings: None,
        }
    }

    pub(crate) fn of_value(focus: Id, value: Id) -> Self {
        Self {
            value: Some(value),
            ..Self::of_focus(focus)
        }
    }

    pub(crate) fn of_property(focus: Id, property: Id, value: Id) -> Self {
        Self {
            value: Some(value),
            property: Some(property),
            ..Self::of_focus(focus)
        }
    }

    pub(crate) fn counting(self, found: u64) -> Self {
        Self { found, ..self }
    }
}

/// Takes violations.
pub(crate) trait Sink {
    /// Takes a violation that counts `times` times.
    fn take(&mut self, at: At, failure: Failure, times: u64);

    /// Takes a violation once for each way that leads to its focus node.
    fn fail(&mut self, at: At, failure: Failure) {
        let times = self.weight(failure.focus);
        self.take(at, failure, times);
    }

    /// Whether results of property shapes below a property shape are wanted one by one, rather than as the failure of
    /// the focus node.
    fn wants_nested(&self) -> bool;

    /// How many ways lead from targets to this focus node.
    fn weight(&self, _focus: Id) -> u64 {
        1
    }

    /// Whether further violations make no difference.
    fn is_satisfied(&self) -> bool {
        false
    }
}

/// Counts results as many times as ways lead to their focus node.
struct Weighted<'s> {
    sink: &'s mut dyn Sink,
    /// Only focus nodes with more than one way.
    weights: FxHashMap<Id, u64>,
}

impl Sink for Weighted<'_> {
    fn take(&mut self, at: At, failure: Failure, times: u64) {
        self.sink.take(at, failure, times);
    }

    fn wants_nested(&self) -> bool {
        self.sink.wants_nested()
    }

    fn weight(&self, focus: Id) -> u64 {
        self.weights.get(&focus).copied().unwrap_or(1)
    }

    fn is_satisfied(&self) -> bool {
        self.sink.is_satisfied()
    }
}

/// State of one validation.
pub(crate) struct Run<'a> {
    pub(crate) compiled: &'a Compiled,
    pub(crate) bound: &'a Bindings,
    pub(crate) data: &'a View,
    pub(crate) context: &'a View,
    pub(crate) locals: LocalTerms,
    pub(crate) stats: RunStats,
    pub(crate) scratch: Vec<u32>,
    pub(crate) queries: Queries,
    classes: Vec<Option<Box<ClassExtent>>>,
    types: Types,
    /// All that is said of the focus nodes at hand, when they are few.
    stars: Option<Stars>,
    concepts: Vec<Option<Vec<Id>>>,
    /// Target nodes by their values, for `sh:uniqueValuesFor`: by shape and constraint.
    pub(crate) shared_values: FxHashMap<(ShapeIx, u32), SharedValues>,
    memos: Vec<Option<Box<Memo>>>,
    /// What is remembered of tests on texts, once many are asked about.
    recalled: Option<Recalled>,
    conditions: Vec<Option<Box<ConditionMemo>>>,
    fixpoints: Vec<Fixpoint>,
    /// Focus nodes of recursive shapes whose results are out.
    reported: FxHashMap<ShapeIx, IdSet>,
    /// Recursive shapes still to check, with their focus nodes.
    pending: Vec<(ShapeIx, Vec<Id>)>,
    draining: bool,
    cancel: Option<Arc<AtomicBool>>,
    /// Pairs of focus node and value that one path may make for one set of focus nodes.
    pub(crate) path_pairs: u64,
    /// Pairs that paths may still make in this run.
    pairs_left: u64,
    /// Conformance checks that are going on within each other.
    deciding: u32,
    /// The shape whose path has made more than it may; what uses it is given up, up to the shape with the target.
    exhausted: Option<ShapeIx>,
    /// Shapes whose path made more than it may, and with them those given up for it. See [`Run::take_unfinished`].
    unfinished: Vec<(ShapeIx, ShapeIx)>,
    given_up: FxHashSet<ShapeIx>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        compiled: &'a Compiled,
        bindings: &'a Bindings,
        locals: LocalTerms,
        (data, context): (&'a View, &'a View),
        cancel: Option<Arc<AtomicBool>>,
        query_time: Option<Duration>,
    ) -> Self {
        Self {
            compiled,
            bound: bindings,
            data,
            context,
            locals,
            stats: RunStats::default(),
            scratch: Vec::new(),
            queries: Queries::new(query_time, cancel.clone()),
            classes: none(bindings.classes.len()),
            types: Types::default(),
            stars: None,
            shared_values: FxHashMap::default(),
            concepts: none(bindings.schemes.len()),
            memos: none(bindings.memos as usize),
            recalled: None,
            conditions: none(compiled.condition_count as usize),
            fixpoints: Vec::new(),
            reported: FxHashMap::default(),
            pending: Vec::new(),
            draining: false,
            cancel,
            path_pairs: PATH_PAIRS,
            pairs_left: PATH_PAIRS * RUN_FACTOR,
            deciding: 0,
            exhausted: None,
            unfinished: Vec::new(),
            given_up: FxHashSet::default(),
        }
    }

    /// Bounds what paths may make: pairs of focus node and value, for one path and one set of focus nodes.
    pub(crate) fn bound_paths(&mut self, pairs: u64) {
        self.path_pairs = pairs;
        self.pairs_left = pairs.saturating_mul(RUN_FACTOR);
    }

    /// Shapes whose path led to more than [`Run::bound_paths`] allows, each with the shape that was given up for it:
    /// itself, or one that uses it. Their results are right as far as they go, and incomplete.
    pub(crate) fn take_unfinished(&mut self) -> Vec<(ShapeIx, ShapeIx)> {
        std::mem::take(&mut self.unfinished)
    }

    /// What is known so far of who is a member of a bound class; hand it back to [`Run::keep_class`].
    pub(crate) fn take_class(&mut self, class: u32) -> Box<ClassExtent> {
        self.classes[class as usize].take().unwrap_or_default()
    }

    /// Keeps what is known of a class.
    pub(crate) fn keep_class(&mut self, class: u32, extent: Box<ClassExtent>) {
        self.classes[class as usize] = Some(extent);
    }

    /// Whether the caller asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel
            .as_ref()
            .is_some_and(|flag| flag.load(Ordering::Relaxed))
    }

    /// Whether what is being looked at is to be left: nothing follows from what was not decided.
    pub(crate) fn is_stopped(&self) -> bool {
        self.exhausted.is_some() || self.is_cancelled()
    }

    /// Whether the focus nodes of shapes could not be found; they are then given up.
    pub(crate) fn gives_up(&mut self, shapes: &[ShapeIx]) -> bool {
        let Some(at_fault) = self.exhausted.take() else {
            return false;
        };
        self.unfinished
            .extend(shapes.iter().map(|shape| (at_fault, *shape)));
        true
    }

    /// Whether a shape is still to be looked at: what was given up once is not tried again and again.
    fn goes_on(&self, shape: ShapeIx) -> bool {
        !self.is_stopped() && (self.deciding > 0 || !self.given_up.contains(&shape))
    }

    /// Notes that a shape could not be finished, and goes on with the next one.
    fn settle(&mut self, shape: ShapeIx) {
        if self.deciding == 0
            && let Some(at_fault) = self.exhausted.take()
            && self.given_up.insert(shape)
        {
            self.unfinished.push((at_fault, shape));
        }
    }

    /// Checks the shapes of a group that have the same targets, whatever was checked before. `focus` is sorted, each once.
    pub(crate) fn check_group(&mut self, roots: &[ShapeIx], focus: &[Id], sink: &mut dyn Sink) {
        self.reported.clear();
        self.check_shapes(roots, focus, sink);
    }

    /// Checks some units of a group by themselves, whatever was checked before. `focus` is sorted, each once.
    pub(crate) fn check_part(&mut self, units: &[Unit], focus: &[Id], sink: &mut dyn Sink) {
        self.reported.clear();
        self.check_units(units.iter().copied(), focus, sink);
    }

    /// Checks shapes against a set of focus nodes (sorted, each once). Shapes with the same path share its evaluation.
    pub(crate) fn check_shapes(&mut self, shapes: &[ShapeIx], focus: &[Id], sink: &mut dyn Sink) {
        let units = shapes.iter().map(|shape| Unit {
            root: *shape,
            shape: *shape,
            with_properties: true,
        });
        self.check_units(units, focus, sink);
    }

    fn check_units(
        &mut self,
        units: impl Iterator<Item = Unit>,
        focus: &[Id],
        sink: &mut dyn Sink,
    ) {
        if focus.is_empty() || sink.is_satisfied() {
            return;
        }
        let compiled = self.compiled;
        let mut groups: Vec<(PathIx, Vec<ShapeIx>)> = Vec::new();
        let mut group_of: FxHashMap<PathIx, usize> = FxHashMap::default();
        let mut add = |path: PathIx, shape: ShapeIx| {
            let at = *group_of.entry(path).or_insert(groups.len());
            match groups.get_mut(at) {
                Some((_, group)) => group.push(shape),
                None => groups.push((path, vec![shape])),
            }
        };
        let nodes = Frame::of_focus(focus);
        for unit in units {
            let ix = unit.shape;
            let shape = &compiled.shapes[ix as usize];
            if !shape.runs() {
                continue;
            }
            if let Some(path) = shape.path {
                add(path, ix);
                continue;
            }
            for (position, constraint) in shape.constraints.iter().enumerate() {
                if let Constraint::Property(inner) = constraint {
                    if !unit.with_properties {
                        continue;
                    }
                    let property = &compiled.shapes[*inner as usize];
                    if let Some(path) = property.path.filter(|_| property.runs()) {
                        add(path, *inner);
                    }
                } else if self.goes_on(ix) {
                    constraints::check(self, &nodes, ix, position, sink);
                    self.settle(ix);
                }
            }
        }
        let before = self.stars.take();
        if groups.len() >= Stars::PAY_FROM && focus.len() <= Stars::MAX_NODES {
            self.stars = Stars::read(self.context, &mut self.stats, focus);
        }
        for (path, group) in groups {
            self.check_path_group(path, &group, focus, sink);
            if sink.is_satisfied() || self.is_stopped() {
                break;
            }
        }
        self.stars = before;
    }

    fn check_path_group(
        &mut self,
        path: PathIx,
        group: &[ShapeIx],
        focus: &[Id],
        sink: &mut dyn Sink,
    ) {
        let (compiled, bound) = (self.compiled, self.bound);
        let nested: Vec<ShapeIx> = if sink.wants_nested() {
            group
                .iter()
                .flat_map(|ix| &compiled.shapes[*ix as usize].constraints)
                .filter_map(Constraint::property)
                .collect()
        } else {
            Vec::new()
        };
        let mut inner_focus: Vec<(Id, u64)> = Vec::new();
        // A query lists what is wrong itself, at once for all focus nodes.
        let is_list = |constraint: &Constraint| matches!(constraint, Constraint::Sparql(rule) if !rule.is_ask());
        for &ix in group {
            for (position, constraint) in
                compiled.shapes[ix as usize].constraints.iter().enumerate()
            {
                if is_list(constraint) {
                    constraints::check(self, &Frame::of_focus(focus), ix, position, sink);
                }
            }
        }
        let (mut rest, mut size, mut left) = (focus, MORSEL, self.path_pairs);
        while !rest.is_empty() {
            if sink.is_satisfied() || self.is_stopped() {
                return;
            }
            let morsel = &rest[..size.min(rest.len())];
            let frame = match self.bounded_frame(&bound.paths[path as usize], morsel, &mut left) {
                Ok(frame) => frame,
                Err(Excess::AtOnce) if morsel.len() > 1 => {
                    size = (morsel.len() / 16).max(1);
                    continue;
                }
                Err(_) => {
                    if !self.is_cancelled() {
                        for &ix in group {
                            self.exhausted = Some(ix);
                            self.settle(ix);
                        }
                    }
                    return;
                }
            };
            rest = &rest[morsel.len()..];
            for &ix in group {
                for (position, constraint) in
                    compiled.shapes[ix as usize].constraints.iter().enumerate()
                {
                    let is_done = is_list(constraint)
                        || (constraint.property().is_some() && sink.wants_nested());
                    if !is_done && self.goes_on(ix) {
                        constraints::check(self, &frame, ix, position, sink);
                        self.settle(ix);
                    }
                }
            }
            if !nested.is_empty() {
                for (position, focus) in morsel.iter().enumerate() {
                    let weight = sink.weight(*focus);
                    inner_focus.extend(
                        frame.values()[frame.rows(position)]
                            .iter()
                            .map(|value| (*value, weight)),
                    );
                }
                if inner_focus.len() > PAIRS_AT_ONCE {
                    add_up(&mut inner_focus);
                }
            }
        }
        if !nested.is_empty() {
            add_up(&mut inner_focus);
            self.check_nested(&nested, &inner_focus, sink);
        }
    }

    /// Property shapes below property shapes: the values are the focus nodes, and a value that several ways lead to has
    /// its results as many times. Recursive shapes see each node once.
    fn check_nested(&mut self, nested: &[ShapeIx], values: &[(Id, u64)], sink: &mut dyn Sink) {
        let compiled = self.compiled;
        let focus: Vec<Id> = values.iter().map(|(value, _)| *value).collect();
        let (recursive, plain): (Vec<ShapeIx>, Vec<ShapeIx>) = nested
            .iter()
            .partition(|ix| compiled.shapes[**ix as usize].recursion.is_some());
        let weights = values
            .iter()
            .copied()
            .filter(|(_, weight)| *weight > 1)
            .collect();
        self.check_shapes(&plain, &focus, &mut Weighted { sink, weights });
        // Recursive shapes queue up rather than call themselves: chains in the data may be long.
        for ix in recursive {
            let seen = self.reported.entry(ix).or_default();
            let new: Vec<Id> = focus
                .iter()
                .copied()
                .filter(|id| seen.insert(*id))
                .collect();
            self.pending.push((ix, new));
        }
        if !self.draining {
            self.draining = true;
            while let Some((ix, new)) = self.pending.pop() {
                let weights = FxHashMap::default();
                self.check_shapes(&[ix], &new, &mut Weighted { sink, weights });
            }
            self.draining = false;
        }
    }

    /// Values of a path for a set of focus nodes (sorted, each once). Empty when they are more than may be held; the run
    /// is then stopped, see [`Run::is_stopped`].
    pub(crate) fn frame<'f>(
        &mut self,
        path: &BoundPath,
        focus: &'f [Id],
        shape: ShapeIx,
    ) -> Frame<'f> {
        let mut left = self.path_pairs;
        self.bounded_frame(path, focus, &mut left)
            .unwrap_or_else(|_| {
                self.exhausted = Some(shape);
                Frame::of_values(focus, vec![0; focus.len() + 1], Vec::new())
            })
    }

    /// The same within bounds; `left` are the pairs that the path may still make.
    fn bounded_frame<'f>(
        &mut self,
        path: &BoundPath,
        focus: &'f [Id],
        left: &mut u64,
    ) -> Result<Frame<'f>, Excess> {
        self.stats.frames += 1;
        if let (Some(stars), BoundPath::Forward(predicate)) = (&self.stars, path)
            && stars.are_of(focus)
        {
            return Ok(stars.frame(*predicate, focus));
        }
        let allowed = (*left).min(self.pairs_left);
        let cancel = self.cancel.clone();
        let stop = || {
            cancel
                .as_ref()
                .is_some_and(|flag| flag.load(Ordering::Relaxed))
        };
        let mut walk = Walk {
            view: self.context,
            stats: &mut self.stats,
            // One focus node cannot be split up.
            at_once: if focus.len() == 1 {
                4 * PAIRS_AT_ONCE
            } else {
                PAIRS_AT_ONCE
            },
            left: allowed,
            stop: &stop,
        };
        let frame = paths::frame(&mut walk, path, focus);
        let made = allowed - walk.left;
        *left -= made;
        self.pairs_left -= made;
        frame
    }

    /// What kind of term an id of this run names.
    pub(crate) fn kind(&self, id: Id) -> TermKind {
        match self.locals.get(id) {
            Some(oxrdf::Term::NamedNode(_)) => TermKind::Iri,
            Some(oxrdf::Term::BlankNode(_)) => TermKind::Blank,
            Some(oxrdf::Term::Triple(_)) => TermKind::Triple,
            _ => id.kind(),
        }
    }

    /// Facts about a term of this run.
    pub(crate) fn meta(&self, id: Id) -> TermMeta {
        if id.local_index().is_some() {
            literal::local_meta(self.context, self.locals.get(id))
        } else {
            self.context.meta(id)
        }
    }

    /// Reads the types of nodes that were not read yet; ask with [`Run::types_of`].
    pub(crate) fn read_types(&mut self, rdf_type: Id, nodes: &[Id]) {
        self.types
            .read(self.context, &mut self.stats, rdf_type, nodes);
    }

    /// Types of a node that was read; none for others.
    pub(crate) fn types_of(&self, node: Id) -> &[Id] {
        self.types.of(node)
    }

    /// Concepts of a bound scheme, sorted; read once.
    pub(crate) fn concepts(&mut self, scheme: u32) -> &[Id] {
        let (context, id) = (self.context, self.bound.schemes[scheme as usize]);
        self.concepts[scheme as usize].get_or_insert_with(|| constraints::concepts_of(context, id))
    }
}

/// Sorts nodes with the number of ways to each, and adds up the ways to the same node.
fn add_up(ways: &mut Vec<(Id, u64)>) {
    ways.sort_unstable();
    ways.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 = kept.1.saturating_add(next.1).min(MAX_WAYS);
        }
        same
    });
}

/// Room for what is made when it is first needed.
fn none<T>(count: usize) -> Vec<Option<T>> {
    (0..count).map(|_| None).collect()
}
