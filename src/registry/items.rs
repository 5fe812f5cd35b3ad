//! One item of a register, written as a whole: its own statements and those of its parts are replaced or removed as a
//! difference, and nothing that is said of anything else changes. Knows no syntax and no status codes, and decides nothing
//! about shapes or rights: [`Registry::commit`] does, around what is done to the draft here.

mod blanks;

use super::versions::{Moment, Objects};
use super::{Register, Registry, VERSIONS};
use crate::rdf::text::with_blank_nodes;
use crate::rdf::vocab::{generiek, rdf};
use crate::store::{Draft, Id, QuadIds, View, is_well_formed};
use blanks::Names;
use oxrdf::{Literal, NamedNode, NamedOrBlankNode, Term, Triple};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// Path segment of IRIs that stand for blank nodes.
const GENID: &str = "/.well-known/genid/";
/// Statements of one item: as many as one document shows.
pub const MAX_ITEM_STATEMENTS: usize = 20_000;

/// An item, and the graph of its register.
#[derive(Clone, Debug)]
pub struct Item {
    /// Its IRI.
    pub iri: NamedNode,
    /// The graph that is written.
    pub graph: NamedNode,
    base: String,
    /// Start of the path of the IRIs of its nodes: `adres/12/`.
    parts: Option<String>,
    keeps_versions: bool,
}

/// What became of an item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemWritten {
    /// Whether nothing was said of it before.
    pub created: bool,
    /// Labels of blank nodes as they came, and as they are stored.
    pub names: FxHashMap<String, String>,
}

/// Why an item cannot be written as asked.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemError {
    /// The registry says nothing of it.
    Unknown,
    /// What the registry says of it stands in another graph than that of the register.
    Elsewhere(String),
    /// Statements about others, which the registry does not hold already.
    Others(Vec<Triple>),
    /// New literals whose text is no value of their datatype.
    IllFormed(Vec<Triple>),
    /// More statements than one document shows.
    TooLarge,
}

impl Registry {
    /// An item of a register.
    pub fn item(&self, register: &Register, iri: NamedNode) -> Item {
        let graph = self.graph_iri(&register.graph);
        let parts = iri.as_str().split_once("/id/");
        let parts = parts.map(|(_, path)| format!("{path}/"));
        Item {
            keeps_versions: register.keep_versions,
            base: self.base().to_owned(),
            parts,
            graph,
            iri,
        }
    }
}

impl Item {
    /// Whether an IRI names a part of the item: a node in place of a blank one, or a fragment of the item.
    pub fn is_part(&self, iri: &str) -> bool {
        if let Some(fragment) = iri.strip_prefix(self.iri.as_str()) {
            return fragment.starts_with('#');
        }
        let (Some(parts), Some((_, path))) = (&self.parts, iri.split_once(GENID)) else {
            return false;
        };
        path.starts_with(parts.as_str())
    }

    /// Start of the IRIs that parts of the item may have; `None` when they can have none but fragments.
    pub fn part_prefix(&self) -> Option<String> {
        let parts = self.parts.as_ref()?;
        Some(format!("{}{GENID}{parts}", self.base))
    }

    /// Whether anything is said of the item.
    pub fn exists(&self, view: &View) -> bool {
        let id = view.id_of_iri(self.iri.as_str());
        id.is_some_and(|id| view.star(id).next().is_some())
    }

