//! Running declared sources: a file or folder, a document over HTTP, an event stream. Each fills one graph, says what became
//! of every run in `sources/NAME/runs.ndjson` of the data folder, and changes nothing when nothing changed. A source that
//! fails stops nobody else.

mod log;
mod schedule;

pub use log::{Outcome, RunRecord, runs_of};
pub use schedule::{Schedule, schedule};

use super::feed::{FeedOptions, read_feed};
use super::fetch::{FetchOptions, Fetcher, Validators, host_of};
use super::input::Input;
use super::ldes::{
    Failure, Form, Harvest, HarvestError, HarvestOptions, not_fetched, not_rdf, not_read, refused,
};
use super::load::{CommitUnit, LoadItem, LoadMode, LoadOutcome, LoadPlan, TargetGraph, load_files};
use super::mend::Mending;
use crate::rdf::format::Format;
use crate::registry::{DeclaredSource, Registry, SourceKind, Writer};
use crate::store::StoreError;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// What documents are asked for, the cheapest to read first.
const ACCEPT: &str = "application/n-quads, application/n-triples;q=0.95, application/trig;q=0.9, text/turtle;q=0.9, \
    application/ld+json;q=0.8, application/rdf+xml;q=0.7";

/// What a document over HTTP was when it was last taken in.
#[derive(Default, Serialize, Deserialize)]
struct Known {
    url: String,
    graph: String,
    /// The last commit then; a log that is shorter is another one.
    seq: u64,
    etag: Option<String>,
    last_modified: Option<String>,
}

/// Where a source keeps what it remembers.
fn folder_of(registry: &Registry, name: &str) -> Option<PathBuf> {
    let dir = registry.store().dir()?;
    Some(dir.join("sources").join(name))
}

/// Runs a source once and writes down what became of it. `progress` hears how many members or statements came so far;
/// everything ends soon after `stopped` becomes true.
///
/// # Errors
/// When the store fails; what is wrong with the source itself stands in the record.
pub fn run_source(
    registry: &Registry,
    source: &DeclaredSource,
    stopped: &Arc<AtomicBool>,
    progress: &mut dyn FnMut(u64),
) -> Result<RunRecord, StoreError> {
    let begun = Instant::now();
    let mut record = RunRecord::begun();
    match source.kind {
        SourceKind::File => from_files(registry, source, &mut record, progress)?,
        SourceKind::Http => from_http(registry, source, stopped, &mut record, progress)?,
        SourceKind::Ldes => stream(
            registry,
            source,
            Form::State,
            stopped,
            &mut record,
            progress,
        )?,
        SourceKind::LdesVersions => {
            stream(
                registry,
                source,
                Form::Versions,
                stopped,
                &mut record,
                progress,
            )?;
        }
        SourceKind::CloudEvents => from_feed(registry, source, stopped, &mut record, progress)?,
    }
    record.seconds = begun.elapsed().as_secs_f64();
    record.outcome = match &record.failure {
        Some(_) => Outcome::Failing,
        None if stopped.load(Ordering::Relaxed) => Outcome::Stopped,
        None if record.added + record.removed == 0 => Outcome::Unchanged,
        None => Outcome::Done,
    };
    if let Some(folder) = folder_of(registry, &source.name) {
        log::write(&folder, &record);
    }
    let name = source.name.as_str();
    match &record.failure {
        Some(failure) => tracing::warn!(source = name, code = %failure.code, "The source fails"),
        None => tracing::info!(
            source = name,
            added = record.added,
            removed = record.removed,
            "The source was read"
        ),
    }
    Ok(record)
}

fn from_files(
    registry: &Registry,
    source: &DeclaredSource,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let target = TargetGraph::Named(source.graph.clone());
    let paths = [PathBuf::from(&source.location)];
    match LoadPlan::from_paths(registry, &paths, &target, None, None) {
        Ok(plan) => load(registry, source, plan, record, progress),
        Err(found) => {
            record.failure = Some(not_read(&found, &source.location));
            Ok(())
        }
    }
}

/// Replaces what the graph holds by what the inputs say, in one commit.
fn load(
    registry: &Registry,
    source: &DeclaredSource,
    mut plan: LoadPlan,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    plan.mending = mending(source);
    plan.strict = source.strict;
    plan.evidence = registry.store().dir().map(Path::to_owned);
    plan.mode = LoadMode::Replace;
    plan.keeps_to_graph = true;
    plan.unit = CommitUnit::Together;
    plan.agent = registry.agent_iri(&format!("bron/{}", source.name));
    plan.writer = Writer::Source(source.name.clone());
    plan.message = Some(format!("oslo source {}", source.name));
    let summary = load_files(registry, &plan, &mut |at| progress(at.bytes.statements))?;
    for file in &summary.files {
        record.members += file.stats.as_ref().map_or(0, |stats| stats.quads);
        record.waiting += file.aside.waiting;
        if let Some(report) = &file.repairs {
            record.mended(report);
        }
        match &file.outcome {
            LoadOutcome::Loaded {
                quads_added,
                quads_removed,
                ..
            } => {
                record.commits += 1;
                record.added += quads_added;
                record.removed += quads_removed;
            }
            LoadOutcome::Refused(found) => {
                record
                    .failure
                    .get_or_insert_with(|| not_read(found, &file.name));
            }
            LoadOutcome::Rejected { introduced, .. } => {
                let results = introduced.new.total();
                record
                    .failure
                    .get_or_insert_with(|| refused(&file.name, results));
            }
            LoadOutcome::WouldLoad { .. } | LoadOutcome::Unchanged | LoadOutcome::NotCommitted => {}
        }
    }
    Ok(())
}

