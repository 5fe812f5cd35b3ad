//! Loads files and folders into the registry through its one commit path: one commit per file, or all in one.
//! Says for every file what became of it. Prints nothing; the caller does.

use super::account::Account;
use super::complain::diagnose_failure;
use super::contexts::ContextStore;
use super::diagnostic::{Diagnostic, Location};
use super::format::detect;
use super::input::Input;
use super::limits::Limits;
use super::mend::{self, MendedInputs, Mender, Mending};
use super::normalise::{NormaliseError, RepairReport};
use super::parse::{ParseOptions, ParseStats, Progress, parse_into};
use super::reader::content_digest;
use super::records::{self, Records, StagedObjects, looks_known};
use super::texts;
use crate::rdf::format::Format;
use crate::registry::{
    Aside, CommitError, CommitRequest, Findings, Mode, Registry, Rejection, Writer,
};
use crate::shapes::SeverityCounts;
use crate::store::{CommitMeta, Draft, Id, Source, StoreError};
use oxrdf::{GraphNameRef, NamedNode};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One input and where it goes.
#[derive(Clone, Debug)]
pub struct LoadItem {
    /// The bytes.
    pub input: Input,
    /// Syntax, when the name does not tell.
    pub format: Option<Format>,
    /// Graph for triples that name none; `None` is the default graph.
    pub graph: Option<NamedNode>,
    /// Base IRI for relative references; `None`: see [`ParseOptions::base_iri`].
    pub base_iri: Option<String>,
}

/// Which graph files go to when a plan is made from paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetGraph {
    /// The default graph.
    Default,
    /// One graph for all.
    Named(NamedNode),
    /// `{base}/graph/{name}` with the name made from the path, see [`graph_name_of_path`].
    ByPath,
}

/// What happens to statements that the target graph already has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadMode {
    /// They stay.
    #[default]
    Add,
    /// They go, unless the input has them too. Only for inputs with a graph or for the default graph; graphs that an
    /// input names itself are only added to.
    Replace,
}

/// How the inputs become commits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CommitUnit {
    /// One commit per input.
    #[default]
    PerFile,
    /// One commit of all inputs, or none at all.
    Together,
}

/// What to load and how.
#[derive(Clone, Debug)]
pub struct LoadPlan {
    /// Inputs, in this order.
    pub items: Vec<LoadItem>,
    /// Files met in folders that are no RDF by their name; not loaded.
    pub skipped: Vec<PathBuf>,
    /// Add or replace.
    pub mode: LoadMode,
    /// Commits.
    pub unit: CommitUnit,
    /// How strictly the shapes judge; `None` as the gate's rules of the graphs say.
    pub gate: Option<Mode>,
    /// Tell what would happen, and change nothing.
    pub dry_run: bool,
    /// Refuse inputs that speak of other graphs than the one they go to and what is derived for it.
    pub keeps_to_graph: bool,
    /// Go on with the next input after one that could not be loaded. Only with [`CommitUnit::PerFile`].
    pub keep_going: bool,
    /// Bounds per input.
    pub limits: Limits,
    /// JSON-LD contexts.
    pub contexts: ContextStore,
    /// Refuse records of the sources that need a repair.
    pub strict: bool,
    /// Whether and how RDF is mended; `None` takes it as it is, byte for byte.
    pub mending: Option<Mending>,
    /// Folder of the registry, where the records are kept as evidence; `None` keeps none.
    pub evidence: Option<PathBuf>,
    /// IRI of the agent, for the log.
    pub agent: String,
    /// A line for the log.
    pub message: Option<String>,
    /// Whose graphs may be touched.
    pub writer: Writer,
    /// Refuse inputs when those for one graph say nothing.
    pub needs_statements: bool,
    /// What is told of a commit in the account of its source; `None` tells nothing.
    pub account: Option<Account>,
}

impl LoadPlan {
    /// A plan for inputs, with defaults for the rest: add, one commit per input, violations reject.
    pub fn new(registry: &Registry, items: Vec<LoadItem>) -> Self {
        Self {
            items,
            skipped: Vec::new(),
            mode: LoadMode::default(),
            unit: CommitUnit::default(),
            gate: None,
            dry_run: false,
            keeps_to_graph: false,
            keep_going: false,
            limits: Limits::default(),
            contexts: ContextStore::shipped(registry.base()),
            strict: false,
            mending: None,
            evidence: None,
            agent: registry.agent_iri("oslo"),
            message: None,
            writer: Writer::Anyone,
            needs_statements: false,
            account: None,
        }
    }

