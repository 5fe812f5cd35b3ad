//! The one write path: fill a draft, check it against the shapes, append it to the log, publish it; or nothing of it.
//! Loader, SPARQL Update, Graph Store and REST writes all come through here.

use super::{Registry, StoredReport};
use crate::shapes::{Report, ResultRow, Severity, Shapes, validate};
use crate::store::{CommitInfo, CommitMeta, Draft, StoreError, View};
use std::sync::Arc;

/// What happens when a commit introduces results of severity Violation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnViolation {
    /// The commit is refused.
    #[default]
    Reject,
    /// The commit is made and the results are handed back.
    Warn,
    /// Nothing is checked.
    Off,
}

/// What is committed, by whom and how strictly.
#[derive(Clone, Debug)]
pub struct CommitRequest {
    /// Agent, activity and sources for the log.
    pub meta: CommitMeta,
    /// Strictness.
    pub on_violation: OnViolation,
}

/// A commit that was made, or that changed nothing.
pub struct Outcome<T> {
    /// What the change returned.
    pub value: T,
    /// The commit; when nothing changed, the commit before with zero counts.
    pub commit: CommitInfo,
    /// Whether a commit was made.
    pub changed: bool,
    /// Results this commit introduces; empty when nothing was checked.
    pub introduced: Vec<ResultRow>,
    /// The report after the commit; `None` when nothing was checked.
    pub report: Option<StoredReport>,
}

/// A refused commit, with what is needed to explain it.
pub struct Rejection {
    /// Results the commit would have introduced.
    pub introduced: Vec<ResultRow>,
    /// The report as it would have been.
    pub report: Arc<Report>,
    /// The state as it would have been; reads the ids of the results.
    pub view: View,
}

impl std::fmt::Debug for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rejection")
            .field("introduced", &self.introduced.len())
            .finish_non_exhaustive()
    }
}

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError<E> {
    /// The change itself failed.
    #[error("the change could not be made")]
    Change(E),
    /// The shapes refuse it.
    #[error("the change introduces {} violations", .0.introduced.len())]
    Rejected(Box<Rejection>),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Registry {
    /// Makes one commit of whatever `change` does to the draft, or leaves everything as it was.
    ///
    /// # Errors
    /// The change's own error, a [`Rejection`] by the shapes, or a [`StoreError`].
    pub fn commit<T, E>(
        &self,
        request: CommitRequest,
        change: impl FnOnce(&mut Draft<'_>) -> Result<T, E>,
    ) -> Result<Outcome<T>, CommitError<E>> {
        let mut draft = self.store.begin()?;
        let value = change(&mut draft).map_err(CommitError::Change)?;
        let (added, removed) = draft.net_counts();
        if added + removed == 0 {
            let commit = draft.commit(request.meta)?;
            return Ok(Outcome {
                value,
                commit,
                changed: false,
                introduced: Vec::new(),
                report: None,
            });
        }
        let mut checked = None;
        let mut introduced = Vec::new();
        if request.on_violation != OnViolation::Off {
            let (shapes, report, rows) = self.check(&mut draft);
            let view = draft.snapshot().view();
            let violates = rows.iter().any(|row| row.severity == Severity::Violation);
            if request.on_violation == OnViolation::Reject && violates {
                return Err(CommitError::Rejected(Box::new(Rejection {
                    introduced: rows,
                    report,
                    view,
                })));
            }
            introduced = rows;
            // Before the commit is durable: the next one is checked meanwhile, and builds on this state.
            self.remember(view.snapshot(), &shapes, Some(&report));
            checked = Some((report, view));
        }
        let commit = draft.commit(request.meta)?;
        tracing::info!(
            seq = commit.seq,
            added = commit.added,
            removed = commit.removed,
            "Committed {} added and {} removed quads",
            commit.added,
            commit.removed
        );
        let report = checked.map(|(report, view)| StoredReport { report, view });
        Ok(Outcome {
            value,
            commit,
            changed: true,
            introduced,
            report,
        })
    }

    /// Shapes and report of the draft, and the results it introduces.
    fn check(&self, draft: &mut Draft<'_>) -> (Arc<Shapes>, Arc<Report>, Vec<ResultRow>) {
        let base = draft.base().clone();
        let graphs = draft.changed_graphs();
        let snapshot = draft.snapshot();
        let view = snapshot.view();
        let shapes_changed = graphs
            .iter()
            .any(|graph| self.is_graph_of(&view, *graph, &["shapes/"]));
        let shapes = if shapes_changed {
            self.shapes_of(&snapshot)
        } else {
            self.shapes_in(&base)
        };
        let before = if base.seq() == 0 {
            None
        } else if shapes_changed {
            // New rules make old data wrong: that is no fault of this commit's statements.
            Some(Arc::new(validate(
                &shapes,
                &self.validation(&base.view(), None),
            )))
        } else {
            Some(self.report_in(&base))
        };
        let report = Arc::new(validate(&shapes, &self.validation(&view, before.clone())));
        let introduced = match before {
            Some(before) => report.new_since(&before),
            None => report.results().to_vec(),
        };
        (shapes, report, introduced)
    }
}
