//! Orders of a collection by declared keys: what a request asks for, the permutation of all items that answers it, and places
//! in it that hold under writes.
//!
//! A permutation takes 4 bytes an item, besides the ranks of its keys.

use super::ranks::{NO_RANK, Ranks};
use super::roster::{ItemKey, Roster, token_of};
use super::scale::Scale;
use super::{Refused, WrongValue};
use crate::rdf::label::Text;
use crate::registry::{Register, SortKey};
use crate::store::View;
use std::cmp::Ordering;
use std::sync::Arc;

/// Most keys of one order.
pub const MAX_SORT_KEYS: usize = 3;

/// One key of an order.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SortBy {
    /// Name of a declared sort key.
    pub name: String,
    /// Whether great values come first.
    pub descending: bool,
}

/// Reads `sort=naam,-status`; `id` is the natural order, and ends the list.
///
/// # Errors
/// [`WrongValue`] for a key that the register does not declare, and for too many.
pub fn parse_sort(register: &Register, text: &str) -> Result<Vec<SortBy>, WrongValue> {
    let mut keys: Vec<SortBy> = Vec::new();
    for part in text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
    {
        let (name, descending) = match part.strip_prefix('-') {
            Some(name) => (name, true),
            None => (part, false),
        };
        let is_natural = name == "id";
        // What is equal by a key is not put in another order by the same key again.
        if keys.iter().any(|key| key.name == name) {
            continue;
        }
        if !is_natural && register.sort_key(name).is_none() || keys.len() == MAX_SORT_KEYS {
            let known = register.sorts.iter().map(|key| key.name.clone());
            let known: Vec<String> = ["id".to_owned()].into_iter().chain(known).collect();
            let list = known.join(", ");
            return Err(WrongValue {
                parameter: "sort".to_owned(),
                value: part.to_owned(),
                allowed: Text::new(
                    format!(
                        "hoogstens {MAX_SORT_KEYS} van deze sleutels, met een komma ertussen en met - ervoor voor de omgekeerde volgorde: {list}"
                    ),
                    format!(
                        "at most {MAX_SORT_KEYS} of these keys, with a comma between them and with - before one for the other way round: {list}"
                    ),
                ),
                known,
            });
        }
        keys.push(SortBy {
            name: name.to_owned(),
            descending,
        });
        if is_natural {
            break;
        }
    }
    // The natural order is what decides at the end anyway.
    if keys
        .last()
        .is_some_and(|key| key.name == "id" && !key.descending)
    {
        keys.pop();
    }
    Ok(keys)
}

/// A key of an order with the ranks of all items; without ranks it is the natural order.
pub(super) struct RankedKey<'a> {
    pub(super) declared: Option<&'a SortKey>,
    pub(super) ranks: Option<Arc<Ranks>>,
    pub(super) descending: bool,
}

impl RankedKey<'_> {
    fn scale<'a>(&'a self, register: &'a Register) -> Option<Scale<'a>> {
        self.declared.map(|key| scale_of(register, key))
    }

    fn of(&self, roster: &Roster, number: u32) -> u32 {
        let rank = match &self.ranks {
            Some(ranks) => ranks.of[number as usize],
            None => roster.place(number),
        };
        if self.descending && rank != NO_RANK {
            // Items without a value stay last.
            NO_RANK - 1 - rank
        } else {
            rank
        }
    }
}

/// How the values of a sort key compare.
pub(super) fn scale_of<'a>(register: &'a Register, key: &'a SortKey) -> Scale<'a> {
    Scale {
        kind: key.kind,
        language: key.language.as_deref(),
        languages: &register.languages,
    }
}

