//! The Graph Store protocol and graph IRIs.

use super::{BASE, SHAPE, Server, request};
use axum::http::{Method, StatusCode};

const TURTLE: &str = "text/turtle";

#[tokio::test]
async fn graphs_are_put_extended_read_and_deleted() {
    let server = Server::empty();
    let path = format!("/rdf-graphs?graph={BASE}/graph/proef");
    server.get(&path).await.assert_problem(404, "not-found");
    let put = server
        .write(
            Method::PUT,
            &path,
            TURTLE,
            "<http://e/a> <http://e/p> 1, 2 .",
        )
        .await;
    assert_eq!(
        (put.status, put.header("x-commit")),
        (StatusCode::CREATED, "1")
    );
    let post = server
        .write(Method::POST, &path, TURTLE, "<http://e/a> <http://e/p> 3 .")
        .await;
    assert_eq!(
        (post.status, &post.json()["toegevoegd"]),
        (StatusCode::OK, &1.into())
    );
    let lines = |answer: &super::Answer| answer.text().lines().count();
    assert_eq!(
        lines(&server.get_as(&path, "application/n-triples").await),
        3
    );
    // Replacing keeps what stays and says what changed.
    let replaced = server
        .write(
            Method::PUT,
            &path,
            TURTLE,
            "<http://e/a> <http://e/p> 3, 4 .",
        )
        .await;
    assert_eq!(
        (
            &replaced.json()["toegevoegd"],
            &replaced.json()["verwijderd"]
        ),
        (&1.into(), &2.into())
    );
    let head = server.send(request(Method::HEAD, &path, &[], "")).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(
        server.write(Method::DELETE, &path, TURTLE, "").await.status,
        StatusCode::OK
    );
    server
        .write(Method::DELETE, &path, TURTLE, "")
        .await
        .assert_problem(404, "not-found");
    server.get(&path).await.assert_problem(404, "not-found");
}

#[tokio::test]
async fn the_default_graph_always_is() {
    let server = Server::empty();
    assert_eq!(
        server.get("/rdf-graphs?default").await.status,
        StatusCode::OK
    );
    let put = server
        .write(
            Method::PUT,
            "/rdf-graphs?default",
            TURTLE,
            "<http://e/a> <http://e/p> 1 .",
        )
        .await;
    assert_eq!(put.status, StatusCode::OK);
    assert!(
        server
            .get("/rdf-graphs?default")
            .await
            .text()
            .contains("http://e/a")
    );
}

#[tokio::test]
async fn graph_iris_answer_with_their_graph() {
    let server = Server::new().with_graph("vocab/x", "<http://e/a> <http://e/p> <http://e/b> .");
    for (accept, content_type) in [
        ("*/*", "text/turtle; charset=utf-8"),
        ("application/ld+json", "application/ld+json"),
        ("application/rdf+xml", "application/rdf+xml"),
        ("application/n-quads", "application/n-quads"),
    ] {
        let answer = server.get_as("/graph/vocab/x", accept).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (StatusCode::OK, content_type)
        );
        assert!(answer.text().contains("http://e/a"));
    }
    let tag = server.get("/graph/vocab/x").await.header("etag").to_owned();
    let fresh = server
        .send(request(
            Method::GET,
            "/graph/vocab/x",
            &[("if-none-match", &tag)],
            "",
        ))
        .await;
    assert_eq!(fresh.status, StatusCode::NOT_MODIFIED);
    server
        .get("/graph/onbekend")
        .await
        .assert_problem(404, "not-found");
    server
        .get_as("/graph/vocab/x", "image/png")
        .await
        .assert_problem(406, "not-acceptable");
}

