//! The live report: all results of a state, kept up to date commit by commit. A change is followed to the focus nodes
//! whose results it may touch, those are checked again, and the rest stays. Always equal to a full run: that is its law,
//! and the tests hold it to it. Neither decides what may be committed (`registry` does) nor words anything (`report`).

mod bound;
mod kept;
mod plan;
mod rows;

pub(crate) use plan::Endpoint;
pub(crate) use rows::Row;

use super::bind::{Bindings, LocalTerms, Unknown, bind};
use super::compile::shape_label;
use super::idset::{IdSet, sort_unique};
use super::lint::Lint;
use super::model::{Component, Severity, ShapeIx, Shapes};
use super::report::{PathRef, Report, ResultRow, SeverityCounts, ShapeRef};
use super::run::{At, Failure, Run, RunStats, Sink, Unit, focus_nodes};
use super::validate::{Findings, fingerprint, not_checked};
use crate::store::{Fresh, Id, NetDelta, View};
use bound::BoundPlan;
use plan::{PartIx, Plan, Sites, Upkeep};
use rows::{Difference, Rows};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// The two views of a state that validation reads.
#[derive(Clone)]
pub struct Scope {
    /// Focus nodes come from here.
    pub data: View,
    /// Paths and classes are read here; of the same state as `data`.
    pub context: View,
}

/// All results of one state. Cheap to clone: states share what did not change.
#[derive(Clone)]
pub struct Live {
    engine: Arc<Engine>,
    locals: Arc<LocalTerms>,
    groups: Arc<Vec<Kept>>,
    /// Results by site.
    totals: Arc<Vec<u64>>,
    /// Focus nodes of all groups together, each once.
    focus_total: u64,
    /// Queries that were not finished since everything was checked.
    stopped: Arc<Vec<Lint>>,
    /// Shapes whose path led too far, each with the shape that was given up for it.
    unfinished: Arc<Vec<(ShapeIx, ShapeIx)>>,
}

/// Results of one group of shapes.
#[derive(Clone, Default)]
struct Kept {
    rows: Rows,
    /// How many focus nodes it has.
    focus: u64,
}

/// Shapes ready to run on the ids of one store.
struct Engine {
    shapes: Shapes,
    plan: Arc<Plan>,
    bindings: Bindings,
    bound: BoundPlan,
    /// Terms of the shapes that the store does not know.
    locals: Arc<LocalTerms>,
}

/// A result that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    group: u32,
    row: Row,
}

impl Event {
    /// The focus node of the result.
    pub fn focus(&self) -> Id {
        self.row.focus
    }
}

/// A result in words that stay the same, whatever ids and versions: for files and comparisons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResultKey {
    /// The source shape: its IRI, or its path below the nearest shape with an IRI.
    pub shape: String,
    /// Name of the component, without `ConstraintComponent`.
    pub component: String,
    /// Focus node in N-Triples.
    pub focus: String,
    /// The predicate that a closed shape does not allow, in N-Triples; or the language that occurs twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Value in N-Triples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What a change did to the results.
pub struct Step {
    /// The results after it.
    pub live: Live,
    /// Results that were not there before.
    pub appeared: Vec<Event>,
    /// Results that are no longer there.
    pub vanished: Vec<Event>,
    /// Pairs of a shape with targets and a focus node that were checked again.
    pub affected: u64,
    /// Whether everything was checked, because following the change would have been more work or is not possible.
    pub full: bool,
    /// Work done.
    pub stats: RunStats,
}

/// What all queries of the shapes may take for one state.
const QUERY_TIME: Duration = Duration::from_secs(60);
/// Above this many changed quads, and this part of all, everything is checked instead.
const FULL_FROM: u64 = 200_000;
const FULL_PART: u64 = 8;

impl Engine {
    fn new(shapes: &Shapes, plan: Arc<Plan>, context: &View) -> Arc<Self> {
        let bound = bind(&shapes.compiled, context);
        Arc::new(Self {
            bound: BoundPlan::bind(&plan, context),
            shapes: shapes.clone(),
            plan,
            bindings: bound.bindings,
            locals: Arc::new(bound.locals),
        })
    }

