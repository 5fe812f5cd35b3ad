//! Records of the base registries through the normaliser: nothing is dropped, both versions say the same, what comes out is
//! what the shapes look at, and nothing that comes in breaks it.

pub(crate) mod documents;
mod others;
mod own_contexts;
mod roads;
mod sources;
mod taken_in;

use crate::oslo::{output, run, stderr, stdout};
use oslo_registry::ingest::normalise::{
    NormaliseError, NormaliseOptions, Normalised, Normaliser, RecordsFile, read_records,
};
use oslo_registry::ingest::{Input, Limits};
use oxrdf::Quad;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const TYPES: [&str; 7] = [
    "adres",
    "gebouw",
    "gebouweenheid",
    "gemeente",
    "perceel",
    "postinfo",
    "straatnaam",
];

fn path(version: &str, kind: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/records")
        .join(version)
        .join(format!("{kind}.json"))
}

fn read(version: &str, kind: &str) -> Value {
    let text = std::fs::read_to_string(path(version, kind)).expect("a record");
    serde_json::from_str(&text).expect("JSON")
}

fn options() -> NormaliseOptions {
    NormaliseOptions::new("http://127.0.0.1:7400", "test")
}

/// What a record gives.
type Gives = Result<(Normalised, Vec<Quad>), NormaliseError>;

/// What every record of a document gives.
fn normalise(document: &Value) -> Vec<(Value, Gives)> {
    let normaliser = Normaliser::shipped();
    let records = normaliser.document(document).expect("a document").records;
    records
        .into_iter()
        .map(|(_, record)| {
            let mut quads = Vec::new();
            let done = normaliser.normalise(record, &options(), &mut |quad| quads.push(quad));
            (record.clone(), done.map(|done| (done, quads)))
        })
        .collect()
}

fn only(document: &Value) -> (Normalised, Vec<Quad>) {
    let mut all = normalise(document);
    assert_eq!(all.len(), 1);
    all.remove(0).1.expect("normalised")
}

fn lines(quads: &[Quad]) -> Vec<String> {
    let mut lines: Vec<String> = quads.iter().map(|quad| format!("{quad} .")).collect();
    lines.sort();
    lines
}

#[test]
fn both_versions_give_the_same_statements() {
    for kind in TYPES {
        let core = |version: &str| {
            let (_, mut quads) = only(&read(version, kind));
            quads.retain(|quad| !quad.predicate.as_str().ends_with("#wasDerivedFrom"));
            lines(&quads)
        };
        assert_eq!(core("v2"), core("v3"), "{kind}");
    }
}

#[test]
fn each_type_has_its_normal_form() {
    for kind in TYPES {
        let mut text = String::new();
        for version in ["v2", "v3"] {
            let (done, quads) = only(&read(version, kind));
            text.push_str(&format!("{version}\n{}\n", lines(&quads).join("\n")));
            for repair in &done.repairs {
                text.push_str(&format!(
                    "{} {} {}\n",
                    repair.code,
                    repair.path,
                    repair.message().en
                ));
            }
            for omission in &done.omitted {
                text.push_str(&format!("- {}: {}\n", omission.path, omission.reason.en));
            }
            assert!(done.unknown.is_empty(), "{:?}", done.unknown);
        }
        insta::assert_snapshot!(format!("normal_form_{kind}"), text);
    }
}

