//! Our own harvester reads our own feed: a registry copied that way has the same items, and says the same of them as far as
//! events tell it.

use crate::feed::{dump, scenarios, take};
use crate::http::BASE;
use oslo_registry::http::{ServerConfig, serve_on};
use oslo_registry::ingest::sources::{Outcome, run_source};
use oslo_registry::registry::{DeclaredSource, Registry, RegistryConfig, SourceKind};
use oslo_registry::store::OpenOptions;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::time::Duration;

pub(super) const REGISTERS: [&str; 7] = [
    "adressen",
    "gebouweenheden",
    "gebouwen",
    "gemeenten",
    "percelen",
    "postinfo",
    "straatnamen",
];
/// What events of the base registries do not tell of an item: which objects took the place of which, and links that stand with
/// the other object.
const UNTOLD: [&str; 5] = [
    "http://purl.org/dc/terms/isReplacedBy",
    "http://purl.org/dc/terms/replaces",
    "http://www.w3.org/ns/prov#wasDerivedFrom",
    "https://data.vlaanderen.be/ns/adres#isToegekendAan",
    "https://data.vlaanderen.be/ns/gebouw#bestaatUit",
];

pub(super) fn open(folder: &Path) -> Arc<Registry> {
    let config = RegistryConfig {
        base: BASE.to_owned(),
    };
    let registry = Registry::open(folder, OpenOptions::default(), config, &mut |_, _| {});
    Arc::new(registry.expect("opens"))
}

/// Serves a registry for as long as the tests run; where.
fn serve(registry: &Arc<Registry>) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let registry = Arc::clone(registry);
    let (ready, started) = mpsc::channel();
    std::thread::spawn(move || {
        serve_on(listener, registry, ServerConfig::default(), |address| {
            ready.send(address).expect("the test waits");
        })
    });
    let address = started.recv_timeout(Duration::from_secs(20));
    format!("http://{}", address.expect("the server starts"))
}

/// Takes the feed of a register in; how many events came.
fn follow(registry: &Registry, server: &str, register: &str) -> u64 {
    let url = format!("{server}/v3/feeds/wijzigingen/{register}");
    let graph = registry.graph_iri(register);
    let source = DeclaredSource {
        allow_private: true,
        ..DeclaredSource::new(register, SourceKind::CloudEvents, &url, graph)
    };
    let record = run_source(registry, &source, &Arc::default(), &mut |_| {}).expect("works");
    assert!(
        matches!(record.outcome, Outcome::Done | Outcome::Unchanged),
        "{record:?}"
    );
    assert_eq!(record.refused, 0, "{record:?}");
    assert!(!record.codes.contains_key("N071"), "{record:?}");
    record.members
}

/// What is said in the graphs of a register, as far as events tell it.
fn told(registry: &Registry, register: &str) -> BTreeSet<String> {
    let graphs = ["", "/afgeleid"].map(|end| format!(" <{BASE}/graph/{register}{end}>"));
    let all = dump(registry).into_iter();
    // A merger is told by the events of the municipalities that it made and ended, not by one of its own.
    let merger = format!("<{BASE}/id/wijziging/");
    let all = all.filter(|line| !line.starts_with(&merger));
    let own = all.filter(|line| graphs.iter().any(|graph| line.ends_with(graph)));
    own.filter(|line| {
        !UNTOLD
            .iter()
            .any(|untold| line.contains(&format!("<{untold}>")))
    })
    .collect()
}

fn assert_same(copy: &Registry, original: &Registry, what: &str) {
    for register in REGISTERS {
        let (found, wanted) = (told(copy, register), told(original, register));
        let more: Vec<&String> = found.difference(&wanted).collect();
        let less: Vec<&String> = wanted.difference(&found).collect();
        assert!(
            more.is_empty() && less.is_empty(),
            "{what}, {register}: {more:#?} for {less:#?}"
        );
    }
}

fn event(
    id: u64,
    kind: &str,
    (space, number): (&str, &str),
    attributes: &[(&str, Json, Json)],
) -> Json {
    let attributes = attributes
        .iter()
        .map(|(name, old, new)| json!({"naam": name, "oudeWaarde": old, "nieuweWaarde": new}));
    let attributes: Vec<Json> = attributes.collect();
    let moment = format!("2026-02-{:02}T10:00:00+01:00", id % 28 + 1);
    json!({
        "specversion": "1.0", "id": id.to_string(), "time": moment,
        "type": format!("basisregisters.{kind}.v1"), "source": "http://bron.test/feeds/wijzigingen",
        "subject": format!("https://data.vlaanderen.be/id/{space}/{number}"), "datacontenttype": "application/json",
        "data": {"objectId": number, "naamruimte": format!("https://data.vlaanderen.be/id/{space}"), "versieId": moment,
            "nisCodes": ["99999"], "attributen": attributes},
    })
}

