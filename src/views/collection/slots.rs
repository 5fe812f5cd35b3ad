//! Places for what is made of a state once, by whoever comes first, while others wait for that rather than make it too; with
//! what was made of the state before, to start from. Knows nothing of what lies in them.

use crate::store::Snapshot;
use std::sync::{Arc, OnceLock};

/// Commits after which what was made of a state is given up, when nobody asked for it in between.
const MOST_COMMITS: u64 = 64;

/// A place for one thing made of one state.
pub(super) struct Slot<T> {
    made: OnceLock<Arc<T>>,
    /// What was made of an earlier state.
    before: Option<(Snapshot, Arc<T>)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self {
            made: OnceLock::new(),
            before: None,
        }
    }
}

impl<T> Slot<T> {
    /// What lies here; made now when nothing does, from what there was before if that is known.
    pub(super) fn get(
        &self,
        build: impl FnOnce() -> T,
        update: impl FnOnce(&Snapshot, &Arc<T>) -> Arc<T>,
    ) -> Arc<T> {
        let made = self.made.get_or_init(|| match &self.before {
            Some((earlier, before)) => update(earlier, before),
            None => Arc::new(build()),
        });
        Arc::clone(made)
    }

    /// The place for the state that follows the one that this is a place for.
    pub(super) fn next(&self, state: &Snapshot) -> Self {
        let before = match self.made.get() {
            Some(made) => Some((state.clone(), Arc::clone(made))),
            None => {
                // What nobody asks for any more is not to hold an old state in memory.
                let is_near =
                    |(earlier, _): &&(Snapshot, _)| state.seq() - earlier.seq() < MOST_COMMITS;
                self.before.as_ref().filter(is_near).cloned()
            }
        };
        Self {
            made: OnceLock::new(),
            before,
        }
    }
}
