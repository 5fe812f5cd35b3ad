//! Clients that stewards and tools use, against a real server: `curl` here, those of Python and Node by the scripts in
//! `tests/clients`. `make clients` installs them and names their folder in `OSLO_CLIENTS`; without it those are not tried, and
//! say so. Whatever a client shows is asserted by what the client says, not by what the server sent.

mod curl;
mod details;
mod observations;

use crate::served::{Served, TOKEN, example, free_address};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The example registry, served.
struct Endpoint {
    _folder: tempfile::TempDir,
    _served: Served,
    base: String,
}

impl Endpoint {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let data = folder.path().join("data");
        let address = free_address();
        let base = format!("http://{address}");
        example(&data, &base);
        let served = Served::start(&data, address, &base, &[]);
        Self {
            _folder: folder,
            _served: served,
            base,
        }
    }
}

/// Where the clients are; `None`, told, where they are not.
fn clients() -> Option<PathBuf> {
    let found = std::env::var_os("OSLO_CLIENTS").map(PathBuf::from);
    if found.is_none() {
        eprintln!(
            "OSLO_CLIENTS names no folder: the clients of Python and Node were not tried; see `make clients`"
        );
    }
    found
}

/// Runs a client's script against a server of its own.
fn try_client(program: &Path, arguments: &[&str]) {
    let endpoint = Endpoint::start();
    let done = Command::new(program)
        .args(arguments)
        .env("OSLO_ENDPOINT", &endpoint.base)
        .env("OSLO_TOKEN", TOKEN)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    assert!(
        done.status.success(),
        "{arguments:?}\n{}\n{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
}

fn node(script: &str) {
    let Some(folder) = clients() else { return };
    let script = folder.join(script).display().to_string();
    try_client(Path::new("node"), &["--test", &script]);
}

#[test]
fn sparqlwrapper_and_rdflib_work() {
    let Some(folder) = clients() else { return };
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/clients/python_clients.py"
    );
    try_client(&folder.join("venv/bin/python"), &["-W", "ignore", script]);
}

#[test]
fn json_ld_readers_get_what_is_stored_from_the_dialect() {
    let Some(folder) = clients() else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/dialect.py");
    try_client(&folder.join("venv/bin/python"), &["-W", "ignore", script]);
}

#[test]
fn the_client_of_frost_reads_and_writes_sensors() {
    let Some(folder) = clients() else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/sensorthings.py");
    try_client(&folder.join("venv/bin/python"), &["-W", "ignore", script]);
}

#[test]
fn comunica_works() {
    node("comunica.mjs");
}

#[test]
fn the_editor_of_yasgui_works() {
    node("yasqe.mjs");
}
