//! What commits touched, in a few words: the objects of each register, for whoever wants to know that something changed and
//! asks for the rest. Delivers nothing.

use super::items::{self, LookBack};
use super::source::SourceError;
use super::window::{Place, read_windows};
use crate::registry::Registry;

/// Objects of a register that are named for one commit; of more it is said that there are.
pub const MOST_LISTED: usize = 100;
/// Rows that are read at once.
const BUDGET: usize = 10_000;
/// Commits of a registry without a log on disk that are told at once.
const MOST_COMMITS: u64 = 1_000;

/// A commit and what it touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Touched {
    /// Its number.
    pub commit: u64,
    /// When it was made, RFC 3339.
    pub moment: String,
    /// The registers of which an object changed, sorted by name.
    pub registers: Vec<TouchedRegister>,
    /// Whether there may be more objects than are named.
    pub more: bool,
}

/// The objects of a register that a commit touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedRegister {
    /// The register.
    pub name: String,
    /// IRIs of objects, at most [`MOST_LISTED`].
    pub items: Vec<String>,
}

/// The commits after one, some at a time, cheaply enough for whoever asks: earlier states are not made to find out which
/// objects parts belong to, and `more` then says so. The commits come
/// with what they touched of public registers; none when there is none yet. Of a
/// registry in memory only the commits are known.
///
/// # Errors
/// When the log no longer has them, or cannot be read.
pub fn touched_after(registry: &Registry, commit: u64) -> Result<Vec<Touched>, SourceError> {
    let store = registry.store();
    if store.dir().is_none() {
        let infos = store.commits_between(commit, commit.saturating_add(MOST_COMMITS))?;
        let told = infos.into_iter().map(|info| Touched {
            commit: info.seq,
            moment: info.time,
            registers: Vec::new(),
            more: false,
        });
        return Ok(told.collect());
    }
    let from = Place {
        commit: commit.saturating_add(1),
        row: 0,
    };
    let mut found: Vec<Touched> = Vec::new();
    for window in read_windows(store, from, BUDGET)? {
        let rows = items::shown(&window.rows);
        let is_whole = window.next.commit > window.commit;
        if found.last().is_none_or(|last| last.commit != window.commit) {
            found.push(Touched {
                commit: window.commit,
                moment: window.moment.clone(),
                registers: Vec::new(),
                more: false,
            });
        }
        let Some(told) = found.last_mut() else {
            continue;
        };
        // What of a commit was not read is not looked at: whoever wants all of it asks for it.
        told.more |= !is_whole;
        let changes = items::changes(registry, &window, &rows, LookBack::Little);
        told.more |= changes.is_partial;
        for change in changes.items {
            let register = &registry.registers()[change.register];
            if register.access != "public" {
                continue;
            }
            let known = told.registers.iter().position(|r| r.name == register.name);
            let at = known.unwrap_or_else(|| {
                told.registers.push(TouchedRegister {
                    name: register.name.clone(),
                    items: Vec::new(),
                });
                told.registers.len() - 1
            });
            let items = &mut told.registers[at].items;
            if items.contains(&change.iri) {
                continue;
            }
            if items.len() < MOST_LISTED {
                items.push(change.iri);
            } else {
                told.more = true;
            }
        }
        told.registers.sort_by(|a, b| a.name.cmp(&b.name));
    }
    Ok(found)
}
