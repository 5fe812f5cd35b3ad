//! Reads the pages of a feed over HTTP: on from the page where the last run ended, one commit for each page, until one is
//! not complete yet. Complete pages are read once; a page that cannot be had or read ends the run, since what follows on it
//! counts only after it.

use super::{Account, BATCH, NotApplied, apply, events_of, mappings_of};
use crate::ingest::account::Account as SourceAccount;
use crate::ingest::failure::{
    Failure, endless, no_batch, not_fetched, not_repaired, refused, reserved, too_many,
};
use crate::ingest::fetch::{FetchOptions, FetchProblem, Fetched, Fetcher, Validators};
use crate::ingest::limits::Limits;
use crate::ingest::normalise::RepairReport;
use crate::ingest::reader::json_values;
use crate::ingest::records::StagedObjects;
use crate::registry::{CommitError, CommitRequest, Registry, Writer};
use crate::store::{CommitMeta, Source, StoreError, hex, replace_file};
use oxrdf::NamedNode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Pages of one run.
const MAX_PAGES: u64 = 1_000_000;

/// A feed and where it goes.
#[derive(Clone, Debug)]
pub struct FeedOptions {
    /// Name of the source, which is that of its folder too.
    pub name: String,
    /// Address of the feed, with or without the parameter that numbers its pages.
    pub url: String,
    /// Graph that it fills.
    pub graph: NamedNode,
    /// Whether what needs a repair is refused.
    pub strict: bool,
    /// Complete pages in a row without anything new, after which there is no end to be seen.
    pub max_barren: u64,
    /// What the client may do.
    pub fetch: FetchOptions,
    /// What commits are told as.
    pub account: SourceAccount,
}

/// What a run read and did.
#[derive(Clone, Debug, Default)]
pub struct FeedSummary {
    /// Events read.
    pub events: u64,
    /// Events that were new.
    pub applied: u64,
    /// Pages read.
    pub pages: u64,
    /// Quads added.
    pub added: u64,
    /// Quads removed.
    pub removed: u64,
    /// Commits made.
    pub commits: u64,
    /// Objects that wait in quarantine.
    pub waiting: u64,
    /// What was mended or is strange.
    pub repairs: RepairReport,
    /// Why the run ended before its end.
    pub failure: Option<Failure>,
}

/// Where the next run begins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Position {
    url: String,
    graph: String,
    /// The last commit then, and its digest; a log that has another commit there is another one.
    seq: u64,
    digest: String,
    /// The page to read, from 1.
    page: u64,
    etag: Option<String>,
    last_modified: Option<String>,
}

struct Run<'a> {
    registry: &'a Registry,
    options: &'a FeedOptions,
    file: Option<PathBuf>,
    position: Position,
    summary: FeedSummary,
}

/// What a page was.
enum Page {
    /// All its events came in, and no more will come on it.
    Complete { is_news: bool },
    /// It is the last one so far.
    Last,
    /// The server does not say; it is complete when the next one has events.
    Unsaid,
}

