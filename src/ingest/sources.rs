//! Running declared sources: a file or folder, a document over HTTP, an event stream. Each fills one graph, says what became
//! of every run in `sources/NAME/runs.ndjson` of the data folder, and changes nothing when nothing changed. A source that
//! fails stops nobody else.

mod alternates;
mod bounds;
mod catalogue;
mod dcat;
mod feeds;
mod lists;
mod log;
mod pins;
mod schedule;
mod sparql;
mod spool;
mod status;
mod texts;
mod vocabulary;

pub use bounds::Bounds;
pub use log::{Outcome, RunRecord, runs_of};
pub use pins::Pin;
pub use schedule::{Schedule, schedule};
pub use status::{SourceStatus, source_statuses};

use super::account::Account;
use super::contexts::ContextStore;
use super::failure::{Failure, not_fetched, not_rdf, not_read, refused};
use super::fetch::{Fetched, Fetcher, Validators};
use super::format::detect_format;
use super::input::Input;
use super::ldes::{Form, Harvest, HarvestError, HarvestOptions};
use super::limits::Limits;
use super::load::{CommitUnit, LoadItem, LoadMode, LoadOutcome, LoadPlan, TargetGraph, load_files};
use super::mend::Mending;
use super::records::{Records, looks_known};
use crate::rdf::format::Format;
use crate::registry::{DeclaredSource, Registry, SourceKind, Writer, option};
use crate::store::StoreError;
use pins::Pins;
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

/// One run of a source: what all kinds of them need.
struct Job<'a> {
    registry: &'a Registry,
    source: &'a DeclaredSource,
    bounds: &'a Bounds,
    stopped: &'a Arc<AtomicBool>,
    began: jiff::Timestamp,
}

impl Job<'_> {
    /// What commits of the run are told as.
    fn account(&self) -> Account {
        Account {
            source: self.source.name.clone(),
            location: self.source.location.clone(),
            kind: self.source.kind.word().to_owned(),
            graph: self.source.graph.clone(),
            began: self.began,
        }
    }

    fn pins(&self) -> Option<Pins> {
        let wants = self.source.option(option::FETCH_CONTEXTS) == Some("true");
        let dir = self.registry.store().dir()?;
        wants.then(|| Pins::open(dir))
    }

    /// The contexts that the source may use.
    fn contexts(&self) -> Result<ContextStore, Box<Failure>> {
        let shipped = ContextStore::shipped(self.registry.base());
        match self.pins() {
            Some(pins) => pins.store(shipped, &self.source.name),
            None => Ok(shipped),
        }
    }

    /// Fetches contexts that a document names and that are not here, where the source may; returns how many.
    fn ensure_contexts(
        &self,
        document: &Input,
        base: &str,
        format: Format,
    ) -> Result<Vec<String>, Box<Failure>> {
        let Some(mut pins) = self.pins().filter(|_| format == Format::JsonLd) else {
            return Ok(Vec::new());
        };
        let options = self.bounds.fetch_options(self.source);
        let fetcher = Fetcher::new(options, Arc::clone(self.stopped));
        let shipped = ContextStore::shipped(self.registry.base());
        pins.ensure(&fetcher, &self.source.name, &shipped, document, base)
    }
}

/// Whether the graph of a source holds anything.
fn holds_something(job: &Job<'_>) -> bool {
    let view = job.registry.snapshot().view();
    let graph = view.id_of_iri(job.source.graph.as_str());
    graph.is_some_and(|graph| view.quads(None, None, None, Some(graph)).next().is_some())
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
    run_source_within(registry, source, &Bounds::default(), stopped, progress)
}

