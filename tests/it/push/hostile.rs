//! Subscribers that mean no good: slow ones, endless answers, redirects, closed connections, addresses of our own network.

use super::receiver::Manner;
use super::{Bench, Receiver, number, subscription};
use oslo_registry::feeds::push::{Form, Handshake, State, Subscription};
use std::time::{Duration, Instant};

#[test]
fn bad_subscribers_keep_nobody_waiting() {
    let folder = tempfile::tempdir().expect("a folder");
    let manners = [
        Manner::Slow(Duration::from_secs(30)),
        Manner::Slow(Duration::from_secs(30)),
        Manner::Endless,
        Manner::Head(302, "location: http://127.0.0.1:1/elders\r\n".into()),
        Manner::Status(500),
        Manner::Close,
    ];
    let bad: Vec<Receiver> = manners
        .into_iter()
        .map(|manner| {
            let receiver = Receiver::new();
            receiver.usually(manner);
            receiver
        })
        .collect();
    let good = Receiver::new();
    let hosts: Vec<String> = bad.iter().chain([&good]).map(Receiver::host).collect();
    let bench = Bench::at(folder.path(), &hosts);
    for (number, receiver) in bad.iter().enumerate() {
        bench.subscribe(subscription(
            &format!("slecht-{number}"),
            receiver,
            Form::CloudEvents,
        ));
    }
    bench.subscribe(subscription("goed", &good, Form::CloudEvents));
    let mut slowest = Duration::ZERO;
    for n in 0..100 {
        let at = Instant::now();
        bench.update(&number(n % 5, n));
        slowest = slowest.max(at.elapsed());
    }
    let at = Instant::now();
    bench.wait_until("goed", |status| status.behind == 0);
    assert!(at.elapsed() < Duration::from_secs(20), "{:?}", at.elapsed());
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(good.taken().len(), 100);
    // An endless answer is one of success, and not read.
    bench.wait_until("slecht-2", |status| status.behind == 0);
    let redirected = bench.wait_until("slecht-3", |status| status.state() == State::Waiting);
    assert!(
        redirected
            .progress
            .failure
            .is_some_and(|f| f.code == "webhook-redirect")
    );
    for (name, code) in [
        ("slecht-0", "webhook-timeout"),
        ("slecht-4", "webhook-status"),
        ("slecht-5", "webhook-unreachable"),
    ] {
        let status = bench.wait_until(name, |status| status.progress.failed > 1);
        assert_eq!(status.progress.delivered, 0);
        assert_eq!(
            status.progress.failure.map(|f| f.code).as_deref(),
            Some(code)
        );
    }
    // Ending does not wait for them either.
    let at = Instant::now();
    drop(bench);
    assert!(at.elapsed() < Duration::from_secs(5), "{:?}", at.elapsed());
}

#[test]
fn our_own_network_is_told_nothing_unless_it_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::new();
    // Another host than the one that is allowed.
    let bench = Bench::at(folder.path(), &["127.0.0.1:1".to_owned()]);
    let port = receiver.address.port();
    for (name, host) in [
        ("nummer", "127.0.0.1"),
        ("naam", "localhost"),
        ("punt", "localhost."),
        ("vorm", "127.1"),
        ("zes", "[::ffff:127.0.0.1]"),
    ] {
        let target = format!("http://{host}:{port}/");
        for handshake in [Handshake::None, Handshake::Required] {
            let name = format!("{name}-{handshake:?}");
            bench.subscribe(Subscription {
                handshake,
                ..Subscription::new(name, target.clone(), Form::CloudEvents)
            });
        }
    }
    bench.update(&number(1, 1));
    for host in ["nummer", "naam", "punt", "vorm", "zes"] {
        for handshake in [Handshake::None, Handshake::Required] {
            let name = format!("{host}-{handshake:?}");
            let status = bench.wait_until(&name, |status| status.progress.failed > 0);
            let code = status.progress.failure.map(|f| f.code).unwrap_or_default();
            // Some forms are no names that can be looked up.
            assert!(
                ["webhook-private", "webhook-unreachable"].contains(&&*code),
                "{name}: {code}"
            );
        }
    }
    assert!(receiver.all().is_empty(), "{:?}", receiver.all());
}

#[test]
fn a_target_has_to_want_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let receiver = Receiver::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let deaf = silent.local_addr().expect("bound");
    std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        for stream in silent.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    let bench = Bench::at(folder.path(), &[receiver.host(), deaf.to_string()]);
    bench.subscribe(Subscription::new(
        "welkom",
        receiver.url(),
        Form::CloudEvents,
    ));
    let target = format!("http://{deaf}/");
    bench.subscribe(Subscription::new("doof", target, Form::CloudEvents));
    bench.update(&number(1, 1));
    receiver.wait_for(1);
    let all = receiver.all();
    assert_eq!(all[0].method, "OPTIONS");
    assert_eq!(
        all[0].header("webhook-request-origin"),
        Some("register.test")
    );
    assert_eq!(all.len(), 2, "asked once");
    bench.update(&number(1, 2));
    receiver.wait_for(2);
    assert_eq!(receiver.all().len(), 3);
    let status = bench.wait_until("doof", |status| status.progress.failed > 1);
    assert_eq!(status.progress.delivered, 0);
    assert!(
        status
            .progress
            .failure
            .is_some_and(|f| f.code == "webhook-handshake")
    );
}
