//! Subscriptions over HTTP and on disk: who sees what, what is refused, and that no secret gets out.

use crate::http::{Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use serde_json::{Value as Json, json};
use std::path::Path;

const PAGE: &str = "/beheer/abonnementen";

fn server(data: &Path) -> Server {
    Server::in_folder(data, OpenOptions::default())
}

async fn send(server: &Server, method: Method, path: &str, body: &str) -> crate::http::Answer {
    let authorization = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    server.send(request(method, path, &headers, body)).await
}

fn declaration() -> Json {
    json!({
        "naam": "archief",
        "doel": "https://archief.example/in?sleutel=zeer-geheim",
        "vorm": "cloudevents-batch",
        "registers": ["adressen"],
        "geheim": "een-lang-geheim-van-de-proef",
        "vanaf": "begin",
    })
}

#[tokio::test]
async fn subscriptions_are_made_shown_held_back_and_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path());
    server.load("adressen", b"<http://e/a> <http://e/p> 1 .");
    let body = declaration().to_string();
    let made = send(&server, Method::POST, PAGE, &body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(
        made.header("location"),
        "http://register.test/beheer/abonnementen/archief"
    );
    insta::assert_snapshot!("made", made.text());
    let again = send(&server, Method::POST, PAGE, &body).await;
    again.assert_problem(409, "subscription-exists");
    let one = format!("{PAGE}/archief");
    let paused = send(&server, Method::POST, &format!("{one}/pauze"), "").await;
    assert_eq!(paused.json()["toestand"], "pauze");
    let resumed = send(&server, Method::POST, &format!("{one}/hervat"), "").await;
    assert_eq!(resumed.json()["toestand"], "actief");
    for path in [PAGE, &one] {
        let shown = send(&server, Method::GET, path, "").await;
        assert_eq!(shown.status, StatusCode::OK);
        assert_eq!(shown.header("cache-control"), "no-store");
        for language in ["nl", "en"] {
            let page = [
                ("accept", "text/html"),
                ("accept-language", language),
                ("content-type", "application/x-www-form-urlencoded"),
            ];
            let token = format!("token={TOKEN}");
            let page = server
                .send(request(Method::POST, PAGE, &page, &token))
                .await;
            assert_eq!(page.status, StatusCode::OK, "{}", page.text());
            let word = if language == "nl" {
                "Hervatten"
            } else {
                "Go on"
            };
            assert!(page.text().contains(word), "{}", page.text());
            for secret in ["zeer-geheim", "een-lang-geheim", "<script"] {
                assert!(!page.text().contains(secret) && !shown.text().contains(secret));
            }
        }
    }
    let figures = server.get("/metrics").await;
    let figures = figures.text();
    assert!(
        figures.contains("oslo_subscription_lag_commits{subscription=\"archief\"} 1"),
        "{figures}"
    );
    let removed = send(&server, Method::DELETE, &one, "").await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    for (method, path) in [
        (Method::GET, one.clone()),
        (Method::DELETE, one.clone()),
        (Method::POST, format!("{one}/pauze")),
        (Method::POST, format!("{one}/hervat")),
    ] {
        let gone = send(&server, method, &path, "").await;
        gone.assert_problem(404, "not-found");
    }
    assert!(!folder.path().join("subscriptions/archief").exists());
}

#[tokio::test]
async fn what_is_not_right_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = server(folder.path());
    for (name, value, field) in [
        ("naam", json!("../x"), "naam"),
        ("doel", json!("https://u:w@x.example/"), "doel"),
        ("vorm", json!("telegram"), ""),
        ("geheim", json!("kort"), "geheim"),
        ("vanaf", Json::Null, "vanaf"),
        ("match", json!([[]]), "match"),
        ("alles", json!(true), "alles"),
        ("kleur", json!("rood"), ""),
    ] {
        let mut bad = declaration();
        bad[name] = value;
        let answer = send(&server, Method::POST, PAGE, &bad.to_string()).await;
        answer.assert_problem(400, "bad-subscription");
        assert_eq!(answer.json()["veld"], field, "{name}: {}", answer.text());
        assert!(!answer.text().contains("een-lang-geheim"));
    }
    // What is not wrong by itself, but is not here.
    for (name, value) in [("registers", json!(["geen"])), ("vanaf", json!(7))] {
        let mut bad = declaration();
        bad[name] = value;
        let answer = send(&server, Method::POST, PAGE, &bad.to_string()).await;
        answer.assert_problem(422, "subscription-not-possible");
        assert_eq!(answer.json()["veld"], name, "{}", answer.text());
    }
    send(&server, Method::POST, PAGE, "{")
        .await
        .assert_problem(400, "bad-subscription");
    // Without the token nothing is told, nor taken.
    let json = [("content-type", "application/json")];
    let body = declaration().to_string();
    let refused = server.send(request(Method::POST, PAGE, &json, &body)).await;
    refused.assert_problem(401, "unauthorized");
    server.get(PAGE).await.assert_problem(401, "unauthorized");
    let form = server.get_as(PAGE, "text/html").await;
    assert_eq!(form.status, StatusCode::UNAUTHORIZED);
    assert!(form.text().contains("type=\"password\""));
    // A registry in memory keeps none.
    let memory = Server::new();
    let answer = send(&memory, Method::POST, PAGE, &body).await;
    answer.assert_problem(409, "no-data-folder");
}

#[tokio::test]
async fn subscriptions_outlive_the_server_and_go_with_a_copy() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    {
        let server = server(&data);
        server.load("adressen", b"<http://e/a> <http://e/p> 1 .");
        let made = send(&server, Method::POST, PAGE, &declaration().to_string()).await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    let copy = folder.path().join("kopie");
    oslo_registry::store::backup(&data, &copy, true, &mut |_, _| {}).expect("is copied");
    for data in [&data, &copy] {
        let own = data.join("subscriptions/archief");
        let secret = own.join("secret");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = secret.metadata().expect("is there").permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", secret.display());
        }
        for entry in std::fs::read_dir(&own).expect("a folder") {
            let path = entry.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("text");
            assert_eq!(
                text.contains("een-lang-geheim"),
                path == secret,
                "{}",
                path.display()
            );
        }
        let server = server(data);
        let shown = send(&server, Method::GET, &format!("{PAGE}/archief"), "").await;
        assert_eq!(shown.status, StatusCode::OK);
        assert_eq!(shown.json()["ondertekend"], true);
        assert_eq!(shown.json()["achter"], 1);
    }
}
