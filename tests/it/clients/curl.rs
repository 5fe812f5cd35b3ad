//! What people type: `curl`, with its own options for caching, packing, conditions and failures.

use super::Endpoint;
use crate::served::TOKEN;
use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

const COUNT: &str = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }";
const ALL: &str = "SELECT * { ?s ?p ?o } LIMIT 2000";

/// Runs curl; its exit code and what it printed.
fn curl(arguments: &[&str], input: &[u8]) -> (i32, String) {
    let mut child = Command::new("curl")
        .args(["--silent", "--show-error", "--max-time", "60"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("curl runs");
    let mut stdin = child.stdin.take().expect("piped");
    let input = input.to_vec();
    let writing = std::thread::spawn(move || {
        // A server that refuses may close before it has read everything.
        let _ = stdin.write_all(&input);
    });
    let done = child.wait_with_output().expect("it ends");
    writing.join().expect("no panic");
    let mut text = String::from_utf8_lossy(&done.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&done.stderr));
    (done.status.code().unwrap_or(-1), text)
}

fn is_there() -> bool {
    let there = Command::new("curl").arg("--version").output();
    let there = there.is_ok_and(|done| done.status.success());
    if !there {
        assert!(std::env::var_os("CI").is_none(), "curl is not installed");
        eprintln!("curl is not installed: it was not tried");
    }
    there
}

#[test]
fn curl_works() {
    if !is_there() {
        return;
    }
    let endpoint = Endpoint::start();
    let sparql = format!("{}/sparql", endpoint.base);
    let query = format!("query={COUNT}");
    let code = ["--output", "/dev/null", "--write-out", "%{http_code}"];
    let bearer = format!("Authorization: Bearer {TOKEN}");

    // Every way to ask gives the same.
    let (_, by_get) = curl(
        &[
            "--get",
            "--data-urlencode",
            &query,
            "-H",
            "Accept: text/csv",
            &sparql,
        ],
        b"",
    );
    assert!(by_get.starts_with("n\r\n"), "{by_get}");
    let (_, by_form) = curl(
        &[
            "--data-urlencode",
            &query,
            "-H",
            "Accept: text/csv",
            &sparql,
        ],
        b"",
    );
    let direct = [
        "--data-binary",
        "@-",
        "-H",
        "Content-Type: application/sparql-query",
        "-H",
        "Accept: text/csv",
        &sparql,
    ];
    let (_, by_body) = curl(&direct, COUNT.as_bytes());
    let chunked = [
        "-X",
        "POST",
        "-T",
        "-",
        "-H",
        "Content-Type: application/sparql-query",
        "-H",
        "Accept: text/csv",
        &sparql,
    ];
    let (_, by_chunks) = curl(&chunked, COUNT.as_bytes());
    assert_eq!([&by_form, &by_body, &by_chunks], [&by_get; 3]);

    // An entity tag that curl keeps and compares.
    let folder = tempfile::tempdir().expect("temporary folder");
    let tag = folder.path().join("tag").display().to_string();
    let saved = [
        &code[..],
        &[
            "--get",
            "--data-urlencode",
            &query,
            "--etag-save",
            &tag,
            &sparql,
        ],
    ]
    .concat();
    assert_eq!(curl(&saved, b"").1, "200");
    assert!(fs::read_to_string(&tag).expect("a tag").starts_with('"'));
    let compared = [
        &code[..],
        &[
            "--get",
            "--data-urlencode",
            &query,
            "--etag-compare",
            &tag,
            &sparql,
        ],
    ]
    .concat();
    assert_eq!(curl(&compared, b"").1, "304");

    // Packed and plain are the same.
    let all = format!("query={ALL}");
    let asked = [
        "--get",
        "--data-urlencode",
        &all,
        "-H",
        "Accept: text/tab-separated-values",
        &sparql,
    ];
    let (_, plain) = curl(&asked, b"");
    let (_, packed) = curl(&[&["--compressed"], &asked[..]].concat(), b"");
    assert!(plain.lines().count() == 2001 && plain == packed);
    let size = |encoding: &str| {
        let header = format!("Accept-Encoding: {encoding}");
        let sized = [
            "-H",
            &header,
            "--output",
            "/dev/null",
            "--write-out",
            "%{size_download} %header{content-encoding}",
        ];
        curl(&[&sized, &asked[..]].concat(), b"").1
    };
    for encoding in ["gzip", "zstd"] {
        let told = size(encoding);
        let (bytes, named) = told.split_once(' ').expect("two words");
        assert_eq!(named, encoding);
        assert!(
            bytes.parse::<usize>().expect("a number") * 3 < plain.len(),
            "{told}"
        );
    }

    // HEAD has the headers and no content; OPTIONS tells the methods.
    let (done, head) = curl(
        &["--head", "--get", "--data-urlencode", &query, &sparql],
        b"",
    );
    assert!(done == 0 && head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(
        head.contains("etag: \"") && head.contains("x-commit: "),
        "{head}"
    );
    let (_, options) = curl(&["-X", "OPTIONS", "--include", &sparql], b"");
    assert!(
        options.starts_with("HTTP/1.1 204") && options.contains("allow: "),
        "{options}"
    );

    // As a browser asks before a page of another site may.
    let preflight = [
        "-X",
        "OPTIONS",
        "--include",
        "-H",
        "Origin: https://elders.test",
        "-H",
        "Access-Control-Request-Method: POST",
        "-H",
        "Access-Control-Request-Headers: authorization, content-type",
        &sparql,
    ];
    let (_, allowed) = curl(&preflight, b"");
    for header in [
        "access-control-allow-origin: *",
        "access-control-allow-methods: ",
        "access-control-allow-headers: ",
        "access-control-max-age: ",
    ] {
        assert!(allowed.contains(header), "{header} in {allowed}");
    }

    // An update needs the token, and is seen at once.
    let graph = format!("{}/graph/proef-curl", endpoint.base);
    let update = format!("update=INSERT DATA {{ GRAPH <{graph}> {{ <urn:a> <urn:b> \"één\" }} }}");
    let written = [&code[..], &["--data-urlencode", &update, &sparql]].concat();
    assert_eq!(curl(&written, b"").1, "401");
    assert_eq!(
        curl(&[&written[..], &["-H", &bearer]].concat(), b"").1,
        "200"
    );
    let (_, turtle) = curl(&["-H", "Accept: text/turtle", &graph], b"");
    assert!(turtle.contains("\"één\""), "{turtle}");
    // The tag of before is no longer that of now.
    assert_eq!(curl(&compared, b"").1, "200");
    // A file to a graph and away again; a large one asks whether it may come first.
    let large: String = (0..40_000)
        .map(|n| format!("<urn:s{n}> <urn:p> {n} .\n"))
        .collect();
    let put = [
        "-T",
        "-",
        "-H",
        "Content-Type: text/turtle",
        "-H",
        "Expect: 100-continue",
        "-H",
        &bearer,
        &graph,
    ];
    let (done, told) = curl(&[&code[..], &put].concat(), large.as_bytes());
    assert!(done == 0 && told.starts_with("20"), "{told}");
    assert_eq!(
        curl(
            &[&code[..], &["-X", "DELETE", "-H", &bearer, &graph]].concat(),
            b""
        )
        .1,
        "200"
    );

    // A failure is one for scripts too, and says why.
    let wrong = [
        "--fail-with-body",
        "--get",
        "--data-urlencode",
        "query=SELECT * { ?s ?p }",
        &sparql,
    ];
    let (done, told) = curl(&wrong, b"");
    assert!(done == 22 && told.contains("query-syntax"), "{done} {told}");
    // An answer that breaks off is one as well: nobody takes a part for the whole.
    let endless = "query=SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }";
    let broken = [
        "--fail",
        "--output",
        "/dev/null",
        "--get",
        "--data-urlencode",
        endless,
        "-d",
        "timeout=300ms",
        &sparql,
    ];
    let (done, told) = curl(&broken, b"");
    // 18: it came in part. 22: the limit was hit before the first byte, as on a slow machine.
    assert!(done == 18 || done == 22, "{done} {told}");
    // Identifiers lead to their documents.
    let id = format!("{}/id/adres/90000001", endpoint.base);
    let (_, document) = curl(
        &["--location", "-H", "Accept: application/ld+json", &id],
        b"",
    );
    assert!(document.contains("\"@context\""), "{document}");
}
