//! The federal lists of municipalities: the mergers of 2019, 2024 and 2025 replayed from them, with what is wrong in the lists
//! put right.

use super::feed::ask;
use super::oslo::{output, run, stderr, stdout};
use oslo_registry::ingest::sources::{Outcome, run_source};
use oslo_registry::registry::{DeclaredSource, Registry, RegistryConfig, SourceKind};
use std::path::PathBuf;
use std::sync::Arc;

fn lists() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let root = root.join("../shared/data/registries/nis/vocab-belgif/codelist");
    if !root.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing",
            root.display()
        );
        eprintln!("skipped: {} is missing", root.display());
        return None;
    }
    Some(root)
}

/// Municipalities in use of a region of REFNIS.
fn in_use(region: &str) -> String {
    format!(
        "SELECT (COUNT(DISTINCT ?g) AS ?n) {{ ?g a <https://data.vlaanderen.be/ns/generiek#Gemeente> ; \
         <http://www.w3.org/ns/adms#status> <https://data.vlaanderen.be/id/concept/gemeentestatus/inGebruik> ; \
         <http://purl.org/dc/terms/isPartOf> ?r FILTER(STRENDS(STR(?r), \"/{region}\")) }}"
    )
}

#[test]
fn the_mergers_are_replayed() {
    let Some(folder) = lists() else { return };
    let registry = Registry::in_memory(RegistryConfig::default());
    let graph = registry.graph_iri("gemeenten");
    let location = folder.display().to_string();
    let source = DeclaredSource::new("refnis", SourceKind::Refnis, location, graph);
    let run = || run_source(&registry, &source, &Arc::default(), &mut |_| {}).expect("works");
    let record = run();
    assert_eq!(record.outcome, Outcome::Done, "{record:?}");
    assert_eq!(record.codes.get("N062"), Some(&8), "{:?}", record.codes);
    assert_eq!(run().outcome, Outcome::Unchanged);
    for (day, flanders, belgium) in [
        ("2018-12-31", "308", "589"),
        ("2019-01-01", "300", "581"),
        ("2024-12-01", "300", "581"),
        ("2024-12-02", "300", "580"),
        ("2024-12-31", "300", "580"),
        ("2025-01-01", "285", "565"),
    ] {
        assert_eq!(
            ask(&registry, Some(day), &in_use("2000")),
            [flanders],
            "{day}"
        );
        assert_eq!(
            ask(&registry, Some(day), &in_use("1000")),
            [belgium],
            "{day}"
        );
    }
    assert_eq!(ask(&registry, None, &in_use("2000")), ["285"]);
    // Two mergers of one municipality, and one that keeps its code.
    let mergers = "SELECT ?x { ?f a <https://data.vlaanderen.be/ns/organisatie#Fusie> ; <http://purl.org/dc/terms/date> ?d ; <http://www.w3.org/ns/org#resultingOrganization> ?r { SELECT ?f (GROUP_CONCAT(?c; separator=\" \") AS ?all) { SELECT ?f ?c { ?f <http://www.w3.org/ns/org#originalOrganization> ?o BIND(STRAFTER(STR(?o), \"gemeente/\") AS ?c) } ORDER BY ?f ?c } GROUP BY ?f } BIND(CONCAT(STR(?d), \" \", ?all, \" → \", STRAFTER(STR(?r), \"gemeente/\")) AS ?x) } ORDER BY ?x";
    insta::assert_snapshot!("mergers", ask(&registry, None, mergers).join("\n"));
    let id = "https://data.vlaanderen.be/id/gemeente";
    let replaced =
        format!("SELECT ?o {{ <{id}/11007> <http://purl.org/dc/terms/isReplacedBy> ?o }}");
    assert_eq!(ask(&registry, None, &replaced), [format!("{id}/11002")]);
    assert!(ask(&registry, Some("2024-12-31"), &replaced).is_empty());
    let name = format!(
        "SELECT ?n {{ <{id}/12034> <http://www.w3.org/2000/01/rdf-schema#label> ?n FILTER(LANG(?n) = \"nl\") }}"
    );
    assert_eq!(ask(&registry, None, &name), ["Sint-Amands"]);
}

#[test]
fn operators_ask_what_held_on_a_day() {
    let Some(folder) = lists() else { return };
    let temporary = tempfile::tempdir().expect("a folder");
    let data = temporary.path().join("data");
    let folder = folder.display().to_string();
    output(
        &data,
        [
            "source",
            "add",
            "refnis",
            &folder,
            "--kind",
            "refnis",
            "--graph",
            "gemeenten",
        ],
    );
    let ran = output(&data, ["source", "run"]);
    assert!(ran.starts_with("refnis\tchanged\t"), "{ran}");
    let ran = output(&data, ["source", "run"]);
    assert!(ran.starts_with("refnis\tunchanged\t"), "{ran}");
    let text = in_use("2000");
    for (day, count) in [
        ("2018-12-31", "308"),
        ("2024-12-31", "300"),
        ("2025-01-01", "285"),
    ] {
        let found = output(
            &data,
            ["query", "--format", "csv", "--valid-on", day, &text],
        );
        assert!(
            found.ends_with(&format!("{count}\r\n")) || found.ends_with(&format!("{count}\n")),
            "{found}"
        );
    }
    let wrong = run(&data, ["query", "--valid-on", "eergisteren", &text]);
    assert_eq!(
        wrong.status.code(),
        Some(2),
        "{} {}",
        stdout(&wrong),
        stderr(&wrong)
    );
    output(&data, ["check", "--deep"]);
}

#[test]
fn other_documents_are_no_lists() {
    let temporary = tempfile::tempdir().expect("a folder");
    let file = temporary.path().join("x.ttl");
    std::fs::write(&file, "<urn:a> <urn:b> <urn:c> .").expect("room");
    let registry = Registry::in_memory(RegistryConfig::default());
    let graph = registry.graph_iri("gemeenten");
    let source = DeclaredSource::new("x", SourceKind::Refnis, file.display().to_string(), graph);
    let record = run_source(&registry, &source, &Arc::default(), &mut |_| {}).expect("works");
    assert_eq!(record.failure.expect("a reason").code, "H022");
}
