//! What the queries of one process share: memory, and turns for those that take long. Hands out no turns itself: whoever
//! runs the queries decides who may go on.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A query that uses less than this does not count among those that share: most use next to nothing, and are many.
const SMALL_BYTES: u64 = 1 << 20;

/// Memory that running queries share. Clones share it. When all of it is taken, the query that asks for more is stopped if
/// it has more than its part: small queries go on beside a large one.
#[derive(Clone, Debug)]
pub struct MemoryPool(Arc<Pool>);

#[derive(Debug)]
struct Pool {
    limit_bytes: u64,
    used_bytes: AtomicU64,
    /// Queries that use some of it.
    takers: AtomicU64,
}

impl MemoryPool {
    /// So many bytes (estimated, as [`QueryOptions::max_memory`](super::QueryOptions::max_memory) is) for all queries together.
    pub fn new(limit_bytes: u64) -> Self {
        Self(Arc::new(Pool {
            limit_bytes,
            used_bytes: AtomicU64::new(0),
            takers: AtomicU64::new(0),
        }))
    }

    /// Bytes that running queries use now.
    pub fn used_bytes(&self) -> u64 {
        self.0.used_bytes.load(Ordering::Relaxed)
    }

    /// The part of a query that starts.
    pub(super) fn share(&self) -> Share {
        Share {
            pool: self.clone(),
            bytes: Cell::new(0),
        }
    }
}

/// What one query uses of a pool; given back when dropped.
pub(super) struct Share {
    pool: MemoryPool,
    bytes: Cell<u64>,
}

impl Share {
    /// Says how much the query uses now. `false` when queries together use more than there is, and this one more than its
    /// part of it: there always is one that does.
    pub(super) fn set(&self, bytes: u64) -> bool {
        let before = self.bytes.get();
        if before == 0 && bytes < SMALL_BYTES {
            return true;
        }
        let Pool {
            limit_bytes,
            used_bytes,
            takers,
        } = &*self.pool.0;
        if before == 0 {
            takers.fetch_add(1, Ordering::Relaxed);
        }
        // Once a taker, a query stays one to its end.
        let bytes = bytes.max(1);
        self.bytes.set(bytes);
        let total = if bytes >= before {
            let more = bytes - before;
            used_bytes.fetch_add(more, Ordering::Relaxed) + more
        } else {
            let less = before - bytes;
            used_bytes.fetch_sub(less, Ordering::Relaxed) - less
        };
        total <= *limit_bytes || bytes <= limit_bytes / takers.load(Ordering::Relaxed).max(1)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let bytes = self.bytes.get();
        if bytes > 0 {
            self.pool.0.used_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.pool.0.takers.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Asked once, on the thread that works, when a query has run for a while: whether it may go on. The answer may wait for a
/// turn; that time does not count against the time limit.
#[derive(Clone)]
pub struct Overtime {
    after: Duration,
    ask: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Overtime {
    /// Asks after so much time; `false` stops the query with [`QueryError::Crowded`](super::QueryError::Crowded).
    pub fn new(after: Duration, ask: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self {
            after,
            ask: Arc::new(ask),
        }
    }

    pub(super) fn after(&self) -> Duration {
        self.after
    }

    pub(super) fn ask(&self) -> bool {
        (self.ask)()
    }
}

impl std::fmt::Debug for Overtime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Overtime")
            .field("after", &self.after)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn who_has_more_than_its_part_is_stopped() {
        let pool = MemoryPool::new(100 * MIB);
        let (large, small) = (pool.share(), pool.share());
        assert!(large.set(90 * MIB));
        assert!(small.set(9 * MIB));
        // Together too much: the small one has less than half and goes on.
        assert!(small.set(20 * MIB));
        assert!(!large.set(90 * MIB));
        drop(large);
        assert_eq!(pool.used_bytes(), 20 * MIB);
        assert!(small.set(99 * MIB));
        assert!(!small.set(101 * MIB));
        assert!(small.set(2 * MIB));
        drop(small);
        assert_eq!(pool.used_bytes(), 0);
    }

    #[test]
    fn small_queries_do_not_count() {
        let pool = MemoryPool::new(10 * MIB);
        let large = pool.share();
        assert!(large.set(10 * MIB));
        let many: Vec<Share> = (0..1000).map(|_| pool.share()).collect();
        assert!(many.iter().all(|share| share.set(MIB - 1)));
        assert_eq!(pool.used_bytes(), 10 * MIB);
        assert!(large.set(10 * MIB));
    }

    proptest::proptest! {
        /// Whatever queries do, one of those that use too much is stopped, and nothing stays behind.
        #[test]
        fn the_sum_is_kept(sizes in proptest::collection::vec(0_u64..64, 1..20)) {
            let pool = MemoryPool::new(100 * MIB);
            let shares: Vec<Share> = sizes.iter().map(|_| pool.share()).collect();
            let mut sum = 0;
            for (share, size) in shares.iter().zip(&sizes) {
                let _ = share.set(size * MIB);
                sum += size * MIB;
            }
            proptest::prop_assert_eq!(pool.used_bytes(), sum);
            let stopped = shares.iter().zip(&sizes).filter(|(share, size)| !share.set(*size * MIB)).count();
            proptest::prop_assert_eq!(stopped > 0, sum > 100 * MIB);
            drop(shares);
            proptest::prop_assert_eq!(pool.used_bytes(), 0);
        }
    }
}
