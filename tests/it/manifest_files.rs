//! Every published file beside the project: vocabularies, shapes, code lists, contexts and register data of public bodies,
//! good and broken ones. What the manifest says of a file is what loading it must give.

use crate::suite::conformance_folder;
use oslo_registry::ingest::{
    ContextStore, Diagnostic, Input, ParseOptions, ParseStats, parse_into,
};
use oslo_registry::rdf::format::Format;
use oslo_registry::rdf::label::Language;
use oslo_registry::store::Store;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

struct Row {
    path: String,
    count: u64,
    unit: String,
    parses: bool,
    why: String,
}

fn data_folder() -> Option<PathBuf> {
    let folder = conformance_folder()?.parent()?.to_path_buf();
    folder.join("MANIFEST.tsv").is_file().then_some(folder)
}

fn rows(folder: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(folder.join("MANIFEST.tsv")).expect("the manifest is there");
    text.lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|cells| !cells[0].starts_with("conformance/"))
        .map(|cells| Row {
            path: cells[0].to_owned(),
            count: cells[6].parse().unwrap_or(0),
            unit: cells[7].to_owned(),
            parses: cells[8] == "yes",
            why: cells[9].to_owned(),
        })
        .collect()
}

/// Loads one file into an empty store; returns what was said and how many quads the store would hold.
fn load(
    folder: &Path,
    row: &Row,
    contexts: &ContextStore,
) -> Result<(ParseStats, u64), Box<Diagnostic>> {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("a new store takes a writer");
    // One published file has a name that tells nothing; a steward names the format.
    let format = row.path.ends_with(".path").then_some(Format::Turtle);
    let input = Input::file(folder.join(&row.path));
    let options = || ParseOptions {
        format,
        base_iri: Some(format!("http://example.org/base/{}", row.path)),
        pass_over_contexts: true,
        ..ParseOptions::new(contexts)
    };
    let outcome = parse_into(&mut draft, &input, options());
    let quads = draft.snapshot().quad_count();
    if outcome.is_ok() {
        parse_into(&mut draft, &input, options()).expect("it was read a moment ago");
        let again = draft.snapshot().quad_count();
        assert_eq!(again, quads, "{} differs when loaded again", row.path);
    }
    drop(draft);
    assert_eq!(
        store.snapshot().quad_count(),
        0,
        "{} left a trace",
        row.path
    );
    outcome.map(|stats| (stats, quads)).map_err(Box::new)
}

/// A kind of published file, by what the manifest says of it.
fn expectation(row: &Row) -> &'static str {
    match (row.unit.as_str(), row.parses) {
        ("triples" | "quads", true) => "statements",
        ("rows" | "elements", _) => "not rdf",
        ("terms", true) => "context",
        ("keys", true) if row.why.contains("remote context") => "remote context",
        ("keys", true) => "plain json",
        (_, false) => "broken",
        _ => "unknown",
    }
}

