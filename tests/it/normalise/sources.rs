//! What the sources give as served and normalised: focus nodes and results against the profiles before and after, and the
//! table of `docs/sources.md`. `OSLO_WRITE_SOURCES=1` writes the page anew.

use super::documents::{documents, shared};
use super::taken_in::{Everything, everything};
use super::{options, read};
use oslo_registry::ingest::load::LoadItem;
use oslo_registry::ingest::normalise::{Normaliser, RepairReport, repair_code};
use oslo_registry::ingest::{ContextStore, Input, LoadPlan, ParseOptions, load_files, parse_into};
use oslo_registry::rdf::format::Format;
use oslo_registry::rdf::label::Language;
use oslo_registry::registry::{Mode, Registry, RegistryConfig, StoredReport, assets};
use oxrdf::NamedNode;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// A registry with what validation needs and no data.
pub(super) fn background() -> Registry {
    let registry = Registry::in_memory(RegistryConfig::default());
    let items = assets::background_files()
        .into_iter()
        .map(|asset| LoadItem {
            input: Input::bytes(asset.path, asset.bytes),
            format: None,
            graph: Some(registry.graph_iri(asset.graph)),
            base_iri: None,
        })
        .collect();
    let mut plan = LoadPlan::new(&registry, items);
    plan.gate = Some(Mode::Off);
    let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
    assert!(summary.is_complete());
    registry
}

/// Triples and report of a document read as the JSON-LD it says it is; `None` when it cannot be read.
fn as_served(
    registry: &Registry,
    contexts: &ContextStore,
    name: &str,
    bytes: Vec<u8>,
) -> Option<(u64, StoredReport)> {
    let input = Input::bytes(name, bytes);
    let graph = NamedNode::new_unchecked("urn:test:as-served");
    registry
        .validate_only(|draft| {
            let options = ParseOptions {
                format: Some(Format::JsonLd),
                base_iri: Some("https://example.org/document".to_owned()),
                graph: Some(graph.clone()),
                ..ParseOptions::new(contexts)
            };
            parse_into(draft, &input, options).map(|stats| stats.quads)
        })
        .ok()
}

/// Report and repairs of a document through the normaliser.
fn normalised(registry: &Registry, document: &Value) -> (RepairReport, StoredReport) {
    let normaliser = Normaliser::shipped();
    registry
        .validate_only(|draft| {
            let mut report = RepairReport::default();
            let found = normaliser.document(document).expect("a document");
            report.add_document(&found, "");
            for (path, record) in found.records {
                let mut quads = Vec::new();
                match normaliser.normalise(record, &options(), &mut |quad| quads.push(quad)) {
                    Ok(done) => report.add(&done, quads.len() as u64),
                    Err(error) => report.refuse(path, error.message()),
                }
                for quad in &quads {
                    draft.add_quad(quad.as_ref());
                }
            }
            Ok::<_, std::convert::Infallible>(report)
        })
        .expect("nothing fails")
}

/// Focus nodes of the shapes of some classes: addresses, buildings and the like.
fn focus(report: &StoredReport, label: &str) -> u64 {
    let counts = report.report.focus_counts().iter();
    counts
        .filter(|count| {
            report
                .report
                .shape_term(count.shape)
                .to_string()
                .contains(label)
        })
        .map(|count| count.count)
        .sum()
}

#[test]
fn an_address_gets_the_attention_of_its_shapes() {
    let registry = background();
    let document = read("v2", "adres");
    let (_, after) = normalised(&registry, &document);
    assert_eq!(focus(&after, "adres#AdresShape"), 1);
    // What is left is true: the street, the municipality and the postcode are not in the data.
    let mut left: Vec<String> = after
        .report
        .results()
        .iter()
        .map(|row| {
            format!(
                "{}: {}",
                after.report.path_text(row).unwrap_or_default(),
                after.report.message(row, Language::En)
            )
        })
        .collect();
    left.sort();
    insta::assert_snapshot!("left_of_an_address", left.join("\n"));
    let Some(shared) = shared() else { return };
    let contexts = ContextStore::empty()
        .with_map(&shared.join("oslo/context/CONTEXT-MAP.tsv"))
        .expect("the map of contexts");
    let bytes = serde_json::to_vec(&document).expect("JSON");
    let (triples, before) = as_served(&registry, &contexts, "adres.json", bytes).expect("JSON-LD");
    assert!(triples > 20, "{triples}");
    assert_eq!(focus(&before, "adres#AdresShape"), 0);
}

