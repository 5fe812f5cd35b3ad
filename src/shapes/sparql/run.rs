//! Running rules: one query for all focus nodes where the query allows it, else one for each, all within one limit of time and
//! memory. What a query does not finish is told as not checked.

use super::Rule;
use super::read::told;
use super::text::keep;
use crate::query::given::{Found, GivenQuery, Ground, Node};
use crate::query::{Cancel, QueryError, QueryOptions};
use crate::shapes::lint::Lint;
use crate::shapes::model::ShapeIx;
use crate::shapes::run::{At, Failure, Frame, Run, Sink};
use crate::store::{Id, View};
use oxrdf::{NamedNode, Term};
use rustc_hash::FxHashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Rows of one table.
const TABLE_ROWS: usize = 16 * 1024;
/// Solutions kept for messages in one run.
const MAX_KEPT: usize = 100_000;
/// Memory of one query.
const MAX_MEMORY: u64 = 1 << 30;

/// The queries of one validation.
pub(crate) struct Queries {
    /// When the queries of this run must be done.
    until: Option<Instant>,
    cancel: Cancel,
    /// The shapes graph, once a query reads it.
    shapes: Option<(NamedNode, View)>,
    /// What was not finished.
    pub(crate) stopped: Vec<Lint>,
    /// Constraints that were not finished, and are not tried again.
    failed: FxHashSet<(ShapeIx, u32)>,
    kept: usize,
}

impl Queries {
    /// The state before the first query. `time` is what all queries together may take.
    pub(crate) fn new(time: Option<Duration>, cancel: Option<Arc<AtomicBool>>) -> Self {
        Self {
            until: time.and_then(|time| Instant::now().checked_add(time)),
            cancel: cancel.map_or_else(Cancel::new, Cancel::sharing),
            shapes: None,
            stopped: Vec::new(),
            failed: FxHashSet::default(),
            kept: 0,
        }
    }
}

/// Runs a query over a table, or without one.
pub(super) fn ask(
    run: &mut Run<'_>,
    query: &GivenQuery,
    table: Option<&[Node]>,
    reads_shapes: bool,
    each: &mut dyn FnMut(&[Option<Found>]) -> bool,
) -> Result<(), QueryError> {
    let context = run.context;
    run.stats.queries += 1;
    let queries = &mut run.queries;
    if reads_shapes && queries.shapes.is_none() {
        let origin = &run.compiled.origin;
        queries.shapes = Some((origin.name(), origin.view(context)));
    }
    let options = QueryOptions {
        timeout: queries
            .until
            .map(|until| until.saturating_duration_since(Instant::now())),
        max_memory: Some(MAX_MEMORY),
        cancel: queries.cancel.clone(),
        ..QueryOptions::default()
    };
    let extra = queries.shapes.as_ref().filter(|_| reads_shapes);
    let ground = Ground {
        view: context,
        extra: extra.map(|(name, view)| (name, view)),
        options: &options,
    };
    query.run(&ground, table, each)
}

/// Finds the violations of a rule in a frame.
pub(crate) fn check(
    run: &mut Run<'_>,
    rule: &Rule,
    frame: &Frame<'_>,
    at: At,
    sink: &mut dyn Sink,
) {
    if run.queries.failed.contains(&(at.shape, at.constraint)) || frame.focus().is_empty() {
        return;
    }
    let outcome = if rule.is_ask() {
        ask_values(run, rule, frame, at, sink)
    } else {
        select(run, rule, frame.focus(), at, sink)
    };
    if let Err(fault) = outcome {
        run.queries.failed.insert((at.shape, at.constraint));
        if run.is_cancelled() {
            return;
        }
        let term = match &rule.component {
            Some(component) => crate::shapes::names::short_iri(component.as_str()),
            None => "sh:sparql".to_owned(),
        };
        let mut lint = match fault {
            Fault::Query(error) => Lint::told("L071", &term, &told(&error)),
            Fault::Failure => Lint::new("L072", &term, ""),
        };
        lint.shape = Some(run.compiled.shapes[at.shape as usize].term.clone());
        lint.shape_label = crate::shapes::compile::shape_label(&run.compiled.shapes, at.shape);
        lint.shape_ix = Some(at.shape);
        run.queries.stopped.push(lint);
    }
}

enum Fault {
    Query(QueryError),
    /// The query reports one itself (`?failure`).
    Failure,
}

impl From<QueryError> for Fault {
    fn from(error: QueryError) -> Self {
        Self::Query(error)
    }
}

impl Run<'_> {
    fn node(&self, id: Id) -> Node {
        match self.locals.get(id) {
            Some(term) => (None, term.clone()),
            None => (Some(id), self.context.term(id)),
        }
    }

    fn bind_found(&mut self, found: &Found) -> Id {
        match found {
            Found::Id(id) => *id,
            Found::Term(term) => self.locals.bind(self.context, term.as_ref()),
        }
    }

    fn term_of(&self, found: &Found) -> Term {
        match found {
            Found::Id(id) => self.context.term(*id),
            Found::Term(term) => term.clone(),
        }
    }

    /// The rows of a table, `width` nodes each, the constants of the rule added.
    fn table(&self, rule: &Rule, nodes: &[Id], width: usize) -> Vec<Node> {
        let blanks: Vec<Node> = rule
            .blanks
            .iter()
            .map(|term| (self.context.id_of(term.as_ref()), term.clone()))
            .collect();
        let mut table = Vec::with_capacity(nodes.len() / width * (width + blanks.len()));
        for row in nodes.chunks(width) {
            table.extend(row.iter().map(|id| self.node(*id)));
            table.extend(blanks.iter().cloned());
        }
        table
    }
}

