//! Measures observations in columns: how fast they are stored durably, what one costs on disk, how long the questions of a dashboard
//! take, how long a start takes. Prints a table and writes `docs/benchmarks-observations.md`.
//!
//! `OSLO_OBSERVATIONS` (default 100,000,000) says how many; each series has one a minute for a year, so that there are as many series
//! as that takes, and 10,000 more with one each. The page is written at the full size, or on `OSLO_BENCH_PAGE=1`.

#[path = "shared/machine.rs"]
mod machine;

use machine::{date, machine};
use oslo_registry::observations::{
    DAY, HOUR, Kind, Observation, ObservationOptions, ObservationStore, Series, SeriesId, Value,
    Windows,
};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const FULL: u64 = 100_000_000;
const MINUTES: u64 = 365 * 24 * 60;
const MANY: u32 = 10_000;
const BATCH: usize = 10_000;
const CLIENTS: u64 = 64;
const SINGLES: Duration = Duration::from_secs(5);
/// 2025-01-01T00:00:00Z.
const START: i64 = 20_089 * DAY;
const MINUTE: i64 = HOUR / 60;

/// Numbers that only look random (splitmix64).
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From -1 to 1, more often near 0.
    fn about(&mut self) -> f64 {
        let one = |bits: u64| (bits & 0xffff) as f64 / 65_535.0;
        let bits = self.next();
        (one(bits) + one(bits >> 16) + one(bits >> 32)) / 1.5 - 1.0
    }
}

/// What a sensor tells in a minute: temperature and nitrogen dioxide with two decimals, humidity with one, or vehicles.
fn result(series: u32, minute: u64, noise: &mut Noise) -> f64 {
    let day = (minute % 1_440) as f64 / 1_440.0 * std::f64::consts::TAU;
    let year = minute as f64 / MINUTES as f64 * std::f64::consts::TAU;
    let rounded = |value: f64, by: f64| (value * by).round() / by;
    match series % 4 {
        0 => rounded(
            11.0 - 8.0 * year.cos() - 4.0 * day.cos() + noise.about(),
            100.0,
        ),
        1 => rounded(75.0 + 10.0 * day.cos() + 6.0 * noise.about(), 10.0),
        2 => rounded((24.0 - 9.0 * day.cos() + 12.0 * noise.about()).abs(), 100.0),
        _ => (20.0 - 18.0 * day.cos() + 8.0 * noise.about())
            .abs()
            .round(),
    }
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let since = Instant::now();
            work();
            since.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[2]
}

fn peak_mib() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1_024.0
}

fn open(dir: &Path) -> ObservationStore {
    ObservationStore::open(dir, ObservationOptions::default()).expect("the store opens")
}

/// Stores all, in order of time, as gateways send them; returns seconds.
fn load(store: &ObservationStore, ids: &[SeriesId]) -> f64 {
    let mut noise = Noise(1);
    let mut batch = Vec::with_capacity(BATCH);
    let mut waiting = std::collections::VecDeque::new();
    let mut seconds = 0.0;
    let mut send = |batch: Vec<Observation>, most: usize| {
        let since = Instant::now();
        if !batch.is_empty() {
            waiting.push_back(store.append(batch).expect("is taken"));
        }
        while waiting.len() > most {
            if let Some(pending) = waiting.pop_front() {
                pending.wait().expect("is stored");
            }
        }
        seconds += since.elapsed().as_secs_f64();
    };
    for minute in 0..MINUTES {
        for id in ids {
            // Clocks are not quite right, and not every minute comes through.
            let late = i64::try_from(noise.next() % 1_500).unwrap_or(0) * 1_000;
            if noise.next().is_multiple_of(1_000) {
                continue;
            }
            let time = START + i64::try_from(minute).unwrap_or(0) * MINUTE + late;
            let number = result(id.0, minute, &mut noise);
            batch.push(Observation::new(*id, time, Value::Number(number)));
            if batch.len() == BATCH {
                send(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)), 8);
            }
        }
    }
    send(batch, 0);
    seconds
}

/// Clients that each send one observation and wait until it is durable; observations a second.
fn singles(store: &ObservationStore, id: SeriesId) -> f64 {
    let stored = AtomicU64::new(0);
    let since = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let stored = &stored;
            scope.spawn(move || {
                let mut n = 0;
                while since.elapsed() < SINGLES {
                    let time = i64::try_from(n * CLIENTS + client).unwrap_or(0);
                    let time = START + 365 * DAY + time * 1_000;
                    let one = Observation::new(id, time, Value::Number(1.0));
                    store
                        .append(vec![one])
                        .expect("is taken")
                        .wait()
                        .expect("is stored");
                    n += 1;
                }
                stored.fetch_add(n, Ordering::Relaxed);
            });
        }
    });
    stored.load(Ordering::Relaxed) as f64 / since.elapsed().as_secs_f64()
}

