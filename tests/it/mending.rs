//! RDF that is mended on its way in: by rule, by code, with a report; what may stay stays, and a plain load changes nothing.

use super::oslo::{oslo, output, run, stderr, stdout};
use oslo_registry::ingest::load::{LoadItem, LoadOutcome, LoadedFile};
use oslo_registry::ingest::normalise::RepairReport;
use oslo_registry::ingest::sources::{Outcome, run_source};
use oslo_registry::ingest::{Input, LoadPlan, Mending, load_files};
use oslo_registry::registry::{DeclaredSource, Mode, Registry, RegistryConfig, SourceKind};
use oxrdf::NamedNode;
use proptest::prelude::*;
use std::sync::Arc;
use std::time::Instant;

const GRAPH: &str = "http://127.0.0.1:7400/graph/x";

fn item(name: &str, bytes: impl Into<Vec<u8>>) -> LoadItem {
    LoadItem {
        input: Input::bytes(name, bytes.into()),
        format: None,
        graph: Some(NamedNode::new_unchecked(GRAPH)),
        base_iri: None,
    }
}

fn load(registry: &Registry, item: LoadItem, mending: Option<Mending>) -> LoadedFile {
    let mut plan = LoadPlan::new(registry, vec![item]);
    plan.mending = mending;
    plan.gate = Some(Mode::Off);
    let mut summary = load_files(registry, &plan, &mut |_| {}).expect("the store works");
    summary.files.remove(0)
}

fn keep(codes: &str) -> Option<Mending> {
    Some(Mending {
        keep: Mending::keeping(codes).expect("codes"),
        strict: false,
    })
}

/// What the graph holds, a line each.
fn lines(registry: &Registry) -> Vec<String> {
    let view = registry.snapshot().view();
    let graph = view.id_of_iri(GRAPH);
    let quads = view.quads(None, None, None, graph);
    let mut lines: Vec<String> = quads
        .map(|quad| {
            let text = |id| view.text(id).into_owned();
            format!("{} {} {}", text(quad.s), text(quad.p), text(quad.o))
        })
        .collect();
    lines.sort();
    lines
}

fn codes(report: &RepairReport) -> String {
    let codes = report.counts().into_iter();
    let codes: Vec<String> = codes
        .map(|(code, count)| format!("{code}×{count}"))
        .collect();
    codes.join(" ")
}

/// Loads a text in N-Triples syntax, read by either reader, and gives what is there and the codes.
fn mended(text: &str) -> (Vec<String>, String) {
    let mut gives = Vec::new();
    for name in ["x.ttl", "x.nt"] {
        let registry = Registry::in_memory(RegistryConfig::default());
        let file = load(&registry, item(name, text), keep(""));
        assert!(
            matches!(
                file.outcome,
                LoadOutcome::Loaded { .. } | LoadOutcome::Unchanged
            ),
            "{:?}",
            file.outcome
        );
        gives.push((lines(&registry), codes(&file.repairs.expect("a report"))));
    }
    assert_eq!(gives[0], gives[1], "both readers mend alike");
    gives.remove(0)
}

const A: &str = "<https://data.vlaanderen.be/id/adres/1>";