#[tokio::test]
async fn requests_name_exactly_one_graph() {
    let server = Server::new();
    for path in [
        "/rdf-graphs?graph=http://e/g&default",
        "/rdf-graphs?graph=http://e/g&default=",
    ] {
        server.get(path).await.assert_problem(400, "graph-missing");
    }
    for method in [Method::PUT, Method::DELETE, Method::PATCH] {
        server
            .write(method, "/rdf-graphs", TURTLE, "")
            .await
            .assert_problem(400, "graph-missing");
    }
    server
        .get("/rdf-graphs?graph=http://e/a&graph=http://e/b")
        .await
        .assert_problem(400, "duplicate-parameter");
    server
        .get("/rdf-graphs?graph=geen%20iri")
        .await
        .assert_problem(400, "graph-iri");
    let traced = server.write(Method::TRACE, "/graph/x", TURTLE, "").await;
    traced.assert_problem(405, "method-not-allowed");
    assert!(traced.header("allow").contains("PATCH"));
    let list = server.get_as("/rdf-graphs", "text/html").await;
    insta::assert_snapshot!("graphs_page", list.snapshot());
}

#[tokio::test]
async fn content_is_parsed_whole_or_not_at_all() {
    let server = Server::empty();
    let wrong = server
        .write(
            Method::PUT,
            "/graph/proef",
            TURTLE,
            "<http://e/a> <http://e/p> 1 .\n<http://e/a> ex:b 1 .",
        )
        .await;
    let problem = wrong.assert_problem(400, "parse-error");
    assert_eq!(problem["regel"], 2);
    insta::assert_snapshot!("problem_parse_error", wrong.snapshot());
    let quads = "<http://e/a> <http://e/p> <http://e/b> <http://e/elders> .";
    server
        .write(Method::PUT, "/graph/proef", "application/n-quads", quads)
        .await
        .assert_problem(400, "other-graphs");
    assert_eq!(server.registry.snapshot().seq(), 0);
}

#[tokio::test]
async fn graph_writes_pass_the_shapes() {
    let server = Server::empty().with_graph("shapes/adres", SHAPE);
    let bad = "<http://e/1> a <https://data.vlaanderen.be/ns/adres#Adres> .";
    let refused = server
        .write(Method::POST, "/graph/adressen", TURTLE, bad)
        .await;
    assert_eq!(refused.assert_problem(422, "shapes-violated")["aantal"], 1);
    server
        .get("/graph/adressen")
        .await
        .assert_problem(404, "not-found");
}

const UPDATE: &str = "application/sparql-update";

#[tokio::test]
async fn a_patch_changes_its_graph_and_no_other() {
    let server = Server::empty()
        .with_graph("een", "<http://e/a> <http://e/p> 1 .")
        .with_graph("twee", "<http://e/a> <http://e/p> 2 .");
    let lines = async |name: &str| {
        let answer = server
            .get_as(&format!("/graph/{name}"), "application/n-triples")
            .await;
        answer.text().to_owned()
    };
    let other = lines("twee").await;
    // The graph is the default graph, for reading and for writing.
    let patch = "DELETE { ?s ?p ?o } INSERT { ?s ?p 3 } WHERE { ?s ?p ?o }";
    let answer = server
        .write(Method::PATCH, "/graph/een", UPDATE, patch)
        .await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    assert_eq!(
        (&json["toegevoegd"], &json["verwijderd"]),
        (&1.into(), &1.into())
    );
    assert!(lines("een").await.contains("\"3\""));
    assert_eq!(lines("twee").await, other);
    // Other graphs may be read, by their name.
    let read = format!(
        "INSERT {{ ?s <http://e/q> ?o }} WHERE {{ GRAPH <{BASE}/graph/twee> {{ ?s ?p ?o }} }}"
    );
    let answer = server
        .write(Method::PATCH, "/graph/een", UPDATE, &read)
        .await;
    assert_eq!(answer.json()["toegevoegd"], 1);
    for wrong in [
        format!("INSERT DATA {{ GRAPH <{BASE}/graph/twee> {{ <http://e/a> <http://e/p> 5 }} }}"),
        format!("WITH <{BASE}/graph/twee> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}"),
        "INSERT { GRAPH ?s { ?s ?p ?o } } WHERE { ?s ?p ?o }".to_owned(),
        "CLEAR ALL".to_owned(),
        format!("MOVE DEFAULT TO <{BASE}/graph/twee>"),
        format!("INSERT DATA {{ <http://e/a> <http://e/p> 6 }} ; DROP GRAPH <{BASE}/graph/twee>"),
    ] {
        let refused = server
            .write(Method::PATCH, "/graph/een", UPDATE, &wrong)
            .await;
        refused.assert_problem(400, "update-refused");
    }
    assert_eq!(server.registry.snapshot().seq(), 4, "nothing else was kept");
    server
        .write(Method::PATCH, "/graph/een", UPDATE, "CLEAR DEFAULT")
        .await;
    server
        .get("/graph/een")
        .await
        .assert_problem(404, "not-found");
    assert_eq!(lines("twee").await, other);
}

