//! Figures about the triples of a state: rows and distinct ends per predicate, and characteristic sets, which are the
//! sets of predicates that subjects have together (Neumann and Moerkotte, ICDE 2011). Estimates for the planner and
//! figures for descriptions of the data. Counts nothing per graph or reader: a triple in several graphs is one triple.
//!
//! The builders take sorted rows one by one and keep little, so that a merge of sorted files can feed them in passing.

use crate::store::id::Id;
use crate::store::view::View;
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

/// Characteristic sets that are kept one by one; the subjects of the others are summed up.
const MAX_SETS: usize = 2_000;
/// Sets a builder holds before it sums up the rarest.
const MAX_OPEN_SETS: usize = 4 * MAX_SETS;
/// Predicates of a set that is kept; a subject with more counts with the rest.
const MAX_SET_PREDICATES: usize = 256;
/// Predicates with figures of their own, those with the most rows.
const MAX_PREDICATES: usize = 16_384;

/// What is known of one predicate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PredicateFigures {
    predicate: u64,
    /// Triples with this predicate.
    pub rows: u64,
    /// Distinct subjects of those triples.
    pub subjects: u64,
    /// Distinct objects of those triples.
    pub objects: u64,
}

impl PredicateFigures {
    /// The predicate.
    pub fn predicate(&self) -> Id {
        Id::from_raw(self.predicate).expect("figures hold ids, never 0")
    }
}

/// Subjects that have exactly the same predicates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CharacteristicSet {
    /// Ascending, with the triples of these subjects for each.
    predicates: Vec<(u64, u64)>,
    /// How many subjects.
    pub subjects: u64,
}

impl CharacteristicSet {
    /// Each predicate, ascending, with the number of triples these subjects have with it.
    pub fn predicates(&self) -> impl Iterator<Item = (Id, u64)> + '_ {
        self.predicates.iter().map(|(predicate, rows)| {
            let id = Id::from_raw(*predicate).expect("figures hold ids, never 0");
            (id, *rows)
        })
    }
}

/// Sums over the subjects whose set is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Rest {
    subjects: u64,
    /// Per predicate, ascending: predicate, subjects that have it, triples.
    predicates: Vec<(u64, u64, u64)>,
}

/// Figures about one state of the store. Estimates once the state has changed a little.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    rows: u64,
    subjects: u64,
    /// Ascending by predicate.
    predicates: Vec<PredicateFigures>,
    /// Most subjects first.
    sets: Vec<CharacteristicSet>,
    rest: Rest,
}

/// Subjects that have some of the predicates asked for, those with the same ones together.
#[derive(Clone, Debug, PartialEq)]
pub struct StarGroup {
    /// Bit `i` is set when these subjects have the `i`-th predicate asked for.
    pub members: u64,
    /// How many subjects.
    pub subjects: f64,
    /// Triples of these subjects with the `i`-th predicate asked for.
    pub rows: Vec<f64>,
}

impl Statistics {
    /// Puts together what the three passes counted: (P, S, O), (P, O, S) and (S, P, O), each over the same triples.
    pub fn new(by_subject: PredicateCounts, by_object: PredicateCounts, sets: SetCounts) -> Self {
        let objects: FxHashMap<u64, u64> = by_object
            .finish()
            .into_iter()
            .map(|count| (count.predicate, count.distinct))
            .collect();
        let predicates = by_subject
            .finish()
            .into_iter()
            .map(|count| PredicateFigures {
                predicate: count.predicate,
                rows: count.rows,
                subjects: count.distinct,
                objects: objects.get(&count.predicate).copied().unwrap_or(1),
            })
            .collect();
        let (rows, subjects, sets, rest) = sets.finish();
        Self {
            rows,
            subjects,
            predicates,
            sets,
            rest,
        }
    }

    /// Puts together what [`PredicateCounts::into_bytes`] of both orders and [`SetCounts::into_bytes`] kept in files.
    /// `None` when the bytes are something else.
    pub(crate) fn from_bytes(by_subject: &[u8], by_object: &[u8], sets: &[u8]) -> Option<Self> {
        let counts = |bytes| serde_json::from_slice::<Vec<(u64, u64, u64)>>(bytes).ok();
        let objects: FxHashMap<u64, u64> = counts(by_object)?
            .into_iter()
            .map(|(predicate, _, distinct)| (predicate, distinct))
            .collect();
        let predicates = counts(by_subject)?
            .into_iter()
            .map(|(predicate, rows, subjects)| PredicateFigures {
                predicate,
                rows,
                subjects,
                objects: objects.get(&predicate).copied().unwrap_or(1),
            })
            .collect();
        let (rows, subjects, sets, rest) = serde_json::from_slice(sets).ok()?;
        Some(Self {
            rows,
            subjects,
            predicates,
            sets,
            rest,
        })
    }

