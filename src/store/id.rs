//! Ids of terms: 4-bit tag and 60 bits of value. Equal ids are the same term, and back: a value is written into the id
//! only when its text can be rebuilt byte for byte. Holds no dictionary; `dictionary.rs` gives out the indexed ids.

use crate::rdf::vocab::xsd;
use std::io::Write as _;
use std::num::NonZeroU64;

/// Id of a term within one store. `Option<Id>` takes 8 bytes. Valid for one store lifetime only: never written to disk.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(NonZeroU64);

/// What kind of term an id names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TermKind {
    /// An IRI.
    Iri,
    /// A blank node.
    Blank,
    /// A literal.
    Literal,
    /// A triple term of RDF 1.2.
    Triple,
    /// The default graph, which is no term.
    DefaultGraph,
}

/// A value that an id holds by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InlineValue {
    /// Of an `xsd:integer`.
    Integer(i64),
    /// Of an `xsd:boolean`.
    Boolean(bool),
    /// Of an `xsd:decimal`: `digits` divided by ten to the power `scale`.
    Decimal {
        /// The digits, with their sign.
        digits: i64,
        /// How many of them stand behind the point.
        scale: u32,
    },
    /// Of an `xsd:date`: days, counted from 1 March of the year 0.
    Date(u64),
    /// Of an `xsd:dateTime`.
    DateTime {
        /// Seconds since midnight of 1 March of the year 0, on the clock of the place.
        seconds: u64,
        /// What that clock is ahead of universal time, in minutes; `None` when it is not said.
        offset: Option<i64>,
    },
}

/// Day 1 of month 1 of year 1, on the count of [`InlineValue::Date`].
pub(crate) const FIRST_DAY: i64 = 306;

/// Tag in the upper four bits. The order decides how ids sort: IRIs, blank nodes, literals, triple terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Tag {
    /// The default graph (value 0).
    DefaultGraph = 1,
    /// IRI, index into the dictionary.
    Iri = 2,
    /// IRI made of a listed prefix and a number.
    IriNumber = 3,
    /// Blank node, index into the dictionary.
    Blank = 4,
    /// Blank node label made of a listed prefix and a number.
    BlankNumber = 5,
    /// Literal, index into the dictionary.
    Literal = 6,
    /// `xsd:integer` in canonical form, biased so that ids sort as numbers.
    Integer = 7,
    /// `xsd:boolean` "false" or "true".
    Boolean = 8,
    /// `xsd:date` without time zone, day number.
    Date = 9,
    /// `xsd:dateTime` with whole seconds, with or without time zone.
    DateTime = 10,
    /// `xsd:decimal` with a fixed number of decimals.
    Decimal = 11,
    /// Triple term, index into the dictionary.
    Triple = 12,
    /// A term that only one query knows.
    Local = 15,
}

const VALUE_BITS: u32 = 60;
const VALUE_MASK: u64 = (1 << VALUE_BITS) - 1;
/// Bits of the number in [`Tag::IriNumber`] and [`Tag::BlankNumber`]; the rest is the prefix index.
pub(crate) const NUMBER_BITS: u32 = 40;
const INTEGER_BIAS: i64 = 1 << 59;

impl Id {
    /// The graph column of quads outside any named graph.
    pub const DEFAULT_GRAPH: Self = Self::from_parts(Tag::DefaultGraph, 0);

    pub(crate) const fn from_parts(tag: Tag, value: u64) -> Self {
        match NonZeroU64::new(((tag as u64) << VALUE_BITS) | (value & VALUE_MASK)) {
            Some(raw) => Self(raw),
            None => panic!("a tag is never zero"),
        }
    }

    /// Rebuilds an id from [`Id::raw`]; `None` for 0.
    pub(crate) const fn from_raw(raw: u64) -> Option<Self> {
        match NonZeroU64::new(raw) {
            Some(raw) => Some(Self(raw)),
            None => None,
        }
    }

    /// The bare number; only for packing.
    pub const fn raw(self) -> u64 {
        self.0.get()
    }

    pub(crate) const fn tag_bits(self) -> u8 {
        (self.0.get() >> VALUE_BITS) as u8
    }

    pub(crate) const fn value(self) -> u64 {
        self.0.get() & VALUE_MASK
    }

