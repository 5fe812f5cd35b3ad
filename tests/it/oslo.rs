//! Runs the real binary in a folder of its own, away from the settings of whoever runs the tests.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The binary with a data folder, ready for arguments. `OSLO_BINARY` tries another one than was just built.
pub(crate) fn oslo(data: &Path) -> Command {
    let built = env!("CARGO_BIN_EXE_oslo").into();
    let mut command = Command::new(std::env::var_os("OSLO_BINARY").unwrap_or(built));
    for name in [
        "OSLO_DATA",
        "OSLO_BASE",
        "OSLO_LANG",
        "OSLO_MEMORY",
        "RUST_LOG",
        "LC_ALL",
        "LC_MESSAGES",
    ] {
        command.env_remove(name);
    }
    command
        .env("LANG", "C")
        .arg("--data")
        .arg(data)
        .stdin(Stdio::null());
    command
}

/// Runs the binary to its end.
pub(crate) fn run<const N: usize>(data: &Path, arguments: [&str; N]) -> Output {
    oslo(data)
        .args(arguments)
        .output()
        .expect("the binary runs")
}

/// Runs the binary and returns what it printed; anything but exit code 0 is a failure.
pub(crate) fn output<const N: usize>(data: &Path, arguments: [&str; N]) -> String {
    let done = run(data, arguments);
    assert!(
        done.status.success(),
        "{arguments:?}: {:?}\n{}",
        done.status,
        stderr(&done)
    );
    stdout(&done)
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