    /// Counts the triples a view shows, in three passes over all of them.
    pub fn of(view: &View) -> Self {
        let mut by_subject = PredicateCounts::default();
        let mut by_object = PredicateCounts::default();
        let mut sets = SetCounts::default();
        for [s, p, o] in view.triples(None, None, None) {
            sets.push(s.raw(), p.raw(), o.raw());
        }
        // One predicate after the other, ascending: both orders are sorted by it first.
        let mut predicates: Vec<Id> = sets.predicates().filter_map(Id::from_raw).collect();
        predicates.sort_unstable();
        for p in predicates {
            for (s, o) in view.pairs(p) {
                by_subject.push(p.raw(), s.raw(), o.raw());
            }
            for (o, s) in view.pairs_reversed(p) {
                by_object.push(p.raw(), o.raw(), s.raw());
            }
        }
        Self::new(by_subject, by_object, sets)
    }

    /// Number of triples.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Number of distinct subjects.
    pub fn subjects(&self) -> u64 {
        self.subjects
    }

    /// The figures of each predicate, ascending by id; of the 16,384 with the most triples.
    pub fn predicates(&self) -> &[PredicateFigures] {
        &self.predicates
    }

    /// The figures of one predicate.
    pub fn predicate(&self, predicate: Id) -> Option<&PredicateFigures> {
        let place = self
            .predicates
            .binary_search_by_key(&predicate.raw(), |figures| figures.predicate)
            .ok()?;
        Some(&self.predicates[place])
    }

    /// The characteristic sets that are kept, most subjects first.
    pub fn sets(&self) -> &[CharacteristicSet] {
        &self.sets
    }

    /// Subjects that have all of the predicates, estimated; exact when every characteristic set is kept.
    pub fn subjects_with(&self, predicates: &[Id]) -> f64 {
        let all = u64::MAX >> (64 - predicates.len().clamp(1, 64));
        self.star(predicates)
            .iter()
            .filter(|group| group.members == all)
            .map(|group| group.subjects)
            .sum()
    }

    /// The subjects that have at least one of the predicates (64 at most count), in groups that have the same ones.
    pub fn star(&self, predicates: &[Id]) -> Vec<StarGroup> {
        let asked = &predicates[..predicates.len().min(64)];
        let mut groups: Vec<StarGroup> = Vec::new();
        let mut rows = vec![0.0; asked.len()];
        for set in &self.sets {
            let mut members = 0_u64;
            for (i, predicate) in asked.iter().enumerate() {
                rows[i] = match set
                    .predicates
                    .binary_search_by_key(&predicate.raw(), |(p, _)| *p)
                {
                    Ok(place) => {
                        members |= 1 << i;
                        set.predicates[place].1 as f64
                    }
                    Err(_) => 0.0,
                };
            }
            if members != 0 {
                add_group(&mut groups, members, set.subjects as f64, &rows);
            }
        }
        self.rest.star(asked, &mut groups);
        groups
    }
}

fn add_group(groups: &mut Vec<StarGroup>, members: u64, subjects: f64, rows: &[f64]) {
    match groups.iter_mut().find(|group| group.members == members) {
        Some(group) => {
            group.subjects += subjects;
            for (sum, more) in group.rows.iter_mut().zip(rows) {
                *sum += more;
            }
        }
        None => groups.push(StarGroup {
            members,
            subjects,
            rows: rows.to_vec(),
        }),
    }
}

