//! Validation: shapes with the same targets run together, results are counted and sampled as they come.
//! What becomes of them is in `report.rs`.

use super::bind::{LocalTerms, bind};
use super::compile::shape_label;
use super::idset::IdSet;
use super::lint::{Effect, Lint};
use super::model::{Component, Constraint, Shape, ShapeIx, Shapes, Target};
use super::report::{Report, ResultRow};
use super::run::{At, Failure, PATH_PAIRS, Run, RunStats, Sink, focus_nodes};
use crate::store::View;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// What to validate and against what.
#[derive(Clone)]
pub struct Validation {
    /// Focus nodes come from here.
    pub data: View,
    /// The data and whatever stands behind it (vocabularies, code lists, base registries): paths and classes are read
    /// here. A view of the same state as `data`.
    pub context: View,
    /// Bounds of the run.
    pub options: ValidationOptions,
}

/// Bounds of a validation.
#[derive(Clone)]
pub struct ValidationOptions {
    /// Results kept per shape and component, at least one; totals stay exact.
    pub sample_cap: usize,
    /// Stop at the first result.
    pub conforms_only: bool,
    /// Set to `true` by the caller to stop; the report then says it is incomplete.
    pub cancel: Option<Arc<AtomicBool>>,
    /// What all queries of the shapes may take together; what they do not finish is not checked. `None` for no limit.
    pub query_time: Option<Duration>,
    /// Pairs of focus node and value that one path may make for the focus nodes of one shape, besides those that the
    /// data hold as they are. A shape whose path makes more is not checked, and the report says so (`L098`).
    pub path_pairs: u64,
}

impl Default for ValidationOptions {
    fn default() -> Self {
        Self {
            sample_cap: 1000,
            conforms_only: false,
            cancel: None,
            query_time: Some(Duration::from_secs(300)),
            path_pairs: PATH_PAIRS,
        }
    }
}

/// What a run found, before it is ordered.
pub(crate) struct Findings {
    pub(crate) rows: Vec<ResultRow>,
    /// Exact numbers.
    pub(crate) totals: FxHashMap<(ShapeIx, Component), u64>,
    /// Focus nodes by shape; `None` when the run did not look at all of them.
    pub(crate) focus_counts: Option<Vec<u64>>,
    /// Focus nodes of all shapes together, each once.
    pub(crate) focus_total: u64,
    pub(crate) not_checked: Vec<Lint>,
    pub(crate) locals: LocalTerms,
    pub(crate) stats: RunStats,
}

/// Checks the data against the shapes. Never fails: what cannot be checked is in [`Report::not_checked`].
pub fn validate(shapes: &Shapes, validation: &Validation) -> Report {
    let compiled = &*shapes.compiled;
    let Validation {
        data,
        context,
        options,
    } = validation;
    let bound = bind(compiled, context);
    let mut run = Run::new(
        compiled,
        &bound.bindings,
        bound.locals,
        (data, context),
        options.cancel.clone(),
        options.query_time,
    );
    run.bound_paths(options.path_pairs);
    let mut collector = Collector::new(&compiled.shapes, options);
    let mut focus_counts = vec![0_u64; compiled.shapes.len()];
    let mut seen = IdSet::default();
    for (targets, group) in groups(shapes) {
        if collector.is_satisfied() || run.is_cancelled() {
            break;
        }
        let focus = focus_nodes(&mut run, targets);
        if run.gives_up(&group) {
            continue;
        }
        for root in &group {
            focus_counts[*root as usize] = focus.len() as u64;
        }
        seen.extend(focus.iter().copied());
        run.check_group(&group, &focus, &mut collector);
    }
    let stopped = run.is_cancelled();
    let unfinished = run.take_unfinished();
    let findings = Findings {
        rows: collector.rows,
        totals: collector.totals,
        focus_counts: (!options.conforms_only && !stopped).then_some(focus_counts),
        focus_total: seen.len(),
        not_checked: not_checked(shapes, &unfinished, stopped, run.queries.stopped),
        locals: run.locals,
        stats: run.stats,
    };
    let report = Report::assemble(shapes, data, context, findings);
    let stats = report.stats();
    tracing::debug!(
        results = report.total(),
        rows_scanned = stats.rows_scanned,
        seeks = stats.seeks,
        texts_read = stats.texts_read,
        "Validated the data against {} shapes",
        compiled.shapes.len()
    );
    report
}

