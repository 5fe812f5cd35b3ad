//! `oslo validate` as a build server and an editor meet it: forms, places, profiles, earlier reports, exit codes.

use super::oslo::{output, run, stderr, stdout};
use crate::http::reports::{assert_sarif, assert_well_formed};
use serde_json::Value as Json;
use std::fs;
use std::path::Path;

const SHAPES: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://e/> .
ex:S a sh:NodeShape ; sh:targetClass ex:C ;
  sh:property [ sh:path ex:naam ; sh:minCount 1 ] ;
  sh:property [ sh:path ex:code ; sh:maxLength 3 ; sh:severity sh:Warning ] .";
const FIRST: &str = "@prefix ex: <http://e/> .

ex:a a ex:C ; ex:naam \"A\" .
# ex:b
ex:b
  a ex:C ;
  ex:code \"lang\" .
";
const SECOND: &str =
    "<http://e/c> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://e/C> .\n";

/// A folder with a registry that holds the shapes, and two files beside it.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("temporary folder");
        let place = Self { folder };
        place.write("shapes.ttl", SHAPES);
        place.write("een.ttl", FIRST);
        place.write("twee.nt", SECOND);
        let graph = "http://127.0.0.1:7400/graph/shapes/proef";
        let shapes = place.path("shapes.ttl");
        output(&place.data(), ["load", "--graph", graph, &shapes]);
        place
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("write");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.path().join(name)).expect("read")
    }
}

#[test]
fn results_point_at_file_and_line() {
    let place = Place::new();
    let (first, second) = (place.path("een.ttl"), place.path("twee.nt"));
    let report = run(
        &place.data(),
        ["validate", "--format", "sarif", &first, &second],
    );
    assert_eq!(report.status.code(), Some(1), "{}", stderr(&report));
    let sarif: Json = serde_json::from_str(&stdout(&report)).expect("JSON");
    assert_sarif(&sarif);
    let mut places: Vec<(String, String, u64)> = sarif["runs"][0]["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|result| {
            let location = &result["locations"][0]["physicalLocation"];
            let uri = location["artifactLocation"]["uri"].as_str().expect("a URI");
            let name = uri.rsplit('/').next().expect("a name").to_owned();
            let line = location["region"]["startLine"].as_u64().expect("a line");
            let rule = result["ruleId"].as_str().expect("a code").to_owned();
            (rule, name, line)
        })
        .collect();
    places.sort();
    let expected = [
        ("V004", "een.ttl", 5),
        ("V004", "twee.nt", 1),
        ("V011", "een.ttl", 5),
    ];
    let expected = expected.map(|(rule, name, line)| (rule.to_owned(), name.to_owned(), line));
    assert_eq!(places, expected);
    let csv = run(&place.data(), ["validate", "--format", "csv", &first]);
    let mut reader = csv::Reader::from_reader(&csv.stdout[..]);
    assert!(reader.records().all(|row| row.expect("a row")[8] == first));
}