#[tokio::test]
async fn patches_of_new_graphs_and_of_the_default_graph() {
    let server = Server::empty();
    let insert = "INSERT DATA { <http://e/a> <http://e/p> 1 }";
    let made = server
        .write(
            Method::PATCH,
            "/rdf-graphs?graph=http://e/g",
            UPDATE,
            insert,
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(
        made.header("location"),
        format!("{BASE}/rdf-graphs?graph=http%3A%2F%2Fe%2Fg")
    );
    let copy = "INSERT { ?s ?p 2 } WHERE { ?s ?p ?o }";
    let default = server
        .write(Method::PATCH, "/rdf-graphs?default", UPDATE, copy)
        .await;
    assert_eq!(default.json()["gewijzigd"], false, "it is empty");
    let named = "INSERT DATA { GRAPH <http://e/g> { <http://e/a> <http://e/p> 9 } }";
    server
        .write(Method::PATCH, "/rdf-graphs?default", UPDATE, named)
        .await
        .assert_problem(400, "update-refused");
    let wrong = server
        .write(Method::PATCH, "/rdf-graphs?default", TURTLE, insert)
        .await;
    wrong.assert_problem(415, "unsupported-media-type");
    assert_eq!(wrong.header("accept-patch"), UPDATE);
    let anonymous = [("content-type", UPDATE)];
    server
        .send(request(Method::PATCH, "/graph/x", &anonymous, insert))
        .await
        .assert_problem(401, "unauthorized");
}

#[tokio::test]
async fn what_is_posted_to_the_store_becomes_a_new_graph() {
    let server = Server::empty();
    let turtle = "<> <http://e/p> 1 .";
    let mut made = Vec::new();
    for _ in 0..2 {
        let answer = server
            .write(Method::POST, "/rdf-graphs", TURTLE, turtle)
            .await;
        assert_eq!(answer.status, StatusCode::CREATED);
        made.push(answer.header("location").to_owned());
    }
    assert_ne!(made[0], made[1]);
    for iri in made {
        let path = iri.strip_prefix(BASE).expect("below the base");
        assert!(path.starts_with("/graph/nieuw/"), "{path}");
        // A relative IRI is relative to the graph.
        let lines = server.get_as(path, "application/n-triples").await;
        assert!(lines.text().contains(&iri), "{}", lines.text());
    }
}

#[tokio::test]
async fn conditions_guard_against_lost_changes() {
    let server = Server::empty();
    let send = async |method: Method, condition: (&str, &str), content: &str| {
        let authorization = format!("Bearer {}", super::TOKEN);
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", TURTLE),
            condition,
        ];
        server
            .send(request(method, "/graph/proef", &headers, content))
            .await
    };
    let one = "<http://e/a> <http://e/p> 1 .";
    let two = "<http://e/a> <http://e/p> 2 .";
    let any = "*";
    let refused = send(Method::PUT, ("if-match", any), one).await;
    refused.assert_problem(412, "precondition-failed");
    let made = send(Method::PUT, ("if-none-match", any), one).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.header("location"), format!("{BASE}/graph/proef"));
    let again = send(Method::PUT, ("if-none-match", any), two).await;
    again.assert_problem(412, "precondition-failed");
    insta::assert_snapshot!("problem_precondition_failed", again.snapshot());
    // The tag of any format will do, packed or not.
    for accept in ["text/turtle", "application/ld+json"] {
        let tag = server
            .get_as("/graph/proef", accept)
            .await
            .header("etag")
            .to_owned();
        let packed = format!("\"x\", {}-gzip\"", tag.trim_end_matches('"'));
        let changed = send(Method::POST, ("if-match", &packed), two).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
        let held = send(Method::POST, ("if-none-match", &packed), one).await;
        assert_eq!(
            held.status.as_u16() == 412,
            !changed.json()["gewijzigd"].as_bool().expect("said")
        );
    }
    let stale = send(Method::DELETE, ("if-match", "\"oud\""), "").await;
    stale.assert_problem(412, "precondition-failed");
    let fresh = server.get("/graph/proef").await.header("etag").to_owned();
    let deleted = send(Method::DELETE, ("if-match", &fresh), "").await;
    assert_eq!(deleted.status, StatusCode::OK);
}