    fn run<'a>(&'a self, scope: &'a Scope, locals: &LocalTerms) -> Run<'a> {
        Run::new(
            &self.shapes.compiled,
            &self.bindings,
            locals.clone(),
            (&scope.data, &scope.context),
            None,
            Some(QUERY_TIME),
        )
    }

    /// The part of a group that a row belongs to.
    fn part_of(&self, group: usize, row: &Row) -> PartIx {
        let at = self.plan.sites.at(&self.shapes.compiled, row.site);
        let part = self.plan.part(group, at.shape);
        part.expect("results are of shapes that some part has")
    }

    /// Whether it is as good for a state that came of another by a change.
    fn holds_after(&self, context: &View, delta: &NetDelta) -> bool {
        Unknown::none_in(&self.bindings.unknown, context)
            && self.bound.holds_in(context)
            && !self.bound.moves_classes(delta)
    }
}

impl Live {
    /// Checks everything. Results are said to have appeared at the commit `seq`; see [`Live::adopt`].
    pub fn full(shapes: &Shapes, scope: &Scope, seq: u64) -> Self {
        let plan = Arc::new(Plan::of(&shapes.compiled));
        Self::run_all(Engine::new(shapes, plan, &scope.context), scope, seq)
    }

    fn run_all(engine: Arc<Engine>, scope: &Scope, seq: u64) -> Self {
        let mut run = engine.run(scope, &engine.locals);
        let mut seen = IdSet::default();
        let mut groups = Vec::with_capacity(engine.plan.groups.len());
        for (ix, group) in engine.plan.groups.iter().enumerate() {
            let focus = focus_nodes(&mut run, &group.targets);
            if run.gives_up(&group.roots) {
                groups.push(Kept::default());
                continue;
            }
            seen.extend(focus.iter().copied());
            groups.push(Kept {
                rows: Rows::of(check(&mut run, &engine, ix, &focus, seq)),
                focus: focus.len() as u64,
            });
        }
        let unfinished = Arc::new(run.take_unfinished());
        let locals = Arc::new(run.locals);
        let stopped = Arc::new(run.queries.stopped);
        let mut totals = vec![0; engine.plan.sites.len()];
        for row in groups.iter().flat_map(|kept| kept.rows.iter()) {
            totals[row.site as usize] += 1;
        }
        Self {
            locals,
            groups: Arc::new(groups),
            totals: Arc::new(totals),
            focus_total: seen.len(),
            stopped,
            unfinished,
            engine,
        }
    }

    /// Whether a change of some quads is followed quad by quad; a larger one is told by [`Live::after_all`].
    pub fn follows(changed: u64, quads: u64) -> bool {
        changed < FULL_FROM || changed.saturating_mul(FULL_PART) < quads
    }

