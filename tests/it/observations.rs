//! Kills processes that store observations, and looks whether everything acknowledged is there, once. The child is this binary again. What the
//! server makes of observations is tested in the files beside this one.

mod broker;
mod killed;
mod plain;

use oslo_registry::observations::{
    HOUR, Kind, Observation, ObservationOptions, ObservationStore, Scan, Series, SeriesId, Value,
};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Folder in which a child is to write.
const FOLDER: &str = "OSLO_OBSERVATIONS_CHILD";
const ROUNDS: u64 = 8;
const SERIES: u32 = 4;
/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200_000_000;
/// Four a day change the hour often enough.
const STEP: i64 = HOUR / 6;

fn open(dir: &Path) -> ObservationStore {
    let options = ObservationOptions {
        seal_rows: 300,
        files_of_day: 2,
        ..ObservationOptions::default()
    };
    let store = ObservationStore::open(dir, options).expect("the store opens");
    let series = (0..SERIES).map(|n| Series {
        iri: format!("urn:example:{n}"),
        kind: Kind::Integer,
        unit: None,
    });
    store.declare_all(series.collect()).expect("declares");
    store
}

/// Times come round after a while, so that late ones and equal ones are among them.
fn observation(series: u32, n: u32) -> Observation {
    let time = START + i64::from(n % 1_000) * STEP;
    Observation::new(SeriesId(series), time, Value::Number(f64::from(n)))
}

/// All numbers told of a series, in order.
fn told(store: &ObservationStore, series: u32) -> Vec<u32> {
    let mut scan = Scan::new(SeriesId(series), i64::MIN..i64::MAX);
    scan.corrected = true;
    let rows = store.rows(&scan, usize::MAX).expect("reads");
    let number = |value: &Value| match value {
        Value::Number(number) => *number as u32,
        other => panic!("{other:?} was never told"),
    };
    let mut numbers: Vec<u32> = rows
        .iter()
        .filter_map(|row| row.observation.result.as_ref().map(number))
        .collect();
    numbers.sort_unstable();
    numbers
}

/// What a child does: stores on and on, and says what was acknowledged.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let store = open(Path::new(&folder));
    std::thread::scope(|scope| {
        for series in 0..SERIES {
            let store = &store;
            scope.spawn(move || {
                let first = told(store, series).last().map_or(0, |last| last + 1);
                for n in (first..).step_by(3) {
                    let batch = (n..n + 3).map(|n| observation(series, n)).collect();
                    let stored = store.append(batch).expect("is taken").wait();
                    stored.expect("is stored");
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "\nstored {series} {}", n + 2).expect("the parent listens");
                }
            });
        }
    });
}

#[test]
fn what_was_acknowledged_survives_being_killed_and_is_there_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut acknowledged = [None; SERIES as usize];
    for round in 0..ROUNDS {
        let mut child = Command::new(std::env::current_exe().expect("a program"))
            .args(["--exact", "observations::child", "--nocapture"])
            .env(FOLDER, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("starts");
        let out = BufReader::new(child.stdout.take().expect("is piped"));
        let listener = std::thread::spawn(move || {
            let lines = out.lines().map_while(Result::ok);
            let told = |line: String| {
                let mut words = line.strip_prefix("stored ")?.split(' ');
                let series: usize = words.next()?.parse().ok()?;
                Some((series, words.next()?.parse::<u32>().ok()?))
            };
            lines.filter_map(told).collect::<Vec<_>>()
        });
        std::thread::sleep(Duration::from_millis(250 + round * 97));
        child.kill().expect("is killed");
        child.wait().expect("ends");
        for (series, last) in listener.join().expect("listens") {
            acknowledged[series] = acknowledged[series].max(Some(last));
        }
        let store = open(dir.path());
        for (series, last) in (0..SERIES).zip(acknowledged) {
            let numbers = told(&store, series);
            let expected: Vec<u32> = (0..).take(numbers.len()).collect();
            assert_eq!(
                numbers, expected,
                "each once, series {series} in round {round}"
            );
            assert!(
                numbers.last().copied() >= last,
                "series {series} in round {round}"
            );
            let moments = numbers.len().min(1_000) as u64;
            assert_eq!(store.count(SeriesId(series)).expect("reads"), moments);
        }
    }
    assert!(
        acknowledged.iter().all(Option::is_some),
        "children store: {acknowledged:?}"
    );
}
