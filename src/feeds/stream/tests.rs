//! The law of the streams: what replaying them gives is what the documents of the registers say, at every commit; however
//! they were made.

use super::*;
use crate::registry::RegistryConfig;
use crate::store::{CommitMeta, OpenOptions};
use crate::views::html::percent_encode;
use crate::views::{Context, EmbedRules, Names, Rules};
use oxrdf::Quad;
use oxttl::NQuadsParser;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const CLASS: &str = "https://data.vlaanderen.be/ns/adres#Adres";
const POSITION: &str = "https://data.vlaanderen.be/ns/adres#positie";
const NAME: &str = "https://data.vlaanderen.be/ns/adres#heeftGemeentenaam";
const STREET: &str = "https://data.vlaanderen.be/ns/adres#heeftStraatnaam";
const A: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// A statement that comes when it is not there, and goes when it is.
type Toggle = (u8, u8, u8, u8);

fn quad((s, p, o, g): Toggle) -> String {
    let base = "http://127.0.0.1:7400";
    let node = |n: u8| match n % 9 {
        n @ 0..4 => format!("<https://data.vlaanderen.be/id/adres/{n}>"),
        n @ 4..6 => format!("<{base}/.well-known/genid/adres/{n}>"),
        n @ 6..8 => format!("_:b{n}"),
        _ => "<https://data.vlaanderen.be/id/gemeentenaam/9>".to_owned(),
    };
    let (p, o) = match p % 7 {
        0 | 1 => (A, format!("<{CLASS}>")),
        2 => (POSITION, node(o)),
        3 => (NAME, node(o)),
        4 => (STREET, node(o)),
        5 => ("http://e.org/list", node(o)),
        _ => ("http://e.org/text", format!("\"{}\"@nl", o % 3)),
    };
    let graph = match g % 5 {
        0 => "quarantaine/adressen",
        1 => "andere",
        _ => "adressen",
    };
    format!("{} <{p}> {o} <{base}/graph/{graph}> .", node(s))
}

fn commit(registry: &Registry, toggles: &[Toggle]) {
    let mut draft = registry.store().begin().expect("writable");
    for toggle in toggles {
        let line = quad(*toggle);
        let quad = NQuadsParser::new()
            .for_slice(&line)
            .next()
            .expect("one")
            .expect("a quad");
        let there = {
            let whole = draft.snapshot().whole();
            let id = |text: String| whole.id_of_text(&text);
            let ids = [
                id(quad.subject.to_string()),
                id(quad.predicate.to_string()),
                id(quad.object.to_string()),
                id(quad.graph_name.to_string()),
            ];
            match ids {
                [Some(s), Some(p), Some(o), Some(g)] => whole
                    .quads(Some(s), Some(p), Some(o), Some(g))
                    .next()
                    .is_some(),
                _ => false,
            }
        };
        if there {
            draft.remove_quad(quad.as_ref());
        } else {
            draft.add_quad(quad.as_ref());
        }
    }
    let meta = CommitMeta {
        agent: "http://e.org/agent".into(),
        activity: "http://e.org/activity".into(),
        source: Vec::new(),
        message: None,
    };
    draft.commit(meta).expect("commits");
}

type Documents = BTreeMap<String, BTreeSet<String>>;

/// What the documents of the addresses say.
fn documents(registry: &Registry) -> Documents {
    let view = registry.store().snapshot().view();
    let register = registry.registers().iter().find(|r| r.name == "adressen");
    let rules = EmbedRules::new(register.expect("declared").embed.clone());
    let (Some(a), Some(class)) = (view.id_of_iri(A), view.id_of_iri(CLASS)) else {
        return Documents::new();
    };
    let names = Names::new(Arc::new(Context::default()));
    let rules = Rules::of(&view, &rules).with_cells();
    let items: Vec<_> = view.subjects(a, class).filter(|id| id.is_iri()).collect();
    let items = items.into_iter().map(|item| {
        let mut says = BTreeSet::new();
        let outline = rules.outline(&view, &names, item).expect("small");
        outline
            .expect("it is there")
            .each_statement(&mut |s, p, o| {
                says.insert(format!("{} <{p}> {} .", view.text(s), view.text(o)));
            });
        (view.iri(item).expect("an IRI").into_owned(), says)
    });
    items.collect()
}

/// What replaying members gives.
fn replay(stream: &Stream) -> Documents {
    let mut documents = Documents::new();
    for member in stream.members(0, stream.len()).expect("reads") {
        let quads = |bytes: &[u8]| {
            let quads: Result<Vec<Quad>, _> = NQuadsParser::new().for_slice(bytes).collect();
            quads.expect("N-Quads")
        };
        let says = |quads: &[Quad]| -> BTreeSet<String> {
            let says = quads
                .iter()
                .filter(|quad| !quad.graph_name.is_default_graph());
            says.map(|q| format!("{} {} {} .", q.subject, q.predicate, q.object))
                .collect()
        };
        let text = quads(&member.text);
        let object = text
            .iter()
            .find(|quad| quad.predicate.as_str() == format!("{AS}object"));
        let item = object.expect("an activity").object.to_string();
        let item = item.trim_matches(['<', '>']).to_owned();
        assert_eq!(member.entry.item, item_number(&item));
        let before = documents.remove(&item);
        assert_eq!(
            before.is_some(),
            member.entry.kind != Kind::Create,
            "{item}"
        );
        assert_eq!(before.unwrap_or_default(), says(&quads(&member.before)));
        if member.entry.kind != Kind::Delete {
            documents.insert(item, says(&text));
        }
    }
    documents
}

