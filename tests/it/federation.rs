//! Questions that other endpoints answer in part: what is sent, what comes back, and what happens when they misbehave.

mod misbehaving;
mod servers;
pub(crate) mod suite;

use oslo_registry::http::ServerConfig;
use oslo_registry::query::ServiceLimits;
use serde_json::Value as Json;
use servers::{Endpoint, Port, allowing};
use std::time::Duration;

/// People who know each other, here; their names are elsewhere.
const LOCAL: &str = r#"
@prefix : <http://example.org/> .
:anna :knows :bert , :carl . :bert :knows :carl . :carl :age 7 . :dora :knows [ :age 3 ] .
"#;

const REMOTE: &str = r#"
@prefix : <http://example.org/> .
:anna :name "Anna" . :bert :name "Bert" ; :mail "b@example.org" . :carl :name "Carl" , "Karel"@nl . :elle :name "Elle" .
:carl :age 7 . _:x :name "Niemand" .
"#;

const PREFIX: &str = "PREFIX : <http://example.org/> ";

fn patient() -> ServiceLimits {
    ServiceLimits {
        timeout: Duration::from_secs(20),
        ..ServiceLimits::default()
    }
}

fn pair() -> (Endpoint, Endpoint) {
    let remote = Port::new().serve(REMOTE, ServerConfig::default());
    let local = Port::new().serve(LOCAL, allowing(&[&remote.iri()], patient()));
    (local, remote)
}

/// Rows as sorted lines.
fn lines(body: &str) -> Vec<String> {
    let json: Json = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let rows = json["results"]["bindings"].as_array().expect("rows");
    let mut lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let row = row.as_object().expect("a row");
            let mut cells: Vec<String> = row
                .iter()
                .map(|(name, value)| {
                    let shown = match value["type"].as_str() {
                        Some("bnode") => "_",
                        _ => value["value"].as_str().expect("a value"),
                    };
                    format!("{name}={}", shown.rsplit('/').next().unwrap_or(shown))
                })
                .collect();
            cells.sort();
            cells.join(" ")
        })
        .collect();
    lines.sort();
    lines
}

fn rows(endpoint: &Endpoint, query: &str) -> Vec<String> {
    let (status, body) = endpoint.ask(&format!("{PREFIX}{query}"));
    assert_eq!(status, 200, "{query}: {body}");
    lines(&body)
}

fn problem(endpoint: &Endpoint, query: &str, status: u16, code: &str) -> Json {
    let (found, body) = endpoint.ask(&format!("{PREFIX}{query}"));
    let json: Json = serde_json::from_str(&body).unwrap_or_else(|error| panic!("{error}: {body}"));
    assert_eq!(
        (found, json["code"].as_str()),
        (status, Some(code)),
        "{body}"
    );
    json
}

#[test]
fn only_what_can_be_joined_is_asked_for() {
    let (local, remote) = pair();
    let iri = remote.iri();
    let found = rows(
        &local,
        &format!("SELECT ?b ?n {{ :anna :knows ?b . SERVICE <{iri}> {{ ?b :name ?n }} }}"),
    );
    assert_eq!(found, ["b=bert n=Bert", "b=carl n=Carl", "b=carl n=Karel"]);
    let asked = remote.take_asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(
        asked[0].contains("VALUES (?b) { ( <http://example.org/"),
        "{}",
        asked[0]
    );
    assert!(!asked[0].contains("anna"), "{}", asked[0]);
    // Nothing to join with: nothing is asked.
    let none = rows(
        &local,
        &format!("SELECT * {{ :nobody :knows ?b . SERVICE <{iri}> {{ ?b :name ?n }} }}"),
    );
    assert!(none.is_empty() && remote.take_asked().is_empty());
    // A filter on this side comes first.
    let filtered = rows(
        &local,
        &format!(
            "SELECT ?n {{ ?a :knows ?b . SERVICE <{iri}> {{ ?b :name ?n }} FILTER(?a = :bert && ?n = \"Carl\") }}"
        ),
    );
    assert_eq!(filtered, ["n=Carl"]);
    let asked = remote.take_asked();
    assert!(
        asked[0].contains(":carl") || asked[0].contains("/carl>"),
        "{}",
        asked[0]
    );
    assert!(!asked[0].contains("/bert>"), "{}", asked[0]);
}

