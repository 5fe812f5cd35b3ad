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
use super::constraints::{self, ClassExtent};
use super::idset::IdSet;
use super::model::{Compiled, Component, Constraint, PathIx, ShapeIx};
use crate::store::{Id, TermKind, TermMeta, View};
use conform::{ConditionMemo, Fixpoint};
use literal::Memo;
use near::{Stars, Types};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Focus nodes handled at a time: large enough for long merges, small enough for the processor's cache.
const MORSEL: usize = 16 * 1024;

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
}

impl std::ops::Add for RunStats {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rows_scanned: self.rows_scanned + other.rows_scanned,
            seeks: self.seeks + other.seeks,
            texts_read: self.texts_read + other.texts_read,
            frames: self.frames + other.frames,
        }
    }
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
}

impl Failure {
    pub(crate) fn of_focus(focus: Id) -> Self {
        Self {
            focus,
            value: None,
            property: None,
            found: 0,
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
    classes: Vec<Option<Box<ClassExtent>>>,
    types: Types,
    /// All that is said of the focus nodes at hand, when they are few.
    stars: Option<Stars>,
    concepts: Vec<Option<Vec<Id>>>,
    memos: Vec<Option<Box<Memo>>>,
    conditions: Vec<Option<Box<ConditionMemo>>>,
    fixpoints: Vec<Fixpoint>,
    /// Focus nodes of recursive shapes whose results are out.
    reported: FxHashMap<ShapeIx, IdSet>,
    /// Recursive shapes still to check, with their focus nodes.
    pending: Vec<(ShapeIx, Vec<Id>)>,
    draining: bool,
    cancel: Option<Arc<AtomicBool>>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        compiled: &'a Compiled,
        bindings: &'a Bindings,
        locals: LocalTerms,
        (data, context): (&'a View, &'a View),
        cancel: Option<Arc<AtomicBool>>,
    ) -> Self {
        Self {
            compiled,
            bound: bindings,
            data,
            context,
            locals,
            stats: RunStats::default(),
            scratch: Vec::new(),
            classes: none(bindings.classes.len()),
            types: Types::default(),
            stars: None,
            concepts: none(bindings.schemes.len()),
            memos: none(bindings.memos as usize),
            conditions: none(compiled.condition_count as usize),
            fixpoints: Vec::new(),
            reported: FxHashMap::default(),
            pending: Vec::new(),
            draining: false,
            cancel,
        }
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

    /// Checks the shapes of a group that have the same targets, whatever was checked before. `focus` is sorted, each once.
    pub(crate) fn check_group(&mut self, roots: &[ShapeIx], focus: &[Id], sink: &mut dyn Sink) {
        self.reported.clear();
        self.check_shapes(roots, focus, sink);
    }

    /// Checks shapes against a set of focus nodes (sorted, each once). Shapes with the same path share its evaluation.
    pub(crate) fn check_shapes(&mut self, shapes: &[ShapeIx], focus: &[Id], sink: &mut dyn Sink) {
        if focus.is_empty() || sink.is_satisfied() {
            return;
        }
        let compiled = self.compiled;
        let mut groups: Vec<(PathIx, Vec<ShapeIx>)> = Vec::new();
        let mut add =
            |path: PathIx, shape: ShapeIx| match groups.iter_mut().find(|(p, _)| *p == path) {
                Some((_, group)) => group.push(shape),
                None => groups.push((path, vec![shape])),
            };
        let nodes = Frame::of_focus(focus);
        for &ix in shapes {
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
                    let property = &compiled.shapes[*inner as usize];
                    if let Some(path) = property.path.filter(|_| property.runs()) {
                        add(path, *inner);
                    }
                } else {
                    constraints::check(self, &nodes, ix, position, sink);
                }
            }
        }
        let before = self.stars.take();
        if groups.len() >= Stars::PAY_FROM && focus.len() <= Stars::MAX_NODES {
            self.stars = Stars::read(self.context, &mut self.stats, focus);
        }
        for (path, group) in groups {
            self.check_path_group(path, &group, focus, sink);
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
        for morsel in focus.chunks(MORSEL) {
            if sink.is_satisfied() || self.is_cancelled() {
                return;
            }
            let frame = self.frame(&bound.paths[path as usize], morsel);
            for &ix in group {
                for (position, constraint) in
                    compiled.shapes[ix as usize].constraints.iter().enumerate()
                {
                    if constraint.property().is_none() || !sink.wants_nested() {
                        constraints::check(self, &frame, ix, position, sink);
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
            }
        }
        if !nested.is_empty() {
            inner_focus.sort_unstable();
            self.check_nested(&nested, &inner_focus, sink);
        }
    }

    /// Property shapes below property shapes: the values are the focus nodes, and a value that several ways lead to has
    /// its results as many times. Recursive shapes see each node once.
    fn check_nested(&mut self, nested: &[ShapeIx], values: &[(Id, u64)], sink: &mut dyn Sink) {
        let compiled = self.compiled;
        let mut focus: Vec<Id> = values.iter().map(|(value, _)| *value).collect();
        focus.dedup();
        let (recursive, plain): (Vec<ShapeIx>, Vec<ShapeIx>) = nested
            .iter()
            .partition(|ix| compiled.shapes[**ix as usize].recursion.is_some());
        let mut weights = FxHashMap::default();
        for (value, weight) in values {
            *weights.entry(*value).or_insert(0) += weight;
        }
        weights.retain(|_, weight| *weight > 1);
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

    /// Values of a path for a set of focus nodes (sorted, each once).
    pub(crate) fn frame<'f>(&mut self, path: &BoundPath, focus: &'f [Id]) -> Frame<'f> {
        self.stats.frames += 1;
        if let (Some(stars), BoundPath::Forward(predicate)) = (&self.stars, path)
            && stars.are_of(focus)
        {
            return stars.frame(*predicate, focus);
        }
        paths::frame(self.context, &mut self.stats, path, focus)
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

/// Room for what is made when it is first needed.
fn none<T>(count: usize) -> Vec<Option<T>> {
    (0..count).map(|_| None).collect()
}
