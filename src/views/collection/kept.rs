//! What collections keep of the newest state: each thing made by whoever first needs it, brought up to date after commits, and
//! bounded where requests could ask for any number of things. Decides nothing about pages.

use super::conditions::{matching, of_box, of_filters, of_version};
use super::ranks::Ranks;
use super::roster::Roster;
use super::slots::Slot;
use super::sorting::{Permutation, RankedKey, SortBy, scale_of, sort};
use super::values::{Keep, Lookup, Values};
use super::{CollectionQuery, Refused};
use crate::registry::Register;
use crate::store::{Id, Snapshot, View};
use rustc_hash::FxHashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Orders by keys that are kept, besides the natural ones.
const MOST_ORDERS: usize = 16;
/// Numbers in all kept answers of filters together: 32 MiB.
const MOST_KEPT_NUMBERS: usize = 8 << 20;
/// Kept answers of filters.
const MOST_ANSWERS: usize = 256;
/// Answers of fewer items are found again as fast as they are kept.
const WORTH_KEEPING: usize = 512;
/// Share of the items, as a divisor, from which on the answer of filters is picked from an order of all.
const MANY: usize = 16;

/// Orders and look-ups of the newest state, made when first needed and brought up to date after commits. Requests that
/// need the same thing wait for one that makes it.
#[derive(Default)]
pub struct CollectionIndex {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    snapshot: Option<Snapshot>,
    rosters: FxHashMap<String, Arc<Slot<Roster>>>,
    ranks: FxHashMap<String, Arc<Slot<Ranks>>>,
    values: FxHashMap<(Id, Lookup), Arc<Slot<Values>>>,
    /// Least recently used first.
    orders: Vec<(String, Arc<Slot<Permutation>>)>,
    /// Of `snapshot` alone; least recently used first.
    answers: Vec<(String, Arc<Vec<u32>>)>,
}

/// The items of an answer, in its order.
pub(super) enum Listing {
    /// All, in natural order.
    Natural(usize),
    /// All, by keys.
    Ordered(Arc<Permutation>),
    /// Some.
    Some(Arc<Vec<u32>>),
}

impl Listing {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Natural(len) => *len,
            Self::Ordered(all) => all.order.len(),
            Self::Some(some) => some.len(),
        }
    }

    /// The number of the item at a place.
    pub(super) fn at(&self, roster: &Roster, place: usize) -> u32 {
        match self {
            Self::Natural(_) => roster.at(place),
            Self::Ordered(all) => all.order[place],
            Self::Some(some) => some[place],
        }
    }
}

/// What tells registers apart here: not their names, as two declarations may have one name.
fn name_of(register: &Register) -> String {
    format!(
        "{}\n{}\n{}",
        register.class, register.iri, register.id_pattern
    )
}

impl CollectionIndex {
    pub(super) fn roster(&self, view: &View, register: &Register) -> Arc<Roster> {
        let slot = self.slot(view, |state| {
            let slot = state.rosters.entry(name_of(register)).or_default();
            Arc::clone(slot)
        });
        slot.get(
            || Roster::build(view, register),
            |earlier, before| before.updated(earlier, view, register),
        )
    }

