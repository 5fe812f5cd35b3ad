//! Lists of versions, time maps, time gates and the addresses of versions.

use super::{ADDRESS, VERSIONS, take, three_versions};
use crate::http::{BASE, Server, request};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use tempfile::TempDir;

#[tokio::test]
async fn versions_are_listed_newest_first() {
    let (_folder, server) = three_versions();
    let answer = server.get("/api/adressen/90000001/versies").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    insta::assert_snapshot!("list", answer.text());
    let list = answer.json();
    for (version, (moment, status)) in list["data"]
        .as_array()
        .expect("versions")
        .iter()
        .zip(VERSIONS.iter().rev())
    {
        assert_eq!(version["versieId"], *moment);
        let detail = version["detail"]
            .as_str()
            .and_then(|d| d.strip_prefix(BASE))
            .expect("ours");
        let then = server.get(detail).await.json();
        assert!(
            then["Adres.status"]
                .as_str()
                .is_some_and(|s| s.ends_with(status)),
            "{then:#}"
        );
        // Its own address leads there too.
        let iri = version["@id"].as_str().expect("an IRI");
        let path = iri
            .strip_prefix("https://data.vlaanderen.be")
            .expect("a version");
        for path in [
            path.to_owned(),
            format!("/doc?uri={}", iri.replace('+', "%2B")),
        ] {
            let sent = server.get(&path).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{path} {}", sent.text());
            let there = sent
                .header("location")
                .strip_prefix(BASE)
                .expect("ours")
                .to_owned();
            assert_eq!(server.get(&there).await.json(), then);
        }
    }
    // Page by page, and by the other interfaces of base registries.
    let mut path = "/v3/adressen/90000001/versies?limit=1".to_owned();
    let mut seen = Vec::new();
    loop {
        let page = server.get(&path).await.json();
        let version = &page["data"][0];
        seen.push(version["versieId"].as_str().expect("a moment").to_owned());
        let changed = version["gewijzigd"].as_array().map(Vec::len);
        assert_eq!(changed, (seen.len() < 3).then_some(1), "{page:#}");
        assert_eq!(page["totaal"], 3);
        let Some(next) = page["volgende"].as_str() else {
            break;
        };
        path = next.strip_prefix(BASE).expect("ours").to_owned();
    }
    let all: Vec<&str> = VERSIONS.iter().rev().map(|(moment, _)| *moment).collect();
    assert_eq!(seen, all);
    assert_eq!(
        server.get("/v2/adressen/90000001/versies").await.json()["totaal"],
        3
    );
    let known = server
        .get("/api/adressen/90000001/versies?bekendOp=2")
        .await
        .json();
    assert_eq!(known["totaal"], 2);
}

#[tokio::test]
async fn commits_are_versions_where_no_others_are_kept() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let say = |graph: &str, text: &str| {
        server.load(
            graph,
            format!("<https://data.vlaanderen.be/id/adres/7> {text} .").as_bytes(),
        );
    };
    say(
        "een",
        "<https://data.vlaanderen.be/ns/adres#huisnummer> \"7\"",
    );
    server.load("elders", b"<http://e/a> <http://e/p> 1 .");
    say(
        "twee",
        "<https://data.vlaanderen.be/ns/adres#busnummer> \"B\"",
    );
    let list = server.get("/api/adressen/7/versies").await.json();
    assert_eq!(list["tijd"], "bekend");
    assert_eq!(list["volledig"], true);
    let commits: Vec<u64> = list["data"]
        .as_array()
        .expect("versions")
        .iter()
        .filter_map(|v| v["commit"].as_u64())
        .collect();
    assert_eq!(commits, [3, 1]);
    assert_eq!(
        list["data"][0]["gewijzigd"][0],
        "https://data.vlaanderen.be/ns/adres#busnummer"
    );
    let first = list["data"][1]["detail"]
        .as_str()
        .and_then(|d| d.strip_prefix(BASE))
        .expect("ours");
    let first = server.get(first).await.json();
    assert!(
        first.get("busnummer").is_none() && first["huisnummer"] == "7",
        "{first:#}"
    );
    let page = server.get("/api/adressen/7/versies?limit=1").await.json();
    let next = page["volgende"]
        .as_str()
        .and_then(|d| d.strip_prefix(BASE))
        .expect("another");
    let next = server.get(next).await.json();
    assert_eq!(next["data"][0]["commit"], 1);
    assert_eq!(next["data"][0]["tot"], page["data"][0]["van"]);
    let map = server
        .get_as("/tijd/adres/7", "application/json")
        .await
        .json();
    assert_eq!(map["mementos"]["list"].as_array().map(Vec::len), Some(2));
    // Objects of which versions are kept have both kinds.
    take(&server, super::record(VERSIONS[0].0, VERSIONS[0].1));
    let both = server
        .get("/api/adressen/90000001/versies?tijd=bekend")
        .await
        .json();
    assert_eq!(
        (&both["tijd"], &both["data"][0]["commit"]),
        (&"bekend".into(), &4.into())
    );
}

