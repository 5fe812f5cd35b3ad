//! A subscriber that is away while commits are made, and comes back. `make webhooks` runs it with 10,000 commits in ten minutes.

use super::{Bench, Receiver, number, subscription};
use oslo_registry::feeds::push::{Form, OnRefusal, State};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// From the environment, else the value for every day.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| text.parse().expect("a number"))
}

/// Commits that bodies of single events tell of, each the first time it comes, in that order; and what differs between
/// bodies of the same id.
fn order(bodies: &[super::receiver::Received]) -> Vec<u64> {
    let mut known: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut order = Vec::new();
    for one in bodies {
        let id = one.header("x-event-id").expect("an id").to_owned();
        match known.get(&id) {
            Some(body) => assert_eq!(*body, one.body, "{id} says something else the second time"),
            None => {
                order.push(
                    one.header("x-commit")
                        .expect("a commit")
                        .parse()
                        .expect("a number"),
                );
                known.insert(id, one.body.clone());
            }
        }
    }
    order
}

#[test]
fn nothing_is_lost_while_a_subscriber_is_away() {
    let commits = setting("OSLO_WEBHOOK_COMMITS", 400);
    let down = Duration::from_secs(setting("OSLO_WEBHOOK_SECONDS", 2));
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::new();
    let address = receiver.address;
    let mut bench = Bench::at(folder.path(), &[receiver.host()]);
    let mut wanted = subscription("weg", &receiver, Form::CloudEvents);
    wanted.attempts = 3;
    bench.subscribe(wanted);
    for n in 0..10 {
        bench.update(&number(n, n));
    }
    let before = receiver.wait_for(10);
    drop(receiver);
    let began = Instant::now();
    let mut slowest = Duration::ZERO;
    for n in 10..commits {
        let at = Instant::now();
        bench.update(&number(n % 50, n));
        slowest = slowest.max(at.elapsed());
        if n == commits / 2 {
            bench.restart();
        }
        let next = down.mul_f64((n - 9) as f64 / (commits - 10) as f64);
        std::thread::sleep(next.saturating_sub(began.elapsed()));
    }
    let status = bench.wait_until("weg", |status| status.state() == State::Waiting);
    assert_eq!(
        status.progress.state,
        State::Active,
        "it is tried again by itself"
    );
    assert!(
        status
            .progress
            .failure
            .is_some_and(|f| f.code == "webhook-unreachable")
    );
    assert!(status.next_attempt.is_some());
    let receiver = Receiver::at(address);
    let caught_up = Instant::now();
    bench.wait_until("weg", |status| status.behind == 0);
    let took = caught_up.elapsed();
    let mut all = before;
    all.extend(receiver.taken());
    let told = order(&all);
    assert_eq!(told, (1..=commits).collect::<Vec<_>>());
    let status = bench.status("weg");
    assert_eq!(status.state(), State::Active);
    assert!(status.progress.delivered >= commits);
    println!(
        "{commits} commits in {down:?} while away, slowest commit {slowest:?}; then told in {took:?}, {} bodies for {} events",
        all.len(),
        told.len()
    );
}

#[test]
fn what_is_refused_waits_or_is_put_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let (strict, lenient) = (Receiver::new(), Receiver::new());
    let mut bench = Bench::at(folder.path(), &[strict.host(), lenient.host()]);
    bench.subscribe(subscription("wacht", &strict, Form::CloudEvents));
    let mut wanted = subscription("verder", &lenient, Form::CloudEvents);
    wanted.on_refusal = OnRefusal::Skip;
    wanted.attempts = 2;
    bench.subscribe(wanted);
    for receiver in [&strict, &lenient] {
        receiver.next(super::receiver::Manner::Status(204));
        receiver.next(super::receiver::Manner::Status(422));
    }
    for n in 1..=3 {
        bench.update(&number(n, n));
    }
    let status = bench.wait_until("wacht", |status| status.state() == State::Waiting);
    assert_eq!(status.progress.cursor.commit, 2, "{status:?}");
    assert_eq!(status.behind, 2);
    assert!(
        status
            .progress
            .failure
            .is_some_and(|f| f.code == "webhook-refused")
    );
    assert_eq!(strict.all().len(), 2, "nothing else was sent");
    // The other went on, and knows what it left.
    let status = bench.wait_until("verder", |status| status.behind == 0);
    assert_eq!(status.dead.len(), 1);
    assert_eq!(status.dead[0].id, "2-0");
    assert_eq!(order(&lenient.taken()), [1, 3]);
    bench.restart();
    assert_eq!(bench.status("verder").dead.len(), 1);
    assert_eq!(bench.status("wacht").state(), State::Waiting);
    // Both go on when they are told to.
    for name in ["wacht", "verder"] {
        bench
            .subscriptions
            .resume(&bench.registry, name)
            .expect("is there");
    }
    bench.wait_until("wacht", |status| status.behind == 0);
    assert_eq!(order(&strict.taken()), [1, 2, 3]);
    bench.wait_until("verder", |status| status.dead.is_empty());
    assert_eq!(order(&lenient.taken()), [1, 3, 2]);
    // Failing too often puts aside as well.
    lenient.next(super::receiver::Manner::Status(500));
    lenient.next(super::receiver::Manner::Close);
    bench.update(&number(4, 4));
    let status = bench.wait_until("verder", |status| status.dead.len() == 1);
    assert_eq!(status.dead[0].failure.code, "webhook-unreachable");
}

