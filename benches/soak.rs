//! Twenty writers and twenty readers for ten minutes: does a reader ever wait for a writer, is every acknowledged commit
//! there, does memory stay flat? Prints a table, writes
//! `docs/benchmarks-soak.md` after ten minutes or more, and fails when the answer is not the one promised.
//!
//! `OSLO_SOAK_SECONDS` (600), `OSLO_SOAK_QUADS` (1,000,000 before it begins), `OSLO_SOAK_DIR` (a folder on the disk to
//! measure; a temporary one by default).

#[path = "shared/machine.rs"]
mod machine;
#[path = "soak/work.rs"]
mod work;

use machine::{date, machine};
use oslo_registry::store::OpenOptions;
use std::fmt::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;
use work::{Measured, Settings};

/// A reader may wait so long for a snapshot.
const LONGEST_WAIT_MS: f64 = 50.0;
/// Memory may be so much more at the end than after the first quarter: fragments, and a merge that is under way.
const BAND_MIB: f64 = 32.0;

fn setting(name: &str, otherwise: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn main() -> ExitCode {
    let settings = Settings {
        seconds: setting("OSLO_SOAK_SECONDS", 600),
        writers: 20,
        readers: 20,
        quads: setting("OSLO_SOAK_QUADS", 1_000_000),
        rest: Duration::from_millis(1),
        // A cache that is full within the first quarter: what grows after that is not the cache.
        options: OpenOptions {
            cache_bytes: 64 << 20,
            ..OpenOptions::default()
        },
    };
    let folder = match std::env::var_os("OSLO_SOAK_DIR") {
        Some(dir) => tempfile::tempdir_in(dir),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder for the store");
    match work::run(&folder.path().join("data"), &settings) {
        Ok(measured) => report(&settings, &measured),
        Err(error) => {
            eprintln!("The soak could not be run: {error}");
            ExitCode::FAILURE
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// How memory went after the first quarter.
struct Memory {
    start: f64,
    warm: f64,
    end: f64,
    /// By least squares, in MiB a minute.
    slope: f64,
}

impl Memory {
    fn of(samples: &[f64]) -> Self {
        let warm = &samples[samples.len() / 4..];
        let tenth = (warm.len() / 10).max(1).min(warm.len());
        let middle = (warm.len() as f64 - 1.0) / 2.0;
        let average = mean(warm);
        let (mut over, mut under) = (0.0, 0.0);
        for (at, value) in warm.iter().enumerate() {
            let x = at as f64 - middle;
            over += x * (value - average);
            under += x * x;
        }
        Self {
            start: samples.first().copied().unwrap_or(0.0),
            warm: mean(&warm[..tenth]),
            end: mean(&warm[warm.len() - tenth..]),
            slope: if under > 0.0 {
                over / under * 60.0
            } else {
                0.0
            },
        }
    }
}

fn report(settings: &Settings, measured: &Measured) -> ExitCode {
    let memory = Memory::of(&measured.memory);
    let commit = &measured.commit;
    let mut page = String::from("# Writers and readers for ten minutes\n\n");
    let _ = writeln!(
        page,
        "Made by `make soak` on {}: {}.\n{} writers, {} readers, {:.0} s, {} quads before. Commits of 1 to 50 quads; each writer \
         keeps its last hundred and takes the\none before away, so that the store keeps its size. Readers rest {} ms after each look.\n",
        date(),
        machine(),
        settings.writers,
        settings.readers,
        measured.seconds,
        settings.quads,
        settings.rest.as_millis()
    );
    page.push_str("| | measured | promised |\n|---|---|---|\n");
    let mut row = |what: &str, figures: String, promised: &str| {
        let _ = writeln!(page, "| {what} | {figures} | {promised} |");
    };
    let rate = measured.commits as f64 / measured.seconds;
    row(
        "commits a second",
        format!(
            "{rate:.0} ({} in all, {} quads added)",
            measured.commits, measured.quads_written
        ),
        "",
    );
    let latency = format!(
        "{:.2} / {:.2} / {:.1}",
        commit.share_ms(0.5),
        commit.share_ms(0.99),
        commit.longest_ms()
    );
    row("commit, p50 / p99 / longest, ms", latency, "");
    row(
        "syncs of the log for each commit",
        format!(
            "{:.3}",
            measured.syncs as f64 / measured.commits.max(1) as f64
        ),
        "below 1",
    );
    let waits = format!(
        "{:.4} / {:.1}",
        measured.snapshot.share_ms(0.99),
        measured.snapshot.longest_ms()
    );
    row(
        "reader's wait for a snapshot, p99 / longest, ms",
        waits,
        "≤ 50",
    );
    let read = format!(
        "{:.3} / {:.1}",
        measured.read.share_ms(0.99),
        measured.read.longest_ms()
    );
    row("one subject read, p99 / longest, ms", read, "");
    row(
        "reads a second",
        format!("{:.0}", measured.read.count() as f64 / measured.seconds),
        "",
    );
    let figures = format!(
        "{:.0} / {:.0} / {:.0}",
        memory.start, memory.warm, memory.end
    );
    row(
        "resident memory at the start, after a quarter, at the end, MiB",
        figures,
        &format!("grows ≤ {BAND_MIB:.0}"),
    );
    row(
        "its slope after a quarter, MiB a minute",
        format!("{:.1}", memory.slope),
        "",
    );
    row("reopen, s", format!("{:.2}", measured.reopen), "≤ 2");

    print!("{page}");
    let mut wrong = measured.wrong.clone();
    if measured.snapshot.longest_ms() > LONGEST_WAIT_MS {
        wrong.push(format!(
            "a reader waited {:.1} ms",
            measured.snapshot.longest_ms()
        ));
    }
    if memory.end - memory.warm > BAND_MIB {
        wrong.push(format!(
            "memory grew by {:.0} MiB",
            memory.end - memory.warm
        ));
    }
    if wrong.is_empty() {
        let end = "\nEvery acknowledged commit is there; the deep check finds nothing.\n";
        print!("{end}");
        page.push_str(end);
        if measured.seconds >= 600.0 {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks-soak.md");
            if let Err(error) = std::fs::write(&path, page) {
                eprintln!("{} could not be written: {error}", path.display());
                return ExitCode::FAILURE;
            }
        }
        return ExitCode::SUCCESS;
    }
    for what in wrong {
        eprintln!("WRONG: {what}");
    }
    ExitCode::FAILURE
}