#[test]
fn published_files_load_as_the_manifest_says() {
    let Some(folder) = data_folder() else {
        return;
    };
    let none = ContextStore::empty();
    let mapped = ContextStore::empty()
        .with_map(&folder.join("oslo/context/CONTEXT-MAP.tsv"))
        .expect("the context map is sound");
    let available: BTreeSet<String> = mapped.iris().map(ToOwned::to_owned).collect();
    let mut wrong = Vec::new();
    let mut tally: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut refusals = BTreeMap::new();
    let mut shown: BTreeMap<&str, String> = BTreeMap::new();
    for row in rows(&folder) {
        let kind = expectation(&row);
        let outcome = load(&folder, &row, &none);
        let code = outcome.as_ref().map_or_else(|d| d.code, |_| "loaded");
        *tally.entry((kind, code)).or_default() += 1;
        if let Err(diagnostic) = &outcome {
            refusals.insert(row.path.clone(), diagnostic.code);
            shown
                .entry(diagnostic.code)
                .or_insert_with(|| diagnostic.render(Language::Nl));
        }
        let problem = match (kind, &outcome) {
            // The manifest counts repeated statements each time; the store holds them once.
            ("statements", Ok((stats, quads))) => {
                let distinct = distinct(&folder, &row);
                (stats.quads != row.count || *quads != distinct).then(|| {
                    format!(
                        "{} statements and {quads} quads, expected {} and {distinct}",
                        stats.quads, row.count
                    )
                })
            }
            ("not rdf", Err(d)) if d.code == "P002" => None,
            ("context" | "plain json", Ok((stats, 0))) if !stats.warnings.is_empty() => None,
            ("plain json", Err(d)) if d.code == "P002" && row.path.contains("schema") => None,
            ("remote context", Err(d)) if d.code == "P031" && d.location.line.is_some() => None,
            ("broken", Err(d)) if d.location.line.is_some() && d.location.column.is_some() => {
                wrong_line(&row, d)
            }
            (_, Ok((stats, quads))) => Some(format!("loaded {quads} of {} quads", stats.quads)),
            (_, Err(d)) => Some(d.render(Language::En)),
        };
        if let Some(problem) = problem {
            wrong.push(format!("{kind}: {}: {problem}", row.path));
        }
        if kind == "remote context" {
            let outcome = load(&folder, &row, &mapped);
            let code = outcome.as_ref().map_or_else(|d| d.code, |_| "loaded");
            *tally.entry(("with context map", code)).or_default() += 1;
            let named = row.why.rsplit("context(s) ").next().unwrap_or("");
            let named = named.split(';').next().unwrap_or("");
            let all_here = named
                .split([' ', ',', ';'])
                .filter(|i| !i.is_empty())
                .all(|i| available.contains(i));
            match outcome {
                Ok((stats, _)) if !all_here => {
                    wrong.push(format!(
                        "{}: loaded {} without its contexts",
                        row.path, stats.quads
                    ));
                }
                // A copy may itself be no valid context.
                Err(d) if d.code == "P033" => {
                    shown
                        .entry("P033")
                        .or_insert_with(|| d.render(Language::Nl));
                }
                Err(d) if d.code != "P034" && (all_here || d.code != "P031") => {
                    wrong.push(format!("{}: {}", row.path, d.render(Language::En)));
                }
                _ => {}
            }
        }
    }
    check_defects(&folder, &refusals, &mut wrong);
    for ((kind, code), count) in &tally {
        eprintln!("{kind:>18} {code:>8} {count}");
    }
    if std::env::var_os("OSLO_SHOW").is_some() {
        shown.values().for_each(|text| eprintln!("{text}"));
    }
    assert!(
        wrong.is_empty(),
        "{} files:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Different statements according to another reader of the same file.
fn distinct(folder: &Path, row: &Row) -> u64 {
    let mut name = row.path.as_str();
    let mut bytes = std::fs::read(folder.join(name)).expect("the file was just loaded");
    if let Some(unpacked) = name.strip_suffix(".gz") {
        name = unpacked;
        let mut content = Vec::new();
        flate2::read::MultiGzDecoder::new(bytes.as_slice())
            .read_to_end(&mut content)
            .expect("the file was just loaded");
        bytes = content;
    }
    let extension = name.rsplit('.').next().unwrap_or("");
    let format = match extension {
        "json" => oxrdfio::RdfFormat::from_extension("jsonld"),
        "path" => Some(oxrdfio::RdfFormat::Turtle),
        other => oxrdfio::RdfFormat::from_extension(other),
    };
    let parser = oxrdfio::RdfParser::from_format(format.expect("is an RDF extension"))
        .with_base_iri(format!("http://example.org/base/{}", row.path))
        .expect("is an IRI");
    let quads: std::collections::HashSet<oxrdf::Quad> = parser
        .for_slice(&bytes)
        .map(|quad| quad.expect("the file was just loaded"))
        .collect();
    quads.len() as u64
}

/// Whether the place named is far from the one the manifest has from another reader run in the same mode.
fn wrong_line(row: &Row, diagnostic: &Diagnostic) -> Option<String> {
    let after = row.why.split_once("line ")?.1;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    let expected: u64 = digits.parse().ok()?;
    let found = diagnostic.location.line?;
    (found.abs_diff(expected) > 1).then(|| {
        format!(
            "line {found}, manifest: {expected}\n{}",
            diagnostic.render(Language::En)
        )
    })
}

/// The list of known defects names a kind for every broken file: our code must say the same.
fn check_defects(
    folder: &Path,
    refusals: &BTreeMap<String, &'static str>,
    wrong: &mut Vec<String>,
) {
    let text = std::fs::read_to_string(folder.join("DEFECTS.tsv")).expect("the list is there");
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split('\t').collect();
        if cells[1] != "syntax" {
            continue;
        }
        let codes: &[&str] = match cells[2] {
            "bad-json" => &["P030"],
            "undeclared-prefix" => &["P012"],
            "langstring-without-tag" => &["P017"],
            "invalid-utf8" => &["P010"],
            "illegal-iri" => &["P013"],
            "truncated" => &["P015"],
            "newline-in-literal" => &["P014"],
            "bad-language-tag" => &["P016"],
            "bad-jsonld" => &["P034"],
            _ => &["P018", "P019", "P024"],
        };
        let code = refusals.get(cells[0]).copied().unwrap_or("loaded");
        if !codes.contains(&code) {
            wrong.push(format!("{}: {code} for {}", cells[0], cells[2]));
        }
    }
}
