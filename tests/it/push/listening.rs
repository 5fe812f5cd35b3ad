//! Server-sent events: a listener that comes back misses nothing, and one that does not take its events is let go.

use super::{commit, number};
use crate::http::{BASE, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::http::{AppState, ServerConfig, router, serve};
use oslo_registry::registry::{Registry, RegistryConfig};
use oslo_registry::store::OpenOptions;
use serde_json::Value as Json;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

/// A server on a real socket, which ends with the process.
fn server(data: &Path) -> (Arc<Registry>, SocketAddr) {
    let config = RegistryConfig {
        base: BASE.to_owned(),
    };
    let registry = Registry::open(data, OpenOptions::default(), config, &mut |_, _| {});
    let registry = Arc::new(registry.expect("opens"));
    let (ready, started) = mpsc::channel();
    let config = ServerConfig {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        admin_token: Some(TOKEN.to_owned()),
        stall_timeout: Duration::from_secs(1),
        ..ServerConfig::default()
    };
    let served = Arc::clone(&registry);
    std::thread::spawn(move || {
        serve(served, config, |address| {
            ready.send(address).expect("the test waits");
        })
    });
    let address = started.recv_timeout(Duration::from_secs(20));
    (registry, address.expect("the server starts"))
}

/// Listens; hands over the lines of the answer.
fn listen(address: SocketAddr, path: &str, head: &str) -> BufReader<TcpStream> {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).expect("is set");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n{head}\r\n"
    )
    .expect("it reads");
    BufReader::new(stream)
}

/// The next event: its id and what it says.
fn event(lines: &mut BufReader<TcpStream>) -> (u64, Json) {
    let mut id = 0;
    loop {
        let mut line = String::new();
        assert!(
            lines.read_line(&mut line).expect("comes in time") > 0,
            "the line broke"
        );
        if let Some(given) = line.strip_prefix("id: ") {
            id = given.trim().parse().expect("a number");
        }
        if let Some(data) = line.strip_prefix("data: ") {
            return (id, serde_json::from_str(data).expect("JSON"));
        }
    }
}

#[test]
fn listeners_that_come_back_miss_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (registry, address) = server(folder.path());
    for n in 1..=3 {
        commit(&registry, &number(n, n));
    }
    let mut first = listen(address, "/events?na=1", "");
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        first.read_line(&mut head).expect("a head");
    }
    assert!(
        head.contains("200 OK") && head.contains("content-type: text/event-stream"),
        "{head}"
    );
    assert!(!head.contains("content-encoding"), "{head}");
    let (id, said) = event(&mut first);
    assert_eq!((id, &said["commit"]), (2, &2.into()));
    assert_eq!(
        said["registers"]["adressen"][0],
        "https://data.vlaanderen.be/id/adres/2"
    );
    assert_eq!(said["more"], false);
    assert_eq!(event(&mut first).0, 3);
    // It hears of a commit soon after it is made.
    let at = Instant::now();
    commit(&registry, &number(4, 4));
    assert_eq!(event(&mut first).0, 4);
    assert!(at.elapsed() < Duration::from_secs(2), "{:?}", at.elapsed());
    drop(first);
    for n in 5..=7 {
        commit(&registry, &number(n, n));
    }
    let mut again = listen(address, "/events?na=1", "last-event-id: 4\r\n");
    for n in 5..=7 {
        assert_eq!(event(&mut again).0, n);
    }
    // Of one register alone.
    let mut own = listen(address, "/events?na=0&register=straatnamen", "");
    commit(
        &registry,
        "INSERT DATA { GRAPH g:straatnamen { <https://data.vlaanderen.be/id/straatnaam/1> a adr:Straatnaam } }",
    );
    let (id, said) = event(&mut own);
    assert_eq!(id, 8);
    assert_eq!(said["registers"].as_object().map(|all| all.len()), Some(1));
}