    /// The results after a change. `before` and `after` are the state these results are of and the next one, `seq` is the
    /// number of the commit that makes it. The shapes must be the same.
    pub fn after(&self, before: &Scope, after: &Scope, delta: &NetDelta, seq: u64) -> Step {
        let named = self.locals.any_known_in(&after.context);
        // What could not be finished may be finished now, and the other way round.
        let by_step = !self.engine.plan.targets_are_checked && self.unfinished.is_empty();
        if named || !by_step || !self.engine.holds_after(&after.context, delta) {
            return self.after_all(after, seq);
        }
        let engine = &*self.engine;
        let affected = engine
            .bound
            .affected(&before.context, &after.context, delta);
        if affected.too_far {
            return self.after_all(after, seq);
        }
        let mut run = engine.run(after, &self.locals);
        let mut old_run: Option<Run<'_>> = None;
        let fresh = Fresh::of_delta(before.data.snapshot(), &after.data, delta);
        let mut is_target = engine.bound.membership(&after.data, Some(&fresh));
        let mut was_target = engine.bound.membership(&before.data, None);
        let mut changes = Changes::of(self);
        let mut moved: Vec<Id> = Vec::new();
        for (ix, group) in engine.plan.groups.iter().enumerate() {
            let nodes = &affected.of_parts(&group.parts);
            let is_woken = affected.woken[ix] && group.upkeep == Upkeep::Woken;
            if nodes.is_empty() && group.upkeep != Upkeep::Whole && !is_woken {
                continue;
            }
            if group.is_chosen {
                let old = old_run.get_or_insert_with(|| engine.run(before, &self.locals));
                let then = focus_nodes(old, &group.targets);
                let now = focus_nodes(&mut run, &group.targets);
                moved.extend(then.iter().filter(|node| now.binary_search(node).is_err()));
                moved.extend(now.iter().filter(|node| then.binary_search(node).is_err()));
                changes.focus(ix, now.len(), then.len());
                changes.step.affected += (now.len() * group.roots.len()) as u64;
                let come = check(&mut run, engine, ix, &now, seq);
                let gone = self.groups[ix].rows.iter().copied().collect();
                changes.replace(ix, gone, come);
                continue;
            }
            let (mut now, mut then) = (Vec::with_capacity(nodes.len()), Vec::new());
            for &node in nodes {
                let (is, was) = (
                    is_target.is_target(ix, node),
                    was_target.is_target(ix, node),
                );
                now.extend(is.then_some(node));
                then.extend(was.then_some(node));
                if is != was {
                    moved.push(node);
                }
            }
            changes.focus(ix, now.len(), then.len());
            if matches!(group.upkeep, Upkeep::Whole | Upkeep::Woken) {
                now = focus_nodes(&mut run, &group.targets);
            }
            if matches!(group.upkeep, Upkeep::Whole | Upkeep::Woken) {
                changes.step.affected += (now.len().max(then.len()) * group.roots.len()) as u64;
                let come = check(&mut run, engine, ix, &now, seq);
                let gone = self.groups[ix].rows.iter().copied().collect();
                changes.replace(ix, gone, come);
                continue;
            }
            for again in affected.again(&engine.plan, &group.parts, nodes) {
                let among = |all: &[Id]| both(all, &again.nodes);
                let (now, then) = (among(&now), among(&then));
                changes.step.affected += (now.len().max(then.len()) * again.roots()) as u64;
                let come = check_part(&mut run, engine, &again.units, &now, seq);
                let gone = if again.is_nested {
                    let old = old_run.get_or_insert_with(|| engine.run(before, &self.locals));
                    check_part(old, engine, &again.units, &then, seq)
                } else {
                    let mut rows = self.groups[ix].rows.of_focus(&then);
                    rows.retain(|row| again.parts.contains(&engine.part_of(ix, row)));
                    rows
                };
                changes.replace(ix, gone, come);
            }
        }
        let gave_up = |run: &mut Run<'_>| !run.take_unfinished().is_empty();
        if gave_up(&mut run) || old_run.as_mut().is_some_and(gave_up) {
            return self.after_all(after, seq);
        }
        let mut chosen = [Vec::new(), Vec::new()];
        if !moved.is_empty() {
            for group in engine.plan.groups.iter().filter(|group| group.is_chosen) {
                let old = old_run.get_or_insert_with(|| engine.run(before, &self.locals));
                chosen[0].extend(focus_nodes(&mut run, &group.targets));
                chosen[1].extend(focus_nodes(old, &group.targets));
            }
        }
        let chosen = chosen.map(|nodes| nodes.into_iter().collect::<IdSet>());
        for node in sort_unique(moved) {
            let (is, was) = (
                is_target.is_any_target(node) || chosen[0].contains(node),
                was_target.is_any_target(node) || chosen[1].contains(node),
            );
            let total = &mut changes.step.live.focus_total;
            *total = *total + u64::from(is) - u64::from(was);
        }
        let mut step = changes.step;
        if !run.queries.stopped.is_empty() {
            let stopped = Arc::make_mut(&mut step.live.stopped);
            for lint in std::mem::take(&mut run.queries.stopped) {
                if !stopped.contains(&lint) {
                    stopped.push(lint);
                }
            }
        }
        if run.locals.len() != self.locals.len() {
            step.live.locals = Arc::new(run.locals);
        }
        step.stats = run.stats + affected.stats;
        step.stats = old_run.map_or(step.stats, |old| step.stats + old.stats);
        step
    }

