//! Identity and time over HTTP: entity tags of resource states, the two times of a request, versions, time maps, what became
//! of resources that are gone, forms of documents, and limits on requests.

mod forms;
mod gone;
mod tags;
mod times;
mod versions;

use crate::http::Server;
use oslo_registry::ingest::load::{LoadItem, LoadOutcome};
use oslo_registry::ingest::{Input, LoadPlan, load_files};
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::Mode;
use oslo_registry::store::OpenOptions;
use serde_json::{Value, json};
use std::path::Path;
use tempfile::TempDir;

/// The address of the records.
const ADDRESS: &str = "https://data.vlaanderen.be/id/adres/90000001";
/// Its versions and statuses.
const VERSIONS: [(&str, &str); 3] = [
    ("2019-05-01T10:00:00+02:00", "voorgesteld"),
    ("2020-02-03T09:30:00+01:00", "inGebruik"),
    ("2025-01-01T01:00:00+01:00", "gehistoreerd"),
];

/// A record of the base registries with another version and status.
fn record(version: &str, status: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/records/v3/adres.json");
    let text = std::fs::read_to_string(path).expect("a record");
    let mut record: Value = serde_json::from_str(&text).expect("JSON");
    let data = &mut record["data"];
    data["identificator"]["gestructureerdeIdentificator"]["versieIdentificator"] = json!(version);
    data["status"]["@id"] = json!(format!(
        "https://data.vlaanderen.be/id/concept/adresstatus/{status}"
    ));
    record.to_string()
}

/// Takes a record in as `oslo load` does.
fn take(server: &Server, text: String) {
    let item = LoadItem {
        input: Input::bytes("adres.json", text.into_bytes()),
        format: Some(Format::JsonLd),
        graph: None,
        base_iri: None,
    };
    let mut plan = LoadPlan::new(&server.registry, vec![item]);
    plan.gate = Some(Mode::Off);
    let mut summary = load_files(&server.registry, &plan, &mut |_| {}).expect("the store works");
    let file = summary.files.remove(0);
    assert!(
        matches!(file.outcome, LoadOutcome::Loaded { .. }),
        "{:?}",
        file.outcome
    );
}

/// A registry in a folder with an address of three versions, each a commit.
fn three_versions() -> (TempDir, Server) {
    let folder = TempDir::new().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    for (version, status) in VERSIONS {
        take(&server, record(version, status));
    }
    (folder, server)
}
