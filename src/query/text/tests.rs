//! What full text promises: the index finds what looking at each literal finds, reads each literal once, and shows nothing
//! that the view does not show.

mod sparql;

use super::functions::text_of;
use super::index::READ;
use super::matching::LiteralWords;
use super::*;
use crate::query::{Answer, DefaultGraph, QueryError, QueryOptions, evaluate, parse_query};
use crate::store::{CommitMeta, Graphs, Store, View};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use proptest::prelude::*;

fn iri(name: &str) -> NamedNode {
    NamedNode::new_unchecked(format!("http://example.com/{name}"))
}

fn meta() -> CommitMeta {
    CommitMeta {
        agent: "http://example.com/agent".into(),
        activity: "http://example.com/test".into(),
        source: Vec::new(),
        message: None,
    }
}

fn text(value: &str, tag: &str) -> Literal {
    if tag.is_empty() {
        Literal::new_simple_literal(value)
    } else {
        Literal::new_language_tagged_literal_unchecked(value, tag)
    }
}

fn commit(store: &Store, add: impl IntoIterator<Item = Quad>, remove: &[Quad]) {
    let mut draft = store.begin().expect("memory stores open drafts");
    for quad in remove {
        draft.remove_quad(quad.as_ref());
    }
    for quad in add {
        draft.add_quad(quad.as_ref());
    }
    draft.commit(meta()).expect("memory stores commit");
}

fn quad(subject: &str, literal: Literal) -> Quad {
    Quad::new(iri(subject), iri("label"), literal, GraphName::DefaultGraph)
}

fn rows(view: &View, text: &str) -> Result<Vec<Vec<String>>, QueryError> {
    let options = QueryOptions::default();
    let text = format!("PREFIX text: <{NAMESPACE}> PREFIX : <http://example.com/> {text}");
    match evaluate(view, &parse_query(&text, &options)?, &options)? {
        Answer::Solutions { rows, .. } => rows
            .map(|row| {
                let shown = row?.into_iter().map(|term| match term {
                    Some(Term::Literal(literal)) => literal.value().to_owned(),
                    Some(term) => term.to_string(),
                    None => String::new(),
                });
                Ok(shown.collect())
            })
            .collect(),
        Answer::Boolean(value) => Ok(vec![vec![value.to_string()]]),
        Answer::Graph(_) => unreachable!("no graph is asked for"),
    }
}

/// The first column, sorted.
fn found(view: &View, text: &str) -> Vec<String> {
    let rows = rows(view, text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let mut first: Vec<String> = rows.into_iter().map(|row| row[0].clone()).collect();
    first.sort();
    first
}

/// The ids of the literals that match, by looking at every object of the view.
fn by_looking(view: &View, query: &TextQuery, range: &LanguageRange) -> Vec<u64> {
    let mut scratch = LiteralWords::default();
    let mut ids: Vec<u64> = view
        .triples(None, None, None)
        .filter(|[_, _, o]| match view.term(*o) {
            Term::Literal(literal) => text_of(&literal)
                .is_some_and(|(text, tag)| query.matches(text, tag, range, &mut scratch)),
            _ => false,
        })
        .map(|[_, _, o]| o.raw())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

const ALL: Amount = Amount::All {
    at_most: MAX_HITS,
    scored: false,
};

fn by_index(view: &View, query: &TextQuery, range: &LanguageRange) -> Vec<u64> {
    let hits = search(view, query, range, ALL).expect("few literals");
    let mut ids: Vec<u64> = hits.iter().map(|hit| hit.id.raw()).collect();
    ids.sort_unstable();
    ids
}

const WORDS: [&str; 16] = [
    "kerk",
    "kerken",
    "Kerkstraat",
    "straat",
    "straten",
    "Gent",
    "Gand",
    "gemeente",
    "gemeenten",
    "église",
    "eglises",
    "d'Hoogvorst",
    "'s-Gravenwezel",
    "12",
    "12bis",
    "Straße",
];
const TAGS: [&str; 7] = ["", "nl", "nl-BE", "fr", "en", "de", "es"];

fn some_text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 1..6).prop_map(|words| words.join(" "))
}