    /// Makes the statements all that the graph of the register says of the item and its parts. A statement that another
    /// graph makes already is not made again. Statements about others are taken as repeated when they hold already.
    ///
    /// # Errors
    /// An [`ItemError`] that says which statements cannot be written here; the draft is then to be dropped.
    pub fn replace(
        &self,
        draft: &mut Draft<'_>,
        statements: &[Triple],
    ) -> Result<ItemWritten, ItemError> {
        if statements.len() > MAX_ITEM_STATEMENTS {
            return Err(ItemError::TooLarge);
        }
        let view = draft.base().view();
        let exists = self.exists(&view);
        let own = self.own_subjects(statements);
        let mentioned: FxHashSet<Id> = own
            .iter()
            .filter_map(|subject| match subject {
                NamedOrBlankNode::NamedNode(node) => view.id_of_iri(node.as_str()),
                NamedOrBlankNode::BlankNode(_) => None,
            })
            .collect();
        // A part that only points to the item is not seen in its document: who does not mention it, does not mean it.
        let old = self.own_quads(&view, |part| mentioned.contains(&part));
        let of_item = view.id_of_iri(self.iri.as_str());
        if exists && !old.iter().any(|quad| Some(quad.s) == of_item) {
            return Err(ItemError::Elsewhere(self.other_graph(&view)));
        }
        let names = Names::of(&view, statements, &label_start(draft, self.iri.as_str()));
        let graph = draft.intern(self.graph.as_ref().into());
        let (mut new, mut others, mut ill_formed) = (BTreeSet::new(), Vec::new(), Vec::new());
        for triple in statements {
            let renamed = names.rename(triple);
            if !own.contains(&triple.subject) {
                if !holds(&view, &renamed) {
                    others.push(triple.clone());
                }
                continue;
            }
            let quad = draft.intern_quad(renamed.as_ref().in_graph(&self.graph));
            debug_assert_eq!(quad.g, graph);
            if !old.contains(&quad) && !holds(&view, &renamed) && !is_sound(&triple.object) {
                ill_formed.push(triple.clone());
            }
            new.insert(quad);
        }
        if !others.is_empty() {
            return Err(ItemError::Others(others));
        }
        if !ill_formed.is_empty() {
            return Err(ItemError::IllFormed(ill_formed));
        }
        new.retain(|quad| old.contains(quad) || !view.contains(quad.s, quad.p, quad.o));
        self.write(draft, old, new);
        Ok(ItemWritten {
            created: !exists,
            names: names.into_map(),
        })
    }

    /// Takes the item and its parts out of the graph of the register.
    ///
    /// # Errors
    /// [`ItemError::Unknown`] or [`ItemError::Elsewhere`] when nothing of it is there.
    pub fn remove(&self, draft: &mut Draft<'_>) -> Result<(), ItemError> {
        let view = draft.base().view();
        if !self.exists(&view) {
            return Err(ItemError::Unknown);
        }
        let old = self.own_quads(&view, |_| true);
        let item = view.id_of_iri(self.iri.as_str());
        if !old.iter().any(|quad| Some(quad.s) == item) {
            return Err(ItemError::Elsewhere(self.other_graph(&view)));
        }
        self.write(draft, old, BTreeSet::new());
        Ok(())
    }

    /// Writes the difference; with a past version, where versions are kept.
    fn write(&self, draft: &mut Draft<'_>, old: BTreeSet<QuadIds>, mut new: BTreeSet<QuadIds>) {
        if old == new {
            return;
        }
        if self.keeps_versions(&draft.base().whole()) {
            let now = now();
            self.stamp(draft, &old, &mut new, &now);
            let nodes = self.part_prefix();
            let nodes = nodes.as_deref().unwrap_or(self.iri.as_str());
            let mut objects = Objects::new(draft, &self.base, self.graph.as_str());
            let object = objects.open(draft, self.iri.as_str(), nodes.trim_end_matches('/'), &[]);
            if new.is_empty() {
                object.vanishes_at(draft, &now);
            } else {
                object.changes_at(draft, &now);
            }
            objects.flush(draft);
        }
        for quad in old.difference(&new) {
            draft.remove(*quad);
        }
        for quad in new.difference(&old) {
            draft.add(*quad);
        }
    }

    /// Whether past versions of the items of the graph are kept: because the register says so, or because they are.
    fn keeps_versions(&self, view: &View) -> bool {
        if self.keeps_versions {
            return true;
        }
        let own = format!("{}/graph/", self.base);
        let name = self.graph.as_str().strip_prefix(&own);
        let versions = name.map(|name| format!("{own}{VERSIONS}{name}"));
        let versions = versions.and_then(|iri| view.id_of_iri(&iri));
        versions.is_some_and(|graph| view.graph_size(graph) > 0)
    }

