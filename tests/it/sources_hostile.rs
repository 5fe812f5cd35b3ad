//! Hostile input for every kind of source: bounds hold, the source is marked as failing with a code and what to do, nothing of
//! it is stored, and other sources go on. Streams have tests of their own.

use super::ldes::server::{Ask, Reply, Server};
use super::oslo::output;
use super::served::{Served, free_address};
use super::sources_kinds::{lines, once, open, source};
use oslo_registry::ingest::sources::{Bounds, Outcome, RunRecord};
use oslo_registry::registry::{SourceKind, option};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

const QUERY: (&str, &str) = (option::QUERY, "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }");

/// The kinds that ask a server for one document or more.
const KINDS: [SourceKind; 4] = [
    SourceKind::Http,
    SourceKind::Sparql,
    SourceKind::Dcat,
    SourceKind::Vocabulary,
];

fn bounds() -> Bounds {
    let mut bounds = Bounds {
        max_pages: 50,
        max_bytes: 16 << 20,
        max_statements: 10_000,
        page_rows: 100,
        ..Bounds::default()
    };
    bounds.fetch.retries = 0;
    bounds.fetch.timeout = Duration::from_millis(700);
    bounds.fetch.max_bytes = 4 << 20;
    bounds
}

/// Documents that are small on the wire or the disk and large in memory.
fn bombs() -> Vec<(&'static str, &'static str, Vec<u8>)> {
    let many = |head: &str, one: &str, tail: &str| {
        let text = format!("{head}{}{tail}", one.repeat(24_000_000 / one.len()));
        text.into_bytes()
    };
    let json = "application/ld+json";
    vec![
        ("lijst", json, many("[", "0,", "0]")),
        (
            "objecten",
            json,
            many(
                "{\"@id\":\"urn:a\",\"@context\":{\"p\":\"urn:p\"},\"p\":[",
                "{},",
                "{}]}",
            ),
        ),
        (
            "records",
            "application/json",
            many("[{\"identificator\":[", "0,", "0]}]"),
        ),
        ("gzip", "text/turtle", gzip(&vec![b' '; 256 << 20])),
        ("diep", json, vec![b'['; 24_000_000]),
    ]
}

