//! A short, repeatable form of what `make fuzz` does: seeds, mutated by chance, as queries and updates. Nothing that somebody
//! sends may panic, run past its limits or get two answers.
//!
//! - `OSLO_FUZZED`: how many texts of each kind. `OSLO_FUZZED_SEED`: which.

#[path = "../../fuzz/check.rs"]
mod check;

use crate::differential::Dice;

const QUERIES: &str = include_str!("../../fuzz/seeds/queries.txt");
const UPDATES: &str = include_str!("../../fuzz/seeds/updates.txt");

/// Texts of an ordinary test run.
const TEXTS: u64 = 3_000;
/// What is put into texts out of the air.
const PIECES: [&str; 40] = [
    "?a",
    "?b",
    "?v",
    ":p",
    ":q",
    ":v",
    "*",
    "+",
    "?",
    "/",
    "|",
    "^",
    "!",
    "{",
    "}",
    "(",
    ")",
    ".",
    ";",
    ",",
    "OPTIONAL {",
    "UNION {",
    "MINUS {",
    "FILTER(",
    "BIND(",
    "AS ?z)",
    "VALUES ?a {",
    "GRAPH ?g {",
    "NOT EXISTS {",
    "DISTINCT",
    "GROUP BY ?a",
    "ORDER BY ?v",
    "LIMIT 2",
    "\"x\"@nl",
    "1.5",
    "-7",
    "COUNT(*)",
    "STR(",
    "a",
    "[]",
];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Words with the space behind them.
fn words(text: &str) -> Vec<&str> {
    text.split_inclusive([' ', '(', ')', '{', '}', '|', '/'])
        .collect()
}

/// A text like the seeds: words left out, doubled, swapped, taken from another seed or out of the air.
fn mutated(seeds: &[&str], dice: &mut Dice) -> String {
    let text = dice.pick(seeds);
    let other = words(dice.pick(seeds));
    let mut words = words(text);
    for _ in 0..1 + dice.roll(4) {
        let at = dice.roll(words.len());
        match dice.roll(7) {
            0 => {
                words.remove(at);
            }
            1 => words.insert(at, words[at]),
            2 => {
                let with = dice.roll(words.len());
                words.swap(at, with);
            }
            3 => words[at] = other[dice.roll(other.len())],
            4 => words.insert(at, other[dice.roll(other.len())]),
            5 => words.insert(at, dice.pick(&PIECES)),
            _ => words.truncate(at + 1),
        }
        if words.is_empty() {
            words.push("ASK {}");
        }
    }
    let mut text = words.concat();
    if dice.chance(15) {
        // A letter that is wrong, also within a word.
        let mut letters: Vec<char> = text.chars().collect();
        let at = dice.roll(letters.len());
        letters[at] = ['"', '\\', '<', '\u{0}', 'é', '\u{10ffff}', '0', '%'][dice.roll(8)];
        text = letters.into_iter().collect();
    }
    text
}

fn try_all(seeds: &str, share: u64, check: fn(&str) -> Result<(), String>) {
    let seeds: Vec<&str> = seeds.lines().filter(|line| !line.is_empty()).collect();
    for seed in &seeds {
        check(seed).unwrap_or_else(|wrong| panic!("{wrong}"));
    }
    let first = setting("OSLO_FUZZED_SEED").unwrap_or(1);
    let count = setting("OSLO_FUZZED").unwrap_or(TEXTS) / share;
    for number in 0..count {
        let mut dice = Dice((first << 32 | number).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        for _ in 0..4 {
            dice.roll(2);
        }
        let text = mutated(&seeds, &mut dice);
        check(&text).unwrap_or_else(|wrong| panic!("text {number} of {first}: {wrong}"));
    }
}

#[test]
fn queries_like_the_seeds_are_refused_stopped_or_answered_once() {
    try_all(QUERIES, 1, check::query);
}

#[test]
fn updates_like_the_seeds_are_refused_stopped_or_carried_out() {
    try_all(UPDATES, 2, check::update);
}
