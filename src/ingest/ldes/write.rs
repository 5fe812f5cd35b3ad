//! Writes members into the graph of their source, through the one commit path: as versions, or as the state of each object
//! after its newest version, whatever the order in which they come. What is needed to do that again later stands in a graph
//! beside it and is part of the same commit. A batch that brings nothing new makes no commit.

use super::labels::relabel;
use super::names;
use super::page::Member;
use crate::rdf::text::{parse_term, term_text};
use crate::rdf::vocab::{rdf, xsd};
use crate::registry::{
    CommitError, CommitRequest, Findings, Mode, Registry, Rejection, Reserved, Writer,
};
use crate::store::{CommitMeta, Draft, Id, QuadIds, Source, StoreError, View};
use oxrdf::{Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::{FxHashMap, FxHashSet};
use std::convert::Infallible;

/// What is kept of an object of which versions come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// All its versions, each under its own IRI.
    Versions,
    /// What its newest version says, under the IRI of the object; nothing once that is a deletion.
    #[default]
    State,
}

/// Where the members of a source go.
#[derive(Clone, Debug)]
pub struct Target {
    /// The graph of the source; nothing else should write there.
    pub graph: NamedNode,
    /// The graph beside it: commits of the source, and which version of each object is the newest.
    pub account: NamedNode,
    /// IRI of the source.
    pub source: String,
    /// What is kept.
    pub form: Form,
    /// How strictly members are judged; `None` as the gate's rule of the graph says.
    pub mode: Option<Mode>,
    /// Whose graphs may be touched.
    pub writer: Writer,
}

/// How a batch ended.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// The commit, when one was made.
    pub seq: Option<u64>,
    /// Quads added to the graph and the account.
    pub added: u64,
    /// Quads removed.
    pub removed: u64,
    /// Members of the batch that an already known version supersedes.
    pub late: u64,
    /// Members that wait in quarantine.
    pub waiting: u64,
    /// What it did to the results.
    pub findings: Findings,
}

/// Why a batch was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The shapes refuse it.
    #[error("the shapes refuse the members")]
    Rejected(Box<Rejection>),
    /// The graph belongs to another source.
    #[error("the graph belongs to another source")]
    Reserved(Reserved),
    /// The store could not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes a batch; `pages` are where it came from, the last one is the position.
///
/// # Errors
/// When the shapes refuse it or the store cannot take it; then nothing of it is written.
pub fn write(
    registry: &Registry,
    target: &Target,
    batch: &[Member],
    pages: &[String],
) -> Result<Written, WriteError> {
    let activity = registry.activity_iri("oogst");
    let request = CommitRequest {
        meta: CommitMeta {
            agent: registry.agent_iri("oslo"),
            activity: activity.clone(),
            source: pages
                .iter()
                .rev()
                .take(8)
                .map(|page| Source {
                    iri: page.clone(),
                    sha256: None,
                })
                .collect(),
            message: Some(format!("oslo harvest {}", target.source)),
        },
        mode: target.mode,
        dry_run: false,
        writer: target.writer.clone(),
    };
    let outcome = registry.commit(request, |draft| {
        let late = Change::new(draft, target).make(batch);
        if draft.net_counts() != (0, 0) {
            tell(registry, draft, target, &activity, batch, pages);
        }
        Ok::<u64, Infallible>(late)
    });
    match outcome {
        Ok(done) => Ok(Written {
            seq: done.changed.then_some(done.commit.seq),
            added: done.commit.added,
            removed: done.commit.removed,
            late: done.value,
            waiting: done.aside.waiting,
            findings: done.findings,
        }),
        Err(CommitError::Rejected(rejection)) => Err(WriteError::Rejected(rejection)),
        Err(CommitError::Reserved(reserved)) => Err(WriteError::Reserved(reserved)),
        Err(CommitError::Store(error)) => Err(error.into()),
        Err(CommitError::Change(never)) => match never {},
    }
}

