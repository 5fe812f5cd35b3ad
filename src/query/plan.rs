//! Chooses the order and the method of joins from counts and statistics, so that the order in which patterns are
//! written does not matter. Knows relations with variables, sizes and costs; knows no query language and reads no quad:
//! `algebra_in::ordering` turns patterns into relations and the chosen tree back into a query.

mod estimate;
mod search;

pub(super) use estimate::{StarMember, StarObject};
pub(super) use search::order;

/// Microseconds to start one look-up in the index.
pub(super) const LOOKUP_US: f64 = 1.2;
/// Microseconds to take one row from the index.
pub(super) const ROW_US: f64 = 0.15;
/// Microseconds to put one solution into a hash table.
pub(super) const BUILD_US: f64 = 0.5;
/// Microseconds to look for one solution in a hash table.
pub(super) const PROBE_US: f64 = 0.3;
/// Microseconds to combine two solutions.
pub(super) const COMBINE_US: f64 = 0.1;

/// A set of variables, which are numbers below 128.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct VarSet(u128);

impl VarSet {
    /// How many different variables there may be.
    pub(super) const CAPACITY: usize = 128;

    /// The set of one variable.
    pub(super) fn one(variable: u8) -> Self {
        Self(1 << variable)
    }

    pub(super) fn insert(&mut self, variable: u8) {
        self.0 |= 1 << variable;
    }

    #[must_use]
    pub(super) fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    #[must_use]
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    #[must_use]
    pub(super) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// The members, ascending.
    pub(super) fn iter(self) -> impl Iterator<Item = u8> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            if left == 0 {
                return None;
            }
            let next = left.trailing_zeros() as u8;
            left &= left - 1;
            Some(next)
        })
    }
}

/// One operand of a join.
#[derive(Clone, Debug)]
pub(super) struct Relation {
    /// Variables that some solution binds.
    pub(super) possible: VarSet,
    /// Variables that every solution binds.
    pub(super) certain: VarSet,
    /// Solutions when evaluated on its own.
    pub(super) rows: f64,
    /// Different values of its variables, where known; otherwise as many as rows.
    pub(super) distinct: Vec<(u8, f64)>,
    /// Microseconds until the first solution when evaluated on its own.
    pub(super) start_us: f64,
    /// Microseconds for all solutions after that.
    pub(super) scan_us: f64,
    /// Microseconds to start one look-up with variables given; `None` when it must be evaluated on its own.
    pub(super) lookup_us: Option<f64>,
    /// Its part in a star, for which there are better figures.
    pub(super) star: Option<StarMember>,
}

/// A filter on a join: the share of solutions that pass it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition {
    /// The variables it reads.
    pub(super) variables: VarSet,
    /// Between 0 and 1.
    pub(super) selectivity: f64,
}

/// What the search has to keep to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// Variables that have a value before the join starts, from the row it is evaluated for.
    pub(super) bound: VarSet,
    /// Only look-ups: no hash tables.
    pub(super) loops_only: bool,
    /// Solutions that will be read; infinite when all are.
    pub(super) goal: f64,
    /// Most solutions a hash table should hold.
    pub(super) max_build: f64,
}

/// How to evaluate a join.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum JoinTree {
    /// One relation, by its place in the list.
    Leaf(usize),
    /// The right side once for each solution of the left side.
    Loop(Box<JoinTree>, Box<JoinTree>),
    /// A hash table of the first, in which the solutions of the second are looked for.
    Hash(Box<JoinTree>, Box<JoinTree>),
}

/// A join with its order, and what it is expected to give and take.
#[derive(Clone, Debug)]
pub(super) struct Ordered {
    /// The order.
    pub(super) tree: JoinTree,
    /// Solutions.
    pub(super) rows: f64,
    /// Microseconds for the solutions that will be read.
    pub(super) cost_us: f64,
}

#[cfg(test)]
mod tests;
