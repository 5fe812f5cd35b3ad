//! The alternative to refusing harvested data: members that conform go in, the others wait in a quarantine graph together
//! with the results that keep them out, and are tried again when what they refer to arrives. A *member* is a named node
//! with what the change says about it and about the blank nodes below it.
//!
//! What waits is not there: validation, queries and documents that name no graph do not see it ([`APART`](crate::store::APART)).

mod change;
mod names;
mod waiting;

pub(super) use waiting::Touched;
pub use waiting::{Waiting, WaitingMember};

use super::Registry;
use super::commit::{Checked, Strict};
use super::gate::Mode;
use crate::store::{Draft, Id, QuadIds, View};
use change::Change;
use names::Places;
use oxrdf::{BlankNode, GraphNameRef, NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

/// Folder of the graphs in which members wait, below `{base}/graph/`.
pub const QUARANTINE: &str = "quarantaine/";

/// Namespace of the quarantine's own terms.
pub const QUARANTINE_NS: &str = "urn:oslo-registry:quarantine:";

/// How often a change is looked at again after members were taken out: each may leave others without what they refer to.
const ROUNDS: usize = 128;

/// Blank nodes between a focus node and the named node it belongs to.
const MAX_ABOVE: usize = 32;

/// Members that are told by name; all are counted.
const LISTED: usize = 1000;

/// What a commit did to members that did not conform, and to members that waited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aside {
    /// Members of the change that wait now.
    pub waiting: u64,
    /// Which, sorted; at most 1000.
    pub members: Vec<String>,
    /// Members of which the change only took statements away, that stayed as they were.
    pub restored: u64,
    /// Members that waited before and went in after this commit.
    pub released: u64,
}

impl Aside {
    /// What was taken out, in words.
    pub(super) fn of(out: &TakenOut, view: &View) -> Self {
        let waits = out.members.difference(&out.restored);
        let mut members: Vec<String> = waits
            .filter_map(|member| Some(view.iri(*member)?.into_owned()))
            .collect();
        members.sort_unstable();
        let waiting = members.len() as u64;
        members.truncate(LISTED);
        Self {
            waiting,
            members,
            restored: out.restored.len() as u64,
            released: 0,
        }
    }

    /// The same after some members went in.
    pub(super) fn after(out: &TakenOut, went: &FxHashSet<Id>, view: &View) -> Self {
        let mut left = out.clone();
        left.members.retain(|member| !went.contains(member));
        Self {
            released: went.difference(&out.members).count() as u64,
            ..Self::of(&left, view)
        }
    }
    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.waiting + self.restored + self.released == 0
    }
}

/// What becomes of members that do not conform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// What the change says about them goes to quarantine.
    Away,
    /// They came from quarantine, and stay there.
    Back,
}

/// What was taken out of a change.
#[derive(Clone, Default)]
pub(super) struct TakenOut {
    pub(super) members: FxHashSet<Id>,
    /// Those of which nothing waits: the change only took statements away.
    restored: FxHashSet<Id>,
}

impl Registry {
    /// Takes members that do not conform out of a draft until what is left may be committed. `Err` with the last check when
    /// something is wrong with a node that the change says nothing about, or that may not wait.
    pub(super) fn set_aside(
        &self,
        draft: &mut Draft<'_>,
        mut checked: Checked,
        strict: Strict,
        put: Put,
    ) -> Result<(Checked, TakenOut), Box<Checked>> {
        let mut out = TakenOut::default();
        for _ in 0..ROUNDS {
            if checked.refused {
                return Err(Box::new(checked));
            }
            if checked.aside.is_empty() {
                return Ok((checked, out));
            }
            // Taking members out may also solve what is about no member.
            let failing = self.failing(draft, &checked);
            if failing
                .members
                .keys()
                .all(|member| out.members.contains(member))
            {
                return Err(Box::new(checked));
            }
            self.take_out(draft, &checked, &failing, put, &mut out);
            checked = self.check(draft, strict);
        }
        Err(Box::new(checked))
    }

    /// The members that results of a check are about.
    fn failing(&self, draft: &mut Draft<'_>, checked: &Checked) -> Failing {
        let now = checked.state.view().snapshot().whole();
        let places = Places::of(self, &now, draft.changed_graphs());
        let change = Change {
            base: draft.base().whole(),
            now,
            places,
        };
        let mut members: FxHashMap<Id, Vec<usize>> = FxHashMap::default();
        let mut known: FxHashMap<Id, Option<Id>> = FxHashMap::default();
        for (position, event) in checked.aside.iter().enumerate() {
            let focus = event.focus();
            let member = known
                .entry(focus)
                .or_insert_with(|| change.member_of(focus));
            if let Some(member) = *member {
                members.entry(member).or_default().push(position);
            }
        }
        Failing { change, members }
    }

