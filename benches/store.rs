//! Measures the store at two sizes, ten times apart: what a quad costs on disk and in memory, how long loading, reopening,
//! looking up and committing take, and how that changes with size. Each subject is a process of its own, so that memory is
//! its own. Prints a table and writes `docs/benchmarks-store.md`.
//!
//! `OSLO_BENCH_SIZES` (default `10000000,100000000`) sets the sizes; `OSLO_BENCH_DATA` names N-Triples or N-Quads files to
//! use instead of generated towns, separated by commas, smallest first; `OSLO_BENCH_MEMORY` the memory a load may take
//! (bytes, 2 GiB by default). The page is written when the largest size is at least a hundred million, or on
//! `OSLO_BENCH_PAGE=1`.

#[path = "shared/machine.rs"]
mod machine;

use machine::{date, machine};
use oslo_registry::generate::{TownOptions, write_town};
use oslo_registry::ingest::{Input, LoadItem, LoadPlan, load_files};
use oslo_registry::registry::{Mode, Registry, RegistryConfig};
use oslo_registry::store::{CommitMeta, Id, OpenOptions, Store, View};
use oxrdf::{GraphName, Literal, NamedNode, Quad};
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const MEMORY_BYTES: u64 = 2 << 30;
const LOOKUPS: usize = 20_000;
const COMMITS: usize = 200;
/// What the issue of this bench promises; printed beside what was measured.
const PROMISES: [(&str, &str); 8] = [
    ("index", "≤ 22"),
    ("log", "≤ 12"),
    ("resident", "≤ 1,536 at 100 M"),
    ("peak", "≤ memory given"),
    ("reopen", "≤ 2"),
    ("lookup", "p99 ≤ 1"),
    ("growth", "≤ 1.5"),
    ("load", ""),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["subject", "load", file, data] => load(Path::new(file), Path::new(data)),
        ["subject", "reopen", _, data] => reopen(Path::new(data)),
        ["subject", "lookup", _, data] => lookup(Path::new(data)),
        ["subject", "commit", _, data] => commit(Path::new(data)),
        _ => compare(),
    }
}

fn memory_bytes() -> u64 {
    std::env::var("OSLO_BENCH_MEMORY")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(MEMORY_BYTES)
}

/// As the program sets them: a writer with bounded memory leaves readers less.
fn options() -> OpenOptions {
    let usual = OpenOptions::default();
    OpenOptions {
        memory_bytes: memory_bytes(),
        cache_bytes: usual.cache_bytes.min(memory_bytes() / 8),
        ..usual
    }
}

/// Hands figures to the parent process.
fn tell(figures: &[(&str, f64)]) {
    for (name, value) in figures {
        println!("{name} {value}");
    }
}

/// Parse, intern, sort, write index files, append to the log with fsync, checkpoint.
fn load(file: &Path, data: &Path) {
    let registry = Registry::open(data, options(), RegistryConfig::default(), &mut |_, _| {})
        .expect("the registry opens");
    let item = LoadItem {
        input: Input::file(file),
        format: None,
        graph: None,
        base_iri: None,
    };
    let mut plan = LoadPlan::new(&registry, vec![item]);
    plan.gate = Some(Mode::Off);
    let since = Instant::now();
    let summary = load_files(&registry, &plan, &mut |_| {}).expect("the store works");
    assert!(summary.is_complete(), "{:?}", summary.files);
    let seconds = since.elapsed().as_secs_f64();
    let sizes = registry.store().sizes();
    tell(&[
        ("seconds", seconds),
        ("quads", sizes.quads as f64),
        ("index", sizes.index_bytes as f64),
        ("log", sizes.log_bytes as f64),
        ("levels", sizes.levels as f64),
        ("resident", status_mib("VmRSS:")),
        ("peak", status_mib("VmHWM:")),
    ]);
}

/// As a server opens it.
fn open(data: &Path) -> Store {
    Store::open(data, OpenOptions::default()).expect("the store opens")
}

fn reopen(data: &Path) {
    let since = Instant::now();
    let store = open(data);
    let seconds = since.elapsed().as_secs_f64();
    black_box(store.snapshot().quad_count());
    tell(&[("seconds", seconds), ("resident", status_mib("VmRSS:"))]);
}

