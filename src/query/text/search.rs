//! Finds the literals that match a search, through the index: those a view shows, all of them or the best.
//! The score is [BM25](https://en.wikipedia.org/wiki/Okapi_BM25) over all literals of the dictionary: rare words count for
//! more than common ones, and a word counts for more in a short literal.

use super::index::segments;
use super::language::{Group, LanguageRange};
use super::matching::LiteralWords;
use super::segment::{Posting, Segment};
use super::syntax::{Alternative, TextQuery, Unit};
use crate::query::budget::step;
use crate::rdf::label::Text;
use crate::store::{Id, Reader, View, with_pieces};
use oxrdf::Term;
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// How much more the second time counts than the first.
const K1: f64 = 1.2;
/// How much the length of a literal counts.
const B: f64 = 0.75;

/// A literal that matches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::query) struct Hit {
    /// The literal.
    pub(in crate::query) id: Id,
    /// Larger is better; 0 when no score was asked for.
    pub(in crate::query) score: f64,
}

/// By score, then the literal stored first.
impl Ord for Hit {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then_with(|| other.id.cmp(&self.id))
    }
}

impl PartialOrd for Hit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Hit {}

/// How many literals are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::query) enum Amount {
    /// The best, at most so many.
    Best(usize),
    /// All of them, or none when there are more.
    All { at_most: usize, scored: bool },
}

/// The literals that match and stand as object in a quad of the view, best first. `None` when there are more than wanted.
pub(in crate::query) fn search(
    view: &View,
    query: &TextQuery,
    range: &LanguageRange,
    amount: Amount,
) -> Option<Vec<Hit>> {
    with_pieces(|| search_once(view, query, range, amount))
}

/// The best literals of a view for a search text, at most so many, with their scores: what SPARQL finds with a limit.
///
/// # Errors
/// A sentence for people about what is wrong with the search text.
pub(crate) fn best_literals(view: &View, text: &str, most: usize) -> Result<Vec<(Id, f64)>, Text> {
    let query = TextQuery::parse(text)?;
    let hits = search(view, &query, &LanguageRange::All, Amount::Best(most));
    let hits = hits.unwrap_or_default().into_iter();
    Ok(hits.map(|hit| (hit.id, hit.score)).collect())
}

fn search_once(
    view: &View,
    query: &TextQuery,
    range: &LanguageRange,
    amount: Amount,
) -> Option<Vec<Hit>> {
    let segments = segments(view);
    let mut finder = Finder {
        view,
        query,
        groups: Group::ALL
            .into_iter()
            .filter(|group| range.may_take(*group))
            .collect(),
        weights: vec![0.0; query.elements.len()],
        average: 1.0,
        literal: LiteralWords::default(),
    };
    let (most, has_limit) = match amount {
        Amount::Best(limit) => (limit, true),
        Amount::All { at_most, .. } => (at_most, false),
    };
    if has_limit || matches!(amount, Amount::All { scored: true, .. }) {
        finder.weigh(&segments);
    }
    // Literals of groups that are not taken whole have to be looked at.
    let is_exact = finder.groups.iter().all(|group| range.takes_all(*group));
    let shown = |id: Id| {
        step();
        (is_exact || range.takes(view.language_tag(view.meta(id).language)))
            && view.triples(None, None, Some(id)).next().is_some()
    };
    let mut best: BinaryHeap<Reverse<Hit>> = BinaryHeap::new();
    for segment in &segments {
        for (literal, score) in finder.find(segment) {
            let hit = Hit {
                id: segment.id(literal),
                score,
            };
            if best.len() < most {
                if shown(hit.id) {
                    best.push(Reverse(hit));
                }
            } else if !has_limit {
                if shown(hit.id) {
                    return None;
                }
            } else if best.peek().is_some_and(|Reverse(worst)| hit > *worst) && shown(hit.id) {
                best.pop();
                best.push(Reverse(hit));
            }
        }
    }
    // `Reverse` turns the order round.
    let sorted = best.into_sorted_vec();
    Some(sorted.into_iter().map(|Reverse(hit)| hit).collect())
}

struct Finder<'a> {
    view: &'a View,
    query: &'a TextQuery,
    groups: Vec<Group>,
    /// What each element adds to a score, before length and repetition.
    weights: Vec<f64>,
    /// Average number of words.
    average: f64,
    literal: LiteralWords,
}

