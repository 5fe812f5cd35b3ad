//! The account of queries: who sees it, what it tells, and how a query is stopped.

use super::{Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::http::ServerConfig;
use oslo_registry::views::html::percent_encode;
use serde_json::Value as Json;
use std::time::{Duration, Instant};

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

async fn account(server: &Server) -> Json {
    let authorization = bearer();
    let headers = [("authorization", authorization.as_str())];
    server
        .send(request(Method::GET, "/bevragingen", &headers, ""))
        .await
        .json()
}

fn ask(text: &str) -> String {
    format!("/sparql?query={}", percent_encode(text))
}

/// A server and a query on it that takes long.
fn busy() -> (Server, String) {
    let turtle: String = (0..2000)
        .map(|n| format!("<http://e/s{n}> <http://e/p> {n} .\n"))
        .collect();
    let slow =
        ask("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }");
    (Server::empty().with_graph("veel", &turtle), slow)
}

/// Waits until a query runs; its number.
async fn running(server: &Server) -> String {
    let started = Instant::now();
    loop {
        let account = account(server).await;
        if let Some(id) = account["lopend"][0]["nummer"].as_str() {
            assert_eq!(account["lopend"][0]["vorm"], "SELECT");
            return id.to_owned();
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{account:#}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn ended_queries_are_told_with_their_figures() {
    let server = Server::new();
    server.get(&ask("SELECT * { ?s a ?c } LIMIT 3")).await;
    server.get(&ask("ASK { ?s ?p ?o }")).await;
    server
        .get(&format!(
            "{}&default-graph-uri=http://e/a&named-graph-uri=http://e/b",
            ask("CONSTRUCT WHERE { ?s ?p ?o }")
        ))
        .await;
    server
        .get(&ask("SELECT * { SERVICE <http://e/s> { ?s ?p ?o } }"))
        .await;
    server
        .get_as(&ask("SELECT * { ?s a ?c } LIMIT 2"), "text/html")
        .await;
    let update = "INSERT DATA { <http://e/a> <http://e/p> 1, 2 }";
    server
        .write(Method::POST, "/sparql", "application/sparql-update", update)
        .await;
    let account = account(&server).await;
    assert_eq!(account["lopend"], Json::Array(Vec::new()));
    let ended = account["afgelopen"].as_array().expect("a list");
    let told: Vec<String> = ended
        .iter()
        .map(|query| {
            format!(
                "{} {} {} {}",
                query["vorm"], query["uitkomst"], query["rijen"], query["grafen"]
            )
        })
        .collect();
    insta::assert_snapshot!("account_ended", told.join("\n"));
    assert_eq!(ended[0]["tekst"], update);
    assert!(
        ended
            .iter()
            .all(|query| query["nummer"] == "proef" && query["duurMs"].is_u64())
    );
}

#[tokio::test]
async fn only_the_administrator_sees_the_account() {
    let server = Server::new();
    let path = "/bevragingen";
    let bare = server.get(path).await;
    bare.assert_problem(401, "unauthorized");
    assert!(bare.header("www-authenticate").starts_with("Bearer"));
    for (method, path) in [
        (Method::DELETE, "/bevragingen/x"),
        (Method::POST, "/bevragingen/x/stop"),
    ] {
        server
            .send(request(method, path, &[], ""))
            .await
            .assert_problem(401, "unauthorized");
    }
    let page = server.get_as(path, "text/html").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    insta::assert_snapshot!("account_token_form", page.snapshot());
    let post = async |token: &str| {
        let headers = [FORM, ("accept", "text/html")];
        let form = format!("token={token}");
        server
            .send(request(Method::POST, path, &headers, &form))
            .await
    };
    let wrong = post("mis").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("niet het token"));
    let right = post(TOKEN).await;
    assert_eq!(right.status, StatusCode::OK);
    assert_eq!(right.header("cache-control"), "no-store");
    insta::assert_snapshot!("account_empty_page", right.snapshot());
    let closed = Server::with_config(ServerConfig::default());
    closed.get(path).await.assert_problem(403, "read-only");
}

#[tokio::test]
async fn a_running_query_can_be_stopped() {
    let (server, slow) = busy();
    let stopping = async {
        let id = running(&server).await;
        let authorization = bearer();
        let headers = [("authorization", authorization.as_str())];
        let path = format!("/bevragingen/{id}");
        let stopped = server
            .send(request(Method::DELETE, &path, &headers, ""))
            .await;
        assert_eq!(stopped.json()["gestopt"], id);
        let unknown = request(Method::DELETE, "/bevragingen/onbekend", &headers, "");
        server.send(unknown).await.assert_problem(404, "not-found");
    };
    let (answer, ()) = tokio::join!(server.get(&slow), stopping);
    answer.assert_problem(503, "query-cancelled");
    let account = account(&server).await;
    assert_eq!(account["afgelopen"][0]["uitkomst"], "query-cancelled");
}

#[tokio::test]
async fn a_query_can_be_stopped_from_the_page() {
    let (server, slow) = busy();
    let stopping = async {
        let id = running(&server).await;
        let headers = [FORM, ("accept", "text/html")];
        let form = format!("token={TOKEN}");
        let page = server
            .send(request(Method::POST, "/bevragingen", &headers, &form))
            .await;
        let path = format!("/bevragingen/{id}/stop");
        assert!(
            page.text().contains(&format!("action=\"{path}\"")),
            "{}",
            page.text()
        );
        assert!(!page.text().contains("<script") && !page.text().contains(" style="));
        let stopped = server
            .send(request(Method::POST, &path, &headers, &form))
            .await;
        assert_eq!(stopped.status, StatusCode::OK);
        assert!(stopped.text().contains("role=\"status\""));
    };
    let (answer, ()) = tokio::join!(server.get(&slow), stopping);
    answer.assert_problem(503, "query-cancelled");
}

#[tokio::test]
async fn whoever_hangs_up_left_its_query() {
    let (server, slow) = busy();
    tokio::select! {
        _ = server.get(&slow) => panic!("it takes long"),
        _ = running(&server) => {}
    }
    let started = Instant::now();
    loop {
        let account = account(&server).await;
        if account["lopend"] == Json::Array(Vec::new()) {
            assert_eq!(account["afgelopen"][0]["uitkomst"], "verlaten");
            break;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{account:#}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
