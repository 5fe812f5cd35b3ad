//! Kinds of sources beside files, documents and streams: SPARQL endpoints, catalogues, vocabularies, and the contexts that
//! documents need. Each against a small server that does as it is told.

use super::ldes::server::{Ask, Reply, Server};
use super::oslo::{output, run, stderr, stdout};
use oslo_registry::ingest::sources::{
    Bounds, Outcome, RunRecord, renew_contexts, run_source_within,
};
use oslo_registry::registry::{DeclaredSource, Registry, RegistryConfig, SourceKind, option};
use oslo_registry::store::OpenOptions;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub(crate) fn open(dir: &Path) -> Registry {
    let config = RegistryConfig::default();
    Registry::open(dir, OpenOptions::default(), config, &mut |_, _| {}).expect("opens")
}

pub(crate) fn source(
    registry: &Registry,
    kind: SourceKind,
    location: &str,
    options: &[(&str, &str)],
) -> DeclaredSource {
    let options = options.iter();
    DeclaredSource {
        name: "x".to_owned(),
        kind,
        location: location.to_owned(),
        graph: registry.graph_iri("bron/x"),
        every: None,
        allow_private: true,
        keep: String::new(),
        strict: false,
        options: options
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    }
}

pub(crate) fn once(registry: &Registry, source: &DeclaredSource, bounds: &Bounds) -> RunRecord {
    run_source_within(registry, source, bounds, &Arc::default(), &mut |_| {})
        .expect("the store works")
}

/// The statements of a graph, sorted.
pub(crate) fn lines(registry: &Registry, graph: &str) -> Vec<String> {
    let view = registry.snapshot().view();
    let Some(graph) = view.id_of_iri(registry.graph_iri(graph).as_str()) else {
        return Vec::new();
    };
    let quads = view.quads(None, None, None, Some(graph));
    let mut lines: Vec<String> = quads
        .map(|quad| {
            let text = |id| view.text(id).into_owned();
            format!("{} {} {}", text(quad.s), text(quad.p), text(quad.o))
        })
        .collect();
    lines.sort();
    lines
}

/// `LIMIT` and `OFFSET` of a query in an address.
fn window(ask: &Ask) -> (usize, usize) {
    let after = |word: &str| {
        let at = ask.path.find(word).expect("a window") + word.len();
        let digits = ask.path[at..].chars().skip_while(|c| !c.is_ascii_digit());
        let digits: String = digits.take_while(char::is_ascii_digit).collect();
        digits.parse().expect("a number")
    };
    // Behind `%20`.
    (after("LIMIT%20"), after("OFFSET%20"))
}

const QUERY: &str = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }";

fn endpoint(total: Arc<AtomicUsize>, cap: usize) -> Server {
    Server::start(move |ask, _| {
        let (rows, from) = window(ask);
        let to = total.load(Ordering::Relaxed).min(from + rows.min(cap));
        let text: String = (from..to.max(from))
            .map(|number| format!("<urn:s> <urn:p> \"{number}\" .\n"))
            .collect();
        Reply::new("application/n-triples", text)
    })
}

#[test]
fn an_endpoint_is_read_page_by_page_whatever_it_cuts_off() {
    for cap in [10_000, 300, 77] {
        let folder = tempfile::tempdir().expect("a folder");
        let total = Arc::new(AtomicUsize::new(1_000));
        let server = endpoint(Arc::clone(&total), cap);
        let registry = open(folder.path());
        let url = format!("{}/sparql", server.url);
        let source = source(
            &registry,
            SourceKind::Sparql,
            &url,
            &[(option::QUERY, QUERY)],
        );
        let bounds = Bounds {
            page_rows: 400,
            ..Bounds::default()
        };
        let first = once(&registry, &source, &bounds);
        assert_eq!(
            (first.outcome, first.added, first.commits),
            (Outcome::Done, 1_000, first.commits),
            "{first:?}"
        );
        assert!(server.asked()[0].contains("ORDER%20BY%20%3Fo%20%3Fp%20%3Fs"));
        let seq = registry.snapshot().seq();
        let again = once(&registry, &source, &bounds);
        assert_eq!(again.outcome, Outcome::Unchanged, "{again:?}");
        assert_eq!(registry.snapshot().seq(), seq);
        total.store(999, Ordering::Relaxed);
        let less = once(&registry, &source, &bounds);
        assert_eq!((less.added, less.removed), (0, 1), "{less:?}");
        // An endpoint that lost its data is not believed.
        total.store(0, Ordering::Relaxed);
        let empty = once(&registry, &source, &bounds);
        assert_eq!(empty.failure.expect("told").code, "H012");
        assert_eq!(lines(&registry, "bron/x").len(), 999);
        assert!(!folder.path().join("sources/x/fetched.new").exists());
    }
}

