//! Files over HTTP: ranges, conditions, checksums, the way to the newest; and what is not there.

use super::{Folder, Options, make, server};
use crate::http::{Server, request};
use axum::http::{Method, StatusCode};
use oslo_registry::feeds::dumps::newest;
use sha2::{Digest as _, Sha256};

struct Bed {
    _dir: tempfile::TempDir,
    server: Server,
    /// The whole file.
    file: Vec<u8>,
    path: String,
    sha256: String,
}

fn bed() -> Bed {
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path());
    let folder = Folder::of_data(dir.path());
    make(&server, &folder, &Options::default());
    let manifest = newest(&folder, "adressen")
        .expect("readable")
        .expect("made");
    let file = manifest.file("jsonl.gz").expect("the format");
    Bed {
        server,
        file: std::fs::read(folder.path_of("adressen", &file.name)).expect("a file"),
        path: format!("/dumps/adressen/{}", file.name),
        sha256: file.sha256.clone(),
        _dir: dir,
    }
}

impl Bed {
    async fn ask(&self, method: Method, headers: &[(&str, &str)]) -> crate::http::Answer {
        self.server
            .send(request(method, &self.path, headers, ""))
            .await
    }
}

#[tokio::test]
async fn a_file_says_what_it_is_and_is_never_packed_again() {
    let bed = bed();
    let packing = [("accept-encoding", "gzip, zstd")];
    let whole = bed.ask(Method::GET, &packing).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert_eq!(whole.body, bed.file);
    let hex: String = Sha256::digest(&whole.body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(hex, bed.sha256);
    assert_eq!(whole.header("etag"), format!("\"{hex}\""));
    for (name, expected) in [
        ("content-type", "application/gzip"),
        ("content-encoding", ""),
        ("accept-ranges", "bytes"),
        ("cache-control", "public, max-age=604800, immutable"),
        ("x-commit", "2"),
    ] {
        assert_eq!(whole.header(name), expected, "{name}");
    }
    assert_eq!(whole.header("content-length"), bed.file.len().to_string());
    assert!(whole.header("repr-digest").starts_with("sha-256=:"));
    assert!(whole.header("digest").starts_with("sha-256="));
    assert!(whole.header("content-disposition").contains("jsonl.gz"));
    let head = bed.ask(Method::HEAD, &[("range", "bytes=0-3")]).await;
    assert_eq!(head.status, StatusCode::OK);
    assert!(head.body.is_empty());
    for name in ["content-length", "etag", "repr-digest", "last-modified"] {
        assert_eq!(head.header(name), whole.header(name), "{name}");
    }
    // The metadata of a table is text, and goes out as it is all the same.
    let target = "/dumps/adressen/laatste.csv-metadata.json";
    let found = bed.server.get(target).await;
    let location = found.header("location").to_owned();
    let path = location.trim_start_matches(crate::http::BASE);
    let metadata = request(Method::GET, path, &packing, "");
    let metadata = bed.server.send(metadata).await;
    assert_eq!(metadata.header("content-encoding"), "");
    assert_eq!(metadata.header("content-type"), "application/csvm+json");
}

#[tokio::test]
async fn a_part_can_be_asked_for() {
    let bed = bed();
    let size = bed.file.len();
    let part = bed.ask(Method::GET, &[("range", "bytes=10-19")]).await;
    assert_eq!(part.status, StatusCode::PARTIAL_CONTENT);
    assert_eq!(part.body, bed.file[10..20]);
    assert_eq!(part.header("content-range"), format!("bytes 10-19/{size}"));
    assert_eq!(part.header("content-length"), "10");
    let tail = bed.ask(Method::GET, &[("range", "bytes=-7")]).await;
    assert_eq!(tail.body, bed.file[size - 7..]);
    let far = format!("bytes={size}-");
    let refused = bed.ask(Method::GET, &[("range", &far)]).await;
    refused.assert_problem(416, "range-not-satisfiable");
    assert_eq!(refused.header("content-range"), format!("bytes */{size}"));
    // Several ranges and other units are passed over.
    for value in ["bytes=0-1,5-6", "regels=1-2"] {
        let whole = bed.ask(Method::GET, &[("range", value)]).await;
        assert_eq!((whole.status, whole.body.len()), (StatusCode::OK, size));
    }
    // A part of what is still the same file, by tag or date; else the whole.
    let whole = bed.ask(Method::GET, &[]).await;
    for (condition, status) in [
        (whole.header("etag"), 206),
        (whole.header("last-modified"), 206),
        ("\"anders\"", 200),
        ("Tue, 31 Dec 2024 12:00:00 GMT", 200),
    ] {
        let headers = [("range", "bytes=1-2"), ("if-range", condition)];
        let answer = bed.ask(Method::GET, &headers).await;
        assert_eq!(answer.status.as_u16(), status, "{condition}");
    }
    for (name, value) in [
        ("if-none-match", whole.header("etag")),
        ("if-modified-since", whole.header("last-modified")),
    ] {
        let known = bed.ask(Method::GET, &[(name, value)]).await;
        assert_eq!(known.status, StatusCode::NOT_MODIFIED, "{name}");
        assert!(known.body.is_empty());
    }
    let other = bed.ask(Method::GET, &[("if-match", "\"anders\"")]).await;
    other.assert_problem(412, "precondition-failed");
}

#[tokio::test]
async fn lists_name_every_file_and_lead_to_the_newest() {
    let bed = bed();
    let list = bed.server.get("/dumps").await.json();
    let all = list["dumps"].as_array().expect("dumps");
    let one = all.iter().find(|dump| dump["register"] == "adressen");
    let newest = &one.expect("the addresses")["nieuwste"];
    assert_eq!(newest["commit"], 2);
    let empty = all.iter().find(|dump| dump["register"] == "percelen");
    assert!(empty.expect("the parcels")["nieuwste"].is_null());
    for file in newest["bestanden"].as_array().expect("files") {
        let address = file["adres"].as_str().expect("an address");
        let path = address.trim_start_matches(crate::http::BASE);
        let got = bed.server.get(path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}");
        assert_eq!(file["bytes"], got.body.len());
    }
    let of = bed.server.get("/dumps/adressen").await.json();
    assert_eq!(of["dumps"][0], *newest);
    let address = newest["adres"].as_str().expect("an address");
    let manifest = bed
        .server
        .get(address.trim_start_matches(crate::http::BASE))
        .await;
    assert_eq!(manifest.json(), *newest);
    for extension in ["nq.gz", "trig.zst", "geojson.gz", "json"] {
        let found = bed
            .server
            .get(&format!("/dumps/adressen/laatste.{extension}"))
            .await;
        assert_eq!(found.status, StatusCode::FOUND, "{extension}");
        assert!(found.header("location").ends_with(extension));
        assert_eq!(found.header("cache-control"), "public, no-cache");
    }
    for (path, texts) in [
        (
            "/dumps",
            &["jsonl.gz", "Alle uitspraken", "/dumps/adressen"][..],
        ),
        (
            "/dumps/adressen?taal=en",
            &[bed.sha256.as_str(), "statements"][..],
        ),
    ] {
        let page = bed.server.get_as(path, "text/html").await;
        assert_eq!(page.status, StatusCode::OK);
        for text in texts {
            assert!(page.text().contains(text), "{path}: {text}");
        }
    }
}

#[tokio::test]
async fn what_is_not_listed_is_not_there() {
    let bed = bed();
    for path in [
        "/dumps/bestaat-niet",
        "/dumps/adressen/laatste.pdf",
        "/dumps/adressen/adressen-2020-01-01-1.nq.gz",
        "/dumps/adressen/..%2Flock",
        "/dumps/..%2Fdumps/lock",
        "/dumps/adressen/.nieuw",
        "/dumps/straatnamen/laatste.nq.gz",
    ] {
        bed.server.get(path).await.assert_problem(404, "not-found");
    }
}
