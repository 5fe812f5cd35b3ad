//! Records that are no JSON with identifiers: tables, XML, JSON with numbers only. Every mapping has an example with its normal
//! form; every real example is taken in, or known to hold no records; nothing is dropped and nothing breaks.

use super::documents::{nothing_is_dropped, shared};
use super::{lines, options};
use crate::oslo::{output, run, stderr, stdout};
use oslo_registry::ingest::normalise::{
    EachRecord, NormaliseError, Normaliser, NotRecords, RepairReport, records_of,
};
use oslo_registry::ingest::{Input, Limits};
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/records")
}

/// What an input gives: text of the normal form, names of the mappings, and the report.
fn taken(input: &Input) -> Result<(String, BTreeSet<String>, RepairReport), NotRecords> {
    let normaliser = Normaliser::shipped();
    let records = records_of(normaliser, input, &Limits::default())?;
    let mut report = RepairReport::default();
    let mut text = String::new();
    let mut names = BTreeSet::new();
    records
        .each::<io::Error>(normaliser, "x", &options(), &mut report, &mut |each| {
            match each {
                EachRecord::Done {
                    mapping,
                    record,
                    done,
                    quads,
                    ..
                } => {
                    names.insert(mapping.name());
                    nothing_is_dropped(record, &done, &quads);
                    text.push_str(&lines(&quads).join("\n"));
                    text.push('\n');
                    for repair in &done.repairs {
                        let message = repair.message().en;
                        text.push_str(&format!("{} {} {message}\n", repair.code, repair.path));
                    }
                    for omission in &done.omitted {
                        text.push_str(&format!("- {}: {}\n", omission.path, omission.reason.en));
                    }
                }
                EachRecord::Failed(error) => text.push_str(&format!("! {}\n", error.message().en)),
            }
            Ok(())
        })
        .expect("read");
    for (_, reason) in &report.empty {
        text.push_str(&format!("no records: {}\n", reason.en));
    }
    Ok((text, names, report))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_mapping_has_an_example_and_its_normal_form() {
    let mut seen = BTreeSet::new();
    for part in ["kbo", "magda", "overige"] {
        let mut text = String::new();
        for path in files(&folder().join(part)) {
            let (form, names, report) = taken(&Input::file(&path)).expect("records");
            let name = path.file_name().expect("a name").to_string_lossy();
            text.push_str(&format!("# {name}\n{form}\n"));
            assert_eq!(report.refused_count, 0, "{name}: {:?}", report.refused);
            assert!(report.unknown.is_empty(), "{name}: {:?}", report.unknown);
            seen.extend(names);
        }
        insta::assert_snapshot!(format!("normal_form_{part}"), text);
    }
    for mapping in Normaliser::shipped().mappings() {
        let is_of_base_registries =
            ["basisregisters", "wijzigingen"].contains(&mapping.source.as_str());
        assert!(
            is_of_base_registries || seen.contains(&mapping.name()),
            "{} has no example",
            mapping.name()
        );
    }
}

#[test]
fn nothing_about_persons_is_taken_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let file = self::folder().join("magda/onderneming.xml");
    output(
        &data,
        ["load", "--on-violation", "off", &file.display().to_string()],
    );
    let wegwijs = self::folder().join("overige/wegwijs.json");
    output(
        &data,
        [
            "load",
            "--on-violation",
            "off",
            &wegwijs.display().to_string(),
        ],
    );
    let kept = files(&data.join("evidence"));
    assert_eq!(kept.len(), 2);
    for file in kept {
        let text = std::fs::read_to_string(file).expect("evidence");
        assert!(
            !text.contains("INSZ") && !text.contains("personName"),
            "{text}"
        );
    }
    let enterprise = std::fs::read(self::folder().join("kbo/enterprise.csv")).expect("a table");
    let (text, _, report) = taken(&Input::bytes("enterprise.csv", enterprise)).expect("records");
    assert!(!text.contains("1999010246"));
    assert_eq!(report.records, 2);
    assert!(report.omitted.contains_key("StartDate"));
}

/// Whether a file says itself, by a context, what its keys mean.
fn is_json_ld(path: &Path) -> bool {
    let bytes = std::fs::read(path).expect("a file");
    serde_json::from_slice::<serde_json::Value>(&bytes).is_ok_and(|value| {
        let has_context = |value: &serde_json::Value| value.get("@context").is_some();
        has_context(&value)
            || value
                .as_array()
                .is_some_and(|list| list.iter().any(has_context))
    })
}