    /// What kind of term this is. Query-local ids are not known here and count as literals;
    /// ask the table that gave them out.
    pub const fn kind(self) -> TermKind {
        match self.tag_bits() {
            1 => TermKind::DefaultGraph,
            2 | 3 => TermKind::Iri,
            4 | 5 => TermKind::Blank,
            12 => TermKind::Triple,
            _ => TermKind::Literal,
        }
    }

    /// The id of an `xsd:integer` in its canonical form, when it fits.
    pub(crate) fn of_integer(value: i64) -> Option<Self> {
        (value.unsigned_abs() < 10_u64.pow(MAX_DIGITS as u32))
            .then(|| Self::from_parts(Tag::Integer, (value + INTEGER_BIAS) as u64))
    }

    /// Of a moment in universal time as an `xsd:dateTime` that ends in `Z`, in seconds since 1970-01-01T00:00:00Z; `None` before
    /// the year 1 and after the year 9999.
    pub(crate) fn of_utc(seconds: i64) -> Option<Self> {
        // The first moments of the years 1 and 10000.
        if !(-62_135_596_800..253_402_300_800).contains(&seconds) {
            return None;
        }
        let seconds = u64::try_from(seconds + 719_468 * 86_400).ok()?;
        Some(Self::from_parts(Tag::DateTime, (seconds << 12) | 1))
    }

    /// The value written into this id, when it is a literal that ids hold.
    pub(crate) fn inline_value(self) -> Option<InlineValue> {
        let value = self.value();
        match self.tag_bits() {
            t if t == Tag::Integer as u8 => Some(InlineValue::Integer(value as i64 - INTEGER_BIAS)),
            t if t == Tag::Boolean as u8 => Some(InlineValue::Boolean(value == 1)),
            t if t == Tag::Decimal as u8 => {
                let digits = (value & ((1 << 55) - 1)) as i64;
                Some(InlineValue::Decimal {
                    digits: if value >> 55 & 1 == 1 {
                        -digits
                    } else {
                        digits
                    },
                    scale: (value >> 56) as u32,
                })
            }
            t if t == Tag::Date as u8 => Some(InlineValue::Date(value)),
            t if t == Tag::DateTime as u8 => Some(InlineValue::DateTime {
                seconds: value >> 12,
                offset: match value & 0xFFF {
                    0 => None,
                    1 => Some(0),
                    zone => Some(zone as i64 - 842),
                },
            }),
            _ => None,
        }
    }

    /// The listed prefix and the number of an IRI that is made of them; ids of one prefix sort as their numbers.
    pub(crate) const fn numbered_iri(self) -> Option<(u64, u64)> {
        if self.tag_bits() != Tag::IriNumber as u8 {
            return None;
        }
        let value = self.value();
        Some((value >> NUMBER_BITS, value & ((1 << NUMBER_BITS) - 1)))
    }

    /// Whether this is an IRI.
    pub const fn is_iri(self) -> bool {
        matches!(self.kind(), TermKind::Iri)
    }

    /// Whether this is a blank node.
    pub const fn is_blank(self) -> bool {
        matches!(self.kind(), TermKind::Blank)
    }

    /// Whether this is a literal.
    pub const fn is_literal(self) -> bool {
        matches!(self.kind(), TermKind::Literal)
    }

    /// Whether this is a triple term.
    pub const fn is_triple(self) -> bool {
        matches!(self.kind(), TermKind::Triple)
    }

    /// Whether the text of this id stands in the dictionary under an index.
    pub(crate) const fn is_indexed(self) -> bool {
        const IRI: u8 = Tag::Iri as u8;
        const BLANK: u8 = Tag::Blank as u8;
        const LITERAL: u8 = Tag::Literal as u8;
        const TRIPLE: u8 = Tag::Triple as u8;
        matches!(self.tag_bits(), IRI | BLANK | LITERAL | TRIPLE)
    }

    /// The least and the greatest id a triple term can have.
    pub(crate) const TRIPLES: [Self; 2] = [
        Self::from_parts(Tag::Triple, 0),
        Self::from_parts(Tag::Triple, VALUE_MASK),
    ];

    /// An id for the `n`-th term that only one query knows; never stored.
    pub const fn local(n: u64) -> Self {
        Self::from_parts(Tag::Local, n)
    }