    fn take_out(
        &self,
        draft: &mut Draft<'_>,
        checked: &Checked,
        failing: &Failing,
        put: Put,
        out: &mut TakenOut,
    ) {
        let change = &failing.change;
        let members: FxHashSet<Id> = failing.members.keys().copied().collect();
        let nodes = change.below(&members);
        let shared = change.shared(&nodes);
        let report = checked.state.words();
        // The quarantine graphs in which each member waits now.
        let mut places: FxHashMap<Id, Vec<Id>> = FxHashMap::default();
        for (&member, below) in &nodes.by_member {
            let waits = places.entry(member).or_default();
            for &node in below {
                for quad in change.added(node) {
                    if !shared.contains(&node) {
                        draft.remove(quad);
                    }
                    if put == Put::Away
                        && let Some(place) = self.place_of(draft, &change.now, quad.g)
                    {
                        draft.add(QuadIds { g: place, ..quad });
                        waits.push(place);
                    }
                }
                // What the change says no longer about them stays: the old member is better than none.
                for quad in change.removed(node) {
                    draft.add(quad);
                }
            }
            if put == Put::Back {
                let base = &change.base;
                for place in base.snapshot().apart().iter().copied() {
                    if names::home_of(self, base, place).is_none() {
                        continue;
                    }
                    for quad in statements_below(base, place, &[member]) {
                        draft.add(quad);
                        waits.push(place);
                    }
                }
            }
            waits.sort_unstable();
            waits.dedup();
            out.members.insert(member);
            if waits.is_empty() {
                out.restored.insert(member);
            }
        }
        let live = checked.state.live();
        for (member, positions) in &failing.members {
            let Some(places) = places.get(member).filter(|places| !places.is_empty()) else {
                continue;
            };
            let Term::NamedNode(member) = change.now.term(*member) else {
                continue;
            };
            let triples: Vec<Triple> = positions
                .iter()
                .flat_map(|position| {
                    let mut row = live.result_of(&checked.aside[*position]);
                    // The same reason is the same statement, whenever it is found.
                    row.since = None;
                    named(report.result_triples(&row), &member)
                })
                .collect();
            for place in places {
                let mut text = Vec::new();
                draft.write_text(*place, &mut text);
                let Some(graph) = names::reasons_of(&text) else {
                    continue;
                };
                for triple in &triples {
                    draft.add_quad(triple.as_ref().in_graph(&graph));
                }
            }
        }
    }

    /// What waited of members that come again is replaced by what comes, which conforms or waits in its place.
    pub(super) fn replace_waiting(&self, draft: &mut Draft<'_>, strict: Strict) {
        let base = draft.base().whole();
        // Graphs may be new.
        let now = draft.snapshot().whole();
        let gate = &self.judged(base.snapshot()).gate;
        let waits = |graph| match strict {
            Strict::All(mode) => mode == Mode::Quarantine,
            Strict::ByRules => gate.rule(graph).mode == Mode::Quarantine,
            Strict::Release => false,
        };
        let mut again: Vec<(Id, Id)> = Vec::new();
        let mut places: FxHashMap<Id, Option<Id>> = FxHashMap::default();
        let mut last = None;
        draft.each_net(|quad, added| {
            if !added || !quad.s.is_iri() || last == Some((quad.g, quad.s)) {
                return;
            }
            last = Some((quad.g, quad.s));
            let place = *places.entry(quad.g).or_insert_with(|| {
                let name = waits(quad.g).then(|| names::place_name(self, &now, quad.g))??;
                base.id_of_iri(name.as_str())
                    .filter(|place| base.snapshot().apart().binary_search(place).is_ok())
            });
            if let Some(place) = place
                && base
                    .quads(Some(quad.s), None, None, Some(place))
                    .next()
                    .is_some()
            {
                again.push((place, quad.s));
            }
        });
        again.sort_unstable();
        again.dedup();
        for members in again.chunk_by(|a, b| a.0 == b.0) {
            let nodes: Vec<Id> = members.iter().map(|(_, member)| *member).collect();
            remove_waiting(draft, &base, members[0].0, &nodes);
        }
    }

    /// Whether a state has quarantine graphs.
    pub(super) fn has_waiting(&self, view: &View) -> bool {
        let mut apart = view.snapshot().apart().iter();
        apart.any(|place| names::home_of(self, view, *place).is_some())
    }

    /// Ends what waits for a graph that is replaced or removed as a whole; what its new content brings may wait again.
    pub fn end_waiting(&self, draft: &mut Draft<'_>, graph: GraphNameRef<'_>) {
        let base = draft.base().whole();
        if !self.has_waiting(&base) {
            return;
        }
        let iri = match graph {
            GraphNameRef::DefaultGraph => None,
            GraphNameRef::NamedNode(name) => Some(name.as_str()),
            GraphNameRef::BlankNode(_) => return,
        };
        let Some(place) = names::place_of(self, iri) else {
            return;
        };
        let mut text = Vec::new();
        crate::rdf::text::write_term(&mut text, place.as_ref().into());
        for graph in [Some(place), names::reasons_of(&text)] {
            let Some(graph) = graph.and_then(|graph| base.id_of_iri(graph.as_str())) else {
                continue;
            };
            for quad in base.quads(None, None, None, Some(graph)) {
                draft.remove(quad);
            }
        }
    }

