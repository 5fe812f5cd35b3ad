//! What a child of the crash tests commits, and what the store must hold after each commit: both follow from a seed alone,
//! so that parent and child agree without talking.

use oslo_registry::query;
use oslo_registry::store::{
    CommitMeta, Derivers, Draft, OpenOptions, Snapshot, Source, Store, StoreError, Thresholds,
};
use oxrdf::vocab::xsd;
use oxrdf::{BlankNode, GraphName, Literal, NamedNode, NamedOrBlankNode, Quad, Term};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Numbers that follow from a seed (splitmix64).
#[derive(Clone)]
pub(super) struct Rng(u64);

impl Rng {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut rng = Self(seed ^ stream.wrapping_mul(0xd1b5_4a32_d192_ed03));
        rng.next();
        rng
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

/// The habits of one data folder's life.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) seed: u64,
    pub(super) options: OpenOptions,
    /// Threads that commit.
    pub(super) writers: u64,
    /// One commit in so many is large.
    pub(super) large_every: u64,
    /// Commits of a log of format 1 that the life starts with.
    pub(super) old_commits: u64,
}

impl Style {
    pub(super) fn of(seed: u64) -> Self {
        let mut rng = Rng::new(seed, 1 << 40);
        let thresholds = Thresholds {
            checkpoint_rows: *rng.pick(&[20, 60, 200, 100_000]),
            closing_rows: *rng.pick(&[1, 40, 100_000]),
            spill_rows: *rng.pick(&[16, 40, 100_000]),
            rotate_bytes: *rng.pick(&[600, 4_000, 1 << 30]),
        };
        Self {
            seed,
            options: OpenOptions {
                memory_bytes: 1 << 10,
                cache_bytes: *rng.pick(&[0, 1 << 20]),
                background_percent: 100,
                thresholds,
                derived: if Rng::new(seed, 3 << 40).chance(60) {
                    query::derived()
                } else {
                    Derivers::default()
                },
                derive_after: Duration::ZERO,
                ..OpenOptions::default()
            },
            writers: *rng.pick(&[1, 1, 3]),
            large_every: *rng.pick(&[4, 12]),
            old_commits: if rng.chance(15) { rng.between(1, 6) } else { 0 },
        }
    }

    /// The changes of a commit, in the order in which they are made. Some undo others; at least one stays.
    pub(super) fn changes(&self, seq: u64) -> Vec<(Quad, bool)> {
        let mut rng = Rng::new(self.seed, seq);
        let large = rng.below(self.large_every) == 0;
        let count = if large {
            rng.between(30, 160)
        } else {
            rng.between(0, 9)
        };
        let adds = if large { 85 } else { 60 };
        let mut changes: Vec<_> = (0..count)
            .map(|_| (quad(&mut rng, seq), rng.chance(adds)))
            .collect();
        changes.push((mark(seq), true));
        if seq > 3 {
            changes.push((mark(seq - 3), false));
        }
        changes
    }
}

fn iri(text: String) -> NamedNode {
    NamedNode::new_unchecked(text)
}

/// A quad that only this commit adds.
fn mark(seq: u64) -> Quad {
    Quad::new(
        iri("https://example.org/id/store".into()),
        iri("https://example.org/ns#commit".into()),
        Literal::from(seq as i64),
        GraphName::DefaultGraph,
    )
}

fn quad(rng: &mut Rng, seq: u64) -> Quad {
    let number = rng.below(40);
    let subject: NamedOrBlankNode = match rng.below(8) {
        0 => BlankNode::new_unchecked(format!("b{number}")).into(),
        1 => BlankNode::new_unchecked(format!("f0e1d2c3b4a5968778x{number}")).into(),
        2 => iri(format!("https://example.org/naam/straat-{number}-a")).into(),
        3 => iri(format!("https://example.org/{}/{}", rng.below(7), seq % 50)).into(),
        _ => iri(format!("https://example.org/id/adres/{number}")).into(),
    };
    let predicate = iri(format!("https://example.org/ns#p{}", rng.below(5)));
    let small = rng.below(6);
    let object: Term = match rng.below(10) {
        0 => Literal::from(small as i64).into(),
        1 => Literal::new_typed_literal(format!("2024-0{}-11", small + 1), xsd::DATE).into(),
        2 => Literal::new_language_tagged_literal_unchecked(format!("straat {small}"), "nl").into(),
        3 => {
            let own = iri(format!("https://example.org/type/{small}"));
            Literal::new_typed_literal(format!("x{small}"), own).into()
        }
        4 => Literal::new_simple_literal(format!("regel\n\"{small}\" in {seq}")).into(),
        5 => Literal::new_simple_literal("lang ".repeat(40 * small as usize)).into(),
        6 => iri(format!("https://example.org/id/adres/{number}")).into(),
        7 => iri(format!("https://example.org/los/{seq}-{small}-z")).into(),
        _ => iri(format!("https://example.org/begrip/{small}")).into(),
    };
    let graph = match rng.below(4) {
        0 => GraphName::DefaultGraph,
        1 => iri("https://example.org/graaf/een".into()).into(),
        _ => iri(format!("https://example.org/graaf/{}", rng.below(4))).into(),
    };
    Quad::new(subject, predicate, object, graph)
}