#[test]
fn repairs_are_named() {
    let base = read("v2", "adres");
    let codes = |change: &dyn Fn(&mut Value)| {
        let mut record = base.clone();
        change(&mut record);
        match Normaliser::shipped().normalise(&record, &options(), &mut |_| {}) {
            Ok(done) => {
                let codes: Vec<&str> = done.repairs.iter().map(|repair| repair.code).collect();
                codes.join(" ")
            }
            Err(NormaliseError::Quarantined(repair)) => format!("held {}", repair.code),
            Err(error) => error.to_string(),
        }
    };
    type Change<'a> = &'a dyn Fn(&mut Value);
    let gml = |text: &'static str| {
        move |record: &mut Value| record["adresPositie"]["geometrie"]["gml"] = json!(text)
    };
    let cases: Vec<(&str, Change<'_>)> = vec![
        ("N030", &|_| {}),
        ("N001 N030", &|r| {
            r["identificator"]["id"] = json!("http://data.vlaanderen.be/id/adres/90000001")
        }),
        ("N002 N030", &|r| {
            r["identificator"]["id"] = json!("https://data.vlaanderen.be/doc/adres/90000001")
        }),
        ("N005 N030", &|r| {
            r["identificator"]["id"] = json!("https://data.vlaanderen.be/id/adressen/90000001")
        }),
        ("N003 N030", &|r| {
            r["@type"] =
                json!("https://data.vlaanderen.be/doc/implementatiemodel/adressenregister#Adres")
        }),
        ("N004 N030", &|r| r["@type"] = json!("Addres")),
        ("N010 N030", &|r| {
            r["volledigAdres"] = json!("Proefstraat 12A")
        }),
        ("N011 N030", &|r| {
            r["volledigAdres"]["geografischeNaam"]["taal"] = json!("NL")
        }),
        ("N021 N030", &|r| {
            r["volledigAdres"]["geografischeNaam"]["spelling"] = json!("Br\u{FFFD}gge")
        }),
        ("N022 N030", &|r| r["straatnaam"]["objectId"] = json!("9 0")),
        ("N041 N030", &|r| r["busnummer"] = json!("n/a")),
        ("N040 N030", &|r| r["officieelToegekend"] = json!("ja")),
        ("N052 N030", &|r| {
            r["identificator"]["naamruimte"] = json!("90000001");
            r["identificator"]["objectId"] = json!("https://data.vlaanderen.be/id/adres/90000001");
        }),
        ("N053 N030", &|r| {
            r["identificator"]["objectId"] = json!("5")
        }),
        ("N060 N030", &|r| {
            r["adresStatus"] =
                json!("https://data.vlaanderen.be/id/concept/straatnaamstatus/inGebruik")
        }),
        ("N061 N030", &|r| r["adresStatus"] = json!("bestaand")),
        ("N002 N030", &|r| r["adresStatus"] = json!("InGebruik")),
        ("N071 N030", &|r| r["kleur"] = json!("rood")),
    ];
    for (expected, change) in cases {
        let found = codes(change);
        let mut found: Vec<&str> = found.split(' ').collect();
        found.sort_unstable();
        let mut expected: Vec<&str> = expected.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }
    let swapped = gml(
        "<gml:Point srsName='http://www.opengis.net/def/crs/EPSG/0/3812' xmlns:gml='g'><gml:pos>140252.76 198794.27</gml:pos></gml:Point>",
    );
    assert_eq!(codes(&swapped), "held N031");
    let nameless =
        gml("<gml:Point xmlns:gml='g'><gml:pos>140252.76 198794.27</gml:pos></gml:Point>");
    assert_eq!(codes(&nameless), "held N031");
    assert_eq!(codes(&gml("geen gml")), "N033");
}

#[test]
fn strict_refuses_what_would_be_repaired() {
    let strict = NormaliseOptions {
        strict: true,
        ..options()
    };
    let record = read("v2", "adres");
    let mut quads = 0;
    let done = Normaliser::shipped().normalise(&record, &strict, &mut |_| quads += 1);
    assert!(matches!(done, Err(NormaliseError::Strict(repair)) if repair.code == "N030"));
    assert_eq!(quads, 0);
    let done = Normaliser::shipped().normalise(&read("v2", "gemeente"), &strict, &mut |_| {});
    assert!(done.is_ok());
}

#[test]
fn twins_are_compared() {
    let mut document = read("v3", "adres");
    let twin = &mut document["data"]["positie"]["geometrie"][1]["gml"];
    *twin = json!(
        twin.as_str()
            .expect("a text")
            .replace("640249.09", "640250.09")
    );
    let (done, _) = only(&document);
    let found: Vec<_> = done.repairs.iter().filter(|r| r.code == "N032").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].to, "1.00");
}

