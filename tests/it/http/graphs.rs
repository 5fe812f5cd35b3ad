//! The Graph Store protocol and graph IRIs.

use super::{BASE, SHAPE, Server, request};
use axum::http::{Method, StatusCode};

const TURTLE: &str = "text/turtle";

#[tokio::test]
async fn graphs_are_put_extended_read_and_deleted() {
    let server = Server::empty();
    let path = format!("/rdf-graphs?graph={BASE}/graph/proef");
    server.get(&path).await.assert_problem(404, "not-found");
    let put = server
        .write(
            Method::PUT,
            &path,
            TURTLE,
            "<http://e/a> <http://e/p> 1, 2 .",
        )
        .await;
    assert_eq!(
        (put.status, put.header("x-commit")),
        (StatusCode::CREATED, "1")
    );
    let post = server
        .write(Method::POST, &path, TURTLE, "<http://e/a> <http://e/p> 3 .")
        .await;
    assert_eq!(
        (post.status, &post.json()["toegevoegd"]),
        (StatusCode::OK, &1.into())
    );
    let lines = |answer: &super::Answer| answer.text().lines().count();
    assert_eq!(
        lines(&server.get_as(&path, "application/n-triples").await),
        3
    );
    // Replacing keeps what stays and says what changed.
    let replaced = server
        .write(
            Method::PUT,
            &path,
            TURTLE,
            "<http://e/a> <http://e/p> 3, 4 .",
        )
        .await;
    assert_eq!(
        (
            &replaced.json()["toegevoegd"],
            &replaced.json()["verwijderd"]
        ),
        (&1.into(), &2.into())
    );
    let head = server.send(request(Method::HEAD, &path, &[], "")).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(
        server.write(Method::DELETE, &path, TURTLE, "").await.status,
        StatusCode::OK
    );
    server
        .write(Method::DELETE, &path, TURTLE, "")
        .await
        .assert_problem(404, "not-found");
    server.get(&path).await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn the_default_graph_always_is() {
    let server = Server::empty();
    assert_eq!(
        server.get("/rdf-graphs?default").await.status,
        StatusCode::OK
    );
    let put = server
        .write(
            Method::PUT,
            "/rdf-graphs?default",
            TURTLE,
            "<http://e/a> <http://e/p> 1 .",
        )
        .await;
    assert_eq!(put.status, StatusCode::OK);
    assert!(
        server
            .get("/rdf-graphs?default")
            .await
            .text()
            .contains("http://e/a")
    );
}

#[tokio::test]
async fn graph_iris_answer_with_their_graph() {
    let server = Server::new().with_graph("vocab/x", "<http://e/a> <http://e/p> <http://e/b> .");
    for (accept, content_type) in [
        ("*/*", "text/turtle; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/n-quads", "application/n-quads"),
    ] {
        let answer = server.get_as("/graph/vocab/x", accept).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, content_type)
        );
        assert!(answer.text().contains("http://e/a"));
    }
    let tag = server.get("/graph/vocab/x").await.header("etag").to_owned();
    let fresh = server
        .send(request(
            Method::GET,
            "/graph/vocab/x",
            &[("if-none-match", &tag)],
            "",
        ))
        .await;
    assert_eq!(fresh.status, StatusCode::NOT_MODIFIED);
    server
        .get("/graph/onbekend")
        .await
        .assert_problem(404, "not-found");
    server
        .get_as("/graph/vocab/x", "image/png")
        .await
        .assert_problem(406, "not-acceptable");
}

#[tokio::test]
async fn requests_name_exactly_one_graph() {
    let server = Server::new();
    for path in [
        "/rdf-graphs?graph=http://e/g&default",
        "/rdf-graphs?graph=http://e/g&default=",
    ] {
        server.get(path).await.assert_problem(400, "graph-missing");
    }
    server
        .write(Method::POST, "/rdf-graphs", TURTLE, "")
        .await
        .assert_problem(400, "graph-missing");
    server
        .get("/rdf-graphs?graph=geen%20iri")
        .await
        .assert_problem(400, "graph-iri");
    let patched = server.write(Method::PATCH, "/graph/x", TURTLE, "").await;
    patched.assert_problem(405, "method-not-allowed");
    assert!(patched.header("allow").contains("PUT"));
    let list = server.get_as("/rdf-graphs", "text/html").await;
    insta::assert_snapshot!("graphs_page", list.snapshot());
}

#[tokio::test]
async fn content_is_parsed_whole_or_not_at_all() {
    let server = Server::empty();
    let wrong = server
        .write(
            Method::PUT,
            "/graph/proef",
            TURTLE,
            "<http://e/a> <http://e/p> 1 .\n<http://e/a> ex:b 1 .",
        )
        .await;
    let problem = wrong.assert_problem(400, "parse-error");
    assert_eq!(problem["regel"], 2);
    insta::assert_snapshot!("problem_parse_error", wrong.snapshot());
    let quads = "<http://e/a> <http://e/p> <http://e/b> <http://e/elders> .";
    server
        .write(Method::PUT, "/graph/proef", "application/n-quads", quads)
        .await
        .assert_problem(400, "other-graphs");
    assert_eq!(server.registry.snapshot().seq(), 0);
}

#[tokio::test]
async fn graph_writes_pass_the_shapes() {
    let server = Server::empty().with_graph("shapes/adres", SHAPE);
    let bad = "<http://e/1> a <https://data.vlaanderen.be/ns/adres#Adres> .";
    let refused = server
        .write(Method::POST, "/graph/adressen", TURTLE, bad)
        .await;
    assert_eq!(refused.assert_problem(422, "shapes-violated")["aantal"], 1);
    server
        .get("/graph/adressen")
        .await
        .assert_problem(404, "not-found");
}