#[tokio::test]
async fn tags_change_with_their_graph_and_with_no_other() {
    let server = Server::empty();
    let put = async |graph: &str, content: &str| {
        let put = server.write(Method::PUT, graph, TURTLE, content).await;
        assert!(put.status.is_success(), "{}", put.text());
    };
    let tag = async |graph: &str| server.get(graph).await.header("etag").to_owned();
    put("/graph/een", "<http://e/a> <http://e/p> 1 .").await;
    put("/graph/twee", "<http://e/a> <http://e/p> 2 .").await;
    let (one, two) = (tag("/graph/een").await, tag("/graph/twee").await);
    assert_ne!(one, two);
    put("/graph/twee", "<http://e/a> <http://e/p> 3 .").await;
    assert_eq!(tag("/graph/een").await, one);
    assert_ne!(tag("/graph/twee").await, two);
    let headers = [("if-none-match", one.as_str())];
    let fresh = server
        .send(request(Method::GET, "/graph/een", &headers, ""))
        .await;
    assert_eq!(fresh.status, StatusCode::NOT_MODIFIED);
    assert_eq!(
        fresh.header("x-commit"),
        "3",
        "it says which state it looked at"
    );
    // What was read before the other graph changed may still be changed; what was read before this one did may not.
    let authorization = format!("Bearer {}", super::TOKEN);
    let change = async |graph: &str, tag: &str, content: &str| {
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", TURTLE),
            ("if-match", tag),
        ];
        server
            .send(request(Method::PUT, graph, &headers, content))
            .await
            .status
    };
    let content = "<http://e/a> <http://e/p> 4 .";
    assert_eq!(change("/graph/een", &one, content).await, StatusCode::OK);
    let stale = change("/graph/een", &one, "<http://e/a> <http://e/p> 5 .").await;
    assert_eq!(stale, StatusCode::PRECONDITION_FAILED);
    let stale = change("/graph/twee", &two, content).await;
    assert_eq!(stale, StatusCode::PRECONDITION_FAILED);
    // The same content again is no change; back to what it was by way of another state is one.
    let before = tag("/graph/een").await;
    put("/graph/een", content).await;
    assert_eq!(tag("/graph/een").await, before);
    put("/graph/een", "<http://e/a> <http://e/p> 6 .").await;
    put("/graph/een", content).await;
    assert_ne!(tag("/graph/een").await, before);
}

#[tokio::test]
async fn content_of_another_kind_is_refused_unread() {
    let server = Server::empty();
    for kind in ["text/html", "application/pdf", "application/sparql-query"] {
        let refused = server.write(Method::PUT, "/graph/x", kind, "x").await;
        refused.assert_problem(415, "unsupported-media-type");
    }
    let latin = "text/turtle; charset=ISO-8859-1";
    server
        .write(Method::PUT, "/graph/x", latin, "<a:a> <a:b> 1 .")
        .await
        .assert_problem(415, "charset");
    let form = "--B\r\nContent-Disposition: form-data; filename=\"a.ttl\"\r\n\r\n<a:a> <a:b> 1 .\r\n\
        --B\r\nContent-Disposition: form-data; filename=\"b.html\"\r\nContent-Type: text/html\r\n\r\n<p>\r\n--B--\r\n";
    server
        .write(
            Method::POST,
            "/graph/x",
            "multipart/form-data; boundary=B",
            form,
        )
        .await
        .assert_problem(415, "unsupported-media-type");
    // Nothing in it is nothing stored: a graph is there as long as it holds a statement.
    let empty = server.write(Method::PUT, "/graph/x", TURTLE, "").await;
    assert_eq!(
        (empty.status, &empty.json()["gewijzigd"]),
        (StatusCode::OK, &false.into())
    );
    server
        .get("/graph/x")
        .await
        .assert_problem(404, "not-found");
}
