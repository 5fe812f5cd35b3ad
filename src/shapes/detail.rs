//! Why a result is one: the results of the shapes that it names, `sh:detail` of a report
//! ([§3.6.2.3](https://www.w3.org/TR/shacl/#results-detail)). Found when asked, by checking those shapes again for the nodes
//! at fault; a report that nobody asks has none and is none the slower.

use super::bind::bind;
use super::constraints::{members_of_list, reifiers_of};
use super::model::{Compiled, Component, Constraint, ShapeIx};
use super::render::ReportFormat;
use super::render_text::EXAMPLES;
use super::report::{PathRef, Report, ResultGroup, ResultRow};
use super::run::{At, Failure, Run, Sink};
use super::v12::Constraint12;
use crate::store::{Id, View};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Details of one result, and of one detail.
const DETAILS: usize = 10;
/// How deep details go: those of a result are the first level.
const DEPTH: usize = 3;
/// Results of one rule that have details in a report that lists all.
const DETAILED_ROWS: usize = 100;
/// Pairs of focus node and value that one path may make: for one node at a time, few are enough.
const PAIRS: u64 = 1 << 20;
/// How long all details of a report may take; results whose turn does not come have none.
const TIME: Duration = Duration::from_secs(10);

/// Shapes and the nodes that they are asked of, to tell why a result is one.
struct Asked {
    pairs: Vec<(ShapeIx, Id)>,
    /// Whether a node that conforms to one of the shapes shows that the reason is another.
    all_must_fail: bool,
}

/// Takes the first results that deny conformance.
struct First<'a> {
    compiled: &'a Compiled,
    found: Vec<(At, Failure)>,
    cap: usize,
}

impl Sink for First<'_> {
    fn take(&mut self, at: At, failure: Failure, _: u64) {
        if self.found.len() < self.cap && self.compiled.denies(at.shape) {
            self.found.push((at, failure));
        }
    }

    fn wants_nested(&self) -> bool {
        true
    }

    fn is_satisfied(&self) -> bool {
        self.found.len() >= self.cap
    }
}

/// Finds details, a result at a time.
struct Finder<'a> {
    run: Run<'a>,
    until: Instant,
    stop: Option<&'a AtomicBool>,
}

impl Report {
    /// The report with [`ResultRow::detail`] of the results that a form shows: the examples of each rule in a text, else the
    /// first hundred of each rule. `stop` ends the search early; what is found by then stays.
    #[must_use]
    pub fn with_details(&self, format: ReportFormat, stop: Option<&Arc<AtomicBool>>) -> Self {
        let shown = if format == ReportFormat::Text {
            EXAMPLES
        } else {
            DETAILED_ROWS
        };
        let first = |group: &ResultGroup| {
            let Range { start, end } = group.rows;
            // The same result a second time is no example of its own.
            let mut distinct = 0;
            (start..end)
                .take_while(|at| {
                    distinct +=
                        usize::from(*at == start || self.results()[*at] != self.results()[at - 1]);
                    distinct <= shown
                })
                .collect::<Vec<usize>>()
        };
        let positions: Vec<usize> = self.groups().iter().flat_map(first).collect();
        self.with_details_of(&positions, stop)
    }

    /// The report with [`ResultRow::detail`] of the results at some positions.
    #[must_use]
    pub fn with_details_of(&self, positions: &[usize], stop: Option<&Arc<AtomicBool>>) -> Self {
        let mut report = self.clone();
        let has_reasons = |position: &usize| self.refers_to_shapes(&self.results()[*position]);
        let positions: Vec<usize> = positions.iter().copied().filter(has_reasons).collect();
        if positions.is_empty() {
            return report;
        }
        let compiled = &*self.shapes.compiled;
        let bound = bind(compiled, &self.context);
        let mut run = Run::new(
            compiled,
            &bound.bindings,
            bound.locals,
            (&self.data, &self.context),
            stop.cloned(),
            Some(TIME),
        );
        run.bound_paths(PAIRS);
        let mut finder = Finder {
            run,
            until: Instant::now() + TIME,
            stop: stop.map(|stop| &**stop),
        };
        for position in positions {
            let mut row = self.results()[position].clone();
            finder.rename(&mut row, |id| self.locals.get(id).cloned());
            let mut detail = finder.detail(&row, 1);
            let Finder { run, .. } = &finder;
            for row in &mut detail {
                report.adopt(row, run, &self.context);
            }
            report.set_detail(position, detail);
            if finder.is_over() {
                break;
            }
        }
        report
    }

    /// Gives a result of a run the ids of this report.
    fn adopt(&mut self, row: &mut ResultRow, run: &Run<'_>, context: &View) {
        each_id(row, &mut |id| {
            if let Some(term) = run.locals.get(*id) {
                *id = self.locals.bind(context, term.as_ref());
            }
        });
        for inner in &mut row.detail {
            self.adopt(inner, run, context);
        }
    }

