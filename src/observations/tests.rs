//! Laws of the whole store: whatever came in, twice and in any order, with starts and torn files in between, is what a map that holds
//! everything says. And what is refused, and what happens when the disk fails.

use super::*;
use crate::store::fault::scope::with_faults;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::ops::Range;
use std::time::Duration;

/// 2026-03-01T00:00:00Z.
const START: i64 = 20_513 * DAY;
const MINUTE: i64 = HOUR / 60;

fn small() -> ObservationOptions {
    ObservationOptions {
        seal_rows: 40,
        files_of_day: 2,
        ..ObservationOptions::default()
    }
}

fn open(dir: &Path, options: ObservationOptions) -> ObservationStore {
    let store = ObservationStore::open(dir, options).expect("the store opens");
    for (iri, kind) in [
        ("urn:a", Kind::Number),
        ("urn:b", Kind::Integer),
        ("urn:c", Kind::Boolean),
        ("urn:d", Kind::Text),
    ] {
        let series = Series {
            iri: iri.to_owned(),
            kind,
            unit: None,
        };
        store.declare(series).expect("declares");
    }
    store.declare_feature("urn:f").expect("declares");
    store
}

/// What was told, by what it is about, in order, without repeats.
#[derive(Default)]
struct Model(BTreeMap<(SeriesId, i64, FeatureId), Vec<Row>>);

impl Model {
    fn add(&mut self, first: u64, batch: &[Observation]) {
        for (seq, observation) in (first..).zip(batch.iter().cloned()) {
            let told = self.0.entry(observation.key()).or_default();
            let row = Row { seq, observation };
            let same = |last: &Row| {
                last.observation.result == row.observation.result
                    && last.observation.end == row.observation.end
                    && last.observation.quality == row.observation.quality
            };
            if !told.last().is_some_and(same) {
                told.push(row);
            }
        }
    }

    fn of(&self, series: SeriesId, times: &Range<i64>) -> impl Iterator<Item = &Vec<Row>> {
        let first = (series, times.start, FeatureId(0));
        let end = (series, times.end, FeatureId(0));
        self.0.range(first..end).map(|(_, told)| told)
    }

    fn holding(&self, series: SeriesId, times: &Range<i64>, known_at: u64) -> Vec<Row> {
        self.of(series, times)
            .filter_map(|told| told.iter().rfind(|row| row.seq <= known_at))
            .filter(|row| row.observation.result.is_some())
            .cloned()
            .collect()
    }

    fn windows(&self, asked: &Windows) -> BTreeMap<i64, Vec<Option<f64>>> {
        let mut windows: BTreeMap<i64, Vec<Option<f64>>> = BTreeMap::new();
        let step = asked.step.unwrap_or(asked.times.end - asked.times.start);
        for row in self.holding(
            asked.series,
            &asked.times,
            asked.known_at.unwrap_or(u64::MAX),
        ) {
            let at = (row.observation.time - asked.times.start) / step;
            let number = row.observation.result.as_ref().and_then(Value::number);
            windows
                .entry(asked.times.start + at * step)
                .or_default()
                .push(number);
        }
        windows
    }
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0)
}