#[test]
fn latin_1_files_are_read_and_told() {
    let text = std::fs::read_to_string(path("v2", "adres")).expect("a record");
    let bytes: Vec<u8> = text
        .replace("Proefstraat", "Café-straat")
        .chars()
        .map(|c| u8::try_from(u32::from(c)).expect("Latin-1"))
        .collect();
    let input = Input::bytes("adres.json", bytes);
    let RecordsFile { value, repair, .. } =
        read_records(Normaliser::shipped(), &input, &Limits::default()).expect("records");
    assert_eq!(repair.expect("mended").code, "N020");
    let (_, quads) = only(&value);
    assert!(
        lines(&quads)
            .iter()
            .any(|line| line.contains("Café-straat 12A"))
    );
}

#[test]
fn other_json_is_left_alone() {
    for text in [
        "{}",
        "[1]",
        r#"{"identificator": 1}"#,
        r#"{"@context": {"adr": "urn:x"}, "identificator": {"id": "https://data.vlaanderen.be/id/adres/1"}}"#,
        r#"{"@context": "https://example.org/c.jsonld", "@id": "https://data.vlaanderen.be/id/adres/1", "identificator": {"gestructureerdeIdentificator": {}}}"#,
    ] {
        let input = Input::bytes("x.json", text);
        let read = read_records(Normaliser::shipped(), &input, &Limits::default());
        assert!(read.is_err(), "{text}");
    }
}

#[test]
fn records_are_loaded_with_their_evidence_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = path("v3", "adres").display().to_string();
    let first = run(&data, ["load", &file]);
    assert!(first.status.success(), "{}", stderr(&first));
    assert!(stderr(&first).contains("records: 1"), "{}", stderr(&first));
    let evidence = data.join("evidence");
    let kept = std::fs::read_dir(&evidence).expect("evidence").count();
    assert_eq!(kept, 1);
    output(&data, ["check", "--deep"]);
    let second = run(&data, ["load", &file]);
    assert!(
        stdout(&second).starts_with("unchanged"),
        "{}",
        stdout(&second)
    );
    let ask = "SELECT ?g { GRAPH ?g { <https://data.vlaanderen.be/id/adres/90000001> ?p ?o } } GROUP BY ?g ORDER BY ?g";
    let graphs = output(&data, ["query", "--format", "csv", ask]);
    assert!(
        graphs.contains("/graph/adressen\r\n") || graphs.contains("/graph/adressen\n"),
        "{graphs}"
    );
    assert!(graphs.contains("/graph/adressen/afgeleid"), "{graphs}");
    // A newer record takes the place of what it says anew; nothing else goes.
    let newer = folder.path().join("nieuwer.json");
    let text = std::fs::read_to_string(path("v3", "adres")).expect("a record");
    std::fs::write(
        &newer,
        text.replace("adresstatus/inGebruik", "adresstatus/gehistoreerd"),
    )
    .expect("written");
    let newer = newer.display().to_string();
    let third = run(&data, ["load", "--on-violation", "off", &newer]);
    assert!(third.status.success(), "{}", stderr(&third));
    let ask = "SELECT ?s { <https://data.vlaanderen.be/id/adres/90000001> <https://data.vlaanderen.be/ns/adres#Adres.status> ?s }";
    let statuses = output(&data, ["query", "--format", "csv", ask]);
    assert!(
        statuses.contains("gehistoreerd") && !statuses.contains("inGebruik"),
        "{statuses}"
    );
}

/// The address with another version and status.
fn address_as(version: &str, status: &str) -> String {
    let text = std::fs::read_to_string(path("v3", "adres")).expect("a record");
    let mut record: Value = serde_json::from_str(&text).expect("JSON");
    let data = &mut record["data"];
    data["identificator"]["gestructureerdeIdentificator"]["versieIdentificator"] = json!(version);
    data["status"]["@id"] = json!(format!(
        "https://data.vlaanderen.be/id/concept/adresstatus/{status}"
    ));
    record.to_string()
}

