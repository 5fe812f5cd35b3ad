//! Validation and its report: verdict, counts, samples of results, what was not checked and what fell outside.
//! Wording is in `message.rs`, output formats in the `render_*` files.

use super::bind::{LocalTerms, bind};
use super::compile::shape_label;
use super::idset::IdSet;
use super::lint::{Effect, Lint};
use super::model::{Component, Severity, Shape, ShapeIx, Shapes, Target};
use super::near::near_misses;
use super::path::Path;
use super::run::{At, Failure, Run, RunStats, Sink, focus_nodes};
use crate::store::{Id, View};
use oxrdf::Term;
use rustc_hash::{FxBuildHasher, FxHashMap};
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

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
#[derive(Clone, Debug)]
pub struct ValidationOptions {
    /// Results kept per shape and component, at least one; totals stay exact.
    pub sample_cap: usize,
    /// Stop at the first result.
    pub conforms_only: bool,
    /// Set to `true` by the caller to stop; the report then says it is incomplete.
    pub cancel: Option<Arc<AtomicBool>>,
}

impl Default for ValidationOptions {
    fn default() -> Self {
        Self {
            sample_cap: 1000,
            conforms_only: false,
            cancel: None,
        }
    }
}

/// Outcome of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No result, and every rule that applies was checked.
    Conforms,
    /// There are results, of any severity.
    Violations,
    /// No result, but some rules were not checked.
    Undetermined,
}

/// Results by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeverityCounts {
    /// `sh:Violation`.
    pub violation: u64,
    /// `sh:Warning`.
    pub warning: u64,
    /// `sh:Info`.
    pub info: u64,
    /// Severities of one's own.
    pub other: u64,
}

/// A shape of the report; good for [`Report`] methods of the same report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShapeRef(pub(crate) ShapeIx);

/// Where a result points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathRef {
    /// The path of the source shape.
    OfShape,
    /// A predicate that a closed shape does not allow.
    Property(Id),
}

/// One validation result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultRow {
    /// Source shape.
    pub shape: ShapeRef,
    /// Source constraint component.
    pub component: Component,
    /// Focus node. Ids are those of the context's state; see [`Report::term`].
    pub focus: Id,
    /// Result path, for property shapes and closed shapes.
    pub path: Option<PathRef>,
    /// Value, where the component reports one.
    pub value: Option<Id>,
    /// Severity of the source shape.
    pub severity: Severity,
    pub(crate) constraint: u16,
    pub(crate) found: u64,
}

/// How many focus nodes a shape with targets had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FocusCount {
    /// The shape.
    pub shape: ShapeRef,
    /// Its name in texts.
    pub label: String,
    /// Focus nodes, each counted once.
    pub count: u64,
}

/// A shape whose targets chose nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZeroFocus {
    /// The shape.
    pub shape: ShapeRef,
    /// The finding (`L041`), with a hint that names near-miss classes.
    pub lint: Lint,
    /// Classes in the data that look like a target class, with their instance counts.
    pub near: Vec<(String, u64)>,
}

/// All results of one shape and component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultGroup {
    /// Source shape.
    pub shape: ShapeRef,
    /// Source constraint component.
    pub component: Component,
    /// Severity of the shape.
    pub severity: Severity,
    /// Exact number of results.
    pub total: u64,
    /// Positions of the kept results in [`Report::results`].
    pub rows: std::ops::Range<usize>,
}

