//! Sources that are lists of codes of municipalities.

use super::{ACCEPT, Job, RunRecord};
use crate::ingest::collect::{Collect, collect};
use crate::ingest::contexts::ContextStore;
use crate::ingest::failure::{no_lists, not_fetched, not_read, refused, reserved};
use crate::ingest::fetch::{Fetcher, Validators, host_of};
use crate::ingest::input::Input;
use crate::ingest::limits::Limits;
use crate::ingest::load::{LoadPlan, TargetGraph, source_iri};
use crate::ingest::normalise::RepairReport;
use crate::ingest::refnis::{self, Lists};
use crate::registry::{CommitError, CommitRequest, Writer};
use crate::store::{CommitMeta, Source, StoreError};
use std::collections::BTreeSet;
use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;

/// The lists of a file, a folder or one address, read together: what ended in one may go on in another.
pub(super) fn from_lists(
    job: &Job<'_>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let (registry, source) = (job.registry, job.source);
    let location = source.location.as_str();
    let inputs: Vec<Input> = if host_of(location).is_some() {
        let fetcher = Fetcher::new(job.bounds.fetch_options(source), Arc::clone(job.stopped));
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
    let activity = registry.activity_iri("oogst");
    let documents: Vec<String> = inputs.iter().map(source_iri).collect();
    let request = CommitRequest::new(CommitMeta {
        agent: registry.agent_iri(&format!("bron/{}", source.name)),
        activity: activity.clone(),
        source: documents
            .iter()
            .map(|iri| Source {
                iri: iri.clone(),
                sha256: None,
            })
            .collect(),
        message: Some(format!("oslo source {}", source.name)),
    })
    .with_writer(Writer::Source(source.name.clone()));
    let mapping = BTreeSet::from(["refnis".to_owned()]);
    let done = registry.commit(request, |draft| -> Result<(u64, u64), Infallible> {
        let written = refnis::write(draft, registry.base(), &source.graph, &lists);
        if draft.net_counts() == (0, 0) {
            return Ok((written, 0));
        }
        let account = job.account();
        let told = account.tell(
            registry,
            draft,
            &activity,
            &documents,
            record.members,
            &mapping,
        );
        Ok((written, told))
    });
    match done {
        Ok(done) => {
            repairs.records = done.value.0;
            record.waiting = done.aside.waiting;
            if done.changed {
                record.commits = 1;
                record.added = done.commit.added - done.value.1;
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
