//! Lexical validity of literals for the datatypes of RDF 1.1 ([XSD part 2]); decides the well-formed bit of a term.
//! Unknown datatypes are always well-formed: nothing can be said about them.
//!
//! [XSD part 2]: https://www.w3.org/TR/xmlschema11-2/

use crate::rdf::vocab::{rdf, xsd};
use std::str::FromStr;

/// Whether `lexical` lies in the lexical space of `datatype`.
pub(crate) fn is_well_formed(lexical: &str, datatype: &str) -> bool {
    if datatype == rdf::JSON {
        return serde_json::from_str::<serde::de::IgnoredAny>(lexical).is_ok();
    }
    let Some(local) = datatype.strip_prefix(xsd::NS) else {
        return true;
    };
    match local {
        "boolean" => matches!(lexical, "true" | "false" | "1" | "0"),
        "integer" => is_integer(lexical),
        "long" => in_range(lexical, i64::MIN.into(), i64::MAX.into()),
        "int" => in_range(lexical, i32::MIN.into(), i32::MAX.into()),
        "short" => in_range(lexical, i16::MIN.into(), i16::MAX.into()),
        "byte" => in_range(lexical, i8::MIN.into(), i8::MAX.into()),
        "unsignedLong" => in_range(lexical, 0, u64::MAX.into()),
        "unsignedInt" => in_range(lexical, 0, u32::MAX.into()),
        "unsignedShort" => in_range(lexical, 0, u16::MAX.into()),
        "unsignedByte" => in_range(lexical, 0, u8::MAX.into()),
        "nonNegativeInteger" => is_integer(lexical) && (!is_negative(lexical) || is_zero(lexical)),
        "positiveInteger" => is_integer(lexical) && !is_negative(lexical) && !is_zero(lexical),
        "nonPositiveInteger" => is_integer(lexical) && (is_negative(lexical) || is_zero(lexical)),
        "negativeInteger" => is_integer(lexical) && is_negative(lexical) && !is_zero(lexical),
        "decimal" => is_decimal(lexical),
        "double" | "float" => is_double(lexical),
        "date" => parses::<oxsdatatypes::Date>(lexical),
        "dateTime" => parses::<oxsdatatypes::DateTime>(lexical),
        "dateTimeStamp" => parses::<oxsdatatypes::DateTime>(lexical) && has_zone(lexical),
        "time" => parses::<oxsdatatypes::Time>(lexical),
        "gYear" => parses::<oxsdatatypes::GYear>(lexical),
        "gYearMonth" => parses::<oxsdatatypes::GYearMonth>(lexical),
        "gMonth" => parses::<oxsdatatypes::GMonth>(lexical),
        "gMonthDay" => parses::<oxsdatatypes::GMonthDay>(lexical),
        "gDay" => parses::<oxsdatatypes::GDay>(lexical),
        "duration" => parses::<oxsdatatypes::Duration>(lexical),
        "dayTimeDuration" => parses::<oxsdatatypes::DayTimeDuration>(lexical),
        "yearMonthDuration" => parses::<oxsdatatypes::YearMonthDuration>(lexical),
        "hexBinary" => {
            lexical.len().is_multiple_of(2) && lexical.bytes().all(|b| b.is_ascii_hexdigit())
        }
        "base64Binary" => is_base64(lexical),
        "normalizedString" => !lexical.contains(['\t', '\n', '\r']),
        "token" => is_token(lexical),
        "language" => is_language(lexical),
        "NMTOKEN" => !lexical.is_empty() && lexical.chars().all(is_name_char),
        "Name" => is_name(lexical),
        "NCName" => is_name(lexical) && !lexical.contains(':'),
        _ => true,
    }
}

fn parses<T: FromStr>(lexical: &str) -> bool {
    lexical.parse::<T>().is_ok()
}