#[test]
fn blank_nodes_stay_at_home() {
    let (local, remote) = pair();
    let iri = remote.iri();
    let found = rows(
        &local,
        &format!("SELECT ?b ?n {{ ?a :knows ?b . SERVICE <{iri}> {{ ?b :name ?n }} }}"),
    );
    assert_eq!(found.len(), 5, "{found:?}");
    let asked = remote.take_asked();
    assert!(
        asked
            .iter()
            .all(|text| !text.contains("_:") && !text.contains("VALUES")),
        "{asked:?}"
    );
    // Those of the other side are nobody here, whatever their label.
    let strangers = rows(
        &local,
        &format!("SELECT ?x {{ SERVICE <{iri}> {{ ?x :name \"Niemand\" }} ?x ?p ?o }}"),
    );
    assert!(strangers.is_empty());
    let seen = rows(
        &local,
        &format!("SELECT ?x {{ SERVICE <{iri}> {{ ?x :name \"Niemand\" }} }}"),
    );
    assert_eq!(seen, ["x=_"]);
}

#[test]
fn many_bindings_go_in_batches_and_too_many_not_at_all() {
    let mut here = String::from("@prefix : <http://example.org/> .\n");
    let mut there = here.clone();
    for i in 0..250 {
        here.push_str(&format!(":i{i} :in :few . "));
        there.push_str(&format!(":i{i} :value {i} . "));
    }
    for i in 0..10_500 {
        here.push_str(&format!(":i{i} :of :many . "));
    }
    let remote = Port::new().serve(&there, ServerConfig::default());
    let iri = remote.iri();
    let local = Port::new().serve(&here, allowing(&[&iri], patient()));
    let few = rows(
        &local,
        &format!("SELECT ?i ?v {{ ?i :in :few SERVICE <{iri}> {{ ?i :value ?v }} }}"),
    );
    assert_eq!(few.len(), 250);
    assert_eq!(remote.take_asked().len(), 3, "hundred at a time");
    let many = rows(
        &local,
        &format!("SELECT ?i ?v {{ ?i :of :many SERVICE <{iri}> {{ ?i :value ?v }} }}"),
    );
    assert_eq!(many.len(), 250);
    let asked = remote.take_asked();
    assert_eq!(asked.len(), 1);
    assert!(!asked[0].contains("VALUES"));
    // Once there is enough, no more is asked.
    let (status, _) = local.ask(&format!(
        "{PREFIX} SELECT ?i ?v {{ ?i :in :few SERVICE <{iri}> {{ ?i :value ?v }} }} LIMIT 1"
    ));
    assert_eq!(status, 200);
    assert!(remote.take_asked().len() <= 3);
}

