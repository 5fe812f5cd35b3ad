//! How many solutions a join of some relations has. Stars, which are patterns about one subject, are estimated from
//! characteristic sets; other joins from the numbers of different values on both sides.
//! Chooses nothing.

use crate::query::plan::{Condition, Relation, VarSet};
use crate::store::{Id, StarGroup, Statistics};
use std::cell::RefCell;

/// Members of a star up to which figures are kept.
const MAX_KNOWN: usize = 10;

/// A pattern `?subject <predicate> object` as a member of a star.
#[derive(Clone, Copy, Debug)]
pub(in crate::query) struct StarMember {
    /// The subject variable.
    pub(in crate::query) subject: u8,
    /// Which graph the pattern is about; patterns about different graphs are no star.
    pub(in crate::query) scope: usize,
    /// Share of the triples counted by the statistics that this graph holds; above 1 when there are more by now.
    pub(in crate::query) share: f64,
    /// The predicate, which the statistics know.
    pub(in crate::query) predicate: Id,
    /// The object.
    pub(in crate::query) object: StarObject,
}

/// What a pattern of a star has as object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum StarObject {
    /// A variable.
    Variable,
    /// A term that is independent of what else the subject has.
    Constant,
    /// A class: its members are those that have the other predicates, as far as there are so many.
    Class,
}

/// One star of a join.
struct Star {
    /// Places in the list of relations.
    relations: Vec<usize>,
    kinds: Vec<StarObject>,
    /// Solutions of each pattern alone.
    rows: Vec<f64>,
    /// Share of the predicate's subjects that have the constant; 1 for variables.
    shares: Vec<f64>,
    /// With rows per subject instead of rows; 1 for constants.
    groups: Vec<StarGroup>,
    visible: f64,
    /// What was computed before, by mask; for stars small enough that every mask may be asked for.
    known: RefCell<Vec<Option<(f64, f64)>>>,
}

impl Star {
    /// Solutions and subjects of the members in a mask.
    fn figures(&self, mask: u64) -> (f64, f64) {
        let mut known = self.known.borrow_mut();
        match known.get_mut(mask as usize) {
            Some(Some(figures)) => *figures,
            Some(unknown) => *unknown.insert(self.compute(mask)),
            None => self.compute(mask),
        }
    }

    fn compute(&self, mask: u64) -> (f64, f64) {
        let (mut subjects, mut solutions) = (0.0, 0.0);
        for group in &self.groups {
            if group.members & mask != mask {
                continue;
            }
            subjects += group.subjects;
            solutions += bits(mask).fold(group.subjects, |each, i| each * group.rows[i]);
        }
        // The figures may be a little old: what they have not seen may still be there.
        let subjects = f64::max(subjects, 0.01);
        let per_subject = f64::max(solutions, 0.01) / subjects;
        let mut chosen = subjects * self.visible;
        let mut most = f64::INFINITY;
        for i in bits(mask) {
            if self.kinds[i] == StarObject::Constant {
                chosen *= self.shares[i];
            }
            if self.kinds[i] != StarObject::Variable {
                most = most.min(self.rows[i]);
            }
        }
        let chosen = chosen.min(most);
        (chosen * per_subject, chosen)
    }
}

/// The set bits of a mask.
fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        if mask == 0 {
            return None;
        }
        let bit = mask.trailing_zeros() as usize;
        mask &= mask - 1;
        Some(bit)
    })
}

/// What is known of the join of some of the relations.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Solutions.
    pub(super) rows: f64,
    /// Variables that all solutions bind.
    pub(super) certain: VarSet,
    /// Fewest different values of each join variable among the relations joined; infinite where it is in none.
    least: Vec<f64>,
    /// Members joined, per star.
    stars: Vec<u64>,
}

/// Estimates joins of one list of relations.
pub(super) struct Estimator<'a> {
    relations: &'a [Relation],
    conditions: &'a [Condition],
    /// Place of each variable in [`State::least`]; `u8::MAX` when it joins nothing.
    places: [u8; VarSet::CAPACITY],
    joins: usize,
    stars: Vec<Star>,
    /// Per relation: its star and its bit there.
    member: Vec<Option<(usize, u32)>>,
    /// Different values per relation and place.
    distinct: Vec<f64>,
}

impl<'a> Estimator<'a> {
    pub(super) fn new(
        relations: &'a [Relation],
        conditions: &'a [Condition],
        bound: VarSet,
        statistics: Option<&Statistics>,
    ) -> Self {
        let mut places = [u8::MAX; VarSet::CAPACITY];
        let (mut seen, mut shared) = (bound, VarSet::default());
        for relation in relations {
            shared = shared.or(seen.and(relation.possible));
            seen = seen.or(relation.possible);
        }
        let mut joins = 0;
        for variable in shared.iter() {
            places[variable as usize] = joins;
            joins += 1;
        }
        let mut estimator = Self {
            relations,
            conditions,
            places,
            joins: joins.into(),
            stars: Vec::new(),
            member: vec![None; relations.len()],
            distinct: Vec::new(),
        };
        for relation in relations {
            estimator
                .distinct
                .extend(shared.iter().map(|variable| distinct(relation, variable)));
        }
        if let Some(statistics) = statistics {
            estimator.find_stars(statistics);
        }
        estimator
    }

