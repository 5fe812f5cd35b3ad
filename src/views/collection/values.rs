//! Values of a predicate by what a filter compares: last segment, lexical form, text whatever its case, or place on a scale.
//! Made in one pass over the values there are, extended by commits. Knows no items.
//!
//! Takes 16 bytes for each value there is.

use super::conditions::{Ends, plain};
use super::scale::Scaled;
use super::slots::Slot;
use crate::registry::SortKind;
use crate::store::{Id, Order, Snapshot, View};
use crate::views::labels::last_segment;
use rustc_hash::FxHasher;
use std::hash::Hasher as _;
use std::sync::Arc;

/// Changed statements up to which values are brought up to date; beyond they are read anew.
const MOST_CHANGES: usize = 1 << 17;

/// What part of a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fold {
    Segment,
    Lexical,
    CaseFolded,
}

/// How values are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Lookup {
    /// By the hash of a part; hits are compared in full.
    Fold(Fold),
    /// By a place on a scale, numbers or moments.
    Scale(SortKind),
}

/// Objects of a predicate by a key: a hash, or a place on a scale. Objects that are gone may stay: nothing has them.
pub(super) struct Values {
    entries: Vec<(i64, Id)>,
}

/// Where look-ups are kept.
pub(super) trait Keep {
    /// The place of one.
    fn slot(&self, predicate: Id, lookup: Lookup) -> Arc<Slot<Values>>;
}

impl dyn Keep + '_ {
    fn get(&self, view: &View, predicate: Id, lookup: Lookup) -> Arc<Values> {
        self.slot(predicate, lookup).get(
            || Values::build(view, predicate, lookup),
            |earlier, before| before.updated(earlier, view, predicate, lookup),
        )
    }

    /// Objects whose compared part is this text; sorted.
    pub(super) fn find(&self, view: &View, predicate: Id, lookup: Lookup, value: &str) -> Vec<Id> {
        let Lookup::Fold(fold) = lookup else {
            return Vec::new();
        };
        self.get(view, predicate, lookup).find(view, fold, value)
    }

    /// Objects between two ends, each included; sorted by id.
    pub(super) fn between(
        &self,
        view: &View,
        predicate: Id,
        kind: SortKind,
        ends: &Ends,
    ) -> Vec<Id> {
        let values = self.get(view, predicate, Lookup::Scale(kind));
        let point = |end: &Option<Scaled>| match end {
            Some(Scaled::Point(point)) => Some(*point),
            _ => None,
        };
        let from = point(&ends.0).map_or(0, |from| {
            values.entries.partition_point(|(point, _)| *point < from)
        });
        let to = point(&ends.1).map_or(values.entries.len(), |to| {
            values.entries.partition_point(|(point, _)| *point <= to)
        });
        let found = values.entries.get(from..to.max(from)).unwrap_or_default();
        let mut found: Vec<Id> = found.iter().map(|(_, id)| *id).collect();
        found.sort_unstable();
        found
    }
}

impl Values {
    fn build(view: &View, predicate: Id, lookup: Lookup) -> Self {
        let mut entries = Vec::new();
        let mut last = None;
        for (object, _) in view.pairs_reversed(predicate) {
            if last != Some(object) {
                last = Some(object);
                entries.extend(key_of(view, object, lookup).map(|key| (key, object)));
            }
        }
        entries.sort_unstable();
        Self { entries }
    }

    fn updated(
        self: &Arc<Self>,
        earlier: &Snapshot,
        view: &View,
        predicate: Id,
        lookup: Lookup,
    ) -> Arc<Self> {
        let prefix = [predicate.raw()];
        let rows = view
            .snapshot()
            .touched(earlier, Order::Posg, &prefix, MOST_CHANGES);
        let Some(rows) = rows else {
            return Arc::new(Self::build(view, predicate, lookup));
        };
        let mut new = Vec::new();
        let mut last = None;
        for object in rows.iter().filter_map(|row| Id::from_raw(row[1])) {
            if last == Some(object) {
                continue;
            }
            last = Some(object);
            let entry = key_of(view, object, lookup).map(|key| (key, object));
            new.extend(entry.filter(|entry| self.entries.binary_search(entry).is_err()));
        }
        if new.is_empty() {
            return Arc::clone(self);
        }
        let mut entries = self.entries.clone();
        entries.extend(new);
        entries.sort();
        Arc::new(Self { entries })
    }

    fn find(&self, view: &View, fold: Fold, value: &str) -> Vec<Id> {
        let wanted = match fold {
            Fold::CaseFolded => value.to_lowercase(),
            Fold::Segment | Fold::Lexical => value.to_owned(),
        };
        let hash = hash_text(&wanted);
        let start = self.entries.partition_point(|(known, _)| *known < hash);
        let mut found: Vec<Id> = self.entries[start..]
            .iter()
            .take_while(|(known, _)| *known == hash)
            .filter(|(_, id)| folded(view, *id, fold, |text| text == wanted) == Some(true))
            .map(|(_, id)| *id)
            .collect();
        found.sort_unstable();
        found
    }
}

fn key_of(view: &View, object: Id, lookup: Lookup) -> Option<i64> {
    match lookup {
        Lookup::Fold(fold) => folded(view, object, fold, hash_text),
        Lookup::Scale(kind) => match plain(kind).of(view, object)? {
            (_, Scaled::Point(point)) => Some(point),
            (_, Scaled::Text(_)) => None,
        },
    }
}

fn hash_text(text: &str) -> i64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish() as i64
}

/// Hands the compared part of a value to `then`; `None` for values of another kind.
fn folded<T>(view: &View, id: Id, fold: Fold, then: impl FnOnce(&str) -> T) -> Option<T> {
    match fold {
        Fold::Segment => view.iri(id).map(|iri| then(last_segment(&iri))),
        Fold::Lexical | Fold::CaseFolded if id.is_literal() => {
            let oxrdf::Term::Literal(literal) = view.term(id) else {
                return None;
            };
            Some(match fold {
                Fold::CaseFolded => then(&literal.value().to_lowercase()),
                _ => then(literal.value()),
            })
        }
        Fold::Lexical | Fold::CaseFolded => None,
    }
}
