//! The registry: one store, its declared registers and shapes, and the one path by which anything is written.
//! Knows no HTTP and no file formats; `ingest` and `query` fill the drafts it opens.

pub mod assets;
mod commit;
mod register;
pub mod stored;

pub use commit::{CommitError, CommitRequest, OnViolation, Outcome, Rejection};
pub use register::{Filter, Match, Register, RegisterError};

use crate::shapes::{
    Report, Shapes, ShapesOptions, Validation, ValidationOptions, read_shapes, read_shapes_with,
    validate,
};
use crate::store::{self, Draft, Graphs, Id, OpenOptions, Snapshot, Store, StoreError, View};
use oxrdf::NamedNode;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use stored::StoredQueries;

/// Base IRI when none is configured: where `oslo serve` listens by default.
pub const DEFAULT_BASE: &str = "http://127.0.0.1:7400";

/// What is chosen per registry.
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    /// Base IRI of graphs, documents and activities, without a slash at the end.
    pub base: String,
}

impl Default for RegistryConfig {
    fn default() -> Self {
        Self {
            base: DEFAULT_BASE.to_owned(),
        }
    }
}

/// A report together with the state its ids belong to.
#[derive(Clone)]
pub struct StoredReport {
    /// The report.
    pub report: Arc<Report>,
    /// The view its ids can be read in.
    pub view: View,
}

/// One registry. Share it as `Arc<Registry>`.
pub struct Registry {
    store: Store,
    config: RegistryConfig,
    registers: Vec<Register>,
    stored: StoredQueries,
    /// What was made of the latest states, newest last.
    made: Mutex<VecDeque<Made>>,
}

/// States whose shapes and report are kept: the one readers see and those that are about to follow.
const KEPT_STATES: usize = 4;

/// Shapes and report of one state.
struct Made {
    /// [`Snapshot::identity`]: the state itself would keep files open that it no longer needs.
    of: u64,
    shapes: Arc<Shapes>,
    report: Option<Arc<Report>>,
}

