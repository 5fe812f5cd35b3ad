//! An address in one line as people type it, `Kerkstraat 12 bus 3, 9000 Gent`, whole or half: what its parts may be, and
//! what it may lead to. A line can be read in several ways; the one that finds most wins.

use super::find::{find, streets};
use super::index::{Index, literal};
use super::names::Likeness;
use super::question::{Found, Question};
use super::whereabouts::named;
use super::words::{announces_box, words_of};
use crate::store::{Id, View};

/// Words of one line that are read.
const MAX_LINE_WORDS: usize = 24;
/// Ways to read one line that are tried.
const MAX_READINGS: usize = 6;
/// Words at the end of a line that may be a municipality.
const MAX_PLACE_WORDS: usize = 4;
/// Addresses of one street that are put in order.
const MAX_OF_STREET: usize = 1_000;
/// Points from which words at the end of a line are taken for a municipality.
const SURE_PLACE: f32 = 85.0;

/// What a line is to lead to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Addresses when the line has a house number, else streets.
    #[default]
    Either,
    /// Addresses.
    Addresses,
    /// Street names.
    Streets,
}

/// A line with what is known besides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineQuestion {
    /// The line.
    pub text: String,
    /// Name of a municipality; wins over one in the line.
    pub municipality: String,
    /// NIS code.
    pub nis: String,
    /// Code of a status.
    pub status: String,
    /// What it is to lead to.
    pub wanted: Wanted,
    /// Most suggestions.
    pub most: usize,
}

/// What a line may mean.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The address or street name.
    pub id: Id,
    /// Whether it is a street name.
    pub is_street: bool,
    /// Points, 0 to 100.
    pub score: f32,
}

/// What a line may mean, best first.
pub fn suggest(view: &View, index: &Index, line: &LineQuestion) -> Vec<Suggestion> {
    let mut best: Vec<Suggestion> = Vec::new();
    for question in readings(index, line) {
        let found = lead(view, index, line, &question);
        let top = |list: &[Suggestion]| list.first().map_or(0.0, |it| it.score);
        if top(&found) > top(&best) + 0.01 {
            best = found;
        }
        if top(&best) >= 99.99 {
            break;
        }
    }
    best
}

/// What one reading leads to.
fn lead(view: &View, index: &Index, line: &LineQuestion, question: &Question) -> Vec<Suggestion> {
    let street = |found: Found| {
        let id = found.street?;
        Some(Suggestion {
            id,
            is_street: true,
            score: found.score,
        })
    };
    let address = |found: Found| {
        Some(Suggestion {
            id: found.address?,
            is_street: false,
            score: found.score,
        })
    };
    if line.wanted == Wanted::Streets || line.wanted == Wanted::Either && question.house.is_empty()
    {
        let asked = Question {
            house: String::new(),
            box_number: String::new(),
            ..question.clone()
        };
        let found = streets(view, index, &asked, line.most);
        return found.into_iter().filter_map(street).collect();
    }
    if !question.house.is_empty() {
        let found = find(view, index, question, line.most).matches;
        let addresses: Vec<Suggestion> = found.iter().cloned().filter_map(address).collect();
        if addresses.is_empty() && line.wanted == Wanted::Either {
            return found.into_iter().filter_map(street).collect();
        }
        return addresses;
    }
    let mut addresses = Vec::new();
    for found in streets(view, index, question, line.most) {
        let Some(street) = found.street else {
            continue;
        };
        for id in of_street(view, index, street, &question.status) {
            addresses.push(Suggestion {
                id,
                is_street: false,
                score: found.score,
            });
            if addresses.len() == line.most {
                return addresses;
            }
        }
    }
    addresses
}

/// Addresses of a street by house number and box.
fn of_street(view: &View, index: &Index, street: Id, status: &str) -> Vec<Id> {
    let Some(has_street) = index.predicates.street else {
        return Vec::new();
    };
    let addresses = super::addresses::Addresses {
        view,
        predicates: index.predicates,
    };
    let mut found = Vec::new();
    for id in view.subjects(has_street, street).take(MAX_OF_STREET) {
        let facts = addresses.facts(id);
        if !status.is_empty() && !facts.status.eq_ignore_ascii_case(status) {
            continue;
        }
        found.push((numbered(&facts.house), numbered(&facts.box_number), id));
    }
    found.sort_unstable();
    found.into_iter().map(|(_, _, id)| id).collect()
}

/// A number in the order of people: `9` before `12` before `12A`.
pub(super) fn numbered(text: &str) -> (u64, String) {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    (digits.parse().unwrap_or(0), text.to_owned())
}

/// Words between signs that part a line.
type Segment<'a> = Vec<&'a str>;

fn segments(text: &str) -> Vec<Segment<'_>> {
    let mut left = MAX_LINE_WORDS;
    let mut found = Vec::new();
    for part in text.split([',', ';', '\n', '(', ')']) {
        let words: Segment<'_> = part
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .take(left)
            .collect();
        left -= words.len();
        if !words.is_empty() {
            found.push(words);
        }
        if left == 0 {
            break;
        }
    }
    found
}

/// The four digits of a postcode, also behind `B-`.
fn postcode(word: &str) -> Option<&str> {
    let bare = word
        .strip_prefix("B-")
        .or_else(|| word.strip_prefix("b-"))
        .unwrap_or(word);
    (bare.len() == 4 && bare.bytes().all(|b| b.is_ascii_digit())).then_some(bare)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
}

