//! Every way to get a write wrong: the right status, and a problem that names what is wrong and where.

use super::send;
use crate::http::{SHAPE, Server, TOKEN, request};
use axum::body::Body;
use axum::http::{Method, Request};
use oslo_registry::registry::{DeclaredSource, SourceKind};
use std::fmt::Write as _;

const ITEM: &str = "/api/adressen/9";

/// A problem as one block of a snapshot.
fn block(out: &mut String, name: &str, answer: &crate::http::Answer) {
    let mut json = answer.json();
    if let Some(members) = json.as_object_mut() {
        for name in ["verzoek", "instance", "title", "type", "bevindingen"] {
            members.shift_remove(name);
        }
    }
    let extra: Vec<&str> = ["accept-post", "accept-patch", "www-authenticate"]
        .into_iter()
        .map(|name| answer.header(name))
        .filter(|value| !value.is_empty())
        .collect();
    writeln!(
        out,
        "## {name}\n{} {}\n{json:#}\n",
        answer.status.as_u16(),
        extra.join(" | ")
    )
    .expect("a String takes it");
}

#[tokio::test]
async fn bodies() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let deep = "[".repeat(100_000);
    let deep_object = "{\"isVerrijktMet\":".repeat(100_000);
    let bodies: [(&str, &str); 37] = [
        ("empty", ""),
        ("no JSON", "{\"huisnummer\": \"9\",}"),
        ("no JSON, further on", "{\n  \"huisnummer\": \"é\" \"b\"\n}"),
        ("two documents", "{} {}"),
        ("a list", "[]"),
        ("a text", "\"9\""),
        ("too deep", &deep),
        ("too deep, objects", &deep_object),
        (
            "a key twice",
            "{\"huisnummer\": \"9\", \"isVerrijktMet\": [{\"volledigAdres\": \"a\", \"volledigAdres\": \"b\"}]}",
        ),
        (
            "a large number",
            "{\"huisnummer\": 123456789012345678901234567890}",
        ),
        ("half a character", "{\"huisnummer\": \"\\ud800\"}"),
        ("unknown key", "{\"huisnumer\": \"9\"}"),
        (
            "unknown keys",
            "{\"huisnummer\": \"9\", \"kleur\": \"rood\", \"isVerrijktMet\": {\"volledigadres\": \"x\", \"adr:iets\": 1}}",
        ),
        (
            "unknown class",
            "{\"@type\": \"Addres\", \"huisnummer\": \"9\"}",
        ),
        (
            "other class",
            "{\"@type\": \"Straatnaam\", \"huisnummer\": \"9\"}",
        ),
        (
            "class that is no text",
            "{\"@type\": 5, \"huisnummer\": \"9\"}",
        ),
        (
            "no IRI",
            "{\"huisnummer\": \"9\", \"heeftStraatnaam\": \"1\"}",
        ),
        (
            "no IRI in an object",
            "{\"huisnummer\": \"9\", \"heeftStraatnaam\": {\"@id\": \"straatnaam/1\"}}",
        ),
        (
            "number for an IRI",
            "{\"huisnummer\": \"9\", \"heeftStraatnaam\": 1}",
        ),
        (
            "truth for an IRI",
            "{\"huisnummer\": \"9\", \"Adres.status\": true}",
        ),
        ("list in a list", "{\"huisnummer\": [[\"9\"]]}"),
        (
            "text that is no truth",
            "{\"huisnummer\": \"9\", \"officieelToegekend\": \"ja\"}",
        ),
        (
            "typed text that is none",
            "{\"huisnummer\": {\"@value\": \"x\", \"@type\": \"http://www.w3.org/2001/XMLSchema#integer\"}}",
        ),
        (
            "language tag",
            "{\"huisnummer\": \"9\", \"isVerrijktMet\": [{\"volledigAdres\": {\"@value\": \"x\", \"@language\": \"nl_BE\"}}]}",
        ),
        (
            "language of a number",
            "{\"huisnummer\": {\"@value\": 9, \"@language\": \"nl\"}}",
        ),
        (
            "more beside a value",
            "{\"huisnummer\": {\"@value\": \"9\", \"eenheid\": \"m\"}}",
        ),
        (
            "value that is an object",
            "{\"huisnummer\": {\"@value\": {}}}",
        ),
        ("keyword", "{\"huisnummer\": \"9\", \"@graph\": []}"),
        ("reverse", "{\"huisnummer\": \"9\", \"@reverse\": {}}"),
        (
            "context of others",
            "{\"@context\": \"https://data.vlaanderen.be/context/adresregister.jsonld\", \"huisnummer\": \"9\"}",
        ),
        (
            "context in place",
            "{\"@context\": {\"huisnummer\": \"urn:x\"}, \"huisnummer\": \"9\"}",
        ),
        (
            "context within",
            "{\"huisnummer\": \"9\", \"isVerrijktMet\": {\"@context\": {}, \"volledigAdres\": \"x\"}}",
        ),
        (
            "other id",
            "{\"@id\": \"https://data.vlaanderen.be/id/adres/10\", \"huisnummer\": \"9\"}",
        ),
        ("id that is no text", "{\"@id\": 9, \"huisnummer\": \"9\"}"),
        (
            "about others",
            "{\"huisnummer\": \"9\", \"heeftStraatnaam\": {\"@id\": \"https://data.vlaanderen.be/id/straatnaam/1\", \"label\": [{\"@value\": \"Nieuwstraat\", \"@language\": \"nl\"}]}}",
        ),
        (
            "parts of others",
            "{\"huisnummer\": \"9\", \"identificator\": {\"@id\": \"https://data.vlaanderen.be/.well-known/genid/adres/10/id\", \"notation\": \"10\"}}",
        ),
        ("against the shapes", "{\"busnummer\": \"9\"}"),
    ];
    let mut out = String::new();
    let before = server.registry.snapshot().seq();
    for (name, body) in bodies {
        let answer = send(&server, Method::PUT, ITEM, &[], body).await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.text());
        block(&mut out, name, &answer);
    }
    let authorization = format!("Bearer {TOKEN}");
    let raw = Request::builder()
        .method(Method::PUT)
        .uri(ITEM)
        .header("authorization", &authorization)
        .header("content-type", "application/json")
        .body(Body::from(&b"{\"huisnummer\": \"\xff\"}"[..]))
        .expect("a request");
    block(&mut out, "not UTF-8", &server.send(raw).await);
    assert_eq!(server.registry.snapshot().seq(), before);
    insta::assert_snapshot!("refused_bodies", out);
}