    /// A plan for files and folders. Folders are walked in the order of their names; hidden entries and linked folders
    /// are passed over, and so are files whose name says they are no RDF (a file named by the caller never is).
    ///
    /// # Errors
    /// `P004` for a path that cannot be read.
    pub fn from_paths(
        registry: &Registry,
        paths: &[PathBuf],
        target: &TargetGraph,
        format: Option<Format>,
        base_iri: Option<&str>,
    ) -> Result<Self, Diagnostic> {
        let mut plan = Self::new(registry, Vec::new());
        let mut found = Vec::new();
        for path in paths {
            if path.is_dir() {
                walk(path, &mut found, &mut plan.skipped)?;
            } else {
                found.push(path.clone());
            }
        }
        plan.items = found
            .into_iter()
            .map(|path| LoadItem {
                graph: match target {
                    TargetGraph::Default => None,
                    TargetGraph::Named(graph) => Some(graph.clone()),
                    TargetGraph::ByPath => Some(registry.graph_iri(&graph_name_of_path(&path))),
                },
                input: Input::file(path),
                format,
                base_iri: base_iri.map(ToOwned::to_owned),
            })
            .collect();
        Ok(plan)
    }
}

/// Where a load is.
#[derive(Clone, Copy, Debug)]
pub struct LoadProgress<'a> {
    /// Number of the input, from 0.
    pub index: usize,
    /// Inputs in the plan.
    pub total: usize,
    /// Name of the input.
    pub name: &'a str,
    /// How far the input is read.
    pub bytes: Progress,
}

/// What a load did to the results, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Introduced {
    /// New results.
    pub new: SeverityCounts,
    /// Results that are gone.
    pub solved: SeverityCounts,
    /// Results that were there and still are.
    pub remaining: SeverityCounts,
}

impl Introduced {
    /// The counts of a commit's findings.
    pub fn of(findings: &Findings) -> Self {
        Self {
            new: findings.new,
            solved: findings.solved,
            remaining: findings.remaining,
        }
    }
}

/// What became of an input.
#[derive(Debug)]
pub enum LoadOutcome {
    /// It is in the registry.
    Loaded {
        /// Number of the commit.
        seq: u64,
        /// Quads new to the registry.
        quads_added: u64,
        /// Quads taken out by [`LoadMode::Replace`].
        quads_removed: u64,
        /// Results of the shapes that it introduced.
        introduced: Introduced,
    },
    /// It would be in the registry, had it not been a dry run.
    WouldLoad {
        /// Quads new to the registry.
        quads_added: u64,
        /// Quads that [`LoadMode::Replace`] would take out.
        quads_removed: u64,
        /// What it would do to the results.
        introduced: Introduced,
    },
    /// Everything it says was there already.
    Unchanged,
    /// It cannot be read.
    Refused(Box<Diagnostic>),
    /// The shapes do not allow it.
    Rejected {
        /// How many results.
        introduced: Introduced,
        /// The results and the state they were found in.
        rejection: Box<Rejection>,
    },
    /// It was read, but another input of the same commit was not.
    NotCommitted,
}

impl LoadOutcome {
    /// Whether the registry now holds what the input says.
    pub fn is_good(&self) -> bool {
        matches!(
            self,
            Self::Loaded { .. } | Self::WouldLoad { .. } | Self::Unchanged
        )
    }
}

/// One line of the summary.
#[derive(Debug)]
pub struct LoadedFile {
    /// Name of the input.
    pub name: String,
    /// Target graph; `None` is the default graph.
    pub graph: Option<NamedNode>,
    /// Members that wait because of it, and that went in after it. With [`CommitUnit::Together`] at the last input.
    pub aside: Aside,
    /// What became of it. With [`CommitUnit::Together`] the counts of the commit stand at the last input.
    pub outcome: LoadOutcome,
    /// What reading it gave, when it could be read.
    pub stats: Option<ParseStats>,
    /// What became of its records, when it holds records of a source and not RDF; or what was mended of its RDF.
    pub repairs: Option<RepairReport>,
    /// Time spent, in milliseconds.
    pub duration_ms: u64,
}

