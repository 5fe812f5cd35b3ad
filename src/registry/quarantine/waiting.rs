//! Members that wait: who they are, why, and how they come out. After each commit those it may have helped are tried
//! again, together with those they refer to and that refer to them; what still does not conform stays where it is.

use super::{
    Aside, QUARANTINE_NS, TakenOut, names, reasons_about, remove_waiting, statements_below,
};
use crate::registry::Registry;
use crate::registry::Writer;
use crate::registry::commit::{CommitError, CommitRequest, Strict};
use crate::store::{CommitMeta, Draft, Graphs, Id, QuadIds, Snapshot, StoreError, View};
use oxrdf::{NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::FxHashSet;
use std::convert::Infallible;

/// Members tried again after one commit; the others wait for the next, or for `oslo quarantine retry`.
const TRIED: usize = 1000;

/// Commits that one try may come down to, when some members spoil it for others.
const ATTEMPTS: usize = 64;

/// What waits for one graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Where they would be; `None` for the default graph.
    pub graph: Option<String>,
    /// The quarantine graph they are in.
    pub place: String,
    /// Who, sorted by IRI.
    pub members: Vec<WaitingMember>,
}

/// A member that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingMember {
    /// Its IRI.
    pub iri: String,
    /// What waits of it, with the blank nodes below it.
    pub statements: Vec<Triple>,
    /// The results that keep it out, each as `sh:ValidationResult`.
    pub results: Vec<Triple>,
}

/// Nodes that a commit touched.
pub(in crate::registry) struct Touched {
    /// It says something about these, or no longer.
    said: FxHashSet<Id>,
    /// It refers to these.
    pointed: FxHashSet<Id>,
    /// The state before, in which somebody waited; `None` for all that wait.
    before: Option<View>,
    /// Members that it put in quarantine itself.
    fresh: TakenOut,
}

impl Touched {
    /// By a draft; `None` when nobody waited before it.
    pub(in crate::registry) fn by(
        registry: &Registry,
        draft: &mut Draft<'_>,
        fresh: TakenOut,
    ) -> Option<Self> {
        let before = draft.base().whole();
        if !registry.has_waiting(&before) {
            return None;
        }
        let now = draft.snapshot().whole();
        let apart = before.snapshot().apart().iter();
        let reasons: FxHashSet<Id> = apart
            .chain(now.snapshot().apart().iter())
            .copied()
            .filter(|graph| names::is_reasons(&now, *graph))
            .collect();
        let mut touched = Self {
            said: FxHashSet::default(),
            pointed: FxHashSet::default(),
            before: Some(before),
            fresh,
        };
        draft.each_net(|quad, _| {
            if !reasons.contains(&quad.g) {
                touched.said.insert(quad.s);
                if quad.o.is_iri() {
                    touched.pointed.insert(quad.o);
                }
            }
        });
        Some(touched)
    }

    fn of(nodes: Vec<Id>) -> Self {
        Self {
            said: nodes.into_iter().collect(),
            pointed: FxHashSet::default(),
            before: None,
            fresh: TakenOut::default(),
        }
    }
}

/// All that waits in a state.
struct Room {
    all: View,
    places: Vec<Id>,
    /// Quarantine graphs only.
    waits: View,
    /// Statements in them.
    size: u64,
}

impl Room {
    /// `None` when nobody waits.
    fn of(registry: &Registry, all: View) -> Option<Self> {
        let apart = all.snapshot().apart().iter().copied();
        let places: Vec<Id> = apart
            .filter(|place| names::home_of(registry, &all, *place).is_some())
            .collect();
        let size = places.iter().map(|place| all.graph_size(*place)).sum();
        let waits = all.with_graphs(Graphs::set(places.iter().copied()));
        (!places.is_empty()).then_some(Self {
            all,
            places,
            waits,
            size,
        })
    }

    fn is_member(&self, node: Id) -> bool {
        node.is_iri() && self.waits.star(node).next().is_some()
    }

    /// All that waits, graph by graph: reads nothing else, however much the registry holds.
    fn statements(&self) -> impl Iterator<Item = QuadIds> {
        let places = self.places.iter();
        places.flat_map(|place| self.all.quads(None, None, None, Some(*place)))
    }

