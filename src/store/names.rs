//! Numbered strings of the dictionary that only grow: prefixes of IRIs and blank nodes, datatypes, languages.
//! Small, held in memory, kept in the manifest.

use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Numbered strings that only grow: prefixes of IRIs and blank nodes, datatypes, languages.
#[derive(Clone, Default)]
pub(crate) struct Names {
    pub(crate) list: Vec<Arc<str>>,
    pub(crate) index: FxHashMap<Arc<str>, u32>,
}

impl Names {
    /// The given names, in order.
    pub(crate) fn of<S: AsRef<str>>(initial: &[S]) -> Self {
        let mut names = Self::default();
        for name in initial {
            names.insert(name.as_ref());
        }
        names
    }

    /// Number of a new name.
    pub(crate) fn insert(&mut self, name: &str) -> u32 {
        let shared: Arc<str> = name.into();
        let at = self.list.len() as u32;
        self.list.push(Arc::clone(&shared));
        self.index.insert(shared, at);
        at
    }
}
