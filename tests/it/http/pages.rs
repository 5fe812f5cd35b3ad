//! The start page, static files, health, and what holds for every response.

use super::{Server, request};
use axum::http::{Method, StatusCode};

#[tokio::test]
async fn the_start_page_speaks_to_three_groups() {
    let server = Server::new();
    let page = server.get_as("/", "text/html").await;
    insta::assert_snapshot!("home_page", page.snapshot());
    assert!(
        page.header("content-security-policy")
            .contains("default-src 'none'")
    );
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert!(!page.text().contains("<script"));
}

#[tokio::test]
async fn every_page_is_accessible_html() {
    let server = Server::new().with_graph("shapes/adres", super::SHAPE);
    let pages = [
        "/",
        "/sparql",
        "/sparql?query=SELECT%20*%20WHERE%20%7B%3Fs%20%3Fp%20%3Fo%7D",
        "/validate",
        "/validate?profiel=adres",
        "/rapport",
        "/rapport?weergave=objecten",
        "/shapes",
        "/shapes/adres",
        "/fouten",
        "/fouten/V004",
        "/rdf-graphs",
        "/api/adressen",
        "/doc/adres/9",
        "/bestaat-niet",
        "/bevragingen",
    ];
    for path in pages {
        let page = server.get_as(path, "text/html").await;
        let text = page.text();
        assert_eq!(
            page.header("content-type"),
            "text/html; charset=utf-8",
            "{path}"
        );
        for needed in [
            "<!DOCTYPE html>",
            "<html lang=\"nl\">",
            "class=\"skip\"",
            "<main id=\"inhoud\"",
            "<title>",
            "<h1>",
        ] {
            assert!(text.contains(needed), "{path}: {needed}");
        }
        assert!(
            !text.contains("<script") && !text.contains(" style="),
            "{path}: nothing inline"
        );
    }
}

#[tokio::test]
async fn health_tells_the_commit() {
    let server = Server::new();
    let answer = server.get("/health").await;
    assert_eq!(answer.json()["status"], "ok");
    assert_eq!(answer.json()["commit"], 1);
    assert_eq!(answer.json()["schrijven"], true);
    for size in ["lagen", "indexBytes", "logBytes", "geheugenBytes"] {
        assert!(answer.json()["opslag"][size].is_u64(), "{size}");
    }
    assert_eq!(answer.header("x-commit"), "1");
    assert_eq!(answer.header("x-request-id"), "proef");
}

#[tokio::test]
async fn request_numbers_are_plain_words_or_ours() {
    let server = Server::new();
    let sent = request(Method::GET, "/health", &[("x-request-id", "a b\"c")], "");
    // The builder of test requests already sent one; the first header wins.
    assert_eq!(server.send(sent).await.header("x-request-id"), "proef");
    let bare = axum::http::Request::get("/health")
        .header("x-request-id", "a b")
        .body(axum::body::Body::empty())
        .expect("a request");
    let given = server.send(bare).await;
    assert!(
        given.header("x-request-id").contains('-'),
        "{}",
        given.header("x-request-id")
    );
}

#[tokio::test]
async fn the_style_sheet_is_cached() {
    let server = Server::new();
    let css = server.get("/static/oslo.css").await;
    assert_eq!(css.header("content-type"), "text/css; charset=utf-8");
    assert!(css.header("cache-control").contains("max-age"));
    assert!(!css.header("etag").is_empty());
}

#[tokio::test]
async fn errors_follow_language_and_format() {
    let server = Server::new();
    let nl = server.get("/bestaat-niet").await;
    insta::assert_snapshot!("problem_not_found", nl.snapshot());
    let en = server
        .send(request(
            Method::GET,
            "/bestaat-niet",
            &[("accept-language", "en")],
            "",
        ))
        .await;
    assert_eq!(en.json()["title"], "Not found");
    assert_eq!(en.header("content-language"), "en");
    let page = server
        .send(request(
            Method::GET,
            "/bestaat-niet",
            &[("accept", "text/html"), ("accept-language", "en")],
            "",
        ))
        .await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    insta::assert_snapshot!("problem_page", page.snapshot());
    server
        .send(request(Method::POST, "/health", &[], ""))
        .await
        .assert_problem(405, "method-not-allowed");
}

#[tokio::test]
async fn every_error_code_is_explained() {
    let server = Server::new();
    let list = server.get_as("/fouten", "application/json").await.json();
    let known: Vec<&str> = list["fouten"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|entry| entry["code"].as_str())
        .collect();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let code = regex::Regex::new(r#"(?:StatusCode::[A-Z_]+|bad_request\(|status),?\s*"([a-z-]+)",|Self::\w+(?: \{ \.\. \}|\(_\)) => "((?:query|update)-[a-z-]+)""#).expect("a pattern");
    for file in [
        "http/error.rs",
        "http/body.rs",
        "http/sparql.rs",
        "http/graphs.rs",
        "http/documents.rs",
        "http/collections.rs",
        "http/reply.rs",
        "http/writes.rs",
        "http/mod.rs",
        "http/graph_writes.rs",
        "http/running.rs",
        "http/unpack.rs",
        "http/updates.rs",
        "http/void.rs",
        "query/error.rs",
    ] {
        let text = std::fs::read_to_string(root.join(file)).expect("a source file");
        for found in code.captures_iter(&text) {
            let name = found.get(1).or(found.get(2)).expect("one of them").as_str();
            // These never reach a client under their own name.
            if !["query-write", "query-internal"].contains(&name) {
                assert!(known.contains(&name), "{file}: {name}");
            }
        }
    }
    assert_eq!(
        server.get_as("/fouten/not-found", "text/html").await.status,
        StatusCode::OK
    );
    server
        .get("/fouten/bestaat-niet")
        .await
        .assert_problem(404, "not-found");
    let malformed = server.get("/doc/adres/%FF").await;
    malformed.assert_problem(400, "malformed");
}

#[tokio::test]
async fn public_reads_may_come_from_other_sites() {
    let server = Server::new();
    let answer = server
        .send(request(
            Method::GET,
            "/api/adressen",
            &[("origin", "https://elders.example")],
            "",
        ))
        .await;
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert!(
        answer
            .header("access-control-expose-headers")
            .contains("x-commit")
    );
    let preflight = server
        .send(request(
            Method::OPTIONS,
            "/sparql",
            &[
                ("origin", "https://elders.example"),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type"),
            ],
            "",
        ))
        .await;
    assert_eq!(preflight.status, StatusCode::NO_CONTENT);
    for header in ["content-type", "authorization", "if-match"] {
        let allowed = preflight.header("access-control-allow-headers");
        assert!(allowed.contains(header), "{header}");
    }
    assert_eq!(
        preflight.header("access-control-allow-methods"),
        "GET, HEAD, POST, OPTIONS"
    );
}

#[tokio::test]
async fn compressed_answers_have_their_own_entity_tag() {
    let server = Server::new();
    let plain = server.get("/api/adressen").await;
    let packed = server
        .send(request(
            Method::GET,
            "/api/adressen",
            &[("accept-encoding", "gzip")],
            "",
        ))
        .await;
    assert_eq!(packed.header("content-encoding"), "gzip");
    assert_ne!(plain.header("etag"), packed.header("etag"));
    assert!(
        packed.header("vary").contains("accept-encoding")
            || packed.headers.get_all("vary").iter().count() > 1
    );
    let again = server
        .send(request(
            Method::GET,
            "/api/adressen",
            &[
                ("accept-encoding", "gzip"),
                ("if-none-match", packed.header("etag")),
            ],
            "",
        ))
        .await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
}
