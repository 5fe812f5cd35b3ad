//! Clients that keep the server waiting, and queries that keep each other waiting: over real connections.

use super::Live;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SOON: Duration = Duration::from_secs(10);

fn connect(live: &Live) -> TcpStream {
    let stream = TcpStream::connect(live.address).expect("the server listens");
    stream.set_read_timeout(Some(SOON)).expect("a time limit");
    stream
}

/// All that comes until the server closes the connection.
fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is reset ends as well as one that is closed.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn percent(text: &str) -> String {
    oslo_registry::views::html::percent_encode(text)
}

/// Numbers enough to multiply.
fn with_numbers(live: Live) -> Live {
    let turtle: String = (0..600)
        .map(|n| format!("<urn:s{n}> <urn:p> {n} .\n"))
        .collect();
    live.put_graph("urn:getallen", &turtle);
    live
}

const HEAVY: &str =
    "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }";

#[test]
fn a_head_that_does_not_come_costs_the_connection() {
    let live = Live::with(|config| config.head_timeout = Duration::from_millis(200));
    let since = Instant::now();
    let mut silent = connect(&live);
    let mut halfway = connect(&live);
    halfway
        .write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nx-la")
        .expect("it listens");
    assert_eq!(rest(&mut silent), "");
    let told = rest(&mut halfway);
    assert!(
        told.is_empty() || told.starts_with("HTTP/1.1 408"),
        "{told}"
    );
    assert!(since.elapsed() < SOON);
    assert_eq!(live.get("/health").status, 200);
}

#[test]
fn a_body_that_does_not_come_is_told() {
    let live = Live::with(|config| config.body_timeout = Duration::from_millis(200));
    let mut slow = connect(&live);
    slow.write_all(
        b"POST /sparql HTTP/1.1\r\nhost: x\r\ncontent-type: application/sparql-query\r\ncontent-length: 1000\r\n\r\nASK {",
    )
    .expect("it listens");
    let told = rest(&mut slow);
    assert!(
        told.starts_with("HTTP/1.1 408") && told.contains("body-too-slow"),
        "{told}"
    );
}

#[test]
fn bodies_together_are_bounded() {
    let live = Live::with(|config| config.max_total_body_bytes = 1 << 20);
    let large = " ".repeat(900 << 10) + "ASK {}";
    let post = |text: &str| {
        let request = live.request("POST", "/sparql");
        let request = request.with("content-type", "application/sparql-query");
        live.send(&request.body(text))
    };
    assert_eq!(post(&large).status, 200);
    // Another one holds most of the room: the next large one is sent away, small ones are not. Which of two comes first is
    // not said, so the one that is to hold waits a moment for nobody to be there.
    let hold = || {
        let mut holding = connect(&live);
        holding
            .write_all(b"POST /sparql HTTP/1.1\r\nhost: x\r\ncontent-type: application/sparql-query\r\ncontent-length: 1000000\r\n\r\n")
            .and_then(|()| holding.write_all(&vec![b' '; 900 << 10]))
            .expect("it listens");
        std::thread::sleep(Duration::from_millis(300));
        holding
    };
    let since = Instant::now();
    let holding = loop {
        let holding = hold();
        let refused = post(&large);
        if refused.status == 503 {
            assert!(!refused.header("retry-after").is_empty());
            break holding;
        }
        assert!(since.elapsed() < SOON, "{}", refused.status);
    };
    assert_eq!(post("ASK {}").status, 200);
    drop(holding);
}

#[test]
fn those_who_ask_nothing_make_room() {
    let live = Live::with(|config| config.max_connections = 4);
    let mut silent: Vec<TcpStream> = (0..4).map(|_| connect(&live)).collect();
    // All places are taken, and still there is an answer.
    assert_eq!(live.get("/health").status, 200);
    assert_eq!(rest(&mut silent[0]), "");
    drop(silent);
    let ask = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n";
    let since = Instant::now();
    let mut at_work: Vec<TcpStream> = Vec::new();
    while at_work.len() < 4 {
        let mut stream = connect(&live);
        stream.write_all(ask).expect("it listens");
        let mut some = [0; 12];
        if stream.read_exact(&mut some).is_ok() && &some == b"HTTP/1.1 200" {
            at_work.push(stream);
        }
        assert!(since.elapsed() < SOON);
    }
    // Those who have asked keep their places.
    let mut late = connect(&live);
    let _ = late.write_all(ask);
    let told = rest(&mut late);
    assert!(
        told.is_empty() || told.starts_with("HTTP/1.1 503"),
        "{told}"
    );
    at_work[0].write_all(ask).expect("it is still open");
}

#[test]
fn heavy_queries_leave_room_for_small_ones() {
    let live = with_numbers(Live::with(|config| {
        config.max_long_queries = 1;
        config.max_waiting_queries = 1;
        config.waiting_timeout = Duration::from_millis(300);
        config.long_after = Duration::from_millis(50);
    }));
    let heavy = format!("/sparql?timeout=4&query={}", percent(HEAVY));
    let small = format!(
        "/sparql?query={}",
        percent("SELECT ?o { <urn:s7> <urn:p> ?o }")
    );
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| live.get(&heavy))).collect();
        std::thread::sleep(Duration::from_millis(200));
        for _ in 0..20 {
            let since = Instant::now();
            assert_eq!(live.get(&small).status, 200);
            assert!(
                since.elapsed() < Duration::from_secs(2),
                "{:?}",
                since.elapsed()
            );
        }
        let codes: Vec<String> = asked
            .into_iter()
            .map(|asked| asked.join().expect("no panic").json()["code"].to_string())
            .collect();
        let count = |code: &str| codes.iter().filter(|known| known.contains(code)).count();
        // One works to its limit; the others found the turn taken, the line full or too slow.
        assert_eq!(
            (count("query-timeout"), count("query-crowded")),
            (1, 3),
            "{codes:?}"
        );
    });
}

#[test]
fn queries_share_memory() {
    let live = with_numbers(Live::with(|config| {
        config.max_total_query_memory_bytes = 8 << 20;
    }));
    let sort = percent("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?c ?f ?i");
    let reply = live.get(&format!("/sparql?timeout=20&query={sort}"));
    assert_eq!(reply.status, 503, "{}", reply.text());
    assert_eq!(reply.json()["code"], "query-crowded");
    assert!(!reply.header("retry-after").is_empty());
    // Nothing is held afterwards.
    let fits = percent("SELECT * { ?a ?b ?c } ORDER BY ?c");
    assert_eq!(live.get(&format!("/sparql?query={fits}")).status, 200);
}

#[test]
fn a_client_that_reads_nothing_holds_nothing_for_long() {
    let live = with_numbers(Live::with(|config| {
        config.stall_timeout = Duration::from_millis(300);
    }));
    let endless = percent("SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }");
    let mut idle = connect(&live);
    let head = format!("GET /sparql?timeout=60&query={endless} HTTP/1.1\r\nhost: x\r\n\r\n");
    idle.write_all(head.as_bytes()).expect("it listens");
    let since = Instant::now();
    let runs = || {
        let list = live.send(
            &live
                .request("GET", "/bevragingen")
                .with("accept", "application/json"),
        );
        list.json()["lopend"]
            .as_array()
            .is_some_and(|running| !running.is_empty())
    };
    while !runs() {
        assert!(since.elapsed() < SOON, "it never ran");
    }
    while runs() {
        assert!(since.elapsed() < SOON, "it still runs");
        std::thread::sleep(Duration::from_millis(50));
    }
}