/// One line of the table.
#[derive(Default)]
struct Row {
    documents: u64,
    unreadable: u64,
    served: u64,
    served_focus: u64,
    served_results: u64,
    repairs: RepairReport,
    focus: u64,
    results: u64,
}

#[test]
fn the_page_of_sources_is_up_to_date() {
    let Some(shared) = shared() else { return };
    let registry = background();
    let contexts = ContextStore::empty()
        .with_map(&shared.join("oslo/context/CONTEXT-MAP.tsv"))
        .expect("the map of contexts");
    let instance = shared.join("registries/instance");
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for (path, document) in documents(&instance) {
        let below = path.strip_prefix(&instance).expect("below");
        let source = below
            .iter()
            .next()
            .expect("a folder")
            .to_string_lossy()
            .into_owned();
        let found = Normaliser::shipped()
            .document(&document)
            .expect("a document");
        let kind = found
            .records
            .first()
            .and_then(|(_, record)| Normaliser::shipped().recognise(record));
        let Some(mapping) = kind else { continue };
        let row = rows
            .entry(format!("{source} | {}", mapping.name()))
            .or_default();
        row.documents += 1;
        let bytes = std::fs::read(&path).expect("a file");
        match as_served(&registry, &contexts, "document.json", bytes) {
            Some((triples, report)) => {
                row.served += triples;
                row.served_focus += own_focus(&report);
                row.served_results += report.report.total();
            }
            None => row.unreadable += 1,
        }
        let (repairs, report) = normalised(&registry, &document);
        row.repairs.merge(&repairs);
        row.focus += own_focus(&report);
        row.results += report.report.total();
    }
    let page = page(&rows, &everything(&shared, Some(&registry)));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sources.md");
    if std::env::var_os("OSLO_WRITE_SOURCES").is_some() {
        std::fs::write(&file, &page).expect("written");
    }
    let there = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        there == page,
        "docs/sources.md is out of date: run the test with OSLO_WRITE_SOURCES=1"
    );
}

/// Focus nodes of the shapes of the objects that the registers hold.
fn own_focus(report: &StoredReport) -> u64 {
    [
        "adres#AdresShape>",
        "adres#StraatnaamShape>",
        "adres#PostinfoShape>",
        "generiek#GemeenteShape>",
        "gebouw#GebouwShape>",
        "gebouw#GebouweenheidShape>",
        "perceel#PerceelShape>",
    ]
    .iter()
    .map(|label| focus(report, label))
    .sum()
}