#[test]
fn records_leave_versions_behind_in_any_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let versions = [
        ("2019-05-01T10:00:00+02:00", "voorgesteld"),
        ("2020-02-03T09:30:00+01:00", "inGebruik"),
        ("2025-01-01T01:00:00+01:00", "gehistoreerd"),
    ];
    let files: Vec<String> = versions
        .iter()
        .map(|(version, status)| {
            let file = folder.path().join(format!("{status}.json"));
            std::fs::write(&file, address_as(version, status)).expect("written");
            file.display().to_string()
        })
        .collect();
    let ask = "SELECT ?s { <https://data.vlaanderen.be/id/adres/90000001> <https://data.vlaanderen.be/ns/adres#Adres.status> ?s }";
    let dump = |data: &Path| {
        let all = "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } FILTER(?g IN (<http://127.0.0.1:7400/graph/adressen>, <http://127.0.0.1:7400/graph/versies/adressen>, <http://127.0.0.1:7400/graph/versies/adressen/inhoud>)) } ORDER BY ?g ?s ?p ?o";
        output(data, ["query", "--format", "csv", all])
    };
    let mut dumps = Vec::new();
    for (number, order) in [[0, 1, 2], [2, 0, 1], [1, 2, 0], [2, 1, 0]]
        .iter()
        .enumerate()
    {
        let data = folder.path().join(format!("data{number}"));
        for at in order {
            let loaded = run(&data, ["load", "--on-violation", "off", &files[*at]]);
            assert!(loaded.status.success(), "{}", stderr(&loaded));
        }
        // Again, which changes nothing.
        let again = run(&data, ["load", "--on-violation", "off", &files[order[0]]]);
        assert!(
            stdout(&again).starts_with("unchanged"),
            "{}",
            stdout(&again)
        );
        for (day, status) in [
            ("2019-04-30", None),
            ("2019-05-01", Some("voorgesteld")),
            ("2020-02-02", Some("voorgesteld")),
            ("2020-02-03", Some("inGebruik")),
            ("2024-12-31", Some("inGebruik")),
            ("2025-01-01", Some("gehistoreerd")),
            ("2026-01-01", Some("gehistoreerd")),
        ] {
            let found = output(&data, ["query", "--format", "csv", "--valid-on", day, ask]);
            let rows: Vec<&str> = found.lines().skip(1).collect();
            let concept = |status: &str| {
                format!("https://data.vlaanderen.be/id/concept/adresstatus/{status}")
            };
            let wanted: Vec<String> = status.into_iter().map(concept).collect();
            assert_eq!(rows, wanted, "{day} after {order:?}");
        }
        // Versions are no second address.
        let count = "SELECT (COUNT(*) AS ?n) { ?a a <https://data.vlaanderen.be/ns/adres#Adres> }";
        assert!(output(&data, ["query", "--format", "csv", count]).contains("\n1"));
        // At a moment before, its nodes are those of then, under the names of now.
        let nodes = "SELECT (COUNT(*) AS ?n) { <https://data.vlaanderen.be/id/adres/90000001> (<https://data.vlaanderen.be/ns/adres#positie>/<http://www.w3.org/ns/locn#geometry>/<http://www.opengis.net/ont/geosparql#asWKT>) ?w }";
        let then = output(
            &data,
            [
                "query",
                "--format",
                "csv",
                "--valid-on",
                "2024-12-31",
                nodes,
            ],
        );
        assert!(then.contains("\n1"), "{then}");
        output(&data, ["check", "--deep"]);
        dumps.push(dump(&data));
    }
    assert!(
        dumps.iter().all(|dump| *dump == dumps[0]),
        "the order counts"
    );
}

