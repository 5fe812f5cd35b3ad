//! The description of the interface, judged by others: a linter, a validator of JSON Schema, and requests that are generated
//! from it. `make interface` installs what judges and names its folder in `OSLO_INTERFACE`; without it nothing is judged here,
//! and the tests say so.

use crate::served::{Served, TOKEN, example, free_address};
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

/// Generated requests of one operation and phase, in a short run.
const FEW: &str = "1";
/// The seed of the short run: the same requests every time.
const SEED: &str = "7";

/// The example registry, served.
struct Endpoint {
    folder: tempfile::TempDir,
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
            folder,
            _served: served,
            base,
        }
    }

    /// Runs a program that asks this endpoint.
    fn run(&self, command: &mut Command) -> Output {
        command
            .env("OSLO_ENDPOINT", &self.base)
            .env("OSLO_TOKEN", TOKEN)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONPATH", beside("."))
            .current_dir(self.folder.path())
            .output()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"))
    }
}

/// Where the judges are; `None`, told, where they are not.
fn judges() -> Option<PathBuf> {
    let found = std::env::var_os("OSLO_INTERFACE").map(PathBuf::from);
    if found.is_none() {
        eprintln!(
            "OSLO_INTERFACE names no folder: the description of the interface was not judged; see `make interface`"
        );
    }
    found
}

/// A file of `tests/interface`.
fn beside(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/interface")
        .join(name)
}

fn assert_done(done: &Output) -> String {
    let told = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&done.stderr)
    );
    told
}

#[test]
fn a_linter_finds_no_mistake() {
    let Some(folder) = judges() else { return };
    let endpoint = Endpoint::start();
    let path = endpoint.folder.path().join("openapi.json");
    let fetched = endpoint.run(
        Command::new("curl")
            .args(["-sSf", "-o"])
            .arg(&path)
            .arg(format!("{}/openapi.json", endpoint.base)),
    );
    assert_done(&fetched);
    let linted = endpoint.run(
        Command::new("node")
            .arg(folder.join("node_modules/@redocly/cli/bin/cli.js"))
            .arg("lint")
            .arg(&path)
            .arg("--config")
            .arg(beside("redocly.yaml"))
            .args(["--format", "github-actions"])
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true"),
    );
    let told = assert_done(&linted);
    assert!(!told.contains("::warning"), "{told}");
}

#[test]
fn every_item_meets_its_schema() {
    let Some(folder) = judges() else { return };
    let endpoint = Endpoint::start();
    let done = endpoint.run(Command::new(folder.join("venv/bin/python")).arg(beside("schemas.py")));
    eprintln!("{}", assert_done(&done).lines().last().unwrap_or_default());
}

/// `OSLO_SCHEMATHESIS` is the number of requests for each operation in a long run, with a seed of its own.
#[test]
fn generated_requests_are_answered_as_described() {
    let Some(folder) = judges() else { return };
    let endpoint = Endpoint::start();
    // It looks for its files, and leaves others, in the folder it is started in.
    for name in ["schemathesis.toml", "hooks.py"] {
        fs::copy(beside(name), endpoint.folder.path().join(name)).expect("copied");
    }
    let mut command = Command::new(folder.join("venv/bin/schemathesis"));
    command
        .arg("run")
        .arg(format!("{}/openapi.json", endpoint.base))
        .arg("--no-color");
    match std::env::var("OSLO_SCHEMATHESIS") {
        Ok(many) => command.args([
            "--max-examples",
            &many,
            "--continue-on-failure",
            // How fast a busy machine makes requests says nothing about the server.
            "--suppress-health-check",
            "too_slow",
        ]),
        Err(_) => command.args([
            "--max-examples",
            FEW,
            "--phases",
            "examples,fuzzing",
            "--seed",
            SEED,
        ]),
    };
    let told = assert_done(&endpoint.run(&mut command));
    let summary = told.find("SUMMARY").map_or("", |at| &told[at..]);
    eprintln!("{summary}");
}
