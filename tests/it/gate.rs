//! The gate and the live report from outside: how strictly a commit is judged per graph, dry runs, and since when which
//! result is there, asked by SPARQL.

use crate::oslo::{output, run, stderr, stdout};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const BASE: &str = "http://127.0.0.1:7400/graph";
const SHAPES: &str = r#"
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix ex: <http://example.org/> .
ex:TreeShape a sh:NodeShape ; sh:targetClass ex:Tree ;
    sh:property ex:TreeHeight , ex:TreeStreet , ex:TreeName .
ex:TreeHeight sh:path ex:height ; sh:minCount 1 .
ex:TreeStreet sh:path ex:street ; sh:class ex:Street .
ex:TreeName sh:path ex:name ; sh:minCount 1 ; sh:severity sh:Warning .
"#;

struct Town {
    folder: TempDir,
}

impl Town {
    fn new() -> Self {
        let town = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        let shapes = town.file("shapes.ttl", SHAPES);
        let graph = format!("{BASE}/shapes/proef");
        output(&town.data(), ["load", "--graph", &graph, &shapes]);
        town
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(
            &path,
            format!("@prefix ex: <http://example.org/> .\n{text}"),
        )
        .expect("room for a file");
        path.display().to_string()
    }

    /// Loads Turtle into a graph: exit code, standard output, standard error.
    fn load(&self, graph: &str, turtle: &str, options: &[&str]) -> (i32, String, String) {
        let file = self.file("load.ttl", turtle);
        let graph = format!("{BASE}/{graph}");
        let mut command = crate::oslo::oslo(&self.data());
        command.args(["load", "--graph", &graph]).args(options);
        let done = command.arg(file).output().expect("the binary runs");
        (
            done.status.code().expect("an exit code"),
            stdout(&done),
            stderr(&done),
        )
    }

    fn update(&self, text: &str) -> String {
        let text = format!("PREFIX ex: <http://example.org/> {text}");
        output(&self.data(), ["update", &text])
    }

    fn query(&self, text: &str) -> String {
        let text = format!(
            "PREFIX ex: <http://example.org/> PREFIX sh: <http://www.w3.org/ns/shacl#> \
             PREFIX v: <urn:oslo-registry:shacl:> {text}"
        );
        output(&self.data(), ["query", "--format", "csv", &text])
    }
}

fn commits(data: &Path) -> usize {
    output(data, ["log"]).lines().count()
}

#[test]
fn each_graph_is_judged_by_its_own_rule() {
    let town = Town::new();
    let bad = "ex:t1 a ex:Tree .";
    let (code, _, told) = town.load("bomen", bad, &[]);
    assert_eq!(code, 1, "{told}");
    assert!(told.contains("V004"), "{told}");
    // A rule for one graph leaves the others as they are.
    let shown = output(&town.data(), ["gate", "bomen", "--mode", "warn"]);
    assert_eq!(shown, format!("{BASE}/bomen\twarn\tviolation\n"));
    assert_eq!(town.load("bomen", bad, &[]).0, 0);
    assert_eq!(town.load("struiken", "ex:t2 a ex:Tree .", &[]).0, 1);
    // The command line goes before the rule.
    assert_eq!(
        town.load("bomen", "ex:t3 a ex:Tree .", &["--on-violation", "reject"])
            .0,
        1
    );
    // The rule of all graphs, and its end.
    output(&town.data(), ["gate", "--mode", "report"]);
    assert_eq!(town.load("struiken", "ex:t2 a ex:Tree .", &[]).0, 0);
    let shown = output(&town.data(), ["gate"]);
    assert_eq!(
        shown,
        format!("*\treport\tviolation\n{BASE}/bomen\twarn\tviolation\n")
    );
    let shown = output(&town.data(), ["gate", "bomen", "--clear"]);
    assert_eq!(shown, format!("{BASE}/bomen\treport\tviolation\n"));
}

#[test]
fn the_threshold_makes_warnings_count() {
    let town = Town::new();
    let nameless = "ex:t1 a ex:Tree ; ex:height 3 .";
    assert_eq!(town.load("bomen", nameless, &[]).0, 0);
    output(&town.data(), ["gate", "bomen", "--from", "warning"]);
    let (code, _, told) = town.load("bomen", "ex:t2 a ex:Tree ; ex:height 4 .", &[]);
    assert_eq!(code, 1, "{told}");
    // What was there already holds nobody up.
    let (code, _, told) = town.load("bomen", "ex:t1 ex:colour \"green\" .", &[]);
    assert_eq!(code, 0, "{told}");
}

