//! `?q=` of collections: the best items first, texts that were perhaps meant, and what does not go beside it.

use super::asked::server;
use axum::http::StatusCode;
use serde_json::Value as Json;

fn ids(json: &Json) -> Vec<String> {
    let data = json["data"].as_array().cloned().unwrap_or_default();
    let id = |it: &Json| {
        let iri = it["@id"].as_str().unwrap_or("-");
        iri.rsplit('/').next().unwrap_or("-").to_owned()
    };
    data.iter().map(id).collect()
}

#[tokio::test]
async fn every_register_is_searched_by_words() {
    let server = server();
    for (path, first, meant) in [
        (
            "/api/adressen?q=Kerkstraat%2012,%209996%20Proefstad",
            "90000011",
            None,
        ),
        (
            "/api/adressen?q=Krekstraat%2012%20Buurdorp",
            "90000017",
            Some("Kerkstraat 12, 9999 Buurdorp"),
        ),
        (
            "/api/adressen?q=Kerkstraat%2012&status=voorgesteld",
            "90000013",
            None,
        ),
        (
            "/api/adressen?q=kerkstraat%2012&niscode=99001&limit=1",
            "-",
            None,
        ),
        (
            "/api/straatnamen?q=Annapl",
            "90000004",
            Some("Sint-Annaplein, Proefstad"),
        ),
        ("/api/gemeenten?q=proef", "99001", None),
        ("/api/gemeenten?q=Preofstad", "99001", Some("Proefstad")),
        ("/api/postinfo?q=9997", "9997", None),
        ("/api/postinfo?q=zzzz", "-", None),
    ] {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
        let json = answer.json();
        let found = ids(&json);
        assert_eq!(
            found.first().map_or("-", String::as_str),
            first,
            "{path}: {json:#}"
        );
        assert_eq!(json["totaal"], found.len(), "{path}");
        assert_eq!(json["bedoeldeU"][0].as_str(), meant, "{path}: {json:#}");
    }
    let shape = server
        .get("/api/straatnamen?q=Oude%20Krekstraat&fields=label")
        .await;
    insta::assert_snapshot!("collection_by_words", format!("{:#}", shape.json()));
    let page = server.get_as("/api/straatnamen?q=Kerk", "text/html").await;
    assert_eq!(page.status, StatusCode::OK);
}

#[tokio::test]
async fn what_words_cannot_have_is_told() {
    let server = server();
    for (name, path) in [
        ("sorted", "/api/adressen?q=a&sort=huisnummer".to_owned()),
        ("placed", "/api/adressen?q=a&na=9".to_owned()),
        ("signs", "/api/adressen?q=...".to_owned()),
        ("signs_elsewhere", "/api/gemeenten?q=...".to_owned()),
        ("long", format!("/api/gemeenten?q={}", "a".repeat(201))),
        ("twice", "/api/adressen?q=a&q=b".to_owned()),
    ] {
        let answer = server.get(&path).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path}");
        insta::assert_snapshot!(format!("words_{name}"), format!("{:#}", answer.json()));
    }
}
