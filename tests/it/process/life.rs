//! The life of a case: made, taken from status to status, added to, read, and refused what it may not do.

use super::super::http::{Server, request};
use super::{CASES, case, post, server, set};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use serde_json::{Value as Json, json};

#[tokio::test]
async fn a_case_goes_from_status_to_status() {
    let server = server().await;
    let id = case(&server, json!({ "tijdstip": "2026-01-05T09:00:00+01:00", "verwijzingen": ["https://data.vlaanderen.be/id/adres/1"] })).await;
    let path = format!("{CASES}/{id}");
    let read = server.get(&path).await;
    let json = read.json();
    assert_eq!(json["status"]["status"], "aangifte");
    assert_eq!(json["status"]["fase"], "Samenstelling");
    assert_eq!(json["status"]["streefdatum"], "2026-01-19", "14 days");
    assert_eq!(json["geldigOp"], "2026-01-05");
    assert_eq!(
        json["verwijzingen"][0]["@id"],
        "https://data.vlaanderen.be/id/adres/1"
    );
    // The document of the register has the same state.
    let item = server.get(&format!("/api/dossiers/{id}")).await;
    assert_eq!(item.status, StatusCode::OK);
    let state = |tag: &str| tag.split('.').next().unwrap_or("").to_owned();
    assert_eq!(state(read.header("etag")), state(item.header("etag")));
    for (status, phase) in [
        ("onderzoek", "Behandeling"),
        ("planning", "Behandeling"),
        ("akte-genomen", "Beslissing"),
        ("voltrokken", "Uitvoering"),
        ("afgesloten", "Afgerond"),
    ] {
        let done = set(&server, &id, json!({ "status": status })).await;
        assert_eq!(done.status, StatusCode::CREATED, "{}", done.text());
        assert_eq!(done.json()["status"]["fase"], phase);
        let now = server.get(&path).await;
        assert_eq!(done.header("etag"), now.header("etag"), "{status}");
    }
    let json = server.get(&path).await.json();
    assert_eq!(json["afgesloten"], true);
    assert_eq!(json["statussen"].as_array().map(Vec::len), Some(6));
    let closed = set(&server, &id, json!({ "status": "planning" })).await;
    closed.assert_problem(409, "illegal-transition");
    let again = set(
        &server,
        &id,
        json!({ "status": "planning", "heropenen": true }),
    )
    .await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text());
    let back = set(&server, &id, json!({ "status": "aangifte", "code": "DossierOnvolledig", "actie": "Bezorg een bewijs van woonst." })).await;
    assert_eq!(back.status, StatusCode::CREATED, "{}", back.text());
    let json = server.get(&path).await.json();
    assert_eq!(json["status"]["actieNodig"], true);
    assert_eq!(json["afgesloten"], false);
    let line = server.get(&format!("{path}/tijdlijn")).await.json();
    assert_eq!(line["totaal"], 8);
}