/// Reads a feed on from where the last run ended. `progress` hears how many events came so far.
///
/// # Errors
/// When the store fails; what is wrong with the feed stands in the summary.
pub fn read_feed(
    registry: &Registry,
    options: &FeedOptions,
    stopped: &Arc<AtomicBool>,
    progress: &mut dyn FnMut(&FeedSummary),
) -> Result<FeedSummary, StoreError> {
    let file = registry
        .store()
        .dir()
        .map(|dir| dir.join("sources").join(&options.name).join("feed.json"));
    let fresh = Position {
        url: options.url.clone(),
        graph: options.graph.as_str().to_owned(),
        page: 1,
        ..Position::default()
    };
    let known = file
        .as_ref()
        .and_then(|file| std::fs::read(file).ok())
        .and_then(|text| serde_json::from_slice::<Position>(&text).ok())
        .filter(|known| (&known.url, &known.graph) == (&fresh.url, &fresh.graph))
        .filter(|known| known.page > 0 && registry.knows_commit(known.seq, &known.digest));
    let mut run = Run {
        registry,
        options,
        file,
        position: known.unwrap_or(fresh),
        summary: FeedSummary::default(),
    };
    let fetcher = Fetcher::new(options.fetch.clone(), Arc::clone(stopped));
    let mut barren = 0;
    let mut at = run.position.page;
    while run.summary.failure.is_none() {
        if run.summary.pages >= MAX_PAGES {
            run.summary.failure = Some(too_many(&options.url, MAX_PAGES));
            break;
        }
        let url = page_url(&options.url, at);
        let Some(page) = run.visit(&fetcher, &url, at)? else {
            break;
        };
        progress(&run.summary);
        match page {
            Page::Complete { is_news } => {
                barren = if is_news { 0 } else { barren + 1 };
                run.moved_to(at + 1, Validators::default());
            }
            Page::Unsaid => barren += 1,
            Page::Last => break,
        }
        if barren >= options.max_barren {
            run.summary.failure = Some(endless(&url, barren));
        }
        at += 1;
    }
    Ok(run.summary)
}

/// The address of a page: the number in its parameter when it has one, else with one.
fn page_url(url: &str, page: u64) -> String {
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let is_number = |pair: &str| {
        let name = pair.split('=').next();
        matches!(name, Some("page" | "pagina"))
    };
    let mut parts: Vec<String> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            if is_number(pair) {
                let name = pair.split('=').next().unwrap_or("page");
                format!("{name}={page}")
            } else {
                pair.to_owned()
            }
        })
        .collect();
    if !parts.iter().any(|pair| is_number(pair)) {
        // The gate of the registers and the registers behind it call it differently.
        let name = if path.contains("/feeds/") {
            "pagina"
        } else {
            "page"
        };
        parts.push(format!("{name}={page}"));
    }
    format!("{path}?{}", parts.join("&"))
}