    fn members(&self) -> Vec<Id> {
        let subjects = self.statements().map(|quad| quad.s);
        let mut members: Vec<Id> = subjects.filter(|subject| subject.is_iri()).collect();
        members.sort_unstable();
        members.dedup();
        members
    }

    /// Nodes that wait and refer to a node, by whichever way reads less.
    fn referrers(&self, node: Id) -> Vec<Id> {
        if self.all.count(None, None, Some(node)) <= self.size {
            return self.waits.star_reversed(node).map(|(s, _)| s).collect();
        }
        let refers = self.statements().filter(|quad| quad.o == node);
        refers.map(|quad| quad.s).collect()
    }

    /// The member that a node is, or belongs to.
    fn owner(&self, node: Id) -> Option<Id> {
        let mut at = node;
        for _ in 0..super::MAX_ABOVE {
            if !at.is_blank() {
                return Some(at);
            }
            at = self.waits.star_reversed(at).next()?.0;
        }
        None
    }

    /// Whether looking at what refers to the touched nodes is less work than looking at all that waits.
    fn is_less_than_all(&self, touched: &Touched) -> bool {
        let mut work = touched.pointed.len() as u64;
        for &node in &touched.said {
            if work > self.size {
                return false;
            }
            work += 1 + self.all.count(None, None, Some(node));
        }
        work <= self.size
    }

