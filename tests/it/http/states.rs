//! Earlier states: by number, date and moment, by `Accept-Datetime`; what may be kept and what is no longer there.

use super::{Answer, BASE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use oslo_registry::views::html::percent_encode;
use serde_json::Value as Json;
use std::time::Duration;
use tempfile::TempDir;

const ADDRESS: &str = "https://data.vlaanderen.be/id/adres/9";

/// A registry in a folder with three states: an address 9 with number 9, then also an address 10, then 9 has number 9A.
/// Their moments lie in different seconds, as HTTP dates need.
fn three_states() -> (TempDir, Server) {
    let folder = TempDir::new().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let address = |id: u32, number: &str| {
        format!(
            "<https://data.vlaanderen.be/id/adres/{id}> a <https://data.vlaanderen.be/ns/adres#Adres> ;
             <https://data.vlaanderen.be/ns/adres#huisnummer> \"{number}\" ."
        )
    };
    server.load("een", address(9, "9").as_bytes());
    std::thread::sleep(Duration::from_millis(1100));
    server.load("twee", address(10, "10").as_bytes());
    std::thread::sleep(Duration::from_millis(1100));
    server.load("een", address(9, "9A").as_bytes());
    (folder, server)
}

/// RFC 3339 moment of a commit.
fn made(server: &Server, seq: u64) -> jiff::Timestamp {
    let commits = server.registry.store().commits(seq - 1).expect("a log");
    commits[0].time.parse().expect("a moment")
}

fn http_date(moment: jiff::Timestamp) -> String {
    moment.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

fn count(as_of: &str) -> String {
    let query = percent_encode("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }");
    format!("/sparql?query={query}{as_of}")
}

fn n(answer: &Answer) -> u64 {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let json = answer.json();
    let text = json["results"]["bindings"][0]["n"]["value"].as_str();
    text.and_then(|text| text.parse().ok()).expect("a number")
}

async fn get_at(server: &Server, path: &str, date: &str) -> Answer {
    let headers = [("accept-datetime", date)];
    server.send(request(Method::GET, path, &headers, "")).await
}

#[tokio::test]
async fn a_query_sees_the_state_that_is_named() {
    let (_folder, server) = three_states();
    assert_eq!(n(&server.get(&count("")).await), 5);
    for (seq, quads) in [(0, 0), (1, 2), (2, 4), (3, 5)] {
        let answer = server.get(&count(&format!("&asOf={seq}"))).await;
        assert_eq!(
            (n(&answer), answer.header("x-commit")),
            (quads, seq.to_string().as_str())
        );
        assert!(
            answer.header("cache-control").contains("immutable"),
            "{seq}"
        );
        assert!(answer.header("vary").contains("Accept-Datetime"));
    }
    // As a form, as a moment, and with the plus sign as browsers send it.
    let form = format!("query={}&asOf=1", percent_encode("ASK { ?s ?p \"9A\" }"));
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let posted = server
        .send(request(Method::POST, "/sparql", &headers, &form))
        .await;
    assert_eq!(posted.json()["boolean"], false);
    assert_eq!(posted.header("cache-control"), "no-store");
    let second = made(&server, 2);
    let local = second.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(1)));
    let local = local.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string();
    for moment in [second.to_string(), local.clone(), percent_encode(&local)] {
        let answer = server.get(&count(&format!("&asOf={moment}"))).await;
        assert_eq!(
            (n(&answer), answer.header("x-commit")),
            (4, "2"),
            "{moment}"
        );
        assert!(answer.header("cache-control").contains("immutable"));
    }
    // Long before, long after: what is still to come is not to be kept.
    let before = server.get(&count("&asOf=2020-01-01")).await;
    assert_eq!((n(&before), before.header("x-commit")), (0, "0"));
    let after = server.get(&count("&asOf=2999-01-01")).await;
    assert_eq!((n(&after), after.header("x-commit")), (5, "3"));
    assert_eq!(after.header("cache-control"), "public, no-cache");
    let page = server.get_as(&count("&asOf=2"), "text/html").await;
    for needed in [
        "na commit <strong>2</strong>",
        "name=\"asOf\" value=\"2\"",
        "&amp;asOf=2",
    ] {
        assert!(page.text().contains(needed), "{needed}: {}", page.text());
    }
}

#[tokio::test]
async fn entity_tags_tell_states_apart() {
    let (_folder, server) = three_states();
    let (mut tags, mut paths) = (Vec::new(), Vec::new());
    for as_of in ["", "&asOf=1", "&asOf=2"] {
        paths.push(count(as_of));
        paths.push(format!("/doc?uri={ADDRESS}{as_of}"));
        paths.push(format!("/rdf-graphs?graph={BASE}/graph/een{as_of}"));
    }
    for path in &paths {
        let answer = server.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let tag = answer.header("etag").to_owned();
        let again = [("if-none-match", tag.as_str())];
        let again = server.send(request(Method::GET, path, &again, "")).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED, "{path}");
        assert_eq!(
            again.header("cache-control"),
            answer.header("cache-control")
        );
        tags.push(tag);
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), paths.len());
}