/// As [`run_source`], within other bounds.
///
/// # Errors
/// As [`run_source`].
pub fn run_source_within(
    registry: &Registry,
    source: &DeclaredSource,
    bounds: &Bounds,
    stopped: &Arc<AtomicBool>,
    progress: &mut dyn FnMut(u64),
) -> Result<RunRecord, StoreError> {
    let begun = Instant::now();
    let mut record = RunRecord::begun();
    let job = &Job {
        registry,
        source,
        bounds,
        stopped,
        began: jiff::Timestamp::now(),
    };
    match source.kind {
        SourceKind::File => from_files(job, &mut record, progress)?,
        SourceKind::Http => from_http(job, &mut record, progress)?,
        SourceKind::Sparql => sparql::from_sparql(job, &mut record, progress)?,
        SourceKind::Dcat => dcat::from_dcat(job, &mut record, progress)?,
        SourceKind::Vocabulary => vocabulary::from_vocabulary(job, &mut record, progress)?,
        SourceKind::Ldes => stream(job, Form::State, &mut record, progress)?,
        SourceKind::LdesVersions => stream(job, Form::Versions, &mut record, progress)?,
        SourceKind::CloudEvents => feeds::from_feed(job, &mut record, progress)?,
        SourceKind::Refnis => lists::from_lists(job, &mut record, progress)?,
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

/// Fetches the contexts of a source that are kept anew, and keeps what they are now: each with whether it changed.
///
/// # Errors
/// Why one cannot be had; those before it are kept.
pub fn renew_contexts(
    registry: &Registry,
    source: &DeclaredSource,
) -> Result<Vec<(String, bool)>, Box<Failure>> {
    let Some(dir) = registry.store().dir() else {
        return Ok(Vec::new());
    };
    let options = Bounds::default().fetch_options(source);
    let fetcher = Fetcher::new(options, Arc::default());
    Pins::open(dir).renew(&fetcher, &source.name)
}

fn from_files(
    job: &Job<'_>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let target = TargetGraph::Named(job.source.graph.clone());
    let location = &job.source.location;
    let paths = [PathBuf::from(location)];
    match LoadPlan::from_paths(job.registry, &paths, &target, None, None) {
        Ok(plan) => load(job, plan, record, progress),
        Err(found) => record.fail(not_read(&found, location)),
    }
}

/// Replaces what the graph holds by what the inputs say, in one commit.
fn load(
    job: &Job<'_>,
    mut plan: LoadPlan,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let (registry, source) = (job.registry, job.source);
    match contexts_of(job, &plan, record) {
        Ok(contexts) => plan.contexts = contexts,
        Err(failure) => return record.fail(failure),
    }
    plan.mending = mending(source);
    plan.strict = source.strict;
    // A document over the web that says nothing is a mistake more often than the truth.
    plan.needs_statements = matches!(
        source.kind,
        SourceKind::Http | SourceKind::Dcat | SourceKind::Vocabulary
    );
    if source.kind != SourceKind::File {
        plan.limits = Limits::of_sources();
    }
    plan.mode = LoadMode::Replace;
    plan.keeps_to_graph = true;
    plan.unit = CommitUnit::Together;
    plan.agent = registry.agent_iri(&format!("bron/{}", source.name));
    plan.writer = Writer::Source(source.name.clone());
    plan.evidence = registry.store().dir().map(Path::to_path_buf);
    plan.account = Some(job.account());
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

/// The contexts that inputs may use, after those that are missing were fetched, where the source may.
fn contexts_of(
    job: &Job<'_>,
    plan: &LoadPlan,
    record: &mut RunRecord,
) -> Result<ContextStore, Box<Failure>> {
    if job.pins().is_some() {
        for item in &plan.items {
            let found = detect_format(item.input.name(), item.format);
            let is_json = found.is_ok_and(|(format, _)| format == Format::JsonLd);
            // A mapping takes the place of the context of a record.
            if !is_json || Records::of(item, &plan.limits).is_some() {
                continue;
            }
            let base = item
                .base_iri
                .clone()
                .or_else(|| item.input.default_base_iri());
            let base = base.unwrap_or_default();
            for iri in job.ensure_contexts(&item.input, &base, Format::JsonLd)? {
                record.note(
                    format!("context {iri} opgehaald en vastgezet"),
                    format!("context {iri} fetched and pinned"),
                );
            }
        }
    }
    job.contexts()
}

fn from_http(
    job: &Job<'_>,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let (registry, source, stopped) = (job.registry, job.source, job.stopped);
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
    let fetcher = Fetcher::new(job.bounds.fetch_options(source), Arc::clone(stopped));
    let fetched = match fetcher.get(url, ACCEPT, &validators) {
        Ok(fetched) => fetched,
        Err(error) => {
            return record.fail(not_fetched(&error, url));
        }
    };
    let Some(body) = fetched.body.clone() else {
        return Ok(());
    };
    let format = format_of(&fetched);
    // Tables and documents of sources that are known here need not be RDF.
    if format.is_none() && !looks_known(&Input::bytes(fetched.url.clone(), body.clone())) {
        return record.fail(not_rdf(url, &fetched.media_type));
    }
    let item = LoadItem {
        input: Input::bytes(fetched.url.clone(), body),
        format,
        graph: Some(source.graph.clone()),
        base_iri: Some(fetched.url),
    };
    let plan = LoadPlan::new(registry, vec![item]);
    load(job, plan, record, progress)?;
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

/// The format of an answer: by its media type, and by its name where that says little. Of files on plain servers all are said
/// to be plain text.
fn format_of(fetched: &Fetched) -> Option<Format> {
    let by_name = || {
        let path = fetched.url.split(['?', '#']).next().unwrap_or_default();
        let path = path.strip_suffix(".gz").unwrap_or(path);
        Format::from_extension(Path::new(path).extension()?.to_str()?)
    };
    let by_type = || Format::from_media_type(&fetched.media_type);
    match fetched.media_type.as_str() {
        ""
        | "text/plain"
        | "application/octet-stream"
        | "application/gzip"
        | "application/x-gzip"
        | "application/xml"
        | "text/xml" => by_name().or_else(by_type),
        _ => by_type(),
    }
}

fn stream(
    job: &Job<'_>,
    form: Form,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    // A page may need a context that is not here yet, and the one after it another.
    for _ in 0..8 {
        let contexts = match job.contexts() {
            Ok(contexts) => contexts,
            Err(failure) => return record.fail(failure),
        };
        stream_once(job, form, contexts, record, progress)?;
        let Some(failure) = record.failure.clone().filter(|found| found.code == "P031") else {
            break;
        };
        if job.pins().is_none() {
            break;
        }
        let options = job.bounds.fetch_options(job.source);
        let fetcher = Fetcher::new(options, Arc::clone(job.stopped));
        let page = fetcher.get(&failure.url, "application/ld+json", &Validators::default());
        let Ok(page) = page else { break };
        let input = Input::bytes(page.url.clone(), page.body.unwrap_or_default());
        match job.ensure_contexts(&input, &page.url, Format::JsonLd) {
            Ok(came) if came.is_empty() => break,
            Ok(came) => {
                for iri in came {
                    record.note(
                        format!("context {iri} opgehaald en vastgezet"),
                        format!("context {iri} fetched and pinned"),
                    );
                }
            }
            Err(failure) => return record.fail(failure),
        }
    }
    Ok(())
}

fn stream_once(
    job: &Job<'_>,
    form: Form,
    contexts: ContextStore,
    record: &mut RunRecord,
    progress: &mut dyn FnMut(u64),
) -> Result<(), StoreError> {
    let (registry, source) = (job.registry, job.source);
    let mut options = HarvestOptions::new(registry, &source.location, source.graph.clone());
    options.name.clone_from(&source.name);
    options.form = form;
    options.fetch = job.bounds.fetch_options(source);
    options.mending = mending(source);
    options.contexts = contexts;
    options.max_pages = options.max_pages.min(job.bounds.max_pages);
    let run = Harvest::open(registry, options, Arc::clone(job.stopped))
        .and_then(|mut harvest| harvest.run(&mut |summary| progress(summary.members)));
    match run {
        Ok(summary) => {
            record.members += summary.members;
            record.added += summary.added;
            record.removed += summary.removed;
            record.commits += summary.commits;
            record.waiting += summary.waiting;
            record.mended(&summary.repairs);
            record.refused += summary.failures;
            record.latest = summary
                .last_timestamp
                .and_then(|last| jiff::Timestamp::from_nanosecond(last).ok())
                .map(|last| last.to_string());
            record.failure = summary.failing.into_iter().next();
            Ok(())
        }
        Err(HarvestError::Store(error)) => Err(error),
        Err(error) => {
            let text = error.to_string();
            record.fail(texts::failure(
                "H020",
                &source.location,
                format!("wat over deze bron onthouden werd is niet bruikbaar: {text}"),
                format!("what was remembered of this source is of no use: {text}"),
            ))
        }
    }
}