    /// The results of a later state by checking everything; the shapes must be the same.
    pub fn after_all(&self, after: &Scope, seq: u64) -> Step {
        let engine = Engine::new(
            &self.engine.shapes,
            Arc::clone(&self.engine.plan),
            &after.context,
        );
        let now = Self::run_all(engine, after, seq);
        let mut locals = (*now.locals).clone();
        let same = |id: Id, locals: &mut LocalTerms| match self.locals.get(id) {
            Some(term) => locals.bind(&after.context, term.as_ref()),
            None => id,
        };
        let plan = &self.engine.plan;
        let mut changes = Changes::of(self);
        for (ix, kept) in now.groups.iter().enumerate() {
            let translated = self.groups[ix].rows.iter().map(|row| Row {
                focus: same(row.focus, &mut locals),
                value: row.value.map(|value| same(value, &mut locals)),
                property: row.property.map(|property| same(property, &mut locals)),
                bindings: row.bindings.map(|bindings| same(bindings, &mut locals)),
                ..*row
            });
            let gone: Vec<Row> = translated.collect();
            let before = Rows::of(gone.clone());
            let (rows, difference) = before.replaced(gone, kept.rows.iter().copied().collect());
            changes.note(ix, rows, difference);
            changes.step.affected += kept.focus * plan.groups[ix].roots.len() as u64;
            changes.kept(ix).focus = kept.focus;
        }
        Step {
            full: true,
            live: Self {
                engine: now.engine,
                locals: Arc::new(locals),
                focus_total: now.focus_total,
                stopped: now.stopped,
                unfinished: now.unfinished,
                ..changes.step.live
            },
            ..changes.step
        }
    }

    /// The same results, of which those that an earlier report of other shapes knows keep the commit at which they appeared.
    /// Both are of states of one store.
    #[must_use]
    pub fn adopt(self, earlier: &Self) -> Self {
        let mut known: FxHashMap<u64, Vec<u64>> = FxHashMap::default();
        for (row, print) in earlier.prints() {
            known.entry(print).or_default().push(row.since);
        }
        let engine = Arc::clone(&self.engine);
        let compiled = &engine.shapes.compiled;
        self.dated(|row| {
            let print = print_of(compiled, engine.plan.sites.at(compiled, row.site), row);
            known.get_mut(&print).and_then(Vec::pop)
        })
    }

    /// The same results with the commits that `since` knows; the others keep theirs.
    fn dated(mut self, mut since: impl FnMut(&Row) -> Option<u64>) -> Self {
        let groups = self.groups.iter().map(|kept| {
            let rows = kept.rows.iter().map(|row| Row {
                since: since(row).unwrap_or(row.since),
                ..*row
            });
            Kept {
                rows: Rows::of(rows.collect()),
                focus: kept.focus,
            }
        });
        self.groups = Arc::new(groups.collect());
        self
    }

    /// Rows with numbers that are the same for the same result under other shapes.
    fn prints(&self) -> impl Iterator<Item = (&Row, u64)> {
        let compiled = &self.engine.shapes.compiled;
        let sites = &self.engine.plan.sites;
        let rows = self.groups.iter().flat_map(|kept| kept.rows.iter());
        rows.map(move |row| (row, print_of(compiled, sites.at(compiled, row.site), row)))
    }

    /// A result that came or went, in words. `view` is of a state that knows its ids.
    pub fn key_of(&self, event: &Event, view: &View) -> ResultKey {
        self.key(&event.row, view)
    }

    fn key(&self, row: &Row, view: &View) -> ResultKey {
        let compiled = &self.engine.shapes.compiled;
        let at = self.engine.plan.sites.at(compiled, row.site);
        let component = at.component.expect("rows are of constraints with results");
        let text = |id: Id| match self.locals.get(id) {
            Some(term) => term.to_string(),
            None => view.text(id).into_owned(),
        };
        ResultKey {
            shape: shape_label(&compiled.shapes, at.shape),
            component: component.name().to_owned(),
            focus: text(row.focus),
            path: if component == Component::UniqueLang {
                Some(view.language_tag(row.found as u16).to_owned())
            } else {
                row.property.map(text)
            },
            value: row.value.map(text),
        }
    }

    /// The same results, of which those whose commit is known get it; the others keep theirs.
    #[must_use]
    pub fn with_since(self, view: &View, mut since: impl FnMut(&ResultKey) -> Option<u64>) -> Self {
        let these = self.clone();
        self.dated(|row| since(&these.key(row, view)))
    }

    /// Whether two reports of one state say the same, whenever their results appeared.
    pub fn has_same_results(&self, other: &Self) -> bool {
        let prints = |live: &Self| {
            let mut prints: Vec<u64> = live.prints().map(|(_, print)| print).collect();
            prints.sort_unstable();
            prints
        };
        prints(self) == prints(other)
    }

