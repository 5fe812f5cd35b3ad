//! The two times of a request: `bekendOp` and `geldigOp`, alone and together, on every route that shows a state; wrong ones
//! are told by name.

use super::{ADDRESS, three_versions};
use crate::http::{Answer, BASE, Server, request};
use axum::http::{Method, StatusCode};
use oslo_registry::views::html::percent_encode;

fn status_of(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    let status = json["Adres.status"].as_str().unwrap_or_default();
    status.rsplit('/').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn an_object_is_shown_as_it_was_valid() {
    let (_folder, server) = three_versions();
    for (moment, status) in [
        ("2019-12-31", "voorgesteld"),
        ("2020-02-02", "voorgesteld"),
        ("2020-02-03", "inGebruik"),
        ("2020-02-03T09:29:59%2B01:00", "voorgesteld"),
        ("2020-02-03T09:30:00+01:00", "inGebruik"),
        ("2024-12-31", "inGebruik"),
        ("2025-01-01", "gehistoreerd"),
        ("2999-01-01", "gehistoreerd"),
    ] {
        for path in ["/doc/adres/90000001", "/api/adressen/90000001"] {
            let answer = server.get(&format!("{path}?geldigOp={moment}")).await;
            assert_eq!(status_of(&answer), status, "{path} {moment}");
            assert_eq!(answer.header("x-commit"), "3");
        }
    }
    // As known after the second commit, its version holds on.
    let both = server
        .get("/doc/adres/90000001?geldigOp=2026-01-01&bekendOp=2")
        .await;
    assert_eq!(
        (status_of(&both).as_str(), both.header("x-commit")),
        ("inGebruik", "2")
    );
    assert!(both.header("cache-control").contains("immutable"));
    server
        .get("/doc/adres/90000001?geldigOp=2018-01-01")
        .await
        .assert_problem(404, "not-found");
}

#[tokio::test]
async fn links_lead_to_the_same_times() {
    let (_folder, server) = three_versions();
    let answer = server
        .get("/doc/adres/90000001?geldigOp=2020-06-01&bekendOp=3")
        .await;
    let links = answer.links().join("\n");
    for needed in [
        format!("<{BASE}/doc/adres/90000001>; rel=\"original\""),
        format!(
            "<{BASE}/doc/adres/90000001.ttl?bekendOp=3&geldigOp=2020-06-01>; rel=\"alternate\""
        ),
        format!("<{BASE}/tijd/adres/90000001>; rel=\"timemap\""),
        format!("<{BASE}/tijd/adres/90000001/poort>; rel=\"timegate\""),
        format!(
            "<{BASE}/doc/adres/90000001?bekendOp=3&geldigOp=2019-05-01T10%3A00%3A00%2B02%3A00>; rel=\"first prev memento\""
        ),
        "rel=\"next last memento\"; datetime=\"Wed, 01 Jan 2025 00:00:00 GMT\"".to_owned(),
    ] {
        assert!(links.contains(&needed), "{needed}\n{links}");
    }
    // The version that held then began in February.
    assert_eq!(
        answer.header("memento-datetime"),
        "Mon, 03 Feb 2020 08:30:00 GMT"
    );
    let thing = server.get("/id/adres/90000001?geldigOp=2020-06-01").await;
    assert_eq!(thing.status, StatusCode::SEE_OTHER);
    assert_eq!(
        thing.header("location"),
        format!("{BASE}/doc/adres/90000001?geldigOp=2020-06-01")
    );
    let page = server
        .get_as("/doc/adres/90000001?geldigOp=2020-06-01", "text/html")
        .await;
    assert!(
        page.text()
            .contains("U ziet wat geldig was op <strong>2020-06-01</strong>"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn collections_and_queries_follow_valid_time() {
    let (_folder, server) = three_versions();
    let second =
        super::record("2021-01-01T00:00:00+01:00", "inGebruik").replace("90000001", "90000002");
    super::take(&server, second);
    let page = server
        .get("/api/adressen?limit=1&geldigOp=2022-01-01")
        .await
        .json();
    assert_eq!(page["totaal"], 2);
    let next = page["volgende"].as_str().expect("another page");
    assert!(next.ends_with("&geldigOp=2022-01-01"), "{next}");
    let next = server
        .get(next.strip_prefix(BASE).expect("ours"))
        .await
        .json();
    assert_eq!(next["data"].as_array().map(Vec::len), Some(1));
    let before = server.get("/api/adressen?geldigOp=2020-06-01").await.json();
    assert_eq!(before["totaal"], 1);
    assert_eq!(server.get("/api/adressen").await.json()["totaal"], 2);
    let query = percent_encode(&format!(
        "SELECT ?s {{ <{ADDRESS}> <https://data.vlaanderen.be/ns/adres#Adres.status> ?s }}"
    ));
    let mut tags = Vec::new();
    for (times, status) in [
        ("", "gehistoreerd"),
        ("&geldigOp=2020-06-01", "inGebruik"),
        ("&geldigOp=2019-06-01", "voorgesteld"),
    ] {
        let answer = server.get(&format!("/sparql?query={query}{times}")).await;
        assert!(answer.text().contains(status), "{times}: {}", answer.text());
        tags.push(answer.header("etag").to_owned());
        let graph = format!("/graph/adressen?x=1{times}");
        let graph = server.get_as(&graph, "application/n-triples").await;
        assert!(graph.text().contains(status), "{times}");
        tags.push(graph.header("etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 6, "each state has its own tag");
}

#[tokio::test]
async fn wrong_times_are_told() {
    let server = Server::new();
    for (query, code, parameter) in [
        ("geldigOp=gisteren", "valid-at", "geldigOp"),
        ("geldigOp=2024-13-01", "valid-at", "geldigOp"),
        ("geldigOp=12", "valid-at", "geldigOp"),
        ("bekendOp=gisteren", "as-of", "bekendOp"),
        ("asOf=2024-12", "as-of", "asOf"),
        ("asOf=1&bekendOp=1", "moment-twice", "bekendOp"),
        (
            "geldigOp=2024-01-01&geldigOp=2025-01-01",
            "duplicate-parameter",
            "geldigOp",
        ),
    ] {
        for path in [
            "/doc/adres/9",
            "/id/adres/9",
            "/api/adressen",
            "/api/adressen/9",
            "/api",
            "/sparql",
            "/graph/adressen",
            "/tijd/adres/9",
            "/v3/adressen/9",
        ] {
            let answer = server.get(&format!("{path}?{query}")).await;
            let problem = answer.json();
            assert_eq!(
                answer.status,
                StatusCode::BAD_REQUEST,
                "{path}?{query}: {problem:#}"
            );
            if !path.starts_with("/v3") {
                answer.assert_problem(400, code);
                assert_eq!(problem["parameter"], parameter, "{path}?{query}");
            }
        }
    }
    for path in ["/rapport?geldigOp=2024-12-31", "/rapport?bekendOp=1"] {
        server.get(path).await.assert_problem(400, "as-of-not-here");
    }
    let wrong = [("accept-datetime", "2024-12-31")];
    for path in ["/doc/adres/9", "/tijd/adres/9/poort"] {
        let answer = server.send(request(Method::GET, path, &wrong, "")).await;
        answer.assert_problem(400, "accept-datetime");
    }
    insta::assert_snapshot!(
        "geldig_op",
        server
            .get("/doc/adres/9?geldigOp=gisteren")
            .await
            .snapshot()
    );
}
