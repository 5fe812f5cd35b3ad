//! A harvest: from the entry of a stream over its relations to every page that is new or may have changed, earliest first.
//! A page that cannot be had marks the source as failing and holds up no other. Prints nothing; the caller does.

use super::labels::fingerprint;
use super::page::{Link, Member, Page};
use super::position::{Kept, OpenPage, Position};
use super::source::{HarvestError, HarvestOptions, Summary};
use super::write::{Form, Target, WriteError, write};
use crate::ingest::collect::{Collect, collect};
use crate::ingest::diagnostic::{Diagnostic, Location};
use crate::ingest::failure::{self, Failure};
use crate::ingest::fetch::{FetchProblem, Fetched, Fetcher, Validators, host_of};
use crate::ingest::format::detect;
use crate::ingest::input::Input;
use crate::ingest::mend::{mend_members, mend_text};
use crate::ingest::normalise::{NormaliseError, RepairReport};
use crate::ingest::records;
use crate::rdf::format::Format;
use crate::registry::{DeclaredSource, Registry, Writer};
use crate::store::hex;
use rustc_hash::FxHashSet;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// What streams are asked for, the cheapest to read first.
const ACCEPT: &str = "application/n-quads, application/trig;q=0.95, application/ld+json;q=0.9, \
    application/n-triples;q=0.8, text/turtle;q=0.6";

/// A source and how far it is.
pub struct Harvest<'r> {
    registry: &'r Registry,
    options: HarvestOptions,
    target: Target,
    fetcher: Fetcher,
    position: Position,
}

/// A page that is read, of which members may still be on their way to the log.
struct ReadPage {
    url: String,
    is_immutable: bool,
    validators: Validators,
    seen: Vec<u64>,
}

/// What a run carries along.
struct Run<'p> {
    summary: Summary,
    progress: &'p mut dyn FnMut(&Summary),
    frontier: BinaryHeap<Reverse<(i128, u64, String)>>,
    queued: FxHashSet<u128>,
    batch: Vec<Member>,
    batch_quads: usize,
    batch_since: Instant,
    batch_pages: Vec<String>,
    read: Vec<ReadPage>,
    /// A batch with members of the page at hand was refused.
    is_refused: bool,
}

impl Run<'_> {
    fn fail(&mut self, failure: Failure) {
        tracing::warn!(
            url = failure.url,
            code = failure.code,
            "A page could not be taken in: {}",
            failure.message[1]
        );
        self.summary.failures += 1;
        if self.summary.failing.len() < 100 {
            self.summary.failing.push(failure);
        }
    }

    /// Puts a page in the queue, once a run.
    fn queue(&mut self, url: &str, from: Option<i128>) -> bool {
        let is_new = self
            .queued
            .insert(xxhash_rust::xxh3::xxh3_128(url.as_bytes()));
        if is_new {
            let number = self.queued.len() as u64;
            let from = from.unwrap_or(i128::MIN);
            self.frontier.push(Reverse((from, number, url.to_owned())));
        }
        is_new
    }
}

impl<'r> Harvest<'r> {
    /// A source, with the position it is at. Everything ends soon after `stopped` becomes true.
    ///
    /// # Errors
    /// When the name is none or belongs to another source, or the position cannot be read.
    pub fn open(
        registry: &'r Registry,
        options: HarvestOptions,
        stopped: Arc<AtomicBool>,
    ) -> Result<Self, HarvestError> {
        if !DeclaredSource::is_name(&options.name) {
            return Err(HarvestError::Name(options.name));
        }
        let form = match options.form {
            Form::Versions => "versions",
            Form::State => "state",
        };
        let fresh = Kept {
            url: options.url.clone(),
            graph: options.graph.as_str().to_owned(),
            form: form.to_owned(),
            ..Kept::default()
        };
        let dir = registry.store().dir();
        let dir = dir.map(|dir| dir.join("sources").join(&options.name));
        let position = Position::open(dir, fresh, &|seq, digest| {
            registry.knows_commit(seq, digest)
        })?;
        let kept = &position.kept;
        if (&kept.url, kept.graph.as_str(), kept.form.as_str())
            != (&options.url, options.graph.as_str(), form)
        {
            return Err(HarvestError::Other {
                name: options.name,
                url: kept.url.clone(),
                graph: format!("{} ({})", kept.graph, kept.form),
            });
        }
        let mut fetch = options.fetch.clone();
        fetch.hosts.extend(host_of(&options.url));
        fetch.allow_files |= options.url.starts_with("file:");
        Ok(Self {
            target: Target {
                graph: options.graph.clone(),
                account: registry.graph_iri(&format!("herkomst/{}", options.name)),
                source: options.url.clone(),
                form: options.form,
                mode: options.mode,
                writer: if options.force {
                    Writer::Operator
                } else {
                    Writer::Source(options.name.clone())
                },
            },
            fetcher: Fetcher::new(fetch, stopped),
            registry,
            options,
            position,
        })
    }