/// What became of a plan.
#[derive(Debug, Default)]
pub struct LoadSummary {
    /// One entry per input that was tried, in order.
    pub files: Vec<LoadedFile>,
    /// Inputs that were not tried because one before them failed.
    pub not_tried: usize,
    /// Files of folders that were passed over.
    pub skipped: Vec<PathBuf>,
}

impl LoadSummary {
    /// Whether every input of the plan is in the registry now.
    pub fn is_complete(&self) -> bool {
        self.not_tried == 0 && self.files.iter().all(|file| file.outcome.is_good())
    }

    /// Statements read, over all inputs that are in the registry now.
    pub fn quads_parsed(&self) -> u64 {
        let good = self.files.iter().filter(|file| file.outcome.is_good());
        good.filter_map(|file| Some(file.stats.as_ref()?.quads))
            .sum()
    }

    /// Quads new to the registry.
    pub fn quads_added(&self) -> u64 {
        let added = |file: &LoadedFile| match file.outcome {
            LoadOutcome::Loaded { quads_added, .. } => quads_added,
            _ => 0,
        };
        self.files.iter().map(added).sum()
    }
}

/// Loads a plan. An input that cannot be read or is rejected leaves no trace in the registry.
///
/// # Errors
/// When the store itself fails; what was committed before stays.
pub fn load_files(
    registry: &Registry,
    plan: &LoadPlan,
    progress: &mut dyn FnMut(LoadProgress<'_>),
) -> Result<LoadSummary, StoreError> {
    let mut summary = LoadSummary {
        skipped: plan.skipped.clone(),
        ..LoadSummary::default()
    };
    let total = plan.items.len();
    match plan.unit {
        CommitUnit::PerFile => {
            for (index, item) in plan.items.iter().enumerate() {
                let files = load_together(
                    registry,
                    plan,
                    std::slice::from_ref(item),
                    &mut |bytes, name, _| {
                        progress(LoadProgress {
                            index,
                            total,
                            name,
                            bytes,
                        });
                    },
                )?;
                summary.files.extend(files);
                let good = summary.files.last().is_some_and(|f| f.outcome.is_good());
                if !good && !plan.keep_going {
                    break;
                }
            }
        }
        CommitUnit::Together => {
            summary.files =
                load_together(registry, plan, &plan.items, &mut |bytes, name, index| {
                    progress(LoadProgress {
                        index,
                        total,
                        name,
                        bytes,
                    });
                })?;
        }
    }
    summary.not_tried = total - summary.files.len();
    Ok(summary)
}

/// What reading one input gave.
pub(super) struct ItemRead {
    pub(super) stats: ParseStats,
    pub(super) repairs: Option<RepairReport>,
}

type ItemProgress<'a> = dyn FnMut(Progress, &str, usize) + 'a;

/// One commit of these items. When one cannot be read and texts may be mended, they are, and all are read once more.
fn load_together(
    registry: &Registry,
    plan: &LoadPlan,
    items: &[LoadItem],
    progress: &mut ItemProgress<'_>,
) -> Result<Vec<LoadedFile>, StoreError> {
    let mut mended = MendedInputs::of(plan, items);
    loop {
        let files = load_once(registry, plan, items, &mended, progress)?;
        let last = files.last().map(|file| &file.outcome);
        if !matches!(last, Some(LoadOutcome::Refused(_))) || !mended.try_once(plan, items) {
            return Ok(files);
        }
    }
}

fn load_once(
    registry: &Registry,
    plan: &LoadPlan,
    items: &[LoadItem],
    mended: &MendedInputs,
    progress: &mut ItemProgress<'_>,
) -> Result<Vec<LoadedFile>, StoreError> {
    let mut files: Vec<LoadedFile> = Vec::with_capacity(items.len());
    let mut entry = |item: &LoadItem, outcome, aside, read: Option<ItemRead>, since: Instant| {
        let (stats, repairs) = read.map_or((None, None), |read| (Some(read.stats), read.repairs));
        files.push(LoadedFile {
            name: item.input.name().to_owned(),
            graph: item.graph.clone(),
            outcome,
            aside,
            stats,
            repairs,
            duration_ms: u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX),
        });
    };

    // The log names every source by its digest, so the bytes are read once before they are parsed.
    let mut digests = Vec::with_capacity(items.len());
    let mut all_records = Vec::with_capacity(items.len());
    let mut texts = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        let since = Instant::now();
        // Records tell of what they mend themselves; what no reader of JSON takes they do not.
        let (records, text) = match (Records::of(item, &plan.limits), mended.get(index)) {
            (None, Some(text)) => (Records::of(&text.item, &plan.limits), Some(text)),
            (records, _) => (records, None),
        };
        let digest = match (&records, text) {
            (_, Some(text)) => Ok(text.sha256),
            (Some(records), None) => Ok(records.sha256()),
            (None, None) => digest_of(item, &plan.limits),
        };
        all_records.push(records);
        texts.push(text);
        match digest {
            Ok(digest) => digests.push(digest),
            Err(refused) => {
                let outcome = LoadOutcome::Refused(Box::new(refused));
                entry(item, outcome, Aside::default(), None, since);
                return Ok(files);
            }
        }
    }
    let activity = registry.activity_iri("laden");
    let request = CommitRequest {
        meta: CommitMeta {
            agent: plan.agent.clone(),
            activity: activity.clone(),
            source: items
                .iter()
                .zip(&digests)
                .map(|(item, digest)| Source {
                    iri: source_iri(&item.input),
                    sha256: Some(hex(digest)),
                })
                .collect(),
            message: plan.message.clone(),
        },
        mode: plan.gate,
        dry_run: plan.dry_run,
        writer: plan.writer.clone(),
    };

    let since = Instant::now();
    let mut read: Vec<(ItemRead, Instant)> = Vec::new();
    let outcome = registry.commit(request, |draft| {
        let mut replaced = BTreeSet::new();
        let mut objects = StagedObjects::default();
        let mut links = vec![Vec::new(); items.len()];
        for (index, item) in items.iter().enumerate() {
            let started = Instant::now();
            if let Some(records) = &all_records[index] {
                if plan.mode == LoadMode::Replace {
                    for graph in records.graphs(registry.base(), item) {
                        registry.end_waiting(draft, GraphNameRef::NamedNode(graph.as_ref()));
                    }
                }
                let mut done = records.stage(draft, registry.base(), item, plan, &mut objects)?;
                if let (Some(report), Some(text)) = (&mut done.repairs, texts[index]) {
                    report.merge(&text.report);
                }
                read.push((done, started));
                continue;
            }
            if plan.mode == LoadMode::Replace {
                clear_graph(registry, draft, item.graph.as_ref(), &mut replaced);
            }
            let mut report = |bytes| progress(bytes, item.input.name(), index);
            let text = texts[index];
            let item = text.map_or(item, |mended| &mended.item);
            let mut mender = plan.mending.as_ref().map(Mender::new);
            let options = ParseOptions {
                format: item.format,
                base_iri: item.base_iri.clone(),
                graph: item.graph.clone(),
                limits: plan.limits.clone(),
                content_sha256: Some(digests[index]).filter(|_| text.is_none()),
                progress: Some(&mut report),
                pass_over_contexts: true,
                mender: mender.as_mut(),
                ..ParseOptions::new(mended.contexts(plan))
            };
            let stats = parse_into(draft, &item.input, options)?;
            if let Some(mender) = &mut mender {
                if let Some(repair) = mender.refused() {
                    let error = NormaliseError::Strict(repair.clone());
                    return Err(records::refused(&error, of_file(item)));
                }
                links[index] = mender.take_links();
            }
            let repairs = mender.map(|mender| {
                let mut report = mender.into_report(stats.quads);
                if let Some(text) = text {
                    report.merge(&text.report);
                }
                if stats.format == Format::JsonLd {
                    mended.note_contexts(item, &mut report);
                }
                if let Some(mending) = &plan.mending {
                    mend::count_tags(&item.input, stats.format, mending, &mut report);
                }
                report
            });
            read.push((ItemRead { stats, repairs }, started));
        }
        objects.finish(draft, plan.mode == LoadMode::Replace);
        let unknown = mend::unknown_links(draft, &links);
        for ((row, _), (item, unknown)) in read.iter_mut().zip(items.iter().zip(&unknown)) {
            if let Some(report) = &mut row.repairs {
                mend::note_unknown(report, item.input.name(), unknown);
            }
        }
        if plan.keeps_to_graph {
            keep_to_graphs(registry, draft, items)?;
        }
        let statements = read.iter().map(|(read, _)| read.stats.quads).sum();
        if plan.needs_statements {
            say_something(items, &read)?;
        }
        let Some(account) = plan
            .account
            .as_ref()
            .filter(|_| draft.net_counts() != (0, 0))
        else {
            return Ok(0);
        };
        let documents: Vec<String> = items.iter().map(|item| source_iri(&item.input)).collect();
        let mappings = all_records.iter().flatten().flat_map(Records::mappings);
        let mappings = mappings.collect();
        Ok(account.tell(
            registry, draft, &activity, &documents, statements, &mappings,
        ))
    });

    let mut aside = match &outcome {
        Ok(done) => done.aside.clone(),
        Err(_) => Aside::default(),
    };
    let last = match outcome {
        Ok(done) if done.changed && plan.dry_run => LoadOutcome::WouldLoad {
            quads_added: done.commit.added.saturating_sub(done.value),
            quads_removed: done.commit.removed,
            introduced: Introduced::of(&done.findings),
        },
        Ok(done) if done.changed => LoadOutcome::Loaded {
            seq: done.commit.seq,
            quads_added: done.commit.added.saturating_sub(done.value),
            quads_removed: done.commit.removed,
            introduced: Introduced::of(&done.findings),
        },
        Ok(_) => LoadOutcome::Unchanged,
        Err(CommitError::Rejected(rejection)) => LoadOutcome::Rejected {
            introduced: Introduced::of(&rejection.findings),
            rejection,
        },
        Err(CommitError::Change(refused)) => LoadOutcome::Refused(Box::new(refused)),
        Err(CommitError::Reserved(reserved)) => {
            let file = items.first().map_or("", |item| item.input.name());
            let place = Location {
                file: file.to_owned(),
                ..Location::default()
            };
            LoadOutcome::Refused(Box::new(texts::reserved_graph(&reserved).at(place)))
        }
        Err(CommitError::Store(error)) => return Err(error),
    };
    let tried = match &last {
        // What is refused may be all of them together, read to the end.
        LoadOutcome::Refused(_) => (read.len() + 1).min(items.len()),
        _ => items.len(),
    };
    let seq = match &last {
        LoadOutcome::Loaded { seq, .. } => Some(*seq),
        _ => None,
    };
    let good = last.is_good();
    let mut read = read.into_iter();
    let mut last = Some(last);
    for (index, item) in items.iter().take(tried).enumerate() {
        let (item_read, started) = match read.next() {
            Some((item_read, started)) => (Some(item_read), started),
            None => (None, since),
        };
        let outcome = if index + 1 == tried {
            last.take().unwrap_or(LoadOutcome::Unchanged)
        } else if let Some(seq) = seq {
            LoadOutcome::Loaded {
                seq,
                quads_added: 0,
                quads_removed: 0,
                introduced: Introduced::default(),
            }
        } else if good {
            LoadOutcome::Unchanged
        } else {
            LoadOutcome::NotCommitted
        };
        let aside = if index + 1 == tried {
            std::mem::take(&mut aside)
        } else {
            Aside::default()
        };
        entry(item, outcome, aside, item_read, started);
    }
    Ok(files)
}

