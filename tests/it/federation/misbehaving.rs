//! Endpoints that fail, lie, drip or never end, and clients that leave.

use super::servers::{Endpoint, Port, allowing, reply};
use super::{LOCAL, PREFIX, REMOTE, patient, problem, rows};
use oslo_registry::http::ServerConfig;
use oslo_registry::query::ServiceLimits;
use serde_json::Value as Json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// A server of ours that may ask one that misbehaves, and what it says.
fn beside(
    limits: ServiceLimits,
    answer: impl Fn(&mut TcpStream) + Send + Sync + 'static,
) -> (Endpoint, Endpoint, String) {
    let bad = Port::new().misbehave(answer);
    let local = Port::new().serve(LOCAL, allowing(&[&bad.iri()], limits));
    let query = format!(
        "SELECT ?a ?n {{ ?a :age ?g . SERVICE <{}> {{ ?a :name ?n }} }}",
        bad.iri()
    );
    (local, bad, query)
}

const SOLUTIONS: &str = "application/sparql-results+json";

#[test]
fn failures_are_told_or_passed_over() {
    type Misbehaviour = fn(&mut TcpStream);
    let cases: [(&str, Misbehaviour); 9] = [
        ("status 500", |s| reply(s, "500 Oops", "text/plain", "oops")),
        ("status 404", |s| {
            reply(s, "404 Not Found", "text/plain", "no")
        }),
        ("of the type \"text/html\"", |s| {
            reply(s, "200 OK", "text/html", "<p>")
        }),
        ("cannot be read", |s| {
            reply(
                s,
                "200 OK",
                SOLUTIONS,
                "{\"head\":{\"vars\":[\"a\"]},\"results\":{\"bindings\":[{\"a\":",
            )
        }),
        ("cannot be read", |s| {
            reply(s, "200 OK", SOLUTIONS, "not json")
        }),
        ("cannot be read", |s| {
            reply(s, "200 OK", SOLUTIONS, "{\"head\":{},\"boolean\":true}")
        }),
        ("cannot be read", |s| {
            let _ = s.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/sparql-results+json\r\ncontent-length: 1000\r\n\r\n{\"head\":{\"vars\":[\"a\"]},\"results\":{\"bindings\":[");
        }),
        ("cannot be reached", |_| {}),
        ("redirects", |s| {
            let _ = s.write_all(b"HTTP/1.1 307 Elsewhere\r\nlocation: http://127.0.0.1:1/sparql\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }),
    ];
    for (reason, answer) in cases {
        let (local, bad, query) = beside(patient(), answer);
        let problem = problem(&local, &query, 502, "query-service-failed");
        let detail = problem["detail"].as_str().expect("a text");
        assert_eq!(problem["dienst"], bad.iri(), "{problem}");
        let (_, english) = local_english(&local, &query);
        assert!(english.contains(reason), "{reason}: {english}");
        assert_ne!(english, detail);
        let silent = rows(&local, &query.replace("SERVICE", "SERVICE SILENT"));
        assert_eq!(silent, ["a=_", "a=carl"], "{reason}");
        // Not dropped where errors of expressions are.
        for hidden in [
            format!(
                "SELECT ?a {{ ?a :age ?g FILTER NOT EXISTS {{ SERVICE <{}> {{ ?a :name ?n }} }} }}",
                bad.iri()
            ),
            format!(
                "SELECT ?a {{ ?a :age ?g MINUS {{ SERVICE <{}> {{ ?a :name ?n }} }} }}",
                bad.iri()
            ),
        ] {
            super::problem(&local, &hidden, 502, "query-service-failed");
        }
    }
}

fn local_english(local: &Endpoint, query: &str) -> (u16, String) {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .build()
        .into();
    let mut answer = agent
        .post(local.iri())
        .header("accept-language", "en")
        .send_form([("query", format!("{PREFIX}{query}"))])
        .expect("the server answers");
    let body = answer.body_mut().read_to_string().expect("a body");
    let json: Json = serde_json::from_str(&body).expect("a problem");
    let detail = json["detail"].as_str().expect("a text").to_owned();
    (answer.status().as_u16(), detail)
}

#[test]
fn xml_is_read_too() {
    let (local, bad, query) = beside(patient(), |stream| {
        let body = "<?xml version=\"1.0\"?><sparql xmlns=\"http://www.w3.org/2005/sparql-results#\"><head><variable name=\"a\"/><variable name=\"n\"/></head><results><result><binding name=\"a\"><uri>http://example.org/carl</uri></binding><binding name=\"n\"><literal xml:lang=\"nl\">Karel</literal></binding></result></results></sparql>";
        reply(
            stream,
            "200 OK",
            "application/sparql-results+xml; charset=utf-8",
            body,
        );
    });
    assert_eq!(rows(&local, &query), ["a=carl n=Karel"]);
    let asked = bad.take_asked();
    let head = asked[0].to_ascii_lowercase();
    assert!(
        head.contains(
            "accept: application/sparql-results+json, application/sparql-results+xml;q=0.8"
        ),
        "{head}"
    );
    assert!(
        !head.contains("authorization") && !head.contains("cookie"),
        "{head}"
    );
}

#[test]
fn large_answers_hit_the_limits_of_the_query() {
    let endless = |stream: &mut TcpStream| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/sparql-results+json\r\nconnection: close\r\n\r\n{\"head\":{\"vars\":[\"a\",\"n\"]},\"results\":{\"bindings\":[";
        let _ = stream.write_all(head.as_bytes());
        let row = "{\"a\":{\"type\":\"uri\",\"value\":\"http://example.org/carl\"},\"n\":{\"type\":\"literal\",\"value\":\"x\"}},".repeat(100);
        while stream.write_all(row.as_bytes()).is_ok() {}
    };
    for limits in [
        ServiceLimits {
            max_bytes: 20_000,
            ..patient()
        },
        ServiceLimits {
            max_rows: 300,
            ..patient()
        },
    ] {
        let (local, _bad, query) = beside(limits, endless);
        let started = Instant::now();
        problem(&local, &query, 400, "query-service-limit");
        problem(
            &local,
            &query.replace("SERVICE", "SERVICE SILENT"),
            400,
            "query-service-limit",
        );
        assert!(started.elapsed() < Duration::from_secs(15));
    }
    // One that is not read to its end is no trouble.
    let (local, bad, _) = beside(patient(), endless);
    let few = rows(
        &local,
        &format!(
            "SELECT ?a ?n {{ SERVICE <{}> {{ ?a :name ?n }} }} LIMIT 3",
            bad.iri()
        ),
    );
    assert_eq!(few.len(), 3);
    // Too many requests.
    let values: String = (0..1000).map(|i| format!("<http://e/{i}> ")).collect();
    let remote = Port::new().serve(REMOTE, ServerConfig::default());
    let limits = ServiceLimits {
        max_requests: 4,
        ..patient()
    };
    let local = Port::new().serve(LOCAL, allowing(&[&remote.iri()], limits));
    let query = format!(
        "SELECT * {{ VALUES ?a {{ {values} }} SERVICE <{}> {{ ?a :name ?n }} }}",
        remote.iri()
    );
    problem(&local, &query, 400, "query-service-limit");
    assert_eq!(remote.take_asked().len(), 4);
}

#[test]
fn slow_answers_are_cut_off() {
    let drip = |stream: &mut TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/sparql-results+json\r\nconnection: close\r\n\r\n{\"head\":{\"vars\":[\"a\",\"n\"]},\"results\":{\"bindings\":[");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let silence = |stream: &mut TcpStream| {
        let _ = stream.read(&mut [0]);
    };
    let limits = ServiceLimits {
        timeout: Duration::from_millis(400),
        ..ServiceLimits::default()
    };
    for bad in [Port::new().misbehave(drip), Port::new().misbehave(silence)] {
        let local = Port::new().serve(LOCAL, allowing(&[&bad.iri()], limits.clone()));
        let query = format!("SELECT * {{ SERVICE <{}> {{ ?a :name ?n }} }}", bad.iri());
        let started = Instant::now();
        let told = problem(&local, &query, 502, "query-service-failed");
        assert!(
            told["detail"]
                .as_str()
                .is_some_and(|text| text.contains("tijd")),
            "{told}"
        );
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
        // The time limit of the query itself is another matter, and SILENT does not pass over it.
        let patient = Port::new().serve(
            LOCAL,
            ServerConfig {
                query_timeout: Duration::from_millis(300),
                ..allowing(&[&bad.iri()], patient())
            },
        );
        let started = Instant::now();
        problem(
            &patient,
            &query.replace("SERVICE", "SERVICE SILENT"),
            503,
            "query-timeout",
        );
        assert!(
            started.elapsed() < Duration::from_secs(3),
            "{:?}",
            started.elapsed()
        );
    }
}

#[test]
fn a_client_that_leaves_takes_its_requests_along() {
    let (reached, is_reached) = mpsc::channel();
    let (dropped, is_dropped) = mpsc::channel();
    let (reached, dropped) = (
        std::sync::Mutex::new(reached),
        std::sync::Mutex::new(dropped),
    );
    let (local, bad, _) = beside(patient(), move |stream| {
        let _ = reached.lock().expect("not poisoned").send(());
        stream
            .set_read_timeout(Some(Duration::from_secs(15)))
            .expect("a socket");
        let left = matches!(stream.read(&mut [0]), Ok(0))
            || matches!(stream.read(&mut [0]), Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset);
        let _ = dropped.lock().expect("not poisoned").send(left);
    });
    let query = format!("SELECT * {{ SERVICE <{}> {{ ?a ?b ?c }} }}", bad.iri());
    let address = local.url.strip_prefix("http://").expect("a URL").to_owned();
    let mut client = TcpStream::connect(&address).expect("it listens");
    let body = format!(
        "query={}",
        oslo_registry::views::html::percent_encode(&query)
    );
    let request = format!(
        "POST /sparql HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    client.write_all(request.as_bytes()).expect("it reads");
    is_reached
        .recv_timeout(Duration::from_secs(10))
        .expect("the other endpoint is asked");
    let started = Instant::now();
    drop(client);
    let left = is_dropped
        .recv_timeout(Duration::from_secs(10))
        .expect("the request ends");
    assert!(left, "the connection was closed");
    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_query_that_stops_frees_the_other_server() {
    let mut data = String::from("@prefix : <http://example.org/> .\n");
    for i in 0..400 {
        data.push_str(&format!(":n{i} :v {i} . "));
    }
    let remote = Port::new().serve(
        &data,
        ServerConfig {
            max_concurrent_queries: 1,
            queue_timeout: Duration::from_millis(100),
            ..ServerConfig::default()
        },
    );
    let local = Port::new().serve(
        LOCAL,
        ServerConfig {
            query_timeout: Duration::from_millis(500),
            ..allowing(&[&remote.iri()], patient())
        },
    );
    let heavy = format!(
        "SELECT (COUNT(*) AS ?n) {{ SERVICE <{}> {{ ?a :v ?x . ?b :v ?y . ?c :v ?z . ?d :v ?w FILTER(?x + ?y + ?z + ?w < 0) }} }}",
        remote.iri()
    );
    problem(&local, &heavy, 503, "query-timeout");
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let (status, _) = remote.ask(&format!("{PREFIX}ASK {{ ?a :v 1 }}"));
        if status == 200 {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "the other server is still busy for nobody"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}
