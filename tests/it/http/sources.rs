//! The page of sources and the figures of them: who sees what, and that no address key leaks.

use super::{Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::ingest::sources::run_source;
use oslo_registry::registry::{DeclaredSource, SourceKind};
use oslo_registry::store::OpenOptions;
use std::fs;
use std::sync::Arc;

const PAGE: &str = "/beheer/bronnen";

/// A server with a source that is well and one that is not.
fn with_sources(folder: &tempfile::TempDir) -> Server {
    let data = folder.path().join("data");
    let server = Server::in_folder(&data, OpenOptions::default());
    let file = folder.path().join("a.ttl");
    fs::write(&file, "<urn:a> <urn:p> 1 .").expect("room");
    let file = file.display().to_string();
    let away = "http://127.0.0.1:9/x?key=geheim".to_owned();
    for (name, kind, location) in [
        ("goed", SourceKind::File, file),
        ("stuk", SourceKind::Http, away),
    ] {
        let source = DeclaredSource {
            name: name.to_owned(),
            kind,
            location,
            graph: server.registry.graph_iri(&format!("bron/{name}")),
            every: None,
            allow_private: false,
            options: Default::default(),
            keep: String::new(),
            strict: false,
        };
        server.registry.declare_source(&source).expect("declared");
        run_source(&server.registry, &source, &Arc::default(), &mut |_| {}).expect("it runs");
    }
    server
}

#[tokio::test]
async fn the_administrator_sees_how_sources_are_doing() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_sources(&folder);
    let refused = server.get(PAGE).await;
    refused.assert_problem(401, "unauthorized");
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    let answer = server.send(request(Method::GET, PAGE, &headers, "")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text().contains("geheim"), "{}", answer.text());
    let json = answer.json();
    let (good, bad) = (&json["bronnen"][0], &json["bronnen"][1]);
    assert_eq!(good["naam"], "goed");
    assert_eq!(good["misluktNaElkaar"], 0);
    assert_eq!(good["runs"][0]["uitkomst"], "gewijzigd");
    assert!(good["laatstGelukt"].is_string());
    assert_eq!(bad["misluktNaElkaar"], 1);
    assert_eq!(bad["laatstGelukt"], serde_json::Value::Null);
    assert_eq!(bad["runs"][0]["fout"]["code"], "H010");
    assert!(bad["runs"][0]["fout"]["tip"]["nl"].is_string());
    for (language, words) in [
        ("nl", ["Laatste run", "mislukt", "eigen netwerk"]),
        ("en", ["Last run", "failing", "own network"]),
    ] {
        let headers = [
            ("authorization", authorization.as_str()),
            ("accept", "text/html"),
            ("accept-language", language),
        ];
        let page = server.send(request(Method::GET, PAGE, &headers, "")).await;
        assert_eq!(page.status, StatusCode::OK);
        for word in words {
            assert!(page.text().contains(word), "{word}: {}", page.text());
        }
        assert!(page.text().contains("/fouten/H010"));
        assert!(!page.text().contains("geheim") && !page.text().contains("<script"));
    }
}

#[tokio::test]
async fn a_browser_asks_with_a_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_sources(&folder);
    let form = [
        ("accept", "text/html"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let asked = server.get_as(PAGE, "text/html").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.text().contains("type=\"password\"") && !asked.text().contains("goed"));
    let body = format!("token={TOKEN}");
    let page = server.send(request(Method::POST, PAGE, &form, &body)).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains("Vernieuwen"), "{}", page.text());
    let wrong = server
        .send(request(Method::POST, PAGE, &form, "token=mis"))
        .await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text().contains("Dat is niet het token"));
}

#[tokio::test]
async fn figures_tell_of_each_source_and_of_no_address() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = with_sources(&folder);
    let answer = server.get("/metrics").await;
    assert_eq!(answer.status, StatusCode::OK);
    let text = answer.text();
    for line in [
        "oslo_source_up{source=\"goed\",kind=\"file\"} 1",
        "oslo_source_up{source=\"stuk\",kind=\"http\"} 0",
        "oslo_source_failures_in_a_row{source=\"stuk\",kind=\"http\"} 1",
        "oslo_source_members{source=\"goed\",kind=\"file\"} 1",
        "# TYPE oslo_source_lag_seconds gauge",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}:\n{text}");
    }
    for name in [
        "last_success_timestamp_seconds",
        "repaired",
        "quarantined",
        "refused",
    ] {
        assert!(
            text.contains(&format!("oslo_source_{name}{{source=\"goed\"")),
            "{name}"
        );
    }
    assert!(
        !text.contains("127.0.0.1") && !text.contains("geheim"),
        "{text}"
    );
}
