//! The change feed: the published scenarios as an operator would take them in, in any order that the protocol allows, and
//! what they leave behind as state and as versions.

use oslo_registry::ingest::load::{LoadItem, LoadOutcome};
use oslo_registry::ingest::normalise::RepairReport;
use oslo_registry::ingest::{Input, LoadPlan, load_files};
use oslo_registry::query::{OutputFormat, QueryOptions, parse_query, run_query};
use oslo_registry::rdf::format::Format;
use oslo_registry::registry::{Mode, Moment, Registry, RegistryConfig};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

mod pages;

const ID: &str = "https://data.vlaanderen.be/id/";

/// The published scenarios, by name.
pub(crate) fn scenarios() -> Option<BTreeMap<String, Vec<Value>>> {
    let root =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/registries/feed-example");
    if !root.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{} is missing",
            root.display()
        );
        eprintln!("skipped: {} is missing", root.display());
        return None;
    }
    let mut found = BTreeMap::new();
    for folder in std::fs::read_dir(root).expect("a folder") {
        for file in std::fs::read_dir(folder.expect("an entry").path()).expect("a folder") {
            let path = file.expect("an entry").path();
            let text = std::fs::read_to_string(&path).expect("a scenario");
            let name = path
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            found.insert(name, serde_json::from_str(&text).expect("events"));
        }
    }
    assert_eq!(found.len(), 14);
    Some(found)
}

/// Loads a batch, and tells what was to be mended.
pub(crate) fn take(registry: &Registry, events: &[Value]) -> RepairReport {
    let text = serde_json::to_vec(events).expect("JSON");
    let item = LoadItem {
        input: Input::bytes("wijzigingen.json", text),
        format: Some(Format::JsonLd),
        graph: None,
        base_iri: None,
    };
    let mut plan = LoadPlan::new(registry, vec![item]);
    plan.gate = Some(Mode::Off);
    let mut summary = load_files(registry, &plan, &mut |_| {}).expect("the store works");
    let file = summary.files.remove(0);
    let is_taken = matches!(
        file.outcome,
        LoadOutcome::Loaded { .. } | LoadOutcome::Unchanged
    );
    assert!(is_taken, "{:?}", file.outcome);
    file.repairs.expect("a report")
}

/// All that is stored, sorted.
pub(crate) fn dump(registry: &Registry) -> BTreeSet<String> {
    let view = registry.snapshot().whole();
    view.quads(None, None, None, None)
        .map(|quad| {
            let parts = [quad.s, quad.p, quad.o, quad.g].map(|id| view.text(id).into_owned());
            parts.join(" ")
        })
        .collect()
}

fn same(found: &BTreeSet<String>, wanted: &BTreeSet<String>, what: &str) {
    let more: Vec<&String> = found.difference(wanted).take(8).collect();
    let less: Vec<&String> = wanted.difference(found).take(8).collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "{what}: {more:#?} for {less:#?}"
    );
}

/// The first column of the answers about a state.
pub(crate) fn ask(registry: &Registry, day: Option<&str>, text: &str) -> Vec<String> {
    let options = QueryOptions::default();
    let query = parse_query(text, &options).expect("SPARQL");
    let mut state = registry.snapshot();
    if let Some(day) = day {
        let moment = Moment::asked(day).expect("a day");
        state = registry.valid_at(&state, &moment).expect("little changed");
    }
    let mut out = Vec::new();
    let format = OutputFormat::from_name_for("csv", query.kind()).expect("a format");
    run_query(&state.view(), &query, &options, format, &mut out).expect("answers");
    let text = String::from_utf8(out).expect("UTF-8");
    let rows = text
        .lines()
        .skip(1)
        .map(|line| line.trim().trim_matches('"').to_owned());
    rows.collect()
}

fn memory() -> Registry {
    Registry::in_memory(RegistryConfig::default())
}

/// Numbers without a seed of the machine: the same test every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below(at + 1));
        }
    }
}