fn open(folder: &Path) -> Arc<Registry> {
    let config = RegistryConfig::default();
    let registry = Registry::open(folder, OpenOptions::default(), config, &mut |_, _| {});
    Arc::new(registry.expect("opens"))
}

fn ready(registry: &Registry, streams: &Streams) {
    let seq = registry.store().snapshot().seq();
    for _ in 0..2000 {
        match streams.wait(seq, Duration::from_millis(5)) {
            Ok(()) => return,
            Err(NotReady(Progress::Failed { reason })) => panic!("{reason}"),
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    panic!("{:?}", streams.progress());
}

fn all(streams: &Streams) -> Vec<Member> {
    let stream = streams.get("adressen").expect("public");
    stream.members(0, stream.len()).expect("reads")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn replaying_gives_what_documents_say(
        commits in prop::collection::vec(
            prop::collection::vec((0u8..9, 0u8..7, 0u8..9, 0u8..5), 1..6), 1..40),
        stop in 0usize..40,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut registry = open(folder.path());
        let mut streams = Streams::start(&registry).expect("starts");
        for (n, toggles) in commits.iter().enumerate() {
            commit(&registry, toggles);
            ready(&registry, &streams);
            let stream = streams.get("adressen").expect("public");
            prop_assert_eq!(replay(stream), documents(&registry));
            if n == stop {
                drop(streams);
                // Commits that nobody follows.
                commit(&registry, &[(1, 6, 1, 2), (2, 0, 0, 2)]);
                commit(&registry, &[(1, 6, 1, 2)]);
                drop(registry);
                registry = open(folder.path());
                streams = Streams::start(&registry).expect("starts");
            }
        }
        ready(&registry, &streams);
        let (live, generation) = (all(&streams), streams.generation());
        drop(streams);
        std::fs::remove_dir_all(folder.path().join("feeds")).expect("removes");
        let streams = Streams::start(&registry).expect("starts");
        ready(&registry, &streams);
        prop_assert_eq!(all(&streams), live);
        prop_assert_eq!(streams.generation(), generation);
    }
}

#[test]
fn a_registry_in_memory_has_streams_too() {
    let registry = Arc::new(Registry::in_memory(RegistryConfig::default()));
    commit(&registry, &[(1, 0, 0, 2), (1, 6, 0, 2)]);
    let streams = Streams::start(&registry).expect("starts");
    ready(&registry, &streams);
    commit(&registry, &[(1, 6, 0, 2)]);
    ready(&registry, &streams);
    let stream = streams.get("adressen").expect("public");
    assert_eq!(stream.len(), 2);
    assert_eq!(replay(stream), documents(&registry));
    let member = &stream.members(1, 2).expect("reads")[0];
    let name = format!("{}/lid/2/{}", stream.entry, percent_encode("1"));
    let text = String::from_utf8_lossy(&member.text).into_owned();
    assert!(text.contains(&format!("<{name}> <{AS}object>")), "{text}");
}

#[test]
fn damage_and_another_log_make_everything_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let registry = open(folder.path());
    for n in 0..60 {
        commit(&registry, &[(1, 0, 0, 2), (1, 6, n, 2)]);
    }
    let streams = Streams::start(&registry).expect("starts");
    ready(&registry, &streams);
    let (before, generation) = (all(&streams), streams.generation());
    assert!(before.len() > block::MEMBERS);
    streams.report_damage();
    std::thread::sleep(Duration::from_millis(300));
    ready(&registry, &streams);
    assert_eq!(all(&streams), before);
    assert_eq!(streams.generation(), generation);
    drop(streams);
    drop(registry);
    // The same streams beside another log.
    let other = tempfile::tempdir().expect("a folder");
    let registry = open(other.path());
    for n in 0..60 {
        commit(&registry, &[(2, 0, 0, 2), (2, 6, n, 2)]);
    }
    std::fs::create_dir_all(other.path().join("feeds")).expect("makes");
    std::fs::rename(
        folder.path().join("feeds/streams"),
        other.path().join("feeds/streams"),
    )
    .expect("moves");
    let streams = Streams::start(&registry).expect("starts");
    ready(&registry, &streams);
    assert_eq!(
        replay(streams.get("adressen").expect("public")),
        documents(&registry)
    );
    assert_ne!(streams.generation(), generation);
}
