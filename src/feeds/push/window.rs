//! Rows of the log, piece by piece. A window is a whole commit, or of a large one a part; where parts are cut depends on the
//! log alone, so that whoever reads it again later gets the same windows. Knows nothing of what rows mean.

use super::source::SourceError;
use crate::rdf::text::split_term;
use crate::store::{Change, Store};

/// A window ends at the first change of subject after this many rows, and after twice as many anywhere. Whoever changes these
/// changes the ids of events in large commits.
const ROWS: usize = 20_000;
/// The same in bytes.
const BYTES: usize = 8 << 20;
/// What a commit counts for beside its rows.
const ROWS_OF_A_COMMIT: usize = 4;

/// A row that a commit added or removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) added: bool,
    /// `<s> <p> <o> <g> .` in canonical terms.
    line: String,
}

/// The canonical texts of the terms of a row; the graph is empty for the default graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    pub(super) subject: &'a str,
    pub(super) predicate: &'a str,
    pub(super) object: &'a str,
    pub(super) graph: &'a str,
}

impl Row {
    pub(super) fn new(added: bool, line: &str) -> Self {
        Self {
            added,
            line: line.to_owned(),
        }
    }

    /// Its terms; `None` when it is no row of a log.
    pub(super) fn parts(&self) -> Option<Parts<'_>> {
        let (subject, rest) = split_term(&self.line).ok()?;
        let (predicate, rest) = split_term(rest).ok()?;
        let (object, rest) = split_term(rest).ok()?;
        let graph = match rest {
            "." => "",
            rest => split_term(rest).ok()?.0,
        };
        Some(Parts {
            subject,
            predicate,
            object,
            graph,
        })
    }
}

/// The IRI of a canonical text; `None` for other terms.
pub(super) fn iri(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    (!inner.starts_with('<')).then_some(inner)
}

/// A row of the log: the commit, and how many of its rows stand before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) commit: u64,
    pub(super) row: u64,
}

/// Rows of one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) commit: u64,
    /// When the commit was made, RFC 3339.
    pub(super) moment: String,
    /// Rows of the commit before this window.
    pub(super) first_row: u64,
    pub(super) rows: Vec<Row>,
    /// Where the next window begins.
    pub(super) next: Place,
}

/// The windows from a place on, until they have about `budget` rows; none after the last commit.
///
/// # Errors
/// When the log no longer has the place, or cannot be read.
pub(super) fn read_windows(
    store: &Store,
    from: Place,
    budget: usize,
) -> Result<Vec<Window>, SourceError> {
    let last = store.snapshot().seq();
    if from.commit > last {
        return Ok(Vec::new());
    }
    match store.commits_with_rows() {
        Some((first, _)) if from.commit >= first => {}
        other => {
            return Err(SourceError::Gone {
                first: other.map(|(first, _)| first),
            });
        }
    }
    let mut reading = Reading::new(from, budget);
    store.read_changes_while(from.commit, last, &mut |change| reading.take(change))?;
    let mut windows = reading.windows;
    // The commit that reading stopped in did not say when it was made.
    if let Some(commit) = windows.last().map(|window| window.commit)
        && windows
            .last()
            .is_some_and(|window| window.moment.is_empty())
    {
        let infos = store.commits_between(commit - 1, commit)?;
        let moment = infos.last().map(|info| info.time.clone());
        tell_moment(&mut windows, commit, &moment.unwrap_or_default());
    }
    Ok(windows)
}

fn tell_moment(windows: &mut [Window], commit: u64, moment: &str) {
    let own = windows.iter_mut().rev();
    for window in own.take_while(|window| window.commit == commit) {
        moment.clone_into(&mut window.moment);
    }
}

struct Reading {
    windows: Vec<Window>,
    rows: Vec<Row>,
    bytes: usize,
    taken: usize,
    at: Place,
    first_row: u64,
    /// Rows of the first commit that are passed over.
    skip: u64,
    budget: usize,
}

impl Reading {
    /// Nothing read yet, from a place on, until there are about so many rows.
    fn new(from: Place, budget: usize) -> Self {
        Self {
            windows: Vec::new(),
            rows: Vec::new(),
            bytes: 0,
            taken: 0,
            at: Place {
                commit: from.commit,
                row: 0,
            },
            first_row: from.row,
            skip: from.row,
            budget,
        }
    }