    /// Members that a commit may have helped, sorted.
    fn helped(&self, touched: &Touched) -> Vec<Id> {
        let mut found = Vec::new();
        if self.is_less_than_all(touched) {
            for &node in &touched.said {
                let referrers = self.waits.star_reversed(node);
                found.extend(referrers.filter_map(|(referrer, _)| self.owner(referrer)));
            }
            let named = touched.said.iter().chain(&touched.pointed).copied();
            found.extend(named.filter(|node| self.is_member(*node)));
        } else {
            for QuadIds { s, o, .. } in self.statements() {
                if touched.said.contains(&o) {
                    found.extend(self.owner(s));
                }
                if s.is_iri() && (touched.said.contains(&s) || touched.pointed.contains(&s)) {
                    found.push(s);
                }
            }
        }
        if let Some(before) = &touched.before {
            // Those that only just came were judged with all there is.
            found.retain(|member| {
                let mut places = self.places.iter();
                places.any(|place| {
                    let mut quads = before.quads(Some(*member), None, None, Some(*place));
                    quads.next().is_some()
                })
            });
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Members that a member refers to, and with `back` also those that refer to it.
    fn neighbours(&self, member: Id, back: bool) -> Vec<Id> {
        let mut found = Vec::new();
        for &place in &self.places {
            for quad in statements_below(&self.all, place, &[member]) {
                if quad.o != member && self.is_member(quad.o) {
                    found.push(quad.o);
                }
                if back && quad.o.is_blank() {
                    let referrers = self.referrers(quad.o).into_iter();
                    found.extend(referrers.filter_map(|node| self.owner(node)));
                }
            }
        }
        if back {
            let referrers = self.referrers(member).into_iter();
            found.extend(referrers.filter_map(|node| self.owner(node)));
        }
        found
    }

    /// Members with those that may be needed for them: first what they refer to, then what refers to them.
    fn together(&self, members: Vec<Id>, limit: usize) -> Vec<Id> {
        let mut found = members;
        found.truncate(limit);
        let mut seen: FxHashSet<Id> = found.iter().copied().collect();
        for back in [false, true] {
            let mut at = 0;
            while let Some(&member) = found.get(at) {
                at += 1;
                for other in self.neighbours(member, back) {
                    if found.len() < limit && seen.insert(other) {
                        found.push(other);
                    }
                }
            }
        }
        found
    }

    /// Groups of members that do not refer to each other.
    fn apart(&self, members: &[Id]) -> Vec<Vec<Id>> {
        let mut left: FxHashSet<Id> = members.iter().copied().collect();
        let mut groups = Vec::new();
        for &member in members {
            if !left.remove(&member) {
                continue;
            }
            let mut group = vec![member];
            let mut at = 0;
            while let Some(&member) = group.get(at) {
                at += 1;
                let others = self.neighbours(member, true).into_iter();
                group.extend(others.filter(|other| left.remove(other)));
            }
            groups.push(group);
        }
        groups
    }
}

impl Registry {
    /// How many members wait in a state, each counted for every graph it would be in. Costs nothing when nobody does.
    pub fn waiting_count(&self, state: &Snapshot) -> u64 {
        let Some(room) = Room::of(self, state.whole()) else {
            return 0;
        };
        let mut count = 0;
        for place in &room.places {
            count += members_in(&room.all, *place).len() as u64;
        }
        count
    }

    /// Who waits, graph by graph, with what and why.
    pub fn waiting(&self) -> Vec<Waiting> {
        let Some(room) = Room::of(self, self.snapshot().whole()) else {
            return Vec::new();
        };
        let view = &room.all;
        let mut found: Vec<Waiting> = room
            .places
            .iter()
            .filter_map(|&place| {
                let mut members: Vec<WaitingMember> = members_in(view, place)
                    .into_iter()
                    .filter_map(|member| waiting_member(view, place, member))
                    .collect();
                members.sort_by(|a, b| a.iri.cmp(&b.iri));
                Some(Waiting {
                    graph: match names::home_of(self, view, place)? {
                        oxrdf::GraphName::NamedNode(name) => Some(name.into_string()),
                        _ => None,
                    },
                    place: view.iri(place)?.into_owned(),
                    members,
                })
            })
            .collect();
        found.sort_by(|a, b| a.graph.cmp(&b.graph));
        found
    }

    /// Tries every member that waits again. Returns how many went in.
    ///
    /// # Errors
    /// When the store takes no commit.
    pub fn retry_quarantine(&self) -> Result<u64, StoreError> {
        let mut released = 0;
        while let Some(room) = Room::of(self, self.snapshot().whole()) {
            let went = self.try_again(&room, room.members(), &mut ATTEMPTS.clone())?;
            if went.is_empty() {
                break;
            }
            released += went.len() as u64;
        }
        Ok(released)
    }

    /// Gives up members that wait. Returns how many there were.
    ///
    /// # Errors
    /// When the store takes no commit.
    pub fn drop_from_quarantine(&self, members: &[NamedNode]) -> Result<u64, StoreError> {
        let request = self.quarantine_request("oslo");
        let done = self.commit_once(request, Strict::ByRules, |draft| {
            let view = draft.base().whole();
            let mut dropped = 0;
            let Some(room) = Room::of(self, view.clone()) else {
                return Ok(0);
            };
            let known = members
                .iter()
                .filter_map(|iri| view.id_of_iri(iri.as_str()));
            let members: FxHashSet<Id> = known.filter(|node| room.is_member(*node)).collect();
            dropped += members.len() as u64;
            let members: Vec<Id> = members.into_iter().collect();
            for &place in &room.places {
                remove_waiting(draft, &view, place, &members);
            }
            Ok::<u64, Infallible>(dropped)
        });
        match done {
            Ok((outcome, _)) => Ok(outcome.value),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Change(never)) => match never {},
            // What waits is checked against nothing.
            Err(CommitError::Rejected(_) | CommitError::Reserved(_)) => Ok(0),
        }
    }

    /// Tries members again that a commit may have helped, and then those that they help. Returns what is to be told of the
    /// commit now, when some went in.
    pub(in crate::registry) fn retry_after(
        &self,
        touched: Touched,
    ) -> Result<Option<Aside>, StoreError> {
        let (mut touched, mut tried) = (touched, 0);
        let fresh = std::mem::take(&mut touched.fresh);
        let mut released: FxHashSet<Id> = FxHashSet::default();
        while let Some(room) = Room::of(self, self.snapshot().whole()) {
            let helped = room.helped(&touched);
            if helped.is_empty() || tried >= TRIED {
                break;
            }
            let members = room.together(helped, TRIED - tried);
            tried += members.len();
            let went = self.try_again(&room, members, &mut ATTEMPTS.clone())?;
            if went.is_empty() {
                break;
            }
            released.extend(&went);
            touched = Touched::of(went);
        }
        if released.is_empty() {
            return Ok(None);
        }
        let view = self.snapshot().whole();
        Ok(Some(Aside::after(&fresh, &released, &view)))
    }

    /// Tries members together; when that is refused as a whole, in parts. Returns those that went in.
    fn try_again(
        &self,
        room: &Room,
        members: Vec<Id>,
        attempts: &mut usize,
    ) -> Result<Vec<Id>, StoreError> {
        if members.is_empty() || *attempts == 0 {
            return Ok(Vec::new());
        }
        *attempts -= 1;
        if self.release(&members)? {
            let Some(left) = Room::of(self, self.snapshot().whole()) else {
                return Ok(members);
            };
            let went = members
                .into_iter()
                .filter(|member| !left.is_member(*member));
            return Ok(went.collect());
        }
        let mut parts = room.apart(&members);
        if parts.len() == 1 {
            parts = members.iter().map(|member| vec![*member]).collect();
        }
        let mut went = Vec::new();
        if parts.len() > 1 {
            let rest = parts.split_off(parts.len() / 2).concat();
            for half in [parts.concat(), rest] {
                went.extend(self.try_again(room, half, attempts)?);
            }
        }
        Ok(went)
    }

    /// Moves members to where they belong, in one commit; those that do not conform stay. `false` when the commit is refused.
    fn release(&self, members: &[Id]) -> Result<bool, StoreError> {
        let request = self.quarantine_request("quarantaine");
        let done = self.commit_once(request, Strict::Release, |draft| {
            let view = draft.base().whole();
            let Some(room) = Room::of(self, view.clone()) else {
                return Ok(());
            };
            for &place in &room.places {
                let Some(home) = names::home_of(self, &view, place) else {
                    continue;
                };
                let home = draft.intern_graph(home.as_ref());
                // A blank node that others refer to as well goes when the last of them does.
                remove_waiting(draft, &view, place, members);
                for quad in statements_below(&view, place, members) {
                    draft.add(QuadIds { g: home, ..quad });
                }
            }
            Ok::<(), Infallible>(())
        });
        match done {
            Ok(_) => Ok(true),
            Err(CommitError::Rejected(_) | CommitError::Reserved(_)) => Ok(false),
            Err(CommitError::Store(error)) => Err(error),
            Err(CommitError::Change(never)) => match never {},
        }
    }

    fn quarantine_request(&self, agent: &str) -> CommitRequest {
        CommitRequest::new(CommitMeta {
            agent: self.agent_iri(agent),
            activity: self.activity_iri("quarantaine"),
            source: Vec::new(),
            message: None,
        })
        .with_writer(Writer::Operator)
    }
}

/// Named nodes that a graph says something about, sorted by id.
fn members_in(view: &View, graph: Id) -> Vec<Id> {
    let subjects = view.quads(None, None, None, Some(graph)).map(|quad| quad.s);
    let mut members: Vec<Id> = subjects.filter(|subject| subject.is_iri()).collect();
    members.dedup();
    members
}

fn waiting_member(view: &View, place: Id, member: Id) -> Option<WaitingMember> {
    let triples = |quads: Vec<QuadIds>| -> Vec<Triple> {
        quads
            .into_iter()
            .filter_map(|quad| triple_of(view, &quad))
            .collect()
    };
    let link = format!("{QUARANTINE_NS}member");
    let mut results = triples(reasons_about(view, place, member));
    results.retain(|triple| triple.predicate.as_str() != link);
    Some(WaitingMember {
        iri: view.iri(member)?.into_owned(),
        statements: triples(statements_below(view, place, &[member])),
        results,
    })
}

fn triple_of(view: &View, quad: &QuadIds) -> Option<Triple> {
    let subject = NamedOrBlankNode::try_from(view.term(quad.s)).ok()?;
    let Term::NamedNode(predicate) = view.term(quad.p) else {
        return None;
    };
    Some(Triple::new(subject, predicate, view.term(quad.o)))
}
