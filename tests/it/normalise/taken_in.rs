//! Every document of the sources that can be read is taken in, as an operator would: RDF with repairs, records by their
//! mapping, JSON-LD with the contexts that are published. What is not taken in stands on a list with a reason, and the list
//! holds nothing else.

use super::documents::shared;
use oslo_registry::ingest::load::{LoadItem, LoadOutcome, LoadedFile};
use oslo_registry::ingest::normalise::RepairReport;
use oslo_registry::ingest::{
    ContextStore, Diagnostic, Input, LoadPlan, Mending, ParseOptions, load_files, parse_into,
};
use oslo_registry::registry::{CommitRequest, Mode, Registry, RegistryConfig};
use oslo_registry::store::{CommitMeta, Id, QuadIds};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Folders that are taken in.
const FOLDERS: [&str; 7] = [
    "instance",
    "feed-example",
    "ldes",
    "nis",
    "lblod",
    "kbo",
    "iot",
];

/// A document of the manifest.
pub(super) struct Listed {
    /// Path below the shared data.
    pub(super) path: String,
    /// Repository it comes from.
    pub(super) source: String,
    /// Folder of `registries`.
    pub(super) folder: String,
    /// Whether the manifest says that it can be read.
    pub(super) parses: bool,
}

/// All documents of the folders, by source and folder.
pub(super) fn listed(shared: &Path) -> Vec<Listed> {
    let text = std::fs::read_to_string(shared.join("MANIFEST.tsv")).expect("the manifest");
    let rows = text.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let folder = FOLDERS
            .iter()
            .find(|folder| cells[0].starts_with(&format!("registries/{folder}/")))?;
        let source = cells[0].split('/').nth(2)?;
        Some(Listed {
            path: cells[0].to_owned(),
            source: source.to_owned(),
            folder: (*folder).to_owned(),
            parses: cells[8] == "yes",
        })
    });
    rows.collect()
}

/// Contexts that are published, and how documents call them: by a name of their own, or by that of a version which is no more.
const OTHER_NAMES: &str = include_str!("contexts.tsv");

/// The contexts that an operator has at hand.
pub(super) fn contexts(shared: &Path, registry: &Registry) -> ContextStore {
    let mut contexts = ContextStore::shipped(registry.base())
        .with_map(&shared.join("oslo/context/CONTEXT-MAP.tsv"))
        .expect("the map of contexts");
    for line in OTHER_NAMES.lines().skip(1) {
        let (iri, path) = line.split_once('\t').expect("two cells");
        let bytes = std::fs::read(shared.join(path)).expect("a context");
        // One stands in the description of a test server.
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap_or_default();
        let bytes = match value.pointer("/response/jsonBody") {
            Some(body) => serde_json::to_vec(body).expect("JSON"),
            None => bytes,
        };
        contexts = contexts.with_document(iri, bytes);
    }
    contexts
}

/// What became of a document.
pub(super) enum Fate {
    /// It gave statements.
    Taken,
    /// It holds none, and is complete: a context, or an empty graph.
    Empty,
    /// It was refused.
    Refused(Box<Diagnostic>),
}

/// Takes a document in.
pub(super) fn take_in(
    registry: &Registry,
    contexts: &ContextStore,
    file: &Path,
    mending: Option<Mending>,
) -> (Fate, LoadedFile) {
    let item = LoadItem {
        input: Input::file(file),
        format: None,
        graph: None,
        base_iri: None,
    };
    let mut plan = LoadPlan::new(registry, vec![item]);
    plan.contexts = contexts.clone();
    plan.mending = mending;
    plan.gate = Some(Mode::Off);
    let mut summary = load_files(registry, &plan, &mut |_| {}).expect("the store works");
    let mut file = summary.files.remove(0);
    let fate = match std::mem::replace(&mut file.outcome, LoadOutcome::Unchanged) {
        LoadOutcome::Refused(found) => Fate::Refused(found),
        outcome if outcome.is_good() => {
            if file.stats.as_ref().is_some_and(|stats| stats.quads > 0) {
                Fate::Taken
            } else {
                Fate::Empty
            }
        }
        other => panic!("{}: {other:?}", file.name),
    };
    (fate, file)
}

/// What is not taken in, and why: paths, which may end in a star, and IRIs of contexts that nobody publishes.
const NOT_TAKEN: &str = include_str!("not_taken.tsv");