    fn take(&mut self, change: Change<'_>) -> bool {
        match change {
            Change::Added(line) => self.row(true, line),
            Change::Removed(line) => self.row(false, line),
            Change::Commit(info) => {
                let next = Place {
                    commit: self.at.commit + 1,
                    row: 0,
                };
                self.close(next);
                tell_moment(&mut self.windows, self.at.commit, &info.time);
                self.taken += ROWS_OF_A_COMMIT;
                self.at = next;
                self.skip = 0;
                self.taken < self.budget
            }
        }
    }

    fn row(&mut self, added: bool, line: &str) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            self.at.row += 1;
            return true;
        }
        let is_over =
            |most: usize, most_bytes: usize| self.rows.len() >= most || self.bytes >= most_bytes;
        if is_over(ROWS, BYTES) && (is_over(2 * ROWS, 2 * BYTES) || self.is_new_subject(line)) {
            self.close(self.at);
            if self.taken >= self.budget {
                return false;
            }
        }
        self.bytes += line.len();
        self.rows.push(Row::new(added, line));
        self.at.row += 1;
        true
    }

    fn is_new_subject(&self, line: &str) -> bool {
        let subject = |line: &str| split_term(line).ok().map(|(first, _)| first.len());
        let last = self.rows.last().map(|row| row.line.as_str());
        last.is_none_or(|last| match subject(last) {
            Some(length) => line.get(..length) != last.get(..length),
            None => true,
        })
    }

    fn close(&mut self, next: Place) {
        let rows = std::mem::take(&mut self.rows);
        self.taken += rows.len();
        self.bytes = 0;
        self.windows.push(Window {
            commit: self.at.commit,
            moment: String::new(),
            first_row: self.first_row,
            rows,
            next,
        });
        self.first_row = next.row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_apart() {
        let row = Row::new(
            true,
            "<http://e/s> <http://e/p> \"a > b\"@nl <http://e/g> .",
        );
        let parts = row.parts().expect("a row");
        assert_eq!(parts.subject, "<http://e/s>");
        assert_eq!(parts.object, "\"a > b\"@nl");
        assert_eq!(parts.graph, "<http://e/g>");
        let row = Row::new(true, "_:b <http://e/p> <http://e/o> .");
        assert_eq!(row.parts().expect("a row").graph, "");
        assert_eq!(iri("<http://e/s>"), Some("http://e/s"));
        assert_eq!(iri("_:b"), None);
    }

    /// A log of commits with so many rows each, cut into windows from any window on: always the same ones.
    #[test]
    fn windows_are_the_same_wherever_reading_begins() {
        let sizes = [3_usize, 1, 45_000, 0, 7, 20_001, 5];
        let mut log: Vec<(u64, Vec<String>)> = Vec::new();
        for (number, size) in sizes.into_iter().enumerate() {
            let rows = (0..size).map(|n| format!("<http://e/{}> <http://e/p> \"{n}\" .", n / 3));
            log.push((number as u64 + 1, rows.collect()));
        }
        let read = |from: Place, budget: usize| {
            let mut reading = Reading::new(from, budget);
            'log: for (commit, rows) in &log {
                if *commit < from.commit {
                    continue;
                }
                for row in rows {
                    if !reading.row(true, row) {
                        break 'log;
                    }
                }
                let next = Place {
                    commit: commit + 1,
                    row: 0,
                };
                reading.close(next);
                reading.at = next;
                reading.skip = 0;
            }
            reading.windows
        };
        let start = Place { commit: 1, row: 0 };
        let all = read(start, usize::MAX);
        let rows: usize = all.iter().map(|window| window.rows.len()).sum();
        assert_eq!(rows, sizes.iter().sum::<usize>());
        assert!(all.iter().all(|window| window.rows.len() <= 2 * ROWS));
        assert!(all.len() > sizes.len());
        for (number, window) in all.iter().enumerate() {
            let from = Place {
                commit: window.commit,
                row: window.first_row,
            };
            let later = read(from, usize::MAX);
            assert_eq!(later, all[number..], "from window {number}");
            assert_eq!(read(from, 1)[0], all[number]);
        }
    }
}