#[test]
fn bombs_are_refused() {
    let id = r#""identificator":{"id":"https://data.vlaanderen.be/id/adres/1"}"#;
    let deep = format!(
        r#"{{{id},"huisnummer":{}1{}}}"#,
        "[".repeat(1_000_000),
        "]".repeat(1_000_000)
    );
    let refused = |input: &Input| {
        let read = read_records(Normaliser::shipped(), input, &Limits::default());
        read.err().map(|error| error.to_string())
    };
    assert!(refused(&Input::bytes("deep.json", deep.clone())).is_some());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("deep.json");
    std::fs::write(&file, deep).expect("written");
    let data = folder.path().join("data");
    let loaded = run(&data, ["load", &file.display().to_string()]);
    assert_eq!(loaded.status.code(), Some(1), "{}", stderr(&loaded));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let blanks = " ".repeat(1 << 20);
    std::io::Write::write_all(&mut packed, format!("{{{id},").as_bytes()).expect("packed");
    for _ in 0..64 {
        std::io::Write::write_all(&mut packed, blanks.as_bytes()).expect("packed");
    }
    let packed = packed.finish().expect("packed");
    let why = refused(&Input::bytes("bomb.json.gz", packed)).expect("refused");
    assert!(why.starts_with("larger than"), "{why}");
}

#[test]
fn the_rest_of_a_list_goes_in_and_replacing_stays_in_its_graphs() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let write = |name: &str, text: String| {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        file.display().to_string()
    };
    let good = read("v2", "adres");
    let mut bad = good.clone();
    bad["identificator"]["id"] = json!("https://data.vlaanderen.be/id/adres/90000009");
    let gml = "<gml:Point srsName='http://www.opengis.net/def/crs/EPSG/0/31370' xmlns:gml='g'><gml:pos>1 1</gml:pos></gml:Point>";
    bad["adresPositie"]["geometrie"]["gml"] = json!(gml);
    let list = json!({"adressen": [bad, good], "volgende": "https://example.org/"});
    let list = write("lijst.json", list.to_string());
    let loaded = run(&data, ["load", &list]);
    assert!(loaded.status.success(), "{}", stderr(&loaded));
    assert!(
        stderr(&loaded).contains("held back: 1"),
        "{}",
        stderr(&loaded)
    );
    assert!(stderr(&loaded).contains("N031"), "{}", stderr(&loaded));
    let strict = run(&data, ["load", "--strict", &list]);
    assert_eq!(strict.status.code(), Some(1));
    let plain = write("gewoon.ttl", "<urn:a> <urn:b> <urn:c> .".to_owned());
    output(&data, ["load", &plain]);
    let street = path("v3", "straatnaam").display().to_string();
    output(&data, ["load", "--replace", &street]);
    let ask = "SELECT ?s { VALUES ?s { <urn:a> <https://data.vlaanderen.be/id/adres/90000001> } { ?s a ?c } UNION { ?s <urn:b> ?c } } ORDER BY ?s";
    let kept = output(&data, ["query", "--format", "csv", ask]);
    assert!(
        kept.contains("urn:a") && kept.contains("90000001"),
        "{kept}"
    );
    let address = path("v3", "adres").display().to_string();
    output(&data, ["load", "--graph", "urn:g", &address]);
    let ask = "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY ?g";
    let graphs = output(&data, ["query", "--format", "csv", ask]);
    assert!(graphs.contains("urn:g/afgeleid"), "{graphs}");
}

#[test]
fn a_list_takes_nothing_away_that_it_does_not_speak_of() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let load = |name: &str, value: &Value| {
        let file = folder.path().join(name);
        std::fs::write(&file, value.to_string()).expect("written");
        output(
            &data,
            ["load", "--on-violation", "off", &file.display().to_string()],
        )
    };
    let names = || {
        let ask = "SELECT ?n { <https://data.vlaanderen.be/id/gemeente/44021> <http://www.w3.org/2000/01/rdf-schema#label> ?n } ORDER BY ?n";
        let answer = output(&data, ["query", "--format", "csv", ask]);
        answer
            .lines()
            .skip(1)
            .map(str::trim)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let whole = read("v2", "gemeente");
    load("a.json", &whole);
    assert_eq!(names(), "Gand Gent");
    let mut extract = whole.clone();
    extract["gemeentenamen"] = json!([{"spelling": "Gent-Stad", "taal": "nl"}]);
    load("b.json", &json!({"gemeenten": [extract]}));
    assert_eq!(names(), "Gand Gent-Stad");
    // The whole record is all there is to say.
    load("c.json", &extract);
    assert_eq!(names(), "Gent-Stad");
    assert!(load("c.json", &extract).starts_with("unchanged"));
}

