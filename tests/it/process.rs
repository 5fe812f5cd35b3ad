//! `/proces/v1`: process types, cases and their statuses, figures to steer on, and changes, by requests.

mod killed;
mod life;
mod steering;
mod tutorial;
mod types;

use super::http::{Answer, Server, TOKEN, request};
use axum::http::{Method, StatusCode};
use serde_json::{Value as Json, json};

/// The process type of the tutorial.
const MARRIAGE: &str = include_str!("../../docs/huwelijk/processtype.json");
const TYPES: &str = "/proces/v1/processtypen";
const CASES: &str = "/proces/v1/dossiers";

/// A server with the process type of the tutorial.
async fn server() -> Server {
    let server = Server::empty();
    let made = post(&server, TYPES, MARRIAGE, &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    server
}

async fn post(server: &Server, path: &str, body: &str, more: &[(&str, &str)]) -> Answer {
    let authorization = format!("Bearer {TOKEN}");
    let mut headers = vec![
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    headers.extend(more);
    server
        .send(request(Method::POST, path, &headers, body))
        .await
}

/// A new case; its id.
async fn case(server: &Server, more: Json) -> String {
    let mut body = json!({ "processtype": "huwelijk", "titel": "Een huwelijk in mei" });
    if let (Json::Object(body), Json::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    let made = post(server, CASES, &body.to_string(), &[]).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.json()["id"].as_str().expect("an id").to_owned()
}

/// Sets a status.
async fn set(server: &Server, id: &str, body: Json) -> Answer {
    post(
        server,
        &format!("{CASES}/{id}/statussen"),
        &body.to_string(),
        &[],
    )
    .await
}
