//! The state after a commit: dictionary and index, immutable and shared.

use crate::store::dictionary::Dictionary;
use crate::store::id::Id;
use crate::store::index::Index;
use crate::store::statistics::Statistics;
use crate::store::view::{Graphs, View};
use rustc_hash::FxHashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Below this many quads exact counts alone make good plans.
const STATISTICS_FROM: u64 = 4_096;
/// Graphs whose last change is remembered; each commit copies the list.
const MAX_LISTED_GRAPHS: usize = 4_096;
/// Up to this many quads a state that lacks figures is counted when they are first asked for.
const COUNTED_UP_TO: u64 = 4_000_000;

/// The state after one commit. Cheap to clone; any number of readers share it, and none blocks the writer.
#[derive(Clone)]
pub struct Snapshot {
    version: Arc<Version>,
}

/// The commits that last changed graphs, as far as this process saw them.
struct LastChanges {
    /// Graphs that are not listed are as they were after this commit.
    since: (u64, [u8; 32]),
    by_graph: FxHashMap<Id, (u64, [u8; 32])>,
}

impl LastChanges {
    /// Nothing is known of what came before a commit.
    fn since(seq: u64, digest: [u8; 32]) -> Arc<Self> {
        Arc::new(Self {
            since: (seq, digest),
            by_graph: FxHashMap::default(),
        })
    }

    /// After one more commit, which changed some graphs.
    fn after(&self, seq: u64, digest: [u8; 32], graphs: &[Id]) -> Arc<Self> {
        if self.by_graph.len() + graphs.len() > MAX_LISTED_GRAPHS {
            return Self::since(seq, digest);
        }
        let mut by_graph = self.by_graph.clone();
        by_graph.extend(graphs.iter().map(|graph| (*graph, (seq, digest))));
        Arc::new(Self {
            since: self.since,
            by_graph,
        })
    }
}

pub(crate) struct Version {
    pub(crate) seq: u64,
    pub(crate) digest: [u8; 32],
    pub(crate) quad_count: u64,
    pub(crate) dictionary: Dictionary,
    pub(crate) index: Index,
    /// Equal exactly for states with the same content by way of the same changes.
    content: u64,
    /// The figures, and the number of quads when they were counted.
    statistics: OnceLock<Option<(Arc<Statistics>, u64)>>,
    changes: Arc<LastChanges>,
    /// Graphs that are reached by their names only, when that was asked; see [`Snapshot::apart`].
    apart: OnceLock<Arc<[Id]>>,
}

/// A graph with one of these in its name is reached by its name only: what it holds is not there yet, or no longer.
pub const APART: [&str; 2] = ["/graph/quarantaine/", "/graph/versies/"];

/// Whether a graph with this name is reached by its name only.
pub fn is_apart(iri: &str) -> bool {
    APART.iter().any(|part| iri.contains(part))
}

