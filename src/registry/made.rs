//! What is made of states and kept for the next ones: compiled shapes, the live report, who is checked and how strictly.
//! A state that follows another by a small commit costs what the commit costs. Holds a few states only; a state that is
//! not here is read and checked anew.

use super::gate::Gate;
use super::{Registry, StoredReport};
use crate::shapes::{Live, Report, Scope, Shapes, read_shapes_with};
use crate::store::{Graphs, Id, Snapshot, View};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// States that are kept: the one readers see and those that are about to follow.
const KEPT_STATES: usize = 4;

/// Results kept per constraint in the reports that people read; totals are exact.
const SAMPLES: usize = 1000;

/// Graphs below `{base}/graph/` that hold no objects to check: rules, background, bookkeeping and what waits.
const UNCHECKED: [&str; 6] = [
    "shapes/",
    "vocab/",
    "codelijst/",
    "beheer/",
    "rapport/",
    "quarantaine/",
];

/// States and what was made of them.
#[derive(Default)]
pub(super) struct Made(Mutex<VecDeque<(u64, Arc<Judged>)>>);

/// What was made of one state.
pub(super) struct Judged {
    pub(super) shapes: Arc<Shapes>,
    /// Graphs whose objects are checked.
    pub(super) checked: Arc<[Id]>,
    pub(super) gate: Arc<Gate>,
    live: OnceLock<Live>,
    report: OnceLock<Arc<Report>>,
}

impl Judged {
    pub(super) fn new(shapes: Arc<Shapes>, checked: Arc<[Id]>, gate: Arc<Gate>) -> Self {
        Self {
            shapes,
            checked,
            gate,
            live: OnceLock::new(),
            report: OnceLock::new(),
        }
    }

    /// With results that are known.
    pub(super) fn with_live(self, live: Live) -> Self {
        let _ = self.live.set(live);
        self
    }

    /// Results that are known already.
    pub(super) fn live(&self) -> Option<&Live> {
        self.live.get()
    }

    /// The views validation reads.
    pub(super) fn scope(&self, view: &View) -> Scope {
        Scope {
            data: view.with_graphs(Graphs::Set(Arc::clone(&self.checked))),
            context: view.without_apart(),
        }
    }
}

impl Made {
    fn states(&self) -> MutexGuard<'_, VecDeque<(u64, Arc<Judged>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, state: &Snapshot) -> Option<Arc<Judged>> {
        let identity = state.identity();
        let states = self.states();
        let found = states.iter().find(|(of, _)| *of == identity);
        found.map(|(_, judged)| Arc::clone(judged))
    }

    /// Keeps what was made of a state.
    pub(super) fn keep(&self, state: &Snapshot, judged: Arc<Judged>) {
        let identity = state.identity();
        let mut states = self.states();
        states.retain(|(of, _)| *of != identity);
        if states.len() == KEPT_STATES {
            states.pop_front();
        }
        states.push_back((identity, judged));
    }
}

impl Registry {
    /// What was made of a state, or is made now.
    pub(super) fn judged(&self, state: &Snapshot) -> Arc<Judged> {
        if let Some(known) = self.made.of(state) {
            return known;
        }
        let view = state.view();
        let judged = Arc::new(Judged::new(
            self.shapes_of(state),
            self.data_graphs(&view).into(),
            Arc::new(Gate::read(self, &view)),
        ));
        self.made.keep(state, Arc::clone(&judged));
        judged
    }

    /// Keeps the results of the newest state for who opens the registry next, if they are known.
    pub(super) fn keep_live(&self) {
        let state = self.store.snapshot();
        let known = self.made.of(&state);
        if let Some(live) = known.as_ref().and_then(|judged| judged.live.get()) {
            self.kept.write(&state, &self.shapes_options(), live);
        }
    }