#[tokio::test]
async fn a_time_gate_leads_to_the_version_of_a_moment() {
    let (_folder, server) = three_versions();
    let map = server.get("/tijd/adres/90000001").await;
    assert_eq!(map.header("content-type"), "application/link-format");
    insta::assert_snapshot!("time_map", map.text());
    let json = server.get("/tijd/adres/90000001?format=json").await.json();
    insta::assert_snapshot!("time_map_json", format!("{json:#}"));
    for (date, version) in [
        ("Tue, 01 Jan 2002 00:00:00 GMT", 0),
        ("Wed, 01 May 2019 08:00:00 GMT", 0),
        ("Sat, 01 Jun 2024 00:00:00 GMT", 1),
        ("Wed, 01 Jan 2025 00:00:00 GMT", 2),
    ] {
        let headers = [("accept-datetime", date)];
        let sent = server
            .send(request(
                Method::GET,
                "/tijd/adres/90000001/poort",
                &headers,
                "",
            ))
            .await;
        assert_eq!(
            (sent.status, sent.header("vary")),
            (StatusCode::FOUND, "Accept-Datetime")
        );
        let there = sent.header("location").strip_prefix(BASE).expect("ours");
        let memento = server.get(there).await;
        assert!(memento.text().contains(VERSIONS[version].1), "{date}");
        assert!(!memento.header("memento-datetime").is_empty());
        let links = sent.links().join("\n");
        assert!(
            links.contains("rel=\"original\"")
                && links.contains("rel=\"timemap\"")
                && links.contains("first"),
            "{links}"
        );
    }
    let now = server.get("/tijd/adres/90000001/poort").await;
    assert!(
        now.header("location").contains("2025-01-01"),
        "{}",
        now.header("location")
    );
}

#[tokio::test]
async fn lists_that_cannot_be_had_are_told() {
    let (_folder, server) = three_versions();
    for (path, status, code) in [
        ("/api/adressen/404/versies", 404, "not-found"),
        ("/api/onbekend/1/versies", 404, "not-found"),
        ("/v3/onbekend/1/versies", 404, "not-found"),
        ("/tijd/adres/404", 404, "not-found"),
        ("/tijd/adres/404/poort", 404, "not-found"),
        ("/id/adres/90000001/gisteren", 404, "not-found"),
        (
            "/id/adres/90000001/2020-02-03T09:30:01+01:00",
            404,
            "not-found",
        ),
        ("/doc/adres/90000001/2020-02-03", 404, "not-found"),
        ("/api/adressen/90000001/versies?limit=0", 400, "limit"),
        ("/api/adressen/90000001/versies?limit=501", 400, "limit"),
        ("/api/adressen/90000001/versies?na=x", 400, "bad-parameter"),
        (
            "/api/adressen/90000001/versies?tijd=bekend&na=x",
            400,
            "bad-parameter",
        ),
        (
            "/api/adressen/90000001/versies?tijd=later",
            400,
            "bad-parameter",
        ),
        (
            "/api/adressen/90000001/versies?geldigOp=2020-01-01",
            400,
            "bad-parameter",
        ),
        (
            "/api/adressen/90000001/versies?onzin=1",
            400,
            "bad-parameter",
        ),
        ("/api/adressen/90000001/versies?bekendOp=99", 404, "not-yet"),
        ("/tijd/adres/90000001?format=ttl", 400, "unknown-format"),
    ] {
        let problem = server.get(path).await.assert_problem(status, code);
        assert!(
            !problem["detail"].as_str().unwrap_or("").is_empty(),
            "{path}"
        );
    }
    server
        .get_as("/api/adressen/90000001/versies", "text/turtle")
        .await
        .assert_problem(406, "not-acceptable");
    let posted = server
        .send(request(Method::POST, "/tijd/adres/90000001", &[], ""))
        .await;
    posted.assert_problem(405, "method-not-allowed");
    assert!(ADDRESS.ends_with("90000001"));
}
