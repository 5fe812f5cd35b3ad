//! What others may see of a query while it runs: rows handed over so far, and the steps of its plan in one line.
//! Counts; limits nothing and knows no reader.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// Most bytes of the line about a plan.
const LINE_BYTES: usize = 400;

/// How far a query is. Clones share it: one goes along with the query, others are read.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    rows: AtomicU64,
    plan: OnceLock<Box<str>>,
}

impl Progress {
    /// Of a query that has not started.
    pub fn new() -> Self {
        Self::default()
    }

    /// Rows of the answer that were handed over so far.
    pub fn rows(&self) -> u64 {
        self.0.rows.load(Ordering::Relaxed)
    }

    /// The engine and the steps of the plan, last step first, by their codes: `executor: slice < sort < scan`. No part of
    /// the query's text is in it. `None` until the query is planned.
    pub fn plan(&self) -> Option<&str> {
        self.0.plan.get().map(AsRef::as_ref)
    }

    /// Says how many rows were handed over. One thread at a time does.
    pub(super) fn set_rows(&self, rows: u64) {
        self.0.rows.store(rows, Ordering::Relaxed);
    }

    /// Says what the plan is; a query that starts over keeps its first.
    pub(super) fn set_plan(&self, line: impl FnOnce() -> String) {
        self.0.plan.get_or_init(|| {
            let mut line = line();
            if line.len() > LINE_BYTES {
                let mut end = LINE_BYTES;
                while !line.is_char_boundary(end) {
                    end -= 1;
                }
                line.truncate(end);
                line.push('…');
            }
            line.into()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_share_and_lines_are_bounded() {
        let (mine, theirs) = (Progress::new(), Progress::new());
        let other = mine.clone();
        mine.set_rows(7);
        mine.set_plan(|| "é".repeat(LINE_BYTES));
        mine.set_plan(|| "another".to_owned());
        assert_eq!((other.rows(), theirs.rows()), (7, 0));
        let line = other.plan().expect("a plan");
        assert!(line.len() <= LINE_BYTES + 3 && line.ends_with("é…"));
        assert_eq!(theirs.plan(), None);
    }
}
