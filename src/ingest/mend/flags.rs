//! Codes of repairs as bits, so that what applied to a statement is one number. Names of bits, and nothing else.

/// Some codes.
pub(in crate::ingest) type Flags = u32;

/// The codes, each at the place of its bit.
const CODES: [&str; 24] = [
    "N001", "N002", "N003", "N004", "N005", "N010", "N011", "N012", "N020", "N021", "N022", "N024",
    "N025", "N026", "N030", "N031", "N033", "N040", "N041", "N050", "N051", "N060", "N061", "N080",
];

/// The bit of a code; 0 for one that concerns no RDF.
pub(super) const fn flag(code: &str) -> Flags {
    let mut at = 0;
    while at < CODES.len() {
        if is_same(CODES[at].as_bytes(), code.as_bytes()) {
            return 1 << at;
        }
        at += 1;
    }
    0
}

const fn is_same(a: &[u8], b: &[u8]) -> bool {
    let mut at = 0;
    while at < a.len() && at < b.len() {
        if a[at] != b[at] {
            return false;
        }
        at += 1;
    }
    a.len() == b.len()
}

/// The codes of some bits.
pub(super) fn codes_of(flags: Flags) -> impl Iterator<Item = (usize, &'static str)> {
    let codes = CODES.iter().copied().enumerate();
    codes.filter(move |(bit, _)| flags >> bit & 1 == 1)
}

/// The name of a bit.
pub(super) fn code_at(bit: usize) -> &'static str {
    CODES[bit]
}

/// How many codes there are.
pub(super) const COUNT: usize = CODES.len();

/// All codes that may be kept as they are, sorted.
pub fn mendable_codes() -> &'static [&'static str] {
    &CODES
}

pub(super) const N001: Flags = flag("N001");
pub(super) const N002: Flags = flag("N002");
pub(super) const N003: Flags = flag("N003");
pub(super) const N004: Flags = flag("N004");
pub(super) const N005: Flags = flag("N005");
pub(super) const N010: Flags = flag("N010");
pub(super) const N011: Flags = flag("N011");
pub(super) const N012: Flags = flag("N012");
pub(super) const N020: Flags = flag("N020");
pub(super) const N021: Flags = flag("N021");
pub(super) const N022: Flags = flag("N022");
pub(super) const N024: Flags = flag("N024");
pub(super) const N025: Flags = flag("N025");
pub(super) const N026: Flags = flag("N026");
pub(super) const N030: Flags = flag("N030");
pub(super) const N031: Flags = flag("N031");
pub(super) const N033: Flags = flag("N033");
pub(super) const N040: Flags = flag("N040");
pub(super) const N041: Flags = flag("N041");
pub(super) const N050: Flags = flag("N050");
pub(super) const N051: Flags = flag("N051");
pub(super) const N060: Flags = flag("N060");
pub(super) const N061: Flags = flag("N061");
pub(super) const N080: Flags = flag("N080");

/// An IRI that named a page before it was read as that of the thing; no code.
pub(super) const PAGE: Flags = 1 << 31;
/// An identifier of an object of a register; no code.
pub(super) const LINK: Flags = 1 << 30;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::normalise::repair_code;

    #[test]
    fn every_bit_is_a_code_that_is_explained() {
        assert!(CODES.is_sorted());
        for code in CODES {
            assert!(repair_code(code).is_some(), "{code}");
            assert_ne!(flag(code), 0);
        }
        assert_eq!(codes_of(N001 | N080 | PAGE | LINK).count(), 2);
        assert_eq!(flag("N090"), 0);
    }
}