#[test]
fn a_page_that_fails_twice_ends_the_run_and_the_last_good_copy_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let failing = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&failing);
    let server = Server::start(move |ask, _| {
        let (rows, from) = window(ask);
        let left = now.load(Ordering::Relaxed);
        if from >= 200 && left > 0 {
            now.store(left - 1, Ordering::Relaxed);
            return match left {
                9 => Reply::new("application/n-triples", "<urn:s> <urn:p> \"half"),
                8 => Reply::new("text/plain", "# hello").with("x-sql-state", "S1TAT"),
                _ => Reply::status(500),
            };
        }
        let to = 500.min(from + rows);
        let text: String = (from..to.max(from))
            .map(|number| format!("<urn:s> <urn:p> \"{number}\" .\n"))
            .collect();
        Reply::new("text/turtle", text)
    });
    let registry = open(folder.path());
    let source = source(
        &registry,
        SourceKind::Sparql,
        &server.url,
        &[(option::QUERY, QUERY)],
    );
    let bounds = Bounds {
        page_rows: 200,
        ..Bounds::default()
    };
    failing.store(1, Ordering::Relaxed);
    let once_bad = once(&registry, &source, &bounds);
    assert_eq!(once_bad.added, 500, "tried again: {once_bad:?}");
    let windows: Vec<String> = server.asked();
    assert!(
        windows.iter().any(|path| path.contains("LIMIT%20100%20")),
        "fewer at a time: {windows:?}"
    );
    for (left, code) in [(2, "H010"), (9, "H012")] {
        failing.store(left, Ordering::Relaxed);
        let bad = once(&registry, &source, &bounds);
        assert_eq!(bad.failure.as_ref().expect("told").code, code, "{bad:?}");
        assert_eq!(lines(&registry, "bron/x").len(), 500);
        failing.store(0, Ordering::Relaxed);
    }
}

#[test]
fn a_vocabulary_is_found_behind_its_web_page() {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = Arc::new(Mutex::new("negotiated"));
    let now = Arc::clone(&mode);
    let vocabulary = "<http://e/ns> a <http://www.w3.org/2002/07/owl#Ontology> ; <http://www.w3.org/2002/07/owl#versionInfo> \"1.2\" .
        <http://e/ns#A> a <http://www.w3.org/2002/07/owl#Class> .";
    let server = Server::start(move |ask, base| {
        let turtle = Reply::new(
            "text/turtle",
            vocabulary.replace("http://e/ns", &format!("{base}/ns")),
        );
        let page = |head: &str| {
            Reply::new(
                "text/html; charset=utf-8",
                format!("<!doctype html><head>{head}</head>"),
            )
        };
        match (*now.lock().expect("not poisoned"), ask.path.as_str()) {
            ("negotiated", "/ns") => turtle,
            ("redirected", "/ns") => Reply::status(303).with("location", "/files/ns.ttl"),
            ("redirected", "/files/ns.ttl") | ("header", "/alt/1") | ("page", "/alt/2") => turtle,
            ("header", "/ns") => {
                page("").with("link", "</alt/1>; rel=\"alternate\"; type=\"text/turtle\"")
            }
            ("page", "/ns") => page("<link rel=alternate type='text/turtle' href='/alt/2'>"),
            ("ending", "/ns.ttl") => turtle,
            (_, "/ns") => page(""),
            _ => Reply::status(404),
        }
    });
    let registry = open(folder.path());
    let location = format!("{}/ns#", server.url);
    let source = source(&registry, SourceKind::Vocabulary, &location, &[]);
    let mut bounds = Bounds::default();
    bounds.fetch.retries = 0;
    for (number, how) in ["negotiated", "redirected", "header", "page", "ending"]
        .into_iter()
        .enumerate()
    {
        *mode.lock().expect("not poisoned") = how;
        let done = once(&registry, &source, &bounds);
        let outcome = if number == 0 {
            Outcome::Done
        } else {
            Outcome::Unchanged
        };
        assert_eq!(done.outcome, outcome, "{how}: {done:?}");
        assert_eq!(done.version.as_deref(), Some("1.2"), "{how}");
        assert_eq!(
            done.notes.is_empty(),
            how == "negotiated" && number > 0,
            "{how}: {done:?}"
        );
    }
    *mode.lock().expect("not poisoned") = "nowhere";
    let lost = once(&registry, &source, &bounds);
    let failure = lost.failure.expect("told");
    assert_eq!(failure.code, "H015", "{failure:?}");
    assert!(failure.message[0].contains("ns.ttl"), "{failure:?}");
    assert_eq!(
        lines(&registry, "bron/x").len(),
        3,
        "the last good copy stays"
    );
}

