//! Limits of one query: deadline, cancellation, memory. Really stops the work, wherever the evaluator is.
//! Does not count result rows: the readers of answers do.
//!
//! The evaluator polls its own cancellation token only when it fetches a quad. It does not poll it while it sorts,
//! multiplies buffered solutions or compares them for `MINUS`, and it drops errors on the right of `MINUS` and inside
//! `EXISTS`. What every such step does is copy terms. So the evaluator's terms are [`BoundTerm`]s: making, copying and
//! reading one is counted, and every few thousand steps the limits are checked. A limit that is hit unwinds to
//! [`Budget::run`], which turns it into an error; the half-done evaluation is dropped.

use crate::query::QueryError;
use crate::query::shared::{MemoryPool, Overtime, Share};
use crate::store::{Id, Unreadable};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

#[cfg(panic = "abort")]
compile_error!("query limits unwind the evaluator: build with panic = \"unwind\"");

/// Steps between two looks at the clock.
const STEPS_PER_CHECK: u32 = 2048;
/// The same under a time limit so short that the thread is needed for something else.
const HASTY_STEPS_PER_CHECK: u32 = 128;
/// Up to here a time limit is that short.
const HASTY: Duration = Duration::from_millis(10);
/// Estimated bytes behind one bound term: its slot, and its share of the solution that holds it.
const BYTES_PER_TERM: u64 = 24;

/// Bytes of one value that are worth a look at the limits.
const LARGE_TEXT: usize = 16 << 10;

/// A flag by which another thread stops a query. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// A flag that somebody else holds.
    pub(crate) fn sharing(flag: Arc<AtomicBool>) -> Self {
        Self(flag)
    }

    /// Raises the flag: the work stops with [`QueryError::Cancelled`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the flag is raised.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why the work was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Timeout,
    Cancelled,
    Memory,
    /// Others need what this one would take: memory, or a turn for something long.
    Crowded,
}

/// Carried by the unwinding; private, so nobody else can be mistaken for it.
struct Stopped;

/// Carried by the unwinding when a part of the work outside the evaluator failed.
struct Failed(QueryError);

thread_local! {
    static STEPS: Cell<u32> = const { Cell::new(STEPS_PER_CHECK) };
    static LIVE: Cell<i64> = const { Cell::new(0) };
    static CURRENT: RefCell<Option<Rc<Budget>>> = const { RefCell::new(None) };
}

/// The limits of one query and what it has used.
pub(super) struct Budget {
    started: Instant,
    timeout: Option<Duration>,
    steps_per_check: u32,
    max_memory: Option<u64>,
    cancel: Cancel,
    share: Option<Share>,
    overtime: Option<Overtime>,
    /// Whether it was asked for overtime, and how long the answer took.
    waited: Cell<Option<Duration>>,
    live: Cell<i64>,
    /// Bytes kept beside the bound terms.
    kept: Cell<u64>,
    stop: Cell<Option<Stop>>,
}

impl Budget {
    /// A budget of a query that runs alone.
    #[cfg(test)]
    pub(super) fn new(
        timeout: Option<Duration>,
        max_memory: Option<u64>,
        cancel: Cancel,
    ) -> Rc<Self> {
        Self::sharing(timeout, max_memory, cancel, None, None)
    }

    /// A budget of a query that shares memory and turns with others.
    pub(super) fn sharing(
        timeout: Option<Duration>,
        max_memory: Option<u64>,
        cancel: Cancel,
        pool: Option<&MemoryPool>,
        overtime: Option<Overtime>,
    ) -> Rc<Self> {
        Rc::new(Self {
            started: Instant::now(),
            timeout,
            steps_per_check: match timeout {
                Some(limit) if limit <= HASTY => HASTY_STEPS_PER_CHECK,
                _ => STEPS_PER_CHECK,
            },
            max_memory,
            cancel,
            share: pool.map(MemoryPool::share),
            overtime,
            waited: Cell::new(None),
            live: Cell::new(0),
            kept: Cell::new(0),
            stop: Cell::new(None),
        })
    }

    /// Runs a piece of the evaluation under the limits. May be nested with other budgets on one thread.
    pub(super) fn run<T>(self: &Rc<Self>, work: impl FnOnce() -> T) -> Result<T, QueryError> {
        self.check()?;
        let outer = CURRENT.replace(Some(Rc::clone(self)));
        let outer_live = LIVE.replace(self.live.get());
        STEPS.set(STEPS.get().min(self.steps_per_check));
        let outcome = catch_unwind(AssertUnwindSafe(work));
        self.live.set(LIVE.replace(outer_live));
        CURRENT.set(outer);
        if outcome.is_err() {
            crate::query::dataset::forget_mark();
        }
        match outcome {
            Ok(value) => Ok(value),
            Err(payload) if payload.is::<Stopped>() => Err(self
                .stop
                .get()
                .map_or(QueryError::Cancelled, |stop| self.error(stop))),
            Err(payload) => Err(match payload.downcast::<Unreadable>() {
                Ok(unreadable) => QueryError::Unreadable(unreadable.message),
                Err(payload) => match payload.downcast::<Failed>() {
                    Ok(failed) => failed.0,
                    Err(payload) => QueryError::Internal(panic_text(payload.as_ref())),
                },
            }),
        }
    }

    /// Drops a part of the evaluation, so that its terms are counted off here.
    pub(super) fn release<T>(self: &Rc<Self>, value: T) {
        let outer_live = LIVE.replace(self.live.get());
        drop(value);
        self.live.set(LIVE.replace(outer_live));
    }

