//! The server killed while it takes commits and tells of them: every commit that was acknowledged is told, in order, and what
//! is told twice has the same id.

use super::Receiver;
use crate::oslo::output;
use crate::served::{Served, TOKEN, free_address};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// Sends a request with the token; status and body, unless the server went.
fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    kind: &str,
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.get(9..12)?.parse().ok()?;
    let body = answer.split_once("\r\n\r\n")?.1.to_owned();
    Some((status, body))
}

#[test]
fn nothing_is_lost_when_the_server_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let base = "http://register.test";
    let file = folder.path().join("begin.nq");
    std::fs::write(&file, "<http://e/a> <http://e/p> \"1\" .\n").expect("room");
    output(
        &data,
        ["--base", base, "load", file.to_str().expect("a path")],
    );
    let receiver = Receiver::new();
    let host = receiver.host();
    let arguments = ["--webhook-allow", host.as_str()];
    let mut acknowledged = 0_u64;
    let rounds =
        std::env::var("OSLO_WEBHOOK_KILLS").map_or(3, |text| text.parse().expect("a number"));
    for round in 0..rounds {
        let address = free_address();
        let served = Served::start(&data, address, base, &arguments);
        if round == 0 {
            let body = format!(
                "{{\"naam\":\"taai\",\"doel\":\"{}\",\"vorm\":\"cloudevents\",\"geheim\":\"een-lang-geheim-van-de-proef\"}}",
                receiver.url()
            );
            let (status, body) = send(
                address,
                "POST",
                "/beheer/abonnementen",
                "application/json",
                &body,
            )
            .expect("an answer");
            assert_eq!(status, 201, "{body}");
            assert!(
                !body.contains("een-lang-geheim") && !body.contains("zeer-geheim"),
                "{body}"
            );
        }
        let until = Instant::now() + Duration::from_millis(1_000);
        while Instant::now() < until {
            let number = acknowledged + 1;
            let update = format!(
                "PREFIX adr: <https://data.vlaanderen.be/ns/adres#> INSERT DATA {{ GRAPH <{base}/graph/adressen> {{ <https://data.vlaanderen.be/id/adres/{number}> a adr:Adres ; adr:huisnummer \"{number}\" }} }}"
            );
            let done = send(
                address,
                "POST",
                "/sparql/update",
                "application/sparql-update",
                &update,
            );
            assert!(
                done.as_ref().is_some_and(|(status, _)| *status < 300),
                "{done:?}"
            );
            acknowledged = number;
        }
        assert!(
            !served.log().contains("geheim-van-de-proef"),
            "{}",
            served.log()
        );
        // In the middle of it, as likely as not.
        drop(served);
    }
    let address = free_address();
    let served = Served::start(&data, address, base, &arguments);
    let until = Instant::now() + Duration::from_secs(60);
    let told = loop {
        let mut ids = BTreeSet::new();
        let mut subjects = Vec::new();
        for one in receiver.taken() {
            let event = one.json();
            assert!(
                one.header("x-signature-256")
                    .is_some_and(|s| s.starts_with("sha256="))
            );
            let id = event["id"].as_str().expect("an id").to_owned();
            if ids.insert(id) {
                subjects.push(event["subject"].as_str().expect("an IRI").to_owned());
            }
        }
        if subjects.len() as u64 >= acknowledged || Instant::now() > until {
            break subjects;
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let wanted: Vec<String> = (1..=acknowledged)
        .map(|n| format!("https://data.vlaanderen.be/id/adres/{n}"))
        .collect();
    assert_eq!(told, wanted);
    let twice = receiver.taken().len() - told.len();
    println!("{acknowledged} commits, {rounds} kills, {twice} told twice");
    let (status, figures) = send(address, "GET", "/metrics", "", "").expect("an answer");
    assert_eq!(status, 200);
    assert!(
        figures.contains("oslo_subscription_lag_commits{subscription=\"taai\"} 0"),
        "{figures}"
    );
    let ended = served.stop();
    assert!(ended.status.success());
    assert!(!ended.log.contains("sleutel=zeer-geheim"), "{}", ended.log);
}