fn some_search() -> impl Strategy<Value = String> {
    let unit = (
        prop::sample::select(&WORDS[..]),
        prop::sample::select(&WORDS[..]),
        0..8_u8,
    )
        .prop_map(|(one, two, kind)| match kind {
            0 | 1 => one.to_owned(),
            2 => format!("-{one}"),
            3 => format!("\"{one} {two}\""),
            4 => format!("{}*", one.chars().take(3).collect::<String>()),
            5 => format!("{one}~"),
            6 => format!("-\"{one} {two}\""),
            _ => format!("{one} OR {two}"),
        });
    prop::collection::vec(unit, 1..4).prop_map(|units| units.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 96 } else { 512 }))]

    #[test]
    fn the_index_finds_what_looking_finds(
        texts in prop::collection::vec((some_text(), prop::sample::select(&TAGS[..]), 0..3_u8), 1..40),
        searches in prop::collection::vec((some_search(), prop::sample::select(&["all", "nl", "nl-be", "", "*", "es"][..])), 1..8),
    ) {
        let store = Store::in_memory();
        // Some in each of three commits; every fourth is removed again and stays in the dictionary.
        let quads: Vec<(Quad, u8)> = texts
            .iter()
            .enumerate()
            .map(|(n, (value, tag, turn))| (quad(&format!("s{n}"), text(value, tag)), *turn))
            .collect();
        for turn in 0..3 {
            commit(&store, quads.iter().filter(|(_, t)| *t == turn).map(|(q, _)| q.clone()), &[]);
        }
        let gone: Vec<Quad> = quads.iter().step_by(4).map(|(q, _)| q.clone()).collect();
        let before = store.snapshot().view();
        commit(&store, [], &gone);
        let after = store.snapshot().view();
        for (search, tag) in searches {
            let Ok(query) = TextQuery::parse(&search) else { continue };
            let range = if tag == "all" { LanguageRange::All } else { LanguageRange::parse(tag).expect("a range") };
            for view in [&before, &after] {
                prop_assert_eq!(by_index(view, &query, &range), by_looking(view, &query, &range), "{}", search);
            }
            // In a query: the join with what is found, and the filter on what is there.
            let written = Literal::new_simple_literal(&search);
            let args = range.as_text().map_or(written.to_string(), |tag| format!("({written} '{tag}')"));
            let joined = format!("SELECT ?s {{ ?s :label ?l . ?l text:search {args} }}");
            let args = range.as_text().map_or(written.to_string(), |tag| format!("{written}, '{tag}'"));
            let filtered = format!("SELECT ?s {{ ?s :label ?l FILTER text:matches(?l, {args}) }}");
            prop_assert_eq!(found(&after, &joined), found(&after, &filtered), "{}", joined);
            // The best are the first of all, and none is lost when there is room for all.
            let all = super::search(&after, &query, &range, Amount::Best(MAX_HITS)).expect("limited");
            prop_assert_eq!(all.len(), by_index(&after, &query, &range).len());
            prop_assert!(all.windows(2).all(|pair| pair[0] > pair[1]));
            let best = super::search(&after, &query, &range, Amount::Best(2)).expect("limited");
            prop_assert_eq!(&best[..], &all[..all.len().min(2)]);
        }
    }
}

/// Twenty thousand different literals, a third with a language.
fn many(range: std::ops::Range<usize>) -> impl Iterator<Item = Quad> {
    range.map(|n| {
        let tag = if n % 3 == 0 { "nl" } else { "" };
        let street = [
            "Kerkstraat",
            "Molenweg",
            "Dorp",
            "Lange Nieuwe Gemeentelaan",
        ][n % 4];
        quad(
            &format!("a{n}"),
            text(
                &format!("{street} {n}, {} plaats{}", 9000 + n % 90, n % 700),
                tag,
            ),
        )
    })
}

#[test]
fn each_literal_is_read_once_and_a_search_reads_its_own_lists() {
    let store = Store::in_memory();
    commit(&store, many(0..20_000), &[]);
    let view = store.snapshot().view();
    READ.set(0);
    assert_eq!(
        found(&view, "SELECT ?l { ?l text:search 'molenweg 4001' }"),
        ["Molenweg 4001, 9041 plaats501"]
    );
    assert_eq!(
        READ.take(),
        20_000,
        "the first search reads every literal once"
    );
    let started = std::time::Instant::now();
    for n in 0..50 {
        let number = 4 * n + 1;
        let hits = found(
            &view,
            &format!(
                "SELECT ?l {{ ?l text:search 'molenweg {number} plaats{}' }}",
                number % 700
            ),
        );
        assert_eq!(hits.len(), 1);
    }
    let each = started.elapsed() / 50;
    assert_eq!(READ.take(), 0, "and no later one any");
    assert!(each.as_millis() < 200, "{each:?} for one search");
    // A small commit is a part of its own; what was there is not read again.
    commit(&store, [quad("x", text("Nieuw Molenweg", "nl"))], &[]);
    let later = store.snapshot().view();
    assert_eq!(
        found(&later, "SELECT ?l { ?l text:search 'molenwegen nieuw' }"),
        ["Nieuw Molenweg"]
    );
    assert_eq!(READ.take(), 1);
    assert_eq!(
        found(&view, "SELECT ?l { ?l text:search 'nieuw molenweg' }"),
        Vec::<String>::new()
    );
    let parts = later.snapshot().term_parts();
    let pieces = parts
        .iter()
        .flat_map(|part| part.derived(&TextIndex, &later, &|| ()));
    let bytes: usize = pieces.map(|piece| piece.memory_bytes()).sum();
    assert!(
        bytes < 60 * 20_000,
        "{bytes} bytes for twenty thousand literals"
    );
}