/// Why a document is not taken in, when that is known.
fn reason(path: &str, fate: &Fate) -> Option<&'static str> {
    NOT_TAKEN.lines().skip(1).find_map(|line| {
        let (what, why) = line.split_once('\t').expect("two cells");
        let is_it = match what.strip_suffix('*') {
            Some(start) => path.starts_with(start),
            None => what == path,
        };
        let names = |found: &Diagnostic| found.code == "P031" && found.message.en.contains(what);
        let is_context = what.contains(':') && matches!(fate, Fate::Refused(found) if names(found));
        (is_it || is_context).then_some(why)
    })
}

/// A document that holds no data, and says so by its form: a JSON-LD context, or nothing but prefixes.
fn is_no_data(file: &Path) -> bool {
    let bytes = std::fs::read(file).expect("a file");
    match serde_json::from_slice::<serde_json::Value>(&bytes) {
        Ok(value) => value
            .as_object()
            .is_some_and(|members| members.keys().eq(["@context"])),
        Err(_) => String::from_utf8_lossy(&bytes)
            .lines()
            .all(|line| line.trim().is_empty() || line.starts_with("@prefix")),
    }
}

/// What became of the documents of one source and folder.
#[derive(Default)]
pub(super) struct Group {
    pub(super) documents: u64,
    pub(super) taken: u64,
    /// Taken in although a strict reader refuses them.
    pub(super) saved: u64,
    pub(super) repairs: RepairReport,
    pub(super) served: Judged,
    pub(super) after: Judged,
}

/// What shapes say of some statements.
#[derive(Default)]
pub(super) struct Judged {
    pub(super) triples: u64,
    pub(super) focus: u64,
    pub(super) results: u64,
}

/// What became of all documents.
#[derive(Default)]
pub(super) struct Everything {
    /// By source and folder.
    pub(super) groups: BTreeMap<(String, String), Group>,
    /// Why documents were not taken in, and how many.
    pub(super) reasons: BTreeMap<String, u64>,
    /// Codes of those that a strict reader refuses and that were taken in, with how many documents had each.
    pub(super) saved: BTreeMap<String, u64>,
    /// The others.
    pub(super) lost: BTreeMap<String, u64>,
    /// Lines of the list that nothing needs.
    pub(super) wrong: Vec<String>,
}

/// Takes everything in; judges it too where `judge` is a registry with shapes.
pub(super) fn everything(shared: &Path, judge: Option<&Registry>) -> Everything {
    let mut everything = Everything::default();
    let mut used = BTreeSet::new();
    let mut rows: BTreeMap<(String, String), Vec<Listed>> = BTreeMap::new();
    for row in listed(shared) {
        let key = (row.source.clone(), row.folder.clone());
        rows.entry(key).or_default().push(row);
    }
    for (key, rows) in rows {
        let (served, after) = (empty(), empty());
        let with = contexts(shared, &after);
        let published = ContextStore::empty()
            .with_map(&shared.join("oslo/context/CONTEXT-MAP.tsv"))
            .expect("the map of contexts");
        let mut group = Group::default();
        for row in rows {
            let path = shared.join(&row.path);
            let (fate, file) = take_in(&after, &with, &path, Some(Mending::default()));
            if let Some(report) = &file.repairs {
                group.repairs.merge(report);
            }
            if judge.is_some() {
                as_served(&served, &published, &path);
            }
            if !row.parses {
                let counts = match &fate {
                    Fate::Refused(found) => {
                        let why = format!("{} {}", found.code, found.message.en);
                        *everything.lost.entry(without_names(&why)).or_default() += 1;
                        continue;
                    }
                    _ => file
                        .repairs
                        .as_ref()
                        .map(RepairReport::counts)
                        .unwrap_or_default(),
                };
                group.saved += 1;
                for code in counts.into_keys() {
                    if ["N010", "N020", "N022", "N024", "N025"].contains(&code.as_str()) {
                        *everything.saved.entry(code).or_default() += 1;
                    }
                }
                continue;
            }
            group.documents += 1;
            let why = reason(&row.path, &fate);
            let known = file
                .repairs
                .as_ref()
                .and_then(|report| report.empty.first());
            match (&fate, why) {
                (Fate::Taken, None) => group.taken += 1,
                (Fate::Taken, Some(_)) => {
                    everything.wrong.push(format!("{} is taken in", row.path))
                }
                (Fate::Empty, None) if is_no_data(&path) => {
                    group.taken += 1;
                    let why = "Holds no statements: a context, or nothing but prefixes.";
                    *everything.reasons.entry(why.to_owned()).or_default() += 1;
                }
                (Fate::Empty, None) if known.is_some() => {
                    group.taken += 1;
                    let why = known.map_or("", |(_, why)| why.en.as_str());
                    *everything.reasons.entry(why.to_owned()).or_default() += 1;
                }
                (_, Some(why)) => {
                    used.insert(why);
                    *everything.reasons.entry(why.to_owned()).or_default() += 1;
                }
                (Fate::Empty, None) => everything.wrong.push(format!("{} gives nothing", row.path)),
                (Fate::Refused(found), None) => {
                    everything.wrong.push(format!("{}: {found}", row.path));
                }
            }
        }
        if let Some(judge) = judge {
            group.served = judged(judge, &served);
            group.after = judged(judge, &after);
        }
        everything.groups.insert(key, group);
    }
    for line in NOT_TAKEN.lines().skip(1) {
        let (what, why) = line.split_once('\t').expect("two cells");
        if !used.contains(why) {
            everything
                .wrong
                .push(format!("{what} stands on the list for nothing"));
        }
    }
    everything
}

