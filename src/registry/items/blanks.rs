//! Blank nodes that came with an item, and those that are stored: which of the new ones says what an old one says, so that
//! what did not change is not written. Any answer is right, as blank nodes have no names of their own; a good one is short.

use super::with_names;
use crate::store::{Id, View};
use oxrdf::{NamedOrBlankNode, Term, TermRef, Triple};
use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::Hasher as _;

/// Steps that what a blank node says is followed down. Deeper ones may be taken for new.
const DEPTH: usize = 40;

/// What stored blank nodes the new ones are, and names for the rest.
pub(super) struct Names(FxHashMap<String, String>);

/// A value as one step of a comparison sees it.
enum Seen {
    Text(u64),
    Blank(usize),
}

/// Blank nodes with what they say.
#[derive(Default)]
struct Nodes {
    says: Vec<Vec<(u64, Seen)>>,
}

impl Nodes {
    /// For each node a number that is the same for nodes that say the same.
    fn colours(&self, rounds: usize) -> Vec<u64> {
        let mut colours = vec![0; self.says.len()];
        for _ in 0..rounds {
            colours = self
                .says
                .iter()
                .map(|says| {
                    let mut parts: Vec<(u64, u64)> = says
                        .iter()
                        .map(|(predicate, value)| match value {
                            Seen::Text(text) => (*predicate, *text),
                            Seen::Blank(node) => (*predicate, !colours[*node]),
                        })
                        .collect();
                    parts.sort_unstable();
                    hashed(&parts)
                })
                .collect();
        }
        colours
    }
}

fn hashed(value: impl std::hash::Hash) -> u64 {
    let mut hasher = FxHasher::default();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Names {
    /// Finds stored names for the blank nodes of statements, and makes new ones that begin with `start`.
    pub(super) fn of(view: &View, statements: &[Triple], start: &str) -> Self {
        let mut labels: FxHashMap<&str, usize> = FxHashMap::default();
        for triple in statements {
            if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
                let next = labels.len();
                labels.entry(node.as_str()).or_insert(next);
            }
            inner_blanks(triple.object.as_ref(), &mut |label| {
                let next = labels.len();
                labels.entry(label).or_insert(next);
            });
        }
        if labels.is_empty() {
            return Self(FxHashMap::default());
        }
        let mut order = vec![""; labels.len()];
        for (label, at) in &labels {
            order[*at] = *label;
        }
        let mut new = Nodes::default();
        new.says.resize_with(labels.len(), Vec::new);
        for triple in statements {
            let NamedOrBlankNode::BlankNode(node) = &triple.subject else {
                continue;
            };
            let value = match &triple.object {
                Term::BlankNode(object) => Seen::Blank(labels[object.as_str()]),
                other => Seen::Text(hashed(crate::rdf::text::term_text(other.as_ref()))),
            };
            let predicate = hashed(triple.predicate.as_str());
            new.says[labels[node.as_str()]].push((predicate, value));
        }
        let old = Old::read(view, statements);
        let rounds = labels.len().clamp(1, DEPTH);
        let (colours, known) = (new.colours(rounds), old.nodes.colours(rounds));
        let mut taken = FxHashSet::default();
        let mut found: Vec<Option<usize>> = vec![None; labels.len()];
        old.follow(view, statements, &labels, |new, candidates| {
            if found[new].is_some() {
                return None;
            }
            let old = candidates
                .iter()
                .copied()
                .find(|old| known[*old] == colours[new] && !taken.contains(old))?;
            taken.insert(old);
            found[new] = Some(old);
            Some(old)
        });
        let mut names = FxHashMap::default();
        let mut fresh = 0;
        for (at, label) in order.into_iter().enumerate() {
            let name = match found[at] {
                Some(known) => old.names[known].clone(),
                None => {
                    fresh += 1;
                    format!("{start}{}", fresh - 1)
                }
            };
            names.insert(label.to_owned(), name);
        }
        Self(names)
    }

    /// A statement with the names that its blank nodes have in the store.
    pub(super) fn rename(&self, triple: &Triple) -> Triple {
        with_names(triple, &self.0)
    }

    /// Labels as they came, with the names they have in the store.
    pub(super) fn into_map(self) -> FxHashMap<String, String> {
        self.0
    }
}

