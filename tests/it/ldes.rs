//! The client of event streams against a server that late, repeats, breaks and lies: the end state is right, or the source
//! is marked as failing.

mod hostile;
mod published;
mod resume;
pub(crate) mod server;
mod stream;

use oslo_registry::ingest::ldes::{Form, Harvest, HarvestOptions, Summary};
use oslo_registry::registry::{Registry, RegistryConfig};
use oslo_registry::store::OpenOptions;
use oxrdf::{GraphNameRef, NamedNode};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use stream::{Stream, Syntax, Version, history};

const GRAPH: &str = "https://data.example/graph/adressen";

fn options(registry: &Registry, url: &str, form: Form) -> HarvestOptions {
    let mut options = HarvestOptions::new(registry, url, NamedNode::new_unchecked(GRAPH));
    options.name = "proef".to_owned();
    options.form = form;
    options.fetch.allow_private = true;
    options.fetch.per_second = 0.0;
    options.fetch.backoff = Duration::from_millis(2);
    options
}

fn registry(dir: &Path) -> Registry {
    Registry::open(
        dir,
        OpenOptions::default(),
        RegistryConfig::default(),
        &mut |_, _| {},
    )
    .expect("opens")
}

fn run(registry: &Registry, options: HarvestOptions) -> Summary {
    let mut harvest = Harvest::open(registry, options, Arc::default()).expect("opens");
    harvest.run(&mut |_| {}).expect("the store works")
}

/// Every quad of the graph as a line, sorted. Labels of blank nodes do not depend on the order of arrival, so they count.
fn content(registry: &Registry) -> Vec<String> {
    let view = registry.snapshot().view();
    let graph = NamedNode::new_unchecked(GRAPH);
    let Some(graph) = view.id_of_graph(GraphNameRef::NamedNode(graph.as_ref())) else {
        return Vec::new();
    };
    let mut lines: Vec<String> = view
        .quads(None, None, None, Some(graph))
        .map(|quad| {
            [quad.s, quad.p, quad.o]
                .map(|id| view.text(id).into_owned())
                .join(" ")
        })
        .collect();
    lines.sort();
    lines
}

fn pages_of(members: &[Version], size: usize) -> Vec<Vec<Version>> {
    members.chunks(size).map(<[Version]>::to_vec).collect()
}

#[test]
fn a_stream_comes_in_as_versions_and_as_state() {
    let stream = Stream::new(pages_of(&history(10, 3), 7), Syntax::NQuads);
    let server = stream.serve();
    let url = format!("{}/ldes", server.url);
    for (form, objects, quads) in [
        (Form::State, 8, 8 * 7),
        (Form::Versions, 30, 28 * 8 + 2 * 3),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let registry = registry(folder.path());
        let first = run(&registry, options(&registry, &url, form));
        assert_eq!(
            (first.failures, first.members),
            (0, 30),
            "{:?}",
            first.failing
        );
        assert_eq!(first.deletions, 2);
        assert_eq!(first.left_over, 0);
        let lines = content(&registry);
        assert_eq!(lines.len(), quads, "{lines:#?}");
        let subjects: std::collections::BTreeSet<&str> = lines
            .iter()
            .filter(|line| line.starts_with('<'))
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(subjects.len(), objects);
        let seq = registry.snapshot().seq();
        server.asked();
        let second = run(&registry, options(&registry, &url, form));
        assert_eq!((second.commits, second.added, second.removed), (0, 0, 0));
        assert_eq!((registry.snapshot().seq(), second.unchanged), (seq, 1));
        assert_eq!(
            server.asked(),
            ["/ldes", "/p4"],
            "finished pages are not read again"
        );
    }
}

#[test]
fn every_syntax_says_the_same() {
    let members = history(6, 2);
    let mut contents = Syntax::ALL.map(|syntax| {
        let server = Stream::new(pages_of(&members, 5), syntax).serve();
        let registry = Registry::in_memory(RegistryConfig::default());
        let url = format!("{}/ldes", server.url);
        let done = run(&registry, options(&registry, &url, Form::State));
        assert_eq!(done.failures, 0, "{syntax:?}: {:?}", done.failing);
        content(&registry)
    });
    let first = std::mem::take(&mut contents[0]);
    assert_eq!(first.len(), 5 * 7);
    for other in &contents[1..] {
        assert_eq!(&first, other);
    }
}

/// Numbers that look random and are the same each time.
struct Shuffle(u64);

impl Shuffle {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % bound
    }

    fn mix<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[test]