fn new_content() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Snapshot {
    pub(crate) fn new(
        seq: u64,
        digest: [u8; 32],
        quad_count: u64,
        dictionary: Dictionary,
        index: Index,
    ) -> Self {
        Self {
            version: Arc::new(Version {
                seq,
                digest,
                quad_count,
                dictionary,
                index,
                content: new_content(),
                statistics: OnceLock::new(),
                changes: LastChanges::since(seq, digest),
                apart: OnceLock::new(),
            }),
        }
    }

    pub(crate) fn empty() -> Self {
        Self::new(0, [0; 32], 0, Dictionary::default(), Index::default())
    }

    /// The same state, now that it has a number and a digest.
    pub(crate) fn numbered(&self, seq: u64, digest: [u8; 32]) -> Self {
        self.with_changes(seq, digest, LastChanges::since(seq, digest))
    }

    /// The same state, now that it is what a commit made of another by changing some graphs.
    pub(crate) fn committed(&self, seq: u64, digest: [u8; 32], base: &Self, graphs: &[Id]) -> Self {
        let changes = base.version().changes.after(seq, digest, graphs);
        self.with_changes(seq, digest, changes)
    }

    fn with_changes(&self, seq: u64, digest: [u8; 32], changes: Arc<LastChanges>) -> Self {
        let version = self.version();
        Self {
            version: Arc::new(Version {
                seq,
                digest,
                quad_count: version.quad_count,
                dictionary: version.dictionary.clone(),
                index: version.index.clone(),
                content: version.content,
                statistics: version.statistics.clone(),
                changes,
                apart: version.apart.clone(),
            }),
        }
    }

    /// The same state, stored in another way.
    pub(crate) fn stored_as(&self, dictionary: Dictionary, index: Index) -> Self {
        let version = self.version();
        Self {
            version: Arc::new(Version {
                seq: version.seq,
                digest: version.digest,
                quad_count: version.quad_count,
                dictionary,
                index,
                content: version.content,
                statistics: OnceLock::new(),
                changes: Arc::clone(&version.changes),
                apart: version.apart.clone(),
            }),
        }
    }

    pub(crate) fn version(&self) -> &Version {
        &self.version
    }

    /// Number of the last commit in this state; 0 is the empty store.
    pub fn seq(&self) -> u64 {
        self.version.seq
    }

    /// Chain digest (SHA-256) of that commit; zeros for the empty store.
    pub fn digest(&self) -> [u8; 32] {
        self.version.digest
    }

    /// Equal for states whose ids mean the same terms: a store that was built anew has another.
    pub fn ids(&self) -> u64 {
        self.version.dictionary.seed()
    }

    /// Number and chain digest of a commit since which a graph has not changed: the one that changed it last, or a later one
    /// where that is not known, as after a start. Two states of one history that give the same have the same graph.
    pub fn last_change(&self, graph: Id) -> (u64, [u8; 32]) {
        let changes = &self.version.changes;
        *changes.by_graph.get(&graph).unwrap_or(&changes.since)
    }

    /// Number of quads.
    pub fn quad_count(&self) -> u64 {
        self.version.quad_count
    }

    /// Bytes of memory that index and dictionary take, caches not counted.
    pub fn memory_bytes(&self) -> usize {
        self.version.index.memory_bytes() + self.version.dictionary.memory_bytes()
    }

    /// Figures about the triples of this state, or of an earlier one or a part that tells as much. `None` for a small
    /// state, where exact counts do as well. Those of levels on disk were counted when the level was written; a state
    /// without them is counted when first asked, if that takes about a second.
    pub fn statistics(&self) -> Option<Arc<Statistics>> {
        let version = self.version();
        let quads = version.quad_count;
        if quads < STATISTICS_FROM {
            return None;
        }
        let figures = version.statistics.get_or_init(|| {
            let levels = version.index.levels();
            let largest = levels.iter().filter(|level| level.files().is_some());
            let largest = largest.max_by_key(|level| level.len());
            let stored = largest.and_then(|level| Some((level.statistics()?, level)));
            match stored {
                Some((figures, level)) if level.len() >= quads / 2 || quads > COUNTED_UP_TO => {
                    Some((figures, quads))
                }
                _ if quads <= COUNTED_UP_TO => {
                    Some((Arc::new(Statistics::of(&self.whole())), quads))
                }
                _ => None,
            }
        });
        figures.as_ref().map(|(figures, _)| Arc::clone(figures))
    }

    /// Takes over the figures of the state this one came from, unless too much has changed since they were counted.
    #[must_use]
    pub(crate) fn with_statistics_of(self, earlier: &Self) -> Self {
        let quads = self.version.quad_count;
        if let Some(Some((figures, counted))) = earlier.version.statistics.get()
            && quads.abs_diff(*counted) <= counted / 8
        {
            let figures = Some((Arc::clone(figures), *counted));
            self.version.statistics.get_or_init(|| figures);
        }
        self
    }

    /// A view of every graph, the default graph included, but for those that are reached by their names only.
    pub fn view(&self) -> View {
        let apart = self.apart();
        if apart.is_empty() {
            self.whole()
        } else {
            View::new(self.clone(), Graphs::Union(Arc::clone(apart)))
        }
    }

    /// A view of every graph, whatever is set apart: for keeping, copying and checking.
    pub fn whole(&self) -> View {
        View::new(self.clone(), Graphs::All)
    }

    /// Graphs that are reached by their names only, sorted: those with one of [`APART`] in their names. Looked for once, and
    /// carried from state to state.
    pub fn apart(&self) -> &Arc<[Id]> {
        self.version.apart.get_or_init(|| {
            let view = self.whole();
            let mut graphs = view.graph_names();
            graphs.retain(|graph| view.iri(*graph).is_some_and(|iri| is_apart(&iri)));
            graphs.into()
        })
    }

    /// Takes over which graphs are set apart from the state this one came from by changes in some graphs.
    #[must_use]
    pub(crate) fn with_apart_of(self, earlier: &Self, changed: &[Id]) -> Self {
        let Some(apart) = earlier.version.apart.get() else {
            return self;
        };
        let view = self.whole();
        let is_new = |graph: &&Id| {
            apart.binary_search(graph).is_err()
                && view.iri(**graph).is_some_and(|iri| is_apart(&iri))
        };
        let new: Vec<Id> = changed.iter().filter(is_new).copied().collect();
        let known = if new.is_empty() && apart.is_empty() {
            Arc::clone(apart)
        } else {
            let mut graphs: Vec<Id> = apart.iter().copied().chain(new).collect();
            graphs.sort_unstable();
            graphs.dedup();
            graphs.retain(|graph| view.graph_size(*graph) > 0);
            graphs.into()
        };
        self.version.apart.get_or_init(|| known);
        self
    }

    /// A number that is equal exactly for the same state of the same store in this process, however it is stored.
    pub fn identity(&self) -> u64 {
        self.version.content
    }

    /// Whether this is the same state as another, however each is stored.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.version.content == other.version.content
    }
}
