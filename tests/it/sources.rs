//! Declared sources, through the binary and beside a server: files, documents over HTTP, streams, and what fails.

use super::ldes::server::{Reply, Server};
use super::oslo::{oslo, output, run, stderr, stdout};
use oslo_registry::ingest::sources::{Outcome, run_source, runs_of, schedule};
use oslo_registry::registry::{DeclaredSource, Registry, RegistryConfig, SourceKind};
use oslo_registry::store::OpenOptions;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn open(dir: &Path) -> Registry {
    let config = RegistryConfig::default();
    Registry::open(dir, OpenOptions::default(), config, &mut |_, _| {}).expect("opens")
}

fn source(registry: &Registry, name: &str, kind: SourceKind, location: &str) -> DeclaredSource {
    let graph = registry.graph_iri(&format!("bron/{name}"));
    DeclaredSource {
        allow_private: true,
        ..DeclaredSource::new(name, kind, location, graph)
    }
}

fn quads(registry: &Registry, graph: &str) -> usize {
    let view = registry.snapshot().view();
    let graph = view.id_of_iri(registry.graph_iri(graph).as_str());
    graph.map_or(0, |graph| view.quads(None, None, None, Some(graph)).count())
}

#[test]
fn a_folder_is_followed_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, from) = (folder.path().join("data"), folder.path().join("wijken"));
    fs::create_dir(&from).expect("room");
    fs::write(from.join("a.ttl"), "<urn:a> <urn:p> 1, 2 .").expect("room");
    fs::write(from.join("b.ttl"), "<urn:b> <urn:p> 3 .").expect("room");
    let from = from.to_str().expect("a path");
    let listed = output(&data, ["source", "add", "wijken", from, "--every", "15m"]);
    assert!(listed.contains("wijken\tfile\t"), "{listed}");
    assert!(listed.contains("\t900 s\t"), "{listed}");
    let ran = output(&data, ["source", "run"]);
    assert!(
        ran.starts_with("wijken\tchanged\t3 read\t+3\t-0\t0 waiting"),
        "{ran}"
    );
    let ran = output(&data, ["source", "run", "wijken"]);
    assert!(
        ran.starts_with("wijken\tunchanged\t3 read\t+0\t-0"),
        "{ran}"
    );
    fs::remove_file(Path::new(from).join("b.ttl")).expect("there");
    fs::write(Path::new(from).join("a.ttl"), "<urn:a> <urn:p> 1, 4 .").expect("room");
    let ran = output(&data, ["source", "run", "wijken"]);
    assert!(ran.starts_with("wijken\tchanged\t2 read\t+1\t-2"), "{ran}");
    fs::write(Path::new(from).join("a.ttl"), "<urn:a> <urn:p> kapot .").expect("room");
    let failed = run(&data, ["source", "run", "wijken"]);
    assert_eq!(failed.status.code(), Some(1), "{}", stderr(&failed));
    assert!(
        stdout(&failed).contains("wijken\tfailing"),
        "{}",
        stdout(&failed)
    );
    let left = output(
        &data,
        [
            "query",
            "--format",
            "csv",
            "SELECT ?o { <urn:a> <urn:p> ?o } ORDER BY ?o",
        ],
    );
    assert_eq!(
        left.split_whitespace().collect::<Vec<_>>(),
        ["o", "1", "4"],
        "the last good state stays"
    );
    let shown = output(&data, ["source", "show", "wijken"]);
    assert_eq!(shown.matches("unchanged").count(), 1, "{shown}");
    assert_eq!(shown.matches("failing").count(), 1, "{shown}");
    assert!(shown.contains("error[P"), "{shown}");
    output(&data, ["source", "remove", "wijken"]);
    assert_eq!(output(&data, ["source", "list"]).lines().count(), 1);
    let kept = output(
        &data,
        [
            "query",
            "--format",
            "csv",
            "SELECT ?o { <urn:a> <urn:p> ?o }",
        ],
    );
    assert_eq!(kept.lines().count(), 3, "what it brought stays");
}

#[test]
fn what_cannot_be_declared_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    for (arguments, told) in [
        (vec!["add", "a/b", "x.ttl"], "no name for a source"),
        (vec!["add", "a"], "give a name and a location"),
        (vec!["add", "a", "nergens", "--kind", "ldes"], "no address"),
        (vec!["add", "a", "x.ttl", "--every", "1s"], "at least 10s"),
        (vec!["show", "a"], "there is no such source"),
        (vec!["run", "a"], "there is no such source"),
        (vec!["remove", "a"], "there is no such source"),
    ] {
        let done = oslo(&data)
            .arg("source")
            .args(&arguments)
            .output()
            .expect("runs");
        assert!(!done.status.success(), "{arguments:?}");
        assert!(
            stderr(&done).contains(told),
            "{arguments:?}: {}",
            stderr(&done)
        );
    }
    output(
        &data,
        ["source", "add", "een", "x.ttl", "--graph", "wijken"],
    );
    let taken = run(
        &data,
        ["source", "add", "twee", "y.ttl", "--graph", "wijken"],
    );
    assert!(
        stderr(&taken).contains("already belongs to the source een"),
        "{}",
        stderr(&taken)
    );
}

