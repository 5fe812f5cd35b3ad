//! Validation of uploads and of the stored registry.

use super::{BASE, SHAPE, Server, request};
use axum::http::{Method, StatusCode};

const BAD: &str = "<http://e/1> a <https://data.vlaanderen.be/ns/adres#Adres> .";

async fn validate(server: &Server, content_type: &str, accept: &str, body: &str) -> super::Answer {
    let headers = [("content-type", content_type), ("accept", accept)];
    server
        .send(request(Method::POST, "/validate", &headers, body))
        .await
}

#[tokio::test]
async fn uploads_are_checked_and_not_stored() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let seq = server.registry.snapshot().seq();
    for (accept, content_type) in [
        ("*/*", "text/turtle; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("text/csv", "text/csv; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html", "text/html; charset=utf-8"),
        ("application/n-triples", "application/n-triples"),
    ] {
        let answer = validate(&server, "text/turtle", accept, BAD).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, content_type)
        );
        assert_eq!(answer.header("x-conforms"), "false");
        assert!(
            answer.text().contains("http://e/1"),
            "{accept}: {}",
            answer.text()
        );
        // Focus nodes come from the upload alone.
        assert!(!answer.text().contains("adres/9"), "{accept}");
    }
    let good =
        format!("{BAD} <http://e/1> <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" .");
    let answer = validate(&server, "text/turtle", "text/turtle", &good).await;
    assert_eq!(answer.header("x-conforms"), "true", "{}", answer.text());
    assert_eq!(server.registry.snapshot().seq(), seq);
    let csv = validate(&server, "text/turtle", "text/csv", BAD).await;
    insta::assert_snapshot!("validation_csv", csv.snapshot());
    let page = validate(&server, "text/turtle", "text/html", BAD).await;
    insta::assert_snapshot!("validation_page", page.snapshot());
}

#[tokio::test]
async fn a_form_brings_a_file() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let form = format!(
        "--grens\r\nContent-Disposition: form-data; name=\"bestand\"; filename=\"adressen.ttl\"\r\nContent-Type: application/octet-stream\r\n\r\n{BAD}\r\n--grens--\r\n"
    );
    let answer = validate(
        &server,
        "multipart/form-data; boundary=grens",
        "text/html",
        &form,
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().contains("adressen.ttl"));
    validate(&server, "multipart/form-data; boundary=x", "*/*", "niets")
        .await
        .assert_problem(400, "multipart");
    let page = server.get_as("/validate", "text/html").await;
    insta::assert_snapshot!("validate_form_page", page.snapshot());
}

