//! Limits: what is refused before the first byte, and what breaks off after it.

use super::{Server, TOKEN, request};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use oslo_registry::http::ServerConfig;
use oslo_registry::views::html::percent_encode;
use std::time::{Duration, Instant};

fn config() -> ServerConfig {
    ServerConfig {
        admin_token: Some(TOKEN.to_owned()),
        ..ServerConfig::default()
    }
}

fn many(count: usize) -> String {
    (0..count)
        .map(|n| format!("<http://e/s{n}> <http://e/p> {n} .\n"))
        .collect()
}

fn query(text: &str) -> String {
    format!("/sparql?query={}", percent_encode(text))
}

#[tokio::test]
async fn bodies_are_bounded() {
    let server = Server::with_config(ServerConfig {
        max_body_bytes: 100,
        max_query_bytes: 50,
        ..config()
    });
    let long = "x".repeat(200);
    let large = server
        .write(Method::PUT, "/graph/x", "text/turtle", &long)
        .await;
    let problem = large.assert_problem(413, "body-too-large");
    assert_eq!(problem["limiet"], "max_body_bytes");
    insta::assert_snapshot!("problem_too_large", large.snapshot());
    // Without an announced length the limit holds while reading.
    let chunks = tokio_stream::iter((0..30).map(|_| Ok::<_, std::io::Error>("0123456789")));
    let streamed = Request::post("/validate")
        .header("content-type", "text/turtle")
        .body(Body::from_stream(chunks))
        .expect("a request");
    server
        .send(streamed)
        .await
        .assert_problem(413, "body-too-large");
    let sparql = [("content-type", "application/sparql-query")];
    server
        .send(request(Method::POST, "/sparql", &sparql, &long))
        .await
        .assert_problem(413, "body-too-large");
    server
        .get(&query(&long))
        .await
        .assert_problem(413, "body-too-large");
}

#[tokio::test]
async fn a_limit_before_the_first_byte_is_a_status() {
    let server = Server::with_config(ServerConfig {
        max_rows: 10,
        ..config()
    })
    .with_graph("veel", &many(50));
    let answer = server.get(&query("SELECT * { ?s ?p ?o }")).await;
    let problem = answer.assert_problem(400, "query-row-limit");
    assert_eq!(
        (&problem["limiet"], &problem["grens"]),
        (&"max_rows".into(), &10.into())
    );
    assert_eq!(
        server
            .get(&query("SELECT * { ?s ?p ?o } LIMIT 10"))
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_limit_after_the_first_byte_breaks_the_answer_off() {
    let server = Server::with_config(ServerConfig {
        max_rows: 4000,
        ..config()
    })
    .with_graph("veel", &many(5000));
    let sent = request(Method::GET, &query("SELECT * { ?s ?p ?o }"), &[], "");
    let (status, body) = server.send_raw(sent).await;
    assert_eq!(status, StatusCode::OK);
    body.expect_err("a part must not pass for the whole");
}

#[tokio::test]
async fn slow_queries_are_stopped() {
    let server = Server::with_config(config()).with_graph("veel", &many(2000));
    let started = Instant::now();
    let slow = query(
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }",
    );
    let answer = server.get(&format!("{slow}&timeout=300ms")).await;
    let problem = answer.assert_problem(503, "query-timeout");
    assert_eq!(problem["limiet"], "timeout");
    assert!(!answer.header("retry-after").is_empty());
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn requests_beyond_the_turns_are_sent_away() {
    let server = Server::with_config(ServerConfig {
        max_concurrent_queries: 0,
        queue_timeout: Duration::from_millis(10),
        ..config()
    })
    .with_graph("veel", &many(5));
    for path in [
        query("SELECT * { ?s ?p ?o }"),
        "/graph/veel".to_owned(),
        "/rapport".to_owned(),
    ] {
        let answer = server.get(&path).await;
        answer.assert_problem(503, "too-many-queries");
        assert_eq!(answer.header("retry-after"), "5");
    }
    assert_eq!(server.get("/health").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_goes_away_frees_its_turn() {
    let server = Server::with_config(ServerConfig {
        max_concurrent_queries: 1,
        queue_timeout: Duration::from_secs(5),
        ..config()
    })
    .with_graph("veel", &many(2000));
    // An endless answer that nobody reads.
    let endless = query("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }");
    {
        use tower::ServiceExt as _;
        let response = server
            .app
            .clone()
            .oneshot(request(Method::GET, &endless, &[], ""))
            .await;
        let response = response.expect("the router never fails");
        assert_eq!(response.status(), StatusCode::OK);
    }
    let started = Instant::now();
    assert_eq!(
        server.get(&query("ASK { ?s ?p ?o }")).await.status,
        StatusCode::OK
    );
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "the first query still held its turn"
    );
}

#[tokio::test]
async fn small_answers_come_whole_and_large_ones_as_they_grow() {
    let server = Server::with_config(config()).with_graph("veel", &many(5000));
    // The first query on a state goes another way than the next one; both give the same.
    let small = query("SELECT ?o { <http://e/s7> ?p ?o }");
    let first = server.get(&small).await;
    let next = server.get(&small).await;
    assert_eq!(first.body, next.body);
    for answer in [&first, &next] {
        assert_eq!(
            answer.header("content-length"),
            answer.body.len().to_string()
        );
    }
    let large = query("SELECT * { ?s ?p ?o } ORDER BY ?o");
    let large = server.get(&large).await;
    assert_eq!(large.header("content-length"), "");
    let rows = large.json()["results"]["bindings"].as_array().map(Vec::len);
    assert_eq!(rows, Some(5000));
    // Small but slow: started over where it may take its time.
    let slow = "SELECT (COUNT(*) AS ?n) { \
        { SELECT ?c { ?a ?b ?c } ORDER BY ?c LIMIT 300 } { SELECT ?f { ?d ?e ?f } ORDER BY ?f LIMIT 300 } \
        FILTER(?c + ?f < 100) }";
    let slow = query(slow);
    let slow = server.get(&slow).await;
    assert_eq!(slow.json()["results"]["bindings"][0]["n"]["value"], "5050");
}

#[tokio::test]
async fn an_answer_given_up_does_not_look_whole() {
    use tower::ServiceExt as _;
    let server = Server::with_config(ServerConfig {
        stall_timeout: Duration::from_millis(50),
        ..config()
    })
    .with_graph("veel", &many(20_000));
    let sent = request(Method::GET, &query("SELECT * { ?s ?p ?o }"), &[], "");
    let response = server.app.clone().oneshot(sent).await;
    let response = response.expect("the router never fails");
    assert_eq!(response.status(), StatusCode::OK);
    tokio::time::sleep(Duration::from_millis(1500)).await;
    let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
    body.expect_err("a part must not pass for the whole");
}