#[tokio::test]
async fn what_may_not_follow_is_refused_and_nothing_is_stored() {
    let server = server().await;
    let id = case(&server, json!({})).await;
    let path = format!("{CASES}/{id}");
    let tag = server.get(&path).await.header("etag").to_owned();
    let done = set(&server, &id, json!({ "status": "akte-genomen" })).await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text());
    let before = server.registry.snapshot().seq();
    let refused = set(&server, &id, json!({ "status": "onderzoek" })).await;
    refused.assert_problem(409, "illegal-transition");
    let problem = refused.json();
    assert_eq!(
        (problem["van"].as_str(), problem["naar"].as_str()),
        (Some("Beslissing"), Some("Behandeling"))
    );
    assert!(
        problem["detail"]
            .as_str()
            .is_some_and(|text| text.contains("Er is niets bewaard"))
    );
    let body = json!({ "status": "onderzoek" }).to_string();
    let english = post(
        &server,
        &format!("{path}/statussen"),
        &body,
        &[("accept-language", "en")],
    )
    .await;
    assert!(
        english.json()["detail"]
            .as_str()
            .is_some_and(|text| text.contains("Nothing was stored"))
    );
    // A stale condition.
    let body = json!({ "status": "voltrokken" }).to_string();
    let stale = post(
        &server,
        &format!("{path}/statussen"),
        &body,
        &[("if-match", &tag)],
    )
    .await;
    stale.assert_problem(412, "precondition-failed");
    for (body, status, code) in [
        (json!({ "status": "verzonnen" }), 422, "unknown-status"),
        (
            json!({ "status": "voltrokken", "code": "Beroep" }),
            422,
            "unknown-status",
        ),
        (
            json!({ "status": "voltrokken", "tijdstip": "2020-01-01T00:00:00Z" }),
            422,
            "status-moment",
        ),
        (
            json!({ "status": "voltrokken", "tijdstip": "2999-01-01T00:00:00Z" }),
            422,
            "status-moment",
        ),
        (
            json!({ "status": "voltrokken", "tijdstip": "gisteren" }),
            422,
            "status-moment",
        ),
        (
            json!({ "status": "voltrokken", "streefdatum": "morgen" }),
            400,
            "wrong-type",
        ),
        (
            json!({ "status": "voltrokken", "actie": "" }),
            400,
            "wrong-type",
        ),
        (json!({ "status": 3 }), 400, "wrong-type"),
        (
            json!({ "status": "voltrokken", "kleur": "rood" }),
            400,
            "wrong-type",
        ),
        (json!([]), 400, "wrong-type"),
    ] {
        set(&server, &id, body).await.assert_problem(status, code);
    }
    set(&server, "2026-999", json!({ "status": "voltrokken" }))
        .await
        .assert_problem(404, "not-found");
    let unknown = json!({ "processtype": "geen", "titel": "Iets" }).to_string();
    post(&server, CASES, &unknown, &[])
        .await
        .assert_problem(422, "unknown-process-type");
    let body: u64 = 806_512_345;
    let named = format!("Huwelijk van {body:09}{:02}", 97 - body % 97);
    let personal = json!({ "processtype": "huwelijk", "titel": named }).to_string();
    let refused = post(&server, CASES, &personal, &[]).await;
    refused.assert_problem(422, "personal-data");
    assert!(
        !refused.text().contains("8065123"),
        "what is refused is not told again"
    );
    let open = request(
        Method::POST,
        CASES,
        &[("content-type", "application/json")],
        "{}",
    );
    server.send(open).await.assert_problem(401, "unauthorized");
    assert_eq!(server.registry.snapshot().seq(), before);
    // The right condition goes through.
    let tag = server.get(&path).await.header("etag").to_owned();
    let body = json!({ "status": "voltrokken" }).to_string();
    let done = post(
        &server,
        &format!("{path}/statussen"),
        &body,
        &[("if-match", &tag)],
    )
    .await;
    assert_eq!(done.status, StatusCode::CREATED, "{}", done.text());
}

#[tokio::test]
async fn nobody_else_writes_cases() {
    let server = server().await;
    let id = case(&server, json!({})).await;
    let before = server.registry.snapshot().seq();
    let graph = "http://register.test/graph/zaken";
    let update = format!(
        "DELETE WHERE {{ GRAPH <{graph}> {{ ?s <https://data.vlaanderen.be/ns/transactie#heeftStatus> ?o }} }}"
    );
    let refused = server
        .write(
            Method::POST,
            "/sparql/update",
            "application/sparql-update",
            &update,
        )
        .await;
    refused.assert_problem(403, "source-graph");
    assert!(refused.text().contains("/proces/v1"), "{}", refused.text());
    let refused = server
        .write(Method::DELETE, "/graph/zaken", "text/turtle", "")
        .await;
    refused.assert_problem(403, "source-graph");
    let refused = server
        .write(
            Method::DELETE,
            &format!("/api/dossiers/{id}"),
            "application/json",
            "",
        )
        .await;
    refused.assert_problem(403, "source-graph");
    let read = server
        .get(&format!("/api/dossiers/{id}"))
        .await
        .text()
        .to_owned();
    let other = read.replace("Een huwelijk in mei", "Iets anders");
    let refused = server
        .write(
            Method::PUT,
            &format!("/api/dossiers/{id}"),
            "application/ld+json",
            &other,
        )
        .await;
    assert!(refused.status.is_client_error(), "{}", refused.text());
    let trig =
        "INSERT DATA { GRAPH <http://register.test/graph/elders> { <urn:a> <urn:b> <urn:c> } }";
    let fine = server
        .write(
            Method::POST,
            "/sparql/update",
            "application/sparql-update",
            trig,
        )
        .await;
    assert_eq!(fine.status, StatusCode::OK, "{}", fine.text());
    assert_eq!(server.registry.snapshot().seq(), before + 1);
}

