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

const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

#[tokio::test]
async fn a_request_asks_one_thing_in_one_way() {
    let server = Server::new();
    let ask = encoded("ASK {}");
    for (path, code) in [
        (
            format!("/sparql?query={ask}&query={ask}"),
            "duplicate-parameter",
        ),
        (format!("/sparql?update={ask}"), "update-by-get"),
        (
            format!("/sparql?query={ask}&update=CLEAR%20ALL"),
            "update-by-get",
        ),
        ("/sparql?query=".to_owned(), "missing-parameter"),
        (
            "/sparql?default-graph-uri=http://e/g".to_owned(),
            "missing-parameter",
        ),
        (
            format!("/sparql?query={ask}&default-graph-uri=geen%20iri"),
            "query-syntax",
        ),
    ] {
        server.get(&path).await.assert_problem(400, code);
    }
    // An empty form is shown again.
    let form = server.get_as("/sparql?query=", "text/html").await;
    assert_eq!(form.status, StatusCode::OK);
    let twice = server
        .send(request(
            Method::POST,
            &format!("/sparql?query={ask}"),
            &FORM,
            &format!("query={ask}"),
        ))
        .await;
    twice.assert_problem(400, "duplicate-parameter");
    let direct = [("content-type", "application/sparql-query")];
    let twice = format!("/sparql?query={ask}");
    server
        .send(request(Method::POST, &twice, &direct, "ASK {}"))
        .await
        .assert_problem(400, "duplicate-parameter");
    let form = "application/x-www-form-urlencoded";
    for body in [
        format!("update=CLEAR%20ALL&query={ask}"),
        "update=CLEAR%20ALL&update=CLEAR%20ALL".to_owned(),
    ] {
        server
            .write(Method::POST, "/sparql", form, &body)
            .await
            .assert_problem(400, "duplicate-parameter");
    }
    assert_eq!(server.registry.snapshot().seq(), 1);
}

#[tokio::test]
async fn what_is_no_utf8_is_refused() {
    let server = Server::new();
    for kind in ["application/sparql-query", "application/sparql-update"] {
        let kind = format!("{kind}; charset=UTF-16");
        server
            .write(Method::POST, "/sparql", &kind, "ASK {}")
            .await
            .assert_problem(415, "charset");
    }
    let utf8 = [(
        "content-type",
        "application/sparql-query; charset=\"UTF-8\"",
    )];
    let answer = server
        .send(request(Method::POST, "/sparql", &utf8, "ASK {}"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn updates_name_their_dataset_in_the_request_or_in_the_text() {
    let server = Server::empty()
        .with_graph("een", "<http://e/a> <http://e/p> 1 .")
        .with_graph("twee", "<http://e/a> <http://e/p> 2 .");
    let copy = "INSERT { GRAPH <http://e/kopie> { ?s ?p ?o } } WHERE { ?s ?p ?o }";
    let using = format!(
        "/sparql/update?using-graph-uri={}",
        encoded("http://register.test/graph/een")
    );
    let update = "application/sparql-update";
    let answer = server.write(Method::POST, &using, update, copy).await;
    assert_eq!(answer.json()["toegevoegd"], 1);
    let both = copy.replace("WHERE", "USING <http://register.test/graph/twee> WHERE");
    server
        .write(Method::POST, &using, update, &both)
        .await
        .assert_problem(400, "update-refused");
}
