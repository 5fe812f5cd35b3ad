//! Measures SHACL: the full run over towns with planted faults (every fault found, none invented), a commit that touches a
//! hundred objects, the memory above the store, and, beside pySHACL and the package `shacl` on the same files, the way from
//! file to report. Every subject runs in a process of its own. Prints tables and writes `docs/benchmarks-shacl.md`; fails
//! when what was found is not what was planted.
//!
//! `OSLO_VALIDATORS` names the folder of the others (`make bench-shacl` installs them). With `OSLO_BENCH_SHORT` set the
//! towns are small and no page is written. `OSLO_BENCH_DATE` is the date in the page.

#[path = "validate/check.rs"]
mod check;
#[path = "validate/files.rs"]
mod files;
#[path = "validate/gate.rs"]
mod gate;
#[path = "shared/loaded.rs"]
mod loaded;
#[path = "shared/machine.rs"]
mod machine;
#[path = "shared/town.rs"]
mod town;
#[path = "validate/work.rs"]
mod work;

use machine::{date, machine};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// As the program has: memory that is given back is not counted for long.
#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Share of the fitting objects that gets each kind of fault.
const FAULTS: f64 = 0.0003;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["subject", "load", town, data] => check::load(Path::new(town), Path::new(data)),
        ["subject", "check", truth, data] => check::run(Path::new(truth), Path::new(data)),
        ["subject", "sound", _, data] => check::sound(Path::new(data)),
        ["subject", "reopen", _, data] => check::reopen(Path::new(data)),
        ["subject", "work", files, data] => work::ask(files, Path::new(data)),
        ["subject", "gate", commits, data] => gate::run(commits, Path::new(data)),
        ["subject", "file", shapes, data, report] => {
            files::own(Path::new(shapes), Path::new(data), Path::new(report));
        }
        _ => return compare(),
    }
    ExitCode::SUCCESS
}

/// Sizes and repetitions of a run.
struct Plan {
    /// Quads of the towns of which the full run and commits are measured.
    towns: &'static [u64],
    /// Quads of the towns that all engines read from files, and whether pySHACL does so too.
    files: &'static [(u64, bool)],
    rounds: usize,
    commits: u64,
    writes_page: bool,
}

const FULL: Plan = Plan {
    towns: &[1_200_000, 12_000_000],
    files: &[(123_000, true), (1_200_000, false)],
    rounds: 3,
    commits: 200,
    writes_page: true,
};
const SHORT: Plan = Plan {
    towns: &[60_000],
    files: &[(12_000, true)],
    rounds: 1,
    commits: 20,
    writes_page: false,
};

/// What a subject told, by name.
type Told = BTreeMap<String, f64>;

/// Tells the parent process a figure.
pub(crate) fn tell(name: &str, value: f64) {
    println!("{name}\t{value}");
}

/// A line of `/proc/self/status` in MiB.
pub(crate) fn status_mib(pid: &str, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(0.0, |kib| kib / 1024.0)
}

fn subject(mode: &str, first: &str, data: &Path) -> Told {
    let program = std::env::current_exe().expect("this program has a path");
    let done = Command::new(program)
        .args(["subject", mode, first])
        .arg(data)
        .stderr(Stdio::inherit())
        .output()
        .expect("the subject runs");
    let text = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{mode} failed: {text}");
    text.lines()
        .filter_map(|line| {
            let (name, value) = line.split_once('\t')?;
            Some((name.to_owned(), value.parse().ok()?))
        })
        .collect()
}

/// A process from its start to its end.
struct Timed {
    seconds: f64,
    peak_mib: f64,
}

/// Runs a command; `input` goes to its standard input.
fn timed(command: &mut Command, input: &str) -> Timed {
    use std::io::Write as _;
    let since = Instant::now();
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the subject starts");
    let mut stdin = child.stdin.take().expect("its input is piped");
    stdin.write_all(input.as_bytes()).expect("it reads");
    drop(stdin);
    let pid = child.id().to_string();
    let mut peak_mib = 0.0_f64;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it can be waited for") {
            break status;
        }
        peak_mib = peak_mib.max(status_mib(&pid, "VmHWM"));
        std::thread::sleep(Duration::from_millis(2));
    };
    let seconds = since.elapsed().as_secs_f64();
    assert!(status.success(), "{command:?} failed");
    Timed { seconds, peak_mib }
}

