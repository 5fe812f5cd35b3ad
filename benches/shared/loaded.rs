//! Registries to measure: opened, with everything that ships but the examples, and with a file loaded.

use oslo_registry::ingest::load::CommitUnit;
use oslo_registry::ingest::{Input, LoadItem, LoadPlan, load_files};
use oslo_registry::registry::{Mode, Registry, RegistryConfig, assets};
use oslo_registry::store::OpenOptions;
use std::path::Path;

pub(crate) fn open(data: &Path) -> Registry {
    Registry::open(
        data,
        OpenOptions::default(),
        RegistryConfig::default(),
        &mut |_, _| {},
    )
    .expect("the registry opens")
}

/// Vocabularies, code lists and shapes: what is there before the data come.
pub(crate) fn prepare(registry: &Registry) {
    let items = assets::background_files()
        .iter()
        .map(|asset| LoadItem {
            input: Input::bytes(asset.path, asset.bytes),
            format: None,
            graph: Some(registry.graph_iri(asset.graph)),
            base_iri: None,
        })
        .collect();
    let mut plan = LoadPlan::new(registry, items);
    plan.gate = Some(Mode::Off);
    plan.unit = CommitUnit::Together;
    assert!(
        load_files(registry, &plan, &mut |_| {})
            .expect("the store works")
            .is_complete()
    );
}

/// Loads a file; how many quads it added.
pub(crate) fn load(registry: &Registry, file: &Path, gate: Mode) -> u64 {
    let item = LoadItem {
        input: Input::file(file),
        format: None,
        graph: None,
        base_iri: None,
    };
    let mut plan = LoadPlan::new(registry, vec![item]);
    plan.gate = Some(gate);
    let summary = load_files(registry, &plan, &mut |_| {}).expect("the store works");
    assert!(summary.is_complete(), "{:?}", summary.files);
    summary.quads_added()
}