fn main() {
    let asked = std::env::var("OSLO_OBSERVATIONS").ok();
    let asked = asked.and_then(|text| text.replace(['_', ','], "").parse().ok());
    let wanted: u64 = asked.unwrap_or(FULL);
    let series =
        u32::try_from((wanted / MINUTES).max(1)).expect("fewer than four thousand million series");
    let folder = std::env::var_os("OSLO_BENCH_FOLDER").map_or_else(std::env::temp_dir, Into::into);
    let folder = folder.join(format!("oslo-observations-{}", std::process::id()));
    let store = open(&folder);
    let declared = (0..series + MANY).map(|n| Series {
        iri: format!("https://example.org/id/reeks/{n}"),
        kind: Kind::Number,
        unit: None,
    });
    let ids = store.declare_all(declared.collect()).expect("declares");
    let (ids, many) = ids.split_at(series as usize);
    let loading = load(&store, ids);
    store.seal().expect("seals");
    store.compact().expect("compacts");
    let sizes = store.sizes();
    let stored = sizes.sealed_rows;
    let newest = many
        .iter()
        .map(|id| Observation::new(*id, START + 364 * DAY, Value::Number(f64::from(id.0))));
    store
        .append(newest.collect())
        .expect("is taken")
        .wait()
        .expect("is stored");
    let year = START..START + 365 * DAY;
    let windows = |times: std::ops::Range<i64>, percentiles: Vec<f64>| Windows {
        series: ids[ids.len() / 2],
        times,
        step: Some(HOUR),
        percentiles,
        known_at: None,
    };
    let hourly = median(|| {
        let found = store
            .windows(&windows(year.clone(), vec![]))
            .expect("reads");
        assert_eq!(found.len(), 365 * 24);
    });
    let month = START..START + 30 * DAY;
    let percentiles = median(|| {
        let found = store
            .windows(&windows(month.clone(), vec![50.0, 95.0]))
            .expect("reads");
        assert_eq!(found.len(), 30 * 24);
    });
    let latest = median(|| {
        let found = store.latest(many).expect("reads");
        assert!(found.iter().all(Option::is_some));
    });
    let average = median(|| {
        let found = store.totals(year.clone()).expect("reads");
        assert_eq!(found.len(), (series + MANY) as usize);
    });
    let single = singles(&store, ids[0]);
    drop(store);
    let since = Instant::now();
    let store = open(&folder);
    let start = since.elapsed().as_secs_f64() * 1_000.0;
    drop(store);
    let peak = peak_mib();
    fs::remove_dir_all(&folder).expect("removes what it made");

    let per = |bytes: u64| bytes as f64 / stored as f64;
    let rows = [
        (
            "stored durably in batches of 10,000, observations/s",
            stored as f64 / loading,
            "≥ 50,000",
        ),
        (
            "stored durably one by one by 64 clients, without HTTP, observations/s",
            single,
            "",
        ),
        (
            "bytes of Parquet an observation",
            per(sizes.segment_bytes),
            "≤ 6",
        ),
        ("bytes of sums an observation", per(sizes.sums_bytes), ""),
        (
            "hourly averages of one series over a year, ms",
            hourly,
            "≤ 30",
        ),
        (
            "hourly median and 95th percentile of one series over a month, ms",
            percentiles,
            "",
        ),
        ("newest of 10,000 series, ms", latest, "≤ 50"),
        ("average over all series, ms", average, "≤ 2,000"),
        ("start, ms", start, ""),
        ("most memory, MiB", peak, ""),
    ];
    let mut page = format!(
        "# Benchmarks: observations\n\nWritten by `make bench-observations`. A year of temperatures, humidity, nitrogen dioxide and \
         vehicle counts, each every minute with noise and late clocks, in order of time; every batch is on the disk before it is \
         acknowledged. Times are medians of five, with what is read in the cache of the system. Posts over HTTP stand \
         below.\n\n{}, {}. {stored} observations of {series} series.\n\n| what | measured | promised |\n|---|---|---|\n",
        date(),
        machine(),
    );
    for (what, measured, promised) in rows {
        let digits = if measured < 100.0 { 2 } else { 0 };
        let _ = writeln!(page, "| {what} | {measured:.digits$} | {promised} |");
    }
    println!("{page}");
    if wanted >= FULL || std::env::var("OSLO_BENCH_PAGE").is_ok_and(|value| value == "1") {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/docs/benchmarks-observations.md"
        );
        fs::write(path, page).expect("writes the page");
    }
}
