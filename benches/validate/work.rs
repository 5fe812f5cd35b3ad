//! The full run over the work on which other engines were measured: a registry of addresses alone, made by a generator that is not
//! ours and plants one fault in some of its addresses, against the shapes of an address. `OSLO_BENCH_WORK` is the folder of
//! `gen.py` and `shapes.ttl`; without it the section says that it was not measured.

use crate::check::{SETTLE, disk_bytes, forget_peak};
use crate::{loaded, status_mib, subject, tell};
use oslo_registry::ingest::{ContextStore, Input, ParseOptions, parse_into};
use oslo_registry::registry::Mode;
use oslo_registry::shapes::{Shapes, Validation, ValidationOptions, read_shapes, validate};
use oslo_registry::store::{Graphs, Store};
use oxrdf::NamedNode;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

const RUNS: usize = 5;
/// Makes some twelve million triples.
const SCALE: &str = "0.16";
/// Share of the addresses that get a fault.
const SHARE: &str = "0.01";
/// Runs the generator and tells how many faults it planted: it draws one of seven for each, and nothing else of seven.
const COUNTING: &str = "import random, runpy, sys
planted = 0
class Counting(random.Random):
    def randrange(self, *bounds):
        global planted
        planted += bounds == (7,)
        return super().randrange(*bounds)
random.Random = Counting
script = sys.argv.pop(1)
sys.argv[0] = script
runpy.run_path(script)
print(planted)
";

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("OSLO_BENCH_WORK").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/bench"),
        PathBuf::from,
    );
    let is_whole = ["gen.py", "shapes.ttl"]
        .iter()
        .all(|name| folder.join(name).is_file());
    is_whole.then_some(folder)
}

fn shapes_of(file: &Path) -> Shapes {
    let store = Store::in_memory();
    let mut draft = store.scratch();
    let contexts = ContextStore::empty();
    let graph = NamedNode::new_unchecked("urn:x:shapes");
    let mut options = ParseOptions::new(&contexts);
    options.graph = Some(graph.clone());
    parse_into(&mut draft, &Input::file(file), options).expect("the shapes parse");
    let graph = draft.intern_graph(graph.as_ref().into());
    read_shapes(&draft.snapshot().view().with_graphs(Graphs::One(graph)))
}

/// Loads the data into a registry on disk and measures the full run.
pub(crate) fn run(shapes: &Path, data: &Path, folder: &Path) {
    let registry = loaded::open(folder);
    let quads = loaded::load(&registry, data, Mode::Off);
    tell("quads", quads as f64);
    let shapes = shapes_of(shapes);
    let view = registry.snapshot().view();
    let validation = Validation {
        data: view.with_graphs(Graphs::set(registry.data_graphs(&view))),
        context: view.clone(),
        options: ValidationOptions {
            sample_cap: usize::MAX,
            ..ValidationOptions::default()
        },
    };
    let timed = || {
        let since = Instant::now();
        let report = validate(&shapes, &validation);
        (since.elapsed().as_secs_f64() * 1e3, report)
    };
    let (first, report) = timed();
    tell("first_ms", first);
    tell("results", report.total() as f64);
    let focus: BTreeSet<String> = report
        .results()
        .iter()
        .map(|row| report.term(row.focus).to_string())
        .collect();
    tell("nodes", focus.len() as f64);
    let best = (0..RUNS)
        .map(|_| timed().0)
        .min_by(f64::total_cmp)
        .expect("there are runs");
    tell("full_ms", best);
    tell("disk_mib", disk_bytes(folder) as f64 / f64::from(1 << 20));
    drop(report);
    std::thread::sleep(SETTLE);
    forget_peak();
    let before = status_mib("self", "VmRSS");
    tell("store_mib", before);
    let (_, report) = timed();
    tell("peak_mib", (status_mib("self", "VmHWM") - before).max(0.0));
    std::thread::sleep(SETTLE);
    tell("held_mib", (status_mib("self", "VmRSS") - before).max(0.0));
    drop(report);
}

/// Writes the section; whether every planted fault was found and none invented.
pub(crate) fn section(to: &Path, page: &mut String) -> bool {
    page.push_str(
        "## The shapes of an address over twelve million triples\n\nThe work on which other engines were measured: addresses alone, made by a \
         generator that is not ours, with one fault in a\nhundredth of them, against shapes of address, identifier and street name.\n\n",
    );
    let Some(work) = folder() else {
        page.push_str("That work is not here and was not measured.\n\n");
        return true;
    };
    let data = to.join("work.nt");
    let made = |share: &str| {
        let done = Command::new("python3")
            .args(["-c", COUNTING])
            .arg(work.join("gen.py"))
            .args(["--scale", SCALE, "--errors", share, "-o"])
            .arg(&data)
            .output()
            .expect("python3 runs");
        assert!(done.status.success(), "the generator failed");
        let told = String::from_utf8_lossy(&done.stdout);
        told.trim().parse::<f64>().expect("a number of faults")
    };
    let measured = |name: &str| {
        let registry = to.join(name);
        let shapes = work.join("shapes.ttl");
        let argument = format!("{}\t{}", shapes.display(), data.display());
        let told = subject("work", &argument, &registry);
        fs::remove_dir_all(&registry).expect("the registry was measured");
        told
    };
    let planted = made(SHARE);
    let told = measured("work");
    made("0");
    let sound = measured("sound").get("results").copied();
    fs::remove_file(&data).expect("the data were loaded");
    let get = |name: &str| told.get(name).copied().unwrap_or(f64::NAN);
    let _ = writeln!(page, "**{} quads**\n\n| | |\n|---|--:|", get("quads"));
    let mut row = |what: &str, figure: f64| {
        let _ = writeln!(page, "| {what} | {figure:.0} |");
    };
    row("full run, ms", get("full_ms"));
    row("first full run, ms", get("first_ms"));
    row("addresses with a planted fault", planted);
    row("results", get("results"));
    row("nodes with a result", get("nodes"));
    row("on disk, MiB", get("disk_mib"));
    row(
        "memory of the process with the store open, MiB",
        get("store_mib"),
    );
    row("more while validating, MiB", get("peak_mib"));
    row("more with the report in hand, MiB", get("held_mib"));
    let sound = sound.unwrap_or(f64::NAN);
    row("results in the same registry without faults", sound);
    page.push('\n');
    planted == get("results") && planted == get("nodes") && sound == 0.0
}

/// What `run` gets from the command line.
pub(crate) fn ask(argument: &str, folder: &Path) {
    let (shapes, data) = argument.split_once('\t').expect("two files");
    run(Path::new(shapes), Path::new(data), folder);
}