/// Holds the store against the model.
fn compare(store: &ObservationStore, model: &Model, known_at: u64) {
    let all = START - DAY..START + 5 * DAY;
    let part = START + 5 * HOUR + MINUTE..START + DAY + 7 * HOUR + 30 * MINUTE;
    let ids: Vec<SeriesId> = (0..4).map(SeriesId).collect();
    let latest = store.latest(&ids).expect("reads");
    let totals = store.totals(all.clone()).expect("reads");
    for series in ids {
        for times in [&all, &part] {
            let mut scan = Scan::new(series, times.clone());
            let expected = model.holding(series, times, u64::MAX);
            let mut rows = store.rows(&scan, usize::MAX).expect("reads");
            assert_eq!(rows, expected);
            scan.descending = true;
            rows.reverse();
            assert_eq!(store.rows(&scan, usize::MAX).expect("reads"), rows);
            scan.descending = false;
            scan.known_at = Some(known_at);
            let rows = store.rows(&scan, usize::MAX).expect("reads");
            assert_eq!(rows, model.holding(series, times, known_at));
            scan.known_at = None;
            scan.corrected = true;
            let told: Vec<Row> = model.of(series, times).flatten().cloned().collect();
            assert_eq!(store.rows(&scan, usize::MAX).expect("reads"), told);
        }
        let holding = model.holding(series, &all, u64::MAX);
        assert_eq!(latest[series.0 as usize].as_ref(), holding.last());
        assert_eq!(store.count(series).expect("reads"), holding.len() as u64);
        let total = totals.iter().find(|(id, _)| *id == series);
        assert_eq!(total.map_or(0, |(_, sum)| sum.count), holding.len() as u64);
        for (step, percentiles, known) in [
            (Some(HOUR), vec![], None),
            (Some(DAY), vec![], None),
            (None, vec![], None),
            (Some(90 * MINUTE), vec![], None),
            (Some(6 * HOUR), vec![0.0, 50.0, 90.0], None),
            (Some(HOUR), vec![], Some(known_at)),
        ] {
            for times in [&all, &part, &(START + HOUR..START + DAY + 30 * MINUTE)] {
                let asked = Windows {
                    series,
                    times: times.clone(),
                    step,
                    percentiles: percentiles.clone(),
                    known_at: known,
                };
                let windows = store.windows(&asked).expect("reads");
                let expected = model.windows(&asked);
                assert_eq!(windows.len(), expected.len(), "{asked:?}");
                for (window, (start, results)) in windows.iter().zip(expected) {
                    assert_eq!(window.times.start, start);
                    assert_eq!(window.summary.count, results.len() as u64);
                    let mut numbers: Vec<f64> = results.into_iter().flatten().collect();
                    assert!(near(window.summary.sum, numbers.iter().sum()), "{asked:?}");
                    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
                    let greatest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                    assert_eq!((window.summary.min, window.summary.max), (least, greatest));
                    if let (false, [low, middle, _]) = (numbers.is_empty(), &window.percentiles[..])
                    {
                        numbers.sort_by(f64::total_cmp);
                        assert_eq!(*low, numbers[0]);
                        let half = numbers.len() / 2;
                        let median = if numbers.len() % 2 == 1 {
                            numbers[half]
                        } else {
                            f64::midpoint(numbers[half - 1], numbers[half])
                        };
                        assert!(near(*middle, median));
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Batch(Vec<Observation>),
    /// The batch before once more, backwards.
    Again,
    Seal,
    Compact,
    /// The process ends without closing anything, with so many bytes of an unacknowledged frame at the end of the log.
    Crash(usize),
}

fn observation() -> impl Strategy<Value = Observation> {
    let time = (0i64..3, 0i64..5, 0i64..4)
        .prop_map(|(day, hour, minute)| START + day * DAY + hour * 4 * HOUR + minute * 20 * MINUTE);
    (0u32..4, 0u32..2, time, -3i32..4, 0u8..8).prop_map(|(series, feature, time, value, what)| {
        let result = match series {
            0 => Value::Number(f64::from(value) / 4.0),
            1 => Value::Number(f64::from(value)),
            2 => Value::Boolean(value > 0),
            _ => Value::Text(format!("état {value}").into()),
        };
        Observation {
            feature: FeatureId(feature),
            end: (what == 1).then_some(time + 10 * MINUTE),
            result_time: (what == 2).then_some(time + MINUTE),
            result: (what != 3).then_some(result),
            quality: u8::from(what == 4),
            ..Observation::new(SeriesId(series), time, Value::Boolean(true))
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(observation(), 1..30).prop_map(Step::Batch),
        1 => Just(Step::Again),
        2 => Just(Step::Seal),
        1 => Just(Step::Compact),
        2 => (0usize..40).prop_map(Step::Crash),
    ]
}

/// Writes the beginning of a frame behind the last one of the log.
fn tear(dir: &Path, bytes: usize) {
    let names = fs::read_dir(dir)
        .expect("reads")
        .map(|entry| entry.expect("reads").path());
    let newest = names
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("wal-"))
        })
        .max()
        .expect("a log has a file");
    let whole = fs::read(&newest).expect("reads");
    let torn: Vec<u8> = whole
        .iter()
        .copied()
        .chain([7; 40])
        .take(bytes.min(23))
        .collect();
    let mut file = File::options().append(true).open(newest).expect("opens");
    file.write_all(&torn).expect("writes");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]
    #[test]
    fn what_is_read_is_what_was_told(steps in prop::collection::vec(step(), 1..25), known in 0.0f64..1.0) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut store = open(dir.path(), small());
        let mut model = Model::default();
        let mut before = Vec::new();
        let mut told = 0;
        for step in steps {
            let batch = match step {
                Step::Batch(batch) => batch,
                Step::Again => before.iter().rev().cloned().collect(),
                Step::Seal => {
                    store.seal().expect("seals");
                    continue;
                }
                Step::Compact => {
                    store.compact().expect("compacts");
                    continue;
                }
                Step::Crash(bytes) => {
                    drop(store);
                    tear(dir.path(), bytes);
                    store = open(dir.path(), small());
                    compare(&store, &model, told / 2);
                    continue;
                }
            };
            let receipt = store.append(batch.clone()).expect("is taken").wait().expect("is stored");
            prop_assert_eq!(receipt.count, batch.len());
            prop_assert!(receipt.first > told || batch.is_empty());
            told = receipt.first + batch.len() as u64 - 1;
            model.add(receipt.first, &batch);
            before = batch;
        }
        compare(&store, &model, (told as f64 * known) as u64);
        store.seal().expect("seals");
        store.compact().expect("compacts");
        compare(&store, &model, (told as f64 * known) as u64);
        drop(store);
        compare(&open(dir.path(), small()), &model, told / 3);
    }
}

fn one(series: u32, time: i64, value: f64) -> Observation {
    Observation::new(SeriesId(series), time, Value::Number(value))
}

#[test]
fn what_does_not_fit_is_refused_as_a_whole() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), small());
    let ahead = std::time::SystemTime::now() + Duration::from_secs(3_600);
    let ahead = ahead
        .duration_since(std::time::UNIX_EPOCH)
        .expect("after 1970");
    let ahead = i64::try_from(ahead.as_micros()).expect("near");
    let mut backwards = one(0, START, 1.0);
    backwards.end = Some(START - 1);
    let mut elsewhere = one(0, START, 1.0);
    elsewhere.feature = FeatureId(9);
    let text = Observation::new(SeriesId(3), START, Value::Text("x".repeat(5_000).into()));
    for (observation, reason) in [
        (one(99, START, 1.0), Refused::UnknownSeries),
        (elsewhere, Refused::UnknownFeature),
        (one(0, START, f64::NAN), Refused::NotFinite),
        (one(0, START, f64::INFINITY), Refused::NotFinite),
        (one(1, START, 1.5), Refused::OtherKind),
        (one(1, START, 1e16), Refused::OtherKind),
        (one(2, START, 1.0), Refused::OtherKind),
        (one(0, ahead, 1.0), Refused::InTheFuture),
        (one(0, i64::MIN, 1.0), Refused::TooLongAgo),
        (backwards, Refused::EndsBeforeStart),
        (text, Refused::TooLong),
    ] {
        let refused = store.append(vec![one(0, START, 5.0), observation.clone()]);
        let Err(ObservationError::Refused { refused, total: 2 }) = refused else {
            panic!("{observation:?} was taken");
        };
        assert_eq!((refused[0].place, refused[0].reason), (1, reason));
    }
    let scan = Scan::new(SeriesId(0), i64::MIN..i64::MAX);
    assert_eq!(
        store.rows(&scan, 10).expect("reads"),
        [],
        "nothing of any batch"
    );
}

