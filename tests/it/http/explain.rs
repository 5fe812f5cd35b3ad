//! How queries are answered, as programs and people are told: shapes, languages, limits, and what is listed meanwhile.

use super::{BASE, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use oslo_registry::http::ServerConfig;
use oslo_registry::views::html::percent_encode;
use regex::{Captures, Regex};
use serde_json::Value as Json;
use std::time::Duration;

const HOUSES: &str = "PREFIX adr: <https://data.vlaanderen.be/ns/adres#>
SELECT ?adres ?naam { ?adres adr:heeftStraatnaam ?straat . ?straat rdfs:label ?naam OPTIONAL { ?adres adr:busnummer ?bus } }
ORDER BY ?adres ?naam LIMIT 3";

fn houses() -> String {
    format!("PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> {HOUSES}")
}

fn ask(text: &str, more: &str) -> String {
    format!("/sparql?query={}&{more}", percent_encode(text))
}

/// The text with its times as marks, as wide as they are in columns.
fn without_times(text: &str) -> String {
    let column = Regex::new(r"  +\d[\d.,]*[.,]\d{3}(?: |\n)").expect("a pattern");
    let text = column.replace_all(text, |found: &Captures<'_>| {
        let (time, end) = found[0].split_at(found[0].len() - 1);
        format!("{:>width$}{end}", "T", width = time.len())
    });
    let said = Regex::new(r"\d[\d.,]*[.,]\d{3} ms").expect("a pattern");
    let text = said.replace_all(&text, "T ms");
    let cell = Regex::new(r">\d[\d.]*,\d{3}</td>").expect("a pattern");
    cell.replace_all(&text, ">T</td>").into_owned()
}

