//! How a follower fares: what it does, how far it is behind, when it last heard of its primary, and what is the matter. Shared
//! between the thread that follows and whoever asks. Counts nothing else.

use crate::rdf::label::Text;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a follower does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It was started and did not hear of its primary yet.
    Starting,
    /// It takes over commits as they are made.
    Following,
    /// The last try failed; it tries again.
    Retrying,
    /// The primary does not let it in.
    Refused,
    /// The primary is another registry, or one this version cannot follow.
    Strange,
    /// The primary has another history than this log: it was put back to an earlier state, or this one was written to.
    Diverged,
    /// The primary gave up the commits that come next.
    TooFarBehind,
    /// This node can write no more.
    Stopped,
}

impl Phase {
    /// Its name in `/health`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Starting => "begint",
            Self::Following => "volgt",
            Self::Retrying => "probeert opnieuw",
            Self::Refused => "geweigerd",
            Self::Strange => "past niet",
            Self::Diverged => "uiteengelopen",
            Self::TooFarBehind => "te ver achter",
            Self::Stopped => "gestopt",
        }
    }
}

/// What a follower tells of itself.
#[derive(Clone, Debug)]
pub struct FollowFigures {
    /// What it does.
    pub phase: Phase,
    /// The primary's last commit, as far as known.
    pub last: u64,
    /// Commits of the primary that are not here, as far as known.
    pub commits_behind: u64,
    /// How long ago this node last had all that the primary had; 0 while it has.
    pub behind: Duration,
    /// When it last heard of its primary, milliseconds since 1970; `None` before the first time.
    pub contact_ms: Option<i64>,
    /// Tries that failed since the last that did not.
    pub failures: u32,
    /// What is the matter, and what to do.
    pub problem: Option<Text>,
    /// Whether it is no more behind than the operator allows.
    pub is_ready: bool,
}

struct State {
    phase: Phase,
    at: u64,
    last: u64,
    /// When this node last had all that the primary had.
    complete: Instant,
    contact_ms: Option<i64>,
    failures: u32,
    problem: Option<Text>,
}

/// The status of a follower.
pub struct FollowStatus {
    primary: String,
    max_lag: Option<Duration>,
    state: Mutex<State>,
}

impl FollowStatus {
    /// Of a follower of the node at an address, which is to be no more than `max_lag` behind.
    pub fn new(primary: &str, max_lag: Option<Duration>) -> Self {
        Self {
            primary: primary.trim_end_matches('/').to_owned(),
            max_lag,
            state: Mutex::new(State {
                phase: Phase::Starting,
                at: 0,
                last: 0,
                complete: Instant::now(),
                contact_ms: None,
                failures: 0,
                problem: None,
            }),
        }
    }

    /// The address of the primary, without a slash at the end.
    pub fn primary(&self) -> &str {
        &self.primary
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it fares now.
    pub fn figures(&self) -> FollowFigures {
        let state = self.state();
        let commits_behind = state.last.saturating_sub(state.at);
        let is_complete = state.phase == Phase::Following && commits_behind == 0;
        let behind = if is_complete {
            Duration::ZERO
        } else {
            state.complete.elapsed()
        };
        FollowFigures {
            phase: state.phase,
            last: state.last,
            commits_behind,
            behind,
            contact_ms: state.contact_ms,
            failures: state.failures,
            problem: state.problem.clone(),
            // Whoever never heard of its primary does not know how far it is behind.
            is_ready: self
                .max_lag
                .is_none_or(|most| behind <= most && state.contact_ms.is_some()),
        }
    }

    /// The primary answered: `at` is the last commit here, `last` the last one there.
    pub(super) fn heard(&self, at: u64, last: u64) {
        let mut state = self.state();
        state.phase = Phase::Following;
        state.at = at;
        state.last = last.max(at);
        state.failures = 0;
        state.problem = None;
        state.contact_ms = Some(jiff::Timestamp::now().as_millisecond());
        if at >= last {
            state.complete = Instant::now();
        }
    }

    /// Commits up to `at` are seen here.
    pub(super) fn advanced(&self, at: u64) {
        let mut state = self.state();
        state.at = at;
        state.last = state.last.max(at);
        state.contact_ms = Some(jiff::Timestamp::now().as_millisecond());
    }

    /// The primary said what its last commit is, before any of those that are missing came.
    pub(super) fn told(&self, last: u64) {
        let mut state = self.state();
        state.last = state.last.max(last);
    }

    /// A try failed. Returns how many did in a row.
    pub(super) fn failed(&self, phase: Phase, problem: Text) -> u32 {
        let mut state = self.state();
        // Up to now nothing was missing.
        if state.phase == Phase::Following && state.at >= state.last {
            state.complete = Instant::now();
        }
        state.phase = phase;
        state.problem = Some(problem);
        state.failures = state.failures.saturating_add(1);
        state.failures
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lag_counts_from_when_all_was_there() {
        let status = FollowStatus::new("http://primary.example/", Some(Duration::from_millis(40)));
        assert_eq!(status.primary(), "http://primary.example");
        assert!(!status.figures().is_ready, "nothing was heard yet");
        status.heard(7, 7);
        let figures = status.figures();
        assert_eq!(
            (figures.commits_behind, figures.behind),
            (0, Duration::ZERO)
        );
        assert!(figures.is_ready);
        std::thread::sleep(Duration::from_millis(60));
        assert!(status.figures().is_ready, "a quiet primary is no lag");
        status.heard(7, 9);
        assert_eq!(status.figures().commits_behind, 2);
        status.heard(9, 9);
        let wrong = Text::new("stuk", "broken");
        assert_eq!(status.failed(Phase::Retrying, wrong.clone()), 1);
        assert!(status.figures().is_ready, "what was there a moment ago");
        std::thread::sleep(Duration::from_millis(60));
        assert_eq!(status.failed(Phase::Retrying, wrong), 2);
        let figures = status.figures();
        assert!(!figures.is_ready && figures.behind >= Duration::from_millis(60));
        status.heard(9, 9);
        assert_eq!(status.figures().failures, 0);
    }
}