    /// Gives structured identifiers the moment as their version, unless the client chose another than there was.
    fn stamp(
        &self,
        draft: &mut Draft<'_>,
        old: &BTreeSet<QuadIds>,
        new: &mut BTreeSet<QuadIds>,
        now: &Moment,
    ) {
        let mut id = |iri: &str| draft.intern(NamedNode::new_unchecked(iri).as_ref().into());
        let (kind, class) = (
            id(rdf::TYPE),
            id(generiek::GESTRUCTUREERDE_IDENTIFICATOR_CLASS),
        );
        let version = id(generiek::VERSIE_IDENTIFICATOR);
        let identifiers: Vec<Id> = new
            .iter()
            .filter(|quad| (quad.p, quad.o) == (kind, class))
            .map(|quad| quad.s)
            .collect();
        let text = Term::from(Literal::new_simple_literal(now.text()));
        let text = draft.intern(text.as_ref());
        let graph = draft.intern(self.graph.as_ref().into());
        for s in identifiers {
            let given = |of: &BTreeSet<QuadIds>| -> Vec<Id> {
                let mine = of.iter().filter(|quad| (quad.s, quad.p) == (s, version));
                mine.map(|quad| quad.o).collect()
            };
            let (before, after) = (given(old), given(new));
            if after.is_empty() || after == before {
                new.retain(|quad| (quad.s, quad.p) != (s, version));
                let (p, o, g) = (version, text, graph);
                new.insert(QuadIds { s, p, o, g });
            }
        }
    }

    /// What the graph says of the item and its parts; of those that only point to it when `is_meant`.
    fn own_quads(&self, view: &View, is_meant: impl Fn(Id) -> bool) -> BTreeSet<QuadIds> {
        let mut quads = BTreeSet::new();
        let ids = (
            view.id_of_iri(self.iri.as_str()),
            view.id_of_iri(self.graph.as_str()),
        );
        let (Some(item), Some(graph)) = ids else {
            return quads;
        };
        for node in self.own_nodes(view, graph, item, is_meant) {
            quads.extend(view.quads(Some(node), None, None, Some(graph)));
        }
        quads
    }

    /// The item and its parts: what it leads to in the graph as far as that is blank or has an IRI of a part, and such IRIs
    /// that point to it. A blank node that others refer to is not its own, and neither is what that leads to.
    fn own_nodes(
        &self,
        view: &View,
        graph: Id,
        item: Id,
        is_meant: impl Fn(Id) -> bool,
    ) -> FxHashSet<Id> {
        let is_part =
            |id: Id| id.is_iri() && view.iri(id).is_some_and(|iri| self.is_part(iri.as_ref()));
        let mut own = FxHashSet::from_iter([item]);
        let mut open = vec![item];
        for quad in view.quads(None, None, Some(item), Some(graph)) {
            if is_meant(quad.s) && is_part(quad.s) && own.insert(quad.s) {
                open.push(quad.s);
            }
        }
        while let Some(node) = open.pop() {
            for quad in view.quads(Some(node), None, None, Some(graph)) {
                let is_own = !own.contains(&quad.o) && (quad.o.is_blank() || is_part(quad.o));
                if is_own {
                    own.insert(quad.o);
                    open.push(quad.o);
                }
            }
        }
        let is_shared = |id: &Id| {
            id.is_blank() && {
                let mut referrers = view.star_reversed(*id);
                referrers.any(|(s, _)| !own.contains(&s))
            }
        };
        let mut shared: Vec<Id> = own.iter().copied().filter(is_shared).collect();
        while let Some(node) = shared.pop() {
            if own.remove(&node) {
                let below = view.quads(Some(node), None, None, Some(graph));
                shared.extend(below.map(|quad| quad.o).filter(|id| id.is_blank()));
            }
        }
        own
    }

