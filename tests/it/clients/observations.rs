//! pyarrow and DuckDB read the Parquet files of observations as they lie on the disk, and sum up to what the store says.

use oslo_registry::observations::{
    HOUR, Kind, Observation, ObservationOptions, ObservationStore, Series, SeriesId, Value, Windows,
};
use std::process::Command;

/// 2026-03-01T00:00:00Z.
const START: i64 = 1_772_323_200_000_000;
const MINUTE: i64 = HOUR / 60;

fn fill(store: &ObservationStore) {
    let kinds = [Kind::Number, Kind::Integer, Kind::Boolean, Kind::Text];
    let series = kinds.iter().zip(0..).map(|(kind, n)| Series {
        iri: format!("https://example.org/id/reeks/{n}"),
        kind: *kind,
        unit: None,
    });
    store.declare_all(series.collect()).expect("declares");
    let value = |series: u32, n: i32| match series {
        0 => Value::Number(f64::from(n * 37 % 4_001) / 100.0),
        1 => Value::Number(f64::from(n % 50)),
        2 => Value::Boolean(n % 3 == 0),
        _ => Value::Text(format!("toestand {} é", n % 5).into()),
    };
    let observation = |series: u32, n: i32, add: i32| {
        let time = START + i64::from(n) * 7 * MINUTE;
        Observation::new(SeriesId(series), time, value(series, n + add))
    };
    let send = |batch: Vec<Observation>| {
        store
            .append(batch)
            .expect("is taken")
            .wait()
            .expect("is stored");
        store.seal().expect("seals");
    };
    send(
        (0..4)
            .flat_map(|s| (0..600).map(move |n| observation(s, n, 0)))
            .collect(),
    );
    // Corrected, sent twice, late and withdrawn.
    send(
        (0..4)
            .flat_map(|s| (100..130).map(move |n| observation(s, n, 1)))
            .collect(),
    );
    send(
        (0..2)
            .flat_map(|s| (590..640).map(move |n| observation(s, n, 0)))
            .collect(),
    );
    let withdrawn = (10..20).map(|n| Observation {
        result: None,
        ..observation(0, n, 0)
    });
    send(withdrawn.collect());
}

#[test]
fn pyarrow_and_duckdb_read_observations() {
    let Some(folder) = super::clients() else {
        return;
    };
    let dir = tempfile::tempdir().expect("a folder");
    let options = ObservationOptions::default();
    let store = ObservationStore::open(dir.path(), options).expect("opens");
    fill(&store);
    let hourly = Windows {
        series: SeriesId(0),
        times: START..START + 96 * HOUR,
        step: Some(HOUR),
        percentiles: Vec::new(),
        known_at: None,
    };
    let hours = store.windows(&hourly).expect("reads");
    let hours: Vec<_> = hours
        .iter()
        .map(|window| {
            let sums = window.summary;
            serde_json::json!([window.times.start, sums.count, sums.min, sums.max, sums.sum])
        })
        .collect();
    let totals = store.totals(START..START + 96 * HOUR).expect("reads");
    let totals: Vec<_> = totals
        .iter()
        .map(|(series, sums)| serde_json::json!([series.0, sums.count, sums.sum]))
        .collect();
    let files: Vec<_> = store
        .segments()
        .iter()
        .map(|file| serde_json::json!([file.path(), file.rows, file.sha256]))
        .collect();
    let expected = serde_json::json!({ "hours": hours, "totals": totals, "files": files });
    let path = dir.path().join("expected.json");
    std::fs::write(&path, expected.to_string()).expect("writes");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/observations.py");
    let done = Command::new(folder.join("venv/bin/python"))
        .args(["-W", "ignore", script])
        .arg(&path)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("Python runs");
    let told = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{told}");
}
