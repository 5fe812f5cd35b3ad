//! Turns: how many queries work at once, and who waits. A query begins on one of many turns. When it has run for a while it
//! gives that back and needs one of the few turns of those that take long; its thread then steps back behind the others. So
//! heavy queries, however many, leave turns and processors for the many small ones. A turn is for working: who waits for a
//! slow client gives it back until there is room to write again.

use super::config::ServerConfig;
use super::error::ApiError;
use super::stream::guarded;
use crate::query::{Cancel, Overtime};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// How often somebody who waits looks whether anybody waits for him.
const LOOK: Duration = Duration::from_millis(50);
/// The niceness of a thread whose work takes long: it gets about a tenth of what another one gets, and all that is left.
#[cfg(target_os = "linux")]
const STEPPED_BACK: i32 = 10;

/// All turns of a server.
pub(super) struct Turns {
    short: Arc<Semaphore>,
    long: Arc<Semaphore>,
    answers: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    max_waiting: usize,
    patience: Duration,
    long_patience: Duration,
    long_after: Duration,
}

impl Turns {
    pub(super) fn new(config: &ServerConfig) -> Self {
        let long = config.max_long_queries.min(config.max_concurrent_queries);
        Self {
            short: Arc::new(Semaphore::new(config.max_concurrent_queries)),
            long: Arc::new(Semaphore::new(long)),
            answers: Arc::new(Semaphore::new(config.max_open_answers)),
            waiting: Arc::default(),
            max_waiting: config.max_waiting_queries,
            patience: config.queue_timeout,
            long_patience: config.waiting_timeout,
            long_after: config.long_after,
        }
    }

    /// A turn to begin; waits a moment when all are taken.
    pub(super) async fn short(self: &Arc<Self>) -> Result<Turn, ApiError> {
        let permit = self.wait(&self.short).await?;
        Ok(self.turn(permit, false))
    }

    /// A turn for work that is known to take long.
    pub(super) async fn long(self: &Arc<Self>) -> Result<Turn, ApiError> {
        let permit = self.wait(&self.long).await?;
        Ok(self.turn(permit, true))
    }

    async fn wait(&self, turns: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, ApiError> {
        if let Ok(permit) = Arc::clone(turns).try_acquire_owned() {
            return Ok(permit);
        }
        match tokio::time::timeout(self.patience, Arc::clone(turns).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(ApiError::busy()),
        }
    }

    fn turn(self: &Arc<Self>, permit: OwnedSemaphorePermit, is_long: bool) -> Turn {
        Turn {
            turns: Arc::clone(self),
            held: Arc::new(Mutex::new(Held {
                permit: Some(permit),
                is_long,
            })),
            began: Instant::now(),
            handle: Handle::current(),
        }
    }

    /// Waits in line for a long turn; `None` when the line is full, nobody waits for the answer any more, or it takes too long.
    fn line_up(&self, handle: &Handle, cancel: &Cancel) -> Option<OwnedSemaphorePermit> {
        if let Ok(permit) = Arc::clone(&self.long).try_acquire_owned() {
            return Some(permit);
        }
        let _place = Place::take(&self.waiting, self.max_waiting)?;
        let until = Instant::now() + self.long_patience;
        handle.block_on(async {
            let mut turn = pin!(Arc::clone(&self.long).acquire_owned());
            loop {
                tokio::select! {
                    permit = &mut turn => return permit.ok(),
                    () = tokio::time::sleep(LOOK) => {
                        if cancel.is_cancelled() || Instant::now() >= until {
                            return None;
                        }
                    }
                }
            }
        })
    }
}

/// A place in the line.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, most: usize) -> Option<Self> {
        let one_more = |count: usize| (count < most).then_some(count + 1);
        waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .ok()?;
        Some(Self(Arc::clone(waiting)))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The turn of one query, given back with its last clone. All but making it is for the thread that works.
#[derive(Clone)]
pub(super) struct Turn {
    turns: Arc<Turns>,
    held: Arc<Mutex<Held>>,
    began: Instant,
    handle: Handle,
}

struct Held {
    permit: Option<OwnedSemaphorePermit>,
    is_long: bool,
}

impl Turn {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a query asks when it has run for a while.
    pub(super) fn overtime(&self, cancel: &Cancel) -> Overtime {
        let (turn, cancel) = (self.clone(), cancel.clone());
        Overtime::new(self.turns.long_after, move || turn.lengthen(&cancel))
    }

    /// Whether the work has run for so long that it needs a long turn.
    pub(super) fn is_overdue(&self) -> bool {
        self.began.elapsed() >= self.turns.long_after && !self.held().is_long
    }

    /// Gives a short turn back and waits for a long one; `false` when it does not get one.
    pub(super) fn lengthen(&self, cancel: &Cancel) -> bool {
        let mut held = self.held();
        if held.is_long {
            return true;
        }
        held.permit = None;
        let Some(permit) = self.turns.line_up(&self.handle, cancel) else {
            return false;
        };
        held.permit = Some(permit);
        held.is_long = true;
        step_back();
        true
    }

