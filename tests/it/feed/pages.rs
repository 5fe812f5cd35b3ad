//! Feeds over HTTP: pages that fill, ends that are not there yet, servers that fail, and what a run remembers.

use super::{ID, ask, dump, same, scenarios};
use crate::ldes::server::{Ask, Reply, Server};
use oslo_registry::ingest::sources::{Outcome, RunRecord, run_source};
use oslo_registry::registry::{DeclaredSource, Registry, RegistryConfig, SourceKind};
use oslo_registry::store::OpenOptions;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};

const BATCH: &str = "application/cloudevents-batch+json";

/// A feed that can grow.
#[derive(Clone, Default)]
struct Feed(Arc<Mutex<Vec<Value>>>);

impl Feed {
    fn push(&self, events: &[Value]) {
        self.0.lock().expect("a lock").extend_from_slice(events);
    }

    /// A page of a number of events, told complete once it is full.
    fn page(&self, ask: &Ask, size: usize) -> Reply {
        let number = ask
            .path
            .split("page=")
            .nth(1)
            .and_then(|text| text.parse::<usize>().ok());
        let number = number.expect("a page");
        let all = self.0.lock().expect("a lock");
        let page: Vec<&Value> = all.iter().skip((number - 1) * size).take(size).collect();
        if page.is_empty() && number > 1 {
            return Reply::status(404);
        }
        let is_complete = page.len() == size;
        let etag = format!("\"{number}-{}\"", page.len());
        if ask.header("if-none-match") == Some(&etag) {
            return Reply::status(304);
        }
        Reply::new(BATCH, json!(page).to_string())
            .with("x-page-complete", is_complete.to_string())
            .with("etag", etag)
    }
}

fn streets() -> Option<Vec<Value>> {
    let mut events = scenarios()?
        .remove("streetname-create-update-transform")
        .expect("there");
    events.sort_by_key(|event| event["id"].as_str().and_then(|id| id.parse::<u64>().ok()));
    Some(events)
}

fn open(dir: &Path) -> Registry {
    let config = RegistryConfig::default();
    Registry::open(dir, OpenOptions::default(), config, &mut |_, _| {}).expect("opens")
}

fn source(registry: &Registry, url: &str) -> DeclaredSource {
    let graph = registry.graph_iri("straatnamen");
    DeclaredSource {
        allow_private: true,
        ..DeclaredSource::new("straten", SourceKind::CloudEvents, url, graph)
    }
}

fn run(registry: &Registry, url: &str) -> RunRecord {
    let source = source(registry, url);
    run_source(registry, &source, &Arc::default(), &mut |_| {}).expect("the store works")
}

#[test]
fn a_feed_is_followed_page_by_page() {
    let Some(events) = streets() else { return };
    let feed = Feed::default();
    let shown = feed.clone();
    let server = Server::start(move |ask, _| shown.page(ask, 2));
    let url = format!("{}/straatnamen/wijzigingen", server.url);
    let dir = tempfile::tempdir().expect("a folder");
    let registry = open(dir.path());
    feed.push(&events[..3]);
    let record = run(&registry, &url);
    assert_eq!(
        (record.outcome, record.members),
        (Outcome::Done, 3),
        "{record:?}"
    );
    assert_eq!(record.commits, 2);
    // Nothing new: one request, which is answered with nothing.
    server.asked();
    let record = run(&registry, &url);
    assert_eq!(
        (record.outcome, record.members),
        (Outcome::Unchanged, 0),
        "{record:?}"
    );
    assert_eq!(server.asked().len(), 1);
    // Another process goes on where this one ended, and reads no finished page again.
    drop(registry);
    let registry = open(dir.path());
    feed.push(&events[3..]);
    let record = run(&registry, &url);
    assert_eq!(
        (record.outcome, record.members),
        (Outcome::Done, 3),
        "{record:?}"
    );
    let paths = server.asked();
    assert!(
        paths.iter().all(|path| !path.ends_with("page=1")),
        "{paths:?}"
    );
    let status = format!(
        "SELECT ?s {{ <{ID}straatnaam/228493> <https://data.vlaanderen.be/ns/adres#Straatnaam.status> ?s }}"
    );
    assert!(ask(&registry, None, &status)[0].ends_with("afgekeurd"));
    assert!(ask(&registry, Some("2024-12-31"), &status)[0].ends_with("voorgesteld"));
    // The evidence of each event is kept.
    let kept = std::fs::read_dir(dir.path().join("evidence")).expect("evidence");
    let kept: usize = kept
        .map(|folder| {
            std::fs::read_dir(folder.expect("an entry").path())
                .expect("a folder")
                .count()
        })
        .sum();
    assert_eq!(kept, events.len());
    // Read from the start by another registry: the same.
    let other = Registry::in_memory(RegistryConfig::default());
    run(&other, &url);
    let own = |registry: &Registry| {
        let all = dump(registry);
        all.into_iter()
            .filter(|line| !line.contains("/herkomst/"))
            .collect()
    };
    same(&own(&other), &own(&registry), "read as a whole");
}