    /// Waits, unless everything is to end; returns whether it may go on.
    pub fn wait(&self, time: Duration) -> bool {
        self.fetcher.sleep(time).is_ok()
    }

    /// Why the last run of this source did not end well.
    pub fn failing(&self) -> Option<&Failure> {
        self.position.kept.failing.as_ref()
    }

    /// Reads every page that is new or may have changed, once.
    ///
    /// # Errors
    /// When the store or the position cannot be written; what is wrong with pages stands in the summary.
    pub fn run(&mut self, progress: &mut dyn FnMut(&Summary)) -> Result<Summary, HarvestError> {
        let mut run = Run {
            summary: Summary {
                last_timestamp: self.last_timestamp(),
                skipped: self.position.finished() as u64,
                ..Summary::default()
            },
            progress,
            frontier: BinaryHeap::new(),
            queued: FxHashSet::default(),
            batch: Vec::new(),
            batch_quads: 0,
            batch_since: Instant::now(),
            batch_pages: Vec::new(),
            read: Vec::new(),
            is_refused: false,
        };
        let entry = self.options.url.split('#').next().unwrap_or("").to_owned();
        if !self.position.is_finished(&entry) {
            self.position.kept.open.entry(entry).or_default();
        }
        for (url, page) in &self.position.kept.open {
            if self.is_wanted(page.until.as_deref().and_then(nanoseconds)) {
                run.queue(url, page.from.as_deref().and_then(nanoseconds));
            } else {
                run.summary.pruned += 1;
            }
        }
        let mut barren = 0;
        while let Some(Reverse((_, _, url))) = run.frontier.pop() {
            if run.summary.pages + run.summary.unchanged >= self.options.max_pages {
                run.fail(failure::too_many(&url, self.options.max_pages));
                break;
            }
            let was_read = self.position.kept.open.get(&url).is_some_and(|page| {
                page.etag.is_some() || page.last_modified.is_some() || !page.seen.is_empty()
            });
            let before = run.summary.members + run.summary.known;
            if !self.visit(&mut run, &url)? {
                run.summary.is_stopped = true;
                return Ok(run.summary);
            }
            let has_members = run.summary.members + run.summary.known > before;
            barren = if has_members || was_read {
                0
            } else {
                barren + 1
            };
            if barren >= self.options.max_barren {
                run.fail(failure::endless(&url, barren));
                break;
            }
            (run.progress)(&run.summary);
        }
        self.flush(&mut run)?;
        self.settle(&mut run)?;
        let kept = &mut self.position.kept;
        match run.summary.failing.first() {
            Some(failure) => kept.failing = Some(failure.clone()),
            None => {
                kept.failing = None;
                kept.last_success = Some(jiff::Timestamp::now().to_string());
            }
        }
        run.summary.polling_interval = kept.facts.polling_interval.map(Duration::from_secs);
        self.position.save()?;
        (run.progress)(&run.summary);
        Ok(run.summary)
    }

    fn last_timestamp(&self) -> Option<i128> {
        self.position
            .kept
            .last_timestamp
            .as_deref()
            .and_then(nanoseconds)
    }

