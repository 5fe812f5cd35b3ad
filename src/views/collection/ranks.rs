//! What items are worth by one sort key: the rank of each item's value among all values. Made in a few passes over the index,
//! brought up to date by commits item by item. Orders nothing itself.
//!
//! Takes 4 bytes an item, and 8 for each value there is.

use super::roster::Roster;
use super::scale::{Scale, Scaled};
use super::walk::{NONE, affected, best};
use crate::store::{Id, Snapshot, View};
use std::sync::Arc;

/// The rank of an item without a value.
pub(super) const NO_RANK: u32 = u32::MAX;
/// Share of the items, as a divisor, that may be affected before ranks are made anew.
const MOST_SHARE: usize = 8;

/// Ranks of the items of a roster.
pub(super) struct Ranks {
    roster: Arc<Roster>,
    /// By an item's number; [`NO_RANK`] without a value.
    pub(super) of: Vec<u32>,
    /// A value of each rank. Values that compare alike have one rank.
    values: Vec<Id>,
}

impl Ranks {
    /// No item has a value.
    pub(super) fn none(roster: &Arc<Roster>) -> Self {
        Self {
            roster: Arc::clone(roster),
            of: vec![NO_RANK; roster.len()],
            values: Vec::new(),
        }
    }

    pub(super) fn build(view: &View, roster: &Arc<Roster>, path: &[Id], scale: Scale<'_>) -> Self {
        let mut values = Vec::new();
        let packed = best(view, path, &roster.ids, &mut |objects| {
            let mut known: Vec<(Scaled, u8, u32)> = Vec::with_capacity(objects.len());
            for (at, object) in (0..).zip(objects) {
                if let Some((preference, value)) = scale.of(view, *object) {
                    known.push((value, preference, at));
                }
            }
            known.sort_unstable();
            let mut scores = vec![NONE; objects.len()];
            let mut last: Option<&Scaled> = None;
            for (value, preference, at) in &known {
                if last != Some(value) {
                    values.push(objects[*at as usize]);
                    last = Some(value);
                }
                scores[*at as usize] = pack(*preference, values.len() - 1);
            }
            scores
        });
        Self {
            roster: Arc::clone(roster),
            of: packed.into_iter().map(unpack).collect(),
            values,
        }
    }

    /// The same after later commits: only items that may have changed are looked at.
    pub(super) fn updated(
        self: &Arc<Self>,
        earlier: &Snapshot,
        view: &View,
        roster: &Arc<Roster>,
        path: &[Id],
        scale: Scale<'_>,
    ) -> Arc<Self> {
        let most = roster.len() / MOST_SHARE + 64;
        let Some(mut nodes) = affected(view, earlier, path, most) else {
            return Arc::new(Self::build(view, roster, path, scale));
        };
        let is_same = Arc::ptr_eq(roster, &self.roster);
        let mut of = if is_same {
            if nodes.is_empty() {
                return Arc::clone(self);
            }
            self.of.clone()
        } else {
            let mut of = vec![NO_RANK; roster.len()];
            let mut is_old = vec![false; roster.len()];
            for (before, now) in roster.renumbered(&self.roster).into_iter().enumerate() {
                if now != u32::MAX {
                    of[now as usize] = self.of[before];
                    is_old[now as usize] = true;
                }
            }
            let new = is_old.iter().zip(&roster.ids).filter(|(old, _)| !**old);
            nodes.extend(new.map(|(_, id)| *id));
            nodes.sort_unstable();
            nodes.dedup();
            of
        };
        if nodes.len() > most {
            return Arc::new(Self::build(view, roster, path, scale));
        }
        let numbers = roster.numbers_of(&nodes);
        let items: Vec<Id> = numbers.iter().map(|n| roster.ids[*n as usize]).collect();
        let mut values = self.values.clone();
        let mut moved: Option<Vec<u32>> = None;
        let packed = best(view, path, &items, &mut |objects| {
            let known: Vec<Option<(u8, Scaled)>> = objects
                .iter()
                .map(|object| scale.of(view, *object))
                .collect();
            let mut new: Vec<(usize, &Scaled, Id)> = Vec::new();
            for (value, object) in known.iter().zip(objects) {
                if let Some((_, value)) = value
                    && let Err(place) = place_of(view, scale, &values, value)
                {
                    new.push((place, value, *object));
                }
            }
            new.sort_unstable();
            new.dedup_by(|a, b| a.1 == b.1);
            if !new.is_empty() {
                let mut merged = Vec::with_capacity(values.len() + new.len());
                let mut shifted = Vec::with_capacity(values.len());
                let mut rest = new.iter().peekable();
                for (place, value) in values.iter().enumerate() {
                    while let Some((_, _, object)) = rest.next_if(|(at, _, _)| *at <= place) {
                        merged.push(*object);
                    }
                    shifted.push(merged.len() as u32);
                    merged.push(*value);
                }
                merged.extend(rest.map(|(_, _, object)| *object));
                values = merged;
                moved = Some(shifted);
            }
            let score = |value: &Option<(u8, Scaled)>| match value {
                None => NONE,
                Some((preference, value)) => match place_of(view, scale, &values, value) {
                    Ok(place) | Err(place) => pack(*preference, place),
                },
            };
            known.iter().map(score).collect()
        });
        if let Some(moved) = moved {
            for rank in of.iter_mut().filter(|rank| **rank != NO_RANK) {
                *rank = moved[*rank as usize];
            }
        }
        for (number, packed) in numbers.into_iter().zip(packed) {
            of[number as usize] = unpack(packed);
        }
        Arc::new(Self {
            roster: Arc::clone(roster),
            of,
            values,
        })
    }

    /// The value of an item as it is written, for [`Self::place`]; `None` without a value.
    pub(super) fn written(&self, view: &View, scale: Scale<'_>, number: u32) -> Option<String> {
        let rank = self.of[number as usize];
        let value = self.values.get(rank as usize)?;
        Some(scale.written(view, *value))
    }

    /// Where a value lies among the ranks: at one, or before one.
    pub(super) fn place(
        &self,
        view: &View,
        scale: Scale<'_>,
        value: &Scaled,
    ) -> Result<usize, usize> {
        place_of(view, scale, &self.values, value)
    }
}

fn place_of(view: &View, scale: Scale<'_>, values: &[Id], value: &Scaled) -> Result<usize, usize> {
    let own = |id: &Id| scale.of(view, *id).map(|(_, own)| own);
    let at = values.partition_point(|id| own(id).is_some_and(|own| own < *value));
    match values.get(at).and_then(own) {
        Some(found) if found == *value => Ok(at),
        _ => Err(at),
    }
}

/// The preference decides which value counts, the rank where the item stands.
fn pack(preference: u8, rank: usize) -> u64 {
    u64::from(preference) << 32 | rank as u64
}

fn unpack(packed: u64) -> u32 {
    // The lower half of [`NONE`] is [`NO_RANK`].
    packed as u32
}