fn the_order_of_pages_and_members_does_not_matter() {
    let mut expected: Option<[Vec<String>; 2]> = None;
    for seed in 0..12 {
        let mut shuffle = Shuffle(seed);
        let mut members = history(12, 4);
        if seed > 0 {
            // Some come twice, and all in disorder.
            for _ in 0..10 {
                let again = members[shuffle.below(members.len())].clone();
                members.push(again);
            }
            shuffle.mix(&mut members);
        }
        let server = Stream::new(pages_of(&members, 1 + shuffle.below(9)), Syntax::NQuads).serve();
        let url = format!("{}/ldes", server.url);
        let contents = [Form::State, Form::Versions].map(|form| {
            let registry = Registry::in_memory(RegistryConfig::default());
            let mut options = options(&registry, &url, form);
            options.batch_members = 1 + shuffle.below(20);
            let done = run(&registry, options);
            assert_eq!(done.failures, 0, "{:?}", done.failing);
            content(&registry)
        });
        match &expected {
            None => expected = Some(contents),
            Some(expected) => assert_eq!(expected, &contents, "seed {seed}"),
        }
    }
}

#[test]
fn late_members_pages_and_deletions_find_their_place() {
    let stream = Stream::new(
        vec![vec![Version::new(1, 5, 50), Version::new(2, 1, 10)]],
        Syntax::Turtle,
    );
    let server = stream.serve();
    let url = format!("{}/ldes", server.url);
    let folder = tempfile::tempdir().expect("a folder");
    let registry = registry(folder.path());
    let again = || run(&registry, options(&registry, &url, Form::State));
    let number = |object: u64| {
        let start = format!(
            "<https://data.example/id/adres/{object}> <https://data.example/ns#huisnummer> "
        );
        let lines = content(&registry);
        let found: Vec<String> = lines
            .iter()
            .filter_map(|line| line.strip_prefix(&start).map(str::to_owned))
            .collect();
        found.join(" ")
    };
    assert_eq!(again().members, 2);
    assert_eq!((number(1), number(2)), ("\"5\"".into(), "\"1\"".into()));
    // The open page gets an older version and a deletion.
    let push = |page: usize, version: Version| {
        stream.pages.lock().expect("not poisoned")[page].push(version);
    };
    push(0, Version::new(1, 4, 40));
    push(0, Version::delete(2, 2, 20));
    let done = again();
    assert_eq!((done.members, done.known, done.late), (2, 2, 1));
    assert_eq!((number(1), number(2)), ("\"5\"".into(), String::new()));
    assert!(
        !content(&registry)
            .iter()
            .any(|line| line.contains("/adres/2>"))
    );
    // A page more: what was deleted does not come back by what was before, only by what comes after.
    stream
        .pages
        .lock()
        .expect("not poisoned")
        .push(vec![Version::new(2, 0, 5)]);
    assert_eq!(again().late, 1);
    assert_eq!(number(2), "");
    push(1, Version::new(2, 7, 70));
    again();
    assert_eq!(number(2), "\"7\"");
    let seq = registry.snapshot().seq();
    assert_eq!(again().commits, 0);
    assert_eq!(registry.snapshot().seq(), seq);
}

#[test]
fn payloads_in_graphs_and_what_objects_share() {
    let text = |members: &str| {
        format!(
            "PREFIX tree: <https://w3id.org/tree#> PREFIX ldes: <https://w3id.org/ldes#> \
             PREFIX as: <https://www.w3.org/ns/activitystreams#> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> \
             PREFIX : <https://data.example/> \
             :s a ldes:EventStream ; tree:view </ldes> ; ldes:timestampPath as:published ; ldes:versionOfPath as:object ; \
             ldes:versionDeleteObject as:Delete ; tree:member {members}"
        )
    };
    let one = ":m1, :m2 . \
        :m1 a as:Create ; as:object :a ; as:published '2025-01-01T00:00:00Z'^^xsd:dateTime . \
        GRAPH :m1 { :a :naam 'A' ; :bij :x . :x :naam 'gedeeld', 'van a' } \
        :m2 a as:Create ; as:object :b ; as:published '2025-01-01T00:00:00Z'^^xsd:dateTime . \
        GRAPH :m2 { :b :naam 'B' ; :bij :x . :x :naam 'gedeeld' }";
    let two = ":m3 . :m3 a as:Update ; as:object :a ; as:published '2025-01-02T00:00:00Z'^^xsd:dateTime . \
        GRAPH :m3 { :a :naam 'A2' }";
    let three = ":m4 . :m4 a as:Delete ; as:object :b ; as:published '2025-01-03T00:00:00Z'^^xsd:dateTime .";
    let now = Arc::new(std::sync::Mutex::new(text(one)));
    let shown = Arc::clone(&now);
    let server = server::Server::start(move |_, _| {
        server::Reply::new(
            "application/trig",
            shown.lock().expect("not poisoned").clone(),
        )
    });
    let registry = Registry::in_memory(RegistryConfig::default());
    let url = format!("{}/ldes", server.url);
    let folder = |text: String| {
        *now.lock().expect("not poisoned") = text;
        let done = run(&registry, options(&registry, &url, Form::State));
        assert_eq!(
            (done.failures, done.left_over),
            (0, 0),
            "{:?}",
            done.failing
        );
        content(&registry)
            .iter()
            .map(|line| line.replace("https://data.example/", ""))
            .collect::<Vec<_>>()
    };
    let after = |text: &str, expected: &[&str]| assert_eq!(folder(text.to_owned()), expected);
    after(
        &text(one),
        &[
            "<a> <bij> <x>",
            "<a> <naam> \"A\"",
            "<b> <bij> <x>",
            "<b> <naam> \"B\"",
            "<x> <naam> \"gedeeld\"",
            "<x> <naam> \"van a\"",
        ],
    );
    after(
        &text(two),
        &[
            "<a> <naam> \"A2\"",
            "<b> <bij> <x>",
            "<b> <naam> \"B\"",
            "<x> <naam> \"gedeeld\"",
        ],
    );
    after(&text(three), &["<a> <naam> \"A2\""]);
}