#[test]
fn a_document_is_asked_for_again_only_when_it_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    let version = Arc::new(AtomicUsize::new(1));
    let now = Arc::clone(&version);
    let server = Server::start(move |ask, _| {
        let version = now.load(Ordering::Relaxed);
        let etag = format!("\"{version}\"");
        if version == 9 {
            return Reply::new("text/html", "<html>onderhoud</html>");
        }
        if ask.header("if-none-match") == Some(etag.as_str()) {
            return Reply::status(304).with("etag", etag);
        }
        let text = format!("<urn:a> <urn:p> {version}, 100 .");
        Reply::new("text/turtle", text).with("etag", etag)
    });
    let registry = open(folder.path());
    let source = source(
        &registry,
        "doc",
        SourceKind::Http,
        &format!("{}/doc", server.url),
    );
    let once =
        || run_source(&registry, &source, &Arc::default(), &mut |_| {}).expect("the store works");
    let first = once();
    assert_eq!(
        (first.outcome, first.added, first.removed),
        (Outcome::Done, 2, 0),
        "{first:?}"
    );
    let again = once();
    assert_eq!(
        (again.outcome, again.members),
        (Outcome::Unchanged, 0),
        "not even read: {again:?}"
    );
    version.store(2, Ordering::Relaxed);
    let changed = once();
    assert_eq!(
        (changed.added, changed.removed, changed.commits),
        (1, 1, 1),
        "{changed:?}"
    );
    let seq = registry.snapshot().seq();
    version.store(9, Ordering::Relaxed);
    let failing = once();
    assert_eq!(failing.outcome, Outcome::Failing);
    assert_eq!(failing.failure.expect("told").code, "H001");
    assert_eq!(
        (registry.snapshot().seq(), quads(&registry, "bron/doc")),
        (seq, 2),
        "the last good copy stays"
    );
    let outcomes: Vec<Outcome> = runs_of(&registry, "doc", 10)
        .iter()
        .map(|run| run.outcome)
        .collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Failing,
            Outcome::Done,
            Outcome::Unchanged,
            Outcome::Done
        ]
    );
}

#[test]
fn a_source_speaks_of_its_own_graph_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|ask, _| {
        let other = "http://127.0.0.1:7400/graph/beheer/bronnen";
        let own = "http://127.0.0.1:7400/graph/bron/x";
        Reply::new(
            "application/n-quads",
            match ask.path.as_str() {
                "/own" => format!("<urn:a> <urn:p> \"1\" .\n<urn:a> <urn:p> \"2\" <{own}> .\n"),
                _ => format!("<urn:a> <urn:p> \"1\" .\n<urn:a> <urn:p> \"2\" <{other}> .\n"),
            },
        )
    });
    let registry = open(folder.path());
    let run = |path: &str| {
        let location = format!("{}/{path}", server.url);
        let source = source(&registry, "x", SourceKind::Http, &location);
        run_source(&registry, &source, &Arc::default(), &mut |_| {}).expect("the store works")
    };
    let refused = run("other");
    let failure = refused
        .failure
        .clone()
        .unwrap_or_else(|| panic!("refused: {refused:?}"));
    assert_eq!(failure.code, "P035");
    assert!(
        failure.message[1].contains("/graph/beheer/bronnen"),
        "{failure:?}"
    );
    assert_eq!(registry.snapshot().seq(), 0, "nothing of it is stored");
    assert_eq!(run("own").added, 2);
}

#[test]
fn addresses_of_this_machine_are_for_those_who_may() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, _| Reply::new("text/turtle", "<urn:a> <urn:p> 1 ."));
    let registry = open(folder.path());
    let source = DeclaredSource {
        allow_private: false,
        ..source(
            &registry,
            "x",
            SourceKind::Http,
            &format!("{}/doc", server.url),
        )
    };
    let run =
        run_source(&registry, &source, &Arc::default(), &mut |_| {}).expect("the store works");
    assert_eq!(run.failure.expect("told").code, "H010");
    assert_eq!(quads(&registry, "bron/x"), 0);
}