    /// Reads one page; returns false when everything is to end.
    fn visit(&mut self, run: &mut Run<'_>, url: &str) -> Result<bool, HarvestError> {
        let known = self.position.kept.open.get(url);
        let known = known.map(OpenPage::validators).unwrap_or_default();
        let is_entry = self.options.url.split('#').next() == Some(url);
        let fetched = match self.fetcher.get(url, ACCEPT, &known) {
            Ok(fetched) => fetched,
            Err(error) if error.problem == FetchProblem::Stopped => return Ok(false),
            Err(error) if error.is_gone() && !is_entry => {
                run.summary.gone += 1;
                self.position.kept.open.remove(url);
                return Ok(true);
            }
            Err(error) => {
                run.fail(failure::not_fetched(&error, url));
                return Ok(true);
            }
        };
        let Some(body) = fetched.body.clone() else {
            run.summary.unchanged += 1;
            return Ok(true);
        };
        run.summary.bytes += body.len() as u64;
        let page = match self.read(&fetched, body, url) {
            Ok((page, repairs)) => {
                run.summary.repaired += repairs.repaired();
                run.summary.repairs.merge(&repairs);
                page
            }
            Err(failure) => {
                run.fail(*failure);
                return Ok(true);
            }
        };
        if is_entry
            && page.links.is_empty()
            && page.members.is_empty()
            && page.hollow == 0
            && page.facts.stream.is_none()
        {
            run.fail(failure::no_stream(url));
            return Ok(true);
        }
        run.summary.pages += 1;
        self.take(run, url, page, &fetched)?;
        Ok(true)
    }

    fn read(
        &self,
        fetched: &Fetched,
        body: bytes::Bytes,
        url: &str,
    ) -> Result<(Page, RepairReport), Box<Failure>> {
        let media_type = fetched.media_type.as_str();
        let is_told = !matches!(
            media_type,
            "" | "application/octet-stream" | "application/gzip" | "application/x-gzip"
        );
        if is_told && Format::from_media_type(media_type).is_none() {
            return Err(Box::new(failure::not_rdf(url, media_type)));
        }
        let input = Input::bytes(fetched.url.as_str(), body);
        let how = Collect {
            media_type: is_told.then_some(media_type),
            base: Some(&fetched.url),
            limits: &self.options.limits,
            contexts: &self.options.contexts,
            version: self.registry.store().settings().rdf,
        };
        let refused = |found: Diagnostic| Box::new(failure::not_read(&found, url));
        let mending = self.options.mending.as_ref();
        let mut repairs = RepairReport::default();
        let quads = match collect(&input, &how) {
            Ok(quads) => quads,
            Err(found) => {
                let mended = mending.and_then(|mending| {
                    let format = detect(&input, None, how.media_type).ok()?.format;
                    mend_text(&input, format, how.limits, mending)
                });
                let Some(mended) = mended else {
                    return Err(refused(found));
                };
                mended.add_to(&mut repairs, url);
                let input = Input::bytes(fetched.url.as_str(), mended.bytes);
                collect(&input, &how).map_err(refused)?
            }
        };
        let urls = [url, fetched.url.as_str()];
        let mut page = Page::read(&quads, &urls, &self.position.kept.facts);
        if let Some(mending) = mending
            && let Err(repair) = mend_members(&mut page.members, mending, &mut repairs)
        {
            let error = NormaliseError::Strict(repair);
            return Err(refused(records::refused(&error, Location::default())));
        }
        Ok((page, repairs))
    }

    /// Follows the links of a page and hands over its members.
    fn take(
        &mut self,
        run: &mut Run<'_>,
        url: &str,
        page: Page,
        fetched: &Fetched,
    ) -> Result<(), HarvestError> {
        self.position.kept.facts = page.facts;
        run.summary.hollow += page.hollow;
        run.summary.left_over += page.left_over;
        run.summary.other_views.extend(page.other_views);
        for link in &page.links {
            self.follow(run, url, link);
        }
        let is_immutable = page.is_immutable || fetched.immutable;
        let open = self.position.kept.open.get(url);
        let before: FxHashSet<u64> = open
            .map(|page| page.seen.iter().copied().collect())
            .unwrap_or_default();
        let mut seen = Vec::new();
        for member in page.members {
            if !is_immutable || !before.is_empty() {
                let statements = member.statements.iter().chain(&member.payload);
                let print = fingerprint(member.id.as_str(), statements);
                seen.push(print);
                if before.contains(&print) {
                    run.summary.known += 1;
                    continue;
                }
            }
            if run.batch_quads + member.len() > self.options.batch_quads {
                self.flush(run)?;
            }
            if run.batch.is_empty() {
                run.batch_since = Instant::now();
            }
            if run.batch_pages.last().map(String::as_str) != Some(url) {
                run.batch_pages.push(url.to_owned());
            }
            run.summary.members += 1;
            run.summary.deletions += u64::from(member.is_delete);
            run.summary.last_timestamp = run.summary.last_timestamp.max(member.timestamp);
            run.batch_quads += member.len();
            run.batch.push(member);
            if run.batch.len() >= self.options.batch_members {
                self.flush(run)?;
            }
        }
        if std::mem::take(&mut run.is_refused) {
            // It stays open, and is read again.
            return Ok(());
        }
        seen.sort_unstable();
        run.read.push(ReadPage {
            url: url.to_owned(),
            is_immutable,
            validators: fetched.validators.clone(),
            seen,
        });
        if run.batch.is_empty() {
            self.settle(run)?;
        } else if run.batch_since.elapsed() >= self.options.batch_time {
            self.flush(run)?;
        }
        Ok(())
    }