#[test]
fn a_name_belongs_to_one_source() {
    let server = Stream::new(vec![vec![Version::new(1, 1, 1)]], Syntax::NQuads).serve();
    let folder = tempfile::tempdir().expect("a folder");
    let registry = registry(folder.path());
    let url = format!("{}/ldes", server.url);
    run(&registry, options(&registry, &url, Form::State));
    let open = |options| Harvest::open(&registry, options, Arc::new(AtomicBool::new(false))).err();
    let other = open(options(&registry, &url, Form::Versions)).expect("another form");
    assert!(other.to_string().contains("proef"), "{other}");
    for name in ["", "../x", ".x", "a/b", "a b"] {
        let mut options = options(&registry, &url, Form::State);
        options.name = name.to_owned();
        assert!(open(options).is_some(), "{name}");
    }
}

#[test]
fn thousands_of_members_take_few_commits() {
    let stream = Stream::new(pages_of(&history(1_500, 2), 250), Syntax::NQuads);
    let server = stream.serve();
    let registry = Registry::in_memory(RegistryConfig::default());
    let url = format!("{}/ldes", server.url);
    let done = run(&registry, options(&registry, &url, Form::State));
    assert_eq!((done.failures, done.members, done.commits), (0, 3_000, 3));
    assert_eq!(content(&registry).len(), 1_200 * 7);
}

#[test]
fn pages_that_are_too_early_wait() {
    let server = server::Server::start(|ask, base| {
        let relation = |kind: &str, day: u32, page: u32| {
            format!(
                "<{base}/ldes> tree:relation [ a tree:{kind}Relation ; tree:path prov:generatedAtTime ; \
                 tree:value \"2025-01-{day:02}T00:00:00Z\"^^xsd:dateTime ; tree:node <{base}/p{page}> ] .\n"
            )
        };
        let number: u64 = ask.path.trim_start_matches("/p").parse().unwrap_or(0);
        let text = match ask.path.as_str() {
            "/ldes" => {
                stream::turtle(base, 0, None, &[])
                    + &relation("GreaterThanOrEqualTo", 3, 3)
                    + &relation("GreaterThanOrEqualTo", 2, 2)
                    + &relation("LessThan", 3, 2)
                    + &relation("LessThan", 2, 1)
            }
            _ => {
                let at = (number - 1) * 86_400 + 60;
                stream::turtle(base, number as usize, None, &[Version::new(number, 1, at)])
            }
        };
        server::Reply::new("text/turtle", text).immutable()
    });
    let folder = tempfile::tempdir().expect("a folder");
    let registry = registry(folder.path());
    let url = format!("{}/ldes", server.url);
    let mut late = options(&registry, &url, Form::State);
    let since: jiff::Timestamp = "2025-01-02T12:00:00Z".parse().expect("a moment");
    late.since = Some(since.as_nanosecond());
    let first = run(&registry, late);
    assert_eq!((first.failures, first.members, first.pruned), (0, 2, 1));
    assert_eq!(
        server.asked(),
        ["/ldes", "/p2", "/p3"],
        "the earliest first"
    );
    let second = run(&registry, options(&registry, &url, Form::State));
    assert_eq!((second.members, second.pruned), (1, 0));
    assert_eq!(server.asked(), ["/p1"]);
}