/// The activity of a commit: source, time and position.
fn tell(
    registry: &Registry,
    draft: &mut Draft<'_>,
    target: &Target,
    activity: &str,
    batch: &[Member],
    pages: &[String],
) {
    let graph = draft.intern(target.account.as_ref().into());
    let subject = draft.intern(NamedNode::new_unchecked(activity).as_ref().into());
    let mut say = |predicate: &str, object: Term| {
        let p = draft.intern(NamedNode::new_unchecked(predicate).as_ref().into());
        let o = draft.intern(object.as_ref());
        draft.add(QuadIds {
            s: subject,
            p,
            o,
            g: graph,
        });
    };
    let iri = |iri: &str| Term::from(NamedNode::new_unchecked(iri));
    let moment = |moment: jiff::Timestamp| {
        let datatype = NamedNode::new_unchecked(xsd::DATE_TIME);
        Term::from(Literal::new_typed_literal(moment.to_string(), datatype))
    };
    say(rdf::TYPE, iri(names::PROV_ACTIVITY));
    say(names::PROV_USED, iri(&target.source));
    say(names::PROV_ENDED, moment(jiff::Timestamp::now()));
    say(names::PROV_AGENT, iri(&registry.agent_iri("oslo")));
    say(names::ADDED_TO, target.graph.clone().into());
    say(names::MEMBERS, Literal::from(batch.len() as u64).into());
    if let Some(page) = pages.last() {
        say(names::POSITION, Literal::new_simple_literal(page).into());
    }
    let last = batch.iter().filter_map(|member| member.timestamp).max();
    if let Some(last) = last.and_then(|last| jiff::Timestamp::from_nanosecond(last).ok()) {
        say(names::LAST_TIMESTAMP, moment(last));
    }
}

/// What is known of the newest version of an object: sorts by moment, then by the IRI of the member.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    moment: Option<i128>,
    member: String,
}

impl Version {
    fn of(member: &Member) -> Self {
        Self {
            moment: member.timestamp,
            member: member.id.as_str().to_owned(),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, ' ');
        let moment = parts.next()?;
        parts.next()?;
        Some(Self {
            moment: moment.parse().ok(),
            member: parts.next()?.to_owned(),
        })
    }

    fn text(&self, is_delete: bool) -> String {
        let moment = self
            .moment
            .map_or_else(|| "-".to_owned(), |moment| moment.to_string());
        let what = if is_delete { "deleted" } else { "current" };
        format!("{moment} {what} {}", self.member)
    }
}

/// The subject of what is known of an object. Not the object itself: our account says nothing about it.
fn head(object: &str) -> NamedNode {
    let digest = xxhash_rust::xxh3::xxh3_128(object.as_bytes());
    NamedNode::new_unchecked(format!("urn:oslo-registry:harvest:object:{digest:032x}"))
}

/// A member as it is to be stood in the graph.
struct Entry {
    owner: String,
    head: Id,
    version: Version,
    is_delete: bool,
    triples: Vec<Triple>,
}

/// One change of the graph and its account.
struct Change<'d, 's> {
    draft: &'d mut Draft<'s>,
    base: View,
    form: Form,
    graph_iri: String,
    graph: Id,
    account: Id,
    current: Id,
    holds: Id,
}

impl<'d, 's> Change<'d, 's> {
    fn new(draft: &'d mut Draft<'s>, target: &Target) -> Self {
        let base = draft.base().view();
        let mut intern = |iri: &str| draft.intern(NamedNode::new_unchecked(iri).as_ref().into());
        Self {
            form: target.form,
            graph_iri: target.graph.as_str().to_owned(),
            graph: intern(target.graph.as_str()),
            account: intern(target.account.as_str()),
            current: intern(names::CURRENT),
            holds: intern(names::HOLDS),
            base,
            draft,
        }
    }

    /// Returns how many members were too late to count.
    fn make(&mut self, batch: &[Member]) -> u64 {
        let mut late = 0;
        let mut newest: FxHashMap<&str, &Member> = FxHashMap::default();
        for member in batch {
            let owner = self.owner(member);
            match newest.entry(owner) {
                std::collections::hash_map::Entry::Vacant(free) => {
                    free.insert(member);
                }
                std::collections::hash_map::Entry::Occupied(mut taken) => {
                    late += u64::from(self.form == Form::State);
                    if Version::of(member) >= Version::of(taken.get()) {
                        taken.insert(member);
                    }
                }
            }
        }
        let mut chosen: Vec<(&str, &Member)> = newest.into_iter().collect();
        chosen.sort_unstable_by_key(|(owner, _)| *owner);
        let mut entries = Vec::with_capacity(chosen.len());
        for (owner, member) in chosen {
            let head = self.draft.intern(head(owner).as_ref().into());
            let version = Version::of(member);
            if self.form == Form::State && self.known(head).is_some_and(|known| known.0 > version) {
                late += 1;
                continue;
            }
            let mut triples = match self.form {
                Form::State if member.is_delete => Vec::new(),
                Form::State => state(member, owner),
                Form::Versions => version_of(member),
            };
            relabel(&mut triples, &self.graph_iri, owner);
            entries.push(Entry {
                owner: owner.to_owned(),
                head,
                version,
                is_delete: member.is_delete,
                triples,
            });
        }
        let replaced: FxHashSet<Id> = entries.iter().map(|entry| entry.head).collect();
        for entry in &entries {
            self.take_out(entry, &replaced);
        }
        for entry in &entries {
            self.put_in(entry);
        }
        late
    }

