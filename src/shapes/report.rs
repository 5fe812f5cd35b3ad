//! The report of a validation: verdict, counts, samples of results, what was not checked and what fell outside.
//! Wording is in `message.rs`, output formats in the `render_*` files.

use super::bind::LocalTerms;
use super::compile::shape_label;
use super::idset::IdSet;
use super::lint::Lint;
use super::model::{Component, Severity, Shape, ShapeIx, Shapes};
use super::near::near_misses;
use super::path::Path;
use super::run::{At, Failure, RunStats};
use super::validate::Findings;
use crate::store::{Id, View};
use oxrdf::Term;
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Outcome of a validation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No result that denies conformance, and every rule that applies was checked.
    Conforms,
    /// There are results that deny conformance: of any severity, or with SHACL 1.2 of those that do not count as mild.
    Violations,
    /// No such result, but some rules were not checked.
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
    /// `sh:Debug` and `sh:Trace`, which SHACL 1.2 adds.
    pub mild: u64,
    /// Severities of one's own.
    pub other: u64,
}

impl SeverityCounts {
    /// Counts results of a severity.
    pub fn add(&mut self, severity: &Severity, results: u64) {
        *match severity {
            Severity::Violation => &mut self.violation,
            Severity::Warning => &mut self.warning,
            Severity::Info => &mut self.info,
            Severity::Other(_) if severity.is_mild() => &mut self.mild,
            Severity::Other(_) => &mut self.other,
        } += results;
    }

    /// What is left without some of these.
    #[must_use]
    pub fn without(self, part: &Self) -> Self {
        Self {
            violation: self.violation.saturating_sub(part.violation),
            warning: self.warning.saturating_sub(part.warning),
            info: self.info.saturating_sub(part.info),
            mild: self.mild.saturating_sub(part.mild),
            other: self.other.saturating_sub(part.other),
        }
    }

    /// What counts as wrong: violations, and severities of one's own.
    pub fn errors(&self) -> u64 {
        self.violation + self.other
    }

    /// What is for information: `sh:Info` and milder.
    pub fn informative(&self) -> u64 {
        self.info + self.mild
    }

    /// All results, of any severity.
    pub fn total(&self) -> u64 {
        self.errors() + self.warning + self.informative()
    }
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
    /// The commit at which the result appeared, where that is known.
    pub since: Option<u64>,
    pub(crate) constraint: u32,
    pub(crate) found: u64,
    pub(crate) bindings: Option<Id>,
    /// Why the nodes at fault do not conform to the shapes that the constraint names (`sh:detail`); only after
    /// [`Report::with_details`].
    pub detail: Vec<ResultRow>,
}

impl ResultRow {
    /// The result of a violation.
    pub(crate) fn of(shape: &Shape, at: At, failure: &Failure) -> Self {
        let path = match failure.property {
            Some(property) => Some(PathRef::Property(property)),
            None => shape.path.map(|_| PathRef::OfShape),
        };
        Self {
            shape: ShapeRef(at.shape),
            component: at
                .component
                .expect("constraints without results report nothing"),
            focus: failure.focus,
            path,
            value: failure.value,
            severity: shape.severity.clone(),
            since: None,
            constraint: at.constraint,
            found: failure.found,
            bindings: failure.bindings,
            detail: Vec::new(),
        }
    }
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

/// The outcome of [`validate`](crate::shapes::validate()). Keeps the state it was made on alive, so that terms can be shown.
#[derive(Clone)]
pub struct Report {
    pub(crate) shapes: Shapes,
    pub(crate) data: View,
    pub(crate) context: View,
    pub(crate) locals: LocalTerms,
    rows: Vec<ResultRow>,
    groups: Vec<ResultGroup>,
    totals: FxHashMap<(ShapeIx, Component), u64>,
    focus_counts: Vec<FocusCount>,
    focus_total: u64,
    zero_focus: Vec<ZeroFocus>,
    not_checked: Vec<Lint>,
    stats: RunStats,
}

impl Report {
    /// Puts a report together. `data` is where focus nodes came from.
    pub(crate) fn assemble(
        shapes: &Shapes,
        data: &View,
        context: &View,
        findings: Findings,
    ) -> Self {
        let mut report = Self {
            shapes: shapes.clone(),
            data: data.clone(),
            context: context.clone(),
            locals: findings.locals,
            rows: findings.rows,
            groups: Vec::new(),
            totals: findings.totals,
            focus_counts: Vec::new(),
            focus_total: findings.focus_total,
            zero_focus: Vec::new(),
            not_checked: findings.not_checked,
            stats: findings.stats,
        };
        report.sort_rows();
        report.group_rows();
        if let Some(counts) = findings.focus_counts {
            report.count_focus(&counts, data);
        }
        report
    }

    /// The outcome.
    pub fn verdict(&self) -> Verdict {
        let compiled = &self.shapes.compiled;
        if self.totals.keys().any(|(shape, _)| compiled.denies(*shape)) {
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
        self.totals.values().sum()
    }

    /// Whether some results were counted but not kept.
    pub fn is_sampled(&self) -> bool {
        self.total() > self.rows.len() as u64
    }

    /// Exact numbers of results by severity.
    pub fn counts(&self) -> SeverityCounts {
        let mut counts = SeverityCounts::default();
        for ((shape, _), total) in &self.totals {
            counts.add(&self.shape(ShapeRef(*shape)).severity, *total);
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

    /// Focus nodes of all shapes together, each counted once.
    pub fn focus_total(&self) -> u64 {
        self.focus_total
    }

    /// Shapes whose targets chose nothing. Empty for `conforms_only` runs.
    pub fn zero_focus(&self) -> &[ZeroFocus] {
        &self.zero_focus
    }

    /// The finding `L042` when there was no shape with a target, `L040` when no shape at all had a focus node.
    /// Not to be asked of `conforms_only` runs, which count nothing.
    pub fn nothing_checked(&self) -> Option<Lint> {
        if !self.has_targets() {
            return Some(Lint::new("L042", "", ""));
        }
        let none =
            !self.focus_counts.is_empty() && self.focus_counts.iter().all(|count| count.count == 0);
        none.then(|| Lint::new("L040", "", ""))
    }

    /// Whether any shape had a target at all. Without one, conforming says nothing about the data.
    pub fn has_targets(&self) -> bool {
        self.shapes
            .compiled
            .shapes
            .iter()
            .any(|shape| !shape.targets.is_empty())
    }

    /// What a strict processor refuses to report with: a finding about the shapes graph, or a rule that was not finished.
    pub fn failure(&self) -> Option<&Lint> {
        let of_run = self.not_checked.iter().find(|lint| lint.is_failure());
        self.shapes.failure().or(of_run)
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

    pub(crate) fn shape(&self, shape: ShapeRef) -> &Shape {
        &self.shapes.compiled.shapes[shape.0 as usize]
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
                row.bindings.map(text),
            )
        });
        self.rows = rows;
    }

    pub(crate) fn set_detail(&mut self, position: usize, detail: Vec<ResultRow>) {
        self.rows[position].detail = detail;
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

    /// Leaves out kept results that `keep` does not take; counts follow.
    pub fn retain_results(&mut self, mut keep: impl FnMut(&Self, &ResultRow) -> bool) {
        let rows = std::mem::take(&mut self.rows);
        let (kept, left_out): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| keep(self, row));
        for row in &left_out {
            if let Some(total) = self.totals.get_mut(&(row.shape.0, row.component)) {
                *total -= 1;
            }
        }
        self.totals.retain(|_, total| *total > 0);
        self.rows = kept;
        self.groups.clear();
        self.group_rows();
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