#[test]
fn a_server_reads_what_is_due_and_a_failing_source_stops_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let server = Server::start(move |ask, _| {
        if ask.path.contains("stuk") {
            return Reply::status(404);
        }
        let turn = count.fetch_add(1, Ordering::Relaxed);
        Reply::new(
            "application/n-triples",
            format!("<urn:a> <urn:p> \"{turn}\" .\n"),
        )
    });
    let registry = Arc::new(open(folder.path()));
    for (name, path) in [("a-stuk", "stuk"), ("b-goed", "goed")] {
        let declared = DeclaredSource {
            every: Some(Duration::from_secs(1)),
            ..source(
                &registry,
                name,
                SourceKind::Http,
                &format!("{}/{path}", server.url),
            )
        };
        registry.declare_source(&declared).expect("declared");
    }
    let running = schedule(Arc::clone(&registry)).expect("a thread");
    let until = Instant::now() + Duration::from_secs(30);
    while asked.load(Ordering::Relaxed) < 3 && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(50));
    }
    let stopping = Instant::now();
    drop(running);
    assert!(
        stopping.elapsed() < Duration::from_secs(5),
        "it stops at once"
    );
    assert!(
        asked.load(Ordering::Relaxed) >= 3,
        "the good source is read again and again"
    );
    assert_eq!(
        quads(&registry, "bron/b-goed"),
        1,
        "the graph holds the latest copy"
    );
    let bad = runs_of(&registry, "a-stuk", 10);
    assert!(!bad.is_empty() && bad.iter().all(|run| run.outcome == Outcome::Failing));
    assert!(
        bad.len() < runs_of(&registry, "b-goed", 10).len(),
        "a failing source is asked less often"
    );
}

#[test]
fn records_and_other_files_of_one_folder_live_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, from) = (folder.path().join("data"), folder.path().join("alles"));
    fs::create_dir(&from).expect("room");
    let records = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/records/v3");
    let address = fs::read_to_string(records.join("adres.json")).expect("a record");
    // The names decide what is read first: records between other files.
    fs::write(from.join("b.json"), &address).expect("room");
    fs::copy(records.join("straatnaam.json"), from.join("c.json")).expect("room");
    for name in ["a.ttl", "d.ttl"] {
        fs::write(from.join(name), format!("<urn:{name}> <urn:p> 1 .")).expect("room");
    }
    let path = from.to_str().expect("a path");
    output(&data, ["source", "add", "alles", path]);
    output(&data, ["gate", "bron/alles", "--mode", "off"]);
    let ran = output(&data, ["source", "run"]);
    assert!(ran.starts_with("alles\tchanged\t"), "{ran}");
    let ask = "SELECT ?g ?s ?p ?o { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?g), \"alles\") && !CONTAINS(STR(?g), \"herkomst\")) } ORDER BY ?g ?s ?p ?o";
    let first = output(&data, ["query", "--format", "csv", ask]);
    for wanted in [
        "urn:a.ttl",
        "urn:d.ttl",
        "id/adres/90000001",
        "id/straatnaam/",
    ] {
        assert!(first.contains(wanted), "{wanted}: {first}");
    }
    let again = output(&data, ["source", "run"]);
    assert!(again.starts_with("alles\tunchanged\t"), "{again}");
    assert_eq!(output(&data, ["query", "--format", "csv", ask]), first);
    // A newer record and a file less: the rest stays, and so does what was.
    let newer = address.replace("adresstatus/inGebruik", "adresstatus/gehistoreerd");
    let old = address
        .split("versieIdentificator\": \"")
        .nth(1)
        .expect("a version");
    let old = &old[..old.find('"').expect("its end")];
    fs::write(
        from.join("b.json"),
        newer.replace(old, "2030-01-01T00:00:00+01:00"),
    )
    .expect("room");
    fs::remove_file(from.join("a.ttl")).expect("there");
    output(&data, ["source", "run"]);
    let now = output(&data, ["query", "--format", "csv", ask]);
    assert!(
        !now.contains("urn:a.ttl") && now.contains("urn:d.ttl"),
        "{now}"
    );
    assert!(now.contains("id/straatnaam/"), "{now}");
    let ask = "SELECT ?s { <https://data.vlaanderen.be/id/adres/90000001> <https://data.vlaanderen.be/ns/adres#Adres.status> ?s }";
    assert!(output(&data, ["query", "--format", "csv", ask]).contains("gehistoreerd"));
    let then = output(
        &data,
        ["query", "--format", "csv", "--valid-on", "2029-12-31", ask],
    );
    assert!(then.contains("inGebruik"), "{then}");
    // A record that is no longer there ends, and the other files stay.
    fs::remove_file(from.join("b.json")).expect("there");
    output(&data, ["source", "run"]);
    let now = output(&data, ["query", "--format", "csv", ask]);
    assert_eq!(now.lines().count(), 1, "{now}");
    output(&data, ["check", "--deep"]);
}