#[test]
fn a_server_goes_on_and_its_memory_stays_small() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let documents = bombs();
    let names: Vec<&str> = documents.iter().map(|(name, ..)| *name).collect();
    let sources: Vec<String> = names.iter().map(|name| format!("a-{name}")).collect();
    let server = Server::start(move |ask, _| {
        let known = documents
            .iter()
            .find(|(name, ..)| ask.path == format!("/{name}"));
        match known {
            Some((_, kind, body)) => Reply::new(kind, body.clone()),
            None => Reply::new("text/turtle", "<urn:good> <urn:p> 1 ."),
        }
    });
    let mut declared = vec![("z-goed".to_owned(), "goed")];
    declared.extend(sources.iter().cloned().zip(names));
    let address = free_address();
    let base = format!("http://{address}");
    for (source, path) in &declared {
        let url = format!("{}/{path}", server.url);
        let arguments = [
            "--base",
            &base,
            "source",
            "add",
            source,
            &url,
            "--kind",
            "http",
            "--every",
            "1h",
            "--allow-private",
        ];
        output(&data, arguments);
    }
    let served = Served::start(&data, address, &base, &[]);
    let before = served.proc_status("VmHWM");
    let runs = |source: &str| data.join("sources").join(source).join("runs.ndjson");
    let until = Instant::now() + Duration::from_secs(60);
    while !declared.iter().all(|(source, _)| runs(source).exists()) {
        assert!(Instant::now() < until, "{}", served.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    for source in &sources {
        let told = std::fs::read_to_string(runs(source)).expect("there");
        assert!(told.contains("\"failing\""), "{source}: {told}");
    }
    let told = std::fs::read_to_string(runs("z-goed")).expect("there");
    assert!(told.contains("\"done\""), "{told}");
    let grown = served.proc_status("VmHWM").saturating_sub(before) >> 10;
    assert!(grown < 400, "{grown} MiB");
}

/// Runs a source of each kind against a server, beside a good one that comes in all the same.
fn fails(
    kinds: &[SourceKind],
    answer: impl Fn(&Ask, &str) -> Reply + Send + Sync + 'static,
) -> Vec<RunRecord> {
    let bad = Server::start(answer);
    let good = Server::start(|_, _| Reply::new("text/turtle", "<urn:good> <urn:p> 1 ."));
    let mut records = Vec::new();
    for kind in kinds {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = open(folder.path());
        let options = [QUERY, (option::FETCH_CONTEXTS, "true")];
        let url = format!("{}/bad", bad.url);
        let hostile = source(&registry, *kind, &url, &options);
        let started = Instant::now();
        let record = once(&registry, &hostile, &bounds());
        assert!(started.elapsed() < Duration::from_secs(20), "{kind:?}");
        assert_eq!(record.outcome, Outcome::Failing, "{kind:?}: {record:?}");
        let failure = record.failure.as_ref().expect("told");
        assert!(
            failure
                .message
                .iter()
                .all(|text| !text.is_empty() && text.len() < 4_000)
        );
        assert!(
            failure.hint.is_some() || failure.code.starts_with('P') || failure.code == "H010",
            "{failure:?}"
        );
        assert_eq!(
            registry.snapshot().seq(),
            0,
            "{kind:?}: nothing of it is stored"
        );
        let mut beside = source(&registry, SourceKind::Http, &good.url, &[]);
        beside.name = "goed".to_owned();
        beside.graph = registry.graph_iri("bron/goed");
        assert_eq!(once(&registry, &beside, &bounds()).outcome, Outcome::Done);
        assert_eq!(lines(&registry, "bron/goed").len(), 1);
        records.push(record);
    }
    records
}

fn codes(records: &[RunRecord]) -> Vec<&str> {
    let failures = records.iter().filter_map(|record| record.failure.as_ref());
    failures.map(|failure| failure.code.as_str()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

#[test]
fn wrong_types_and_bytes() {
    let records = fails(&KINDS, |_, _| {
        Reply::new("text/html", "<!doctype html>Welkom")
    });
    assert_eq!(codes(&records), ["H001", "H001", "H015", "H015"]);
    let records = fails(&KINDS, |_, _| Reply::new("application/pdf", "%PDF-1.7"));
    assert_eq!(codes(&records), ["H001"; 4]);
    fails(&KINDS, |_, _| {
        Reply::new("text/turtle", &b"\x7fELF\x02\x01\xff\xfe\x80\x00\x00"[..])
    });
    fails(&KINDS, |_, _| {
        Reply::new("text/turtle", "<!doctype html><html>Welkom</html>")
    });
    fails(&KINDS, |_, _| {
        Reply::new("application/n-triples", "{\"a\":1}")
    });
    // What would empty the graph is not believed.
    let kinds = [SourceKind::Http, SourceKind::Vocabulary];
    let records = fails(&kinds, |_, _| {
        Reply::new("application/json", "{\"error\":\"later\"}")
    });
    assert_eq!(codes(&records), ["H018"; 2]);
    let records = fails(&kinds, |_, _| Reply::new("text/turtle", "# leeg"));
    assert_eq!(codes(&records), ["H018"; 2]);
    let records = fails(&KINDS, |_, _| Reply::status(500));
    assert_eq!(codes(&records), ["H010"; 4]);
}

#[test]
fn bombs_of_json_and_nesting() {
    let kinds = [SourceKind::Http, SourceKind::Dcat, SourceKind::Vocabulary];
    for bomb in [
        format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)),
        "{\"a\":".repeat(600_000),
        format!("{{\"@context\":{}", "[".repeat(1_000_000)),
        format!(
            "{{\"@context\":[{}]}}",
            vec!["\"x.jsonld\""; 100_000].join(",")
        ),
    ] {
        fails(&kinds, move |_, _| {
            Reply::new("application/ld+json", bomb.clone())
        });
    }
    let deep = format!("<urn:a> <urn:b> {}", "[ <urn:c> ".repeat(300_000));
    fails(&KINDS, move |_, _| Reply::new("text/turtle", deep.clone()));
    let xml = format!(
        "<rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">{}",
        "<a xmlns=\"urn:x:\">".repeat(200_000)
    );
    fails(&kinds, move |_, _| {
        Reply::new("application/rdf+xml", xml.clone())
    });
}

#[test]
fn bombs_of_gzip_and_endless_bodies() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    let packed = bomb.clone();
    let records = fails(&KINDS, move |_, _| {
        Reply::new("text/turtle", packed.clone()).with("content-encoding", "gzip")
    });
    assert_eq!(codes(&records), ["H010"; 4]);
    // The same as a file; what comes out of it is bounded too.
    let mut text = vec![b' '; 64 << 20];
    text.extend_from_slice(b"nonsense");
    let packed = gzip(&text);
    fails(&KINDS, move |_, _| {
        Reply::new("text/turtle", packed.clone())
    });
    let records = fails(&KINDS, |_, _| {
        Reply::new("text/turtle", vec![b' '; 5 << 20])
    });
    assert_eq!(codes(&records), ["H010"; 4]);
}

