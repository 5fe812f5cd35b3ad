//! The laws of the change feed, over histories of random commits: events replayed in order give what the registry says;
//! pages have each event once; a full page never changes, whatever comes later and however the streams were made.

use super::*;
use crate::feeds::stream::{NotReady, Progress, Streams};
use crate::registry::RegistryConfig;
use crate::store::{CommitMeta, OpenOptions};
use oxttl::NQuadsParser;
use proptest::prelude::*;
use serde_json::{Value as Json, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const ADR: &str = "https://data.vlaanderen.be/ns/adres#";
const A: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// What comes when it is not there, and goes when it is: of which address, and what.
type Toggle = (u8, u8, u8);

fn item(n: u8) -> String {
    format!("https://data.vlaanderen.be/id/adres/{}", n % 5)
}

fn line((n, what, value): Toggle) -> String {
    let value = value % 3;
    let node = format!("_:p{}", n % 5);
    let item = format!("<{}>", item(n));
    let (s, p, o) = match what % 7 {
        0 | 1 => (item, A.to_owned(), format!("<{ADR}Adres>")),
        2 => (item, format!("{ADR}huisnummer"), format!("\"{value}\"")),
        3 => (item, format!("{ADR}busnummer"), format!("\"b\\\"{value}\"")),
        4 => (
            item,
            format!("{ADR}heeftStraatnaam"),
            format!("<https://data.vlaanderen.be/id/straatnaam/{value}>"),
        ),
        5 => (item, format!("{ADR}positie"), node),
        _ => (
            node,
            "https://data.vlaanderen.be/ns/generiek#methode".to_owned(),
            format!("<https://data.vlaanderen.be/id/concept/geometriemethode/m{value}>"),
        ),
    };
    format!("{s} <{p}> {o} <http://127.0.0.1:7400/graph/adressen> .")
}

fn commit(registry: &Registry, toggles: &[Toggle]) {
    let mut draft = registry.store().begin().expect("writable");
    for toggle in toggles {
        let line = line(*toggle);
        let quad = NQuadsParser::new().for_slice(&line).next();
        let quad = quad.expect("one").expect("a quad");
        let before = draft.net_counts();
        draft.add_quad(quad.as_ref());
        if draft.net_counts() == before {
            draft.remove_quad(quad.as_ref());
        }
    }
    let meta = CommitMeta {
        agent: "http://e.org/agent".into(),
        activity: "http://e.org/activity".into(),
        source: Vec::new(),
        message: None,
    };
    draft.commit(meta).expect("commits");
}

fn open(folder: &Path) -> Arc<Registry> {
    let config = RegistryConfig::default();
    let registry = Registry::open(folder, OpenOptions::default(), config, &mut |_, _| {});
    Arc::new(registry.expect("opens"))
}

fn ready(registry: &Registry, streams: &Streams) {
    let seq = registry.store().snapshot().seq();
    for _ in 0..2000 {
        match streams.wait(seq, Duration::from_millis(5)) {
            Ok(()) => return,
            Err(NotReady(Progress::Failed { reason })) => panic!("{reason}"),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("{:?}", streams.progress());
}

fn all_pages(feed: &ChangeFeed, stream: &Stream) -> Vec<Vec<Json>> {
    let mut pages = Vec::new();
    for number in 1.. {
        let page = Page::of(number, stream.len());
        if page.from == page.to {
            break;
        }
        let body = feed
            .batch(stream, &mut (page.from..page.to))
            .expect("reads");
        let events: Vec<Json> = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(events.len() as u64, page.to - page.from);
        assert_eq!(page.is_complete, events.len() as u64 == PAGE);
        pages.push(events);
    }
    pages
}

type Items = BTreeMap<String, BTreeMap<String, Json>>;

/// What the events of all pages leave behind; every event must fit what came before it.
fn replay(pages: &[Vec<Json>]) -> Items {
    let mut items = Items::new();
    let mut last = 0;
    for event in pages.iter().flatten() {
        let id: u64 = event["id"]
            .as_str()
            .and_then(|id| id.parse().ok())
            .expect("a number");
        assert!(id > last, "{id} after {last}");
        last = id;
        let subject = event["subject"].as_str().expect("an IRI").to_owned();
        let kind = event["type"].as_str().expect("a type");
        let known = items.contains_key(&subject);
        match kind {
            "basisregisters.address.create.v1" => assert!(!known),
            "basisregisters.address.update.v1" => assert!(known),
            "basisregisters.address.delete.v1" => {
                assert!(items.remove(&subject).is_some());
                continue;
            }
            other => panic!("{other}"),
        }
        let attributes = items.entry(subject).or_default();
        for attribute in event["data"]["attributen"].as_array().expect("a list") {
            let name = attribute["naam"].as_str().expect("a name").to_owned();
            let old = attributes.remove(&name).unwrap_or_default();
            assert_eq!(old, attribute["oudeWaarde"], "{name}");
            assert_ne!(old, attribute["nieuweWaarde"], "{name}");
            if !attribute["nieuweWaarde"].is_null() {
                attributes.insert(name, attribute["nieuweWaarde"].clone());
            }
        }
    }
    items
}

/// What the registry says, asked of its newest state without any of the feed's own code.
fn said(registry: &Registry) -> Items {
    let view = registry.snapshot().view();
    let id = |iri: &str| view.id_of_iri(iri);
    let mut items = Items::new();
    for n in 0..5 {
        let iri = item(n);
        let (Some(s), Some(a), Some(class)) = (id(&iri), id(A), id(&format!("{ADR}Adres"))) else {
            continue;
        };
        if !view.contains(s, a, class) {
            continue;
        }
        let mut attributes = BTreeMap::new();
        let mut put = |name: &str, subjects: &[crate::store::Id], predicate: &str| {
            let predicate = id(predicate);
            let objects = subjects.iter().flat_map(|s| {
                let objects = predicate.map(|p| view.objects(*s, p).collect::<Vec<_>>());
                objects.unwrap_or_default()
            });
            let texts: BTreeSet<String> = objects.map(|o| view.text(o).into_owned()).collect();
            let plain = |text: &String| -> Json {
                let inner = text.trim_matches(['<', '>']);
                let inner = inner
                    .strip_prefix('"')
                    .and_then(|rest| rest.strip_suffix('"'))
                    .unwrap_or(inner);
                inner.replace("\\\"", "\"").into()
            };
            let values: Vec<Json> = texts.iter().map(plain).collect();
            match values.as_slice() {
                [] => {}
                [one] => {
                    attributes.insert(name.to_owned(), one.clone());
                }
                many => {
                    attributes.insert(name.to_owned(), json!(many));
                }
            }
        };
        for name in ["huisnummer", "busnummer", "heeftStraatnaam"] {
            put(name, &[s], &format!("{ADR}{name}"));
        }
        let positions: Vec<_> = id(&format!("{ADR}positie"))
            .map(|p| view.objects(s, p).collect())
            .unwrap_or_default();
        put(
            "positie.methode",
            &positions,
            "https://data.vlaanderen.be/ns/generiek#methode",
        );
        items.insert(iri, attributes);
    }
    items
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn events_replayed_are_what_is_said_and_pages_stay(
        commits in prop::collection::vec(
            prop::collection::vec((0u8..5, 0u8..7, 0u8..3), 1..8), 20..120),
        stop in 0usize..120,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = open(folder.path());
        let feed = ChangeFeed::new(&registry);
        let mut streams = Streams::start(&registry).expect("starts");
        let mut full: Vec<Vec<Json>> = Vec::new();
        for (n, toggles) in commits.iter().enumerate() {
            commit(&registry, toggles);
            if n % 10 != 0 && n + 1 != commits.len() {
                continue;
            }
            if n == stop {
                streams = {
                    drop(streams);
                    Streams::start(&registry).expect("starts")
                };
            }
            ready(&registry, &streams);
            let stream = streams.get("adressen").expect("public");
            let pages = all_pages(&feed, stream);
            prop_assert_eq!(replay(&pages), said(&registry));
            prop_assert_eq!(&pages[..full.len()], full.as_slice());
            full = pages.into_iter().filter(|page| page.len() as u64 == PAGE).collect();
            // Each event is where it is said to be.
            for number in 0..stream.len() {
                let found = position(stream, Until::Member(number)).expect("reads").expect("there");
                prop_assert_eq!(found.page, number / PAGE + 1);
                let again = position(stream, Until::Event(found.id)).expect("reads");
                prop_assert_eq!(again, Some(found));
            }
        }
        let stream = streams.get("adressen").expect("public");
        let pages = all_pages(&feed, stream);
        // Made anew from the log: the same.
        drop(streams);
        std::fs::remove_dir_all(folder.path().join("feeds")).expect("removes");
        let streams = Streams::start(&registry).expect("starts");
        ready(&registry, &streams);
        let stream = streams.get("adressen").expect("public");
        prop_assert_eq!(all_pages(&feed, stream), pages);
        let seq = registry.snapshot().seq();
        for commit in 0..=seq + 1 {
            let found = position(stream, Until::Commit(commit)).expect("reads");
            let wanted = stream.first_of(commit + 1).expect("reads");
            prop_assert_eq!(found.map(|found| found.page), wanted.checked_sub(1).map(|last| last / PAGE + 1));
            prop_assert!(found.is_none_or(|found| found.commit <= commit));
        }
    }
}

#[test]
fn pages_are_counted_from_one() {
    let page = |number, len| {
        let page = Page::of(number, len);
        (page.from, page.to, page.is_complete)
    };
    assert_eq!(page(1, 0), (0, 0, false));
    assert_eq!(page(1, 99), (0, 99, false));
    assert_eq!(page(1, 100), (0, 100, true));
    assert_eq!(page(2, 100), (100, 100, false));
    assert_eq!(page(2, 250), (100, 200, true));
    assert_eq!(page(3, 250), (200, 250, false));
    assert_eq!(page(u64::MAX, 250), (250, 250, false));
}

#[test]
fn positions_by_moment_are_those_up_to_it() {
    use crate::feeds::stream::Kind;
    let stream = Stream::made_up("adressen");
    assert_eq!(
        position(&stream, Until::Moment(i64::MAX)).expect("reads"),
        None
    );
    for moment in [10, 20, 20, 30] {
        stream.come(
            moment,
            "https://data.vlaanderen.be/id/adres/1",
            Kind::Create,
            &[],
        );
    }
    let commit = |moment| {
        let found = position(&stream, Until::Moment(moment)).expect("reads");
        found.map(|found| found.commit)
    };
    assert_eq!(
        [9, 10, 19, 20, 29, 30, 31].map(commit),
        [None, Some(1), Some(1), Some(3), Some(3), Some(4), Some(4)]
    );
    assert_eq!(position(&stream, Until::Event(0)).expect("reads"), None);
    assert_eq!(
        position(&stream, Until::Event(u64::MAX))
            .expect("reads")
            .map(|p| p.commit),
        Some(4)
    );
}