/// Roots with the same targets, checked together so that they share path evaluations.
fn groups(shapes: &Shapes) -> Vec<(&[Target], Vec<ShapeIx>)> {
    let compiled = &shapes.compiled;
    let mut groups: Vec<(&[Target], Vec<ShapeIx>)> = Vec::new();
    let mut group_of: FxHashMap<&[Target], usize> = FxHashMap::default();
    for &root in &compiled.roots {
        let targets = compiled.shapes[root as usize].targets.as_slice();
        let at = *group_of.entry(targets).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, group)) => group.push(root),
            None => groups.push((targets, vec![root])),
        }
    }
    groups
}

/// Findings that leave out something of a shape that a target reaches. `unfinished` are shapes whose path led too far,
/// each with the shape that was given up for it.
pub(crate) fn not_checked(
    shapes: &Shapes,
    unfinished: &[(ShapeIx, ShapeIx)],
    stopped: bool,
    queries: Vec<Lint>,
) -> Vec<Lint> {
    let compiled = &shapes.compiled;
    let mut reached = vec![false; compiled.shapes.len()];
    let mut stack = compiled.roots.clone();
    while let Some(ix) = stack.pop() {
        let shape = &compiled.shapes[ix as usize];
        if !shape.deactivated && !std::mem::replace(&mut reached[ix as usize], true) {
            stack.extend(shape.constraints.iter().flat_map(Constraint::shapes));
        }
    }
    let applies = |lint: &&Lint| {
        let Some(ix) = lint.shape_ix.filter(|_| lint.effect != Effect::Note) else {
            return false;
        };
        // A shape whose only target is unusable is reached by nothing, and still not checked.
        let about_target = lint.is_about_target
            || matches!(lint.code, "L006" | "L024" | "L099")
            || (lint.code.starts_with("L06") && lint.message.en.contains("sh:target"));
        reached[ix as usize] || (about_target && !compiled.shapes[ix as usize].deactivated)
    };
    let mut found: Vec<Lint> = compiled.findings.iter().filter(applies).cloned().collect();
    let label = |ix: ShapeIx| shape_label(&compiled.shapes, ix);
    for &(at_fault, given_up) in unfinished {
        let path = compiled.shapes[at_fault as usize].written_path.as_ref();
        let path = path.map_or_else(String::new, |path| path.brief());
        let mut lint = Lint::new("L098", &label(at_fault), &path);
        lint.shape = Some(compiled.shapes[given_up as usize].term.clone());
        lint.shape_ix = Some(given_up);
        lint.shape_label = label(given_up);
        found.push(lint);
    }
    found.extend(queries);
    if stopped {
        found.push(Lint::new("L050", "", ""));
    }
    found
}

/// The same number for the same result in every validation of one store's lifetime.
pub(crate) fn fingerprint(shape: &Shape, component: Component, failure: &Failure) -> u64 {
    let language = match component {
        Component::UniqueLang | Component::Sparql | Component::Custom => failure.found,
        _ => 0,
    };
    let Failure {
        focus,
        property,
        value,
        ..
    } = failure;
    FxBuildHasher.hash_one((
        shape.stable_key,
        component as u8,
        focus,
        property,
        value,
        language,
    ))
}

/// Counts all results and keeps the first of each shape and component.
struct Collector<'a> {
    shapes: &'a [Shape],
    sample_cap: u64,
    conforms_only: bool,
    rows: Vec<ResultRow>,
    totals: FxHashMap<(ShapeIx, Component), u64>,
}

impl<'a> Collector<'a> {
    fn new(shapes: &'a [Shape], options: &ValidationOptions) -> Self {
        Self {
            shapes,
            sample_cap: options.sample_cap.max(1) as u64,
            conforms_only: options.conforms_only,
            rows: Vec::new(),
            totals: FxHashMap::default(),
        }
    }
}

impl Sink for Collector<'_> {
    fn take(&mut self, at: At, failure: Failure, times: u64) {
        let component = at
            .component
            .expect("constraints without results report nothing");
        let shape = &self.shapes[at.shape as usize];
        let total = self.totals.entry((at.shape, component)).or_default();
        let left = self.sample_cap.saturating_sub(*total);
        *total += times;
        if left == 0 {
            return;
        }
        let row = ResultRow::of(shape, at, &failure);
        self.rows
            .extend(std::iter::repeat_n(row, times.min(left) as usize));
    }

    fn wants_nested(&self) -> bool {
        true
    }

    fn is_satisfied(&self) -> bool {
        self.conforms_only && !self.totals.is_empty()
    }
}
