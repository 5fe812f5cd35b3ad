//! Sources that are change feeds.

use super::{Job, RunRecord};
use crate::ingest::feed::{FeedOptions, read_feed};
use crate::store::StoreError;

/// Reads a feed on from where the last run ended.
pub(super) fn from_feed(
    job: &Job<'_>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let source = job.source;
    let options = FeedOptions {
        name: source.name.clone(),
        url: source.location.clone(),
        graph: source.graph.clone(),
        strict: source.strict,
        max_barren: 5_000,
        fetch: job.bounds.fetch_options(source),
        account: job.account(),
    };
    let summary = read_feed(job.registry, &options, job.stopped, &mut |at| {
        progress(at.events)
    })?;
    record.members = summary.events;
    record.added = summary.added;
    record.removed = summary.removed;
    record.commits = summary.commits;
    record.waiting = summary.waiting;
    record.mended(&summary.repairs);
    record.failure = summary.failure;
    Ok(())
}
