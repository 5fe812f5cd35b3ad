//! The shapes that ship, changed at random.

use super::super::{BASE, load, parse_turtle};
use super::{check, within};
use oxrdf::{BlankNode, Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use proptest::prelude::*;
use std::path::Path;
use std::sync::OnceLock;

/// Triples of the shapes that ship.
fn shipped() -> &'static [Vec<Triple>] {
    static SHIPPED: OnceLock<Vec<Vec<Triple>>> = OnceLock::new();
    SHIPPED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shapes");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .expect("a folder of the project")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort_unstable();
        files
            .iter()
            .map(|path| {
                let text = std::fs::read_to_string(path).expect("a file of the project");
                parse_turtle(&text, BASE)
            })
            .collect()
    })
}

/// Data that the shapes that ship have something to say about.
fn town() -> &'static [Triple] {
    static TOWN: OnceLock<Vec<Triple>> = OnceLock::new();
    TOWN.get_or_init(|| {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let mut all = Vec::new();
        for name in [
            "straatnamen.ttl",
            "mandaten.ttl",
            "dossiers.ttl",
            "organisaties.ttl",
        ] {
            let text = std::fs::read_to_string(fixtures.join(name)).expect("a fixture");
            all.extend(parse_turtle(&text, BASE));
        }
        all
    })
}

/// One change to a shapes graph: what is done, and to which triples.
#[derive(Clone, Copy, Debug)]
struct Mutation {
    kind: u8,
    at: usize,
    with: usize,
}

fn mutate(triples: &mut Vec<Triple>, mutation: Mutation) {
    if triples.is_empty() {
        return;
    }
    let (at, with) = (mutation.at % triples.len(), mutation.with % triples.len());
    let other = triples[with].clone();
    let named = |iri: &str| NamedNode::new_unchecked(iri);
    let sh = |local: &str| named(&format!("http://www.w3.org/ns/shacl#{local}"));
    let node = |subject: &NamedOrBlankNode| Term::from(subject.clone());
    match mutation.kind {
        0 => {
            triples.swap_remove(at);
        }
        1 => triples[at].object = other.object,
        2 => triples[at].subject = other.subject,
        3 => triples[at].predicate = other.predicate,
        4 => triples[at].object = node(&other.subject),
        5 => triples[at].object = Literal::new_simple_literal("?").into(),
        6 => triples[at].object = node(&triples[at].subject.clone()),
        7 => {
            let subject = triples[at].subject.clone();
            triples.push(Triple::new(subject, other.predicate, other.object));
        }
        8 => {
            // A list that does not end, or has two ends.
            let rest = named("http://www.w3.org/1999/02/22-rdf-syntax-ns#rest");
            let subject = triples[at].subject.clone();
            triples.push(Triple::new(subject, rest, node(&other.subject)));
        }
        9 => {
            let subject = triples[at].subject.clone();
            triples.push(Triple::new(subject, sh("not"), node(&other.subject)));
        }
        10 => {
            let links = [
                "node",
                "property",
                "targetWhere",
                "someValue",
                "qualifiedValueShape",
            ];
            let subject = triples[at].subject.clone();
            let link = sh(links[mutation.with % links.len()]);
            triples.push(Triple::new(subject, link, node(&other.subject)));
        }
        11 => {
            let paths = ["inversePath", "zeroOrMorePath", "alternativePath", "path"];
            let subject = triples[at].subject.clone();
            let path = sh(paths[mutation.with % paths.len()]);
            triples.push(Triple::new(subject, path, other.object));
        }
        _ => triples[at].object = BlankNode::new_unchecked(format!("m{with}")).into(),
    }
}

fn mutation() -> impl Strategy<Value = Mutation> {
    (0..13_u8, any::<usize>(), any::<usize>()).prop_map(|(kind, at, with)| Mutation {
        kind,
        at,
        with,
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn mutated_shapes_are_read_and_run(
        file in 0..shipped().len(),
        mutations in prop::collection::vec(mutation(), 1..40),
        shacl12 in any::<bool>(),
    ) {
        let mut triples = shipped()[file].clone();
        for mutation in mutations {
            mutate(&mut triples, mutation);
        }
        within(move || {
            let (data, shapes) = load(town(), &triples);
            let (shapes, _) = check(&data, &shapes, shacl12);
            shapes.vocabulary_findings(&[data]);
        });
    }
}