/// The outcome of [`validate`]. Keeps the state it was made on alive, so that terms can be shown.
#[derive(Clone)]
pub struct Report {
    pub(crate) shapes: Shapes,
    pub(crate) context: View,
    pub(crate) locals: LocalTerms,
    rows: Vec<ResultRow>,
    groups: Vec<ResultGroup>,
    totals: FxHashMap<(ShapeIx, Component), u64>,
    fingerprints: Vec<u64>,
    focus_counts: Vec<FocusCount>,
    zero_focus: Vec<ZeroFocus>,
    not_checked: Vec<Lint>,
    stats: RunStats,
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
        (bound.locals, bound.classes),
        (data, context),
        options.cancel.clone(),
    );
    let mut collector = Collector::new(&compiled.shapes, options);
    let mut focus_counts = vec![0_u64; compiled.shapes.len()];

    // Roots with the same targets are checked together, so that they share path evaluations.
    let mut groups: Vec<(&[Target], Vec<ShapeIx>)> = Vec::new();
    for &root in &compiled.roots {
        let targets = compiled.shapes[root as usize].targets.as_slice();
        match groups.iter_mut().find(|(same, _)| *same == targets) {
            Some((_, group)) => group.push(root),
            None => groups.push((targets, vec![root])),
        }
    }
    for (targets, group) in groups {
        if collector.is_satisfied() || run.is_cancelled() {
            break;
        }
        let focus = focus_nodes(&mut run, targets);
        for root in &group {
            focus_counts[*root as usize] = focus.len() as u64;
        }
        run.check_shapes(&group, &focus, &mut collector);
    }

    let stopped = run.is_cancelled();
    let (stats, locals) = (run.stats, run.locals);
    let mut report = Report {
        shapes: shapes.clone(),
        context: context.clone(),
        locals,
        rows: collector.rows,
        groups: Vec::new(),
        totals: collector.totals,
        fingerprints: collector.fingerprints,
        focus_counts: Vec::new(),
        zero_focus: Vec::new(),
        not_checked: not_checked(shapes, stopped),
        stats,
    };
    report.fingerprints.sort_unstable();
    report.sort_rows();
    report.group_rows();
    if !options.conforms_only && !stopped {
        report.count_focus(&focus_counts, data);
    }
    tracing::debug!(
        results = report.fingerprints.len(),
        rows_scanned = stats.rows_scanned,
        seeks = stats.seeks,
        texts_read = stats.texts_read,
        "Validated the data against {} shapes",
        compiled.shapes.len()
    );
    report
}

fn not_checked(shapes: &Shapes, stopped: bool) -> Vec<Lint> {
    let compiled = &shapes.compiled;
    let mut reachable = IdSetOfShapes::new(compiled.shapes.len());
    let mut stack = compiled.roots.clone();
    while let Some(ix) = stack.pop() {
        let shape = &compiled.shapes[ix as usize];
        if !shape.deactivated && reachable.insert(ix) {
            stack.extend(
                shape
                    .constraints
                    .iter()
                    .flat_map(super::model::Constraint::shapes),
            );
        }
    }
    let about_targets = |lint: &Lint| matches!(lint.code, "L006" | "L024");
    let applies = |lint: &&Lint| {
        lint.effect != Effect::Note
            && lint.shape_ix.is_some_and(|ix| {
                reachable.0[ix as usize]
                    || (about_targets(lint) && !compiled.shapes[ix as usize].deactivated)
            })
    };
    let mut found: Vec<Lint> = compiled.findings.iter().filter(applies).cloned().collect();
    if stopped {
        found.push(Lint::new("L050", "", ""));
    }
    found
}

/// Marks by shape position.
struct IdSetOfShapes(Vec<bool>);

impl IdSetOfShapes {
    fn new(len: usize) -> Self {
        Self(vec![false; len])
    }

    fn insert(&mut self, ix: ShapeIx) -> bool {
        !std::mem::replace(&mut self.0[ix as usize], true)
    }
}

/// Counts all results and keeps the first of each shape and component.
struct Collector<'a> {
    shapes: &'a [Shape],
    sample_cap: u64,
    conforms_only: bool,
    rows: Vec<ResultRow>,
    totals: FxHashMap<(ShapeIx, Component), u64>,
    fingerprints: Vec<u64>,
}

impl<'a> Collector<'a> {
    fn new(shapes: &'a [Shape], options: &ValidationOptions) -> Self {
        Self {
            shapes,
            sample_cap: options.sample_cap.max(1) as u64,
            conforms_only: options.conforms_only,
            rows: Vec::new(),
            totals: FxHashMap::default(),
            fingerprints: Vec::new(),
        }
    }
}