#[test]
fn every_real_table_and_document_is_taken_in_or_known_to_hold_nothing() {
    let Some(shared) = shared() else { return };
    let mut records = 0;
    let mut empty = 0;
    for part in ["instance", "nis", "kbo", "iot", "ldes"] {
        for path in files(&shared.join("registries").join(part)) {
            let name = path.display().to_string();
            let plain = name.strip_suffix(".gz").unwrap_or(&name);
            if ![".csv", ".xml", ".json"]
                .iter()
                .any(|end| plain.ends_with(end))
            {
                continue;
            }
            let (_, _, report) = match taken(&Input::file(&path)) {
                Ok(taken) => taken,
                Err(_) if is_json_ld(&path) => continue,
                Err(error) => panic!("{name}: {error}"),
            };
            // One example has a placeholder for coordinates.
            let unknown: Vec<_> = report.unknown.keys().collect();
            assert!(
                unknown.is_empty() || unknown[0].ends_with("wktLambert72"),
                "{name}: {unknown:?}"
            );
            assert!(
                report.records + report.refused_count + report.empty_count > 0
                    || name.contains("AdresMatch"),
                "{name} gives nothing"
            );
            records += report.records;
            empty += report.empty_count;
        }
    }
    assert!(records > 9_000, "{records} records");
    assert!(empty > 20, "{empty} documents without records");
}

#[test]
fn broken_tables_are_told_of() {
    let header = "EntityNumber,Language,TypeOfDenomination,Denomination\n";
    let of = |rows: &str| {
        let text = format!("{header}{rows}");
        let (text, _, report) = taken(&Input::bytes("denomination.csv", text)).expect("a table");
        (text, report.records, report.refused_count)
    };
    let good = "1999.010.048,2,001,Voorbeeld\n";
    let (text, records, refused) = of(&format!("{good}1999.010.048,2,001\n{good}a,b,c,d,e\n"));
    assert_eq!((records, refused), (2, 2));
    assert!(
        text.contains("The row has 3 fields, the header 4."),
        "{text}"
    );
    let (text, records, refused) = of(&format!(
        "{good}1999.010.048,2,001,\"Zonder einde\n{good}{good}"
    ));
    assert_eq!((records, refused), (1, 1), "{text}");
    let huge = format!("1999.010.048,2,001,{}\n", "x".repeat(9 << 20));
    let (text, records, refused) = of(&format!("{good}{huge}{good}"));
    assert_eq!((records, refused), (1, 1));
    assert!(text.contains("cannot be read from line 3"), "{text}");
    // An unknown number stays what it is, and that is told.
    let (text, records, _) = of("onzin,2,001,Voorbeeld\n");
    assert_eq!(records, 1);
    assert!(text.contains("N051"), "{text}");
    let (_, records, refused) = of("");
    assert_eq!((records, refused), (0, 0));
    for other in ["a,b\n1,2\n", "", "\u{0}\u{1}", "EntityNumber\n1\n"] {
        assert!(taken(&Input::bytes("x.csv", other)).is_err(), "{other}");
    }
}

#[test]
fn tables_in_windows_1252_are_read_and_told() {
    let text = "EntityNumber;Language;TypeOfDenomination;Denomination\r\n1999.010.048;2;001;Caf\u{e9} \u{20ac}\r\n";
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| {
            if c == '\u{20ac}' {
                0x80
            } else {
                u8::try_from(u32::from(c)).expect("Latin-1")
            }
        })
        .collect();
    let (text, _, report) = taken(&Input::bytes("denomination.csv", bytes)).expect("a table");
    assert!(text.contains("\"Café €\"@nl"), "{text}");
    assert_eq!(report.codes["N020"].0, 1);
}

#[test]
fn xml_bombs_are_refused() {
    let around = |inside: &str| {
        format!(
            "<Antwoord><Inhoud><Onderneming><Ondernemingsnummer>1999010048</Ondernemingsnummer>\
             <OndernemingOfVestiging><Code>1</Code></OndernemingOfVestiging>{inside}</Onderneming></Inhoud></Antwoord>"
        )
    };
    assert!(taken(&Input::bytes("a.xml", around(""))).is_ok());
    let deep = around(&format!(
        "{}{}",
        "<a>".repeat(1_000_000),
        "</a>".repeat(1_000_000)
    ));
    let bomb = format!(
        "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]>{}",
        around("<Namen>&c;</Namen>")
    );
    let wide = around(&"<Namen/>".repeat(250_000));
    let cut = &around("")[..60];
    for text in [deep.as_str(), &bomb, cut] {
        assert!(taken(&Input::bytes("a.xml", text.to_owned())).is_err());
    }
    let (text, _, report) = taken(&Input::bytes("a.xml", wide)).expect("read");
    assert_eq!((report.records, report.refused_count), (0, 1), "{text}");
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    for (name, text) in [("deep.xml", &deep), ("bomb.xml", &bomb)] {
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("written");
        let loaded = run(&data, ["load", &file.display().to_string()]);
        assert_eq!(loaded.status.code(), Some(1), "{}", stderr(&loaded));
    }
}