#[tokio::test]
async fn other_syntaxes() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let adr = "@prefix adr: <https://data.vlaanderen.be/ns/adres#> .\n";
    let two = format!(
        "{adr}<https://data.vlaanderen.be/id/adres/1> adr:huisnummer \"1\" . <https://data.vlaanderen.be/id/adres/2> adr:huisnummer \"2\" ."
    );
    let bodies: [(&str, &str, String); 8] = [
        (
            "broken Turtle",
            "text/turtle",
            format!("{adr}<> adr:huisnummer \"9\" ;; . x"),
        ),
        (
            "relative IRI",
            "text/turtle",
            format!("{adr}<> adr:huisnummer \"9\" ; adr:heeftStraatnaam <straatnaam/1> ."),
        ),
        (
            "other host",
            "text/turtle",
            format!("{adr}<> adr:huisnummer \"9\" ; adr:heeftStraatnaam <//elders/1> ."),
        ),
        (
            "another item",
            "text/turtle",
            format!("{adr}<https://data.vlaanderen.be/id/adres/10> adr:huisnummer \"9\" ."),
        ),
        ("two items", "text/turtle", two),
        ("nothing", "text/turtle", String::new()),
        (
            "about others",
            "text/turtle",
            format!("{adr}<> adr:huisnummer \"9\" . <urn:x> adr:huisnummer \"1\" ."),
        ),
        (
            "broken lines",
            "application/n-triples",
            "<urn:a> <urn:b> .".to_owned(),
        ),
    ];
    let mut out = String::new();
    for (name, kind, body) in bodies {
        let answer = send(&server, Method::PUT, ITEM, &[("content-type", kind)], &body).await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.text());
        block(&mut out, name, &answer);
    }
    insta::assert_snapshot!("refused_syntaxes", out);
}