const CATALOGUE: &str = r#"@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix hydra: <http://www.w3.org/ns/hydra/core#> .
<BASE/set/1> a dcat:Dataset ; dcat:distribution
  [ dcat:downloadURL <BASE/1.ttl> ; dcat:mediaType <https://www.iana.org/assignments/media-types/text/turtle> ] ,
  [ dcat:downloadURL <BASE/1.rdf> ; dct:format <http://publications.europa.eu/resource/authority/file-type/RDF_XML> ] ,
  [ dcat:downloadURL <BASE/1.csv> ; dcat:mediaType "text/csv" ] , [ dcat:accessURL <BASE/page> ] .
[] hydra:next <BASE/catalogus?page=2> .
"#;
const SECOND: &str = r#"@prefix dcat: <http://www.w3.org/ns/dcat#> .
<BASE/set/2> a dcat:Dataset ; dcat:distribution <BASE/set/2/a> .
<BASE/set/2/a> dcat:downloadURL <BASE/2.nt.gz> .
[] <http://www.w3.org/ns/hydra/core#next> <BASE/catalogus> .
"#;

#[test]
fn a_catalogue_leads_to_its_distributions() {
    let folder = tempfile::tempdir().expect("a folder");
    let gone = Arc::new(AtomicUsize::new(0));
    let now = Arc::clone(&gone);
    let server = Server::start(move |ask, base| {
        let turtle = |text: &str| Reply::new("text/turtle", text.replace("BASE", base));
        match ask.path.as_str() {
            "/catalogus" => turtle(CATALOGUE),
            "/catalogus?page=2" => turtle(SECOND),
            "/1.ttl" if now.load(Ordering::Relaxed) < 2 => turtle("<urn:a> <urn:p> 1 ."),
            "/1.ttl" | "/2.nt.gz" if now.load(Ordering::Relaxed) == 2 => turtle("# leeg"),
            "/2.nt.gz" if now.load(Ordering::Relaxed) == 0 => {
                use std::io::Write as _;
                let packed = Vec::new();
                let mut packed = flate2::write::GzEncoder::new(packed, Default::default());
                packed
                    .write_all(b"<urn:b> <urn:p> \"2\" .\n")
                    .expect("memory");
                Reply::new("application/gzip", packed.finish().expect("memory"))
            }
            _ => Reply::status(404),
        }
    });
    let registry = open(folder.path());
    let url = format!("{}/catalogus", server.url);
    let mut all = source(&registry, SourceKind::Dcat, &url, &[]);
    let done = once(&registry, &all, &Bounds::default());
    assert_eq!((done.outcome, done.commits), (Outcome::Done, 4), "{done:?}");
    assert_eq!(
        lines(&registry, "bron/x"),
        [
            "<urn:a> <urn:p> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer>",
            "<urn:b> <urn:p> \"2\""
        ]
    );
    assert!(lines(&registry, "bron/x/catalogus").len() > 10);
    let told = done.notes.iter().map(|note| note[1].as_str());
    let told: Vec<&str> = told.collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        told.iter().any(|note| note.contains("text/csv")),
        "{told:?}"
    );
    assert_eq!(registry.snapshot().seq(), 1, "one commit for all of it");
    let again = once(&registry, &all, &Bounds::default());
    assert_eq!(again.outcome, Outcome::Unchanged, "{again:?}");
    gone.store(1, Ordering::Relaxed);
    let missing = once(&registry, &all, &Bounds::default());
    assert_eq!(missing.failure.expect("told").code, "H010");
    assert_eq!(registry.snapshot().seq(), 1, "the last good copy stays");
    // A distribution that says nothing any more does not empty the graph.
    gone.store(2, Ordering::Relaxed);
    let hollow = once(&registry, &all, &Bounds::default());
    assert_eq!(hollow.failure.expect("told").code, "H018");
    let first = format!("{}/set/1", server.url);
    all.options = BTreeMap::from([(option::DATASETS.to_owned(), first)]);
    gone.store(1, Ordering::Relaxed);
    let one = once(&registry, &all, &Bounds::default());
    assert_eq!((one.added, one.removed), (0, 1), "{one:?}");
    all.options = BTreeMap::from([(option::DATASETS.to_owned(), "urn:geen".to_owned())]);
    let none = once(&registry, &all, &Bounds::default());
    assert_eq!(none.failure.expect("told").code, "H014");
}

#[test]
fn distributions_elsewhere_need_permission() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = Server::start(|_, _| Reply::new("text/turtle", "<urn:a> <urn:p> 1 ."));
    let place = other.url.clone();
    let server = Server::start(move |_, _| {
        let text = format!(
            "<urn:d> <http://www.w3.org/ns/dcat#distribution> [ <http://www.w3.org/ns/dcat#downloadURL> <{place}/a.ttl> ] ."
        );
        Reply::new("text/turtle", text)
    });
    let registry = open(folder.path());
    let refused = source(&registry, SourceKind::Dcat, &server.url, &[]);
    let failure = once(&registry, &refused, &Bounds::default()).failure;
    let failure = failure.expect("told");
    assert_eq!(failure.code, "H010");
    assert!(failure.hint.expect("told")[1].contains("--allow-host"));
    assert_eq!(other.asked(), Vec::<String>::new());
    let host = other.url.trim_start_matches("http://");
    let allowed = source(
        &registry,
        SourceKind::Dcat,
        &server.url,
        &[(option::HOSTS, host)],
    );
    let done = once(&registry, &allowed, &Bounds::default());
    assert_eq!(done.outcome, Outcome::Done, "{done:?}");
}