#[test]
fn a_folder_of_tables_is_one_source_and_nothing_comes_twice() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let tables = self::folder().join("kbo").display().to_string();
    let first = run(&data, ["load", "--on-violation", "off", &tables]);
    assert!(first.status.success(), "{}", stderr(&first));
    let again = run(&data, ["load", "--on-violation", "off", &tables]);
    assert!(
        stdout(&again)
            .lines()
            .all(|line| !line.starts_with("loaded")),
        "{}",
        stdout(&again)
    );
    let ask =
        "SELECT (COUNT(*) AS ?n) { <https://data.vlaanderen.be/id/organisatie/1999010048> ?p ?o }";
    let count = output(&data, ["query", "--format", "csv", ask]);
    assert!(
        count
            .lines()
            .nth(1)
            .is_some_and(|n| n.trim().parse::<u32>().unwrap_or(0) > 12),
        "{count}"
    );
    let evidence = files(&data.join("evidence"));
    assert!(
        evidence
            .iter()
            .all(|file| file.extension().is_some_and(|e| e == "rows"))
    );
    output(&data, ["check", "--deep"]);
    // As a source: all tables in one graph, in one commit; reading it again changes nothing.
    output(&data, ["source", "add", "kbo", &tables]);
    output(&data, ["gate", "bron/kbo", "--mode", "off"]);
    output(&data, ["source", "run", "kbo"]);
    let before = output(&data, ["log"]).lines().count();
    output(&data, ["source", "run", "kbo"]);
    assert_eq!(output(&data, ["log"]).lines().count(), before);
    let ask = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } FILTER(STRENDS(STR(?g), \"/graph/bron/kbo\")) }";
    let count = output(&data, ["query", "--format", "csv", ask]);
    assert!(
        count
            .lines()
            .nth(1)
            .is_some_and(|n| n.trim().parse::<u32>().unwrap_or(0) > 50),
        "{count}"
    );
}

#[test]
fn a_newer_record_takes_the_place_of_the_parts_of_the_older() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let text = std::fs::read_to_string(self::folder().join("magda/onderneming.xml")).expect("XML");
    let load = |text: &str| {
        let file = folder.path().join("onderneming.xml");
        std::fs::write(&file, text).expect("written");
        output(
            &data,
            ["load", "--on-violation", "off", &file.display().to_string()],
        )
    };
    load(&text);
    let street = |name: &str| {
        let ask = format!(
            "ASK {{ ?a <http://www.w3.org/ns/locn#thoroughfare> ?t FILTER(STR(?t) = \"{name}\") }}"
        );
        output(&data, ["query", &ask]).contains("true")
    };
    assert!(street("Proefstraat"));
    let moved = text.replace("Proefstraat", "Andere Straat").replace(
        "<Adres DatumBegin=\"2016-12-13\">",
        "<Adres DatumBegin=\"2020-01-01\">",
    );
    load(&moved);
    assert!(street("Andere Straat") && !street("Proefstraat"));
    assert!(load(&moved).starts_with("unchanged"));
}

#[test]
fn large_tables_pass_in_bounded_memory() {
    const ROWS: u32 = 200_000;
    struct Rows {
        next: u32,
        ready: Vec<u8>,
        at: usize,
    }
    impl io::Read for Rows {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.at == self.ready.len() {
                if self.next > ROWS {
                    return Ok(0);
                }
                self.ready = if self.next == 0 {
                    b"EntityNumber,Language,TypeOfDenomination,Denomination\n".to_vec()
                } else {
                    let first = 19_000_000 + self.next;
                    let check = 97 - first % 97;
                    format!("{first}{check:02},2,001,Voorbeeld {}\n", self.next).into_bytes()
                };
                self.next += 1;
                self.at = 0;
            }
            let count = buffer.len().min(self.ready.len() - self.at);
            buffer[..count].copy_from_slice(&self.ready[self.at..self.at + count]);
            self.at += count;
            Ok(count)
        }
    }
    let open = || {
        let rows = Rows {
            next: 0,
            ready: Vec::new(),
            at: 0,
        };
        Ok(Box::new(rows) as Box<dyn io::Read>)
    };
    let input = Input::opener("denomination.csv", open);
    let normaliser = Normaliser::shipped();
    let records = records_of(normaliser, &input, &Limits::default()).expect("a table");
    let mut report = RepairReport::default();
    let mut rows = 0_u32;
    // Rows come one by one: none is held when the next one is read.
    records
        .each::<io::Error>(normaliser, "x", &options(), &mut report, &mut |each| {
            match each {
                EachRecord::Done { quads, .. } => {
                    rows += 1;
                    assert!(quads.len() < 8);
                }
                EachRecord::Failed(NormaliseError::Unrecognised) => {}
                EachRecord::Failed(error) => panic!("{error}"),
            }
            Ok(())
        })
        .expect("read");
    assert_eq!(rows, ROWS);
    assert!(report.codes.is_empty(), "{:?}", report.codes);
    assert_eq!(report.omitted.len(), 3);
}