impl Sink for Collector<'_> {
    fn fail(&mut self, at: At, failure: Failure) {
        let component = at
            .component
            .expect("constraints without results report nothing");
        let shape = &self.shapes[at.shape as usize];
        let language = if component == Component::UniqueLang {
            failure.found
        } else {
            0
        };
        let key = (
            shape.stable_key,
            component as u8,
            failure.focus,
            failure.property,
            failure.value,
            language,
        );
        self.fingerprints.push(FxBuildHasher.hash_one(key));
        let total = self.totals.entry((at.shape, component)).or_default();
        *total += 1;
        if *total > self.sample_cap {
            return;
        }
        let path = match failure.property {
            Some(property) => Some(PathRef::Property(property)),
            None => shape.path.map(|_| PathRef::OfShape),
        };
        self.rows.push(ResultRow {
            shape: ShapeRef(at.shape),
            component,
            focus: failure.focus,
            path,
            value: failure.value,
            severity: shape.severity.clone(),
            constraint: at.constraint,
            found: failure.found,
        });
    }

    fn wants_nested(&self) -> bool {
        true
    }

    fn is_satisfied(&self) -> bool {
        self.conforms_only && !self.fingerprints.is_empty()
    }
}

impl Report {
    /// The outcome.
    pub fn verdict(&self) -> Verdict {
        if !self.fingerprints.is_empty() {
            Verdict::Violations
        } else if self.not_checked.is_empty() {
            Verdict::Conforms
        } else {
            Verdict::Undetermined
        }
    }

    /// Kept results, ordered by shape, component, focus node, path and value.
    pub fn results(&self) -> &[ResultRow] {
        &self.rows
    }

    /// Exact number of results, kept or not.
    pub fn total(&self) -> u64 {
        self.fingerprints.len() as u64
    }

    /// Whether some results were counted but not kept.
    pub fn is_sampled(&self) -> bool {
        self.total() > self.rows.len() as u64
    }

    /// Exact numbers of results by severity.
    pub fn counts(&self) -> SeverityCounts {
        let mut counts = SeverityCounts::default();
        for ((shape, _), total) in &self.totals {
            *match self.shape(ShapeRef(*shape)).severity {
                Severity::Violation => &mut counts.violation,
                Severity::Warning => &mut counts.warning,
                Severity::Info => &mut counts.info,
                Severity::Other(_) => &mut counts.other,
            } += total;
        }
        counts
    }

    /// Results by shape and component, in report order.
    pub fn groups(&self) -> &[ResultGroup] {
        &self.groups
    }

    /// Focus nodes of each shape with targets, in report order. Empty for `conforms_only` runs.
    pub fn focus_counts(&self) -> &[FocusCount] {
        &self.focus_counts
    }

    /// Shapes whose targets chose nothing. Empty for `conforms_only` runs.
    pub fn zero_focus(&self) -> &[ZeroFocus] {
        &self.zero_focus
    }

    /// The finding `L040` when no shape at all had a focus node.
    pub fn nothing_checked(&self) -> Option<Lint> {
        let none =
            !self.focus_counts.is_empty() && self.focus_counts.iter().all(|count| count.count == 0);
        none.then(|| Lint::new("L040", "", ""))
    }

    /// Rules that apply and were not checked.
    pub fn not_checked(&self) -> &[Lint] {
        &self.not_checked
    }

    /// Work done.
    pub fn stats(&self) -> RunStats {
        self.stats
    }

    /// The term of an id in a result.
    pub fn term(&self, id: Id) -> Term {
        self.locals
            .get(id)
            .cloned()
            .unwrap_or_else(|| self.context.term(id))
    }

    /// The IRI or blank node of a shape.
    pub fn shape_term(&self, shape: ShapeRef) -> &Term {
        &self.shape(shape).term
    }

    /// A shape in words: its IRI, or its path below the nearest shape with an IRI.
    pub fn shape_label(&self, shape: ShapeRef) -> String {
        shape_label(&self.shapes.compiled.shapes, shape.0)
    }

    /// The nearest shape with targets above a shape, or the shape itself.
    pub fn root_of(&self, shape: ShapeRef) -> ShapeRef {
        let shapes = &self.shapes.compiled.shapes;
        let mut at = shape.0;
        for _ in 0..32 {
            match shapes[at as usize].parent {
                Some(parent) if shapes[at as usize].targets.is_empty() => at = parent,
                _ => break,
            }
        }
        ShapeRef(at)
    }