/// What an item is compared by: its ranks, then its natural place.
fn packed_key(keys: &[RankedKey<'_>], roster: &Roster, number: u32) -> u128 {
    let ranks = keys.iter().map(|key| key.of(roster, number));
    let ranks = ranks.chain([roster.place(number)]);
    ranks.fold(0, |packed, rank| packed << 32 | u128::from(rank))
}

/// Puts items in the order of some keys.
pub(super) fn sort(numbers: &mut [u32], keys: &[RankedKey<'_>], roster: &Roster) {
    if let [key] = keys {
        // One key and the place fit in half the room.
        let mut packed: Vec<(u64, u32)> = numbers
            .iter()
            .map(|number| {
                let rank = u64::from(key.of(roster, *number));
                (rank << 32 | u64::from(roster.place(*number)), *number)
            })
            .collect();
        packed.sort();
        for (slot, (_, number)) in numbers.iter_mut().zip(packed) {
            *slot = number;
        }
        return;
    }
    let mut packed: Vec<(u128, u32)> = numbers
        .iter()
        .map(|number| (packed_key(keys, roster, *number), *number))
        .collect();
    // What is nearly in order is sorted in little more than a pass.
    packed.sort();
    for (slot, (_, number)) in numbers.iter_mut().zip(packed) {
        *slot = number;
    }
}

/// All items in an order.
pub(super) struct Permutation {
    roster: Arc<Roster>,
    pub(super) order: Vec<u32>,
}

impl Permutation {
    pub(super) fn build(roster: &Arc<Roster>, keys: &[RankedKey<'_>]) -> Self {
        let mut order: Vec<u32> = (0..roster.len()).map(|place| roster.at(place)).collect();
        sort(&mut order, keys, roster);
        Self {
            roster: Arc::clone(roster),
            order,
        }
    }

    /// The same after later commits: what was in order stays so, and is gone through once.
    pub(super) fn updated(&self, roster: &Arc<Roster>, keys: &[RankedKey<'_>]) -> Self {
        let mut order;
        if Arc::ptr_eq(roster, &self.roster) {
            order = self.order.clone();
        } else {
            let numbers = roster.renumbered(&self.roster);
            let mut is_new = vec![true; roster.len()];
            order = Vec::with_capacity(roster.len());
            for before in &self.order {
                let now = numbers[*before as usize];
                if now != u32::MAX {
                    is_new[now as usize] = false;
                    order.push(now);
                }
            }
            order.extend(
                (0..)
                    .zip(&is_new)
                    .filter(|(_, new)| **new)
                    .map(|(at, _)| at),
            );
        }
        sort(&mut order, keys, roster);
        Self {
            roster: Arc::clone(roster),
            order,
        }
    }
}

/// A place between items of an order: after the item that a token names, wherever that item now is.
pub(super) struct Cursor {
    /// For each key a rank counted double, so that there is room between two.
    places: Vec<u64>,
    item: ItemKey,
}

/// Stands for a missing value in a token.
const MISSING: &str = "!-";

/// The token of an item in an order: its values, then its own token, with commas between.
pub(super) fn order_token(
    view: &View,
    register: &Register,
    roster: &Roster,
    keys: &[RankedKey<'_>],
    number: u32,
) -> String {
    let own = token_of(view, register, roster.ids[number as usize]);
    if keys.is_empty() {
        return own;
    }
    let mut out = String::new();
    for key in keys {
        if let (Some(ranks), Some(scale)) = (&key.ranks, key.scale(register)) {
            match ranks.written(view, scale, number) {
                Some(value) => out.push_str(&value.replace('!', "!0").replace(',', "!1")),
                None => out.push_str(MISSING),
            }
            out.push(',');
        }
    }
    out + &own
}

/// Says that a token is none of this order.
pub(super) fn no_token(token: &str) -> Refused {
    Refused::Value(WrongValue {
        parameter: "na".to_owned(),
        value: token.to_owned(),
        allowed: Text::new(
            "het teken uit `volgende` van een bladzijde in dezelfde volgorde",
            "the token from `volgende` of a page in the same order",
        ),
        known: Vec::new(),
    })
}

impl Cursor {
    /// The place that a token names in an order.
    ///
    /// # Errors
    /// When it is no token of this order.
    pub(super) fn of_token(
        view: &View,
        register: &Register,
        roster: &Roster,
        keys: &[RankedKey<'_>],
        token: &str,
    ) -> Result<Self, Refused> {
        let wrong = || no_token(token);
        let ranked = keys.iter().filter(|key| key.ranks.is_some()).count();
        let parts: Vec<&str> = token.splitn(ranked + 1, ',').collect();
        let (own, mut values) = match parts.split_last() {
            Some((own, values)) if values.len() == ranked => (*own, values.iter()),
            _ => return Err(wrong()),
        };
        let item = ItemKey::of_token(register, own);
        let mut places = Vec::with_capacity(keys.len());
        for key in keys {
            let place = match (&key.ranks, key.scale(register)) {
                (Some(ranks), Some(scale)) => match values.next() {
                    Some(&MISSING) => None,
                    Some(value) => {
                        let value = value.replace("!1", ",").replace("!0", "!");
                        let value = scale.read(&value).ok_or_else(wrong)?;
                        Some(match ranks.place(view, scale, &value) {
                            Ok(rank) => 2 * rank as u64 + 1,
                            Err(rank) => 2 * rank as u64,
                        })
                    }
                    None => return Err(wrong()),
                },
                _ => {
                    let key = |place: usize| {
                        let id = roster.ids[roster.at(place) as usize];
                        ItemKey::of_item(view, register, id)
                    };
                    let at = first_place(roster.len(), |place| key(place) >= item);
                    let is_there = at < roster.len() && key(at) == item;
                    Some(2 * at as u64 + u64::from(is_there))
                }
            };
            places.push(match place {
                None => u64::MAX,
                Some(place) if key.descending => 2 * u64::from(NO_RANK) - place,
                Some(place) => place,
            });
        }
        Ok(Self { places, item })
    }

    /// How an item compares with the place.
    pub(super) fn compare(
        &self,
        view: &View,
        register: &Register,
        roster: &Roster,
        keys: &[RankedKey<'_>],
        number: u32,
    ) -> Ordering {
        for (key, place) in keys.iter().zip(&self.places) {
            let rank = match key.of(roster, number) {
                NO_RANK => u64::MAX,
                // The place of a rank r is 2r + 1, or as much from the other end.
                rank => 2 * u64::from(rank) + 1,
            };
            match rank.cmp(place) {
                Ordering::Equal => {}
                other => return other,
            }
        }
        ItemKey::of_item(view, register, roster.ids[number as usize]).cmp(&self.item)
    }
}

/// The first place for which something holds that holds for all after it.
pub(super) fn first_place(len: usize, holds: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = usize::midpoint(low, high);
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
