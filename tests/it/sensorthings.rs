//! `/sta/v1.1`: the requirements of OGC SensorThings 1.1 (sensing part, 18-088) that are claimed, each a test named after it, and
//! what is refused.

mod batch;
mod model;
mod query;
mod refused;
mod writing;

use super::http::{Answer, Server};
use axum::http::{Method, StatusCode};
use oslo_registry::store::OpenOptions;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

const ROOT: &str = "/sta/v1.1";
const BASE: &str = "http://register.test/sta/v1.1";
const TYPES: &str = "http://www.opengis.net/def/observationType/OGC-OM/2.0/";

/// A server that keeps observations.
fn server() -> (Server, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    (server, folder)
}

/// An address with its options encoded.
fn encoded(path: &str) -> String {
    let mut out = String::new();
    for c in path.chars() {
        match c {
            ' ' => out.push_str("%20"),
            '+' => out.push_str("%2B"),
            '"' => out.push_str("%22"),
            c => out.push(c),
        }
    }
    format!("{ROOT}{out}")
}

async fn get(server: &Server, path: &str) -> Json {
    let answer = server.get(&encoded(path)).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

async fn send(server: &Server, method: Method, path: &str, body: &Json) -> Answer {
    let body = body.to_string();
    server
        .write(method, &encoded(path), "application/json", &body)
        .await
}

/// Makes something; its path below the root.
async fn make(server: &Server, path: &str, body: Json) -> String {
    let answer = send(server, Method::POST, path, &body).await;
    assert_eq!(
        answer.status,
        StatusCode::CREATED,
        "{path}: {}",
        answer.text()
    );
    let location = answer.header("location");
    assert_eq!(answer.json()["@iot.selfLink"], location);
    let path = location.strip_prefix(BASE);
    path.unwrap_or_else(|| panic!("{location}")).to_owned()
}

fn datastream(name: &str, kind: &str) -> Json {
    json!({
        "name": name,
        "description": "Een reeks",
        "observationType": format!("{TYPES}{kind}"),
        "unitOfMeasurement": { "name": "graad Celsius", "symbol": "°C", "definition": "http://qudt.org/vocab/unit/DEG_C" },
        "Sensor": {
            "name": format!("Sensor van {name}"), "description": "", "encodingType": "text/html", "metadata": "https://maker.example/blad",
        },
        "ObservedProperty": {
            "name": format!("Kenmerk van {name}"), "description": "", "definition": "http://qudt.org/vocab/quantitykind/Temperature",
        },
    })
}

/// A platform with a place and two series, of temperatures and of counts.
fn thing(name: &str) -> Json {
    json!({
        "name": name,
        "description": "Een meetpaal",
        "properties": { "eigenaar": "gemeente", "hoogte": 4, "adres": "https://data.vlaanderen.be/id/adres/9" },
        "Locations": [{
            "name": "Markt", "description": "Op het plein", "encodingType": "application/geo+json",
            "location": { "type": "Point", "coordinates": [3.72, 51.05] },
        }],
        "Datastreams": [datastream("warmte", "OM_Measurement"), datastream("fietsers", "OM_CountObservation")],
    })
}

/// A server with a platform whose first series has observations of five minutes.
async fn filled() -> (Server, TempDir) {
    let (server, folder) = server();
    make(&server, "/Things", thing("Paal")).await;
    let id = first_series(&server).await;
    for minute in 0..5 {
        let told = json!({ "phenomenonTime": format!("2026-03-01T10:0{minute}:00Z"), "result": 20.0 + f64::from(minute) / 2.0 });
        make(&server, &format!("/Datastreams({id})/Observations"), told).await;
    }
    (server, folder)
}

/// The id of the series of temperatures.
async fn first_series(server: &Server) -> Json {
    let found = get(server, "/Datastreams?$filter=name eq 'warmte'&$select=id").await;
    found["value"][0]["@iot.id"].clone()
}

/// The values of a property in a list.
fn all(json: &Json, name: &str) -> Vec<Json> {
    let list = json["value"].as_array().expect("a list");
    list.iter().map(|one| one[name].clone()).collect()
}
