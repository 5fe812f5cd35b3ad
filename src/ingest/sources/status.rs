//! How sources are doing, by their latest runs.

use super::log::{Outcome, RunRecord, runs_of};
use crate::registry::{DeclaredSource, Registry};

/// Runs that are looked at.
const LOOKED_AT: usize = 200;

/// A source and how it is doing.
#[derive(Clone, Debug)]
pub struct SourceStatus {
    /// What was declared.
    pub source: DeclaredSource,
    /// Its latest runs, the last one first.
    pub runs: Vec<RunRecord>,
    /// When it last ended well (UTC).
    pub last_success: Option<String>,
    /// Seconds that what is here may be behind: since the latest member of a stream, since the last success of others.
    pub lag_seconds: Option<u64>,
    /// Runs that failed since it last ended well.
    pub failures_in_a_row: u64,
}

impl SourceStatus {
    fn of(registry: &Registry, source: DeclaredSource, now: jiff::Timestamp) -> Self {
        let runs = runs_of(registry, &source.name, LOOKED_AT);
        let is_good = |run: &&RunRecord| matches!(run.outcome, Outcome::Done | Outcome::Unchanged);
        let good = runs.iter().find(is_good);
        let latest = runs.iter().find_map(|run| run.latest.clone());
        let since = latest.or_else(|| good.map(|run| run.began.clone()));
        let since = since.and_then(|moment| moment.parse::<jiff::Timestamp>().ok());
        let lag = since.map(|since| now.duration_since(since).as_secs().max(0));
        let failures = runs.iter().take_while(|run| !is_good(run));
        let failures = failures.filter(|run| run.outcome == Outcome::Failing);
        Self {
            last_success: good.map(|run| run.began.clone()),
            lag_seconds: lag.and_then(|lag| u64::try_from(lag).ok()),
            failures_in_a_row: failures.count() as u64,
            source,
            runs,
        }
    }

    /// A text about the source without the query part of its address, where keys may stand.
    pub fn without_query(&self, text: &str) -> String {
        let location = self.source.location.split('#').next().unwrap_or_default();
        match location.split_once('?') {
            Some((_, query)) if !query.is_empty() => text.replace(query, "…"),
            _ => text.to_owned(),
        }
    }
}

/// All declared sources, sorted by name, and how they are doing.
pub fn source_statuses(registry: &Registry) -> Vec<SourceStatus> {
    let now = jiff::Timestamp::now();
    let sources = registry.sources().into_iter();
    sources
        .map(|source| SourceStatus::of(registry, source, now))
        .collect()
}
