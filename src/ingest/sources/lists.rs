//! Sources that are lists of codes of municipalities.

use super::{ACCEPT, RunRecord, fetch_options};
use crate::ingest::collect::{Collect, collect};
use crate::ingest::contexts::ContextStore;
use crate::ingest::fetch::{Fetcher, Validators, host_of};
use crate::ingest::input::Input;
use crate::ingest::ldes::{no_lists, not_fetched, not_read, refused, reserved};
use crate::ingest::limits::Limits;
use crate::ingest::load::{LoadPlan, TargetGraph, source_iri};
use crate::ingest::normalise::RepairReport;
use crate::ingest::refnis::{self, Lists};
use crate::registry::{CommitError, CommitRequest, DeclaredSource, Registry, Writer};
use crate::store::{CommitMeta, Source, StoreError};
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The lists of a file, a folder or one address, read together: what ended in one may go on in another.
pub(super) fn from_lists(
    registry: &Registry,
    source: &DeclaredSource,
    stopped: &Arc<AtomicBool>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let location = source.location.as_str();
    let inputs: Vec<Input> = if host_of(location).is_some() {
        let fetcher = Fetcher::new(fetch_options(source), Arc::clone(stopped));
        match fetcher.get(location, ACCEPT, &Validators::default()) {
            Ok(fetched) => fetched
                .body
                .map(|body| Input::bytes(fetched.url, body))
                .into_iter()
                .collect(),
            Err(error) => {
                record.failure = Some(not_fetched(&error, location));
                return Ok(());
            }
        }
    } else {
        let target = TargetGraph::Named(source.graph.clone());
        let paths = [PathBuf::from(location)];
        match LoadPlan::from_paths(registry, &paths, &target, None, None) {
            Ok(plan) => plan.items.into_iter().map(|item| item.input).collect(),
            Err(found) => {
                record.failure = Some(not_read(&found, location));
                return Ok(());
            }
        }
    };
    let (limits, contexts) = (Limits::default(), ContextStore::shipped(registry.base()));
    let how = Collect {
        media_type: None,
        base: None,
        limits: &limits,
        contexts: &contexts,
        version: registry.store().settings().rdf,
    };
    let mut lists = Lists::default();
    for input in &inputs {
        match collect(input, &how) {
            Ok(quads) => {
                record.members += quads.len() as u64;
                progress(record.members);
                lists.add(&quads);
            }
            Err(found) => {
                record.failure = Some(not_read(&found, input.name()));
                return Ok(());
            }
        }
    }
    let mut repairs = RepairReport::default();
    lists.correct(&mut repairs);
    if lists.municipalities().is_empty() {
        record.failure = Some(no_lists(location));
        return Ok(());
    }
    let request = CommitRequest::new(CommitMeta {
        agent: registry.agent_iri(&format!("bron/{}", source.name)),
        activity: registry.activity_iri("oogst"),
        source: inputs
            .iter()
            .map(|input| Source {
                iri: source_iri(input),
                sha256: None,
            })
            .collect(),
        message: Some(format!("oslo source {}", source.name)),
    })
    .with_writer(Writer::Source(source.name.clone()));
    let done = registry.commit(request, |draft| -> Result<u64, Infallible> {
        Ok(refnis::write(draft, registry.base(), &source.graph, &lists))
    });
    match done {
        Ok(done) => {
            repairs.records = done.value;
            record.waiting = done.aside.waiting;
            if done.changed {
                record.commits = 1;
                record.added = done.commit.added;
                record.removed = done.commit.removed;
            }
        }
        Err(CommitError::Store(error)) => return Err(error),
        Err(CommitError::Rejected(rejection)) => {
            record.failure = Some(refused(location, rejection.findings.new.total()));
        }
        Err(CommitError::Reserved(found)) => record.failure = Some(reserved(location, &found)),
        Err(CommitError::Change(never)) => match never {},
    }
    record.mended(&repairs);
    Ok(())
}