fn of_file(item: &LoadItem) -> Location {
    Location {
        file: item.input.name().to_owned(),
        ..Location::default()
    }
}

fn digest_of(item: &LoadItem, limits: &Limits) -> Result<[u8; 32], Diagnostic> {
    let detected = detect(&item.input, item.format, None)?;
    content_digest(&item.input, detected.format, limits)
        .map_err(|failure| diagnose_failure(&item.input, failure))
}

/// Refuses inputs of which those for one graph say nothing.
fn say_something(items: &[LoadItem], read: &[(ItemRead, Instant)]) -> Result<(), Diagnostic> {
    let mut counts: BTreeMap<Option<&str>, (u64, &str)> = BTreeMap::new();
    for (item, (read, _)) in items.iter().zip(read) {
        let graph = item.graph.as_ref().map(NamedNode::as_str);
        let entry = counts.entry(graph).or_insert((0, item.input.name()));
        entry.0 += read.stats.quads;
    }
    match counts.values().find(|(count, _)| *count == 0) {
        None => Ok(()),
        Some((_, file)) => Err(texts::says_nothing().at(Location {
            file: (*file).to_owned(),
            ..Location::default()
        })),
    }
}

/// Refuses a draft that changes other graphs than those of its inputs.
fn keep_to_graphs(
    registry: &Registry,
    draft: &mut Draft<'_>,
    items: &[LoadItem],
) -> Result<(), Diagnostic> {
    let changed = draft.changed_graphs();
    let view = draft.snapshot().whole();
    let own = items.iter().filter_map(|item| item.graph.as_ref());
    let own: BTreeSet<String> = own
        .flat_map(|graph| registry.graphs_of(graph.as_str()))
        .collect();
    for graph in changed {
        let name = view.iri(graph);
        let name = name.as_deref().unwrap_or_default();
        if !own.contains(name) {
            let file = items.first().map_or("", |item| item.input.name());
            return Err(texts::other_graph(name).at(Location {
                file: file.to_owned(),
                ..Location::default()
            }));
        }
    }
    Ok(())
}

