//! Sources that are change feeds.

use super::{RunRecord, fetch_options};
use crate::ingest::feed::{FeedOptions, read_feed};
use crate::registry::{DeclaredSource, Registry};
use crate::store::StoreError;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Reads a feed on from where the last run ended.
pub(super) fn from_feed(
    registry: &Registry,
    source: &DeclaredSource,
    stopped: &Arc<AtomicBool>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let options = FeedOptions {
        name: source.name.clone(),
        url: source.location.clone(),
        graph: source.graph.clone(),
        strict: source.strict,
        max_barren: 5_000,
        fetch: fetch_options(source),
    };
    let summary = read_feed(registry, &options, stopped, &mut |at| progress(at.events))?;
    record.members = summary.events;
    record.added = summary.added;
    record.removed = summary.removed;
    record.commits = summary.commits;
    record.waiting = summary.waiting;
    record.mended(&summary.repairs);
    record.failure = summary.failure;
    Ok(())
}