#[test]
fn a_feed_that_does_not_say_what_is_complete() {
    let Some(events) = streets() else { return };
    let feed = Feed::default();
    let shown = feed.clone();
    let server = Server::start(move |ask, _| shown.page(ask, 2).without("x-page-complete"));
    let url = format!("{}/wijzigingen?page=1", server.url);
    let registry = Registry::in_memory(RegistryConfig::default());
    feed.push(&events);
    let record = run(&registry, &url);
    assert_eq!(
        (record.outcome, record.members),
        (Outcome::Done, 5),
        "{record:?}"
    );
}

#[test]
fn what_goes_wrong_ends_the_run_and_is_told() {
    let Some(events) = streets() else { return };
    let page = json!(events[..2]).to_string();
    let good = Reply::new(BATCH, page).with("x-page-complete", "true");
    let deep = format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000));
    let cases: Vec<(Reply, &str)> = vec![
        (Reply::status(500), "H010"),
        (Reply::status(403), "H010"),
        (
            Reply::new("text/html", "<html><body>Onderhoud</body></html>"),
            "H021",
        ),
        (Reply::new(BATCH, deep), "H021"),
        (
            Reply::new(BATCH, vec![b'[', b'"', 0xFF, 0xFE, b'"', b']']),
            "H021",
        ),
        (Reply::new(BATCH, "{\"type\": \"order\"}"), "H021"),
        (Reply::new(BATCH, "[1, 2]"), "H021"),
    ];
    for (bad, code) in cases {
        let (first, second) = (good.clone(), bad.clone());
        let server = Server::start(move |ask, _| {
            if ask.path.ends_with("page=1") {
                first.clone()
            } else {
                second.clone()
            }
        });
        let url = format!("{}/wijzigingen", server.url);
        let registry = Registry::in_memory(RegistryConfig::default());
        let source = source(&registry, &url);
        let record = run_source(&registry, &source, &Arc::default(), &mut |_| {}).expect("works");
        assert_eq!(record.outcome, Outcome::Failing);
        assert_eq!(record.failure.expect("a reason").code, code);
        // What came before stays.
        assert_eq!(record.members, 2);
    }
}

#[test]
fn a_feed_without_end_is_left() {
    let Some(events) = streets() else { return };
    let page = json!(events[..1]).to_string();
    let server =
        Server::start(move |_, _| Reply::new(BATCH, page.clone()).with("x-page-complete", "true"));
    let registry = Registry::in_memory(RegistryConfig::default());
    let source = source(&registry, &format!("{}/wijzigingen", server.url));
    let stopped = Arc::default();
    let options = oslo_registry::ingest::feed::FeedOptions {
        name: "straten".to_owned(),
        url: source.location.clone(),
        graph: source.graph.clone(),
        strict: false,
        max_barren: 20,
        fetch: oslo_registry::ingest::fetch::FetchOptions {
            hosts: vec![server.url.trim_start_matches("http://").to_owned()],
            allow_private: true,
            per_second: 0.0,
            ..Default::default()
        },
        account: oslo_registry::ingest::Account {
            source: "straten".to_owned(),
            location: source.location.clone(),
            kind: "cloudevents".to_owned(),
            graph: source.graph.clone(),
            began: jiff::Timestamp::now(),
        },
    };
    let summary =
        oslo_registry::ingest::feed::read_feed(&registry, &options, &stopped, &mut |_| {});
    let summary = summary.expect("the store works");
    assert_eq!(summary.failure.expect("a reason").code, "H003");
    assert_eq!((summary.pages, summary.applied), (21, 1));
}