    /// The number given to [`Id::local`], when this is such an id.
    pub const fn local_index(self) -> Option<u64> {
        if self.tag_bits() == Tag::Local as u8 {
            Some(self.value())
        } else {
            None
        }
    }
}

impl std::fmt::Debug for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Id({}:{})", self.tag_bits(), self.value())
    }
}

/// Datatypes with a fixed index in [`crate::store::TermMeta::datatype`]: those of inline values and of plain strings.
pub(crate) const FIXED_DATATYPES: [&str; 7] = [
    xsd::STRING,
    crate::rdf::vocab::rdf::LANG_STRING,
    xsd::INTEGER,
    xsd::BOOLEAN,
    xsd::DATE,
    xsd::DATE_TIME,
    xsd::DECIMAL,
];

/// Index in [`FIXED_DATATYPES`] of the datatype of an inline value.
pub(crate) fn inline_datatype(id: Id) -> Option<u16> {
    match id.tag_bits() {
        t if t == Tag::Integer as u8 => Some(2),
        t if t == Tag::Boolean as u8 => Some(3),
        t if t == Tag::Date as u8 => Some(4),
        t if t == Tag::DateTime as u8 => Some(5),
        t if t == Tag::Decimal as u8 => Some(6),
        _ => None,
    }
}

/// Id of a typed literal whose lexical form can be rebuilt from a number, else `None`.
/// `lexical` is the still escaped text; a form with escapes is never inline.
pub(crate) fn inline_literal(lexical: &str, datatype: &str) -> Option<Id> {
    let local = datatype.strip_prefix(xsd::NS)?;
    let bytes = lexical.as_bytes();
    match local {
        "integer" => inline_integer(bytes),
        "boolean" => match lexical {
            "false" => Some(Id::from_parts(Tag::Boolean, 0)),
            "true" => Some(Id::from_parts(Tag::Boolean, 1)),
            _ => None,
        },
        "decimal" => inline_decimal(bytes),
        "date" => {
            let days = parse_date(bytes)?;
            Some(Id::from_parts(Tag::Date, days))
        }
        "dateTime" => inline_date_time(bytes),
        _ => None,
    }
}

/// Digits of the longest whole number that ids hold.
const MAX_DIGITS: usize = 17;

fn digits(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() || bytes.len() > MAX_DIGITS {
        return None;
    }
    bytes.iter().try_fold(0_u64, |n, b| {
        b.is_ascii_digit().then(|| n * 10 + u64::from(b - b'0'))
    })
}

/// Digits without a superfluous leading zero.
pub(crate) fn canonical_digits(bytes: &[u8]) -> Option<u64> {
    if bytes.len() > 1 && bytes[0] == b'0' {
        None
    } else {
        digits(bytes)
    }
}

fn inline_integer(bytes: &[u8]) -> Option<Id> {
    let value = match bytes.split_first()? {
        (b'-', rest) => {
            let n = canonical_digits(rest)?;
            if n == 0 {
                return None;
            }
            -(n as i64)
        }
        _ => canonical_digits(bytes)? as i64,
    };
    Some(Id::from_parts(Tag::Integer, (value + INTEGER_BIAS) as u64))
}

/// `-?int.frac` with 1 to 15 decimals: 4 bits of scale, 1 of sign, 55 of digits.
fn inline_decimal(bytes: &[u8]) -> Option<Id> {
    let (negative, unsigned) = match bytes.split_first()? {
        (b'-', rest) => (1_u64, rest),
        _ => (0, bytes),
    };
    let dot = memchr::memchr(b'.', unsigned)?;
    let (whole, fraction) = (&unsigned[..dot], &unsigned[dot + 1..]);
    let scale = fraction.len();
    if scale == 0 || scale > 15 || whole.len() + scale > 16 {
        return None;
    }
    let mantissa = canonical_digits(whole)? * 10_u64.pow(scale as u32) + digits(fraction)?;
    if mantissa >= 1 << 55 {
        return None;
    }
    Some(Id::from_parts(
        Tag::Decimal,
        ((scale as u64) << 56) | (negative << 55) | mantissa,
    ))
}