#[test]
fn each_code_mends_what_it_says() {
    let ns = "https://data.vlaanderen.be/ns";
    let rows: &[(&str, String, Option<String>)] = &[
        (
            "N001×1",
            "<urn:a> <http://data.vlaanderen.be/ns/generiek#begin> <urn:b> .".to_owned(),
            Some(format!("<urn:a> <{ns}/generiek#begin> <urn:b>")),
        ),
        (
            "N002×1 N080×1",
            "<urn:a> <urn:p> <http://data.vlaanderen.be/id/adres/1> .".to_owned(),
            Some(format!("<urn:a> <urn:p> {A}")),
        ),
        (
            "N002×1 N080×1",
            "<urn:a> <urn:p> <https://data.vlaanderen.be/doc/adres/1> .".to_owned(),
            Some(format!("<urn:a> <urn:p> {A}")),
        ),
        (
            "N003×1",
            "<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://basisregisters.vlaanderen.be/implementatiemodel/adressenregister#Adres> .".to_owned(),
            Some(format!("<urn:a> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{ns}/adres#Adres>")),
        ),
        (
            "N003×1",
            format!("<urn:a> <{ns}/adres#Straatnaam> <urn:s> ."),
            Some(format!("<urn:a> <{ns}/adres#heeftStraatnaam> <urn:s>")),
        ),
        (
            "N004×1",
            "<urn:a> <http://www.w3.org/2004/02/skos/core#inscheme> <urn:b> .".to_owned(),
            Some("<urn:a> <http://www.w3.org/2004/02/skos/core#inScheme> <urn:b>".to_owned()),
        ),
        (
            "N004×1",
            "<urn:a> <urn:p> \"2020-01-01T00:00:00Z\"^^<http://www.w3.org/2001/XMLSchema#datetime> .".to_owned(),
            Some("<urn:a> <urn:p> \"2020-01-01T00:00:00Z\"^^<http://www.w3.org/2001/XMLSchema#dateTime>".to_owned()),
        ),
        (
            "N005×1",
            "<https://data.vlaanderen.be/id/adressen/1> <urn:p> <urn:b> .".to_owned(),
            Some(format!("{A} <urn:p> <urn:b>")),
        ),
        (
            "N010×1",
            "<urn:a> <urn:p> \"x\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString> .".to_owned(),
            Some("<urn:a> <urn:p> \"x\"".to_owned()),
        ),
        (
            "N011×1",
            "<urn:a> <urn:p> \"x\"@nl-BE .".to_owned(),
            Some("<urn:a> <urn:p> \"x\"@nl-be".to_owned()),
        ),
        (
            "N012×1",
            format!("<urn:a> <{ns}/adres#huisnummer> \"12\"@nl ."),
            Some(format!("<urn:a> <{ns}/adres#huisnummer> \"12\"@nl")),
        ),
        (
            "N021×1",
            "<urn:a> <urn:p> \"Br\u{FFFD}gge\"@nl .".to_owned(),
            Some("<urn:a> <urn:p> \"Br\u{FFFD}gge\"@nl".to_owned()),
        ),
        (
            "N022×1",
            "<urn:a> <urn:p> <http://example.org/a b> .".to_owned(),
            Some("<urn:a> <urn:p> <http://example.org/a%20b>".to_owned()),
        ),
        (
            "N030×1",
            "<urn:a> <urn:p> \"<https://www.opengis.net/def/crs/EPSG/0/31370> POINT(104719.27 192387.25)\"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .".to_owned(),
            Some("<urn:a> <urn:p> \"<http://www.opengis.net/def/crs/EPSG/0/31370> POINT(104719.27 192387.25)\"^^<http://www.opengis.net/ont/geosparql#wktLiteral>".to_owned()),
        ),
        (
            "N031×1",
            "<urn:a> <urn:p> \"POINT(104719.27 192387.25)\"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .".to_owned(),
            Some("<urn:a> <urn:p> \"POINT(104719.27 192387.25)\"^^<http://www.opengis.net/ont/geosparql#wktLiteral>".to_owned()),
        ),
        (
            "N033×1",
            "<urn:a> <urn:p> \"POLYGON((0 0, 0 1, 1 1))\"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .".to_owned(),
            Some("<urn:a> <urn:p> \"POLYGON((0 0, 0 1, 1 1))\"^^<http://www.opengis.net/ont/geosparql#wktLiteral>".to_owned()),
        ),
        (
            "N040×1",
            "<urn:a> <urn:p> \"n\"^^<http://www.w3.org/2001/XMLSchema#integer> .".to_owned(),
            Some("<urn:a> <urn:p> \"n\"^^<http://www.w3.org/2001/XMLSchema#integer>".to_owned()),
        ),
        (
            "N040×1",
            "<urn:a> <http://www.w3.org/ns/prov#generatedAtTime> \"2020-01-01\" .".to_owned(),
            Some("<urn:a> <http://www.w3.org/ns/prov#generatedAtTime> \"2020-01-01\"".to_owned()),
        ),
        (
            "N041×1",
            "<urn:a> <http://www.w3.org/ns/locn#poBox> \"None\" .".to_owned(),
            None,
        ),
        (
            "N050×1",
            "<urn:a> <http://www.w3.org/2004/02/skos/core#notation> \"0207.499.826\" .".to_owned(),
            Some("<urn:a> <http://www.w3.org/2004/02/skos/core#notation> \"0207499826\"".to_owned()),
        ),
        (
            "N051×1",
            "<urn:a> <http://mu.semte.ch/vocabularies/ext/kbonummer> \"0680397589\" .".to_owned(),
            Some("<urn:a> <http://mu.semte.ch/vocabularies/ext/kbonummer> \"0680397589\"".to_owned()),
        ),
        (
            "N060×1",
            format!("<urn:a> <{ns}/gebouw#Gebouw.status> <https://data.vlaanderen.be/id/concept/gebouweenheidstatus/gerealiseerd> ."),
            Some(format!("<urn:a> <{ns}/gebouw#Gebouw.status> <https://data.vlaanderen.be/id/concept/gebouwstatus/gerealiseerd>")),
        ),
        (
            "N061×1",
            format!("<urn:a> <{ns}/adres#Adres.status> <https://data.vlaanderen.be/id/concept/adresstatus/bestaand> ."),
            Some(format!("<urn:a> <{ns}/adres#Adres.status> <https://data.vlaanderen.be/id/concept/adresstatus/bestaand>")),
        ),
        (
            "",
            "<urn:a> <http://xmlns.com/foaf/0.1/page> <https://data.vlaanderen.be/doc/adres/1> .".to_owned(),
            Some("<urn:a> <http://xmlns.com/foaf/0.1/page> <https://data.vlaanderen.be/doc/adres/1>".to_owned()),
        ),
        (
            "",
            "<https://data.vlaanderen.be/doc/adres/1> <urn:p> <urn:b> .".to_owned(),
            Some("<https://data.vlaanderen.be/doc/adres/1> <urn:p> <urn:b>".to_owned()),
        ),
    ];
    for (told, text, right) in rows {
        let (lines, codes) = mended(text);
        let right: Vec<String> = right.iter().cloned().collect();
        assert_eq!(lines, right, "{text}");
        assert_eq!(codes.trim(), *told, "{text}");
    }
}