    /// Whether the constraint of a result is one that asks whether nodes conform to shapes.
    fn refers_to_shapes(&self, row: &ResultRow) -> bool {
        let constraint = &self.shape(row.shape).constraints[row.constraint as usize];
        !matches!(constraint, Constraint::Not(_)) && !constraint.shapes().is_empty()
    }
}

impl Finder<'_> {
    fn is_over(&self) -> bool {
        Instant::now() >= self.until || self.stop.is_some_and(|stop| stop.load(Ordering::Relaxed))
    }

    /// Gives a result of a report the ids of this run.
    fn rename(&mut self, row: &mut ResultRow, term_of: impl Fn(Id) -> Option<oxrdf::Term>) {
        let context = self.run.context;
        each_id(row, &mut |id| {
            if let Some(term) = term_of(*id) {
                *id = self.run.locals.bind(context, term.as_ref());
            }
        });
    }

    /// The details of a result, and theirs.
    fn detail(&mut self, row: &ResultRow, level: usize) -> Vec<ResultRow> {
        let Some(asked) = self.asked(row) else {
            return Vec::new();
        };
        let compiled = self.run.compiled;
        // Every alternative has a say.
        let each = (DETAILS / asked.pairs.len().max(1)).max(1);
        let mut found = Vec::new();
        for (shape, node) in asked.pairs {
            let mut sink = First {
                compiled,
                found: Vec::new(),
                cap: each,
            };
            self.run.check_group(&[shape], &[node], &mut sink);
            // What was given up once is tried again for the next node.
            self.run.take_unfinished();
            if sink.found.is_empty() && asked.all_must_fail {
                return Vec::new();
            }
            sink.found
                .sort_by_key(|(at, _)| (compiled.rank[at.shape as usize], at.component));
            found.append(&mut sink.found);
            if (found.len() >= DETAILS && !asked.all_must_fail) || self.is_over() {
                break;
            }
        }
        found.truncate(DETAILS);
        let mut rows: Vec<ResultRow> = Vec::with_capacity(found.len());
        for (at, failure) in found {
            let mut row = ResultRow::of(&compiled.shapes[at.shape as usize], at, &failure);
            if level < DEPTH && !self.is_over() {
                row.detail = self.detail(&row, level + 1);
            }
            if rows.last() != Some(&row) {
                rows.push(row);
            }
        }
        rows
    }

    /// What to ask to learn why a result is one; `None` when it comes of a node that conforms, or of no shape.
    fn asked(&mut self, row: &ResultRow) -> Option<Asked> {
        let compiled = self.run.compiled;
        let source = &compiled.shapes[row.shape.0 as usize];
        let constraint = &source.constraints[row.constraint as usize];
        let of_value = |shapes: &[ShapeIx]| -> Option<Vec<(ShapeIx, Id)>> {
            let value = row.value?;
            Some(shapes.iter().map(|shape| (*shape, value)).collect())
        };
        let pairs = match constraint {
            Constraint::Node(shape) => of_value(&[*shape])?,
            Constraint::And(shapes) | Constraint::Or(shapes) | Constraint::Xone(shapes) => {
                of_value(shapes)?
            }
            Constraint::Qualified { shape, .. }
                if row.component == Component::QualifiedMinCount =>
            {
                self.with_values(row, *shape)
            }
            Constraint::V12(Constraint12::SomeValue(shape)) => self.with_values(row, *shape),
            Constraint::V12(Constraint12::MemberShape(shape)) => {
                let members = members_of_list(&mut self.run, row.value?)?;
                members.into_iter().map(|node| (*shape, node)).collect()
            }
            Constraint::V12(Constraint12::ReifierShape { shape, .. }) => {
                let reifiers = reifiers_of(&self.run, row.shape.0, row.focus, row.value?);
                reifiers.into_iter().map(|node| (*shape, node)).collect()
            }
            _ => return None,
        };
        Some(Asked {
            pairs,
            all_must_fail: matches!(constraint, Constraint::Xone(_)),
        })
    }

    /// A shape with the values of the focus node that do not conform to it.
    fn with_values(&mut self, row: &ResultRow, shape: ShapeIx) -> Vec<(ShapeIx, Id)> {
        let (compiled, bound) = (self.run.compiled, self.run.bound);
        let values = match compiled.shapes[row.shape.0 as usize].path {
            Some(path) => {
                let path = &bound.paths[path as usize];
                let focus = [row.focus];
                let frame = self.run.frame(path, &focus, row.shape.0);
                frame.values().to_vec()
            }
            None => vec![row.focus],
        };
        self.run.decide(shape, &values);
        let fail = values
            .into_iter()
            .filter(|value| self.run.fails(shape, *value));
        fail.take(DETAILS).map(|value| (shape, value)).collect()
    }
}

/// All ids of a result, without those of its details.
fn each_id(row: &mut ResultRow, change: &mut dyn FnMut(&mut Id)) {
    change(&mut row.focus);
    if let Some(value) = &mut row.value {
        change(value);
    }
    if let Some(bindings) = &mut row.bindings {
        change(bindings);
    }
    if let Some(PathRef::Property(property)) = &mut row.path {
        change(property);
    }
}
