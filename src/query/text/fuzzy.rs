//! Words that differ by a typing error or two: letters left out, put in, replaced or swapped with their neighbour.
//! An automaton over the bytes of a vocabulary, so that only words that may still match are visited.

use super::words::MAX_WORD_BYTES;
use fst::Automaton;

/// Distances to the beginnings of the wanted word.
type Row = [u8; MAX_WORD_BYTES + 1];

/// Accepts the words within a distance of one word.
#[derive(Clone, Debug)]
pub(super) struct Near {
    word: Vec<char>,
    distance: u8,
}

/// How far a word was read.
#[derive(Clone)]
pub(super) struct Reading {
    row: Row,
    /// The row before the last letter.
    before: Row,
    last: Option<char>,
    /// Bytes of a letter that is not complete.
    open: [u8; 4],
    open_len: u8,
}

impl Near {
    /// Of a folded word.
    pub(super) fn new(word: &str, distance: u8) -> Self {
        Self {
            word: word.chars().take(MAX_WORD_BYTES).collect(),
            distance,
        }
    }

    /// Whether a folded word is near enough.
    pub(super) fn accepts(&self, word: &str) -> bool {
        let mut reading = self.start();
        for letter in word.chars() {
            self.read(&mut reading, letter);
            if !self.can_match(&reading) {
                return false;
            }
        }
        self.is_match(&reading)
    }

    fn read(&self, reading: &mut Reading, letter: char) {
        let Reading {
            row, before, last, ..
        } = reading;
        let mut next = [u8::MAX; MAX_WORD_BYTES + 1];
        next[0] = row[0].saturating_add(1);
        for (at, wanted) in self.word.iter().enumerate() {
            let replaced = row[at].saturating_add(u8::from(*wanted != letter));
            let inserted = next[at].saturating_add(1);
            let left_out = row[at + 1].saturating_add(1);
            let mut best = replaced.min(inserted).min(left_out);
            if at > 0 && self.word[at - 1] == letter && *last == Some(*wanted) {
                best = best.min(before[at - 1].saturating_add(1));
            }
            next[at + 1] = best;
        }
        *before = *row;
        *row = next;
        *last = Some(letter);
    }

    fn least(&self, row: &Row) -> u8 {
        let row = &row[..=self.word.len()];
        row.iter().copied().min().unwrap_or(u8::MAX)
    }
}

impl Automaton for Near {
    type State = Reading;

    fn start(&self) -> Reading {
        let mut row = [u8::MAX; MAX_WORD_BYTES + 1];
        for (at, distance) in row.iter_mut().enumerate() {
            *distance = at as u8;
        }
        Reading {
            row,
            before: [u8::MAX; MAX_WORD_BYTES + 1],
            last: None,
            open: [0; 4],
            open_len: 0,
        }
    }

    fn is_match(&self, reading: &Reading) -> bool {
        reading.open_len == 0 && reading.row[self.word.len()] <= self.distance
    }

    fn can_match(&self, reading: &Reading) -> bool {
        self.least(&reading.row) <= self.distance
            || self.least(&reading.before).saturating_add(1) <= self.distance
    }

    fn accept(&self, reading: &Reading, byte: u8) -> Reading {
        let mut next = reading.clone();
        let open = usize::from(next.open_len);
        if let Some(slot) = next.open.get_mut(open) {
            *slot = byte;
            next.open_len += 1;
        }
        let letter = std::str::from_utf8(&next.open[..usize::from(next.open_len)])
            .ok()
            .and_then(|text| text.chars().next());
        if let Some(letter) = letter {
            next.open_len = 0;
            self.read(&mut next, letter);
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fst::{IntoStreamer, Streamer};
    use proptest::prelude::*;

    /// The textbook matrix.
    fn distance(one: &str, other: &str) -> usize {
        let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
        let mut d = vec![vec![0; b.len() + 1]; a.len() + 1];
        for i in 0..=a.len() {
            for j in 0..=b.len() {
                d[i][j] = if i == 0 || j == 0 {
                    i + j
                } else {
                    let cost = usize::from(a[i - 1] != b[j - 1]);
                    let mut best = (d[i - 1][j - 1] + cost).min(d[i - 1][j] + 1);
                    best = best.min(d[i][j - 1] + 1);
                    if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                        best = best.min(d[i - 2][j - 2] + 1);
                    }
                    best
                };
            }
        }
        d[a.len()][b.len()]
    }

    #[test]
    fn one_error_is_one_letter_more_less_other_or_two_swapped() {
        let gent = Near::new("gent", 1);
        for near in ["gent", "gnt", "geent", "gand", "gnet", "gents"] {
            assert_eq!(gent.accepts(near), distance("gent", near) <= 1, "{near}");
        }
        assert!(gent.accepts("gnet") && gent.accepts("gnt") && !gent.accepts("gand"));
        assert!(Near::new("gent", 2).accepts("gand"));
    }

    proptest! {
        #[test]
        fn accepts_what_the_matrix_says(one in "[aéb]{1,8}", other in "[aéb]{0,8}", most in 1_u8..3) {
            let near = Near::new(&one, most);
            let within = distance(&one, &other) <= usize::from(most);
            prop_assert_eq!(near.accepts(&other), within);
            let map = fst::Map::from_iter([(other.as_bytes(), 1_u64)]).expect("one key");
            let found = map.search(&near).into_stream().next().is_some();
            prop_assert_eq!(found, within);
        }
    }
}