/// Calls with every blank node of a term.
fn inner_blanks<'a>(term: TermRef<'a>, each: &mut dyn FnMut(&'a str)) {
    match term {
        TermRef::BlankNode(node) => each(node.as_str()),
        TermRef::Triple(triple) => {
            if let NamedOrBlankNode::BlankNode(node) = &triple.subject {
                each(node.as_str());
            }
            inner_blanks(triple.object.as_ref(), each);
        }
        _ => {}
    }
}

/// Stored blank nodes below the named subjects of statements.
struct Old {
    nodes: Nodes,
    names: Vec<String>,
    places: FxHashMap<Id, usize>,
    /// Blank nodes by subject and predicate.
    below: FxHashMap<(Id, Id), Vec<usize>>,
}

impl Old {
    fn read(view: &View, statements: &[Triple]) -> Self {
        let mut old = Self {
            nodes: Nodes::default(),
            names: Vec::new(),
            places: FxHashMap::default(),
            below: FxHashMap::default(),
        };
        let mut open: Vec<Id> = Vec::new();
        let mut seen = FxHashSet::default();
        for triple in statements {
            if let NamedOrBlankNode::NamedNode(node) = &triple.subject
                && let Some(id) = view.id_of_iri(node.as_str())
                && seen.insert(id)
            {
                open.push(id);
            }
        }
        while let Some(subject) = open.pop() {
            for (p, o) in view.star(subject) {
                let value = if o.is_blank() {
                    let at = old.place(view, o);
                    old.below.entry((subject, p)).or_default().push(at);
                    if old.names.len() <= super::MAX_ITEM_STATEMENTS && seen.insert(o) {
                        open.push(o);
                    }
                    Seen::Blank(at)
                } else if subject.is_blank() {
                    Seen::Text(hashed(view.text(o).as_ref()))
                } else {
                    continue;
                };
                if subject.is_blank() {
                    let predicate = hashed(view.iri(p).unwrap_or_default().as_ref());
                    let at = old.place(view, subject);
                    old.nodes.says[at].push((predicate, value));
                }
            }
        }
        old
    }

    fn place(&mut self, view: &View, id: Id) -> usize {
        if let Some(at) = self.places.get(&id) {
            return *at;
        }
        let at = self.names.len();
        self.places.insert(id, at);
        let text = view.text(id);
        self.names
            .push(text.strip_prefix("_:").unwrap_or(&text).to_owned());
        self.nodes.says.push(Vec::new());
        at
    }

    /// Goes down from the named subjects. `choose` gets a new blank node and the old ones in the same place, and says which
    /// of them it is.
    fn follow(
        &self,
        view: &View,
        statements: &[Triple],
        labels: &FxHashMap<&str, usize>,
        mut choose: impl FnMut(usize, &[usize]) -> Option<usize>,
    ) {
        let ids: FxHashMap<usize, Id> = self.places.iter().map(|(id, at)| (*at, *id)).collect();
        let mut by_subject: FxHashMap<&NamedOrBlankNode, Vec<(&str, usize)>> = FxHashMap::default();
        for triple in statements {
            if let Term::BlankNode(object) = &triple.object {
                let below = by_subject.entry(&triple.subject).or_default();
                below.push((triple.predicate.as_str(), labels[object.as_str()]));
            }
        }
        let by_label: FxHashMap<usize, &NamedOrBlankNode> = by_subject
            .keys()
            .filter_map(|subject| match subject {
                NamedOrBlankNode::BlankNode(node) => Some((labels[node.as_str()], *subject)),
                NamedOrBlankNode::NamedNode(_) => None,
            })
            .collect();
        let mut open: Vec<(&NamedOrBlankNode, Id)> = by_subject
            .keys()
            .filter_map(|subject| match subject {
                NamedOrBlankNode::NamedNode(node) => {
                    Some((*subject, view.id_of_iri(node.as_str())?))
                }
                NamedOrBlankNode::BlankNode(_) => None,
            })
            .collect();
        while let Some((subject, id)) = open.pop() {
            for (predicate, new) in &by_subject[subject] {
                let below = view
                    .id_of_iri(predicate)
                    .and_then(|p| self.below.get(&(id, p)));
                let Some(old) = below.and_then(|candidates| choose(*new, candidates)) else {
                    continue;
                };
                if let Some(next) = by_label.get(new) {
                    open.push((next, ids[&old]));
                }
            }
        }
    }
}