/// Sources are mended, unless their declaration says otherwise.
fn mending(source: &DeclaredSource) -> Option<Mending> {
    // What no longer is a code keeps nothing.
    let keep = Mending::keeping(&source.keep).unwrap_or_default();
    Some(Mending {
        keep,
        strict: source.strict,
    })
}

fn fetch_options(source: &DeclaredSource) -> FetchOptions {
    FetchOptions {
        hosts: host_of(&source.location).into_iter().collect(),
        allow_private: source.allow_private,
        ..FetchOptions::default()
    }
}

fn from_http(
    registry: &Registry,
    source: &DeclaredSource,
    stopped: &Arc<AtomicBool>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let url = source.location.as_str();
    let folder = folder_of(registry, &source.name);
    let file = folder.as_ref().map(|folder| folder.join("http.json"));
    let known: Known = file.as_deref().and_then(log::read_json).unwrap_or_default();
    let is_same = known.url == url
        && known.graph == source.graph.as_str()
        && known.seq <= registry.snapshot().seq();
    let validators = Validators {
        etag: known.etag.filter(|_| is_same),
        last_modified: known.last_modified.filter(|_| is_same),
    };
    let fetcher = Fetcher::new(fetch_options(source), Arc::clone(stopped));
    let fetched = match fetcher.get(url, ACCEPT, &validators) {
        Ok(fetched) => fetched,
        Err(error) => {
            record.failure = Some(not_fetched(&error, url));
            return Ok(());
        }
    };
    let Some(body) = fetched.body else {
        return Ok(());
    };
    let by_name = || {
        let path = url.split(['?', '#']).next().unwrap_or(url);
        Format::from_extension(Path::new(path).extension()?.to_str()?)
    };
    let Some(format) = Format::from_media_type(&fetched.media_type).or_else(by_name) else {
        record.failure = Some(not_rdf(url, &fetched.media_type));
        return Ok(());
    };
    let item = LoadItem {
        input: Input::bytes(fetched.url.clone(), body),
        format: Some(format),
        graph: Some(source.graph.clone()),
        base_iri: Some(fetched.url),
    };
    let plan = LoadPlan::new(registry, vec![item]);
    load(registry, source, plan, record, progress)?;
    if let (None, Some(file)) = (&record.failure, file) {
        let known = Known {
            url: url.to_owned(),
            graph: source.graph.as_str().to_owned(),
            seq: registry.snapshot().seq(),
            etag: fetched.validators.etag,
            last_modified: fetched.validators.last_modified,
        };
        log::write_json(&file, &known);
    }
    Ok(())
}

fn from_feed(
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

fn stream(
    registry: &Registry,
    source: &DeclaredSource,
    form: Form,
    stopped: &Arc<AtomicBool>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let mut options = HarvestOptions::new(registry, &source.location, source.graph.clone());
    options.name.clone_from(&source.name);
    options.form = form;
    options.mending = mending(source);
    options.fetch = fetch_options(source);
    let run = Harvest::open(registry, options, Arc::clone(stopped))
        .and_then(|mut harvest| harvest.run(&mut |summary| progress(summary.members)));
    match run {
        Ok(summary) => {
            record.members = summary.members;
            record.added = summary.added;
            record.removed = summary.removed;
            record.commits = summary.commits;
            record.waiting = summary.waiting;
            record.mended(&summary.repairs);
            record.failure = summary.failing.into_iter().next();
            Ok(())
        }
        Err(HarvestError::Store(error)) => Err(error),
        Err(error) => {
            let text = error.to_string();
            record.failure = Some(Failure {
                code: "H020".to_owned(),
                url: source.location.clone(),
                message: [
                    format!("wat over deze bron onthouden werd is niet bruikbaar: {text}"),
                    format!("what was remembered of this source is of no use: {text}"),
                ],
                hint: Some([
                    format!(
                        "geef de bron een andere naam, of verwijder de map sources/{}",
                        source.name
                    ),
                    format!(
                        "give the source another name, or remove the folder sources/{}",
                        source.name
                    ),
                ]),
                is_transient: false,
            });
            Ok(())
        }
    }
}
