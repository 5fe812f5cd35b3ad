//! Commits as they become visible, one after the other: for whoever makes something of each state, and of what led to it.
//! A follower that keeps up is handed the states that readers see anyway; one that does not reads the log instead
//! ([`Store::walk`]). Never makes a writer wait.

use crate::store::dictionary::DictionaryBuilder;
use crate::store::id::Id;
use crate::store::index::Index;
use crate::store::live::Inner;
use crate::store::log::{CommitInfo, RecordSink};
use crate::store::pending::Pending;
use crate::store::replay::RowReader;
use crate::store::snapshot::Snapshot;
use crate::store::{AsOf, Store, StoreError};
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

/// States kept for a follower that is behind. Each shares most of what it holds with its neighbours.
const KEPT: usize = 128;
/// Rows between two states up to which a walk from one to the other is made: it holds them in memory, packed.
const MAX_WALK_ROWS: u64 = 16_000_000;

/// One commit and what it made.
#[derive(Clone)]
pub struct Step {
    /// The state after it.
    pub state: Snapshot,
    /// Subjects of the statements that it added or removed, sorted, each once.
    pub subjects: Arc<[Id]>,
}

/// What a follower hears.
pub enum Heard {
    /// The next commit.
    Step(Step),
    /// Commits were made that are no longer kept: the state after the last of them. [`Store::walk`] leads there.
    Missed(Snapshot),
    /// Nothing happened in the time given.
    Nothing,
    /// The store was closed, and everything was handed out.
    Closed,
}

/// The commits of a store from the moment it was asked for.
pub struct Follower {
    queue: Arc<Queue>,
}

/// Steps on their way to one follower.
#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<Queued>,
    came: Condvar,
}

#[derive(Default)]
struct Queued {
    steps: VecDeque<Step>,
    /// The state after the newest step that was dropped, when any was since the last was handed out.
    missed: Option<Snapshot>,
    is_closed: bool,
}

/// The followers of a store.
#[derive(Default)]
pub(crate) struct Followers {
    queues: Mutex<Vec<Weak<Queue>>>,
}

impl Followers {
    fn queues(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Queue>>> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, queue: Weak<Queue>) {
        self.queues().push(queue);
    }

    /// Whether anybody follows.
    pub(crate) fn are_any(&self) -> bool {
        !self.queues().is_empty()
    }

    /// Hands out a commit; without subjects when nobody followed yet as it was made.
    pub(crate) fn tell(&self, state: &Snapshot, subjects: Option<&Arc<[Id]>>) {
        self.queues().retain(|queue| {
            let Some(queue) = queue.upgrade() else {
                return false;
            };
            let mut queued = queue.state.lock().unwrap_or_else(PoisonError::into_inner);
            match subjects {
                Some(subjects) => queued.steps.push_back(Step {
                    state: state.clone(),
                    subjects: Arc::clone(subjects),
                }),
                None => {
                    queued.steps.clear();
                    queued.missed = Some(state.clone());
                }
            }
            if queued.steps.len() > KEPT {
                queued.missed = queued.steps.pop_back().map(|step| step.state);
                queued.steps.clear();
            }
            queue.came.notify_one();
            true
        });
    }

    /// Tells everybody that nothing comes any more.
    pub(crate) fn close(&self) {
        for queue in self.queues().drain(..).filter_map(|queue| queue.upgrade()) {
            let mut queued = queue.state.lock().unwrap_or_else(PoisonError::into_inner);
            queued.is_closed = true;
            queue.came.notify_one();
        }
    }
}