/// A quad as a line without its full stop.
fn line(quad: &Quad) -> Arc<str> {
    let graph = match &quad.graph_name {
        GraphName::DefaultGraph => String::new(),
        name => name.to_string(),
    };
    format!(
        "{} {} {} {graph}",
        quad.subject, quad.predicate, quad.object
    )
    .into()
}

/// What a state holds, as lines.
pub(super) fn dump(snapshot: &Snapshot) -> BTreeSet<Arc<str>> {
    let view = snapshot.view();
    view.quads(None, None, None, None)
        .map(|quad| {
            let texts = [quad.s, quad.p, quad.o, quad.g].map(|id| view.text(id).into_owned());
            texts.join(" ").into()
        })
        .collect()
}

/// Opens a folder. A process that is just being started by another thread of this one holds the lock of a folder closed
/// a moment ago, until it becomes another program.
pub(super) fn open(dir: &Path, options: OpenOptions) -> Result<Store, StoreError> {
    once_free(|| Store::open(dir, options))
}

/// Makes the index of a folder anew; see [`open`].
pub(super) fn rebuild(dir: &Path, options: OpenOptions) -> Result<Store, StoreError> {
    once_free(|| Store::rebuild(dir, options, &mut |_, _| {}))
}

fn once_free(open: impl Fn() -> Result<Store, StoreError>) -> Result<Store, StoreError> {
    for _ in 0..400 {
        match open() {
            Err(StoreError::InUse { .. }) => std::thread::sleep(Duration::from_millis(5)),
            done => return done,
        }
    }
    open()
}

/// Fills a draft with the changes of its commit. With `looking`, reads the draft's state now and then, which applies them.
pub(super) fn fill(draft: &mut Draft<'_>, style: &Style, seq: u64, looking: bool) {
    for (at, (quad, add)) in style.changes(seq).iter().enumerate() {
        if *add {
            draft.add_quad(quad.as_ref());
        } else {
            draft.remove_quad(quad.as_ref());
        }
        if looking && at % 23 == 7 {
            draft.snapshot();
        }
    }
}

pub(super) fn meta(seq: u64) -> CommitMeta {
    CommitMeta {
        agent: "https://example.org/id/agent".into(),
        activity: format!("https://example.org/id/load/{seq}"),
        source: vec![Source {
            iri: format!("file:///data/{seq}.nq"),
            sha256: None,
        }],
        message: seq
            .is_multiple_of(3)
            .then(|| format!("regel {seq}\nmet \"tekens\"")),
    }
}

/// The state after each commit, made as far as it is asked for.
pub(super) struct Model {
    style: Style,
    states: Vec<BTreeSet<Arc<str>>>,
}

impl Model {
    pub(super) fn new(style: Style) -> Self {
        Self {
            style,
            states: vec![BTreeSet::new()],
        }
    }

    /// The lines after commit `seq`.
    pub(super) fn state(&mut self, seq: u64) -> &BTreeSet<Arc<str>> {
        while self.states.len() as u64 <= seq {
            let next = self.states.len() as u64;
            let mut state = self.states[next as usize - 1].clone();
            for (quad, add) in self.style.changes(next) {
                if add {
                    state.insert(line(&quad));
                } else {
                    state.remove(&line(&quad));
                }
            }
            self.states.push(state);
        }
        &self.states[seq as usize]
    }

    /// Net changes of commit `seq`: lines, and whether each is added.
    pub(super) fn net(&mut self, seq: u64) -> BTreeMap<Arc<str>, bool> {
        self.state(seq);
        let (before, after) = (&self.states[seq as usize - 1], &self.states[seq as usize]);
        let added = after
            .difference(before)
            .map(|line| (Arc::clone(line), true));
        let removed = before
            .difference(after)
            .map(|line| (Arc::clone(line), false));
        added.chain(removed).collect()
    }
}
