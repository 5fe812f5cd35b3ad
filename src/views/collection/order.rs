//! The order of a collection: numbers by size, then other ids, then items outside the register's own pattern.
//! Kept between commits by placing anew only what came and went.

use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::store::{Id, View};
use std::sync::Arc;

/// Items of a register.
pub(super) struct Items {
    /// In the order of the collection.
    pub(super) order: Vec<Id>,
    /// With their place in `order`, sorted by id.
    pub(super) ranks: Vec<(Id, u32)>,
}

/// Place of an item in its collection: numbers by size, then other ids, then items outside the register's own pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ItemKey {
    class: u8,
    digits: usize,
    text: Box<str>,
    zeros: usize,
}

impl ItemKey {
    pub(super) fn new(token: &str, is_own: bool) -> Self {
        if !is_own {
            return Self {
                class: 2,
                digits: 0,
                text: token.into(),
                zeros: 0,
            };
        }
        if !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit()) {
            let trimmed = token.trim_start_matches('0');
            return Self {
                class: 0,
                digits: trimmed.len(),
                text: trimmed.into(),
                zeros: token.len() - trimmed.len(),
            };
        }
        Self {
            class: 1,
            digits: 0,
            text: token.into(),
            zeros: 0,
        }
    }

    pub(super) fn of_token(register: &Register, token: &str) -> Self {
        Self::new(token, register.id_pattern.is_match(token))
    }

    pub(super) fn of_item(view: &View, register: &Register, id: Id) -> Self {
        let iri = view.iri(id).expect("items are IRIs");
        match register.id_of_iri(&iri) {
            Some(own) => Self::new(own, true),
            None => Self::new(&iri, false),
        }
    }
}

/// The name of an item in `?na=`: its id, or its IRI when it is outside the register's pattern.
pub fn token_of(view: &View, register: &Register, id: Id) -> String {
    let iri = view.iri(id).expect("items are IRIs");
    match register.id_of_iri(&iri) {
        Some(own) => own.to_owned(),
        None => iri.into_owned(),
    }
}

impl Items {
    pub(super) fn build(view: &View, register: &Register) -> Self {
        let mut order = members(view, register);
        order.sort_by_cached_key(|id| ItemKey::of_item(view, register, *id));
        Self::ranked(order)
    }

    pub(super) fn ranked(order: Vec<Id>) -> Self {
        let mut ranks: Vec<(Id, u32)> = order.iter().copied().zip(0..).collect();
        ranks.sort_unstable();
        Self { order, ranks }
    }

    /// The same collection after later commits: only what came and went is placed anew.
    pub(super) fn updated(self: &Arc<Self>, view: &View, register: &Register) -> Arc<Self> {
        let now = members(view, register);
        let before: Vec<Id> = self.ranks.iter().map(|(id, _)| *id).collect();
        let added = difference(&now, &before);
        let removed = difference(&before, &now);
        if added.is_empty() && removed.is_empty() {
            return Arc::clone(self);
        }
        let mut order = self.order.clone();
        if !removed.is_empty() {
            order.retain(|id| removed.binary_search(id).is_err());
        }
        let mut keyed: Vec<(ItemKey, Id)> = added
            .into_iter()
            .map(|id| (ItemKey::of_item(view, register, id), id))
            .collect();
        keyed.sort_unstable();
        let mut merged = Vec::with_capacity(order.len() + keyed.len());
        let mut from = 0;
        for (key, id) in keyed {
            let at = from
                + order[from..]
                    .partition_point(|known| ItemKey::of_item(view, register, *known) < key);
            merged.extend_from_slice(&order[from..at]);
            merged.push(id);
            from = at;
        }
        merged.extend_from_slice(&order[from..]);
        Arc::new(Self::ranked(merged))
    }
}

/// Instances of the register's class that are IRIs, sorted by id.
pub(super) fn members(view: &View, register: &Register) -> Vec<Id> {
    match (view.id_of_iri(rdf::TYPE), view.id_of_iri(&register.class)) {
        (Some(rdf_type), Some(class)) => view
            .subjects(rdf_type, class)
            .filter(|id| id.is_iri())
            .collect(),
        _ => Vec::new(),
    }
}

/// What is in `a` and not in `b`; both sorted.
pub(super) fn difference(a: &[Id], b: &[Id]) -> Vec<Id> {
    let mut out = Vec::new();
    let mut j = 0;
    for id in a {
        while j < b.len() && b[j] < *id {
            j += 1;
        }
        if b.get(j) != Some(id) {
            out.push(*id);
        }
    }
    out
}
