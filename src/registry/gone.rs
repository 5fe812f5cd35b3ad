//! What became of resources that nothing is said about any more: found among the versions that ended, and in the commits
//! that removed statements. Costs little for what never was: which subjects lost statements is kept in memory, and grows
//! with each commit that removed any.

use super::Registry;
use super::versions::{Moment, Version, node_path};
use crate::rdf::text::split_term;
use crate::rdf::vocab::dct;
use crate::store::{Change, Id, Snapshot, StoreError, is_apart};
use jiff::Timestamp;
use rustc_hash::{FxHashMap, FxHasher};
use std::hash::Hasher as _;
use std::sync::{Mutex, PoisonError};

/// Rows of one commit that are looked through for subjects that lost statements: a commit that changed more is passed over.
const MAX_ROWS: u64 = 2_000_000;
/// Subjects that are remembered; 16 bytes each.
const MAX_SUBJECTS: usize = 4_000_000;
/// Rows of the log read at most for the changes of one subject.
const MAX_ROWS_READ: u64 = 1_000_000;
/// Commits looked at together.
const COMMITS_AT_ONCE: u64 = 256;
/// Commits looked at in all.
const MAX_COMMITS: u64 = 20_000;

/// What is known of a resource that is no longer there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// The commit since which nothing is said about it, when the log tells.
    pub commit: Option<u64>,
    /// When that commit was made.
    pub made: Option<Timestamp>,
    /// When the last version ended in the world.
    pub ended: Option<Moment>,
    /// When the last version began.
    pub last_version: Option<Moment>,
    /// What took its place, by IRI, sorted.
    pub replaced_by: Vec<String>,
}

/// A commit that changed a subject.
#[derive(Clone, Debug)]
pub struct SubjectChange {
    /// Number of the commit.
    pub seq: u64,
    /// When it was made.
    pub made: Option<Timestamp>,
    /// Sources that it names.
    pub sources: Vec<String>,
    /// Predicates of statements that were added or removed, by IRI, sorted.
    pub predicates: Vec<String>,
    /// Statements added.
    pub added: u64,
    /// Statements removed.
    pub removed: u64,
}

/// Commits that changed a subject, newest first.
#[derive(Clone, Debug, Default)]
pub struct SubjectChanges {
    /// The commits.
    pub found: Vec<SubjectChange>,
    /// The oldest commit that was looked at; 0 when none was.
    pub since: u64,
    /// Whether every commit was looked at that the log has, from the first one of the registry on.
    pub is_whole: bool,
}

/// Which subjects lost statements, by commit.
#[derive(Default)]
pub(super) struct Known(Mutex<Removed>);

#[derive(Default)]
struct Removed {
    /// Commits up to here have been looked through.
    until: u64,
    /// The last commit that removed a statement of a subject, by a hash of its IRI.
    last: FxHashMap<u64, u64>,
}

fn hash_of(subject: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(subject.as_bytes());
    hasher.finish()
}

/// Whether a row is in a graph that is not reached by name only.
fn is_shown(line: &str) -> bool {
    let graph = line
        .strip_suffix(" .")
        .and_then(|row| row.rsplit_once(" <"));
    graph.is_none_or(|(_, graph)| !is_apart(graph))
}