#[tokio::test]
async fn references_are_expanded_and_never_copied() {
    let server = server()
        .await
        .with_graph("adressen", super::super::http::ADDRESSES);
    let address = "https://data.vlaanderen.be/id/adres/9";
    let id = case(&server, json!({ "verwijzingen": [address] })).await;
    let path = format!("{CASES}/{id}");
    for (part, body) in [
        (
            "verwijzingen",
            json!({ "object": "https://data.vlaanderen.be/id/adres/10" }),
        ),
        (
            "rollen",
            json!({ "rol": "https://voorbeeldstad.example/rol/aangever", "partij": "https://voorbeeldstad.example/persoon/1" }),
        ),
        (
            "besluiten",
            json!({ "besluit": "https://voorbeeldstad.example/besluit/1" }),
        ),
        (
            "stukken",
            json!({ "titel": "Aangifte", "vindplaats": "https://archief.example/1", "datum": "2026-03-02", "mediatype": "application/pdf", "sha256": "0".repeat(64) }),
        ),
    ] {
        let done = post(&server, &format!("{path}/{part}"), &body.to_string(), &[]).await;
        assert_eq!(done.status, StatusCode::CREATED, "{part}: {}", done.text());
        let now = server.get(&path).await;
        assert_eq!(done.header("etag"), now.header("etag"), "{part}");
        let list = server.get(&format!("{path}/{part}")).await.json();
        assert!(list["totaal"].as_u64() >= Some(1), "{part}: {list}");
    }
    let same = post(
        &server,
        &format!("{path}/verwijzingen"),
        &json!({ "object": address }).to_string(),
        &[],
    )
    .await;
    assert_eq!(same.status, StatusCode::OK);
    assert_eq!(same.json()["gewijzigd"], false);
    let plain = server.get(&path).await;
    assert!(!plain.text().contains("huisnummer"), "{}", plain.text());
    let expanded = server
        .get(&format!("{path}?expand=verwijzingen,rollen"))
        .await
        .json();
    let objects = expanded["verwijzingen"].as_array().expect("a list");
    let found = objects
        .iter()
        .find(|one| one["@id"] == address)
        .expect("the address");
    assert_eq!(found["object"]["huisnummer"], "9");
    assert_eq!(
        expanded["rollen"][0]["object"],
        Json::Null,
        "described elsewhere"
    );
    assert_eq!(expanded["gelezenOp"], expanded["geldigOp"]);
    let few = server.get(&format!("{path}?fields=status")).await.json();
    assert!(few["titel"].is_null() && !few["status"].is_null(), "{few}");
    server
        .get(&format!("{path}?expand=alles"))
        .await
        .assert_problem(400, "bad-parameter");
    server
        .get(&format!("{path}?kleur=rood"))
        .await
        .assert_problem(400, "unknown-filter");
    let page = server.get_as(&path, "text/html").await;
    assert!(
        page.text().contains("Samenstelling") && page.text().contains("Aangifte"),
        "{}",
        page.text()
    );
    let page = server.get_as(&format!("{path}?lang=en"), "text/html").await;
    assert!(page.text().contains("Compilation"), "{}", page.text());
    let asked = "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> ASK { GRAPH <http://register.test/graph/zaken> { ?s adr:huisnummer ?n } }";
    let asked = server
        .get(&format!(
            "/sparql?query={}",
            asked
                .replace(' ', "%20")
                .replace('#', "%23")
                .replace('{', "%7B")
                .replace('}', "%7D")
                .replace('<', "%3C")
                .replace('>', "%3E")
                .replace('?', "%3F")
        ))
        .await;
    assert!(asked.text().contains("false"), "{}", asked.text());
}