#[tokio::test]
async fn people_read_a_tree_in_their_language() {
    let server = Server::new();
    let told = server.get(&ask(&houses(), "explain=1")).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    assert_eq!(told.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(told.header("cache-control"), "no-store");
    assert_eq!(told.header("x-commit"), "1");
    assert_eq!(told.header("etag"), "");
    insta::assert_snapshot!("explain_text", without_times(told.text()));
    let english = [("accept-language", "en"), ("accept", "text/plain")];
    let path = ask(&houses(), "explain=plan");
    let english = server.send(request(Method::GET, &path, &english, "")).await;
    insta::assert_snapshot!("explain_plan_english", without_times(english.text()));
    // Figures stand in columns.
    let lines: Vec<&str> = told
        .text()
        .lines()
        .filter(|line| line.contains("straat"))
        .collect();
    assert!(lines.len() > 1, "{}", told.text());
    let wide = |line: &&str| line.chars().count();
    assert!(
        lines.iter().all(|line| wide(line) == wide(&lines[0])),
        "{}",
        told.text()
    );
}

#[tokio::test]
async fn programs_read_a_list_of_steps() {
    let server = Server::new();
    let told = server
        .get_as(&ask(&houses(), "explain=1"), "application/json")
        .await;
    let mut json = told.json();
    assert!(json["voorbereidingMs"].is_number());
    json["voorbereidingMs"] = "T".into();
    let whole = json["uitvoering"]["duurMs"].as_f64().expect("a time");
    json["uitvoering"]["duurMs"] = "T".into();
    let steps = json["stappen"].as_array_mut().expect("steps");
    let mut own = 0.0;
    for (number, step) in steps.iter_mut().enumerate() {
        assert_eq!(step["nummer"], number);
        assert!(
            step["ouder"]
                .as_u64()
                .is_none_or(|parent| (parent as usize) < number)
        );
        own += step["eigenTijdMs"].as_f64().expect("a time");
        for member in ["eigenTijdMs", "tijdMs"] {
            step[member] = "T".into();
        }
    }
    // Each is rounded down to a microsecond.
    assert!(own <= whole + 0.001, "{own} of {whole}");
    insta::assert_snapshot!("explain_json", format!("{json:#}"));
    let plan = server
        .get(&ask(&houses(), "explain=plan&format=json"))
        .await
        .json();
    assert_eq!(plan["uitvoering"], Json::Null);
    assert!(
        plan["stappen"][0]["rijen"].is_null() && plan["stappen"][0]["verwachteRijen"].is_number()
    );
}

#[tokio::test]
async fn browsers_get_a_page() {
    let server = Server::new();
    let page = server
        .get_as(&ask(&houses(), "explain=1"), "text/html")
        .await;
    assert!(!page.text().contains("<script") && !page.text().contains(" style="));
    insta::assert_snapshot!("explain_page", without_times(page.text()));
    let form = server.get_as("/sparql", "text/html").await;
    assert!(form.text().contains("name=\"explain\" value=\"1\""));
}

#[tokio::test]
async fn it_comes_by_post_too() {
    let server = Server::new();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("query={}&explain=1", percent_encode("ASK { ?s ?p ?o }"));
    let told = server
        .send(request(Method::POST, "/sparql", &form, &body))
        .await;
    assert!(told.text().contains("1 rij."), "{}", told.text());
    let direct = [
        ("content-type", "application/sparql-query"),
        ("accept", "application/json"),
    ];
    let told = server
        .send(request(
            Method::POST,
            "/sparql?explain=1",
            &direct,
            "ASK { ?s ?p ?o }",
        ))
        .await;
    assert_eq!(told.json()["vorm"], "ASK");
}

#[tokio::test]
async fn mistakes_are_told() {
    let server = Server::new();
    let problem = server.get(&ask("ASK {}", "explain=misschien")).await;
    let problem = problem.assert_problem(400, "bad-parameter");
    assert_eq!(problem["parameter"], "explain");
    // With nothing to ask too, and given twice.
    for (path, code) in [
        ("/sparql?explain=misschien", "bad-parameter"),
        ("/sparql?explain=1&explain=1", "duplicate-parameter"),
        ("/sparql?timeout=1&timeout=2", "duplicate-parameter"),
        ("/sparql?format=ttl&format=ttl", "duplicate-parameter"),
    ] {
        server.get(path).await.assert_problem(400, code);
    }
    server
        .get(&ask("ASK {}", "explain=1&format=csv"))
        .await
        .assert_problem(400, "unknown-format");
    server
        .get_as(&ask("ASK {}", "explain=1"), "image/png")
        .await
        .assert_problem(406, "not-acceptable");
    server
        .get(&ask("ASK {", "explain=1"))
        .await
        .assert_problem(400, "query-syntax");
    for none in ["explain=", "explain=0"] {
        let answer = server.get(&ask("ASK {}", none)).await;
        assert_eq!(
            answer.header("content-type"),
            "application/sparql-results+json"
        );
    }
}

#[tokio::test]
async fn a_limit_is_part_of_what_is_told() {
    let config = ServerConfig {
        max_rows: 2,
        admin_token: Some(TOKEN.to_owned()),
        ..ServerConfig::default()
    };
    let server = Server::with_config(config).with_graph("adressen", super::ADDRESSES);
    let path = ask("SELECT * { ?s ?p ?o }", "explain=1");
    let told = server.get_as(&path, "application/json").await;
    assert_eq!(told.status, StatusCode::OK);
    let run = &told.json()["uitvoering"];
    assert_eq!(
        (&run["uitkomst"], &run["rijen"]),
        (&"query-row-limit".into(), &2.into())
    );
    assert!(
        run["melding"]
            .as_str()
            .is_some_and(|text| text.contains("rijlimiet"))
    );
    assert!(server.get(&path).await.text().contains("Afgebroken na "));
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    let account = server
        .send(request(Method::GET, "/bevragingen", &headers, ""))
        .await
        .json();
    let ended = &account["afgelopen"][0];
    assert_eq!(ended["uitkomst"], "query-row-limit");
    assert_eq!(ended["plan"], "executor: scan");
    assert_eq!(ended["tekst"], "# explain=1\nSELECT * { ?s ?p ?o }");
}

#[tokio::test]
async fn a_running_explanation_is_listed_and_can_be_stopped() {
    let turtle: String = (0..2000)
        .map(|n| format!("<http://e/s{n}> <http://e/p> {n} .\n"))
        .collect();
    let server = Server::empty().with_graph("veel", &turtle);
    let slow =
        "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }";
    let authorization = format!("Bearer {TOKEN}");
    let headers = [("authorization", authorization.as_str())];
    let stopping = async {
        let started = std::time::Instant::now();
        loop {
            let list = request(Method::GET, "/bevragingen", &headers, "");
            let account = server.send(list).await.json();
            let running = &account["lopend"][0];
            if let (Some(id), Some(plan)) = (running["nummer"].as_str(), running["plan"].as_str()) {
                assert!(plan.starts_with("executor: "), "{plan}");
                assert_eq!(running["rijen"], 0);
                // It is listed a moment before it runs.
                tokio::time::sleep(Duration::from_millis(100)).await;
                let stop = request(Method::DELETE, &format!("/bevragingen/{id}"), &headers, "");
                assert_eq!(server.send(stop).await.status, StatusCode::OK);
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(20), "{account:#}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let path = ask(slow, "explain=1&format=json");
    let (told, ()) = tokio::join!(server.get(&path), stopping);
    let told = told.json();
    assert_eq!(told["uitvoering"]["uitkomst"], "query-cancelled");
    assert!(
        told["stappen"][0]["tijdMs"]
            .as_f64()
            .is_some_and(|ms| ms > 0.0),
        "{told:#}"
    );
}

#[tokio::test]
async fn stored_queries_are_explained_with_their_values() {
    let data = tempfile::tempdir().expect("temporary folder");
    let server = Server::in_folder(data.path(), oslo_registry::store::OpenOptions::default())
        .with_graph("adressen", super::ADDRESSES);
    let folder = data.path().join("queries");
    std::fs::create_dir_all(&folder).expect("made");
    let text = "#+ title: Adressen van een straat\n#+ parameter: straat\n#+   type: iri\n#+   required: true\n\
        PREFIX adr: <https://data.vlaanderen.be/ns/adres#>\nSELECT ?adres { ?adres adr:heeftStraatnaam ?straat }\n";
    std::fs::write(folder.join("straat.rq"), text).expect("written");
    let street = percent_encode("https://data.vlaanderen.be/id/straatnaam/1");
    let path = format!("/queries/straat?straat={street}&explain=1");
    let told = server.get_as(&path, "application/json").await.json();
    assert_eq!(told["uitvoering"]["rijen"], 2);
    assert_eq!(
        told["stappen"][0]["tekst"],
        "?adres adr:heeftStraatnaam <https://data.vlaanderen.be/id/straatnaam/1>"
    );
    // Another state than the newest.
    let earlier = server.get(&format!("{path}&format=json&asOf=0")).await;
    assert_eq!(earlier.header("x-commit"), "0");
    assert_eq!(earlier.json()["uitvoering"]["rijen"], 0);
    let page = server.get_as(&path, "text/html").await;
    assert!(
        page.text().contains("Adressen van een straat") && page.text().contains("id=\"uitleg\"")
    );
    let form = server.get_as("/queries/straat", "text/html").await;
    assert!(form.text().contains("name=\"explain\""), "{BASE}");
    server
        .get("/queries/straat?explain=1")
        .await
        .assert_problem(400, "missing-parameter");
    let taken = text
        .replace("straat\n#+   type", "explain\n#+   type")
        .replace("?straat", "?explain");
    std::fs::write(folder.join("bezet.rq"), taken).expect("written");
    tokio::time::sleep(Duration::from_millis(600)).await;
    server
        .get("/queries/bezet?explain=1")
        .await
        .assert_problem(500, "stored-query-broken");
}

#[test]
fn every_code_is_documented() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/explain.md");
    let page = std::fs::read_to_string(page).expect("the page");
    for kind in oslo_registry::query::StepKind::ALL {
        assert!(page.contains(&format!("`{}`", kind.code)), "{}", kind.code);
    }
}