#[tokio::test]
async fn patches() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let (merge, json) = (
        "application/merge-patch+json",
        "application/json-patch+json",
    );
    let many = format!(
        "[{}]",
        vec!["{\"op\":\"test\",\"path\":\"\",\"value\":1}"; 1001].join(",")
    );
    let patches = [
        ("merge: no JSON", merge, "{"),
        ("merge: not an object", merge, "[]"),
        ("merge: unknown key", merge, "{\"kleur\": \"rood\"}"),
        (
            "merge: another id",
            merge,
            "{\"@id\": \"https://data.vlaanderen.be/id/adres/10\"}",
        ),
        ("merge: against the shapes", merge, "{\"huisnummer\": null}"),
        ("no list", json, "{}"),
        (
            "no operation",
            json,
            "[{\"op\": \"verdubbel\", \"path\": \"/huisnummer\"}]",
        ),
        ("no path", json, "[{\"op\": \"remove\"}]"),
        (
            "no pointer",
            json,
            "[{\"op\": \"remove\", \"path\": \"huisnummer\"}]",
        ),
        (
            "no such place",
            json,
            "[{\"op\": \"remove\", \"path\": \"/busnummer\"}]",
        ),
        (
            "test",
            json,
            "[{\"op\": \"test\", \"path\": \"/huisnummer\", \"value\": \"10\"}]",
        ),
        ("too many", json, &many),
        ("all away", json, "[{\"op\": \"remove\", \"path\": \"\"}]"),
        (
            "SPARQL",
            "application/sparql-update",
            "DELETE WHERE { ?s ?p ?o }",
        ),
    ];
    let mut out = String::new();
    for (name, kind, body) in patches {
        let answer = send(
            &server,
            Method::PATCH,
            ITEM,
            &[("content-type", kind)],
            body,
        )
        .await;
        assert!(answer.status.is_client_error(), "{name}: {}", answer.text());
        block(&mut out, name, &answer);
    }
    let unknown = send(
        &server,
        Method::PATCH,
        "/api/adressen/404",
        &[("content-type", merge)],
        "{}",
    )
    .await;
    block(&mut out, "unknown item", &unknown);
    insta::assert_snapshot!("refused_patches", out);
}

