//! How closely the live report follows changes on the shipped profiles and fixtures: equal to a full run after every
//! random change, and few pairs of shape and focus node looked at beyond those of which a change touches something.

use super::fixtures::load_town;
use oslo_registry::shapes::{Live, Scope};
use oslo_registry::store::{CommitMeta, Graphs, Id, QuadIds, Snapshot, Store, View};
use std::collections::{BTreeMap, BTreeSet};

const SH: &str = "http://www.w3.org/ns/shacl#";
const TYPE: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

/// The same numbers in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// What a shape reads of a focus node, by a look at the shapes graph: predicates, and those whose values are looked into.
#[derive(Default)]
struct Reads {
    classes: BTreeSet<Id>,
    predicates: BTreeSet<Id>,
    deep: BTreeSet<Id>,
}

fn shapes_read(view: &View) -> Vec<Reads> {
    let id = |local: &str| view.id_of_iri(&format!("{SH}{local}"));
    let objects = |s: Id, local: &str| -> Vec<Id> {
        id(local).map_or_else(Vec::new, |p| view.objects(s, p).collect())
    };
    let target = id("targetClass").expect("shapes have targets");
    let mut shapes: Vec<Id> = view.pairs(target).map(|(shape, _)| shape).collect();
    shapes.dedup();
    let looks_in = [
        "class",
        "node",
        "or",
        "and",
        "not",
        "xone",
        "qualifiedValueShape",
        "property",
    ];
    shapes
        .into_iter()
        .map(|shape| {
            let mut reads = Reads {
                classes: objects(shape, "targetClass").into_iter().collect(),
                ..Reads::default()
            };
            for property in objects(shape, "property") {
                for path in objects(property, "path") {
                    reads.predicates.insert(path);
                    let code_list = view.id_of_iri("http://purl.org/linked-data/cube#codeList");
                    let deep = looks_in
                        .iter()
                        .any(|local| !objects(property, local).is_empty())
                        || code_list.is_some_and(|p| view.objects(property, p).next().is_some());
                    if deep {
                        reads.deep.insert(path);
                    }
                }
            }
            reads
        })
        .collect()
}

/// For each pair of shape and focus node what the shape reads.
fn pairs_read(shapes: &[Reads], view: &View) -> BTreeMap<(usize, Id), BTreeSet<[u64; 3]>> {
    let rdf_type = view.id_of_iri(TYPE).expect("typed nodes");
    let mut found = BTreeMap::new();
    for (ix, shape) in shapes.iter().enumerate() {
        let focus: BTreeSet<Id> = shape
            .classes
            .iter()
            .flat_map(|class| view.subjects(rdf_type, *class))
            .collect();
        for node in focus {
            let mut read = BTreeSet::new();
            for (predicate, value) in view.star(node) {
                if !shape.predicates.contains(&predicate) {
                    continue;
                }
                read.insert([node.raw(), predicate.raw(), value.raw()]);
                if shape.deep.contains(&predicate) {
                    let below = view.star(value);
                    read.extend(below.map(|(p, o)| [value.raw(), p.raw(), o.raw()]));
                }
            }
            found.insert((ix, node), read);
        }
    }
    found
}

fn scope(state: &Snapshot, data: &[Id]) -> Scope {
    let view = state.view();
    Scope {
        data: view.with_graphs(Graphs::set(data.iter().copied())),
        context: view,
    }
}

#[test]
fn changes_of_the_town_are_followed_closely() {
    let store = Store::in_memory();
    let mut draft = store.begin().expect("the only writer");
    let (shapes, data) = load_town(&mut draft);
    let meta = || CommitMeta {
        agent: "urn:x:agent".to_owned(),
        activity: "urn:x:activity".to_owned(),
        source: Vec::new(),
        message: None,
    };
    draft.commit(meta()).expect("memory takes every commit");
    let mut state = store.snapshot();
    let reads = shapes_read(&state.view());
    let mut live = Live::full(&shapes, &scope(&state, &data), state.seq());
    let mut random = Random(0x5eed);
    let rounds = std::env::var("OSLO_AFFECTED_ROUNDS").ok();
    let rounds = rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(40);
    let (mut affected, mut touched) = (0_u64, 0_u64);
    for round in 0..rounds {
        let view = state.view().with_graphs(Graphs::set(data.iter().copied()));
        let quads: Vec<QuadIds> = view.quads(None, None, None, None).collect();
        let mut draft = store.begin().expect("the only writer");
        for _ in 0..1 + random.below(8) {
            let quad = quads[random.below(quads.len())];
            let other = quads[random.below(quads.len())];
            match random.below(5) {
                0 => draft.remove(quad),
                1 => draft.add(QuadIds { s: other.s, ..quad }),
                2 => draft.add(QuadIds { o: other.o, ..quad }),
                3 => {
                    draft.remove(quad);
                    draft.add(QuadIds { o: other.o, ..quad });
                }
                _ => {
                    for quad in view.quads(Some(quad.s), None, None, None) {
                        draft.remove(quad);
                    }
                }
            }
        }
        let delta = draft.net();
        let next = draft.snapshot();
        let (before, after) = (scope(&state, &data), scope(&next, &data));
        let step = live.after(&before, &after, &delta, state.seq() + 1);
        assert!(!step.full, "round {round}: a small change is followed");
        let full = Live::full(&shapes, &after, state.seq() + 1);
        let text = |live: &Live| {
            let mut out = Vec::new();
            let report = live.report(&after, 100_000);
            report
                .render_text(&mut out, oslo_registry::rdf::label::Language::En)
                .expect("memory");
            String::from_utf8(out).expect("text")
        };
        assert_eq!(text(&step.live), text(&full), "round {round}");
        let (was, is) = (
            pairs_read(&reads, &before.data),
            pairs_read(&reads, &after.data),
        );
        let keys: BTreeSet<_> = was.keys().chain(is.keys()).collect();
        touched += keys
            .iter()
            .filter(|key| was.get(**key) != is.get(**key))
            .count() as u64;
        affected += step.affected;
        draft.commit(meta()).expect("memory takes every commit");
        state = store.snapshot();
        live = step.live;
    }
    eprintln!("{rounds} changes touched {touched} pairs, {affected} were checked again");
    assert!(
        affected <= 3 * touched,
        "{affected} pairs were checked again, {touched} were touched"
    );
}