#[tokio::test]
async fn documents_and_graphs_show_earlier_states() {
    let (_folder, server) = three_states();
    let turtle = |as_of: &str| format!("/doc/adres/9.nt{as_of}");
    assert!(server.get(&turtle("")).await.text().contains("\"9A\""));
    let first = server.get(&turtle("?asOf=2")).await;
    assert!(!first.text().contains("\"9A\"") && first.text().contains("\"9\""));
    assert_eq!(
        first.header("memento-datetime"),
        http_date(made(&server, 2))
    );
    let links = first.links().join("\n");
    for needed in [
        format!("<{BASE}/doc/adres/9.nt>; rel=\"original\""),
        format!("<{BASE}/doc/adres/9.nt?asOf=2>; rel=\"memento\""),
        format!("<{BASE}/doc/adres/9.ttl?asOf=2>; rel=\"alternate\""),
    ] {
        assert!(links.contains(&needed), "{needed}\n{links}");
    }
    // What was not there yet is not found; what the thing leads to is of the same state.
    server
        .get("/doc/adres/10?asOf=1")
        .await
        .assert_problem(404, "not-found");
    server
        .get("/id/adres/10?asOf=1")
        .await
        .assert_problem(404, "not-found");
    let thing = server.get("/id/adres/10?asOf=2").await;
    assert_eq!(thing.status, StatusCode::SEE_OTHER);
    assert_eq!(
        thing.header("location"),
        format!("{BASE}/doc/adres/10?asOf=2")
    );
    let graph = server
        .get_as("/graph/een?asOf=1", "application/n-triples")
        .await;
    assert_eq!(
        (graph.text().lines().count(), graph.header("x-commit")),
        (2, "1")
    );
    server
        .get("/graph/twee?asOf=1")
        .await
        .assert_problem(404, "not-found");
    let list = server.get("/rdf-graphs?asOf=1").await;
    assert!(list.text().contains("graph/een") && !list.text().contains("graph/twee"));
    let page = server.get_as("/doc/adres/9?asOf=1", "text/html").await;
    assert!(
        page.text().contains("Naar de huidige toestand"),
        "{}",
        page.text()
    );
    let now = server.get_as("/doc/adres/9", "text/html").await;
    assert!(!now.text().contains("Naar de huidige toestand"));
}

#[tokio::test]
async fn pages_of_a_collection_stay_in_one_state() {
    let (_folder, server) = three_states();
    let ids = |page: &Json| -> Vec<String> {
        let items = page["data"].as_array().expect("items");
        let iri = |item: &Json| item["@id"].as_str().expect("an IRI").to_owned();
        items
            .iter()
            .map(|item| iri(item).rsplit('/').next().expect("an id").to_owned())
            .collect()
    };
    // The earlier state first: what is kept of it must not serve the newest, nor the other way round.
    for _ in 0..2 {
        let first = server.get("/api/adressen?asOf=1").await.json();
        assert_eq!(
            (&first["totaal"], ids(&first)),
            (&1.into(), vec!["9".to_owned()])
        );
        let now = server.get("/api/adressen?limit=1").await.json();
        assert_eq!(
            (&now["totaal"], ids(&now)),
            (&2.into(), vec!["9".to_owned()])
        );
    }
    let second = made(&server, 2).to_string();
    let page = server
        .get(&format!("/api/adressen?limit=1&asOf={second}"))
        .await
        .json();
    let next = page["volgende"].as_str().expect("a next page");
    assert!(next.ends_with("asOf=2"), "{next}");
    server.load(
        "drie",
        b"<https://data.vlaanderen.be/id/adres/11> a <https://data.vlaanderen.be/ns/adres#Adres> .",
    );
    let next = server.get(next.strip_prefix(BASE).expect("ours")).await;
    assert_eq!(
        (next.header("x-commit"), ids(&next.json())),
        ("2", vec!["10".to_owned()])
    );
    assert_eq!(next.json()["totaal"], 2);
    assert_eq!(server.get("/api/adressen").await.json()["totaal"], 3);
    let registers = server.get("/api?asOf=1").await.json();
    let addresses = registers["registers"].as_array().expect("registers");
    let addresses = addresses
        .iter()
        .find(|r| r["naam"] == "adressen")
        .expect("addresses");
    assert_eq!(addresses["totaal"], 1);
}

