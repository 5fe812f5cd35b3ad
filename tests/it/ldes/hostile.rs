//! Servers that break, lie and attack: bounds hold, the source is marked as failing, and what is good comes in.

use super::server::{Ask, Reply, Server};
use super::stream::{Stream, Syntax, Version, history, page, turtle};
use super::{content, options, pages_of, registry, run};
use oslo_registry::ingest::ldes::{Form, Harvest, Summary};
use oslo_registry::registry::{Registry, RegistryConfig};
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Harvests a stream of which page 1 is bad; pages 0 and 2 come in.
fn with_a_bad_page(bad: impl Fn(&Ask, &str) -> Reply + Send + Sync + 'static) -> Summary {
    let stream = Stream::new(Vec::new(), Syntax::NQuads);
    let server = Server::start(move |ask, base| {
        let next = |number: usize| {
            let text = turtle(base, number, None, &[Version::new(number as u64, 1, 1)]);
            Reply::new("text/turtle", text)
        };
        match ask.path.as_str() {
            "/ldes" => {
                let mut text = turtle(base, 0, None, &[]);
                for number in 0..3 {
                    text += &format!(
                        "<{base}/ldes> tree:relation [ tree:node <{base}/p{number}> ] .\n"
                    );
                }
                Reply::new("text/turtle", text)
            }
            "/p0" => next(0),
            "/p1" => bad(ask, base),
            "/p2" => next(2),
            _ => stream.answer(ask, base),
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let registry = registry(folder.path());
    let url = format!("{}/ldes", server.url);
    let mut options = options(&registry, &url, Form::State);
    options.fetch.retries = 2;
    options.fetch.timeout = Duration::from_millis(700);
    options.fetch.max_bytes = 4 << 20;
    let mut harvest = Harvest::open(&registry, options, Arc::default()).expect("opens");
    let summary = harvest.run(&mut |_| {}).expect("the store works");
    assert_eq!(harvest.failing().is_some(), summary.failures > 0);
    let lines = content(&registry);
    for object in [0, 2] {
        let start = format!("<https://data.example/id/adres/{object}> ");
        assert!(
            lines.iter().any(|line| line.starts_with(&start)),
            "{object}"
        );
    }
    summary
}

fn fails_with(code: &str, bad: impl Fn(&Ask, &str) -> Reply + Send + Sync + 'static) {
    let summary = with_a_bad_page(bad);
    assert_eq!(summary.failures, 1, "{:?}", summary.failing);
    let failure = &summary.failing[0];
    assert_eq!(failure.code, code, "{failure:?}");
    assert!(failure.url.ends_with("/p1"));
    assert!(failure.message.iter().all(|text| !text.is_empty()));
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

#[test]
fn errors_of_the_server() {
    // Twice out of order, then well.
    let tries = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let summary = with_a_bad_page(move |_, base| {
        match tries.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 => Reply::status(503).with("retry-after", "0"),
            1 => Reply::status(500),
            _ => Reply::new(
                "text/turtle",
                turtle(base, 1, None, &[Version::new(1, 1, 1)]),
            ),
        }
    });
    assert_eq!((summary.failures, summary.members), (0, 3));
    fails_with("H010", |_, _| Reply::status(500));
    fails_with("H010", |_, _| Reply::status(403));
    let gone = with_a_bad_page(|_, _| Reply::status(410));
    assert_eq!((gone.failures, gone.gone), (0, 1));
}

#[test]
fn slow_answers() {
    let started = Instant::now();
    fails_with("H010", |_, base| {
        Reply::new("text/turtle", turtle(base, 1, None, &[])).after(Duration::from_secs(20))
    });
    fails_with("H010", |_, _| {
        Reply::new("text/turtle", "# wait\n".repeat(10_000)).dripping(10)
    });
    assert!(started.elapsed() < Duration::from_secs(15));
}

#[test]
fn what_is_no_rdf() {
    fails_with("H001", |_, _| {
        Reply::new(
            "text/html; charset=utf-8",
            "<!doctype html><title>Welkom</title>",
        )
    });
    fails_with("H001", |_, _| Reply::new("application/pdf", "%PDF"));
    // A page of HTML under the name of RDF.
    let summary = with_a_bad_page(|_, _| {
        Reply::new(
            "text/turtle",
            "<!doctype html><html><body>Welkom</body></html>",
        )
    });
    assert_eq!(summary.failures, 1);
    // Turtle under the name of N-Quads.
    let summary =
        with_a_bad_page(|_, base| Reply::new("application/n-quads", turtle(base, 1, None, &[])));
    assert_eq!(summary.failures, 1);
    let summary =
        with_a_bad_page(|_, _| Reply::new("text/turtle", &b"<urn:a> <urn:b> \"caf\xE9\" ."[..]));
    assert_eq!(summary.failures, 0, "another encoding is mended");
    assert_eq!(summary.repairs.counts().get("N020"), Some(&1));
}

#[test]
fn bombs() {
    // 64 MiB of one line, in 64 kB.
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 1 << 17);
    let packed = bomb.clone();
    fails_with("H010", move |_, _| {
        Reply::new("application/n-quads", packed.clone()).with("content-encoding", "gzip")
    });
    // The same as a file.
    let summary = with_a_bad_page(move |_, _| Reply::new("application/n-quads", bomb.clone()));
    assert_eq!(summary.failures, 1);
    fails_with("H010", |_, _| {
        Reply::new("text/turtle", vec![b' '; 5 << 20])
    });
    for deep in [
        format!("{}{}", "[".repeat(1_000_000), "]".repeat(1_000_000)),
        "{\"a\":".repeat(600_000),
    ] {
        let summary = with_a_bad_page(move |_, _| Reply::new("application/ld+json", deep.clone()));
        assert_eq!(summary.failures, 1);
    }
    let deep = format!("<urn:a> <urn:b> {}", "[ <urn:c> ".repeat(300_000));
    let summary = with_a_bad_page(move |_, _| Reply::new("text/turtle", deep.clone()));
    assert_eq!(summary.failures, 1);
}

#[test]
fn nothing_else_is_asked() {
    let secret = Arc::new(Server::start(|_, _| {
        Reply::new("application/ld+json", "{}")
    }));
    let inner = secret.url.clone();
    let context = format!("{{\"@context\":\"{inner}/context.jsonld\",\"@id\":\"urn:a\",\"b\":1}}");
    let summary = with_a_bad_page(move |_, _| Reply::new("application/ld+json", context.clone()));
    assert_eq!(summary.failures, 1);
    let inner = secret.url.clone();
    fails_with("H010", move |_, _| {
        Reply::status(302).with("location", format!("{inner}/elsewhere"))
    });
    fails_with("H010", |_, _| {
        Reply::status(302).with("location", "file:///etc/passwd")
    });
    fails_with("H010", |_, _| Reply::status(307).with("location", "/p1"));
    // A relation that leads to another host: its page cannot be had, nothing else suffers.
    let inner = secret.url.clone();
    let summary = with_a_bad_page(move |_, base| {
        let text = turtle(base, 1, None, &[Version::new(1, 1, 1)]);
        let relation = format!("<{base}/p1> tree:relation [ tree:node <{inner}/page> ] .");
        Reply::new("text/turtle", text + &relation)
    });
    assert_eq!((summary.failures, summary.members), (1, 3));
    assert!(
        summary.failing[0]
            .hint
            .as_ref()
            .is_some_and(|hint| hint[1].contains("--allow-host"))
    );
    assert_eq!(secret.asked(), Vec::<String>::new());
}

#[test]
fn our_own_network_needs_permission() {
    let server = Stream::new(vec![vec![Version::new(1, 1, 1)]], Syntax::NQuads).serve();
    let registry = Registry::in_memory(RegistryConfig::default());
    let mut options = options(&registry, &format!("{}/ldes", server.url), Form::State);
    options.fetch.allow_private = false;
    let summary = run(&registry, options);
    assert_eq!(summary.failures, 1);
    assert!(summary.failing[0].message[1].contains("own network"));
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn paging_that_does_not_end() {
    // Every page leads to another one, without members; or with the same member each time.
    for members in [vec![], vec![Version::new(1, 1, 1)]] {
        let has_members = !members.is_empty();
        let server = Server::start(move |ask, base| {
            let number = ask.path.strip_prefix("/p").and_then(|n| n.parse().ok());
            let number: usize = number.unwrap_or(0);
            let text = turtle(base, number, Some(number + 1), &members)
                + &format!("<{base}/ldes> tree:relation [ tree:node <{base}/p1> ] .\n");
            Reply::new("text/turtle", text).immutable()
        });
        let registry = Registry::in_memory(RegistryConfig::default());
        let mut options = options(&registry, &format!("{}/ldes", server.url), Form::State);
        options.max_pages = 60;
        options.max_barren = 30;
        let summary = run(&registry, options);
        let code = if has_members { "H004" } else { "H003" };
        assert_eq!(summary.failing[0].code, code);
        assert!(server.asked().len() <= 61);
    }
    // Pages that lead to each other are read once.
    let server = Server::start(|ask, base| {
        let number = usize::from(ask.path == "/p1");
        let text = turtle(
            base,
            number,
            Some(1 - number),
            &[Version::new(number as u64, 1, 1)],
        ) + &format!("<{base}/ldes> tree:relation [ tree:node <{base}/p1> ] .\n");
        Reply::new("text/turtle", text)
    });
    let registry = Registry::in_memory(RegistryConfig::default());
    let summary = run(
        &registry,
        options(&registry, &format!("{}/ldes", server.url), Form::State),
    );
    assert_eq!((summary.failures, summary.pages), (0, 3));
}

#[test]
fn an_entry_that_is_none() {
    let server = Server::start(|_, _| Reply::new("text/turtle", "<urn:a> <urn:b> <urn:c> ."));
    let registry = Registry::in_memory(RegistryConfig::default());
    let summary = run(&registry, options(&registry, &server.url, Form::State));
    assert_eq!(summary.failing[0].code, "H002");
    assert_eq!(registry.snapshot().seq(), 0);
}

#[test]
fn pages_that_change_and_members_without_content() {
    let shown = Arc::new(std::sync::Mutex::new(String::new()));
    let text = Arc::clone(&shown);
    let server = Server::start(move |_, _| {
        Reply::new("text/turtle", text.lock().expect("not poisoned").clone())
    });
    let url = format!("{}/ldes", server.url);
    let say = |members: &[Version], more: &str| {
        *shown.lock().expect("not poisoned") = turtle(&server.url, 0, None, members) + more;
    };
    let registry = Registry::in_memory(RegistryConfig::default());
    let again = || run(&registry, options(&registry, &url, Form::State));
    let hollow = "<urn:s> <urn:loose> <urn:o> . [] a ex:Los .";
    let member = format!("<{url}#stream> tree:member <urn:hollow>, [] .\n");
    say(&[Version::new(1, 1, 1)], &(member + hollow));
    let first = again();
    assert_eq!((first.members, first.hollow, first.left_over), (1, 2, 2));
    // The same version with other words: the page is believed.
    say(&[], "");
    let changed =
        turtle(&server.url, 0, None, &[Version::new(1, 1, 1)]).replace("\"1\" ;", "\"1A\" ;");
    *shown.lock().expect("not poisoned") = changed;
    again();
    let lines = content(&registry);
    assert!(
        lines.iter().any(|line| line.ends_with("\"1A\"")),
        "{lines:#?}"
    );
    assert_eq!(lines.len(), 7);
}

#[test]
fn pages_too_large_for_one_commit_come_in_parts() {
    let members = history(60, 1);
    let server = Server::start(move |_, base| {
        Reply::new(
            "application/n-quads",
            page(Syntax::NQuads, base, 0, None, &members),
        )
    });
    let registry = Registry::in_memory(RegistryConfig::default());
    let mut options = options(&registry, &format!("{}/ldes", server.url), Form::State);
    options.batch_quads = 100;
    let summary = run(&registry, options);
    assert_eq!((summary.failures, summary.members), (0, 60));
    assert!(summary.commits >= 4);
    assert_eq!(pages_of(&history(60, 1), 7).len(), 9);
}