    /// Most bytes of intermediate results, if there is a limit.
    pub(super) fn max_memory(&self) -> Option<u64> {
        self.max_memory
    }

    /// Counts bytes that are kept from now on: until the end of the query, or until they are given back.
    pub(super) fn keep(&self, bytes: usize) {
        self.kept.set(self.kept.get() + bytes as u64);
        if bytes > LARGE_TEXT {
            // Few steps can build much text: look at the limits at the next one.
            STEPS.set(0);
        }
    }

    /// Takes off bytes that were counted and are kept no longer.
    pub(super) fn give_back(&self, bytes: usize) {
        debug_assert!(self.kept.get() >= bytes as u64);
        self.kept.set(self.kept.get().saturating_sub(bytes as u64));
    }

    /// Looks at the limits now.
    pub(super) fn check(&self) -> Result<(), QueryError> {
        match self.find_stop(self.live.get()) {
            Some(stop) => Err(self.error(stop)),
            None => Ok(()),
        }
    }

    fn find_stop(&self, live: i64) -> Option<Stop> {
        if self.stop.get().is_none() {
            let memory = u64::try_from(live).unwrap_or(0) * BYTES_PER_TERM + self.kept.get();
            if self.cancel.is_cancelled() {
                self.stop.set(Some(Stop::Cancelled));
            } else if self.timeout.is_some_and(|limit| self.elapsed() > limit) {
                self.stop.set(Some(Stop::Timeout));
            } else if self.max_memory.is_some_and(|limit| memory > limit) {
                self.stop.set(Some(Stop::Memory));
            } else if self.share.as_ref().is_some_and(|share| !share.set(memory))
                || !self.may_go_on()
            {
                self.stop.set(Some(Stop::Crowded));
            }
        }
        self.stop.get()
    }

    /// Time spent so far, without the wait for a turn.
    fn elapsed(&self) -> Duration {
        let waited = self.waited.get().unwrap_or_default();
        self.started.elapsed().saturating_sub(waited)
    }

    /// Asks once whether a query that takes long may go on.
    fn may_go_on(&self) -> bool {
        let Some(overtime) = &self.overtime else {
            return true;
        };
        if self.waited.get().is_some() || self.started.elapsed() < overtime.after() {
            return true;
        }
        let since = Instant::now();
        let may = overtime.ask();
        self.waited.set(Some(since.elapsed()));
        may
    }

    fn error(&self, stop: Stop) -> QueryError {
        match stop {
            Stop::Timeout => QueryError::Timeout {
                limit: self.timeout.unwrap_or_default(),
            },
            Stop::Cancelled => QueryError::Cancelled,
            Stop::Memory => QueryError::MemoryLimit {
                limit_bytes: self.max_memory.unwrap_or_default(),
            },
            Stop::Crowded => QueryError::Crowded,
        }
    }
}

/// Counts one step; unwinds when a limit of the running budget is hit.
#[inline]
pub(super) fn step() {
    let left = STEPS.get();
    if left == 0 {
        check_running();
    } else {
        STEPS.set(left - 1);
    }
}

/// Looks at the limits of the running budget now; unwinds when one is hit. For work that counts no steps.
pub(super) fn check_now() {
    check_running();
}

#[cold]
fn check_running() {
    STEPS.set(STEPS_PER_CHECK);
    if std::thread::panicking() {
        return;
    }
    let stopped = CURRENT.with_borrow(|current| {
        current.as_ref().is_some_and(|budget| {
            STEPS.set(budget.steps_per_check);
            budget.find_stop(LIVE.get()).is_some()
        })
    });
    if stopped {
        resume_unwind(Box::new(Stopped));
    }
}

/// Whether a limit of the budget that runs on this thread is hit.
pub(super) fn is_stopped() -> bool {
    CURRENT.with_borrow(|current| {
        current
            .as_ref()
            .is_some_and(|budget| budget.find_stop(LIVE.get()).is_some())
    })
}

/// Unwinds when a limit of the budget that runs on this thread is hit.
pub(super) fn look() {
    check_running();
}

/// Ends the evaluation that runs on this thread with an error. Not by a result of the evaluator, which drops errors on the
/// right of `MINUS` and inside `EXISTS`.
pub(super) fn fail(error: QueryError) -> ! {
    resume_unwind(Box::new(Failed(error)))
}

/// Time left of the budget that runs on this thread; `None` when it has no time limit.
pub(super) fn time_left() -> Option<Duration> {
    CURRENT.with_borrow(|current| {
        let budget = current.as_ref()?;
        Some(budget.timeout?.saturating_sub(budget.elapsed()))
    })
}

/// Counts bytes that the budget running on this thread keeps until its end.
pub(super) fn add_bytes(bytes: usize) {
    CURRENT.with_borrow(|current| {
        if let Some(budget) = current {
            budget.keep(bytes);
        }
    });
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "unknown panic".to_owned())
}

/// A term as the evaluator handles it: an id that counts its copies. Equal exactly when the terms are the same term.
#[derive(PartialEq, Eq, Hash, Debug)]
pub(super) struct BoundTerm(Id);

impl BoundTerm {
    #[inline]
    pub(super) fn new(id: Id) -> Self {
        step();
        LIVE.set(LIVE.get() + 1);
        Self(id)
    }

    #[inline]
    pub(super) fn id(&self) -> Id {
        self.0
    }
}

impl Clone for BoundTerm {
    #[inline]
    fn clone(&self) -> Self {
        Self::new(self.0)
    }
}

impl Drop for BoundTerm {
    #[inline]
    fn drop(&mut self) {
        LIVE.set(LIVE.get() - 1);
    }
}