#[test]
fn several_mistakes_of_one_term_are_all_told() {
    let text = format!(
        "{A} <https://data.vlaanderen.be/ns/adres#Adres.status> <http://data.vlaanderen.be/doc/concept/straatnaamstatus/inGebruik> .\n"
    );
    let (lines, codes) = mended(&text);
    assert_eq!(
        lines,
        [format!(
            "{A} <https://data.vlaanderen.be/ns/adres#Adres.status> <https://data.vlaanderen.be/id/concept/adresstatus/inGebruik>"
        )]
    );
    assert_eq!(codes, "N002×1 N060×1");
}

#[test]
fn a_file_of_another_encoding_is_read_as_a_whole() {
    let registry = Registry::in_memory(RegistryConfig::default());
    let bytes = b"<urn:a> <urn:p> \"Caf\xE9\", \"10 \x80\" .".to_vec();
    let refused = load(&registry, item("x.ttl", bytes.clone()), None);
    assert!(matches!(refused.outcome, LoadOutcome::Refused(_)));
    let refused = load(&registry, item("x.ttl", bytes.clone()), keep("N020"));
    assert!(matches!(refused.outcome, LoadOutcome::Refused(_)));
    let file = load(&registry, item("x.ttl", bytes.clone()), keep(""));
    let report = file.repairs.expect("a report");
    assert_eq!(codes(&report), "N020×1");
    assert_eq!(
        lines(&registry),
        ["<urn:a> <urn:p> \"10 €\"", "<urn:a> <urn:p> \"Café\""]
    );
    let again = load(&registry, item("x.ttl", bytes), keep(""));
    assert!(matches!(again.outcome, LoadOutcome::Unchanged));
}

