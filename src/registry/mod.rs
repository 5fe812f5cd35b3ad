//! The registry: one store, its declared registers and shapes, and the one path by which anything is written.
//! Knows no HTTP and no file formats; `ingest` and `query` fill the drafts it opens.

pub mod assets;
mod commit;
mod feed_view;
mod gate;
mod gone;
mod history;
mod items;
mod kept;
mod made;
pub mod process;
mod quarantine;
mod register;
mod reported;
mod reserved;
pub mod sensors;
mod sources;
pub mod stored;
mod versions;

pub use commit::{CommitError, CommitRequest, Findings, JudgedState, LISTED, Outcome, Rejection};
pub use feed_view::{FeedView, FeedViewKind};
pub use gate::{GATE_GRAPH, GATE_NS, Gate, GateRule, Level, Mode};
pub use gone::{Gone, SubjectChange, SubjectChanges};
pub use history::HistoryEvent;
pub use items::{Item, ItemError, ItemWritten, MAX_ITEM_STATEMENTS};
pub use quarantine::{Aside, QUARANTINE, QUARANTINE_NS, Waiting, WaitingMember};
pub use register::{
    COLLECTION_PARAMETERS, Filter, FilterPart, Match, Register, RegisterError, SearchField,
    SortKey, SortKind, reserved_parameters,
};
pub use reported::{REPORT_GRAPH, REPORT_HISTORY_GRAPH, ReportGraphs, SolvedResult};
pub use reserved::{CATALOGUE_SUFFIX, Reserved, Writer};
pub use sources::{DeclaredSource, SOURCE_NS, SOURCES_GRAPH, SourceKind, option};
pub use versions::{DERIVED, Moment, Object, Objects, VERSIONS, ValidTimeError, Version};

use crate::shapes::{Report, ShapesOptions, Validation, ValidationOptions, validate};
use crate::store::{self, Draft, Graphs, OpenOptions, Snapshot, Store, StoreError, View};
use history::History;
use kept::KeptLive;
use made::Made;
use oxrdf::NamedNode;
use std::path::Path;
use std::sync::Arc;
use stored::StoredQueries;
pub(crate) use versions::belgian_time;

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
    /// What was made of the latest states.
    made: Made,
    history: History,
    kept: KeptLive,
    /// States of other moments of valid time.
    valid: versions::Known,
    /// Whose graphs are whose.
    reserved: reserved::Known,
    /// Which subjects lost statements.
    gone: gone::Known,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.keep_live();
    }
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
            history: History::of(store.dir(), !store.is_read_only()),
            kept: KeptLive::of(store.dir(), !store.is_read_only(), &config.base),
            store,
            config,
            registers: register::shipped(),
            made: Made::default(),
            valid: versions::Known::default(),
            reserved: reserved::Known::default(),
            gone: gone::Known::default(),
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

    /// Whether a commit with this number and chain digest may be one of the log: of commits that the log gave up nobody can
    /// tell any more. For whoever remembers how far something was.
    pub fn knows_commit(&self, seq: u64, digest: &str) -> bool {
        if seq > self.snapshot().seq() {
            return false;
        }
        let infos = self.store.commits_between(seq.saturating_sub(1), seq);
        let infos = infos.unwrap_or_default();
        let info = infos.iter().find(|info| info.seq == seq);
        info.is_none_or(|info| info.digest == digest)
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

    /// How this registry reads shapes, as it was set to.
    pub fn shapes_options(&self) -> ShapesOptions {
        let settings = self.store.settings();
        ShapesOptions {
            shacl12: settings.shacl.is_12(),
            threshold: settings.disallow,
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
            context: view.without_apart(),
            options: ValidationOptions::default(),
        };
        let report = Arc::new(validate(&shapes, &validation));
        Ok((value, StoredReport { report, view }))
    }
}