    /// The keys of an order with their ranks. A key of which this state has no value orders nothing.
    pub(super) fn keys<'a>(
        &self,
        view: &View,
        register: &'a Register,
        roster: &Arc<Roster>,
        wanted: &[SortBy],
    ) -> Vec<RankedKey<'a>> {
        let mut keys = Vec::with_capacity(wanted.len());
        for by in wanted {
            let Some(declared) = register.sort_key(&by.name) else {
                keys.push(RankedKey {
                    declared: None,
                    ranks: None,
                    descending: by.descending,
                });
                continue;
            };
            let scale = scale_of(register, declared);
            let path: Option<Vec<Id>> = declared
                .path
                .iter()
                .map(|iri| view.id_of_iri(iri))
                .collect();
            let name = format!(
                "{}\n{:?}\n{:?}\n{:?}\n{:?}",
                name_of(register),
                declared.path,
                declared.kind,
                declared.language,
                register.languages
            );
            let slot = self.slot(view, |state| {
                Arc::clone(state.ranks.entry(name).or_default())
            });
            let ranks = slot.get(
                || match &path {
                    Some(path) => Ranks::build(view, roster, path, scale),
                    None => Ranks::none(roster),
                },
                |earlier, before| match &path {
                    Some(path) => before.updated(earlier, view, roster, path, scale),
                    None => Arc::new(Ranks::none(roster)),
                },
            );
            keys.push(RankedKey {
                declared: Some(declared),
                ranks: Some(ranks),
                descending: by.descending,
            });
        }
        keys
    }

    /// The items of an answer.
    pub(super) fn listing(
        &self,
        view: &View,
        register: &Register,
        roster: &Arc<Roster>,
        keys: &[RankedKey<'_>],
        query: &CollectionQuery,
    ) -> Result<Listing, Refused> {
        if query.is_unfiltered() {
            // Names of filters are checked even where no value asks anything of them.
            of_filters(view, register, &query.filters, &self.keep(view))?;
            return Ok(match keys {
                [] => Listing::Natural(roster.len()),
                _ => Listing::Ordered(self.order(view, register, roster, keys, &query.sort)),
            });
        }
        let name = format!(
            "{}\n{:?}\n{:?}\n{:?}\n{:?}",
            name_of(register),
            query.sort,
            query.filters,
            query.bbox,
            query.changed_since
        );
        if let Some(known) = self.answer(view, &name) {
            return Ok(Listing::Some(known));
        }
        let keep = self.keep(view);
        let mut conditions = of_filters(view, register, &query.filters, &keep)?;
        if let Some(since) = &query.changed_since {
            conditions.push(of_version(view, register, since, &keep)?);
        }
        if let Some(bbox) = &query.bbox {
            conditions.push(of_box(view, register, bbox)?);
        }
        let mut found = matching(view, roster, &conditions);
        if found.len() > roster.len() / MANY + 1 && !keys.is_empty() {
            let mut is_in = vec![false; roster.len()];
            for number in &found {
                is_in[*number as usize] = true;
            }
            let all = self.order(view, register, roster, keys, &query.sort);
            let picked = all.order.iter().filter(|number| is_in[**number as usize]);
            found = picked.copied().collect();
        } else if !keys.is_empty() || !roster.is_natural() {
            sort(&mut found, keys, roster);
        }
        let found = Arc::new(found);
        self.keep_answer(view, name, &found);
        Ok(Listing::Some(found))
    }

    fn order(
        &self,
        view: &View,
        register: &Register,
        roster: &Arc<Roster>,
        keys: &[RankedKey<'_>],
        by: &[SortBy],
    ) -> Arc<Permutation> {
        let name = format!("{}\n{:?}\n{by:?}", name_of(register), register.languages);
        let slot = self.slot(view, |state| {
            let known = state.orders.iter().position(|(known, _)| *known == name);
            let entry = match known {
                Some(at) => state.orders.remove(at),
                None => {
                    if state.orders.len() == MOST_ORDERS {
                        state.orders.remove(0);
                    }
                    (name, Arc::default())
                }
            };
            let slot = Arc::clone(&entry.1);
            state.orders.push(entry);
            slot
        });
        slot.get(
            || Permutation::build(roster, keys),
            |_, before| Arc::new(before.updated(roster, keys)),
        )
    }

    fn keep<'a>(&'a self, view: &'a View) -> KeepIn<'a> {
        KeepIn { index: self, view }
    }

    fn answer(&self, view: &View, name: &str) -> Option<Arc<Vec<u32>>> {
        let mut state = self.state_for(view)?;
        let at = state.answers.iter().position(|(known, _)| known == name)?;
        let entry = state.answers.remove(at);
        let found = Arc::clone(&entry.1);
        state.answers.push(entry);
        Some(found)
    }

    fn keep_answer(&self, view: &View, name: String, found: &Arc<Vec<u32>>) {
        if !(WORTH_KEEPING..=MOST_KEPT_NUMBERS).contains(&found.len()) {
            return;
        }
        let Some(mut state) = self.state_for(view) else {
            return;
        };
        state.answers.push((name, Arc::clone(found)));
        let size = |state: &State| {
            state
                .answers
                .iter()
                .map(|(_, kept)| kept.len())
                .sum::<usize>()
        };
        while state.answers.len() > MOST_ANSWERS || size(&state) > MOST_KEPT_NUMBERS {
            state.answers.remove(0);
        }
    }

    /// A slot of the view's state; one that nobody keeps when the view is older than what is kept.
    fn slot<T>(&self, view: &View, find: impl FnOnce(&mut State) -> Arc<Slot<T>>) -> Arc<Slot<T>> {
        match self.state_for(view) {
            Some(mut state) => find(&mut state),
            None => Arc::default(),
        }
    }

    /// The kept state, moved to the view's snapshot when that is newer; nothing when the view is older than what is kept.
    fn state_for(&self, view: &View) -> Option<MutexGuard<'_, State>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let snapshot = view.snapshot();
        match &state.snapshot {
            // The same state may be stored in another way by now: what is kept is to hold the newer way.
            Some(kept) if kept.is_same_as(snapshot) => state.snapshot = Some(snapshot.clone()),
            Some(kept) if kept.seq() >= snapshot.seq() => return None,
            None => state.snapshot = Some(snapshot.clone()),
            Some(kept) if kept.ids() != snapshot.ids() => {
                *state = State {
                    snapshot: Some(snapshot.clone()),
                    ..State::default()
                };
            }
            Some(kept) => {
                let kept = kept.clone();
                state.follow(&kept, snapshot);
            }
        }
        Some(state)
    }
}

impl State {
    /// Moves on to the state after later commits.
    fn follow(&mut self, kept: &Snapshot, snapshot: &Snapshot) {
        fn next<K, T>(slots: &mut FxHashMap<K, Arc<Slot<T>>>, kept: &Snapshot) {
            for slot in slots.values_mut() {
                *slot = Arc::new(slot.next(kept));
            }
        }
        next(&mut self.rosters, kept);
        next(&mut self.ranks, kept);
        next(&mut self.values, kept);
        for (_, slot) in &mut self.orders {
            *slot = Arc::new(slot.next(kept));
        }
        self.answers.clear();
        self.snapshot = Some(snapshot.clone());
    }
}

/// The look-ups that an index keeps, for one view.
struct KeepIn<'a> {
    index: &'a CollectionIndex,
    view: &'a View,
}

impl Keep for KeepIn<'_> {
    fn slot(&self, predicate: Id, lookup: Lookup) -> Arc<Slot<Values>> {
        self.index.slot(self.view, |state| {
            Arc::clone(state.values.entry((predicate, lookup)).or_default())
        })
    }
}