#[test]
fn old_faults_hold_nobody_up_and_mending_is_told() {
    let town = Town::new();
    assert_eq!(
        town.load(
            "bomen",
            "ex:t1 a ex:Tree ; ex:name \"Eik\" .",
            &["--on-violation", "warn"]
        )
        .0,
        0
    );
    let (code, _, told) = town.load(
        "bomen",
        "ex:t2 a ex:Tree ; ex:height 2 ; ex:name \"Beuk\" .",
        &[],
    );
    assert_eq!(code, 0, "{told}");
    let (code, _, told) = town.load("bomen", "ex:t1 ex:height 12 .", &[]);
    assert_eq!(code, 0);
    assert!(
        told.contains("new 0; solved 1 × violation; remaining 0"),
        "{told}"
    );
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let town = Town::new();
    let before = commits(&town.data());
    let good = "ex:t1 a ex:Tree ; ex:height 3 ; ex:name \"Linde\" .";
    let (code, told, _) = town.load("bomen", good, &["--dry-run"]);
    assert_eq!(code, 0);
    assert!(told.starts_with("dry-run\t\t3\t0\t"), "{told}");
    let (code, _, told) = town.load("bomen", "ex:t2 a ex:Tree .", &["--dry-run"]);
    assert_eq!(code, 1, "{told}");
    let text = format!("INSERT DATA {{ GRAPH <{BASE}/bomen> {{ <urn:x:a> <urn:x:b> 1 }} }}");
    let told = output(&town.data(), ["update", "--dry-run", &text]);
    assert!(told.starts_with("dry-run\t2\t+1\t-0"), "{told}");
    assert_eq!(commits(&town.data()), before);
    assert_eq!(
        town.query("SELECT (COUNT(*) AS ?n) { ?s a ex:Tree }"),
        "n\r\n0\r\n"
    );
}

#[test]
fn the_report_is_a_graph_with_the_commits_of_its_results() {
    let town = Town::new();
    let warn = ["--on-violation", "warn"];
    town.load("bomen", "ex:t1 a ex:Tree ; ex:name \"Eik\" .", &warn);
    town.load(
        "bomen",
        "ex:t2 a ex:Tree ; ex:name \"Es\" ; ex:height 1 ; ex:street ex:s .",
        &warn,
    );
    let present = format!(
        "SELECT ?focus ?since {{ GRAPH <{BASE}/rapport/bevindingen> {{ \
         ?r a sh:ValidationResult ; sh:focusNode ?focus ; v:since ?since }} }} ORDER BY ?focus"
    );
    assert_eq!(
        town.query(&present),
        "focus,since\r\nhttp://example.org/t1,2\r\nhttp://example.org/t2,3\r\n"
    );
    // The street arrives in another graph: the tree that refers to it is mended without being touched.
    town.update(&format!(
        "INSERT DATA {{ GRAPH <{BASE}/straten> {{ ex:s a ex:Street }} }}"
    ));
    assert_eq!(
        town.query(&present),
        "focus,since\r\nhttp://example.org/t1,2\r\n"
    );
    let past = format!(
        "SELECT ?focus ?since ?until ?component {{ GRAPH <{BASE}/rapport/geschiedenis> {{ \
         ?r a v:SolvedResult ; sh:focusNode ?focus ; v:since ?since ; v:until ?until ; \
         v:component ?component }} }}"
    );
    assert_eq!(
        town.query(&past),
        "focus,since,until,component\r\nhttp://example.org/t2,3,4,Class\r\n"
    );
    // Nobody else sees those statements, and they are in no commit.
    assert_eq!(
        town.query("SELECT (COUNT(*) AS ?n) { ?r a sh:ValidationResult }"),
        "n\r\n0\r\n"
    );
    let check = run(&town.data(), ["check", "--deep"]);
    assert!(check.status.success(), "{}", stderr(&check));
}

#[test]
fn a_lost_history_is_made_up_for() {
    let town = Town::new();
    let warn = ["--on-violation", "warn"];
    town.load("bomen", "ex:t1 a ex:Tree ; ex:name \"Eik\" .", &warn);
    std::fs::remove_dir_all(town.data().join("report")).expect("the history is there");
    town.load("bomen", "ex:t2 a ex:Tree ; ex:name \"Es\" .", &warn);
    let since = format!(
        "SELECT ?focus ?since {{ GRAPH <{BASE}/rapport/bevindingen> {{ \
         ?r sh:focusNode ?focus ; v:since ?since }} }} ORDER BY ?focus"
    );
    // The first result is known from the state that the second commit was made on.
    assert_eq!(
        town.query(&since),
        "focus,since\r\nhttp://example.org/t1,2\r\nhttp://example.org/t2,3\r\n"
    );
}

#[test]
fn new_rules_do_not_refuse_their_own_commit() {
    let town = Town::new();
    town.load(
        "bomen",
        "ex:t1 a ex:Tree ; ex:name \"Eik\" ; ex:height 2 .",
        &[],
    );
    let rules = "@prefix sh: <http://www.w3.org/ns/shacl#> .
        ex:Colour a sh:NodeShape ; sh:targetClass ex:Tree ; sh:property [ sh:path ex:colour ; sh:minCount 1 ] .";
    let (code, _, told) = town.load("shapes/kleur", rules, &[]);
    assert_eq!(code, 0, "{told}");
    // The new fault counts from here on, and the next commit does not bring it.
    let (code, _, told) = town.load("bomen", "ex:t1 ex:age 80 .", &[]);
    assert_eq!(code, 0, "{told}");
    let (code, _, _) = town.load(
        "bomen",
        "ex:t2 a ex:Tree ; ex:name \"Es\" ; ex:height 1 .",
        &[],
    );
    assert_eq!(code, 1);
}
