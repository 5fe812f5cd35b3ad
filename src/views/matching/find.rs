//! The answer to one question: which addresses are meant, with points from 0 to 100 and what was not as it was asked. Points
//! are a weighted mean over what was asked: street, municipality, postcode, house number, box (`docs/matching.md`).

use super::addresses::{Addresses, Facts};
use super::distance::Pattern;
use super::index::Index;
use super::names::{Asked, Kind, Likeness};
use super::numbers::{Numbers, Wanted, plain_box, wanted};
use super::question::{Answer, Found, Question, Warning};
use super::whereabouts::{Whereabouts, whereabouts};
use super::words::forms;
use crate::store::{Id, View};
use rustc_hash::FxHashMap;
use std::cmp::Reverse;

/// Streets of which addresses are looked up.
const MAX_STREETS: usize = 60;
/// Addresses that are compared in full.
const MAX_ADDRESSES: usize = 4_000;
/// What each part weighs.
const WEIGHTS: Weights = Weights {
    street: 50.0,
    place: 25.0,
    postcode: 10.0,
    house: 30.0,
    box_number: 10.0,
};
/// Points below which a name is not the one that was meant.
const LEAST_STREET: f32 = 60.0;
/// Above this a misspelt street in the municipality is it; below, other municipalities are looked at too.
const SURE: f32 = 79.0;
/// What is meant elsewhere has to be more alike than what is meant here.
const LEAST_ELSEWHERE: f32 = 80.0;

/// What an address may have more than its street: a postcode that is not one of the municipality.
const SLACK: f32 = 10.0;

struct Weights {
    street: f32,
    place: f32,
    postcode: f32,
    house: f32,
    box_number: f32,
}

/// A street that may be meant.
#[derive(Clone, Copy)]
struct Candidate {
    target: u32,
    origin: u32,
    alike: f32,
    is_former: bool,
    points: f32,
}

struct Match {
    found: Found,
    points: f32,
    candidate: Candidate,
    facts: Facts,
    is_house: bool,
    is_box: bool,
}

struct Finder<'a> {
    index: &'a Index,
    question: &'a Question,
    numbers: Numbers,
    whereabouts: Whereabouts,
    addresses: Addresses<'a>,
    most: usize,
}

/// Answers a question from a state and its index, with at most so many matches. Takes time for the names of one municipality,
/// or for all of them when the street is not there.
pub fn find(view: &View, index: &Index, question: &Question, most: usize) -> Answer {
    let mut warnings = Vec::new();
    let whereabouts = whereabouts(index, question, Likeness::Whole, &mut warnings);
    let finder = Finder::new(view, index, question, (whereabouts, most));
    let matches = finder.matches(&mut warnings);
    warnings.sort_unstable();
    warnings.dedup();
    Answer { matches, warnings }
}

/// Streets whose name begins with what was asked, or is like it; best first. House numbers are not looked at.
pub(super) fn streets(view: &View, index: &Index, question: &Question, most: usize) -> Vec<Found> {
    let mut ignored = Vec::new();
    let whereabouts = whereabouts(index, question, Likeness::Beginning, &mut ignored);
    let finder = Finder::new(view, index, question, (whereabouts, most));
    let candidates = finder.candidates(Likeness::Beginning);
    let shown = candidates.into_iter().filter(|it| finder.may_show(it));
    finder.ranked(shown.map(|it| finder.street(it)).collect(), &mut ignored)
}

impl<'a> Finder<'a> {
    fn new(
        view: &'a View,
        index: &'a Index,
        question: &'a Question,
        (whereabouts, most): (Whereabouts, usize),
    ) -> Self {
        Self {
            index,
            question,
            numbers: Numbers::read(&question.house, &question.box_number),
            whereabouts,
            addresses: Addresses {
                view,
                predicates: index.predicates,
            },
            most,
        }
    }
}