    /// Gives the turn back while there is nothing to do.
    pub(super) fn rest(&self) {
        self.held().permit = None;
    }

    /// Takes a turn again after a rest, in the order of those who wait.
    pub(super) fn resume(&self) {
        let mut held = self.held();
        let turns = if held.is_long {
            &self.turns.long
        } else {
            &self.turns.short
        };
        let taken = self.handle.block_on(Arc::clone(turns).acquire_owned());
        held.permit = taken.ok();
    }

    /// A place among the answers that are under way.
    pub(super) fn open_answer(&self) -> Result<OwnedSemaphorePermit, ApiError> {
        let answers = Arc::clone(&self.turns.answers);
        answers.try_acquire_owned().map_err(|_| ApiError::busy())
    }

    /// Starts work on a thread of its own: one of those that serve all could not step forward again.
    pub(super) fn start(&self, work: impl FnOnce() + Send + 'static) -> Result<(), ApiError> {
        let is_long = self.held().is_long;
        let spawned = std::thread::Builder::new()
            .name("oslo-query".to_owned())
            .spawn(move || {
                if is_long {
                    step_back();
                }
                work();
            });
        match spawned {
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "No thread for a query");
                Err(ApiError::busy())
            }
        }
    }

    /// Does work in this turn and gives it back.
    pub(super) async fn work<T: Send + 'static>(
        self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let span = tracing::Span::current();
        let (done, outcome) = oneshot::channel();
        let turn = self.clone();
        self.start(move || {
            let result = span.in_scope(|| guarded(work));
            drop(turn);
            // Whoever asked may be gone.
            let _ = done.send(result);
        })?;
        drop(self);
        outcome
            .await
            .unwrap_or_else(|_| Err(ApiError::internal("the work was given up")))
    }
}

/// Lets other threads go first from here on.
fn step_back() {
    #[cfg(target_os = "linux")]
    // On Linux "this process" is the thread that calls.
    if let Err(error) = rustix::process::setpriority_process(None, STEPPED_BACK) {
        tracing::debug!(%error, "A thread keeps its priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(short: usize, long: usize, waiting: usize) -> Arc<Turns> {
        Arc::new(Turns::new(&ServerConfig {
            max_concurrent_queries: short,
            max_long_queries: long,
            max_waiting_queries: waiting,
            queue_timeout: Duration::from_millis(20),
            waiting_timeout: Duration::from_millis(300),
            long_after: Duration::from_millis(1),
            ..ServerConfig::default()
        }))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn long_work_leaves_its_short_turn_to_others() {
        let turns = turns(2, 1, 1);
        let long = turns.short().await.expect("a turn");
        let at_work = long.clone();
        let got = tokio::task::spawn_blocking(move || at_work.lengthen(&Cancel::new())).await;
        assert!(got.expect("no panic"));
        let (one, other) = (turns.short().await, turns.short().await);
        assert!(one.is_ok() && other.is_ok());
        assert!(turns.short().await.is_err());
        drop((one, other, long));
        assert!(turns.long().await.is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_line_is_bounded_and_patience_ends() {
        let turns = turns(4, 1, 1);
        let first = turns.long().await.expect("a turn");
        let lengthen = |turn: Turn, cancel: Cancel| {
            tokio::task::spawn_blocking(move || {
                let since = Instant::now();
                (turn.lengthen(&cancel), since.elapsed())
            })
        };
        let waits = lengthen(turns.short().await.expect("a turn"), Cancel::new());
        while turns.waiting.load(Ordering::Relaxed) == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The line is full: refused at once.
        let refused = lengthen(turns.short().await.expect("a turn"), Cancel::new());
        let (got, after) = refused.await.expect("no panic");
        assert!(!got && after < Duration::from_millis(250), "{after:?}");
        let (got, after) = waits.await.expect("no panic");
        assert!(!got && after >= Duration::from_millis(250), "{after:?}");
        // Whoever is not waited for leaves the line.
        let cancel = Cancel::new();
        let waits = lengthen(turns.short().await.expect("a turn"), cancel.clone());
        cancel.cancel();
        assert!(!waits.await.expect("no panic").0);
        let waits = lengthen(turns.short().await.expect("a turn"), Cancel::new());
        drop(first);
        assert!(waits.await.expect("no panic").0);
        assert_eq!(turns.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_rests_takes_no_turn() {
        let turns = turns(1, 1, 1);
        let turn = turns.short().await.expect("a turn");
        turn.rest();
        let other = turns.short().await.expect("the turn was given back");
        let resumed = {
            let turn = turn.clone();
            tokio::task::spawn_blocking(move || turn.resume())
        };
        drop(other);
        resumed.await.expect("no panic");
        assert!(turns.short().await.is_err());
        drop(turn);
        assert!(turns.short().await.is_ok());
    }

    #[tokio::test]
    async fn work_that_panics_gives_its_turn_back() {
        let turns = turns(1, 1, 1);
        let turn = turns.short().await.expect("a turn");
        let failed = turn.work::<()>(|| panic!("as asked")).await;
        assert_eq!(failed.expect_err("it panicked").code, "internal");
        assert!(turns.short().await.is_ok());
    }
}
