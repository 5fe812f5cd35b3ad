//! Commits that touch a hundred addresses, checked, unchecked and refused.

use crate::{loaded, tell};
use oslo_registry::registry::{CommitError, CommitRequest, Mode, Registry, RegistryConfig};
use oslo_registry::store::{CommitMeta, QuadIds};
use oxrdf::{GraphName, Literal, NamedNode, Quad, Term};
use std::convert::Infallible;
use std::path::Path;
use std::time::Instant;

const OBJECTS: usize = 100;
const OFFICIAL: &str = "https://data.vlaanderen.be/ns/adres#officieelToegekend";
const BOOLEAN: &str = "http://www.w3.org/2001/XMLSchema#boolean";

fn request(gate: Mode) -> CommitRequest {
    let meta = CommitMeta {
        agent: "urn:x:bench".to_owned(),
        activity: "urn:x:bench:commit".to_owned(),
        source: Vec::new(),
        message: None,
    };
    CommitRequest::new(meta).with_mode(gate)
}

/// Whether addresses are official: one statement each, which may be turned over without breaking a rule.
struct Addresses {
    quads: Vec<Quad>,
}

impl Addresses {
    /// At most `wanted` sound ones, from all over the registry.
    fn of(registry: &Registry, wanted: usize) -> Self {
        let view = registry.snapshot().view();
        let official = view.id_of_iri(OFFICIAL).expect("towns have addresses");
        let sound = |quad: &QuadIds| {
            let text = view.text(quad.o);
            text.contains("\"true\"") || text.contains("\"false\"")
        };
        let all: Vec<QuadIds> = view
            .quads(None, Some(official), None, None)
            .filter(sound)
            .collect();
        let every = (all.len() / wanted).max(1);
        let iri = |id| NamedNode::new_unchecked(view.iri(id).expect("an IRI").into_owned());
        let quads = all.iter().step_by(every).map(|quad| Quad {
            subject: iri(quad.s).into(),
            predicate: iri(quad.p),
            object: view.term(quad.o),
            graph_name: GraphName::NamedNode(iri(quad.g)),
        });
        Self {
            quads: quads.collect(),
        }
    }

    /// Turns a hundred of them over; how long the commit took, in milliseconds.
    fn turn(&mut self, registry: &Registry, round: u64, gate: Mode) -> f64 {
        let picked: Vec<usize> = self.pick(round);
        let turned: Vec<Quad> = picked.iter().map(|at| turned(&self.quads[*at])).collect();
        let since = Instant::now();
        let outcome = registry.commit(request(gate), |draft| {
            for (at, new) in picked.iter().zip(&turned) {
                draft.remove_quad(self.quads[*at].as_ref());
                draft.add_quad(new.as_ref());
            }
            Ok::<(), Infallible>(())
        });
        let ms = since.elapsed().as_secs_f64() * 1e3;
        let outcome = outcome.unwrap_or_else(|error| panic!("a sound commit fails: {error}"));
        assert!(outcome.changed, "the commit changes something");
        for (at, new) in picked.into_iter().zip(turned) {
            self.quads[at] = new;
        }
        ms
    }

    /// A commit with one value that is no truth value; how long it took to be refused, in milliseconds.
    fn refuse(&self, registry: &Registry, round: u64) -> f64 {
        let picked = self.pick(round);
        let since = Instant::now();
        let outcome = registry.commit(request(Mode::Reject), |draft| {
            for (count, at) in picked.iter().enumerate() {
                let old = &self.quads[*at];
                let mut new = turned(old);
                if count == OBJECTS / 2 {
                    new.object = Literal::new_simple_literal("misschien").into();
                }
                draft.remove_quad(old.as_ref());
                draft.add_quad(new.as_ref());
            }
            Ok::<(), Infallible>(())
        });
        let ms = since.elapsed().as_secs_f64() * 1e3;
        match outcome {
            Err(CommitError::Rejected(rejection)) => {
                let focus: std::collections::BTreeSet<_> = rejection
                    .findings
                    .rows
                    .iter()
                    .map(|row| row.focus)
                    .collect();
                assert_eq!(focus.len(), 1, "one address is at fault");
            }
            Err(error) => panic!("refused for another reason: {error}"),
            Ok(_) => panic!("a faulty commit is made"),
        }
        ms
    }

    fn pick(&self, round: u64) -> Vec<usize> {
        let count = self.quads.len();
        let every = (count / OBJECTS).max(1);
        let first = usize::try_from(round).expect("few rounds") * 7 % every;
        (0..count)
            .skip(first)
            .step_by(every)
            .take(OBJECTS)
            .collect()
    }
}

fn turned(quad: &Quad) -> Quad {
    let other = match &quad.object {
        Term::Literal(literal) if literal.value() == "true" => "false",
        _ => "true",
    };
    let boolean = NamedNode::new_unchecked(BOOLEAN);
    Quad {
        object: Literal::new_typed_literal(other, boolean).into(),
        ..quad.clone()
    }
}

fn tell_times(name: &str, mut ms: Vec<f64>) {
    ms.sort_by(f64::total_cmp);
    let at = |share: f64| ms[((ms.len() - 1) as f64 * share).round() as usize];
    tell(&format!("{name}_p50"), at(0.5));
    tell(&format!("{name}_p99"), at(0.99));
}

pub(crate) fn run(commits: &str, data: &Path) {
    let commits: u64 = commits.parse().expect("a number of commits");
    let registry = loaded::open(data);
    // What stands before the first commit: the report of the whole registry.
    registry.report();
    let mut addresses = Addresses::of(&registry, 100_000);
    assert!(
        addresses.quads.len() >= OBJECTS,
        "the town has a hundred addresses"
    );
    addresses.turn(&registry, 0, Mode::Reject);
    let (mut checked, mut refused, mut unchecked) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=commits {
        checked.push(addresses.turn(&registry, round, Mode::Reject));
    }
    for round in 1..=commits.div_ceil(4) {
        refused.push(addresses.refuse(&registry, round));
    }
    for round in 1..=commits {
        unchecked.push(addresses.turn(&registry, round, Mode::Off));
    }
    tell_times("checked", checked);
    tell_times("refused", refused);
    tell_times("unchecked", unchecked);
    in_memory(&registry, commits);
}

/// The same commits on a copy that has no disk below it, for registries that fit.
fn in_memory(registry: &Registry, commits: u64) {
    if registry.snapshot().quad_count() > 2_000_000 {
        return;
    }
    let copy = Registry::in_memory(RegistryConfig::default());
    let view = registry.snapshot().view();
    let filled = copy.commit(request(Mode::Off), |draft| {
        for quad in view.quads(None, None, None, None) {
            let [s, p, o] = [quad.s, quad.p, quad.o].map(|id| draft.intern(view.term(id).as_ref()));
            let g = match view.iri(quad.g) {
                Some(iri) => {
                    draft.intern_graph(NamedNode::new_unchecked(iri.into_owned()).as_ref().into())
                }
                None => quad.g,
            };
            draft.add(QuadIds { s, p, o, g });
        }
        Ok::<(), Infallible>(())
    });
    assert!(filled.is_ok(), "memory takes everything");
    copy.report();
    let mut addresses = Addresses::of(&copy, 100_000);
    addresses.turn(&copy, 0, Mode::Reject);
    let times = (1..=commits).map(|round| addresses.turn(&copy, round, Mode::Reject));
    tell_times("memory", times.collect());
}