#[test]
fn what_is_kept_is_kept_and_strict_refuses() {
    let registry = Registry::in_memory(RegistryConfig::default());
    let text = "<urn:a> <http://data.vlaanderen.be/ns/generiek#x> \"x\", \"y\"^^<http://www.w3.org/2001/XMLSchema#integer> ; <http://www.w3.org/ns/locn#poBox> \"\" .";
    let as_it_is = load(&registry, item("x.ttl", text), None);
    assert!(as_it_is.repairs.is_none());
    let before = lines(&registry);
    assert_eq!(before.len(), 3);
    let file = load(&registry, item("x.ttl", text), keep("all"));
    assert!(matches!(file.outcome, LoadOutcome::Unchanged));
    assert!(file.repairs.expect("a report").is_empty());
    let file = load(&registry, item("x.ttl", text), keep("N001,N041"));
    assert!(matches!(file.outcome, LoadOutcome::Unchanged));
    assert_eq!(codes(&file.repairs.expect("a report")), "N040×1");
    let strict = Some(Mending {
        strict: true,
        ..Mending::default()
    });
    let file = load(&registry, item("x.ttl", text), strict.clone());
    match file.outcome {
        LoadOutcome::Refused(found) => assert_eq!(found.code, "N041"),
        other => panic!("{other:?}"),
    }
    assert_eq!(lines(&registry), before);
    // An alias or a flag alone is no reason to refuse.
    let text = "<urn:a> <http://data.vlaanderen.be/ns/generiek#x> \"z\" .";
    let file = load(&registry, item("y.ttl", text), strict);
    assert!(file.outcome.is_good(), "{:?}", file.outcome);
}

#[test]
fn links_are_unknown_until_somebody_describes_the_object() {
    let registry = Registry::in_memory(RegistryConfig::default());
    let link = format!("<urn:a> <urn:p> {A} .");
    let file = load(&registry, item("x.ttl", link.clone()), keep(""));
    assert_eq!(codes(&file.repairs.expect("a report")), "N080×1");
    let both = format!("{link} {A} <urn:q> 1 .");
    let file = load(&registry, item("y.ttl", both), keep(""));
    assert_eq!(codes(&file.repairs.expect("a report")), "");
}

#[test]
fn a_bad_file_among_many_is_mended_with_the_rest() {
    let registry = Registry::in_memory(RegistryConfig::default());
    let items = vec![
        item("a.ttl", "<urn:a> <urn:p> _:x ."),
        item("b.ttl", "<urn:a b> <urn:p> 1 ."),
        item("c.ttl", b"<urn:c> <urn:p> \"\xE9\" .".to_vec()),
    ];
    let mut plan = LoadPlan::new(&registry, items);
    plan.mending = keep("");
    plan.unit = oslo_registry::ingest::load::CommitUnit::Together;
    let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
    assert!(summary.is_complete());
    assert_eq!((registry.snapshot().seq(), lines(&registry).len()), (1, 3));
    let told: Vec<String> = summary
        .files
        .iter()
        .map(|file| codes(file.repairs.as_ref().expect("a report")))
        .collect();
    assert_eq!(told, ["", "N022×1", "N020×1"]);
}

