//! The addresses of a street by house number, read from the state itself: two sorted lists, of the street and of the number,
//! gone through side by side with leaps. Compares no names.

use super::index::{Predicates, literal};
use crate::store::{Id, Order, View};
use crate::views::labels::last_segment;
use oxrdf::LiteralRef;

/// Addresses with one number in one street that are looked at: a tower has hundreds.
const MAX_AT_NUMBER: usize = 2_000;
/// Addresses that one address may have been replaced by, step by step.
const MAX_STEPS: usize = 16;

/// Reads addresses of one state.
pub(super) struct Addresses<'a> {
    pub(super) view: &'a View,
    pub(super) predicates: Predicates,
}

/// What is compared of an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub(super) house: String,
    pub(super) box_number: String,
    pub(super) posts: Vec<Id>,
    /// Last segment of the status.
    pub(super) status: String,
}

impl Addresses<'_> {
    /// The addresses of a street with a house number, as it is written.
    pub(super) fn at(&self, street: Id, house: &str) -> Vec<Id> {
        let (Some(has_street), Some(has_number)) = (self.predicates.street, self.predicates.number)
        else {
            return Vec::new();
        };
        let number = LiteralRef::new_simple_literal(house);
        let Some(number) = self.view.id_of(number.into()) else {
            return Vec::new();
        };
        let sorted = |p: Id, o: Id| self.view.sorted(Order::Posg, &[p.raw(), o.raw()], false);
        let mut of_street = sorted(has_street, street);
        let mut of_number = sorted(has_number, number);
        let mut found = Vec::new();
        let (mut one, mut other) = (of_street.next_row(), of_number.next_row());
        while let (Some(a), Some(b)) = (one, other)
            && found.len() < MAX_AT_NUMBER
        {
            match a[2].cmp(&b[2]) {
                std::cmp::Ordering::Equal => {
                    found.extend(Id::from_raw(a[2]));
                    one = of_street.next_row();
                    other = of_number.next_row();
                }
                std::cmp::Ordering::Less => {
                    of_street.seek([has_street.raw(), street.raw(), b[2]]);
                    one = of_street.next_row();
                }
                std::cmp::Ordering::Greater => {
                    of_number.seek([has_number.raw(), number.raw(), a[2]]);
                    other = of_number.next_row();
                }
            }
        }
        found
    }

    /// What took the place of an address; nothing when it was not replaced.
    pub(super) fn successors(&self, address: Id) -> Vec<Id> {
        let Some(replaced_by) = self.predicates.replaced_by else {
            return Vec::new();
        };
        let (mut open, mut last, mut steps) = (vec![address], Vec::new(), 0);
        while let Some(at) = open.pop() {
            steps += 1;
            let before = open.len();
            if steps <= MAX_STEPS {
                open.extend(self.view.objects(at, replaced_by).filter(|id| id.is_iri()));
            }
            if open.len() == before && at != address && !last.contains(&at) {
                last.push(at);
            }
        }
        last
    }

    /// Whether an address is in a street.
    pub(super) fn is_in(&self, address: Id, street: Id) -> bool {
        let has_street = self.predicates.street;
        has_street.is_some_and(|p| self.view.contains(address, p, street))
    }

    /// What is compared of an address.
    pub(super) fn facts(&self, address: Id) -> Facts {
        let first = |p: Option<Id>| p.and_then(|p| self.view.objects(address, p).next());
        let text = |p: Option<Id>| {
            let found = first(p).and_then(|id| literal(self.view, id));
            found.map_or(String::new(), |(text, _)| text)
        };
        let postal = self.predicates.postal.into_iter();
        Facts {
            house: text(self.predicates.number),
            box_number: text(self.predicates.box_number),
            posts: postal.flat_map(|p| self.view.objects(address, p)).collect(),
            status: first(self.predicates.status)
                .and_then(|id| self.view.iri(id).map(|iri| last_segment(&iri).to_owned()))
                .unwrap_or_default(),
        }
    }
}
