//! The server killed while statuses are set: every status that was acknowledged is there afterwards, once, and a request that
//! is sent again with its key is done once.

use super::MARRIAGE;
use crate::served::{Served, TOKEN, free_address};
use serde_json::Value as Json;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Cases that statuses are set of in turn: one holds a few hundred.
const CASES: usize = 8;

/// Sends a request with the token; status and body, unless the server went.
fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\nidempotency-key: {key}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let status = answer.get(9..12)?.parse().ok()?;
    Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
}

#[test]
fn every_status_that_was_acknowledged_is_there_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    std::fs::create_dir(&data).expect("a folder");
    let base = "http://register.test";
    let file = folder.path().join("begin.nq");
    std::fs::write(&file, "<http://e/a> <http://e/p> \"1\" .\n").expect("room");
    crate::oslo::output(
        &data,
        ["--base", base, "load", file.to_str().expect("a path")],
    );
    let address = free_address();
    let mut served = Served::start(&data, address, base, &[]);
    let (status, told) =
        send(address, "POST", "/proces/v1/processtypen", "t", MARRIAGE).expect("an answer");
    assert_eq!(status, 201, "{told}");
    let rounds =
        std::env::var("OSLO_PROCESS_KILLS").map_or(3, |text| text.parse().expect("a number"));
    let (mut address, mut acknowledged) = (address, Vec::new());
    for round in 0..rounds {
        let cases: Vec<String> = (0..CASES).map(|n| new_case(address, round, n)).collect();
        let set = |address, number: usize| {
            let path = format!("/proces/v1/dossiers/{}/statussen", cases[number % CASES]);
            let body = format!("{{\"status\":\"aangifte\",\"actie\":\"nr {number}\"}}");
            send(
                address,
                "POST",
                &path,
                &format!("s-{round}-{number}"),
                &body,
            )
        };
        let stop = AtomicBool::new(false);
        let mut done = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut done = 0;
                while !stop.load(Ordering::Relaxed) {
                    let Some((status, told)) = set(address, done) else {
                        break;
                    };
                    assert!((200..300).contains(&status), "{status} {told}");
                    done += 1;
                }
                done
            });
            std::thread::sleep(Duration::from_millis(400 + 150 * (round % 5)));
            // In the middle of a write, as likely as not.
            drop(served);
            stop.store(true, Ordering::Relaxed);
            writer.join().expect("the writer")
        });
        address = free_address();
        served = Served::start(&data, address, base, &[]);
        // What was under way is sent again with its key: done before or now, and once.
        let (status, told) = set(address, done).expect("an answer");
        assert!((200..300).contains(&status), "{status} {told}");
        done += 1;
        for (at, case) in cases.into_iter().enumerate() {
            let wanted: Vec<String> = (at..done)
                .step_by(CASES)
                .map(|number| format!("nr {number}"))
                .collect();
            acknowledged.push((case, wanted));
        }
        for (case, wanted) in &acknowledged {
            assert_eq!(
                actions(address, case),
                *wanted,
                "round {round}, case {case}"
            );
        }
    }
    let count: usize = acknowledged.iter().map(|(_, set)| set.len()).sum();
    println!("{count} statuses in {rounds} rounds");
    assert!(count > 3);
}

/// A new case of a marriage.
fn new_case(address: SocketAddr, round: u64, number: usize) -> String {
    let new = "{\"processtype\":\"huwelijk\",\"titel\":\"Zaak\"}";
    let key = format!("d-{round}-{number}");
    let (status, told) =
        send(address, "POST", "/proces/v1/dossiers", &key, new).expect("an answer");
    assert_eq!(status, 201, "{told}");
    let made: Json = serde_json::from_str(&told).expect("JSON");
    made["id"].as_str().expect("an id").to_owned()
}

/// What the statuses of a case say is to be done, in the order in which they were set.
fn actions(address: SocketAddr, case: &str) -> Vec<String> {
    let path = format!("/proces/v1/dossiers/{case}/statussen");
    let (_, told) = send(address, "GET", &path, "x", "").expect("an answer");
    let json: Json = serde_json::from_str(&told).expect("JSON");
    let listed = json["data"].as_array().expect("a list");
    let texts = listed.iter().filter_map(|one| one["actie"].as_str());
    texts.map(str::to_owned).collect()
}