#[test]
fn contexts_are_fetched_once_and_pinned() {
    let folder = tempfile::tempdir().expect("a folder");
    let version = Arc::new(AtomicUsize::new(1));
    let now = Arc::clone(&version);
    let server = Server::start(move |ask, base| {
        let version = now.load(Ordering::Relaxed);
        match ask.path.as_str() {
            "/doc" => Reply::new(
                "application/ld+json",
                format!("{{\"@context\":\"{base}/een.jsonld\",\"@id\":\"urn:a\",\"naam\":\"x\"}}"),
            ),
            "/een.jsonld" => Reply::new(
                "application/ld+json",
                format!("{{\"@context\":[\"twee.jsonld\",{{\"naam\":\"urn:p{version}\"}}]}}"),
            ),
            "/twee.jsonld" => Reply::new("application/json", "{\"@context\":{\"a\":\"urn:a\"}}"),
            _ => Reply::status(404),
        }
    });
    let registry = open(folder.path());
    let url = format!("{}/doc", server.url);
    let plain = source(&registry, SourceKind::Http, &url, &[]);
    let refused = once(&registry, &plain, &Bounds::default());
    assert_eq!(refused.failure.expect("told").code, "P031");
    assert_eq!(server.asked(), ["/doc"]);
    let options = [(option::FETCH_CONTEXTS, "true")];
    let fetching = source(&registry, SourceKind::Http, &url, &options);
    let done = once(&registry, &fetching, &Bounds::default());
    assert_eq!(
        (done.outcome, done.notes.len()),
        (Outcome::Done, 2),
        "{done:?}"
    );
    assert_eq!(server.asked(), ["/doc", "/een.jsonld", "/twee.jsonld"]);
    assert_eq!(lines(&registry, "bron/x"), ["<urn:a> <urn:p1> \"x\""]);
    // The context changes: nobody notices until the operator asks.
    version.store(2, Ordering::Relaxed);
    let again = once(&registry, &fetching, &Bounds::default());
    assert_eq!(again.outcome, Outcome::Unchanged, "{again:?}");
    assert_eq!(server.asked(), ["/doc"]);
    let renewed = renew_contexts(&registry, &fetching).expect("there");
    let changed: Vec<bool> = renewed.iter().map(|(_, changed)| *changed).collect();
    assert_eq!(changed, [true, false], "{renewed:?}");
    let after = once(&registry, &fetching, &Bounds::default());
    assert_eq!((after.added, after.removed), (1, 1), "{after:?}");
    assert_eq!(lines(&registry, "bron/x"), ["<urn:a> <urn:p2> \"x\""]);
    // A copy that somebody changed is not used.
    let table = fs::read_to_string(folder.path().join("contexts/pins.tsv")).expect("there");
    let file = table
        .lines()
        .nth(1)
        .and_then(|line| line.split('\t').nth(1));
    let file = folder.path().join("contexts").join(file.expect("a file"));
    fs::write(file, "{\"@context\":{\"naam\":\"urn:evil\"}}").expect("there");
    let bent = once(&registry, &fetching, &Bounds::default());
    assert_eq!(bent.failure.expect("told").code, "H017");
    renew_contexts(&registry, &fetching).expect("there");
    assert_eq!(
        once(&registry, &fetching, &Bounds::default()).outcome,
        Outcome::Unchanged
    );
}