#[test]
fn a_body_of_several_events_is_the_same_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (events, sets) = (Receiver::new(), Receiver::new());
    let mut bench = Bench::at(folder.path(), &[events.host(), sets.host()]);
    bench.subscribe(subscription("lijst", &events, Form::CloudEventsBatch));
    let mut wanted = subscription("samen", &sets, Form::Delta);
    wanted.grace_ms = 100;
    wanted.fold = true;
    bench.subscribe(wanted);
    for receiver in [&events, &sets] {
        receiver.usually(super::receiver::Manner::Status(503));
    }
    // More comes while it is tried again and again, by one process and by the next.
    for n in 0..30 {
        bench.update(&number(n % 3, n));
        if n % 10 == 9 {
            bench.wait_until("lijst", |status| status.progress.attempts > 0);
            bench.wait_until("samen", |status| status.progress.attempts > 0);
            bench.restart();
        }
    }
    for receiver in [&events, &sets] {
        receiver.usually(super::receiver::Manner::Status(204));
    }
    for (name, receiver) in [("lijst", &events), ("samen", &sets)] {
        bench.wait_until(name, |status| status.behind == 0);
        let all = receiver.all();
        assert!(all.len() > 3, "{}", all.len());
        let mut known = BTreeMap::new();
        for one in &all {
            let key = one.header("idempotency-key").expect("a key").to_owned();
            let body = known.entry(key).or_insert_with(|| one.body.clone());
            assert_eq!(*body, one.body);
            let first = one.header("x-event-id").expect("an id").to_owned();
            let body = known.entry(first).or_insert_with(|| one.body.clone());
            assert_eq!(*body, one.body, "the same first event, and others after it");
        }
    }
    let told: usize = events
        .taken()
        .iter()
        .map(|one| one.json().as_array().map_or(0, Vec::len))
        .sum();
    assert_eq!(told, 30);
}

#[test]
fn targets_say_when_it_is_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::new();
    let bench = Bench::at(folder.path(), &[receiver.host()]);
    bench.subscribe(subscription("druk", &receiver, Form::CloudEvents));
    receiver.next(super::receiver::Manner::Head(
        429,
        "retry-after: 1\r\n".into(),
    ));
    let at = Instant::now();
    bench.update(&number(1, 1));
    receiver.wait_for(1);
    assert!(at.elapsed() >= Duration::from_secs(1), "{:?}", at.elapsed());
    receiver.next(super::receiver::Manner::Status(410));
    bench.update(&number(1, 2));
    bench.wait_until("druk", |status| status.state() == State::Ended);
    bench.update(&number(1, 3));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.taken().len(), 1);
    // Held back, and then not.
    bench
        .subscriptions
        .resume(&bench.registry, "druk")
        .expect("is there");
    bench.wait_until("druk", |status| status.behind == 0);
    bench.subscriptions.pause("druk").expect("is there");
    bench.update(&number(1, 4));
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(order(&receiver.taken()), [1, 2, 3]);
    bench
        .subscriptions
        .resume(&bench.registry, "druk")
        .expect("is there");
    bench.wait_until("druk", |status| status.behind == 0);
    assert_eq!(order(&receiver.taken()), [1, 2, 3, 4]);
}

/// What waits for a subscriber does not depend on how far the log reaches back: a log without its commits says so.
#[test]
fn a_log_that_gave_up_its_commits_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::new();
    let mut bench = Bench::at(folder.path(), &[receiver.host()]);
    bench.subscribe(subscription("oud", &receiver, Form::CloudEvents));
    bench.update(&number(1, 1));
    receiver.wait_for(1);
    bench.wait_until("oud", |status| status.behind == 0);
    // As after a backup of before was put back: the cursor stands where this log has not been.
    let file = folder.path().join("subscriptions/oud/progress.json");
    let text = std::fs::read_to_string(&file).expect("is kept");
    let mut kept: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    kept["cursor"]["commit"] = 9.into();
    kept["digest"] = "00".repeat(32).into();
    bench.subscriptions.pause("oud").expect("is there");
    std::fs::write(&file, kept.to_string()).expect("room");
    bench.restart();
    for n in 2..4 {
        bench.update(&number(1, n));
    }
    bench
        .subscriptions
        .resume(&bench.registry, "oud")
        .expect("is there");
    // It is ahead: nothing is due until the log gets there, and then it is another one.
    for n in 4..10 {
        bench.update(&number(1, n));
    }
    let status = bench.wait_until("oud", |status| status.state() == State::Waiting);
    assert!(
        status
            .progress
            .failure
            .is_some_and(|f| f.code == "webhook-other-log")
    );
    bench
        .subscriptions
        .resume(&bench.registry, "oud")
        .expect("is there");
    let commit = bench.update(&number(1, 99));
    receiver.wait_for(2);
    assert_eq!(order(&receiver.taken()), [1, commit]);
}