/// Days since 1 March of the year 0 of `YYYY-MM-DD`.
fn parse_date(bytes: &[u8]) -> Option<u64> {
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let (y, m, d) = (
        digits(&bytes[..4])?,
        digits(&bytes[5..7])?,
        digits(&bytes[8..])?,
    );
    if y == 0 || !(1..=12).contains(&m) || d == 0 {
        return None;
    }
    let leap = y.is_multiple_of(4) && (!y.is_multiple_of(100) || y.is_multiple_of(400));
    let length = match m {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    if d > length {
        return None;
    }
    // Day count with the year starting in March, so that the leap day comes last.
    let (py, pm) = if m > 2 { (y, m - 3) } else { (y - 1, m + 9) };
    Some(py * 365 + py / 4 - py / 100 + py / 400 + (153 * pm + 2) / 5 + d - 1)
}

/// Year, month and day of a day on the count of [`InlineValue::Date`].
pub(crate) fn civil(days: u64) -> (u64, u64, u64) {
    let mut year = (10_000 * days + 14_780) / 3_652_425;
    let start = |y: u64| 365 * y + y / 4 - y / 100 + y / 400;
    if start(year) > days {
        year -= 1;
    }
    let rest = days - start(year);
    let month = (100 * rest + 52) / 3060;
    let day = rest - (month * 306 + 5) / 10 + 1;
    let (y, m) = if month < 10 {
        (year, month + 3)
    } else {
        (year + 1, month - 9)
    };
    (y, m, day)
}

fn write_date(out: &mut Vec<u8>, days: u64) {
    let (y, m, day) = civil(days);
    write_padded(out, y, 4);
    out.push(b'-');
    write_padded(out, m, 2);
    out.push(b'-');
    write_padded(out, day, 2);
}

fn write_padded(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let at = out.len();
    out.resize(at + width, b'0');
    for slot in out[at..].iter_mut().rev() {
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// `YYYY-MM-DDThh:mm:ss` and nothing, `Z` or `±hh:mm`: 12 bits of zone, 48 of local seconds.
fn inline_date_time(bytes: &[u8]) -> Option<Id> {
    if bytes.len() < 19 || bytes[10] != b'T' || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let days = parse_date(&bytes[..10])?;
    let (h, m, s) = (
        digits(&bytes[11..13])?,
        digits(&bytes[14..16])?,
        digits(&bytes[17..19])?,
    );
    if h > 23 || m > 59 || s > 59 {
        return None;
    }
    // Zone: 0 none, 1 "Z", else 2 + offset in minutes + 840 ("-00:00" is not inline).
    let zone = match &bytes[19..] {
        [] => 0,
        [b'Z'] => 1,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let offset = digits(&[*h1, *h2])? * 60 + digits(&[*m1, *m2])?;
            if offset > 840 || digits(&[*m1, *m2])? > 59 || (*sign == b'-' && offset == 0) {
                return None;
            }
            if *sign == b'+' {
                2 + 840 + offset
            } else {
                2 + 840 - offset
            }
        }
        _ => return None,
    };
    let seconds = days * 86_400 + h * 3_600 + m * 60 + s;
    Some(Id::from_parts(Tag::DateTime, (seconds << 12) | zone))
}

/// Appends the lexical form of an inline literal; does nothing for other ids.
pub(crate) fn write_inline_lexical(out: &mut Vec<u8>, id: Id) {
    let value = id.value();
    match id.tag_bits() {
        t if t == Tag::Integer as u8 => {
            write!(out, "{}", value as i64 - INTEGER_BIAS).expect("a Vec takes every write");
        }
        t if t == Tag::Boolean as u8 => {
            out.extend_from_slice(if value == 1 { b"true" } else { b"false" });
        }
        t if t == Tag::Decimal as u8 => {
            let scale = (value >> 56) as u32;
            let mantissa = value & ((1 << 55) - 1);
            if value >> 55 & 1 == 1 {
                out.push(b'-');
            }
            let unit = 10_u64.pow(scale);
            write!(out, "{}.", mantissa / unit).expect("a Vec takes every write");
            write_padded(out, mantissa % unit, scale as usize);
        }
        t if t == Tag::Date as u8 => write_date(out, value),
        t if t == Tag::DateTime as u8 => {
            let (seconds, zone) = (value >> 12, value & 0xFFF);
            write_date(out, seconds / 86_400);
            out.push(b'T');
            write_padded(out, seconds % 86_400 / 3_600, 2);
            out.push(b':');
            write_padded(out, seconds % 3_600 / 60, 2);
            out.push(b':');
            write_padded(out, seconds % 60, 2);
            match zone {
                0 => {}
                1 => out.push(b'Z'),
                _ => {
                    let offset = zone as i64 - 842;
                    out.push(if offset < 0 { b'-' } else { b'+' });
                    write_padded(out, offset.unsigned_abs() / 60, 2);
                    out.push(b':');
                    write_padded(out, offset.unsigned_abs() % 60, 2);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round_trip(lexical: &str, datatype: &str) -> Option<String> {
        let id = inline_literal(lexical, datatype)?;
        let mut out = Vec::new();
        write_inline_lexical(&mut out, id);
        Some(String::from_utf8(out).expect("ASCII"))
    }

    proptest! {
        #[test]
        fn whole_numbers_have_the_id_of_their_text(value in any::<i64>(), small in -1000..1000_i64) {
            for value in [value, value >> 5, value >> 20, small] {
                let datatype = "http://www.w3.org/2001/XMLSchema#integer";
                prop_assert_eq!(Id::of_integer(value), inline_literal(&value.to_string(), datatype));
            }
        }
    }

    #[test]
    fn canonical_forms_come_back_and_others_are_not_inline() {
        for (lexical, datatype) in [
            ("0", xsd::INTEGER),
            ("-17", xsd::INTEGER),
            ("12345678901234567", xsd::INTEGER),
            ("true", xsd::BOOLEAN),
            ("1.50", xsd::DECIMAL),
            ("-0.0", xsd::DECIMAL),
            ("51.012345", xsd::DECIMAL),
            ("2024-02-29", xsd::DATE),
            ("0001-01-01", xsd::DATE),
            ("9999-12-31", xsd::DATE),
            ("2023-11-01T14:50:05+01:00", xsd::DATE_TIME),
            ("2023-11-01T14:50:05Z", xsd::DATE_TIME),
            ("2023-11-01T14:50:05", xsd::DATE_TIME),
            ("2023-11-01T14:50:05-00:30", xsd::DATE_TIME),
        ] {
            assert_eq!(round_trip(lexical, datatype).as_deref(), Some(lexical));
        }
        for (lexical, datatype) in [
            ("01", xsd::INTEGER),
            ("+1", xsd::INTEGER),
            ("-0", xsd::INTEGER),
            ("123456789012345678", xsd::INTEGER),
            ("1", xsd::BOOLEAN),
            ("1.", xsd::DECIMAL),
            ("01.5", xsd::DECIMAL),
            (".5", xsd::DECIMAL),
            ("2023-02-29", xsd::DATE),
            ("2024-01-01Z", xsd::DATE),
            ("2024-01-01T00:00:00.000Z", xsd::DATE_TIME),
            ("2024-01-01T24:00:00Z", xsd::DATE_TIME),
            ("2024-01-01T00:00:00-00:00", xsd::DATE_TIME),
            ("2024-01-01T00:00:00+15:00", xsd::DATE_TIME),
            ("abc", xsd::INTEGER),
            ("", xsd::DECIMAL),
        ] {
            assert_eq!(round_trip(lexical, datatype), None, "{lexical}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_inline_comes_back(lexical in "[-+0-9.:TZ]{0,26}", which in 0..5_usize) {
            let datatype = [xsd::INTEGER, xsd::DECIMAL, xsd::DATE, xsd::DATE_TIME, xsd::BOOLEAN][which];
            if let Some(back) = round_trip(&lexical, datatype) {
                prop_assert_eq!(back, lexical);
            }
        }

        #[test]
        fn every_day_round_trips(days in 306_u64..3_652_000) {
            let mut out = Vec::new();
            write_date(&mut out, days);
            prop_assert_eq!(parse_date(&out), Some(days));
        }

        #[test]
        fn integers_sort_by_value(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
            let id = |n: i64| inline_literal(&n.to_string(), xsd::INTEGER).expect("canonical");
            prop_assert_eq!(id(a).cmp(&id(b)), a.cmp(&b));
        }
    }
}