/// Takes out what the target graph holds, once per graph and commit.
fn clear_graph(
    registry: &Registry,
    draft: &mut Draft<'_>,
    graph: Option<&NamedNode>,
    done: &mut BTreeSet<Id>,
) {
    let name = graph.map_or(GraphNameRef::DefaultGraph, |graph| graph.as_ref().into());
    let graph = draft.intern_graph(name);
    if done.insert(graph) {
        registry.end_waiting(draft, name);
        for quad in draft.base().view().quads(None, None, None, Some(graph)) {
            draft.remove(quad);
        }
    }
}

/// Sources of the log are IRIs; an input without one gets a `urn:` with its name.
pub(super) fn source_iri(input: &Input) -> String {
    input.default_base_iri().unwrap_or_else(|| {
        let mut iri = String::from("urn:oslo:bron:");
        encode_segment(&mut iri, input.name());
        iri
    })
}

fn hex(digest: &[u8; 32]) -> String {
    let mut out = String::with_capacity(64);
    for byte in digest {
        let _ = write!(out, "{byte:02x}");
    }
    out
}

/// Name below `{base}/graph/` for a file: `vocab/adres.ttl` → `vocab/adres`, `vocab/extern/org.ttl` → `vocab/org`,
/// `vocab/codelijst/x.ttl` → `codelijst/x`, `shapes/x.ttl` → `shapes/x`, any other file → its name without extension.
pub fn graph_name_of_path(path: &Path) -> String {
    let parts: Vec<String> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    let file = parts.last().map_or("", String::as_str);
    let lower = file.to_ascii_lowercase();
    let unpacked = &file[..file.len() - if lower.ends_with(".gz") { 3 } else { 0 }];
    let stem = unpacked.rsplit_once('.').map_or(unpacked, |(stem, _)| stem);
    let folders = &parts[..parts.len().saturating_sub(1)];
    let known = folders
        .iter()
        .rposition(|part| matches!(part.as_str(), "vocab" | "shapes"));
    let mut name = String::new();
    if let Some(known) = known {
        match (
            folders[known].as_str(),
            folders.get(known + 1).map(String::as_str),
        ) {
            ("vocab", Some("codelijst")) => name.push_str("codelijst/"),
            ("vocab", _) => name.push_str("vocab/"),
            _ => name.push_str("shapes/"),
        }
    }
    encode_segment(&mut name, stem);
    name
}

