//! Process types: what is published, and what is refused.

use super::super::http::request;
use super::{MARRIAGE, TYPES, post, server};
use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};
use std::path::{Path, PathBuf};

fn changed(change: impl FnOnce(&mut Json)) -> String {
    let mut json: Json = serde_json::from_str(MARRIAGE).expect("JSON");
    change(&mut json);
    json.to_string()
}

#[tokio::test]
async fn versions_are_published_and_never_change() {
    let server = server().await;
    let first = server.get("/proces/v1/processtypen/huwelijk").await;
    let first = first.json();
    assert_eq!(first["versie"], 1);
    assert_eq!(first["statussen"].as_array().map(Vec::len), Some(6));
    let wanted: Json = serde_json::from_str(MARRIAGE).expect("JSON");
    for key in [
        "titel",
        "bestuur",
        "rechtsgrond",
        "bewijsstukken",
        "resultaten",
        "statussen",
    ] {
        assert_eq!(first[key], wanted[key], "{key}");
    }
    let again = post(&server, TYPES, MARRIAGE, &[]).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(again.json()["gewijzigd"], false);
    let other = changed(|json| json["titel"]["en"] = json!("Wedding"));
    let second = post(&server, TYPES, &other, &[]).await;
    assert_eq!(second.status, StatusCode::CREATED, "{}", second.text());
    let old = server
        .get("/proces/v1/processtypen/huwelijk-v1")
        .await
        .json();
    assert_eq!(old["titel"]["en"], "Marriage");
    let new = server.get("/proces/v1/processtypen/huwelijk").await.json();
    assert_eq!(
        (new["versie"].as_i64(), new["titel"]["en"].as_str()),
        (Some(2), Some("Wedding"))
    );
    let list = server.get(TYPES).await.json();
    assert_eq!(list["totaal"], 1);
    let all = server
        .get("/proces/v1/processtypen?versies=true")
        .await
        .json();
    assert_eq!(all["totaal"], 2);
}

#[tokio::test]
async fn what_is_not_whole_is_refused_and_nothing_is_stored() {
    let server = server().await;
    let before = server.registry.snapshot().seq();
    let steps = |phases: &[&str]| {
        let steps: Vec<Json> = phases
            .iter()
            .enumerate()
            .map(|(n, phase)| json!({ "code": format!("s{n}"), "titel": { "nl": "stap" }, "fase": phase }))
            .collect();
        changed(|json| json["statussen"] = steps.into())
    };
    let (a, b, c, d) = ("Samenstelling", "Behandeling", "Beslissing", "Uitvoering");
    let three = steps(&[a, b, d]);
    let eight = steps(&[a, a, b, b, c, c, d, d]);
    let unknown = steps(&[a, b, c, d, "Verzonnen"]);
    let falls = steps(&[a, c, b, d]);
    for (body, nl, en) in [
        (three, "4 tot 7 statussen", "4 to 7 statuses"),
        (eight, "4 tot 7 statussen", "4 to 7 statuses"),
        (unknown, "precies één fase", "exactly one phase"),
        (
            falls,
            "in de volgorde van hun fasen",
            "in the order of their phases",
        ),
    ] {
        let refused = post(&server, TYPES, &body, &[]).await;
        refused.assert_problem(422, "process-type");
        assert!(refused.text().contains(nl), "{}", refused.text());
        let refused = post(&server, TYPES, &body, &[("accept-language", "en")]).await;
        assert!(
            refused.json()["detail"]
                .as_str()
                .is_some_and(|t| t.contains(en)),
            "{}",
            refused.text()
        );
    }
    let odd = changed(|json| json["kleur"] = json!("blauw"));
    post(&server, TYPES, &odd, &[])
        .await
        .assert_problem(400, "wrong-type");
    let odd = changed(|json| json["code"] = json!("Hoofdletters"));
    post(&server, TYPES, &odd, &[])
        .await
        .assert_problem(400, "wrong-type");
    let odd = changed(|json| json["bestuur"] = json!("geen iri"));
    post(&server, TYPES, &odd, &[])
        .await
        .assert_problem(400, "wrong-type");
    assert_eq!(server.registry.snapshot().seq(), before);
}

/// The conceptual processes of Open Proces Huis, where their files are at hand.
fn concepts() -> Option<Vec<u8>> {
    let folder = std::env::var_os("OSLO_REGISTRIES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/registries"),
        PathBuf::from,
    );
    let file = folder.join(
        "lblod/app-openproceshuis/conceptual-processes/20250724092334-add-conceptual-processes.ttl",
    );
    std::fs::read(file).ok()
}

#[tokio::test]
async fn process_types_name_concepts_of_a_catalogue() {
    let Some(turtle) = concepts() else {
        assert!(
            std::env::var_os("CI").is_none(),
            "the concepts are not there"
        );
        eprintln!("the conceptual processes are not there: it was not tried");
        return;
    };
    let server = server().await;
    server.load("processen/concepten", &turtle);
    let concept =
        "http://data.lblod.info/conceptual-processes/68c001d0-a067-4a36-b396-ac08672c90a3";
    let body = changed(|json| json["concepten"] = json!([concept]));
    let made = post(&server, TYPES, &body, &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let ask = |query: String| {
        let headers = [
            ("content-type", "application/sparql-query"),
            ("accept", "text/csv"),
        ];
        request(Method::POST, "/sparql", &headers, &query)
    };
    let oph = "PREFIX oph: <http://lblod.data.gift/vocabularies/openproceshuis/>";
    let count = server
        .send(ask(format!(
            "{oph} SELECT (COUNT(*) AS ?n) {{ ?c a oph:ConceptueelProces }}"
        )))
        .await;
    assert_eq!(count.text().lines().nth(1), Some("534"), "{}", count.text());
    let which = server
        .send(ask(format!("{oph} SELECT ?type {{ ?type <http://purl.org/dc/terms/subject> ?c . ?c a oph:ConceptueelProces }}")))
        .await;
    let wanted = "http://register.test/id/processtype/huwelijk-v2";
    assert_eq!(
        which.text().lines().nth(1),
        Some(wanted),
        "{}",
        which.text()
    );
    let cites = "https://voorbeeldstad.example/eli/reglement/2026/huwelijken";
    let which = server
        .send(ask(format!(
            "SELECT ?dienst {{ ?dienst <http://data.europa.eu/m8g/hasLegalResource> <{cites}> }}"
        )))
        .await;
    assert_eq!(which.text().lines().count(), 2, "{}", which.text());
}
