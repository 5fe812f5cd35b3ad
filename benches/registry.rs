//! Measures loading, restarting and validating beside the Oxigraph crate in memory, each in a process of its own so that
//! peak memory is per subject. Prints a table and writes `docs/benchmarks.md`.
//!
//! `OSLO_BENCH_QUADS` sets the size (a million by default), `OSLO_BENCH_DATE` the date in the page. A run with another
//! size than the default prints, but writes no page.

#[path = "shared/machine.rs"]
mod machine;

use machine::{date, machine};
use oslo_registry::generate::{TownOptions, write_town};
use oslo_registry::ingest::load::CommitUnit;
use oslo_registry::ingest::{Input, LoadItem, LoadPlan, load_files};
use oslo_registry::registry::{Mode, Registry, RegistryConfig, assets};
use oslo_registry::store::OpenOptions;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufReader, BufWriter};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

const DEFAULT_QUADS: u64 = 1_000_000;
const ROUNDS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["subject", "load", file, data] => load(Path::new(file), Path::new(data), Mode::Reject),
        ["subject", "load-unchecked", file, data] => {
            load(Path::new(file), Path::new(data), Mode::Off)
        }
        ["subject", "restart", _, data] => restart(Path::new(data)),
        ["subject", "report", _, data] => report(Path::new(data)),
        ["subject", "oxigraph", file, _] => oxigraph_load(Path::new(file)),
        _ => compare(),
    }
}

/// One measurement of a subject.
#[derive(Clone, Copy)]
struct Measured {
    seconds: f64,
    peak_mib: f64,
    quads: u64,
}

impl Measured {
    /// Hands the figures to the parent process.
    fn tell(since: Instant, quads: u64) {
        let seconds = since.elapsed().as_secs_f64();
        println!("{seconds} {} {quads}", peak_mib());
    }

    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split_whitespace();
        Some(Self {
            seconds: parts.next()?.parse().ok()?,
            peak_mib: parts.next()?.parse().ok()?,
            quads: parts.next()?.parse().ok()?,
        })
    }
}

fn open(data: &Path) -> Registry {
    Registry::open(
        data,
        OpenOptions::default(),
        RegistryConfig::default(),
        &mut |_, _| {},
    )
    .expect("the registry opens")
}

/// Vocabularies, code lists and shapes: what is there before the data come.
fn prepare(registry: &Registry) {
    let items = assets::background_files()
        .iter()
        .map(|asset| LoadItem {
            input: Input::bytes(asset.path, asset.bytes),
            format: None,
            graph: Some(registry.graph_iri(asset.graph)),
            base_iri: None,
        })
        .collect();
    let mut plan = LoadPlan::new(registry, items);
    plan.gate = Some(Mode::Off);
    plan.unit = CommitUnit::Together;
    assert!(
        load_files(registry, &plan, &mut |_| {})
            .expect("the store works")
            .is_complete()
    );
}

/// Parse, intern, check against all shapes, append with fsync, index.
fn load(file: &Path, data: &Path, gate: Mode) {
    let registry = open(data);
    prepare(&registry);
    let item = LoadItem {
        input: Input::file(file),
        format: None,
        graph: None,
        base_iri: None,
    };
    let mut plan = LoadPlan::new(&registry, vec![item]);
    plan.gate = Some(gate);
    let since = Instant::now();
    let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
    assert!(summary.is_complete(), "{:?}", summary.files);
    Measured::tell(since, summary.quads_added());
}

/// Open the folder and rebuild the index from the log.
fn restart(data: &Path) {
    let since = Instant::now();
    let registry = open(data);
    Measured::tell(since, registry.snapshot().quad_count());
}

/// Check the whole registry against all shapes.
fn report(data: &Path) {
    let registry = open(data);
    let since = Instant::now();
    let stored = registry.report();
    black_box(stored.report.results().len());
    Measured::tell(since, registry.snapshot().quad_count());
}

/// The peer: in memory, without log, fsync or shapes.
fn oxigraph_load(file: &Path) {
    let store = oxigraph::store::Store::new().expect("a store in memory");
    let input = BufReader::with_capacity(1 << 20, File::open(file).expect("the town"));
    let since = Instant::now();
    let mut loader = store.bulk_loader();
    loader
        .load_from_reader(oxigraph::io::RdfFormat::NQuads, input)
        .expect("the town parses");
    loader.commit().expect("a store in memory");
    let quads = store.len().expect("a store in memory") as u64;
    Measured::tell(since, quads);
}

