//! The graph of observations by HTTP: what was sent is asked for together with what the registry says.

use crate::http::{Answer, BASE, Server};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use serde_json::json;
use tempfile::TempDir;

const SENSORS: &str = r#"
@prefix sosa: <http://www.w3.org/ns/sosa/> .
@prefix dct: <http://purl.org/dc/terms/> .
@base <http://register.test/id/> .
<observatieverzameling/1> a sosa:ObservationCollection ; dct:title "Temperatuur"@nl ; sosa:madeBySensor <sensor/1> ;
  dct:type <http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement> .
<sensor/1> dct:spatial <adres/7> .
"#;

fn query(text: &str) -> String {
    let text: String = text.bytes().map(|b| format!("%{b:02X}")).collect();
    format!("/sparql?query={text}")
}

async fn server() -> (Server, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let server = server.with_graph("sensoren", SENSORS);
    tell(&server, 10, 12.5).await;
    tell(&server, 11, 13.5).await;
    (server, folder)
}

async fn tell(server: &Server, hour: u32, value: f64) {
    let one =
        json!([{ "reeks": "1", "tijd": format!("2026-03-01T{hour}:00:00Z"), "waarde": value }]);
    let answer = server
        .write(
            Method::POST,
            "/obs/v1/observaties",
            "application/json",
            &one.to_string(),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
}

async fn csv(server: &Server, text: &str) -> Answer {
    server.get(&format!("{}&format=csv", query(text))).await
}

fn average() -> String {
    format!(
        "PREFIX sosa: <http://www.w3.org/ns/sosa/> SELECT ?adres (AVG(?v) AS ?gemiddeld) {{ \
         ?c sosa:madeBySensor ?s . ?s <http://purl.org/dc/terms/spatial> ?adres . \
         GRAPH <{BASE}/graph/observaties> {{ ?c sosa:hasMember ?o . ?o sosa:hasSimpleResult ?v }} }} GROUP BY ?adres"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_joins_what_the_registry_says() {
    let (server, _folder) = server().await;
    let answer = csv(&server, &average()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert!(answer.text().contains("adres/7,13"), "{}", answer.text());
    assert_eq!(
        answer.header("cache-control"),
        "no-store",
        "the answer is of no state"
    );
    tell(&server, 12, 16.0).await;
    let later = csv(&server, &average()).await;
    assert!(later.text().contains("adres/7,14"), "{}", later.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_explanation_shows_the_columns_and_what_was_pushed_down() {
    let (server, _folder) = server().await;
    let text = format!(
        "PREFIX sosa: <http://www.w3.org/ns/sosa/> SELECT ?v {{ GRAPH <{BASE}/graph/observaties> {{ \
         <{BASE}/id/observatieverzameling/1> sosa:hasMember ?o . ?o sosa:hasSimpleResult ?v ; sosa:phenomenonTime ?t \
         FILTER(?t >= \"2026-03-01T11:00:00Z\"^^<http://www.w3.org/2001/XMLSchema#dateTime>) }} }}"
    );
    let told = server
        .get(&format!("{}&explain=run&format=json", query(&text)))
        .await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text());
    assert!(told.text().contains("\"observations\""), "{}", told.text());
    assert!(
        told.text().contains("[2026-03-01T11:00:00Z, "),
        "{}",
        told.text()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_a_problem_with_a_tip() {
    let (server, _folder) = server().await;
    let text = format!("SELECT * FROM <{BASE}/graph/observaties> {{ ?s ?p ?o }}");
    let answer = csv(&server, &text).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(
        answer.text().contains("query-observations"),
        "{}",
        answer.text()
    );
    assert!(answer.text().contains("GRAPH"), "{}", answer.text());
    let update =
        format!("INSERT DATA {{ GRAPH <{BASE}/graph/observaties> {{ <urn:a> <urn:b> <urn:c> }} }}");
    let answer = server
        .write(
            Method::POST,
            "/sparql",
            "application/sparql-update",
            &update,
        )
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text());
}
