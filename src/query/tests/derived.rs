//! Files derived from texts: searches give the same from memory and from files, however they came there, and what is derived
//! does not change unnoticed.

use super::*;
use crate::store::{CommitMeta, Derive, OpenOptions, TermPart};
use std::ops::ControlFlow;
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

const PROLOGUE: &str = "PREFIX : <http://example.com/> PREFIX text: <urn:x-oslo:text#>
    PREFIX geo: <http://www.opengis.net/ont/geosparql#> PREFIX geof: <http://www.opengis.net/def/function/geosparql/> ";

/// Places with a name and a point, and a word in another language now and then.
fn add(store: &Store, range: std::ops::Range<usize>) {
    let mut draft = store.begin().expect("writes");
    for n in range {
        let place = iri(&format!("plaats-{n}x"));
        let street = [
            "Kerkstraat",
            "Molenwegen",
            "Lange Nieuwstraat",
            "Dorpsplein",
        ][n % 4];
        let name = format!("{street} {n}, {} deel {}", 9000 + n % 90, n / 7 % 700);
        let name = match n % 3 {
            0 => Literal::new_simple_literal(name),
            1 => Literal::new_language_tagged_literal_unchecked(name, "nl"),
            _ => Literal::new_language_tagged_literal_unchecked(name, "fr"),
        };
        let (x, y) = (100_000 + n % 50 * 100, 190_000 + n / 50 * 100);
        let system = "<http://www.opengis.net/def/crs/EPSG/0/31370>";
        let datatype = NamedNode::new_unchecked("http://www.opengis.net/ont/geosparql#wktLiteral");
        let at = Literal::new_typed_literal(format!("{system} POINT({x} {y})"), datatype);
        for (predicate, value) in [("name", name), ("at", at)] {
            let quad = Quad::new(
                place.clone(),
                iri(predicate),
                value,
                GraphName::DefaultGraph,
            );
            draft.add_quad(quad.as_ref());
        }
    }
    let meta = CommitMeta {
        agent: "https://example.com/agent".into(),
        activity: "https://example.com/load".into(),
        source: Vec::new(),
        message: None,
    };
    draft.commit(meta).expect("commits");
}

/// What some searches give.
fn answers(store: &Store) -> Vec<Vec<Vec<String>>> {
    let view = store.snapshot().view();
    let searches = [
        "SELECT ?l ?score { (?l ?score) text:search ('kerkstraat deel' 25) }",
        "SELECT ?l { ?l text:search 'molenweg 1*'@nl } ORDER BY ?l",
        "SELECT ?l { ?l text:search 'kerkstrat~ 9012' } ORDER BY ?l",
        "SELECT ?l { ?l text:search '\"lange nieuwstraat\" 45' } ORDER BY ?l",
        "SELECT ?s { ?s :at ?g FILTER geof:sfWithin(?g, '<http://www.opengis.net/def/crs/EPSG/0/31370> POLYGON((100250 190250, 101050 190250, 101050 190850, 100250 190850, 100250 190250))'^^geo:wktLiteral) } ORDER BY ?s",
        "SELECT ?s { ?s :at ?g FILTER geof:sfIntersects(?g, 'POINT(3.7 51.05)'^^geo:wktLiteral) } ORDER BY ?s",
    ];
    let answers = searches.map(|text| {
        let text = format!("{PROLOGUE} {text}");
        table(&view, &text, &QueryOptions::default())
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    });
    assert!(answers[..5].iter().all(|rows| !rows.is_empty()));
    answers.into()
}

fn are_in_files(store: &Store) -> bool {
    let view = store.snapshot().view();
    let parts = view.snapshot().term_parts().into_iter();
    let mut pieces = parts.flat_map(|part| {
        let kinds = derived().0.iter();
        let pieces = kinds.flat_map(|what| part.derived(*what, &view, &|| ()));
        pieces.collect::<Vec<_>>()
    });
    pieces.all(|piece| piece.is_in_file())
}

#[test]
fn searches_give_the_same_from_memory_and_from_files() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let opened = |cache_bytes| {
        let options = OpenOptions {
            derived: derived(),
            derive_after: Duration::from_secs(3600),
            cache_bytes,
            ..OpenOptions::default()
        };
        Store::open(folder.path(), options).expect("opens")
    };
    let store = opened(64 << 20);
    let memory = Store::in_memory();
    for turn in 0..3 {
        // Enough words for several segments, and geometries for several trees.
        let range = turn * 2_500..(turn + 1) * 2_500;
        add(&store, range.clone());
        add(&memory, range);
        let expected = answers(&memory);
        assert_eq!(answers(&store), expected, "in memory, turn {turn}");
        store.checkpoint().expect("flushes");
        assert_eq!(answers(&store), expected, "taken over, turn {turn}");
        store.derive(derived()).expect("writes");
        assert!(are_in_files(&store));
        assert_eq!(answers(&store), expected, "in files, turn {turn}");
    }
    let expected = answers(&memory);
    store.compact_index().expect("joins");
    assert_eq!(answers(&store), expected, "joined");
    drop(store);
    for cache_bytes in [0, 64 << 20] {
        let store = opened(cache_bytes);
        assert_eq!(answers(&store), expected, "opened again");
        assert!(are_in_files(&store), "made for who asked");
    }
    let report =
        crate::store::check(folder.path(), true, derived(), &mut |_, _| {}).expect("reads");
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

/// A hash of all that is derived from some texts.
fn fingerprint(what: &dyn Derive, part: &TermPart, view: &View) -> u64 {
    let derived = what
        .derive(part, view, part.range(), &mut || Ok(()))
        .expect("nothing stops it");
    let mut bytes = derived.facts.to_string().into_bytes();
    for section in derived.sections {
        bytes.extend_from_slice(section.name.as_bytes());
        bytes.extend_from_slice(&section.bytes);
    }
    xxh3_64(&bytes)
}

#[test]
fn what_is_derived_changes_with_its_version_only() {
    let store = Store::in_memory();
    add(&store, 0..200);
    let view = store.snapshot().view();
    let part = &view.snapshot().term_parts()[0];
    let mut literals = 0;
    part.for_each_literal(
        part.range(),
        |_| true,
        |_, _, _| {
            literals += 1;
            ControlFlow::Continue(())
        },
    );
    assert_eq!(literals, 400);
    // When this fails, files of earlier programs would give other answers than this one: raise the version of what changed,
    // and then the figure here.
    let found = derived().0.iter().map(|what| {
        let print = fingerprint(*what, part, &view);
        format!("{} {} {print:016x}", what.kind(), what.version())
    });
    let found: Vec<String> = found.collect();
    assert_eq!(found, ["text 1 6ba68400d022069c", "geo 1 a6369f6eb1e6a614"]);
}