/// A message without what it quotes.
fn without_names(text: &str) -> String {
    let parts = text.split('"').enumerate();
    let parts = parts.map(|(at, part)| if at % 2 == 0 { part } else { "…" });
    let text = parts.collect::<Vec<_>>().join("\"");
    text.split(' ')
        .map(|word| {
            if word.starts_with("http") {
                "…"
            } else {
                word
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn empty() -> Registry {
    Registry::in_memory(RegistryConfig::default())
}

/// Reads a document as what it says it is, with a strict reader and the contexts that are published, or not at all.
fn as_served(registry: &Registry, contexts: &ContextStore, file: &Path) {
    let meta = CommitMeta {
        agent: "urn:test".to_owned(),
        activity: "urn:test".to_owned(),
        source: Vec::new(),
        message: None,
    };
    let request = CommitRequest::new(meta).with_mode(Mode::Off);
    let input = Input::file(file);
    // What is refused leaves nothing behind.
    let _ = registry.commit(request, |draft| {
        parse_into(draft, &input, ParseOptions::new(contexts)).map(|_| ())
    });
}

/// What the shapes of a registry say of everything in another one.
fn judged(judge: &Registry, scratch: &Registry) -> Judged {
    let view = scratch.snapshot().whole();
    let graph = |graph: Id| {
        if graph == Id::DEFAULT_GRAPH {
            "<urn:test:documents>".to_owned()
        } else {
            view.text(graph).into_owned()
        }
    };
    let mut triples = 0;
    let (_, report) = judge
        .validate_only(|draft| {
            for quad in view.quads(None, None, None, None) {
                triples += 1;
                let ids = QuadIds {
                    s: draft.intern_text(&view.text(quad.s)),
                    p: draft.intern_text(&view.text(quad.p)),
                    o: draft.intern_text(&view.text(quad.o)),
                    g: draft.intern_text(&graph(quad.g)),
                };
                draft.add(ids);
            }
            Ok::<_, std::convert::Infallible>(())
        })
        .expect("nothing fails");
    let counts = report.report.focus_counts().iter();
    Judged {
        triples,
        focus: counts.map(|count| count.count).sum(),
        results: report.report.total(),
    }
}

#[test]
fn everything_that_can_be_read_is_taken_in() {
    let Some(shared) = shared() else { return };
    let everything = everything(&shared, None);
    assert!(
        everything.wrong.is_empty(),
        "{}",
        everything.wrong.join("\n")
    );
    let taken: u64 = everything.groups.values().map(|group| group.taken).sum();
    assert!(taken >= 520, "{taken} documents");
    // Of those that no strict reader takes, most are mended.
    let saved: u64 = everything.groups.values().map(|group| group.saved).sum();
    let lost: u64 = everything.lost.values().sum();
    assert!(saved >= 30 && saved > lost, "{saved} mended, {lost} not");
}
