//! How well a follower keeps up: lag under a steady stream of small commits, commits a second when its primary is written to
//! as fast as it takes it, and when it comes back after a while. Prints figures; judges none but that it keeps up at all.

use super::node::{Node, agent, update_at};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const SECONDS: u64 = 10;

fn change(n: u64) -> String {
    format!("INSERT DATA {{ <http://e/s{n}> <http://e/waarde> {n} }}")
}

/// Writes for a while with some writers, `pace` commits a second each or as many as they can. Returns when each commit was
/// acknowledged.
fn write(primary: &Node, writers: u64, pace: Option<f64>) -> Vec<(u64, Instant)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let made = Mutex::new(Vec::new());
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..writers {
            scope.spawn(|| {
                let agent = agent();
                let (mut own, mut count) = (Vec::new(), 0_u32);
                while began.elapsed() < Duration::from_secs(SECONDS) {
                    if let Some(pace) = pace {
                        let due = began + Duration::from_secs_f64(f64::from(count) / pace);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    }
                    let n = NEXT.fetch_add(1, Ordering::Relaxed);
                    let answer = update_at(&agent, primary.address, &change(n)).expect("answers");
                    own.push((answer.commit.expect("a commit"), Instant::now()));
                    count += 1;
                }
                made.lock().expect("no panic").extend(own);
            });
        }
    });
    let mut made = made.into_inner().expect("no panic");
    made.sort_unstable();
    made
}

/// Looks at a follower all the while, and notes when it was first seen at which commit.
fn watch(follower: &Node, is_over: &AtomicBool) -> Vec<(u64, Instant)> {
    let mut seen: Vec<(u64, Instant)> = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        if let Some(answer) = follower.query("ASK {}", None)
            && let Some(seq) = answer.commit
            && seen.last().is_none_or(|(last, _)| *last < seq)
        {
            seen.push((seq, Instant::now()));
        }
    }
    seen
}

fn share(sorted: &[f64], share: f64) -> f64 {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(f64::NAN)
}

#[test]
fn how_well_a_follower_keeps_up() {
    if std::env::var_os("OSLO_REPLICA_MEASURE").is_none() {
        return;
    }
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    let mut follower = Node::follower(folder.path(), "volger", primary.address);
    follower.start();
    follower.wait_for(1);
    for (what, writers, pace) in [
        ("a steady stream", 4, Some(125.0)),
        ("as fast as it takes them", 8, None),
    ] {
        let is_over = AtomicBool::new(false);
        let (made, seen) = std::thread::scope(|scope| {
            let watching = scope.spawn(|| watch(&follower, &is_over));
            let made = write(&primary, writers, pace);
            follower.wait_for(primary.commit());
            is_over.store(true, Ordering::Relaxed);
            (made, watching.join().expect("no panic"))
        });
        let mut lags: Vec<f64> = made
            .iter()
            .filter_map(|(seq, acknowledged)| {
                let at = seen.partition_point(|(seen, _)| seen < seq);
                let (_, shown) = seen.get(at)?;
                Some(shown.saturating_duration_since(*acknowledged).as_secs_f64() * 1000.0)
            })
            .collect();
        lags.sort_by(f64::total_cmp);
        eprintln!(
            "{what}: {:.0} commits/s, lag p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
            made.len() as f64 / SECONDS as f64,
            share(&lags, 0.5),
            share(&lags, 0.99),
            share(&lags, 1.0)
        );
    }
    follower.stop();
    let before = primary.commit();
    write(&primary, 8, None);
    let last = primary.commit();
    let since = Instant::now();
    follower.start();
    let started = since.elapsed();
    follower.wait_for(last);
    let took = since.elapsed();
    eprintln!(
        "after a pause: {} commits in {:.2} s ({:.2} s of it to start), {:.0} commits/s",
        last - before,
        took.as_secs_f64(),
        started.as_secs_f64(),
        (last - before) as f64 / (took - started).as_secs_f64().max(0.001)
    );
}