impl Finder<'_> {
    /// Gives each element its weight: how rare it is.
    fn weigh(&mut self, segments: &[std::sync::Arc<Segment>]) {
        let literals = segments.iter().map(|s| s.literals()).sum::<u64>() as f64;
        let words = segments.iter().map(|s| s.words()).sum::<u64>() as f64;
        self.average = (words / literals.max(1.0)).max(1.0);
        self.weights = (0..self.query.elements.len())
            .map(|element| {
                let frequency = segments.iter().map(|segment| {
                    let lists = self.lists(segment, element);
                    segment.frequency(&lists)
                });
                // Forms of one word in one literal are counted twice; that is near enough.
                let frequency = (frequency.sum::<u64>() as f64).min(literals);
                (1.0 + (literals - frequency + 0.5) / (frequency + 0.5)).ln()
            })
            .collect();
    }

    fn lists(&self, segment: &Segment, element: usize) -> Vec<u64> {
        let mut lists = Vec::new();
        for group in &self.groups {
            segment.lists(&self.query.elements[element], *group, &mut lists);
        }
        lists
    }

    /// The literals of a segment that hold an element, ascending.
    fn postings(&self, segment: &Segment, element: usize) -> Vec<Posting> {
        step();
        let lists = self.lists(segment, element);
        let mut postings: Vec<Posting> = Vec::new();
        segment.read(&lists, &mut postings);
        if lists.len() > 1 {
            postings.sort_unstable_by_key(|posting| posting.literal);
            postings.dedup_by(|next, kept| {
                let is_same = next.literal == kept.literal;
                if is_same {
                    kept.times += next.times;
                }
                is_same
            });
        }
        postings
    }

    /// The literals of a segment that match with their scores, ascending.
    fn find(&mut self, segment: &Segment) -> Vec<(u32, f64)> {
        let query = self.query;
        let mut all: Vec<(u32, f64)> = Vec::new();
        for alternative in &query.alternatives {
            all.extend(self.find_alternative(segment, alternative));
        }
        if query.alternatives.len() > 1 {
            // Of equal literals the one with the highest score comes first and stays.
            all.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| b.1.total_cmp(&a.1)));
            all.dedup_by_key(|(literal, _)| *literal);
        }
        all
    }

    fn find_alternative(&mut self, segment: &Segment, wanted: &Alternative) -> Vec<(u32, f64)> {
        let elements: Vec<usize> = wanted.wanted.iter().flat_map(Clone::clone).collect();
        // The rarest first, so that the rest is small; and nothing is read when one of them is missing.
        let mut sized: Vec<(u64, usize)> = elements
            .into_iter()
            .map(|element| {
                let lists = self.lists(segment, element);
                (segment.frequency(&lists), element)
            })
            .collect();
        sized.sort_unstable();
        if sized.first().is_none_or(|(size, _)| *size == 0) {
            return Vec::new();
        }
        let mut found: Option<Vec<(u32, f64)>> = None;
        for (_, element) in sized {
            let postings = self.postings(segment, element);
            let mut lengths = segment.lengths();
            let next = match found {
                None => postings
                    .iter()
                    .map(|posting| {
                        let score = self.score(&mut lengths, element, posting);
                        (posting.literal, score)
                    })
                    .collect(),
                Some(found) => self.meet(&mut lengths, element, &found, &postings),
            };
            if next.is_empty() {
                return next;
            }
            found = Some(next);
        }
        let mut found = found.unwrap_or_default();
        let phrases: Vec<&Unit> = wanted.wanted.iter().filter(|unit| unit.len() > 1).collect();
        if !phrases.is_empty() {
            found.retain(|(literal, _)| self.holds(segment, *literal, &phrases));
        }
        for unit in &wanted.unwanted {
            let mut out: Option<Vec<u32>> = None;
            for element in unit.clone() {
                let postings = self.postings(segment, element);
                let here = postings.iter().map(|posting| posting.literal);
                out = Some(match out {
                    None => here.collect(),
                    Some(out) => here.filter(|n| out.binary_search(n).is_ok()).collect(),
                });
            }
            let out = out.unwrap_or_default();
            found.retain(|(literal, _)| {
                let may_hold = out.binary_search(literal).is_ok();
                !(may_hold && (unit.len() == 1 || self.holds(segment, *literal, &[unit])))
            });
        }
        found
    }

    /// What is in both lists, with the scores added.
    fn meet(
        &self,
        lengths: &mut Reader<'_>,
        element: usize,
        found: &[(u32, f64)],
        postings: &[Posting],
    ) -> Vec<(u32, f64)> {
        let mut postings = postings.iter().peekable();
        let mut both = Vec::with_capacity(found.len().min(postings.len()));
        for (literal, score) in found {
            while postings
                .next_if(|posting| posting.literal < *literal)
                .is_some()
            {}
            if let Some(posting) = postings.next_if(|posting| posting.literal == *literal) {
                both.push((*literal, score + self.score(lengths, element, posting)));
            }
        }
        both
    }

    /// What an element adds to the score of a literal; nothing is read when no score was asked for.
    fn score(&self, lengths: &mut Reader<'_>, element: usize, posting: &Posting) -> f64 {
        let weight = self.weights[element];
        if weight == 0.0 {
            return 0.0;
        }
        let times = f64::from(posting.times);
        let [length] = lengths.item(posting.literal as usize);
        let length = f64::from(length) / self.average;
        weight * times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * length))
    }

    /// Whether a literal holds all phrases: the index knows words, not their order.
    fn holds(&mut self, segment: &Segment, literal: u32, phrases: &[&Unit]) -> bool {
        step();
        let id = segment.id(literal);
        let Term::Literal(term) = self.view.term(id) else {
            return false;
        };
        let group = Group::of(term.language().unwrap_or(""));
        self.literal.read(group, term.value());
        let mut phrases = phrases.iter();
        phrases.all(|unit| self.literal.hold(self.query, unit))
    }
}
