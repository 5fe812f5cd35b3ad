//! The tutorial, typed as it stands there, against the example registry with all its shapes.

use crate::served::{Served, TOKEN, example, free_address};
use std::path::Path;
use std::process::Command;

const PAGE: &str = include_str!("../../../docs/tutorial-huwelijk.md");

#[test]
fn the_tutorial_does_what_it_says() {
    let there = Command::new("curl").arg("--version").output();
    if there.is_err() {
        assert!(std::env::var_os("CI").is_none(), "curl is not installed");
        eprintln!("curl is not installed: it was not tried");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let address = free_address();
    let base = format!("http://{address}");
    example(&data, &base);
    let _served = Served::start(&data, address, &base, &[]);
    let blocks = PAGE.split("```sh\n").skip(1);
    let script: String = blocks
        .filter_map(|block| block.split_once("```").map(|(script, _)| script))
        .collect();
    let done = Command::new("sh")
        .args(["-e", "-c", &script])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")))
        .env("BASE", &base)
        .env("TOKEN", TOKEN)
        .env("OUT", folder.path())
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&done.stdout);
    let failed = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{said}\n{failed}");
    for expected in [
        "\"huisnummer\"",
        "\"fase\": \"Afgerond\"",
        "be.vlaanderen.lokaal.dossier.status.v1",
        "illegal-transition",
    ] {
        assert!(
            said.contains(expected),
            "{expected} is not said:\n{said}\n{failed}"
        );
    }
}
