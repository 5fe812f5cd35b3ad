//! Statuses of cases told to a subscriber that is away while they are set: none lost, in order, and nothing of persons. `make
//! process` runs it with 10,000 statuses in ten minutes.

use super::{Bench, Receiver, subscription};
use axum::body::Body;
use axum::http::{Method, Request};
use oslo_registry::feeds::push::{Form, Start};
use oslo_registry::http::{AppState, ServerConfig, router};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower::ServiceExt as _;

const MARRIAGE: &str = include_str!("../../../docs/huwelijk/processtype.json");

fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

struct Desk {
    runtime: tokio::runtime::Runtime,
    app: axum::Router,
}

impl Desk {
    fn over(bench: &Bench) -> Self {
        let config = ServerConfig {
            admin_token: Some("proef-token-1".to_owned()),
            ..ServerConfig::default()
        };
        let state = AppState::new(Arc::clone(&bench.registry), config);
        Self {
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .enable_all()
                .build()
                .expect("a runtime"),
            app: router(state),
        }
    }

    fn post(&self, path: &str, body: &str) -> Json {
        self.runtime.block_on(async {
            let request = Request::builder()
                .method(Method::POST)
                .uri(path)
                .header("authorization", "Bearer proef-token-1")
                .header("content-type", "application/json")
                .body(Body::from(body.to_owned()))
                .expect("a request");
            let answer = self.app.clone().oneshot(request).await.expect("an answer");
            let status = answer.status();
            let body = axum::body::to_bytes(answer.into_body(), usize::MAX).await;
            let body = body.expect("a whole body");
            assert!(status.is_success(), "{}", String::from_utf8_lossy(&body));
            serde_json::from_slice(&body).expect("JSON")
        })
    }
}

#[test]
fn no_status_is_lost_while_a_subscriber_is_away() {
    let transitions = setting("OSLO_PROCESS_TRANSITIONS", 240);
    let down = Duration::from_secs(setting("OSLO_PROCESS_SECONDS", 2));
    let folder = tempfile::tempdir().expect("a folder");
    let (receiver, dutch) = (Receiver::new(), Receiver::new());
    let address = receiver.address;
    let bench = Bench::at(folder.path(), &[receiver.host(), dutch.host()]);
    let desk = Desk::over(&bench);
    bench.subscribe_from(
        subscription("weg", &receiver, Form::Cases),
        Start::Beginning,
    );
    bench.subscribe_from(subscription("zgw", &dutch, Form::Zgw), Start::Beginning);
    desk.post("/proces/v1/processtypen", MARRIAGE);
    let new = json!({ "processtype": "huwelijk", "titel": "Zaak van iemand" }).to_string();
    let ids: Vec<String> = (0..(transitions / 24).max(1))
        .map(|_| {
            desk.post("/proces/v1/dossiers", &new)["id"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
        .collect();
    let mut wanted: Vec<(String, u64)> = ids.iter().map(|id| (id.clone(), 1)).collect();
    let before = receiver.wait_for(ids.len());
    drop(receiver);
    let began = Instant::now();
    for n in 0..transitions {
        let id = &ids[(n % ids.len() as u64) as usize];
        let status = ["onderzoek", "planning"][(n % 2) as usize];
        let body = json!({ "status": status }).to_string();
        let done = desk.post(&format!("/proces/v1/dossiers/{id}/statussen"), &body);
        let number = done["status"]["volgnummer"].as_u64().expect("a number");
        wanted.push((id.clone(), number));
        let next = down.mul_f64(n as f64 / transitions as f64);
        std::thread::sleep(next.saturating_sub(began.elapsed()));
    }
    let receiver = super::Receiver::at(address);
    bench.wait_until("weg", |status| status.behind == 0);
    let mut bodies = before;
    bodies.extend(receiver.taken());
    let mut known: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut told: Vec<(String, u64)> = Vec::new();
    for one in &bodies {
        let event = one.json();
        let id = event["id"].as_str().expect("an id").to_owned();
        if let Some(body) = known.get(&id) {
            assert_eq!(*body, one.body, "{id} says something else the second time");
            continue;
        }
        known.insert(id, one.body.clone());
        assert_eq!(event["type"], "be.vlaanderen.lokaal.dossier.status.v1");
        assert!(!event.to_string().contains("iemand"), "{event}");
        let subject = event["subject"].as_str().expect("a subject");
        let case = subject.rsplit('/').next().expect("an id").to_owned();
        told.push((
            case,
            event["data"]["volgnummer"].as_u64().expect("a number"),
        ));
    }
    assert_eq!(told.len(), wanted.len());
    assert_eq!(told, wanted, "each once, in order");
    bench.wait_until("zgw", |status| status.behind == 0);
    let notes = dutch.taken();
    assert!(notes.len() >= wanted.len());
    let note = notes[0].json();
    assert_eq!(
        (
            note["kanaal"].as_str(),
            note["resource"].as_str(),
            note["actie"].as_str()
        ),
        (Some("dossiers"), Some("status"), Some("create"))
    );
    assert!(
        note["kenmerken"]["zaaktype"]
            .as_str()
            .is_some_and(|iri| iri.ends_with("huwelijk-v1"))
    );
    println!(
        "{} statuses told after {:?} away, {} bodies",
        told.len(),
        began.elapsed(),
        bodies.len()
    );
}