#[test]
fn every_run_that_changes_something_tells_where_it_came_from() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Server::start(|_, _| Reply::new("text/turtle", "<urn:a> <urn:p> 1 ."));
    let registry = open(folder.path());
    let file = folder.path().join("a.ttl");
    fs::write(&file, "<urn:a> <urn:p> 1 .").expect("room");
    let path = file.to_str().expect("a path");
    let mut told = 0;
    for (kind, location) in [(SourceKind::File, path), (SourceKind::Http, &server.url)] {
        let source = source(&registry, kind, location, &[]);
        let removed = |record: &RunRecord| record.added + record.removed;
        let first = once(&registry, &source, &Bounds::default());
        assert_eq!(removed(&first), u64::from(told == 0), "{first:?}");
        let account = lines(&registry, "herkomst/x");
        let activities = account.iter().filter(|line| line.contains("prov#Activity"));
        told += usize::from(told == 0);
        assert_eq!(activities.count(), told, "{account:#?}");
        for word in [
            "prov#used",
            "prov#endedAtTime",
            "harvest:kind",
            "harvest:graph",
        ] {
            assert!(account.iter().any(|line| line.contains(word)), "{word}");
        }
    }
}

#[test]
fn kinds_are_declared_on_the_command_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let query = folder.path().join("q.rq");
    fs::write(&query, QUERY).expect("room");
    let query = query.to_str().expect("a path");
    let server = endpoint(Arc::new(AtomicUsize::new(25)), 10);
    let url = format!("{}/sparql", server.url);
    output(
        &data,
        [
            "source",
            "add",
            "eindpunt",
            &url,
            "--kind",
            "sparql",
            "--query",
            query,
            "--allow-private",
        ],
    );
    let ran = output(&data, ["source", "run", "eindpunt"]);
    assert!(
        ran.starts_with("eindpunt\tchanged\t25 read\t+25\t-0"),
        "{ran}"
    );
    let shown = output(&data, ["source", "show", "eindpunt"]);
    assert!(shown.contains("query\tCONSTRUCT {"), "{shown}");
    assert_eq!(output(&data, ["source", "pin", "eindpunt"]), "");
    for (arguments, told) in [
        (vec!["--kind", "sparql"], "--query FILE"),
        (vec!["--kind", "http", "--query", query], "--kind sparql"),
        (vec!["--kind", "http", "--dataset", "urn:x"], "--kind dcat"),
        (vec!["--kind", "dcat", "--allow-host", "a/b"], "no host"),
    ] {
        let done = super::oslo::oslo(&data)
            .args(["source", "add", "y", &url])
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
    let explained = run(&data, ["explain", "h012"]);
    assert!(
        stdout(&explained).starts_with("H012: "),
        "{}",
        stdout(&explained)
    );
}

#[test]
fn records_over_the_web_are_known_by_their_form() {
    let folder = tempfile::tempdir().expect("a folder");
    let table = include_str!("records/overige/telraam.csv");
    let server = Server::start(move |_, _| Reply::new("text/csv; charset=utf-8", table));
    let registry = open(folder.path());
    let url = format!("{}/segmenten", server.url);
    let source = source(&registry, SourceKind::Http, &url, &[]);
    let first = once(&registry, &source, &Bounds::default());
    assert_eq!(first.outcome, Outcome::Done, "{first:?}");
    let account = lines(&registry, "herkomst/x");
    assert!(
        account.iter().any(|line| line.contains("harvest:mapping")),
        "{account:#?}"
    );
    let again = once(&registry, &source, &Bounds::default());
    assert_eq!(again.outcome, Outcome::Unchanged, "{again:?}");
    let other = Server::start(|_, _| Reply::new("text/csv", "a,b\n1,2\n"));
    let unknown = DeclaredSource {
        location: other.url.clone(),
        ..source
    };
    let refused = once(&registry, &unknown, &Bounds::default());
    assert_eq!(refused.failure.expect("told").code, "H001");
}