fn page(rows: &BTreeMap<String, Row>, all: &Everything) -> String {
    let mut out = format!(
        "# Sources\n\n\
         How records of the authentic sources become OSLO, and what had to be mended on the way. The tables are made by a\n\
         test from examples that the sources publish; they are not edited by hand.\n\n\
         ```\n\
         oslo normalise adres.json        # statements on standard output, the report on standard error\n\
         oslo load adres.json             # the same into the graph of the register\n\
         oslo explain N030                # what a code means\n\
         ```\n\n\
         A mapping is a file in `mappings/`: for each key of a source the OSLO property it becomes, or the reason why it is\n\
         left out. Statements of the object itself go to `{{base}}/graph/{{register}}`, those that the record only implies to\n\
         `{{base}}/graph/{{register}}/afgeleid`, with `prov:wasDerivedFrom` to the record. `oslo load` keeps that record, in\n\
         canonical form, as `evidence/{{aa}}/{{digest}}.json` in the data folder. A record by\n\
         itself takes the place of what its source said of the object before; a member of a list is an extract, and takes the\n\
         place of what it speaks of.\n\n\
         A mapping needs no code. It names its source, version, type, register, classes and licence; where the identifier of\n\
         the object stands (`subject`); the nodes of the object (`[[node]]`: role, parent, link, classes, what it always says);\n\
         and a `[[field]]` for each key, with a dotted path and what its value becomes:\n\n\
         | `as` | the value becomes |\n|---|---|\n\
         | `text` | plain text; `format = \"capakey\"` or `\"kbo\"` writes numbers in one notation and checks them |\n\
         | `typed` | a literal of `datatype`; `auto` sees integers, decimals and moments by their form |\n\
         | `boolean`, `language` | a typed literal |\n\
         | `label` | text with its language, however the source wraps it; or the language at `tag`, by code with `tags`, or `lang` |\n\
         | `concept` | a code of the code list `list`, by notation or IRI |\n\
         | `link` | the object of type `to`, by number or IRI; with `role` a node of it; with `inverse` the other way round |\n\
         | `id-block` | identifier with namespace, number and version |\n\
         | `geometry` | GML as sent, and WKT with the IRI of its system; further forms are compared |\n\
         | `wkt`, `geojson` | WKT with the IRI of its system `crs`; with `y` the point of two values |\n\
         | `json` | a structure as it is |\n\
         | `compare`, `omit` | nothing, for the reason given in `nl` and `en` |\n\
         | `private` | nothing, and the evidence does not keep it either: data about persons |\n\n\
         Rows of a table (CSV with a header) and elements of XML are records like any other: `columns` says which table,\n\
         `keys`, `lacks` and `values` which record, `lists` where records stand in a document (`**` is any chain of keys).\n\
         Where a record holds numbers instead of IRIs, `subject` is a template: `https://data.vlaanderen.be/id/organisatie/{{number|kbo}}`;\n\
         so can a `link` be, and `map` gives the IRI of a code. `when` asks for a value elsewhere in the record. A `[[part]]` is an\n\
         object or list in the record with fields of its own, as a node (`role`) or an object (`subject`); `[[skip]]` leaves out a\n\
         record or part. `several = true`: rows of the same object add to each other. `mappings/geen-records.toml` says which\n\
         documents hold no records, and why. Evidence of a table is one file, a line for each row.\n\n\
         `on` puts a value on a node, `derived` in the derived graph, `[[field.also]]` says it once more. What all mappings share\n\
         (prefixes, misspelt keys, keys left out everywhere) is in `mappings/algemeen.toml`.\n\n\
{RDF}\
         ## Records, before and after\n\n\
         Focus: objects that a shape of their class looked at. Results: findings of all shapes, with nothing but the one\n\
         document and the code lists to go by, so that every link to an object in another document counts as one.\n\
         Not JSON-LD: documents whose context is not published, so that they give no triples as served.\n\n\
         | source | mapping | documents | not JSON-LD | records | held back | triples as served | after | focus as served | after | results as served | after |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for (name, row) in rows {
        let _ = writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
            row.documents,
            row.unreadable,
            row.repairs.records,
            row.repairs.refused_count,
            row.served,
            row.repairs.quads,
            row.served_focus,
            row.focus,
            row.served_results,
            row.results
        );
    }
    out.push_str("\n## Repairs of records by code\n\nA read as another name, R repaired, F reported and kept.\n\n| source | mapping | code | | how often | example |\n|---|---|---|---|--:|---|\n");
    for (name, row) in rows {
        for (code, (count, examples)) in &row.repairs.codes {
            let action = repair_code(code).map_or(' ', |row| row.action.letter());
            let example = examples.first().map_or(String::new(), |(_, repair)| {
                repair.message().en.replace('|', "\\|").replace('<', "&lt;")
            });
            let _ = writeln!(out, "| {name} | {code} | {action} | {count} | {example} |");
        }
    }
    let mut omitted = RepairReport::default();
    for row in rows.values() {
        omitted.merge(&row.repairs);
    }
    super::own_contexts::write_contexts(&mut out);
    write_everything(&mut out, all);
    out.push_str("\n## Left out on purpose\n\n| where | how often | why |\n|---|--:|---|\n");
    for (path, (count, reason)) in &omitted.omitted {
        let _ = writeln!(out, "| `{path}` | {count} | {} |", reason.en);
    }
    out
}

