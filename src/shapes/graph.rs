//! Reading helpers over the view that holds the shapes: objects, lists, terms. Knows RDF lists, not SHACL.

use crate::rdf::vocab::rdf;
use crate::store::{Id, View};
use oxrdf::{Literal, NamedNode, Term};
use rustc_hash::{FxHashMap, FxHashSet};
use std::cell::RefCell;

/// Why a node is not a list that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListError {
    /// A cell lacks its member or rest, has two of them, or comes twice.
    Broken,
    /// There are more members than asked for.
    TooLong,
}

/// A view with a cache of IRI look-ups.
pub(crate) struct ShapesGraph<'v> {
    view: &'v View,
    ids: RefCell<FxHashMap<&'static str, Option<Id>>>,
}

impl<'v> ShapesGraph<'v> {
    pub(crate) fn new(view: &'v View) -> Self {
        Self {
            view,
            ids: RefCell::default(),
        }
    }

    pub(crate) fn view(&self) -> &'v View {
        self.view
    }

    /// The id of an IRI, when the store knows it.
    pub(crate) fn id(&self, iri: &'static str) -> Option<Id> {
        *self
            .ids
            .borrow_mut()
            .entry(iri)
            .or_insert_with(|| self.view.id_of_iri(iri))
    }

    /// Objects of a subject and predicate, sorted.
    pub(crate) fn objects(&self, subject: Id, predicate: &'static str) -> Vec<Id> {
        match self.id(predicate) {
            Some(predicate) => self.view.objects(subject, predicate).collect(),
            None => Vec::new(),
        }
    }

    /// Subjects that have the predicate, sorted, each once.
    pub(crate) fn subjects_with(&self, predicate: &'static str) -> Vec<Id> {
        let mut subjects: Vec<Id> = match self.id(predicate) {
            Some(predicate) => self.view.pairs(predicate).map(|(s, _)| s).collect(),
            None => Vec::new(),
        };
        subjects.dedup();
        subjects
    }

    /// Members of an RDF list of `most` members at most.
    pub(crate) fn list(&self, head: Id, most: usize) -> Result<Vec<Id>, ListError> {
        let nil = self.id(rdf::NIL);
        let mut members = Vec::new();
        let mut seen = FxHashSet::default();
        let mut node = head;
        while Some(node) != nil {
            let (first, rest) = (
                self.objects(node, rdf::FIRST),
                self.objects(node, rdf::REST),
            );
            if first.len() != 1 || rest.len() != 1 || !seen.insert(node) {
                return Err(ListError::Broken);
            }
            if members.len() == most {
                return Err(ListError::TooLong);
            }
            members.push(first[0]);
            node = rest[0];
        }
        Ok(members)
    }

    pub(crate) fn term(&self, id: Id) -> Term {
        self.view.term(id)
    }

    pub(crate) fn named_node(&self, id: Id) -> Option<NamedNode> {
        match self.term(id) {
            Term::NamedNode(node) if id.is_iri() => Some(node),
            _ => None,
        }
    }

    pub(crate) fn literal(&self, id: Id) -> Option<Literal> {
        match self.term(id) {
            Term::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}

/// A class and its subclasses in the view, through any number of steps; sorted.
pub(crate) fn subclass_closure(view: &View, class: Id) -> Vec<Id> {
    let mut closure = vec![class];
    if let Some(sub_class_of) = view.id_of_iri(crate::rdf::vocab::rdfs::SUB_CLASS_OF) {
        let mut seen = FxHashSet::from_iter([class]);
        let mut next = 0;
        while next < closure.len() {
            let found: Vec<Id> = view
                .subjects(sub_class_of, closure[next])
                .filter(|sub| seen.insert(*sub))
                .collect();
            closure.extend(found);
            next += 1;
        }
    }
    closure.sort_unstable();
    closure
}
