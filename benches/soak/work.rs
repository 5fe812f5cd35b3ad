//! Twenty writers and twenty readers on one store: what `make soak` runs for ten minutes and the tests for some seconds.
//! Measures and compares; what is too slow or too much, the caller decides.

use oslo_registry::store::{CommitMeta, OpenOptions, Store, check};
use oxrdf::{GraphName, Literal, NamedNode, Quad};
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Quads of each subject that is there from the start.
const STAR: u64 = 10;
/// Commits of one writer whose quads are there at any moment; each further one removes those of the oldest.
const LIVING: usize = 100;
/// Quads of the largest commit.
const LARGEST: u64 = 50;
/// Different commits of one writer; after so many it says the same again. The store keeps its size, in quads and in terms,
/// so that memory has no reason to grow.
const VARIANTS: u64 = 1_000;

/// How long, with how many, on how much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) seconds: u64,
    pub(crate) writers: u64,
    pub(crate) readers: u64,
    /// Quads before it begins.
    pub(crate) quads: u64,
    /// How long a reader rests after each look.
    pub(crate) rest: Duration,
    pub(crate) options: OpenOptions,
}

/// What was measured.
#[derive(Debug, Default)]
pub(crate) struct Measured {
    pub(crate) seconds: f64,
    pub(crate) commits: u64,
    pub(crate) quads_written: u64,
    pub(crate) syncs: u64,
    /// From beginning a draft to the acknowledgement.
    pub(crate) commit: Durations,
    /// In `Store::snapshot`.
    pub(crate) snapshot: Durations,
    /// Looking at one subject.
    pub(crate) read: Durations,
    /// Resident memory in MiB, one figure a second.
    pub(crate) memory: Vec<f64>,
    pub(crate) reopen: f64,
    /// What is not as it should be.
    pub(crate) wrong: Vec<String>,
}

/// Durations, in buckets that are at most a sixteenth wide.
#[derive(Clone, Debug)]
pub(crate) struct Durations {
    buckets: Vec<u64>,
    longest: Duration,
}

impl Default for Durations {
    fn default() -> Self {
        Self {
            buckets: vec![0; 64 * 16],
            longest: Duration::ZERO,
        }
    }
}

impl Durations {
    fn add(&mut self, duration: Duration) {
        let nanos = (duration.as_nanos() as u64).max(16);
        let power = nanos.ilog2();
        let at = (power * 16) as u64 + ((nanos >> (power - 4)) & 15);
        self.buckets[at as usize] += 1;
        self.longest = self.longest.max(duration);
    }

    fn join(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine += theirs;
        }
        self.longest = self.longest.max(other.longest);
    }

    pub(crate) fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    pub(crate) fn longest_ms(&self) -> f64 {
        self.longest.as_secs_f64() * 1e3
    }

    /// The duration that a share of all stays below, in milliseconds.
    pub(crate) fn share_ms(&self, share: f64) -> f64 {
        let wanted = (self.count() as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (at, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted && *count > 0 {
                let (power, part) = (at / 16, at % 16);
                let end = 2_f64.powi(power as i32) * (1.0 + (part + 1) as f64 / 16.0);
                return (end / 1e6).min(self.longest_ms());
            }
        }
        0.0
    }
}

fn iri(text: String) -> NamedNode {
    NamedNode::new_unchecked(text)
}

fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn meta(activity: String) -> CommitMeta {
    CommitMeta {
        agent: "https://example.org/id/soak".into(),
        activity,
        source: Vec::new(),
        message: None,
    }
}

fn base_subject(number: u64) -> NamedNode {
    iri(format!("https://example.org/id/adres/{number}"))
}

fn fill(store: &Store, quads: u64) -> Result<(), String> {
    let mut draft = store.begin().map_err(|error| error.to_string())?;
    let graph = iri("https://example.org/graph/adressen".into());
    for subject in 0..quads / STAR {
        let name = base_subject(subject);
        for property in 0..STAR {
            let object = match property {
                0 => Literal::from(subject as i64).into(),
                1..4 => {
                    Literal::new_simple_literal(format!("Straat {subject} deel {property}")).into()
                }
                4..8 => base_subject((subject * 7 + property) % (quads / STAR)).into(),
                _ => oxrdf::Term::from(iri(format!("https://example.org/begrip/{}", subject % 50))),
            };
            let predicate = iri(format!("https://example.org/ns#p{property}"));
            draft.add_quad(Quad::new(name.clone(), predicate, object, graph.clone()).as_ref());
        }
    }
    let done = draft.commit(meta("https://example.org/id/fill".into()));
    done.map(|_| ()).map_err(|error| error.to_string())
}

