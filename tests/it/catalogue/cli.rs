//! `oslo catalogue`: what a steward says is checked, kept, shown and copied along.

use crate::oslo::{output, run, stdout};
use std::fs;

#[test]
fn the_words_of_a_steward_are_checked_kept_and_copied() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("a.ttl");
    fs::write(&file, "<http://e/a> <http://e/p> 1 .").expect("writes");
    let file = file.to_str().expect("UTF-8");
    output(
        &data,
        [
            "load",
            "--graph",
            "http://127.0.0.1:7400/graph/adressen",
            file,
        ],
    );
    let shown = run(&data, ["catalogue"]);
    assert!(stdout(&shown).contains("Voorbeeldstad"));
    // Neutral words conform, and what is missing is told.
    let checked = run(&data, ["catalogue", "check"]);
    assert_eq!(checked.status.code(), Some(0), "{}", stdout(&checked));
    assert!(stdout(&checked).contains("still to fill in\t[publisher] name"));
    let wrong = folder.path().join("wrong.toml");
    fs::write(&wrong, "license = \"gratis\"\n[contact]\nemail = \"x\"\n").expect("writes");
    let wrong = wrong.to_str().expect("UTF-8");
    for action in ["set", "check"] {
        let refused = run(&data, ["catalogue", action, wrong, "--lang", "nl"]);
        assert_eq!(refused.status.code(), Some(1));
        let told = stdout(&refused);
        assert!(
            told.contains("license") && told.contains("is geen mailadres"),
            "{told}"
        );
    }
    let right = folder.path().join("right.toml");
    fs::write(&right, stdout(&shown)).expect("writes");
    output(&data, ["catalogue", "set", right.to_str().expect("UTF-8")]);
    assert_eq!(output(&data, ["catalogue", "show"]), stdout(&shown));
    let checked = output(&data, ["catalogue", "check"]);
    assert!(checked.contains("violations\t0"), "{checked}");
    let copy = folder.path().join("copy");
    output(&data, ["backup", copy.to_str().expect("UTF-8")]);
    assert_eq!(output(&copy, ["catalogue", "show"]), stdout(&shown));
    let none = folder.path().join("none");
    let refused = run(&none, ["catalogue", "set", right.to_str().expect("UTF-8")]);
    assert_eq!(refused.status.code(), Some(2));
}