    fn find_stars(&mut self, statistics: &Statistics) {
        for first in 0..self.relations.len() {
            let Some(star) = self.relations[first].star else {
                continue;
            };
            if self.member[first].is_some() {
                continue;
            }
            let relations: Vec<usize> = (first..self.relations.len())
                .filter(|i| {
                    self.relations[*i]
                        .star
                        .is_some_and(|s| (s.subject, s.scope) == (star.subject, star.scope))
                })
                .take(64)
                .collect();
            if relations.len() < 2 {
                continue;
            }
            let member = |i: &usize| self.relations[*i].star.unwrap_or(star);
            let predicates: Vec<Id> = relations.iter().map(|i| member(i).predicate).collect();
            let rows: Vec<f64> = relations.iter().map(|i| self.relations[*i].rows).collect();
            let shares = relations
                .iter()
                .zip(&rows)
                .map(|(i, rows)| match member(i).object {
                    StarObject::Variable => 1.0,
                    StarObject::Constant | StarObject::Class => statistics
                        .predicate(member(i).predicate)
                        .map_or(1.0, |p| (rows / (p.subjects as f64).max(1.0)).min(1.0)),
                })
                .collect();
            let kinds: Vec<StarObject> = relations.iter().map(|i| member(i).object).collect();
            let mut groups = statistics.star(&predicates);
            groups.retain(|group| group.subjects > 0.0);
            for group in &mut groups {
                for (rows, kind) in group.rows.iter_mut().zip(&kinds) {
                    *rows = match kind {
                        StarObject::Variable => *rows / group.subjects,
                        StarObject::Constant | StarObject::Class => 1.0,
                    };
                }
            }
            let table = Star {
                kinds,
                rows,
                shares,
                groups,
                visible: relations
                    .iter()
                    .map(|i| member(i).share)
                    .fold(0.0, f64::max),
                known: RefCell::new(if relations.len() <= MAX_KNOWN {
                    vec![None; 1 << relations.len()]
                } else {
                    Vec::new()
                }),
                relations,
            };
            for (bit, relation) in table.relations.iter().enumerate() {
                self.member[*relation] = Some((self.stars.len(), bit as u32));
            }
            self.stars.push(table);
        }
    }

    /// Before anything is joined: one empty solution, in which the given variables have one value each.
    pub(super) fn start(&self, bound: VarSet) -> State {
        let mut state = State {
            rows: 1.0,
            certain: bound,
            least: vec![f64::INFINITY; self.joins],
            stars: vec![0; self.stars.len()],
        };
        for variable in bound.iter() {
            if let Some(least) = self.place(variable).and_then(|p| state.least.get_mut(p)) {
                *least = 1.0;
            }
        }
        state
    }

    fn place(&self, variable: u8) -> Option<usize> {
        let place = self.places[variable as usize];
        (place != u8::MAX).then_some(place.into())
    }

    /// Solutions once a relation joins, before the conditions that it makes ready are applied.
    pub(super) fn joined_rows(&self, state: &State, relation: usize) -> f64 {
        let own = &self.relations[relation];
        let mut star_subject = None;
        let mut rows = state.rows * own.rows;
        if let (Some((star, bit)), Some(member)) = (self.member[relation], own.star) {
            let before = state.stars[star];
            if before != 0 {
                let (had, _) = self.stars[star].figures(before);
                let (has, _) = self.stars[star].figures(before | 1 << bit);
                rows = state.rows * has / had.max(1e-9);
                star_subject = Some(member.subject);
            }
        }
        for variable in own.certain.and(state.certain).iter() {
            if star_subject == Some(variable) {
                continue;
            }
            if let Some(place) = self.place(variable) {
                let theirs = state.least[place].min(state.rows).max(1.0);
                rows /= theirs.max(self.distinct[relation * self.joins + place]);
            }
        }
        rows
    }

    /// The state once a relation has joined.
    pub(super) fn join(&self, state: &State, relation: usize) -> State {
        let own = &self.relations[relation];
        let mut next = state.clone();
        next.rows = self.joined_rows(state, relation);
        next.certain = state.certain.or(own.certain);
        for variable in own.certain.iter() {
            if let Some(place) = self.place(variable) {
                let own = self.distinct[relation * self.joins + place];
                next.least[place] = next.least[place].min(own);
            }
        }
        if let (Some((star, bit)), Some(member)) = (self.member[relation], own.star) {
            next.stars[star] |= 1 << bit;
            let (_, subjects) = self.stars[star].figures(next.stars[star]);
            if let Some(place) = self.place(member.subject) {
                next.least[place] = next.least[place].min(subjects);
            }
        }
        for condition in self.conditions {
            if condition.variables.is_within(next.certain)
                && !condition.variables.is_within(state.certain)
            {
                next.rows *= condition.selectivity;
            }
        }
        next
    }
}

fn distinct(relation: &Relation, variable: u8) -> f64 {
    relation
        .distinct
        .iter()
        .find(|(v, _)| *v == variable)
        .map_or(relation.rows, |(_, distinct)| *distinct)
        .max(1.0)
}
