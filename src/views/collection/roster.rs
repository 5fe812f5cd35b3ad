//! The items of a register and their natural order: numbers by size, then other ids, then items outside the register's own
//! pattern. Kept between commits by placing anew only what came and went. Knows no filters and no other orders.
//!
//! An item has a *number*, its place among the ids of the items: what is kept of items is kept by number, in 4 bytes.
//! Takes 8 bytes an item, and 8 more when the natural order is not that of the ids.

use crate::rdf::vocab::rdf;
use crate::registry::Register;
use crate::store::{Id, Order, Snapshot, View};
use std::sync::Arc;

/// Changed memberships up to which the items are brought up to date; beyond they are read anew.
const MOST_CHANGES: usize = 1 << 20;

/// Items of a register in one state.
pub(super) struct Roster {
    /// The items, sorted by id; an item's number is its place here.
    pub(super) ids: Vec<Id>,
    /// When the natural order is another.
    natural: Option<Natural>,
}

struct Natural {
    /// Numbers in natural order.
    order: Vec<u32>,
    /// Place in natural order, by number.
    places: Vec<u32>,
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

impl Roster {
    pub(super) fn build(view: &View, register: &Register) -> Self {
        let ids = members(view, register);
        if are_plain_numbers(view, register, &ids) {
            return Self { ids, natural: None };
        }
        let mut order: Vec<u32> = numbers(&ids).collect();
        order.sort_by_cached_key(|number| ItemKey::of_item(view, register, ids[*number as usize]));
        Self::ordered(ids, order)
    }

    fn ordered(ids: Vec<Id>, order: Vec<u32>) -> Self {
        if order.is_sorted() {
            return Self { ids, natural: None };
        }
        let mut places = vec![0; order.len()];
        for (place, number) in (0..).zip(&order) {
            places[*number as usize] = place;
        }
        let natural = Some(Natural { order, places });
        Self { ids, natural }
    }

