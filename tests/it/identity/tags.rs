//! Entity tags follow the state of a resource; answers that were given are remembered no longer than they hold; numbers,
//! preferences and limits of requests.

use crate::http::{BASE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::http::{RateLimit, ServerConfig};
use std::time::Duration;

const PATHS: [&str; 6] = [
    "/doc/adres/9",
    "/doc/adres/9.ttl",
    "/doc/adres/9.nq",
    "/doc/adres/9.html",
    "/doc?uri=https://data.vlaanderen.be/id/adres/9",
    "/api/adressen/9",
];

async fn tag(server: &Server, path: &str) -> String {
    let answer = server.get(path).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.header("etag").to_owned()
}

/// The part of a tag that all representations of a resource share.
fn state_of(tag: &str) -> &str {
    let (state, view) = tag.trim_matches('"').split_once('.').expect("two parts");
    assert!(state.len() == 16 && view.len() == 16, "{tag}");
    state
}

#[tokio::test]
async fn a_tag_changes_with_the_resource_and_with_nothing_else() {
    let server = Server::new();
    let mut tags = Vec::new();
    for path in PATHS {
        tags.push(tag(&server, path).await);
    }
    let states: Vec<&str> = tags.iter().map(|tag| state_of(tag)).collect();
    assert!(states.iter().all(|state| *state == states[0]), "{tags:?}");
    let distinct: std::collections::BTreeSet<&String> = tags.iter().take(4).collect();
    assert_eq!(distinct.len(), 4, "each format has its own: {tags:?}");
    server.load("elders", b"<http://e/a> <http://e/p> 1 .");
    for (path, before) in PATHS.iter().zip(&tags) {
        assert_eq!(&tag(&server, path).await, before, "{path}");
    }
    server.load(
        "elders",
        b"<https://data.vlaanderen.be/id/adres/9> <http://e/p> 1 .",
    );
    for (path, before) in PATHS.iter().zip(&tags) {
        assert_ne!(
            state_of(&tag(&server, path).await),
            state_of(before),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_answer_is_remembered_until_the_next_commit() {
    let server = Server::new();
    let path = "/doc/adres/9";
    let first = tag(&server, path).await;
    let ask = |tag: String, accept: &'static str, method: Method| {
        let server = &server;
        async move {
            let headers = [("if-none-match", tag.as_str()), ("accept", accept)];
            server.send(request(method, path, &headers, "")).await
        }
    };
    let mut seen: Option<String> = None;
    for _ in 0..3 {
        let answer = ask(first.clone(), "*/*", Method::GET).await;
        assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
        assert!(answer.body.is_empty());
        let told = [
            "etag",
            "cache-control",
            "vary",
            "x-commit",
            "x-request-id",
            "x-content-type-options",
            "access-control-allow-origin",
        ];
        let told: Vec<&str> = told.iter().map(|name| answer.header(name)).collect();
        assert!(told.iter().all(|value| !value.is_empty()), "{told:?}");
        let all = format!("{told:?}{:?}", answer.links());
        assert_eq!(seen.get_or_insert(all.clone()), &all);
    }
    // Another tag, another format, another way of asking.
    assert_eq!(
        ask("\"x\"".to_owned(), "*/*", Method::GET).await.status,
        StatusCode::OK
    );
    assert_eq!(
        ask(first.clone(), "text/turtle", Method::GET).await.status,
        StatusCode::OK
    );
    assert_eq!(
        ask(first.clone(), "*/*", Method::HEAD).await.status,
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(
        ask("*".to_owned(), "*/*", Method::GET).await.status,
        StatusCode::NOT_MODIFIED
    );
    server.load("elders", b"<http://e/a> <http://e/p> 1 .");
    let later = ask(first.clone(), "*/*", Method::GET).await;
    assert_eq!(
        (later.status, later.header("x-commit")),
        (StatusCode::NOT_MODIFIED, "2")
    );
    server.load(
        "elders",
        b"<https://data.vlaanderen.be/id/adres/9> <http://e/p> 1 .",
    );
    assert_eq!(ask(first, "*/*", Method::GET).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_condition_on_reading_is_kept() {
    let server = Server::new();
    let turtle = tag(&server, "/doc/adres/9.ttl").await;
    for (condition, status) in [(turtle.as_str(), 200), ("*", 200), ("\"x\"", 412)] {
        let headers = [("if-match", condition)];
        let answer = server
            .send(request(Method::GET, "/doc/adres/9.jsonld", &headers, ""))
            .await;
        assert_eq!(answer.status.as_u16(), status, "{condition}");
    }
}

#[tokio::test]
async fn requests_have_the_number_their_client_gave() {
    let server = Server::new();
    for (sent, number, correlation) in [
        (vec![("x-correlation-id", "abc-1")], "proef", "abc-1"),
        (vec![], "proef", "proef"),
        (vec![("x-correlation-id", "niet zo!")], "proef", "proef"),
    ] {
        let answer = server.send(request(Method::GET, "/api", &sent, "")).await;
        assert_eq!(answer.header("x-request-id"), number);
        assert_eq!(answer.header("x-correlation-id"), correlation);
    }
}

#[tokio::test]
async fn preferences_are_followed_and_told() {
    let server = Server::new();
    let strict = [("prefer", "handling=strict")];
    let answer = server
        .send(request(
            Method::GET,
            "/doc/adres/9?geldigOp=2024-12-31",
            &strict,
            "",
        ))
        .await;
    assert_eq!(answer.header("preference-applied"), "handling=strict");
    let refused = server
        .send(request(Method::GET, "/doc/adres/9?onzin=1", &strict, ""))
        .await;
    assert_eq!(
        refused.assert_problem(400, "bad-parameter")["parameter"],
        "onzin"
    );
    assert_eq!(
        server.get("/doc/adres/9?onzin=1").await.status,
        StatusCode::OK
    );
    let token = format!("Bearer {TOKEN}");
    let write = |prefer: &'static str| {
        let headers = [
            ("authorization", token.as_str()),
            ("content-type", "text/turtle"),
            ("prefer", prefer),
        ];
        let body = format!("<http://e/{}> <http://e/p> 1 .", prefer.len());
        server.send(request(Method::PUT, "/graph/kort", &headers, &body))
    };
    let created = write("return=minimal").await;
    assert_eq!(
        (created.status, created.body.len()),
        (StatusCode::CREATED, 0)
    );
    assert_eq!(created.header("preference-applied"), "return=minimal");
    assert_eq!(created.header("location"), format!("{BASE}/graph/kort"));
    let changed = write("return=minimal; a=1").await;
    assert_eq!(
        (changed.status, changed.body.len()),
        (StatusCode::NO_CONTENT, 0)
    );
    assert_eq!(changed.header("x-commit"), "3");
    let told = write("return=representation").await;
    assert_eq!(told.json()["gewijzigd"], true);
}

#[tokio::test]
async fn a_client_that_asks_too_much_is_told_when_to_come_back() {
    let server = Server::with_config(ServerConfig {
        rate_limit: Some(RateLimit {
            requests: 2,
            window: Duration::from_secs(600),
            is_behind_proxy: false,
        }),
        ..ServerConfig::default()
    });
    let first = server.get("/api").await;
    assert_eq!(first.header("ratelimit-policy"), "\"client\";q=2;w=600");
    assert!(first.header("ratelimit").starts_with("\"client\";r=1;t="));
    assert_eq!(server.get("/api").await.status, StatusCode::OK);
    let refused = server.get("/api").await;
    let problem = refused.assert_problem(429, "rate-limited");
    assert_eq!(problem["grens"], 2);
    assert!(refused.header("ratelimit").starts_with("\"client\";r=0;t="));
    let wait: u64 = refused.header("retry-after").parse().expect("seconds");
    assert!((1..=300).contains(&wait), "{wait}");
    assert_eq!(Server::new().get("/api").await.header("ratelimit"), "");
}