impl Registry {
    /// What became of a resource that a state says nothing about; `None` when it never said anything, as far as is known.
    /// `at` is the moment of valid time that the state shows, when it is not now. Reads the log: not for threads that answer
    /// requests.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn gone(
        &self,
        state: &Snapshot,
        at: Option<&Moment>,
        iri: &str,
    ) -> Result<Option<Gone>, StoreError> {
        let whole = state.whole();
        let object = whole.id_of_iri(iri);
        let versions = object.map_or_else(Vec::new, |object| self.versions_of(state, object));
        let has_ended = |version: &&Version| match (&version.until, at) {
            (Some(until), Some(at)) => until.at() <= at.at(),
            (until, _) => until.is_some(),
        };
        let last = versions.iter().rfind(has_ended);
        let mut gone = last.map(|last| Gone {
            ended: last.until.clone(),
            last_version: Some(last.from.clone()),
            ..Gone::default()
        });
        let mut replaced_by = Vec::new();
        // Of another moment of valid time versions tell, and they alone where they are kept.
        let by_log = match at {
            Some(_) if !versions.is_empty() => None,
            _ => self.last_removal(state.seq(), iri)?,
        };
        if let Some(seq) = by_log {
            let found = gone.get_or_insert_default();
            found.commit = Some(seq);
            let made = self.store().moment_of(seq);
            found.made = made.and_then(|ms| Timestamp::from_millisecond(ms).ok());
            self.rows_of(seq, iri, |predicate, object| {
                if predicate == dct::IS_REPLACED_BY {
                    replaced_by.push(object.to_owned());
                }
            })?;
        }
        let Some(mut gone) = gone else {
            return Ok(None);
        };
        if let Some(object) = object {
            self.successors(state, object, last, &mut replaced_by);
        }
        replaced_by.retain(|successor| successor != iri);
        replaced_by.sort_unstable();
        replaced_by.dedup();
        gone.replaced_by = replaced_by;
        Ok(Some(gone))
    }

    /// What says now that it replaces a resource, and what the last version said it was replaced by.
    fn successors(
        &self,
        state: &Snapshot,
        object: Id,
        last: Option<&Version>,
        found: &mut Vec<String>,
    ) {
        let view = state.view();
        if let Some(replaces) = view.id_of_iri(dct::REPLACES) {
            let successors = view.subjects(replaces, object);
            found.extend(successors.filter_map(|s| Some(view.iri(s)?.into_owned())));
        }
        let whole = state.whole();
        if let (Some(version), Some(p)) = (last, whole.id_of_iri(dct::IS_REPLACED_BY)) {
            let said = whole.quads(Some(version.id), Some(p), None, None);
            found.extend(said.filter_map(|quad| Some(whole.iri(quad.o)?.into_owned())));
        }
    }

    /// The last commit up to `seq` that took a statement of a subject out of a graph that is shown.
    fn last_removal(&self, seq: u64, iri: &str) -> Result<Option<u64>, StoreError> {
        let Some((first, newest)) = self.store().commits_with_rows() else {
            return Ok(None);
        };
        let known = {
            let mut removed = self.gone.0.lock().unwrap_or_else(PoisonError::into_inner);
            self.look_through(&mut removed, first, newest)?;
            removed.last.get(&hash_of(iri)).copied()
        };
        match known {
            Some(last) if last <= seq => {
                let mut is_it = false;
                self.rows_of(last, iri, |_, _| is_it = true)?;
                Ok(is_it.then_some(last))
            }
            // It lost statements after the state that is shown: perhaps before, too.
            Some(_) => {
                let changes = self.changes_of(&[iri.to_owned()], seq)?;
                let found = changes.found.iter().find(|change| change.removed > 0);
                Ok(found.map(|change| change.seq))
            }
            None => Ok(None),
        }
    }

    /// Notes the subjects of what the commits since the last time removed.
    fn look_through(
        &self,
        removed: &mut Removed,
        first: u64,
        newest: u64,
    ) -> Result<(), StoreError> {
        let store = self.store();
        let mut seq = removed.until.max(first.saturating_sub(1)) + 1;
        let mut subjects = Vec::new();
        while seq <= newest && removed.last.len() < MAX_SUBJECTS {
            let has_removed = |seq| matches!(store.rows_changed(seq), Some((added, gone)) if gone > 0 && added + gone <= MAX_ROWS);
            if has_removed(seq) {
                let mut until = seq;
                while until < newest && until - seq < COMMITS_AT_ONCE && has_removed(until + 1) {
                    until += 1;
                }
                store.read_changes(seq, until, &mut |change| match change {
                    Change::Removed(line) if is_shown(line) => {
                        if let Some(end) = line.strip_prefix('<').and_then(|row| row.find('>')) {
                            let hash = hash_of(&line[1..=end]);
                            if subjects.last() != Some(&hash) {
                                subjects.push(hash);
                            }
                        }
                    }
                    Change::Removed(_) | Change::Added(_) => {}
                    Change::Commit(info) => {
                        for subject in subjects.drain(..) {
                            removed.last.insert(subject, info.seq);
                        }
                    }
                })?;
                seq = until;
            }
            removed.until = seq;
            seq += 1;
        }
        Ok(())
    }

    /// Predicate and object IRI of each statement of a subject that a commit removed from a graph that is shown; an empty
    /// text for what is no IRI.
    fn rows_of(
        &self,
        seq: u64,
        iri: &str,
        mut take: impl FnMut(&str, &str),
    ) -> Result<(), StoreError> {
        let start = format!("<{iri}> ");
        self.store().read_changes(seq, seq, &mut |change| {
            if let Change::Removed(line) = change
                && let Some(rest) = line.strip_prefix(&start)
                && is_shown(line)
                && let Ok((predicate, rest)) = split_term(rest)
                && let Ok((object, _)) = split_term(rest)
            {
                let iri = |term: &str| term.strip_prefix('<')?.strip_suffix('>').map(str::to_owned);
                take(
                    &iri(predicate).unwrap_or_default(),
                    &iri(object).unwrap_or_default(),
                );
            }
        })
    }

    /// What [`Registry::changes_of`] is to look for: a resource, and the beginnings of the IRIs of its nodes.
    pub fn subjects_of(&self, iri: &str) -> Vec<String> {
        let mut subjects = vec![iri.to_owned()];
        subjects.extend(node_path(self.base(), iri));
        if let Some((origin, path)) = iri.split_once("/id/") {
            subjects.push(format!("{origin}/.well-known/genid/{path}/"));
        }
        subjects
    }

    /// The commits up to number `last` that changed statements of some subjects, newest first; the first subject is the
    /// resource, the others are beginnings of the IRIs of its nodes. Reads at most a million rows of the log, whole commits
    /// only, and says how far that was.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub fn changes_of(&self, subjects: &[String], last: u64) -> Result<SubjectChanges, StoreError> {
        let store = self.store();
        let Some((first, newest)) = store.commits_with_rows() else {
            return Ok(SubjectChanges::default());
        };
        let starts: Vec<String> = subjects
            .iter()
            .enumerate()
            .map(|(at, subject)| match at {
                0 => format!("<{subject}> "),
                _ => format!("<{subject}"),
            })
            .collect();
        let mut out = SubjectChanges::default();
        let (mut to, mut rows) = (last.min(newest), 0);
        let mut commits = 0;
        while to >= first && to > 0 && commits < MAX_COMMITS {
            let mut from = to + 1;
            while from > first && to + 1 - from < COMMITS_AT_ONCE {
                let (added, removed) = store.rows_changed(from - 1).unwrap_or_default();
                if rows + added + removed > MAX_ROWS_READ {
                    break;
                }
                rows += added + removed;
                from -= 1;
            }
            if from > to {
                break;
            }
            let mut found = Vec::new();
            let mut now = SubjectChange::none();
            store.read_changes(from, to, &mut |change| match change {
                Change::Added(line) => now.take(line, &starts, true),
                Change::Removed(line) => now.take(line, &starts, false),
                Change::Commit(info) => {
                    let mut done = std::mem::replace(&mut now, SubjectChange::none());
                    if done.added + done.removed > 0 {
                        done.seq = info.seq;
                        done.made = info.time.parse().ok();
                        done.sources = info.source.iter().map(|s| s.iri.clone()).collect();
                        done.predicates.sort_unstable();
                        done.predicates.dedup();
                        found.push(done);
                    }
                }
            })?;
            out.found.extend(found.into_iter().rev());
            out.since = from;
            commits += to + 1 - from;
            to = from - 1;
        }
        out.is_whole = out.since == 1;
        Ok(out)
    }
}

impl SubjectChange {
    fn none() -> Self {
        Self {
            seq: 0,
            made: None,
            sources: Vec::new(),
            predicates: Vec::new(),
            added: 0,
            removed: 0,
        }
    }

    /// Notes a row when it is of one of the subjects.
    fn take(&mut self, line: &str, starts: &[String], is_added: bool) {
        if !starts.iter().any(|start| line.starts_with(start.as_str())) || !is_shown(line) {
            return;
        }
        if is_added {
            self.added += 1;
        } else {
            self.removed += 1;
        }
        let predicate = split_term(line).and_then(|(_, rest)| split_term(rest));
        if let Ok((predicate, _)) = predicate {
            let predicate = predicate.trim_matches(['<', '>']);
            if self.predicates.last().is_none_or(|last| last != predicate) {
                self.predicates.push(predicate.to_owned());
            }
        }
    }
}
