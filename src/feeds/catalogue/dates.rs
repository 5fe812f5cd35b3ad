//! When the registers first came and last changed, as the log tells. Reads each commit once in the life of a process.
//!
//! Commits of very many rows are not read: each counts as a change of every register, so that a date is too late at most,
//! never too early, and a portal harvests once too often rather than once too seldom.

use crate::registry::Registry;
use crate::store::{Change, Snapshot, StoreError};
use jiff::Timestamp;
use rustc_hash::FxHashMap;
use std::sync::{Mutex, PoisonError};

/// Rows of one commit that are read for the graphs it changed.
const MAX_ROWS: u64 = 2_000_000;
/// Rows that are read in all; later commits count as those of very many rows.
const MAX_ROWS_READ: u64 = 20_000_000;
/// Commits read together.
const COMMITS_AT_ONCE: u64 = 256;

/// The two dates of a register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RegisterDates {
    /// The first commit that touched its graph; `None` when the log does not tell.
    pub issued: Option<Timestamp>,
    /// The last one, or a later moment where that is not known; `None` when nothing ever touched it.
    pub modified: Option<Timestamp>,
}

/// The dates of all registers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dates(FxHashMap<String, RegisterDates>);

impl Dates {
    /// Those of a register, by name.
    pub fn of(&self, register: &str) -> RegisterDates {
        self.0.get(register).copied().unwrap_or_default()
    }
}

/// What was read of the log. One for each registry that is open.
#[derive(Default)]
pub struct KnownDates(Mutex<Found>);

#[derive(Default)]
struct Found {
    /// Commits up to here were looked at.
    until: u64,
    rows_read: u64,
    /// The last commit that was not read.
    unread: Option<u64>,
    /// First commit, when it is known to be that, and last one, by register.
    by_register: FxHashMap<String, (Option<u64>, u64)>,
}

impl KnownDates {
    /// The dates in a state, which is the newest one or lies a few commits behind it.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn dates(&self, registry: &Registry, state: &Snapshot) -> Result<Dates, StoreError> {
        let store = registry.store();
        let moment = |seq: u64| {
            let made = store.moment_of(seq)?;
            Timestamp::from_millisecond(made).ok()
        };
        let mut out = Dates::default();
        let Some((first, newest)) = store.commits_with_rows() else {
            // A store in memory knows all changes that were ever made.
            let view = state.view();
            for register in registry.registers() {
                let graph = registry.graph_iri(&register.graph);
                let id = view.id_of_iri(graph.as_str());
                let seq = id.map(|graph| state.last_change(graph).0);
                let modified = seq.filter(|seq| *seq > 0).and_then(moment);
                let dates = RegisterDates {
                    issued: None,
                    modified,
                };
                out.0.insert(register.name.clone(), dates);
            }
            return Ok(out);
        };
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.read(registry, first, newest.min(state.seq()))?;
        let view = state.view();
        for register in registry.registers() {
            let graph = registry.graph_iri(&register.graph);
            let graph = view.id_of_iri(graph.as_str());
            let is_there = graph.is_some_and(|graph| view.graph_size(graph) > 0);
            let known = found.by_register.get(&register.name);
            let last = known.map(|(_, last)| *last).into_iter();
            // What is there and was not seen to come was there before, or came with a commit that was not read.
            let last = last.chain(found.unread.filter(|_| is_there)).max();
            let last = last.or_else(|| is_there.then(|| first.saturating_sub(1).max(1)));
            let begun = known.and_then(|(first, _)| *first);
            out.0.insert(
                register.name.clone(),
                RegisterDates {
                    issued: begun.and_then(moment),
                    modified: last.and_then(moment),
                },
            );
        }
        Ok(out)
    }
}

impl Found {
    fn read(&mut self, registry: &Registry, first: u64, newest: u64) -> Result<(), StoreError> {
        let store = registry.store();
        let names: FxHashMap<String, &str> = registry
            .registers()
            .iter()
            .map(|register| {
                let graph = registry.graph_iri(&register.graph).into_string();
                (graph, register.name.as_str())
            })
            .collect();
        let mut seq = self.until.max(first.saturating_sub(1)) + 1;
        while seq <= newest {
            let rows_of = |seq| {
                store
                    .rows_changed(seq)
                    .map_or(u64::MAX, |(added, removed)| added.saturating_add(removed))
            };
            let mut rows = rows_of(seq);
            if rows > MAX_ROWS || self.rows_read.saturating_add(rows) > MAX_ROWS_READ {
                self.unread = Some(seq);
                self.until = seq;
                seq += 1;
                continue;
            }
            let mut last = seq;
            while last < newest && last - seq < COMMITS_AT_ONCE {
                let more = rows_of(last + 1);
                if rows.saturating_add(more) > MAX_ROWS {
                    break;
                }
                rows += more;
                last += 1;
            }
            let is_whole = first == 1 && self.unread.is_none();
            let mut touched: Vec<&str> = Vec::new();
            let mut latest: Option<&str> = None;
            let by_register = &mut self.by_register;
            store.read_changes(seq, last, &mut |change| match change {
                Change::Added(line) | Change::Removed(line) => {
                    let Some(name) = graph_of(line).and_then(|graph| names.get(graph)) else {
                        return;
                    };
                    // Rows of one graph mostly come together.
                    if latest != Some(*name) {
                        latest = Some(*name);
                        if !touched.contains(name) {
                            touched.push(*name);
                        }
                    }
                }
                Change::Commit(info) => {
                    latest = None;
                    for name in touched.drain(..) {
                        let begun = is_whole.then_some(info.seq);
                        let entry = by_register.entry(name.to_owned());
                        entry.or_insert((begun, info.seq)).1 = info.seq;
                    }
                }
            })?;
            self.rows_read += rows;
            self.until = last;
            seq = last + 1;
        }
        Ok(())
    }
}

/// The graph of a row of the log, by IRI.
fn graph_of(line: &str) -> Option<&str> {
    let (_, graph) = line.strip_suffix(" .")?.rsplit_once(" <")?;
    graph.strip_suffix('>')
}

#[cfg(test)]
mod tests {
    use super::graph_of;

    #[test]
    fn the_graph_stands_last() {
        assert_eq!(
            graph_of("<urn:s> <urn:p> \"a <b>\" <urn:g> ."),
            Some("urn:g")
        );
        assert_eq!(graph_of("<urn:s> <urn:p> \"a <b>\" ."), None);
        assert_eq!(graph_of(""), None);
    }
}
