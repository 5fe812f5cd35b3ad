//! Collections of a register: items in a declared order, pages by key or by number, declared filters answered on ids.
//! A page that starts after an item costs the same at any depth and does not shift under writes.
//!
//! What is made of a state is kept for the next request and brought up to date by commits: the items (8 bytes each), the
//! ranks of their values by a sort key (4 bytes each, and 8 for each value), an order by such keys (4 bytes each), the
//! values that filters compare (16 bytes for each value), and the items that filters let through (4 bytes each).

mod conditions;
mod kept;
mod ranks;
mod roster;
mod scale;
mod slots;
mod sorting;
mod values;
mod walk;

pub use kept::CollectionIndex;
pub use roster::token_of;
pub(in crate::views) use scale::takes as takes_language;
pub use sorting::{MAX_SORT_KEYS, SortBy, parse_sort};

use crate::query::BoxSearch;
use crate::rdf::label::Text;
use crate::registry::Register;
use crate::store::{Id, View};
use std::cmp::Ordering;

/// Items of a page when the request names no number.
pub const DEFAULT_LIMIT: usize = 100;
/// Most items of a page.
pub const MAX_LIMIT: usize = 500;

/// What a client asks of a collection.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CollectionQuery {
    /// Filter parameters with values; all must hold. Empty values do not filter.
    pub filters: Vec<(String, String)>,
    /// Token of the item after which the page starts.
    pub after: Option<String>,
    /// Items passed over, from there or from the start.
    pub offset: usize,
    /// Most items, 1 to [`MAX_LIMIT`].
    pub limit: usize,
    /// The order; empty for the natural one.
    pub sort: Vec<SortBy>,
    /// Only items whose geometry meets a box.
    pub bbox: Option<BoxSearch>,
    /// Only items that changed at their source at or after a moment, as the request wrote it.
    pub changed_since: Option<String>,
}

impl CollectionQuery {
    /// Whether every item is asked for.
    pub fn is_unfiltered(&self) -> bool {
        self.filters.iter().all(|(_, value)| value.is_empty())
            && self.bbox.is_none()
            && self.changed_since.is_none()
    }
}

/// One page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The items, in the order of the collection.
    pub items: Vec<Id>,
    /// Number of items in all pages together.
    pub total: u64,
    /// Token of the last item, when more follow.
    pub next: Option<String>,
}

/// The collection has no such filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the collection has no filter {name}")]
pub struct FilterError {
    /// The name asked for.
    pub name: String,
    /// The filters there are.
    pub known: Vec<String>,
}

/// A parameter has a value that it does not take.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{parameter} is {}, not {value:?}", allowed.en)]
pub struct WrongValue {
    /// The parameter.
    pub parameter: String,
    /// The value, or the part of it that is wrong.
    pub value: String,
    /// What is allowed, as the end of a sentence.
    pub allowed: Text,
    /// The values there are, when they can be listed.
    pub known: Vec<String>,
}

/// Why a collection does not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such filter.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A value is wrong.
    #[error(transparent)]
    Value(#[from] WrongValue),
}

impl CollectionIndex {
    /// A page of a register.
    ///
    /// # Errors
    /// [`Refused`] for a filter the register does not declare, and for a value that a filter or `na` does not take.
    pub fn page(
        &self,
        view: &View,
        register: &Register,
        query: &CollectionQuery,
    ) -> Result<Page, Refused> {
        let roster = self.roster(view, register);
        let keys = self.keys(view, register, &roster, &query.sort);
        let listing = self.listing(view, register, &roster, &keys, query)?;
        let start = match &query.after {
            None => 0,
            Some(token) => {
                let cursor = sorting::Cursor::of_token(view, register, &roster, &keys, token)?;
                sorting::first_place(listing.len(), |place| {
                    let number = listing.at(&roster, place);
                    let found = cursor.compare(view, register, &roster, &keys, number);
                    found == Ordering::Greater
                })
            }
        };
        let start = start.saturating_add(query.offset).min(listing.len());
        let end = (start + query.limit.clamp(1, MAX_LIMIT)).min(listing.len());
        let numbers = (start..end).map(|place| listing.at(&roster, place));
        let items: Vec<Id> = numbers.map(|number| roster.ids[number as usize]).collect();
        let next = (start < end && end < listing.len()).then(|| {
            let last = listing.at(&roster, end - 1);
            sorting::order_token(view, register, &roster, &keys, last)
        });
        Ok(Page {
            items,
            total: listing.len() as u64,
            next,
        })
    }

    /// Those of some items for which the filters of a query hold, in the order in which they are given.
    ///
    /// # Errors
    /// [`Refused`] for a filter the register does not declare, and for a value that a filter does not take.
    pub fn among(
        &self,
        view: &View,
        register: &Register,
        query: &CollectionQuery,
        mut items: Vec<Id>,
    ) -> Result<Vec<Id>, Refused> {
        let roster = self.roster(view, register);
        let keys = self.keys(view, register, &roster, &[]);
        let listing = self.listing(view, register, &roster, &keys, query)?;
        if listing.len() < roster.len() {
            let numbers = (0..listing.len()).map(|place| listing.at(&roster, place));
            let mut held: Vec<Id> = numbers.map(|number| roster.ids[number as usize]).collect();
            held.sort_unstable();
            items.retain(|id| held.binary_search(id).is_ok());
        }
        Ok(items)
    }

    /// All items of a register, in natural order: numbers by size, then other ids, then items outside the register's own
    /// pattern. Follows from their IRIs alone. 8 bytes an item.
    pub fn in_order(&self, view: &View, register: &Register) -> Vec<Id> {
        let roster = self.roster(view, register);
        let numbers = (0..roster.len()).map(|place| roster.at(place));
        numbers.map(|number| roster.ids[number as usize]).collect()
    }

    /// Number of items of a register.
    pub fn count(&self, view: &View, register: &Register) -> u64 {
        self.roster(view, register).len() as u64
    }
}

#[cfg(test)]
mod tests;