impl Run<'_> {
    /// Reads one page; `None` ends the run.
    fn visit(&mut self, fetcher: &Fetcher, url: &str, at: u64) -> Result<Option<Page>, StoreError> {
        let known = Validators {
            etag: self
                .position
                .etag
                .clone()
                .filter(|_| at == self.position.page),
            last_modified: self
                .position
                .last_modified
                .clone()
                .filter(|_| at == self.position.page),
        };
        let accept = format!("{BATCH}, application/json;q=0.5");
        let fetched = match fetcher.get(url, &accept, &known) {
            Ok(fetched) => fetched,
            Err(error) if error.problem == FetchProblem::Stopped => return Ok(None),
            // The page after the last one.
            Err(error) if error.is_gone() && at > 1 => return Ok(None),
            Err(error) => {
                self.summary.failure = Some(not_fetched(&error, url));
                return Ok(None);
            }
        };
        let Some(body) = &fetched.body else {
            return Ok(None);
        };
        let is_bounded = json_values(body) <= Limits::of_sources().max_json_values;
        let value: Option<Value> = is_bounded
            .then(|| serde_json::from_slice(body).ok())
            .flatten();
        let is_empty = matches!(&value, Some(Value::Array(list)) if list.is_empty());
        let events = value.as_ref().and_then(events_of);
        let events = match events {
            Some(events) => events,
            None if is_empty => Vec::new(),
            None => {
                self.summary.failure = Some(no_batch(url, &fetched.media_type));
                return Ok(None);
            }
        };
        self.summary.pages += 1;
        if events.is_empty() && fetched.is_complete != Some(true) {
            return Ok(None);
        }
        let before = self.summary.applied;
        if !self.take(&events, &fetched)? {
            return Ok(None);
        }
        let is_news = self.summary.applied > before;
        Ok(Some(match fetched.is_complete {
            Some(true) => Page::Complete { is_news },
            Some(false) => {
                self.moved_to(at, fetched.validators);
                Page::Last
            }
            None => {
                self.moved_to(at, fetched.validators);
                Page::Unsaid
            }
        }))
    }

    /// One page, one commit; `false` when it was refused.
    fn take(&mut self, events: &[&Value], fetched: &Fetched) -> Result<bool, StoreError> {
        let registry = self.registry;
        let options = self.options;
        let account = Account {
            base: registry.base(),
            graph: Some(&options.graph),
            source: &fetched.url,
            strict: options.strict,
            evidence: registry.store().dir(),
        };
        let activity = registry.activity_iri("oogst");
        let request = CommitRequest::new(CommitMeta {
            agent: registry.agent_iri(&format!("bron/{}", options.name)),
            activity: activity.clone(),
            source: vec![Source {
                iri: fetched.url.clone(),
                sha256: None,
            }],
            message: Some(format!("oslo source {}", options.name)),
        })
        .with_writer(Writer::Source(options.name.clone()));
        let mut report = RepairReport::default();
        let done = registry.commit(request, |draft| {
            let mut objects = StagedObjects::default();
            let applied = apply(draft, &mut objects, events, &account, &mut report)?;
            objects.finish(draft, false);
            if draft.net_counts() == (0, 0) {
                return Ok((applied, 0));
            }
            let documents = [fetched.url.clone()];
            let read = events.len() as u64;
            let mappings = mappings_of(events);
            let told = options
                .account
                .tell(registry, draft, &activity, &documents, read, &mappings);
            Ok((applied, told))
        });
        self.summary.events += events.len() as u64;
        self.summary.repairs.merge(&report);
        match done {
            Ok(done) => {
                self.summary.applied += done.value.0;
                self.summary.waiting += done.aside.waiting;
                if done.changed {
                    self.summary.commits += 1;
                    self.summary.added += done.commit.added - done.value.1;
                    self.summary.removed += done.commit.removed;
                }
                Ok(true)
            }
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Rejected(rejection)) => {
                let results = rejection.findings.new.total();
                self.summary.failure = Some(refused(&fetched.url, results));
                Ok(false)
            }
            Err(CommitError::Reserved(found)) => {
                self.summary.failure = Some(reserved(&fetched.url, &found));
                Ok(false)
            }
            Err(CommitError::Change(NotApplied::Strict(error))) => {
                self.summary.failure = Some(not_repaired(&error, &fetched.url));
                Ok(false)
            }
            Err(CommitError::Change(NotApplied::Evidence(error))) => {
                let folder = registry
                    .store()
                    .dir()
                    .unwrap_or_else(|| std::path::Path::new(""));
                Err(crate::store::io_error("write to", folder)(error))
            }
        }
    }

    fn moved_to(&mut self, page: u64, known: Validators) {
        let state = self.registry.snapshot();
        let next = Position {
            page,
            seq: state.seq(),
            digest: hex(&state.digest()),
            etag: known.etag,
            last_modified: known.last_modified,
            ..self.position.clone()
        };
        if next == self.position {
            return;
        }
        self.position = next;
        let Some(file) = &self.file else { return };
        let folder = file.parent().unwrap_or(file);
        let written = serde_json::to_vec(&self.position)
            .map_err(std::io::Error::from)
            .and_then(|text| {
                std::fs::create_dir_all(folder)?;
                replace_file(file, &text)
            });
        if let Err(error) = written {
            // The page is read again, which changes nothing.
            tracing::warn!(%error, "The position of a feed could not be written down");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_numbers() {
        for (url, wanted) in [
            (
                "https://a.example/v3/feeds/wijzigingen/adressen",
                "https://a.example/v3/feeds/wijzigingen/adressen?pagina=7",
            ),
            (
                "https://a.example/adressen/wijzigingen",
                "https://a.example/adressen/wijzigingen?page=7",
            ),
            ("https://a.example/w?page=1", "https://a.example/w?page=7"),
            (
                "https://a.example/w?x=1&pagina=",
                "https://a.example/w?x=1&pagina=7",
            ),
        ] {
            assert_eq!(page_url(url, 7), wanted);
        }
    }
}