impl Follower {
    /// The next thing that happens, waited for as long as given.
    pub fn next(&mut self, wait: Duration) -> Heard {
        let queue = &self.queue;
        let queued = queue.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_idle = |queued: &mut Queued| {
            queued.missed.is_none() && queued.steps.is_empty() && !queued.is_closed
        };
        let waited = queue.came.wait_timeout_while(queued, wait, is_idle);
        let (mut queued, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = queued.missed.take() {
            return Heard::Missed(state);
        }
        match queued.steps.pop_front() {
            Some(step) => Heard::Step(step),
            None if queued.is_closed => Heard::Closed,
            None => Heard::Nothing,
        }
    }

    /// Who may wake it.
    pub fn waker(&self) -> Waker {
        Waker(Arc::downgrade(&self.queue))
    }
}

/// Ends the waiting of a follower.
#[derive(Clone)]
pub struct Waker(Weak<Queue>);

impl Waker {
    /// As if the store were closed: the follower hears of nothing more.
    pub fn close(&self) {
        if let Some(queue) = self.0.upgrade() {
            let mut queued = queue.state.lock().unwrap_or_else(PoisonError::into_inner);
            queued.is_closed = true;
            queue.came.notify_one();
        }
    }
}

impl Inner {
    /// The subjects that changes are about, when somebody follows.
    pub(crate) fn subjects_of(&self, changes: &Pending) -> Option<Arc<[Id]>> {
        self.followers.are_any().then(|| {
            let mut subjects: Vec<Id> = Vec::new();
            changes.each_net(|[s, ..], _| {
                if let Some(s) = Id::from_raw(s)
                    && subjects.last() != Some(&s)
                {
                    subjects.push(s);
                }
            });
            subjects.into()
        })
    }
}

impl Store {
    /// Follows the store: the state now, and every commit that becomes visible after it.
    pub fn follow(&self) -> (Snapshot, Follower) {
        let queue = Arc::new(Queue::default());
        let now = self.inner().begin_following(Arc::downgrade(&queue));
        (now, Follower { queue })
    }

    /// Goes from a state of this store to a later one, commit by commit, by the rows of the log. Calls `each` with the state
    /// before, and with what the commit made, until it breaks off.
    ///
    /// The ids of all states are those of `to`.
    ///
    /// # Errors
    /// [`StoreError::TooFarBack`] when too many rows lie between the two, [`StoreError::Compacted`] when the log does not
    /// have them any more, and errors of reading.
    pub fn walk(
        &self,
        from: &Snapshot,
        to: &Snapshot,
        each: &mut dyn FnMut(&Snapshot, Step) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        if from.seq() >= to.seq() {
            return Ok(());
        }
        let Some(disk) = self.inner().disk() else {
            return Err(StoreError::Compacted { first: to.seq() });
        };
        {
            let table = disk.log.table();
            if from.seq() < table.base_seq() {
                return Err(StoreError::Compacted {
                    first: table.base_seq(),
                });
            }
            let rows = table.rows_between(from.seq(), to.seq());
            if rows > MAX_WALK_ROWS {
                return Err(StoreError::TooFarBack { rows });
            }
        }
        let dictionary = to.version().dictionary.clone();
        let start = from.stored_as(dictionary.clone(), from.version().index.clone());
        let mut walker = Walker {
            rows: RowReader::new(DictionaryBuilder::new(dictionary)),
            pending: Pending::new(start.clone(), None),
            state: start,
            subjects: Vec::new(),
            each,
            has_ended: false,
        };
        let read = disk.log.read(from.seq() + 1, to.seq(), &mut walker);
        if walker.has_ended {
            return Ok(());
        }
        Ok(read?)
    }

    /// The earliest state from which [`Store::walk`] leads to `to`: the empty one, or the one at the base of the log, when
    /// that is not too far; `to` itself when there is no other.
    pub fn start_of_walk(&self, to: &Snapshot) -> Snapshot {
        let Some(disk) = self.inner().disk() else {
            return to.clone();
        };
        let (base, rows) = {
            let table = disk.log.table();
            let base = table.base_seq();
            (base, table.rows_between(base, to.seq()))
        };
        if rows > MAX_WALK_ROWS {
            return to.clone();
        }
        if base == 0 {
            let dictionary = to.version().dictionary.clone();
            return Snapshot::new(0, [0; 32], 0, dictionary, Index::default());
        }
        self.as_of(AsOf::Seq(base)).unwrap_or_else(|_| to.clone())
    }
}

struct Walker<'a> {
    rows: RowReader,
    pending: Pending,
    state: Snapshot,
    subjects: Vec<Id>,
    each: &'a mut dyn FnMut(&Snapshot, Step) -> ControlFlow<()>,
    has_ended: bool,
}