    fn follow(&mut self, run: &mut Run<'_>, page: &str, link: &Link) {
        if self.position.is_finished(&link.url) {
            return;
        }
        let open = &mut self.position.kept.open;
        if !open.contains_key(&link.url) {
            if open.len() as u64 >= self.options.max_pages {
                if run.summary.failures == 0 {
                    run.fail(failure::too_many(page, self.options.max_pages));
                }
                return;
            }
            open.insert(
                link.url.clone(),
                OpenPage {
                    from: link.from.and_then(moment_text),
                    until: link.until.and_then(moment_text),
                    ..OpenPage::default()
                },
            );
        }
        // Passed over, it stays open: a run that wants earlier members will read it.
        if self.is_wanted(link.until) {
            run.queue(&link.url, link.from);
        } else {
            run.summary.pruned += 1;
        }
    }

    fn is_wanted(&self, until: Option<i128>) -> bool {
        let bounds = self.options.since.zip(until);
        bounds.is_none_or(|(since, until)| until >= since)
    }

    /// Commits the members at hand; the pages that are read with them are settled then.
    fn flush(&mut self, run: &mut Run<'_>) -> Result<(), HarvestError> {
        if run.batch.is_empty() {
            return Ok(());
        }
        let written = write(self.registry, &self.target, &run.batch, &run.batch_pages);
        run.batch.clear();
        run.batch_quads = 0;
        let last = run.batch_pages.pop().unwrap_or_default();
        run.batch_pages.clear();
        match written {
            Ok(written) => {
                run.summary.commits += u64::from(written.seq.is_some());
                run.summary.added += written.added;
                run.summary.removed += written.removed;
                run.summary.late += written.late;
                run.summary.waiting += written.waiting;
                self.settle(run)?;
            }
            Err(WriteError::Rejected(rejection)) => {
                let results = rejection.findings.new.total();
                run.fail(failure::refused(&last, results));
                run.read.clear();
                run.is_refused = true;
            }
            Err(WriteError::Reserved(reserved)) => {
                run.fail(failure::reserved(&last, &reserved));
                run.read.clear();
                run.is_refused = true;
            }
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
        (run.progress)(&run.summary);
        Ok(())
    }

    /// Writes down that pages are read, once all their members are in the log.
    fn settle(&mut self, run: &mut Run<'_>) -> Result<(), HarvestError> {
        if run.read.is_empty() {
            return Ok(());
        }
        for page in run.read.drain(..) {
            if page.is_immutable {
                self.position.finish(&page.url);
            } else if let Some(open) = self.position.kept.open.get_mut(&page.url) {
                open.etag = page.validators.etag;
                open.last_modified = page.validators.last_modified;
                open.seen = page.seen;
            }
        }
        let kept = &mut self.position.kept;
        let state = self.registry.snapshot();
        kept.seq = state.seq();
        kept.digest = hex(&state.digest());
        kept.last_timestamp = run.summary.last_timestamp.and_then(moment_text);
        self.position.save()?;
        Ok(())
    }
}

fn nanoseconds(text: &str) -> Option<i128> {
    let moment = text.parse::<jiff::Timestamp>().ok()?;
    Some(moment.as_nanosecond())
}

fn moment_text(moment: i128) -> Option<String> {
    let moment = jiff::Timestamp::from_nanosecond(moment).ok()?;
    Some(moment.to_string())
}
