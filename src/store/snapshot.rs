//! The state after a commit: dictionary and index, immutable and shared.

use crate::store::dictionary::Dictionary;
use crate::store::index::Index;
use crate::store::view::{Graphs, View};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The state after one commit. Cheap to clone; any number of readers share it, and none blocks the writer.
#[derive(Clone)]
pub struct Snapshot {
    version: Arc<Version>,
}

pub(crate) struct Version {
    pub(crate) seq: u64,
    pub(crate) digest: [u8; 32],
    pub(crate) quad_count: u64,
    pub(crate) dictionary: Dictionary,
    pub(crate) index: Index,
    /// Equal exactly for states with the same content by way of the same changes.
    content: u64,
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
            }),
        }
    }

    pub(crate) fn empty() -> Self {
        Self::new(0, [0; 32], 0, Dictionary::default(), Index::default())
    }

    /// The same state, now that it has a number and a digest.
    pub(crate) fn numbered(&self, seq: u64, digest: [u8; 32]) -> Self {
        let version = self.version();
        Self {
            version: Arc::new(Version {
                seq,
                digest,
                quad_count: version.quad_count,
                dictionary: version.dictionary.clone(),
                index: version.index.clone(),
                content: version.content,
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

    /// Number of quads.
    pub fn quad_count(&self) -> u64 {
        self.version.quad_count
    }

    /// Bytes of memory that index and dictionary take, caches not counted.
    pub fn memory_bytes(&self) -> usize {
        self.version.index.memory_bytes() + self.version.dictionary.memory_bytes()
    }

    /// A view of every graph, the default graph included.
    pub fn view(&self) -> View {
        View::new(self.clone(), Graphs::All)
    }

    /// Whether this is the same state as another, however each is stored.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.version.content == other.version.content
    }
}