/// Appends a path segment, percent-encoded where an IRI needs it.
fn encode_segment(out: &mut String, segment: &str) {
    for character in segment.chars() {
        if character.is_ascii_alphanumeric() || "-_.~".contains(character) {
            out.push(character);
        } else {
            let mut utf8 = [0; 4];
            for byte in character.encode_utf8(&mut utf8).bytes() {
                let _ = write!(out, "%{byte:02X}");
            }
        }
    }
}

fn walk(
    folder: &Path,
    found: &mut Vec<PathBuf>,
    skipped: &mut Vec<PathBuf>,
) -> Result<(), Diagnostic> {
    let unreadable = |error: std::io::Error| {
        texts::unreadable(&error).at(Location {
            file: folder.display().to_string(),
            ..Location::default()
        })
    };
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            entries.push((entry.path(), entry.file_type().map_err(unreadable)?));
        }
    }
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    for (path, kind) in entries {
        if kind.is_dir() {
            walk(&path, found, skipped)?;
        } else if path.is_file() {
            let input = Input::file(&path);
            match detect(&input, None, None) {
                Err(finding) if matches!(finding.code, "P001" | "P002") && !looks_known(&input) => {
                    skipped.push(path);
                }
                _ => found.push(path),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::RegistryConfig;

    fn registry() -> Registry {
        Registry::in_memory(RegistryConfig::default())
    }

    fn item(name: &str, text: &str) -> LoadItem {
        LoadItem {
            input: Input::bytes(name, text.to_owned()),
            format: None,
            graph: Some(NamedNode::new_unchecked("http://example.org/g")),
            base_iri: None,
        }
    }

    #[test]
    fn graph_names_follow_the_folders() {
        let name = |path: &str| graph_name_of_path(Path::new(path));
        assert_eq!(name("x/vocab/adres.ttl"), "vocab/adres");
        assert_eq!(name("vocab/extern/org.ttl"), "vocab/org");
        assert_eq!(
            name("vocab/codelijst/adresstatus.ttl.gz"),
            "codelijst/adresstatus"
        );
        assert_eq!(name("shapes/adres.ttl"), "shapes/adres");
        assert_eq!(name("fixtures/adressen.ttl"), "adressen");
        assert_eq!(name("a b.v2.ttl"), "a%20b.v2");
    }

    #[test]
    fn loading_again_changes_nothing_and_mistakes_leave_no_trace() {
        let registry = registry();
        let mut plan = LoadPlan::new(
            &registry,
            vec![
                item("a.ttl", "[] <urn:p> [ <urn:q> 1 ] ."),
                item("b.ttl", "<urn:a> <urn:p> 1 . oops"),
                item("c.ttl", "<urn:a> <urn:p> 2 ."),
            ],
        );
        plan.keep_going = true;
        let mut names = Vec::new();
        let first = load_files(&registry, &plan, &mut |p| names.push(p.name.to_owned()))
            .expect("the store works");
        assert!(matches!(
            first.files[0].outcome,
            LoadOutcome::Loaded { quads_added: 2, .. }
        ));
        assert!(
            matches!(&first.files[1].outcome, LoadOutcome::Refused(d) if d.location.line == Some(1))
        );
        assert!(matches!(
            first.files[2].outcome,
            LoadOutcome::Loaded { quads_added: 1, .. }
        ));
        assert!(!first.is_complete());
        assert_eq!(registry.snapshot().quad_count(), 3);
        plan.keep_going = false;
        let second = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
        assert!(matches!(second.files[0].outcome, LoadOutcome::Unchanged));
        assert_eq!((second.files.len(), second.not_tried), (2, 1));
        assert_eq!(registry.snapshot().quad_count(), 3);
    }

    #[test]
    fn replacing_keeps_what_both_have() {
        let registry = registry();
        let load = |text: &str, mode| {
            let mut plan = LoadPlan::new(&registry, vec![item("a.ttl", text)]);
            plan.mode = mode;
            load_files(&registry, &plan, &mut |_| {}).expect("the store works")
        };
        load("<urn:a> <urn:p> 1, 2 .", LoadMode::Add);
        let summary = load("<urn:a> <urn:p> 2, 3 .", LoadMode::Replace);
        assert!(matches!(
            summary.files[0].outcome,
            LoadOutcome::Loaded {
                quads_added: 1,
                quads_removed: 1,
                ..
            }
        ));
        assert_eq!(registry.snapshot().quad_count(), 2);
    }

    #[test]
    fn together_is_all_or_nothing() {
        let registry = registry();
        let mut plan = LoadPlan::new(
            &registry,
            vec![
                item("a.ttl", "<urn:a> <urn:p> 1 ."),
                item("b.ttl", "<urn:a>"),
            ],
        );
        plan.unit = CommitUnit::Together;
        let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
        assert!(matches!(
            summary.files[0].outcome,
            LoadOutcome::NotCommitted
        ));
        assert!(matches!(summary.files[1].outcome, LoadOutcome::Refused(_)));
        assert_eq!(registry.snapshot().quad_count(), 0);
        plan.items.pop();
        plan.items.push(item("c.ttl", "<urn:a> <urn:p> 2 ."));
        let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
        assert!(summary.is_complete());
        assert_eq!((summary.quads_added(), registry.snapshot().seq()), (2, 1));
    }
}
