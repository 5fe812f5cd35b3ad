//! The state after a commit: dictionary and index, immutable and shared.

use crate::store::dictionary::Dictionary;
use crate::store::index::{Index, Order};
use crate::store::statistics::Statistics;
use crate::store::view::{Graphs, View};
use std::sync::{Arc, OnceLock};

/// Below this many quads exact counts alone make good plans.
const STATISTICS_FROM: u64 = 4_096;

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
    /// The figures, and the number of quads when they were counted.
    statistics: OnceLock<Option<(Arc<Statistics>, u64)>>,
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
                statistics: OnceLock::new(),
            }),
        }
    }

    pub(crate) fn empty() -> Self {
        Self::new(0, [0; 32], 0, Dictionary::default(), Index::default())
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

    /// Figures about the triples of this state, or of an earlier one that differs little; counted when first asked for.
    /// `None` for a small state, where exact counts do as well.
    pub fn statistics(&self) -> Option<Arc<Statistics>> {
        let quads = self.version.quad_count;
        let counted = self.version.statistics.get_or_init(|| {
            (quads >= STATISTICS_FROM).then(|| (Arc::new(Statistics::of(&self.view())), quads))
        });
        counted.as_ref().map(|(figures, _)| Arc::clone(figures))
    }

    /// Takes over the figures of the state this one came from, unless too much has changed since they were counted.
    #[must_use]
    pub(crate) fn with_statistics_of(self, earlier: &Self) -> Self {
        if let Some(Some((figures, quads))) = earlier.version.statistics.get()
            && self.version.quad_count.abs_diff(*quads) <= quads / 8
        {
            self.version
                .statistics
                .get_or_init(|| Some((Arc::clone(figures), *quads)));
        }
        self
    }

    /// Bytes of memory the sorted runs take.
    pub fn index_bytes(&self) -> usize {
        self.version.index.size_bytes()
    }

    /// A view of every graph, the default graph included.
    pub fn view(&self) -> View {
        View::new(self.clone(), Graphs::All)
    }

    /// Whether this is the very same state object as another.
    pub fn is_same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.version, &other.version)
    }

    /// Checks that the five permutations hold the same quads and every id has a text.
    ///
    /// # Errors
    /// A sentence that names the first disagreement.
    pub fn check_consistency(&self) -> Result<(), String> {
        let index = &self.version.index;
        let mut expected: Option<(u64, u64)> = None;
        for order in Order::ALL {
            let (mut rows, mut sum, mut last) = (0_u64, 0_u64, None);
            for row in index.cursor(order, &[0; 4], &[u64::MAX; 4]) {
                if last.is_some_and(|last| last >= row) {
                    return Err(format!("permutation {order:?} is not sorted at row {rows}"));
                }
                last = Some(row);
                rows += 1;
                // An order-free sum of row hashes: equal sets give equal sums.
                sum = sum.wrapping_add(rustc_hash::FxBuildHasher.hash_one(order.spog(&row)));
            }
            match expected {
                None => expected = Some((rows, sum)),
                Some(first) if first != (rows, sum) => {
                    return Err(format!(
                        "permutation {order:?} differs from SPOG: {rows} rows against {}",
                        first.0
                    ));
                }
                Some(_) => {}
            }
        }
        let counted = index.len();
        if counted != self.version.quad_count || expected.is_some_and(|(rows, _)| rows != counted) {
            return Err("the quad count differs from the rows of the index".to_owned());
        }
        Ok(())
    }
}

use std::hash::BuildHasher as _;