impl RecordSink for Walker<'_> {
    fn row(&mut self, added: bool, line: &str) -> Result<(), String> {
        let quad = self.rows.read(line)?;
        if self.subjects.last() != Some(&quad.s) {
            self.subjects.push(quad.s);
        }
        self.pending
            .push(quad.to_row(), added, &mut self.rows.terms);
        Ok(())
    }

    fn commit(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        let state = self.pending.state(&mut self.rows.terms);
        let state = state.numbered(info.seq, digest);
        let mut subjects = std::mem::take(&mut self.subjects);
        subjects.sort_unstable();
        subjects.dedup();
        let before = std::mem::replace(&mut self.state, state.clone());
        self.pending.restart(state.clone());
        let step = Step {
            state,
            subjects: subjects.into(),
        };
        if (self.each)(&before, step).is_break() {
            self.has_ended = true;
            return Err("enough was read".to_owned());
        }
        Ok(())
    }

    fn base_end(&mut self, info: CommitInfo, digest: [u8; 32]) -> Result<(), String> {
        self.commit(info, digest)
    }

    fn forget(&mut self) {
        self.pending.forget();
        self.subjects.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{CommitMeta, OpenOptions};
    use oxrdf::{GraphNameRef, NamedNodeRef, QuadRef};

    fn commit(store: &Store, subject: &str, values: &[&str], added: bool) {
        let mut draft = store.begin().expect("writable");
        for value in values {
            let quad = QuadRef::new(
                NamedNodeRef::new(subject).expect("an IRI"),
                NamedNodeRef::new("http://e/p").expect("an IRI"),
                NamedNodeRef::new(value).expect("an IRI"),
                GraphNameRef::DefaultGraph,
            );
            if added {
                draft.add_quad(quad);
            } else {
                draft.remove_quad(quad);
            }
        }
        draft
            .commit(CommitMeta {
                agent: "http://e/agent".into(),
                activity: "http://e/activity".into(),
                source: Vec::new(),
                message: None,
            })
            .expect("commits");
    }

    fn told(before: &Snapshot, step: &Step) -> (u64, u64, u64, Vec<String>) {
        let view = step.state.view();
        let subjects = step.subjects.iter().map(|id| view.text(*id).into_owned());
        let (before, after) = (before.quad_count(), step.state.quad_count());
        (step.state.seq(), before, after, subjects.collect())
    }

    #[test]
    fn a_follower_hears_what_a_walk_tells() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path(), OpenOptions::default()).expect("opens");
        commit(&store, "http://e/s/0", &["http://e/o/0"], true);
        let (start, mut follower) = store.follow();
        let mut expected = Vec::new();
        for n in 1..=KEPT {
            let subject = format!("http://e/s/{}", n % 7);
            let value = format!("http://e/o/{n}");
            commit(&store, &subject, &[&value, "http://e/o/x"], n % 3 > 0);
        }
        let mut before = start.clone();
        while let Heard::Step(step) = follower.next(Duration::ZERO) {
            expected.push(told(&before, &step));
            before = step.state;
        }
        assert!(expected.len() > KEPT / 2);
        let mut walked = Vec::new();
        let now = store.snapshot();
        let walk = store.walk(&start, &now, &mut |before, step| {
            walked.push(told(before, &step));
            assert_eq!(step.state.ids(), now.ids());
            ControlFlow::Continue(())
        });
        walk.expect("the log has it");
        assert_eq!(walked, expected);
        // From nothing, and until somebody has enough.
        let mut count = 0;
        let empty = store.start_of_walk(&now);
        assert_eq!(empty.quad_count(), 0);
        let walk = store.walk(&empty, &now, &mut |_, _| {
            count += 1;
            if count < 3 {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        walk.expect("breaking off is no error");
        assert_eq!(count, 3);
    }

    #[test]
    fn one_who_does_not_keep_up_hears_so() {
        let store = Store::in_memory();
        let (_, mut follower) = store.follow();
        for n in 0..=KEPT {
            commit(&store, &format!("http://e/s/{n}"), &["http://e/o"], true);
        }
        commit(&store, "http://e/s/last", &["http://e/o"], true);
        let Heard::Missed(state) = follower.next(Duration::ZERO) else {
            panic!("some are missed");
        };
        assert_eq!(state.seq(), KEPT as u64 + 1);
        let Heard::Step(step) = follower.next(Duration::ZERO) else {
            panic!("the last is kept");
        };
        assert_eq!(step.state.seq(), KEPT as u64 + 2);
        assert!(matches!(follower.next(Duration::ZERO), Heard::Nothing));
        drop(store);
        assert!(matches!(follower.next(Duration::ZERO), Heard::Closed));
    }
}