#[test]
fn slow_and_flooding_servers() {
    let records = fails(&KINDS, |_, _| {
        Reply::new("text/turtle", "# wait\n".repeat(10_000)).dripping(10)
    });
    assert_eq!(codes(&records), ["H010"; 4]);
    let records = fails(&KINDS, |_, _| {
        let mut reply = Reply::new("text/turtle", "<urn:a> <urn:p> 1 .");
        for number in 0..20_000 {
            reply = reply.with(&format!("x-flood-{number}"), "x".repeat(100));
        }
        reply
    });
    assert_eq!(codes(&records), ["H010"; 4]);
    let records = fails(&KINDS, |_, _| {
        Reply::new("text/turtle", "").with("x-long", "x".repeat(4 << 20))
    });
    assert_eq!(codes(&records), ["H010"; 4]);
}

#[test]
fn redirects_lead_nowhere_else() {
    let secret = Arc::new(Server::start(|_, _| {
        Reply::new("text/turtle", "<urn:s> <urn:p> 1 .")
    }));
    for location in [
        format!("{}/secret", secret.url),
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "/bad".to_owned(),
        "http://[::1]:1/".to_owned(),
        "nonsense://".to_owned(),
        String::new(),
    ] {
        let records = fails(&KINDS, move |_, _| {
            Reply::status(302).with("location", location.clone())
        });
        assert_eq!(codes(&records), ["H010"; 4]);
    }
    assert_eq!(secret.asked(), Vec::<String>::new());
}

