//! Requests that come twice, at the same time, or without waiting; and what a restart leaves of them.

use super::{document, send};
use crate::http::{SHAPE, Server, TOKEN, request};
use crate::oslo::output;
use crate::served::{self, Served, free_address};
use axum::http::Method;
use oslo_registry::store::OpenOptions;
use serde_json::{Value as Json, json};
use std::time::Duration;

const KEY: (&str, &str) = (
    "idempotency-key",
    "\"9a4c7c0e-1f5d-4a55-8a46-6f3a8c3b7d11\"",
);

#[tokio::test]
async fn the_second_request_gets_the_first_answer() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || Server::in_folder(folder.path(), OpenOptions::default());
    let first = {
        let server = open().with_graph("shapes/adres", SHAPE);
        let body = r#"{"huisnummer": "1"}"#;
        let first = send(&server, Method::POST, "/api/adressen", &[KEY], body).await;
        assert_eq!(first.status, 201, "{}", first.text());
        let seq = server.registry.snapshot().seq();
        let second = send(&server, Method::POST, "/api/adressen", &[KEY], body).await;
        assert_eq!((second.status, second.text()), (first.status, first.text()));
        assert_eq!(second.header("etag"), first.header("etag"));
        assert_eq!(second.header("location"), first.header("location"));
        assert_eq!(second.header("idempotency-replayed"), "true");
        assert_eq!(server.registry.snapshot().seq(), seq);
        // Bare keys are the same keys.
        let bare = KEY.1.trim_matches('"');
        let bare = [("idempotency-key", bare)];
        let third = send(&server, Method::POST, "/api/adressen", &bare, body).await;
        assert_eq!(third.text(), first.text());
        let other = send(
            &server,
            Method::POST,
            "/api/adressen",
            &[KEY],
            r#"{"huisnummer": "2"}"#,
        )
        .await;
        other.assert_problem(422, "idempotency-reused");
        for wrong in ["", "\"\"", "a\"b", &"x".repeat(256)] {
            let headers = [("idempotency-key", wrong)];
            let refused = send(&server, Method::POST, "/api/adressen", &headers, body).await;
            refused.assert_problem(400, "idempotency-key");
        }
        // What is refused may be sent again, better.
        let key = [("idempotency-key", "beter")];
        let refused = send(&server, Method::PUT, "/api/adressen/7", &key, "{}").await;
        refused.assert_problem(422, "shapes-violated");
        let better = send(&server, Method::PUT, "/api/adressen/7", &key, body).await;
        assert_eq!(better.status, 201, "{}", better.text());
        first
    };
    // After a restart the commit tells.
    let server = open();
    let seq = server.registry.snapshot().seq();
    // The item changes meanwhile: the answer is that of its time.
    let changed = send(
        &server,
        Method::PUT,
        "/api/adressen/1",
        &[],
        r#"{"huisnummer": "3"}"#,
    )
    .await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let again = send(
        &server,
        Method::POST,
        "/api/adressen",
        &[KEY],
        r#"{"huisnummer": "1"}"#,
    )
    .await;
    assert_eq!(again.status, 201, "{}", again.text());
    for header in ["etag", "location", "x-commit"] {
        assert_eq!(again.header(header), first.header(header), "{header}");
    }
    let (mut told, was) = (again.json(), first.json());
    for name in [
        "commit",
        "gewijzigd",
        "toegevoegd",
        "verwijderd",
        "activiteit",
        "item",
        "document",
    ] {
        assert_eq!(told[name].take(), was[name], "{name}");
    }
    assert_eq!(server.registry.snapshot().seq(), seq + 1);
    let other = send(
        &server,
        Method::POST,
        "/api/adressen",
        &[KEY],
        r#"{"huisnummer": "2"}"#,
    )
    .await;
    other.assert_problem(422, "idempotency-reused");
    // The number of what is gone is not given again.
    let last = send(
        &server,
        Method::POST,
        "/api/adressen",
        &[],
        r#"{"huisnummer": "8"}"#,
    )
    .await;
    let place = last.header("location").to_owned();
    let path = place.replace("http://register.test/id/adres/", "/api/adressen/");
    send(&server, Method::DELETE, &path, &[], "").await;
    drop(server);
    let server = open();
    let next = send(
        &server,
        Method::POST,
        "/api/adressen",
        &[],
        r#"{"huisnummer": "8"}"#,
    )
    .await;
    assert_eq!(next.status, 201, "{}", next.text());
    assert_ne!(next.header("location"), place);
    // Nor one that somebody chose.
    let taken = place
        .rsplit('/')
        .next()
        .and_then(|id| id.parse::<u64>().ok())
        .expect("a number");
    for id in taken + 2..taken + 40 {
        let put = send(
            &server,
            Method::PUT,
            &format!("/api/adressen/{id}"),
            &[],
            r#"{"huisnummer": "8"}"#,
        )
        .await;
        assert_eq!(put.status, 201, "{}", put.text());
    }
    let next = send(
        &server,
        Method::POST,
        "/api/adressen",
        &[],
        r#"{"huisnummer": "8"}"#,
    )
    .await;
    assert_eq!(
        next.header("location"),
        format!("http://register.test/id/adres/{}", taken + 40)
    );
    let key = [("idempotency-key", "weg")];
    let gone = send(&server, Method::DELETE, "/api/adressen/7", &key, "").await;
    assert_eq!(gone.status, 200, "{}", gone.text());
    drop(server);
    let again = send(&open(), Method::DELETE, "/api/adressen/7", &key, "").await;
    assert_eq!(
        (again.status, again.header("x-commit")),
        (gone.status, gone.header("x-commit"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_changes_to_one_state_one_wins() {
    let server = std::sync::Arc::new(Server::new());
    for round in 0..20 {
        let read = server.get("/api/adressen/10").await;
        let etag = read.header("etag").to_owned();
        let mut writes = Vec::new();
        for writer in 0..4 {
            let (server, etag) = (std::sync::Arc::clone(&server), etag.clone());
            let mut body: Json = read.json();
            body["busnummer"] = format!("{round}-{writer}").into();
            writes.push(tokio::spawn(async move {
                let headers = [("if-match", etag.as_str())];
                send(
                    &server,
                    Method::PUT,
                    "/api/adressen/10",
                    &headers,
                    &body.to_string(),
                )
                .await
            }));
        }
        let mut won = Vec::new();
        for (writer, write) in writes.into_iter().enumerate() {
            let answer = write.await.expect("it ends");
            match answer.status.as_u16() {
                200 => won.push((writer, answer.header("etag").to_owned())),
                _ => drop(answer.assert_problem(412, "precondition-failed")),
            }
        }
        let [(writer, etag)] = &won[..] else {
            panic!("{won:?} won");
        };
        let after = server.get("/api/adressen/10").await;
        assert_eq!(after.header("etag"), etag);
        assert_eq!(after.json()["busnummer"], format!("{round}-{writer}"));
    }
    // The tag of any document of the resource names its state.
    let turtle = server.get_as("/doc/adres/10", "text/turtle").await;
    let headers = [("if-match", turtle.header("etag"))];
    let answer = send(&server, Method::DELETE, "/api/adressen/10", &headers, "").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let headers = [("if-match", "*")];
    let answer = send(
        &server,
        Method::PUT,
        "/api/adressen/10",
        &headers,
        r#"{"huisnummer": "1"}"#,
    )
    .await;
    answer.assert_problem(412, "precondition-failed");
    let headers = [("if-none-match", "*")];
    let answer = send(
        &server,
        Method::PUT,
        "/api/adressen/10",
        &headers,
        r#"{"huisnummer": "1"}"#,
    )
    .await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let answer = send(
        &server,
        Method::PUT,
        "/api/adressen/10",
        &headers,
        r#"{"huisnummer": "2"}"#,
    )
    .await;
    answer.assert_problem(412, "precondition-failed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_are_given_once() {
    let server = std::sync::Arc::new(Server::new());
    let writes: Vec<_> = (0..24)
        .map(|n| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move {
                let body = format!(r#"{{"huisnummer": "{n}"}}"#);
                // More come at once than may wait: whoever is sent away comes again.
                loop {
                    let answer = send(&server, Method::POST, "/api/adressen", &[], &body).await;
                    if answer.status != 503 {
                        assert_eq!(answer.status, 201, "{}", answer.text());
                        return answer.header("location").to_owned();
                    }
                }
            })
        })
        .collect();
    let mut places = Vec::new();
    for write in writes {
        places.push(write.await.expect("it ends"));
    }
    places.sort();
    places.dedup();
    assert_eq!(places.len(), 24);
    assert_eq!(
        server.get("/api/adressen?limit=1").await.json()["totaal"],
        27
    );
}

/// The ticket, once it is done.
async fn done(server: &Server, place: &str) -> Json {
    let path = place.strip_prefix("http://register.test").expect("ours");
    for _ in 0..500 {
        let ticket = server.get(path).await;
        assert_eq!(ticket.status, 200, "{}", ticket.text());
        let ticket = ticket.json();
        if ticket["status"] == "complete" || ticket["status"] == "error" {
            return ticket;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the ticket is never done");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tickets_tell_how_it_went() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let later = [("prefer", "respond-async")];
    let taken = send(
        &server,
        Method::PUT,
        "/api/adressen/50",
        &later,
        r#"{"huisnummer": "5"}"#,
    )
    .await;
    assert_eq!(taken.status, 202, "{}", taken.text());
    assert_eq!(taken.header("preference-applied"), "respond-async");
    let keys: Vec<String> = taken
        .json()
        .as_object()
        .expect("an object")
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        [
            "ticketId",
            "metadata",
            "status",
            "result",
            "created",
            "lastModified"
        ]
    );
    let place = taken.header("location");
    let ticket = done(&server, place).await;
    assert_eq!(ticket["status"], "complete");
    let result = ticket["result"]["json"].as_str().expect("text");
    let result: Json = serde_json::from_str(result).expect("JSON in the text");
    assert_eq!(result["location"], "http://register.test/id/adres/50");
    assert_eq!(
        result["eTag"],
        server.get("/api/adressen/50").await.header("etag")
    );
    let v2 = place.replace("/v3/", "/v2/");
    assert_eq!(done(&server, &v2).await, ticket);
    let taken = send(&server, Method::PUT, "/api/adressen/51", &later, "{}").await;
    let ticket = done(&server, taken.header("location")).await;
    assert_eq!(ticket["status"], "error");
    let result: Json =
        serde_json::from_str(ticket["result"]["json"].as_str().expect("text")).expect("JSON");
    assert_eq!(
        (result["status"].clone(), result["fout"]["code"].clone()),
        (json!(422), json!("shapes-violated"))
    );
    server
        .get("/v3/tickets/0")
        .await
        .assert_problem(404, "not-found");
    for path in [
        "/v2/adressen/acties/voorstellen",
        "/v3/adressen/9/acties/corrigeren/status",
    ] {
        let answer = server.send(request(Method::POST, path, &[], "{}")).await;
        answer.assert_problem(501, "no-commands");
    }
}

#[test]
fn what_was_acknowledged_stays_done_after_a_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let address = free_address();
    let base = format!("http://{address}");
    let file = folder.path().join("iets.ttl");
    std::fs::write(&file, "<urn:a> <urn:b> 1 .").expect("room");
    output(
        &data,
        ["--base", &base, "load", file.to_str().expect("a path")],
    );
    let post = |number: u32| {
        let out = std::process::Command::new("curl")
            .args([
                "-sS",
                "-D",
                "-",
                "-X",
                "POST",
                &format!("{base}/api/sensoren"),
            ])
            .args(["-H", &format!("Authorization: Bearer {TOKEN_OF_SERVED}")])
            .args(["-H", "Content-Type: application/json"])
            .args(["-H", &format!("Idempotency-Key: \"sensor-{number}\"")])
            .args(["-d", &format!("{{\"label\": \"Teller {number}\"}}")])
            .output()
            .expect("curl runs");
        let text = String::from_utf8_lossy(&out.stdout).to_lowercase();
        let header = |name: &str| {
            let found = text.lines().find_map(|line| line.strip_prefix(name));
            found.map(|value| value.trim().to_owned())
        };
        let place = header("location: ");
        assert!(place.is_some(), "{text}");
        (
            place,
            header("x-commit: "),
            header("idempotency-replayed: ").is_some(),
        )
    };
    let first: Vec<_> = {
        // Dropped: killed, with nothing said to it before.
        let _served = Served::start(&data, address, &base, &[]);
        (0..5).map(post).collect()
    };
    let _served = Served::start(&data, address, &base, &[]);
    for (number, (place, commit, repeated)) in (0..).zip(first) {
        assert!(!repeated);
        assert_eq!(post(number), (place, commit, true));
    }
}

const TOKEN_OF_SERVED: &str = served::TOKEN;

#[tokio::test]
async fn a_condition_may_be_asked_for() {
    let server = Server::with_config(oslo_registry::http::ServerConfig {
        admin_token: Some(TOKEN.to_owned()),
        require_if_match: true,
        ..oslo_registry::http::ServerConfig::default()
    });
    let body = r#"{"huisnummer": "1"}"#;
    let made = send(&server, Method::PUT, "/api/adressen/1", &[], body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    for (method, body) in [(Method::PUT, body), (Method::DELETE, "")] {
        let refused = send(&server, method, "/api/adressen/1", &[], body).await;
        refused.assert_problem(428, "precondition-required");
    }
    let named = [("if-match", made.header("etag"))];
    let changed = send(
        &server,
        Method::PUT,
        "/api/adressen/1",
        &named,
        r#"{"huisnummer": "2"}"#,
    )
    .await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!(
        document(&server, "/api/adressen/1").await["huisnummer"],
        "2"
    );
}