    fn owner<'m>(&self, member: &'m Member) -> &'m str {
        match (self.form, &member.object) {
            (Form::State, Some(object)) => object.as_str(),
            _ => member.id.as_str(),
        }
    }

    /// The newest version known so far, with the statement that says so.
    fn known(&self, head: Id) -> Option<(Version, QuadIds)> {
        self.account_of(head, self.current)
            .into_iter()
            .find_map(|quad| match self.base.term(quad.o) {
                Term::Literal(text) => Some((Version::parse(text.value())?, quad)),
                _ => None,
            })
    }

    fn account_of(&self, head: Id, predicate: Id) -> Vec<QuadIds> {
        let (s, p) = (self.base_id(head), self.base_id(predicate));
        let g = self.base_id(self.account);
        match (s, p, g) {
            (Some(s), Some(p), Some(g)) => {
                self.base.quads(Some(s), Some(p), None, Some(g)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The id, unless it was given out by this draft: the base knows nothing of those.
    fn base_id(&self, id: Id) -> Option<Id> {
        let mut text = Vec::new();
        self.draft.write_text(id, &mut text);
        self.base.id_of_text(std::str::from_utf8(&text).ok()?)
    }

    /// Takes out what the version before said, as far as no other object says it too.
    fn take_out(&mut self, entry: &Entry, replaced: &FxHashSet<Id>) {
        let Some(graph) = self.base_id(self.graph) else {
            return;
        };
        if let Some(owner) = self.base.id_of_iri(&entry.owner) {
            self.clear(owner, graph, replaced);
        }
        if self.form == Form::Versions {
            return;
        }
        if let Some((_, quad)) = self.known(entry.head) {
            self.draft.remove(quad);
        }
        for held in self.account_of(entry.head, self.holds) {
            self.draft.remove(held);
            if self.is_held_elsewhere(held.o, replaced) {
                continue;
            }
            let Some(triple) = self.triple_of(held.o) else {
                continue;
            };
            let ids = [
                self.base.id_of(Term::from(triple.subject).as_ref()),
                self.base.id_of_iri(triple.predicate.as_str()),
                self.base.id_of(triple.object.as_ref()),
            ];
            let [Some(s), Some(p), Some(o)] = ids else {
                continue;
            };
            // An object of the source speaks for itself.
            if s.is_iri() && self.is_alive(s) {
                continue;
            }
            self.draft.remove(QuadIds { s, p, o, g: graph });
            if o.is_blank() {
                self.clear(o, graph, replaced);
            }
        }
    }

    /// Removes what is said of a node and of the blank nodes behind it.
    fn clear(&mut self, node: Id, graph: Id, replaced: &FxHashSet<Id>) {
        let is_shared = self.base.id_of_iri(names::HOLDS).is_some();
        let mut stack = vec![node];
        let mut seen = FxHashSet::default();
        while let Some(node) = stack.pop() {
            if !seen.insert(node) {
                continue;
            }
            let found: Vec<QuadIds> = self
                .base
                .quads(Some(node), None, None, Some(graph))
                .collect();
            for quad in found {
                if is_shared && node.is_iri() && self.others_say(&quad, replaced) {
                    continue;
                }
                self.draft.remove(quad);
                if quad.o.is_blank() {
                    stack.push(quad.o);
                }
            }
        }
    }

    fn others_say(&self, quad: &QuadIds, replaced: &FxHashSet<Id>) -> bool {
        let text = |id: Id| self.base.text(id);
        let held = format!("<<( {} {} {} )>>", text(quad.s), text(quad.p), text(quad.o));
        let held = Literal::new_simple_literal(held);
        self.base
            .id_of(oxrdf::TermRef::from(held.as_ref()))
            .is_some_and(|held| self.is_held_elsewhere(held, replaced))
    }

    fn is_held_elsewhere(&self, held: Id, replaced: &FxHashSet<Id>) -> bool {
        let (Some(holds), Some(account)) = (self.base_id(self.holds), self.base_id(self.account))
        else {
            return false;
        };
        self.base
            .quads(None, Some(holds), Some(held), Some(account))
            .any(|quad| !replaced.contains(&quad.s))
    }

    /// Whether an IRI is an object of this source that stands in the graph.
    fn is_alive(&self, node: Id) -> bool {
        let Some(iri) = self.base.iri(node) else {
            return false;
        };
        self.base
            .id_of_iri(head(&iri).as_str())
            .is_some_and(|head| self.known(head).is_some())
    }

    fn triple_of(&self, held: Id) -> Option<Triple> {
        let Term::Literal(text) = self.base.term(held) else {
            return None;
        };
        match parse_term(text.value()).ok()? {
            Term::Triple(triple) => Some(*triple),
            _ => None,
        }
    }

    fn put_in(&mut self, entry: &Entry) {
        for triple in &entry.triples {
            let quad = triple
                .as_ref()
                .in_graph(oxrdf::NamedNodeRef::new_unchecked(&self.graph_iri));
            self.draft.add_quad(quad);
        }
        if self.form == Form::Versions {
            return;
        }
        self.say(
            entry.head,
            self.current,
            &entry.version.text(entry.is_delete),
        );
        for triple in &entry.triples {
            let is_own = match &triple.subject {
                NamedOrBlankNode::NamedNode(node) => node.as_str() == entry.owner,
                NamedOrBlankNode::BlankNode(_) => true,
            };
            if !is_own {
                let text = term_text(Term::from(triple.clone()).as_ref());
                self.say(entry.head, self.holds, &text);
            }
        }
    }

    fn say(&mut self, head: Id, predicate: Id, text: &str) {
        let literal = Literal::new_simple_literal(text);
        let o = self.draft.intern(oxrdf::TermRef::from(literal.as_ref()));
        self.draft.add(QuadIds {
            s: head,
            p: predicate,
            o,
            g: self.account,
        });
    }
}

/// What a member says of its object: its payload, else its statements with the object in its place.
fn state(member: &Member, object: &str) -> Vec<Triple> {
    let from = &member.payload;
    let from = if from.is_empty() {
        &member.statements
    } else {
        from
    };
    let id = member.id.as_str();
    let stands_for = |node: &NamedNode| {
        if node.as_str() == id {
            NamedNode::new_unchecked(object)
        } else {
            node.clone()
        }
    };
    let is_link = |triple: &&Triple| {
        matches!(&triple.object, Term::NamedNode(node) if node.as_str() == object)
            && matches!(&triple.subject, NamedOrBlankNode::NamedNode(node) if node.as_str() == id)
    };
    from.iter()
        .filter(|triple| id == object || !is_link(triple))
        .map(|triple| Triple {
            subject: match &triple.subject {
                NamedOrBlankNode::NamedNode(node) => stands_for(node).into(),
                blank => blank.clone(),
            },
            predicate: triple.predicate.clone(),
            object: match &triple.object {
                Term::NamedNode(node) => stands_for(node).into(),
                other => other.clone(),
            },
        })
        .collect()
}

/// A member as a version: what its payload says of the object, it says of itself.
fn version_of(member: &Member) -> Vec<Triple> {
    let mut triples = member.statements.clone();
    let Some(object) = &member.object else {
        triples.extend(member.payload.iter().cloned());
        return triples;
    };
    triples.extend(member.payload.iter().map(|triple| {
        let mut triple = triple.clone();
        if triple.subject == NamedOrBlankNode::from(object.clone()) {
            triple.subject = member.id.clone().into();
        }
        triple
    }));
    if *object != member.id {
        let link = Triple::new(
            member.id.clone(),
            NamedNode::new_unchecked(names::IS_VERSION_OF),
            object.clone(),
        );
        triples.push(link);
    }
    triples
}