    /// Whether the natural order is that of the numbers.
    pub(super) fn is_natural(&self) -> bool {
        self.natural.is_none()
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The item at a place of the natural order, by number.
    pub(super) fn at(&self, place: usize) -> u32 {
        match &self.natural {
            None => u32::try_from(place).expect("numbers are 32 bits"),
            Some(natural) => natural.order[place],
        }
    }

    /// The place of an item in the natural order.
    pub(super) fn place(&self, number: u32) -> u32 {
        match &self.natural {
            None => number,
            Some(natural) => natural.places[number as usize],
        }
    }

    /// The numbers of those of the ids (sorted) that are items; sorted.
    pub(super) fn numbers_of(&self, wanted: &[Id]) -> Vec<u32> {
        let mut found = Vec::with_capacity(wanted.len().min(self.ids.len()));
        let mut at = 0;
        for id in wanted {
            at += leap(&self.ids[at..], *id);
            if self.ids.get(at) == Some(id) {
                found.push(u32::try_from(at).expect("numbers are 32 bits"));
            }
        }
        found
    }

    /// Numbers in this roster of the items of an earlier one; `u32::MAX` where an item is gone.
    pub(super) fn renumbered(&self, earlier: &Self) -> Vec<u32> {
        let mut at = 0;
        let place = |id: &Id| {
            while self.ids.get(at).is_some_and(|known| known < id) {
                at += 1;
            }
            match self.ids.get(at) {
                Some(known) if known == id => u32::try_from(at).expect("numbers are 32 bits"),
                _ => u32::MAX,
            }
        };
        earlier.ids.iter().map(place).collect()
    }

    /// The same collection after later commits: only what came and went is placed anew.
    pub(super) fn updated(
        self: &Arc<Self>,
        earlier: &Snapshot,
        view: &View,
        register: &Register,
    ) -> Arc<Self> {
        let Some((added, removed)) = self.changes(earlier, view, register) else {
            return Arc::new(Self::build(view, register));
        };
        if added.is_empty() && removed.is_empty() {
            return Arc::clone(self);
        }
        let ids = merged(&self.ids, &added, &removed);
        if self.natural.is_none() && are_plain_numbers(view, register, &added) && {
            // One kind of number stays one kind: the ids of one prefix sort as their numbers.
            let ends = [ids.first(), ids.last()].map(|id| id.copied().and_then(Id::numbered_iri));
            matches!(ends, [Some((a, _)), Some((b, _))] if a == b)
        } {
            return Arc::new(Self { ids, natural: None });
        }
        let new = Self { ids, natural: None };
        let numbers = new.renumbered(self);
        let kept = (0..self.len()).map(|place| numbers[self.at(place) as usize]);
        let kept: Vec<u32> = kept.filter(|number| *number != u32::MAX).collect();
        let key = |number: u32| ItemKey::of_item(view, register, new.ids[number as usize]);
        let mut keyed: Vec<(ItemKey, u32)> = new
            .numbers_of(&added)
            .into_iter()
            .map(|number| (key(number), number))
            .collect();
        keyed.sort_unstable();
        let mut order = Vec::with_capacity(new.len());
        let mut from = 0;
        for (item, number) in keyed {
            let at = from + kept[from..].partition_point(|known| key(*known) < item);
            order.extend_from_slice(&kept[from..at]);
            order.push(number);
            from = at;
        }
        order.extend_from_slice(&kept[from..]);
        Arc::new(Self::ordered(new.ids, order))
    }

    /// Items that came and items that went, sorted; `None` when there is more than is worth following.
    fn changes(
        &self,
        earlier: &Snapshot,
        view: &View,
        register: &Register,
    ) -> Option<(Vec<Id>, Vec<Id>)> {
        let (Some(rdf_type), Some(class)) =
            (view.id_of_iri(rdf::TYPE), view.id_of_iri(&register.class))
        else {
            return self.ids.is_empty().then(Default::default);
        };
        let prefix = [rdf_type.raw(), class.raw()];
        let rows = view
            .snapshot()
            .touched(earlier, Order::Posg, &prefix, MOST_CHANGES)?;
        let mut touched: Vec<Id> = rows
            .iter()
            .filter_map(|row| Id::from_raw(row[2]))
            .filter(|id| id.is_iri())
            .collect();
        touched.dedup();
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for id in touched {
            let is_there = view.contains(id, rdf_type, class);
            match (self.ids.binary_search(&id).is_ok(), is_there) {
                (false, true) => added.push(id),
                (true, false) => removed.push(id),
                _ => {}
            }
        }
        Some((added, removed))
    }
}

fn numbers(ids: &[Id]) -> impl Iterator<Item = u32> {
    0..u32::try_from(ids.len()).expect("a register has fewer than 4 billion items")
}

/// How many at the front of a sorted list lie before an id: near the front more often than not.
fn leap(sorted: &[Id], id: Id) -> usize {
    let mut end = 1;
    while sorted.get(end - 1).is_some_and(|known| *known < id) {
        end *= 2;
    }
    let from = end / 2;
    from + sorted[from..end.min(sorted.len())].partition_point(|known| *known < id)
}

/// Whether all ids are the register's own prefix and a number, so that they sort as natural order wants.
fn are_plain_numbers(view: &View, register: &Register, ids: &[Id]) -> bool {
    let Some(first) = ids.first() else {
        return true;
    };
    let Some((prefix, _)) = first.numbered_iri() else {
        return false;
    };
    let is_own = view
        .iri(*first)
        .is_some_and(|iri| register.id_of_iri(&iri).is_some_and(is_number));
    let takes_any = register.id_pattern.as_str() == "^[0-9]+$";
    let mut text = String::new();
    is_own
        && ids.iter().all(|id| {
            id.numbered_iri().is_some_and(|(own, number)| {
                own == prefix
                    && (takes_any || {
                        use std::fmt::Write as _;
                        text.clear();
                        write!(text, "{number}").is_ok() && register.id_pattern.is_match(&text)
                    })
            })
        })
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Instances of the register's class that are IRIs, sorted by id.
pub(super) fn members(view: &View, register: &Register) -> Vec<Id> {
    match (view.id_of_iri(rdf::TYPE), view.id_of_iri(&register.class)) {
        (Some(rdf_type), Some(class)) => {
            let mut found = Vec::new();
            view.subjects(rdf_type, class).for_each(|id| {
                if id.is_iri() {
                    found.push(id);
                }
            });
            found
        }
        _ => Vec::new(),
    }
}

/// A list with some added and some removed; all sorted.
fn merged(ids: &[Id], added: &[Id], removed: &[Id]) -> Vec<Id> {
    let mut out = Vec::with_capacity(ids.len() + added.len());
    let (mut new, mut gone) = (added.iter().peekable(), removed.iter().peekable());
    for id in ids {
        while let Some(next) = new.next_if(|next| *next < id) {
            out.push(*next);
        }
        if gone.next_if(|next| *next == id).is_none() {
            out.push(*id);
        }
    }
    out.extend(new.copied());
    out
}
