//! What is served when something is wrong beneath: a damaged index, a log that cannot be synced, no room on the disk.

use super::{Server, TOKEN};
use crate::oslo::oslo;
use axum::http::StatusCode;
use oslo_registry::store::OpenOptions;
use oslo_registry::views::html::percent_encode;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Stdio};
use tempfile::TempDir;

const QUADS: usize = 30_000;

fn many() -> String {
    (0..QUADS)
        .map(|n| format!("<http://e/s{n}> <http://e/p> \"tekst {n}\" .\n"))
        .collect()
}

/// Flips a byte in each piece of 4 KiB of the index files, all but the last bytes, which a store reads when it opens.
fn damage(data: &Path) {
    let entries = fs::read_dir(data.join("index")).expect("an index");
    let mut flipped = 0;
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let mut bytes = fs::read(&path).expect("a file");
        let end = bytes.len().saturating_sub(16 << 10);
        for at in (512..end).step_by(4096) {
            bytes[at] ^= 0x40;
            flipped += 1;
        }
        fs::write(&path, bytes).expect("the file again");
    }
    assert!(flipped > 0, "the index is large enough to be damaged");
}

#[tokio::test]
async fn a_damaged_index_is_an_error_and_never_a_short_answer() {
    let folder = TempDir::new().expect("a folder");
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    server.load("veel", many().as_bytes());
    server.registry.store().checkpoint().expect("a checkpoint");
    drop(server);
    damage(folder.path());
    let server = Server::in_folder(folder.path(), OpenOptions::default());
    let before = server.get("/health").await.json();
    assert_eq!(before["commit"], 1);
    let one = "SELECT ?o { <http://e/s15000> ?p ?o }";
    let all = "SELECT * { ?s ?p ?o }";
    for query in [
        one,
        all,
        "CONSTRUCT WHERE { ?s ?p ?o }",
        "SELECT (COUNT(DISTINCT ?o) AS ?n) { ?s ?p ?o }",
    ] {
        let path = format!("/sparql?query={}", percent_encode(query));
        let sent = super::request(axum::http::Method::GET, &path, &[], "");
        let (status, body) = server.send_raw(sent).await;
        match body {
            Ok(body) if status == StatusCode::OK => {
                // What does not touch a damaged part is whole.
                let text = String::from_utf8_lossy(&body);
                assert!(
                    query == one && text.contains("tekst 15000"),
                    "{query}: {text}"
                );
            }
            Ok(body) => {
                assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{query}");
                let text = String::from_utf8_lossy(&body);
                assert!(
                    text.contains("index-damaged") && text.contains("oslo rebuild"),
                    "{text}"
                );
                let place = folder.path().to_str().expect("UTF-8");
                assert!(!text.contains(place), "{text}");
            }
            // Broken off after the first bytes.
            Err(_) => assert_eq!(status, StatusCode::OK),
        }
    }
    let damaged = [
        "/graph/veel",
        "/rdf-graphs",
        "/api",
        "/sparql",
        "/doc?uri=http://e/s15000",
    ];
    let mut failed = 0;
    for path in damaged {
        let sent = super::request(axum::http::Method::GET, path, &[], "");
        let (status, body) = server.send_raw(sent).await;
        failed += usize::from(body.is_err() || status == StatusCode::INTERNAL_SERVER_ERROR);
    }
    assert!(failed > 0, "no request met the damage");
    let health = server.get("/health").await;
    assert_eq!(health.status, StatusCode::OK);
    let health = health.json();
    assert_eq!(health["status"], "beschadigd", "{health:#}");
    assert!(
        health["reden"]
            .as_str()
            .is_some_and(|reason| reason.starts_with("index/")),
        "{health:#}"
    );
}

/// The real server with faults armed; killed when the test ends.
struct Real {
    child: Child,
    address: String,
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Real {
    fn start(data: &Path, faults: &str) -> Self {
        let seed = data.with_extension("nt");
        fs::write(&seed, "<http://e/a> <http://e/p> 1 .\n").expect("a file");
        let loaded = oslo(data)
            .arg("load")
            .arg(&seed)
            .output()
            .expect("the binary runs");
        assert!(loaded.status.success());
        let token = data.with_extension("token");
        fs::write(&token, TOKEN.repeat(2)).expect("a file");
        let mut child = oslo(data)
            .args(["serve", "--bind", "127.0.0.1:0", "--admin-token-file"])
            .arg(&token)
            .env("OSLO_FAULT", faults)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        out.read_line(&mut line).expect("it says where");
        let address = line
            .split_whitespace()
            .next()
            .unwrap_or("")
            .replace("http://", "");
        Self { child, address }
    }

    /// Status line and the rest of an answer.
    fn ask(&self, method: &str, path: &str, body: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let token = TOKEN.repeat(2);
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\
             content-type: application/sparql-update\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (status, rest) = answer.split_once("\r\n").expect("a status line");
        (status.to_owned(), rest.to_owned())
    }

    fn insert(&self, n: u32) -> (String, String) {
        let update = format!("INSERT DATA {{ <http://e/b> <http://e/p> {n} }}");
        self.ask("POST", "/sparql/update", &update)
    }

    fn count(&self) -> String {
        let query = percent_encode("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }");
        let (status, rest) = self.ask("GET", &format!("/sparql?format=csv&query={query}"), "");
        assert!(status.contains("200"), "{status}");
        rest.lines().last().unwrap_or("").trim().to_owned()
    }
}

#[test]
fn reading_goes_on_when_writing_has_stopped() {
    let folder = TempDir::new().expect("a folder");
    let server = Real::start(&folder.path().join("data"), "log.sync=fail@2");
    let (status, rest) = server.insert(2);
    assert!(status.contains("200"), "{status}\n{rest}");
    for n in [3, 4] {
        let (status, rest) = server.insert(n);
        assert!(
            status.contains("503") && rest.contains("writing-stopped"),
            "{status}\n{rest}"
        );
    }
    assert_eq!(server.count(), "2");
    let (status, health) = server.ask("GET", "/health", "");
    assert!(status.contains("200"), "{status}");
    for needed in [
        "\"status\": \"gestopt\"",
        "\"reden\"",
        "\"schrijven\": false",
        "\"logBytes\"",
    ] {
        assert!(health.contains(needed), "{needed}: {health}");
    }
}
