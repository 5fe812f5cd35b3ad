//! A primary that is written to as fast as it takes it, a follower that is killed again and again, and now and then the
//! primary too. Every answer of the follower is compared with the primary's as of the same commit.

use super::node::{Node, agent, update_at};
use crate::oslo::output;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

/// How often the follower is killed in an ordinary test run.
const ROUNDS: u64 = 5;
/// The primary is killed each time the follower was killed so often.
const PRIMARY_EVERY: u64 = 4;

/// What is asked of both.
const QUERIES: [&str; 4] = [
    "SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }",
    "SELECT (SUM(?o) AS ?sum) WHERE { ?s <http://e/waarde> ?o }",
    "SELECT ?s ?o WHERE { ?s <http://e/waarde> ?o } ORDER BY ?s ?o LIMIT 30",
    "SELECT ?g (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g",
];

fn rounds() -> u64 {
    let rounds = std::env::var("OSLO_REPLICA_ROUNDS").ok();
    rounds.and_then(|text| text.parse().ok()).unwrap_or(ROUNDS)
}

/// The next number of a sequence (SplitMix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The `n`th change: a value takes the place of another; now and then a whole graph does.
fn change(writer: u64, n: u64) -> String {
    if n % 150 == 149 {
        let rows: String = (0..1_500)
            .map(|row| {
                format!("<http://e/r{row}> <http://e/deel> \"{n} {row} met wat tekst erbij\" . ")
            })
            .collect();
        return format!(
            "DROP SILENT GRAPH <http://e/groot{writer}> ; INSERT DATA {{ GRAPH <http://e/groot{writer}> {{ {rows} }} }}"
        );
    }
    let s = n % 97;
    format!(
        "WITH <http://e/g{writer}> DELETE {{ <http://e/s{s}> <http://e/waarde> ?o }} INSERT {{ <http://e/s{s}> <http://e/waarde> {n} }} \
         WHERE {{ OPTIONAL {{ <http://e/s{s}> <http://e/waarde> ?o }} }}"
    )
}

fn write(address: SocketAddr, writer: u64, is_over: &AtomicBool, made: &AtomicU64) {
    let agent = agent();
    let mut n = 0;
    while !is_over.load(Ordering::Relaxed) {
        match update_at(&agent, address, &change(writer, n)) {
            Some(answer) => {
                assert_eq!(answer.status, 200, "{}", answer.body);
                made.fetch_add(1, Ordering::Relaxed);
                n += 1;
            }
            // It was killed: whether the change was made nobody knows, and making it again changes little.
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Asks the follower all the while, and the primary the same as of that commit.
fn compare(
    follower: &RwLock<Node>,
    primary: &RwLock<Node>,
    is_over: &AtomicBool,
    compared: &AtomicU64,
) -> Result<(), String> {
    let mut newest = 0;
    let mut turn = 0;
    while !is_over.load(Ordering::Relaxed) {
        turn += 1;
        let query = QUERIES[turn % QUERIES.len()];
        let answer = {
            let follower = follower.read().expect("no panic");
            follower.query(query, None)
        };
        let Some(answer) = answer else {
            std::thread::sleep(Duration::from_millis(10));
            continue;
        };
        if answer.status != 200 {
            return Err(format!("status {}: {}", answer.status, answer.body));
        }
        let seq = answer.commit.ok_or("an answer without X-Commit")?;
        if seq < newest {
            return Err(format!("commit {seq} is shown after commit {newest}"));
        }
        newest = seq;
        // The primary may be down just now.
        let expected = loop {
            let known = {
                let primary = primary.read().expect("no panic");
                primary.query(query, Some(seq))
            };
            match known {
                Some(known) => break known,
                None if is_over.load(Ordering::Relaxed) => return Ok(()),
                None => std::thread::sleep(Duration::from_millis(10)),
            }
        };
        if expected.status != 200 || expected.body != answer.body {
            return Err(format!(
                "at commit {seq}, {query}:\n{}\nbut the primary ({}):\n{}",
                answer.body, expected.status, expected.body
            ));
        }
        compared.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

#[test]
fn a_follower_that_is_killed_is_never_wrong_and_ends_the_same() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut primary = Node::primary(folder.path(), "primair");
    primary.start();
    let address = primary.address;
    let mut follower = Node::follower(folder.path(), "volger", address);
    follower.start();
    follower.wait_for(1);
    let (is_over, made, compared) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
    // The lock is for starting and killing: whoever asks meanwhile waits.
    let (primary, follower) = (RwLock::new(primary), RwLock::new(follower));
    let wrong = Mutex::new(Vec::new());
    let rounds = rounds();
    let seed = std::env::var("OSLO_REPLICA_SEED").ok();
    let seed = seed.and_then(|text| text.parse().ok()).unwrap_or(rounds);
    let mut random = seed;
    let since = Instant::now();
    std::thread::scope(|scope| {
        for writer in 0..2 {
            let (is_over, made) = (&is_over, &made);
            scope.spawn(move || write(address, writer, is_over, made));
        }
        for _ in 0..2 {
            scope.spawn(|| {
                if let Err(text) = compare(&follower, &primary, &is_over, &compared) {
                    wrong.lock().expect("no panic").push(text);
                    is_over.store(true, Ordering::Relaxed);
                }
            });
        }
        for round in 1..=rounds {
            std::thread::sleep(Duration::from_millis(100 + next(&mut random) % 800));
            if is_over.load(Ordering::Relaxed) {
                break;
            }
            let mut killed = follower.write().expect("no panic");
            killed.kill();
            if round % PRIMARY_EVERY == 0 {
                let mut primary = primary.write().expect("no panic");
                primary.kill();
                primary.start();
            }
            killed.start();
        }
        std::thread::sleep(Duration::from_millis(500));
        is_over.store(true, Ordering::Relaxed);
    });
    let wrong = wrong.into_inner().expect("no panic");
    assert!(wrong.is_empty(), "seed {seed}: {wrong:?}");
    let (mut primary, mut follower) = (
        primary.into_inner().expect("no panic"),
        follower.into_inner().expect("no panic"),
    );
    let last = primary.commit();
    let health = follower.wait_for(last);
    assert_eq!(health["commit"], last);
    assert_eq!(health["replica"]["achterstand"]["seconden"], 0.0);
    for query in QUERIES {
        let (one, other) = (primary.query(query, None), follower.query(query, None));
        let (one, other) = (one.expect("answers"), other.expect("answers"));
        assert_eq!(
            (one.commit, one.body),
            (other.commit, other.body),
            "{query}"
        );
    }
    primary.stop();
    follower.stop();
    assert!(
        primary.log_files() == follower.log_files(),
        "the logs are not the same"
    );
    for node in [&primary, &follower] {
        output(&node.data, ["check"]);
    }
    let (made, compared) = (made.into_inner(), compared.into_inner());
    assert!(compared > rounds, "{compared} answers were compared");
    eprintln!(
        "{rounds} kills in {:.1} s, {last} commits ({made} acknowledged), {compared} answers compared, seed {seed}",
        since.elapsed().as_secs_f64()
    );
}
