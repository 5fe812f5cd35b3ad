//! The server killed while statuses are set: every status that was acknowledged is there afterwards, once, and a request that
//! is sent again with its key is done once.

use super::MARRIAGE;
use crate::served::{Served, TOKEN, free_address};
use serde_json::Value as Json;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

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
    let new = "{\"processtype\":\"huwelijk\",\"titel\":\"Zaak\"}";
    let (status, told) = send(address, "POST", "/proces/v1/dossiers", "d", new).expect("an answer");
    assert_eq!(status, 201, "{told}");
    let made: Json = serde_json::from_str(&told).expect("JSON");
    let id = made["id"].as_str().expect("an id").to_owned();
    let path = format!("/proces/v1/dossiers/{id}/statussen");
    let rounds =
        std::env::var("OSLO_PROCESS_KILLS").map_or(3, |text| text.parse().expect("a number"));
    let mut acknowledged = 0_u64;
    let mut address = address;
    for round in 0..rounds {
        let stop = AtomicBool::new(false);
        acknowledged = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let mut done = acknowledged;
                while !stop.load(Ordering::Relaxed) {
                    let body = format!("{{\"status\":\"aangifte\",\"actie\":\"nr {}\"}}", done + 1);
                    match send(address, "POST", &path, &format!("s-{}", done + 1), &body) {
                        Some((status, told)) => {
                            assert!((200..300).contains(&status), "{status} {told}")
                        }
                        None => break,
                    }
                    done += 1;
                }
                done
            });
            std::thread::sleep(Duration::from_millis(400 + 150 * round));
            // In the middle of a write, as likely as not.
            drop(served);
            stop.store(true, Ordering::Relaxed);
            writer.join().expect("the writer")
        });
        address = free_address();
        served = Served::start(&data, address, base, &[]);
        // What was under way is sent again with its key: done before or now, and once.
        let body = format!(
            "{{\"status\":\"aangifte\",\"actie\":\"nr {}\"}}",
            acknowledged + 1
        );
        let (status, told) = send(
            address,
            "POST",
            &path,
            &format!("s-{}", acknowledged + 1),
            &body,
        )
        .expect("an answer");
        assert!((200..300).contains(&status), "{status} {told}");
        acknowledged += 1;
        let (_, told) = send(address, "GET", &path, "x", "").expect("an answer");
        let json: Json = serde_json::from_str(&told).expect("JSON");
        let found: Vec<String> = json["data"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|one| one["actie"].as_str().map(str::to_owned))
            .collect();
        let wanted: Vec<String> = (1..=acknowledged).map(|n| format!("nr {n}")).collect();
        assert_eq!(found, wanted, "round {round}");
        if acknowledged > 300 {
            break;
        }
    }
    println!("{acknowledged} statuses");
    assert!(acknowledged > 3);
}