fn compare() -> ExitCode {
    let plan = if std::env::var_os("OSLO_BENCH_SHORT").is_some() {
        SHORT
    } else {
        FULL
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut page = String::from("# SHACL: speed and memory\n\n");
    let _ = writeln!(
        page,
        "Made by `make bench-shacl` on {}: {}. Data: synthetic towns (`oslo generate`, seed 42) with planted faults, beside all\n\
         vocabularies, code lists and shapes that ship. Validation runs on one thread.\n",
        date(),
        machine()
    );
    let mut right = true;
    page.push_str(
        "## Full run and commits\n\nThe full run is the best of five on the loaded registry, the first run reads its blocks from disk. \
         Every planted fault must be\nfound and nothing else: shape and focus node are compared with the generator's own list. A commit changes one statement \
         of each of\n100 addresses and goes through the same path as any write, with fsync; *unchecked* is the same commit without validation. Memory\n\
         is what the process holds in addition while it validates and, with the report in hand, afterwards.\n\n",
    );
    for quads in plan.towns {
        right &= town_section(&plan, *quads, folder.path(), &mut page);
    }
    if plan.writes_page {
        right &= work::section(folder.path(), &mut page);
    }
    page.push_str("## From file to report\n\n");
    right &= files::section(&plan, folder.path(), &mut page);
    print!("{page}");
    if plan.writes_page {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks-shacl.md");
        fs::write(path, page).expect("docs/benchmarks-shacl.md is written");
    }
    if right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn town_section(plan: &Plan, quads: u64, folder: &Path, page: &mut String) -> bool {
    let file = folder.join(format!("town-{quads}.nq"));
    let truth = folder.join(format!("town-{quads}.tsv"));
    let data: PathBuf = folder.join(format!("data-{quads}"));
    let mut rows = String::new();
    let stats = town::write(&file, quads, FAULTS, &mut |fault| {
        let _ = writeln!(rows, "{}\t{}", fault.code, fault.focus);
        Ok(())
    });
    fs::write(&truth, rows).expect("the list of faults is written");
    subject("load", &file.to_string_lossy(), &data);
    fs::remove_file(&file).expect("the town was loaded");
    let told = subject("check", &truth.to_string_lossy(), &data);
    let gate = subject("gate", &plan.commits.to_string(), &data);
    // The last commits were unchecked: one process finds the results, the next one has them.
    subject("reopen", "", &data);
    let reopened = subject("reopen", "", &data);
    fs::remove_dir_all(&data).expect("the registry was measured");
    // The same town without faults: whatever is found there, nobody planted.
    town::write(&file, quads, 0.0, &mut |_| Ok(()));
    subject("load", &file.to_string_lossy(), &data);
    fs::remove_file(&file).expect("the sound town was loaded");
    let in_sound = subject("sound", "", &data).get("results").copied();
    fs::remove_dir_all(&data).expect("the sound registry was looked at");
    let get = |name: &str| told.get(name).copied().unwrap_or(f64::NAN);
    let gated = |name: &str| gate.get(name).copied().unwrap_or(f64::NAN);
    let _ = writeln!(
        page,
        "**{} quads, {} addresses** ({} on disk, {:.0} MiB)\n\n| | |\n|---|--:|",
        stats.quads,
        stats.addresses,
        get("quads"),
        get("disk_mib"),
    );
    let mut row = |what: &str, figure: String| {
        let _ = writeln!(page, "| {what} | {figure} |");
    };
    row(
        "compile all shapes, ms",
        format!("{:.1}", get("compile_ms")),
    );
    row("full run, ms", format!("{:.0}", get("full_ms")));
    row("first full run, ms", format!("{:.0}", get("first_ms")));
    row(
        "full run of the application profiles alone, without the rules about quality, ms",
        format!("{:.0}", get("profiles_ms")),
    );
    row("planted faults", format!("{}", get("planted")));
    row("found", format!("{}", get("found")));
    row("not found", format!("{}", get("missed")));
    row("invented", format!("{}", get("invented")));
    let in_sound = in_sound.unwrap_or(f64::NAN);
    row(
        "results in the same town without faults",
        format!("{in_sound}"),
    );
    row(
        "memory while validating / with the report in hand, MiB above before",
        format!("{:.1} / {:.1}", get("peak_mib"), get("held_mib")),
    );
    row(
        "memory of the live report that commits keep up to date, MiB",
        format!("{:.1}", get("live_mib")),
    );
    row(
        "all results of the registry opened again, from the start of the process, ms",
        format!("{:.0}", reopened.get("reopened_ms").unwrap_or(&f64::NAN)),
    );
    row(
        "commit of 100 objects, p50 / p99, ms",
        format!("{:.2} / {:.2}", gated("checked_p50"), gated("checked_p99")),
    );
    row(
        "the same unchecked, p50 / p99, ms",
        format!(
            "{:.2} / {:.2}",
            gated("unchecked_p50"),
            gated("unchecked_p99")
        ),
    );
    row(
        "the check itself (difference of the medians), ms",
        format!("{:.2}", gated("checked_p50") - gated("unchecked_p50")),
    );
    // A copy in memory is made of the small towns only.
    if gated("memory_p50").is_finite() {
        row(
            "the same without a disk (no log, no fsync), checked p50 / p99, ms",
            format!("{:.2} / {:.2}", gated("memory_p50"), gated("memory_p99")),
        );
    }
    row(
        "refused commit (one fault among 100 objects), p50 / p99, ms",
        format!("{:.2} / {:.2}", gated("refused_p50"), gated("refused_p99")),
    );
    page.push('\n');
    let right =
        get("missed") == 0.0 && get("invented") == 0.0 && get("planted") > 0.0 && in_sound == 0.0;
    if !right {
        eprintln!("{quads} quads: what was found is not what was planted");
    }
    right
}