/// A commit of a writer: its number in that writer's own count, and how many quads it added.
#[derive(Clone, Copy)]
struct Own {
    number: u64,
    quads: u64,
}

/// Some commits, in whatever order, in a few bytes: a list of them would grow with every commit, and memory is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Commits {
    count: u64,
    added: u64,
    /// Sum of a hash of each one's number and sizes.
    mark: u64,
}

impl Commits {
    fn add(&mut self, seq: u64, added: u64, removed: u64) {
        self.count += 1;
        self.added += added;
        let mixed = [seq, added, removed]
            .into_iter()
            .fold(0_u64, |mixed, part| {
                (mixed ^ part)
                    .wrapping_mul(0x9e37_79b9_7f4a_7c15)
                    .rotate_left(29)
            });
        self.mark = self.mark.wrapping_add(mixed);
    }

    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.added += other.added;
        self.mark = self.mark.wrapping_add(other.mark);
    }
}

struct Writer {
    name: u64,
    living: VecDeque<Own>,
    acknowledged: Commits,
    durations: Durations,
}

impl Writer {
    fn quads(&self, own: Own) -> impl Iterator<Item = Quad> + use<> {
        let (name, variant) = (self.name, own.number % VARIANTS);
        let subject = iri(format!("https://example.org/soak/{name}/{variant}"));
        (0..own.quads).map(move |at| {
            let predicate = iri(format!("https://example.org/ns#p{}", at % STAR));
            let object = if at % 5 == 0 {
                Literal::new_simple_literal(format!("waarde {at} van {name}, {variant}"))
            } else {
                Literal::from((variant * 100 + at) as i64)
            };
            Quad::new(subject.clone(), predicate, object, GraphName::DefaultGraph)
        })
    }

    fn work(&mut self, store: &Store, stop: &AtomicBool) -> Result<(), String> {
        let mut random = self.name;
        let mut number = 0;
        while !stop.load(Ordering::Relaxed) {
            number += 1;
            let own = Own {
                number,
                quads: 1 + next(&mut random) % LARGEST,
            };
            let oldest = (self.living.len() >= LIVING)
                .then(|| self.living.pop_front())
                .flatten();
            let since = Instant::now();
            let mut draft = store.begin().map_err(|error| error.to_string())?;
            for quad in self.quads(own) {
                draft.add_quad(quad.as_ref());
            }
            for quad in oldest.into_iter().flat_map(|oldest| self.quads(oldest)) {
                draft.remove_quad(quad.as_ref());
            }
            let activity = format!("https://example.org/soak/{}/{number}", self.name);
            let info = draft
                .commit(meta(activity))
                .map_err(|error| error.to_string())?;
            self.durations.add(since.elapsed());
            self.living.push_back(own);
            let removed = oldest.map_or(0, |oldest| oldest.quads);
            self.acknowledged.add(info.seq, own.quads, removed);
        }
        Ok(())
    }