    /// Subjects of statements that the item may make: itself, and parts that it leads to or that point to it.
    fn own_subjects(&self, statements: &[Triple]) -> FxHashSet<NamedOrBlankNode> {
        let mut by_subject: FxHashMap<&NamedOrBlankNode, Vec<&Term>> = FxHashMap::default();
        for triple in statements {
            let objects = by_subject.entry(&triple.subject).or_default();
            objects.push(&triple.object);
        }
        let item = NamedOrBlankNode::from(self.iri.clone());
        let mut own = FxHashSet::from_iter([item.clone()]);
        let mut open = vec![item];
        let points = |objects: &[&Term]| {
            let mut objects = objects.iter();
            objects.any(|object| matches!(object, Term::NamedNode(node) if *node == self.iri))
        };
        for (subject, objects) in &by_subject {
            if let NamedOrBlankNode::NamedNode(node) = subject
                && self.is_part(node.as_str())
                && points(objects)
                && own.insert((*subject).clone())
            {
                open.push((*subject).clone());
            }
        }
        while let Some(subject) = open.pop() {
            for object in by_subject.get(&subject).into_iter().flatten() {
                let part = match object {
                    Term::BlankNode(node) => NamedOrBlankNode::from(node.clone()),
                    Term::NamedNode(node) if self.is_part(node.as_str()) => node.clone().into(),
                    _ => continue,
                };
                if own.insert(part.clone()) {
                    open.push(part);
                }
            }
        }
        own
    }

    /// A graph that says something of the item.
    fn other_graph(&self, view: &View) -> String {
        let item = view.id_of_iri(self.iri.as_str());
        let quad = item.and_then(|item| view.quads(Some(item), None, None, None).next());
        let graph = quad.and_then(|quad| view.iri(quad.g));
        graph.map_or_else(String::new, |graph| graph.into_owned())
    }
}

/// Whether a statement holds in a state.
fn holds(view: &View, triple: &Triple) -> bool {
    let subject = view.id_of(Term::from(triple.subject.clone()).as_ref());
    let predicate = view.id_of_iri(triple.predicate.as_str());
    let object = view.id_of(triple.object.as_ref());
    match (subject, predicate, object) {
        (Some(s), Some(p), Some(o)) => view.contains(s, p, o),
        _ => false,
    }
}

/// Whether a term is no literal whose text its datatype does not have.
fn is_sound(term: &Term) -> bool {
    match term {
        Term::Literal(literal) => is_well_formed(literal.value(), literal.datatype().as_str()),
        _ => true,
    }
}

/// Start of the labels of new blank nodes: nobody had them before, as the state they are made in is in it.
fn label_start(draft: &Draft<'_>, item: &str) -> String {
    use sha2::{Digest as _, Sha256};
    use std::fmt::Write as _;
    let mut hasher = Sha256::new();
    hasher.update(item);
    hasher.update(draft.base().seq().to_le_bytes());
    hasher.update(draft.base().digest());
    hasher.update(jiff::Timestamp::now().as_nanosecond().to_le_bytes());
    let digest = hasher.finalize();
    let mut label = String::with_capacity(22);
    label.push('b');
    for byte in &digest[..10] {
        let _ = write!(label, "{byte:02x}");
    }
    label.push('x');
    label
}

/// This moment, in whole seconds.
fn now() -> Moment {
    let now = jiff::Timestamp::now();
    let now = now.round(jiff::Unit::Second).unwrap_or(now);
    Moment::parse(&now.to_string()).expect("a moment that was just written")
}

/// A statement with other names for its blank nodes.
fn with_names(triple: &Triple, names: &FxHashMap<String, String>) -> Triple {
    let mut rename = |node: oxrdf::BlankNode| match names.get(node.as_str()) {
        Some(name) => oxrdf::BlankNode::new_unchecked(name.clone()),
        None => node,
    };
    let subject = match &triple.subject {
        NamedOrBlankNode::BlankNode(node) => rename(node.clone()).into(),
        other => other.clone(),
    };
    Triple {
        subject,
        predicate: triple.predicate.clone(),
        object: with_blank_nodes(triple.object.clone(), &mut rename),
    }
}