#[test]
fn private_addresses_are_not_asked_whatever_leads_to_them() {
    let server = Server::start(|_, _| Reply::new("text/turtle", "<urn:s> <urn:p> 1 ."));
    for kind in KINDS {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = open(folder.path());
        let mut hostile = source(&registry, kind, &server.url, &[QUERY]);
        hostile.allow_private = false;
        let failure = once(&registry, &hostile, &bounds()).failure.expect("told");
        assert_eq!(failure.code, "H010");
        assert!(failure.message[1].contains("own network"), "{failure:?}");
    }
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn contexts_that_point_elsewhere_are_not_fetched() {
    let secret = Arc::new(Server::start(|_, _| {
        Reply::new("application/ld+json", "{\"@context\":{}}")
    }));
    let kinds = [SourceKind::Http, SourceKind::Dcat, SourceKind::Vocabulary];
    for context in [
        format!("{}/context.jsonld", secret.url),
        "http://localhost:1/context.jsonld".to_owned(),
        "http://169.254.169.254/context.jsonld".to_owned(),
    ] {
        let text = format!("{{\"@context\":\"{context}\",\"@id\":\"urn:a\",\"b\":1}}");
        let records = fails(&kinds, move |_, _| {
            Reply::new("application/ld+json", text.clone())
        });
        assert_eq!(codes(&records), ["H016"; 3]);
    }
    assert_eq!(secret.asked(), Vec::<String>::new());
    // Contexts that lead to ever more contexts.
    let records = fails(&kinds, |ask, base| {
        let number: usize = ask
            .path
            .strip_prefix("/c")
            .and_then(|n| n.parse().ok())
            .unwrap_or(0);
        let text = format!(
            "{{\"@context\":\"{base}/c{}\",\"@id\":\"urn:a\"}}",
            number + 1
        );
        Reply::new("application/ld+json", text)
    });
    assert_eq!(codes(&records), ["H016"; 3]);
    // One that is a page, and one that is itself a bomb.
    let records = fails(&kinds, |ask, base| match ask.path.as_str() {
        "/bad" => Reply::new(
            "application/ld+json",
            format!("{{\"@context\":\"{base}/c\",\"@id\":\"urn:a\"}}"),
        ),
        _ => Reply::new("application/ld+json", "{\"@context\":".repeat(100_000)),
    });
    assert_eq!(codes(&records), ["H016"; 3]);
}

#[test]
fn paging_that_does_not_end() {
    // An endpoint that knows no OFFSET.
    let records = fails(&[SourceKind::Sparql], |_, _| {
        Reply::new("text/turtle", "<urn:a> <urn:p> 1 .")
    });
    assert_eq!(codes(&records), ["H012"]);
    // One that makes up something new each time.
    let records = fails(&[SourceKind::Sparql], |ask, _| {
        Reply::new("text/turtle", format!("<urn:a> <urn:p> {} .", ask.number))
    });
    assert_eq!(codes(&records), ["H013"]);
    let records = fails(&[SourceKind::Sparql], |ask, _| {
        let number = ask.number;
        let text: String = (0..3_000)
            .map(|n| format!("<urn:a> <urn:p> \"{number}.{n}\" .\n"))
            .collect();
        Reply::new("text/turtle", text)
    });
    assert_eq!(codes(&records), ["H013"]);
    // A catalogue whose pages lead on and on.
    let records = fails(&[SourceKind::Dcat], |ask, base| {
        let text = format!(
            "<urn:c> <http://www.w3.org/ns/hydra/core#next> <{base}/p{}> .",
            ask.number
        );
        Reply::new("text/turtle", text)
    });
    assert_eq!(codes(&records), ["H003"]);
    // A catalogue with more distributions than anyone would fetch.
    let records = fails(&[SourceKind::Dcat], |_, base| {
        let text: String = (0..1_500)
            .map(|n| format!("<urn:d{n}> <http://www.w3.org/ns/dcat#distribution> [ <http://www.w3.org/ns/dcat#downloadURL> <{base}/{n}.ttl> ] .\n"))
            .collect();
        Reply::new("text/turtle", text)
    });
    assert_eq!(codes(&records), ["H013"]);
}

#[test]
fn web_pages_with_endless_links_are_left() {
    let head: String = (0..5_000)
        .map(|n| format!("<link rel=alternate type=text/turtle href='/a{n}'>"))
        .collect();
    let server = Server::start(move |_, _| {
        Reply::new("text/html", format!("<!doctype html>{head}"))
            .with("link", "<".repeat(3_000))
            .with(
                "link",
                "</b>; rel=alternate; type=\"text/turtle\",".repeat(50),
            )
    });
    let folder = tempfile::tempdir().expect("a folder");
    let registry = open(folder.path());
    let vocabulary = source(
        &registry,
        SourceKind::Vocabulary,
        &format!("{}/ns", server.url),
        &[],
    );
    let record = once(&registry, &vocabulary, &bounds());
    assert_eq!(codes(&[record]), ["H015"]);
    assert!(server.asked().len() <= 13);
}

#[test]
fn what_a_kind_brings_keeps_to_its_graph() {
    let kinds = [SourceKind::Http, SourceKind::Vocabulary];
    let records = fails(&kinds, |_, _| {
        let graph = "http://127.0.0.1:7400/graph/beheer/bronnen";
        Reply::new(
            "application/n-quads",
            format!("<urn:a> <urn:p> \"1\" <{graph}> .\n"),
        )
    });
    assert_eq!(codes(&records), ["P035"; 2]);
}