/// A `SELECT`: each solution is a violation.
fn select(
    run: &mut Run<'_>,
    rule: &Rule,
    focus: &[Id],
    at: At,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let rows_of_table = if rule.query.is_shared() {
        TABLE_ROWS
    } else {
        1
    };
    if rule.query.is_open() && rule.blanks.is_empty() && focus.len() > TABLE_ROWS {
        return select_from(run, rule, None, focus, at, sink);
    }
    for chunk in focus.chunks(rows_of_table) {
        if run.is_cancelled() || sink.is_satisfied() {
            return Ok(());
        }
        let table = run.table(rule, chunk, 1);
        select_from(run, rule, Some(&table), chunk, at, sink)?;
    }
    Ok(())
}

fn select_from(
    run: &mut Run<'_>,
    rule: &Rule,
    table: Option<&[Node]>,
    focus: &[Id],
    at: At,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let columns = rule.query.columns();
    let column = |name: &str| columns.iter().position(|column| column == name);
    let (this, value, path) = (column("this"), column("value"), column("path"));
    let (message, failure) = (column("message"), column("failure"));
    let mut rows: Vec<Vec<Option<Found>>> = Vec::new();
    let is_all = table.is_none();
    ask(run, &rule.query, table, rule.reads_shapes, &mut |row| {
        let is_one = match this.and_then(|this| row[this].as_ref()) {
            Some(Found::Id(id)) => !is_all || focus.binary_search(id).is_ok(),
            Some(Found::Term(_)) => !is_all,
            None => false,
        };
        if is_one {
            rows.push(row.to_vec());
        }
        true
    })?;
    let has_path = run.compiled.shapes[at.shape as usize].path.is_some();
    let (tells, stamp) = (sink.wants_nested(), rule.stamp());
    for row in rows {
        let cell = |column: Option<usize>| column.and_then(|column| row[column].as_ref());
        if let Some(failure) = cell(failure)
            && let Term::Literal(literal) = run.term_of(failure)
            && literal.value() == "true"
        {
            return Err(Fault::Failure);
        }
        let Some(this) = cell(this) else {
            continue;
        };
        let focus = run.bind_found(this);
        let value = match cell(value) {
            Some(value) => Some(run.bind_found(value)),
            None => (!has_path).then_some(focus),
        };
        let property = cell(path)
            .map(|path| run.bind_found(path))
            .filter(|path| matches!(run.kind(*path), crate::store::TermKind::Iri));
        let mut bindings = None;
        if tells && run.queries.kept < MAX_KEPT {
            let message = cell(message).map(|message| run.term_of(message));
            let values: Vec<(&str, Term)> = rule
                .holes
                .iter()
                .filter_map(|hole| Some((hole.as_str(), run.term_of(cell(column(hole))?))))
                .collect();
            if let Some(kept) = keep(values.into_iter(), message.as_ref()) {
                run.queries.kept += 1;
                bindings = Some(run.locals.bind(run.context, kept.as_ref()));
            }
        }
        let failure = Failure {
            focus,
            value,
            property,
            found: stamp,
            bindings,
        };
        sink.fail(at, failure);
    }
    Ok(())
}

/// An `ASK`: each value for which it does not answer yes is a violation.
fn ask_values(
    run: &mut Run<'_>,
    rule: &Rule,
    frame: &Frame<'_>,
    at: At,
    sink: &mut dyn Sink,
) -> Result<(), Fault> {
    let of_focus = rule.given.contains(&"this");
    let of_value = rule.given.contains(&"value");
    let mut nodes: Vec<Id> = Vec::new();
    let width = usize::from(of_focus) + usize::from(of_value);
    if of_focus && of_value {
        for (row, value) in frame.values().iter().enumerate() {
            nodes.extend([frame.focus_of_row(row), *value]);
        }
    } else if of_value {
        nodes.extend_from_slice(frame.distinct_values());
    } else {
        nodes.extend_from_slice(frame.focus());
    }
    let columns = rule.query.columns();
    let places: Vec<usize> = rule.given[..width]
        .iter()
        .filter_map(|name| columns.iter().position(|column| column == name))
        .collect();
    let stamp = rule.stamp();
    let mut right: FxHashSet<[Option<Id>; 2]> = FxHashSet::default();
    let rows = if rule.query.is_shared() {
        TABLE_ROWS
    } else {
        1
    };
    for chunk in nodes.chunks(rows * width) {
        if run.is_cancelled() || sink.is_satisfied() {
            return Ok(());
        }
        let table = run.table(rule, chunk, width);
        let mut found: Vec<Vec<Option<Found>>> = Vec::new();
        ask(
            run,
            &rule.query,
            Some(&table),
            rule.reads_shapes,
            &mut |row| {
                found.push(row.to_vec());
                true
            },
        )?;
        for row in found {
            let mut key = [None; 2];
            for (cell, place) in key.iter_mut().zip(&places) {
                *cell = row[*place].as_ref().map(|found| run.bind_found(found));
            }
            right.insert(key);
        }
    }
    for (row, value) in frame.values().iter().enumerate() {
        let focus = frame.focus_of_row(row);
        let key = match (of_focus, of_value) {
            (true, true) => [Some(focus), Some(*value)],
            (false, _) => [Some(*value), None],
            (true, false) => [Some(focus), None],
        };
        if !right.contains(&key) {
            sink.fail(at, Failure::of_value(focus, *value).counting(stamp));
        }
    }
    Ok(())
}
