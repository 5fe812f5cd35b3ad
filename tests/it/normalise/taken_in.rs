//! Every document of the sources that can be read is taken in, as an operator would: RDF with repairs, records by their
//! mapping, JSON-LD with the contexts that are published. What is not taken in stands on a list with a reason, and the list
//! holds nothing else.

use super::documents::shared;
use super::sources::background;
use oslo_registry::ingest::load::{LoadItem, LoadOutcome, LoadedFile};
use oslo_registry::ingest::normalise::RepairReport;
use oslo_registry::ingest::{
    ContextStore, Diagnostic, Input, LoadPlan, Mending, ParseOptions, load_files, parse_into,
};
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::{Mode, Registry, RegistryConfig, StoredReport};
use oslo_registry::store::CommitMeta;
use std::collections::BTreeMap;
use std::path::Path;

/// Folders that are taken in.
const FOLDERS: [&str; 7] = [
    "instance", "feed-example", "ldes", "nis", "lblod", "kbo", "iot",
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

#[test]
fn explore() {
    let Some(shared) = shared() else { return };
    let registry = Registry::in_memory(RegistryConfig::default());
    let contexts = contexts(&shared, &registry);
    let mut total = RepairReport::default();
    for row in listed(&shared) {
        let begun = std::time::Instant::now();
        let (fate, file) = take_in(&registry, &contexts, &shared.join(&row.path), Some(Mending::default()));
        let word = match &fate {
            Fate::Taken => "taken".to_owned(),
            Fate::Empty => "empty".to_owned(),
            Fate::Refused(found) => format!("refused {} {}", found.code, found.message.en),
        };
        let codes = file.repairs.as_ref().map(|report| report.line(oslo_registry::rdf::label::Language::En)).unwrap_or_default();
        if let Some(report) = &file.repairs { total.merge(report); }
        println!("{}\t{}\t{word}\t{}\t{codes}\t{:.1}", row.path, row.parses, file.stats.map_or(0, |s| s.quads), begun.elapsed().as_secs_f64());
    }
    println!("{}", total.text(oslo_registry::rdf::label::Language::En));
}
