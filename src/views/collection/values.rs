//! Values of a predicate by what a filter compares: last segment, lexical form, or text whatever its case.

use crate::store::{Id, View};
use crate::views::labels::last_segment;
use rustc_hash::FxHasher;
use std::hash::Hasher as _;

/// What part of a value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fold {
    Segment,
    Lexical,
    CaseFolded,
}

/// Objects of a predicate by the hash of what is compared; hits are compared in full.
pub(super) struct ValueIndex {
    entries: Vec<(u64, Id)>,
}

impl ValueIndex {
    pub(super) fn build(view: &View, predicate: Id, fold: Fold) -> Self {
        let mut entries = Vec::new();
        let mut last = None;
        for (object, _) in view.pairs_reversed(predicate) {
            if last == Some(object) {
                continue;
            }
            last = Some(object);
            if let Some(hash) = folded(view, object, fold, hash_text) {
                entries.push((hash, object));
            }
        }
        entries.sort_unstable();
        Self { entries }
    }

    pub(super) fn find(&self, view: &View, fold: Fold, value: &str) -> Vec<Id> {
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

pub(super) fn hash_text(text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.finish()
}

/// Hands the compared part of a value to `then`; `None` for values of another kind.
pub(super) fn folded<T>(
    view: &View,
    id: Id,
    fold: Fold,
    then: impl FnOnce(&str) -> T,
) -> Option<T> {
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
