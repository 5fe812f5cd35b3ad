//! How an answer that breaks off is told from one that is whole: by its end, and by its trailers where a client reads them.

use super::{Live, Reply};
use oslo_registry::views::html::percent_encode;
use std::time::{Duration, Instant};

const ROWS: usize = 5000;

fn server(max_rows: u64) -> Live {
    let server = Live::with(|config| config.max_rows = max_rows);
    let turtle: String = (0..ROWS)
        .map(|n| format!("<http://e/s{n}> <http://e/p> {n} .\n"))
        .collect();
    server.put_graph("http://e/g", &turtle);
    server
}

fn ask(server: &Live, with: &[(&str, &str)]) -> Reply {
    ask_for(server, "SELECT * { ?s ?p ?o }", with)
}

fn ask_for(server: &Live, query: &str, with: &[(&str, &str)]) -> Reply {
    let query = percent_encode(query);
    let mut request = server.request("GET", &format!("/sparql?query={query}"));
    for (name, value) in with {
        request = request.with(name, value);
    }
    server.send(&request)
}

const READS_TRAILERS: [(&str, &str); 2] = [("te", "trailers"), ("connection", "close, TE")];

#[test]
fn an_answer_that_breaks_off_says_why_to_whoever_reads_trailers() {
    let server = server(4000);
    let reply = ask(&server, &READS_TRAILERS);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("trailer"), "x-oslo-error, x-oslo-rows");
    let error = reply.trailer("x-oslo-error");
    assert!(error.starts_with("query-row-limit; "), "{error}");
    assert_eq!(reply.trailer("x-oslo-rows"), "");
}

#[test]
fn an_answer_that_breaks_off_does_not_end_for_others() {
    let server = server(4000);
    for packed in ["identity", "gzip", "zstd"] {
        let reply = ask(&server, &[("accept-encoding", packed)]);
        assert_eq!((reply.status, reply.is_whole), (200, false), "{packed}");
        assert_eq!(reply.header("trailer"), "");
    }
}

#[test]
fn a_whole_answer_says_so_in_its_trailer() {
    let server = server(1_000_000);
    for packed in ["identity", "gzip", "zstd"] {
        let mut with = READS_TRAILERS.to_vec();
        with.push(("accept-encoding", packed));
        let reply = ask(&server, &with);
        assert_eq!((reply.status, reply.is_whole), (200, true), "{packed}");
        assert_eq!(reply.trailer("x-oslo-rows"), ROWS.to_string(), "{packed}");
        assert_eq!(reply.trailer("x-oslo-error"), "", "{packed}");
    }
    // What comes with its length needs no trailer.
    let small = percent_encode("ASK { ?s ?p 1 }");
    let request = server
        .request("GET", &format!("/sparql?query={small}"))
        .with("te", "trailers");
    let reply = server.send(&request);
    assert_eq!(reply.header("trailer"), "");
    assert!(reply.is_whole && !reply.header("content-length").is_empty());
}

#[test]
fn without_asking_there_are_no_trailers() {
    let server = server(1_000_000);
    let reply = ask(&server, &[]);
    assert!(reply.is_whole);
    assert_eq!(reply.trailer("x-oslo-rows"), "");
}

#[test]
fn a_stopped_query_breaks_its_answer_off() {
    let server = server(1_000_000_000);
    let endless = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }";
    for with in [&READS_TRAILERS[..], &[]] {
        let reply = std::thread::scope(|scope| {
            let asking = scope.spawn(|| ask_for(&server, endless, with));
            stop_once_sending(&server);
            asking.join().expect("it ends")
        });
        assert_eq!(reply.status, 200);
        assert!(!reply.body.is_empty());
        if with.is_empty() {
            assert!(!reply.is_whole);
        } else {
            let error = reply.trailer("x-oslo-error");
            assert!(error.starts_with("query-cancelled; "), "{error}");
        }
    }
}

/// Stops the query that runs once a part of its answer is on its way.
fn stop_once_sending(server: &Live) {
    let started = Instant::now();
    loop {
        let account = server.get("/bevragingen").json();
        let running = &account["lopend"][0];
        if running["verzondenBytes"].as_u64() > Some(100_000) {
            let id = running["nummer"].as_str().expect("a number");
            let stop = server.request("DELETE", &format!("/bevragingen/{id}"));
            assert_eq!(server.send(&stop).status, 200);
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(30), "{account:#}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
