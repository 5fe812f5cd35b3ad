//! The laws of views: every member is on one page, full pages stay as they are, a view made late is the one made along,
//! what falls out is gone, and whoever begins with a state ends with the documents.

use super::*;
use crate::feeds::ldes::write::Reading;
use crate::feeds::stream::Kind;
use crate::rdf::format::Format;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

const P: &str = "http://e.org/p";
const GEOMETRY: &str = "http://e.org/geometrie";
const WKT: &str = "http://www.opengis.net/ont/geosparql#asWKT";
const ALL: [&str; 5] = ["pagina", "soort", "begin", "tegel", "stand"];
const NOW: i64 = 1_800_000_000_000;

/// The views of a register that declares one of each kind.
fn views() -> Vec<FeedView> {
    let registry = crate::registry::Registry::in_memory(crate::registry::RegistryConfig::default());
    let shipped = registry
        .register("adressen")
        .expect("declared")
        .feed_views
        .clone();
    let standard = shipped.into_iter().take(3);
    let path = || vec![P.to_owned()];
    let declared = [
        ("soort", FeedViewKind::Reference { path: path() }),
        (
            "begin",
            FeedViewKind::Prefix {
                path: path(),
                language: None,
                length: 2,
            },
        ),
        (
            "tegel",
            FeedViewKind::Tile {
                path: vec![GEOMETRY.to_owned()],
                zoom: 12,
            },
        ),
        (
            "drie",
            FeedViewKind::Retention {
                versions: Some(3),
                days: None,
            },
        ),
        (
            "week",
            FeedViewKind::Retention {
                versions: None,
                days: Some(7),
            },
        ),
    ];
    let label = crate::rdf::label::Text::new("x", "x");
    let declared = declared.map(|(name, kind)| FeedView {
        name: name.to_owned(),
        label: label.clone(),
        kind,
    });
    standard.chain(declared).collect()
}

/// A stream and its views.
struct Bed {
    stream: Stream,
    views: Views,
}

/// Pages by their addresses: what each says besides, its members, whether it is full.
type Pages = BTreeMap<String, (String, Vec<u64>, bool)>;

impl Bed {
    fn new(stream: &Stream, data: Option<&Path>) -> Self {
        let of = [(stream.clone(), views())].into_iter();
        Self {
            stream: stream.clone(),
            views: Views::of_streams(of, data),
        }
    }