/// Events about an address, a street and a municipality that are nobody's.
fn invented() -> Vec<Vec<Json>> {
    let concept = |list: &str, code: &str| {
        json!(format!(
            "https://data.vlaanderen.be/id/concept/{list}/{code}"
        ))
    };
    let gml = "<gml:Point srsName=\"http://www.opengis.net/def/crs/EPSG/0/31370\" xmlns:gml=\"http://www.opengis.net/gml/3.2\">\
        <gml:pos>141252.70 182279.10</gml:pos></gml:Point>";
    let (none, address) = (Json::Null, ("adres", "900001"));
    let name = |text: &str| json!([{"@value": text, "@language": "nl"}]);
    let first = vec![
        event(
            1,
            "municipality.create",
            ("gemeente", "99999"),
            &[
                ("gemeentenaam", json!([]), name("Testdorp")),
                ("officieleTaal", json!([]), json!(["nl"])),
                (
                    "status",
                    none.clone(),
                    concept("gemeentestatus", "inGebruik"),
                ),
            ],
        ),
        event(
            2,
            "streetname.create",
            ("straatnaam", "900002"),
            &[
                ("straatnaam", json!([]), name("Proefstraat")),
                (
                    "isToegekendDoor",
                    none.clone(),
                    json!("https://data.vlaanderen.be/id/gemeente/99999"),
                ),
                (
                    "status",
                    none.clone(),
                    concept("straatnaamstatus", "voorgesteld"),
                ),
            ],
        ),
        event(
            3,
            "address.create",
            address,
            &[
                (
                    "heeftStraatnaam",
                    none.clone(),
                    json!("https://data.vlaanderen.be/id/straatnaam/900002"),
                ),
                ("huisnummer", none.clone(), json!("12A")),
                ("officieelToegekend", none.clone(), json!(true)),
                (
                    "status",
                    none.clone(),
                    concept("adresstatus", "voorgesteld"),
                ),
                (
                    "positie.methode",
                    none.clone(),
                    concept("geometriemethode", "afgeleidVanObject"),
                ),
                (
                    "positie.specificatie",
                    none.clone(),
                    concept("geometriespecificatie", "perceel"),
                ),
                (
                    "positie.geometrie",
                    none.clone(),
                    json!([{"type": "Punt", "gml": gml}]),
                ),
            ],
        ),
        event(
            4,
            "address.create",
            ("adres", "900003"),
            &[("huisnummer", none.clone(), json!("13"))],
        ),
    ];
    let second = vec![
        event(
            5,
            "address.update",
            address,
            &[
                (
                    "status",
                    concept("adresstatus", "voorgesteld"),
                    concept("adresstatus", "inGebruik"),
                ),
                ("busnummer", none.clone(), json!("0301")),
            ],
        ),
        event(
            6,
            "streetname.update",
            ("straatnaam", "900002"),
            &[
                (
                    "straatnaam",
                    name("Proefstraat"),
                    json!([{"@value": "Proefstraat", "@language": "nl"}, {"@value": "Rue d'essai", "@language": "fr"}]),
                ),
                (
                    "status",
                    concept("straatnaamstatus", "voorgesteld"),
                    concept("straatnaamstatus", "inGebruik"),
                ),
            ],
        ),
        event(7, "address.delete", ("adres", "900003"), &[]),
    ];
    let third = vec![event(
        8,
        "address.update",
        address,
        &[
            ("busnummer", json!("0301"), none.clone()),
            (
                "positie.geometrie",
                json!([{"type": "Punt", "gml": gml}]),
                json!([{"type": "Punt", "gml": gml.replace("141252", "141260")}]),
            ),
        ],
    )];
    vec![first, second, third]
}

#[test]
fn a_copy_made_from_our_own_feed_has_the_same_items() {
    let folders =
        [tempfile::tempdir(), tempfile::tempdir()].map(|folder| folder.expect("a folder"));
    let (original, copy) = (open(folders[0].path()), open(folders[1].path()));
    let server = serve(&original);
    for (step, events) in invented().iter().enumerate() {
        take(&original, events);
        let came: u64 = REGISTERS
            .iter()
            .map(|register| follow(&copy, &server, register))
            .sum();
        assert!(came > 0);
        assert_same(&copy, &original, &format!("step {step}"));
    }
    assert!(told(&copy, "adressen").len() > 15);
    // Nothing new: nothing comes, and nothing is committed.
    let seq = copy.snapshot().seq();
    for register in REGISTERS {
        assert_eq!(follow(&copy, &server, register), 0);
    }
    assert_eq!(copy.snapshot().seq(), seq);
    // Read at once, from the beginning: the same.
    let folder = tempfile::tempdir().expect("a folder");
    let late = open(folder.path());
    for register in REGISTERS {
        follow(&late, &server, register);
    }
    assert_same(&late, &original, "read at once");
}

/// Takes events in, each by a commit of its own, in the order of their numbers.
pub(super) fn one_by_one(registry: &Registry, events: &[Json]) {
    let mut events: Vec<&Json> = events.iter().collect();
    events.sort_by_key(|event| event["id"].as_str().and_then(|id| id.parse::<u64>().ok()));
    for event in events {
        take(registry, std::slice::from_ref(event));
    }
}

#[test]
fn the_published_scenarios_come_out_as_they_went_in() {
    let Some(scenarios) = scenarios() else { return };
    for (name, events) in &scenarios {
        let folders =
            [tempfile::tempdir(), tempfile::tempdir()].map(|folder| folder.expect("a folder"));
        let (original, copy) = (open(folders[0].path()), open(folders[1].path()));
        one_by_one(&original, events);
        let server = serve(&original);
        for register in REGISTERS {
            follow(&copy, &server, register);
        }
        assert_same(&copy, &original, name);
    }
}