/// The ways to read a line, the likeliest first; none for a line without letters.
fn readings(index: &Index, line: &LineQuestion) -> Vec<Question> {
    let segments = segments(&line.text);
    let mut found: Vec<Question> = Vec::new();
    let mut add = |mut question: Question| {
        if question.street.is_empty() || found.len() == MAX_READINGS {
            return;
        }
        if !line.municipality.is_empty() {
            question.municipality.clone_from(&line.municipality);
        }
        question.nis.clone_from(&line.nis);
        question.status.clone_from(&line.status);
        if !found.contains(&question) {
            found.push(question);
        }
    };
    // With a postcode: what follows it in its segment is the municipality, all else the street.
    for (at, segment) in segments.iter().enumerate().rev() {
        for (place, word) in segment.iter().enumerate().rev() {
            let Some(code) = postcode(word) else {
                continue;
            };
            let is_alone = segments.len() == 1 && segment.len() == place + 1;
            let is_after_number = segment[..place].iter().skip(1).any(|word| is_number(word));
            if index.post_of_code(code).is_none() && is_alone && !is_after_number {
                // A house number of four digits.
                continue;
            }
            let after = &segment[place + 1..];
            let mut rest: Vec<Segment<'_>> = segments.clone();
            if place == 0 && segments.len() == 1 {
                // `9000 Gent Kerkstraat 12`: some words are the municipality.
                for words in (1..=after.len().min(MAX_PLACE_WORDS)).rev() {
                    let name = after[..words].join(" ");
                    if words < after.len() && is_place(index, &name) {
                        add(street_part(&after[words..], &name, code));
                    }
                }
            }
            rest[at] = segment[..place].to_vec();
            let street: Vec<&str> = rest.concat();
            if street.is_empty() {
                add(street_part(after, "", code));
            } else {
                add(street_part(&street, &after.join(" "), code));
            }
        }
    }
    // With signs: the municipality stands last, or first.
    if let [first, .., last] = segments.as_slice() {
        let all_but_last: Vec<&str> = segments[..segments.len() - 1].concat();
        let all_but_first: Vec<&str> = segments[1..].concat();
        if !last.iter().any(|word| is_number(word)) {
            add(street_part(&all_but_last, &last.join(" "), ""));
        }
        if !first.iter().any(|word| is_number(word)) && is_place(index, &first.join(" ")) {
            add(street_part(&all_but_first, &first.join(" "), ""));
        }
    }
    let words: Vec<&str> = segments.concat();
    let number = words.iter().skip(1).position(|word| is_number(word));
    if number.is_some() {
        let (question, used) = street_and_rest(&words);
        // What follows the numbers is the municipality.
        if used < words.len() {
            add(Question {
                municipality: words[used..].join(" "),
                ..question
            });
        } else {
            add(question);
        }
    }
    for count in (1..=MAX_PLACE_WORDS.min(words.len().saturating_sub(1))).rev() {
        let (street, name) = words.split_at(words.len() - count);
        let name = name.join(" ");
        if !name.chars().any(|c| c.is_ascii_digit()) && is_place(index, &name) {
            add(street_part(street, &name, ""));
        }
    }
    add(street_part(&words, "", ""));
    found
}

fn is_place(index: &Index, name: &str) -> bool {
    let best = named(index, name, Likeness::Whole);
    best.first().is_some_and(|best| best.alike >= SURE_PLACE)
}

/// A street with its numbers; what follows these is left out.
fn street_part(words: &[&str], municipality: &str, postcode: &str) -> Question {
    Question {
        municipality: municipality.to_owned(),
        postcode: postcode.to_owned(),
        ..street_and_rest(words).0
    }
}

/// Street, house number and box at the start of some words, and how many words these are.
fn street_and_rest(words: &[&str]) -> (Question, usize) {
    let number = words.iter().skip(1).position(|word| is_number(word));
    let Some(at) = number.map(|at| at + 1) else {
        let question = Question {
            street: words.join(" "),
            ..Question::default()
        };
        return (question, words.len());
    };
    let (mut house, mut box_number) = (words[at].to_owned(), String::new());
    let mut used = at + 1;
    let folded = |word: &str| words_of(word).concat();
    let announces = |at: usize| {
        words
            .get(at)
            .is_some_and(|word| announces_box(&folded(word)))
    };
    if let Some(next) = words.get(used) {
        let is_letter = next.chars().count() == 1 || matches!(folded(next).as_str(), "bis" | "ter");
        let is_box = announces(used) && words.get(used + 1).is_some();
        if is_letter && !is_box && next.chars().all(char::is_alphabetic) {
            house.push_str(next);
            used += 1;
        }
    }
    if announces(used)
        && let Some(number) = words.get(used + 1)
    {
        box_number = (*number).to_owned();
        used += 2;
    } else if let Some(word) = words.get(used) {
        // `bus3`.
        let folded = folded(word);
        let digits = folded.trim_start_matches(|c: char| !c.is_ascii_digit());
        if digits.len() < folded.len() && announces_box(&folded[..folded.len() - digits.len()]) {
            box_number = digits.to_owned();
            used += 1;
        }
    }
    let question = Question {
        street: words[..at].join(" "),
        house,
        box_number,
        ..Question::default()
    };
    (question, used)
}

/// A line for a suggestion: the full address, or the street with its municipality.
pub(super) fn name_of(view: &View, id: Id, predicate: &str) -> Option<(String, Option<String>)> {
    let p = view.id_of_iri(predicate)?;
    let mut texts: Vec<(String, Option<String>)> = view
        .objects(id, p)
        .take(16)
        .filter_map(|o| literal(view, o))
        .collect();
    texts.sort_by_key(|(text, language)| {
        let rank = match language.as_deref() {
            Some("nl") => 0,
            Some("fr") => 1,
            None => 2,
            Some(_) => 3,
        };
        (rank, text.clone())
    });
    texts.into_iter().next()
}