    fn ask<T>(&self, view: &str, then: impl FnOnce(&Asked<'_>) -> T) -> T {
        let reading = Reading {
            generation: "g",
            len: self.stream.len(),
            format: Format::NQuads,
            suffix: "",
        };
        then(&Asked {
            register: "adressen",
            view,
            titles: &[("nl", "Adressen")],
            reading: &reading,
            now: NOW,
        })
    }

    fn get(&self, view: &str, address: &str) -> Result<Made, ViewError> {
        self.ask(view, |asked| {
            let entry = format!("{}/{view}", self.stream.entry);
            let rest = address.strip_prefix(&entry).expect("of the view");
            let parts: Vec<&str> = rest.split('/').collect();
            match parts.as_slice() {
                [""] => self.views.entry(asked),
                ["", "g", part, level, number] => {
                    let level = level.parse().expect("a number");
                    self.views.page(asked, part, level, number)
                }
                _ => panic!("{address}"),
            }
        })
    }

    fn bytes(&self, view: &str, made: &Made) -> Vec<u8> {
        self.ask(view, |asked| self.views.write(asked, made).expect("reads"))
    }

    /// All pages that the entry of a view leads to, in the order a reader meets them.
    fn crawl(&self, view: &str) -> (Pages, Vec<u64>) {
        let (mut pages, mut members) = (Pages::new(), Vec::new());
        let mut due = vec![format!("{}/{view}", self.stream.entry)];
        while let Some(address) = due.pop() {
            let made = self.get(view, &address);
            let made = made.unwrap_or_else(|error| panic!("{address}: {error}"));
            let text = made.text().to_owned();
            assert!(
                made.members().len() as u64 <= super::super::MEMBERS,
                "{address}"
            );
            let targets: Vec<String> = text
                .lines()
                .filter_map(|line| line.split_once("<https://w3id.org/tree#node> <"))
                .map(|(_, rest)| rest.trim_end_matches("> .").to_owned())
                .collect();
            let targets: BTreeSet<String> = targets.into_iter().collect();
            assert!(targets.len() <= keyed::MAX_KEYS + 1, "{address}");
            due.extend(targets.into_iter().rev());
            members.extend_from_slice(made.members());
            let page = (text, made.members().to_vec(), made.is_full);
            assert!(
                pages.insert(address.clone(), page).is_none(),
                "{address} twice"
            );
        }
        (pages, members)
    }
}

/// What one member is about: the item, whether it goes, what it says, hours after the one before.
type Come = (u8, bool, String, Option<(u16, u16)>, u8);

fn comes() -> impl Strategy<Value = Vec<Come>> {
    let key = prop_oneof![
        Just("<http://e.org/gemeente/1>".to_owned()),
        Just("<http://e.org/gemeente/2>".to_owned()),
        Just("\"aan\\\"haling\\\\ /%2F <x> \"@nl".to_owned()),
        Just("\"Ünïcode \\n\"^^<http://e.org/d>".to_owned()),
        Just("\"\"".to_owned()),
        Just("_:leeg".to_owned()),
        Just(format!("\"{}\"", "lang".repeat(400))),
        Just(String::new()),
        "[a-c]{1,3}".prop_map(|text| format!("\"{text}\"")),
    ];
    let place = prop::option::of((0_u16..600, 0_u16..300));
    prop::collection::vec(
        (0_u8..90, prop::bool::weighted(0.15), key, place, 0_u8..3),
        300..1100,
    )
}

/// Adds members, and follows what items say.
fn come(stream: &Stream, came: &[Come], says: &mut BTreeMap<u8, Vec<String>>, moment: &mut i64) {
    for (item, goes, key, place, hours) in came {
        *moment += i64::from(*hours) * 3_600_000;
        let iri = format!("http://e.org/id/adres/{item}");
        if *goes {
            if let Some(before) = says.remove(item) {
                stream.come(*moment, &iri, Kind::Delete, &before);
            }
            continue;
        }
        let mut lines = vec![format!("<{iri}> <http://e.org/nr> \"{}\"", stream.len())];
        if !key.is_empty() {
            lines.push(format!("<{iri}> <{P}> {key}"));
        }
        if let Some((x, y)) = place {
            let (x, y) = (2.5 + f64::from(*x) / 100.0, 50.6 + f64::from(*y) / 200.0);
            lines.push(format!("<{iri}> <{GEOMETRY}> _:g"));
            lines.push(format!(
                "_:g <{WKT}> \"POINT({x} {y})\"^^<http://www.opengis.net/ont/geosparql#wktLiteral>"
            ));
        }
        let kind = if says.contains_key(item) {
            Kind::Update
        } else {
            Kind::Create
        };
        stream.come(*moment, &iri, kind, &lines);
        says.insert(*item, lines);
    }
}

/// The documents that replaying members in some order gives.
fn replay(stream: &Stream, members: &[u64]) -> BTreeMap<String, BTreeSet<String>> {
    let mut documents = BTreeMap::new();
    for number in members {
        let member = &stream.members(*number, number + 1).expect("reads")[0];
        let text = String::from_utf8_lossy(&member.text).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let third = |line: &str| line.rsplit(' ').nth(1).expect("a term").to_owned();
        let (name, item) = (third(lines[0]), third(lines[2]));
        let end = format!(" {name} .");
        let says = lines[4..]
            .iter()
            .map(|line| line.trim_end_matches(&end).to_owned());
        match member.entry.kind {
            Kind::Delete => documents.remove(&item),
            _ => documents.insert(item, says.collect::<BTreeSet<String>>()),
        };
    }
    documents
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn every_member_is_on_one_page_and_full_pages_stay(came in comes(), step in 60_usize..400) {
        let folder = tempfile::tempdir().expect("a folder");
        let stream = Stream::made_up("adressen");
        let along = Bed::new(&stream, Some(folder.path()));
        let mut full: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let (mut says, mut moment) = (BTreeMap::new(), NOW - 40 * 86_400_000);
        for came in came.chunks(step) {
            come(&stream, came, &mut says, &mut moment);
            for view in &ALL[..4] {
                let (pages, mut members) = along.crawl(view);
                members.sort_unstable();
                prop_assert_eq!(&members, &(0..stream.len()).collect::<Vec<_>>(), "{}", view);
                for (address, (_, _, is_full)) in &pages {
                    if *is_full {
                        let bytes = along.bytes(view, &along.get(view, address).expect("there"));
                        full.insert(address.clone(), bytes);
                    }
                }
            }
            for (address, before) in &full {
                let view = address.split('/').nth(5).expect("a view");
                let now = along.get(view, address).expect("still there");
                prop_assert!(now.is_full);
                prop_assert_eq!(&along.bytes(view, &now), before);
            }
        }
        // Made late, in memory or not, or opened again, it is the same.
        let late = Bed::new(&stream, None);
        drop(along);
        let again = Bed::new(&stream, Some(folder.path()));
        let elsewhere = tempfile::tempdir().expect("a folder");
        let fresh = Bed::new(&stream, Some(elsewhere.path()));
        for view in ALL.iter().chain(&["laatste", "drie", "week"]) {
            let expected = late.crawl(view);
            prop_assert_eq!(&again.crawl(view), &expected);
            prop_assert_eq!(&fresh.crawl(view), &expected);
        }
    }

    #[test]
    fn what_falls_out_is_gone(came in comes()) {
        let stream = Stream::made_up("adressen");
        let bed = Bed::new(&stream, None);
        let mut moment = NOW - 30 * 86_400_000;
        come(&stream, &came, &mut BTreeMap::new(), &mut moment);
        let entries = stream.entries(0, stream.len()).expect("reads");
        let later = |at: usize| {
            entries[at + 1..].iter().filter(|e| e.item == entries[at].item).count()
        };
        for (view, keeps) in [
            ("laatste", Box::new(|at| later(at) < 1) as Box<dyn Fn(usize) -> bool>),
            ("drie", Box::new(|at| later(at) < 3)),
            ("week", Box::new(|at| entries[at].moment >= NOW - 7 * 86_400_000)),
        ] {
            let expected: Vec<u64> = (0..entries.len()).filter(|at| keeps(*at)).map(|at| at as u64).collect();
            let (pages, mut members) = bed.crawl(view);
            members.sort_unstable();
            prop_assert_eq!(&members, &expected, "{}", view);
            prop_assert!(pages.values().all(|(_, _, is_full)| !is_full));
            // Pages without members answer that they are gone.
            for leaf in 0..stream.len().div_ceil(250) {
                let address = format!("{}/{view}/g/blad/0/{leaf}", stream.entry);
                let kept = expected.iter().any(|member| member / 250 == leaf);
                match bed.get(view, &address) {
                    Ok(_) => prop_assert!(kept),
                    Err(ViewError::FellOut) => prop_assert!(!kept),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }

    #[test]
    fn a_state_and_what_came_after_are_the_documents(came in comes()) {
        let stream = Stream::made_up("adressen");
        let bed = Bed::new(&stream, None);
        come(&stream, &came, &mut BTreeMap::new(), &mut (NOW - 1));
        let (pages, members) = bed.crawl("stand");
        // Pages of the state are met before what came after.
        let after = pages.iter().filter(|(address, _)| address.contains("/daarna/"));
        let after: BTreeSet<u64> = after.flat_map(|(_, (_, members, _))| members.clone()).collect();
        let state: Vec<u64> = members.iter().copied().filter(|m| !after.contains(m)).collect();
        let entries = stream.entries(0, stream.len()).expect("reads");
        let items: BTreeSet<u64> = state.iter().map(|m| entries[*m as usize].item).collect();
        prop_assert_eq!(items.len(), state.len(), "every item once");
        let order: Vec<u64> = state.into_iter().chain(after).collect();
        prop_assert_eq!(order.len(), members.len(), "nothing twice");
        let all: Vec<u64> = (0..stream.len()).collect();
        prop_assert_eq!(replay(&stream, &order), replay(&stream, &all));
    }
}

#[test]
fn hostile_addresses_are_no_pages() {
    let stream = Stream::made_up("adressen");
    let bed = Bed::new(&stream, None);
    let lines = ["<http://e.org/1> <http://e.org/p> \"a/b\\\"c\"".to_owned()];
    stream.come(NOW, "http://e.org/1", Kind::Create, &lines);
    for (part, level, number) in [
        ("0", 99, "0"),
        ("4294967296", 0, "0"),
        ("00", 0, "0"),
        ("0", 0, "+0"),
        ("0", 0, "18446744073709551615"),
        ("begin", 1, "zz"),
        ("begin", 1, "é"),
        ("begin", 2, "61"),
        ("begin", 1, "7a"),
        ("", 0, ""),
        ("../..", 0, "0"),
    ] {
        for view in ALL.iter().chain(&["laatste"]) {
            let address = (part, level, number);
            let found = bed.ask(view, |asked| bed.views.page(asked, part, level, number));
            assert!(
                matches!(found, Err(ViewError::Absent | ViewError::Renewed)),
                "{view} {address:?}"
            );
        }
    }
    let key = bed.get("soort", &format!("{}/soort/g/0/0/0", stream.entry));
    assert_eq!(key.expect("its key").members(), [0]);
    let entry = bed.get("soort", &format!("{}/soort", stream.entry));
    let text = entry.expect("there").text().to_owned();
    assert!(
        text.contains(r#"<https://w3id.org/tree#value> "a/b\"c" ."#),
        "{text}"
    );
    assert_eq!(text.matches("<https://w3id.org/tree#view>").count(), 1);
}

#[test]
fn what_lacks_much_is_made_in_the_background() {
    let stream = Stream::made_up("adressen");
    let bed = Bed::new(&stream, None);
    for number in 0..=MOST_AWAITED {
        stream.come(
            NOW,
            &format!("http://e.org/{}", number % 7),
            Kind::Update,
            &[],
        );
    }
    let address = format!("{}/soort", stream.entry);
    assert!(matches!(
        bed.get("soort", &address),
        Err(ViewError::NotReady { .. })
    ));
    let begun = Instant::now();
    while bed.get("soort", &address).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(10));
    }
    let zonder = bed.get("soort", &format!("{}/soort/g/0/0/0", stream.entry));
    assert_eq!(zonder.expect("of those without a key").members().len(), 250);
}