    fn place_of(&self, draft: &mut Draft<'_>, view: &View, graph: Id) -> Option<Id> {
        let name = names::place_name(self, view, graph)?;
        Some(draft.intern(name.as_ref().into()))
    }
}

/// Members that results are about, each with the positions of these.
struct Failing {
    change: Change,
    members: FxHashMap<Id, Vec<usize>>,
}

/// What a graph says about nodes and the blank nodes below them.
fn statements_below(view: &View, graph: Id, nodes: &[Id]) -> Vec<QuadIds> {
    let mut nodes = nodes.to_vec();
    let mut seen: FxHashSet<Id> = nodes.iter().copied().collect();
    let mut found = Vec::new();
    while let Some(node) = nodes.pop() {
        for quad in view.quads(Some(node), None, None, Some(graph)) {
            if quad.o.is_blank() && seen.insert(quad.o) {
                nodes.push(quad.o);
            }
            found.push(quad);
        }
    }
    found
}

/// What a graph says about nodes and the blank nodes below them, but for what other nodes refer to as well.
fn own_statements_below(view: &View, graph: Id, nodes: &[Id]) -> Vec<QuadIds> {
    let mut found = statements_below(view, graph, nodes);
    let nodes: FxHashSet<Id> = found.iter().map(|quad| quad.s).collect();
    let is_shared = |node: &Id| {
        let mut refers = view.quads(None, None, Some(*node), Some(graph));
        node.is_blank() && refers.any(|quad| !nodes.contains(&quad.s))
    };
    let shared: FxHashSet<Id> = nodes
        .iter()
        .filter(|node| is_shared(node))
        .flat_map(|node| statements_below(view, graph, &[*node]))
        .map(|quad| quad.s)
        .collect();
    found.retain(|quad| !shared.contains(&quad.s));
    found
}

/// Takes out what waits of members in a quarantine graph, and why.
fn remove_waiting(draft: &mut Draft<'_>, view: &View, place: Id, members: &[Id]) {
    for quad in own_statements_below(view, place, members) {
        draft.remove(quad);
    }
    for &member in members {
        for quad in reasons_about(view, place, member) {
            draft.remove(quad);
        }
    }
}

/// The statements that say why a member waits in a quarantine graph.
fn reasons_about(view: &View, place: Id, member: Id) -> Vec<QuadIds> {
    let graph = names::reasons_of(view.text(place).as_bytes());
    let graph = graph.and_then(|graph| view.id_of_iri(graph.as_str()));
    let link = view.id_of_iri(&format!("{QUARANTINE_NS}member"));
    let (Some(graph), Some(link)) = (graph, link) else {
        return Vec::new();
    };
    let results: Vec<QuadIds> = view
        .quads(None, Some(link), Some(member), Some(graph))
        .collect();
    results
        .into_iter()
        .flat_map(|quad| statements_below(view, graph, &[quad.s]))
        .collect()
}

/// A result with blank nodes whose labels follow from what it says, and the member it keeps out.
fn named(triples: Vec<Triple>, member: &NamedNode) -> Vec<Triple> {
    let mut own: FxHashMap<BlankNode, usize> = FxHashMap::default();
    for triple in &triples {
        if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
            let next = own.len();
            own.entry(node.clone()).or_insert(next);
        }
    }
    let renamed = |label: &dyn Fn(usize) -> BlankNode| -> Vec<Triple> {
        let mut result = None;
        let mut triples: Vec<Triple> = triples
            .iter()
            .map(|triple| {
                let mut triple = triple.clone();
                if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
                    triple.subject = label(own[node]).into();
                }
                if let Term::BlankNode(node) = &triple.object
                    && let Some(at) = own.get(node)
                {
                    triple.object = label(*at).into();
                }
                result.get_or_insert_with(|| triple.subject.clone());
                triple
            })
            .collect();
        if let Some(result) = result {
            let link = NamedNode::new_unchecked(format!("{QUARANTINE_NS}member"));
            triples.push(Triple::new(result, link, member.clone()));
        }
        triples
    };
    let plain = renamed(&|at| BlankNode::new_unchecked(format!("n{at}")));
    let mut hash = Sha256::new();
    for triple in &plain {
        hash.update(triple.to_string());
        hash.update(b"\n");
    }
    let digest = hash.finalize();
    let name: String = digest[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    renamed(&|at| BlankNode::new_unchecked(format!("reden{name}n{at}")))
}