/// What the page says of RDF.
const RDF: &str = "\
## RDF\n\n\
RDF of a declared source is mended on its way in, and so is that of `oslo load --repair`; a plain `oslo load` takes it as it\n\
is. What is mended stands in `mappings/rdf/herstel.toml`: twins of namespaces, misspelt terms, terms of implementation\n\
models, properties with a code list, a datatype or text without a language. A text that no strict reader takes is mended\n\
first: Windows-1252 for UTF-8, characters that no IRI may hold, `rdf:langString` without a language, full stops that\n\
`@prefix` and `@base` lack, commas too many in JSON, empty `@type` in JSON-LD contexts.\n\n\
```\n\
oslo load --repair bestuur.ttl                     # what was mended on standard error, an example of each code\n\
oslo load --repair --report json bestuur.ttl       # the same, an object a line\n\
oslo load --repair --keep N002,N041 bestuur.ttl    # all but these\n\
oslo load --repair --strict bestuur.ttl            # refuse what would have to be repaired\n\
oslo source add bestuur bestuur/ --keep N002       # the same choices for a source\n\
oslo source show bestuur                           # how often each code applied in each run\n\
```\n\n\
Codes of action A are read as another name, R are repaired, F are counted and stay as they are. In RDF N031 is counted and\n\
stays too: the shapes judge.\n\n\
A JSON-LD reader drops a key that stands in no context, and a reference that is no IRI, without a word. Here both are told\n\
(N073, N075), with their place in the document, and so is a type in no context (N074), of documents up to 16 MiB. A label\n\
written `:_a` is read as `_:a` (N005) where a node has that label.\n\n";

/// Documents of all sources, what was mended, and what is not taken in.
fn write_everything(out: &mut String, all: &Everything) {
    out.push_str(
        "\n## Everything that is taken in\n\n\
         Documents that can be read, by source and folder; taken in counts those that are known to hold no data too; as served: read by a strict reader as what they say they are, with\n\
         the contexts that are published; after: as a declared source. Focus: nodes that shapes looked at, once for each shape.\n\
         Results: with nothing but these documents and the code lists to go by. Mended: documents no strict reader takes,\n\
         which are taken in now.\n\n\
         | source | folder | documents | taken in | mended | triples as served | after | focus as served | after | results as served | after |\n\
         |---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    let mut total = [0; 9];
    for ((source, folder), group) in &all.groups {
        let counts = [
            group.documents,
            group.taken,
            group.saved,
            group.served.triples,
            group.after.triples,
            group.served.focus,
            group.after.focus,
            group.served.results,
            group.after.results,
        ];
        let _ = write!(out, "| {source} | {folder} |");
        for (sum, count) in total.iter_mut().zip(counts) {
            *sum += count;
            let _ = write!(out, " {count} |");
        }
        out.push('\n');
    }
    out.push_str("| all | |");
    for sum in total {
        let _ = write!(out, " {sum} |");
    }
    out.push('\n');
    out.push_str(
        "\n### What was mended\n\n| source | folder | code | | how often | example |\n|---|---|---|---|--:|---|\n",
    );
    for ((source, folder), group) in &all.groups {
        for (code, (count, examples)) in &group.repairs.codes {
            let action = repair_code(code).map_or(' ', |row| row.action.letter());
            let example = examples.first().map_or(String::new(), |(_, repair)| {
                let text = repair.message().en.replace(['\n', '\r', '\t'], " ");
                text.replace('|', "\\|").replace('<', "&lt;")
            });
            let _ = writeln!(
                out,
                "| {source} | {folder} | {code} | {action} | {count} | {example} |"
            );
        }
    }
    out.push_str("\n### What is not taken in\n\n| documents | why |\n|--:|---|\n");
    for (why, count) in &all.reasons {
        let _ = writeln!(out, "| {count} | {why} |");
    }
    out.push_str(
        "\n### What no strict reader takes\n\nTaken in, by code of the repair that it took:\n\n| code | documents | |\n|---|--:|---|\n",
    );
    for (code, count) in &all.saved {
        let hint = repair_code(code).map_or("", |row| row.hint_en);
        let _ = writeln!(out, "| {code} | {count} | {hint} |");
    }
    out.push_str("\nRefused, by what is wrong:\n\n| documents | |\n|--:|---|\n");
    for (why, count) in &all.lost {
        let _ = writeln!(out, "| {count} | {why} |");
    }
}