impl Rest {
    /// The rest as groups: its predicates are taken to be independent of one another.
    fn star(&self, asked: &[Id], groups: &mut Vec<StarGroup>) {
        if self.subjects == 0 {
            return;
        }
        let total = self.subjects as f64;
        let known: Vec<(usize, f64, f64)> = asked
            .iter()
            .enumerate()
            .filter_map(|(i, predicate)| {
                let place = self
                    .predicates
                    .binary_search_by_key(&predicate.raw(), |(p, _, _)| *p)
                    .ok()?;
                let (_, subjects, rows) = self.predicates[place];
                Some((i, subjects as f64, rows as f64))
            })
            .collect();
        // One group per predicate alone and one for all of them: enough for an estimate, and never 2^n groups.
        if known.len() > 1 {
            let together = total
                * known
                    .iter()
                    .fold(1.0, |share, (_, subjects, _)| share * subjects / total);
            let mut rows = vec![0.0; asked.len()];
            let mut members = 0;
            for (i, subjects, triples) in &known {
                members |= 1 << i;
                rows[*i] = together * triples / subjects;
            }
            add_group(groups, members, together, &rows);
        }
        for (i, subjects, triples) in known {
            let mut rows = vec![0.0; asked.len()];
            rows[i] = triples;
            add_group(groups, 1 << i, subjects, &rows);
        }
    }
}

/// One predicate as a [`PredicateCounts`] saw it.
#[derive(Clone, Copy, Debug)]
struct PredicateCount {
    predicate: u64,
    rows: u64,
    distinct: u64,
}

/// Counts, per predicate, rows and distinct values of the column behind it. Fed with raw ids sorted by
/// (predicate, first, second), equal rows side by side; memory is bounded.
#[derive(Clone, Debug, Default)]
pub struct PredicateCounts {
    last: Option<[u64; 3]>,
    counts: Vec<PredicateCount>,
}

impl PredicateCounts {
    /// Takes the next row. An equal neighbour, which is the same triple in another graph, does not count.
    pub fn push(&mut self, predicate: u64, first: u64, second: u64) {
        let row = [predicate, first, second];
        let Some([last_predicate, last_first, _]) = self.last.filter(|last| *last != row) else {
            if self.last.is_none() {
                self.last = Some(row);
                self.open(predicate);
            }
            return;
        };
        self.last = Some(row);
        if last_predicate != predicate {
            self.open(predicate);
            return;
        }
        if let Some(count) = self.counts.last_mut() {
            count.rows += 1;
            count.distinct += u64::from(last_first != first);
        }
    }

    fn open(&mut self, predicate: u64) {
        if self.counts.len() >= 2 * MAX_PREDICATES {
            keep_largest(&mut self.counts);
        }
        self.counts.push(PredicateCount {
            predicate,
            rows: 1,
            distinct: 1,
        });
    }

    /// What was counted, as bytes for a file.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        let counts: Vec<_> = self
            .finish()
            .into_iter()
            .map(|count| (count.predicate, count.rows, count.distinct))
            .collect();
        serde_json::to_vec(&counts).expect("numbers can be written")
    }

    fn finish(mut self) -> Vec<PredicateCount> {
        if self.counts.len() > MAX_PREDICATES {
            keep_largest(&mut self.counts);
        }
        self.counts
    }
}

/// Keeps the predicates with the most rows, ascending. Both passes see the same rows and so keep the same ones.
fn keep_largest(counts: &mut Vec<PredicateCount>) {
    counts.sort_unstable_by_key(|count| (std::cmp::Reverse(count.rows), count.predicate));
    counts.truncate(MAX_PREDICATES);
    counts.sort_unstable_by_key(|count| count.predicate);
}

/// Subjects and triples per predicate of the subjects with one set of predicates.
#[derive(Clone, Debug, Default)]
struct OpenSet {
    subjects: u64,
    rows: Vec<u64>,
}

/// Counts characteristic sets. Fed with raw ids sorted by (S, P, O), equal rows side by side; memory is bounded.
/// Exact as long as there are no more than 2,000 sets; beyond that the rarest are summed up.
#[derive(Clone, Debug, Default)]
pub struct SetCounts {
    last: Option<[u64; 3]>,
    rows: u64,
    subjects: u64,
    /// Of the current subject, ascending.
    predicates: Vec<u64>,
    predicate_rows: Vec<u64>,
    sets: FxHashMap<Box<[u64]>, OpenSet>,
    rest_subjects: u64,
    /// Per predicate: subjects, triples.
    rest: FxHashMap<u64, (u64, u64)>,
}