#[tokio::test]
async fn requests() {
    let server = Server::new().with_graph("shapes/adres", SHAPE);
    let good = "{\"huisnummer\": \"9\"}";
    let mut out = String::new();
    let with = |method: Method,
                path: &'static str,
                headers: &'static [(&'static str, &'static str)],
                body: &'static str| {
        let server = &server;
        async move { send(server, method, path, headers, body).await }
    };
    let answers = [
        (
            "unknown register",
            with(Method::PUT, "/api/bomen/1", &[], good).await,
        ),
        (
            "id of another form",
            with(Method::PUT, "/api/adressen/negen", &[], good).await,
        ),
        (
            "id given, of another form",
            with(
                Method::POST,
                "/api/adressen",
                &[],
                "{\"@id\": \"https://stad.example/id/adres/1\", \"huisnummer\": \"1\"}",
            )
            .await,
        ),
        (
            "id needed",
            with(Method::POST, "/api/percelen", &[], "{}").await,
        ),
        (
            "exists already",
            with(
                Method::POST,
                "/api/adressen",
                &[],
                "{\"@id\": \"https://data.vlaanderen.be/id/adres/9\", \"huisnummer\": \"1\"}",
            )
            .await,
        ),
        (
            "type",
            with(Method::PUT, ITEM, &[("content-type", "text/csv")], good).await,
        ),
        (
            "type of a new item",
            with(
                Method::POST,
                "/api/adressen",
                &[("content-type", "application/xml")],
                good,
            )
            .await,
        ),
        (
            "charset",
            with(
                Method::PUT,
                ITEM,
                &[("content-type", "application/json; charset=latin1")],
                good,
            )
            .await,
        ),
        (
            "parameter",
            with(Method::PUT, "/api/adressen/9?proef=1", &[], good).await,
        ),
        (
            "dryRun",
            with(Method::PUT, "/api/adressen/9?dryRun=misschien", &[], good).await,
        ),
        (
            "earlier state",
            with(Method::PUT, "/api/adressen/9?asOf=1", &[], good).await,
        ),
        (
            "stale",
            with(
                Method::PUT,
                ITEM,
                &[("if-match", "\"0123456789abcdef.0\"")],
                good,
            )
            .await,
        ),
        (
            "not new",
            with(Method::PUT, ITEM, &[("if-none-match", "*")], good).await,
        ),
        (
            "packing",
            with(Method::PUT, ITEM, &[("content-encoding", "br")], good).await,
        ),
        (
            "nothing to remove",
            with(Method::DELETE, "/api/adressen/404", &[], "").await,
        ),
    ];
    for (name, answer) in &answers {
        assert!(answer.status.is_client_error(), "{name}: {}", answer.text());
        block(&mut out, name, answer);
    }
    for (name, headers) in [
        ("no token", vec![("content-type", "application/json")]),
        (
            "wrong token",
            vec![
                ("content-type", "application/json"),
                ("authorization", "Bearer mis"),
            ],
        ),
    ] {
        let answer = server
            .send(request(Method::PUT, ITEM, &headers, good))
            .await;
        block(&mut out, name, &answer);
    }
    let large = format!("{{\"huisnummer\": \"{}\"}}", "9".repeat(17 << 20));
    block(
        &mut out,
        "too large",
        &send(&server, Method::PUT, ITEM, &[], &large).await,
    );
    let many: Vec<String> = (0..20_001).map(|n| format!("\"{n}\"")).collect();
    let many = format!("{{\"huisnummer\": [{}]}}", many.join(","));
    block(
        &mut out,
        "too many statements",
        &send(&server, Method::PUT, ITEM, &[], &many).await,
    );
    insta::assert_snapshot!("refused_requests", out);
}

#[tokio::test]
async fn what_is_of_a_source_is_left_to_it() {
    let server = Server::new()
        .with_graph("bron/straten", "<https://data.vlaanderen.be/id/straatnaam/7> a <https://data.vlaanderen.be/ns/adres#Straatnaam> .")
        .with_graph("elders", "<https://data.vlaanderen.be/id/straatnaam/8> a <https://data.vlaanderen.be/ns/adres#Straatnaam> .");
    let declare = |name: &str, graph: &str| {
        let graph = server.registry.graph_iri(graph);
        let source = DeclaredSource::new(name, SourceKind::Ldes, "https://data.example/x", graph);
        server.registry.declare_source(&source).expect("declared");
    };
    declare("straten", "bron/straten");
    declare("adressen", "adressen");
    let mut out = String::new();
    let before = server.registry.snapshot().seq();
    for (name, method, path, body) in [
        (
            "graph of a source",
            Method::PUT,
            ITEM,
            "{\"huisnummer\": \"1\"}",
        ),
        (
            "graph of a source, new",
            Method::POST,
            "/api/adressen",
            "{\"huisnummer\": \"1\"}",
        ),
        (
            "graph of a source, tried",
            Method::PUT,
            "/api/adressen/9?dryRun=true",
            "{\"huisnummer\": \"1\"}",
        ),
        ("graph of a source, away", Method::DELETE, ITEM, ""),
        ("item of a source", Method::PUT, "/api/straatnamen/7", "{}"),
        (
            "item of a source, away",
            Method::DELETE,
            "/api/straatnamen/7",
            "",
        ),
        (
            "item in another graph",
            Method::PUT,
            "/api/straatnamen/8",
            "{}",
        ),
    ] {
        block(
            &mut out,
            name,
            &send(&server, method, path, &[], body).await,
        );
    }
    assert_eq!(server.registry.snapshot().seq(), before);
    insta::assert_snapshot!("refused_sources", out);
}