#[test]
fn one_process_writes() {
    let dir = tempfile::tempdir().expect("a folder");
    let _store = open(dir.path(), small());
    let second = ObservationStore::open(dir.path(), small());
    assert!(matches!(second, Err(ObservationError::InUse { .. })));
}

#[test]
fn a_failing_disk_loses_nothing_acknowledged_and_acknowledges_nothing_lost() {
    for fault in [
        "observations.append=full@6",
        "observations.sync=fail@6",
        "observations.segment=full",
        "observations.segment.sync=fail",
        "observations.sums=full",
        "observations.manifest=full",
        "observations.manifest.rename=fail",
        "observations.manifest.dir=fail",
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        drop(open(dir.path(), small()));
        let mut acknowledged = Vec::new();
        with_faults(fault, || {
            let store = open(dir.path(), small());
            for n in 0..12i32 {
                let batch = vec![one(0, START + i64::from(n) * MINUTE, f64::from(n))];
                if store
                    .append(batch)
                    .is_ok_and(|pending| pending.wait().is_ok())
                {
                    acknowledged.push(f64::from(n));
                }
                if n == 6 {
                    // It may fail; what was acknowledged stays readable.
                    let _ = store.seal();
                }
            }
            assert!(acknowledged.len() >= 4, "{fault}");
        });
        let store = open(dir.path(), small());
        let rows = store.rows(&Scan::new(SeriesId(0), i64::MIN..i64::MAX), 100);
        let numbers: Vec<f64> = rows
            .expect("reads")
            .iter()
            .filter_map(|row| row.observation.result.as_ref().and_then(Value::number))
            .collect();
        assert_eq!(numbers, acknowledged, "{fault}");
    }
}

#[test]
fn damaged_sums_are_made_anew() {
    let dir = tempfile::tempdir().expect("a folder");
    let store = open(dir.path(), small());
    let mut model = Model::default();
    let add = |model: &mut Model, from: i32| {
        let batch: Vec<Observation> = (from..from + 30)
            .map(|n| one(0, START + i64::from(n) * 10 * MINUTE, f64::from(n)))
            .collect();
        let receipt = store
            .append(batch.clone())
            .expect("is taken")
            .wait()
            .expect("is stored");
        model.add(receipt.first, &batch);
    };
    add(&mut model, 0);
    store.seal().expect("seals");
    for entry in fs::read_dir(dir.path()).expect("reads") {
        let path = entry.expect("reads").path();
        if path.extension().is_some_and(|end| end == "sums") {
            fs::write(path, b"nothing of the kind").expect("writes");
        }
    }
    compare(&store, &model, 10);
    add(&mut model, 10);
    compare(&store, &model, 10);
    store.seal().expect("seals");
    compare(&store, &model, 10);
}
