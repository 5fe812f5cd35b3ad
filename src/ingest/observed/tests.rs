//! Batches as they are written, against a store in a folder.

use super::*;
use crate::ingest::ContextStore;
use crate::observations::{Kind, Observation, ObservationOptions, ObservationStore, Series, Value};
use crate::rdf::version::RdfVersion;
use crate::registry::{Registry, RegistryConfig};

struct Bench {
    store: ObservationStore,
    registry: Registry,
    _dir: tempfile::TempDir,
}

fn bench() -> Bench {
    let dir = tempfile::tempdir().expect("a folder");
    let store = ObservationStore::open(dir.path(), ObservationOptions::default()).expect("opens");
    let series = |name: &str, kind, unit: Option<&str>| Series {
        iri: format!("http://r.test/id/observatieverzameling/{name}"),
        kind,
        unit: unit.map(str::to_owned),
    };
    store
        .declare_all(vec![
            series("t", Kind::Number, Some("http://qudt.org/vocab/unit/DEG_C")),
            series("n", Kind::Integer, None),
            series("b", Kind::Boolean, None),
        ])
        .expect("declared");
    let registry = Registry::in_memory(RegistryConfig {
        base: "http://r.test".to_owned(),
    });
    Bench {
        store,
        registry,
        _dir: dir,
    }
}

impl Bench {
    fn json(&self, text: &str) -> Result<Vec<Observation>, ObservedError> {
        read_json(
            text.as_bytes(),
            &mut Known::new(&self.store, &self.registry),
        )
    }

    fn sosa(&self, text: &str) -> Result<Vec<Observation>, ObservedError> {
        let contexts = ContextStore::shipped("http://r.test");
        let mut known = Known::new(&self.store, &self.registry);
        read_sosa(
            text.as_bytes(),
            &contexts,
            RdfVersion::default(),
            &mut known,
        )
    }
}

#[test]
fn lists_lines_and_single_observations_are_read() {
    let bench = bench();
    let one = r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":21.5,"eenheid":"unit:DEG_C"}"#;
    let read = bench.json(one).expect("reads");
    assert_eq!(read[0].result, Some(Value::Number(21.5)));
    assert_eq!(read[0].time, 1_772_359_200_000_000);
    let two = format!(
        "[{one}, {{\"reeks\":\"http://r.test/id/observatieverzameling/b\",\"tijd\":\"2026-03-01T10:00:00+01:00/2026-03-01T11:00:00+01:00\",\"waarde\":true,\"kwaliteit\":3}}]"
    );
    let read = bench.json(&two).expect("reads");
    assert_eq!(read[1].end, Some(read[1].time + 3_600_000_000));
    assert_eq!(
        (read[1].quality, read[1].result.clone()),
        (3, Some(Value::Boolean(true)))
    );
    let lines = format!("{one}\n\n{one}\n");
    let mut known = Known::new(&bench.store, &bench.registry);
    assert_eq!(
        read_lines(lines.as_bytes(), &mut known)
            .expect("reads")
            .len(),
        2
    );
    let none = r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":null}"#;
    assert_eq!(bench.json(none).expect("reads")[0].result, None);
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    let bench = bench();
    let good = r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":1}"#;
    for (bad, code) in [
        (
            r#"{"reeks":"x","tijd":"2026-03-01T10:00:00Z","waarde":1}"#,
            "unknown-series",
        ),
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00","waarde":1}"#,
            "bad-time",
        ),
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":1,"eenheid":"unit:K"}"#,
            "other-unit",
        ),
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":"NaN"}"#,
            "not-finite",
        ),
        (
            r#"{"reeks":"n","tijd":"2026-03-01T10:00:00Z","waarde":9007199254740993}"#,
            "other-kind",
        ),
    ] {
        let text = format!("[{good},{bad}]");
        let Err(ObservedError::Flawed(flaws, 2)) = bench.json(&text) else {
            panic!("{bad} is read");
        };
        assert_eq!((flaws[0].place, flaws[0].code), (1, code), "{bad}");
    }
    for (bad, code) in [
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":NaN}"#,
            "not-finite",
        ),
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":-Infinity}"#,
            "not-finite",
        ),
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z"}"#,
            "wrong-type",
        ),
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":1,"eenhied":"K"}"#,
            "wrong-type",
        ),
        (
            r#"{"reeks":"t","tijd":"2026-03-01T10:00:00Z","waarde":[1]}"#,
            "wrong-type",
        ),
        (r#"{"reeks":"t","#, "invalid-json"),
    ] {
        let text = format!("[{good},\n{bad}]");
        let Err(ObservedError::Malformed(told)) = bench.json(&text) else {
            panic!("{bad} is read");
        };
        assert_eq!(
            (told.code, told.place, told.line),
            (code, Some(1), 2),
            "{bad}"
        );
    }
}

#[test]
fn sosa_is_read_with_members_units_and_intervals() {
    let bench = bench();
    let text = r#"{
      "@context": { "sosa": "http://www.w3.org/ns/sosa/", "xsd": "http://www.w3.org/2001/XMLSchema#",
        "qudt": "http://qudt.org/schema/qudt/", "time": "http://www.w3.org/2006/time#" },
      "@id": "http://r.test/id/observatieverzameling/t",
      "@type": "sosa:ObservationCollection",
      "sosa:hasMember": [
        { "@type": "sosa:Observation", "sosa:hasSimpleResult": 20.5,
          "sosa:phenomenonTime": { "@type": "time:Instant", "time:inXSDDateTimeStamp": { "@value": "2026-03-01T10:00:00Z", "@type": "xsd:dateTimeStamp" } } },
        { "@type": "sosa:Observation",
          "sosa:resultTime": { "@value": "2026-03-01T11:00:00Z", "@type": "xsd:dateTime" },
          "sosa:hasResult": { "qudt:numericValue": { "@value": "21.25", "@type": "xsd:decimal" }, "qudt:unit": { "@id": "http://qudt.org/vocab/unit/DEG_C" } } }
      ] }"#;
    let read = bench.sosa(text).expect("reads");
    let results: Vec<_> = read.iter().map(|one| one.result.clone()).collect();
    assert_eq!(
        results,
        [Some(Value::Number(20.5)), Some(Value::Number(21.25))]
    );
    let nan = text.replace(
        "\"21.25\", \"@type\": \"xsd:decimal\"",
        "\"NaN\", \"@type\": \"xsd:double\"",
    );
    let Err(ObservedError::Flawed(flaws, 2)) = bench.sosa(&nan) else {
        panic!("NaN is read");
    };
    assert_eq!((flaws[0].place, flaws[0].code), (1, "not-finite"));
    let kelvin = text.replace("unit/DEG_C", "unit/K");
    let Err(ObservedError::Flawed(flaws, 2)) = bench.sosa(&kelvin) else {
        panic!("another unit is read");
    };
    assert_eq!((flaws[0].place, flaws[0].code), (1, "other-unit"));
    assert!(matches!(bench.sosa("{}"), Err(ObservedError::Flawed(..))));
}