#[test]
fn the_report_is_seen_on_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = folder.path().join("x.ttl");
    std::fs::write(
        &file,
        "<urn:a> <http://data.vlaanderen.be/ns/generiek#x> \"\\uFFFD\", 1 .",
    )
    .expect("room");
    let file = file.to_str().expect("a path");
    let done = run(&data, ["load", file, "--repair", "--keep", "n021"]);
    assert!(done.status.success(), "{}", stderr(&done));
    assert!(
        stderr(&done).contains("repairs: N001 × 2"),
        "{}",
        stderr(&done)
    );
    assert!(
        stderr(&done).contains("Namespace http://data.vlaanderen.be/ns/generiek# read as"),
        "{}",
        stderr(&done)
    );
    let done = run(&data, ["load", file, "--repair", "--report", "json"]);
    let row: serde_json::Value = serde_json::from_str(
        stderr(&done)
            .lines()
            .find(|line| line.starts_with('{'))
            .expect("a row"),
    )
    .expect("JSON");
    assert_eq!(row["codes"]["N001"]["count"], 2, "{row}");
    assert_eq!(
        row["codes"]["N021"]["examples"][0]["object"], "urn:a",
        "{row}"
    );
    assert!(
        row["file"]
            .as_str()
            .is_some_and(|name| name.ends_with("x.ttl"))
    );
    let wrong = oslo(&data)
        .args(["load", file, "--repair", "--keep", "X1"])
        .output()
        .expect("runs");
    assert!(!wrong.status.success());
    let wrong = oslo(&data)
        .args(["load", file, "--keep", "N001"])
        .output()
        .expect("runs");
    assert!(
        !wrong.status.success(),
        "--keep says nothing without --repair"
    );
    output(&data, ["source", "add", "x", file, "--keep", "N021"]);
    let ran = run(&data, ["source", "run"]);
    assert!(
        stdout(&ran).contains("repaired: 2; held back: 0; N001 × 2"),
        "{}",
        stdout(&ran)
    );
    let shown = output(&data, ["source", "show", "x"]);
    assert!(shown.contains("not repaired\tN021"), "{shown}");
    assert!(shown.contains("N001 × 2"), "{shown}");
}

#[test]
fn a_declared_source_is_mended_unless_it_says_otherwise() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("x.ttl");
    std::fs::write(
        &file,
        "<urn:a> <http://www.w3.org/ns/locn#poBox> \"None\", \"7\" .",
    )
    .expect("room");
    let registry = Registry::in_memory(RegistryConfig::default());
    let source = |keep: &str, strict| DeclaredSource {
        keep: keep.to_owned(),
        strict,
        ..DeclaredSource::new(
            "x",
            SourceKind::File,
            file.display().to_string(),
            NamedNode::new_unchecked(GRAPH),
        )
    };
    let run = |source: &DeclaredSource| {
        run_source(&registry, source, &Arc::default(), &mut |_| {}).expect("the store works")
    };
    let record = run(&source("", true));
    assert_eq!(record.outcome, Outcome::Failing);
    assert_eq!(record.failure.expect("a reason").code, "N041");
    let record = run(&source("", false));
    assert_eq!((record.repaired, record.added), (1, 1));
    assert_eq!(record.codes.get("N041"), Some(&1));
    let record = run(&source("", false));
    assert_eq!(record.outcome, Outcome::Unchanged);
    assert_eq!(record.repaired, 1, "what was mended is told each time");
    let record = run(&source("N041", false));
    assert_eq!((record.repaired, record.added), (0, 1));
}

