//! From file to report: this engine, the package `shacl` and pySHACL on the same two N-Triples files, each a process of its
//! own from start to end. Rules in SPARQL are left out.

use crate::{FAULTS, Plan, Timed, loaded, timed, town};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::registry::{Registry, RegistryConfig};
use oslo_registry::shapes::{Validation, ValidationOptions, read_shapes, validate};
use oslo_registry::store::{Graphs, Store};
use oxrdf::NamedNode;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Rules that are SPARQL queries.
const SPARQL_RULES: &str = "/graph/shapes/kwaliteit-sparql";

/// Reads both files, validates, and writes the report as Turtle.
pub(crate) fn own(shapes: &Path, data: &Path, report: &Path) {
    let store = Store::in_memory();
    let mut draft = store.scratch();
    let contexts = ContextStore::empty();
    let mut graph_of = |file: &Path, name: &str| {
        let graph = NamedNode::new_unchecked(name);
        let mut options = ParseOptions::new(&contexts);
        options.graph = Some(graph.clone());
        parse_into(&mut draft, &Input::file(file), options).expect("the file parses");
        draft.intern_graph(graph.as_ref().into())
    };
    let shapes = graph_of(shapes, "urn:x:shapes");
    let data = graph_of(data, "urn:x:data");
    let view = draft.snapshot().view();
    let shapes = read_shapes(&view.with_graphs(Graphs::One(shapes)));
    let data = view.with_graphs(Graphs::One(data));
    let found = validate(
        &shapes,
        &Validation {
            data: data.clone(),
            context: data,
            options: ValidationOptions {
                sample_cap: usize::MAX,
                ..ValidationOptions::default()
            },
        },
    );
    let mut out = BufWriter::new(File::create(report).expect("the report's file"));
    found
        .render_turtle(&mut out)
        .expect("the report is written");
    out.flush().expect("the report is written");
    // For the count of results, which Turtle does not show line by line.
    fs::write(report.with_extension("count"), found.total().to_string())
        .expect("the count is written");
}

/// Writes the shapes that ship, and a town with vocabularies and code lists; how many triples the latter are.
fn write_files(quads: u64, shapes: &Path, data: &Path) -> u64 {
    let registry = Registry::in_memory(RegistryConfig::default());
    loaded::prepare(&registry);
    let view = registry.snapshot().view();
    let create = |path: &Path| BufWriter::new(File::create(path).expect("a file is created"));
    let (mut rules, mut facts) = (create(shapes), create(data));
    let mut triples = 0;
    for quad in view.quads(None, None, None, None) {
        let graph = view.iri(quad.g).unwrap_or_default();
        if graph.contains(SPARQL_RULES) {
            continue;
        }
        let is_rule = graph.contains("/graph/shapes/");
        let out = if is_rule { &mut rules } else { &mut facts };
        triples += u64::from(!is_rule);
        let [s, p, o] = [quad.s, quad.p, quad.o].map(|id| view.term(id));
        writeln!(out, "{s} {p} {o} .").expect("a line is written");
    }
    let town = data.with_extension("nq");
    triples += town::write(&town, quads, FAULTS, &mut |_| Ok(())).quads;
    for line in BufReader::new(File::open(&town).expect("the town")).lines() {
        let line = line.expect("the town is text");
        // Graph names are IRIs without spaces.
        let end = line.rfind(" <").expect("every quad has a graph");
        writeln!(facts, "{} .", &line[..end]).expect("a line is written");
    }
    fs::remove_file(town).expect("the town was read");
    triples
}

/// One engine's best time.
struct Row {
    name: &'static str,
    best: Timed,
    results: Option<u64>,
}

/// Measures all engines on all files and writes the tables. Whether all found as much.
pub(crate) fn section(plan: &Plan, folder: &Path, page: &mut String) -> bool {
    let validators = std::env::var_os("OSLO_VALIDATORS").map(PathBuf::from);
    page.push_str(
        "From the start of the process to the report on disk: read two N-Triples files (shapes; data with vocabularies and code lists),\n\
         validate, write the report. Without the rules that are SPARQL queries. Ratios are to oslo in the same run.\n\n",
    );
    if validators.is_none() {
        page.push_str("The other validators are not installed and were not measured.\n\n");
    }
    let mut agreed = true;
    for (quads, with_pyshacl) in plan.files {
        let (shapes, data) = (folder.join("shapes.nt"), folder.join("data.nt"));
        let triples = write_files(*quads, &shapes, &data);
        let mut rows = vec![measure_own(plan, &shapes, &data, folder)];
        if let Some(validators) = &validators {
            rows.push(measure_peer(
                "shacl",
                plan.rounds,
                validators,
                (&shapes, &data),
            ));
            if *with_pyshacl {
                rows.push(measure_peer("pyshacl", 1, validators, (&shapes, &data)));
            }
        }
        let _ = writeln!(
            page,
            "**{triples} triples**\n\n| | seconds | ratio | peak memory (MiB) | results |\n|---|--:|--:|--:|--:|"
        );
        let own = rows[0].best.seconds;
        for row in &rows {
            let _ = writeln!(
                page,
                "| {} | {:.2} | {:.2} | {:.0} | {} |",
                row.name,
                row.best.seconds,
                row.best.seconds / own,
                row.best.peak_mib,
                row.results.map_or("–".to_owned(), |n| n.to_string()),
            );
        }
        page.push('\n');
        if rows.iter().any(|row| row.results != rows[0].results) {
            eprintln!("{triples} triples: not all found the same number of results");
            agreed = false;
        }
    }
    agreed
}

fn best(rounds: usize, mut run: impl FnMut() -> Timed) -> Timed {
    (0..rounds)
        .map(|_| run())
        .min_by(|a, b| a.seconds.total_cmp(&b.seconds))
        .expect("there are rounds")
}

fn measure_own(plan: &Plan, shapes: &Path, data: &Path, folder: &Path) -> Row {
    let report = folder.join("report.ttl");
    let program = std::env::current_exe().expect("this program has a path");
    let best = best(plan.rounds, || {
        let mut command = Command::new(&program);
        command
            .args(["subject", "file"])
            .args([shapes, data, &report]);
        timed(&mut command, "")
    });
    let count = fs::read_to_string(report.with_extension("count")).ok();
    Row {
        name: "oslo",
        best,
        results: count.and_then(|text| text.parse().ok()),
    }
}

fn measure_peer(
    name: &'static str,
    rounds: usize,
    validators: &Path,
    (shapes, data): (&Path, &Path),
) -> Row {
    let report = data.with_extension(format!("{name}.nt"));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/validators/ask.py");
    let question = format!(
        "{}\t{}\t{}\n",
        shapes.display(),
        data.display(),
        report.display()
    );
    let best = best(rounds, || {
        let mut command = Command::new(validators.join("venv/bin/python"));
        command
            .args(["-W", "ignore", script, name, "3600", "work"])
            .env("PYTHONDONTWRITEBYTECODE", "1");
        timed(&mut command, &question)
    });
    let text = fs::read_to_string(&report).unwrap_or_default();
    let refused = text.lines().next().filter(|line| line.starts_with('#'));
    if let Some(line) = refused {
        eprintln!("{name}: {line}");
    }
    let results = text.matches("<http://www.w3.org/ns/shacl#result>").count() as u64;
    Row {
        name: if name == "shacl" {
            "`shacl` 0.3.4 (PyPI)"
        } else {
            "pySHACL 0.40.1"
        },
        best,
        results: refused.is_none().then_some(results),
    }
}