impl Finder<'_> {
    fn matches(&self, warnings: &mut Vec<Warning>) -> Vec<Found> {
        let candidates = self.candidates(Likeness::Part);
        if candidates.is_empty() {
            warnings.push(Warning::UnknownStreet);
            return self.places();
        }
        let asks_house = !self.numbers.house.is_empty();
        let mut found = Vec::new();
        if asks_house {
            for candidate in &candidates {
                if found.len() >= MAX_ADDRESSES || self.is_settled(&found, candidate) {
                    break;
                }
                self.addresses_of(*candidate, &mut found);
            }
        }
        if found.is_empty() {
            if asks_house {
                warnings.push(Warning::UnknownHouseNumber);
            }
            let streets = candidates.iter().filter(|it| self.may_show(it));
            found.extend(streets.map(|it| self.street(*it)));
        }
        self.ranked(found, warnings)
    }

    /// Whether enough was found that is better than any address of a street, and of those after it, can be.
    fn is_settled(&self, found: &[Match], next: &Candidate) -> bool {
        let at_best = next.points + SLACK;
        found.iter().filter(|it| it.points > at_best).count() >= self.most
    }

    /// Whether a street that others took the place of is meant: only by who asks for a status of what is past.
    fn may_show(&self, candidate: &Candidate) -> bool {
        let is_former = self.index.streets[candidate.target as usize].is_former;
        !is_former || !self.question.status.is_empty()
    }

    /// Streets that may be meant, best first. `loose` is how a name may be like what was asked when none is quite the same.
    fn candidates(&self, loose: Likeness) -> Vec<Candidate> {
        let asked = Asked::new(forms(&self.question.street, false));
        if asked.is_empty() {
            return Vec::new();
        }
        let mut best: FxHashMap<(u32, u32), Candidate> = FxHashMap::default();
        let mut top = 0_f32;
        let mut search = |groups: Option<&[u32]>, how: Likeness, least: f32| {
            let names = &self.index.street_names;
            names.search(&asked, groups, how, least, |link, alike| {
                let candidate = Candidate {
                    target: link.target,
                    origin: link.origin,
                    alike,
                    is_former: link.kind == Kind::Former,
                    points: 0.0,
                };
                let known = best.entry((link.target, link.origin)).or_insert(candidate);
                if alike > known.alike {
                    *known = candidate;
                }
                top = top.max(alike);
            });
            top
        };
        let groups = &self.whereabouts.groups;
        let mut sure = 0.0;
        let is_typing = loose == Likeness::Beginning;
        if !groups.is_empty() {
            sure = search(Some(groups), Likeness::Whole, LEAST_STREET);
            if sure < SURE || is_typing {
                sure = search(Some(groups), loose, LEAST_STREET);
            }
        }
        if sure < SURE {
            search(None, Likeness::Whole, LEAST_ELSEWHERE);
            if is_typing && groups.is_empty() {
                search(None, loose, LEAST_STREET);
            }
        }
        let mut found: Vec<Candidate> = best.into_values().collect();
        for candidate in &mut found {
            candidate.points = self.points(candidate, None, 100.0, 100.0);
        }
        found.sort_by(|a, b| {
            let by_points = b.points.total_cmp(&a.points);
            by_points.then_with(|| (a.target, a.origin).cmp(&(b.target, b.origin)))
        });
        found.truncate(MAX_STREETS);
        found
    }

    /// The weighted mean over what was asked.
    fn points(&self, candidate: &Candidate, facts: Option<&Facts>, house: f32, boxed: f32) -> f32 {
        let question = self.question;
        let former = if candidate.is_former { 3.0 } else { 0.0 };
        let mut sum = WEIGHTS.street * (candidate.alike - former).max(0.0);
        let mut all = WEIGHTS.street;
        let mut add = |weight: f32, points: f32| {
            sum += weight * points;
            all += weight;
        };
        if !question.municipality.is_empty() || !question.nis.is_empty() {
            add(WEIGHTS.place, self.place_points(candidate, facts));
        }
        if !question.postcode.is_empty() {
            add(WEIGHTS.postcode, self.post_points(candidate, facts));
        }
        if !self.numbers.house.is_empty() {
            add(WEIGHTS.house, house);
        }
        let has_box = facts.is_some_and(|facts| !facts.box_number.is_empty());
        if has_box || !self.numbers.box_number.is_empty() {
            add(WEIGHTS.box_number, boxed);
        }
        sum / all
    }

    fn place_points(&self, candidate: &Candidate, facts: Option<&Facts>) -> f32 {
        let place_of = |street: u32| self.index.streets[street as usize].place;
        let (target, origin) = (place_of(candidate.target), place_of(candidate.origin));
        let of = |asked: u32| -> f32 {
            if asked == origin || asked == target && !candidate.is_former {
                return 100.0;
            }
            if asked == target {
                return 97.0;
            }
            let now = &self.index.places[asked as usize].now;
            if now.contains(&target) { 80.0 } else { 0.0 }
        };
        let by_nis = self.whereabouts.nis.map_or(0.0, of);
        let by_name = self.whereabouts.named.iter().map(|named| {
            let points: f32 = match named.post {
                None if named.is_former => of(named.place).min(98.0),
                None => of(named.place),
                Some(post) => {
                    let id = self.index.posts[post as usize].id;
                    let is_there = facts.is_none_or(|facts| facts.posts.contains(&id));
                    let points: f32 = if is_there { 100.0 } else { 85.0 };
                    points.min(of(named.place))
                }
            };
            points * named.alike / 100.0
        });
        by_name.fold(by_nis, f32::max)
    }

    fn post_points(&self, candidate: &Candidate, facts: Option<&Facts>) -> f32 {
        let Some(post) = self.whereabouts.post else {
            return self.near_code(facts);
        };
        let post = &self.index.posts[post as usize];
        let place = self.index.streets[candidate.target as usize].place;
        let is_of_place = post.places.contains(&place);
        match facts {
            None => f32::from(u8::from(is_of_place)) * 100.0,
            Some(facts) if facts.posts.contains(&post.id) => 100.0,
            Some(_) if is_of_place => 50.0,
            Some(_) => self.near_code(facts),
        }
    }

    /// Points of a postcode that is wrong by one digit, or two swapped ones.
    fn near_code(&self, facts: Option<&Facts>) -> f32 {
        let asked = Pattern::new(&self.question.postcode);
        let is_near = facts.is_some_and(|facts| {
            let posts = &self.index.posts;
            facts.posts.iter().any(|id| {
                let at = posts.binary_search_by_key(id, |post| post.id);
                at.is_ok_and(|at| asked.distance(posts[at].code.as_bytes()) <= 1)
            })
        });
        if is_near { 50.0 } else { 0.0 }
    }

    /// Adds the addresses of a street with the house number that was asked, or one near it.
    fn addresses_of(&self, candidate: Candidate, found: &mut Vec<Match>) {
        let street = self.index.streets[candidate.target as usize].id;
        let may_show = self.may_show(&candidate);
        let mut has_exact = false;
        for Wanted { text, points } in wanted(&self.numbers.house) {
            let mut at_number = Vec::new();
            if candidate.origin != candidate.target {
                // The number may have changed with the name: what it was says what it is.
                let before = self.index.streets[candidate.origin as usize].id;
                for old in self.addresses.at(before, &text) {
                    let now = self.addresses.successors(old).into_iter();
                    at_number.extend(now.filter(|id| self.addresses.is_in(*id, street)));
                }
            }
            if at_number.is_empty() && may_show {
                at_number = self.addresses.at(street, &text);
            }
            let is_house = points > 97.0;
            has_exact |= is_house && !at_number.is_empty();
            if !is_house && has_exact && found.len() >= self.most {
                break;
            }
            for address in at_number {
                let facts = self.addresses.facts(address);
                let asked = &self.question.status;
                if asked.is_empty() || facts.status.eq_ignore_ascii_case(asked) {
                    found.push(self.address(candidate, address, facts, (points, is_house)));
                }
            }
            if found.len() >= MAX_ADDRESSES {
                break;
            }
        }
    }

    fn address(
        &self,
        candidate: Candidate,
        address: Id,
        facts: Facts,
        (house, is_house): (f32, bool),
    ) -> Match {
        let asked = &self.numbers.box_number;
        let boxed: f32 = if facts.box_number == *asked {
            100.0
        } else if asked.is_empty() {
            0.0
        } else if facts.box_number.is_empty() {
            40.0
        } else if plain_box(&facts.box_number) == plain_box(asked) {
            98.0
        } else {
            10.0
        };
        let points = self.points(&candidate, Some(&facts), house, boxed);
        Match {
            found: Found {
                address: Some(address),
                ..self.found(&candidate, points)
            },
            points,
            candidate,
            is_house,
            is_box: boxed > 97.0,
            facts,
        }
    }

    fn street(&self, candidate: Candidate) -> Match {
        let points = self.points(&candidate, None, 0.0, 0.0);
        Match {
            found: self.found(&candidate, points),
            points,
            candidate,
            facts: Facts::default(),
            is_house: false,
            is_box: false,
        }
    }

    fn found(&self, candidate: &Candidate, score: f32) -> Found {
        let street = &self.index.streets[candidate.target as usize];
        let place = self.index.places.get(street.place as usize);
        Found {
            address: None,
            street: Some(street.id),
            place: place.map(|place| place.id),
            score,
        }
    }

    /// Municipalities alone, where no street is like the one that was asked.
    fn places(&self) -> Vec<Found> {
        let of_nis = self.whereabouts.nis.map(|place| (place, 100.0));
        let of_name = self.whereabouts.named.iter().map(|it| (it.place, it.alike));
        let mut found: Vec<Found> = Vec::new();
        for (place, alike) in of_nis.into_iter().chain(of_name) {
            let id = self.index.places[place as usize].id;
            if found.iter().all(|known| known.place != Some(id)) {
                found.push(Found {
                    address: None,
                    street: None,
                    place: Some(id),
                    score: alike * WEIGHTS.place / (WEIGHTS.street + WEIGHTS.place),
                });
            }
        }
        found.truncate(self.most);
        found
    }

    /// The best, each thing once, and what they tell about the question.
    fn ranked(&self, mut all: Vec<Match>, warnings: &mut Vec<Warning>) -> Vec<Found> {
        let view = self.addresses.view;
        let rank = |status: &str| match status {
            "inGebruik" => 0_u8,
            "voorgesteld" => 1,
            "gehistoreerd" => 2,
            "" => 3,
            _ => 4,
        };
        let number = |text: &str| {
            let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
            (digits.parse::<u64>().unwrap_or(0), text.to_owned())
        };
        all.sort_by_cached_key(|it| {
            let thing = it.found.address.or(it.found.street);
            (
                Reverse((it.points * 1_000.0).round() as i64),
                rank(&it.facts.status),
                it.candidate.is_former,
                number(&it.facts.house),
                number(&it.facts.box_number),
                thing.map(|id| view.text(id).into_owned()),
            )
        });
        let mut matches: Vec<Found> = Vec::new();
        for (at, it) in all.iter().enumerate() {
            let same = |known: &Found| {
                known.address == it.found.address && known.street == it.found.street
            };
            if matches.iter().any(same) {
                continue;
            }
            if at == 0 {
                self.warn(it, warnings);
            }
            matches.push(it.found.clone());
            if matches.len() == self.most {
                break;
            }
        }
        matches
    }

    fn warn(&self, best: &Match, warnings: &mut Vec<Warning>) {
        if best.candidate.is_former {
            warnings.push(Warning::FormerName);
        }
        if best.found.address.is_none() {
            return;
        }
        if !best.is_house {
            warnings.push(Warning::UnknownHouseNumber);
        }
        if !self.numbers.box_number.is_empty() && !best.is_box {
            warnings.push(Warning::UnknownBox);
        }
        if let Some(post) = self.whereabouts.post {
            let id = self.index.posts[post as usize].id;
            if !best.facts.posts.is_empty() && !best.facts.posts.contains(&id) {
                warnings.push(Warning::OtherPostcode);
            }
        }
    }
}