#[test]
fn records_with_commas_too_many_are_records() {
    let registry = Registry::in_memory(RegistryConfig::default());
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/records/v2/adres.json"
    );
    let text = std::fs::read_to_string(path).expect("a record");
    let right = load(&registry, item("a.json", text.clone()), keep(""));
    let quads = right.stats.expect("read").quads;
    let end = text.rfind('}').expect("an object");
    let wrong = format!("{},{}", &text[..end], &text[end..]);
    let file = load(&registry, item("b.json", wrong), keep(""));
    let report = file.repairs.expect("a report");
    assert_eq!((report.records, report.quads), (1, quads));
    assert_eq!(report.counts().get("N025"), Some(&1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Nothing that comes in brings the mender down, and what a strict reader takes it takes too.
    #[test]
    fn anything_may_come(pieces in proptest::collection::vec(proptest::sample::select(PIECES.to_vec()), 0..30)) {
        let bytes: Vec<u8> = pieces.concat();
        for name in ["x.ttl", "x.trig", "x.nt", "x.nq", "x.jsonld", "x.rdf"] {
            let registry = Registry::in_memory(RegistryConfig::default());
            let plain = load(&registry, item(name, bytes.clone()), None);
            let registry = Registry::in_memory(RegistryConfig::default());
            let mended = load(&registry, item(name, bytes.clone()), keep(""));
            if plain.outcome.is_good() {
                prop_assert!(mended.outcome.is_good(), "{} {:?}", name, mended.outcome);
            }
        }
    }
}

/// What documents are made of, whole and broken.
const PIECES: [&[u8]; 40] = [
    b"<urn:a>",
    b" ",
    b"\n",
    b"<a b>",
    b"<",
    b">",
    b"\"",
    b"\"\"\"",
    b"'",
    b"''",
    b"\\",
    b"\\u00e9",
    b"\xE9",
    b"\xC3\xA9",
    b"\xEF\xBF\xBD",
    b"\xEF\xBB\xBF",
    b"@nl",
    b"@NL-be",
    b"@prefix a: <urn:a#>",
    b"@base <urn:x>",
    b" .",
    b";",
    b",",
    b"a:b",
    b"^^rdf:langString",
    b"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#langString>",
    b"^^<http://www.opengis.net/ont/geosparql#wktLiteral>",
    b"POLYGON((0 0, 1 1))",
    b"POINT(1 2",
    b"<<(",
    b")>>",
    b"_:x",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"@id\": ",
    b"<https://data.vlaanderen.be/doc/adres/1>",
    b"#",
    b"<http://data.vlaanderen.be/id/adressen/1/>",
];

/// How much slower loading is that mends. Prints figures; the bound is wide, as machines are busy.
#[test]
fn mending_costs_little() {
    let mut text = String::new();
    for n in 0..15_000 {
        let a = format!("<https://data.vlaanderen.be/id/adres/{n}>");
        text.push_str(&format!(
            "{a} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <https://data.vlaanderen.be/ns/adres#Adres> .\n\
             {a} <https://data.vlaanderen.be/ns/adres#huisnummer> \"{}\" .\n\
             {a} <https://data.vlaanderen.be/ns/adres#Adres.status> <https://data.vlaanderen.be/id/concept/adresstatus/inGebruik> .\n\
             {a} <https://data.vlaanderen.be/ns/adres#officieelToegekend> \"true\"^^<http://www.w3.org/2001/XMLSchema#boolean> .\n\
             {a} <https://data.vlaanderen.be/ns/adres#heeftStraatnaam> <https://data.vlaanderen.be/id/straatnaam/{}> .\n\
             {a} <http://www.opengis.net/ont/geosparql#asWKT> \"<http://www.opengis.net/def/crs/EPSG/0/31370> POINT({}.27 192387.25)\"^^<http://www.opengis.net/ont/geosparql#wktLiteral> .\n",
            n % 200,
            n / 50,
            104_000 + n % 1000,
        ));
    }
    for name in ["x.nt", "x.ttl"] {
        let time = |mending: Option<Mending>| {
            let registry = Registry::in_memory(RegistryConfig::default());
            let begun = Instant::now();
            let file = load(&registry, item(name, text.clone()), mending);
            assert!(file.outcome.is_good());
            begun.elapsed().as_secs_f64()
        };
        let best = |mending: Option<Mending>| {
            (0..3)
                .map(|_| time(mending.clone()))
                .fold(f64::MAX, f64::min)
        };
        let plain = best(None);
        let mended = best(keep(""));
        eprintln!(
            "{name}: {plain:.2} s plain, {mended:.2} s mended, × {:.2}",
            mended / plain
        );
        assert!(mended < 2.0 * plain, "{name}: {mended} s for {plain} s");
    }
}