#[tokio::test]
async fn a_date_in_the_header_is_negotiated() {
    let (_folder, server) = three_states();
    let second = made(&server, 2);
    let answer = get_at(&server, "/doc/adres/9", &http_date(second)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("x-commit"), "2");
    assert_eq!(answer.header("memento-datetime"), http_date(second));
    assert_eq!(
        answer.header("content-location"),
        format!("{BASE}/doc/adres/9?asOf=2")
    );
    assert_eq!(answer.header("cache-control"), "public, no-cache");
    assert!(
        answer
            .header("vary")
            .to_ascii_lowercase()
            .contains("accept-datetime")
    );
    let links = answer.links().join("\n");
    assert!(
        links.contains(&format!("<{BASE}/doc/adres/9>; rel=\"original\"")),
        "{links}"
    );
    // The date of an answer leads back to it; the parameter wins; beyond either end the nearest state is shown.
    let again = get_at(&server, "/doc/adres/9", answer.header("memento-datetime")).await;
    assert_eq!(again.body, answer.body);
    let both = get_at(&server, "/doc/adres/9?asOf=3", &http_date(second)).await;
    assert_eq!(both.header("x-commit"), "3");
    let early = get_at(&server, "/doc/adres/9", "Sat, 01 Jan 2000 00:00:00 GMT").await;
    assert_eq!(early.header("x-commit"), "1");
    let late = get_at(&server, "/doc/adres/9", "Fri, 01 Jan 2999 00:00:00 GMT").await;
    assert_eq!(late.header("x-commit"), "3");
    assert_eq!(n(&get_at(&server, &count(""), &http_date(second)).await), 4);
    get_at(&server, "/doc/adres/9", "gisteren")
        .await
        .assert_problem(400, "accept-datetime");
    // A request without the header depends on it all the same.
    assert!(
        server
            .get("/doc/adres/9")
            .await
            .header("vary")
            .contains("Accept-Datetime")
    );
}

#[tokio::test]
async fn states_that_cannot_be_had_are_told() {
    let (_folder, server) = three_states();
    let early = server.get(&count("&asOf=4")).await;
    assert_eq!(early.assert_problem(404, "not-yet")["laatste"], 3);
    assert_eq!(early.header("cache-control"), "no-store");
    for wrong in ["gisteren", "2024-12-31T10:00:00", "2024-13-45"] {
        server
            .get(&count(&format!("&asOf={wrong}")))
            .await
            .assert_problem(400, "as-of");
    }
    // Writing and the report know the present alone.
    let update = "INSERT DATA { <http://e/a> <http://e/p> 1 }";
    for path in ["/sparql/update?asOf=1", "/sparql?asOf=1"] {
        let answer = server
            .write(Method::POST, path, "application/sparql-update", update)
            .await;
        answer.assert_problem(400, "as-of-not-here");
    }
    let put = server
        .write(Method::PUT, "/graph/een?asOf=1", "text/turtle", "")
        .await;
    put.assert_problem(400, "as-of-not-here");
    server
        .get("/rapport?asOf=1")
        .await
        .assert_problem(400, "as-of-not-here");
    assert_eq!(server.registry.snapshot().seq(), 3);
    // A registry in memory keeps nothing of the past.
    let fleeting = Server::new();
    fleeting.load("extra", b"<http://e/a> <http://e/p> 1 .");
    let gone = fleeting.get(&count("&asOf=1")).await;
    assert_eq!(gone.assert_problem(410, "no-longer-kept")["oudste"], 2);
    fleeting
        .get(&count("&asOf=2020-01-01"))
        .await
        .assert_problem(410, "no-longer-kept");
    fleeting
        .get(&count("&asOf=9"))
        .await
        .assert_problem(404, "not-yet");
    assert_eq!(
        fleeting
            .get(&count("&asOf=2"))
            .await
            .header("cache-control"),
        "public, no-cache"
    );
}

#[tokio::test]
async fn states_before_the_base_of_the_log_are_gone() {
    let (_folder, server) = three_states();
    server.registry.store().retain_after(2).expect("room for a base");
    let gone = server.get(&count("&asOf=1")).await;
    let problem = gone.assert_problem(410, "no-longer-kept");
    assert_eq!(problem["oudste"], 2);
    let oldest = server.get(&count("&asOf=2")).await;
    assert_eq!((n(&oldest), oldest.header("x-commit")), (4, "2"));
    assert!(!oldest.header("memento-datetime").is_empty());
    let early = get_at(&server, "/doc/adres/9", "Sat, 01 Jan 2000 00:00:00 GMT").await;
    assert_eq!(
        (early.status, early.header("x-commit")),
        (StatusCode::OK, "2")
    );
    let authorization = format!("Bearer {TOKEN}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("accept-language", "en"),
    ];
    let path = count("&asOf=1");
    let english = server.send(request(Method::GET, &path, &headers, "")).await;
    assert!(english.text().contains("?asOf=2"), "{}", english.text());
}