    /// The path a result points along, as written in the shape.
    pub fn path(&self, row: &ResultRow) -> Option<Arc<Path>> {
        match row.path? {
            PathRef::OfShape => self.shape(row.shape).written_path.clone(),
            PathRef::Property(id) => match self.term(id) {
                Term::NamedNode(node) => Some(Arc::new(Path::Predicate(node))),
                _ => None,
            },
        }
    }

    /// Kept results that the report of an earlier state of the same store does not have.
    /// Where that report or this one kept only samples, see [`Report::new_count_since`] for the exact number.
    pub fn new_since(&self, before: &Self) -> Vec<ResultRow> {
        let mut old: FxHashMap<u64, u64> = FxHashMap::default();
        for fingerprint in &before.fingerprints {
            *old.entry(*fingerprint).or_default() += 1;
        }
        let is_new = |row: &&ResultRow| match old.get_mut(&self.fingerprint(row)) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        };
        self.rows.iter().filter(is_new).cloned().collect()
    }

    /// Exact number of results that the report of an earlier state of the same store does not have.
    pub fn new_count_since(&self, before: &Self) -> u64 {
        let (mut new, mut at) = (0, 0);
        let old = &before.fingerprints;
        for fingerprint in &self.fingerprints {
            while at < old.len() && old[at] < *fingerprint {
                at += 1;
            }
            if at < old.len() && old[at] == *fingerprint {
                at += 1;
            } else {
                new += 1;
            }
        }
        new
    }

    pub(crate) fn shape(&self, shape: ShapeRef) -> &Shape {
        &self.shapes.compiled.shapes[shape.0 as usize]
    }

    fn fingerprint(&self, row: &ResultRow) -> u64 {
        let property = match row.path {
            Some(PathRef::Property(id)) => Some(id),
            _ => None,
        };
        let language = if row.component == Component::UniqueLang {
            row.found
        } else {
            0
        };
        let key = (
            self.shape(row.shape).stable_key,
            row.component as u8,
            row.focus,
            property,
            row.value,
            language,
        );
        FxBuildHasher.hash_one(key)
    }

    fn sort_rows(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        let text = |id: Id| match self.locals.get(id) {
            Some(term) => term.to_string(),
            None => self.context.text(id).into_owned(),
        };
        rows.sort_by_cached_key(|row| {
            let property = match row.path {
                Some(PathRef::Property(id)) => Some(text(id)),
                _ => None,
            };
            let rank = self.shapes.compiled.rank[row.shape.0 as usize];
            (
                rank,
                row.component,
                text(row.focus),
                property,
                row.value.map(text),
                row.constraint,
                row.found,
            )
        });
        self.rows = rows;
    }

    fn group_rows(&mut self) {
        let mut from = 0;
        while from < self.rows.len() {
            let row = &self.rows[from];
            let same = self.rows[from..]
                .iter()
                .take_while(|r| r.shape == row.shape && r.component == row.component);
            let to = from + same.count();
            self.groups.push(ResultGroup {
                shape: row.shape,
                component: row.component,
                severity: row.severity.clone(),
                total: self.totals[&(row.shape.0, row.component)],
                rows: from..to,
            });
            from = to;
        }
    }

    fn count_focus(&mut self, counts: &[u64], data: &View) {
        let shapes = Arc::clone(&self.shapes.compiled);
        let empty: Vec<ShapeIx> = shapes
            .roots
            .iter()
            .copied()
            .filter(|root| counts[*root as usize] == 0)
            .collect();
        self.focus_counts = shapes
            .roots
            .iter()
            .map(|root| FocusCount {
                shape: ShapeRef(*root),
                label: shape_label(&shapes.shapes, *root),
                count: counts[*root as usize],
            })
            .collect();
        self.zero_focus = near_misses(&shapes.shapes, &empty, data)
            .into_iter()
            .map(|(root, lint, near)| ZeroFocus {
                shape: ShapeRef(root),
                lint,
                near,
            })
            .collect();
    }

    /// Distinct focus nodes among the kept results.
    pub fn failing_focus_count(&self) -> u64 {
        self.rows
            .iter()
            .map(|row| row.focus)
            .collect::<IdSet>()
            .len()
    }
}