    /// Exact numbers of results by severity.
    pub fn counts(&self) -> SeverityCounts {
        let mut counts = SeverityCounts::default();
        for (site, total) in self
            .totals
            .iter()
            .enumerate()
            .filter(|(_, total)| **total > 0)
        {
            counts.add(self.severity_at(site as u32), *total);
        }
        counts
    }

    /// Numbers of results that came or went, by severity.
    pub fn count(&self, events: &[Event]) -> SeverityCounts {
        let mut counts = SeverityCounts::default();
        for event in events {
            counts.add(self.severity(event), 1);
        }
        counts
    }

    /// Severity of a result that came or went.
    pub fn severity(&self, event: &Event) -> &Severity {
        self.severity_at(event.row.site)
    }

    fn severity_at(&self, site: u32) -> &Severity {
        let compiled = &self.engine.shapes.compiled;
        let at = self.engine.plan.sites.at(compiled, site);
        &compiled.shapes[at.shape as usize].severity
    }

    /// Exact number of results.
    pub fn total(&self) -> u64 {
        self.groups.iter().map(|kept| kept.rows.len() as u64).sum()
    }

    /// The shapes they are of.
    pub fn shapes(&self) -> &Shapes {
        &self.engine.shapes
    }

    /// Bytes of memory held by the results, parts shared with other states counted as its own.
    pub fn memory_bytes(&self) -> usize {
        let rows: usize = self
            .groups
            .iter()
            .map(|kept| kept.rows.memory_bytes())
            .sum();
        rows + self.totals.len() * 8
    }

    /// The report of these results, with up to `sample_cap` results of each constraint. `scope` is the state they are of.
    pub fn report(&self, scope: &Scope, sample_cap: usize) -> Report {
        let compiled = &self.engine.shapes.compiled;
        let sites = &self.engine.plan.sites;
        let mut kept_of = vec![0_usize; sites.len()];
        let mut rows = Vec::new();
        for row in self.groups.iter().flat_map(|kept| kept.rows.iter()) {
            let kept = &mut kept_of[row.site as usize];
            if *kept < sample_cap.max(1) {
                *kept += 1;
                rows.push(self.result(row));
            }
        }
        let mut totals = FxHashMap::default();
        for (site, total) in self
            .totals
            .iter()
            .enumerate()
            .filter(|(_, total)| **total > 0)
        {
            let at = sites.at(compiled, site as u32);
            let component = at.component.expect("rows are of constraints with results");
            *totals.entry((at.shape, component)).or_default() += total;
        }
        let mut focus_counts = vec![0; compiled.shapes.len()];
        for (group, kept) in self.engine.plan.groups.iter().zip(self.groups.iter()) {
            for root in &group.roots {
                focus_counts[*root as usize] = kept.focus;
            }
        }
        let findings = Findings {
            rows,
            totals,
            focus_counts: Some(focus_counts),
            focus_total: self.focus_total,
            not_checked: not_checked(
                &self.engine.shapes,
                &self.unfinished,
                false,
                (*self.stopped).clone(),
            ),
            locals: (*self.locals).clone(),
            stats: RunStats::default(),
        };
        Report::assemble(&self.engine.shapes, &scope.data, &scope.context, findings)
    }

    /// A report without results, which words those that [`Live::result_of`] gives. `scope` is the state they are of.
    pub fn words(&self, scope: &Scope) -> Report {
        let findings = Findings {
            rows: Vec::new(),
            totals: FxHashMap::default(),
            focus_counts: None,
            focus_total: 0,
            not_checked: Vec::new(),
            locals: (*self.locals).clone(),
            stats: RunStats::default(),
        };
        Report::assemble(&self.engine.shapes, &scope.data, &scope.context, findings)
    }

    /// A result that came or went, as reports show it. Ids may be of an earlier state.
    pub fn result_of(&self, event: &Event) -> ResultRow {
        self.result(&event.row)
    }