const NESTED: &str = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix a: <https://data.vlaanderen.be/ns/adres#> .
<http://register.test/vormen#Heel> a sh:NodeShape ; sh:targetClass a:Adres ;
  sh:node [ sh:property [ sh:path a:busnummer ; sh:minCount 1 ; sh:message \"Geen bus.\" ] ] .";

#[tokio::test]
async fn reasons_are_told_when_asked() {
    let server = Server::empty().with_graph("shapes/heel", NESTED);
    let ask = async |address: &str, accept: &str| {
        let headers = [("content-type", "text/turtle"), ("accept", accept)];
        let asked = request(Method::POST, address, &headers, BAD);
        server.send(asked).await.text().to_owned()
    };
    for accept in [
        "text/turtle",
        "text/plain",
        "text/html",
        "application/ld+json",
    ] {
        assert!(!ask("/validate", accept).await.contains("Geen bus."));
        let with = ask("/validate?detail=true", accept).await;
        assert!(with.contains("Geen bus."), "{accept}: {with}");
        if accept == "text/html" {
            super::reports::assert_well_formed(&with);
        }
    }
    let headers = [("content-type", "text/turtle")];
    let wrong = request(Method::POST, "/validate?detail=ja", &headers, BAD);
    server
        .send(wrong)
        .await
        .assert_problem(400, "bad-parameter");
    let server = server.with_graph("adressen", BAD);
    let page = server.get_as("/rapport", "text/html").await;
    let page = page.text();
    assert!(!page.contains("Geen bus."));
    assert!(page.contains("href=\"/rapport?detail=true\""), "{page}");
    for address in [
        "/rapport?detail=true",
        "/rapport?detail=true&weergave=objecten",
        "/rapport?detail=true&format=ttl",
        "/rapport?detail=true&format=ndjson",
    ] {
        let shown = server.get_as(address, "text/html").await;
        let shown = shown.text();
        assert!(shown.contains("Geen bus."), "{address}: {shown}");
    }
}

#[tokio::test]
async fn debug_and_trace_look_mild() {
    let shape = "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix a: <https://data.vlaanderen.be/ns/adres#> .
<http://register.test/vormen#Stil> a sh:NodeShape ; sh:targetClass a:Adres ;
  sh:property [ sh:path a:busnummer ; sh:minCount 1 ; sh:severity sh:Debug ] ;
  sh:property [ sh:path a:huisnummer ; sh:minCount 1 ; sh:severity sh:Info ] .";
    let server = Server::empty().with_graph("shapes/stil", shape);
    let page = validate(&server, "text/turtle", "text/html", BAD).await;
    assert!(page.text().contains("<span class=\"mild\">debug</span>"));
    assert!(!page.text().contains("class=\"bad\">debug"));
    assert!(page.text().contains("Debug, trace"));
    let text = validate(&server, "text/turtle", "text/plain", BAD).await;
    let last = "meldingen: 1, debug, trace: 1).";
    assert!(text.text().contains(last), "{}", text.text());
}

#[tokio::test]
async fn every_syntax_is_read() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let class = "https://data.vlaanderen.be/ns/adres#Adres";
    let rdf_type = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";
    let bodies = [
        ("application/n-triples", format!("<http://e/1> <{rdf_type}> <{class}> .")),
        ("application/n-quads", format!("<http://e/1> <{rdf_type}> <{class}> <http://e/g> .")),
        ("application/trig", format!("<http://e/g> {{ <http://e/1> a <{class}> }}")),
        ("application/ld+json", format!(r#"{{"@context":"{BASE}/contexts/adres.jsonld","@id":"http://e/1","@type":"Adres"}}"#)),
        ("application/rdf+xml", "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\" xmlns:a=\"https://data.vlaanderen.be/ns/adres#\"><a:Adres rdf:about=\"http://e/1\"/></rdf:RDF>".to_owned()),
    ];
    for (media_type, body) in bodies {
        let answer = validate(&server, media_type, "text/turtle", &body).await;
        assert_eq!(
            answer.header("x-conforms"),
            "false",
            "{media_type}: {}",
            answer.text()
        );
    }
    let remote = r#"{"@context":"https://elders.example/context.jsonld","@id":"http://e/1"}"#;
    validate(&server, "application/ld+json", "*/*", remote)
        .await
        .assert_problem(400, "parse-error");
    validate(&server, "text/turtle", "*/*", "<a> <b>")
        .await
        .assert_problem(400, "parse-error");
}

#[tokio::test]
async fn the_report_of_the_registry_is_public() {
    let server = Server::new()
        .with_graph("shapes/adres", SHAPE)
        .with_graph("slecht", BAD);
    let answer = server.get("/rapport").await;
    assert_eq!(
        (answer.status, answer.header("x-conforms")),
        (StatusCode::OK, "false")
    );
    assert_eq!(answer.header("x-commit"), "3");
    assert!(answer.text().contains("http://e/1"));
    for (format, content_type) in [
        ("csv", "text/csv; charset=utf-8"),
        ("jsonld", "application/ld+json"),
        ("txt", "text/plain; charset=utf-8"),
    ] {
        let answer = server.get(&format!("/rapport?format={format}")).await;
        assert_eq!(answer.header("content-type"), content_type);
    }
    let page = server.get_as("/rapport", "text/html").await;
    assert!(
        page.text()
            .contains("Een adres heeft precies één huisnummer.")
    );
    let tag = answer.header("etag");
    let fresh = server
        .send(request(
            Method::GET,
            "/rapport",
            &[("if-none-match", tag)],
            "",
        ))
        .await;
    assert_eq!(fresh.status, StatusCode::NOT_MODIFIED);
}