#[test]
fn every_scenario_gives_the_same_graphs_however_it_arrives() {
    let Some(scenarios) = scenarios() else { return };
    for (name, events) in &scenarios {
        let first = memory();
        let report = take(&first, events);
        assert!(report.refused_count == 0, "{name}: {:?}", report.refused);
        assert!(
            !report.codes.contains_key("N071"),
            "{name}: {:?}",
            report.codes
        );
        let wanted = dump(&first);
        assert!(wanted.len() > 5, "{name}: {}", wanted.len());
        // Once more.
        let seq = first.snapshot().seq();
        take(&first, events);
        assert_eq!(
            first.snapshot().seq(),
            seq,
            "{name} a second time is a commit"
        );
        let mut dice = Dice(7);
        for round in 0..8 {
            // One by one, with some again at once and all again at the end.
            let registry = memory();
            for event in events {
                take(&registry, std::slice::from_ref(event));
                if dice.below(2) == 0 {
                    let earlier = dice.below(events.len());
                    let known = &events
                        [..=earlier.min(events.iter().position(|e| e == event).expect("there"))];
                    take(&registry, known);
                }
            }
            take(&registry, events);
            same(
                &dump(&registry),
                &wanted,
                &format!("{name}, round {round}, one by one"),
            );
            // In one page, in any order, with duplicates.
            let mut shuffled = events.clone();
            shuffled.push(events[dice.below(events.len())].clone());
            dice.shuffle(&mut shuffled);
            let registry = memory();
            take(&registry, &shuffled);
            same(
                &dump(&registry),
                &wanted,
                &format!("{name}, round {round}, shuffled"),
            );
        }
    }
}

#[test]
fn feeds_of_several_registers_may_come_in_any_order() {
    let Some(scenarios) = scenarios() else { return };
    // One feed per register, each in its order.
    let mut feeds: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for event in scenarios.into_values().flatten() {
        let kind = event["type"].as_str().expect("a type");
        let register = kind.split('.').nth(1).expect("a register").to_owned();
        feeds.entry(register).or_default().push(event);
    }
    for events in feeds.values_mut() {
        events.sort_by_key(|event| event["id"].as_str().and_then(|id| id.parse::<u64>().ok()));
    }
    assert_eq!(feeds.len(), 7);
    let reference = memory();
    let mut report = RepairReport::default();
    for events in feeds.values() {
        report.merge(&take(&reference, events));
    }
    assert_eq!(report.records, 66);
    let wanted = dump(&reference);
    let mut dice = Dice(11);
    for round in 0..12 {
        let size = 1 + dice.below(5);
        let mut queues: Vec<Vec<Vec<Value>>> = feeds
            .values()
            .map(|events| events.chunks(size).rev().map(<[Value]>::to_vec).collect())
            .collect();
        let registry = memory();
        while !queues.is_empty() {
            let at = dice.below(queues.len());
            match queues[at].pop() {
                Some(mut page) => {
                    dice.shuffle(&mut page);
                    take(&registry, &page);
                    if dice.below(3) == 0 {
                        take(&registry, &page);
                    }
                }
                None => {
                    queues.swap_remove(at);
                }
            }
        }
        same(&dump(&registry), &wanted, &format!("round {round}"));
    }
}

