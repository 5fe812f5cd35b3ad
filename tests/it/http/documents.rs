//! Identifiers and their documents: redirection, negotiation, extensions, conditional requests.

use super::{BASE, Server, request};
use axum::http::{Method, StatusCode};

#[tokio::test]
async fn an_identifier_sends_on_to_its_document() {
    let server = Server::new();
    let answer = server.get("/id/adres/9").await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
    assert_eq!(answer.header("location"), format!("{BASE}/doc/adres/9"));
    assert_eq!(
        answer.header("vary"),
        "Accept, Accept-Datetime, Accept-Language"
    );
    server
        .get("/id/adres/404")
        .await
        .assert_problem(404, "not-found");
    server
        .get_as("/id/adres/9", "image/png")
        .await
        .assert_problem(406, "not-acceptable");
}

#[tokio::test]
async fn documents_come_by_accept_and_by_extension() {
    let server = Server::new();
    for (accept, extension, content_type) in [
        ("application/ld+json", "jsonld", "application/ld+json"),
        ("text/turtle", "ttl", "text/turtle; charset=utf-8"),
        ("application/n-triples", "nt", "application/n-triples"),
        ("application/rdf+xml", "rdf", "application/rdf+xml"),
        ("application/trig", "trig", "application/trig"),
        ("application/n-quads", "nq", "application/n-quads"),
        ("text/html", "html", "text/html; charset=utf-8"),
    ] {
        let by_accept = server.get_as("/doc/adres/9", accept).await;
        let by_extension = server.get(&format!("/doc/adres/9.{extension}")).await;
        assert_eq!(
            (by_accept.status, by_accept.header("content-type")),
            (StatusCode::OK, content_type)
        );
        assert_eq!(by_extension.header("content-type"), content_type);
        if accept != "text/html" && !accept.contains("n-") {
            assert_eq!(by_accept.body, by_extension.body, "{extension}");
        }
    }
    let answer = server.get("/doc/adres/9").await;
    insta::assert_snapshot!("document_jsonld", redact_blanks(&answer.snapshot()));
    assert_eq!(answer.header("x-commit"), "1");
    assert!(answer.header("vary").contains("Accept"));
    let links = answer.links();
    for relation in ["canonical", "describedby", "alternate", "describes"] {
        assert!(
            links
                .iter()
                .any(|link| link.contains(&format!("rel=\"{relation}\""))),
            "{relation}: {links:?}"
        );
    }
    let page = server.get("/doc/adres/9.html").await;
    insta::assert_snapshot!("document_page", page.snapshot());
    let turtle = server.get("/doc/adres/9.ttl").await;
    assert!(
        turtle.text().contains("adres:huisnummer \"9\""),
        "{}",
        turtle.text()
    );
}

/// Names of blank nodes follow the content of the upload.
fn redact_blanks(text: &str) -> String {
    assert!(!text.contains("_:"), "blank nodes used once need no name");
    text.to_owned()
}

#[tokio::test]
async fn unknown_resources_are_not_found() {
    let server = Server::new();
    for path in [
        "/doc/adres/404",
        "/doc/onbekend/1",
        "/doc?uri=http://e/niets",
        "/doc/adres/9.png",
    ] {
        server.get(path).await.assert_problem(404, "not-found");
    }
    server
        .get("/doc")
        .await
        .assert_problem(400, "missing-parameter");
}

#[tokio::test]
async fn any_stored_iri_has_a_document() {
    let server = Server::new().with_graph("extra", "<http://elders/a> <http://elders/p> 1 . <http://register.test/id/proef/7> <http://elders/p> 2 .");
    let foreign = server.get("/doc?uri=http://elders/a").await;
    assert_eq!(foreign.json()["http://elders/p"], 1);
    let turtle = server.get("/doc?uri=http://elders/a&format=ttl").await;
    assert_eq!(turtle.header("content-type"), "text/turtle; charset=utf-8");
    let own = server.get("/doc/proef/7").await;
    assert_eq!(own.json()["@id"], "http://register.test/id/proef/7");
}

#[tokio::test]
async fn documents_are_revalidated_by_content() {
    let server = Server::new();
    let tag = server.get("/doc/adres/9").await.header("etag").to_owned();
    let ask = |tag: String| {
        let server = &server;
        async move {
            server
                .send(request(
                    Method::GET,
                    "/doc/adres/9",
                    &[("if-none-match", &tag)],
                    "",
                ))
                .await
        }
    };
    assert_eq!(ask(tag.clone()).await.status, StatusCode::NOT_MODIFIED);
    assert_eq!(
        ask(format!("\"x\", W/{tag}")).await.status,
        StatusCode::NOT_MODIFIED
    );
    assert_eq!(ask("\"x\"".to_owned()).await.status, StatusCode::OK);
    // Another commit that says nothing about it leaves the document fresh; one that does, not.
    server.load("extra", b"<http://e/a> <http://e/p> 1 .");
    assert_eq!(ask(tag.clone()).await.status, StatusCode::NOT_MODIFIED);
    server.load(
        "extra",
        b"<https://data.vlaanderen.be/id/adres/9> <https://data.vlaanderen.be/ns/adres#busnummer> \"B\" .",
    );
    assert_eq!(ask(tag).await.status, StatusCode::OK);
}

#[tokio::test]
async fn contexts_are_served_as_shipped() {
    let server = Server::new();
    let answer = server.get("/contexts/adres.jsonld").await;
    assert_eq!(answer.header("content-type"), "application/ld+json");
    assert_eq!(
        answer.json()["@context"]["Adres"],
        "https://data.vlaanderen.be/ns/adres#Adres"
    );
    assert!(answer.header("cache-control").contains("max-age=86400"));
    assert_eq!(
        server.get("/contexts/collectie.jsonld").await.status,
        StatusCode::OK
    );
    server
        .get("/contexts/onbekend.jsonld")
        .await
        .assert_problem(404, "not-found");
    let list = server.get("/contexts").await.json();
    let listed = list["contexten"].as_array().expect("a list");
    assert!(listed.len() > 25, "{list}");
    // What is listed is there, and every context that stands for a published one is listed.
    for address in listed {
        let address = address.as_str().expect("an address");
        let path = &address[address.find("/contexts/").expect("a path")..];
        assert_eq!(server.get(path).await.status, StatusCode::OK, "{address}");
    }
    for own in list["inPlaatsVan"].as_array().expect("a list") {
        assert!(listed.contains(&own["context"]), "{own}");
        assert!(own["gepubliceerd"][0].is_string(), "{own}");
    }
}

#[tokio::test]
async fn a_resource_too_large_for_a_document_is_refused_not_cut() {
    let values: Vec<String> = (0..20_100).map(|n| n.to_string()).collect();
    let turtle = format!("<http://e/groot> <http://e/p> {} .", values.join(", "));
    let server = Server::empty().with_graph("groot", &turtle);
    server
        .get("/doc?uri=http://e/groot")
        .await
        .assert_problem(422, "document-too-large");
}
