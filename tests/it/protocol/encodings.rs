//! Packed answers and packed requests, and what a client may take or refuse.

use super::Live;
use std::io::{Read as _, Write as _};

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(content).expect("memory takes it");
    packed.finish().expect("memory takes it")
}

fn many(count: usize) -> String {
    (0..count)
        .map(|n| format!("<http://e/s{n}> <http://e/p> {n} .\n"))
        .collect()
}

#[test]
fn answers_are_packed_as_the_client_likes_best() {
    let server = Live::start();
    server.put_graph("http://e/g", &many(3000));
    let path = "/rdf-graphs?graph=http://e/g&format=nt";
    let plain = server.get(path);
    assert_eq!(plain.header("content-encoding"), "");
    for (accepted, coding) in [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.1, gzip", "gzip"),
        ("br", ""),
        ("gzip;q=0", ""),
        ("identity", ""),
    ] {
        let request = server
            .request("GET", path)
            .with("accept-encoding", accepted);
        let reply = server.send(&request);
        assert_eq!((reply.status, reply.is_whole), (200, true), "{accepted}");
        assert_eq!(reply.header("content-encoding"), coding, "{accepted}");
        assert!(
            reply.header("vary").contains("accept-encoding"),
            "{accepted}"
        );
        let mut content = Vec::new();
        match coding {
            "gzip" => {
                flate2::read::GzDecoder::new(&reply.body[..])
                    .read_to_end(&mut content)
                    .expect("gzip");
            }
            "zstd" => content = zstd::decode_all(&reply.body[..]).expect("zstd"),
            _ => content.clone_from(&reply.body),
        }
        assert_eq!(content, plain.body, "{accepted}");
        let tag = reply.header("etag");
        assert_eq!(tag == plain.header("etag"), coding.is_empty(), "{accepted}");
        let again = server.send(&request.with("if-none-match", &tag));
        assert_eq!(again.status, 304, "{accepted}");
    }
}

#[test]
fn packed_requests_are_unpacked_within_the_limit() {
    let server = Live::with(|config| config.max_body_bytes = 100_000);
    let turtle = many(500);
    let put = |coding: &str, body: &[u8]| {
        let request = server
            .request("PUT", "/graph/proef")
            .with("content-type", "text/turtle")
            .with("content-encoding", coding);
        server.send(&request.body(body))
    };
    let zstd = zstd::encode_all(turtle.as_bytes(), 0).expect("memory takes it");
    assert_eq!(put("gzip", &gzip(turtle.as_bytes())).status, 201);
    assert_eq!(put("zstd", &zstd).json()["gewijzigd"], false);
    assert_eq!(put("identity", turtle.as_bytes()).status, 200);
    let refused = put("br", b"x");
    assert_eq!(refused.status, 415);
    assert_eq!(refused.json()["code"], "content-encoding");
    assert_eq!(refused.header("accept-encoding"), "gzip, zstd");
    assert_eq!(
        put("gzip", turtle.as_bytes()).json()["code"],
        "content-encoding"
    );
    // Small on the way, too large once unpacked.
    let large = vec![b'#'; 100_001];
    for (coding, packed) in [
        ("gzip", gzip(&large)),
        (
            "zstd",
            zstd::encode_all(&large[..], 0).expect("memory takes it"),
        ),
    ] {
        assert!(packed.len() < 1000);
        assert_eq!(put(coding, &packed).json()["code"], "body-too-large");
    }
    let query = server
        .request("POST", "/sparql")
        .with("content-type", "application/sparql-query")
        .with("content-encoding", "gzip")
        .body(gzip(b"ASK { ?s ?p 7 }"));
    assert_eq!(server.send(&query).json()["boolean"], true);
}
