//! Quarantine from outside: on the command line and over HTTP, who names no graph does not see what waits.

use crate::http::{Answer, BASE, SHAPE, Server};
use crate::oslo::{output, run, stderr, stdout};
use axum::http::Method;
use std::path::Path;

const UPDATE: &str = "application/sparql-update";
const WAITING: &str = "https://data.vlaanderen.be/id/adres/99";

/// Addresses, and one without a house number that waits; text and place of its own.
async fn server() -> (Server, Answer) {
    let server = Server::new().with_graph("shapes/adres", SHAPE).with_graph(
        "beheer/poort",
        &format!("<{BASE}/graph/adressen> <urn:oslo-registry:gate:mode> \"quarantine\" ."),
    );
    let update = format!(
        "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> PREFIX geo: <http://www.opengis.net/ont/geosparql#>
         INSERT DATA {{ GRAPH <{BASE}/graph/adressen> {{
           <{WAITING}> a adr:Adres ; <http://www.w3.org/2000/01/rdf-schema#label> \"Wachtplaats\"@nl ;
             geo:asWKT \"POINT(4.35 50.85)\"^^geo:wktLiteral .
           <https://data.vlaanderen.be/id/adres/12> a adr:Adres ; adr:huisnummer \"12\" }} }}"
    );
    let answer = server
        .write(Method::POST, "/sparql/update", UPDATE, &update)
        .await;
    (server, answer)
}

async fn ask(server: &Server, pattern: &str) -> bool {
    let text = format!(
        "PREFIX text: <urn:oslo-registry:text:> PREFIX geo: <http://www.opengis.net/ont/geosparql#> \
         PREFIX geof: <http://www.opengis.net/def/function/geosparql/> ASK {{ {pattern} }}"
    );
    let path = format!("/sparql?query={}", percent(&text));
    let answer = server
        .get_as(&path, "application/sparql-results+json")
        .await;
    answer.json()["boolean"]
        .as_bool()
        .unwrap_or_else(|| panic!("{}", answer.text()))
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[tokio::test]
async fn the_answer_of_a_write_tells_who_waits() {
    let (server, answer) = server().await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let json = answer.json();
    assert_eq!(json["quarantaine"]["wachten"], 1, "{json:#}");
    assert_eq!(json["quarantaine"]["leden"][0], WAITING);
    assert_eq!(json["bevindingen"]["nieuw"]["fout"], 0);
    // The number arrives in another graph, by somebody who knows nothing of this.
    let update = format!(
        "PREFIX adr: <https://data.vlaanderen.be/ns/adres#>
         INSERT DATA {{ GRAPH <{BASE}/graph/nummers> {{ <{WAITING}> adr:huisnummer \"99\" }} }}"
    );
    let answer = server
        .write(Method::POST, "/sparql/update", UPDATE, &update)
        .await;
    assert_eq!(
        answer.json()["quarantaine"]["vrijgekomen"],
        1,
        "{}",
        answer.text()
    );
    assert!(
        ask(
            &server,
            &format!("GRAPH <{BASE}/graph/adressen> {{ <{WAITING}> ?p ?o }}")
        )
        .await
    );
    assert!(
        !ask(
            &server,
            &format!("GRAPH <{BASE}/graph/quarantaine/adressen> {{ ?s ?p ?o }}")
        )
        .await
    );
}

#[tokio::test]
async fn what_waits_is_seen_by_its_graphs_name_only() {
    let (server, _) = server().await;
    let place = format!("{BASE}/graph/quarantaine/adressen");
    let near =
        "?s geo:asWKT ?w FILTER (geof:distance(?w, \"POINT(4.35 50.85)\"^^geo:wktLiteral) < 1000)";
    for pattern in [
        format!("<{WAITING}> ?p ?o"),
        "?s ?p \"Wachtplaats\"@nl".to_owned(),
        "?l text:search \"wachtplaats\"".to_owned(),
        near.to_owned(),
        format!("?s ?p <{WAITING}>"),
    ] {
        assert!(!ask(&server, &pattern).await, "{pattern}");
        if !pattern.contains("text:search") && !pattern.starts_with("?s ?p <") {
            let named = format!("GRAPH <{place}> {{ {pattern} }}");
            assert!(ask(&server, &named).await, "{named}");
        }
    }
    let from = format!(
        "/sparql?query={}",
        percent(&format!("ASK FROM <{place}> {{ <{WAITING}> a ?c }}"))
    );
    let answer = server
        .get_as(&from, "application/sparql-results+json")
        .await;
    assert_eq!(answer.json()["boolean"], true);
    // The graph itself can be read, and is listed.
    let graph = server
        .get_as("/graph/quarantaine/adressen", "application/n-triples")
        .await;
    assert!(graph.text().contains(WAITING), "{}", graph.text());
    assert!(
        server
            .get_as("/graph/quarantaine/adressen/redenen", "text/turtle")
            .await
            .text()
            .contains("huisnummer")
    );
    assert!(
        server
            .get_as("/rdf-graphs", "text/html")
            .await
            .text()
            .contains("quarantaine/adressen")
    );
    // Documents, collections and VoID know nothing of it.
    assert_eq!(
        server
            .get_as("/doc/adres/99", "application/ld+json")
            .await
            .status,
        404
    );
    assert_eq!(
        server
            .get_as("/doc/adres/12", "application/ld+json")
            .await
            .status,
        200
    );
    let all = server.get_as("/api/adressen", "application/ld+json").await;
    assert_eq!(all.status, 200, "{}", all.text());
    assert!(all.text().contains("adres/12") && !all.text().contains("adres/99"));
    let void = server.get_as("/.well-known/void", "text/turtle").await;
    assert!(!void.text().contains("quarantaine"), "{}", void.text());
    // The report says that somebody waits.
    let report = server.get_as("/rapport", "text/html").await;
    assert!(report.text().contains("quaranta") || report.text().contains("quarantine"));
    assert_eq!(server.registry.report().report.total(), 0);
}

#[test]
fn the_command_line_shows_tries_and_drops() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        let text = format!("@prefix ex: <http://example.org/> .\n{text}");
        std::fs::write(&path, text).expect("room");
        path.display().to_string()
    };
    let load = |graph: &str, path: &str, how: &str| {
        let graph = format!("http://127.0.0.1:7400/graph/{graph}");
        run(
            &data,
            ["load", "--on-violation", how, "--graph", &graph, path],
        )
    };
    let shapes = file(
        "vormen.ttl",
        "@prefix sh: <http://www.w3.org/ns/shacl#> .
         ex:Tree a sh:NodeShape , <http://www.w3.org/2000/01/rdf-schema#Class> ;
           sh:property [ sh:path ex:height ; sh:minCount 1 ] , [ sh:path ex:street ; sh:class ex:Street ] .",
    );
    assert!(load("shapes/proef", &shapes, "reject").status.success());
    let trees = file(
        "bomen.ttl",
        "ex:a a ex:Tree ; ex:height 1 . ex:b a ex:Tree . ex:c a ex:Tree ; ex:height 2 ; ex:street ex:s .",
    );
    let done = load("bomen", &trees, "quarantine");
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(
        stdout(&done).starts_with("loaded\t2\t"),
        "{}",
        stdout(&done)
    );
    assert!(
        stderr(&done).contains("quarantine: 2 wait\n  http://example.org/b\n"),
        "{}",
        stderr(&done)
    );
    let again = load("bomen", &trees, "quarantine");
    assert!(
        stdout(&again).starts_with("unchanged\t"),
        "{}",
        stdout(&again)
    );
    let home = "http://127.0.0.1:7400/graph/bomen";
    let list = output(&data, ["quarantine"]);
    assert!(list.starts_with("graph\tmember\tresults\twhy\n"), "{list}");
    assert!(
        list.contains(&format!("{home}\thttp://example.org/b\t1\t")),
        "{list}"
    );
    assert_eq!(
        list,
        output(&data, ["quarantine", "list", "--graph", "bomen"])
    );
    assert_eq!(
        output(&data, ["quarantine", "list", "--graph", "default"])
            .lines()
            .count(),
        1
    );
    let shown = output(&data, ["quarantine", "show", "http://example.org/c"]);
    assert!(shown.starts_with("# http://example.org/c\n#   "), "{shown}");
    assert!(
        shown.contains("<http://127.0.0.1:7400/graph/quarantaine/bomen> ."),
        "{shown}"
    );
    assert_eq!(
        output(&data, ["quarantine", "retry"]),
        "released\t0\twaiting\t2\n"
    );
    assert_eq!(
        output(&data, ["quarantine", "drop", "http://example.org/b"]),
        "dropped\t1\twaiting\t1\n"
    );
    assert_eq!(run(&data, ["quarantine", "drop"]).status.code(), Some(2));
    assert_eq!(
        run(&data, ["quarantine", "show", "http://example.org/b"])
            .status
            .code(),
        Some(1)
    );
    let count = "SELECT (COUNT(*) AS ?n) { ?s a <http://example.org/Tree> }";
    assert_eq!(
        output(&data, ["query", "--format", "csv", count]),
        "n\r\n1\r\n"
    );
    assert!(output(&data, ["export"]).contains("/quarantaine/bomen/redenen>"));
    let streets = file("straten.ttl", "ex:s a ex:Street .");
    let done = load("straten", &streets, "off");
    assert!(
        stderr(&done).contains("quarantine: 1 released"),
        "{}",
        stderr(&done)
    );
    assert_eq!(
        output(&data, ["query", "--format", "csv", count]),
        "n\r\n2\r\n"
    );
    check(&data);
}

/// The rule of a graph, a dry run, and Dutch.
#[test]
fn a_rule_and_a_dry_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("alles.trig");
    let text = "@prefix ex: <http://example.org/> . @prefix sh: <http://www.w3.org/ns/shacl#> .
        <http://127.0.0.1:7400/graph/shapes/x> { ex:S sh:targetClass ex:Tree ; a sh:NodeShape ; sh:property [ sh:path ex:height ; sh:minCount 1 ] . }";
    std::fs::write(&file, text).expect("room");
    let file = file.display().to_string();
    output(&data, ["load", &file]);
    let shown = output(
        &data,
        ["gate", "bomen", "--mode", "quarantine", "--from", "warning"],
    );
    assert_eq!(
        shown,
        "http://127.0.0.1:7400/graph/bomen\tquarantine\twarning\n"
    );
    let insert = "PREFIX ex: <http://example.org/> INSERT DATA { GRAPH <http://127.0.0.1:7400/graph/bomen> { ex:t a ex:Tree } }";
    let before = output(&data, ["log"]);
    let tried = run(&data, ["--lang", "nl", "update", "--dry-run", insert]);
    assert!(tried.status.success());
    assert!(
        stderr(&tried).contains("quarantaine: 1 wachten"),
        "{}",
        stderr(&tried)
    );
    assert_eq!(before, output(&data, ["log"]));
    let done = run(&data, ["update", insert]);
    assert!(
        stderr(&done).contains("quarantine: 1 wait"),
        "{}",
        stderr(&done)
    );
    assert_eq!(output(&data, ["quarantine"]).lines().count(), 2);
    check(&data);
}

fn check(data: &Path) {
    let check = run(data, ["check", "--deep"]);
    assert!(check.status.success(), "{}", stderr(&check));
}