/// The same data on both sides: with or without `SERVICE`, the answer is the same.
#[test]
fn federated_answers_are_those_of_one_store() {
    let data = r#"
@prefix : <http://example.org/> .
:a :p :b , :c ; :q 1 . :b :p :c ; :q 2 , 3 . :c :r :a ; :q 1 . :d :p :d ; :r :b . :e :q 9 .
"#;
    let remote = Port::new().serve(data, ServerConfig::default());
    let local = Port::new().serve(data, allowing(&[&remote.iri()], patient()));
    for template in [
        "SELECT * { ?x :p ?y . @{ ?y :q ?n } }",
        "SELECT * { @{ ?x :p ?y } @{ ?y :q ?n } }",
        "SELECT * { @{ ?x :p ?y } ?y :q ?n . @{ ?y :r ?z } }",
        "SELECT * { ?x :p ?y OPTIONAL { @{ ?y :q ?n } } }",
        "SELECT * { ?x :p ?y OPTIONAL { @{ ?y :r ?z } FILTER(?z != ?x) } }",
        "SELECT * { ?x :q ?m { ?x :p ?y OPTIONAL { @{ ?y :r ?x } } } }",
        "SELECT * { ?x :p ?y MINUS { @{ ?y :q 1 } } }",
        "SELECT * { ?x :p ?y MINUS { @{ ?z :q 1 } } }",
        "SELECT * { ?x :p ?y MINUS { @{ ?y :p ?w OPTIONAL { ?y :r ?x } } } }",
        "SELECT * { ?x :p ?y { { @{ ?y :q ?n } } UNION { ?y :r ?n } } }",
        "SELECT * { ?x :p ?y FILTER EXISTS { @{ ?y :q ?n } } }",
        "SELECT * { ?x :p ?y FILTER NOT EXISTS { @{ ?y :r ?n } } }",
        "SELECT * { ?x :p ?y . @{ ?y :q ?n FILTER(?n > 1) } FILTER(?n < 3) }",
        "SELECT * { ?x :p ?y . @{ ?y :p ?z OPTIONAL { ?z :r ?x } } }",
        "SELECT * { ?x :r ?y OPTIONAL { ?y :q ?n } @{ ?z :q ?n } }",
        "SELECT ?x (COUNT(?n) AS ?c) { ?x :p ?y . @{ ?y :q ?n } } GROUP BY ?x",
        "SELECT * { ?x :p ?y . { SELECT ?y (SUM(?n) AS ?s) { @{ ?y :q ?n } } GROUP BY ?y } }",
        "SELECT * { ?x :p ?y . { SELECT ?y ?n { @{ ?y :q ?n } } ORDER BY ?y ?n LIMIT 2 } }",
        "SELECT * { ?x :p ?y . { SELECT ?y { @{ ?y :q ?x } } } }",
        "SELECT * { ?x :p ?y . @{ { SELECT ?y (MAX(?n) AS ?m) { ?y :q ?n } GROUP BY ?y } } }",
        "SELECT * { VALUES (?x ?n) { (:a 1) (:b UNDEF) (UNDEF 9) } @{ ?x :q ?n } }",
        "SELECT * { VALUES ?x { :a :a :b } @{ ?x :q ?n } }",
        "SELECT * { ?x :p ?y BIND(?y AS ?z) @{ ?z :q ?n } }",
        "SELECT * { ?x :p ?y . @{ ?y :q ?n BIND(?n + 1 AS ?m) } }",
        "SELECT * { ?x :p+ ?y . @{ ?y :p*/:q ?n } }",
        "SELECT DISTINCT ?n { ?x :p ?y . @{ ?y :q ?n } } ORDER BY ?n",
        "SELECT * { @{ :a :p :b } ?x :r ?y }",
        "SELECT * { @{ :a :p :nothing } ?x :r ?y }",
        "SELECT * { ?x :p ?y . @{ VALUES ?y { :b :d } ?y ?any ?o } }",
        "SELECT * { ?x :p ?y . @{ ?y ?any ?o MINUS { ?y :q ?o } } }",
    ] {
        let plain = template.replace("@{", "{");
        let service = template.replace("@{", &format!("SERVICE <{}> {{", remote.iri()));
        let silent = service.replace("SERVICE", "SERVICE SILENT");
        let expected = rows(&local, &plain);
        assert_eq!(rows(&local, &service), expected, "{template}");
        assert_eq!(rows(&local, &silent), expected, "{template}");
    }
}

