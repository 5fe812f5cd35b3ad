//! What predicates and classes are called in JSON by one context: looked up once for each of them and state, not for each
//! statement. Holds names, writes nothing.

use crate::store::{Id, View};
use crate::views::compact::json_string;
use crate::views::context::{Coercion, Context};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Contexts and states whose names are kept.
const MOST_KEPT: usize = 48;

/// Names by a context in one state.
pub struct Names {
    context: Arc<Context>,
    predicates: RwLock<FxHashMap<Id, Arc<Predicate>>>,
    classes: RwLock<FxHashMap<Id, Arc<[u8]>>>,
}

/// A predicate and how it is called.
pub(super) struct Predicate {
    pub(super) id: Id,
    pub(super) iri: String,
    /// Its IRI as a JSON string: the key when no term fits.
    pub(super) full_key: Vec<u8>,
    /// Sorted by name.
    pub(super) terms: Vec<Term>,
}

/// A term to write a predicate with.
pub(super) struct Term {
    /// Its name as a JSON string.
    pub(super) key: Vec<u8>,
    pub(super) coercion: Coercion,
    /// Whether its values are always a list.
    pub(super) is_set: bool,
}

impl Names {
    /// The names by a context, looked up when first needed.
    pub fn new(context: Arc<Context>) -> Self {
        Self {
            context,
            predicates: RwLock::default(),
            classes: RwLock::default(),
        }
    }

    pub(super) fn predicate(&self, view: &View, id: Id) -> Arc<Predicate> {
        let known = self.predicates.read();
        if let Some(known) = known.unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Arc::clone(known);
        }
        let iri = view.iri(id).expect("predicates are IRIs").into_owned();
        let terms = self.context.terms_of(&iri).iter().map(|term| Term {
            key: json_string(&term.name),
            coercion: term.coercion.clone(),
            is_set: term.is_set,
        });
        let made = Arc::new(Predicate {
            id,
            full_key: json_string(&iri),
            terms: terms.collect(),
            iri,
        });
        let known = self.predicates.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        known.insert(id, Arc::clone(&made));
        made
    }

    /// The name of a class as a JSON string.
    pub(super) fn class(&self, view: &View, id: Id) -> Arc<[u8]> {
        let known = self.classes.read();
        if let Some(known) = known.unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Arc::clone(known);
        }
        let iri = view.iri(id).expect("only classes that are IRIs have names");
        let made: Arc<[u8]> = json_string(self.context.class_name(&iri)).into();
        let known = self.classes.write();
        let mut known = known.unwrap_or_else(PoisonError::into_inner);
        known.insert(id, Arc::clone(&made));
        made
    }
}

/// The names of the states and contexts that were asked for last.
#[derive(Default)]
pub struct KeptNames {
    /// By state ([`Snapshot::identity`](crate::store::Snapshot::identity)) and name of the context; oldest first.
    kept: Mutex<Vec<(u64, String, Arc<Names>)>>,
}

impl KeptNames {
    /// The names by a context in the state of a view.
    pub fn of(&self, view: &View, name: &str, context: &Arc<Context>) -> Arc<Names> {
        let state = view.snapshot().identity();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept
            .iter()
            .find(|(of, known, _)| *of == state && known == name);
        if let Some((_, _, names)) = known {
            return Arc::clone(names);
        }
        if kept.len() == MOST_KEPT {
            kept.remove(0);
        }
        let names = Arc::new(Names::new(Arc::clone(context)));
        kept.push((state, name.to_owned(), Arc::clone(&names)));
        names
    }
}