#[test]
fn the_name_of_the_output_tells_its_form() {
    let place = Place::new();
    let first = place.path("een.ttl");
    for (name, start) in [
        ("r.ttl", "@prefix"),
        ("r.jsonld", "{\"@context\""),
        ("r.nt", "_:"),
        ("r.rdf", "<?xml"),
        ("r.csv", "ernst,"),
        ("r.ndjson", "{"),
        ("r.sarif", "{\"$schema\""),
        ("r.txt", "warning["),
        ("r.html", "<!DOCTYPE html>"),
    ] {
        let path = place.path(name);
        let done = run(
            &place.data(),
            ["validate", "--output", &path, &first, "--lang", "en"],
        );
        assert_eq!(done.status.code(), Some(1), "{name}: {}", stderr(&done));
        assert_eq!(stdout(&done), "", "{name}");
        let text = place.read(name);
        assert!(text.starts_with(start), "{name}: {text}");
        if name == "r.html" {
            assert_well_formed(&text);
            assert!(text.contains("<style>") && text.contains("een.ttl"));
            assert!(!text.contains(" href=\"/"));
        }
    }
    let refused = run(&place.data(), ["validate", "--format", "docx", &first]);
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn only_what_an_earlier_report_lacks_counts() {
    let place = Place::new();
    let (first, second) = (place.path("een.ttl"), place.path("twee.nt"));
    for name in ["r.ndjson", "r.sarif", "r.ttl", "r.rdf", "r.jsonld", "r.nt"] {
        let path = place.path(name);
        run(&place.data(), ["validate", "--output", &path, &first]);
        let same = run(&place.data(), ["validate", "--baseline", &path, &first]);
        assert_eq!(same.status.code(), Some(0), "{name}: {}", stdout(&same));
        let more = [
            "validate",
            "--baseline",
            &path,
            "--format",
            "ndjson",
            &first,
            &second,
        ];
        let more = run(&place.data(), more);
        assert_eq!(more.status.code(), Some(1), "{name}");
        let lines = stdout(&more);
        assert_eq!(lines.lines().count(), 1, "{name}: {lines}");
        assert!(lines.contains("http://e/c"), "{lines}");
    }
    let csv = place.path("r.csv");
    run(&place.data(), ["validate", "--output", &csv, &first]);
    let refused = run(&place.data(), ["validate", "--baseline", &csv, &first]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(stderr(&refused).contains("r.csv"), "{}", stderr(&refused));
    let missing = run(&place.data(), ["validate", "--baseline", "niets", &first]);
    assert_eq!(missing.status.code(), Some(2));
}

#[test]
fn the_exit_code_follows_the_severity_asked() {
    let place = Place::new();
    place.write(
        "waarschuwing.ttl",
        "<http://e/a> a <http://e/C> ; <http://e/naam> 1 ; <http://e/code> \"lang\" .",
    );
    let file = place.path("waarschuwing.ttl");
    for (level, expected) in [("info", 1), ("warning", 1), ("violation", 0)] {
        let done = run(&place.data(), ["validate", "--fail-on", level, &file]);
        assert_eq!(done.status.code(), Some(expected), "{level}");
    }
    let file = place.path("een.ttl");
    let done = run(&place.data(), ["validate", "--fail-on", "violation", &file]);
    assert_eq!(done.status.code(), Some(1));
}

#[test]
fn a_profile_is_chosen_by_its_name() {
    let place = Place::new();
    let other = "@prefix sh: <http://www.w3.org/ns/shacl#> .
<http://e/T> a sh:NodeShape ; sh:targetClass <http://e/C> ; sh:closed false .";
    place.write("ander.ttl", other);
    let graph = "http://127.0.0.1:7400/graph/shapes/ander";
    output(
        &place.data(),
        ["load", "--graph", graph, &place.path("ander.ttl")],
    );
    let file = place.path("een.ttl");
    for (profile, expected) in [("proef", 1), ("ander", 0), ("all", 1)] {
        let done = run(&place.data(), ["validate", "--profile", profile, &file]);
        assert_eq!(done.status.code(), Some(expected), "{profile}");
    }
    let both = [
        "validate",
        "--profile",
        "ander",
        "--profile",
        "proef",
        &file,
    ];
    assert_eq!(run(&place.data(), both).status.code(), Some(1));
    // The stored registry too: it holds nothing to check.
    let stored = run(&place.data(), ["validate", "--profile", "proef"]);
    assert_eq!(stored.status.code(), Some(0), "{}", stdout(&stored));
    let wrong = run(&place.data(), ["validate", "--profile", "x", &file]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).contains("ander, proef"),
        "{}",
        stderr(&wrong)
    );
}

#[test]
fn codes_are_explained_in_both_languages() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let explain =
        |language: &str, code: &str| output(folder.path(), ["--lang", language, "explain", code]);
    insta::assert_snapshot!("explain_v004_nl", explain("nl", "V004"));
    insta::assert_snapshot!("explain_l001_en", explain("en", "l001"));
    insta::assert_snapshot!("explain_p012_en", explain("en", "P012"));
    assert!(explain("en", "not-found").contains("HTTP 404"));
    let list = output(folder.path(), ["explain"]);
    for code in ["V001", "V029", "L001", "L050", "P001", "P042"] {
        assert!(list.contains(&format!("{code}  ")), "{code}");
    }
    let none = run(Path::new(folder.path()), ["explain", "X1"]);
    assert_eq!(none.status.code(), Some(2));
}
