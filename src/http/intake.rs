//! What requests bring in: the memory of all bodies together and the time each may take. A request has one account for all
//! it reads and unpacks, kept until it is answered.

use super::error::ApiError;
use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

/// What each request may bring without being counted: most bring less, and they are to come through when others bring much.
const FREE_BYTES: u64 = 64 << 10;
/// What a body brings at least in a second, beyond the time that all have: less is somebody who only holds a place.
const BYTES_PER_SECOND: u64 = 8 << 10;

thread_local! {
    /// The account of the request at work on this thread. Set around each poll of its future.
    static CURRENT: Cell<Option<Arc<Account>>> = const { Cell::new(None) };
}

/// The memory and time for bodies of a server.
pub(super) struct Intake {
    max_bytes: u64,
    used_bytes: AtomicU64,
    patience: Duration,
}

impl Intake {
    pub(super) fn new(max_bytes: u64, patience: Duration) -> Arc<Self> {
        Arc::new(Self {
            max_bytes,
            used_bytes: AtomicU64::new(0),
            patience,
        })
    }

    /// Runs a request with an account of its own.
    pub(super) async fn within<T>(self: Arc<Self>, request: impl Future<Output = T>) -> T {
        let account = Arc::new(Account {
            intake: self,
            bytes: AtomicU64::new(0),
        });
        let mut request = pin!(request);
        poll_fn(move |context| {
            let _restored = Restore(CURRENT.replace(Some(Arc::clone(&account))));
            request.as_mut().poll(context)
        })
        .await
    }
}

/// Puts back what was there before, also when a poll unwinds.
struct Restore(Option<Arc<Account>>);

impl Drop for Restore {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// What one request has brought.
pub(super) struct Account {
    intake: Arc<Intake>,
    bytes: AtomicU64,
}

impl Account {
    /// Counts bytes that are kept from now on.
    ///
    /// # Errors
    /// 503 when requests together have brought as much as there is room for.
    pub(super) fn take(&self, bytes: usize) -> Result<(), ApiError> {
        let bytes = bytes as u64;
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let counted = |total: u64| total.saturating_sub(FREE_BYTES);
        let more = counted(before + bytes) - counted(before);
        let used = self.intake.used_bytes.fetch_add(more, Ordering::Relaxed) + more;
        if used > self.intake.max_bytes {
            return Err(ApiError::busy());
        }
        Ok(())
    }

    /// The time a body may take that has brought so much so far.
    pub(super) fn patience(&self, received: usize) -> Duration {
        self.intake.patience + Duration::from_secs(received as u64 / BYTES_PER_SECOND)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let counted = self
            .bytes
            .load(Ordering::Relaxed)
            .saturating_sub(FREE_BYTES);
        self.intake.used_bytes.fetch_sub(counted, Ordering::Relaxed);
    }
}

/// The account of the request at work; none outside one.
pub(super) fn current() -> Option<Arc<Account>> {
    let account = CURRENT.take();
    CURRENT.set(account.clone());
    account
}

/// Waits for something as long as a body that has brought so much may take. `None` when it took longer.
pub(super) async fn in_time<T>(
    since: tokio::time::Instant,
    received: usize,
    what: impl Future<Output = T>,
) -> Option<T> {
    let mut what = pin!(what);
    // Mostly it is there already, and needs no clock.
    let first = poll_fn(|context| {
        Poll::Ready(match what.as_mut().poll(context) {
            Poll::Ready(value) => Some(value),
            Poll::Pending => None,
        })
    });
    if let Some(value) = first.await {
        return Some(value);
    }
    match current() {
        Some(account) => tokio::time::timeout_at(since + account.patience(received), what)
            .await
            .ok(),
        None => Some(what.await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn bodies_share_room_until_their_requests_end() {
        let intake = Intake::new(1 << 20, Duration::from_secs(1));
        let used = || intake.used_bytes.load(Ordering::Relaxed);
        assert!(current().is_none());
        let request = Arc::clone(&intake).within(async {
            let account = current().expect("a request has one");
            account.take(FREE_BYTES as usize).expect("free");
            assert_eq!(used(), 0);
            account.take(1 << 20).expect("all there is");
            assert_eq!(used(), 1 << 20);
            let other = Arc::clone(&intake).within(async {
                let account = current().expect("another one");
                account.take(1000).expect("free");
                let refused = account.take(FREE_BYTES as usize).expect_err("no room");
                assert_eq!(refused.status, 503);
            });
            other.await;
            assert_eq!(used(), 1 << 20);
            assert!(current().is_some_and(|now| Arc::ptr_eq(&now, &account)));
        });
        request.await;
        assert_eq!(used(), 0);
        assert!(current().is_none());
    }

    #[tokio::test]
    async fn who_brings_little_gets_little_time() {
        let intake = Intake::new(1, Duration::from_millis(20));
        intake
            .within(async {
                let start = tokio::time::Instant::now();
                let never = std::future::pending::<()>();
                assert!(in_time(start, 0, never).await.is_none());
                let soon = tokio::time::sleep(Duration::from_millis(60));
                assert!(in_time(start, 1 << 20, soon).await.is_some());
                assert_eq!(in_time(start, 0, async { 1 }).await, Some(1));
            })
            .await;
    }
}
