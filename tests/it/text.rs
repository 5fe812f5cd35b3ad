//! Full text over a data folder: current with each commit, the same after a restart, for earlier states, and as the guide
//! says it.

use oslo_registry::query::{Answer, QueryOptions, apply_update, evaluate, parse_query};
use oslo_registry::store::{AsOf, CommitMeta, OpenOptions, Store, View};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use std::fs;
use std::path::Path;

const PROLOGUE: &str = "PREFIX text: <urn:x-oslo:text#> PREFIX : <http://example.com/> ";

fn meta() -> CommitMeta {
    CommitMeta {
        agent: "http://example.com/agent".into(),
        activity: "http://example.com/test".into(),
        source: Vec::new(),
        message: None,
    }
}

fn rows(view: &View, text: &str) -> Vec<Vec<String>> {
    let options = QueryOptions::default();
    let query = parse_query(text, &options).unwrap_or_else(|error| panic!("{text}: {error}"));
    match evaluate(view, &query, &options).unwrap_or_else(|error| panic!("{text}: {error}")) {
        Answer::Solutions { rows, .. } => rows
            .map(|row| {
                let row = row.unwrap_or_else(|error| panic!("{text}: {error}"));
                let shown = row.into_iter().map(|term| match term {
                    Some(Term::Literal(literal)) => literal.value().to_owned(),
                    Some(term) => term.to_string(),
                    None => String::new(),
                });
                shown.collect()
            })
            .collect(),
        _ => panic!("{text}: not a table"),
    }
}

fn found(view: &View, search: &str) -> Vec<String> {
    let mut found: Vec<String> = rows(
        view,
        &format!("{PROLOGUE} SELECT ?l {{ ?l text:search {search} }}"),
    )
    .into_iter()
    .map(|row| row[0].clone())
    .collect();
    found.sort();
    found
}

fn add(store: &Store, texts: impl IntoIterator<Item = (String, &'static str)>) {
    let mut draft = store.begin().expect("writes");
    for (n, (text, tag)) in texts.into_iter().enumerate() {
        let iri = |name: String| NamedNode::new_unchecked(format!("http://example.com/{name}"));
        let literal = if tag.is_empty() {
            Literal::new_simple_literal(text)
        } else {
            Literal::new_language_tagged_literal_unchecked(text, tag)
        };
        let quad = Quad::new(
            iri(format!("s{n}")),
            iri("label".into()),
            literal,
            GraphName::DefaultGraph,
        );
        draft.add_quad(quad.as_ref());
    }
    draft.commit(meta()).expect("commits");
}

fn update(store: &Store, text: &str) {
    let mut draft = store.begin().expect("writes");
    apply_update(
        &mut draft,
        &format!("{PROLOGUE} {text}"),
        &QueryOptions::default(),
    )
    .unwrap_or_else(|error| panic!("{text}: {error}"));
    draft.commit(meta()).expect("commits");
}

#[test]
fn searches_are_current_with_each_commit_and_true_to_earlier_states() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let mut store = Store::open(folder.path(), OpenOptions::default()).expect("opens");
    add(
        &store,
        [("Kerkstraat in Gent".into(), "nl"), ("Église".into(), "fr")],
    );
    assert_eq!(
        found(&store.snapshot().view(), "'gent'"),
        ["Kerkstraat in Gent"]
    );
    add(&store, [("Gent, stad".into(), "nl")]);
    assert_eq!(
        found(&store.snapshot().view(), "'gent'"),
        ["Gent, stad", "Kerkstraat in Gent"]
    );
    // An update finds what it changes by its words; what it removes is found no more.
    update(
        &store,
        "DELETE { ?s :label ?l } INSERT { ?s :label 'Gand'@fr } WHERE { ?s :label ?l . ?l text:search 'kerk*'@nl }",
    );
    assert_eq!(found(&store.snapshot().view(), "'gent'"), ["Gent, stad"]);
    assert_eq!(
        found(&store.snapshot().view(), "'gand OR eglises'@fr"),
        ["Gand", "Église"]
    );
    store.checkpoint().expect("flushes");
    // An uncommitted draft sees its own texts.
    let mut draft = store.begin().expect("writes");
    let text = format!(
        "{PROLOGUE} INSERT DATA {{ :x :label 'Brugge' }} ; INSERT {{ :y :saw ?l }} WHERE {{ ?l text:search 'brugge' }}"
    );
    let stats = apply_update(&mut draft, &text, &QueryOptions::default()).expect("applies");
    assert_eq!(stats.inserted, 2);
    drop(draft);
    assert_eq!(
        found(&store.snapshot().view(), "'brugge'"),
        Vec::<String>::new()
    );

    for turn in 0..4_usize {
        let at = store.snapshot();
        assert_eq!(found(&at.view(), "'gent'"), ["Gent, stad"], "turn {turn}");
        for (seq, expected) in [
            (0, &[][..]),
            (1, &["Kerkstraat in Gent"][..]),
            (2, &["Gent, stad", "Kerkstraat in Gent"][..]),
            (3, &["Gent, stad"][..]),
        ] {
            let earlier = store.as_of(AsOf::Seq(seq)).expect("the log has it");
            assert_eq!(
                found(&earlier.view(), "'gent'"),
                expected,
                "turn {turn}, commit {seq}"
            );
        }
        match turn {
            0 => {
                drop((at, store));
                store = Store::open(folder.path(), OpenOptions::default()).expect("opens again");
            }
            1 => {
                // Several files of texts, joined later.
                for file in 0..6 {
                    add(
                        &store,
                        (0..300).map(|n| (format!("Molen {file} nummer {n}"), "nl")),
                    );
                    store.checkpoint().expect("flushes");
                    let molens = found(&store.snapshot().view(), "'molens nummer 7'");
                    assert_eq!(molens.len(), file + 1);
                }
            }
            2 => {
                store.compact_index().expect("merges");
                assert_eq!(
                    found(&store.snapshot().view(), "'molens nummer 7'").len(),
                    6
                );
            }
            _ => {}
        }
    }
}

/// Every file of Turtle and TriG below a folder of the project.
fn load(draft: &mut oslo_registry::store::Draft<'_>, folder: &Path) {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("a folder of the project")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "ttl"))
        .collect();
    files.sort();
    for file in files {
        let bytes = fs::read(&file).expect("a file of the project");
        for quad in oxttl::TriGParser::new().for_slice(&bytes) {
            let quad = quad.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            draft.add_quad(quad.as_ref());
        }
    }
}

#[test]
fn every_example_of_the_guide_finds_something() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let store = Store::in_memory();
    let mut draft = store.begin().expect("memory stores open drafts");
    for folder in ["fixtures", "vocab", "vocab/codelijst"] {
        load(&mut draft, &root.join(folder));
    }
    draft.commit(meta()).expect("commits");
    let view = store.snapshot().view();
    let guide = fs::read_to_string(root.join("docs/full-text.md")).expect("the guide");
    let blocks: Vec<&str> = guide.split("```sparql\n").skip(1).collect();
    assert!(blocks.len() >= 6, "{} examples", blocks.len());
    for block in blocks {
        let (query, _) = block.split_once("```").expect("the block ends");
        if query.contains("INSERT") || query.contains("DELETE") {
            let mut draft = store.begin().expect("memory stores open drafts");
            let stats = apply_update(&mut draft, query, &QueryOptions::default())
                .unwrap_or_else(|error| panic!("{query}: {error}"));
            assert!(stats.inserted + stats.deleted > 0, "{query}");
        } else {
            assert!(!rows(&view, query).is_empty(), "{query}");
        }
    }
}