#[tokio::test]
async fn lists_are_filtered_and_paged_by_key() {
    let server = server().await;
    let mut ids = Vec::new();
    for n in 1..=12 {
        let id = case(
            &server,
            json!({ "titel": format!("Zaak {n}"), "tijdstip": "2026-01-05T09:00:00Z" }),
        )
        .await;
        if n % 3 == 0 {
            let done = set(&server, &id, json!({ "status": "onderzoek", "actie": "Kom langs.", "streefdatum": "2026-02-01" })).await;
            assert_eq!(done.status, StatusCode::CREATED, "{}", done.text());
        }
        ids.push(id);
    }
    let mut seen = Vec::new();
    let mut next = Some(format!("{CASES}?limit=5"));
    while let Some(path) = next {
        let page = server
            .get(path.trim_start_matches("http://register.test"))
            .await
            .json();
        assert_eq!(page["totaal"], 12);
        for item in page["data"].as_array().expect("a list") {
            seen.push(item["id"].as_str().expect("an id").to_owned());
        }
        next = page["volgende"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, ids, "in the order of their numbers, each once");
    for (filter, count) in [
        ("fase=Behandeling", 4),
        ("fase=Samenstelling", 8),
        ("status=onderzoek", 4),
        ("processtype=huwelijk", 12),
        ("processtype=huwelijk-v1", 12),
        ("processtype=geen", 0),
        ("actieNodig=true", 4),
        ("streefdatum__lt=2026-01-20", 8),
        ("fase=Behandeling&streefdatum__lt=2026-02-01", 0),
    ] {
        let page = server.get(&format!("{CASES}?{filter}")).await.json();
        assert_eq!(page["totaal"], count, "{filter}");
    }
    for (bad, code) in [
        ("limit=0", "bad-parameter"),
        ("actieNodig=misschien", "bad-parameter"),
        ("streefdatum__lt=x", "wrong-type"),
        ("kleur=rood", "unknown-filter"),
        ("fase=a&fase=b", "duplicate-parameter"),
    ] {
        server
            .get(&format!("{CASES}?{bad}"))
            .await
            .assert_problem(400, code);
    }
}

#[tokio::test]
async fn a_request_that_comes_twice_is_done_once() {
    let server = server().await;
    let body = json!({ "processtype": "huwelijk", "titel": "Eenmaal" }).to_string();
    let first = post(&server, CASES, &body, &[("idempotency-key", "k-1")]).await;
    let again = post(&server, CASES, &body, &[("idempotency-key", "k-1")]).await;
    assert_eq!(first.json()["id"], again.json()["id"]);
    assert_eq!(again.header("idempotency-replayed"), "true");
    let tried = post(&server, &format!("{CASES}?dryRun=true"), &body, &[]).await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text());
    assert_eq!(server.get(CASES).await.json()["totaal"], 1);
}

#[tokio::test]
async fn changes_are_read_from_any_place() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let made = post(&server, super::TYPES, super::MARRIAGE, &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = case(&server, json!({})).await;
    for status in ["onderzoek", "planning", "akte-genomen"] {
        set(&server, &id, json!({ "status": status })).await;
    }
    let all = server.get("/proces/v1/wijzigingen").await.json();
    let events = all["gebeurtenissen"].as_array().expect("a list").clone();
    let phases: Vec<&str> = events
        .iter()
        .filter_map(|one| one["data"]["fase"].as_str())
        .collect();
    assert_eq!(
        phases,
        ["Samenstelling", "Behandeling", "Behandeling", "Beslissing"]
    );
    assert_eq!(events[3]["data"]["vorigeFase"], "Behandeling");
    assert_eq!(all["bij"], true);
    assert!(
        !all.to_string().contains("huwelijk in mei"),
        "events are thin"
    );
    let mut pieces = Vec::new();
    let mut next = "/proces/v1/wijzigingen?limit=1".to_owned();
    for _ in 0..10 {
        let page = server.get(&next).await.json();
        pieces.extend(page["gebeurtenissen"].as_array().expect("a list").clone());
        next = format!(
            "/proces/v1/wijzigingen?limit=1&vanaf={}",
            page["cursor"].as_str().expect("a cursor")
        );
    }
    assert_eq!(pieces, events);
    server
        .get("/proces/v1/wijzigingen?vanaf=morgen")
        .await
        .assert_problem(400, "bad-parameter");
    let channels = server.get("/proces/v1/kanalen").await.json();
    assert_eq!(channels["data"][0]["naam"], "dossiers");
}

#[tokio::test]
async fn cases_of_others_are_read_and_not_changed() {
    let fixtures = include_bytes!("../../../fixtures/dossiers.ttl");
    let server: Server = server().await;
    server.load("dossiers", fixtures);
    let list = server.get(CASES).await.json();
    assert_eq!(list["totaal"], 5);
    let one = server.get(&format!("{CASES}/2026-3")).await.json();
    assert_eq!(one["status"]["fase"], "Beslissing");
    assert_eq!(one["stukken"].as_array().map(Vec::len), Some(3));
    let refused = set(&server, "2026-3", json!({ "status": "voltrokken" })).await;
    refused.assert_problem(409, "case-elsewhere");
    let id = case(&server, json!({})).await;
    assert!(
        id.ends_with("-6") || !id.starts_with("2026-"),
        "{id} comes after those of others"
    );
}