    /// Whether all that is acknowledged and not removed again is there.
    fn compare(&self, store: &Store) -> Result<(), String> {
        let view = store.snapshot().view();
        for own in &self.living {
            for quad in self.quads(*own) {
                let ids = (
                    view.id_of(quad.subject.as_ref().into()),
                    view.id_of(quad.predicate.as_ref().into()),
                    view.id_of(quad.object.as_ref()),
                );
                let (Some(s), Some(p), Some(o)) = ids else {
                    return Err(format!("{quad} is not there"));
                };
                if view.quads(Some(s), Some(p), Some(o), None).count() != 1 {
                    return Err(format!("{quad} is not there"));
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Reader {
    snapshot: Durations,
    read: Durations,
}

impl Reader {
    fn work(
        &mut self,
        store: &Store,
        settings: &Settings,
        number: u64,
        stop: &AtomicBool,
    ) -> Result<(), String> {
        let mut random = number << 20;
        while !stop.load(Ordering::Relaxed) {
            let subject = base_subject(next(&mut random) % (settings.quads / STAR));
            let since = Instant::now();
            let snapshot = store.snapshot();
            let seen = Instant::now();
            self.snapshot.add(seen - since);
            let view = snapshot.view();
            let found = view.id_of(subject.as_ref().into()).map(|id| {
                view.quads(Some(id), None, None, None)
                    .map(|quad| view.text(quad.o).len().min(1) as u64)
                    .sum::<u64>()
            });
            self.read.add(seen.elapsed());
            if found != Some(STAR) {
                return Err(format!(
                    "{subject} has {found:?} quads in commit {}",
                    snapshot.seq()
                ));
            }
            std::thread::sleep(settings.rest);
        }
        Ok(())
    }
}

/// Resident memory of this process in MiB; 0 where the system does not tell.
pub(crate) fn resident_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// Runs it all in a folder that is empty.
///
/// # Errors
/// When the store cannot be opened or filled. What goes wrong later is in [`Measured::wrong`].
pub(crate) fn run(dir: &Path, settings: &Settings) -> Result<Measured, String> {
    let store = Store::open(dir, settings.options).map_err(|error| error.to_string())?;
    fill(&store, settings.quads)?;
    let mut measured = Measured::default();
    let mut writers: Vec<Writer> = (0..settings.writers)
        .map(|name| Writer {
            name,
            living: VecDeque::new(),
            acknowledged: Commits::default(),
            durations: Durations::default(),
        })
        .collect();
    let mut readers: Vec<Reader> = (0..settings.readers).map(|_| Reader::default()).collect();
    let syncs = store.syncs();
    let stop = AtomicBool::new(false);
    let failures = AtomicU64::new(0);
    let since = Instant::now();
    std::thread::scope(|scope| {
        let (store, stop, failures) = (&store, &stop, &failures);
        let failed = |done: Result<(), String>| {
            done.inspect_err(|_| {
                failures.fetch_add(1, Ordering::Relaxed);
            })
        };
        let mut threads = Vec::new();
        for writer in &mut writers {
            threads.push(scope.spawn(move || failed(writer.work(store, stop))));
        }
        for (number, reader) in (1..).zip(&mut readers) {
            threads.push(scope.spawn(move || failed(reader.work(store, settings, number, stop))));
        }
        for second in 1..=settings.seconds {
            let due = since + Duration::from_secs(second);
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            measured.memory.push(resident_mib());
            if failures.load(Ordering::Relaxed) > 0 {
                break;
            }
        }
        stop.store(true, Ordering::Relaxed);
        for thread in threads {
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(wrong)) => measured.wrong.push(wrong),
                Err(_) => measured.wrong.push("a thread panicked".to_owned()),
            }
        }
    });
    measured.seconds = since.elapsed().as_secs_f64();
    measured.syncs = store.syncs() - syncs;
    for writer in &writers {
        measured.commit.join(&writer.durations);
        measured.quads_written += writer.acknowledged.added;
    }
    for reader in &readers {
        measured.snapshot.join(&reader.snapshot);
        measured.read.join(&reader.read);
    }
    measured.commits = measured.commit.count();
    let quads = store.snapshot().quad_count();
    drop(store);
    let since = Instant::now();
    let store = Store::open(dir, settings.options).map_err(|error| error.to_string())?;
    measured.reopen = since.elapsed().as_secs_f64();
    measured
        .wrong
        .extend(examine(&store, &writers, settings, quads).err());
    drop(store);
    let report = check(dir, true, oslo_registry::query::derived(), &mut |_, _| {})
        .map_err(|error| error.to_string())?;
    let findings = report.findings.iter().map(|finding| finding.to_string());
    measured.wrong.extend(findings);
    Ok(measured)
}

/// Whether every acknowledged commit is there, in number and in content.
fn examine(
    store: &Store,
    writers: &[Writer],
    settings: &Settings,
    quads: u64,
) -> Result<(), String> {
    let last = store.snapshot().seq();
    let mut acknowledged = Commits::default();
    for writer in writers {
        acknowledged.join(&writer.acknowledged);
    }
    // The first commit filled the store.
    if last != acknowledged.count + 1 {
        return Err(format!(
            "{} commits were acknowledged, {} are there",
            acknowledged.count,
            last - 1
        ));
    }
    let mut found = Commits::default();
    for before in (1..last).step_by(10_000) {
        let infos = store
            .commits_between(before, last.min(before + 10_000))
            .map_err(|error| error.to_string())?;
        for info in infos {
            found.add(info.seq, info.added, info.removed);
        }
    }
    if found != acknowledged {
        return Err(format!(
            "the log has {found:?}, but {acknowledged:?} was acknowledged"
        ));
    }
    let living: u64 = writers
        .iter()
        .flat_map(|w| &w.living)
        .map(|own| own.quads)
        .sum();
    let wanted = settings.quads / STAR * STAR + living;
    if (quads, store.snapshot().quad_count()) != (wanted, wanted) {
        return Err(format!(
            "{quads} quads before closing and {} after, not {wanted}",
            store.snapshot().quad_count()
        ));
    }
    writers.iter().try_for_each(|writer| writer.compare(store))
}
