//! Collections: pages by key, declared filters, the envelope.

use super::{BASE, Server};
use axum::http::StatusCode;
use serde_json::Value as Json;

/// Local part of a path below the base.
fn below(address: &Json) -> String {
    address
        .as_str()
        .and_then(|address| address.strip_prefix(BASE))
        .expect("an address of ours")
        .to_owned()
}

fn ids(page: &Json) -> Vec<String> {
    page["data"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| {
            item["@id"]
                .as_str()
                .and_then(|iri| iri.rsplit('/').next())
                .expect("an IRI")
                .to_owned()
        })
        .collect()
}

#[tokio::test]
async fn a_collection_is_an_envelope_with_declared_items() {
    let server = Server::new();
    let answer = server.get("/api/adressen").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    insta::assert_snapshot!("collection_jsonld", answer.snapshot());
    assert_eq!(ids(&answer.json()), ["9", "10", "11"]);
    assert!(
        answer
            .links()
            .iter()
            .any(|link| link.contains("rel=\"describedby\""))
    );
    let page = server
        .get_as("/api/adressen?straatnaam=Dorpstraat", "text/html")
        .await;
    insta::assert_snapshot!("collection_page", page.snapshot());
    for format in ["ttl", "nt", "rdf", "json"] {
        assert_eq!(
            server
                .get(&format!("/api/adressen?format={format}"))
                .await
                .status,
            StatusCode::OK
        );
    }
}

#[tokio::test]
async fn filters_are_the_declared_ones() {
    let server = Server::new();
    for (query, expected) in [
        ("status=inGebruik", vec!["9", "11"]),
        ("straatnaamObjectId=1", vec!["9", "10"]),
        ("straatnaam=rue%20du%20village", vec!["9", "10"]),
        ("huisnummer=3&status=inGebruik", vec!["11"]),
        ("huisnummer=&status=", vec!["9", "10", "11"]),
        ("huisnummer=onbekend", vec![]),
    ] {
        let page = server.get(&format!("/api/adressen?{query}")).await.json();
        assert_eq!(ids(&page), expected, "{query}");
        assert_eq!(page["totaal"], expected.len());
    }
    let answer = server.get("/api/adressen?kleur=rood").await;
    let problem = answer.assert_problem(400, "unknown-filter");
    assert!(
        problem["filters"]
            .as_array()
            .is_some_and(|list| list.contains(&"straatnaam".into()))
    );
    insta::assert_snapshot!("problem_unknown_filter", answer.snapshot());
    for limit in ["0", "501", "x", "-1"] {
        server
            .get(&format!("/api/adressen?limit={limit}"))
            .await
            .assert_problem(400, "limit");
    }
    server
        .get("/api/onbekend")
        .await
        .assert_problem(404, "not-found");
}

#[tokio::test]
async fn pages_follow_each_other_under_writes() {
    let addresses: String = (1..=25)
        .map(|n| format!("<https://data.vlaanderen.be/id/adres/{}> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" .\n", n * 10))
        .collect();
    let server = Server::empty().with_graph("adressen", &addresses);
    let mut path = "/api/adressen?limit=10&huisnummer=1".to_owned();
    let mut seen = Vec::new();
    let mut pages = 0;
    loop {
        let answer = server.get(&path).await;
        let page = answer.json();
        seen.extend(ids(&page));
        pages += 1;
        // Between pages: one item before the key, one after.
        let turtle = format!(
            "<https://data.vlaanderen.be/id/adres/{}> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" .
             <https://data.vlaanderen.be/id/adres/{}> a <https://data.vlaanderen.be/ns/adres#Adres> ; <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" .",
            pages,
            240 + pages,
        );
        server.load("adressen", turtle.as_bytes());
        match page.get("volgende") {
            Some(next) => {
                assert!(
                    answer
                        .links()
                        .iter()
                        .any(|link| link.contains("rel=\"next\""))
                );
                path = below(next);
                assert!(
                    path.contains("limit=10") && path.contains("huisnummer=1"),
                    "{path}"
                );
            }
            None => break,
        }
    }
    let numbers: Vec<u64> = seen
        .iter()
        .map(|id| id.parse().expect("a number"))
        .collect();
    assert!(
        numbers.windows(2).all(|pair| pair[0] < pair[1]),
        "sorted, none twice: {numbers:?}"
    );
    assert!(
        (1..=25).all(|n| numbers.contains(&(n * 10))),
        "none missing: {numbers:?}"
    );
    assert!(pages >= 3);
}

#[tokio::test]
async fn one_item_is_the_document_of_its_resource() {
    let server = Server::new();
    let item = server.get("/api/adressen/9").await;
    let document = server.get("/doc/adres/9").await;
    assert_eq!(item.body, document.body);
    server
        .get("/api/adressen/404")
        .await
        .assert_problem(404, "not-found");
    server
        .get("/api/onbekend/1")
        .await
        .assert_problem(404, "not-found");
    let list = server.get("/api").await.json();
    let addresses = list["registers"]
        .as_array()
        .and_then(|list| list.iter().find(|register| register["naam"] == "adressen"))
        .expect("declared")
        .clone();
    assert_eq!(addresses["totaal"], 3);
}