impl SetCounts {
    /// Takes the next row. An equal neighbour, which is the same triple in another graph, does not count.
    pub fn push(&mut self, subject: u64, predicate: u64, object: u64) {
        let row = [subject, predicate, object];
        if self.last == Some(row) {
            return;
        }
        if self.last.is_some_and(|last| last[0] != subject) {
            self.close_subject();
        }
        self.last = Some(row);
        self.rows += 1;
        if self.predicates.last() == Some(&predicate) {
            if let Some(rows) = self.predicate_rows.last_mut() {
                *rows += 1;
            }
        } else {
            self.predicates.push(predicate);
            self.predicate_rows.push(1);
        }
    }

    /// The predicates seen so far, each at least once, in no order.
    fn predicates(&self) -> impl Iterator<Item = u64> {
        let mut all: rustc_hash::FxHashSet<u64> = self.rest.keys().copied().collect();
        all.extend(self.predicates.iter().copied());
        for set in self.sets.keys() {
            all.extend(set.iter().copied());
        }
        all.into_iter()
    }

    fn close_subject(&mut self) {
        self.subjects += 1;
        if self.predicates.len() > MAX_SET_PREDICATES {
            self.rest_subjects += 1;
            for (predicate, rows) in self.predicates.iter().zip(&self.predicate_rows) {
                let sum = self.rest.entry(*predicate).or_default();
                sum.0 += 1;
                sum.1 += rows;
            }
            self.forget_rare_predicates();
        } else if let Some(set) = self.sets.get_mut(self.predicates.as_slice()) {
            set.subjects += 1;
            for (sum, rows) in set.rows.iter_mut().zip(&self.predicate_rows) {
                *sum += rows;
            }
        } else {
            if self.sets.len() >= MAX_OPEN_SETS {
                self.sum_up_rarest();
            }
            self.sets.insert(
                self.predicates.as_slice().into(),
                OpenSet {
                    subjects: 1,
                    rows: self.predicate_rows.clone(),
                },
            );
        }
        self.predicates.clear();
        self.predicate_rows.clear();
    }

    /// Keeps the sets with the most subjects and adds the others to the rest.
    fn sum_up_rarest(&mut self) {
        let mut all: Vec<(Box<[u64]>, OpenSet)> = self.sets.drain().collect();
        all.sort_unstable_by(|a, b| (b.1.subjects, &a.0).cmp(&(a.1.subjects, &b.0)));
        for (predicates, set) in all.split_off(MAX_SETS.min(all.len())) {
            self.rest_subjects += set.subjects;
            for (predicate, rows) in predicates.iter().zip(&set.rows) {
                let sum = self.rest.entry(*predicate).or_default();
                sum.0 += set.subjects;
                sum.1 += rows;
            }
        }
        self.sets.extend(all);
        self.forget_rare_predicates();
    }

    fn forget_rare_predicates(&mut self) {
        if self.rest.len() <= 2 * MAX_PREDICATES {
            return;
        }
        let mut all: Vec<(u64, (u64, u64))> = self.rest.drain().collect();
        all.sort_unstable_by_key(|(predicate, (_, rows))| (std::cmp::Reverse(*rows), *predicate));
        all.truncate(MAX_PREDICATES);
        self.rest.extend(all);
    }

    /// What was counted, as bytes for a file.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        serde_json::to_vec(&self.finish()).expect("numbers can be written")
    }

    fn finish(mut self) -> (u64, u64, Vec<CharacteristicSet>, Rest) {
        if self.last.is_some() {
            self.close_subject();
        }
        if self.sets.len() > MAX_SETS {
            self.sum_up_rarest();
        }
        let mut sets: Vec<CharacteristicSet> = self
            .sets
            .into_iter()
            .map(|(predicates, set)| CharacteristicSet {
                predicates: predicates.iter().copied().zip(set.rows).collect(),
                subjects: set.subjects,
            })
            .collect();
        sets.sort_unstable_by(|a, b| (b.subjects, &a.predicates).cmp(&(a.subjects, &b.predicates)));
        let mut predicates: Vec<(u64, u64, u64)> = self
            .rest
            .into_iter()
            .map(|(predicate, (subjects, rows))| (predicate, subjects, rows))
            .collect();
        predicates.sort_unstable();
        let rest = Rest {
            subjects: self.rest_subjects,
            predicates,
        };
        (self.rows, self.subjects, sets, rest)
    }
}

#[cfg(test)]
mod tests;
