//! What each address of a stream answers: in every format, when it is asked again, when it is not there.

use super::{addresses, steady, targets};
use crate::http::{Server, request};
use axum::http::{Method, StatusCode};

const TEXTS: [(&str, &str); 4] = [
    ("nq", "nq"),
    ("trig", "trig"),
    ("jsonld", "jsonld"),
    ("ttl", "ttl"),
];

/// Two addresses come, one changes, one goes: three members of the first register, and one that a part made.
fn server() -> Server {
    let server = Server::empty();
    let first = "<https://data.vlaanderen.be/id/adres/1> a <https://data.vlaanderen.be/ns/adres#Adres> ; \
        <https://data.vlaanderen.be/ns/adres#huisnummer> \"1\" ; \
        <http://www.w3.org/ns/adms#identifier> <http://register.test/.well-known/genid/adres/1/id> . \
        <http://register.test/.well-known/genid/adres/1/id> a <http://www.w3.org/ns/adms#Identifier> .";
    server.load("adressen", first.as_bytes());
    let second =
        "<https://data.vlaanderen.be/id/adres/2> a <https://data.vlaanderen.be/ns/adres#Adres> .";
    server.load("adressen", second.as_bytes());
    server
}

async fn update(server: &Server, text: &str) {
    let done = server
        .write(
            Method::POST,
            "/sparql/update",
            "application/sparql-update",
            text,
        )
        .await;
    assert!(done.status.is_success(), "{}", done.text());
}

