//! The full run over a loaded town: time, memory, and whether the planted faults are what is found.

use crate::{loaded, status_mib, tell};
use oslo_registry::registry::{Mode, Registry};
use oslo_registry::shapes::{Report, Shapes, Validation, ValidationOptions, read_shapes, validate};
use oslo_registry::store::{Graphs, View};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

const RUNS: usize = 5;
/// After so long the allocator has given back what is free.
pub(crate) const SETTLE: Duration = Duration::from_secs(2);

/// Loads a town into a new registry, faults and all.
pub(crate) fn load(town: &Path, data: &Path) {
    let registry = loaded::open(data);
    loaded::prepare(&registry);
    loaded::load(&registry, town, Mode::Off);
}

pub(crate) fn disk_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => disk_bytes(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

fn compile(registry: &Registry, view: &View) -> Shapes {
    read_shapes(&view.with_graphs(Graphs::set(registry.shapes_graphs(view))))
}

/// Lets the most memory held so far count from now on.
pub(crate) fn forget_peak() {
    // Where the kernel does not let it, the peak of before is told.
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// What is checked: the stored data against some shapes.
fn validation(registry: &Registry, view: &View) -> Validation {
    Validation {
        data: view.with_graphs(Graphs::set(registry.data_graphs(view))),
        context: view.clone(),
        options: ValidationOptions {
            sample_cap: usize::MAX,
            ..ValidationOptions::default()
        },
    }
}

/// Results in a town in which nothing was planted.
pub(crate) fn sound(data: &Path) {
    let registry = loaded::open(data);
    let view = registry.snapshot().view();
    let report = validate(&compile(&registry, &view), &validation(&registry, &view));
    tell("results", report.total() as f64);
    for row in report.results().iter().take(3) {
        eprintln!("found in a sound town: {}", report.term(row.focus));
    }
}

/// Opens a registry whose results another process kept, and asks for them.
pub(crate) fn reopen(data: &Path) {
    let since = Instant::now();
    let registry = loaded::open(data);
    let report = registry.report();
    tell("reopened_ms", since.elapsed().as_secs_f64() * 1e3);
    let (_, is_same) = registry.check_anew(&registry.snapshot());
    assert!(is_same, "what was kept is what a full run finds");
    assert!(report.report.total() > 0, "the town has faults");
}

/// The shapes of the application profiles, without the rules about quality.
fn profiles(registry: &Registry, view: &View) -> Shapes {
    let mut graphs = registry.shapes_graphs(view);
    graphs.retain(|graph| {
        let iri = view.iri(*graph);
        !iri.is_some_and(|iri| iri.contains("/shapes/kwaliteit"))
    });
    read_shapes(&view.with_graphs(Graphs::set(graphs)))
}

pub(crate) fn run(truth: &Path, data: &Path) {
    tell("disk_mib", disk_bytes(data) as f64 / f64::from(1 << 20));
    let registry = loaded::open(data);
    let view = registry.snapshot().view();
    tell("quads", registry.snapshot().quad_count() as f64);
    let mut best = f64::INFINITY;
    for _ in 0..RUNS {
        let since = Instant::now();
        compile(&registry, &view);
        best = best.min(since.elapsed().as_secs_f64());
    }
    tell("compile_ms", best * 1e3);
    let shapes = compile(&registry, &view);
    let validation = validation(&registry, &view);
    let timed_with = |shapes: &Shapes| {
        let since = Instant::now();
        let report = validate(shapes, &validation);
        (since.elapsed().as_secs_f64() * 1e3, report)
    };
    let timed = || timed_with(&shapes);
    let best_of = |shapes: &Shapes| {
        let runs = (0..RUNS).map(|_| timed_with(shapes).0);
        runs.min_by(f64::total_cmp).expect("there are runs")
    };
    let (first, report) = timed();
    tell("first_ms", first);
    drop(report);
    tell("full_ms", best_of(&shapes));
    let profiles = profiles(&registry, &view);
    tell("profiles_ms", best_of(&profiles));
    // The blocks that a run reads are in memory by now, and what runs held is given back.
    std::thread::sleep(SETTLE);
    forget_peak();
    let before = status_mib("self", "VmRSS");
    let (_, report) = timed();
    tell("peak_mib", (status_mib("self", "VmHWM") - before).max(0.0));
    std::thread::sleep(SETTLE);
    tell("held_mib", (status_mib("self", "VmRSS") - before).max(0.0));
    drop(report);
    std::thread::sleep(SETTLE);
    let before = status_mib("self", "VmRSS");
    let live = registry.report();
    std::thread::sleep(SETTLE);
    tell("live_mib", (status_mib("self", "VmRSS") - before).max(0.0));
    drop(live);
    judge(truth, &timed().1);
}

/// Rules that see a planted fault from another side: the unit of an address on two units, an address beside its moved building,
/// the form of a house number, namespace and number that no longer make the IRI, and a key by its issuer.
const FROM_ANOTHER_SIDE: [&str; 5] = ["Q118", "Q129", "Q213", "Q502", "Q507"];

/// Compares shape and focus node of what was planted and what was found.
fn judge(truth: &Path, report: &Report) {
    let text = fs::read_to_string(truth).expect("the list of faults");
    let planted: BTreeSet<(String, String)> = text
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(code, focus)| (code.to_owned(), focus.to_owned()))
        .collect();
    let local = |iri: String| {
        let iri = iri.trim_matches(['<', '>']);
        iri.rsplit(['#', '/']).next().unwrap_or(iri).to_owned()
    };
    let mut found: BTreeSet<(String, String)> = report
        .results()
        .iter()
        .map(|row| {
            let own = report.shape_term(row.shape);
            let shape = if own.is_blank_node() {
                report.shape_term(report.root_of(row.shape))
            } else {
                own
            };
            let focus = report.term(row.focus).to_string();
            (
                local(shape.to_string()),
                focus.trim_matches(['<', '>']).to_owned(),
            )
        })
        .collect();
    found.retain(|pair| planted.contains(pair) || !FROM_ANOTHER_SIDE.contains(&pair.0.as_str()));
    tell("planted", planted.len() as f64);
    tell("found", planted.intersection(&found).count() as f64);
    for (what, of, other) in [("missed", &planted, &found), ("invented", &found, &planted)] {
        let differing: Vec<_> = of.difference(other).collect();
        tell(what, differing.len() as f64);
        let codes: BTreeSet<&str> = differing.iter().map(|(code, _)| code.as_str()).collect();
        if !codes.is_empty() {
            eprintln!("{what}: {codes:?}, such as {:?}", differing[0]);
        }
    }
    for lint in report.not_checked() {
        eprintln!("not checked: {} {}", lint.code, lint.shape_label);
    }
}