#[test]
fn the_command_prints_statements_and_a_report() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = path("v2", "adres").display().to_string();
    let done = run(folder.path(), ["normalise", "--report", "json", &file]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(stdout(&done).lines().count() > 25);
    let report: Value = serde_json::from_str(&stderr(&done)).expect("a report in JSON");
    assert_eq!(report["codes"]["N030"]["count"], json!(1));
    let turtle = output(folder.path(), ["normalise", "--format", "turtle", &file]);
    assert!(turtle.contains("@prefix"), "{turtle}");
    let strict = run(folder.path(), ["normalise", "--strict", &file]);
    assert_eq!(
        (strict.status.code(), stdout(&strict).as_str()),
        (Some(1), "")
    );
    let other = run(folder.path(), ["normalise", "Cargo.toml"]);
    assert_eq!(other.status.code(), Some(2));
    let explained = output(folder.path(), ["explain", "n010"]);
    assert!(
        explained.contains("N010: Language tag missing"),
        "{explained}"
    );
}

/// One change at a place of a record, chosen by numbers.
fn mutate(value: &mut Value, choice: usize, by: &Value) {
    let below = match value {
        Value::Object(members) if !members.is_empty() && !choice.is_multiple_of(7) => {
            let index = choice % members.len();
            let rest = choice / (members.len() + 1);
            members.values_mut().nth(index).map(|member| (member, rest))
        }
        Value::Array(members) if !members.is_empty() && !choice.is_multiple_of(5) => {
            let index = choice % members.len();
            let rest = choice / (members.len() + 1);
            Some((&mut members[index], rest))
        }
        _ => None,
    };
    match below {
        Some((member, rest)) => mutate(member, rest, by),
        None => *value = by.clone(),
    }
}

fn odd_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "https?://data\\.vlaanderen\\.be/(id|doc)/[a-z]{0,9}/[^a]{0,9}/?".prop_map(Value::from),
        "<gml:(Point|Polygon)( srsName='[a-zA-Z0-9/:.]{0,40}')?>(<gml:pos(List)?>)?[0-9 .eE-]{0,30}(</gml:pos>)?(</gml:Point>)?".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(
                ("[@a-zA-Z:]{0,8}|objectId|gml|@value|spelling", inner),
                0..6
            )
            .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn changed_records_break_nothing(
        kind in 0..TYPES.len(),
        is_v3 in any::<bool>(),
        changes in prop::collection::vec((any::<usize>(), odd_value()), 1..4),
    ) {
        let mut document = read(if is_v3 { "v3" } else { "v2" }, TYPES[kind]);
        for (choice, by) in &changes {
            mutate(&mut document, *choice, by);
        }
        let normaliser = Normaliser::shipped();
        let Some(found) = normaliser.document(&document) else { return Ok(()) };
        for (_, record) in found.records {
            let mut quads = Vec::new();
            let done = normaliser.normalise(record, &options(), &mut |quad| quads.push(quad));
            let mut again = Vec::new();
            let same = normaliser.normalise(record, &options(), &mut |quad| again.push(quad));
            prop_assert_eq!(&done, &same);
            prop_assert_eq!(&quads, &again);
            // What comes out is RDF that a strict reader takes.
            let text: String = quads.iter().map(|quad| format!("{quad} .\n")).collect();
            for quad in oxrdfio::RdfParser::from_format(oxrdfio::RdfFormat::NQuads).for_slice(text.as_bytes()) {
                prop_assert!(quad.is_ok(), "{:?}", quad);
            }
            if let Ok(done) = done {
                documents::nothing_is_dropped(record, &done, &quads);
            }
        }
    }
}