#[test]
fn endpoints_may_be_data() {
    let one = Port::new().serve(
        "<http://e/1> <http://e/name> \"One\" .",
        ServerConfig::default(),
    );
    let two = Port::new().serve(
        "<http://e/1> <http://e/name> \"Uno\" . <http://e/2> <http://e/name> \"Dos\" .",
        ServerConfig::default(),
    );
    let forbidden = Port::new().serve(REMOTE, ServerConfig::default());
    let data = format!(
        "<http://e/1> <http://e/at> <{}> , <{}> . <http://e/2> <http://e/at> <{}> . <http://e/3> <http://e/out> <{}> . <http://e/4> <http://e/odd> \"text\" .",
        one.iri(),
        two.iri(),
        two.iri(),
        forbidden.iri()
    );
    let local = Port::new().serve(
        &data,
        allowing(&[&one.iri(), &format!("{}/", two.url)], patient()),
    );
    let found = rows(
        &local,
        "SELECT ?x ?n { ?x <http://e/at> ?where . SERVICE ?where { ?x <http://e/name> ?n } }",
    );
    assert_eq!(found, ["n=Dos x=2", "n=One x=1", "n=Uno x=1"]);
    assert_eq!((one.take_asked().len(), two.take_asked().len()), (1, 1));
    let unjoined = rows(
        &local,
        "SELECT DISTINCT ?n { ?x <http://e/at> ?where . SERVICE ?where { ?y <http://e/name> ?n } }",
    );
    assert_eq!(unjoined, ["n=Dos", "n=One", "n=Uno"]);
    for query in [
        "SELECT * { ?x <http://e/out> ?where . SERVICE ?where { ?x <http://e/name> ?n } }",
        "SELECT * { ?x <http://e/odd> ?where . SERVICE ?where { ?x <http://e/name> ?n } }",
        "SELECT * { SERVICE ?where { ?x <http://e/name> ?n } }",
    ] {
        problem(&local, query, 400, "query-service");
    }
    assert!(forbidden.take_asked().is_empty());
}

#[test]
fn nothing_is_asked_that_is_not_on_the_list() {
    let (allowed, other) = (
        Port::new().serve(REMOTE, ServerConfig::default()),
        Port::new().serve(REMOTE, ServerConfig::default()),
    );
    let local = Port::new().serve(LOCAL, allowing(&[&allowed.iri()], patient()));
    let off = Port::new().serve(LOCAL, ServerConfig::default());
    let query =
        |iri: &str| format!("SELECT * {{ ?a :knows ?b . SERVICE <{iri}> {{ ?b :name ?n }} }}");
    problem(&local, &query(&other.iri()), 400, "query-service");
    problem(
        &local,
        &query(&format!("{}/", allowed.iri())),
        400,
        "query-service",
    );
    problem(&off, &query(&allowed.iri()), 400, "query-service");
    let silent = rows(
        &local,
        &query(&other.iri()).replace("SERVICE", "SERVICE SILENT"),
    );
    assert_eq!(silent.len(), 4, "the rows stand as they are: {silent:?}");
    assert!(other.take_asked().is_empty() && allowed.take_asked().is_empty());
}

#[test]
fn updates_ask_nobody() {
    let (local, remote) = pair();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let update = format!(
        "INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{}> {{ ?s ?p ?o }} }}",
        remote.iri()
    );
    let answer = agent
        .post(format!("{}/sparql/update", local.url))
        .header("authorization", format!("Bearer {}", crate::http::TOKEN))
        .content_type("application/sparql-update")
        .send(update)
        .expect("the server answers");
    assert_eq!(answer.status().as_u16(), 400);
    assert!(remote.take_asked().is_empty());
}