    fn result(&self, row: &Row) -> ResultRow {
        let compiled = &self.engine.shapes.compiled;
        let at = self.engine.plan.sites.at(compiled, row.site);
        let shape = &compiled.shapes[at.shape as usize];
        ResultRow {
            shape: ShapeRef(at.shape),
            component: at.component.expect("rows are of constraints with results"),
            focus: row.focus,
            path: match row.property {
                Some(property) => Some(PathRef::Property(property)),
                None => shape.path.map(|_| PathRef::OfShape),
            },
            value: row.value,
            severity: shape.severity.clone(),
            constraint: at.constraint,
            found: u64::from(row.found),
            bindings: row.bindings,
            since: Some(row.since),
            detail: Vec::new(),
        }
    }
}

fn print_of(compiled: &super::model::Compiled, at: At, row: &Row) -> u64 {
    let failure = Failure {
        focus: row.focus,
        value: row.value,
        property: row.property,
        found: u64::from(row.found),
        bindings: None,
    };
    let component = at.component.expect("rows are of constraints with results");
    fingerprint(&compiled.shapes[at.shape as usize], component, &failure)
}

/// Nodes in both of two sorted lists.
fn both(all: &[Id], some: &[Id]) -> Vec<Id> {
    let within = |node: &&Id| some.binary_search(node).is_ok();
    all.iter().filter(within).copied().collect()
}

/// Checks some units of a group for some nodes.
fn check_part(
    run: &mut Run<'_>,
    engine: &Engine,
    units: &[Unit],
    focus: &[Id],
    seq: u64,
) -> Vec<Row> {
    let mut sink = Collector {
        sites: &engine.plan.sites,
        seq,
        rows: Vec::new(),
    };
    run.check_part(units, focus, &mut sink);
    sink.rows
}

/// Checks the shapes of a group for some nodes.
fn check(run: &mut Run<'_>, engine: &Engine, group: usize, focus: &[Id], seq: u64) -> Vec<Row> {
    let mut sink = Collector {
        sites: &engine.plan.sites,
        seq,
        rows: Vec::new(),
    };
    run.check_group(&engine.plan.groups[group].roots, focus, &mut sink);
    sink.rows
}

/// Results on the way from one state to the next.
struct Changes {
    step: Step,
}

impl Changes {
    fn of(live: &Live) -> Self {
        Self {
            step: Step {
                live: live.clone(),
                appeared: Vec::new(),
                vanished: Vec::new(),
                affected: 0,
                full: false,
                stats: RunStats::default(),
            },
        }
    }

    fn kept(&mut self, group: usize) -> &mut Kept {
        &mut Arc::make_mut(&mut self.step.live.groups)[group]
    }

    fn focus(&mut self, group: usize, now: usize, then: usize) {
        if now != then {
            let kept = self.kept(group);
            kept.focus = kept.focus + now as u64 - then as u64;
        }
    }

    /// Replaces rows of a group and notes what that changes.
    fn replace(&mut self, group: usize, gone: Vec<Row>, come: Vec<Row>) {
        if gone.is_empty() && come.is_empty() {
            return;
        }
        let (rows, difference) = self.step.live.groups[group].rows.replaced(gone, come);
        self.note(group, rows, difference);
    }

    fn note(&mut self, group: usize, rows: Rows, difference: Difference) {
        let Difference { appeared, vanished } = difference;
        self.kept(group).rows = rows;
        if appeared.is_empty() && vanished.is_empty() {
            return;
        }
        let totals = Arc::make_mut(&mut self.step.live.totals);
        for row in &vanished {
            totals[row.site as usize] -= 1;
        }
        for row in &appeared {
            totals[row.site as usize] += 1;
        }
        let event = |row| Event {
            group: group as u32,
            row,
        };
        self.step.appeared.extend(appeared.into_iter().map(event));
        self.step.vanished.extend(vanished.into_iter().map(event));
    }
}

/// Keeps every result as a row.
struct Collector<'s> {
    sites: &'s Sites,
    seq: u64,
    rows: Vec<Row>,
}

impl Sink for Collector<'_> {
    fn take(&mut self, at: At, failure: Failure, times: u64) {
        let row = Row {
            focus: failure.focus,
            value: failure.value,
            property: failure.property,
            site: self.sites.site(at),
            found: u32::try_from(failure.found).unwrap_or(u32::MAX),
            bindings: failure.bindings,
            since: self.seq,
        };
        self.rows.extend(std::iter::repeat_n(row, times as usize));
    }

    fn wants_nested(&self) -> bool {
        true
    }
}