fn compare() {
    let wanted = std::env::var("OSLO_BENCH_QUADS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(DEFAULT_QUADS);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let town = folder.path().join("town.nq");
    let addresses = addresses_for(wanted);
    let options = TownOptions {
        addresses,
        seed: 42,
        ..TownOptions::default()
    };
    let out = BufWriter::with_capacity(1 << 20, File::create(&town).expect("the town's file"));
    let stats = write_town(&options, out, &mut |_| Ok(())).expect("the town is written");
    let megabytes = fs::metadata(&town).expect("the town's file").len() as f64 / 1e6;
    eprintln!(
        "{} quads of {addresses} addresses, {megabytes:.0} MB",
        stats.quads
    );

    let mut results: Vec<(&str, &str, Measured)> = Vec::new();
    for (mode, label) in [
        (
            "load",
            "oslo: load with all shapes (parse, check, commit with fsync, index)",
        ),
        (
            "load-unchecked",
            "oslo: load without checking (parse, commit with fsync, index)",
        ),
        ("restart", "oslo: restart (open, replay the log, index)"),
        ("report", "oslo: validation report of the whole registry"),
        (
            "oxigraph",
            "oxigraph 0.5 in memory: bulk load (no log, no fsync, no shapes)",
        ),
    ] {
        let best = (0..ROUNDS)
            .map(|round| {
                // Restart and report read what the last checked load left.
                let data = match mode {
                    "restart" | "report" => format!("load-{}", ROUNDS - 1),
                    mode => format!("{mode}-{round}"),
                };
                measure(mode, &town, &folder.path().join(data))
            })
            .min_by(|a, b| a.seconds.total_cmp(&b.seconds))
            .expect("there are rounds");
        eprintln!("{label}: {:.2} s, {:.0} MiB", best.seconds, best.peak_mib);
        results.push((mode, label, best));
    }
    let log = fs::metadata(
        folder
            .path()
            .join(format!("load-{}", ROUNDS - 1))
            .join("log/000000000001.log"),
    )
    .map_or(0, |m| m.len());
    let page = render(&results, stats.quads, megabytes, log as f64 / 1e6);
    print!("{page}");
    if wanted == DEFAULT_QUADS {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
        fs::write(&path, page).expect("docs/benchmarks.md is written");
    }
}

/// How many addresses give at least about this many quads; small towns have more streets for each address.
fn addresses_for(quads: u64) -> u64 {
    let options = TownOptions {
        addresses: (quads / 88).clamp(100, 20_000),
        seed: 42,
        ..TownOptions::default()
    };
    let sample = write_town(&options, io::sink(), &mut |_| Ok(())).expect("nothing is written");
    // One in a hundred more, because the sample is not the whole.
    (quads * options.addresses * 101).div_ceil(sample.quads * 100)
}

fn measure(mode: &str, town: &Path, data: &Path) -> Measured {
    let program = std::env::current_exe().expect("this program has a path");
    let done = Command::new(program)
        .args(["subject", mode])
        .arg(town)
        .arg(data)
        .output()
        .expect("the subject runs");
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(
        done.status.success(),
        "{mode}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    Measured::parse(&text).unwrap_or_else(|| panic!("{mode} said {text:?}"))
}

fn render(
    results: &[(&str, &str, Measured)],
    quads: u64,
    megabytes: f64,
    log_megabytes: f64,
) -> String {
    let peer = results
        .iter()
        .find(|(mode, ..)| *mode == "oxigraph")
        .map(|(.., measured)| *measured);
    let date = date();
    let mut page = String::from("# Benchmarks\n\n");
    let _ = writeln!(page, "Made by `make bench` on {date}: {}.", machine());
    let _ = writeln!(
        page,
        "Data: a synthetic town of {quads} quads ({megabytes:.0} MB of N-Quads, seed 42), beside all shipped vocabularies, code lists and shapes.\n\
         Best of {ROUNDS}, every subject in a process of its own; ratios are against the peer in the same run.\n\
         The commit log afterwards takes {log_megabytes:.0} MB.\n"
    );
    page.push_str("| subject | seconds | quads/s | time ratio | peak memory (MiB) | memory ratio |\n|---|--:|--:|--:|--:|--:|\n");
    for (mode, label, it) in results {
        // Only loads do what the peer does; the rest has no counterpart.
        let comparable = matches!(*mode, "load" | "load-unchecked" | "oxigraph");
        let ratio = |own: f64, other: Option<f64>| match other {
            Some(other) if comparable => format!("{:.2}", own / other),
            _ => "–".to_owned(),
        };
        let _ = writeln!(
            page,
            "| {label} | {:.2} | {:.0} | {} | {:.0} | {} |",
            it.seconds,
            it.quads as f64 / it.seconds,
            ratio(it.seconds, peer.map(|peer| peer.seconds)),
            it.peak_mib,
            ratio(it.peak_mib, peer.map(|peer| peer.peak_mib)),
        );
    }
    page
}

/// Most memory this process held at once.
fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}