#[test]
fn objects_are_what_they_were_on_a_day() {
    let Some(scenarios) = scenarios() else { return };
    let registry = memory();
    for events in scenarios.values() {
        take(&registry, events);
    }
    let status = |day: Option<&str>, path: &str, predicate: &str| {
        let text =
            format!("SELECT ?s {{ <{ID}{path}> <https://data.vlaanderen.be/ns/{predicate}> ?s }}");
        let found = ask(&registry, day, &text);
        let last = |iri: &String| iri.rsplit('/').next().unwrap_or_default().to_owned();
        found.iter().map(last).collect::<Vec<_>>().join(" ")
    };
    let address = |day| status(day, "adres/30411696", "adres#Adres.status");
    assert_eq!(address(Some("2024-11-27")), "");
    assert_eq!(address(Some("2024-11-28")), "inGebruik");
    assert_eq!(address(Some("2024-12-31")), "inGebruik");
    assert_eq!(address(Some("2025-01-01")), "gehistoreerd");
    assert_eq!(address(None), "gehistoreerd");
    // A deleted address is gone, and is still there for who asks about then.
    let deleted = |day| status(day, "adres/31319625", "adres#Adres.status");
    assert_eq!(deleted(None), "");
    assert_eq!(deleted(Some("2025-04-17")), "");
    assert_eq!(deleted(Some("2025-04-18T11:52:20+02:00")), "inGebruik");
    assert_eq!(deleted(Some("2025-04-18T11:54:00+02:00")), "gehistoreerd");
    assert_eq!(deleted(Some("2025-04-18T11:56:00+02:00")), "");
    // Names: all of them as they were.
    let name = format!(
        "SELECT ?n {{ <{ID}straatnaam/228493> <http://www.w3.org/2000/01/rdf-schema#label> ?n }}"
    );
    assert_eq!(
        ask(&registry, Some("2023-11-21T10:20:00+01:00"), &name),
        ["Betenbroek"]
    );
    assert_eq!(
        ask(&registry, Some("2023-11-21T10:26:00+01:00"), &name),
        ["Betenbroeck"]
    );
    assert_eq!(ask(&registry, Some("2023-11-21"), &name), ["Betenbroek"]);
    let names = format!(
        "SELECT ?n {{ <{ID}postinfo/5020> <https://data.vlaanderen.be/ns/adres#postnaam> ?n }} ORDER BY ?n"
    );
    assert_eq!(ask(&registry, Some("2025-09-15"), &names).len(), 7);
    assert!(ask(&registry, None, &names).is_empty());
    // Addresses of a unit: states about others, replaced as a whole.
    let units = "SELECT ?u (GROUP_CONCAT(?n; separator=\" \") AS ?all) { SELECT ?u ?n { ?a <https://data.vlaanderen.be/ns/adres#isToegekendAan> ?u BIND(STRAFTER(STR(?a), \"/id/adres/\") AS ?n) } ORDER BY ?u ?n } GROUP BY ?u ORDER BY ?u";
    insta::assert_snapshot!(
        "addresses_of_units_now",
        ask(&registry, None, units).join("\n")
    );
    insta::assert_snapshot!(
        "addresses_of_units_in_2024",
        ask(&registry, Some("2024-12-31"), units).join("\n")
    );
}

#[test]
fn transforms_link_predecessors_and_successors() {
    let Some(scenarios) = scenarios() else { return };
    let registry = memory();
    for events in scenarios.values() {
        take(&registry, events);
    }
    let replaced = "SELECT ?x { ?a <http://purl.org/dc/terms/isReplacedBy> ?b BIND(CONCAT(STR(?a), \" → \", STR(?b)) AS ?x) } ORDER BY ?x";
    insta::assert_snapshot!("replaced_now", ask(&registry, None, replaced).join("\n"));
    let before = ask(&registry, Some("2024-12-31"), replaced);
    let is_municipal = |row: &&String| row.contains("71022") || row.contains("228493");
    assert_eq!(before.iter().filter(is_municipal).count(), 0, "{before:?}");
    let merger = "SELECT ?x { ?f a <https://data.vlaanderen.be/ns/organisatie#Fusie> ; <http://www.w3.org/ns/org#originalOrganization> ?a ; <http://www.w3.org/ns/org#resultingOrganization> ?b ; <http://purl.org/dc/terms/date> ?d BIND(CONCAT(STR(?a), \" \", STR(?b), \" \", STR(?d)) AS ?x) }";
    assert_eq!(
        ask(&registry, None, merger),
        [format!("{ID}gemeente/71022 {ID}gemeente/71072 2025-01-01")]
    );
}

#[test]
fn nothing_of_an_event_is_dropped() {
    let Some(scenarios) = scenarios() else { return };
    for (name, events) in scenarios {
        for event in &events {
            // Alone, so that what it says is all there is.
            let registry = memory();
            let report = take(&registry, std::slice::from_ref(event));
            assert!(report.unknown.is_empty(), "{name}: {:?}", report.unknown);
            let stored: String = dump(&registry).into_iter().collect::<Vec<_>>().join("\n");
            let empty = Vec::new();
            let attributes = event["data"]["attributen"].as_array().unwrap_or(&empty);
            for attribute in attributes {
                if attribute["naam"]
                    .as_str()
                    .is_some_and(|naam| naam.ends_with("eometrie") || naam.ends_with("Positie"))
                {
                    // Twins of a geometry are compared; the first is what is kept.
                    let gml = attribute["nieuweWaarde"][0]["gml"].as_str().expect("GML");
                    assert!(stored.contains(&gml.replace('"', "\\\"")), "{name}: {gml}");
                    continue;
                }
                let mut open = vec![&attribute["nieuweWaarde"]];
                while let Some(value) = open.pop() {
                    match value {
                        Value::Array(list) => open.extend(list),
                        Value::Object(members) => open.extend(members.values()),
                        Value::String(text) => assert!(stored.contains(text), "{name}: {text}"),
                        Value::Bool(flag) => {
                            assert!(stored.contains(&flag.to_string()), "{name}: {flag}")
                        }
                        _ => {}
                    }
                }
            }
            for key in ["objectId", "naamruimte", "versieId"] {
                let delete = event["type"]
                    .as_str()
                    .is_some_and(|kind| kind.contains(".delete."));
                if let Some(text) = event["data"][key].as_str().filter(|_| !delete) {
                    assert!(stored.contains(text), "{name}: {key} {text}");
                }
            }
        }
    }
}

