//! Dumps as Python reads them: rdflib for RDF, PyLD for JSON-LD, `csv` and `json` for the rest. `make clients` installs them.

use crate::served::{Served, example, free_address};
use std::path::PathBuf;
use std::process::Command;

#[test]
fn python_reads_what_the_api_says() {
    let Some(clients) = std::env::var_os("OSLO_CLIENTS").map(PathBuf::from) else {
        eprintln!(
            "OSLO_CLIENTS names no folder: Python did not read the dumps; see `make clients`"
        );
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let data = dir.path().join("data");
    let address = free_address();
    let base = format!("http://{address}");
    example(&data, &base);
    crate::oslo::output(&data, ["--base", &base, "dump"]);
    let served = Served::start(&data, address, &base, &[]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/dumps.py");
    let done = Command::new(clients.join("venv/bin/python"))
        .args(["-W", "ignore", script])
        .env("OSLO_ENDPOINT", &base)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python runs");
    assert!(
        done.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr)
    );
    print!("{}", String::from_utf8_lossy(&done.stdout));
    served.stop();
}