async fn changed() -> Server {
    let server = server();
    update(
        &server,
        "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> INSERT DATA { GRAPH <http://register.test/graph/adressen> { \
         <https://data.vlaanderen.be/id/adres/2> adr:huisnummer \"2\" } }",
    )
    .await;
    update(
        &server,
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE { GRAPH ?g { ?s ?p ?o } FILTER (?s = <https://data.vlaanderen.be/id/adres/1>) }",
    )
    .await;
    server
}

async fn first_page(server: &Server, format: &str) -> String {
    let entry = server.get("/ldes/adressen?format=nq").await;
    let page = targets(entry.text()).remove(0);
    page.replace("format=nq", &format!("format={format}"))
}

#[tokio::test]
async fn entries_pages_members_and_shapes_are_as_they_were() {
    let server = changed().await;
    for (format, name) in TEXTS {
        let entry = server.get(&format!("/ldes/adressen?format={format}")).await;
        insta::assert_snapshot!(format!("entry_{name}"), steady(&entry));
        let leaf = first_page(&server, format).await;
        insta::assert_snapshot!(format!("leaf_{name}"), steady(&server.get(&leaf).await));
        let node = leaf.replace("/0/0", "/1/0");
        insta::assert_snapshot!(format!("node_{name}"), steady(&server.get(&node).await));
        let member = server
            .get(&format!("/ldes/adressen/lid/3/2?format={format}"))
            .await;
        insta::assert_snapshot!(format!("member_{name}"), steady(&member));
    }
    let shape = server.get("/ldes/adressen/vorm?format=ttl").await;
    insta::assert_snapshot!("shape", steady(&shape));
    let list = server.get("/ldes").await.json();
    assert_eq!(list["gereed"], true);
    assert_eq!(list["commit"], 4);
    assert_eq!(list["stromen"][0]["leden"], 4, "{list:#}");
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let server = server();
    let page = first_page(&server, "nq").await;
    for (path, status, code) in [
        ("/ldes/bestaat-niet", 404, "not-found"),
        ("/ldes/bestaat-niet/vorm", 404, "not-found"),
        (&page.replace("/0/0", "/0/1"), 404, "not-found"),
        (&page.replace("/0/0", "/0/-1"), 404, "not-found"),
        (&page.replace("/0/0", "/99/0"), 404, "not-found"),
        ("/ldes/adressen/tijd/00000000/0/0", 410, "feed-renewed"),
        ("/ldes/adressen/lid/9/1", 404, "not-found"),
        ("/ldes/adressen/lid/1/7", 404, "not-found"),
        ("/ldes/adressen/lid/een/1", 404, "not-found"),
        ("/ldes/adressen?format=csv", 400, "unknown-format"),
        ("/ldes/adressen/vorm?format=html", 400, "unknown-format"),
        (
            "/ldes/adressen?format=nq&format=ttl",
            400,
            "duplicate-parameter",
        ),
    ] {
        server.get(path).await.assert_problem(status, code);
    }
    let refused = server.get_as("/ldes/adressen", "image/png").await;
    refused.assert_problem(406, "not-acceptable");
    let gone = server.get("/ldes/adressen/tijd/00000000/0/0").await.json();
    insta::assert_snapshot!("renewed", format!("{gone:#}"));
}

#[tokio::test]
async fn full_pages_are_kept_and_others_asked_for_again() {
    let server = Server::empty();
    server.load("adressen", addresses(260).as_bytes());
    let entry = server.get("/ldes/adressen").await;
    assert_eq!(entry.header("content-type"), "application/n-quads");
    assert_eq!(entry.header("cache-control"), "public, no-cache");
    assert_eq!(entry.header("x-commit"), "1");
    let pages = targets(entry.text());
    assert_eq!(pages.len(), 2);
    let (full, tail) = (server.get(&pages[0]).await, server.get(&pages[1]).await);
    assert_eq!(
        full.header("cache-control"),
        "public, max-age=604800, immutable"
    );
    assert!(full.text().contains("ldes#immutable> \"true\""));
    assert_eq!(full.header("x-commit"), "");
    assert_eq!(tail.header("cache-control"), "public, no-cache");
    assert!(!tail.text().contains("immutable"));
    assert_eq!(full.text().matches("tree#member>").count(), 250);
    assert_eq!(tail.text().matches("tree#member>").count(), 10);
    for (path, known) in [
        ("/ldes/adressen", &entry),
        (&*pages[0], &full),
        (&*pages[1], &tail),
    ] {
        let tag = [("if-none-match", known.header("etag"))];
        let again = server.send(request(Method::GET, path, &tag, "")).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        let head = server.send(request(Method::HEAD, path, &[], "")).await;
        assert_eq!(head.status, StatusCode::OK);
        assert!(head.body.is_empty());
        assert_eq!(head.header("etag"), known.header("etag"));
        assert_eq!(head.header("access-control-allow-origin"), "*");
    }
    let packed = [("accept-encoding", "zstd, gzip")];
    let packed = server
        .send(request(Method::GET, &pages[0], &packed, ""))
        .await;
    assert!(!packed.header("content-encoding").is_empty());
    assert!(
        packed.body.len() * 5 < full.body.len(),
        "{}",
        packed.body.len()
    );
    // One more address: the tail and the entry are other ones, the full page is not.
    server.load("adressen", addresses(261).as_bytes());
    assert_ne!(
        server.get("/ldes/adressen").await.header("etag"),
        entry.header("etag")
    );
    assert_ne!(
        server.get(&pages[1]).await.header("etag"),
        tail.header("etag")
    );
    let same = server.get(&pages[0]).await;
    assert_eq!(
        (same.header("etag"), &same.body),
        (full.header("etag"), &full.body)
    );
}

#[tokio::test]
async fn a_page_has_the_profile_of_tree_when_that_is_asked() {
    let server = server();
    let page = first_page(&server, "nq").await.replace("?format=nq", "");
    for kind in [
        "application/n-quads",
        "application/trig",
        "application/ld+json",
        "text/turtle",
    ] {
        let asked = format!("{kind}; profile=\"https://w3id.org/tree/profile\"");
        let answer = server.get_as(&page, &asked).await;
        let expected = format!("{kind};profile=\"https://w3id.org/tree/profile\"");
        assert_eq!(answer.header("content-type"), expected);
        let plain = server.get_as(&page, kind).await;
        assert!(plain.header("content-type").starts_with(kind));
        assert!(!plain.header("content-type").contains("profile"));
        assert_eq!(plain.body, answer.body);
        assert_ne!(plain.header("etag"), answer.header("etag"));
    }
    // What the page says of itself comes first; what a member says comes right after it is named.
    let text = server.get(&page).await.text().to_owned();
    let mut member = None;
    for (at, line) in text.lines().enumerate() {
        let (subject, rest) = line.split_once(' ').expect("a statement");
        if rest.starts_with("<https://w3id.org/tree#member> ") {
            member = rest.split(' ').nth(1);
        } else if let Some(member) = member {
            assert!(
                subject == member || line.ends_with(&format!("{member} .")),
                "{line}"
            );
        } else {
            assert_eq!(at, 0, "{line}");
        }
    }
}

#[tokio::test]
async fn people_read_of_streams_in_their_language() {
    let server = changed().await;
    for (language, title, word, head) in [
        ("nl", "Stromen", "gewijzigd", "Wat het laatst gebeurde"),
        ("en", "Event streams", "changed", "What happened last"),
    ] {
        let headers = [("accept", "text/html"), ("accept-language", language)];
        let list = server
            .send(request(Method::GET, "/ldes", &headers, ""))
            .await;
        assert_eq!(list.header("content-type"), "text/html; charset=utf-8");
        assert!(
            list.text().contains(&format!("<title>{title}")),
            "{}",
            list.text()
        );
        assert!(list.text().contains("/ldes/adressen\""));
        let one = server
            .send(request(Method::GET, "/ldes/adressen", &headers, ""))
            .await;
        assert_eq!(one.header("content-type"), "text/html; charset=utf-8");
        for part in [
            word,
            head,
            "ldes-client",
            "huisnummer",
            "/ldes/adressen/lid/3/2",
        ] {
            assert!(one.text().contains(part), "{part}: {}", one.text());
        }
        assert!(!one.text().contains("<script"));
        let empty = server
            .send(request(Method::GET, "/ldes/percelen", &headers, ""))
            .await;
        assert!(empty.text().contains("role=\"status\""));
    }
    let asked = server.get("/ldes/adressen?format=html").await;
    assert_eq!(asked.header("content-type"), "text/html; charset=utf-8");
}

#[tokio::test]
async fn health_and_figures_tell_how_far_streams_are() {
    let server = server();
    assert!(server.get("/health").await.json()["stromen"].is_null());
    assert_eq!(server.get("/ldes").await.status, StatusCode::OK);
    let health = server.get("/health").await.json();
    assert_eq!(health["stromen"]["toestand"], "volgt", "{health:#}");
    assert_eq!(health["stromen"]["commit"], 2);
    let figures = server.get("/metrics").await.text().to_owned();
    for line in [
        "oslo_streams_up 1",
        "oslo_streams_commit 2",
        "oslo_stream_members{register=\"adressen\"} 2",
    ] {
        assert!(
            figures.lines().any(|known| known == line),
            "{line}: {figures}"
        );
    }
}
