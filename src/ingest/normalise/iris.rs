//! Identifiers as sources write them → identifiers as they are: namespace twins, pages instead of things, types in the
//! plural, characters that no IRI may hold. Pure functions; who calls decides what a repair means.

use std::fmt::Write as _;

/// Start of the identifiers of things.
pub(super) const THINGS: &str = "https://data.vlaanderen.be/id/";
/// Start of the identifiers of concepts.
pub(super) const CONCEPTS: &str = "https://data.vlaanderen.be/id/concept/";

/// Types of things, and how their plural is written in paths.
const PLURALS: &[(&str, &str)] = &[
    ("adressen", "adres"),
    ("gebouwen", "gebouw"),
    ("gebouweenheden", "gebouweenheid"),
    ("gemeenten", "gemeente"),
    ("percelen", "perceel"),
    ("postinfos", "postinfo"),
    ("straatnamen", "straatnaam"),
];

/// An identifier as read, and the codes that applied with what each made of it.
pub(super) struct Cleaned {
    pub(super) iri: String,
    pub(super) repairs: Vec<(&'static str, String)>,
}

/// Reads an absolute IRI; `None` when no repair makes one of it.
pub(super) fn clean(text: &str) -> Option<Cleaned> {
    let mut iri = text.trim().to_owned();
    let mut repairs = Vec::new();
    if iri != text {
        repairs.push(("N022", iri.clone()));
    }
    if let Some(rest) = iri.strip_prefix("http://data.vlaanderen.be/id/") {
        iri = format!("{THINGS}{rest}");
        repairs.push(("N001", iri.clone()));
    }
    let page = iri
        .strip_prefix("https://data.vlaanderen.be/doc/")
        .or_else(|| iri.strip_prefix("http://data.vlaanderen.be/doc/"));
    if let Some(rest) = page {
        iri = format!("{THINGS}{rest}");
        repairs.push(("N002", iri.clone()));
    }
    if iri.starts_with(THINGS) && iri.ends_with('/') {
        iri.truncate(iri.trim_end_matches('/').len());
        repairs.push(("N002", iri.clone()));
    }
    if let Some((list, code)) = iri
        .strip_prefix("https://data.vlaanderen.be/id/conceptscheme/")
        .and_then(|rest| rest.split_once('/'))
    {
        iri = format!("{CONCEPTS}{list}/{code}");
        repairs.push(("N002", iri.clone()));
    }
    if let Some((kind, id)) = split(&iri)
        && let Some((_, singular)) = PLURALS.iter().find(|(plural, _)| *plural == kind)
    {
        iri = format!("{THINGS}{singular}/{id}");
        repairs.push(("N005", iri.clone()));
    }
    if iri.chars().any(is_illegal) {
        iri = encoded(&iri);
        repairs.push(("N022", iri.clone()));
    }
    oxiri::Iri::parse(iri.as_str())
        .is_ok()
        .then_some(Cleaned { iri, repairs })
}

/// Type and number of a thing.
pub(super) fn split(iri: &str) -> Option<(&str, &str)> {
    let (kind, id) = iri.strip_prefix(THINGS)?.split_once('/')?;
    (!kind.is_empty() && !id.is_empty()).then_some((kind, id))
}

fn is_illegal(character: char) -> bool {
    character <= ' ' || character == '\u{7F}' || "<>\"{}|\\^`".contains(character)
}

/// Characters that no IRI may hold, percent-encoded.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if is_illegal(character) {
            push_encoded(&mut out, character);
        } else {
            out.push(character);
        }
    }
    out
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_alphanumeric() || "-_.~".contains(character) {
            out.push(character);
        } else {
            push_encoded(&mut out, character);
        }
    }
    out
}

fn push_encoded(out: &mut String, character: char) {
    let mut utf8 = [0; 4];
    for byte in character.encode_utf8(&mut utf8).bytes() {
        let _ = write!(out, "%{byte:02X}");
    }
}

/// A CaPaKey in its official notation, with a slash, and whether it was written so; `None` when it is no CaPaKey.
/// The form of the former address registry has the last two groups the other way round.
pub(super) fn capakey(text: &str) -> Option<(String, bool)> {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes
            .get(range)
            .is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let letter = |at: usize, extra: &[u8]| {
        bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_uppercase() || extra.contains(byte))
    };
    if text.is_ascii()
        && bytes.len() == 17
        && digits(0..5)
        && letter(5, b"")
        && digits(6..10)
        && matches!(bytes[10], b'/' | b'-')
        && digits(11..13)
        && letter(13, b"_0")
        && digits(14..17)
    {
        let right = format!("{}/{}", &text[..10], &text[11..]);
        return Some((right, bytes[10] == b'/'));
    }
    let parts: Vec<&str> = text.split('_').collect();
    // An exponent that is itself an underscore leaves two empty parts.
    let (nis, section, number, exponent, power, bis) = match parts.as_slice() {
        [a, b, c, d, e, f] => (*a, *b, *c, *d, *e, *f),
        [a, b, c, "", "", e, f] => (*a, *b, *c, "_", *e, *f),
        _ => return None,
    };
    let right = format!("{nis}{section}{number}/{bis}{exponent}{power}");
    match capakey(&right) {
        Some((right, true)) if parts.len() > 1 => Some((right, false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_mended() {
        let of = |text: &str| {
            clean(text).map(|c| {
                let codes: Vec<_> = c.repairs.iter().map(|(code, _)| *code).collect();
                (c.iri, codes.join(" "))
            })
        };
        let right = |codes: &str| {
            Some((
                "https://data.vlaanderen.be/id/adres/1".to_owned(),
                codes.to_owned(),
            ))
        };
        assert_eq!(of("https://data.vlaanderen.be/id/adres/1"), right(""));
        assert_eq!(of("http://data.vlaanderen.be/id/adres/1"), right("N001"));
        assert_eq!(
            of("https://data.vlaanderen.be/doc/adres/1/"),
            right("N002 N002")
        );
        assert_eq!(
            of("http://data.vlaanderen.be/id/adressen/1"),
            right("N001 N005")
        );
        assert_eq!(of("geen iri"), None);
        assert_eq!(
            of("https://e.org/a b").map(|c| c.0),
            Some("https://e.org/a%20b".to_owned())
        );
    }

    #[test]
    fn parcel_keys_have_one_notation() {
        let right = "11001B0008/00G002".to_owned();
        assert_eq!(capakey("11001B0008/00G002"), Some((right.clone(), true)));
        assert_eq!(capakey("11001B0008-00G002"), Some((right.clone(), false)));
        assert_eq!(capakey("11001_B_0008_G_002_00"), Some((right, false)));
        assert_eq!(capakey("11001_B_0008____002_00"), None);
        assert_eq!(capakey("onzin"), None);
    }
}