#[test]
fn what_is_strange_is_told_and_holds_up_nothing() {
    let registry = memory();
    let event = |id: &str, what: &str, subject: &str, attributes: Value| {
        json!({
            "specversion": "1.0", "id": id, "time": "2026-03-01T10:00:00+01:00",
            "type": format!("basisregisters.straatnaam.{what}.v1").replace("straatnaam", "streetname"),
            "subject": format!("{ID}straatnaam/{subject}"),
            "data": {
                "objectId": subject, "naamruimte": format!("{ID}straatnaam"),
                "versieId": "2026-03-01T10:00:00+01:00", "nisCodes": ["99999"], "attributen": attributes,
            },
        })
    };
    let attribute = |name: &str, old: Value, new: Value| json!({"naam": name, "oudeWaarde": old, "nieuweWaarde": new});
    let dutch = |text: &str| json!([{"@value": text, "@language": "nl"}]);
    let report = take(
        &registry,
        &[
            event(
                "1",
                "create",
                "90000001",
                json!([attribute("straatnaam", Value::Null, dutch("Proefstraat"))]),
            ),
            event("2", "grow", "90000001", json!([])),
            event("drie", "update", "90000001", json!([])),
            event(
                "4",
                "update",
                "90000001",
                json!([
                    attribute("straatnaam", dutch("Andere straat"), dutch("Proeflaan")),
                    attribute("kleur", Value::Null, json!("groen")),
                ]),
            ),
            event(
                "5",
                "update",
                "90000002",
                json!([attribute("straatnaam", dutch("x"), dutch("Nieuwe straat"))]),
            ),
        ],
    );
    let count = |code: &str| report.codes.get(code).map_or(0, |(count, _)| *count);
    assert_eq!(count("N071"), 3, "{:?}", report.codes);
    assert_eq!(count("N072"), 2, "{:?}", report.codes);
    let names = "SELECT ?n { ?s <http://www.w3.org/2000/01/rdf-schema#label> ?n } ORDER BY ?n";
    assert_eq!(ask(&registry, None, names), ["Nieuwe straat", "Proeflaan"]);
    // A value that is taken back leaves nothing.
    take(
        &registry,
        &[event(
            "6",
            "update",
            "90000001",
            json!([attribute("straatnaam", dutch("Proeflaan"), json!([]))]),
        )],
    );
    assert_eq!(ask(&registry, None, names), ["Nieuwe straat"]);
    // What is no IRI names nothing.
    let seq = registry.snapshot().seq();
    for bad in ["a> <urn:b> <urn:c", "geen iri", ""] {
        let mut strange = event("9", "delete", "90000001", json!([]));
        strange["subject"] = json!(bad);
        let report = take(&registry, std::slice::from_ref(&strange));
        assert!(report.codes.contains_key("N071"), "{bad}");
        let mut moved = event("9", "transform", "90000001", json!([]));
        moved["data"] = json!({"vanId": bad, "naarIds": [format!("{ID}straatnaam/x> <y"), bad]});
        take(&registry, std::slice::from_ref(&moved));
    }
    assert_eq!(registry.snapshot().seq(), seq);
    // An older event about an object that went on says nothing any more.
    take(
        &registry,
        &[event(
            "3",
            "update",
            "90000002",
            json!([attribute("straatnaam", Value::Null, dutch("Oud"))]),
        )],
    );
    assert_eq!(ask(&registry, None, names), ["Nieuwe straat"]);
}