    /// All results of a state, found when first asked for.
    pub(super) fn live_of<'j>(&self, judged: &'j Judged, state: &Snapshot) -> &'j Live {
        judged.live.get_or_init(|| {
            let scope = judged.scope(&state.view());
            // Only of the newest state is the history that of this state.
            let is_newest = state.is_same_as(&self.store.snapshot());
            let options = self.shapes_options();
            let read = || self.kept.read(state, &options, &judged.shapes, &scope);
            if let Some(kept) = is_newest.then(read).flatten() {
                return kept;
            }
            let live = Live::full(&judged.shapes, &scope, state.seq());
            if is_newest {
                let live = self.history.adopt(live, &scope.context, state.seq());
                self.kept.write(state, &options, &live);
                live
            } else {
                live
            }
        })
    }

    /// The results of a state as a report.
    pub(super) fn report_in(&self, judged: &Judged, state: &Snapshot) -> Arc<Report> {
        let made = judged.report.get_or_init(|| {
            let live = self.live_of(judged, state);
            Arc::new(live.report(&judged.scope(&state.view()), SAMPLES))
        });
        Arc::clone(made)
    }

    /// Checks all of a state anew, whatever is known of it, and returns its report and whether the results are those that were
    /// known; anything else is a fault of the program.
    pub fn check_anew(&self, state: &Snapshot) -> (StoredReport, bool) {
        let judged = self.judged(state);
        let known = self.live_of(&judged, state);
        let scope = judged.scope(&state.view());
        let anew = Live::full(&judged.shapes, &scope, state.seq()).adopt(known);
        let stored = StoredReport {
            report: Arc::new(anew.report(&scope, SAMPLES)),
            view: state.view(),
        };
        (stored, anew.has_same_results(known))
    }

    /// Whether a graph is one of this registry's below `{base}/graph/` and one of these folders.
    pub(super) fn is_graph_of(&self, view: &View, graph: Id, folders: &[&str]) -> bool {
        view.iri(graph).is_some_and(|iri| {
            iri.strip_prefix(self.base())
                .and_then(|path| path.strip_prefix("/graph/"))
                .is_some_and(|name| folders.iter().any(|folder| name.starts_with(folder)))
        })
    }

    /// Graphs whose shapes apply: `{base}/graph/shapes/…`.
    pub fn shapes_graphs(&self, view: &View) -> Vec<Id> {
        let mut graphs = view.graph_names();
        graphs.retain(|graph| self.is_graph_of(view, *graph, &["shapes/"]));
        graphs
    }

    /// Whether the objects of a graph are checked.
    pub(super) fn is_checked(&self, view: &View, graph: Id) -> bool {
        !self.is_graph_of(view, graph, &UNCHECKED)
            && view.snapshot().apart().binary_search(&graph).is_err()
    }

    /// Graphs whose objects are checked: all but shapes, vocabularies, code lists and bookkeeping. Sorted.
    pub fn data_graphs(&self, view: &View) -> Vec<Id> {
        let mut graphs = view.graph_names();
        graphs.retain(|graph| self.is_checked(view, *graph));
        graphs.push(Id::DEFAULT_GRAPH);
        graphs.sort_unstable();
        graphs
    }

    /// The graphs of the state before and those a change brings in.
    pub(super) fn checked_after(
        &self,
        before: &Arc<[Id]>,
        view: &View,
        changed: &[Id],
    ) -> Arc<[Id]> {
        let is_new = |graph: &&Id| before.binary_search(graph).is_err();
        let mut new: Vec<Id> = changed.iter().filter(is_new).copied().collect();
        new.retain(|graph| self.is_checked(view, *graph));
        if new.is_empty() {
            return Arc::clone(before);
        }
        new.extend(before.iter());
        new.sort_unstable();
        new.into()
    }

    pub(super) fn shapes_of(&self, snapshot: &Snapshot) -> Arc<Shapes> {
        let view = snapshot.view();
        let graphs = self.shapes_graphs(&view);
        let view = view.with_graphs(Graphs::set(graphs));
        Arc::new(read_shapes_with(&view, self.shapes_options()))
    }

    /// The compiled shapes of the stored registry.
    pub fn shapes(&self) -> Arc<Shapes> {
        Arc::clone(&self.judged(&self.snapshot()).shapes)
    }

    /// The gate's rules in the stored registry.
    pub fn gate(&self) -> Gate {
        (*self.judged(&self.snapshot()).gate).clone()
    }

    /// All results of a state, checked against the shapes it had.
    pub fn live(&self, state: &Snapshot) -> Live {
        self.live_of(&self.judged(state), state).clone()
    }

    /// The validation report of the stored registry, made once per commit.
    pub fn report(&self) -> StoredReport {
        self.report_of(&self.snapshot())
    }

    /// The validation report of a state of this registry's store, checked against the shapes it had then.
    pub fn report_of(&self, state: &Snapshot) -> StoredReport {
        StoredReport {
            report: self.report_in(&self.judged(state), state),
            view: state.view(),
        }
    }
}