/// Subjects spread over the whole store, in an order that follows no index.
fn subjects(view: &View, wanted: usize) -> Vec<Id> {
    let total = view.snapshot().quad_count();
    let every = (total / (wanted as u64 * 4)).max(1);
    let mut found: Vec<Id> = view
        .triples(None, None, None)
        .step_by(usize::try_from(every).expect("a step"))
        .map(|[s, ..]| s)
        .collect();
    found.dedup();
    // A fixed shuffle: the same order in every run.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    for at in (1..found.len()).rev() {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        found.swap(at, (state % (at as u64 + 1)) as usize);
    }
    found.truncate(wanted);
    found
}

/// All statements of one subject as text: warm, then timed.
fn lookup(data: &Path) {
    let store = open(data);
    let view = store.snapshot().view();
    let subjects = subjects(&view, LOOKUPS);
    let mut text = Vec::new();
    let mut one = |subject: Id| {
        text.clear();
        let mut rows = 0;
        for (p, o) in view.star(subject) {
            view.write_text(p, &mut text);
            view.write_text(o, &mut text);
            rows += 1;
        }
        assert!(rows > 0, "a subject without statements");
        black_box(text.len());
    };
    subjects.iter().for_each(|subject| one(*subject));
    let mut micros: Vec<f64> = subjects
        .iter()
        .map(|subject| {
            let since = Instant::now();
            one(*subject);
            since.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    tell(&percentiles(&mut micros));
    tell(&[("resident", status_mib("VmRSS:"))]);
}

fn percentiles(values: &mut [f64]) -> [(&'static str, f64); 3] {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values[((values.len() - 1) as f64 * share) as usize];
    [
        ("p50", at(0.5)),
        ("p99", at(0.99)),
        ("mean", values.iter().sum::<f64>() / values.len() as f64),
    ]
}

fn quads(round: usize, count: usize) -> Vec<Quad> {
    (0..count)
        .map(|at| {
            let iri = |kind: &str, n: usize| {
                NamedNode::new_unchecked(format!("https://example.org/{kind}/{n}"))
            };
            Quad::new(
                iri("ding", round * 1_000_000 + at / 10),
                iri("eigenschap", at % 10),
                Literal::new_simple_literal(format!("waarde {round} {at}")),
                GraphName::DefaultGraph,
            )
        })
        .collect()
}

/// Commits of one quad and of a thousand, each durable before the next.
fn commit(data: &Path) {
    let store = open(data);
    let mut figures = Vec::new();
    for (size, names) in [
        (1, ["one_p50", "one_p99"]),
        (1000, ["many_p50", "many_p99"]),
    ] {
        let mut micros: Vec<f64> = (0..COMMITS)
            .map(|round| {
                let quads = quads(round + size * 10_000, size);
                let since = Instant::now();
                let mut draft = store.begin().expect("the store takes writes");
                quads.iter().for_each(|quad| draft.add_quad(quad.as_ref()));
                draft
                    .commit(CommitMeta {
                        agent: "https://example.org/agent".into(),
                        activity: "https://example.org/activity".into(),
                        source: Vec::new(),
                        message: None,
                    })
                    .expect("the commit is durable");
                since.elapsed().as_secs_f64() * 1e6
            })
            .collect();
        let [p50, p99, _] = percentiles(&mut micros);
        figures.push((names[0], p50.1));
        figures.push((names[1], p99.1));
    }
    tell(&figures);
}

/// The figures of one size.
struct Figures {
    label: String,
    text_bytes: f64,
    load: Vec<(String, f64)>,
    reopen: Vec<(String, f64)>,
    lookup: Vec<(String, f64)>,
    commit: Vec<(String, f64)>,
}

fn of(figures: &[(String, f64)], name: &str) -> f64 {
    figures
        .iter()
        .find(|(known, _)| known == name)
        .map_or(f64::NAN, |(_, value)| *value)
}

fn compare() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let inputs = inputs(folder.path());
    let mut all = Vec::new();
    for (number, (label, file)) in inputs.iter().enumerate() {
        let data = folder.path().join(format!("data-{number}"));
        let run = |mode: &str| subject(mode, file, &data);
        let figures = Figures {
            label: label.clone(),
            text_bytes: fs::metadata(file).expect("the data").len() as f64,
            load: run("load"),
            reopen: run("reopen"),
            lookup: run("lookup"),
            commit: run("commit"),
        };
        eprintln!(
            "{label}: loaded in {:.1} s, {:.1} bytes of index and {:.1} of log a quad",
            of(&figures.load, "seconds"),
            of(&figures.load, "index") / of(&figures.load, "quads"),
            of(&figures.load, "log") / of(&figures.load, "quads"),
        );
        all.push(figures);
        fs::remove_dir_all(&data).expect("the data folder goes");
    }
    let page = render(&all);
    print!("{page}");
    let largest = all.iter().map(|f| of(&f.load, "quads")).fold(0.0, f64::max);
    if largest >= 99e6 || std::env::var("OSLO_BENCH_PAGE").is_ok() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks-store.md");
        let old = fs::read_to_string(&path).unwrap_or_default();
        let page = with_section(&old, &page, &all[0].label);
        fs::write(&path, page).expect("docs/benchmarks-store.md is written");
    }
}

/// A page with a new section in place of the one of the same kind of data: generated towns, or files from elsewhere.
fn with_section(old: &str, section: &str, label: &str) -> String {
    let is_town = |text: &str| text.contains("| town of ");
    let mut sections: Vec<&str> = old.split("\n## ").skip(1).collect();
    sections.retain(|known| is_town(known) != label.starts_with("town of "));
    sections.push(section.trim_start_matches("## "));
    // Towns, which anyone can make, come first.
    sections.sort_by_key(|known| !is_town(known));
    let mut page = String::from("# The store at two sizes\n");
    for section in sections {
        page.push_str("\n## ");
        page.push_str(section.trim_end());
        page.push('\n');
    }
    page
}

/// Data files with labels: those named, or towns written now.
fn inputs(folder: &Path) -> Vec<(String, PathBuf)> {
    if let Ok(named) = std::env::var("OSLO_BENCH_DATA") {
        return named
            .split(',')
            .map(|path| {
                let path = PathBuf::from(path);
                let name = path.file_name().unwrap_or_default();
                (name.to_string_lossy().into_owned(), path)
            })
            .collect();
    }
    let sizes = std::env::var("OSLO_BENCH_SIZES").unwrap_or_else(|_| "10000000,100000000".into());
    sizes
        .split(',')
        .map(|size| {
            let quads: u64 = size.trim().parse().expect("a number of quads");
            let path = folder.join(format!("town-{quads}.nq"));
            let options = TownOptions {
                addresses: addresses_for(quads),
                seed: 42,
                ..TownOptions::default()
            };
            let file = File::create(&path).expect("the town's file");
            let out = BufWriter::with_capacity(1 << 20, file);
            let stats = write_town(&options, out, &mut |_| Ok(())).expect("the town is written");
            (
                format!("town of {} quads", grouped(stats.quads as f64)),
                path,
            )
        })
        .collect()
}

/// How many addresses give at least about this many quads; small towns have more streets for each address.
fn addresses_for(quads: u64) -> u64 {
    let options = TownOptions {
        addresses: (quads / 88).clamp(100, 20_000),
        seed: 42,
        ..TownOptions::default()
    };
    let sample = write_town(&options, io::sink(), &mut |_| Ok(())).expect("nothing is written");
    (quads * options.addresses * 101).div_ceil(sample.quads * 100)
}

fn subject(mode: &str, file: &Path, data: &Path) -> Vec<(String, f64)> {
    let program = std::env::current_exe().expect("this program has a path");
    let done = Command::new(program)
        .args(["subject", mode])
        .arg(file)
        .arg(data)
        .output()
        .expect("the subject runs");
    assert!(
        done.status.success(),
        "{mode}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout)
        .lines()
        .filter_map(|line| {
            let (name, value) = line.split_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        })
        .collect()
}

fn grouped(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn render(all: &[Figures]) -> String {
    let date = date();
    let promise = |name: &str| {
        PROMISES
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, text)| text)
    };
    let mut page = match all {
        [first, ..] if first.label.starts_with("town of ") => "## Generated towns\n\n",
        _ => "## Address registries from another generator\n\n",
    }
    .to_owned();
    let _ = writeln!(page, "Made by `make bench-store` on {date}: {}.", machine());
    let _ = writeln!(
        page,
        "Every subject in a process of its own; a load may take {} MiB. Lookups read all statements of one subject as text,\n\
         {} subjects in random order, the second time round. Commits are made durable one by one.\n\
         The last column divides the cost at the largest size by that at the smallest.\n",
        memory_bytes() >> 20,
        grouped(LOOKUPS as f64)
    );
    page.push_str("| figure | promised |");
    for figures in all {
        let _ = write!(page, " {} |", figures.label);
    }
    page.push_str(" growth |\n|---|---|");
    page.push_str(&"--:|".repeat(all.len() + 1));
    page.push('\n');
    let mut row = |name: &str,
                   promised: &str,
                   decimals: usize,
                   grows: bool,
                   value: &dyn Fn(&Figures) -> f64| {
        let _ = write!(page, "| {name} | {promised} |");
        for figures in all {
            let _ = write!(page, " {:.decimals$} |", value(figures));
        }
        match (all.first(), all.last()) {
            (Some(first), Some(last)) if grows && all.len() > 1 => {
                let _ = writeln!(page, " {:.2} |", value(last) / value(first));
            }
            _ => page.push_str(" – |\n"),
        }
    };
    let growth = promise("growth");
    row("quads", "", 0, false, &|f| of(&f.load, "quads"));
    row("text, bytes a quad", "", 1, false, &|f| {
        f.text_bytes / of(&f.load, "quads")
    });
    row(
        "index and dictionary, bytes a quad",
        promise("index"),
        2,
        true,
        &|f| of(&f.load, "index") / of(&f.load, "quads"),
    );
    row("log, bytes a quad", promise("log"), 2, true, &|f| {
        of(&f.load, "log") / of(&f.load, "quads")
    });
    row("load, seconds", promise("load"), 1, false, &|f| {
        of(&f.load, "seconds")
    });
    row(
        "load, µs a quad",
        &format!("growth {growth}"),
        3,
        true,
        &|f| of(&f.load, "seconds") * 1e6 / of(&f.load, "quads"),
    );
    row("load, peak memory, MiB", promise("peak"), 0, false, &|f| {
        of(&f.load, "peak")
    });
    row(
        "after load, resident, MiB",
        promise("resident"),
        0,
        false,
        &|f| of(&f.load, "resident"),
    );
    row("reopen, seconds", promise("reopen"), 3, false, &|f| {
        of(&f.reopen, "seconds")
    });
    row(
        "reopened, resident, MiB",
        promise("resident"),
        0,
        false,
        &|f| of(&f.reopen, "resident"),
    );
    row(
        "lookup, p50, µs",
        &format!("growth {growth}"),
        1,
        true,
        &|f| of(&f.lookup, "p50"),
    );
    row("lookup, p99, ms", promise("lookup"), 4, true, &|f| {
        of(&f.lookup, "p99") / 1e3
    });
    row(
        "after lookups, resident, MiB",
        promise("resident"),
        0,
        false,
        &|f| of(&f.lookup, "resident"),
    );
    row(
        "commit of 1, p50, µs",
        &format!("growth {growth}"),
        0,
        true,
        &|f| of(&f.commit, "one_p50"),
    );
    row("commit of 1, p99, µs", "", 0, true, &|f| {
        of(&f.commit, "one_p99")
    });
    row(
        "commit of 1,000, p50, µs",
        &format!("growth {growth}"),
        0,
        true,
        &|f| of(&f.commit, "many_p50"),
    );
    row("commit of 1,000, p99, µs", "", 0, true, &|f| {
        of(&f.commit, "many_p99")
    });
    page
}

/// A line of the process status, in MiB.
fn status_mib(name: &str) -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name).map(ToOwned::to_owned));
    line.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}
