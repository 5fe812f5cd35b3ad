//! What is read can be sent back, for every register: the same is no change, and a change is that change and no other.

use super::send;
use crate::differential::Dice;
use crate::http::Server;
use axum::http::Method;
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::assets::demo_files;
use oslo_registry::store::QuadIds;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

/// Items of each register that are tried.
const SAMPLE: usize = 25;

fn demo() -> Server {
    let server = Server::empty();
    for asset in demo_files() {
        let extension = asset
            .path
            .rsplit('.')
            .next()
            .expect("assets have extensions");
        let format = Format::from_extension(extension).expect("assets are RDF");
        server.load_as(asset.graph, asset.bytes, format);
    }
    server
}

/// Addresses of some items of each register.
async fn items(server: &Server) -> Vec<String> {
    let mut found = Vec::new();
    for register in server.registry.registers() {
        let page = server
            .get(&format!("/api/{}?limit={SAMPLE}", register.name))
            .await;
        for item in page.json()["data"].as_array().expect("a list") {
            let detail = item["detail"].as_str().expect("an address");
            let path = detail.strip_prefix("http://register.test").expect("ours");
            if path.starts_with("/api/") {
                found.push(path.to_owned());
            }
        }
    }
    assert!(found.len() > 150, "{}", found.len());
    found
}

fn quads(server: &Server) -> BTreeSet<QuadIds> {
    let view = server.registry.snapshot().whole();
    view.quads(None, None, None, None).collect()
}

#[tokio::test]
async fn what_was_read_is_no_change() {
    let server = demo();
    let before = server.registry.snapshot().seq();
    for path in items(&server).await {
        let read = server.get(&path).await;
        let sent = send(
            &server,
            Method::PUT,
            &path,
            &[("prefer", "return=representation")],
            read.text(),
        )
        .await;
        assert_eq!(
            (sent.status.as_u16(), sent.text()),
            (200, read.text()),
            "{path}"
        );
        assert_eq!(sent.header("etag"), read.header("etag"), "{path}");
        assert_eq!(sent.header("x-commit"), before.to_string(), "{path}");
        let merge = [("content-type", "application/merge-patch+json")];
        let patched = send(&server, Method::PATCH, &path, &merge, "{}").await;
        assert_eq!(patched.json()["gewijzigd"], false, "{path}");
    }
    assert_eq!(server.registry.snapshot().seq(), before);
}

/// Places of values in the item's own nodes that can be written otherwise: texts, and what may be taken away.
fn places(json: &Json, pointer: &str, is_own: &dyn Fn(&str) -> bool, out: &mut Vec<String>) {
    match json {
        Json::Object(members) => {
            let id = members.get("@id").and_then(Json::as_str);
            if id.is_some_and(|id| !is_own(id)) {
                return;
            }
            for (key, value) in members {
                if key.starts_with('@') {
                    continue;
                }
                let place = format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"));
                out.push(place.clone());
                places(value, &place, is_own, out);
            }
        }
        Json::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                let place = format!("{pointer}/{at}");
                out.push(place.clone());
                places(value, &place, is_own, out);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn a_change_is_that_change() {
    let server = demo();
    let mut dice = Dice(20_261_123);
    let (mut changed, mut refused) = (0, 0);
    for path in items(&server).await {
        let read = server.get(&path).await.json();
        let iri = read["@id"].as_str().expect("an IRI").to_owned();
        let own_path = iri
            .split_once("/id/")
            .map(|(_, path)| format!("/.well-known/genid/{path}/"));
        let is_own = |id: &str| {
            id == iri
                || own_path
                    .as_ref()
                    .is_some_and(|own| id.contains(own.as_str()))
        };
        let mut found = Vec::new();
        places(&read, "", &is_own, &mut found);
        let mut document = read.clone();
        let place = &found[dice.roll(found.len())];
        let target = document.pointer_mut(place).expect("it was just found");
        match (&mut *target, dice.roll(2)) {
            (Json::String(text), 0) if !text.contains("://") && !text.starts_with('<') => {
                *target = json!(format!("{text} bis"))
            }
            (Json::Bool(truth), _) => *target = json!(!*truth),
            _ => {
                let (parent, key) = place.rsplit_once('/').expect("a place");
                let key = key.replace("~1", "/").replace("~0", "~");
                match document.pointer_mut(parent).expect("it is there") {
                    Json::Object(members) => drop(members.shift_remove(&key)),
                    Json::Array(values) => drop(values.remove(key.parse().expect("a number"))),
                    _ => unreachable!("a place is in an object or list"),
                }
            }
        }
        let before = quads(&server);
        let sent = send(
            &server,
            Method::PUT,
            &path,
            &[("prefer", "return=representation")],
            &document.to_string(),
        )
        .await;
        let is_no_value = || sent.json()["code"] == "ill-formed-value";
        if sent.status == 422 || sent.status == 400 && is_no_value() {
            assert_eq!(quads(&server), before);
            refused += 1;
            continue;
        }
        assert_eq!(sent.status, 200, "{path} {place}: {}", sent.text());
        let after = quads(&server);
        let view = server.registry.snapshot().whole();
        // Nothing changed but what the item and its parts say.
        for quad in before.symmetric_difference(&after) {
            let subject = view.iri(quad.s).map(|iri| iri.into_owned());
            assert!(subject.is_none_or(|iri| is_own(&iri)), "{path} {place}");
        }
        // Read again, it is what was sent, but for what became empty.
        let again = server.get(&path).await.json();
        assert_eq!(sent.json(), again, "{path} {place}");
        assert_eq!(plain(&again), plain(&document), "{path} {place}");
        // And back again, all is as it was, but for new names of blank nodes.
        let back = send(&server, Method::PUT, &path, &[], &read.to_string()).await;
        assert_eq!(back.status, 200, "{path} {place}: {}", back.text());
        assert_eq!(server.get(&path).await.json(), read, "{path} {place}");
        assert_eq!(quads(&server).len(), before.len(), "{path} {place}");
        changed += 1;
    }
    assert!(changed > 100, "{changed} changed, {refused} refused");
}

/// A document with its lists sorted and nothing empty: what it says, whatever the order.
fn plain(json: &Json) -> Json {
    match json {
        Json::Array(values) => {
            let mut values: Vec<Json> = values.iter().map(plain).collect();
            values.sort_by_key(Json::to_string);
            match &values[..] {
                [one] => one.clone(),
                _ => values.into(),
            }
        }
        Json::Object(members) => {
            let mut members: Vec<(String, Json)> = members
                .iter()
                .filter(|(key, _)| *key != "@context")
                .map(|(key, value)| (key.clone(), plain(value)))
                .filter(|(_, value)| *value != json!([]))
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            match &members[..] {
                // A part that says nothing is only its name.
                [(key, id)] if key == "@id" => id.clone(),
                _ => members.into_iter().collect(),
            }
        }
        other => other.clone(),
    }
}
