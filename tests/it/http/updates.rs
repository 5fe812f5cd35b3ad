//! SPARQL updates: rights, the commit gate, what the client is told.

use super::{BASE, SHAPE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::http::ServerConfig;

const UPDATE: &str = "application/sparql-update";
const INSERT: &str =
    "INSERT DATA { GRAPH <http://register.test/graph/proef> { <http://e/a> <http://e/p> 1 } }";

#[tokio::test]
async fn only_the_administrator_writes() {
    let server = Server::new();
    for path in ["/sparql/update", "/sparql"] {
        let plain = [("content-type", UPDATE)];
        let answer = server
            .send(request(Method::POST, path, &plain, INSERT))
            .await;
        answer.assert_problem(401, "unauthorized");
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
        let wrong = [("content-type", UPDATE), ("authorization", "Bearer mis")];
        let answer = server
            .send(request(Method::POST, path, &wrong, INSERT))
            .await;
        answer.assert_problem(401, "unauthorized");
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }
    assert_eq!(server.registry.snapshot().seq(), 1);
}

#[tokio::test]
async fn without_a_token_the_server_only_reads() {
    let server = Server::with_config(ServerConfig::default());
    let sent = [("content-type", UPDATE), ("authorization", "Bearer x")];
    let answer = server
        .send(request(Method::POST, "/sparql/update", &sent, INSERT))
        .await;
    answer.assert_problem(403, "read-only");
    insta::assert_snapshot!("problem_read_only", answer.snapshot());
    let put = [("content-type", "text/turtle")];
    server
        .send(request(Method::PUT, "/graph/x", &put, "<a:a> <a:b> 1 ."))
        .await
        .assert_problem(403, "read-only");
}

#[tokio::test]
async fn an_update_is_one_commit_seen_by_the_next_read() {
    let server = Server::new();
    let answer = server
        .write(Method::POST, "/sparql/update", UPDATE, INSERT)
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("x-commit"), "2");
    let json = answer.json();
    assert_eq!(
        (&json["toegevoegd"], &json["gewijzigd"]),
        (&1.into(), &true.into())
    );
    assert!(
        json["activiteit"]
            .as_str()
            .is_some_and(|iri| iri.starts_with(BASE))
    );
    let read = server.get("/graph/proef").await;
    assert_eq!(read.header("x-commit"), "2");
    assert!(read.text().contains("http://e/a"));
    let form = format!(
        "update={}",
        oslo_registry::views::html::percent_encode(INSERT)
    );
    let again = server
        .write(
            Method::POST,
            "/sparql/update",
            "application/x-www-form-urlencoded",
            &form,
        )
        .await;
    assert_eq!(again.json()["gewijzigd"], false);
    assert_eq!(again.header("x-commit"), "2");
}

#[tokio::test]
async fn a_violation_refuses_the_whole_update() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let bad = "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> INSERT DATA { GRAPH <http://register.test/graph/adressen> {
        <https://data.vlaanderen.be/id/adres/99> a adr:Adres . <http://e/goed> <http://e/p> 1 } }";
    let answer = server
        .write(Method::POST, "/sparql/update", UPDATE, bad)
        .await;
    let problem = answer.assert_problem(422, "shapes-violated");
    let first = &problem["fouten"][0];
    assert_eq!(first["focus"], "https://data.vlaanderen.be/id/adres/99");
    assert_eq!(
        first["boodschap"]["nl"],
        "Een adres heeft precies één huisnummer."
    );
    insta::assert_snapshot!("problem_refused_update", answer.snapshot());
    assert_eq!(server.registry.snapshot().seq(), 2, "nothing was stored");
    let authorization = format!("Bearer {TOKEN}");
    let turtle = [
        ("content-type", UPDATE),
        ("authorization", authorization.as_str()),
        ("accept", "text/turtle"),
    ];
    let report = server
        .send(request(Method::POST, "/sparql/update", &turtle, bad))
        .await;
    assert_eq!(report.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(report.text().contains("ValidationReport"));
    // The same state stays writable for what is right.
    let good = bad.replace("a adr:Adres", "a adr:Adres ; adr:huisnummer \"1\"");
    assert_eq!(
        server
            .write(Method::POST, "/sparql/update", UPDATE, &good)
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn updates_fetch_nothing() {
    let server = Server::new();
    let answer = server
        .write(
            Method::POST,
            "/sparql/update",
            UPDATE,
            "LOAD <http://elders.example/data.ttl>",
        )
        .await;
    answer.assert_problem(400, "update-refused");
    let wrong = server
        .write(Method::POST, "/sparql/update", UPDATE, "INSERT DATA {")
        .await;
    wrong.assert_problem(400, "query-syntax");
    assert_eq!(server.registry.snapshot().seq(), 1);
}