#[test]
fn federated_answers_have_no_entity_tag() {
    let (local, remote) = pair();
    let query = format!(
        "SELECT * {{ SERVICE <{}> {{ ?a <http://example.org/name> ?n }} }}",
        remote.iri()
    );
    let url = format!(
        "{}?query={}",
        local.iri(),
        oslo_registry::views::html::percent_encode(&query)
    );
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let answer = agent.get(url).call().expect("it answers");
    assert!(answer.headers().get("etag").is_none());
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[test]
fn the_command_line_asks_what_it_is_allowed_to() {
    use crate::oslo::{oslo, output, run, stderr, stdout};
    let remote = Port::new().serve(REMOTE, ServerConfig::default());
    let folder = tempfile::tempdir().expect("temporary folder");
    let data = folder.path().join("data");
    let file = folder.path().join("lokaal.ttl");
    std::fs::write(&file, LOCAL).expect("written");
    output(&data, ["load", &file.display().to_string()]);
    let query = format!(
        "{PREFIX}SELECT ?n {{ :anna :knows ?b . SERVICE <{}> {{ ?b :name ?n }} }} ORDER BY ?n",
        remote.iri()
    );
    let done = run(
        &data,
        [
            "query",
            "--format",
            "csv",
            "--allow-service",
            &remote.iri(),
            &query,
        ],
    );
    assert_eq!(
        stdout(&done),
        "n\r\nBert\r\nCarl\r\nKarel\r\n",
        "{}",
        stderr(&done)
    );
    let refused = oslo(&data)
        .args(["query", &query])
        .output()
        .expect("the binary runs");
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        stderr(&refused).contains("is not available here"),
        "{}",
        stderr(&refused)
    );
    let wrong = oslo(&data)
        .args(["query", "--allow-service", "ftp://e/", "ASK {}"])
        .output()
        .expect("the binary runs");
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        stderr(&wrong).contains("only http and https"),
        "{}",
        stderr(&wrong)
    );
}

#[test]
fn an_explanation_tells_what_was_asked_elsewhere() {
    let (local, remote) = pair();
    let iri = remote.iri();
    let explained = |query: &str, mode: &str| {
        let query = format!("{PREFIX}{query}");
        let form = [("query", query.as_str()), ("explain", mode)];
        let (status, body) = local.send(&form, "application/json");
        assert_eq!(status, 200, "{body}");
        let json: Json = serde_json::from_str(&body).expect("JSON");
        let steps = json["stappen"].as_array().expect("steps").iter();
        let service = steps.clone().find(|step| step["soort"] == "service");
        (service.expect("it is told").clone(), json)
    };
    let query = format!("SELECT ?b ?n {{ :anna :knows ?b . SERVICE <{iri}> {{ ?b :name ?n }} }}");
    let (plan, _) = explained(&query, "plan");
    assert_eq!(plan["tekst"], format!("<{iri}>"));
    assert_eq!(plan["dienst"], Json::Null);
    assert!(remote.take_asked().is_empty(), "a plan asks nobody");
    let (run, whole) = explained(&query, "1");
    assert_eq!(whole["uitvoering"]["rijen"], 3);
    assert_eq!(run["rijen"], 3);
    assert_eq!(run["dienst"]["adressen"], serde_json::json!([iri]));
    let figures = |name: &str| run["dienst"][name].as_u64();
    let told = (figures("voorzien"), figures("verzonden"), figures("rijen"));
    assert_eq!(told, (Some(1), Some(1), Some(3)));
    assert_eq!(run["dienst"]["fout"], Json::Null);
    assert_eq!(remote.take_asked().len(), 1);
    // What SILENT passes over is told.
    let broken = Port::new().misbehave(|stream| {
        use std::io::Write as _;
        let _ = stream.write_all(b"HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n");
    });
    let here = Port::new().serve(LOCAL, allowing(&[&broken.iri()], patient()));
    let silent = format!(
        "{PREFIX}SELECT * {{ :anna :knows ?b . SERVICE SILENT <{}> {{ ?b :name ?n }} }}",
        broken.iri()
    );
    let (status, text) = here.send(&[("query", &silent), ("explain", "1")], "text/plain");
    assert_eq!(status, 200, "{text}");
    assert!(
        text.contains("1 van 1 verzoeken, 0 rijen ontvangen"),
        "{text}"
    );
    assert!(
        text.contains(&broken.iri()) && text.contains("gaf geen antwoord"),
        "{text}"
    );
}
