//! Resources that nothing is said about any more: removed, merged, or never there.

use super::{record, take};
use crate::http::{BASE, Server};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use tempfile::TempDir;

const NS: &str = "https://data.vlaanderen.be/id";

/// Addresses 1 to 4; then 2 is removed, 3 and 4 become 1, and 5 has two successors.
async fn removed() -> (TempDir, Server) {
    let folder = TempDir::new().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let huisnummer = "<https://data.vlaanderen.be/ns/adres#huisnummer>";
    for id in 1..=5 {
        let text = format!("<{NS}/adres/{id}> {huisnummer} \"{id}\" .");
        server.load(&format!("deel{id}"), text.as_bytes());
    }
    let replaced = "http://purl.org/dc/terms/isReplacedBy";
    let update = |text: String| {
        let server = &server;
        async move {
            let done = server
                .write(
                    Method::POST,
                    "/sparql/update",
                    "application/sparql-update",
                    &text,
                )
                .await;
            assert_eq!(done.status, StatusCode::OK, "{}", done.text());
        }
    };
    update(format!(
        "DELETE WHERE {{ GRAPH ?g {{ <{NS}/adres/2> ?p ?o }} }}"
    ))
    .await;
    // One is told by what is left of it, another by what its successor says, a third by what it said last.
    update(format!("DELETE WHERE {{ GRAPH ?g {{ <{NS}/adres/3> ?p ?o }} }} ; INSERT DATA {{ GRAPH <{BASE}/graph/deel1> {{ <{NS}/adres/3> <{replaced}> <{NS}/adres/1> }} }}")).await;
    update(format!("INSERT DATA {{ GRAPH <{BASE}/graph/deel4> {{ <{NS}/adres/4> <{replaced}> <{NS}/adres/3> }} }}")).await;
    update(format!(
        "DELETE WHERE {{ GRAPH ?g {{ <{NS}/adres/4> ?p ?o }} }}"
    ))
    .await;
    update(format!("DELETE WHERE {{ GRAPH ?g {{ <{NS}/adres/5> ?p ?o }} }} ; INSERT DATA {{ GRAPH <{BASE}/graph/deel1> {{ <{NS}/adres/1> <http://purl.org/dc/terms/replaces> <{NS}/adres/5> . <{NS}/adres/6> <http://purl.org/dc/terms/replaces> <{NS}/adres/5> }} }}")).await;
    (folder, server)
}

#[tokio::test]
async fn what_was_removed_is_gone() {
    let (_folder, server) = removed().await;
    for path in [
        "/id/adres/2",
        "/doc/adres/2",
        "/doc/adres/2.ttl",
        "/api/adressen/2",
        &format!("/doc?uri={NS}/adres/2"),
    ] {
        let answer = server.get(path).await;
        let problem = answer.assert_problem(410, "gone");
        assert_eq!(problem["commit"], 6, "{path}");
        assert_eq!(problem["object"], format!("{NS}/adres/2"));
        let last = problem["laatste"]
            .as_str()
            .and_then(|l| l.strip_prefix(BASE))
            .expect("ours");
        let last = server.get(last).await;
        assert!(
            [200, 303].contains(&last.status.as_u16()),
            "{}",
            last.text()
        );
        // Before it was removed it was there.
        let mark = if path.contains('?') { '&' } else { '?' };
        let then = server.get(&format!("{path}{mark}asOf=5")).await;
        assert!([200, 303].contains(&then.status.as_u16()), "{path}");
        // Before it was made it was not.
        server
            .get(&format!("{path}{mark}asOf=1"))
            .await
            .assert_problem(404, "not-found");
    }
    let mut answer = server.get("/doc/adres/2").await.json();
    answer["verwijderdOp"] = "…".into();
    answer["detail"] = "…".into();
    insta::assert_snapshot!("gone", format!("{answer:#}"));
    let page = server.get_as("/doc/adres/2", "text/html").await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(
        page.text().contains("staat hier niets meer"),
        "{}",
        page.text()
    );
    for never in [
        "/doc/adres/99",
        "/id/adres/99",
        "/api/adressen/99",
        "/doc/adres/x",
    ] {
        server.get(never).await.assert_problem(404, "not-found");
    }
    // Written again, it is there again.
    server.load(
        "deel2",
        format!("<{NS}/adres/2> <http://e/p> 1 .").as_bytes(),
    );
    assert_eq!(server.get("/doc/adres/2").await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_was_merged_leads_to_its_successor() {
    let (_folder, server) = removed().await;
    for id in [3, 4] {
        for (path, there) in [
            (format!("/id/adres/{id}"), format!("{BASE}/id/adres/1")),
            (format!("/doc/adres/{id}"), format!("{BASE}/doc/adres/1")),
            (
                format!("/api/adressen/{id}"),
                format!("{BASE}/api/adressen/1"),
            ),
            (
                format!("/doc?uri={NS}/adres/{id}"),
                format!("{BASE}/doc/adres/1"),
            ),
        ] {
            let answer = server.get(&path).await;
            assert_eq!(
                answer.status,
                StatusCode::MOVED_PERMANENTLY,
                "{path}: {}",
                answer.text()
            );
            assert_eq!(answer.header("location"), there, "{path}");
        }
    }
    let pinned = server.get("/doc/adres/3?asOf=10").await;
    assert_eq!(
        pinned.header("location"),
        format!("{BASE}/doc/adres/1?asOf=10")
    );
    // What is meant for one item must not change another.
    for (method, kind, body) in [
        (
            Method::PATCH,
            "application/merge-patch+json",
            "{\"huisnummer\": \"9\"}",
        ),
        (Method::DELETE, "", ""),
    ] {
        let answer = server.write(method, "/api/adressen/4", kind, body).await;
        let gone = answer.assert_problem(410, "gone");
        assert!(gone["vervangenDoor"][0].is_string(), "{gone}");
    }
    // Two took its place: nobody can choose.
    let both = server.get("/doc/adres/5").await.assert_problem(410, "gone");
    assert_eq!(both["vervangenDoor"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_version_that_ended_is_remembered_without_a_log() {
    // A registry in memory keeps no log; versions are statements like all others.
    let server = Server::empty();
    take(&server, record("2020-02-03T09:30:00+01:00", "inGebruik"));
    assert_eq!(
        server.get("/doc/adres/90000001").await.status,
        StatusCode::OK
    );
    let iri = format!("{NS}/adres/90000001");
    let version = format!("{iri}/2020-02-03T09:30:00+01:00");
    let update = format!(
        "DELETE WHERE {{ GRAPH ?g {{ <{iri}> ?p ?o }} }} ;
         INSERT DATA {{ GRAPH <{BASE}/graph/versies/adressen> {{ <{version}> <https://schema.org/endDate> \"2025-01-01T00:00:00+01:00\"^^<http://www.w3.org/2001/XMLSchema#dateTime> }} }}"
    );
    let done = server
        .write(
            Method::POST,
            "/sparql/update",
            "application/sparql-update",
            &update,
        )
        .await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    let problem = server
        .get("/doc/adres/90000001")
        .await
        .assert_problem(410, "gone");
    assert_eq!(problem["geldigTot"], "2025-01-01T00:00:00+01:00");
    assert!(
        problem["laatste"]
            .as_str()
            .is_some_and(|l| l.contains("geldigOp=2020-02-03"))
    );
}