#[test]
fn a_search_that_is_stopped_leaves_its_work_to_the_next() {
    let store = Store::in_memory();
    commit(&store, many(0..20_000), &[]);
    let view = store.snapshot().view();
    let options = QueryOptions {
        timeout: Some(std::time::Duration::from_millis(4)),
        ..QueryOptions::default()
    };
    let text = format!("SELECT ?l {{ ?l <{SEARCH}> 'molenweg 4001' }}");
    let query = parse_query(&text, &options).expect("parses");
    READ.set(0);
    let mut stopped = 0;
    let rows = loop {
        match evaluate(&view, &query, &options) {
            Ok(Answer::Solutions { rows, .. }) => break rows.count(),
            Err(QueryError::Timeout { .. }) => stopped += 1,
            other => panic!("{:?}", other.map(|_| ())),
        }
        assert!(stopped < 1_000, "no progress");
    };
    assert_eq!(rows, 1);
    assert!(
        READ.take() <= 20_000 + stopped,
        "a literal is read again only where work broke off"
    );
}

#[test]
fn what_is_no_text_or_too_long_is_not_searched() {
    let store = Store::in_memory();
    let long = format!("molen {}", "x ".repeat(MAX_LITERAL_BYTES / 2));
    let typed = Literal::new_typed_literal("molen", iri("type"));
    let longest = format!("molen {}", "x".repeat(MAX_LITERAL_BYTES - 6));
    let texts = [
        text(&long, "nl"),
        typed,
        text(&longest, ""),
        Literal::from(12),
        text("12", ""),
    ];
    commit(&store, texts.map(|literal| quad("s", literal)), &[]);
    let view = store.snapshot().view();
    assert_eq!(
        found(&view, "SELECT ?l { ?l text:search 'molen' }"),
        [longest.as_str()]
    );
    assert_eq!(
        found(
            &view,
            "SELECT ?l { ?s :label ?l FILTER text:matches(?l, 'molen') }"
        ),
        [longest]
    );
    assert_eq!(found(&view, "SELECT ?l { ?l text:search '12' }"), ["12"]);
    assert_eq!(
        found(
            &view,
            "SELECT ?l { ?s :label ?l FILTER EXISTS { ?l text:search '12' } }"
        ),
        ["12"]
    );
}

#[test]
fn several_may_ask_first() {
    let store = Store::in_memory();
    commit(&store, many(0..10_000), &[]);
    let counts: Vec<usize> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4)
            .map(|_| {
                let view = store.snapshot().view();
                scope
                    .spawn(move || found(&view, "SELECT ?l { ?l text:search 'molenweg 1*' }").len())
            })
            .collect();
        let counted = asking.into_iter();
        counted.map(|one| one.join().expect("no panic")).collect()
    });
    assert!(counts[0] > 100, "{counts:?}");
    assert_eq!(counts, [counts[0]; 4]);
}

#[test]
fn more_than_may_be_bound_is_an_error_or_a_filter_never_a_part() {
    let store = Store::in_memory();
    commit(&store, many(0..20_000), &[]);
    let view = store.snapshot().view();
    // 5,000 match: a table.
    assert_eq!(
        found(
            &view,
            "SELECT (COUNT(?l) AS ?n) { ?l text:search 'kerkstraat' }"
        ),
        ["5000"]
    );
    // 15,000 match: more than a table may hold.
    let wide = "kerkstraat OR molenweg OR dorp";
    let error = rows(
        &view,
        &format!("SELECT (COUNT(?l) AS ?n) {{ ?l text:search '{wide}' }}"),
    )
    .expect_err("too many");
    assert!(error.text().nl.contains("meer dan 10000"), "{error}");
    assert!(error.hint().is_some_and(|hint| hint.en.contains("limit")));
    let counted = format!("SELECT (COUNT(*) AS ?n) {{ ?s :label ?l . ?l text:search '{wide}' }}");
    assert_eq!(
        found(&view, &counted),
        ["15000"],
        "each literal of the other pattern is looked at"
    );
    let dutch =
        format!("SELECT (COUNT(*) AS ?n) {{ ?s :label ?l . ?l text:search ('{wide}' 'nl') }}");
    assert_eq!(found(&view, &dutch), ["5000"]);
    let best = format!("SELECT ?l {{ (?l ?score) text:search ('{wide}' 10000) }}");
    assert_eq!(found(&view, &best).len(), 10_000);
    let scored = format!("SELECT ?l {{ ?s :label ?l . (?l ?score) text:search '{wide}' }}");
    assert!(
        rows(&view, &scored).is_err(),
        "a score for each cannot be had by looking"
    );
}