fn unsigned(lexical: &str) -> &str {
    lexical.strip_prefix(['+', '-']).unwrap_or(lexical)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_integer(lexical: &str) -> bool {
    all_digits(unsigned(lexical))
}

fn is_negative(lexical: &str) -> bool {
    lexical.starts_with('-')
}

fn is_zero(lexical: &str) -> bool {
    unsigned(lexical).bytes().all(|b| b == b'0')
}

fn in_range(lexical: &str, low: i128, high: i128) -> bool {
    is_integer(lexical)
        && lexical
            .parse::<i128>()
            .is_ok_and(|n| (low..=high).contains(&n))
}

fn is_decimal(lexical: &str) -> bool {
    let number = unsigned(lexical);
    match number.split_once('.') {
        None => all_digits(number),
        Some((whole, fraction)) => {
            (whole.is_empty() || all_digits(whole))
                && (fraction.is_empty() || all_digits(fraction))
                && !(whole.is_empty() && fraction.is_empty())
        }
    }
}

fn is_double(lexical: &str) -> bool {
    if matches!(lexical, "INF" | "-INF" | "+INF" | "NaN") {
        return true;
    }
    match lexical.split_once(['e', 'E']) {
        None => is_decimal(lexical),
        Some((mantissa, exponent)) => is_decimal(mantissa) && is_integer(exponent),
    }
}

fn has_zone(lexical: &str) -> bool {
    lexical.ends_with('Z')
        || lexical.len() > 6 && lexical.as_bytes()[lexical.len() - 3] == b':' && {
            let sign = lexical.as_bytes()[lexical.len() - 6];
            sign == b'+' || sign == b'-'
        }
}

fn is_base64(lexical: &str) -> bool {
    let compact: Vec<u8> = lexical.bytes().filter(|b| *b != b' ').collect();
    let body = compact
        .iter()
        .position(|b| *b == b'=')
        .unwrap_or(compact.len());
    compact.len().is_multiple_of(4)
        && compact.len() - body <= 2
        && compact[body..].iter().all(|b| *b == b'=')
        && compact[..body]
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || *b == b'+' || *b == b'/')
}

fn is_token(lexical: &str) -> bool {
    !lexical.contains(['\t', '\n', '\r'])
        && !lexical.starts_with(' ')
        && !lexical.ends_with(' ')
        && !lexical.contains("  ")
}

fn is_language(lexical: &str) -> bool {
    lexical.split('-').enumerate().all(|(i, part)| {
        (1..=8).contains(&part.len())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphabetic() || (i > 0 && b.is_ascii_digit()))
    })
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '\u{B7}')
}

fn is_name(lexical: &str) -> bool {
    let mut chars = lexical.chars();
    chars
        .next()
        .is_some_and(|c| c.is_alphabetic() || c == '_' || c == ':')
        && chars.all(is_name_char)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lexical_spaces() {
        for (lexical, datatype, expected) in [
            ("n", xsd::INTEGER, false),
            ("99999999999999999999999999", xsd::INTEGER, true),
            ("+01", xsd::INTEGER, true),
            ("-1", xsd::NON_NEGATIVE_INTEGER, false),
            ("-0", xsd::NON_NEGATIVE_INTEGER, true),
            ("300", xsd::UNSIGNED_BYTE, false),
            ("1e5", xsd::DECIMAL, false),
            (".", xsd::DECIMAL, false),
            ("1.", xsd::DECIMAL, true),
            ("1e5", xsd::DOUBLE, true),
            ("2024-02-30", xsd::DATE, false),
            ("2024-02-28", xsd::DATE, true),
            ("2024-02-28T00:00:00", xsd::DATE_TIME_STAMP, false),
            ("2024-02-28T00:00:00+01:00", xsd::DATE_TIME_STAMP, true),
            ("nl-BE", xsd::LANGUAGE, true),
            ("a  b", xsd::TOKEN, false),
            ("YQ==", xsd::BASE64_BINARY, true),
            ("anything", "http://example.org/unknown", true),
        ] {
            assert_eq!(
                is_well_formed(lexical, datatype),
                expected,
                "{lexical} {datatype}"
            );
        }
    }
}
