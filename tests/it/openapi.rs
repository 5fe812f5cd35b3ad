//! The description of the interface against the interface: every route is described and every description is a route, with the
//! same methods; references lead somewhere; every register has a schema, a form and an example.

use super::http::{BASE, Server, request};
use axum::http::{Method, StatusCode};
use serde_json::Value as Json;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

async fn document(server: &Server) -> Json {
    let answer = server.get("/openapi.json").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json");
    answer.json()
}

/// Paths with their methods, in lower case.
fn described(document: &Json) -> BTreeMap<String, BTreeSet<String>> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .map(|(path, operations)| {
            let methods = operations.as_object().expect("operations").keys();
            (path.clone(), methods.cloned().collect())
        })
        .collect()
}

/// The templates that the router is made with, read from its source: it does not tell them itself.
fn routes() -> Vec<String> {
    fn walk(folder: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                walk(&path, found);
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file");
            for rest in text.split(".route(").skip(1) {
                let rest = rest.trim_start();
                if let Some(literal) = rest.strip_prefix('"') {
                    let end = literal.find('"').expect("a closed string");
                    found.push(literal[..end].to_owned());
                }
            }
        }
    }
    let mut found = Vec::new();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http");
    walk(&source, &mut found);
    found.sort_unstable();
    found
}

/// Whether an address that may have placeholders itself is one of a template.
fn fits(template: &str, path: &str) -> bool {
    let (mut template, mut path) = (template.split('/'), path.split('/'));
    loop {
        match (template.next(), path.next()) {
            (None, None) => return true,
            (Some(part), Some(_)) if part.starts_with("{*") => return true,
            (Some(part), Some(own)) if part == own || part.starts_with('{') && !own.is_empty() => {}
            _ => return false,
        }
    }
}

/// An address with something in the place of every placeholder.
fn filled(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("proef");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out + rest
}

#[tokio::test]
async fn every_route_is_described_and_every_description_is_a_route() {
    let server = Server::new();
    let paths = described(&document(&server).await);
    let routes = routes();
    assert!(routes.len() > 30, "{routes:?}");
    for route in &routes {
        assert!(
            paths.keys().any(|path| fits(route, path)),
            "{route} is not described"
        );
    }
    for (path, methods) in &paths {
        assert!(
            routes.iter().any(|route| fits(route, path)),
            "{path} is no route"
        );
        let address = filled(path);
        let answer = server
            .send(request(Method::OPTIONS, &address, &[], ""))
            .await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}");
        let allowed: BTreeSet<String> = answer
            .header("allow")
            .split(',')
            .map(|method| method.trim().to_ascii_lowercase())
            .filter(|method| !["head", "options"].contains(&method.as_str()))
            .collect();
        assert_eq!(&allowed, methods, "{path}");
    }
}

/// Calls `each` with every reference of a document.
fn references(json: &Json, each: &mut impl FnMut(&str)) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(target) if name == "$ref" => each(target),
                    _ => references(value, each),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| references(item, each)),
        _ => {}
    }
}

#[tokio::test]
async fn references_lead_somewhere_and_names_are_unique() {
    let server = Server::new();
    for query in ["", "?lang=en"] {
        let document = server.get(&format!("/openapi.json{query}")).await.json();
        let mut seen = 0;
        references(&document, &mut |target| {
            let pointer = target.strip_prefix('#').expect("a reference within");
            assert!(document.pointer(pointer).is_some(), "{target}");
            seen += 1;
        });
        assert!(seen > 500, "{seen}");
        let mut names = BTreeSet::new();
        for (path, operations) in document["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                let name = operation["operationId"].as_str().expect("a name");
                assert!(names.insert(name.to_owned()), "{name}");
                let summary = operation["summary"].as_str().unwrap_or_default();
                assert!(!summary.is_empty(), "{method} {path}");
                assert_eq!(
                    operation["tags"].as_array().map(Vec::len),
                    Some(1),
                    "{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn every_register_has_its_descriptions() {
    let server = Server::new();
    let list = server.get("/schemas").await.json();
    let list = list["schemas"].as_array().expect("a list").clone();
    assert_eq!(list.len(), server.registry.registers().len());
    for described in &list {
        for kind in ["schema", "formulier", "voorbeeld"] {
            let address = described[kind].as_str().expect("an address");
            let path = address.strip_prefix(BASE).expect("our own");
            let answer = server.get(path).await;
            assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
            assert!(answer.json().is_object());
            let tag = answer.header("etag").to_owned();
            let again = request(Method::GET, path, &[("if-none-match", &tag)], "");
            assert_eq!(server.send(again).await.status, StatusCode::NOT_MODIFIED);
        }
    }
    for (path, name) in [
        ("/schemas/postinfo.json", "schema"),
        ("/schemas/straatnamen/formulier.json", "form"),
        ("/schemas/straatnamen/voorbeeld.json", "example"),
    ] {
        insta::assert_snapshot!(name, server.get(path).await.snapshot());
    }
}

#[tokio::test]
async fn what_is_not_described_is_named() {
    let server = Server::new();
    for path in [
        "/schemas/onbekend.json",
        "/schemas/adressen",
        "/schemas/adressen/iets.json",
        "/schemas/onbekend/formulier.json",
        "/api/docs/onbekend",
    ] {
        server.get(path).await.assert_problem(404, "not-found");
    }
    for path in [
        "/openapi.json?lang=fr",
        "/schemas/adressen.json?lang=fr",
        "/api/docs?lang=fr",
    ] {
        let problem = server.get(path).await.assert_problem(400, "bad-parameter");
        assert_eq!(problem["parameter"], "lang");
    }
    let answer = server.get_as("/api/docs", "image/png").await;
    answer.assert_problem(406, "not-acceptable");
}

#[tokio::test]
async fn a_form_leads_to_what_it_asks() {
    let server = Server::new();
    let page = server
        .get_as("/api/docs/object-adressen", "text/html")
        .await;
    assert_eq!(page.status, StatusCode::OK);
    insta::assert_snapshot!("operation_page", page.snapshot());
    let page = server.get_as("/api/docs", "text/html").await;
    for name in ["lijst-adressen", "sparql", "graaf-vervangen"] {
        assert!(
            page.text().contains(&format!("/api/docs/{name}\"")),
            "{name}"
        );
    }
    let led = server
        .get("/api/docs/object-adressen?vraag=1&id=9%2F1&format=json&asOf=&niets=x")
        .await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    assert_eq!(
        led.header("location"),
        format!("{BASE}/api/adressen/9%2F1?format=json")
    );
    let problem = server
        .get("/api/docs/object-adressen?vraag=1&id=")
        .await
        .assert_problem(400, "missing-parameter");
    assert_eq!(problem["parameter"], "id");
}
