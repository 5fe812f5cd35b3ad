//! How much two names differ: letters left out, put in, replaced or swapped with their neighbour, counted for a whole name at
//! once in the bits of one machine word (Hyyrö 2003), and a fingerprint that tells cheaply which names cannot be near.

use super::words::MAX_KEY_BYTES;

/// A name that others are compared with.
pub(super) struct Pattern {
    /// For each byte, at which places of the name it stands.
    places: Box<[u64; 256]>,
    len: u32,
    fingerprint: u64,
}

/// Bits that differ by at most two for every letter in which two names differ: which letters occur, and which occur twice.
pub(super) fn fingerprint(key: &[u8]) -> u64 {
    let mut bits = 0_u64;
    for byte in key {
        match byte {
            b'a'..=b'z' => {
                let at = byte - b'a';
                let once = 1 << at;
                bits |= if bits & once == 0 { once } else { once << 26 };
            }
            other => bits |= 1 << (52 + other % 12),
        }
    }
    bits
}

/// Whether two names may differ by at most so many letters, by their fingerprints.
pub(super) fn may_be_near(one: u64, other: u64, most: u32) -> bool {
    (one ^ other).count_ones() <= 2 * most
}

/// Swapped neighbours count once, and a pair of swapped letters is not edited again (optimal string alignment).
impl Pattern {
    /// Of a name of 1 to [`MAX_KEY_BYTES`] bytes; more is cut off.
    pub(super) fn new(key: &str) -> Self {
        let key = &key.as_bytes()[..key.len().min(MAX_KEY_BYTES)];
        let mut places = Box::new([0_u64; 256]);
        for (at, byte) in key.iter().enumerate() {
            places[usize::from(*byte)] |= 1 << at;
        }
        Self {
            places,
            len: key.len() as u32,
            fingerprint: fingerprint(key),
        }
    }

    /// Its length in bytes.
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Its fingerprint.
    pub(super) fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The distance to a whole name.
    pub(super) fn distance(&self, other: &[u8]) -> u32 {
        self.scan(other, true, |_| {})
    }

    /// The distance to the beginning of a name that is nearest.
    pub(super) fn distance_to_beginning(&self, other: &[u8]) -> u32 {
        let mut least = self.len;
        self.scan(other, true, |distance| least = least.min(distance));
        least
    }

    /// The distance to the part of a name, anywhere in it, that is nearest.
    pub(super) fn distance_to_part(&self, other: &[u8]) -> u32 {
        let mut least = self.len;
        self.scan(other, false, |distance| least = least.min(distance));
        least
    }

    /// Goes through the other name; `each` gets the distance after each of its bytes. The last distance is the result.
    fn scan(&self, other: &[u8], is_whole: bool, mut each: impl FnMut(u32)) -> u32 {
        let mut distance = self.len;
        if self.len == 0 {
            return other.len() as u32;
        }
        let last = 1_u64 << (self.len - 1);
        let (mut plus, mut minus, mut diagonal, mut before) = (u64::MAX, 0_u64, 0_u64, 0_u64);
        for byte in other {
            let here = self.places[usize::from(*byte)];
            let swapped = ((!diagonal & here) << 1) & before;
            diagonal = ((here & plus).wrapping_add(plus) ^ plus) | here | minus | swapped;
            let up = minus | !(diagonal | plus);
            let down = diagonal & plus;
            distance += u32::from(up & last != 0);
            distance -= u32::from(down & last != 0);
            let up = (up << 1) | u64::from(is_whole);
            let down = down << 1;
            plus = down | !(diagonal | up);
            minus = up & diagonal;
            before = here;
            each(distance);
        }
        distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The textbook matrix; with `free` anything may stand before.
    fn rows(a: &[u8], b: &[u8], free: bool) -> Vec<u32> {
        let mut d = vec![vec![0_u32; b.len() + 1]; a.len() + 1];
        for (i, row) in d.iter_mut().enumerate() {
            row[0] = i as u32;
        }
        for (j, cell) in d[0].iter_mut().enumerate() {
            *cell = if free { 0 } else { j as u32 };
        }
        for i in 1..=a.len() {
            for j in 1..=b.len() {
                let cost = u32::from(a[i - 1] != b[j - 1]);
                let mut best = (d[i - 1][j - 1] + cost).min(d[i - 1][j] + 1);
                best = best.min(d[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(d[i - 2][j - 2] + 1);
                }
                d[i][j] = best;
            }
        }
        d[a.len()].clone()
    }

    #[test]
    fn one_letter_more_less_other_or_two_swapped_is_one() {
        let gent = Pattern::new("gent");
        for (other, expected) in [
            ("gent", 0),
            ("gnt", 1),
            ("geent", 1),
            ("gant", 1),
            ("gnet", 1),
            ("tneg", 3),
        ] {
            assert_eq!(gent.distance(other.as_bytes()), expected, "{other}");
        }
        assert_eq!(gent.distance_to_beginning(b"gentbrugge"), 0);
        assert_eq!(gent.distance_to_part(b"sintgentstraat"), 0);
    }

    proptest! {
        #[test]
        fn distances_are_those_of_the_matrix(a in "[abc]{1,12}", b in "[abc]{0,14}") {
            let pattern = Pattern::new(&a);
            let whole = rows(a.as_bytes(), b.as_bytes(), false);
            prop_assert_eq!(pattern.distance(b.as_bytes()), whole[b.len()]);
            let least = whole.iter().copied().min().unwrap_or(0);
            prop_assert_eq!(pattern.distance_to_beginning(b.as_bytes()), least);
            let near = fingerprint(b.as_bytes());
            prop_assert!(may_be_near(pattern.fingerprint(), near, whole[b.len()]));
        }

        #[test]
        fn long_names_use_the_whole_word(a in "[ab]{60,64}", b in "[ab]{60,64}") {
            let whole = rows(a.as_bytes(), b.as_bytes(), false);
            prop_assert_eq!(Pattern::new(&a).distance(b.as_bytes()), whole[b.len()]);
        }

        #[test]
        fn parts_are_found_anywhere(a in "[abc]{1,6}", b in "[abc]{0,14}") {
            let least = rows(a.as_bytes(), b.as_bytes(), true).into_iter().min().unwrap_or(0);
            prop_assert_eq!(Pattern::new(&a).distance_to_part(b.as_bytes()), least);
        }
    }
}
