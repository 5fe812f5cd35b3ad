//! The SPARQL protocol: ways to ask, formats, errors with their place.

use super::{Server, request};
use axum::http::{Method, StatusCode};

const STREETS: &str =
    "SELECT ?naam WHERE { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?naam } ORDER BY ?naam";

fn encoded(text: &str) -> String {
    oslo_registry::views::html::percent_encode(text)
}

#[tokio::test]
async fn three_ways_to_ask_give_one_answer() {
    let server = Server::new();
    let by_get = server
        .get(&format!("/sparql?query={}", encoded(STREETS)))
        .await;
    assert_eq!(
        by_get.header("content-type"),
        "application/sparql-results+json"
    );
    assert_eq!(by_get.header("x-commit"), "1");
    insta::assert_snapshot!("sparql_select_json", by_get.snapshot());
    let form = format!("query={}", encoded(STREETS));
    let by_form = server
        .send(request(
            Method::POST,
            "/sparql",
            &[("content-type", "application/x-www-form-urlencoded")],
            &form,
        ))
        .await;
    let direct = server
        .send(request(
            Method::POST,
            "/sparql",
            &[("content-type", "application/sparql-query")],
            STREETS,
        ))
        .await;
    assert_eq!(by_get.body, by_form.body);
    assert_eq!(by_get.body, direct.body);
}

#[tokio::test]
async fn answers_come_in_the_wanted_format() {
    let server = Server::new();
    let select = format!("/sparql?query={}", encoded(STREETS));
    for (accept, content_type) in [
        (
            "application/sparql-results+xml",
            "application/sparql-results+xml",
        ),
        ("text/csv", "text/csv; charset=utf-8"),
        (
            "text/tab-separated-values",
            "text/tab-separated-values; charset=utf-8",
        ),
        (
            "text/html,application/xml;q=0.9,*/*;q=0.8",
            "text/html; charset=utf-8",
        ),
        ("*/*", "application/sparql-results+json"),
    ] {
        let answer = server.get_as(&select, accept).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, content_type)
        );
    }
    let construct = format!("/sparql?query={}", encoded("CONSTRUCT WHERE { ?s a ?c }"));
    for accept in [
        "text/turtle",
        "application/n-triples",
        "application/ld+json",
        "application/rdf+xml",
    ] {
        let answer = server.get_as(&construct, accept).await;
        assert!(
            answer.header("content-type").starts_with(accept),
            "{accept}"
        );
    }
    let csv = server.get(&format!("{select}&format=csv")).await;
    assert_eq!(csv.text().lines().next(), Some("naam"));
    server
        .get_as(&select, "image/png")
        .await
        .assert_problem(406, "not-acceptable");
    server
        .get(&format!("{select}&format=png"))
        .await
        .assert_problem(400, "unknown-format");
    let ask = server
        .get(&format!("/sparql?query={}", encoded("ASK { ?s ?p ?o }")))
        .await;
    assert_eq!(ask.json()["boolean"], true);
    let page = server.get_as(&select, "text/html").await;
    insta::assert_snapshot!("sparql_result_page", page.snapshot());
}

#[tokio::test]
async fn the_request_may_choose_the_dataset() {
    let server = Server::new().with_graph("extra", "<http://e/a> <http://e/p> 1 .");
    let count = encoded("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }");
    let n = |json: serde_json::Value| {
        json["results"]["bindings"][0]["n"]["value"]
            .as_str()
            .map(str::to_owned)
    };
    let one = server
        .get(&format!(
            "/sparql?query={count}&default-graph-uri={}",
            encoded("http://register.test/graph/extra")
        ))
        .await;
    assert_eq!(n(one.json()).as_deref(), Some("1"));
    let all = server.get(&format!("/sparql?query={count}")).await;
    assert_ne!(n(all.json()).as_deref(), Some("1"));
}

#[tokio::test]
async fn mistakes_are_told_with_their_place() {
    let server = Server::new();
    let wrong = format!(
        "/sparql?query={}",
        encoded("SELECT ?s\nWHERE { ?s foaf:name ?n }")
    );
    let answer = server.get(&wrong).await;
    let problem = answer.assert_problem(400, "query-syntax");
    assert_eq!(problem["regel"], 2, "{problem:#}");
    insta::assert_snapshot!("sparql_syntax_problem", answer.snapshot());
    let xml = [("content-type", "text/xml")];
    server
        .send(request(Method::POST, "/sparql", &xml, "x"))
        .await
        .assert_problem(415, "unsupported-media-type");
    let empty = [("content-type", "application/x-www-form-urlencoded")];
    server
        .send(request(Method::POST, "/sparql", &empty, "a=b"))
        .await
        .assert_problem(400, "missing-parameter");
    let service = encoded("SELECT * { SERVICE <http://elders.example/sparql> { ?s ?p ?o } }");
    server
        .get(&format!("/sparql?query={service}"))
        .await
        .assert_problem(400, "query-service");
    server
        .get(&format!(
            "/sparql?query={}&timeout=morgen",
            encoded(STREETS)
        ))
        .await
        .assert_problem(400, "timeout");
}

#[tokio::test]
async fn without_a_query_there_is_a_form_or_a_description() {
    let server = Server::new();
    let turtle = server.get("/sparql").await;
    assert_eq!(turtle.header("content-type"), "text/turtle; charset=utf-8");
    for needed in [
        "sd:endpoint",
        "sd:UnionDefaultGraph",
        "http://register.test/graph/adressen",
        "void:triples",
    ] {
        assert!(turtle.text().contains(needed), "{needed}");
    }
    assert_eq!(
        server.get_as("/sparql", "application/ld+json").await.status,
        StatusCode::OK
    );
    let form = server.get_as("/sparql", "text/html").await;
    insta::assert_snapshot!("sparql_form_page", form.snapshot());
}

#[tokio::test]
async fn answers_are_revalidated_by_commit() {
    let server = Server::new();
    let path = format!("/sparql?query={}", encoded(STREETS));
    let first = server.get(&path).await;
    let tag = first.header("etag").to_owned();
    let again = server
        .send(request(Method::GET, &path, &[("if-none-match", &tag)], ""))
        .await;
    assert_eq!(
        (again.status, again.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    assert_eq!(again.header("etag"), tag);
    server.load("extra", b"<http://e/a> <http://e/p> 1 .");
    let changed = server
        .send(request(Method::GET, &path, &[("if-none-match", &tag)], ""))
        .await;
    assert_eq!(changed.status, StatusCode::OK);
    let volatile = server
        .get(&format!(
            "/sparql?query={}",
            encoded("SELECT (NOW() AS ?nu) {}")
        ))
        .await;
    assert_eq!(
        (volatile.header("etag"), volatile.header("cache-control")),
        ("", "no-store")
    );
}