impl Registry {
    /// Opens the registry in a data folder; see [`Store::open_with_progress`]. What queries look up besides quads is kept in
    /// files.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(
        dir: &Path,
        options: OpenOptions,
        config: RegistryConfig,
        progress: store::ReplayProgress<'_>,
    ) -> Result<Self, StoreError> {
        let options = OpenOptions {
            derived: crate::query::derived(),
            ..options
        };
        Ok(Self::over(
            Store::open_with_progress(dir, options, progress)?,
            config,
        ))
    }

    /// A registry that lives and ends with the process.
    pub fn in_memory(config: RegistryConfig) -> Self {
        Self::over(Store::in_memory(), config)
    }

    fn over(store: Store, config: RegistryConfig) -> Self {
        Self {
            stored: StoredQueries::of(store.dir(), &config.base),
            store,
            config,
            registers: register::shipped(),
            made: Mutex::new(VecDeque::new()),
        }
    }

    /// The store beneath; only for reading and checking. Writes go through [`Registry::commit`].
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The state after the last commit.
    pub fn snapshot(&self) -> Snapshot {
        self.store.snapshot()
    }

    /// Base IRI, without a slash at the end.
    pub fn base(&self) -> &str {
        &self.config.base
    }

    /// Declared registers, sorted by name.
    pub fn registers(&self) -> &[Register] {
        &self.registers
    }

    /// The register with a collection name.
    pub fn register(&self, name: &str) -> Option<&Register> {
        self.registers.iter().find(|register| register.name == name)
    }

    /// The register whose items have a type segment.
    pub fn register_by_type(&self, kind: &str) -> Option<&Register> {
        self.registers.iter().find(|register| register.kind == kind)
    }

    /// The register an item's IRI belongs to.
    pub fn register_of_iri(&self, iri: &str) -> Option<&Register> {
        self.registers
            .iter()
            .find(|register| register.id_of_iri(iri).is_some())
    }

    /// The queries that stewards put in the data folder.
    pub fn stored_queries(&self) -> &StoredQueries {
        &self.stored
    }

    /// `{base}/graph/{name}`.
    pub fn graph_iri(&self, name: &str) -> NamedNode {
        NamedNode::new_unchecked(format!("{}/graph/{name}", self.config.base))
    }

    /// `{base}/id/activiteit/{kind}/{moment}`: a new IRI for an activity.
    pub fn activity_iri(&self, kind: &str) -> String {
        let moment = jiff::Timestamp::now().as_nanosecond();
        format!("{}/id/activiteit/{kind}/{moment:x}", self.config.base)
    }

    /// `{base}/id/agent/{name}`: an agent of this registry, a role or program.
    pub fn agent_iri(&self, name: &str) -> String {
        format!("{}/id/agent/{name}", self.config.base)
    }

    fn is_graph_of(&self, view: &View, graph: Id, folders: &[&str]) -> bool {
        view.iri(graph).is_some_and(|iri| {
            iri.strip_prefix(self.config.base.as_str())
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

    /// Graphs whose objects are checked: all but shapes, vocabularies and code lists.
    pub fn data_graphs(&self, view: &View) -> Vec<Id> {
        let mut graphs = view.graph_names();
        graphs
            .retain(|graph| !self.is_graph_of(view, *graph, &["shapes/", "vocab/", "codelijst/"]));
        graphs.push(Id::DEFAULT_GRAPH);
        graphs
    }

    fn shapes_of(&self, snapshot: &Snapshot) -> Arc<Shapes> {
        let view = snapshot.view();
        let graphs = self.shapes_graphs(&view);
        if graphs.is_empty() {
            return Arc::new(read_shapes(&view.with_graphs(Graphs::set([]))));
        }
        let view = view.with_graphs(Graphs::set(graphs));
        Arc::new(read_shapes_with(&view, self.shapes_options()))
    }

    /// How this registry reads shapes, as it was set to.
    pub fn shapes_options(&self) -> ShapesOptions {
        let settings = self.store.settings();
        ShapesOptions {
            shacl12: settings.shacl.is_12(),
            threshold: settings.disallow,
        }
    }

    fn made(&self) -> MutexGuard<'_, VecDeque<Made>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what was made of a state.
    fn remember(&self, snapshot: &Snapshot, shapes: &Arc<Shapes>, report: Option<&Arc<Report>>) {
        let of = snapshot.identity();
        let mut made = self.made();
        if let Some(known) = made.iter_mut().find(|known| known.of == of) {
            if let Some(report) = report {
                known.report = Some(Arc::clone(report));
            }
            return;
        }
        if made.len() == KEPT_STATES {
            made.pop_front();
        }
        made.push_back(Made {
            of,
            shapes: Arc::clone(shapes),
            report: report.cloned(),
        });
    }

    /// The compiled shapes of a state, made once.
    fn shapes_in(&self, snapshot: &Snapshot) -> Arc<Shapes> {
        let of = snapshot.identity();
        let known = self
            .made()
            .iter()
            .find(|made| made.of == of)
            .map(|made| Arc::clone(&made.shapes));
        known.unwrap_or_else(|| {
            let shapes = self.shapes_of(snapshot);
            self.remember(snapshot, &shapes, None);
            shapes
        })
    }

    /// The validation report of a state, made once.
    fn report_in(&self, snapshot: &Snapshot) -> Arc<Report> {
        let of = snapshot.identity();
        let known = self
            .made()
            .iter()
            .find(|made| made.of == of)
            .and_then(|made| made.report.clone());
        known.unwrap_or_else(|| {
            let shapes = self.shapes_in(snapshot);
            let report = Arc::new(validate(&shapes, &self.validation(&snapshot.view(), None)));
            self.remember(snapshot, &shapes, Some(&report));
            report
        })
    }

    /// The compiled shapes of the stored registry.
    pub fn shapes(&self) -> Arc<Shapes> {
        self.shapes_in(&self.snapshot())
    }

    /// Data and background of a state; results that `before` does not have are all kept, others as samples.
    fn validation(&self, view: &View, before: Option<Arc<Report>>) -> Validation {
        Validation {
            data: view.with_graphs(Graphs::set(self.data_graphs(view))),
            context: view.clone(),
            options: ValidationOptions {
                before,
                ..ValidationOptions::default()
            },
        }
    }

    /// The validation report of the stored registry, made once per commit.
    pub fn report(&self) -> StoredReport {
        self.report_of(&self.snapshot())
    }

    /// The validation report of a state of this registry's store, checked against the shapes it had then.
    pub fn report_of(&self, state: &Snapshot) -> StoredReport {
        StoredReport {
            report: self.report_in(state),
            view: state.view(),
        }
    }

    /// Checks statements that are not to be stored, against the stored shapes and with the stored registry as background.
    /// Focus nodes come only from the graphs that `fill` adds quads to.
    ///
    /// # Errors
    /// Whatever `fill` returns.
    pub fn validate_only<T, E>(
        &self,
        fill: impl FnOnce(&mut Draft<'_>) -> Result<T, E>,
    ) -> Result<(T, StoredReport), E> {
        let mut draft = self.store.scratch();
        let value = fill(&mut draft)?;
        let graphs = Graphs::set(draft.changed_graphs());
        let view = draft.snapshot().view();
        let shapes = self.shapes();
        let validation = Validation {
            data: view.with_graphs(graphs),
            context: view.clone(),
            options: ValidationOptions::default(),
        };
        let report = Arc::new(validate(&shapes, &validation));
        Ok((value, StoredReport { report, view }))
    }
}