#[test]
fn a_large_commit_is_a_small_event() {
    let folder = tempfile::tempdir().expect("a folder");
    let (registry, address) = server(folder.path());
    let mut lines = listen(address, "/events?na=0", "");
    let mut text = String::from("INSERT DATA { GRAPH g:adressen {");
    for n in 0..30_000 {
        text += &format!("adres:{n} a adr:Adres ; adr:huisnummer \"{n}\" .\n");
    }
    commit(&registry, &(text + "} }"));
    let (id, said) = event(&mut lines);
    assert_eq!(id, 1);
    assert_eq!(said["more"], true);
    assert_eq!(
        said["registers"]["adressen"].as_array().map(Vec::len),
        Some(100)
    );
    commit(&registry, &number(1, 2));
    assert_eq!(event(&mut lines).0, 2);
}

#[tokio::test]
async fn listeners_that_take_nothing_are_let_go() {
    let folder = tempfile::tempdir().expect("a folder");
    let config = RegistryConfig {
        base: BASE.to_owned(),
    };
    let registry = Registry::open(
        folder.path(),
        OpenOptions::default(),
        config,
        &mut |_, _| {},
    );
    let registry = Arc::new(registry.expect("opens"));
    for n in 0..100 {
        commit(&registry, &number(n, n));
    }
    let config = ServerConfig {
        stall_timeout: Duration::from_millis(200),
        ..ServerConfig::default()
    };
    let app = router(AppState::new(registry, config));
    let ask = || request(Method::GET, "/events?na=0", &[], "");
    let idle = app.clone().oneshot(ask()).await.expect("answers");
    tokio::time::sleep(Duration::from_secs(1)).await;
    let body = idle.into_body();
    let rest = axum::body::to_bytes(body, usize::MAX);
    let rest = tokio::time::timeout(Duration::from_secs(5), rest).await;
    let rest = rest.expect("it ends").expect("a whole body");
    let events = String::from_utf8_lossy(&rest).matches("id: ").count();
    assert!((1..20).contains(&events), "{events}");
    // No more than there is room for listen at once, and those that went made room.
    let mut bodies = Vec::new();
    let refused = loop {
        let answer = app.clone().oneshot(ask()).await.expect("answers");
        if answer.status() != StatusCode::OK || bodies.len() > 1_000 {
            break answer;
        }
        bodies.push(answer.into_body());
    };
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(bodies.len(), 256);
    drop(bodies);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let answer = app.clone().oneshot(ask()).await.expect("answers");
    assert_eq!(answer.status(), StatusCode::OK);
}

#[test]
fn strange_questions_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_registry, address) = server(folder.path());
    for (path, head) in [
        ("/events?na=x", ""),
        ("/events?na=%2B0", ""),
        ("/events?kleur=rood", ""),
        ("/events", "last-event-id: -1\r\n"),
        ("/events", "last-event-id: é\r\n"),
    ] {
        let mut lines = listen(address, path, &format!("connection: close\r\n{head}"));
        let mut text = String::new();
        lines.read_to_string(&mut text).expect("an answer");
        assert!(text.starts_with("HTTP/1.1 400"), "{path}: {text}");
        assert!(text.contains("bad-parameter"), "{path}: {text}");
    }
    for (path, head) in [
        ("/events?na=5", ""),
        ("/events?register=geen", ""),
        ("/events", "last-event-id: 5\r\n"),
    ] {
        let mut lines = listen(address, path, &format!("connection: close\r\n{head}"));
        let mut text = String::new();
        lines.read_to_string(&mut text).expect("an answer");
        assert!(text.starts_with("HTTP/1.1 404"), "{path}: {text}");
        assert!(text.contains("not-found"), "{path}: {text}");
    }
    // What a form left empty is not given.
    for path in ["/events?register=", "/events?na="] {
        let mut line = String::new();
        let mut lines = listen(address, path, "");
        lines.read_line(&mut line).expect("an answer");
        assert!(line.starts_with("HTTP/1.1 200"), "{path}: {line}");
    }
}
